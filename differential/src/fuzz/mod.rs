//! What fuzz targets call: bytes become something to try, and a finding is a panic.
//!
//! A target stays at a few lines; whatever it does is here, one file each, where ordinary tests call it too and kept crashes
//! are replayed. [`mutate`] changes modules as modules, [`coverage`] says what their code did. Engines are made once, and so is
//! the [`thread`] on which they play. This room forbids unsafe code: what libFuzzer needs in that way is in the package `fuzz`.

mod artifact;
mod coverage;
mod input;
mod module;
mod mutate;
mod play;
mod thread;
mod wasi;

pub use artifact::artifact;
pub use coverage::Hit;
pub use input::input;
pub use module::{compile, instantiate};
pub use mutate::{Plain, mutate};
pub use play::{chosen, differential, run};
pub use wasi::wasi;

use crate::lanes::Lanes;
use std::borrow::Cow;
use std::sync::LazyLock;

static LANES: LazyLock<Lanes> = LazyLock::new(|| Lanes::new().expect("this host runs every lane"));

/// A module as binary, when the bytes are one in binary or text format. The binary need not be valid.
fn module_of(bytes: &[u8]) -> Option<Cow<'_, [u8]>> {
    if bytes.starts_with(b"\0asm") {
        return Some(bytes.into());
    }
    // Text begins with a parenthesis here, so that other bytes are no burden to the parser.
    let text = bytes.trim_ascii_start().starts_with(b"(").then(|| str::from_utf8(bytes).ok())??;
    wat::parse_str(text).ok().map(Cow::Owned)
}
