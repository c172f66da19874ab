//! Putting the functions of a module together: one array of words, with direct calls resolved.

use super::{Bytecode, Emitter, FuncCode, ModuleCode, Position, Shape};
use assay_model::index::{DefinedFuncIdx, FuncIdx};
use std::collections::HashMap;
use std::sync::{Arc, Weak};

/// A lowered function.
pub(crate) struct Lowered {
    /// Its code.
    pub(crate) code: Emitter,
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

/// Links the defined functions of a module, in their order. `first` is the first of them in the index space,
/// `memory_zero` the offset of memory 0 in the context, or 0; `shapes` has the types with vectors.
pub(crate) fn link(
    lowered: Vec<Lowered>,
    first: FuncIdx,
    memory_zero: u32,
    shapes: HashMap<u32, Shape>,
) -> Bytecode {
    let mut words = Vec::new();
    let mut positions = Vec::new();
    let mut calls: Vec<(usize, DefinedFuncIdx)> = Vec::new();
    let mut funcs = Vec::with_capacity(lowered.len());
    for (index, function) in lowered.into_iter().enumerate() {
        let start = words.len();
        let Lowered { code, cells, params, results, header, shape } = function;
        let shape = Some(shape).filter(|shape| shapes.contains_key(shape));
        let (mut code, mut places, direct) = code.finish();
        let func = FuncIdx(first.0 + index as u32);
        // The entry becomes an address when the words have theirs.
        funcs.push(FuncCode {
            entry: start,
            cells,
            params,
            results,
            header,
            shape,
            func,
            memory_zero,
            module: 0,
        });
        words.append(&mut code);
        let shift = |position: Position| Position { word: position.word + start as u32, ..position };
        positions.extend(places.drain(..).map(shift));
        calls.extend(direct.into_iter().map(|(at, callee)| (start + at as usize, callee)));
    }
    let mut words = words.into_boxed_slice();
    let base = words.as_ptr() as usize;
    for func in &mut funcs {
        func.entry = base + func.entry * size_of::<u32>();
    }
    for (at, callee) in calls {
        resolve(&mut words[at + 2..], &funcs[callee.index()]);
    }
    let positions = positions.into_boxed_slice();
    // Records name the address of the module's tables, which is known before they are there.
    Bytecode {
        module: Arc::new_cyclic(|module: &Weak<ModuleCode>| {
            let address = module.as_ptr() as usize;
            let funcs = funcs.into_iter().map(|func| FuncCode { module: address, ..func }).collect();
            ModuleCode { words, funcs, positions, shapes }
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
