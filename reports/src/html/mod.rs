//! `report.html`: everything about some runs in one file that needs no network.
//!
//! Enters: [`Inputs`] and a way to the texts of suites; leaves: a page. What can be read without a script is in the page as HTML,
//! escaped by the template engine; the list of all results is data that the page's script decodes. A policy in the page itself
//! forbids it to load anything, and any script but its own.

mod benches;
mod charts;
mod clusters;
mod data;
mod duels;
mod matrix;
mod trends;
mod view;

use std::path::Path;

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::atomic::AtomicFile;
use crate::error::WriteError;
use crate::header::Header;
use crate::inputs::Inputs;

pub(crate) use clusters::{Cluster, clusters};
pub(crate) use matrix::Matrix;
pub(crate) use view::engine_views;

/// The name of the file in its folder.
pub const HTML_FILE: &str = "report.html";

/// Where the text of a suite's file is found: by the header of the run and the file's name.
pub type Sources<'a> = dyn Fn(&Header, &str) -> Option<String> + 'a;

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// What the template is given.
#[derive(Serialize)]
struct Page {
    policy: String,
    style: &'static str,
    script: &'static str,
    data: String,
    excerpts: Vec<(usize, String)>,
    view: view::View,
}

/// The page.
pub fn render(inputs: &Inputs, sources: &Sources<'_>) -> String {
    let matrix = Matrix::new(&inputs.runs);
    let page = Page {
        policy: policy(),
        style: STYLE,
        script: SCRIPT,
        data: data::data(&matrix),
        excerpts: data::excerpts(&matrix, sources),
        view: view::View::new(inputs, &matrix, sources),
    };
    let mut templates = Environment::new();
    templates.set_auto_escape_callback(|_| AutoEscape::Html);
    templates.add_template("page.html", TEMPLATE).expect("the template of this crate can be read");
    let template = templates.get_template("page.html").expect("the template was added");
    template.render(Serde(&page)).expect("the template asks for nothing that the page does not have")
}

/// Writes the page into a folder. It appears whole or not at all.
///
/// # Errors
///
/// When the disk does not take it.
pub fn write(dir: &Path, inputs: &Inputs, sources: &Sources<'_>) -> Result<(), WriteError> {
    AtomicFile::whole(&dir.join(HTML_FILE), render(inputs, sources).as_bytes())
}

/// What the page may load: its own style and script, known by their digests, and nothing else from anywhere.
fn policy() -> String {
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        base64(&Sha256::digest(SCRIPT)),
        base64(&Sha256::digest(STYLE)),
    )
}

/// The alphabet of RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits =
            (0..3).fold(0_usize, |bits, at| bits << 8 | usize::from(chunk.get(at).copied().unwrap_or(0)));
        for place in 0..4 {
            let letter = LETTERS[bits >> (18 - 6 * place) & 63] as char;
            text.push(if place <= chunk.len() { letter } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn bytes_become_letters() {
        for (bytes, letters) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")]
        {
            assert_eq!(base64(bytes.as_bytes()), letters);
        }
    }
}
