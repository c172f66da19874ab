//! Modules that are changed without being understood as a whole: code is inserted behind operators, functions and memories
//! are added at the ends of their index spaces, so that nothing has to be numbered anew.
//!
//! Enters: a binary; leaves: another one, or nothing where the first is not valid. [`sections`] takes binaries apart and puts
//! them together, [`code`] finds operators, [`quiet`] makes the form in which NaN bits decide nothing, [`watch`] makes the one
//! that writes down every value. Custom sections are left out: they speak of places that move. Knows no engine.

pub(crate) mod code;
pub(crate) mod quiet;
pub(crate) mod sections;
pub(crate) mod watch;

use assay_model::ops::OpRow;
use code::row_at;
use sections::{CODE, FUNCTION, MEMORY, Sections, TYPE, leb};
use wasm_encoder::{Encode, Function, Instruction, ValType as EncodedType};
use wasmparser::{FuncValidatorAllocations, Parser, ValType, ValidPayload, Validator, WasmFeatures};

/// How many there are in a module's index spaces.
#[derive(Copy, Clone, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) types: u32,
    pub(crate) functions: u32,
    pub(crate) memories: u32,
}

/// What is added at the ends of index spaces, each item in the binary format.
#[derive(Debug, Default)]
pub(crate) struct Additions {
    /// Types.
    pub(crate) types: Vec<Vec<u8>>,
    /// Functions: the index of the type, and the body with its length.
    pub(crate) functions: Vec<(u32, Vec<u8>)>,
    /// Types of memories.
    pub(crate) memories: Vec<Vec<u8>>,
}

impl Additions {
    /// Adds a function with a type of its own and this many locals of type `i32`.
    fn add(
        &mut self,
        counts: Counts,
        params: &[EncodedType],
        results: &[EncodedType],
        locals: u32,
        code: &[Instruction<'_>],
    ) {
        let mut signature = vec![0x60];
        params.encode(&mut signature);
        results.encode(&mut signature);
        let ty = counts.types + self.types.len() as u32;
        self.types.push(signature);
        let mut function = Function::new([(locals, EncodedType::I32)]);
        for instruction in code.iter().chain([&Instruction::End]) {
            function.instruction(instruction);
        }
        let mut body = Vec::new();
        function.encode(&mut body);
        self.functions.push((ty, body));
    }
}

/// The place behind an operator that control can reach.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Site {
    /// Position of the operator in the binary.
    pub(crate) offset: u32,
    /// Its row in the table of operators, where it has one.
    pub(crate) row: Option<&'static OpRow>,
    /// The type of the value that it leaves on top of the stack, if it leaves one.
    pub(crate) result: Option<ValType>,
}

/// A module with additions, and code behind operators: `insert` writes it, given what was counted before the additions.
/// `None` where the module is not valid.
pub(crate) fn rewrite(
    bytes: &[u8],
    add: impl FnOnce(Counts) -> Additions,
    mut insert: impl FnMut(Counts, Site, &mut Vec<u8>),
) -> Option<Vec<u8>> {
    let mut sections = Sections::read(bytes)?;
    sections.forget_custom();
    let mut counts = Counts::default();
    let mut bodies: Vec<Vec<u8>> = Vec::new();
    let mut validator = Validator::new_with_features(WasmFeatures::all());
    let mut spare = FuncValidatorAllocations::default();
    for payload in Parser::new(0).parse_all(bytes) {
        match validator.payload(&payload.ok()?).ok()? {
            ValidPayload::Func(function, body) => {
                let mut validator = function.into_validator(spare);
                let inserted =
                    with_insertions(bytes, &body, &mut validator, |site, out| insert(counts, site, out));
                bodies.push(inserted?);
                spare = validator.into_allocations();
            }
            ValidPayload::End(_) => {}
            _ => {
                if let Some(types) = validator.types(0) {
                    counts = Counts {
                        types: types.core_type_count_in_module(),
                        functions: types.function_count(),
                        memories: types.memory_count(),
                    };
                }
            }
        }
    }
    let additions = add(counts);
    let (types, code): (Vec<_>, Vec<_>) =
        additions.functions.into_iter().map(|(ty, body)| (leb(u64::from(ty)), body)).unzip();
    sections.append(TYPE, &additions.types)?;
    sections.append(FUNCTION, &types)?;
    sections.append(MEMORY, &additions.memories)?;
    bodies.extend(code);
    sections.set_items(CODE, &bodies);
    Some(sections.bytes())
}

/// A body, with its length, in which `insert` has written behind operators.
fn with_insertions(
    bytes: &[u8],
    body: &wasmparser::FunctionBody<'_>,
    validator: &mut wasmparser::FuncValidator<wasmparser::ValidatorResources>,
    mut insert: impl FnMut(Site, &mut Vec<u8>),
) -> Option<Vec<u8>> {
    let range = usize::try_from(body.range().start).ok()?..usize::try_from(body.range().end).ok()?;
    validator.read_locals(&mut body.get_binary_reader()).ok()?;
    let mut operators = body.get_operators_reader().ok()?;
    let mut out = bytes[range.start..usize::try_from(operators.original_position()).ok()?].to_vec();
    while !operators.eof() {
        let (operator, start) = operators.read_with_offset().ok()?;
        let arity = operator.operator_arity(&*validator);
        validator.op(start, &operator).ok()?;
        let end = usize::try_from(operators.original_position()).ok()?;
        let start = usize::try_from(start).ok()?;
        out.extend_from_slice(bytes.get(start..end)?);
        // A frame that can only be left in other ways takes no more values, and behind the last `end` there is nothing.
        if validator.get_control_frame(0).is_none_or(|frame| frame.unreachable) {
            continue;
        }
        let leaves = arity.is_some_and(|(_, results)| results > 0);
        let result = if leaves { validator.get_operand_type(0).flatten() } else { None };
        let site = Site { offset: u32::try_from(start).ok()?, row: row_at(bytes, start), result };
        insert(site, &mut out);
    }
    let mut sized = leb(out.len() as u64);
    sized.extend_from_slice(&out);
    Some(sized)
}
