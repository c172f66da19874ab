//! The legitimate differences: each has a name, a rule and a count. Whatever is not here is a finding.
//!
//! * `nan-bits` — the specification leaves sign and payload of a NaN that arithmetic makes open ([NaN propagation][nan]).
//!   Where the case lets NaNs differ, two floats of one type that are both NaN are equal in results, globals and arguments of
//!   host calls, and so are lanes of vectors.
//! * `nan-leak` — such bits can reach integers and memory (`reinterpret`, stores). A difference in a case that has a form with
//!   every NaN made canonical is legitimate if *that form* shows none, compared bit for bit. Applied by [`crate::judge`].
//! * `stack-exhausted` — both lanes ran out of stack in the same step. How deep they came is theirs; state behind that point
//!   is not compared, and the case ends there. One that runs out alone is a finding: lanes have so much stack that fuel runs
//!   out first.
//!   An engine of another process has a stack of its own: there one of both suffices.
//! * `limit-met` — an engine of another process that does not keep to the limits of a case: it is not compared from the step
//!   on in which the interpreter met one.
//! * `heap-full` — in one of both lanes the heap had no room for an object in this step, and an empty one would have had. What
//!   is still alive when garbage is collected is known differently: the interpreter keeps what stands in the slots of its
//!   frames, compiled code what it reads again. Where both are full at the same place nothing differs; where they are not,
//!   the case ends there. What is larger than the whole heap traps everywhere.
//! * `fused-load` — compiled code may read memory as part of the operator that uses the value, and then reports an access out
//!   of bounds at that operator. The same trap in the same function, further on than the load that the interpreter names. What
//!   the optimiser made of both may have no operator of its own; it counts to the one whose code follows, which stands before
//!   the load when it is computed late. An operator further up must access nothing itself: no other access may be blamed.
//!
//! [nan]: https://webassembly.github.io/spec/core/exec/numerics.html#nan-propagation

use crate::observe::{Graph, Outcome, Seen};
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
    /// A trap is reported at the operator that uses a load.
    FusedLoad,
    /// The interpreter met a limit that the other engine does not keep to.
    LimitMet,
    /// The heap of objects was full in one of both.
    HeapFull,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Rule; 6] =
        [Rule::NanBits, Rule::NanLeak, Rule::StackExhausted, Rule::FusedLoad, Rule::LimitMet, Rule::HeapFull];

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Rule::NanBits => "nan-bits",
            Rule::NanLeak => "nan-leak",
            Rule::StackExhausted => "stack-exhausted",
            Rule::FusedLoad => "fused-load",
            Rule::LimitMet => "limit-met",
            Rule::HeapFull => "heap-full",
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

/// Whether both are NaNs of one type, or vectors of one shape of floats that are equal but for lanes that are both NaN.
pub(super) fn same_nan_class(left: &Seen, right: &Seen) -> bool {
    if let (&Seen::V128(left), &Seen::V128(right)) = (left, right) {
        let narrow = |bits: u128, lane: u32| Seen::F32((bits >> (lane * 32)) as u32);
        let wide = |bits: u128, lane: u32| Seen::F64((bits >> (lane * 64)) as u64);
        let same = |left: Seen, right: Seen| left == right || same_nan_class(&left, &right);
        return (0..4).all(|lane| same(narrow(left, lane), narrow(right, lane)))
            || (0..2).all(|lane| same(wide(left, lane), wide(right, lane)));
    }
    if let (Seen::Graph(left), Seen::Graph(right)) = (left, right) {
        return same_but_for_nans(left, right);
    }
    let same_type = std::mem::discriminant(left) == std::mem::discriminant(right);
    same_type && left.is_nan() && right.is_nan()
}

/// Whether two graphs are equal but for NaNs.
fn same_but_for_nans(left: &Graph, right: &Graph) -> bool {
    let same = |(left, right): (&Seen, &Seen)| left == right || same_nan_class(left, right);
    let objects = left.objects.iter().zip(&right.objects);
    left.first == right.first
        && left.objects.len() == right.objects.len()
        && objects.into_iter().all(|(left, right)| {
            let fields = left.fields.iter().zip(&right.fields);
            left.ty == right.ty && left.len == right.len && fields.into_iter().all(same)
        })
}

/// A place as outcomes have it: the function, and the offset where it is known.
pub(super) type Place = Option<(u32, Option<u32>)>;

/// Whether a trap out of bounds is reported at the load by the interpreter, and by compiled code behind it, at the operator
/// that uses it, or at one before it that does not access memory. `accesses` says whether compiled code names one that does.
pub(super) fn fused_load(kind: Trap, interpreted: Place, compiled: Place, accesses: Option<bool>) -> bool {
    match (kind, interpreted, compiled) {
        (Trap::MemoryOutOfBounds, Some((func, Some(load))), Some((other, Some(named)))) => {
            func == other && (load < named || accesses == Some(false))
        }
        _ => false,
    }
}

/// Whether both ran out of stack.
pub(super) fn both_exhausted(left: &Outcome, right: &Outcome) -> bool {
    let exhausted = |outcome: &Outcome| matches!(outcome, Outcome::Trapped { kind: Trap::StackOverflow, .. });
    exhausted(left) && exhausted(right)
}
