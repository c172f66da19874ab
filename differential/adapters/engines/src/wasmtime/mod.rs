//! wasmtime, in its default configuration with the proposals that both it and this runtime have.

mod api;
#[path = "../machine.rs"]
mod machine;
#[path = "../script.rs"]
mod script;
mod values;

pub use machine::run;
