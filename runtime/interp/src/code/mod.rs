//! Linked code: what the lowering makes of a module and the handlers run.
//!
//! Code is a sequence of 32-bit words. An instruction begins with its handler's address in two words; operand words
//! follow. Slots are numbers of 64-bit cells of the frame, branches are byte distances from the start of their
//! instruction, a direct call has the callee's entry. This room knows the encoding, not the operators.

mod emit;
mod handlers;
mod link;
mod roots;

pub(crate) use emit::{Emitter, Position};
pub(crate) use handlers::{Clause, ClauseId, HandlerId};
pub(crate) use link::{Lowered, Piece, link};
pub(crate) use roots::RootId;

use assay_model::index::{DefinedFuncIdx, FuncIdx};
use handlers::Handlers;
use roots::Roots;
use std::collections::HashMap;
use std::sync::Arc;

/// The code of a module. Its addresses do not change while it lives.
#[derive(Clone)]
pub struct Bytecode {
    module: Arc<ModuleCode>,
}

/// Code and tables of a module.
pub(crate) struct ModuleCode {
    words: Box<[u32]>,
    funcs: Box<[FuncCode]>,
    /// Positions of instructions that can trap, throw, allocate or call, in the order of the code.
    positions: Box<[Position]>,
    /// The function types with vectors.
    shapes: HashMap<u32, Shape>,
    roots: Roots,
    handlers: Handlers,
}

/// For each parameter and result of a function type whether it is a vector, which takes two cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Of the parameters.
    pub(crate) params: Box<[bool]>,
    /// Of the results.
    pub(crate) results: Box<[bool]>,
}

/// In the place of a number of parameters: the rest of the word is a type whose [`Shape`] tells.
pub(crate) const VECTORS: u32 = 1 << 31;

/// What entering a function takes. Function references of interpreted functions point to it.
#[derive(Copy, Clone, Debug)]
pub(crate) struct FuncCode {
    /// Address of the first instruction.
    pub(crate) entry: usize,
    /// Cells of the frame.
    pub(crate) cells: u32,
    /// Cells of the parameters.
    pub(crate) params: u32,
    /// Cells of the results.
    pub(crate) results: u32,
    /// Slot of the return address; all cells between the parameters and it are zero at first.
    pub(crate) header: u32,
    /// The type, when a parameter or result of it is a vector.
    pub(crate) shape: Option<u32>,
    /// The function in the index space.
    pub(crate) func: FuncIdx,
    /// Offset of the slot of memory 0 in the instance's context; 0 when there is none.
    pub(crate) memory_zero: u32,
    /// Address of the module's code.
    module: usize,
}

/// Where an instruction belongs.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The function.
    pub(crate) func: FuncIdx,
    /// The slot of its frames' return address.
    pub(crate) header: u32,
    /// Position in the binary.
    pub(crate) offset: Option<u32>,
    /// The first word of the instruction.
    pub(crate) word: u32,
}

impl Bytecode {
    /// The code record of a function, for function references.
    pub fn body(&self, func: DefinedFuncIdx) -> *const () {
        (&raw const self.module.funcs[func.index()]).cast()
    }

    /// Bytes that the code takes.
    pub fn size(&self) -> usize {
        size_of_val(&*self.module.words)
    }
}

impl std::fmt::Debug for Bytecode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ModuleCode { words, funcs, .. } = &*self.module;
        f.debug_struct("Bytecode").field("functions", &funcs.len()).field("words", &words.len()).finish()
    }
}

impl FuncCode {
    /// The module that the function belongs to.
    pub(crate) fn module(&self) -> *const ModuleCode {
        self.module as *const ModuleCode
    }
}

impl ModuleCode {
    /// The shape of a type with vectors.
    pub(crate) fn shape(&self, ty: u32) -> &Shape {
        &self.shapes[&ty]
    }

    /// Where the instruction with a byte at `address` belongs.
    pub(crate) fn locate(&self, address: usize) -> Place {
        let after = self.funcs.partition_point(|func| func.entry <= address);
        let func = &self.funcs[after.saturating_sub(1)];
        let word = ((address - self.words.as_ptr() as usize) / size_of::<u32>()) as u32;
        let behind = self.positions.partition_point(|position| position.word <= word);
        let position = behind.checked_sub(1).map(|index| self.positions[index]);
        let offset = position.map(|position| position.offset);
        let word = position.map_or(word, |position| position.word);
        Place { func: func.func, header: func.header, offset, word }
    }

    /// Shows the slots with references of a frame that waits in an instruction.
    pub(crate) fn visit_roots(&self, place: Place, visit: impl FnMut(u32)) {
        self.roots.visit(place.func, place.word, visit);
    }

    /// The clauses around an instruction, in the order in which they are asked.
    pub(crate) fn clauses_around(&self, place: Place) -> impl Iterator<Item = &Clause> {
        self.handlers.around(place.word)
    }

    /// The address of a word.
    pub(crate) fn address(&self, word: u32) -> *const u32 {
        self.words.as_ptr().wrapping_add(word as usize)
    }
}
