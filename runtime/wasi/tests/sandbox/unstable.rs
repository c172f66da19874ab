//! `wasi_unstable`: the same functions with older layouts.

use crate::guest::{BYTES, ENGINES, FILE, Guest, OUT, args};
use crate::world::World;

fn guests(body: impl Fn(&mut Guest, &World)) {
    crate::world::attempt("wasi_unstable", |_, world| {
        for engine in ENGINES {
            let ctx = world.builder().build().unwrap();
            body(&mut Guest::importing(engine, "wasi_unstable", ctx), world);
        }
    });
}

#[test]
fn records_have_their_older_layouts() {
    guests(|guest, world| {
        use std::os::unix::fs::MetadataExt;
        guest.put(OUT, &[0xAA; 64]);
        let (at, len) = guest.path(crate::guest::PATH, "file.txt");
        guest.call("path_filestat_get", args![3_u32, 0_u32, at, len, OUT]).unwrap();
        let metadata = std::fs::metadata(world.path("sandbox/file.txt")).unwrap();
        assert_eq!((guest.u64(OUT), guest.u64(OUT + 8)), (metadata.dev(), metadata.ino()));
        assert_eq!((guest.bytes(OUT + 16, 1), guest.u32(OUT + 20), guest.u64(OUT + 24)), (vec![4], 1, 6));
        let mtime = metadata.mtime() as u64 * 1_000_000_000 + metadata.mtime_nsec() as u64;
        assert_eq!(guest.u64(OUT + 40), mtime);
        assert_eq!(guest.bytes(OUT + 56, 8), vec![0xAA; 8], "56 bytes");
    });
}

#[test]
fn seeks_have_their_older_order() {
    guests(|guest, _| {
        let file = guest.open(3, "file.txt", 0, FILE).unwrap();
        assert_eq!(guest.seek(file, 4, 2), Ok(4), "from the start");
        assert_eq!(guest.seek(file, -1, 0), Ok(3), "from here");
        assert_eq!(guest.seek(file, -1, 1), Ok(5), "from the end");
    });
}

#[test]
fn subscriptions_have_their_older_layout() {
    guests(|guest, _| {
        let mut clock = vec![0; 56];
        clock[..8].copy_from_slice(&7_u64.to_le_bytes());
        clock[16..24].copy_from_slice(&u64::MAX.to_le_bytes());
        clock[24..28].copy_from_slice(&1_u32.to_le_bytes());
        clock[32..40].copy_from_slice(&1_000_u64.to_le_bytes());
        let mut write = vec![0; 56];
        write[8] = 2;
        write[16..20].copy_from_slice(&1_u32.to_le_bytes());
        guest.put(BYTES, &[clock, write].concat());
        guest.call("poll_oneoff", args![BYTES, BYTES + 4096, 2_u32, OUT]).unwrap();
        assert!(guest.u32(OUT) >= 1);
        let mut long = vec![0; 56];
        long[24..28].copy_from_slice(&1_u32.to_le_bytes());
        long[32..40].copy_from_slice(&3_000_000_u64.to_le_bytes());
        guest.put(BYTES, &long);
        let start = std::time::Instant::now();
        guest.call("poll_oneoff", args![BYTES, BYTES + 4096, 1_u32, OUT]).unwrap();
        assert!(start.elapsed() >= std::time::Duration::from_millis(2));
    });
}
