//! All connections of one service, without sockets: what both the tokio shell and a simulated network drive.
//!
//! Everything follows from the calls and their arguments: equal calls give equal bytes. Within a connection the order of
//! frames is kept, between connections the order in which they became ready. A connection has no way to touch another
//! one but through the service.
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod config;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use sv2_wire::Message;
use sv2_wire::frame::Frame;
use sv2_wire::link::LinkError;

pub use config::{NodeConfig, NoiseConfig, TransportConfig, Validity};

use crate::endpoint::{CloseReason, Endpoint, Event};
use crate::service::{Action, ConnId, Control, Now, Outbox, Service};

/// What the shell is to do, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Write these bytes, behind those given before, and report them by [`Node::written`] as they go out.
    Send {
        /// The connection.
        conn: ConnId,
        /// At least one byte.
        bytes: Vec<u8>,
    },
    /// Drop the connection. All that was given before was reported as written, or is given up. The node does not know the
    /// connection any more.
    Close {
        /// The connection.
        conn: ConnId,
    },
}

/// What a node counted since it began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Connections that came, the refused ones included.
    pub connections: u64,
    /// Connections on which frames could go.
    pub established: u64,
    /// Connections that are not closed yet.
    pub open: u64,
    /// Bytes that came.
    pub bytes_in: u64,
    /// Bytes given to the shell.
    pub bytes_out: u64,
    /// Whole frames that came.
    pub frames_in: u64,
    /// Messages that the service sent to connections that could take them.
    pub frames_out: u64,
    /// How many connections ended for which reason.
    pub closed: BTreeMap<CloseReason, u64>,
    /// The latest connection that ended by its bytes, and what was wrong with them.
    pub last_failure: Option<(ConnId, LinkError)>,
    /// Attempts of the shell to accept a connection that failed. Counted by the shell.
    pub failed_accepts: u64,
}

/// A service and its connections.
#[derive(Debug)]
pub struct Node<S> {
    config: NodeConfig,
    service: S,
    connections: BTreeMap<ConnId, Connection>,
    next: u64,
    ready: VecDeque<ConnId>,
    deadlines: BTreeSet<(Duration, ConnId)>,
    statistics: Statistics,
}

#[derive(Debug)]
struct Connection {
    endpoint: Endpoint,
    stage: Stage,
    is_ready: bool,
    deadline: Option<Duration>,
}

/// What the service knows of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    New,
    Opened,
    Ended,
}

impl<S: Service> Node<S> {
    /// A node without connections.
    pub fn new(config: NodeConfig, service: S) -> Self {
        Self {
            config,
            service,
            connections: BTreeMap::new(),
            next: 0,
            ready: VecDeque::new(),
            deadlines: BTreeSet::new(),
            statistics: Statistics::default(),
        }
    }

    /// A connection came. One above the limit gets its [`Output::Close`] at once.
    pub fn connected(&mut self, now: Now) -> ConnId {
        let conn = ConnId(self.next);
        self.next = self.next.saturating_add(1);
        let NodeConfig { limits, deadlines, .. } = self.config;
        let is_refused = self.connections.len() >= limits.max_connections;
        let mut endpoint = Endpoint::new(self.config.link(conn, now), limits, deadlines, now.elapsed);
        if is_refused {
            endpoint.abort(CloseReason::TooManyConnections);
        }
        let connection = Connection { endpoint, stage: Stage::New, is_ready: false, deadline: None };
        self.connections.insert(conn, connection);
        count(&mut self.statistics.connections, 1);
        self.pump(conn, now);
        conn
    }

    /// Bytes came. All whole frames within them are answered before this returns.
    pub fn received(&mut self, conn: ConnId, bytes: &[u8], now: Now) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        connection.endpoint.receive(bytes);
        count(&mut self.statistics.bytes_in, bytes.len() as u64);
        self.pump(conn, now);
    }

    /// The peer ended its side; the answers still go out.
    pub fn finished(&mut self, conn: ConnId, now: Now) {
        self.end(conn, |endpoint| endpoint.peer_finished(now.elapsed));
    }

    /// The connection is gone. There is no further output for it.
    pub fn lost(&mut self, conn: ConnId) {
        self.end(conn, |endpoint| endpoint.abort(CloseReason::PeerLost));
        self.connections.remove(&conn);
    }

    /// So many bytes of earlier [`Output::Send`]s went out.
    pub fn written(&mut self, conn: ConnId, count: usize) {
        self.end(conn, |endpoint| endpoint.written(count));
    }

    /// Lets all deadlines that have come take effect.
    pub fn tick(&mut self, now: Now) {
        while let Some(&(deadline, conn)) = self.deadlines.first() {
            if deadline > now.elapsed {
                return;
            }
            self.end(conn, |endpoint| endpoint.on_deadline(now.elapsed));
        }
    }

    /// When [`tick`](Self::tick) is to be called next.
    pub fn next_deadline(&self) -> Option<Duration> {
        self.deadlines.first().map(|&(deadline, _)| deadline)
    }

    /// A trigger from outside.
    pub fn control(&mut self, control: Control, now: Now) {
        let mut out = Outbox::default();
        self.service.control(control, now, &mut out);
        self.apply(&mut out, now);
    }

    /// Closes every connection, after what is queued went out.
    pub fn close_all(&mut self, now: Now) {
        let all: Vec<_> = self.connections.keys().copied().collect();
        for conn in all {
            self.end(conn, |endpoint| endpoint.close(CloseReason::Shutdown, now.elapsed));
        }
    }

    /// Gives the next output. To be called until there is none, after every other call.
    pub fn poll(&mut self) -> Option<Output> {
        while let Some(&conn) = self.ready.front() {
            if let Some(connection) = self.connections.get_mut(&conn) {
                if let Some(bytes) = connection.endpoint.poll_transmit() {
                    count(&mut self.statistics.bytes_out, bytes.len() as u64);
                    return Some(Output::Send { conn, bytes });
                }
                connection.is_ready = false;
                if connection.endpoint.is_closed() {
                    self.connections.remove(&conn);
                    self.ready.pop_front();
                    return Some(Output::Close { conn });
                }
            }
            self.ready.pop_front();
        }
        None
    }

    /// Bytes that came on a connection, or nothing if it is closed.
    pub fn consumed(&self, conn: ConnId) -> Option<u64> {
        self.connections.get(&conn).map(|connection| connection.endpoint.consumed())
    }

    /// Whether a connection is there and nothing has begun to end it.
    pub fn is_open(&self, conn: ConnId) -> bool {
        self.connections.get(&conn).is_some_and(|connection| !connection.endpoint.is_closing())
    }

    /// Bytes that wait to be written on a connection, or nothing if it is closed.
    pub fn queued(&self, conn: ConnId) -> Option<usize> {
        self.connections.get(&conn).map(|connection| connection.endpoint.queued())
    }

    /// What was counted so far.
    pub fn statistics(&self) -> Statistics {
        Statistics { open: self.connections.len() as u64, ..self.statistics.clone() }
    }

    /// The configuration.
    pub fn config(&self) -> &NodeConfig {
        &self.config
    }

    /// The service.
    pub fn service(&self) -> &S {
        &self.service
    }

    /// The service, to take out what it keeps for its owner.
    pub fn service_mut(&mut self) -> &mut S {
        &mut self.service
    }

    /// Hands the service what the endpoint found, one event after the other, for an answer may end the connection.
    fn pump(&mut self, conn: ConnId, now: Now) {
        let mut out = Outbox::default();
        while let Some(connection) = self.connections.get_mut(&conn) {
            let Some(event) = connection.endpoint.poll(now.elapsed) else { break };
            match event {
                Event::Established => {
                    connection.stage = Stage::Opened;
                    count(&mut self.statistics.established, 1);
                    self.service.opened(conn, now, &mut out);
                }
                Event::Frame(frame) => {
                    count(&mut self.statistics.frames_in, 1);
                    self.service.frame(conn, &frame, now, &mut out);
                }
            }
            self.apply(&mut out, now);
        }
        self.settle(conn);
    }

    fn apply(&mut self, out: &mut Outbox, now: Now) {
        for action in out.drain() {
            match action {
                Action::Send(conn, message) => self.send(conn, &message, now),
                Action::Close(conn) => {
                    self.end(conn, |endpoint| endpoint.close(CloseReason::Service, now.elapsed));
                }
            }
        }
    }

    fn send(&mut self, conn: ConnId, message: &Message, now: Now) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        if connection.stage != Stage::Opened {
            return;
        }
        match Frame::of(message) {
            Ok(frame) => {
                let is_queued = connection.endpoint.send(&frame, now.elapsed);
                count(&mut self.statistics.frames_out, u64::from(is_queued));
            }
            Err(_) => connection.endpoint.close(CloseReason::Defect, now.elapsed),
        }
        self.settle(conn);
    }

    fn end(&mut self, conn: ConnId, change: impl FnOnce(&mut Endpoint)) {
        if let Some(connection) = self.connections.get_mut(&conn) {
            change(&mut connection.endpoint);
            self.settle(conn);
        }
    }

    /// Brings the node's own books in line with an endpoint that something happened to.
    fn settle(&mut self, conn: ConnId) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        let endpoint = &connection.endpoint;
        let deadline = endpoint.deadline();
        if deadline != connection.deadline {
            if let Some(old) = connection.deadline {
                self.deadlines.remove(&(old, conn));
            }
            self.deadlines.extend(deadline.map(|new| (new, conn)));
            connection.deadline = deadline;
        }
        if !connection.is_ready && (endpoint.has_output() || endpoint.is_closed()) {
            connection.is_ready = true;
            self.ready.push_back(conn);
        }
        let Some(reason) = endpoint.close_reason().filter(|_| connection.stage != Stage::Ended) else {
            return;
        };
        count(self.statistics.closed.entry(reason).or_default(), 1);
        if let Some(failure) = endpoint.failure() {
            self.statistics.last_failure = Some((conn, failure.clone()));
        }
        if std::mem::replace(&mut connection.stage, Stage::Ended) == Stage::Opened {
            self.service.closed(conn);
        }
    }
}

fn count(counter: &mut u64, by: u64) {
    *counter = counter.saturating_add(by);
}
