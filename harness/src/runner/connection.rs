//! One connection of a conversation: link, session, trace.

mod reading;

use super::asked::Asked;
use super::shape::Shape;
use super::value::Identity;
use super::world::{NetEvent, World};
use super::{Connection, Output, Peer};
use crate::trace;
use crate::verdict::{TraceEvent, TraceLine};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;
use sv2_session::rules::{Ending, Judgement};
use sv2_session::{Conversation, Moment, Session, Watch};
use sv2_wire::frame::{Frame, MAX_PAYLOAD_LEN};
use sv2_wire::link::{Event, Link, LinkError};
use sv2_wire::noise::{CertificateError, Initiator, MAC_LEN, MAX_PLAINTEXT_LEN, ServerIdentity};
use sv2_wire::{DecodeError, Message};

/// Seconds by which a certificate may seem too young or too old (AMB-18).
const CERTIFICATE_LEEWAY: u64 = 10;

/// What a connection gave when it was asked for the next thing.
#[derive(Debug)]
pub(crate) enum Item {
    /// A message of the table. The model and the rules have seen it.
    Message(Message),
    /// A frame of a message that the table does not know.
    Unknown,
    /// A frame whose payload is not what its number says.
    Malformed(DecodeError),
    /// Bytes that end the connection from our side: they do not decrypt, or announce too much.
    Broken(LinkError),
    /// The peer has sent more than anybody can want of it. The connection is not read any further.
    Flooded,
    /// The connection is closed.
    Closed(Closed),
    /// Bytes on a bare TCP connection.
    Bytes(Vec<u8>),
    /// Nothing came in time.
    Nothing,
}

/// What was taken off the link.
#[derive(Debug)]
pub(crate) enum Pulled {
    Frame(Frame),
    Ended(Closed),
    Broken(LinkError),
    Flooded,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closed {
    ByUs,
    Clean,
    Rude,
}

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ConnectError {
    Refused(String),
    TimedOut,
    /// For a reason that is not the peer's.
    Ours(String),
}

/// What is to be altered in the next frame that is sent, after encryption.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Corruption {
    pub(crate) record: usize,
    pub(crate) in_tag: bool,
    pub(crate) bit: usize,
}

pub(crate) struct Conn {
    pub(crate) name: String,
    pub(crate) id: Connection,
    pub(crate) closed: Option<Closed>,
    pub(crate) corruption: Option<Corruption>,
    pub(crate) shape: Shape,
    /// How many bytes on a bare TCP connection are worth an [`Item::Bytes`]; nobody asks for them otherwise.
    pub(crate) raw_wanted: Option<usize>,
    /// What comes is left where it is.
    pub(crate) is_unread: bool,
    /// The server has asked to reconnect.
    pub(crate) is_ending: bool,
    pub(crate) asked: Asked,
    /// The model of the connection and the rules over it.
    watch: Watch,
    /// What it has in common with the other connections.
    all: Rc<RefCell<Conversation>>,
    /// What the rules have said, and how many lines the trace had then.
    said: Vec<(Judgement, usize)>,
    is_over: bool,
    world: Rc<World>,
    link: Option<Link>,
    /// What was taken off the link before the scenario read it.
    inbox: VecDeque<Pulled>,
    early: Vec<u8>,
    /// Frames that were taken off the link.
    frames: usize,
    is_flooded: bool,
}

impl Conn {
    /// Asks for a TCP connection and waits for it.
    pub(crate) async fn open(
        name: &str,
        world: Rc<World>,
        all: Rc<RefCell<Conversation>>,
        deadline: Duration,
    ) -> Result<Self, ConnectError> {
        let id = world.connect();
        match world.event(id, deadline).await {
            Some(NetEvent::Connected) => {}
            Some(NetEvent::Refused(reason)) => return Err(ConnectError::Refused(reason)),
            Some(NetEvent::NoConnection(reason)) => return Err(ConnectError::Ours(reason)),
            Some(_) | None => return Err(ConnectError::TimedOut),
        }
        Ok(Self {
            name: name.to_owned(),
            id,
            closed: None,
            corruption: None,
            shape: Shape::default(),
            raw_wanted: None,
            is_unread: false,
            is_ending: false,
            asked: Asked::default(),
            watch: Watch::new(id),
            all,
            said: Vec::new(),
            is_over: false,
            world,
            link: None,
            inbox: VecDeque::new(),
            early: Vec::new(),
            frames: 0,
            is_flooded: false,
        })
    }

    /// The model of the connection.
    pub(crate) fn session(&self) -> &Session {
        self.watch.session()
    }

    /// What the rules have said since the last time.
    pub(crate) fn take_said(&mut self) -> Vec<(Judgement, usize)> {
        std::mem::take(&mut self.said)
    }

    /// The connection is over for the rules too.
    pub(crate) fn over(&mut self, ending: Ending, lines: usize) {
        if !std::mem::replace(&mut self.is_over, true) {
            let said = self.watch.ended(ending, self.moment(), &mut self.all.borrow_mut());
            self.said.extend(said.into_iter().map(|judgement| (judgement, lines)));
        }
    }

    /// Closes the connection from our side.
    pub(crate) fn close(&mut self, trace: &mut Vec<TraceLine>) {
        self.closed = Some(Closed::ByUs);
        self.over(Ending::ByClient, trace.len());
        trace.push(self.note("closed"));
        self.world.output(Output::Close(self.id));
    }

    /// Whether frames can be sent.
    pub(crate) fn has_link(&self) -> bool {
        self.link.is_some()
    }

    /// Speaks frames without encryption from now on.
    pub(crate) fn go_plain(&mut self) {
        self.link = Some(Link::plain(MAX_PAYLOAD_LEN));
    }

    /// Sends act one, but for its first bytes that went out already, and waits for act two.
    pub(crate) async fn shake_hands(
        &mut self,
        peer: &Peer,
        (initiator, already_sent): (Initiator, usize),
        deadline: Duration,
        trace: &mut Vec<TraceLine>,
    ) -> Result<Identity, Item> {
        if let Some(how) = self.closed {
            return Err(Item::Closed(how));
        }
        let (mut link, act_one) = Link::initiator(initiator, MAX_PAYLOAD_LEN);
        self.write(act_one.iter().copied().skip(already_sent).collect());
        self.flush();
        link.receive(&std::mem::take(&mut self.early));
        loop {
            match link.poll() {
                Ok(Some(Event::Established { identity: Some(server), .. })) => {
                    self.link = Some(link);
                    return Ok(self.identity(*server, peer));
                }
                Ok(_) => {}
                Err(error) => return Err(self.broken(error, trace)),
            }
            match self.world.event(self.id, deadline).await {
                Some(NetEvent::Bytes(bytes)) => link.receive(&bytes),
                Some(NetEvent::Finished) => return Err(self.peer_closed(Closed::Clean, trace)),
                Some(NetEvent::Reset) => return Err(self.peer_closed(Closed::Rude, trace)),
                Some(NetEvent::Flooded) => return Err(Item::Flooded),
                Some(NetEvent::Connected | NetEvent::Refused(_) | NetEvent::NoConnection(_)) => {}
                None => return Err(Item::Nothing),
            }
        }
    }

    /// Encrypts a frame, alters it if that was asked for, and sends it.
    pub(crate) fn send(&mut self, frame: &Frame, trace: &mut Vec<TraceLine>) -> Result<(), String> {
        let Some(link) = &mut self.link else { return Err("there was no handshake yet".to_owned()) };
        let mut bytes = Vec::new();
        link.seal(frame, &mut bytes).map_err(|error| error.to_string())?;
        if let Some(corruption) = self.corruption.take() {
            corrupt(&mut bytes, frame.payload.len(), corruption)?;
            self.watch.spoil();
            trace.push(
                self.note(&format!("bit {} of record {} is flipped", corruption.bit, corruption.record)),
            );
        }
        self.write(bytes);
        trace.push(self.line(TraceEvent::Sent { frame: frame.to_bytes(), text: trace::line(frame) }));
        self.watch.sent(frame, self.moment(), &mut self.all.borrow_mut());
        if let Ok(decoded) = frame.decode() {
            self.asked.sent(decoded.message);
        }
        Ok(())
    }

    /// Sends bytes under the Noise layer.
    pub(crate) fn send_raw(&mut self, bytes: Vec<u8>, trace: &mut Vec<TraceLine>) {
        trace.push(self.note(&format!("{} raw bytes sent: {}", bytes.len(), shorten(&hex::encode(&bytes)))));
        self.watch.spoil();
        self.write(bytes);
    }

    /// Sends what was held back.
    pub(crate) fn flush(&mut self) {
        for piece in self.shape.flush() {
            self.world.output(Output::Send(self.id, piece));
        }
    }

    fn write(&mut self, bytes: Vec<u8>) {
        for piece in self.shape.write(bytes) {
            self.world.output(Output::Send(self.id, piece));
        }
    }

    pub(crate) fn note(&self, text: &str) -> TraceLine {
        self.line(TraceEvent::Note(text.to_owned()))
    }

    fn moment(&self) -> Moment {
        let now = self.world.now();
        Moment { elapsed: now.elapsed, unix: now.unix }
    }

    fn identity(&self, server: ServerIdentity, peer: &Peer) -> Identity {
        let now = u64::from(self.world.now().unix);
        let verified = peer.authority.as_ref().map(|key| server.verify(key, now, CERTIFICATE_LEEWAY));
        let from = u64::from(server.certificate.valid_from).saturating_sub(CERTIFICATE_LEEWAY);
        let until = u64::from(server.certificate.not_valid_after).saturating_add(CERTIFICATE_LEEWAY);
        Identity {
            server,
            valid_now: (from..=until).contains(&now),
            signed_by_authority: verified.map(|result| result != Err(CertificateError::BadSignature)),
            refused: verified.and_then(Result::err),
        }
    }

    fn broken(&self, error: LinkError, trace: &mut Vec<TraceLine>) -> Item {
        trace.push(self.note(&format!("received what cannot be read: {error}")));
        Item::Broken(error)
    }

    fn peer_closed(&mut self, how: Closed, trace: &mut Vec<TraceLine>) -> Item {
        self.closed = Some(how);
        trace.push(self.note(if how == Closed::Clean { "closed by the peer" } else { "reset by the peer" }));
        self.over(Ending::ByServer, trace.len());
        Item::Closed(how)
    }

    fn line(&self, event: TraceEvent) -> TraceLine {
        TraceLine { number: self.id, connection: self.name.clone(), event }
    }
}

/// Flips one bit of one record of a sealed frame.
fn corrupt(bytes: &mut [u8], payload_len: usize, corruption: Corruption) -> Result<(), String> {
    let (mut start, mut plain_len, mut left) = (0, sv2_wire::frame::Header::LEN, payload_len);
    for _ in 0..corruption.record {
        start += plain_len + MAC_LEN;
        plain_len = left.min(MAX_PLAINTEXT_LEN);
        left -= plain_len;
    }
    let (from, length) = if corruption.in_tag { (start + plain_len, MAC_LEN) } else { (start, plain_len) };
    let at = corruption.bit / 8;
    let byte = if at < length { bytes.get_mut(from + at) } else { None };
    let Some(byte) = byte else {
        return Err(format!(
            "the frame has no bit {} in that part of record {}",
            corruption.bit, corruption.record
        ));
    };
    *byte ^= 1 << (corruption.bit % 8);
    Ok(())
}

fn shorten(text: &str) -> &str {
    text.get(..128).unwrap_or(text)
}
