//! Drives a scenario against the embedded pool in memory, on virtual time: waiting costs nothing, and the same plan gives
//! the same bytes in the same order.

use crate::holdings::holdings;
use crate::runner::{Connection, Control, Input, Now, Output, Plan, Runner};
use crate::target::{EMBEDDED_START, embedded_control};
use crate::verdict::{Outcome, Verdict};
use rand_chacha::ChaCha12Rng;
use rand_core::{RngCore, SeedableRng};
use std::collections::BTreeMap;
use std::time::Duration;
use sv2_reference_pool::node::{self, Node};
use sv2_reference_pool::service::{self, ConnId, Service};

/// How the network cuts what is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Segmentation {
    /// As it was written.
    AsWritten,
    /// Into pieces of 1 to this many bytes.
    UpTo(usize),
}

/// Bytes that the network takes for a client that does not read. More stays with the node.
const WINDOW: usize = 64 << 10;

/// Plays a scenario to its end.
pub fn play<S: Service>(plan: Plan, node: Node<S>, segmentation: Segmentation) -> Outcome {
    play_and_keep(plan, node, segmentation).0
}

/// Plays a scenario to its end, and gives back the pool that it was played against, with what it has counted.
pub fn play_and_keep<S: Service>(
    plan: Plan,
    node: Node<S>,
    segmentation: Segmentation,
) -> (Outcome, Node<S>) {
    let (id, title, seed) = (plan.scenario.id.clone(), plan.scenario.title().to_owned(), plan.seed);
    let mut network = Network::new(node, segmentation, seed);
    let mut runner = Runner::new(plan, network.now());
    loop {
        while let Some(output) = runner.poll() {
            network.carry(output, &mut runner);
        }
        if let Some(outcome) = runner.outcome() {
            return (outcome, network.node);
        }
        // Nothing is under way any more: only time can change anything.
        let Some(wake_at) = runner.wake_at() else { break };
        network.waited = network.waited.max(wake_at);
        runner.handle(Input::Tick, network.now());
    }
    let reason = "the conversation waits for something that nobody will do";
    (Outcome::unplayed(&id, &title, seed, Verdict::Error, reason), network.node)
}

/// The wires between a runner and a node.
struct Network<S> {
    node: Node<S>,
    segmentation: Segmentation,
    rng: ChaCha12Rng,
    /// Time that the runner has waited.
    waited: Duration,
    /// Protocol time since the start; moves by `elapse` only.
    elapsed: Duration,
    to_node: BTreeMap<Connection, ConnId>,
    to_runner: BTreeMap<ConnId, Connection>,
    /// Connections that the runner does not read.
    unread: BTreeMap<Connection, Unread>,
}

/// What waits for a client that does not read.
#[derive(Default)]
struct Unread {
    bytes: Vec<u8>,
    /// Those of them that are still with the node.
    unwritten: usize,
    /// How the connection has ended behind the bytes.
    end: Option<fn(Connection) -> Input>,
}

impl Unread {
    /// Takes bytes, and says how many of them the network had room for.
    fn take(&mut self, bytes: &[u8]) -> usize {
        let room = WINDOW.saturating_sub(self.bytes.len()).min(bytes.len());
        self.bytes.extend_from_slice(bytes);
        self.unwritten = self.unwritten.saturating_add(bytes.len().saturating_sub(room));
        room
    }

    /// The node has dropped the connection, and what was still with it.
    fn end(&mut self, end: fn(Connection) -> Input) {
        self.bytes.truncate(self.bytes.len().saturating_sub(std::mem::take(&mut self.unwritten)));
        self.end = Some(end);
    }
}

impl<S: Service> Network<S> {
    fn new(node: Node<S>, segmentation: Segmentation, seed: u64) -> Self {
        Self {
            node,
            segmentation,
            rng: ChaCha12Rng::seed_from_u64(seed),
            waited: Duration::ZERO,
            elapsed: Duration::ZERO,
            to_node: BTreeMap::new(),
            to_runner: BTreeMap::new(),
            unread: BTreeMap::new(),
        }
    }

    fn now(&self) -> Now {
        Now { elapsed: self.waited, unix: self.pool_now().unix }
    }

    fn pool_now(&self) -> service::Now {
        let seconds = u32::try_from(self.elapsed.as_secs()).unwrap_or(u32::MAX);
        service::Now { elapsed: self.elapsed, unix: EMBEDDED_START.saturating_add(seconds) }
    }

    /// Carries one output out, and brings back all that follows from it.
    fn carry(&mut self, output: Output, runner: &mut Runner) {
        let now = self.pool_now();
        match output {
            Output::Connect(connection) if self.node.is_dead() => {
                let reason = "the embedded pool has ended".to_owned();
                runner.handle(Input::Refused(connection, reason), self.now());
            }
            Output::Connect(connection) => {
                let conn = self.node.connected(now);
                self.to_node.insert(connection, conn);
                self.to_runner.insert(conn, connection);
                runner.handle(Input::Connected(connection), self.now());
            }
            Output::Send(connection, bytes) => {
                if let Some(&conn) = self.to_node.get(&connection) {
                    for piece in self.pieces(&bytes) {
                        self.node.received(conn, piece, now);
                    }
                }
            }
            Output::StopReading(connection) => {
                if self.to_node.contains_key(&connection) {
                    self.unread.entry(connection).or_default();
                }
            }
            Output::ReadAgain(connection) => self.read_again(connection, runner),
            Output::Finish(connection) => {
                if let Some(&conn) = self.to_node.get(&connection) {
                    self.node.finished(conn, now);
                }
            }
            Output::Close(connection) | Output::Reset(connection) => {
                self.unread.remove(&connection);
                if let Some(conn) = self.to_node.remove(&connection) {
                    self.to_runner.remove(&conn);
                    self.node.lost(conn);
                }
            }
            Output::Control(control) => {
                let is_measure = control == Control::Measure;
                self.steer(control);
                self.deliver(runner);
                if is_measure {
                    let holdings = holdings(&self.node.statistics(), &self.node.service().report());
                    runner.handle(Input::Measured(holdings), self.now());
                }
                runner.handle(Input::ControlDone(Ok(())), self.now());
            }
        }
        self.deliver(runner);
    }

    fn steer(&mut self, control: Control) {
        match control {
            Control::Elapse(duration) => {
                self.elapsed = self.elapsed.saturating_add(duration);
                self.node.tick(self.pool_now());
            }
            other => {
                if let Some(control) = embedded_control(&other) {
                    self.node.control(control, self.pool_now());
                }
            }
        }
    }

    fn deliver(&mut self, runner: &mut Runner) {
        while let Some(output) = self.node.poll() {
            match output {
                node::Output::Send { conn, bytes } => {
                    let connection = self.to_runner.get(&conn).copied();
                    let unread = connection.and_then(|connection| self.unread.get_mut(&connection));
                    let written = unread.map_or(bytes.len(), |unread| unread.take(&bytes));
                    self.node.written(conn, written);
                    if let Some(connection) = connection.filter(|it| !self.unread.contains_key(it)) {
                        self.bring(connection, &bytes, runner);
                    }
                }
                node::Output::Close { conn } => self.ended(conn, Input::Finished, runner),
                node::Output::Reset { conn } => self.ended(conn, Input::Reset, runner),
            }
        }
    }

    fn bring(&mut self, connection: Connection, bytes: &[u8], runner: &mut Runner) {
        for piece in self.pieces(bytes) {
            runner.handle(Input::Bytes(connection, piece.to_vec()), self.now());
        }
    }

    fn ended(&mut self, conn: ConnId, end: fn(Connection) -> Input, runner: &mut Runner) {
        let Some(connection) = self.to_runner.remove(&conn) else { return };
        self.to_node.remove(&connection);
        match self.unread.get_mut(&connection) {
            Some(unread) => unread.end(end),
            None => runner.handle(end(connection), self.now()),
        }
    }

    /// Brings what has waited for a client that reads again.
    fn read_again(&mut self, connection: Connection, runner: &mut Runner) {
        let Some(unread) = self.unread.remove(&connection) else { return };
        self.bring(connection, &unread.bytes, runner);
        if let Some(&conn) = self.to_node.get(&connection) {
            self.node.written(conn, unread.unwritten);
        }
        if let Some(end) = unread.end {
            runner.handle(end(connection), self.now());
        }
    }

    fn pieces<'a>(&mut self, bytes: &'a [u8]) -> Vec<&'a [u8]> {
        let Segmentation::UpTo(largest) = self.segmentation else { return vec![bytes] };
        let (mut rest, mut pieces) = (bytes, Vec::new());
        while !rest.is_empty() {
            let random = usize::try_from(self.rng.next_u32()).unwrap_or(usize::MAX);
            let (piece, later) = rest.split_at((1 + random % largest.max(1)).min(rest.len()));
            pieces.push(piece);
            rest = later;
        }
        pieces
    }
}
