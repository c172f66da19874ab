//! A module of a script: text, bytes or quoted text, encoded when it is first needed and only once.
//!
//! Enters: the parsed or quoted module; leaves: its binary form, or why there is none. What fails here is malformed; whether
//! the bytes are a valid module is for the engine to say.

use std::cell::{OnceCell, RefCell};

use assay_runtime::text::unfold;
use wast::core::{DataKind, ElemKind, ImportItems, Module, ModuleField, ModuleKind};
use wast::lexer::Lexer;
use wast::parser::{self, ParseBuffer};
use wast::{QuoteWat, QuoteWatTest, Wat};

use super::rules::{self, TextRules};

/// A module as the script gives it.
pub struct Source<'a> {
    wat: RefCell<QuoteWat<'a>>,
    rules: TextRules,
    bytes: OnceCell<Result<Vec<u8>, SourceError>>,
}

/// Text that is no module.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// The text does not parse, or its names do not resolve.
    #[error("{0}")]
    Text(String),
    /// It is a component, which is no module.
    #[error("components are not supported")]
    Component,
}

impl<'a> Source<'a> {
    /// A module that stands in a script.
    pub(super) fn new(wat: QuoteWat<'a>, rules: TextRules) -> Self {
        Self { wat: RefCell::new(wat), rules, bytes: OnceCell::new() }
    }

    /// The names of the modules into whose memories and tables this one may write when it is instantiated. Known for
    /// modules that are given as text.
    pub fn writes_into(&self) -> Vec<&'a str> {
        // Encoding resolves the fields, so that every import is a field of its own.
        let _encoded = self.bytes();
        match &*self.wat.borrow() {
            QuoteWat::Wat(Wat::Module(Module { kind: ModuleKind::Text(fields), .. })) if writes(fields) => {
                fields.iter().filter_map(import).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The binary form.
    pub fn bytes(&self) -> Result<&[u8], &SourceError> {
        self.bytes.get_or_init(|| encode(&mut self.wat.borrow_mut(), self.rules)).as_ref().map(Vec::as_slice)
    }
}

impl std::fmt::Debug for Source<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

/// Whether instantiation does more than make an instance.
fn writes(fields: &[ModuleField<'_>]) -> bool {
    fields.iter().any(|field| match field {
        ModuleField::Start(_) => true,
        ModuleField::Data(data) => matches!(data.kind, DataKind::Active { .. }),
        ModuleField::Elem(elem) => matches!(elem.kind, ElemKind::Active { .. }),
        _ => false,
    })
}

fn import<'a>(field: &ModuleField<'a>) -> Option<&'a str> {
    match field {
        ModuleField::Import(imports) => match &imports.items {
            ImportItems::Single { module, .. }
            | ImportItems::Group1 { module, .. }
            | ImportItems::Group2 { module, .. } => Some(*module),
        },
        _ => None,
    }
}

fn encode(wat: &mut QuoteWat<'_>, rules: TextRules) -> Result<Vec<u8>, SourceError> {
    match wat {
        QuoteWat::Wat(Wat::Module(module)) => encode_module(module, rules),
        QuoteWat::Wat(Wat::Component(_)) | QuoteWat::QuoteComponent(..) => Err(SourceError::Component),
        QuoteWat::QuoteModule(..) => {
            match wat.to_test().map_err(|error| SourceError::Text(error.message()))? {
                QuoteWatTest::Binary(bytes) => Ok(bytes),
                QuoteWatTest::Text(text) => encode_quoted(&text, rules),
            }
        }
    }
}

fn encode_module(module: &mut Module<'_>, rules: TextRules) -> Result<Vec<u8>, SourceError> {
    if let ModuleKind::Text(fields) = &module.kind {
        rules::check(fields, rules).map_err(|message| SourceError::Text(message.to_owned()))?;
    }
    module.encode().map_err(|error| SourceError::Text(error.message()))
}

fn encode_quoted(text: &[u8], rules: TextRules) -> Result<Vec<u8>, SourceError> {
    let text =
        std::str::from_utf8(text).map_err(|_| SourceError::Text("malformed UTF-8 encoding".to_owned()))?;
    let text = unfold(text);
    let buffer = buffer(&text).map_err(|error| SourceError::Text(error.message()))?;
    match parser::parse::<Wat<'_>>(&buffer).map_err(|error| SourceError::Text(error.message()))? {
        Wat::Module(mut module) => encode_module(&mut module, rules),
        Wat::Component(_) => Err(SourceError::Component),
    }
}

/// The tokens of a text. Scripts that test names contain every character there is.
pub(super) fn buffer(text: &str) -> Result<ParseBuffer<'_>, wast::Error> {
    let mut lexer = Lexer::new(text);
    lexer.allow_confusing_unicode(true);
    ParseBuffer::new_with_lexer(lexer)
}
