//! Runs the lanes in turns and collects samples.
//!
//! Enters: one workload and the lanes. Leaves: samples of both clocks for each lane. It keeps true that
//! no sample counts unless its checksum is right: the small run must give the known one, and all lanes
//! that do the same amount must agree. Every lane is warmed up first; then each round visits every
//! lane, in the opposite order every other round, so that a drift of the machine hits all alike.
//! It knows no particular engine. Called by `main`.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::clock::{self, Took};
use crate::engine::{Compiled, EngineError, Info, Kind, Lane, Running};
use crate::workload::{Drive, PIECES, PROVIDER, Workload};

/// Why a workload has no figures.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// An engine failed.
    #[error("{workload} on {lane}: {error}")]
    Engine {
        /// The workload.
        workload: &'static str,
        /// The engine.
        lane: &'static str,
        /// What it said.
        error: EngineError,
    },
    /// An engine computed something else.
    #[error("{workload} on {lane}: wrong checksum for {amount}: {got}, expected {expected}")]
    Checksum {
        /// The workload.
        workload: &'static str,
        /// The engine.
        lane: &'static str,
        /// The amount of work.
        amount: u32,
        /// What the engine computed.
        got: i64,
        /// What is right, or what the first engine computed.
        expected: i64,
    },
}

/// What one lane's turns took.
#[derive(Clone, Debug)]
pub struct Samples {
    /// The engine.
    pub info: Info,
    /// Work per sample.
    pub amount: u32,
    /// What that work must compute.
    pub checksum: i64,
    /// One per round.
    pub took: Vec<Took>,
}

/// Rounds that even a slow workload gets, unless fewer were asked for.
pub const LEAST_ROUNDS: usize = 5;

/// How often, and how much.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Samples per lane, at the most.
    pub rounds: usize,
    /// Time after which no further round begins, once there are `LEAST_ROUNDS`.
    pub budget: Duration,
    /// Factor on every amount.
    pub scale: f64,
}

/// Measures one workload on all lanes that can run it.
pub fn measure(
    workload: &'static Workload,
    lanes: &[Box<dyn Lane>],
    effort: Effort,
) -> Result<Vec<Samples>, MeasureError> {
    let bytes = workload.bytes();
    let mut agreed = Agreement::new(workload);
    let mut turns = Vec::new();
    for lane in lanes {
        turns.extend(prepare(workload, &bytes, lane.as_ref(), effort, &mut agreed)?);
    }
    let began = Instant::now();
    for round in 0..effort.rounds {
        if round >= LEAST_ROUNDS && began.elapsed() > effort.budget {
            break;
        }
        let order: Vec<usize> =
            if round % 2 == 0 { (0..turns.len()).collect() } else { (0..turns.len()).rev().collect() };
        for index in order {
            let turn = &mut turns[index];
            let took = turn.sample(&mut agreed)?;
            turn.samples.took.push(took);
        }
    }
    Ok(turns.into_iter().map(|turn| turn.samples).collect())
}

/// Checks the small run of one workload on one lane, if that can run it.
pub fn check(workload: &'static Workload, lane: &dyn Lane) -> Result<(), MeasureError> {
    let mut agreed = Agreement::new(workload);
    let bytes = workload.bytes();
    let turn = Turn::new(workload, &bytes, lane, workload.check.0)?;
    turn.map_or(Ok(()), |mut turn| turn.sample(&mut agreed).map(|_| ()))
}

fn prepare<'a>(
    workload: &'static Workload,
    bytes: &'a [u8],
    lane: &'a dyn Lane,
    effort: Effort,
    agreed: &mut Agreement,
) -> Result<Option<Turn<'a>>, MeasureError> {
    let Some(mut turn) = Turn::new(workload, bytes, lane, workload.check.0)? else { return Ok(None) };
    turn.sample(agreed)?;
    let amount = match lane.info().kind {
        Kind::Compiled => workload.compiled,
        Kind::Interpreted => workload.interpreted,
    };
    turn.samples.amount = scaled(workload, amount, effort.scale);
    turn.sample(agreed)?;
    Ok(Some(turn))
}

/// Fibonacci's work is exponential in the amount; everything else is linear.
fn scaled(workload: &Workload, amount: u32, scale: f64) -> u32 {
    let scaled = match workload.name {
        "fib" => f64::from(amount) + scale.ln() / 1.618_f64.ln(),
        _ => f64::from(amount) * scale,
    };
    (scaled.round() as u32).max(1)
}

/// The checksum of each amount, known beforehand or said first.
struct Agreement {
    workload: &'static str,
    known: BTreeMap<u32, i64>,
}

impl Agreement {
    fn new(workload: &Workload) -> Self {
        Agreement { workload: workload.name, known: BTreeMap::from([workload.check]) }
    }

    fn check(&mut self, lane: &'static str, amount: u32, got: i64) -> Result<(), MeasureError> {
        let expected = *self.known.entry(amount).or_insert(got);
        if got == expected {
            return Ok(());
        }
        Err(MeasureError::Checksum { workload: self.workload, lane, amount, got, expected })
    }
}

/// One lane's place at the workload.
struct Turn<'a> {
    workload: &'static Workload,
    bytes: &'a [u8],
    lane: &'a dyn Lane,
    code: Box<dyn Compiled>,
    provider: Option<Box<dyn Compiled>>,
    live: Option<Box<dyn Running>>,
    /// Where an instance with WASI works; removed with the turn.
    _folder: Option<tempfile::TempDir>,
    samples: Samples,
}

impl<'a> Turn<'a> {
    fn new(
        workload: &'static Workload,
        bytes: &'a [u8],
        lane: &'a dyn Lane,
        amount: u32,
    ) -> Result<Option<Self>, MeasureError> {
        if !lane.runs(workload.group) {
            return Ok(None);
        }
        let info = lane.info();
        let name = info.name;
        let failed = |error| MeasureError::Engine { workload: workload.name, lane: name, error };
        let code = lane.compile(bytes).map_err(failed)?;
        let mut folder = None;
        let live = match workload.drive {
            Drive::Run(_) | Drive::TypedCalls | Drive::UntypedCalls => Some(code.start().map_err(failed)?),
            Drive::Wasi(_) => {
                let made = tempfile::tempdir().map_err(|error| failed(EngineError(error.to_string())))?;
                let Some(mut live) = code.start_in(made.path()).map_err(failed)? else { return Ok(None) };
                live.run("prepare", PIECES as i32).map_err(failed)?;
                folder = Some(made);
                Some(live)
            }
            _ => None,
        };
        let provider = match workload.drive {
            Drive::LinkedInstances => Some(lane.compile(PROVIDER).map_err(failed)?),
            _ => None,
        };
        let samples = Samples { info, amount, checksum: 0, took: Vec::new() };
        Ok(Some(Turn { workload, bytes, lane, code, provider, live, _folder: folder, samples }))
    }

    /// One timed run, whose checksum must be right.
    fn sample(&mut self, agreed: &mut Agreement) -> Result<Took, MeasureError> {
        let (workload, lane) = (self.workload.name, self.samples.info.name);
        let failed = |error| MeasureError::Engine { workload, lane, error };
        let (checksum, took) = match self.workload.drive {
            Drive::Compilations => self.compile_often(),
            _ => {
                let (checksum, took) = clock::time(|| self.drive());
                checksum.map(|checksum| (checksum, took))
            }
        }
        .map_err(failed)?;
        let amount = match self.workload.drive {
            Drive::Compilations => self.workload.check.0,
            _ => self.samples.amount,
        };
        agreed.check(lane, amount, checksum)?;
        self.samples.checksum = checksum;
        Ok(took)
    }

    fn drive(&mut self) -> Result<i64, EngineError> {
        let amount = self.samples.amount;
        match (self.workload.drive, &mut self.live, &self.provider) {
            (Drive::Run(export) | Drive::Wasi(export), Some(live), _) => live.run(export, amount as i32),
            (Drive::TypedCalls, Some(live), _) => live.typed_calls(amount),
            (Drive::UntypedCalls, Some(live), _) => live.untyped_calls(amount),
            (Drive::Instances { probe }, ..) => self.code.instances(amount, probe),
            (Drive::LinkedInstances, _, Some(provider)) => {
                self.code.linked_instances(provider.as_ref(), amount)
            }
            _ => Err(EngineError("not prepared for this workload".to_owned())),
        }
    }

    /// Compiles so often; freeing the modules and running the last one stay outside the clock.
    fn compile_often(&self) -> Result<(i64, Took), EngineError> {
        let mut total = Took::default();
        let mut last = None;
        for _ in 0..self.samples.amount {
            let (code, took) = clock::time(|| self.lane.compile(self.bytes));
            total.wall += took.wall;
            total.cpu += took.cpu;
            last = Some(code?);
        }
        let code = last.ok_or_else(|| EngineError("nothing to compile".to_owned()))?;
        let checksum = code.start()?.run("run", self.workload.check.0 as i32)?;
        Ok((checksum, total))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::{Group, Source, WORKLOADS};

    /// The generated module, at a size that a build without optimisation compiles quickly.
    static SMALL: Workload = Workload {
        name: "compile-small",
        group: Group::Compile,
        drive: Drive::Compilations,
        source: Source::Generated { seed: 1, bytes: 20_000 },
        check: (1, -6070233805898970074),
        compiled: 1,
        interpreted: 1,
    };

    /// Every engine of this build runs every workload and computes what the host's compiler computed.
    #[test]
    fn engines_give_the_known_checksums() {
        let committed = WORKLOADS.iter().filter(|one| matches!(one.source, Source::File(_)));
        let workloads: Vec<_> = committed.chain([&SMALL]).collect();
        for lane in crate::engine::lanes().unwrap() {
            for workload in &workloads {
                check(workload, lane.as_ref()).unwrap();
            }
        }
    }

    #[test]
    fn a_wrong_checksum_is_a_failure() {
        let mut agreed = Agreement::new(&WORKLOADS[0]);
        let (amount, right) = WORKLOADS[0].check;
        assert!(agreed.check("one", amount, right).is_ok());
        assert!(matches!(
            agreed.check("two", amount, right + 1),
            Err(MeasureError::Checksum { lane: "two", .. })
        ));
    }

    #[test]
    fn lanes_must_agree_where_nothing_is_known() {
        let mut agreed = Agreement::new(&WORKLOADS[0]);
        assert!(agreed.check("one", 99, 5).is_ok());
        assert!(agreed.check("two", 99, 5).is_ok());
        assert!(agreed.check("two", 99, 6).is_err());
    }

    #[test]
    fn scaling_keeps_at_least_one_and_knows_fibonacci() {
        let named = |name| WORKLOADS.iter().find(|one| one.name == name).unwrap();
        assert_eq!(scaled(named("mix"), 100, 0.25), 25);
        assert_eq!(scaled(named("mix"), 1, 0.25), 1);
        assert_eq!(scaled(named("fib"), 32, 1.0), 32);
        assert_eq!(scaled(named("fib"), 32, 0.146), 28);
    }
}
