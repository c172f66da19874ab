//! What a fuzz target calls: bytes become a case, the case is judged, a finding is a panic.
//!
//! Engines are made once. The target itself stays at a few lines; whatever it does is here, where tests call it.

use crate::case::Case;
use crate::generate::case_of_bytes;
use crate::judge::{Verdict, judge};
use crate::lanes::{Lane, Lanes, on_lane_thread};
use arbitrary::Unstructured;
use assay_runtime::{Engine, inspect};
use std::sync::LazyLock;

static LANES: LazyLock<Lanes> = LazyLock::new(|| Lanes::new().expect("this host runs every lane"));

/// Plays the case of these bytes in every lane; `None` when they do not make one.
pub fn run(bytes: &[u8]) -> Option<Verdict> {
    let case = case(bytes)?;
    let played = on_lane_thread(|| judge(&case, &LANES, &Lane::ALL, || None, |_| {}));
    Some(played.expect("the system has room for a thread"))
}

/// The same for a fuzz target: a finding ends the process, and the fuzzer keeps the bytes.
///
/// # Panics
/// With the finding and its case.
pub fn check(bytes: &[u8]) {
    let Some(finding) = run(bytes).and_then(|verdict| verdict.finding) else { return };
    let text = case(bytes).and_then(|case| case.to_text().ok()).unwrap_or_default();
    panic!("{}: {}\n{text}", finding.class, finding.detail);
}

/// A precompiled module with code, tables of its own, imports and segments.
static PRECOMPILED: LazyLock<(Engine, Vec<u8>)> = LazyLock::new(|| {
    let text =
        br#"(module $m (import "h" "f" (func $f (param i32) (result f64))) (memory 1) (table 2 funcref)
        (func $g (export "g") (param i32) (result f64) (call_indirect (param i32) (result f64)
          (i32.div_u (i32.load (local.get 0)) (local.get 0)) (local.get 0)))
        (elem (i32.const 0) $f $g) (data (i32.const 8) "data") (global (export "x") i32 (i32.const 4)))"#;
    let engine = Engine::default();
    let bytes = engine.precompile_module(text).expect("the module is valid");
    (engine, bytes)
});

/// Changes a precompiled module (each three bytes are a place and what goes there), makes its digest right, and loads it
/// without running it; whether it was taken. That it is refused is no finding; a panic is.
pub fn check_precompiled(changes: &[u8]) -> bool {
    let (engine, whole) = &*PRECOMPILED;
    let mut bytes = whole.clone();
    for &[low, high, value] in changes.as_chunks().0 {
        let place = usize::from(u16::from_le_bytes([low, high])) % bytes.len();
        bytes[place] = value;
    }
    inspect::check_precompiled(engine, &mut bytes).is_ok()
}

fn case(bytes: &[u8]) -> Option<Case> {
    case_of_bytes(&mut Unstructured::new(bytes), LANES.engine(Lane::Interp, true)).ok()
}

#[cfg(test)]
mod tests {
    use crate::random::Random;

    #[test]
    fn changed_precompiled_modules_are_taken_or_refused() {
        let mut random = Random::of(&[2]);
        assert!(super::check_precompiled(&[]));
        let taken = (0..300).filter(|_| super::check_precompiled(&random.bytes(9))).count();
        assert!((1..300).contains(&taken), "{taken} were taken");
    }

    #[test]
    fn bytes_are_played() {
        let mut random = Random::of(&[1]);
        let verdicts: Vec<_> = (0..20).filter_map(|_| super::run(&random.bytes(2000))).collect();
        assert!(
            verdicts.len() > 10 && verdicts.iter().any(|verdict| verdict.useful),
            "cases were really played"
        );
        assert!(super::run(&[]).is_none_or(|verdict| !verdict.useful));
    }
}
