//! Compiled functions and trampolines in, one artifact out: code laid out, near calls resolved, tables joined.
//!
//! Functions come first, in index order, then the constant tables, as distances from each table to its functions, then the
//! trampolines, which have no position in the binary. Cold code of one operator may stand behind the code of others.

use crate::error::{CompileError, Result};
use crate::function::CompiledFunction;
use crate::plan::{Dispatch, ModulePlan, NOTHING};
use assay_model::artifact::{CodeArtifact, CodeRange, Handler, StackMap, TrapSite};
use assay_model::layout::AbiSig;
use cranelift_codegen::TextSectionBuilder;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::isa::OwnedTargetIsa;
use std::sync::Arc;

/// The position of code that comes from nowhere in the binary.
const NOWHERE: u32 = u32::MAX;

/// Bytes of an element of a constant table: the distance to its code, then the number of its type.
pub(crate) const DISPATCH_ENTRY: u32 = 8;

/// A bridge and its shape.
pub(crate) type Trampoline = (AbiSig, Arc<CompiledFunction>);

/// Lays out a module.
pub(crate) fn assemble(
    isa: &OwnedTargetIsa,
    plan: &ModulePlan<'_>,
    functions: &[CompiledFunction],
    entries: Vec<Trampoline>,
    exits: Vec<Trampoline>,
) -> Result<CodeArtifact> {
    let mut text = Text {
        builder: isa.text_section_builder(functions.len() + plan.dispatches.iter().count()),
        alignment: isa.function_alignment().preferred,
        plane: ControlPlane::default(),
        artifact: CodeArtifact::default(),
    };
    for (function, body) in functions.iter().zip(&plan.model.bodies) {
        let range = text.append(true, function, body.start)?;
        text.artifact.functions.push(range);
    }
    for dispatch in plan.dispatches.iter() {
        text.append_dispatch(plan, dispatch)?;
    }
    for (function, range) in functions.iter().zip(&text.artifact.functions) {
        resolve(&mut *text.builder, function, *range)?;
    }
    for (sig, code) in entries {
        let range = text.append(false, &code, NOWHERE)?;
        text.artifact.entry_trampolines.push((sig, range));
    }
    for (sig, code) in exits {
        let range = text.append(false, &code, NOWHERE)?;
        text.artifact.exit_trampolines.push((sig, range));
    }
    text.artifact.text = text.builder.finish(&mut text.plane);
    Ok(text.artifact)
}

struct Text {
    builder: Box<dyn TextSectionBuilder>,
    alignment: u32,
    plane: ControlPlane,
    artifact: CodeArtifact,
}

impl Text {
    fn append(&mut self, labeled: bool, function: &CompiledFunction, position: u32) -> Result<CodeRange> {
        let alignment = function.alignment.max(self.alignment);
        let start = self.builder.append(labeled, &function.code, alignment, &mut self.plane);
        let len = function.code.len() as u32;
        let fits = u32::try_from(start).ok().filter(|start| start.checked_add(len).is_some());
        let start = fits.ok_or_else(|| CompileError::Internal("the text passes 4 GiB".to_owned()))?;
        let sites = function.traps.iter();
        self.artifact.traps.extend(sites.map(|&(offset, kind)| TrapSite { offset: start + offset, kind }));
        self.map_addresses(start, function, position);
        self.add_frames(start, function);
        Ok(CodeRange { start, len })
    }

    /// Adds what the collector and exceptions want to know of the calls of a function.
    fn add_frames(&mut self, start: u32, function: &CompiledFunction) {
        for (offset, frame_size, slots) in &function.stack_maps {
            let (first, count) = (self.artifact.stack_slots.len() as u32, slots.len() as u32);
            self.artifact.stack_slots.extend(slots);
            let map = StackMap { offset: start + offset, frame_size: *frame_size, first, count };
            self.artifact.stack_maps.push(map);
        }
        self.artifact.handlers.extend(function.handlers.iter().map(|handler| Handler {
            offset: start + handler.offset,
            landing: start + handler.landing,
            ..*handler
        }));
    }

    /// Adds a constant table: for each index the distance from the table to the function there, and the number of its type.
    fn append_dispatch(&mut self, plan: &ModulePlan<'_>, dispatch: &Dispatch) -> Result<()> {
        let zeros = vec![0; dispatch.slots() as usize * DISPATCH_ENTRY as usize];
        let start = self.builder.append(true, &zeros, DISPATCH_ENTRY, &mut self.plane);
        let mut bytes = Vec::with_capacity(zeros.len());
        let padding = std::iter::repeat_n(&None, dispatch.slots() as usize - dispatch.entries.len());
        for entry in dispatch.entries.iter().chain(padding) {
            let (distance, ty) = match entry {
                None => (0, NOTHING),
                Some(func) => {
                    let code = i64::from(self.artifact.functions[func.index()].start);
                    let ty = plan.model.funcs[plan.model.func_of(*func).index()].ty;
                    (code.wrapping_sub_unsigned(start), plan.dispatches.type_number(ty))
                }
            };
            let distance = i32::try_from(distance)
                .map_err(|_| CompileError::Internal("the text passes 2 GiB".to_owned()))?;
            bytes.extend_from_slice(&distance.to_le_bytes());
            bytes.extend_from_slice(&ty.to_le_bytes());
        }
        self.builder.write(start, &bytes);
        Ok(())
    }

    /// Adds the addresses of a function to the map. Code that the optimiser made for no operator of its own, and may have
    /// fused with an access, counts to the operator whose code follows: that one lies behind whatever was fused. `position`
    /// is for a function without operators.
    fn map_addresses(&mut self, start: u32, function: &CompiledFunction, position: u32) {
        let mut covered = 0;
        for &(_, to, loc) in function.positions.iter().filter(|&&(.., loc)| loc != NOWHERE) {
            self.map_address(start + covered, loc);
            covered = to;
        }
        if covered == 0 {
            self.map_address(start, position);
        }
    }

    fn map_address(&mut self, offset: u32, position: u32) {
        let map = &mut self.artifact.address_map;
        if map.last().is_none_or(|&(_, last)| last != position) {
            map.push((offset, position));
        }
    }
}

fn resolve(
    builder: &mut dyn TextSectionBuilder,
    function: &CompiledFunction,
    range: CodeRange,
) -> Result<()> {
    for call in &function.calls {
        let at = u64::from(range.start + call.offset);
        if !builder.resolve_reloc(at, call.kind, call.addend, call.target as usize) {
            return Err(CompileError::Internal(format!("a relocation of kind {:?} is unknown", call.kind)));
        }
    }
    Ok(())
}
