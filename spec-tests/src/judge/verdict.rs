//! Compares what happened with what was expected, on three levels of strictness.
//!
//! Enters: an expectation and an outcome; leaves: a judgement. Pure: the whole rule book of the results stands here and can
//! be read without knowing how anything is played.

use super::{Judgement, Reached};
use crate::engine::{Failure, Stage};
use crate::matcher::{Pattern, all_match};
use crate::script::Refusal;
use crate::value::{Value, list};

/// `assert_return`.
pub(super) fn values(expected: &[Pattern], outcome: Result<&[Value], Failure>) -> Judgement {
    match outcome {
        Ok(values) if all_match(expected, values) => Judgement::Pass,
        Ok(values) => fail(Reached::Nothing, list(expected), list(values)),
        Err(failure) => fail(Reached::Nothing, list(expected), failure.to_string()),
    }
}

/// A module or a call that has to go well.
pub(super) fn success(expected: &str, failure: &Failure) -> Judgement {
    fail(Reached::Nothing, expected.to_owned(), failure.to_string())
}

/// An action that has to end in a trap, exhaustion or an exception. The message is normative for the first two.
pub(super) fn abrupt(stage: Stage, message: &str, outcome: Result<&[Value], Failure>) -> Judgement {
    match outcome {
        Ok(values) => fail(Reached::Nothing, wanted(stage, message), list(values)),
        Err(failure) => refused(stage, message, &failure),
    }
}

/// A module that has to be refused, and was not.
pub(super) fn accepted(at: Refusal, message: &str) -> Judgement {
    fail(Reached::Nothing, wanted(stage_of(at), message), "accepted".to_owned())
}

/// Something that went wrong, as it should: but also where, and in which words, it should?
pub(super) fn refused(expected: Stage, message: &str, actual: &Failure) -> Judgement {
    let reached = if actual.stage == Stage::Host || actual.stage == Stage::Unsupported {
        Reached::Nothing
    } else if actual.stage != expected {
        Reached::Outcome
    } else if normative(expected) && !actual.text.starts_with(message) {
        Reached::Stage
    } else {
        return Judgement::Pass;
    };
    fail(reached, wanted(expected, message), actual.to_string())
}

/// The stage at which an assertion wants its module refused.
pub(super) fn stage_of(at: Refusal) -> Stage {
    match at {
        Refusal::Malformed | Refusal::MalformedCustom => Stage::Malformed,
        Refusal::Invalid | Refusal::InvalidCustom => Stage::Invalid,
        Refusal::Unlinkable => Stage::Unlinkable,
    }
}

/// Whether the reference's words have to be kept. Those for malformed and invalid modules are advice.
fn normative(stage: Stage) -> bool {
    matches!(stage, Stage::Trap | Stage::Unlinkable | Stage::Exhaustion)
}

fn wanted(stage: Stage, message: &str) -> String {
    if message.is_empty() { stage.to_string() } else { format!("{stage}: {message}") }
}

fn fail(reached: Reached, expected: String, actual: String) -> Judgement {
    Judgement::Fail { reached, expected, actual }
}

#[cfg(test)]
mod tests {
    use super::{abrupt, accepted, refused, values};
    use crate::engine::{Failure, Stage};
    use crate::judge::{Judgement, Reached};
    use crate::matcher::Pattern;
    use crate::script::Refusal;
    use crate::value::Value;

    fn reached(judgement: Judgement) -> Option<Reached> {
        match judgement {
            Judgement::Pass => None,
            Judgement::Fail { reached, .. } => Some(reached),
            Judgement::Skip(_) => panic!("nothing is skipped here"),
        }
    }

    #[test]
    fn the_expected_text_is_a_prefix() {
        let trap = |text| Failure::new(Stage::Trap, text);
        assert_eq!(
            reached(refused(Stage::Trap, "uninitialized element", &trap("uninitialized element 7"))),
            None
        );
        let short = refused(Stage::Trap, "uninitialized element 7", &trap("uninitialized element"));
        assert_eq!(reached(short), Some(Reached::Stage));
    }

    #[test]
    fn stages_are_told_apart() {
        use Stage::{Exception, Exhaustion, Invalid, Malformed, Rejected, Trap, Unlinkable};
        for (expected, actual) in [
            (Malformed, Invalid),
            (Malformed, Rejected),
            (Invalid, Rejected),
            (Invalid, Malformed),
            (Unlinkable, Trap),
            (Unlinkable, Invalid),
            (Trap, Exception),
            (Trap, Exhaustion),
            (Exception, Trap),
            (Exhaustion, Trap),
        ] {
            let judgement = refused(expected, "x", &Failure::new(actual, "x"));
            assert_eq!(reached(judgement), Some(Reached::Outcome), "{expected} and {actual}");
        }
    }

    #[test]
    fn words_for_refused_modules_are_advice() {
        for stage in [Stage::Malformed, Stage::Invalid, Stage::Exception] {
            assert_eq!(reached(refused(stage, "a", &Failure::new(stage, "b"))), None);
        }
        let link = refused(
            Stage::Unlinkable,
            "unknown import",
            &Failure::new(Stage::Unlinkable, "incompatible import type"),
        );
        assert_eq!(reached(link), Some(Reached::Stage));
    }

    #[test]
    fn our_own_errors_agree_with_nothing() {
        let judgement = refused(Stage::Trap, "unreachable", &Failure::new(Stage::Host, "unreachable"));
        assert_eq!(reached(judgement), Some(Reached::Nothing));
    }

    #[test]
    fn results_instead_of_a_trap_are_shown() {
        assert_eq!(
            abrupt(Stage::Trap, "unreachable", Ok(&[Value::I32(1)])),
            Judgement::Fail {
                reached: Reached::Nothing,
                expected: "trap: unreachable".to_owned(),
                actual: "(i32.const 1)".to_owned(),
            }
        );
        assert_eq!(reached(accepted(Refusal::Invalid, "type mismatch")), Some(Reached::Nothing));
    }

    #[test]
    fn values_are_compared_and_shown() {
        assert_eq!(values(&[Pattern::I32(1)], Ok(&[Value::I32(1)])), Judgement::Pass);
        let trapped = values(&[Pattern::I32(1)], Err(Failure::new(Stage::Trap, "unreachable")));
        assert_eq!(
            trapped,
            Judgement::Fail {
                reached: Reached::Nothing,
                expected: "(i32.const 1)".to_owned(),
                actual: "trap: unreachable".to_owned(),
            }
        );
    }
}
