//! Damaged modules: bytes of a valid module are flipped, replaced, cut, moved and inserted.
//!
//! Enters: a valid module; leaves: bytes that are a module no longer, or another one. Knows no engine.

use crate::random::Random;

/// How many mutants are made of one module.
pub(super) const PER_BASE: u64 = 64;

/// Small modules of our own, with what generated ones seldom have.
const OWN: [&str; 6] = [
    "(module)",
    r#"(module $named (import "a" "f" (func $f (param i32) (result i32))) (memory (export "m") 1 2)
        (data (i32.const 8) "hello") (global $g (mut i32) (i32.const 3))
        (func (export "run") (param i32) (result i32) (global.set $g (call $f (local.get 0)))
            (i32.load offset=4 (global.get $g))))"#,
    r#"(module (table $t 4 8 funcref) (elem (i32.const 1) $a $b) (type $i (func (param i32) (result i32)))
        (func $a (type $i) (local.get 0)) (func $b (type $i) (i32.mul (local.get 0) (local.get 0)))
        (func (export "run") (param i32) (result i32)
            (call_indirect (type $i) (local.get 0) (i32.and (local.get 0) (i32.const 3)))))"#,
    r#"(module (func (export "run") (param i64) (result i64) (local i64)
        (block $out (loop $again (br_if $out (i64.eqz (local.get 0)))
            (local.set 1 (i64.add (local.get 1) (local.get 0)))
            (local.set 0 (i64.sub (local.get 0) (i64.const 1))) (br $again)))
        (block $a (block $b (block $c (br_table $a $b $c (i32.wrap_i64 (local.get 1)))))) (local.get 1)))"#,
    r#"(module (memory 1) (data $d "\01\02\03\04") (table 3 externref) (elem $e func $s) (start $s)
        (func $s (memory.init $d (i32.const 0) (i32.const 1) (i32.const 2)) (data.drop $d)
            (memory.copy (i32.const 9) (i32.const 0) (i32.const 4)) (elem.drop $e)
            (table.fill (i32.const 0) (ref.null extern) (i32.const 2))))"#,
    r#"(module (func (export "swap") (param f32 f64) (result f64 f32) (local i32 i64 funcref)
        (if (result f64 f32) (i32.trunc_sat_f32_s (local.get 0))
            (then (f64.promote_f32 (local.get 0)) (f32.demote_f64 (local.get 1)))
            (else (f64.sqrt (local.get 1)) (f32.copysign (local.get 0) (f32.const -nan:0x200001))))))"#,
];

/// A module of our own, now and then.
pub(super) fn own_base(random: &mut Random) -> Option<Vec<u8>> {
    random.one_in(3).then(|| wat::parse_str(random.pick(&OWN)).ok()).flatten()
}

/// Bytes that often mean something: small numbers, ends of LEB128 groups, opcodes, types.
const BYTES: [u8; 20] = [
    0x00, 0x01, 0x02, 0x0b, 0x0c, 0x0f, 0x10, 0x1a, 0x20, 0x40, 0x41, 0x60, 0x6f, 0x70, 0x7c, 0x7f, 0x80,
    0xfc, 0xfe, 0xff,
];

/// A few changes to a module.
pub(super) fn mutate(base: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = base.to_vec();
    for _ in 0..1 + random.below(3) {
        change(&mut bytes, random);
    }
    bytes
}

fn change(bytes: &mut Vec<u8>, random: &mut Random) {
    // The header is left alone most of the time: behind it are the interesting doors.
    let header = if random.one_in(50) { 0 } else { 8.min(bytes.len()) };
    let at = header + random.below(bytes.len() - header + 1);
    let len = 1 + random.below(8.min(bytes.len() + 1));
    let end = (at + len).min(bytes.len());
    let inside = at < bytes.len();
    match random.below(10) {
        0..=2 if inside => bytes[at] ^= 1 << random.below(8),
        3..=5 if inside => bytes[at] = *random.pick(&BYTES),
        6 if inside => drop(bytes.drain(at..end)),
        7 if inside => {
            let copy = bytes[at..end].to_vec();
            let to = header + random.below(bytes.len() - header + 1);
            bytes.splice(to..to, copy);
        }
        8 if inside && random.one_in(3) => bytes.truncate(at),
        _ => {
            let inserted: Vec<u8> = (0..len).map(|_| *random.pick(&BYTES)).collect();
            bytes.splice(at..at, inserted);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{OWN, change};
    use crate::random::Random;

    #[test]
    fn own_modules_are_modules() {
        for text in OWN {
            wat::parse_str(text).unwrap();
        }
    }

    #[test]
    fn any_bytes_can_be_changed() {
        let mut random = Random::of(&[5]);
        let mut bytes = Vec::new();
        for _ in 0..20_000 {
            change(&mut bytes, &mut random);
            if bytes.len() > 100 {
                bytes.truncate(random.below(100));
            }
        }
    }
}
