//! Inputs of `miner_sequence`: a format byte, then events. Ids are small, so that messages are about the same things.

use arbitrary::{Arbitrary, Result, Unstructured};
use sv2_session::Session;
use sv2_wire::frame::{Frame, Header};
use sv2_wire::fuzz::{Random, Seed, mutate_bytes};
use sv2_wire::{
    B0_32, B0_64K, F32, MESSAGES, Message, NewExtendedMiningJob, NewMiningJob, OpenExtendedMiningChannel,
    OpenExtendedMiningChannelSuccess, OpenStandardMiningChannel, OpenStandardMiningChannelSuccess, Opt,
    Seq0_64K, Seq0_255, SetCustomMiningJob, SetCustomMiningJobSuccess, SetExtranoncePrefix, SetGroupChannel,
    SetNewPrevHash, SetTarget, SetupConnection, SetupConnectionSuccess, SubmitSharesError,
    SubmitSharesSuccess, U256, UpdateChannel, UpdateChannelError,
};

/// The first byte of an input. It changes with the layout.
pub(super) const FORMAT: u8 = 1;

/// What happens.
#[derive(Debug)]
pub(super) enum Event {
    Server(Frame),
    Client(Frame),
    Elapse(u32),
    Mine { channel: usize, roll: u8 },
    Submit(usize),
}

/// Kinds of events; the first byte of each says which, modulo their number.
const KINDS: u8 = 24;

/// Reads one event. What is missing is 0.
pub(super) fn event(bytes: &mut Unstructured<'_>, session: &Session) -> Result<Event> {
    let kind = u8::arbitrary(bytes)? % KINDS;
    let message = match kind {
        0..=4 => return mining(kind, bytes),
        5..=7 => return client(kind, bytes, session),
        8..=10 => opened(kind, bytes)?,
        11..=13 => job(kind, bytes)?,
        14..=16 => {
            let (channel_id, job_id) = (id(bytes)?, id(bytes)?);
            let (prev_hash, min_ntime) = (U256::from(u64::from(u8::arbitrary(bytes)?)), id(bytes)?);
            SetNewPrevHash { channel_id, job_id, prev_hash, min_ntime, nbits: 0x1d00_ffff }.into()
        }
        17 => SetTarget { channel_id: id(bytes)?, maximum_target: target(bytes)? }.into(),
        18 => {
            let extranonce_prefix =
                B0_32::new(vec![u8::arbitrary(bytes)?; usize::from(u8::arbitrary(bytes)? % 33)]);
            let extranonce_prefix = extranonce_prefix.unwrap_or_default();
            SetExtranoncePrefix { channel_id: id(bytes)?, extranonce_prefix }.into()
        }
        19 => {
            let channel_ids = Seq0_64K::new(vec![id(bytes)?, id(bytes)?]).unwrap_or_default();
            SetGroupChannel { group_channel_id: id(bytes)?, channel_ids }.into()
        }
        20 => sv2_wire::CloseChannel { channel_id: id(bytes)?, reason_code: "over".into() }.into(),
        21 => verdict(bytes)?,
        22 => {
            SetCustomMiningJobSuccess { channel_id: id(bytes)?, request_id: id(bytes)?, job_id: id(bytes)? }
                .into()
        }
        _ => return raw(bytes),
    };
    frame(&message).map(Event::Server)
}

fn mining(kind: u8, bytes: &mut Unstructured<'_>) -> Result<Event> {
    Ok(match kind {
        0 => Event::Elapse(u16::arbitrary(bytes)?.into()),
        1 | 2 => Event::Mine { channel: usize::from(u8::arbitrary(bytes)?), roll: u8::arbitrary(bytes)? },
        _ => Event::Submit(usize::from(u8::arbitrary(bytes)?)),
    })
}

/// What the miner asks for.
fn client(kind: u8, bytes: &mut Unstructured<'_>, session: &Session) -> Result<Event> {
    let choice = u8::arbitrary(bytes)?;
    let message: Message = match (kind, choice % 4) {
        (5, _) => {
            SetupConnection { min_version: 2, max_version: 2, flags: id(bytes)?, ..Default::default() }.into()
        }
        (6, 0 | 1) => OpenStandardMiningChannel {
            request_id: id(bytes)?,
            nominal_hash_rate: F32(1.0),
            max_target: target(bytes)?,
            ..Default::default()
        }
        .into(),
        (6, _) => OpenExtendedMiningChannel {
            request_id: id(bytes)?,
            nominal_hash_rate: F32(1.0),
            max_target: target(bytes)?,
            ..Default::default()
        }
        .into(),
        (_, 0) => UpdateChannel {
            channel_id: id(bytes)?,
            nominal_hash_rate: F32(1.0),
            maximum_target: target(bytes)?,
        }
        .into(),
        (_, 1) => sv2_wire::CloseChannel { channel_id: id(bytes)?, reason_code: "done".into() }.into(),
        _ => {
            let channel = session.channels().next();
            let prev_hash = channel.and_then(|channel| channel.tip).map_or(U256::ZERO, |tip| tip.prev_hash);
            SetCustomMiningJob {
                channel_id: id(bytes)?,
                request_id: id(bytes)?,
                prev_hash,
                ..Default::default()
            }
            .into()
        }
    };
    frame(&message).map(Event::Client)
}

fn opened(kind: u8, bytes: &mut Unstructured<'_>) -> Result<Message> {
    let (request_id, channel_id, group_channel_id) = (id(bytes)?, id(bytes)?, id(bytes)?);
    let (target, byte) = (target(bytes)?, u8::arbitrary(bytes)?);
    let extranonce_prefix = B0_32::new(vec![byte; usize::from(byte % 9)]).unwrap_or_default();
    Ok(match kind {
        8 => SetupConnectionSuccess { used_version: 2, flags: request_id }.into(),
        9 => OpenStandardMiningChannelSuccess {
            request_id,
            channel_id,
            target,
            extranonce_prefix,
            group_channel_id,
        }
        .into(),
        _ => {
            let extranonce_size = u16::from(u8::arbitrary(bytes)?) % 40;
            OpenExtendedMiningChannelSuccess {
                request_id,
                channel_id,
                target,
                extranonce_size,
                extranonce_prefix,
                group_channel_id,
            }
            .into()
        }
    })
}

fn job(kind: u8, bytes: &mut Unstructured<'_>) -> Result<Message> {
    let (channel_id, job_id, version) = (id(bytes)?, id(bytes)?, 0x2000_0000);
    let min_ntime = Opt(if u8::arbitrary(bytes)? % 2 == 0 { None } else { Some(id(bytes)?) });
    if kind == 11 {
        let merkle_root = U256::from(u64::from(u8::arbitrary(bytes)?));
        return Ok(NewMiningJob { channel_id, job_id, min_ntime, version, merkle_root }.into());
    }
    let (byte, length) = (u8::arbitrary(bytes)?, usize::from(u8::arbitrary(bytes)?));
    // A few inputs are heavy, so that the bounds are met.
    let length = if byte == 0xff { length.saturating_mul(257) } else { length };
    Ok(NewExtendedMiningJob {
        channel_id,
        job_id,
        min_ntime,
        version,
        version_rolling_allowed: byte % 2 == 0,
        merkle_path: Seq0_255::new(vec![U256::from(1); usize::from(byte % 3)]).unwrap_or_default(),
        coinbase_tx_prefix: B0_64K::new(vec![byte; length]).unwrap_or_default(),
        coinbase_tx_suffix: B0_64K::new(vec![byte; length % 50]).unwrap_or_default(),
    }
    .into())
}

fn verdict(bytes: &mut Unstructured<'_>) -> Result<Message> {
    let (channel_id, number, choice) = (id(bytes)?, id(bytes)?, u8::arbitrary(bytes)?);
    Ok(match choice % 3 {
        0 => SubmitSharesSuccess {
            channel_id,
            last_sequence_number: number,
            new_submits_accepted_count: u32::arbitrary(bytes)?,
            new_shares_sum: u64::arbitrary(bytes)?,
        }
        .into(),
        1 => {
            SubmitSharesError { channel_id, sequence_number: number, error_code: "stale-share".into() }.into()
        }
        _ => UpdateChannelError { channel_id, error_code: "no".into() }.into(),
    })
}

/// A frame of any row of the table, or of none, and any payload.
fn raw(bytes: &mut Unstructured<'_>) -> Result<Event> {
    let (row, bits, length) =
        (u8::arbitrary(bytes)?, u8::arbitrary(bytes)?, usize::from(u8::arbitrary(bytes)?));
    let payload = bytes.bytes(length.min(bytes.len()))?.to_vec();
    let spec = MESSAGES.get(usize::from(row) % MESSAGES.len()).ok_or(arbitrary::Error::IncorrectFormat)?;
    let mut kind = spec.kind;
    if bits & 2 != 0 {
        kind.msg_type = bits;
    }
    let length = u32::try_from(payload.len()).unwrap_or_default();
    let frame =
        Frame { header: Header { kind, channel_msg: spec.channel_msg ^ (bits & 4 != 0), length }, payload };
    Ok(if bits & 1 == 0 { Event::Server(frame) } else { Event::Client(frame) })
}

fn frame(message: &Message) -> Result<Frame> {
    Frame::of(message).map_err(|_| arbitrary::Error::IncorrectFormat)
}

/// Small, or the largest.
fn id(bytes: &mut Unstructured<'_>) -> Result<u32> {
    let byte = u8::arbitrary(bytes)?;
    Ok(if byte == 0xff { u32::MAX } else { u32::from(byte % 8) })
}

fn target(bytes: &mut Unstructured<'_>) -> Result<U256> {
    u8::arbitrary(bytes).map(|zeros| crate::fuzz::program::Zeros(zeros % 8).target())
}

/// Changes bytes, or puts in an event.
pub(super) fn mutate(data: &mut Vec<u8>, random: &mut Random, max_len: usize) {
    if data.first() != Some(&FORMAT) {
        data.insert(0, FORMAT);
    }
    if random.one_in(2) {
        let mut rest = data.split_off(1);
        mutate_bytes(&mut rest, random, max_len.saturating_sub(1));
        data.extend(rest);
    } else {
        let at = random.below(data.len()).saturating_add(1).min(data.len());
        let length = random.below(8).saturating_add(1);
        let mut event: Vec<u8> = (0..length).map(|_| random.byte() % 9).collect();
        if let Some(kind) = event.first_mut() {
            *kind = random.byte();
        }
        data.splice(at..at, event);
    }
    data.truncate(max_len);
}

/// Conversations about one standard channel, one extended, a group, a reopening, and what is heavy.
pub(super) fn seeds() -> Vec<Seed> {
    let opened = [5, 0, 0, 8, 0, 0, 0, 0, 0, 6, 0, 1, 0, 9, 1, 2, 1, 0, 4];
    let extended = [6, 2, 2, 0, 10, 2, 3, 1, 1, 4, 8];
    // A future job, its previous hash, mined and sent.
    let standard_job: &[u8] = &[11, 2, 1, 0, 7, 14, 2, 1, 9, 1, 1, 0, 1, 3, 0];
    let group_job: &[u8] = &[12, 1, 2, 0, 10, 60, 14, 1, 2, 8, 1, 1, 1, 2, 1, 0, 2, 3, 0, 3, 0];
    let later: &[u8] = &[11, 2, 3, 1, 1, 8, 1, 0, 5, 17, 2, 3, 3, 0, 1, 0, 6, 14, 2, 5, 7, 2, 3, 0];
    let closed: &[u8] = &[1, 0, 9, 20, 2, 3, 0, 20, 1, 3, 0];
    let heavy: Vec<u8> = (0..8).flat_map(|job| [12, 3, job, 1, 1, 0xff, 250]).collect();
    let all = [
        ("standard", vec![standard_job, later]),
        ("group", vec![&extended, group_job, later]),
        ("closed", vec![&extended, standard_job, group_job, closed]),
        ("heavy", vec![&extended, &[14, 3, 0, 9, 1], heavy.as_slice(), &[1, 1, 0, 3, 0]]),
        ("custom", vec![&extended, group_job, &[7, 2, 3, 1, 22, 3, 1, 6, 1, 1, 1, 3, 0]]),
        ("verdicts", vec![standard_job, &[21, 2, 0, 0, 1, 0, 0, 0, 21, 2, 0, 1, 21, 2, 0, 2]]),
        (
            "regrouped",
            vec![&extended, group_job, &[19, 2, 3, 5, 12, 5, 6, 0, 2, 30, 14, 5, 6, 1, 1, 1, 0, 1, 3, 0]],
        ),
        (
            "prefix",
            vec![&extended, group_job, &[1, 1, 7, 18, 3, 4, 2, 3, 0, 12, 3, 7, 1, 1, 4, 9, 1, 1, 2, 3, 0]],
        ),
        ("raw", vec![&[23, 20, 0, 4, 1, 2, 3, 4, 23, 3, 2, 0, 23, 30, 1, 3, 9, 9, 9]]),
        ("idle", vec![&[0, 16, 14, 0, 0, 1, 1, 0, 1, 3, 0]]),
    ];
    let bytes = |parts: Vec<&[u8]>| [&[FORMAT][..], &opened, &parts.concat()].concat();
    all.into_iter().map(|(name, parts)| Seed::new(name, bytes(parts))).collect()
}
