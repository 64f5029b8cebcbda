//! A stream of bytes becomes frames, however it is cut.

use super::{
    ANSWERS, Codec, CodecError, Finding, Oracle, Ours, Random, Seed, StreamEnd, Target, mutate, seed, show,
};
use crate::Kind;
use crate::frame::{Frame, FrameRef, Header, MAX_PAYLOAD_LEN};
use core::cell::Cell;

/// The target.
pub const TARGET: Target = Target {
    name: "frame_stream",
    about: "a stream of bytes becomes frames, however it is cut, and the frames become the stream again",
    format: 1,
    max_len: 4096,
    oracles: &[ANSWERS, CHUNKING, HEADER, LENGTH, REENCODE, LIMIT, PREFIX, MEMORY],
    run: |data| judge(&mut Ours, &Input::of(data)),
    mutate: mutate_input,
    seeds,
};

/// Cutting changes nothing.
pub const CHUNKING: Oracle = Oracle {
    name: "chunking",
    about: "the same stream in other chunks gives the same frames, and breaks off at the same place",
    clauses: &["SV2-03-028"],
};
/// Headers are read as the specification lays them out.
pub const HEADER: Oracle = Oracle {
    name: "header",
    about: "extension type, channel bit, message type and length are those of the six bytes",
    clauses: &["SV2-03-021", "SV2-03-029", "SV2-03-003", "SV2-03-007"],
};
/// A frame is its header and what it announces.
pub const LENGTH: Oracle = Oracle {
    name: "length",
    about: "a frame takes six bytes and as many as it announces, and no byte of the stream is lost or made up",
    clauses: &["SV2-03-024"],
};
/// What was read is written.
pub const REENCODE: Oracle = Oracle {
    name: "reencode",
    about: "a frame that was read is written as the bytes it was read from",
    clauses: &["SV2-03-021"],
};
/// The limit holds, exactly.
pub const LIMIT: Oracle = Oracle {
    name: "limit",
    about: "a frame is refused if and only if it announces more than the limit, and before its payload comes",
    clauses: &[],
};
/// Part of a frame is no frame.
pub const PREFIX: Oracle = Oracle {
    name: "prefix",
    about: "as long as bytes of a frame are missing there is no frame and no error",
    clauses: &["SV2-03-028"],
};
/// Announcing costs nothing.
pub const MEMORY: Oracle = Oracle {
    name: "memory",
    about: "the codec holds memory for the bytes that came, not for those that are announced",
    clauses: &[],
};

/// Limits that an input can choose among; the specification knows only the first.
const LIMITS: [usize; 6] = [MAX_PAYLOAD_LEN, 0xffff, 1024, 32, 1, 0];
/// Memory that a codec may hold whatever comes, and as many times the bytes that came: vectors double, and a codec may
/// keep a frame and the buffer that it was cut from.
const RESERVE: usize = 8192;
const RESERVE_TIMES: usize = 4;

/// Pieces of a stream that are cut; the rest comes at once, or long inputs take most of the time.
const MOST_PIECES: usize = 48;

/// What the bytes of an input mean: a byte that chooses the cuts, a byte that chooses the limit, and the stream.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// How the stream is cut: 0 byte by byte, else pieces of up to so many bytes that differ in length.
    pub plan: u8,
    /// Largest payload in bytes that is taken.
    pub max_payload: usize,
    /// The bytes that come.
    pub stream: &'a [u8],
}

impl<'a> Input<'a> {
    /// Reads an input; any bytes are one.
    pub fn of(data: &'a [u8]) -> Self {
        let (plan, limit, stream) = match data {
            [plan, limit, stream @ ..] => (*plan, *limit, stream),
            _ => (0, 0, &[][..]),
        };
        let limit = usize::from(limit).checked_rem(LIMITS.len()).and_then(|index| LIMITS.get(index));
        Self { plan, max_payload: limit.copied().unwrap_or(MAX_PAYLOAD_LEN), stream }
    }

    /// The stream in pieces.
    pub fn chunks(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut rest = self.stream;
        let mut random = Random::new(u64::from(self.plan));
        let most = usize::from(self.plan);
        let mut pieces = 0;
        core::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            pieces = usize::saturating_add(pieces, 1);
            let count = match most {
                _ if pieces > MOST_PIECES => rest.len(),
                0 => 1,
                most => random.below(most).saturating_add(1),
            };
            let (chunk, after) = rest.split_at_checked(count).unwrap_or((rest, &[]));
            rest = after;
            Some(chunk)
        })
    }
}

/// Holds a codec against every oracle of the target.
///
/// # Errors
/// The first finding.
pub fn judge<C: Codec>(codec: &mut C, input: &Input<'_>) -> Result<(), Finding> {
    let mut spans = Spans { input, ends: Vec::new(), finding: None };
    let whole =
        codec.stream(core::iter::once(input.stream), input.max_payload, &mut |frame| spans.take(frame));
    if whole.error == Some(CodecError::Unsupported) {
        return Ok(());
    }
    answered(&whole)?;
    spans.finding.take().map_or(Ok(()), Err)?;
    reencode(codec, &spans)?;
    rest(input, &whole, spans.end())?;
    memory(input, &whole)?;
    let (mut count, mut odd) = (0usize, None);
    let pieces = codec.stream(input.chunks(), input.max_payload, &mut |frame| {
        if odd.is_none() && spans.frame(count) != Some(frame) {
            odd = Some(frame.to_frame());
        }
        count = count.saturating_add(usize::from(odd.is_none()));
    });
    answered(&pieces)?;
    memory(input, &pieces)?;
    chunking(&spans, &whole, count, odd.as_ref(), &pieces)?;
    prefixes(codec, input)
}

fn answered(end: &StreamEnd) -> Result<(), Finding> {
    match &end.error {
        Some(CodecError::Broken(how)) => Err(ANSWERS.found(how)),
        _ => Ok(()),
    }
}

/// The frames of the stream, one behind the other from its beginning, each as it must be.
struct Spans<'i> {
    input: &'i Input<'i>,
    /// Where each ends.
    ends: Vec<usize>,
    /// The first frame that is not as it must be.
    finding: Option<Finding>,
}

impl Spans<'_> {
    fn end(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    fn start(&self, index: usize) -> usize {
        index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0)
    }

    /// The bytes of frame `index`.
    fn bytes(&self, index: usize) -> Option<&[u8]> {
        self.input.stream.get(self.start(index)..*self.ends.get(index)?)
    }

    fn frame(&self, index: usize) -> Option<FrameRef<'_>> {
        let (six, payload) = self.bytes(index)?.split_first_chunk()?;
        Some(FrameRef { header: said(*six), payload })
    }

    /// The next frame against the bytes where it must stand.
    fn take(&mut self, frame: FrameRef<'_>) {
        if self.finding.is_none() {
            match self.end_of(frame) {
                Ok(end) => self.ends.push(end),
                Err(finding) => self.finding = Some(finding),
            }
        }
    }

    fn end_of(&self, frame: FrameRef<'_>) -> Result<usize, Finding> {
        let (index, at) = (self.ends.len(), self.end());
        let Some(six) = self.input.stream.get(at..).and_then(<[u8]>::first_chunk::<6>) else {
            let left = self.input.stream.len().saturating_sub(at);
            return Err(LENGTH.found(format!("frame {index} at offset {at}: a frame out of {left} bytes")));
        };
        header(index, at, *six, &frame.header)?;
        let announced = announced(*six);
        let start = at.saturating_add(Header::LEN);
        let end = start.saturating_add(announced);
        if self.input.stream.get(start..end) != Some(frame.payload) {
            let got = show(frame.payload);
            return Err(LENGTH.found(format!(
                "frame {index} at offset {at}: expected the {announced} bytes behind its header, got {got}"
            )));
        }
        let limit = self.input.max_payload;
        if announced > limit { Err(over_limit(index, at, announced, limit)) } else { Ok(end) }
    }
}

/// Each frame is written as it stands in the stream.
fn reencode<C: Codec>(codec: &mut C, spans: &Spans<'_>) -> Result<(), Finding> {
    let mut written = Vec::new();
    for index in 0..spans.ends.len() {
        let (Some(frame), Some(bytes)) = (spans.frame(index), spans.bytes(index)) else { continue };
        written.clear();
        let got = match codec.encode_frame(frame, &mut written) {
            Ok(()) if written == bytes => continue,
            Ok(()) => format!("written {}", show(&written)),
            Err(CodecError::Unsupported) => continue,
            Err(CodecError::Broken(how)) => return Err(ANSWERS.found(how)),
            Err(error) => format!("not written: {error}"),
        };
        let at = spans.start(index);
        return Err(REENCODE.found(format!("frame {index} at offset {at}: read from {}, {got}", show(bytes))));
    }
    Ok(())
}

fn over_limit(index: usize, at: usize, announced: usize, limit: usize) -> Finding {
    LIMIT.found(format!(
        "frame {index} at offset {at}: announces {announced} bytes, the limit is {limit}, and it was taken"
    ))
}

/// What six bytes say, read apart from the codec.
fn said(six: [u8; 6]) -> Header {
    let [e0, e1, msg_type, ..] = six;
    let extension = u16::from(e0) | (u16::from(e1) << 8);
    Header {
        kind: Kind { extension_type: extension & 0x7fff, msg_type },
        channel_msg: extension >> 15 == 1,
        length: u32::try_from(announced(six)).unwrap_or(u32::MAX),
    }
}

fn header(index: usize, at: usize, six: [u8; 6], got: &Header) -> Result<(), Finding> {
    let want = said(six);
    if *got == want {
        return Ok(());
    }
    let bytes = show(&six);
    Err(HEADER.found(format!("frame {index} at offset {at}, {bytes}: expected {want:?}, got {got:?}")))
}

fn announced(six: [u8; 6]) -> usize {
    let [.., l0, l1, l2] = six;
    usize::from(l0) | (usize::from(l1) << 8) | (usize::from(l2) << 16)
}

/// What is behind the last frame: part of one, or the reason to break off.
fn rest(input: &Input<'_>, whole: &StreamEnd, end: usize) -> Result<(), Finding> {
    let left = input.stream.get(end..).unwrap_or_default();
    let announced = left.first_chunk::<6>().map(|six| announced(*six));
    let is_refusable = announced.is_some_and(|length| length > input.max_payload);
    match (&whole.error, announced) {
        (Some(error), _) if !is_refusable => {
            let oracle = if announced.is_some() { LIMIT } else { PREFIX };
            Err(oracle.found(format!("offset {end}, {}: refused: {error}", show(left))))
        }
        (None, Some(length)) if is_refusable => {
            let limit = input.max_payload;
            Err(LIMIT.found(format!(
                "offset {end}: announces {length} bytes, the limit is {limit}, and it was not refused"
            )))
        }
        (None, Some(length)) if left.len() >= length.saturating_add(Header::LEN) => Err(LENGTH
            .found(format!(
                "frame header.msg_length at offset {end}, {}: a whole frame of {length} bytes of payload did not come out",
                show(left)
            ))),
        (None, _) if whole.pending.is_some_and(|pending| pending != left.len()) => {
            let (pending, left) = (whole.pending.unwrap_or(0), left.len());
            Err(LENGTH.found(format!("offset {end}: {left} bytes are left, the codec holds {pending}")))
        }
        _ => Ok(()),
    }
}

fn memory(input: &Input<'_>, stream: &StreamEnd) -> Result<(), Finding> {
    let came = input.stream.len();
    let most = came.saturating_mul(RESERVE_TIMES).saturating_add(RESERVE);
    match stream.reserved {
        Some(reserved) if reserved > most => {
            Err(MEMORY.found(format!("{came} bytes came, {reserved} bytes of memory were held")))
        }
        _ => Ok(()),
    }
}

/// The frames and the end of the same stream in pieces: `count` frames were the same, and `odd` was not.
fn chunking(
    spans: &Spans<'_>,
    whole: &StreamEnd,
    count: usize,
    odd: Option<&Frame>,
    pieces: &StreamEnd,
) -> Result<(), Finding> {
    if odd.is_some() || count < spans.ends.len() {
        let one = spans.bytes(count).map_or_else(|| "none".to_owned(), show);
        let many = odd.map_or_else(|| "none".to_owned(), |frame| show(&frame.to_bytes()));
        return Err(CHUNKING.found(format!("frame {count}: {one} in one piece, {many} in many")));
    }
    let is_alike = match (&whole.error, &pieces.error) {
        (None, None) => whole.pending == pieces.pending,
        (Some(one), Some(many)) => one.is_like(many),
        _ => false,
    };
    if is_alike {
        return Ok(());
    }
    let end = |stream: &StreamEnd| match (&stream.error, stream.pending) {
        (Some(error), _) => error.to_string(),
        (None, Some(pending)) => format!("{pending} bytes are left"),
        (None, None) => "no error".to_owned(),
    };
    Err(CHUNKING.found(format!("the end: {} in one piece, {} in many", end(whole), end(pieces))))
}

/// The first frame comes in parts: half of its header, the other half, and all but its last byte.
fn prefixes<C: Codec>(codec: &mut C, input: &Input<'_>) -> Result<(), Finding> {
    let Some(six) = input.stream.first_chunk::<6>() else { return Ok(()) };
    let length = announced(*six).saturating_add(Header::LEN);
    if announced(*six) > input.max_payload {
        return Ok(());
    }
    let first = input.stream.get(..length).unwrap_or(input.stream);
    let counts = [3, Header::LEN, length.saturating_sub(1)];
    let came = Cell::new(0);
    let parts = counts.into_iter().filter(|count| *count < length).filter_map(|count| {
        let part = first.get(came.get()..count).filter(|part| !part.is_empty())?;
        came.set(count);
        Some(part)
    });
    let mut early = None;
    let end = codec.stream(parts, input.max_payload, &mut |_| {
        early.get_or_insert_with(|| came.get());
    });
    answered(&end)?;
    let part = |count: usize| show(first.get(..count).unwrap_or_default());
    if let Some(count) = early {
        return Err(PREFIX.found(format!("{count} of {length} bytes made a frame: {}", part(count))));
    }
    let count = came.get();
    end.error.map_or(Ok(()), |error| {
        Err(PREFIX.found(format!("{count} of {length} bytes, {}: refused: {error}", part(count))))
    })
}

/// Edits a header of the stream, or bytes anywhere.
fn mutate_input(data: &mut Vec<u8>, random: &mut Random, max_len: usize) {
    if data.len() < 2 {
        data.resize(2, 0);
    }
    match random.below(8) {
        0 => {
            if let Some(plan) = data.get_mut(0) {
                *plan = random.byte();
            }
        }
        1 => {
            if let Some(limit) = data.get_mut(1) {
                *limit = random.byte();
            }
        }
        2..=5 => mutate::edit_header(data, 2, random),
        _ => mutate::mutate_bytes(data, random, max_len),
    }
    data.truncate(max_len);
}

fn seeds() -> Vec<Seed> {
    let framed = |plan: u8, limit: u8, stream: &[u8]| [&[plan, limit][..], stream].concat();
    let mut seeds = vec![Seed::new("nothing", framed(0, 0, &[]))];
    let vectors = super::vectors().into_iter().map(|vector| vector.frame).filter(|frame| frame.len() < 1024);
    for (index, frames) in vectors.collect::<Vec<_>>().chunks(8).enumerate() {
        let frames = seed::up_to(frames, TARGET.max_len.saturating_sub(2)).concat();
        let plan = u8::try_from(index).unwrap_or(0);
        seeds.push(Seed::new(format!("vectors-{index}"), framed(plan, 0, &frames)));
    }
    for &length in super::LENGTHS {
        let header = Header {
            kind: Kind { extension_type: 0, msg_type: 0x1f },
            channel_msg: true,
            length: u32::try_from(length).unwrap_or(0),
        };
        let mut bytes = header.encode().to_vec();
        bytes.resize(bytes.len().saturating_add(length.min(300)), 0xab);
        for limit in [0, 2] {
            seeds.push(Seed::new(format!("announces-{length}-limit-{limit}"), framed(33, limit, &bytes)));
        }
    }
    seeds
}
