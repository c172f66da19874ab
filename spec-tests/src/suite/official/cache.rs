//! Where the official suite stands on the disk of a user.
//!
//! A folder named for the manifest appears there when it is whole, by one rename; what is on its way stands beside it. So
//! what stands under the final name was whole once, and its files are checked again whenever they are loaded.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use super::{FetchError, Manifest};

/// The place of the official suite on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache {
    root: PathBuf,
}

impl Cache {
    /// The user's cache: `$XDG_CACHE_HOME/assay`, by default `~/.cache/assay`.
    ///
    /// # Errors
    ///
    /// When the user has no home.
    pub fn of_user() -> Result<Self, FetchError> {
        let dirs =
            etcetera::choose_base_strategy().map_err(|error| FetchError::NoCache(error.to_string()))?;
        Ok(Self { root: dirs.cache_dir().join("assay") })
    }

    /// A cache in this folder.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder of the suite of `manifest`, if it was fetched.
    pub fn suite(&self, manifest: &Manifest) -> Option<PathBuf> {
        Some(self.folder(manifest)).filter(|folder| folder.is_dir())
    }

    /// Where the suite appears when it is whole.
    pub fn folder(&self, manifest: &Manifest) -> PathBuf {
        self.root.join(format!("suite-{}", manifest.id()))
    }

    /// Where what is on its way stands.
    pub(super) fn part(&self, manifest: &Manifest) -> PathBuf {
        self.root.join(format!("suite-{}.part", manifest.id()))
    }

    /// What a process holds while it is at work.
    pub(super) fn lock(&self) -> PathBuf {
        self.root.join("suite.lock")
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }
}
