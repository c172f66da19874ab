//! Cuts a dear file at modules, where nothing behind the cut builds on anything before it.
//!
//! Enters: the forms of a file; leaves: its chunks. The rule is simple enough to be seen to be right: every directive without a
//! name means the last module, so a file in which no instance has a name and nothing is registered can be cut before any
//! module; any other file stays whole.

use super::Chunk;
use crate::script::Form;

/// Chunks are not made cheaper than this, in microseconds.
const WORTH: u64 = 15_000;

/// The chunks of a file with this cost.
pub(super) fn chunks(file: usize, text: &str, forms: &[Form<'_>], cost: u64) -> Vec<Chunk> {
    let share = |bytes: usize| cost * bytes as u64 / text.len().max(1) as u64;
    let mut chunks = Vec::new();
    let mut first = 0;
    if cost > WORTH && forms.iter().all(stands_alone) {
        for (index, form) in forms.iter().enumerate().skip(1) {
            let bytes = forms[first].start..form.start;
            if form.head == "module" && share(bytes.len()) >= WORTH {
                chunks.push(Chunk { file, directives: first..index, cost: share(bytes.len()), bytes });
                first = index;
            }
        }
    }
    let bytes = forms[first].start..text.len();
    chunks.push(Chunk { file, directives: first..forms.len(), cost: share(bytes.len()), bytes });
    chunks
}

/// Whether a form neither makes nor needs a name.
fn stands_alone(form: &Form<'_>) -> bool {
    match form.head {
        "register" | "thread" | "wait" => false,
        "module" => !form.second.starts_with('$') && !matches!(form.second, "definition" | "instance"),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::chunks;
    use crate::script::split;

    fn cuts(text: &str, cost: u64) -> Vec<(usize, usize)> {
        let chunks = chunks(0, text, &split(text).unwrap(), cost);
        for pair in chunks.windows(2) {
            assert_eq!(pair[0].bytes.end, pair[1].bytes.start);
        }
        chunks.iter().map(|chunk| (chunk.directives.start, chunk.directives.end)).collect()
    }

    #[test]
    fn cheap_files_stay_whole() {
        assert_eq!(cuts("(module)(module)(module)", 10_000), [(0, 3)]);
    }

    #[test]
    fn dear_files_are_cut_before_modules() {
        assert_eq!(cuts("(module)(invoke \"\")(module)(invoke \"\")", 40_000), [(0, 2), (2, 4)]);
        assert_eq!(cuts("(module)(invoke \"\")(invoke \"\")(invoke \"\")", 40_000), [(0, 4)]);
    }

    #[test]
    fn names_keep_a_file_whole() {
        for text in [
            "(module $M)(module)(module)",
            "(module)(register \"\")(module)",
            "(module)(module instance)(module)",
        ] {
            assert_eq!(cuts(text, 100_000), [(0, 3)], "{text}");
        }
    }
}
