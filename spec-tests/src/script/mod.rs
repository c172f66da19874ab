//! The text of a `.wast` file as a list of directives.
//!
//! Enters: text; leaves: [`Directive`]s in values of our own, so that nothing behind this room sees the parser's types. A
//! directive that does not parse is a directive with that outcome, never the end of the file; quoted modules are parsed when
//! they are judged. Knows no engine and no result; `suite` numbers forms with it, `judge` plays directives.

mod forms;
mod lower;
mod read;
mod rules;
mod source;

pub use forms::{Form, FormError, split};
pub use read::{Buffer, Thread, read};
pub use rules::TextRules;
pub use source::{Source, SourceError};

use crate::matcher::Pattern;
use crate::value::Value;

/// One step of a script.
#[derive(Debug)]
pub enum Directive<'a> {
    /// `(module …)`: validated, instantiated, and from now on the current instance.
    Module {
        /// The name of the instance.
        name: Option<&'a str>,
        /// The module.
        source: Source<'a>,
    },
    /// `(module definition …)`: validated and compiled, not instantiated.
    Definition {
        /// The name of the module.
        name: Option<&'a str>,
        /// The module.
        source: Source<'a>,
    },
    /// `(module instance …)`: a new instance of a definition.
    Instance {
        /// The name of the instance.
        name: Option<&'a str>,
        /// The definition, or the last one.
        module: Option<&'a str>,
    },
    /// `(register …)`: makes the exports of an instance importable.
    Register {
        /// The name under which they can be imported.
        name: &'a str,
        /// The instance, or the current one.
        instance: Option<&'a str>,
    },
    /// A call whose results nobody looks at.
    Invoke(Call<'a>),
    /// `assert_return`.
    Return {
        /// What is done.
        action: Action<'a>,
        /// What it has to give.
        results: Vec<Pattern>,
    },
    /// `assert_trap`.
    Trap {
        /// What is done.
        action: Action<'a>,
        /// How the trap's text begins.
        message: &'a str,
    },
    /// `assert_exhaustion`.
    Exhaustion {
        /// What is called.
        call: Call<'a>,
        /// How the text begins.
        message: &'a str,
    },
    /// `assert_exception`.
    Exception {
        /// What is done.
        action: Action<'a>,
    },
    /// One of the assertions that a module is refused.
    Refused {
        /// Where it has to be refused.
        at: Refusal,
        /// The module.
        source: Source<'a>,
        /// The text of the reference; normative for links only.
        message: &'a str,
    },
    /// `(thread …)`: a thread of the host with a store of its own, which plays directives.
    Thread {
        /// The name of the thread.
        name: &'a str,
        /// The instance whose shared memories it gets.
        shared: Option<&'a str>,
        /// Its text, for [`Buffer::thread`].
        text: &'a str,
        /// The line on which the text begins, from 1.
        line: u32,
        /// Whether a later directive waits for it.
        awaited: bool,
    },
    /// `(wait …)`: until a thread has played its directives.
    Wait {
        /// The name of the thread.
        thread: &'a str,
    },
    /// A directive that belongs to a feature this driver does not play.
    Foreign {
        /// The feature.
        feature: &'static str,
    },
    /// Text that is no directive.
    Unreadable {
        /// Whether it would have been a module, and its name.
        module: Option<Option<&'a str>>,
        /// What the parser says.
        message: String,
    },
}

/// Where a module is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// `assert_malformed`: it does not parse or decode.
    Malformed,
    /// `assert_invalid`: it does not validate.
    Invalid,
    /// `assert_unlinkable`: its imports do not fit.
    Unlinkable,
    /// `assert_malformed_custom`: an annotation or custom section does not parse.
    MalformedCustom,
    /// `assert_invalid_custom`: a custom section does not fit its module.
    InvalidCustom,
}

/// What an assertion does before it looks.
#[derive(Debug)]
pub enum Action<'a> {
    /// Calls an export.
    Call(Call<'a>),
    /// Reads an exported global.
    Get {
        /// The instance, or the current one.
        instance: Option<&'a str>,
        /// The export.
        field: &'a str,
    },
    /// Instantiates a module.
    Module(Source<'a>),
}

/// A call of an export.
#[derive(Debug)]
pub struct Call<'a> {
    /// The instance, or the current one.
    pub instance: Option<&'a str>,
    /// The export.
    pub field: &'a str,
    /// The arguments.
    pub args: Vec<Value>,
}
