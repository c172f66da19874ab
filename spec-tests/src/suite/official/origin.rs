//! Where the official suite is kept: two repositories at pinned revisions, or whatever the user has instead of them.
//!
//! Enters: the words of `--from` and `--rev`; leaves: one [`Origin`] per part of the suite. Reads nothing but whether a
//! path is a folder, and whether git keeps something in it.

use std::path::{Path, PathBuf};

use super::FetchError;

/// A repository that holds part of the suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pinned {
    /// Its name in `--from NAME=…` and `--rev NAME=…`.
    pub name: &'static str,
    /// Where it is published.
    pub url: &'static str,
    /// The revision that the manifest describes.
    pub revision: &'static str,
    /// What the paths of its files begin with.
    folders: &'static [&'static str],
}

/// The repositories of the official suite. Its specification holds the standard; the mirror collects what proposals add.
pub const PINNED: [Pinned; 2] = [
    Pinned {
        name: "spec",
        url: "https://github.com/WebAssembly/spec",
        revision: "285a9032",
        folders: &["core/", "custom/", "legacy/"],
    },
    Pinned {
        name: "testsuite",
        url: "https://github.com/WebAssembly/testsuite",
        revision: "193e551ff22663995b1ac95dc62344133669e14b",
        folders: &["proposals/"],
    },
];

/// Where to take the suite from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origins(pub(super) Vec<Origin>);

/// Where to take a part of the suite from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    /// Its name.
    pub(super) name: &'static str,
    pub(super) place: Place,
    /// What the paths of its files begin with; all files when empty.
    folders: &'static [&'static str],
}

/// What is at an origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A repository that git can fetch from.
    Repository { url: String, revision: String },
    /// A folder without git.
    Folder(PathBuf),
}

impl Origin {
    /// Whether the file at `path` comes from here.
    pub(super) fn holds(&self, path: &str) -> bool {
        self.folders.is_empty() || self.folders.iter().any(|folder| path.starts_with(folder))
    }

    /// The place in words.
    pub(super) fn describe(&self) -> String {
        match &self.place {
            Place::Repository { url, revision } => format!("{url} at {revision}"),
            Place::Folder(path) => path.display().to_string(),
        }
    }
}

impl Origins {
    /// Reads the words of `--from` (`PLACE` for the whole suite, `NAME=PLACE` for a part) and of `--rev` (`REV` for that
    /// place, `NAME=REV` for a part).
    ///
    /// # Errors
    ///
    /// When the words contradict each other, or name a folder that is not there.
    pub fn parse(from: &[String], rev: &[String]) -> Result<Self, FetchError> {
        let (from, rev) = (Words::parse("--from", from)?, Words::parse("--rev", rev)?);
        let Some(place) = from.whole else {
            if let Some(rev) = rev.whole {
                let why = format!("say of which repository, for example --rev spec={rev}");
                return Err(FetchError::Usage { option: "--rev", word: rev.to_owned(), why });
            }
            let part = |pinned: &Pinned, part: usize| {
                let place = from.parts[part].unwrap_or(pinned.url);
                Ok(Origin {
                    name: pinned.name,
                    place: place_of(place, rev.parts[part], pinned.revision)?,
                    folders: pinned.folders,
                })
            };
            let origins = PINNED.iter().enumerate().map(|(at, pinned)| part(pinned, at));
            return origins.collect::<Result<_, _>>().map(Self);
        };
        for (option, words) in [("--from", &from), ("--rev", &rev)] {
            if let Some(word) = words.parts.iter().flatten().next() {
                let why = format!("{place} stands for the whole suite; leave out one of the two");
                return Err(FetchError::Usage { option, word: (*word).to_owned(), why });
            }
        }
        Ok(Self(vec![Origin { name: "suite", place: place_of(place, rev.whole, "HEAD")?, folders: &[] }]))
    }
}

/// The words of an option: one for the whole suite, or one for each part.
#[derive(Default)]
struct Words<'a> {
    whole: Option<&'a str>,
    parts: [Option<&'a str>; PINNED.len()],
}

impl<'a> Words<'a> {
    fn parse(option: &'static str, words: &'a [String]) -> Result<Self, FetchError> {
        let mut parsed = Self::default();
        for word in words {
            let named = word.split_once('=').and_then(|(name, value)| {
                Some((PINNED.iter().position(|pinned| pinned.name == name)?, value))
            });
            let (slot, value) = match named {
                Some((part, value)) => (&mut parsed.parts[part], value),
                None => (&mut parsed.whole, word.as_str()),
            };
            // A leading dash would be an option of git.
            let why = match value {
                "" => Some("it is empty"),
                value if value.starts_with('-') => Some("it begins with a dash"),
                _ => slot.is_some().then_some("it is given twice"),
            };
            if let Some(why) = why {
                return Err(FetchError::Usage { option, word: word.clone(), why: why.to_owned() });
            }
            *slot = Some(value);
        }
        Ok(parsed)
    }
}

fn place_of(place: &str, revision: Option<&str>, default: &str) -> Result<Place, FetchError> {
    let path = Path::new(place);
    let usage = |option, word: &str, why: String| FetchError::Usage { option, word: word.to_owned(), why };
    let repository = |url: String| {
        let revision = revision.unwrap_or(default).to_owned();
        Ok(Place::Repository { url, revision })
    };
    if path.is_dir() {
        // git runs in another folder.
        let absolute =
            std::path::absolute(path).map_err(|error| usage("--from", place, error.to_string()))?;
        let bare = path.join("HEAD").is_file() && path.join("objects").is_dir();
        if bare || path.join(".git").exists() {
            return repository(absolute.display().to_string());
        }
        if let Some(revision) = revision {
            let why = format!("{place} is a folder without git, so it has no revisions");
            return Err(usage("--rev", revision, why));
        }
        return Ok(Place::Folder(absolute));
    }
    if !place.contains(':') {
        return Err(usage("--from", place, "there is no such folder".to_owned()));
    }
    repository(place.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Origins, PINNED, Place};
    use crate::suite::official::Manifest;

    fn parse(from: &[&str], rev: &[&str]) -> Result<Origins, String> {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        Origins::parse(&words(from), &words(rev)).map_err(|error| error.to_string())
    }

    #[test]
    fn every_file_comes_from_one_pinned_repository() {
        let origins = parse(&[], &[]).unwrap().0;
        for entry in Manifest::official().entries() {
            assert_eq!(
                origins.iter().filter(|origin| origin.holds(&entry.path)).count(),
                1,
                "{}",
                entry.path
            );
        }
        assert!(origins[0].describe().starts_with(PINNED[0].url));
    }

    #[test]
    fn parts_and_the_whole_can_come_from_elsewhere() {
        let origins = parse(&["spec=https://mirror.example/spec"], &["testsuite=main"]).unwrap().0;
        assert_eq!(origins[0].describe(), "https://mirror.example/spec at 285a9032");
        assert_eq!(origins[1].describe(), "https://github.com/WebAssembly/testsuite at main");
        let origins = parse(&["ssh://host/suite?a=b"], &["v3"]).unwrap().0;
        assert_eq!(origins[0].describe(), "ssh://host/suite?a=b at v3");
        assert!(
            origins.len() == 1 && origins[0].holds("core/a.wast") && origins[0].holds("proposals/a.wast")
        );
    }

    #[test]
    fn a_folder_needs_no_git_and_has_no_revisions() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().to_str().unwrap();
        assert_eq!(parse(&[path], &[]).unwrap().0[0].place, Place::Folder(dir.path().to_owned()));
        assert!(parse(&[path], &["main"]).unwrap_err().contains("is a folder without git"));
        std::fs::create_dir(dir.path().join(".git")).unwrap();
        assert!(parse(&[path], &["main"]).unwrap().0[0].describe().ends_with(" at main"));
    }

    #[test]
    fn words_that_make_no_sense_are_refused() {
        let cases: [(&[&str], &[&str], &str); 6] = [
            (&["--upload-pack=x"], &[], "bad --from `--upload-pack=x`: it begins with a dash"),
            (&[], &["main"], "say of which repository, for example --rev spec=main"),
            (&["a:b", "spec=c:d"], &[], "a:b stands for the whole suite"),
            (&["a:b", "c:d"], &[], "it is given twice"),
            (&["spec="], &[], "it is empty"),
            (&["no/such/folder"], &[], "bad --from `no/such/folder`: there is no such folder"),
        ];
        for (from, rev, message) in cases {
            let error = parse(from, rev).unwrap_err();
            assert!(error.contains(message), "{error}");
        }
    }
}
