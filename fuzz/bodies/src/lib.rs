//! The fuzz targets and oracles that need the published crates of the Stratum Reference Implementation (SRI).
//!
//! Nothing else in the project depends on them outside of tests and measurements.

pub mod diff_sri;
pub mod differences;
pub mod execs;
#[path = "../../../harness/wire/tests/support/hex_text.rs"]
mod hex_text;
#[cfg(feature = "pool")]
pub mod pool_diff;
pub mod sri;

use sv2_wire::fuzz::Target;

/// The targets of this crate.
pub static TARGETS: &[Target] = &[
    diff_sri::TARGET,
    #[cfg(feature = "pool")]
    pool_diff::TARGET,
];
