//! Writes a module anew, with a mark for each segment of its code: a global that is set when control comes to the segment's end.
//!
//! A segment is straight-line code as the fuel rule cuts it. The mark stands in front of its last operator, so that a mark says
//! that all operators before it ran to their end. Enters: bytes and what was read of them; leaves: the other module, which does
//! what the first does (but for fuel and for positions in the binary), and the segments by number of mark.

use super::read::{Function, Reading};

/// Straight-line code: operators `from..=last` of a function.
#[derive(Copy, Clone, Debug)]
pub(super) struct Segment {
    /// Which of the defined functions.
    pub(super) function: usize,
    pub(super) from: usize,
    pub(super) last: usize,
}

/// More marks than this are not made: a module is as small as a generator makes them, or it is not for counting.
const MOST: usize = 20_000;

/// The module with marks, and the segment of each.
pub(super) fn mark(bytes: &[u8], reading: &Reading) -> Option<(Vec<u8>, Vec<Segment>)> {
    let (code_at, code) = reading.code.clone()?;
    let mut segments = Vec::new();
    let mut section = Vec::new();
    unsigned(&mut section, reading.functions.len() as u64);
    for (number, function) in reading.functions.iter().enumerate() {
        let body = body(bytes, number, function, reading.globals, &mut segments);
        unsigned(&mut section, body.len() as u64);
        section.extend(body);
    }
    if segments.len() > MOST {
        return None;
    }
    let globals = globals(bytes, reading, segments.len());
    let (before, behind) = match &reading.global {
        Some((at, range)) => (*at, range.end),
        None => (reading.behind_memories, reading.behind_memories),
    };
    let mut out = bytes[..before].to_vec();
    out.push(6);
    unsigned(&mut out, globals.len() as u64);
    out.extend(globals);
    out.extend_from_slice(&bytes[behind..code_at]);
    out.push(10);
    unsigned(&mut out, section.len() as u64);
    out.extend(section);
    out.extend_from_slice(&bytes[code.end..]);
    Some((out, segments))
}

/// The contents of the global section, with `marks` more.
fn globals(bytes: &[u8], reading: &Reading, marks: usize) -> Vec<u8> {
    let mut old = reading.global.as_ref().map_or(&[][..], |(_, range)| &bytes[range.clone()]);
    let mut count = 0;
    if !old.is_empty() {
        // The number in front, in LEB128.
        let end = old.iter().position(|&byte| byte < 0x80).map_or(0, |at| at + 1);
        count = old[..end].iter().rev().fold(0, |count, byte| count << 7 | u64::from(byte & 0x7f));
        old = &old[end..];
    }
    let mut out = Vec::with_capacity(old.len() + 5 * marks + 5);
    unsigned(&mut out, count + marks as u64);
    out.extend_from_slice(old);
    for _ in 0..marks {
        // A mutable `i32`, at first 0.
        out.extend_from_slice(&[0x7f, 1, 0x41, 0, 0x0b]);
    }
    out
}

/// The body of a function with marks, which `segments` gets.
fn body(
    bytes: &[u8],
    number: usize,
    function: &Function,
    globals: u32,
    segments: &mut Vec<Segment>,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(function.body.len() * 2);
    let (mut copied, mut from) = (function.body.start, 0);
    for (last, operator) in function.operators.iter().enumerate().filter(|(_, operator)| operator.ends) {
        out.extend_from_slice(&bytes[copied..operator.at]);
        copied = operator.at;
        // i32.const 1, global.set
        out.extend_from_slice(&[0x41, 1, 0x24]);
        unsigned(&mut out, u64::from(globals) + segments.len() as u64);
        segments.push(Segment { function: number, from, last });
        from = last + 1;
    }
    out.extend_from_slice(&bytes[copied..function.body.end]);
    out
}

fn unsigned(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
