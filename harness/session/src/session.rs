use crate::bounds::{KEPT_CHANNELS, KEPT_CUSTOM_JOBS, KEPT_OPENINGS};
use crate::channel::{Channel, ChannelKind};
use crate::job::{Job, JobState};
use crate::setup::{Direction, Setup};
use crate::shares::{Account, Basis, Voided};
use std::collections::BTreeMap;
use std::time::Duration;
use sv2_wire::{FlagSpec, Message, SetCustomMiningJob, SetCustomMiningJobSuccess, U256};

/// The model of one connection.
#[derive(Clone, Debug, Default)]
pub struct Session {
    setup: Setup,
    /// What the client declared as max_target, by the id of a request that waits for its answer.
    openings: BTreeMap<u32, U256>,
    /// Custom jobs that wait for their answer, by the id of the request.
    custom_jobs: BTreeMap<u32, SetCustomMiningJob>,
    channels: BTreeMap<u32, Channel>,
    /// The server has used 0 as the address of a group (AMB-140).
    zero_is_a_group: bool,
    jobs_seen: u64,
    tips_seen: u64,
}

impl Session {
    /// Takes a message in. Messages of either side go in in the order in which the client saw them.
    pub fn observe(&mut self, direction: Direction, message: &Message, now: Duration) {
        match direction {
            Direction::ToServer => self.sent(message),
            Direction::ToClient => self.received(message, now),
        }
    }

    /// How far the set-up is.
    pub fn setup(&self) -> Setup {
        self.setup
    }

    /// Whether a message may come at any time on an open channel, without being asked for: new work and its parameters,
    /// acknowledgements of shares; or on any connection, another end of a channel (spec section 3.6.4).
    pub fn is_ambient(message: &Message) -> bool {
        matches!(
            message,
            Message::NewMiningJob(_)
                | Message::NewExtendedMiningJob(_)
                | Message::SetNewPrevHash(_)
                | Message::SetTarget(_)
                | Message::SetExtranoncePrefix(_)
                | Message::SetGroupChannel(_)
                | Message::SubmitSharesSuccess(_)
                | Message::ChannelEndpointChanged(_)
        )
    }

    /// An open channel.
    pub fn channel(&self, channel_id: u32) -> Option<&Channel> {
        self.channels.get(&channel_id)
    }

    /// All open channels, by id; at most [`KEPT_CHANNELS`].
    pub fn channels(&self) -> impl Iterator<Item = &Channel> {
        self.channels.values()
    }

    /// Members of a group, by id; empty when there is no such group. A group is known from the opening of a channel or
    /// from SetGroupChannel (AMB-37); 0 is a group from when the server first uses it as an address (AMB-140).
    pub fn group(&self, group_channel_id: u32) -> impl Iterator<Item = u32> + '_ {
        let zero_is_a_group = self.zero_is_a_group;
        let member = move |channel: &&Channel| is_member(channel, group_channel_id, zero_is_a_group);
        self.channels.values().filter(member).map(|channel| channel.id)
    }

    /// What a share on this job rests on, or nothing unless the job is active.
    pub fn basis(&self, job: &Job) -> Option<Basis> {
        let JobState::Active { tip, .. } = job.state else { return None };
        Some(Basis {
            channel_id: job.channel_id,
            job_id: job.job_id,
            order: job.order,
            tip,
            target: job.hardest_target,
            extranonce_prefix: self.channel(job.channel_id)?.extranonce_prefix.clone(),
        })
    }

    /// Whether a share that was mined on this basis is still what it was.
    ///
    /// # Errors
    /// What has changed since.
    pub fn basis_holds(&self, basis: &Basis) -> Result<(), Voided> {
        let channel = self.channel(basis.channel_id).ok_or(Voided::Channel)?;
        if channel.tip_serial() != basis.tip {
            return Err(Voided::Tip);
        }
        let job = channel.jobs.get(&basis.job_id).filter(|job| job.order == basis.order && job.is_active());
        let job = job.ok_or(Voided::Job)?;
        if job.hardest_target != basis.target {
            return Err(Voided::Target);
        }
        if channel.extranonce_prefix != basis.extranonce_prefix {
            return Err(Voided::Prefix);
        }
        Ok(())
    }

    fn sent(&mut self, message: &Message) {
        match message {
            Message::SetupConnection(setup) if matches!(self.setup, Setup::None | Setup::Refused) => {
                self.setup = Setup::Asked { flags: setup.flags };
            }
            Message::OpenStandardMiningChannel(open) => {
                self.asked_to_open(open.request_id, open.max_target);
            }
            Message::OpenExtendedMiningChannel(open) => {
                self.asked_to_open(open.request_id, open.max_target);
            }
            Message::UpdateChannel(update) => {
                for channel in self.addressed(update.channel_id) {
                    channel.declare(update.maximum_target);
                }
            }
            Message::SubmitSharesStandard(share) => self.submitted(share.channel_id, share.sequence_number),
            Message::SubmitSharesExtended(share) => self.submitted(share.channel_id, share.sequence_number),
            Message::SetCustomMiningJob(job) if self.custom_jobs.len() < KEPT_CUSTOM_JOBS => {
                self.custom_jobs.insert(job.request_id, job.clone());
            }
            Message::CloseChannel(close) => self.close(close.channel_id),
            _ => {}
        }
    }

    fn received(&mut self, message: &Message, now: Duration) {
        self.note_group_zero(message);
        match message {
            Message::SetupConnectionSuccess(success) => {
                if let Setup::Asked { flags } = self.setup {
                    let (server_flags, version) = (success.flags, success.used_version);
                    self.setup = Setup::Accepted { flags, server_flags, version };
                }
            }
            Message::SetupConnectionError(_) => {
                if let Setup::Asked { .. } = self.setup {
                    self.setup = Setup::Refused;
                }
            }
            Message::OpenStandardMiningChannelSuccess(open) => {
                let prefix = open.extranonce_prefix.as_slice();
                let (kind, ids) = (ChannelKind::Standard, (open.channel_id, open.group_channel_id));
                self.open(open.request_id, ids, kind, open.target, prefix);
            }
            Message::OpenExtendedMiningChannelSuccess(open) => {
                let prefix = open.extranonce_prefix.as_slice();
                let kind = ChannelKind::Extended { extranonce_size: open.extranonce_size };
                let ids = (open.channel_id, open.group_channel_id);
                self.open(open.request_id, ids, kind, open.target, prefix);
            }
            Message::OpenMiningChannelError(error) => {
                self.openings.remove(&error.request_id);
            }
            Message::UpdateChannelError(error) => {
                self.addressed(error.channel_id).for_each(Channel::undeclare);
            }
            Message::CloseChannel(close) => self.close(close.channel_id),
            Message::SubmitSharesSuccess(_) | Message::SubmitSharesError(_) => self.received_verdict(message),
            _ => self.received_work(message, now),
        }
    }

    fn received_work(&mut self, message: &Message, now: Duration) {
        match message {
            Message::NewMiningJob(job) => {
                let (order, rolls) = (self.next_job(), !self.requires_fixed_version());
                let channel = self.channels.get_mut(&job.channel_id);
                // "This must be a standard channel" (spec section 5.3.15).
                if let Some(channel) = channel.filter(|channel| channel.kind == ChannelKind::Standard) {
                    channel.standard_job(job, rolls, order, now);
                }
            }
            Message::NewExtendedMiningJob(job) => {
                let order = self.next_job();
                let (id, standard_only) = (job.channel_id, self.requires_standard_jobs());
                for channel in self.addressed(id).filter(|channel| channel.takes_extended(id, standard_only))
                {
                    channel.extended_job(job, order, now);
                }
            }
            Message::SetCustomMiningJobSuccess(success) => self.custom_job(success, now),
            Message::SetCustomMiningJobError(error) => _ = self.custom_jobs.remove(&error.request_id),
            Message::SetNewPrevHash(tip) => {
                self.tips_seen = self.tips_seen.saturating_add(1);
                let serial = self.tips_seen;
                for channel in self.addressed(tip.channel_id) {
                    channel.new_prev_hash(tip, serial, now);
                }
            }
            Message::SetTarget(target) => {
                for channel in self.addressed(target.channel_id) {
                    channel.retarget(target.maximum_target);
                }
            }
            Message::SetExtranoncePrefix(prefix) => {
                if let Some(channel) = self.channels.get_mut(&prefix.channel_id) {
                    channel.extranonce_prefix = prefix.extranonce_prefix.as_slice().to_vec();
                }
            }
            Message::SetGroupChannel(group) => {
                self.regroup(group.group_channel_id, group.channel_ids.as_slice());
            }
            _ => {}
        }
    }

    fn received_verdict(&mut self, message: &Message) {
        match message {
            Message::SubmitSharesSuccess(success) => {
                if let Some(channel) = self.channels.get_mut(&success.channel_id) {
                    let (last, count) = (success.last_sequence_number, success.new_submits_accepted_count);
                    channel.account.acknowledge(last, count, success.new_shares_sum);
                }
            }
            Message::SubmitSharesError(error) => {
                if let Some(channel) = self.channels.get_mut(&error.channel_id) {
                    channel.account.refuse(error.sequence_number, error.error_code.as_bytes());
                }
            }
            _ => {}
        }
    }

    /// A custom job is for the extended channel that was named, or for those of the group (spec section 5.3.18).
    fn custom_job(&mut self, success: &SetCustomMiningJobSuccess, now: Duration) {
        let Some(request) = self.custom_jobs.remove(&success.request_id) else { return };
        let order = self.next_job();
        for channel in self.addressed(request.channel_id) {
            channel.custom_job(&request, success.job_id, order, now);
        }
    }

    fn asked_to_open(&mut self, request_id: u32, max_target: U256) {
        if self.openings.len() < KEPT_OPENINGS {
            self.openings.insert(request_id, max_target);
        }
    }

    /// A second channel under an id that is open takes the place of the first.
    fn open(&mut self, request_id: u32, ids: (u32, u32), kind: ChannelKind, target: U256, prefix: &[u8]) {
        let (id, group_channel_id) = ids;
        let declared_max_target = self.openings.remove(&request_id).unwrap_or(U256::MAX);
        if self.channels.len() >= KEPT_CHANNELS && !self.channels.contains_key(&id) {
            return;
        }
        let channel = Channel {
            id,
            kind,
            group_channel_id,
            target,
            extranonce_prefix: prefix.to_vec(),
            declared_max_target,
            declared_before: None,
            tip: None,
            jobs: BTreeMap::new(),
            account: Account::default(),
            has_forgotten_jobs: false,
        };
        self.channels.insert(id, channel);
    }

    /// Only what is listed moves; ids that are not open are nobody's.
    fn regroup(&mut self, group_channel_id: u32, members: &[u32]) {
        for id in members {
            if let Some(channel) = self.channels.get_mut(id) {
                channel.group_channel_id = group_channel_id;
            }
        }
    }

    /// "If channel_id is addressing a group channel, all channels belonging to such group MUST be closed" (5.3.9).
    fn close(&mut self, id: u32) {
        let zero_is_a_group = self.zero_is_a_group;
        self.channels.retain(|_, channel| channel.id != id && !is_member(channel, id, zero_is_a_group));
    }

    fn submitted(&mut self, channel_id: u32, sequence_number: u32) {
        if let Some(channel) = self.channels.get_mut(&channel_id) {
            channel.account.submit(sequence_number);
        }
    }

    fn next_job(&mut self) -> u64 {
        self.jobs_seen = self.jobs_seen.saturating_add(1);
        self.jobs_seen
    }

    fn requires_standard_jobs(&self) -> bool {
        let flags = match self.setup {
            Setup::Asked { flags } | Setup::Accepted { flags, .. } => flags,
            Setup::None | Setup::Refused => 0,
        };
        FlagSpec::find("REQUIRES_STANDARD_JOBS").is_some_and(|flag| flags & flag.mask() != 0)
    }

    /// Whether the server has set REQUIRES_FIXED_VERSION, so that the client rolls no version (spec section 5.3.1).
    fn requires_fixed_version(&self) -> bool {
        let Setup::Accepted { server_flags, .. } = self.setup else { return false };
        FlagSpec::find("REQUIRES_FIXED_VERSION").is_some_and(|flag| server_flags & flag.mask() != 0)
    }

    /// The server addresses a group by 0, unless 0 is the channel of that id. Rules look at a message before the model takes
    /// it in, and must know by then.
    pub(crate) fn note_group_zero(&mut self, message: &Message) {
        let address = match message {
            Message::NewExtendedMiningJob(job) => Some(job.channel_id),
            Message::SetNewPrevHash(tip) => Some(tip.channel_id),
            Message::SetTarget(target) => Some(target.channel_id),
            Message::CloseChannel(close) => Some(close.channel_id),
            Message::SetGroupChannel(group) => Some(group.group_channel_id),
            _ => None,
        };
        self.zero_is_a_group |= address == Some(0) && !self.channels.contains_key(&0);
    }

    /// The channels that an id addresses: the channel of that id, or the members of the group of that id.
    fn addressed(&mut self, id: u32) -> impl Iterator<Item = &mut Channel> {
        let zero_is_a_group = self.zero_is_a_group;
        let addressed =
            move |channel: &&mut Channel| channel.id == id || is_member(channel, id, zero_is_a_group);
        self.channels.values_mut().filter(addressed)
    }
}

fn is_member(channel: &Channel, group_channel_id: u32, zero_is_a_group: bool) -> bool {
    channel.group_channel_id == group_channel_id && (group_channel_id != 0 || zero_is_a_group)
}
