//! TLV fields: what extensions append to messages (spec section 3.4.3).

use crate::error::DecodeError;
use crate::{Kind, Reader};

/// One TLV field as it stands on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tlv {
    /// The extension that defines the field.
    pub extension_type: u16,
    /// The field within the extension.
    pub field_type: u8,
    /// The value, up to 65535 bytes.
    pub value: Vec<u8>,
}

/// One registered TLV field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TlvSpec {
    /// The extension that defines the field.
    pub extension_type: u16,
    /// The field within the extension.
    pub field_type: u8,
    /// Name as in the specification.
    pub name: &'static str,
    /// The message that it extends.
    pub extends: Kind,
    /// Most bytes of value.
    pub max_len: usize,
    /// Section of the specification.
    pub section: &'static str,
}

/// Every registered TLV field.
pub const TLVS: &[TlvSpec] = &[TlvSpec {
    extension_type: 0x0002,
    field_type: 0x01,
    name: "user_identity",
    extends: Kind { extension_type: 0, msg_type: 0x1b },
    max_len: 32,
    section: "EXT-0002 1.1",
}];

/// Byte order of a TLV's type and length (AMB-01).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ByteOrder {
    /// As spec section 3.1 demands of every integer.
    #[default]
    Little,
    /// As the worked examples of spec section 3.4.3 and EXT-0002 are printed.
    Big,
}

impl ByteOrder {
    fn read(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }

    fn write(self, number: u16) -> [u8; 2] {
        match self {
            Self::Little => number.to_le_bytes(),
            Self::Big => number.to_be_bytes(),
        }
    }
}

impl Tlv {
    /// Reads a tail that consists of TLVs and nothing else.
    ///
    /// # Errors
    /// A [`DecodeError`] with the offset from the start of the tail.
    pub fn parse_all(tail: &[u8], order: ByteOrder) -> Result<Vec<Self>, DecodeError> {
        let mut reader = Reader::new(tail);
        let mut found = Vec::new();
        while !reader.rest().is_empty() {
            found.push(Self::parse(&mut reader, order).map_err(|error| error.in_field("TLV", ""))?);
        }
        Ok(found)
    }

    /// Appends the field. A value above 65535 bytes is cut, since its length could not be written.
    pub fn encode(&self, order: ByteOrder, out: &mut Vec<u8>) {
        let value = self.value.get(..0xffff).unwrap_or(&self.value);
        out.extend_from_slice(&order.write(self.extension_type));
        out.push(self.field_type);
        out.extend_from_slice(&order.write(u16::try_from(value.len()).unwrap_or(u16::MAX)));
        out.extend_from_slice(value);
    }

    /// The registered field that this one is.
    pub fn spec(&self) -> Option<&'static TlvSpec> {
        TLVS.iter()
            .find(|spec| spec.extension_type == self.extension_type && spec.field_type == self.field_type)
    }

    fn parse(reader: &mut Reader<'_>, order: ByteOrder) -> Result<Self, DecodeError> {
        let extension_type = order.read(reader.array()?);
        let [field_type] = reader.array()?;
        let length = usize::from(order.read(reader.array()?));
        let value = reader.take(length)?.to_vec();
        Ok(Self { extension_type, field_type, value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worker() -> Tlv {
        Tlv { extension_type: 2, field_type: 1, value: b"Worker_001".to_vec() }
    }

    #[test]
    fn the_printed_example_is_big_endian() {
        // Spec section 3.4.3: `00 02 01 00 0A 57 6F 72 6B 65 72 5F 30 30 31`.
        let printed = hex::decode("000201000a576f726b65725f303031").unwrap();
        assert_eq!(Tlv::parse_all(&printed, ByteOrder::Big).unwrap(), [worker()]);
        let mut out = Vec::new();
        worker().encode(ByteOrder::Big, &mut out);
        assert_eq!(out, printed);
        assert_eq!(worker().spec().unwrap().name, "user_identity");
    }

    #[test]
    fn the_type_rule_is_little_endian() {
        let mut out = Vec::new();
        worker().encode(ByteOrder::Little, &mut out);
        assert_eq!(hex::encode(&out[..5]), "0200010a00");
        assert_eq!(Tlv::parse_all(&out, ByteOrder::Little).unwrap(), [worker()]);
    }

    #[test]
    fn a_tail_that_is_no_tlv_says_where() {
        let error = Tlv::parse_all(&[2, 0, 1, 5, 0, 9], ByteOrder::Little).unwrap_err();
        assert_eq!(error.to_string(), "TLV at offset 5: expected 5 more bytes, got 1");
    }
}
