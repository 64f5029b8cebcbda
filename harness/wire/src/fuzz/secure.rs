//! What the oracles of Noise judge: an implementation of handshake and records, ours or another's.

use super::{CodecError, Ours, StreamEnd, Why};
use crate::frame::Frame;
use crate::link::{Event, Link};
use crate::noise::{
    ACT_ONE_LEN, ACT_TWO_LEN, AuthorityPublicKey, Certificate, Initiator, NoiseError, Responder,
    ServerIdentity, StaticKeypair, Transport,
};

/// An implementation of the Noise layer of spec chapter 4.
///
/// What it cannot do answers [`CodecError::Unsupported`] and is not judged. Errors are [`CodecError::Malformed`].
pub trait Secure {
    /// A client that has sent act one.
    type Initiator;
    /// Both directions of an encrypted connection, as one side has them.
    type Session;

    /// Begins a handshake; the seed is that of [`Initiator::new`]. Gives act one.
    ///
    /// # Errors
    /// The implementation does not begin one.
    fn act_one(&mut self, seed: [u8; 64]) -> Result<(Self::Initiator, [u8; ACT_ONE_LEN]), CodecError>;

    /// Answers act one with act two.
    ///
    /// # Errors
    /// The server refuses.
    fn act_two(
        &mut self,
        server: &Server,
        act_one: &[u8; ACT_ONE_LEN],
    ) -> Result<([u8; ACT_TWO_LEN], Self::Session), CodecError>;

    /// Reads act two.
    ///
    /// # Errors
    /// The client refuses: act two is not authentic.
    fn finish(
        &mut self,
        initiator: Self::Initiator,
        act_two: &[u8; ACT_TWO_LEN],
    ) -> Result<(Self::Session, ServerIdentity), CodecError>;

    /// Judges a server's certificate at a time.
    ///
    /// # Errors
    /// It is not to be trusted.
    fn verify(
        &mut self,
        identity: &ServerIdentity,
        authority: &AuthorityPublicKey,
        now_unix: u64,
        leeway_seconds: u64,
    ) -> Result<(), CodecError>;

    /// A session out of the keys of both directions, our own first.
    ///
    /// # Errors
    /// The implementation makes sessions by handshakes only.
    fn session(&mut self, ours: [u8; 32], theirs: [u8; 32]) -> Result<Self::Session, CodecError>;

    /// Appends a record.
    ///
    /// # Errors
    /// The plaintext is too long.
    fn seal(
        &mut self,
        session: &mut Self::Session,
        plaintext: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), CodecError>;

    /// Appends the plaintext of a record.
    ///
    /// # Errors
    /// The record is not authentic, or one before it was not.
    fn open(
        &mut self,
        session: &mut Self::Session,
        record: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), CodecError>;

    /// What a server sends once it has these first bytes of a connection; nothing while it waits for more.
    ///
    /// # Errors
    /// The implementation takes whole acts only.
    fn reply(&mut self, server: &Server, bytes: &[u8]) -> Result<Option<Vec<u8>>, CodecError> {
        let _ = (server, bytes);
        Err(CodecError::Unsupported)
    }

    /// Whether a client has come to a verdict, good or bad, once it has these first bytes of the answer.
    ///
    /// # Errors
    /// The implementation takes whole acts only.
    fn has_judged(&mut self, initiator: Self::Initiator, bytes: &[u8]) -> Result<bool, CodecError> {
        let _ = (initiator, bytes);
        Err(CodecError::Unsupported)
    }

    /// Appends a frame as it goes over an encrypted connection.
    ///
    /// # Errors
    /// The implementation seals records only.
    fn seal_frame(
        &mut self,
        session: Self::Session,
        frame: &Frame,
        out: &mut Vec<u8>,
    ) -> Result<(), CodecError> {
        let _ = (session, frame, out);
        Err(CodecError::Unsupported)
    }

    /// Takes frames out of an encrypted stream that comes in these chunks.
    ///
    /// # Errors
    /// The implementation opens records only.
    fn open_frames<'c>(
        &mut self,
        session: Self::Session,
        chunks: impl Iterator<Item = &'c [u8]>,
    ) -> Result<(Vec<Frame>, StreamEnd), CodecError> {
        let _ = (session, chunks);
        Err(CodecError::Unsupported)
    }
}

/// What a server brings to a handshake.
#[derive(Clone, Debug)]
pub struct Server {
    /// Its static key.
    pub keypair: StaticKeypair,
    /// Its certificate, right or wrong.
    pub certificate: [u8; Certificate::LEN],
    /// Its ephemeral key, as in [`Responder::new`].
    pub seed: [u8; 64],
}

impl From<NoiseError> for CodecError {
    fn from(error: NoiseError) -> Self {
        match error {
            NoiseError::Engine(text) => Self::Broken(text),
            other => Self::Malformed(Why::Text(other.to_string())),
        }
    }
}

impl Secure for Ours {
    type Initiator = Initiator;
    type Session = Transport;

    fn act_one(&mut self, seed: [u8; 64]) -> Result<(Initiator, [u8; ACT_ONE_LEN]), CodecError> {
        let initiator = Initiator::new(seed);
        let act_one = initiator.act_one();
        Ok((initiator, act_one))
    }

    fn act_two(
        &mut self,
        server: &Server,
        act_one: &[u8; ACT_ONE_LEN],
    ) -> Result<([u8; ACT_TWO_LEN], Transport), CodecError> {
        Ok(Responder::new(&server.keypair, server.certificate, server.seed).answer(act_one)?)
    }

    fn finish(
        &mut self,
        initiator: Initiator,
        act_two: &[u8; ACT_TWO_LEN],
    ) -> Result<(Transport, ServerIdentity), CodecError> {
        Ok(initiator.finish(act_two)?)
    }

    fn verify(
        &mut self,
        identity: &ServerIdentity,
        authority: &AuthorityPublicKey,
        now_unix: u64,
        leeway_seconds: u64,
    ) -> Result<(), CodecError> {
        let verdict = identity.verify(authority, now_unix, leeway_seconds);
        verdict.map_err(|error| CodecError::Malformed(Why::Text(error.to_string())))
    }

    fn session(&mut self, ours: [u8; 32], theirs: [u8; 32]) -> Result<Transport, CodecError> {
        Ok(Transport::of_keys(&ours, &theirs)?)
    }

    fn seal(
        &mut self,
        session: &mut Transport,
        plaintext: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), CodecError> {
        Ok(session.seal(plaintext, out)?)
    }

    fn open(&mut self, session: &mut Transport, record: &[u8], out: &mut Vec<u8>) -> Result<(), CodecError> {
        Ok(session.open(record, out)?)
    }

    fn reply(&mut self, server: &Server, bytes: &[u8]) -> Result<Option<Vec<u8>>, CodecError> {
        let responder = Responder::new(&server.keypair, server.certificate, server.seed);
        let mut link = Link::responder(responder, crate::frame::MAX_PAYLOAD_LEN);
        link.receive(bytes);
        match link.poll() {
            Ok(Some(Event::Established { reply, .. })) => Ok(Some(reply)),
            Ok(_) => Ok(None),
            Err(error) => Err(CodecError::Malformed(Why::Text(error.to_string()))),
        }
    }

    fn has_judged(&mut self, initiator: Initiator, bytes: &[u8]) -> Result<bool, CodecError> {
        let (mut link, _) = Link::initiator(initiator, crate::frame::MAX_PAYLOAD_LEN);
        link.receive(bytes);
        Ok(!matches!(link.poll(), Ok(None)))
    }

    fn seal_frame(&mut self, session: Transport, frame: &Frame, out: &mut Vec<u8>) -> Result<(), CodecError> {
        let mut link = Link::established(session, crate::frame::MAX_PAYLOAD_LEN);
        link.seal(frame, out).map_err(|error| CodecError::Malformed(Why::Text(error.to_string())))
    }

    fn open_frames<'c>(
        &mut self,
        session: Transport,
        chunks: impl Iterator<Item = &'c [u8]>,
    ) -> Result<(Vec<Frame>, StreamEnd), CodecError> {
        let mut link = Link::established(session, crate::frame::MAX_PAYLOAD_LEN);
        let (mut frames, mut end) = (Vec::new(), StreamEnd::default());
        for chunk in chunks {
            link.receive(chunk);
            loop {
                match link.poll() {
                    Ok(Some(Event::Frame(frame))) => frames.push(frame),
                    Ok(Some(Event::Established { .. })) => {}
                    Ok(None) => break,
                    Err(error) => {
                        end.error = Some(CodecError::Malformed(Why::Text(error.to_string())));
                        return Ok((frames, end));
                    }
                }
            }
        }
        end.pending = Some(link.pending());
        Ok((frames, end))
    }
}
