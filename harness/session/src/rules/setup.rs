//! Rules about the set-up of a connection and what both sides promised there.

use super::{Ending, Rule, Say, Seen};
use crate::history::History;
use crate::setup::Setup;
use crate::watch::Moment;
use std::collections::{BTreeMap, BTreeSet};
use sv2_wire::{FLAGS, FlagSpec, Kind, Message, Protocol, SetupConnectionSuccess};

/// Pairs of flags that are remembered for the comparison of connections.
const KEPT_PAIRS: usize = 256;

/// SetupConnection is answered by its success or its error (3.6.1), once. Frames in front of the answer are odd, and nothing
/// forbids them (AMB-127).
pub(super) fn answer(seen: &Seen<'_>, say: &mut Say<'_>) {
    let history = seen.history;
    match seen.message() {
        // What a server does with those who begin otherwise is open.
        Some(Message::SetupConnectionError(_)) if history.setups == 0 && history.serial() > 0 => {
            say.info(&["SV2-03-060"], Some("AMB-26"), "SetupConnection.Error for one who had not asked");
        }
        Some(Message::SetupConnectionSuccess(_) | Message::SetupConnectionError(_)) => {
            if history.setup_answers < history.setups {
                say.kept(&["SV2-03-060"]);
            } else {
                say.breach(&["SV2-03-060"], "one more answer than there were requests");
            }
        }
        Some(message) if history.setup_answers == 0 => {
            say.info(
                &["SV2-03-060"],
                Some("AMB-127"),
                format!("{} came first", message.spec().unique_name()),
            );
        }
        _ => {}
    }
}

/// used_version lies in the range that the client offered (3.6.2).
pub(super) fn version(seen: &Seen<'_>, say: &mut Say<'_>) {
    let Some(Message::SetupConnectionSuccess(success)) = seen.message() else { return };
    let Some(setup) = seen.history.setup.filter(|setup| setup.min_version <= setup.max_version) else {
        return;
    };
    let (range, version) = (setup.min_version..=setup.max_version, success.used_version);
    if range.contains(&version) {
        say.kept(&["SV2-03-071"]);
    } else {
        say.breach(&["SV2-03-071"], format!("version {version}, where {range:?} was offered"));
    }
}

/// The flags of the success are those that the subprotocol defines for servers (3.6.2); others stay zero (5.3.1). Undefined
/// ones are a warning (AMB-29).
pub(super) fn server_flags(seen: &Seen<'_>, say: &mut Say<'_>) {
    let Some(Message::SetupConnectionSuccess(success)) = seen.message() else { return };
    let protocol = match seen.history.setup.map(|setup| setup.protocol) {
        Some(0) => Protocol::Mining,
        Some(1) => Protocol::JobDeclaration,
        Some(2) => Protocol::TemplateDistribution,
        _ => return,
    };
    let undefined = success.flags & !defined(SetupConnectionSuccess::SPEC.kind, protocol);
    match (undefined, protocol) {
        (0, Protocol::Mining) => say.kept(&["SV2-03-074", "SV2-05-031"]),
        (0, _) => say.kept(&["SV2-03-074"]),
        (bits, Protocol::Mining) => {
            let came = format!("the undefined bits 0x{bits:x}");
            say.lenient(&["SV2-03-074", "SV2-05-031"], Some("AMB-29"), came);
        }
        (bits, _) => say.lenient(&["SV2-03-074"], Some("AMB-29"), format!("the undefined bits 0x{bits:x}")),
    }
}

fn defined(message: Kind, protocol: Protocol) -> u32 {
    let flags = FLAGS.iter().filter(|flag| flag.message == message && flag.protocol == protocol);
    flags.fold(0, |mask, flag| mask | flag.mask())
}

fn has(flags: u32, name: &str) -> bool {
    FlagSpec::find(name).is_some_and(|flag| flags & flag.mask() != 0)
}

/// The server's flag of a connection that is set up.
fn server_has(seen: &Seen<'_>, name: &str) -> bool {
    matches!(seen.session.setup(), Setup::Accepted { server_flags, .. } if has(server_flags, name))
}

/// The flags of the success are the server's own features and not the client's flags sent back (3.6.2). One equal pair
/// proves nothing; a server that repeats two different requests has no features of its own (AMB-29).
#[derive(Default)]
pub(super) struct NotEchoed {
    /// Flags that were asked for, and whether the answer had the same.
    pairs: BTreeMap<u32, bool>,
}

impl Rule for NotEchoed {
    fn before(&mut self, seen: &Seen<'_>, say: &mut Say<'_>) {
        let (Some(Message::SetupConnectionSuccess(success)), Some(setup)) =
            (seen.message(), seen.history.setup)
        else {
            return;
        };
        if setup.flags == 0 || seen.history.setups != 1 || self.pairs.len() >= KEPT_PAIRS {
            return;
        }
        self.pairs.insert(setup.flags, setup.flags == success.flags);
        let echoed: BTreeSet<String> =
            self.pairs.iter().filter(|(_, same)| **same).map(|(flags, _)| format!("0x{flags:x}")).collect();
        if echoed.len() > 1 {
            let echoed: Vec<String> = echoed.into_iter().collect();
            say.breach(&["SV2-03-074"], format!("the flags {} sent back as they were", echoed.join(" and ")));
        } else if self.pairs.len() > 1 {
            say.kept(&["SV2-03-074"]);
        }
    }
}

/// After SetupConnection.Error the server closes the connection; until then nothing but a new SetupConnection is served
/// (3.6.3, AMB-25). Where an earlier SetupConnection was accepted, that may stay in force (AMB-26).
#[derive(Default)]
pub(super) struct Refusal {
    is_refused: bool,
    has_succeeded: bool,
}

impl Rule for Refusal {
    fn before(&mut self, seen: &Seen<'_>, say: &mut Say<'_>) {
        match seen.message() {
            Some(Message::SetupConnectionError(_)) => self.is_refused = true,
            Some(Message::SetupConnectionSuccess(_)) => {
                self.is_refused = false;
                self.has_succeeded = true;
            }
            Some(
                message @ (Message::OpenStandardMiningChannelSuccess(_)
                | Message::OpenExtendedMiningChannelSuccess(_)
                | Message::NewMiningJob(_)
                | Message::NewExtendedMiningJob(_)
                | Message::SetCustomMiningJobSuccess(_)
                | Message::SubmitSharesSuccess(_)),
            ) if self.is_refused => {
                let came = format!("{} after SetupConnection.Error", message.spec().unique_name());
                match self.has_succeeded {
                    true => say.lenient(&["SV2-03-077"], Some("AMB-26"), came),
                    false => say.breach(&["SV2-03-077"], came),
                }
            }
            _ => {}
        }
    }

    fn ended(&mut self, _: usize, ending: Ending, _: &History, _: Moment, say: &mut Say<'_>) {
        if self.is_refused && ending == Ending::ByServer {
            say.kept(&["SV2-03-077"]);
        }
    }
}

/// A client that requires version rolling is not given a success with REQUIRES_FIXED_VERSION (5.3.1).
pub(super) fn fixed_version(seen: &Seen<'_>, say: &mut Say<'_>) {
    let Some(Message::SetupConnectionSuccess(success)) = seen.message() else { return };
    if !is_mining(seen) || !seen.history.asked_for("REQUIRES_VERSION_ROLLING") {
        return;
    }
    if has(success.flags, "REQUIRES_FIXED_VERSION") {
        say.breach(&["SV2-05-026"], "REQUIRES_FIXED_VERSION for a client that requires version rolling");
    } else {
        say.kept(&["SV2-05-026"]);
    }
}

/// A client that requires version rolling gets no job that forbids it, and a server that requires a fixed version sends none
/// that allows it (5.3.1).
pub(super) fn rolling_in_jobs(seen: &Seen<'_>, say: &mut Say<'_>) {
    let Some(Message::NewExtendedMiningJob(job)) = seen.message() else { return };
    let allowed = job.version_rolling_allowed;
    let came = || format!("job {} with version_rolling_allowed {allowed}", job.job_id);
    if is_mining(seen) && seen.history.asked_for("REQUIRES_VERSION_ROLLING") {
        match allowed {
            true => say.kept(&["SV2-05-025"]),
            false => say.breach(&["SV2-05-025"], came()),
        }
    }
    if server_has(seen, "REQUIRES_FIXED_VERSION") {
        match allowed {
            false => say.kept(&["SV2-05-027"]),
            true => say.breach(&["SV2-05-027"], came()),
        }
    }
}

/// A server that has set REQUIRES_EXTENDED_CHANNELS opens no standard channel (5.3.1).
pub(super) fn extended_channels(seen: &Seen<'_>, say: &mut Say<'_>) {
    if !server_has(seen, "REQUIRES_EXTENDED_CHANNELS") {
        return;
    }
    match seen.message() {
        Some(Message::OpenStandardMiningChannelSuccess(open)) => {
            say.breach(&["SV2-05-029"], format!("standard channel {}", open.channel_id));
        }
        Some(Message::OpenMiningChannelError(_) | Message::OpenExtendedMiningChannelSuccess(_)) => {
            say.kept(&["SV2-05-029"]);
        }
        _ => {}
    }
}

/// On a connection whose client has set REQUIRES_STANDARD_JOBS the server sends no extended job (5.3.1) and no SetGroupChannel
/// (5.3.22).
pub(super) fn standard_jobs(seen: &Seen<'_>, say: &mut Say<'_>) {
    if !is_mining(seen) || !seen.history.asked_for("REQUIRES_STANDARD_JOBS") {
        return;
    }
    match seen.message() {
        Some(Message::NewExtendedMiningJob(job)) => {
            say.breach(
                &["SV2-05-023"],
                format!("NewExtendedMiningJob {} for {}", job.job_id, job.channel_id),
            );
        }
        Some(Message::SetGroupChannel(group)) => {
            say.breach(&["SV2-05-175"], format!("SetGroupChannel for group {}", group.group_channel_id));
        }
        Some(Message::NewMiningJob(_)) => say.kept(&["SV2-05-023"]),
        Some(Message::SetNewPrevHash(_)) => say.kept(&["SV2-05-175"]),
        _ => {}
    }
}

pub(super) fn is_mining(seen: &Seen<'_>) -> bool {
    seen.history.setup.is_some_and(|setup| setup.protocol == 0)
}
