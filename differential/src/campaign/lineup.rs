//! Which lanes play a case.
//!
//! The rule: the interpreter plays every case, with fuel. One of the compiled lanes plays it too: without optimisation, for
//! speed and with explicit checks as often as each other, and for speed every other time with an eye on the code itself.
//! One case in sixteen is played by every lane, and by the interpreter once more without fuel. Mutants are never played by
//! all: parsers and lowerings are on trial there. Of cases with objects or exceptions, every other one is compiled with a
//! collection at every allocation instead, and one in sixteen interpreted so as well; where instances are linked, one in four
//! is played by both engines in turns instead. It follows from the index alone, by way of a mixing function: operators take
//! turns with the index, and every one of them must come to every lane.

use crate::case::Case;
use crate::generate::{Kind, Profile};
use crate::lanes::Lane;
use crate::random::mix;

/// One case in so many is played by every lane.
const ALL: u64 = 16;

/// The lanes that play a case beside the interpreter with fuel.
pub(crate) fn lineup(profile: Profile, index: u64) -> &'static [Lane] {
    const SINGLE: [[Lane; 1]; 3] = [[Lane::JitNone], [Lane::JitSpeed], [Lane::JitChecked]];
    let draw = mix(index ^ 0x6c69_6e65_7570);
    if profile != Profile::Mutate && (draw >> 32).is_multiple_of(ALL) {
        return &Lane::ALL;
    }
    match &SINGLE[(draw % SINGLE.len() as u64) as usize] {
        [Lane::JitSpeed] if draw >> 48 & 1 == 1 => &[Lane::Code],
        single => single,
    }
}

/// The same for a case of this generator. What wasm-smith makes can have objects of megabytes, which are too dear to copy at
/// every allocation.
pub(super) fn lineup_of(case: &Case, profile: Profile, kind: Kind, index: u64) -> Vec<Lane> {
    let line = lineup(profile, index);
    if !matches!(kind, Kind::Objects | Kind::Throws) {
        return line.to_vec();
    }
    let draw = mix(index ^ 0x636f_6c6c_6563_7400);
    let mut special = Vec::new();
    if draw & 1 == 0 {
        special.push(Lane::Zeal);
    }
    if case.modules.len() > 1 && draw >> 8 & 3 == 0 {
        special.push(Lane::Mixed);
    }
    let single = line.len() == 1;
    let mut lanes = if single && !special.is_empty() { Vec::new() } else { line.to_vec() };
    lanes.append(&mut special);
    if draw >> 16 & 15 == 0 {
        lanes.push(Lane::InterpZeal);
    }
    lanes
}

/// One case in so many has its executed operators looked at.
const LOOKED_AT: u64 = 8;

/// Whether the executed operators of a case are looked at. Not the same cases as those that every lane plays.
pub(super) fn is_looked_at(index: u64) -> bool {
    mix(index ^ 0x6c6f_6f6b).is_multiple_of(LOOKED_AT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lane_plays_its_share_and_every_turn_comes_to_every_lane() {
        let lines: Vec<&[Lane]> = (0..9600).map(|index| lineup(Profile::Default, index)).collect();
        let all = lines.iter().filter(|line| line.len() == Lane::ALL.len()).count();
        assert!((500..700).contains(&all), "{all} of 9600 are played by all");
        for lane in [Lane::JitNone, Lane::JitSpeed, Lane::JitChecked, Lane::Code] {
            let shares = match lane {
                Lane::JitSpeed | Lane::Code => 0.125..0.3,
                _ => 0.2..0.6,
            };
            for turns in [2, 3, 7, 16] {
                let own = lines.iter().step_by(turns).filter(|line| line.contains(&lane)).count();
                let share = own as f64 * turns as f64 / lines.len() as f64;
                assert!(shares.contains(&share), "{lane} plays {share} of every {turns}th case");
            }
        }
        let mut generator = crate::generate::Generator::new(Profile::Gc, 1).unwrap();
        let linked = (0..).map(|index| generator.case(index)).find(|case| case.modules.len() > 1).unwrap();
        for lane in [Lane::Zeal, Lane::InterpZeal, Lane::Mixed] {
            let plays = |kind, index| lineup_of(&linked, Profile::Default, kind, index).contains(&lane);
            let own = (0..1000).filter(|&index| plays(Kind::Objects, index)).count();
            assert!((30..600).contains(&own), "{lane} plays {own} of 1000");
            assert!(!(0..1000).any(|index| plays(Kind::Small, index)), "others have no objects");
        }
        for lane in [Lane::JitNone, Lane::JitChecked] {
            let plays = |index| lineup_of(&linked, Profile::Gc, Kind::Objects, index).contains(&lane);
            let own = (0..1000).filter(|&index| plays(index)).count();
            assert!((100..400).contains(&own), "{lane} plays {own} of 1000 with objects");
        }
        let compiled = |lane: &Lane| !matches!(lane, Lane::Interp | Lane::InterpZeal);
        let every = |index| lineup_of(&linked, Profile::Gc, Kind::Objects, index).iter().any(compiled);
        assert!((0..1000).all(every), "compiled code plays every case");
        assert!((0..1000).all(|index| lineup(Profile::Mutate, index).len() == 1));
    }
}
