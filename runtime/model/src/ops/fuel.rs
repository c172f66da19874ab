//! The fuel rule, one for both engines.
//!
//! Each operator costs [`cost`]. Costs are added up along straight-line code and charged when a *segment* ends: at
//! every operator for which [`ends_segment`] holds, including that operator's own cost. A trap in the middle of a
//! segment charges nothing for it. Fuel is checked at two kinds of places only: at the entry of a function and at the
//! head of a loop (behind the charge of the segment that falls into it, and on every back edge). When less than
//! nothing is left there, code stops with `OutOfFuel`. So both engines stop at the same place with the same amount.

/// Operators that cost nothing: they only shape the control flow.
const FREE: [u8; 12] = [
    0x01, // nop
    0x02, // block
    0x03, // loop
    0x05, // else
    0x06, // try
    0x07, // catch
    0x0b, // end
    0x18, // delegate
    0x19, // catch_all
    0x00, // unreachable
    0x1a, // drop
    0x1f, // try_table
];

/// What executing an operator costs, by its first opcode byte.
pub fn cost(first_byte: u8) -> u64 {
    u64::from(!FREE.contains(&first_byte))
}

/// Whether the straight-line segment ends with the operator of this first opcode byte: control leaves, joins or
/// splits here, or another function runs. Those on objects (0xfb) all do: two of them are branches, and the first byte does
/// not tell which.
pub fn ends_segment(first_byte: u8) -> bool {
    matches!(first_byte, 0x00 | 0x03..=0x15 | 0x18 | 0x19 | 0x1f | 0xd5 | 0xd6 | 0xfb)
}

#[cfg(test)]
mod tests {
    use super::{cost, ends_segment};

    #[test]
    fn control_is_free_and_work_is_not() {
        assert_eq!([cost(0x03), cost(0x0b), cost(0x6a), cost(0x10)], [0, 0, 1, 1]);
        assert_eq!([cost(0x06), cost(0x07), cost(0x09), cost(0x18), cost(0x19)], [0, 0, 1, 0, 0]);
        assert!([0x06, 0x07, 0x09, 0x18, 0x19].into_iter().all(ends_segment));
        assert!(ends_segment(0x0d) && ends_segment(0x11) && !ends_segment(0x6a) && !ends_segment(0x02));
    }
}
