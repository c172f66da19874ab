//! Memory that one thread reuses from function to function, and the steps that a function goes through.

use crate::abi::WasmAbi;
use crate::accesses;
use crate::error::{CompileError, Result};
use crate::function::{CompiledFunction, frame_excess};
use crate::lower::{Scratch, limit_stack, lower};
use crate::options::CompileOptions;
use crate::plan::ModulePlan;
use crate::trampoline::{Direction, build_entry, build_exit, entry_signature};
use assay_model::index::{DefinedFuncIdx, FuncIdx};
use assay_parse::{BodyAllocations, BodyReader, ParsedModule};
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::{CodegenError, CompileError as CodegenFailure, Context};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Blocks from which on a function is compiled with [`crate::host::Effort::Linear`]: the usual register allocation needs
/// seconds for 50,000 blocks and minutes for 200,000. Functions that people write, or compile, stay far below.
const MOST_BLOCKS: usize = 20_000;

/// What a module's workers share.
pub(crate) struct Job<'a> {
    pub(crate) isa: &'a OwnedTargetIsa,
    /// For functions that are too large for `isa`.
    pub(crate) linear: &'a OwnedTargetIsa,
    pub(crate) plan: &'a ModulePlan<'a>,
    pub(crate) parsed: &'a ParsedModule,
    pub(crate) bytes: &'a [u8],
}

/// Reusable memory of one thread.
pub(crate) struct Worker {
    context: Context,
    builder: FunctionBuilderContext,
    allocations: BodyAllocations,
    scratch: Scratch,
}

impl Default for Worker {
    fn default() -> Self {
        Self {
            context: Context::new(),
            builder: FunctionBuilderContext::new(),
            allocations: BodyAllocations::default(),
            scratch: Scratch::default(),
        }
    }
}

impl Worker {
    /// Validates and compiles a function. Nothing escapes but the result.
    pub(crate) fn function(&mut self, job: &Job<'_>, func: DefinedFuncIdx) -> Result<CompiledFunction> {
        let attempt = catch_unwind(AssertUnwindSafe(|| self.try_function(job, func)));
        let result = attempt.unwrap_or_else(|panic| {
            Err(CompileError::Internal(format!(
                "function {}: {}",
                job.plan.model.func_of(func).0,
                said(&*panic)
            )))
        });
        if result.is_err() {
            // A function that was given up in the middle leaves its builder in no usable state.
            *self = Self::default();
        }
        result
    }

    fn try_function(&mut self, job: &Job<'_>, func: DefinedFuncIdx) -> Result<CompiledFunction> {
        let index = job.plan.model.func_of(func);
        let allocations = std::mem::take(&mut self.allocations);
        let mut reader = BodyReader::new(job.parsed, job.bytes, func, allocations)?;
        self.context.clear();
        self.context.func.signature = job.plan.func_abi(index).signature();
        if job.plan.options.signals_based_traps {
            limit_stack(&mut self.context.func);
        }
        let builder = FunctionBuilder::new(&mut self.context.func, &mut self.builder);
        lower(job.plan, &mut reader, func, builder, &mut self.scratch, job.isa.frontend_config())?;
        self.allocations = reader.finish();
        if job.plan.options.record_accesses {
            accesses::record(&mut self.context.func);
        }
        accesses::spoil(&mut self.context.func, job.plan);
        let large = self.context.func.dfg.num_blocks() > MOST_BLOCKS;
        self.compile(if large { job.linear } else { job.isa }, job.plan.options, index)
    }

    /// Compiles the bridge of a shape. Nothing escapes but the result.
    pub(crate) fn trampoline(
        &mut self,
        isa: &OwnedTargetIsa,
        options: &CompileOptions,
        direction: Direction,
        abi: &WasmAbi,
    ) -> Result<CompiledFunction> {
        let attempt = catch_unwind(AssertUnwindSafe(|| {
            self.context.clear();
            self.context.func.signature = match direction {
                Direction::Entry => entry_signature(),
                Direction::Exit => abi.signature(),
            };
            let builder = FunctionBuilder::new(&mut self.context.func, &mut self.builder);
            let builder = match direction {
                Direction::Entry => build_entry(builder, abi),
                Direction::Exit => build_exit(builder, abi),
            };
            builder.finalize(isa.frontend_config());
            self.compile(isa, options, FuncIdx(u32::MAX))
        }));
        let result = attempt.unwrap_or_else(|panic| {
            Err(CompileError::Internal(format!("{direction:?} trampoline: {}", said(&*panic))))
        });
        if result.is_err() {
            *self = Self::default();
        }
        result
    }

    fn compile(
        &mut self,
        isa: &OwnedTargetIsa,
        options: &CompileOptions,
        func: FuncIdx,
    ) -> Result<CompiledFunction> {
        let compiled = self.context.compile(&**isa, &mut ControlPlane::default());
        compiled.map_err(|failure| refusal(&failure, func))?;
        let Some(compiled) = self.context.compiled_code() else {
            return Err(CompileError::Internal("the code generator returned nothing".to_owned()));
        };
        if !options.signals_based_traps
            && let Some(what) = frame_excess(compiled)
        {
            return Err(CompileError::TooLarge { func, what });
        }
        CompiledFunction::new(compiled, &self.context.func)
    }
}

fn refusal(failure: &CodegenFailure<'_>, func: FuncIdx) -> CompileError {
    match &failure.inner {
        CodegenError::ImplLimitExceeded | CodegenError::CodeTooLarge => {
            CompileError::TooLarge { func, what: failure.inner.to_string().to_lowercase() }
        }
        CodegenError::Verifier(errors) => {
            CompileError::Internal(format!("function {}: {errors}\n{}", func.0, failure.func.display()))
        }
        other => CompileError::Internal(format!("function {}: {other}", func.0)),
    }
}

/// What a panic said.
fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("panic without a message")
}

#[cfg(test)]
mod tests {
    use super::Worker;
    use crate::error::CompileError;
    use crate::host;
    use crate::options::CompileOptions;
    use assay_model::index::FuncIdx;
    use cranelift_codegen::ir::types::I64;
    use cranelift_codegen::ir::{InstBuilder, StackSlotData, StackSlotKind};
    use cranelift_frontend::FunctionBuilder;

    /// Compiles a function whose frame has `bytes` and a little more.
    fn with_frame(bytes: u32, signals_based_traps: bool) -> Result<(), CompileError> {
        let options = CompileOptions { signals_based_traps, ..CompileOptions::default() };
        let isa = host::target(&options, host::Effort::Asked).unwrap();
        let mut worker = Worker::default();
        let mut builder = FunctionBuilder::new(&mut worker.context.func, &mut worker.builder);
        let block = builder.create_block();
        builder.switch_to_block(block);
        builder.seal_block(block);
        let slot = builder.create_sized_stack_slot(StackSlotData::new(StackSlotKind::ExplicitSlot, bytes, 4));
        let zero = builder.ins().iconst(I64, 0);
        builder.ins().stack_store(I64, zero, slot, 0);
        builder.ins().return_(&[]);
        builder.finalize(isa.frontend_config());
        worker.compile(&isa, &options, FuncIdx(7)).map(drop)
    }

    #[test]
    fn a_frame_that_no_check_protects_is_refused() {
        assert!(with_frame(1 << 19, false).is_ok());
        let refused = with_frame((1 << 20) + 64, false);
        assert!(matches!(refused, Err(CompileError::TooLarge { func: FuncIdx(7), .. })), "{refused:?}");
        assert!(with_frame((1 << 20) + 64, true).is_ok(), "the prologue compares before it makes the frame");
    }
}
