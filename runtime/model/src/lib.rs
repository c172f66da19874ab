//! What WebAssembly and its machine *are*, as plain data.
//!
//! Every other room of the runtime reads these nouns and none of them can be asked a question backwards: types and
//! their canonical form, index spaces, the module model, the operator table, the features, the layouts that code and
//! machine agree on, the trap codes and the code artifact. This room knows no parser, no compiler and no running
//! machine, and it holds no unsafe code.
#![forbid(unsafe_code)]

pub mod artifact;
pub mod builtins;
pub mod fault;
pub mod features;
pub mod index;
pub mod layout;
pub mod module;
pub mod ops;
pub mod trap;
pub mod types;
