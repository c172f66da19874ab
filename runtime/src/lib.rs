//! Assay, a WebAssembly runtime: the API for embedders.
//!
//! An [`Engine`] holds settings and types, a [`Module`] compiled or lowered code, a [`Store`] the objects of running
//! instances. Names and shapes are those that users of `wasmtime` know.
//!
//! ```
//! use assay_runtime::{Engine, Instance, Module, Store};
//!
//! # fn main() -> assay_runtime::Result<()> {
//! let engine = Engine::default();
//! let module = Module::new(&engine, r#"(module (func (export "add") (param i32 i32) (result i32)
//!     local.get 0 local.get 1 i32.add))"#)?;
//! let mut store = Store::new(&engine, ());
//! let instance = Instance::new(&mut store, &module, &[])?;
//! let add = instance.get_typed_func::<(i32, i32), i32>(&mut store, "add")?;
//! assert_eq!(add.call(&mut store, (2, 3))?, 5);
//! # Ok(())
//! # }
//! ```
//!
//! This crate joins the rooms of the runtime and decides nothing about the meaning of WebAssembly itself. Wasm input
//! is hostile: whatever is wrong with it is an [`Error`], never a panic.
#![deny(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

mod artifact;
mod cache;
mod config;
mod engine;
mod error;
mod externals;
mod func;
mod gc;
mod global;
#[cfg(feature = "inspect")]
pub mod inspect;
mod instance;
mod limits;
mod linker;
mod memory;
mod module;
mod precompiled;
mod shared_memory;
mod store;
mod symbols;
mod table;
pub mod text;
mod types;
mod val;

pub use artifact::{ArtifactError, SettingMismatch};
pub use assay_compile::{Target, VectorExtensions};
pub use assay_model::features::{Feature, FeatureSet};
pub use assay_model::trap::TrapKind as Trap;
pub use assay_model::types::{
    FieldType, GlobalType, HeapType, MemoryType, Mutability, RefType, StorageType, TableType, ValType,
};
pub use assay_vm::WaitResult;
pub use cache::{Cache, CacheConfig};
pub use config::{Config, EngineKind, OptLevel};
pub use engine::Engine;
pub use error::{
    Error, FrameInfo, LinkError, MemoryAccess, MissingImport, ModuleError, Result, Stage, TextError,
    TrapError, WasmBacktrace,
};
pub use externals::{Extern, ExternType};
pub use func::{Caller, Func, IntoFunc, TypedFunc, WasmParams, WasmResults, WasmRet, WasmTy};
pub use gc::{
    AnyRef, ArrayRef, ArrayType, EqRef, ExnRef, ExternRef, GcRef, GcStats, I31, OwnedRooted, RootScope,
    Rooted, StructRef, StructType, Tag, TagType, ThrownException,
};
pub use global::Global;
pub use instance::{Instance, InstancePre};
pub use limits::{ResourceLimiter, StoreLimits, StoreLimitsBuilder};
pub use linker::Linker;
pub use memory::Memory;
pub use module::{ExportType, ImportType, Module};
pub use precompiled::Precompiled;
pub use shared_memory::SharedMemory;
pub use store::{AsContext, AsContextMut, Interruption, Store, StoreContext, StoreContextMut};
pub use symbols::FrameSymbol;
pub use table::Table;
pub use types::FuncType;
pub use val::{Ref, Val};
