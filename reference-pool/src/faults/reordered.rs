//! Messages of the client whose fields are read in the wrong order, or cut at the wrong place.
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::Frames;
use super::frames::{announce, misheard};
use sv2_wire::frame::Frame;
use sv2_wire::{B0_64K, F32, Message, U256};

/// Reads messages as something else; what stands behind the last field stays.
pub(super) fn reread<F: FnMut(&mut Message) + Send>(mut change: F) -> impl Frames {
    misheard(move |mut frame: Frame| {
        let read = frame.decode().ok().and_then(|decoded| {
            let mut message = decoded.message;
            change(&mut message);
            let mut payload = Frame::of(&message).ok()?.payload;
            payload.extend_from_slice(decoded.tail);
            Some(payload)
        });
        if let Some(payload) = read {
            frame.payload = payload;
            announce(&mut frame);
        }
        Some(frame)
    })
}

/// Reads a hash rate and the target behind it as a target and the hash rate behind it.
pub(super) fn target_before_rate(rate: &mut F32, target: &mut U256) {
    let [a, b, c, d] = rate.0.to_le_bytes();
    let bytes = target.to_le_bytes();
    let (low, high) = bytes.split_at(28);
    let mut first = [0; 32];
    for (to, from) in first.iter_mut().zip([a, b, c, d].iter().chain(low)) {
        *to = *from;
    }
    *target = U256::from_le_bytes(first);
    if let Ok(last) = high.try_into() {
        rate.0 = f32::from_le_bytes(last);
    }
}

/// Reads outputs that begin with their count as one output that has no count in front of it.
pub(super) fn counted_again(outputs: &B0_64K) -> B0_64K {
    B0_64K::new([&[1], outputs.as_slice()].concat()).unwrap_or_default()
}
