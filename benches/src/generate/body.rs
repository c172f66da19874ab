//! One function body: typed statements and expressions, nested to a random depth.
//!
//! Loops count down a local of their own, divisors are made odd, addresses are masked: the body ends
//! and does not trap. Sizes follow a skewed draw, many small functions and a few large ones.

use wasm_encoder::{BlockType, Function, InstructionSink, MemArg, MemArgTarget, ValType};

use super::random::Random;
use super::shape::{Callees, FLOAT_BASE, GLOBALS, INTEGER_MASK, LEAVES, Signature, TYPES, any_type};

/// Locals of each type beside the parameters, and one counter per level of loops.
const SCRATCH: u32 = 4;
const LOOP_DEPTH: u32 = 2;

pub(super) struct Body<'a> {
    random: &'a mut Random,
    signatures: &'a [Signature],
    callees: Option<Callees<'a>>,
    params: Vec<ValType>,
    bytes: Vec<u8>,
    loops: u32,
}

impl<'a> Body<'a> {
    pub(super) fn new(
        random: &'a mut Random,
        signatures: &'a [Signature],
        callees: Option<Callees<'a>>,
    ) -> Self {
        Body { random, signatures, callees, params: Vec::new(), bytes: Vec::new(), loops: 0 }
    }

    /// Writes a function of the signature with this index.
    pub(super) fn write(mut self, kind: usize) -> Function {
        let signature = &self.signatures[kind];
        self.params = signature.params.clone();
        let frame = if self.random.percent(40) { 16 * (1 + self.random.below(8)) as i32 } else { 0 };
        self.enter_frame(frame);
        for _ in 0..self.length() {
            self.statement(3);
        }
        self.expression(signature.result, 3);
        self.leave_frame(frame);
        self.code().end();
        let mut function = Function::new([
            (SCRATCH, ValType::I32),
            (SCRATCH, ValType::I64),
            (SCRATCH, ValType::F64),
            (LOOP_DEPTH, ValType::I32),
        ]);
        function.raw(self.bytes);
        function
    }

    fn code(&mut self) -> InstructionSink<'_> {
        InstructionSink::new(&mut self.bytes)
    }

    /// How many statements: mostly 2 to 10, one function in fifty 40 to 160.
    fn length(&mut self) -> usize {
        match self.random.below(50) {
            0 => 40 + self.random.below(120),
            1..=9 => 10 + self.random.below(20),
            _ => 2 + self.random.below(9),
        }
    }

    // ---- locals ----

    fn scratch(&mut self, wanted: ValType) -> u32 {
        let place = TYPES.iter().position(|&kind| kind == wanted).unwrap_or(0) as u32;
        self.params.len() as u32 + place * SCRATCH + self.random.below(SCRATCH as usize) as u32
    }

    fn counter(&self) -> u32 {
        self.params.len() as u32 + TYPES.len() as u32 * SCRATCH + self.loops
    }

    /// Any local of the type, parameters included.
    fn local(&mut self, wanted: ValType) -> u32 {
        let fitting: Vec<u32> =
            (0..self.params.len() as u32).filter(|&index| self.params[index as usize] == wanted).collect();
        if fitting.is_empty() || self.random.percent(60) {
            self.scratch(wanted)
        } else {
            fitting[self.random.below(fitting.len())]
        }
    }

    // ---- the shadow stack ----

    fn enter_frame(&mut self, bytes: i32) {
        if bytes > 0 {
            self.code().global_get(0).i32_const(bytes).i32_sub().global_set(0);
        }
    }

    fn leave_frame(&mut self, bytes: i32) {
        if bytes > 0 {
            self.code().global_get(0).i32_const(bytes).i32_add().global_set(0);
        }
    }

    // ---- statements ----

    fn statement(&mut self, depth: u32) {
        match self.random.below(if depth == 0 { 60 } else { 100 }) {
            0..=34 => self.assign(),
            35..=51 => self.store(),
            52..=55 => self.set_global(),
            56..=59 => self.count_up(),
            60..=76 => self.choose(depth),
            77..=84 => self.leave_early(depth),
            85..=93 => self.repeat(depth),
            _ => self.switch(depth),
        }
    }

    fn statements(&mut self, depth: u32) {
        for _ in 0..1 + self.random.below(3) {
            self.statement(depth - 1);
        }
    }

    fn assign(&mut self) {
        let kind = any_type(self.random);
        self.expression(kind, 3);
        let local = self.scratch(kind);
        self.code().local_set(local);
    }

    fn count_up(&mut self) {
        let (local, by) = (self.scratch(ValType::I32), self.random.constant());
        self.code().local_get(local).i32_const(by).i32_add().local_set(local);
    }

    fn set_global(&mut self) {
        self.expression(ValType::I32, 2);
        let global = 1 + self.random.below(GLOBALS - 1) as u32;
        self.code().global_set(global);
    }

    fn store(&mut self) {
        let kind = any_type(self.random);
        self.address();
        self.expression(kind, 2);
        let at = self.place(kind);
        let narrow = self.random.percent(25);
        let mut code = self.code();
        match kind {
            ValType::I32 if narrow => code.i32_store8(MemArg { align: 0, ..at }),
            ValType::I32 => code.i32_store(at),
            ValType::I64 => code.i64_store(at),
            _ => code.f64_store(at),
        };
    }

    fn choose(&mut self, depth: u32) {
        self.expression(ValType::I32, 2);
        self.code().if_(BlockType::Empty);
        self.statements(depth);
        if self.random.percent(45) {
            self.code().else_();
            self.statements(depth);
        }
        self.code().end();
    }

    fn leave_early(&mut self, depth: u32) {
        self.code().block(BlockType::Empty);
        self.statements(depth);
        self.expression(ValType::I32, 2);
        self.code().br_if(0);
        self.statements(depth);
        self.code().end();
    }

    fn repeat(&mut self, depth: u32) {
        if self.loops == LOOP_DEPTH {
            return self.choose(depth);
        }
        let (counter, rounds) = (self.counter(), 2 + self.random.below(5) as i32);
        self.loops += 1;
        self.code().i32_const(rounds).local_set(counter).loop_(BlockType::Empty);
        self.statements(depth);
        self.code().local_get(counter).i32_const(1).i32_sub().local_tee(counter).br_if(0).end();
        self.loops -= 1;
    }

    fn switch(&mut self, depth: u32) {
        let arms = 2 + self.random.below(5) as u32;
        for _ in 0..=arms {
            self.code().block(BlockType::Empty);
        }
        self.expression(ValType::I32, 1);
        self.code().i32_const(7).i32_and();
        let targets: Vec<u32> = (0..arms).collect();
        self.code().br_table(targets, arms);
        for arm in 0..arms {
            self.code().end();
            self.statement(depth - 1);
            self.code().br(arms - 1 - arm);
        }
        self.code().end();
    }

    // ---- expressions ----

    /// Pushes one value of the type.
    fn expression(&mut self, wanted: ValType, depth: u32) {
        let choice = if depth == 0 { self.random.below(40) } else { self.random.below(100) };
        match choice {
            0..=11 => self.constant(wanted),
            12..=39 => {
                let local = self.local(wanted);
                self.code().local_get(local);
            }
            40..=55 => self.load(wanted),
            56..=59 => self.call(wanted, depth),
            60..=63 => self.select(wanted, depth),
            64..=67 => self.convert(wanted, depth),
            _ => self.operate(wanted, depth),
        }
    }

    fn constant(&mut self, wanted: ValType) {
        let value = self.random.constant();
        match wanted {
            ValType::I32 if self.random.percent(15) => {
                let global = self.random.below(GLOBALS) as u32;
                self.code().global_get(global)
            }
            ValType::I32 => self.code().i32_const(value),
            ValType::I64 => self.code().i64_const(i64::from(value)),
            _ => self.code().f64_const((f64::from(value) / 8.0).into()),
        };
    }

    /// Pushes an address whose access is always in bounds.
    fn address(&mut self) {
        if self.random.percent(25) {
            self.code().global_get(0).i32_const(INTEGER_MASK).i32_and();
        } else {
            self.expression(ValType::I32, 1);
            self.code().i32_const(INTEGER_MASK).i32_and();
        }
    }

    fn place(&mut self, kind: ValType) -> MemArg {
        let within = 8 * self.random.below(32) as u64;
        let (offset, align) = match kind {
            ValType::I32 => (within, 2),
            ValType::I64 => (within, 3),
            _ => (FLOAT_BASE + within, 3),
        };
        MemArg { offset, align, target: MemArgTarget::Memory(0), ordering: None }
    }

    fn load(&mut self, wanted: ValType) {
        self.address();
        let at = self.place(wanted);
        let width = self.random.below(4);
        let mut code = self.code();
        match (wanted, width) {
            (ValType::I32, 0) => code.i32_load8_u(MemArg { align: 0, ..at }),
            (ValType::I32, 1) => code.i32_load16_s(MemArg { align: 1, ..at }),
            (ValType::I32, _) => code.i32_load(at),
            (ValType::I64, 0) => code.i64_load32_u(MemArg { align: 2, ..at }),
            (ValType::I64, _) => code.i64_load(at),
            _ => code.f64_load(at),
        };
    }

    fn call(&mut self, wanted: ValType, depth: u32) {
        let Some((index, kind)) = self.callees.as_ref().map(|callees| callees.pick(self.random)) else {
            return self.load(wanted);
        };
        let signature = &self.signatures[kind];
        for &param in &signature.params {
            self.expression(param, depth.min(2) - 1);
        }
        if self.random.percent(20) {
            debug_assert!((index as usize) < LEAVES);
            self.code().i32_const(index as i32).call_indirect(0, kind as u32);
        } else {
            self.code().call(index);
        }
        self.cast(signature.result, wanted);
    }

    /// Turns the value on the stack from one type into another; no trap, no bits of a NaN.
    fn cast(&mut self, given: ValType, wanted: ValType) {
        let mut code = self.code();
        match (given, wanted) {
            (ValType::I32, ValType::I64) => code.i64_extend_i32_u(),
            (ValType::I32, ValType::F64) => code.f64_convert_i32_u(),
            (ValType::I64, ValType::I32) => code.i32_wrap_i64(),
            (ValType::I64, ValType::F64) => code.f64_convert_i64_s(),
            (ValType::F64, ValType::I32) => code.i32_trunc_sat_f64_s(),
            (ValType::F64, ValType::I64) => code.i64_trunc_sat_f64_s(),
            _ => return,
        };
    }

    fn convert(&mut self, wanted: ValType, depth: u32) {
        let given = any_type(self.random);
        self.expression(given, depth - 1);
        self.cast(given, wanted);
    }

    fn select(&mut self, wanted: ValType, depth: u32) {
        self.expression(wanted, depth - 1);
        self.expression(wanted, depth - 1);
        self.expression(ValType::I32, depth - 1);
        self.code().select();
    }

    fn operate(&mut self, wanted: ValType, depth: u32) {
        match wanted {
            ValType::I32 if self.random.percent(30) => self.compare(depth),
            ValType::I32 => self.operate_i32(depth),
            ValType::I64 => self.operate_i64(depth),
            _ => self.operate_f64(depth),
        }
    }

    fn pair(&mut self, kind: ValType, depth: u32) {
        self.expression(kind, depth - 1);
        self.expression(kind, depth - 1);
    }

    fn compare(&mut self, depth: u32) {
        let kind = any_type(self.random);
        self.pair(kind, depth);
        let choice = self.random.below(4);
        let mut code = self.code();
        match (kind, choice) {
            (ValType::I32, 0) => code.i32_eq(),
            (ValType::I32, 1) => code.i32_lt_s(),
            (ValType::I32, 2) => code.i32_gt_u(),
            (ValType::I32, _) => code.i32_eq().i32_eqz(),
            (ValType::I64, 0) => code.i64_eq(),
            (ValType::I64, 1) => code.i64_lt_u(),
            (ValType::I64, _) => code.i64_ge_s(),
            (_, 0) => code.f64_lt(),
            (_, 1) => code.f64_ne(),
            _ => code.f64_ge(),
        };
    }

    fn operate_i32(&mut self, depth: u32) {
        self.pair(ValType::I32, depth);
        let choice = self.random.below(16);
        let mut code = self.code();
        match choice {
            0..=4 => code.i32_add(),
            5 | 6 => code.i32_sub(),
            7 => code.i32_mul(),
            8 | 9 => code.i32_and(),
            10 => code.i32_or(),
            11 => code.i32_xor(),
            12 => code.i32_shl(),
            13 => code.i32_shr_u(),
            14 => code.i32_const(1).i32_or().i32_div_u(),
            _ => code.i32_extend8_s().i32_rotl(),
        };
    }

    fn operate_i64(&mut self, depth: u32) {
        self.pair(ValType::I64, depth);
        let choice = self.random.below(10);
        let mut code = self.code();
        match choice {
            0..=2 => code.i64_add(),
            3 => code.i64_sub(),
            4 => code.i64_mul(),
            5 => code.i64_and(),
            6 => code.i64_xor(),
            7 => code.i64_shl(),
            8 => code.i64_const(1).i64_or().i64_rem_u(),
            _ => code.i64_shr_s(),
        };
    }

    fn operate_f64(&mut self, depth: u32) {
        self.pair(ValType::F64, depth);
        let choice = self.random.below(8);
        let mut code = self.code();
        match choice {
            0..=2 => code.f64_add(),
            3 => code.f64_sub(),
            4 | 5 => code.f64_mul(),
            6 => code.f64_div(),
            _ => code.f64_abs().f64_sqrt().f64_max(),
        };
    }
}
