//! The exit codes of every `assay` command, in one place.
//!
//! `run` ends with the guest's code, [`TRAP`], [`UNEXPECTED`] or [`USAGE`]; the others belong to the harness commands.

/// Everything was as expected.
pub const OK: u8 = 0;
/// There were unexpected results.
pub const UNEXPECTED: u8 = 1;
/// The command line or the configuration is wrong.
pub const USAGE: u8 = 2;
/// Something is worse than in the baseline.
pub const REGRESSION: u8 = 3;
/// The selection chose nothing.
pub const NOTHING_SELECTED: u8 = 4;
/// The results are incomplete, or shards are missing.
pub const INCOMPLETE: u8 = 5;
/// Nothing but speed is worse than in the baseline.
pub const SPEED_REGRESSION: u8 = 6;
/// The sandbox or memory safety is broken. Wins over every other code.
pub const SANDBOX: u8 = 7;
/// An internal error.
pub const INTERNAL: u8 = 70;
/// The whole command ran out of time.
pub const TIMEOUT: u8 = 124;
/// `run`: the guest trapped (time limits and fuel included).
pub const TRAP: u8 = 134;
/// Interrupted by SIGINT.
pub const INTERRUPTED: u8 = 130;
/// Interrupted by SIGTERM.
pub const TERMINATED: u8 = 143;

/// Every code with its meaning, for `--help`.
pub const ALL: [(u8, &str); 13] = [
    (OK, "as expected"),
    (UNEXPECTED, "unexpected results"),
    (USAGE, "usage or configuration error"),
    (REGRESSION, "regression against a baseline"),
    (NOTHING_SELECTED, "nothing selected"),
    (INCOMPLETE, "incomplete results or missing shards"),
    (SPEED_REGRESSION, "speed regression only"),
    (SANDBOX, "sandbox or memory-safety finding (always wins)"),
    (INTERNAL, "internal error"),
    (TIMEOUT, "global timeout"),
    (TRAP, "the guest trapped (run)"),
    (INTERRUPTED, "interrupted (SIGINT)"),
    (TERMINATED, "interrupted (SIGTERM)"),
];
