//! Validated operators in, register-style code out: one pass over each body, function by function.
//!
//! A function is lowered with a symbolic operand stack ([`stack`]): locals are not copied until they are overwritten,
//! constants become immediates, results stay in the accumulator until somebody needs them in a slot. The files mirror
//! the groups of operators. This room takes from the validator only that the operator it holds is valid where it
//! stands; it knows neither machine nor meaning of operators, only their instructions. Called by the facade.

mod bulk;
mod call;
mod control;
mod function;
mod memory;
mod numeric;
mod reference;
mod stack;
mod tail_call;
mod unsupported;
mod variable;
mod wide;

#[cfg(test)]
mod tests;

use crate::code::{Bytecode, Lowered, link};
use assay_model::index::{DefinedFuncIdx, MemoryIdx};
use assay_model::layout::VmCtxLayout;
use assay_parse::{BodyAllocations, ParseError, ParsedModule};
use function::FuncLowering;
use rayon::prelude::*;

/// What the code has to watch while it runs.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct LowerOptions {
    /// Consume fuel as `model::ops::fuel` says.
    pub fuel: bool,
    /// Stop when the epoch reaches the deadline.
    pub epoch: bool,
}

/// Bytes of bodies from which on it pays to use several threads.
const PARALLEL: usize = 32 << 10;

/// Validates and lowers every body of a module. `bytes` is its binary.
///
/// # Errors
/// The first rule that a body breaks, in function order, with its stage decided.
pub fn lower(parsed: &ParsedModule, bytes: &[u8], options: &LowerOptions) -> Result<Bytecode, ParseError> {
    let model = &parsed.model;
    let layout = VmCtxLayout::new(model);
    let one = |allocations: &mut BodyAllocations, index: usize| {
        let func = DefinedFuncIdx::from_index(index);
        FuncLowering::lower(parsed, bytes, &layout, *options, func, allocations)
    };
    let size: usize = model.bodies.iter().map(|body| body.len()).sum();
    let count = model.bodies.len();
    let functions: Result<Vec<Lowered>, ParseError> = if size < PARALLEL {
        let mut allocations = BodyAllocations::default();
        (0..count).map(|index| one(&mut allocations, index)).collect()
    } else {
        // Collected whole before the first error is looked for, so that the order of functions decides.
        let results: Vec<_> = (0..count).into_par_iter().map_init(BodyAllocations::default, one).collect();
        results.into_iter().collect()
    };
    let functions = functions.map_err(|error| parsed.classify(error, bytes))?;
    let memory_zero = if model.memories.is_empty() { 0 } else { layout.memory(MemoryIdx(0)) };
    Ok(link(functions, model.func_of(DefinedFuncIdx(0)), memory_zero))
}
