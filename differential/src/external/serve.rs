//! Answers the engine protocol with our runtime.
//!
//! Enters: lines; leaves: a line for each, whatever it says, until there are no more. Steps are taken by the very
//! [`Player`] that plays cases in lanes. A panic of the engine is an outcome, after which the peer has to begin again.

use super::message::{
    Ask, Capabilities, Code, Contents, Done, Fault, Greeting, Loaded, MAX_LINE, Ready, Reply, VERSION, Value,
};
use super::words::Word;
use crate::case::{Settings, Step};
use crate::observe::{Outcome, Scope, Trace};
use crate::play::{Player, Taken, guarded};
use assay_runtime::Engine;
use serde::{Deserialize, Serialize};
use std::io::{BufRead, Write};

/// An engine with and without fuel.
pub struct Served {
    /// Where fuel is counted.
    pub metered: Engine,
    /// Where it is not.
    pub plain: Engine,
}

/// Answers every line until the input ends.
///
/// # Errors
/// When input or output fails.
pub fn serve(mut input: impl BufRead, mut output: impl Write, engines: &Served) -> std::io::Result<()> {
    let mut server = Server { engines, player: None };
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

struct Server<'a> {
    engines: &'a Served,
    player: Option<Player>,
}

impl Server<'_> {
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
            Ask::Hello { protocol: VERSION } => Ok(Answer::Greeting(self.greeting())),
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
                let engine = if fuel.is_some() { &self.engines.metered } else { &self.engines.plain };
                self.player = None;
                self.player = Some(Player::new(engine, &settings, fuel));
                Ok(Answer::Ready(Ready {}))
            }
            Ask::Module { wasm } => {
                let outcome = self.with(|player| player.load(&wasm))?.unwrap_or_else(Outcome::Panicked);
                Ok(Answer::Loaded(Loaded { outcome: outcome.into() }))
            }
            Ask::Get { instance, name } => {
                self.check("instance", instance, |(_, instances)| instances)?;
                let value = self.with(|player| player.global(instance, &name))?.map_err(panicked)?;
                let value =
                    value.ok_or_else(|| because(Code::NotFound, format!("there is no global {name:?}")))?;
                Ok(Answer::Value(Value { value: Word(value) }))
            }
            Ask::State { scope } => {
                let state = self.with(|player| player.state(scope))?.map_err(panicked)?;
                Ok(Answer::Contents(state.into()))
            }
            step => Err(because(Code::Internal, format_args!("{step:?} is a step"))),
        }
    }

    fn greeting(&self) -> Greeting {
        let features = self.engines.plain.features().iter().map(|feature| feature.key().to_owned());
        Greeting {
            protocol: VERSION,
            engine: "assay".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            capabilities: Capabilities {
                features: features.collect(),
                fuel: true,
                limits: true,
                state: Scope::All,
                functions: true,
                elements: true,
                places: true,
                steps: true,
                alike: Vec::new(),
            },
        }
    }

    /// Does something with the player, which does not survive a panic.
    fn with<T>(&mut self, work: impl FnOnce(&mut Player) -> T) -> Result<Result<T, String>, Fault> {
        let Some(mut player) = self.player.take() else {
            return Err(because(Code::NotBegun, "`begin` comes first, also after a panic"));
        };
        let worked = guarded(|| work(&mut player));
        match &worked {
            Ok(_) => self.player = Some(player),
            // Nobody knows what state it is in: it is not even dropped.
            Err(_) => std::mem::forget(player),
        }
        Ok(worked)
    }

    fn check(
        &mut self,
        what: &str,
        index: usize,
        of: impl FnOnce((usize, usize)) -> usize,
    ) -> Result<(), Fault> {
        let count = self.with(|player| of(player.counts()))?.map_err(panicked)?;
        if index < count {
            return Ok(());
        }
        Err(because(Code::NotFound, format!("there is no {what} {index}: there are {count}")))
    }

    fn take(&mut self, step: &Step) -> Result<Answer, Fault> {
        let taken = self.with(|player| player.take(step))?;
        let Taken { outcome, calls, fuel } = taken.unwrap_or_else(|message| Taken {
            outcome: Outcome::Panicked(message),
            calls: Trace::default(),
            fuel: None,
        });
        Ok(Answer::Done(Done { outcome: outcome.into(), calls: calls.into(), fuel }))
    }
}

fn panicked(message: String) -> Fault {
    because(Code::Internal, message)
}
