//! Rules about the channel or group that a message is for.

use super::{Clauses, Say, Seen};
use crate::channel::ChannelKind;
use crate::history::Known;
use std::collections::BTreeSet;
use sv2_wire::Message;

/// A channel message begins with its channel_id (3.2): a channel that was opened, a group, or in an error what the client
/// named. A channel keeps its id for as long as the connection lives (5.2).
pub(super) fn known(seen: &Seen<'_>, say: &mut Say<'_>) {
    let clauses: Clauses = &["SV2-05-014", "SV2-03-026"];
    let is_core = seen.frame.header.kind.extension_type == 0;
    if !is_core || !seen.spec.is_some_and(|spec| spec.channel_msg) {
        return;
    }
    let Some(id) = seen.frame.payload.first_chunk().map(|bytes| u32::from_le_bytes(*bytes)) else {
        return say.breach(&["SV2-03-026"], format!("a payload of {} bytes", seen.frame.payload.len()));
    };
    let history = seen.history;
    let is_named = history.named.contains(&id) && seen.message().is_some_and(is_reaction);
    if history.channels.contains_key(&id) || history.groups.contains(&id) || is_named {
        return say.kept(clauses);
    }
    if history.is_complete() {
        let name = seen.spec.map_or_else(String::new, |spec| spec.unique_name());
        say.breach(clauses, format!("{name} for {id}, which is neither a channel nor a group"));
    }
}

/// Whether a message may answer what the client said about a channel that is not open.
fn is_reaction(message: &Message) -> bool {
    matches!(
        message,
        Message::SubmitSharesError(_)
            | Message::UpdateChannelError(_)
            | Message::SetCustomMiningJobError(_)
            | Message::SetCustomMiningJobSuccess(_)
            | Message::CloseChannel(_)
    )
}

/// After the client has closed a channel, by its own id or by its group's, the server sends nothing more for it (5.3.9), once it
/// must know (AMB-45). Errors about what came later are right (AMB-44).
pub(super) fn closed(seen: &Seen<'_>, say: &mut Say<'_>) {
    // An opening names a channel without being for it: its id may come again (AMB-143).
    if !seen.spec.is_some_and(|spec| spec.channel_msg) {
        return;
    }
    let Some(message) = seen.message() else { return };
    let Some(id) = message.channel_id().filter(|_| !is_reaction(message)) else { return };
    let clauses = |known: &Known| -> Clauses {
        match known.is_closed_with_group {
            true => &["SV2-05-075"],
            false => &["SV2-05-068"],
        }
    };
    if let Some(known) = seen.history.channels.get(&id)
        && seen.history.is_closed_for_good(id)
        && seen.session.group(id).next().is_none()
    {
        let came = format!("{} for channel {id}, which the client had closed", message.spec().unique_name());
        return say.breach(clauses(known), came);
    }
    // Something came, for others than those that are closed.
    let closed = |known: &&Known| known.closed_by_client.is_some_and(|serial| seen.history.is_past(serial));
    let kept: BTreeSet<Clauses> = seen.history.channels.values().filter(closed).map(clauses).collect();
    kept.into_iter().for_each(|clauses| say.kept(clauses));
}

/// NewMiningJob is for standard channels only (5.1.1), NewExtendedMiningJob for extended channels and groups only (5.1.2).
pub(super) fn of_jobs(seen: &Seen<'_>, say: &mut Say<'_>) {
    let history = seen.history;
    match seen.message() {
        Some(Message::NewMiningJob(job)) => {
            let id = job.channel_id;
            match history.channels.get(&id).map(|known| known.kind) {
                Some(ChannelKind::Standard) => say.kept(&["SV2-05-004"]),
                Some(ChannelKind::Extended { .. }) => {
                    say.breach(&["SV2-05-004"], format!("NewMiningJob for the extended channel {id}"));
                }
                None if history.groups.contains(&id) => {
                    say.breach(&["SV2-05-004"], format!("NewMiningJob for group {id}"));
                }
                None => {}
            }
        }
        Some(Message::NewExtendedMiningJob(job)) => {
            let id = job.channel_id;
            match history.channels.get(&id).map(|known| known.kind) {
                _ if history.groups.contains(&id) => say.kept(&["SV2-05-005"]),
                Some(ChannelKind::Extended { .. }) => say.kept(&["SV2-05-005"]),
                Some(ChannelKind::Standard) => {
                    say.breach(
                        &["SV2-05-005"],
                        format!("NewExtendedMiningJob for the standard channel {id}"),
                    );
                }
                None => {}
            }
        }
        _ => {}
    }
}

/// SetExtranoncePrefix names a channel and never a group (5.3.10).
pub(super) fn of_prefix(seen: &Seen<'_>, say: &mut Say<'_>) {
    let Some(Message::SetExtranoncePrefix(prefix)) = seen.message() else { return };
    let id = prefix.channel_id;
    if seen.history.channels.contains_key(&id) {
        say.kept(&["SV2-05-080"]);
    } else if seen.history.groups.contains(&id) {
        say.breach(&["SV2-05-080"], format!("SetExtranoncePrefix for group {id}"));
    }
}

/// SetNewPrevHash may go to a group in place of its channels (5.3.17); the same hash twice for one channel is only odd.
pub(super) fn of_prev_hash(seen: &Seen<'_>, say: &mut Say<'_>) {
    let Some(Message::SetNewPrevHash(tip)) = seen.message() else { return };
    let has_it = |channel: &crate::Channel| channel.tip.is_some_and(|known| known.prev_hash == tip.prev_hash);
    match seen.addressed(tip.channel_id).iter().find(|channel| has_it(channel)) {
        Some(channel) => {
            say.info(&["SV2-05-140"], None, format!("channel {} had this previous hash before", channel.id));
        }
        None => say.kept(&["SV2-05-140"]),
    }
}
