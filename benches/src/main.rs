//! The command: reads the wish, lets the engines take turns, prints the table, writes the document.
//!
//! Exit codes: 0 measured · 1 an engine failed or computed something else · 2 usage · 4 nothing
//! selected · 6 a goal was missed (only with `--gate`).
#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use assay_benches::clock::Clock;
use assay_benches::collector::{self, Collection};
use assay_benches::engine::{self, Lane};
use assay_benches::measure::{self, Effort, Samples};
use assay_benches::plan::{self, Selection};
use assay_benches::report::{self, Host, Report, Row, SCHEMA};
use assay_benches::table;
use assay_benches::workload::{Group, WORKLOADS, Workload};
use clap::Parser;

const FAILED: u8 = 1;
const USAGE: u8 = 2;
const NOTHING: u8 = 4;
const SLOWER: u8 = 6;

/// Measures the engines beside their peers, in turns inside one process.
#[derive(Parser)]
#[command(name = "assay-benches", version)]
struct Arguments {
    /// Only workloads whose name contains this; may be repeated.
    #[arg(long)]
    filter: Vec<String>,
    /// Only workloads of this group; may be repeated.
    #[arg(long, value_enum)]
    group: Vec<Group>,
    /// Only these engines, by name.
    #[arg(long, value_delimiter = ',')]
    lanes: Vec<String>,
    /// Samples per engine and workload, at the most.
    #[arg(long, default_value_t = 51, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    rounds: u16,
    /// Factor on the work of each sample.
    #[arg(long, default_value_t = 1.0, value_parser = positive)]
    scale: f64,
    /// Seconds after which a workload begins no further round (but five it gets).
    #[arg(long, default_value_t = 6.0, value_parser = positive)]
    budget: f64,
    /// The clock behind the ratios.
    #[arg(long, value_enum, default_value_t = Clock::Wall)]
    clock: Clock,
    /// Writes everything measured to this file.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Fails with exit code 6 when a mean misses its goal.
    #[arg(long)]
    gate: bool,
    /// Measures what collections of the heap of objects cost while more and more lives, and no workload.
    #[arg(long, conflicts_with_all = ["filter", "group"])]
    collector: bool,
    /// Names the workloads and engines, and stops.
    #[arg(long)]
    list: bool,
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number > 0.0 => Ok(number),
        _ => Err("must be a number above zero".to_owned()),
    }
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err((code, message)) => {
            eprintln!("error: {message}");
            ExitCode::from(code)
        }
    }
}

type Outcome<T> = Result<T, (u8, String)>;

fn run(arguments: &Arguments) -> Outcome<()> {
    let lanes = choose_lanes(&arguments.lanes)?;
    if arguments.list {
        list(&lanes);
        return Ok(());
    }
    let wish = Selection { filters: arguments.filter.clone(), groups: arguments.group.clone() };
    let workloads = match arguments.collector {
        true => Vec::new(),
        false => plan::select(&wish).map_err(|error| (NOTHING, error.to_string()))?,
    };
    let mut report = measure_all(arguments, &lanes, &workloads)?;
    if arguments.collector {
        report.collector = measure_collector(&lanes)?;
    }
    println!();
    for mean in &report.means {
        println!("{}", table::mean(mean));
    }
    if let Some(path) = &arguments.json {
        report::write(&report, path)
            .map_err(|error| (FAILED, format!("failed to write {}: {error}", path.display())))?;
    }
    let missed = report.means.iter().any(|mean| mean.goal.is_some_and(|goal| mean.median > goal));
    if arguments.gate && missed {
        return Err((SLOWER, "a goal was missed".to_owned()));
    }
    Ok(())
}

fn choose_lanes(wanted: &[String]) -> Outcome<Vec<Box<dyn Lane>>> {
    let all = engine::lanes().map_err(|error| (FAILED, error.to_string()))?;
    let names: Vec<&str> = all.iter().map(|lane| lane.info().name).collect();
    if let Some(unknown) = wanted.iter().find(|name| !names.contains(&name.as_str())) {
        let hint = "peers are built with `--features peers`";
        return Err((USAGE, format!("no engine `{unknown}` here; there are: {} ({hint})", names.join(", "))));
    }
    let chosen = |name: &str| wanted.is_empty() || wanted.iter().any(|one| one == name);
    Ok(all.into_iter().filter(|lane| chosen(lane.info().name)).collect())
}

fn list(lanes: &[Box<dyn Lane>]) {
    for lane in lanes {
        let info = lane.info();
        println!("engine    {:<22}{}", info.name, info.about);
    }
    for workload in WORKLOADS {
        println!("workload  {:<22}{}", workload.name, workload.group.name());
    }
}

fn measure_all(
    arguments: &Arguments,
    lanes: &[Box<dyn Lane>],
    workloads: &[&'static Workload],
) -> Outcome<Report> {
    let budget = Duration::try_from_secs_f64(arguments.budget)
        .map_err(|_| (USAGE, "--budget is longer than any run".to_owned()))?;
    let effort = Effort { rounds: arguments.rounds.into(), budget, scale: arguments.scale };
    let names: Vec<&str> = lanes.iter().map(|lane| lane.info().name).collect();
    if !workloads.is_empty() {
        println!("{}", table::heading(&names));
    }
    let mut rows = Vec::new();
    for workload in workloads {
        let samples: Vec<Samples> =
            measure::measure(workload, lanes, effort).map_err(|error| (FAILED, error.to_string()))?;
        let row = Row::new(workload, workload.bytes().len(), &samples, arguments.clock);
        println!("{}", table::row(&row));
        rows.push(row);
    }
    Ok(Report {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION"),
        clock: arguments.clock,
        rounds: effort.rounds,
        scale: effort.scale,
        host: Host::here(),
        lanes: lanes.iter().map(|lane| lane.info()).collect(),
        means: report::means(&rows),
        workloads: rows,
        collector: Vec::new(),
    })
}

/// Each size on each engine that has a collector.
fn measure_collector(lanes: &[Box<dyn Lane>]) -> Outcome<Vec<Collection>> {
    println!("{}", table::COLLECTOR_HEADING);
    let mut all = Vec::new();
    for size in collector::SIZES {
        let measured = collector::measure(lanes, size).map_err(|error| (FAILED, error.to_string()))?;
        measured.iter().for_each(|one| println!("{}", table::collection(one)));
        all.extend(measured);
    }
    Ok(all)
}
