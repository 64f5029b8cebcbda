//! Every message against SRI's published crates: what one side writes, the other reads, and writes the same again.

#[path = "../../../harness/wire/tests/support/generate.rs"]
mod generate;

use generate::any_message;
use parsers_sv2::AnyMessageOwned;
use proptest::prelude::*;
use std::collections::BTreeSet;
use sv2_fuzz_bodies::sri;
use sv2_wire::frame::{Deframer, Frame, MAX_PAYLOAD_LEN};
use sv2_wire::fuzz::vectors;
use sv2_wire::{MESSAGES, Message, Value};

/// What SRI's typed messages cannot hold; `differences.rs` has the rows.
fn sri_has_no_value_for(message: &Message) -> bool {
    matches!(message, Message::SetupConnection(setup) if setup.protocol > 2)
}

/// The frame that SRI writes for the one that it reads.
fn again(frame: &[u8]) -> Result<Vec<u8>, String> {
    let read = sri::decode(frame).map_err(|error| error.to_string())?;
    sri::encode(read.message).map_err(|error| error.to_string())
}

/// Our frame, as SRI decodes it and encodes it again: names, numbers, channel bits and bytes are all SRI's then.
fn there_and_back(message: &Message) -> Result<(), String> {
    let ours = Frame::of(message).map_err(|error| error.to_string())?.to_bytes();
    let theirs = again(&ours)?;
    let mut deframer = Deframer::new(MAX_PAYLOAD_LEN);
    deframer.push(&theirs);
    let frame =
        deframer.next_frame().map_err(|error| error.to_string())?.ok_or("SRI's frame is incomplete")?;
    let message_again =
        Message::decode_exact(frame.header.kind, &frame.payload).map_err(|error| error.to_string())?;
    let same = ours == theirs && message_again == *message && deframer.pending() == 0;
    if same { Ok(()) } else { Err("other bytes".to_owned()) }
}

#[test]
fn all_44_messages_from_the_vectors() {
    let mut seen = BTreeSet::new();
    for vector in vectors().into_iter().filter(|vector| !vector.is_malformed) {
        let (label, bytes) = (vector.label, vector.frame);
        let mut deframer = Deframer::new(MAX_PAYLOAD_LEN);
        deframer.push(&bytes);
        let frame = deframer.next_frame().unwrap().unwrap();
        let message = frame.decode().unwrap().message;
        if sri_has_no_value_for(&message) {
            assert!(sri::decode(&bytes).is_err(), "{label}: SRI has learned it");
            continue;
        }
        there_and_back(&message).unwrap_or_else(|error| panic!("{label}: {error}"));
        // The frame as it was written by hand, upper bits and tails included, reads the same on both sides.
        let theirs = again(&bytes).unwrap_or_else(|error| panic!("{label}: {error}"));
        assert!(theirs == Frame::of(&message).unwrap().to_bytes(), "{label}");
        seen.insert(message.spec().kind);
    }
    assert_eq!(seen, MESSAGES.iter().map(|spec| spec.kind).collect());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn any_message_both_ways(message in any_message()) {
        if !sri_has_no_value_for(&message) {
            prop_assert_eq!(there_and_back(&message), Ok(()), "{:?}", message);
        }
    }

    /// Any payload: both refuse it, or both accept it and mean the same bytes.
    #[test]
    fn both_judge_any_payload_alike(
        message in any_message(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut frame = Frame::of(&message).unwrap();
        for (at, byte) in changes {
            let at = at.index(frame.payload.len());
            frame.payload[at] = byte;
        }
        if let Some(cut) = cut {
            frame.payload.truncate(cut.index(frame.payload.len()));
        }
        frame.header.length = u32::try_from(frame.payload.len()).unwrap();
        let theirs = again(&frame.to_bytes());
        match frame.decode() {
            Ok(decoded) if sri_has_no_value_for(&decoded.message) => prop_assert!(theirs.is_err()),
            Ok(decoded) => prop_assert_eq!(
                theirs, Ok(Frame::of(&decoded.message).unwrap().to_bytes())
            ),
            Err(error) => prop_assert!(theirs.is_err(), "SRI takes what we refuse: {error}"),
        }
    }
}

fn ours(bytes: &[u8]) -> Message {
    let mut deframer = Deframer::new(MAX_PAYLOAD_LEN);
    deframer.push(bytes);
    let frame = deframer.next_frame().expect("a length").expect("whole");
    Message::decode_exact(frame.header.kind, &frame.payload).expect("decodes")
}

/// Equal bytes would hide two fields that are swapped on one side: here each field is given to SRI by its name.
#[test]
fn fields_have_the_same_meaning_on_both_sides() {
    let message = mining_sv2::SubmitSharesExtendedOwned {
        channel_id: 1,
        sequence_number: 2,
        job_id: 3,
        nonce: 4,
        ntime: 5,
        version: 6,
        extranonce: vec![7, 8].try_into().unwrap(),
    };
    let sri = AnyMessageOwned::Mining(parsers_sv2::MiningOwned::SubmitSharesExtended(message));
    let expected = serde_json::json!({
        "channel_id": 1, "sequence_number": 2, "job_id": 3, "nonce": 4, "ntime": 5, "version": 6, "extranonce": "0708",
    });
    assert_eq!(ours(&sri::encode(sri).expect("fits")).to_json(), expected);

    let message = mining_sv2::SetNewPrevHashOwned {
        channel_id: 1,
        job_id: 2,
        prev_hash: vec![3; 32].try_into().unwrap(),
        min_ntime: 4,
        nbits: 5,
    };
    let sri = AnyMessageOwned::Mining(parsers_sv2::MiningOwned::SetNewPrevHash(message));
    let expected = serde_json::json!({
        "channel_id": 1, "job_id": 2, "prev_hash": "03".repeat(32), "min_ntime": 4, "nbits": 5,
    });
    assert_eq!(ours(&sri::encode(sri).expect("fits")).to_json(), expected);

    let message = template_distribution_sv2::SubmitSolutionOwned {
        template_id: 1,
        version: 2,
        header_timestamp: 3,
        header_nonce: 4,
        coinbase_tx: vec![5].try_into().unwrap(),
    };
    let sri = AnyMessageOwned::TemplateDistribution(parsers_sv2::TemplateDistributionOwned::SubmitSolution(
        message,
    ));
    let expected = serde_json::json!({
        "template_id": "1", "version": 2, "header_timestamp": 3, "header_nonce": 4, "coinbase_tx": "05",
    });
    assert_eq!(ours(&sri::encode(sri).expect("fits")).to_json(), expected);

    let message = job_declaration_sv2::PushSolutionOwned {
        extranonce: vec![1].try_into().unwrap(),
        prev_hash: vec![2; 32].try_into().unwrap(),
        nonce: 3,
        ntime: 4,
        nbits: 5,
        version: 6,
    };
    let sri = AnyMessageOwned::JobDeclaration(parsers_sv2::JobDeclarationOwned::PushSolution(message));
    let decoded = ours(&sri::encode(sri).expect("fits"));
    for (field, value) in [("nonce", 3), ("ntime", 4), ("nbits", 5), ("version", 6)] {
        assert_eq!(decoded.get(field), Some(Value::Uint(value)), "{field}");
    }
}

/// The values by which `diff_sri` compares are given to it by SRI's names, in the order of the wire: a swap would show here.
#[test]
fn every_field_has_sris_name() {
    /// SRI's name, and the specification's.
    const RENAMED: [(&str, &str); 4] = [
        ("token", "mining_job_token"),
        ("coinbase_outputs", "coinbase_tx_outputs"),
        ("coinbase_tx_input_n_sequence", "coinbase_tx_input_nSequence"),
        ("n_bits", "nBits"),
    ];
    for spec in MESSAGES {
        let message = Message::zero(spec.kind).unwrap();
        let read = sri::decode(&Frame::of(&message).unwrap().to_bytes()).unwrap();
        let names = sri::fields(&read.message).into_iter().map(|(name, _)| {
            RENAMED.iter().find(|(theirs, _)| *theirs == name).map_or(name, |(_, ours)| *ours)
        });
        let ours: Vec<&str> = spec.fields.iter().map(|field| field.name).collect();
        assert_eq!(names.collect::<Vec<_>>(), ours, "{}", spec.name);
    }
}
