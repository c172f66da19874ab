//! What parent and worker say to each other, and the worker's side of it.
//!
//! Enters: a [`Job`], a chunk and the lanes to play it in; leaves: an [`Answer`] with one verdict per lane and directive. Knows
//! nothing of other jobs and of what becomes of the answer.

mod job;
mod worker;

pub use job::{Answer, Job, Note, Played};
pub use worker::Worker;
