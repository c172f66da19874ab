//! Canaries around memories, tables, contexts, segments and the embedder's globals: nothing writes there, and nothing of them turns up anywhere else.
//!
//! After each step the canaries are looked at, and everything that a guest can see is searched for their pattern: results,
//! arguments of host calls, globals, memories. Four bytes of it in a row, from any place on, are a leak: no generator
//! writes them. References to host functions have no canaries. A write that hits the byte that was there, and one further off
//! than a page from a memory, or than 128 bytes from anything else, is not seen.

use super::Escape;
use crate::case::Case;
use crate::observe::{Image, Observation, Outcome, Scope, Seen, StepSeen};
use crate::play::{Player, Watch, play_watched};
use assay_runtime::Engine;
use assay_runtime::inspect::{CANARY_PATTERN, check_canaries};

const ORACLE: &str = "canary";

/// So many bytes of the pattern in a row are no accident.
const ENOUGH: usize = 4;

/// Plays a case between canaries.
pub(super) fn play(case: &Case, engine: &Engine, fuel: Option<u64>) -> (Observation, Option<Escape>) {
    let mut eye = Eye::default();
    let seen = play_watched(case, engine, fuel, Scope::All, &mut eye);
    (seen, eye.found)
}

#[derive(Default)]
struct Eye {
    step: usize,
    found: Option<Escape>,
}

impl Watch for Eye {
    fn stepped(&mut self, player: &mut Player, seen: &StepSeen) {
        if self.found.is_none() {
            let written = check_canaries(player.store()).err().map(|change| change.to_string());
            let what = written.or_else(|| leak(seen));
            self.found = what.map(|what| Escape::new(ORACLE, format_args!("step {}: {what}", self.step)));
        }
        self.step += 1;
    }
}

/// Where in what a step left the pattern turned up.
fn leak(seen: &StepSeen) -> Option<String> {
    let results = match &seen.outcome {
        Outcome::Returned(values) => values.as_slice(),
        Outcome::Threw(exception) => std::slice::from_ref(exception),
        _ => &[],
    };
    let args = seen.calls.calls.iter().flat_map(|call| &call.args);
    let found = |what: &str, value: &Seen| format!("a canary in {what}: {value}");
    let in_values = |what: &str, value: &Seen| is_canary_value(value).then(|| found(what, value));
    results
        .iter()
        .find_map(|value| in_values("a result", value))
        .or_else(|| args.into_iter().find_map(|value| in_values("an argument of a host call", value)))
        .or_else(|| seen.state.globals.iter().find_map(|value| in_values("a global", value)))
        .or_else(|| (0..).zip(&seen.state.memories).find_map(|(number, image)| in_memory(number, image)))
}

fn in_memory(number: usize, image: &Image) -> Option<String> {
    image.chunks.iter().find_map(|(chunk, bytes)| {
        is_canary(bytes).then(|| format!("a canary in memory {number}, chunk {chunk}"))
    })
}

fn is_canary_value(value: &Seen) -> bool {
    match value {
        Seen::I32(bits) | Seen::F32(bits) => is_canary(&bits.to_le_bytes()),
        Seen::I64(bits) | Seen::F64(bits) => is_canary(&bits.to_le_bytes()),
        Seen::V128(bits) => is_canary(&bits.to_le_bytes()),
        Seen::Graph(graph) => graph.objects.iter().any(|object| object.fields.iter().any(is_canary_value)),
        Seen::Null | Seen::Func(_) | Seen::SomeFunc | Seen::Extern(_) => false,
        Seen::I31(_) | Seen::Object(_) | Seen::Unseen => false,
    }
}

/// Whether bytes have enough of the pattern in a row.
fn is_canary(bytes: &[u8]) -> bool {
    let follows = |pair: &[u8]| {
        let place = CANARY_PATTERN.iter().position(|&byte| byte == pair[0]);
        place.is_some_and(|place| CANARY_PATTERN[(place + 1) % CANARY_PATTERN.len()] == pair[1])
    };
    let mut row = 1;
    bytes.windows(2).any(|pair| {
        row = if follows(pair) { row + 1 } else { 1 };
        row >= ENOUGH
    })
}

#[cfg(test)]
mod tests {
    use super::{is_canary, is_canary_value};
    use crate::observe::Seen;
    use assay_runtime::inspect::CANARY_PATTERN;

    #[test]
    fn the_pattern_is_recognised_wherever_it_is_cut() {
        let twice = [CANARY_PATTERN, CANARY_PATTERN].concat();
        for from in 0..8 {
            assert!(is_canary(&twice[from..from + 4]), "from {from}");
            assert!(!is_canary(&twice[from..from + 3]), "from {from}");
        }
        let mut other = [7; 40];
        assert!(!is_canary(&other));
        other[20..24].copy_from_slice(&CANARY_PATTERN[2..6]);
        assert!(is_canary(&other));
        assert!(is_canary_value(&Seen::I64(u64::from_le_bytes(CANARY_PATTERN))));
        assert!(!is_canary_value(&Seen::I64(0)));
    }
}
