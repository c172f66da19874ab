//! The address shadow: both engines tell of every access to a memory, and tell the same.
//!
//! The interpreter says which bytes an operator is to access. Compiled code was made to tell the host address of every
//! instruction that accesses a memory, right before it runs: the machine says which byte of which memory that is. Operator,
//! memory, address and width have to be equal, in the same order, whatever value comes of it. The first 4,096 accesses of a
//! step are compared. What the code generator makes of such an instruction is not seen, nor what builtins access; where a
//! step ends in a trap, compiled code may end it by a check before the last access, and where it ends for a lack of stack,
//! nothing is compared.

use super::Escape;
use crate::case::Case;
use crate::observe::{Observation, Outcome, Scope, StepSeen};
use crate::play::{Player, Watch, play_watched};
use assay_runtime::inspect::{Access, Accesses, take_accesses};
use assay_runtime::{Engine, Trap};

const ORACLE: &str = "address shadow";

/// Plays a case on both engines, and compares what they tell. The observation is that of compiled code.
pub(super) fn play(
    case: &Case,
    compiled: &Engine,
    interpreted: &Engine,
    fuel: Option<u64>,
) -> (Observation, Option<Escape>) {
    let (_, shadow) = listen(case, interpreted, fuel);
    let (seen, told) = listen(case, compiled, fuel);
    let steps = shadow.iter().zip(&told).zip(&seen.steps).enumerate();
    let mut found = None;
    for (number, ((shadow, told), step)) in steps {
        if out_of_stack(step) {
            break;
        }
        let trapped = !matches!(step.outcome, Outcome::Returned(_));
        if let Err(what) = same(shadow, told, trapped) {
            found = Some(Escape::new(ORACLE, format_args!("step {number}: {what}")));
            break;
        }
    }
    (seen, found)
}

fn out_of_stack(step: &StepSeen) -> bool {
    matches!(step.outcome, Outcome::Trapped { kind: Trap::StackOverflow, .. })
}

/// The accesses of each step.
fn listen(case: &Case, engine: &Engine, fuel: Option<u64>) -> (Observation, Vec<Accesses>) {
    let mut ear = Ear::default();
    let seen = play_watched(case, engine, fuel, Scope::All, &mut ear);
    (seen, ear.steps)
}

#[derive(Default)]
struct Ear {
    steps: Vec<Accesses>,
}

impl Watch for Ear {
    fn loaded(&mut self, _player: &mut Player) {
        take_accesses();
    }

    fn stepped(&mut self, _player: &mut Player, _seen: &StepSeen) {
        self.steps.push(take_accesses());
    }
}

/// Whether compiled code accesses what its shadow says.
fn same(shadow: &Accesses, told: &Accesses, trapped: bool) -> Result<(), String> {
    let (ours, theirs) = (&shadow.list, &told.list);
    if let Some(number) = ours.iter().zip(theirs).position(|(shadow, told)| shadow != told) {
        return Err(format!(
            "access {number} is {} and was to be {}",
            words(&theirs[number]),
            words(&ours[number])
        ));
    }
    // The last access of a step that traps may be the one that a check has refused.
    let refused = u64::from(trapped);
    if told.count > shadow.count {
        let more = theirs.get(ours.len()).map_or_else(String::new, |access| format!(", {}", words(access)));
        return Err(format!("{} accesses where {} were to be made{more}", told.count, shadow.count));
    }
    if told.count + refused < shadow.count {
        let missing =
            ours.get(theirs.len()).map_or_else(String::new, |access| format!(" of {}", words(access)));
        return Err(format!("{} accesses where {} were to be made: none{missing}", told.count, shadow.count));
    }
    Ok(())
}

fn words(access: &Access) -> String {
    let Access { operator, memory, address, width, inside } = *access;
    let place = match (memory, inside) {
        (Some(memory), true) => format!("in memory {memory}"),
        (Some(memory), false) => format!("outside of memory {memory}"),
        (None, _) => "of the host, in no memory".to_owned(),
    };
    format!("{width} bytes at {address:#x} {place} by the operator at {operator:#x}")
}

#[cfg(test)]
mod tests {
    use super::same;
    use assay_runtime::inspect::{Access, Accesses};

    fn accesses(addresses: &[u64]) -> Accesses {
        let access =
            |&address| Access { operator: 7, memory: Some(0), address, width: 4, inside: address < 9 };
        Accesses { list: addresses.iter().map(access).collect(), count: addresses.len() as u64 }
    }

    #[test]
    fn accesses_are_equal_but_for_the_one_that_traps() {
        let (short, long) = (accesses(&[1, 2]), accesses(&[1, 2, 9]));
        assert_eq!(same(&long, &long, false), Ok(()));
        assert_eq!(same(&long, &short, true), Ok(()));
        assert!(same(&long, &short, false).is_err(), "an access is missing");
        assert!(same(&short, &long, true).is_err(), "an access that nobody asked for");
        assert!(same(&long, &accesses(&[1, 3, 9]), true).is_err(), "another address");
    }
}
