//! The mining pool: spec chapter 5 from the server's side, without sockets and without a clock.
//!
//! Choices where the specification leaves one:
//! * A channel's first job is its own. Jobs that follow go to its group, which is the same for all channels of a
//!   connection until they are regrouped; with REQUIRES_STANDARD_JOBS they go to each channel by itself.
//! * A closed channel gets no further message, so shares that were not acknowledged by then stay unacknowledged:
//!   "The server MUST stop sending messages for the channel" (section 5.3.9). They count in [`Statistics`] all the same.
//! * A hash above the job's target is refused even if the network takes it for a block; the block is kept all the same.
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod config;
mod connection;
mod opening;
mod steer;
mod submit;
mod work;

pub use crate::job::WorkError;
pub use config::{PoolConfig, PoolConfigError};

use crate::extranonce::Prefixes;
use crate::job::Work;
use crate::service::{ConnId, Control, Now, Outbox, Service};
use crate::template::fixed::FixedTemplates;
use crate::template::{Change, TemplateSource};
use bitcoin::Block;
use connection::{Connection, Replies};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use sv2_wire::frame::Frame;

/// What the pool has seen since it was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Shares that were credited.
    pub accepted: u64,
    /// Shares that were refused, by error code.
    pub rejected: BTreeMap<&'static str, u64>,
    /// Blocks that were found.
    pub blocks_found: u64,
    /// Channels that were opened.
    pub channels_opened: u64,
    /// Channels that are open now.
    pub channels: usize,
    /// Connections that are open now.
    pub connections: usize,
    /// Templates that no job could be made from; the pool went on with the one before.
    pub templates_refused: u64,
}

/// The pool's protocol core.
pub struct Pool {
    source: Box<dyn TemplateSource + Send>,
    connections: BTreeMap<ConnId, Connection>,
    shared: Shared,
}

/// What all connections work with.
struct Shared {
    config: PoolConfig,
    work: Arc<Work>,
    /// When the present tip came.
    tip_since: Duration,
    prefixes: Prefixes,
    statistics: Statistics,
    found: VecDeque<Block>,
}

impl Pool {
    /// A pool with templates of its own.
    ///
    /// # Errors
    /// [`PoolConfigError`].
    pub fn new(config: PoolConfig) -> Result<Self, PoolConfigError> {
        let source = FixedTemplates::new(config.seed, &config.templates)?;
        Self::with_source(config, Box::new(source))
    }

    /// A pool with templates from elsewhere; `config.templates` is not used.
    ///
    /// # Errors
    /// [`PoolConfigError`].
    pub fn with_source(
        config: PoolConfig,
        source: Box<dyn TemplateSource + Send>,
    ) -> Result<Self, PoolConfigError> {
        config.check()?;
        let work = Arc::new(Work::new(source.current(), &config.signature, config.payout.clone())?);
        let mut rng = ChaCha20Rng::seed_from_u64(config.seed);
        rng.set_stream(1);
        let shared = Shared {
            work,
            tip_since: Duration::ZERO,
            prefixes: Prefixes::new(rng.next_u32()),
            statistics: Statistics::default(),
            found: VecDeque::new(),
            config,
        };
        Ok(Self { source, connections: BTreeMap::new(), shared })
    }

    /// What has happened so far.
    pub fn statistics(&self) -> Statistics {
        Statistics {
            connections: self.connections.len(),
            channels: self.connections.values().map(|connection| connection.channels.len()).sum(),
            ..self.shared.statistics.clone()
        }
    }

    /// Takes the found blocks out, the oldest first; each comes once.
    pub fn take_found_blocks(&mut self) -> Vec<Block> {
        self.shared.found.drain(..).collect()
    }
}

impl Service for Pool {
    fn opened(&mut self, conn: ConnId, _: Now, _: &mut Outbox) {
        self.connections.insert(conn, Connection::default());
    }

    fn frame(&mut self, conn: ConnId, frame: &Frame, now: Now, out: &mut Outbox) {
        if let Some(connection) = self.connections.get_mut(&conn) {
            let mut replies = Replies { conn, out };
            connection.frame(frame, now, &mut self.shared, &mut replies);
        }
    }

    fn closed(&mut self, conn: ConnId) {
        self.connections.remove(&conn);
    }

    fn control(&mut self, control: Control, now: Now, out: &mut Outbox) {
        let change = control.change();
        if change.is_some_and(|change| !self.advance(change, now)) {
            return;
        }
        for (conn, connection) in &mut self.connections {
            let mut replies = Replies { conn: *conn, out };
            match change {
                Some(change) => connection.distribute(change, now, &mut self.shared, &mut replies),
                None => connection.steer(&control, &mut replies),
            }
        }
    }
}

impl Pool {
    /// Asks for the next template; false if no job can be made from it.
    fn advance(&mut self, change: Change, now: Now) -> bool {
        let shared = &mut self.shared;
        let template = self.source.advance(change, now);
        let Ok(work) = Work::new(template, &shared.config.signature, shared.config.payout.clone()) else {
            shared.statistics.templates_refused = shared.statistics.templates_refused.saturating_add(1);
            return false;
        };
        if work.template.tip != shared.work.template.tip {
            shared.tip_since = now.elapsed;
        }
        shared.work = Arc::new(work);
        true
    }
}

impl Shared {
    fn reject(&mut self, code: &'static str) {
        let count = self.statistics.rejected.entry(code).or_default();
        *count = count.saturating_add(1);
    }

    fn publish(&mut self, block: Block) {
        self.statistics.blocks_found = self.statistics.blocks_found.saturating_add(1);
        self.found.push_back(block);
        while self.found.len() > self.config.max_found {
            self.found.pop_front();
        }
    }

    fn tip_age(&self, now: Now) -> Duration {
        now.elapsed.saturating_sub(self.tip_since)
    }
}
