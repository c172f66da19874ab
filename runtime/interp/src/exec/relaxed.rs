//! Accesses to bytes that other threads may use at the same time: those of shared memories.
//!
//! Each is a relaxed atomic access, as wide as the operator's when the address is aligned and in single bytes when it is
//! not, so that a race between threads of wasm code is never a data race of this program. The order in which others see
//! the bytes is left open, as the specification leaves it.

use super::memory::Stored;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};

/// How the bytes of an access that was found in bounds are read and written.
pub(super) trait Manner {
    /// Reads from memory.
    fn load<R: Stored>(place: *mut u8) -> R;
    /// Writes to memory.
    fn store<R: Stored>(place: *mut u8, value: R);
}

/// Of a memory that this thread alone uses.
pub(super) struct Private;
/// Of a shared memory.
pub(super) struct Shared;

impl Manner for Private {
    #[inline(always)]
    fn load<R: Stored>(place: *mut u8) -> R {
        super::memory::load(place)
    }

    #[inline(always)]
    fn store<R: Stored>(place: *mut u8, value: R) {
        super::memory::store(place, value);
    }
}

impl Manner for Shared {
    #[inline(always)]
    fn load<R: Stored>(place: *mut u8) -> R {
        R::load_relaxed(place)
    }

    #[inline(always)]
    fn store<R: Stored>(place: *mut u8, value: R) {
        R::store_relaxed(place, value);
    }
}

fn byte<'a>(place: *mut u8) -> &'a AtomicU8 {
    // SAFETY: the byte lies below the length of its memory, which does not shrink (invariant 4), and whoever shares it
    // uses atomics too (invariant 5).
    unsafe { AtomicU8::from_ptr(place) }
}

fn word<'a>(place: *mut u8) -> &'a AtomicU64 {
    // SAFETY: as for a byte; the callers looked at the alignment.
    unsafe { AtomicU64::from_ptr(place.cast()) }
}

/// Reads `size` bytes at any address, the lowest first.
#[cold]
#[inline(never)]
pub(super) extern "C" fn load_bytes(place: *mut u8, size: usize) -> u64 {
    (0..size).fold(0, |bits, at| bits | u64::from(byte(place.wrapping_add(at)).load(Relaxed)) << (8 * at))
}

/// Writes `size` bytes at any address, the lowest first.
#[cold]
#[inline(never)]
pub(super) extern "C" fn store_bytes(place: *mut u8, bits: u64, size: usize) {
    (0..size).for_each(|at| byte(place.wrapping_add(at)).store((bits >> (8 * at)) as u8, Relaxed));
}

const WORD: usize = size_of::<u64>();

/// `memory.fill`
#[inline(never)]
pub(super) fn fill(place: *mut u8, value: u8, count: usize) {
    let bits = u64::from_ne_bytes([value; WORD]);
    let mut at = 0;
    while at < count {
        let here = place.wrapping_add(at);
        if here.addr().is_multiple_of(WORD) && count - at >= WORD {
            word(here).store(bits, Relaxed);
            at += WORD;
        } else {
            byte(here).store(value, Relaxed);
            at += 1;
        }
    }
}

/// `memory.init`
#[inline(never)]
pub(super) fn write(bytes: &[u8], place: *mut u8) {
    for (at, &value) in bytes.iter().enumerate() {
        byte(place.wrapping_add(at)).store(value, Relaxed);
    }
}

/// `memory.copy`: as if all were read before the first byte is written.
#[inline(never)]
pub(super) fn copy(from: *mut u8, to: *mut u8, count: usize) {
    let one = |at: usize| byte(to.wrapping_add(at)).store(byte(from.wrapping_add(at)).load(Relaxed), Relaxed);
    let eight =
        |at: usize| word(to.wrapping_add(at)).store(word(from.wrapping_add(at)).load(Relaxed), Relaxed);
    // Words, where both sides have them at the same places; what stands before and behind goes in bytes.
    let together = from.addr() % WORD == to.addr() % WORD;
    let first = if together { (from.addr().wrapping_neg() % WORD).min(count) } else { count };
    let words = (count - first) / WORD;
    let last = first + words * WORD;
    if to.addr() <= from.addr() {
        (0..first).for_each(one);
        (0..words).for_each(|index| eight(first + index * WORD));
        (last..count).for_each(one);
    } else {
        (last..count).rev().for_each(one);
        (0..words).rev().for_each(|index| eight(first + index * WORD));
        (0..first).rev().for_each(one);
    }
}

#[cfg(test)]
mod tests {
    use super::{copy, fill, load_bytes, store_bytes, write};

    fn numbered() -> Vec<u8> {
        (0..80).collect()
    }

    #[test]
    fn copies_are_as_if_read_first() {
        for from in 0..20 {
            for to in 0..20 {
                for count in [0, 1, 7, 8, 9, 17, 60] {
                    let (mut bytes, mut expected) = (numbered(), numbered());
                    expected.copy_within(from..from + count, to);
                    let base = bytes.as_mut_ptr();
                    copy(base.wrapping_add(from), base.wrapping_add(to), count);
                    assert_eq!(bytes, expected, "{count} bytes from {from} to {to}");
                }
            }
        }
    }

    #[test]
    fn fills_and_writes_touch_their_range_alone() {
        for start in 0..9 {
            for count in [0, 1, 5, 8, 23] {
                let (mut bytes, mut expected) = (numbered(), numbered());
                expected[start..start + count].fill(0xee);
                fill(bytes.as_mut_ptr().wrapping_add(start), 0xee, count);
                assert_eq!(bytes, expected, "{count} bytes at {start}");
            }
        }
        let mut bytes = numbered();
        write(&[9, 8, 7], bytes.as_mut_ptr().wrapping_add(40));
        assert_eq!(bytes[39..44], [39, 9, 8, 7, 43]);
    }

    #[test]
    fn bytes_stand_in_the_order_of_memory() {
        let mut bytes = numbered();
        let place = bytes.as_mut_ptr().wrapping_add(3);
        assert_eq!(load_bytes(place, 4), 0x0605_0403);
        store_bytes(place, 0xaabb_ccdd, 3);
        assert_eq!(bytes[2..7], [2, 0xdd, 0xcc, 0xbb, 6]);
    }
}
