//! Other engines in Rust, as peers of the engine protocol: wasmtime and wasmi, each a program of its own.
//!
//! `machine.rs` is the engine's side of the protocol, written once: both have an interface of the same shape. What differs
//! between them stands in [`wasmtime`] and [`wasmi`], under the same names. Neither is ever linked into `assay`; programs are
//! built with the feature of their engine.

#![forbid(unsafe_code)]
#![allow(
    clippy::duplicate_mod,
    reason = "what both engines share is compiled once inside the module of each"
)]
#![allow(clippy::clone_on_copy, reason = "what is a number to one engine is counted by the other")]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

#[cfg(feature = "wasmi")]
pub mod wasmi;
#[cfg(feature = "wasmtime")]
pub mod wasmtime;

#[cfg(any(feature = "wasmi", feature = "wasmtime"))]
mod shared;
