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
mod custom;
mod opening;
mod statistics;
mod steer;
mod submit;
mod work;

pub use crate::job::WorkError;
pub use crate::vardiff::Vardiff;
pub use config::{PoolConfig, PoolConfigError};
pub use statistics::{Statistics, WorkerCount};

use crate::channel::Kind;
use crate::extranonce::Prefixes;
use crate::faults::Rules;
use crate::job::Work;
use crate::service::{ConnId, Control, Finding, Now, Outbox, Service};
use crate::target::to_wire;
use crate::template::fixed::FixedTemplates;
use crate::template::{Change, Template, TemplateSource};
use bitcoin::{Block, Target};
use connection::{Connection, Replies};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use sv2_wire::U256;
use sv2_wire::frame::Frame;

/// The pool's protocol core.
pub struct Pool {
    source: Box<dyn TemplateSource + Send>,
    connections: BTreeMap<ConnId, Connection>,
    deadlines: BTreeSet<(Duration, ConnId)>,
    shared: Shared,
}

/// What all connections work with.
struct Shared {
    config: PoolConfig,
    work: Arc<Work>,
    /// When the present tip came.
    tip_since: Duration,
    prefixes: Prefixes,
    /// The prefix that was given last.
    latest_prefix: Option<Vec<u8>>,
    /// Tokens for custom jobs that were not used yet.
    tokens: BTreeSet<Vec<u8>>,
    rules: Rules,
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
        let work = Arc::new(work(source.current(), &config)?);
        let mut rng = ChaCha20Rng::seed_from_u64(config.seed);
        rng.set_stream(1);
        let shared = Shared {
            work,
            tip_since: Duration::ZERO,
            prefixes: Prefixes::new(rng.next_u32()),
            latest_prefix: None,
            tokens: config.custom_jobs.iter().flat_map(|jobs| jobs.tokens.iter().cloned()).collect(),
            rules: Rules::arm(&config.faults, true),
            statistics: Statistics::default(),
            found: VecDeque::new(),
            config,
        };
        Ok(Self { source, connections: BTreeMap::new(), deadlines: BTreeSet::new(), shared })
    }

    /// What has happened so far.
    pub fn statistics(&self) -> Statistics {
        Statistics {
            connections: self.connections.len(),
            channels: self.connections.values().map(|connection| connection.channels.len()).sum(),
            faults: self.shared.rules.fired(),
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
            let before = connection.deadline(&self.shared.config);
            connection.frame(frame, now, &mut self.shared, &mut replies);
            let after = connection.deadline(&self.shared.config);
            move_deadline(&mut self.deadlines, conn, before, after);
        }
    }

    fn closed(&mut self, conn: ConnId) {
        if !self.shared.rules.channel(true, |rules, right| rules.gives_back(right)) {
            return;
        }
        if let Some(connection) = self.connections.remove(&conn) {
            move_deadline(&mut self.deadlines, conn, connection.deadline(&self.shared.config), None);
        }
    }

    fn control(&mut self, control: Control, now: Now, out: &mut Outbox) {
        let change = control.change();
        if change.is_some_and(|change| !self.advance(change, now)) {
            return;
        }
        for (conn, connection) in &mut self.connections {
            let mut replies = Replies { conn: *conn, out };
            let before = connection.deadline(&self.shared.config);
            connection.touch(now);
            match change {
                Some(change) => connection.distribute(change, now, &mut self.shared, &mut replies),
                None => connection.steer(&control, &mut self.shared, &mut replies),
            }
            let after = connection.deadline(&self.shared.config);
            move_deadline(&mut self.deadlines, *conn, before, after);
        }
    }

    fn deadline(&self) -> Option<Duration> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    fn tick(&mut self, now: Now, out: &mut Outbox) {
        while let Some(&(deadline, conn)) = self.deadlines.first().filter(|(due, _)| *due <= now.elapsed) {
            self.deadlines.remove(&(deadline, conn));
            let Some(connection) = self.connections.get_mut(&conn) else { continue };
            connection.tick(now, &mut self.shared, &mut Replies { conn, out });
            let after = connection.deadline(&self.shared.config);
            move_deadline(&mut self.deadlines, conn, None, after);
        }
    }

    fn report(&self) -> Json {
        self.statistics().to_json()
    }

    fn take_findings(&mut self) -> Vec<Finding> {
        self.take_found_blocks().into_iter().map(|block| Finding::Block(Box::new(block))).collect()
    }
}

impl Pool {
    /// Asks for the next template; false if no job can be made from it.
    fn advance(&mut self, change: Change, now: Now) -> bool {
        let shared = &mut self.shared;
        let template = self.source.advance(change, now);
        let Ok(work) = work(template, &shared.config) else {
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

fn work(template: Arc<Template>, config: &PoolConfig) -> Result<Work, WorkError> {
    let mut work = Work::new(template, &config.signature, config.payout.clone())?;
    // "if this bit is set, extended jobs MUST NOT indicate support for version rolling" (spec section 5.3.1).
    work.version_rolling = !config.fixed_version;
    Ok(work)
}

fn move_deadline(
    deadlines: &mut BTreeSet<(Duration, ConnId)>,
    conn: ConnId,
    before: Option<Duration>,
    after: Option<Duration>,
) {
    if before != after {
        before.map(|deadline| deadlines.remove(&(deadline, conn)));
        deadlines.extend(after.map(|deadline| (deadline, conn)));
    }
}

impl Shared {
    /// A prefix that nobody had before.
    fn take_prefix(&mut self, kind: Kind) -> Option<Vec<u8>> {
        let prefix = self.prefixes.allocate(kind == Kind::Standard)?;
        let latest = self.latest_prefix.as_deref();
        let prefix = self.rules.channel(prefix, |rules, right| rules.extranonce_prefix(right, latest));
        self.latest_prefix = Some(prefix.clone());
        Some(prefix)
    }

    fn wire_target(&mut self, target: Target) -> U256 {
        self.rules.channel(to_wire(target), |rules, right| rules.target_on_wire(right))
    }

    fn count_worker(&mut self, name: Option<String>, is_accepted: bool) {
        let workers = &mut self.statistics.workers;
        let Some(name) = name else { return };
        if workers.len() >= self.config.max_workers && !workers.contains_key(&name) {
            return;
        }
        let worker = workers.entry(name).or_default();
        let count = if is_accepted { &mut worker.accepted } else { &mut worker.rejected };
        *count = count.saturating_add(1);
    }

    fn reject(&mut self, code: &'static str) {
        let count = self.statistics.rejected.entry(code).or_default();
        *count = count.saturating_add(1);
    }

    /// Counts a block and keeps it, where it is the pool's to build.
    fn publish(&mut self, block: Option<Block>) {
        self.statistics.blocks_found = self.statistics.blocks_found.saturating_add(1);
        self.found.extend(block);
        while self.found.len() > self.config.max_found {
            self.found.pop_front();
        }
    }

    fn tip_age(&self, now: Now) -> Duration {
        now.elapsed.saturating_sub(self.tip_since)
    }
}
