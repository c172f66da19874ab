//! Records as guests lay them out, in both versions of the interface.
//!
//! `wasi_unstable` has the same functions with an older layout of two records and another order of the origins of a seek.

use crate::descriptor::FileType;
use crate::errno::Errno;
use crate::memory::{GuestMemory, Place};
use rustix::fs::Stat;

/// The module name under which a function was imported.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    Preview1,
    Unstable,
}

/// The origin of a seek.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Whence {
    Set,
    Current,
    End,
}

impl Version {
    pub(crate) fn whence(self, raw: u32) -> Result<Whence, Errno> {
        let order = match self {
            Self::Preview1 => [Whence::Set, Whence::Current, Whence::End],
            Self::Unstable => [Whence::Current, Whence::End, Whence::Set],
        };
        order.get(raw as usize).copied().ok_or(Errno::Inval)
    }

    pub(crate) fn subscription_size(self) -> u32 {
        match self {
            Self::Preview1 => 48,
            Self::Unstable => 56,
        }
    }
}

/// What is known of a file.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Filestat {
    pub(crate) dev: u64,
    pub(crate) ino: u64,
    pub(crate) filetype: FileType,
    pub(crate) nlink: u64,
    pub(crate) size: u64,
    pub(crate) atim: u64,
    pub(crate) mtim: u64,
    pub(crate) ctim: u64,
}

impl Filestat {
    /// Of something without an identity of its own.
    pub(crate) fn anonymous(filetype: FileType) -> Self {
        Self { dev: 0, ino: 0, filetype, nlink: 1, size: 0, atim: 0, mtim: 0, ctim: 0 }
    }
}

impl From<Stat> for Filestat {
    fn from(stat: Stat) -> Self {
        Self {
            dev: stat.st_dev,
            ino: stat.st_ino,
            filetype: rustix::fs::FileType::from_raw_mode(stat.st_mode).into(),
            nlink: stat.st_nlink,
            size: u64::try_from(stat.st_size).unwrap_or(0),
            atim: nanos(stat.st_atime, stat.st_atime_nsec),
            mtim: nanos(stat.st_mtime, stat.st_mtime_nsec),
            ctim: nanos(stat.st_ctime, stat.st_ctime_nsec),
        }
    }
}

/// Nanoseconds since 1970; times before it, or after what the type holds, become its ends.
pub(crate) fn nanos(seconds: i64, nanos: u64) -> u64 {
    u64::try_from(seconds).map_or(0, |seconds| seconds.saturating_mul(1_000_000_000).saturating_add(nanos))
}

/// A checked place for a [`Filestat`].
#[derive(Copy, Clone, Debug)]
pub(crate) enum FilestatPlace {
    Preview1(Place<64>),
    Unstable(Place<56>),
}

impl FilestatPlace {
    pub(crate) fn new(memory: &GuestMemory<'_>, version: Version, at: u32) -> Result<Self, Errno> {
        match version {
            Version::Preview1 => memory.place(at).map(Self::Preview1),
            Version::Unstable => memory.place(at).map(Self::Unstable),
        }
    }

    pub(crate) fn fill(self, memory: &mut GuestMemory<'_>, stat: Filestat) {
        let mut record = [0; 64];
        let tail = match self {
            Self::Preview1(_) => {
                put(&mut record, 24, &stat.nlink.to_le_bytes());
                32
            }
            Self::Unstable(_) => {
                put(&mut record, 20, &u32::try_from(stat.nlink).unwrap_or(u32::MAX).to_le_bytes());
                24
            }
        };
        put(&mut record, 0, &stat.dev.to_le_bytes());
        put(&mut record, 8, &stat.ino.to_le_bytes());
        record[16] = stat.filetype as u8;
        for (index, value) in [stat.size, stat.atim, stat.mtim, stat.ctim].into_iter().enumerate() {
            put(&mut record, tail + 8 * index, &value.to_le_bytes());
        }
        match self {
            Self::Preview1(place) => memory.fill(place, record),
            Self::Unstable(place) => {
                if let Some(record) = record.first_chunk() {
                    memory.fill(place, *record);
                }
            }
        }
    }
}

/// What a subscription waits for.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Awaited {
    Clock { id: u32, timeout: u64, absolute: bool },
    Read(u32),
    Write(u32),
}

/// A subscription.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Subscription {
    pub(crate) userdata: u64,
    pub(crate) awaited: Result<Awaited, Errno>,
    /// The number of its kind, for the event.
    pub(crate) tag: u8,
}

impl Subscription {
    pub(crate) fn read(memory: &GuestMemory<'_>, version: Version, at: u32) -> Result<Self, Errno> {
        let record = memory.buffer(at, version.subscription_size())?;
        let record = memory.bytes(record);
        let tag = record[8];
        // The older layout has a second user value in front of the clock.
        let clock = match version {
            Version::Preview1 => 16,
            Version::Unstable => 24,
        };
        let awaited = match tag {
            0 => match u16_at(record, clock + 24) {
                flags @ (0 | 1) => Ok(Awaited::Clock {
                    id: u32_at(record, clock),
                    timeout: u64_at(record, clock + 8),
                    absolute: flags == 1,
                }),
                _ => Err(Errno::Inval),
            },
            1 => Ok(Awaited::Read(u32_at(record, 16))),
            2 => Ok(Awaited::Write(u32_at(record, 16))),
            _ => Err(Errno::Inval),
        };
        Ok(Self { userdata: u64_at(record, 0), awaited, tag })
    }
}

/// What happened to a subscription.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Event {
    pub(crate) userdata: u64,
    pub(crate) error: Errno,
    pub(crate) tag: u8,
    pub(crate) bytes: u64,
    pub(crate) hangup: bool,
}

impl Event {
    pub(crate) const SIZE: u32 = 32;

    pub(crate) fn encode(self) -> [u8; 32] {
        let mut record = [0; 32];
        put(&mut record, 0, &self.userdata.to_le_bytes());
        put(&mut record, 8, &self.error.raw().to_le_bytes());
        record[10] = self.tag;
        put(&mut record, 16, &self.bytes.to_le_bytes());
        put(&mut record, 24, &u16::from(self.hangup).to_le_bytes());
        record
    }
}

/// The record in front of each name of a listing.
pub(crate) fn dirent(next: u64, ino: u64, name_len: u32, filetype: FileType) -> [u8; 24] {
    let mut record = [0; 24];
    put(&mut record, 0, &next.to_le_bytes());
    put(&mut record, 8, &ino.to_le_bytes());
    put(&mut record, 16, &name_len.to_le_bytes());
    record[20] = filetype as u8;
    record
}

/// What is known of a descriptor.
pub(crate) fn fdstat(filetype: FileType, flags: u16, base: u64, inheriting: u64) -> [u8; 24] {
    let mut record = [0; 24];
    record[0] = filetype as u8;
    put(&mut record, 2, &flags.to_le_bytes());
    put(&mut record, 8, &base.to_le_bytes());
    put(&mut record, 16, &inheriting.to_le_bytes());
    record
}

fn put(record: &mut [u8], at: usize, bytes: &[u8]) {
    record[at..at + bytes.len()].copy_from_slice(bytes);
}

fn array<const N: usize>(record: &[u8], at: usize) -> [u8; N] {
    record.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or([0; N])
}

fn u16_at(record: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(array(record, at))
}

fn u32_at(record: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array(record, at))
}

fn u64_at(record: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array(record, at))
}
