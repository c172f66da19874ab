//! Standard output.
//!
//! Enters: lines; leaves: the lines, or an error and an exit code that says so: output that is lost on a full disk must not
//! end like output that is there. A reader that has gone away (`| head`) has seen what it wanted. Knows no verb.

use std::fmt::Display;
use std::io::{self, BufWriter, Stdout, Write};

/// Standard output, until something goes wrong with it.
pub(crate) struct Output {
    writer: BufWriter<Stdout>,
    error: Option<io::Error>,
}

impl Output {
    pub(crate) fn new() -> Self {
        Self { writer: BufWriter::new(io::stdout()), error: None }
    }

    /// Writes a line.
    pub(crate) fn line(&mut self, line: impl Display) {
        self.text(format_args!("{line}\n"));
    }

    /// Writes text that brings its line ends along.
    pub(crate) fn text(&mut self, text: impl Display) {
        if self.error.is_none() {
            self.error = write!(self.writer, "{text}").err();
        }
    }

    /// Ends the output of a command that ends with `code`; with `lost` instead of success, if the output did not arrive.
    pub(crate) fn finish(mut self, code: u8, lost: u8) -> u8 {
        let error = self.error.take().or_else(|| self.writer.flush().err());
        // What is still in the buffer cannot be written either.
        let (_stdout, _rest) = self.writer.into_parts();
        match error {
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                eprintln!("error: cannot write to standard output: {error}");
                if code == 0 { lost } else { code }
            }
            _ => code,
        }
    }
}
