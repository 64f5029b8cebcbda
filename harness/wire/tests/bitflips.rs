//! One bit changes on its way: whoever gets it refuses, and no frame comes out altered.

use sv2_wire::frame::{Frame, MAX_PAYLOAD_LEN};
use sv2_wire::link::{Event, HEADER_RECORD_LEN, Link, LinkError};
use sv2_wire::noise::{ACT_TWO_LEN, NoiseError};
use sv2_wire::{MESSAGES, Message, SetupConnectionError};

#[path = "support/session.rs"]
mod session;
use session::{answer, initiator, pair};

fn flipped(bytes: &[u8], bit: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[bit / 8] ^= 1 << (bit % 8);
    bytes
}

fn small_frame() -> Frame {
    let message = SetupConnectionError { flags: 6, error_code: "no".into() };
    Frame::of(&message.into()).expect("fits")
}

fn large_frame() -> Frame {
    let mut frame = small_frame();
    frame.payload = (0..=250).cycle().take(65_530).collect();
    frame.header.length = 65_530;
    frame
}

/// Feeds the bytes to the link; they must be refused as `expected`, and nothing goes afterwards.
fn refuses(mut link: Link, bytes: &[u8], expected: &LinkError, label: &str) {
    link.receive(bytes);
    match link.poll() {
        Err(error) => assert_eq!(&error, expected, "{label}"),
        Ok(event) => panic!("{label}: {event:?}"),
    }
    link.receive(&[0; 1000]);
    assert_eq!(link.poll().expect_err("failed"), LinkError::NotEstablished, "{label}");
    let sealed = link.seal(&small_frame(), &mut Vec::new());
    assert_eq!(sealed.expect_err("failed"), LinkError::NotEstablished, "{label}");
    assert!(!link.is_established() && link.pending() == 0, "{label}");
}

#[test]
fn act_one() {
    let (_, act_one) = initiator(MAX_PAYLOAD_LEN);
    for bit in 0..act_one.len() * 8 {
        let altered = flipped(&act_one, bit).try_into().expect("as long as before");
        let (mut server, act_two) = answer(&altered, MAX_PAYLOAD_LEN);
        let (client, _) = initiator(MAX_PAYLOAD_LEN);
        refuses(client, &act_two, &NoiseError::StaticKeyNotAuthentic.into(), &format!("bit {bit}"));
        // The server cannot know yet. What the client would have sent, it cannot read: there are no common keys.
        server.receive(&[0; HEADER_RECORD_LEN]);
        assert!(matches!(server.poll(), Err(LinkError::Noise(NoiseError::DecryptionFailed { nonce: 0 }))));
    }
}

#[test]
fn act_two() {
    let (_, act_one) = initiator(MAX_PAYLOAD_LEN);
    let (_, act_two) = answer(&act_one, MAX_PAYLOAD_LEN);
    assert_eq!(act_two.len(), ACT_TWO_LEN);
    for bit in 0..ACT_TWO_LEN * 8 {
        let expected = match bit / 8 {
            0..144 => NoiseError::StaticKeyNotAuthentic,
            _ => NoiseError::CertificateNotAuthentic,
        };
        let (client, _) = initiator(MAX_PAYLOAD_LEN);
        refuses(client, &flipped(&act_two, bit), &expected.into(), &format!("bit {bit}"));
    }
}

/// Flips these bits of a sealed frame, one at a time, each time on a connection of its own.
fn flip_records(frame: &Frame, bits: impl Fn(usize) -> Vec<usize>, from_client: bool) {
    let mut sealed = Vec::new();
    let connection = || {
        let (client, server) = pair(MAX_PAYLOAD_LEN);
        if from_client { (client, server) } else { (server, client) }
    };
    let (mut sender, mut receiver) = connection();
    sender.seal(frame, &mut sealed).expect("established");
    receiver.receive(&sealed);
    assert!(matches!(receiver.poll(), Ok(Some(Event::Frame(same))) if same == *frame));

    for bit in bits(sealed.len()) {
        let (_, receiver) = connection();
        let nonce = match (bit / 8).checked_sub(HEADER_RECORD_LEN) {
            None => 0,
            Some(at) => 1 + u64::try_from(at / 65_535).expect("small"),
        };
        let expected = NoiseError::DecryptionFailed { nonce }.into();
        refuses(receiver, &flipped(&sealed, bit), &expected, &format!("bit {bit}"));
    }
}

#[test]
fn every_bit_of_a_small_frame() {
    for from_client in [true, false] {
        flip_records(&small_frame(), |length| (0..length * 8).collect(), from_client);
    }
}

/// The ends of the ciphertexts and of the authentication codes of all three records.
#[test]
fn bits_of_a_large_frame() {
    let ends = |length: usize| {
        let starts = [0, HEADER_RECORD_LEN, HEADER_RECORD_LEN + 65_535, length];
        let records = starts.windows(2).flat_map(|pair| [pair[0], pair[1] - 17, pair[1] - 16, pair[1] - 1]);
        records.flat_map(|byte| [byte * 8, byte * 8 + 7]).collect()
    };
    flip_records(&large_frame(), ends, true);
}

#[test]
fn records_that_are_swapped_repeated_or_left_out() {
    let seal = |frame: &Frame| {
        let mut sealed = Vec::new();
        let mut client = pair(MAX_PAYLOAD_LEN).0;
        client.seal(frame, &mut sealed).expect("established");
        sealed
    };
    let sealed = seal(&small_frame());
    let (header, payload) = sealed.split_at(HEADER_RECORD_LEN);
    let failed = |nonce| LinkError::from(NoiseError::DecryptionFailed { nonce });
    refuses(pair(MAX_PAYLOAD_LEN).1, &[payload, header, header].concat(), &failed(0), "swapped");
    refuses(pair(MAX_PAYLOAD_LEN).1, &[header, header, payload].concat(), &failed(1), "header repeated");
    refuses(pair(MAX_PAYLOAD_LEN).1, &[payload, payload].concat(), &failed(0), "header left out");
    // The sender's own bytes come back to it: the directions have keys of their own.
    refuses(pair(MAX_PAYLOAD_LEN).0, &sealed, &failed(0), "mirrored");
    let (mut server, replay) = (pair(MAX_PAYLOAD_LEN).1, sealed.repeat(2));
    server.receive(&replay);
    assert!(matches!(server.poll(), Ok(Some(Event::Frame(_)))));
    assert_eq!(server.poll().unwrap_err(), failed(2));
}

/// What `seal` would not make: the header together with the payload, a payload cut elsewhere, or more than a record may hold.
#[test]
fn records_that_are_cut_elsewhere() {
    let cut = |frame: &Frame, at: &[usize]| {
        let (mut bytes, mut sealed) = (frame.to_bytes(), Vec::new());
        let mut client = pair(MAX_PAYLOAD_LEN).0;
        for length in at {
            let rest = bytes.split_off(*length);
            client.seal_record(&bytes, &mut sealed).expect("established");
            bytes = rest;
        }
        client.seal_record(&bytes, &mut sealed).expect("established");
        sealed
    };
    let failed = |nonce| LinkError::from(NoiseError::DecryptionFailed { nonce });
    let (small, large) = (small_frame(), large_frame());
    let mut server = pair(MAX_PAYLOAD_LEN).1;
    server.receive(&cut(&small, &[6]));
    assert!(matches!(server.poll(), Ok(Some(Event::Frame(frame))) if frame == small), "as seal does it");
    refuses(pair(MAX_PAYLOAD_LEN).1, &cut(&small, &[]), &failed(0), "header with payload");
    refuses(pair(MAX_PAYLOAD_LEN).1, &cut(&large, &[6, 32_768]), &failed(1), "shorter records");
    refuses(pair(MAX_PAYLOAD_LEN).1, &cut(&large, &[6]), &failed(1), "a longer record");
}

#[test]
fn directions_that_are_exchanged() {
    let (mut client, mut server) = pair(MAX_PAYLOAD_LEN);
    server.swap_directions();
    let mut sealed = Vec::new();
    client.seal(&small_frame(), &mut sealed).expect("established");
    refuses(server, &sealed, &LinkError::from(NoiseError::DecryptionFailed { nonce: 0 }), "swapped");
}

#[test]
fn a_payload_is_announced_until_it_is_whole() {
    let (mut client, mut server) = pair(MAX_PAYLOAD_LEN);
    let mut sealed = Vec::new();
    client.seal(&small_frame(), &mut sealed).expect("established");
    let (most, last) = sealed.split_at(sealed.len() - 1);
    assert_eq!(server.announced(), None);
    server.receive(most);
    assert!(matches!(server.poll(), Ok(None)));
    assert_eq!(server.announced(), Some(small_frame().payload.len()));
    server.receive(last);
    assert!(matches!(server.poll(), Ok(Some(Event::Frame(_)))));
    assert_eq!(server.announced(), None);
}

/// Without encryption a flipped bit is another frame, or a wait for more bytes, or a refusal: never the same frame.
#[test]
fn plain_link() {
    for spec in MESSAGES {
        let frame = Frame::of(&Message::zero(spec.kind).expect("a row")).expect("fits");
        let bytes = frame.to_bytes();
        for bit in 0..bytes.len() * 8 {
            let mut link = Link::plain(MAX_PAYLOAD_LEN);
            link.receive(&flipped(&bytes, bit));
            let label = format!("{} bit {bit}", spec.name);
            let length_grew = (24..48).contains(&bit) && bytes[bit / 8] & (1 << (bit % 8)) == 0;
            match link.poll() {
                Ok(Some(Event::Frame(other))) => {
                    assert!(other != frame && !length_grew, "{label}");
                    // Another frame, but from the very bytes that came.
                    assert!(flipped(&bytes, bit).starts_with(&other.to_bytes()), "{label}");
                    let left = bytes.len() - other.to_bytes().len();
                    assert_eq!(link.pending(), left, "{label}");
                    drop(other.decode());
                }
                Ok(None) => assert!(length_grew && link.pending() == bytes.len(), "{label}"),
                other => panic!("{label}: {other:?}"),
            }
        }
    }
}
