//! Lanes: every attempt once more in a process of its own, as the kernel is, and with `openat2` answering that it does not
//! exist, as old kernels and some containers have it. Then `cap-std` resolves paths step by step itself.

use crate::coverage;
use crate::world::LANE;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch, apply_filter};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

const WITHOUT: &str = "without-openat2";
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

/// Whether this process does without `openat2`.
pub(crate) fn is_without_openat2() -> bool {
    std::env::var_os(LANE).is_some_and(|lane| lane == WITHOUT)
}

fn forbid_openat2() {
    fail(&[OPENAT2], rustix::io::Errno::NOSYS);
}

/// Makes system calls of this thread fail from now on.
fn fail(calls: &[i64], errno: rustix::io::Errno) {
    let rules: BTreeMap<_, _> = calls.iter().map(|&call| (call, Vec::new())).collect();
    let failure = SeccompAction::Errno(errno.raw_os_error().cast_unsigned());
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, failure, TargetArch::x86_64);
    let program: BpfProgram = filter.unwrap().try_into().unwrap();
    apply_filter(&program).unwrap();
}

/// Runs something on a thread of its own, on which system calls fail.
pub(crate) fn failing<R: Send>(
    calls: &[i64],
    errno: rustix::io::Errno,
    body: impl FnOnce() -> R + Send,
) -> R {
    let thread = || {
        fail(calls, errno);
        body()
    };
    std::thread::scope(|scope| scope.spawn(thread).join().unwrap())
}

/// What a child process did: the names of its attempts, and the error numbers that functions answered with.
struct Seen {
    attempts: BTreeSet<String>,
    answers: BTreeSet<(String, u16)>,
}

/// Makes every attempt in a child process.
fn attempts(lane: &str) -> Seen {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--test-threads=1", "--nocapture", "--skip", "lane::"]).env(LANE, lane);
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{lane}:\n{text}\n{}", String::from_utf8_lossy(&output.stderr));
    let after = |mark: &'static str| text.lines().filter_map(move |line| Some(line.split_once(mark)?.1));
    let answer = |line: &str| {
        let (name, errno) = line.split_once(' ').unwrap();
        (name.to_owned(), errno.parse().unwrap())
    };
    Seen {
        attempts: after("attempt: ").map(str::to_owned).collect(),
        answers: after("answer: ").map(answer).collect(),
    }
}

#[test]
fn every_attempt_fails_alike_with_and_without_openat2() {
    let kernel = attempts("kernel");
    let without = attempts(WITHOUT);
    assert_eq!(kernel.attempts, without.attempts);
    let count = kernel.attempts.len();
    assert!(count >= 700, "{count} attempts");
    println!("{count} attempts in each lane");
    coverage::check(&kernel.answers.union(&without.answers).cloned().collect());
}
