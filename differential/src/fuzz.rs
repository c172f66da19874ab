//! What a fuzz target calls: bytes become a case, the case is judged, a finding is a panic.
//!
//! Engines are made once. The target itself stays at a few lines; whatever it does is here, where tests call it.

use crate::case::Case;
use crate::generate::case_of_bytes;
use crate::judge::{Verdict, judge};
use crate::lanes::{Lane, Lanes, on_lane_thread};
use arbitrary::Unstructured;
use std::sync::LazyLock;

static LANES: LazyLock<Lanes> = LazyLock::new(|| Lanes::new().expect("this host runs every lane"));

/// Plays the case of these bytes in every lane; `None` when they do not make one.
pub fn run(bytes: &[u8]) -> Option<Verdict> {
    let case = case(bytes)?;
    let played = on_lane_thread(|| judge(&case, &LANES, &Lane::ALL, || None, |_| {}));
    Some(played.expect("the system has room for a thread"))
}

/// The same for a fuzz target: a finding ends the process, and the fuzzer keeps the bytes.
///
/// # Panics
/// With the finding and its case.
pub fn check(bytes: &[u8]) {
    let Some(finding) = run(bytes).and_then(|verdict| verdict.finding) else { return };
    let text = case(bytes).and_then(|case| case.to_text().ok()).unwrap_or_default();
    panic!("{}: {}\n{text}", finding.class, finding.detail);
}

fn case(bytes: &[u8]) -> Option<Case> {
    case_of_bytes(&mut Unstructured::new(bytes), LANES.engine(Lane::Interp, true)).ok()
}

#[cfg(test)]
mod tests {
    use crate::random::Random;

    #[test]
    fn bytes_are_played() {
        let mut random = Random::of(&[1]);
        let verdicts: Vec<_> = (0..20).filter_map(|_| super::run(&random.bytes(2000))).collect();
        assert!(
            verdicts.len() > 10 && verdicts.iter().any(|verdict| verdict.useful),
            "cases were really played"
        );
        assert!(super::run(&[]).is_none_or(|verdict| !verdict.useful));
    }
}
