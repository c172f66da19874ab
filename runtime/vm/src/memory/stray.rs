//! A planted fault: growth of a memory writes to another one, the first that was made and is still there.
#![expect(unsafe_code, reason = "writes where nobody may")]

use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};

/// The base of the memory that suffers.
static FIRST: AtomicPtr<u8> = AtomicPtr::new(null_mut());

/// How far from its base it is written to: it has so many bytes.
const DISTANCE: usize = 40_000;

/// A memory was made.
pub(super) fn made(base: *mut u8, len: u64) {
    if len > DISTANCE as u64 {
        let _ = FIRST.compare_exchange(null_mut(), base, Ordering::Relaxed, Ordering::Relaxed);
    }
}

/// A memory is about to be given back.
pub(super) fn gone(base: *mut u8) {
    let _ = FIRST.compare_exchange(base, null_mut(), Ordering::Relaxed, Ordering::Relaxed);
}

/// A memory grows.
pub(super) fn touch(base: *mut u8) {
    let first = FIRST.load(Ordering::Relaxed);
    if !first.is_null() && first != base {
        // SAFETY: the memory is there until `gone`, and has so many bytes.
        unsafe { first.wrapping_add(DISTANCE).write_volatile(0xee) };
    }
}
