//! Error numbers by the names of the specification, for the model and for messages.

/// The names, in the order of their numbers. 0 is no error.
#[rustfmt::skip]
const NAMES: [&str; 77] = [
    "success", "2big", "acces", "addrinuse", "addrnotavail", "afnosupport", "again", "already", "badf", "badmsg",
    "busy", "canceled", "child", "connaborted", "connrefused", "connreset", "deadlk", "destaddrreq", "dom", "dquot",
    "exist", "fault", "fbig", "hostunreach", "idrm", "ilseq", "inprogress", "intr", "inval", "io",
    "isconn", "isdir", "loop", "mfile", "mlink", "msgsize", "multihop", "nametoolong", "netdown", "netreset",
    "netunreach", "nfile", "nobufs", "nodev", "noent", "noexec", "nolck", "nolink", "nomem", "nomsg",
    "noprotoopt", "nospc", "nosys", "notconn", "notdir", "notempty", "notrecoverable", "notsock", "notsup", "notty",
    "nxio", "overflow", "ownerdead", "perm", "pipe", "proto", "protonosupport", "prototype", "range", "rofs",
    "spipe", "srch", "stale", "timedout", "txtbsy", "xdev", "notcapable",
];

pub(crate) const SUCCESS: u32 = 0;
pub(crate) const ACCES: u32 = 2;
pub(crate) const AGAIN: u32 = 6;
pub(crate) const BADF: u32 = 8;
pub(crate) const BUSY: u32 = 10;
pub(crate) const EXIST: u32 = 20;
pub(crate) const FAULT: u32 = 21;
pub(crate) const FBIG: u32 = 22;
pub(crate) const ILSEQ: u32 = 25;
pub(crate) const INVAL: u32 = 28;
pub(crate) const ISDIR: u32 = 31;
pub(crate) const LOOP: u32 = 32;
pub(crate) const MFILE: u32 = 33;
pub(crate) const NAMETOOLONG: u32 = 37;
pub(crate) const NOENT: u32 = 44;
pub(crate) const NOTCONN: u32 = 53;
pub(crate) const NOTDIR: u32 = 54;
pub(crate) const NOTEMPTY: u32 = 55;
pub(crate) const NOTSOCK: u32 = 57;
pub(crate) const NOTSUP: u32 = 58;
pub(crate) const NXIO: u32 = 60;
pub(crate) const OVERFLOW: u32 = 61;
pub(crate) const PERM: u32 = 63;
pub(crate) const PIPE: u32 = 64;
pub(crate) const SPIPE: u32 = 70;
pub(crate) const XDEV: u32 = 75;
pub(crate) const NOTCAPABLE: u32 = 76;
/// Not a number of the specification: the call was ended by its time limit.
pub(crate) const INTERRUPTED: u32 = 1000;

/// The name of an answer.
pub(crate) fn name(answer: u32) -> String {
    match NAMES.get(answer as usize) {
        Some(name) => (*name).to_owned(),
        None if answer == INTERRUPTED => "interrupted".to_owned(),
        None => format!("errno {answer}"),
    }
}
