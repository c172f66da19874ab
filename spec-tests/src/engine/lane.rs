//! Lanes: an engine with its options, under the name that results carry.
//!
//! Enters: what the command line says; leaves: the lanes to run. Knows the options' names, not what they do.

use serde::{Deserialize, Serialize};

/// One way to run the suite.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Lane {
    /// The engine's name, as results carry it.
    pub engine: String,
    /// The name of its configuration, as results carry it.
    pub name: String,
    /// Whether compiled code is optimised.
    pub optimise: bool,
    /// Whether traps are found by signals instead of by explicit checks.
    pub signals: bool,
    /// Whether every allocation of an object collects garbage.
    #[serde(default)]
    pub zeal: bool,
    /// Where the engine is another process: how it is started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Command>,
}

/// How an engine of another process is started, and how long it may take for an answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Command {
    /// The program and its arguments.
    pub words: Vec<String>,
    /// Milliseconds.
    pub timeout_ms: u64,
}

/// The engines there are. `mixed` compiles and interprets modules in turns, so that instances of both engines link with
/// each other in one store.
pub const ENGINES: [&str; 3] = ["jit", "interp", "mixed"];

/// The engines that run unless others are asked for.
pub const DEFAULT_ENGINES: &str = "jit,interp";

impl Lane {
    /// The default lane of an engine.
    pub fn of(engine: &str) -> Self {
        Self {
            engine: engine.to_owned(),
            name: "default".to_owned(),
            optimise: true,
            signals: true,
            zeal: false,
            command: None,
        }
    }

    /// The lane of an engine of another process.
    pub fn of_command(engine: &str, command: Command) -> Self {
        Self { command: Some(command), ..Self::of(engine) }
    }

    /// The lanes of a comma-separated list of engines; the options concern our own compiled code only. `outside` knows the
    /// engines of other processes.
    ///
    /// # Errors
    ///
    /// When a name is none of [`ENGINES`] and `outside` does not know it either, or two lanes would have one name.
    pub fn parse_list(
        list: &str,
        optimise: bool,
        signals: bool,
        outside: impl Fn(&str) -> Result<Option<Self>, String>,
    ) -> Result<Vec<Self>, String> {
        let mut lanes: Vec<Self> = Vec::new();
        for engine in list.split(',').map(str::trim) {
            let lane = match engine {
                "interp" => Self::of(engine),
                _ if ENGINES.contains(&engine) => Self::compiled(engine, optimise, signals),
                _ => outside(engine)?.ok_or_else(|| {
                    format!("unknown engine `{engine}`; the engines are {}", ENGINES.join(", "))
                })?,
            };
            if lanes.iter().any(|other| (&other.engine, &other.name) == (&lane.engine, &lane.name)) {
                return Err(format!("engine `{}` is named twice", lane.engine));
            }
            lanes.push(lane);
        }
        Ok(lanes)
    }

    fn compiled(engine: &str, optimise: bool, signals: bool) -> Self {
        let name = match (optimise, signals) {
            (true, true) => "default",
            (false, true) => "none",
            (true, false) => "nosignals",
            (false, false) => "none-nosignals",
        };
        Self {
            engine: engine.to_owned(),
            name: name.to_owned(),
            optimise,
            signals,
            zeal: false,
            command: None,
        }
    }

    /// The same lane, in which every allocation of an object collects garbage.
    #[must_use]
    pub fn zealous(self) -> Self {
        let name = if self.name == "default" { "zeal".to_owned() } else { self.name + "-zeal" };
        Self { name, zeal: true, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::{Command, Lane};

    fn names(list: &str, optimise: bool, signals: bool) -> Vec<String> {
        let lanes = Lane::parse_list(list, optimise, signals, |_| Ok(None)).unwrap();
        lanes.into_iter().map(|lane| format!("{}/{}", lane.engine, lane.name)).collect()
    }

    #[test]
    fn options_show_in_the_names_of_compiled_lanes() {
        assert_eq!(names("jit,interp", true, true), ["jit/default", "interp/default"]);
        assert_eq!(names("mixed", true, false), ["mixed/nosignals"]);
        assert_eq!(names("interp, jit", false, false), ["interp/default", "jit/none-nosignals"]);
    }

    #[test]
    fn an_unknown_engine_lists_the_known_ones() {
        let parse = |list| Lane::parse_list(list, true, true, |_| Ok(None));
        let error = parse("jit,llvm").unwrap_err();
        assert_eq!(error, "unknown engine `llvm`; the engines are jit, interp, mixed");
        assert!(parse("").is_err());
        assert!(parse("jit,jit").is_err());
    }

    #[test]
    fn engines_of_other_processes_have_names_of_their_own() {
        let outside = |word: &str| {
            let command = Command { words: vec![word.to_owned()], timeout_ms: 1 };
            Ok(word.strip_prefix("cmd:").map(|name| Lane::of_command(name, command)))
        };
        let parse = |list| Lane::parse_list(list, false, false, outside);
        let lanes = parse("interp,cmd:v8").unwrap();
        assert_eq!((lanes[1].engine.as_str(), lanes[1].name.as_str()), ("v8", "default"));
        assert!(parse("cmd:a,cmd:a").is_err() && parse("interp,cmd:interp").is_err() && parse("v8").is_err());
    }
}
