//! Messages that we make of values and write, read by SRI.

use super::joined;
use crate::diff_sri::{self, Opinion, REENCODE, Sri, VALUES};
use sv2_wire::frame::Frame;
use sv2_wire::fuzz::message_arbitrary::{self as base, Input};
use sv2_wire::fuzz::{Codec, Finding, Oracle, Ours, Target};

/// The target.
pub static TARGET: Target = Target {
    about: "values within their bounds become a message, bytes as the table lays them out, and the same values again, for SRI too",
    oracles: &joined::<9>(base::TARGET.oracles, &[SRI_READS, SRI_VALUES, SRI_WRITES]),
    run: |data| (base::TARGET.run)(data).and_then(|()| judge(&mut Sri, data)),
    ..base::TARGET
};

/// Our bytes are a message for SRI.
pub const SRI_READS: Oracle = Oracle {
    name: "sri_reads",
    about: "SRI reads the payload that we have written, to its end",
    clauses: &["SV2-03-025", "SV2-03-027"],
};
/// It says the same.
pub const SRI_VALUES: Oracle = Oracle {
    name: "sri_values",
    about: "every field has for SRI the value that went in",
    clauses: &["SV2-03-003", "SV2-03-004"],
};
/// SRI would have written it so.
pub const SRI_WRITES: Oracle = Oracle {
    name: "sri_writes",
    about: "SRI writes the message that it has read as the same bytes, header included",
    clauses: &["SV2-03-003", "SV2-03-005", "SV2-03-025"],
};

/// Holds another opinion against what we write for the values of an input.
///
/// # Errors
/// The first finding.
pub fn judge<O: Opinion>(other: &mut O, data: &[u8]) -> Result<(), Finding> {
    let Some(Input { spec, values, .. }) = Input::of(data) else { return Ok(()) };
    // What does not become a frame has been judged by the target's own oracles.
    let Ok(message) = Ours.build(spec.kind, &values) else { return Ok(()) };
    let Ok(frame) = Frame::of(&message) else { return Ok(()) };
    diff_sri::message(other, &frame).map_err(|Finding { oracle, what }| {
        let known = [(VALUES, SRI_VALUES), (REENCODE, SRI_WRITES)];
        let here = known.into_iter().find(|(there, _)| there.name == oracle);
        here.map_or(SRI_READS, |(_, here)| here).found(what)
    })
}
