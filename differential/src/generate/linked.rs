//! Cases of several instances: one that owns memory, tables, globals and functions, and others that import them.
//!
//! What one instance writes the others see; functions of all of them meet in the tables, and are called from there, also in tail
//! position. Between the calls the host writes, sets and grows, makes more instances of both kinds, and forgets some.

use super::traffic::{Role, act, bindings, module};
use crate::case::Step;
use crate::random::Random;

/// Modules and script.
pub(super) fn case(random: &mut Random) -> (Vec<Vec<u8>>, Vec<Step>) {
    let modules = vec![module(Role::Owner, random), module(Role::Guest, random)];
    let mut script = Script { steps: Vec::new(), made: 0, dropped: Vec::new() };
    script.owner();
    script.guest(0);
    for _ in 0..6 + random.below(6) {
        match random.below(12) {
            0 => script.guest(*random.pick(&script.named())),
            1 => script.owner(),
            2 if script.made > 2 => {
                let instance = random.below(script.made);
                script.steps.push(Step::Drop { drop: instance });
                script.dropped.push(instance);
            }
            _ => {
                let instance = *random.pick(&script.named());
                script.steps.push(act(instance, random));
            }
        }
    }
    (modules, script.steps)
}

struct Script {
    steps: Vec<Step>,
    /// How many instances.
    made: usize,
    dropped: Vec<usize>,
}

impl Script {
    fn owner(&mut self) {
        self.steps.push(Step::Instantiate { instantiate: 0 });
        self.made += 1;
    }

    /// An instance that has everything from an owner.
    fn guest(&mut self, owner: usize) {
        self.steps.push(Step::Link { link: 1, with: bindings(owner) });
        self.made += 1;
    }

    /// Instances that are not forgotten, and the first one, which may be: steps that name it then are skipped. Each of them
    /// exports what a guest imports.
    fn named(&self) -> Vec<usize> {
        let named = |instance: &usize| *instance == 0 || !self.dropped.contains(instance);
        (0..self.made).filter(named).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_step_is_taken() {
        let steps: Vec<Step> = (0..60).flat_map(|seed| case(&mut Random::of(&[seed])).1).collect();
        type Is = fn(&Step) -> bool;
        let kinds: [(&str, Is); 8] = [
            ("instantiate", |step| matches!(step, Step::Instantiate { .. })),
            ("link", |step| matches!(step, Step::Link { .. })),
            ("call", |step| matches!(step, Step::Call { .. })),
            ("write", |step| matches!(step, Step::Write { .. })),
            ("set", |step| matches!(step, Step::Set { .. })),
            ("put", |step| matches!(step, Step::Put { .. })),
            ("grow", |step| matches!(step, Step::Grow { .. })),
            ("drop", |step| matches!(step, Step::Drop { .. })),
        ];
        for (name, is) in kinds {
            assert!(steps.iter().any(is), "no {name}");
        }
    }
}
