//! One function body in, Cranelift IR out, validated on the way.
//!
//! [`lower`] reads operators once and keeps an operand stack of SSA values and a control stack of its own. The files
//! mirror the operator table of the model; `stack` holds what they share, `environment` the ways to the instance, `trap`
//! the two ways of trapping, `interrupt` fuel and epochs. Operators behind an unconditional branch are read and
//! validated but give no code.

mod aggregate;
mod array;
mod atomic;
mod atomic_operator;
mod bulk;
mod call;
mod cast;
mod control;
mod convert;
mod descriptor;
mod environment;
mod exception;
mod fault;
mod frame;
mod global;
mod inline;
mod interrupt;
mod legacy;
mod memory;
mod numeric;
mod operator;
mod stack;
mod table;
mod trap;
mod unsupported;
mod vector;
mod vector_operator;
mod wide;

use crate::abi::clif_type;
use crate::error::{CompileError, Result};
use crate::plan::{Leaves, ModulePlan, Region};
use assay_model::index::{DefinedFuncIdx, FuncIdx};
use assay_model::layout::AbiKind;
use assay_model::module::BranchHint;
use assay_model::types::ValType;
use assay_parse::{BodyReader, Op};
use cranelift_codegen::ir::types::{F32, F64, I8X16, I32, I64};
use cranelift_codegen::ir::{
    AliasRegion, Block, BlockArg, FuncRef, Inst, InstBuilder, SigRef, SourceLoc, Type, Value,
};
use cranelift_codegen::isa::TargetFrontendConfig;
use cranelift_frontend::{FunctionBuilder, Variable};
use environment::Cached;
use frame::Frame;
use rustc_hash::FxHashMap;
pub(crate) use trap::{limit_stack, trap_code};
use wasmparser::Operator;

/// SSA values after which a function is refused. The code generator packs their numbers into 24 bits, and later passes
/// add values of their own.
const MOST_VALUES: usize = 1 << 22;

/// Blocks after which a function is refused: a million of them already take the compiler some seconds and a gigabyte.
const MOST_BLOCKS: usize = 1 << 20;

/// Calls after which a function is refused, for the same reason.
const MOST_CALLS: usize = 1 << 19;

/// Memory that one function leaves for the next.
#[derive(Default)]
pub(crate) struct Scratch {
    stack: Vec<Value>,
    values: Vec<Value>,
    args: Vec<BlockArg>,
    variables: Vec<Variable>,
    /// Locals of the leaf being written out.
    locals: Vec<Value>,
    funcs: FxHashMap<FuncIdx, FuncRef>,
    /// Constant tables, by number.
    dispatches: FxHashMap<u32, FuncRef>,
    signatures: FxHashMap<environment::Signed, SigRef>,
    regions: FxHashMap<Region, AliasRegion>,
    cached: FxHashMap<Cached, Value>,
}

impl Scratch {
    fn clear(&mut self) {
        self.stack.clear();
        self.values.clear();
        self.args.clear();
        self.variables.clear();
        self.locals.clear();
        self.funcs.clear();
        self.dispatches.clear();
        self.signatures.clear();
        self.regions.clear();
        self.cached.clear();
    }
}

/// A function being translated.
struct Lowering<'a> {
    plan: &'a ModulePlan<'a>,
    builder: FunctionBuilder<'a>,
    func: FuncIdx,
    ctx: Value,
    /// Where surplus results go.
    area: Option<Value>,
    entry: Block,
    /// The last instruction that [`environment`] put at the start of the entry block.
    entry_end: Option<Inst>,
    scratch: &'a mut Scratch,
    frames: Vec<Frame<'a>>,
    reachable: bool,
    /// Fuel of the segment so far.
    fuel: u64,
    /// Calls so far.
    calls: usize,
    /// Operators that may still be taken over from leaves.
    allowance: usize,
    /// Branch hints that lie ahead.
    hints: &'a [BranchHint],
}

/// Translates the body that `reader` stands before into `builder`'s function, whose signature is set.
pub(crate) fn lower<'a>(
    plan: &'a ModulePlan<'a>,
    reader: &mut BodyReader<'_>,
    defined: DefinedFuncIdx,
    builder: FunctionBuilder<'a>,
    scratch: &'a mut Scratch,
    config: TargetFrontendConfig,
) -> Result<()> {
    scratch.clear();
    let mut lowering = Lowering::enter(plan, plan.model.func_of(defined), builder, scratch);
    lowering.declare_locals(reader.locals());
    let body = &plan.model.bodies[defined.index()];
    lowering.allowance = Leaves::allowance(body.len());
    lowering.prologue(body.start);
    while let Some(op) = reader.next()? {
        lowering.step(&op)?;
    }
    lowering.builder.finalize(config);
    Ok(())
}

impl<'a> Lowering<'a> {
    fn enter(
        plan: &'a ModulePlan<'a>,
        func: FuncIdx,
        mut builder: FunctionBuilder<'a>,
        scratch: &'a mut Scratch,
    ) -> Self {
        let abi = plan.func_abi(func);
        let entry = builder.create_block();
        builder.append_block_params_for_function_params(entry);
        builder.switch_to_block(entry);
        builder.seal_block(entry);
        builder.ensure_inserted_block();
        let ctx = builder.block_params(entry)[0];
        let area = abi.has_area().then(|| builder.block_params(entry)[1]);
        let frames = vec![Frame::function(&abi.sig.results)];
        Self {
            plan,
            builder,
            func,
            ctx,
            area,
            entry,
            entry_end: None,
            scratch,
            frames,
            reachable: true,
            fuel: 0,
            calls: 0,
            allowance: 0,
            hints: plan.model.branch_hints_of(func),
        }
    }

    fn declare_locals(&mut self, locals: &[(u32, ValType)]) {
        let abi = self.plan.func_abi(self.func);
        for (position, &kind) in abi.sig.params.iter().enumerate() {
            let value = self.builder.block_params(self.entry)[abi.first_param() + position];
            self.declare_local(kind, value);
        }
        for &(count, ty) in locals {
            let kind = self.plan.kind(ty);
            let zero = self.zero(clif_type(kind));
            for _ in 0..count {
                self.declare_local(kind, zero);
            }
        }
    }

    fn declare_local(&mut self, kind: AbiKind, value: Value) {
        let variable = self.builder.declare_var(clif_type(kind));
        if kind == AbiKind::Ref {
            self.builder.declare_var_needs_stack_map(variable);
        }
        self.builder.def_var(variable, value);
        self.scratch.variables.push(variable);
    }

    /// The initial value of a local: zero or null.
    fn zero(&mut self, ty: Type) -> Value {
        match ty {
            F32 => self.builder.ins().f32const(0.0),
            F64 => self.builder.ins().f64const(0.0),
            I8X16 => {
                let zero = self.builder.func.dfg.constants.insert([0; 16].as_slice().into());
                self.builder.ins().vconst(I8X16, zero)
            }
            _ => self.builder.ins().iconst(ty, 0),
        }
    }

    /// Notes that the collector has to find and may change a value of this kind, wherever it is kept during a call.
    fn trace(&mut self, kind: AbiKind, value: Value) {
        if kind == AbiKind::Ref {
            self.builder.declare_value_needs_stack_map(value);
        }
    }

    fn clif_type(&self, ty: ValType) -> Type {
        match ty {
            ValType::I32 => I32,
            ValType::I64 => I64,
            other => clif_type(self.plan.kind(other)),
        }
    }

    /// What runs before the first operator.
    fn prologue(&mut self, position: u32) {
        self.builder.set_srcloc(SourceLoc::new(position));
        self.check_stack();
        self.check_interrupts();
    }

    fn step(&mut self, op: &Op<'_>) -> Result<()> {
        if !self.reachable {
            return self.unreachable_operator(&op.operator);
        }
        self.builder.set_srcloc(SourceLoc::new(op.offset));
        self.count_fuel(op.first_byte);
        let calls = matches!(
            op.operator,
            Operator::Call { .. }
                | Operator::CallIndirect { .. }
                | Operator::CallRef { .. }
                | Operator::StructNew { .. }
                | Operator::ArrayNew { .. }
                | Operator::Throw { .. }
                | Operator::Rethrow { .. }
                | Operator::StructNewDesc { .. }
        );
        self.calls += usize::from(calls);
        self.operator(&op.operator)?;
        self.check_size()
    }

    fn check_size(&self) -> Result<()> {
        let dfg = &self.builder.func.dfg;
        let what = if dfg.num_values() > MOST_VALUES {
            format!("it needs more than {MOST_VALUES} values")
        } else if dfg.num_blocks() > MOST_BLOCKS {
            format!("it needs more than {MOST_BLOCKS} blocks")
        } else if self.calls > MOST_CALLS {
            format!("it has more than {MOST_CALLS} calls")
        } else {
            return Ok(());
        };
        Err(CompileError::TooLarge { func: self.func, what })
    }
}
