//! The value stack of a store: 64-bit cells for the frames of interpreted functions.
//!
//! It belongs to the machine and not to the interpreter, so that a collector can walk it without knowing an engine.

use crate::sys::Mapping;

/// Cells of a value stack: 8 MiB of address space, which the system backs as it is used.
const CELLS: usize = 1 << 20;

/// The cells and the part that is in use.
#[derive(Debug)]
pub struct ValueStack {
    /// The first cell.
    pub base: *mut u64,
    /// Behind the last cell.
    pub end: *mut u64,
    /// Where the next activation starts: everything below belongs to activations that are still running.
    pub top: *mut u64,
    _map: Mapping,
}

impl ValueStack {
    pub(crate) fn new() -> std::io::Result<Self> {
        let mut map = Mapping::reserve(CELLS * 8)?;
        map.open(0, CELLS * 8)?;
        let base = map.base().cast::<u64>();
        Ok(Self { base, end: base.wrapping_add(CELLS), top: base, _map: map })
    }
}
