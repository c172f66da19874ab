//! Address space: reserve it, open a prefix of it, give it back.

use super::touched;
use assay_model::fault::{Fault, planted};
use rustix::mm::{Advice, MapFlags, MprotectFlags, ProtFlags, madvise, mmap_anonymous, mprotect, munmap};
use std::ptr::{NonNull, null_mut};

/// Pages that are cleared by writing at the most: they stay in memory.
const CLEARED: usize = 16;

/// Bytes of a host page.
pub(crate) fn page_size() -> usize {
    rustix::param::page_size()
}

/// A mapping that is inaccessible until it is opened. Unmapped when dropped.
#[derive(Debug)]
pub(crate) struct Mapping {
    base: NonNull<u8>,
    len: usize,
}

// SAFETY: a mapping is plain address space; whoever reads or writes it does so through pointers with rules of their
// own, and the operations here are system calls that any thread may make.
unsafe impl Send for Mapping {}
// SAFETY: as above; `&Mapping` only tells where the mapping is.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Reserves `len` bytes (rounded up to pages), all inaccessible.
    pub(crate) fn reserve(len: usize) -> std::io::Result<Self> {
        let len = len.max(1).checked_next_multiple_of(page_size()).ok_or(std::io::ErrorKind::OutOfMemory)?;
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        // SAFETY: a new anonymous mapping at an address of the kernel's choice touches no existing memory.
        let base = unsafe { mmap_anonymous(null_mut(), len, ProtFlags::empty(), flags) }?;
        let base = NonNull::new(base.cast()).ok_or(std::io::ErrorKind::OutOfMemory)?;
        Ok(Self { base, len })
    }

    /// Makes the bytes `from..to` readable and writable. Both are multiples of the page size.
    pub(crate) fn open(&self, from: usize, to: usize) -> std::io::Result<()> {
        self.protect(from, to, MprotectFlags::READ | MprotectFlags::WRITE)
    }

    /// Makes all bytes up to `to` readable and executable, and no longer writable.
    pub(crate) fn make_executable(&self, to: usize) -> std::io::Result<()> {
        let left =
            if planted(Fault::CodeLeftWritable) { MprotectFlags::WRITE } else { MprotectFlags::empty() };
        self.protect(0, to, MprotectFlags::READ | MprotectFlags::EXEC | left)
    }

    /// Makes the bytes `from..to` inaccessible again. Nobody may use them any more.
    pub(crate) fn close(&mut self, from: usize, to: usize) -> std::io::Result<()> {
        self.protect(from, to, MprotectFlags::empty())
    }

    /// Makes the open bytes before `to` zero. Near the base, the pages that hold something are written to where these are
    /// few; all others go back to the system, which backs them with zeros when they are used again.
    pub(crate) fn clear(&mut self, to: usize) -> std::io::Result<()> {
        assert!(to <= self.len, "a mapping is cleared within its bounds");
        let base = self.base.as_ptr();
        let near = to.min(touched::MOST * page_size());
        let clear = |distance| {
            if planted(Fault::ReuseClearedInPart) && distance > 0 {
                return;
            }
            // SAFETY: the page is open, lies within the mapping, and `self` is borrowed mutably: nobody else uses it.
            unsafe { base.wrapping_add(distance).write_bytes(0, page_size()) }
        };
        let cleared = if touched::each_page(base as usize, near, CLEARED, clear) { near } else { 0 };
        self.forget(cleared, to)
    }

    /// Gives the pages `from..to` back to the system: they read as zero from now on.
    pub(crate) fn forget(&mut self, from: usize, to: usize) -> std::io::Result<()> {
        assert!(from <= to && to <= self.len, "a mapping is forgotten within its bounds");
        if from == to {
            return Ok(());
        }
        let start = self.base.as_ptr().wrapping_add(from);
        // SAFETY: the range lies within this private anonymous mapping, and `self` is borrowed mutably: nobody else uses it.
        unsafe { madvise(start.cast(), to - from, Advice::LinuxDontNeed) }?;
        Ok(())
    }

    fn protect(&self, from: usize, to: usize, flags: MprotectFlags) -> std::io::Result<()> {
        assert!(from <= to && to <= self.len, "a mapping is opened within its bounds");
        if from == to {
            return Ok(());
        }
        // SAFETY: `from` is within the mapping.
        let start = unsafe { self.base.add(from) };
        // SAFETY: the range lies within this mapping, which nobody else owns.
        unsafe { mprotect(start.as_ptr().cast(), to - from, flags) }?;
        Ok(())
    }

    /// The first byte.
    pub(crate) fn base(&self) -> *mut u8 {
        self.base.as_ptr()
    }

    /// Bytes of address space.
    pub(crate) fn len(&self) -> usize {
        self.len
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the mapping was made by `reserve`, is owned by `self`, and nobody refers to it any more.
        let result = unsafe { munmap(self.base.as_ptr().cast(), self.len) };
        debug_assert!(result.is_ok(), "a whole mapping can be unmapped");
    }
}
