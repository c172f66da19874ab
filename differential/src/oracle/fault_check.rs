//! The fault check and the tight lane: what is said of a worker that died of a fault.
//!
//! The check itself is part of the machine, in every build: a fault that is no trap is reported with the words below, and the
//! process dies of it. In the tight lane nothing may fault at all: code checks every access, and what still reaches past a
//! memory meets an inaccessible page. Here the parent of a worker that died tells the one from the other, and both from any
//! other crash. Knows neither the machine nor the case.

use super::ESCAPE;
use crate::lanes::Lane;

/// What the machine writes.
const WORDS: &str = "escape: fault outside of its guard";

/// The class of the finding, when a worker was lost while it played in this lane, and whether it was by a signal; `None` when
/// no oracle explains the loss.
pub(crate) fn class(lane: Option<&str>, by_signal: bool, said: &str) -> Option<String> {
    if by_signal && lane == Some(Lane::Tight.name()) {
        return Some(format!("{ESCAPE}tight"));
    }
    (by_signal && said.contains(WORDS)).then(|| WORDS.to_owned())
}

#[cfg(test)]
mod tests {
    use super::class;

    #[test]
    fn a_death_is_told_from_another_by_lane_and_words() {
        let said = "assay: escape: fault outside of its guard: code at 0x1, address 0x2";
        let words = Some("escape: fault outside of its guard".to_owned());
        assert_eq!(class(Some("jit-speed"), true, said), words);
        assert_eq!(class(Some("jit-tight"), true, said), Some("escape: tight".to_owned()));
        assert_eq!(class(Some("jit-speed"), true, "something else"), None);
        assert_eq!(class(Some("jit-tight"), false, said), None);
    }
}
