//! Saved cases, changed a little: other arguments, other constants, another operator of the same type, a step more or less.
//!
//! Enters: a saved case and a random stream; leaves: another case. Operators are found by the operator table, and replaced
//! where the other one takes the same number of bytes; nothing else moves. Whether the module is still one says the
//! interpreter, which tries each case first. Knows no folder.

use super::edges;
use crate::case::{Argument, Case, Step};
use crate::coverage::{Place, places};
use crate::random::Random;
use assay_model::ops::{self, Immediates, OpRow};
use assay_runtime::FeatureSet;

/// A case that is like this one.
pub(super) fn like(case: &Case, origin: String, random: &mut Random) -> Case {
    let mut case = case.canonical();
    case.origin = format!("{origin}, made of: {}", case.origin.lines().next().unwrap_or_default());
    case.settings.valid = false;
    case.settings.metered = random.one_in(3);
    case.settings.host_seed = random.next();
    for _ in 0..1 + random.below(4) {
        match random.below(6) {
            0 => repeat(&mut case, random),
            1 | 2 => argument(&mut case, random),
            _ => code(&mut case, random),
        }
    }
    case
}

/// One of the steps once more, at the end.
fn repeat(case: &mut Case, random: &mut Random) {
    let step = random.pick(&case.steps).clone();
    if step.module().is_none() {
        case.steps.push(step);
    }
}

fn argument(case: &mut Case, random: &mut Random) {
    let calls = case.steps.iter_mut().filter_map(|step| match step {
        Step::Call { args, .. } => Some(args),
        _ => None,
    });
    let mut args: Vec<&mut Argument> = calls.flatten().collect();
    if args.is_empty() {
        return;
    }
    let at = random.below(args.len());
    match &mut *args[at] {
        Argument::I32(bits) => *bits = *random.pick(&edges::I32) as u32,
        Argument::I64(bits) => *bits = *random.pick(&edges::I64),
        Argument::F32(bits) => *bits = *random.pick(&edges::F32) as u32,
        Argument::F64(bits) => *bits = *random.pick(&edges::F64),
        Argument::V128(bits) => *bits = edges::v128(random),
        Argument::Extern(number) => *number = (!random.one_in(4)).then(|| random.next() % 1000),
        Argument::Func(_) => {}
    }
}

/// Another operator or constant somewhere in a module.
fn code(case: &mut Case, random: &mut Random) {
    let module = random.below(case.modules.len().max(1));
    let Some(bytes) = case.modules.get_mut(module).map(|module| &mut module.bytes) else { return };
    let places = places(bytes);
    if places.is_empty() {
        return;
    }
    // Most operators are of no interest: the first that can be changed is.
    for _ in 0..16 {
        let place = *random.pick(&places);
        if change(bytes, place, random) {
            return;
        }
    }
}

fn change(bytes: &mut [u8], place: Place, random: &mut Random) -> bool {
    match place.row.immediates {
        Immediates::F32 => put(bytes, place.at + 1, &(*random.pick(&edges::F32) as u32).to_le_bytes()),
        Immediates::F64 => put(bytes, place.at + 1, &random.pick(&edges::F64).to_le_bytes()),
        Immediates::V128 => put(bytes, place.at + 2, &edges::v128(random).to_le_bytes()),
        Immediates::I32 => number(bytes, place, *random.pick(&edges::I32) as u32 as i32 as i64),
        Immediates::I64 => number(bytes, place, *random.pick(&edges::I64) as i64),
        _ => other(bytes, place, random),
    }
}

fn put(bytes: &mut [u8], at: usize, new: &[u8]) -> bool {
    let slot = bytes.get_mut(at..at + new.len());
    slot.map(|slot| slot.copy_from_slice(new)).is_some()
}

/// A constant in LEB128, if it takes as many bytes as the one before.
fn number(bytes: &mut [u8], place: Place, value: i64) -> bool {
    let mut code = super::code::Code::default();
    code.signed(value);
    let fits = code.bytes().len() == place.end - place.at - 1;
    fits && put(bytes, place.at + 1, code.bytes())
}

/// Another operator of the same type, with the same immediates.
fn other(bytes: &mut [u8], place: Place, random: &mut Random) -> bool {
    let encoded = |row: &OpRow| super::code::Code::default().row(row).bytes().to_vec();
    let length = encoded(place.row).len();
    let alike = |row: &&OpRow| {
        let known = row.feature.is_none_or(|feature| FeatureSet::built().contains(feature));
        row.mnemonic != place.row.mnemonic
            && row.immediates == place.row.immediates
            && row.signature == place.row.signature
            && !row.signature.contains('*')
            && known
            && encoded(row).len() == length
    };
    let rows: Vec<&OpRow> = ops::all().filter(alike).collect();
    !rows.is_empty() && put(bytes, place.at, &encoded(rows[random.below(rows.len())]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::{Generator, Profile};
    use assay_runtime::Module;

    #[test]
    fn most_are_other_modules_and_valid() {
        let mut generator = Generator::new(Profile::Default, 8).unwrap();
        let (mut changed, mut valid) = (0, 0);
        for index in 0..120 {
            let case = generator.case(index);
            let other = like(&case, "a test".to_owned(), &mut Random::of(&[index]));
            changed += u32::from(other.modules != case.modules);
            valid += u32::from(Module::validate(generator.reader(), &other.modules[0].bytes).is_ok());
            assert_eq!(other.modules[0].bytes.len(), case.modules[0].bytes.len(), "nothing moves");
        }
        assert!(changed > 60 && valid > 80, "{changed} are other modules, {valid} are valid");
    }
}
