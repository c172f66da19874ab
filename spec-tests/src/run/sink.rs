//! Where results go: past the expectations, into the files, and into the hands of whoever watches.
//!
//! Enters: one row after another; leaves: the summary and the rows that are worth showing. Remembers the first error of the
//! disk and then writes no more; decides nothing about rows.

use std::time::Instant;

use assay_reports::{ResultsWriter, Row, Status, Summary, WriteError};

use super::{Observer, Options, RunError, rows};
use crate::engine::Lane;
use crate::expectations::Expectations;
use crate::plan::Plan;

/// The end of the way of a result.
pub(super) struct Sink<'o> {
    writer: ResultsWriter,
    expectations: Expectations,
    observer: &'o mut dyn Observer,
    shown: Vec<Row>,
    done: usize,
    unexpected: usize,
    error: Option<WriteError>,
    /// Whether results are missing on purpose, so that expectations cannot be called stale.
    pub(super) cut_short: bool,
}

impl<'o> Sink<'o> {
    pub(super) fn new(
        writer: ResultsWriter,
        expectations: Expectations,
        observer: &'o mut dyn Observer,
    ) -> Self {
        Self {
            writer,
            expectations,
            observer,
            shown: Vec::new(),
            done: 0,
            unexpected: 0,
            error: None,
            cut_short: false,
        }
    }

    /// Takes a result.
    pub(super) fn take(&mut self, mut row: Row) {
        self.expectations.apply(&mut row);
        self.put(row);
    }

    fn put(&mut self, row: Row) {
        self.done += 1;
        self.unexpected += usize::from(row.status.is_unexpected());
        if self.error.is_none() {
            self.error = self.writer.row(&row).err();
        }
        if row.status != Status::Pass {
            self.shown.push(row);
        }
    }

    /// Takes what is known of files that cannot run at all.
    pub(super) fn troubles(&mut self, plan: &Plan, lanes: &[Lane]) {
        for row in
            plan.files.iter().flat_map(|file| lanes.iter().filter_map(|lane| rows::trouble(file, lane)))
        {
            self.take(row);
        }
    }

    /// Tells whoever watches.
    pub(super) fn tell(&mut self, file: Option<&str>) {
        self.observer.advanced(self.done, self.unexpected, file);
    }

    /// Whether anything was unexpected.
    pub(super) fn has_unexpected(&self) -> bool {
        self.unexpected > 0
    }

    /// Whether the disk refused a result.
    pub(super) fn is_broken(&self) -> bool {
        self.error.is_some()
    }

    /// Closes the files.
    pub(super) fn finish(
        mut self,
        plan: &Plan,
        options: &Options,
        begun: Instant,
    ) -> Result<(Summary, Vec<Row>), RunError> {
        // A part does not know what the other parts meet.
        if !self.cut_short && options.partition.is_none() {
            let engines: Vec<_> =
                options.lanes.iter().map(|lane| (lane.engine.clone(), lane.name.clone())).collect();
            let whole = |name: &str| match plan.files.iter().find(|file| *file.name == *name) {
                Some(file) => file.directives.iter().all(|directive| directive.wanted),
                None => options.filters.is_empty(),
            };
            for row in self.expectations.stale(&engines, whole) {
                self.put(row);
            }
        }
        self.tell(None);
        match self.error {
            Some(error) => Err(error.into()),
            None => Ok((self.writer.finish(begun.elapsed())?, self.shown)),
        }
    }
}
