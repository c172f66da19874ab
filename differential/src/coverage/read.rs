//! Reads the operators of a module by the operator table: where each stands, and on what type it works.
//!
//! Enters: the bytes of a valid module; leaves: its functions with their operators, cut into the segments of the fuel rule. The
//! type is that of the variable, or the width of the memory's or table's addresses, where the operator's name does not say
//! it. A module with an operator that the table does not have is not read. Knows no engine.

use assay_model::ops::{self, Immediates, OpRow, fuel};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

/// The table, with the numbers by which points name its rows.
pub(super) static ROWS: LazyLock<Vec<&'static OpRow>> = LazyLock::new(|| ops::all().collect());

static BY_OPCODE: LazyLock<HashMap<(u8, u32), u16>> = LazyLock::new(|| {
    ROWS.iter().enumerate().map(|(number, row)| ((row.prefix, row.code), number as u16)).collect()
});

/// More locals no valid function has.
const MOST_LOCALS: usize = 50_000;

/// A module, as far as this room reads it.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// How many functions are imported.
    pub(super) imported: u32,
    /// How many globals there are.
    pub(super) globals: u32,
    /// The defined functions.
    pub(super) functions: Vec<Function>,
    /// The code section: the number of its first byte, and where its contents are.
    pub(super) code: Option<(usize, Range<usize>)>,
    /// The global section, in the same way.
    pub(super) global: Option<(usize, Range<usize>)>,
    /// Where a global section would stand.
    pub(super) behind_memories: usize,
}

/// A defined function.
#[derive(Debug)]
pub(super) struct Function {
    /// Where its body is, behind the size.
    pub(super) body: Range<usize>,
    /// Its operators.
    pub(super) operators: Vec<Operator>,
}

/// An operator.
#[derive(Copy, Clone, Debug)]
pub(super) struct Operator {
    /// Where it begins.
    pub(super) at: usize,
    /// Which row.
    pub(super) row: u16,
    /// The type it works on; empty where its name says it.
    pub(super) ty: &'static str,
    /// Whether a segment ends with it.
    pub(super) ends: bool,
}

#[derive(Default)]
struct Types {
    /// What functions take; the fields of structures, and the elements of arrays as one field.
    params: Vec<Vec<&'static str>>,
    arrays: Vec<bool>,
    functions: Vec<u32>,
    globals: Vec<&'static str>,
    memories: Vec<&'static str>,
    tables: Vec<&'static str>,
}

/// Reads a module; `None` where it is not such as the table knows.
pub(super) fn read(bytes: &[u8]) -> Option<Reading> {
    let mut reading = Reading::default();
    let mut types = Types::default();
    let mut input = Input { bytes, at: 8 };
    reading.behind_memories = 8;
    while input.at < bytes.len() {
        let start = input.at;
        let id = input.byte()?;
        let size = input.unsigned()? as usize;
        let range = input.at..input.at.checked_add(size).filter(|&end| end <= bytes.len())?;
        let mut section = Input { bytes: &bytes[..range.end], at: range.start };
        match id {
            1 => types.types(&mut section)?,
            2 => types.imports(&mut section, &mut reading)?,
            3 => types.defined_functions(&mut section)?,
            4 => types.defined_tables(&mut section)?,
            5 => types.defined_memories(&mut section)?,
            6 => {
                types.defined_globals(&mut section)?;
                reading.global = Some((start, range.clone()));
            }
            10 => {
                reading.functions = types.code(&mut section)?;
                reading.code = Some((start, range.clone()));
            }
            _ => {}
        }
        if matches!(id, 1..=6 | 13) {
            reading.behind_memories = range.end;
        }
        input.at = range.end;
    }
    reading.globals = types.globals.len() as u32;
    Some(reading)
}

impl Types {
    fn types(&mut self, section: &mut Input<'_>) -> Option<()> {
        section.each(|section| {
            if section.bytes.get(section.at) != Some(&0x4e) {
                return self.defined_type(section);
            }
            section.byte()?;
            section.each(|section| self.defined_type(section))
        })
    }

    fn defined_type(&mut self, section: &mut Input<'_>) -> Option<()> {
        let mut form = section.byte()?;
        if matches!(form, 0x4f | 0x50) {
            section.each(|section| section.unsigned().map(drop))?;
            form = section.byte()?;
        }
        // What it describes, and what describes it.
        while matches!(form, 0x4c | 0x4d) {
            section.unsigned()?;
            form = section.byte()?;
        }
        let mut params = Vec::new();
        match form {
            0x60 => {
                section.each(|section| {
                    params.push(section.valtype()?);
                    Some(())
                })?;
                section.each(|section| section.valtype().map(drop))?;
            }
            0x5f => section.each(|section| {
                params.push(section.field()?);
                Some(())
            })?,
            0x5e => params.push(section.field()?),
            _ => return None,
        }
        self.params.push(params);
        self.arrays.push(form == 0x5e);
        Some(())
    }

    fn imports(&mut self, section: &mut Input<'_>, reading: &mut Reading) -> Option<()> {
        section.each(|section| {
            section.name()?;
            section.name()?;
            match section.byte()? {
                0 | 0x20 => {
                    section.unsigned()?;
                    reading.imported += 1;
                }
                1 => {
                    section.valtype()?;
                    self.tables.push(section.limits()?);
                }
                2 => self.memories.push(section.limits()?),
                3 => {
                    self.globals.push(section.valtype()?);
                    section.byte()?;
                }
                4 => {
                    section.byte()?;
                    section.unsigned()?;
                }
                _ => return None,
            }
            Some(())
        })
    }

    fn defined_functions(&mut self, section: &mut Input<'_>) -> Option<()> {
        section.each(|section| {
            self.functions.push(section.unsigned()? as u32);
            Some(())
        })
    }

    fn defined_memories(&mut self, section: &mut Input<'_>) -> Option<()> {
        section.each(|section| {
            self.memories.push(section.limits()?);
            Some(())
        })
    }

    fn defined_tables(&mut self, section: &mut Input<'_>) -> Option<()> {
        section.each(|section| {
            let initial = section.bytes.get(section.at) == Some(&0x40);
            section.at += if initial { 2 } else { 0 };
            section.valtype()?;
            self.tables.push(section.limits()?);
            if initial { section.expression() } else { Some(()) }
        })
    }

    fn defined_globals(&mut self, section: &mut Input<'_>) -> Option<()> {
        section.each(|section| {
            self.globals.push(section.valtype()?);
            section.byte()?;
            section.expression()
        })
    }

    fn code(&mut self, section: &mut Input<'_>) -> Option<Vec<Function>> {
        let mut functions = Vec::new();
        section.each(|section| {
            let size = section.unsigned()? as usize;
            let body = section.at..section.at.checked_add(size).filter(|&end| end <= section.bytes.len())?;
            let ty = *self.functions.get(functions.len())? as usize;
            let mut locals = self.params.get(ty)?.clone();
            let mut input = Input { bytes: &section.bytes[..body.end], at: body.start };
            input.each(|input| {
                let count = input.unsigned()? as usize;
                let ty = input.valtype()?;
                let all = locals.len().checked_add(count).filter(|&all| all <= MOST_LOCALS)?;
                locals.resize(all, ty);
                Some(())
            })?;
            let mut operators = Vec::new();
            while input.at < body.end {
                operators.push(self.operator(&mut input, &locals)?);
            }
            section.at = body.end;
            functions.push(Function { body, operators });
            Some(())
        })?;
        Some(functions)
    }

    /// The elements of an array type; empty for other types.
    fn element(&self, ty: u64) -> &'static str {
        let is_array = self.arrays.get(ty as usize).copied().unwrap_or_default();
        let fields = self.params.get(ty as usize).filter(|_| is_array);
        fields.and_then(|fields| fields.first().copied()).unwrap_or_default()
    }

    fn operator(&self, input: &mut Input<'_>, locals: &[&'static str]) -> Option<Operator> {
        use Immediates as Im;
        let at = input.at;
        let (row, first) = input.opcode()?;
        let of = |types: &[&'static str], index: u64| types.get(index as usize).copied();
        let mut ty = "";
        match ROWS[row as usize].immediates {
            Im::None => {}
            Im::Block => input.block_type()?,
            Im::Label | Im::Func | Im::Data | Im::Elem | Im::Tag => drop(input.unsigned()?),
            Im::Type => ty = self.element(input.unsigned()?),
            Im::TypeField => {
                let fields = self.params.get(input.unsigned()? as usize).map_or(&[][..], Vec::as_slice);
                ty = of(fields, input.unsigned()?).unwrap_or_default();
            }
            Im::TypeCount | Im::TypeData | Im::TypeElem | Im::TypeType => {
                ty = self.element(input.unsigned()?);
                input.unsigned()?;
            }
            Im::CastLabel => {
                input.at += 1;
                input.unsigned()?;
                input.heap_type()?;
                input.heap_type()?;
            }
            Im::TryTable => {
                input.block_type()?;
                input.each(|input| {
                    if input.byte()? < 2 {
                        input.unsigned()?;
                    }
                    input.unsigned().map(drop)
                })?;
            }
            Im::LabelTable => {
                input.each(|input| input.unsigned().map(drop))?;
                input.unsigned()?;
            }
            Im::CallIndirect => {
                input.unsigned()?;
                ty = of(&self.tables, input.unsigned()?)?;
            }
            Im::SelectTypes => input.each(|input| {
                ty = input.valtype()?;
                Some(())
            })?,
            Im::Local => ty = of(locals, input.unsigned()?)?,
            Im::Global => ty = of(&self.globals, input.unsigned()?)?,
            Im::Table => ty = of(&self.tables, input.unsigned()?)?,
            Im::TableTable => {
                ty = of(&self.tables, input.unsigned()?)?;
                input.unsigned()?;
            }
            Im::ElemTable => {
                input.unsigned()?;
                ty = of(&self.tables, input.unsigned()?)?;
            }
            Im::MemArg | Im::MemArgLane => {
                let flags = input.unsigned()?;
                let memory = if flags & 0x40 == 0 { 0 } else { input.unsigned()? };
                ty = of(&self.memories, memory)?;
                input.unsigned()?;
                input.at += usize::from(ROWS[row as usize].immediates == Im::MemArgLane);
            }
            Im::Memory => ty = of(&self.memories, input.unsigned()?)?,
            Im::MemoryMemory => {
                ty = of(&self.memories, input.unsigned()?)?;
                input.unsigned()?;
            }
            Im::DataMemory => {
                input.unsigned()?;
                ty = of(&self.memories, input.unsigned()?)?;
            }
            Im::HeapType | Im::NullableHeapType => input.heap_type()?,
            Im::I32 | Im::I64 => input.skip_number()?,
            Im::F32 => input.at += 4,
            Im::F64 => input.at += 8,
            Im::V128 | Im::Shuffle => input.at += 16,
            Im::Lane | Im::Fence => input.at += 1,
        }
        Some(Operator { at, row, ty, ends: fuel::ends_segment(first) })
    }
}

/// Bytes, and how far they are read.
struct Input<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Input<'_> {
    fn byte(&mut self) -> Option<u8> {
        self.at += 1;
        self.bytes.get(self.at - 1).copied()
    }

    fn unsigned(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn skip_number(&mut self) -> Option<()> {
        while self.byte()? >= 0x80 {}
        Some(())
    }

    /// As many items as a number in front of them says.
    fn each(&mut self, mut item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        for _ in 0..self.unsigned()? {
            item(self)?;
        }
        Some(())
    }

    fn name(&mut self) -> Option<()> {
        let length = self.unsigned()? as usize;
        self.at = self.at.checked_add(length)?;
        Some(())
    }

    /// The address type of what has these limits.
    fn limits(&mut self) -> Option<&'static str> {
        let flags = self.byte()?;
        self.unsigned()?;
        if flags & 1 != 0 {
            self.unsigned()?;
        }
        if flags & 8 != 0 {
            self.unsigned()?;
        }
        Some(if flags & 4 == 0 { "i32" } else { "i64" })
    }

    fn valtype(&mut self) -> Option<&'static str> {
        Some(match self.byte()? {
            0x7f => "i32",
            0x7e => "i64",
            0x7d => "f32",
            0x7c => "f64",
            0x7b => "v128",
            0x70 => "funcref",
            0x6f => "externref",
            0x63 | 0x64 => {
                self.heap_type()?;
                "ref"
            }
            0x68..=0x75 => "ref",
            _ => return None,
        })
    }

    /// A heap type; behind the mark of an exact one stands the type's index.
    fn heap_type(&mut self) -> Option<()> {
        if self.bytes.get(self.at) == Some(&0x62) {
            self.at += 1;
        }
        self.skip_number()
    }

    /// The storage type of a field.
    fn field(&mut self) -> Option<&'static str> {
        let packed = match self.bytes.get(self.at)? {
            0x78 => Some("i8"),
            0x77 => Some("i16"),
            _ => None,
        };
        let ty = match packed {
            Some(packed) => {
                self.at += 1;
                packed
            }
            None => self.valtype()?,
        };
        self.byte()?;
        Some(ty)
    }

    fn block_type(&mut self) -> Option<()> {
        match *self.bytes.get(self.at)? {
            0x63 | 0x64 => self.valtype().map(drop),
            _ => self.skip_number(),
        }
    }

    /// The row of an operator, and its first byte.
    fn opcode(&mut self) -> Option<(u16, u8)> {
        let first = self.byte()?;
        let key = if first >= 0xfb { (first, self.unsigned()? as u32) } else { (0, u32::from(first)) };
        Some((*BY_OPCODE.get(&key)?, first))
    }

    /// A constant expression.
    fn expression(&mut self) -> Option<()> {
        let types = Types::default();
        loop {
            let (row, first) = Input { bytes: self.bytes, at: self.at }.opcode()?;
            match ROWS[row as usize].immediates {
                Immediates::Global => {
                    self.opcode()?;
                    self.unsigned()?;
                }
                _ => drop(types.operator(self, &[])?),
            }
            if first == 0x0b {
                return Some(());
            }
        }
    }
}
