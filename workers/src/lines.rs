//! A process that one talks to by lines: a line in, a line out, within a time and a length, whatever it does.
//!
//! Enters: a command and lines; leaves: a line for each, or how the process failed. Kept true: nothing here waits longer
//! than it may or keeps more than a line, the two pipes cannot block each other, and the process group ends with the
//! value. Does not know what a line says.

use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{ChildStdin, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use crate::child::{command, kill_group};
use crate::config::WorkerCommand;
use crate::error::PoolError;
use crate::event::Cause;
use crate::tail::Tail;

/// Reads at one go.
const CHUNK: usize = 64 << 10;
/// How much of the end of standard error is kept.
const STDERR: usize = 8 << 10;
/// How long a process may take to end after it closed its output, or after its input was closed.
const FAREWELL: Duration = Duration::from_millis(500);

/// Why there is no line.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// It took too long.
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    /// It wrote more than a line may have.
    #[error("a line of more than {0} bytes")]
    TooLong(usize),
    /// It wrote when nothing was asked.
    #[error("output that nobody asked for")]
    Unasked,
    /// It ended.
    #[error("the process ended: {0}")]
    Ended(Cause),
    /// It closed its output, and was ended for that.
    #[error("the process closed its output")]
    Closed,
    /// The system failed.
    #[error("failed to speak with the process: {0}")]
    System(#[from] io::Error),
}

/// A running process. Dropping it ends it and its process group.
#[derive(Debug)]
pub struct LineProcess {
    process: std::process::Child,
    group: Pid,
    input: Option<ChildStdin>,
    output: ChildStdout,
    tail: Tail,
    inbox: Vec<u8>,
    /// Whether it has ended and was waited for: its number may be another's by now.
    over: bool,
}

impl LineProcess {
    /// Starts the process.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn spawn(worker: &WorkerCommand) -> Result<Self, PoolError> {
        let mut process = command(worker)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(|source| PoolError::Spawn { program: worker.program.clone(), source })?;
        let pipes = process.stdin.take().zip(process.stdout.take()).ok_or(ErrorKind::BrokenPipe.into());
        let made = pipes.and_then(|(input, output)| {
            nonblocking(&input)?;
            nonblocking(&output)?;
            let tail = Tail::new(process.stderr.take(), STDERR)?;
            let group = i32::try_from(process.id()).ok().and_then(Pid::from_raw);
            Ok((group.ok_or(ErrorKind::InvalidData)?, input, output, tail))
        });
        match made {
            Ok((group, input, output, tail)) => {
                Ok(Self { process, group, input: Some(input), output, tail, inbox: Vec::new(), over: false })
            }
            Err(source) => {
                // Both fail only when the process is gone already.
                drop(process.kill().and_then(|()| process.wait()));
                Err(PoolError::System { what: "speak with a process", source })
            }
        }
    }

    /// Sends a line and waits for one, until `deadline`, of at most `longest` bytes. After an error the process is of no use.
    ///
    /// # Errors
    /// When no such line comes.
    pub fn exchange(&mut self, line: &[u8], deadline: Instant, longest: usize) -> Result<Vec<u8>, LineError> {
        if !self.inbox.is_empty() {
            return Err(LineError::Unasked);
        }
        let begun = Instant::now();
        let mut rest: Vec<u8> = [line, b"\n"].concat();
        let mut sent = 0;
        let mut scanned = 0;
        loop {
            let Some(left) = deadline.checked_duration_since(Instant::now()) else {
                return Err(LineError::TimedOut(begun.elapsed()));
            };
            let ready = self.wait(left, sent < rest.len())?;
            if ready.stderr {
                self.tail.drain();
            }
            if ready.input {
                sent += self.write(&rest[sent..]);
                if sent == rest.len() {
                    rest = Vec::new();
                    sent = 0;
                }
            }
            if ready.output && !self.read()? {
                return Err(self.ended());
            }
            if let Some(end) = self.inbox[scanned..].iter().position(|&byte| byte == b'\n') {
                let after = self.inbox.split_off(scanned + end + 1);
                let mut line = std::mem::replace(&mut self.inbox, after);
                line.pop();
                return if line.len() > longest { Err(LineError::TooLong(longest)) } else { Ok(line) };
            }
            scanned = self.inbox.len();
            if scanned > longest {
                return Err(LineError::TooLong(longest));
            }
        }
    }

    /// The end of what it wrote to standard error. Comes from the other side: escape it.
    pub fn stderr(&mut self) -> String {
        self.tail.text()
    }

    fn wait(&self, time: Duration, writing: bool) -> io::Result<Ready> {
        let mut fds = vec![PollFd::new(&self.output, PollFlags::IN)];
        let input = self.input.as_ref().filter(|_| writing);
        let stderr = self.tail.fd();
        fds.extend(input.map(|input| PollFd::new(input, PollFlags::OUT)));
        fds.extend(stderr.map(|stderr| PollFd::from_borrowed_fd(stderr, PollFlags::IN)));
        let timeout = Timespec { tv_sec: time.as_secs() as i64, tv_nsec: time.subsec_nanos().into() };
        match poll(&mut fds, Some(&timeout)) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => return Ok(Ready::default()),
            Err(error) => return Err(error.into()),
        }
        let mut flags = fds.iter().map(|fd| !fd.revents().is_empty());
        let output = flags.next().unwrap_or_default();
        let input = input.is_some() && flags.next().unwrap_or_default();
        Ok(Ready { output, input, stderr: flags.next().unwrap_or_default() })
    }

    /// Writes as much as the pipe takes. A process that no longer reads is noticed by its silence, or by its end.
    fn write(&mut self, bytes: &[u8]) -> usize {
        let Some(input) = &mut self.input else { return 0 };
        match input.write(bytes) {
            Ok(len) => len,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => 0,
            Err(_) => {
                self.input = None;
                0
            }
        }
    }

    /// Reads what is there, at most one chunk; says whether there can be more.
    fn read(&mut self) -> io::Result<bool> {
        let mut chunk = [0; CHUNK];
        match self.output.read(&mut chunk) {
            Ok(0) => Ok(false),
            Ok(len) => {
                self.inbox.extend_from_slice(&chunk[..len]);
                Ok(true)
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// The output is closed: how the process ended, if it does so by itself.
    fn ended(&mut self) -> LineError {
        self.input = None;
        if !self.ends_within(FAREWELL) {
            return LineError::Closed;
        }
        self.over = true;
        match kill_group(self.group, &mut self.process) {
            Ok(cause) => LineError::Ended(cause),
            Err(error) => error.into(),
        }
    }

    fn ends_within(&self, time: Duration) -> bool {
        let Ok(pidfd) = pidfd_open(self.group, PidfdFlags::empty()) else { return true };
        let timeout = Timespec { tv_sec: time.as_secs() as i64, tv_nsec: time.subsec_nanos().into() };
        poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], Some(&timeout)).is_ok_and(|ready| ready > 0)
    }
}

impl Drop for LineProcess {
    /// Asks first, by closing the input.
    fn drop(&mut self) {
        if self.over {
            return;
        }
        self.input = None;
        self.ends_within(FAREWELL / 5);
        // A failure here means that the process is gone: there is nothing left to end.
        let _ended = kill_group(self.group, &mut self.process);
    }
}

/// What can be done now.
#[derive(Clone, Copy, Default)]
struct Ready {
    output: bool,
    input: bool,
    stderr: bool,
}

fn nonblocking(pipe: &impl AsFd) -> io::Result<()> {
    let flags = fcntl_getfl(pipe)?;
    Ok(fcntl_setfl(pipe, flags | OFlags::NONBLOCK)?)
}
