//! Engines for tests: every configuration that has to agree.

use assay_runtime::{Config, Engine, EngineKind, OptLevel};

/// A configuration with a name.
pub(crate) fn engines(adjust: impl Fn(&mut Config)) -> Vec<(&'static str, Engine)> {
    let configure = |change: &dyn Fn(&mut Config)| {
        let mut config = Config::new();
        config.cranelift_debug_verifier(true);
        change(&mut config);
        adjust(&mut config);
        Engine::new(&config).expect("the configuration is valid")
    };
    vec![
        ("jit", configure(&|_| {})),
        (
            "jit, opt none",
            configure(&|config| {
                config.cranelift_opt_level(OptLevel::None);
            }),
        ),
        (
            "jit, no signals",
            configure(&|config| {
                config.signals_based_traps(false);
            }),
        ),
        (
            "interp",
            configure(&|config| {
                config.engine(EngineKind::Interp);
            }),
        ),
    ]
}
