//! Verdicts to rows: the numbers of the plan meet what the workers said.
//!
//! Enters: a chunk of the plan and an answer, or the reason why there is none; leaves: one row per lane and wanted directive.
//! Pure; knows neither workers nor files.

use std::sync::Arc;

use assay_reports::{Directive, Levels, Row, Status};

use crate::engine::Lane;
use crate::judge::Reached;
use crate::plan::{Chunk, PlannedFile};
use crate::process::{Note, Played};

/// A step that took a worker with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Casualty {
    /// The step in its chunk.
    pub(super) step: u32,
    /// What happened.
    pub(super) status: Status,
    /// What else is known.
    pub(super) note: Option<String>,
}

/// The rows of a file that cannot run.
pub(super) fn trouble(file: &PlannedFile, lane: &Lane) -> Option<Row> {
    let trouble = file.trouble.as_ref()?;
    let (engine, name) = (lane.engine.as_str(), lane.name.as_str());
    let mut row =
        Row::new(Arc::clone(&file.name), trouble.line, trouble.column, 0, Directive::File, engine, name);
    row.status = Status::Fail;
    row.levels = Levels::NONE;
    row.expected = Some("a script".to_owned());
    row.actual = Some(trouble.what.clone());
    Some(row)
}

/// The rows of a chunk that a worker played.
pub(super) fn played(
    file: &PlannedFile,
    chunk: &Chunk,
    lanes: &[Lane],
    played: &Played,
    casualties: &[Casualty],
    take: impl FnMut(Row),
) -> Result<(), String> {
    let notes = played.by_step(chunk.directives.len() * lanes.len())?;
    each(file, chunk, lanes, take, |row, step| {
        row.duration_us = played.times[step].into();
        match notes[step] {
            None => {}
            Some(Note::Lost) => {
                let casualty = casualties.iter().find(|casualty| casualty.step as usize == step);
                casualty.into_iter().for_each(|casualty| fell(row, casualty));
            }
            Some(note) => annotate(row, note, file, chunk),
        }
    });
    Ok(())
}

/// The rows of a chunk that nobody played: one directive is to blame where there is a casualty, the others never ran.
pub(super) fn unplayed(
    file: &PlannedFile,
    chunk: &Chunk,
    lanes: &[Lane],
    casualties: &[Casualty],
    reason: &str,
    take: impl FnMut(Row),
) {
    each(file, chunk, lanes, take, |row, step| {
        match casualties.iter().find(|casualty| casualty.step as usize == step) {
            Some(casualty) => fell(row, casualty),
            None => skip(row, reason.to_owned()),
        }
    });
}

fn each(
    file: &PlannedFile,
    chunk: &Chunk,
    lanes: &[Lane],
    mut take: impl FnMut(Row),
    mut finish: impl FnMut(&mut Row, usize),
) {
    let count = chunk.directives.len();
    for (number, lane) in lanes.iter().enumerate() {
        let engine: Arc<str> = lane.engine.as_str().into();
        let name: Arc<str> = lane.name.as_str().into();
        for (offset, index) in chunk.directives.clone().enumerate() {
            let planned = &file.directives[index];
            if !planned.wanted {
                continue;
            }
            let (file, engine, lane) = (Arc::clone(&file.name), Arc::clone(&engine), Arc::clone(&name));
            let mut row =
                Row::new(file, planned.line, planned.column, index as u32, planned.kind, engine, lane);
            finish(&mut row, number * count + offset);
            take(row);
        }
    }
}

fn annotate(row: &mut Row, note: &Note, file: &PlannedFile, chunk: &Chunk) {
    match note {
        Note::Fail { reached, expected, actual } => {
            row.levels = Levels {
                outcome: *reached != Reached::Nothing,
                stage: *reached == Reached::Stage,
                message: false,
            };
            row.status = row.levels.status();
            row.expected = Some(expected.clone());
            row.actual = Some(actual.clone());
        }
        Note::Feature(feature) => skip(row, format!("feature {feature}")),
        Note::Blocked(index) => {
            let line = file
                .directives
                .get(chunk.directives.start + *index as usize)
                .map_or(0, |planned| planned.line);
            skip(row, format!("blocked by line {line}"));
        }
        Note::Unreached => skip(row, "not reached: too many workers were lost before it".to_owned()),
        Note::Lost => {}
    }
}

fn skip(row: &mut Row, reason: String) {
    row.status = Status::Skip(reason.into());
    row.levels = Levels::NONE;
}

fn fell(row: &mut Row, casualty: &Casualty) {
    row.status = casualty.status.clone();
    row.levels = Levels::NONE;
    row.note = casualty.note.clone();
}
