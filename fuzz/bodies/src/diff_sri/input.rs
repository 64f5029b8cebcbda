//! What the bytes of an input mean, how they are changed and what they begin with.

use crate::differences::{self, Certificate, ROWS};
use crate::hex_text;
use arbitrary::{Arbitrary, Unstructured};
use sv2_wire::Message;
use sv2_wire::frame::{Frame, Header};
use sv2_wire::fuzz::{Random, Seed, frame_stream, message_decode, mutate_bytes};

/// What is given to both sides. The first byte of an input chooses.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// A frame; its length is right.
    Message(Frame),
    /// A stream, cut into chunks.
    Stream(frame_stream::Input<'a>),
    /// What stands behind the fields of a SubmitSharesExtended.
    Tail {
        /// Extensions that were negotiated.
        negotiated: Vec<u16>,
        /// The bytes.
        tail: &'a [u8],
    },
    /// An encrypted connection.
    Session(Session),
    /// A server's certificate.
    Certificate(Certificate),
}

/// The first byte of an input; any other number counts modulo these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Extension type (two bytes, channel bit included), message type, payload.
    Message = 0,
    /// A message of the table out of the bytes, so that it decodes.
    Built = 1,
    /// As [`frame_stream::Input`].
    Stream = 2,
    /// A byte that says what is negotiated, then the tail.
    Tail = 3,
    /// A byte for the role, then four bytes for each record.
    Session = 4,
    /// Version, seconds from the end of validity (two bytes each), a byte of flags.
    Certificate = 5,
}

const MODES: [Mode; 6] =
    [Mode::Message, Mode::Built, Mode::Stream, Mode::Tail, Mode::Session, Mode::Certificate];

/// An encrypted connection.
#[derive(Clone, Debug)]
pub struct Session {
    /// Whether we are the client.
    pub we_are_client: bool,
    /// One frame each.
    pub ops: Vec<Op>,
}

/// One frame on an encrypted connection.
#[derive(Clone, Copy, Debug)]
pub struct Op {
    /// Whether we send it.
    pub from_us: bool,
    /// Bytes of payload.
    pub size: usize,
    /// The bit that is flipped on the way, modulo what there is.
    pub flip: Option<u32>,
}

/// Both sides of every boundary between one record, two and three.
const SIZES: [usize; 9] = [0, 1, 64, 65_518, 65_519, 65_520, 131_037, 131_038, 131_039];
/// Most frames in one session.
const MOST_OPS: usize = 8;

impl<'a> Input<'a> {
    /// Reads an input; any bytes are one.
    pub fn of(data: &'a [u8]) -> Self {
        let (mode, rest) = data.split_first().unwrap_or((&0, &[]));
        let mode = usize::from(*mode).checked_rem(MODES.len()).and_then(|mode| MODES.get(mode));
        match mode.unwrap_or(&Mode::Message) {
            Mode::Message => Self::Message(frame_of(rest)),
            Mode::Built => Self::Message(built(rest)),
            Mode::Stream => Self::Stream(frame_stream::Input::of(rest)),
            Mode::Tail => tail_of(rest),
            Mode::Session => Self::Session(session_of(rest)),
            Mode::Certificate => Self::Certificate(certificate_of(rest)),
        }
    }
}

fn frame_of(data: &[u8]) -> Frame {
    let (head, payload) = data.split_first_chunk().unwrap_or((&[0xff, 0x7f, 0xff], &[]));
    let [e0, e1, msg_type] = *head;
    let [l0, l1, l2, _] = u32::try_from(payload.len()).unwrap_or(0).to_le_bytes();
    Frame { header: Header::decode([e0, e1, msg_type, l0, l1, l2]), payload: payload.to_vec() }
}

fn built(data: &[u8]) -> Frame {
    let message = Message::arbitrary(&mut Unstructured::new(data));
    message.ok().and_then(|message| Frame::of(&message).ok()).unwrap_or_else(|| frame_of(data))
}

fn tail_of(data: &[u8]) -> Input<'_> {
    let (choice, tail) = data.split_first().unwrap_or((&0, &[]));
    let mut negotiated = Vec::new();
    if choice & 1 != 0 {
        negotiated.push(0x0002);
    }
    if choice & 2 != 0 {
        negotiated.push(0x4acd);
    }
    if let (true, Some(first)) = (choice & 4 != 0, tail.first_chunk()) {
        negotiated.push(u16::from_le_bytes(*first));
    }
    Input::Tail { negotiated, tail }
}

fn session_of(data: &[u8]) -> Session {
    let (role, ops) = data.split_first().unwrap_or((&0, &[]));
    let op = |bytes: &[u8; 4]| {
        let [flags, size, b0, b1] = *bytes;
        let at = u32::from(u16::from_le_bytes([b0, b1]));
        let chosen = usize::from(size).checked_rem(SIZES.len()).and_then(|index| SIZES.get(index).copied());
        Op {
            from_us: flags & 1 == 0,
            size: if flags & 2 == 0 { usize::from(size) } else { chosen.unwrap_or(0) },
            // Long records are reached too.
            flip: (flags & 12 == 12).then_some(at.saturating_mul(if flags & 16 == 0 { 1 } else { 17 })),
        }
    };
    let ops = ops.chunks(4).take(MOST_OPS).filter_map(<[u8]>::first_chunk).map(op).collect();
    Session { we_are_client: role & 1 == 0, ops }
}

fn certificate_of(data: &[u8]) -> Certificate {
    let [v0, v1, a0, a1, flags] = data.first_chunk().copied().unwrap_or([0, 0, 0, 0, 3]);
    Certificate {
        version: u16::from_le_bytes([v0, v1]),
        lasts: 60,
        after_end: i64::from(i16::from_le_bytes([a0, a1])),
        has_key: flags & 1 != 0,
        right_key: flags & 2 != 0,
        leeway: if flags & 4 == 0 { 10 } else { 0 },
    }
}

/// Changes what stands behind the first byte by what is known of it, and now and then the first byte.
pub(super) fn mutate(data: &mut Vec<u8>, random: &mut Random, max_len: usize) {
    let mode = match data.first() {
        Some(mode) if !random.one_in(16) => usize::from(*mode).checked_rem(MODES.len()).unwrap_or(0),
        _ => random.below(MODES.len()),
    };
    let mut rest = data.get(1..).unwrap_or_default().to_vec();
    let room = max_len.saturating_sub(1);
    match MODES.get(mode) {
        Some(Mode::Message) => {
            let bit = rest.get(1).copied().unwrap_or(0) & 0x80;
            (message_decode::TARGET.mutate)(&mut rest, random, room);
            if let Some(byte) = rest.get_mut(1) {
                *byte = (*byte & 0x7f) | if random.one_in(8) { bit ^ 0x80 } else { bit };
            }
        }
        Some(Mode::Stream) => (frame_stream::TARGET.mutate)(&mut rest, random, room),
        _ => mutate_bytes(&mut rest, random, room),
    }
    rest.truncate(room);
    data.clear();
    data.push(u8::try_from(mode).unwrap_or(0));
    data.append(&mut rest);
}

/// The seeds of the two targets whose layouts are used here, the inputs of the list of differences, and one of each other
/// kind.
pub(super) fn seeds() -> Vec<Seed> {
    let mut seeds = Vec::new();
    let mut add = |name: String, mode: Mode, bytes: &[u8]| {
        seeds.push(Seed::new(name, [&[mode as u8], bytes].concat()));
    };
    for seed in (message_decode::TARGET.seeds)() {
        if seed.name.starts_with("vector-") {
            add(format!("message-{}", seed.name), Mode::Message, &seed.bytes);
        }
    }
    for seed in (frame_stream::TARGET.seeds)().into_iter().take(12) {
        add(format!("stream-{}", seed.name), Mode::Stream, &seed.bytes);
    }
    for (index, row) in ROWS.iter().enumerate() {
        match row.input {
            differences::Input::Frame(hex) => {
                let bytes = hex_text::bytes(hex);
                if let Some(([e0, e1, number, ..], payload)) = bytes.split_first_chunk::<6>() {
                    add(format!("row-{index}"), Mode::Message, &[&[*e0, *e1, *number], payload].concat());
                }
            }
            differences::Input::Tail(hex, _) => {
                add(format!("row-{index}"), Mode::Tail, &[&[3], &hex_text::bytes(hex)[..]].concat());
            }
            // Only what an input can say.
            differences::Input::Certificate(row) if row.lasts == 60 && matches!(row.leeway, 0 | 10) => {
                let [v0, v1] = row.version.to_le_bytes();
                let [a0, a1] = i16::try_from(row.after_end).unwrap_or(i16::MAX).to_le_bytes();
                let flags =
                    u8::from(row.has_key) | (u8::from(row.right_key) << 1) | (u8::from(row.leeway == 0) << 2);
                add(format!("row-{index}"), Mode::Certificate, &[v0, v1, a0, a1, flags]);
            }
            _ => {}
        }
    }
    let sizes = SIZES
        .iter()
        .enumerate()
        .flat_map(|(index, _)| [2 | u8::from(index % 2 == 0), u8::try_from(index).unwrap_or(0), 0, 0]);
    let sizes: Vec<u8> = sizes.collect();
    add("session-client".to_owned(), Mode::Session, &[&[0], &sizes[..]].concat());
    add("session-server".to_owned(), Mode::Session, &[&[1], &sizes[..]].concat());
    add("session-altered".to_owned(), Mode::Session, &[0, 0, 64, 0, 0, 12, 64, 9, 1]);
    add("session-altered-for-us".to_owned(), Mode::Session, &[1, 1, 64, 0, 0, 13, 64, 9, 1]);
    add("built".to_owned(), Mode::Built, &[0x80; 200]);
    seeds
}
