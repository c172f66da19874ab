//! Text to directives: the whole text in one go, and form by form where that fails.
//!
//! Enters: the text of a script or of a part of it, and how many forms it has; leaves: exactly that many directives. A form
//! that the parser library refuses becomes [`Directive::Unreadable`], and its neighbours are not concerned.

use std::cell::OnceCell;

use wast::parser::{self, ParseBuffer};
use wast::{Wast, WastDirective};

use super::lower::lower;
use super::rules::TextRules;
use super::source::buffer;
use super::{Directive, Form, split};

/// The tokens of a text, from which directives borrow.
pub struct Buffer<'a> {
    text: &'a str,
    rules: TextRules,
    whole: Tokens<'a>,
    parts: OnceCell<Vec<Part<'a>>>,
}

type Tokens<'a> = Result<ParseBuffer<'a>, wast::Error>;

/// One form by itself.
struct Part<'a> {
    form: Form<'a>,
    tokens: Tokens<'a>,
}

impl<'a> Buffer<'a> {
    /// The tokens of `text`, which is written by `rules`.
    pub fn new(text: &'a str, rules: TextRules) -> Self {
        Self { text, rules, whole: buffer(text), parts: OnceCell::new() }
    }

    fn parts(&self) -> &[Part<'a>] {
        self.parts.get_or_init(|| {
            let forms = split(self.text).unwrap_or_default();
            forms
                .into_iter()
                .map(|form| Part { form, tokens: buffer(&self.text[form.start..form.end]) })
                .collect()
        })
    }
}

/// The `count` directives of a text.
pub fn read<'a>(buffer: &'a Buffer<'a>, count: usize) -> Vec<Directive<'a>> {
    let trouble = match parse(&buffer.whole) {
        Ok(directives) if directives.len() == count => {
            return directives.into_iter().map(|directive| lower(directive, buffer.rules)).collect();
        }
        Ok(directives) => format!("{} directives in {count} forms", directives.len()),
        Err(message) => message,
    };
    if buffer.parts().len() == count {
        return buffer.parts().iter().map(|part| read_part(part, buffer.rules)).collect();
    }
    (0..count).map(|_| Directive::Unreadable { module: Some(None), message: trouble.clone() }).collect()
}

fn parse<'a>(tokens: &'a Tokens<'a>) -> Result<Vec<WastDirective<'a>>, String> {
    let tokens = tokens.as_ref().map_err(wast::Error::message)?;
    parser::parse::<Wast<'a>>(tokens).map(|script| script.directives).map_err(|error| error.message())
}

fn read_part<'a>(part: &'a Part<'a>, rules: TextRules) -> Directive<'a> {
    let message = match parse(&part.tokens).map(<[_; 1]>::try_from) {
        Ok(Ok([directive])) => return lower(directive, rules),
        Ok(Err(directives)) => format!("{} directives in one form", directives.len()),
        Err(message) => message,
    };
    let module = (part.form.head == "module").then(|| part.form.second.strip_prefix('$'));
    Directive::Unreadable { module, message }
}

#[cfg(test)]
mod tests {
    use super::super::{Action, Directive, Refusal, TextRules};
    use super::{Buffer, read};

    const RULES: TextRules = TextRules { wide_limits: true };

    fn kinds(text: &str, count: usize) -> Vec<String> {
        let buffer = Buffer::new(text, RULES);
        let name = |directive: &Directive<'_>| {
            let debug = format!("{directive:?}");
            debug.split([' ', '(', '{']).next().unwrap().to_owned()
        };
        read(&buffer, count).iter().map(name).collect()
    }

    #[test]
    fn a_script_becomes_its_directives() {
        let text =
            "(module $M) (register \"M\") (invoke \"f\") (assert_return (invoke $M \"f\" (i32.const 1)))";
        assert_eq!(kinds(text, 4), ["Module", "Register", "Invoke", "Return"]);
    }

    #[test]
    fn a_module_can_be_the_script() {
        assert_eq!(kinds("(func) (memory 0) (func (export \"f\"))", 1), ["Module"]);
    }

    #[test]
    fn a_form_that_does_not_parse_costs_one_directive() {
        let text = "(module) (module (func (try (do) (catch_all)))) (assert_return (invoke \"f\"))";
        assert_eq!(kinds(text, 3), ["Module", "Unreadable", "Return"]);
    }

    #[test]
    fn the_number_of_directives_is_kept_whatever_the_text() {
        assert_eq!(kinds("(module", 1), ["Unreadable"]);
        assert_eq!(kinds("(module) (module)", 3), ["Unreadable", "Unreadable", "Unreadable"]);
        assert_eq!(kinds("\u{202e}", 2), ["Unreadable", "Unreadable"]);
    }

    #[test]
    fn quoted_text_is_judged_late() {
        let text =
            "(assert_malformed (module quote \"(func\") \"unexpected token\") (module quote \"(memory 1)\")";
        let buffer = Buffer::new(text, RULES);
        let directives = read(&buffer, 2);
        let Directive::Refused { at: Refusal::Malformed, source, message } = &directives[0] else { panic!() };
        assert_eq!(*message, "unexpected token");
        assert!(source.bytes().is_err());
        let Directive::Module { source, .. } = &directives[1] else { panic!() };
        assert!(source.bytes().unwrap().starts_with(b"\0asm"));
    }

    #[test]
    fn limits_are_as_wide_as_the_grammar() {
        let text = "(module quote \"(memory 0x1_0000_0000)\") (module quote \"(import \\\"\\\" \\\"\\\" (memory 0 0x1_0000_0000))\")";
        for (wide_limits, accepted) in [(true, true), (false, false)] {
            let buffer = Buffer::new(text, TextRules { wide_limits });
            for directive in read(&buffer, 2) {
                let Directive::Module { source, .. } = directive else { panic!() };
                assert_eq!(source.bytes().is_ok(), accepted);
            }
        }
    }

    #[test]
    fn confusing_characters_are_characters() {
        let text = "(assert_return (invoke \"\u{202e}\u{2066}\"))";
        let buffer = Buffer::new(text, RULES);
        let directives = read(&buffer, 1);
        let Directive::Return { action: Action::Call(call), .. } = &directives[0] else { panic!() };
        assert_eq!(call.field, "\u{202e}\u{2066}");
    }
}
