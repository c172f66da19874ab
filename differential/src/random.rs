//! Numbers that are the same on every host: a small generator, seeded by what a case is made from.
//!
//! Enters: a seed; leaves: an endless stream. Knows no case and no module. The algorithm is SplitMix64 (Steele, Lea and
//! Flood, 2014), because it is short enough to be written down here for good: cases of old seeds must stay what they are.

use std::sync::Arc;

/// A stream of pseudo-random numbers.
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
    /// What comes first, and how much of it came.
    tape: Option<(Arc<[u8]>, usize)>,
}

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// Spreads every bit of a number over all of them.
pub(crate) fn mix(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

impl Random {
    /// The stream of several words together.
    pub fn of(words: &[u64]) -> Self {
        let state = words.iter().fold(STEP, |state, &word| mix(state ^ word).wrapping_add(STEP));
        Self { state, tape: None }
    }

    /// A stream whose first numbers follow from a byte each.
    pub fn over(bytes: &[u8]) -> Self {
        Self { tape: Some((bytes.into(), 0)), ..Self::of(&[]) }
    }

    /// The next number.
    #[expect(clippy::should_implement_trait, reason = "an endless source of numbers, not a sequence")]
    pub fn next(&mut self) -> u64 {
        if let Some((bytes, at)) = &mut self.tape
            && let Some(&byte) = bytes.get(*at)
        {
            *at += 1;
            return mix(u64::from(byte));
        }
        self.state = self.state.wrapping_add(STEP);
        mix(self.state)
    }

    /// A number below `bound`, which is not zero.
    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }

    /// Whether one of `count` equal chances came true.
    pub fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    /// One of these, which are not none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// This many bytes.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        let words = std::iter::repeat_with(|| self.next().to_le_bytes());
        words.take(count.div_ceil(8)).flatten().take(count).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn the_stream_is_written_down_for_good() {
        let mut random = Random::of(&[1, 2, 3]);
        assert_eq!([random.next(), random.next()], [0x34c6_0fe4_696a_8f40, 0x6b29_acc5_b880_e95d]);
    }

    #[test]
    fn a_tape_comes_first_and_a_byte_is_a_choice() {
        let (mut one, mut other) = (Random::over(&[1, 2, 3]), Random::over(&[1, 9, 3]));
        let mut pairs = || (one.below(1000), other.below(1000));
        let pairs = [pairs(), pairs(), pairs(), pairs()];
        assert_eq!(pairs.map(|(a, b)| a == b), [true, false, true, true]);
    }

    #[test]
    fn bounds_hold() {
        let mut random = Random::of(&[7]);
        let seen: Vec<usize> = (0..200).map(|_| random.below(3)).collect();
        assert!((0..3).all(|value| seen.contains(&value)) && seen.iter().all(|&value| value < 3));
        assert_eq!(random.bytes(13).len(), 13);
    }
}
