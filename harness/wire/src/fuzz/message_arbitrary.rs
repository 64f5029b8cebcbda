//! Values become a message, the message bytes, and the bytes the same values.

use super::dictionary::FLOATS;
use super::layout::{Layout, says};
use super::{ANSWERS, Codec, CodecError, Finding, LENGTHS, Oracle, Ours, Random, Seed, Target, mutate, show};
use crate::{F32, FieldType, Kind, MESSAGES, MessageSpec, U256, Value};
use arbitrary::Unstructured;

/// The target.
pub const TARGET: Target = Target {
    name: "message_arbitrary",
    about: "values within their bounds become a message, bytes as the table lays them out, and the same values again",
    format: 1,
    max_len: 2048,
    oracles: &[ANSWERS, BOUNDS, ENCODING, SIZE, ROUND_TRIP, JSON],
    run: |data| judge(&mut Ours, data),
    mutate: mutate_input,
    seeds,
};

/// Construction knows the bounds of the types.
pub const BOUNDS: Oracle = Oracle {
    name: "bounds",
    about: "a message can be made of values up to the bounds of their types, and of none beyond",
    clauses: &["SV2-03-012", "SV2-03-017", "SV2-03-018", "SV2-03-006"],
};
/// Bytes are where the table has them.
pub const ENCODING: Oracle = Oracle {
    name: "encoding",
    about: "the payload has every value in its place, in the form of its type, and nothing else",
    clauses: &["SV2-03-003", "SV2-03-005", "SV2-03-025"],
};
/// The declared sizes hold.
pub const SIZE: Oracle = Oracle {
    name: "size",
    about: "the payload is no shorter and no longer than the types of the row allow",
    clauses: &["SV2-03-025"],
};
/// Nothing is lost on the wire.
pub const ROUND_TRIP: Oracle = Oracle {
    name: "round_trip",
    about: "the payload is read to its end and gives the values that went in",
    clauses: &["SV2-03-027"],
};
/// Nothing is lost in JSON.
pub const JSON: Oracle =
    Oracle { name: "json", about: "the message survives its JSON view and back", clauses: &[] };

/// What the bytes of an input mean: the number of a message as in [`message_decode`](super::message_decode::Input), one byte
/// that chooses what to exceed, and bytes out of which the values are drawn.
#[derive(Clone, Debug)]
pub struct Input {
    /// The row of the message.
    pub spec: &'static MessageSpec,
    /// A value for each field, within its bounds.
    pub values: Vec<Value>,
    /// Chooses the field that is to exceed its bound.
    pub excess: u8,
}

impl Input {
    /// Reads an input; nothing where the message is unknown.
    pub fn of(data: &[u8]) -> Option<Self> {
        let [e0, e1, msg_type, excess, rest @ ..] = data else { return None };
        let kind = Kind { extension_type: u16::from_le_bytes([*e0, *e1]) & 0x7fff, msg_type: *msg_type };
        let spec = MessageSpec::of(kind)?;
        Some(Self { spec, values: draw_all(spec, rest), excess: *excess })
    }
}

/// Holds a codec against every oracle of the target.
///
/// # Errors
/// The first finding.
pub fn judge<C: Codec>(codec: &mut C, data: &[u8]) -> Result<(), Finding> {
    let Some(Input { spec, values, excess }) = Input::of(data) else { return Ok(()) };
    let kind = spec.kind;
    let message = match codec.build(kind, &values) {
        Ok(message) => message,
        Err(CodecError::Unsupported) => return Ok(()),
        Err(CodecError::Broken(how)) => return Err(ANSWERS.found(how)),
        Err(error) => {
            return Err(BOUNDS.found(format!("{}: values within bounds refused: {error}", spec.name)));
        }
    };
    let mut payload = Vec::new();
    match codec.encode(&message, &mut payload) {
        Ok(()) => {}
        Err(CodecError::Unsupported) => return Ok(()),
        Err(CodecError::Broken(how)) => return Err(ANSWERS.found(how)),
        Err(error) => return Err(ENCODING.found(format!("{}: not written: {error}", spec.name))),
    }
    encoding(spec, &values, &payload)?;
    round_trip(codec, spec, &values, &payload)?;
    match codec.through_json(&message) {
        Ok(read) => same(codec, spec, &values, &read).map_err(|what| JSON.found(what))?,
        Err(CodecError::Unsupported) => {}
        Err(error) => return Err(JSON.found(format!("{}: {error}", spec.name))),
    }
    beyond(codec, spec, values, excess)
}

fn encoding(spec: &MessageSpec, values: &[Value], payload: &[u8]) -> Result<(), Finding> {
    let length = payload.len();
    if length < spec.payload_min || length > spec.payload_max {
        let (min, max) = (spec.payload_min, spec.payload_max);
        return Err(SIZE.found(format!("{}: {length} bytes, the types allow {min} to {max}", spec.name)));
    }
    let layout = match Layout::of(spec, payload) {
        Ok(layout) => layout,
        Err(wrong) => {
            let field = spec.fields.get(wrong.field).map_or("?", |field| field.name);
            let (at, how) = (wrong.offset, wrong.how);
            return Err(ENCODING.found(format!(
                "{}.{field} at offset {at}: {how:?}: {}",
                spec.name,
                show(payload)
            )));
        }
    };
    if layout.used() != length || !layout.notes.loose_bools.is_empty() {
        let used = layout.used();
        return Err(ENCODING.found(format!(
            "{}: fields take {used} of {length} bytes: {}",
            spec.name,
            show(payload)
        )));
    }
    for (index, (field, value)) in spec.fields.iter().zip(values).enumerate() {
        let bytes = layout.field(index, payload);
        if !says(field.ty, bytes, value) {
            let (name, value, bytes) = (spec.name, clip(value), show(bytes));
            return Err(
                ENCODING.found(format!("{name}.{}, {} {value}: written {bytes}", field.name, field.ty))
            );
        }
    }
    Ok(())
}

fn round_trip<C: Codec>(
    codec: &mut C,
    spec: &'static MessageSpec,
    values: &[Value],
    payload: &[u8],
) -> Result<(), Finding> {
    let name = spec.name;
    match codec.decode(spec.kind, payload) {
        Ok((read, used)) if used == payload.len() => {
            same(codec, spec, values, &read).map_err(|what| ROUND_TRIP.found(what))
        }
        Ok((_, used)) => Err(ROUND_TRIP.found(format!(
            "{name}: {used} of {} bytes read: {}",
            payload.len(),
            show(payload)
        ))),
        Err(CodecError::Unsupported) => Ok(()),
        Err(CodecError::Broken(how)) => Err(ANSWERS.found(how)),
        Err(error) => {
            Err(ROUND_TRIP.found(format!("{name}: what was written is refused: {error}: {}", show(payload))))
        }
    }
}

fn same<C: Codec>(
    codec: &mut C,
    spec: &MessageSpec,
    values: &[Value],
    message: &C::Message,
) -> Result<(), String> {
    for (index, (field, want)) in spec.fields.iter().zip(values).enumerate() {
        match codec.value(message, index) {
            Some(got) if got != *want => {
                return Err(format!(
                    "{}.{}: {} went in, {} came out",
                    spec.name,
                    field.name,
                    clip(want),
                    clip(&got)
                ));
            }
            _ => {}
        }
    }
    Ok(())
}

/// One field gets a value that is just beyond its bound.
fn beyond<C: Codec>(
    codec: &mut C,
    spec: &MessageSpec,
    mut values: Vec<Value>,
    excess: u8,
) -> Result<(), Finding> {
    let bounded = || spec.fields.iter().enumerate().filter(|(_, field)| is_bounded(field.ty));
    let Some(chosen) = usize::from(excess).checked_rem(bounded().count()) else { return Ok(()) };
    let Some((index, field)) = bounded().nth(chosen) else { return Ok(()) };
    let (Some(slot), Some(value)) = (values.get_mut(index), too_much(field.ty)) else { return Ok(()) };
    *slot = value;
    match codec.build(spec.kind, &values) {
        Ok(_) => {
            let (name, ty) = (field.name, field.ty);
            Err(BOUNDS.found(format!("{}.{name}: a value beyond {ty} was taken", spec.name)))
        }
        Err(CodecError::Broken(how)) => Err(ANSWERS.found(how)),
        Err(_) => Ok(()),
    }
}

fn is_bounded(ty: FieldType) -> bool {
    match ty {
        FieldType::U8 | FieldType::U16 | FieldType::U32 | FieldType::Str0_255 => true,
        FieldType::Bytes(max) => max <= 0xffff,
        FieldType::Seq(max, _) => max <= 0xff,
        FieldType::Option(inner) => is_bounded(*inner),
        FieldType::Bool | FieldType::U64 | FieldType::U256 | FieldType::F32 => false,
    }
}

/// The smallest value beyond a type; `None` where there is none, or where it takes megabytes.
fn too_much(ty: FieldType) -> Option<Value> {
    match ty {
        FieldType::U8 => Some(Value::Uint(1 << 8)),
        FieldType::U16 => Some(Value::Uint(1 << 16)),
        FieldType::U32 => Some(Value::Uint(1 << 32)),
        FieldType::Str0_255 => Some(Value::Text(vec![b'a'; 256])),
        FieldType::Bytes(max) if max <= 0xffff => Some(Value::Bytes(vec![0; max.saturating_add(1)])),
        FieldType::Option(inner) => Some(Value::Option(Some(Box::new(too_much(*inner)?)))),
        FieldType::Seq(max, inner) if max <= 0xff => {
            Some(Value::List(vec![draw(*inner, &mut Unstructured::new(&[])); max.saturating_add(1)]))
        }
        _ => None,
    }
}

fn clip(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(120) {
        Some((at, _)) => format!("{}..", text.get(..at).unwrap_or_default()),
        None => text,
    }
}

/// Draws the values of a message out of bytes; where they end, zeros follow.
pub fn draw_all(spec: &MessageSpec, bytes: &[u8]) -> Vec<Value> {
    let mut u = Unstructured::new(bytes);
    spec.fields.iter().map(|field| draw(field.ty, &mut u)).collect()
}

fn draw(ty: FieldType, u: &mut Unstructured<'_>) -> Value {
    match ty {
        FieldType::Bool => Value::Bool(byte(u) & 1 == 1),
        FieldType::U8 => Value::Uint(number(u, 1)),
        FieldType::U16 => Value::Uint(number(u, 2)),
        FieldType::U32 => Value::Uint(number(u, 4)),
        FieldType::U64 => Value::Uint(number(u, 8)),
        FieldType::U256 => {
            let mut bytes = [0; 32];
            for byte in &mut bytes {
                *byte = u.arbitrary().unwrap_or(0);
            }
            Value::U256(U256::from_le_bytes(bytes))
        }
        FieldType::F32 => {
            let special = FLOATS.get(usize::from(byte(u))).copied();
            let bits = special.unwrap_or_else(|| u.arbitrary().unwrap_or(0));
            Value::F32(F32(f32::from_bits(bits)))
        }
        FieldType::Str0_255 => Value::Text(run(0xff, u)),
        FieldType::Bytes(max) => Value::Bytes(run(max, u)),
        FieldType::Option(inner) => Value::Option((byte(u) & 1 == 1).then(|| Box::new(draw(*inner, u)))),
        FieldType::Seq(max, inner) => {
            let count = length(u).min(max).min(300);
            Value::List((0..count).map(|_| draw(*inner, u)).collect())
        }
    }
}

/// Up to `max` bytes: those that are there, then the length again and again.
fn run(max: usize, u: &mut Unstructured<'_>) -> Vec<u8> {
    let count = length(u).min(max);
    let mut bytes = u.bytes(count.min(u.len()).min(64)).unwrap_or_default().to_vec();
    let [fill, ..] = count.to_le_bytes();
    bytes.resize(count, fill);
    bytes
}

/// A length: small as it stands, or one at which something changes.
fn length(u: &mut Unstructured<'_>) -> usize {
    let chosen = byte(u);
    let boundary = chosen.checked_sub(0xf0).and_then(|index| LENGTHS.get(usize::from(index)));
    boundary.copied().filter(|length| *length <= 0x2_0000).unwrap_or_else(|| usize::from(chosen & 0x3f))
}

fn byte(u: &mut Unstructured<'_>) -> u8 {
    u.arbitrary().unwrap_or(0)
}

fn number(u: &mut Unstructured<'_>, width: usize) -> u64 {
    (0..width).fold(0, |sum, _| (sum << 8) | u64::from(byte(u)))
}

fn mutate_input(data: &mut Vec<u8>, random: &mut Random, max_len: usize) {
    match random.below(6) {
        0 => mutate::change_kind(data, random),
        1 if data.len() > 4 => {
            let at = random.below(data.len());
            let special = [0u8, 1, 0x3f, 0xf0, 0xf1, 0xf2, 0xf5, 0xf6, 0xfa, 0xff];
            let special = random.pick(&special).copied().unwrap_or(0);
            mutate::splice(data, at, 1, &[special]);
        }
        _ => mutate::mutate_bytes(data, random, max_len),
    }
    data.truncate(max_len);
}

fn seeds() -> Vec<Seed> {
    let mut seeds = Vec::new();
    for spec in MESSAGES {
        let [e0, e1] = spec.kind.extension_type.to_le_bytes();
        let head = [e0, e1, spec.kind.msg_type, 0];
        let mut random = Random::new(u64::from(spec.kind.msg_type));
        let drawn = random.bytes(160);
        seeds.push(Seed::new(format!("{}-drawn", spec.unique_name()), [&head[..], &drawn].concat()));
    }
    seeds
}
