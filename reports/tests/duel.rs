//! Two builds in turns, with changes that were planted: each gets exactly its verdict, and the document keeps it.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::PathBuf;

use assay_reports::{
    CompareVerdict, Duel, DuelPlan, DuelVerdict, DuelWorkload, Inputs, Quantity, ReadError, Side,
    SpeedVerdict, Turns, compare, render_html,
};

/// Noise of one per cent and some interruptions.
struct Noise(u64);

impl Noise {
    fn sample(&mut self, centre: f64) -> f64 {
        let mut draw = || {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 >> 11) as f64 / (1_u64 << 53) as f64
        };
        let noise = (draw() + draw() + draw() + draw() - 2.0) * 0.0175;
        centre * (1.0 + noise) * if draw() < 0.03 { 1.4 } else { 1.0 }
    }

    fn turns(&mut self, centre: f64, factor: f64) -> Turns {
        let mut turns = Turns::default();
        for _ in 0..60 {
            turns.before.push(self.sample(centre));
            turns.after.push(self.sample(centre * factor));
            turns.again.push(self.sample(centre));
        }
        turns
    }
}

/// Twelve workloads; factors on time and memory of the third.
fn duel(seed: u64, time: f64, memory: f64) -> Duel {
    let side = |name: &str| Side { name: name.to_owned(), version: "1".to_owned() };
    let mut duel = Duel::begin("0", side("old"), side("new \u{1b}</script>"), "wall", seed, 0.05);
    let mut noise = Noise(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    for number in 0..12 {
        let (time, memory) = if number == 2 { (time, memory) } else { (1.0, 1.0) };
        let plan = DuelPlan { rounds: 60, detectable: 0.05 };
        let (wall, peak) = (noise.turns(3e7, time), noise.turns(1e7, memory));
        duel.workloads.push(DuelWorkload::new(&format!("w{number}"), "group", plan, wall, peak));
    }
    duel.judge();
    duel
}

fn written(duel: &Duel) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bench.json");
    duel.write(&path).unwrap();
    (dir, path)
}

fn inputs(duel: &Duel) -> Inputs {
    let (dir, _) = written(duel);
    Inputs::read(&[dir.path().to_owned()]).unwrap()
}

#[test]
fn five_per_cent_slower_is_slower_and_nothing_else() {
    for seed in 1..12 {
        let slower = duel(seed, 1.05, 1.0);
        assert_eq!(
            (slower.verdict, slower.verdict.exit_code()),
            (DuelVerdict::Slower, 6),
            "{}",
            slower.render()
        );
        let worse: Vec<&str> = slower
            .workloads
            .iter()
            .filter(|one| one.verdict(Quantity::Time) == SpeedVerdict::Worse)
            .map(|one| one.name.as_str())
            .collect();
        assert_eq!(worse, ["w2"]);
        assert_eq!(duel(seed, 1.0 / 1.06, 1.0).verdict, DuelVerdict::Faster);
    }
}

#[test]
fn doubled_memory_is_more_memory() {
    let more = duel(3, 1.0, 2.0);
    assert_eq!((more.verdict, more.verdict.exit_code()), (DuelVerdict::MoreMemory, 3));
    assert!(more.render().contains("no change, more memory"), "{}", more.render());
    // It wins over time, which alone would be a matter of speed only.
    assert_eq!(duel(3, 1.5, 2.0).verdict, DuelVerdict::MoreMemory);
}

#[test]
fn pure_noise_is_no_change() {
    for seed in 1..40 {
        let same = duel(seed, 1.0, 1.0);
        assert_eq!(same.verdict, DuelVerdict::NoChange, "{}", same.render());
    }
}

#[test]
fn a_build_that_differs_from_itself_tells_nothing() {
    let mut unfit = duel(5, 1.5, 1.0);
    unfit.workloads[2].time_ns.again.iter_mut().for_each(|sample| *sample *= 1.5);
    unfit.judge();
    assert_eq!(unfit.verdict, DuelVerdict::CannotTell);
    assert!(
        unfit.render().contains("cannot tell: the build before differs from itself"),
        "{}",
        unfit.render()
    );
    unfit.workloads.truncate(2);
    unfit.judge();
    assert_eq!(unfit.verdict, DuelVerdict::NoChange);
}

#[test]
fn too_few_rounds_tell_nothing() {
    let mut few = duel(5, 1.5, 1.0);
    for workload in &mut few.workloads {
        for turns in [&mut workload.time_ns, &mut workload.peak_bytes] {
            for side in [&mut turns.before, &mut turns.after, &mut turns.again] {
                side.truncate(8);
            }
        }
    }
    few.judge();
    assert_eq!(few.verdict, DuelVerdict::CannotTell);
    assert!(few.render().contains("too few rounds"));
}

#[test]
fn a_document_is_read_back_and_judged_again() {
    let slower = duel(9, 1.08, 1.0);
    let read = inputs(&slower);
    assert_eq!(read.duels[0].content.render(), slower.render());
    let (_dir, path) = written(&slower);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(!text.contains('\u{1b}'));
    for (from, to) in [
        ("\"verdict\":\"slower\"", "\"verdict\":\"no-change\""),
        ("\"verdict\":\"worse\"", "\"verdict\":\"same\""),
        ("\"after\":[3", "\"after\":[1"),
    ] {
        let edited = text.replace(from, to);
        assert_ne!(edited, text, "{from}");
        std::fs::write(&path, edited).unwrap();
        let error = Inputs::read(std::slice::from_ref(&path)).unwrap_err();
        assert!(matches!(error, ReadError::Edited { .. }), "{error}");
    }
    for end in [0, 1, text.len() / 2, text.len() - 2] {
        std::fs::write(&path, &text[..end]).unwrap();
        assert!(Inputs::read(std::slice::from_ref(&path)).is_err(), "torn at {end}");
    }
}

#[test]
fn judged_builds_of_two_documents_are_compared() {
    let before = inputs(&duel(1, 1.0, 1.0));
    assert_eq!(compare(&before, &inputs(&duel(2, 1.0, 1.0))).verdict(), CompareVerdict::NotWorse);
    assert_eq!(compare(&before, &inputs(&duel(2, 1.08, 1.0))).verdict(), CompareVerdict::Slower);
    assert_eq!(compare(&before, &inputs(&duel(2, 1.0, 2.0))).verdict(), CompareVerdict::Regression);
}

#[test]
fn the_page_draws_intervals_and_keeps_names_harmless() {
    let page = render_html(&inputs(&duel(4, 1.08, 1.0)), &|_, _| None);
    assert!(page.contains("Two builds in turns") && page.contains("As expected, but slower"));
    assert_eq!(page.matches("<line class=\"span itself\"").count(), 12);
    assert_eq!(page.matches("<line class=\"span worse\"").count(), 1);
    assert!(!page.contains("new \u{1b}") && !page.contains("new </script>"));
}
