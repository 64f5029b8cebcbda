//! What the operator can do to a connection.
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::Shared;
use super::connection::{Connection, Replies};
use crate::service::{Address, Control};
use crate::target::from_wire;
use sv2_wire::{CloseChannel, Reconnect, Seq0_64K, SetGroupChannel, SetTarget, Str0_255, U256};

impl Connection {
    /// Performs what concerns single channels or groups; what is not there is passed over.
    pub(super) fn steer(&mut self, control: &Control, shared: &mut Shared, replies: &mut Replies<'_>) {
        let conn = replies.conn;
        match control {
            // Work for everybody, see `distribute`.
            Control::Block | Control::Template => {}
            Control::SetTarget { channel, maximum_target } => {
                if let Some(id) = channel.on(conn) {
                    self.set_target(id, *maximum_target, shared, replies);
                }
            }
            Control::SetExtranoncePrefix { channel } => {
                if let Some(id) = channel.on(conn) {
                    self.set_prefix(id, shared, replies);
                }
            }
            Control::Regroup { channels } => self.regroup(channels, shared, replies),
            Control::CloseChannel { channel, reason } => {
                if let Some(id) = channel.on(conn) {
                    self.end_channel(id, reason, shared, replies);
                }
            }
            Control::Reconnect { conn: only, new_host, new_port } => {
                if self.is_ready() && only.is_none_or(|only| only == conn) {
                    replies.send(Reconnect { new_host: new_host.clone(), new_port: *new_port });
                }
            }
        }
    }

    /// "When `SetTarget` is sent to a group channel, the maximum target is applicable to all channels in the group" (spec
    /// section 5.3.21), so it is within what every one of them takes.
    fn set_target(&mut self, id: u32, maximum_target: U256, shared: &mut Shared, replies: &mut Replies<'_>) {
        let limit = self.addressed(id).map(|channel| channel.max_target()).min();
        let Some(limit) = limit else { return };
        let target = from_wire(maximum_target).min(limit);
        for (index, channel) in self.addressed(id).enumerate() {
            if shared.rules.channel(true, |rules, right| rules.is_member_retargeted(right, index)) {
                channel.set_target(target, &mut shared.rules);
            }
        }
        replies.send(SetTarget { channel_id: id, maximum_target: shared.wire_target(target) });
    }

    /// "This message is applicable only for explicitly opened extended channels or standard channels (not group
    /// channels)" (spec section 5.3.10). The prefix before is not given to anybody else.
    fn set_prefix(&mut self, id: u32, shared: &mut Shared, replies: &mut Replies<'_>) {
        let Some(channel) = self.channels.get_mut(&id) else { return };
        if let Some(prefix) = shared.take_prefix(channel.kind) {
            replies.send(channel.set_prefix(prefix, &mut shared.rules));
        }
    }

    /// "This message can be sent only to connections that don't have `REQUIRES_STANDARD_JOBS` flag" (spec section 5.3.22).
    /// All channels have the same full extranonce size, so any of them may share a group.
    fn regroup(&mut self, channels: &[Address], shared: &mut Shared, replies: &mut Replies<'_>) {
        let ids = channels.iter().filter_map(|channel| channel.on(replies.conn));
        let mut members: Vec<u32> = ids.filter(|id| self.channels.contains_key(id)).collect();
        members.sort_unstable();
        members.dedup();
        if self.standard_jobs || members.is_empty() {
            return;
        }
        let Ok(channel_ids) = Seq0_64K::new(members.clone()) else { return };
        let Some(group_channel_id) = self.take_id() else { return };
        for id in members {
            let moves = shared.rules.channel(true, |rules, right| rules.regroups(right));
            if let Some(channel) = self.channels.get_mut(&id).filter(|_| moves) {
                channel.group = group_channel_id;
            }
        }
        replies.send(SetGroupChannel { group_channel_id, channel_ids });
    }

    /// Ends a channel or a group from our side. What was credited before is still acknowledged.
    fn end_channel(&mut self, id: u32, reason: &Str0_255, shared: &mut Shared, replies: &mut Replies<'_>) {
        let mut is_there = false;
        for channel in self.addressed(id) {
            is_there = true;
            if let Some(success) =
                channel.batch.flush(channel.id, shared.config.difficulty_one, &mut shared.rules)
            {
                replies.send(success);
            }
        }
        if is_there {
            let close = CloseChannel { channel_id: id, reason_code: reason.clone() };
            self.close_channel(&close, shared);
            replies.send(close);
        }
    }
}
