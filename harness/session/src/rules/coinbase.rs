//! The rule about the coinbase transaction that an extended job is made of.

use super::{Clauses, Rule, Say, Seen};
use crate::channel::Channel;
use sv2_wire::{Message, NewExtendedMiningJob, Reader};

/// Prefix, extranonce and suffix form one transaction without the fields of BIP141 (3.7.1, 5.3.16), with a single input that
/// spends nothing and at least one output (5.3.16), whose script length counts the whole extranonce of every channel that the
/// job is for (5.1.2.1).
pub(super) struct Parts;

impl Rule for Parts {
    fn after(&mut self, seen: &Seen<'_>, say: &mut Say<'_>) {
        let Some(Message::NewExtendedMiningJob(job)) = seen.message() else { return };
        let channels = seen.addressed(job.channel_id);
        if channels.is_empty() {
            return;
        }
        for channel in channels {
            if let Err((clauses, came)) = judge(job, channel) {
                return say.breach(clauses, format!("{came}, for channel {}", channel.id));
            }
        }
        say.kept(&["SV2-03-095", "SV2-05-135", "SV2-05-137", "SV2-05-008"]);
    }
}

type Fault = (Clauses, String);

const STRIPPED: Clauses = &["SV2-03-095", "SV2-05-135"];
const LENGTH: Clauses = &["SV2-05-008"];
const FORM: Clauses = &["SV2-05-137"];

fn judge(job: &NewExtendedMiningJob, channel: &Channel) -> Result<(), Fault> {
    let (prefix, suffix) = (job.coinbase_tx_prefix.as_slice(), job.coinbase_tx_suffix.as_slice());
    let extranonce = vec![0; usize::from(channel.kind.extranonce_size())];
    let bytes = [prefix, &channel.extranonce_prefix, &extranonce, suffix].concat();
    let end_of_extranonce = bytes.len().saturating_sub(suffix.len());
    let mut reader = Reader::new(&bytes);
    let _version: [u8; 4] = reader.array().map_err(|_| (FORM, "a coinbase without a version".to_owned()))?;
    if reader.rest().starts_with(&[0, 1]) {
        return Err((STRIPPED, "marker and flag of BIP141 behind the version".to_owned()));
    }
    let (script_start, script_len) = input(&mut reader)?;
    let script_end = script_start.saturating_add(script_len);
    if prefix.len() < script_start || end_of_extranonce > script_end {
        return Err((LENGTH, format!("{script_len} bytes of input script, and the extranonce lies outside")));
    }
    if !(2..=100).contains(&script_len) {
        return Err((LENGTH, format!("{script_len} bytes of input script")));
    }
    outputs(&mut reader)?;
    match reader.rest().len() {
        0 => Ok(()),
        count => Err((STRIPPED, format!("{count} bytes behind the coinbase transaction"))),
    }
}

/// The single input of a coinbase. Gives where its script begins, and its length.
fn input(reader: &mut Reader<'_>) -> Result<(usize, usize), Fault> {
    let short = |_| (FORM, "a coinbase that ends within its input".to_owned());
    match compact_size(reader).ok_or_else(|| (FORM, "a coinbase that ends before its input".to_owned()))? {
        1 => {}
        count => return Err((FORM, format!("{count} inputs"))),
    }
    let outpoint = reader.take(36).map_err(short)?;
    let (hash, index) = outpoint.split_at_checked(32).unwrap_or_default();
    if hash.iter().any(|byte| *byte != 0) || index != [0xff; 4] {
        return Err((FORM, "an input that spends something".to_owned()));
    }
    let length = compact_size(reader).ok_or_else(|| (FORM, "an input without a script".to_owned()))?;
    let start = reader.offset();
    let script = usize::try_from(length).ok().and_then(|length| reader.take(length).ok());
    let script =
        script.ok_or_else(|| (LENGTH, format!("a script of {length} bytes, which are not there")))?;
    let _sequence = reader.take(4).map_err(|_| (LENGTH, "a script that takes up all the rest".to_owned()))?;
    Ok((start, script.len()))
}

/// Outputs and lock time.
fn outputs(reader: &mut Reader<'_>) -> Result<(), Fault> {
    let misplaced = || (LENGTH, "no outputs where the input ends: its script length is wrong".to_owned());
    match compact_size(reader).ok_or_else(misplaced)? {
        0 => return Err((FORM, "no outputs".to_owned())),
        count => {
            // Each turn takes bytes off, so that the count alone costs nothing.
            for _ in 0..count {
                reader.take(8).map_err(|_| misplaced())?;
                let length = compact_size(reader).and_then(|length| usize::try_from(length).ok());
                reader.take(length.ok_or_else(misplaced)?).map_err(|_| misplaced())?;
            }
        }
    }
    reader.take(4).map(|_| ()).map_err(|_| misplaced())
}

/// Bitcoin's variable-length integer.
fn compact_size(reader: &mut Reader<'_>) -> Option<u64> {
    let [first] = reader.array().ok()?;
    match first {
        0xfd => reader.array().ok().map(|bytes| u16::from_le_bytes(bytes).into()),
        0xfe => reader.array().ok().map(|bytes| u32::from_le_bytes(bytes).into()),
        0xff => reader.array().ok().map(u64::from_le_bytes),
        small => Some(small.into()),
    }
}
