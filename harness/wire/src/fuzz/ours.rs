//! Our codec before the oracles.

use super::{Codec, CodecError, StreamEnd, Why};
use crate::frame::{Deframer, FrameRef};
use crate::tlv::{ByteOrder, Tlv};
use crate::{
    B0_16M, B0_32, B0_64K, B0_255, DecodeError, F32, Field, FieldType, Kind, Message, Opt, Reader, Seq0_64K,
    Seq0_255, Str0_255, U256, Value, ValueError,
};
use core::cmp::Ordering;

/// The codec of this crate.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ours;

impl Codec for Ours {
    type Message = Message;

    fn stream<'c>(
        &mut self,
        chunks: impl Iterator<Item = &'c [u8]>,
        max_payload: usize,
        take: &mut dyn FnMut(FrameRef<'_>),
    ) -> StreamEnd {
        let mut deframer = Deframer::new(max_payload);
        let mut reserved = 0;
        for chunk in chunks {
            deframer.push(chunk);
            reserved = reserved.max(deframer.capacity());
            loop {
                match deframer.next_ref() {
                    Ok(Some(frame)) => take(frame),
                    Ok(None) => break,
                    Err(error) => {
                        let error = Some(error.into());
                        return StreamEnd { error, reserved: Some(reserved), pending: None };
                    }
                }
            }
        }
        StreamEnd { pending: Some(deframer.pending()), reserved: Some(reserved), error: None }
    }

    fn encode_frame(&mut self, frame: FrameRef<'_>, out: &mut Vec<u8>) -> Result<(), CodecError> {
        frame.write(out);
        Ok(())
    }

    fn decode(&mut self, kind: Kind, payload: &[u8]) -> Result<(Message, usize), CodecError> {
        let decoded = Message::decode(kind, payload)?;
        let used = payload.len().saturating_sub(decoded.tail.len());
        Ok((decoded.message, used))
    }

    fn value(&mut self, message: &Message, field: usize) -> Option<Value> {
        message.value_at(field)
    }

    fn encode(&mut self, message: &Message, out: &mut Vec<u8>) -> Result<(), CodecError> {
        message.encode(out);
        Ok(())
    }

    fn build(&mut self, kind: Kind, values: &[Value]) -> Result<Message, CodecError> {
        let mut message = Message::zero(kind).ok_or(CodecError::Unsupported)?;
        for (index, value) in values.iter().enumerate() {
            message
                .set_at(index, value)
                .map_err(|error| CodecError::Malformed(Why::Text(error.to_string())))?;
        }
        Ok(message)
    }

    fn through_json(&mut self, message: &Message) -> Result<Message, CodecError> {
        // As text, which is where numbers and strings get lost.
        let text = message.to_json().to_string();
        let json = serde_json::from_str(&text)
            .map_err(|error| CodecError::Malformed(Why::Text(error.to_string())))?;
        Message::from_json(message.spec(), &json).map_err(|error| CodecError::Malformed(Why::Text(error)))
    }

    fn decode_value(&mut self, ty: FieldType, bytes: &[u8]) -> Result<(Value, usize), CodecError> {
        let row = DATATYPES.iter().find(|row| row.ty == ty).ok_or(CodecError::Unsupported)?;
        let mut reader = Reader::new(bytes);
        let value = (row.decode)(&mut reader)?;
        Ok((value, reader.offset()))
    }

    fn encode_value(&mut self, ty: FieldType, value: &Value, out: &mut Vec<u8>) -> Result<(), CodecError> {
        let row = DATATYPES.iter().find(|row| row.ty == ty).ok_or(CodecError::Unsupported)?;
        (row.encode)(value, out).map_err(|error| CodecError::Malformed(Why::Text(error.to_string())))
    }

    fn compare(&mut self, one: [u8; 32], other: [u8; 32]) -> Result<Ordering, CodecError> {
        Ok(U256::from_le_bytes(one).cmp(&U256::from_le_bytes(other)))
    }

    fn tlvs(&mut self, tail: &[u8], order: ByteOrder) -> Result<Vec<Tlv>, CodecError> {
        Tlv::parse_all(tail, order).map_err(CodecError::from)
    }

    fn encode_tlv(&mut self, tlv: &Tlv, order: ByteOrder, out: &mut Vec<u8>) -> Result<(), CodecError> {
        tlv.encode(order, out);
        Ok(())
    }
}

/// A data type and our functions for it.
pub(super) struct Datatype {
    pub(super) ty: FieldType,
    decode: fn(&mut Reader<'_>) -> Result<Value, DecodeError>,
    encode: fn(&Value, &mut Vec<u8>) -> Result<(), ValueError>,
}

const fn row<T: Field>() -> Datatype {
    Datatype {
        ty: T::TYPE,
        decode: |reader| T::decode(reader).map(|value| value.to_value()),
        encode: |value, out| T::from_value(value).map(|value| value.encode(out)),
    }
}

/// The data types of spec section 3.1 alone, and in every combination that a message has. An input names one by its
/// place: new ones go to the end.
pub(super) const DATATYPES: &[Datatype] = &[
    row::<bool>(),
    row::<u8>(),
    row::<u16>(),
    row::<u32>(),
    row::<u64>(),
    row::<U256>(),
    row::<F32>(),
    row::<Str0_255>(),
    row::<B0_32>(),
    row::<B0_255>(),
    row::<B0_64K>(),
    row::<B0_16M>(),
    row::<Opt<u32>>(),
    row::<Opt<B0_32>>(),
    row::<Seq0_255<bool>>(),
    row::<Seq0_255<U256>>(),
    row::<Seq0_255<u32>>(),
    row::<Seq0_255<Str0_255>>(),
    row::<Seq0_64K<u16>>(),
    row::<Seq0_64K<u32>>(),
    row::<Seq0_64K<U256>>(),
    row::<Seq0_64K<B0_64K>>(),
    row::<Seq0_64K<B0_16M>>(),
];
