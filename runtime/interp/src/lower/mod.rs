//! Validated operators in, register-style code out: one pass over each body, function by function.
//!
//! A function is lowered with a symbolic operand stack ([`stack`]): locals are not copied until they are overwritten,
//! constants become immediates, results stay in the accumulator until somebody needs them in a slot. The files mirror
//! the groups of operators. This room takes from the validator only that the operator it holds is valid where it
//! stands; it knows neither machine nor meaning of operators, only their instructions. Called by the facade.

mod access;
mod array;
mod atomic;
mod bulk;
mod call;
mod cast;
mod control;
mod descriptor;
mod exception;
mod function;
mod gc;
mod memory;
mod numeric;
mod reference;
mod stack;
mod tail_call;
mod unsupported;
mod variable;
mod vector;
mod visit;
mod wide;

#[cfg(test)]
mod tests;

use crate::code::{Bytecode, Piece, Shape, link};
use assay_model::index::{DefinedFuncIdx, MemoryIdx};
use assay_model::layout::VmCtxLayout;
use assay_model::module::ModuleModel;
use assay_model::types::{CompositeType, FuncType, ValType};
use assay_parse::{ParseError, ParsedModule};
use function::FuncLowering;
use rayon::prelude::*;
use std::collections::HashMap;

/// What the code has to watch while it runs.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct LowerOptions {
    /// Consume fuel as `model::ops::fuel` says.
    pub fuel: bool,
    /// Stop when the epoch reaches the deadline.
    pub epoch: bool,
    /// Tell of every access to a memory before it is made. For judges.
    pub accesses: bool,
}

/// Bytes of bodies from which on it pays to use several threads.
const PARALLEL: usize = 32 << 10;

/// The fewest functions that are worth a piece of their own.
const FUNCTIONS: usize = 8;

/// Validates and lowers every body of a module. `bytes` is its binary.
///
/// # Errors
/// The first rule that a body breaks, in function order, with its stage decided.
pub fn lower(parsed: &ParsedModule, bytes: &[u8], options: &LowerOptions) -> Result<Bytecode, ParseError> {
    let model = &parsed.model;
    let layout = VmCtxLayout::new(model);
    let structs = gc::structs(model);
    let begin = || Ok(FuncLowering::new(model, &layout, &structs, bytes, *options));
    let one = |lowering, index| with_function(lowering, parsed, bytes, DefinedFuncIdx::from_index(index));
    let size: usize = model.bodies.iter().map(|body| body.len()).sum();
    let functions = 0..model.bodies.len();
    let pieces: Vec<_> = if size < PARALLEL {
        vec![functions.fold(begin(), one)]
    } else {
        functions.into_par_iter().with_min_len(FUNCTIONS).fold(begin, one).collect()
    };
    // All are there before the first error is looked for, so that the order of functions decides.
    let pieces: Result<Vec<Piece>, _> =
        pieces.into_iter().map(|lowering| lowering.map(FuncLowering::finish)).collect();
    let pieces = pieces.map_err(|error| parsed.classify(*error, bytes))?;
    let memory_zero = if model.memories.is_empty() { 0 } else { layout.memory(MemoryIdx(0)) };
    Ok(link(pieces, model.func_of(DefinedFuncIdx(0)), memory_zero, shapes(model)))
}

/// Lowers one more function, unless an earlier one was in error.
fn with_function<'a>(
    lowering: Result<FuncLowering<'a>, Box<ParseError>>,
    parsed: &ParsedModule,
    bytes: &[u8],
    func: DefinedFuncIdx,
) -> Result<FuncLowering<'a>, Box<ParseError>> {
    let mut lowering = lowering?;
    lowering.function(parsed, bytes, func)?;
    Ok(lowering)
}

/// The function types with vectors, by their indices.
fn shapes(model: &ModuleModel) -> HashMap<u32, Shape> {
    let shape = |(index, ty): (usize, &CompositeType)| match ty {
        CompositeType::Func(ty) if has_vectors(ty) => Some((index as u32, shape_of(ty))),
        _ => None,
    };
    model.types.iter().map(|ty| &ty.composite).enumerate().filter_map(shape).collect()
}

fn shape_of(ty: &FuncType) -> Shape {
    let vectors = |types: &[ValType]| types.iter().map(|&ty| ty == ValType::V128).collect();
    Shape { params: vectors(&ty.params), results: vectors(&ty.results) }
}

/// Whether a parameter or result is a vector.
fn has_vectors(ty: &FuncType) -> bool {
    ty.params.iter().chain(&ty.results).any(|&ty| ty == ValType::V128)
}
