//! Random bytes: the host's, or a sequence that a seed decides.

use crate::call::Outcome;
use crate::wait::Wait;
use rustix::rand::{GetRandomFlags, getrandom};

/// How much is filled without a look at the time limit.
const CHUNK: usize = 1 << 20;

/// Where random bytes come from.
#[derive(Clone, Debug)]
pub(crate) enum Random {
    Host,
    /// SplitMix64, for runs that repeat exactly. No secret may depend on it.
    Seeded(u64),
}

impl Random {
    /// Fills a buffer.
    pub(crate) fn fill(&mut self, bytes: &mut [u8], wait: &Wait) -> Outcome {
        for chunk in bytes.chunks_mut(CHUNK) {
            wait.check()?;
            match self {
                Self::Host => fill_from_host(chunk)?,
                Self::Seeded(state) => {
                    for word in chunk.chunks_mut(8) {
                        word.copy_from_slice(&next(state).to_le_bytes()[..word.len()]);
                    }
                }
            }
        }
        Ok(())
    }
}

fn fill_from_host(mut bytes: &mut [u8]) -> Outcome {
    while !bytes.is_empty() {
        match getrandom(&mut *bytes, GetRandomFlags::empty()) {
            Ok(count) => bytes = &mut bytes[count..],
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::Random;
    use crate::wait::Wait;

    #[test]
    fn a_seed_decides_the_sequence() {
        let of = |seed| {
            let mut bytes = [0; 37];
            Random::Seeded(seed).fill(&mut bytes, &Wait::new(None)).unwrap();
            bytes
        };
        assert_eq!(of(7), of(7));
        assert_ne!(of(7), of(8));
    }

    #[test]
    fn the_host_gives_bytes() {
        let mut bytes = [0; 64];
        Random::Host.fill(&mut bytes, &Wait::new(None)).unwrap();
        assert_ne!(bytes, [0; 64]);
    }
}
