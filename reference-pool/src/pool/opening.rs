//! Channels of a connection: opened, updated and closed by the client.
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::Shared;
use super::connection::{Connection, FIRST_GROUP, Replies};
use crate::channel::{Channel, OpenError, Request};
use crate::service::Now;
use crate::share::ShareError;
use crate::target::from_wire;
use crate::template::Change;
use sv2_wire::{CloseChannel, OpenMiningChannelError, SetTarget, UpdateChannel, UpdateChannelError};

impl Connection {
    /// What follows a request that is granted, in this order: the success, a future job, and the previous hash that
    /// makes it active. "This MUST be the first message after the channel has been successfully opened. This first
    /// message will have min_ntime unset" (spec section 5.3.15).
    pub(super) fn open(
        &mut self,
        request: &Request,
        now: Now,
        shared: &mut Shared,
        replies: &mut Replies<'_>,
    ) {
        match self.try_open(request, now, shared) {
            Ok(channel) => {
                let id = channel.id;
                let request_id = request.request_id;
                let request_id = shared.rules.channel(request_id, |rules, right| rules.request_id(right));
                replies.send(channel.success(request_id, shared.wire_target(channel.target)));
                self.channels.insert(id, channel);
                self.send_work(id, Change::Block, now, shared, replies);
            }
            Err(error) => {
                let error_code = error.code().into();
                replies.send(OpenMiningChannelError { request_id: request.request_id, error_code });
                if shared.rules.channel(false, |rules, right| rules.ends_behind_refusal(right)) {
                    self.close(replies);
                }
            }
        }
    }

    pub(super) fn update(&mut self, update: &UpdateChannel, shared: &mut Shared, replies: &mut Replies<'_>) {
        let answer = match self.channels.get_mut(&update.channel_id) {
            Some(channel) => channel
                .update(update, shared.config.shares_per_minute, &mut shared.rules)
                .map_err(|error| error.code()),
            None if shared.rules.channel(true, |rules, right| rules.is_update_refused(right)) => {
                Err(ShareError::ChannelId.code())
            }
            None => Ok(None),
        };
        match answer {
            Ok(Some(target)) if shared.rules.channel(true, |rules, right| rules.tells_target(right)) => {
                let maximum_target = shared.wire_target(target);
                replies.send(SetTarget { channel_id: update.channel_id, maximum_target });
            }
            Ok(_) => {}
            Err(code) => {
                replies.send(UpdateChannelError { channel_id: update.channel_id, error_code: code.into() });
            }
        }
    }

    /// "If `channel_id` is addressing a group channel, all channels belonging to such group MUST be closed" (spec section 5.3.9).
    pub(super) fn close_channel(&mut self, close: &CloseChannel, shared: &mut Shared) {
        let id = close.channel_id;
        if !shared.rules.channel(true, |rules, right| rules.closes(right)) {
            return;
        }
        let mut goes =
            |member: bool| shared.rules.channel(member, |rules, right| rules.closes_members(right));
        self.channels.retain(|_, channel| channel.id != id && !goes(channel.group == id));
    }

    fn try_open(&mut self, request: &Request, now: Now, shared: &mut Shared) -> Result<Channel, OpenError> {
        let target = request.decide(self.standard_jobs, &shared.config, &mut shared.rules)?;
        let max_target = from_wire(request.max_target);
        let target = shared.rules.channel(target, |rules, right| rules.target(right, max_target));
        if self.channels.len() >= shared.config.max_channels {
            return Err(OpenError::Capacity);
        }
        let prefix = shared.take_prefix(request.kind).ok_or(OpenError::Capacity)?;
        let id = self.take_id().ok_or(OpenError::Capacity)?;
        let id = shared.rules.channel(id, |rules, right| {
            let open: Vec<u32> = self.channels.keys().copied().collect();
            rules.channel_id(right, &open)
        });
        if self.channels.is_empty() {
            self.reviewed = now.elapsed;
        }
        shared.statistics.channels_opened = shared.statistics.channels_opened.saturating_add(1);
        let kept_jobs = shared.config.kept_jobs;
        let root_prefix = shared.rules.channel(prefix.clone(), |rules, right| rules.root_prefix(right));
        let mut channel = Channel::new(id, FIRST_GROUP, request, prefix, target, kept_jobs, now.elapsed);
        channel.root_prefix = root_prefix;
        Ok(channel)
    }
}
