//! A campaign without the command line: `campaign PROFILE SEED FIRST CASES JOBS [FOLDER]`. Findings go to the folder.
//!
//! The same program is its own worker.

use assay_differential::campaign::{Options, report, run_in_processes, save_finding, serve};
use assay_differential::peer_style::Eyes;
use assay_workers::WorkerCommand;
use std::error::Error;
use std::path::Path;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words == ["worker"] {
        return Ok(serve(Eyes::Ours, None)?);
    }
    let [profile, seed, first, cases, jobs, folder @ ..] = words.as_slice() else {
        return Err("usage: campaign PROFILE SEED FIRST CASES JOBS [FOLDER]".into());
    };
    let options = Options {
        profile: profile.parse()?,
        seed: seed.parse()?,
        first: first.parse()?,
        cases: cases.parse()?,
        jobs: jobs.parse()?,
        time: None,
        engines: Vec::new(),
        corpus: None,
    };
    let began = Instant::now();
    let tally = run_in_processes(&options, WorkerCommand::this_program(["worker"]), &mut ())?;
    let elapsed = began.elapsed();
    for found in tally.findings.iter().take(20) {
        println!("{}", report::finding(found.index, &found.class, &found.detail));
        if let Some(folder) = folder.first() {
            println!("  saved as {}", save_finding(&options, found, Path::new(folder), |_| true)?.display());
        }
    }
    print!("{}", report::summary(&options, &tally, 0, elapsed));
    Ok(())
}
