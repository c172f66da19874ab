//! Which features are on for which files: one table, because the suite's folders contradict each other.
//!
//! Enters: the path of a suite file; leaves: a [`Profile`]. The keys are those of the feature table of the engine. Knows no
//! engine and reads no file; a new folder of the suite is a new row here.

/// The features under which a file is judged.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Profile {
    /// Its name in messages.
    pub name: &'static str,
    /// The folder whose files it is for: a part of their path.
    folder: &'static str,
    /// The features it shares with the standard, or all of them.
    standard: &'static [&'static str],
    /// The proposals it adds.
    proposals: &'static [&'static str],
}

/// Everything in WebAssembly 3.0.
const STANDARD: &[&str] = &[
    "mutable-globals",
    "saturating-float-to-int",
    "sign-extension",
    "multi-value",
    "bulk-memory",
    "reference-types",
    "simd",
    "extended-const",
    "relaxed-simd",
    "tail-call",
    "multi-memory",
    "memory64",
    "function-references",
    "gc",
    "exceptions",
];

/// What the threads proposal was written against: it asserts that several tables and memories are invalid.
const BEFORE_REFERENCES: &[&str] =
    &["mutable-globals", "saturating-float-to-int", "sign-extension", "multi-value", "bulk-memory"];

/// The standard when 64-bit memories were a proposal: two memories were invalid. Needed by older texts only.
const BEFORE_MANY_MEMORIES: &[&str] = &[
    "mutable-globals",
    "saturating-float-to-int",
    "sign-extension",
    "multi-value",
    "bulk-memory",
    "reference-types",
    "simd",
    "extended-const",
];

/// The first row whose folder a path contains decides; the last one takes every path.
static PROFILES: &[Profile] = &[
    Profile {
        name: "threads",
        folder: "proposals/threads/",
        standard: BEFORE_REFERENCES,
        proposals: &["threads"],
    },
    Profile {
        name: "threads, with the standard",
        folder: "threads/",
        standard: STANDARD,
        proposals: &["threads"],
    },
    Profile {
        name: "custom-page-sizes",
        folder: "proposals/custom-page-sizes/",
        standard: STANDARD,
        proposals: &["custom-page-sizes"],
    },
    Profile {
        name: "wide-arithmetic",
        folder: "proposals/wide-arithmetic/",
        standard: STANDARD,
        proposals: &["wide-arithmetic"],
    },
    Profile {
        name: "custom-descriptors",
        folder: "proposals/custom-descriptors/",
        standard: STANDARD,
        proposals: &["custom-descriptors"],
    },
    Profile {
        name: "memory64",
        folder: "proposals/memory64/",
        standard: BEFORE_MANY_MEMORIES,
        proposals: &["memory64"],
    },
    Profile {
        name: "legacy",
        folder: "legacy/exceptions/",
        standard: STANDARD,
        proposals: &["legacy-exceptions"],
    },
    Profile { name: "core", folder: "", standard: STANDARD, proposals: &[] },
];

impl Profile {
    /// The profile of the suite file at `path`, with `/` between its parts.
    pub fn of(path: &str) -> &'static Profile {
        let found = PROFILES.iter().find(|profile| {
            path.starts_with(profile.folder)
                || path.match_indices(profile.folder).any(|(at, _)| path[..at].ends_with('/'))
        });
        found.expect("the last row takes every path")
    }

    /// The keys of the features that are on.
    pub fn keys(&self) -> impl Iterator<Item = &'static str> {
        self.standard.iter().chain(self.proposals).copied()
    }

    /// Whether the feature with this key is on.
    pub fn has(&self, key: &str) -> bool {
        self.keys().any(|other| other == key)
    }

    /// Every profile.
    pub fn all() -> &'static [Profile] {
        PROFILES
    }
}

#[cfg(test)]
mod tests {
    use super::Profile;

    #[test]
    fn folders_decide() {
        assert_eq!(Profile::of("core/simd/simd_lane.wast").name, "core");
        assert_eq!(Profile::of("proposals/threads/memory.wast").name, "threads");
        assert_eq!(Profile::of("/home/x/suite/proposals/threads/memory.wast").name, "threads");
        assert_eq!(Profile::of("threads/waiting.wast").name, "threads, with the standard");
        assert_eq!(Profile::of("legacy/exceptions/core/throw.wast").name, "legacy");
        assert_eq!(Profile::of("legacy/throw.wast").name, "core");
        assert_eq!(Profile::of("").name, "core");
    }

    #[test]
    fn threads_know_neither_reference_types_nor_many_memories() {
        let threads = Profile::of("proposals/threads/imports.wast");
        assert!(threads.has("threads") && threads.has("bulk-memory"));
        assert!(!threads.has("reference-types") && !threads.has("multi-memory") && !threads.has("memory64"));
    }

    #[test]
    fn no_profile_switches_stacks() {
        assert!(Profile::all().iter().all(|profile| !profile.has("stack-switching")));
    }
}
