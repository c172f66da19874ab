//! Whether to use colour, and the few colours there are.

use std::env;
use std::ffi::OsString;
use std::io::IsTerminal;
use std::str::FromStr;

/// What `--color` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorChoice {
    /// On terminals, unless the environment says otherwise.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl FromStr for ColorChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "always" => Ok(Self::Always),
            "never" => Ok(Self::Never),
            _ => Err("choose auto, always or never".to_owned()),
        }
    }
}

impl ColorChoice {
    /// Whether text for this stream gets colour. The command line wins, then `NO_COLOR`, then `CLICOLOR_FORCE`.
    pub fn resolve(self, stream: &impl IsTerminal) -> bool {
        self.decide(stream.is_terminal(), |name| env::var_os(name))
    }

    fn decide(self, terminal: bool, variable: impl Fn(&str) -> Option<OsString>) -> bool {
        let set = |name| variable(name).is_some_and(|value| !value.is_empty());
        let is = |name, value: &str| variable(name).is_some_and(|actual| actual == value);
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto if set("NO_COLOR") => false,
            Self::Auto if set("CLICOLOR_FORCE") && !is("CLICOLOR_FORCE", "0") => true,
            Self::Auto => terminal && !is("CLICOLOR", "0") && !is("TERM", "dumb"),
        }
    }
}

/// Puts text in colour, or not.
#[derive(Clone, Copy)]
pub(super) struct Paint(pub(super) bool);

impl Paint {
    pub(super) fn red(self, text: &str) -> String {
        self.with("1;31", text)
    }

    pub(super) fn green(self, text: &str) -> String {
        self.with("1;32", text)
    }

    pub(super) fn yellow(self, text: &str) -> String {
        self.with("1;33", text)
    }

    pub(super) fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    pub(super) fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.0 { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::ColorChoice;

    fn decide(choice: ColorChoice, terminal: bool, variables: &[(&str, &str)]) -> bool {
        choice.decide(terminal, |name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into())
        })
    }

    #[test]
    fn the_command_line_wins() {
        assert!(decide(ColorChoice::Always, false, &[("NO_COLOR", "1")]));
        assert!(!decide(ColorChoice::Never, true, &[("CLICOLOR_FORCE", "1")]));
    }

    #[test]
    fn the_environment_decides_for_auto() {
        let auto = ColorChoice::Auto;
        assert!(decide(auto, true, &[]) && !decide(auto, false, &[]));
        assert!(!decide(auto, true, &[("NO_COLOR", "1")]) && decide(auto, true, &[("NO_COLOR", "")]));
        assert!(
            decide(auto, false, &[("CLICOLOR_FORCE", "1")])
                && !decide(auto, false, &[("CLICOLOR_FORCE", "0")])
        );
        assert!(!decide(auto, false, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
        assert!(!decide(auto, true, &[("TERM", "dumb")]) && !decide(auto, true, &[("CLICOLOR", "0")]));
    }
}
