//! The tree of a case on disk: a private copy for every play, and around what is granted of it a canary.
//!
//! What lies under no mount is looked at before and after: existence, kind, contents, mode, number of names and times, the
//! time of the last reading among them, which was set so that the first reading changes it. Knows no guest.

use super::case::{Entry, ROOT, WasiCase};
use rustix::fs::{AtFlags, CWD, FileType, FlockOperation, Mode, Timespec, Timestamps};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

/// The prefix of the folders of all worlds.
const PREFIX: &str = "assay-wasi-";

/// Where Linux has files that are on no disk, mostly: a disk takes ten times as long to make and remove a tree.
const IN_MEMORY: &str = "/dev/shm";

/// A folder in which one tree at a time is made.
pub(super) struct World {
    base: PathBuf,
    /// Held as long as the world is in use: folders that nobody holds are what killed workers left.
    _lock: File,
    /// Nobody may ever connect to it.
    socket: UnixListener,
}

/// Contents of a tree, by path: what a model of it can know.
pub(super) type Contents = BTreeMap<String, String>;

/// What is known of everything that no guest may touch, by path.
pub(super) type Canary = BTreeMap<String, String>;

impl World {
    /// A world with nothing in it.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub(super) fn new() -> io::Result<Self> {
        let base = match folder_in(Path::new(IN_MEMORY)) {
            Ok(base) => base,
            Err(_) => folder_in(&std::env::temp_dir())?,
        };
        let lock = File::open(base.path())?;
        rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
        // Links are compared with their targets, so there must be none on the way.
        let base = base.keep().canonicalize()?;
        let socket = UnixListener::bind(base.join("canary.sock"))?;
        socket.set_nonblocking(true)?;
        Ok(Self { base, _lock: lock, socket })
    }

    /// Where the tree is.
    pub(super) fn root(&self) -> PathBuf {
        self.base.join("world")
    }

    /// A place for a socket beside the tree.
    pub(super) fn listener(&self) -> io::Result<(UnixListener, PathBuf)> {
        let path = self.base.join("listen.sock");
        let _absent = fs::remove_file(&path);
        Ok((UnixListener::bind(&path)?, path))
    }

    /// Makes the tree of a case, and the canary around what is granted.
    ///
    /// # Errors
    /// When the tree cannot be made: the case contradicts itself, or the disk is full.
    pub(super) fn build(&self, case: &WasiCase) -> io::Result<Canary> {
        let root = self.root();
        if root.exists() {
            fs::remove_dir_all(&root)?;
        }
        fs::create_dir(&root)?;
        for entry in &case.entries {
            make(&root, entry)?;
        }
        for path in paths(case).filter(|path| !case.is_granted(path)) {
            let old = |seconds| Timespec { tv_sec: seconds, tv_nsec: 7 };
            let times = Timestamps { last_access: old(1_000_000_000), last_modification: old(1_100_000_000) };
            rustix::fs::utimensat(CWD, root.join(path), &times, AtFlags::SYMLINK_NOFOLLOW)?;
        }
        paths(case)
            .filter(|path| !case.is_granted(path))
            .map(|path| Ok((path.to_owned(), facts(&root.join(path))?)))
            .collect()
    }

    /// What has become of the canary: what differs, in words.
    pub(super) fn disturbed(&self, case: &WasiCase, canary: &Canary) -> Option<String> {
        let root = self.root();
        for (path, before) in canary {
            match facts(&root.join(path)) {
                Ok(after) if after == *before => {}
                Ok(after) => return Some(format!("`{path}` was {before}, and is {after}")),
                Err(error) => return Some(format!("`{path}` is gone: {error}")),
            }
        }
        // Whatever the case does not name, and the guest could not make, changed the time of its directory; the root of the
        // tree is one of them. Contents need a look of their own only where times could have been set back.
        for entry in &case.entries {
            if let Entry::File { file, contents } = entry
                && !case.is_granted(file)
                && fs::read(root.join(file)).ok().as_deref() != Some(contents.as_bytes())
            {
                return Some(format!("`{file}` has other contents"));
            }
        }
        match self.socket.accept() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
            _ => Some("somebody connected to a socket outside".to_owned()),
        }
    }

    /// What is in the tree now.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn contents(&self) -> io::Result<Contents> {
        let mut contents = Contents::new();
        survey(&self.root(), "", &mut contents)?;
        Ok(contents)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _left_for_the_next_sweep = fs::remove_dir_all(&self.base);
    }
}

/// A folder of its own, once what is left of others is removed.
fn folder_in(above: &Path) -> io::Result<tempfile::TempDir> {
    sweep(above);
    tempfile::Builder::new().prefix(PREFIX).tempdir_in(above)
}

/// Removes what workers left that were killed.
fn sweep(above: &Path) {
    let Ok(entries) = fs::read_dir(above) else { return };
    for entry in entries.flatten() {
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let Ok(folder) = File::open(entry.path()) else { continue };
        if rustix::fs::flock(&folder, FlockOperation::NonBlockingLockExclusive).is_ok() {
            let _somebody_else_was_faster = fs::remove_dir_all(entry.path());
        }
    }
}

/// The root and every entry.
fn paths(case: &WasiCase) -> impl Iterator<Item = &str> {
    std::iter::once("").chain(case.entries.iter().map(Entry::path))
}

fn make(root: &Path, entry: &Entry) -> io::Result<()> {
    let at = root.join(entry.path());
    match entry {
        Entry::Directory { .. } => fs::create_dir(at),
        Entry::File { contents, .. } => fs::write(at, contents),
        Entry::Link { target, .. } => symlink(target_of(root, target), at),
        Entry::HardLink { target, .. } => fs::hard_link(root.join(target), at),
        Entry::Fifo { .. } => {
            Ok(rustix::fs::mknodat(CWD, at, FileType::Fifo, Mode::from_raw_mode(0o644), 0)?)
        }
    }
}

/// The text of a link.
pub(super) fn target_of(root: &Path, target: &str) -> String {
    target.replace(ROOT, &root.display().to_string())
}

/// Everything but contents.
fn facts(path: &Path) -> io::Result<String> {
    let of = fs::symlink_metadata(path)?;
    let time = |seconds: i64, nanos: i64| format!("{seconds}.{nanos:09}");
    Ok(format!(
        "mode {:o}, {} names, {} bytes, read {}, modified {}, changed {}",
        of.mode(),
        of.nlink(),
        of.size(),
        time(of.atime(), of.atime_nsec()),
        time(of.mtime(), of.mtime_nsec()),
        time(of.ctime(), of.ctime_nsec()),
    ))
}

fn survey(directory: &Path, prefix: &str, contents: &mut Contents) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let (path, metadata) = (entry.path(), entry.metadata()?);
        let kind = metadata.file_type();
        let words = if kind.is_dir() {
            survey(&path, &format!("{name}/"), contents)?;
            "directory".to_owned()
        } else if kind.is_symlink() {
            link_words(&fs::read_link(&path)?.to_string_lossy())
        } else if kind.is_file() {
            file_words(&fs::read(&path)?, metadata.nlink())
        } else {
            "fifo".to_owned()
        };
        contents.insert(name, words);
    }
    Ok(())
}

/// How a link is put down in [`Contents`].
pub(super) fn link_words(target: &str) -> String {
    format!("link to {target:?}")
}

/// How a file is put down in [`Contents`].
pub(super) fn file_words(bytes: &[u8], names: u64) -> String {
    let digest = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    });
    let begin = String::from_utf8_lossy(&bytes[..bytes.len().min(24)]).into_owned();
    format!("file of {} bytes, {names} names: {begin:?} {digest:016x}", bytes.len())
}
