//! Shares: mined by the miner's own arithmetic, and then made wrong.

use super::{Age, MAX_FUTURE, NO_CHANNEL, SEARCH_BUDGET, UNKNOWN_JOB};
use crate::fuzz::program::ShareKind;
use crate::miner::{ROLLABLE_VERSION_BITS, Settings, Wanted, search_or_start};
use sv2_session::{Channel, ChannelKind, Job, JobState};
use sv2_wire::Message;

/// Where the search of a share begins: far apart, so that equal rolls alone give equal work.
pub(in crate::fuzz) fn first_nonce(roll: u8) -> u32 {
    u32::from(roll).wrapping_mul(0x0100_0193)
}

/// The version bits that a rolled share changes.
pub(in crate::fuzz) fn rolled_bits(roll: u8) -> u32 {
    u32::from(roll).wrapping_add(1) << 13 & ROLLABLE_VERSION_BITS
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
    settings: Settings,
}

impl Work {
    /// On a channel that has no job.
    pub(super) fn made_up(channel: &Channel) -> Self {
        Self { id: channel.id, extended: is_extended(channel), job_id: 1, ..Self::default() }
    }

    pub(super) fn message(&self, sequence_number: u32) -> Option<Message> {
        self.settings.share((self.id, self.job_id), sequence_number, self.extended).ok()
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
        ShareKind::Rolled => job.version ^ rolled_bits(roll),
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
    let start = Settings { version, ntime, extranonce, nonce: first_nonce(roll) };
    let wanted = match kind {
        ShareKind::Low => Wanted::beyond(job.hardest_target),
        _ => Wanted::within(job.hardest_target),
    };
    let settings = search_or_start(job, start, wanted, SEARCH_BUDGET);
    let mut work = Work { id: channel.id, extended: is_extended(channel), job_id: job.job_id, settings };
    match kind {
        ShareKind::UnknownJob => work.job_id = job.job_id.wrapping_add(UNKNOWN_JOB),
        ShareKind::ShortExtranonce => _ = work.settings.extranonce.pop(),
        ShareKind::LongExtranonce => work.settings.extranonce.push(0),
        ShareKind::OtherKind => work.extended = !work.extended,
        ShareKind::UnknownChannel => work.id = NO_CHANNEL,
        _ => {}
    }
    work
}
