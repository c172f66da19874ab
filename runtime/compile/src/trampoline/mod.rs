//! The bridges between compiled code and everything else, one per machine shape of a signature.
//!
//! [`entry`] lets the machine call compiled code with values in an array; [`exit`] lets compiled code call whatever
//! offers an `array_call`. Both depend on the shape only, so the compiler keeps them for all modules.

mod cells;
mod entry;
mod exit;

pub(crate) use entry::{build as build_entry, signature as entry_signature};
pub(crate) use exit::build as build_exit;

/// Which bridge.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Direction {
    /// From the machine into compiled code.
    Entry,
    /// From compiled code to an `array_call`.
    Exit,
}
