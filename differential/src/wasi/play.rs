//! Plays a WASI case in one lane: on a thread of its own, behind its own fences, call by call against the model.
//!
//! Enters: a case, a world in which its tree was just built, a lane; leaves: the answers, what is wrong, and a digest of what
//! only other lanes can be compared by.

use super::case::{Access, WasiCase};
use super::errno;
use super::fence;
use super::layout::{Placed, place};
use super::model::{FILE_SIZE, GREETING, Judged, Model, NOW, OUTPUT, Seen};
use super::signature;
use super::world::{Contents, World};
use crate::judge::{Finding, without_numbers};
use crate::play::guarded;
use assay_runtime::{Config, Engine, EngineKind, Error, Instance, Linker, Memory, Module, Store, Trap, Val};
use assay_wasi::{
    DirPerms, FilePerms, I32Exit, MemoryInputPipe, MemoryOutputPipe, WasiCtx, WasiCtxBuilder, WasiLimits,
};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often time goes on for guests.
const TICK: Duration = Duration::from_millis(10);
/// After so many ticks a call is ended.
const TICKS: u64 = 25;
/// After this time it has to have ended, on the slowest disk.
const LIMIT: Duration = Duration::from_secs(10);

/// A way to play.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Compiled; paths are resolved by the kernel.
    Jit,
    /// Interpreted; paths are resolved by the kernel.
    Interp,
    /// Compiled, without `openat2`: paths are resolved step by step.
    JitStepwise,
    /// Interpreted, without `openat2`: paths are resolved step by step.
    InterpStepwise,
}

impl Lane {
    /// Every lane.
    pub const ALL: [Lane; 4] = [Lane::Jit, Lane::InterpStepwise, Lane::Interp, Lane::JitStepwise];

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Lane::Jit => "wasi-jit",
            Lane::Interp => "wasi-interp",
            Lane::JitStepwise => "wasi-jit-no-openat2",
            Lane::InterpStepwise => "wasi-interp-no-openat2",
        }
    }

    fn is_compiled(self) -> bool {
        matches!(self, Lane::Jit | Lane::JitStepwise)
    }

    pub(super) fn is_stepwise(self) -> bool {
        matches!(self, Lane::JitStepwise | Lane::InterpStepwise)
    }
}

/// An engine with the guest.
struct Player {
    engine: Engine,
    module: Module,
}

/// Both engines, for whose guests time goes on.
pub(super) struct Players {
    jit: Player,
    interp: Player,
    stop: Arc<AtomicBool>,
    ticker: Option<std::thread::JoinHandle<()>>,
}

impl Player {
    fn new(kind: EngineKind) -> Result<Self, Error> {
        let mut config = Config::new();
        config.engine(kind).epoch_interruption(true).parallel_compilation(false);
        let engine = Engine::new(&config)?;
        let module = Module::new(&engine, signature::guest())?;
        Ok(Self { engine, module })
    }
}

impl Players {
    pub(super) fn new() -> Result<Self, Error> {
        let (jit, interp) = (Player::new(EngineKind::Jit)?, Player::new(EngineKind::Interp)?);
        let stop = Arc::new(AtomicBool::new(false));
        let (engines, stopped) = ([jit.engine.clone(), interp.engine.clone()], Arc::clone(&stop));
        let ticker = std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                std::thread::sleep(TICK);
                engines.iter().for_each(Engine::increment_epoch);
            }
        });
        Ok(Self { jit, interp, stop, ticker: Some(ticker) })
    }

    fn of(&self, lane: Lane) -> &Player {
        if lane.is_compiled() { &self.jit } else { &self.interp }
    }
}

impl Drop for Players {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(ticker) = self.ticker.take() {
            let _ended = ticker.join();
        }
    }
}

/// What came of a play.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Played {
    /// What each call answered.
    pub(super) answers: Vec<u32>,
    /// Calls that were refused for want of a right alone.
    pub(super) denied: Vec<usize>,
    /// A digest for each call of what only lanes are compared by.
    pub(super) digests: Vec<u64>,
    /// Whether the kernel has Landlock.
    pub(super) confined: bool,
    /// What has to be in the tree now; who plays elsewhere has looked there.
    #[serde(skip)]
    pub(super) expected: Option<Contents>,
    /// What is wrong.
    pub(super) finding: Option<Finding>,
}

/// A finding about a lane.
pub(super) fn finding(class: &str, lane: Lane, detail: String) -> Finding {
    let signature = format!("{class}: {}", without_numbers(&detail));
    Finding { class: class.to_owned(), signature, detail: format!("{}: {detail}", lane.name()) }
}

/// Plays a case on a thread of its own, which is gone afterwards with everything that it had. `openat2` is refused there in
/// lanes without it, unless this process has none.
pub(super) fn play(
    case: &WasiCase,
    (world, players): (&World, &Players),
    lane: Lane,
    has_openat2: bool,
) -> Result<Played, String> {
    let body = || {
        let mut played = Played::default();
        let root = world.root();
        let guard = || {
            if lane.is_stepwise() && has_openat2 {
                fence::refuse_openat2(Errno::PERM)?;
            }
            play_here(case, world, &root, players.of(lane), lane, &mut played)
        };
        match guarded(guard) {
            Ok(done) => done?,
            Err(message) => {
                let call = case.calls.get(played.answers.len()).map_or_else(String::new, ToString::to_string);
                played.finding = Some(finding("wasi: panic", lane, format!("{call}: {message}")));
            }
        }
        Ok(played)
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name(lane.name().to_owned()).stack_size(8 << 20);
        let spawned =
            thread.spawn_scoped(scope, body).map_err(|error| format!("failed to start a thread: {error}"))?;
        spawned.join().unwrap_or_else(|_| Err("the player itself failed".to_owned()))
    })
}

fn play_here(
    case: &WasiCase,
    world: &World,
    root: &Path,
    player: &Player,
    lane: Lane,
    played: &mut Played,
) -> Result<(), String> {
    let said = |error: &dyn std::fmt::Display| error.to_string();
    let mut builder = WasiCtxBuilder::new();
    let mut others = Others::default();
    grant(case, root, &mut builder)?;
    if case.sockets {
        others.grant(world, &mut builder).map_err(|error| said(&error))?;
    }
    let ctx = builder.build().map_err(|error| said(&error))?;
    let folders: Vec<_> = case.mounts.iter().map(|mount| root.join(&mount.directory)).collect();
    played.confined = fence::confine(&folders)?;
    let mut guest = Guest::new(player, ctx).map_err(|error| said(&error))?;
    let mut model = Model::of(case, root);
    for (number, call) in case.calls.iter().enumerate() {
        let Placed { params, memory } = place(call);
        let began = Instant::now();
        let answered = guest.call(&call.call, &params, &memory);
        let took = began.elapsed();
        others.drain();
        let wrong = match answered {
            Err(error) => Err(("wasi: unwound", error.to_string())),
            Ok(_) if took > LIMIT => Err(("wasi: no end", format!("it took {took:?}"))),
            Ok(Answer::Exit(code)) => check_exit(&call.call, &params, code),
            Ok(Answer::Errno(answer, after)) => {
                played.answers.push(answer);
                let seen =
                    Seen { function: &call.call, params: &params, before: &memory, after: &after, answer };
                check(&mut model, &seen).map(|judged| {
                    if judged.denied {
                        played.denied.push(number);
                    }
                    let mut digest = DefaultHasher::new();
                    judged.open.into_iter().for_each(|range| after[range].hash(&mut digest));
                    played.digests.push(digest.finish());
                })
            }
        };
        if let Err((class, detail)) = wrong {
            played.finding = Some(finding(class, lane, format!("call {number}, {call}: {detail}")));
            return Ok(());
        }
        // What exits answers nothing.
        played.answers.resize(number + 1, errno::SUCCESS);
        played.digests.resize(number + 1, 0);
    }
    played.expected = Some(model.contents());
    Ok(())
}

/// What is wrong with a call: the class and words.
type Wrong = (&'static str, String);

fn check(model: &mut Model, seen: &Seen<'_>) -> Result<Judged, Wrong> {
    if seen.answer == errno::ACCES {
        // Every file of a case can be read and written by whoever plays it: only the second fence says so.
        let words = "only the kernel refused what we should have refused";
        return Err(("escape: second fence", words.to_owned()));
    }
    model.judge(seen).map_err(|wrong| ("wasi: model", wrong))
}

fn check_exit(function: &str, params: &[u64], code: i32) -> Result<(), Wrong> {
    let asked = params.first().map(|&code| code as u32 as i32);
    if function == "proc_exit" && asked == Some(code) {
        return Ok(());
    }
    Err(("wasi: unwound", format!("the guest ended with {code}")))
}

/// Grants what a case says.
fn grant(case: &WasiCase, root: &Path, builder: &mut WasiCtxBuilder) -> Result<(), String> {
    builder.args(&case.args).envs(case.env.iter().cloned());
    builder.stdin(MemoryInputPipe::new(case.stdin.clone().into_bytes()));
    builder.stdout(MemoryOutputPipe::new(OUTPUT)).stderr(MemoryOutputPipe::new(OUTPUT));
    builder.fixed_clock(NOW).seeded_random(7);
    builder.limits(WasiLimits::new().descriptors(case.descriptors).file_size(FILE_SIZE));
    for mount in &case.mounts {
        let (directories, files) = match mount.access {
            Access::ReadWrite => (DirPerms::all(), FilePerms::all()),
            Access::ReadOnly => (DirPerms::READ, FilePerms::READ),
            Access::WriteFiles => (DirPerms::READ, FilePerms::all()),
            Access::WriteDirectories => (DirPerms::all(), FilePerms::READ),
        };
        builder
            .preopened_dir(root.join(&mount.directory), &mount.name, directories, files)
            .map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// The other ends of sockets.
#[derive(Default)]
struct Others {
    ends: Vec<UnixStream>,
}

impl Others {
    /// Grants a socket in which bytes wait, and one at which a connection waits.
    fn grant(&mut self, world: &World, builder: &mut WasiCtxBuilder) -> std::io::Result<()> {
        let (ours, theirs) = UnixStream::pair()?;
        builder.preopened_socket(theirs);
        let (listener, path) = world.listener()?;
        let connected = UnixStream::connect(path)?;
        builder.preopened_socket(listener);
        for mut end in [ours, connected] {
            end.write_all(GREETING)?;
            // Behind the greeting is the end, so that nobody waits for more.
            end.shutdown(Shutdown::Write)?;
            end.set_nonblocking(true)?;
            self.ends.push(end);
        }
        Ok(())
    }

    /// Takes what the guest has sent, so that there is always room.
    fn drain(&mut self) {
        let mut sent = [0; 4096];
        for end in &mut self.ends {
            while end.read(&mut sent).is_ok_and(|count| count > 0) {}
        }
    }
}

/// How a call ended.
enum Answer {
    /// With an error number, and this memory.
    Errno(u32, Vec<u8>),
    /// The guest has ended itself.
    Exit(i32),
}

struct Guest {
    store: Store<WasiCtx>,
    instance: Instance,
    memory: Memory,
}

impl Guest {
    fn new(player: &Player, ctx: WasiCtx) -> Result<Self, Error> {
        let mut linker = Linker::<WasiCtx>::new(&player.engine);
        assay_wasi::add_to_linker(&mut linker, |ctx| ctx)?;
        let mut store = Store::new(&player.engine, ctx);
        let instance = linker.instantiate(&mut store, &player.module)?;
        let memory = instance.get_memory(&mut store, "memory");
        let memory = memory.ok_or_else(|| Error::host("the guest has no memory"))?;
        Ok(Self { store, instance, memory })
    }

    fn call(&mut self, function: &str, params: &[u64], memory: &[u8]) -> Result<Answer, Error> {
        self.memory.data_mut(&mut self.store).copy_from_slice(memory);
        self.store.set_epoch_deadline(TICKS);
        let Some(func) = self.instance.get_func(&mut self.store, function) else {
            return Err(Error::host("there is no such function"));
        };
        let ty = func.ty(&self.store);
        let value = |(ty, &value): (assay_runtime::ValType, &u64)| match ty {
            assay_runtime::ValType::I64 => Val::I64(value.cast_signed()),
            _ => Val::I32(value as u32 as i32),
        };
        let values: Vec<Val> = ty.params().zip(params).map(value).collect();
        let mut results = vec![Val::I32(0); ty.results().len()];
        let answer = match func.call(&mut self.store, &values, &mut results) {
            Ok(()) => results.first().and_then(Val::i32).unwrap_or(0).cast_unsigned(),
            Err(error) => match (error.downcast_ref::<I32Exit>(), &error) {
                (Some(exit), _) => return Ok(Answer::Exit(exit.0)),
                (None, Error::Trap(trap)) if trap.kind() == Trap::Interrupt => errno::INTERRUPTED,
                _ => return Err(error),
            },
        };
        Ok(Answer::Errno(answer, self.memory.data(&self.store).to_vec()))
    }
}
