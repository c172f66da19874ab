//! Items in a row, with canaries in front and behind where a judge asks for them.
//!
//! Holds the cells of the embedder's globals, which code addresses, and the contents of segments, which it does not. The items
//! stay where they are for as long as the row lives. Without canaries it is a vector, and nothing else.
#![expect(unsafe_code, reason = "fills and reads the bytes around the items")]

use crate::canary::{self, Surroundings, ZONE};
use crate::value::Value;

/// What canaries can stand in for: any bytes are one.
///
/// # Safety
/// Every pattern of bytes is a value, there are no bytes between the parts of one, and the size divides [`ZONE`].
pub(crate) unsafe trait Plain: Copy + Default {}

// SAFETY: a byte.
unsafe impl Plain for u8 {}
// SAFETY: eight bytes.
unsafe impl Plain for u64 {}
// SAFETY: sixteen bytes.
unsafe impl Plain for Value {}

/// The row.
pub(crate) struct Fenced<T> {
    /// The items, and canaries around them.
    cells: Vec<T>,
    /// How many cells are canaries on either side.
    zone: usize,
}

impl<T: Plain> Fenced<T> {
    /// A row of these items.
    pub(crate) fn new(items: impl IntoIterator<Item = T>, around: Surroundings) -> Self {
        let zone = if around == Surroundings::Canaries { ZONE / size_of::<T>() } else { 0 };
        let fence = || std::iter::repeat_n(T::default(), zone);
        let cells: Vec<T> = fence().chain(items).chain(fence()).collect();
        let mut row = Self { cells, zone };
        let len = size_of_val(row.items());
        if zone > 0 {
            let start = row.as_mut_ptr().cast::<u8>();
            // SAFETY: both zones are cells of the vector, whose bytes may be any.
            unsafe { canary::fill_around(start, len) };
        }
        row
    }

    /// The items.
    pub(crate) fn items(&self) -> &[T] {
        &self.cells[self.zone..self.cells.len() - self.zone]
    }

    /// The items, to write.
    pub(crate) fn items_mut(&mut self) -> &mut [T] {
        let behind = self.cells.len() - self.zone;
        &mut self.cells[self.zone..behind]
    }

    /// Where the items are. Whoever has the pointer may reach the zones by it, which nobody is meant to.
    pub(crate) fn as_mut_ptr(&mut self) -> *mut T {
        self.cells.as_mut_ptr().wrapping_add(self.zone)
    }

    /// How far from the items, in bytes, a canary was written to: behind their end, or, when negative, in front of their start.
    pub(crate) fn canary_change(&self) -> Option<i64> {
        let start = self.cells.as_ptr().wrapping_add(self.zone).cast::<u8>();
        let len = (self.cells.len() - 2 * self.zone) * size_of::<T>();
        // SAFETY: both zones are cells of the vector, and nobody is meant to write to them.
        (self.zone > 0).then(|| unsafe { canary::change_around(start, len) }).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::{Fenced, Plain};
    use crate::canary::{Surroundings, ZONE};
    use crate::value::Value;

    /// A row of three items: what a write in front of it and behind it shows.
    fn check<T: Plain + PartialEq + std::fmt::Debug>(item: T) {
        for (byte, distance) in [(-5, -5), (3 * size_of::<T>() as isize, 0), (ZONE as isize, 0)] {
            let mut row = Fenced::new([item; 3], Surroundings::Canaries);
            assert_eq!((row.items(), row.canary_change()), ([item; 3].as_slice(), None));
            row.items_mut()[2] = T::default();
            assert_eq!(row.canary_change(), None, "that is what they are for");
            let place = row.as_mut_ptr().cast::<u8>().wrapping_offset(byte);
            // SAFETY: within the zones.
            unsafe { place.write(0) };
            let expected =
                if byte == ZONE as isize { byte as i64 - 3 * size_of::<T>() as i64 } else { distance };
            assert_eq!(row.canary_change(), Some(expected));
        }
        let plain = Fenced::new([item; 3], Surroundings::Plain);
        assert_eq!((plain.items().len(), plain.cells.len(), plain.canary_change()), (3, 3, None));
    }

    #[test]
    fn what_is_written_around_a_row_is_noticed() {
        check(7u8);
        check(7u64);
        check(Value::from_i32(7));
        assert_eq!(Fenced::<u64>::new([], Surroundings::Canaries).canary_change(), None);
    }
}
