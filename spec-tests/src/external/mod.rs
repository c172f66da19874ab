//! Engines of other processes that play scripts: the second half of the engine protocol, from both ends.
//!
//! `differential/PROTOCOL.md` is its description. [`message`] has the lines as types and [`words`] the values in them;
//! [`serve`] answers with any [`crate::engine::Session`], and the factory [`External`] makes engines under test of commands.
//! What a script means stays with `judge`; nothing here knows how an engine runs a module.

pub mod message;
pub mod serve;
pub mod words;

mod factory;
mod lacking;
mod process;
mod session;
mod spectest;

pub use factory::External;
pub use process::{ProcessError, greet};
