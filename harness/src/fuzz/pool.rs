//! `pool_sequence`: whatever clients and operators do, the pool keeps the protocol.
//!
//! A [`Program`] is played against the reference pool without sockets, on a clock that stands until it is moved. After every
//! operation the always-on rules of [`sv2_session`] have judged each frame, and the judges here what rules cannot see: that
//! everything is answered once, what a share was worth, who was concerned, and what is still held.

mod game;
mod grants;
mod shares;
mod side;
mod upkeep;

pub use game::{Game, Told};

use super::program::{Program, Settings};
use crate::custom::CustomJobAccess;
use std::collections::BTreeSet;
use std::time::Duration;
use sv2_reference_pool::extensions::WORKER_IDENTITY;
use sv2_reference_pool::faults::Fault;
use sv2_reference_pool::node::{Node, NodeConfig};
use sv2_reference_pool::pool::{Pool, PoolConfig, Vardiff};
use sv2_reference_pool::target::{Network, difficulty_one};
use sv2_wire::fuzz::{Finding, Oracle, Target};

/// The network's easiest target in compact form, as test networks have it.
pub(super) const EASIEST_NBITS: u32 = 0x207f_ffff;

/// The target.
pub const TARGET: Target = Target {
    name: "pool_sequence",
    about: "whatever clients and operators do, the reference pool keeps the protocol",
    format: super::program::FORMAT as u32,
    max_len: 1024,
    oracles: &[
        SESSION_RULES,
        ANSWERED_ONCE,
        GRANT,
        SHARE_RESOLVED,
        SHARE_VERDICT,
        REJECT_REASON,
        CONSERVATION,
        FRESH_WORK,
        ISOLATION,
        STAYS_OPEN,
        BOUNDED_STATE,
        PREFIXES_APART,
    ],
    run,
    mutate: super::seeds::mutate,
    seeds: super::seeds::conversations,
};

/// The always-on rules.
pub const SESSION_RULES: Oracle = Oracle {
    name: "session-rules",
    about: "no frame breaks one of the rules that watch every conversation",
    clauses: &[],
};
/// Requests and answers.
pub const ANSWERED_ONCE: Oracle = Oracle {
    name: "answered-once",
    about: "each request is answered once, on its own connection, and nothing is answered that was not asked",
    clauses: &["SV2-03-060", "SV2-05-034", "SV2-05-061", "SV2-05-157"],
};
/// What is granted.
pub const GRANT: Oracle = Oracle {
    name: "grant",
    about: "a set-up or a channel is refused if and only if something about the request calls for it",
    clauses: &["SV2-03-071", "SV2-05-018", "SV2-05-029", "SV2-05-051"],
};
/// Shares and their answers.
pub const SHARE_RESOLVED: Oracle = Oracle {
    name: "share-resolved",
    about: "each share gets one error, or is covered by one acknowledgement as soon as its batch is full",
    clauses: &["SV2-05-098", "SV2-05-099", "SV2-05-107"],
};
/// What a share is.
pub const SHARE_VERDICT: Oracle = Oracle {
    name: "share-verdict",
    about: "a share is credited if and only if the miner's own arithmetic takes it for valid and new",
    clauses: &["SV2-05-111", "SV2-05-112", "SV2-05-168", "SV2-05-189"],
};
/// Why a share is refused.
pub const REJECT_REASON: Oracle = Oracle {
    name: "reject-reason",
    about: "the error code of a refused share names something that is wrong with it",
    clauses: &["SV2-05-106"],
};
/// What is credited.
pub const CONSERVATION: Oracle = Oracle {
    name: "conservation",
    about: "counts and sums of acknowledgements are those of the shares in the batch",
    clauses: &["SV2-05-097", "SV2-05-100", "SV2-05-101", "SV2-05-102"],
};
/// Work.
pub const FRESH_WORK: Oracle = Oracle {
    name: "fresh-work",
    about: "a channel has work as soon as it is open, and new work on the same tip as all others after a block or a template",
    clauses: &["SV2-05-139", "SV2-05-181", "SV2-05-128"],
};
/// Who is concerned.
pub const ISOLATION: Oracle = Oracle {
    name: "isolation",
    about: "what one client does is seen by that client only",
    clauses: &["ROB-09"],
};
/// Who goes on.
pub const STAYS_OPEN: Oracle = Oracle {
    name: "stays-open",
    about: "a connection goes on unless its client gave a reason to end it",
    clauses: &["SV2-05-057", "SV2-05-110", "SV2-03-041"],
};
/// What is held.
pub const BOUNDED_STATE: Oracle = Oracle {
    name: "bounded-state",
    about: "pool and node hold the connections and channels that are open, and bytes of unfinished frames, and no more",
    clauses: &["ROB-12", "SV2-05-076"],
};
/// Search space.
pub const PREFIXES_APART: Oracle = Oracle {
    name: "prefixes-apart",
    about: "no extranonce prefix that was ever given is the beginning of another",
    clauses: &["SV2-05-002", "SV2-05-048", "SV2-05-054"],
};

/// Judges one input: bytes of a program. Bytes of another format are nothing.
fn run(data: &[u8]) -> Result<(), Finding> {
    match Program::from_bytes(data) {
        Ok(program) => played(&program, &[]).map(|_| ()).map_err(|mut found| found.swap_remove(0)),
        Err(_) => Ok(()),
    }
}

/// Plays a program against the pool, wrong by `faults`. Gives a hash over all that the pool sent: equal programs give equal
/// ones.
///
/// # Errors
/// What the judges found in the first operation that showed anything.
pub fn played(program: &Program, faults: &[Fault]) -> Result<u64, Vec<Finding>> {
    let mut game = Game::new(node(program.settings, faults), program.settings);
    for op in &program.ops {
        game.play(op);
        if !game.findings().is_empty() {
            return Err(game.into_findings());
        }
    }
    Ok(game.trace())
}

/// The pool of a program's settings, on plaintext connections.
///
/// # Panics
/// Never: the settings are within what a pool takes.
#[expect(clippy::expect_used, reason = "a constant configuration; no input reaches it")]
pub fn node(settings: Settings, faults: &[Fault]) -> Node<Pool> {
    let mut config = PoolConfig {
        ack_batch: settings.batch.into(),
        difficulty_one: difficulty_one(Network::Regtest),
        kept_jobs: 2 * super::program::MAX_OPS,
        fixed_version: settings.is_on("fixed-version"),
        extended_channels_only: settings.is_on("extended-channels-only"),
        custom_jobs: settings.is_on("custom-jobs").then(|| CustomJobAccess::embedded().pool()),
        vardiff: settings.is_on("vardiff").then_some(Vardiff { interval: Duration::from_secs(60) }),
        faults: faults.to_vec(),
        ..PoolConfig::default()
    };
    if settings.is_on("required-extensions") {
        config.extensions.required = BTreeSet::from([WORKER_IDENTITY]);
    }
    config.templates.start_time = crate::target::EMBEDDED_START;
    if settings.is_on("easy-blocks") {
        config.templates.nbits = EASIEST_NBITS;
    }
    let node = NodeConfig { faults: faults.to_vec(), ..NodeConfig::plain() };
    Node::new(node, Pool::new(config).expect("a configuration that pools take"))
}

#[cfg(test)]
mod tests;
