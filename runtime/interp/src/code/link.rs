//! Putting the functions of a module together: one array of words, with direct calls resolved.

use super::emit::Finished;
use super::{Bytecode, Emitter, FuncCode, ModuleCode, Shape};
use assay_model::index::FuncIdx;
use std::collections::HashMap;
use std::sync::{Arc, Weak};

/// A lowered function.
#[derive(Copy, Clone)]
pub(crate) struct Lowered {
    /// Its first word in the code of its piece.
    pub(crate) start: u32,
    /// Cells of the frame.
    pub(crate) cells: u32,
    /// Cells of the parameters.
    pub(crate) params: u32,
    /// Cells of the results.
    pub(crate) results: u32,
    /// Slot of the return address.
    pub(crate) header: u32,
    /// Index of the type.
    pub(crate) shape: u32,
}

/// Functions that follow each other.
#[derive(Default)]
pub(crate) struct Piece {
    /// Their code.
    pub(crate) code: Emitter,
    /// The functions.
    pub(crate) funcs: Vec<Lowered>,
}

/// Links the defined functions of a module, in their order. `first` is the first of them in the index space,
/// `memory_zero` the offset of memory 0 in the context, or 0; `shapes` has the types with vectors.
pub(crate) fn link(
    pieces: Vec<Piece>,
    first: FuncIdx,
    memory_zero: u32,
    shapes: HashMap<u32, Shape>,
) -> Bytecode {
    let mut funcs = Vec::with_capacity(pieces.iter().map(|piece| piece.funcs.len()).sum());
    let mut code = Emitter::default();
    for piece in pieces {
        let start = code.here() as usize;
        for lowered in piece.funcs {
            let Lowered { cells, params, results, header, shape, .. } = lowered;
            let shape = Some(shape).filter(|shape| shapes.contains_key(shape));
            let func = FuncIdx(first.0 + funcs.len() as u32);
            // The entry becomes an address when the words have theirs.
            let entry = start + lowered.start as usize;
            funcs.push(FuncCode {
                entry,
                cells,
                params,
                results,
                header,
                shape,
                func,
                memory_zero,
                module: 0,
            });
        }
        code.append(piece.code);
    }
    let Finished { mut words, positions, calls, roots, handlers } = code.finish();
    let base = words.as_ptr() as usize;
    for func in &mut funcs {
        func.entry = base + func.entry * size_of::<u32>();
    }
    for (at, callee) in calls {
        resolve(&mut words[at as usize + 2..], &funcs[callee.index()]);
    }
    // Records name the address of the module's tables, which is known before they are there.
    Bytecode {
        module: Arc::new_cyclic(|module: &Weak<ModuleCode>| {
            let address = module.as_ptr() as usize;
            funcs.iter_mut().for_each(|func| func.module = address);
            ModuleCode { words, funcs: funcs.into(), positions, shapes, roots, handlers }
        }),
    }
}

/// Fills the words of a direct call: `[entry, entry, arguments, cells, parameters, header]`; the arguments are there.
fn resolve(call: &mut [u32], callee: &FuncCode) {
    call[0] = callee.entry as u32;
    call[1] = (callee.entry as u64 >> 32) as u32;
    call[3] = callee.cells;
    call[4] = callee.params;
    call[5] = callee.header;
}
