//! One side of one connection: Noise and frames composed, without sockets.

use crate::error::DecodeError;
use crate::frame::{Buffer, Deframer, Frame, Header, checked_length};
use crate::noise::{
    ACT_ONE_LEN, ACT_TWO_LEN, Initiator, MAC_LEN, MAX_PLAINTEXT_LEN, NoiseError, Responder, ServerIdentity,
    Transport,
};

/// Length in bytes of an encrypted frame header (spec section 4.6).
pub const HEADER_RECORD_LEN: usize = Header::LEN + MAC_LEN;

/// What a link found in the bytes that came.
#[derive(Debug)]
pub enum Event {
    /// The handshake is done.
    Established {
        /// Who the server says it is; only on the initiator's side.
        identity: Option<Box<ServerIdentity>>,
        /// Bytes to be sent to the other side: act two, or nothing.
        reply: Vec<u8>,
    },
    /// A whole frame.
    Frame(Frame),
}

/// Bytes that end a connection. The link refuses everything afterwards.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// The handshake, or the decryption of a record, failed.
    #[error(transparent)]
    Noise(#[from] NoiseError),
    /// A frame header announces more than the limit.
    #[error(transparent)]
    Frame(#[from] DecodeError),
    /// Nothing can be sealed before the handshake, or after a failure.
    #[error("the link is not established")]
    NotEstablished,
}

/// One side of one connection.
#[derive(Debug)]
pub struct Link {
    state: State,
    max_payload: usize,
}

#[derive(Debug)]
enum State {
    Plain(Deframer),
    Initiator(Box<Initiator>, Buffer),
    Responder(Box<Responder>, Buffer),
    Noise(Box<Records>),
    Failed,
}

impl Link {
    /// Without encryption, as spec chapter 4 allows on a local network.
    pub fn plain(max_payload: usize) -> Self {
        Self { state: State::Plain(Deframer::new(max_payload)), max_payload }
    }

    /// The client's side. The second value is act one, to be sent at once.
    pub fn initiator(initiator: Initiator, max_payload: usize) -> (Self, [u8; ACT_ONE_LEN]) {
        let act_one = initiator.act_one();
        (Self { state: State::Initiator(Box::new(initiator), Buffer::default()), max_payload }, act_one)
    }

    /// The server's side, which waits for act one.
    pub fn responder(responder: Responder, max_payload: usize) -> Self {
        Self { state: State::Responder(Box::new(responder), Buffer::default()), max_payload }
    }

    /// Encrypted, behind a handshake that took place elsewhere.
    #[cfg(feature = "fuzz")]
    pub(crate) fn established(transport: Transport, max_payload: usize) -> Self {
        Self { state: State::Noise(Box::new(Records::new(transport, Buffer::default()))), max_payload }
    }

    /// Whether frames can go both ways.
    pub fn is_established(&self) -> bool {
        matches!(self.state, State::Plain(_) | State::Noise(_))
    }

    /// Bytes that came and belong to no whole act or frame yet.
    pub fn pending(&self) -> usize {
        match &self.state {
            State::Plain(deframer) => deframer.pending(),
            State::Initiator(_, buffer) | State::Responder(_, buffer) => buffer.bytes().len(),
            State::Noise(records) => records.pending(),
            State::Failed => 0,
        }
    }

    /// Length in bytes of a payload that was announced and has not come whole; under Noise only.
    pub fn announced(&self) -> Option<usize> {
        match &self.state {
            State::Noise(records) => records.frame.as_ref().map(|frame| frame.length),
            _ => None,
        }
    }

    /// Takes bytes in, of any number, cut anywhere.
    pub fn receive(&mut self, bytes: &[u8]) {
        match &mut self.state {
            State::Plain(deframer) => deframer.push(bytes),
            State::Initiator(_, buffer) | State::Responder(_, buffer) => buffer.push(bytes),
            State::Noise(records) => records.buffer.push(bytes),
            State::Failed => {}
        }
    }

    /// Gives the next event, or nothing until more bytes come. To be called until it gives nothing.
    ///
    /// # Errors
    /// A [`LinkError`] ends the connection: "the session must be terminated" (spec section 4.5).
    pub fn poll(&mut self) -> Result<Option<Event>, LinkError> {
        let result = self.advance();
        if result.is_err() {
            self.state = State::Failed;
        }
        result
    }

    /// Appends a frame as it goes over the connection. Under Noise: one record for the header, then one for every 65519
    /// bytes of payload; an empty payload has no record (AMB-07).
    ///
    /// # Errors
    /// [`LinkError::NotEstablished`], or the cipher's nonces are used up.
    pub fn seal(&mut self, frame: &Frame, out: &mut Vec<u8>) -> Result<(), LinkError> {
        match &mut self.state {
            State::Plain(_) => {
                frame.as_ref().write(out);
                Ok(())
            }
            State::Noise(records) => {
                records.transport.seal(&frame.header.encode(), out)?;
                for block in frame.payload.chunks(MAX_PLAINTEXT_LEN) {
                    records.transport.seal(block, out)?;
                }
                Ok(())
            }
            _ => Err(LinkError::NotEstablished),
        }
    }

    /// Appends one record, of any length. For tests of a client only: it has to refuse what [`seal`](Self::seal) would not make.
    ///
    /// # Errors
    /// As [`seal`](Self::seal).
    pub fn seal_record(&mut self, plaintext: &[u8], out: &mut Vec<u8>) -> Result<(), LinkError> {
        match &mut self.state {
            State::Plain(_) => out.extend_from_slice(plaintext),
            State::Noise(records) => records.transport.seal_unbounded(plaintext, out)?,
            _ => return Err(LinkError::NotEstablished),
        }
        Ok(())
    }

    /// Exchanges the keys of the two directions, where there are some. For tests of the other side only.
    pub fn swap_directions(&mut self) {
        if let State::Noise(records) = &mut self.state {
            records.transport.swap_directions();
        }
    }

    fn advance(&mut self) -> Result<Option<Event>, LinkError> {
        match &mut self.state {
            State::Plain(deframer) => Ok(deframer.next_frame()?.map(Event::Frame)),
            State::Noise(records) => Ok(records.next_frame(self.max_payload)?.map(Event::Frame)),
            State::Initiator(_, buffer) => {
                let Some(act_two) = take_array::<ACT_TWO_LEN>(buffer) else { return Ok(None) };
                let State::Initiator(initiator, buffer) = self.take_state() else { return Ok(None) };
                let (transport, identity) = initiator.finish(&act_two)?;
                self.state = State::Noise(Box::new(Records::new(transport, buffer)));
                Ok(Some(Event::Established { identity: Some(Box::new(identity)), reply: Vec::new() }))
            }
            State::Responder(_, buffer) => {
                let Some(act_one) = take_array::<ACT_ONE_LEN>(buffer) else { return Ok(None) };
                let State::Responder(responder, buffer) = self.take_state() else { return Ok(None) };
                let (act_two, transport) = responder.answer(&act_one)?;
                self.state = State::Noise(Box::new(Records::new(transport, buffer)));
                Ok(Some(Event::Established { identity: None, reply: act_two.to_vec() }))
            }
            State::Failed => Err(LinkError::NotEstablished),
        }
    }

    fn take_state(&mut self) -> State {
        core::mem::replace(&mut self.state, State::Failed)
    }
}

/// The records of spec section 4.6: decrypted as they come, so that a frame takes no more room than its bytes that came.
#[derive(Debug)]
struct Records {
    transport: Transport,
    buffer: Buffer,
    frame: Option<Partial>,
}

#[derive(Debug)]
struct Partial {
    header: Header,
    length: usize,
    payload: Vec<u8>,
}

impl Records {
    fn new(transport: Transport, buffer: Buffer) -> Self {
        Self { transport, buffer, frame: None }
    }

    fn pending(&self) -> usize {
        let begun = self.frame.as_ref().map_or(0, |frame| Header::LEN.saturating_add(frame.payload.len()));
        begun.saturating_add(self.buffer.bytes().len())
    }

    fn next_frame(&mut self, max_payload: usize) -> Result<Option<Frame>, LinkError> {
        let mut partial = match self.frame.take() {
            Some(partial) => partial,
            None => match self.next_header(max_payload)? {
                Some(partial) => partial,
                None => return Ok(None),
            },
        };
        while partial.payload.len() < partial.length {
            let left = partial.length.saturating_sub(partial.payload.len());
            let block = left.min(MAX_PLAINTEXT_LEN).saturating_add(MAC_LEN);
            let Some(record) = self.buffer.take(block) else {
                self.frame = Some(partial);
                return Ok(None);
            };
            self.transport.open(record, &mut partial.payload)?;
        }
        Ok(Some(Frame { header: partial.header, payload: partial.payload }))
    }

    fn next_header(&mut self, max_payload: usize) -> Result<Option<Partial>, LinkError> {
        let Some(mut record) = take_array::<HEADER_RECORD_LEN>(&mut self.buffer) else { return Ok(None) };
        let plain = self.transport.open_in_place(&mut record)?;
        let header = Header::decode(crate::Reader::new(plain).array()?);
        let length = checked_length(header, max_payload)?;
        Ok(Some(Partial { header, length, payload: Vec::new() }))
    }
}

fn take_array<const N: usize>(buffer: &mut Buffer) -> Option<[u8; N]> {
    buffer.take(N).and_then(|bytes| bytes.try_into().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SetupConnectionSuccess;

    #[test]
    fn without_encryption_frames_go_as_they_are() {
        let frame = Frame::of(&SetupConnectionSuccess { used_version: 2, flags: 0 }.into()).unwrap();
        let mut link = Link::plain(100);
        assert!(link.is_established());
        let mut bytes = Vec::new();
        link.seal(&frame, &mut bytes).unwrap();
        assert_eq!(bytes, frame.to_bytes());
        link.seal_record(&[1, 2], &mut bytes).unwrap();
        assert_eq!(bytes, [frame.to_bytes(), vec![1, 2]].concat());
        link.receive(&bytes);
        assert!(matches!(link.poll(), Ok(Some(Event::Frame(came))) if came == frame));
        assert!(matches!(link.poll(), Ok(None)));
        assert_eq!((link.pending(), link.announced()), (2, None));
    }

    #[test]
    fn nothing_goes_before_the_handshake() {
        let (mut link, _) = Link::initiator(Initiator::new([7; 64]), 100);
        assert!(!link.is_established());
        assert!(matches!(link.seal_record(&[1], &mut Vec::new()), Err(LinkError::NotEstablished)));
    }
}
