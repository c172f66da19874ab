//! The benchmark room: workloads from our own sources, the engines that run them, and the figures.
//!
//! Enters: the engines of the facade and, behind features, their peers. Leaves: a table on the screen
//! and a JSON document. It keeps three things true: engines are measured in turns inside one process,
//! every run's checksum is compared, and a figure never appears without the samples it came from. It
//! knows nothing of an engine's inside; only the facade is used. Called by `main.rs`.
#![deny(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

pub mod child;
pub mod clock;
pub mod collector;
pub mod command;
pub mod engine;
pub mod generate;
pub mod measure;
pub mod plan;
pub mod ratio;
pub mod report;
pub mod stats;
pub mod table;
pub mod turns;
pub mod workload;
