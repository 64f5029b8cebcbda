//! What the oracles judge: a codec, ours or another's.

use crate::frame::FrameRef;
use crate::tlv::{ByteOrder, Tlv};
use crate::{DecodeError, FieldType, Kind, Problem, Value};
use core::cmp::Ordering;
use core::fmt;

/// An implementation of frames and messages.
///
/// What a codec cannot do answers [`CodecError::Unsupported`] and is not judged.
pub trait Codec {
    /// A decoded message, as this codec holds it.
    type Message;

    /// Whether the codec tells a payload that ends too early from one that is wrong.
    const TELLS_INCOMPLETE: bool = true;

    /// Cuts a stream that comes in these chunks into frames, gives each to `take`, and refuses those that announce more than
    /// `max_payload` bytes. All that can be had is taken after each chunk.
    fn stream<'c>(
        &mut self,
        chunks: impl Iterator<Item = &'c [u8]>,
        max_payload: usize,
        take: &mut dyn FnMut(FrameRef<'_>),
    ) -> StreamEnd;

    /// Appends a frame's bytes.
    ///
    /// # Errors
    /// The codec does not write this frame.
    fn encode_frame(&mut self, frame: FrameRef<'_>, out: &mut Vec<u8>) -> Result<(), CodecError>;

    /// Decodes a message from the front of a payload, and tells how many bytes its fields took.
    ///
    /// # Errors
    /// The bytes are not a message of that kind, or the kind is unknown.
    fn decode(&mut self, kind: Kind, payload: &[u8]) -> Result<(Self::Message, usize), CodecError>;

    /// The value of the field with this place in the row of the message; `None` if the codec shows none.
    fn value(&mut self, message: &Self::Message, field: usize) -> Option<Value>;

    /// Appends a message's payload.
    ///
    /// # Errors
    /// The codec does not write this message.
    fn encode(&mut self, message: &Self::Message, out: &mut Vec<u8>) -> Result<(), CodecError>;

    /// Makes a message out of the values of its fields, in the order of the row.
    ///
    /// # Errors
    /// A value is out of its field's range.
    fn build(&mut self, kind: Kind, values: &[Value]) -> Result<Self::Message, CodecError> {
        let _ = (kind, values);
        Err(CodecError::Unsupported)
    }

    /// Writes a message as JSON and reads that.
    ///
    /// # Errors
    /// The codec refuses its own JSON.
    fn through_json(&mut self, message: &Self::Message) -> Result<Self::Message, CodecError> {
        let _ = message;
        Err(CodecError::Unsupported)
    }

    /// Decodes a single value of a data type from the front of bytes, and tells how many it took.
    ///
    /// # Errors
    /// The bytes are no value of the type.
    fn decode_value(&mut self, ty: FieldType, bytes: &[u8]) -> Result<(Value, usize), CodecError> {
        let _ = (ty, bytes);
        Err(CodecError::Unsupported)
    }

    /// Appends a single value of a data type.
    ///
    /// # Errors
    /// The value is out of the type's range.
    fn encode_value(&mut self, ty: FieldType, value: &Value, out: &mut Vec<u8>) -> Result<(), CodecError> {
        let _ = (ty, value, out);
        Err(CodecError::Unsupported)
    }

    /// Compares two U256 that stand in these bytes of the wire.
    ///
    /// # Errors
    /// The codec does not compare.
    fn compare(&mut self, one: [u8; 32], other: [u8; 32]) -> Result<Ordering, CodecError> {
        let _ = (one, other);
        Err(CodecError::Unsupported)
    }

    /// Reads a tail that consists of TLVs and nothing else.
    ///
    /// # Errors
    /// The tail is something else.
    fn tlvs(&mut self, tail: &[u8], order: ByteOrder) -> Result<Vec<Tlv>, CodecError> {
        let _ = (tail, order);
        Err(CodecError::Unsupported)
    }

    /// Appends a TLV.
    ///
    /// # Errors
    /// The codec does not write it.
    fn encode_tlv(&mut self, tlv: &Tlv, order: ByteOrder, out: &mut Vec<u8>) -> Result<(), CodecError> {
        let _ = (tlv, order, out);
        Err(CodecError::Unsupported)
    }
}

/// What a codec made of a stream, beside the frames.
#[derive(Debug, Default)]
pub struct StreamEnd {
    /// Bytes that belong to no whole frame yet, if the codec tells.
    pub pending: Option<usize>,
    /// Why the stream broke off. Frames before that still count.
    pub error: Option<CodecError>,
    /// Most bytes of memory that the codec held at once for bytes that had come, if it tells.
    pub reserved: Option<usize>,
}

/// Why a codec gives no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodecError {
    /// The bytes end too early; so far they are right.
    Incomplete(Why),
    /// The bytes are wrong, whatever may follow.
    Malformed(Why),
    /// The codec does not know the kind, or has no such function. Nothing is judged then.
    Unsupported,
    /// The codec itself broke: it died, hung, or answered what is no answer.
    Broken(String),
}

/// A codec's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// Of our codec.
    Decode(DecodeError),
    /// Of another.
    Text(String),
}

impl CodecError {
    /// Whether both are of one kind, whatever their words.
    pub fn is_like(&self, other: &Self) -> bool {
        core::mem::discriminant(self) == core::mem::discriminant(other)
    }
}

impl From<DecodeError> for CodecError {
    fn from(error: DecodeError) -> Self {
        match error.problem {
            Problem::Truncated { .. } => Self::Incomplete(Why::Decode(error)),
            Problem::UnknownMessage { .. } => Self::Unsupported,
            Problem::TooLong { .. } | Problem::Trailing { .. } => Self::Malformed(Why::Decode(error)),
        }
    }
}

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Incomplete(why) => write!(f, "incomplete, {why}"),
            Self::Malformed(why) => write!(f, "malformed, {why}"),
            Self::Unsupported => f.write_str("not supported"),
            Self::Broken(how) => write!(f, "the codec broke, {how}"),
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decode(error) => error.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}
