//! A real, small Stratum V2 pool, and a template provider, as libraries and as a program.
//!
//! Everything but the shells is sans-IO: bytes and time come in as arguments.
//!
//! * [`endpoint`]: one connection: Noise, frames, deadlines, limits, the send queue;
//! * [`service`]: what stands between connections and a protocol core;
//! * [`pool`] and [`template::provider`]: the two cores, with the rules of spec chapters 5 and 7;
//! * [`faults`]: ways to be wrong on purpose;
//! * [`node`]: a core and all its connections, for sockets and for simulated networks alike;
//! * [`server`]: the tokio shell around a node.
//!
//! Coinbases, merkle roots, headers and targets are computed with the bitcoin crate; the virtual miner of sv2-conform
//! computes them from bytes. The specification is sv2-spec at commit 0f38d51 (2026-08-20).

mod channel;
pub mod clock;
pub mod custom;
pub mod endpoint;
pub mod extensions;
pub mod extranonce;
pub mod faults;
#[cfg(feature = "fuzz")]
pub mod fuzz;
mod job;
pub mod node;
pub mod pool;
pub mod server;
pub mod service;
pub mod setup;
mod share;
pub mod target;
pub mod template;
mod vardiff;
