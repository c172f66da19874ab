//! Builds in turns: rounds that visit each in an order that is drawn anew, and instructions counted one by one.
//!
//! Enters: the commands of one workload; leaves: a sample of each visit. The order is drawn because that is what the judgement
//! rests on: nothing that the machine does on its own can favour a build. No sample counts of a build that says something else
//! than the others. Knows no statistics.

use std::time::Duration;

use crate::child::{self, Cost};
use crate::generate::random::Random;

/// A visit takes no longer.
const LIMIT: Duration = Duration::from_secs(120);

/// Why a workload has no figures.
#[derive(Debug, thiserror::Error)]
pub enum TurnError {
    /// A command failed.
    #[error("{workload}: `{}` {error}", command.join(" "))]
    Failed {
        /// The workload.
        workload: String,
        /// The command.
        command: Vec<String>,
        /// How.
        error: String,
    },
    /// Two builds compute something else.
    #[error("{workload}: `{}` says `{}`, but `{}` says `{}`", command.join(" "), String::from_utf8_lossy(said).trim(), first.join(" "), String::from_utf8_lossy(expected).trim())]
    Differs {
        /// The workload.
        workload: String,
        /// The command.
        command: Vec<String>,
        /// What it says.
        said: Vec<u8>,
        /// The command that was first.
        first: Vec<String>,
        /// What that said.
        expected: Vec<u8>,
    },
}

/// The draw of an order, for a whole run.
pub struct Draw(Random);

impl Draw {
    /// The same seed gives the same orders.
    pub fn new(seed: u64) -> Self {
        Self(Random::new(seed))
    }

    /// Every order of so many is equally likely.
    fn order(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        for place in (1..count).rev() {
            order.swap(place, self.0.below(place + 1));
        }
        order
    }
}

/// Commands that do the same.
pub struct Turns<'a> {
    workload: &'a str,
    commands: Vec<Vec<String>>,
    expected: Option<Vec<u8>>,
}

impl<'a> Turns<'a> {
    /// Commands that have to say the same; each is run once to warm up.
    ///
    /// # Errors
    ///
    /// When one fails, or says something else than the others.
    pub fn begin(workload: &'a str, commands: Vec<Vec<String>>) -> Result<Self, TurnError> {
        let mut turns = Self { workload, commands, expected: None };
        (0..turns.commands.len()).try_for_each(|index| turns.visit(index).map(drop))?;
        Ok(turns)
    }

    /// One visit of each command; what it took, in the order of the commands.
    ///
    /// # Errors
    ///
    /// As [`Self::begin`].
    pub fn round(&mut self, draw: &mut Draw) -> Result<Vec<Cost>, TurnError> {
        let mut costs = vec![Cost { wall_ns: 0.0, cpu_ns: 0.0, peak_bytes: 0.0 }; self.commands.len()];
        for index in draw.order(self.commands.len()) {
            costs[index] = self.visit(index)?;
        }
        Ok(costs)
    }

    fn visit(&mut self, index: usize) -> Result<Cost, TurnError> {
        let command = &self.commands[index];
        let (cost, said) = child::run(command, LIMIT).map_err(|error| TurnError::Failed {
            workload: self.workload.to_owned(),
            command: command.clone(),
            error,
        })?;
        match &self.expected {
            Some(expected) if *expected != said => {
                return Err(TurnError::Differs {
                    workload: self.workload.to_owned(),
                    command: command.clone(),
                    said,
                    first: self.commands[0].clone(),
                    expected: expected.clone(),
                });
            }
            _ => self.expected = Some(said),
        }
        Ok(cost)
    }
}

/// The instructions that a command executes, by valgrind's count. An error says why there is none.
pub fn instructions(command: &[String]) -> Result<u64, String> {
    let counted = tempfile::NamedTempFile::new().map_err(|error| error.to_string())?;
    let file = counted.path().to_string_lossy().into_owned();
    let mut words: Vec<String> =
        ["valgrind", "--tool=cachegrind", "--cache-sim=no"].map(str::to_owned).to_vec();
    words.push(format!("--cachegrind-out-file={file}"));
    words.extend_from_slice(command);
    child::run(&words, LIMIT).map_err(|error| {
        let brief: String = error
            .lines()
            .find(|line| line.contains("rocess terminating"))
            .unwrap_or(&error)
            // The number of the process differs from time to time, and says nothing.
            .trim_start_matches(|sign: char| matches!(sign, '=' | ' ') || sign.is_ascii_digit())
            .chars()
            .take(160)
            .collect();
        format!("valgrind: {brief}")
    })?;
    let text = std::fs::read_to_string(counted.path()).map_err(|error| error.to_string())?;
    total(&text).ok_or_else(|| "valgrind wrote no count".to_owned())
}

/// The first figure of the line `summary:`.
fn total(text: &str) -> Option<u64> {
    let line = text.lines().rev().find_map(|line| line.strip_prefix("summary:"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{Draw, Turns, total};

    fn sh(script: &str) -> Vec<String> {
        ["sh", "-c", script].map(str::to_owned).to_vec()
    }

    #[test]
    fn every_round_visits_each_once_and_every_order_comes() {
        let mut draw = Draw::new(7);
        let mut seen = std::collections::BTreeMap::new();
        for _ in 0..600 {
            *seen.entry(draw.order(3)).or_insert(0) += 1;
        }
        assert_eq!(seen.len(), 6);
        assert!(seen.values().all(|&count| (60..140).contains(&count)), "{seen:?}");
    }

    #[test]
    fn builds_that_say_something_else_have_no_figures() {
        let mut turns = Turns::begin("w", vec![sh("sleep 0.01; echo 7"), sh("echo 7")]).unwrap();
        let costs = turns.round(&mut Draw::new(1)).unwrap();
        assert!(costs[0].wall_ns > 1e7, "{costs:?}");
        let error = Turns::begin("w", vec![sh("echo 7"), sh("echo 8")]).err().unwrap().to_string();
        assert_eq!(error, "w: `sh -c echo 8` says `8`, but `sh -c echo 7` says `7`");
        let error = Turns::begin("w", vec![sh("exit 2")]).err().unwrap().to_string();
        assert_eq!(error, "w: `sh -c exit 2` ended with exit code 2: ");
    }

    #[test]
    fn counts_are_read() {
        assert_eq!(total("events: Ir\nfn=x\n1 2\nsummary: 1234567\n"), Some(1_234_567));
        assert_eq!(total("summary: \n"), None);
    }
}
