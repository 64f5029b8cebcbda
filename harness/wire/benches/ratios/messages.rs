//! A payload becomes a message, the message becomes a payload.

use crate::measure::{Effort, Row, duel, seen};
use binary_sv2::{from_bytes, to_writer};
use std::hint::black_box;
use sv2_wire::{Bytes, Message, NewExtendedMiningJob, Opt, Seq, SetupConnection, SubmitSharesExtended, U256};

/// Decodes the first bytes, encodes the message into the second, and tells how many it wrote.
type Theirs = fn(&mut [u8], &mut [u8]) -> usize;

/// The fastest way that SRI has: the type is known beforehand and the message borrows from the payload, while ours finds
/// the type by its number and owns what it holds.
macro_rules! theirs {
    ($message:ty) => {
        |payload, out| {
            let message: $message = from_bytes(payload).expect("decodes");
            to_writer(message, out).expect("fits")
        }
    };
}

pub(crate) fn rows(effort: Effort) -> Vec<Row> {
    let table: [(Message, usize, Theirs); 3] = [
        (submit_shares(), 33, theirs!(mining_sv2::SubmitSharesExtended<'_>)),
        (setup_connection(), 94, theirs!(common_messages_sv2::SetupConnection<'_>)),
        (new_job(), 803, theirs!(mining_sv2::NewExtendedMiningJob<'_>)),
    ];
    table.map(|(message, length, theirs)| row(effort, &message, length, theirs)).into()
}

fn row(effort: Effort, message: &Message, length: usize, theirs: Theirs) -> Row {
    let (name, kind) = (message.spec().name, message.spec().kind);
    let mut payload = Vec::new();
    message.encode(&mut payload);
    assert_eq!(payload.len(), length, "{name}");
    duel(format!("{name} ({length} B), decode + encode"), effort, || {
        let (payload, mut their_payload) = (payload.clone(), payload.clone());
        let (mut our_out, mut their_out) = (Vec::with_capacity(length), vec![0; length]);
        assert_eq!(theirs(&mut their_payload, &mut their_out), length, "{name}");
        assert_eq!(their_out, payload, "{name}");
        Message::decode(kind, &payload).expect("decodes").message.encode(&mut our_out);
        assert_eq!(our_out, payload, "{name}");

        let ours = move || {
            our_out.clear();
            Message::decode(kind, black_box(&payload)).expect("decodes").message.encode(&mut our_out);
            seen(&our_out);
        };
        let theirs = move || {
            theirs(black_box(&mut their_payload), &mut their_out);
            seen(&their_out);
        };
        (ours, theirs)
    })
}

fn submit_shares() -> Message {
    SubmitSharesExtended {
        channel_id: 7,
        sequence_number: 1000,
        job_id: 12,
        nonce: 0xdead_beef,
        ntime: 1_700_000_000,
        version: 0x2000_0000,
        extranonce: Bytes::new(vec![0xab; 8]).expect("short enough"),
    }
    .into()
}

fn setup_connection() -> Message {
    SetupConnection {
        protocol: 0,
        min_version: 2,
        max_version: 2,
        flags: 5,
        endpoint_host: "pool.benchmark.example".into(),
        endpoint_port: 34254,
        vendor: "Benchmark Devices".into(),
        hardware_version: "B1 rev. 3".into(),
        firmware: "firmware 2026.08.1".into(),
        device_id: "device-00042".into(),
    }
    .into()
}

fn new_job() -> Message {
    let bytes = |byte| Bytes::new(vec![byte; 200]).expect("short enough");
    let hashes = (0..12).map(|byte| U256::from_le_bytes([byte; 32])).collect();
    NewExtendedMiningJob {
        channel_id: 7,
        job_id: 12,
        min_ntime: Opt(None),
        version: 0x2000_0000,
        version_rolling_allowed: true,
        merkle_path: Seq::new(hashes).expect("few enough"),
        coinbase_tx_prefix: bytes(1),
        coinbase_tx_suffix: bytes(2),
    }
    .into()
}
