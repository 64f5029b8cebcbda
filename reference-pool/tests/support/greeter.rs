//! A service that only greets, and what a client has to say to it.

use std::collections::BTreeSet;

use crate::client::Client;
use sv2_reference_pool::service::{ConnId, Control, Finding, Now, Outbox, Service};
use sv2_wire::frame::Frame;
use sv2_wire::{Message, SetupConnection, SetupConnectionSuccess};

/// Flags that make the greeter close the connection behind its answer.
pub(crate) const LEAVE: u32 = 0xdead;
/// `used_version` of what a `Control::Block` makes the greeter send.
pub(crate) const BLOCK: u16 = 100;

/// Answers each `SetupConnection` with its own flags, and tells everybody of each control.
#[derive(Debug, Default)]
pub(crate) struct Greeter {
    pub(crate) open: BTreeSet<ConnId>,
    pub(crate) greeted: u32,
    pub(crate) closed: Vec<ConnId>,
    pub(crate) found: Vec<Finding>,
}

pub(crate) fn success(used_version: u16, flags: u32) -> Message {
    SetupConnectionSuccess { used_version, flags }.into()
}

impl Service for Greeter {
    fn opened(&mut self, conn: ConnId, _: Now, _: &mut Outbox) {
        assert!(self.open.insert(conn), "opened twice");
    }

    fn frame(&mut self, conn: ConnId, frame: &Frame, _: Now, out: &mut Outbox) {
        assert!(self.open.contains(&conn), "a frame of a connection that is not open");
        let Ok(Message::SetupConnection(setup)) = frame.decode().map(|decoded| decoded.message) else {
            return;
        };
        self.greeted += 1;
        out.send(conn, success(2, setup.flags));
        if setup.flags == LEAVE {
            out.close(conn);
        }
    }

    fn closed(&mut self, conn: ConnId) {
        assert!(self.open.remove(&conn), "closed without being open");
        self.closed.push(conn);
    }

    fn report(&self) -> serde_json::Value {
        serde_json::json!({ "greeted": self.greeted })
    }

    fn take_findings(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.found)
    }

    fn control(&mut self, control: Control, _: Now, out: &mut Outbox) {
        let version = if control == Control::Block { BLOCK } else { BLOCK + 1 };
        for &conn in &self.open {
            out.send(conn, success(version, self.greeted));
        }
    }
}

impl Client {
    pub(crate) fn setup(&mut self, flags: u32) -> Vec<u8> {
        self.seal(&SetupConnection { flags, ..SetupConnection::default() }.into())
    }

    /// `used_version` and `flags` of all answers so far.
    pub(crate) fn answers(&self) -> Vec<(u16, u32)> {
        let answer = |frame: &Frame| match frame.decode().unwrap().message {
            Message::SetupConnectionSuccess(success) => (success.used_version, success.flags),
            other => panic!("unexpected {other:?}"),
        };
        self.frames.iter().map(answer).collect()
    }
}
