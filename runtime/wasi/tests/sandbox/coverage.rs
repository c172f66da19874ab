//! The table of error numbers against what the attempts see: every row is provoked, or it is said why not.

use assay_wasi::{Errno, FUNCTIONS, errnos};
use std::collections::BTreeSet;

/// What no attempt provokes, and why.
const UNPROVOKED: &[(&str, &[Errno], &str)] = &[
    ("args_get", &[Errno::Overflow], "takes arguments of 4 GiB"),
    ("args_sizes_get", &[Errno::Overflow], "takes arguments of 4 GiB"),
    ("environ_get", &[Errno::Overflow], "takes an environment of 4 GiB"),
    ("environ_sizes_get", &[Errno::Overflow], "takes an environment of 4 GiB"),
    ("fd_prestat_get", &[Errno::Overflow], "takes a name of 4 GiB"),
];

/// Compares the table with what was seen: lines of a function's name and an error number.
pub(crate) fn check(seen: &BTreeSet<(String, u16)>) {
    let table: BTreeSet<_> = FUNCTIONS
        .iter()
        .flat_map(|&name| errnos(name).map(move |errno| (name.to_owned(), errno.raw())))
        .collect();
    let argued: BTreeSet<_> = UNPROVOKED
        .iter()
        .flat_map(|&(name, errnos, _)| errnos.iter().map(move |errno| (name.to_owned(), errno.raw())))
        .collect();
    let unknown: Vec<_> = seen.difference(&table).collect();
    assert!(unknown.is_empty(), "answers that are not in the table: {unknown:?}");
    let silent: Vec<_> = table.iter().filter(|row| !seen.contains(row) && !argued.contains(row)).collect();
    assert!(silent.is_empty(), "rows of the table that no attempt provokes: {silent:?}");
    let stale: Vec<_> = argued.iter().filter(|row| seen.contains(row) || !table.contains(row)).collect();
    assert!(stale.is_empty(), "rows that are said not to be provoked: {stale:?}");
    println!("{} of {} rows provoked", table.len() - argued.len(), table.len());
}
