//! Brings the whole official suite into the cache.
//!
//! Enters: where to take it from; leaves: the folder in the cache, complete, or an error and the cache as it was. Each file
//! is checked before it is taken. What is right already, from an earlier attempt or in a damaged suite, is not fetched
//! again.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use super::origin::{Origin, Origins, Place};
use super::{Cache, Entry, FetchError, Findings, Manifest, check, git};

/// What a fetch has done.
#[derive(Debug)]
pub struct Fetched {
    /// Where the suite is.
    pub folder: PathBuf,
    /// How many files were brought; none if everything was there.
    pub files: usize,
}

/// Hears how a fetch goes on.
pub trait Progress {
    /// So many files are there, of so many; this is being done.
    fn advanced(&mut self, done: usize, of: usize, doing: &str);
}

/// Fetches the suite of `manifest` from `origins` into `cache`.
///
/// # Errors
///
/// When an origin cannot be read or holds something else, or the cache cannot be written. A later attempt goes on where
/// this one stopped.
pub fn fetch(
    manifest: &Manifest,
    cache: &Cache,
    origins: &Origins,
    progress: &mut dyn Progress,
) -> Result<Fetched, FetchError> {
    let (folder, on_the_way) = (cache.folder(manifest), cache.part(manifest));
    fs::create_dir_all(cache.root()).map_err(FetchError::io("create", cache.root()))?;
    let _held = Lock::take(&cache.lock())?;
    if folder.is_dir() && check(manifest, &folder).is_ok_and(|findings| findings.is_empty()) {
        return Ok(Fetched { folder, files: 0 });
    }
    let entries = manifest.entries();
    let mut part = Part { files: on_the_way.join("files"), done: 0, of: entries.len(), brought: 0, progress };
    let mut missing = part.keep(entries, &folder)?;
    for origin in &origins.0 {
        let (here, elsewhere): (Vec<_>, Vec<_>) =
            missing.into_iter().partition(|entry| origin.holds(&entry.path));
        missing = elsewhere;
        if !here.is_empty() {
            part.bring(origin, &here, &on_the_way.join(origin.name))?;
        }
    }
    let brought = part.brought;
    install(&part.files, &folder, &on_the_way)?;
    Ok(Fetched { folder, files: brought })
}

/// Keeps other processes away while it lives.
struct Lock(File);

impl Lock {
    fn take(path: &Path) -> Result<Self, FetchError> {
        let file = File::options().create(true).truncate(false).write(true).open(path);
        let file = file.map_err(FetchError::io("create", path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(FetchError::Busy { path: path.to_owned() }),
            Err(TryLockError::Error(error)) => Err(FetchError::io("lock", path)(error)),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing would leave the lock to a child that another thread is about to start.
        let _unlocked = self.0.unlock();
    }
}

/// Makes the suite appear, with nothing of an earlier one in it.
fn install(files: &Path, folder: &Path, part: &Path) -> Result<(), FetchError> {
    if folder.exists() {
        let old = part.join("old");
        remove(&old)?;
        fs::rename(folder, &old).map_err(FetchError::io("move away", folder))?;
    }
    fs::rename(files, folder).map_err(FetchError::io("install", folder))?;
    remove(part)
}

fn remove(folder: &Path) -> Result<(), FetchError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(FetchError::io("remove", folder)(error))
        }
        _ => Ok(()),
    }
}

/// The suite on its way.
struct Part<'p> {
    files: PathBuf,
    /// How many of its files are there.
    done: usize,
    of: usize,
    /// How many of them come from an origin.
    brought: usize,
    progress: &'p mut dyn Progress,
}

impl Part<'_> {
    /// Keeps what is right here or in `folder`; leaves what is missing.
    fn keep<'m>(&mut self, entries: &'m [Entry], folder: &Path) -> Result<Vec<&'m Entry>, FetchError> {
        let mut missing = Vec::new();
        for entry in entries {
            if check::right(&self.files, entry).is_some() {
                self.done += 1;
                continue;
            }
            match check::right(folder, entry) {
                Some(content) => self.put(entry, &content)?,
                None => missing.push(entry),
            }
        }
        Ok(missing)
    }

    /// Brings files from an origin. All that can be had are taken before the others are complained about.
    fn bring(&mut self, origin: &Origin, entries: &[&Entry], tree: &Path) -> Result<(), FetchError> {
        let place = origin.describe();
        self.tell(&format!("fetching {place}"));
        let tree = match &origin.place {
            Place::Folder(folder) => folder,
            Place::Repository { url, revision } => {
                git::check_out(url, revision, tree)?;
                tree
            }
        };
        let mut findings = Findings::default();
        for entry in entries {
            let layouts = [tree.to_owned(), tree.join("test")];
            let found = layouts.iter().find(|layout| layout.join(&entry.path).exists());
            match found.map(|layout| check::right(layout, entry)) {
                Some(Some(content)) => {
                    self.put(entry, &content)?;
                    self.brought += 1;
                    self.tell(&entry.path);
                }
                Some(None) => findings.changed.push(entry.path.clone()),
                None => findings.missing.push(entry.path.clone()),
            }
        }
        if findings.is_empty() { Ok(()) } else { Err(FetchError::Foreign { place, findings }) }
    }

    /// Writes a file, under its name only when it is whole.
    fn put(&mut self, entry: &Entry, content: &[u8]) -> Result<(), FetchError> {
        let path = self.files.join(&entry.path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(FetchError::io("create", folder))?;
        }
        let whole = path.with_extension("whole");
        fs::write(&whole, content).map_err(FetchError::io("write", &whole))?;
        fs::rename(&whole, &path).map_err(FetchError::io("write", &path))?;
        self.done += 1;
        Ok(())
    }

    fn tell(&mut self, doing: &str) {
        self.progress.advanced(self.done, self.of, doing);
    }
}
