//! The shared page: where a worker writes down what it is doing, with one store and no system call per step.
//!
//! A sealed memory file of one page is mapped by parent and child. The child stores `(job sequence, step)` and beats; the
//! parent reads them when it looks, and after the child's death. Every field is an atomic and the file can neither shrink
//! nor grow, so the parent may read the page whatever the child does with it. Knows no process; called by `child` and `serve`.
//!
//! This module holds the only unsafe code of the crate: mapping, viewing and unmapping that page. Invariant P: between
//! [`SharedPage::map`] and its drop, `base` points to a live, page-aligned, zero-initialised-or-later mapping of at least
//! `size_of::<Page>()` bytes, backed by a file that cannot shrink.

use std::mem;
use std::os::fd::{AsFd, OwnedFd};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use rustix::fs::{
    MemfdFlags, SealFlags, SeekFrom, fcntl_add_seals, fcntl_get_seals, fstat, ftruncate, memfd_create, seek,
};
use rustix::io::{Errno, Result};
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

use crate::event::Place;

/// Bytes of the file and of the mapping.
const SIZE: usize = 4096;
/// "Assay w1": says that a file is such a page, and which version of it.
const MAGIC: u64 = u64::from_le_bytes(*b"Assay w1");
/// Step number of [`Place::Before`].
const BEFORE: u32 = u32::MAX;
/// Step number of [`Place::After`].
const AFTER: u32 = u32::MAX - 1;
/// The file cannot change its size, which keeps mappings of it valid, and stray prints away from the page.
const SEALS: SealFlags = SealFlags::SHRINK.union(SealFlags::GROW).union(SealFlags::SEAL);

/// The layout on which parent and child agree.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Page {
    magic: AtomicU64,
    /// Process id of the parent.
    parent: AtomicU32,
    /// Nonzero once the child waits for jobs.
    ready: AtomicU32,
    /// Job sequence in the upper, step in the lower half.
    position: AtomicU64,
    /// Signs of life within a step.
    beats: AtomicU64,
}

/// What the parent sees at one look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sight {
    pub(crate) seq: u32,
    pub(crate) at: Place,
    pub(crate) beats: u64,
}

const _: () = assert!(size_of::<Page>() <= SIZE);

impl Page {
    const fn new() -> Self {
        Self {
            magic: AtomicU64::new(0),
            parent: AtomicU32::new(0),
            ready: AtomicU32::new(0),
            position: AtomicU64::new(0),
            beats: AtomicU64::new(0),
        }
    }

    pub(crate) fn parent(&self) -> u32 {
        self.parent.load(Ordering::Acquire)
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire) != 0
    }

    pub(crate) fn set_ready(&self) {
        self.ready.store(1, Ordering::Release);
    }

    pub(crate) fn sight(&self) -> Sight {
        let beats = self.beats.load(Ordering::Acquire);
        let position = self.position.load(Ordering::Acquire);
        let [seq, step] = [(position >> 32) as u32, position as u32];
        let at = match step {
            BEFORE => Place::Before,
            AFTER => Place::After,
            step => Place::Step(step),
        };
        Sight { seq, at, beats }
    }

    fn set_position(&self, seq: u32, step: u32) {
        self.position.store(u64::from(seq) << 32 | u64::from(step), Ordering::Release);
    }
}

/// One mapping of a page.
#[derive(Debug)]
pub(crate) struct SharedPage {
    base: NonNull<Page>,
}

impl SharedPage {
    /// A new page of this process, and the file to hand to the child. The file's offset stands at its sealed end: what a
    /// child prints to it before it serves fails instead of overwriting the page.
    pub(crate) fn create() -> Result<(Self, OwnedFd)> {
        let file = memfd_create("assay-worker", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        ftruncate(&file, SIZE as u64)?;
        fcntl_add_seals(&file, SEALS)?;
        seek(&file, SeekFrom::End(0))?;
        let shared = Self::map(&file)?;
        shared.page().parent.store(std::process::id(), Ordering::Release);
        shared.page().magic.store(MAGIC, Ordering::Release);
        Ok((shared, file))
    }

    /// The page in a file received from the parent; refused unless it is one. It stays mapped for the life of the process.
    pub(crate) fn receive(file: impl AsFd) -> Result<&'static Page> {
        if !fcntl_get_seals(&file)?.contains(SEALS) || fstat(&file)?.st_size != SIZE as i64 {
            return Err(Errno::INVAL);
        }
        let page = Self::map(&file)?.leak();
        if page.magic.load(Ordering::Acquire) == MAGIC { Ok(page) } else { Err(Errno::INVAL) }
    }

    /// What the page says.
    #[expect(unsafe_code, reason = "the page is memory shared with another process")]
    pub(crate) fn page(&self) -> &Page {
        // SAFETY: invariant P makes the pointer valid and aligned while `self` lives; all fields are atomics, for which any
        // bit pattern and any concurrent store of the other process is fine.
        unsafe { self.base.as_ref() }
    }

    /// Keeps the mapping for ever.
    #[expect(unsafe_code, reason = "the page is memory shared with another process")]
    fn leak(self) -> &'static Page {
        let base = mem::ManuallyDrop::new(self).base;
        // SAFETY: as in `page`; the mapping is never undone, because the only value that would do it is forgotten.
        unsafe { base.as_ref() }
    }

    #[expect(unsafe_code, reason = "mapping memory has no safe form")]
    fn map(file: impl AsFd) -> Result<Self> {
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a null hint lets the kernel choose a free range, so no existing memory is touched. Callers pass a file of
        // `SIZE` bytes that is sealed against shrinking, which together with this establishes invariant P.
        let base = unsafe { mmap(ptr::null_mut(), SIZE, protection, MapFlags::SHARED, file, 0) }?;
        NonNull::new(base.cast()).map(|base| Self { base }).ok_or(Errno::NOMEM)
    }
}

impl Drop for SharedPage {
    #[expect(unsafe_code, reason = "the counterpart of mapping")]
    fn drop(&mut self) {
        // SAFETY: by invariant P this is the mapping made in `map`, and no reference to it outlives `self`.
        let unmapped = unsafe { munmap(self.base.as_ptr().cast(), SIZE) };
        debug_assert!(unmapped.is_ok(), "a mapping of our own can be undone");
    }
}

/// A worker's pen: what it writes, the supervisor reads. Copies may be handed to other threads.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    page: &'static Page,
    seq: u32,
}

impl Progress {
    /// For running a job without a pool (in-process, in tests): nobody reads it.
    pub fn detached() -> Self {
        static NOWHERE: Page = Page::new();
        Self { page: &NOWHERE, seq: 0 }
    }

    /// Announces the step that begins now. Steps are numbered by the job; the two highest numbers are reserved.
    pub fn step(&self, step: u32) {
        assert!(step < AFTER, "step numbers end before {AFTER}");
        self.page.set_position(self.seq, step);
    }

    /// A sign of life within a long step: the step's time starts anew.
    pub fn beat(&self) {
        self.page.beats.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn begin(page: &'static Page, seq: u32) -> Self {
        page.set_position(seq, BEFORE);
        Self { page, seq }
    }

    pub(crate) fn end(self) {
        self.page.set_position(self.seq, AFTER);
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write;

    use super::{Progress, SharedPage, Sight};
    use crate::event::Place;

    #[test]
    fn what_one_side_writes_the_other_reads() {
        let (ours, file) = SharedPage::create().unwrap();
        let theirs = SharedPage::receive(&file).unwrap();
        assert_eq!(theirs.parent(), std::process::id());
        assert!(!ours.page().is_ready());
        theirs.set_ready();
        assert!(ours.page().is_ready());
        let progress = Progress::begin(theirs, 3);
        assert_eq!(ours.page().sight(), Sight { seq: 3, at: Place::Before, beats: 0 });
        progress.step(17);
        progress.beat();
        assert_eq!(ours.page().sight(), Sight { seq: 3, at: Place::Step(17), beats: 1 });
        progress.end();
        assert_eq!(ours.page().sight(), Sight { seq: 3, at: Place::After, beats: 1 });
    }

    #[test]
    fn stray_prints_and_resizing_cannot_reach_the_page() {
        let (ours, file) = SharedPage::create().unwrap();
        let mut file = File::from(file);
        assert!(file.write(b"hello").is_err());
        assert!(file.set_len(0).is_err());
        assert_eq!(ours.page().parent(), std::process::id());
    }

    #[test]
    fn other_files_are_refused() {
        assert!(SharedPage::receive(File::open("/proc/self/exe").unwrap()).is_err());
        assert!(SharedPage::receive(File::open("/dev/null").unwrap()).is_err());
    }
}
