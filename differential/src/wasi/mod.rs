//! WASI under random calls: a tree, what is granted of it, and a script, on both engines and with and without `openat2`,
//! the latter in a process in which the call does not exist ([`apart`]).
//!
//! Enters: a [`WasiCase`], generated or saved; leaves: a [`Verdict`]. Each play has a private copy of the tree. Three things
//! judge it: a [`model`] that says which answers a call may give and what it does; what has to stay as it was whatever calls
//! answer (the canary around the granted directories, the number of descriptors, the memory of the host); and the other
//! plays, which have to be equal. Both engines share the code of WASI, so it is the first two that count.
//!
//! ```text
//! (seed, index) ─▶ generate ─▶ case ─▶ world (on disk) ─▶ play, call by call, against the model ─▶ canary ─▶ verdict
//! ```

mod apart;
mod case;
mod errno;
mod fence;
mod generate;
mod judge;
mod layout;
mod model;
mod play;
mod resources;
mod signature;
mod world;

pub use apart::serve_apart;
pub(crate) use case::is_below;
pub use case::{Access, Arg, Call, Entry, Mount, Subscription, VERSION, WasiCase, is_wasi_case};
pub use generate::{GENERATOR_VERSION, generate};
pub use judge::{Bench, Denials, Verdict, judge_text};
pub use play::Lane;
pub use signature::FUNCTIONS;

#[cfg(test)]
mod calibration;
#[cfg(test)]
mod tests;
