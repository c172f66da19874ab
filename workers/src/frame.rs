//! Messages on the channel: `length (u32) · job sequence (u32) · JSON`, little-endian, the length counting what follows it.
//!
//! Encodes values to bytes and cuts received bytes into messages. Trusts neither length nor content; knows no socket.

use serde::Serialize;

use crate::event::Fault;

/// Bytes of the length field.
pub(crate) const LEN: usize = 4;
/// Bytes of the sequence field.
pub(crate) const SEQ: usize = 4;

/// One message, ready to be written.
pub(crate) fn encode<T: Serialize>(seq: u32, value: &T) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = vec![0; LEN + SEQ];
    serde_json::to_writer(&mut bytes, value)?;
    // Lengths beyond u32 become u32::MAX, which no limit admits.
    let len = u32::try_from(bytes.len() - LEN).unwrap_or(u32::MAX);
    bytes[..LEN].copy_from_slice(&len.to_le_bytes());
    bytes[LEN..LEN + SEQ].copy_from_slice(&seq.to_le_bytes());
    Ok(bytes)
}

/// Received bytes, not yet cut into messages.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    bytes: Vec<u8>,
}

/// A received message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) seq: u32,
    pub(crate) payload: Vec<u8>,
}

impl Inbox {
    /// Appends what was read.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Whether anything is left that is not a whole message.
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The first whole message, if there is one yet.
    pub(crate) fn take(&mut self, limit: u32) -> Result<Option<Frame>, Fault> {
        let Some(len) = self.bytes.first_chunk::<LEN>().map(|len| u32::from_le_bytes(*len)) else {
            return Ok(None);
        };
        if len > limit {
            return Err(Fault::FrameTooLarge { len: len.into(), limit });
        }
        let len = len as usize;
        if len < SEQ {
            return Err(Fault::Garbage(format!(
                "a message of {len} bytes has no room for its sequence number"
            )));
        }
        let Some(body) = self.bytes.get(LEN..LEN + len) else { return Ok(None) };
        let Some((seq, payload)) = body.split_first_chunk::<SEQ>() else { return Ok(None) };
        let frame = Frame { seq: u32::from_le_bytes(*seq), payload: payload.to_vec() };
        self.bytes.drain(..LEN + len);
        Ok(Some(frame))
    }
}

#[cfg(test)]
mod tests {
    use super::{Frame, Inbox, encode};
    use crate::event::Fault;

    #[test]
    fn a_message_arrives_whole_however_it_is_cut() {
        let bytes = encode(7, &"hello").unwrap();
        for cut in 0..bytes.len() {
            let mut inbox = Inbox::default();
            inbox.push(&bytes[..cut]);
            assert_eq!(inbox.take(1000), Ok(None), "cut at {cut}");
            inbox.push(&bytes[cut..]);
            assert_eq!(inbox.take(1000), Ok(Some(Frame { seq: 7, payload: b"\"hello\"".to_vec() })));
            assert!(inbox.is_empty());
        }
    }

    #[test]
    fn two_messages_come_out_in_order() {
        let mut inbox = Inbox::default();
        inbox.push(&encode(1, &1).unwrap());
        inbox.push(&encode(2, &2).unwrap());
        assert_eq!(inbox.take(99).unwrap().unwrap().seq, 1);
        assert_eq!(inbox.take(99).unwrap().unwrap().seq, 2);
        assert_eq!(inbox.take(99), Ok(None));
    }

    #[test]
    fn lengths_are_not_trusted() {
        let mut inbox = Inbox::default();
        inbox.push(&101_u32.to_le_bytes());
        assert_eq!(inbox.take(100), Err(Fault::FrameTooLarge { len: 101, limit: 100 }));
        let mut inbox = Inbox::default();
        inbox.push(&3_u32.to_le_bytes());
        assert!(matches!(inbox.take(100), Err(Fault::Garbage(_))));
    }
}
