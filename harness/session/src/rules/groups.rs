//! Rules about groups.

use super::{Rule, Say, Seen};
use crate::channel::{Channel, ChannelKind};
use std::collections::{BTreeMap, BTreeSet};
use sv2_wire::Message;

/// Bytes of prefix and extranonce together.
fn total(channel: &Channel) -> usize {
    channel.extranonce_prefix.len().saturating_add(usize::from(channel.kind.extranonce_size()))
}

/// Whether the rules on members apply to this group: not to 0 (AMB-140), and not where standard jobs are required (AMB-36).
fn counts(seen: &Seen<'_>, group: u32) -> bool {
    group != 0 && !seen.history.asked_for("REQUIRES_STANDARD_JOBS")
}

/// What is wrong with the sizes of these channels, if they are not one.
fn differ<'a>(channels: impl Iterator<Item = &'a Channel>) -> Option<String> {
    let sizes: BTreeMap<usize, u32> = channels.map(|channel| (total(channel), channel.id)).collect();
    let mut sizes = sizes.into_iter();
    let ((one, first), (other, second)) = (sizes.next()?, sizes.next()?);
    Some(format!("{one} bytes of extranonce on channel {first}, {other} on channel {second}"))
}

/// All channels of a group have the same length of prefix and extranonce together (5.1.2.1), whoever puts them there (5.3.22).
/// After a change of prefixes they agree again when the next job comes for the group (5.3.10, AMB-50).
#[derive(Default)]
pub(super) struct EqualSizes {
    /// Open channels whose prefix was changed.
    changed: BTreeSet<u32>,
}

impl Rule for EqualSizes {
    fn after(&mut self, seen: &Seen<'_>, say: &mut Say<'_>) {
        match seen.message() {
            Some(Message::OpenStandardMiningChannelSuccess(open)) => {
                self.opened(seen, open.group_channel_id, say)
            }
            Some(Message::OpenExtendedMiningChannelSuccess(open)) => {
                self.opened(seen, open.group_channel_id, say)
            }
            Some(Message::SetExtranoncePrefix(prefix)) => {
                self.changed.insert(prefix.channel_id);
                self.changed.retain(|id| seen.session.channel(*id).is_some());
            }
            Some(Message::SetGroupChannel(group)) if counts(seen, group.group_channel_id) => {
                let listed = group.channel_ids.as_slice().iter().filter_map(|id| seen.session.channel(*id));
                match differ(listed) {
                    Some(came) => say.breach(&["SV2-05-176"], came),
                    None => {
                        say.kept(&["SV2-05-176"]);
                        self.opened(seen, group.group_channel_id, say);
                    }
                }
            }
            Some(Message::NewExtendedMiningJob(job)) => self.job(seen, job.channel_id, say),
            _ => {}
        }
    }
}

impl EqualSizes {
    fn opened(&self, seen: &Seen<'_>, group: u32, say: &mut Say<'_>) {
        let members: Vec<&Channel> = members(seen, group).collect();
        // While prefixes are being changed one after the other, sizes may differ.
        if !counts(seen, group)
            || members.len() < 2
            || members.iter().any(|channel| self.changed.contains(&channel.id))
        {
            return;
        }
        match differ(members.into_iter()) {
            Some(came) => say.breach(&["SV2-05-007"], came),
            None => say.kept(&["SV2-05-007"]),
        }
    }

    fn job(&self, seen: &Seen<'_>, group: u32, say: &mut Say<'_>) {
        if !counts(seen, group) || !members(seen, group).any(|channel| self.changed.contains(&channel.id)) {
            return;
        }
        match differ(members(seen, group)) {
            Some(came) => say.breach(&["SV2-05-081"], came),
            None => say.kept(&["SV2-05-081"]),
        }
    }
}

fn members<'a>(seen: &Seen<'a>, group: u32) -> impl Iterator<Item = &'a Channel> {
    let session = seen.session;
    session.group(group).filter_map(|id| session.channel(id))
}

/// Channels that one extended job serves have prefixes that keep their coinbases apart (5.3.3, AMB-144).
pub(super) struct DistinctPrefixes;

impl Rule for DistinctPrefixes {
    fn after(&mut self, seen: &Seen<'_>, say: &mut Say<'_>) {
        let group = match seen.message() {
            Some(Message::OpenStandardMiningChannelSuccess(open)) => open.group_channel_id,
            Some(Message::OpenExtendedMiningChannelSuccess(open)) => open.group_channel_id,
            _ => return,
        };
        let members: Vec<&Channel> = members(seen, group).collect();
        if !counts(seen, group) || members.len() < 2 {
            return;
        }
        for (at, one) in members.iter().enumerate() {
            let rest = members.iter().skip(at.saturating_add(1));
            if let Some(other) = rest.clone().find(|other| may_meet(one, other)) {
                let came = format!("channels {} and {} of group {group} with one prefix", one.id, other.id);
                return say.breach(&["SV2-05-048"], came);
            }
        }
        say.kept(&["SV2-05-048"]);
    }
}

fn may_meet(one: &Channel, other: &Channel) -> bool {
    let (a, b) = (&one.extranonce_prefix, &other.extranonce_prefix);
    match (one.kind, other.kind) {
        (ChannelKind::Standard, ChannelKind::Standard) => a == b,
        (ChannelKind::Standard, ChannelKind::Extended { .. }) => {
            total(one) == total(other) && a.starts_with(b)
        }
        (ChannelKind::Extended { .. }, ChannelKind::Standard) => {
            total(one) == total(other) && b.starts_with(a)
        }
        // Two extended channels are judged by the jobs that they get.
        (ChannelKind::Extended { .. }, ChannelKind::Extended { .. }) => false,
    }
}

/// SetGroupChannel lists channels that are open (5.3.22); one that was closed a moment ago counts (AMB-45).
pub(super) fn open_members(seen: &Seen<'_>, say: &mut Say<'_>) {
    let Some(Message::SetGroupChannel(group)) = seen.message() else { return };
    let is_wrong = |id: &&u32| match seen.history.channels.get(id) {
        None => seen.history.is_complete(),
        Some(known) => known.is_closed_by_server || seen.history.is_closed_for_good(**id),
    };
    match group.channel_ids.as_slice().iter().find(is_wrong) {
        Some(id) => say.breach(&["SV2-05-174"], format!("{id}, which is no open channel")),
        None => say.kept(&["SV2-05-174"]),
    }
}
