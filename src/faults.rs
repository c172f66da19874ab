//! `assay faults`: plants known faults one after another, and says which the harness finds, and how fast.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use assay_differential::campaign::CampaignError;
use assay_differential::faults::{Budget, Measured, measure, measure_none, smallest};
use assay_differential::generate::Profile;
use assay_differential::peer_style::Eyes;
use assay_differential::shrink::Limits;
use assay_reports::{Baseline, FAULTS_SCHEMA, FaultResult, FaultsReport, escape, exit};
use assay_runtime::inspect::{FAULTS, FAULTS_BUILT, FaultRow, FaultsNotBuilt};
use assay_workers::WorkerCommand;

use crate::output::Output;
use crate::progress::Bar;
use crate::{units, worker};

/// The arguments of `assay faults`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Begin no case for a fault after this time
    #[arg(long, value_name = "TIME", default_value = "20s", value_parser = units::duration)]
    time: Duration,
    /// How many campaigns look for each fault
    #[arg(long, value_name = "N", default_value = "1", value_parser = units::count, allow_negative_numbers = true)]
    seeds: NonZeroUsize,
    /// Plant only this fault; may be given several times. Then nothing is measured without a fault
    #[arg(long, value_name = "ID")]
    only: Vec<String>,
    #[arg(long, value_name = "NAME", default_value = "default", help = units::profiles())]
    profile: Profile,
    /// How many worker processes run at a time [default: one per processor]
    #[arg(long, short, value_name = "N", value_parser = units::count, allow_negative_numbers = true)]
    jobs: Option<NonZeroUsize>,
    /// Look for each fault by weaker means, too: without cases that trap, and with one call of each export
    #[arg(long)]
    baselines: bool,
    /// Make a case of each found fault small, for at most so long
    #[arg(long, value_name = "TIME", value_parser = units::duration)]
    reduce: Option<Duration>,
    /// Also write the result as `faults.json` to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Only list the faults
    #[arg(long)]
    list: bool,
}

/// Runs the verb: 0 when every fault was found and nothing else, 1 when not.
pub(crate) fn run(args: &Args) -> ExitCode {
    let selected = match select(&args.only) {
        Ok(selected) => selected,
        Err(message) => return fail(&message, exit::USAGE),
    };
    if args.list {
        return list(&selected);
    }
    if !FAULTS_BUILT {
        let mut out = Output::new();
        out.line(format_args!("skip: {FaultsNotBuilt}"));
        return out.finish(exit::NOTHING_SELECTED, exit::INCOMPLETE).into();
    }
    let report = match measure_all(args, &selected) {
        Ok(report) => report,
        Err(error) => return fail(&error.to_string(), exit::INTERNAL),
    };
    let written = args.json.as_deref().map_or(Ok(()), |path| report.write(path));
    let mut out = Output::new();
    out.text(report.render());
    let code = out.finish(if report.is_clean() { exit::OK } else { exit::UNEXPECTED }, exit::INCOMPLETE);
    match written {
        Ok(()) => code.into(),
        Err(error) => fail(&error.to_string(), exit::INTERNAL),
    }
}

fn fail(message: &str, code: u8) -> ExitCode {
    eprintln!("error: {}", escape::text(message));
    code.into()
}

/// The faults of these names, or all.
fn select(names: &[String]) -> Result<Vec<&'static FaultRow>, String> {
    if names.is_empty() {
        return Ok(FAULTS.iter().collect());
    }
    let find = |name: &String| {
        let unknown = || format!("there is no fault `{name}`; `assay faults --list` names them");
        FAULTS.iter().find(|row| row.id == name).ok_or_else(unknown)
    };
    names.iter().map(find).collect()
}

fn list(selected: &[&FaultRow]) -> ExitCode {
    let mut out = Output::new();
    for row in selected {
        let (id, class) = (row.id, row.class.letter());
        out.line(format_args!("{id} ({class}, {}): {}; seen by {}", row.origin, row.mechanism, row.oracle));
    }
    out.finish(exit::OK, exit::INCOMPLETE).into()
}

fn measure_all(args: &Args, selected: &[&FaultRow]) -> Result<FaultsReport, CampaignError> {
    let processors = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let budget = Budget {
        time: args.time,
        seeds: args.seeds.get() as u64,
        jobs: args.jobs.map_or_else(processors, NonZeroUsize::get),
        profile: args.profile,
    };
    let bar = Bar::new();
    bar.expect(selected.len());
    let mut faults = Vec::new();
    for row in selected {
        bar.show(faults.len(), row.id.to_owned());
        let mut measured = measure(row, &budget, &worker::with_fault(row.id, Eyes::Ours))?;
        measured.result.reduced_bytes = args.reduce.and_then(|time| reduced(row, &measured, &budget, time));
        faults.push(measured.result);
    }
    let eyes = if args.baselines { &Eyes::BASELINES[..] } else { &[] };
    let baselines = eyes.iter().map(|&eyes| {
        let result = |(number, row): (usize, &&FaultRow)| {
            bar.show(number, format!("{}: {}", eyes.name(), row.id));
            measure(row, &budget, &worker::with_fault(row.id, eyes)).map(|measured| measured.result)
        };
        let faults: Result<Vec<FaultResult>, _> = selected.iter().enumerate().map(result).collect();
        faults.map(|faults| Baseline { name: eyes.name().to_owned(), faults })
    });
    let baselines = baselines.collect::<Result<Vec<_>, _>>()?;
    let none = || measure_none(&budget, &WorkerCommand::this_program(worker::DIFF));
    let fault_zero = if args.only.is_empty() { Some(none()?) } else { None };
    bar.clear();
    Ok(FaultsReport {
        schema: FAULTS_SCHEMA.to_owned(),
        budget_seconds: budget.time.as_secs_f64(),
        seeds: budget.seeds,
        profile: budget.profile.name().to_owned(),
        faults,
        baselines,
        fault_zero,
    })
}

/// The bytes of the modules of the smallest case that shows the fault.
fn reduced(row: &FaultRow, measured: &Measured, budget: &Budget, time: Duration) -> Option<u64> {
    let limits = Limits { trials: u64::MAX, time };
    match smallest(measured.case?, budget.profile, limits, worker::alone_with_fault(row.id)) {
        Ok(case) => Some(case.modules.iter().map(|module| module.bytes.len() as u64).sum()),
        Err(error) => {
            eprintln!("warning: {}: no case was made small: {error}", row.id);
            None
        }
    }
}
