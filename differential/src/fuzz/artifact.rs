//! Precompiled modules that were changed: refused or taken, and never a panic. Nothing of them is run.

use assay_runtime::{Engine, inspect};
use std::sync::LazyLock;

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
pub fn artifact(changes: &[u8]) -> bool {
    let (engine, whole) = &*PRECOMPILED;
    let mut bytes = whole.clone();
    for &[low, high, value] in changes.as_chunks().0 {
        let place = usize::from(u16::from_le_bytes([low, high])) % bytes.len();
        bytes[place] = value;
    }
    inspect::check_precompiled(engine, &mut bytes).is_ok()
}

#[cfg(test)]
mod tests {
    use crate::random::Random;

    #[test]
    fn changed_precompiled_modules_are_taken_or_refused() {
        let mut random = Random::of(&[2]);
        assert!(super::artifact(&[]));
        let taken = (0..300).filter(|_| super::artifact(&random.bytes(9))).count();
        assert!((1..300).contains(&taken), "{taken} were taken");
    }
}
