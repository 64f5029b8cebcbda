//! The lines of the protocol as values.

use sv2_wire::{F32, FieldType, Kind, MessageSpec, U256, Value};

/// An answer to any request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// `ok HEX [NAME=VALUE ...]`: it was read, and is written as these bytes.
    Ok {
        /// What the codec writes for what it has read.
        bytes: Vec<u8>,
        /// Names and values, as they stand in the line.
        pairs: Vec<(String, String)>,
    },
    /// `incomplete`: bytes are missing.
    Incomplete,
    /// `error TEXT`: the bytes are refused.
    Error(String),
    /// `unknown`: the codec has no such message, or no such function.
    Unknown,
}

/// A line that is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoAnswer(String);

/// The request to read one frame from the front of these bytes.
pub fn frame_request(bytes: &[u8]) -> String {
    format!("frame {}", hex_word(bytes))
}

/// The request to read a message from the front of a payload.
pub fn message_request(kind: Kind, payload: &[u8]) -> String {
    format!("message {:04x} {:02x} {}", kind.extension_type, kind.msg_type, hex_word(payload))
}

/// Reads an answer.
///
/// # Errors
/// [`NoAnswer`] with what is wrong about the line.
pub fn parse_answer(line: &str) -> Result<Answer, NoAnswer> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    match word {
        "ok" => {
            let mut words = rest.split(' ').filter(|word| !word.is_empty());
            let bytes = parse_hex(words.next().unwrap_or("-"))?;
            let pair = |word: &str| match word.split_once('=') {
                Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
                None => Err(NoAnswer(format!("{word:?} is not NAME=VALUE"))),
            };
            Ok(Answer::Ok { bytes, pairs: words.map(pair).collect::<Result<_, _>>()? })
        }
        "incomplete" => Ok(Answer::Incomplete),
        "error" => Ok(Answer::Error(rest.to_owned())),
        "unknown" => Ok(Answer::Unknown),
        _ => Err(NoAnswer(format!("{:?} is none of ok, incomplete, error, unknown", cut(line)))),
    }
}

/// The values of a message's fields that an answer shows, in the order of the row.
///
/// # Errors
/// [`NoAnswer`] for a name that is no field, and for a text that is no value of its type.
pub fn values(spec: &MessageSpec, pairs: &[(String, String)]) -> Result<Vec<Option<Value>>, NoAnswer> {
    let mut values = vec![None; spec.fields.len()];
    for (name, text) in pairs {
        let at = spec.fields.iter().position(|field| field.name == name);
        let (Some(slot), Some(field)) =
            (at.and_then(|at| values.get_mut(at)), at.and_then(|at| spec.fields.get(at)))
        else {
            return Err(NoAnswer(format!("{} has no field {name:?}", spec.name)));
        };
        let value = parse_value(field.ty, text);
        let wrong = || NoAnswer(format!("{}.{name}: {:?} is no {}", spec.name, cut(text), field.ty));
        *slot = Some(value.ok_or_else(wrong)?);
    }
    Ok(values)
}

/// A value as the protocol writes it: numbers in decimal, `true` and `false`, else the hex of its bytes on the wire without a
/// length in front; `none`, and lists as `[A,B]`.
fn parse_value(ty: FieldType, text: &str) -> Option<Value> {
    match ty {
        FieldType::Bool => match text {
            "true" | "1" => Some(Value::Bool(true)),
            "false" | "0" => Some(Value::Bool(false)),
            _ => None,
        },
        FieldType::U8 | FieldType::U16 | FieldType::U32 | FieldType::U64 => {
            text.parse().ok().map(Value::Uint)
        }
        FieldType::U256 => Some(Value::U256(U256::from_le_bytes(parse_hex(text).ok()?.try_into().ok()?))),
        FieldType::F32 => {
            let bits = u32::from_le_bytes(parse_hex(text).ok()?.try_into().ok()?);
            Some(Value::F32(F32(f32::from_bits(bits))))
        }
        FieldType::Str0_255 => parse_hex(text).ok().map(Value::Text),
        FieldType::Bytes(_) => parse_hex(text).ok().map(Value::Bytes),
        FieldType::Option(_) if text == "none" => Some(Value::Option(None)),
        FieldType::Option(inner) => {
            parse_value(*inner, text).map(|value| Value::Option(Some(Box::new(value))))
        }
        FieldType::Seq(_, inner) => {
            let inside = text.strip_prefix('[')?.strip_suffix(']')?;
            let elements = (!inside.is_empty()).then(|| inside.split(',')).into_iter().flatten();
            elements.map(|element| parse_value(*inner, element)).collect::<Option<_>>().map(Value::List)
        }
    }
}

/// A value as the protocol writes it, the reverse of what [`values`] reads.
pub fn value_text(value: &Value) -> String {
    match value {
        Value::Bool(flag) => flag.to_string(),
        Value::Uint(number) => number.to_string(),
        Value::U256(number) => hex_word(&number.to_le_bytes()),
        Value::F32(number) => hex_word(&number.0.to_bits().to_le_bytes()),
        Value::Bytes(bytes) | Value::Text(bytes) => hex_word(bytes),
        Value::Option(None) => "none".to_owned(),
        Value::Option(Some(value)) => value_text(value),
        Value::List(values) => {
            format!("[{}]", values.iter().map(value_text).collect::<Vec<_>>().join(","))
        }
    }
}

/// No bytes are `-`, so that a line has as many words whatever it says.
fn hex_word(bytes: &[u8]) -> String {
    if bytes.is_empty() { "-".to_owned() } else { hex::encode(bytes) }
}

fn parse_hex(text: &str) -> Result<Vec<u8>, NoAnswer> {
    match text {
        "-" | "" => Ok(Vec::new()),
        digits => {
            hex::decode(digits).map_err(|error| NoAnswer(format!("{:?} is no hex: {error}", cut(text))))
        }
    }
}

/// The beginning of what a peer sent, for a report.
pub(super) fn cut(text: &str) -> String {
    const MOST: usize = 200;
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}.. ({} bytes)", text.get(..at).unwrap_or_default(), text.len()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_what_they_say() {
        assert_eq!(parse_answer("incomplete"), Ok(Answer::Incomplete));
        assert_eq!(parse_answer("error too short"), Ok(Answer::Error("too short".to_owned())));
        assert_eq!(parse_answer("ok -"), Ok(Answer::Ok { bytes: Vec::new(), pairs: Vec::new() }));
        let ok = parse_answer("ok 00ff nonce=7 list=[]").expect("an answer");
        let pairs = vec![("nonce".to_owned(), "7".to_owned()), ("list".to_owned(), "[]".to_owned())];
        assert_eq!(ok, Answer::Ok { bytes: vec![0, 0xff], pairs });
        for line in ["", "OK 00", "ok 0", "ok 00 nonce"] {
            assert!(parse_answer(line).is_err(), "{line}");
        }
    }

    #[test]
    fn values_that_are_written_are_read() {
        for spec in sv2_wire::MESSAGES {
            let Some((header, payload)) = sv2_wire::fuzz::vectors()
                .into_iter()
                .filter(|vector| !vector.is_malformed && vector.frame.len() < 4096)
                .find_map(|vector| {
                    let (header, payload) = vector.frame.split_first_chunk()?;
                    let header = sv2_wire::frame::Header::decode(*header);
                    (header.kind == spec.kind).then(|| (header, payload.to_vec()))
                })
            else {
                panic!("{}: no vector", spec.name)
            };
            let message = sv2_wire::Message::decode(header.kind, &payload).expect("decodes").message;
            let of = |name: &str| message.get(name).expect("a field of the row");
            let pairs: Vec<_> = spec
                .fields
                .iter()
                .map(|field| (field.name.to_owned(), value_text(&of(field.name))))
                .collect();
            let expected: Vec<_> = spec.fields.iter().map(|field| Some(of(field.name))).collect();
            assert_eq!(values(spec, &pairs), Ok(expected), "{}", spec.name);
        }
    }

    #[test]
    fn values_are_read_by_the_type_of_their_field() {
        let spec = MessageSpec::find("NewExtendedMiningJob").expect("a row");
        let pair = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
        let read = |name: &str, value: &str| {
            values(spec, &pair(name, value)).map(|values| values.into_iter().flatten().collect::<Vec<_>>())
        };
        assert_eq!(read("min_ntime", "none"), Ok(vec![Value::Option(None)]));
        assert_eq!(read("min_ntime", "5"), Ok(vec![Value::Option(Some(Box::new(Value::Uint(5))))]));
        assert_eq!(read("version_rolling_allowed", "true"), Ok(vec![Value::Bool(true)]));
        assert_eq!(read("coinbase_tx_prefix", "-"), Ok(vec![Value::Bytes(Vec::new())]));
        let one = U256::from(1);
        assert_eq!(
            read("merkle_path", &format!("[01{}]", "00".repeat(31))),
            Ok(vec![Value::List(vec![Value::U256(one)])])
        );
        assert!(read("nonce", "1").is_err());
        assert!(read("job_id", "0x10").is_err());
    }
}
