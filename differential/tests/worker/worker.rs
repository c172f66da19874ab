//! Workers for the campaign's tests: an honest one, and such as die, hang or leave at a given case; and two for single
//! cases: with an engine that does not survive a certain operator, and with a planted fault. `engine` serves the engine
//! protocol; `apart` plays cases of WASI without `openat2`.

use std::process::ExitCode;
use std::time::Duration;

use assay_differential::campaign::{Job, Worker};
use assay_differential::case::Case;
use assay_differential::external::own::Served;
use assay_differential::external::serve::serve;
use assay_differential::lanes::{Lane, Lanes, configure, on_lane_thread};
use assay_differential::random::Random;
use assay_differential::shrink::process::{CaseJob, Played, serve_with};
use assay_differential::wasi::serve_apart;
use assay_runtime::inspect::{self, Fault};
use assay_runtime::{Config, Engine, OptLevel};

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let act = words.next().unwrap_or_default();
    if act == "fragile" {
        return if fragile().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    if act == "apart" {
        return if serve_apart().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    if act == "engine" {
        return if engine().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    if act == "planted" {
        let (id, without) = (words.next().unwrap_or_default(), words.next());
        return if planted(&id, without.as_deref()) { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let mut chaos = (act == "chaos").then(Chaos::new);
    let at: u64 = words.next().and_then(|word| word.parse().ok()).unwrap_or(u64::MAX);
    let mut worker = Worker::default();
    let served = assay_workers::serve(|job: Job, progress| {
        worker.run(&job, |step| {
            progress.step(step);
            chaos.iter_mut().for_each(Chaos::step);
            // The third lane of a case.
            let steps = 1 + Lane::EVERY.len() as u32;
            if job.from + u64::from(step / steps) == at && step % steps == 3 {
                misbehave(&act);
            }
        })
    });
    if served.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Plays single cases with the fault of this name, and without this oracle; with a name that no fault has, without one.
fn planted(id: &str, without: Option<&str>) -> bool {
    #[cfg(feature = "planted-faults")]
    if without == Some("fault-check") {
        inspect::accept_every_fault();
    }
    let selection: Vec<Lane> = Lane::EVERY.into_iter().filter(|lane| Some(lane.name()) != without).collect();
    let lanes: fn() -> assay_runtime::Result<Lanes> = match without {
        Some("bystander") => || Lanes::new().map(Lanes::without_bystander),
        _ => Lanes::new,
    };
    inspect::plant(Fault::named(id)).is_ok() && serve_with(&selection, lanes).is_ok()
}

/// Agrees with every case without `i32.popcnt`, and dies of the others in the third lane.
fn fragile() -> Result<(), assay_workers::ServeError> {
    assay_workers::serve(|CaseJob { text, .. }: CaseJob, progress| {
        let case = Case::from_text(&text).map_err(|error| error.to_string())?;
        progress.step(2);
        let texts = case.modules.iter().filter_map(|module| wasmprinter::print_bytes(&module.bytes).ok());
        if texts.into_iter().any(|text| text.contains("i32.popcnt")) {
            std::process::abort();
        }
        Ok::<_, String>(Played::default())
    })
}

/// Our runtime, unoptimised, as an engine of the protocol.
fn engine() -> Result<(), Box<dyn std::error::Error>> {
    let engine = |metered| {
        let mut config = Config::new();
        configure(&mut config, metered);
        Engine::new(config.cranelift_opt_level(OptLevel::None))
    };
    let mut served = Served::new(engine(true)?, engine(false)?);
    on_lane_thread(|| serve(std::io::stdin().lock(), std::io::stdout().lock(), &mut served))??;
    Ok(())
}

/// Is killed at any time, by somebody who sends signals without a reason.
struct Chaos(u64);

/// One step in so many is the last.
const RARE: u64 = 150;

impl Chaos {
    fn new() -> Self {
        let time = std::time::UNIX_EPOCH.elapsed().map_or(0, |time| time.as_nanos() as u64);
        Self(time ^ u64::from(std::process::id()) << 32)
    }

    fn step(&mut self) {
        let draw = Random::of(&[self.0]).next();
        self.0 = draw;
        if !draw.is_multiple_of(RARE) {
            return;
        }
        let signal = match draw / RARE % 20 {
            0 => "-STOP",
            1..=8 => "-SEGV",
            _ => "-KILL",
        };
        let _sent =
            std::process::Command::new("kill").args([signal, &std::process::id().to_string()]).status();
    }
}

fn misbehave(act: &str) {
    match act {
        "abort" => std::process::abort(),
        "leave" => std::process::exit(3),
        "hang" => std::thread::sleep(Duration::from_secs(3600)),
        _ => {}
    }
}
