//! What the trace of a probe's outcome says.

use super::{Evidence, Shown, WORKER_EXTENSION};
use crate::verdict::{Outcome, TraceEvent};
use sv2_session::{answers, has_answer};
use sv2_wire::frame::Header;
use sv2_wire::{Message, OpenExtendedMiningChannelSuccess, OpenStandardMiningChannelSuccess, U256};

/// How the trace begins to tell that the target was steered.
const TRIGGER: &str = "a new ";

/// A message that came.
pub(super) struct Came {
    pub(super) message: Message,
    pub(super) frame: Vec<u8>,
}

impl Came {
    pub(super) fn evidence(&self) -> Evidence {
        (self.message.spec().name.to_owned(), self.frame.clone())
    }
}

/// The messages of a trace, in order.
#[derive(Default)]
pub(super) struct Seen<'a> {
    sent: Vec<Message>,
    received: Vec<Came>,
    notes: Vec<&'a str>,
    /// How many messages had come when the target was steered.
    before_trigger: usize,
}

impl<'a> Seen<'a> {
    pub(super) fn of(outcome: &'a Outcome) -> Self {
        let mut seen = Self::default();
        for line in &outcome.trace {
            match &line.event {
                TraceEvent::Sent { frame, .. } => seen.sent.extend(decode(frame)),
                TraceEvent::Received { frame, .. } => {
                    seen.received.extend(decode(frame).map(|message| Came { message, frame: frame.clone() }));
                }
                TraceEvent::Note(note) => {
                    if note.starts_with(TRIGGER) {
                        seen.before_trigger = seen.received.len();
                    }
                    seen.notes.push(note);
                }
            }
        }
        seen
    }

    /// The answer to the last request.
    pub(super) fn answer(&self) -> Option<&Came> {
        let request = self.sent.iter().rev().find(|message| has_answer(message))?;
        self.received.iter().find(|came| answers(request, &came.message))
    }

    /// Whether the target was steered.
    pub(super) fn is_triggered(&self) -> bool {
        self.notes.iter().any(|note| note.starts_with(TRIGGER))
    }

    /// The first message behind the trigger whose name ends so.
    pub(super) fn after_trigger(&self, name: &str) -> Option<&Came> {
        self.received.get(self.before_trigger..)?.iter().find(|came| came.message.spec().name.ends_with(name))
    }

    pub(super) fn is_closed_after_request(&self) -> bool {
        !self.sent.is_empty()
            && self
                .notes
                .iter()
                .any(|note| note.starts_with("closed by the peer") || note.starts_with("reset by the peer"))
    }

    /// Why there is nothing to be read.
    pub(super) fn nothing(&self, outcome: &Outcome) -> String {
        let found = outcome.findings.first().map(|finding| finding.came.clone());
        let last = self.notes.last().map(|note| format!("no answer; at last: {note}"));
        outcome.reason.clone().or(found).or(last).unwrap_or_else(|| "no answer".to_owned())
    }
}

fn decode(frame: &[u8]) -> Option<Message> {
    let (head, payload) = frame.split_first_chunk::<{ Header::LEN }>()?;
    let header = Header::decode(*head);
    Message::decode(header.kind, payload).ok().map(|decoded| decoded.message)
}

/// The largest batch that was acknowledged, or how many shares were not.
pub(super) fn batch(seen: &Seen<'_>) -> Option<(Shown, Option<Evidence>)> {
    let successes = seen.received.iter().filter_map(|came| match &came.message {
        Message::SubmitSharesSuccess(success) => Some((success.new_submits_accepted_count, came)),
        _ => None,
    });
    if let Some((count, came)) = successes.max_by_key(|(count, _)| *count) {
        return Some((Shown::Batch(u64::from(count)), Some(came.evidence())));
    }
    let is_refused = seen.received.iter().any(|came| matches!(came.message, Message::SubmitSharesError(_)));
    let shares = seen.sent.iter().filter(|message| {
        matches!(message, Message::SubmitSharesStandard(_) | Message::SubmitSharesExtended(_))
    });
    let shares = u64::try_from(shares.count()).unwrap_or(u64::MAX);
    (shares > 1 && !is_refused).then_some((Shown::NoneFor(shares), None))
}

/// Whether extensions are negotiated as a capability says, by the answer to RequestExtensions, or by its absence on a connection
/// that goes on.
pub(super) fn negotiates<'a>(capability: &str, seen: &'a Seen<'_>) -> Option<(bool, Option<&'a Came>)> {
    let Some(came) = seen.answer() else {
        let is_asked = matches!(seen.sent.last(), Some(Message::RequestExtensions(_)));
        let is_ignored = is_asked && !seen.is_closed_after_request() && capability != "extension.required";
        return is_ignored.then_some((capability == "extension.ignored", None));
    };
    let can = match (capability, &came.message) {
        ("extension.worker", Message::RequestExtensionsSuccess(success)) => {
            success.supported_extensions.as_slice().contains(&WORKER_EXTENSION)
        }
        ("extension.required", Message::RequestExtensionsError(error)) => {
            error.required_extensions.as_slice().contains(&WORKER_EXTENSION)
        }
        _ => false,
    };
    Some((can, Some(came)))
}

/// Hashes that a share at the channel's target costs, as far as 64 bits go.
pub(super) fn cost(message: &Message) -> Option<u64> {
    let target: U256 = match message {
        Message::OpenStandardMiningChannelSuccess(OpenStandardMiningChannelSuccess { target, .. })
        | Message::OpenExtendedMiningChannelSuccess(OpenExtendedMiningChannelSuccess { target, .. }) => {
            *target
        }
        _ => return None,
    };
    let bytes = target.to_be_bytes();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let top = bytes.iter().skip(zeros).take(8).fold(0u64, |top, byte| (top << 8) | u64::from(*byte));
    // 2^256 over the target, by its eight leading bytes: good to a few parts in 2^56.
    let shift = u32::try_from(zeros).ok()?.checked_mul(8)?;
    let Some(whole) = 1u128.checked_shl(shift.saturating_add(64)).filter(|_| shift < 64) else {
        return Some(u64::MAX);
    };
    let hashes = whole.checked_div(u128::from(top)).unwrap_or(u128::MAX);
    Some(u64::try_from(hashes).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cost_of_a_share_follows_from_the_target() {
        let cost_at = |bytes: [u8; 32]| {
            let target = U256::from_be_bytes(bytes);
            cost(&OpenStandardMiningChannelSuccess { target, ..Default::default() }.into())
        };
        let mut bytes = [0xff; 32];
        assert_eq!(cost_at(bytes), Some(1));
        (bytes[0], bytes[1]) = (0, 0x7f);
        assert_eq!(cost_at(bytes), Some(512));
        bytes[..6].fill(0);
        assert_eq!(cost_at(bytes), Some(1 << 48));
        assert_eq!(cost_at([0; 32]), Some(u64::MAX));
    }
}
