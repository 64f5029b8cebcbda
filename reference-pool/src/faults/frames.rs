//! Deviations that many rows share: single messages and frames are changed, dropped, doubled or made up.
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::{Fate, Frames, Process};
use crate::service::ConnId;
use sv2_wire::frame::{Frame, Header};
use sv2_wire::{Kind, Message};

/// Changes messages on their way out.
pub(super) fn rewritten<F: FnMut(&mut Message) + Send>(change: F) -> Rewritten<F> {
    Rewritten(change)
}

/// Puts a string, such as an error code, behind itself with something at its end.
pub(super) fn with_end(text: &sv2_wire::Str0_255, end: &[u8]) -> sv2_wire::Str0_255 {
    sv2_wire::Str0_255::new([text.as_bytes(), end].concat()).unwrap_or_default()
}

/// Changes frames of a kind on their way out.
pub(super) fn reframed<F: FnMut(&mut Frame) + Send>(kind: Kind, change: F) -> Reframed<F> {
    Reframed { kind, change }
}

/// Sends frames of a kind without their last byte; the announced length follows.
pub(super) fn cut_short(kind: Kind) -> impl Frames {
    reframed(kind, |frame| {
        frame.payload.pop();
        announce(frame);
    })
}

/// Sends frames of a kind with more behind their last byte; the announced length follows.
pub(super) fn lengthened(kind: Kind, tail: &'static [u8]) -> impl Frames {
    reframed(kind, move |frame| {
        frame.payload.extend_from_slice(tail);
        announce(frame);
    })
}

/// Sends frames of a kind with the wrong channel bit.
pub(super) fn flipped_bit(kind: Kind) -> impl Frames {
    reframed(kind, |frame| frame.header.channel_msg = !frame.header.channel_msg)
}

/// Sends each message so many times as `count` says.
pub(super) fn counted<F: FnMut(&Message) -> usize + Send>(count: F) -> Counted<F> {
    Counted(count)
}

/// Never sends messages of a kind.
pub(super) fn dropped(kind: Kind) -> impl Frames {
    counted(move |message| usize::from(message.spec().kind != kind))
}

/// Sends messages of a kind twice.
pub(super) fn twice(kind: Kind) -> impl Frames {
    counted(move |message| if message.spec().kind == kind { 2 } else { 1 })
}

/// Sends what is made up for a message in front of it or behind it.
pub(super) fn accompanied<F: FnMut(&Message) -> Option<Message> + Send>(
    is_in_front: bool,
    make: F,
) -> Accompanied<F> {
    Accompanied { is_in_front, make }
}

/// Changes frames as they come in; what it empties of all is not seen.
pub(super) fn misheard<F: FnMut(Frame) -> Option<Frame> + Send>(change: F) -> Misheard<F> {
    Misheard(change)
}

/// Falls over frames.
pub(super) fn felled<F: FnMut(&Frame) -> bool + Send>(fate: Fate, by: F) -> Felled<F> {
    Felled { fate, by }
}

/// A frame that carries any bytes under any number.
pub(super) fn announce(frame: &mut Frame) {
    frame.header = Header { length: frame.payload.len() as u32, ..frame.header };
}

pub(super) struct Rewritten<F>(F);

impl<F: FnMut(&mut Message) + Send> Frames for Rewritten<F> {
    fn outgoing(&mut self, right: Vec<Frame>, _: ConnId) -> Vec<Frame> {
        let rewrite = |frame: Frame| {
            let Some(mut message) = decoded(&frame) else { return frame };
            let before = message.clone();
            (self.0)(&mut message);
            match message == before {
                true => frame,
                false => Frame::of(&message).unwrap_or(frame),
            }
        };
        right.into_iter().map(rewrite).collect()
    }
}

pub(super) struct Reframed<F> {
    kind: Kind,
    change: F,
}

impl<F: FnMut(&mut Frame) + Send> Frames for Reframed<F> {
    fn outgoing(&mut self, mut right: Vec<Frame>, _: ConnId) -> Vec<Frame> {
        right.iter_mut().filter(|frame| frame.header.kind == self.kind).for_each(&mut self.change);
        right
    }
}

pub(super) struct Counted<F>(F);

impl<F: FnMut(&Message) -> usize + Send> Frames for Counted<F> {
    fn outgoing(&mut self, right: Vec<Frame>, _: ConnId) -> Vec<Frame> {
        let mut out = Vec::new();
        for frame in right {
            let count = decoded(&frame).map_or(1, |message| (self.0)(&message));
            out.extend(std::iter::repeat_n(frame, count));
        }
        out
    }
}

pub(super) struct Accompanied<F> {
    is_in_front: bool,
    make: F,
}

impl<F: FnMut(&Message) -> Option<Message> + Send> Frames for Accompanied<F> {
    fn outgoing(&mut self, right: Vec<Frame>, _: ConnId) -> Vec<Frame> {
        let mut out = Vec::new();
        for frame in right {
            let made = decoded(&frame).and_then(|message| (self.make)(&message));
            let made = made.and_then(|message| Frame::of(&message).ok());
            match self.is_in_front {
                true => out.extend(made.into_iter().chain([frame])),
                false => out.extend([frame].into_iter().chain(made)),
            }
        }
        out
    }
}

pub(super) struct Misheard<F>(F);

impl<F: FnMut(Frame) -> Option<Frame> + Send> Frames for Misheard<F> {
    fn incoming(&mut self, right: Vec<Frame>, _: ConnId, _: usize) -> Vec<Frame> {
        right.into_iter().filter_map(&mut self.0).collect()
    }
}

pub(super) struct Felled<F> {
    fate: Fate,
    by: F,
}

impl<F: FnMut(&Frame) -> bool + Send> Process for Felled<F> {
    fn fate(&mut self, right: Fate, _: ConnId, frame: &Frame) -> Fate {
        if (self.by)(frame) { self.fate } else { right }
    }
}

fn decoded(frame: &Frame) -> Option<Message> {
    frame.decode().ok().map(|decoded| decoded.message)
}
