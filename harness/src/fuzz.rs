//! Fuzzing: the targets of this crate beside those of `sv2_wire::fuzz`, and what runs them on stable Rust.
//!
//! Those of this crate work above the codec: [`program`]s of operations against the pool, the miner, the language. Everything is
//! a function of its input: no clock, no thread's randomness, no order of a hash map.

pub mod as_scenario;
pub mod blind;
pub mod clients;
pub mod corpus;
pub mod lower;
pub mod miner_sequence;
mod panics;
pub mod pool;
pub mod program;
pub mod scenario_parse;
mod seeds;
pub mod share_validate;
pub mod shim;

use crate::ledger::Ledger;
use panics::Panic;
use sv2_wire::fuzz::{Finding, Target, Word};

/// The targets of this crate; those of the codec and of Noise are in `sv2_wire::fuzz::TARGETS`, those of the pool's arithmetic
/// in `sv2_reference_pool::fuzz::TARGETS`.
pub static TARGETS: &[Target] =
    &[pool::TARGET, miner_sequence::TARGET, scenario_parse::TARGET, share_validate::TARGET];

/// The oracle that every target has besides its own.
pub const PANIC: &str = "panic";
/// The one that a watched campaign has besides that: an input gets no verdict.
pub const HANG: &str = "hang";

/// Every target, those of the lowest layer first.
pub fn targets() -> impl Iterator<Item = &'static Target> {
    sv2_wire::fuzz::TARGETS.iter().chain(sv2_reference_pool::fuzz::TARGETS).chain(TARGETS)
}

/// The target of a name.
pub fn target(name: &str) -> Option<&'static Target> {
    targets().find(|target| target.name == name)
}

/// A line per target, and an indented one for each of its oracles.
pub fn list<'t>(targets: impl IntoIterator<Item = &'t Target>) -> String {
    let mut text = String::new();
    for target in targets {
        text.push_str(&format!("{}  {}\n", target.name, target.about));
        for oracle in target.oracles {
            text.push_str(&format!("  {:<16} {}\n", oracle.name, oracle.about));
        }
    }
    text
}

/// The words of all messages and the ledger's error codes, as libFuzzer and AFL read them: a line for each.
pub fn dictionary(ledger: &Ledger) -> String {
    let codes = ledger.symbols().map(|symbol| {
        let [length, ..] = symbol.name.len().to_le_bytes();
        let text = [&[length][..], symbol.name.as_bytes()].concat();
        Word::new(&format!("error_code_{}", symbol.name), text)
    });
    sv2_wire::fuzz::dictionary().into_iter().chain(codes).map(|word| format!("{word}\n")).collect()
}

/// Judges one input; a panic is a finding too.
///
/// # Errors
/// What an oracle of the target found, or [`PANIC`].
pub fn judge(target: &Target, data: &[u8]) -> Result<(), Finding> {
    judged(target, data).map_err(|(finding, _)| finding)
}

/// The same, with the place of a panic.
fn judged(target: &Target, data: &[u8]) -> Result<(), (Finding, Option<String>)> {
    let run = target.run;
    match panics::caught(|| run(data)) {
        Ok(verdict) => verdict.map_err(|finding| (finding, None)),
        Err(Panic { text, place }) => Err((Finding { oracle: PANIC, what: text }, place)),
    }
}
