//! The text of one directive, cut out of its file.
//!
//! Enters: a file's text and the place where a form begins; leaves: the form to its closing parenthesis, shortened where it is
//! long. Knows strings and comments of the text format, because parentheses in them do not count, and nothing else of it.

/// Finds lines in a text without reading it from the beginning each time.
#[derive(Debug)]
pub(crate) struct Source {
    text: String,
    lines: Vec<usize>,
}

impl Source {
    pub(crate) fn new(text: String) -> Self {
        let ends = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n').map(|(at, _)| at + 1);
        let lines = std::iter::once(0).chain(ends).collect();
        Self { text, lines }
    }

    /// The form that begins at a line and column, both from 1, columns in bytes; at most about `limit` bytes of it.
    pub(crate) fn form(&self, line: u32, column: u32, limit: usize) -> Option<String> {
        let start = *self.lines.get(line.checked_sub(1)? as usize)? + column.checked_sub(1)? as usize;
        let rest = self.text.get(start..)?;
        if !rest.starts_with('(') {
            return None;
        }
        let length = length_of_form(rest.as_bytes(), limit);
        let end = (0..=length).rev().find(|&end| rest.is_char_boundary(end))?;
        let whole = rest.as_bytes().get(end.wrapping_sub(1)) == Some(&b')') && length < limit;
        Some(if whole { rest[..end].to_owned() } else { format!("{} …", rest[..end].trim_end()) })
    }
}

/// The name of the export that a form calls first, where it calls one: `(invoke $M "name"` names it.
pub(crate) fn called(form: &str) -> Option<&str> {
    let (_, behind) = form.split_once("(invoke ").or_else(|| form.split_once("(get "))?;
    let (before, name) = behind.split_once('"')?;
    let name = name.split_once('"')?.0;
    (!before.contains(['(', ')']) && !name.is_empty() && name.len() <= 60).then_some(name)
}

/// Bytes to the closing parenthesis that belongs to the first opening one, or `limit`.
fn length_of_form(bytes: &[u8], limit: usize) -> usize {
    let limit = limit.min(bytes.len());
    let (mut at, mut depth) = (0, 0_u32);
    while at < limit {
        match bytes[at] {
            b'"' => at = skip_string(bytes, at, limit),
            b';' if bytes.get(at + 1) == Some(&b';') => at = skip_to(bytes, at, limit, b'\n'),
            b'(' if bytes.get(at + 1) == Some(&b';') => at = skip_block(bytes, at, limit),
            b'(' => depth += 1,
            b')' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    limit
}

fn skip_string(bytes: &[u8], start: usize, limit: usize) -> usize {
    let mut at = start + 1;
    while at < limit && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at
}

fn skip_to(bytes: &[u8], start: usize, limit: usize, end: u8) -> usize {
    (start..limit).find(|&at| bytes[at] == end).unwrap_or(limit)
}

/// To the last byte of a block comment, which may hold others.
fn skip_block(bytes: &[u8], start: usize, limit: usize) -> usize {
    let (mut at, mut depth) = (start, 0);
    while at + 1 < limit {
        match &bytes[at..at + 2] {
            b"(;" => (depth, at) = (depth + 1, at + 1),
            b";)" => {
                (depth, at) = (depth - 1, at + 1);
                if depth == 0 {
                    return at;
                }
            }
            _ => {}
        }
        at += 1;
    }
    limit
}

#[cfg(test)]
mod tests {
    use super::{Source, called};

    fn form(text: &str, line: u32, column: u32) -> Option<String> {
        Source::new(text.to_owned()).form(line, column, 60)
    }

    #[test]
    fn a_form_ends_with_its_own_parenthesis() {
        let text = "(module)\n  (assert_trap (invoke \"a)\\\"\") (; ( (;;) ;) \"x\") (next)";
        assert_eq!(form(text, 1, 1).as_deref(), Some("(module)"));
        assert_eq!(form(text, 2, 3).as_deref(), Some("(assert_trap (invoke \"a)\\\"\") (; ( (;;) ;) \"x\")"));
        assert_eq!(form("(a ;; )\n b)", 1, 1).as_deref(), Some("(a ;; )\n b)"));
    }

    #[test]
    fn long_forms_are_cut_and_wrong_places_have_none() {
        let long = format!("({})", "ä".repeat(100));
        let cut = form(&long, 1, 1).unwrap();
        assert!(cut.ends_with("ä …") && cut.len() < 70, "{cut}");
        for (line, column) in [(0, 1), (1, 0), (2, 1), (1, 2), (1, 999)] {
            assert_eq!(form("(module)", line, column), None, "{line}:{column}");
        }
        assert_eq!(form("(open", 1, 1).as_deref(), Some("(open …"));
        assert_eq!(form("(\"open", 1, 1).as_deref(), Some("(\"open …"));
    }

    #[test]
    fn the_called_export_is_named() {
        assert_eq!(called("(assert_return (invoke \"div_s\" (i32.const 1)))"), Some("div_s"));
        assert_eq!(called("(assert_trap (invoke $M \"load\") \"oob\")"), Some("load"));
        for none in ["(assert_invalid (module) \"x\")", "(invoke )", "(invoke \"\")", "(invoke (x) \"a\")"] {
            assert_eq!(called(none), None, "{none}");
        }
    }
}
