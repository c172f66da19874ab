//! A model of preview 1: what each call may answer, what it does, and what it writes, told from the specification and from
//! what our documentation promises.
//!
//! For each call it collects every reason for which it has to be refused. Where there is one, the answer is one of theirs (no
//! specification says which comes first) and nothing happens; where there is none, the call succeeds, and what it writes is
//! known byte for byte, except for what differs from host to host. It has a tree and a table of its own, and shares no code
//! with what it judges: neither its resolution of paths, nor its rights, nor its numbers.

mod files;
mod listing;
mod names;
mod paths;
mod streams;
mod table;
mod tree;

use super::case::WasiCase;
use super::errno::{BADF, FAULT, INVAL, MFILE, NOTCAPABLE, NOTDIR, SUCCESS, name};
use super::world::Contents;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use table::{Behind, Descriptor};
use tree::{Node, Tree};

/// How much standard output and standard error take.
pub(super) const OUTPUT: usize = 4096;
/// The time at which the guest's clock stands.
pub(super) const NOW: u64 = 1_700_000_000_000_000_000;
/// The largest file that a guest may make.
pub(super) const FILE_SIZE: u64 = 1 << 20;
/// What waits in sockets.
pub(super) const GREETING: &[u8] = b"hello from the other end";
/// How many buffers a call may have, how many subscriptions, and how long a path may be.
const BUFFERS: u32 = 1024;
const SUBSCRIPTIONS: u32 = 4096;
const PATH: usize = 4096;

/// What the guest has, and what there is.
pub(super) struct Model {
    tree: Tree,
    table: BTreeMap<u32, Descriptor>,
    limit: usize,
    args: Vec<String>,
    env: Vec<String>,
}

/// What was seen of a call.
pub(super) struct Seen<'a> {
    pub(super) function: &'a str,
    pub(super) params: &'a [u64],
    pub(super) before: &'a [u8],
    pub(super) after: &'a [u8],
    pub(super) answer: u32,
}

/// What the model says of a call.
pub(super) struct Judged {
    /// Whether the call was refused for want of a right, and for nothing else.
    pub(super) denied: bool,
    /// Memory that is not the same on every host, but in every lane.
    pub(super) open: Vec<Range<usize>>,
}

/// A call that is being judged.
struct Trial<'a> {
    seen: &'a Seen<'a>,
    refusals: Vec<u32>,
    /// What may be answered although nothing speaks against the call: limits that are the implementation's own.
    may: Vec<u32>,
    /// Memory, as it has to be afterwards.
    expected: Vec<u8>,
    /// What is not looked at: equal in all lanes, or not even that.
    open: Vec<Range<usize>>,
    volatile: Vec<Range<usize>>,
}

/// What is wrong, in words.
type Wrong = String;

impl Model {
    /// A model of what a case grants.
    pub(super) fn of(case: &WasiCase, root: &Path) -> Self {
        let tree = Tree::of(case, root);
        let stream = table::SET_FLAGS | table::STAT | table::POLL;
        let output = || Descriptor::new(Behind::Output(OUTPUT), stream | table::WRITE, 0);
        let input = Behind::Input(case.stdin.clone().into_bytes());
        let mut descriptors = vec![Descriptor::new(input, stream | table::READ, 0), output(), output()];
        for mount in &case.mounts {
            let (base, inheriting) = table::granted(mount.access);
            let node = tree.at(&mount.directory).unwrap_or(0);
            let mut descriptor = Descriptor::new(Behind::Node(node, 0), base, inheriting);
            descriptor.preopen = Some(mount.name.clone());
            descriptors.push(descriptor);
        }
        if case.sockets {
            let socket = Behind::Socket(GREETING.to_vec());
            let rights = stream | table::READ | table::WRITE | table::SHUTDOWN;
            descriptors.push(Descriptor::new(socket, rights, 0));
            let rights = stream | table::ACCEPT | table::SHUTDOWN;
            descriptors.push(Descriptor::new(Behind::Listener(1), rights, 0));
        }
        Self {
            tree,
            table: (0..).zip(descriptors).collect(),
            limit: case.descriptors as usize,
            args: case.args.clone(),
            env: case.env.iter().map(|(name, value)| format!("{name}={value}")).collect(),
        }
    }

    /// What has to be in the tree now.
    pub(super) fn contents(&self) -> Contents {
        self.tree.contents()
    }

    /// Judges a call, and goes on from what it has done.
    pub(super) fn judge(&mut self, seen: &Seen<'_>) -> Result<Judged, Wrong> {
        let trial = &mut Trial {
            seen,
            refusals: Vec::new(),
            may: Vec::new(),
            expected: seen.before.to_vec(),
            open: Vec::new(),
            volatile: Vec::new(),
        };
        self.call(trial)?;
        let mut after = seen.after.to_vec();
        for range in trial.open.iter().chain(&trial.volatile) {
            if let Some(same) = trial.expected.get(range.clone()) {
                after[range.clone()].copy_from_slice(same);
            }
        }
        if after != trial.expected {
            let at = (0..after.len()).find(|&at| after[at] != trial.expected[at]).unwrap_or(0);
            let window = at..after.len().min(at + 16);
            let (is, should) = (&seen.after[window.clone()], &trial.expected[window]);
            return Err(format!("memory at {at} is {is:02x?}, and should be {should:02x?}"));
        }
        let denied = !trial.refusals.is_empty() && trial.refusals.iter().all(|&errno| errno == NOTCAPABLE);
        let volatile = |range: &Range<usize>| !trial.volatile.iter().any(|other| overlap(range, other));
        Ok(Judged { denied, open: trial.open.iter().filter(|range| volatile(range)).cloned().collect() })
    }

    fn call(&mut self, trial: &mut Trial<'_>) -> Result<(), Wrong> {
        match trial.seen.function {
            "args_get" => self.strings(trial, true),
            "args_sizes_get" => self.sizes(trial, true),
            "environ_get" => self.strings(trial, false),
            "environ_sizes_get" => self.sizes(trial, false),
            "clock_res_get" => streams::clock(trial, 1),
            "clock_time_get" => streams::clock(trial, 2),
            "fd_advise" => self.fd_advise(trial),
            "fd_allocate" => self.fd_allocate(trial),
            "fd_close" => self.fd_close(trial),
            "fd_datasync" => self.fd_sync(trial, table::DATASYNC),
            "fd_fdstat_get" => self.fd_fdstat_get(trial),
            "fd_fdstat_set_flags" => self.fd_fdstat_set_flags(trial),
            "fd_fdstat_set_rights" => self.fd_fdstat_set_rights(trial),
            "fd_filestat_get" => self.fd_filestat_get(trial),
            "fd_filestat_set_size" => self.fd_filestat_set_size(trial),
            "fd_filestat_set_times" => self.fd_filestat_set_times(trial),
            "fd_pread" => self.read(trial, true),
            "fd_read" => self.read(trial, false),
            "fd_prestat_dir_name" => self.fd_prestat_dir_name(trial),
            "fd_prestat_get" => self.fd_prestat_get(trial),
            "fd_pwrite" => self.write(trial, true),
            "fd_write" => self.write(trial, false),
            "fd_readdir" => self.fd_readdir(trial),
            "fd_renumber" => self.fd_renumber(trial),
            "fd_seek" => self.fd_seek(trial),
            "fd_sync" => self.fd_sync(trial, table::SYNC),
            "fd_tell" => self.fd_tell(trial),
            "path_create_directory" => self.path_create_directory(trial),
            "path_filestat_get" => self.path_filestat_get(trial),
            "path_filestat_set_times" => self.path_filestat_set_times(trial),
            "path_link" => self.path_link(trial),
            "path_open" => self.path_open(trial),
            "path_readlink" => self.path_readlink(trial),
            "path_remove_directory" => self.path_remove_directory(trial),
            "path_rename" => self.path_rename(trial),
            "path_symlink" => self.path_symlink(trial),
            "path_unlink_file" => self.path_unlink_file(trial),
            "poll_oneoff" => self.poll_oneoff(trial),
            "proc_raise" => streams::proc_raise(trial),
            "random_get" => streams::random_get(trial),
            "sched_yield" => trial.ends(&[]).map(drop),
            "sock_accept" => self.sock_accept(trial),
            "sock_recv" => self.sock_recv(trial),
            "sock_send" => self.sock_send(trial),
            "sock_shutdown" => self.sock_shutdown(trial),
            other => Err(format!("the model does not know {other}")),
        }
    }

    /// A descriptor, if it is open.
    fn descriptor(&self, trial: &mut Trial<'_>, fd: u32) -> Option<&Descriptor> {
        let found = self.table.get(&fd);
        if found.is_none() {
            trial.refuse(&[BADF]);
        }
        found
    }

    /// The directory behind a descriptor with these rights.
    fn directory(&self, trial: &mut Trial<'_>, fd: u32, needed: u64) -> Option<Node> {
        let descriptor = self.descriptor(trial, fd)?;
        match descriptor.node().filter(|&node| self.tree.is_directory(node)) {
            Some(node) => {
                trial.need(descriptor.base, needed);
                Some(node)
            }
            None => {
                trial.refuse(&[NOTDIR, BADF]);
                None
            }
        }
    }

    /// Gives what was opened the number that the guest was told.
    fn opened(&mut self, trial: &mut Trial<'_>, at: u32, descriptor: Descriptor) -> Result<(), Wrong> {
        let number = trial.seen.u32_after(at);
        if number < 3 || self.table.contains_key(&number) {
            return Err(format!("the number {number} was given out, which is taken"));
        }
        self.table.insert(number, descriptor);
        trial.put(at, &number.to_le_bytes());
        Ok(())
    }

    fn check_room(&self, trial: &mut Trial<'_>) {
        if self.table.len() >= self.limit {
            trial.refuse(&[MFILE]);
        }
    }
}

fn overlap(one: &Range<usize>, other: &Range<usize>) -> bool {
    one.start < other.end && other.start < one.end
}

impl Seen<'_> {
    /// A parameter of 32 bits.
    fn u32(&self, index: usize) -> u32 {
        self.params.get(index).map_or(0, |&value| value as u32)
    }

    /// A parameter of 64 bits.
    fn u64(&self, index: usize) -> u64 {
        self.params.get(index).copied().unwrap_or(0)
    }

    fn u32_after(&self, at: u32) -> u32 {
        let bytes = self.after.get(at as usize..).and_then(|rest| rest.first_chunk());
        bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes))
    }
}

impl<'a> Trial<'a> {
    /// The call has to be refused with one of these, or for another reason.
    fn refuse(&mut self, errnos: &[u32]) {
        self.refusals.extend_from_slice(errnos);
    }

    fn refuse_if(&mut self, refused: bool, errnos: &[u32]) {
        if refused {
            self.refuse(errnos);
        }
    }

    fn need(&mut self, has: u64, needed: u64) {
        self.refuse_if(has & needed != needed, &[NOTCAPABLE]);
    }

    /// Bytes of the guest, which have to be in its memory.
    fn bytes(&mut self, at: u32, len: u64) -> Option<&'a [u8]> {
        let at = at as usize;
        let bytes = usize::try_from(len).ok().and_then(|len| self.seen.before.get(at..at.checked_add(len)?));
        if bytes.is_none() {
            self.refuse(&[FAULT]);
        }
        bytes
    }

    /// A path or the text of a link: the same as [`Self::path`], and may be absolute.
    fn text(&mut self, at: u32, len: u32) -> Option<&'a str> {
        let bytes = self.bytes(at, len.into())?;
        self.refuse_if(bytes.len() > PATH, &[super::errno::NAMETOOLONG]);
        self.refuse_if(bytes.contains(&0), &[INVAL, super::errno::ILSEQ]);
        self.refuse_if(bytes.is_empty(), &[super::errno::NOENT, INVAL]);
        let text = std::str::from_utf8(bytes).ok();
        self.refuse_if(text.is_none(), &[super::errno::ILSEQ, INVAL]);
        text
    }

    fn path(&mut self, at: u32, len: u32) -> Option<&'a str> {
        let path = self.text(at, len)?;
        self.refuse_if(path.starts_with('/'), &[super::errno::PERM, NOTCAPABLE]);
        Some(path)
    }

    /// Whether the call has come through. It has to, if nothing speaks against it; and it must not, if something does. Beside
    /// that it may answer with one of `may`.
    fn ends(&mut self, may: &[u32]) -> Result<bool, Wrong> {
        let answer = self.seen.answer;
        let may = &[may, &self.may].concat();
        if self.refusals.contains(&answer) || may.contains(&answer) {
            return Ok(false);
        }
        match answer {
            SUCCESS if self.refusals.is_empty() => Ok(true),
            _ => {
                let mut could: Vec<u32> = [&self.refusals[..], may].concat();
                if self.refusals.is_empty() {
                    could.push(SUCCESS);
                }
                could.sort_unstable();
                could.dedup();
                let could: Vec<String> = could.into_iter().map(name).collect();
                Err(format!("answered {}, and could answer {}", name(answer), could.join(", ")))
            }
        }
    }

    /// What the call writes.
    fn put(&mut self, at: u32, bytes: &[u8]) {
        if let Some(room) = self.expected.get_mut(at as usize..).and_then(|rest| rest.get_mut(..bytes.len()))
        {
            room.copy_from_slice(bytes);
        }
    }

    /// Bytes that only the lanes are compared by.
    fn leave_open(&mut self, at: u32, len: usize) {
        self.open.push(self.range(at, len));
    }

    /// Bytes that nothing is compared by.
    fn ignore(&mut self, at: u32, len: usize) {
        self.volatile.push(self.range(at, len));
    }

    fn range(&self, at: u32, len: usize) -> Range<usize> {
        let end = (at as usize).saturating_add(len).min(self.expected.len());
        (at as usize).min(end)..end
    }
}
