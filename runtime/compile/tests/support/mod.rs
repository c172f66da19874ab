//! What the tests of this crate share: options, the corpus, and a checker for artifacts.
#![allow(dead_code, clippy::allow_attributes, reason = "each test file uses a part")]

use assay_compile::{CompileError, CompileOptions, Compiler, OptLevel};
use assay_model::artifact::{CodeArtifact, CodeRange};
use assay_model::features::FeatureSet;
use assay_model::ops::{self, Immediates, OpRow};
use assay_parse::ParsedModule;

/// Every combination of options that changes code, with the verifier on.
pub(crate) fn all_options() -> Vec<CompileOptions> {
    let base = CompileOptions { verifier: true, parallel: false, ..CompileOptions::default() };
    let mut all = Vec::new();
    for bits in 0..32u32 {
        all.push(CompileOptions {
            opt_level: if bits & 1 == 0 { OptLevel::Speed } else { OptLevel::None },
            signals_based_traps: bits & 2 == 0,
            fuel: bits & 4 != 0,
            epoch: bits & 8 != 0,
            spectre: bits & 16 == 0,
            nan_canonicalization: bits & 16 != 0,
            ..base
        });
    }
    all
}

/// Options of a test that looks at one thing.
pub(crate) fn checked() -> CompileOptions {
    CompileOptions { verifier: true, parallel: false, ..CompileOptions::default() }
}

/// The hand-written modules, by name.
pub(crate) const CORPUS: &[(&str, &str)] = &[
    ("aggregate", include_str!("../modules/aggregate.wat")),
    ("atomic", include_str!("../modules/atomic.wat")),
    ("bulk", include_str!("../modules/bulk.wat")),
    ("call", include_str!("../modules/call.wat")),
    ("control", include_str!("../modules/control.wat")),
    ("descriptor", include_str!("../modules/descriptor.wat")),
    ("exception", include_str!("../modules/exception.wat")),
    ("global", include_str!("../modules/global.wat")),
    ("inline", include_str!("../modules/inline.wat")),
    ("legacy", include_str!("../modules/legacy.wat")),
    ("memory", include_str!("../modules/memory.wat")),
    ("memories", include_str!("../modules/memories.wat")),
    ("reference", include_str!("../modules/reference.wat")),
    ("table", include_str!("../modules/table.wat")),
    ("tail", include_str!("../modules/tail.wat")),
    ("vector", include_str!("../modules/vector.wat")),
];

/// One function per operator that takes numbers only, from the operator table.
pub(crate) fn numeric_module() -> String {
    module_of(|row| !row.signature.contains('v'))
}

/// One function per operator on vectors, from the operator table.
pub(crate) fn vector_module() -> String {
    module_of(|row| row.signature.contains('v'))
}

/// The operators of features that compiled code has.
pub(crate) fn built_rows() -> impl Iterator<Item = &'static OpRow> {
    ops::all().filter(|row| row.feature.is_none_or(|feature| FeatureSet::built_by_jit().contains(feature)))
}

fn module_of(wanted: impl Fn(&&OpRow) -> bool) -> String {
    let functions = built_rows().filter(wanted).filter_map(numeric_function).collect::<String>();
    format!("(module (memory 1) {functions})")
}

/// A function of one operator, when it takes numbers and vectors only.
pub(crate) fn numeric_function(row: &OpRow) -> Option<String> {
    let (operands, results) = row.signature.split_once(':').filter(|_| row.signature != ":")?;
    let names = |letters: &str| -> Option<Vec<&str>> {
        letters
            .chars()
            .map(|letter| match letter {
                'i' | 'a' => Some("i32"),
                'I' => Some("i64"),
                'f' => Some("f32"),
                'F' => Some("f64"),
                'v' => Some("v128"),
                _ => None,
            })
            .collect()
    };
    let (params, results) = (names(operands)?, names(results)?);
    let immediate = match row.immediates {
        Immediates::None => "",
        Immediates::MemArg => "offset=7",
        Immediates::Lane => "1",
        Immediates::MemArgLane => "offset=7 1",
        Immediates::V128 => "i32x4 1 2 3 4",
        Immediates::Shuffle => "0 17 2 19 4 21 6 23 8 25 10 27 12 29 14 31",
        Immediates::I32 | Immediates::I64 | Immediates::F32 | Immediates::F64 => "42",
        _ => return None,
    };
    let gets: String = (0..params.len()).map(|local| format!("local.get {local} ")).collect();
    Some(format!(
        "(func (export \"{0}\") (param {1}) (result {2}) {gets}{0} {immediate})\n",
        row.mnemonic,
        params.join(" "),
        results.join(" ")
    ))
}

/// Parses a module in text form.
pub(crate) fn parse(text: &str) -> (ParsedModule, Vec<u8>) {
    let bytes = wat::parse_str(text).unwrap_or_else(|error| panic!("{error}"));
    let built = FeatureSet::built_by_jit();
    let parsed = assay_parse::parse_for(&bytes, built, built).unwrap_or_else(|error| panic!("{error}"));
    (parsed, bytes)
}

/// Compiles a module in text form.
pub(crate) fn compile(text: &str, options: CompileOptions) -> Result<CodeArtifact, CompileError> {
    let (parsed, bytes) = parse(text);
    Compiler::host(options).expect("the test host runs compiled code").compile(&parsed, &bytes)
}

/// Checks what must hold of every artifact.
pub(crate) fn check(artifact: &CodeArtifact, parsed: &ParsedModule) {
    let model = &parsed.model;
    assert_eq!(artifact.functions.len(), model.bodies.len());
    let mut ranges = artifact.functions.clone();
    ranges.extend(artifact.entry_trampolines.iter().map(|(_, range)| *range));
    ranges.extend(artifact.exit_trampolines.iter().map(|(_, range)| *range));
    let mut end = 0;
    for range in &ranges {
        assert!(range.len > 0 && range.start >= end && range.start % 16 == 0, "{ranges:?}");
        end = range.start + range.len;
    }
    assert!(end as usize <= artifact.text.len());
    let inside = |offset: u32, ranges: &[CodeRange]| {
        ranges.iter().any(|range| (range.start..range.start + range.len).contains(&offset))
    };
    assert!(artifact.traps.windows(2).all(|pair| pair[0].offset < pair[1].offset), "sorted, no twins");
    assert!(artifact.traps.iter().all(|site| inside(site.offset, &ranges)));
    assert!(artifact.address_map.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 != pair[1].1));
    for site in artifact.traps.iter().filter(|site| inside(site.offset, &artifact.functions)) {
        let func = artifact.functions.iter().position(|range| inside(site.offset, &[*range])).unwrap();
        let position = artifact.wasm_offset(site.offset).unwrap();
        assert!(model.bodies[func].contains(&position), "{site:?} is mapped to {position}");
    }
    for (_, range) in artifact.entry_trampolines.iter().chain(&artifact.exit_trampolines) {
        assert_eq!(artifact.wasm_offset(range.start), None);
    }
}
