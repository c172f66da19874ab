//! The two ways of trapping.
//!
//! With signals, a trap is an instruction that faults, listed in the trap table. Without, it is a call of
//! `Builtin::Raise` in a cold block. Statuses of builtins take the second way in both configurations.

use super::Lowering;
use super::environment::CONSTANT;
use crate::plan::Region;
use assay_model::builtins::Builtin;
use assay_model::fault::{Fault, planted};
use assay_model::layout::{VmCtxLayout, store_ctx};
use assay_model::trap::TrapKind;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::immediates::Offset32;
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{Function, GlobalValueData, InstBuilder, TrapCode, Value};

/// The code of a trap for the code generator.
pub(crate) const fn trap_code(kind: TrapKind) -> TrapCode {
    TrapCode::unwrap_user(kind as u8)
}

/// Makes the prologue compare the stack pointer with the store's limit, before the frame is made. Functions without a
/// frame go without.
pub(crate) fn limit_stack(func: &mut Function) {
    let flags = func.dfg.mem_flags.insert_unchecked(CONSTANT);
    let ctx = func.create_global_value(GlobalValueData::VMContext);
    let load = |base, offset: u32| {
        let offset = Offset32::new(offset as i32);
        GlobalValueData::Load { base, offset, global_type: I64, flags }
    };
    let store = func.create_global_value(load(ctx, VmCtxLayout::STORE));
    let limit = func.create_global_value(load(store, store_ctx::STACK_LIMIT));
    func.stack_limit = Some(limit);
}

impl Lowering<'_> {
    pub(super) fn signals(&self) -> bool {
        self.plan.options.signals_based_traps
    }

    /// Traps here. The rest of the block is unreachable.
    pub(super) fn trap(&mut self, kind: TrapKind) {
        if self.signals() {
            self.builder.ins().trap(trap_code(kind));
        } else {
            let code = self.builder.ins().iconst(I32, i64::from(kind as u8));
            self.raise(code);
        }
    }

    /// Traps as the operator `unreachable`.
    pub(super) fn unreachable(&mut self) {
        self.trap_in_place(TrapKind::Unreachable);
    }

    /// Traps whatever happens. A block that does nothing but trap would become part of the branch to it, and the trap would
    /// be reported there; so it does something that costs nothing, and stands out of the way instead.
    fn trap_in_place(&mut self, kind: TrapKind) {
        let here = self.builder.current_block();
        if let Some(block) = here.filter(|&block| Some(block) != self.builder.func.layout.entry_block()) {
            self.builder.set_cold_block(block);
        }
        self.builder.ins().nop();
        self.trap(kind);
    }

    /// Traps here whatever happens: what follows is not translated, and as a trap in the middle of a segment charges
    /// nothing for it, neither does this one.
    pub(super) fn always_trap(&mut self, kind: TrapKind) {
        self.trap_in_place(kind);
        self.reachable = false;
        self.fuel = 0;
    }

    /// Traps when `condition` is not zero.
    pub(super) fn trap_if(&mut self, condition: Value, kind: TrapKind) {
        if self.signals() {
            if planted(Fault::TrapOnFirstPage) && kind == TrapKind::MemoryOutOfBounds {
                return self.read_first_page_if(condition);
            }
            self.builder.ins().trapnz(condition, trap_code(kind));
        } else {
            self.cold_if(condition, |this| this.trap(kind));
        }
    }

    pub(super) fn trap_if_null(&mut self, reference: Value, kind: TrapKind) {
        if self.signals() {
            self.builder.ins().trapz(reference, trap_code(kind));
        } else {
            let null = self.builder.ins().icmp_imm_u(IntCC::Equal, reference, 0);
            self.trap_if(null, kind);
        }
    }

    /// Leaves the function when `status` is not zero.
    pub(super) fn raise_if(&mut self, status: Value) {
        self.cold_if(status, |this| this.raise(status));
    }

    /// Traps with `kind` when `element` is null, and tells the machine which `index` it was found at.
    pub(super) fn trap_if_null_element(&mut self, element: Value, index: Value) {
        let null = self.builder.ins().icmp_imm_u(IntCC::Equal, element, 0);
        self.trap_if_uninitialized(null, index);
    }

    /// Traps when `condition` says that there is nothing at `index` of a table.
    pub(super) fn trap_if_uninitialized(&mut self, condition: Value, index: Value) {
        self.cold_if(condition, |this| {
            let store = this.store_ctx();
            let flags = this.trusted_in(Region::Store);
            this.builder.ins().store(flags, index, store, store_ctx::TRAP_PAYLOAD as i32);
            this.trap(TrapKind::UninitializedElement);
        });
    }

    /// Runs what `lower` emits, which must end the block, when `condition` is not zero.
    pub(super) fn cold_if(&mut self, condition: Value, lower: impl FnOnce(&mut Self)) {
        let (cold, next) = (self.builder.create_block(), self.builder.create_block());
        self.builder.ins().brif(condition, cold, &[], next, &[]);
        self.builder.set_cold_block(cold);
        self.builder.switch_to_block(cold);
        self.builder.seal_block(cold);
        lower(self);
        self.builder.switch_to_block(next);
        self.builder.seal_block(next);
    }

    /// Leaves the function with this code of a trap. The rest of the block is unreachable.
    pub(super) fn raise(&mut self, code: Value) {
        let store = self.store_ctx();
        self.call_builtin(Builtin::Raise, &[store, code]);
        // `Raise` does not return; this keeps a mistake from running on.
        self.builder.ins().trap(trap_code(TrapKind::Unreachable));
    }

    /// Compares the stack pointer with the limit, where the prologue of the code generator, which would fault, may not
    /// do it. The frame stands already; [`crate::function`] bounds its size.
    pub(super) fn check_stack(&mut self) {
        if self.signals() {
            return;
        }
        let store = self.store_ctx();
        let limit = self.load_constant(I64, store, store_ctx::STACK_LIMIT);
        let pointer = self.builder.ins().get_stack_pointer(I64);
        let over = self.builder.ins().icmp(IntCC::UnsignedLessThan, pointer, limit);
        self.trap_if(over, TrapKind::StackOverflow);
    }
}
