//! The table of workloads: what runs, how it is driven, how much of it, and the checksum it must give.
//!
//! Each row names a module from `workloads/` (committed with its source) or the generated one. A row's
//! `check` is a small run whose checksum is known from outside any engine: for the C sources it was
//! computed by the host's own compiler (`workloads/build.sh native`). `compiled` and `interpreted` are
//! the amounts of work per sample, chosen so that a sample lasts long enough to measure. Knows no engine.
//! Read by `plan` and `measure`.

use std::borrow::Cow;

use serde::Serialize;

use crate::generate;

/// What a workload's figure tells about; geometric means are taken per group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// Wasm code running.
    Execution,
    /// Vector operators.
    Simd,
    /// Memories with 64-bit addresses.
    Memory64,
    /// Calls through a table that nothing writes to.
    CallIndirect,
    /// Calls in tail position.
    TailCall,
    /// Objects of the GC heap: made, read, called through.
    Gc,
    /// Questions about the types of objects.
    Casts,
    /// Exceptions, thrown and caught.
    Exceptions,
    /// The border between wasm and host.
    HostCall,
    /// From a module to an instance.
    Instantiate,
    /// From bytes to a module.
    Compile,
    /// Calls of WASI, in a folder of the host.
    Wasi,
}

impl Group {
    /// All groups in the order of the report.
    pub const ALL: [Group; 12] = [
        Group::Execution,
        Group::Simd,
        Group::Memory64,
        Group::CallIndirect,
        Group::TailCall,
        Group::Gc,
        Group::Casts,
        Group::Exceptions,
        Group::HostCall,
        Group::Instantiate,
        Group::Compile,
        Group::Wasi,
    ];

    /// The group's name, as in JSON and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Group::Execution => "execution",
            Group::Simd => "simd",
            Group::Memory64 => "memory64",
            Group::CallIndirect => "call-indirect",
            Group::TailCall => "tail-call",
            Group::Gc => "gc",
            Group::Casts => "casts",
            Group::Exceptions => "exceptions",
            Group::HostCall => "host-call",
            Group::Instantiate => "instantiate",
            Group::Compile => "compile",
            Group::Wasi => "wasi",
        }
    }
}

/// How a sample is driven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drive {
    /// One call of this export with the amount as its argument.
    Run(&'static str),
    /// The same, by an instance that has WASI and a folder of its own. `prepare` has been called before.
    Wasi(&'static str),
    /// As many typed calls of `tick` from the host.
    TypedCalls,
    /// As many calls of `tick` with a slice of values.
    UntypedCalls,
    /// As many instances, each in a store of its own; each probed once or left alone.
    Instances {
        /// Whether `probe` is called on each instance.
        probe: bool,
    },
    /// As many instances in one store, importing memory, table and globals; each probed once.
    LinkedInstances,
    /// As many compilations; the module is run once afterwards, outside the clock.
    Compilations,
}

/// One row.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    /// Unique name, as in JSON and for filters.
    pub name: &'static str,
    /// The mean it belongs to.
    pub group: Group,
    /// How it is driven.
    pub drive: Drive,
    /// Where the module comes from.
    pub source: Source,
    /// A small amount and the checksum it must give.
    pub check: (u32, i64),
    /// Amount per sample for engines that run machine code.
    pub compiled: u32,
    /// Amount per sample for interpreters.
    pub interpreted: u32,
}

/// Where a module's bytes come from.
#[derive(Clone, Copy, Debug)]
pub enum Source {
    /// Committed beside its source in `workloads/`.
    File(&'static [u8]),
    /// Written by `generate` from this seed and to at least this size.
    Generated {
        /// Seed of the generator.
        seed: u64,
        /// Aimed size of the code in bytes.
        bytes: usize,
    },
}

impl Workload {
    /// The module.
    pub fn bytes(&self) -> Cow<'static, [u8]> {
        match self.source {
            Source::File(bytes) => Cow::Borrowed(bytes),
            Source::Generated { seed, bytes } => Cow::Owned(generate::module(seed, bytes)),
        }
    }
}

/// What `consumer` imports in `Drive::LinkedInstances`.
pub const PROVIDER: &[u8] = include_bytes!("../workloads/provider.wasm");

macro_rules! file {
    ($name:literal) => {
        Source::File(include_bytes!(concat!("../workloads/", $name, ".wasm")))
    };
}

const GC: Source = file!("gc");
const EXCEPTIONS: Source = file!("exceptions");
const HOST_CALLS: Source = file!("host_calls");
const INSTANCE: Source = file!("instance");
const GENERATED: Source = Source::Generated { seed: 0x5eed_0001, bytes: 1_000_000 };

const fn run(
    name: &'static str,
    source: Source,
    check: (u32, i64),
    compiled: u32,
    interpreted: u32,
) -> Workload {
    of(Group::Execution, name, source, check, compiled, interpreted)
}

const fn of(
    group: Group,
    name: &'static str,
    source: Source,
    check: (u32, i64),
    compiled: u32,
    interpreted: u32,
) -> Workload {
    let drive = Drive::Run("run");
    Workload { name, group, drive, source, check, compiled, interpreted }
}

const fn other(
    name: &'static str,
    group: Group,
    drive: Drive,
    source: Source,
    check: (u32, i64),
    amounts: (u32, u32),
) -> Workload {
    Workload { name, group, drive, source, check, compiled: amounts.0, interpreted: amounts.1 }
}

/// How many pieces of 64 KiB the file has that is copied: 64 MiB.
pub const PIECES: u32 = 1024;

const fn wasi(name: &'static str, export: &'static str, check: (u32, i64), amount: u32) -> Workload {
    other(name, Group::Wasi, Drive::Wasi(export), file!("wasi"), check, (amount, amount))
}

/// Every workload.
pub const WORKLOADS: &[Workload] = &[
    run("mix", file!("mix"), (3, 7112786808405667327), 250, 40),
    run("matmul-f64", file!("matmul_f64"), (2, -8772414026895023860), 8, 1),
    run("matmul-i32", file!("matmul_i32"), (2, -1115933749578523748), 8, 1),
    run("nbody", file!("nbody"), (2000, 6135169463214202462), 80_000, 5000),
    run("sieve", file!("sieve"), (3, 8874395281727611726), 60, 5),
    run("sha256", file!("sha256"), (3, -3473008438629158598), 1000, 50),
    run("dispatch", file!("dispatch"), (300, 2316693169658893490), 5000, 1000),
    run("fib", file!("fib"), (15, 610), 31, 28),
    run("tak", file!("tak"), (2, 6705921419134315), 60, 15),
    run("ackermann", file!("ackermann"), (2, 486665836782437296), 40, 6),
    run("indirect", file!("indirect"), (5000, -6713230874678943857), 300_000, 80_000),
    run("copies", file!("copies"), (2, 3661846514875428941), 300, 300),
    run("small-copies", file!("small_copies"), (5000, 675957758791558581), 300_000, 100_000),
    of(Group::Simd, "simd-matmul", file!("simd_matmul"), (2, 3339645230990540160), 25, 3),
    of(Group::Simd, "simd-blend", file!("simd_blend"), (3, -267189817747818769), 250, 15),
    of(Group::Simd, "simd-fractal", file!("simd_fractal"), (2, -1152582744130714326), 15, 2),
    of(Group::Simd, "simd-xor", file!("simd_xor"), (200, 312326638034484169), 20_000, 600),
    of(Group::Memory64, "memory64-mix", file!("mix.memory64"), (3, 7112786808405667327), 250, 40),
    of(Group::Memory64, "memory64-matmul", file!("matmul_f64.memory64"), (2, -8772414026895023860), 8, 1),
    of(Group::Memory64, "memory64-sieve", file!("sieve.memory64"), (3, 8874395281727611726), 60, 5),
    of(Group::Memory64, "memory64-sha256", file!("sha256.memory64"), (3, -3473008438629158598), 1000, 50),
    of(Group::CallIndirect, "callbacks", file!("callbacks"), (20, 2831294830597697141), 1000, 120),
    of(Group::CallIndirect, "objects", file!("objects"), (20, -1711664308323948206), 2000, 400),
    of(Group::CallIndirect, "sort", file!("sort"), (4, -917777513725456100), 100, 15),
    of(Group::TailCall, "states", file!("states"), (2, 6698344542463844521), 80, 20),
    of(Group::TailCall, "bytecode", file!("bytecode"), (1000, 996887336570058087), 100_000, 20_000),
    other("gc-trees", Group::Gc, Drive::Run("trees"), GC, (3, 68_604), (200, 40)),
    other("gc-lists", Group::Gc, Drive::Run("lists"), GC, (3, 1_498_500), (400, 80)),
    other("gc-methods", Group::Gc, Drive::Run("methods"), GC, (3, 4608), (1000, 100)),
    other("gc-casts", Group::Casts, Drive::Run("casts"), GC, (3, 3072), (2000, 200)),
    other(
        "exceptions-near",
        Group::Exceptions,
        Drive::Run("near"),
        EXCEPTIONS,
        (100, 4950),
        (20_000, 10_000),
    ),
    other("exceptions-far", Group::Exceptions, Drive::Run("far"), EXCEPTIONS, (100, 4950), (10_000, 5_000)),
    other(
        "wasm-to-host",
        Group::HostCall,
        Drive::Run("run"),
        HOST_CALLS,
        (1000, 562641396),
        (1_000_000, 200_000),
    ),
    other(
        "wasm-to-host-data",
        Group::HostCall,
        Drive::Run("run_with_data"),
        HOST_CALLS,
        (1000, 499500),
        (1_000_000, 200_000),
    ),
    other(
        "host-to-wasm",
        Group::HostCall,
        Drive::TypedCalls,
        HOST_CALLS,
        (1000, 2087643529),
        (200_000, 100_000),
    ),
    other(
        "host-to-wasm-untyped",
        Group::HostCall,
        Drive::UntypedCalls,
        HOST_CALLS,
        (1000, 2087643529),
        (40_000, 40_000),
    ),
    other(
        "instantiate",
        Group::Instantiate,
        Drive::Instances { probe: false },
        INSTANCE,
        (10, 10),
        (200, 200),
    ),
    other(
        "instantiate-and-call",
        Group::Instantiate,
        Drive::Instances { probe: true },
        INSTANCE,
        (10, 2693563386),
        (200, 200),
    ),
    other(
        "instantiate-linked",
        Group::Instantiate,
        Drive::LinkedInstances,
        file!("consumer"),
        (10, 19366173220),
        (1000, 1000),
    ),
    other(
        "compile-generated",
        Group::Compile,
        Drive::Compilations,
        GENERATED,
        (1, 6472082469231355734),
        (1, 1),
    ),
    other(
        "compile-mix",
        Group::Compile,
        Drive::Compilations,
        file!("mix"),
        (3, 7112786808405667327),
        (1, 30),
    ),
    other("compile-tiny", Group::Compile, Drive::Compilations, file!("fib"), (15, 610), (15, 300)),
    wasi("wasi-copy", "copy", (3, 3), PIECES),
    wasi("wasi-write", "write", (100, 100), 10_000),
    wasi("wasi-clock", "clock", (100, 100), 100_000),
    wasi("wasi-open", "open", (100, 100), 2000),
];
