//! The messages between parent and worker, small because there are many verdicts and most say "pass".
//!
//! A step is one directive in one lane: step = lane × count + directive. Knows no process.

use serde::{Deserialize, Serialize};

use crate::engine::{Gone, Lane};
use crate::judge::Reached;
use crate::suite::Place;

/// A chunk, and how to play it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    /// The number of the chunk in the plan.
    pub chunk: usize,
    /// The path of the file within the suite.
    pub file: String,
    /// Where its text is.
    pub place: Place,
    /// The bytes of the chunk in the text.
    pub bytes: (usize, usize),
    /// How many directives it has.
    pub count: u32,
    /// The lanes, played one after another.
    pub lanes: Vec<Lane>,
    /// Steps that took a worker with them: passed over, and what builds on them is blocked.
    pub lost: Vec<u32>,
    /// The step before which to stop, when too many were lost.
    pub until: Option<u32>,
}

/// What a worker answers.
#[derive(Debug, Serialize, Deserialize)]
pub enum Answer {
    /// The verdicts.
    Played(Played),
    /// In this step an engine that lives in a process of its own was lost.
    Broke {
        /// The step.
        step: u32,
        /// How.
        gone: Gone,
    },
    /// The chunk could not be played for a reason that is no result: an engine that does not start, a file that is gone.
    Refused(String),
}

/// The verdicts of a chunk.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Played {
    /// Microseconds of each step.
    pub times: Vec<u32>,
    /// Runs of steps with the same note: first step, how many, what. Steps without a note passed.
    pub notes: Vec<(u32, u32, Note)>,
}

/// What is to be said of a step that did not pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Note {
    /// It is not as expected.
    Fail {
        /// How far it agrees.
        reached: Reached,
        /// What was expected.
        expected: String,
        /// What happened.
        actual: String,
    },
    /// It needs this feature.
    Feature(String),
    /// It builds on this directive of the chunk.
    Blocked(u32),
    /// It was passed over: it took an earlier worker with it.
    Lost,
    /// It was not reached any more.
    Unreached,
}

impl Played {
    /// Adds the next step.
    pub fn push(&mut self, micros: u32, note: Option<Note>) {
        let step = self.times.len() as u32;
        self.times.push(micros);
        let Some(note) = note else { return };
        match self.notes.last_mut() {
            Some((first, run, last)) if *first + *run == step && *last == note => *run += 1,
            _ => self.notes.push((step, 1, note)),
        }
    }

    /// The note of every step, or what is wrong with the answer when it does not have `steps` of them.
    pub fn by_step(&self, steps: usize) -> Result<Vec<Option<&Note>>, String> {
        if self.times.len() != steps {
            return Err(format!("{} results for {steps} steps", self.times.len()));
        }
        let mut by_step = vec![None; steps];
        for (first, run, note) in &self.notes {
            let range = *first as usize..(*first as usize).saturating_add(*run as usize);
            let Some(slots) = by_step.get_mut(range) else {
                return Err(format!("notes beyond step {steps}"));
            };
            for slot in slots {
                if slot.replace(note).is_some() {
                    return Err("two notes for one step".to_owned());
                }
            }
        }
        Ok(by_step)
    }
}

#[cfg(test)]
mod tests {
    use super::{Note, Played};

    #[test]
    fn equal_neighbours_share_a_note() {
        let mut played = Played::default();
        let simd = || Some(Note::Feature("simd".to_owned()));
        for note in [None, simd(), simd(), Some(Note::Lost), None, simd()] {
            played.push(1, note);
        }
        assert_eq!(played.notes.len(), 3);
        let by_step = played.by_step(6).unwrap();
        assert_eq!(
            by_step,
            [None, simd().as_ref(), simd().as_ref(), Some(&Note::Lost), None, simd().as_ref()]
        );
    }

    #[test]
    fn answers_that_do_not_add_up_are_refused() {
        let mut played = Played::default();
        played.push(1, Some(Note::Lost));
        assert_eq!(played.by_step(2).unwrap_err(), "1 results for 2 steps");
        played.notes.push((0, 1, Note::Unreached));
        assert_eq!(played.by_step(1).unwrap_err(), "two notes for one step");
        played.notes = vec![(0, 2, Note::Lost)];
        assert_eq!(played.by_step(1).unwrap_err(), "notes beyond step 1");
    }
}
