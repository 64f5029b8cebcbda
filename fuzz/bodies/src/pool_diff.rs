//! The reference pool beside `channels_sv2`, SRI's rules of channels: a [`Program`] is played against the pool, and every
//! request and share goes to SRI's channels as well, which are given the pool's own jobs, targets and prefixes. So both judge
//! the same bytes. Extended channels are SRI's of the server; standard channels are SRI's of the client, since only those take
//! a NewMiningJob as it stands on the wire.
//!
//! What may differ is in [`allowed::ROWS`]. Not compared: custom jobs, and channels of a client that sent bytes below the layer
//! of messages.

pub mod allowed;
mod game;
pub(crate) mod side;
mod theirs;

pub use theirs::{Asked, Job, Other, Said, Share};

use sv2_conform::fuzz::program::Program;
use sv2_reference_pool::faults::Fault;
use sv2_wire::fuzz::{Finding, Oracle, Target};

/// The target.
pub static TARGET: Target = Target {
    name: "pool_diff",
    about: "the reference pool and SRI's channels give the same answers to the same requests and shares, save for a list",
    format: sv2_conform::fuzz::program::FORMAT as u32,
    max_len: 1024,
    oracles: &[OPENING, GRANTED, UPDATE, SHARE, CREDIT],
    run,
    mutate: sv2_conform::fuzz::pool::TARGET.mutate,
    seeds: sv2_conform::fuzz::pool::TARGET.seeds,
};

/// Requests for channels.
pub const OPENING: Oracle = Oracle {
    name: "opening",
    about: "both open a channel or both refuse it, for the same reason",
    clauses: &["SV2-05-018", "SV2-05-029"],
};
/// Targets.
pub const GRANTED: Oracle =
    Oracle { name: "granted", about: "both grant a channel the same target", clauses: &["SV2-05-029"] };
/// Requests to update.
pub const UPDATE: Oracle = Oracle {
    name: "update",
    about: "both accept an update or both refuse it, for the same reason",
    clauses: &["SV2-05-061"],
};
/// Shares.
pub const SHARE: Oracle = Oracle {
    name: "share",
    about: "both credit a share or both refuse it, for the same reason",
    clauses: &["SV2-05-111", "SV2-05-112", "SV2-05-106"],
};
/// Acknowledgements.
pub const CREDIT: Oracle = Oracle {
    name: "credit",
    about: "an acknowledgement counts the shares that SRI's channel has credited since the one before",
    clauses: &["SV2-05-100"],
};

/// Judges one input: bytes of a program. Bytes of another format are nothing.
fn run(data: &[u8]) -> Result<(), Finding> {
    match Program::from_bytes(data) {
        Ok(program) => played(&program, &[]),
        Err(_) => Ok(()),
    }
}

/// Plays a program against the pool, wrong by `faults`, and SRI's channels beside it.
///
/// # Errors
/// The first finding.
pub fn played(program: &Program, faults: &[Fault]) -> Result<(), Finding> {
    let mut game = game::Game::new(sv2_conform::fuzz::pool::node(program.settings, faults));
    program.ops.iter().try_for_each(|op| game.play(op))
}
