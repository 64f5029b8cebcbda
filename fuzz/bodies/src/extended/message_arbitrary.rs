//! Messages that we make of values and write, read by SRI.

use super::joined;
use crate::diff_sri::{Opinion, Sri, hex_of};
use crate::differences::{Outcome, explained, without_text};
use sv2_wire::frame::Frame;
use sv2_wire::fuzz::message_arbitrary::{self as base, Input};
use sv2_wire::fuzz::{Codec, Finding, Oracle, Ours, Target};
use sv2_wire::{MessageSpec, Value};

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
    let bytes = frame.to_bytes();
    let name = spec.name;
    let (ours, theirs) = match (explained(&message, bytes.clone()), other.read(&bytes)) {
        (Outcome::Refused, Err(_)) => return Ok(()),
        (Outcome::Refused, Ok(_)) => {
            let what = format!("{name}: sri reads what the list says it refuses: {}", hex_of(&bytes));
            return Err(SRI_READS.found(what));
        }
        (Outcome::Written(_), Err(error)) => {
            return Err(SRI_READS.found(format!("{name} {}: sri refuses: {error}", hex_of(&bytes))));
        }
        (Outcome::Written(ours), Ok(theirs)) => (ours, theirs),
    };
    if theirs.used != frame.payload.len() {
        let (used, length) = (theirs.used, frame.payload.len());
        return Err(SRI_READS.found(format!("{name} {}: sri reads {used} of {length} bytes", hex_of(&bytes))));
    }
    same_values(spec, values, &theirs.values)?;
    match &theirs.written {
        Ok(written) if *written == ours => Ok(()),
        Ok(written) => {
            Err(SRI_WRITES.found(format!("{name}: ours {}, sri's {}", hex_of(&ours), hex_of(written))))
        }
        Err(error) => {
            Err(SRI_WRITES.found(format!("{name} {}: sri does not write it: {error}", hex_of(&ours))))
        }
    }
}

fn same_values(spec: &MessageSpec, ours: Vec<Value>, theirs: &[Value]) -> Result<(), Finding> {
    if spec.fields.len() != theirs.len() {
        let what = format!("{}: {} fields, sri has {}", spec.name, spec.fields.len(), theirs.len());
        return Err(SRI_VALUES.found(what));
    }
    for ((field, ours), theirs) in spec.fields.iter().zip(ours).zip(theirs) {
        let ours = without_text(ours);
        if ours != *theirs {
            let mut what = format!("{}.{}: {ours} went in, sri reads {theirs}", spec.name, field.name);
            what.truncate(what.char_indices().nth(600).map_or(what.len(), |(at, _)| at));
            return Err(SRI_VALUES.found(what));
        }
    }
    Ok(())
}
