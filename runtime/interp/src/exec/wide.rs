//! Wide arithmetic: results in two slots that follow each other.

use super::dispatch::{Flow, Opcode, Step};
use super::machine::{HEAD, Machine};
use crate::numeric::wide;

/// Sets the two slots from the destination word on.
#[inline(always)]
fn write(m: &Machine, (low, high): (u64, u64)) {
    let destination = m.word(HEAD);
    m.set_slot(destination, low);
    m.set_slot(destination + 1, high);
}

/// The value in the slot named at `at`.
#[inline(always)]
fn read(m: &Machine, at: usize) -> u64 {
    m.slot(m.word(at))
}

/// `[destination, low, high, low, high]`
struct Add128;

impl Step for Add128 {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let (a, b) = ((read(&m, HEAD + 1), read(&m, HEAD + 2)), (read(&m, HEAD + 3), read(&m, HEAD + 4)));
        write(&m, wide::add128(a, b));
        m.advance(HEAD + 5)
    }
}

/// `[destination, low, high, low, high]`
struct Sub128;

impl Step for Sub128 {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let (a, b) = ((read(&m, HEAD + 1), read(&m, HEAD + 2)), (read(&m, HEAD + 3), read(&m, HEAD + 4)));
        write(&m, wide::sub128(a, b));
        m.advance(HEAD + 5)
    }
}

/// `[destination, factor, factor]`
struct MulWideS;

impl Step for MulWideS {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        write(&m, wide::mul_wide_s(read(&m, HEAD + 1), read(&m, HEAD + 2)));
        m.advance(HEAD + 3)
    }
}

/// `[destination, factor, factor]`
struct MulWideU;

impl Step for MulWideU {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        write(&m, wide::mul_wide_u(read(&m, HEAD + 1), read(&m, HEAD + 2)));
        m.advance(HEAD + 3)
    }
}

/// `i64.add128`
pub(crate) fn add128() -> Opcode {
    Opcode::of::<Add128>()
}

/// `i64.sub128`
pub(crate) fn sub128() -> Opcode {
    Opcode::of::<Sub128>()
}

/// `i64.mul_wide_s`
pub(crate) fn mul_wide_s() -> Opcode {
    Opcode::of::<MulWideS>()
}

/// `i64.mul_wide_u`
pub(crate) fn mul_wide_u() -> Opcode {
    Opcode::of::<MulWideU>()
}
