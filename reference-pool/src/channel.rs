//! Channels: opening, and what a channel is sent.
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use crate::extranonce::{FULL_LEN, PREFIX_LEN, ROLLED_LEN};
use crate::job::{Job, Jobs, Work};
use crate::share::Batch;
use crate::target::{GrantError, grant, to_wire};
use bitcoin::Target;
use bitcoin::hashes::Hash;
use std::sync::Arc;
use sv2_wire::{
    B0_32, F32, Message, NewExtendedMiningJob, NewMiningJob, OpenExtendedMiningChannel,
    OpenExtendedMiningChannelSuccess, OpenStandardMiningChannel, OpenStandardMiningChannelSuccess, Opt,
    SetNewPrevHash, SetTarget, U256, UpdateChannel,
};

/// The two kinds of mining channels (spec sections 5.2.1 and 5.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Mines headers only.
    Standard,
    /// Rolls an extranonce.
    Extended,
}

/// A request for a channel of either kind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    pub(crate) kind: Kind,
    pub(crate) request_id: u32,
    nominal_hash_rate: F32,
    max_target: U256,
    min_extranonce_size: u16,
}

impl From<&OpenStandardMiningChannel> for Request {
    fn from(message: &OpenStandardMiningChannel) -> Self {
        Self {
            kind: Kind::Standard,
            request_id: message.request_id,
            nominal_hash_rate: message.nominal_hash_rate,
            max_target: message.max_target,
            min_extranonce_size: 0,
        }
    }
}

impl From<&OpenExtendedMiningChannel> for Request {
    fn from(message: &OpenExtendedMiningChannel) -> Self {
        Self {
            kind: Kind::Extended,
            request_id: message.request_id,
            nominal_hash_rate: message.nominal_hash_rate,
            max_target: message.max_target,
            min_extranonce_size: message.min_extranonce_size,
        }
    }
}

/// Why a channel is not opened (spec section 5.3.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OpenError {
    StandardJobsOnly,
    Capacity,
    Grant(GrantError),
    ExtranonceSize,
}

impl OpenError {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::StandardJobsOnly => "extended-channels-not-supported-for-standard-jobs",
            Self::Capacity => "channel-capacity-exhausted",
            Self::Grant(error) => error.code(),
            Self::ExtranonceSize => "min-extranonce-size-too-large",
        }
    }
}

impl Request {
    /// Decides whether to open the channel, and at which target.
    pub(crate) fn decide(&self, standard_jobs: bool, shares_per_minute: f64) -> Result<Target, OpenError> {
        if standard_jobs && self.kind == Kind::Extended {
            return Err(OpenError::StandardJobsOnly);
        }
        let target =
            grant(self.nominal_hash_rate, self.max_target, shares_per_minute).map_err(OpenError::Grant)?;
        if usize::from(self.min_extranonce_size) > ROLLED_LEN {
            return Err(OpenError::ExtranonceSize);
        }
        Ok(target)
    }
}

/// An open channel.
#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) id: u32,
    pub(crate) kind: Kind,
    /// Decided by [`crate::extranonce::Prefixes`].
    prefix: Vec<u8>,
    /// For jobs that become active from now on.
    target: Target,
    pub(crate) jobs: Jobs,
    pub(crate) batch: Batch,
}

impl Channel {
    pub(crate) fn new(id: u32, kind: Kind, prefix: Vec<u8>, target: Target, kept_jobs: usize) -> Self {
        Self { id, kind, prefix, target, jobs: Jobs::new(kept_jobs), batch: Batch::default() }
    }

    /// What follows a request that is granted, in this order: the success, a future job, and the previous hash that
    /// makes it active. "This MUST be the first message after the channel has been successfully opened. This first
    /// message will have min_ntime unset" (spec section 5.3.15).
    pub(crate) fn first_messages(
        &mut self,
        request_id: u32,
        group_channel_id: u32,
        work: &Arc<Work>,
    ) -> [Message; 3] {
        let success = self.success(request_id, group_channel_id);
        let [job, prev_hash] = self.on_block(work);
        [success, job, prev_hash]
    }

    /// What a new tip means: a future job first, then the previous hash that names it (spec section 5.3.17).
    pub(crate) fn on_block(&mut self, work: &Arc<Work>) -> [Message; 2] {
        let tip = &work.template.tip;
        self.jobs.retire_all();
        let job = self.job(work, tip.min_ntime);
        let prev_hash = SetNewPrevHash {
            channel_id: self.id,
            job_id: job.id,
            prev_hash: U256::from_le_bytes(tip.prev_hash.to_byte_array()),
            min_ntime: tip.min_ntime,
            nbits: tip.nbits.to_consensus(),
        };
        let announced = self.announce(&job, None);
        self.jobs.activate(job);
        [announced, prev_hash.into()]
    }

    /// What a new template on the same tip means: a job that is active at once.
    pub(crate) fn on_template(&mut self, work: &Arc<Work>, unix: u32) -> Message {
        let job = self.job(work, unix.max(work.template.tip.min_ntime));
        let announced = self.announce(&job, Some(job.min_ntime));
        self.jobs.activate(job);
        announced
    }

    /// Decides on an update: the target is granted anew, and told if it differs. "When `maximum_target` is smaller than
    /// currently used maximum target for the channel, upstream node MUST reflect the client's request" (spec section 5.3.7).
    pub(crate) fn update(
        &mut self,
        update: &UpdateChannel,
        shares_per_minute: f64,
    ) -> Result<Option<SetTarget>, GrantError> {
        let target = grant(update.nominal_hash_rate, update.maximum_target, shares_per_minute)?;
        if target == self.target {
            return Ok(None);
        }
        self.target = target;
        Ok(Some(SetTarget { channel_id: self.id, maximum_target: to_wire(target) }))
    }

    fn success(&self, request_id: u32, group_channel_id: u32) -> Message {
        let (channel_id, target) = (self.id, to_wire(self.target));
        let extranonce_prefix = B0_32::new(self.prefix.clone()).unwrap_or_default();
        match self.kind {
            Kind::Standard => OpenStandardMiningChannelSuccess {
                request_id,
                channel_id,
                target,
                extranonce_prefix,
                group_channel_id,
            }
            .into(),
            Kind::Extended => OpenExtendedMiningChannelSuccess {
                request_id,
                channel_id,
                target,
                extranonce_size: ROLLED_LEN as u16,
                extranonce_prefix,
                group_channel_id,
            }
            .into(),
        }
    }

    fn job(&mut self, work: &Arc<Work>, min_ntime: u32) -> Job {
        let fixed_root = (self.kind == Kind::Standard).then(|| work.merkle_root(&self.prefix, &[]));
        Job {
            id: self.jobs.next_id(),
            work: Arc::clone(work),
            prefix: self.prefix.clone(),
            min_ntime,
            target: self.target,
            fixed_root,
        }
    }

    fn announce(&self, job: &Job, min_ntime: Option<u32>) -> Message {
        let version = job.work.template.version.to_consensus().cast_unsigned();
        let (channel_id, job_id, min_ntime) = (self.id, job.id, Opt(min_ntime));
        match job.fixed_root {
            Some(root) => {
                let merkle_root = U256::from_le_bytes(root.to_byte_array());
                NewMiningJob { channel_id, job_id, min_ntime, version, merkle_root }.into()
            }
            None => NewExtendedMiningJob {
                channel_id,
                job_id,
                min_ntime,
                version,
                version_rolling_allowed: true,
                merkle_path: job.work.merkle_path.clone(),
                coinbase_tx_prefix: job.work.coinbase_prefix.clone(),
                coinbase_tx_suffix: job.work.coinbase_suffix.clone(),
            }
            .into(),
        }
    }
}

const _: () =
    assert!(FULL_LEN <= 32 && PREFIX_LEN < FULL_LEN, "a prefix is a B0_32, and so is an extranonce");
