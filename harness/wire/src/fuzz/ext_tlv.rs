//! What extensions append to messages: TLVs behind the last field (spec section 3.4.3).

use super::{ANSWERS, Codec, CodecError, Finding, Oracle, Ours, Random, Seed, Target, mutate, seed, show};
use crate::tlv::{ByteOrder, TLVS, Tlv};
use crate::{Kind, MESSAGES, MessageSpec};

/// The target.
pub const TARGET: Target = Target {
    name: "ext_tlv",
    about: "a message is the same with and without TLVs behind it, and the TLVs are read and written as they stand",
    format: 1,
    max_len: 2048,
    oracles: &[ANSWERS, BASE, WALK, REENCODE],
    run: |data| judge(&mut Ours, &Input::of(data)),
    mutate: mutate_input,
    seeds,
};

/// The fields do not depend on the tail.
pub const BASE: Oracle = Oracle {
    name: "base",
    about: "the fields have the same values and take the same bytes with and without a tail",
    clauses: &["SV2-03-036", "SV2-03-044"],
};
/// TLVs stand where their lengths put them.
pub const WALK: Oracle = Oracle {
    name: "walk",
    about: "a tail is read if and only if it is whole TLVs, each with its extension, field type and value",
    clauses: &["SV2-03-044", "SV2-03-045"],
};
/// What was read is written.
pub const REENCODE: Oracle = Oracle {
    name: "reencode",
    about: "TLVs are written as the bytes they were read from",
    clauses: &["SV2-03-044"],
};
/// What the bytes of an input mean: one byte of choices, the number of a message as in
/// [`message_decode`](super::message_decode::Input), and the tail.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// Byte order of the TLVs (AMB-01): bit 0 of the choices.
    pub order: ByteOrder,
    /// Size of the message's fields: the other bits of the choices.
    pub size: usize,
    /// The message that is extended.
    pub kind: Kind,
    /// What stands behind its last field.
    pub tail: &'a [u8],
}

impl<'a> Input<'a> {
    /// Reads an input; any bytes are one.
    pub fn of(data: &'a [u8]) -> Self {
        let (choices, kind, tail) = match data {
            [choices, e0, e1, msg_type, tail @ ..] => {
                let extension_type = u16::from_le_bytes([*e0, *e1]) & 0x7fff;
                (*choices, Kind { extension_type, msg_type: *msg_type }, tail)
            }
            _ => (0, Kind { extension_type: 0, msg_type: 0 }, &[][..]),
        };
        let order = if choices & 1 == 1 { ByteOrder::Big } else { ByteOrder::Little };
        Self { order, size: usize::from(choices >> 1), kind, tail }
    }
}

/// Holds a codec against every oracle of the target.
///
/// # Errors
/// The first finding.
pub fn judge<C: Codec>(codec: &mut C, input: &Input<'_>) -> Result<(), Finding> {
    if let Some(spec) = MessageSpec::of(input.kind) {
        base(codec, spec, input)?;
    }
    let want = walk(input.tail, input.order);
    let tlvs = match (codec.tlvs(input.tail, input.order), &want) {
        (Err(CodecError::Unsupported), _) | (Err(_), None) => return Ok(()),
        (Err(CodecError::Broken(how)), _) => return Err(ANSWERS.found(how)),
        (Err(error), Some(_)) => return Err(WALK.found(format!("{}: refused: {error}", show(input.tail)))),
        (Ok(got), None) => {
            return Err(WALK.found(format!(
                "{}: no list of TLVs, read as {} of them",
                show(input.tail),
                got.len()
            )));
        }
        (Ok(got), Some(want)) => match want.iter().zip(&got).position(|(want, got)| want != got) {
            None if want.len() == got.len() => got,
            index => {
                let (tail, index) = (show(input.tail), index.unwrap_or_else(|| want.len().min(got.len())));
                let (want, got) = (want.get(index), got.get(index));
                return Err(WALK.found(format!("{tail}: TLV {index}: expected {want:?}, got {got:?}")));
            }
        },
    };
    reencode(codec, input, &tlvs)?;
    let Some(last) = input.tail.len().checked_sub(1) else { return Ok(()) };
    let part = input.tail.get(..last).unwrap_or_default();
    match codec.tlvs(part, input.order) {
        Ok(_) => Err(WALK.found(format!("{} without its last byte was read", show(input.tail)))),
        Err(CodecError::Broken(how)) => Err(ANSWERS.found(how)),
        Err(_) => Ok(()),
    }
}

fn base<C: Codec>(codec: &mut C, spec: &MessageSpec, input: &Input<'_>) -> Result<(), Finding> {
    let mut payload = Vec::new();
    for (index, field) in spec.fields.iter().enumerate() {
        payload.extend(seed::value(field.ty, index, input.size));
    }
    let alone = codec.decode(spec.kind, &payload);
    let length = payload.len();
    payload.extend_from_slice(input.tail);
    let (alone, extended) = match (alone, codec.decode(spec.kind, &payload)) {
        (Err(CodecError::Broken(how)), _) | (_, Err(CodecError::Broken(how))) => {
            return Err(ANSWERS.found(how));
        }
        (Ok((alone, used)), Ok((extended, used_too))) if used == length && used_too == length => {
            (alone, extended)
        }
        (Ok((_, used)), Ok((_, used_too))) => {
            let tail = show(input.tail);
            return Err(BASE.found(format!(
                "{}: fields of {length} bytes, {used} were read, and {used_too} with {tail} behind them",
                spec.name
            )));
        }
        // Bytes behind the last field may be refused where nothing is negotiated (AMB-06).
        _ => return Ok(()),
    };
    for (index, field) in spec.fields.iter().enumerate() {
        let (one, other) = (codec.value(&alone, index), codec.value(&extended, index));
        if one != other {
            let (name, tail) = (spec.name, show(input.tail));
            return Err(BASE.found(format!("{name}.{}: {one:?} alone, {other:?} before {tail}", field.name)));
        }
    }
    Ok(())
}

/// Our own reading of a tail; `None` if it is no list of TLVs.
fn walk(mut tail: &[u8], order: ByteOrder) -> Option<Vec<Tlv>> {
    let number = |first: u8, second: u8| match order {
        ByteOrder::Little => u16::from(first) | (u16::from(second) << 8),
        ByteOrder::Big => u16::from(second) | (u16::from(first) << 8),
    };
    let mut found = Vec::new();
    while let [e0, e1, field_type, l0, l1, rest @ ..] = tail {
        let (value, after) = rest.split_at_checked(usize::from(number(*l0, *l1)))?;
        found.push(Tlv { extension_type: number(*e0, *e1), field_type: *field_type, value: value.to_vec() });
        tail = after;
    }
    tail.is_empty().then_some(found)
}

fn reencode<C: Codec>(codec: &mut C, input: &Input<'_>, tlvs: &[Tlv]) -> Result<(), Finding> {
    let mut written = Vec::with_capacity(input.tail.len());
    for tlv in tlvs {
        match codec.encode_tlv(tlv, input.order, &mut written) {
            Ok(()) => {}
            Err(CodecError::Unsupported) => return Ok(()),
            Err(CodecError::Broken(how)) => return Err(ANSWERS.found(how)),
            Err(error) => return Err(REENCODE.found(format!("{tlv:?}: not written: {error}"))),
        }
    }
    if written == input.tail {
        return Ok(());
    }
    Err(REENCODE.found(format!("read from {}, written {}", show(input.tail), show(&written))))
}

/// Appends or replaces a TLV, edits bytes, or chooses another message.
fn mutate_input(data: &mut Vec<u8>, random: &mut Random, max_len: usize) {
    if data.len() < 4 {
        data.resize(4, 0);
    }
    match random.below(6) {
        0 => {
            let choices = random.byte() & 0x1f;
            mutate::splice(data, 0, 1, &[choices]);
            let mut kind = Vec::new();
            mutate::change_kind(&mut kind, random);
            mutate::splice(data, 1, 3, &kind);
        }
        1..=3 => {
            let order = Input::of(data).order;
            let tlv = any_tlv(random);
            let mut bytes = Vec::new();
            tlv.encode(order, &mut bytes);
            if random.one_in(4) {
                data.truncate(4);
            }
            data.extend_from_slice(&bytes);
        }
        _ => mutate::mutate_bytes(data, random, max_len),
    }
    data.truncate(max_len);
}

fn any_tlv(random: &mut Random) -> Tlv {
    let length = random.pick(&[0usize, 1, 10, 31, 32, 33, 255, 256]).copied().unwrap_or(0);
    let known = if random.one_in(2) { random.pick(TLVS) } else { None };
    let extension_type =
        known.map_or_else(|| u16::from_le_bytes([random.byte(), random.byte()]), |tlv| tlv.extension_type);
    let field_type = known.map_or_else(|| random.byte(), |tlv| tlv.field_type);
    Tlv { extension_type, field_type, value: random.bytes(length) }
}

fn seeds() -> Vec<Seed> {
    let mut seeds = Vec::new();
    let input = |choices: u8, kind: Kind, tail: &[u8]| {
        let [e0, e1] = kind.extension_type.to_le_bytes();
        [&[choices, e0, e1, kind.msg_type][..], tail].concat()
    };
    let share = TLVS.first().map_or(Kind { extension_type: 0, msg_type: 0 }, |tlv| tlv.extends);
    for (choices, order) in [(4, ByteOrder::Little), (5, ByteOrder::Big)] {
        for length in [0usize, 10, 32, 33, 300] {
            let mut tail = Vec::new();
            let tlv = Tlv { extension_type: 2, field_type: 1, value: vec![b'w'; length] };
            tlv.encode(order, &mut tail);
            seeds.push(Seed::new(format!("identity-{length}-{order:?}"), input(choices, share, &tail)));
            let other = Tlv { extension_type: 0x4acd, field_type: 7, value: vec![0xbe, 0xef] };
            other.encode(order, &mut tail);
            seeds.push(Seed::new(format!("two-{length}-{order:?}"), input(choices, share, &tail)));
            tail.pop();
            seeds.push(Seed::new(format!("cut-{length}-{order:?}"), input(choices, share, &tail)));
        }
    }
    let example = [0x00, 0x02, 0x01, 0x00, 0x01, b'w'];
    for spec in MESSAGES {
        seeds.push(Seed::new(format!("behind-{}", spec.unique_name()), input(5, spec.kind, &example)));
    }
    seeds
}
