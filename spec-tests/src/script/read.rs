//! Text to directives: the whole text in one go, and form by form where that fails.
//!
//! Enters: the text of a script or of a part of it, in the form that the parser library takes ([`unfold`]), and how many forms
//! it has; leaves: exactly that many directives. A form that the library refuses becomes [`Directive::Unreadable`], and its
//! neighbours are not concerned.
//!
//! [`unfold`]: assay_runtime::text::unfold

use std::cell::OnceCell;

use wast::parser::{self, Parse, ParseBuffer, Parser};
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
    /// The tokens of `text`, which is written by `rules` and unfolded.
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
            let mut directives: Vec<_> =
                directives.into_iter().map(|directive| lower(directive, buffer.rules)).collect();
            place_threads(&mut directives, buffer.text);
            return directives;
        }
        Ok(directives) => format!("{} directives in {count} forms", directives.len()),
        Err(message) => message,
    };
    if buffer.parts().len() == count {
        let mut directives: Vec<_> =
            buffer.parts().iter().map(|part| read_part(part, buffer.rules)).collect();
        place_threads(&mut directives, buffer.text);
        return directives;
    }
    (0..count).map(|_| Directive::Unreadable { module: Some(None), message: trouble.clone() }).collect()
}

/// Gives threads their text, and says which of them somebody waits for.
fn place_threads<'a>(directives: &mut [Directive<'a>], text: &'a str) {
    if !directives.iter().any(|directive| matches!(directive, Directive::Thread { .. })) {
        return;
    }
    let forms = split(text).unwrap_or_default();
    let mut waits = Vec::new();
    for (directive, form) in directives.iter_mut().zip(&forms).rev() {
        match directive {
            Directive::Wait { thread } => waits.push(*thread),
            Directive::Thread { name, text: own, line, awaited, .. } => {
                (*own, *line) = (&text[form.start..form.end], form.line);
                // A name that is used again means another thread from there on.
                *awaited = waits.contains(name);
                waits.retain(|wait| wait != name);
            }
            _ => {}
        }
    }
}

/// What a thread plays.
pub struct Thread<'a> {
    /// The instance whose shared memories it gets.
    pub shared: Option<&'a str>,
    /// The directives, each with its line in the text of the thread, from 0.
    pub directives: Vec<(u32, Directive<'a>)>,
}

impl<'a> Buffer<'a> {
    /// The thread whose form the text is.
    ///
    /// # Errors
    /// What the parser says.
    pub fn thread(&'a self) -> Result<Thread<'a>, String> {
        let Single(WastDirective::Thread(thread)) = parse_as(&self.whole)? else {
            return Err("the text is no thread".to_owned());
        };
        let directive = |directive: WastDirective<'a>| {
            let (line, _) = directive.span().linecol_in(self.text);
            let line = u32::try_from(line).unwrap_or(u32::MAX);
            match lower(directive, self.rules) {
                Directive::Thread { .. } | Directive::Wait { .. } => {
                    let message = "a thread starts no threads, and waits for none".to_owned();
                    (line, Directive::Unreadable { module: None, message })
                }
                directive => (line, directive),
            }
        };
        Ok(Thread {
            shared: thread.shared_module.map(|id| id.name()),
            directives: thread.directives.into_iter().map(directive).collect(),
        })
    }
}

/// A script of one directive. The library takes what does not begin with one of the older directives for the fields of a
/// module.
struct Single<'a>(WastDirective<'a>);

impl<'a> Parse<'a> for Single<'a> {
    fn parse(parser: Parser<'a>) -> parser::Result<Self> {
        parser.parens(|parser| parser.parse().map(Self))
    }
}

fn parse<'a>(tokens: &'a Tokens<'a>) -> Result<Vec<WastDirective<'a>>, String> {
    parse_as::<Wast<'a>>(tokens).map(|script| script.directives)
}

fn parse_as<'a, T: Parse<'a>>(tokens: &'a Tokens<'a>) -> Result<T, String> {
    let tokens = tokens.as_ref().map_err(wast::Error::message)?;
    parser::parse::<T>(tokens).map_err(|error| error.message())
}

fn read_part<'a>(part: &'a Part<'a>, rules: TextRules) -> Directive<'a> {
    let message = match parse_as(&part.tokens) {
        Ok(Single(directive)) => return lower(directive, rules),
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
    fn threads_have_their_text_and_know_who_waits() {
        let text = "(module $M)\n(thread $A (shared (module $M))\n (invoke \"f\"))(thread $B (module))(wait $A)(thread $A)";
        let buffer = Buffer::new(text, RULES);
        let directives = read(&buffer, 5);
        let threads: Vec<_> = directives
            .iter()
            .filter_map(|directive| match directive {
                Directive::Thread { name, shared, line, awaited, .. } => {
                    Some((*name, *shared, *line, *awaited))
                }
                _ => None,
            })
            .collect();
        assert_eq!(threads, [("A", Some("M"), 2, true), ("B", None, 3, false), ("A", None, 3, false)]);
        let Directive::Thread { text, .. } = directives[1] else { panic!() };
        let buffer = Buffer::new(text, RULES);
        let thread = buffer.thread().unwrap();
        assert_eq!(thread.shared, Some("M"));
        assert!(matches!(thread.directives[..], [(1, Directive::Invoke(_))]));
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
