//! JSON as it goes to disk: one line per value, and nothing in it that a terminal would obey.
//!
//! Hazardous characters inside strings are written as `\uXXXX`, which every JSON reader turns back; so `cat` of a results
//! file is as harmless as its rendering, and no information is lost.

use std::io;

use serde::Serialize;
use serde_json::ser::Formatter;

use crate::escape::is_hazardous;

/// Appends a value and a newline.
pub(crate) fn push_line<T: Serialize>(out: &mut Vec<u8>, value: &T) {
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut *out, Harmless)).expect(WRITABLE);
    out.push(b'\n');
}

/// Appends a string with its quotes.
pub(crate) fn push_string(out: &mut Vec<u8>, text: &str) {
    // Without early exit, so that it can look at many bytes at a time.
    let plain = |byte| matches!(byte, b' '..=b'~') & (byte != b'"') & (byte != b'\\');
    if text.bytes().fold(true, |all, byte| all & plain(byte)) {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        text.serialize(&mut serde_json::Serializer::with_formatter(out, Harmless)).expect(WRITABLE);
    }
}

/// Why writing a value to memory cannot fail: our types have string keys and no failing serialisers.
const WRITABLE: &str = "values of this crate can be written as JSON";

/// Compact output with hazardous characters escaped.
struct Harmless;

impl Formatter for Harmless {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        if fragment.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return writer.write_all(fragment.as_bytes());
        }
        let mut clean = 0;
        for (at, char) in fragment.char_indices().filter(|&(_, char)| is_hazardous(char)) {
            writer.write_all(&fragment.as_bytes()[clean..at])?;
            for unit in char.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            clean = at + char.len_utf8();
        }
        writer.write_all(&fragment.as_bytes()[clean..])
    }
}

#[cfg(test)]
mod tests {
    use super::push_line;

    #[test]
    fn hazards_are_escaped_and_come_back() {
        for text in
            ["plain", "\u{9b}31m", "\u{1b}[0m\n\0", "ä\u{202e}b\u{e0041}c", "日本\u{7f}", "\"\\\u{2028}"]
        {
            let mut line = Vec::new();
            push_line(&mut line, &text);
            let written = String::from_utf8(line.clone()).unwrap();
            assert!(!written.trim_end_matches('\n').chars().any(crate::escape::is_hazardous), "{written:?}");
            assert_eq!(serde_json::from_slice::<String>(&line).unwrap(), text);
        }
    }
}
