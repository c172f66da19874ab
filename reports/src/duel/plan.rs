//! What a comparison will be able to see, said before it begins.
//!
//! Enters: a short pilot of one build against itself; leaves: how many rounds are worth while, and the least change that these
//! will most likely show. The middle of the pilot's differences is known to be nothing, so their mean distance from it says
//! how far they scatter. Knows no workload.

use statrs::distribution::{ContinuousCDF, Normal};

use super::{Quantity, chance_of_each, paired};

/// The chance that a change of the stated size is seen.
const POWER: f64 = 0.9;

/// How a workload will be measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// Rounds of all builds.
    pub rounds: usize,
    /// The least change of time that these will most likely show, as a share.
    pub detectable: f64,
}

impl Plan {
    /// The plan for one of `workloads`, after a pilot: as few rounds as show a change of `detect`, but at most so many.
    pub fn new(pilot: &[f64], workloads: usize, detect: f64, most: usize) -> Self {
        let least = Self::fewest_rounds(workloads);
        let most = most.clamp(least, paired::MOST);
        let enough = (least..=most).find(|&rounds| detectable(pilot, workloads, rounds) <= detect);
        let rounds = enough.unwrap_or(most);
        Self { rounds, detectable: detectable(pilot, workloads, rounds) }
    }

    /// The fewest rounds from which anything can be said about one of so many workloads.
    pub fn fewest_rounds(workloads: usize) -> usize {
        paired::fewest(chance_of_each(workloads))
    }
}

/// The change that so many rounds will most likely show.
fn detectable(pilot: &[f64], workloads: usize, rounds: usize) -> f64 {
    let distance = pilot.iter().map(|difference| difference.abs()).sum::<f64>() / pilot.len().max(1) as f64;
    // Of normal noise, which has more in the middle than what is met: the ranks need 3/π more rounds than a mean would.
    let deviation = distance * (std::f64::consts::PI / 2.0).sqrt() * (std::f64::consts::PI / 3.0).sqrt();
    let normal = Normal::standard();
    let quantiles = normal.inverse_cdf(1.0 - chance_of_each(workloads) / 4.0) + normal.inverse_cdf(POWER);
    (Quantity::Time.floor() + quantiles * deviation / (rounds as f64).sqrt()).exp_m1()
}

#[cfg(test)]
mod tests {
    use super::Plan;

    #[test]
    fn noise_costs_rounds_and_where_there_are_none_left_sight() {
        let calm = Plan::new(&[0.001, -0.002, 0.001], 12, 0.05, 100);
        let noisy = Plan::new(&[0.03, -0.02, 0.01], 12, 0.05, 100);
        let wild = Plan::new(&[0.3, -0.2, 0.1], 12, 0.05, 100);
        assert_eq!(calm.rounds, Plan::fewest_rounds(12));
        assert!(calm.rounds < noisy.rounds && noisy.rounds < 100, "{noisy:?}");
        assert!(noisy.detectable <= 0.05 && calm.detectable < noisy.detectable);
        assert!(wild.rounds == 100 && wild.detectable > 0.1, "{wild:?}");
    }

    #[test]
    fn more_workloads_need_more_rounds() {
        assert!(Plan::fewest_rounds(1) < Plan::fewest_rounds(50));
        assert!(Plan::new(&[0.01; 8], 1, 0.05, 300).rounds < Plan::new(&[0.01; 8], 50, 0.05, 300).rounds);
    }
}
