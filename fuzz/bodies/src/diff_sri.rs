//! The same bytes through SRI's published crates and through ours. What may differ is in [`crate::differences`].

mod input;
mod noise;
mod opinion;

pub use input::{Input, Mode};
pub(crate) use noise::sealed_len;
pub use opinion::{Opinion, Reading, Sri};

use crate::differences::{self, Certificate, Explains, Outcome, ROWS, Tail, tail_of};
use sv2_wire::frame::{Deframer, Frame, Header, MAX_PAYLOAD_LEN};
use sv2_wire::fuzz::{Finding, Oracle, Target, frame_stream};
use sv2_wire::{Decoded, Message, Value};

/// The target.
pub static TARGET: Target = Target {
    name: "diff_sri",
    about: "the same bytes mean the same to SRI's published crates and to us, save for the differences in a list",
    format: 1,
    max_len: 4096,
    oracles: &[FRAMES, VERDICT, LENGTH, VALUES, REENCODE, TAIL, SEALED, TAMPERED, CERTIFICATE],
    run: |data| judge(&mut Sri, &Input::of(data)),
    mutate: input::mutate,
    seeds: input::seeds,
};

/// Streams are cut alike.
pub const FRAMES: Oracle = Oracle {
    name: "frames",
    about: "both cut a stream into the same frames, however it comes",
    clauses: &["SV2-03-021", "SV2-03-024"],
};
/// Payloads are taken alike.
pub const VERDICT: Oracle = Oracle {
    name: "verdict",
    about: "both read a message or both refuse it",
    clauses: &["SV2-03-020", "SV2-03-027"],
};
/// Messages take the same bytes.
pub const LENGTH: Oracle =
    Oracle { name: "length", about: "a message takes as many bytes for both", clauses: &["SV2-03-044"] };
/// Fields have the same values.
pub const VALUES: Oracle = Oracle {
    name: "values",
    about: "every field has the same value for both",
    clauses: &["SV2-03-003", "SV2-03-004"],
};
/// Messages are written alike.
pub const REENCODE: Oracle = Oracle {
    name: "reencode",
    about: "both write a message that they have read as the same bytes",
    clauses: &["SV2-03-025"],
};
/// TLV fields are found alike.
pub const TAIL: Oracle = Oracle {
    name: "tail",
    about: "both find the same TLV fields behind a message",
    clauses: &["SV2-03-044"],
};
/// What one side encrypts the other reads.
pub const SEALED: Oracle = Oracle {
    name: "sealed",
    about: "a frame that one side encrypts the other decrypts to the same bytes, and both need as many for it",
    clauses: &[],
};
/// What was altered is refused, for good.
pub const TAMPERED: Oracle = Oracle {
    name: "tampered",
    about: "a record that was altered ends the session on both sides",
    clauses: &[],
};
/// Certificates are judged alike.
pub const CERTIFICATE: Oracle = Oracle {
    name: "certificate",
    about: "both clients think the same of a server's certificate",
    clauses: &[],
};

/// Holds another opinion against ours.
///
/// # Errors
/// The first finding.
pub fn judge<O: Opinion>(other: &mut O, input: &Input<'_>) -> Result<(), Finding> {
    match input {
        Input::Message(frame) => message(other, frame),
        Input::Stream(stream) => frames(other, stream),
        Input::Tail { negotiated, tail: bytes } => tail(other, negotiated, bytes),
        Input::Session(session) => noise::session(other, session),
        Input::Certificate(certificate) => certificate_of(other, certificate),
    }
}

fn frames<O: Opinion>(other: &mut O, input: &frame_stream::Input<'_>) -> Result<(), Finding> {
    let mut deframer = Deframer::new(MAX_PAYLOAD_LEN);
    let mut ours = Vec::new();
    for chunk in input.chunks() {
        deframer.push(chunk);
        while let Some(frame) = deframer.next_frame().map_err(|error| FRAMES.found(error.to_string()))? {
            ours.push(frame);
        }
    }
    let theirs = other.frames(&mut input.chunks()).map_err(|error| FRAMES.found(format!("sri: {error}")))?;
    match ours.iter().zip(&theirs).position(|(one, other)| one != other) {
        Some(at) => {
            let (ours, theirs) = (show(ours.get(at)), show(theirs.get(at)));
            Err(FRAMES.found(format!("frame {at}: ours {ours}, sri's {theirs}")))
        }
        None if ours.len() != theirs.len() => {
            Err(FRAMES.found(format!("ours are {}, sri's {}", ours.len(), theirs.len())))
        }
        None => Ok(()),
    }
}

fn show(frame: Option<&Frame>) -> String {
    frame.map_or_else(|| "none".to_owned(), |frame| hex_of(&frame.to_bytes()))
}

/// Hex, cut where it gets long.
pub(crate) fn hex_of(bytes: &[u8]) -> String {
    const MOST: usize = 256;
    match bytes.get(..MOST) {
        Some(head) if bytes.len() > MOST => format!("{}.. ({} bytes)", hex::encode(head), bytes.len()),
        _ => hex::encode(bytes),
    }
}

/// Holds another opinion of one frame against ours.
pub(crate) fn message<O: Opinion>(other: &mut O, frame: &Frame) -> Result<(), Finding> {
    let bytes = frame.to_bytes();
    let theirs = other.read(&bytes);
    let decoded = match frame.decode() {
        Ok(decoded) => decoded,
        Err(error) => {
            return match theirs {
                Ok(_) => Err(VERDICT.found(format!("sri reads {}, we refuse: {error}", hex_of(&bytes)))),
                Err(_) => Ok(()),
            };
        }
    };
    let name = decoded.message.spec().name;
    match (explained(&decoded, frame.header), theirs) {
        (Outcome::Refused, Err(_)) => Ok(()),
        (Outcome::Refused, Ok(_)) => {
            Err(VERDICT.found(format!("{name}: sri reads what the list says it refuses: {}", hex_of(&bytes))))
        }
        (Outcome::Written(_), Err(error)) => {
            Err(VERDICT.found(format!("{name}: we read {}, sri refuses: {error}", hex_of(&bytes))))
        }
        (Outcome::Written(ours), Ok(theirs)) => same(&decoded, frame, &ours, &theirs),
    }
}

/// What our reading comes to by the rows of the list.
fn explained(decoded: &Decoded<'_>, header: Header) -> Outcome {
    let mut payload = Vec::new();
    decoded.message.encode(&mut payload);
    payload.extend_from_slice(decoded.tail);
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    let ours = Frame { header: Header { length, ..header }, payload };
    differences::explained(&decoded.message, ours.to_bytes())
}

fn same(decoded: &Decoded<'_>, frame: &Frame, ours: &[u8], theirs: &Reading) -> Result<(), Finding> {
    let name = decoded.message.spec().name;
    let used = frame.payload.len().saturating_sub(decoded.tail.len());
    if used != theirs.used {
        let what = format!("{name} {}: {used} bytes for us, {} for sri", hex_of(&frame.payload), theirs.used);
        return Err(LENGTH.found(what));
    }
    values(&decoded.message, frame, &theirs.values)?;
    match &theirs.written {
        Ok(bytes) if bytes == ours => Ok(()),
        Ok(bytes) => Err(REENCODE.found(format!("{name}: ours {}, sri's {}", hex_of(ours), hex_of(bytes)))),
        Err(error) => Err(REENCODE.found(format!("{name} {}: sri does not write it: {error}", hex_of(ours)))),
    }
}

fn values(message: &Message, frame: &Frame, theirs: &[Value]) -> Result<(), Finding> {
    let spec = message.spec();
    if spec.fields.len() != theirs.len() {
        let what = format!("{}: {} fields, sri has {}", spec.name, spec.fields.len(), theirs.len());
        return Err(VALUES.found(what));
    }
    for (field, theirs) in spec.fields.iter().zip(theirs) {
        let Some(ours) = message.get(field.name).map(differences::without_text) else { continue };
        if ours != *theirs {
            let bytes = hex_of(&frame.payload);
            let what = format!("{}.{} of {bytes}: {ours} for us, {theirs} for sri", spec.name, field.name);
            return Err(VALUES.found(what));
        }
    }
    Ok(())
}

fn tail<O: Opinion>(other: &mut O, negotiated: &[u16], bytes: &[u8]) -> Result<(), Finding> {
    let walked = tail_of(bytes);
    // Our parser takes the tail as a whole or not at all.
    let ours = Tail::ours(bytes);
    if ours.as_ref() != (!walked.has_rest).then_some(&walked.fields) {
        return Err(TAIL.found(format!("{}: our parser gives {ours:?}, walking {walked:?}", hex_of(bytes))));
    }
    let expected = ROWS.iter().fold(walked, |tail, row| match row.explains {
        Explains::Tail(explain) => explain(tail, negotiated),
        _ => tail,
    });
    let theirs = other.tail(bytes, negotiated).map_err(|error| TAIL.found(format!("sri: {error}")))?;
    if expected.fields == theirs {
        return Ok(());
    }
    let expected = expected.fields;
    Err(TAIL
        .found(format!("{} with {negotiated:?}: expected {expected:?}, sri finds {theirs:?}", hex_of(bytes))))
}

fn certificate_of<O: Opinion>(other: &mut O, certificate: &Certificate) -> Result<(), Finding> {
    let failed = |error: String| CERTIFICATE.found(format!("{certificate:?}: {error}"));
    let (ours, _) = certificate.ours().map_err(failed)?;
    let theirs = other.certificate(certificate).map_err(failed)?;
    let expected = differences::judged(certificate, ours);
    if expected == theirs {
        return Ok(());
    }
    Err(CERTIFICATE.found(format!("{certificate:?}: expected {}, sri {}", expected.name(), theirs.name())))
}
