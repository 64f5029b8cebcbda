//! One connection, without sockets: Noise or plaintext, frames, deadlines, bounds and an orderly end.
//!
//! Bytes and times come in, events and bytes to be written go out. What the shell took with
//! [`Endpoint::poll_transmit`] counts against the send queue until [`Endpoint::written`] says that it went out, so the
//! shell's own queues are bounded too.
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::fmt;
use std::time::Duration;

use sv2_wire::frame::{Frame, Header, MAX_PAYLOAD_LEN};
use sv2_wire::link::{self, Link, LinkError};
use sv2_wire::noise::ACT_TWO_LEN;

/// How much one peer may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Greatest payload in bytes that a frame may announce.
    pub max_payload: usize,
    /// Greatest number of bytes that wait to be written; a peer that lets more pile up is closed.
    pub max_send_queue: usize,
    /// Greatest number of connections at a time; one more is closed at once.
    pub max_connections: usize,
}

impl Default for Limits {
    /// Payloads as large as the header can announce, room for two of them in the send queue, 16384 connections.
    fn default() -> Self {
        Self { max_payload: MAX_PAYLOAD_LEN, max_send_queue: 32 << 20, max_connections: 16384 }
    }
}

/// How long a peer may take; `None` waits for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// From the connection to the end of the Noise handshake.
    pub handshake: Option<Duration>,
    /// From there to the first frame that is a message.
    pub setup: Option<Duration>,
    /// From one whole frame to the next. Bytes of an unfinished frame do not count.
    pub idle: Option<Duration>,
    /// From the decision to close until everything queued is written.
    pub flush: Option<Duration>,
}

impl Default for Deadlines {
    /// Ten seconds each for handshake, setup and flush, one hour for idle: miners of low difficulty may be silent long.
    fn default() -> Self {
        let short = Some(Duration::from_secs(10));
        Self { handshake: short, setup: short, idle: Some(Duration::from_secs(3600)), flush: short }
    }
}

impl Deadlines {
    /// No deadline at all.
    pub const NONE: Self = Self { handshake: None, setup: None, idle: None, flush: None };
}

/// Why a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CloseReason {
    /// The protocol core wanted it.
    Service,
    /// The peer ended its side after a whole frame.
    PeerFinished,
    /// The peer ended its side amid an act or a frame.
    PeerTruncated,
    /// The peer, or the network, reset the connection.
    PeerLost,
    /// The Noise handshake failed.
    Handshake,
    /// A record did not authenticate (spec section 4.5).
    Decryption,
    /// A header announced more than [`Limits::max_payload`].
    Oversize,
    /// [`Deadlines::handshake`] passed.
    HandshakeDeadline,
    /// [`Deadlines::setup`] passed.
    SetupDeadline,
    /// [`Deadlines::idle`] passed.
    IdleDeadline,
    /// The peer does not read: [`Limits::max_send_queue`] was reached.
    SendQueue,
    /// [`Limits::max_connections`] were there already.
    TooManyConnections,
    /// The server shuts down.
    Shutdown,
    /// A fault wanted it.
    Fault,
    /// A defect of ours: a message that no frame can hold, or a cipher that refuses to encrypt.
    Defect,
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Service => "closed by the protocol core",
            Self::PeerFinished => "the peer finished",
            Self::PeerTruncated => "the peer finished amid a frame",
            Self::PeerLost => "the connection was lost",
            Self::Handshake => "the handshake failed",
            Self::Decryption => "a record did not authenticate",
            Self::Oversize => "a frame announced more than the limit",
            Self::HandshakeDeadline => "no handshake within its deadline",
            Self::SetupDeadline => "no message within the setup deadline",
            Self::IdleDeadline => "no frame within the idle deadline",
            Self::SendQueue => "the peer does not read",
            Self::TooManyConnections => "too many connections",
            Self::Shutdown => "the server shuts down",
            Self::Fault => "a fault wanted it",
            Self::Defect => "a defect of the server",
        })
    }
}

/// What an endpoint found in the bytes that came.
#[derive(Debug)]
pub enum Event {
    /// Frames can go both ways now.
    Established,
    /// A whole frame, of any number, perhaps malformed.
    Frame(Frame),
}

/// The server's side of one connection.
#[derive(Debug)]
pub struct Endpoint {
    link: Link,
    limits: Limits,
    deadlines: Deadlines,
    phase: Phase,
    /// When the phase, or within [`Phase::Open`] the latest frame, began.
    since: Duration,
    reason: Option<CloseReason>,
    failure: Option<LinkError>,
    out: Vec<u8>,
    in_flight: usize,
    consumed: u64,
    outlives_failures: bool,
    /// What no right server sets aside before it comes.
    reserved: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Plaintext has no handshake, but its [`Event::Established`] is due all the same.
    Handshake,
    Setup,
    Open,
    Flushing,
    Closed,
}

impl Endpoint {
    /// A connection that was just made. `link` is the server's side: [`Link::responder`] or [`Link::plain`]; `now` counts
    /// from the node's start, as do all times here.
    pub fn new(link: Link, limits: Limits, deadlines: Deadlines, now: Duration) -> Self {
        Self {
            link,
            limits,
            deadlines,
            phase: Phase::Handshake,
            since: now,
            reason: None,
            failure: None,
            out: Vec::new(),
            in_flight: 0,
            consumed: 0,
            outlives_failures: false,
            reserved: Vec::new(),
        }
    }

    /// Keeps the connection open behind a failure, which no right server does.
    pub(crate) fn outlive_failures(&mut self) {
        self.outlives_failures = true;
    }

    /// Says something before anything has come, which no right server does.
    pub(crate) fn greet(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// Serves the connection without encryption, whatever it was made for.
    pub(crate) fn go_plain(&mut self) {
        self.link = Link::plain(self.limits.max_payload);
    }

    /// Changes act two, which was just queued.
    pub(crate) fn alter_act_two(&mut self, change: impl FnOnce(Vec<u8>) -> Vec<u8>) {
        if let Some(start) = self.out.len().checked_sub(ACT_TWO_LEN) {
            let act_two = self.out.split_off(start);
            self.out.extend(change(act_two));
        }
    }

    /// Exchanges the keys of the two directions.
    pub(crate) fn swap_directions(&mut self) {
        self.link.swap_directions();
    }

    /// Length in bytes of a payload that was announced and has not come whole.
    pub(crate) fn announced(&self) -> usize {
        self.link.announced().unwrap_or_default()
    }

    /// Holds so much memory for what may come, in place of what was held before.
    pub(crate) fn reserve(&mut self, bytes: usize) {
        self.reserved = Vec::with_capacity(bytes);
    }

    /// Takes bytes in, of any number, cut anywhere. [`poll`](Self::poll) is to be called until it gives nothing.
    pub fn receive(&mut self, bytes: &[u8]) {
        self.consumed = self.consumed.saturating_add(bytes.len() as u64);
        if !self.is_closing() {
            self.link.receive(bytes);
        }
    }

    /// So many bytes came that are not looked at.
    pub fn disregard(&mut self, count: usize) {
        self.consumed = self.consumed.saturating_add(count as u64);
    }

    /// Whether a handshake has begun and is not over.
    pub fn is_amid_handshake(&self) -> bool {
        self.phase == Phase::Handshake && self.link.pending() > 0 && !self.is_closing()
    }

    /// Gives the next event. After a failure, and after [`close`](Self::close), there is none.
    pub fn poll(&mut self, now: Duration) -> Option<Event> {
        if self.is_closing() {
            return None;
        }
        if self.phase == Phase::Handshake && self.link.is_established() {
            return Some(self.established(now));
        }
        match self.link.poll() {
            Ok(None) => None,
            Ok(Some(link::Event::Established { reply, .. })) => {
                self.out.extend_from_slice(&reply);
                Some(self.established(now))
            }
            Ok(Some(link::Event::Frame(frame))) => Some(self.frame(frame, now)),
            Err(_) if self.outlives_failures => None,
            Err(error) => {
                let reason = self.reason_of(&error);
                self.failure = Some(error);
                self.close(reason, now);
                None
            }
        }
    }

    /// The peer ended its side of the connection. What it sent before must have been polled; the answers go out, then
    /// the connection is closed.
    pub fn peer_finished(&mut self, now: Duration) {
        let whole = self.link.pending() == 0;
        self.close(if whole { CloseReason::PeerFinished } else { CloseReason::PeerTruncated }, now);
    }

    /// Queues a frame and says whether it did. While the connection is not established, or closing, frames are dropped;
    /// one that does not fit into the send queue ends the connection.
    pub fn send(&mut self, frame: &Frame, now: Duration) -> bool {
        self.send_with(frame, now, Link::seal)
    }

    /// [`send`](Self::send) with something else than [`Link::seal`] to seal the frame.
    pub fn send_with(
        &mut self,
        frame: &Frame,
        now: Duration,
        seal: impl FnOnce(&mut Link, &Frame, &mut Vec<u8>) -> Result<(), LinkError>,
    ) -> bool {
        if !matches!(self.phase, Phase::Setup | Phase::Open) {
            return false;
        }
        let length = Header::LEN.saturating_add(frame.payload.len());
        if self.queued().saturating_add(length) > self.limits.max_send_queue {
            self.abort(CloseReason::SendQueue);
            return false;
        }
        let sealed = seal(&mut self.link, frame, &mut self.out);
        if let Err(error) = sealed {
            self.failure = Some(error);
            self.close(CloseReason::Defect, now);
            return false;
        }
        true
    }

    /// Closes after everything queued is written, or after [`Deadlines::flush`]. The first reason stays.
    pub fn close(&mut self, reason: CloseReason, now: Duration) {
        if self.is_closing() {
            return;
        }
        self.reason = Some(reason);
        self.since = now;
        self.phase = if self.queued() == 0 { Phase::Closed } else { Phase::Flushing };
    }

    /// Closes at once; what is queued is lost. The first reason stays.
    pub fn abort(&mut self, reason: CloseReason) {
        self.reason.get_or_insert(reason);
        self.phase = Phase::Closed;
        self.out = Vec::new();
        self.in_flight = 0;
    }

    /// Takes all bytes that are to be written next; they are in flight until [`written`](Self::written).
    pub fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        if self.out.is_empty() {
            return None;
        }
        self.in_flight = self.queued();
        Some(std::mem::take(&mut self.out))
    }

    /// So many of the bytes taken before went out.
    pub fn written(&mut self, count: usize) {
        self.in_flight = self.in_flight.saturating_sub(count);
        if self.phase == Phase::Flushing && self.queued() == 0 {
            self.phase = Phase::Closed;
        }
    }

    /// When [`on_deadline`](Self::on_deadline) is to be called.
    pub fn deadline(&self) -> Option<Duration> {
        let after = match self.phase {
            Phase::Handshake => self.deadlines.handshake,
            Phase::Setup => self.deadlines.setup,
            Phase::Open => self.deadlines.idle,
            Phase::Flushing => self.deadlines.flush,
            Phase::Closed => None,
        };
        after.map(|after| self.since.saturating_add(after))
    }

    /// Ends the connection if its deadline has come.
    pub fn on_deadline(&mut self, now: Duration) {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return;
        }
        match self.phase {
            Phase::Handshake => self.close(CloseReason::HandshakeDeadline, now),
            Phase::Setup => self.close(CloseReason::SetupDeadline, now),
            Phase::Open => self.close(CloseReason::IdleDeadline, now),
            Phase::Flushing => self.abort(CloseReason::SendQueue),
            Phase::Closed => {}
        }
    }

    /// Whether frames are no longer taken or sent, though some may still wait to be written.
    pub fn is_closing(&self) -> bool {
        self.reason.is_some()
    }

    /// Whether the socket can be dropped: all is written, or given up.
    pub fn is_closed(&self) -> bool {
        self.phase == Phase::Closed
    }

    /// Why the connection ended, once it is closing.
    pub fn close_reason(&self) -> Option<CloseReason> {
        self.reason
    }

    /// What was wrong with the bytes, if that ended the connection.
    pub fn failure(&self) -> Option<&LinkError> {
        self.failure.as_ref()
    }

    /// Whether [`poll_transmit`](Self::poll_transmit) would give bytes.
    pub fn has_output(&self) -> bool {
        !self.out.is_empty()
    }

    /// Bytes that wait to be taken, or were taken and are not written.
    pub fn queued(&self) -> usize {
        self.out.len().saturating_add(self.in_flight)
    }

    /// Bytes that came and make no frame yet, and those that wait to go out.
    pub fn held(&self) -> usize {
        self.link.pending().saturating_add(self.queued()).saturating_add(self.reserved.capacity())
    }

    /// Bytes that came, those after a failure included.
    pub fn consumed(&self) -> u64 {
        self.consumed
    }

    fn established(&mut self, now: Duration) -> Event {
        self.phase = Phase::Setup;
        self.since = now;
        Event::Established
    }

    fn frame(&mut self, frame: Frame, now: Duration) -> Event {
        if self.phase == Phase::Open || frame.decode().is_ok() {
            self.phase = Phase::Open;
            self.since = now;
        }
        Event::Frame(frame)
    }

    fn reason_of(&self, error: &LinkError) -> CloseReason {
        match error {
            LinkError::Noise(_) if self.phase == Phase::Handshake => CloseReason::Handshake,
            LinkError::Noise(_) => CloseReason::Decryption,
            LinkError::Frame(_) => CloseReason::Oversize,
            LinkError::NotEstablished => CloseReason::Defect,
        }
    }
}
