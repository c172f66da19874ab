//! Lowering of one function: the loop over its operators, and what all groups of operators need.

use super::LowerOptions;
use super::control::Frame;
use super::stack::{Entry, Kind, Operand, Stack};
use super::unsupported::feature_of;
use crate::code::Lowered;
use crate::exec::{Opcode, control};
use assay_model::features::Feature;
use assay_model::index::DefinedFuncIdx;
use assay_model::layout::VmCtxLayout;
use assay_model::module::ModuleModel;
use assay_model::ops::fuel;
use assay_model::types::ValType;
use assay_parse::wasmparser::Operator;
use assay_parse::{BodyAllocations, BodyReader, ParseError, ParsedModule};

pub(super) type Result<T> = std::result::Result<T, ParseError>;

/// A function that is being lowered.
pub(super) struct FuncLowering<'a> {
    pub(super) module: &'a ModuleModel,
    pub(super) layout: &'a VmCtxLayout,
    pub(super) options: LowerOptions,
    pub(super) locals: Vec<Kind>,
    pub(super) results: Vec<Kind>,
    /// Slot of the return address.
    pub(super) header: u32,
    pub(super) stack: Stack,
    pub(super) frames: Vec<Frame>,
    /// In code that is never reached: how many blocks were opened in it.
    pub(super) dead: Option<u32>,
    /// Position of the present operator.
    pub(super) offset: u32,
    /// Fuel of the segment so far.
    cost: u64,
    /// The charge that was written last, with its end and amount.
    charged: Option<(u32, u32)>,
}

/// The kinds of a list of types.
pub(super) fn kinds(types: &[ValType]) -> Result<Vec<Kind>> {
    types.iter().map(|&ty| kind(ty)).collect()
}

/// The kind of a type.
pub(super) fn kind(ty: ValType) -> Result<Kind> {
    Kind::of(ty).ok_or(ParseError::Unsupported { feature: Feature::Simd })
}

impl<'a> FuncLowering<'a> {
    /// Validates and lowers `func`.
    pub(super) fn lower(
        parsed: &'a ParsedModule,
        bytes: &[u8],
        layout: &'a VmCtxLayout,
        options: LowerOptions,
        func: DefinedFuncIdx,
        allocations: &mut BodyAllocations,
    ) -> Result<Lowered> {
        let mut reader = BodyReader::new(parsed, bytes, func, std::mem::take(allocations))?;
        let mut lowering = Self::open(&parsed.model, layout, options, func, reader.locals())?;
        while let Some(op) = reader.next()? {
            lowering.offset = op.offset;
            if lowering.dead.is_none() {
                lowering.cost += fuel::cost(op.first_byte);
            }
            lowering.operator(&op.operator)?;
        }
        *allocations = reader.finish();
        let params = parsed.model.func_type(parsed.model.func_of(func)).params.len() as u32;
        Ok(lowering.close(params))
    }

    fn open(
        module: &'a ModuleModel,
        layout: &'a VmCtxLayout,
        options: LowerOptions,
        func: DefinedFuncIdx,
        declared: &[(u32, ValType)],
    ) -> Result<Self> {
        let ty = module.func_type(module.func_of(func));
        let mut locals = kinds(&ty.params)?;
        for &(count, ty) in declared {
            let kind = kind(ty)?;
            locals.extend(std::iter::repeat_n(kind, count as usize));
        }
        let results = kinds(&ty.results)?;
        // Results are left in the first slots while the header is still needed.
        let header = locals.len().max(results.len()) as u32;
        let mut lowering = Self {
            module,
            layout,
            options,
            locals,
            header,
            stack: Stack::new(header + 2),
            frames: vec![Frame::function(module.funcs[module.func_of(func).index()].ty, results.len())],
            results,
            dead: None,
            offset: module.bodies[func.index()].start,
            cost: 0,
            charged: None,
        };
        lowering.check_points();
        Ok(lowering)
    }

    fn close(self, params: u32) -> Lowered {
        let Stack { code, cells, .. } = self.stack;
        Lowered { code, cells, params, results: self.results.len() as u32, header: self.header }
    }

    /// Writes an instruction without a result.
    pub(super) fn emit(&mut self, opcode: Opcode, operands: &[Operand]) -> u32 {
        let at = self.stack.code.op(opcode);
        operands.iter().for_each(|operand| operand.write(&mut self.stack.code));
        at
    }

    /// As [`Self::emit`], for instructions that can trap.
    pub(super) fn emit_trapping(&mut self, opcode: Opcode, operands: &[Operand]) -> u32 {
        let at = self.emit(opcode, operands);
        self.stack.code.position(at, self.offset);
        at
    }

    /// The checks at the entry of a function and at the head of a loop.
    pub(super) fn check_points(&mut self) {
        if self.options.fuel {
            self.emit_trapping(control::check_fuel(), &[]);
        }
        if self.options.epoch {
            self.emit_trapping(control::check_epoch(), &[]);
        }
    }

    /// Ends a segment of straight-line code: takes its fuel.
    pub(super) fn charge(&mut self) {
        let cost = std::mem::take(&mut self.cost);
        if !self.options.fuel || cost == 0 {
            return;
        }
        let cost = u32::try_from(cost).expect("a body has fewer operators than 2^32");
        // Nothing can happen between two charges that follow each other in code.
        if let Some((at, amount)) = self.charged.filter(|&(at, _)| at + 3 == self.stack.code.here()) {
            self.stack.code.patch(at + 2, amount + cost);
            self.charged = Some((at, amount + cost));
            return;
        }
        let at = self.emit(control::charge(), &[Operand::Narrow(cost)]);
        self.charged = Some((at, cost));
    }

    /// Other code can come to the place where the next instruction will stand.
    pub(super) fn join(&mut self) {
        self.stack.joined();
        self.charged = None;
    }

    /// The code behind a branch that is always taken is never reached.
    pub(super) fn die(&mut self) {
        self.dead = Some(0);
        self.cost = 0;
    }

    /// Pops a value that must be in a slot.
    pub(super) fn pop_slot(&mut self) -> Operand {
        let entry = self.stack.pop();
        Operand::Slot(self.stack.slot_of(entry))
    }

    /// Pops two operands, the second first.
    pub(super) fn pop_two(&mut self) -> (Entry, Entry) {
        let second = self.stack.pop();
        let first = self.stack.pop();
        (first, second)
    }

    fn operator(&mut self, operator: &Operator<'_>) -> Result<()> {
        if self.dead.is_some() {
            return self.dead_operator(operator);
        }
        if self.control(operator)?
            || self.variable(operator)
            || self.numeric(operator)
            || self.memory_access(operator)
            || self.reference(operator)
            || self.bulk(operator)
            || self.wide(operator)
        {
            return Ok(());
        }
        Err(ParseError::Unsupported { feature: feature_of(operator) })
    }
}
