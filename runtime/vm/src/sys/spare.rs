//! Reservations: a mapping with its open prefix, kept for the next one of the same length when it is given back.
//!
//! A program that makes an instance for each request would otherwise pay for mapping, protecting and unmapping a whole
//! reservation each time. What was kept is as good as new: it was cleared where that matters, and exactly the asked prefix
//! is open. Where the system refuses either, the mapping goes.

use super::map::{Mapping, page_size};
use assay_model::fault::{Fault, planted};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Reservations that are kept at the most. They are address space, and a few pages of memory each.
const KEPT: usize = 16;

/// Bytes of scratch that stay in memory.
pub(crate) const RESIDENT: usize = 64 << 10;

static SPARE: Mutex<Vec<Parts>> = Mutex::new(Vec::new());

#[derive(Debug)]
struct Parts {
    map: Mapping,
    opened: usize,
    used: Use,
}

/// What a reservation is for, and so what becomes of it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// Bytes that are zero until they are written. Kept.
    Zeroed,
    /// Cells that are written before they are read. Kept; the next owner finds whatever the last one left.
    Scratch,
    /// As [`Use::Zeroed`], where address space is short: unmapped at once.
    Once,
}

/// A mapping whose first bytes are readable and writable.
#[derive(Debug)]
pub(crate) struct Reservation {
    /// Taken out when it is dropped.
    map: Option<Mapping>,
    opened: AtomicUsize,
    used: Use,
}

impl Reservation {
    /// `len` bytes of address space, of which `open` are open; both are rounded up to pages.
    pub(crate) fn new(len: usize, open: usize, used: Use) -> std::io::Result<Self> {
        let len = len.max(1).checked_next_multiple_of(page_size()).ok_or(std::io::ErrorKind::OutOfMemory)?;
        let open = open.next_multiple_of(page_size());
        let map = match take(len, open, used) {
            Some(kept) => kept,
            None => {
                let new = reserve(len)?;
                new.open(0, open)?;
                new
            }
        };
        Ok(Self { map: Some(map), opened: AtomicUsize::new(open), used })
    }

    /// Opens the bytes before `to`, if they are not open yet. One thread at a time.
    pub(crate) fn open(&self, to: usize) -> std::io::Result<()> {
        let (before, wanted) = (self.opened.load(Ordering::Relaxed), to.next_multiple_of(page_size()));
        if wanted > before {
            self.map().open(before, wanted)?;
            self.opened.store(wanted, Ordering::Relaxed);
        }
        Ok(())
    }

    /// The first byte.
    pub(crate) fn base(&self) -> *mut u8 {
        self.map().base()
    }

    /// Bytes of address space.
    pub(crate) fn len(&self) -> usize {
        self.map().len()
    }

    fn map(&self) -> &Mapping {
        self.map.as_ref().expect("a reservation has its mapping until it is dropped")
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let (Some(mut map), opened) = (self.map.take(), *self.opened.get_mut()) else { return };
        let ready = match self.used {
            Use::Zeroed if planted(Fault::ReuseNotCleared) => Ok(()),
            Use::Zeroed => map.clear(opened),
            Use::Scratch => map.forget(RESIDENT.min(opened), opened),
            Use::Once => return,
        };
        if ready.is_err() {
            return;
        }
        let mut spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
        if spare.len() < KEPT {
            spare.push(Parts { map, opened, used: self.used });
        }
    }
}

/// Unmaps what is kept.
pub fn forget_reservations() {
    drop(std::mem::take(&mut *SPARE.lock().unwrap_or_else(PoisonError::into_inner)));
}

/// A mapping of `len` bytes; what is kept goes first where address space has run out.
pub(crate) fn reserve(len: usize) -> std::io::Result<Mapping> {
    Mapping::reserve(len).or_else(|_| {
        forget_reservations();
        Mapping::reserve(len)
    })
}

/// A kept mapping of this length, with this prefix open.
fn take(len: usize, open: usize, used: Use) -> Option<Mapping> {
    let Parts { mut map, opened, .. } = {
        let mut spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
        let found = spare.iter().rposition(|parts| parts.map.len() == len && parts.used == used)?;
        spare.swap_remove(found)
    };
    if planted(Fault::ReuseNotClosed) && open < opened {
        return Some(map);
    }
    let fits = if open < opened { map.close(open, opened) } else { map.open(opened, open) };
    fits.is_ok().then_some(map)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A length that no other test uses, so that what is kept is this test's.
    fn bytes(reservation: &mut Reservation, len: usize) -> &mut [u8] {
        assert!(len <= reservation.opened.load(Ordering::Relaxed));
        // SAFETY: so many bytes are open, and the reservation is borrowed.
        unsafe { std::slice::from_raw_parts_mut(reservation.base(), len) }
    }

    #[test]
    fn a_kept_reservation_is_zero_and_open_to_where_it_was_asked() {
        let (page, len) = (page_size(), 0x70_1000);
        let mut first = Reservation::new(len, 3 * page, Use::Zeroed).unwrap();
        let base = first.base();
        bytes(&mut first, 3 * page).fill(7);
        drop(first);
        let mut second = Reservation::new(len, page, Use::Zeroed).unwrap();
        assert_eq!(second.base(), base, "it was kept");
        assert_eq!(second.opened.load(Ordering::Relaxed), page);
        second.open(3 * page).unwrap();
        assert!(bytes(&mut second, 3 * page).iter().all(|&byte| byte == 0));
        drop(second);
        let third = Reservation::new(len, 5 * page, Use::Zeroed).unwrap();
        assert_eq!((third.base(), third.opened.load(Ordering::Relaxed)), (base, 5 * page));
    }

    #[test]
    fn bytes_behind_the_prefix_are_closed_again() {
        let (page, len) = (page_size(), 0x70_3000);
        drop(Reservation::new(len, 2 * page, Use::Zeroed).unwrap());
        let again = Reservation::new(len, page, Use::Zeroed).unwrap();
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let behind = format!("{:x}-", again.base() as usize + page);
        let line = maps.lines().find(|line| line.starts_with(&behind)).expect("a mapping of its own rights");
        assert!(line.contains(" ---p "), "{line}");
    }

    #[test]
    fn scratch_never_becomes_a_memory() {
        let (page, len) = (page_size(), 0x70_7000);
        let mut scratch = Reservation::new(len, page, Use::Scratch).unwrap();
        bytes(&mut scratch, page).fill(7);
        drop(scratch);
        let mut memory = Reservation::new(len, page, Use::Zeroed).unwrap();
        assert!(bytes(&mut memory, page).iter().all(|&byte| byte == 0));
    }

    #[test]
    fn what_is_not_kept_is_unmapped() {
        let len = 0x70_5000;
        drop(Reservation::new(len, 0, Use::Once).unwrap());
        assert!(SPARE.lock().unwrap().iter().all(|parts| parts.map.len() != len));
    }
}
