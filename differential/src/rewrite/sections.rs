//! A binary as its sections, which can be replaced and appended to.
//!
//! Enters: bytes; leaves: sections in their order, and bytes again. Checks no more than that the sections fit into the binary.

/// The section of types.
pub(crate) const TYPE: u8 = 1;
/// The section of functions' types.
pub(crate) const FUNCTION: u8 = 3;
/// The section of memories.
pub(crate) const MEMORY: u8 = 5;
/// The section of bodies.
pub(crate) const CODE: u8 = 10;

/// The order in which sections stand.
const ORDER: [u8; 13] = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];

const HEADER: &[u8; 8] = b"\0asm\x01\0\0\0";

/// The sections of a binary: number and contents.
#[derive(Clone, Debug)]
pub(crate) struct Sections(pub(crate) Vec<(u8, Vec<u8>)>);

impl Sections {
    /// The sections of a binary; `None` when it is no module, or they do not fit into it.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes.strip_prefix(HEADER)?;
        let mut sections = Vec::new();
        while let Some((&number, after)) = rest.split_first() {
            let (len, after) = read_leb(after)?;
            let (contents, after) = after.split_at_checked(usize::try_from(len).ok()?)?;
            sections.push((number, contents.to_vec()));
            rest = after;
        }
        Some(Self(sections))
    }

    /// The binary.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = HEADER.to_vec();
        for (number, contents) in &self.0 {
            bytes.push(*number);
            bytes.extend(leb(contents.len() as u64));
            bytes.extend_from_slice(contents);
        }
        bytes
    }

    /// Leaves out custom sections.
    pub(crate) fn forget_custom(&mut self) {
        self.retain(|number, _| number != 0);
    }

    /// Leaves out sections, unless this is true of number and contents.
    pub(crate) fn retain(&mut self, keep: impl Fn(u8, &[u8]) -> bool) {
        self.0.retain(|(number, contents)| keep(*number, contents));
    }

    /// The items of a section that is a list of items that begin with their lengths; `None` when there is no such section.
    pub(crate) fn sized_items(&self, number: u8) -> Option<Vec<Vec<u8>>> {
        let (_, contents) = self.0.iter().find(|(other, _)| *other == number)?;
        let (count, mut rest) = read_leb(contents)?;
        let mut items = Vec::new();
        for _ in 0..count {
            let (len, after) = read_leb(rest)?;
            let whole = (rest.len() - after.len()).checked_add(usize::try_from(len).ok()?)?;
            let (item, after) = rest.split_at_checked(whole)?;
            items.push(item.to_vec());
            rest = after;
        }
        Some(items)
    }

    /// The contents of a section, which is made where it belongs if there is none.
    fn section(&mut self, number: u8) -> &mut Vec<u8> {
        let rank = |number: u8| ORDER.iter().position(|&other| other == number);
        let at = match self.0.iter().position(|(other, _)| *other == number) {
            Some(at) => at,
            None => {
                let behind = |other: &(u8, Vec<u8>)| other.0 != 0 && rank(other.0) > rank(number);
                let at = self.0.iter().position(behind).unwrap_or(self.0.len());
                self.0.insert(at, (number, leb(0)));
                at
            }
        };
        &mut self.0[at].1
    }

    /// Appends items to a section that is a list; `None` when it does not begin with a number.
    pub(crate) fn append(&mut self, number: u8, items: &[Vec<u8>]) -> Option<()> {
        if items.is_empty() {
            return Some(());
        }
        let contents = self.section(number);
        let (count, rest) = read_leb(contents)?;
        let mut longer = leb(count + items.len() as u64);
        longer.extend_from_slice(rest);
        longer.extend(items.iter().flatten());
        *contents = longer;
        Some(())
    }

    /// Makes a section the list of these items.
    pub(crate) fn set_items(&mut self, number: u8, items: &[Vec<u8>]) {
        let mut contents = leb(items.len() as u64);
        contents.extend(items.iter().flatten());
        *self.section(number) = contents;
    }
}

/// A number as LEB128.
pub(crate) fn leb(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

/// A signed number as LEB128.
pub(crate) fn signed_leb(mut value: i64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        if (value == 0 && low & 0x40 == 0) || (value == -1 && low & 0x40 != 0) {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

/// The number at the beginning, and what follows it.
pub(crate) fn read_leb(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0;
    for (position, &byte) in bytes.iter().enumerate().take(5) {
        value |= u64::from(byte & 0x7f) << (7 * position);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[position + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{CODE, MEMORY, Sections, leb, read_leb, signed_leb};

    #[test]
    fn numbers_round_trip() {
        for value in [0, 1, 127, 128, 300, u64::from(u32::MAX)] {
            assert_eq!(read_leb(&leb(value)), Some((value, &[][..])));
        }
        assert_eq!(signed_leb(-1), [0x7f]);
        assert_eq!(signed_leb(64), [0xc0, 0]);
        assert_eq!(signed_leb(-65), [0xbf, 0x7f]);
    }

    #[test]
    fn a_section_that_is_not_there_is_made_where_it_belongs() {
        let bytes =
            wat::parse_str("(module (type (func)) (global i32 (i32.const 1)) (func (type 0)))").unwrap();
        let mut sections = Sections::read(&bytes).unwrap();
        assert_eq!(sections.bytes(), bytes);
        sections.append(MEMORY, &[vec![0, 1]]).unwrap();
        let numbers: Vec<u8> = sections.0.iter().map(|section| section.0).collect();
        assert_eq!(numbers, [1, 3, MEMORY, 6, CODE]);
    }

    #[test]
    fn sections_that_do_not_fit_are_none() {
        assert!(Sections::read(b"\0asm\x01\0\0\0\x01\x7f").is_none());
        assert!(Sections::read(b"(module)").is_none());
    }
}
