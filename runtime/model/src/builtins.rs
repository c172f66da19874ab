//! What compiled code asks the machine to do while it runs: names, order and signatures of the builtin functions.
//!
//! Code loads the function from the table at `VmCtxLayout::BUILTINS` and calls it with the host's C convention. A
//! builtin that can fail returns a status: 0, or the code of a [`crate::trap::TrapKind`], with which code calls
//! [`Builtin::Raise`]. Bulk operators do their own bounds checks here; the interpreter has checks of its own.

/// How a parameter or result of a builtin travels.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum BuiltinType {
    /// A pointer.
    Ptr,
    /// 32 bits.
    I32,
    /// 64 bits.
    I64,
}

macro_rules! builtins {
    ($($(#[$doc:meta])* $name:ident ($($param:ident),*) $(-> $result:ident)?;)*) => {
        /// A builtin function. `as usize` is its place in the table.
        #[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
        #[repr(usize)]
        pub enum Builtin {
            $($(#[$doc])* $name,)*
        }

        impl Builtin {
            /// Every builtin, in table order.
            pub const ALL: &'static [Builtin] = &[$(Builtin::$name,)*];

            /// Parameters.
            pub fn params(self) -> &'static [BuiltinType] {
                match self { $(Builtin::$name => &[$(BuiltinType::$param,)*],)* }
            }

            /// The result.
            pub fn result(self) -> Option<BuiltinType> {
                match self { $(Builtin::$name => { let results: &[BuiltinType] = &[$(BuiltinType::$result)?]; results.first().copied() },)* }
            }
        }
    };
}

builtins! {
    /// `(store, code)`: leaves compiled code. Called directly by the frame that fails, so that the machine finds the
    /// position in the return address. `code` is a trap code, or 0 when the reason already waits in the store, or a
    /// tail call. Does not return.
    Raise(Ptr, I32);
    /// `(vmctx, memory, delta pages) -> old pages or -1`, for `memory.grow`. Narrow the result for 32-bit memories.
    MemoryGrow(Ptr, I32, I64) -> I64;
    /// `(vmctx, memory, start, byte, length) -> status`, for `memory.fill`.
    MemoryFill(Ptr, I32, I64, I32, I64) -> I32;
    /// `(vmctx, destination memory, source memory, destination, source, length) -> status`, for `memory.copy`.
    MemoryCopy(Ptr, I32, I32, I64, I64, I64) -> I32;
    /// `(vmctx, memory, segment, destination, source, length) -> status`, for `memory.init`.
    MemoryInit(Ptr, I32, I32, I64, I32, I32) -> I32;
    /// `(vmctx, segment)`, for `data.drop`.
    DataDrop(Ptr, I32);
    /// `(vmctx, table, delta, initial element) -> old size or -1`, for `table.grow`.
    TableGrow(Ptr, I32, I64, I64) -> I64;
    /// `(vmctx, table, start, element, length) -> status`, for `table.fill`.
    TableFill(Ptr, I32, I64, I64, I64) -> I32;
    /// `(vmctx, destination table, source table, destination, source, length) -> status`, for `table.copy`.
    TableCopy(Ptr, I32, I32, I64, I64, I64) -> I32;
    /// `(vmctx, table, segment, destination, source, length) -> status`, for `table.init`.
    TableInit(Ptr, I32, I32, I64, I32, I32) -> I32;
    /// `(vmctx, segment)`, for `elem.drop`.
    ElemDrop(Ptr, I32);
    /// `(vmctx, memory, index, offset, expected, timeout) -> result or minus trap code`, for `memory.atomic.wait32`.
    /// The address is index plus offset; all checks are done by the builtin.
    MemoryAtomicWait32(Ptr, I32, I64, I64, I32, I64) -> I64;
    /// As the one before, for `memory.atomic.wait64`.
    MemoryAtomicWait64(Ptr, I32, I64, I64, I64, I64) -> I64;
    /// `(vmctx, memory, index, offset, count) -> woken threads or minus trap code`, for `memory.atomic.notify`.
    MemoryAtomicNotify(Ptr, I32, I64, I64, I32) -> I64;
    /// `(vmctx, host address, width, operator)`, in front of every access to a memory, where a judge wants to know.
    Access(Ptr, I64, I32, I32);
    /// `(vmctx, canonical type, length) -> object or 0`, where inline allocation finds no room. May collect. The header is
    /// written, the body is zero; 0 is [`crate::trap::TrapKind::AllocationTooLarge`].
    GcAllocate(Ptr, I32, I32) -> I32;
    /// `(vmctx, canonical type, segment, from, length) -> array or minus trap code`, for `array.new_data`. May collect.
    ArrayNewData(Ptr, I32, I32, I32, I32) -> I64;
    /// As the one before, for `array.new_elem`.
    ArrayNewElem(Ptr, I32, I32, I32, I32) -> I64;
    /// `(vmctx, array, start, length, low and high bits of the value) -> status`, for `array.fill`. The array is not null.
    ArrayFill(Ptr, I32, I32, I32, I64, I64) -> I32;
    /// `(vmctx, destination, start, source, start, length) -> status`, for `array.copy`. The arrays are not null.
    ArrayCopy(Ptr, I32, I32, I32, I32, I32) -> I32;
    /// `(vmctx, segment, array, start, from, length) -> status`, for `array.init_data`. The array is not null.
    ArrayInitData(Ptr, I32, I32, I32, I32, I32) -> I32;
    /// As the one before, for `array.init_elem`.
    ArrayInitElem(Ptr, I32, I32, I32, I32, I32) -> I32;
    /// `(vmctx, canonical type, canonical type) -> whether the first is the second or below it`.
    IsSubtype(Ptr, I32, I32) -> I32;
    /// `(store, exception)`: leaves for the handler of an exception, which is not null. Does not return.
    ThrowRef(Ptr, I32);
}
