//! Messages that single rows make out of others.
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use crate::setup::REQUIRES_VERSION_ROLLING;
use sv2_wire::frame::Frame;
use sv2_wire::{
    B0_64K, CoinbaseOutputConstraints, Message, MessageSpec, NewExtendedMiningJob, NewMiningJob,
    OpenStandardMiningChannelSuccess, RequestExtensionsError, RequestExtensionsSuccess, Sender, Seq0_64K,
    SetGroupChannel, SubmitSharesError, U256, UpdateChannel,
};

/// A list with one more element behind its last.
pub(super) fn more<T: Clone + sv2_wire::Field>(list: &Seq0_64K<T>, one: T) -> Seq0_64K<T> {
    let elements = list.as_slice().iter().cloned().chain([one]).collect();
    Seq0_64K::new(elements).unwrap_or_default()
}

/// A list without one of its elements.
pub(super) fn without<T: Clone + PartialEq + sv2_wire::Field>(list: &Seq0_64K<T>, one: T) -> Seq0_64K<T> {
    let elements = list.as_slice().iter().filter(|element| **element != one).cloned().collect();
    Seq0_64K::new(elements).unwrap_or_default()
}

/// A coinbase whose input names an output of some transaction: version and count of inputs stand in front of it.
pub(super) fn spend(job: &mut NewExtendedMiningJob) {
    let mut prefix = job.coinbase_tx_prefix.as_slice().to_vec();
    if let Some(byte) = prefix.get_mut(5) {
        *byte ^= 1;
    }
    job.coinbase_tx_prefix = B0_64K::new(prefix).unwrap_or_default();
}

/// A success that grants nothing, where nothing that was asked for is supported.
pub(super) fn grant_nothing(message: &mut Message) {
    if let Message::RequestExtensionsError(error) = message {
        let supported_extensions = Seq0_64K::default();
        *message = RequestExtensionsSuccess { request_id: error.request_id, supported_extensions }.into();
    }
}

/// A standard channel for who asked for an extended one.
pub(super) fn opened_as_standard(message: &mut Message) {
    if let Message::OpenExtendedMiningChannelSuccess(success) = message {
        *message = OpenStandardMiningChannelSuccess {
            request_id: success.request_id,
            channel_id: success.channel_id,
            target: success.target,
            extranonce_prefix: success.extranonce_prefix.clone(),
            group_channel_id: success.group_channel_id,
        }
        .into();
    }
}

/// The first group of a connection again, with a new channel alone in it.
pub(super) fn group_of_one(message: &Message) -> Option<Message> {
    let Message::OpenStandardMiningChannelSuccess(success) = message else { return None };
    let channel_ids = Seq0_64K::new(vec![success.channel_id]).ok()?;
    Some(SetGroupChannel { group_channel_id: success.group_channel_id, channel_ids }.into())
}

/// A refusal of what is granted.
pub(super) fn refuse_extensions(message: &mut Message) {
    if let Message::RequestExtensionsSuccess(success) = message {
        let request_id = success.request_id;
        *message = RequestExtensionsError { request_id, ..RequestExtensionsError::default() }.into();
    }
}

/// A header-only job for a channel that rolls an extranonce, or for a group.
pub(super) fn header_only(message: &mut Message) {
    if let Message::NewExtendedMiningJob(job) = message {
        *message = NewMiningJob {
            channel_id: job.channel_id,
            job_id: job.job_id,
            min_ntime: job.min_ntime,
            version: job.version,
            merkle_root: job.merkle_path.as_slice().first().copied().unwrap_or(U256::ZERO),
        }
        .into();
    }
}

/// What a client would say to an acknowledgement.
pub(super) fn clients_message(message: &Message) -> Option<Message> {
    let Message::SubmitSharesSuccess(success) = message else { return None };
    Some(UpdateChannel { channel_id: success.channel_id, ..UpdateChannel::default() }.into())
}

/// What a template provider's client would say to a new channel.
pub(super) fn other_protocols_message(message: &Message) -> Option<Message> {
    let Message::OpenStandardMiningChannelSuccess(_) = message else { return None };
    Some(CoinbaseOutputConstraints::default().into())
}

/// A job for a client whose set-up was refused.
pub(super) fn work_behind_refusal(message: &Message) -> Option<Message> {
    matches!(message, Message::SetupConnectionError(_)).then(|| NewMiningJob::default().into())
}

/// A refusal of a share that is acknowledged.
pub(super) fn refused_too(message: &Message) -> Option<Message> {
    let Message::SubmitSharesSuccess(success) = message else { return None };
    let sequence_number = success.last_sequence_number;
    let error_code = "stale-share".into();
    Some(SubmitSharesError { channel_id: success.channel_id, sequence_number, error_code }.into())
}

/// Counts refused shares as accepted ones, with the next acknowledgement of any channel.
pub(super) fn refusals_counted() -> impl FnMut(&mut Message) + Send {
    let mut refused = 0u32;
    move |message| match message {
        Message::SubmitSharesError(_) => refused = refused.saturating_add(1),
        Message::SubmitSharesSuccess(success) => {
            let count = success.new_submits_accepted_count;
            success.new_submits_accepted_count = count.saturating_add(std::mem::take(&mut refused));
        }
        _ => {}
    }
}

/// Names the latest refused share of any channel in each acknowledgement behind it.
pub(super) fn refused_number_named() -> impl FnMut(&mut Message) + Send {
    let mut refused = None;
    move |message| match message {
        Message::SubmitSharesError(error) => refused = Some(error.sequence_number),
        Message::SubmitSharesSuccess(success) => {
            success.last_sequence_number = refused.unwrap_or(success.last_sequence_number);
        }
        _ => {}
    }
}

/// Supports version rolling and does not, by turns.
pub(super) fn flags_by_turns() -> impl FnMut(&mut Message) + Send {
    let mut is_other = false;
    move |message| {
        if let Message::SetupConnectionError(error) = message {
            error.flags ^= u32::from(is_other).wrapping_mul(REQUIRES_VERSION_ROLLING);
            is_other = !is_other;
        }
    }
}

/// Answers each request for a channel under the number of the request before.
pub(super) fn earlier_request_named() -> impl FnMut(&mut Message) + Send {
    let mut earlier = None;
    move |message| {
        let id = match message {
            Message::OpenStandardMiningChannelSuccess(success) => &mut success.request_id,
            Message::OpenExtendedMiningChannelSuccess(success) => &mut success.request_id,
            _ => return,
        };
        *id = earlier.replace(*id).unwrap_or(*id);
    }
}

/// One time for every refusal of a share but those with this error code, which are not sent.
pub(super) fn unsaid(code: &'static str) -> impl FnMut(&Message) -> usize + Send {
    move |message| match message {
        Message::SubmitSharesError(error) => usize::from(error.error_code.as_bytes() != code.as_bytes()),
        _ => 1,
    }
}

/// A length of 255 becomes 0, in the string behind a channel id.
pub(super) fn length_as_zero(frame: &mut Frame) {
    if let Some(length) = frame.payload.get_mut(4).filter(|length| **length == 255) {
        *length = 0;
    }
}

/// Whether a frame is of the core and has a number that nobody assigned.
pub(super) fn is_unassigned(frame: &Frame) -> bool {
    frame.header.kind.extension_type == 0 && MessageSpec::of(frame.header.kind).is_none()
}

/// Whether a frame is of a known message, and its payload is not.
pub(super) fn is_malformed(frame: &Frame) -> bool {
    MessageSpec::of(frame.header.kind).is_some() && frame.decode().is_err()
}

/// Whether only servers send the message.
pub(super) fn is_servers(frame: &Frame) -> bool {
    MessageSpec::of(frame.header.kind).is_some_and(|spec| spec.sender == Sender::Server)
}

/// The frame without what stands behind the last field.
pub(super) fn without_tail(mut frame: Frame) -> Option<Frame> {
    let tail = frame.decode().map_or(0, |decoded| decoded.tail.len());
    frame.payload.truncate(frame.payload.len().saturating_sub(tail));
    super::frames::announce(&mut frame);
    Some(frame)
}

/// The decoded message of a frame, if it answers a question.
pub(super) fn holds(frame: &Frame, question: impl FnOnce(&Message) -> bool) -> bool {
    frame.decode().is_ok_and(|decoded| question(&decoded.message))
}
