use crate::history::History;
use crate::rules::{Ending, Judgement, RULES, RuleSpec, Running, Say, Scope, Seen};
use crate::session::Session;
use crate::setup::Direction;
use std::time::Duration;
use sv2_wire::frame::Frame;
use sv2_wire::link::LinkError;
use sv2_wire::{Message, MessageSpec, Sender};

/// When something happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// Time since some beginning that all connections of a conversation share.
    pub elapsed: Duration,
    /// Protocol time in Unix seconds.
    pub unix: u32,
}

/// What the connections of one conversation have in common: the rules of [`Scope::Conversation`].
#[derive(Debug)]
pub struct Conversation {
    rules: Vec<Running>,
}

/// One connection, its model, and the rules over it.
#[derive(Debug)]
pub struct Watch {
    connection: usize,
    session: Session,
    history: History,
    rules: Vec<Running>,
}

impl Default for Conversation {
    fn default() -> Self {
        Self::with(|_| true)
    }
}

impl Conversation {
    /// With those rules only.
    pub fn with(wanted: impl Fn(&RuleSpec) -> bool) -> Self {
        Self { rules: started(Scope::Conversation, wanted) }
    }
}

impl Watch {
    /// A connection that begins. Each one of a conversation has a number of its own.
    pub fn new(connection: usize) -> Self {
        Self::with(connection, |_| true)
    }

    /// The same with those rules only.
    pub fn with(connection: usize, wanted: impl Fn(&RuleSpec) -> bool) -> Self {
        let rules = started(Scope::Connection, wanted);
        Self { connection, session: Session::default(), history: History::default(), rules }
    }

    /// The model of the connection.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The client has sent what no client may send, so that the server's reactions are open. Frames that [`Self::sent`] sees
    /// to be so need no telling.
    pub fn spoil(&mut self) {
        self.history.is_spoiled = true;
    }

    /// A frame of the client.
    pub fn sent(&mut self, frame: &Frame, now: Moment, all: &mut Conversation) {
        let decoded = frame.decode();
        let tail = decoded.as_ref().map_or(&[] as &[u8], |decoded| decoded.tail);
        let decoded = decoded.as_ref().map(|decoded| &decoded.message);
        let spec = MessageSpec::of(frame.header.kind);
        let is_whole = frame.header.length as usize == frame.payload.len();
        let message = decoded.ok().filter(|message| is_whole && message.spec().sender != Sender::Server);
        // Frames of extensions that the server does not know are without effect (spec section 3.4.1).
        let is_of_extension = spec.is_none() && frame.header.kind.extension_type != 0;
        // Whether a wrong channel bit (AMB-03) or surplus bytes (AMB-06) keep a server from doing what a message says is open.
        let has_wrong_bit = spec.is_some_and(|spec| spec.channel_msg != frame.header.channel_msg);
        let is_odd = has_wrong_bit || (!tail.is_empty() && !self.history.has_extensions());
        if message.is_some() || !is_of_extension {
            self.history.sent(message, is_odd, &self.session);
        }
        let (connection, session, history) = (self.connection, &self.session, &self.history);
        let seen = Seen { connection, now, frame, spec, decoded, tail, session, history };
        if message.is_some() {
            self.rules.iter_mut().chain(&mut all.rules).for_each(|running| running.rule.sent(&seen));
        }
        if let Ok(message) = decoded {
            self.session.observe(Direction::ToServer, message, now.elapsed);
        }
    }

    /// A frame of the server, and what the rules say about it.
    pub fn received(&mut self, frame: &Frame, now: Moment, all: &mut Conversation) -> Vec<Judgement> {
        let decoded = frame.decode();
        let tail = decoded.as_ref().map_or(&[] as &[u8], |decoded| decoded.tail);
        let decoded = decoded.as_ref().map(|decoded| &decoded.message);
        let spec = MessageSpec::of(frame.header.kind);
        if let Ok(message) = decoded {
            self.session.note_group_zero(message);
        }
        let mut said = Vec::new();
        for is_after in [false, true] {
            let (connection, session, history) = (self.connection, &self.session, &self.history);
            let seen = Seen { connection, now, frame, spec, decoded, tail, session, history };
            each(&mut self.rules, all, &self.history, &mut said, |running, say| match is_after {
                false => running.rule.before(&seen, say),
                true => running.rule.after(&seen, say),
            });
            if !is_after && let Ok(message) = decoded {
                self.take_in(message, now);
            }
        }
        said
    }

    /// The server's bytes cannot be read any further.
    pub fn unreadable(&mut self, error: &LinkError, all: &mut Conversation) -> Vec<Judgement> {
        let mut said = Vec::new();
        each(&mut self.rules, all, &self.history, &mut said, |running, say| {
            running.rule.unreadable(error, say);
        });
        said
    }

    /// The connection has ended.
    pub fn ended(&mut self, ending: Ending, now: Moment, all: &mut Conversation) -> Vec<Judgement> {
        let (connection, history) = (self.connection, &self.history);
        let mut said = Vec::new();
        each(&mut self.rules, all, history, &mut said, |running, say| {
            running.rule.ended(connection, ending, history, now, say);
        });
        said
    }

    fn take_in(&mut self, message: &Message, now: Moment) {
        self.history.received(message, &self.session);
        self.session.observe(Direction::ToClient, message, now.elapsed);
    }
}

fn started(scope: Scope, wanted: impl Fn(&RuleSpec) -> bool) -> Vec<Running> {
    RULES.iter().filter(|rule| rule.scope == scope && wanted(rule)).map(RuleSpec::start).collect()
}

fn each(
    rules: &mut [Running],
    all: &mut Conversation,
    history: &History,
    out: &mut Vec<Judgement>,
    mut ask: impl FnMut(&mut Running, &mut Say<'_>),
) {
    for running in rules.iter_mut().chain(&mut all.rules) {
        let is_muted = history.is_spoiled && running.spec.excused;
        let mut say = Say { rule: running.spec, is_muted, out };
        ask(running, &mut say);
    }
}
