//! What a guest is granted, said step by step.

use crate::clock::Clock;
use crate::ctx::WasiCtx;
use crate::descriptor::{Descriptor, Directory, FileType, HostFile, Kind, Socket};
use crate::limits::WasiLimits;
use crate::perms::{DirPerms, FilePerms, Granted, granted};
use crate::pipe::{MemoryInputPipe, MemoryOutputPipe};
use crate::random::Random;
use crate::rights::Rights;
use crate::table::Table;
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{Mode, OFlags};
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Where a guest's standard input comes from.
#[derive(Debug)]
pub enum InputStream {
    /// Ends at once.
    Null,
    /// Our own standard input.
    Inherit,
    /// A file, a pipe or a socket.
    Host(OwnedFd),
    /// Bytes in memory.
    Memory(MemoryInputPipe),
}

/// Where a guest's standard output or standard error goes.
#[derive(Debug)]
pub enum OutputStream {
    /// Nowhere.
    Null,
    /// Our own stream.
    Inherit,
    /// A file, a pipe or a socket.
    Host(OwnedFd),
    /// Into memory.
    Memory(MemoryOutputPipe),
}

impl From<MemoryInputPipe> for InputStream {
    fn from(pipe: MemoryInputPipe) -> Self {
        Self::Memory(pipe)
    }
}

impl From<MemoryOutputPipe> for OutputStream {
    fn from(pipe: MemoryOutputPipe) -> Self {
        Self::Memory(pipe)
    }
}

impl From<OwnedFd> for InputStream {
    fn from(fd: OwnedFd) -> Self {
        Self::Host(fd)
    }
}

impl From<OwnedFd> for OutputStream {
    fn from(fd: OwnedFd) -> Self {
        Self::Host(fd)
    }
}

impl From<std::fs::File> for InputStream {
    fn from(file: std::fs::File) -> Self {
        Self::Host(file.into())
    }
}

impl From<std::fs::File> for OutputStream {
    fn from(file: std::fs::File) -> Self {
        Self::Host(file.into())
    }
}

/// A directory that cannot be granted.
#[derive(Debug, thiserror::Error)]
#[error("failed to open the directory `{}`: {source}", path.display())]
pub struct PreopenError {
    path: PathBuf,
    source: io::Error,
}

/// Something that cannot be told to a guest.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Strings end at their first NUL.
    #[error("{what} contains a NUL byte")]
    Nul {
        /// Which string.
        what: &'static str,
    },
    /// A name with `=` would name something else.
    #[error("the environment variable `{0}` has no name, or a `=` in it")]
    Variable(String),
    /// A standard stream or a socket of ours is not usable.
    #[error("failed to use {what}: {source}")]
    Descriptor {
        /// Which one.
        what: &'static str,
        /// Why.
        source: io::Error,
    },
}

/// Builds a [`WasiCtx`]. Nothing is granted but what is said.
#[derive(Debug)]
pub struct WasiCtxBuilder {
    args: Vec<String>,
    env: Vec<(String, String)>,
    stdin: InputStream,
    stdout: OutputStream,
    stderr: OutputStream,
    directories: Vec<Descriptor>,
    sockets: Vec<OwnedFd>,
    clock: Option<u64>,
    seed: Option<u64>,
    raw_terminal: bool,
    limits: WasiLimits,
}

impl Default for WasiCtxBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl WasiCtxBuilder {
    /// Nothing but clocks and randomness: no arguments, no variables, no directories, streams that lead nowhere.
    pub fn new() -> Self {
        Self {
            args: Vec::new(),
            env: Vec::new(),
            stdin: InputStream::Null,
            stdout: OutputStream::Null,
            stderr: OutputStream::Null,
            directories: Vec::new(),
            sockets: Vec::new(),
            clock: None,
            seed: None,
            raw_terminal: false,
            limits: WasiLimits::new(),
        }
    }

    /// Adds an argument. The first is the guest's name for itself.
    pub fn arg(&mut self, arg: impl Into<String>) -> &mut Self {
        self.args.push(arg.into());
        self
    }

    /// Adds arguments.
    pub fn args(&mut self, args: impl IntoIterator<Item = impl Into<String>>) -> &mut Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Adds an environment variable.
    pub fn env(&mut self, name: impl Into<String>, value: impl Into<String>) -> &mut Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Adds environment variables.
    pub fn envs(
        &mut self,
        env: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>,
    ) -> &mut Self {
        self.env.extend(env.into_iter().map(|(name, value)| (name.into(), value.into())));
        self
    }

    /// Adds our own environment variables, as far as they are text.
    pub fn inherit_env(&mut self) -> &mut Self {
        for (name, value) in std::env::vars_os() {
            if let (Ok(name), Ok(value)) = (name.into_string(), value.into_string()) {
                self.env(name, value);
            }
        }
        self
    }

    /// Sets standard input.
    pub fn stdin(&mut self, stream: impl Into<InputStream>) -> &mut Self {
        self.stdin = stream.into();
        self
    }

    /// Sets standard output.
    pub fn stdout(&mut self, stream: impl Into<OutputStream>) -> &mut Self {
        self.stdout = stream.into();
        self
    }

    /// Sets standard error.
    pub fn stderr(&mut self, stream: impl Into<OutputStream>) -> &mut Self {
        self.stderr = stream.into();
        self
    }

    /// Gives the guest our own standard input.
    pub fn inherit_stdin(&mut self) -> &mut Self {
        self.stdin(InputStream::Inherit)
    }

    /// Gives the guest our own standard output.
    pub fn inherit_stdout(&mut self) -> &mut Self {
        self.stdout(OutputStream::Inherit)
    }

    /// Gives the guest our own standard error.
    pub fn inherit_stderr(&mut self) -> &mut Self {
        self.stderr(OutputStream::Inherit)
    }

    /// Gives the guest our own standard streams.
    pub fn inherit_stdio(&mut self) -> &mut Self {
        self.inherit_stdin().inherit_stdout().inherit_stderr()
    }

    /// Lets everything through to a terminal that a standard stream leads to: cursor movements, titles, answers that the
    /// terminal types. Otherwise only text and colours keep their effect, and control characters are shown.
    pub fn raw_terminal(&mut self, raw: bool) -> &mut Self {
        self.raw_terminal = raw;
        self
    }

    /// Grants a directory under a name of the guest. The first one gets descriptor 3, and so on.
    ///
    /// # Errors
    /// When the directory cannot be opened.
    pub fn preopened_dir(
        &mut self,
        host_path: impl AsRef<Path>,
        guest_path: impl Into<String>,
        dir_perms: DirPerms,
        file_perms: FilePerms,
    ) -> Result<&mut Self, PreopenError> {
        let path = host_path.as_ref();
        let dir = open_directory(path).map_err(|source| PreopenError { path: path.to_owned(), source })?;
        let Granted { base, inheriting, withheld } = granted(dir_perms, file_perms);
        let directory = Directory { dir, preopen: Some(guest_path.into()), listing: None };
        let kind = Kind::Directory(directory);
        self.directories.push(Descriptor { kind, base, inheriting, withheld, flags: 0 });
        Ok(self)
    }

    /// Grants a socket, listening or connected: a `TcpListener`, a `UnixStream`, or any other owner of a descriptor.
    /// Sockets get the descriptors after the directories.
    pub fn preopened_socket(&mut self, socket: impl Into<OwnedFd>) -> &mut Self {
        self.sockets.push(socket.into());
        self
    }

    /// Lets time stand still at these nanoseconds since 1970. It moves on only while the guest sleeps, and then at
    /// once, so that runs repeat exactly.
    pub fn fixed_clock(&mut self, nanos: u64) -> &mut Self {
        self.clock = Some(nanos);
        self
    }

    /// Makes randomness a sequence that the seed decides, so that runs repeat exactly. It is no secret then.
    pub fn seeded_random(&mut self, seed: u64) -> &mut Self {
        self.seed = Some(seed);
        self
    }

    /// Sets limits.
    pub fn limits(&mut self, limits: WasiLimits) -> &mut Self {
        self.limits = limits;
        self
    }

    /// Builds, and leaves an empty builder behind.
    ///
    /// # Errors
    /// When a string cannot be told to a guest, or a stream or a socket is not usable.
    pub fn build(&mut self) -> Result<WasiCtx, BuildError> {
        let Self {
            args,
            env,
            stdin,
            stdout,
            stderr,
            directories,
            sockets,
            clock,
            seed,
            raw_terminal,
            limits,
        } = std::mem::take(self);
        let mut table = Table::new(limits.descriptors);
        table.push(input(stdin)?);
        let out = || io::stdout().as_fd().try_clone_to_owned();
        table.push(shown(output(stdout, "standard output", out)?, raw_terminal));
        let err = || io::stderr().as_fd().try_clone_to_owned();
        table.push(shown(output(stderr, "standard error", err)?, raw_terminal));
        for directory in directories {
            table.push(directory);
        }
        for fd in sockets {
            table.push(socket(fd)?);
        }
        Ok(WasiCtx {
            args: args.into_iter().map(|arg| string("an argument", arg)).collect::<Result<_, _>>()?,
            env: env.into_iter().map(variable).collect::<Result<_, _>>()?,
            table,
            clock: clock.map_or_else(Clock::real, Clock::fixed),
            random: seed.map_or(Random::Host, Random::Seeded),
            output_left: limits.output,
            limits,
        })
    }
}

/// Opens a directory to list it; where that is not allowed, to look entries up.
fn open_directory(path: &Path) -> io::Result<Dir> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(fd) => Ok(Dir::from_std_file(fd.into())),
        Err(rustix::io::Errno::ACCESS) => Dir::open_ambient_dir(path, ambient_authority()),
        Err(error) => Err(error.into()),
    }
}

fn string(what: &'static str, text: String) -> Result<Vec<u8>, BuildError> {
    if text.contains('\0') { Err(BuildError::Nul { what }) } else { Ok(text.into_bytes()) }
}

fn variable((name, value): (String, String)) -> Result<Vec<u8>, BuildError> {
    if name.is_empty() || name.contains('=') {
        return Err(BuildError::Variable(name));
    }
    string("an environment variable", format!("{name}={value}"))
}

/// A standard stream whose host descriptor is closed leads nowhere.
fn opened(fd: io::Result<OwnedFd>, what: &'static str) -> Result<Option<OwnedFd>, BuildError> {
    match fd {
        Ok(fd) => Ok(Some(fd)),
        Err(error) if rustix::io::Errno::from_io_error(&error) == Some(rustix::io::Errno::BADF) => Ok(None),
        Err(source) => Err(BuildError::Descriptor { what, source }),
    }
}

fn input(stream: InputStream) -> Result<Descriptor, BuildError> {
    let what = "standard input";
    let fd = match stream {
        InputStream::Null => None,
        InputStream::Inherit => opened(io::stdin().as_fd().try_clone_to_owned(), what)?,
        InputStream::Host(fd) => Some(fd),
        InputStream::Memory(pipe) => return Ok(standard(Kind::Input(pipe), Rights::FD_READ)),
    };
    host_stream(fd, what, Rights::FD_READ)
}

fn output(
    stream: OutputStream,
    what: &'static str,
    inherited: impl FnOnce() -> io::Result<OwnedFd>,
) -> Result<Descriptor, BuildError> {
    let fd = match stream {
        OutputStream::Null => None,
        OutputStream::Inherit => opened(inherited(), what)?,
        OutputStream::Host(fd) => Some(fd),
        OutputStream::Memory(pipe) => return Ok(standard(Kind::Output(pipe), Rights::FD_WRITE)),
    };
    host_stream(fd, what, Rights::FD_WRITE)
}

/// The same stream, of which a terminal shows what is written.
fn shown(mut stream: Descriptor, raw: bool) -> Descriptor {
    if let Kind::File(file) = &mut stream.kind
        && !raw
        && file.fd.is_terminal()
    {
        file.terminal = Some(Mutex::default());
    }
    stream
}

fn host_stream(fd: Option<OwnedFd>, what: &'static str, access: Rights) -> Result<Descriptor, BuildError> {
    let Some(fd) = fd else { return Ok(standard(Kind::Null, access)) };
    let file = HostFile::standard(fd).map_err(|source| BuildError::Descriptor { what, source })?;
    // C libraries take a character device for a terminal unless it can be positioned.
    let positioned = match file.filetype {
        FileType::RegularFile | FileType::BlockDevice => true,
        FileType::CharacterDevice => !file.fd.is_terminal(),
        _ => false,
    };
    let seeking = if positioned { Rights::FD_SEEK.and(Rights::FD_TELL) } else { Rights::NONE };
    Ok(standard(Kind::File(file), access.and(seeking)))
}

fn standard(kind: Kind, rights: Rights) -> Descriptor {
    passing_nothing_on(kind, rights.and(Rights::STREAM))
}

fn socket(fd: OwnedFd) -> Result<Descriptor, BuildError> {
    let failed = |error: rustix::io::Errno| BuildError::Descriptor { what: "a socket", source: error.into() };
    let listens = rustix::net::sockopt::socket_acceptconn(&fd).map_err(failed)?;
    let stream = rustix::net::sockopt::socket_type(&fd).map_err(failed)? == rustix::net::SocketType::STREAM;
    let filetype = if stream { FileType::SocketStream } else { FileType::SocketDgram };
    // Its other owners keep their flags: whether we wait is decided call by call.
    let base = if listens { Rights::LISTENER } else { Rights::SOCKET };
    Ok(passing_nothing_on(Kind::Socket(Socket { fd, filetype }), base))
}

fn passing_nothing_on(kind: Kind, base: Rights) -> Descriptor {
    Descriptor { kind, base, inheriting: Rights::NONE, withheld: Rights::NONE, flags: 0 }
}
