//! Makes foreign text harmless: what comes from guests, test files, file names and error messages passes here before it
//! reaches a terminal or a report.
//!
//! Control characters (C0, DEL, C1: cursor movements, colours, titles), characters that reorder or hide what is shown
//! (bidirectional controls, zero-width and invisible ones, line and paragraph separators) and the backslash itself are
//! written as Rust writes them in a literal, so that the original can be told. Everything else stays as it is.

use std::borrow::Cow;
use std::fmt::Write;

/// `text` with everything hazardous escaped; borrowed when there is nothing to do.
pub fn text(text: &str) -> Cow<'_, str> {
    let Some((start, _)) = text.char_indices().find(|&(_, char)| char == '\\' || is_hazardous(char)) else {
        return Cow::Borrowed(text);
    };
    let (clean, rest) = text.split_at(start);
    let mut escaped = String::with_capacity(text.len() + 16);
    escaped.push_str(clean);
    for char in rest.chars() {
        push(&mut escaped, char);
    }
    Cow::Owned(escaped)
}

/// The same line by line: a message of several lines keeps them.
pub fn lines(message: &str) -> String {
    message.lines().map(text).collect::<Vec<_>>().join("\n")
}

/// The same for bytes that ought to be text: those that are not UTF-8 become `\xNN`.
pub fn bytes(bytes: &[u8]) -> String {
    let mut escaped = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        escaped.push_str(&text(chunk.valid()));
        for byte in chunk.invalid() {
            // Writing to a string cannot fail.
            let _written = write!(escaped, "\\x{byte:02x}");
        }
    }
    escaped
}

/// The same, cut to about `limit` characters, for places where a guest's megabyte would bury everything else.
pub fn brief(original: &str, limit: usize) -> Cow<'_, str> {
    match original.char_indices().nth(limit) {
        None => text(original),
        Some((end, _)) => {
            let hidden = original.len() - end;
            Cow::Owned(format!("{}… ({hidden} more bytes)", text(&original[..end])))
        }
    }
}

fn push(out: &mut String, char: char) {
    match char {
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        char if is_hazardous(char) => {
            // Writing to a string cannot fail.
            let _written = write!(out, "\\u{{{:x}}}", u32::from(char));
        }
        char => out.push(char),
    }
}

/// Whether a terminal or an editor may do something else with this character than showing it in its place.
pub fn is_hazardous(char: char) -> bool {
    match char {
        ' '..='~' => false,
        char if char.is_control() => true,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' => true,
        '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' => true,
        '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' => true,
        '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' => true,
        // Tags, variation selectors, and what is private or reserved beside them.
        '\u{e0000}'..='\u{e0fff}' => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::{brief, bytes, is_hazardous, text};

    #[test]
    fn harmless_text_is_borrowed() {
        for harmless in ["", "f32.const nan:0x200000", "größer ≠ 日本語 🦀"] {
            assert!(matches!(text(harmless), Cow::Borrowed(same) if same == harmless));
        }
    }

    #[test]
    fn terminal_sequences_lose_their_power() {
        assert_eq!(text("a\u{1b}[31mred\u{1b}]0;title\u{7}"), r"a\u{1b}[31mred\u{1b}]0;title\u{7}");
        assert_eq!(text("\u{9b}31m \u{85} \u{7f}"), r"\u{9b}31m \u{85} \u{7f}");
        assert_eq!(text("one\ntwo\r\tthree"), r"one\ntwo\r\tthree");
    }

    #[test]
    fn reordering_and_hiding_show() {
        assert_eq!(text("\u{202e}txt.exe\u{202c}"), r"\u{202e}txt.exe\u{202c}");
        assert_eq!(text("a\u{200b}b\u{2066}c\u{feff}"), r"a\u{200b}b\u{2066}c\u{feff}");
        assert_eq!(text("\u{e0041}"), r"\u{e0041}");
    }

    #[test]
    fn the_original_can_be_told() {
        assert_ne!(text("\u{1b}"), text(r"\u{1b}"));
        assert_eq!(text(r"\u{1b}"), r"\\u{1b}");
    }

    #[test]
    fn nothing_hazardous_is_left_of_any_character() {
        for char in '\0'..=char::MAX {
            let escaped = text(&char.to_string()).into_owned();
            assert!(
                !escaped.chars().any(|char| char.is_control() || is_hazardous(char)),
                "{:x}",
                u32::from(char)
            );
        }
    }

    #[test]
    fn broken_utf8_is_shown_as_bytes() {
        assert_eq!(bytes(b"ok \xff\xfe \xe2\x80 end\n"), r"ok \xff\xfe \xe2\x80 end\n");
    }

    #[test]
    fn long_text_is_cut_with_its_rest_counted() {
        assert_eq!(brief("short", 5), "short");
        assert_eq!(brief("äöü and more", 3), "äöü… (9 more bytes)");
    }
}
