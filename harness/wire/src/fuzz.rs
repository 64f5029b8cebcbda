//! Fuzz targets of the codec and of Noise, and the oracles that judge them. Behind the cargo feature `fuzz`.
//!
//! A [`Target`] is one row: its name, its oracles, and functions that judge an input, change one and draw first ones. The
//! same row serves libFuzzer, the blind campaign of `sv2-conform fuzz` and the replay of a corpus by `cargo test`. An
//! oracle judges a [`Codec`], not our codec alone: another implementation is held against the same rules, and so are
//! the planted faults that prove that each oracle can fire.
//!
//! Nothing here reads a clock or draws randomness: equal inputs give equal results.

mod codec;
pub mod datatype;
mod dictionary;
pub mod ext_tlv;
pub mod frame_stream;
pub mod layout;
pub mod message_arbitrary;
pub mod message_decode;
mod mutate;
pub mod noise_handshake;
pub mod noise_transport;
mod ours;
mod random;
mod secure;
mod seed;

pub use codec::{Codec, CodecError, StreamEnd, Why};
pub use dictionary::{LENGTHS, Word, dictionary};
pub use mutate::{mutate_bytes, mutate_in_place};
pub use ours::Ours;
pub use random::Random;
pub use secure::{Secure, Server};
pub use seed::{Seed, Vector, vectors};

/// One fuzz target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Name of the target, of its folder below `corpus/` and of its libFuzzer file.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub about: &'static str,
    /// Version of the layout of its inputs. A change of layout takes the next one, so that no old input is read as a
    /// new one.
    pub format: u32,
    /// Most bytes of input that are worth while.
    pub max_len: usize,
    /// What it watches.
    pub oracles: &'static [Oracle],
    /// Judges one input.
    pub run: fn(&[u8]) -> Result<(), Finding>,
    /// Changes an input a little, knowing its layout; the result has at most so many bytes.
    pub mutate: fn(&mut Vec<u8>, &mut Random, usize),
    /// The inputs to begin with.
    pub seeds: fn() -> Vec<Seed>,
}

/// The first oracle of every target that judges a codec.
pub const ANSWERS: Oracle = Oracle {
    name: "answers",
    about: "the codec neither dies nor hangs, and what it answers is an answer",
    clauses: &[],
};

/// One thing that must hold, whatever the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Oracle {
    /// Name within its target.
    pub name: &'static str,
    /// What must hold, in one sentence.
    pub about: &'static str,
    /// Clauses of the specification that demand it, by their ids; empty where good sense does.
    pub clauses: &'static [&'static str],
}

impl Oracle {
    /// This oracle's finding.
    pub fn found(&self, what: impl Into<String>) -> Finding {
        Finding { oracle: self.name, what: what.into() }
    }
}

/// What an oracle found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{oracle}: {what}")]
pub struct Finding {
    /// Name of the oracle.
    pub oracle: &'static str,
    /// Where, which field, which bytes; what was expected, and what came.
    pub what: String,
}

/// The targets of this crate.
pub static TARGETS: &[Target] = &[
    frame_stream::TARGET,
    message_decode::TARGET,
    message_arbitrary::TARGET,
    datatype::TARGET,
    ext_tlv::TARGET,
    noise_handshake::TARGET,
    noise_transport::TARGET,
];

impl Target {
    /// The oracle of a name.
    pub fn oracle(&self, name: &str) -> Option<&'static Oracle> {
        self.oracles.iter().find(|oracle| oracle.name == name)
    }
}

/// Judges an input for libFuzzer, which takes a panic for a finding.
///
/// # Panics
/// When an oracle finds something.
pub fn check(target: &Target, data: &[u8]) {
    if let Err(finding) = (target.run)(data) {
        #[expect(clippy::panic, reason = "a panic is how libFuzzer is told")]
        {
            panic!("{}: {finding}", target.name);
        }
    }
}

/// Bytes in hex for a finding's text, cut where they get long.
pub(crate) fn show(bytes: &[u8]) -> String {
    const MOST: usize = 64;
    match bytes.get(..MOST) {
        Some(head) if bytes.len() > MOST => format!("{}.. ({} bytes)", hex::encode(head), bytes.len()),
        _ => format!("x\"{}\"", hex::encode(bytes)),
    }
}
