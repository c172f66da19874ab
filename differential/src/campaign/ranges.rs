//! Which cases are done: ranges of their numbers, none of them twice.

/// Disjoint ranges `from..to`, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ranges(Vec<(u64, u64)>);

impl Ranges {
    /// Adds a range. `false` when a case of it was there already: then nothing is added.
    pub(super) fn add(&mut self, from: u64, to: u64) -> bool {
        let at = self.0.partition_point(|&(_, end)| end <= from);
        let next = self.0.get(at).copied();
        if from >= to || next.is_some_and(|(start, _)| start < to) {
            return false;
        }
        self.0.insert(at, (from, to));
        self.join(at + 1);
        self.join(at);
        true
    }

    /// Joins a range with the one before it where they meet.
    fn join(&mut self, at: usize) {
        let Some(before) = at.checked_sub(1) else { return };
        if self.0.get(at).is_some_and(|&(from, _)| self.0[before].1 == from) {
            self.0[before].1 = self.0[at].1;
            self.0.remove(at);
        }
    }

    /// The first range of at most `most` cases at or behind `from`, and before `end`, that is not there.
    pub(super) fn gap(&self, from: u64, end: u64, most: u64) -> Option<(u64, u64)> {
        let mut from = from;
        let at = self.0.partition_point(|&(_, to)| to <= from);
        let mut behind = self.0[at..].iter().copied().peekable();
        while let Some((_, to)) = behind.next_if(|&(start, _)| start <= from) {
            from = from.max(to);
        }
        let end = behind.peek().map_or(end, |&(start, _)| end.min(start));
        let to = from.saturating_add(most).min(end);
        (from < to).then_some((from, to))
    }

    /// How many cases there are.
    pub(super) fn len(&self) -> u64 {
        self.0.iter().map(|(from, to)| to - from).sum()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.0.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::Ranges;
    use crate::random::Random;

    #[test]
    fn no_case_is_there_twice() {
        let mut ranges = Ranges::default();
        assert!(ranges.add(10, 20) && ranges.add(30, 40) && ranges.add(20, 25));
        for (from, to) in [(10, 11), (5, 11), (24, 26), (0, 100), (39, 41), (7, 7)] {
            assert!(!ranges.add(from, to), "{from}..{to}");
        }
        assert_eq!(ranges.iter().collect::<Vec<_>>(), [(10, 25), (30, 40)]);
        assert_eq!(ranges.len(), 25);
    }

    #[test]
    fn gaps_are_what_is_missing() {
        let mut ranges = Ranges::default();
        assert_eq!(ranges.gap(3, 50, 8), Some((3, 11)));
        assert!(ranges.add(5, 9) && ranges.add(12, 50));
        assert_eq!(ranges.gap(3, 50, 8), Some((3, 5)));
        assert_eq!(ranges.gap(5, 50, 8), Some((9, 12)));
        assert_eq!(ranges.gap(20, 50, 8), None);
        assert_eq!(ranges.gap(20, 60, 8), Some((50, 58)));
    }

    #[test]
    fn gaps_fill_up_to_one_range() {
        let mut random = Random::of(&[4]);
        let mut ranges = Ranges::default();
        for _ in 0..200 {
            let from = random.below(1000) as u64;
            ranges.add(from, from + 1 + random.below(9) as u64);
        }
        let mut from = 0;
        while let Some((start, end)) = ranges.gap(from, 1100, 7) {
            assert!(ranges.add(start, end));
            from = end;
        }
        assert_eq!(ranges.iter().collect::<Vec<_>>(), [(0, 1100)]);
    }
}
