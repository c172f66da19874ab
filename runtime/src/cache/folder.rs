//! The folder of a cache: files with names, whom they are taken from, and how many there may be.
//!
//! Everything happens relative to the opened folder, which was checked: nobody can put another one in its place
//! meanwhile. An entry appears whole, by one rename, and is never changed; so readers need no lock, and whoever has it open
//! keeps it when it is removed. Writers take turns, so that all of them together keep to the size. This file knows names
//! and bytes, and nothing of what they mean.

use rustix::fs::{AtFlags, CWD, Dir, FileType, FlockOperation, Mode, OFlags, Stat};
use rustix::io::Errno;
use std::fs::{DirBuilder, File};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// How names of entries end.
pub(super) const SUFFIX: &str = ".cwasm";

/// How names of files begin that are not complete.
const PARTIAL: &str = "part-";

/// The file that is locked by whoever adds or removes entries.
const LOCK: &str = "lock";

/// Age from which on an incomplete file has nobody who completes it.
const ABANDONED: Duration = Duration::from_secs(3600);

/// How often, and how far apart, a writer tries to get its turn.
const TRIES: (u32, Duration) = (200, Duration::from_millis(4));

/// What others may not have: write access, for group and everybody.
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// What stands under a name.
pub(super) enum Entry {
    Absent,
    /// Something that is not to be trusted, with the reason.
    Refused(String),
    File(File),
}

/// An opened folder that belongs to us alone.
pub(super) struct Folder(OwnedFd);

impl Folder {
    /// Opens the folder, if there is one.
    pub(super) fn open(path: &Path) -> io::Result<Option<Self>> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = match rustix::fs::openat(CWD, path, flags, Mode::empty()) {
            Err(Errno::NOENT) => return Ok(None),
            opened => opened?,
        };
        match distrust(&rustix::fs::fstat(&folder)?) {
            Some(reason) => Err(io::Error::other(format!("the folder {reason}"))),
            None => Ok(Some(Self(folder))),
        }
    }

    /// Opens the folder, which is made if there is none.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        if let Some(folder) = Self::open(path)? {
            return Ok(folder);
        }
        DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        Self::open(path)?.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// What stands under this name.
    pub(super) fn entry(&self, name: &str) -> io::Result<Entry> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match rustix::fs::openat(&self.0, name, flags, Mode::empty()) {
            Err(Errno::NOENT) => return Ok(Entry::Absent),
            Err(Errno::LOOP) => return Ok(Entry::Refused("is a link".to_owned())),
            opened => opened?,
        };
        let stat = rustix::fs::fstat(&file)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Ok(Entry::Refused("is no file".to_owned()));
        }
        Ok(distrust(&stat).map_or_else(|| Entry::File(file.into()), Entry::Refused))
    }

    /// Removes an entry, if it is still there.
    pub(super) fn remove(&self, name: &str) {
        if let Err(error) = rustix::fs::unlinkat(&self.0, name, AtFlags::empty()) {
            log::debug!("failed to remove `{name}` from the cache: {error}");
        }
    }

    /// Puts an entry under a name, in place of what is there, and removes others until all have at most `size` bytes.
    pub(super) fn store(&self, name: &str, bytes: &[u8], size: u64) -> io::Result<()> {
        let partial = format!("{PARTIAL}{}-{:016x}", std::process::id(), RandomState::new().hash_one(name));
        let done = self.write(&partial, bytes).and_then(|()| {
            let _turn = self.take_turn()?;
            self.make_room(name, size.saturating_sub(bytes.len() as u64))?;
            Ok(rustix::fs::renameat(&self.0, &partial, &self.0, name)?)
        });
        if done.is_err() {
            self.remove(&partial);
        }
        done
    }

    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&self.0, name, flags, Mode::RUSR | Mode::WUSR)?;
        File::from(file).write_all(bytes)
    }

    /// Waits for other writers, but not for ever: one that is stopped must not stop us.
    fn take_turn(&self) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let lock = rustix::fs::openat(&self.0, LOCK, flags, Mode::RUSR | Mode::WUSR)?;
        let (tries, pause) = TRIES;
        for _ in 0..tries {
            match rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive) {
                Err(Errno::WOULDBLOCK) => std::thread::sleep(pause),
                locked => return locked.map(|()| lock.into()).map_err(io::Error::from),
            }
        }
        Err(io::Error::new(io::ErrorKind::WouldBlock, "another process does not end writing to it"))
    }

    /// Removes what was not used for the longest time, until the entries besides `name` have at most `size` bytes together;
    /// and files that nobody completes any more.
    fn make_room(&self, name: &str, size: u64) -> io::Result<()> {
        let mut entries = Vec::new();
        for item in Dir::read_from(&self.0)? {
            let item = item?;
            let Ok(known) = item.file_name().to_str() else { continue };
            let Ok(stat) = rustix::fs::statat(&self.0, known, AtFlags::SYMLINK_NOFOLLOW) else { continue };
            if known.starts_with(PARTIAL) && age(&stat) > ABANDONED {
                self.remove(known);
            } else if known.ends_with(SUFFIX) && known != name {
                entries.push((used(&stat), stat.st_size as u64, known.to_owned()));
            }
        }
        let mut total: u64 = entries.iter().map(|(_, len, _)| len).sum();
        entries.sort();
        for (_, len, oldest) in entries {
            if total <= size {
                break;
            }
            log::debug!("the cache is full: `{oldest}` is removed");
            self.remove(&oldest);
            total -= len;
        }
        Ok(())
    }
}

/// Notes that an entry was used.
pub(super) fn touch(file: &File) {
    if let Err(error) = file.set_modified(SystemTime::now()) {
        log::debug!("failed to note the use of a cache entry: {error}");
    }
}

/// When a file was used, as [`touch`] notes it.
fn used(stat: &Stat) -> (i64, i64) {
    (stat.st_mtime, stat.st_mtime_nsec as i64)
}

fn age(stat: &Stat) -> Duration {
    let written = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(stat.st_mtime).unwrap_or(0));
    written.elapsed().unwrap_or_default()
}

/// Why code from a file or folder is not to be run, if so.
fn distrust(stat: &Stat) -> Option<String> {
    let us = rustix::process::geteuid().as_raw();
    if stat.st_uid != us {
        return Some(format!("belongs to user {}, and this is user {us}", stat.st_uid));
    }
    let mode = stat.st_mode & 0o7777;
    (mode & WRITABLE_BY_OTHERS != 0).then(|| format!("can be written to by others (its mode is {mode:o})"))
}
