//! One run of a command: what it took, and what it said.
//!
//! Enters: a command; leaves: its time from start to end, its peak memory and its output. A child's peak starts at the size of
//! the process that spawned it, so who measures stays small, and [`floor`] says what cannot be told apart. Knows no workload.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// What a run took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Elapsed time in nanoseconds.
    pub wall_ns: f64,
    /// Processor time of all its threads in nanoseconds.
    pub cpu_ns: f64,
    /// The most memory it had at a time, in bytes.
    pub peak_bytes: f64,
}

/// Output that is kept; a command that says more is not one of ours.
const MOST_OUTPUT: usize = 1 << 20;

/// Runs a command, which has to succeed within the time.
///
/// # Errors
///
/// What went wrong, in words.
pub fn run(command: &[String], limit: Duration) -> Result<(Cost, Vec<u8>), String> {
    let (program, words) = command.split_first().ok_or("there is no command")?;
    let begun = Instant::now();
    let mut child = Command::new(program)
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    let output = output(&mut child, begun + limit);
    if output.is_err() {
        // One that has ended meanwhile cannot be killed and need not be.
        let _killed = child.kill();
    }
    let ended = wait(&child);
    let wall_ns = begun.elapsed().as_nanos() as f64;
    let (status, usage) = ended.map_err(|error| error.to_string())?;
    let (said, errors) = output?;
    if !(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0) {
        let errors = String::from_utf8_lossy(&errors);
        return Err(format!("ended with {}: {}", ended_how(status), errors.trim()));
    }
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    let cpu_ns = (seconds(usage.ru_utime) + seconds(usage.ru_stime)) * 1e9;
    Ok((Cost { wall_ns, cpu_ns, peak_bytes: usage.ru_maxrss as f64 * 1024.0 }, said))
}

/// The least peak that a child of this process can have.
pub fn floor() -> f64 {
    run(&["true".to_owned()], Duration::from_secs(5)).map_or(0.0, |(cost, _)| cost.peak_bytes)
}

fn ended_how(status: i32) -> String {
    if libc::WIFEXITED(status) {
        format!("exit code {}", libc::WEXITSTATUS(status))
    } else {
        format!("signal {}", libc::WTERMSIG(status))
    }
}

/// What the child says on both of its streams, until it closes them.
fn output(child: &mut Child, until: Instant) -> Result<(Vec<u8>, Vec<u8>), String> {
    let (Some(mut out), Some(mut err)) = (child.stdout.take(), child.stderr.take()) else {
        return Err("the command has no streams".to_owned());
    };
    let (mut said, mut errors) = (Vec::new(), Vec::new());
    let (mut said_all, mut errors_all) = (false, false);
    while !(said_all && errors_all) {
        let left = until.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left).map_err(|error| error.to_string())?;
        let wanted = |done: bool| if done { PollFlags::empty() } else { PollFlags::IN };
        let mut both = [PollFd::new(&out, wanted(said_all)), PollFd::new(&err, wanted(errors_all))];
        match poll(&mut both, Some(&left)) {
            Ok(0) => return Err("did not end in time".to_owned()),
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.to_string()),
        }
        let ready = both.each_ref().map(|one| !one.revents().is_empty());
        if ready[0] && !said_all {
            said_all = take(&mut out, &mut said)?;
        }
        if ready[1] && !errors_all {
            errors_all = take(&mut err, &mut errors)?;
        }
    }
    Ok((said, errors))
}

/// Reads what is there; whether that was the end.
fn take(from: &mut impl Read, kept: &mut Vec<u8>) -> Result<bool, String> {
    let mut piece = [0; 4096];
    let count = from.read(&mut piece).map_err(|error| error.to_string())?;
    kept.extend_from_slice(&piece[..count]);
    if kept.len() > MOST_OUTPUT { Err("says more than a benchmark does".to_owned()) } else { Ok(count == 0) }
}

/// The wait status of a child that ends, and what it used.
#[expect(unsafe_code, reason = "wait4 is the one call that tells a single child's peak")]
fn wait(child: &Child) -> std::io::Result<(i32, libc::rusage)> {
    let (mut status, mut usage) = (0, std::mem::MaybeUninit::<libc::rusage>::zeroed());
    loop {
        // SAFETY: the child is ours and not yet waited for; both pointers are to live, writable places of
        // the types that wait4(2) asks for.
        let waited = unsafe { libc::wait4(child.id().cast_signed(), &mut status, 0, usage.as_mut_ptr()) };
        if waited >= 0 {
            break;
        }
        let error = std::io::Error::last_os_error();
        if error.kind() != std::io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    // SAFETY: all fields of rusage are integers, for which zero is a value; wait4 filled them.
    let usage = unsafe { usage.assume_init() };
    Ok((status, usage))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{floor, run};

    fn sh(script: &str) -> Result<(super::Cost, Vec<u8>), String> {
        run(&["sh".to_owned(), "-c".to_owned(), script.to_owned()], Duration::from_secs(1))
    }

    #[test]
    fn a_run_has_a_time_a_peak_and_an_output() {
        let (cost, said) = sh("sleep 0.02; echo said").unwrap();
        assert!(cost.wall_ns >= 2e7 && cost.cpu_ns < 2e7 && cost.peak_bytes > 0.0, "{cost:?}");
        assert_eq!(said, b"said\n");
        assert!(floor() > 0.0);
    }

    #[test]
    fn what_does_not_succeed_has_no_figures() {
        assert_eq!(sh("echo why >&2; exit 3").unwrap_err(), "ended with exit code 3: why");
        assert_eq!(sh("kill -9 $$").unwrap_err(), "ended with signal 9: ");
        assert_eq!(sh("sleep 9").unwrap_err(), "did not end in time");
        assert_eq!(sh("yes").unwrap_err(), "says more than a benchmark does");
        assert!(run(&["/no/such/program".to_owned()], Duration::from_secs(1)).is_err());
    }
}
