//! Reading a function body: each operator is decoded, validated and handed out once.
//!
//! Both lowerings read through this door, one operator after the other ([`BodyReader::next`]) or as a visitor of all of
//! them ([`BodyReader::visit`]). They keep operand stacks of their own; what they may take from the validator is only
//! that the operator they hold is valid where it stands.

use crate::resources::Resources;
use crate::{ParseError, ParsedModule, convert};
use assay_model::index::DefinedFuncIdx;
use assay_model::types::ValType;
use wasmparser::{
    BinaryReader, FuncToValidate, FuncValidator, FuncValidatorAllocations, Operator, OperatorsReader,
    OperatorsReaderAllocations, VisitOperator, VisitSimdOperator, for_each_visit_operator,
    for_each_visit_simd_operator,
};

/// Memory that validation of one body leaves for the next. One per worker.
#[derive(Default)]
pub struct BodyAllocations(FuncValidatorAllocations, OperatorsReaderAllocations);

/// An operator of a body.
pub struct Op<'a> {
    /// The operator with its immediates.
    pub operator: Operator<'a>,
    /// Its position in the binary.
    pub offset: u32,
    /// Its first byte: what the fuel rule ([`assay_model::ops::fuel`]) asks for.
    pub first_byte: u8,
}

/// What a visitor answers. An error in a box, so that the good case takes one register.
pub type Visited = Result<(), Box<ParseError>>;

/// Takes all operators of a body.
pub trait BodyVisitor<'a>: VisitSimdOperator<'a, Output = Visited> {
    /// The next operator, which is valid, begins at `offset` with `first_byte`.
    fn begin(&mut self, offset: u32, first_byte: u8);
}

/// A body being read.
pub struct BodyReader<'a> {
    bytes: &'a [u8],
    operators: OperatorsReader<'a>,
    validator: FuncValidator<Resources>,
    locals: Vec<(u32, ValType)>,
}

impl<'a> BodyReader<'a> {
    /// Opens the body of `func`. `bytes` is the whole module.
    ///
    /// # Errors
    /// When the declarations of locals are malformed or invalid.
    pub fn new(
        module: &ParsedModule,
        bytes: &'a [u8],
        func: DefinedFuncIdx,
        allocations: BodyAllocations,
    ) -> Result<Self, ParseError> {
        let range = module.model.bodies[func.index()].clone();
        let body = &bytes[range.start as usize..range.end as usize];
        let mut reader = BinaryReader::new(body, u64::from(range.start));
        let mut validator = to_validate(&module.bodies[func.index()]).into_validator(allocations.0);
        let mut locals = Vec::new();
        let count = reader.read_var_u32().map_err(|error| ParseError::undecided(&error))?;
        for _ in 0..count {
            let offset = reader.original_position();
            let (number, ty) = declaration(&mut reader).map_err(|error| ParseError::undecided(&error))?;
            validator.define_locals(offset, number, ty).map_err(|error| ParseError::undecided(&error))?;
            locals.push((number, convert::val_type(ty)?));
        }
        Ok(Self {
            bytes,
            operators: OperatorsReader::new_with_allocs(reader, allocations.1),
            validator,
            locals,
        })
    }

    /// The declared locals, without parameters: how many of which type, in order.
    pub fn locals(&self) -> &[(u32, ValType)] {
        &self.locals
    }

    /// The next operator, validated; `None` behind the last `end`.
    ///
    /// # Errors
    /// When the operator is malformed or invalid.
    #[expect(
        clippy::should_implement_trait,
        reason = "a fallible cursor, read in a loop that also asks the reader"
    )]
    pub fn next(&mut self) -> Result<Option<Op<'a>>, ParseError> {
        if self.operators.eof() {
            self.operators.finish().map_err(|error| ParseError::undecided(&error))?;
            return Ok(None);
        }
        let offset = self.operators.original_position();
        let operator = self.operators.read().map_err(|error| ParseError::undecided(&error))?;
        self.validator.op(offset, &operator).map_err(|error| ParseError::undecided(&error))?;
        Ok(Some(Op { operator, offset: offset as u32, first_byte: self.bytes[offset as usize] }))
    }

    /// Hands all operators out, each when it is validated.
    ///
    /// # Errors
    /// When an operator is malformed or invalid, or the visitor fails.
    pub fn visit<V: BodyVisitor<'a>>(&mut self, visitor: &mut V) -> Visited {
        let Self { bytes, operators, validator, .. } = self;
        let mut checked = Checked { validator, visitor, bytes, offset: 0 };
        while !operators.eof() {
            checked.offset = operators.original_position();
            operators.visit_operator(&mut checked).map_err(undecided)??;
        }
        operators.finish().map_err(undecided)
    }

    /// Returns the memory for the next body.
    pub fn finish(self) -> BodyAllocations {
        BodyAllocations(self.validator.into_allocations(), self.operators.into_allocations())
    }
}

#[cold]
fn undecided(error: wasmparser::BinaryReaderError) -> Box<ParseError> {
    Box::new(ParseError::undecided(&error))
}

/// Validates each operator before the visitor gets it.
struct Checked<'r, 'a, V> {
    validator: &'r mut FuncValidator<Resources>,
    visitor: &'r mut V,
    bytes: &'a [u8],
    /// Of the present operator.
    offset: u64,
}

/// A method for each operator.
macro_rules! check_each {
    ($(@$proposal:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {$(
        #[inline]
        fn $visit(&mut self $($(, $arg: $argty)*)?) -> Visited {
            self.validator.simd_visitor(self.offset).$visit($($(Clone::clone(&$arg)),*)?).map_err(undecided)?;
            self.visitor.begin(self.offset as u32, self.bytes[self.offset as usize]);
            self.visitor.$visit($($($arg),*)?)
        }
    )*};
}

impl<'a, V: BodyVisitor<'a>> VisitOperator<'a> for Checked<'_, 'a, V> {
    type Output = Visited;

    fn simd_visitor(&mut self) -> Option<&mut dyn VisitSimdOperator<'a, Output = Visited>> {
        Some(self)
    }

    for_each_visit_operator!(check_each);
}

impl<'a, V: BodyVisitor<'a>> VisitSimdOperator<'a> for Checked<'_, 'a, V> {
    for_each_visit_simd_operator!(check_each);
}

/// A body can be read more than once: by each engine, and after an error to decide its stage.
fn to_validate(body: &FuncToValidate<Resources>) -> FuncToValidate<Resources> {
    FuncToValidate {
        resources: body.resources.clone(),
        index: body.index,
        ty: body.ty,
        features: body.features,
    }
}

fn declaration(reader: &mut BinaryReader<'_>) -> wasmparser::Result<(u32, wasmparser::ValType)> {
    Ok((reader.read()?, reader.read()?))
}

impl ParsedModule {
    /// Validates every body without lowering it.
    ///
    /// # Errors
    /// The first rule that a body breaks, with its stage decided.
    pub fn validate_bodies(&self, bytes: &[u8]) -> Result<(), ParseError> {
        let mut allocations = BodyAllocations::default();
        for func in 0..self.model.bodies.len() {
            let drain = |allocations| {
                let mut reader = BodyReader::new(self, bytes, DefinedFuncIdx::from_index(func), allocations)?;
                while reader.next()?.is_some() {}
                Ok(reader.finish())
            };
            allocations = drain(allocations).map_err(|error| self.classify(error, bytes))?;
        }
        Ok(())
    }
}
