//! Which lane watches when, and that nobody sees anything in a case in which nothing is wrong.

use super::{in_turn, is_escape};
use crate::lanes::Lane;

#[test]
fn every_lane_that_watches_has_its_turn() {
    let turns: Vec<Lane> = (0..64).filter_map(in_turn).collect();
    for lane in Lane::EVERY {
        let watches = [Lane::Tight, Lane::Canary, Lane::Shadow, Lane::Reuse].contains(&lane);
        // The code is looked at among the lanes that are compared.
        let expected = if watches { 2 } else { 0 };
        assert_eq!(turns.iter().filter(|&&turn| turn == lane).count(), expected, "{lane}");
    }
}

#[test]
fn escapes_are_known_by_their_class() {
    assert!(is_escape("escape: canary"));
    assert!(!is_escape("jit-canary: result differs"));
}
