//! Where the debug information of a module stands, and what an operator accesses: for messages about traps.
//!
//! Enters: a valid module. Leaves: ranges of its bytes, or a width. What DWARF means is not known here.

use std::ops::Range;
use wasmparser::{
    BinaryReader, MemArg, MemArgTarget, OperatorsReader, Parser, Payload, VisitOperator, VisitSimdOperator,
    for_each_visit_operator, for_each_visit_simd_operator,
};

/// The sections of DWARF that a module carries ([DWARF for WebAssembly][spec]).
///
/// [spec]: https://yurydelendik.github.io/webassembly-dwarf/
#[derive(Clone, Debug, Default)]
pub struct DebugSections {
    /// Where the contents of the code section start: positions in DWARF count from there.
    pub code: u32,
    /// Names (`.debug_info` and so on) and where the contents stand in the binary.
    pub sections: Vec<(String, Range<usize>)>,
}

/// The debug information of a module, if it carries any.
pub fn debug_sections(bytes: &[u8]) -> Option<DebugSections> {
    let mut found = DebugSections::default();
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.ok()? {
            Payload::CodeSectionStart { unchecked_range, .. } => {
                found.code = u32::try_from(unchecked_range.start).ok()?;
            }
            Payload::CustomSection(section) if section.name().starts_with(".debug_") => {
                let start = usize::try_from(section.data_offset()).ok()?;
                found.sections.push((section.name().to_owned(), start..start + section.data().len()));
            }
            _ => {}
        }
    }
    (!found.sections.is_empty()).then_some(found)
}

/// The memory and the bytes that one operator accesses.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// Index of the memory.
    pub memory: u32,
    /// What is added to the address that it pops.
    pub offset: u64,
    /// Bytes.
    pub width: u32,
}

/// What the operator at `offset` of the binary accesses, when it is a load, a store or an atomic access.
pub fn access_at(bytes: &[u8], offset: u32) -> Option<Access> {
    let at = bytes.get(offset as usize..)?;
    let mut operators = OperatorsReader::new(BinaryReader::new(at, u64::from(offset)));
    let memarg = operators.visit_operator(&mut FindMemArg).ok()??;
    match memarg.target {
        MemArgTarget::Memory(memory) => {
            Some(Access { memory, offset: memarg.offset, width: 1 << memarg.max_align })
        }
        MemArgTarget::Array(_) => None,
    }
}

/// Finds the immediate of an operator that says what it accesses.
struct FindMemArg;

/// The argument, when it is called `memarg`.
macro_rules! memarg {
    ($arg:ident, memarg) => {
        Some($arg)
    };
    ($arg:ident, $other:ident) => {{
        let _ = $arg;
        None
    }};
}

macro_rules! find_in_each {
    ($(@$proposal:ident $op:ident $({ $($arg:ident: $ty:ty),* })? => $visit:ident ($($annotation:tt)*))*) => {
        $(fn $visit(&mut self $($(, $arg: $ty)*)?) -> Option<MemArg> {
            None$($(.or(memarg!($arg, $arg)))*)?
        })*
    };
}

impl<'a> VisitOperator<'a> for FindMemArg {
    type Output = Option<MemArg>;

    fn simd_visitor(&mut self) -> Option<&mut dyn VisitSimdOperator<'a, Output = Self::Output>> {
        Some(self)
    }

    for_each_visit_operator!(find_in_each);
}

impl VisitSimdOperator<'_> for FindMemArg {
    for_each_visit_simd_operator!(find_in_each);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accesses_know_their_memory_and_width() {
        let access = |bytes: &[u8]| access_at(&[&[0; 3], bytes].concat(), 3);
        // i64.load32_u align=1
        assert_eq!(access(&[0x35, 0, 9]), Some(Access { memory: 0, offset: 9, width: 4 }));
        // v128.load in memory 2
        assert_eq!(access(&[0xfd, 0, 0x44, 2, 0]), Some(Access { memory: 2, offset: 0, width: 16 }));
        // i64.atomic.rmw.add
        assert_eq!(access(&[0xfe, 0x1f, 3, 0]), Some(Access { memory: 0, offset: 0, width: 8 }));
        // i32.add, nothing, and nonsense
        assert_eq!((access(&[0x6a]), access(&[]), access(&[0xfd, 0xff])), (None, None, None));
        assert_eq!(access_at(&[], u32::MAX), None);
    }

    #[test]
    fn debug_sections_are_found_with_their_places() {
        let module = [
            b"\0asm\x01\0\0\0".as_slice(),
            &[1, 4, 1, 0x60, 0, 0],
            &[3, 2, 1, 0],
            &[10, 4, 1, 2, 0, 0x0b],
            &[0, 14, 11],
            b".debug_line\x2a\x2b",
        ]
        .concat();
        let found = debug_sections(&module).unwrap();
        assert_eq!(found.code, 20);
        let [(name, range)] = found.sections.as_slice() else { panic!("{found:?}") };
        assert_eq!((name.as_str(), &module[range.clone()]), (".debug_line", [0x2a, 0x2b].as_slice()));
        assert!(debug_sections(&module[..26]).is_none());
    }
}
