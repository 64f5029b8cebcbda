//! Shares: what each is worth by the miner's own arithmetic, and what the pool says to it.

use super::side::Side;
use super::{CONSERVATION, REJECT_REASON, SHARE_RESOLVED, SHARE_VERDICT, Settings};
use crate::miner::{ROLLABLE_VERSION_BITS, Settings as Header, header};
use std::collections::{BTreeMap, BTreeSet};
use sv2_reference_pool::fuzz::naive::{compact_target, number_of};
use sv2_session::{ChannelKind, JobState, Setup};
use sv2_wire::fuzz::Finding;
use sv2_wire::{Message, SubmitSharesError, SubmitSharesSuccess, U256};

/// How far beyond the time on the wire an ntime may lie, in seconds.
const MAX_FUTURE: u64 = 7200;

/// Books of one connection, kept apart from the pool's and from the model's.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Target of each job by channel and job, as it was when the job came.
    targets: BTreeMap<(u32, u32), U256>,
    /// Hashes that were credited.
    credited: BTreeSet<U256>,
    /// Credited shares that wait for their acknowledgement, by channel: number and target.
    pending: BTreeMap<u32, Vec<(u32, U256)>>,
    latest: Option<Share>,
}

/// The client's latest frame, if it is a share.
#[derive(Debug)]
struct Share {
    channel: u32,
    number: u32,
    expected: Expected,
}

#[derive(Debug)]
enum Expected {
    /// Valid and new.
    Credit { hash: U256, target: U256, is_block: bool },
    /// Wrong in these ways, by the pool's codes.
    Refusal(Vec<&'static str>),
    /// Nothing that this judge knows, but that its hash is credited if the share is.
    Unknown(Option<U256>),
}

/// A share's fields, of either message.
struct Fields<'a> {
    is_extended: bool,
    channel: u32,
    number: u32,
    job: u32,
    nonce: u32,
    ntime: u32,
    version: u32,
    extranonce: &'a [u8],
}

impl<'a> Fields<'a> {
    fn of(message: &'a Message) -> Option<Self> {
        Some(match message {
            Message::SubmitSharesStandard(share) => Self {
                is_extended: false,
                channel: share.channel_id,
                number: share.sequence_number,
                job: share.job_id,
                nonce: share.nonce,
                ntime: share.ntime,
                version: share.version,
                extranonce: &[],
            },
            Message::SubmitSharesExtended(share) => Self {
                is_extended: true,
                channel: share.channel_id,
                number: share.sequence_number,
                job: share.job_id,
                nonce: share.nonce,
                ntime: share.ntime,
                version: share.version,
                extranonce: share.extranonce.as_slice(),
            },
            _ => return None,
        })
    }
}

impl Side {
    /// The client sends a message; to be called before the pool has it. `tip_age` is how long the pool has known its tip, in
    /// seconds.
    pub(super) fn submit(&mut self, message: Option<(&Message, &[u8])>, settings: Settings, tip_age: u64) {
        self.tally.latest = None;
        let Some((message, tail)) = message else { return };
        let Some(fields) =
            Fields::of(message).filter(|_| self.is_served(settings.is_on("required-extensions")))
        else {
            return;
        };
        let expected = match (tail, self.expected(&fields, tip_age)) {
            ([], expected) => expected,
            // A worker's name, or what is taken for one.
            (_, Expected::Credit { hash, .. }) => Expected::Unknown(Some(hash)),
            _ => Expected::Unknown(None),
        };
        self.tally.latest = Some(Share { channel: fields.channel, number: fields.number, expected });
    }

    fn expected(&self, share: &Fields<'_>, tip_age: u64) -> Expected {
        let channel = self.session().channel(share.channel);
        let is_of_kind = |kind| matches!(kind, ChannelKind::Extended { .. }) == share.is_extended;
        let Some(channel) = channel.filter(|channel| is_of_kind(channel.kind)) else {
            return Expected::Refusal(vec!["invalid-channel-id"]);
        };
        let Some(job) = channel.jobs.get(&share.job) else {
            return Expected::Refusal(vec!["invalid-job-id"]);
        };
        let (min_ntime, nbits) = match job.state {
            JobState::Active { min_ntime, nbits, .. } => (min_ntime, nbits),
            JobState::Retired => return Expected::Refusal(vec!["stale-share"]),
            JobState::Future => return Expected::Unknown(None),
        };
        let Some(&target) = self.tally.targets.get(&(share.channel, share.job)) else {
            return Expected::Unknown(None);
        };
        let mut wrong = Vec::new();
        if share.extranonce.len() != usize::from(job.extranonce_size) {
            wrong.push("bad-extranonce-size");
        }
        let changed = share.version ^ job.version;
        if !(job.version_rolling_allowed && self.may_roll()) && changed != 0 {
            wrong.push("version-rolling-not-allowed");
        } else if changed & !ROLLABLE_VERSION_BITS != 0 {
            wrong.push("invalid-non-rollable-version-bit");
        }
        let tip_time = channel.tip.map_or(min_ntime, |tip| tip.min_ntime);
        let latest = u64::from(tip_time).saturating_add(tip_age).saturating_add(MAX_FUTURE);
        if share.ntime < min_ntime || u64::from(share.ntime) > latest {
            wrong.push("invalid-share");
        }
        let of = Header {
            version: share.version,
            ntime: share.ntime,
            extranonce: share.extranonce.to_vec(),
            nonce: share.nonce,
        };
        let Some(hash) = header(job, &of).map(|header| header.hash()) else { return Expected::Unknown(None) };
        if hash > target {
            wrong.push("difficulty-too-low");
        }
        if self.tally.credited.contains(&hash) {
            wrong.push("duplicate-share");
        }
        match wrong.is_empty() {
            true => Expected::Credit { hash, target, is_block: hash <= compact_target(nbits) },
            false => Expected::Refusal(wrong),
        }
    }

    /// REQUIRES_FIXED_VERSION: the server "will not accept any changes to the version field" (spec section 5.3.1). A standard
    /// job does not say so again.
    fn may_roll(&self) -> bool {
        const FIXED_VERSION: u32 = 1;
        !matches!(self.session().setup(), Setup::Accepted { server_flags, .. } if server_flags & FIXED_VERSION != 0)
    }

    /// A message of the pool, which the model has taken in.
    pub(super) fn note_work(&mut self, message: &Message) {
        let (address, job) = match message {
            Message::NewMiningJob(job) => (job.channel_id, job.job_id),
            Message::NewExtendedMiningJob(job) => (job.channel_id, job.job_id),
            Message::SetCustomMiningJobSuccess(success) => (success.channel_id, success.job_id),
            _ => return,
        };
        let channels = self.watch.session().channels();
        let concerned =
            channels.filter(|channel| channel.id == address || channel.group_channel_id == address);
        let targets =
            concerned.filter(|channel| channel.jobs.contains_key(&job)).map(|it| ((it.id, job), it.target));
        self.tally.targets.extend(targets);
    }

    /// Holds what came behind the client's latest frame against what the share was worth. To be called where the client sent
    /// nothing, too.
    pub(super) fn judge_shares(&mut self, settings: Settings, found: &mut Vec<Finding>) {
        let share = self.tally.latest.take();
        let mut errors = Vec::new();
        let mut acks = Vec::new();
        for message in &self.said {
            match message {
                Message::SubmitSharesError(error) => errors.push(error.clone()),
                Message::SubmitSharesSuccess(success) => acks.push(success.clone()),
                _ => {}
            }
        }
        let Some(share) = share else { return self.tally.judge_unasked(&errors, &acks, found) };
        let is_of = |error: &SubmitSharesError| {
            (error.channel_id, error.sequence_number) == (share.channel, share.number)
        };
        if errors.len().saturating_add(acks.len()) > 1 || !errors.iter().all(is_of) {
            let came = format!("{} errors and {} acknowledgements", errors.len(), acks.len());
            let what = format!("{came} for share {} of channel {}", share.number, share.channel);
            found.push(SHARE_RESOLVED.found(what));
        } else if !self.is_closed || !errors.is_empty() || !acks.is_empty() {
            // Whether a connection may be closed instead of an answer is for another judge.
            self.tally.judge_verdict(share, errors.first(), acks.first(), settings, found);
        }
        let session = self.watch.session();
        self.tally.pending.retain(|id, _| session.channel(*id).is_some());
    }
}

impl Tally {
    /// Verdicts that came without a share.
    fn judge_unasked(
        &mut self,
        errors: &[SubmitSharesError],
        acks: &[SubmitSharesSuccess],
        found: &mut Vec<Finding>,
    ) {
        // Whoever ends a channel acknowledges what waits first.
        for ack in acks {
            let pending = self.pending.remove(&ack.channel_id).filter(|pending| !pending.is_empty());
            match pending {
                Some(mut pending) => judge_ack(ack, ack.channel_id, &mut pending, found),
                None => found.push(SHARE_RESOLVED.found(format!("{ack:?} came, and no share waits"))),
            }
        }
        let unasked = |error| SHARE_RESOLVED.found(format!("{error:?} came, and no share was sent"));
        found.extend(errors.first().map(unasked));
    }

    /// What the pool said to one share: an error, an acknowledgement, or nothing yet.
    fn judge_verdict(
        &mut self,
        share: Share,
        error: Option<&SubmitSharesError>,
        ack: Option<&SubmitSharesSuccess>,
        settings: Settings,
        found: &mut Vec<Finding>,
    ) {
        let Share { channel, number, expected } = share;
        let code = error.map(|error| error.error_code.to_text().into_owned());
        match (expected, code) {
            (Expected::Unknown(hash), None) => {
                self.credited.extend(hash);
                self.forget(channel, ack.is_none());
            }
            (Expected::Unknown(_), Some(_)) => {}
            (Expected::Refusal(wrong), Some(code)) => {
                if !wrong.contains(&&*code) {
                    let what = format!("share {number} is refused as {code}; it is {wrong:?}");
                    found.push(REJECT_REASON.found(what));
                }
            }
            (Expected::Refusal(wrong), None) => {
                let what = format!("share {number} of channel {channel} is credited; it is {wrong:?}");
                found.push(SHARE_VERDICT.found(what));
            }
            (Expected::Credit { hash, target, .. }, Some(code)) => found.push(SHARE_VERDICT.found(format!(
                "share {number} of channel {channel} is refused as {code}; its hash {hash} is within {target} and new"
            ))),
            (Expected::Credit { hash, target, is_block }, None) => {
                self.credited.insert(hash);
                let pending = self.pending.entry(channel).or_default();
                pending.push((number, target));
                let is_due = is_block || pending.len() >= usize::from(settings.batch);
                match ack {
                    Some(ack) => judge_ack(ack, channel, pending, found),
                    None if is_due => found.push(SHARE_RESOLVED.found(format!(
                        "share {number} of channel {channel} is the {}th that waits",
                        pending.len()
                    ))),
                    None => {}
                }
            }
        }
    }

    /// A share of which nothing is known was credited, perhaps: the channel's batch cannot be told any more.
    fn forget(&mut self, channel: u32, is_pending: bool) {
        if is_pending {
            self.pending.entry(channel).or_default().push((u32::MAX, U256::ZERO));
        } else {
            self.pending.remove(&channel);
        }
    }
}

/// An acknowledgement covers every share that waits, and its sums are theirs.
fn judge_ack(
    ack: &SubmitSharesSuccess,
    channel: u32,
    pending: &mut Vec<(u32, U256)>,
    found: &mut Vec<Finding>,
) {
    let shares = std::mem::take(pending);
    if shares.iter().any(|(_, target)| *target == U256::ZERO) {
        return;
    }
    let number = shares.last().map_or(0, |(number, _)| *number);
    if (ack.channel_id, ack.last_sequence_number) != (channel, number) {
        found.push(
            SHARE_RESOLVED.found(format!("{ack:?} acknowledges up to share {number} of channel {channel}")),
        );
    }
    let unit = number_of(compact_target(0x207f_ffff));
    let sum: f64 = shares.iter().map(|(_, target)| unit / number_of(*target)).sum();
    let tolerance = 1.0 + sum * 1e-9;
    let is_sum = (ack.new_shares_sum as f64 - sum.min(u64::MAX as f64)).abs() <= tolerance;
    if ack.new_submits_accepted_count as usize != shares.len() || !is_sum {
        found.push(CONSERVATION.found(format!(
            "{} shares of difficulty {} in all, for {} shares of difficulty {sum}",
            ack.new_submits_accepted_count,
            ack.new_shares_sum,
            shares.len()
        )));
    }
}
