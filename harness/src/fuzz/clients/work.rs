//! Shares: mined by the miner's own arithmetic, and then made wrong.

use super::{Age, MAX_FUTURE, NO_CHANNEL, SEARCH_BUDGET, UNKNOWN_JOB};
use crate::fuzz::program::ShareKind;
use crate::miner::{ROLLABLE_VERSION_BITS, SearchError, Settings, Wanted, search};
use sv2_session::{Channel, ChannelKind, Job, JobState};
use sv2_wire::{B0_32, Message, SubmitSharesExtended, SubmitSharesStandard, U256};

/// Where the search of a share begins: far apart, so that equal rolls alone give equal work.
pub(in crate::fuzz) fn first_nonce(roll: u8) -> u32 {
    u32::from(roll).wrapping_mul(0x0100_0193)
}

fn is_extended(channel: &Channel) -> bool {
    matches!(channel.kind, ChannelKind::Extended { .. })
}

/// What a share says, in the words of both messages.
#[derive(Clone, Debug, Default)]
pub(super) struct Work {
    id: u32,
    extended: bool,
    job_id: u32,
    nonce: u32,
    ntime: u32,
    version: u32,
    extranonce: Vec<u8>,
}

impl Work {
    /// On a channel that has no job.
    pub(super) fn made_up(channel: &Channel) -> Self {
        Self { id: channel.id, extended: is_extended(channel), job_id: 1, ..Self::default() }
    }

    pub(super) fn message(self, sequence_number: u32) -> Option<Message> {
        let Self { id: channel_id, job_id, nonce, ntime, version, .. } = self;
        Some(match self.extended {
            false => {
                SubmitSharesStandard { channel_id, sequence_number, job_id, nonce, ntime, version }.into()
            }
            true => SubmitSharesExtended {
                channel_id,
                sequence_number,
                job_id,
                nonce,
                ntime,
                version,
                extranonce: B0_32::new(self.extranonce).ok()?,
            }
            .into(),
        })
    }
}

/// Mines a share and makes it wrong as `kind` says.
pub(super) fn share(channel: &Channel, job: &Job, kind: ShareKind, roll: u8, age: Age) -> Work {
    let min_ntime = match job.state {
        JobState::Active { min_ntime, .. } => min_ntime,
        _ => channel.tip.map_or(0, |tip| tip.min_ntime),
    };
    let latest = channel.tip.map_or(min_ntime, |tip| tip.min_ntime);
    let latest = latest.saturating_add(age.of_tip).saturating_add(MAX_FUTURE);
    let version = match kind {
        ShareKind::Rolled => job.version ^ (u32::from(roll).wrapping_add(1) << 13 & ROLLABLE_VERSION_BITS),
        ShareKind::WrongVersion => job.version ^ 0x4000_0000,
        _ => job.version,
    };
    let ntime = match kind {
        ShareKind::Early => min_ntime.saturating_sub(1),
        ShareKind::Latest => latest,
        ShareKind::Late => latest.saturating_add(1),
        _ => min_ntime,
    };
    let extranonce = vec![roll; usize::from(job.extranonce_size)];
    let settings = Settings { version, ntime, extranonce, nonce: first_nonce(roll) };
    let wanted = match kind {
        ShareKind::Low => Wanted { above: Some(job.hardest_target), at_most: U256::MAX },
        _ => Wanted { above: None, at_most: job.hardest_target },
    };
    let settings = match search(job, &settings, wanted, SEARCH_BUDGET) {
        Ok(found) => found.settings,
        Err(SearchError::Budget(_) | SearchError::NotActive) => settings,
    };
    let mut work = Work {
        id: channel.id,
        extended: is_extended(channel),
        job_id: job.job_id,
        nonce: settings.nonce,
        ntime: settings.ntime,
        version: settings.version,
        extranonce: settings.extranonce,
    };
    match kind {
        ShareKind::UnknownJob => work.job_id = job.job_id.wrapping_add(UNKNOWN_JOB),
        ShareKind::ShortExtranonce => _ = work.extranonce.pop(),
        ShareKind::LongExtranonce => work.extranonce.push(0),
        ShareKind::OtherKind => work.extended = !work.extended,
        ShareKind::UnknownChannel => work.id = NO_CHANNEL,
        _ => {}
    }
    work
}
