//! What holds for every message, whatever its fields are, and for whatever bytes come in.

#[path = "support/generate.rs"]
mod generate;
#[path = "support/spans.rs"]
mod spans;

use generate::{any_message, generate as message_of};
use proptest::prelude::*;
use spans::{payload_of, spans};
use sv2_wire::frame::{Deframer, Frame, Header, MAX_PAYLOAD_LEN};
use sv2_wire::tlv::{ByteOrder, Tlv};
use sv2_wire::{FieldType, Kind, MESSAGES, Message, Problem, ValueError};

/// Decodes whatever this is. When it is a message, it must stand for the very bytes that it was read from.
fn decode_and_compare(kind: Kind, payload: &[u8]) -> Result<(), TestCaseError> {
    let decoded = match Message::decode(kind, payload) {
        Ok(decoded) => decoded,
        Err(error) => {
            prop_assert!(error.offset <= payload.len(), "{error}");
            return Ok(());
        }
    };
    let consumed = payload.len() - decoded.tail.len();
    let mut expected = payload[..consumed].to_vec();
    for (_, ty, start, _) in spans(&decoded.message) {
        if ty == FieldType::Bool {
            expected[start] &= 1;
        }
    }
    prop_assert_eq!(payload_of(&decoded.message), expected);
    prop_assert_eq!(decoded.tail, &payload[consumed..]);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn messages_survive_their_bytes(message in any_message()) {
        let payload = payload_of(&message);
        let spec = message.spec();
        prop_assert!((spec.payload_min..=spec.payload_max).contains(&payload.len()));
        prop_assert_eq!(spans(&message).last().map(|span| span.3), Some(payload.len()));
        prop_assert_eq!(&Message::decode_exact(spec.kind, &payload).unwrap(), &message);

        let frame = Frame::of(&message).unwrap();
        prop_assert_eq!(frame.header.channel_msg, spec.channel_msg);
        let mut deframer = Deframer::new(MAX_PAYLOAD_LEN);
        deframer.push(&frame.to_bytes());
        prop_assert_eq!(deframer.next_frame().unwrap(), Some(frame));
    }

    #[test]
    fn messages_survive_json(message in any_message()) {
        let json = message.to_json();
        prop_assert_eq!(&Message::from_json(message.spec(), &json).unwrap(), &message);
        // And through text, as reports are read back.
        let text = json.to_string();
        let parsed = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&Message::from_json(message.spec(), &parsed).unwrap(), &message);
    }

    #[test]
    fn json_with_a_field_more_or_less_is_refused(message in any_message()) {
        let spec = message.spec();
        let mut more = message.to_json();
        more["no_such_field"] = serde_json::json!(1);
        let error = Message::from_json(spec, &more).unwrap_err();
        prop_assert_eq!(error, format!("{} has no field no_such_field", spec.name));
        for field in spec.fields {
            let mut less = message.to_json();
            less.as_object_mut().unwrap().remove(field.name);
            let error = Message::from_json(spec, &less).unwrap_err();
            prop_assert_eq!(error, format!("{}: no {}", spec.name, field.name));
        }
    }

    #[test]
    fn fields_can_be_read_and_written_one_by_one(message in any_message()) {
        let spec = message.spec();
        let mut copy = Message::zero(spec.kind).unwrap();
        for field in spec.fields {
            let value = message.get(field.name).unwrap();
            copy.set(field.name, &value).unwrap();
            prop_assert_eq!(copy.get(field.name), Some(value));
        }
        prop_assert_eq!(&copy, &message);
        prop_assert_eq!(copy.get("no_such_field"), None);
        let error = copy.set("no_such_field", &sv2_wire::Value::Bool(true)).unwrap_err();
        prop_assert_eq!(error, ValueError::NoField { message: spec.name, field: "no_such_field".to_owned() });
        prop_assert_eq!(&copy, &message);
    }

    #[test]
    fn a_cut_payload_says_where_it_ends(message in any_message()) {
        let payload = payload_of(&message);
        let spec = message.spec();
        for length in 0..payload.len() {
            let error = Message::decode(spec.kind, &payload[..length]).unwrap_err();
            let Problem::Truncated { needed, left } = error.problem else {
                return Err(TestCaseError::fail(format!("cut at {length}: {error}")));
            };
            prop_assert!(needed > left, "{}", error);
            prop_assert_eq!(error.offset + left, length, "{}", error);
            let at = spans(&message).into_iter().find(|span| span.3 > length).unwrap();
            prop_assert_eq!((error.what, error.field), (spec.name, at.0));
            prop_assert!((at.2..at.3).contains(&error.offset), "{}", error);
        }
    }

    #[test]
    fn a_byte_too_many_is_seen(message in any_message(), more in proptest::collection::vec(any::<u8>(), 1..40)) {
        let mut payload = payload_of(&message);
        let offset = payload.len();
        payload.extend_from_slice(&more);
        let kind = message.spec().kind;
        let error = Message::decode_exact(kind, &payload).unwrap_err();
        prop_assert_eq!((error.offset, error.problem), (offset, Problem::Trailing { count: more.len() }));
        let decoded = Message::decode(kind, &payload).unwrap();
        prop_assert_eq!((&decoded.message, decoded.tail), (&message, more.as_slice()));
    }

    #[test]
    fn a_changed_payload_never_panics(
        message in any_message(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
    ) {
        let mut payload = payload_of(&message);
        for (at, byte) in changes {
            let at = at.index(payload.len());
            payload[at] = byte;
        }
        decode_and_compare(message.spec().kind, &payload)?;
    }

    #[test]
    fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        for spec in MESSAGES {
            decode_and_compare(spec.kind, &bytes)?;
        }
    }

    #[test]
    fn unknown_numbers_are_refused(extension_type in any::<u16>(), msg_type in any::<u8>(), bytes: Vec<u8>) {
        let kind = Kind { extension_type, msg_type };
        prop_assume!(sv2_wire::MessageSpec::of(kind).is_none());
        let error = Message::decode(kind, &bytes).unwrap_err();
        prop_assert_eq!(error.problem, Problem::UnknownMessage { extension_type, msg_type });
    }

    #[test]
    fn any_header_survives(bytes: [u8; 6]) {
        prop_assert_eq!(Header::decode(bytes).encode(), bytes);
    }

    #[test]
    fn any_tail_never_panics(tail in proptest::collection::vec(any::<u8>(), 0..60)) {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            match Tlv::parse_all(&tail, order) {
                Ok(fields) => {
                    let mut encoded = Vec::new();
                    fields.iter().for_each(|tlv| tlv.encode(order, &mut encoded));
                    prop_assert_eq!(&encoded, &tail);
                }
                Err(error) => prop_assert!(error.offset <= tail.len(), "{error}"),
            }
        }
    }

    #[test]
    fn tlvs_survive_both_byte_orders(
        fields in proptest::collection::vec((any::<u16>(), any::<u8>(), any::<Vec<u8>>()), 0..5),
    ) {
        let fields: Vec<Tlv> = fields
            .into_iter()
            .map(|(extension_type, field_type, value)| Tlv { extension_type, field_type, value })
            .collect();
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let mut tail = Vec::new();
            fields.iter().for_each(|tlv| tlv.encode(order, &mut tail));
            prop_assert_eq!(&Tlv::parse_all(&tail, order).unwrap(), &fields);
        }
    }
}

#[test]
fn the_generator_reaches_every_row() {
    for (index, spec) in MESSAGES.iter().enumerate() {
        assert_eq!(message_of(index, &[]), Message::zero(spec.kind).unwrap());
        let filled: Vec<u8> = (0..=255).cycle().take(3000).collect();
        assert_ne!(message_of(index, &filled), Message::zero(spec.kind).unwrap());
    }
}
