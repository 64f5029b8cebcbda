//! Fuzzing: the targets of this crate beside those of `sv2_wire::fuzz`, and what runs them on stable Rust.

pub mod blind;
pub mod corpus;

use sv2_wire::fuzz::{Finding, Target};

/// The targets of this crate; those of the codec and of Noise are in `sv2_wire::fuzz::TARGETS`.
pub static TARGETS: &[Target] = &[];

/// The oracle that every target has besides its own.
pub const PANIC: &str = "panic";

/// Every target, those of the lowest layer first.
pub fn targets() -> impl Iterator<Item = &'static Target> {
    sv2_wire::fuzz::TARGETS.iter().chain(TARGETS)
}

/// The target of a name.
pub fn target(name: &str) -> Option<&'static Target> {
    targets().find(|target| target.name == name)
}

/// Judges one input; a panic is a finding too.
///
/// # Errors
/// What an oracle of the target found, or [`PANIC`].
pub fn judge(target: &Target, data: &[u8]) -> Result<(), Finding> {
    let run = target.run;
    std::panic::catch_unwind(|| run(data)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(Finding { oracle: PANIC, what: text.unwrap_or_else(|| "a panic without words".to_owned()) })
    })
}
