//! Findings, seen again: each is played once more, alone, in a process that has played nothing else.
//!
//! A finding that does not come back is no less a finding: something outside of its case took part, such as another case
//! before it in the same process. It is reported as what it is. Knows no engine.

use super::processes::{CampaignError, run_in_processes};
use super::{Found, Options};
use assay_workers::WorkerCommand;
use serde::Serialize;

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state", content = "instead")]
pub enum Confirmation {
    /// The same signature in a fresh process.
    Confirmed,
    /// Nothing was found there.
    Vanished,
    /// There the finding has this signature.
    Changed(String),
    /// Nobody tried: there are too many findings.
    NotTried,
}

impl std::fmt::Display for Confirmation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Confirmed => f.write_str("confirmed in a fresh process"),
            Self::Vanished => f.write_str("unconfirmed: a fresh process finds nothing in this case alone"),
            Self::Changed(signature) => write!(f, "unconfirmed: a fresh process finds `{signature}` instead"),
            Self::NotTried => f.write_str("not confirmed: there are too many findings"),
        }
    }
}

/// Plays the case of a finding once more, alone.
///
/// # Errors
/// When no worker can be started.
pub fn confirm(
    options: &Options,
    command: &WorkerCommand,
    found: &Found,
) -> Result<Confirmation, CampaignError> {
    let alone = Options { first: found.index, cases: 1, jobs: 1, time: None, ..options.clone() };
    let again = run_in_processes(&alone, command.clone(), &mut ())?.findings;
    Ok(match again.iter().find(|again| again.signature == found.signature).or(again.first()) {
        Some(same) if same.signature == found.signature => Confirmation::Confirmed,
        Some(other) => Confirmation::Changed(other.signature.clone()),
        None => Confirmation::Vanished,
    })
}
