//! Every kept case is played again, and every lane agrees on it.

#![expect(clippy::unwrap_used, reason = "tests")]

use assay_differential::case::Case;
use assay_differential::judge::judge;
use assay_differential::lanes::{Lane, Lanes, on_lane_thread};
use assay_differential::play;
use std::path::{Path, PathBuf};

fn kept() -> Vec<PathBuf> {
    let folder = |name| Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    // Those that the planted faults are shown by agree where there are none.
    let entries = ["cases", "faults"].map(|name| std::fs::read_dir(folder(name)).unwrap());
    let mut files: Vec<PathBuf> = entries.into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    files
}

#[test]
fn kept_cases_show_no_difference() {
    on_lane_thread(play_kept_cases).unwrap();
}

fn play_kept_cases() {
    let lanes = Lanes::new().unwrap();
    assert!(!kept().is_empty(), "there are kept cases");
    for path in kept() {
        let case = Case::load(&path).unwrap();
        let canonical = || case.has_canonical().then(|| case.canonical());
        let verdict = judge(&case, &lanes, &Lane::EVERY, canonical, |_| {});
        assert_eq!(verdict.finding, None, "{}", path.display());
    }
}

#[test]
fn a_case_plays_the_same_twice() {
    let lanes = Lanes::new().unwrap();
    for path in kept() {
        let case = Case::load(&path).unwrap();
        for lane in Lane::EVERY {
            let fuel = Some(case.settings.fuel);
            let engine = lanes.engine(lane, true);
            assert_eq!(play(&case, engine, fuel), play(&case, engine, fuel), "{lane} {}", path.display());
        }
    }
}
