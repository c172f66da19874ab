//! Planted faults of paths: what a runtime does that leaves a path to the host.
//!
//! Only called where a fault is planted, which without the feature `planted-faults` is nowhere.

use cap_std::fs::Dir;
use rustix::fd::{AsFd, AsRawFd, OwnedFd};
use rustix::fs::OFlags;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

pub(crate) use assay_model::fault::{Fault, planted};

/// A path as the host follows it, from a directory and out of it.
pub(crate) fn joined(dir: &Dir, path: &str) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", dir.as_fd().as_raw_fd())).join(path)
}

/// How something is opened by the host.
pub(crate) struct ByHost {
    pub(crate) follow: bool,
    pub(crate) write: bool,
    pub(crate) create: bool,
    pub(crate) exclusive: bool,
    pub(crate) truncate: bool,
}

impl ByHost {
    /// Opens as the host does when nobody confines it.
    pub(crate) fn open(&self, dir: &Dir, path: &str) -> io::Result<OwnedFd> {
        let mut flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        if !self.follow {
            flags |= OFlags::NOFOLLOW;
        }
        let mut options = std::fs::OpenOptions::new();
        options.read(true).write(self.write || self.create).create(self.create).create_new(self.exclusive);
        options.truncate(self.truncate).custom_flags(flags.bits().cast_signed());
        Ok(options.open(joined(dir, path))?.into())
    }
}

/// A path without the names in front of its `..`, by the text alone.
pub(crate) fn without_parents(path: &str) -> String {
    let mut names = Vec::new();
    for name in path.split('/') {
        match name {
            "." => {}
            ".." if names.last().is_some_and(|&last| last != "..") => drop(names.pop()),
            name => names.push(name),
        }
    }
    if names.is_empty() { ".".to_owned() } else { names.join("/") }
}
