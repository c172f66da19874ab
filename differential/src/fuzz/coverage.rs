//! What the code of a case did, as numbers for a fuzzer: the coverage of code that no compiler of the fuzzer has seen.
//!
//! Enters: a case and the outcomes of its steps; leaves: a number for each of the first values that the interpreter computes
//! (the operator, and what kind of value it leaves), and for each outcome with the last of these operators. A fuzzer counts how
//! often it meets each. Knows no fuzzer.

use crate::case::Case;
use crate::lanes::{Lane, Lanes};
use crate::observe::Seen;
use crate::random::mix;
use crate::rewrite::code::row_at;
use crate::rewrite::watch::Window;
use crate::trace::record;

/// Hears of features.
pub type Hit<'a> = &'a mut dyn FnMut(u64);

/// The values that are looked at: the first ones show most of what there is.
const WINDOW: Window = Window { first: 0, len: 1000 };

/// The fuel for each step. The window is full by then: a value costs thirty operators to write down.
const FUEL: u64 = 40_000;

/// The features of a case whose steps ended so.
pub(super) fn features(case: &Case, outcomes: &[&str], lanes: &Lanes) -> Vec<u64> {
    let Some(traced) = record(case, lanes.engine(Lane::Interp, true), Some(FUEL), WINDOW) else {
        return Vec::new();
    };
    let bytes = &case.modules[0].bytes;
    let operator = |offset: u32| {
        row_at(bytes, offset as usize).map_or(0, |row| mix(u64::from(row.code) << 8 | u64::from(row.prefix)))
    };
    let mut features = Vec::new();
    let mut last = 0;
    for event in traced.recordings.iter().flat_map(|recording| &recording.events) {
        last = operator(event.offset);
        features.push(mix(last ^ kind(&event.value)));
    }
    for outcome in outcomes {
        let class = outcome.bytes().fold(0, |hash, byte| mix(hash ^ u64::from(byte)));
        features.push(mix(last ^ class));
    }
    features
}

/// What kind of value it is: zero, one, all ones, the ends, how long; of floats also what they are.
fn kind(value: &Seen) -> u64 {
    let length = |bits: u64, width: u32| match bits {
        0 | 1 => bits,
        _ if bits == u64::MAX >> (64 - width) => 2,
        _ if bits == 1 << (width - 1) => 3,
        _ if bits == (u64::MAX >> (64 - width)) >> 1 => 4,
        _ => 8 + u64::from(64 - bits.leading_zeros()) / 4,
    };
    let float = |value: f64| 64 + value.classify() as u64 * 2 + u64::from(value.is_sign_negative());
    match *value {
        Seen::I32(bits) => length(u64::from(bits), 32),
        Seen::I64(bits) => length(bits, 64),
        Seen::F32(bits) => float(f32::from_bits(bits).into()),
        Seen::F64(bits) => float(f64::from_bits(bits)),
        Seen::V128(bits) => 128 + length(bits as u64, 64) * 32 + length((bits >> 64) as u64, 64),
        _ => 0,
    }
}
