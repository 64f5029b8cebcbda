//! Single values of the data types of spec section 3.1.

use super::layout::{How, Notes, end_of, says};
use super::ours::DATATYPES;
use super::{ANSWERS, Codec, CodecError, Finding, Oracle, Ours, Random, Seed, Target, mutate, seed, show};
use crate::{FieldType, Value};

/// The target.
pub const TARGET: Target = Target {
    name: "datatype",
    about: "bytes become a value of a data type, and the value the same bytes",
    format: 1,
    max_len: 1024,
    oracles: &[ANSWERS, LAYOUT, VALUES, REENCODE, PREFIX, ORDER],
    run: |data| judge(&mut Ours, data),
    mutate: mutate_input,
    seeds,
};

/// Accepted or refused as the type says.
pub const LAYOUT: Oracle = Oracle {
    name: "layout",
    about: "bytes are read if and only if they begin with a value of the type, and as many as it takes",
    clauses: &["SV2-03-006", "SV2-03-012", "SV2-03-016", "SV2-03-017", "SV2-03-018"],
};
/// The value is that of the bytes.
pub const VALUES: Oracle = Oracle {
    name: "values",
    about: "the value is the one that the bytes stand for, a float's to the bit",
    clauses: &["SV2-03-003", "SV2-03-004", "SV2-03-008", "SV2-03-009", "SV2-03-010"],
};
/// What was read is written.
pub const REENCODE: Oracle = Oracle {
    name: "reencode",
    about: "a value is written as the bytes it was read from, save that of a BOOL only the lowest bit is kept",
    clauses: &["SV2-03-005"],
};
/// Part of a value is no value.
pub const PREFIX: Oracle = Oracle {
    name: "prefix",
    about: "as long as bytes of the value are missing it is incomplete",
    clauses: &["SV2-03-027"],
};
/// U256 are numbers.
pub const ORDER: Oracle = Oracle {
    name: "order",
    about: "two U256 compare as the numbers that they are",
    clauses: &["SV2-03-008"],
};

/// What the bytes of an input mean: one byte that chooses the type, and the bytes that are to be read. Nothing where there is no
/// byte.
pub fn input_of(data: &[u8]) -> Option<(FieldType, &[u8])> {
    let (tag, bytes) = data.split_first()?;
    let chosen = usize::from(*tag).checked_rem(DATATYPES.len()).and_then(|index| DATATYPES.get(index));
    Some((chosen?.ty, bytes))
}

/// Holds a codec against every oracle of the target.
///
/// # Errors
/// The first finding.
pub fn judge<C: Codec>(codec: &mut C, data: &[u8]) -> Result<(), Finding> {
    let Some((ty, bytes)) = input_of(data) else { return Ok(()) };
    if ty == FieldType::U256 {
        order(codec, bytes)?;
    }
    let mut notes = Notes::default();
    let want = end_of(ty, bytes, 0, &mut notes);
    match (codec.decode_value(ty, bytes), want) {
        (Err(CodecError::Unsupported), _) => Ok(()),
        (Err(CodecError::Broken(how)), _) => Err(ANSWERS.found(how)),
        (Err(_), Ok(_)) if notes.is_not_utf8 => Ok(()),
        (Err(error), Ok(_)) => Err(LAYOUT.found(format!("{ty} {}: refused: {error}", show(bytes)))),
        (Err(error), Err((at, how))) => waits::<C>(ty, bytes, (at, how), &error),
        (Ok(_), Err((_, How::Crowded))) => Ok(()),
        (Ok((value, _)), Err((at, how))) => {
            Err(LAYOUT.found(format!("{ty} {}: {how:?} at offset {at}, and read as {value}", show(bytes))))
        }
        (Ok((_, used)), Ok(end)) if used != end => {
            Err(LAYOUT.found(format!("{ty} {}: takes {end} bytes, {used} were read", show(bytes))))
        }
        (Ok((value, _)), Ok(end)) => {
            let bytes = bytes.get(..end).unwrap_or_default();
            read(codec, ty, bytes, &value, &notes)
        }
    }
}

fn waits<C: Codec>(
    ty: FieldType,
    bytes: &[u8],
    wrong: (usize, How),
    error: &CodecError,
) -> Result<(), Finding> {
    let (at, how) = wrong;
    let is_patient = matches!(error, CodecError::Incomplete(_));
    if C::TELLS_INCOMPLETE && is_patient && how == How::Long {
        return Err(
            LAYOUT.found(format!("{ty} {}: Long at offset {at}, and the codec waits for more", show(bytes)))
        );
    }
    Ok(())
}

fn read<C: Codec>(
    codec: &mut C,
    ty: FieldType,
    bytes: &[u8],
    value: &Value,
    notes: &Notes,
) -> Result<(), Finding> {
    if !says(ty, bytes, value) {
        return Err(VALUES.found(format!("{ty} {}: read as {value}", show(bytes))));
    }
    let mut written = Vec::with_capacity(bytes.len());
    match codec.encode_value(ty, value, &mut written) {
        Ok(()) if written == notes.normalised(bytes) => {}
        Ok(()) => {
            return Err(REENCODE.found(format!(
                "{ty}: read from {}, written {}",
                show(bytes),
                show(&written)
            )));
        }
        Err(CodecError::Unsupported) => {}
        Err(CodecError::Broken(how)) => return Err(ANSWERS.found(how)),
        Err(error) => return Err(REENCODE.found(format!("{ty} {}: read, not written: {error}", show(bytes)))),
    }
    let last = bytes.len().saturating_sub(1);
    for cut in [0, 1, last.checked_div(2).unwrap_or(0), last].into_iter().filter(|cut| *cut < bytes.len()) {
        let part = bytes.get(..cut).unwrap_or_default();
        match codec.decode_value(ty, part) {
            Err(CodecError::Incomplete(_) | CodecError::Unsupported) => {}
            Err(CodecError::Broken(how)) => return Err(ANSWERS.found(how)),
            Err(_) if !C::TELLS_INCOMPLETE || notes.is_not_utf8 => {}
            Err(error) => return Err(PREFIX.found(format!("{ty}: {cut} bytes, {}: {error}", show(part)))),
            Ok((value, _)) => return Err(PREFIX.found(format!("{ty}: {} was read as {value}", show(part)))),
        }
    }
    Ok(())
}

fn order<C: Codec>(codec: &mut C, bytes: &[u8]) -> Result<(), Finding> {
    let Some((one, rest)) = bytes.split_first_chunk::<32>() else { return Ok(()) };
    // Without a second number, the first one with its ends exchanged.
    let mut other = *one;
    other.reverse();
    let other = rest.first_chunk::<32>().copied().unwrap_or(other);
    let want = one.iter().rev().cmp(other.iter().rev());
    match codec.compare(*one, other) {
        Ok(got) if got != want => Err(ORDER.found(format!(
            "{} against {}: expected {want:?}, got {got:?}",
            show(one),
            show(&other)
        ))),
        Err(CodecError::Broken(how)) => Err(ANSWERS.found(how)),
        _ => Ok(()),
    }
}

fn mutate_input(data: &mut Vec<u8>, random: &mut Random, max_len: usize) {
    match random.below(4) {
        0 | 1 => {
            let tag = random.below(DATATYPES.len());
            let Some(row) = DATATYPES.get(tag) else { return };
            *data = vec![u8::try_from(tag).unwrap_or(0)];
            data.extend(mutate::boundary(row.ty, random, 600));
        }
        _ => mutate::mutate_bytes(data, random, max_len),
    }
    data.truncate(max_len);
}

fn seeds() -> Vec<Seed> {
    let mut seeds = Vec::new();
    for (tag, row) in DATATYPES.iter().enumerate() {
        let tag = u8::try_from(tag).unwrap_or(0);
        let bytes = [&[tag][..], &seed::value(row.ty, 3, 256)].concat();
        seeds.push(Seed::new(format!("{}-largest", row.ty), bytes));
        let vectors = seed::value_vectors();
        let vectors = vectors.iter().filter(|(ty, bytes)| *ty == row.ty.to_string() && bytes.len() < 600);
        for (index, (ty, bytes)) in vectors.enumerate() {
            seeds.push(Seed::new(format!("{ty}-vector-{index}"), [&[tag][..], bytes].concat()));
        }
    }
    seeds
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MESSAGES;

    #[test]
    fn every_type_of_the_table_and_of_the_vectors_is_fuzzed() {
        let fuzzed = DATATYPES.iter().map(|row| row.ty.to_string()).collect::<Vec<_>>();
        for field in MESSAGES.iter().flat_map(|spec| spec.fields) {
            assert!(fuzzed.contains(&field.ty.to_string()), "{} of {}", field.ty, field.name);
        }
        for (ty, _) in seed::value_vectors() {
            assert!(fuzzed.contains(&ty), "{ty}");
        }
    }
}
