//! Text on its way to a terminal: what would do more there than stand in its place is made visible instead.
//!
//! Enters: bytes of a guest, in pieces cut anywhere. Leaves: UTF-8 of which a terminal shows every character, line ends,
//! tabulators, carriage returns and colours (`ESC [ … m`) excepted, which keep their effect. Nothing a guest prints can
//! move the cursor to lines above, set titles, write to a clipboard, or make the terminal type an answer. Whether something
//! is a terminal, and how bytes get there, is not known here.

/// The longest sequence that may set colours, without its end.
const MOST_COLOUR: usize = 32;

/// What has come in and is not decided yet: the beginning of a character or of a sequence that sets colours.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    begun: Vec<u8>,
}

impl Filter {
    /// Takes a piece, and puts what may be shown behind `out`.
    pub(crate) fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        let mut bytes = std::mem::take(&mut self.begun);
        bytes.extend_from_slice(piece);
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let taken = match rest {
                [0x1b, ..] => colour(rest, out),
                _ => character(rest, out),
            };
            match taken {
                Some(count) => rest = &rest[count..],
                None => break,
            }
        }
        self.begun = rest.to_vec();
    }
}

/// Passes a sequence that sets colours on; the escape character of any other is shown. How many bytes that were, or `None`
/// when what follows decides.
fn colour(bytes: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let is_parameter = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b';' | b':');
    let parameters = match bytes {
        [_] => return None,
        [_, b'[', rest @ ..] => rest,
        _ => return Some(show('\x1b', out)),
    };
    let count = parameters.iter().take_while(|byte| is_parameter(byte)).count();
    match parameters.get(count) {
        _ if count > MOST_COLOUR => Some(show('\x1b', out)),
        None => None,
        Some(b'm') => {
            let len = count + 3;
            out.extend_from_slice(&bytes[..len]);
            Some(len)
        }
        Some(_) => Some(show('\x1b', out)),
    }
}

/// Shows the first character. How many bytes it has, or `None` when the rest of it has not come yet.
fn character(bytes: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let first = bytes.utf8_chunks().next()?;
    if let Some(char) = first.valid().chars().next() {
        return Some(show(char, out));
    }
    let invalid = first.invalid();
    // A beginning that could still become a character is what is left when nothing follows it.
    let unfinished = invalid.len() == bytes.len() && is_beginning(invalid);
    (!unfinished).then(|| {
        show(char::REPLACEMENT_CHARACTER, out);
        invalid.len()
    })
}

/// Whether so many bytes of an encoded character are too few.
fn is_beginning(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}

/// Puts a character out, or a picture of it; its length as it came.
fn show(char: char, out: &mut Vec<u8>) -> usize {
    let shown = match char {
        '\n' | '\t' | '\r' => char,
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(char)).unwrap_or(char::REPLACEMENT_CHARACTER),
        '\x7f' => '\u{2421}',
        // C1 controls, and what reorders the text around it.
        '\u{80}'..='\u{9f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            char::REPLACEMENT_CHARACTER
        }
        char => char,
    };
    out.extend_from_slice(shown.encode_utf8(&mut [0; 4]).as_bytes());
    char.len_utf8()
}

#[cfg(test)]
mod tests {
    use super::Filter;

    fn filtered(bytes: &[u8], piece: usize) -> String {
        let (mut filter, mut out) = (Filter::default(), Vec::new());
        for piece in bytes.chunks(piece) {
            filter.push(piece, &mut out);
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn text_and_colours_pass_and_everything_else_is_shown() {
        let cases: [(&[u8], &str); 10] = [
            ("grüße, 世界 👩‍👩‍👧\r\n\t.".as_bytes(), "grüße, 世界 👩‍👩‍👧\r\n\t."),
            (b"\x1b[1;31mred\x1b[0m\x1b[38:2::1:2:3m\x1b[m", "\x1b[1;31mred\x1b[0m\x1b[38:2::1:2:3m\x1b[m"),
            (b"\x1b[2J\x1b[1A\x1b[?1049h", "␛[2J␛[1A␛[?1049h"),
            (b"\x1b]0;title\x07\x1b]52;c;aGk=\x1b\\.", "␛]0;title␇␛]52;c;aGk=␛\\."),
            (b"\x1bc\x1b\x1b[6n\x08\x0b\x7f\0", "␛c␛␛[6n␈␋␡␀"),
            (b"\xc2\x9b2J", "\u{fffd}2J"),
            (b"a\xffb\xc3(\xe2\x82.\xf0\x9f\x98z", "a\u{fffd}b\u{fffd}(\u{fffd}.\u{fffd}z"),
            ("a\u{202e}b\u{2066}c".as_bytes(), "a\u{fffd}b\u{fffd}c"),
            (b"\x9b31m", "\u{fffd}31m"),
            (
                b"\x1b[0000000000000000000000000000000000000000m.",
                "␛[0000000000000000000000000000000000000000m.",
            ),
        ];
        for (bytes, shown) in cases {
            for piece in [1, 2, 3, 5, 1000] {
                assert_eq!(filtered(bytes, piece), shown, "in pieces of {piece}");
            }
        }
    }

    #[test]
    fn what_is_not_decided_stays_small() {
        let mut filter = Filter::default();
        let mut out = Vec::new();
        for _ in 0..1000 {
            filter.push(b"\x1b[", &mut out);
            filter.push(&[b'1'; 500], &mut out);
            assert!(filter.begun.len() < 600);
        }
        assert!(out.len() > 499_000);
    }
}
