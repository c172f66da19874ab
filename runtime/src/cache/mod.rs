//! The compilation cache: code of modules, kept from one process to the next.
//!
//! A key enters, made of a module's binary and of everything its code depends on; code leaves, or nothing. Entries are
//! artifacts without the binary. Nothing that goes wrong here is an error of whoever asks: the module is compiled then, and
//! a line is logged. This room knows neither engines nor modules; where and how entries stand on the disk, and whom they
//! are taken from, is the business of `folder`.

mod folder;

use crate::artifact::{self, ArtifactError, Digest, Identity};
use crate::error::{Error, Result};
use assay_model::artifact::CodeArtifact;
use assay_vm::CodeBuffer;
use etcetera::BaseStrategy;
use folder::{Entry, Folder};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Bytes that a cache may take, unless told otherwise.
const DEFAULT_SIZE: u64 = 512 << 20;

/// Settings of a [`Cache`].
#[derive(Clone, Debug)]
pub struct CacheConfig {
    directory: Option<PathBuf>,
    size: u64,
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl CacheConfig {
    /// 512 MiB in `assay/modules` in the user's folder for caches (`$XDG_CACHE_HOME`, by default `~/.cache`).
    pub fn new() -> Self {
        Self { directory: None, size: DEFAULT_SIZE }
    }

    /// The folder that holds the entries, and nothing else.
    pub fn with_directory(&mut self, directory: impl Into<PathBuf>) -> &mut Self {
        self.directory = Some(directory.into());
        self
    }

    /// How many bytes all entries may have together. What was not used for the longest time goes first.
    pub fn with_files_total_size_limit(&mut self, bytes: u64) -> &mut Self {
        self.size = bytes;
        self
    }
}

/// A cheap handle to a cache of compiled code, for [`crate::Config::cache`].
///
/// Any number of processes may use the same folder. It holds machine code, so it is made for its owner alone, and a folder
/// or an entry that belongs to somebody else, or that others can write to, is not used. Entries that were damaged by
/// accident are noticed and replaced. A folder that cannot be used is warned of, once, through the `log` crate.
#[derive(Clone, Debug)]
pub struct Cache(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    directory: PathBuf,
    size: u64,
    hits: AtomicUsize,
    misses: AtomicUsize,
    warned: AtomicBool,
}

impl Cache {
    /// A cache with these settings. Its folder is made when there is something to keep.
    ///
    /// # Errors
    /// When no folder was given and the user has no home.
    pub fn new(config: CacheConfig) -> Result<Self> {
        let of_user = || {
            let dirs = etcetera::choose_base_strategy();
            let dirs =
                dirs.map_err(|error| Error::Usage(format!("there is no folder for caches: {error}")))?;
            Ok::<_, Error>(dirs.cache_dir().join("assay").join("modules"))
        };
        let directory = config.directory.map_or_else(of_user, Ok)?;
        let (hits, misses, warned) = Default::default();
        Ok(Self(Arc::new(Inner { directory, size: config.size, hits, misses, warned })))
    }

    /// Its folder.
    pub fn directory(&self) -> &Path {
        &self.0.directory
    }

    /// How often code was found.
    pub fn cache_hits(&self) -> usize {
        self.0.hits.load(Ordering::Relaxed)
    }

    /// How often code was not found.
    pub fn cache_misses(&self) -> usize {
        self.0.misses.load(Ordering::Relaxed)
    }

    /// The name of the code that a module has under an identity.
    pub(crate) fn key(&self, identity: &Identity, binary: &[u8]) -> Digest {
        let identity = identity.encode();
        let mut hasher = blake3::Hasher::new();
        hasher.update(&(identity.len() as u64).to_le_bytes()).update(&identity).update(binary);
        *hasher.finalize().as_bytes()
    }

    /// The code with this key.
    pub(crate) fn load(&self, key: &Digest, identity: &Identity) -> Option<(CodeBuffer, CodeArtifact)> {
        let found = match Folder::open(&self.0.directory) {
            Ok(Some(folder)) => self.look_up(&folder, key, identity),
            Ok(None) => None,
            Err(error) => {
                self.warn("use", &error);
                None
            }
        };
        let count = if found.is_some() { &self.0.hits } else { &self.0.misses };
        count.fetch_add(1, Ordering::Relaxed);
        found
    }

    fn look_up(
        &self,
        folder: &Folder,
        key: &Digest,
        identity: &Identity,
    ) -> Option<(CodeBuffer, CodeArtifact)> {
        let name = name_of(key);
        let place = self.0.directory.join(&name);
        match folder.entry(&name) {
            Ok(Entry::Absent) => None,
            Ok(Entry::Refused(reason)) => {
                log::warn!("the cache entry `{}` is not used: it {reason}", place.display());
                None
            }
            Ok(Entry::File(file)) => match read(&file, key, identity) {
                Ok(code) => {
                    folder::touch(&file);
                    log::debug!("code was found in the cache: `{}`", place.display());
                    Some(code)
                }
                Err(error) => {
                    log::debug!("the cache entry `{}` is removed: {error}", place.display());
                    folder.remove(&name);
                    None
                }
            },
            Err(error) => {
                log::debug!("the cache entry `{}` cannot be opened: {error}", place.display());
                None
            }
        }
    }

    /// Keeps an artifact under a key, if there is room for it.
    pub(crate) fn store(&self, key: &Digest, artifact: &[u8]) {
        if artifact.len() as u64 > self.0.size {
            let (needs, size) = (artifact.len(), self.0.size);
            log::debug!("code of {needs} bytes is not kept: the cache has room for {size}");
            return;
        }
        let stored = Folder::create(&self.0.directory)
            .and_then(|folder| folder.store(&name_of(key), artifact, self.0.size));
        match stored {
            Ok(()) => log::debug!("code was put into the cache: `{}`", self.0.directory.display()),
            // Nobody has to do anything about a process that is slow.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                log::debug!("code is not kept: {error}");
            }
            Err(error) => self.warn("write to", &error),
        }
    }

    /// Says once what is wrong with the folder.
    fn warn(&self, what: &str, error: &io::Error) {
        if !self.0.warned.swap(true, Ordering::Relaxed) {
            log::warn!("cannot {what} the cache `{}`: {error}", self.0.directory.display());
        }
    }
}

/// The file of an entry.
fn name_of(key: &Digest) -> String {
    format!("{}{}", blake3::Hash::from_bytes(*key).to_hex(), folder::SUFFIX)
}

fn read(
    mut file: &File,
    key: &Digest,
    identity: &Identity,
) -> Result<(CodeBuffer, CodeArtifact), ArtifactError> {
    let len = file.metadata()?.len();
    let contents = artifact::read(&mut file, len, identity)?;
    if contents.key != *key || !contents.binary.is_empty() {
        return Err(ArtifactError::OtherEntry);
    }
    Ok((contents.text, contents.tables))
}

#[cfg(test)]
mod tests;
