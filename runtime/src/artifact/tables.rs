//! The tables of code as bytes: arrays of fixed width, which are read in one sweep, then the trampolines.
//!
//! Four counts stand in front. What does not fit the bytes exactly is refused; whether ranges fit the text is for the
//! machine to check.

use super::ArtifactError;
use assay_model::artifact::{CodeArtifact, CodeRange, TrapSite};
use assay_model::layout::AbiSig;
use assay_model::trap::TrapKind;

/// A list of trampolines.
type Bridges = Vec<(AbiSig, CodeRange)>;

/// The bytes of everything but the text.
pub(super) fn encode(tables: &CodeArtifact) -> Vec<u8> {
    let CodeArtifact { text: _, functions, entry_trampolines, exit_trampolines, traps, address_map } = tables;
    let mut bytes = Vec::with_capacity(64 + functions.len() * 8 + traps.len() * 5 + address_map.len() * 8);
    for count in [functions.len(), traps.len(), address_map.len()] {
        put(&mut bytes, u32::try_from(count).expect("a text of less than 4 GiB has fewer entries"));
    }
    for range in functions {
        put(&mut bytes, range.start);
        put(&mut bytes, range.len);
    }
    for &(offset, position) in address_map {
        put(&mut bytes, offset);
        put(&mut bytes, position);
    }
    traps.iter().for_each(|site| put(&mut bytes, site.offset));
    bytes.extend(traps.iter().map(|site| site.kind as u8));
    let bridges = (entry_trampolines, exit_trampolines);
    postcard::to_extend(&bridges, bytes).expect("lists of numbers encode")
}

fn put(bytes: &mut Vec<u8>, number: u32) {
    bytes.extend_from_slice(&number.to_le_bytes());
}

/// What [`encode`] was given, without text.
pub(super) fn decode(bytes: &[u8]) -> Result<CodeArtifact, ArtifactError> {
    parse(bytes).ok_or(ArtifactError::Damaged("the tables of its code cannot be read"))
}

fn parse(mut bytes: &[u8]) -> Option<CodeArtifact> {
    let counts = array::<4>(&mut bytes, 3)?;
    let mut counts = counts.iter().map(|&count| u32::from_le_bytes(count) as usize);
    let (functions, traps, map) = (counts.next()?, counts.next()?, counts.next()?);
    let functions = array(&mut bytes, functions)?.iter().map(pair);
    let address_map = array(&mut bytes, map)?.iter().map(pair);
    let offsets = array(&mut bytes, traps)?;
    let kinds = array::<1>(&mut bytes, traps)?;
    let sites = offsets.iter().zip(kinds).map(|(&offset, &[kind])| {
        Some(TrapSite { offset: u32::from_le_bytes(offset), kind: TrapKind::from_code(kind)? })
    });
    let ((entry_trampolines, exit_trampolines), []) =
        postcard::take_from_bytes::<(Bridges, Bridges)>(bytes).ok()?
    else {
        return None;
    };
    Some(CodeArtifact {
        text: Vec::new(),
        functions: functions.map(|(start, len)| CodeRange { start, len }).collect(),
        entry_trampolines,
        exit_trampolines,
        traps: sites.collect::<Option<_>>()?,
        address_map: address_map.collect(),
    })
}

/// Takes `count` elements of `N` bytes off the front.
fn array<'a, const N: usize>(bytes: &mut &'a [u8], count: usize) -> Option<&'a [[u8; N]]> {
    let (front, rest) = bytes.split_at_checked(count.checked_mul(N)?)?;
    *bytes = rest;
    Some(front.as_chunks().0)
}

fn pair(bytes: &[u8; 8]) -> (u32, u32) {
    let both = u64::from_le_bytes(*bytes);
    (both as u32, (both >> 32) as u32)
}
