//! One compiled function: its bytes, and what the text has to know of them.
//!
//! Cranelift's result in, plain data out; no Cranelift type but the kind of a relocation leaves this file.

use crate::error::{CompileError, Result};
use assay_model::artifact::Handler;
use assay_model::trap::TrapKind;
use cranelift_codegen::binemit::Reloc;
use cranelift_codegen::ir::{ExternalName, Function, TrapCode, UserStackMap};
use cranelift_codegen::{
    CompiledCode, FinalizedMachCallSite, FinalizedMachExceptionHandler, FinalizedMachReloc,
    FinalizedRelocTarget,
};

/// The largest frame where no fault may tell that the stack ran out: the check runs inside the frame, so that much
/// must always lie between the limit and the end of the stack.
const LARGEST_UNPROTECTED_FRAME: u32 = 1 << 20;

/// Code without a place.
#[derive(Clone, Debug)]
pub(crate) struct CompiledFunction {
    pub(crate) code: Vec<u8>,
    pub(crate) alignment: u32,
    pub(crate) calls: Vec<Call>,
    /// Offset and reason, by offset.
    pub(crate) traps: Vec<(u32, TrapKind)>,
    /// Start, end and position in the binary, by start.
    pub(crate) positions: Vec<(u32, u32, u32)>,
    /// Return offset, size of the frame, and distances from the stack pointer of the references in it, by offset.
    pub(crate) stack_maps: Vec<(u32, u32, Vec<u32>)>,
    /// By return offset.
    pub(crate) handlers: Vec<Handler>,
}

/// A near call to a function of the module.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) offset: u32,
    pub(crate) kind: Reloc,
    pub(crate) addend: i64,
    /// Index among the defined functions.
    pub(crate) target: u32,
}

impl CompiledFunction {
    /// Takes over what was compiled from `func`.
    pub(crate) fn new(compiled: &CompiledCode, func: &Function) -> Result<Self> {
        let buffer = &compiled.buffer;
        let mut traps = Vec::with_capacity(buffer.traps().len());
        for trap in buffer.traps() {
            traps.push((trap.offset, trap_kind(trap.code)?));
        }
        traps.sort_by_key(|&(offset, _)| offset);
        let calls = buffer.relocs().iter().map(|reloc| call(reloc, func)).collect::<Result<_>>()?;
        let positions = buffer.get_srclocs_sorted().iter();
        let mut stack_maps: Vec<(u32, u32, Vec<u32>)> =
            buffer.user_stack_maps().iter().map(stack_map).collect();
        stack_maps.sort_by_key(|&(offset, ..)| offset);
        let mut handlers: Vec<Handler> = buffer.call_sites().filter_map(|site| handler(&site)).collect();
        handlers.sort_by_key(|handler| handler.offset);
        Ok(Self {
            stack_maps,
            handlers,
            code: buffer.data().to_vec(),
            alignment: buffer.alignment,
            calls,
            traps,
            positions: positions.map(|loc| (loc.start, loc.end, loc.loc.bits())).collect(),
        })
    }
}

fn stack_map((offset, frame_size, map): &(u32, u32, UserStackMap)) -> (u32, u32, Vec<u32>) {
    (*offset, *frame_size, map.entries().map(|(_, slot)| slot).collect())
}

/// Every exception of a call arrives at one place.
fn handler(site: &FinalizedMachCallSite<'_>) -> Option<Handler> {
    let landing = site.exception_handlers.iter().find_map(|handler| match *handler {
        FinalizedMachExceptionHandler::Default(landing) => Some(landing),
        _ => None,
    })?;
    Some(Handler { offset: site.ret_addr, frame_size: site.frame_offset?, landing })
}

/// Why a frame is too large for code that must not fault, if it is.
pub(crate) fn frame_excess(compiled: &CompiledCode) -> Option<String> {
    let frame = compiled.buffer.frame_layout().map_or(0, |layout| layout.frame_to_fp_offset);
    let too_large = frame > LARGEST_UNPROTECTED_FRAME;
    too_large.then(|| format!("its frame has {frame} bytes, more than {LARGEST_UNPROTECTED_FRAME}"))
}

fn trap_kind(code: TrapCode) -> Result<TrapKind> {
    Ok(match code {
        TrapCode::STACK_OVERFLOW => TrapKind::StackOverflow,
        TrapCode::HEAP_OUT_OF_BOUNDS => TrapKind::MemoryOutOfBounds,
        TrapCode::INTEGER_OVERFLOW => TrapKind::IntegerOverflow,
        TrapCode::INTEGER_DIVISION_BY_ZERO => TrapKind::IntegerDivideByZero,
        TrapCode::BAD_CONVERSION_TO_INTEGER => TrapKind::InvalidConversionToInteger,
        other => TrapKind::from_code(other.as_raw().get())
            .ok_or_else(|| CompileError::Internal(format!("trap code {other} has no meaning")))?,
    })
}

fn call(reloc: &FinalizedMachReloc, func: &Function) -> Result<Call> {
    match &reloc.target {
        FinalizedRelocTarget::ExternalName(ExternalName::User(name)) => {
            let target = func.params.user_named_funcs()[*name].index;
            Ok(Call { offset: reloc.offset, kind: reloc.kind, addend: reloc.addend, target })
        }
        other => Err(CompileError::Internal(format!("code refers to {other:?}, which is not of the module"))),
    }
}
