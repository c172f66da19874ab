//! Standard streams: closed, piped, non-blocking, limited.

use crate::guest::{BYTES, OUT, args, refused};
use crate::world::{World, attempt_with};
use assay_wasi::{Errno, MemoryInputPipe, MemoryOutputPipe, WasiCtxBuilder, WasiLimits};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;

#[test]
fn streams_that_lead_nowhere() {
    attempt_with(
        "null streams",
        |_| WasiCtxBuilder::new(),
        |guest, _| {
            assert_eq!(guest.read(0, 10), Ok(Vec::new()));
            assert_eq!(guest.write(1, "gone"), Ok(4));
            assert_eq!(guest.write(2, "gone"), Ok(4));
            refused(guest.write(0, "x"), &[Errno::Notcapable]);
            refused(guest.read(1, 1), &[Errno::Notcapable]);
            refused(guest.seek(1, 0, 1), &[Errno::Spipe]);
            let (list, count) = guest.list(&[(BYTES, 1)]);
            refused(guest.call("fd_pread", args![0_u32, list, count, 0_u64, OUT]), &[Errno::Spipe]);
        },
    );
}

#[test]
fn streams_in_memory() {
    let output = MemoryOutputPipe::new(8);
    let grant = |_: &World| {
        let mut builder = WasiCtxBuilder::new();
        builder.stdin(MemoryInputPipe::new("input")).stdout(output.clone());
        builder
    };
    attempt_with("streams in memory", grant, |guest, _| {
        assert_eq!((guest.read(0, 3), guest.read(0, 9)), (Ok(b"inp".to_vec()), Ok(b"ut".to_vec())));
        assert_eq!(guest.read(0, 9), Ok(Vec::new()));
        assert_eq!(guest.write(1, "four"), Ok(4));
    });
    assert_eq!(output.contents(), b"fourfour", "one from each engine");
    attempt_with("a stream in memory that is full", grant, |guest, _| {
        refused(guest.write(1, "more"), &[Errno::Pipe]);
    });
}

#[test]
fn a_pipe_whose_reader_has_gone() {
    let grant = |_: &World| {
        let (_, writer) = std::io::pipe().unwrap();
        let mut builder = WasiCtxBuilder::new();
        builder.stdout(OwnedFd::from(writer));
        builder
    };
    attempt_with("fd_write: nobody reads", grant, |guest, _| {
        refused(guest.write(1, "x"), &[Errno::Pipe]);
        refused(guest.write(1, vec![0; 100_000]), &[Errno::Pipe]);
        assert_eq!(guest.write(2, "x"), Ok(1));
    });
}

#[test]
fn pipes_carry_everything_in_order() {
    let (mut reader, writer) = std::io::pipe().unwrap();
    let sum = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).unwrap();
        bytes
    });
    let sent: Vec<u8> = (0..300_000_u32).map(|number| (number % 251) as u8).collect();
    let grant = |_: &World| {
        let mut builder = WasiCtxBuilder::new();
        builder.stdout(OwnedFd::from(writer.try_clone().unwrap()));
        builder
    };
    attempt_with("fd_write: more than a pipe holds", grant, |guest, _| {
        assert_eq!(guest.write(1, &sent), Ok(300_000));
    });
    drop(writer);
    assert_eq!(sum.join().unwrap(), [&sent[..], &sent].concat());
}

#[test]
fn nobody_waits_who_does_not_want_to() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let grant = |_: &World| {
        let mut builder = WasiCtxBuilder::new();
        builder.stdin(OwnedFd::from(reader.try_clone().unwrap()));
        builder
    };
    attempt_with("fd_read: nothing there, without waiting", grant, |guest, _| {
        assert_eq!(guest.call("fd_fdstat_set_flags", args![0_u32, 4_u32]), Ok(()));
        assert_eq!(guest.fdstat(0).map(|stat| stat.1), Ok(4));
        refused(guest.read(0, 4), &[Errno::Again]);
        (&writer).write_all(b"four").unwrap();
        assert_eq!(guest.read(0, 9), Ok(b"four".to_vec()));
    });
    // The flag is the guest's: other owners of the pipe are not affected.
    let flags = rustix::fs::fcntl_getfl(&reader).unwrap();
    assert!(!flags.contains(rustix::fs::OFlags::NONBLOCK));
    writer.write_all(b"last").unwrap();
    drop(writer);
    attempt_with("fd_read: the end of a pipe", grant, |guest, _| {
        assert!(guest.read(0, 9).is_ok());
        assert_eq!(guest.read(0, 9), Ok(Vec::new()));
    });
}

#[test]
fn output_can_be_limited() {
    let grant = |_: &World| {
        let mut builder = WasiCtxBuilder::new();
        builder.stdout(MemoryOutputPipe::new(1 << 20)).stderr(MemoryOutputPipe::new(1 << 20));
        builder.limits(WasiLimits::new().output(10));
        builder
    };
    attempt_with("fd_write: more than may be written", grant, |guest, _| {
        assert_eq!(guest.write(1, "seven by"), Ok(8));
        assert_eq!(guest.write(2, "seven by"), Ok(2));
        refused(guest.write(1, "x"), &[Errno::Nospc]);
    });
}

#[test]
fn a_file_as_standard_stream() {
    let grant = |world: &World| {
        let mut builder = WasiCtxBuilder::new();
        builder.stdin(std::fs::File::open(world.path("sandbox/file.txt")).unwrap());
        builder
    };
    attempt_with("standard input from a file", grant, |guest, _| {
        assert_eq!(guest.fdstat(0).map(|stat| stat.0), Ok(4));
        assert_eq!(guest.read(0, 3), Ok(b"ins".to_vec()));
        assert_eq!(guest.seek(0, 1, 0), Ok(1));
        assert_eq!(guest.read(0, 9), Ok(b"nside".to_vec()));
        guest.call("fd_filestat_get", args![0_u32, OUT]).unwrap();
        let stat = guest.bytes(OUT, 64);
        assert_eq!((&stat[..16], stat[16], guest.u64(OUT + 32)), (&[0; 16][..], 4, 6), "no identity");
    });
}
