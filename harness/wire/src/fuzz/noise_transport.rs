//! Records and frames after the handshake (spec section 4.6), with somebody on the line who drops, alters and repeats.

use super::{
    ANSWERS, CodecError, Finding, LENGTHS, Oracle, Ours, Random, Secure, Seed, Target, mutate, show,
};
use crate::Kind;
use crate::frame::{Frame, Header};

/// The target.
pub const TARGET: Target = Target {
    name: "noise_transport",
    about: "records and frames arrive as they were sealed and in their order, or the session is over",
    format: 1,
    max_len: 256,
    oracles: &[ANSWERS, DELIVERY, TAMPER, STICKY, LENGTH, LIMITS, NONCES, FRAMES, BLOCKS],
    run: |data| judge(&mut Ours, data),
    mutate: mutate_input,
    seeds,
};

/// What was sealed is opened.
pub const DELIVERY: Oracle = Oracle {
    name: "delivery",
    about: "a record that arrives unaltered and in its turn is opened, and gives what was sealed",
    clauses: &["SV2-04-012", "SV2-04-014"],
};
/// Anything else is refused.
pub const TAMPER: Oracle = Oracle {
    name: "tamper",
    about: "a record that is altered, cut, lengthened, repeated or out of its turn is refused, and gives no byte",
    clauses: &["SV2-04-022"],
};
/// A refusal is final.
pub const STICKY: Oracle = Oracle {
    name: "sticky",
    about: "after a record was refused nothing is ever opened again in that direction",
    clauses: &["SV2-04-022"],
};
/// A record is its plaintext and a code.
pub const LENGTH: Oracle = Oracle {
    name: "length",
    about: "a record has sixteen bytes more than its plaintext",
    clauses: &["SV2-04-012"],
};
/// Records have a bound.
pub const LIMITS: Oracle = Oracle {
    name: "limits",
    about: "65519 bytes go into one record; one byte more is refused, nothing is written, and the session goes on",
    clauses: &["SV2-04-045"],
};
/// Every record has its own nonce.
pub const NONCES: Oracle = Oracle {
    name: "nonces",
    about: "the n-th record of a direction is the plaintext under its key and nonce n, from 0",
    clauses: &["SV2-04-013", "SV2-04-014"],
};
/// Frames arrive, however the stream is cut.
pub const FRAMES: Oracle = Oracle {
    name: "frames",
    about: "frames of any size arrive over an encrypted stream as they were, however it is cut",
    clauses: &["SV2-04-046", "SV2-04-050"],
};
/// Frames are cut into records.
pub const BLOCKS: Oracle = Oracle {
    name: "blocks",
    about: "a frame takes 22 bytes for its header, its payload, and sixteen bytes for each 65519 of payload begun",
    clauses: &["SV2-04-046", "SV2-04-047", "SV2-04-048", "SV2-04-049"],
};

const MAC: usize = 16;
const MOST: usize = 65519;
/// Operations in one input.
const MOST_OPS: usize = 64;
/// Bytes of payload that an input may have sealed in frames and in records of boundary sizes: they are slow.
const BUDGET: usize = 300_000;

/// One direction of the connection: who seals, who opens, and what ought to be.
struct Way<T> {
    key: [u8; 32],
    from: T,
    to: T,
    sealed: u64,
    opened: u64,
    is_over: bool,
    /// The newest plaintext and its record, which may not have arrived.
    last: (Vec<u8>, Vec<u8>),
}

/// Holds an implementation against every oracle of the target. An input is two bytes for the keys, and operations of
/// three bytes: what happens (bit 7 chooses the direction), and two that say where or how much.
///
/// # Errors
/// The first finding.
pub fn judge<S: Secure>(noise: &mut S, data: &[u8]) -> Result<(), Finding> {
    let [first, second, ops @ ..] = data else { return Ok(()) };
    let keys = [key(*first, 1), key(*second, 2)];
    let Some(mut ways) = directions(noise, keys)? else { return Ok(()) };
    let mut budget = BUDGET;
    for op in ops.chunks_exact(3).take(MOST_OPS) {
        let &[code, a, b] = op else { continue };
        let [one, other] = &mut ways;
        let way = if code & 0x80 == 0 { one } else { other };
        let amount = usize::from(u16::from_be_bytes([a, b]));
        match code & 0x0f {
            0..=2 => deliver(noise, way, amount % 300, |_| {})?,
            3 => deliver(noise, way, amount % 300, |record| flip(record, amount))?,
            4 => drop(seal(noise, way, amount % 300)?),
            5 => repeat(noise, way, amount % 300)?,
            6 => swap(noise, way, amount % 300)?,
            7 => deliver(noise, way, amount % 300, |record| cut(record, amount))?,
            8 => deliver(noise, way, amount % 300, |record| record.push(b))?,
            9 => hand_over(noise, way, &garbage(a, b), None)?,
            10 => {
                let (text, record) = way.last.clone();
                hand_over(noise, way, &record, Some(&text))?;
            }
            11 => limits(noise, way, amount, &mut budget)?,
            12 | 13 => frame(noise, keys, (a, b), &mut budget)?,
            _ => deliver(noise, way, 0, |_| {})?,
        }
    }
    Ok(())
}

fn key(number: u8, purpose: u64) -> [u8; 32] {
    let mut key = [0; 32];
    let mut random = Random::new((u64::from(number) << 8) | purpose);
    for byte in &mut key {
        *byte = random.byte();
    }
    key
}

fn directions<S: Secure>(
    noise: &mut S,
    keys: [[u8; 32]; 2],
) -> Result<Option<[Way<S::Session>; 2]>, Finding> {
    let [one, other] = keys;
    let mut sessions = Vec::new();
    for (ours, theirs) in [(one, other), (other, one), (other, one), (one, other)] {
        match noise.session(ours, theirs) {
            Ok(session) => sessions.push(session),
            Err(CodecError::Unsupported) => return Ok(None),
            Err(error) => return Err(ANSWERS.found(format!("no session: {error}"))),
        }
    }
    let way = |key, from, to| Way {
        key,
        from,
        to,
        sealed: 0,
        opened: 0,
        is_over: false,
        last: (Vec::new(), Vec::new()),
    };
    let Ok([client, server, back, forth]) = <[S::Session; 4]>::try_from(sessions) else { return Ok(None) };
    Ok(Some([way(one, client, server), way(other, back, forth)]))
}

fn plaintext(length: usize, seed: u64) -> Vec<u8> {
    let [fill, ..] = seed.wrapping_mul(37).to_le_bytes();
    vec![fill; length]
}

/// Seals the next record, which has to be what the key and its turn make of the plaintext.
fn seal<S: Secure>(
    noise: &mut S,
    way: &mut Way<S::Session>,
    length: usize,
) -> Result<(Vec<u8>, Vec<u8>), Finding> {
    let text = plaintext(length, way.sealed);
    let mut record = b"before".to_vec();
    match noise.seal(&mut way.from, &text, &mut record) {
        Ok(()) => {}
        Err(CodecError::Broken(how)) => return Err(ANSWERS.found(how)),
        Err(error) => {
            let oracle = if length == MOST { LIMITS } else { DELIVERY };
            return Err(oracle.found(format!("{length} bytes are not sealed: {error}")));
        }
    }
    let Some(record) = record.strip_prefix(b"before").map(<[u8]>::to_vec) else {
        return Err(DELIVERY.found("sealing changed bytes in front of the record"));
    };
    if record.len() != length.saturating_add(MAC) {
        return Err(LENGTH.found(format!("{length} bytes became a record of {}", record.len())));
    }
    if crate::noise::record_of(&way.key, way.sealed, &text).is_some_and(|want| want != record) {
        let (nonce, got) = (way.sealed, show(&record));
        return Err(
            NONCES.found(format!("record {nonce} of {length} bytes is not that of its key and turn: {got}"))
        );
    }
    way.sealed = way.sealed.saturating_add(1);
    way.last = (text.clone(), record.clone());
    Ok((text, record))
}

/// Hands a record over; `want` is the plaintext if it is the newest record unaltered, which has to be opened if its turn has come.
/// Anything else has to be refused.
fn hand_over<S: Secure>(
    noise: &mut S,
    way: &mut Way<S::Session>,
    record: &[u8],
    want: Option<&[u8]>,
) -> Result<(), Finding> {
    let was_over = way.is_over;
    let is_its_turn = way.sealed.checked_sub(1) == Some(way.opened);
    let want = want.filter(|_| !was_over && is_its_turn);
    let mut opened = b"before".to_vec();
    let result = noise.open(&mut way.to, record, &mut opened);
    let given = opened.strip_prefix(b"before");
    let what = || format!("{} bytes, {}", record.len(), show(record));
    match (result, want, given) {
        (Err(CodecError::Broken(how)), ..) => Err(ANSWERS.found(how)),
        (Ok(()), Some(want), Some(given)) if given == want => {
            way.opened = way.opened.saturating_add(1);
            Ok(())
        }
        (Ok(()), Some(want), _) => {
            Err(DELIVERY.found(format!("{}: expected {}, got {}", what(), show(want), show(&opened))))
        }
        (Err(error), Some(_), _) => Err(DELIVERY.found(format!("{}: refused: {error}", what()))),
        (Ok(()), None, _) if was_over => Err(STICKY.found(format!("{}: opened after a refusal", what()))),
        (Ok(()), None, _) => Err(TAMPER.found(format!("{}: opened", what()))),
        (Err(_), None, Some([])) => {
            way.is_over = true;
            Ok(())
        }
        (Err(_), None, _) => {
            Err(TAMPER.found(format!("{}: refused, and bytes came out: {}", what(), show(&opened))))
        }
    }
}

fn deliver<S: Secure>(
    noise: &mut S,
    way: &mut Way<S::Session>,
    length: usize,
    alter: impl FnOnce(&mut Vec<u8>),
) -> Result<(), Finding> {
    let (text, record) = seal(noise, way, length)?;
    let mut altered = record.clone();
    alter(&mut altered);
    let want = (altered == record).then_some(text.as_slice());
    hand_over(noise, way, &altered, want)
}

fn repeat<S: Secure>(noise: &mut S, way: &mut Way<S::Session>, length: usize) -> Result<(), Finding> {
    let (text, record) = seal(noise, way, length)?;
    hand_over(noise, way, &record, Some(&text))?;
    hand_over(noise, way, &record, None)
}

fn swap<S: Secure>(noise: &mut S, way: &mut Way<S::Session>, length: usize) -> Result<(), Finding> {
    let (_, first) = seal(noise, way, length)?;
    let (_, second) = seal(noise, way, length)?;
    hand_over(noise, way, &second, None)?;
    hand_over(noise, way, &first, None)
}

fn garbage(a: u8, b: u8) -> Vec<u8> {
    Random::new(u64::from(b)).bytes(usize::from(a & 0x3f))
}

fn cut(record: &mut Vec<u8>, amount: usize) {
    let length = amount.checked_rem(record.len()).unwrap_or(0);
    record.truncate(length);
}

fn flip(record: &mut [u8], bit: usize) {
    let at = bit.checked_rem(record.len().saturating_mul(8)).unwrap_or(0);
    if let Some(byte) = record.get_mut(at >> 3) {
        *byte ^= 1u8.checked_shl(u32::try_from(at & 7).unwrap_or(0)).unwrap_or(0);
    }
}

fn limits<S: Secure>(
    noise: &mut S,
    way: &mut Way<S::Session>,
    amount: usize,
    budget: &mut usize,
) -> Result<(), Finding> {
    let Some(left) = budget.checked_sub(MOST) else { return Ok(()) };
    *budget = left;
    let length = MOST.saturating_add(1).saturating_add(amount & 0xff);
    let mut out = vec![7];
    match noise.seal(&mut way.from, &plaintext(length, 1), &mut out) {
        Ok(()) => return Err(LIMITS.found(format!("{length} bytes were sealed into one record"))),
        Err(CodecError::Broken(how)) => return Err(ANSWERS.found(how)),
        Err(_) if out != [7] => {
            return Err(LIMITS.found(format!("{length} bytes were refused, and something written")));
        }
        Err(_) => {}
    }
    deliver(noise, way, MOST, |_| {})
}

/// A frame over a session of its own.
fn frame<S: Secure>(
    noise: &mut S,
    keys: [[u8; 32]; 2],
    how: (u8, u8),
    budget: &mut usize,
) -> Result<(), Finding> {
    let (size, cut) = (usize::from(how.0), how.1);
    let boundary = size.checked_sub(0xf0).and_then(|index| LENGTHS.get(index)).copied();
    let length = boundary.unwrap_or(size).min(140_000);
    let Some(left) = budget.checked_sub(length) else { return Ok(()) };
    *budget = left;
    let [ours, theirs] = keys;
    let (Ok(from), Ok(to)) = (noise.session(ours, theirs), noise.session(theirs, ours)) else {
        return Ok(());
    };
    let header = Header {
        kind: Kind { extension_type: 0, msg_type: cut },
        channel_msg: cut & 1 == 1,
        length: u32::try_from(length).unwrap_or(0),
    };
    let frame = Frame { header, payload: plaintext(length, u64::from(cut)) };
    let mut sealed = Vec::new();
    match noise.seal_frame(from, &frame, &mut sealed) {
        Ok(()) => {}
        Err(CodecError::Unsupported) => return Ok(()),
        Err(CodecError::Broken(how)) => return Err(ANSWERS.found(how)),
        Err(error) => return Err(FRAMES.found(format!("a frame of {length} bytes is not sealed: {error}"))),
    }
    let blocks = length.div_ceil(MOST).saturating_mul(MAC);
    let want = Header::LEN.saturating_add(MAC).saturating_add(length).saturating_add(blocks);
    if sealed.len() != want {
        let got = sealed.len();
        return Err(BLOCKS.found(format!("a frame of {length} bytes takes {got}, expected {want}")));
    }
    let pieces = [usize::MAX, 1, 15, 16, 22, 1400, 65519, 65535];
    let most = pieces.get(usize::from(cut & 7)).copied().unwrap_or(usize::MAX);
    // Byte by byte is for small frames.
    let most = if length > 4096 { most.max(1400) } else { most };
    let (frames, end) = match noise.open_frames(to, sealed.chunks(most)) {
        Ok(opened) => opened,
        Err(CodecError::Unsupported) => return Ok(()),
        Err(error) => return Err(ANSWERS.found(error.to_string())),
    };
    match (frames.as_slice(), end.error, end.pending) {
        ([got], None, None | Some(0)) if *got == frame => Ok(()),
        (_, Some(error), _) => {
            Err(FRAMES.found(format!("a frame of {length} bytes in pieces of {most}: {error}")))
        }
        (frames, None, pending) => {
            let got = frames.iter().map(|frame| frame.payload.len()).collect::<Vec<_>>();
            Err(FRAMES.found(format!(
                "a frame of {length} bytes in pieces of {most} became frames of {got:?} bytes, {pending:?} left"
            )))
        }
    }
}

/// Adds, changes or takes away an operation, or edits bytes.
fn mutate_input(data: &mut Vec<u8>, random: &mut Random, max_len: usize) {
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

fn seeds() -> Vec<Seed> {
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
