//! One connection of the pool: how far it has come, and what each message does.
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::{PoolConfig, Shared};
use crate::channel::{Channel, Kind};
use crate::extensions::{WORKER_IDENTITY, worker};
use crate::service::{ConnId, Now, Outbox};
use crate::setup::{Offer, REQUIRES_STANDARD_JOBS, REQUIRES_WORK_SELECTION};
use crate::share::Seen;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use sv2_wire::frame::Frame;
use sv2_wire::{Message, Problem, RequestExtensions, SetTarget, SetupConnection};

/// The way back to the peer.
pub(super) struct Replies<'a> {
    pub(super) conn: ConnId,
    pub(super) out: &'a mut Outbox,
}

impl Replies<'_> {
    pub(super) fn send(&mut self, message: impl Into<Message>) {
        self.out.send(self.conn, message);
    }
}

/// How far a connection has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    New,
    Ready,
    Closing,
}

/// The group that every channel of a connection belongs to at first. Channels and further groups are numbered from the
/// next id on: "there must never be a Group Channel whose `group_channel_id` is identical to some `channel_id`" (spec
/// section 5.2.3).
pub(super) const FIRST_GROUP: u32 = 1;

/// State of one connection.
#[derive(Debug)]
pub(super) struct Connection {
    phase: Phase,
    /// The client asked for standard jobs: no job and no previous hash goes to a group.
    pub(super) standard_jobs: bool,
    /// The client said that it would send custom jobs.
    pub(super) work_selection: bool,
    pub(super) channels: BTreeMap<u32, Channel>,
    /// The next id of a channel or a group, as long as there is one: ids are never used again.
    next_id: Option<u32>,
    /// The id of the next job. A group's jobs are its members' too, so all jobs of a connection are numbered together;
    /// ids are only used again after 2^32 jobs, long after the first ones ended.
    next_job: u32,
    pub(super) seen: Seen,
    /// Extensions that were granted.
    extensions: BTreeSet<u16>,
    /// Since when there is no channel, as far as there is none.
    idle_since: Duration,
    /// When the targets were reviewed, or the first channel was opened.
    pub(super) reviewed: Duration,
}

impl Default for Connection {
    fn default() -> Self {
        Self {
            phase: Phase::New,
            standard_jobs: false,
            work_selection: false,
            channels: BTreeMap::new(),
            next_id: FIRST_GROUP.checked_add(1),
            next_job: 1,
            seen: Seen::default(),
            extensions: BTreeSet::new(),
            idle_since: Duration::ZERO,
            reviewed: Duration::ZERO,
        }
    }
}

impl Connection {
    /// Takes a frame. A known message that does not decode ends the connection; an unknown one is ignored, as
    /// spec section 3.4.1 demands for extensions. What follows the last field is ignored too, but for TLVs that were negotiated.
    pub(super) fn frame(&mut self, frame: &Frame, now: Now, shared: &mut Shared, replies: &mut Replies<'_>) {
        self.touch(now);
        let decoded = frame.decode().map(|decoded| (decoded.message, decoded.tail));
        match (self.phase, decoded) {
            (Phase::Closing, _) => {}
            (Phase::New, Ok((Message::SetupConnection(request), _))) => {
                self.set_up(&request, now, shared, replies);
            }
            (Phase::New, Ok((message, tail)))
                if !shared.rules.setup(true, |rules, right| rules.comes_first(right)) =>
            {
                self.phase = Phase::Ready;
                self.message(message, tail, now, shared, replies);
            }
            // "This MUST be the first message sent by the client" (spec section 3.6.1).
            (Phase::New, _) => self.close(replies),
            (Phase::Ready, Ok((Message::RequestExtensions(_), _))) if shared.config.ignores_extensions => {}
            (Phase::Ready, Ok((Message::RequestExtensions(request), _))) => {
                self.negotiate(&request, shared, replies);
            }
            // "If the client does not retry with the required extension, the server MUST disconnect the client" (EXT-0001
            // 4.6); one that never asks is taken for such a client.
            (Phase::Ready, Ok(_)) if self.lacks_extensions(shared) => self.close(replies),
            (Phase::Ready, Ok((Message::SetupConnection(request), _)))
                if shared.rules.setup(false, |rules, right| rules.restarts(right)) =>
            {
                self.channels.clear();
                self.set_up(&request, now, shared, replies);
            }
            (Phase::Ready, Ok((message, tail))) => self.message(message, tail, now, shared, replies),
            (Phase::Ready, Err(error)) => match error.problem {
                Problem::UnknownMessage { .. } => {}
                _ => self.close(replies),
            },
        }
    }

    /// When [`tick`](Self::tick) is to be called.
    pub(super) fn deadline(&self, config: &PoolConfig) -> Option<Duration> {
        let (since, after) = match self.channels.is_empty() {
            true => (self.idle_since, config.inactivity),
            false => (self.reviewed, config.vardiff.map(|vardiff| vardiff.interval)),
        };
        after.filter(|_| self.is_ready()).map(|after| since.saturating_add(after))
    }

    /// "If no channels are opened within a reasonable period the server SHOULD close the connection for inactivity" (spec
    /// section 5.3.2); where there are channels, their targets are reviewed.
    pub(super) fn tick(&mut self, now: Now, shared: &mut Shared, replies: &mut Replies<'_>) {
        if self.deadline(&shared.config).is_none_or(|deadline| now.elapsed < deadline) {
            return;
        }
        if self.channels.is_empty() {
            self.close(replies);
            return;
        }
        self.reviewed = now.elapsed;
        let Some(vardiff) = shared.config.vardiff else { return };
        for channel in self.channels.values_mut() {
            if let Some(target) = channel.review(vardiff, shared.config.shares_per_minute, now.elapsed) {
                let maximum_target = shared.wire_target(target);
                replies.send(SetTarget { channel_id: channel.id, maximum_target });
            }
        }
    }

    /// Something is about to happen to the connection.
    pub(super) fn touch(&mut self, now: Now) {
        if !self.channels.is_empty() {
            self.idle_since = now.elapsed;
        }
    }

    pub(super) fn is_ready(&self) -> bool {
        self.phase == Phase::Ready
    }

    /// The channels that an id addresses: the channel of that id, or the members of the group of that id.
    pub(super) fn addressed(&mut self, id: u32) -> impl Iterator<Item = &mut Channel> {
        self.channels.values_mut().filter(move |channel| channel.id == id || channel.group == id)
    }

    /// Groups that have members.
    pub(super) fn groups(&self) -> BTreeSet<u32> {
        self.channels.values().map(|channel| channel.group).collect()
    }

    pub(super) fn take_id(&mut self) -> Option<u32> {
        let id = self.next_id?;
        self.next_id = id.checked_add(1);
        Some(id)
    }

    pub(super) fn take_job_id(&mut self) -> u32 {
        let id = self.next_job;
        self.next_job = id.wrapping_add(1);
        id
    }

    pub(super) fn close(&mut self, replies: &mut Replies<'_>) {
        self.phase = Phase::Closing;
        self.channels.clear();
        self.seen.clear();
        replies.out.close(replies.conn);
    }

    fn message(
        &mut self,
        message: Message,
        tail: &[u8],
        now: Now,
        shared: &mut Shared,
        replies: &mut Replies<'_>,
    ) {
        match message {
            Message::OpenStandardMiningChannel(open) => self.open(&(&open).into(), now, shared, replies),
            Message::OpenExtendedMiningChannel(open) => self.open(&(&open).into(), now, shared, replies),
            Message::UpdateChannel(update) => self.update(&update, shared, replies),
            Message::CloseChannel(close) => self.close_channel(&close, shared),
            Message::SubmitSharesStandard(share) => {
                self.submit(Kind::Standard, &(&share).into(), Ok(None), now, shared, replies);
            }
            Message::SubmitSharesExtended(share) => {
                let worker = match self.extensions.contains(&WORKER_IDENTITY) {
                    true => worker(tail),
                    // "The server MUST ignore any unexpected TLV fields" (EXT-0002 1.3).
                    false => Ok(None),
                };
                self.submit(Kind::Extended, &(&share).into(), worker, now, shared, replies);
            }
            Message::SetCustomMiningJob(job) => self.custom_job(&job, now, shared, replies),
            // A second SetupConnection, and messages that no client sends to a pool: nothing changes.
            _ => {}
        }
    }

    fn lacks_extensions(&self, shared: &mut Shared) -> bool {
        let lacks = !shared.config.extensions.required.is_subset(&self.extensions);
        lacks && shared.rules.setup(true, |rules, right| rules.demands_extensions(right))
    }

    /// What is granted replaces what was granted before (AMB-98); an error changes nothing.
    fn negotiate(&mut self, request: &RequestExtensions, shared: &Shared, replies: &mut Replies<'_>) {
        match shared.config.extensions.answer(request) {
            Ok(success) => {
                self.extensions = success.supported_extensions.as_slice().iter().copied().collect();
                replies.send(success);
            }
            Err(error) => replies.send(error),
        }
    }

    fn set_up(
        &mut self,
        request: &SetupConnection,
        now: Now,
        shared: &mut Shared,
        replies: &mut Replies<'_>,
    ) {
        let PoolConfig { fixed_version, extended_channels_only, refused_flags, .. } = shared.config;
        let mut offer = Offer::pool(fixed_version, extended_channels_only);
        if shared.config.custom_jobs.is_some() {
            offer.flags |= REQUIRES_WORK_SELECTION;
        }
        offer.flags &= !refused_flags;
        let request = &shared.rules.setup(request.clone(), |rules, right| rules.understood(right));
        match offer.answer(request) {
            Ok(mut success) => {
                let flags = success.flags;
                success.flags = shared.rules.setup(flags, |rules, right| rules.success_flags(right, request));
                self.idle_since = now.elapsed;
                self.standard_jobs = request.flags & REQUIRES_STANDARD_JOBS != 0;
                self.work_selection = request.flags & REQUIRES_WORK_SELECTION != 0;
                self.phase = Phase::Ready;
                replies.send(success);
            }
            Err(mut error) => {
                error.flags = shared.rules.setup(error.flags, |rules, right| rules.unsupported_flags(right));
                replies.send(error);
                if shared.rules.setup(true, |rules, right| rules.closes_after_error(right)) {
                    self.close(replies);
                }
            }
        }
    }
}
