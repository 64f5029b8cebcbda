//! SRI's crates behind the trait by which fuzz targets know a codec.

use super::{Deframer, SriError, encode, fields};
use binary_sv2::{Error, GetSize};
use framing_sv2::header::Header as SriHeader;
use parsers_sv2::{AnyMessage, ParserError};
use sv2_wire::frame::{FrameRef, Header};
use sv2_wire::fuzz::{Codec, CodecError, StreamEnd, Why};
use sv2_wire::{FieldType, Kind, MessageSpec, Value};

/// SRI's published crates. They have no limit of payload, and their messages do not carry a protocol that is none.
#[derive(Clone, Copy, Debug, Default)]
pub struct SriCodec;

/// A message that SRI has read. What it is asked for is got at once: SRI writes a message only once, as it takes it by value.
#[derive(Clone, Debug)]
pub struct Held {
    values: Vec<Value>,
    written: Result<Vec<u8>, CodecError>,
}

impl Codec for SriCodec {
    type Message = Held;

    const TELLS_INCOMPLETE: bool = false;

    fn stream<'c>(
        &mut self,
        chunks: impl Iterator<Item = &'c [u8]>,
        max_payload: usize,
        take: &mut dyn FnMut(FrameRef<'_>),
    ) -> StreamEnd {
        if max_payload < sv2_wire::frame::MAX_PAYLOAD_LEN {
            return StreamEnd { error: Some(CodecError::Unsupported), ..StreamEnd::default() };
        }
        let mut deframer = Deframer::default();
        for chunk in chunks {
            if let Err(error) = deframer.push(chunk, take) {
                return StreamEnd { error: Some(CodecError::Broken(error)), ..StreamEnd::default() };
            }
        }
        StreamEnd::default()
    }

    /// SRI's frame is its bytes; writing it is to copy them.
    fn encode_frame(&mut self, frame: FrameRef<'_>, out: &mut Vec<u8>) -> Result<(), CodecError> {
        frame.write(out);
        Ok(())
    }

    fn decode(&mut self, kind: Kind, payload: &[u8]) -> Result<(Held, usize), CodecError> {
        let spec = MessageSpec::of(kind);
        let length = u32::try_from(payload.len()).map_err(|_| CodecError::Unsupported)?;
        let header = Header { kind, channel_msg: spec.is_some_and(|spec| spec.channel_msg), length };
        let header = SriHeader::from_bytes(&header.encode()).map_err(|_| CodecError::Unsupported)?;
        // SRI decodes out of bytes that it may change.
        let mut payload = payload.to_vec();
        let read = AnyMessage::try_from((header, payload.as_mut_slice()));
        let message = read.map_err(|error| refusal(&SriError::Parse(error)))?;
        let used = message.get_size();
        let message = message.into_owned();
        let types = spec.map_or(&[][..], |spec| spec.fields).iter().map(|field| field.ty);
        let values = types.zip(fields(&message)).map(|(ty, (_, value))| match (ty, value) {
            // SRI has one type for strings and bytes.
            (FieldType::Str0_255, Value::Bytes(bytes)) => Value::Text(bytes),
            (_, value) => value,
        });
        let values = values.collect();
        let written = encode(message).map_err(|error| refusal(&error));
        Ok((Held { values, written }, used))
    }

    fn value(&mut self, message: &Held, field: usize) -> Option<Value> {
        message.values.get(field).cloned()
    }

    fn encode(&mut self, message: &Held, out: &mut Vec<u8>) -> Result<(), CodecError> {
        let written = message.written.as_ref().map_err(Clone::clone)?;
        out.extend_from_slice(written.get(Header::LEN..).unwrap_or_default());
        Ok(())
    }
}

fn refusal(error: &SriError) -> CodecError {
    match error {
        SriError::Parse(
            ParserError::UnexpectedMessage(_) | ParserError::BinaryError(Error::ValueIsNotAValidProtocol(_)),
        ) => CodecError::Unsupported,
        _ => CodecError::Malformed(Why::Text(error.to_string())),
    }
}
