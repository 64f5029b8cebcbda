//! Custom jobs: work that the miner chose (spec sections 5.1.4 and 5.3.18 to 5.3.20).
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use crate::job::Work;
use crate::service::Now;
use crate::share::{MAX_FUTURE, ROLLABLE_VERSION_BITS};
use crate::template::{Template, Tip};
use bitcoin::consensus::{Decodable, encode::VarInt};
use bitcoin::hashes::Hash;
use bitcoin::{Amount, Script, ScriptBuf, Sequence, TxMerkleNode, TxOut, absolute, block, transaction};
use std::collections::BTreeSet;
use std::sync::Arc;
use sv2_wire::SetCustomMiningJob;

/// Longest `coinbase_prefix`: "Up to 8 bytes (not including the length byte)" (spec section 5.3.18).
pub const MAX_COINBASE_PREFIX: usize = 8;

/// That the pool takes custom jobs, and for whom. There is no job declarator beside the pool: whoever configures it hands
/// the tokens out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomJobs {
    /// `mining_job_token`s, each good for one job.
    pub tokens: BTreeSet<Vec<u8>>,
}

/// Why a custom job is refused, in the order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CustomError {
    /// The pool takes none, or the client did not say at set-up that it would send some.
    NotOffered,
    /// No extended channel and no group with one.
    Channel,
    Token,
    PrevHash,
    Nbits,
    MinNtime,
    Version,
    CoinbasePrefix,
    Outputs,
    LockTime,
}

impl CustomError {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::NotOffered => "jd-not-supported",
            Self::Channel => "invalid-channel-id",
            Self::Token => "invalid-mining-job-token",
            Self::PrevHash => "stale-chain-tip",
            Self::Nbits => "invalid-job-param-value-nbits",
            Self::MinNtime => "invalid-job-param-value-min_ntime",
            Self::Version => "invalid-job-param-value-version",
            Self::CoinbasePrefix => "invalid-job-param-value-coinbase_prefix",
            Self::Outputs => "invalid-job-param-value-coinbase_tx_outputs",
            Self::LockTime => "invalid-job-param-value-coinbase_tx_locktime",
        }
    }
}

/// Decisions on custom jobs that a fault can get wrong.
pub trait CustomRules: Send {
    /// "Value from the request MUST be provided by upstream in the response message" (spec sections 5.3.19 and 5.3.20).
    fn request_id(&mut self, right: u32) -> u32 {
        right
    }

    /// Whether the request is answered at all (AMB-148).
    fn is_answered(&mut self, right: bool) -> bool {
        right
    }

    /// "`SetupConnection.flags` MUST contain `REQUIRES_WORK_SELECTION` flag" (spec section 5.3.18).
    fn is_announced(&mut self, right: bool) -> bool {
        right
    }

    /// "Can be sent only on extended or group channel. If the group channel contains standard channels, the server MUST
    /// ignore those" (spec section 5.3.18): whether this channel takes the job.
    fn takes_channel(&mut self, right: bool) -> bool {
        right
    }

    /// Whether the token is one that was given out, and unused.
    fn is_token_known(&mut self, right: bool) -> bool {
        right
    }

    /// The job's id, which no valid job on the channel has (spec section 5.3.15).
    fn job_id(&mut self, right: u32) -> u32 {
        right
    }

    /// The smallest ntime of the job's shares: that of the request (spec section 5.3.18); `of_tip` is that of the last
    /// SetNewPrevHash.
    fn min_ntime(&mut self, right: u32, _of_tip: u32) -> u32 {
        right
    }

    /// The longest `coinbase_prefix` that is taken: "Up to 8 bytes" (spec section 5.3.18).
    fn longest_coinbase_prefix(&mut self, right: usize) -> usize {
        right
    }

    /// What the coinbase script begins with: `coinbase_prefix` of the request (spec section 5.3.18).
    fn coinbase_prefix(&mut self, right: Vec<u8>) -> Vec<u8> {
        right
    }
}

/// Decides on the fields of a request and makes the work of them. `tip` is the pool's own work, `payout` the script that
/// has to be paid, `longest_prefix` the most bytes of a `coinbase_prefix`.
pub(crate) fn work(
    request: &SetCustomMiningJob,
    script_head: Vec<u8>,
    tip: &Work,
    payout: &Script,
    longest_prefix: usize,
    now: Now,
) -> Result<Work, CustomError> {
    let Template { tip: Tip { height, prev_hash, min_ntime, nbits }, .. } = *tip.template;
    if request.prev_hash.to_le_bytes() != prev_hash.to_byte_array() {
        return Err(CustomError::PrevHash);
    }
    if request.nbits != nbits.to_consensus() {
        return Err(CustomError::Nbits);
    }
    let latest = u64::from(now.unix).saturating_add(MAX_FUTURE);
    if request.min_ntime < min_ntime || u64::from(request.min_ntime) > latest {
        return Err(CustomError::MinNtime);
    }
    let rollable = if tip.version_rolling { ROLLABLE_VERSION_BITS } else { 0 };
    if (request.version ^ tip.version()) & !rollable != 0 {
        return Err(CustomError::Version);
    }
    if request.coinbase_prefix.as_slice().len() > longest_prefix {
        return Err(CustomError::CoinbasePrefix);
    }
    let outputs = outputs(request.coinbase_tx_outputs.as_slice()).ok_or(CustomError::Outputs)?;
    if !pays(&outputs, payout) {
        return Err(CustomError::Outputs);
    }
    let lock_time = absolute::LockTime::from_consensus(request.coinbase_tx_locktime);
    let sequence = Sequence::from_consensus(request.coinbase_tx_input_n_sequence);
    if sequence != Sequence::MAX && !is_final(lock_time, height, min_ntime) {
        return Err(CustomError::LockTime);
    }
    let path = request.merkle_path.as_slice().iter();
    let template = Template {
        id: tip.template.id,
        tip: tip.template.tip,
        version: block::Version::from_consensus(request.version.cast_signed()),
        coinbase_version: transaction::Version(request.coinbase_tx_version.cast_signed()),
        coinbase_prefix: ScriptBuf::from(request.coinbase_prefix.as_slice().to_vec()),
        sequence,
        value: Amount::ZERO,
        outputs,
        lock_time,
        transactions: Arc::default(),
        merkle_path: path.map(|node| TxMerkleNode::from_byte_array(node.to_le_bytes())).collect(),
    };
    let work = Work::custom(Arc::new(template), script_head, tip.version_rolling);
    work.map_err(|_| CustomError::Outputs)
}

/// "CompactSize-prefixed array of consensus-serialised outputs" (spec section 5.3.18), nothing behind it.
fn outputs(bytes: &[u8]) -> Option<Vec<TxOut>> {
    let mut rest = bytes;
    let VarInt(count) = VarInt::consensus_decode(&mut rest).ok()?;
    let mut outputs = Vec::new();
    for _ in 0..count {
        let value = Amount::consensus_decode(&mut rest).ok()?;
        let VarInt(length) = VarInt::consensus_decode(&mut rest).ok()?;
        // Checked here, because the decoder would make room for what is only announced.
        let (script, behind) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        rest = behind;
        outputs.push(TxOut { value, script_pubkey: ScriptBuf::from(script.to_vec()) });
    }
    rest.is_empty().then_some(outputs)
}

/// "JDC MUST allocate sats into the pool payout output in order to qualify for pooled mining rewards. JDS and Pool SHOULD
/// reject custom jobs that fail to do so" (spec section 6.4.3). It may add others, with a value or without.
fn pays(outputs: &[TxOut], payout: &Script) -> bool {
    let total = outputs.iter().try_fold(Amount::ZERO, |sum, output| sum.checked_add(output.value));
    total.is_some_and(|total| total <= Amount::MAX_MONEY)
        && outputs.iter().any(|output| output.value > Amount::ZERO && *output.script_pubkey == *payout)
}

fn is_final(lock_time: absolute::LockTime, height: u32, min_ntime: u32) -> bool {
    match lock_time {
        absolute::LockTime::Blocks(blocks) => {
            lock_time == absolute::LockTime::ZERO || blocks.to_consensus_u32() < height
        }
        absolute::LockTime::Seconds(time) => time.to_consensus_u32() < min_ntime,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(value: u64, script: &[u8]) -> TxOut {
        TxOut { value: Amount::from_sat(value), script_pubkey: ScriptBuf::from(script.to_vec()) }
    }

    #[test]
    fn outputs_are_read_whole_or_not_at_all() {
        let two = vec![output(5, &[0x51]), output(0, &[0x6a; 300])];
        let bytes = bitcoin::consensus::serialize(&two);
        assert_eq!(outputs(&bytes), Some(two));
        for end in 0..bytes.len() {
            assert_eq!(outputs(bytes.get(..end).unwrap()), None, "{end}");
        }
        assert_eq!(outputs(&[bytes, vec![0]].concat()), None, "a byte behind the last");
        assert_eq!(outputs(&[0]), Some(vec![]));
        // Announces 2^64 - 1 outputs, and one of 2^64 - 1 bytes.
        assert_eq!(outputs(&[0xff; 9]), None);
        assert_eq!(outputs(&[&[1][..], &[0; 8], &[0xff; 9]].concat()), None);
    }

    #[test]
    fn the_pool_is_paid_or_the_job_is_refused() {
        let ours = ScriptBuf::from(vec![0x51]);
        let is_paid = |outputs: &[TxOut]| pays(outputs, &ours);
        assert!(is_paid(&[output(1, &[0x51])]));
        assert!(is_paid(&[output(0, &[0x6a]), output(9, &[0x52]), output(1, &[0x51])]));
        assert!(!is_paid(&[]) && !is_paid(&[output(0, &[0x51])]) && !is_paid(&[output(9, &[0x52])]));
        assert!(!is_paid(&[output(u64::MAX, &[0x51]), output(1, &[0x51])]), "more than 64 bits");
        assert!(!is_paid(&[output(2_100_000_000_000_001, &[0x51])]), "more than there is");
    }

    #[test]
    fn a_lock_time_binds_from_the_block_after_it() {
        let is =
            |lock_time, height, time| is_final(absolute::LockTime::from_consensus(lock_time), height, time);
        assert!(is(0, 0, 0) && is(9, 10, 0) && !is(10, 10, u32::MAX));
        assert!(is(500_000_000, 0, 500_000_001) && !is(500_000_000, u32::MAX, 500_000_000));
    }
}
