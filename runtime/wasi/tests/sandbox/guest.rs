//! A guest that does what a test tells it: every function of WASI, called by code of the engine under test.

use assay_runtime::{Config, Engine, EngineKind, Error, Instance, Linker, Memory, Module, Store, Val};
use assay_wasi::{Errno, FUNCTIONS, WasiCtx};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::sync::{Mutex, OnceLock, PoisonError};

/// Where the guest keeps things in its memory. Results at `OUT`, lists of buffers at `LIST`, paths and bytes above.
pub(crate) const OUT: u32 = 256;
pub(crate) const LIST: u32 = 1024;
pub(crate) const PATH: u32 = 16 << 10;
pub(crate) const OTHER_PATH: u32 = 1 << 20;
pub(crate) const BYTES: u32 = 2 << 20;
pub(crate) const MEMORY: u32 = 4 << 20;

/// Rights, with the specification's bits.
pub(crate) const READ: u64 = 1 << 1;
pub(crate) const SEEK: u64 = 1 << 2;
pub(crate) const TELL: u64 = 1 << 5;
pub(crate) const WRITE: u64 = 1 << 6;
/// All that files and directories have.
pub(crate) const ALL: u64 = (1 << 28) - 1;
/// All that a file has.
pub(crate) const FILE: u64 = 0b1000_1110_0000_0000_0001_1111_1111;

pub(crate) const CREAT: u32 = 1;
pub(crate) const DIRECTORY: u32 = 2;
pub(crate) const EXCL: u32 = 4;
pub(crate) const TRUNC: u32 = 8;

/// What a function answers: a value, or an error number.
pub(crate) type Answer<T = ()> = Result<T, u32>;

pub(crate) struct Guest {
    pub(crate) store: Store<WasiCtx>,
    instance: Instance,
    memory: Memory,
}

/// The engines that have to agree.
pub(crate) const ENGINES: [EngineKind; 2] = [EngineKind::Jit, EngineKind::Interp];

fn engine(kind: EngineKind) -> &'static Engine {
    static ENGINES: Mutex<Vec<(EngineKind, &'static Engine)>> = Mutex::new(Vec::new());
    let mut engines = ENGINES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, engine)) = engines.iter().find(|(known, _)| *known == kind) {
        return engine;
    }
    let mut config = Config::new();
    config.engine(kind).epoch_interruption(true);
    let engine = Box::leak(Box::new(Engine::new(&config).unwrap()));
    engines.push((kind, engine));
    engine
}

/// A module that exports every function of WASI, each called by a function of its own.
fn module(kind: EngineKind, imports: &'static str) -> Module {
    static MODULES: OnceLock<Mutex<HashMap<(bool, &'static str), Module>>> = OnceLock::new();
    let mut modules = MODULES.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    let build = || Module::new(engine(kind), text(engine(kind), imports)).unwrap();
    modules.entry((kind == EngineKind::Jit, imports)).or_insert_with(build).clone()
}

fn text(engine: &Engine, imports: &str) -> String {
    let mut linker = Linker::<WasiCtx>::new(engine);
    assay_wasi::add_to_linker(&mut linker, |ctx| ctx).unwrap();
    let mut store = Store::new(engine, assay_wasi::WasiCtxBuilder::new().build().unwrap());
    let (mut import, mut body) = (String::new(), String::new());
    for name in FUNCTIONS.iter().copied() {
        let ty = linker.get(&mut store, imports, name).unwrap().ty(&store);
        let assay_runtime::ExternType::Func(ty) = ty else { panic!("{name} is a function") };
        let params: Vec<String> = ty.params().map(|ty| ty.to_string()).collect();
        let params = params.join(" ");
        let results = if ty.results().len() == 0 { "" } else { "(result i32)" };
        writeln!(import, "(import \"{imports}\" \"{name}\" (func ${name} (param {params}) {results}))")
            .unwrap();
        let gets: String = (0..ty.params().len()).map(|index| format!("(local.get {index})")).collect();
        writeln!(body, "(func (export \"{name}\") (param {params}) {results} (call ${name} {gets}))")
            .unwrap();
    }
    format!("(module {import} (memory (export \"memory\") 64) {body})")
}

/// An argument: 32 or 64 bits, by the type of the parameter.
pub(crate) trait Argument {
    fn val(self) -> Val;
}

impl Argument for u32 {
    fn val(self) -> Val {
        Val::I32(self.cast_signed())
    }
}

impl Argument for u64 {
    fn val(self) -> Val {
        Val::I64(self.cast_signed())
    }
}

/// Arguments of any types as values.
macro_rules! args {
    ($($value:expr),* $(,)?) => { &[$($crate::guest::Argument::val($value)),*] };
}
pub(crate) use args;

/// Each error number of each function that was seen, and whether that has been said.
static ANSWERS: Mutex<BTreeMap<(String, u32), bool>> = Mutex::new(BTreeMap::new());

fn answered(name: &str, errno: u32) {
    let mut answers = ANSWERS.lock().unwrap_or_else(PoisonError::into_inner);
    answers.entry((name.to_owned(), errno)).or_insert(false);
}

/// Says which error numbers are new, for the process that compares them with the table.
pub(crate) fn say_answers() {
    let mut answers = ANSWERS.lock().unwrap_or_else(PoisonError::into_inner);
    for ((name, errno), said) in answers.iter_mut().filter(|(_, said)| !**said) {
        println!("answer: {name} {errno}");
        *said = true;
    }
}

impl Guest {
    pub(crate) fn new(kind: EngineKind, ctx: WasiCtx) -> Self {
        Self::importing(kind, "wasi_snapshot_preview1", ctx)
    }

    pub(crate) fn importing(kind: EngineKind, imports: &'static str, ctx: WasiCtx) -> Self {
        let engine = engine(kind);
        let mut linker = Linker::<WasiCtx>::new(engine);
        assay_wasi::add_to_linker(&mut linker, |ctx| ctx).unwrap();
        let mut store = Store::new(engine, ctx);
        store.set_epoch_deadline(u64::MAX / 2);
        let instance = linker.instantiate(&mut store, &module(kind, imports)).unwrap();
        let memory = instance.get_memory(&mut store, "memory").unwrap();
        Self { store, instance, memory }
    }

    /// Calls a function; its error number, or what unwound the guest.
    pub(crate) fn try_call(&mut self, name: &str, args: &[Val]) -> Result<u32, Error> {
        let func = self.instance.get_func(&mut self.store, name).unwrap();
        let mut results = vec![Val::I32(0); func.ty(&self.store).results().len()];
        func.call(&mut self.store, args, &mut results)?;
        Ok(results.first().and_then(Val::i32).unwrap_or(0).cast_unsigned())
    }

    /// Calls a function that does not unwind.
    pub(crate) fn call(&mut self, name: &str, args: &[Val]) -> Answer {
        match self.try_call(name, args) {
            Ok(0) => Ok(()),
            Ok(errno) => {
                let known = (0..=76).contains(&errno);
                assert!(known, "{name} answered {errno}");
                answered(name, errno);
                Err(errno)
            }
            Err(error) => panic!("{name} unwound the guest: {error}"),
        }
    }

    pub(crate) fn put(&mut self, at: u32, bytes: &[u8]) {
        self.memory.write(&mut self.store, at as usize, bytes).unwrap();
    }

    pub(crate) fn bytes(&self, at: u32, len: u32) -> Vec<u8> {
        let mut bytes = vec![0; len as usize];
        self.memory.read(&self.store, at as usize, &mut bytes).unwrap();
        bytes
    }

    pub(crate) fn u32(&self, at: u32) -> u32 {
        u32::from_le_bytes(self.bytes(at, 4).try_into().unwrap())
    }

    pub(crate) fn u64(&self, at: u32) -> u64 {
        u64::from_le_bytes(self.bytes(at, 8).try_into().unwrap())
    }

    /// Puts a path and gives its place and length.
    pub(crate) fn path(&mut self, at: u32, path: impl AsRef<[u8]>) -> (u32, u32) {
        self.put(at, path.as_ref());
        (at, path.as_ref().len() as u32)
    }

    /// Puts a list of buffers.
    pub(crate) fn list(&mut self, buffers: &[(u32, u32)]) -> (u32, u32) {
        for (index, (at, len)) in buffers.iter().enumerate() {
            self.put(LIST + 8 * index as u32, &at.to_le_bytes());
            self.put(LIST + 8 * index as u32 + 4, &len.to_le_bytes());
        }
        (LIST, buffers.len() as u32)
    }

    pub(crate) fn open_with(
        &mut self,
        fd: u32,
        lookup: u32,
        path: impl AsRef<[u8]>,
        oflags: u32,
        (base, inheriting): (u64, u64),
        fdflags: u32,
    ) -> Answer<u32> {
        let (at, len) = self.path(PATH, path);
        self.call("path_open", args![fd, lookup, at, len, oflags, base, inheriting, fdflags, OUT])?;
        Ok(self.u32(OUT))
    }

    /// Opens with links followed.
    pub(crate) fn open(&mut self, fd: u32, path: impl AsRef<[u8]>, oflags: u32, base: u64) -> Answer<u32> {
        self.open_with(fd, 1, path, oflags, (base, base), 0)
    }

    /// Opens a directory with all that it can have.
    pub(crate) fn directory(&mut self, fd: u32, path: &str) -> Answer<u32> {
        let base = ALL & !(WRITE | 1 << 8 | 1 << 22);
        self.open_with(fd, 1, path, DIRECTORY, (base, ALL), 0)
    }

    pub(crate) fn close(&mut self, fd: u32) -> Answer {
        self.call("fd_close", args![fd])
    }

    pub(crate) fn read(&mut self, fd: u32, len: u32) -> Answer<Vec<u8>> {
        let (list, count) = self.list(&[(BYTES, len)]);
        self.call("fd_read", args![fd, list, count, OUT])?;
        let count = self.u32(OUT);
        Ok(self.bytes(BYTES, count))
    }

    pub(crate) fn write(&mut self, fd: u32, bytes: impl AsRef<[u8]>) -> Answer<u32> {
        self.put(BYTES, bytes.as_ref());
        let (list, count) = self.list(&[(BYTES, bytes.as_ref().len() as u32)]);
        self.call("fd_write", args![fd, list, count, OUT])?;
        Ok(self.u32(OUT))
    }

    pub(crate) fn seek(&mut self, fd: u32, offset: i64, whence: u32) -> Answer<u64> {
        self.call("fd_seek", args![fd, offset.cast_unsigned(), whence, OUT])?;
        Ok(self.u64(OUT))
    }

    /// What a file holds, through a descriptor of its own.
    pub(crate) fn contents(&mut self, fd: u32, path: &str) -> Answer<Vec<u8>> {
        let file = self.open(fd, path, 0, READ)?;
        let bytes = self.read(file, 4096)?;
        self.close(file)?;
        Ok(bytes)
    }

    /// A function that takes a directory and a path.
    pub(crate) fn on_path(&mut self, name: &str, fd: u32, path: impl AsRef<[u8]>) -> Answer {
        let (at, len) = self.path(PATH, path);
        self.call(name, args![fd, at, len])
    }

    pub(crate) fn stat(&mut self, fd: u32, lookup: u32, path: impl AsRef<[u8]>) -> Answer<Vec<u8>> {
        let (at, len) = self.path(PATH, path);
        self.call("path_filestat_get", args![fd, lookup, at, len, OUT])?;
        Ok(self.bytes(OUT, 64))
    }

    pub(crate) fn set_times(&mut self, fd: u32, lookup: u32, path: impl AsRef<[u8]>) -> Answer {
        let (at, len) = self.path(PATH, path);
        self.call("path_filestat_set_times", args![fd, lookup, at, len, 1_u64 << 40, 1_u64 << 40, 5_u32])
    }

    pub(crate) fn two_paths(
        &mut self,
        name: &str,
        (old_fd, old): (u32, &str),
        (new_fd, new): (u32, &str),
    ) -> Answer {
        let (old, old_len) = self.path(PATH, old);
        let (new, new_len) = self.path(OTHER_PATH, new);
        match name {
            "path_link" => self.call(name, args![old_fd, 0_u32, old, old_len, new_fd, new, new_len]),
            _ => self.call(name, args![old_fd, old, old_len, new_fd, new, new_len]),
        }
    }

    pub(crate) fn symlink(&mut self, text: impl AsRef<[u8]>, fd: u32, path: impl AsRef<[u8]>) -> Answer {
        let (text, text_len) = self.path(OTHER_PATH, text);
        let (at, len) = self.path(PATH, path);
        self.call("path_symlink", args![text, text_len, fd, at, len])
    }

    pub(crate) fn readlink(&mut self, fd: u32, path: impl AsRef<[u8]>, room: u32) -> Answer<Vec<u8>> {
        let (at, len) = self.path(PATH, path);
        self.call("path_readlink", args![fd, at, len, BYTES, room, OUT])?;
        let used = self.u32(OUT);
        Ok(self.bytes(BYTES, used))
    }

    /// The names of a directory, by as many calls as the room for each takes.
    pub(crate) fn names(&mut self, fd: u32, room: u32) -> Answer<Vec<String>> {
        let (mut names, mut cookie) = (Vec::new(), 0_u64);
        loop {
            self.call("fd_readdir", args![fd, BYTES, room, cookie, OUT])?;
            let used = self.u32(OUT);
            let mut at = 0;
            while at + 24 <= used {
                let name_len = self.u32(BYTES + at + 16);
                if at + 24 + name_len > used {
                    break;
                }
                cookie = self.u64(BYTES + at);
                names.push(String::from_utf8(self.bytes(BYTES + at + 24, name_len)).unwrap());
                at += 24 + name_len;
            }
            if used < room {
                names.sort();
                return Ok(names);
            }
        }
    }

    /// The kind, flags and rights of a descriptor.
    pub(crate) fn fdstat(&mut self, fd: u32) -> Answer<(u8, u16, u64, u64)> {
        self.call("fd_fdstat_get", args![fd, OUT])?;
        let record = self.bytes(OUT, 24);
        let flags = u16::from_le_bytes([record[2], record[3]]);
        Ok((record[0], flags, self.u64(OUT + 8), self.u64(OUT + 16)))
    }
}

/// A call that has to be refused, with one of these error numbers.
#[track_caller]
pub(crate) fn refused<T: std::fmt::Debug>(answer: Answer<T>, errnos: &[Errno]) {
    let given = answer.expect_err("the call is refused");
    assert!(errnos.iter().any(|errno| u32::from(errno.raw()) == given), "{given} is not among {errnos:?}");
}
