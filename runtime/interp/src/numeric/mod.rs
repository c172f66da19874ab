//! What the numeric operators mean ([Numerics][spec]): one plain function for each operator.
//!
//! Integers travel as unsigned Rust integers of their width, floats as Rust floats that are only ever moved or
//! computed with, never converted to move them. Written from the specification for this engine alone; knows neither
//! code nor machine. Called by `exec::numeric`.
//!
//! [spec]: https://webassembly.github.io/spec/core/exec/numerics.html

pub(crate) mod convert;
pub(crate) mod float;
pub(crate) mod integer;
pub(crate) mod wide;

use assay_model::trap::TrapKind;

/// The result of an operator that can trap.
pub(crate) type Trapping<T> = Result<T, TrapKind>;
