//! What the command line asked for, as a list of workloads and lanes.
//!
//! Pure. A filter that selects nothing is an error that names what there is. Called by `main`.

use crate::workload::{Group, WORKLOADS, Workload};

/// The wish.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Parts of names; empty means all.
    pub filters: Vec<String>,
    /// Groups; empty means all.
    pub groups: Vec<Group>,
}

/// Nothing fits the wish.
#[derive(Debug, thiserror::Error, PartialEq)]
#[error("no workload fits; there are: {0}")]
pub struct NothingSelected(String);

/// The workloads that fit any of the filters and any of the groups.
pub fn select(wish: &Selection) -> Result<Vec<&'static Workload>, NothingSelected> {
    let chosen: Vec<_> = WORKLOADS
        .iter()
        .filter(|one| {
            wish.filters.is_empty() || wish.filters.iter().any(|part| one.name.contains(part.as_str()))
        })
        .filter(|one| wish.groups.is_empty() || wish.groups.contains(&one.group))
        .collect();
    if chosen.is_empty() {
        let names: Vec<_> = WORKLOADS.iter().map(|one| one.name).collect();
        return Err(NothingSelected(names.join(", ")));
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_and_groups_both_must_fit() {
        let wish = Selection { filters: vec!["copies".into()], groups: vec![Group::Execution] };
        let names: Vec<_> = select(&wish).unwrap().iter().map(|one| one.name).collect();
        assert_eq!(names, ["copies", "small-copies"]);
        let wish = Selection { filters: vec!["copies".into()], groups: vec![Group::Compile] };
        assert!(select(&wish).unwrap_err().to_string().contains("small-copies"));
    }

    #[test]
    fn names_are_unique_and_every_group_has_members() {
        let mut names: Vec<_> = WORKLOADS.iter().map(|one| one.name).collect();
        names.sort_unstable();
        let before = names.len();
        names.dedup();
        assert_eq!(names.len(), before);
        for group in Group::ALL {
            assert!(WORKLOADS.iter().any(|one| one.group == group), "{}", group.name());
        }
    }
}
