//! The settings of engines on the command line, for every verb that has them.
//!
//! Enters: groups of settings; leaves: an engine, or what is wrong with the settings. Which keys there are stands in
//! `run::options`.

use crate::logging;
use crate::output::Output;
use crate::run::options::{self, Codegen, Debug, Group, Optimize, Wasm};
use assay_reports::exit;
use assay_runtime::{Cache, CacheConfig, Config, Engine, EngineKind, OptLevel};

/// Settings of an engine.
#[derive(clap::Args, Debug)]
pub(crate) struct Groups {
    /// WebAssembly settings: `fuel=N`, `timeout=DURATION`, `max-memory-size=SIZE`, one key per feature; `help` lists them.
    #[arg(short = 'W', long = "wasm", value_name = "KEY[=VAL],…", value_delimiter = ',')]
    wasm: Vec<String>,
    /// Optimisation settings: `opt-level=0|2`, `signals-based-traps=y|n`; `help` lists them.
    #[arg(short = 'O', long = "optimize", value_name = "KEY[=VAL],…", value_delimiter = ',')]
    optimize: Vec<String>,
    /// Compilation settings: `cache=y|n`, `cache-size=SIZE`, `parallel-compilation=y|n`; `help` lists them.
    #[arg(short = 'C', long = "codegen", value_name = "KEY[=VAL],…", value_delimiter = ',')]
    codegen: Vec<String>,
    /// Debugging settings: `logging`, `address-map=y|n`, `gc-zeal`; `help` lists them.
    #[arg(short = 'D', long = "debug", value_name = "KEY[=VAL],…", value_delimiter = ',')]
    debug: Vec<String>,
}

/// What to say where no module was named. Only `help` of a group goes without.
pub(crate) const NO_MODULE: &str =
    "no module was named: a `.wasm` or `.wat` file, or `-` for standard input (see `--help`)";

/// A group with its letter, what was given, and its help.
type Given<'a> = (&'static str, &'a [String], fn() -> String);

impl Groups {
    /// The groups.
    pub(crate) fn groups(&self) -> [Given<'_>; 4] {
        [
            ("-W", &self.wasm, Wasm::help),
            ("-O", &self.optimize, Optimize::help),
            ("-C", &self.codegen, Codegen::help),
            ("-D", &self.debug, Debug::help),
        ]
    }

    /// The settings, if they can be read.
    pub(crate) fn parse(&self) -> Result<Settings, String> {
        Ok(Settings {
            wasm: options::parse(&self.wasm)?,
            optimize: options::parse(&self.optimize)?,
            codegen: options::parse(&self.codegen)?,
            debug: options::parse(&self.debug)?,
        })
    }
}

/// Prints the first help that is asked for; the exit code then.
pub(crate) fn help<'a>(groups: impl IntoIterator<Item = Given<'a>>) -> Option<u8> {
    let asked = |(_, given, _): &Given<'_>| given.iter().any(|setting| setting == "help");
    let (letter, _, help) = groups.into_iter().find(asked)?;
    let mut out = Output::new();
    out.line(format_args!("Settings of {letter}:\n{}", help()));
    Some(out.finish(exit::OK, exit::UNEXPECTED))
}

/// What was set.
pub(crate) struct Settings {
    pub(crate) wasm: Wasm,
    optimize: Optimize,
    codegen: Codegen,
    debug: Debug,
}

impl Settings {
    /// The value of every key, by group.
    pub(crate) fn effective(&self) -> [(&'static str, Vec<options::Effective>); 4] {
        [
            ("-W", self.wasm.effective()),
            ("-O", self.optimize.effective()),
            ("-C", self.codegen.effective()),
            ("-D", self.debug.effective()),
        ]
    }

    /// The engine that these settings ask for, and the log that goes with it.
    pub(crate) fn engine(&self, kind: EngineKind) -> Result<Engine, String> {
        self.engine_with(kind, |_| {})
    }

    /// The same, where `adjust` has the last word on the configuration.
    pub(crate) fn engine_with(
        &self,
        kind: EngineKind,
        adjust: impl FnOnce(&mut Config),
    ) -> Result<Engine, String> {
        logging::start(self.debug.logging);
        let mut config = self.config(kind)?;
        adjust(&mut config);
        Engine::new(&config).map_err(|error| error.to_string())
    }

    fn config(&self, kind: EngineKind) -> Result<Config, String> {
        let Self { wasm, optimize, codegen, debug } = self;
        let mut config = Config::new();
        config.engine(kind).consume_fuel(wasm.fuel.is_some()).epoch_interruption(wasm.timeout.is_some());
        if let Some(bytes) = wasm.max_wasm_stack {
            config.max_wasm_stack(bytes);
        }
        for &(feature, on) in &wasm.features {
            config.wasm_feature(feature, on);
        }
        if let Some(level) = optimize.opt_level {
            config.cranelift_opt_level(if level == 0 { OptLevel::None } else { OptLevel::Speed });
        }
        if let Some(on) = optimize.signals {
            config.signals_based_traps(on);
        }
        if let Some(on) = codegen.parallel {
            config.parallel_compilation(on);
        }
        if let Some(on) = codegen.verifier {
            config.cranelift_debug_verifier(on);
        }
        if let Some(on) = debug.address_map {
            config.generate_address_map(on);
        }
        config.gc_zeal(debug.gc_zeal);
        config.cache(self.cache()?);
        Ok(config)
    }

    fn cache(&self) -> Result<Option<Cache>, String> {
        if !self.codegen.cache {
            return Ok(None);
        }
        let mut config = CacheConfig::new();
        if let Some(bytes) = self.codegen.cache_size {
            config.with_files_total_size_limit(bytes);
        }
        Cache::new(config).map(Some).map_err(|error| error.to_string())
    }
}
