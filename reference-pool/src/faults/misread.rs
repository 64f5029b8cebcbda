//! Frames that are taken for something else than they are.
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::frames::announce;
use super::{Fate, Frames, Process};
use crate::extensions::WORKER_IDENTITY;
use crate::service::ConnId;
use std::collections::{BTreeMap, BTreeSet};
use sv2_wire::frame::Frame;
use sv2_wire::tlv::{ByteOrder, Tlv};
use sv2_wire::{
    FieldType, Message, MessageSpec, NewMiningJob, Problem, RequestExtensions, SubmitSharesExtended,
};

/// Most zeros that are made up for bytes that did not come: more than the strings of a SetupConnection need.
const MOST_ZEROS: usize = 64;
/// An extension type that no client asks for.
const NOBODYS: u16 = 0x7abc;

/// A payload that ends too early, with zeros for what is missing.
pub(super) fn padded(mut frame: Frame) -> Option<Frame> {
    let whole = frame.payload.len();
    for _ in 0..MOST_ZEROS {
        match frame.decode() {
            Err(error) if matches!(error.problem, Problem::Truncated { .. }) => frame.payload.push(0),
            Err(_) => break,
            Ok(_) => {
                announce(&mut frame);
                return Some(frame);
            }
        }
    }
    frame.payload.truncate(whole);
    Some(frame)
}

/// A string whose length exceeds the payload, with zeros for what is missing of it.
pub(super) fn string_padded(mut frame: Frame) -> Option<Frame> {
    if let Err(error) = frame.decode()
        && let Problem::Truncated { needed, left } = error.problem
        && field_type(&frame, error.field) == Some(FieldType::Str0_255)
    {
        let missing = needed.saturating_sub(left);
        frame.payload.resize(frame.payload.len().saturating_add(missing), 0);
        announce(&mut frame);
    }
    Some(frame)
}

fn field_type(frame: &Frame, name: &str) -> Option<FieldType> {
    let fields = MessageSpec::of(frame.header.kind)?.fields;
    fields.iter().find(|field| field.name == name).map(|field| field.ty)
}

/// An extension's number together with the channel bit in front of it, which makes another number of it.
pub(super) fn with_channel_bit(mut frame: Frame) -> Option<Frame> {
    if frame.header.channel_msg {
        frame.header.kind.extension_type = NOBODYS;
    }
    Some(frame)
}

/// A request for extensions whose number is read in the other byte order.
pub(super) fn request_id_reversed(mut frame: Frame) -> Option<Frame> {
    if frame.header.kind == RequestExtensions::SPEC.kind
        && let Some(id) = frame.payload.get_mut(..2)
    {
        id.reverse();
    }
    Some(frame)
}

/// Everything but what is about the negotiation of extensions.
pub(super) fn core_only(frame: Frame) -> Option<Frame> {
    (frame.header.kind.extension_type != RequestExtensions::SPEC.kind.extension_type).then_some(frame)
}

/// A future job whose OPTION has two elements; the announced length follows.
pub(super) fn option_of_two(frame: &mut Frame) {
    let behind_ids = 8;
    if frame.header.kind == NewMiningJob::SPEC.kind && frame.payload.get(behind_ids) == Some(&0) {
        frame.payload.splice(behind_ids..=behind_ids, [2, 0, 0, 0, 0, 0, 0, 0, 0]);
        announce(frame);
    }
}

/// Whether the payload of a message that is known does not decode.
pub(super) fn is_malformed(frame: &Frame) -> bool {
    frame.decode().is_err_and(|error| !matches!(error.problem, Problem::UnknownMessage { .. }))
}

/// Whether the frame is about the negotiation of extensions.
pub(super) fn is_negotiation(frame: &Frame) -> bool {
    frame.header.kind.extension_type == RequestExtensions::SPEC.kind.extension_type
}

/// Whether the frame is a share with something behind its last field.
pub(super) fn is_tagged(frame: &Frame) -> bool {
    tail(frame).is_some_and(|tail| !tail.is_empty())
}

/// Reads an extranonce of 33 bytes as one of the channel's size with something behind it.
#[derive(Default)]
pub(super) struct ExtranonceCut(BTreeMap<(ConnId, u32), u16>);

impl Frames for ExtranonceCut {
    fn outgoing(&mut self, right: Vec<Frame>, conn: ConnId) -> Vec<Frame> {
        for frame in &right {
            if let Ok(decoded) = frame.decode()
                && let Message::OpenExtendedMiningChannelSuccess(success) = decoded.message
            {
                self.0.insert((conn, success.channel_id), success.extranonce_size);
            }
        }
        right
    }

    fn incoming(&mut self, mut right: Vec<Frame>, conn: ConnId, _: usize) -> Vec<Frame> {
        for frame in &mut right {
            let is_share = frame.header.kind == SubmitSharesExtended::SPEC.kind;
            let is_long = frame.payload.get(24).is_some_and(|length| *length > 32);
            let channel = frame.payload.first_chunk().map(|id| u32::from_le_bytes(*id));
            let size =
                channel.and_then(|id| self.0.get(&(conn, id))).and_then(|size| u8::try_from(*size).ok());
            if let (true, true, Some(size)) = (is_share, is_long, size) {
                frame.payload.truncate(usize::from(size).saturating_add(25));
                frame.payload.splice(24..25, [size]);
                announce(frame);
            }
        }
        right
    }
}

/// Looks at what stands behind the fields of a share, and refuses the share by it.
pub(super) struct Tails<R> {
    agreed: BTreeSet<ConnId>,
    refuses: R,
}

/// Refuses shares that `refuses` says so of, by whether extension 0x0002 was agreed on, and what stands behind the fields.
pub(super) fn tails<R: FnMut(bool, &[u8]) -> bool + Send>(refuses: R) -> Tails<R> {
    Tails { agreed: BTreeSet::new(), refuses }
}

impl<R: FnMut(bool, &[u8]) -> bool + Send> Frames for Tails<R> {
    fn outgoing(&mut self, right: Vec<Frame>, conn: ConnId) -> Vec<Frame> {
        self.agreed.extend(right.iter().any(grants_worker).then_some(conn));
        right
    }

    /// A share for a job that does not exist is refused like any other.
    fn incoming(&mut self, mut right: Vec<Frame>, conn: ConnId, _: usize) -> Vec<Frame> {
        let is_agreed = self.agreed.contains(&conn);
        for frame in &mut right {
            let is_refused = tail(frame).is_some_and(|tail| (self.refuses)(is_agreed, tail));
            if let (true, Some(job_id)) = (is_refused, frame.payload.get_mut(8..12)) {
                job_id.fill(0xff);
            }
        }
        right
    }
}

/// Whether the length of the first TLV, read in the other byte order, exceeds the rest.
pub(super) fn is_long_in_big_endian(tail: &[u8]) -> bool {
    !tail.is_empty() && Tlv::parse_all(tail, ByteOrder::Big).is_err()
}

/// Whether there is a name, and it is more than ASCII.
pub(super) fn is_beyond_ascii(tail: &[u8]) -> bool {
    tlvs(tail).iter().any(|tlv| tlv.extension_type == WORKER_IDENTITY && !tlv.value.is_ascii())
}

/// Whether another TLV stands in front of the name.
pub(super) fn is_name_later(tail: &[u8]) -> bool {
    tlvs(tail).first().is_some_and(|tlv| tlv.extension_type != WORKER_IDENTITY)
}

/// Whether there is a TLV besides the name.
pub(super) fn has_other_tlv(tail: &[u8]) -> bool {
    tlvs(tail).iter().any(|tlv| tlv.spec().is_none())
}

/// Takes what stands behind the fields of a share for the beginning of the next frame, so that nothing is understood any
/// more.
#[derive(Default)]
pub(super) struct OutOfStep(BTreeSet<ConnId>);

impl Frames for OutOfStep {
    fn incoming(&mut self, mut right: Vec<Frame>, conn: ConnId, _: usize) -> Vec<Frame> {
        if self.0.contains(&conn) {
            right.clear();
        }
        self.0.extend(right.iter().any(is_tagged).then_some(conn));
        right
    }
}

/// Falls over a share without the name that was agreed on.
#[derive(Default)]
pub(super) struct HungByMissingName(BTreeSet<ConnId>);

impl Process for HungByMissingName {
    fn fate(&mut self, right: Fate, conn: ConnId, frame: &Frame) -> Fate {
        if let Ok(decoded) = frame.decode()
            && let Message::RequestExtensions(request) = decoded.message
            && request.requested_extensions.as_slice().contains(&WORKER_IDENTITY)
        {
            self.0.insert(conn);
        }
        let is_bare = tail(frame).is_some_and(<[u8]>::is_empty);
        if is_bare && self.0.contains(&conn) { Fate::Hang } else { right }
    }
}

fn grants_worker(frame: &Frame) -> bool {
    let decoded = frame.decode().map(|decoded| decoded.message);
    matches!(decoded, Ok(Message::RequestExtensionsSuccess(success))
        if success.supported_extensions.as_slice().contains(&WORKER_IDENTITY))
}

/// What stands behind the last field of an extended share.
fn tail(frame: &Frame) -> Option<&[u8]> {
    let is_share = frame.header.kind == SubmitSharesExtended::SPEC.kind;
    frame.decode().ok().filter(|_| is_share).map(|decoded| decoded.tail)
}

fn tlvs(tail: &[u8]) -> Vec<Tlv> {
    Tlv::parse_all(tail, ByteOrder::Little).unwrap_or_default()
}
