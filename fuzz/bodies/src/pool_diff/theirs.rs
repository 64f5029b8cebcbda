//! SRI's channels, fed with the messages of our pool.

use crate::sri;
use bitcoin::Target;
use channels_sv2::client::share_accounting::{
    ShareValidationError as ClientShareError, ShareValidationResult as ClientShareResult,
};
use channels_sv2::client::standard::StandardChannel;
use channels_sv2::extranonce_manager::{AllocatedExtranoncePrefix, ExtranonceAllocator, ExtranoncePrefix};
use channels_sv2::server::error::{ExtendedChannelError, StandardChannelError as ServerStandardError};
use channels_sv2::server::extended::ExtendedChannel;
use channels_sv2::server::jobs::extended::ExtendedJob;
use channels_sv2::server::share_accounting::{ShareValidationError, ShareValidationResult};
use channels_sv2::server::standard::StandardChannel as ServerStandard;
use parsers_sv2::{AnyMessageOwned, MiningOwned, TemplateDistributionOwned};
use sv2_conform::miner::ROLLABLE_VERSION_BITS;
use sv2_wire::frame::Frame;
use sv2_wire::{
    B0_32, Message, NewTemplate, OpenExtendedMiningChannelSuccess, OpenStandardMiningChannelSuccess,
    SetNewPrevHash, TemplateSetNewPrevHash, U256,
};

/// A verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// The channel is opened or updated, the share is credited.
    Takes,
    /// It is refused with this code.
    Refuses(&'static str),
}

/// What was asked, as far as differences depend on it.
#[derive(Clone, Copy, Debug)]
pub enum Asked {
    /// A channel, or its update.
    Channel {
        /// The hash rate.
        rate: f32,
        /// The largest target that the device takes.
        max_target: U256,
    },
    /// A share.
    Share(Share),
}

/// A share, and what the channel was told of its job.
#[derive(Clone, Copy, Debug)]
pub struct Share {
    /// It is of the form for standard channels.
    pub is_standard: bool,
    /// Its time, in seconds of Unix time.
    pub ntime: u32,
    /// Its version.
    pub version: u32,
    /// The newest job that the channel was given under its id.
    pub job: Option<Job>,
    /// The latest time that a pool with a clock takes, as for `ntime`: two hours beyond the time of its tip and what has passed since
    /// that came. Nothing where no tip came.
    pub latest: Option<u32>,
    /// The pool told the connection that no change of the version is taken.
    pub is_fixed: bool,
    /// SRI took this work for a block, now or before.
    pub is_block: bool,
}

/// What a channel was told of a job.
#[derive(Clone, Copy, Debug)]
pub struct Job {
    /// Its version.
    pub version: u32,
    /// Whether the version may be rolled.
    pub rolls: bool,
    /// Its smallest time; nothing while it is a future job, and for ever if no tip named it.
    pub min_ntime: Option<u32>,
    /// How many tips have come since the one that it was for.
    pub tips_since: u32,
}

/// Two hours, in seconds: the bound on the time of a share, for SRI beyond that of its job.
pub(super) const TWO_HOURS: u32 = 7200;

impl Share {
    /// Whether its time is before that of its job.
    pub fn is_early(&self) -> bool {
        self.min_ntime().is_some_and(|min_ntime| self.ntime < min_ntime)
    }

    /// Whether its time is more than two hours beyond that of its job.
    pub fn is_beyond_job(&self) -> bool {
        self.min_ntime().is_some_and(|min_ntime| self.ntime > min_ntime.saturating_add(TWO_HOURS))
    }

    /// Whether its time is no later than a pool with a clock takes; so it is where the clock is not known.
    pub fn is_by_the_clock(&self) -> bool {
        self.latest.is_none_or(|latest| self.ntime <= latest)
    }

    fn min_ntime(&self) -> Option<u32> {
        self.job.and_then(|job| job.min_ntime)
    }

    /// The code for its version, if the job does not allow it.
    pub fn version_code(&self) -> Option<&'static str> {
        let job = self.job?;
        let changed = self.version ^ job.version;
        match job.rolls {
            true => (changed & !ROLLABLE_VERSION_BITS != 0).then_some("invalid-non-rollable-version-bit"),
            false => (changed != 0).then_some("version-rolling-not-allowed"),
        }
    }
}

/// SRI's side of one channel.
pub enum Other {
    /// Of the server.
    Extended(Box<ExtendedChannel>),
    /// Of the client.
    Standard(Box<StandardChannel>),
}

/// As many jobs as a program makes.
const JOBS: Option<usize> = Some(1000);
const IDENTITY: &str = "pool_diff";

/// Whether SRI's server opens a channel, and at which target. SRI has other limits on prefixes, which our pool never meets.
pub(super) fn opens(
    is_extended: bool,
    rate: f32,
    max: U256,
    per_minute: f32,
) -> Result<Target, &'static str> {
    let (name, tag, max) = (IDENTITY.to_owned(), String::new(), target(max));
    let prefix = allocated(&[0; 4]).ok_or("no-prefix")?;
    if is_extended {
        let opened =
            ExtendedChannel::new_for_pool(1, name, prefix, max, rate, true, 16, 1, per_minute, tag, JOBS);
        opened.map(|channel| *channel.get_target()).map_err(|error| extended_code(&error))
    } else {
        let opened = ServerStandard::new_for_pool(1, name, prefix, max, rate, 1, per_minute, tag, JOBS);
        opened.map(|channel| *channel.get_target()).map_err(|error| match error {
            ServerStandardError::OpenChannelInvalidNominalHashrate(code)
            | ServerStandardError::OpenChannelInvalidMaxTarget(code) => code,
            _ => "another error",
        })
    }
}

/// Whether SRI's server takes an update of a channel that is open.
pub(super) fn updates(rate: f32, max: U256, per_minute: f32) -> Result<(), &'static str> {
    let prefix = allocated(&[0; 4]).ok_or("no-prefix")?;
    let (name, tag) = (IDENTITY.to_owned(), String::new());
    let opened =
        ExtendedChannel::new_for_pool(1, name, prefix, Target::MAX, 0.0, true, 16, 1, per_minute, tag, JOBS);
    let mut channel = opened.map_err(|error| extended_code(&error))?;
    channel.update_channel(rate, Some(target(max))).map_err(|error| extended_code(&error))
}

fn extended_code(error: &ExtendedChannelError) -> &'static str {
    match error {
        ExtendedChannelError::OpenChannelInvalidNominalHashrate(code)
        | ExtendedChannelError::UpdateChannelInvalidNominalHashrate(code)
        | ExtendedChannelError::OpenChannelInvalidMaxTarget(code)
        | ExtendedChannelError::UpdateChannelInvalidMaxTarget(code)
        | ExtendedChannelError::RequestedMinExtranonceSizeTooLarge(code) => code,
        _ => "another error",
    }
}

impl Other {
    /// An extended channel as our pool opened it.
    pub(super) fn extended(open: &OpenExtendedMiningChannelSuccess) -> Option<Self> {
        let prefix = allocated(open.extranonce_prefix.as_slice())?;
        let (name, tag) = (IDENTITY.to_owned(), String::new());
        let size = open.extranonce_size;
        let channel = ExtendedChannel::new_for_pool(
            open.channel_id,
            name,
            prefix,
            Target::MAX,
            0.0,
            true,
            size,
            1,
            6.0,
            tag,
            JOBS,
        );
        let mut other = Self::Extended(Box::new(channel.ok()?));
        other.set_target(open.target)?;
        Some(other)
    }

    /// A standard channel as our pool opened it.
    pub(super) fn standard(open: &OpenStandardMiningChannelSuccess) -> Option<Self> {
        let prefix = ExtranoncePrefix::from_wire(open.extranonce_prefix.as_slice().to_vec()).ok()?;
        let name = IDENTITY.to_owned();
        let channel =
            StandardChannel::new(open.channel_id, name, prefix, target(open.target), 0.0, JOBS).ok()?;
        Some(Self::Standard(Box::new(channel)))
    }

    /// A target that came. `None` where SRI does not take it.
    pub(super) fn set_target(&mut self, new: U256) -> Option<()> {
        match self {
            Self::Extended(channel) => channel.set_target(target(new)).ok(),
            Self::Standard(channel) => channel.set_target(target(new)).ok(),
        }
    }

    /// A prefix that came.
    pub(super) fn set_prefix(&mut self, prefix: &B0_32) -> Option<()> {
        match self {
            Self::Extended(channel) => channel.set_extranonce_prefix(allocated(prefix.as_slice())?).ok(),
            Self::Standard(channel) => {
                let prefix = ExtranoncePrefix::from_wire(prefix.as_slice().to_vec()).ok()?;
                channel.set_extranonce_prefix(prefix).ok()
            }
        }
    }

    /// A job of either form that came.
    pub(super) fn take_job(&mut self, message: &Message) -> Option<()> {
        match (self, mining(message)?) {
            (Self::Standard(channel), MiningOwned::NewMiningJob(job)) => channel.on_new_mining_job(job).ok(),
            (Self::Standard(channel), MiningOwned::NewExtendedMiningJob(job)) => {
                channel.on_new_group_channel_job(job).ok()
            }
            (Self::Extended(channel), MiningOwned::NewExtendedMiningJob(job)) => {
                let template = template(job.job_id, job.is_future())?;
                // The coinbase with its witness is for blocks alone, which are not built here.
                let (prefix, suffix) = (Vec::new(), Vec::new());
                let job =
                    ExtendedJob::from_template(template, Vec::new(), Vec::new(), prefix, suffix, job).ok()?;
                channel.on_group_channel_job(job).ok()
            }
            _ => None,
        }
    }

    /// A tip that came.
    pub(super) fn take_tip(&mut self, tip: &SetNewPrevHash) -> Option<()> {
        match self {
            Self::Standard(channel) => match mining(&tip.clone().into())? {
                MiningOwned::SetNewPrevHash(tip) => channel.on_set_new_prev_hash(tip).ok(),
                _ => None,
            },
            Self::Extended(channel) => {
                let tip = TemplateSetNewPrevHash {
                    template_id: u64::from(tip.job_id),
                    prev_hash: tip.prev_hash,
                    header_timestamp: tip.min_ntime,
                    nbits: tip.nbits,
                    target: U256::ZERO,
                };
                match distribution(&tip.into())? {
                    TemplateDistributionOwned::SetNewPrevHash(tip) => channel.on_set_new_prev_hash(tip).ok(),
                    _ => None,
                }
            }
        }
    }

    /// What it says to a share, and whether it takes it for a block. `None` where SRI has no code for it.
    pub(super) fn judge(&mut self, share: &Message) -> Option<(Said, bool)> {
        match (self, mining(share)?) {
            (Self::Extended(channel), MiningOwned::SubmitSharesExtended(share)) => {
                match channel.validate_share(share) {
                    Ok(ShareValidationResult::Valid(_)) => Some((Said::Takes, false)),
                    Ok(ShareValidationResult::BlockFound(..)) => Some((Said::Takes, true)),
                    Err(error) => Some((Said::Refuses(code(&error)?), false)),
                }
            }
            (Self::Standard(channel), MiningOwned::SubmitSharesStandard(share)) => {
                match channel.validate_share(share) {
                    Ok(ClientShareResult::Valid(_)) => Some((Said::Takes, false)),
                    Ok(ClientShareResult::BlockFound(_)) => Some((Said::Takes, true)),
                    Err(error) => Some((Said::Refuses(client_code(&error)?), false)),
                }
            }
            _ => Some((Said::Refuses("invalid-channel-id"), false)),
        }
    }
}

fn code(error: &ShareValidationError) -> Option<&'static str> {
    use ShareValidationError as E;
    match error {
        E::Invalid(code)
        | E::Stale(code)
        | E::InvalidJobId(code)
        | E::DoesNotMeetTarget(code)
        | E::VersionRollingNotAllowed(code)
        | E::DuplicateShare(code)
        | E::BadExtranonceSize(code) => Some(code),
        E::InvalidCoinbase | E::NoChainTip | E::SeenSharesBudgetExhausted => None,
    }
}

fn client_code(error: &ClientShareError) -> Option<&'static str> {
    use ClientShareError as E;
    match error {
        E::Invalid(code)
        | E::Stale(code)
        | E::InvalidJobId(code)
        | E::DoesNotMeetTarget(code)
        | E::VersionRollingNotAllowed(code)
        | E::DuplicateShare(code)
        | E::BadExtranonceSize(code) => Some(code),
        E::NoChainTip => None,
    }
}

/// A prefix that SRI's server takes, which only its allocator makes: the last byte is the number of the allocation.
fn allocated(prefix: &[u8]) -> Option<AllocatedExtranoncePrefix> {
    let (_, upstream) = prefix.split_last()?;
    let mut allocator =
        ExtranonceAllocator::from_upstream_prefix(upstream.to_vec(), Vec::new(), 32, 256).ok()?;
    let mut held = Vec::new();
    loop {
        let next = allocator.allocate_extended(0).ok()?;
        if next.as_bytes() == prefix {
            return Some(next);
        }
        held.push(next);
    }
}

fn target(number: U256) -> Target {
    Target::from_le_bytes(number.to_le_bytes())
}

fn template(job_id: u32, future_template: bool) -> Option<template_distribution_sv2::NewTemplateOwned> {
    let template = NewTemplate { template_id: u64::from(job_id), future_template, ..NewTemplate::default() };
    match distribution(&template.into())? {
        TemplateDistributionOwned::NewTemplate(template) => Some(template),
        _ => None,
    }
}

fn mining(message: &Message) -> Option<MiningOwned> {
    match sri::decode(&Frame::of(message).ok()?.to_bytes()).ok()?.message {
        AnyMessageOwned::Mining(message) => Some(message),
        _ => None,
    }
}

fn distribution(message: &Message) -> Option<TemplateDistributionOwned> {
    match sri::decode(&Frame::of(message).ok()?.to_bytes()).ok()?.message {
        AnyMessageOwned::TemplateDistribution(message) => Some(message),
        _ => None,
    }
}
