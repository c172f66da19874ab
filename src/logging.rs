//! What the runtime says of its work, on standard error.
//!
//! Enters: records of the `log` crate; leaves: a line each. Warnings always, the rest if asked for; nothing of other
//! people's crates.

use assay_reports::escape;
use log::{LevelFilter, Log, Metadata, Record};

/// How names of our crates begin.
const OURS: &str = "assay";

struct Stderr;

impl Log for Stderr {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with(OURS) && metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let level = match record.level() {
                log::Level::Error => "error",
                log::Level::Warn => "warning",
                log::Level::Info => "info",
                log::Level::Debug | log::Level::Trace => "debug",
            };
            eprintln!("{level}: {}", escape::lines(&record.args().to_string()));
        }
    }

    fn flush(&self) {}
}

/// Starts it, once for the process.
pub(crate) fn start(everything: bool) {
    if log::set_logger(&Stderr).is_ok() {
        log::set_max_level(if everything { LevelFilter::Debug } else { LevelFilter::Warn });
    }
}
