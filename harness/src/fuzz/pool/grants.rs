//! Requests: each answered once, and rightly granted or refused.

use super::side::Side;
use super::{ANSWERED_ONCE, GRANT, Settings};
use sv2_session::Session;
use sv2_wire::fuzz::Finding;
use sv2_wire::{Message, U256};

/// Requests of the client's latest frame that wait for their answer.
#[derive(Debug, Default)]
pub(super) struct Requests {
    waiting: Option<Request>,
}

/// What was asked, and whether it is to be granted where that is known.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Request {
    Setup { granted: bool },
    Open { id: u32, granted: bool },
    Extensions { id: u16 },
    Custom { id: u32 },
    Update { channel: u32, max_target: U256, granted: bool },
}

const STANDARD_JOBS: u32 = 1;
const WORK_SELECTION: u32 = 2;
const VERSION_ROLLING: u32 = 4;

/// Bytes that every channel of the reference pool may roll.
const ROLLED: u16 = 16;

impl Request {
    fn of(message: &Message, side: &Side, settings: Settings) -> Option<Self> {
        let requires_extensions = settings.is_on("required-extensions");
        if let (Message::SetupConnection(setup), true) = (message, side.is_new()) {
            let mut served = STANDARD_JOBS | VERSION_ROLLING;
            if settings.is_on("fixed-version") {
                served &= !VERSION_ROLLING;
            }
            if settings.is_on("extended-channels-only") {
                served &= !STANDARD_JOBS;
            }
            if settings.is_on("custom-jobs") {
                served |= WORK_SELECTION;
            }
            let granted = setup.protocol == 0
                && (setup.min_version..=setup.max_version).contains(&2)
                && setup.flags & !served == 0;
            return Some(Self::Setup { granted });
        }
        if let (Message::RequestExtensions(request), Some(_)) = (message, side.flags()) {
            return Some(Self::Extensions { id: request.request_id });
        }
        if !side.is_served(requires_extensions) {
            return None;
        }
        let flags = side.flags()?;
        Some(match message {
            Message::OpenStandardMiningChannel(open) => Self::Open {
                id: open.request_id,
                granted: is_minable(open.nominal_hash_rate.0, open.max_target)
                    && !settings.is_on("extended-channels-only"),
            },
            Message::OpenExtendedMiningChannel(open) => Self::Open {
                id: open.request_id,
                granted: is_minable(open.nominal_hash_rate.0, open.max_target)
                    && flags & STANDARD_JOBS == 0
                    && open.min_extranonce_size <= ROLLED,
            },
            Message::SetCustomMiningJob(job) => Self::Custom { id: job.request_id },
            Message::UpdateChannel(update) => Self::Update {
                channel: update.channel_id,
                max_target: update.maximum_target,
                granted: is_minable(update.nominal_hash_rate.0, update.maximum_target)
                    && side.session().channel(update.channel_id).is_some(),
            },
            _ => return None,
        })
    }

    /// Whether a message answers the request, and whether it grants it.
    fn answer(&self, message: &Message) -> Option<bool> {
        match (self, message) {
            (Self::Setup { .. }, Message::SetupConnectionSuccess(_)) => Some(true),
            (Self::Setup { .. }, Message::SetupConnectionError(_)) => Some(false),
            (Self::Open { id, .. }, Message::OpenStandardMiningChannelSuccess(open)) => {
                (open.request_id == *id).then_some(true)
            }
            (Self::Open { id, .. }, Message::OpenExtendedMiningChannelSuccess(open)) => {
                (open.request_id == *id).then_some(true)
            }
            (Self::Open { id, .. }, Message::OpenMiningChannelError(error)) => {
                (error.request_id == *id).then_some(false)
            }
            (Self::Extensions { id }, Message::RequestExtensionsSuccess(success)) => {
                (success.request_id == *id).then_some(true)
            }
            (Self::Extensions { id }, Message::RequestExtensionsError(error)) => {
                (error.request_id == *id).then_some(false)
            }
            (Self::Custom { id }, Message::SetCustomMiningJobSuccess(success)) => {
                (success.request_id == *id).then_some(true)
            }
            (Self::Custom { id }, Message::SetCustomMiningJobError(error)) => {
                (error.request_id == *id).then_some(false)
            }
            (Self::Update { channel, .. }, Message::UpdateChannelError(error)) => {
                (error.channel_id == *channel).then_some(false)
            }
            _ => None,
        }
    }

    fn is_to_be_granted(&self) -> Option<bool> {
        match self {
            Self::Setup { granted } | Self::Open { granted, .. } | Self::Update { granted, .. } => {
                Some(*granted)
            }
            Self::Extensions { .. } | Self::Custom { .. } => None,
        }
    }
}

/// "The server MUST accept the target or respond by sending an error" (spec section 5.3.2); no target can be made from a hash
/// rate that is none, and no hash is within a target of 0.
fn is_minable(rate: f32, max_target: U256) -> bool {
    rate.is_finite() && rate >= 0.0 && max_target != U256::ZERO
}

/// Whether only a request brings this message.
fn is_answer(message: &Message) -> bool {
    matches!(
        message,
        Message::SetupConnectionSuccess(_)
            | Message::SetupConnectionError(_)
            | Message::OpenStandardMiningChannelSuccess(_)
            | Message::OpenExtendedMiningChannelSuccess(_)
            | Message::OpenMiningChannelError(_)
            | Message::RequestExtensionsSuccess(_)
            | Message::RequestExtensionsError(_)
            | Message::SetCustomMiningJobSuccess(_)
            | Message::SetCustomMiningJobError(_)
            | Message::UpdateChannelError(_)
    )
}

impl Side {
    /// The client sends a message; to be called before the pool has it.
    pub(super) fn ask(&mut self, message: Option<&Message>, settings: Settings) {
        self.requests.waiting = message.and_then(|message| Request::of(message, self, settings));
    }

    /// Holds what came behind the client's latest frame against what it asked for. Answers that were not asked for are found
    /// here too, so it is also to be called where the client sent nothing.
    pub(super) fn judge_answers(&mut self, found: &mut Vec<Finding>) {
        let request = self.requests.waiting.take();
        let answers = self.said.iter().filter(|message| is_answer(message));
        let mut verdicts = Vec::new();
        for message in answers {
            match request.as_ref().and_then(|request| request.answer(message)) {
                Some(verdict) => verdicts.push(verdict),
                None => found.push(
                    ANSWERED_ONCE
                        .found(format!("{} came, which answers nothing that was asked", message.spec().name)),
                ),
            }
        }
        let Some(request) = request else { return };
        if verdicts.len() > 1 {
            found.push(ANSWERED_ONCE.found(format!("{request:?} was answered {} times", verdicts.len())));
        }
        match (verdicts.first(), request) {
            (Some(is_granted), _) => judge_grant(&request, *is_granted, found),
            (None, Request::Update { channel, max_target, granted }) => {
                judge_update(self.session(), channel, max_target, granted, found);
            }
            (None, _) if self.is_closed && self.may_close => {}
            (None, _) => found.push(ANSWERED_ONCE.found(format!("{request:?} was not answered"))),
        }
    }
}

fn judge_grant(request: &Request, is_granted: bool, found: &mut Vec<Finding>) {
    if let Some(expected) = request.is_to_be_granted()
        && expected != is_granted
    {
        let what = |granted| if granted { "granted" } else { "refused" };
        found.push(GRANT.found(format!("{request:?} was {}", what(is_granted))));
    }
}

/// "When `maximum_target` is smaller than currently used maximum target for the channel, upstream node MUST reflect the
/// client's request (and send appropriate SetTarget message)" (spec section 5.3.7).
fn judge_update(session: &Session, channel: u32, max_target: U256, granted: bool, found: &mut Vec<Finding>) {
    match session.channel(channel) {
        _ if !granted => {
            found.push(
                ANSWERED_ONCE
                    .found(format!("an update of channel {channel} that cannot be granted was not refused")),
            );
        }
        Some(open) if open.target > max_target => {
            found.push(ANSWERED_ONCE.found(format!(
                "channel {channel} asked for {max_target} at most and stays at {}",
                open.target
            )))
        }
        _ => {}
    }
}
