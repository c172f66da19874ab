//! Answers the engine protocol.
//!
//! Enters: lines and a [`Peer`], which is an engine with what it has made; leaves: a line for each, whatever it says, until
//! there are no more. Numbers and the order of questions are checked here. A panic of the peer is an outcome, after which
//! the asking side has to begin again. Our runtime is a peer in [`super::own`].

use super::message::{
    Ask, Calls, Code, Contents, Done, Ended, Fault, Greeting, Loaded, MAX_LINE, Ready, Reply, VERSION, Value,
};
use super::words::Word;
use crate::case::{Settings, Step};
use crate::observe::{Scope, Seen, State};
use crate::play::guarded;
use serde::{Deserialize, Serialize};
use std::io::{BufRead, Write};

/// An engine that serves the protocol.
pub trait Peer {
    /// Who it is, and what it can do.
    fn greeting(&self) -> Greeting;

    /// Forgets everything, and makes a store.
    ///
    /// # Errors
    /// When more is asked than it can do.
    fn begin(&mut self, settings: &Settings, fuel: Option<u64>) -> Result<(), Fault>;

    /// Forgets everything after a panic, without touching it.
    fn abandon(&mut self);

    /// How many modules there are, and how many instances were tried; `None` before it has begun.
    fn counts(&self) -> Option<(usize, usize)>;

    /// Takes a module.
    fn load(&mut self, wasm: &[u8]) -> Ended;

    /// Takes a step, whose module or instance has a number that was given out.
    fn take(&mut self, step: &Step) -> Done;

    /// The value of an exported global.
    fn global(&mut self, instance: usize, name: &str) -> Option<Seen>;

    /// What there is.
    ///
    /// # Errors
    /// When more is asked than it can see.
    fn state(&mut self, scope: Scope) -> Result<State, Fault>;
}

/// Answers every line until the input ends.
///
/// # Errors
/// When input or output fails.
pub fn serve(input: impl BufRead, output: impl Write, peer: &mut dyn Peer) -> std::io::Result<()> {
    serve_with(input, output, peer, None)
}

/// Answers questions of another kind: an operation with its line. `None` where it knows no such operation.
pub type More<'a> = dyn FnMut(&str, &serde_json::Value) -> Option<Result<serde_json::Value, Fault>> + 'a;

/// The same, for an engine that plays scripts, too: `scripts` answers what belongs to them.
///
/// # Errors
/// When input or output fails.
pub fn serve_with(
    mut input: impl BufRead,
    mut output: impl Write,
    peer: &mut dyn Peer,
    scripts: Option<&mut More<'_>>,
) -> std::io::Result<()> {
    let mut server = Server { peer, scripts };
    let mut line = Vec::new();
    while let Some(fits) = read_line(&mut input, &mut line)? {
        let reply = if fits { server.answer(&line) } else { fault(None, Code::TooLong, LINE_TOO_LONG) };
        output.write_all(&reply)?;
        output.write_all(b"\n")?;
        output.flush()?;
    }
    Ok(())
}

const LINE_TOO_LONG: &str = "the line is longer than 64 MiB";

/// Reads a line without its end, and says whether it fits; `None` at the end of the input. What does not fit is not kept.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> std::io::Result<Option<bool>> {
    line.clear();
    let mut fits = true;
    let mut begun = false;
    loop {
        let bytes = input.fill_buf()?;
        if bytes.is_empty() {
            return Ok(begun.then_some(fits));
        }
        begun = true;
        let end = bytes.iter().position(|&byte| byte == b'\n');
        let taken = end.unwrap_or(bytes.len());
        fits &= line.len() + taken <= MAX_LINE;
        if fits {
            line.extend_from_slice(&bytes[..taken]);
        } else {
            *line = Vec::new();
        }
        input.consume(taken + usize::from(end.is_some()));
        if end.is_some() {
            return Ok(Some(fits));
        }
    }
}

/// What is answered to a question.
#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Greeting(Greeting),
    Ready(Ready),
    Loaded(Loaded),
    Done(Done),
    Value(Value),
    Contents(Contents),
}

fn fault(id: Option<u64>, code: Code, message: impl ToString) -> Vec<u8> {
    let error = Fault { code, message: message.to_string() };
    line_of(&Reply::<()> { id, ok: None, error: Some(error) })
}

/// A reply as a line. Our replies hold no map with keys that are not text, so this cannot fail; should it, that is said.
fn line_of<T: Serialize>(reply: &Reply<T>) -> Vec<u8> {
    serde_json::to_vec(reply)
        .unwrap_or_else(|_| br#"{"id":null,"error":{"code":"internal","message":""}}"#.to_vec())
}

fn because(code: Code, message: impl ToString) -> Fault {
    Fault { code, message: message.to_string() }
}

/// Only the parts that tell what a line is.
#[derive(Deserialize)]
struct Head {
    id: u64,
    op: String,
}

const OPS: [&str; 13] = [
    "hello",
    "begin",
    "module",
    "instantiate",
    "invoke",
    "link",
    "write",
    "set",
    "put",
    "grow",
    "drop",
    "get",
    "state",
];

struct Server<'a, 's> {
    peer: &'a mut dyn Peer,
    scripts: Option<&'a mut More<'s>>,
}

impl Server<'_, '_> {
    fn answer(&mut self, line: &[u8]) -> Vec<u8> {
        let value: serde_json::Value = match serde_json::from_slice(line) {
            Ok(value) => value,
            Err(error) => return fault(None, Code::Malformed, error),
        };
        let head = match Head::deserialize(&value) {
            Ok(head) => head,
            Err(error) => {
                let id = value.get("id").and_then(serde_json::Value::as_u64);
                return fault(id, Code::Malformed, error);
            }
        };
        let id = Some(head.id);
        if let Some(answer) = self.scripts.as_mut().and_then(|scripts| scripts(&head.op, &value)) {
            return match answer {
                Ok(answer) => line_of(&Reply { id, ok: Some(answer), error: None }),
                Err(error) => line_of(&Reply::<()> { id, ok: None, error: Some(error) }),
            };
        }
        if !OPS.contains(&head.op.as_str()) {
            return fault(id, Code::UnknownOp, format_args!("there is no op `{}`", head.op));
        }
        let reply = match Ask::deserialize(value) {
            Ok(ask) => self.do_it(ask),
            Err(error) => Err(because(Code::Malformed, error)),
        };
        match reply {
            Ok(answer) => line_of(&Reply { id, ok: Some(answer), error: None }),
            Err(error) => line_of(&Reply::<()> { id, ok: None, error: Some(error) }),
        }
    }

    fn do_it(&mut self, ask: Ask) -> Result<Answer, Fault> {
        let ask = match ask.asked_step() {
            Ok(step) => {
                if let Some(module) = step.module() {
                    self.check("module", module, |(modules, _)| modules)?;
                }
                for instance in step.instances() {
                    self.check("instance", instance, |(_, instances)| instances)?;
                }
                return self.take(&step);
            }
            Err(ask) => ask,
        };
        match ask {
            Ask::Hello { protocol: VERSION } => {
                let mut greeting = self.peer.greeting();
                greeting.capabilities.scripts = self.scripts.is_some();
                Ok(Answer::Greeting(greeting))
            }
            Ask::Hello { protocol } => {
                let message = format!("version {protocol} is not spoken here; version {VERSION} is");
                Err(because(Code::Version, message))
            }
            Ask::Begin { fuel, host_seed, host_errors, memory_bytes, table_elements } => {
                let bounded = |limit: u64| usize::try_from(limit).unwrap_or(usize::MAX);
                let settings = Settings {
                    host_seed,
                    host_errors,
                    memory_bytes: bounded(memory_bytes),
                    table_elements: bounded(table_elements),
                    ..Settings::default()
                };
                self.peer.begin(&settings, fuel)?;
                Ok(Answer::Ready(Ready {}))
            }
            Ask::Module { wasm } => {
                let outcome = self.with(|peer| peer.load(&wasm))?.unwrap_or_else(Ended::Panicked);
                Ok(Answer::Loaded(Loaded { outcome }))
            }
            Ask::Get { instance, name } => {
                self.check("instance", instance, |(_, instances)| instances)?;
                let value = self.with(|peer| peer.global(instance, &name))?.map_err(panicked)?;
                let value =
                    value.ok_or_else(|| because(Code::NotFound, format!("there is no global {name:?}")))?;
                Ok(Answer::Value(Value { value: Word(value) }))
            }
            Ask::State { scope } => {
                let state = self.with(|peer| peer.state(scope))?.map_err(panicked)??;
                Ok(Answer::Contents(state.into()))
            }
            step => Err(because(Code::Internal, format_args!("{step:?} is a step"))),
        }
    }

    /// Does something with the peer, which has to have begun, and has to begin again after a panic.
    fn with<T>(&mut self, work: impl FnOnce(&mut dyn Peer) -> T) -> Result<Result<T, String>, Fault> {
        if self.peer.counts().is_none() {
            return Err(because(Code::NotBegun, "`begin` comes first, also after a panic"));
        }
        let worked = guarded(|| work(self.peer));
        if worked.is_err() {
            self.peer.abandon();
        }
        Ok(worked)
    }

    fn check(
        &mut self,
        what: &str,
        index: usize,
        of: impl FnOnce((usize, usize)) -> usize,
    ) -> Result<(), Fault> {
        let counts = self.with(|peer| peer.counts())?.map_err(panicked)?;
        let count = of(counts.unwrap_or_default());
        if index < count {
            return Ok(());
        }
        Err(because(Code::NotFound, format!("there is no {what} {index}: there are {count}")))
    }

    fn take(&mut self, step: &Step) -> Result<Answer, Fault> {
        let done = self.with(|peer| peer.take(step))?;
        Ok(Answer::Done(done.unwrap_or_else(|message| Done {
            outcome: Ended::Panicked(message),
            calls: Calls::default(),
            fuel: None,
        })))
    }
}

fn panicked(message: String) -> Fault {
    because(Code::Internal, message)
}
