//! Faults of the program as a whole.
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::{Fate, Process};
use crate::endpoint::{Deadlines, Limits};
use crate::service::ConnId;
use sv2_wire::OpenExtendedMiningChannel;
use sv2_wire::frame::Frame;

/// What an OpenExtendedMiningChannel does to the program.
macro_rules! by_opening {
    ($($name:ident $fate:ident;)+) => {$(
        pub(super) struct $name;

        impl Process for $name {
            fn fate(&mut self, right: Fate, _: ConnId, frame: &Frame) -> Fate {
                let is_opening = frame.header.kind == OpenExtendedMiningChannel::SPEC.kind;
                if is_opening { Fate::$fate } else { right }
            }
        }
    )+};
}

by_opening! {
    KilledByOpening Die;
    HungByOpening Hang;
    ResetByOpening Reset;
    ClosedByOpening Close;
}

pub(super) struct PatientForEver;

impl Process for PatientForEver {
    fn deadlines(&mut self, _: Deadlines) -> Deadlines {
        Deadlines::NONE
    }
}

pub(super) struct UnboundedQueue;

impl Process for UnboundedQueue {
    fn limits(&mut self, right: Limits) -> Limits {
        Limits { max_send_queue: usize::MAX, ..right }
    }
}

pub(super) struct Trusting;

impl Process for Trusting {
    fn reserved(&mut self, _: usize, announced: usize) -> usize {
        announced
    }
}

/// More than what waits for a client that reads, and less than what the queue of one may hold.
const WAITED_FOR: usize = 100_000;

pub(super) struct AwaitedReader;

impl Process for AwaitedReader {
    fn waits_for_reader(&mut self, right: bool, unsent: usize) -> bool {
        right || unsent > WAITED_FOR
    }
}

pub(super) struct AwaitedHandshake;

impl Process for AwaitedHandshake {
    fn waits_for(&mut self, _: bool, conn: ConnId, other: ConnId) -> bool {
        other != conn
    }
}
