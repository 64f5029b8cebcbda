//! One client, and SRI's channels beside those that the pool opened for it.

use super::allowed::{is_alike, is_granted_alike};
use super::theirs::{Asked, Job, Other, Said, Share, TWO_HOURS, opens, updates};
use super::{CREDIT, GRANTED, OPENING, SHARE, UPDATE};
use std::collections::{BTreeMap, BTreeSet};
use sv2_reference_pool::setup::REQUIRES_FIXED_VERSION;
use sv2_session::Session;
use sv2_wire::frame::{Deframer, MAX_PAYLOAD_LEN};
use sv2_wire::fuzz::{Finding, Oracle};
use sv2_wire::{Message, SetNewPrevHash, U256};

/// One client.
pub(crate) struct Side {
    pub(super) incoming: Deframer,
    pub(super) session: Session,
    channels: BTreeMap<u32, Beside>,
    pub(super) is_closed: bool,
    /// It sent bytes whose meaning is not followed here.
    pub(super) is_lost: bool,
    /// The pool takes no change of the version field.
    is_fixed: bool,
    per_minute: f32,
}

/// SRI's channel beside one of the pool's.
struct Beside {
    /// Gone where SRI could not follow.
    other: Option<Other>,
    group: u32,
    /// Its jobs, by id.
    jobs: BTreeMap<u32, Job>,
    /// The time that the latest tip has, in seconds of Unix time.
    tip_ntime: Option<u32>,
    /// Work that SRI took for a block since the latest tip.
    blocks: BTreeSet<Work>,
    /// Shares that SRI has credited since the latest acknowledgement.
    credited: u32,
}

/// A share without its sequence number: job, nonce, ntime, version, extranonce.
type Work = (u32, u32, u32, u32, Vec<u8>);

/// What SRI says to a request before the pool has answered.
pub(crate) enum Theirs {
    Opens(Result<U256, &'static str>),
    Says(Said),
}

impl Side {
    pub(crate) fn new(per_minute: f32) -> Self {
        Self {
            per_minute,
            incoming: Deframer::new(MAX_PAYLOAD_LEN),
            session: Session::default(),
            channels: BTreeMap::new(),
            is_closed: false,
            is_lost: false,
            is_fixed: false,
        }
    }

    /// Asks SRI; nothing where it has no opinion. `age` is how many seconds the pool has known its tip.
    pub(crate) fn asks(&mut self, message: &Message, age: u32) -> Option<(Asked, Theirs)> {
        let per_minute = self.per_minute;
        let of = |rate: f32, max: U256| Asked::Channel { rate, max_target: max };
        let opened = |is_extended: bool, rate: f32, max: U256| {
            let opened = opens(is_extended, rate, max, per_minute);
            Theirs::Opens(opened.map(|target| U256::from_le_bytes(target.to_le_bytes())))
        };
        match message {
            Message::OpenStandardMiningChannel(open) => {
                let (rate, max) = (open.nominal_hash_rate.0, open.max_target);
                Some((of(rate, max), opened(false, rate, max)))
            }
            Message::OpenExtendedMiningChannel(open) => {
                let (rate, max) = (open.nominal_hash_rate.0, open.max_target);
                Some((of(rate, max), opened(true, rate, max)))
            }
            Message::UpdateChannel(update) if self.channels.contains_key(&update.channel_id) => {
                let (rate, max) = (update.nominal_hash_rate.0, update.maximum_target);
                let said = updates(rate, max, per_minute).map_or_else(Said::Refuses, |()| Said::Takes);
                Some((of(rate, max), Theirs::Says(said)))
            }
            Message::SubmitSharesStandard(share) => {
                let work = (share.job_id, share.nonce, share.ntime, share.version, Vec::new());
                self.share(message, share.channel_id, work, age)
            }
            Message::SubmitSharesExtended(share) => {
                let extranonce = share.extranonce.as_slice().to_vec();
                let work = (share.job_id, share.nonce, share.ntime, share.version, extranonce);
                self.share(message, share.channel_id, work, age)
            }
            _ => None,
        }
    }

    fn share(&mut self, message: &Message, channel: u32, work: Work, age: u32) -> Option<(Asked, Theirs)> {
        let (job, _, ntime, version, _) = work;
        let mut share = Share {
            is_standard: matches!(message, Message::SubmitSharesStandard(_)),
            ntime,
            version,
            job: None,
            latest: None,
            is_fixed: self.is_fixed,
            is_block: false,
        };
        let Some(beside) = self.channels.get_mut(&channel) else {
            return Some((Asked::Share(share), Theirs::Says(Said::Refuses("invalid-channel-id"))));
        };
        let (said, is_block) = beside.other.as_mut()?.judge(message)?;
        share.job = beside.jobs.get(&job).copied();
        share.latest = beside.tip_ntime.map(|time| time.saturating_add(age).saturating_add(TWO_HOURS));
        share.is_block = is_block || beside.blocks.contains(&work);
        if is_block {
            beside.blocks.insert(work);
        }
        Some((Asked::Share(share), Theirs::Says(said)))
    }

    pub(super) fn compare(
        &mut self,
        message: &Message,
        asked: &Asked,
        theirs: Theirs,
        said: &[&Message],
    ) -> Result<(), Finding> {
        let Some((oracle, ours)) = said_by_us(message, said) else { return Ok(()) };
        let verdict = match &theirs {
            Theirs::Opens(opened) => (*opened).map_or_else(Said::Refuses, |_| Said::Takes),
            Theirs::Says(said) => *said,
        };
        if !is_alike(asked, ours, verdict) {
            return Err(oracle.found(format!("{message:?}: ours {ours:?}, sri's {verdict:?}")));
        }
        if let (Theirs::Opens(Ok(theirs)), Some(ours)) = (&theirs, granted(said)) {
            let Asked::Channel { rate, max_target } = asked else { return Ok(()) };
            if !is_granted_alike((*rate, *max_target), self.per_minute, ours, *theirs) {
                return Err(GRANTED.found(format!("{message:?}: ours {ours}, sri's {theirs}")));
            }
        }
        let channel = message.channel_id().and_then(|id| self.channels.get_mut(&id));
        if let (true, Said::Takes, Some(beside)) = (oracle == SHARE, ours, channel) {
            // Where the two differ by the list, ours counts.
            beside.credited = beside.credited.saturating_add(1);
        }
        Ok(())
    }

    pub(super) fn acknowledged(&mut self, said: &[&Message]) -> Result<(), Finding> {
        for message in said {
            let Message::SubmitSharesSuccess(success) = message else { continue };
            let Some(beside) = self.channels.get_mut(&success.channel_id) else { continue };
            let credited = std::mem::take(&mut beside.credited);
            if beside.other.is_some() && !self.is_lost && credited != success.new_submits_accepted_count {
                return Err(CREDIT.found(format!("{success:?}: SRI has credited {credited}")));
            }
        }
        Ok(())
    }

    /// Brings a message of the pool to SRI's channels.
    pub(crate) fn follow(&mut self, message: &Message) {
        match message {
            Message::OpenExtendedMiningChannelSuccess(open) => {
                self.opened(open.channel_id, open.group_channel_id, Other::extended(open));
            }
            Message::OpenStandardMiningChannelSuccess(open) => {
                self.opened(open.channel_id, open.group_channel_id, Other::standard(open));
            }
            Message::SetupConnectionSuccess(success) => {
                self.is_fixed = success.flags & REQUIRES_FIXED_VERSION != 0;
            }
            Message::NewMiningJob(job) => {
                let rolls = !self.is_fixed;
                let seen = Job { version: job.version, rolls, min_ntime: job.min_ntime.0, tips_since: 0 };
                self.each(job.channel_id, |beside| {
                    beside.jobs.insert(job.job_id, seen);
                    beside.follow(|other| other.take_job(message));
                });
            }
            Message::NewExtendedMiningJob(job) => {
                let rolls = job.version_rolling_allowed;
                let seen = Job { version: job.version, rolls, min_ntime: job.min_ntime.0, tips_since: 0 };
                self.each(job.channel_id, |beside| {
                    beside.jobs.insert(job.job_id, seen);
                    beside.follow(|other| other.take_job(message));
                });
            }
            Message::SetNewPrevHash(tip) => self.each(tip.channel_id, |beside| beside.take_tip(tip)),
            Message::SetTarget(set) => {
                self.each(set.channel_id, |beside| {
                    beside.follow(|other| other.set_target(set.maximum_target))
                });
            }
            Message::SetExtranoncePrefix(set) => {
                self.each(set.channel_id, |beside| {
                    beside.follow(|other| other.set_prefix(&set.extranonce_prefix))
                });
            }
            Message::SetGroupChannel(set) => {
                for id in set.channel_ids.clone().into_vec() {
                    if let Some(beside) = self.channels.get_mut(&id) {
                        beside.group = set.group_channel_id;
                    }
                }
            }
            // Jobs of the client's own making are not compared.
            Message::SetCustomMiningJobSuccess(job) => {
                self.each(job.channel_id, |beside| beside.other = None)
            }
            Message::CloseChannel(close) => self.close(close.channel_id),
            _ => {}
        }
    }

    fn opened(&mut self, id: u32, group: u32, other: Option<Other>) {
        let (jobs, blocks) = (BTreeMap::new(), BTreeSet::new());
        self.channels.insert(id, Beside { other, group, jobs, tip_ntime: None, blocks, credited: 0 });
    }

    pub(super) fn close(&mut self, id: u32) {
        self.channels.retain(|channel, beside| *channel != id && beside.group != id);
    }

    /// The channel of an id, or the members of the group.
    fn each(&mut self, id: u32, mut act: impl FnMut(&mut Beside)) {
        for (channel, beside) in &mut self.channels {
            if *channel == id || beside.group == id {
                act(beside);
            }
        }
    }
}

impl Beside {
    fn take_tip(&mut self, tip: &SetNewPrevHash) {
        for (id, job) in &mut self.jobs {
            if *id == tip.job_id && job.tips_since == 0 {
                job.min_ntime = Some(tip.min_ntime);
            } else {
                job.tips_since = job.tips_since.saturating_add(1);
            }
        }
        self.tip_ntime = Some(tip.min_ntime);
        self.blocks.clear();
        self.follow(|other| other.take_tip(tip));
    }

    fn follow(&mut self, act: impl FnOnce(&mut Other) -> Option<()>) {
        if self.other.as_mut().and_then(act).is_none() {
            self.other = None;
        }
    }
}

/// What our pool said to a request, and which oracle that is for. Nothing where SRI's channels have no part in the answer.
fn said_by_us(request: &Message, said: &[&Message]) -> Option<(Oracle, Said)> {
    match request {
        Message::OpenStandardMiningChannel(_) | Message::OpenExtendedMiningChannel(_) => {
            let answer = said.iter().find_map(|message| match message {
                Message::OpenMiningChannelError(error) => {
                    Some(Said::Refuses(known(&error.error_code.to_text())?))
                }
                Message::OpenStandardMiningChannelSuccess(_)
                | Message::OpenExtendedMiningChannelSuccess(_) => Some(Said::Takes),
                _ => None,
            });
            answer.map(|said| (OPENING, said))
        }
        Message::UpdateChannel(_) => {
            let refused = said.iter().find_map(|message| match message {
                Message::UpdateChannelError(error) => known(&error.error_code.to_text()),
                _ => None,
            });
            Some((UPDATE, refused.map_or(Said::Takes, Said::Refuses)))
        }
        Message::SubmitSharesStandard(_) | Message::SubmitSharesExtended(_) => {
            let refused = said.iter().find_map(|message| match message {
                Message::SubmitSharesError(error) => Some(known(&error.error_code.to_text())),
                _ => None,
            });
            match refused {
                Some(Some(code)) => Some((SHARE, Said::Refuses(code))),
                // For a reason that is not the channel's.
                Some(None) => None,
                None => Some((SHARE, Said::Takes)),
            }
        }
        _ => None,
    }
}

/// The codes that SRI's channels have as well.
pub(crate) fn known(code: &str) -> Option<&'static str> {
    const CODES: [&str; 11] = [
        "invalid-nominal-hashrate",
        "max-target-out-of-range",
        "invalid-channel-id",
        "invalid-share",
        "stale-share",
        "invalid-job-id",
        "difficulty-too-low",
        "duplicate-share",
        "bad-extranonce-size",
        "version-rolling-not-allowed",
        "invalid-non-rollable-version-bit",
    ];
    CODES.into_iter().find(|known| *known == code)
}

fn granted(said: &[&Message]) -> Option<U256> {
    said.iter().find_map(|message| match message {
        Message::OpenStandardMiningChannelSuccess(open) => Some(open.target),
        Message::OpenExtendedMiningChannelSuccess(open) => Some(open.target),
        _ => None,
    })
}
