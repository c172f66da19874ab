//! Workers for the campaign's tests: an honest one, and such as die, hang or leave at a given case.

use std::process::ExitCode;
use std::time::Duration;

use assay_differential::campaign::{Job, Worker};

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let act = words.next().unwrap_or_default();
    let at: u64 = words.next().and_then(|word| word.parse().ok()).unwrap_or(u64::MAX);
    let mut worker = Worker::default();
    let served = assay_workers::serve(|job: Job, progress| {
        worker.run(&job, |step| {
            progress.step(step);
            // The third lane of a case.
            if job.from + u64::from(step / 5) == at && step % 5 == 3 {
                misbehave(&act);
            }
        })
    });
    if served.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn misbehave(act: &str) {
    match act {
        "abort" => std::process::abort(),
        "leave" => std::process::exit(3),
        "hang" => std::thread::sleep(Duration::from_secs(3600)),
        _ => {}
    }
}
