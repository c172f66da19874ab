//! What the harness provides to imports, as numbers and values: it follows from the host's seed and the order of calls.
//!
//! Enters: a seed; leaves: for each call and each provided object what every engine has to see. `PROTOCOL.md` has the same in
//! words. Knows no engine: [`crate::host`] makes values of this runtime of it, adapters make those of theirs.

use crate::generate::edges;
use crate::observe::Seen;
use crate::random::{Random, mix};

/// Kinds of values.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the specification's")]
pub enum Kind {
    I32,
    I64,
    F32,
    F64,
    V128,
    Extern,
    /// References of every other type, which are null.
    Other,
}

/// One host call in so many fails, where the case wants errors.
const ERROR_RATE: u64 = 24;

/// The host's numbers.
#[derive(Clone, Debug)]
pub struct Draws {
    seed: u64,
    errors: bool,
    calls: u64,
}

impl Draws {
    /// The numbers of this seed, where host functions now and then fail if they are to.
    pub fn new(seed: u64, errors: bool) -> Self {
        Self { seed, errors, calls: 0 }
    }

    /// The number for the next call of any import; `None` where the function fails.
    pub fn call(&mut self, import: usize) -> Option<u64> {
        self.calls += 1;
        let draw = mix(self.seed ^ mix(self.calls) ^ import as u64);
        (!self.errors || !draw.is_multiple_of(ERROR_RATE)).then_some(draw)
    }

    /// The number for a global that is provided.
    pub fn global(&self, import: usize) -> u64 {
        mix(self.seed ^ mix(import as u64 + 1))
    }
}

/// The result at this position of a call that drew a number.
pub fn result(kind: Kind, draw: u64, position: usize) -> Seen {
    value(kind, mix(draw ^ position as u64))
}

/// A value, often one at which operators change their mind.
pub fn value(kind: Kind, draw: u64) -> Seen {
    let edge = |edges: &[u64]| match draw % 3 {
        0 => mix(draw),
        _ => edges[(draw / 3) as usize % edges.len()],
    };
    match kind {
        Kind::I32 => Seen::I32(edge(&edges::I32) as u32),
        Kind::I64 => Seen::I64(edge(&edges::I64)),
        Kind::F32 => Seen::F32(edge(&edges::F32) as u32),
        Kind::F64 => Seen::F64(edge(&edges::F64)),
        Kind::V128 => Seen::V128(edges::v128(&mut Random::of(&[draw]))),
        Kind::Extern if !draw.is_multiple_of(4) => Seen::Extern(Some(draw % 1000)),
        Kind::Extern | Kind::Other => Seen::Null,
    }
}
