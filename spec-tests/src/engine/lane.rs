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
}

/// The engines there are. `mixed` compiles and interprets modules in turns, so that instances of both engines link with
/// each other in one store.
pub const ENGINES: [&str; 3] = ["jit", "interp", "mixed"];

/// The engines that run unless others are asked for.
pub const DEFAULT_ENGINES: &str = "jit,interp";

impl Lane {
    /// The default lane of an engine.
    pub fn of(engine: &str) -> Self {
        Self { engine: engine.to_owned(), name: "default".to_owned(), optimise: true, signals: true }
    }

    /// The lanes of a comma-separated list of engines; the options concern compiled code only.
    ///
    /// # Errors
    ///
    /// When a name is not one of [`ENGINES`], or stands there twice.
    pub fn parse_list(list: &str, optimise: bool, signals: bool) -> Result<Vec<Self>, String> {
        let mut lanes: Vec<Self> = Vec::new();
        for engine in list.split(',').map(str::trim) {
            if !ENGINES.contains(&engine) {
                return Err(format!("unknown engine `{engine}`; the engines are {}", ENGINES.join(", ")));
            }
            let lane =
                if engine == "interp" { Self::of(engine) } else { Self::compiled(engine, optimise, signals) };
            if lanes.contains(&lane) {
                return Err(format!("engine `{engine}` is named twice"));
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
        Self { engine: engine.to_owned(), name: name.to_owned(), optimise, signals }
    }
}

#[cfg(test)]
mod tests {
    use super::Lane;

    fn names(list: &str, optimise: bool, signals: bool) -> Vec<String> {
        let lanes = Lane::parse_list(list, optimise, signals).unwrap();
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
        let error = Lane::parse_list("jit,llvm", true, true).unwrap_err();
        assert_eq!(error, "unknown engine `llvm`; the engines are jit, interp, mixed");
        assert!(Lane::parse_list("", true, true).is_err());
        assert!(Lane::parse_list("jit,jit", true, true).is_err());
    }
}
