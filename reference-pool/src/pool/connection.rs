//! One connection of the pool: what each message does.
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::Shared;
use crate::channel::{Channel, Kind, OpenError, Request};
use crate::service::{ConnId, Control, Now, Outbox};
use crate::setup::{Offer, REQUIRES_STANDARD_JOBS, answer_extensions};
use crate::share::{Judged, Seen, ShareError, Submit, judge};
use std::collections::BTreeMap;
use std::sync::Arc;
use sv2_wire::frame::Frame;
use sv2_wire::{
    CloseChannel, Message, OpenMiningChannelError, Problem, SetCustomMiningJob, SetCustomMiningJobError,
    SetupConnection, SubmitSharesError, SubmitSharesExtended, SubmitSharesStandard, UpdateChannel,
    UpdateChannelError,
};

/// The way back to the peer.
pub(super) struct Replies<'a> {
    pub(super) conn: ConnId,
    pub(super) out: &'a mut Outbox,
}

impl Replies<'_> {
    fn send(&mut self, message: impl Into<Message>) {
        self.out.send(self.conn, message);
    }
}

/// How far a connection has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    New,
    Ready {
        standard_jobs: bool,
    },
    Closing,
}

/// The group that every channel of a connection belongs to; channels are numbered from the next id on, so that none
/// ever has this one (spec section 5.2.3).
const GROUP: u32 = 1;

/// State of one connection.
#[derive(Debug)]
pub(super) struct Connection {
    phase: Phase,
    channels: BTreeMap<u32, Channel>,
    /// The id of the next channel, as long as there is one: ids are never used again.
    next_channel: Option<u32>,
    seen: Seen,
}

impl Default for Connection {
    fn default() -> Self {
        Self {
            phase: Phase::New,
            channels: BTreeMap::new(),
            next_channel: GROUP.checked_add(1),
            seen: Seen::default(),
        }
    }
}

impl Connection {
    pub(super) fn channels(&self) -> usize {
        self.channels.len()
    }

    /// Takes a frame. A known message that does not decode ends the connection; an unknown one is ignored, as
    /// spec section 3.4.1 demands for extensions. What follows the last field, a TLV or not, is ignored too.
    pub(super) fn frame(&mut self, frame: &Frame, now: Now, shared: &mut Shared, replies: &mut Replies<'_>) {
        let message = frame.decode().map(|decoded| decoded.message);
        match (self.phase, message) {
            (Phase::Closing, _) => {}
            (Phase::New, Ok(Message::SetupConnection(request))) => self.set_up(&request, replies),
            // "This MUST be the first message sent by the client" (spec section 3.6.1).
            (Phase::New, _) => self.close(replies),
            (Phase::Ready { standard_jobs }, Ok(message)) => {
                self.message(message, standard_jobs, now, shared, replies);
            }
            (Phase::Ready { .. }, Err(error)) => match error.problem {
                Problem::UnknownMessage { .. } => {}
                _ => self.close(replies),
            },
        }
    }

    /// Passes a new block or template on to every channel.
    pub(super) fn control(&mut self, control: Control, now: Now, shared: &Shared, replies: &mut Replies<'_>) {
        if control == Control::Block {
            self.seen.clear();
        }
        for channel in self.channels.values_mut() {
            match control {
                Control::Block => {
                    let [job, prev_hash] = channel.on_block(&shared.work);
                    replies.send(job);
                    replies.send(prev_hash);
                }
                Control::Template => replies.send(channel.on_template(&shared.work, now.unix)),
            }
        }
    }

    fn message(
        &mut self,
        message: Message,
        standard_jobs: bool,
        now: Now,
        shared: &mut Shared,
        replies: &mut Replies<'_>,
    ) {
        match message {
            Message::OpenStandardMiningChannel(open) => {
                self.open(&(&open).into(), standard_jobs, shared, replies)
            }
            Message::OpenExtendedMiningChannel(open) => {
                self.open(&(&open).into(), standard_jobs, shared, replies)
            }
            Message::UpdateChannel(update) => self.update(&update, shared, replies),
            Message::CloseChannel(close) => self.close_channel(&close),
            Message::SubmitSharesStandard(share) => {
                self.submit(Kind::Standard, &standard(&share), now, shared, replies);
            }
            Message::SubmitSharesExtended(share) => {
                self.submit(Kind::Extended, &extended(&share), now, shared, replies);
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
                let standard_jobs = request.flags & REQUIRES_STANDARD_JOBS != 0;
                self.phase = Phase::Ready { standard_jobs };
                replies.send(success);
            }
            Err(error) => {
                replies.send(error);
                self.close(replies);
            }
        }
    }

    fn open(
        &mut self,
        request: &Request,
        standard_jobs: bool,
        shared: &mut Shared,
        replies: &mut Replies<'_>,
    ) {
        match self.try_open(request, standard_jobs, shared) {
            Ok(messages) => messages.into_iter().for_each(|message| replies.send(message)),
            Err(error) => replies.send(OpenMiningChannelError {
                request_id: request.request_id,
                error_code: error.code().into(),
            }),
        }
    }

    fn try_open(
        &mut self,
        request: &Request,
        standard_jobs: bool,
        shared: &mut Shared,
    ) -> Result<[Message; 3], OpenError> {
        let target = request.decide(standard_jobs, shared.config.shares_per_minute)?;
        if self.channels.len() >= shared.config.max_channels {
            return Err(OpenError::Capacity);
        }
        let id = self.next_channel.ok_or(OpenError::Capacity)?;
        let prefix = shared.prefixes.allocate(request.kind == Kind::Standard).ok_or(OpenError::Capacity)?;
        self.next_channel = id.checked_add(1);
        let mut channel = Channel::new(id, request.kind, prefix, target, shared.config.kept_jobs);
        let messages = channel.first_messages(request.request_id, GROUP, &shared.work);
        self.channels.insert(id, channel);
        shared.statistics.channels_opened = shared.statistics.channels_opened.saturating_add(1);
        Ok(messages)
    }

    fn update(&mut self, update: &UpdateChannel, shared: &Shared, replies: &mut Replies<'_>) {
        let answer = match self.channels.get_mut(&update.channel_id) {
            Some(channel) => {
                channel.update(update, shared.config.shares_per_minute).map_err(|error| error.code())
            }
            None => Err(ShareError::ChannelId.code()),
        };
        match answer {
            Ok(Some(set_target)) => replies.send(set_target),
            Ok(None) => {}
            Err(code) => {
                replies.send(UpdateChannelError { channel_id: update.channel_id, error_code: code.into() });
            }
        }
    }

    /// "If `channel_id` is addressing a group channel, all channels belonging to such group MUST be closed" (spec section 5.3.9).
    fn close_channel(&mut self, close: &CloseChannel) {
        if close.channel_id == GROUP {
            self.channels.clear();
        } else {
            self.channels.remove(&close.channel_id);
        }
    }

    fn submit(
        &mut self,
        kind: Kind,
        submit: &Submit<'_>,
        now: Now,
        shared: &mut Shared,
        replies: &mut Replies<'_>,
    ) {
        if self.seen.len() >= shared.config.max_seen {
            self.close(replies);
            return;
        }
        match self.try_submit(kind, submit, now, shared) {
            Ok(Some(success)) => replies.send(success),
            Ok(None) => {}
            Err(error) => {
                shared.reject(error.code());
                replies.send(SubmitSharesError {
                    channel_id: submit.channel_id,
                    sequence_number: submit.sequence_number,
                    error_code: error.code().into(),
                });
            }
        }
    }

    fn try_submit(
        &mut self,
        kind: Kind,
        submit: &Submit<'_>,
        now: Now,
        shared: &mut Shared,
    ) -> Result<Option<sv2_wire::SubmitSharesSuccess>, ShareError> {
        let channel = self.channels.get_mut(&submit.channel_id).filter(|channel| channel.kind == kind);
        let channel = channel.ok_or(ShareError::ChannelId)?;
        let Judged { job, header, hash, is_block, credit } =
            judge(&channel.jobs, submit, shared.tip_age(now), &self.seen)?;
        let new_block = is_block && self.seen.publish(hash);
        if new_block {
            let work = Arc::clone(&job.work);
            shared.publish(work.block(header, &job.prefix, submit.extranonce));
        }
        let target = credit?;
        self.seen.accept(hash);
        shared.statistics.accepted = shared.statistics.accepted.saturating_add(1);
        Ok(channel.batch.add(submit, target, shared.config.ack_batch, new_block))
    }

    fn close(&mut self, replies: &mut Replies<'_>) {
        self.phase = Phase::Closing;
        self.channels.clear();
        self.seen.clear();
        replies.out.close(replies.conn);
    }
}

fn standard(share: &SubmitSharesStandard) -> Submit<'static> {
    Submit {
        channel_id: share.channel_id,
        sequence_number: share.sequence_number,
        job_id: share.job_id,
        nonce: share.nonce,
        ntime: share.ntime,
        version: share.version,
        extranonce: &[],
    }
}

fn extended(share: &SubmitSharesExtended) -> Submit<'_> {
    Submit {
        channel_id: share.channel_id,
        sequence_number: share.sequence_number,
        job_id: share.job_id,
        nonce: share.nonce,
        ntime: share.ntime,
        version: share.version,
        extranonce: share.extranonce.as_slice(),
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
