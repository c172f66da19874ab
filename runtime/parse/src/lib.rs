//! WebAssembly bytes in, a validated [`ModuleModel`](assay_model::module::ModuleModel) out.
//!
//! [`parse`] decodes and validates everything but function bodies; a [`BodyReader`] validates a body while a lowering
//! reads it, so that each operator is decoded once. Errors carry the stage (malformed or invalid) and the offset.
//! wasmparser's types stop here, operators and their immediates excepted, which both lowerings read through
//! [`BodyReader`]. This room knows no engine.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

mod body;
mod branch_hints;
mod const_expr;
mod convert;
mod custom;
mod debug;
mod descriptors;
mod error;
mod features;
mod limits;
mod module;
mod resources;
mod stage;
mod support;

pub use body::{BodyAllocations, BodyReader, BodyVisitor, Op, Visited};
pub use convert::{heap_type, ref_type, val_type};
pub use custom::check_custom_sections;
pub use debug::{Access, DebugSections, access_at, debug_sections};
pub use error::{ParseError, Stage};
pub use module::{ParsedModule, parse, parse_for};
pub use wasmparser;
