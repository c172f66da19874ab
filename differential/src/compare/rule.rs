//! The legitimate differences: each has a name, a rule and a count. Whatever is not here is a finding.
//!
//! * `nan-bits` — the specification leaves sign and payload of a NaN that arithmetic makes open ([NaN propagation][nan]).
//!   Where the case lets NaNs differ, two floats of one type that are both NaN are equal in results, globals and arguments of
//!   host calls.
//! * `nan-leak` — such bits can reach integers and memory (`reinterpret`, stores). A difference in a case that has a form with
//!   every NaN made canonical is legitimate if *that form* shows none, compared bit for bit. Applied by [`crate::judge`].
//! * `stack-exhausted` — all lanes ran out of stack in the same step. How deep they came is theirs; state behind that point
//!   is not compared, and the case ends there.
//! * `fused-load` — compiled code may read memory as part of the operator that uses the value, and then reports an access out
//!   of bounds at that operator; equal loads become one. The same trap in the same function, at another offset.
//! * `stack-depth` — one lane ran out of stack where the other had some left. The case ends there too.
//!
//! [nan]: https://webassembly.github.io/spec/core/exec/numerics.html#nan-propagation

use crate::observe::{Outcome, Seen};
use assay_runtime::Trap;
use serde::{Deserialize, Serialize};

/// A rule that explains a difference.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// NaNs of one type are equal.
    NanBits,
    /// NaN bits decided something, as the canonical form shows.
    NanLeak,
    /// Both ran out of stack.
    StackExhausted,
    /// One ran out of stack.
    StackDepth,
    /// A trap is reported at the operator that uses a load.
    FusedLoad,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Rule; 5] =
        [Rule::NanBits, Rule::NanLeak, Rule::StackExhausted, Rule::StackDepth, Rule::FusedLoad];

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Rule::NanBits => "nan-bits",
            Rule::NanLeak => "nan-leak",
            Rule::StackExhausted => "stack-exhausted",
            Rule::StackDepth => "stack-depth",
            Rule::FusedLoad => "fused-load",
        }
    }
}

/// How often each rule was used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowed([u64; Rule::ALL.len()]);

impl Allowed {
    /// Counts a use.
    pub fn count(&mut self, rule: Rule) {
        self.0[rule as usize] += 1;
    }

    /// How often a rule was used.
    pub fn uses(&self, rule: Rule) -> u64 {
        self.0[rule as usize]
    }

    /// Adds the counts of another comparison.
    pub fn add(&mut self, other: &Self) {
        for (own, other) in self.0.iter_mut().zip(other.0) {
            *own += other;
        }
    }
}

/// Whether both are NaNs of one type.
pub(super) fn same_nan_class(left: &Seen, right: &Seen) -> bool {
    let same_type = std::mem::discriminant(left) == std::mem::discriminant(right);
    same_type && left.is_nan() && right.is_nan()
}

/// A place as outcomes have it: the function, and the offset where it is known.
pub(super) type Place = Option<(u32, Option<u32>)>;

/// Whether a trap out of bounds is reported at the load by one engine, and at the operator that uses it by the other.
pub(super) fn fused_load(kind: Trap, left: Place, right: Place) -> bool {
    match (kind, left, right) {
        (Trap::MemoryOutOfBounds, Some((func, Some(left))), Some((other, Some(right)))) => {
            func == other && left != right
        }
        _ => false,
    }
}

/// The rule for outcomes of which at least one is an exhausted stack.
pub(super) fn exhaustion(left: &Outcome, right: &Outcome) -> Option<Rule> {
    let exhausted = |outcome: &Outcome| matches!(outcome, Outcome::Trapped { kind: Trap::StackOverflow, .. });
    let ran = |outcome: &Outcome| {
        matches!(outcome, Outcome::Returned(_) | Outcome::Trapped { .. } | Outcome::HostError)
    };
    match (exhausted(left), exhausted(right)) {
        (true, true) => Some(Rule::StackExhausted),
        (true, false) => ran(right).then_some(Rule::StackDepth),
        (false, true) => ran(left).then_some(Rule::StackDepth),
        (false, false) => None,
    }
}
