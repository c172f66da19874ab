//! What a fuzz target calls: bytes become a case, the case is judged, a finding is a panic.
//!
//! Engines are made once for a thread. The target itself stays at a few lines; whatever it does is here, where tests call it.

use crate::generate::case_of_bytes;
use crate::judge::{Verdict, judge};
use crate::lanes::{Lane, Lanes};
use arbitrary::Unstructured;

thread_local! {
    static LANES: Lanes = Lanes::new().expect("this host runs every lane");
}

/// Plays the case of these bytes in every lane; `None` when they do not make one.
pub fn run(bytes: &[u8]) -> Option<Verdict> {
    LANES.with(|lanes| {
        let case = case_of_bytes(&mut Unstructured::new(bytes), lanes.engine(Lane::Interp, true)).ok()?;
        Some(judge(&case, lanes, &Lane::ALL, || None, |_| {}))
    })
}

/// The same for a fuzz target: a finding ends the process, and the fuzzer keeps the bytes.
///
/// # Panics
/// With the finding and its case.
pub fn check(bytes: &[u8]) {
    let Some(finding) = run(bytes).and_then(|verdict| verdict.finding) else { return };
    let case =
        LANES.with(|lanes| case_of_bytes(&mut Unstructured::new(bytes), lanes.engine(Lane::Interp, true)));
    let text = case.ok().and_then(|case| case.to_text().ok()).unwrap_or_default();
    panic!("{}: {}\n{text}", finding.class, finding.detail);
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
