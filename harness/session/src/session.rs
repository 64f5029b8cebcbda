use crate::channel::{Channel, ChannelKind};
use crate::job::{Job, JobState};
use crate::shares::{Account, Basis, Voided};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use sv2_wire::{Message, U256};

/// Which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the client.
    ToServer,
    /// From the server.
    ToClient,
}

/// How far the set-up of a connection is (spec section 3.6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Setup {
    /// No SetupConnection yet.
    #[default]
    None,
    /// SetupConnection went out.
    Asked {
        /// Flags of the request.
        flags: u32,
    },
    /// SetupConnection.Success came.
    Accepted {
        /// Flags of the request.
        flags: u32,
        /// Flags of the answer.
        server_flags: u32,
        /// Version in use.
        version: u16,
    },
    /// SetupConnection.Error came.
    Refused,
}

/// The model of one connection.
#[derive(Clone, Debug, Default)]
pub struct Session {
    setup: Setup,
    openings: BTreeMap<u32, Opening>,
    channels: BTreeMap<u32, Channel>,
    groups: BTreeMap<u32, BTreeSet<u32>>,
    jobs_seen: u64,
    tips_seen: u64,
}

#[derive(Clone, Copy, Debug)]
struct Opening {
    max_target: U256,
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
    /// acknowledgements of shares.
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
        )
    }

    /// An open channel.
    pub fn channel(&self, channel_id: u32) -> Option<&Channel> {
        self.channels.get(&channel_id)
    }

    /// All open channels, by id.
    pub fn channels(&self) -> impl Iterator<Item = &Channel> {
        self.channels.values()
    }

    /// Members of a group; empty when there is no such group.
    pub fn group(&self, group_channel_id: u32) -> impl Iterator<Item = u32> + '_ {
        self.groups.get(&group_channel_id).into_iter().flatten().copied()
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
        if channel.tip.is_none_or(|tip| tip.serial != basis.tip) {
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
            Message::SetupConnection(setup) if self.setup == Setup::None => {
                self.setup = Setup::Asked { flags: setup.flags };
            }
            Message::OpenStandardMiningChannel(open) => {
                self.openings.insert(open.request_id, Opening { max_target: open.max_target });
            }
            Message::OpenExtendedMiningChannel(open) => {
                self.openings.insert(open.request_id, Opening { max_target: open.max_target });
            }
            Message::UpdateChannel(update) => {
                for channel in self.addressed(update.channel_id) {
                    channel.declared_max_target = update.maximum_target;
                }
            }
            Message::SubmitSharesStandard(share) => self.submitted(share.channel_id, share.sequence_number),
            Message::SubmitSharesExtended(share) => self.submitted(share.channel_id, share.sequence_number),
            Message::CloseChannel(close) => self.close(close.channel_id),
            _ => {}
        }
    }

    fn received(&mut self, message: &Message, now: Duration) {
        match message {
            Message::SetupConnectionSuccess(success) => {
                if let Setup::Asked { flags } = self.setup {
                    let (server_flags, version) = (success.flags, success.used_version);
                    self.setup = Setup::Accepted { flags, server_flags, version };
                }
            }
            Message::SetupConnectionError(_) => self.setup = Setup::Refused,
            Message::OpenStandardMiningChannelSuccess(open) => {
                let prefix = open.extranonce_prefix.as_slice();
                let (kind, ids) = (ChannelKind::Standard, (open.channel_id, open.group_channel_id));
                self.open(open.request_id, ids, kind, open.target, prefix);
            }
            Message::OpenExtendedMiningChannelSuccess(open) => {
                let prefix = open.extranonce_prefix.as_slice();
                let kind = ChannelKind::Extended { extranonce_size: open.extranonce_size };
                self.open(
                    open.request_id,
                    (open.channel_id, open.group_channel_id),
                    kind,
                    open.target,
                    prefix,
                );
            }
            Message::OpenMiningChannelError(error) => {
                self.openings.remove(&error.request_id);
            }
            Message::CloseChannel(close) => self.close(close.channel_id),
            _ => self.received_work(message, now),
        }
    }

    fn received_work(&mut self, message: &Message, now: Duration) {
        match message {
            Message::NewMiningJob(job) => {
                let order = self.next_job();
                if let Some(channel) = self.channels.get_mut(&job.channel_id) {
                    channel.standard_job(job, order, now);
                }
            }
            Message::NewExtendedMiningJob(job) => {
                let order = self.next_job();
                for channel in self.addressed(job.channel_id) {
                    channel.extended_job(job, order, now);
                }
            }
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

    fn open(&mut self, request_id: u32, ids: (u32, u32), kind: ChannelKind, target: U256, prefix: &[u8]) {
        let (id, group_channel_id) = ids;
        let opening = self.openings.remove(&request_id);
        let channel = Channel {
            id,
            kind,
            group_channel_id,
            target,
            extranonce_prefix: prefix.to_vec(),
            declared_max_target: opening.map_or(U256::MAX, |opening| opening.max_target),
            tip: None,
            jobs: BTreeMap::new(),
            account: Account::default(),
        };
        self.channels.insert(id, channel);
        if group_channel_id != 0 {
            self.groups.entry(group_channel_id).or_default().insert(id);
        }
    }

    fn regroup(&mut self, group_channel_id: u32, members: &[u32]) {
        for id in members {
            for group in self.groups.values_mut() {
                group.remove(id);
            }
            if let Some(channel) = self.channels.get_mut(id) {
                channel.group_channel_id = group_channel_id;
                self.groups.entry(group_channel_id).or_default().insert(*id);
            }
        }
    }

    /// "If channel_id is addressing a group channel, all channels belonging to such group MUST be closed" (5.3.9).
    fn close(&mut self, channel_id: u32) {
        let members = self.groups.remove(&channel_id).unwrap_or_default();
        for id in members.into_iter().chain([channel_id]) {
            self.channels.remove(&id);
            for group in self.groups.values_mut() {
                group.remove(&id);
            }
        }
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

    /// The channels that an id addresses: the channel of that id, or the members of the group of that id.
    fn addressed(&mut self, id: u32) -> impl Iterator<Item = &mut Channel> {
        let members = self.groups.get(&id).cloned().unwrap_or_default();
        self.channels.values_mut().filter(move |channel| channel.id == id || members.contains(&channel.id))
    }
}
