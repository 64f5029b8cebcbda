//! Channels: opening, and what a channel is sent.
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use crate::extranonce::{FULL_LEN, PREFIX_LEN, ROLLED_LEN};
use crate::faults::Rules;
use crate::job::{Job, Jobs, Starts, Work};
use crate::pool::PoolConfig;
use crate::share::Batch;
use crate::target::{GrantError, from_wire, grant};
use crate::vardiff::{Meter, Vardiff};
use bitcoin::hashes::Hash;
use bitcoin::{Target, TxMerkleNode};
use std::sync::Arc;
use std::time::Duration;
use sv2_wire::{
    B0_32, F32, Message, NewMiningJob, OpenExtendedMiningChannel, OpenExtendedMiningChannelSuccess,
    OpenStandardMiningChannel, OpenStandardMiningChannelSuccess, Opt, SetExtranoncePrefix, U256,
    UpdateChannel,
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
    pub(crate) max_target: U256,
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
    ExtendedChannelsOnly,
    Capacity,
    Grant(GrantError),
    ExtranonceSize,
}

impl OpenError {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::StandardJobsOnly => "extended-channels-not-supported-for-standard-jobs",
            Self::ExtendedChannelsOnly => "standard-channels-not-supported",
            Self::Capacity => "channel-capacity-exhausted",
            Self::Grant(error) => error.code(),
            Self::ExtranonceSize => "min-extranonce-size-too-large",
        }
    }
}

impl Request {
    /// Decides whether to open the channel, and at which target.
    pub(crate) fn decide(
        &self,
        standard_jobs: bool,
        config: &PoolConfig,
        rules: &mut Rules,
    ) -> Result<Target, OpenError> {
        let opens_standard =
            rules.channel(!config.extended_channels_only, |rules, right| rules.opens_standard(right));
        if !opens_standard && self.kind == Kind::Standard {
            return Err(OpenError::ExtendedChannelsOnly);
        }
        if standard_jobs && self.kind == Kind::Extended {
            return Err(OpenError::StandardJobsOnly);
        }
        if self.kind == Kind::Extended && !rules.channel(true, |rules, right| rules.opens_extended(right)) {
            return Err(OpenError::StandardJobsOnly);
        }
        let target = grant_by(self.nominal_hash_rate, self.max_target, config.shares_per_minute, rules)
            .map_err(OpenError::Grant)?;
        let most = rules.channel(ROLLED_LEN as u16, |rules, right| rules.max_extranonce_size(right));
        if self.min_extranonce_size > most {
            return Err(OpenError::ExtranonceSize);
        }
        Ok(target)
    }
}

/// Decisions on channels that a fault can get wrong.
pub trait ChannelRules: Send {
    /// "Client-specified request ID from OpenStandardMiningChannel message" (spec section 5.3.3), of either kind.
    fn request_id(&mut self, right: u32) -> u32 {
        right
    }

    /// "There MUST NOT be two Channels with the same ID in the same Connection" (spec section 5.2); `open` are its
    /// channels so far.
    fn channel_id(&mut self, right: u32, _open: &[u32]) -> u32 {
        right
    }

    /// "Mining servers MUST assign a unique subset of the search space to each mining device" (spec section 5.1); `latest`
    /// is the prefix that the pool gave before this one.
    fn extranonce_prefix(&mut self, right: Vec<u8>, _latest: Option<&[u8]>) -> Vec<u8> {
        right
    }

    /// The target of a channel, never above what the device takes (spec section 5.3.2).
    fn target(&mut self, right: Target, _max_target: Target) -> Target {
        right
    }

    /// How far a new target reaches: "applicable for all jobs received on the channel in the future or already received
    /// with an empty `min_ntime`", and not for active ones (spec section 5.3.21, AMB-141).
    fn reach(&mut self, right: Reach) -> Reach {
        right
    }

    /// Whether a target for a group is for this member, the `index`-th: "applicable to all channels in the group" (spec
    /// section 5.3.21).
    fn is_member_retargeted(&mut self, right: bool, _index: usize) -> bool {
        right
    }

    /// Whether standard channels are opened. REQUIRES_EXTENDED_CHANNELS: "Upstream node will not accept opening of a
    /// standard channel" (spec section 5.3.1).
    fn opens_standard(&mut self, right: bool) -> bool {
        right
    }

    /// Whether extended channels are opened: "support for extended channels is mandatory" for servers (spec section 5.2.2).
    fn opens_extended(&mut self, right: bool) -> bool {
        right
    }

    /// Whether a hash rate that is negative, infinite or no number is refused (spec sections 5.3.2 and 5.3.7).
    fn is_hash_rate_refused(&mut self, right: bool) -> bool {
        right
    }

    /// What a job is held against: the target that the channel has, until the next SetTarget (spec section 5.3.21);
    /// `is_first` for the channel's first job.
    fn job_target(&mut self, right: Target, _is_first: bool) -> Target {
        right
    }

    /// Whether the connection ends behind OpenMiningChannel.Error; right is that it goes on (spec section 5.3.6).
    fn ends_behind_refusal(&mut self, right: bool) -> bool {
        right
    }

    /// Whether a target that follows from an update is told: "upstream node MUST reflect the client's request" (spec section
    /// 5.3.7).
    fn tells_target(&mut self, right: bool) -> bool {
        right
    }

    /// Whether the client's CloseChannel closes anything: "The server MUST stop sending messages for the channel" (spec
    /// section 5.3.9).
    fn closes(&mut self, right: bool) -> bool {
        right
    }

    /// Whether SetGroupChannel has moved its channels to the new group (spec section 5.3.22).
    fn regroups(&mut self, right: bool) -> bool {
        right
    }

    /// The prefix that the roots of header-only mining are made with: the channel's (spec section 5.1.2.1).
    fn root_prefix(&mut self, right: Vec<u8>) -> Vec<u8> {
        right
    }

    /// Whether what a connection had is given back at its end.
    fn gives_back(&mut self, right: bool) -> bool {
        right
    }

    /// Largest `min_extranonce_size` that is granted: "Minimum size of extranonce needed by the device/node" (spec section
    /// 5.3.4).
    fn max_extranonce_size(&mut self, right: u16) -> u16 {
        right
    }

    /// Whether an update is refused because its channel is not open (spec section 5.3.8).
    fn is_update_refused(&mut self, right: bool) -> bool {
        right
    }

    /// Whether the members go with their group: "all channels belonging to such group MUST be closed" (spec section 5.3.9).
    fn closes_members(&mut self, right: bool) -> bool {
        right
    }

    /// Whether a new prefix is for jobs that were sent before it too; it is for those "sent after this message" (spec
    /// section 5.3.10).
    fn reaches_earlier_jobs(&mut self, right: bool) -> bool {
        right
    }

    /// A target as it goes out: little-endian (spec section 3.1).
    fn target_on_wire(&mut self, right: U256) -> U256 {
        right
    }
}

/// The jobs that a new target is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// None at all.
    Nothing,
    /// Those that become active from now on.
    LaterJobs,
    /// Those that are active too.
    AllJobs,
}

/// An open channel.
#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) id: u32,
    pub(crate) kind: Kind,
    /// The group that it belongs to.
    pub(crate) group: u32,
    /// Decided by [`crate::extranonce::Prefixes`].
    prefix: Vec<u8>,
    /// What a header-only miner's roots are made with: the prefix, unless a fault says otherwise.
    pub(crate) root_prefix: Vec<u8>,
    /// For jobs that become active from now on.
    pub(crate) target: Target,
    /// Largest target that the device takes.
    max_target: Target,
    pub(crate) jobs: Jobs,
    pub(crate) batch: Batch,
    pub(crate) meter: Meter,
    /// When the meter was read last, as time since the node started.
    metered: Duration,
}

impl Channel {
    pub(crate) fn new(
        id: u32,
        group: u32,
        request: &Request,
        prefix: Vec<u8>,
        target: Target,
        kept_jobs: usize,
        now: Duration,
    ) -> Self {
        Self {
            id,
            kind: request.kind,
            group,
            root_prefix: prefix.clone(),
            prefix,
            target,
            max_target: from_wire(request.max_target),
            jobs: Jobs::new(kept_jobs),
            batch: Batch::default(),
            meter: Meter::default(),
            metered: now,
        }
    }

    /// Makes a job active. A job is one channel's even when it is sent to a group: each member has its own prefix and target.
    pub(crate) fn take_job(&mut self, id: u32, work: &Arc<Work>, starts: Starts, rules: &mut Rules) {
        let is_first = self.jobs.is_empty();
        self.jobs.activate(Job {
            id,
            work: Arc::clone(work),
            prefix: self.prefix.clone(),
            starts,
            target: rules.channel(self.target, |rules, right| rules.job_target(right, is_first)),
            fixed_root: self.fixed_root(work),
        });
    }

    /// A job as it is sent to this channel alone; without a `min_ntime` it is a future job.
    pub(crate) fn job_message(&self, job_id: u32, work: &Work, min_ntime: Option<u32>) -> Message {
        match self.fixed_root(work) {
            Some(root) => NewMiningJob {
                channel_id: self.id,
                job_id,
                min_ntime: Opt(min_ntime),
                version: work.version(),
                merkle_root: U256::from_le_bytes(root.to_byte_array()),
            }
            .into(),
            None => work.extended_job(self.id, job_id, min_ntime).into(),
        }
    }

    /// Largest target that the device takes.
    pub(crate) fn max_target(&self) -> Target {
        self.max_target
    }

    /// "applicable for all jobs received on the channel in the future" (spec section 5.3.21), but never beyond what the
    /// device takes.
    pub(crate) fn set_target(&mut self, target: Target, rules: &mut Rules) {
        self.retarget(target.min(self.max_target), rules);
    }

    /// Decides on an update: the target is granted anew, and told if it differs. "When `maximum_target` is smaller than
    /// currently used maximum target for the channel, upstream node MUST reflect the client's request" (spec section 5.3.7).
    pub(crate) fn update(
        &mut self,
        update: &UpdateChannel,
        shares_per_minute: f64,
        rules: &mut Rules,
    ) -> Result<Option<Target>, GrantError> {
        let target = grant_by(update.nominal_hash_rate, update.maximum_target, shares_per_minute, rules)?;
        self.max_target = from_wire(update.maximum_target);
        let target = rules.channel(target, |rules, right| rules.target(right, self.max_target));
        if target == self.target {
            return Ok(None);
        }
        self.retarget(target, rules);
        Ok(Some(target))
    }

    /// Decides whether what the channel really sends asks for another target.
    pub(crate) fn review(
        &mut self,
        vardiff: Vardiff,
        shares_per_minute: f64,
        now: Duration,
    ) -> Option<Target> {
        let elapsed = now.saturating_sub(self.metered);
        // One that was opened shortly before a review waits for the next.
        if elapsed.saturating_mul(2) < vardiff.interval {
            return None;
        }
        self.metered = now;
        self.target = self.meter.review(elapsed, self.target, self.max_target, shares_per_minute)?;
        Some(self.target)
    }

    /// Gives the channel another prefix, of the size of the one before: "applicable for all jobs sent after this message"
    /// (spec section 5.3.10).
    pub(crate) fn set_prefix(&mut self, prefix: Vec<u8>, rules: &mut Rules) -> SetExtranoncePrefix {
        if rules.channel(false, |rules, right| rules.reaches_earlier_jobs(right)) {
            self.jobs.set_prefix(&prefix);
        }
        self.root_prefix = rules.channel(prefix.clone(), |rules, right| rules.root_prefix(right));
        self.prefix = prefix;
        SetExtranoncePrefix { channel_id: self.id, extranonce_prefix: self.wire_prefix() }
    }

    /// The answer to the request that opened the channel.
    pub(crate) fn success(&self, request_id: u32, target: U256) -> Message {
        let (channel_id, group_channel_id) = (self.id, self.group);
        let extranonce_prefix = self.wire_prefix();
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

    fn retarget(&mut self, target: Target, rules: &mut Rules) {
        let reach = rules.channel(Reach::LaterJobs, |rules, right| rules.reach(right));
        if reach != Reach::Nothing {
            self.target = target;
        }
        if reach == Reach::AllJobs {
            self.jobs.retarget(target);
        }
    }

    fn wire_prefix(&self) -> B0_32 {
        B0_32::new(self.prefix.clone()).unwrap_or_default()
    }

    /// "coinbase_tx_prefix + extranonce_prefix + coinbase_tx_suffix" (spec section 5.1.2.1).
    fn fixed_root(&self, work: &Work) -> Option<TxMerkleNode> {
        (self.kind == Kind::Standard).then(|| work.merkle_root(&self.root_prefix, &[]))
    }
}

/// [`grant`], past the faults.
fn grant_by(
    hash_rate: F32,
    max_target: U256,
    shares_per_minute: f64,
    rules: &mut Rules,
) -> Result<Target, GrantError> {
    match grant(hash_rate, max_target, shares_per_minute) {
        Err(GrantError::NominalHashRate)
            if !rules.channel(true, |rules, right| rules.is_hash_rate_refused(right)) =>
        {
            Ok(from_wire(U256::MAX))
        }
        granted => granted,
    }
}

const _: () =
    assert!(FULL_LEN <= 32 && PREFIX_LEN < FULL_LEN, "a prefix is a B0_32, and so is an extranonce");
