//! Bulk accesses to bytes that other threads may use at the same time.
//!
//! Every access is a relaxed atomic one, 8 bytes wide where both addresses allow it, so that a race between threads of
//! wasm code is never a data race of this program. Which bytes another thread sees first is left open, as the
//! specification leaves it for accesses that are not atomic.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

/// The widest unit.
const WORD: usize = 8;

fn word_aligned(address: *const u8) -> bool {
    address.addr().is_multiple_of(WORD)
}

/// Writes `len` times `byte`.
///
/// # Safety
/// The range is readable and writable as long as the call runs, and everyone accesses it by way of raw pointers or atomics.
pub(crate) unsafe fn fill(to: *mut u8, byte: u8, len: usize) {
    let word = u64::from_ne_bytes([byte; WORD]);
    let mut at = 0;
    while at < len {
        let place = to.wrapping_add(at);
        if len - at >= WORD && word_aligned(place) {
            // SAFETY: aligned and within the range.
            unsafe { AtomicU64::from_ptr(place.cast()) }.store(word, Ordering::Relaxed);
            at += WORD;
        } else {
            // SAFETY: within the range.
            unsafe { AtomicU8::from_ptr(place) }.store(byte, Ordering::Relaxed);
            at += 1;
        }
    }
}

/// Copies `len` bytes. The ranges may overlap: the result is as if all had been read before the first is written.
///
/// # Safety
/// Both ranges are readable and writable as long as the call runs, and everyone accesses them by way of raw pointers
/// or atomics.
pub(crate) unsafe fn copy(from: *mut u8, to: *mut u8, len: usize) {
    let step = |at: usize| {
        let (source, target) = (from.wrapping_add(at), to.wrapping_add(at));
        // SAFETY: within the range.
        let byte = unsafe { AtomicU8::from_ptr(source) }.load(Ordering::Relaxed);
        // SAFETY: within the range.
        unsafe { AtomicU8::from_ptr(target) }.store(byte, Ordering::Relaxed);
    };
    let word_step = |at: usize| {
        let (source, target) = (from.wrapping_add(at).cast(), to.wrapping_add(at).cast());
        // SAFETY: aligned and within the range.
        let word = unsafe { AtomicU64::from_ptr(source) }.load(Ordering::Relaxed);
        // SAFETY: aligned and within the range.
        unsafe { AtomicU64::from_ptr(target) }.store(word, Ordering::Relaxed);
    };
    let wide = from.addr() % WORD == to.addr() % WORD;
    let aligned = |at: usize| wide && word_aligned(from.wrapping_add(at));
    if to.addr().wrapping_sub(from.addr()) >= len {
        // Nothing that is still to be read is overwritten on the way up.
        let mut at = 0;
        while at < len {
            if len - at >= WORD && aligned(at) {
                word_step(at);
                at += WORD;
            } else {
                step(at);
                at += 1;
            }
        }
    } else {
        let mut end = len;
        while end > 0 {
            if end >= WORD && aligned(end) {
                end -= WORD;
                word_step(end);
            } else {
                end -= 1;
                step(end);
            }
        }
    }
}

/// Writes `bytes`, which belong to nobody else.
///
/// # Safety
/// As for [`fill`].
pub(crate) unsafe fn write(bytes: &[u8], to: *mut u8) {
    let mut at = 0;
    while at < bytes.len() {
        let place = to.wrapping_add(at);
        match bytes[at..].first_chunk::<WORD>().filter(|_| word_aligned(place)) {
            Some(&word) => {
                let word = u64::from_ne_bytes(word);
                // SAFETY: aligned and within the range.
                unsafe { AtomicU64::from_ptr(place.cast()) }.store(word, Ordering::Relaxed);
                at += WORD;
            }
            None => {
                // SAFETY: within the range.
                unsafe { AtomicU8::from_ptr(place) }.store(bytes[at], Ordering::Relaxed);
                at += 1;
            }
        }
    }
}

/// Reads into `bytes`, which belong to nobody else.
///
/// # Safety
/// As for [`fill`].
pub(crate) unsafe fn read(from: *mut u8, bytes: &mut [u8]) {
    let mut at = 0;
    while at < bytes.len() {
        let place = from.wrapping_add(at);
        match bytes[at..].first_chunk_mut::<WORD>().filter(|_| word_aligned(place)) {
            Some(word) => {
                // SAFETY: aligned and within the range.
                let read = unsafe { AtomicU64::from_ptr(place.cast()) }.load(Ordering::Relaxed);
                *word = read.to_ne_bytes();
                at += WORD;
            }
            None => {
                // SAFETY: within the range.
                bytes[at] = unsafe { AtomicU8::from_ptr(place) }.load(Ordering::Relaxed);
                at += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{copy, fill, read, write};

    fn numbered() -> Vec<u8> {
        (0..64).collect()
    }

    #[test]
    fn copies_are_right_whatever_overlaps_and_however_it_is_aligned() {
        for from in 0..24 {
            for to in 0..24 {
                for len in [0, 1, 7, 8, 9, 31, 40] {
                    let mut bytes = numbered();
                    let mut expected = numbered();
                    expected.copy_within(from..from + len, to);
                    let base = bytes.as_mut_ptr();
                    // SAFETY: both ranges lie within the vector, which only this thread uses.
                    unsafe { copy(base.wrapping_add(from), base.wrapping_add(to), len) };
                    assert_eq!(bytes, expected, "{len} bytes from {from} to {to}");
                }
            }
        }
    }

    #[test]
    fn fills_reads_and_writes_touch_their_range_only() {
        let mut bytes = numbered();
        let place = bytes.as_mut_ptr().wrapping_add(3);
        // SAFETY: within the vector, which only this thread uses.
        unsafe { fill(place, 0xee, 30) };
        let mut expected = numbered();
        expected[3..33].fill(0xee);
        assert_eq!(bytes, expected);
        let mut read_back = [0; 4];
        let place = bytes.as_mut_ptr().wrapping_add(31);
        // SAFETY: within the vector, which only this thread uses.
        unsafe { read(place, &mut read_back) };
        assert_eq!(read_back, [0xee, 0xee, 33, 34]);
        // SAFETY: within the vector, which only this thread uses.
        unsafe { write(&[1, 2], place) };
        assert_eq!(bytes[30..34], [0xee, 1, 2, 33]);
    }
}
