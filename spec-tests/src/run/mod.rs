//! The parent's side of a run: suite in, jobs out, results written, one summary at the end.
//!
//! Enters: [`Options`]; leaves: a [`Report`] and the files in the output folder. Never runs guest code. Each directive that was
//! planned is in the results exactly once per lane, whatever happens to the workers.

mod error;
mod rows;
mod scheduler;
mod sink;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use assay_reports::{
    EngineLanes, Header, Repeat, ResultsWriter, Row, Shard, SuiteInfo, SuiteKind, Summary, list_digest,
};
use assay_workers::{Pool, PoolConfig, WorkerCommand};

pub use error::RunError;

use crate::engine::Lane;
use crate::expectations::Expectations;
use crate::partition::Partition;
use crate::plan::Plan;
use crate::suite::{Choice, Filter, Selection, Suite, SuiteError};
use scheduler::Chunks;
use sink::Sink;

/// What to run, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// The suite.
    pub suite: Choice,
    /// Which of its files and directives; all when empty.
    pub filters: Vec<String>,
    /// Which part of it; all when there is none.
    pub partition: Option<Partition>,
    /// The engines and their configurations.
    pub lanes: Vec<Lane>,
    /// How many workers run at a time.
    pub jobs: usize,
    /// Whether to stop at the first unexpected result.
    pub fail_fast: bool,
    /// How long one directive may take.
    pub timeout: Duration,
    /// A file that says what is known not to pass.
    pub expectations: Option<PathBuf>,
    /// The folder for results.
    pub out: PathBuf,
    /// How to start a worker.
    pub worker: WorkerCommand,
    /// The version that results carry.
    pub tool_version: String,
    /// The commands that results carry, one for each lane.
    pub repeat: Vec<Repeat>,
}

/// What a run found.
#[derive(Debug)]
pub struct Report {
    /// What the run was.
    pub header: Header,
    /// The counts.
    pub summary: Summary,
    /// The results that did not simply pass.
    pub rows: Vec<Row>,
    /// What a reader should know about the suite.
    pub notice: Option<String>,
}

/// Hears how a run goes on.
pub trait Observer {
    /// So many results will come.
    fn planned(&mut self, results: usize) {
        let _ = results;
    }

    /// So many are there, so many of them unexpected; this file is being run.
    fn advanced(&mut self, done: usize, unexpected: usize, file: Option<&str>) {
        let _ = (done, unexpected, file);
    }
}

/// Hears nothing.
impl Observer for () {}

/// Runs a suite.
///
/// # Errors
///
/// When the run cannot take place or its results cannot be written; failing tests are no error.
pub fn run(options: &Options, observer: &mut dyn Observer) -> Result<Report, RunError> {
    let begun = Instant::now();
    let filters = options.filters.iter().map(|word| Filter::parse(word)).collect::<Result<Vec<_>, _>>()?;
    let expectations = match &options.expectations {
        Some(path) => Expectations::load(path)?,
        None => Expectations::default(),
    };
    // The workers start while the suite is read.
    let mut pool = Pool::new(pool_config(options))?;
    let suite = Suite::load(&options.suite)?;
    let mut plan = Plan::new(suite.files.iter().map(|file| (file, Selection::of(&filters, &file.name))));
    if plan.wanted() == 0 {
        let filters = options.filters.join(", ");
        return Err(SuiteError::NothingSelected { origin: suite.origin, filters }.into());
    }
    let shard = options.partition.map(|partition| part(partition, &mut plan));
    observer.planned(plan.wanted() * options.lanes.len());
    let header = header(options, &suite, shard);
    let writer = ResultsWriter::create(&options.out, &header)?;
    let notice = suite.notice.clone();
    // Workers read their own files: the texts are no longer needed.
    drop(suite);
    let mut sink = Sink::new(writer, expectations, observer);
    sink.troubles(&plan, &options.lanes);
    let mut chunks = Chunks::new(&plan, options, &mut sink);
    pool.run(&mut chunks)?;
    chunks.finish()?;
    sink.finish(&plan, options, begun).map(|(summary, rows)| Report { header, summary, rows, notice })
}

fn pool_config(options: &Options) -> PoolConfig {
    let mut config = PoolConfig::new(options.worker.clone(), options.jobs.max(1));
    config.step_timeout = options.timeout;
    if options.lanes.iter().any(|lane| lane.command.is_some()) {
        // Each question to such an engine has this time already; what is left is for its worker to say that it was overrun.
        config.step_timeout = 2 * options.timeout + Duration::from_secs(12);
    }
    config
}

/// Cuts a plan down to a part, which says what the whole is.
fn part(partition: Partition, plan: &mut Plan) -> Shard {
    let (tests, list) = (plan.wanted() as u64, list_digest(plan.tests()));
    partition.apply(plan);
    Shard { by: partition.by.name().to_owned(), part: partition.part, of: partition.of, tests, list }
}

fn header(options: &Options, suite: &Suite, shard: Option<Shard>) -> Header {
    let mut engines: Vec<EngineLanes> = Vec::new();
    for lane in &options.lanes {
        match engines.iter_mut().find(|engine| engine.engine == lane.engine) {
            Some(engine) => engine.lanes.push(lane.name.clone()),
            None => engines.push(EngineLanes { engine: lane.engine.clone(), lanes: vec![lane.name.clone()] }),
        }
    }
    let info = SuiteInfo {
        kind: SuiteKind::Spec,
        origin: suite.origin.clone(),
        digest: suite.digest.clone(),
        files: suite.files.len(),
    };
    let selection = if options.filters.is_empty() { "all".to_owned() } else { options.filters.join(", ") };
    let header = Header::new(options.tool_version.clone(), engines, info, selection);
    Header { repeat: options.repeat.clone(), shard, ..header }
}
