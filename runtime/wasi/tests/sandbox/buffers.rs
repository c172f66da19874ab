//! Buffers and pointers that are not where they ought to be, sizes that do not fit, and transfers without an end.

use crate::guest::{BYTES, FILE, Guest, LIST, MEMORY, OUT, READ, args, refused};
use crate::world::{SANDBOX, World, attempt, attempt_with};
use assay_wasi::{Errno, WasiLimits};

/// A file to write in, and what it holds afterwards.
fn file(guest: &mut Guest) -> u32 {
    guest.open(SANDBOX, "file.txt", 0, FILE).unwrap()
}

fn untouched(world: &World) {
    assert_eq!(std::fs::read(world.path("sandbox/file.txt")).unwrap(), b"inside");
}

#[test]
fn lists_of_buffers_are_checked_as_a_whole() {
    let lists: [(&str, &[(u32, u32)]); 6] = [
        ("past the end", &[(MEMORY - 4, 5)]),
        ("beyond the end", &[(MEMORY + 1, 0)]),
        ("wrapping", &[(u32::MAX, 2)]),
        ("second one bad", &[(BYTES, 4), (u32::MAX - 1, 4)]),
        ("everything", &[(0, u32::MAX)]),
        ("last of many bad", &[(BYTES, 1), (BYTES, 1), (BYTES, 1), (MEMORY, 1)]),
    ];
    for (form, list) in lists {
        for name in ["fd_read", "fd_write"] {
            attempt(&format!("{name}: buffer {form}"), |guest, world| {
                let fd = file(guest);
                let (at, count) = guest.list(list);
                refused(guest.call(name, args![fd, at, count, OUT]), &[Errno::Fault]);
                untouched(world);
                assert_eq!(guest.seek(fd, 0, 1), Ok(0), "nothing was read");
                let (at, count) = guest.list(&[(MEMORY - 4, 4)]);
                assert_eq!(guest.call(name, args![fd, at, count, OUT]), Ok(()), "exactly at the end");
            });
        }
    }
}

#[test]
fn counts_of_buffers_are_bounded() {
    for count in [1025_u32, 1 << 29, u32::MAX] {
        for name in ["fd_read", "fd_write", "fd_pread", "fd_pwrite"] {
            attempt(&format!("{name}: {count} buffers"), |guest, world| {
                let fd = file(guest);
                let call = |guest: &mut Guest, count: u32| match name {
                    "fd_read" | "fd_write" => guest.call(name, args![fd, LIST, count, OUT]),
                    _ => guest.call(name, args![fd, LIST, count, 0_u64, OUT]),
                };
                refused(call(guest, count), &[Errno::Inval]);
                untouched(world);
                assert_eq!((call(guest, 0), guest.u32(OUT)), (Ok(()), 0));
                assert_eq!(call(guest, 1024), Ok(()));
            });
        }
    }
    attempt("fd_write: a list at the end of memory", |guest, _| {
        let fd = file(guest);
        refused(guest.call("fd_write", args![fd, MEMORY - 4, 1_u32, OUT]), &[Errno::Fault]);
        refused(guest.call("fd_write", args![fd, u32::MAX - 7, 2_u32, OUT]), &[Errno::Fault]);
        guest.put(MEMORY - 8, &[0; 8]);
        assert_eq!(guest.call("fd_write", args![fd, MEMORY - 8, 1_u32, OUT]), Ok(()));
    });
    attempt("fd_write: a sum that does not fit", |guest, world| {
        let fd = file(guest);
        let many: Vec<_> = (0..1024).map(|_| (0, MEMORY)).collect();
        let (at, count) = guest.list(&many);
        refused(guest.call("fd_write", args![fd, at, count, OUT]), &[Errno::Inval]);
        untouched(world);
    });
}

#[test]
fn buffers_may_overlap() {
    attempt("fd_read: overlapping buffers", |guest, _| {
        let fd = file(guest);
        let (at, count) = guest.list(&[(BYTES, 4), (BYTES + 2, 2)]);
        assert_eq!(guest.call("fd_read", args![fd, at, count, OUT]), Ok(()));
        assert_eq!((guest.u32(OUT), guest.bytes(BYTES, 4)), (6, b"inde".to_vec()));
    });
    attempt("fd_read: over its own list and result", |guest, _| {
        let fd = file(guest);
        let (at, count) = guest.list(&[(LIST, 4), (LIST + 4, 2)]);
        assert_eq!(guest.call("fd_read", args![fd, at, count, LIST]), Ok(()));
        assert_eq!(guest.u32(LIST), 6);
    });
    attempt("fd_write: overlapping buffers", |guest, world| {
        let fd = file(guest);
        guest.put(BYTES, b"abcd");
        let (at, count) = guest.list(&[(BYTES, 4), (BYTES, 4), (BYTES + 1, 2)]);
        assert_eq!(guest.call("fd_write", args![fd, at, count, OUT]), Ok(()));
        assert_eq!(std::fs::read(world.path("sandbox/file.txt")).unwrap(), b"abcdabcdbc");
    });
}

/// Calls with one bad pointer for a result each, which must leave no trace.
#[test]
fn a_bad_place_for_the_result_stops_everything() {
    type Bad = fn(&mut Guest, u32) -> Result<(), u32>;
    let calls: [(&str, Bad); 13] = [
        ("path_open", |guest, out| {
            let (at, len) = guest.path(crate::guest::PATH, "new");
            guest.call("path_open", args![SANDBOX, 1_u32, at, len, 1_u32, FILE, FILE, 0_u32, out])
        }),
        ("path_open to truncate", |guest, out| {
            let (at, len) = guest.path(crate::guest::PATH, "file.txt");
            guest.call("path_open", args![SANDBOX, 1_u32, at, len, 8_u32, FILE, FILE, 0_u32, out])
        }),
        ("fd_write", |guest, out| {
            let fd = file(guest);
            let (list, count) = guest.list(&[(BYTES, 4)]);
            guest.call("fd_write", args![fd, list, count, out])
        }),
        ("fd_pwrite", |guest, out| {
            let fd = file(guest);
            let (list, count) = guest.list(&[(BYTES, 4)]);
            guest.call("fd_pwrite", args![fd, list, count, 0_u64, out])
        }),
        ("fd_seek", |guest, out| {
            let fd = file(guest);
            guest.call("fd_seek", args![fd, 3_u64, 0_u32, out])
        }),
        ("fd_tell", |guest, out| {
            let fd = file(guest);
            guest.call("fd_tell", args![fd, out])
        }),
        ("fd_fdstat_get", |guest, out| guest.call("fd_fdstat_get", args![SANDBOX, out])),
        ("fd_filestat_get", |guest, out| guest.call("fd_filestat_get", args![SANDBOX, out])),
        ("path_filestat_get", |guest, out| {
            let (at, len) = guest.path(crate::guest::PATH, "file.txt");
            guest.call("path_filestat_get", args![SANDBOX, 1_u32, at, len, out])
        }),
        ("fd_prestat_get", |guest, out| guest.call("fd_prestat_get", args![SANDBOX, out])),
        ("fd_readdir", |guest, out| guest.call("fd_readdir", args![SANDBOX, BYTES, 99_u32, 0_u64, out])),
        ("path_readlink", |guest, out| {
            let (at, len) = guest.path(crate::guest::PATH, "to-file");
            guest.call("path_readlink", args![SANDBOX, at, len, BYTES, 99_u32, out])
        }),
        ("clock_time_get", |guest, out| guest.call("clock_time_get", args![0_u32, 0_u64, out])),
    ];
    for (name, call) in calls {
        attempt(&format!("{name}: bad place for the result"), |guest, world| {
            for place in [MEMORY - 1, MEMORY, u32::MAX - 1, u32::MAX] {
                refused(call(guest, place), &[Errno::Fault]);
            }
            untouched(world);
            assert!(!world.path("sandbox/new").exists());
            assert_eq!(call(guest, OUT), Ok(()));
        });
    }
    attempt("fd_read: bad place for the result", |guest, _| {
        let fd = file(guest);
        let (list, count) = guest.list(&[(BYTES, 4)]);
        refused(guest.call("fd_read", args![fd, list, count, MEMORY - 3]), &[Errno::Fault]);
        assert_eq!(guest.read(fd, 6), Ok(b"inside".to_vec()), "nothing was consumed");
    });
    attempt("poll_oneoff: bad places", |guest, _| {
        let subscription = [0_u8; 48];
        guest.put(BYTES, &subscription);
        refused(guest.call("poll_oneoff", args![BYTES, OUT, 1_u32, MEMORY - 3]), &[Errno::Fault]);
        refused(guest.call("poll_oneoff", args![BYTES, MEMORY - 31, 1_u32, OUT]), &[Errno::Fault]);
        refused(guest.call("poll_oneoff", args![MEMORY - 47, OUT, 1_u32, OUT]), &[Errno::Fault]);
        assert_eq!(guest.call("poll_oneoff", args![BYTES, MEMORY - 32, 1_u32, OUT]), Ok(()));
    });
}

#[test]
fn randomness_is_bounded_by_memory() {
    attempt("random_get: 4 GiB", |guest, _| {
        refused(guest.call("random_get", args![0_u32, u32::MAX]), &[Errno::Fault]);
        refused(guest.call("random_get", args![MEMORY - 3, 4_u32]), &[Errno::Fault]);
        assert_eq!(guest.call("random_get", args![0_u32, MEMORY]), Ok(()));
        assert_ne!(guest.bytes(MEMORY - 64, 64), vec![0; 64]);
        assert_eq!(guest.call("random_get", args![MEMORY, 0_u32]), Ok(()));
    });
}

#[test]
fn positions_and_sizes_end_somewhere() {
    attempt("fd_allocate: at the end of all numbers", |guest, world| {
        let fd = file(guest);
        let top = i64::MAX.cast_unsigned();
        for (offset, len) in [(top, 1), (1, top), (u64::MAX, 1), (u64::MAX, u64::MAX)] {
            refused(guest.call("fd_allocate", args![fd, offset, len]), &[Errno::Fbig]);
        }
        refused(guest.call("fd_allocate", args![fd, 0_u64, 0_u64]), &[Errno::Inval]);
        untouched(world);
        assert_eq!(guest.call("fd_allocate", args![fd, 0_u64, 100_u64]), Ok(()));
    });
    attempt("fd_pwrite: at the end of all numbers", |guest, world| {
        let fd = file(guest);
        let (list, count) = guest.list(&[(BYTES, 4)]);
        for offset in [i64::MAX.cast_unsigned(), 1 << 63, u64::MAX] {
            let answer = guest.call("fd_pwrite", args![fd, list, count, offset, OUT]);
            refused(answer, &[Errno::Inval, Errno::Fbig]);
            let answer = guest.call("fd_pread", args![fd, list, count, offset, OUT]);
            assert!(answer.is_err() || guest.u32(OUT) == 0);
        }
        untouched(world);
        assert_eq!(guest.call("fd_pwrite", args![fd, list, count, 2_u64, OUT]), Ok(()));
    });
    attempt("fd_seek: out of range", |guest, _| {
        let fd = file(guest);
        refused(guest.seek(fd, -1, 0), &[Errno::Inval]);
        refused(guest.seek(fd, i64::MIN, 1), &[Errno::Inval, Errno::Overflow]);
        refused(guest.seek(fd, -7, 2), &[Errno::Inval]);
        refused(guest.seek(fd, 0, 3), &[Errno::Inval]);
        refused(guest.seek(fd, 0, u32::MAX), &[Errno::Inval]);
        assert_eq!(guest.seek(fd, -2, 2), Ok(4));
    });
    attempt("fd_filestat_set_size: out of range", |guest, world| {
        let fd = file(guest);
        refused(guest.call("fd_filestat_set_size", args![fd, 1_u64 << 63]), &[Errno::Inval]);
        refused(guest.call("fd_filestat_set_size", args![fd, u64::MAX]), &[Errno::Inval]);
        untouched(world);
        assert_eq!(guest.call("fd_filestat_set_size", args![fd, 2_u64]), Ok(()));
    });
    let quota = |world: &World| {
        let mut builder = world.builder();
        builder.limits(WasiLimits::new().file_size(100));
        builder
    };
    attempt_with("a sparse file against a limit", quota, |guest, world| {
        let fd = file(guest);
        refused(guest.call("fd_filestat_set_size", args![fd, 1_u64 << 40]), &[Errno::Fbig]);
        refused(guest.call("fd_allocate", args![fd, 1_u64 << 40, 1_u64]), &[Errno::Fbig]);
        let (list, count) = guest.list(&[(BYTES, 4)]);
        refused(guest.call("fd_pwrite", args![fd, list, count, 1_u64 << 40, OUT]), &[Errno::Fbig]);
        assert_eq!(guest.seek(fd, 1 << 40, 0), Ok(1 << 40));
        refused(guest.write(fd, "x"), &[Errno::Fbig]);
        untouched(world);
        assert_eq!(guest.seek(fd, 98, 0), Ok(98));
        assert_eq!(guest.write(fd, "four"), Ok(2), "as much as fits");
        assert_eq!(guest.call("fd_filestat_set_size", args![fd, 100_u64]), Ok(()));
    });
}

#[test]
fn one_call_moves_a_bounded_amount() {
    let small = |world: &World| {
        let mut builder = world.builder();
        builder.limits(WasiLimits::new().transfer(1000));
        builder
    };
    attempt_with("fd_write: more than one call moves", small, |guest, _| {
        let fd = guest.open(SANDBOX, "file.txt", 0, FILE).unwrap();
        assert_eq!(guest.write(fd, vec![7; 4000]), Ok(1000));
        assert_eq!(guest.seek(fd, 0, 0), Ok(0));
        assert_eq!(guest.read(fd, 4000).map(|bytes| bytes.len()), Ok(1000));
    });
}

#[test]
fn a_guest_without_memory_gets_nothing_at_a_pointer() {
    use assay_runtime::{Engine, Linker, Module, Store};
    let engine = Engine::default();
    let text = r#"(module
        (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
        (memory 1)
        (func (export "random") (result i32) (call $random (i32.const 0) (i32.const 1)))
        (func (export "yield") (result i32) (call $yield)))"#;
    let module = Module::new(&engine, text).unwrap();
    let mut linker = Linker::new(&engine);
    assay_wasi::add_to_linker(&mut linker, |ctx| ctx).unwrap();
    let mut store = Store::new(&engine, assay_wasi::WasiCtxBuilder::new().build().unwrap());
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let mut call =
        |name| instance.get_typed_func::<(), u32>(&mut store, name).unwrap().call(&mut store, ()).unwrap();
    assert_eq!(call("random"), Errno::Fault.raw().into());
    assert_eq!(call("yield"), 0);
}

#[test]
fn reading_needs_its_right() {
    attempt("fd_read and fd_write without their rights", |guest, world| {
        let reader = guest.open(SANDBOX, "file.txt", 0, READ).unwrap();
        refused(guest.write(reader, "x"), &[Errno::Notcapable]);
        let writer = guest.open(SANDBOX, "file.txt", 0, crate::guest::WRITE).unwrap();
        refused(guest.read(writer, 1), &[Errno::Notcapable]);
        untouched(world);
        assert_eq!(guest.read(reader, 6), Ok(b"inside".to_vec()));
    });
}
