//! Records and frames after the handshake (spec section 4.6), with somebody on the line who drops, alters and repeats.

mod input;

pub use input::{Input, Op};

use super::{ANSWERS, CodecError, Finding, Oracle, Ours, Random, Secure, Target, show};
use crate::frame::Header;

/// The target.
pub const TARGET: Target = Target {
    name: "noise_transport",
    about: "records and frames arrive as they were sealed and in their order, or the session is over",
    format: 1,
    max_len: 256,
    oracles: &[ANSWERS, DELIVERY, TAMPER, STICKY, LENGTH, LIMITS, NONCES, FRAMES, BLOCKS],
    run: |data| judge(&mut Ours, data),
    mutate: input::mutate_input,
    seeds: input::seeds,
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

/// Holds an implementation against every oracle of the target.
///
/// # Errors
/// The first finding.
pub fn judge<S: Secure>(noise: &mut S, data: &[u8]) -> Result<(), Finding> {
    let Some(input) = Input::of(data) else { return Ok(()) };
    let [first, second] = input.keys;
    let keys = [key(first, 1), key(second, 2)];
    let Some(mut ways) = directions(noise, keys)? else { return Ok(()) };
    let mut budget = BUDGET;
    for op in input.ops() {
        let [one, other] = &mut ways;
        let way = if op.is_back { other } else { one };
        let (amount, small) = (op.amount(), op.small_len());
        match op.code {
            0..=2 => deliver(noise, way, small, |_| {})?,
            3 => deliver(noise, way, small, |record| op.flip(record))?,
            4 => drop(seal(noise, way, small)?),
            5 => repeat(noise, way, small)?,
            6 => swap(noise, way, small)?,
            7 => deliver(noise, way, small, |record| op.cut(record))?,
            8 => deliver(noise, way, small, |record| record.push(op.b))?,
            9 => hand_over(noise, way, &op.garbage(), None)?,
            10 => {
                let (text, record) = way.last.clone();
                hand_over(noise, way, &record, Some(&text))?;
            }
            11 => limits(noise, way, amount, &mut budget)?,
            12 | 13 => frame(noise, keys, op, &mut budget)?,
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
fn frame<S: Secure>(noise: &mut S, keys: [[u8; 32]; 2], op: Op, budget: &mut usize) -> Result<(), Finding> {
    let length = op.frame_len();
    let Some(left) = budget.checked_sub(length) else { return Ok(()) };
    *budget = left;
    let [ours, theirs] = keys;
    let (Ok(from), Ok(to)) = (noise.session(ours, theirs), noise.session(theirs, ours)) else {
        return Ok(());
    };
    let frame = op.frame(length);
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
    let most = op.piece_len(length);
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
