//! Why a miner cannot work with a peer: one visit, step by step, and the first trouble explained.
//!
//! [`Visit`] is one conversation and takes bytes and time; [`Speech`] says what bytes of another protocol are; what no
//! conversation settles, [`Probe`]s on fresh connections do. [`examine`] moves the bytes and has all the waiting, bounded.

mod certificate;
mod findings;
mod probe;
mod shell;
mod speech;
mod visit;
mod words;

pub use certificate::judge as judge_certificate;
pub use findings::{Conclusion, ConnectFailure, Diagnosis, explain, no_address, not_reachable};
pub use probe::{Answer, Probe};
pub use shell::{Bounds, examine};
pub use speech::{Ending, Speech, Stranger};
pub use visit::{Happening, Patient, Progress, Visit};
pub use words::{date, span};

use std::time::Duration;

/// What is looked at, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The host's name becomes an address.
    Dns,
    /// A TCP connection.
    Tcp,
    /// The handshake of spec section 4.5; not on a plaintext URL.
    Noise,
    /// The server's certificate (spec section 4.5.3); likewise.
    Certificate,
    /// SetupConnection (spec section 3.6.1) for the Mining Protocol.
    Setup,
    /// A mining channel (spec section 5.3.2), standard before extended.
    Channel,
    /// A job and the previous hash that it builds on (spec sections 5.3.15 to 5.3.17).
    Job,
}

impl Stage {
    /// The name in the output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Tcp => "tcp",
            Self::Noise => "noise",
            Self::Certificate => "certificate",
            Self::Setup => "setup",
            Self::Channel => "channel",
            Self::Job => "job",
        }
    }
}

/// How a step went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// As it should.
    Ok,
    /// Well enough to go on, but worth knowing.
    Note,
    /// Not, and the visit ends here.
    Trouble,
}

impl Condition {
    /// The name in the output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Trouble => "TROUBLE",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What.
    pub stage: Stage,
    /// How it went.
    pub condition: Condition,
    /// What was seen, in words.
    pub text: String,
    /// How long it took.
    pub took: Duration,
}

/// The time of an event, as the core needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Since the visit began.
    pub elapsed: Duration,
    /// Unix time in seconds.
    pub unix: u64,
}
