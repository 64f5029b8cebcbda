//! The JSON view of values, both ways.
//!
//! U8, U16, U32: number. U64: decimal string, because JSON readers cut integers at 2^53. U256: 64 hex digits, the most
//! significant first. F32: number, or `"bits:7fc00000"` where JSON has no number for it. Bytes: hex. Strings: text with
//! `\\` for a backslash and `\xNN` for a byte that is not UTF-8. OPTION: null or the value.

use crate::types::{F32, U256};
use crate::{FieldType, Value};
use serde_json::{Number, Value as Json};

/// JSON that is no value of the wanted type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} as {form}, got {got}")]
pub struct JsonError {
    /// The field's type.
    pub expected: FieldType,
    /// How that type is written in JSON.
    pub form: &'static str,
    /// What stood there.
    pub got: String,
}

impl Value {
    /// The JSON view of this value.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Bool(flag) => Json::Bool(*flag),
            Self::Uint(number) => Json::from(*number),
            Self::U256(number) => Json::String(number.to_string()),
            Self::F32(number) => f32_to_json(*number),
            Self::Bytes(bytes) => Json::String(hex::encode(bytes)),
            Self::Text(text) => Json::String(escape(text)),
            Self::Option(None) => Json::Null,
            Self::Option(Some(inner)) => inner.to_json(),
            Self::List(values) => values.iter().map(Self::to_json).collect(),
        }
    }
}

impl FieldType {
    /// The JSON view of a value of this type.
    pub fn to_json(self, value: &Value) -> Json {
        match (self, value) {
            (Self::U64, Value::Uint(number)) => Json::String(number.to_string()),
            _ => value.to_json(),
        }
    }

    /// The reverse of [`FieldType::to_json`].
    ///
    /// # Errors
    /// When the JSON is of another form. Ranges are checked later, by [`crate::Field::from_value`].
    pub fn value_from_json(self, json: &Json) -> Result<Value, JsonError> {
        let (form, value) = match self {
            Self::Bool => ("a boolean", json.as_bool().map(Value::Bool)),
            Self::U8 | Self::U16 | Self::U32 => ("a number", json.as_u64().map(Value::Uint)),
            Self::U64 => ("a decimal string", decimal(json).map(Value::Uint)),
            Self::U256 => ("64 hex digits", hex_array(json).map(|be| Value::U256(U256::from_be_bytes(be)))),
            Self::F32 => ("a number or \"bits:xxxxxxxx\"", f32_from_json(json).map(Value::F32)),
            Self::Bytes(_) => {
                ("hex digits", json.as_str().and_then(|text| hex::decode(text).ok()).map(Value::Bytes))
            }
            Self::Str0_255 => ("a string", json.as_str().and_then(unescape).map(Value::Text)),
            Self::Option(_) if json.is_null() => return Ok(Value::Option(None)),
            Self::Option(inner) => {
                return inner.value_from_json(json).map(|value| Value::Option(Some(Box::new(value))));
            }
            Self::Seq(_, inner) => match json.as_array() {
                Some(items) => {
                    let values = items.iter().map(|item| inner.value_from_json(item));
                    return values.collect::<Result<_, _>>().map(Value::List);
                }
                None => ("an array", None),
            },
        };
        value.ok_or_else(|| JsonError { expected: self, form, got: json.to_string() })
    }
}

fn decimal(json: &Json) -> Option<u64> {
    json.as_str()?.parse().ok()
}

fn hex_array(json: &Json) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(json.as_str()?, &mut bytes).ok()?;
    Some(bytes)
}

fn f32_to_json(number: F32) -> Json {
    match Number::from_f64(f64::from(number.0)) {
        Some(finite) => Json::Number(finite),
        None => Json::String(format!("bits:{:08x}", number.0.to_bits())),
    }
}

fn f32_from_json(json: &Json) -> Option<F32> {
    if let Some(text) = json.as_str() {
        let bits = u32::from_str_radix(text.strip_prefix("bits:")?, 16).ok()?;
        return Some(F32(f32::from_bits(bits)));
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "what to_json wrote is exactly an f32; else it rounds"
    )]
    json.as_f64().map(|wide| F32(wide as f32))
}

fn escape(text: &[u8]) -> String {
    let mut escaped = String::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        escaped.push_str(&chunk.valid().replace('\\', "\\\\"));
        for byte in chunk.invalid() {
            escaped.push_str(&format!("\\x{byte:02x}"));
        }
    }
    escaped
}

fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        bytes.extend_from_slice(before.as_bytes());
        if let Some(after) = after.strip_prefix('\\') {
            bytes.push(b'\\');
            rest = after;
        } else {
            let digits = after.strip_prefix('x')?;
            bytes.push(u8::from_str_radix(digits.get(..2)?, 16).ok()?);
            rest = digits.get(2..)?;
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(ty: FieldType, value: Value, json: &str) {
        assert_eq!(ty.to_json(&value).to_string(), json);
        assert_eq!(ty.value_from_json(&serde_json::from_str(json).unwrap()).unwrap(), value);
    }

    #[test]
    fn every_odd_value_survives() {
        round_trip(FieldType::U64, Value::Uint(u64::MAX), "\"18446744073709551615\"");
        round_trip(FieldType::F32, Value::F32(F32(f32::from_bits(0xffc0_0001))), "\"bits:ffc00001\"");
        round_trip(FieldType::F32, Value::F32(F32(-0.0)), "-0.0");
        round_trip(FieldType::F32, Value::F32(F32(0.1)), "0.10000000149011612");
        round_trip(FieldType::Str0_255, Value::Text(b"a\\\xff\xc3\xa9".to_vec()), "\"a\\\\\\\\\\\\xffé\"");
        round_trip(FieldType::Option(&FieldType::U32), Value::Option(None), "null");
        let number = Value::U256(U256::from(0x0102));
        round_trip(FieldType::U256, number, &format!("\"{}0102\"", "0".repeat(60)));
    }

    #[test]
    fn an_error_says_what_was_expected() {
        let error = FieldType::U64.value_from_json(&Json::from(5)).unwrap_err();
        assert_eq!(error.to_string(), "expected U64 as a decimal string, got 5");
    }
}
