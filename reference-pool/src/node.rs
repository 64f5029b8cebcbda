//! All connections of one service, without sockets: what both the tokio shell and a simulated network drive.
//!
//! Everything follows from the calls and their arguments: equal calls give equal bytes. Within a connection the order of
//! frames is kept, between connections the order in which they became ready. A connection has no way to touch another
//! one but through the service.
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod config;
mod falls;
mod statistics;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use sv2_wire::Message;
use sv2_wire::frame::Frame;
use sv2_wire::link::{Link, LinkError};
use sv2_wire::noise::MAX_PLAINTEXT_LEN;

use falls::Falls;

pub use config::{NodeConfig, NoiseConfig, TransportConfig, Validity};
pub use statistics::Statistics;

use crate::endpoint::{CloseReason, Endpoint, Event};
use crate::faults::Rules;
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
    /// Reset the connection, at once. The node does not know it any more. Only a fault wants this.
    Reset {
        /// The connection.
        conn: ConnId,
    },
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
    rules: Rules,
    falls: Falls,
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
            rules: Rules::arm(&config.faults, false),
            config,
            service,
            connections: BTreeMap::new(),
            next: 0,
            ready: VecDeque::new(),
            deadlines: BTreeSet::new(),
            statistics: Statistics::default(),
            falls: Falls::default(),
        }
    }

    /// A connection came. One above the limit gets its [`Output::Close`] at once.
    pub fn connected(&mut self, now: Now) -> ConnId {
        let conn = ConnId(self.next);
        self.next = self.next.saturating_add(1);
        let NodeConfig { limits, deadlines, .. } = self.config;
        let limits = self.rules.process(limits, |rules, right| rules.limits(right));
        let deadlines = self.rules.process(deadlines, |rules, right| rules.deadlines(right));
        let is_refused = self.connections.len() >= limits.max_connections;
        let mut endpoint =
            Endpoint::new(self.config.link(conn, now, &mut self.rules), limits, deadlines, now.elapsed);
        if !self.rules.records(true, |rules, right| rules.ends_session(right)) {
            endpoint.outlive_failures();
        }
        endpoint.greet(&self.rules.records(Vec::new(), |rules, right| rules.greeting(right)));
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
        match self.rules.is_clean() {
            true => self.take(conn, bytes, now),
            false => self.take_or_wait(conn, bytes, now),
        }
    }

    fn take(&mut self, conn: ConnId, bytes: &[u8], now: Now) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        match self.rules.is_clean() {
            true => connection.endpoint.receive(bytes),
            false => {
                let is_first = connection.endpoint.consumed() == 0;
                if is_first && self.rules.records(false, |rules, right| rules.goes_plain(right, bytes)) {
                    connection.endpoint.go_plain();
                }
                let bytes = bytes.to_vec();
                let bytes = self.rules.records(bytes, |rules, right| rules.received(right, conn));
                connection.endpoint.receive(&bytes);
            }
        }
        count(&mut self.statistics.bytes_in, bytes.len() as u64);
        self.pump(conn, now);
        self.reserve(conn);
    }

    /// The peer ended its side; the answers still go out.
    pub fn finished(&mut self, conn: ConnId, now: Now) {
        if self.is_hung() {
            return;
        }
        self.end(conn, |endpoint| endpoint.peer_finished(now.elapsed));
    }

    /// The connection is gone. There is no further output for it.
    pub fn lost(&mut self, conn: ConnId) {
        self.end(conn, |endpoint| endpoint.abort(CloseReason::PeerLost));
        self.connections.remove(&conn);
        self.falls.forget(conn);
    }

    /// So many bytes of earlier [`Output::Send`]s went out.
    pub fn written(&mut self, conn: ConnId, count: usize) {
        self.end(conn, |endpoint| endpoint.written(count));
    }

    /// Lets all deadlines that have come take effect.
    pub fn tick(&mut self, now: Now) {
        if self.is_hung() {
            return;
        }
        self.tick_service(now);
        while let Some(&(deadline, conn)) = self.deadlines.first() {
            if deadline > now.elapsed {
                break;
            }
            self.end(conn, |endpoint| endpoint.on_deadline(now.elapsed));
        }
        self.catch_up(now);
    }

    fn tick_service(&mut self, now: Now) {
        if self.service.deadline().is_some_and(|deadline| deadline <= now.elapsed) {
            let mut out = Outbox::default();
            self.service.tick(now, &mut out);
            self.apply(&mut out, now);
        }
    }

    /// When [`tick`](Self::tick) is to be called next.
    pub fn next_deadline(&self) -> Option<Duration> {
        if self.is_hung() {
            return None;
        }
        let own = self.deadlines.first().map(|&(deadline, _)| deadline);
        own.into_iter().chain(self.service.deadline()).min()
    }

    /// A trigger from outside.
    pub fn control(&mut self, control: Control, now: Now) {
        if self.is_hung() {
            return;
        }
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
                    let is_reset = self.falls.reset.remove(&conn);
                    return Some(if is_reset { Output::Reset { conn } } else { Output::Close { conn } });
                }
            }
            self.ready.pop_front();
        }
        None
    }

    /// Bytes that came on a connection, or nothing if it is closed.
    pub fn consumed(&self, conn: ConnId) -> Option<u64> {
        let held = self.falls.held_bytes(conn);
        self.connections.get(&conn).map(|connection| connection.endpoint.consumed().saturating_add(held))
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
        let open = self.connections.len() as u64;
        let sum = |bytes: fn(&Endpoint) -> usize| {
            let each = self.connections.values().map(|connection| bytes(&connection.endpoint) as u64);
            each.fold(0, u64::saturating_add)
        };
        let (held, unsent) = (sum(Endpoint::held), sum(Endpoint::queued));
        Statistics { open, held, unsent, faults: self.rules.fired(), ..self.statistics.clone() }
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
        let (mut out, mut frames) = (Outbox::default(), 0);
        while let Some(connection) = self.connections.get_mut(&conn).filter(|_| !self.falls.is_hung) {
            let Some(event) = connection.endpoint.poll(now.elapsed) else { break };
            match event {
                Event::Established => {
                    connection.stage = Stage::Opened;
                    if !self.rules.is_clean() {
                        alter_handshake(&mut self.rules, &mut connection.endpoint);
                    }
                    count(&mut self.statistics.established, 1);
                    self.service.opened(conn, now, &mut out);
                }
                Event::Frame(frame) => {
                    count(&mut self.statistics.frames_in, 1);
                    self.hand_over(conn, frame, frames, now, &mut out);
                    frames = usize::saturating_add(frames, 1);
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
            Ok(frame) if self.rules.is_clean() => {
                let is_queued = connection.endpoint.send(&frame, now.elapsed);
                count(&mut self.statistics.frames_out, u64::from(is_queued));
            }
            Ok(frame) => self.send_wrong(conn, frame, now),
            Err(_) => connection.endpoint.close(CloseReason::Defect, now.elapsed),
        }
        self.settle(conn);
    }

    /// Sends a frame past the faults.
    fn send_wrong(&mut self, conn: ConnId, frame: Frame, now: Now) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        let (rules, is_noise) = (&mut self.rules, matches!(self.config.transport, TransportConfig::Noise(_)));
        for frame in rules.frames(vec![frame], |rules, right| rules.outgoing(right, conn)) {
            let is_queued = connection.endpoint.send_with(&frame, now.elapsed, |link, frame, out| {
                if is_noise { seal_wrong(rules, conn, link, frame, out) } else { link.seal(frame, out) }
            });
            count(&mut self.statistics.frames_out, u64::from(is_queued));
        }
    }

    /// `before` is how many frames came whole with the same bytes before this one.
    fn hand_over(&mut self, conn: ConnId, frame: Frame, before: usize, now: Now, out: &mut Outbox) {
        if self.rules.is_clean() {
            return self.service.frame(conn, &frame, now, out);
        }
        for frame in self.rules.frames(vec![frame], |rules, right| rules.incoming(right, conn, before)) {
            if self.outlives(conn, &frame, now) {
                self.service.frame(conn, &frame, now, out);
            }
        }
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

/// Answers act one past the faults.
fn alter_handshake(rules: &mut Rules, endpoint: &mut Endpoint) {
    endpoint.alter_act_two(|right| rules.certifier(right, |rules, right| rules.act_two(right)));
    if !rules.certifier(true, |rules, right| rules.has_keys_in_order(right)) {
        endpoint.swap_directions();
    }
}

fn seal_wrong(
    rules: &mut Rules,
    conn: ConnId,
    link: &mut Link,
    frame: &Frame,
    out: &mut Vec<u8>,
) -> Result<(), LinkError> {
    let empty = Frame { header: frame.header, payload: Vec::new() };
    for _ in 0..rules.records(0, |rules, right| rules.skipped(right, conn, frame)) {
        link.seal(&empty, &mut Vec::new())?;
    }
    let header = frame.header.encode().to_vec();
    let payload = frame.payload.chunks(MAX_PLAINTEXT_LEN).map(<[u8]>::to_vec);
    let pieces: Vec<_> = std::iter::once(header).chain(payload).collect();
    let mut sealed = Vec::new();
    for piece in rules.records(pieces, |rules, right| rules.pieces(right, conn)) {
        let mut record = Vec::new();
        link.seal_record(&piece, &mut record)?;
        sealed.extend(rules.records(record, |rules, right| rules.record(right, conn)));
    }
    let sealed = rules.records(sealed, |rules, right| rules.sealed(right, conn, frame));
    out.extend_from_slice(&sealed);
    Ok(())
}

fn count(counter: &mut u64, by: u64) {
    *counter = counter.saturating_add(by);
}
