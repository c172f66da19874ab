//! What a thread is confined to while it plays: the kernel as the lane has it, and a second fence behind our own.
//!
//! Seccomp lets `openat2` answer that it does not exist, as old kernels and some containers have it. Landlock lets nothing be
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

/// Lets `openat2` answer `ENOSYS` on this thread from now on.
///
/// # Errors
/// When the kernel takes no filter.
pub(super) fn forget_openat2() -> Result<(), String> {
    let failed = |error: &dyn std::fmt::Display| format!("failed to install a filter: {error}");
    let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(|error| failed(&error))?;
    let rules = BTreeMap::from([(OPENAT2, Vec::new())]);
    let answer = SeccompAction::Errno(rustix::io::Errno::NOSYS.raw_os_error().cast_unsigned());
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
