//! Plays operations against the pool, and asks SRI's channels the same.

use super::side::Side;
use std::time::Duration;
use sv2_conform::fuzz::clients::{Action, Age, Clients, conn};
use sv2_conform::fuzz::program::Op;
use sv2_conform::target::EMBEDDED_START;
use sv2_reference_pool::node::{Node, Output};
use sv2_reference_pool::pool::{Pool, PoolConfig};
use sv2_reference_pool::service::{Control, Now};
use sv2_session::Direction;
use sv2_wire::Message;
use sv2_wire::frame::Frame;
use sv2_wire::fuzz::Finding;

/// One pool and its clients, and SRI's channels beside it.
pub(super) struct Game {
    node: Node<Pool>,
    clients: Clients,
    sides: Vec<Side>,
    elapsed: Duration,
    tip_since: Duration,
    per_minute: f32,
}

impl Game {
    pub(super) fn new(node: Node<Pool>) -> Self {
        Self {
            node,
            clients: Clients::default(),
            sides: Vec::new(),
            elapsed: Duration::ZERO,
            tip_since: Duration::ZERO,
            per_minute: PoolConfig::default().shares_per_minute as f32,
        }
    }

    pub(super) fn play(&mut self, op: &Op) -> Result<(), Finding> {
        let age = Age { of_tip: self.tip_age() };
        let sides = &self.sides;
        match self.clients.resolve(op, age, |client| sides.get(client).map(|side| &side.session)) {
            Some(action) => self.act(action),
            None => Ok(()),
        }
    }

    fn act(&mut self, action: Action) -> Result<(), Finding> {
        let now = self.now();
        match action {
            Action::Connect => {
                self.node.connected(now);
                self.sides.push(Side::new(self.per_minute));
            }
            Action::Send(client, message) => return self.send(client, &message),
            Action::Bytes(client, bytes) => {
                if let Some(side) = self.sides.get_mut(client) {
                    side.is_lost = true;
                }
                self.node.received(conn(client), &bytes, now);
            }
            Action::Finish(client) => self.node.finished(conn(client), now),
            Action::Drop(client) => {
                self.node.lost(conn(client));
                if let Some(side) = self.sides.get_mut(client) {
                    side.is_closed = true;
                }
            }
            Action::Control(control) => {
                if control == Control::Block {
                    self.tip_since = self.elapsed;
                }
                self.node.control(control, now);
            }
            Action::Elapse(time) => {
                self.elapsed = self.elapsed.saturating_add(time);
                self.node.tick(self.now());
            }
        }
        self.collect().map(|_| ())
    }

    /// Sends a message, and holds what the pool answers against SRI's opinion.
    fn send(&mut self, client: usize, message: &Message) -> Result<(), Finding> {
        let (now, age) = (self.now(), self.tip_age());
        let Some(side) = self.sides.get_mut(client).filter(|side| !side.is_closed) else { return Ok(()) };
        let Ok(frame) = Frame::of(message) else { return Ok(()) };
        side.session.observe(Direction::ToServer, message, self.elapsed);
        let theirs = if side.is_lost { None } else { side.asks(message, age) };
        self.node.received(conn(client), &frame.to_bytes(), now);
        let said = self.collect()?;
        let mine = said.iter().filter(|(to, _)| *to == client).map(|(_, message)| message);
        let mine: Vec<_> = mine.collect();
        let Some(side) = self.sides.get_mut(client).filter(|side| !side.is_closed) else { return Ok(()) };
        if let Message::CloseChannel(close) = message {
            side.close(close.channel_id);
        }
        if let Some((asked, theirs)) = theirs {
            side.compare(message, &asked, theirs, &mine)?;
        }
        side.acknowledged(&mine)
    }

    /// Takes all that the pool has to say, with the client that it is for.
    fn collect(&mut self) -> Result<Vec<(usize, Message)>, Finding> {
        let mut said = Vec::new();
        while let Some(output) = self.node.poll() {
            let (Output::Send { conn, .. } | Output::Close { conn } | Output::Reset { conn }) = &output;
            let client = usize::try_from(conn.0).unwrap_or(usize::MAX);
            let Some(side) = self.sides.get_mut(client) else { continue };
            match output {
                Output::Send { conn, bytes } => {
                    self.node.written(conn, bytes.len());
                    side.incoming.push(&bytes);
                    while let Ok(Some(frame)) = side.incoming.next_frame() {
                        let Ok(decoded) = frame.decode() else { continue };
                        self.clients.saw(client, &decoded.message);
                        side.session.observe(Direction::ToClient, &decoded.message, self.elapsed);
                        side.follow(&decoded.message);
                        said.push((client, decoded.message));
                    }
                }
                Output::Close { .. } | Output::Reset { .. } => {
                    self.clients.ended(client);
                    side.is_closed = true;
                }
            }
        }
        Ok(said)
    }

    /// Seconds that the pool has known its tip.
    fn tip_age(&self) -> u32 {
        let age = self.elapsed.saturating_sub(self.tip_since).as_secs();
        u32::try_from(age).unwrap_or(u32::MAX)
    }

    fn now(&self) -> Now {
        let seconds = u32::try_from(self.elapsed.as_secs()).unwrap_or(u32::MAX);
        Now { elapsed: self.elapsed, unix: EMBEDDED_START.saturating_add(seconds) }
    }
}
