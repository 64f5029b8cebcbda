//! A second reading of payloads, by the types of the table at run time. It shares no code with the codec: what the two
//! say of the same bytes is compared.

use crate::{FieldType, MessageSpec, Value};

/// Where the fields of a message stand, and what about them has more than one legal reading.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// End of each field in the payload; a field begins where the one before it ends.
    pub ends: Vec<usize>,
    /// What was noticed on the way.
    pub notes: Notes,
}

/// What a reading noticed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// Offsets of BOOLs with bits set above the lowest: written back, they are 0 or 1 (SV2-03-004).
    pub loose_bools: Vec<usize>,
    /// Whether a STR0_255 is not UTF-8: a codec may refuse it (AMB-11).
    pub is_not_utf8: bool,
}

/// Bytes that are no value of their type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Place of the field in the row.
    pub field: usize,
    /// Where the type that is not kept begins.
    pub offset: usize,
    /// In what way.
    pub how: How,
}

/// In what way bytes are wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// They end too early.
    Short,
    /// A length or count is above its bound.
    Long,
    /// An OPTION has 2 or more elements. A codec may read it in other ways (AMB-09).
    Crowded,
}

impl Layout {
    /// Reads the fields of a row from the front of a payload.
    ///
    /// # Errors
    /// The first field that does not fit.
    pub fn of(spec: &MessageSpec, payload: &[u8]) -> Result<Self, Wrong> {
        let mut layout = Self { ends: Vec::with_capacity(spec.fields.len()), notes: Notes::default() };
        let mut at = 0;
        for (field, row) in spec.fields.iter().enumerate() {
            at = end_of(row.ty, payload, at, &mut layout.notes).map_err(|(offset, how)| Wrong {
                field,
                offset,
                how,
            })?;
            layout.ends.push(at);
        }
        Ok(layout)
    }

    /// Bytes that all fields take.
    pub fn used(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    /// The bytes of the field with this place.
    pub fn field<'p>(&self, field: usize, payload: &'p [u8]) -> &'p [u8] {
        let end = self.ends.get(field).copied().unwrap_or(0);
        let start = field.checked_sub(1).and_then(|before| self.ends.get(before).copied()).unwrap_or(0);
        payload.get(start..end).unwrap_or_default()
    }

    /// Whether `encoded` is what a codec has to write for the value that stands in `bytes`: the same bytes, save BOOLs, of
    /// which only the lowest bit is kept.
    pub fn is_written_as(&self, bytes: &[u8], encoded: &[u8]) -> bool {
        if self.notes.loose_bools.is_empty() {
            return bytes == encoded;
        }
        self.notes.normalised(bytes) == encoded
    }
}

impl Notes {
    /// The bytes with every BOOL as it is to be written.
    pub fn normalised(&self, bytes: &[u8]) -> Vec<u8> {
        let mut canonical = bytes.to_vec();
        for &at in &self.loose_bools {
            if let Some(byte) = canonical.get_mut(at) {
                *byte &= 1;
            }
        }
        canonical
    }
}

/// Where a value of a type ends that begins at `at`.
///
/// # Errors
/// Where and in what way the bytes are none.
pub fn end_of(ty: FieldType, bytes: &[u8], at: usize, notes: &mut Notes) -> Result<usize, (usize, How)> {
    let within = |start: usize, count: usize| match start.checked_add(count) {
        Some(end) if end <= bytes.len() => Ok(end),
        _ => Err((start, How::Short)),
    };
    match ty {
        FieldType::Bool => {
            let end = within(at, 1)?;
            if bytes.get(at).is_some_and(|byte| byte & 0xfe != 0) {
                notes.loose_bools.push(at);
            }
            Ok(end)
        }
        FieldType::U8 => within(at, 1),
        FieldType::U16 => within(at, 2),
        FieldType::U32 | FieldType::F32 => within(at, 4),
        FieldType::U64 => within(at, 8),
        FieldType::U256 => within(at, 32),
        FieldType::Str0_255 => {
            let (start, count) = counted(0xff, bytes, at)?;
            let end = within(start, count)?;
            notes.is_not_utf8 |= core::str::from_utf8(bytes.get(start..end).unwrap_or_default()).is_err();
            Ok(end)
        }
        FieldType::Bytes(max) => {
            let (start, count) = counted(max, bytes, at)?;
            within(start, count)
        }
        FieldType::Option(inner) => match bytes.get(at) {
            None => Err((at, How::Short)),
            Some(0) => within(at, 1),
            Some(1) => end_of(*inner, bytes, at.saturating_add(1), notes),
            Some(_) => Err((at, How::Crowded)),
        },
        FieldType::Seq(max, inner) => {
            let (mut at, count) = counted(max, bytes, at)?;
            for _ in 0..count {
                at = end_of(*inner, bytes, at, notes)?;
            }
            Ok(at)
        }
    }
}

/// Whether the bytes, which [`end_of`] has found to be of the type, stand for this value.
pub fn says(ty: FieldType, bytes: &[u8], value: &Value) -> bool {
    let number = || bytes.iter().rev().fold(0u64, |sum, byte| (sum << 8) | u64::from(*byte));
    match (ty, value) {
        (FieldType::Bool, Value::Bool(flag)) => (number() & 1 == 1) == *flag,
        (FieldType::U8 | FieldType::U16 | FieldType::U32 | FieldType::U64, Value::Uint(uint)) => {
            number() == *uint
        }
        (FieldType::F32, Value::F32(float)) => number() == u64::from(float.0.to_bits()),
        (FieldType::U256, Value::U256(uint)) => bytes.iter().rev().eq(&uint.to_be_bytes()),
        (FieldType::Str0_255, Value::Text(text)) => bytes.get(1..) == Some(text),
        (FieldType::Bytes(max), Value::Bytes(inner)) => bytes.get(width(max)..) == Some(inner),
        (FieldType::Option(_), Value::Option(None)) => bytes == [0],
        (FieldType::Option(inner), Value::Option(Some(value))) => {
            bytes.split_first().is_some_and(|(_, rest)| says(*inner, rest, value))
        }
        (FieldType::Seq(max, inner), Value::List(values)) => says_list(max, *inner, bytes, values),
        _ => false,
    }
}

fn says_list(max: usize, inner: FieldType, bytes: &[u8], values: &[Value]) -> bool {
    let Ok((mut at, count)) = counted(max, bytes, 0) else { return false };
    count == values.len()
        && values.iter().all(|value| {
            let Ok(end) = end_of(inner, bytes, at, &mut Notes::default()) else { return false };
            let element = bytes.get(at..end).unwrap_or_default();
            at = end;
            says(inner, element, value)
        })
}

/// Where the elements begin, and how many there are.
fn counted(max: usize, bytes: &[u8], at: usize) -> Result<(usize, usize), (usize, How)> {
    let start = at.saturating_add(width(max));
    let prefix = bytes.get(at..start).ok_or((at, How::Short))?;
    let count = prefix.iter().rev().fold(0usize, |sum, byte| (sum << 8) | usize::from(*byte));
    if count > max { Err((at, How::Long)) } else { Ok((start, count)) }
}

/// Width in bytes of a length or count up to `max`.
pub fn width(max: usize) -> usize {
    if max > 0xffff {
        3
    } else if max > 0xff {
        2
    } else {
        1
    }
}
