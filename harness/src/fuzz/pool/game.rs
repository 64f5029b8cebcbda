//! Plays operations against the pool, and brings what comes to the judges.

use super::side::Side;
use super::upkeep::Prefixes;
use super::{ISOLATION, SESSION_RULES, STAYS_OPEN, Settings};
use crate::fuzz::clients::{Action, Age, Clients, conn};
use crate::fuzz::program::Op;
use crate::target::EMBEDDED_START;
use std::time::Duration;
use sv2_reference_pool::node::{Node, Output};
use sv2_reference_pool::pool::Pool;
use sv2_reference_pool::service::{Control, Now};
use sv2_session::rules::{Ending, Judgement, Ruling, Stance};
use sv2_session::{Conversation, Job, Moment, Session};
use sv2_wire::Message;
use sv2_wire::frame::Frame;
use sv2_wire::fuzz::Finding;

/// One pool, its clients and their judges.
pub struct Game {
    pub(super) node: Node<Pool>,
    pub(super) sides: Vec<Side>,
    pub(super) findings: Vec<Finding>,
    settings: Settings,
    clients: Clients,
    conversation: Conversation,
    prefixes: Prefixes,
    elapsed: Duration,
    tip_since: Duration,
    trace: u64,
    /// What the latest operation did, if somebody wants to know.
    told: Option<Told>,
}

/// What one operation did.
#[derive(Clone, Debug)]
pub struct Told {
    /// What was done.
    pub action: Action,
    /// What came, and to which client.
    pub came: Vec<(usize, Message)>,
    /// Clients that the pool disconnected.
    pub closed: Vec<usize>,
}

/// An hour: the node's patience with a client that is silent.
const IDLE: Duration = Duration::from_secs(3600);

impl Game {
    /// A game that begins. `settings` are those of the pool in `node`.
    pub fn new(node: Node<Pool>, settings: Settings) -> Self {
        Self {
            node,
            sides: Vec::new(),
            findings: Vec::new(),
            settings,
            clients: Clients::default(),
            conversation: Conversation::default(),
            prefixes: Prefixes::default(),
            elapsed: Duration::ZERO,
            tip_since: Duration::ZERO,
            trace: FNV_OFFSET,
            told: None,
        }
    }

    /// Plays one operation to its end and tells what it did; nothing where it refers to what does not exist.
    pub fn tell(&mut self, op: &Op) -> Option<Told> {
        self.told =
            Some(Told { action: Action::Elapse(Duration::MAX), came: Vec::new(), closed: Vec::new() });
        self.play(op);
        self.told.take().filter(|told| told.action != Action::Elapse(Duration::MAX))
    }

    /// What an operation would do now.
    pub fn would(&self, op: &Op) -> Option<Action> {
        self.clients.would(op, self.age(), &|client| self.session(client))
    }

    /// The first operation that would do this now; see [`Clients::operation`].
    pub fn operation(&self, action: &Action, free: &[&str]) -> Option<Op> {
        self.clients.operation(action, free, self.age(), &|client| self.session(client))
    }

    /// The job that a share of an operation rests on.
    pub fn ground(&self, op: &Op) -> Option<Job> {
        self.clients.ground(op, &|client| self.session(client))
    }

    /// Whether a client is still connected.
    pub fn is_open(&self, client: usize) -> bool {
        self.clients.is_open(client)
    }

    /// The model of a client's connection.
    pub fn session(&self, client: usize) -> Option<&Session> {
        self.sides.get(client).map(Side::session)
    }

    /// Plays one operation to its end.
    pub fn play(&mut self, op: &Op) {
        let age = self.age();
        let sides = &self.sides;
        let action = self.clients.resolve(op, age, |client| sides.get(client).map(Side::session));
        let Some(action) = action else { return };
        if let Some(told) = &mut self.told {
            told.action = action.clone();
        }
        let before = self.newest();
        let control = match &action {
            Action::Control(control) => Some(control.clone()),
            _ => None,
        };
        self.act(action);
        self.judge_work(&before, control.as_ref());
        self.judge_state();
    }

    /// What was found so far.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What was found.
    pub fn into_findings(self) -> Vec<Finding> {
        self.findings
    }

    /// A hash over all that the pool sent and closed, in order.
    pub fn trace(&self) -> u64 {
        self.trace
    }

    /// The pool, to ask what it counted.
    pub fn node(&self) -> &Node<Pool> {
        &self.node
    }

    fn act(&mut self, action: Action) {
        let now = self.now();
        match action {
            Action::Connect => {
                self.node.connected(now);
                self.sides.push(Side::new(self.sides.len(), self.elapsed));
                self.collect(self.sides.len().checked_sub(1));
            }
            Action::Send(client, message) => {
                if let Ok(frame) = Frame::of(&message) {
                    self.send(client, &frame.to_bytes());
                }
            }
            Action::Bytes(client, bytes) => self.send(client, &bytes),
            Action::Finish(client) => {
                if let Some(side) = self.sides.get_mut(client) {
                    side.may_close = true;
                }
                self.node.finished(conn(client), now);
                self.collect(Some(client));
                self.settle(None);
            }
            Action::Drop(client) => {
                self.node.lost(conn(client));
                if let Some(side) = self.sides.get_mut(client) {
                    side.is_closed = true;
                    let said = side.watch.ended(Ending::ByClient, moment(now), &mut self.conversation);
                    self.take_down(&said);
                }
                self.collect(None);
            }
            Action::Control(control) => {
                if control == Control::Block {
                    self.tip_since = self.elapsed;
                }
                self.node.control(control, now);
                self.collect(None);
                self.settle(None);
            }
            Action::Elapse(time) => self.elapse(time),
        }
    }

    fn elapse(&mut self, time: Duration) {
        self.elapsed = self.elapsed.saturating_add(time);
        let elapsed = self.elapsed;
        for side in &mut self.sides {
            // Who has no channel, or says nothing for long, may be asked to leave.
            let is_silent = elapsed.saturating_sub(side.heard) >= IDLE;
            side.is_idle = is_silent || side.session().channels().next().is_none();
        }
        self.node.tick(self.now());
        self.collect(None);
        self.settle(None);
        self.sides.iter_mut().for_each(|side| side.is_idle = false);
    }

    /// Gives bytes to the pool, frame by frame, so that each answer is known by its question.
    fn send(&mut self, client: usize, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let (now, tip_age, elapsed) = (self.now(), self.tip_age().as_secs(), self.elapsed);
            let Some(side) = self.sides.get_mut(client).filter(|side| !side.is_closed) else { return };
            let (part, later, frame) = side.cut(rest);
            rest = later;
            if let Some(frame) = &frame {
                let decoded = frame.decode();
                let message = decoded.as_ref().ok().map(|decoded| (&decoded.message, decoded.tail));
                side.heard = elapsed;
                side.note(
                    decoded.as_ref().map(|decoded| &decoded.message),
                    self.settings.is_on("required-extensions"),
                );
                side.ask(message.map(|(message, _)| message), self.settings);
                side.submit(message, self.settings, tip_age);
                side.watch.sent(frame, moment(now), &mut self.conversation);
            }
            self.node.received(conn(client), part, now);
            self.collect(Some(client));
            self.settle(frame.is_some().then_some(client));
        }
    }

    /// Takes all that the pool has to say. `cause` is the client that made it speak, if one did.
    fn collect(&mut self, cause: Option<usize>) {
        while let Some(output) = self.node.poll() {
            let (Output::Send { conn, .. } | Output::Close { conn } | Output::Reset { conn }) = &output;
            let client = usize::try_from(conn.0).unwrap_or(usize::MAX);
            if cause.is_some_and(|cause| cause != client) {
                let what = format!("client {client} was concerned by what client {cause:?} did");
                self.findings.push(ISOLATION.found(what));
            }
            self.trace = fnv(self.trace, &conn.0.to_le_bytes());
            match output {
                Output::Send { conn, bytes } => {
                    self.node.written(conn, bytes.len());
                    self.trace = fnv(self.trace, &bytes);
                    self.receive(client, &bytes);
                }
                Output::Close { .. } | Output::Reset { .. } => self.ended(client),
            }
        }
    }

    fn receive(&mut self, client: usize, bytes: &[u8]) {
        let now = moment(self.now());
        let Some(side) = self.sides.get_mut(client) else { return };
        side.incoming.push(bytes);
        loop {
            let Some(side) = self.sides.get_mut(client) else { return };
            let frame = match side.incoming.next_frame() {
                Ok(Some(frame)) => frame,
                Ok(None) => return,
                Err(error) => {
                    self.findings.push(SESSION_RULES.found(format!("client {client}: {error}")));
                    return;
                }
            };
            let said = side.watch.received(&frame, now, &mut self.conversation);
            if let Ok(decoded) = frame.decode() {
                self.clients.saw(client, &decoded.message);
                side.note_work(&decoded.message);
                side.heard_of(&decoded.message);
                self.prefixes.note(&decoded.message, &mut self.findings);
                if let Some(told) = &mut self.told {
                    told.came.push((client, decoded.message));
                }
            }
            self.take_down(&said);
        }
    }

    fn ended(&mut self, client: usize) {
        let now = moment(self.now());
        self.clients.ended(client);
        let Some(side) = self.sides.get_mut(client) else { return };
        side.is_closed = true;
        if let Some(told) = &mut self.told {
            told.closed.push(client);
        }
        if !side.may_close && !side.is_idle {
            self.findings.push(STAYS_OPEN.found(format!("client {client} was disconnected for nothing")));
        }
        let said = side.watch.ended(Ending::ByServer, now, &mut self.conversation);
        self.take_down(&said);
    }

    /// Judges what came since the last time; `client` is who sent a frame, if somebody did.
    fn settle(&mut self, client: Option<usize>) {
        let Self { sides, findings, settings, .. } = self;
        for (index, side) in sides.iter_mut().enumerate() {
            if client == Some(index) || !side.said.is_empty() {
                side.judge_answers(findings);
                side.judge_shares(*settings, findings);
                side.said.clear();
            }
        }
    }

    fn take_down(&mut self, said: &[Judgement]) {
        for judgement in said {
            if let Ruling::Breach { came, stance: Stance::Strict } = &judgement.ruling {
                let (rule, clauses) = (judgement.rule.name, judgement.clauses);
                self.findings.push(SESSION_RULES.found(format!("rule {rule} ({clauses:?}): {came}")));
            }
        }
    }

    fn now(&self) -> Now {
        let seconds = u32::try_from(self.elapsed.as_secs()).unwrap_or(u32::MAX);
        Now { elapsed: self.elapsed, unix: EMBEDDED_START.saturating_add(seconds) }
    }

    fn age(&self) -> Age {
        Age { of_tip: u32::try_from(self.tip_age().as_secs()).unwrap_or(u32::MAX) }
    }

    fn tip_age(&self) -> Duration {
        self.elapsed.saturating_sub(self.tip_since)
    }
}

fn moment(now: Now) -> Moment {
    Moment { elapsed: now.elapsed, unix: now.unix }
}

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a, for it needs no memory and never changes.
fn fnv(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
