//! One worker process as the parent holds it: started, spoken to without ever blocking, killed with all its offspring.
//!
//! Enters: a command; leaves: bytes, a page to look at, a cause of death. A `Child` that goes out of scope takes its process
//! and that one's process group with it. It knows no job and no rule about messages; called by `pool` alone.

use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

use crate::config::{PoolConfig, WorkerCommand};
use crate::error::{PoolError, pool_io};
use crate::event::Cause;
use crate::frame::Inbox;
use crate::page::{Page, SharedPage};
use crate::tail::Tail;

/// How long a worker may take to end after its channel closed.
const FAREWELL: Duration = Duration::from_millis(500);
/// Reads at one go.
const CHUNK: usize = 256 << 10;

/// A running worker.
#[derive(Debug)]
pub(crate) struct Child {
    process: std::process::Child,
    group: Pid,
    /// Readable once the process has ended.
    pidfd: OwnedFd,
    channel: UnixStream,
    page: SharedPage,
    pub(crate) tail: Tail,
    pub(crate) inbox: Inbox,
    outbox: Vec<u8>,
    sent: usize,
}

/// What one read of the channel brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Bytes, now in the inbox.
    Bytes,
    /// Nothing at the moment.
    Nothing,
    /// The other end is closed.
    End,
}

impl Child {
    /// Starts a worker in a process group of its own, so that a key press meant for us does not look like its crash.
    pub(crate) fn spawn(config: &PoolConfig) -> Result<Self, PoolError> {
        let (channel, theirs) = UnixStream::pair().map_err(pool_io("make a channel for a worker"))?;
        channel.set_nonblocking(true).map_err(pool_io("make a channel for a worker"))?;
        let (page, file) = SharedPage::create().map_err(pool_io("make the shared page of a worker"))?;
        let mut process = command(&config.command)
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::from(file))
            .stderr(if config.stderr_tail == 0 { Stdio::inherit() } else { Stdio::piped() })
            .process_group(0)
            .spawn()
            .map_err(|source| PoolError::Spawn { program: config.command.program.clone(), source })?;
        let stderr = process.stderr.take();
        let handles = open_pidfd(&process).and_then(|(group, pidfd)| {
            let tail = Tail::new(stderr, config.stderr_tail)?;
            Ok((group, pidfd, tail))
        });
        match handles {
            Ok((group, pidfd, tail)) => Ok(Self {
                process,
                group,
                pidfd,
                channel,
                page,
                tail,
                inbox: Inbox::default(),
                outbox: Vec::new(),
                sent: 0,
            }),
            Err(source) => {
                // Both fail only when the process is gone already; then they report that.
                drop(process.kill().and_then(|()| process.wait()));
                Err(PoolError::System { what: "watch a worker", source })
            }
        }
    }

    /// What the worker writes down about itself.
    pub(crate) fn page(&self) -> &Page {
        self.page.page()
    }

    /// What to wait on: the channel with what it waits for, and the end of the process.
    pub(crate) fn fds(&self) -> [(BorrowedFd<'_>, PollFlags); 2] {
        let mut flags = PollFlags::IN;
        if self.sent < self.outbox.len() {
            flags |= PollFlags::OUT;
        }
        [(self.channel.as_fd(), flags), (self.pidfd.as_fd(), PollFlags::IN)]
    }

    /// Puts a message on its way.
    pub(crate) fn send(&mut self, message: Vec<u8>) {
        debug_assert!(self.sent == self.outbox.len(), "one message at a time");
        self.outbox = message;
        self.sent = 0;
        self.flush();
    }

    /// Writes as much as the channel takes. A worker that no longer reads is noticed where its end is noticed, not here.
    pub(crate) fn flush(&mut self) {
        while self.sent < self.outbox.len() {
            match self.channel.write(&self.outbox[self.sent..]) {
                Ok(len) => self.sent += len,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) => self.sent = self.outbox.len(),
            }
        }
        self.outbox = Vec::new();
        self.sent = 0;
    }

    /// Reads what is there, at most one chunk.
    pub(crate) fn hear(&mut self, scratch: &mut Vec<u8>) -> Heard {
        scratch.resize(CHUNK, 0);
        match self.channel.read(scratch) {
            Ok(0) => Heard::End,
            Ok(len) => {
                self.inbox.push(&scratch[..len]);
                Heard::Bytes
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
                Heard::Nothing
            }
            Err(_) => Heard::End,
        }
    }

    /// Waits a moment for the process to end; says whether it did.
    pub(crate) fn ends_within(&self, time: Duration) -> bool {
        let timeout = Timespec { tv_sec: time.as_secs() as i64, tv_nsec: time.subsec_nanos().into() };
        let mut fds = [PollFd::new(&self.pidfd, PollFlags::IN)];
        loop {
            match poll(&mut fds, Some(&timeout)) {
                Ok(ready) => return ready > 0,
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => return false,
            }
        }
    }

    /// After the channel closed: whether the process follows it.
    pub(crate) fn ends_by_itself(&self) -> bool {
        self.ends_within(FAREWELL)
    }

    /// Ends the process and its offspring, whatever they are doing, and says how the process ended (its own cause, when it
    /// had ended before).
    pub(crate) fn finish(&mut self) -> io::Result<Cause> {
        kill_group(self.group, &mut self.process)
    }
}

impl Drop for Child {
    /// Asks first, by closing the channel, so that an idle worker leaves through its front door.
    fn drop(&mut self) {
        if matches!(self.process.try_wait(), Ok(Some(_))) {
            return;
        }
        let asked = self.channel.shutdown(Shutdown::Both).is_ok();
        if asked {
            self.ends_by_itself();
        }
        // A failure here means that the process is gone: there is nothing left to end.
        let _ended = self.finish();
    }
}

/// Ends a process and its group, and says how the process ended. The group is signalled before the process is waited for,
/// while its number cannot be reused.
pub(crate) fn kill_group(group: Pid, process: &mut std::process::Child) -> io::Result<Cause> {
    if let Err(error) = kill_process_group(group, Signal::KILL)
        && error != rustix::io::Errno::SRCH
    {
        process.kill()?;
    }
    process.wait().map(cause_of)
}

/// The command line of a worker.
pub(crate) fn command(worker: &WorkerCommand) -> Command {
    let mut command = Command::new(&worker.program);
    if let Some(name) = &worker.name {
        command.arg0(name);
    }
    command.args(&worker.args).envs(worker.envs.iter().map(|(key, value)| (key, value)));
    command
}

fn open_pidfd(process: &std::process::Child) -> io::Result<(Pid, OwnedFd)> {
    let pid = i32::try_from(process.id()).ok().and_then(Pid::from_raw).ok_or(ErrorKind::InvalidData)?;
    Ok((pid, pidfd_open(pid, PidfdFlags::empty())?))
}

fn cause_of(status: ExitStatus) -> Cause {
    match (status.signal(), status.code()) {
        (Some(signal), _) => Cause::Signal(signal),
        (None, code) => Cause::Exited(code.unwrap_or_default()),
    }
}
