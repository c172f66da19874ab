//! The tables of code as bytes: arrays of fixed width, which are read in one sweep, then the trampolines.
//!
//! Their counts stand in front. What does not fit the bytes exactly is refused; whether ranges fit the text is for the
//! machine to check.

use super::ArtifactError;
use assay_model::artifact::{CodeArtifact, CodeRange, Handler, StackMap, TrapSite};
use assay_model::layout::AbiSig;
use assay_model::trap::TrapKind;

/// A list of trampolines.
type Bridges = Vec<(AbiSig, CodeRange)>;

/// The bytes of everything but the text.
pub(super) fn encode(tables: &CodeArtifact) -> Vec<u8> {
    let CodeArtifact {
        text: _,
        functions,
        entry_trampolines,
        exit_trampolines,
        traps,
        address_map,
        stack_maps,
        stack_slots,
        handlers,
    } = tables;
    let mut bytes = Vec::with_capacity(64 + functions.len() * 8 + traps.len() * 5 + address_map.len() * 8);
    let counts = [
        functions.len(),
        traps.len(),
        address_map.len(),
        stack_maps.len(),
        stack_slots.len(),
        handlers.len(),
    ];
    for count in counts {
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
    for &StackMap { offset, frame_size, first, count } in stack_maps {
        [offset, frame_size, first, count].into_iter().for_each(|number| put(&mut bytes, number));
    }
    stack_slots.iter().for_each(|&slot| put(&mut bytes, slot));
    for &Handler { offset, frame_size, landing } in handlers {
        [offset, frame_size, landing].into_iter().for_each(|number| put(&mut bytes, number));
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
    let counts = array::<4>(&mut bytes, 6)?;
    let mut counts = counts.iter().map(|&count| u32::from_le_bytes(count) as usize);
    let (functions, traps, map) = (counts.next()?, counts.next()?, counts.next()?);
    let (stack_maps, stack_slots, handlers) = (counts.next()?, counts.next()?, counts.next()?);
    let functions = array(&mut bytes, functions)?.iter().map(pair);
    let address_map = array(&mut bytes, map)?.iter().map(pair);
    let stack_maps = array(&mut bytes, stack_maps)?.iter().map(stack_map);
    let stack_slots = array::<4>(&mut bytes, stack_slots)?.iter().map(|&slot| u32::from_le_bytes(slot));
    let handlers = array(&mut bytes, handlers)?.iter().map(handler);
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
        stack_maps: stack_maps.collect(),
        stack_slots: stack_slots.collect(),
        handlers: handlers.collect(),
    })
}

/// Takes `count` elements of `N` bytes off the front.
fn array<'a, const N: usize>(bytes: &mut &'a [u8], count: usize) -> Option<&'a [[u8; N]]> {
    let (front, rest) = bytes.split_at_checked(count.checked_mul(N)?)?;
    *bytes = rest;
    Some(front.as_chunks().0)
}

fn stack_map(bytes: &[u8; 16]) -> StackMap {
    let [offset, frame_size, first, count] = numbers(bytes);
    StackMap { offset, frame_size, first, count }
}

fn handler(bytes: &[u8; 12]) -> Handler {
    let [offset, frame_size, landing] = numbers(bytes);
    Handler { offset, frame_size, landing }
}

/// The numbers of an entry.
fn numbers<const N: usize>(bytes: &[u8]) -> [u32; N] {
    let mut words = bytes.as_chunks::<4>().0.iter();
    std::array::from_fn(|_| words.next().map_or(0, |&word| u32::from_le_bytes(word)))
}

fn pair(bytes: &[u8; 8]) -> (u32, u32) {
    let both = u64::from_le_bytes(*bytes);
    (both as u32, (both >> 32) as u32)
}
