//! What the bytes of an input mean, how they are changed and what they begin with.

use super::super::{LENGTHS, Random, Seed, mutate};
use super::plaintext;
use crate::Kind;
use crate::frame::{Frame, Header};

/// Operations in one input.
const MOST_OPS: usize = 64;

/// Two bytes for the keys, and operations of three bytes.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// Choose the keys.
    pub keys: [u8; 2],
    ops: &'a [u8],
}

/// One operation: what happens, and two bytes that say where or how much.
#[derive(Clone, Copy, Debug)]
pub struct Op {
    /// Whether it goes in the second direction.
    pub is_back: bool,
    /// What happens, below 16: a record arrives (0 to 2), altered in a bit (3), not at all (4), twice (5), behind the next one
    /// (6), cut (7), lengthened (8); arbitrary bytes arrive (9), or the newest record again (10); records of the largest size (11),
    /// a frame in pieces (12, 13), an empty record (14, 15).
    pub code: u8,
    /// The first byte.
    pub a: u8,
    /// The second byte.
    pub b: u8,
}

impl<'a> Input<'a> {
    /// Reads an input; nothing where it is too short for keys.
    pub fn of(data: &'a [u8]) -> Option<Self> {
        let [first, second, ops @ ..] = data else { return None };
        Some(Self { keys: [*first, *second], ops })
    }

    /// Its operations.
    pub fn ops(self) -> impl Iterator<Item = Op> + 'a {
        let op = |bytes: &[u8]| match bytes {
            &[code, a, b] => Some(Op { is_back: code & 0x80 != 0, code: code & 0x0f, a, b }),
            _ => None,
        };
        self.ops.chunks_exact(3).take(MOST_OPS).filter_map(op)
    }
}

impl Op {
    /// Where or how much, as one number.
    pub fn amount(self) -> usize {
        usize::from(u16::from_be_bytes([self.a, self.b]))
    }

    /// Bytes of a small record.
    pub fn small_len(self) -> usize {
        self.amount() % 300
    }

    /// Bytes of payload of a frame: small ones, and those at which the number of records changes.
    pub fn frame_len(self) -> usize {
        let boundary = self.a.checked_sub(0xf0).and_then(|index| LENGTHS.get(usize::from(index))).copied();
        boundary.unwrap_or_else(|| usize::from(self.a)).min(140_000)
    }

    /// Bytes in which a frame arrives at once.
    pub fn piece_len(self, length: usize) -> usize {
        let pieces = [usize::MAX, 1, 15, 16, 22, 1400, 65519, 65535];
        let most = pieces.get(usize::from(self.b & 7)).copied().unwrap_or(usize::MAX);
        // Byte by byte is for small frames.
        if length > 4096 { most.max(1400) } else { most }
    }

    /// A frame with so many bytes of payload.
    pub fn frame(self, length: usize) -> Frame {
        let header = Header {
            kind: Kind { extension_type: 0, msg_type: self.b },
            channel_msg: self.b & 1 == 1,
            length: u32::try_from(length).unwrap_or(0),
        };
        Frame { header, payload: plaintext(length, u64::from(self.b)) }
    }

    /// Bytes that nobody sealed.
    pub fn garbage(self) -> Vec<u8> {
        Random::new(u64::from(self.b)).bytes(usize::from(self.a & 0x3f))
    }

    /// Takes bytes from the end of a record.
    pub fn cut(self, record: &mut Vec<u8>) {
        record.truncate(self.amount().checked_rem(record.len()).unwrap_or(0));
    }

    /// Alters a bit of a record.
    pub fn flip(self, record: &mut [u8]) {
        let at = self.amount().checked_rem(record.len().saturating_mul(8)).unwrap_or(0);
        if let Some(byte) = record.get_mut(at >> 3) {
            *byte ^= 1u8.checked_shl(u32::try_from(at & 7).unwrap_or(0)).unwrap_or(0);
        }
    }
}

/// Adds, changes or takes away an operation, or edits bytes.
pub(super) fn mutate_input(data: &mut Vec<u8>, random: &mut Random, max_len: usize) {
    const HEAD: usize = 2;
    if data.len() < HEAD {
        data.resize(HEAD, 0);
    }
    let ops = data.len().saturating_sub(HEAD).checked_div(3).unwrap_or(0);
    let at = random.below(ops.saturating_add(1)).saturating_mul(3).saturating_add(HEAD);
    let direction = random.byte() & 0x80;
    let op = [direction | (random.byte() & 0x0f), random.byte(), random.byte()];
    match random.below(6) {
        0 | 1 => mutate::splice(data, at, 0, &op),
        2 => mutate::splice(data, at, 3, &op),
        3 => mutate::splice(data, at, 3, &[]),
        4 => {
            let index = random.below(LENGTHS.len());
            let size = 0xf0u8.saturating_add(u8::try_from(index).unwrap_or(0));
            let cut = random.byte();
            mutate::splice(data, at, 0, &[12, size, cut]);
        }
        _ => mutate::mutate_bytes(data, random, max_len),
    }
    data.truncate(max_len);
}

pub(super) fn seeds() -> Vec<Seed> {
    let names = [
        "send", "send-1", "send-2", "flip", "lose", "repeat", "swap", "cut", "lengthen", "garbage", "replay",
        "limits",
    ];
    let mut seeds = Vec::new();
    for (code, name) in (0u8..).zip(names) {
        let ops = [0, 0, 20, code, 1, 7, 0x80, 0, 9, 0, 0, 30, 0x80 | code, 0, 3, 0, 0, 1];
        seeds.push(Seed::new(name, [&[1, 2][..], &ops].concat()));
    }
    seeds.push(Seed::new("flip-then-whole", vec![1, 2, 3, 0, 9, 10, 0, 0, 0, 0, 4]));
    for (index, length) in LENGTHS.iter().enumerate().take_while(|(_, length)| **length <= 140_000) {
        let size = 0xf0u8.saturating_add(u8::try_from(index).unwrap_or(0));
        let ops = [12, size, 0, 12, size, 5];
        seeds.push(Seed::new(format!("frame-{length}"), [&[3, 4][..], &ops].concat()));
    }
    let bytewise = [12, 0, 1, 12, 1, 1, 12, 32, 2, 12, 200, 3, 12, 255, 4];
    seeds.push(Seed::new("frames-in-pieces", [&[5, 6][..], &bytewise].concat()));
    seeds
}
