//! Sends messages to a service and expects its answers. Nothing waits: a service answers within the call.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;
use sv2_reference_pool::pool::{Pool, PoolConfig};
use sv2_reference_pool::service::{Action, ConnId, Control, Now, Outbox, Service};
use sv2_wire::frame::{Frame, Header};
use sv2_wire::{Kind, Message, SetupConnection, SetupConnectionSuccess};

pub(crate) const START: u32 = 1_767_225_600;

pub(crate) struct Dialogue<S> {
    pub(crate) service: S,
    pub(crate) now: Now,
    inbox: BTreeMap<ConnId, VecDeque<Message>>,
    closed: BTreeSet<ConnId>,
}

/// Takes the next message of a connection, which must be of the named type.
macro_rules! take {
    ($dialogue:expr, $conn:expr, $ty:ident) => {
        match $dialogue.receive($conn) {
            sv2_wire::Message::$ty(message) => message,
            other => panic!("expected {}, got {other:?}", stringify!($ty)),
        }
    };
}
pub(crate) use take;

impl Dialogue<Pool> {
    pub(crate) fn pool(config: PoolConfig) -> Self {
        Self::new(Pool::new(config).unwrap())
    }
}

impl<S: Service> Dialogue<S> {
    pub(crate) fn new(service: S) -> Self {
        let now = Now { elapsed: Duration::ZERO, unix: START };
        Self { service, now, inbox: BTreeMap::new(), closed: BTreeSet::new() }
    }

    pub(crate) fn connect(&mut self) -> ConnId {
        let conn = ConnId(self.inbox.len() as u64);
        self.inbox.insert(conn, VecDeque::new());
        self.call(|service, now, out| service.opened(conn, now, out));
        conn
    }

    /// Connects and sets up.
    pub(crate) fn ready(&mut self, protocol: u8, flags: u32) -> ConnId {
        let conn = self.connect();
        self.send(conn, SetupConnection { flags, ..setup(protocol) });
        assert_eq!(
            take!(self, conn, SetupConnectionSuccess),
            SetupConnectionSuccess { used_version: 2, flags: 0 }
        );
        conn
    }

    pub(crate) fn send(&mut self, conn: ConnId, message: impl Into<Message>) {
        let frame = Frame::of(&message.into()).unwrap();
        self.send_frame(conn, &frame);
    }

    pub(crate) fn send_frame(&mut self, conn: ConnId, frame: &Frame) {
        self.call(|service, now, out| service.frame(conn, frame, now, out));
    }

    pub(crate) fn send_raw(&mut self, conn: ConnId, extension_type: u16, msg_type: u8, payload: &[u8]) {
        let kind = Kind { extension_type, msg_type };
        let header = Header { kind, channel_msg: false, length: payload.len() as u32 };
        self.send_frame(conn, &Frame { header, payload: payload.to_vec() });
    }

    pub(crate) fn control(&mut self, control: Control) {
        self.call(|service, now, out| service.control(control, now, out));
    }

    pub(crate) fn tick(&mut self) {
        self.call(|service, now, out| service.tick(now, out));
    }

    pub(crate) fn receive(&mut self, conn: ConnId) -> Message {
        self.inbox.get_mut(&conn).unwrap().pop_front().unwrap_or_else(|| panic!("{conn:?} got no message"))
    }

    pub(crate) fn expect_silence(&mut self, conn: ConnId) {
        assert_eq!(self.inbox[&conn], [], "and no more");
        assert!(!self.closed.contains(&conn));
    }

    pub(crate) fn expect_close(&mut self, conn: ConnId) {
        assert_eq!(self.inbox[&conn], [], "a close and nothing before it");
        assert!(self.closed.contains(&conn), "{conn:?} is still open");
    }

    pub(crate) fn elapse(&mut self, seconds: u32) {
        self.now.elapsed += Duration::from_secs(u64::from(seconds));
        self.now.unix += seconds;
    }

    fn call(&mut self, act: impl FnOnce(&mut S, Now, &mut Outbox)) {
        let mut out = Outbox::default();
        act(&mut self.service, self.now, &mut out);
        for action in out.drain() {
            match action {
                Action::Send(conn, message) => {
                    assert!(!self.closed.contains(&conn), "{message:?} after the close");
                    let frame = Frame::of(&message).unwrap();
                    assert_eq!(frame.decode().unwrap().message, message, "what is sent can be read");
                    self.inbox.get_mut(&conn).unwrap().push_back(message);
                }
                Action::Close(conn) => assert!(self.closed.insert(conn), "closed twice"),
            }
        }
    }
}

pub(crate) fn setup(protocol: u8) -> SetupConnection {
    SetupConnection {
        protocol,
        min_version: 2,
        max_version: 2,
        vendor: "tests".into(),
        ..SetupConnection::default()
    }
}
