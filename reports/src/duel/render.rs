//! A duel on the screen: a line for each workload, then what it comes to.

use std::fmt::Write;

use super::{CHANCE, Duel, DuelVerdict, DuelWorkload, Judgement};
use crate::compare::{Quantity, SpeedVerdict};
use crate::escape;

impl Duel {
    /// The table and the verdict.
    pub fn render(&self) -> String {
        let mut text = format!(
            "{:<18}{:>10}  {:<22}{:>7}  {:>9}  {:>8}  {:>12}  verdict\n",
            "workload", "time", "interval", "stated", "itself", "memory", "instructions"
        );
        for workload in &self.workloads {
            // Writing to a string cannot fail.
            let _written = writeln!(text, "{}", line(workload));
        }
        for note in &self.notes {
            let _written = writeln!(text, "note: {}", escape::text(note));
        }
        let _written = writeln!(text, "{}", self.verdict_line());
        text
    }

    fn verdict_line(&self) -> String {
        let which = |quantity, verdict| -> Vec<String> {
            let of = self.workloads.iter().filter(|one| one.verdict(quantity) == verdict);
            of.map(|one| escape::brief(&one.name, 60).into_owned()).collect()
        };
        let lists = match self.verdict {
            DuelVerdict::MoreMemory => which(Quantity::Memory, SpeedVerdict::Worse),
            DuelVerdict::Slower => which(Quantity::Time, SpeedVerdict::Worse),
            DuelVerdict::CannotTell => {
                let mut names = which(Quantity::Time, SpeedVerdict::Undecided);
                names.extend(which(Quantity::Memory, SpeedVerdict::Undecided));
                names.dedup();
                names
            }
            DuelVerdict::Faster => {
                let mut names = which(Quantity::Time, SpeedVerdict::Better);
                names.extend(which(Quantity::Memory, SpeedVerdict::Better));
                names.dedup();
                names
            }
            DuelVerdict::NoChange => Vec::new(),
        };
        let names = if lists.is_empty() { String::new() } else { format!(": {}", lists.join(", ")) };
        format!(
            "{} → {}: {}{names} (a false alarm anywhere: 1 in {:.0} runs)",
            escape::text(&self.before.name),
            escape::text(&self.after.name),
            self.verdict.name(),
            1.0 / CHANCE
        )
    }
}

fn line(workload: &DuelWorkload) -> String {
    let ratio =
        |judged: Option<Judgement>| judged.map_or("-".to_owned(), |one| format!("× {:.3}", one.ratio));
    let interval =
        workload.time.map_or("too few rounds".to_owned(), |one| format!("{:.3} to {:.3}", one.low, one.high));
    let instructions = workload.instructions.map_or("-".to_owned(), |one| format!("× {:.4}", one.ratio()));
    format!(
        "{:<18}{:>10}  {interval:<22}{:>6.1}%  {:>9}  {:>8}  {instructions:>12}  {}",
        escape::brief(&workload.name, 18),
        ratio(workload.time),
        workload.stated * 100.0,
        ratio(workload.time_again),
        ratio(workload.memory),
        words(workload)
    )
}

/// What a workload came to.
pub(crate) fn words(workload: &DuelWorkload) -> String {
    if workload.is_unfit() {
        return "cannot tell: the build before differs from itself".to_owned();
    }
    let time = match workload.verdict(Quantity::Time) {
        SpeedVerdict::Worse => "slower",
        SpeedVerdict::Better => "faster",
        SpeedVerdict::Same => "no change",
        SpeedVerdict::Undecided => "cannot tell",
    };
    let memory = match workload.verdict(Quantity::Memory) {
        SpeedVerdict::Worse => ", more memory",
        SpeedVerdict::Better => ", less memory",
        SpeedVerdict::Undecided => ", memory cannot be told",
        SpeedVerdict::Same => "",
    };
    format!("{time}{memory}")
}
