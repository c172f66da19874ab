//! The driver for the official suite.
//!
//! What enters is a suite of `.wast` files and a list of lanes (an engine with its options); what leaves is one result per
//! directive and lane, on three levels of strictness. The way: `suite` reads files, `plan` numbers their directives, `run` hands
//! chunks to worker processes; there `process` plays them: `script` parses, `judge` plays and compares, `engine` is the machine
//! under test. The parent never runs guest code, and this room never looks behind the public face of an engine.

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

pub mod engine;
pub mod expectations;
pub mod external;
pub mod features;
pub mod fuzz;
pub mod judge;
pub mod matcher;
pub mod partition;
pub mod plan;
pub mod process;
pub mod run;
pub mod script;
pub mod suite;
pub mod value;
