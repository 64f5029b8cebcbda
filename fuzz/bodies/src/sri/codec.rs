//! SRI's crates behind the trait by which fuzz targets know a codec.

use super::{Deframer, SriError, decode, fields};
use framing_sv2::framing::SerializedFrame;
use parsers_sv2::AnyMessageOwned;
use sv2_wire::frame::{Frame, Header};
use sv2_wire::fuzz::{Codec, CodecError, Stream, Why};
use sv2_wire::{FieldType, Kind, MessageSpec, Value};

/// SRI's published crates. They have no limit of payload, and their messages do not carry a protocol that is none.
#[derive(Clone, Copy, Debug, Default)]
pub struct SriCodec;

impl Codec for SriCodec {
    type Message = AnyMessageOwned;

    const TELLS_INCOMPLETE: bool = false;

    fn stream<'c>(&mut self, chunks: impl Iterator<Item = &'c [u8]>, max_payload: usize) -> Stream {
        if max_payload < sv2_wire::frame::MAX_PAYLOAD_LEN {
            return Stream { error: Some(CodecError::Unsupported), ..Stream::default() };
        }
        let mut deframer = Deframer::default();
        let mut frames = Vec::new();
        for chunk in chunks {
            match deframer.push(chunk) {
                Ok(more) => frames.extend(more),
                Err(error) => {
                    return Stream { frames, error: Some(CodecError::Broken(error)), ..Stream::default() };
                }
            }
        }
        Stream { frames, ..Stream::default() }
    }

    fn encode_frame(&mut self, frame: &Frame, out: &mut Vec<u8>) -> Result<(), CodecError> {
        let frame = SerializedFrame::from_bytes(frame.to_bytes()).map_err(|_| CodecError::Unsupported)?;
        out.extend_from_slice(frame.as_bytes());
        Ok(())
    }

    fn decode(&mut self, kind: Kind, payload: &[u8]) -> Result<(AnyMessageOwned, usize), CodecError> {
        let length = u32::try_from(payload.len()).map_err(|_| CodecError::Unsupported)?;
        let channel_msg = MessageSpec::of(kind).is_some_and(|spec| spec.channel_msg);
        let header = Header { kind, channel_msg, length };
        let frame = Frame { header, payload: payload.to_vec() };
        match decode(&frame.to_bytes()) {
            Ok(read) => Ok((read.message, read.used)),
            Err(error) => Err(refusal(&error)),
        }
    }

    fn value(&mut self, message: &AnyMessageOwned, field: usize) -> Option<Value> {
        let kind = kind_of(message)?;
        let ty = MessageSpec::of(kind)?.fields.get(field)?.ty;
        let (_, value) = fields(message).into_iter().nth(field)?;
        Some(match (ty, value) {
            // SRI has one type for strings and bytes.
            (FieldType::Str0_255, Value::Bytes(bytes)) => Value::Text(bytes),
            (_, value) => value,
        })
    }

    fn encode(&mut self, message: &AnyMessageOwned, out: &mut Vec<u8>) -> Result<(), CodecError> {
        let bytes = super::encode(message.clone())
            .map_err(|error| CodecError::Malformed(Why::Text(error.to_string())))?;
        out.extend_from_slice(bytes.get(Header::LEN..).unwrap_or_default());
        Ok(())
    }
}

fn kind_of(message: &AnyMessageOwned) -> Option<Kind> {
    let frame = super::encode(message.clone()).ok()?;
    Some(Header::decode(*frame.first_chunk()?).kind)
}

fn refusal(error: &SriError) -> CodecError {
    use binary_sv2::Error;
    use parsers_sv2::ParserError;
    match error {
        SriError::Parse(ParserError::UnexpectedMessage(_)) => CodecError::Unsupported,
        SriError::Parse(ParserError::BinaryError(Error::ValueIsNotAValidProtocol(_))) => {
            CodecError::Unsupported
        }
        _ => CodecError::Malformed(Why::Text(error.to_string())),
    }
}
