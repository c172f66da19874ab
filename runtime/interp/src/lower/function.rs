//! Lowering of one function: the loop over its operators, and what all groups of operators need.

use super::LowerOptions;
use super::control::{Exits, Frame};
use super::gc::Structs;
use super::stack::{Entry, Kind, Operand, Stack};
use crate::code::{Clause, HandlerId, Lowered, Piece};
use crate::exec::{Opcode, control};
use assay_model::index::DefinedFuncIdx;
use assay_model::layout::VmCtxLayout;
use assay_model::module::ModuleModel;
use assay_model::types::ValType;
use assay_parse::{BodyAllocations, BodyReader, ParseError, ParsedModule};

pub(super) type Result<T> = std::result::Result<T, Box<ParseError>>;

/// Lowers functions, one after the other, into one piece of code. Its buffers serve all of them.
pub(super) struct FuncLowering<'a> {
    pub(super) module: &'a ModuleModel,
    pub(super) layout: &'a VmCtxLayout,
    pub(super) structs: &'a Structs,
    /// The binary.
    pub(super) bytes: &'a [u8],
    pub(super) options: LowerOptions,
    allocations: BodyAllocations,
    funcs: Vec<Lowered>,
    /// Kind and slot of each local.
    pub(super) locals: Vec<(Kind, u32)>,
    pub(super) results: Vec<Kind>,
    /// Slot of the return address.
    pub(super) header: u32,
    /// With the code, which goes on behind the functions before.
    pub(super) stack: Stack,
    pub(super) frames: Vec<Frame>,
    pub(super) exits: Exits,
    /// The innermost handler around the present operator.
    pub(super) handler: Option<HandlerId>,
    /// The clauses so far of the open blocks of `try`.
    pub(super) clauses: Vec<Clause>,
    /// In code that is never reached: how many blocks were opened in it.
    pub(super) dead: Option<u32>,
    /// Position of the present operator.
    pub(super) offset: u32,
    /// Fuel of the segment so far.
    pub(super) cost: u64,
    /// The charge that was written last, with its end and amount.
    charged: Option<(u32, u32)>,
}

/// Cells that values of a list of types take together.
pub(super) fn cells(types: &[ValType]) -> u32 {
    types.iter().map(|&ty| if ty == ValType::V128 { 2 } else { 1 }).sum()
}

impl<'a> FuncLowering<'a> {
    /// Before the first function.
    pub(super) fn new(
        module: &'a ModuleModel,
        layout: &'a VmCtxLayout,
        structs: &'a Structs,
        bytes: &'a [u8],
        options: LowerOptions,
    ) -> Self {
        Self {
            module,
            layout,
            structs,
            bytes,
            options,
            allocations: BodyAllocations::default(),
            funcs: Vec::new(),
            locals: Vec::new(),
            results: Vec::new(),
            header: 0,
            stack: Stack::default(),
            frames: Vec::new(),
            exits: Exits::default(),
            handler: None,
            clauses: Vec::new(),
            dead: None,
            offset: 0,
            cost: 0,
            charged: None,
        }
    }

    /// Validates and lowers `func`.
    pub(super) fn function(
        &mut self,
        parsed: &ParsedModule,
        bytes: &[u8],
        func: DefinedFuncIdx,
    ) -> Result<()> {
        let mut reader = BodyReader::new(parsed, bytes, func, std::mem::take(&mut self.allocations))?;
        let start = self.stack.code.here();
        self.open(func, reader.locals());
        reader.visit(self)?;
        self.allocations = reader.finish();
        self.close(func, start);
        Ok(())
    }

    /// The functions so far.
    pub(super) fn finish(self) -> Piece {
        Piece { code: self.stack.code, funcs: self.funcs }
    }

    fn open(&mut self, func: DefinedFuncIdx, declared: &[(u32, ValType)]) {
        let module = self.module;
        let ty = module.func_type(module.func_of(func));
        let params = ty.params.iter().map(|&ty| (1, ty));
        self.locals.clear();
        let mut behind = 0;
        for (count, ty) in params.chain(declared.iter().copied()) {
            let kind = Kind::of(ty, module);
            for _ in 0..count {
                if kind == Kind::Ref {
                    self.stack.code.reference_local(module.func_of(func), behind);
                }
                self.locals.push((kind, behind));
                behind += kind.cells();
            }
        }
        // Results are left in the first slots while the header is still needed.
        self.header = behind.max(cells(&ty.results));
        self.results.clear();
        self.results.extend(ty.results.iter().map(|&ty| Kind::of(ty, module)));
        self.stack.begin(self.header + 2);
        let ty = module.funcs[module.func_of(func).index()].ty;
        self.frames.clear();
        self.frames.push(Frame::function(ty, self.results.len()));
        self.exits.clear();
        self.handler = None;
        self.dead = None;
        self.offset = module.bodies[func.index()].start;
        self.cost = 0;
        self.charged = None;
        self.check_points();
    }

    fn close(&mut self, func: DefinedFuncIdx, start: u32) {
        let func = self.module.func_of(func);
        let ty = self.module.func_type(func);
        let (params, results) = (cells(&ty.params), cells(&ty.results));
        let shape = self.module.funcs[func.index()].ty.0;
        let (cells, header) = (self.stack.cells, self.header);
        self.funcs.push(Lowered { start, cells, params, results, header, shape });
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
}
