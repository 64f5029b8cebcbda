//! Rules about jobs: the first one, their ids, what they rest on.

use super::{Clauses, Rule, Say, Seen};
use crate::bounds::{KEPT_CHANNELS, KEPT_IDS, KEPT_JOBS};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use sv2_wire::{Message, SetNewPrevHash, U256};

/// The first message on a new standard channel is a job (5.3.15), and a future one. That is strict where standard jobs are
/// required, and open elsewhere and with custom work (AMB-35, AMB-145).
#[derive(Default)]
pub(super) struct FirstMessage {
    /// Standard channels that have had nothing yet.
    silent: BTreeSet<u32>,
    /// Standard channels that have had no job yet.
    jobless: BTreeSet<u32>,
}

impl Rule for FirstMessage {
    fn sent(&mut self, seen: &Seen<'_>) {
        // Whoever talks to the channel or its group at once may get an answer first.
        if let Some(id) = seen.message().and_then(Message::channel_id) {
            self.silent.remove(&id);
            for member in seen.session.group(id) {
                self.silent.remove(&member);
            }
        }
    }

    fn after(&mut self, seen: &Seen<'_>, say: &mut Say<'_>) {
        let Some(message) = seen.message() else { return };
        if let Message::OpenStandardMiningChannelSuccess(open) = message {
            if self.jobless.len() < KEPT_CHANNELS {
                self.silent.insert(open.channel_id);
                self.jobless.insert(open.channel_id);
            }
            return;
        }
        let Some(id) = message.channel_id() else { return };
        let is_strict = seen.history.asked_for("REQUIRES_STANDARD_JOBS")
            && !seen.history.asked_for("REQUIRES_WORK_SELECTION");
        let Message::NewMiningJob(job) = message else {
            if self.silent.remove(&id) && is_strict {
                let came = format!("{} first on channel {id}", message.spec().unique_name());
                say.breach(&["SV2-05-115"], came);
            }
            return;
        };
        if self.silent.remove(&id) && is_strict {
            say.kept(&["SV2-05-115"]);
        }
        if self.jobless.remove(&id) {
            let came = || format!("job {} with min_ntime, the first on channel {id}", job.job_id);
            match (job.min_ntime.0, is_strict) {
                (None, _) => say.kept(&["SV2-05-116"]),
                (Some(_), true) => say.breach(&["SV2-05-116"], came()),
                (Some(_), false) => say.lenient(&["SV2-05-116"], Some("AMB-35"), came()),
            }
        }
    }
}

/// No job with min_ntime comes for a channel before a SetNewPrevHash did, under the channel's id or its group's (5.3.15,
/// AMB-185). Whether one for the group counts for members that came later is open (AMB-145).
#[derive(Default)]
pub(super) struct PrevHashFirst {
    /// Addresses that had a SetNewPrevHash.
    had: BTreeSet<u32>,
}

impl Rule for PrevHashFirst {
    fn before(&mut self, seen: &Seen<'_>, say: &mut Say<'_>) {
        let (id, job_id, min_ntime) = match seen.message() {
            Some(Message::NewMiningJob(job)) => (job.channel_id, job.job_id, job.min_ntime.0),
            Some(Message::NewExtendedMiningJob(job)) => (job.channel_id, job.job_id, job.min_ntime.0),
            Some(Message::SetNewPrevHash(tip)) => {
                if self.had.len() < KEPT_IDS {
                    self.had.insert(tip.channel_id);
                }
                return;
            }
            _ => return,
        };
        let channels = seen.addressed(id);
        if min_ntime.is_none() || channels.is_empty() {
            return;
        }
        let Some(channel) = channels.iter().find(|channel| channel.tip.is_none()) else {
            return say.kept(&["SV2-05-122"]);
        };
        let came = format!("job {job_id} with min_ntime, and channel {} has no previous hash", channel.id);
        let has_had = self.had.contains(&id) || self.had.len() >= KEPT_IDS;
        match channel.id != id && has_had {
            true => say.lenient(&["SV2-05-122"], Some("AMB-145"), came),
            false => say.breach(&["SV2-05-122"], came),
        }
    }
}

/// A job's version is one that the network accepts (5.3.15): as a signed number at least 4 under the present rules.
pub(super) fn version(seen: &Seen<'_>, say: &mut Say<'_>) {
    let version = match seen.message() {
        Some(Message::NewMiningJob(job)) => job.version,
        Some(Message::NewExtendedMiningJob(job)) => job.version,
        _ => return,
    };
    if version.cast_signed() >= 4 {
        say.kept(&["SV2-05-124"]);
    } else {
        say.breach(&["SV2-05-124"], format!("version 0x{version:08x}"));
    }
}

/// The id of a job that is still valid on the channel is not given to another (5.3.15, 5.3.16, 5.3.19). Each address, channel or
/// group, is looked at alone; clashes between them are open (AMB-39).
#[derive(Default)]
pub(super) struct UniqueIds {
    by_address: BTreeMap<u32, VecDeque<Known>>,
    customs: u64,
}

struct Known {
    job_id: u32,
    digest: u64,
    /// The previous hash of a custom job.
    custom_on: Option<U256>,
}

impl Rule for UniqueIds {
    fn before(&mut self, seen: &Seen<'_>, say: &mut Say<'_>) {
        let mut hasher = DefaultHasher::new();
        seen.frame.payload.hash(&mut hasher);
        let digest = hasher.finish();
        match seen.message() {
            Some(Message::NewMiningJob(job)) => {
                let known = Known { job_id: job.job_id, digest, custom_on: None };
                self.add(seen, job.channel_id, known, &["SV2-05-120"], say);
            }
            Some(Message::NewExtendedMiningJob(job)) => {
                let known = Known { job_id: job.job_id, digest, custom_on: None };
                self.add(seen, job.channel_id, known, &["SV2-05-131"], say);
            }
            Some(Message::SetCustomMiningJobSuccess(success)) => {
                let Some(request) = seen.history.customs.get(&success.request_id) else { return };
                let (id, prev_hash) = (success.channel_id, request.prev_hash);
                if let Some(known) = self.by_address.get_mut(&id) {
                    known.retain(|known| known.custom_on.is_none_or(|earlier| earlier == prev_hash));
                }
                // Two custom jobs are two, whatever the answers look like.
                self.customs = self.customs.saturating_add(1);
                let custom_on = Some(prev_hash);
                let known = Known { job_id: success.job_id, digest: self.customs, custom_on };
                self.add(seen, id, known, &["SV2-05-161"], say);
            }
            Some(Message::SetNewPrevHash(tip)) => self.activate(seen, tip.channel_id, tip.job_id),
            _ => {}
        }
    }
}

impl UniqueIds {
    fn add(&mut self, seen: &Seen<'_>, address: u32, new: Known, clauses: Clauses, say: &mut Say<'_>) {
        if self.by_address.len() >= KEPT_CHANNELS && !self.by_address.contains_key(&address) {
            return;
        }
        // Channels come and go: who has the address now may never have had the job.
        let is_there = |channel: &&crate::Channel| {
            channel.jobs.get(&new.job_id).is_some_and(|job| job.state != crate::JobState::Retired)
        };
        let is_valid = seen.addressed(address).iter().any(is_there);
        let jobs = self.by_address.entry(address).or_default();
        if is_valid && jobs.iter().any(|known| known.job_id == new.job_id && known.digest != new.digest) {
            say.breach(clauses, format!("a second job {} on {address} while the first is valid", new.job_id));
        } else {
            say.kept(clauses);
        }
        jobs.retain(|known| known.job_id != new.job_id);
        jobs.push_back(new);
        if jobs.len() > KEPT_JOBS {
            jobs.pop_front();
        }
    }

    /// Only the named job stays valid, where it is found first. The jobs of a channel's group are taken to have ended too:
    /// better to miss a clash than to invent one.
    fn activate(&mut self, seen: &Seen<'_>, address: u32, job_id: u32) {
        let groups = seen.session.channel(address).map(|channel| channel.group_channel_id);
        let addresses: Vec<u32> =
            [address].into_iter().chain(seen.session.group(address)).chain(groups).collect();
        let mut is_found = false;
        for address in addresses {
            if let Some(jobs) = self.by_address.get_mut(&address) {
                jobs.retain(|known| known.job_id == job_id && !is_found);
                is_found |= !jobs.is_empty();
            }
        }
    }
}

/// SetNewPrevHash names a job that was sent before as a future job (5.3.17): to the channel, or to its group while it was a
/// member; for a group, to the group or to each of its members. One that was sent before the SetNewPrevHash before is none any more
/// (AMB-41); but the same message may come once more, or for a channel what its group had (AMB-145).
#[derive(Default)]
pub(super) struct NamesFutureJob {
    /// Job and previous hash of the latest SetNewPrevHash of each address.
    latest: BTreeMap<u32, (u32, U256)>,
    /// Future jobs that were sent to a group.
    of_groups: BTreeMap<u32, VecDeque<u32>>,
    /// One of them did not fit.
    has_forgotten: bool,
}

impl Rule for NamesFutureJob {
    fn before(&mut self, seen: &Seen<'_>, say: &mut Say<'_>) {
        match seen.message() {
            Some(Message::NewExtendedMiningJob(job)) if job.min_ntime.0.is_none() => {
                self.sent_to(job.channel_id, job.job_id);
            }
            // A channel that had the id before had other jobs.
            Some(Message::OpenStandardMiningChannelSuccess(open)) => _ = self.latest.remove(&open.channel_id),
            Some(Message::OpenExtendedMiningChannelSuccess(open)) => _ = self.latest.remove(&open.channel_id),
            Some(Message::SetNewPrevHash(tip)) => {
                let (id, job_id) = (tip.channel_id, tip.job_id);
                let is_again = self.is_again(seen, tip);
                let is_of_group = self.of_groups.remove(&id).is_some_and(|jobs| jobs.contains(&job_id));
                let channels = seen.addressed(id);
                let has_forgotten =
                    self.has_forgotten || channels.iter().any(|channel| channel.has_forgotten_jobs);
                if channels.is_empty() || has_forgotten {
                    return;
                }
                let has_it = |channel: &&crate::Channel| {
                    let job = channel.jobs.get(&job_id);
                    job.is_some_and(|job| job.came_as_future && job.state == crate::JobState::Future)
                };
                if is_of_group || channels.iter().all(has_it) {
                    say.kept(&["SV2-05-145"]);
                } else if is_again {
                    let came = format!("job {job_id} of {id} on the same previous hash again");
                    say.info(&["SV2-05-145"], Some("AMB-145"), came);
                } else {
                    say.breach(&["SV2-05-145"], format!("job {job_id}, which is no future job of {id}"));
                }
            }
            _ => {}
        }
    }
}

impl NamesFutureJob {
    fn sent_to(&mut self, address: u32, job_id: u32) {
        if self.of_groups.len() >= KEPT_CHANNELS && !self.of_groups.contains_key(&address) {
            self.has_forgotten = true;
            return;
        }
        let jobs = self.of_groups.entry(address).or_default();
        jobs.push_back(job_id);
        if jobs.len() > KEPT_JOBS {
            jobs.pop_front();
            self.has_forgotten = true;
        }
    }

    /// Whether this is the latest SetNewPrevHash once more, for all that it addresses.
    fn is_again(&mut self, seen: &Seen<'_>, tip: &SetNewPrevHash) -> bool {
        let new = (tip.job_id, tip.prev_hash);
        let had = |address: u32| self.latest.get(&address) == Some(&new);
        let channels = seen.addressed(tip.channel_id);
        let is_again = had(tip.channel_id)
            || channels.iter().all(|channel| had(channel.id) || had(channel.group_channel_id));
        if self.latest.len() < KEPT_IDS || self.latest.contains_key(&tip.channel_id) {
            self.latest.insert(tip.channel_id, new);
        } else {
            self.has_forgotten = true;
        }
        is_again
    }
}
