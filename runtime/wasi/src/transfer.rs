//! Bytes between a guest's buffers and what is behind a descriptor.
//!
//! Enters: the list of buffers, checked as a whole before the first byte moves. Leaves: how many bytes moved. A call is
//! answered with less than it asked for at the limit of one call, at the end of a stream, and where more would have to
//! wait; never with an error once bytes have moved.

use crate::call::{Outcome, Refusal};
use crate::descriptor::{Descriptor, HostFile, Kind, Socket};
use crate::errno::Errno;
use crate::fault::{Fault, planted};
use crate::limits::WasiLimits;
use crate::memory::{Buffer, GuestMemory};
use crate::terminal::Filter;
use crate::wait::{Wait, is_ready};
use rustix::event::PollFlags;
use rustix::fd::{AsFd, BorrowedFd};
use rustix::io::Errno as HostErrno;
use rustix::net::{RecvFlags, SendFlags};
use std::io::IoSlice;
use std::sync::{Mutex, PoisonError};

/// How much of a file is moved without a look at the time limit.
const FILE_CHUNK: usize = 4 << 20;
/// How much a pipe takes for sure when it says that it is ready.
const PIPE_CHUNK: usize = 4096;
/// How much is written to a terminal at once, which takes little when it is slow.
const TERMINAL_CHUNK: usize = 256;

/// A guest's buffers.
pub(crate) struct Buffers {
    list: Vec<Buffer>,
}

impl Buffers {
    /// Reads a list of `count` buffers at `at`, and cuts it off at the limit of one call.
    pub(crate) fn read(
        memory: &GuestMemory<'_>,
        at: u32,
        count: u32,
        limits: &WasiLimits,
    ) -> Result<Self, Errno> {
        if count > limits.buffers {
            return Err(Errno::Inval);
        }
        memory.buffer(at, count * 8)?;
        let mut list = Vec::with_capacity(count as usize);
        let mut total = 0_u64;
        for index in 0..count {
            let record: [u8; 8] = memory.read(at + 8 * index)?;
            let [a, b, c, d, e, f, g, h] = record;
            let (start, len) = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]));
            let buffer = if planted(Fault::BufferStartOnly) {
                memory.buffer(start, 0)?;
                Buffer { at: start as usize, len: len as usize }
            } else if planted(Fault::BufferEndExcluded) && len > 0 {
                memory.buffer(start, len.saturating_add(1))?;
                memory.buffer(start, len)?
            } else {
                memory.buffer(start, len)?
            };
            total += buffer.len as u64;
            if u32::try_from(total).is_err() {
                return Err(Errno::Inval);
            }
            list.push(buffer);
        }
        let mut buffers = Self { list };
        buffers.truncate(limits.transfer);
        Ok(buffers)
    }

    /// Cuts off what is beyond `limit` bytes.
    pub(crate) fn truncate(&mut self, limit: usize) {
        let mut left = limit;
        for buffer in &mut self.list {
            buffer.len = buffer.len.min(left);
            left -= buffer.len;
        }
    }

    /// What follows the first `count` bytes.
    pub(crate) fn skip(&self, count: usize) -> Self {
        let mut skipped = count;
        let skip = |buffer: &Buffer| {
            let gone = buffer.len.min(skipped);
            skipped -= gone;
            Buffer { at: buffer.at + gone, len: buffer.len - gone }
        };
        Self { list: self.list.iter().map(skip).collect() }
    }

    /// How many bytes there are.
    pub(crate) fn total(&self) -> usize {
        self.list.iter().map(|buffer| buffer.len).sum()
    }

    /// The buffers in pieces of at most `size` bytes, without empty ones.
    fn pieces(&self, size: usize) -> impl Iterator<Item = Buffer> + '_ {
        self.list.iter().flat_map(move |buffer| {
            (0..buffer.len)
                .step_by(size)
                .map(move |start| Buffer { at: buffer.at + start, len: size.min(buffer.len - start) })
        })
    }
}

/// Reads into the buffers, from `position` or from where the stream stands.
pub(crate) fn read(
    descriptor: &Descriptor,
    memory: &mut GuestMemory<'_>,
    buffers: &Buffers,
    position: Option<u64>,
    wait: &Wait,
) -> Outcome<usize> {
    match &descriptor.kind {
        Kind::File(file) => read_file(file, descriptor, memory, buffers, position, wait),
        Kind::Socket(socket) => receive(socket, descriptor, memory, buffers, RecvFlags::empty(), wait),
        Kind::Input(pipe) => {
            Ok(buffers.pieces(usize::MAX).map(|piece| pipe.read(memory.bytes_mut(piece))).sum())
        }
        Kind::Null => Ok(0),
        Kind::Output(_) => Err(Errno::Badf.into()),
        Kind::Directory(_) => Err(Errno::Isdir.into()),
    }
}

/// Writes the buffers, to `position` or to where the stream stands.
pub(crate) fn write(
    descriptor: &Descriptor,
    memory: &GuestMemory<'_>,
    buffers: &Buffers,
    position: Option<u64>,
    wait: &Wait,
) -> Outcome<usize> {
    match &descriptor.kind {
        Kind::File(file) if file.is_regular() => write_file(file, memory, buffers, position, wait),
        Kind::File(file) => match (&file.terminal, position) {
            (Some(filter), _) => write_terminal(filter, file.fd.as_fd(), descriptor, memory, buffers, wait),
            // Most of them have no positions, and the host says so.
            (None, Some(_)) => write_file(file, memory, buffers, position, wait),
            (None, None) => write_stream(file, descriptor, memory, buffers, wait),
        },
        Kind::Socket(socket) => send(socket, descriptor, memory, buffers, wait),
        Kind::Output(pipe) => {
            let written = buffers.pieces(usize::MAX).map(|piece| pipe.write(memory.bytes(piece))).sum();
            if written == 0 && buffers.total() > 0 { Err(Errno::Pipe.into()) } else { Ok(written) }
        }
        Kind::Null => Ok(buffers.total()),
        Kind::Input(_) | Kind::Directory(_) => Err(Errno::Badf.into()),
    }
}

fn read_file(
    file: &HostFile,
    descriptor: &Descriptor,
    memory: &mut GuestMemory<'_>,
    buffers: &Buffers,
    position: Option<u64>,
    wait: &Wait,
) -> Outcome<usize> {
    let fd = file.fd.as_fd();
    let stream = !file.is_regular();
    let chunk = if wait.is_bounded() { FILE_CHUNK } else { usize::MAX };
    let patience = Patience { fd, events: PollFlags::IN, host: Host::of(file), descriptor, wait };
    in_pieces(buffers.pieces(chunk), |piece, done| {
        if stream && done > 0 && !is_ready(fd, PollFlags::IN) {
            return Ok(0);
        }
        let target = memory.bytes_mut(piece);
        patience.attempt(|| match position {
            Some(position) => rustix::io::pread(fd, &mut *target, position.saturating_add(done as u64)),
            None => rustix::io::read(fd, &mut *target),
        })
    })
}

fn write_file(
    file: &HostFile,
    memory: &GuestMemory<'_>,
    buffers: &Buffers,
    position: Option<u64>,
    wait: &Wait,
) -> Outcome<usize> {
    let fd = file.fd.as_fd();
    // One system call for one write of the guest, as far as the time limit lets us: others append to the same file.
    if !wait.is_bounded() || buffers.total() <= FILE_CHUNK {
        wait.check()?;
        return Ok(retry(|| match (buffers.list.as_slice(), position) {
            (&[buffer], None) => rustix::io::write(fd, memory.bytes(buffer)),
            (&[buffer], Some(position)) => rustix::io::pwrite(fd, memory.bytes(buffer), position),
            (list, None) => rustix::io::writev(fd, &slices(memory, list)),
            (list, Some(position)) => rustix::io::pwritev(fd, &slices(memory, list), position),
        })?);
    }
    in_pieces(buffers.pieces(FILE_CHUNK), |piece, done| {
        wait.check()?;
        let bytes = memory.bytes(piece);
        Ok(retry(|| match position {
            Some(position) => rustix::io::pwrite(fd, bytes, position.saturating_add(done as u64)),
            None => rustix::io::write(fd, bytes),
        })?)
    })
}

fn write_stream(
    file: &HostFile,
    descriptor: &Descriptor,
    memory: &GuestMemory<'_>,
    buffers: &Buffers,
    wait: &Wait,
) -> Outcome<usize> {
    let fd = file.fd.as_fd();
    let patience = Patience { fd, events: PollFlags::OUT, host: Host::of(file), descriptor, wait };
    if buffers.total() <= PIPE_CHUNK || !(wait.is_bounded() || descriptor.is_nonblocking()) {
        return patience.attempt(|| match buffers.list.as_slice() {
            &[buffer] => rustix::io::write(fd, memory.bytes(buffer)),
            list => rustix::io::writev(fd, &slices(memory, list)),
        });
    }
    in_pieces(buffers.pieces(PIPE_CHUNK), |piece, _| {
        patience.attempt(|| rustix::io::write(fd, memory.bytes(piece)))
    })
}

/// Writes what a terminal may show. What has gone through the filter is written to its end, also where the guest does not
/// want to wait: the terminal was ready.
fn write_terminal(
    filter: &Mutex<Filter>,
    fd: BorrowedFd<'_>,
    descriptor: &Descriptor,
    memory: &GuestMemory<'_>,
    buffers: &Buffers,
    wait: &Wait,
) -> Outcome<usize> {
    let mut filter = filter.lock().unwrap_or_else(PoisonError::into_inner);
    in_pieces(buffers.pieces(PIPE_CHUNK), |piece, done| {
        wait.check()?;
        if descriptor.is_nonblocking() && !is_ready(fd, PollFlags::OUT) {
            return if done > 0 { Ok(0) } else { Err(Errno::Again.into()) };
        }
        let mut shown = Vec::new();
        filter.push(memory.bytes(piece), &mut shown);
        for part in shown.chunks(TERMINAL_CHUNK) {
            write_whole(fd, part, wait)?;
        }
        Ok(piece.len)
    })
}

fn write_whole(fd: BorrowedFd<'_>, mut bytes: &[u8], wait: &Wait) -> Outcome {
    while !bytes.is_empty() {
        if wait.is_bounded() {
            wait.until(fd, PollFlags::OUT)?;
        }
        match rustix::io::write(fd, bytes) {
            Err(HostErrno::INTR) => wait.check()?,
            Err(HostErrno::AGAIN) => wait.until(fd, PollFlags::OUT)?,
            written => bytes = &bytes[written?..],
        }
    }
    Ok(())
}

/// Receives from a socket.
pub(crate) fn receive(
    socket: &Socket,
    descriptor: &Descriptor,
    memory: &mut GuestMemory<'_>,
    buffers: &Buffers,
    flags: RecvFlags,
    wait: &Wait,
) -> Outcome<usize> {
    let fd = socket.fd.as_fd();
    let flags = flags | RecvFlags::DONTWAIT;
    let patience = Patience { fd, events: PollFlags::IN, host: Host::Answers, descriptor, wait };
    in_pieces(buffers.pieces(usize::MAX), |piece, done| {
        if done > 0 && (flags.contains(RecvFlags::PEEK) || !is_ready(fd, PollFlags::IN)) {
            return Ok(0);
        }
        let target = memory.bytes_mut(piece);
        patience.attempt(|| rustix::net::recv(fd, &mut *target, flags).map(|(count, _)| count))
    })
}

fn send(
    socket: &Socket,
    descriptor: &Descriptor,
    memory: &GuestMemory<'_>,
    buffers: &Buffers,
    wait: &Wait,
) -> Outcome<usize> {
    let fd = socket.fd.as_fd();
    let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
    let patience = Patience { fd, events: PollFlags::OUT, host: Host::Answers, descriptor, wait };
    in_pieces(buffers.pieces(usize::MAX), |piece, _| {
        patience.attempt(|| rustix::net::send(fd, memory.bytes(piece), flags))
    })
}

/// Transfers piece by piece, as long as each comes through whole; `once` gets a piece and how much was done before. What
/// was done counts more than a later error, but not more than the end of the guest's time.
fn in_pieces(
    pieces: impl Iterator<Item = Buffer>,
    mut once: impl FnMut(Buffer, usize) -> Outcome<usize>,
) -> Outcome<usize> {
    let mut done = 0;
    for piece in pieces {
        match once(piece, done) {
            Ok(count) => {
                done += count;
                if count < piece.len {
                    break;
                }
            }
            Err(Refusal::Errno(_)) if done > 0 => break,
            Err(refusal) => return Err(refusal),
        }
    }
    Ok(done)
}

/// What the host does with an operation that cannot be done now.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Host {
    /// There is no such operation: files are always ready.
    Ready,
    /// It answers so: the descriptor is ours, and we have asked for that.
    Answers,
    /// It may wait: a standard stream, whose flags others share.
    Waits,
}

impl Host {
    fn of(file: &HostFile) -> Self {
        match file {
            file if file.is_regular() => Self::Ready,
            file if file.standard => Self::Waits,
            _ => Self::Answers,
        }
    }
}

/// How an operation waits for its descriptor.
struct Patience<'a> {
    fd: BorrowedFd<'a>,
    events: PollFlags,
    host: Host,
    descriptor: &'a Descriptor,
    wait: &'a Wait,
}

impl Patience<'_> {
    /// Does something as soon as it does not have to wait; or refuses, where the guest does not want to.
    fn attempt(&self, mut once: impl FnMut() -> Result<usize, HostErrno>) -> Outcome<usize> {
        self.wait.check()?;
        if self.host == Host::Ready {
            return Ok(retry(once)?);
        }
        if self.host == Host::Waits {
            if self.descriptor.is_nonblocking() && !is_ready(self.fd, self.events) {
                return Err(Errno::Again.into());
            }
            if self.wait.is_bounded() && !self.descriptor.is_nonblocking() {
                self.wait.until(self.fd, self.events)?;
            }
        }
        loop {
            match once() {
                Err(HostErrno::INTR) => self.wait.check()?,
                Err(HostErrno::AGAIN) if !self.descriptor.is_nonblocking() => {
                    self.wait.until(self.fd, self.events)?;
                }
                done => return Ok(done?),
            }
        }
    }
}

fn retry<R>(mut once: impl FnMut() -> Result<R, HostErrno>) -> Result<R, HostErrno> {
    loop {
        match once() {
            Err(HostErrno::INTR) => {}
            done => return done,
        }
    }
}

fn slices<'a>(memory: &'a GuestMemory<'_>, list: &[Buffer]) -> Vec<IoSlice<'a>> {
    list.iter().map(|&buffer| IoSlice::new(memory.bytes(buffer))).collect()
}
