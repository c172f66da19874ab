//! One test, played: a copy of its directories, a process, and a comparison.

use super::case::{Case, Expected};
use assay_reports::Status;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// What came of a test.
pub(super) struct Played {
    pub(super) status: Status,
    pub(super) expected: Option<String>,
    pub(super) actual: Option<String>,
    /// The command, with its environment and directories.
    pub(super) command: Option<String>,
}

/// How a process ended, and what it wrote.
struct Ended {
    /// None when it took too long.
    status: Option<ExitStatus>,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

/// Plays a test on an engine.
pub(super) fn play(case: &Case, expected: &Expected, engine: &str, timeout: Duration) -> Played {
    let world = World::new();
    let prepared = world.as_ref().map_err(|error| io::Error::new(error.kind(), error.to_string()));
    match prepared.and_then(|world| attempt(world, case, expected, engine, timeout)) {
        Ok(played) => played,
        Err(error) => Played {
            status: Status::Fail,
            expected: None,
            actual: Some(format!("the test cannot be run: {error}")),
            command: None,
        },
    }
}

fn attempt(
    world: &World,
    case: &Case,
    expected: &Expected,
    engine: &str,
    timeout: Duration,
) -> io::Result<Played> {
    let command = command(world, case, expected, engine, timeout)?;
    let shown = show(&command);
    let ended = world.run(command, timeout.saturating_mul(2))?;
    let mut played = judge(expected, &ended);
    played.command = (played.status != Status::Pass).then_some(shown);
    Ok(played)
}

/// A private place, removed at the end.
struct World(PathBuf);

impl World {
    fn new() -> io::Result<Self> {
        use std::sync::atomic::{AtomicU64, Ordering};
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let place = std::env::temp_dir().join(format!("assay-wasi-suite-{}-{number}", std::process::id()));
        std::fs::create_dir(&place)?;
        Ok(Self(place))
    }

    /// Runs a command to its end, or kills it. Output goes to files, so that nobody waits for a reader.
    fn run(&self, mut command: Command, limit: Duration) -> io::Result<Ended> {
        let (out, err) = (self.0.join("stdout"), self.0.join("stderr"));
        command.stdin(Stdio::null());
        command.stdout(std::fs::File::create(&out)?).stderr(std::fs::File::create(&err)?);
        let mut child = command.spawn()?;
        let start = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break Some(status);
            }
            if start.elapsed() > limit {
                child.kill()?;
                child.wait()?;
                break None;
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        Ok(Ended { status, stdout: std::fs::read(out)?, stderr: std::fs::read(err)? })
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // A place that cannot be removed is a nuisance, not a result.
        let _removed = std::fs::remove_dir_all(&self.0);
    }
}

fn command(
    world: &World,
    case: &Case,
    expected: &Expected,
    engine: &str,
    timeout: Duration,
) -> io::Result<Command> {
    let file = std::fs::canonicalize(&case.file)?;
    let folder = file.parent().unwrap_or(Path::new("/"));
    let mut command = Command::new(std::env::current_exe()?);
    command.current_dir(&world.0).args(["run", "--engine", engine, "-W"]);
    command.arg(format!("timeout={}ms", timeout.as_millis()));
    for (name, value) in &expected.env {
        command.arg("--env").arg(format!("{name}={value}"));
    }
    if let Some(root) = &expected.root {
        copy(&folder.join(root), &world.0.join("root"))?;
        command.args(["--dir", "root::/"]);
    }
    for (number, dir) in expected.dirs.iter().enumerate() {
        let place = format!("dir-{number}");
        copy(&folder.join(dir), &world.0.join(&place))?;
        command.arg("--dir").arg(format!("{place}::{dir}"));
    }
    command.arg(file).args(&expected.args);
    Ok(command)
}

/// Copies a directory, without what earlier runs have left (`*.cleanup`).
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::create_dir(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type()?;
        if source.extension().is_some_and(|extension| extension == "cleanup") {
            continue;
        }
        if kind.is_dir() {
            copy(&source, &target)?;
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(std::fs::read_link(&source)?, target)?;
        } else if kind.is_file() {
            std::fs::copy(&source, target)?;
        }
    }
    Ok(())
}

/// A command as one would type it.
fn show(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<String> = words.map(|word| format!("{:?}", word.to_string_lossy())).collect();
    words.join(" ")
}

fn judge(expected: &Expected, ended: &Ended) -> Played {
    let Some(status) = ended.status else {
        return Played { status: Status::Timeout, expected: None, actual: None, command: None };
    };
    if let Some(signal) = status.signal() {
        let status = Status::Crash(format!("signal {signal}").into());
        return Played { status, expected: None, actual: Some(brief(&ended.stderr)), command: None };
    }
    let mut differences = Vec::new();
    let code = status.code().unwrap_or(-1);
    if code != expected.exit_code {
        differences.push((format!("exit code {}", expected.exit_code), format!("exit code {code}")));
    }
    let streams = [("stdout", &expected.stdout, &ended.stdout), ("stderr", &expected.stderr, &ended.stderr)];
    for (name, wanted, seen) in streams {
        if let Some(wanted) = wanted
            && wanted.as_bytes() != seen.as_slice()
        {
            differences.push((format!("{name} {wanted:?}"), format!("{name} {}", brief(seen))));
        }
    }
    if differences.is_empty() {
        return Played { status: Status::Pass, expected: None, actual: None, command: None };
    }
    if expected.stderr.is_none() && !ended.stderr.is_empty() {
        differences.push((String::new(), format!("stderr {}", brief(&ended.stderr))));
    }
    let (wanted, seen): (Vec<_>, Vec<_>) = differences.into_iter().unzip();
    let text = |parts: Vec<String>| {
        Some(parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", "))
    };
    Played { status: Status::Fail, expected: text(wanted), actual: text(seen), command: None }
}

/// The beginning of what was written, quoted. Reports escape what is hazardous in it.
fn brief(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(2000)]);
    let cut = if bytes.len() > 2000 { "…" } else { "" };
    format!("{text:?}{cut}")
}
