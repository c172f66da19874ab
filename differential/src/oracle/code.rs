//! The code itself: published code never changes, and no page of the process can be written and run.
//!
//! The digest is of everything that is mapped for the code of a module, padding too, before the first step and behind the last.
//! The system's list of mappings is read there as well. What was changed and changed back in between is not seen, nor code
//! of modules that other lanes have made.

use super::Escape;
use crate::case::Case;
use crate::observe::{Observation, Scope};
use crate::play::{Player, Watch, play_watched};
use assay_runtime::Engine;
use assay_runtime::inspect::code_digest;

/// Plays a case with an eye on its code.
pub(super) fn play(case: &Case, engine: &Engine, fuel: Option<u64>) -> (Observation, Option<Escape>) {
    let mut eye = Eye::default();
    let seen = play_watched(case, engine, fuel, Scope::All, &mut eye);
    (seen, eye.found)
}

#[derive(Default)]
struct Eye {
    digests: Vec<Option<[u8; 32]>>,
    found: Option<Escape>,
}

impl Watch for Eye {
    fn loaded(&mut self, player: &mut Player) {
        self.digests = player.accepted().map(code_digest).collect();
    }

    fn ended(&mut self, player: &mut Player) {
        let now = player.accepted().map(code_digest);
        let changed = now.zip(&self.digests).position(|(now, before)| now != *before);
        let changed = changed
            .map(|module| Escape::new("code digest", format_args!("the code of module {module} changed")));
        self.found = changed.or_else(writable_code);
    }
}

/// Mappings that can be written and run.
fn writable_code() -> Option<Escape> {
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    let line = maps.lines().find(|line| can_be_written_and_run(line))?;
    Some(Escape::new("writable code", format_args!("mapped writable and executable: {line}")))
}

/// Whether a line of the list of mappings has both rights.
fn can_be_written_and_run(line: &str) -> bool {
    let rights = line.split_ascii_whitespace().nth(1).unwrap_or_default();
    rights.contains('w') && rights.contains('x')
}

#[cfg(test)]
mod tests {
    use super::can_be_written_and_run;

    #[test]
    fn rights_are_read_where_they_stand() {
        assert!(can_be_written_and_run("7f00-7f10 rwxp 00000000 00:00 0"));
        assert!(can_be_written_and_run("7f00-7f10 -wxp 00000000 00:00 0"));
        assert!(!can_be_written_and_run("7f00-7f10 r-xp 00000000 00:00 0  /tmp/rwx"));
        assert!(!can_be_written_and_run("7f00-7f10 rw-p 00000000 00:00 0"));
    }
}
