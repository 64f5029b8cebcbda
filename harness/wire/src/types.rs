//! The data types of spec section 3.1 that Rust has no type for.

use crate::error::DecodeError;
use crate::reader::{prefix_len, write_length};
use crate::{Field, FieldType, Reader, Value, ValueError};
use arbitrary::{Arbitrary, Unstructured};
use core::fmt;

/// B0_32: up to 32 bytes.
pub type B0_32 = Bytes<32>;
/// B0_255: up to 255 bytes.
pub type B0_255 = Bytes<0xff>;
/// B0_64K: up to 65535 bytes.
pub type B0_64K = Bytes<0xffff>;
/// B0_16M: up to 16777215 bytes; in a frame always fewer (AMB-10).
pub type B0_16M = Bytes<0xff_ffff>;
/// SEQ0_255: up to 255 elements.
pub type Seq0_255<T> = Seq<T, 0xff>;
/// SEQ0_64K: up to 65535 elements.
pub type Seq0_64K<T> = Seq<T, 0xffff>;

/// An unsigned 256-bit integer. Holds its bytes as they are on the wire: little-endian.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, Arbitrary)]
pub struct U256([u8; 32]);

impl U256 {
    /// Zero.
    pub const ZERO: Self = Self([0; 32]);
    /// 2^256 - 1.
    pub const MAX: Self = Self([0xff; 32]);

    /// From the bytes of the wire, least significant first.
    pub const fn from_le_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// From bytes with the most significant first, as block explorers and hex literals write a number.
    pub fn from_be_bytes(mut bytes: [u8; 32]) -> Self {
        bytes.reverse();
        Self(bytes)
    }

    /// The bytes of the wire, least significant first.
    pub const fn to_le_bytes(self) -> [u8; 32] {
        self.0
    }

    /// The bytes with the most significant first.
    pub fn to_be_bytes(self) -> [u8; 32] {
        let mut bytes = self.0;
        bytes.reverse();
        bytes
    }
}

impl From<u64> for U256 {
    fn from(number: u64) -> Self {
        let mut bytes = [0; 32];
        for (to, from) in bytes.iter_mut().zip(number.to_le_bytes()) {
            *to = from;
        }
        Self(bytes)
    }
}

impl Ord for U256 {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        self.0.iter().rev().cmp(other.0.iter().rev())
    }
}

impl PartialOrd for U256 {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for U256 {
    /// 64 hexadecimal digits, the most significant first.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.to_be_bytes()))
    }
}

impl fmt::Debug for U256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "U256(0x{self})")
    }
}

impl Field for U256 {
    const TYPE: FieldType = FieldType::U256;
    const MIN_LEN: usize = 32;
    const MAX_LEN: usize = 32;

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.array().map(Self)
    }

    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }

    fn to_value(&self) -> Value {
        Value::U256(*self)
    }

    fn from_value(value: &Value) -> Result<Self, ValueError> {
        match value {
            Value::U256(number) => Ok(*number),
            Value::Uint(number) => Ok(Self::from(*number)),
            other => Err(other.mismatch(Self::TYPE)),
        }
    }
}

/// An IEEE 754 binary32 that is equal to another when their bits are: a NaN survives a round trip.
#[derive(Clone, Copy, Default)]
pub struct F32(pub f32);

impl PartialEq for F32 {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}

impl Eq for F32 {}

impl fmt::Debug for F32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "F32({}, bits 0x{:08x})", self.0, self.0.to_bits())
    }
}

impl<'a> Arbitrary<'a> for F32 {
    fn arbitrary(u: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        Ok(Self(f32::from_bits(u.arbitrary()?)))
    }
}

impl Field for F32 {
    const TYPE: FieldType = FieldType::F32;
    const MIN_LEN: usize = 4;
    const MAX_LEN: usize = 4;

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self(f32::from_bits(u32::from_le_bytes(reader.array()?))))
    }

    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0.to_bits().to_le_bytes());
    }

    fn to_value(&self) -> Value {
        Value::F32(*self)
    }

    fn from_value(value: &Value) -> Result<Self, ValueError> {
        let Value::F32(number) = value else { return Err(value.mismatch(Self::TYPE)) };
        Ok(*number)
    }
}

impl Field for bool {
    const TYPE: FieldType = FieldType::Bool;
    const MIN_LEN: usize = 1;
    const MAX_LEN: usize = 1;

    /// "Recipients MUST NOT interpret bits outside of the least significant bit" (spec section 3.1).
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let [byte] = reader.array()?;
        Ok(byte & 1 == 1)
    }

    fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn to_value(&self) -> Value {
        Value::Bool(*self)
    }

    fn from_value(value: &Value) -> Result<Self, ValueError> {
        let Value::Bool(flag) = value else { return Err(value.mismatch(Self::TYPE)) };
        Ok(*flag)
    }
}

/// Bytes behind a length prefix; holds at most `MAX`.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Bytes<const MAX: usize>(Vec<u8>);

impl<const MAX: usize> Bytes<MAX> {
    /// Checks the length.
    ///
    /// # Errors
    /// [`ValueError::Range`] above `MAX` bytes.
    pub fn new(bytes: Vec<u8>) -> Result<Self, ValueError> {
        if bytes.len() > MAX {
            let got = format!("{} bytes", bytes.len());
            return Err(ValueError::Range { expected: FieldType::Bytes(MAX), got });
        }
        Ok(Self(bytes))
    }

    /// The bytes without their prefix.
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

impl<const MAX: usize> fmt::Debug for Bytes<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "x\"{}\"", hex::encode(&self.0))
    }
}

impl<'a, const MAX: usize> Arbitrary<'a> for Bytes<MAX> {
    fn arbitrary(u: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        let length = u.arbitrary_len::<u8>()?.min(MAX);
        Ok(Self(u.bytes(length)?.to_vec()))
    }
}

impl<const MAX: usize> Field for Bytes<MAX> {
    const TYPE: FieldType = FieldType::Bytes(MAX);
    const MIN_LEN: usize = prefix_len(MAX);
    const MAX_LEN: usize = prefix_len(MAX).saturating_add(MAX);

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let length = reader.length(MAX)?;
        reader.take(length).map(|bytes| Self(bytes.to_vec()))
    }

    fn encode(&self, out: &mut Vec<u8>) {
        write_length(out, self.0.len(), MAX);
        out.extend_from_slice(&self.0);
    }

    fn to_value(&self) -> Value {
        Value::Bytes(self.0.clone())
    }

    fn from_value(value: &Value) -> Result<Self, ValueError> {
        let Value::Bytes(bytes) = value else { return Err(value.mismatch(Self::TYPE)) };
        Self::new(bytes.clone())
    }
}

/// STR0_255: up to 255 bytes that are meant as text. Neither UTF-8 nor anything else is checked (AMB-11).
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Str0_255(Vec<u8>);

impl Str0_255 {
    /// Checks the length.
    ///
    /// # Errors
    /// [`ValueError::Range`] above 255 bytes.
    pub fn new(text: impl Into<Vec<u8>>) -> Result<Self, ValueError> {
        let text = text.into();
        if text.len() > 255 {
            let got = format!("{} bytes", text.len());
            return Err(ValueError::Range { expected: FieldType::Str0_255, got });
        }
        Ok(Self(text))
    }

    /// Takes the first 255 bytes and drops the rest.
    pub fn lossy(text: &[u8]) -> Self {
        Self(text.iter().copied().take(255).collect())
    }

    /// The bytes without their prefix.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text, with replacement characters where it is not UTF-8.
    pub fn to_text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }
}

impl fmt::Debug for Str0_255 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_text())
    }
}

impl<'a> Arbitrary<'a> for Str0_255 {
    fn arbitrary(u: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        let length = u.arbitrary_len::<u8>()?.min(255);
        Ok(Self(u.bytes(length)?.to_vec()))
    }
}

impl Field for Str0_255 {
    const TYPE: FieldType = FieldType::Str0_255;
    const MIN_LEN: usize = 1;
    const MAX_LEN: usize = 256;

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let length = reader.length(255)?;
        reader.take(length).map(|bytes| Self(bytes.to_vec()))
    }

    fn encode(&self, out: &mut Vec<u8>) {
        write_length(out, self.0.len(), 255);
        out.extend_from_slice(&self.0);
    }

    fn to_value(&self) -> Value {
        Value::Text(self.0.clone())
    }

    fn from_value(value: &Value) -> Result<Self, ValueError> {
        let Value::Text(text) = value else { return Err(value.mismatch(Self::TYPE)) };
        Self::new(text.clone())
    }
}

/// OPTION: nothing or one value, behind a count of 0 or 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Arbitrary)]
pub struct Opt<T>(pub Option<T>);

impl<T: Field> Field for Opt<T> {
    const TYPE: FieldType = FieldType::Option(&T::TYPE);
    const MIN_LEN: usize = 1;
    const MAX_LEN: usize = T::MAX_LEN.saturating_add(1);

    /// A count of 2 or more is malformed (AMB-09).
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let count = reader.length(1)?;
        Ok(Self(if count == 0 { None } else { Some(T::decode(reader)?) }))
    }

    fn encode(&self, out: &mut Vec<u8>) {
        write_length(out, usize::from(self.0.is_some()), 1);
        if let Some(value) = &self.0 {
            value.encode(out);
        }
    }

    fn to_value(&self) -> Value {
        Value::Option(self.0.as_ref().map(|value| Box::new(value.to_value())))
    }

    fn from_value(value: &Value) -> Result<Self, ValueError> {
        match value {
            Value::Option(None) => Ok(Self(None)),
            Value::Option(Some(inner)) => T::from_value(inner).map(|value| Self(Some(value))),
            bare => T::from_value(bare).map(|value| Self(Some(value))),
        }
    }
}

/// A list behind a count; holds at most `MAX` elements.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Seq<T, const MAX: usize>(Vec<T>);

impl<T: Field, const MAX: usize> Seq<T, MAX> {
    /// Checks the count.
    ///
    /// # Errors
    /// [`ValueError::Range`] above `MAX` elements.
    pub fn new(elements: Vec<T>) -> Result<Self, ValueError> {
        if elements.len() > MAX {
            let got = format!("{} elements", elements.len());
            return Err(ValueError::Range { expected: Self::TYPE, got });
        }
        Ok(Self(elements))
    }
}

impl<T, const MAX: usize> Seq<T, MAX> {
    /// The elements.
    pub fn as_slice(&self) -> &[T] {
        &self.0
    }

    /// The elements, owned.
    pub fn into_vec(self) -> Vec<T> {
        self.0
    }
}

impl<T, const MAX: usize> Default for Seq<T, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'a, T: Arbitrary<'a>, const MAX: usize> Arbitrary<'a> for Seq<T, MAX> {
    fn arbitrary(u: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        u.arbitrary_iter()?.take(MAX).collect::<Result<_, _>>().map(Self)
    }
}

impl<T: Field, const MAX: usize> Field for Seq<T, MAX> {
    const TYPE: FieldType = FieldType::Seq(MAX, &T::TYPE);
    const MIN_LEN: usize = prefix_len(MAX);
    const MAX_LEN: usize = prefix_len(MAX).saturating_add(MAX.saturating_mul(T::MAX_LEN));

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let count = reader.length(MAX)?;
        // The count is only announced: room is made for no more elements than the bytes at hand can hold.
        let possible = reader.rest().len().checked_div(T::MIN_LEN).unwrap_or(0);
        let mut elements = Vec::with_capacity(count.min(possible));
        for index in 0..count {
            let element = T::decode(reader).map_err(|error| DecodeError { index: Some(index), ..error })?;
            elements.push(element);
        }
        Ok(Self(elements))
    }

    fn encode(&self, out: &mut Vec<u8>) {
        write_length(out, self.0.len(), MAX);
        for element in &self.0 {
            element.encode(out);
        }
    }

    fn to_value(&self) -> Value {
        Value::List(self.0.iter().map(Field::to_value).collect())
    }

    fn from_value(value: &Value) -> Result<Self, ValueError> {
        let Value::List(values) = value else { return Err(value.mismatch(Self::TYPE)) };
        Self::new(values.iter().map(T::from_value).collect::<Result<_, _>>()?)
    }
}
