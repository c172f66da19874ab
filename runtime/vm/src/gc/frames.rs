//! Where references may stand while a collection runs: tables, globals, segments, handles, and the frames of code.
//!
//! Compiled frames are found by their frame pointers, from where each activation was last left up to its entry stub, and
//! what they hold by the stack maps of their images. Interpreted activations show theirs themselves.

use crate::code;
use crate::ctx::StoreCtx;
use crate::raise::Reason;
use crate::store::StoreState;
use crate::sys;
use assay_model::fault::{Fault, planted};
use assay_model::layout::AbiKind;
use assay_model::module::ModuleModel;
use assay_model::types::{CompositeType, RefType, TypeRef, ValType};
use std::sync::Arc;

/// An activation of an engine that keeps its own frames, in the chain of a store, innermost first. Lives on the native
/// stack of whoever runs it.
#[repr(C)]
#[derive(Debug)]
pub struct Activation {
    /// The next outer one.
    pub previous: *const Activation,
    /// Shows every reference of its frames that is not a function reference.
    pub walk: Walk,
}

/// Shows the references of an activation to a visitor.
pub type Walk = unsafe fn(activation: *const Activation, visit: &mut dyn FnMut(&mut u32));

/// What `enter` has put aside of the activation of compiled code below it.
#[derive(Debug)]
pub(crate) struct Outer {
    pub(crate) previous: *const Outer,
    pub(crate) entry_sp: usize,
    pub(crate) last_exit_fp: usize,
}

/// Whether references of a type are ones that the collector follows. `is_func` tells whether a defined type is a function
/// type.
fn is_traced(ty: RefType, is_func: &dyn Fn(TypeRef) -> bool) -> bool {
    AbiKind::of(ValType::Ref(ty), is_func) == AbiKind::Ref
}

impl StoreState {
    /// Shows every reference from which something can be reached.
    pub(super) fn visit_roots(&mut self, visit: &mut dyn FnMut(&mut u32)) {
        self.visit_objects(visit);
        self.gc.handles.visit(visit);
        if let Some(Reason::Exception(exception)) = self.pending.reason_mut() {
            visit(exception);
        }
        let mut activation = self.ctx.activations;
        while !activation.is_null() {
            // SAFETY: activations are in the chain as long as they live (invariant 9).
            let walk = unsafe { (*activation).walk };
            // SAFETY: as above; the activation stands still while this thread collects.
            unsafe { walk(activation, visit) };
            // SAFETY: as above.
            activation = unsafe { (*activation).previous };
        }
        visit_compiled(&self.ctx, visit);
    }

    /// Tables, globals and element segments.
    fn visit_objects(&mut self, visit: &mut dyn FnMut(&mut u32)) {
        let types = Arc::clone(&self.gc.types);
        let is_func = |reference: TypeRef| match reference {
            // SAFETY: types of tables and globals are canonical and come from the engine.
            TypeRef::Canonical(id) => unsafe { types.shape(id.0) }.is_func(),
            _ => false,
        };
        for table in &mut self.tables {
            if is_traced(table.ty.element, &is_func) && !planted(Fault::TablesNotForwarded) {
                table.elements_mut().iter_mut().for_each(|cell| visit_cell(cell, visit));
            }
        }
        for global in &self.globals {
            if let ValType::Ref(ty) = global.ty.content
                && is_traced(ty, &is_func)
                && !planted(Fault::GlobalsNotForwarded)
            {
                // SAFETY: cells live as long as the store (invariant 1); the low bytes of a cell are the reference.
                visit(unsafe { &mut *global.cell.cast::<u32>() });
            }
        }
        for instance in &mut self.instances {
            let model = Arc::clone(&instance.parts.model);
            for (segment, items) in model.elems.iter().zip(instance.elems_mut()) {
                let traced = is_traced(segment.ty, &|reference| is_func_of(&model, reference));
                if traced && !planted(Fault::SegmentsNotForwarded) {
                    items.items_mut().iter_mut().for_each(|cell| visit_cell(cell, visit));
                }
            }
        }
    }
}

fn is_func_of(model: &ModuleModel, reference: TypeRef) -> bool {
    match reference {
        TypeRef::Module(index) => {
            matches!(model.types[index.index()].composite, CompositeType::Func(_))
        }
        _ => false,
    }
}

fn visit_cell(cell: &mut u64, visit: &mut dyn FnMut(&mut u32)) {
    let mut bits = *cell as u32;
    visit(&mut bits);
    *cell = u64::from(bits);
}

/// The frames of compiled code, of all activations.
fn visit_compiled(ctx: &StoreCtx, visit: &mut dyn FnMut(&mut u32)) {
    let (mut entry_sp, mut fp) = (ctx.entry_sp, ctx.last_exit_fp);
    let mut outer = ctx.outer;
    loop {
        if entry_sp != 0 {
            visit_activation(entry_sp + sys::ENTRY_FRAME, fp, visit);
        }
        if outer.is_null() {
            return;
        }
        // SAFETY: the records are in the chain as long as their activations live (invariant 9).
        let next = unsafe { &*outer };
        (entry_sp, fp, outer) = (next.entry_sp, next.last_exit_fp, next.previous);
    }
}

/// The frames of one activation, from the frame that left it at `fp` to the entry stub's at `bottom`.
fn visit_activation(bottom: usize, mut fp: usize, visit: &mut dyn FnMut(&mut u32)) {
    while fp != 0 && fp < bottom {
        let link = fp as *const usize;
        // SAFETY: `fp` is a frame pointer of compiled code or of a stub that keeps them: the caller's is stored there,
        let caller = unsafe { link.read() };
        // SAFETY: and the return address above it.
        let return_address = unsafe { link.wrapping_add(1).read() };
        if caller <= fp {
            return;
        }
        code::visit_stack_map(return_address, |frame_size, offset| {
            let slot = (caller - frame_size as usize + offset as usize) as *mut u32;
            // SAFETY: the compiler says that a reference stands there while this call is made.
            visit(unsafe { &mut *slot });
        });
        fp = caller;
    }
}
