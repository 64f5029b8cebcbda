//! A payload becomes a message, and the message the payload again.

use super::layout::{How, Layout, Wrong, says};
use super::{ANSWERS, Codec, CodecError, Finding, Oracle, Ours, Random, Seed, Target, mutate, show};
use crate::{Kind, MessageSpec};

/// The target.
pub const TARGET: Target = Target {
    name: "message_decode",
    about: "a payload becomes a message as the table lays it out, and the message becomes the payload again",
    format: 1,
    max_len: 4096,
    oracles: &[ANSWERS, LAYOUT, TAIL, VALUES, REENCODE, PREFIX],
    run: |data| judge(&mut Ours, &Input::of(data)),
    mutate: mutate_input,
    seeds,
};

/// Accepted or refused as the types say.
pub const LAYOUT: Oracle = Oracle {
    name: "layout",
    about: "a payload is read if and only if its bytes are values of the types of the row",
    clauses: &["SV2-03-020", "SV2-03-027", "SV2-03-012", "SV2-03-016"],
};
/// What is behind the last field is left alone.
pub const TAIL: Oracle = Oracle {
    name: "tail",
    about: "the fields take the bytes that are theirs, whatever stands behind the last one",
    clauses: &["SV2-03-044"],
};
/// The values are those of the bytes.
pub const VALUES: Oracle = Oracle {
    name: "values",
    about: "every field has the value that its bytes stand for",
    clauses: &["SV2-03-003", "SV2-03-004", "SV2-03-008", "SV2-03-009", "SV2-03-010"],
};
/// What was read is written.
pub const REENCODE: Oracle = Oracle {
    name: "reencode",
    about: "a message is written as the bytes it was read from, save that of a BOOL only the lowest bit is kept",
    clauses: &["SV2-03-025", "SV2-03-005"],
};
/// Part of a payload is no message.
pub const PREFIX: Oracle = Oracle {
    name: "prefix",
    about: "as long as bytes of the fields are missing the payload is incomplete",
    clauses: &["SV2-03-027"],
};

/// Most parts of a payload that are tried.
const MOST_PREFIXES: usize = 12;

/// What the bytes of an input mean: extension type (two bytes, little-endian, channel bit dropped), message type,
/// payload.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The message's number.
    pub kind: Kind,
    /// The payload.
    pub payload: &'a [u8],
}

impl<'a> Input<'a> {
    /// Bytes in front of the payload.
    pub const HEAD: usize = 3;

    /// Reads an input; any bytes are one.
    pub fn of(data: &'a [u8]) -> Self {
        let (extension, msg_type, payload) = match data {
            [e0, e1, msg_type, payload @ ..] => (u16::from_le_bytes([*e0, *e1]), *msg_type, payload),
            _ => (0x7fff, 0xff, &[][..]),
        };
        Self { kind: Kind { extension_type: extension & 0x7fff, msg_type }, payload }
    }

    /// The input of a kind and a payload.
    pub fn encode(kind: Kind, payload: &[u8]) -> Vec<u8> {
        let [e0, e1] = kind.extension_type.to_le_bytes();
        [&[e0, e1, kind.msg_type][..], payload].concat()
    }
}

/// Holds a codec against every oracle of the target.
///
/// # Errors
/// The first finding.
pub fn judge<C: Codec>(codec: &mut C, input: &Input<'_>) -> Result<(), Finding> {
    let Some(spec) = MessageSpec::of(input.kind) else { return unknown(codec, input) };
    let layout = Layout::of(spec, input.payload);
    let (message, used) = match (codec.decode(input.kind, input.payload), &layout) {
        (Err(CodecError::Unsupported), _) => return Ok(()),
        (Err(CodecError::Broken(how)), _) => return Err(ANSWERS.found(how)),
        (Err(error), Ok(layout)) => return refused(spec, input, layout, &error),
        (Err(error), Err(wrong)) => return wrongly_incomplete::<C>(spec, input, *wrong, &error),
        (Ok(_), Err(wrong)) => return accepted(spec, input, *wrong),
        (Ok(read), Ok(_)) => read,
    };
    let Ok(layout) = layout else { return Ok(()) };
    if used != layout.used() {
        let (want, tail) = (layout.used(), input.payload.len().saturating_sub(layout.used()));
        return Err(
            TAIL.found(format!("{}: fields of {want} bytes and {tail} behind them, read {used}", spec.name))
        );
    }
    values(codec, spec, &layout, input.payload, &message)?;
    reencode(codec, spec, &layout, input.payload, &message)?;
    prefixes(codec, spec, input, &layout)
}

fn unknown<C: Codec>(codec: &mut C, input: &Input<'_>) -> Result<(), Finding> {
    match codec.decode(input.kind, input.payload) {
        Err(CodecError::Broken(how)) => Err(ANSWERS.found(how)),
        _ => Ok(()),
    }
}

/// The codec refused what the types allow. Legal where the specification leaves it open.
fn refused(
    spec: &MessageSpec,
    input: &Input<'_>,
    layout: &Layout,
    error: &CodecError,
) -> Result<(), Finding> {
    let has_tail = layout.used() < input.payload.len();
    if layout.notes.is_not_utf8 || (has_tail && matches!(error, CodecError::Malformed(_))) {
        return Ok(());
    }
    Err(LAYOUT.found(format!("{} {}: refused: {error}", spec.name, show(input.payload))))
}

fn wrongly_incomplete<C: Codec>(
    spec: &MessageSpec,
    input: &Input<'_>,
    wrong: Wrong,
    error: &CodecError,
) -> Result<(), Finding> {
    let is_incomplete = matches!(error, CodecError::Incomplete(_));
    if !C::TELLS_INCOMPLETE || wrong.how == How::Crowded || is_incomplete == (wrong.how == How::Short) {
        return Ok(());
    }
    // A codec may look at lengths before it looks at the bytes in front of them, or stop at bad UTF-8.
    if !is_incomplete {
        return Ok(());
    }
    let at = place(spec, wrong);
    Err(LAYOUT.found(format!(
        "{at}: {:?}, and the codec waits for more: {error}; {}",
        wrong.how,
        show(input.payload)
    )))
}

fn accepted(spec: &MessageSpec, input: &Input<'_>, wrong: Wrong) -> Result<(), Finding> {
    if wrong.how == How::Crowded {
        return Ok(());
    }
    let at = place(spec, wrong);
    Err(LAYOUT.found(format!("{at}: {:?}, and it was read: {}", wrong.how, show(input.payload))))
}

fn place(spec: &MessageSpec, wrong: Wrong) -> String {
    let field = spec.fields.get(wrong.field).map_or("?", |field| field.name);
    format!("{}.{field} at offset {}", spec.name, wrong.offset)
}

fn values<C: Codec>(
    codec: &mut C,
    spec: &MessageSpec,
    layout: &Layout,
    payload: &[u8],
    message: &C::Message,
) -> Result<(), Finding> {
    for (index, field) in spec.fields.iter().enumerate() {
        let Some(value) = codec.value(message, index) else { continue };
        let bytes = layout.field(index, payload);
        if !says(field.ty, bytes, &value) {
            let (name, bytes) = (spec.name, show(bytes));
            return Err(VALUES.found(format!("{name}.{}, {} {bytes}: read as {value}", field.name, field.ty)));
        }
    }
    Ok(())
}

fn reencode<C: Codec>(
    codec: &mut C,
    spec: &MessageSpec,
    layout: &Layout,
    payload: &[u8],
    message: &C::Message,
) -> Result<(), Finding> {
    let consumed = payload.get(..layout.used()).unwrap_or_default();
    let mut written = Vec::with_capacity(consumed.len());
    match codec.encode(message, &mut written) {
        Err(CodecError::Unsupported) => Ok(()),
        Err(CodecError::Broken(how)) => Err(ANSWERS.found(how)),
        Err(error) => Err(REENCODE.found(format!(
            "{}: {} was read and is not written: {error}",
            spec.name,
            show(consumed)
        ))),
        Ok(()) if layout.is_written_as(consumed, &written) => Ok(()),
        Ok(()) => {
            let field = first_difference(spec, layout, consumed, &written);
            let (want, got) = (show(consumed), show(&written));
            Err(REENCODE.found(format!("{}.{field}: read from {want}, written {got}", spec.name)))
        }
    }
}

/// The field in which two encodings differ first.
fn first_difference(spec: &MessageSpec, layout: &Layout, consumed: &[u8], written: &[u8]) -> &'static str {
    let canonical = layout.notes.normalised(consumed);
    let at = canonical.iter().zip(written).position(|(one, other)| one != other);
    let at = at.unwrap_or_else(|| canonical.len().min(written.len()));
    let field = layout.ends.iter().position(|end| at < *end);
    field.and_then(|field| spec.fields.get(field)).map_or("(behind the last field)", |field| field.name)
}

/// Parts of the fields' bytes: up to the end of each field, one byte less, and all but the last byte.
fn prefixes<C: Codec>(
    codec: &mut C,
    spec: &MessageSpec,
    input: &Input<'_>,
    layout: &Layout,
) -> Result<(), Finding> {
    let used = layout.used();
    let cuts = layout.ends.iter().rev().flat_map(|end| [end.checked_sub(1), Some(*end)]).flatten();
    for cut in cuts.filter(|cut| *cut < used).take(MOST_PREFIXES) {
        let part = input.payload.get(..cut).unwrap_or_default();
        match codec.decode(input.kind, part) {
            Err(CodecError::Incomplete(_) | CodecError::Unsupported) => {}
            Err(CodecError::Broken(how)) => return Err(ANSWERS.found(how)),
            Err(_) if !C::TELLS_INCOMPLETE || layout.notes.is_not_utf8 => {}
            Err(error) => {
                return Err(PREFIX.found(format!(
                    "{}: {cut} of {used} bytes, {}: {error}",
                    spec.name,
                    show(part)
                )));
            }
            Ok(_) => {
                return Err(PREFIX.found(format!(
                    "{}: {cut} of {used} bytes were read, {}",
                    spec.name,
                    show(part)
                )));
            }
        }
    }
    Ok(())
}

/// Gives a field a boundary value of its type, changes the number of the message, or bytes anywhere.
fn mutate_input(data: &mut Vec<u8>, random: &mut Random, max_len: usize) {
    match random.below(8) {
        0 => mutate::change_kind(data, random),
        1..=5 => mutate::edit_field(data, random),
        _ => mutate::mutate_bytes(data, random, max_len),
    }
    data.truncate(max_len);
}

fn seeds() -> Vec<Seed> {
    let mut seeds = Vec::new();
    for vector in super::vectors().into_iter().filter(|vector| vector.frame.len() < 1024) {
        let Some((header, payload)) = vector.frame.split_first_chunk::<6>() else { continue };
        let kind = crate::frame::Header::decode(*header).kind;
        seeds.push(Seed::new(format!("vector-{}", vector.label), Input::encode(kind, payload)));
    }
    for spec in crate::MESSAGES {
        let payload = super::seed::largest_payload(spec, TARGET.max_len);
        seeds.push(Seed::new(format!("{}-largest", spec.unique_name()), Input::encode(spec.kind, &payload)));
    }
    seeds
}
