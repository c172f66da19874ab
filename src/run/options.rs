//! The grouped settings `-W`, `-O`, `-C`, `-D` and `-S`: `KEY`, `KEY=VALUE`, with checked values.

use assay_runtime::Feature;
use std::time::Duration;

/// A group of settings.
pub(crate) trait Group: Default {
    /// Takes one setting.
    fn set(&mut self, key: &str, value: Option<&str>) -> Result<(), String>;

    /// The keys with their meanings, a line each.
    fn help() -> String;

    /// The value of every key.
    fn effective(&self) -> Vec<Effective>;
}

/// The value of a key, and whether it was given or is the default.
pub(crate) struct Effective {
    pub(crate) key: &'static str,
    pub(crate) value: String,
    pub(crate) given: bool,
}

impl Effective {
    fn new(key: &'static str, given: Option<String>, default: &str) -> Self {
        let (value, given) = given.map_or((default.to_owned(), false), |value| (value, true));
        Self { key, value, given }
    }

    fn flag(key: &'static str, given: Option<bool>, default: bool) -> Self {
        let word = |on| if on { "y" } else { "n" };
        Self::new(key, given.map(|on| word(on).to_owned()), word(default))
    }
}

/// Reads the settings of a group.
pub(crate) fn parse<G: Group>(settings: &[String]) -> Result<G, String> {
    let mut group = G::default();
    for setting in settings {
        let (key, value) = match setting.split_once('=') {
            Some((key, value)) => (key, Some(value)),
            None => (setting.as_str(), None),
        };
        group.set(key, value).map_err(|reason| format!("`{setting}`: {reason}"))?;
    }
    Ok(group)
}

/// Settings of WebAssembly itself.
#[derive(Default)]
pub(crate) struct Wasm {
    pub(crate) fuel: Option<u64>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) max_memory_size: Option<usize>,
    pub(crate) max_wasm_stack: Option<usize>,
    pub(crate) features: Vec<(Feature, bool)>,
}

impl Group for Wasm {
    fn set(&mut self, key: &str, value: Option<&str>) -> Result<(), String> {
        match key {
            "fuel" => {
                self.fuel = Some(required(value)?.parse().map_err(|_| "expected a number of units of fuel")?);
            }
            "timeout" => self.timeout = Some(crate::units::duration(required(value)?)?),
            "max-memory-size" => self.max_memory_size = Some(size(required(value)?)?),
            "max-wasm-stack" => self.max_wasm_stack = Some(size(required(value)?)?),
            key => {
                let unknown = || format!("unknown setting `{key}`; `-W help` lists them");
                let feature = super::feature(key).ok_or_else(unknown)?;
                self.features.push((feature, flag(value)?));
            }
        }
        Ok(())
    }

    fn help() -> String {
        let mut help = String::from(
            "  fuel=N                 stop the guest after N units of fuel\n  \
             timeout=DURATION       stop the guest after that time (`500ms`, `10s`, `2m`)\n  \
             max-memory-size=SIZE   largest size of a memory (`65536`, `64MiB`)\n  \
             max-wasm-stack=SIZE    native stack that the guest may use\n",
        );
        for feature in Feature::ALL {
            let state =
                if assay_runtime::FeatureSet::built().contains(*feature) { "on" } else { "not built yet" };
            help.push_str(&format!(
                "  {:<22} {} ({state})\n",
                format!("{}[=y|n]", feature.key()),
                feature.standard()
            ));
        }
        help
    }

    fn effective(&self) -> Vec<Effective> {
        let defaults = assay_runtime::FeatureSet::default();
        let feature = |feature: &Feature| {
            let given = self.features.iter().rev().find(|(other, _)| other == feature);
            Effective::flag(feature.key(), given.map(|&(_, on)| on), defaults.contains(*feature))
        };
        let limits = [
            Effective::new("fuel", self.fuel.map(|fuel| fuel.to_string()), "unlimited"),
            Effective::new("timeout", self.timeout.map(|time| format!("{time:?}")), "none"),
            Effective::new("max-memory-size", self.max_memory_size.map(in_units), "unlimited"),
            Effective::new("max-wasm-stack", self.max_wasm_stack.map(in_units), "512KiB"),
        ];
        limits.into_iter().chain(Feature::ALL.iter().map(feature)).collect()
    }
}

/// How code is optimised.
#[derive(Default)]
pub(crate) struct Optimize {
    pub(crate) opt_level: Option<u8>,
    pub(crate) signals: Option<bool>,
}

impl Group for Optimize {
    fn set(&mut self, key: &str, value: Option<&str>) -> Result<(), String> {
        match key {
            "opt-level" => {
                self.opt_level = Some(match required(value)? {
                    "0" => 0,
                    "1" | "2" | "s" => 2,
                    _ => return Err("expected 0, 1, 2 or s".to_owned()),
                });
            }
            "signals-based-traps" => self.signals = Some(flag(value)?),
            key => return Err(format!("unknown setting `{key}`; `-O help` lists them")),
        }
        Ok(())
    }

    fn help() -> String {
        "  opt-level=0|1|2|s            how much the compiler optimises\n  \
         signals-based-traps[=y|n]    whether traps may come by hardware fault\n"
            .to_owned()
    }

    fn effective(&self) -> Vec<Effective> {
        vec![
            Effective::new("opt-level", self.opt_level.map(|level| level.to_string()), "2"),
            Effective::flag("signals-based-traps", self.signals, true),
        ]
    }
}

/// How modules are compiled, and where code is kept.
#[derive(Default)]
pub(crate) struct Codegen {
    pub(crate) cache: bool,
    pub(crate) cache_size: Option<u64>,
    pub(crate) parallel: Option<bool>,
    pub(crate) verifier: Option<bool>,
}

impl Group for Codegen {
    fn set(&mut self, key: &str, value: Option<&str>) -> Result<(), String> {
        match key {
            "cache" => self.cache = flag(value)?,
            "cache-size" => self.cache_size = Some(size(required(value)?)? as u64),
            "compiler" if required(value)? == "cranelift" => {}
            "compiler" => return Err("the compiler is `cranelift`; there is no other".to_owned()),
            "cranelift-debug-verifier" => self.verifier = Some(flag(value)?),
            "parallel-compilation" => self.parallel = Some(flag(value)?),
            key => return Err(format!("unknown setting `{key}`; `-C help` lists them")),
        }
        Ok(())
    }

    fn help() -> String {
        "  cache[=y|n]                      keep compiled code for the next run (off); the interpreter has nothing to keep\n  \
         cache-size=SIZE                  how much all kept code may take (`512MiB`); what was not used for longest goes\n  \
         compiler=cranelift               what compiles; there is no other yet\n  \
         cranelift-debug-verifier[=y|n]   whether the compiler checks its own intermediate code\n  \
         parallel-compilation[=y|n]       whether functions are compiled on several threads\n"
            .to_owned()
    }

    fn effective(&self) -> Vec<Effective> {
        vec![
            Effective::flag("cache", self.cache.then_some(true), false),
            Effective::new("cache-size", self.cache_size.map(|bytes| in_units(bytes as usize)), "512MiB"),
            Effective::new("compiler", None, "cranelift"),
            Effective::flag("cranelift-debug-verifier", self.verifier, cfg!(debug_assertions)),
            Effective::flag("parallel-compilation", self.parallel, true),
        ]
    }
}

/// What is told of a run, and what code brings along for that.
#[derive(Default)]
pub(crate) struct Debug {
    pub(crate) address_map: Option<bool>,
    pub(crate) gc_zeal: bool,
    pub(crate) logging: bool,
}

impl Group for Debug {
    fn set(&mut self, key: &str, value: Option<&str>) -> Result<(), String> {
        match key {
            "address-map" => self.address_map = Some(flag(value)?),
            "gc-zeal" => self.gc_zeal = flag(value)?,
            "logging" => self.logging = flag(value)?,
            key => return Err(format!("unknown setting `{key}`; `-D help` lists them")),
        }
        Ok(())
    }

    fn help() -> String {
        "  address-map[=y|n]   whether code knows where in the module it comes from, for backtraces (on)\n  \
         gc-zeal[=y|n]       collect at every allocation of an object, to find references that a collection misses\n  \
         logging[=y|n]       say on standard error what the runtime does, such as what it finds in its cache\n"
            .to_owned()
    }

    fn effective(&self) -> Vec<Effective> {
        vec![
            Effective::flag("address-map", self.address_map, true),
            Effective::flag("gc-zeal", self.gc_zeal.then_some(true), false),
            Effective::flag("logging", self.logging.then_some(true), false),
        ]
    }
}

/// Settings of the world outside.
pub(crate) struct System {
    /// Whether WASI is there.
    pub(super) cli: bool,
    pub(super) inherit_env: bool,
    pub(super) listen: Vec<String>,
    pub(super) fixed_clock: Option<u64>,
    pub(super) seed: Option<u64>,
    pub(super) max_descriptors: Option<u32>,
    pub(super) max_output: Option<u64>,
    pub(super) max_file_size: Option<u64>,
    pub(super) raw_terminal: bool,
}

impl Default for System {
    fn default() -> Self {
        Self {
            cli: true,
            inherit_env: false,
            listen: Vec::new(),
            fixed_clock: None,
            seed: None,
            max_descriptors: None,
            max_output: None,
            max_file_size: None,
            raw_terminal: false,
        }
    }
}

impl Group for System {
    fn set(&mut self, key: &str, value: Option<&str>) -> Result<(), String> {
        match key {
            "cli" => self.cli = flag(value)?,
            "inherit-env" => self.inherit_env = flag(value)?,
            "tcplisten" => self.listen.push(required(value)?.to_owned()),
            "fixed-clock" => self.fixed_clock = Some(number(value)?),
            "seed" => self.seed = Some(number(value)?),
            "max-descriptors" => self.max_descriptors = Some(number(value)?),
            "max-output" => self.max_output = Some(size(required(value)?)? as u64),
            "max-file-size" => self.max_file_size = Some(size(required(value)?)? as u64),
            "raw-terminal" => self.raw_terminal = flag(value)?,
            key => return Err(format!("unknown setting `{key}`; `-S help` lists them")),
        }
        Ok(())
    }

    fn help() -> String {
        "  cli[=y|n]                whether the guest has WASI at all\n  \
         inherit-env[=y|n]        give the guest all of our environment variables\n  \
         tcplisten=ADDR:PORT      give the guest a listening socket, after the directories\n  \
         fixed-clock=NANOS        time stands still at these nanoseconds since 1970, and passes by sleeping\n  \
         seed=N                   randomness that N decides; not for secrets\n  \
         max-descriptors=N        how many descriptors the guest may have open\n  \
         max-output=SIZE          how much the guest may write to standard output and standard error\n  \
         max-file-size=SIZE       how large the guest may make a file\n  \
         raw-terminal[=y|n]       let control characters through to a terminal, where only text and colours have effect\n"
            .to_owned()
    }

    fn effective(&self) -> Vec<Effective> {
        let number = |value: Option<u64>| value.map(|value| value.to_string());
        let bytes = |value: Option<u64>| value.map(|bytes| in_units(bytes as usize));
        let listen = (!self.listen.is_empty()).then(|| self.listen.join(" "));
        vec![
            Effective::flag("cli", (!self.cli).then_some(false), true),
            Effective::flag("inherit-env", self.inherit_env.then_some(true), false),
            Effective::new("tcplisten", listen, "none"),
            Effective::new("fixed-clock", number(self.fixed_clock), "none"),
            Effective::new("seed", number(self.seed), "none"),
            Effective::new("max-descriptors", self.max_descriptors.map(|count| count.to_string()), "512"),
            Effective::new("max-output", bytes(self.max_output), "unlimited"),
            Effective::new("max-file-size", bytes(self.max_file_size), "unlimited"),
            Effective::flag("raw-terminal", self.raw_terminal.then_some(true), false),
        ]
    }
}

fn number<N: std::str::FromStr>(value: Option<&str>) -> Result<N, String> {
    required(value)?.parse().map_err(|_| "expected a number".to_owned())
}

fn required(value: Option<&str>) -> Result<&str, String> {
    value.ok_or_else(|| "expected a value".to_owned())
}

fn flag(value: Option<&str>) -> Result<bool, String> {
    match value {
        None | Some("y" | "yes" | "true") => Ok(true),
        Some("n" | "no" | "false") => Ok(false),
        Some(_) => Err("expected `y` or `n`".to_owned()),
    }
}

/// Splits `64MiB` into number and unit.
fn split_unit(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

fn size(text: &str) -> Result<usize, String> {
    let (number, unit) = split_unit(text);
    let scale: usize = match unit {
        "" | "B" => 1,
        "KiB" | "K" | "k" => 1 << 10,
        "MiB" | "M" => 1 << 20,
        "GiB" | "G" => 1 << 30,
        "KB" | "kB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        _ => return Err(format!("unknown unit `{unit}`; use KiB, MiB or GiB")),
    };
    let number: usize = number.parse().map_err(|_| "expected a size such as `65536` or `64MiB`")?;
    number.checked_mul(scale).ok_or_else(|| "the size is too large".to_owned())
}

/// A size in the largest unit that it is a whole number of.
fn in_units(bytes: usize) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let whole = units.into_iter().find(|&(scale, _)| bytes >= scale && bytes.is_multiple_of(scale));
    whole.map_or_else(|| bytes.to_string(), |(scale, unit)| format!("{}{unit}", bytes / scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        assert_eq!((size("64MiB"), size("65536"), size("1GB")), (Ok(64 << 20), Ok(65536), Ok(1_000_000_000)));
        assert!(size("-1").is_err() && size("64 MB").is_err() && size("").is_err());
    }

    #[test]
    fn sizes_are_shown_as_they_can_be_given() {
        for bytes in [0, 1, 1023, 1024, 1536, 64 << 20, (64 << 20) + 1, 3 << 30] {
            assert_eq!(size(&in_units(bytes)), Ok(bytes));
        }
        assert_eq!((in_units(64 << 20), in_units(1536)), ("64MiB".to_owned(), "1536".to_owned()));
    }

    #[test]
    fn unknown_keys_and_values_are_refused() {
        assert!(parse::<Wasm>(&["fuel=-1".to_owned()]).is_err());
        assert!(parse::<Wasm>(&["simd=maybe".to_owned()]).is_err());
        assert!(parse::<Optimize>(&["opt-level=9".to_owned()]).is_err());
        assert!(parse::<Wasm>(&["simd=n".to_owned()]).is_ok());
    }
}
