//! Operators as bytes, one behind the other, as the binary format has them: what generators write functions with.
//!
//! Enters: mnemonics or rows of the operator table, and immediates; leaves: the inside of a function body. Types are the
//! letters of the table's signatures. Knows no module: indices are the caller's.

use super::edges;
use crate::random::Random;
use assay_model::ops::{self, Immediates, OpRow};
use std::collections::HashMap;
use std::sync::LazyLock;

/// The table by mnemonic; where two rows share one, the first.
static BY_MNEMONIC: LazyLock<HashMap<&'static str, &'static OpRow>> = LazyLock::new(|| {
    let mut rows = HashMap::new();
    for row in ops::all() {
        rows.entry(row.mnemonic).or_insert(row);
    }
    rows
});

/// Operators.
#[derive(Clone, Debug, Default)]
pub(super) struct Code(Vec<u8>);

/// What a leaf of an expression is.
#[derive(Copy, Clone, Debug)]
pub(super) enum Leaf {
    /// A parameter or local.
    Local(u32),
    /// A global.
    Global(u32),
    /// A constant: its type and bits.
    Constant(char, u128),
}

/// The empty type of a block.
const EMPTY: u8 = 0x40;

impl Code {
    /// What was written.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// An operator by its name. One that the table does not have would be a mistake of the generator's: it becomes
    /// `unreachable`, which the generator's tests see.
    pub(super) fn op(&mut self, mnemonic: &str) -> &mut Self {
        match BY_MNEMONIC.get(mnemonic) {
            Some(row) => self.row(row),
            None => self.byte(0),
        }
    }

    /// An operator of the table.
    pub(super) fn row(&mut self, row: &OpRow) -> &mut Self {
        if row.prefix == 0 {
            return self.byte(row.code as u8);
        }
        self.byte(row.prefix).unsigned(u64::from(row.code))
    }

    pub(super) fn byte(&mut self, byte: u8) -> &mut Self {
        self.0.push(byte);
        self
    }

    pub(super) fn extend(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// A number in LEB128.
    pub(super) fn unsigned(&mut self, mut value: u64) -> &mut Self {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.byte(value as u8)
    }

    /// A signed number in LEB128.
    pub(super) fn signed(&mut self, mut value: i64) -> &mut Self {
        loop {
            let low = (value & 0x7f) as u8;
            value >>= 7;
            // The sign of the last group is that of the number.
            let rest = if low & 0x40 == 0 { 0 } else { -1 };
            if value == rest {
                return self.byte(low);
            }
            self.0.push(low | 0x80);
        }
    }

    /// A constant of these bits.
    pub(super) fn constant(&mut self, ty: char, bits: u128) -> &mut Self {
        match ty {
            'i' | 'a' => self.byte(0x41).signed(i64::from(bits as u32 as i32)),
            'I' => self.byte(0x42).signed(bits as u64 as i64),
            'f' => self.byte(0x43).extend(&(bits as u32).to_le_bytes()),
            'F' => self.byte(0x44).extend(&(bits as u64).to_le_bytes()),
            _ => self.op("v128.const").extend(&bits.to_le_bytes()),
        }
    }

    pub(super) fn get(&mut self, local: u32) -> &mut Self {
        self.byte(0x20).unsigned(u64::from(local))
    }

    pub(super) fn set(&mut self, local: u32) -> &mut Self {
        self.byte(0x21).unsigned(u64::from(local))
    }

    pub(super) fn tee(&mut self, local: u32) -> &mut Self {
        self.byte(0x22).unsigned(u64::from(local))
    }

    pub(super) fn global_set(&mut self, global: u32) -> &mut Self {
        self.byte(0x24).unsigned(u64::from(global))
    }

    pub(super) fn call(&mut self, func: u32) -> &mut Self {
        self.byte(0x10).unsigned(u64::from(func))
    }

    /// A branch (`br`, `br_if`) to this label.
    pub(super) fn branch(&mut self, mnemonic: &str, label: u32) -> &mut Self {
        self.op(mnemonic).unsigned(u64::from(label))
    }

    /// The beginning of a block (`block`, `loop`, `if`) with at most one result.
    pub(super) fn open(&mut self, mnemonic: &str, result: Option<char>) -> &mut Self {
        let ty = result.map_or(EMPTY, valtype);
        self.op(mnemonic).byte(ty)
    }

    pub(super) fn leaf(&mut self, leaf: Leaf) -> &mut Self {
        match leaf {
            Leaf::Local(local) => self.get(local),
            Leaf::Global(global) => self.byte(0x23).unsigned(u64::from(global)),
            Leaf::Constant(ty, bits) => self.constant(ty, bits),
        }
    }

    /// The immediates of an operator of [`plain`] kind; its memory is number 0.
    pub(super) fn immediates(&mut self, row: &OpRow, offset: u64, random: &mut Random) -> &mut Self {
        if matches!(row.immediates, Immediates::MemArg | Immediates::MemArgLane) {
            let width = width(row.mnemonic).trailing_zeros();
            // Atomic operators want their own alignment, others take a smaller one, too.
            let atomic = row.prefix == 0xfe;
            let align = if atomic { width } else { random.below(width as usize + 1) as u32 };
            self.unsigned(u64::from(align)).unsigned(offset);
        }
        match row.immediates {
            Immediates::Lane | Immediates::MemArgLane => {
                let lane = random.below(super::words::lanes(row.mnemonic));
                self.byte(lane as u8)
            }
            Immediates::Shuffle => (0..16).fold(self, |code, _| code.byte(random.below(32) as u8)),
            Immediates::Memory | Immediates::Fence => self.byte(0),
            Immediates::MemoryMemory => self.extend(&[0, 0]),
            _ => self,
        }
    }
}

/// Whether the immediates of an operator can be made up without knowing its module, but that it has one memory.
pub(super) fn plain(row: &OpRow) -> bool {
    use Immediates as Im;
    let immediates =
        [Im::None, Im::MemArg, Im::Lane, Im::MemArgLane, Im::Shuffle, Im::Memory, Im::MemoryMemory];
    immediates.contains(&row.immediates)
}

/// How many bytes an operator with a memory argument accesses.
pub(super) fn width(mnemonic: &str) -> u32 {
    let (shape, operator) = mnemonic.split_once('.').unwrap_or(("", mnemonic));
    let whole = match shape {
        "i32" | "f32" => 4,
        "i64" | "f64" => 8,
        "v128" => 16,
        // `memory.atomic`: names end in the width, but for `notify`.
        _ if operator.ends_with("64") => 8,
        _ => 4,
    };
    let vectors = [("8x8", 8), ("16x4", 8), ("32x2", 8)];
    if let Some((_, width)) = vectors.iter().find(|(name, _)| operator.contains(name)) {
        return *width;
    }
    let narrow = [("64", 8), ("32", 4), ("16", 2), ("8", 1)];
    let told = |(name, _): &&(&str, u32)| {
        let digits: String = operator.chars().filter(char::is_ascii_digit).collect();
        digits == *name
    };
    narrow.iter().find(told).map_or(whole, |(_, width)| *width)
}

/// A type in the binary format. An address of unknown width counts as the narrow one.
pub(super) fn valtype(ty: char) -> u8 {
    match ty {
        'i' | 'a' => 0x7f,
        'I' => 0x7e,
        'f' => 0x7d,
        'F' => 0x7c,
        _ => 0x7b,
    }
}

/// The bits of a boundary value.
pub(super) fn edge(ty: char, random: &mut Random) -> u128 {
    match ty {
        'i' | 'a' => u128::from(*random.pick(&edges::I32)),
        'I' => u128::from(*random.pick(&edges::I64)),
        'f' => u128::from(*random.pick(&edges::F32)),
        'F' => u128::from(*random.pick(&edges::F64)),
        _ => edges::v128(random),
    }
}

/// What makes a NaN canonical, for the value of this shape on the stack: through a local of its type.
pub(super) fn quieten(code: &mut Code, shape: &str, local: u32) {
    const F32: u128 = 0x7fc0_0000;
    const F64: u128 = 0x7ff8_0000_0000_0000;
    let (ty, nan) = match shape {
        "f32" => ('f', F32),
        "f64" => ('F', F64),
        "f32x4" => ('v', F32 | F32 << 32 | F32 << 64 | F32 << 96),
        _ => ('v', F64 | F64 << 64),
    };
    code.set(local).constant(ty, nan).get(local).get(local).get(local);
    code.op(&format!("{shape}.ne"));
    // The local is read elsewhere, too: it must not keep what the value was before.
    code.op(if ty == 'v' { "v128.bitselect" } else { "select" }).tee(local);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_format() {
        let signed = |value| Code::default().signed(value).bytes().to_vec();
        assert_eq!(signed(0), [0]);
        assert_eq!(signed(63), [63]);
        assert_eq!(signed(64), [0xc0, 0]);
        assert_eq!(signed(-1), [0x7f]);
        assert_eq!(signed(-64), [0x40]);
        assert_eq!(signed(-65), [0xbf, 0x7f]);
        assert_eq!(signed(i64::MIN), [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f]);
        assert_eq!(Code::default().unsigned(624_485).bytes(), [0xe5, 0x8e, 0x26]);
    }

    #[test]
    fn widths_are_those_of_the_access() {
        for (mnemonic, bytes) in [
            ("i32.load", 4),
            ("i64.load32_u", 4),
            ("i32.store16", 2),
            ("v128.load", 16),
            ("v128.load16x4_s", 8),
            ("v128.load8_splat", 1),
            ("v128.load64_lane", 8),
            ("v128.load32_zero", 4),
            ("i64.atomic.rmw8.cmpxchg_u", 1),
            ("i64.atomic.rmw.add", 8),
            ("memory.atomic.wait64", 8),
            ("memory.atomic.notify", 4),
        ] {
            assert_eq!(width(mnemonic), bytes, "{mnemonic}");
        }
    }
}
