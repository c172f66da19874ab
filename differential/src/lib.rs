//! The differential harness: one case, several lanes.
//!
//! A [`case::Case`] comes from a generator or a file. [`judge`] plays it in every [`lanes::Lane`] of our runtime, observes
//! results, traps, state, host calls and fuel after each step, and compares them; a [`campaign`] does so with many. A
//! difference is explained by a named rule ([`compare::rule`]) or it is a finding. Engines of other processes speak a
//! protocol ([`external`]). This room knows the runtime by its public interface and `inspect` alone.
//!
//! ```text
//! (profile, seed, index) ─▶ generate ─▶ case ─▶ play (lane by lane) ─▶ observe ─▶ compare ─▶ verdict ─▶ campaign
//! ```

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

pub mod campaign;
pub mod case;
pub mod compare;
pub mod coverage;
pub mod draw;
pub mod explain;
pub mod external;
pub mod faults;
pub mod fuzz;
pub mod generate;
pub mod judge;
pub mod lanes;
pub mod observe;
pub mod oracle;
pub mod peer_style;
pub mod random;
pub mod shrink;
pub mod wasi;

mod host;
mod keeper;
mod play;
mod rewrite;
mod trace;

pub use play::play;
