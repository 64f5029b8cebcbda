//! Shares: are they good, have they been seen, and when are they acknowledged (spec sections 5.3.11 to 5.3.14).
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use crate::extranonce::FULL_LEN;
use crate::faults::Rules;
use crate::job::{Found, Job, Jobs};
use crate::pool::PoolConfig;
use crate::target::Difficulty;
use bitcoin::{BlockHash, Target, TxMerkleNode, block};
use std::collections::HashSet;
use std::time::Duration;
use sv2_wire::{SubmitSharesExtended, SubmitSharesStandard, SubmitSharesSuccess};

/// Header version bits that may be rolled (BIP323).
pub(crate) const ROLLABLE_VERSION_BITS: u32 = 0x1fff_ffe0;

/// How far beyond the time on the wire an ntime may lie: MAX_FUTURE_BLOCK_TIME of Bitcoin, in seconds.
pub(crate) const MAX_FUTURE: u64 = 7200;

/// Why a share is refused, in the order of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ShareError {
    Tlv,
    UserIdentity,
    ChannelId,
    JobId,
    Stale,
    ExtranonceSize,
    VersionRolling,
    VersionBit,
    Time,
    Difficulty,
    Duplicate,
}

impl ShareError {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Tlv => "malformed-tlv",
            Self::UserIdentity => "invalid-user-identity",
            Self::ChannelId => "invalid-channel-id",
            Self::JobId => "invalid-job-id",
            Self::Stale => "stale-share",
            Self::ExtranonceSize => "bad-extranonce-size",
            Self::VersionRolling => "version-rolling-not-allowed",
            Self::VersionBit => "invalid-non-rollable-version-bit",
            Self::Time => "invalid-share",
            Self::Difficulty => "difficulty-too-low",
            Self::Duplicate => "duplicate-share",
        }
    }
}

/// A share of either kind; of a standard channel the extranonce is empty.
#[derive(Debug)]
pub(crate) struct Submit<'a> {
    pub(crate) channel_id: u32,
    pub(crate) sequence_number: u32,
    pub(crate) job_id: u32,
    pub(crate) nonce: u32,
    pub(crate) ntime: u32,
    pub(crate) version: u32,
    pub(crate) extranonce: &'a [u8],
}

impl From<&SubmitSharesStandard> for Submit<'static> {
    fn from(share: &SubmitSharesStandard) -> Self {
        Self {
            channel_id: share.channel_id,
            sequence_number: share.sequence_number,
            job_id: share.job_id,
            nonce: share.nonce,
            ntime: share.ntime,
            version: share.version,
            extranonce: &[],
        }
    }
}

impl<'a> From<&'a SubmitSharesExtended> for Submit<'a> {
    fn from(share: &'a SubmitSharesExtended) -> Self {
        Self {
            channel_id: share.channel_id,
            sequence_number: share.sequence_number,
            job_id: share.job_id,
            nonce: share.nonce,
            ntime: share.ntime,
            version: share.version,
            extranonce: share.extranonce.as_slice(),
        }
    }
}

/// A share that was hashed.
#[derive(Debug)]
pub(crate) struct Judged<'a> {
    pub(crate) job: &'a Job,
    pub(crate) header: block::Header,
    pub(crate) hash: BlockHash,
    /// The hash meets the target of the network, whatever becomes of the share.
    pub(crate) is_block: bool,
    /// The job's target, if the hash is at or below it and is new.
    pub(crate) credit: Result<Target, ShareError>,
}

/// Decisions on shares that a fault can get wrong.
pub trait ShareRules: Send {
    /// "only the job referenced by Job ID is valid" after a SetNewPrevHash (spec section 5.3.17).
    fn is_stale(&mut self, right: bool) -> bool {
        right
    }

    /// Whether a job that was given out is known, custom jobs included: the miner "can start submitting shares for this job
    /// immediately" (spec section 5.3.19).
    fn is_known(&mut self, right: bool, _is_custom: bool) -> bool {
        right
    }

    /// The id of the channel that a share is for; `open` are those of the connection.
    fn channel(&mut self, right: u32, _open: &[u32]) -> u32 {
        right
    }

    /// The job that a share is for, by its id; `newest` is the latest of its channel.
    fn job_id(&mut self, right: u32, _newest: Option<u32>) -> u32 {
        right
    }

    /// Whether the connection goes on behind SubmitShares.Error (spec section 5.3.14).
    fn survives_error(&mut self, right: bool) -> bool {
        right
    }

    /// "Full nVersion field" (spec section 5.3.11); `of_job` is that of the job.
    fn version(&mut self, right: u32, _of_job: u32) -> u32 {
        right
    }

    /// Whether the ntime lies before the job's `min_ntime` (spec section 5.3.11).
    fn is_too_early(&mut self, right: bool) -> bool {
        right
    }

    /// Whether the ntime lies beyond what is allowed by now (spec section 5.3.11); `rolled` are the seconds from the smallest
    /// one to it.
    fn is_too_late(&mut self, right: bool, _rolled: u64) -> bool {
        right
    }

    /// The target that a share is held against: that of its job (spec section 5.3.21).
    fn target(&mut self, right: Target) -> Target {
        right
    }

    /// Whether the version is one that the job does not allow (spec sections 5.3.1 and 5.3.16); `changed` are the bits in
    /// which it differs from the job's.
    fn is_version_wrong(&mut self, right: bool, _changed: u32) -> bool {
        right
    }

    /// Whether the extranonce cannot be this one. "The size of the provided extranonce MUST be equal to the negotiated
    /// extranonce size" (spec section 5.3.12); any of that size will do.
    fn is_extranonce_wrong(&mut self, right: bool, _extranonce: &[u8]) -> bool {
        right
    }

    /// Whether the message is the one for its channel: SubmitSharesExtended is "only relevant for extended channels" (spec
    /// section 5.3.12), SubmitSharesStandard for standard ones.
    fn fits_channel(&mut self, right: bool) -> bool {
        right
    }

    /// Whether the prefix stands in front of the miner's extranonce in the coinbase (spec section 5.3.12).
    fn is_prefix_first(&mut self, right: bool) -> bool {
        right
    }

    /// The root of a share's header, over a path of so many nodes (spec section 5.3.16).
    fn merkle_root(&mut self, right: TxMerkleNode, _path: usize) -> TxMerkleNode {
        right
    }

    /// The previous block of a share's header. A job that is active at once builds on the one of the last SetNewPrevHash
    /// (spec section 5.3.15).
    fn prev_hash(&mut self, right: BlockHash, _is_immediate: bool) -> BlockHash {
        right
    }

    /// Whether credited work is forgotten: with a new block, when headers cannot be the same again, and not before.
    fn forgets(&mut self, right: bool) -> bool {
        right
    }

    /// "All submits leading to hashes higher than the specified target will be rejected" (spec section 5.3.21).
    fn is_above_target(&mut self, right: bool) -> bool {
        right
    }

    /// Work that was credited is not credited again (AMB-43), blocks included.
    fn is_duplicate(&mut self, right: bool, _is_block: bool) -> bool {
        right
    }
}

/// Decisions on acknowledgements that a fault can get wrong.
pub trait AckRules: Send {
    /// `new_submits_accepted_count`: "their respective counters MUST be reset when a new batch starts being processed"
    /// (spec section 5.3.13). `since_opening` counts all batches of the channel.
    fn accepted_count(&mut self, right: u32, _since_opening: u32) -> u32 {
        right
    }

    /// `new_shares_sum`: "Sum of difficulty of shares acknowledged within this batch" (spec section 5.3.13). `count` are
    /// its shares, and `since_opening` the sum of all batches of the channel.
    fn shares_sum(&mut self, right: u64, _count: u32, _since_opening: u64) -> u64 {
        right
    }

    /// The target by which an accepted share is worth something: that of its job; `latest` is the channel's (spec sections
    /// 5.3.13 and 5.3.21).
    fn worth(&mut self, right: Target, _latest: Target) -> Target {
        right
    }
}

/// Decides on a share of an open channel. The order: job, staleness, extranonce size, version bits, ntime, target,
/// duplicate. Only accepted work is remembered, so the target comes before the duplicate.
pub(crate) fn judge<'a>(
    jobs: &'a Jobs,
    submit: &Submit<'_>,
    tip_age: Duration,
    seen: &Seen,
    rules: &mut Rules,
) -> Result<Judged<'a>, ShareError> {
    let job_id = rules.share(submit.job_id, |rules, right| rules.job_id(right, jobs.newest()));
    let (job, is_stale) = match jobs.find(job_id) {
        Found::Active(job) => (job, false),
        Found::Retired(job) => (job, true),
        Found::Unknown => return Err(ShareError::JobId),
    };
    if !rules.share(true, |rules, right| rules.is_known(right, job.work.is_custom)) {
        return Err(ShareError::JobId);
    }
    if rules.share(is_stale, |rules, right| rules.is_stale(right)) {
        return Err(ShareError::Stale);
    }
    let is_wrong = job.prefix.len().saturating_add(submit.extranonce.len()) != FULL_LEN;
    if rules.share(is_wrong, |rules, right| rules.is_extranonce_wrong(right, submit.extranonce)) {
        return Err(ShareError::ExtranonceSize);
    }
    let template = &job.work.template;
    let of_job = job.work.version();
    let version = rules.share(submit.version, |rules, right| rules.version(right, of_job));
    let changed = version ^ of_job;
    let rollable = if job.work.version_rolling { ROLLABLE_VERSION_BITS } else { 0 };
    if rules.share(changed & !rollable != 0, |rules, right| rules.is_version_wrong(right, changed)) {
        let rolling =
            if job.work.version_rolling { ShareError::VersionBit } else { ShareError::VersionRolling };
        return Err(rolling);
    }
    let latest =
        u64::from(template.tip.min_ntime).saturating_add(tip_age.as_secs()).saturating_add(MAX_FUTURE);
    let rolled = u64::from(submit.ntime.saturating_sub(job.starts.min_ntime));
    if rules.share(submit.ntime < job.starts.min_ntime, |rules, right| rules.is_too_early(right))
        || rules.share(u64::from(submit.ntime) > latest, |rules, right| rules.is_too_late(right, rolled))
    {
        return Err(ShareError::Time);
    }
    let header = block::Header {
        version: block::Version::from_consensus(version.cast_signed()),
        prev_blockhash: rules
            .share(template.tip.prev_hash, |rules, right| rules.prev_hash(right, job.starts.is_immediate)),
        merkle_root: root(job, submit.extranonce, rules),
        time: submit.ntime,
        bits: template.tip.nbits,
        nonce: submit.nonce,
    };
    let hash = header.block_hash();
    let target = rules.share(job.target, |rules, right| rules.target(right));
    let is_above = !target.is_met_by(hash);
    let is_block = template.tip.target().is_met_by(hash);
    let is_known = seen.accepted.contains(&hash);
    let credit = match () {
        () if rules.share(is_above, |rules, right| rules.is_above_target(right)) => {
            Err(ShareError::Difficulty)
        }
        () if rules.share(is_known, |rules, right| rules.is_duplicate(right, is_block)) => {
            Err(ShareError::Duplicate)
        }
        () => Ok(job.target),
    };
    Ok(Judged { job, header, hash, is_block, credit })
}

/// The root of a share: "full coinbase = coinbase_tx_prefix + extranonce_prefix + extranonce + coinbase_tx_suffix" (spec
/// section 5.3.12).
fn root(job: &Job, extranonce: &[u8], rules: &mut Rules) -> TxMerkleNode {
    let root = job.fixed_root.unwrap_or_else(|| {
        match rules.share(true, |rules, right| rules.is_prefix_first(right)) {
            true => job.work.merkle_root(&job.prefix, extranonce),
            false => job.work.merkle_root(extranonce, &job.prefix),
        }
    });
    rules.share(root, |rules, right| rules.merkle_root(right, job.work.merkle_path.as_slice().len()))
}

/// Headers that count no second time on the present tip.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    accepted: HashSet<BlockHash>,
    published: HashSet<BlockHash>,
}

impl Seen {
    pub(crate) fn len(&self) -> usize {
        self.accepted.len().saturating_add(self.published.len())
    }

    /// Remembers accepted work.
    pub(crate) fn accept(&mut self, hash: BlockHash) {
        self.accepted.insert(hash);
    }

    /// Remembers a block; false if it was known.
    pub(crate) fn publish(&mut self, hash: BlockHash) -> bool {
        self.published.insert(hash)
    }

    /// Forgets everything: headers on another tip differ from all before.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// Accepted shares of a channel that have not been acknowledged yet.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    count: u32,
    last_sequence_number: u32,
    /// Shares of all batches.
    since_opening: u32,
    /// Their difficulties.
    sum_since_opening: Difficulty,
    /// Shares by target, so that their difficulties are summed without rounding each.
    at: Vec<(Target, u32)>,
}

impl Batch {
    /// Adds a share and decides whether to acknowledge now: when the batch is full, or `at_once`.
    pub(crate) fn add(
        &mut self,
        submit: &Submit<'_>,
        target: Target,
        config: &PoolConfig,
        at_once: bool,
        rules: &mut Rules,
    ) -> Option<SubmitSharesSuccess> {
        self.count = self.count.saturating_add(1);
        self.last_sequence_number = submit.sequence_number;
        match self.at.iter_mut().find(|(of, _)| *of == target) {
            Some((_, count)) => *count = count.saturating_add(1),
            None => self.at.push((target, 1)),
        }
        if self.count < config.ack_batch && !at_once {
            return None;
        }
        self.flush(submit.channel_id, config.difficulty_one, rules)
    }

    /// Acknowledges what there is. "their respective counters MUST be reset when a new batch starts being processed"
    /// (spec section 5.3.13). `unit` is the target of difficulty 1.
    pub(crate) fn flush(
        &mut self,
        channel_id: u32,
        unit: Target,
        rules: &mut Rules,
    ) -> Option<SubmitSharesSuccess> {
        let (count, at) = (std::mem::take(&mut self.count), std::mem::take(&mut self.at));
        if count == 0 {
            return None;
        }
        self.since_opening = self.since_opening.saturating_add(count);
        let sum = at
            .iter()
            .fold(Difficulty::default(), |sum, (of, count)| sum.plus(Difficulty::of(*count, *of, unit)));
        self.sum_since_opening = self.sum_since_opening.plus(sum);
        let sum = rules.ack(sum.truncated(), |rules, right| {
            rules.shares_sum(right, count, self.sum_since_opening.truncated())
        });
        let count = rules.ack(count, |rules, right| rules.accepted_count(right, self.since_opening));
        Some(SubmitSharesSuccess {
            channel_id,
            last_sequence_number: self.last_sequence_number,
            new_submits_accepted_count: count,
            new_shares_sum: sum,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bitcoin::CompactTarget;

    #[test]
    fn a_batch_counts_and_starts_anew() {
        let submit = |sequence_number| Submit {
            channel_id: 2,
            sequence_number,
            job_id: 1,
            nonce: 0,
            ntime: 0,
            version: 0,
            extranonce: &[],
        };
        let one = Target::from_compact(CompactTarget::from_consensus(0x1d00_ffff));
        let half = Target::from_compact(CompactTarget::from_consensus(0x1d01_fffe));
        let (mut batch, mut rules) = (Batch::default(), Rules::default());
        let of = |ack_batch| PoolConfig { ack_batch, ..PoolConfig::default() };
        assert_eq!(batch.add(&submit(1), half, &of(4), false, &mut rules), None);
        assert_eq!(batch.add(&submit(2), one, &of(4), false, &mut rules), None);
        assert_eq!(batch.add(&submit(3), half, &of(4), false, &mut rules), None);
        let success =
            |last_sequence_number, new_submits_accepted_count, new_shares_sum| SubmitSharesSuccess {
                channel_id: 2,
                last_sequence_number,
                new_submits_accepted_count,
                new_shares_sum,
            };
        assert_eq!(
            batch.add(&submit(4), one, &of(4), false, &mut rules),
            Some(success(4, 4, 3)),
            "1/2 + 1 + 1/2 + 1"
        );
        assert_eq!(batch.add(&submit(5), half, &of(4), false, &mut rules), None);
        assert_eq!(
            batch.add(&submit(6), one, &of(4), true, &mut rules),
            Some(success(6, 2, 1)),
            "a block does not wait"
        );
        assert_eq!(batch.add(&submit(7), half, &of(1), false, &mut rules), Some(success(7, 1, 0)));
    }
}
