//! Differences of pairs to an interval for what lies behind them.
//!
//! Enters: the logarithms of what one build took over what the other took, one for each round; leaves: the middle of their
//! distribution and an interval for it. The rounds visit both builds in an order that is drawn. Were the builds the same, the
//! sign of each difference would be the toss of that coin, whatever the machine did meanwhile: drift, bursts, several speeds.
//! Two exact tests need no more than this. Wilcoxon's signed ranks see most where noise is even: their interval is that of the
//! means of all pairs of differences (Walsh), without as many at either end as the ranks may add up to by chance. The signs
//! alone see less, but do not care how far off an interruption is: their interval is that of the differences themselves. Each
//! may err half as often as is allowed, so the truth lies in both intervals, and what they have in common is the answer.
//! Knows no clock.

/// What differences say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Estimate {
    /// The middle of all means of two differences (Hodges and Lehmann).
    pub(super) middle: f64,
    /// The lower end of the interval.
    pub(super) low: f64,
    /// The upper end.
    pub(super) high: f64,
}

/// More rounds than this are not looked at: the distribution of rank sums is computed exactly.
pub(super) const MOST: usize = 400;

/// The middle of the differences, and where it lies but for this chance. None: too few of them to say so, or no figures.
pub(super) fn estimate(differences: &[f64], chance: f64) -> Option<Estimate> {
    let mut sorted = differences[..differences.len().min(MOST)].to_vec();
    if sorted.iter().any(|difference| !difference.is_finite()) {
        return None;
    }
    sorted.sort_by(f64::total_cmp);
    let mut means = Vec::with_capacity(sorted.len() * (sorted.len() + 1) / 2);
    for (place, one) in sorted.iter().enumerate() {
        means.extend(sorted[place..].iter().map(|other| f64::midpoint(*one, *other)));
    }
    means.sort_by(f64::total_cmp);
    let by_ranks = within(&means, &rank_sums(sorted.len()), chance / 2.0)?;
    let by_signs = within(&sorted, &heads(sorted.len()), chance / 2.0)?;
    let (low, high) = (by_ranks.0.max(by_signs.0), by_ranks.1.min(by_signs.1));
    let last = means.len() - 1;
    let middle = f64::midpoint(means[last / 2], means[last.div_ceil(2)]);
    // Where both tests contradict each other, something rare has happened: the wider answer is the safe one.
    let (low, high) =
        if low <= high { (low, high) } else { (by_ranks.0.min(by_signs.0), by_ranks.1.max(by_signs.1)) };
    Some(Estimate { middle: middle.clamp(low, high), low, high })
}

/// The fewest rounds that can show anything at this chance.
pub(super) fn fewest(chance: f64) -> usize {
    // Of both tests the least likely outcome is that all signs are the same.
    (1..=MOST).find(|&rounds| left_out(&heads(rounds), chance / 2.0).is_some()).unwrap_or(MOST)
}

/// The ends of sorted figures, without those that chance may have put there.
fn within(figures: &[f64], shares: &[f64], chance: f64) -> Option<(f64, f64)> {
    let left_out = left_out(shares, chance)?;
    Some((*figures.get(left_out)?, figures[figures.len() - 1 - left_out]))
}

/// How many figures are left out at either end, by the distribution of a test's statistic. None: even its most extreme value is
/// not rare enough.
fn left_out(shares: &[f64], chance: f64) -> Option<usize> {
    let mut below = 0.0;
    for (value, share) in shares.iter().enumerate() {
        below += share;
        if below > chance / 2.0 {
            return value.checked_sub(1);
        }
    }
    None
}

/// The chance of each number of heads among so many fair coins.
fn heads(coins: usize) -> Vec<f64> {
    let mut shares = vec![1.0];
    for _ in 0..coins {
        let mut next = vec![0.0; shares.len() + 1];
        for (count, share) in shares.into_iter().enumerate() {
            next[count] += share / 2.0;
            next[count + 1] += share / 2.0;
        }
        shares = next;
    }
    shares
}

/// The chance of each sum of those of the ranks from 1 to `rounds` that a fair coin chooses.
fn rank_sums(rounds: usize) -> Vec<f64> {
    let mut shares = vec![1.0];
    for rank in 1..=rounds {
        let mut next = vec![0.0; shares.len() + rank];
        for (sum, share) in shares.into_iter().enumerate() {
            next[sum] += share / 2.0;
            next[sum + rank] += share / 2.0;
        }
        shares = next;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::{estimate, fewest, heads, left_out, rank_sums};

    #[test]
    fn distributions_are_those_of_the_published_tables() {
        assert_eq!(rank_sums(3), [0.125, 0.125, 0.125, 0.25, 0.125, 0.125, 0.125]);
        assert_eq!(heads(3), [0.125, 0.375, 0.375, 0.125]);
        // Critical values of the two-sided tests at 5 %: sums up to 8 of 10 ranks, up to 52 of 20; up to 5 heads of 20.
        assert_eq!(left_out(&rank_sums(10), 0.05), Some(8));
        assert_eq!(left_out(&rank_sums(20), 0.05), Some(52));
        assert_eq!(left_out(&heads(20), 0.05), Some(5));
        assert_eq!((left_out(&heads(5), 0.05), left_out(&heads(6), 0.05)), (None, Some(0)));
        assert_eq!((fewest(0.1), fewest(0.0001)), (6, 16));
    }

    #[test]
    fn an_interval_holds_the_middle_and_forgets_outliers() {
        let mut differences: Vec<f64> = (0..25).map(|at| f64::from(at - 12) / 1000.0).collect();
        let calm = estimate(&differences, 0.001).unwrap();
        assert!(calm.middle.abs() < 1e-12 && calm.low < 0.0 && 0.0 < calm.high, "{calm:?}");
        assert!((calm.low + calm.high).abs() < 1e-12, "{calm:?}");
        differences[24] = 1e6;
        let disturbed = estimate(&differences, 0.001).unwrap();
        assert!(disturbed.middle < 0.001 && disturbed.high < 0.012, "{disturbed:?}");
        // Half a dozen interruptions of one side would shift the ranks' interval; the signs' holds.
        let interrupted: Vec<f64> =
            (0..60).map(|at| if at < 6 { 9.0 } else { f64::from(at - 33) / 1000.0 }).collect();
        assert!(estimate(&interrupted, 1e-5).unwrap().high < 0.03);
        assert_eq!(estimate(&differences[..9], 0.001), None);
        assert_eq!(estimate(&[f64::INFINITY; 25], 0.001), None);
    }

    #[test]
    fn intervals_miss_the_truth_no_more_often_than_they_say() {
        let mut random = super::super::noise::Random::new(3);
        let misses = (0..4000).filter(|_| {
            let differences: Vec<f64> = (0..20).map(|_| random.normal()).collect();
            let found = estimate(&differences, 0.05).unwrap();
            found.low > 0.0 || found.high < 0.0
        });
        let share = misses.count() as f64 / 4000.0;
        assert!((0.01..0.05).contains(&share), "{share}");
    }
}
