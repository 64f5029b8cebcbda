//! The shim as a codec that oracles can judge.

use super::protocol::{Answer, NoAnswer, frame_request, message_request, parse_answer, values};
use super::talk::Talk;
use sv2_wire::frame::{Frame, FrameRef, Header, MAX_PAYLOAD_LEN};
use sv2_wire::fuzz::layout::Layout;
use sv2_wire::fuzz::{Codec, CodecError, StreamEnd, Why};
use sv2_wire::{Kind, MessageSpec, Value};

/// A codec behind a shim.
#[derive(Debug)]
pub struct ShimCodec {
    /// The shim.
    pub talk: Talk,
}

/// What a shim read.
#[derive(Clone, Debug)]
pub struct Shown {
    /// What it writes for it.
    bytes: Vec<u8>,
    /// The values that it shows.
    values: Vec<Option<Value>>,
}

/// The bytes of an answer, and the names and values behind them.
type Told = (Vec<u8>, Vec<(String, String)>);

impl ShimCodec {
    fn ask(&mut self, request: String) -> Result<Told, CodecError> {
        let line = self.talk.ask(request).map_err(CodecError::Broken)?;
        match parse_answer(&line).map_err(broken)? {
            Answer::Ok { bytes, pairs } => Ok((bytes, pairs)),
            Answer::Incomplete => Err(CodecError::Incomplete(Why::Text("it says so".to_owned()))),
            Answer::Error(text) => Err(CodecError::Malformed(Why::Text(text))),
            Answer::Unknown => Err(CodecError::Unsupported),
        }
    }

    fn next_frame(&mut self, buffer: &[u8]) -> Result<Frame, CodecError> {
        let (bytes, _) = self.ask(frame_request(buffer))?;
        let Some((header, payload)) = bytes.split_first_chunk() else {
            return Err(broken_text(format!("{} bytes are no frame", bytes.len())));
        };
        Ok(Frame { header: Header::decode(*header), payload: payload.to_vec() })
    }
}

fn broken(answer: NoAnswer) -> CodecError {
    broken_text(answer.to_string())
}

fn broken_text(how: String) -> CodecError {
    CodecError::Broken(format!("answered what is no answer: {how}"))
}

impl Codec for ShimCodec {
    type Message = Shown;

    /// Many codecs do not know which of the two a payload is.
    const TELLS_INCOMPLETE: bool = false;

    /// A shim has no state and no limit: it is asked for the frame at the front of all that has come.
    fn stream<'c>(
        &mut self,
        chunks: impl Iterator<Item = &'c [u8]>,
        max_payload: usize,
        take: &mut dyn FnMut(FrameRef<'_>),
    ) -> StreamEnd {
        if max_payload < MAX_PAYLOAD_LEN {
            return StreamEnd { error: Some(CodecError::Unsupported), ..StreamEnd::default() };
        }
        let mut buffer: Vec<u8> = Vec::new();
        for chunk in chunks {
            buffer.extend_from_slice(chunk);
            while !buffer.is_empty() {
                match self.next_frame(&buffer) {
                    Ok(frame) => {
                        let used = Header::LEN.saturating_add(frame.payload.len()).min(buffer.len());
                        buffer.drain(..used);
                        take(frame.as_ref());
                    }
                    Err(CodecError::Incomplete(_)) => break,
                    Err(error) => return StreamEnd { error: Some(error), ..StreamEnd::default() },
                }
            }
        }
        StreamEnd { pending: Some(buffer.len()), ..StreamEnd::default() }
    }

    fn encode_frame(&mut self, frame: FrameRef<'_>, out: &mut Vec<u8>) -> Result<(), CodecError> {
        // What it read is already what it writes.
        frame.write(out);
        Ok(())
    }

    fn decode(&mut self, kind: Kind, payload: &[u8]) -> Result<(Shown, usize), CodecError> {
        let (bytes, mut pairs) = self.ask(message_request(kind, payload))?;
        let Some(spec) = MessageSpec::of(kind) else { return Err(CodecError::Unsupported) };
        let told = pairs.iter().position(|(name, _)| name == "used").map(|at| pairs.remove(at).1);
        let used = match told {
            Some(text) => text.parse().map_err(|_| broken_text(format!("used={text}")))?,
            None => Layout::of(spec, payload).map_or(bytes.len(), |layout| layout.used()),
        };
        let values = values(spec, &pairs).map_err(broken)?;
        Ok((Shown { bytes, values }, used))
    }

    fn value(&mut self, message: &Shown, field: usize) -> Option<Value> {
        message.values.get(field)?.clone()
    }

    fn encode(&mut self, message: &Shown, out: &mut Vec<u8>) -> Result<(), CodecError> {
        out.extend_from_slice(&message.bytes);
        Ok(())
    }
}
