//! What stands between a protocol core and the connections: the core sees decoded frames and answers with actions.

mod control;

pub use control::{Address, Control, ControlTextError};

use crate::template::provider::Solution;
use bitcoin::Block;
use serde_json::Value as Json;
use std::time::Duration;
use sv2_wire::Message;
use sv2_wire::frame::Frame;

/// Names one connection for as long as the node lives; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u64);

/// The time as an argument: nothing below the shells reads a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Time since the node started; only ever grows. Deadlines are measured by it.
    pub elapsed: Duration,
    /// Unix time in seconds: certificates, ntime.
    pub unix: u32,
}

/// What a core wants done, in this order.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Send a message.
    Send(ConnId, Message),
    /// Close the connection after everything queued before has gone out.
    Close(ConnId),
}

/// Actions of one call, in order.
#[derive(Debug, Default)]
pub struct Outbox(Vec<Action>);

impl Outbox {
    /// Queues a message.
    pub fn send(&mut self, conn: ConnId, message: impl Into<Message>) {
        self.0.push(Action::Send(conn, message.into()));
    }

    /// Queues a close.
    pub fn close(&mut self, conn: ConnId) {
        self.0.push(Action::Close(conn));
    }

    /// Takes everything that was queued.
    pub fn drain(&mut self) -> impl Iterator<Item = Action> + '_ {
        self.0.drain(..)
    }
}

/// What a client found.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// A pool's block, whole.
    Block(Box<Block>),
    /// What was submitted to a template provider.
    Solution(Box<Solution>),
}

/// A protocol core: the mining pool, or the template provider.
pub trait Service {
    /// A connection is ready for frames; the handshake, if there is one, is done.
    fn opened(&mut self, conn: ConnId, now: Now, out: &mut Outbox);

    /// A whole frame came in. It may be of any number, and malformed.
    fn frame(&mut self, conn: ConnId, frame: &Frame, now: Now, out: &mut Outbox);

    /// The connection is gone; nothing can be sent to it any more.
    fn closed(&mut self, conn: ConnId);

    /// A trigger from outside.
    fn control(&mut self, control: Control, now: Now, out: &mut Outbox);

    /// When [`tick`](Self::tick) is to be called, as [`Now::elapsed`].
    fn deadline(&self) -> Option<Duration> {
        None
    }

    /// Lets all deadlines that have come take effect.
    fn tick(&mut self, _now: Now, _out: &mut Outbox) {}

    /// What was counted so far, for people and scripts.
    fn report(&self) -> Json {
        Json::Null
    }

    /// Takes out what clients found, the oldest first; each comes once.
    fn take_findings(&mut self) -> Vec<Finding> {
        Vec::new()
    }
}
