//! Single values, read and written by `binary_sv2`.

use super::joined;
use crate::diff_sri::{Opinion, Sri, hex_of};
use crate::differences::without_text;
use sv2_wire::FieldType;
use sv2_wire::fuzz::datatype::{self as base, input_of};
use sv2_wire::fuzz::{Codec, Finding, Oracle, Ours, Target};

/// The target.
pub static TARGET: Target = Target {
    about: "bytes become a value of a data type, and the value the same bytes, as with SRI's binary_sv2",
    oracles: &joined::<10>(base::TARGET.oracles, &[SRI_VERDICT, SRI_LENGTH, SRI_VALUES, SRI_REENCODE]),
    run: |data| (base::TARGET.run)(data).and_then(|()| judge(&mut Sri, data)),
    ..base::TARGET
};

/// Accepted or refused alike.
pub const SRI_VERDICT: Oracle = Oracle {
    name: "sri_verdict",
    about: "both read a value or both refuse the bytes",
    clauses: &["SV2-03-006", "SV2-03-012", "SV2-03-016", "SV2-03-017", "SV2-03-018"],
};
/// Values take the same bytes.
pub const SRI_LENGTH: Oracle = Oracle {
    name: "sri_length",
    about: "the value takes as many bytes for both",
    clauses: &["SV2-03-006", "SV2-03-012", "SV2-03-016", "SV2-03-017", "SV2-03-018"],
};
/// Bytes have one meaning.
pub const SRI_VALUES: Oracle = Oracle {
    name: "sri_values",
    about: "the bytes stand for the same value, a float's to the bit",
    clauses: &["SV2-03-003", "SV2-03-004", "SV2-03-008", "SV2-03-009", "SV2-03-010"],
};
/// Values are written alike.
pub const SRI_REENCODE: Oracle = Oracle {
    name: "sri_reencode",
    about: "both write the value as the same bytes",
    clauses: &["SV2-03-005"],
};

/// Holds another opinion against ours.
///
/// # Errors
/// The first finding.
pub fn judge<O: Opinion>(other: &mut O, data: &[u8]) -> Result<(), Finding> {
    let Some((ty, bytes)) = input_of(data) else { return Ok(()) };
    let Some(theirs) = other.read_value(ty, bytes) else { return Ok(()) };
    let shown = || format!("{ty} {}", hex_of(bytes));
    let ((ours, used), theirs) = match (Ours.decode_value(ty, bytes), theirs) {
        (Ok(ours), Ok(theirs)) => (ours, theirs),
        (Err(_), Err(_)) => return Ok(()),
        (Ok((value, _)), Err(error)) => {
            return Err(SRI_VERDICT.found(format!("{}: we read {value}, sri refuses: {error}", shown())));
        }
        (Err(error), Ok(theirs)) => {
            let value = theirs.value;
            return Err(SRI_VERDICT.found(format!("{}: sri reads {value}, we refuse: {error}", shown())));
        }
    };
    if used != theirs.used {
        return Err(SRI_LENGTH.found(format!("{}: {used} bytes for us, {} for sri", shown(), theirs.used)));
    }
    let value = without_text(ours.clone());
    if value != theirs.value {
        return Err(SRI_VALUES.found(format!("{}: {value} for us, {} for sri", shown(), theirs.value)));
    }
    let written = write(ty, &ours)?;
    match theirs.written {
        Ok(bytes) if bytes == written => Ok(()),
        other => {
            let (ours, theirs) = (hex_of(&written), other.map(|bytes| hex_of(&bytes)));
            Err(SRI_REENCODE.found(format!("{}: ours {ours}, sri's {theirs:?}", shown())))
        }
    }
}

fn write(ty: FieldType, value: &sv2_wire::Value) -> Result<Vec<u8>, Finding> {
    let mut written = Vec::new();
    let done = Ours.encode_value(ty, value, &mut written);
    done.map_err(|error| SRI_REENCODE.found(format!("{ty} {value}: we do not write it: {error}")))?;
    Ok(written)
}
