//! `assay bench`: two builds or engines in turns on one machine, and a verdict.
//!
//! Enters: two sides; leaves: a table, `bench.json` and an exit code. What a change must be to be seen is told before anything
//! is measured. `--itself` measures a side against itself many times, and counts the false alarms.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use assay_benches::child::{self, Cost};
use assay_benches::command::{Side, WORKLOADS, Workload, write_modules};
use assay_benches::turns::{Draw, Turns as Visits, instructions};
use assay_reports::{
    DEFAULT_OUT, DUEL_FILE, Duel, DuelPlan, DuelVerdict, DuelWorkload, Instructions, Quantity, Side as Build,
    SpeedVerdict, Turns, differences, escape, exit,
};

use crate::output::Output;
use crate::progress::Bar;
use crate::units;

/// The arguments of `assay bench`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What is compared with: another build of this program, `jit` or `interp` of this one, or `cmd:COMMAND`, which takes what
    /// stands behind `assay run`
    #[arg(value_name = "BEFORE", required_unless_present = "list")]
    before: Option<String>,
    /// What is judged [default: this program]
    #[arg(value_name = "AFTER")]
    after: Option<String>,
    /// Only workloads whose name contains this; may be given several times
    #[arg(long, value_name = "NAME")]
    filter: Vec<String>,
    /// How long all workloads together may be measured, beyond the least that a verdict needs
    #[arg(long, value_name = "TIME", default_value = "90s", value_parser = units::duration)]
    time: Duration,
    /// Measure until a change of time of so many per cent would show
    #[arg(long, value_name = "PERCENT", default_value = "5", value_parser = units::percent)]
    detect: f64,
    /// What time is: elapsed time, or processor time of all threads, which other programs lengthen less
    #[arg(long, value_name = "CLOCK", value_enum, default_value_t = Clock::Wall)]
    clock: Clock,
    /// The seed of the order of visits
    #[arg(long, value_name = "S", default_value_t = 1, value_parser = units::number, allow_negative_numbers = true)]
    seed: u64,
    /// Do not count instructions with valgrind
    #[arg(long)]
    no_instructions: bool,
    /// Fail with exit code 5 where something cannot be told
    #[arg(long)]
    conclusive: bool,
    /// Compare the first side with itself so often, one workload at a time, and fail where that raises an alarm
    #[arg(long, value_name = "N", conflicts_with = "after", value_parser = units::count, allow_negative_numbers = true)]
    itself: Option<std::num::NonZeroUsize>,
    /// Only list the workloads
    #[arg(long)]
    list: bool,
    /// The folder for bench.json
    #[arg(long, value_name = "DIR", default_value = DEFAULT_OUT)]
    out: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Clock {
    /// Elapsed time.
    Wall,
    /// Processor time.
    Cpu,
}

impl Clock {
    fn name(self) -> &'static str {
        match self {
            Self::Wall => "wall",
            Self::Cpu => "cpu",
        }
    }

    fn of(self, cost: &Cost) -> f64 {
        match self {
            Self::Wall => cost.wall_ns,
            Self::Cpu => cost.cpu_ns,
        }
    }
}

/// Rounds of a build against itself, from which is told what will be seen.
const PILOT: usize = 8;
/// More rounds than this are no use.
const MOST_ROUNDS: usize = 120;

type Outcome<T> = Result<T, (u8, String)>;

pub(crate) fn run(args: &Args) -> ExitCode {
    match bench(args) {
        Ok(code) => code.into(),
        Err((code, message)) => {
            eprintln!("error: {}", escape::lines(&message));
            code.into()
        }
    }
}

fn bench(args: &Args) -> Outcome<u8> {
    let mut out = Output::new();
    let named = |workload: &&Workload| {
        args.filter.is_empty() || args.filter.iter().any(|name| workload.name.contains(name.as_str()))
    };
    let workloads: Vec<&Workload> = WORKLOADS.iter().filter(named).collect();
    if args.list {
        workloads
            .iter()
            .for_each(|workload| out.line(format_args!("{:<18}{}", workload.name, workload.group)));
        return Ok(out.finish(exit::OK, exit::INCOMPLETE));
    }
    let contest = Contest::new(args, &workloads)?;
    if let Some(times) = args.itself {
        return itself(&contest, times.get(), args, out);
    }
    // Before anything is measured: what stood there is of another comparison.
    let failed = |error: &dyn std::fmt::Display| (exit::INCOMPLETE, error.to_string());
    std::fs::create_dir_all(&args.out).map_err(|error| failed(&error))?;
    let path = args.out.join(DUEL_FILE);
    assay_reports::remove_file(&path).map_err(|error| failed(&error))?;
    let duel = contest.compare(args)?;
    duel.write(&path).map_err(|error| failed(&error))?;
    out.text(duel.render());
    let code = match duel.verdict {
        DuelVerdict::CannotTell if args.conclusive => exit::INCOMPLETE,
        verdict => verdict.exit_code(),
    };
    Ok(out.finish(code, exit::INCOMPLETE))
}

/// Two sides, and what both can do.
struct Contest {
    before: Side,
    after: Side,
    /// Each workload with the command of either side.
    workloads: Vec<(Workload, [Vec<String>; 2])>,
    left_out: Vec<&'static str>,
    clock: Clock,
    folder: tempfile::TempDir,
    /// Peaks at or below this are those of this program.
    floor: f64,
}

impl Contest {
    fn new(args: &Args, chosen: &[&Workload]) -> Outcome<Self> {
        let failed = |error: std::io::Error| (exit::INTERNAL, format!("cannot prepare the modules: {error}"));
        let this = std::env::current_exe().map_err(failed)?;
        let side = |word: Option<&str>| {
            let word = word.map_or_else(|| this.to_string_lossy(), Into::into);
            Side::parse(&word, &this).map_err(|error| (exit::USAGE, error))
        };
        let before = side(args.before.as_deref())?;
        let after = if args.itself.is_some() { before.clone() } else { side(args.after.as_deref())? };
        let folder = tempfile::tempdir().map_err(failed)?;
        write_modules(folder.path()).map_err(failed)?;
        let (mut workloads, mut left_out) = (Vec::new(), Vec::new());
        for workload in chosen {
            match [&before, &after].map(|side| workload.command(side, folder.path())) {
                [Some(one), Some(other)] => workloads.push((**workload, [one, other])),
                _ => left_out.push(workload.name),
            }
        }
        if workloads.is_empty() {
            let names: Vec<&str> = WORKLOADS.iter().map(|workload| workload.name).collect();
            return Err((
                exit::NOTHING_SELECTED,
                format!(
                    "there is no workload that both sides can do; the workloads are {}",
                    names.join(", ")
                ),
            ));
        }
        Ok(Self { before, after, workloads, left_out, clock: args.clock, folder, floor: child::floor() })
    }

    fn begin(&self, seed: u64, detect: f64) -> Duel {
        let build = |side: &Side| Build { name: side.name.clone(), version: side.version() };
        Duel::begin(
            env!("CARGO_PKG_VERSION"),
            build(&self.before),
            build(&self.after),
            self.clock.name(),
            seed,
            detect,
        )
    }

    /// Pilots, then what will be seen, then the rounds, then the instructions.
    fn compare(&self, args: &Args) -> Outcome<Duel> {
        let mut draw = Draw::new(args.seed);
        let mut duel = self.begin(args.seed, args.detect);
        let share = args.time / u32::try_from(self.workloads.len()).unwrap_or(u32::MAX);
        let bar = Bar::new();
        bar.expect(2 * self.workloads.len());
        let mut plans = Vec::new();
        for (number, (workload, commands)) in self.workloads.iter().enumerate() {
            bar.show(number, format!("pilot of {}", workload.name));
            plans.push(self.plan(workload.name, commands, share, args.detect, &mut draw)?);
        }
        bar.clear();
        for ((workload, _), plan) in self.workloads.iter().zip(&plans) {
            eprintln!(
                "{:<18}{:>4} rounds, which will most likely show a change of {:.1} %",
                workload.name,
                plan.rounds,
                plan.detectable * 100.0
            );
        }
        for (number, ((workload, commands), plan)) in self.workloads.iter().zip(&plans).enumerate() {
            bar.show(self.workloads.len() + number, workload.name.to_owned());
            let mut measured = self.measure(workload, commands, *plan, &mut draw)?;
            if !args.no_instructions {
                measured.instructions = self.count(workload, &mut duel.notes);
            }
            duel.workloads.push(measured);
        }
        bar.clear();
        if !self.left_out.is_empty() {
            duel.notes.push(format!(
                "not measured, because a side cannot do that or is another engine: {}",
                self.left_out.join(", ")
            ));
        }
        let untold = duel.workloads.iter().filter(|one| one.peak_bytes.before.is_empty()).count();
        if untold > 0 {
            duel.notes.push(format!(
                "peak memory of {untold} workloads is below the {:.1} MiB of this program, and is not compared",
                self.floor / 1_048_576.0
            ));
        }
        duel.judge();
        Ok(duel)
    }

    fn plan(
        &self,
        name: &str,
        commands: &[Vec<String>; 2],
        share: Duration,
        detect: f64,
        draw: &mut Draw,
    ) -> Outcome<DuelPlan> {
        let failed = |error: assay_benches::turns::TurnError| (exit::UNEXPECTED, error.to_string());
        let mut visits =
            Visits::begin(name, vec![commands[0].clone(), commands[0].clone()]).map_err(failed)?;
        let begun = Instant::now();
        let mut turns = Turns::default();
        for _ in 0..PILOT {
            let costs = visits.round(draw).map_err(failed)?;
            turns.before.push(self.clock.of(&costs[0]));
            turns.again.push(self.clock.of(&costs[1]));
        }
        // A round has three visits, a round of the pilot two.
        let round = begun.elapsed().as_secs_f64() / PILOT as f64 * 1.5;
        let most = ((share.as_secs_f64() / round) as usize).min(MOST_ROUNDS);
        Ok(DuelPlan::new(&differences(&turns.before, &turns.again), self.workloads.len(), detect, most))
    }

    fn measure(
        &self,
        workload: &Workload,
        [before, after]: &[Vec<String>; 2],
        plan: DuelPlan,
        draw: &mut Draw,
    ) -> Outcome<DuelWorkload> {
        let failed = |error: assay_benches::turns::TurnError| (exit::UNEXPECTED, error.to_string());
        let commands = vec![before.clone(), after.clone(), before.clone()];
        let mut visits = Visits::begin(workload.name, commands).map_err(failed)?;
        let (mut wall, mut peak) = (Turns::default(), Turns::default());
        for _ in 0..plan.rounds {
            let costs = visits.round(draw).map_err(failed)?;
            for (turns, figure) in [
                (&mut wall, costs.iter().map(|cost| self.clock.of(cost)).collect::<Vec<_>>()),
                (&mut peak, costs.iter().map(|cost| cost.peak_bytes).collect()),
            ] {
                turns.before.push(figure[0]);
                turns.after.push(figure[1]);
                turns.again.push(figure[2]);
            }
        }
        let all = peak.before.iter().chain(&peak.after).chain(&peak.again);
        if all.copied().fold(f64::INFINITY, f64::min) <= self.floor {
            peak = Turns::default();
        }
        Ok(DuelWorkload::new(workload.name, workload.group, plan, wall, peak))
    }

    /// Instructions of both sides for little work; why there are none is noted once.
    fn count(&self, workload: &Workload, notes: &mut Vec<String>) -> Option<Instructions> {
        let counted = [&self.before, &self.after].map(|side| {
            let command = workload.little(side, self.folder.path()).ok_or("there is no command")?;
            instructions(&command)
        });
        match counted {
            [Ok(before), Ok(after)] => Some(Instructions { before, after }),
            [Err(error), _] | [_, Err(error)] => {
                let note = format!("no instructions are counted: {error}");
                if !notes.contains(&note) {
                    notes.push(note);
                }
                None
            }
        }
    }
}

/// Compares a side with itself, again and again.
fn itself(contest: &Contest, times: usize, args: &Args, mut out: Output) -> Outcome<u8> {
    let (mut alarms, mut untold) = (0_usize, 0_usize);
    let bar = Bar::new();
    bar.expect(times);
    let plan = DuelPlan::new(&[], 1, args.detect, 0);
    for number in 0..times {
        let (workload, commands) = &contest.workloads[number % contest.workloads.len()];
        bar.show(number, workload.name.to_owned());
        let seed = args.seed.wrapping_add(number as u64);
        let mut duel = contest.begin(seed, args.detect);
        duel.workloads.push(contest.measure(workload, commands, plan, &mut Draw::new(seed))?);
        duel.judge();
        let verdicts = [Quantity::Time, Quantity::Memory].map(|quantity| duel.workloads[0].verdict(quantity));
        let alarm = duel.workloads[0].is_unfit()
            || verdicts.iter().any(|verdict| matches!(verdict, SpeedVerdict::Worse | SpeedVerdict::Better));
        if alarm {
            out.text(duel.render());
        }
        alarms += usize::from(alarm);
        untold += usize::from(!alarm && verdicts.contains(&SpeedVerdict::Undecided));
    }
    bar.clear();
    out.line(format_args!(
        "{times} comparisons of {} with itself, {} rounds each: {alarms} false alarms, {untold} times it cannot tell",
        escape::text(&contest.before.name),
        plan.rounds
    ));
    let code = if alarms == 0 { exit::OK } else { exit::UNEXPECTED };
    Ok(out.finish(code, exit::INCOMPLETE))
}
