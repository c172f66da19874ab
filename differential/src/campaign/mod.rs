//! Many cases, on all processors, with exact accounting.
//!
//! A campaign hands out batches of case numbers. [`worker`] plays one batch and answers with a [`Tally`]; two drivers bring
//! batches to workers: [`processes`], in which a crash costs one case and is a finding, and [`threads`], for tests. The same
//! profile, seed and number of cases give the same tally, whatever the number of jobs.

pub mod corpus;
pub mod journal;
pub mod report;
pub mod summary;

mod confirm;
mod lineup;
mod losses;
mod processes;
mod ranges;
mod sandbox;
mod tally;
mod threads;
mod worker;

pub use confirm::{Confirmation, confirm};
pub(crate) use lineup::lineup;
pub use processes::{CampaignError, Supervision, run_in_processes, run_supervised};
pub use sandbox::is_of_wasi;
pub use tally::{Accident, Coverage, Covered, Found, Produced, Tally};
pub use threads::run_in_threads;
pub use worker::{Job, Worker, serve};

use crate::case::{Case, CaseError};
use crate::generate::{Generator, Profile};
use ranges::Ranges;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// The mix of generators.
    pub profile: Profile,
    /// The seed of all cases.
    pub seed: u64,
    /// The number of the first case.
    pub first: u64,
    /// How many cases. With a time limit, at most so many.
    pub cases: u64,
    /// How many workers.
    pub jobs: usize,
    /// After this time no batch is begun.
    pub time: Option<Duration>,
    /// Engines of other processes to compare with, as [`crate::external::command`] reads them.
    pub engines: Vec<String>,
    /// A folder of saved cases, of which others are made: they determine cases, too.
    pub corpus: Option<PathBuf>,
}

/// Hears how a campaign goes.
pub trait Observer {
    /// So many of the cases are done, with so many findings.
    fn progress(&mut self, done: u64, findings: usize);

    /// Whether to stop at once: cases under way are abandoned.
    fn is_enough(&self) -> bool {
        false
    }
}

impl Observer for () {
    fn progress(&mut self, _done: u64, _findings: usize) {}
}

/// Cases in one batch: enough to hide the way to the worker, few enough to be repeated after a crash.
const BATCH: u64 = 64;

/// The batches of a campaign, in order: of the cases that are not done.
struct Batches {
    next: u64,
    end: u64,
    done: Ranges,
}

impl Batches {
    fn of(options: &Options) -> Self {
        Self::besides(options, Ranges::default())
    }

    fn besides(options: &Options, done: Ranges) -> Self {
        Self { next: options.first, end: options.first.saturating_add(options.cases), done }
    }
}

impl Iterator for Batches {
    type Item = (u64, u64);

    fn next(&mut self) -> Option<(u64, u64)> {
        let (from, to) = self.done.gap(self.next, self.end, BATCH)?;
        self.next = to;
        Some((from, to))
    }
}

/// Saves the case of a finding in a folder. `shows` plays a case apart from this process, and says whether it shows anything:
/// it is asked about what ended a worker that only tried the case.
///
/// # Errors
/// When the file cannot be written.
pub fn save_finding(
    options: &Options,
    found: &Found,
    folder: &Path,
    shows: impl FnMut(&Case) -> bool,
) -> Result<PathBuf, CaseError> {
    let io = |error| CaseError::Io { what: "make the folder", path: folder.to_owned(), error };
    std::fs::create_dir_all(folder).map_err(io)?;
    let path = folder.join(format!("{}-{}-{}.toml", options.profile.name(), options.seed, found.index));
    if is_of_wasi(options.profile, found.index) {
        return sandbox::save(options.seed, found, &path).map(|()| path);
    }
    let unusable = |error: assay_runtime::Error| CaseError::Malformed(error.to_string());
    let mut generator = Generator::new(options.profile, options.seed).map_err(unusable)?;
    if let Some(corpus) = &options.corpus {
        generator.use_saved(corpus::Corpus::load(corpus)?.cases);
    }
    let apart = processes::lost_in_generator(found) && options.profile != Profile::Mutate;
    let mut case =
        if apart { generator.attempt_that(found.index, shows) } else { generator.case(found.index) };
    case = generator.with_canonical(found.index, &case).unwrap_or(case);
    case.origin = format!("{}: {}: {}", case.origin, found.class, found.detail);
    case.save(&path)?;
    Ok(path)
}

#[cfg(test)]
mod tests;
