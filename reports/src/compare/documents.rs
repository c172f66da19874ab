//! Campaigns and planted faults of two sides.
//!
//! Enters: what each side found; leaves: findings that are new or gone, by signature, and faults that are not found any more.

use std::collections::BTreeMap;

use crate::faults::FaultsReport;
use crate::inputs::{Campaign, CampaignFinding, Input};

/// What campaigns found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Differences {
    /// Whether both sides have campaigns.
    pub compared: bool,
    /// Findings that were not there before.
    pub new: Vec<CampaignFinding>,
    /// Signatures that are there no more.
    pub gone: Vec<String>,
    /// Cases before and now.
    pub cases: (u64, u64),
}

/// Which planted faults were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Detection {
    /// Found and all, before.
    pub before: (usize, usize),
    /// Found and all, now.
    pub after: (usize, usize),
    /// Found before, and not now, or not even looked for.
    pub lost: Vec<String>,
    /// Found now, and not before.
    pub gained: Vec<String>,
}

pub(super) fn differences(
    before: &[Input<Campaign>],
    after: &[Input<Campaign>],
    notes: &mut Vec<String>,
) -> Differences {
    if before.is_empty() != after.is_empty() {
        notes.push("only one side has differential campaigns".to_owned());
    }
    let cases = |campaigns: &[Input<Campaign>]| campaigns.iter().map(|campaign| campaign.content.cases).sum();
    let (old, new) = (findings(before), findings(after));
    Differences {
        compared: !before.is_empty() && !after.is_empty(),
        new: new
            .iter()
            .filter(|(name, _)| !old.contains_key(*name))
            .map(|(_, finding)| (*finding).clone())
            .collect(),
        // That a campaign did not take place does not mend anything.
        gone: old
            .keys()
            .filter(|name| !after.is_empty() && !new.contains_key(*name))
            .map(|&name| name.to_owned())
            .collect(),
        cases: (cases(before), cases(after)),
    }
}

fn findings(campaigns: &[Input<Campaign>]) -> BTreeMap<&str, &CampaignFinding> {
    let all = campaigns.iter().flat_map(|campaign| &campaign.content.findings);
    all.map(|finding| (finding.signature.as_str(), finding)).collect()
}

pub(super) fn detection(
    before: &[Input<FaultsReport>],
    after: &[Input<FaultsReport>],
    notes: &mut Vec<String>,
) -> Option<Detection> {
    if before.is_empty() != after.is_empty() {
        notes.push("only one side has measured planted faults".to_owned());
    }
    if before.is_empty() || after.is_empty() {
        return None;
    }
    let (old, new) = (found(before), found(after));
    let is_found = |faults: &BTreeMap<&str, bool>, name: &str| faults.get(name).copied().unwrap_or_default();
    let hits = |faults: &BTreeMap<&str, bool>| faults.values().filter(|&&found| found).count();
    let change = |from: &BTreeMap<&str, bool>, to: &BTreeMap<&str, bool>| {
        let names = from.keys().filter(|name| is_found(from, name) && !is_found(to, name));
        names.map(|&name| name.to_owned()).collect::<Vec<_>>()
    };
    Some(Detection {
        before: (hits(&old), old.len()),
        after: (hits(&new), new.len()),
        lost: change(&old, &new),
        gained: change(&new, &old),
    })
}

fn found(reports: &[Input<FaultsReport>]) -> BTreeMap<&str, bool> {
    let mut faults = BTreeMap::new();
    for fault in reports.iter().flat_map(|report| &report.content.faults) {
        *faults.entry(fault.id.as_str()).or_default() |= fault.found;
    }
    faults
}
