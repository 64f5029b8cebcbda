use crate::{DecodeError, FieldType, MESSAGES, Message, Value, ValueError};
use core::fmt;
use serde_json::{Map, Value as Json};

/// What identifies a message on the wire: extension type without the channel bit, and message type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kind {
    /// Extension type, without the channel bit. 0 for the core protocol.
    pub extension_type: u16,
    /// Message type within the extension.
    pub msg_type: u8,
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:04x}/0x{:02x}", self.extension_type, self.msg_type)
    }
}

/// The part of the specification that a message belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Chapter 3: valid on every connection.
    Common,
    /// Chapter 5.
    Mining,
    /// Chapter 6.
    JobDeclaration,
    /// Chapter 7.
    TemplateDistribution,
    /// Extension 0x0001.
    ExtensionsNegotiation,
}

impl Protocol {
    /// The name by which scenarios qualify a message, such as `template-distribution`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Common => "common",
            Self::Mining => "mining",
            Self::JobDeclaration => "job-declaration",
            Self::TemplateDistribution => "template-distribution",
            Self::ExtensionsNegotiation => "extensions-negotiation",
        }
    }
}

/// Who sends a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// The side that opened the connection.
    Client,
    /// The side that accepted it.
    Server,
    /// Either side.
    Both,
}

/// One field of a row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldSpec {
    /// Name as in the specification.
    pub name: &'static str,
    /// Data type.
    pub ty: FieldType,
    /// One line on what it means.
    pub doc: &'static str,
}

/// One row of the table, at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageSpec {
    /// Name as in the specification, dots included. `SetNewPrevHash` occurs twice; see [`MessageSpec::find`].
    pub name: &'static str,
    /// Number on the wire.
    pub kind: Kind,
    /// Whether the channel bit of the header is set (spec section 3.2.1).
    pub channel_msg: bool,
    /// Who sends it.
    pub sender: Sender,
    /// Where it belongs.
    pub protocol: Protocol,
    /// Section of the specification.
    pub section: &'static str,
    /// One line on what it is for.
    pub doc: &'static str,
    /// Fields in the order of the wire.
    pub fields: &'static [FieldSpec],
    /// Fewest bytes of payload.
    pub payload_min: usize,
    /// Most bytes of payload by the field types alone; a frame carries at most 2^24 - 1.
    pub payload_max: usize,
}

impl MessageSpec {
    /// The row of a number.
    pub fn of(kind: Kind) -> Option<&'static Self> {
        MESSAGES.iter().find(|spec| spec.kind == kind)
    }

    /// The row of a name. `SetNewPrevHash` alone is the mining message; `template-distribution.SetNewPrevHash` the
    /// other one. Every name may be qualified by its protocol.
    pub fn find(name: &str) -> Option<&'static Self> {
        MESSAGES.iter().find(|spec| {
            spec.name == name
                || name.strip_prefix(spec.protocol.name()).and_then(|rest| rest.strip_prefix('.'))
                    == Some(spec.name)
        })
    }

    /// The shortest name by which [`MessageSpec::find`] gives this row.
    pub fn unique_name(&self) -> String {
        match Self::find(self.name) {
            Some(found) if found.kind == self.kind => self.name.to_owned(),
            _ => format!("{}.{}", self.protocol.name(), self.name),
        }
    }

    /// The field of a name.
    pub fn field(&self, name: &str) -> Option<&'static FieldSpec> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// A decoded message and the bytes behind it.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded<'a> {
    /// The message.
    pub message: Message,
    /// Payload bytes after the last field: TLVs of negotiated extensions, or bytes that should not be there.
    pub tail: &'a [u8],
}

impl Message {
    /// Decodes a payload that must be used up by the message.
    ///
    /// # Errors
    /// As [`Message::decode`], and [`crate::Problem::Trailing`].
    pub fn decode_exact(kind: Kind, payload: &[u8]) -> Result<Self, DecodeError> {
        let decoded = Self::decode(kind, payload)?;
        if decoded.tail.is_empty() {
            return Ok(decoded.message);
        }
        let offset = payload.len().saturating_sub(decoded.tail.len());
        let problem = crate::Problem::Trailing { count: decoded.tail.len() };
        Err(DecodeError::at(offset, problem).in_field(decoded.message.spec().name, ""))
    }

    /// The value of a field.
    pub fn get(&self, field: &str) -> Option<Value> {
        let index = self.spec().fields.iter().position(|spec| spec.name == field)?;
        self.value_at(index)
    }

    /// The message's channel: its `channel_id` field, if it has one.
    pub fn channel_id(&self) -> Option<u32> {
        self.uint("channel_id")
    }

    /// The value of an integer field of up to 32 bits.
    pub fn uint(&self, field: &str) -> Option<u32> {
        match self.get(field)? {
            Value::Uint(number) => u32::try_from(number).ok(),
            _ => None,
        }
    }

    /// The fields as a JSON object, in the order of the wire.
    pub fn to_json(&self) -> Json {
        let fields = self.spec().fields.iter().enumerate();
        let pairs = fields.filter_map(|(index, field)| {
            Some((field.name.to_owned(), field.ty.to_json(&self.value_at(index)?)))
        });
        Json::Object(pairs.collect::<Map<_, _>>())
    }

    /// The reverse of [`Message::to_json`]: every field of the message must be there, and no other.
    ///
    /// # Errors
    /// A text that names the field and what was expected.
    pub fn from_json(spec: &'static MessageSpec, json: &Json) -> Result<Self, String> {
        let object = json.as_object().ok_or_else(|| format!("{}: expected an object", spec.name))?;
        let mut message = Self::zero(spec.kind).ok_or_else(|| format!("{}: not in the table", spec.name))?;
        for field in spec.fields {
            let value = object.get(field.name).ok_or_else(|| format!("{}: no {}", spec.name, field.name))?;
            let value = field
                .ty
                .value_from_json(value)
                .map_err(|error| format!("{}.{}: {error}", spec.name, field.name))?;
            message
                .set(field.name, &value)
                .map_err(|error| format!("{}.{}: {error}", spec.name, field.name))?;
        }
        match object.keys().find(|key| spec.field(key).is_none()) {
            Some(key) => Err(format!("{} has no field {key}", spec.name)),
            None => Ok(message),
        }
    }

    /// Sets a field.
    ///
    /// # Errors
    /// When the message has no such field, or the field cannot hold the value.
    pub fn set(&mut self, field: &str, value: &Value) -> Result<(), ValueError> {
        let spec = self.spec();
        let Some(index) = spec.fields.iter().position(|candidate| candidate.name == field) else {
            return Err(ValueError::NoField { message: spec.name, field: field.to_owned() });
        };
        self.set_at(index, value)
    }
}
