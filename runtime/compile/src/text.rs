//! Compiled functions and trampolines in, one artifact out: code laid out, near calls resolved, tables joined.
//!
//! Functions come first, in index order, then the trampolines. Code of a function that belongs to no operator (its
//! prologue) is given the position of the body; trampolines have none. A branch to nothing but a trap is folded into a
//! conditional trap by the code generator, which then has the position of the branch.

use crate::error::{CompileError, Result};
use crate::function::CompiledFunction;
use assay_model::artifact::{CodeArtifact, CodeRange, TrapSite};
use assay_model::layout::AbiSig;
use assay_model::module::ModuleModel;
use cranelift_codegen::TextSectionBuilder;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::isa::OwnedTargetIsa;
use std::sync::Arc;

/// The position of code that comes from nowhere in the binary.
const NOWHERE: u32 = u32::MAX;

/// A bridge and its shape.
pub(crate) type Trampoline = (AbiSig, Arc<CompiledFunction>);

/// Lays out a module.
pub(crate) fn assemble(
    isa: &OwnedTargetIsa,
    model: &ModuleModel,
    functions: &[CompiledFunction],
    entries: Vec<Trampoline>,
    exits: Vec<Trampoline>,
) -> Result<CodeArtifact> {
    let mut text = Text {
        builder: isa.text_section_builder(functions.len()),
        alignment: isa.function_alignment().preferred,
        plane: ControlPlane::default(),
        artifact: CodeArtifact::default(),
    };
    for (function, body) in functions.iter().zip(&model.bodies) {
        let range = text.append(true, function, body.start)?;
        text.artifact.functions.push(range);
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
        Ok(CodeRange { start, len })
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
