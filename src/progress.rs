//! A bar on standard error, on terminals only.
//!
//! Enters: counts; leaves: nothing that a pipe or a file would see. Knows no verb.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Progress of a run.
pub(crate) struct Bar(ProgressBar);

impl Bar {
    /// A bar that is not shown yet; never shown where standard error is no terminal.
    pub(crate) fn new() -> Self {
        let style = ProgressStyle::with_template("{bar:30} {human_pos}/{human_len} {msg}");
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        Self(bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())))
    }

    /// So much is to be done.
    pub(crate) fn expect(&self, total: usize) {
        self.0.set_length(total as u64);
    }

    /// So much is done; `message` is shown beside it.
    pub(crate) fn show(&self, done: usize, message: String) {
        if !self.0.is_hidden() {
            self.0.set_position(done as u64);
            self.0.set_message(message);
        }
    }

    /// Takes the bar away.
    pub(crate) fn clear(&self) {
        self.0.finish_and_clear();
    }
}
