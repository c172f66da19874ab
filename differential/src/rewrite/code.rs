//! The operators of a module's functions, by position, whether the module is valid or not.
//!
//! Enters: a binary; leaves: for each body its range and its operators. Rows come from the model's table of operators.

use super::sections::read_leb;
use assay_model::ops::{OpRow, all};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;
use wasmparser::{Parser, Payload};

/// An operator of a body.
#[derive(Clone, Debug)]
pub(crate) struct Operator {
    /// Where it stands in the binary, immediates included.
    pub(crate) range: Range<usize>,
    /// Its row in the table of operators, where it has one.
    pub(crate) row: Option<&'static OpRow>,
}

/// A body.
#[derive(Clone, Debug)]
pub(crate) struct Body {
    /// Where it stands in the binary, without its length.
    pub(crate) range: Range<usize>,
    /// The operators, the last `end` included.
    pub(crate) operators: Vec<Operator>,
}

/// The bodies of a binary, up to what cannot be read.
pub(crate) fn bodies(bytes: &[u8]) -> Vec<Body> {
    let payloads = Parser::new(0).parse_all(bytes).map_while(Result::ok);
    let bodies = payloads.filter_map(|payload| match payload {
        Payload::CodeSectionEntry(body) => Some(body),
        _ => None,
    });
    bodies.filter_map(|body| read(bytes, &body)).collect()
}

fn read(bytes: &[u8], body: &wasmparser::FunctionBody<'_>) -> Option<Body> {
    let position = |offset: u64| usize::try_from(offset).ok();
    let range = position(body.range().start)?..position(body.range().end)?;
    let mut reader = body.get_operators_reader().ok()?;
    let mut operators = Vec::new();
    while !reader.eof() {
        let Ok((_, start)) = reader.read_with_offset() else { break };
        let range = position(start)?..position(reader.original_position())?;
        operators.push(Operator { row: row_at(bytes, range.start), range });
    }
    Some(Body { range, operators })
}

/// The row of the operator whose opcode stands here.
pub(crate) fn row_at(bytes: &[u8], at: usize) -> Option<&'static OpRow> {
    static ROWS: LazyLock<HashMap<(u8, u32), &'static OpRow>> =
        LazyLock::new(|| all().map(|row| ((row.prefix, row.code), row)).collect());
    let (&first, rest) = bytes.get(at..)?.split_first()?;
    let key = match first {
        0xfb..=0xfe => (first, u32::try_from(read_leb(rest)?.0).ok()?),
        _ => (0, u32::from(first)),
    };
    ROWS.get(&key).copied()
}

#[cfg(test)]
mod tests {
    use super::bodies;

    #[test]
    fn operators_are_found_with_their_immediates() {
        let text = "(module (func (drop (i32.const 1000)) (drop (i8x16.splat (i32.const 1)))))";
        let bytes = wat::parse_str(text).unwrap();
        let bodies = bodies(&bytes);
        let found =
            bodies[0].operators.iter().map(|operator| (operator.row.unwrap().mnemonic, operator.range.len()));
        let expected =
            [("i32.const", 3), ("drop", 1), ("i32.const", 2), ("i8x16.splat", 2), ("drop", 1), ("end", 1)];
        assert_eq!(found.collect::<Vec<_>>(), expected);
    }
}
