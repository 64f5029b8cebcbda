use core::fmt;

/// Bytes that do not decode: where, in which field, and what was expected instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    /// Name of the message or structure, as in the specification.
    pub what: &'static str,
    /// Name of the field, or `""` when no single field is at fault.
    pub field: &'static str,
    /// Index of the list element, when the field is a list.
    pub index: Option<usize>,
    /// Offset in bytes from the start of the payload (or of the structure that `what` names).
    pub offset: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong with a piece of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Fewer bytes are left than the type needs.
    Truncated {
        /// Bytes that the type needs.
        needed: usize,
        /// Bytes that are left.
        left: usize,
    },
    /// A length or count is above the bound of its type (spec section 3.1).
    TooLong {
        /// The length or count that was announced.
        got: usize,
        /// The largest that the type allows.
        max: usize,
    },
    /// Bytes are left over that belong to no field.
    Trailing {
        /// How many.
        count: usize,
    },
    /// The header's (extension type, message type) is none that the table knows.
    UnknownMessage {
        /// Extension type without the channel bit.
        extension_type: u16,
        /// Message type.
        msg_type: u8,
    },
}

impl DecodeError {
    pub(crate) fn at(offset: usize, problem: Problem) -> Self {
        Self { what: "", field: "", index: None, offset, problem }
    }

    pub(crate) fn in_field(mut self, what: &'static str, field: &'static str) -> Self {
        self.what = what;
        self.field = field;
        self
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.what.is_empty() {
            write!(f, "{}", self.what)?;
            if !self.field.is_empty() {
                write!(f, ".{}", self.field)?;
            }
            if let Some(index) = self.index {
                write!(f, "[{index}]")?;
            }
            write!(f, " ")?;
        }
        write!(f, "at offset {}: {}", self.offset, self.problem)
    }
}

impl std::error::Error for DecodeError {}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Truncated { needed, left } => write!(f, "expected {needed} more bytes, got {left}"),
            Self::TooLong { got, max } => write!(f, "expected a length of at most {max}, got {got}"),
            Self::Trailing { count } => write!(f, "expected the end of the message, got {count} more bytes"),
            Self::UnknownMessage { extension_type, msg_type } => {
                write!(
                    f,
                    "expected a known message, got type 0x{msg_type:02x} of extension 0x{extension_type:04x}"
                )
            }
        }
    }
}
