use crate::types::{F32, U256};
use crate::{Field, FieldType, Opt, Seq, Str0_255};
use core::fmt;

/// The value of one message field, without its wire type: what matchers, rules and reports read.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// BOOL.
    Bool(bool),
    /// U8, U16, U32 or U64.
    Uint(u64),
    /// U256, as a number.
    U256(U256),
    /// F32, compared by its bits.
    F32(F32),
    /// B0_32, B0_255, B0_64K or B0_16M.
    Bytes(Vec<u8>),
    /// STR0_255; the encoding is not checked (spec section 3.1 names none).
    Text(Vec<u8>),
    /// OPTION.
    Option(Option<Box<Self>>),
    /// SEQ0_255 or SEQ0_64K.
    List(Vec<Self>),
}

/// A value that a field cannot hold. Our side's mistake, never a peer's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// Another kind of value than the field's type.
    #[error("expected {expected}, got {got}")]
    Kind {
        /// The field's type.
        expected: FieldType,
        /// The kind of value that was given.
        got: &'static str,
    },
    /// The right kind, outside of the type's range.
    #[error("{got} does not fit {expected}")]
    Range {
        /// The field's type.
        expected: FieldType,
        /// The value, or its length.
        got: String,
    },
    /// The message has no field of this name.
    #[error("{message} has no field {field}")]
    NoField {
        /// The message.
        message: &'static str,
        /// The name that was asked for.
        field: String,
    },
}

impl Value {
    /// The kind in words, for error texts.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Bool(_) => "a boolean",
            Self::Uint(_) => "an integer",
            Self::U256(_) => "a 256-bit integer",
            Self::F32(_) => "a float",
            Self::Bytes(_) => "bytes",
            Self::Text(_) => "a string",
            Self::Option(_) => "an option",
            Self::List(_) => "a list",
        }
    }

    pub(crate) fn mismatch(&self, expected: FieldType) -> ValueError {
        ValueError::Kind { expected, got: self.kind() }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uint(value) => write!(f, "{value}"),
            Self::Bytes(bytes) => write!(f, "x\"{}\"", hex::encode(bytes)),
            Self::Option(None) => f.write_str("none"),
            Self::Option(Some(value)) => value.fmt(f),
            other => write!(f, "{}", other.to_json()),
        }
    }
}

macro_rules! uint_value {
    ($($ty:ident $name:ident),*) => {$(
        impl Field for $ty {
            const TYPE: FieldType = FieldType::$name;
            const MIN_LEN: usize = size_of::<Self>();
            const MAX_LEN: usize = size_of::<Self>();

            fn decode(reader: &mut crate::Reader<'_>) -> Result<Self, crate::DecodeError> {
                Ok(Self::from_le_bytes(reader.array()?))
            }

            fn encode(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            fn to_value(&self) -> Value {
                Value::Uint(u64::from(*self))
            }

            fn from_value(value: &Value) -> Result<Self, ValueError> {
                let &Value::Uint(number) = value else { return Err(value.mismatch(Self::TYPE)) };
                Self::try_from(number)
                    .map_err(|_| ValueError::Range { expected: Self::TYPE, got: number.to_string() })
            }
        }
    )*};
}
uint_value!(u8 U8, u16 U16, u32 U32, u64 U64);

impl From<&str> for Str0_255 {
    /// Takes the first 255 bytes of a text.
    fn from(text: &str) -> Self {
        Self::lossy(text.as_bytes())
    }
}

impl<T> From<Option<T>> for Opt<T> {
    fn from(value: Option<T>) -> Self {
        Self(value)
    }
}

impl<T, const MAX: usize> From<Seq<T, MAX>> for Vec<T> {
    fn from(value: Seq<T, MAX>) -> Self {
        value.into_vec()
    }
}
