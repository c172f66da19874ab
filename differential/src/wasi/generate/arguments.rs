//! Arguments: paths, descriptors, rights, buffers, positions and times, of all sorts.

use super::number;
use crate::random::Random;
use crate::wasi::case::{Arg, Entry, Subscription, WasiCase};
use crate::wasi::signature::{MEMORY, parameters};

/// All rights of files and directories; above them are those of sockets.
const ALL: u64 = (1 << 28) - 1;

/// What arguments are made from.
pub(super) struct Arguments {
    /// Paths below mounts.
    paths: Vec<String>,
    /// Those of links.
    links: Vec<String>,
    mounts: usize,
    /// How many files have been asked to be opened.
    opened: usize,
}

impl Arguments {
    pub(super) fn of(case: &WasiCase) -> Self {
        let below = |entry: &Entry| {
            let path = entry.path();
            case.mounts
                .iter()
                .find_map(|mount| path.strip_prefix(&format!("{}/", mount.directory)))
                .map(str::to_owned)
        };
        let sorted = |mut paths: Vec<String>| {
            paths.sort_unstable();
            paths.dedup();
            paths
        };
        let paths = sorted(case.entries.iter().filter_map(below).collect());
        let is_link = |entry: &&Entry| matches!(entry, Entry::Link { .. });
        let links = sorted(case.entries.iter().filter(is_link).filter_map(below).collect());
        let sockets = if case.sockets { 2 } else { 0 };
        Self { paths, links, mounts: case.mounts.len() + sockets, opened: 0 }
    }

    pub(super) fn of_function(&mut self, random: &mut Random, function: &str) -> Vec<Arg> {
        if random.one_in(60) {
            return noise(random, function);
        }
        let mut args = self.good(random, function);
        // One argument is spoilt now and then, so that everything else is right.
        if random.one_in(12) {
            // Where the result goes is looked at too late most easily.
            let out = args.iter().rposition(|arg| matches!(arg, Arg::Out(_)));
            let any = random.below(args.len().max(1));
            let at = out.filter(|_| random.one_in(2)).unwrap_or(any);
            if let Some(arg) = args.get_mut(at) {
                *arg = spoilt(random, arg);
            }
        }
        args
    }

    fn good(&mut self, random: &mut Random, function: &str) -> Vec<Arg> {
        let out = Arg::Out;
        let directory = |random: &mut Random| self.directory(random);
        match function {
            "args_get" | "environ_get" => vec![out(64), out(256)],
            "args_sizes_get" | "environ_sizes_get" => vec![out(4), out(4)],
            "clock_res_get" => vec![number(random.below(5) as u64), out(8)],
            "clock_time_get" => vec![number(random.below(5) as u64), number(1_u64), out(8)],
            "fd_close" | "fd_datasync" | "fd_sync" => vec![self.descriptor(random)],
            "fd_advise" => {
                vec![self.file(random), position(random), position(random), number(random.below(7) as u64)]
            }
            "fd_allocate" => vec![self.file(random), position(random), position(random)],
            "fd_fdstat_get" => vec![self.descriptor(random), out(24)],
            "fd_fdstat_set_flags" => vec![self.descriptor(random), number(flags(random))],
            "fd_fdstat_set_rights" => vec![self.descriptor(random), rights(random), rights(random)],
            "fd_filestat_get" => vec![self.descriptor(random), out(64)],
            "fd_filestat_set_size" => vec![self.file(random), position(random)],
            "fd_filestat_set_times" => {
                vec![self.descriptor(random), time(random), time(random), time_flags(random)]
            }
            "fd_pread" => vec![self.file(random), read(random), position(random), out(4)],
            "fd_pwrite" => vec![self.file(random), write(random), position(random), out(4)],
            "fd_read" => vec![self.file(random), read(random), out(4)],
            "fd_write" => vec![self.file(random), write(random), out(4)],
            "fd_prestat_dir_name" => {
                vec![self.descriptor(random), Arg::Room([0, 3, 4, 6, 32][random.below(5)])]
            }
            "fd_prestat_get" => vec![self.descriptor(random), out(8)],
            "fd_readdir" => {
                let room = [0, 23, 24, 25, 64, 200, 4096, 4096, 4096][random.below(9)];
                let cookie = [0, 0, 0, 1, 2, 3, 5, 1 << 63, u64::MAX][random.below(9)];
                vec![self.any_directory(random), Arg::Room(room), number(cookie), out(4)]
            }
            "fd_renumber" => vec![self.descriptor(random), self.descriptor(random)],
            "fd_seek" => {
                let offset = [0, 1, 5, 1 << 20, u64::MAX, 1 << 63, i64::MAX as u64][random.below(7)];
                vec![self.file(random), number(offset), number(random.below(4) as u64), out(8)]
            }
            "fd_tell" => vec![self.file(random), out(8)],
            // Few directories are empty.
            "path_remove_directory" if random.one_in(2) => vec![directory(random), Arg::text("empty")],
            "path_create_directory" | "path_remove_directory" | "path_unlink_file" => {
                vec![directory(random), self.path(random)]
            }
            "path_filestat_get" => {
                let path = if random.one_in(4) { self.link(random) } else { self.path(random) };
                vec![directory(random), lookup(random), path, out(64)]
            }
            "path_filestat_set_times" => vec![
                directory(random),
                lookup(random),
                if random.one_in(2) { self.link(random) } else { self.path(random) },
                time(random),
                time(random),
                time_flags(random),
            ],
            "path_link" => {
                let lookup = number(u64::from(random.one_in(8)));
                vec![directory(random), lookup, self.path(random), directory(random), self.path(random)]
            }
            "path_open" => self.open(random),
            "path_readlink" => {
                let room = Arg::Room([0, 1, 8, 4096][random.below(4)]);
                vec![directory(random), self.path(random), room, out(4)]
            }
            "path_rename" => vec![directory(random), self.path(random), directory(random), self.path(random)],
            "path_symlink" => {
                let text = if random.one_in(3) { self.hostile(random) } else { self.path(random) };
                vec![text, directory(random), self.path(random)]
            }
            "poll_oneoff" if random.one_in(6) => {
                let count = *random.pick(&[0, 4097, 1 << 28, 0xffff_ffff_u64]);
                vec![number(1024_u64), number(2048_u64), number(count), out(4)]
            }
            "poll_oneoff" => vec![self.poll(random), out(4)],
            "proc_exit" => vec![number(*random.pick(&[0, 1, 255, 256, 0xffff_ffff_u64]))],
            "proc_raise" => vec![number(random.below(33) as u64)],
            "random_get" => match random.below(4) {
                0 => vec![number(1024_u64), number(*random.pick(&[u64::from(MEMORY), 1 << 30, 0xffff_ffff]))],
                _ => vec![Arg::Room(random.below(200) as u32)],
            },
            "sched_yield" => Vec::new(),
            "sock_accept" => vec![self.descriptor(random), number(4 * random.below(2) as u64), out(4)],
            "sock_recv" => {
                vec![self.descriptor(random), read(random), number(random.below(4) as u64), out(4), out(2)]
            }
            "sock_send" => vec![self.descriptor(random), write(random), number(0_u64), out(4)],
            "sock_shutdown" => vec![self.descriptor(random), number(random.below(5) as u64)],
            _ => Vec::new(),
        }
    }

    /// Something granted, mostly.
    fn directory(&self, random: &mut Random) -> Arg {
        if random.one_in(8) {
            self.descriptor(random)
        } else {
            number(3 + random.below(self.mounts.max(1)) as u64)
        }
    }

    /// Something granted, or opened since.
    fn any_directory(&self, random: &mut Random) -> Arg {
        if random.one_in(2) { self.directory(random) } else { self.descriptor(random) }
    }

    /// Something opened since, mostly.
    fn file(&self, random: &mut Random) -> Arg {
        if self.opened == 0 || random.one_in(6) {
            return self.descriptor(random);
        }
        number((3 + self.mounts + random.below(self.opened.min(6))) as u64)
    }

    fn descriptor(&self, random: &mut Random) -> Arg {
        let some = 3 + self.mounts + self.opened.min(6) + 1;
        match random.below(40) {
            0 => number(0xffff_ffff_u64),
            1 => number(0x7fff_ffff_u64),
            2 => number(1000_u64),
            _ => number(random.below(some) as u64),
        }
    }

    /// Opens something plain through something granted, with everything that it passes on.
    pub(super) fn sure_open(&mut self, random: &mut Random) -> Vec<Arg> {
        self.opened += 1;
        let path = *random.pick(&["file.txt", "dir", "dir/file.txt", "to-file", "made"]);
        let create = u64::from(path == "made");
        let parent = 3 + if create == 1 { 0 } else { random.below(2) as u64 };
        let base = if path == "dir" || parent == 4 || random.one_in(2) {
            ALL & !(1 << 6 | 1 << 8)
        } else {
            0x8e0_01ff
        };
        let (oflags, flags) = (number(create), number(0_u64));
        vec![
            number(parent),
            number(1_u64),
            Arg::text(path),
            oflags,
            number(base),
            number(ALL),
            flags,
            Arg::Out(4),
        ]
    }

    /// The whole of something's entries, and then what follows one of the first of them.
    pub(super) fn listing(&self, random: &mut Random) -> [Vec<Arg>; 2] {
        let directory = self.any_directory(random);
        let room = *random.pick(&[4096, 4096, 100, 30]);
        let from = random.below(6) as u64;
        let list = |room, cookie: u64| vec![directory.clone(), Arg::Room(room), number(cookie), Arg::Out(4)];
        [list(4096, 0), list(room, from)]
    }

    /// Opens what is there through something granted, for something that the grant may or may not be for.
    fn plain_open(&self, random: &mut Random) -> Vec<Arg> {
        let path = *random.pick(&["file.txt", "file.txt", "dir/file.txt", "to-file", "dir"]);
        let oflags = *random.pick(&[0, 8, 8, 1, 9, 5, 2_u64]);
        // To read, to write, to change the size, or all of these.
        let base = *random.pick(&[0x26, 0x26, 0x26, 0x40, 0x66, 1 << 22, 0x40_0066_u64]);
        vec![
            number(3 + random.below(2) as u64),
            lookup(random),
            Arg::text(path),
            number(oflags),
            number(base),
            number(ALL),
            number(0_u64),
            Arg::Out(4),
        ]
    }

    fn open(&mut self, random: &mut Random) -> Vec<Arg> {
        self.opened += 1;
        if random.one_in(4) {
            return self.plain_open(random);
        }
        let base = match random.below(10) {
            0..4 => 0x8e0_01ff,
            4 => (1 << 30) - 1,
            5 => 1 << 1,
            6 => 1 << 6,
            7 => 0x26,
            8 => ALL & !(1 << 6 | 1 << 8),
            _ => random.next() & ALL,
        };
        let inheriting = if random.one_in(3) { random.next() & ALL } else { ALL };
        let oflags = match random.below(12) {
            0..4 => 0,
            4..6 => 1,
            6 => 2,
            7 => 8,
            8 => 9,
            9 => 5,
            _ => random.below(16) as u64,
        };
        let fdflags = if random.one_in(6) { flags(random) } else { 0 };
        let (parent, path) = (self.any_directory(random), self.path(random));
        vec![
            parent,
            lookup(random),
            path,
            number(oflags),
            number(base),
            number(inheriting),
            number(fdflags),
            Arg::Out(4),
        ]
    }

    fn link(&self, random: &mut Random) -> Arg {
        let link: &String = random.pick(&self.links);
        Arg::text(link)
    }

    fn path(&self, random: &mut Random) -> Arg {
        if random.one_in(8) {
            return self.hostile(random);
        }
        let mut path = random.pick(&self.paths).clone();
        match random.below(14) {
            0 => path = "new".to_owned(),
            1 => path = format!("dir/{}", random.pick(&["new", "made", "file.txt"])),
            2 => path.push('/'),
            3 => path.push_str("/."),
            4 => path = format!("./{path}"),
            5 => path = format!("dir/../{path}"),
            6 => path = format!("to-dir/../{path}"),
            7 => path = format!("{path}/file.txt"),
            _ => {}
        }
        Arg::text(&path)
    }

    /// A path that has to be refused, or looks as if it had to be.
    fn hostile(&self, random: &mut Random) -> Arg {
        let path = random.pick(&self.paths).clone();
        let text = match random.below(22) {
            0 => "..".to_owned(),
            1 => "../outside/secret.txt".to_owned(),
            2 => "out/secret.txt".to_owned(),
            3 => "out/".to_owned(),
            4 => "out/new".to_owned(),
            5 => format!("{path}/.."),
            6 => format!("{path}/../../outside/secret.txt"),
            7 => "/etc/passwd".to_owned(),
            8 => "/".to_owned(),
            9 => ".".to_owned(),
            10 => "./".to_owned(),
            11 => format!("{path}//"),
            12 => format!("{path}///."),
            13 => String::new(),
            14 => "absolute/secret.txt".to_owned(),
            15 => format!("dir/../../box/{path}"),
            16 => format!("to-dir/../out/../{path}"),
            17 => return Arg::Text(b"file.txt\0".to_vec(), 1),
            18 => return Arg::Text(random.pick(&[&b"\xff"[..], b"\xc0\xaf", b"\xed\xa0\x80"]).to_vec(), 1),
            19 => return Arg::Text(b"n".to_vec(), *random.pick(&[255, 256, 4096, 4097])),
            20 => return Arg::Text(b"dir/../".to_vec(), *random.pick(&[3, 100, 585, 10_000])),
            _ => format!("out/../{path}"),
        };
        Arg::text(&text)
    }

    fn poll(&self, random: &mut Random) -> Arg {
        let count = [1, 1, 2, 3, 8][random.below(5)];
        let mut list = Vec::new();
        for user in 0..count {
            // A clock comes along mostly, so that nobody waits for what never happens.
            let tag = if user == 0 && !random.one_in(20) { 0 } else { random.below(4) as u8 };
            let id = match (tag, self.descriptor(random)) {
                (0, _) => random.below(3) as u32,
                (_, Arg::Number(fd)) => fd as u32,
                _ => 0,
            };
            let timeout = *random.pick(&[0, 1, 1_000_000, u32::MAX]);
            list.push(Subscription { user, tag, id, timeout, flags: random.below(3) as u16 });
        }
        Arg::Poll(list)
    }
}

fn lookup(random: &mut Random) -> Arg {
    number(u64::from(!random.one_in(3)))
}

fn flags(random: &mut Random) -> u64 {
    *random.pick(&[0, 1, 4, 5, 16, 2, 32])
}

fn rights(random: &mut Random) -> Arg {
    number(match random.below(4) {
        0 => 0,
        1 => ALL,
        2 => 0x26,
        _ => random.next() & random.next() & ALL,
    })
}

fn position(random: &mut Random) -> Arg {
    number(match random.below(10) {
        0 => i64::MAX as u64,
        1 => 1 << 63,
        2 => u64::MAX,
        3 => (1 << 20) - 1,
        4 => 1 << 20,
        _ => random.below(40) as u64,
    })
}

fn time(random: &mut Random) -> Arg {
    number(*random.pick(&[0, 1, 1_500_000_000_123_456_789, u64::MAX, 1 << 40]))
}

fn time_flags(random: &mut Random) -> Arg {
    number(*random.pick(&[0, 5, 4, 1, 10, 6, 15, 3, 16_u64]))
}

fn read(random: &mut Random) -> Arg {
    match random.below(12) {
        // Exactly at the end, and one beyond it.
        0 => Arg::Buffers(vec![(MEMORY - 8, 8)]),
        1 => Arg::Buffers(vec![(MEMORY - 8, 9)]),
        2 => Arg::Buffers(vec![(2000, 10), (2005, 10)]),
        3 => Arg::Buffers(vec![(2000, 4), (u32::MAX, 1)]),
        4 => Arg::Buffers(vec![(MEMORY, 0)]),
        _ => {
            let count = random.below(4);
            Arg::Read((0..count).map(|_| *random.pick(&[0, 1, 3, 8, 64])).collect())
        }
    }
}

fn write(random: &mut Random) -> Arg {
    match random.below(12) {
        0 => Arg::Buffers(vec![(MEMORY - 4, 4)]),
        1 => Arg::Buffers(vec![(MEMORY - 4, 5)]),
        2 => Arg::Buffers(vec![(1024, 16), (1024, 16)]),
        3 => Arg::Buffers(vec![(0, 0xffff_ffff), (0, 0xffff_ffff)]),
        4 => Arg::Buffers(vec![(4096, 40_000)]),
        _ => {
            let count = random.below(4);
            let texts: [&[u8]; 5] = [b"", b"x", b"written", b"\0\xff", b"a longer piece of text"];
            Arg::Write((0..count).map(|_| random.pick(&texts).to_vec()).collect())
        }
    }
}

/// Any numbers.
fn noise(random: &mut Random, function: &str) -> Vec<Arg> {
    let parameters = parameters(function).unwrap_or_default();
    // What ends a guest or waits is not for noise.
    parameters.chars().map(|letter| any(random, letter == 'I')).collect()
}

fn any(random: &mut Random, wide: bool) -> Arg {
    let value = match random.below(6) {
        0 => 0,
        1 => u64::MAX,
        2 => u64::from(MEMORY),
        3 => 1 << 31,
        4 => random.below(8) as u64,
        _ => random.next(),
    };
    number(if wide { value } else { value & 0xffff_ffff })
}

/// The same argument, wrong in one way.
fn spoilt(random: &mut Random, arg: &Arg) -> Arg {
    match arg {
        Arg::Number(_) => any(random, false),
        Arg::Out(size) => {
            number(*random.pick(&[MEMORY - size + 1, MEMORY, u32::MAX, MEMORY - size, 1 << 31]))
        }
        Arg::Text(bytes, times) if random.one_in(2) => Arg::Text([b"\0", &bytes[..]].concat(), *times),
        Arg::Room(_) | Arg::Text(..) => Arg::Buffers(Vec::new()),
        Arg::Read(_) | Arg::Write(_) | Arg::Buffers(_) => {
            Arg::Buffers(vec![(1024, 1); *random.pick(&[1024, 1025])])
        }
        Arg::Poll(_) => Arg::Poll(Vec::new()),
    }
}
