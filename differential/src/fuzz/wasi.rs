//! Scripts of WASI calls: a tree and calls chosen among generated ones, judged as in a campaign.
//!
//! The first two bytes choose the tree; each three bytes after them a call of some generated case. So what a fuzzer changes is
//! which call follows which. The text of a saved case is taken as it is.

use super::coverage::Hit;
use crate::random::mix;
use crate::wasi::{Bench, Verdict, WasiCase, generate};
use std::cell::OnceCell;

/// More calls than this are not made.
const MOST_CALLS: usize = 48;

thread_local! {
    // A bench is a folder and engines for one thread. It does not count descriptors: the fuzzer opens files, too.
    static BENCH: OnceCell<Bench> = const { OnceCell::new() };
}

/// Plays the script of these bytes on both engines, and tells `hit` what each function answered; `None` where there is no call.
///
/// # Panics
/// With the finding and its case.
pub fn wasi(bytes: &[u8], hit: Hit<'_>) -> Option<Verdict> {
    let case = case(bytes)?;
    let turn = u64::from(bytes.last().copied().unwrap_or(0));
    let verdict = BENCH.with(|bench| {
        let bench = bench
            .get_or_init(|| Bench::new(false).expect("this host runs both engines and has room for a tree"));
        bench.judge_in_turn(&case, turn, |_| {}).expect("a case can be played here")
    });
    if let Some(finding) = &verdict.finding {
        panic!("{}: {}\n{}", finding.class, finding.detail, case.to_text().unwrap_or_default());
    }
    for (function, answer) in &verdict.answers {
        hit(function.bytes().fold(u64::from(*answer), |hash, byte| mix(hash ^ u64::from(byte))));
    }
    Some(verdict)
}

fn case(bytes: &[u8]) -> Option<WasiCase> {
    let text = str::from_utf8(bytes).ok().and_then(|text| WasiCase::from_text(text).ok());
    if text.is_some() {
        return text;
    }
    let (&tree, calls) = bytes.split_first_chunk()?;
    let made = |index: [u8; 2]| generate(0, u64::from(u16::from_le_bytes(index)));
    let mut case = made(tree);
    let opened = case.calls.iter().take(4).cloned().collect();
    let generated = std::mem::replace(&mut case.calls, opened);
    for &[low, high, number] in calls.as_chunks().0.iter().take(MOST_CALLS) {
        let mut other = if [low, high] == tree { generated.clone() } else { made([low, high]).calls };
        if !other.is_empty() {
            case.calls.push(other.swap_remove(usize::from(number) % other.len()));
        }
    }
    case.origin = "the fuzz target `wasi`".to_owned();
    Some(case)
}

#[cfg(test)]
mod tests {
    use super::wasi;
    use crate::random::Random;

    #[test]
    fn scripts_are_played_and_their_answers_are_heard() {
        let mut random = Random::of(&[9]);
        let mut answers = std::collections::HashSet::new();
        let mut useful = 0;
        for _ in 0..10 {
            let verdict = wasi(&random.bytes(80), &mut |answer| {
                answers.insert(answer);
            })
            .unwrap();
            useful += usize::from(verdict.useful);
        }
        assert!(useful > 5 && answers.len() > 20, "{useful} were useful, {} answers", answers.len());
        assert!(wasi(b"x", &mut |_| {}).is_none());
    }
}
