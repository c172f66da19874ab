//! A WASI case: a tree, what is granted of it, and a script of calls with their arguments.
//!
//! Cases come from the generator or from a file: TOML with `kind = "wasi"`, readable and stable. A case knows no engine. How
//! arguments get into the guest's memory says `layout`.

use super::signature;
use crate::case::{CaseError, read, write};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The version of the form. A file of another version is refused.
pub const VERSION: u32 = 1;

/// Stands for the folder in which the tree lies, in targets of links.
pub(super) const ROOT: &str = "{root}";

/// Something to play on both engines, with and without `openat2`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WasiCase {
    pub(super) kind: Kind,
    pub(super) version: u32,
    /// Where it comes from, in words.
    pub origin: String,
    /// How many descriptors may be open.
    pub descriptors: u32,
    /// The guest's arguments.
    #[serde(default)]
    pub args: Vec<String>,
    /// The guest's environment.
    #[serde(default)]
    pub env: Vec<(String, String)>,
    /// What the guest reads from its standard input.
    #[serde(default)]
    pub stdin: String,
    /// Whether a connected socket, in which a few bytes wait, and one that listens, at which one connection waits, are granted.
    #[serde(default)]
    pub sockets: bool,
    /// The tree, in the order in which it is made. What is under no mount is what nothing may touch.
    #[serde(rename = "entry", default)]
    pub entries: Vec<Entry>,
    /// What is granted: descriptors from 3 on.
    #[serde(rename = "mount", default)]
    pub mounts: Vec<Mount>,
    /// What the guest does.
    #[serde(rename = "call", default)]
    pub calls: Vec<Call>,
}

#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Wasi,
}

/// Something in the tree, by its path in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Entry {
    /// A directory.
    Directory {
        /// Where.
        directory: String,
    },
    /// A file.
    File {
        /// Where.
        file: String,
        /// What is in it.
        contents: String,
    },
    /// A symbolic link.
    Link {
        /// Where.
        link: String,
        /// Its text. A [`ROOT`] in front stands for the folder of the tree.
        target: String,
    },
    /// Another name of a file.
    HardLink {
        /// Where.
        hard_link: String,
        /// The path of the file.
        target: String,
    },
    /// A FIFO.
    Fifo {
        /// Where.
        fifo: String,
    },
}

/// A granted directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mount {
    /// Which.
    pub directory: String,
    /// Its name for the guest.
    pub name: String,
    /// What may be done with it.
    pub access: Access,
}

/// What may be done with a granted directory.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// Everything.
    ReadWrite,
    /// Nothing may change.
    ReadOnly,
    /// Files may change, directories may not.
    WriteFiles,
    /// Directories may change, files may not.
    WriteDirectories,
}

/// A call of the guest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// The function.
    pub call: String,
    /// Its arguments, some of which are two parameters.
    pub args: Vec<Arg>,
}

/// An argument.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Form", into = "Form")]
pub enum Arg {
    /// A number: one parameter.
    Number(u64),
    /// Bytes in memory, so many times over: where and how long.
    Text(Vec<u8>, u32),
    /// Buffers with these bytes: where their list is and how long it is.
    Write(Vec<Vec<u8>>),
    /// Buffers of these lengths: where their list is and how long it is.
    Read(Vec<u32>),
    /// A list of buffers as it is: where the list is and how long it is.
    Buffers(Vec<(u32, u32)>),
    /// Subscriptions: where they are, where events go, and how many there are.
    Poll(Vec<Subscription>),
    /// Room for a result of so many bytes: where.
    Out(u32),
    /// Room for so many bytes: where and how long.
    Room(u32),
}

/// A subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscription {
    /// The guest's own number.
    pub user: u32,
    /// 0 is a clock, 1 reading and 2 writing.
    pub tag: u8,
    /// The clock or the descriptor.
    pub id: u32,
    /// Nanoseconds.
    #[serde(default)]
    pub timeout: u32,
    /// 1 is absolute.
    #[serde(default)]
    pub flags: u16,
}

/// Arguments as they stand in a file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Form {
    Number(i64),
    /// What a signed number cannot say.
    Wide(String),
    Text {
        text: String,
        #[serde(default = "one", skip_serializing_if = "is_one")]
        times: u32,
    },
    Bytes {
        bytes: Vec<u8>,
        #[serde(default = "one", skip_serializing_if = "is_one")]
        times: u32,
    },
    Write {
        write: Vec<String>,
    },
    WriteBytes {
        write_bytes: Vec<Vec<u8>>,
    },
    Read {
        read: Vec<u32>,
    },
    Buffers {
        buffers: Vec<(u32, u32)>,
    },
    Poll {
        poll: Vec<Subscription>,
    },
    Out {
        out: u32,
    },
    Room {
        room: u32,
    },
}

fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's form")]
fn is_one(times: &u32) -> bool {
    *times == 1
}

impl From<Arg> for Form {
    fn from(arg: Arg) -> Self {
        match arg {
            Arg::Number(value) => {
                i64::try_from(value).map_or_else(|_| Self::Wide(format!("{value:#x}")), Self::Number)
            }
            Arg::Text(bytes, times) => match String::from_utf8(bytes) {
                Ok(text) => Self::Text { text, times },
                Err(error) => Self::Bytes { bytes: error.into_bytes(), times },
            },
            Arg::Write(buffers) => {
                let texts: Result<Vec<String>, _> = buffers.iter().cloned().map(String::from_utf8).collect();
                texts.map_or(Self::WriteBytes { write_bytes: buffers }, |write| Self::Write { write })
            }
            Arg::Read(read) => Self::Read { read },
            Arg::Buffers(buffers) => Self::Buffers { buffers },
            Arg::Poll(poll) => Self::Poll { poll },
            Arg::Out(out) => Self::Out { out },
            Arg::Room(room) => Self::Room { room },
        }
    }
}

impl TryFrom<Form> for Arg {
    type Error = String;

    fn try_from(form: Form) -> Result<Self, String> {
        Ok(match form {
            Form::Number(value) => Self::Number(value.cast_unsigned()),
            Form::Wide(text) => {
                let digits = text.strip_prefix("0x").ok_or_else(|| format!("`{text}` is no number"))?;
                let value = u64::from_str_radix(digits, 16);
                Self::Number(value.map_err(|error| format!("`{text}`: {error}"))?)
            }
            Form::Text { text, times } => Self::Text(text.into_bytes(), times),
            Form::Bytes { bytes, times } => Self::Text(bytes, times),
            Form::Write { write } => Self::Write(write.into_iter().map(String::into_bytes).collect()),
            Form::WriteBytes { write_bytes } => Self::Write(write_bytes),
            Form::Read { read } => Self::Read(read),
            Form::Buffers { buffers } => Self::Buffers(buffers),
            Form::Poll { poll } => Self::Poll(poll),
            Form::Out { out } => Self::Out(out),
            Form::Room { room } => Self::Room(room),
        })
    }
}

impl Arg {
    /// A text.
    pub fn text(text: &str) -> Self {
        Self::Text(text.as_bytes().to_vec(), 1)
    }

    /// How many parameters it is.
    pub fn parameters(&self) -> usize {
        match self {
            Self::Number(_) | Self::Out(_) => 1,
            Self::Poll(_) => 3,
            _ => 2,
        }
    }
}

impl Arg {
    /// What may be tried in its place, the simplest first; each takes as many parameters.
    pub(crate) fn simpler(&self) -> Vec<Self> {
        fn shorter<T: Clone>(list: &[T], arg: impl Fn(Vec<T>) -> Arg) -> Vec<Arg> {
            let without = |at| list.iter().take(at).chain(&list[at + 1..]).cloned().collect();
            (0..list.len()).map(|at| arg(without(at))).collect()
        }
        match self {
            Self::Number(value) => {
                let values = [0, 1, value & 0xffff_ffff, value & 0xff];
                values.into_iter().filter(|simple| simple < value).map(Self::Number).collect()
            }
            Self::Text(bytes, times) => {
                let mut texts = vec![Self::text("file.txt"), Self::Text(bytes.clone(), 1)];
                texts.retain(
                    |text| matches!(text, Self::Text(simple, 1) if simple.len() < bytes.len() || *times > 1),
                );
                texts
            }
            Self::Write(buffers) => shorter(buffers, Self::Write),
            Self::Read(lengths) => shorter(lengths, Self::Read),
            Self::Buffers(buffers) => shorter(buffers, Self::Buffers),
            Self::Poll(subscriptions) => shorter(subscriptions, Self::Poll),
            Self::Room(bytes) => {
                if *bytes > 64 {
                    vec![Self::Room(64)]
                } else {
                    Vec::new()
                }
            }
            Self::Out(_) => Vec::new(),
        }
    }
}

/// Only what tells kinds and versions apart.
#[derive(Deserialize)]
struct Head {
    kind: Option<String>,
    version: u32,
}

/// Whether a text is a WASI case, of whatever version.
pub fn is_wasi_case(text: &str) -> bool {
    toml::from_str::<Head>(text).is_ok_and(|head| head.kind.as_deref() == Some("wasi"))
}

impl Default for WasiCase {
    fn default() -> Self {
        Self {
            kind: Kind::Wasi,
            version: VERSION,
            origin: String::new(),
            descriptors: 64,
            args: Vec::new(),
            env: Vec::new(),
            stdin: String::new(),
            sockets: false,
            entries: Vec::new(),
            mounts: Vec::new(),
            calls: Vec::new(),
        }
    }
}

impl WasiCase {
    /// The case as text.
    ///
    /// # Errors
    /// Never for cases of our generator.
    pub fn to_text(&self) -> Result<String, CaseError> {
        toml::to_string(self).map_err(|error| CaseError::Malformed(error.to_string()))
    }

    /// The case of a text.
    ///
    /// # Errors
    /// When the text is no case of this version, or contradicts itself.
    pub fn from_text(text: &str) -> Result<Self, CaseError> {
        let malformed = |error: toml::de::Error| CaseError::Malformed(error.to_string());
        let head: Head = toml::from_str(text).map_err(malformed)?;
        if head.version != VERSION {
            return Err(CaseError::Version { found: head.version });
        }
        let case: Self = toml::from_str(text).map_err(malformed)?;
        case.check().map_err(CaseError::Malformed)?;
        Ok(case)
    }

    /// Every call has the parameters of its function, and nothing lies outside of the tree.
    fn check(&self) -> Result<(), String> {
        for (number, Call { call, args }) in self.calls.iter().enumerate() {
            let wanted =
                signature::parameters(call).ok_or_else(|| format!("there is no function `{call}`"))?;
            let given: usize = args.iter().map(Arg::parameters).sum();
            if given != wanted.len() {
                let wanted = wanted.len();
                return Err(format!("call {number}: {call} takes {wanted} parameters, not {given}"));
            }
        }
        let paths = self.entries.iter().map(Entry::path);
        for path in paths.chain(self.mounts.iter().map(|mount| mount.directory.as_str())) {
            let plain = |name: &str| !matches!(name, "" | "." | "..") && !name.contains('\0');
            if !path.split('/').all(plain) {
                return Err(format!("`{path}` is no path in the tree"));
            }
        }
        Ok(())
    }

    /// Saves the case. The file appears whole or not at all.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), CaseError> {
        write(path, &self.to_text()?)
    }

    /// Loads a case.
    ///
    /// # Errors
    /// When the file cannot be read, and as for [`WasiCase::from_text`].
    pub fn load(path: &Path) -> Result<Self, CaseError> {
        Self::from_text(&read(path)?)
    }

    /// Whether something in the tree may be reached through a mount.
    pub fn is_granted(&self, path: &str) -> bool {
        self.mounts.iter().any(|mount| is_below(path, &mount.directory))
    }
}

/// Whether a path is another, or below it.
pub(crate) fn is_below(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl Entry {
    /// Its path in the tree.
    pub fn path(&self) -> &str {
        match self {
            Self::Directory { directory: path }
            | Self::File { file: path, .. }
            | Self::Link { link: path, .. }
            | Self::HardLink { hard_link: path, .. }
            | Self::Fifo { fifo: path } => path,
        }
    }
}

impl std::fmt::Display for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let args: Vec<String> = self.args.iter().map(ToString::to_string).collect();
        write!(f, "{}({})", self.call, args.join(", "))
    }
}

impl std::fmt::Display for Arg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(value) if *value > 0xffff => write!(f, "{value:#x}"),
            Self::Number(value) => write!(f, "{value}"),
            Self::Text(bytes, 1) => write!(f, "{:?}", String::from_utf8_lossy(bytes)),
            Self::Text(bytes, times) => write!(f, "{:?} × {times}", String::from_utf8_lossy(bytes)),
            Self::Write(buffers) => {
                let texts: Vec<_> = buffers.iter().map(|bytes| String::from_utf8_lossy(bytes)).collect();
                write!(f, "write {texts:?}")
            }
            Self::Read(lengths) => write!(f, "read {lengths:?}"),
            Self::Buffers(list) if list.len() > 4 => write!(f, "{} buffers, {:?} first", list.len(), list[0]),
            Self::Buffers(list) => write!(f, "buffers {list:?}"),
            Self::Poll(list) => write!(f, "{} subscriptions", list.len()),
            Self::Out(size) => write!(f, "out {size}"),
            Self::Room(size) => write!(f, "room {size}"),
        }
    }
}
