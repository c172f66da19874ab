//! Cuts the text of a script into its top-level forms without understanding them.
//!
//! Enters: any text; leaves: where each form begins and ends, its line and its first word, or where the parentheses do not
//! add up. This is the parent's only look into a script: it numbers the directives, so that what becomes of them can be
//! accounted for independently of the worker that runs them. Knows strings, comments and parentheses, nothing else.

/// One top-level form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form<'a> {
    /// The byte where its parenthesis opens.
    pub start: usize,
    /// The byte behind the one where it closes.
    pub end: usize,
    /// The line on which it opens, from 1.
    pub line: u32,
    /// The column at which it opens, from 1.
    pub column: u32,
    /// Its first word, and the second one of a module (`definition`, `instance`, `quote`, `binary`).
    pub head: &'a str,
    /// The second word.
    pub second: &'a str,
}

/// Text that is no sequence of forms.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {what}")]
pub struct FormError {
    /// The line of the trouble, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
    /// What is wrong.
    pub what: &'static str,
}

impl Form<'_> {
    /// Whether the form is a directive of a script, as opposed to a field of a module.
    pub fn is_directive(&self) -> bool {
        let head = self.head;
        head.starts_with("assert_")
            || matches!(head, "module" | "component" | "register" | "invoke" | "get" | "thread" | "wait")
    }

    /// The kind of the directive, as results name it.
    pub fn kind(&self) -> String {
        match (self.head, self.second) {
            ("module", second @ ("definition" | "instance")) => format!("module {second}"),
            (head, _) => head.to_owned(),
        }
    }
}

/// The top-level forms of `text`; annotations are left out.
pub fn split(text: &str) -> Result<Vec<Form<'_>>, FormError> {
    let mut scan = Scan { text, bytes: text.as_bytes(), at: 0, line: 1, line_start: 0 };
    let mut forms = Vec::new();
    while let Some(form) = scan.form()? {
        if !form.head.starts_with('@') {
            forms.push(form);
        }
    }
    Ok(forms)
}

#[derive(Clone, Copy)]
struct Scan<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    line: u32,
    line_start: usize,
}

impl<'a> Scan<'a> {
    /// The next form, or `None` at the end of the text.
    fn form(&mut self) -> Result<Option<Form<'a>>, FormError> {
        self.skip_space()?;
        match self.bytes.get(self.at) {
            None => return Ok(None),
            Some(b'(') => {}
            Some(b')') => return Err(self.error("unmatched closing parenthesis")),
            Some(_) => return Err(self.error("expected `(`")),
        }
        let (start, line, column) = (self.at, self.line, (self.at - self.line_start + 1) as u32);
        let opened = self.error("parenthesis is never closed");
        let mut ahead = *self;
        ahead.at += 1;
        let [head, second] = [ahead.word()?, ahead.word()?];
        let mut depth = 0_usize;
        loop {
            self.skip_space()?;
            match self.bytes.get(self.at) {
                None => return Err(opened),
                Some(b'"') => self.skip_string()?,
                Some(b'(') => {
                    depth += 1;
                    self.at += 1;
                }
                Some(b')') => {
                    depth -= 1;
                    self.at += 1;
                    if depth == 0 {
                        return Ok(Some(Form { start, end: self.at, line, column, head, second }));
                    }
                }
                Some(_) => self.at += 1,
            }
        }
    }

    /// The word behind space and comments, empty where something else stands.
    fn word(&mut self) -> Result<&'a str, FormError> {
        self.skip_space()?;
        let rest = &self.bytes[self.at..];
        let len = rest.iter().take_while(|byte| !b" \t\r\n()\";".contains(byte)).count();
        let word = self.text.get(self.at..self.at + len).unwrap_or_default();
        self.at += len;
        Ok(word)
    }

    fn skip_space(&mut self) -> Result<(), FormError> {
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'\n' => self.newline(),
                b' ' | b'\t' | b'\r' => self.at += 1,
                b';' if self.bytes.get(self.at + 1) == Some(&b';') => self.skip_line_comment(),
                b'(' if self.bytes.get(self.at + 1) == Some(&b';') => self.skip_block_comment()?,
                _ => return Ok(()),
            }
        }
        Ok(())
    }

    fn newline(&mut self) {
        self.at += 1;
        self.line += 1;
        self.line_start = self.at;
    }

    fn skip_line_comment(&mut self) {
        while self.bytes.get(self.at).is_some_and(|&byte| byte != b'\n' && byte != b'\r') {
            self.at += 1;
        }
    }

    fn skip_block_comment(&mut self) -> Result<(), FormError> {
        let opened = self.error("comment is never closed");
        let mut depth = 0_usize;
        loop {
            match (self.bytes.get(self.at), self.bytes.get(self.at + 1)) {
                (None, _) => return Err(opened),
                (Some(b'('), Some(b';')) => {
                    depth += 1;
                    self.at += 2;
                }
                (Some(b';'), Some(b')')) => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return Ok(());
                    }
                }
                (Some(b'\n'), _) => self.newline(),
                (Some(_), _) => self.at += 1,
            }
        }
    }

    fn skip_string(&mut self) -> Result<(), FormError> {
        let opened = self.error("string is never closed");
        self.at += 1;
        loop {
            match self.bytes.get(self.at) {
                None => return Err(opened),
                Some(b'\\') => self.at += 2,
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\n') => self.newline(),
                Some(_) => self.at += 1,
            }
        }
    }

    fn error(&self, what: &'static str) -> FormError {
        FormError { line: self.line, column: (self.at - self.line_start + 1) as u32, what }
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    fn heads(text: &str) -> Vec<(u32, u32, &str)> {
        split(text).unwrap().into_iter().map(|form| (form.line, form.column, form.head)).collect()
    }

    #[test]
    fn forms_are_found_with_their_places() {
        assert_eq!(heads("(module)\n  (invoke \"f\")\n"), [(1, 1, "module"), (2, 3, "invoke")]);
        assert_eq!(heads(" ;; only a comment\n"), []);
    }

    #[test]
    fn parentheses_in_strings_and_comments_do_not_count() {
        let text = "(module (; ) (; nested ) ;) ;) ;; )\n (data \")\\\")\\\\\"))\n(register \"(\")";
        assert_eq!(heads(text), [(1, 1, "module"), (3, 1, "register")]);
    }

    #[test]
    fn the_second_word_tells_modules_apart() {
        let kinds = |text| split(text).unwrap().iter().map(super::Form::kind).collect::<Vec<_>>();
        assert_eq!(
            kinds("(module definition $M)(module\n instance $I $M)(module $definition)(module quote \"\")"),
            ["module definition", "module instance", "module", "module"]
        );
    }

    #[test]
    fn comments_may_stand_before_the_first_word() {
        assert_eq!(heads("( ;; x\nmodule) ((;x;)invoke(;y;))"), [(1, 1, "module"), (2, 9, "invoke")]);
    }

    #[test]
    fn annotations_are_no_directives() {
        assert_eq!(heads("(@custom \"x\" \")\") (module)"), [(1, 19, "module")]);
    }

    #[test]
    fn what_does_not_add_up_is_shown_where_it_opened() {
        for (text, place) in [
            ("(module\n (func", "1:1: parenthesis is never closed"),
            ("(module)\n)", "2:1: unmatched closing parenthesis"),
            ("\n (; (; ;)", "2:2: comment is never closed"),
            ("(data \"abc", "1:7: string is never closed"),
            ("(module) x", "1:10: expected `(`"),
            ("(data \"abc\\", "1:7: string is never closed"),
        ] {
            assert_eq!(split(text).unwrap_err().to_string(), place);
        }
    }

    #[test]
    fn multibyte_text_keeps_byte_offsets() {
        let text = "(invoke \"\u{202e}é\") (invoke \"b\")";
        let forms = split(text).unwrap();
        assert_eq!(&text[forms[1].start..forms[1].end], "(invoke \"b\")");
    }
}
