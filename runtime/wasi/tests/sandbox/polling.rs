//! Waiting: many subscriptions, odd timeouts, and the time limit.

use crate::guest::{BYTES, ENGINES, Guest, OUT, READ, args, refused};
use crate::world::{SANDBOX, World, attempt, attempt_with};
use assay_runtime::Trap;
use assay_wasi::{Errno, MemoryInputPipe, WasiCtxBuilder, WasiLimits};
use std::time::{Duration, Instant};

const EVENTS: u32 = BYTES + (1 << 20);

/// A subscription to a clock.
fn clock(userdata: u64, id: u32, timeout: u64, flags: u16) -> Vec<u8> {
    let mut record = vec![0; 48];
    record[..8].copy_from_slice(&userdata.to_le_bytes());
    record[16..20].copy_from_slice(&id.to_le_bytes());
    record[24..32].copy_from_slice(&timeout.to_le_bytes());
    record[40..42].copy_from_slice(&flags.to_le_bytes());
    record
}

/// A subscription to a descriptor: 1 to read, 2 to write.
fn descriptor(userdata: u64, tag: u8, fd: u32) -> Vec<u8> {
    let mut record = vec![0; 48];
    record[..8].copy_from_slice(&userdata.to_le_bytes());
    record[8] = tag;
    record[16..20].copy_from_slice(&fd.to_le_bytes());
    record
}

/// User data, error number, kind and number of bytes of each event.
fn poll(guest: &mut Guest, list: &[Vec<u8>]) -> Result<Vec<(u64, u16, u8, u64)>, u32> {
    guest.put(BYTES, &list.concat());
    guest.call("poll_oneoff", args![BYTES, EVENTS, list.len() as u32, OUT])?;
    let count = guest.u32(OUT);
    let event = |index: u32| {
        let at = EVENTS + 32 * index;
        let record = guest.bytes(at, 32);
        (guest.u64(at), u16::from_le_bytes([record[8], record[9]]), record[10], guest.u64(at + 16))
    };
    Ok((0..count).map(event).collect())
}

#[test]
fn the_number_of_subscriptions_is_bounded() {
    for count in [0_u32, 4097, 1 << 20, u32::MAX] {
        attempt(&format!("poll_oneoff: {count} subscriptions"), |guest, _| {
            refused(guest.call("poll_oneoff", args![BYTES, EVENTS, count, OUT]), &[Errno::Inval]);
            assert_eq!(poll(guest, &[clock(1, 1, 0, 0)]), Ok(vec![(1, 0, 0, 0)]));
        });
    }
    attempt("poll_oneoff: 4,096 subscriptions", |guest, _| {
        let many: Vec<_> = (0..4096).map(|number| clock(number, 1, 0, 0)).collect();
        assert_eq!(poll(guest, &many).map(|events| events.len()), Ok(4096));
    });
    let one = |world: &World| {
        let mut builder = world.builder();
        builder.limits(WasiLimits::new().subscriptions(1));
        builder
    };
    attempt_with("poll_oneoff: a limit of one", one, |guest, _| {
        refused(poll(guest, &[clock(1, 1, 0, 0), clock(2, 1, 0, 0)]), &[Errno::Inval]);
        assert!(poll(guest, &[clock(1, 1, 0, 0)]).is_ok());
    });
}

#[test]
fn clocks_run_out() {
    attempt("poll_oneoff: a sleep takes its time", |guest, _| {
        for (id, flags) in [(1, 0), (0, 0), (1, 1), (0, 1)] {
            let now = if flags == 1 {
                guest.call("clock_time_get", args![id, 0_u64, OUT]).unwrap();
                guest.u64(OUT)
            } else {
                0
            };
            let start = Instant::now();
            assert_eq!(poll(guest, &[clock(9, id, now + 20_000_000, flags)]), Ok(vec![(9, 0, 0, 0)]));
            let slept = start.elapsed();
            assert!(slept >= Duration::from_millis(15) && slept < Duration::from_secs(2), "{slept:?}");
        }
    });
    attempt("poll_oneoff: a time that has passed", |guest, _| {
        assert_eq!(poll(guest, &[clock(1, 0, 5, 1), clock(2, 1, 0, 1)]).unwrap().len(), 2);
    });
    attempt("poll_oneoff: the shorter of two", |guest, _| {
        let list = [clock(1, 1, u64::MAX, 0), clock(2, 1, 1_000_000, 0), clock(3, 0, u64::MAX, 1)];
        assert_eq!(poll(guest, &list), Ok(vec![(2, 0, 0, 0)]));
    });
    attempt("poll_oneoff: the same user data twice", |guest, _| {
        assert_eq!(poll(guest, &[clock(7, 1, 0, 0), clock(7, 1, 0, 0)]).unwrap().len(), 2);
    });
    attempt("poll_oneoff: what cannot be waited for answers at once", |guest, _| {
        let (long, mut unknown) = (clock(1, 1, u64::MAX, 0), clock(5, 1, 0, 0));
        unknown[8] = 3;
        let errno = |errno: Errno| errno.raw();
        let cases = [
            (clock(5, 9, 0, 0), errno(Errno::Inval)),
            (clock(5, 2, 0, 0), errno(Errno::Notsup)),
            (clock(5, 1, 0, 2), errno(Errno::Inval)),
            (unknown, errno(Errno::Inval)),
            (descriptor(5, 1, 99), errno(Errno::Badf)),
            (descriptor(5, 2, u32::MAX), errno(Errno::Badf)),
            (descriptor(5, 1, SANDBOX), errno(Errno::Notcapable)),
        ];
        for (subscription, error) in cases {
            let events = poll(guest, &[long.clone(), subscription]).unwrap();
            assert_eq!((events.len(), events[0].0, events[0].1), (1, 5, error));
        }
    });
}

#[test]
fn descriptors_become_ready() {
    let with_input = |world: &World| {
        let mut builder = world.builder();
        builder.stdin(MemoryInputPipe::new("twelve bytes"));
        builder
    };
    attempt_with("poll_oneoff: files and streams in memory are ready", with_input, |guest, _| {
        let file = guest.open(SANDBOX, "file.txt", 0, READ | 1 << 27 | 1 << 2).unwrap();
        let list =
            [descriptor(1, 1, file), descriptor(2, 2, 1), descriptor(3, 1, 0), clock(4, 1, u64::MAX, 0)];
        assert_eq!(poll(guest, &list), Ok(vec![(1, 0, 1, 6), (2, 0, 2, 0), (3, 0, 1, 12)]));
    });
    let (reader, writer) = std::io::pipe().unwrap();
    let piped = |world: &World| {
        let mut builder = world.builder();
        builder.stdin(std::os::fd::OwnedFd::from(reader.try_clone().unwrap()));
        builder
    };
    attempt_with("poll_oneoff: an empty pipe is not ready", piped, |guest, _| {
        let list = [descriptor(1, 1, 0), clock(2, 1, 10_000_000, 0)];
        assert_eq!(poll(guest, &list), Ok(vec![(2, 0, 0, 0)]));
        std::io::Write::write_all(&mut &writer, b"four").unwrap();
        assert_eq!(poll(guest, &list), Ok(vec![(1, 0, 1, 4)]));
        assert_eq!(guest.read(0, 9), Ok(b"four".to_vec()));
    });
}

#[test]
fn time_that_stands_still_passes_by_sleeping() {
    let fixed = |_: &World| {
        let mut builder = WasiCtxBuilder::new();
        builder.fixed_clock(1_000);
        builder
    };
    attempt_with("fixed clocks", fixed, |guest, _| {
        let mut now = |id: u32| {
            guest.call("clock_time_get", args![id, 0_u64, OUT]).unwrap();
            guest.u64(OUT)
        };
        assert_eq!((now(0), now(1), now(0)), (1_000, 0, 1_000));
        let start = Instant::now();
        let hour = 3_600_000_000_000;
        assert_eq!(poll(guest, &[clock(1, 1, hour, 0)]), Ok(vec![(1, 0, 0, 0)]));
        assert!(start.elapsed() < Duration::from_secs(60));
        guest.call("clock_time_get", args![0_u32, 0_u64, OUT]).unwrap();
        assert_eq!(guest.u64(OUT), hour + 1_000);
    });
}

/// Runs a call that waits for ever, with a limit of 50 milliseconds; the trap that ends it.
fn limited(grant: impl Fn() -> WasiCtxBuilder, body: impl Fn(&mut Guest) -> assay_runtime::Error) {
    for engine in ENGINES {
        let mut guest = Guest::new(engine, grant().build().unwrap());
        guest.store.set_epoch_deadline(1);
        let handle = guest.store.engine().clone();
        let start = Instant::now();
        let limit = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(50));
            handle.increment_epoch();
        });
        assert_eq!(body(&mut guest).trap(), Some(Trap::Interrupt), "{engine:?}");
        assert!(start.elapsed() < Duration::from_secs(5));
        limit.join().unwrap();
    }
}

#[test]
fn the_time_limit_ends_waits() {
    limited(WasiCtxBuilder::new, |guest| {
        guest.put(BYTES, &clock(1, 1, u64::MAX, 0));
        guest.try_call("poll_oneoff", args![BYTES, EVENTS, 1_u32, OUT]).unwrap_err()
    });
    let (reader, _writer) = std::io::pipe().unwrap();
    let input = || {
        let mut builder = WasiCtxBuilder::new();
        builder.stdin(std::os::fd::OwnedFd::from(reader.try_clone().unwrap()));
        builder
    };
    limited(input, |guest| {
        let (list, count) = guest.list(&[(BYTES, 4)]);
        guest.try_call("fd_read", args![0_u32, list, count, OUT]).unwrap_err()
    });
    let (_reader, writer) = std::io::pipe().unwrap();
    let output = || {
        let mut builder = WasiCtxBuilder::new();
        builder.stdout(std::os::fd::OwnedFd::from(writer.try_clone().unwrap()));
        builder
    };
    limited(output, |guest| {
        let (list, count) = guest.list(&[(BYTES, 1 << 20)]);
        guest.try_call("fd_write", args![1_u32, list, count, OUT]).unwrap_err()
    });
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let socket = || {
        let mut builder = WasiCtxBuilder::new();
        builder.preopened_socket(listener.try_clone().unwrap());
        builder
    };
    limited(socket, |guest| guest.try_call("sock_accept", args![3_u32, 0_u32, OUT]).unwrap_err());
}
