//! A module put together from its parts, in binary: what generators that write [`Code`] hand their functions to.
//!
//! Enters: imports, memory, globals and functions, in the order of their index spaces; leaves: the bytes of a module.

use super::code::{Code, valtype};
use super::shapes::PAGE;
use wasm_encoder as encoder;

/// The parts of a module.
#[derive(Default)]
pub(super) struct Assembly {
    types: encoder::TypeSection,
    imports: encoder::ImportSection,
    functions: encoder::FunctionSection,
    memories: encoder::MemorySection,
    globals: encoder::GlobalSection,
    exports: encoder::ExportSection,
    code: encoder::CodeSection,
    data: encoder::DataSection,
    imported: u32,
    wide: bool,
}

/// What a memory is like.
#[derive(Copy, Clone, Debug)]
pub(super) struct MemoryShape {
    /// Whether addresses have 64 bits.
    pub(super) wide: bool,
    pub(super) shared: bool,
    /// The binary logarithm of the page size.
    pub(super) page: u32,
    pub(super) pages: u64,
    pub(super) most: u64,
}

impl Assembly {
    /// Imports a host function; its index. Before any function is defined.
    pub(super) fn import(&mut self, name: &str, params: &[char], results: &[char]) -> u32 {
        let ty = self.ty(params, results);
        self.imports.import("host", name, encoder::EntityType::Function(ty));
        self.imported += 1;
        self.imported - 1
    }

    /// The memory, exported.
    pub(super) fn memory(&mut self, shape: MemoryShape) {
        let MemoryShape { wide, shared, page, pages, most } = shape;
        self.wide = wide;
        let (minimum, maximum) = (pages, Some(most));
        self.memories.memory(encoder::MemoryType {
            minimum,
            maximum,
            memory64: wide,
            shared,
            page_size_log2: (page != PAGE).then_some(page),
        });
        self.exports.export("memory", encoder::ExportKind::Memory, 0);
    }

    /// What the memory holds at first, at this address.
    pub(super) fn data(&mut self, address: u64, bytes: &[u8]) {
        let mut offset = Code::default();
        offset.constant(if self.wide { 'I' } else { 'i' }, u128::from(address));
        self.data.active(0, &encoder::ConstExpr::raw(offset.bytes().iter().copied()), bytes.iter().copied());
    }

    /// A global of this type and these bits; its index.
    pub(super) fn global(&mut self, ty: char, bits: u128) -> u32 {
        let mut value = Code::default();
        value.constant(ty, bits);
        let value = encoder::ConstExpr::raw(value.bytes().iter().copied());
        let ty = encoder::GlobalType { val_type: encoded(ty), mutable: true, shared: false };
        self.globals.global(ty, &value);
        self.globals.len() - 1
    }

    /// A function; its index. Exported under its name, if it has one.
    pub(super) fn function(&mut self, name: Option<&str>, signature: Signature<'_>, body: &Code) -> u32 {
        let Signature { params, results, locals } = signature;
        let ty = self.ty(params, results);
        self.functions.function(ty);
        let index = self.imported + self.functions.len() - 1;
        if let Some(name) = name {
            self.exports.export(name, encoder::ExportKind::Func, index);
        }
        let mut function = encoder::Function::new_with_locals_types(locals.iter().map(|&ty| encoded(ty)));
        function.raw(body.bytes().iter().copied()).raw([0x0b]);
        self.code.function(&function);
        index
    }

    fn ty(&mut self, params: &[char], results: &[char]) -> u32 {
        let types = |types: &[char]| types.iter().map(|&ty| encoded(ty)).collect::<Vec<_>>();
        self.types.ty().function(types(params), types(results));
        self.types.len() - 1
    }

    /// The module.
    pub(super) fn finish(self) -> Vec<u8> {
        let mut module = encoder::Module::new();
        module.section(&self.types);
        if self.imported > 0 {
            module.section(&self.imports);
        }
        module.section(&self.functions);
        if !self.memories.is_empty() {
            module.section(&self.memories);
        }
        if !self.globals.is_empty() {
            module.section(&self.globals);
        }
        module.section(&self.exports).section(&self.code);
        if !self.data.is_empty() {
            module.section(&self.data);
        }
        module.finish()
    }
}

/// What a function takes, gives and keeps.
#[derive(Copy, Clone, Debug)]
pub(super) struct Signature<'a> {
    pub(super) params: &'a [char],
    pub(super) results: &'a [char],
    pub(super) locals: &'a [char],
}

fn encoded(ty: char) -> encoder::ValType {
    match valtype(ty) {
        0x7f => encoder::ValType::I32,
        0x7e => encoder::ValType::I64,
        0x7d => encoder::ValType::F32,
        0x7c => encoder::ValType::F64,
        _ => encoder::ValType::V128,
    }
}
