//! The table of messages against `vectors/messages.toml`, which states the same as data, read off the specification.

use serde::Deserialize;
use std::collections::BTreeSet;
use sv2_wire::tlv::TLVS;
use sv2_wire::{Kind, MESSAGES, Message, MessageSpec, Sender};

#[derive(Deserialize)]
struct Document {
    message: Vec<Row>,
    tlv: Vec<TlvRow>,
    flag: Vec<FlagRow>,
}

#[derive(Deserialize)]
struct Row {
    name: String,
    protocol: String,
    extension_type: u16,
    msg_type: u8,
    channel_msg: bool,
    direction: String,
    sections: Vec<String>,
    payload_min: Option<usize>,
    payload_max: Option<usize>,
    #[serde(default)]
    reserved: bool,
    fields: Vec<FieldRow>,
}

#[derive(Deserialize)]
struct FieldRow {
    name: String,
    #[serde(rename = "type")]
    ty: String,
}

#[derive(Deserialize)]
struct TlvRow {
    extension_type: u16,
    field_type: u8,
    name: String,
    extends: String,
    extends_msg_type: u8,
    max_length: usize,
    section: String,
}

#[derive(Deserialize)]
struct FlagRow {
    protocol: String,
    message: String,
    bit: u8,
}

fn document() -> Document {
    toml::from_str(include_str!("../vectors/messages.toml")).expect("the data reads")
}

#[test]
fn rows_are_those_of_the_specification() {
    let rows: Vec<Row> = document().message.into_iter().filter(|row| !row.reserved).collect();
    assert_eq!(rows.len(), 44);
    assert_eq!(MESSAGES.len(), rows.len());
    for (ours, row) in MESSAGES.iter().zip(&rows) {
        assert_eq!(ours.name, row.name);
        let name = ours.name;
        assert_eq!(ours.kind, Kind { extension_type: row.extension_type, msg_type: row.msg_type }, "{name}");
        assert_eq!(ours.channel_msg, row.channel_msg, "{name}");
        assert_eq!(ours.protocol.name(), row.protocol, "{name}");
        assert_eq!(ours.section, row.sections[0], "{name}");
        let direction = match ours.sender {
            Sender::Client => "client->server",
            Sender::Server => "server->client",
            Sender::Both => "both",
        };
        assert_eq!(direction, row.direction, "{name}");
        let fields: Vec<(&str, String)> =
            ours.fields.iter().map(|field| (field.name, field.ty.to_string())).collect();
        let expected: Vec<(&str, String)> =
            row.fields.iter().map(|field| (field.name.as_str(), field.ty.clone())).collect();
        assert_eq!(fields, expected, "{name}");
        assert_eq!(Some(ours.payload_min), row.payload_min, "{name}");
        match row.payload_max {
            Some(max) => assert_eq!(ours.payload_max, max, "{name}"),
            None => assert!(ours.payload_max > sv2_wire::frame::MAX_PAYLOAD_LEN, "{name}"),
        }
    }
}

#[test]
fn reserved_numbers_are_no_messages() {
    let reserved: Vec<Row> = document().message.into_iter().filter(|row| row.reserved).collect();
    assert_eq!(reserved.len(), 1);
    for row in reserved {
        let kind = Kind { extension_type: row.extension_type, msg_type: row.msg_type };
        assert_eq!(MessageSpec::of(kind), None, "{kind:?}");
        assert_eq!(Message::zero(kind), None, "{kind:?}");
    }
}

#[test]
fn tlv_fields_are_those_of_the_specification() {
    let rows = document().tlv;
    assert_eq!(TLVS.len(), rows.len());
    for (ours, row) in TLVS.iter().zip(rows) {
        assert_eq!((ours.extension_type, ours.field_type), (row.extension_type, row.field_type));
        assert_eq!(
            (ours.name, ours.max_len, ours.section),
            (row.name.as_str(), row.max_length, row.section.as_str())
        );
        let extended = MessageSpec::of(ours.extends).expect("a row of the table");
        assert_eq!((extended.name, extended.kind.msg_type), (row.extends.as_str(), row.extends_msg_type));
    }
}

/// The crate names no flag; the rows must at least fit its messages.
#[test]
fn flags_belong_to_messages_that_have_flags() {
    let mut bits = BTreeSet::new();
    for row in document().flag {
        let spec = MessageSpec::find(&row.message).expect("a row of the table");
        let flags = spec.field("flags").expect("a field of this name");
        assert_eq!(flags.ty.to_string(), "U32");
        assert!(row.bit < 32);
        assert!(MESSAGES.iter().any(|spec| spec.protocol.name() == row.protocol), "{}", row.protocol);
        assert!(bits.insert((row.protocol, row.message, row.bit)), "a bit is named twice");
    }
    assert!(!bits.is_empty());
}

#[test]
fn names_and_numbers_find_their_rows() {
    let numbers: BTreeSet<Kind> = MESSAGES.iter().map(|spec| spec.kind).collect();
    assert_eq!(numbers.len(), MESSAGES.len());
    for spec in MESSAGES {
        let qualified = format!("{}.{}", spec.protocol.name(), spec.name);
        for name in [spec.unique_name(), qualified] {
            assert_eq!(MessageSpec::find(&name).map(|found| found.kind), Some(spec.kind), "{name}");
        }
        assert_eq!(MessageSpec::of(spec.kind).map(|found| found.name), Some(spec.name));
        let zero = Message::zero(spec.kind).expect("every row has a zero");
        assert_eq!(zero.spec().kind, spec.kind);
        let names: BTreeSet<&str> = spec.fields.iter().map(|field| field.name).collect();
        assert_eq!(names.len(), spec.fields.len(), "{} has a field twice", spec.name);
    }
    let prev_hash: Vec<u8> =
        ["SetNewPrevHash", "mining.SetNewPrevHash", "template-distribution.SetNewPrevHash"]
            .map(|name| MessageSpec::find(name).expect("found").kind.msg_type)
            .to_vec();
    assert_eq!(prev_hash, [0x20, 0x20, 0x72]);
}
