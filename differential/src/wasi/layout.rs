//! Arguments in the guest's memory: what a call finds there, and the parameters that lead to it.
//!
//! Every call begins with the whole memory made anew, so that what a call leaves behind follows from that call alone.

use super::case::{Arg, Call, Subscription};
use super::signature::MEMORY;

/// What stands in memory where nothing was put.
const FILL: u8 = 0xa5;
/// Where arguments begin.
const FIRST: u32 = 1024;

/// A call, ready to be made.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    /// The parameters, in the order of the function.
    pub(super) params: Vec<u64>,
    /// The whole memory.
    pub(super) memory: Vec<u8>,
}

/// Puts the arguments of a call into memory.
pub(super) fn place(call: &Call) -> Placed {
    let mut places = Places { params: Vec::new(), memory: vec![FILL; MEMORY as usize], next: FIRST };
    for arg in &call.args {
        places.arg(arg);
    }
    Placed { params: places.params, memory: places.memory }
}

struct Places {
    params: Vec<u64>,
    memory: Vec<u8>,
    next: u32,
}

impl Places {
    /// A place of its own, which begins at a multiple of 16.
    fn take(&mut self, len: u32) -> u32 {
        let at = self.next;
        self.next = at.saturating_add(len).saturating_add(31) & !15;
        at
    }

    /// Puts bytes, as far as there is memory.
    fn put(&mut self, at: u32, bytes: &[u8]) {
        if let Some(room) = self.memory.get_mut(at as usize..) {
            let count = room.len().min(bytes.len());
            room[..count].copy_from_slice(&bytes[..count]);
        }
    }

    fn push(&mut self, values: &[u32]) {
        self.params.extend(values.iter().map(|&value| u64::from(value)));
    }

    fn arg(&mut self, arg: &Arg) {
        match arg {
            Arg::Number(value) => self.params.push(*value),
            Arg::Text(bytes, times) => {
                let text = bytes.repeat((*times as usize).min(MEMORY as usize / bytes.len().max(1) + 1));
                let at = self.take(text.len() as u32);
                self.put(at, &text);
                self.push(&[at, text.len() as u32]);
            }
            Arg::Write(buffers) => {
                let mut list = Vec::new();
                for bytes in buffers {
                    let at = self.take(bytes.len() as u32);
                    self.put(at, bytes);
                    list.push((at, bytes.len() as u32));
                }
                self.list(&list);
            }
            Arg::Read(lengths) => {
                let list: Vec<_> = lengths.iter().map(|&len| (self.take(len), len)).collect();
                self.list(&list);
            }
            Arg::Buffers(list) => self.list(list),
            Arg::Poll(list) => {
                let records: Vec<u8> = list.iter().flat_map(record).collect();
                let (at, events) = (self.take(records.len() as u32), self.take(32 * list.len() as u32));
                self.put(at, &records);
                self.push(&[at, events, list.len() as u32]);
            }
            Arg::Out(size) => {
                let at = self.take(*size);
                self.push(&[at]);
            }
            Arg::Room(size) => {
                let at = self.take(*size);
                self.push(&[at, *size]);
            }
        }
    }

    fn list(&mut self, list: &[(u32, u32)]) {
        let records: Vec<u8> =
            list.iter().flat_map(|(at, len)| [at.to_le_bytes(), len.to_le_bytes()].concat()).collect();
        let at = self.take(records.len() as u32);
        self.put(at, &records);
        self.push(&[at, list.len() as u32]);
    }
}

fn record(subscription: &Subscription) -> [u8; 48] {
    let mut record = [0; 48];
    let mut put = |at: usize, bytes: &[u8]| record[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &u64::from(subscription.user).to_le_bytes());
    put(8, &[subscription.tag]);
    put(16, &subscription.id.to_le_bytes());
    if subscription.tag == 0 {
        put(24, &u64::from(subscription.timeout).to_le_bytes());
        put(40, &subscription.flags.to_le_bytes());
    }
    record
}
