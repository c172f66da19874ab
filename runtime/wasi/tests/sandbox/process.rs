//! The guest as a process: exit codes, arguments and environment.

use crate::guest::{BYTES, ENGINES, Guest, OUT, args, refused};
use crate::world::attempt_with;
use assay_wasi::{Errno, I32Exit, WasiCtxBuilder};

#[test]
fn the_exit_code_is_a_value() {
    for engine in ENGINES {
        for code in [0, 1, 125, 126, 255, 256, -1, i32::MIN, i32::MAX] {
            let mut guest = Guest::new(engine, WasiCtxBuilder::new().build().unwrap());
            let error = guest.try_call("proc_exit", args![code.cast_unsigned()]).unwrap_err();
            assert_eq!(error.downcast_ref::<I32Exit>(), Some(&I32Exit(code)), "{engine:?}");
            // The store is usable afterwards.
            assert_eq!(guest.call("sched_yield", args![]), Ok(()));
        }
    }
}

/// A list of strings, as a guest reads it.
fn strings(guest: &mut Guest, what: &str) -> Vec<String> {
    guest.call(&format!("{what}_sizes_get"), args![OUT, OUT + 4]).unwrap();
    let (count, size) = (guest.u32(OUT), guest.u32(OUT + 4));
    guest.call(&format!("{what}_get"), args![OUT, BYTES]).unwrap();
    let mut strings = Vec::new();
    let mut total = 0;
    for index in 0..count {
        let at = guest.u32(OUT + 4 * index);
        let bytes = guest.bytes(at, BYTES + size - at);
        let len = bytes.iter().position(|&byte| byte == 0).unwrap();
        total += len as u32 + 1;
        strings.push(String::from_utf8(bytes[..len].to_vec()).unwrap());
    }
    assert_eq!(total, size);
    strings
}

#[test]
fn arguments_and_environment_arrive() {
    let grant = |_: &crate::world::World| {
        let mut builder = WasiCtxBuilder::new();
        builder.args(["program", "", "two words", "größe=1"]).env("A", "1").envs([("B", "x=y"), ("C", "")]);
        builder
    };
    attempt_with("arguments and environment", grant, |guest, _| {
        assert_eq!(strings(guest, "args"), ["program", "", "two words", "größe=1"]);
        assert_eq!(strings(guest, "environ"), ["A=1", "B=x=y", "C="]);
        let memory = crate::guest::MEMORY;
        refused(guest.call("args_get", args![memory - 15, BYTES]), &[Errno::Fault]);
        refused(guest.call("args_get", args![OUT, memory - 3]), &[Errno::Fault]);
        refused(guest.call("args_sizes_get", args![OUT, memory - 3]), &[Errno::Fault]);
        refused(guest.call("environ_sizes_get", args![u32::MAX, OUT]), &[Errno::Fault]);
        refused(guest.call("environ_get", args![u32::MAX, OUT]), &[Errno::Fault]);
    });
    attempt_with(
        "no arguments and no environment",
        |_| WasiCtxBuilder::new(),
        |guest, _| {
            assert!(strings(guest, "args").is_empty() && strings(guest, "environ").is_empty());
        },
    );
    let long = "x".repeat(1 << 20);
    let grant = |_: &crate::world::World| {
        let mut builder = WasiCtxBuilder::new();
        builder.arg(&long);
        builder
    };
    attempt_with("an argument of a megabyte", grant, |guest, _| {
        assert_eq!(strings(guest, "args"), std::slice::from_ref(&long));
    });
}

#[test]
fn what_cannot_be_told_to_a_guest_is_refused() {
    assert!(WasiCtxBuilder::new().arg("a\0b").build().is_err());
    assert!(WasiCtxBuilder::new().env("A", "a\0b").build().is_err());
    assert!(WasiCtxBuilder::new().env("A=B", "c").build().is_err());
    assert!(WasiCtxBuilder::new().env("", "c").build().is_err());
    assert!(WasiCtxBuilder::new().arg("a=b").env("A", "=").build().is_ok());
}

#[test]
fn signals_are_not_there() {
    attempt_with(
        "proc_raise",
        |_| WasiCtxBuilder::new(),
        |guest, _| {
            assert_eq!(guest.call("proc_raise", args![0_u32]), Ok(()));
            refused(guest.call("proc_raise", args![9_u32]), &[Errno::Notsup]);
            refused(guest.call("proc_raise", args![u32::MAX]), &[Errno::Inval]);
        },
    );
}

#[test]
fn seeded_randomness_repeats() {
    let bytes = |seed| {
        ENGINES.map(|engine| {
            let mut builder = WasiCtxBuilder::new();
            let mut guest = Guest::new(engine, builder.seeded_random(seed).build().unwrap());
            guest.call("random_get", args![OUT, 40_u32]).unwrap();
            guest.bytes(OUT, 40)
        })
    };
    let [jit, interp] = bytes(1);
    assert_eq!(jit, interp);
    assert_ne!(jit, bytes(2)[0]);
}
