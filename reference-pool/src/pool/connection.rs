//! One connection of the pool: how far it has come, and what each message does.
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::Shared;
use crate::channel::{Channel, Kind};
use crate::service::{ConnId, Now, Outbox};
use crate::setup::{Offer, REQUIRES_STANDARD_JOBS, answer_extensions};
use crate::share::Seen;
use std::collections::{BTreeMap, BTreeSet};
use sv2_wire::frame::Frame;
use sv2_wire::{Message, Problem, SetCustomMiningJob, SetCustomMiningJobError, SetupConnection};

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
    pub(super) channels: BTreeMap<u32, Channel>,
    /// The next id of a channel or a group, as long as there is one: ids are never used again.
    next_id: Option<u32>,
    /// The id of the next job. A group's jobs are its members' too, so all jobs of a connection are numbered together;
    /// ids are only used again after 2^32 jobs, long after the first ones ended.
    next_job: u32,
    pub(super) seen: Seen,
}

impl Default for Connection {
    fn default() -> Self {
        Self {
            phase: Phase::New,
            standard_jobs: false,
            channels: BTreeMap::new(),
            next_id: FIRST_GROUP.checked_add(1),
            next_job: 1,
            seen: Seen::default(),
        }
    }
}

impl Connection {
    /// Takes a frame. A known message that does not decode ends the connection; an unknown one is ignored, as
    /// spec section 3.4.1 demands for extensions. What follows the last field, a TLV or not, is ignored too.
    pub(super) fn frame(&mut self, frame: &Frame, now: Now, shared: &mut Shared, replies: &mut Replies<'_>) {
        let message = frame.decode().map(|decoded| decoded.message);
        match (self.phase, message) {
            (Phase::Closing, _) => {}
            (Phase::New, Ok(Message::SetupConnection(request))) => self.set_up(&request, replies),
            // "This MUST be the first message sent by the client" (spec section 3.6.1).
            (Phase::New, _) => self.close(replies),
            (Phase::Ready, Ok(message)) => self.message(message, now, shared, replies),
            (Phase::Ready, Err(error)) => match error.problem {
                Problem::UnknownMessage { .. } => {}
                _ => self.close(replies),
            },
        }
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

    fn message(&mut self, message: Message, now: Now, shared: &mut Shared, replies: &mut Replies<'_>) {
        match message {
            Message::OpenStandardMiningChannel(open) => self.open(&(&open).into(), now, shared, replies),
            Message::OpenExtendedMiningChannel(open) => self.open(&(&open).into(), now, shared, replies),
            Message::UpdateChannel(update) => self.update(&update, shared, replies),
            Message::CloseChannel(close) => self.close_channel(&close),
            Message::SubmitSharesStandard(share) => {
                self.submit(Kind::Standard, &(&share).into(), now, shared, replies);
            }
            Message::SubmitSharesExtended(share) => {
                self.submit(Kind::Extended, &(&share).into(), now, shared, replies);
            }
            Message::SetCustomMiningJob(job) => replies.send(refuse_custom_job(&job)),
            Message::RequestExtensions(request) => replies.send(answer_extensions(request)),
            // A second SetupConnection, and messages that no client sends to a pool: nothing changes.
            _ => {}
        }
    }

    fn set_up(&mut self, request: &SetupConnection, replies: &mut Replies<'_>) {
        match Offer::POOL.answer(request) {
            Ok(success) => {
                self.standard_jobs = request.flags & REQUIRES_STANDARD_JOBS != 0;
                self.phase = Phase::Ready;
                replies.send(success);
            }
            Err(error) => {
                replies.send(error);
                self.close(replies);
            }
        }
    }
}

/// Decides on a custom job: none is taken, work selection is not offered at set-up.
fn refuse_custom_job(job: &SetCustomMiningJob) -> SetCustomMiningJobError {
    SetCustomMiningJobError {
        channel_id: job.channel_id,
        request_id: job.request_id,
        error_code: "jd-not-supported".into(),
    }
}
