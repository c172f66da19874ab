//! The value stack of a store: 64-bit cells for the frames of interpreted functions.
//!
//! It belongs to the machine and not to the interpreter, so that a collector can walk it without knowing an engine. Most
//! programs need a few kilobytes of it: so much is open at first, and a store that asked for no more gives its stack back
//! without a word to the system.

use crate::sys::{RESIDENT, Reservation, Use};

/// Bytes of cells for each byte of native stack: a frame of cells holds every local and operand, compiled code keeps most of
/// them in registers, and what fits on the one should fit on the other.
const CELLS_PER_STACK: usize = 16;

/// Bounds of its size in bytes: room for a call on the one side, address space of one reserved memory on the other.
const SIZES: (usize, usize) = (RESIDENT, 4 << 30);

/// The cells and the part that is in use.
#[derive(Debug)]
pub struct ValueStack {
    /// The first cell.
    pub base: *mut u64,
    /// Behind the last cell that is open: see [`ValueStack::deepen`].
    pub end: *mut u64,
    /// Where the next activation starts: everything below belongs to activations that are still running.
    pub top: *mut u64,
    map: Reservation,
}

impl ValueStack {
    /// A stack that goes with this many bytes of native stack, or a smaller one where address space is short. The system
    /// backs it as it is used.
    pub(crate) fn new(native: usize) -> std::io::Result<Self> {
        let mut size =
            native.saturating_mul(CELLS_PER_STACK).clamp(SIZES.0, SIZES.1).next_multiple_of(64 << 10);
        let map = loop {
            match Reservation::new(size, RESIDENT, Use::Scratch) {
                Err(_) if size > SIZES.0 => size = (size / 2).next_multiple_of(64 << 10).max(SIZES.0),
                reserved => break reserved?,
            }
        };
        let base = map.base().cast::<u64>();
        Ok(Self { base, end: base.wrapping_byte_add(RESIDENT), top: base, map })
    }

    /// Opens all of the stack; leaves its end, which is the same as before when all was open, or the system refuses.
    pub fn deepen(&mut self) -> *mut u64 {
        let size = self.map.len();
        if self.map.open(size).is_ok() {
            self.end = self.base.wrapping_byte_add(size);
        }
        self.end
    }
}
