//! Where operands come from and results go: the modes that instructions are generic over, and their selection.
//!
//! A value is read from a slot of the frame, from the accumulator of its class, or from the instruction itself. A
//! result goes to the accumulator, and to a slot as well when somebody needs it later.

use super::machine::Machine;

/// A value of a machine type.
pub(crate) trait Cell: Copy {
    /// Words that the value takes as an immediate.
    const WORDS: usize;
    /// The value in a 64-bit cell. Narrow values have the upper half zero.
    fn from_cell(cell: u64) -> Self;
    /// The cell of the value.
    fn to_cell(self) -> u64;
    /// The value in the accumulator of its class.
    fn from_acc(machine: &Machine) -> Self;
    /// Sets the accumulator of its class.
    fn to_acc(self, machine: &mut Machine);
}

impl Cell for u32 {
    const WORDS: usize = 1;

    #[inline(always)]
    fn from_cell(cell: u64) -> Self {
        cell as u32
    }

    #[inline(always)]
    fn to_cell(self) -> u64 {
        u64::from(self)
    }

    #[inline(always)]
    fn from_acc(machine: &Machine) -> Self {
        machine.acc as u32
    }

    #[inline(always)]
    fn to_acc(self, machine: &mut Machine) {
        machine.acc = u64::from(self);
    }
}

impl Cell for u64 {
    const WORDS: usize = 2;

    #[inline(always)]
    fn from_cell(cell: u64) -> Self {
        cell
    }

    #[inline(always)]
    fn to_cell(self) -> u64 {
        self
    }

    #[inline(always)]
    fn from_acc(machine: &Machine) -> Self {
        machine.acc
    }

    #[inline(always)]
    fn to_acc(self, machine: &mut Machine) {
        machine.acc = self;
    }
}

impl Cell for bool {
    const WORDS: usize = 1;

    #[inline(always)]
    fn from_cell(cell: u64) -> Self {
        cell as u32 != 0
    }

    #[inline(always)]
    fn to_cell(self) -> u64 {
        u64::from(self)
    }

    #[inline(always)]
    fn from_acc(machine: &Machine) -> Self {
        machine.acc as u32 != 0
    }

    #[inline(always)]
    fn to_acc(self, machine: &mut Machine) {
        machine.acc = u64::from(self);
    }
}

impl Cell for f32 {
    const WORDS: usize = 1;

    #[inline(always)]
    fn from_cell(cell: u64) -> Self {
        f32::from_bits(cell as u32)
    }

    #[inline(always)]
    fn to_cell(self) -> u64 {
        u64::from(self.to_bits())
    }

    #[inline(always)]
    fn from_acc(machine: &Machine) -> Self {
        machine.acc_f32
    }

    #[inline(always)]
    fn to_acc(self, machine: &mut Machine) {
        machine.acc_f32 = self;
    }
}

impl Cell for f64 {
    const WORDS: usize = 2;

    #[inline(always)]
    fn from_cell(cell: u64) -> Self {
        f64::from_bits(cell)
    }

    #[inline(always)]
    fn to_cell(self) -> u64 {
        self.to_bits()
    }

    #[inline(always)]
    fn from_acc(machine: &Machine) -> Self {
        machine.acc_f64
    }

    #[inline(always)]
    fn to_acc(self, machine: &mut Machine) {
        machine.acc_f64 = self;
    }
}

/// Where an operand comes from.
pub(crate) trait Source {
    /// Words that the operand takes in an instruction.
    fn words<T: Cell>() -> usize;
    /// The value whose words stand at `at`.
    fn read<T: Cell>(machine: &Machine, at: usize) -> T;
}

/// In a slot of the frame.
pub(crate) struct Slot;
/// In the accumulator.
pub(crate) struct Acc;
/// In the instruction.
pub(crate) struct Imm;

impl Source for Slot {
    #[inline(always)]
    fn words<T: Cell>() -> usize {
        1
    }

    #[inline(always)]
    fn read<T: Cell>(machine: &Machine, at: usize) -> T {
        T::from_cell(machine.slot(machine.word(at)))
    }
}

impl Source for Acc {
    #[inline(always)]
    fn words<T: Cell>() -> usize {
        0
    }

    #[inline(always)]
    fn read<T: Cell>(machine: &Machine, _at: usize) -> T {
        T::from_acc(machine)
    }
}

impl Source for Imm {
    #[inline(always)]
    fn words<T: Cell>() -> usize {
        T::WORDS
    }

    #[inline(always)]
    fn read<T: Cell>(machine: &Machine, at: usize) -> T {
        let cell = if T::WORDS == 2 { machine.word64(at) } else { u64::from(machine.word(at)) };
        T::from_cell(cell)
    }
}

/// Where a result goes. The destination word stands right behind the handler in every instruction with a result.
pub(crate) trait Target {
    /// Hands the result over.
    fn write<T: Cell>(machine: &mut Machine, value: T);
}

/// To the accumulator.
pub(crate) struct ToAcc;
/// To the accumulator and to a slot.
pub(crate) struct ToSlot;

impl Target for ToAcc {
    #[inline(always)]
    fn write<T: Cell>(machine: &mut Machine, value: T) {
        value.to_acc(machine);
    }
}

impl Target for ToSlot {
    #[inline(always)]
    fn write<T: Cell>(machine: &mut Machine, value: T) {
        machine.set_slot(machine.word(super::machine::HEAD), value.to_cell());
        value.to_acc(machine);
    }
}

/// How an operand is given, for the selection of a handler.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// [`Slot`]
    Slot,
    /// [`Acc`]
    Acc,
    /// [`Imm`]
    Imm,
}

impl Mode {
    /// Every mode, in the order of their numbers.
    pub(crate) const ALL: [Mode; 3] = [Mode::Slot, Mode::Acc, Mode::Imm];
}

/// What there is for each mode of an operand. Tables of it are constants: a look-up is no jump, which a lowering that
/// meets another operator each time could not predict.
pub(crate) type ByMode<T> = [Option<T>; 3];

/// What there is for the modes of two operands.
pub(crate) type ByModes<T> = [ByMode<T>; 3];
