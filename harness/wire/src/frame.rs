//! Frames: the six-byte header of spec section 3.2 and the payload behind it.

use crate::error::{DecodeError, Problem};
use crate::{Decoded, Kind, Message};

/// The largest payload that the header can announce: 2^24 - 1 bytes.
pub const MAX_PAYLOAD_LEN: usize = 0xff_ffff;

const CHANNEL_BIT: u16 = 0x8000;

/// A frame's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Message number; its extension type stands without the channel bit.
    pub kind: Kind,
    /// Bit 15 of the extension type (spec section 3.2.1): the payload begins with a channel id.
    pub channel_msg: bool,
    /// Announced payload length in bytes; below 2^24.
    pub length: u32,
}

impl Header {
    /// Length of a header in bytes.
    pub const LEN: usize = 6;

    /// Reads a header. Every six bytes are one.
    pub fn decode(bytes: [u8; Self::LEN]) -> Self {
        let [e0, e1, msg_type, l0, l1, l2] = bytes;
        let extension = u16::from_le_bytes([e0, e1]);
        Self {
            kind: Kind { extension_type: extension & !CHANNEL_BIT, msg_type },
            channel_msg: extension & CHANNEL_BIT != 0,
            length: u32::from_le_bytes([l0, l1, l2, 0]),
        }
    }

    /// Writes the header. Bits of `length` above the 24th, and a channel bit within the extension type, are dropped.
    pub fn encode(self) -> [u8; Self::LEN] {
        let channel = if self.channel_msg { CHANNEL_BIT } else { 0 };
        let [e0, e1] = ((self.kind.extension_type & !CHANNEL_BIT) | channel).to_le_bytes();
        let [l0, l1, l2, _] = self.length.to_le_bytes();
        [e0, e1, self.kind.msg_type, l0, l1, l2]
    }
}

/// A header and the bytes behind it. In a frame to be sent the two need not agree: malformed is bytes, not a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The header.
    pub header: Header,
    /// The payload: fields, and TLVs of negotiated extensions.
    pub payload: Vec<u8>,
}

/// A frame whose payload stands elsewhere, such as in the bytes that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameRef<'a> {
    /// The header.
    pub header: Header,
    /// The payload: fields, and TLVs of negotiated extensions.
    pub payload: &'a [u8],
}

impl FrameRef<'_> {
    /// The frame with a payload of its own.
    pub fn to_frame(self) -> Frame {
        Frame { header: self.header, payload: self.payload.to_vec() }
    }

    /// Appends header and payload, as they stand on a connection without encryption.
    pub fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.header.encode());
        out.extend_from_slice(self.payload);
    }
}

/// A message that no frame can carry (AMB-10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the message takes {length} bytes, a frame carries at most {MAX_PAYLOAD_LEN}")]
pub struct OversizeError {
    /// Length of the message's payload.
    pub length: usize,
}

impl Frame {
    /// The frame of a message: number, channel bit and length as the table and the payload say.
    ///
    /// # Errors
    /// [`OversizeError`] when the payload exceeds 2^24 - 1 bytes.
    pub fn of(message: &Message) -> Result<Self, OversizeError> {
        let mut payload = Vec::new();
        message.encode(&mut payload);
        let spec = message.spec();
        let length = match u32::try_from(payload.len()) {
            Ok(length) if payload.len() <= MAX_PAYLOAD_LEN => length,
            _ => return Err(OversizeError { length: payload.len() }),
        };
        Ok(Self { header: Header { kind: spec.kind, channel_msg: spec.channel_msg, length }, payload })
    }

    /// The frame without a payload of its own.
    pub fn as_ref(&self) -> FrameRef<'_> {
        FrameRef { header: self.header, payload: &self.payload }
    }

    /// Decodes the payload by the header's number. The channel bit is not looked at.
    ///
    /// # Errors
    /// As [`Message::decode`].
    pub fn decode(&self) -> Result<Decoded<'_>, DecodeError> {
        Message::decode(self.header.kind, &self.payload)
    }

    /// Header and payload, as they stand on a connection without encryption.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Header::LEN.saturating_add(self.payload.len()));
        self.as_ref().write(&mut bytes);
        bytes
    }
}

/// Cuts a stream without encryption into frames. Memory grows with the bytes that came, never with what they announce.
#[derive(Debug)]
pub struct Deframer {
    buffer: Buffer,
    max_payload: usize,
}

impl Deframer {
    /// Refuses frames that announce more than `max_payload` bytes.
    pub fn new(max_payload: usize) -> Self {
        Self { buffer: Buffer::default(), max_payload }
    }

    /// Takes bytes in, of any number, cut anywhere.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.push(bytes);
    }

    /// Gives the next whole frame, or nothing as long as it is incomplete.
    ///
    /// # Errors
    /// [`Problem::TooLong`] when the header announces more than the limit. The stream is unusable from then on.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, DecodeError> {
        Ok(self.next_ref()?.map(FrameRef::to_frame))
    }

    /// The same, with the payload where it came.
    ///
    /// # Errors
    /// As [`Self::next_frame`].
    pub fn next_ref(&mut self) -> Result<Option<FrameRef<'_>>, DecodeError> {
        let Some(head) = self.buffer.bytes().first_chunk() else { return Ok(None) };
        let header = Header::decode(*head);
        let length = checked_length(header, self.max_payload)?;
        let Some(bytes) = self.buffer.take(Header::LEN.saturating_add(length)) else { return Ok(None) };
        let payload = bytes.get(Header::LEN..).unwrap_or_default();
        Ok(Some(FrameRef { header, payload }))
    }

    /// Bytes that came and belong to no whole frame yet.
    pub fn pending(&self) -> usize {
        self.buffer.bytes().len()
    }

    /// Bytes of memory that are held for bytes that came.
    pub fn capacity(&self) -> usize {
        self.buffer.bytes.capacity()
    }
}

/// The announced length, if it is within the limit.
pub(crate) fn checked_length(header: Header, max_payload: usize) -> Result<usize, DecodeError> {
    let got = header.length as usize;
    if got > max_payload {
        let error = DecodeError::at(3, Problem::TooLong { got, max: max_payload });
        return Err(error.in_field("frame header", "msg_length"));
    }
    Ok(got)
}

/// Bytes that came and are not used yet, taken from the front.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    start: usize,
}

impl Buffer {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..std::mem::take(&mut self.start));
        self.bytes.extend_from_slice(bytes);
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }

    pub(crate) fn take(&mut self, count: usize) -> Option<&[u8]> {
        let end = self.start.checked_add(count)?;
        let taken = self.bytes.get(self.start..end)?;
        self.start = end;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{B0_16M, Message, ProvideMissingTransactionsSuccess, Seq0_64K, SetupConnectionSuccess};
    use proptest::prelude::*;

    #[test]
    fn the_channel_bit_is_bit_15() {
        // The example of spec section 3.2.1: 0x8ABC is extension 0x0ABC with the channel bit set.
        let header = Header::decode([0xbc, 0x8a, 0x1a, 0x18, 0x00, 0x00]);
        assert_eq!(header.kind, Kind { extension_type: 0x0abc, msg_type: 0x1a });
        assert!(header.channel_msg);
        assert_eq!(header.length, 24);
        assert_eq!(header.encode(), [0xbc, 0x8a, 0x1a, 0x18, 0x00, 0x00]);
    }

    #[test]
    fn an_announced_length_above_the_limit_is_refused_before_the_payload_comes() {
        let mut deframer = Deframer::new(100);
        deframer.push(&[0, 0, 1, 101, 0, 0]);
        let error = deframer.next_frame().unwrap_err();
        assert_eq!(
            error.to_string(),
            "frame header.msg_length at offset 3: expected a length of at most 100, got 101"
        );
    }

    #[test]
    fn a_message_that_no_frame_can_carry_is_refused() {
        let with = |length| {
            let transaction = B0_16M::new(vec![7; length]).unwrap();
            let transactions = Seq0_64K::new(vec![transaction.clone(), transaction]).unwrap();
            Message::from(ProvideMissingTransactionsSuccess { request_id: 1, transaction_list: transactions })
        };
        // The id, the count, and each length: 12 bytes, and twice the transaction.
        let most = (MAX_PAYLOAD_LEN - 13) / 2;
        assert_eq!(Frame::of(&with(most)).unwrap().payload.len(), MAX_PAYLOAD_LEN - 1);
        let error = Frame::of(&with(most + 1)).unwrap_err();
        assert_eq!(error, OversizeError { length: MAX_PAYLOAD_LEN + 1 });
    }

    #[test]
    fn what_was_taken_is_not_held() {
        let frame = Frame::of(&SetupConnectionSuccess { used_version: 2, flags: 0 }.into()).unwrap();
        let bytes = frame.to_bytes();
        let mut deframer = Deframer::new(MAX_PAYLOAD_LEN);
        for _ in 0..1000 {
            deframer.push(&bytes);
            deframer.push(&bytes[..7]);
            assert!(deframer.capacity() >= bytes.len() + 7);
            assert_eq!(deframer.next_frame().unwrap().unwrap(), frame);
            assert_eq!(deframer.pending(), 7);
            deframer.push(&bytes[7..]);
            assert_eq!(deframer.next_frame().unwrap().unwrap(), frame);
        }
        assert!(deframer.capacity() < 10 * bytes.len(), "{}", deframer.capacity());
    }

    proptest! {
        #[test]
        fn frames_survive_any_cut(flags in any::<u32>(), cuts in proptest::collection::vec(1usize..9, 1..40)) {
            let frame = Frame::of(&SetupConnectionSuccess { used_version: 2, flags }.into()).unwrap();
            let stream = frame.to_bytes().repeat(3);
            let mut deframer = Deframer::new(MAX_PAYLOAD_LEN);
            let (mut rest, mut found) = (stream.as_slice(), Vec::new());
            for cut in cuts.iter().cycle() {
                let (now, later) = rest.split_at((*cut).min(rest.len()));
                deframer.push(now);
                while let Some(frame) = deframer.next_frame().unwrap() {
                    found.push(frame);
                }
                rest = later;
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(found, vec![frame.clone(), frame.clone(), frame]);
            prop_assert_eq!(deframer.pending(), 0);
        }
    }
}
