//! What belongs to the official suite: the path and the SHA-256 of each file, in the format of `sha256sum`.
//!
//! Enters: the manifest that comes with the program; leaves: its entries by path. A file is of the suite when its content
//! is; where it was found does not matter. The manifest is made from a checkout, in the folder that becomes the suite:
//! `find . -name '*.wast' | sed 's|^\./||' | LC_ALL=C sort | xargs sha256sum`.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

const TEXT: &str = include_str!("../../../data/official.sha256");

static OFFICIAL: LazyLock<Manifest> = LazyLock::new(|| {
    Manifest::parse(TEXT).expect("the manifest of the program is in the format of sha256sum")
});

/// The files of a suite.
#[derive(Debug)]
pub struct Manifest {
    entries: Vec<Entry>,
    digest: String,
}

/// A file of the suite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its path within the suite.
    pub path: String,
    sha256: String,
}

impl Manifest {
    /// The manifest of the official suite at the pinned revisions.
    pub fn official() -> &'static Self {
        &OFFICIAL
    }

    /// Reads a manifest whose lines are in the order of their paths; `None` if a line is no digest and path.
    pub fn parse(text: &str) -> Option<Self> {
        let entry = |line: &str| {
            let (sha256, path) = line.split_once("  ")?;
            Some(Entry { path: path.to_owned(), sha256: sha256.to_owned() })
        };
        let entries = text.lines().map(entry).collect::<Option<_>>()?;
        Some(Self { entries, digest: sha256(text.as_bytes()) })
    }

    /// Its files by path.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The file with this path.
    pub fn entry(&self, path: &str) -> Option<&Entry> {
        let at = self.entries.binary_search_by(|entry| entry.path.as_str().cmp(path)).ok()?;
        self.entries.get(at)
    }

    /// A short name for exactly this set of files.
    pub(super) fn id(&self) -> &str {
        &self.digest[..16]
    }
}

impl Entry {
    /// Whether `content` is this file.
    pub fn is(&self, content: &[u8]) -> bool {
        sha256(content) == self.sha256
    }

    /// The proposal that the file tests, by its folder; `core` for what belongs to none.
    pub fn proposal(&self) -> &str {
        let mut parts = self.path.split('/');
        match (parts.next(), parts.next(), parts.next()) {
            (Some("custom"), ..) => "custom-annotations",
            (Some("legacy"), ..) => "legacy-exceptions",
            (Some("core" | "proposals"), Some(folder), Some(_)) => folder,
            _ => "core",
        }
    }
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Manifest;

    #[test]
    fn the_manifest_is_in_order_and_each_line_is_sound() {
        let entries = Manifest::official().entries();
        assert_eq!(entries.len(), 289);
        assert!(entries.windows(2).all(|pair| pair[0].path < pair[1].path));
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        for entry in entries {
            assert!(entry.sha256.len() == 64 && entry.sha256.bytes().all(hex), "{}", entry.path);
            let plain = |part: &str| !part.is_empty() && part != "." && part != "..";
            assert!(entry.path.ends_with(".wast") && entry.path.split('/').all(plain), "{}", entry.path);
        }
        assert!(Manifest::official().entry("core/i32.wast").is_some());
        assert!(Manifest::official().entry("i32.wast").is_none());
    }

    #[test]
    fn the_content_decides() {
        let manifest = Manifest::parse(
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  core/abc.wast\n",
        )
        .unwrap();
        let entry = manifest.entry("core/abc.wast").unwrap();
        assert!(entry.is(b"abc") && !entry.is(b"abd") && !entry.is(b""));
    }

    #[test]
    fn folders_are_proposals() {
        let proposals: BTreeSet<_> =
            Manifest::official().entries().iter().map(|entry| entry.proposal()).collect();
        let expected = [
            "bulk-memory",
            "core",
            "custom-annotations",
            "custom-descriptors",
            "custom-page-sizes",
            "exceptions",
            "gc",
            "legacy-exceptions",
            "memory64",
            "multi-memory",
            "relaxed-simd",
            "simd",
            "threads",
            "wide-arithmetic",
        ];
        assert_eq!(proposals.into_iter().collect::<Vec<_>>(), expected);
    }
}
