//! The machine code of a function, instruction by instruction, with the operators that they come from.
//!
//! Instructions are spelled out for x86-64; for other machines the bytes are shown.

use assay_runtime::inspect::{MachineCode, machine_code};
use assay_runtime::{Engine, Module};
use std::fmt::Write;

/// So many instructions are shown on both sides of those of the operator.
const AROUND: usize = 24;

/// The code of a function around what comes from the operator at this position, which is marked.
pub(super) fn around(engine: &Engine, bytes: &[u8], func: u32, offset: u32) -> String {
    let module = match Module::from_binary(engine, bytes) {
        Ok(module) => module,
        Err(error) => return format!("  it is not compiled: {error}\n"),
    };
    let Some(code) = machine_code(&module, func) else {
        return "  there is none: the module is interpreted\n".to_owned();
    };
    let instructions = spelled(&code.bytes);
    let origin = |at: u32| origin(&code, at);
    let is_marked = |at: u32| origin(at) == Some(offset);
    let first = instructions.iter().position(|(at, _)| is_marked(*at));
    let last = instructions.iter().rposition(|(at, _)| is_marked(*at)).unwrap_or(2 * AROUND);
    let mut out = String::new();
    if first.is_none() {
        out.push_str(
            "  no instruction comes from that operator alone: it was joined with others, or is not needed\n",
        );
    }
    let start = first.unwrap_or(0).saturating_sub(AROUND);
    let mut before = None;
    for &(at, ref text) in instructions.iter().take(last + AROUND + 1).skip(start) {
        let mark = if is_marked(at) { '>' } else { ' ' };
        let position = origin(at).filter(|position| before != Some(*position));
        before = origin(at);
        let position = position.map_or(String::new(), |position| format!("{position:#07x}"));
        // Writing to a string cannot fail.
        let _written = writeln!(out, "{mark} {position:>9}  {at:>#6x}: {text}");
    }
    out
}

/// The position of the operator that the code at this offset comes from.
fn origin(code: &MachineCode, at: u32) -> Option<u32> {
    let after = code.origins.partition_point(|&(start, _)| start <= at);
    code.origins[after.checked_sub(1)?].1
}

/// Instructions with their offsets.
#[cfg(target_arch = "x86_64")]
fn spelled(bytes: &[u8]) -> Vec<(u32, String)> {
    use iced_x86::{Decoder, DecoderOptions, Formatter, IntelFormatter};
    let mut formatter = IntelFormatter::new();
    let decoder = Decoder::new(64, bytes, DecoderOptions::NONE);
    decoder
        .into_iter()
        .map(|instruction| {
            let mut text = String::new();
            formatter.format(&instruction, &mut text);
            (instruction.ip() as u32, text)
        })
        .collect()
}

/// Words with their offsets.
#[cfg(not(target_arch = "x86_64"))]
fn spelled(bytes: &[u8]) -> Vec<(u32, String)> {
    let words = bytes.chunks(4).enumerate();
    words
        .map(|(number, word)| {
            (4 * number as u32, word.iter().rev().map(|byte| format!("{byte:02x}")).collect())
        })
        .collect()
}
