//! A module model and its bytes in, machine code out: the compiler of Assay, on Cranelift.
//!
//! [`Compiler::compile`] validates and translates each function body in one pass, in parallel, and lays the code out as
//! one position-independent text. Decisions that need no code generator stand in `plan/`, the translation of operators
//! in `lower/` (mirroring the operator table of the model), the bridges between calling conventions in `trampoline/`.
//! This room knows offsets (`assay_model::layout`) and names of builtins; it never sees the running machine.
//!
//! # Conventions of compiled code
//!
//! * Every wasm function has Cranelift's `Tail` convention and the parameters `(ctx, [area], params…)`. `ctx` is the
//!   instance's context, for exit trampolines the `FuncRef`. `area` exists when the results do not fit into the return
//!   registers (eight for integers, eight for floats): the callee stores the surplus there.
//! * Integers, floats and vectors (of sixteen bytes) travel as themselves, function references as pointers to `FuncRef`
//!   (null is 0), all other references as 32-bit integers.
//! * Frame pointers are kept everywhere. The machine leaves code through `Builtin::Raise`, which is called by the frame
//!   that fails, or through a fault at an instruction of the trap table.
//! * With `signals_based_traps` off nothing relies on faults: each trap is a branch to a call of `Builtin::Raise`.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

mod abi;
mod accesses;
mod compiler;
mod error;
mod function;
mod host;
mod lower;
mod options;
mod plan;
mod text;
mod trampoline;
mod worker;

pub use compiler::Compiler;
pub use error::CompileError;
pub use host::Target;
pub use options::{CompileOptions, OptLevel, VectorExtensions};
