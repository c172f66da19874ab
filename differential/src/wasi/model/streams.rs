//! The model of everything without a path: arguments and environment, clocks, waiting, randomness and sockets.

use super::table::{self, Behind, Descriptor};
use super::{GREETING, Model, NOW, SUBSCRIPTIONS, Trial, Wrong};
use crate::wasi::errno::{
    AGAIN, BADF, INTERRUPTED, INVAL, NOTCAPABLE, NOTCONN, NOTSOCK, NOTSUP, PIPE, SUCCESS,
};

/// A clock function, whose result is at this parameter.
pub(super) fn clock(trial: &mut Trial<'_>, result: usize) -> Result<(), Wrong> {
    let (id, at) = (trial.seen.u32(0), trial.seen.u32(result));
    trial.bytes(at, 8);
    trial.refuse_if(id > 1, if id > 3 { &[INVAL] } else { &[INVAL, NOTSUP] });
    if trial.ends(&[])? {
        let time = trial.seen.after.get(at as usize..).and_then(|rest| rest.first_chunk());
        let time = time.map_or(0, |bytes| u64::from_le_bytes(*bytes));
        if result == 2 && id == 0 && time < NOW {
            return Err(format!("the time is {time}, and stood at {NOW}"));
        }
        trial.leave_open(at, 8);
    }
    Ok(())
}

pub(super) fn proc_raise(trial: &mut Trial<'_>) -> Result<(), Wrong> {
    match trial.seen.u32(0) {
        0 => {}
        1..=30 => trial.refuse(&[NOTSUP]),
        _ => trial.refuse(&[INVAL]),
    }
    trial.ends(&[]).map(drop)
}

pub(super) fn random_get(trial: &mut Trial<'_>) -> Result<(), Wrong> {
    let (at, len) = (trial.seen.u32(0), trial.seen.u32(1));
    trial.bytes(at, len.into());
    if trial.ends(&[])? {
        trial.leave_open(at, len as usize);
    }
    Ok(())
}

impl Model {
    fn list(&self, args: bool) -> Vec<Vec<u8>> {
        let list = if args { &self.args } else { &self.env };
        list.iter().map(|text| [text.as_bytes(), b"\0"].concat()).collect()
    }

    pub(super) fn sizes(&mut self, trial: &mut Trial<'_>, args: bool) -> Result<(), Wrong> {
        let (count, size) = (trial.seen.u32(0), trial.seen.u32(1));
        trial.bytes(count, 4);
        trial.bytes(size, 4);
        let list = self.list(args);
        if trial.ends(&[])? {
            trial.put(count, &(list.len() as u32).to_le_bytes());
            trial.put(size, &(list.concat().len() as u32).to_le_bytes());
        }
        Ok(())
    }

    pub(super) fn strings(&mut self, trial: &mut Trial<'_>, args: bool) -> Result<(), Wrong> {
        let (table, mut at) = (trial.seen.u32(0), trial.seen.u32(1));
        let list = self.list(args);
        trial.bytes(table, 4 * list.len() as u64);
        trial.bytes(at, list.concat().len() as u64);
        if trial.ends(&[])? {
            for (entry, text) in (table..).step_by(4).zip(list) {
                trial.put(entry, &at.to_le_bytes());
                trial.put(at, &text);
                at += text.len() as u32;
            }
        }
        Ok(())
    }

    pub(super) fn poll_oneoff(&mut self, trial: &mut Trial<'_>) -> Result<(), Wrong> {
        let (list, events) = (trial.seen.u32(0), trial.seen.u32(1));
        let (count, at) = (trial.seen.u32(2), trial.seen.u32(3));
        trial.bytes(at, 4);
        trial.refuse_if(count == 0 || count > SUBSCRIPTIONS, &[INVAL]);
        let records = trial.bytes(list, 48 * u64::from(count)).unwrap_or(&[]);
        trial.bytes(events, 32 * u64::from(count));
        // Without a clock, something has to be ready: streams of memory and files always are.
        let waits = |record: &&[u8]| record[8] == 0 || !self.is_ready(record);
        let may: &[u32] =
            if records.chunks_exact(48).all(|record| waits(&record)) { &[INTERRUPTED] } else { &[] };
        if !trial.ends(may)? {
            return Ok(());
        }
        let ends = (u64::from(at) + 4, u64::from(events) + 32 * u64::from(count));
        if u64::from(events) < ends.0 && u64::from(at) < ends.1 {
            // The number and the events are written over each other.
            trial.leave_open(events, 32 * count as usize);
            trial.leave_open(at, 4);
            return Ok(());
        }
        let happened = trial.seen.u32_after(at);
        if happened == 0 || happened > count {
            return Err(format!("{happened} events for {count} subscriptions"));
        }
        trial.leave_open(events, 32 * happened as usize);
        trial.leave_open(at, 4);
        let users: Vec<&[u8]> = records.chunks_exact(48).map(|record| &record[..8]).collect();
        let answers = [SUCCESS, BADF, NOTCAPABLE, INVAL, NOTSUP];
        for event in trial.seen.after[events as usize..].chunks_exact(32).take(happened as usize) {
            let error = u32::from(u16::from_le_bytes([event[8], event[9]]));
            if !users.contains(&&event[..8]) || !answers.contains(&error) {
                return Err(format!("the event {event:02x?} is of no subscription"));
            }
        }
        Ok(())
    }

    /// Whether what a subscription waits for is there at once, or can never be.
    fn is_ready(&self, record: &[u8]) -> bool {
        let fd = record[16..].first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
        match self.table.get(&fd).map(|descriptor| &descriptor.behind) {
            Some(&Behind::Node(node, _)) => self.tree.file(node).is_some(),
            Some(Behind::Socket(_) | Behind::Listener(_)) => false,
            _ => true,
        }
    }

    /// What is behind a socket with this right.
    fn socket(&self, trial: &mut Trial<'_>, fd: u32, needed: u64) -> Option<Behind> {
        let descriptor = self.descriptor(trial, fd)?;
        trial.need(descriptor.base, needed);
        let socket = matches!(descriptor.behind, Behind::Socket(_) | Behind::Listener(_));
        trial.refuse_if(!socket, &[NOTSOCK]);
        Some(descriptor.behind.clone())
    }

    pub(super) fn sock_accept(&mut self, trial: &mut Trial<'_>) -> Result<(), Wrong> {
        let (fd, flags, at) = (trial.seen.u32(0), trial.seen.u32(1), trial.seen.u32(2));
        trial.bytes(at, 4);
        trial.refuse_if(flags & !4 != 0, &[INVAL]);
        let behind = self.socket(trial, fd, table::ACCEPT);
        self.check_room(trial);
        let mut waiting = 0;
        match behind {
            Some(Behind::Listener(count)) => waiting = count,
            Some(Behind::Socket(_)) => trial.refuse(&[INVAL]),
            _ => {}
        }
        if waiting == 0 {
            trial.refuse(&[AGAIN, INTERRUPTED, INVAL]);
        }
        if !trial.ends(&[INVAL])? {
            return Ok(());
        }
        if let Some(descriptor) = self.table.get_mut(&fd) {
            descriptor.behind = Behind::Listener(waiting - 1);
        }
        let rights =
            table::SET_FLAGS | table::STAT | table::POLL | table::READ | table::WRITE | table::SHUTDOWN;
        let mut accepted = Descriptor::new(Behind::Socket(GREETING.to_vec()), rights, 0);
        accepted.flags = flags.into();
        self.opened(trial, at, accepted)
    }

    pub(super) fn sock_recv(&mut self, trial: &mut Trial<'_>) -> Result<(), Wrong> {
        let (fd, list, count) = (trial.seen.u32(0), trial.seen.u32(1), trial.seen.u32(2));
        let (flags, at, out) = (trial.seen.u32(3), trial.seen.u32(4), trial.seen.u32(5));
        trial.bytes(at, 4);
        trial.bytes(out, 2);
        trial.refuse_if(flags & !3 != 0, &[INVAL]);
        let buffers = Self::buffers(trial, list, count);
        let behind = self.socket(trial, fd, table::READ);
        if let Some(Behind::Listener(_)) = behind {
            trial.refuse(&[NOTCONN, INVAL]);
        }
        if !trial.ends(&[AGAIN, INTERRUPTED])? {
            return Ok(());
        }
        if let Some(Behind::Socket(bytes)) = behind {
            // To look does not take, and may see less where there are several buffers.
            let looks = flags & 1 != 0;
            let shown = buffers.iter().find(|(_, len)| *len > 0).map_or(0, |&(_, len)| len as usize);
            let end = if looks { bytes.len().min(shown) } else { bytes.len() };
            let done = Self::scatter(trial, &buffers, &bytes[..end], at);
            if !looks {
                self.taken(fd, done);
            }
        }
        trial.put(out, &[0, 0]);
        Ok(())
    }

    pub(super) fn sock_send(&mut self, trial: &mut Trial<'_>) -> Result<(), Wrong> {
        let (fd, list, count) = (trial.seen.u32(0), trial.seen.u32(1), trial.seen.u32(2));
        let (flags, at) = (trial.seen.u32(3), trial.seen.u32(4));
        trial.bytes(at, 4);
        trial.refuse_if(flags != 0, &[INVAL]);
        Self::buffers(trial, list, count);
        if let Some(Behind::Listener(_)) = self.socket(trial, fd, table::WRITE) {
            trial.refuse(&[NOTCONN]);
        }
        if trial.ends(&[AGAIN, PIPE, INTERRUPTED])? {
            trial.leave_open(at, 4);
        }
        Ok(())
    }

    pub(super) fn sock_shutdown(&mut self, trial: &mut Trial<'_>) -> Result<(), Wrong> {
        let (fd, how) = (trial.seen.u32(0), trial.seen.u32(1));
        trial.refuse_if(!(1..=3).contains(&how), &[INVAL]);
        self.socket(trial, fd, table::SHUTDOWN);
        if trial.ends(&[NOTCONN])?
            && how & 1 != 0
            && let Some(Descriptor { behind: Behind::Socket(bytes), .. }) = self.table.get_mut(&fd)
        {
            bytes.clear();
        }
        Ok(())
    }
}
