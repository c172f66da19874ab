//! Malformed or invalid? wasmparser reports both with one kind of error; the specification separates them.
//!
//! A rejected module is decoded once more without validation: when that fails too, it is malformed. What wasmparser
//! checks only while validating although the binary format itself demands it stands in [`FORMAT_RULES`]. This runs
//! for rejected modules only.

use crate::features::wasm_features;
use crate::{ParseError, Stage, support};
use assay_model::features::FeatureSet;
use wasmparser::{BinaryReaderError, Parser, Payload, WasmFeatures};

/// Texts of wasmparser's validator for rules of the binary format.
const FORMAT_RULES: &[&str] = &[
    "data count section required",
    "malformed section id",
    "section out of order",
    "duplicate section",
    "function and code section have inconsistent lengths",
    "data count and data section have inconsistent lengths",
    "data count section not allowed",
    "unknown binary version",
    "unexpected data at the end of the section",
    "invalid flags byte in element segment",
    "zero byte expected",
    "control frames remain at end of function",
    "operators remaining after end of function",
];

/// Gives a rejection its stage and, where switching a feature on would help, the feature.
pub(crate) fn classify(error: ParseError, bytes: &[u8], features: FeatureSet) -> ParseError {
    let ParseError::Rejected { offset, message, .. } = error else { return error };
    let by_rule = FORMAT_RULES.iter().any(|rule| message.contains(rule));
    let stage = if by_rule || decodes(bytes, features).is_err() { Stage::Malformed } else { Stage::Invalid };
    let needs = support::accepted_with(bytes, features);
    ParseError::Rejected { stage, offset, message, needs }
}

/// Decodes everything, validates nothing.
fn decodes(bytes: &[u8], features: FeatureSet) -> Result<(), BinaryReaderError> {
    let mut parser = Parser::new(0);
    parser.set_features(wasm_features(features) | WasmFeatures::GC_TYPES);
    for payload in parser.parse_all(bytes) {
        decode_payload(payload?)?;
    }
    Ok(())
}

fn drain<T>(items: impl IntoIterator<Item = Result<T, BinaryReaderError>>) -> Result<(), BinaryReaderError> {
    items.into_iter().try_for_each(|item| item.map(drop))
}

fn decode_payload(payload: Payload<'_>) -> Result<(), BinaryReaderError> {
    match payload {
        Payload::TypeSection(section) => drain(section),
        Payload::ImportSection(section) => drain(section.into_imports()),
        Payload::FunctionSection(section) => drain(section),
        Payload::TableSection(section) => drain(section),
        Payload::MemorySection(section) => drain(section),
        Payload::TagSection(section) => drain(section),
        Payload::GlobalSection(section) => drain(section),
        Payload::ExportSection(section) => drain(section),
        Payload::ElementSection(section) => {
            for elem in section {
                match elem?.items {
                    wasmparser::ElementItems::Functions(items) => drain(items)?,
                    wasmparser::ElementItems::Expressions(_, items) => drain(items)?,
                }
            }
            Ok(())
        }
        Payload::DataSection(section) => drain(section),
        Payload::CodeSectionEntry(body) => {
            drain(body.get_locals_reader()?)?;
            drain(body.get_operators_reader()?)
        }
        _ => Ok(()),
    }
}
