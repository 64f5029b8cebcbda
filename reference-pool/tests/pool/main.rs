//! The pool and the template provider in dialogue with a peer, on virtual time.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod custom;
mod dialogue;
mod extensions;
mod faults;
mod groups;
mod miner;
mod opening;
mod provider;
mod setup;
mod shares;
mod steering;
mod updates;
