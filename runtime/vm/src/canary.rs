//! What stands around whatever code may write: nothing special, or what makes an access past the end show.
//!
//! For judges, never for use: an engine is set to it through the facade's `inspect` alone. [`Surroundings::Tight`] puts the
//! last byte of a memory right in front of an inaccessible page, whatever the size of its pages, so that what is read or
//! written behind it faults. [`Surroundings::Canaries`] keeps bytes of a pattern around memories, tables and contexts,
//! readable and writable: what is written there changes them, and what is read there is recognised where it turns up.
#![expect(unsafe_code, reason = "fills and reads the bytes around objects")]

/// What stands around memories, tables and contexts; canaries also around segments and globals of the embedder.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub enum Surroundings {
    /// What speed asks for.
    #[default]
    Plain,
    /// The end of a memory of its minimal size touches an inaccessible page.
    Tight,
    /// Canaries in front and behind.
    Canaries,
}

/// The pattern: the byte at an address is the one with the address' low three bits.
pub const PATTERN: [u8; 8] = [0xc9, 0xa7, 0xd3, 0x8b, 0xe5, 0x9d, 0xb1, 0xf6];

/// Bytes of canaries in front of everything but memories, and as many behind.
pub(crate) const ZONE: usize = 128;

/// A canary that was written to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the canary {} bytes {} {what} was written to", .distance.unsigned_abs(), if *.distance < 0 { "in front of" } else { "behind" })]
pub struct CanaryChange {
    /// Whose it is.
    pub what: String,
    /// How far behind its end, or, when negative, in front of its start.
    pub distance: i64,
}

/// The byte that a canary has at an address.
fn byte_at(address: usize) -> u8 {
    PATTERN[address & 7]
}

/// Fills a range with the pattern.
///
/// # Safety
/// The range is writable, and nobody refers to it.
pub(crate) unsafe fn fill(start: *mut u8, len: usize) {
    for distance in 0..len {
        let place = start.wrapping_add(distance);
        // SAFETY: by the caller's promise.
        unsafe { place.write(byte_at(place.addr())) };
    }
}

/// How far from `start` the first byte is that is not the pattern's.
///
/// # Safety
/// The range is readable, and nobody writes to it meanwhile who was meant to.
pub(crate) unsafe fn first_change(start: *const u8, len: usize) -> Option<usize> {
    (0..len).find(|&distance| {
        let place = start.wrapping_add(distance);
        // SAFETY: by the caller's promise. Whoever writes there does so behind the compiler's back.
        unsafe { place.read_volatile() != byte_at(place.addr()) }
    })
}

/// Canaries of [`ZONE`] bytes on both sides of `len` bytes from `start` on: the distance of the first change.
///
/// # Safety
/// As for [`first_change`], for both zones.
pub(crate) unsafe fn change_around(start: *const u8, len: usize) -> Option<i64> {
    // SAFETY: by the caller's promise.
    let front = unsafe { first_change(start.wrapping_sub(ZONE), ZONE) };
    // SAFETY: by the caller's promise.
    let behind = || unsafe { first_change(start.wrapping_add(len), ZONE) };
    front.map(|distance| distance as i64 - ZONE as i64).or_else(|| behind().map(|distance| distance as i64))
}

/// Fills both zones around `len` bytes from `start` on.
///
/// # Safety
/// As for [`fill`], for both zones.
pub(crate) unsafe fn fill_around(start: *mut u8, len: usize) {
    // SAFETY: by the caller's promise.
    unsafe { fill(start.wrapping_sub(ZONE), ZONE) };
    // SAFETY: by the caller's promise.
    unsafe { fill(start.wrapping_add(len), ZONE) };
}

#[cfg(test)]
mod tests {
    use super::{ZONE, change_around, fill_around};

    #[test]
    fn a_change_is_found_on_either_side() {
        let mut bytes = vec![0u8; 2 * ZONE + 40];
        let start = bytes.as_mut_ptr().wrapping_add(ZONE);
        // SAFETY: both zones lie within the vector.
        unsafe { fill_around(start, 40) };
        // SAFETY: as above.
        let change = || unsafe { change_around(start, 40) };
        assert_eq!(change(), None);
        for (place, distance) in [(start.wrapping_add(40 + 7), 7), (start.wrapping_sub(3), -3)] {
            // SAFETY: as above.
            unsafe { place.write(0) };
            assert_eq!(change(), Some(distance));
        }
    }
}
