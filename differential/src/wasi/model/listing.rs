//! The model of `fd_readdir`: which names a directory shows, and where a cookie leads.
//!
//! The order of names and the values of cookies are the implementation's. What was listed once says what follows a cookie, as
//! long as the directory does not change. What was taken away may still come behind a cookie: whether a stream that was begun
//! before shows it is left open (POSIX, `readdir`).

use super::table::{self, Behind, Listing};
use super::{Model, Trial, Wrong};
use crate::wasi::errno::NOENT;
use std::collections::BTreeMap;

/// The record in front of each name.
const HEAD: usize = 24;

/// An entry as the guest got it.
struct Record {
    next: u64,
    kind: u8,
    /// As much of the name as there was room for.
    name: Vec<u8>,
    whole: bool,
}

impl Model {
    pub(super) fn fd_readdir(&mut self, trial: &mut Trial<'_>) -> Result<(), Wrong> {
        let (fd, at, len) = (trial.seen.u32(0), trial.seen.u32(1), trial.seen.u32(2));
        let (cookie, used) = (trial.seen.u64(3), trial.seen.u32(4));
        trial.bytes(used, 4);
        trial.bytes(at, len.into());
        let node = self.directory(trial, fd, table::READDIR);
        let removed = node.is_some_and(|node| self.tree.is_removed(node));
        let may: &[u32] = if removed { &[NOENT] } else { &[] };
        if !trial.ends(may)? {
            return Ok(());
        }
        let Some(node) = node else { return Ok(()) };
        let count = trial.seen.u32_after(used);
        if count > len {
            return Err(format!("{count} bytes were used of {len}"));
        }
        trial.leave_open(at, count as usize);
        trial.leave_open(used, 4);
        let start = at as usize;
        let bytes = &trial.seen.after[start..start + count as usize];
        // Numbers of nodes differ from copy to copy.
        let records = records(bytes, |offset| trial.ignore(at + offset as u32, 8));
        let mut expected = BTreeMap::from([(".".to_owned(), 3), ("..".to_owned(), 3)]);
        for (name, &node) in self.tree.entries(node).into_iter().flatten() {
            expected.insert(name.clone(), self.node_type(node));
        }
        if removed {
            return Ok(());
        }
        let changes = self.tree.changes(node);
        let complete = count < len;
        let known = self.known(fd, cookie, changes);
        let stale = |name: &str| cookie != 0 && self.tree.was_there(node, name);
        check(&records, &expected, known.as_deref(), complete, cookie == 0, stale)?;
        if cookie == 0 {
            let seen: Vec<(u64, String)> = records
                .iter()
                .filter(|record| record.whole)
                .map(|record| (record.next, String::from_utf8_lossy(&record.name).into_owned()))
                .collect();
            if let Some(descriptor) = self.table.get_mut(&fd)
                && matches!(descriptor.behind, Behind::Node(..))
            {
                descriptor.listing = Some(Listing { changes, seen, complete });
            }
        }
        Ok(())
    }

    /// What has to follow a cookie, if that is known.
    fn known(&self, fd: u32, cookie: u64, changes: u64) -> Option<Vec<String>> {
        let listing = self.table.get(&fd)?.listing.as_ref()?;
        if listing.changes != changes || !listing.complete || cookie == 0 {
            return None;
        }
        let position = listing.seen.iter().position(|&(next, _)| next == cookie)?;
        Some(listing.seen[position + 1..].iter().map(|(_, name)| name.clone()).collect())
    }
}

fn records(bytes: &[u8], mut number: impl FnMut(usize)) -> Vec<Record> {
    let mut records = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        number(at + 8);
        let Some(head) = bytes.get(at..at + HEAD) else { break };
        let word =
            |at: usize| head[at..].first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes)) as usize;
        let next = head.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        let end = at + HEAD + word(16);
        let name = bytes[at + HEAD..end.min(bytes.len())].to_vec();
        records.push(Record { next, kind: head[20], name, whole: end <= bytes.len() });
        at = end;
    }
    records
}

fn check(
    records: &[Record],
    expected: &BTreeMap<String, u8>,
    known: Option<&[String]>,
    complete: bool,
    from_start: bool,
    stale: impl Fn(&str) -> bool,
) -> Result<(), Wrong> {
    let mut names = Vec::new();
    for record in records {
        let name = String::from_utf8_lossy(&record.name).into_owned();
        if record.whole && !stale(&name) {
            match expected.get(&name) {
                None => return Err(format!("{name:?} is listed, and is not there")),
                // What a file system does not say is unknown.
                Some(&kind) if record.kind != kind && record.kind != 0 => {
                    return Err(format!("{name:?} is listed as kind {}, and is of kind {kind}", record.kind));
                }
                Some(_) if names.contains(&name) => return Err(format!("{name:?} is listed twice")),
                Some(_) => {}
            }
        }
        names.push(name);
    }
    let missing = expected.keys().find(|name| !names.contains(name));
    if let Some(missing) = missing.filter(|_| complete && from_start) {
        return Err(format!("{missing:?} is not listed"));
    }
    if let Some(known) = known {
        let mut follows = known.iter();
        // The last name may be cut off, also in the middle of a character.
        let begins = |record: &Record, known: &String| known.as_bytes().starts_with(&record.name);
        let fits = records.iter().all(|record| follows.next().is_some_and(|known| begins(record, known)));
        if !fits || (complete && follows.next().is_some()) {
            return Err(format!("{names:?} follow a cookie behind which are {known:?}"));
        }
    }
    Ok(())
}
