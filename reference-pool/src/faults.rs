//! Faults: ways in which the pool is wrong on purpose, so that a suite can be seen to notice.
//!
//! The seam: where a rule decides something, the decision goes through a trait of its file ([`SetupRules`],
//! [`ChannelRules`], [`JobRules`], [`CustomRules`], [`ShareRules`], [`AckRules`]; for the connection [`Certifier`], [`Records`],
//! [`Frames`]; for the program [`Process`]). Every method takes the right decision and gives it back unless a fault says otherwise, so faults combine,
//! and a pool without any does nothing here. A fault fires whenever it changes a decision; [`Statistics::faults`] of pool
//! and node count that.
//!
//! A fault can be written outside of this crate:
//!
//! ```
//! use sv2_reference_pool::faults::{Deviation, Fault, Layer, ShareRules};
//! use sv2_reference_pool::pool::{Pool, PoolConfig};
//!
//! /// Credits each share as often as it comes.
//! struct Forgetful;
//!
//! impl ShareRules for Forgetful {
//!     fn is_duplicate(&mut self, _right: bool, _is_block: bool) -> bool {
//!         false
//!     }
//! }
//!
//! let fault = Fault {
//!     id: "X01",
//!     name: "forgetful",
//!     layer: Layer::Share,
//!     field: "SubmitShares.Error.error_code",
//!     clauses: &["SV2-05-112"],
//!     trigger: "each share that was credited before",
//!     seen_in: "nowhere yet",
//!     make: || Deviation::Share(Box::new(Forgetful)),
//! };
//! let pool = Pool::new(PoolConfig { faults: vec![fault], ..PoolConfig::default() })?;
//! assert_eq!(pool.statistics().faults["X01"], 0, "armed, and not fired yet");
//! # Ok::<(), sv2_reference_pool::pool::PoolConfigError>(())
//! ```
//!
//! [`Statistics::faults`]: crate::pool::Statistics::faults

mod catalogue;
mod catalogue_channels;
mod catalogue_decisions;
mod catalogue_extensions;
mod catalogue_mining;
mod catalogue_noise;
mod catalogue_work;
mod frames;
mod made_up;
mod misread;
mod process;
mod reordered;
mod rules;
mod table;

pub use crate::channel::{ChannelRules, Reach};
pub use crate::custom::CustomRules;
pub use crate::job::JobRules;
pub use crate::setup::SetupRules;
pub use crate::share::{AckRules, ShareRules};
pub(crate) use rules::Rules;
pub use table::FAULTS;

use crate::endpoint::{Deadlines, Limits};
use crate::node::NoiseConfig;
use crate::service::ConnId;
use std::fmt;
use sv2_wire::frame::Frame;
use sv2_wire::noise::Certificate;

/// Where a fault sits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// Handshake and certificate (spec section 4.5).
    Noise,
    /// Encrypted records (spec section 4.6).
    Record,
    /// Frame headers and extension types (spec section 3.2).
    Frame,
    /// SetupConnection and its answers (spec section 3.6).
    Setup,
    /// Opening of channels, their ids, prefixes and targets.
    Channel,
    /// Jobs, custom jobs and previous hashes.
    Job,
    /// What becomes of a share.
    Share,
    /// Acknowledgements.
    Ack,
    /// The program as a whole: whether it lives, and what it lets one client do to the others.
    Process,
}

/// One fault: a row of [`FAULTS`], or one of your own.
#[derive(Clone, Copy)]
pub struct Fault {
    /// Short and unique, such as `F07`.
    pub id: &'static str,
    /// A few words, joined by hyphens.
    pub name: &'static str,
    /// Where it sits.
    pub layer: Layer,
    /// The field that shows it, as `Message.field`, or what else does.
    pub field: &'static str,
    /// The requirements that it violates.
    pub clauses: &'static [&'static str],
    /// When it shows.
    pub trigger: &'static str,
    /// Where it really happened.
    pub seen_in: &'static str,
    /// Makes the deviation, anew for each pool or node.
    pub make: fn() -> Deviation,
}

impl Fault {
    /// The row of [`FAULTS`] with this id.
    pub fn by_id(id: &str) -> Option<Self> {
        FAULTS.iter().find(|fault| fault.id == id).copied()
    }

    /// Whether the pool's rules are concerned, rather than the connection's.
    pub fn concerns_pool(&self) -> bool {
        use Deviation::{Certifier, Frames, Process, Records};
        !matches!((self.make)(), Certifier(_) | Records(_) | Frames(_) | Process(_))
    }
}

impl PartialEq for Fault {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Fault {}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.id, self.name)
    }
}

/// What a fault does: one trait, of which it overrides one method.
pub enum Deviation {
    /// Decides on certificates.
    Certifier(Box<dyn Certifier>),
    /// Decides on encrypted records.
    Records(Box<dyn Records>),
    /// Decides on frames, both ways.
    Frames(Box<dyn Frames>),
    /// Decides on set-ups.
    Setup(Box<dyn SetupRules>),
    /// Decides on channels.
    Channel(Box<dyn ChannelRules>),
    /// Decides on jobs.
    Job(Box<dyn JobRules>),
    /// Decides on custom jobs.
    Custom(Box<dyn CustomRules>),
    /// Decides on shares.
    Share(Box<dyn ShareRules>),
    /// Decides on acknowledgements.
    Ack(Box<dyn AckRules>),
    /// Decides whether the program lives on.
    Process(Box<dyn Process>),
}

/// Decides what vouches for the server.
pub trait Certifier: Send {
    /// The certificate of one handshake at this Unix time in seconds (spec section 4.5.2).
    fn certificate(&mut self, right: Certificate, _noise: &NoiseConfig, _unix: u32) -> Certificate {
        right
    }

    /// What the server's ephemeral key of one handshake is drawn from (spec section 4.5.1.1).
    fn ephemeral(&mut self, right: [u8; 64]) -> [u8; 64] {
        right
    }

    /// Act two as it goes out, 234 bytes (spec section 4.5.2.1).
    fn act_two(&mut self, right: Vec<u8>) -> Vec<u8> {
        right
    }

    /// Whether the first key is that of the client's direction: "the first for encrypting transport messages from initiator
    /// to responder, and the second for messages in the other direction" (spec section 4.5.2.1).
    fn has_keys_in_order(&mut self, right: bool) -> bool {
        right
    }
}

/// Decides on encrypted bytes. Without Noise it is not asked.
pub trait Records: Send {
    /// How many empty records are sealed and thrown away in front of this frame; right is none.
    fn skipped(&mut self, right: u32, _conn: ConnId, _frame: &Frame) -> u32 {
        right
    }

    /// Whether a record that does not authenticate ends the session (spec section 4.5).
    fn ends_session(&mut self, right: bool) -> bool {
        right
    }

    /// What becomes a record of its own each: the header, and the payload in pieces of 65519 bytes (spec section 4.6).
    fn pieces(&mut self, right: Vec<Vec<u8>>, _conn: ConnId) -> Vec<Vec<u8>> {
        right
    }

    /// One record as it goes out: ciphertext, then 16 bytes of authentication code.
    fn record(&mut self, right: Vec<u8>, _conn: ConnId) -> Vec<u8> {
        right
    }

    /// What is sent before act one has come; right is nothing (spec section 4.5.1.1).
    fn greeting(&mut self, right: Vec<u8>) -> Vec<u8> {
        right
    }

    /// Whether a connection on which these bytes come first is served without encryption.
    fn goes_plain(&mut self, right: bool, _first: &[u8]) -> bool {
        right
    }

    /// The records of a frame, as they go out.
    fn sealed(&mut self, right: Vec<u8>, _conn: ConnId, _frame: &Frame) -> Vec<u8> {
        right
    }

    /// Bytes as they came, before anything is decrypted; the handshake's too.
    fn received(&mut self, right: Vec<u8>, _conn: ConnId) -> Vec<u8> {
        right
    }
}

/// Decides on whole frames.
pub trait Frames: Send {
    /// What goes out in place of one frame; right is that frame.
    fn outgoing(&mut self, right: Vec<Frame>, _conn: ConnId) -> Vec<Frame> {
        right
    }

    /// What the service sees in place of one frame that came; right is that frame. `before` is how many came whole with the
    /// same bytes before it.
    fn incoming(&mut self, right: Vec<Frame>, _conn: ConnId, _before: usize) -> Vec<Frame> {
        right
    }
}

/// What becomes of the program when a frame has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It serves the frame.
    Serve,
    /// It closes the connection in order, without an answer.
    Close,
    /// It resets the connection, without an answer.
    Reset,
    /// It does nothing any more: connections are taken and stay open, and nobody is answered.
    Hang,
    /// It ends: all connections do, and none is taken any more.
    Die,
}

/// Decides what the program as a whole does.
pub trait Process: Send {
    /// What becomes of it in face of this frame; right is [`Fate::Serve`].
    fn fate(&mut self, right: Fate, _conn: ConnId, _frame: &Frame) -> Fate {
        right
    }

    /// How long a client may take.
    fn deadlines(&mut self, right: Deadlines) -> Deadlines {
        right
    }

    /// How much a client may take.
    fn limits(&mut self, right: Limits) -> Limits {
        right
    }

    /// How much memory is set aside for a payload that was announced and has not come whole; right is none.
    fn reserved(&mut self, right: usize, _announced: usize) -> usize {
        right
    }

    /// Whether nothing is done for anybody while so many bytes wait for one client to read them.
    fn waits_for_reader(&mut self, right: bool, _unsent: usize) -> bool {
        right
    }

    /// Whether what this client sends has to wait until `other` has sent the rest of a handshake that it began.
    fn waits_for(&mut self, right: bool, _conn: ConnId, _other: ConnId) -> bool {
        right
    }
}
