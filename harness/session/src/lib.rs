//! The model of one Stratum V2 connection, as the wire shows it to the client.
//!
//! [`Session::observe`] takes every message of a connection, in the order in which they were sent and read, and keeps
//! what follows from them: set-up, channels and groups, jobs and previous hashes, targets, extranonce prefixes, shares in
//! flight and their acknowledgements. The model judges nothing. Whoever plays a miner asks it which job to mine
//! ([`Channel::newest_job`]) and whether a share that was mined a moment ago is still what it was
//! ([`Session::basis_holds`]); whoever settles accounts asks it what was credited ([`Channel::account`]).
//!
//! What a message says in a place where the specification gives it no meaning (a standard job for an extended channel, an
//! unknown channel, the wrong direction) changes nothing. Whatever a peer sends, memory stays within [`bounds`].
//!
//! A [`Watch`] holds a [`Session`] and judges: every frame of the connection by every rule of [`rules::RULES`].
//!
//! Spec chapter 5 is the source; where it leaves room, the `AMB-nn` in the comments name the reading.
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, reason = "tests may overflow loudly"))]

pub mod bounds;
mod channel;
mod history;
mod job;
mod pairing;
pub mod rules;
mod session;
mod setup;
mod shares;
mod watch;

pub use channel::{Channel, ChannelKind, Tip};
pub use job::{Job, JobState, Work};
pub use pairing::{answers, has_answer, tells_apart};
pub use session::Session;
pub use setup::{Direction, Setup};
pub use shares::{Account, Basis, ShareState, Voided};
pub use watch::{Conversation, Moment, Watch};
