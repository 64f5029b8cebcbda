//! Where the fields of a message stand in its payload, reckoned apart from the encoder.

use sv2_wire::{FieldType, Message, Value};

pub(crate) fn payload_of(message: &Message) -> Vec<u8> {
    let mut payload = Vec::new();
    message.encode(&mut payload);
    payload
}

/// Start and end of every field in the payload, reckoned from types and values alone.
pub(crate) fn spans(message: &Message) -> Vec<(&'static str, FieldType, usize, usize)> {
    let mut start = 0;
    let fields = message.spec().fields.iter().map(|field| {
        let width = width(field.ty, &message.get(field.name).expect("a field of the row"));
        let span = (field.name, field.ty, start, start + width);
        start += width;
        span
    });
    fields.collect()
}

fn width(ty: FieldType, value: &Value) -> usize {
    let prefix = |max: usize| match max {
        0..=0xff => 1,
        0x100..=0xffff => 2,
        _ => 3,
    };
    match (ty, value) {
        (FieldType::Bool | FieldType::U8, _) => 1,
        (FieldType::U16, _) => 2,
        (FieldType::U32 | FieldType::F32, _) => 4,
        (FieldType::U64, _) => 8,
        (FieldType::U256, _) => 32,
        (FieldType::Str0_255, Value::Text(text)) => 1 + text.len(),
        (FieldType::Bytes(max), Value::Bytes(bytes)) => prefix(max) + bytes.len(),
        (FieldType::Option(_), Value::Option(None)) => 1,
        (FieldType::Option(inner), Value::Option(Some(value))) => 1 + width(*inner, value),
        (FieldType::Seq(max, inner), Value::List(values)) => {
            prefix(max) + values.iter().map(|value| width(*inner, value)).sum::<usize>()
        }
        (ty, value) => panic!("{value:?} is no {ty}"),
    }
}
