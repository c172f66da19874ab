//! Telling a judge of an access before it is made.

use super::dispatch::{Flow, Opcode, Step};
use super::machine::{HEAD, Machine};

/// `[memory, offset, offset, address, width, operator]`
struct Tell;

impl Step for Tell {
    #[inline(always)]
    fn step(m: Machine) -> Flow {
        let address = m.slot(m.word(HEAD + 3)).saturating_add(m.word64(HEAD + 1));
        // SAFETY: the context is alive and of this thread, the memory is one of its module (invariants 3 and 5).
        unsafe {
            assay_vm::note_access(m.vmctx(), m.word(HEAD), address, m.word(HEAD + 4), m.word(HEAD + 5));
        }
        m.advance(HEAD + 6)
    }
}

/// Tells of an access.
pub(crate) fn tell() -> Opcode {
    Opcode::of::<Tell>()
}
