//! Changes to inputs. What they know of layouts comes from the table; none of them needs coverage.

use super::dictionary::{FLOATS, LENGTHS, Word, dictionary};
use super::layout::{Notes, end_of, width};
use super::{Random, Target};
use crate::frame::Header;
use crate::{FLAGS, FieldType, Kind, MESSAGES, MessageSpec};
use std::sync::LazyLock;

static WORDS: LazyLock<Vec<Word>> = LazyLock::new(dictionary);

/// Integers at which something overflows or changes sign.
const NUMBERS: &[u64] = &[
    0,
    1,
    2,
    0x7f,
    0x80,
    0xff,
    0x100,
    0x7fff,
    0x8000,
    0xffff,
    0x1_0000,
    0xff_ffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_fffe,
    0xffff_ffff,
    0x1_0000_0000,
    1 << 53,
    i64::MAX.unsigned_abs(),
    u64::MAX,
];

/// Changes `data[..size]` in place as libFuzzer wants it, and gives the new size, at most `max_size`.
pub fn mutate_in_place(target: &Target, data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut input = data.get(..size).unwrap_or_default().to_vec();
    let most = max_size.min(data.len());
    (target.mutate)(&mut input, &mut Random::new(u64::from(seed)), most);
    input.truncate(most);
    for (to, from) in data.iter_mut().zip(&input) {
        *to = *from;
    }
    input.len()
}

/// Changes bytes anywhere, without regard to their meaning; the result has at most `max_len`.
pub fn mutate_bytes(data: &mut Vec<u8>, random: &mut Random, max_len: usize) {
    let at = random.below(data.len().saturating_add(1));
    match random.below(8) {
        0 => {
            let bit = 1u8.checked_shl(u32::from(random.byte() & 7)).unwrap_or(1);
            set(data, at, |byte| byte ^ bit);
        }
        1 => {
            let to = random.byte();
            set(data, at, |_| to);
        }
        2 => {
            let count = random.below(16);
            let inserted = random.bytes(count);
            splice(data, at, 0, &inserted);
        }
        3 => splice(data, at, random.below(16), &[]),
        4 => {
            let count = random.below(64);
            let from = random.below(data.len().saturating_add(1));
            let copied = data.get(from..).unwrap_or_default().iter().take(count).copied().collect::<Vec<_>>();
            splice(data, at, 0, &copied);
        }
        5 => {
            let number = random.pick(NUMBERS).copied().unwrap_or(0).to_le_bytes();
            let count = random.pick(&[1usize, 2, 3, 4, 8]).copied().unwrap_or(1);
            let number = number.get(..count).unwrap_or_default();
            splice(data, at, count, number);
        }
        _ => {
            let word = random.pick(&WORDS).map(|word| word.bytes.as_slice()).unwrap_or_default();
            let replaced = if random.one_in(2) { word.len() } else { 0 };
            splice(data, at, replaced, word);
        }
    }
    data.truncate(max_len);
}

/// Gives one header of the stream that begins at `from` another number, channel bit or length.
pub(super) fn edit_header(data: &mut Vec<u8>, from: usize, random: &mut Random) {
    let starts = frame_starts(data, from);
    let Some(&start) = random.pick(&starts) else { return };
    let Some(six) = data.get(start..).and_then(<[u8]>::first_chunk::<6>) else { return };
    let mut header = Header::decode(*six);
    match random.below(6) {
        0 => header.channel_msg = !header.channel_msg,
        1 => header.kind = any_kind(random),
        2 => header.kind.msg_type = random.byte(),
        3 => header.kind.extension_type = u16::from_le_bytes([random.byte(), random.byte()]) & 0x7fff,
        4 => {
            let length = random.pick(LENGTHS).copied().unwrap_or(0);
            header.length = u32::try_from(length).unwrap_or(0);
        }
        _ => {
            let step = u32::from(random.byte() & 3);
            header.length = if random.one_in(2) {
                header.length.saturating_add(step) & 0xff_ffff
            } else {
                header.length.saturating_sub(step)
            };
        }
    }
    splice(data, start, Header::LEN, &header.encode());
}

/// Gives an input of `message_decode`'s layout another number.
pub(super) fn change_kind(data: &mut Vec<u8>, random: &mut Random) {
    let kind = if random.one_in(4) {
        Kind { extension_type: u16::from(random.byte() & 3), msg_type: random.byte() }
    } else {
        any_kind(random)
    };
    let [e0, e1] = kind.extension_type.to_le_bytes();
    splice(data, 0, 3, &[e0, e1, kind.msg_type]);
}

/// Gives one field of an input of `message_decode`'s layout a boundary value, or cuts the payload there.
pub(super) fn edit_field(data: &mut Vec<u8>, random: &mut Random) {
    let Some((head, payload)) = data.split_first_chunk::<3>() else { return change_kind(data, random) };
    let [e0, e1, msg_type] = *head;
    let extension_type = u16::from_le_bytes([e0, e1]) & 0x7fff;
    let Some(spec) = MessageSpec::of(Kind { extension_type, msg_type }) else {
        return change_kind(data, random);
    };
    let spans = readable(spec, payload);
    let Some(&(ty, start, end)) = random.pick(&spans) else { return };
    let at = start.saturating_add(head.len());
    if random.one_in(12) {
        return data.truncate(at);
    }
    let value = boundary(ty, random, 1200);
    splice(data, at, end.saturating_sub(start), &value);
}

/// A value of a type at one of its boundaries, of about `room` bytes at most. Now and then it is none: a prefix that
/// announces too much.
pub(super) fn boundary(ty: FieldType, random: &mut Random, room: usize) -> Vec<u8> {
    let number = random.pick(NUMBERS).copied().unwrap_or(0).to_le_bytes();
    let first = |count: usize| number.get(..count).unwrap_or_default().to_vec();
    match ty {
        FieldType::Bool => vec![random.pick(&[0, 1, 2, 0x81, 0xfe, 0xff]).copied().unwrap_or(0)],
        FieldType::U8 => first(1),
        FieldType::U16 => first(2),
        FieldType::U32 if random.one_in(3) => {
            random.pick(FLAGS).map(|flag| flag.mask().to_le_bytes().to_vec()).unwrap_or_default()
        }
        FieldType::U32 => first(4),
        FieldType::U64 => first(8),
        FieldType::F32 => random.pick(FLOATS).copied().unwrap_or(0).to_le_bytes().to_vec(),
        FieldType::U256 => match random.below(4) {
            0 => vec![0; 32],
            1 => vec![0xff; 32],
            2 => [&first(8)[..], &[0; 24]].concat(),
            _ => random.bytes(32),
        },
        FieldType::Str0_255 => run(0xff, random, room),
        FieldType::Bytes(max) => run(max, random, room),
        FieldType::Option(inner) => {
            let count = random.pick(&[0u8, 1, 1, 1, 2, 0xff]).copied().unwrap_or(0);
            let value = if count == 0 { Vec::new() } else { boundary(*inner, random, room) };
            [&[count][..], &value].concat()
        }
        FieldType::Seq(max, inner) => list(max, *inner, random, room),
    }
}

/// Bytes behind a prefix; one time in six the prefix is not theirs.
fn run(max: usize, random: &mut Random, room: usize) -> Vec<u8> {
    let length = random.pick(LENGTHS).copied().unwrap_or(0).min(max).min(room);
    let announced = if random.one_in(6) { random.pick(LENGTHS).copied().unwrap_or(0) } else { length };
    let fill = random.pick(b"a\x00\xff\n\x80").copied().unwrap_or(0);
    [prefix(announced, max), vec![fill; length]].concat()
}

fn list(max: usize, inner: FieldType, random: &mut Random, room: usize) -> Vec<u8> {
    let count = random.pick(&[0usize, 1, 2, 3, 32, 255]).copied().unwrap_or(0).min(max);
    let announced = if random.one_in(6) { random.pick(LENGTHS).copied().unwrap_or(0) } else { count };
    let mut bytes = prefix(announced, max);
    for _ in 0..count {
        let left = room.saturating_sub(bytes.len());
        if left == 0 {
            break;
        }
        bytes.extend(boundary(inner, random, left.min(64)));
    }
    bytes
}

pub(super) fn prefix(count: usize, max: usize) -> Vec<u8> {
    count.to_le_bytes().get(..width(max)).unwrap_or_default().to_vec()
}

/// Type, start and end of the fields from the front that can be read; the one that cannot ends where the payload does.
fn readable(spec: &MessageSpec, payload: &[u8]) -> Vec<(FieldType, usize, usize)> {
    let mut spans = Vec::with_capacity(spec.fields.len());
    let mut at = 0;
    for field in spec.fields {
        let end = end_of(field.ty, payload, at, &mut Notes::default());
        spans.push((field.ty, at, end.unwrap_or(payload.len())));
        let Ok(end) = end else { break };
        at = end;
    }
    spans
}

fn frame_starts(data: &[u8], from: usize) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut at = from;
    while let Some(six) = data.get(at..).and_then(<[u8]>::first_chunk::<6>) {
        starts.push(at);
        let length = Header::decode(*six).length as usize;
        at = at.saturating_add(Header::LEN).saturating_add(length);
    }
    starts
}

fn any_kind(random: &mut Random) -> Kind {
    random.pick(MESSAGES).map_or(Kind { extension_type: 0, msg_type: 0 }, |spec| spec.kind)
}

fn set(data: &mut [u8], at: usize, change: impl FnOnce(u8) -> u8) {
    if let Some(byte) = data.get_mut(at) {
        *byte = change(*byte);
    }
}

/// Puts bytes in the place of `count` bytes at `at`, as far as there are so many.
pub(super) fn splice(data: &mut Vec<u8>, at: usize, count: usize, with: &[u8]) {
    let start = at.min(data.len());
    let end = start.saturating_add(count).min(data.len());
    data.splice(start..end, with.iter().copied());
}
