//! What is on the stack in front of each instruction of a body, and what makes one stack out of another.
//!
//! Enters: a body with its validator; leaves: for a piece of the body, instructions that leave what the piece left. They drop
//! what it took away, and give a zero or null for each value that it added. For a reference that cannot be null stands a null that
//! is asked not to be one: valid, and a trap.

use std::ops::Range;
use wasm_encoder::{AbstractHeapType as Abstract, HeapType, Ieee32, Ieee64, Instruction};
use wasmparser::{
    BlockType, CompositeInnerType, FuncToValidate, FuncValidator, FuncValidatorAllocations, FunctionBody,
    RefType, UnpackedIndex, ValType, ValidatorResources, WasmModuleResources,
};

/// Bodies with more types on their stacks, all together, are not looked at.
const MOST: usize = 1 << 22;

/// What is known in front of an instruction.
#[derive(Debug)]
struct Stack {
    /// Whether control can come here.
    reachable: bool,
    /// The types of the values, where they are known.
    values: Vec<Option<ValType>>,
    /// The innermost block.
    block: BlockType,
}

/// What is known in front of each instruction.
pub(super) struct Stacks {
    params: u32,
    stacks: Vec<Stack>,
    resources: ValidatorResources,
}

impl Stacks {
    /// Follows a body. `None` where it is not valid, or too much.
    pub(super) fn of(function: FuncToValidate<ValidatorResources>, body: &FunctionBody<'_>) -> Option<Self> {
        let resources = function.resources.clone();
        let mut validator = function.into_validator(FuncValidatorAllocations::default());
        let params = validator.len_locals();
        validator.read_locals(&mut body.get_binary_reader()).ok()?;
        let mut operators = body.get_operators_reader().ok()?;
        let (mut stacks, mut sum) = (Vec::new(), 0);
        while !operators.eof() {
            let stack = now(&validator)?;
            sum += stack.values.len();
            if sum > MOST {
                return None;
            }
            stacks.push(stack);
            let (operator, offset) = operators.read_with_offset().ok()?;
            validator.op(offset, &operator).ok()?;
        }
        Some(Self { params, stacks, resources })
    }

    /// How many parameters the function has.
    pub(super) fn params(&self) -> u32 {
        self.params
    }

    /// What may stand in place of a piece. `is_last` says that nothing of its sequence stands behind it.
    pub(super) fn glue(&self, piece: &Range<usize>, is_last: bool) -> Vec<Vec<Instruction<'static>>> {
        let (before, after) = (&self.stacks[piece.start], &self.stacks[piece.end]);
        if !before.reachable {
            return vec![Vec::new()];
        }
        let mut glue = Vec::new();
        if after.reachable {
            glue.extend(self.change(&before.values, &after.values));
        } else if is_last {
            glue.extend(self.results(after.block).and_then(|results| {
                let below = after.values.iter().copied();
                let wanted: Vec<_> = below.chain(results.into_iter().map(Some)).collect();
                self.change(&before.values, &wanted)
            }));
        }
        glue.push(vec![Instruction::Unreachable]);
        glue
    }

    /// Makes one stack out of another.
    fn change(&self, from: &[Option<ValType>], to: &[Option<ValType>]) -> Option<Vec<Instruction<'static>>> {
        let stays = |(from, to): &(&Option<ValType>, &Option<ValType>)| match (from, to) {
            (Some(from), Some(to)) => self.resources.is_subtype(*from, *to),
            (from, to) => from == to,
        };
        let common = from.iter().zip(to).take_while(stays).count();
        let mut code = vec![Instruction::Drop; from.len() - common];
        for ty in &to[common..] {
            self.push_least((*ty)?, &mut code)?;
        }
        Some(code)
    }

    /// Pushes the least value of a type.
    fn push_least(&self, ty: ValType, code: &mut Vec<Instruction<'static>>) -> Option<()> {
        let zero = match ty {
            ValType::I32 => Instruction::I32Const(0),
            ValType::I64 => Instruction::I64Const(0),
            ValType::F32 => Instruction::F32Const(Ieee32::new(0)),
            ValType::F64 => Instruction::F64Const(Ieee64::new(0)),
            ValType::V128 => Instruction::V128Const(0),
            ValType::Ref(ty) => return self.push_least_reference(ty, code),
        };
        code.push(zero);
        Some(())
    }

    fn push_least_reference(&self, ty: RefType, code: &mut Vec<Instruction<'static>>) -> Option<()> {
        let heap = ty.heap_type();
        let (shared, least) = self.least(&heap)?;
        let takes_i31 = matches!(
            heap,
            wasmparser::HeapType::Abstract {
                shared: false,
                ty: wasmparser::AbstractHeapType::Any
                    | wasmparser::AbstractHeapType::Eq
                    | wasmparser::AbstractHeapType::I31
            }
        );
        if !ty.is_nullable() && takes_i31 {
            code.extend([Instruction::I32Const(0), Instruction::RefI31]);
            return Some(());
        }
        code.push(Instruction::RefNull(HeapType::Abstract { shared, ty: least }));
        if !ty.is_nullable() {
            code.push(Instruction::RefAsNonNull);
        }
        Some(())
    }

    /// The type below all others of a hierarchy, and whether it is shared.
    fn least(&self, heap: &wasmparser::HeapType) -> Option<(bool, Abstract)> {
        use wasmparser::AbstractHeapType as Of;
        Some(match heap {
            wasmparser::HeapType::Abstract { shared, ty } => {
                let least = match ty {
                    Of::Func | Of::NoFunc => Abstract::NoFunc,
                    Of::Extern | Of::NoExtern => Abstract::NoExtern,
                    Of::Exn | Of::NoExn => Abstract::NoExn,
                    Of::Cont | Of::NoCont => Abstract::NoCont,
                    Of::Any | Of::None | Of::Eq | Of::Struct | Of::Array | Of::I31 => Abstract::None,
                };
                (*shared, least)
            }
            wasmparser::HeapType::Concrete(index) | wasmparser::HeapType::Exact(index) => {
                let ty = match index {
                    UnpackedIndex::Id(id) => self.resources.sub_type_at_id(*id),
                    UnpackedIndex::Module(index) => self.resources.sub_type_at(*index)?,
                    UnpackedIndex::RecGroup(_) => return None,
                };
                let least = match ty.composite_type.inner {
                    CompositeInnerType::Func(_) => Abstract::NoFunc,
                    CompositeInnerType::Cont(_) => Abstract::NoCont,
                    CompositeInnerType::Array(_) | CompositeInnerType::Struct(_) => Abstract::None,
                };
                (ty.composite_type.shared, least)
            }
        })
    }

    /// The types of what a block leaves.
    fn results(&self, block: BlockType) -> Option<Vec<ValType>> {
        match block {
            BlockType::Empty => Some(Vec::new()),
            BlockType::Type(ty) => Some(vec![ty]),
            BlockType::FuncType(index) => match &self.resources.sub_type_at(index)?.composite_type.inner {
                CompositeInnerType::Func(ty) => Some(ty.results().to_vec()),
                _ => None,
            },
        }
    }
}

/// What a validator knows at this point.
fn now(validator: &FuncValidator<ValidatorResources>) -> Option<Stack> {
    let frame = validator.get_control_frame(0)?;
    let height = validator.operand_stack_height() as usize;
    let types: Option<Vec<_>> = (0..height).rev().map(|depth| validator.get_operand_type(depth)).collect();
    let mut values = types?;
    if frame.unreachable {
        // What stands below the block is all that is sure.
        values.truncate(frame.height);
    }
    Some(Stack { reachable: !frame.unreachable, values, block: frame.block_type })
}
