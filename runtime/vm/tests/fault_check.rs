//! A fault of compiled code is a trap only if the instruction *and* the address explain it.
//!
//! The code here is written by hand, as a miscompiled function would look: it stands in the trap table, but reaches
//! past the guard of its memory, or reads where no memory is. Each case runs in a process of its own.
#![expect(unsafe_code, reason = "runs machine code written by hand")]
#![allow(clippy::unwrap_used, reason = "tests")]

use assay_model::artifact::{CodeArtifact, CodeRange, TrapSite};
use assay_model::index::{EscapeIdx, FuncIdx, MemoryIdx, TypeIdx};
use assay_model::layout::{AbiSig, VmCtxLayout};
use assay_model::module::{Export, FuncDecl, ImportItem, ModuleModel};
use assay_model::trap::TrapKind;
use assay_model::types::{FuncType, MemoryType, SubType};
use assay_vm::{
    CodeImage, DefinedFuncs, Imports, InstanceParts, MemoryPlan, Reason, Store, Surroundings, TypeInfos,
    Value,
};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// `sub rsp, 8; call rsi; add rsp, 8; ret`: an entry trampoline for functions without values.
const ENTRY: &[u8] = &[0x48, 0x83, 0xec, 0x08, 0xff, 0xd6, 0x48, 0x83, 0xc4, 0x08, 0xc3];

/// `push rbp; mov rbp, rsp; mov rax, [rdi + base slot]; mov rcx, offset; mov al, [rax + rcx]; pop rbp; ret`.
fn reader(slot: u32, offset: u64) -> (Vec<u8>, u32) {
    let mut code = vec![0x55, 0x48, 0x89, 0xe5, 0x48, 0x8b, 0x87];
    code.extend(slot.to_le_bytes());
    code.extend([0x48, 0xb9]);
    code.extend(offset.to_le_bytes());
    let load = code.len() as u32;
    code.extend([0x8a, 0x04, 0x08, 0x5d, 0xc3]);
    (code, load)
}

/// Calls a function that reads the byte at `offset` of its memory; `kind` is what its trap table says.
fn read_at(offset: u64, kind: Option<TrapKind>) -> Result<(), Reason> {
    let nothing = FuncType::new([], []);
    let model = ModuleModel {
        types: vec![SubType::plain_func(nothing.clone())],
        rec_groups: vec![1],
        funcs: vec![FuncDecl { ty: TypeIdx(0), escape: Some(EscapeIdx(0)), exact: false }],
        memories: vec![MemoryType::new(1, Some(1))],
        exports: vec![Export { name: "f".to_owned(), item: ImportItem::Func(FuncIdx(0)) }],
        bodies: std::iter::once(0..0).collect(),
        escaping_funcs: 1,
        ..ModuleModel::default()
    };
    let layout = VmCtxLayout::new(&model);
    let (mut text, load) = reader(layout.memory(MemoryIdx(0)), offset);
    let function = CodeRange { start: 0, len: text.len() as u32 };
    let entry = CodeRange { start: function.len, len: ENTRY.len() as u32 };
    text.extend(ENTRY);
    let shape = AbiSig::of(&nothing, &|_| false);
    let artifact = CodeArtifact {
        text,
        functions: vec![function],
        entry_trampolines: vec![(shape.clone(), entry)],
        traps: kind.map(|kind| TrapSite { offset: load, kind }).into_iter().collect(),
        ..CodeArtifact::default()
    };
    assay_vm::install_signal_handlers();
    let image = CodeImage::load(artifact, 0, 1).unwrap();
    let code = DefinedFuncs::compiled(&model, &[0], &image, &|_| shape.clone(), |_| 0).unwrap();
    let parts = InstanceParts {
        layout,
        type_ids: Arc::new([0]),
        bytes: Arc::new([]),
        code,
        memories: MemoryPlan { guards: true, around: Surroundings::Plain },
        token: 1,
        model: Arc::new(model),
    };
    let mut store = Store::new(&Arc::new(AtomicU64::new(0)), &Arc::new(TypeInfos::new().unwrap()), 256 << 10);
    let instance = store.instantiate(&parts, Imports::default()).unwrap();
    let func = store.instance_item(instance, ImportItem::Func(FuncIdx(0))).func().unwrap();
    let mut values: [Value; 0] = [];
    // SAFETY: the function takes and gives no values.
    unsafe { store.call(func, &mut values) }.map_err(|raised| raised.reason)
}

/// Runs one case of this program in a process of its own.
fn in_child(offset: u64, kind: &str) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "child", "--nocapture"])
        .env("READ_AT", offset.to_string())
        .env("TRAP_KIND", kind);
    command.output().unwrap()
}

#[test]
fn child() {
    let Ok(offset) = std::env::var("READ_AT") else { return };
    let kind = match std::env::var("TRAP_KIND").unwrap().as_str() {
        "memory" => Some(TrapKind::MemoryOutOfBounds),
        "divide" => Some(TrapKind::IntegerDivideByZero),
        _ => None,
    };
    println!("{:?}", read_at(offset.parse().unwrap(), kind));
}

fn is_finding(output: &Output) -> bool {
    let message = String::from_utf8_lossy(&output.stderr);
    output.status.signal() == Some(libc::SIGSEGV) && message.contains("escape: fault outside of its guard")
}

#[test]
fn a_read_within_the_memory_is_no_trap() {
    assert!(read_at(65535, Some(TrapKind::MemoryOutOfBounds)).is_ok());
}

#[test]
fn a_read_in_the_guard_is_a_trap_with_its_address() {
    for offset in [65536, (4 << 30) + 5, (4 << 30) + (32 << 20) - 1] {
        match read_at(offset, Some(TrapKind::MemoryOutOfBounds)) {
            Err(Reason::Trap { kind: TrapKind::MemoryOutOfBounds, detail }) => {
                assert_eq!(detail, Some(offset));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_read_far_from_every_memory_is_a_finding_although_the_trap_table_knows_the_instruction() {
    // An address that is not canonical for the processor: nothing can be mapped there.
    let output = in_child(1 << 62, "memory");
    assert!(is_finding(&output), "{output:?}");
}

#[test]
fn a_fault_in_the_guard_with_another_trap_code_is_a_finding() {
    assert!(is_finding(&in_child(65536, "divide")));
}

#[test]
fn a_fault_of_an_instruction_that_is_not_in_the_trap_table_is_a_finding() {
    assert!(is_finding(&in_child(65536, "none")));
}
