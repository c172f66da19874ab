//! Makes a case of WASI small while the same finding stays: fewer calls, less of the tree and of what is granted, simpler
//! arguments.
//!
//! Numbers of descriptors are left as they stand: whether a call still means the same after another is gone is for who plays
//! the candidate. Knows no engine.

use super::{Limits, Reduced, Search};
use crate::wasi::{Access, Entry, WasiCase, is_below};

/// Reduces a case. `same` plays a candidate and says whether it has the same finding; it was asked about the case itself
/// before.
pub fn reduce(case: &WasiCase, limits: Limits, same: impl FnMut(&WasiCase) -> bool) -> Reduced<WasiCase> {
    Search::new(case, limits, same).run(|search| {
        search.take_away(|case| case.calls.len(), |case, start, end| without_calls(case, start..end));
        search.take_away(|case| case.entries.len(), without_entries);
        settings(search);
        mounts(search);
        arguments(search);
        contents(search);
    })
}

fn without_calls(case: &WasiCase, calls: std::ops::Range<usize>) -> WasiCase {
    let mut case = case.clone();
    case.calls.drain(calls);
    case
}

/// The case without these entries, what is below them, hard links to them, and grants of them.
fn without_entries(case: &WasiCase, start: usize, end: usize) -> WasiCase {
    let gone: Vec<&str> = case.entries[start..end].iter().map(Entry::path).collect();
    let is_gone = |path: &str| gone.iter().any(|gone| is_below(path, gone));
    let stays = |entry: &&Entry| {
        let led_to = matches!(entry, Entry::HardLink { target, .. } if is_gone(target));
        !led_to && !is_gone(entry.path())
    };
    let mut small = case.clone();
    small.entries = case.entries.iter().filter(stays).cloned().collect();
    small.mounts.retain(|mount| !is_gone(&mount.directory));
    small
}

fn settings<F: FnMut(&WasiCase) -> bool>(search: &mut Search<WasiCase, F>) {
    let simpler: [fn(&mut WasiCase); 5] = [
        |case| case.sockets = false,
        |case| case.args.clear(),
        |case| case.env.clear(),
        |case| case.stdin.clear(),
        |case| case.descriptors = WasiCase::default().descriptors,
    ];
    for simplify in simpler {
        search.try_change(simplify);
    }
}

/// Takes grants away, the last ones first, so that the numbers of the others stay; and grants everything where less is not
/// needed.
fn mounts<F: FnMut(&WasiCase) -> bool>(search: &mut Search<WasiCase, F>) {
    for number in (0..search.best.mounts.len()).rev() {
        if !search.try_change(|case| drop(case.mounts.remove(number))) {
            search.try_change(|case| case.mounts[number].access = Access::ReadWrite);
        }
    }
}

fn arguments<F: FnMut(&WasiCase) -> bool>(search: &mut Search<WasiCase, F>) {
    for call in 0..search.best.calls.len() {
        for position in 0..search.best.calls[call].args.len() {
            let simpler = search.best.calls[call].args[position].simpler();
            // The first that will do is the simplest.
            simpler.into_iter().any(|arg| search.try_change(|case| case.calls[call].args[position] = arg));
        }
    }
}

fn contents<F: FnMut(&WasiCase) -> bool>(search: &mut Search<WasiCase, F>) {
    for number in 0..search.best.entries.len() {
        search.try_change(|case| {
            if let Entry::File { contents, .. } = &mut case.entries[number] {
                contents.clear();
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wasi::{Arg, generate};
    use std::time::Duration;

    const LIMITS: Limits = Limits { trials: 5_000, time: Duration::from_secs(60) };

    #[test]
    fn what_a_finding_does_not_need_goes() {
        let case = generate(5, 3);
        let function = case.calls.last().unwrap().call.clone();
        let has_file = |case: &WasiCase| case.entries.iter().any(|entry| entry.path() == "box/dir/file.txt");
        assert!(has_file(&case));
        let small = reduce(&case, LIMITS, |case| {
            has_file(case) && case.calls.iter().any(|call| call.call == function)
        });
        assert!(small.finished, "after {} trials", small.trials);
        let paths: Vec<&str> = small.case.entries.iter().map(Entry::path).collect();
        assert_eq!(paths, ["box", "box/dir", "box/dir/file.txt"]);
        assert_eq!((small.case.calls.len(), small.case.mounts.len()), (1, 0));
        assert!(matches!(&small.case.entries[2], Entry::File { contents, .. } if contents.is_empty()));
        let simplest = |arg: &Arg| arg.simpler().is_empty();
        assert!(small.case.calls[0].args.iter().all(simplest), "{:?}", small.case.calls[0]);
        // It is still a case.
        let text = small.case.to_text().unwrap();
        assert_eq!(WasiCase::from_text(&text).unwrap(), small.case);
    }

    #[test]
    fn what_a_finding_needs_stays() {
        let case = generate(5, 4);
        let (calls, mounts) = (case.calls.clone(), case.mounts.clone());
        let small = reduce(&case, LIMITS, |case| {
            let opens = case.calls.iter().filter(|call| call.call == "path_open").count();
            opens >= 3 && case.mounts == mounts
        });
        assert_eq!(small.case.calls.len(), 3);
        assert!(calls.len() > 3 && small.case.mounts == mounts);
    }
}
