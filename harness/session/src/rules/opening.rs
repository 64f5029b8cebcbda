//! Rules about the answers to requests, and about the ids that they hand out.

use super::{Clauses, Ending, Rule, Say, Seen};
use crate::history::{Custom, History, Opening};
use crate::watch::Moment;
use std::time::Duration;
use sv2_wire::{Message, U256};

/// How soon after an opening error a close has to do with it.
const CLOSE_IS_ABOUT_THE_ERROR: Duration = Duration::from_secs(5);

/// What the two opening successes have in common.
struct Success {
    request_id: u32,
    channel_id: u32,
    group_channel_id: u32,
    target: U256,
    prefix: usize,
    /// Bytes of extranonce; nothing for a standard channel.
    extranonce_size: Option<u16>,
}

fn success(seen: &Seen<'_>) -> Option<Success> {
    match seen.message()? {
        Message::OpenStandardMiningChannelSuccess(open) => Some(Success {
            request_id: open.request_id,
            channel_id: open.channel_id,
            group_channel_id: open.group_channel_id,
            target: open.target,
            prefix: open.extranonce_prefix.as_slice().len(),
            extranonce_size: None,
        }),
        Message::OpenExtendedMiningChannelSuccess(open) => Some(Success {
            request_id: open.request_id,
            channel_id: open.channel_id,
            group_channel_id: open.group_channel_id,
            target: open.target,
            prefix: open.extranonce_prefix.as_slice().len(),
            extranonce_size: Some(open.extranonce_size),
        }),
        _ => None,
    }
}

/// An answer to a channel request carries its request_id (5.3.3, 5.3.5, 5.3.6), and each request gets one answer (5.3.2).
pub(super) fn pairing(seen: &Seen<'_>, say: &mut Say<'_>) {
    let (request_id, echo): (u32, Clauses) = match seen.message() {
        Some(Message::OpenMiningChannelError(error)) => (error.request_id, &["SV2-05-056"]),
        _ => match success(seen) {
            Some(success) => (success.request_id, &["SV2-05-045"]),
            None => return,
        },
    };
    match seen.history.openings.get(&request_id) {
        Some(opening) if opening.answered < opening.asked => {
            say.kept(echo);
            say.kept(&["SV2-05-034"]);
        }
        Some(_) => say.breach(&["SV2-05-034"], format!("a second answer to request {request_id}")),
        None if seen.history.is_complete() => {
            say.breach(echo, format!("request_id {request_id}, never used"))
        }
        None => {}
    }
}

fn asked<'a>(seen: &Seen<'a>, request_id: u32) -> Option<&'a Opening> {
    seen.history.openings.get(&request_id).filter(|opening| opening.answered < opening.asked)
}

/// A standard request is answered by the standard success and an extended one by the extended success (5.3.3).
pub(super) fn kind(seen: &Seen<'_>, say: &mut Say<'_>) {
    let Some(success) = success(seen) else { return };
    let Some(opening) = asked(seen, success.request_id) else { return };
    let (fits, kind) = match success.extranonce_size {
        None => (opening.asked_standard, "standard"),
        Some(_) => (opening.asked_extended, "extended"),
    };
    match fits {
        true => say.kept(&["SV2-05-046"]),
        false => {
            say.breach(&["SV2-05-046"], format!("a channel of the {kind} kind for a request of the other"))
        }
    }
}

/// The server keeps to the client's max_target or refuses the channel (5.3.2); the target is not zero (5.3.3).
pub(super) fn target(seen: &Seen<'_>, say: &mut Say<'_>) {
    let Some(success) = success(seen) else { return };
    let max_target = asked(seen, success.request_id).map(|opening| opening.max_target);
    let is_zero = success.target == U256::from(0);
    match max_target {
        Some(max) if success.target > max => {
            say.breach(&["SV2-05-043"], format!("target {} above the maximum {max}", success.target));
        }
        Some(_) => say.kept(&["SV2-05-043"]),
        None => {}
    }
    match is_zero {
        // Whoever asks for nothing may get it (AMB-47).
        true if max_target == Some(U256::from(0)) => {
            say.lenient(&["SV2-05-047"], Some("AMB-47"), "target 0, as it was asked for");
        }
        true => say.breach(&["SV2-05-047"], "target 0"),
        false => say.kept(&["SV2-05-047"]),
    }
}

/// The granted extranonce is not smaller than was asked for, and fits the field of the shares (5.3.5).
pub(super) fn extranonce(seen: &Seen<'_>, say: &mut Say<'_>) {
    let Some(success) = success(seen) else { return };
    let Some(size) = success.extranonce_size else { return };
    match asked(seen, success.request_id).map(|opening| opening.min_extranonce_size) {
        Some(min) if size < min => {
            say.breach(&["SV2-05-051"], format!("{size} bytes where {min} were asked for"))
        }
        Some(_) => say.kept(&["SV2-05-051"]),
        None => {}
    }
    let total = success.prefix.saturating_add(usize::from(size));
    if size > 32 {
        say.breach(&["SV2-05-053"], format!("extranonce_size {size}"));
    } else if total > 32 {
        let came = format!("{total} bytes of prefix and extranonce");
        match seen.history.asked_for("REQUIRES_WORK_SELECTION") {
            true => say.breach(&["SV2-05-053"], came),
            false => say.lenient(&["SV2-05-053"], Some("AMB-146"), came),
        }
    } else {
        say.kept(&["SV2-05-053"]);
    }
}

/// Two channels of a connection never have the same id (5.2). The id of a closed one may come again (AMB-143).
pub(super) fn channel_ids(seen: &Seen<'_>, say: &mut Say<'_>) {
    let Some(success) = success(seen) else { return };
    let id = success.channel_id;
    match seen.history.channels.get(&id) {
        Some(known) if known.is_closed => {
            say.info(&["SV2-05-013"], Some("AMB-143"), format!("channel {id} is open again"));
        }
        Some(_) => say.breach(&["SV2-05-013"], format!("a second channel {id}")),
        None => say.kept(&["SV2-05-013"]),
    }
}

/// Groups and channels share one space of ids: a group's id never equals that of a channel (5.2.3), and does not change from
/// one to the other (5.3.22). 0 may stand for no group (AMB-140); where standard jobs are required, groups mean nothing
/// (AMB-36).
pub(super) fn id_space(seen: &Seen<'_>, say: &mut Say<'_>) {
    let history = seen.history;
    let (channel, group) = match (success(seen), seen.message()) {
        (Some(success), _) => (Some(success.channel_id), success.group_channel_id),
        (None, Some(Message::SetGroupChannel(group))) => (None, group.group_channel_id),
        _ => return,
    };
    if channel == Some(group) && group != 0 {
        let came = format!("channel {group} in a group of the same id");
        return match history.asked_for("REQUIRES_STANDARD_JOBS") {
            true => say.info(&["SV2-05-021"], Some("AMB-36"), came),
            false => say.breach(&["SV2-05-021"], came),
        };
    }
    let as_channel = history.channels.get(&group).filter(|_| group != 0);
    let as_group = channel.filter(|id| *id != 0 && history.groups.contains(id));
    match (as_channel, as_group) {
        (None, None) => say.kept(&["SV2-05-021", "SV2-05-173"]),
        (Some(known), _) if !known.is_closed => {
            say.breach(&["SV2-05-021"], format!("group {group}, which is a channel"))
        }
        (Some(_), _) => say.breach(&["SV2-05-173"], format!("group {group}, which was a channel")),
        (None, Some(id)) if seen.session.group(id).next().is_some() => {
            say.breach(&["SV2-05-021"], format!("channel {id}, which is a group"));
        }
        (None, Some(id)) => say.breach(&["SV2-05-173"], format!("channel {id}, which was a group")),
    }
}

/// Each channel is a member of the group that its opening names (5.2.3); 0 may stand for no group (AMB-140).
pub(super) fn membership(seen: &Seen<'_>, say: &mut Say<'_>) {
    let Some(success) = success(seen) else { return };
    match success.group_channel_id {
        0 => say.lenient(
            &["SV2-05-022"],
            Some("AMB-140"),
            format!("channel {} in group 0", success.channel_id),
        ),
        _ => say.kept(&["SV2-05-022"]),
    }
}

/// A refused channel ends neither the connection nor its other channels (5.3.6). A close right behind the error is a warning
/// (AMB-142).
#[derive(Default)]
pub(super) struct RefusalIsHarmless {
    refused_at: Option<Moment>,
    is_kept: bool,
}

impl Rule for RefusalIsHarmless {
    fn sent(&mut self, seen: &Seen<'_>) {
        let opens = matches!(
            seen.message(),
            Some(Message::OpenStandardMiningChannel(_) | Message::OpenExtendedMiningChannel(_))
        );
        // What is done about other messages is another matter.
        if !opens {
            self.refused_at = None;
        }
    }

    fn before(&mut self, seen: &Seen<'_>, say: &mut Say<'_>) {
        match seen.message() {
            Some(Message::OpenMiningChannelError(_)) => {
                self.refused_at = Some(seen.now);
                self.is_kept = true;
            }
            Some(_) if success(seen).is_some() && self.is_kept => say.kept(&["SV2-05-057"]),
            _ => {}
        }
    }

    fn ended(&mut self, _: usize, ending: Ending, _: &History, now: Moment, say: &mut Say<'_>) {
        let Some(refused) = self.refused_at.filter(|_| ending == Ending::ByServer) else { return };
        let seconds = now.unix.saturating_sub(refused.unix);
        let passed = now.elapsed.saturating_sub(refused.elapsed).max(Duration::from_secs(seconds.into()));
        if passed < CLOSE_IS_ABOUT_THE_ERROR {
            say.lenient(&["SV2-05-057"], Some("AMB-142"), "a close right behind OpenMiningChannel.Error");
        }
    }
}

/// An answer to a custom job carries the request_id and the channel of the request, unchanged (5.3.19, 5.3.20). For one that
/// was asked for on a group the server may answer per member (AMB-67).
pub(super) fn custom_pairing(seen: &Seen<'_>, say: &mut Say<'_>) {
    let (request_id, channel_id, clauses): (u32, u32, Clauses) = match seen.message() {
        Some(Message::SetCustomMiningJobSuccess(success)) => {
            (success.request_id, success.channel_id, &["SV2-05-157"])
        }
        Some(Message::SetCustomMiningJobError(error)) => {
            (error.request_id, error.channel_id, &["SV2-05-163"])
        }
        _ => return,
    };
    let history = seen.history;
    let is_for_group = |custom: &Custom| {
        history.groups.contains(&custom.channel_id) && !history.channels.contains_key(&custom.channel_id)
    };
    match history.customs.get(&request_id) {
        Some(custom) if is_for_group(custom) && custom.answered >= custom.asked => {
            let came = format!("one more answer to request {request_id}, which was for a group");
            say.lenient(clauses, Some("AMB-67"), came);
        }
        Some(custom) if is_for_group(custom) && custom.channel_id != channel_id && custom.asked == 1 => {
            let came = format!("request {request_id} of group {} on channel {channel_id}", custom.channel_id);
            say.lenient(clauses, Some("AMB-67"), came);
        }
        Some(custom) if custom.answered >= custom.asked => {
            say.breach(clauses, format!("one more answer to request {request_id}"));
        }
        Some(custom) if custom.channel_id != channel_id && custom.asked == 1 => {
            let came =
                format!("request {request_id} on channel {channel_id}, asked for on {}", custom.channel_id);
            say.breach(clauses, came);
        }
        Some(_) => say.kept(clauses),
        None if history.is_complete() => say.breach(clauses, format!("request_id {request_id}, never used")),
        None => {}
    }
}
