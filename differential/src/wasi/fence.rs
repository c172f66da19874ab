//! What a thread is confined to while it plays: the kernel as the lane has it, and a second fence behind our own.
//!
//! Seccomp refuses `openat2`. The answer of old kernels, `ENOSYS`, `cap-std` remembers for the whole process, and every other
//! lane with it, so it is given in a process of its own ([`super::apart`]). Where there is none, the answer is that of some
//! containers, `EPERM`, for the thread that plays: `cap-std` then resolves that one path step by step, by the very code that
//! stands in where the call does not exist. Landlock lets nothing be opened, made or removed outside of what the case grants:
//! where our own fence holds, nobody ever meets it, so an answer of its own (`acces`) is a finding. It does not look at
//! `stat`, at links' texts and at time stamps: those are left to the canary. Both hold for a thread and those that it starts,
//! and end with them.

use landlock::{
    ABI, Access, AccessFs, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus,
};
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The system call, which has one number everywhere.
const OPENAT2: i64 = 437;

/// Takes `openat2` from this thread and those that it starts: this is what the call answers.
///
/// # Errors
/// When the kernel takes no filter.
pub(super) fn refuse_openat2(answer: Errno) -> Result<(), String> {
    let failed = |error: &dyn std::fmt::Display| format!("failed to install a filter: {error}");
    let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(|error| failed(&error))?;
    let rules = BTreeMap::from([(OPENAT2, Vec::new())]);
    let answer = SeccompAction::Errno(answer.raw_os_error().cast_unsigned());
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, answer, arch);
    let program = BpfProgram::try_from(filter.map_err(|error| failed(&error))?);
    seccompiler::apply_filter(&program.map_err(|error| failed(&error))?).map_err(|error| failed(&error))
}

/// Opens by the call that may be missing: what it answers.
///
/// # Errors
/// What the kernel answers, or the filter in its place.
pub(super) fn openat2() -> Result<(), Errno> {
    rustix::fs::openat2(CWD, ".", OFlags::PATH, Mode::empty(), ResolveFlags::BENEATH).map(drop)
}

/// Lets this thread reach nothing but these folders from now on. Whether the kernel does so.
///
/// # Errors
/// When it could, and does not.
pub(super) fn confine(folders: &[PathBuf]) -> Result<bool, String> {
    let failed = |error: &dyn std::fmt::Display| format!("failed to confine a thread: {error}");
    let access = AccessFs::from_all(ABI::V3);
    let handled = Ruleset::default().handle_access(access).and_then(Ruleset::create);
    let mut rules = handled.map_err(|error| failed(&error))?;
    for folder in folders {
        let folder = PathFd::new(folder).map_err(|error| failed(&error))?;
        rules = rules.add_rule(PathBeneath::new(folder, access)).map_err(|error| failed(&error))?;
    }
    let status = rules.restrict_self().map_err(|error| failed(&error))?;
    Ok(status.ruleset != RulesetStatus::NotEnforced)
}
