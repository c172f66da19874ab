//! The worker's side: take the channel over, then answer jobs until the parent closes it.
//!
//! Enters: the two descriptors a pool puts at standard input and output; leaves: one answer per job. It keeps the channel
//! out of reach of what the job does with the standard streams, and sees to it that this process dies with its parent and
//! crashes without a core file. It does not catch panics: the parent reports them as what they are.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use rustix::process::{Resource, Rlimit, Signal, getppid, set_parent_process_death_signal, setrlimit};
use rustix::stdio::{dup2_stdin, dup2_stdout};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{ServeError, serve_io};
use crate::frame::{self, LEN, SEQ};
use crate::page::{Page, Progress, SharedPage};

/// Serves the parent until it closes the channel. To be called before anything is printed.
///
/// # Errors
///
/// When this process was not started by a [`crate::Pool`], when the parent is gone, or when a job cannot be read.
pub fn serve<J, A, F>(mut work: F) -> Result<(), ServeError>
where
    J: DeserializeOwned,
    A: Serialize,
    F: FnMut(J, &Progress) -> A,
{
    let (mut channel, page) = take_channel()?;
    follow_parent(page)?;
    page.set_ready();
    while let Some((seq, payload)) = receive(&mut channel)? {
        let progress = Progress::begin(page, seq);
        let job = serde_json::from_slice(&payload).map_err(ServeError::BadJob)?;
        let answer = work(job, &progress);
        progress.end();
        let message = frame::encode(seq, &answer).map_err(ServeError::Encode)?;
        match channel.write_all(&message) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
            sent => sent.map_err(serve_io("send an answer"))?,
        }
    }
    Ok(())
}

/// Moves the channel and the page away from the standard streams: input becomes empty, output joins standard error.
fn take_channel() -> Result<(UnixStream, &'static Page), ServeError> {
    let channel = io::stdin().as_fd().try_clone_to_owned().map(UnixStream::from);
    let channel = channel.map_err(|_| ServeError::NotAWorker)?;
    channel.peer_addr().map_err(|_| ServeError::NotAWorker)?;
    let page = SharedPage::receive(io::stdout()).map_err(|_| ServeError::NotAWorker)?;
    let nothing = File::open("/dev/null").map_err(serve_io("open /dev/null"))?;
    dup2_stdin(&nothing).map_err(serve_io("empty standard input"))?;
    if dup2_stdout(io::stderr()).is_err() {
        let nowhere = OpenOptions::new().write(true).open("/dev/null").map_err(serve_io("open /dev/null"))?;
        dup2_stdout(&nowhere).map_err(serve_io("redirect standard output"))?;
    }
    Ok((channel, page))
}

/// Dies when the parent dies. The kernel tells only from now on, so a parent that is gone already is looked for afterwards.
fn follow_parent(page: &Page) -> Result<(), ServeError> {
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(serve_io("follow the parent process"))?;
    let parent = getppid().map(|pid| pid.as_raw_pid().unsigned_abs());
    if parent != Some(page.parent()) {
        return Err(ServeError::Orphaned);
    }
    // One byte, not zero: both suppress core files, and only one also keeps the kernel from starting a crash collector.
    let limit = Rlimit { current: Some(1), maximum: Some(1) };
    setrlimit(Resource::Core, limit).map_err(serve_io("limit core files"))
}

/// The next job, or `None` when the parent has closed the channel.
fn receive(channel: &mut UnixStream) -> Result<Option<(u32, Vec<u8>)>, ServeError> {
    let mut head = [0; LEN + SEQ];
    match channel.read_exact(&mut head) {
        Err(error) if matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset) => {
            return Ok(None);
        }
        read => read.map_err(serve_io("receive a job"))?,
    }
    let [l0, l1, l2, l3, s0, s1, s2, s3] = head;
    let len = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
    let mut payload = vec![0; len.saturating_sub(SEQ)];
    channel.read_exact(&mut payload).map_err(serve_io("receive a job"))?;
    Ok(Some((u32::from_le_bytes([s0, s1, s2, s3]), payload)))
}
