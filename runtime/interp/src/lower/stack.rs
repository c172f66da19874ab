//! The symbolic operand stack: where each value of the stack is at this point of the code.
//!
//! Every value has a slot of its own that it goes to when it must be somewhere; until then it may be a local, a
//! constant, or the content of an accumulator. The instruction that made an accumulator's value can be turned, in
//! place, into the form that writes the slot as well, so that keeping a value never costs an instruction. A vector takes
//! two cells and is always written to them.
//!
//! Where objects may move, every reference to one has to be in its slot, and the collector has to know of it: [`Stack::roots`]
//! brings that about.
//!
//! Kept true: at most one value lives in each accumulator alone; values below `settled` are in slots or constants;
//! copies and constants never touch an accumulator.

use crate::code::{Emitter, RootId};
use crate::exec::numeric::CompareOp;
use crate::exec::operand::Mode;
use crate::exec::vector::vector_copy;
use crate::exec::{Opcode, Pair, moves};
use assay_model::layout::AbiKind;
use assay_model::module::ModuleModel;
use assay_model::types::{CompositeType, TypeRef, ValType};

/// Values on top of the stack that may be locals or in accumulators. Bounds the work of overwriting a local.
const WINDOW: usize = 32;

/// The machine type of a value.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    I32,
    I64,
    F32,
    F64,
    /// A reference that the collector follows.
    Ref,
    /// A function reference.
    Func,
    V128,
}

/// The accumulators, and what has none.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Int,
    F32,
    F64,
    /// Vectors are in slots only: nothing is ever known about an accumulator of theirs.
    Vector,
}

/// Where a value is.
#[derive(Copy, Clone)]
pub(super) enum Value {
    /// In its slot.
    Temp,
    /// In a local that has not been overwritten since.
    Local(u32),
    /// Nowhere: it is known.
    Const(u64),
    /// In the accumulator, made by the instruction at `at`, which becomes `to_slot` when a slot is needed.
    Acc { at: u32, to_slot: Opcode },
}

/// A value of the stack.
#[derive(Copy, Clone)]
pub(super) struct Entry {
    pub(super) value: Value,
    pub(super) kind: Kind,
    pub(super) slot: u32,
}

/// An operand of an instruction.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Operand {
    Slot(u32),
    Acc,
    Narrow(u32),
    Wide(u64),
}

/// `op(a, b)`, not yet in code.
#[derive(Copy, Clone, Debug)]
pub(super) struct Condition {
    pub(super) op: CompareOp,
    pub(super) a: Operand,
    pub(super) b: Operand,
}

/// What a value is made of, for an instruction that uses it and can do the whole itself.
#[derive(Copy, Clone, Debug)]
pub(super) enum Meaning {
    /// An `i32` that is not zero exactly when the condition holds.
    Condition(Condition),
    /// The sum of two `i32`, of which at most the first is the accumulator and at most the second an immediate.
    Sum(Operand, Operand),
}

/// The instruction that was written last, when it made a value.
struct Last {
    at: u32,
    end: u32,
    /// The meaning of the value, with the slot that the accumulator mirrored before.
    meaning: Option<(Meaning, Option<u32>)>,
    /// The value is a vector, written to this slot.
    vector: Option<u32>,
}

/// A local that was set to the sum of a slot and a constant by the instruction that was written last.
#[derive(Copy, Clone, Debug)]
pub(super) struct Increment {
    at: u32,
    end: u32,
    pub(super) local: u32,
    pub(super) from: u32,
    pub(super) step: u32,
}

/// The stack, with the code that it is about.
#[derive(Default)]
pub(super) struct Stack {
    pub(super) code: Emitter,
    pub(super) entries: Vec<Entry>,
    /// Slot of the first value.
    base: u32,
    /// Slots used so far.
    pub(super) cells: u32,
    settled: usize,
    /// The value that each accumulator alone has.
    holder: [Option<usize>; 4],
    /// The slot whose value each accumulator has too.
    mirror: [Option<u32>; 4],
    last: Option<Last>,
    increment: Option<Increment>,
    /// The references on the stack: their positions, and once that was asked for, the root of the uppermost one from there
    /// on down that has one.
    references: Vec<(usize, Option<Option<RootId>>)>,
}

/// Whether a type of the module is a function type.
pub(super) fn is_func(module: &ModuleModel, ty: TypeRef) -> bool {
    match ty {
        TypeRef::Module(index) => matches!(module.types[index.index()].composite, CompositeType::Func(_)),
        _ => false,
    }
}

impl Kind {
    /// The kind of a type of the module.
    #[inline]
    pub(super) fn of(ty: ValType, module: &ModuleModel) -> Self {
        match ty {
            ValType::I32 => Kind::I32,
            ValType::I64 => Kind::I64,
            ValType::F32 => Kind::F32,
            ValType::F64 => Kind::F64,
            ValType::V128 => Kind::V128,
            ValType::Ref(_) => match AbiKind::of(ty, &|ty| is_func(module, ty)) {
                AbiKind::Func => Kind::Func,
                _ => Kind::Ref,
            },
        }
    }

    pub(super) fn class(self) -> Class {
        match self {
            Kind::I32 | Kind::I64 | Kind::Ref | Kind::Func => Class::Int,
            Kind::F32 => Class::F32,
            Kind::F64 => Class::F64,
            Kind::V128 => Class::Vector,
        }
    }

    /// Cells that a value takes.
    pub(super) fn cells(self) -> u32 {
        if self == Kind::V128 { 2 } else { 1 }
    }

    /// A constant as an operand.
    fn immediate(self, bits: u64) -> Operand {
        match self {
            Kind::I32 | Kind::F32 => Operand::Narrow(bits as u32),
            Kind::I64 | Kind::F64 | Kind::Ref | Kind::Func | Kind::V128 => Operand::Wide(bits),
        }
    }
}

impl Operand {
    pub(super) fn mode(self) -> Mode {
        match self {
            Operand::Slot(_) => Mode::Slot,
            Operand::Acc => Mode::Acc,
            Operand::Narrow(_) | Operand::Wide(_) => Mode::Imm,
        }
    }

    pub(super) fn is_immediate(self) -> bool {
        self.mode() == Mode::Imm
    }

    /// Writes the operand's words.
    pub(super) fn write(self, code: &mut Emitter) {
        match self {
            Operand::Slot(word) | Operand::Narrow(word) => code.word(word),
            Operand::Wide(number) => code.word64(number),
            Operand::Acc => {}
        }
    }
}

impl Stack {
    /// Empties the stack, for a function whose first value will have slot `base`.
    pub(super) fn begin(&mut self, base: u32) {
        self.entries.clear();
        self.base = base;
        self.cells = base;
        self.settled = 0;
        self.holder = [None; 4];
        self.mirror = [None; 4];
        self.last = None;
        self.increment = None;
        self.references.clear();
    }

    /// How many values there are.
    pub(super) fn height(&self) -> usize {
        self.entries.len()
    }

    /// The slot of the value with this position on the stack, also of the next one.
    pub(super) fn slot_at(&self, position: usize) -> u32 {
        self.entries.get(position).map_or_else(|| self.next_slot(), |entry| entry.slot)
    }

    pub(super) fn next_slot(&self) -> u32 {
        self.entries.last().map_or(self.base, |entry| entry.slot + entry.kind.cells())
    }

    pub(super) fn push(&mut self, kind: Kind, value: Value) {
        let slot = self.next_slot();
        self.cells = self.cells.max(slot + kind.cells());
        if kind == Kind::Ref {
            self.references.push((self.entries.len(), None));
        }
        self.entries.push(Entry { value, kind, slot });
        if self.entries.len() - self.settled > WINDOW {
            self.settle(self.settled);
            self.settled += 1;
        }
    }

    #[inline]
    pub(super) fn pop(&mut self) -> Entry {
        let entry = self.entries.pop().expect("validation keeps the stack from running empty");
        let height = self.entries.len();
        self.settled = self.settled.min(height);
        if let Value::Acc { .. } = entry.value {
            self.holder[entry.kind.class() as usize] = None;
        }
        if entry.kind == Kind::Ref {
            self.references.pop();
        }
        entry
    }

    pub(super) fn truncate(&mut self, height: usize) {
        self.entries.truncate(height);
        self.settled = self.settled.min(height);
        for holder in &mut self.holder {
            *holder = holder.filter(|&position| position < height);
        }
        while self.references.last().is_some_and(|&(position, _)| position >= height) {
            self.references.pop();
        }
    }

    /// Brings every reference of the stack into its slot; what the collector will find there. In front of an instruction
    /// that objects may move in. A null stays where it is, and has no root: it is null for ever. Not every way that leads
    /// out of the present block comes by here, so its slot must not be written.
    pub(super) fn roots(&mut self) -> Option<RootId> {
        let known = self.references.iter().rposition(|(_, root)| root.is_some()).map_or(0, |last| last + 1);
        for index in known..self.references.len() {
            let (position, _) = self.references[index];
            let below = index.checked_sub(1).and_then(|below| self.references[below].1).flatten();
            let root = match self.entries[position].value {
                Value::Const(_) => below,
                _ => {
                    self.settle(position);
                    Some(self.code.root(self.entries[position].slot, below))
                }
            };
            self.references[index].1 = Some(root);
        }
        self.references.last().and_then(|&(_, root)| root).flatten()
    }

    /// What the accumulator of a class has when the next instruction runs is no longer known.
    pub(super) fn clobber(&mut self, class: Class) {
        if let Some(position) = self.holder[class as usize].take() {
            self.settle(position);
        }
        self.mirror[class as usize] = None;
    }

    /// As [`Self::clobber`], for all accumulators.
    pub(super) fn clobber_all(&mut self) {
        for class in [Class::Int, Class::F32, Class::F64] {
            self.clobber(class);
        }
    }

    /// The accumulator of the class has the value of `slot` too.
    pub(super) fn mirrors(&mut self, class: Class, slot: u32) {
        if class != Class::Vector {
            self.mirror[class as usize] = Some(slot);
        }
    }

    /// `slot` is written without the accumulators.
    pub(super) fn overwritten(&mut self, slot: u32) {
        for mirror in &mut self.mirror {
            *mirror = mirror.filter(|&known| known != slot);
        }
    }

    /// Other code may come here: nothing is known about accumulators, and nothing may be taken back.
    pub(super) fn joined(&mut self) {
        self.clobber_all();
        self.last = None;
        self.increment = None;
    }

    /// Lets the value at `position` no longer depend on a local or an accumulator.
    pub(super) fn settle(&mut self, position: usize) {
        let Entry { value, slot, kind } = self.entries[position];
        match value {
            Value::Temp | Value::Const(_) => return,
            Value::Local(local) => self.copy(slot, local, kind),
            Value::Acc { at, to_slot } => {
                self.code.patch_op(at, to_slot);
                self.holder[kind.class() as usize] = None;
                self.mirrors(kind.class(), slot);
            }
        }
        self.entries[position].value = Value::Temp;
    }

    /// Settles every value.
    pub(super) fn settle_all(&mut self) {
        for position in self.settled..self.entries.len() {
            self.settle(position);
        }
        self.settled = self.entries.len();
    }

    /// Brings the values from `position` on into their slots.
    pub(super) fn materialize_from(&mut self, position: usize) {
        let mut pending: Option<(u32, u32)> = None;
        for position in position..self.entries.len() {
            let Entry { value, slot, kind } = self.entries[position];
            match value {
                Value::Temp | Value::Acc { .. } => self.settle(position),
                Value::Const(bits) => self.set(slot, kind, bits),
                Value::Local(local) if kind == Kind::V128 => self.copy(slot, local, kind),
                Value::Local(local) => match pending.take() {
                    None => pending = Some((slot, local)),
                    Some((first, from)) => {
                        self.code.op(moves::copy_two());
                        [first, from, slot, local].into_iter().for_each(|word| self.code.word(word));
                        self.overwritten(first);
                        self.overwritten(slot);
                    }
                },
            }
            self.entries[position].value = Value::Temp;
        }
        if let Some((slot, local)) = pending {
            self.copy(slot, local, Kind::I64);
        }
    }

    /// Whether a value of the stack is still the local.
    pub(super) fn uses(&self, local: u32) -> bool {
        let lazy = &self.entries[self.settled..];
        lazy.iter().any(|entry| matches!(entry.value, Value::Local(used) if used == local))
    }

    /// The local is about to be overwritten: values that are it move to their slots.
    pub(super) fn preserve(&mut self, local: u32) {
        for position in self.settled..self.entries.len() {
            if matches!(self.entries[position].value, Value::Local(used) if used == local) {
                self.settle(position);
            }
        }
    }

    /// Copies a value of the kind to another slot.
    pub(super) fn copy(&mut self, to: u32, from: u32, kind: Kind) {
        if to == from {
            return;
        }
        let opcode = if kind == Kind::V128 { vector_copy() } else { moves::copy() };
        self.code.op(opcode);
        self.code.word(to);
        self.code.word(from);
        (to..to + kind.cells()).for_each(|slot| self.overwritten(slot));
    }

    /// Copies slots that follow each other to places that are not above theirs.
    pub(super) fn copy_many(&mut self, to: u32, from: u32, count: u32) {
        if to != from {
            self.code.op(moves::copy_many());
            [to, from, count].into_iter().for_each(|word| self.code.word(word));
            self.mirror = [None; 4];
        }
    }

    /// Sets a slot to a constant.
    pub(super) fn set(&mut self, to: u32, kind: Kind, bits: u64) {
        match kind.immediate(bits) {
            Operand::Wide(number) if number > u64::from(u32::MAX) => {
                self.code.op(moves::set_wide());
                self.code.word(to);
                self.code.word64(number);
            }
            _ => {
                self.code.op(moves::set_narrow());
                self.code.word(to);
                self.code.word(bits as u32);
            }
        }
        self.overwritten(to);
    }

    /// The best way to read a value that was popped.
    pub(super) fn operand(&self, entry: Entry) -> Operand {
        let slot = match entry.value {
            Value::Const(bits) => return entry.kind.immediate(bits),
            Value::Acc { .. } => return Operand::Acc,
            Value::Temp => entry.slot,
            Value::Local(local) => local,
        };
        if self.mirror[entry.kind.class() as usize] == Some(slot) {
            Operand::Acc
        } else {
            Operand::Slot(slot)
        }
    }

    /// The slot of a value that was popped, which it goes to when it is not in one.
    pub(super) fn slot_of(&mut self, entry: Entry) -> u32 {
        match entry.value {
            Value::Temp => entry.slot,
            Value::Local(local) => local,
            Value::Const(bits) => {
                self.set(entry.slot, entry.kind, bits);
                entry.slot
            }
            Value::Acc { at, to_slot } => {
                self.code.patch_op(at, to_slot);
                self.mirrors(entry.kind.class(), entry.slot);
                entry.slot
            }
        }
    }

    /// Operands that are not both the accumulator and not both immediates.
    pub(super) fn operands(&mut self, a: Entry, b: Entry) -> (Operand, Operand) {
        match (self.operand(a), self.operand(b)) {
            (Operand::Acc, Operand::Acc) if a.kind.class() == b.kind.class() => match b.value {
                Value::Acc { .. } => (Operand::Slot(self.slot_of(a)), Operand::Acc),
                _ => (Operand::Acc, Operand::Slot(self.slot_of(b))),
            },
            (first, second) if first.is_immediate() && second.is_immediate() => {
                (Operand::Slot(self.slot_of(a)), second)
            }
            other => other,
        }
    }

    /// Writes an instruction that makes a value, and pushes the value.
    pub(super) fn produce(&mut self, pair: Pair, kind: Kind, operands: &[Operand]) -> u32 {
        self.clobber(kind.class());
        let slot = self.next_slot();
        let at = self.code.op(pair.to_acc);
        self.code.word(slot);
        operands.iter().for_each(|operand| operand.write(&mut self.code));
        self.last = Some(Last { at, end: self.code.here(), meaning: None, vector: None });
        self.push_held(kind, Value::Acc { at, to_slot: pair.to_slot });
        at
    }

    /// Writes an instruction that makes a vector, and pushes the vector.
    pub(super) fn produce_vector(&mut self, opcode: Opcode, operands: &[Operand]) -> u32 {
        let slot = self.next_slot();
        let at = self.code.op(opcode);
        self.code.word(slot);
        operands.iter().for_each(|operand| operand.write(&mut self.code));
        self.overwritten(slot);
        self.overwritten(slot + 1);
        self.last = Some(Last { at, end: self.code.here(), meaning: None, vector: Some(slot) });
        self.push(Kind::V128, Value::Temp);
        at
    }

    /// As [`Self::produce`], for an `i32` that a later instruction may want to make itself.
    pub(super) fn produce_meaning(&mut self, pair: Pair, meaning: Meaning) -> u32 {
        let mirrored = self.mirror[Class::Int as usize];
        let (a, b) = match meaning {
            Meaning::Condition(Condition { a, b, .. }) | Meaning::Sum(a, b) => (a, b),
        };
        let at = self.produce(pair, Kind::I32, &[a, b]);
        if let Some(last) = &mut self.last {
            last.meaning = Some((meaning, mirrored));
        }
        at
    }

    fn push_held(&mut self, kind: Kind, value: Value) {
        self.push(kind, value);
        self.holder[kind.class() as usize] = Some(self.entries.len() - 1);
    }

    /// Whether `at` is the instruction that was written last.
    fn is_last(&self, at: u32) -> bool {
        self.last.as_ref().is_some_and(|last| last.at == at && last.end == self.code.here())
    }

    /// Lets the instruction that was written last write `slot`, when it made this value. False when it did not.
    pub(super) fn redirect(&mut self, entry: Entry, slot: u32) -> bool {
        let Value::Acc { at, to_slot } = entry.value else { return self.redirect_vector(entry, slot) };
        if !self.is_last(at) {
            return false;
        }
        self.code.patch_op(at, to_slot);
        self.code.patch(at + 2, slot);
        self.overwritten(slot);
        self.mirrors(entry.kind.class(), slot);
        self.increment = match self.last.take().and_then(|last| last.meaning) {
            Some((Meaning::Sum(Operand::Slot(from), Operand::Narrow(step)), _)) => {
                Some(Increment { at, end: self.code.here(), local: slot, from, step })
            }
            _ => None,
        };
        true
    }

    fn redirect_vector(&mut self, entry: Entry, slot: u32) -> bool {
        let here = self.code.here();
        let made =
            |last: &&Last| last.end == here && last.vector == Some(entry.slot) && entry.kind == Kind::V128;
        let Some(&Last { at, .. }) = self.last.as_ref().filter(made) else { return false };
        self.code.patch(at + 2, slot);
        self.overwritten(slot);
        self.overwritten(slot + 1);
        self.last = None;
        true
    }

    /// Takes back the instruction that was written last, when it incremented a local whose value the accumulator has.
    pub(super) fn take_increment(&mut self) -> Option<Increment> {
        let increment = self.increment.take().filter(|increment| increment.end == self.code.here())?;
        self.code.truncate(increment.at);
        Some(increment)
    }

    /// The meaning of a value which was popped, when the instruction that made it was the last one.
    pub(super) fn meaning_of(&self, entry: Entry) -> Option<Meaning> {
        let Value::Acc { at, .. } = entry.value else { return None };
        let last = self.last.as_ref().filter(|_| self.is_last(at))?;
        last.meaning.map(|(meaning, _)| meaning)
    }

    /// Takes back the instruction that made a value which was popped and has a meaning.
    pub(super) fn take_back(&mut self, entry: Entry) {
        if let (Value::Acc { at, .. }, Some(last)) = (entry.value, self.last.take())
            && let Some((_, mirrored)) = last.meaning
        {
            self.code.truncate(at);
            self.mirror[Class::Int as usize] = mirrored;
        }
    }

    /// Takes back the instruction that made a value which was popped, when the value is a condition.
    pub(super) fn take_condition(&mut self, entry: Entry) -> Option<Condition> {
        let Meaning::Condition(condition) = self.meaning_of(entry)? else { return None };
        self.take_back(entry);
        Some(condition)
    }

    /// Takes back the instruction that made a value which was popped, when the value is a sum.
    pub(super) fn take_sum(&mut self, entry: Entry) -> Option<(Operand, Operand)> {
        let Meaning::Sum(a, b) = self.meaning_of(entry)? else { return None };
        self.take_back(entry);
        Some((a, b))
    }
}
