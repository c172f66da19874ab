//! Fuel and epochs: how a long-running function is stopped.
//!
//! The fuel rule is the model's ([`assay_model::ops::fuel`]), shared with the interpreter. Both are looked at where
//! functions start and where loops begin again.

use super::Lowering;
use super::environment::Cached;
use crate::plan::Region;
use assay_model::fault::{Fault, planted};
use assay_model::layout::store_ctx;
use assay_model::ops::fuel;
use assay_model::trap::TrapKind;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Value};

/// The opcode of the unconditional branch.
const BR: u8 = 0x0c;

impl Lowering<'_> {
    /// Adds the cost of an operator to the segment, and charges the segment when it ends here.
    pub(super) fn count_fuel(&mut self, first_byte: u8) {
        if !self.plan.options.fuel {
            return;
        }
        if !(first_byte == BR && planted(Fault::BranchWithoutFuel)) {
            self.fuel += fuel::cost(first_byte);
        }
        if fuel::ends_segment(first_byte) && self.fuel > 0 {
            let left = self.fuel_left();
            let cost = i64::try_from(self.fuel).unwrap_or(i64::MAX);
            let left = self.builder.ins().iadd_imm_s(left, -cost);
            let (store, flags) = (self.store_ctx(), self.trusted_in(Region::Fuel));
            self.builder.ins().store(flags, left, store, store_ctx::FUEL as i32);
            self.fuel = 0;
        }
    }

    fn fuel_left(&mut self) -> Value {
        let (store, flags) = (self.store_ctx(), self.trusted_in(Region::Fuel));
        self.builder.ins().load(I64, flags, store, store_ctx::FUEL as i32)
    }

    /// Stops when the fuel is used up or the epoch has come.
    pub(super) fn check_interrupts(&mut self) {
        if self.plan.options.fuel {
            let left = self.fuel_left();
            let none = self.builder.ins().icmp_imm_s(IntCC::SignedLessThan, left, 0);
            self.trap_if(none, TrapKind::OutOfFuel);
        }
        if self.plan.options.epoch {
            // Another thread writes the epoch: only an atomic load is read again on every way round a loop.
            let pointer = self.cached(Cached::EpochPointer);
            let epoch = self.builder.ins().atomic_load(I64, MemFlagsData::trusted(), pointer);
            let (store, flags) = (self.store_ctx(), self.trusted_in(Region::Store));
            let deadline = self.builder.ins().load(I64, flags, store, store_ctx::EPOCH_DEADLINE as i32);
            let come = self.builder.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, epoch, deadline);
            self.trap_if(come, TrapKind::Interrupt);
        }
    }
}
