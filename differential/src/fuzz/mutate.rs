//! Changes modules as modules: operators for others of the same type, constants for boundary values, code put behind values.
//!
//! Enters: what a fuzzer has, and its own way to change bytes, which stays one choice among the others; leaves: other bytes,
//! most of them a valid module if these were one. Text becomes a binary, and bytes for wasm-smith now and then the module
//! that they make. From the same seed the same change.

use super::module_of;
use super::play::SCRIPT;
use crate::generate::{edges, smith_module};
use crate::random::Random;
use crate::rewrite::code::{Body, Operator, bodies};
use crate::rewrite::sections::{CODE, Sections, leb, read_leb, signed_leb};
use crate::rewrite::{Additions, rewrite};
use assay_model::ops::{Immediates, OpRow, all};
use assay_runtime::FeatureSet;
use std::ops::Range;

/// The fuzzer's own way: data, how much of it counts, how much there may be; gives how much counts now.
pub type Plain = fn(&mut [u8], usize, usize) -> usize;

/// Changes the first `size` bytes of `data` to at most `max` others; gives how many.
pub fn mutate(data: &mut [u8], size: usize, max: usize, seed: u32, plain: Plain) -> usize {
    let random = &mut Random::of(&[u64::from(seed)]);
    let changed = if random.one_in(8) { None } else { structured(&data[..size], random) };
    match changed {
        Some(bytes) if bytes.len() <= max && bytes != data[..size] => {
            data[..bytes.len()].copy_from_slice(&bytes);
            bytes.len()
        }
        _ => plain(data, size, max),
    }
}

/// A few changes of a module.
fn structured(bytes: &[u8], random: &mut Random) -> Option<Vec<u8>> {
    let mut module = match module_of(bytes) {
        Some(module) => module.into_owned(),
        None if random.one_in(4) => return smith_module(bytes),
        None => return None,
    };
    for _ in 0..1 + random.below(3) {
        if let Some(changed) = change(&module, random) {
            module = changed;
        }
    }
    Some(module)
}

fn change(module: &[u8], random: &mut Random) -> Option<Vec<u8>> {
    match random.below(16) {
        0 => script(module, random),
        1 => section(module, random),
        2 => body(module, random),
        3..6 => behind(module, random),
        _ => operator(module, random),
    }
}

/// Another script.
fn script(module: &[u8], random: &mut Random) -> Option<Vec<u8>> {
    let mut sections = Sections::read(module)?;
    sections.0.retain(|(number, contents)| *number != 0 || !contents.starts_with(SCRIPT));
    sections.0.push((0, [SCRIPT, &[random.next() as u8]].concat()));
    Some(sections.bytes())
}

/// A section less, or one with another byte.
fn section(module: &[u8], random: &mut Random) -> Option<Vec<u8>> {
    let mut sections = Sections::read(module)?;
    let number = (!sections.0.is_empty()).then(|| random.below(sections.0.len()))?;
    let contents = &mut sections.0[number].1;
    if contents.is_empty() || random.one_in(6) {
        sections.0.remove(number);
    } else {
        let at = random.below(contents.len());
        contents[at] = *random.pick(&[
            0,
            1,
            2,
            3,
            4,
            16,
            0x7c,
            0x7d,
            0x7e,
            0x7f,
            contents[at] ^ 1,
            contents[at].wrapping_add(1),
        ]);
    }
    Some(sections.bytes())
}

/// A function gets the body of another one.
fn body(module: &[u8], random: &mut Random) -> Option<Vec<u8>> {
    let bodies = bodies(module);
    let [from, to] = [(); 2].map(|()| (!bodies.is_empty()).then(|| random.below(bodies.len())));
    let from = module[bodies[from?].range.clone()].to_vec();
    let to = to?;
    replaced(module, &bodies, to, bodies[to].range.clone(), &from)
}

/// An operator becomes another one, or gets other immediates.
fn operator(module: &[u8], random: &mut Random) -> Option<Vec<u8>> {
    let bodies = bodies(module);
    let number = (!bodies.is_empty()).then(|| random.below(bodies.len()))?;
    let (last, others) = bodies[number].operators.split_last()?;
    let operator = if others.is_empty() { last } else { random.pick(others) };
    let new = other(module, operator, random)?;
    replaced(module, &bodies, number, operator.range.clone(), &new)
}

/// The bytes of another operator with the same types.
fn other(module: &[u8], operator: &Operator, random: &mut Random) -> Option<Vec<u8>> {
    let row = operator.row?;
    let opcode = opcode(row);
    let immediates = module.get(operator.range.clone())?.strip_prefix(&opcode[..])?;
    let pick = |edges: &[u64], random: &mut Random| edges[random.below(edges.len())];
    let new = match row.immediates {
        Immediates::I32 => signed_leb(i64::from(pick(&edges::I32, random) as i32)),
        Immediates::I64 => signed_leb(pick(&edges::I64, random).cast_signed()),
        Immediates::F32 => (pick(&edges::F32, random) as u32).to_le_bytes().to_vec(),
        Immediates::F64 => pick(&edges::F64, random).to_le_bytes().to_vec(),
        Immediates::V128 => edges::v128(random).to_le_bytes().to_vec(),
        Immediates::MemArg if row.prefix != ATOMIC => {
            let (flags, rest) = read_leb(immediates)?;
            // An access to another memory than the first keeps its immediates.
            if flags >= 64 {
                return None;
            }
            let offset =
                if random.one_in(2) { rest.to_vec() } else { leb(pick(&edges::I32, random) & 0xffff_ffff) };
            let row = relative(row, random)?;
            return Some([self::opcode(row), vec![0], offset].concat());
        }
        Immediates::None => return Some(self::opcode(relative(row, random)?)),
        Immediates::Lane => {
            return Some([self::opcode(relative(row, random)?), vec![random.below(2) as u8]].concat());
        }
        Immediates::Local | Immediates::Global | Immediates::Func | Immediates::Label | Immediates::Table => {
            leb(random.below(6) as u64)
        }
        _ => return None,
    };
    Some([opcode, new].concat())
}

/// Operators on shared memories, which may wait for ever: they stay what they are.
const ATOMIC: u8 = 0xfe;

/// Another operator with the same signature and immediates, of those that the engines have.
fn relative(row: &OpRow, random: &mut Random) -> Option<&'static OpRow> {
    let relatives: Vec<&OpRow> = operators(row.signature, row.immediates).collect();
    (!relatives.is_empty()).then(|| *random.pick(&relatives))
}

fn operators(signature: &str, immediates: Immediates) -> impl Iterator<Item = &'static OpRow> {
    let built = FeatureSet::built();
    all().filter(move |row| {
        let has = row.feature.is_none_or(|feature| built.contains(feature));
        has && row.signature == signature
            && row.immediates == immediates
            && row.prefix != ATOMIC
            && !CONTROL.contains(&row.mnemonic)
    })
}

/// What has no operands and results of its own, and still shapes the code.
const CONTROL: [&str; 5] = ["end", "else", "unreachable", "return", "catch_all"];

/// Somewhere behind a value there is an operator more: of one operand, or of two with a constant.
fn behind(module: &[u8], random: &mut Random) -> Option<Vec<u8>> {
    let mut places = 0;
    rewrite(module, |_| Additions::default(), |_, site, _| places += usize::from(site.result.is_some()))?;
    let chosen = (places > 0).then(|| random.below(places))?;
    let mut place = 0;
    rewrite(
        module,
        |_| Additions::default(),
        |_, site, out| {
            let Some(ty) = site.result else { return };
            if place == chosen {
                out.extend(work(ty, random).unwrap_or_default());
            }
            place += 1;
        },
    )
}

/// Code that takes a value of a type and leaves another one.
fn work(ty: wasmparser::ValType, random: &mut Random) -> Option<Vec<u8>> {
    let (letter, constant) = match ty {
        wasmparser::ValType::I32 => {
            ('i', [vec![0x41], signed_leb(i64::from(*random.pick(&edges::I32) as i32))].concat())
        }
        wasmparser::ValType::I64 => {
            ('I', [vec![0x42], signed_leb(random.pick(&edges::I64).cast_signed())].concat())
        }
        wasmparser::ValType::F32 => {
            ('f', [vec![0x43], (*random.pick(&edges::F32) as u32).to_le_bytes().to_vec()].concat())
        }
        wasmparser::ValType::F64 => {
            ('F', [vec![0x44], random.pick(&edges::F64).to_le_bytes().to_vec()].concat())
        }
        wasmparser::ValType::V128 => {
            ('v', [vec![0xfd, 0x0c], edges::v128(random).to_le_bytes().to_vec()].concat())
        }
        wasmparser::ValType::Ref(_) => return None,
    };
    let (operand, signature) = if random.one_in(3) {
        (Vec::new(), format!("{letter}:{letter}"))
    } else {
        (constant, format!("{letter}{letter}:{letter}"))
    };
    let choices: Vec<&OpRow> = operators(&signature, Immediates::None).collect();
    (!choices.is_empty()).then(|| [operand, opcode(random.pick::<&OpRow>(&choices))].concat())
}

fn opcode(row: &OpRow) -> Vec<u8> {
    match row.prefix {
        0 => vec![row.code as u8],
        prefix => [vec![prefix], leb(u64::from(row.code))].concat(),
    }
}

/// The module with other bytes in a range of a body.
fn replaced(
    module: &[u8],
    bodies: &[Body],
    number: usize,
    range: Range<usize>,
    new: &[u8],
) -> Option<Vec<u8>> {
    let mut sections = Sections::read(module)?;
    let items: Vec<Vec<u8>> = bodies
        .iter()
        .enumerate()
        .map(|(index, body)| {
            let contents = if index == number {
                [&module[body.range.start..range.start], new, &module[range.end..body.range.end]].concat()
            } else {
                module[body.range.clone()].to_vec()
            };
            [leb(contents.len() as u64), contents].concat()
        })
        .collect();
    sections.set_items(CODE, &items);
    Some(sections.bytes())
}

#[cfg(test)]
mod tests {
    use super::mutate;
    use assay_runtime::{Engine, Module};

    fn nothing(_: &mut [u8], size: usize, _: usize) -> usize {
        size
    }

    const TEXT: &[u8] = br#"(module (memory 1) (func (export "f") (param i32 f64) (result i32) (local v128)
        (local.set 2 (f64x2.splat (f64.sqrt (local.get 1))))
        (i32.add (i32.load offset=4 (local.get 0)) (i8x16.extract_lane_u 1 (local.get 2)))))"#;

    #[test]
    fn about_half_of_the_changes_of_a_valid_module_make_another_valid_one() {
        let engine = Engine::default();
        let (mut valid, mut seen) = (0, std::collections::HashSet::new());
        for seed in 0..400 {
            let mut data = [TEXT, &[0; 4000]].concat();
            let len = data.len();
            let size = mutate(&mut data, TEXT.len(), len, seed, nothing);
            if data[..size] != *TEXT && Module::validate(&engine, &data[..size]).is_ok() {
                valid += 1;
                seen.insert(data[..size].to_vec());
            }
        }
        assert!(valid > 160 && seen.len() > 120, "{valid} are valid, {} different", seen.len());
    }

    #[test]
    fn any_bytes_can_be_changed_and_nothing_grows_beyond_its_bound() {
        let mut data = TEXT.to_vec();
        let len = data.len();
        let mut size = len;
        for seed in 0..3000 {
            size = mutate(&mut data, size, len, seed, |data, size, max| {
                let size = (size + 1).min(max);
                data[size / 2] = data[size / 2].wrapping_mul(7).wrapping_add(1);
                size
            });
            assert!(size <= len);
        }
    }
}
