//! The same cases give the same tally, however many threads play them.

use super::{Batches, Options, run_in_threads};
use crate::generate::Profile;

fn options(profile: Profile, jobs: usize) -> Options {
    Options { profile, seed: 11, first: 40, cases: 150, jobs, time: None, engines: Vec::new(), corpus: None }
}

#[test]
fn batches_cover_every_case_once() {
    let cases: Vec<u64> =
        Batches::of(&options(Profile::Default, 1)).flat_map(|(from, to)| from..to).collect();
    assert_eq!(cases, (40..190).collect::<Vec<u64>>());
}

#[test]
fn the_number_of_jobs_changes_nothing() {
    let one = run_in_threads(&options(Profile::Default, 1)).unwrap();
    let three = run_in_threads(&options(Profile::Default, 3)).unwrap();
    assert_eq!(one, three);
    assert_eq!(one.cases, 150);
    assert!(one.useful * 10 >= one.cases * 7, "{} of {} are useful", one.useful, one.cases);
}

#[test]
fn a_short_campaign_finds_nothing() {
    let tally = run_in_threads(&options(Profile::Default, 2)).unwrap();
    assert_eq!(tally.findings, []);
}

#[test]
fn mutants_are_refused_or_run_alike() {
    let tally = run_in_threads(&Options { cases: 1500, ..options(Profile::Mutate, 2) }).unwrap();
    assert_eq!(tally.findings, []);
    let ran = tally.outcomes.get("returned").copied().unwrap_or(0);
    let rejected = tally.outcomes.get("module rejected").copied().unwrap_or(0);
    assert!(ran > 50 && rejected > 200, "{ran} ran and {rejected} were rejected");
}
