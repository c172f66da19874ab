//! Chooses how handlers follow each other: `threaded_dispatch` where sibling calls are certain to become jumps, the
//! loop everywhere else (see `src/exec/dispatch.rs`).

use std::env::var;

fn main() {
    println!("cargo::rustc-check-cfg=cfg(threaded_dispatch)");
    println!("cargo::rerun-if-changed=build.rs");
    let set = |name: &str| var(name).is_ok();
    let optimised = var("OPT_LEVEL").is_ok_and(|level| matches!(level.as_str(), "2" | "3"));
    let known = var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "x86_64");
    let checked = set("CARGO_FEATURE_LOOP_DISPATCH") || set("CARGO_CFG_MIRI") || set("CARGO_CFG_SANITIZE");
    if optimised && known && !checked {
        println!("cargo::rustc-cfg=threaded_dispatch");
    }
}
