//! Vector operators: the table against an outside encoder, and every operator under every choice of extensions.

#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use assay_compile::{CompileOptions, Compiler, OptLevel, VectorExtensions};
use assay_model::features::Feature;
use assay_model::ops::{self, OpRow};
use assay_model::trap::TrapKind;
use support::{CORPUS, check, checked, compile, numeric_function, parse, vector_module};

fn vectors() -> impl Iterator<Item = &'static OpRow> {
    ops::all().filter(|row| matches!(row.feature, Some(Feature::Simd | Feature::RelaxedSimd)))
}

#[test]
fn opcodes_are_those_of_the_binary_format() {
    assert_eq!(vectors().count(), 236 + 20);
    for row in vectors() {
        let text = numeric_function(row).unwrap_or_else(|| panic!("{} has no test module", row.mnemonic));
        let (parsed, bytes) = parse(&format!("(module (memory 1) {text})"));
        let mut opcode = vec![row.prefix];
        if row.code < 0x80 {
            opcode.push(row.code as u8);
        } else {
            opcode.extend([row.code as u8 | 0x80, (row.code >> 7) as u8]);
        }
        let operands = row.signature.find(':').unwrap();
        let body = &bytes[parsed.model.bodies[0].start as usize..parsed.model.bodies[0].end as usize];
        // The body is a count of locals, one `local.get` of two bytes for each operand, and the operator.
        assert!(body[1 + 2 * operands..].starts_with(&opcode), "{}: {body:x?}", row.mnemonic);
    }
}

#[test]
fn every_operator_compiles_with_every_choice_of_extensions() {
    let operators = vector_module();
    let modules: Vec<_> = [operators.as_str()]
        .into_iter()
        .chain(CORPUS.iter().filter(|(name, _)| *name == "vector").map(|(_, text)| *text))
        .map(parse)
        .collect();
    assert_eq!(modules.len(), 2);
    for vectors in VectorExtensions::ALL {
        for bits in 0..8 {
            let options = CompileOptions {
                vectors,
                opt_level: if bits & 1 == 0 { OptLevel::Speed } else { OptLevel::None },
                signals_based_traps: bits & 2 == 0,
                nan_canonicalization: bits & 4 != 0,
                ..checked()
            };
            let compiler = Compiler::host(options).unwrap();
            for (parsed, bytes) in &modules {
                let artifact = compiler.compile(parsed, bytes);
                let artifact = artifact.unwrap_or_else(|error| panic!("{options:?}: {error}"));
                check(&artifact, parsed);
            }
        }
    }
}

#[test]
fn extensions_change_code_and_target() {
    let text = "(module (func (param v128 v128) (result v128)
        (f32x4.add (i32x4.add (local.get 0) (local.get 1)) (local.get 0))))";
    let of = |vectors| CompileOptions { vectors, ..checked() };
    let host = Compiler::host(of(VectorExtensions::Host)).unwrap();
    let least = Compiler::host(of(VectorExtensions::Sse41)).unwrap();
    let (host, least) = (host.target().extensions, least.target().extensions);
    assert!(!least.contains(&"avx") && least.contains(&"sse41"), "{least:?}");
    if host.contains(&"avx") {
        let [host, least] = [VectorExtensions::Host, VectorExtensions::Sse41]
            .map(|vectors| compile(text, of(vectors)).unwrap().text);
        assert_ne!(host, least);
    }
}

#[test]
fn accesses_are_checked_for_their_own_width() {
    // The length of the memory is known, so an access that can never be in bounds leaves nothing but its trap.
    for (operator, width) in [
        ("v128.load", 16),
        ("v128.load8x8_s", 8),
        ("v128.load16x4_u", 8),
        ("v128.load32x2_s", 8),
        ("v128.load8_splat", 1),
        ("v128.load16_splat", 2),
        ("v128.load32_splat", 4),
        ("v128.load64_splat", 8),
        ("v128.load32_zero", 4),
        ("v128.load64_zero", 8),
    ] {
        let traps = |offset: u32| {
            let text = format!(
                "(module (memory 1 1) (func (result v128) ({operator} offset={offset} (i32.const 0))))"
            );
            let options = CompileOptions { signals_based_traps: false, ..checked() };
            let artifact = compile(&text, options).unwrap();
            let body = artifact.functions[0];
            let body = body.start..body.start + body.len;
            artifact.traps.iter().filter(|site| body.contains(&site.offset)).count()
        };
        // Without signals the stack check has a trap site of its own.
        assert_eq!(traps(65536 - width) + 1, traps(65537 - width), "{operator}");
    }
}

#[test]
fn a_vector_access_that_faults_is_a_memory_trap() {
    let text = "(module (memory 1) (func (param i32) (result v128) (v128.load8_splat (local.get 0)))
        (func (param i32 v128) (v128.store16_lane 1 (local.get 0) (local.get 1))))";
    let artifact = compile(text, checked()).unwrap();
    for body in &artifact.functions {
        let inside = |offset| (body.start..body.start + body.len).contains(&offset);
        let found = artifact.traps.iter().filter(|site| inside(site.offset));
        assert_eq!(found.filter(|site| site.kind == TrapKind::MemoryOutOfBounds).count(), 1);
    }
}
