//! What a thread is confined to while it plays: the kernel as the lane has it, and a second fence behind our own.
//!
//! Seccomp refuses `openat2`, as containers do it, with `EPERM`: `cap-std` then resolves that one path step by step, by the very
//! code that stands in where the call does not exist. The answer of old kernels, `ENOSYS`, it would remember for the whole
//! process, and every other lane with it; that answer is what the attempts in `runtime/wasi/tests/sandbox` get, in a process
//! of their own. Landlock lets nothing be
//! opened, made or removed outside of what the case grants: where our own fence holds, nobody ever meets it, so an answer of
//! its own (`acces`) is a finding. It does not look at `stat`, at links' texts and at time stamps: those are left to the
//! canary. Both hold for one thread and end with it.

use landlock::{
    ABI, Access, AccessFs, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus,
};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The system call, which has one number everywhere.
const OPENAT2: i64 = 437;

/// Takes `openat2` from this thread.
///
/// # Errors
/// When the kernel takes no filter.
pub(super) fn refuse_openat2() -> Result<(), String> {
    let failed = |error: &dyn std::fmt::Display| format!("failed to install a filter: {error}");
    let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(|error| failed(&error))?;
    let rules = BTreeMap::from([(OPENAT2, Vec::new())]);
    let answer = SeccompAction::Errno(rustix::io::Errno::PERM.raw_os_error().cast_unsigned());
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, answer, arch);
    let program = BpfProgram::try_from(filter.map_err(|error| failed(&error))?);
    seccompiler::apply_filter(&program.map_err(|error| failed(&error))?).map_err(|error| failed(&error))
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
