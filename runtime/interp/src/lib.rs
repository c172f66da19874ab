//! The interpreter: an engine of its own, written from the WebAssembly specification.
//!
//! What enters is a parsed module; [`lower`] validates its bodies and makes [`Bytecode`], whose functions are called
//! through function references with [`ARRAY_CALL`]. The crate shares layouts and objects with the rest of the runtime,
//! and no meaning of an operator: numerics, bounds and bulk logic are its own. It knows no compiler. Called by the
//! facade.
#![deny(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

mod code;
mod exec;
mod lower;
mod numeric;

pub use code::Bytecode;
pub use exec::ARRAY_CALL;
pub use lower::{LowerOptions, lower};
