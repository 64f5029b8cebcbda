//! Plays a scenario: bytes and time in, bytes and a verdict out. No socket, no clock.
//!
//! The conversation is written as straight-line `async` code over a world of queues, and polled by hand: a
//! [`Runner`] is a state machine whose states the compiler writes. Whoever drives it feeds [`Input`]s, carries out
//! [`Output`]s and wakes it at [`Runner::wake_at`]; `sim.rs` does so on virtual time, `drive.rs` on tokio.

pub(crate) mod all_of;
mod asked;
mod assertion;
pub(crate) mod calls;
mod connection;
mod enter;
pub(crate) mod eval;
pub(crate) mod expect;
pub mod facts;
mod judge;
pub(crate) mod mine;
mod needs;
mod never;
mod play;
pub(crate) mod send;
mod shape;
mod shares;
pub(crate) mod survival;
pub(crate) mod value;
mod work;
mod world;

use crate::ledger::Ledger;
use crate::profile::Profile;
use crate::suite::{Scenario, Source};
use crate::verdict::Outcome;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use sv2_wire::Message;
use sv2_wire::noise::AuthorityPublicKey;
use world::World;

/// Names a connection that the runner has asked for: 0, 1, 2 ... in the order of asking.
pub type Connection = usize;

/// The time as an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Bounds waiting. Wall time since the start, or virtual time.
    pub elapsed: Duration,
    /// Protocol time in Unix seconds: certificates, ntime.
    pub unix: u32,
}

/// What happened outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A connection that was asked for is there.
    Connected(Connection),
    /// A connection that was asked for cannot be had.
    Refused(Connection, String),
    /// There is no connection, for a reason that is not the peer's.
    NoConnection(Connection, String),
    /// Bytes came.
    Bytes(Connection, Vec<u8>),
    /// The peer closed its direction.
    Finished(Connection),
    /// The connection is gone.
    Reset(Connection),
    /// What [`Control::Measure`] has found; [`Input::ControlDone`] follows.
    Measured(Holdings),
    /// A control request was carried out. All bytes that it caused, or that were on their way before, have been given.
    ControlDone(Result<(), String>),
    /// Time has passed.
    Tick,
}

/// What is to be done outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Open a connection to the target.
    Connect(Connection),
    /// Send bytes.
    Send(Connection, Vec<u8>),
    /// Read nothing more on the connection, so that the peer's bytes fill the buffers on the way and then its own queue.
    StopReading(Connection),
    /// Read on, what has waited first.
    ReadAgain(Connection),
    /// Close our direction.
    Finish(Connection),
    /// Close both directions.
    Close(Connection),
    /// Reset the connection.
    Reset(Connection),
    /// Steer the target, then answer with [`Input::ControlDone`].
    Control(Control),
}

/// What the target can be made to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    /// Nothing but what is under way: all bytes sent are consumed, all replies are here.
    Barrier,
    /// A new block.
    Block,
    /// A new template on the same previous hash.
    Template,
    /// It sends a message like this one on a connection; fields that are its own to decide are not looked at.
    Provoke(Connection, Box<Message>),
    /// Looks at what it holds, then gives [`Input::Measured`].
    Measure,
    /// Protocol time moves on.
    Elapse(Duration),
}

/// What a server holds at a moment, as far as that can be seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holdings {
    /// Bytes: of the embedded pool's buffers and queues; of the resident memory of the processes that `--exec` started.
    pub memory: Option<u64>,
    /// Bytes that wait to be sent, of those that it knows.
    pub unsent: Option<u64>,
    /// Connections that are not closed.
    pub connections: Option<u64>,
    /// Channels that are open.
    pub channels: Option<u64>,
}

/// How the runner's peer is reached, as far as the conversation depends on it.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Host that SetupConnection names.
    pub host: String,
    /// Port that SetupConnection names.
    pub port: u16,
    /// Whether Noise is spoken.
    pub encrypted: bool,
    /// The key that the certificate is checked against.
    pub authority: Option<AuthorityPublicKey>,
    /// Whether [`Control::Barrier`] works: only on the embedded pool.
    pub exact_barrier: bool,
    /// The process group that `--exec` started the target in.
    pub process: Option<u32>,
}

/// Everything that a run of one scenario depends on. The same plan gives the same conversation.
#[derive(Clone)]
pub struct Plan {
    /// The scenario.
    pub scenario: Scenario,
    /// Fragments by name.
    pub fragments: Arc<BTreeMap<String, Arc<Source>>>,
    /// Levels of clauses.
    pub ledger: Arc<Ledger>,
    /// What the target can do.
    pub profile: Arc<Profile>,
    /// How it is reached.
    pub peer: Peer,
    /// All randomness comes from it.
    pub seed: u64,
    /// Factor on every bound of waiting.
    pub timeout_scale: f64,
}

/// One scenario being played.
pub struct Runner {
    world: Rc<World>,
    conversation: Pin<Box<dyn Future<Output = Outcome>>>,
    outcome: Option<Outcome>,
}

impl Runner {
    /// Begins; outputs are ready at once.
    pub fn new(plan: Plan, now: Now) -> Self {
        let world = Rc::new(World::new(now));
        let conversation = Box::pin(play::scenario(plan, Rc::clone(&world)));
        let mut runner = Self { world, conversation, outcome: None };
        runner.advance();
        runner
    }

    /// Takes an input in.
    pub fn handle(&mut self, input: Input, now: Now) {
        self.world.feed(input, now);
        self.advance();
    }

    /// The next thing to be done; to be called until there is nothing.
    pub fn poll(&mut self) -> Option<Output> {
        self.world.take_output()
    }

    /// When [`Input::Tick`] is due at the latest.
    pub fn wake_at(&self) -> Option<Duration> {
        self.world.wake_at()
    }

    /// The outcome, once there is one. Nothing more happens afterwards.
    pub fn outcome(&mut self) -> Option<Outcome> {
        self.outcome.take()
    }

    fn advance(&mut self) {
        if self.outcome.is_some() || self.world.is_over() {
            return;
        }
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Ready(outcome) = self.conversation.as_mut().poll(&mut context) {
            self.world.end();
            self.outcome = Some(outcome);
        }
    }
}
