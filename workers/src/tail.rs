//! The end of what a worker writes to standard error: drained always, kept up to a limit, so that a worker that floods it
//! costs neither memory nor time to wait. Does not interpret what it holds; readers escape it before showing it.

use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd};
use std::process::ChildStderr;

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

/// Reads at one go; more comes at the next look.
const CHUNK: usize = 64 << 10;

/// A worker's standard error and the end of what came through it.
#[derive(Debug)]
pub(crate) struct Tail {
    pipe: Option<ChildStderr>,
    kept: Vec<u8>,
    limit: usize,
    cut: bool,
}

impl Tail {
    /// Takes over the pipe (`None`: there is nothing to collect).
    pub(crate) fn new(pipe: Option<ChildStderr>, limit: usize) -> std::io::Result<Self> {
        if let Some(pipe) = &pipe {
            let flags = fcntl_getfl(pipe)?;
            fcntl_setfl(pipe, flags | OFlags::NONBLOCK)?;
        }
        Ok(Self { pipe, kept: Vec::new(), limit, cut: false })
    }

    /// What to wait on, while there is something to wait for.
    pub(crate) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.pipe.as_ref().map(AsFd::as_fd)
    }

    /// Reads what is there, at most one chunk. Forgets the pipe at its end.
    pub(crate) fn drain(&mut self) {
        let Some(pipe) = &mut self.pipe else { return };
        let mut chunk = [0; CHUNK];
        match pipe.read(&mut chunk) {
            Ok(0) => self.pipe = None,
            Ok(len) => self.keep(&chunk[..len]),
            Err(error)
                if matches!(
                    error.kind(),
                    std::io::ErrorKind::WouldBlock | std::io::ErrorKind::Interrupted
                ) => {}
            Err(_) => self.pipe = None,
        }
    }

    /// Forgets what was written for an earlier job.
    pub(crate) fn clear(&mut self) {
        self.drain();
        self.kept.clear();
        self.cut = false;
    }

    /// The text so far; bytes that are no UTF-8 are replaced, and a cut is marked.
    pub(crate) fn text(&mut self) -> String {
        self.drain();
        self.trim();
        let text = String::from_utf8_lossy(&self.kept);
        if self.cut { format!("[…] {text}") } else { text.into_owned() }
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.kept.extend_from_slice(bytes);
        if self.kept.len() > 2 * self.limit {
            self.trim();
        }
    }

    fn trim(&mut self) {
        if let Some(excess) = self.kept.len().checked_sub(self.limit).filter(|&excess| excess > 0) {
            self.kept.drain(..excess);
            self.cut = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Tail;

    #[test]
    fn only_the_end_is_kept() {
        let mut tail = Tail::new(None, 4).unwrap();
        for byte in b'a'..=b'z' {
            tail.keep(&[byte]);
            assert!(tail.kept.len() <= 8);
        }
        assert_eq!(tail.text(), "[…] wxyz");
        tail.clear();
        tail.keep(b"new");
        assert_eq!(tail.text(), "new");
    }
}
