use crate::{DecodeError, Reader, Value, ValueError};
use core::fmt;

/// A data type of spec section 3.1: how it stands on the wire and what value it has.
pub trait Field: Sized {
    /// The type's name.
    const TYPE: FieldType;
    /// Fewest bytes that a value takes.
    const MIN_LEN: usize;
    /// Most bytes that a value takes. May exceed what one frame can carry (AMB-10).
    const MAX_LEN: usize;

    /// Takes one value from the reader.
    ///
    /// # Errors
    /// A [`DecodeError`] with the offset and the problem; message and field names are added by the caller.
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError>;

    /// Appends the value's bytes.
    fn encode(&self, out: &mut Vec<u8>);

    /// The value without its wire type.
    fn to_value(&self) -> Value;

    /// The reverse of [`Field::to_value`].
    ///
    /// # Errors
    /// When the value is of another kind, or out of the type's range.
    fn from_value(value: &Value) -> Result<Self, ValueError>;
}

/// The name of a data type, as a value: the runtime view of [`Field`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// One byte of which only the lowest bit counts.
    Bool,
    /// Unsigned, 8 bits.
    U8,
    /// Unsigned, 16 bits.
    U16,
    /// Unsigned, 32 bits.
    U32,
    /// Unsigned, 64 bits.
    U64,
    /// Unsigned, 256 bits.
    U256,
    /// IEEE 754 binary32. Used by the specification without a row in its type table (AMB-08).
    F32,
    /// A string of up to 255 bytes.
    Str0_255,
    /// Bytes: up to 32, 255, 65535 or 16777215, as the number says.
    Bytes(usize),
    /// Nothing, or one value.
    Option(&'static Self),
    /// A list of up to so many elements: 255 or 65535.
    Seq(usize, &'static Self),
}

impl fmt::Display for FieldType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = |max: usize| match max {
            0xffff => "64K".to_owned(),
            0xff_ffff => "16M".to_owned(),
            other => other.to_string(),
        };
        match self {
            Self::Bool => f.write_str("BOOL"),
            Self::U8 => f.write_str("U8"),
            Self::U16 => f.write_str("U16"),
            Self::U32 => f.write_str("U32"),
            Self::U64 => f.write_str("U64"),
            Self::U256 => f.write_str("U256"),
            Self::F32 => f.write_str("F32"),
            Self::Str0_255 => f.write_str("STR0_255"),
            Self::Bytes(max) => write!(f, "B0_{}", short(*max)),
            Self::Option(inner) => write!(f, "OPTION[{inner}]"),
            Self::Seq(max, inner) => write!(f, "SEQ0_{}[{inner}]", short(*max)),
        }
    }
}
