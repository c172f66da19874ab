//! The custom section of branch hints: which way a branch usually goes.
//!
//! Enters: the section; leaves: the hints of each function. The format is that of the [proposal][spec]: functions and
//! offsets ascend, each hint is one byte, 0 or 1. It knows neither the rest of the module nor whether a hint stands at a
//! branch: who uses hints looks at branches only, and `custom` checks the rest for a judge.
//!
//! [spec]: https://github.com/WebAssembly/branch-hinting/blob/main/proposals/branch-hinting/Overview.md

use crate::ParseError;
use assay_model::index::FuncIdx;
use assay_model::module::BranchHint;
use wasmparser::{BinaryReader, CustomSectionReader};

/// The name of the section.
pub(crate) const NAME: &str = "metadata.code.branch_hint";

/// The hints of each function, in order.
pub(crate) type Hints = Vec<(FuncIdx, Vec<BranchHint>)>;

/// Decodes the section.
pub(crate) fn decode(section: &CustomSectionReader<'_>) -> Result<Hints, ParseError> {
    let mut reader = section.data_reader();
    let mut hints: Hints = Vec::new();
    for _ in 0..number(&mut reader)? {
        let start = reader.original_position();
        let func = FuncIdx(number(&mut reader)?);
        if hints.last().is_some_and(|(last, _)| last.0 >= func.0) {
            return Err(ParseError::malformed(start, "functions with branch hints are out of order"));
        }
        hints.push((func, function(&mut reader)?));
    }
    if !reader.eof() {
        return Err(ParseError::malformed(reader.original_position(), "unexpected data behind branch hints"));
    }
    Ok(hints)
}

fn function(reader: &mut BinaryReader<'_>) -> Result<Vec<BranchHint>, ParseError> {
    let mut hints: Vec<BranchHint> = Vec::new();
    for _ in 0..number(reader)? {
        let start = reader.original_position();
        let hint: wasmparser::BranchHint = reader.read().map_err(|error| ParseError::undecodable(&error))?;
        if hints.last().is_some_and(|last| last.offset >= hint.func_offset) {
            return Err(ParseError::malformed(start, "branch hints are out of order"));
        }
        hints.push(BranchHint { offset: hint.func_offset, taken: hint.taken });
    }
    Ok(hints)
}

fn number(reader: &mut BinaryReader<'_>) -> Result<u32, ParseError> {
    reader.read_var_u32().map_err(|error| ParseError::undecodable(&error))
}
