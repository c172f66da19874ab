//! The same bytes give the same artifact, whoever compiles them.

#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use assay_compile::{CompileOptions, Compiler};
use support::{check, numeric_module, parse};

/// A module that is large enough for the parallel path, with functions of very different sizes.
fn large_module() -> String {
    let mut text = String::from("(module (memory 1)\n");
    for func in 0..200 {
        text += "(func (param i32) (result i32)\n";
        for step in 0..(func * 7) % 53 {
            text += &format!(
                "(local.set 0 (i32.add (i32.load offset={step} (local.get 0)) (call {} (local.get 0))))\n",
                (func * 31 + step) % 200
            );
        }
        text += "(local.get 0))\n";
    }
    text + ")"
}

#[test]
fn threads_do_not_change_the_artifact() {
    let (parsed, bytes) = parse(&large_module());
    let compile = |parallel| {
        let options = CompileOptions { parallel, ..CompileOptions::default() };
        Compiler::host(options).unwrap().compile(&parsed, &bytes).unwrap()
    };
    let (alone, together) = (compile(false), compile(true));
    check(&alone, &parsed);
    assert!(bytes.len() > 16 << 10, "large enough to be shared");
    assert_eq!(format!("{alone:?}"), format!("{together:?}"));
}

#[test]
fn a_compiler_keeps_nothing_of_the_last_module() {
    let compiler = Compiler::host(CompileOptions::default()).unwrap();
    let (first, first_bytes) = parse(&numeric_module());
    let (other, other_bytes) = parse("(module (func (export \"f\") (param f64 i32) unreachable))");
    let before = compiler.compile(&first, &first_bytes).unwrap();
    compiler.compile(&other, &other_bytes).unwrap();
    let after = compiler.compile(&first, &first_bytes).unwrap();
    assert_eq!(format!("{before:?}"), format!("{after:?}"));
}

#[test]
fn the_target_names_what_code_depends_on() {
    let target = |options| Compiler::host(options).unwrap().target();
    let base = target(CompileOptions::default());
    assert!(base.triple.contains("x86_64") && base.extensions.contains(&"sse41"), "{base:?}");
    assert_eq!(base, target(CompileOptions { parallel: false, verifier: true, ..CompileOptions::default() }));
    let fuel = target(CompileOptions { fuel: true, ..CompileOptions::default() });
    let differing = base.settings.iter().zip(&fuel.settings).filter(|(a, b)| a != b);
    assert_eq!(differing.collect::<Vec<_>>(), [(&("fuel", "off"), &("fuel", "on"))]);
}
