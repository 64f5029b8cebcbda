//! Stratum V2 on the wire: what bytes mean.
//!
//! Everything here takes bytes and gives bytes or values back. There is no socket, no clock and no printing; randomness
//! and time come in as arguments. The layers, from the bottom:
//!
//! * [`noise`]: the handshake of spec chapter 4, certificates and the transport cipher;
//! * [`frame`]: the six-byte header of spec section 3.2 and an incremental deframer;
//! * [`link`]: Noise and frames composed, for one side of one connection;
//! * [`Message`]: the 44 messages, all derived from one table (`table.rs`);
//! * [`tlv`]: the fields that extensions append to messages (spec section 3.4.3);
//! * [`url`]: how a peer and its authority key are named (spec section 4.7);
//! * `fuzz`, behind the cargo feature of that name: fuzz targets and the oracles that judge a codec.
//!
//! The specification is sv2-spec at commit 0f38d51 (2026-08-20).
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, reason = "tests may overflow loudly"))]

mod define;
mod error;
mod field;
mod flags;
pub mod frame;
#[cfg(feature = "fuzz")]
pub mod fuzz;
mod json;
pub mod link;
mod message;
pub mod noise;
mod reader;
mod table;
pub mod tlv;
mod types;
pub mod url;
mod value;

pub use error::{DecodeError, Problem};
pub use field::{Field, FieldType};
pub use flags::{FLAGS, FlagSpec};
pub use json::JsonError;
pub use message::{Decoded, FieldSpec, Kind, MessageSpec, Protocol, Sender};
pub use reader::Reader;
pub use table::*;
pub use types::{B0_16M, B0_32, B0_64K, B0_255, Bytes, F32, Opt, Seq, Seq0_64K, Seq0_255, Str0_255, U256};
pub use value::{Value, ValueError};
