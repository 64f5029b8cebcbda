//! The hand-written vectors of `vectors/`: what stands there was written from the specification, never by this crate.

#[path = "support/data.rs"]
mod data;
#[path = "support/hex_text.rs"]
mod hex_text;

use data::{frame, label, load, text};
use hex_text::bytes;
use serde_json::Value as Json;
use std::collections::BTreeSet;
use sv2_wire::frame::{Deframer, Frame, MAX_PAYLOAD_LEN};
use sv2_wire::tlv::{ByteOrder, Tlv};
use sv2_wire::{
    B0_16M, B0_32, B0_64K, B0_255, F32, Field, MESSAGES, Message, MessageSpec, Opt, Reader, Seq0_64K,
    Seq0_255, Str0_255, U256,
};

const MESSAGE_FILES: &[&str] =
    &["common.json", "mining.json", "job-declaration.json", "template-distribution.json", "extensions.json"];

fn messages() -> Vec<Json> {
    MESSAGE_FILES.iter().flat_map(|file| load(file)).collect()
}

/// The JSON that an entry stands for: `{"repeat": "ab", "times": 3}` is a string of 3 times `ab`, and
/// `{"repeat": [1], "times": 3}` a list of 3 times 1.
fn expand(json: &Json) -> Json {
    match json {
        Json::Object(object) if object.contains_key("repeat") => {
            let times = usize::try_from(object["times"].as_u64().expect("times")).expect("small");
            match &object["repeat"] {
                Json::String(unit) => Json::String(unit.repeat(times)),
                Json::Array(unit) => Json::Array(vec![unit[0].clone(); times]),
                other => panic!("cannot repeat {other}"),
            }
        }
        Json::Object(object) => object.iter().map(|(key, value)| (key.clone(), expand(value))).collect(),
        Json::Array(items) => items.iter().map(expand).collect(),
        other => other.clone(),
    }
}

/// Cuts exactly one frame out of the bytes.
fn one_frame(bytes: &[u8], label: &str) -> Frame {
    let mut deframer = Deframer::new(MAX_PAYLOAD_LEN);
    deframer.push(bytes);
    let frame = deframer.next_frame().expect("a length").unwrap_or_else(|| panic!("{label}: incomplete"));
    assert_eq!(deframer.pending(), 0, "{label}: header's length is too small");
    frame
}

fn spec_of(entry: &Json) -> &'static MessageSpec {
    let name = text(entry, "message");
    MessageSpec::find(name).unwrap_or_else(|| panic!("no message {name}"))
}

#[test]
fn every_file_is_read_by_a_test() {
    let on_disk: BTreeSet<String> = std::fs::read_dir(data::folder())
        .expect("the folder is there")
        .map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned())
        .collect();
    let known = MESSAGE_FILES.iter().chain(&["datatypes.json", "malformed.json", "messages.toml"]);
    assert_eq!(on_disk, known.map(|name| (*name).to_owned()).collect());
}

#[test]
fn every_message_has_a_plain_and_an_odd_vector() {
    let entries = messages();
    for spec in MESSAGES {
        let name = spec.unique_name();
        let count = entries.iter().filter(|entry| text(entry, "message") == name).count();
        assert!(count >= 2, "{name} has {count} vectors");
    }
    let labels: BTreeSet<String> = entries.iter().map(label).collect();
    assert_eq!(labels.len(), entries.len(), "two vectors say the same of themselves");
}

#[test]
fn pieces_are_the_fields_of_the_message() {
    for entry in messages() {
        let spec = spec_of(&entry);
        let mut pieces = entry["frame"].as_array().unwrap().iter().map(|piece| piece[0].as_str().unwrap());
        assert_eq!(pieces.next(), Some("header"), "{}", label(&entry));
        let names: Vec<&str> = pieces.filter(|name| *name != "tail").collect();
        let fields: Vec<&str> = spec.fields.iter().map(|field| field.name).collect();
        assert_eq!(names, fields, "{}", label(&entry));
    }
}

#[test]
fn frames_decode_to_the_fields() {
    for entry in messages() {
        let label = label(&entry);
        let frame = one_frame(&frame(&entry, |_| true), &label);
        let spec = spec_of(&entry);
        assert_eq!((frame.header.kind, frame.header.channel_msg), (spec.kind, spec.channel_msg), "{label}");
        let decoded = frame.decode().unwrap_or_else(|error| panic!("{label}: {error}"));
        // Not assert_eq: the largest vectors would print megabytes.
        assert!(decoded.message.to_json() == expand(&entry["fields"]), "{label}: other fields");
        assert_eq!(decoded.tail.is_empty(), entry.get("tlvs").is_none(), "{label}");
        let base = frame.payload.len() - decoded.tail.len();
        assert!((spec.payload_min..=spec.payload_max).contains(&base), "{label}: {base} bytes");
    }
}

/// A BOOL with upper bits set is written back without them: `encodes_as` names the piece and its canonical bytes.
#[test]
fn fields_encode_to_the_frame() {
    for entry in messages() {
        let label = label(&entry);
        let message = Message::from_json(spec_of(&entry), &expand(&entry["fields"]))
            .unwrap_or_else(|error| panic!("{label}: {error}"));
        let encoded = Frame::of(&message).expect("fits").to_bytes();
        let mut expected = Vec::new();
        for piece in entry["frame"].as_array().unwrap() {
            let name = piece[0].as_str().unwrap();
            let canonical = entry.get("encodes_as").and_then(|patch| patch.get(name)).unwrap_or(&piece[1]);
            match name {
                // Without its tail the message is shorter than the header says.
                "header" if entry.get("tlvs").is_some() => expected.extend_from_slice(&encoded[..6]),
                "tail" => {}
                _ => expected.extend(bytes(canonical.as_str().unwrap())),
            }
        }
        assert!(encoded == expected, "{label}: other bytes");
    }
}

#[test]
fn tails_are_tlvs() {
    let mut seen = 0;
    for entry in messages().iter().filter(|entry| entry.get("tlvs").is_some()) {
        let label = label(entry);
        let order = match text(entry, "tlv_order") {
            "little" => ByteOrder::Little,
            "big" => ByteOrder::Big,
            other => panic!("{label}: {other}"),
        };
        let tlv = |json: &Json| Tlv {
            extension_type: u16::try_from(json["extension_type"].as_u64().unwrap()).unwrap(),
            field_type: u8::try_from(json["field_type"].as_u64().unwrap()).unwrap(),
            value: bytes(json["value"].as_str().unwrap()),
        };
        let expected: Vec<Tlv> = expand(&entry["tlvs"]).as_array().unwrap().iter().map(tlv).collect();
        let frame = one_frame(&frame(entry, |_| true), &label);
        let tail = frame.decode().unwrap().tail;
        assert_eq!(Tlv::parse_all(tail, order).unwrap(), expected, "{label}");
        let mut encoded = Vec::new();
        expected.iter().for_each(|tlv| tlv.encode(order, &mut encoded));
        assert_eq!(encoded, tail, "{label}");
        seen += 1;
    }
    assert!(seen >= 4, "{seen}");
}

#[test]
fn malformed_frames_say_what_is_wrong_and_where() {
    for entry in load("malformed.json") {
        let label = label(&entry);
        let frame = one_frame(&frame(&entry, |_| true), &label);
        let error = Message::decode_exact(frame.header.kind, &frame.payload).unwrap_err();
        assert_eq!(error.to_string(), text(&entry, "error"), "{label}");
    }
}

/// Decodes one value, gives its JSON view and what it encodes to.
fn decode_one<F: Field>(bytes: &[u8]) -> Result<(Json, Vec<u8>), String> {
    let mut reader = Reader::new(bytes);
    let field = F::decode(&mut reader).map_err(|error| error.to_string())?;
    assert!(reader.rest().is_empty(), "{} bytes are left", reader.rest().len());
    let mut encoded = Vec::new();
    field.encode(&mut encoded);
    Ok((F::TYPE.to_json(&field.to_value()), encoded))
}

fn encode_one<F: Field>(json: &Json) -> Vec<u8> {
    let value = F::TYPE.value_from_json(json).expect("JSON of the right form");
    let mut encoded = Vec::new();
    F::from_value(&value).expect("in range").encode(&mut encoded);
    encoded
}

/// serde_json may read the last bit of a double wrongly, so floats are compared as the F32 that they stand for.
#[expect(clippy::cast_possible_truncation, reason = "to the width of the field")]
fn same(a: &Json, b: &Json) -> bool {
    match (a.as_f64().filter(|_| a.is_f64()), b.as_f64().filter(|_| b.is_f64())) {
        (Some(a), Some(b)) => (a as f32).to_bits() == (b as f32).to_bits(),
        _ => a == b,
    }
}

#[test]
fn data_types_stand_on_the_wire_as_the_specification_says() {
    type Decode = fn(&[u8]) -> Result<(Json, Vec<u8>), String>;
    type Encode = fn(&Json) -> Vec<u8>;
    macro_rules! types {
        ($($ty:ty),*) => { [$((<$ty as Field>::TYPE.to_string(), decode_one::<$ty> as Decode, encode_one::<$ty> as Encode)),*] };
    }
    let types = types!(
        bool,
        u8,
        u16,
        u32,
        u64,
        U256,
        F32,
        Str0_255,
        B0_32,
        B0_255,
        B0_64K,
        B0_16M,
        Opt<u32>,
        Seq0_255<U256>,
        Seq0_64K<u16>,
        Seq0_64K<u32>,
        Seq0_64K<U256>,
        Seq0_64K<B0_16M>
    );
    let entries = load("datatypes.json");
    for entry in &entries {
        let label = label(entry);
        let (_, decode, encode) =
            types.iter().find(|(name, ..)| name == text(entry, "type")).unwrap_or_else(|| panic!("{label}"));
        let wire = bytes(text(entry, "hex"));
        let Some(value) = entry.get("value") else {
            assert_eq!(decode(&wire).unwrap_err(), text(entry, "error"), "{label}");
            continue;
        };
        let value = expand(value);
        let canonical =
            entry.get("encodes_as").map_or_else(|| wire.clone(), |hex| bytes(hex.as_str().unwrap()));
        let (decoded, encoded) = decode(&wire).unwrap_or_else(|error| panic!("{label}: {error}"));
        assert!(same(&decoded, &value), "{label}: other value");
        assert!(encoded == canonical && encode(&value) == canonical, "{label}: other bytes");
    }
    let used: BTreeSet<String> =
        MESSAGES.iter().flat_map(|spec| spec.fields).map(|field| field.ty.to_string()).collect();
    for ty in used {
        let outcomes: BTreeSet<bool> = entries
            .iter()
            .filter(|entry| text(entry, "type") == ty)
            .map(|entry| entry.get("error").is_some())
            .collect();
        assert_eq!(outcomes.len(), 2, "{ty} needs vectors that decode and vectors that do not");
    }
}
