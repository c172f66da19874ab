//! The module `spectest` for engines that do not bring it: as WebAssembly, in parts by what they need.
//!
//! Leaves: binaries. The functions do nothing, because nobody looks at what they would print.

use wast::Wat;
use wast::parser::{self, ParseBuffer};

/// The name of the module.
pub(super) const NAME: &str = "spectest";

/// What every engine can have; then what needs 64-bit tables, and what needs shared memories.
const PARTS: [&str; 3] = [
    r#"(module
        (global (export "global_i32") i32 (i32.const 666))
        (global (export "global_i64") i64 (i64.const 666))
        (global (export "global_f32") f32 (f32.const 666.6))
        (global (export "global_f64") f64 (f64.const 666.6))
        (table (export "table") 10 20 funcref)
        (memory (export "memory") 1 2)
        (func (export "print"))
        (func (export "print_i32") (param i32))
        (func (export "print_i64") (param i64))
        (func (export "print_f32") (param f32))
        (func (export "print_f64") (param f64))
        (func (export "print_i32_f32") (param i32 f32))
        (func (export "print_f64_f64") (param f64 f64)))"#,
    r#"(module (table (export "table64") i64 10 20 funcref))"#,
    r#"(module (memory (export "shared_memory") 1 2 shared))"#,
];

/// The parts as binaries.
pub(super) fn parts() -> impl Iterator<Item = Vec<u8>> {
    PARTS.into_iter().filter_map(|text| encode(text).ok())
}

fn encode(text: &str) -> Result<Vec<u8>, wast::Error> {
    let buffer = ParseBuffer::new(text)?;
    parser::parse::<Wat<'_>>(&buffer)?.encode()
}

#[cfg(test)]
mod tests {
    use super::{PARTS, parts};

    #[test]
    fn every_part_is_a_module() {
        assert_eq!(parts().count(), PARTS.len());
    }
}
