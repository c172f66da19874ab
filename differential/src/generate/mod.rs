//! Generators: from (generator version, seed, index) alone to a case, the same on every host and for every number of threads.
//!
//! One file for each way to make modules; profiles mix them. Scripts are made here too, from what the module exports. The
//! only engine used is the interpreter: it reads exports, and tries a case, so that one in which next to nothing happens is
//! made again.

pub mod edges;

mod assemble;
mod calls;
mod code;
mod linked;
mod mutate;
mod objects;
mod operators;
mod saved;
mod script;
mod shapes;
mod small;
mod smith;
mod throws;
mod traffic;
mod words;

pub(crate) use words::quieted;

use crate::case::{Case, ModuleBytes, Settings, Step};
use crate::judge::{has_failed, is_useful};
use crate::lanes::configure_scout;
use crate::observe::Observation;
use crate::play::play;
use crate::random::{Random, mix};
use assay_runtime::{Config, Engine, ExternType, Module, Result};

/// Changes whenever an old (seed, index) would make another case.
pub const GENERATOR_VERSION: u64 = 14;

/// How often a case in which next to nothing happens is made again, at the most.
const ATTEMPTS: u64 = 6;

/// One case in so many is like a saved one.
const SAVED: u64 = 4;

/// A mix of generators.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Of 24 cases nine small modules, four of operators, two each of wasm-smith, calls, linked modules, objects and
    /// exceptions, and one of traffic.
    Default,
    /// Modules of one function around one operator, from the operator table.
    Small,
    /// Modules of wasm-smith.
    Smith,
    /// Operators of the table in expressions of each other.
    Operators,
    /// Functions that call each other in every way.
    Calls,
    /// Tables, segments and memories, moved and overrun.
    Traffic,
    /// Instances that share memory, tables, globals and functions.
    Linked,
    /// Structures, arrays and casts, with collections in between.
    Gc,
    /// Exceptions, thrown and caught in every way.
    Exceptions,
    /// Damaged modules: parsed, compiled, lowered and instantiated.
    Mutate,
    /// Calls of WASI: made and played by [`crate::wasi`], and no modules. A share of the default profile, too.
    Wasi,
}

impl Profile {
    /// Every profile of modules.
    pub const ALL: [Profile; 10] = [
        Profile::Default,
        Profile::Small,
        Profile::Smith,
        Profile::Operators,
        Profile::Calls,
        Profile::Traffic,
        Profile::Linked,
        Profile::Gc,
        Profile::Exceptions,
        Profile::Mutate,
    ];

    /// The names of all of them, that of WASI behind the others.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::ALL.into_iter().chain([Self::Wasi]).map(Self::name)
    }

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Profile::Default => "default",
            Profile::Small => "small",
            Profile::Smith => "smith",
            Profile::Operators => "operators",
            Profile::Calls => "calls",
            Profile::Traffic => "traffic",
            Profile::Linked => "linked",
            Profile::Gc => "gc",
            Profile::Exceptions => "exceptions",
            Profile::Mutate => "mutate",
            Profile::Wasi => "wasi",
        }
    }
}

impl std::str::FromStr for Profile {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().chain([Self::Wasi]).find(|profile| profile.name() == name);
        let names = || Self::names().collect::<Vec<_>>().join(", ");
        found.ok_or_else(|| format!("unknown profile `{name}`; there are {}", names()))
    }
}

/// A generator of modules.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the profiles of these names tell")]
pub enum Kind {
    Small,
    Smith,
    Operators,
    Calls,
    Traffic,
    Linked,
    Objects,
    Throws,
    Saved,
}

impl Kind {
    /// Its name in statistics.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Small => "small",
            Kind::Smith => "smith",
            Kind::Operators => "operators",
            Kind::Calls => "calls",
            Kind::Traffic => "traffic",
            Kind::Linked => "linked",
            Kind::Objects => "objects",
            Kind::Throws => "throws",
            Kind::Saved => "saved",
        }
    }
}

/// How NaNs are treated in a generated module.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Nans {
    /// As the engine makes them.
    Free,
    /// Made canonical by the module itself, right where they arise.
    Canonical,
}

/// Makes the cases of a profile and a seed.
pub struct Generator {
    profile: Profile,
    seed: u64,
    reader: Engine,
    /// Cases that were saved before: one case in [`SAVED`] is like one of them, if there are any.
    saved: Vec<Case>,
    /// The last module that was mutated, by number.
    base: Option<(u64, Vec<u8>)>,
}

impl Generator {
    /// A generator.
    ///
    /// # Errors
    /// When this host cannot run the engine that reads modules.
    pub fn new(profile: Profile, seed: u64) -> Result<Self> {
        let mut config = Config::new();
        configure_scout(&mut config);
        Ok(Self { profile, seed, reader: Engine::new(&config)?, saved: Vec::new(), base: None })
    }

    /// Takes saved cases, which from now on determine cases, too.
    pub fn use_saved(&mut self, saved: Vec<Case>) {
        self.saved = saved;
    }

    /// The engine that tries cases.
    pub fn reader(&self) -> &Engine {
        &self.reader
    }

    /// The profile.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// The case with this index: the first of a few attempts that is useful, else the last.
    pub fn case(&mut self, index: u64) -> Case {
        self.played(index).0
    }

    /// The same, with what the interpreter saw when it tried the case, if it did.
    pub fn played(&mut self, index: u64) -> (Case, Option<Observation>) {
        if self.profile == Profile::Mutate {
            return (self.mutant(index), None);
        }
        let mut attempts = 0..ATTEMPTS;
        loop {
            let attempt = attempts.next().unwrap_or(0);
            let case = self.attempt(index, attempt);
            let tried = play(&case, &self.reader, Some(case.settings.fuel));
            if attempts.is_empty() || is_useful(&case, &tried) || has_failed(&tried) {
                return (case, Some(tried));
            }
        }
    }

    /// The first attempt at a case of which this is so, or else the first: for a case that this process is not to try.
    pub fn attempt_that(&self, index: u64, is_so: impl FnMut(&Case) -> bool) -> Case {
        let mut attempts = (0..ATTEMPTS).map(|attempt| self.attempt(index, attempt));
        attempts.find(is_so).unwrap_or_else(|| self.attempt(index, 0))
    }

    fn attempt(&self, index: u64, attempt: u64) -> Case {
        let mut random = Random::of(&[GENERATOR_VERSION, self.seed, index, attempt]);
        let script = match self.kind(index) {
            Kind::Traffic => Some(traffic::case(&mut random)),
            Kind::Linked => Some(linked::case(&mut random)),
            Kind::Objects => Some(objects::case(&mut random)),
            Kind::Throws => Some(throws::case(&mut random)),
            Kind::Saved => {
                let case = random.pick(&self.saved).clone();
                return saved::like(&case, self.origin(index), &mut random);
            }
            _ => None,
        };
        if let Some((modules, steps)) = script {
            return self.scripted(index, modules, steps, &mut random);
        }
        let module = self.module(index, attempt, Nans::Free);
        let settings = Settings {
            fuel: 20_000,
            metered: random.one_in(3),
            host_seed: random.next(),
            host_errors: random.one_in(4),
            free_nans: module.free_nans,
            ..Settings::default()
        };
        let steps = match Module::from_binary(&self.reader, &module.bytes) {
            Ok(read) => script::script(&read, &mut random),
            // The lanes will say so too, and that is a finding.
            Err(_) => vec![Step::Instantiate { instantiate: 0 }],
        };
        let modules = vec![ModuleBytes { bytes: module.bytes, canonical: None }];
        Case { origin: self.origin(index), settings, modules, steps }
    }

    /// A case whose generator made the script, too, and lets no NaN arise.
    fn scripted(&self, index: u64, modules: Vec<Vec<u8>>, steps: Vec<Step>, random: &mut Random) -> Case {
        let settings = Settings {
            fuel: 20_000,
            metered: random.one_in(3),
            host_seed: random.next(),
            host_errors: random.one_in(4),
            free_nans: false,
            ..Settings::default()
        };
        let modules = modules.into_iter().map(|bytes| ModuleBytes { bytes, canonical: None }).collect();
        Case { origin: self.origin(index), settings, modules, steps }
    }

    fn origin(&self, index: u64) -> String {
        let (profile, seed) = (self.profile.name(), self.seed);
        format!("generator {GENERATOR_VERSION}, profile {profile}, seed {seed}, case {index}")
    }

    /// The case with every NaN made canonical, as part of its modules; `None` where NaN bits decide nothing.
    pub fn with_canonical(&self, index: u64, case: &Case) -> Option<Case> {
        if self.profile == Profile::Mutate || !case.settings.free_nans {
            return None;
        }
        let bytes = &case.modules[0].bytes;
        let attempt =
            (0..ATTEMPTS).find(|&attempt| self.module(index, attempt, Nans::Free).bytes == *bytes)?;
        let canonical = self.module(index, attempt, Nans::Canonical).bytes;
        // The generator reads its bytes differently behind the code: names of other exports may change, functions may not.
        if self.functions(bytes) != self.functions(&canonical) {
            return None;
        }
        let mut case = case.clone();
        case.modules[0].canonical = Some(canonical);
        Some(case)
    }

    /// The exported functions of a module with their types: what a script is made for.
    fn functions(&self, bytes: &[u8]) -> Option<Vec<(String, String)>> {
        let module = Module::from_binary(&self.reader, bytes).ok()?;
        let functions = module.exports().filter_map(|export| match export.ty() {
            ExternType::Func(ty) => Some((export.name().to_owned(), ty.to_string())),
            _ => None,
        });
        Some(functions.collect())
    }

    fn module(&self, index: u64, attempt: u64, nans: Nans) -> Generated {
        let mut random = Random::of(&[GENERATOR_VERSION, self.seed, index, attempt, 1]);
        match self.kind(index) {
            Kind::Small => small::module(index, &mut random, nans),
            Kind::Smith => smith::module(&mut random, nans, self.profile),
            Kind::Operators => operators::module(index, &mut random, nans),
            Kind::Calls => calls::module(&mut random),
            Kind::Objects => base(objects::case(&mut random)),
            Kind::Throws => base(throws::case(&mut random)),
            Kind::Traffic | Kind::Linked | Kind::Saved => {
                let bytes = traffic::module(traffic::Role::Owner, &mut random);
                Generated { bytes, free_nans: false }
            }
        }
    }

    /// The generator of the module of a case, or of the one that is damaged.
    pub fn kind(&self, index: u64) -> Kind {
        // Not the case's own stream: kinds are dealt out so that no turn of an operator falls to one kind alone.
        let mut deal = Random::of(&[GENERATOR_VERSION, self.seed, index, 3]);
        if !self.saved.is_empty()
            && self.profile != Profile::Mutate
            && mix(deal.clone().next()).is_multiple_of(SAVED)
        {
            return Kind::Saved;
        }
        match (self.profile, deal.below(24)) {
            (Profile::Small, _) => Kind::Small,
            (Profile::Smith, _) => Kind::Smith,
            (Profile::Operators, _) => Kind::Operators,
            (Profile::Calls, _) => Kind::Calls,
            (Profile::Traffic, _) => Kind::Traffic,
            (Profile::Linked, _) => Kind::Linked,
            // One case in twelve is wasm-smith's, which finds other types than ours.
            (Profile::Gc | Profile::Exceptions, 0..2) => Kind::Smith,
            (Profile::Gc, _) => Kind::Objects,
            (Profile::Exceptions, _) => Kind::Throws,
            (Profile::Default | Profile::Mutate | Profile::Wasi, 0..9) => Kind::Small,
            (Profile::Default | Profile::Mutate | Profile::Wasi, 9..13) => Kind::Operators,
            (Profile::Default | Profile::Mutate | Profile::Wasi, 13..15) => Kind::Smith,
            (Profile::Default | Profile::Mutate | Profile::Wasi, 15..17) => Kind::Calls,
            (Profile::Default | Profile::Mutate | Profile::Wasi, 17) => Kind::Traffic,
            (Profile::Default | Profile::Mutate | Profile::Wasi, 18..20) => Kind::Linked,
            (Profile::Default | Profile::Mutate | Profile::Wasi, 20..22) => Kind::Objects,
            (Profile::Default | Profile::Mutate | Profile::Wasi, _) => Kind::Throws,
        }
    }

    fn mutant(&mut self, index: u64) -> Case {
        let random = &mut Random::of(&[GENERATOR_VERSION, self.seed, index]);
        let number = index / mutate::PER_BASE;
        if self.base.as_ref().is_none_or(|(made, _)| *made != number) {
            let mut random = Random::of(&[GENERATOR_VERSION, self.seed, number, 2]);
            let own = mutate::own_base(&mut random);
            self.base = Some((number, own.unwrap_or_else(|| self.module(number, 0, Nans::Canonical).bytes)));
        }
        let base = self.base.as_ref().map_or(&[][..], |(_, bytes)| bytes);
        let bytes = mutate::mutate(base, random);
        let settings = Settings {
            fuel: 1000,
            metered: true,
            host_seed: random.next(),
            memory_bytes: 16 << 16,
            valid: false,
            ..Settings::default()
        };
        let steps = vec![Step::Instantiate { instantiate: 0 }];
        let modules = vec![ModuleBytes { bytes, canonical: None }];
        Case { origin: self.origin(index), settings, modules, steps }
    }
}

/// The first module of a case, to be damaged.
fn base((modules, _): (Vec<Vec<u8>>, Vec<Step>)) -> Generated {
    Generated { bytes: modules.into_iter().next().unwrap_or_default(), free_nans: false }
}

/// A module with what its generator knows of it.
struct Generated {
    bytes: Vec<u8>,
    /// Whether it computes with floats whose NaN bits are the engine's choice.
    free_nans: bool,
}

/// A case of a module that somebody wrote: every export is called, with arguments that follow from `seed`.
///
/// # Errors
/// When the module does not parse or is rejected.
pub fn case_of_module(bytes: &[u8], origin: String, seed: u64) -> Result<Case> {
    let generator = Generator::new(Profile::Default, seed)?;
    let binary = wat::parse_bytes(bytes).map_or_else(|_| bytes.to_vec(), std::borrow::Cow::into_owned);
    // The text, where it is text, for its own errors.
    let read = Module::new(&generator.reader, bytes)?;
    let mut random = Random::of(&[GENERATOR_VERSION, seed]);
    let steps = script::script(&read, &mut random);
    let settings = Settings { fuel: 10_000_000, metered: false, host_seed: seed, ..Settings::default() };
    Ok(Case { origin, settings, modules: vec![ModuleBytes { bytes: binary, canonical: None }], steps })
}

/// A case from a fuzzer's bytes: a module of wasm-smith, and a script and settings that follow from what is left.
///
/// # Errors
/// When the bytes do not suffice for a module.
pub fn case_of_bytes(input: &mut arbitrary::Unstructured<'_>, reader: &Engine) -> arbitrary::Result<Case> {
    let seed = input.arbitrary()?;
    let bytes = smith::from_bytes(&mut Random::of(&[seed]), input, Nans::Canonical)?;
    let mut random = Random::of(&[seed, 1]);
    let steps = match Module::from_binary(reader, &bytes) {
        Ok(read) => script::script(&read, &mut random),
        Err(_) => vec![Step::Instantiate { instantiate: 0 }],
    };
    let settings = Settings {
        fuel: 20_000,
        metered: random.one_in(2),
        host_seed: seed,
        host_errors: random.one_in(4),
        free_nans: false,
        ..Settings::default()
    };
    let modules = vec![ModuleBytes { bytes, canonical: None }];
    Ok(Case { origin: "fuzzer".to_owned(), settings, modules, steps })
}

/// A case of a fuzzer's module: its exports are called, with arguments and settings that follow from these words. `None`
/// where the module is refused.
pub(crate) fn case_of_binary(bytes: Vec<u8>, reader: &Engine, words: &[u64]) -> Option<Case> {
    let read = Module::from_binary(reader, &bytes).ok()?;
    let mut random = Random::of(words);
    let settings = Settings {
        fuel: 20_000,
        metered: random.one_in(2),
        host_seed: random.next(),
        host_errors: random.one_in(4),
        ..Settings::default()
    };
    let steps = script::script(&read, &mut random);
    let modules = vec![ModuleBytes { bytes, canonical: None }];
    Some(Case { origin: "fuzzer".to_owned(), settings, modules, steps })
}

/// A case of the generator of objects or that of exceptions, whose choices are these bytes.
pub fn case_of_choices(profile: Profile, bytes: &[u8]) -> Option<Case> {
    let mut random = Random::over(bytes);
    let (modules, steps) = match profile {
        Profile::Gc => objects::case(&mut random),
        Profile::Exceptions => throws::case(&mut random),
        _ => return None,
    };
    let settings = Settings {
        fuel: 20_000,
        metered: random.one_in(3),
        host_seed: random.next(),
        host_errors: random.one_in(4),
        free_nans: false,
        ..Settings::default()
    };
    let modules = modules.into_iter().map(|bytes| ModuleBytes { bytes, canonical: None }).collect();
    Some(Case { origin: "fuzzer".to_owned(), settings, modules, steps })
}

/// The module that [`case_of_bytes`] makes of these bytes.
pub(crate) fn smith_module(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut input = arbitrary::Unstructured::new(bytes);
    let seed = input.arbitrary().ok()?;
    smith::from_bytes(&mut Random::of(&[seed]), &mut input, Nans::Canonical).ok()
}

#[cfg(test)]
mod tests;
