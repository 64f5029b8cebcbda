//! Tells in one command whether a Stratum V2 implementation speaks the protocol.
//!
//! A [`suite`] of scenarios, written in the language of [`scenario`], is played by a [`runner`] against a [`target`]:
//! the embedded reference pool, or any pool over TCP and Noise. The runner is sans-IO; [`sim`] drives it on virtual
//! time and [`drive`] on tokio. What comes out is a [`verdict`], which [`report`] writes down.

pub mod cli;
pub mod coverage;
pub mod custom;
pub mod doctor;
pub mod drive;
pub mod exec;
pub mod expectations;
pub mod explain;
pub mod fuzz;
mod holdings;
pub mod ledger;
pub mod miner;
pub mod profile;
pub mod proof;
pub mod report;
pub mod runner;
pub mod scenario;
pub mod selftest;
pub mod sim;
pub mod snapshot;
pub mod suite;
pub mod target;
pub mod trace;
pub mod verdict;
pub mod vocabulary;
