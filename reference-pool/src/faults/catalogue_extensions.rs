//! What the faults about extensions do.
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::Frames;
use crate::extensions::WORKER_IDENTITY;
use crate::service::ConnId;
use std::collections::BTreeSet;
use sv2_wire::frame::Frame;
use sv2_wire::tlv::{ByteOrder, Tlv};
use sv2_wire::{Kind, Message, Reader, SubmitSharesExtended, SubmitSharesSuccess};

/// Tells the worker's name back, whether the client speaks of workers or not.
pub(super) struct UninvitedTlv;

impl Frames for UninvitedTlv {
    fn outgoing(&mut self, mut right: Vec<Frame>, _: ConnId) -> Vec<Frame> {
        for frame in right.iter_mut().filter(|frame| frame.header.kind == SubmitSharesSuccess::SPEC.kind) {
            let field = Tlv { extension_type: WORKER_IDENTITY, field_type: 1, value: b"worker".to_vec() };
            field.encode(ByteOrder::Little, &mut frame.payload);
            announce(frame);
        }
        right
    }
}

/// Has a message of its own for each acknowledgement, whether the client knows the extension or not.
pub(super) struct UninvitedFrame;

impl Frames for UninvitedFrame {
    fn outgoing(&mut self, right: Vec<Frame>, _: ConnId) -> Vec<Frame> {
        let mut out = Vec::with_capacity(right.len());
        for frame in right {
            let mut own = frame.clone();
            own.header.kind = Kind { extension_type: WORKER_IDENTITY, msg_type: 0x70 };
            let is_success = frame.header.kind == SubmitSharesSuccess::SPEC.kind;
            out.push(frame);
            out.extend(is_success.then_some(own));
        }
        out
    }
}

/// Takes the TLV of a share off the front of the payload, on connections that have an extension.
pub(super) struct TlvInFront(BTreeSet<ConnId>);

pub(super) const TLV_IN_FRONT: TlvInFront = TlvInFront(BTreeSet::new());

impl Frames for TlvInFront {
    fn outgoing(&mut self, right: Vec<Frame>, conn: ConnId) -> Vec<Frame> {
        let grants = |frame: &Frame| {
            let decoded = frame.decode().map(|decoded| decoded.message);
            matches!(decoded, Ok(Message::RequestExtensionsSuccess(success)) if !success.supported_extensions.as_slice().is_empty())
        };
        if right.iter().any(grants) {
            self.0.insert(conn);
        }
        right
    }

    fn incoming(&mut self, mut right: Vec<Frame>, conn: ConnId, _: usize) -> Vec<Frame> {
        for frame in &mut right {
            if frame.header.kind == SubmitSharesExtended::SPEC.kind && self.0.contains(&conn) {
                frame.payload = behind_tlv(&frame.payload).to_vec();
                announce(frame);
            }
        }
        right
    }
}

/// What is left of a payload when a TLV is taken off its front; nothing if it is too short for that.
fn behind_tlv(payload: &[u8]) -> &[u8] {
    let mut reader = Reader::new(payload);
    let header: Result<[u8; 5], _> = reader.array();
    let Ok([_, _, _, low, high]) = header else { return &[] };
    match reader.take(usize::from(u16::from_le_bytes([low, high]))) {
        Ok(_) => reader.rest(),
        Err(_) => &[],
    }
}

fn announce(frame: &mut Frame) {
    frame.header.length = u32::try_from(frame.payload.len()).unwrap_or(u32::MAX);
}
