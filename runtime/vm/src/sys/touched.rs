//! Which pages of a private mapping hold anything: the system's own page map ([pagemap][doc]).
//!
//! A page that was never written needs no zeros. The answer is about this process and this moment; where the system does
//! not give one, every page may hold something.
//!
//! [doc]: https://docs.kernel.org/admin-guide/mm/pagemap.html

use super::map::page_size;
use rustix::fs::{Mode, OFlags, open};
use rustix::io::pread;
use rustix::process::{Pid, getpid};
use std::os::fd::OwnedFd;
use std::sync::OnceLock;

/// Pages that can be asked for at once.
pub(crate) const MOST: usize = 256;

/// The bits of an entry that say that the page is in memory, or was moved out of it.
const HOLDS: u64 = 0b11 << 62;

/// The page map and the process that it describes: a forked child inherits the descriptor, but not the pages.
static PAGE_MAP: OnceLock<Option<(OwnedFd, Pid)>> = OnceLock::new();

/// Calls `each` with the distance from `base` of every page of `base..base + len` that holds something. Does nothing and
/// answers `false` when there are more than `most` of them, or nobody knows.
pub(crate) fn each_page(base: usize, len: usize, most: usize, each: impl FnMut(usize)) -> bool {
    let (page, count) = (page_size(), len.div_ceil(page_size()));
    let mut entries = [0; MOST * 8];
    let Some(entries) = entries.get_mut(..count * 8) else { return false };
    if !read((base / page * 8) as u64, entries) {
        return false;
    }
    let (entries, _) = entries.as_chunks::<8>();
    let touched = || {
        let holds = |entry: &[u8; 8]| u64::from_ne_bytes(*entry) & HOLDS != 0;
        entries.iter().enumerate().filter(move |(_, entry)| holds(entry)).map(|(index, _)| index * page)
    };
    let few = touched().nth(most).is_none();
    if few {
        touched().for_each(each);
    }
    few
}

/// Reads entries of this process' page map, from this place on.
fn read(place: u64, entries: &mut [u8]) -> bool {
    let opened = PAGE_MAP.get_or_init(|| {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        Some((open("/proc/self/pagemap", flags, Mode::empty()).ok()?, getpid()))
    });
    let ours = opened.as_ref().filter(|(_, process)| *process == getpid());
    ours.is_some_and(|(file, _)| pread(file, &mut *entries, place) == Ok(entries.len()))
}
