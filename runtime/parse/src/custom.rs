//! Are the custom sections that we know what they should be?
//!
//! Enters: a valid module; leaves: the first rule that its name section or its branch hints break. Loading a module never
//! asks: the specification wants a custom section that makes no sense to be ignored. Who judges custom sections asks here.

use crate::branch_hints::{self, Hints};
use crate::{ParseError, Stage};
use assay_model::index::FuncIdx;
use assay_model::module::BranchHint;
use wasmparser::{
    BinaryReaderError, CustomSectionReader, FunctionBody, KnownCustom, Name, NameSectionReader, Operator,
    Parser, Payload, TypeRef,
};

/// Checks the name section and the branch hints of a valid module.
///
/// # Errors
/// [`ParseError::Rejected`], as malformed when a section does not decode or stands in the wrong place, as invalid when it
/// does not fit the module.
pub fn check_custom_sections(bytes: &[u8]) -> Result<(), ParseError> {
    let mut sections = Sections::default();
    for payload in Parser::new(0).parse_all(bytes) {
        sections.take(payload.map_err(malformed)?)?;
    }
    sections.check_hints()
}

#[derive(Default)]
struct Sections<'a> {
    hints: Option<(u64, Hints)>,
    names: bool,
    imported_funcs: u32,
    bodies: Vec<FunctionBody<'a>>,
    in_code: bool,
}

impl<'a> Sections<'a> {
    fn take(&mut self, payload: Payload<'a>) -> Result<(), ParseError> {
        match payload {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let ty = import.map_err(malformed)?.ty;
                    self.imported_funcs += u32::from(matches!(ty, TypeRef::Func(_) | TypeRef::FuncExact(_)));
                }
                Ok(())
            }
            Payload::CodeSectionStart { .. } => {
                self.in_code = true;
                Ok(())
            }
            Payload::CodeSectionEntry(body) => {
                self.bodies.push(body);
                Ok(())
            }
            Payload::CustomSection(section) => self.custom(&section),
            _ => Ok(()),
        }
    }

    fn custom(&mut self, section: &CustomSectionReader<'_>) -> Result<(), ParseError> {
        let start = section.range().start;
        if section.name() == branch_hints::NAME {
            if self.in_code {
                return Err(ParseError::malformed(start, "branch hints behind the code"));
            }
            let again = self.hints.replace((start, branch_hints::decode(section)?)).is_some();
            return if again { Err(ParseError::malformed(start, "branch hints twice")) } else { Ok(()) };
        }
        if let KnownCustom::Name(names) = section.as_known() {
            if std::mem::replace(&mut self.names, true) {
                return Err(ParseError::malformed(start, "names twice"));
            }
            return check_names(names).map_err(malformed);
        }
        Ok(())
    }

    /// Every hint has to stand at an `if` or a `br_if` of a function that is defined here.
    fn check_hints(&self) -> Result<(), ParseError> {
        let Some((start, functions)) = &self.hints else { return Ok(()) };
        for (func, hints) in functions {
            let body =
                func.0.checked_sub(self.imported_funcs).and_then(|index| self.bodies.get(index as usize));
            let Some(body) = body else {
                return Err(invalid(*start, format!("branch hints for function {} without a body", func.0)));
            };
            check_targets(*func, hints, body)?;
        }
        Ok(())
    }
}

fn check_targets(func: FuncIdx, hints: &[BranchHint], body: &FunctionBody<'_>) -> Result<(), ParseError> {
    let mut left = hints.iter();
    let mut next = left.next();
    let start = body.range().start;
    for operator in body.get_operators_reader().map_err(malformed)?.into_iter_with_offsets() {
        let (operator, position) = operator.map_err(malformed)?;
        if next.is_some_and(|hint| start + u64::from(hint.offset) == position) {
            if !matches!(operator, Operator::If { .. } | Operator::BrIf { .. }) {
                return Err(invalid(position, "branch hint: invalid target".to_owned()));
            }
            next = left.next();
        }
    }
    match next {
        None => Ok(()),
        Some(hint) => {
            let message =
                format!("branch hint: no operator at offset {} of function {}", hint.offset, func.0);
            Err(invalid(start, message))
        }
    }
}

/// Decodes every name.
fn check_names(names: NameSectionReader<'_>) -> Result<(), BinaryReaderError> {
    for name in names {
        match name? {
            Name::Module { .. } | Name::Unknown { .. } => {}
            Name::Function(map)
            | Name::Type(map)
            | Name::Table(map)
            | Name::Memory(map)
            | Name::Global(map)
            | Name::Element(map)
            | Name::Data(map)
            | Name::Tag(map) => map.into_iter().try_for_each(|naming| naming.map(drop))?,
            Name::Local(map)
            | Name::Label(map)
            | Name::Field(map)
            | Name::Parameter(map)
            | Name::TagParameter(map) => {
                for indirect in map {
                    indirect?.names.into_iter().try_for_each(|naming| naming.map(drop))?;
                }
            }
        }
    }
    Ok(())
}

fn malformed(error: BinaryReaderError) -> ParseError {
    ParseError::undecodable(&error)
}

fn invalid(offset: u64, message: String) -> ParseError {
    ParseError::Rejected { stage: Stage::Invalid, offset, message, needs: None }
}
