//! Codecs and Noise layers that are wrong in one way each.

use std::cmp::Ordering;
use sv2_wire::frame::{Frame, FrameRef, MAX_PAYLOAD_LEN};
use sv2_wire::fuzz::{Codec, CodecError, Ours, Secure, Server, StreamEnd};
use sv2_wire::noise::{AuthorityPublicKey, Certificate, Initiator, ServerIdentity, Transport};
use sv2_wire::tlv::{ByteOrder, Tlv};
use sv2_wire::{FieldType, Kind, Message, MessageSpec, Value};

/// In which way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Flaw {
    Dies,
    LosesFrameBetweenChunks,
    ReadsChannelBitInverted,
    CutsPayload,
    WritesNoChannelBit,
    KnowsNoLimit,
    RefusesHalfHeaders,
    ReservesWhatIsAnnounced,
    TakesTooLong,
    SwallowsTail,
    ReadsBigEndian,
    WritesOneByteMore,
    CallsShortMalformed,
    BuildsBeyondBounds,
    WritesFirstByteWrong,
    WritesFixedMessagesLonger,
    ReadsOneByteLess,
    ForgetsInJson,
    ComparesWireBytes,
    ExchangesTlvOrder,
    ForgetsFieldType,
    AgreesOnNothing,
    ChangesVersion,
    TakesAnyActTwo,
    TrustsForEver,
    HasOneEphemeralKey,
    AnswersEarly,
    OpensWrong,
    OpensAnything,
    OpensAfterRefusal,
    SealsLonger,
    SealsMore,
    SkipsNonces,
    LosesFrames,
    SealsEmptyPayload,
}

/// Our codec and our Noise layer with one flaw.
pub(crate) struct Flawed(pub(crate) Flaw);

impl Flawed {
    fn has(&self, flaw: Flaw) -> bool {
        self.0 == flaw
    }

    fn lives(&self) -> Result<(), CodecError> {
        if self.has(Flaw::Dies) { Err(CodecError::Broken("it died".to_owned())) } else { Ok(()) }
    }
}

fn too_short(error: CodecError) -> CodecError {
    match error {
        CodecError::Incomplete(why) => CodecError::Malformed(why),
        other => other,
    }
}

impl Codec for Flawed {
    type Message = Message;

    fn stream<'c>(
        &mut self,
        chunks: impl Iterator<Item = &'c [u8]>,
        max_payload: usize,
        take: &mut dyn FnMut(FrameRef<'_>),
    ) -> StreamEnd {
        let chunks = chunks.collect::<Vec<_>>();
        let limit = if self.has(Flaw::KnowsNoLimit) { MAX_PAYLOAD_LEN } else { max_payload };
        let mut frames: Vec<Frame> = Vec::new();
        let mut keep = |frame: FrameRef<'_>| frames.push(frame.to_frame());
        let mut end = Ours.stream(chunks.iter().copied(), limit, &mut keep);
        if let Err(error) = self.lives() {
            end.error = Some(error);
        }
        match self.0 {
            Flaw::LosesFrameBetweenChunks if chunks.len() > 1 => drop(frames.pop()),
            Flaw::ReadsChannelBitInverted => {
                frames.iter_mut().for_each(|frame| frame.header.channel_msg ^= true);
            }
            Flaw::CutsPayload => {
                for frame in &mut frames {
                    frame.payload.pop();
                }
            }
            Flaw::RefusesHalfHeaders if end.pending.is_some_and(|left| (1..6).contains(&left)) => {
                end.error =
                    Some(CodecError::Malformed(sv2_wire::fuzz::Why::Text("half a header".to_owned())));
            }
            Flaw::ReservesWhatIsAnnounced if end.pending.is_some_and(|left| left >= 6) => {
                end.reserved = Some(MAX_PAYLOAD_LEN);
            }
            _ => {}
        }
        frames.iter().for_each(|frame| take(frame.as_ref()));
        end
    }

    fn encode_frame(&mut self, mut frame: FrameRef<'_>, out: &mut Vec<u8>) -> Result<(), CodecError> {
        if self.has(Flaw::WritesNoChannelBit) {
            frame.header.channel_msg = false;
        }
        Ours.encode_frame(frame, out)
    }

    fn decode(&mut self, kind: Kind, payload: &[u8]) -> Result<(Message, usize), CodecError> {
        self.lives()?;
        match (self.0, Ours.decode(kind, payload)) {
            (Flaw::TakesTooLong, Err(CodecError::Malformed(_))) => {
                let message = Message::zero(kind).ok_or(CodecError::Unsupported)?;
                Ok((message, payload.len()))
            }
            (Flaw::SwallowsTail, Ok((message, _))) => Ok((message, payload.len())),
            (Flaw::ReadsOneByteLess, Ok((message, used))) => Ok((message, used.saturating_sub(1))),
            (Flaw::CallsShortMalformed, Err(error)) => Err(too_short(error)),
            (_, result) => result,
        }
    }

    fn value(&mut self, message: &Message, field: usize) -> Option<Value> {
        match Ours.value(message, field) {
            Some(Value::Uint(number)) if self.has(Flaw::ReadsBigEndian) => {
                Some(Value::Uint(number.swap_bytes()))
            }
            value => value,
        }
    }

    fn encode(&mut self, message: &Message, out: &mut Vec<u8>) -> Result<(), CodecError> {
        self.lives()?;
        let start = out.len();
        Ours.encode(message, out)?;
        let spec: &MessageSpec = message.spec();
        match self.0 {
            Flaw::WritesOneByteMore => out.push(0),
            Flaw::WritesFixedMessagesLonger if spec.payload_min == spec.payload_max => out.push(0),
            Flaw::WritesFirstByteWrong => out.iter_mut().skip(start).take(1).for_each(|byte| *byte ^= 1),
            _ => {}
        }
        Ok(())
    }

    fn build(&mut self, kind: Kind, values: &[Value]) -> Result<Message, CodecError> {
        match Ours.build(kind, values) {
            Err(_) if self.has(Flaw::BuildsBeyondBounds) => {
                Message::zero(kind).ok_or(CodecError::Unsupported)
            }
            result => result,
        }
    }

    fn through_json(&mut self, message: &Message) -> Result<Message, CodecError> {
        match self.0 {
            Flaw::ForgetsInJson => Message::zero(message.spec().kind).ok_or(CodecError::Unsupported),
            _ => Ours.through_json(message),
        }
    }

    fn decode_value(&mut self, ty: FieldType, bytes: &[u8]) -> Result<(Value, usize), CodecError> {
        self.lives()?;
        match (self.0, Ours.decode_value(ty, bytes)) {
            (Flaw::TakesTooLong, Err(CodecError::Malformed(_))) => {
                Ok((Value::Bytes(Vec::new()), bytes.len()))
            }
            (Flaw::ReadsBigEndian, Ok((Value::Uint(number), used))) => {
                Ok((Value::Uint(number.swap_bytes()), used))
            }
            (Flaw::CallsShortMalformed, Err(error)) => Err(too_short(error)),
            (_, result) => result,
        }
    }

    fn encode_value(&mut self, ty: FieldType, value: &Value, out: &mut Vec<u8>) -> Result<(), CodecError> {
        Ours.encode_value(ty, value, out)?;
        if self.has(Flaw::WritesOneByteMore) {
            out.push(0);
        }
        Ok(())
    }

    fn compare(&mut self, one: [u8; 32], other: [u8; 32]) -> Result<Ordering, CodecError> {
        if self.has(Flaw::ComparesWireBytes) { Ok(one.cmp(&other)) } else { Ours.compare(one, other) }
    }

    fn tlvs(&mut self, tail: &[u8], order: ByteOrder) -> Result<Vec<Tlv>, CodecError> {
        let mut tlvs = Ours.tlvs(tail, order)?;
        if self.has(Flaw::ForgetsFieldType) {
            tlvs.iter_mut().for_each(|tlv| tlv.field_type = 0);
        }
        Ok(tlvs)
    }

    fn encode_tlv(&mut self, tlv: &Tlv, order: ByteOrder, out: &mut Vec<u8>) -> Result<(), CodecError> {
        let order = match (self.has(Flaw::ExchangesTlvOrder), order) {
            (true, ByteOrder::Little) => ByteOrder::Big,
            (true, ByteOrder::Big) => ByteOrder::Little,
            (false, order) => order,
        };
        Ours.encode_tlv(tlv, order, out)
    }
}

/// A session that remembers what it needs to be brought back after a refusal.
pub(crate) struct Session {
    inner: Transport,
    keys: Option<([u8; 32], [u8; 32])>,
    opened: Vec<Vec<u8>>,
}

fn session(inner: Transport) -> Session {
    Session { inner, keys: None, opened: Vec::new() }
}

impl Secure for Flawed {
    type Initiator = Initiator;
    type Session = Session;

    fn act_one(&mut self, seed: [u8; 64]) -> Result<(Initiator, [u8; 64]), CodecError> {
        self.lives()?;
        Ours.act_one(if self.has(Flaw::HasOneEphemeralKey) { [3; 64] } else { seed })
    }

    fn act_two(&mut self, server: &Server, act_one: &[u8; 64]) -> Result<([u8; 234], Session), CodecError> {
        Ours.act_two(server, act_one).map(|(act_two, inner)| (act_two, session(inner)))
    }

    fn finish(
        &mut self,
        initiator: Initiator,
        act_two: &[u8; 234],
    ) -> Result<(Session, ServerIdentity), CodecError> {
        match (self.0, Ours.finish(initiator, act_two)) {
            (Flaw::AgreesOnNothing, Ok((_, identity))) => {
                Ok((session(Ours.session([1; 32], [2; 32])?), identity))
            }
            (Flaw::ChangesVersion, Ok((inner, mut identity))) => {
                identity.certificate.version ^= 1;
                Ok((session(inner), identity))
            }
            (Flaw::TakesAnyActTwo, Err(_)) => {
                let identity = ServerIdentity {
                    static_key: [0; 64],
                    static_key_x_only: [0; 32],
                    ephemeral_key_x_only: [0; 32],
                    certificate: Certificate::decode(&[0; 74]),
                };
                Ok((session(Ours.session([1; 32], [2; 32])?), identity))
            }
            (_, result) => result.map(|(inner, identity)| (session(inner), identity)),
        }
    }

    fn verify(
        &mut self,
        identity: &ServerIdentity,
        authority: &AuthorityPublicKey,
        now_unix: u64,
        leeway_seconds: u64,
    ) -> Result<(), CodecError> {
        let leeway_seconds = if self.has(Flaw::TrustsForEver) { 1 << 40 } else { leeway_seconds };
        Ours.verify(identity, authority, now_unix, leeway_seconds)
    }

    fn session(&mut self, ours: [u8; 32], theirs: [u8; 32]) -> Result<Session, CodecError> {
        self.lives()?;
        let inner = Ours.session(ours, theirs)?;
        Ok(Session { inner, keys: Some((ours, theirs)), opened: Vec::new() })
    }

    fn seal(&mut self, session: &mut Session, plaintext: &[u8], out: &mut Vec<u8>) -> Result<(), CodecError> {
        if self.has(Flaw::SkipsNonces) {
            Ours.seal(&mut session.inner, b"skipped", &mut Vec::new())?;
        }
        let most = if self.has(Flaw::SealsMore) { 65519 } else { usize::MAX };
        Ours.seal(&mut session.inner, &plaintext[..plaintext.len().min(most)], out)?;
        if self.has(Flaw::SealsLonger) {
            out.push(0);
        }
        Ok(())
    }

    fn open(&mut self, session: &mut Session, record: &[u8], out: &mut Vec<u8>) -> Result<(), CodecError> {
        let start = out.len();
        match (self.0, Ours.open(&mut session.inner, record, out)) {
            (Flaw::OpensAnything, Err(_)) => Ok(()),
            (Flaw::OpensAfterRefusal, Err(error)) => {
                let (ours, theirs) = session.keys.expect("made of keys");
                session.inner = Ours.session(ours, theirs)?;
                for record in &session.opened {
                    Ours.open(&mut session.inner, record, &mut Vec::new())?;
                }
                Err(error)
            }
            (Flaw::OpensWrong, Ok(())) => {
                out.iter_mut().skip(start).for_each(|byte| *byte ^= 1);
                Ok(())
            }
            (_, Ok(())) => {
                session.opened.push(record.to_vec());
                Ok(())
            }
            (_, result) => result,
        }
    }

    fn reply(&mut self, server: &Server, bytes: &[u8]) -> Result<Option<Vec<u8>>, CodecError> {
        if self.has(Flaw::AnswersEarly) && bytes.len() >= 32 {
            let mut whole = bytes.to_vec();
            whole.resize(64, 0);
            return Ours.reply(server, &whole);
        }
        Ours.reply(server, bytes)
    }

    fn has_judged(&mut self, initiator: Initiator, bytes: &[u8]) -> Result<bool, CodecError> {
        Ours.has_judged(initiator, bytes)
    }

    fn seal_frame(&mut self, session: Session, frame: &Frame, out: &mut Vec<u8>) -> Result<(), CodecError> {
        Ours.seal_frame(session.inner, frame, out)?;
        if self.has(Flaw::SealsEmptyPayload) && frame.payload.is_empty() {
            out.extend([0; 16]);
        }
        Ok(())
    }

    fn open_frames<'c>(
        &mut self,
        session: Session,
        chunks: impl Iterator<Item = &'c [u8]>,
    ) -> Result<(Vec<Frame>, StreamEnd), CodecError> {
        let (mut frames, end) = Ours.open_frames(session.inner, chunks)?;
        if self.has(Flaw::LosesFrames) {
            frames.clear();
        }
        Ok((frames, end))
    }
}
