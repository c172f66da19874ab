//! Bytes become a case, which lanes of the runtime play: those that a campaign would have it played in.
//!
//! A module, in binary or text format, has its functions called, with arguments that follow from its custom section `script`;
//! other bytes are what wasm-smith makes a module of. NaN bits are made canonical by a second form of the module.

use super::coverage::{self, Hit};
use super::thread::on_kept_thread;
use super::{LANES, module_of};
use crate::campaign::lineup;
use crate::case::Case;
use crate::generate::{Profile, case_of_binary, case_of_bytes, case_of_choices};
use crate::judge::{Verdict, judge};
use crate::lanes::Lane;
use crate::oracle::in_turn;
use crate::random::mix;
use crate::rewrite::quiet::quiet;
use crate::rewrite::sections::Sections;
use arbitrary::Unstructured;

/// Plays the case of these bytes, and tells `hit` what its code did; `None` when they do not make one.
pub fn run(bytes: &[u8], hit: Hit<'_>) -> Option<Verdict> {
    let case = case(bytes)?;
    Some(judged(case, lanes_of(bytes), hit).1)
}

/// The same for a fuzz target: a finding ends the process, and the fuzzer keeps the bytes.
///
/// # Panics
/// With the finding and its case.
pub fn differential(bytes: &[u8], hit: Hit<'_>) -> Option<Verdict> {
    reported(case(bytes)?, bytes, hit)
}

/// The lanes that play an input beside the interpreter: as in campaigns one compiled lane or, now and then, all, and now and
/// then one that watches for escapes. This follows from the bytes, so that an input is always played the same way.
fn lanes_of(bytes: &[u8]) -> Vec<Lane> {
    let draw = bytes.iter().fold(bytes.len() as u64, |state, &byte| mix(state ^ u64::from(byte)));
    let collecting = match draw >> 40 & 15 {
        0 | 1 => Some(Lane::Zeal),
        2 => Some(Lane::InterpZeal),
        3 => Some(Lane::Mixed),
        _ => None,
    };
    lineup(Profile::Default, draw).iter().copied().chain(in_turn(draw)).chain(collecting).collect()
}

/// Plays a program of one of our generators for these profiles, whose choices are the bytes, so that changing some of them
/// changes some of it; `None` where the profile has no such generator.
///
/// # Panics
/// With the finding and its case.
pub fn chosen(profile: Profile, bytes: &[u8], hit: Hit<'_>) -> Option<Verdict> {
    reported(case_of_choices(profile, bytes)?, bytes, hit)
}

fn reported(case: Case, bytes: &[u8], hit: Hit<'_>) -> Option<Verdict> {
    let (case, verdict) = judged(case, lanes_of(bytes), hit);
    report(&case, &verdict);
    Some(verdict)
}

fn judged(case: Case, lanes: Vec<Lane>, hit: Hit<'_>) -> (Case, Verdict) {
    let (case, verdict, features) = on_kept_thread(move || {
        let verdict = judge(&case, &LANES, &lanes, || canonical(&case), |_| {});
        let features = coverage::features(&case, &verdict.outcomes, &LANES);
        (case, verdict, features)
    });
    features.into_iter().for_each(hit);
    (case, verdict)
}

/// Panics with the finding, if there is one.
pub(super) fn report(case: &Case, verdict: &Verdict) {
    let Some(finding) = &verdict.finding else { return };
    panic!("{}: {}\n{}", finding.class, finding.detail, case.to_text().unwrap_or_default());
}

fn case(bytes: &[u8]) -> Option<Case> {
    let reader = LANES.engine(Lane::Interp, true);
    match module_of(bytes) {
        Some(binary) => {
            let seed = script_seed(&binary);
            case_of_binary(binary.into_owned(), reader, &seed)
        }
        None => case_of_bytes(&mut Unstructured::new(bytes), reader).ok(),
    }
}

fn canonical(case: &Case) -> Option<Case> {
    let mut case = case.settings.free_nans.then(|| case.clone())?;
    for module in &mut case.modules {
        module.canonical = quiet(&module.bytes);
    }
    case.has_canonical().then(|| case.canonical())
}

/// The name of the custom section that a script follows from, with its length.
pub(super) const SCRIPT: &[u8] = b"\x06script";

/// The words of that section, if there is one.
fn script_seed(binary: &[u8]) -> Vec<u64> {
    let sections = Sections::read(binary).map(|sections| sections.0).unwrap_or_default();
    let script = sections
        .iter()
        .find_map(|(number, contents)| (*number == 0).then(|| contents.strip_prefix(SCRIPT))?);
    script.unwrap_or_default().iter().map(|&byte| u64::from(byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::{Profile, chosen, lanes_of, run};
    use crate::lanes::Lane;
    use crate::random::Random;

    #[test]
    fn bytes_are_played() {
        let mut random = Random::of(&[1]);
        let mut hits = 0;
        let mut play = |bytes: &[u8]| run(bytes, &mut |_| hits += 1);
        let verdicts: Vec<_> = (0..20).filter_map(|_| play(&random.bytes(2000))).collect();
        assert!(
            verdicts.len() > 10 && verdicts.iter().any(|verdict| verdict.useful),
            "cases were really played"
        );
        assert!(play(&[]).is_none_or(|verdict| !verdict.useful));
        assert!(hits > 20, "{hits}");
    }

    #[test]
    fn every_lane_has_its_share_of_the_inputs() {
        let mut random = Random::of(&[3]);
        let lines: Vec<Vec<Lane>> = (0..4000).map(|_| lanes_of(&random.bytes(20))).collect();
        for lane in Lane::EVERY {
            let share = lines.iter().filter(|line| line.contains(&lane)).count();
            assert!(share > 40, "{lane} plays {share} of 4000 inputs");
        }
        let dear = lines.iter().filter(|line| line.len() > 2).count();
        assert!((100..1000).contains(&dear), "{dear} of 4000 inputs are played by many");
        assert_eq!(lanes_of(b"(module)"), lanes_of(b"(module)"));
    }

    #[test]
    fn choices_are_programs_that_do_something() {
        let mut random = Random::of(&[5]);
        for profile in [Profile::Gc, Profile::Exceptions] {
            let play = |bytes: &[u8]| chosen(profile, bytes, &mut |_| {}).unwrap();
            let verdicts: Vec<_> = (0..10).map(|_| play(&random.bytes(3000))).collect();
            assert!(verdicts.iter().any(|verdict| verdict.useful), "cases were really played");
            assert!(!play(&[]).outcomes.is_empty(), "what bytes do not choose is chosen for them");
        }
        assert!(chosen(Profile::Small, &[], &mut |_| {}).is_none());
    }

    #[test]
    fn the_script_of_a_module_follows_from_its_section() {
        let outcomes = |section: &str| {
            let text = format!(
                r#"(module (func (export "f") (param i32) (result i32)
                    (i32.div_u (i32.const 1) (i32.and (local.get 0) (i32.const 1)))) {section})"#
            );
            run(text.as_bytes(), &mut |_| {}).unwrap().outcomes
        };
        let section = |byte: usize| outcomes(&format!(r#"(@custom "script" "{byte:02}")"#));
        assert_eq!(section(1), section(1));
        assert!((1..20).any(|byte| section(byte) != outcomes("")));
    }

    #[test]
    fn nan_bits_of_a_written_module_are_no_finding() {
        let text = r#"(module (func (export "f") (param f32 f32) (result i32)
            (i32.reinterpret_f32 (f32.add (f32.mul (local.get 0) (local.get 1)) (local.get 1)))))"#;
        let verdict = run(text.as_bytes(), &mut |_| {}).unwrap();
        assert_eq!(verdict.finding, None);
    }
}
