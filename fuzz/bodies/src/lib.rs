//! The fuzz targets and oracles that need the published crates of the Stratum Reference Implementation (SRI).
//!
//! Nothing else in the project depends on them outside of tests and measurements.

pub mod diff_sri;
pub mod differences;
pub mod execs;
pub mod extended;
#[path = "../../../harness/wire/tests/support/hex_text.rs"]
mod hex_text;
#[cfg(feature = "pool")]
pub mod pool_diff;
pub mod sri;

use sv2_wire::fuzz::Target;

/// The targets of this crate: its own, and targets of the crates below that it judges further, under their names.
pub static TARGETS: &[Target] = &[
    diff_sri::TARGET,
    #[cfg(feature = "pool")]
    pool_diff::TARGET,
    extended::message_arbitrary::TARGET,
    extended::datatype::TARGET,
    extended::noise_handshake::TARGET,
    extended::noise_transport::TARGET,
    #[cfg(feature = "pool")]
    extended::share_validate::TARGET,
];

/// The targets that are this crate's alone.
#[cfg(feature = "pool")]
pub fn own() -> impl Iterator<Item = &'static Target> {
    TARGETS.iter().filter(|target| sv2_conform::fuzz::target(target.name).is_none())
}

/// Every target of the project, each name once: with SRI's opinion where there is one.
#[cfg(feature = "pool")]
pub fn targets() -> impl Iterator<Item = &'static Target> {
    let here = |name| TARGETS.iter().find(|target| target.name == name);
    sv2_conform::fuzz::targets().map(move |target| here(target.name).unwrap_or(target)).chain(own())
}
