//! How much of a connection the model remembers. Each bound holds whatever the peer sends; the worst that one connection
//! can make us hold is about [`KEPT_CHANNELS`] x [`KEPT_JOB_BYTES`] = 128 MiB.

/// Open channels. Success messages beyond that open nothing: [`crate::Session::channel`] does not know the channel.
pub const KEPT_CHANNELS: usize = 512;

/// Jobs that one channel remembers in each state: future, active and retired. The oldest job of that state is
/// forgotten; a share in flight on it loses its basis ([`crate::Voided::Job`]).
pub const KEPT_JOBS: usize = 128;

/// Bytes ([`crate::Job::weight`]) that the jobs of one channel may take. Retired jobs are forgotten first, then the
/// oldest of the others. The largest job possible is a good half of it, so the newest one always fits.
pub const KEPT_JOB_BYTES: usize = 256 * 1024;

/// Numbers in [`crate::Account::acked_numbers`] of one channel: the first that came. Later ones still count in the sums
/// and still acknowledge shares.
pub const KEPT_ACKS: usize = 8192;

/// Numbers in [`crate::Account::shares`] of one channel. The number whose latest use is the oldest is forgotten.
pub const KEPT_SHARES: usize = 65_536;

/// Custom jobs of the client that wait for an answer. One that was not kept is unknown when the server accepts it.
pub const KEPT_CUSTOM_JOBS: usize = 64;

/// Channel requests of the client that wait for an answer. A channel whose request was not kept opens all the same, with
/// the easiest target as the declared one.
pub const KEPT_OPENINGS: usize = 4096;

/// Ids of each kind (channels, groups, requests, shares, extensions) that the rules remember of one connection. What does
/// not fit is not judged.
pub const KEPT_IDS: usize = 8192;
