//! Cases of WASI in a campaign: all of a profile of their own, and a share of the default one.
//!
//! They are played and judged by [`crate::wasi`]; here they are counted, and named when their worker is lost.

use super::tally::{Found, Tally};
use crate::case::CaseError;
use crate::generate::Profile;
use crate::random::mix;
use crate::wasi::{self, Lane, Verdict};
use std::path::Path;

/// One case in so many of the default profile is one of WASI. It follows from the index alone, by way of a mixing function, as
/// operators take turns with the index.
const SHARE: u64 = 12;

/// Plays of a case of WASI that are announced, at most: two lanes.
pub(super) const PLAYS: usize = 2;

/// Whether the case with this index is one of WASI.
pub fn is_of_wasi(profile: Profile, index: u64) -> bool {
    match profile {
        Profile::Wasi => true,
        Profile::Default => mix(index ^ 0x7761_7369).is_multiple_of(SHARE),
        _ => false,
    }
}

/// The lane of a play, by its number.
pub(super) fn lane(index: u64, play: usize) -> Option<&'static str> {
    let from = if index.is_multiple_of(2) { 0 } else { PLAYS };
    Lane::ALL[from..from + PLAYS].get(play).map(|lane| lane.name())
}

/// Whether who only compares engines sees a finding of this class.
pub(super) fn is_seen_by_others(class: &str) -> bool {
    ["wasi: lanes differ", "wasi: panic", "wasi: unwound"].iter().any(|seen| class.starts_with(seen))
}

/// Adds a case of WASI.
pub(super) fn count(tally: &mut Tally, index: u64, verdict: &Verdict) {
    tally.cases += 1;
    tally.useful += u64::from(verdict.useful);
    let mut outcome = |name: &str, times: u64| *tally.outcomes.entry(name.to_owned()).or_default() += times;
    verdict.outcomes.iter().for_each(|name| outcome(name, 1));
    for (name, functions) in [
        ("wasi: denied, and allowed where everything is", &verdict.denials.proved),
        ("wasi: denied, tried again where everything is allowed", &verdict.denials.tried),
    ] {
        if !functions.is_empty() {
            outcome(name, functions.len() as u64);
        }
    }
    let produced = tally.generators.entry("wasi".to_owned()).or_default();
    produced.cases += 1;
    produced.useful += u64::from(verdict.useful);
    for reason in &verdict.skipped {
        *tally.skipped.entry(format!("wasi's second fence: {reason}")).or_default() += 1;
    }
    if let Some(finding) = &verdict.finding {
        let escaped = finding.class.starts_with("escape: ");
        tally.find(Found::of(index, finding, escaped));
    }
}

/// Saves the case of a finding.
pub(super) fn save(seed: u64, found: &Found, path: &Path) -> Result<(), CaseError> {
    let mut case = wasi::generate(seed, found.index);
    case.origin = format!("{}: {}: {}", case.origin, found.class, found.detail);
    case.save(path)
}
