//! Machines that are not quiet, for tests: what a sample of a build costs that always does the same.

/// Seeded numbers (xorshift).
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// From 0 to 1.
    pub(super) fn unit(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    /// Normal noise around 0 (Box and Muller).
    pub(super) fn normal(&mut self) -> f64 {
        (-2.0 * self.unit().ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos()
    }
}

/// How a machine is not quiet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Machine {
    /// One per cent of normal noise. Not among the noisy ones.
    Calm,
    /// Ten per cent of normal noise.
    Normal,
    /// Interruptions whose lengths have no mean.
    HeavyTailed,
    /// It gets slower all the time, and wanders.
    Drifting,
    /// Two speeds, a third apart; it stays at one for some samples.
    TwoSpeeds,
    /// Every third sample pays for the ones before, as a clock that is throttled does.
    Periodic,
}

impl Machine {
    /// The noisy ones.
    pub(super) const ALL: [Self; 5] =
        [Self::Normal, Self::HeavyTailed, Self::Drifting, Self::TwoSpeeds, Self::Periodic];

    pub(super) fn begin(self, random: &mut Random) -> Weather {
        Weather { machine: self, number: (random.unit() * 3.0) as u64, state: 0.0 }
    }
}

/// A machine at a moment.
pub(super) struct Weather {
    machine: Machine,
    number: u64,
    state: f64,
}

impl Weather {
    /// What the next sample takes.
    pub(super) fn sample(&mut self, random: &mut Random) -> f64 {
        self.number += 1;
        let little = 0.01 * random.normal();
        let more = match self.machine {
            Machine::Calm => 0.0,
            Machine::Normal => 0.1 * random.normal(),
            Machine::HeavyTailed => 0.02 * (random.unit().powf(-1.5) - 1.0).min(20.0),
            Machine::Drifting => {
                self.state += 0.01 + 0.04 * random.normal();
                self.state
            }
            Machine::TwoSpeeds => {
                if random.unit() < 0.2 {
                    self.state = 0.33 - self.state;
                }
                self.state
            }
            Machine::Periodic => f64::from(u8::from(self.number.is_multiple_of(3))) * 0.4,
        };
        1e7 * (little + more).exp()
    }
}
