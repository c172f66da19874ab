//! Two builds in turns, as a picture of intervals and a table.
//!
//! Enters: a [`Duel`]; leaves: coordinates and words. An interval stands for what the time of the judged build is over that of
//! the other; the fainter one below it is the build before over itself.

use serde::Serialize;

use super::charts::Tick;
use crate::compare::{Quantity, SpeedVerdict};
use crate::duel::{Duel, DuelVerdict, DuelWorkload, Judgement, words};
use crate::{date, escape};

/// A duel.
#[derive(Debug, Serialize)]
pub(super) struct DuelView {
    title: String,
    class: &'static str,
    verdict: &'static str,
    facts: Vec<(&'static str, String)>,
    height: usize,
    ticks: Vec<Tick>,
    middle: f64,
    rows: Vec<Row>,
    notes: Vec<String>,
}

/// A workload.
#[derive(Debug, Serialize)]
struct Row {
    name: String,
    group: String,
    y: usize,
    /// What changed, and what the build before came to against itself.
    spans: Vec<Span>,
    class: &'static str,
    time: String,
    interval: String,
    stated: String,
    again: String,
    memory: String,
    instructions: String,
    words: String,
}

/// An interval in the picture.
#[derive(Debug, Serialize)]
struct Span {
    class: &'static str,
    y: usize,
    low: f64,
    high: f64,
    middle: f64,
}

const LEFT: f64 = 190.0;
const RIGHT: f64 = 720.0;
const STEP: usize = 26;

pub(super) fn view(duel: &Duel) -> DuelView {
    let ends = duel.workloads.iter().flat_map(|one| [one.time, one.time_again]).flatten();
    let far = ends.flat_map(|one| [one.low, one.high]).map(|ratio| ratio.ln().abs());
    let reach = far.filter(|far| far.is_finite()).fold(0.06, f64::max).min(3.0) * 1.05;
    let at = |ratio: f64| {
        let share = (ratio.ln() / reach).clamp(-1.0, 1.0);
        ((LEFT + (RIGHT - LEFT) * (share + 1.0) / 2.0) * 10.0).round() / 10.0
    };
    let marks = [0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 1.0, 1.02, 1.05, 1.1, 1.33, 2.0, 4.0, 10.0];
    let near = |mark: &f64| mark.ln().abs() <= reach && (*mark == 1.0 || mark.ln().abs() > reach / 8.0);
    let (class, verdict) = (class(duel.verdict), duel.verdict.name());
    let shown = |text: &str| escape::brief(text, 200).into_owned();
    DuelView {
        title: format!("{} → {}", shown(&duel.before.name), shown(&duel.after.name)),
        class,
        verdict,
        facts: vec![
            ("before", shown(&duel.before.version)),
            ("after", shown(&duel.after.version)),
            ("processor", shown(&duel.cpu)),
            ("clock", shown(&duel.clock)),
            ("measured", date::moment(duel.started_unix_ms)),
        ],
        height: 34 + duel.workloads.len() * STEP,
        ticks: marks
            .into_iter()
            .filter(near)
            .map(|mark| Tick { at: at(mark), label: mark.to_string() })
            .collect(),
        middle: at(1.0),
        rows: duel
            .workloads
            .iter()
            .enumerate()
            .map(|(place, one)| row(one, 26 + place * STEP, &at))
            .collect(),
        notes: duel.notes.iter().map(|note| shown(note)).collect(),
    }
}

pub(super) fn class(verdict: DuelVerdict) -> &'static str {
    match verdict {
        DuelVerdict::MoreMemory | DuelVerdict::Slower => "bad",
        DuelVerdict::CannotTell => "none",
        DuelVerdict::Faster | DuelVerdict::NoChange => "good",
    }
}

fn row(workload: &DuelWorkload, y: usize, at: &impl Fn(f64) -> f64) -> Row {
    let verdicts = [Quantity::Time, Quantity::Memory].map(|quantity| workload.verdict(quantity));
    let span = |class, y, judged: Option<Judgement>| {
        judged.map(|one| Span { class, y, low: at(one.low), high: at(one.high), middle: at(one.ratio) })
    };
    let ratio =
        |judged: Option<Judgement>| judged.map_or("–".to_owned(), |one| format!("{:.3}", one.ratio));
    let mark = match verdicts[0] {
        SpeedVerdict::Worse => "worse",
        SpeedVerdict::Better => "better",
        SpeedVerdict::Same | SpeedVerdict::Undecided => "same",
    };
    Row {
        name: escape::brief(&workload.name, 60).into_owned(),
        group: escape::brief(&workload.group, 60).into_owned(),
        y,
        spans: [span(mark, y + 6, workload.time), span("itself", y + 14, workload.time_again)]
            .into_iter()
            .flatten()
            .collect(),
        class: match () {
            () if verdicts.contains(&SpeedVerdict::Worse) => "fail",
            () if verdicts.contains(&SpeedVerdict::Undecided) => "skip",
            () if verdicts.contains(&SpeedVerdict::Better) => "pass",
            () => "",
        },
        time: ratio(workload.time),
        interval: workload.time.map_or("–".to_owned(), |one| format!("{:.3} to {:.3}", one.low, one.high)),
        stated: format!("{:.1} %", workload.stated * 100.0),
        again: ratio(workload.time_again),
        memory: ratio(workload.memory),
        instructions: workload.instructions.map_or("–".to_owned(), |one| format!("{:.4}", one.ratio())),
        words: words(workload),
    }
}
