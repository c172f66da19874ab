//! The whole official suite: what belongs to it, where it comes from, and how it gets onto a disk.
//!
//! `manifest` knows its files by their SHA-256, `origin` where they are kept, `fetch` brings them into the `cache`, `check`
//! compares a folder with the manifest, `coverage` the embedded copy. The texts themselves are no part of the program.

mod cache;
mod check;
mod coverage;
mod error;
mod fetch;
mod git;
mod manifest;
mod origin;

pub use cache::Cache;
pub(super) use check::compare;
pub use check::{Findings, check};
pub use coverage::{Coverage, State};
pub use error::FetchError;
pub use fetch::{Fetched, Progress, fetch};
pub use manifest::{Entry, Manifest};
pub use origin::{Origins, PINNED, Pinned};
