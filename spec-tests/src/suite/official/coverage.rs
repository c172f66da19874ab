//! What the embedded copy has of the official suite.
//!
//! Enters: the texts that come with the program; leaves: the state of each official file in it, found by content. Makes the
//! notice that a run of the embedded suite begins with, so that its counts are not taken for those of the official one.

use std::fmt;

use super::{Entry, Manifest};

/// What the embedded copy has of the official suite.
#[derive(Debug)]
pub struct Coverage {
    states: Vec<(&'static Entry, State)>,
}

/// How a file of the official suite stands in the embedded copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// As it is in the official suite.
    Same,
    /// With an older text.
    Older,
    /// Not at all.
    Absent,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Same => "same",
            Self::Older => "older",
            Self::Absent => "absent",
        })
    }
}

impl Coverage {
    /// Looks each official file up with `text`, which gives the embedded text for an official path.
    pub(in crate::suite) fn new(text: impl Fn(&str) -> Option<&'static str>) -> Self {
        let state = |entry: &Entry| match text(&entry.path) {
            Some(text) if entry.is(text.as_bytes()) => State::Same,
            Some(_) => State::Older,
            None => State::Absent,
        };
        let entries = Manifest::official().entries();
        Self { states: entries.iter().map(|entry| (entry, state(entry))).collect() }
    }

    /// The official files by path, each with its state.
    pub fn states(&self) -> &[(&'static Entry, State)] {
        &self.states
    }

    fn paths(&self, wanted: State) -> Vec<&'static str> {
        let wanted = self.states.iter().filter(|(_, state)| *state == wanted);
        wanted.map(|(entry, _)| entry.path.as_str()).collect()
    }

    /// What a reader of results should know.
    pub fn notice(&self) -> String {
        let [same, older, absent] = [State::Same, State::Older, State::Absent].map(|state| self.paths(state));
        format!(
            "embedded suite: {} of the {} official files\n  {} in an older text: {}\n  {} absent: {}\n  \
             `assay suite fetch` brings the whole suite; --suite DIR runs a checkout",
            same.len(),
            self.states.len(),
            older.len(),
            grouped(&older),
            absent.len(),
            grouped(&absent),
        )
    }
}

/// Paths with what they share said once: `core/{a,b}.wast`.
fn grouped(paths: &[&str]) -> String {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for path in paths {
        let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
        let name = file.trim_end_matches(".wast");
        match groups.last_mut().filter(|(last, _)| *last == folder) {
            Some((_, names)) => names.push(name),
            None => groups.push((folder, vec![name])),
        }
    }
    let show = |(folder, names): (&str, Vec<&str>)| match names.as_slice() {
        [name] => format!("{folder}/{name}.wast"),
        names => format!("{folder}/{{{}}}.wast", names.join(",")),
    };
    groups.into_iter().map(show).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::{Coverage, State, grouped};

    #[test]
    fn paths_are_grouped_by_folder() {
        assert_eq!(grouped(&["a/x.wast", "a/y.wast", "b/z.wast"]), "a/{x,y}.wast, b/z.wast");
        assert_eq!(grouped(&[]), "");
    }

    #[test]
    fn the_content_decides() {
        let coverage = Coverage::new(|path| (path == "core/i32.wast").then_some("(module)"));
        let count = |state| coverage.states().iter().filter(|(_, other)| *other == state).count();
        assert_eq!((count(State::Same), count(State::Older), count(State::Absent)), (0, 1, 288));
    }
}
