//! Telling of accesses before they are made, where a judge has asked for it.
//!
//! Enters: the operator that comes next, and the operand stack; leaves: an instruction in front of it, if it accesses a memory.
//! What the operator is says the operator table. Nothing of this is in code for use.

use super::function::FuncLowering;
use super::stack::Operand;
use crate::exec::access::tell;
use assay_model::ops::{OpRow, by_opcode};
use assay_parse::access_at;

impl FuncLowering<'_> {
    /// Tells of the access that the present operator makes, if it makes one.
    #[inline(never)]
    pub(super) fn tell_access(&mut self) {
        let Some(access) = access_at(self.bytes, self.offset) else { return };
        let Some(row) = row_at(self.bytes, self.offset as usize) else { return };
        // Waiting and notifying are no accesses of code.
        if row.mnemonic.starts_with("memory.atomic") {
            return;
        }
        // The address is the first operand.
        let operands = row.signature.find(':').unwrap_or(1);
        let position = self.stack.height() - operands;
        self.stack.materialize_from(position);
        let address = Operand::Slot(self.stack.slot_at(position));
        let words = [
            Operand::Narrow(access.memory),
            Operand::Wide(access.offset),
            address,
            Operand::Narrow(access.width),
            Operand::Narrow(self.offset),
        ];
        self.emit(tell(), &words);
    }
}

/// The row of the operator at this place.
fn row_at(bytes: &[u8], at: usize) -> Option<&'static OpRow> {
    let first = *bytes.get(at)?;
    if first < 0xfb {
        return by_opcode(0, first.into());
    }
    let mut code = 0;
    for (number, byte) in bytes.get(at + 1..)?.iter().take(5).enumerate() {
        code |= u32::from(byte & 0x7f) << (7 * number);
        if byte & 0x80 == 0 {
            return by_opcode(first, code);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::row_at;

    #[test]
    fn operators_are_found_with_and_without_prefix() {
        let name = |bytes: &[u8]| row_at(bytes, 0).map(|row| row.mnemonic);
        assert_eq!(name(&[0x28, 2, 0]), Some("i32.load"));
        assert_eq!(name(&[0xfd, 0x5d, 3, 0]), Some("v128.load64_zero"));
        assert_eq!(name(&[0xfe, 0x80]), None);
    }
}
