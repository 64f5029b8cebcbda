//! The third opinion on blocks: what the reference pool assembles is given to Bitcoin Core's own validation code.
//!
//! [`Judge`] is a regtest chain in memory that takes or refuses blocks. [`RegtestTemplates`] is a source of templates for
//! the reference pool that builds on that chain, with transactions that spend what its own blocks have earned.

mod judge;
mod templates;

pub use judge::{Judge, JudgeError, Refused};
pub use templates::{COINBASE_MATURITY, Chain, Lie, RegtestTemplates, SharedChain};
