//! Lanes: every attempt once more in a process of its own, as the kernel is, and with `openat2` answering that it does not
//! exist, as old kernels and some containers have it. Then `cap-std` resolves paths step by step itself.

use crate::world::LANE;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch, apply_filter};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

const WITHOUT: &str = "without-openat2";
const ENOSYS: u32 = 38;
const OPENAT2: i64 = 437;

/// Whether this process makes one attempt after another; installs the filter of its lane for this thread.
pub(crate) fn enter() -> bool {
    thread_local!(static ENTERED: Cell<bool> = const { Cell::new(false) });
    let Ok(lane) = std::env::var(LANE) else { return false };
    if lane == WITHOUT && !ENTERED.replace(true) {
        forbid_openat2();
        let flags = (rustix::fs::OFlags::PATH, rustix::fs::Mode::empty(), rustix::fs::ResolveFlags::BENEATH);
        let opened = rustix::fs::openat2(rustix::fs::CWD, ".", flags.0, flags.1, flags.2);
        assert_eq!(opened.err(), Some(rustix::io::Errno::NOSYS), "the filter works");
    }
    true
}

fn forbid_openat2() {
    let rules = BTreeMap::from([(OPENAT2, Vec::new())]);
    let filter =
        SeccompFilter::new(rules, SeccompAction::Allow, SeccompAction::Errno(ENOSYS), TargetArch::x86_64);
    let program: BpfProgram = filter.unwrap().try_into().unwrap();
    apply_filter(&program).unwrap();
}

/// Makes every attempt in a child process; the names of those it made.
fn attempts(lane: &str) -> BTreeSet<String> {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--test-threads=1", "--nocapture", "--skip", "lane::"]).env(LANE, lane);
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{lane}:\n{text}\n{}", String::from_utf8_lossy(&output.stderr));
    let names = text.lines().filter_map(|line| line.split_once("attempt: ").map(|(_, name)| name.to_owned()));
    names.collect()
}

#[test]
fn every_attempt_fails_alike_with_and_without_openat2() {
    let kernel = attempts("kernel");
    let without = attempts(WITHOUT);
    assert_eq!(kernel, without);
    assert!(kernel.len() >= 300, "{} attempts", kernel.len());
    println!("{} attempts in each lane", kernel.len());
}
