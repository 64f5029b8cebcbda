//! Every known difference in behaviour between SRI's published crates and this project, as data: an input, what either side
//! makes of it, and the clause or ambiguity (`AMB-..`) by which ours was chosen. Rows marked `Alike` are inputs on which the
//! two might well differ and do not.
//!
//! Each row is executed against both sides by the tests. The same rows are what the target `diff_sri` allows: a row that
//! [`Explains`] a difference turns our outcome into SRI's, and what is not turned into it is a finding.

mod certificate;
#[cfg(test)]
mod evaluate;
mod explain;
mod rows;

pub use explain::{Outcome, Tail, Verdict, tail_of};
pub use rows::ROWS;

use sv2_wire::tlv::ByteOrder;
use sv2_wire::{Message, Value};

/// One input on which the two sides differ, or might.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// What is odd about the input.
    pub case: &'static str,
    /// The input.
    pub input: Input,
    /// What SRI does: a verdict, and behind `: ` the details.
    pub sri: &'static str,
    /// What we do, in the same form.
    pub ours: &'static str,
    /// Whether they differ.
    pub likeness: Likeness,
    /// Clause or ambiguity that decides for ours.
    pub because: &'static str,
    /// What it accounts for in other inputs than its own.
    pub explains: Explains,
}

/// Whether the two sides do the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// The verdicts are the same; details may be worded differently.
    Alike,
    /// The verdicts are not the same.
    Differ,
}

/// How SRI's outcome follows from ours where a row is the reason. A function gives back what it has nothing to say on.
#[derive(Clone, Copy, Debug)]
pub enum Explains {
    /// Nothing that a fuzz target reaches.
    Nothing,
    /// What comes of a frame.
    Frame(fn(&Message, Outcome) -> Outcome),
    /// What comes of the bytes behind the fields.
    Tail(fn(Tail, &[u16]) -> Tail),
    /// What comes of a certificate.
    Certificate(fn(&Certificate, Verdict) -> Verdict),
}

/// What is given to both sides.
#[derive(Clone, Copy, Debug)]
pub enum Input {
    /// A frame to be decoded, in hex.
    Frame(&'static str),
    /// A header whose payload has not come, in hex, under our limit of this many bytes.
    Announced(&'static str, usize),
    /// What stands behind the fields of a SubmitSharesExtended while extensions 2 and 0x4acd are negotiated; our order.
    Tail(&'static str, ByteOrder),
    /// A TLV value of extension 2, field 1, to be taken as a user identity.
    Identity(&'static str),
    /// A TLV value of this many bytes to be written.
    LongValue(usize),
    /// A certificate to be judged by the client.
    Certificate(Certificate),
}

/// A server's certificate and the client that judges it.
#[derive(Clone, Copy, Debug)]
pub struct Certificate {
    /// Its version.
    pub version: u16,
    /// Seconds from its first second to its last; negative where it ends before it begins.
    pub lasts: i64,
    /// Seconds from the end of validity.
    pub after_end: i64,
    /// Whether the client has an authority key.
    pub has_key: bool,
    /// Whether it is the key of the authority that signed.
    pub right_key: bool,
    /// Our leeway in seconds; SRI's is fixed.
    pub leeway: u64,
}

/// What our outcome, a message that was written as this frame, comes to for SRI by the rows.
pub fn explained(message: &Message, ours: Vec<u8>) -> Outcome {
    ROWS.iter().fold(Outcome::Written(ours), |outcome, row| match row.explains {
        Explains::Frame(explain) => explain(message, outcome),
        _ => outcome,
    })
}

/// What our verdict on a certificate comes to for SRI by the rows.
pub fn judged(certificate: &Certificate, ours: Verdict) -> Verdict {
    ROWS.iter().fold(ours, |verdict, row| match row.explains {
        Explains::Certificate(explain) => explain(certificate, verdict),
        _ => verdict,
    })
}

/// A value as SRI has it, whose strings are bytes (AMB-11).
pub fn without_text(value: Value) -> Value {
    match value {
        Value::Text(text) => Value::Bytes(text),
        Value::List(values) => Value::List(values.into_iter().map(without_text).collect()),
        Value::Option(Some(value)) => Value::Option(Some(Box::new(without_text(*value)))),
        value => value,
    }
}
