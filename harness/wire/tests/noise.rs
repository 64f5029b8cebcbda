//! Handshake and records with ourselves at both ends (spec sections 4.5 and 4.6).
#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]

use proptest::prelude::*;
use sv2_wire::noise::{
    ACT_ONE_LEN, ACT_TWO_LEN, AuthoritySecretKey, Certificate, Initiator, KeyError, MAC_LEN, MAX_MESSAGE_LEN,
    MAX_PLAINTEXT_LEN, NoiseError, Responder, StaticKeypair, Terms, Transport,
};

const TERMS: Terms = Terms { version: 0, valid_from: 1_000, not_valid_after: 2_000 };

fn server() -> StaticKeypair {
    StaticKeypair::new([2; 32], [3; 32]).unwrap()
}

fn certificate() -> [u8; Certificate::LEN] {
    let authority = AuthoritySecretKey::from_bytes([1; 32]).unwrap();
    Certificate::issue(&authority, &server().x_only(), TERMS, &[4; 32]).encode()
}

fn initiator() -> Initiator {
    Initiator::new([5; 64])
}

fn answer(act_one: &[u8; ACT_ONE_LEN]) -> ([u8; ACT_TWO_LEN], Transport) {
    Responder::new(&server(), certificate(), [6; 64]).answer(act_one).unwrap()
}

/// Client's and server's transport.
fn connected() -> (Transport, Transport) {
    let client = initiator();
    let (act_two, server) = answer(&client.act_one());
    (client.finish(&act_two).unwrap().0, server)
}

fn sealed(transport: &mut Transport, plaintext: &[u8]) -> Vec<u8> {
    let mut record = Vec::new();
    transport.seal(plaintext, &mut record).unwrap();
    record
}

fn opened(transport: &mut Transport, record: &[u8]) -> Result<Vec<u8>, NoiseError> {
    let mut plaintext = Vec::new();
    transport.open(record, &mut plaintext).map(|()| plaintext)
}

#[test]
fn client_learns_who_the_server_is() {
    let client = initiator();
    let (act_two, _) = answer(&client.act_one());
    let (_, identity) = client.finish(&act_two).unwrap();
    assert_eq!(identity.static_key, server().ellswift());
    assert_eq!(identity.static_key_x_only, server().x_only());
    assert_eq!(identity.certificate.encode(), certificate());
}

#[test]
fn any_certificate_bytes_reach_the_client() {
    let client = initiator();
    let odd = [0xee; Certificate::LEN];
    let (act_two, _) = Responder::new(&server(), odd, [6; 64]).answer(&client.act_one()).unwrap();
    assert_eq!(client.finish(&act_two).unwrap().1.certificate.encode(), odd);
}

#[test]
fn equal_seeds_give_equal_bytes() {
    let run = || {
        let client = initiator();
        let act_one = client.act_one();
        let (act_two, mut server) = answer(&act_one);
        let (mut client, _) = client.finish(&act_two).unwrap();
        (act_one, act_two, sealed(&mut client, b"up"), sealed(&mut server, b"down"))
    };
    assert_eq!(run(), run());
}

#[test]
fn every_part_of_a_seed_counts() {
    let first = Initiator::new([5; 64]).act_one();
    let mut seed = [5; 64];
    seed[0] = 4;
    assert_ne!(Initiator::new(seed).act_one(), first, "the secret");
    seed = [5; 64];
    seed[63] = 4;
    assert_ne!(Initiator::new(seed).act_one(), first, "the randomness of its encoding");

    let (one, _) = Responder::new(&server(), certificate(), [6; 64]).answer(&first).unwrap();
    let (other, _) = Responder::new(&server(), certificate(), seed).answer(&first).unwrap();
    assert_ne!(one[..64], other[..64]);
}

#[test]
fn seeds_that_are_no_scalar_work_too() {
    for byte in [0, 0xff] {
        let client = Initiator::new([byte; 64]);
        let (act_two, mut server) =
            Responder::new(&server(), certificate(), [byte; 64]).answer(&client.act_one()).unwrap();
        let (mut client, _) = client.finish(&act_two).unwrap();
        assert_eq!(opened(&mut server, &sealed(&mut client, b"hello")).unwrap(), b"hello");
    }
}

#[test]
fn secret_that_is_no_scalar_becomes_its_hash() {
    // SHA-256 of 32 zero bytes.
    let hash = hex::decode("66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925").unwrap();
    let hashed = [hash.as_slice(), &[7; 32]].concat().try_into().unwrap();
    let mut zero = [7; 64];
    zero[..32].fill(0);
    assert_eq!(Initiator::new(zero).act_one(), Initiator::new(hashed).act_one());
}

#[test]
fn act_one_altered_anywhere_is_noticed_by_the_client() {
    let act_one = initiator().act_one();
    for position in 0..ACT_ONE_LEN {
        let mut altered = act_one;
        altered[position] ^= 1 << (position % 8);
        let (act_two, _) = answer(&altered);
        assert_eq!(
            initiator().finish(&act_two).unwrap_err(),
            NoiseError::StaticKeyNotAuthentic,
            "byte {position}"
        );
    }
}

#[test]
fn act_two_altered_anywhere_is_refused_and_the_part_named() {
    let (act_two, _) = answer(&initiator().act_one());
    for position in 0..ACT_TWO_LEN {
        let mut altered = act_two;
        altered[position] ^= 1 << (position % 8);
        let expected = if position < 144 {
            NoiseError::StaticKeyNotAuthentic
        } else {
            NoiseError::CertificateNotAuthentic
        };
        assert_eq!(initiator().finish(&altered).unwrap_err(), expected, "byte {position}");
    }
}

#[test]
fn act_two_meant_for_another_client_is_refused() {
    let (act_two, _) = answer(&Initiator::new([9; 64]).act_one());
    assert_eq!(initiator().finish(&act_two).unwrap_err(), NoiseError::StaticKeyNotAuthentic);
}

#[test]
fn records_of_every_size_pass_both_ways() {
    let (mut client, mut server) = connected();
    for size in [0, 1, 6, 64, 1024, MAX_PLAINTEXT_LEN] {
        let plaintext: Vec<u8> = (0..size).map(|i| u8::try_from(i % 251).unwrap()).collect();
        let up = sealed(&mut client, &plaintext);
        assert_eq!(up.len(), size + MAC_LEN);
        assert_eq!(opened(&mut server, &up).unwrap(), plaintext);
        let down = sealed(&mut server, &plaintext);
        assert_ne!(down, up, "each direction has its own key");
        assert_eq!(opened(&mut client, &down).unwrap(), plaintext);
    }
}

#[test]
fn halves_work_apart_and_append() {
    let (client, server) = connected();
    let (mut sealer, _) = client.split();
    let (_, mut opener) = server.split();
    let mut wire = b"before".to_vec();
    sealer.seal(b"one", &mut wire).unwrap();
    let mut two = *b"two";
    let code = sealer.seal_in_place(&mut two).unwrap();

    let mut plaintext = b"so far: ".to_vec();
    opener.open(&wire[6..], &mut plaintext).unwrap();
    assert_eq!(plaintext, b"so far: one");
    let mut record = [two.as_slice(), &code].concat();
    assert_eq!(opener.open_in_place(&mut record).unwrap(), b"two");
}

#[test]
fn record_altered_anywhere_ends_the_session() {
    let record = sealed(&mut connected().0, &[0x5a; 40]);
    for position in 0..record.len() {
        let (_, mut server) = connected();
        let mut altered = record.clone();
        altered[position] ^= 1 << (position % 8);
        let mut out = b"kept".to_vec();
        assert_eq!(server.open(&altered, &mut out), Err(NoiseError::DecryptionFailed { nonce: 0 }));
        assert_eq!(out, b"kept");
        assert_eq!(server.open(&record, &mut out), Err(NoiseError::SessionTerminated));
        assert_eq!(out, b"kept");
    }
}

#[test]
fn record_repeated_skipped_or_turned_back_is_refused() {
    let (mut client, mut server) = connected();
    let first = sealed(&mut client, b"first");
    let second = sealed(&mut client, b"second");
    assert_eq!(opened(&mut server, &first).unwrap(), b"first");
    assert_eq!(opened(&mut server, &first), Err(NoiseError::DecryptionFailed { nonce: 1 }));

    let (_, mut server) = connected();
    assert_eq!(opened(&mut server, &second), Err(NoiseError::DecryptionFailed { nonce: 0 }));

    let (mut client, _) = connected();
    assert_eq!(opened(&mut client, &first), Err(NoiseError::DecryptionFailed { nonce: 0 }));
}

#[test]
fn one_direction_outlives_the_failure_of_the_other() {
    let (mut client, mut server) = connected();
    assert!(opened(&mut client, &[0; 40]).is_err());
    assert_eq!(opened(&mut server, &sealed(&mut client, b"bye")).unwrap(), b"bye");
}

#[test]
fn wrong_lengths_are_named() {
    for length in [0, 1, MAC_LEN - 1] {
        let (mut client, _) = connected();
        assert_eq!(opened(&mut client, &vec![0; length]), Err(NoiseError::MessageTooShort { length }));
        assert_eq!(opened(&mut client, &[0; 40]), Err(NoiseError::SessionTerminated));
    }
    let (mut client, mut server) = connected();
    let length = MAX_MESSAGE_LEN + 1;
    assert_eq!(opened(&mut client, &vec![0; length]), Err(NoiseError::MessageTooLong { length }));

    let (length, mut out) = (MAX_PLAINTEXT_LEN + 1, b"kept".to_vec());
    assert_eq!(client.seal(&vec![0; length], &mut out), Err(NoiseError::PlaintextTooLong { length }));
    assert_eq!(out, b"kept");
    assert_eq!(opened(&mut server, &sealed(&mut client, b"goes on")).unwrap(), b"goes on");
}

#[test]
fn static_keys_are_checked() {
    const ORDER: &str = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    let order: [u8; 32] = hex::decode(ORDER).unwrap().try_into().unwrap();
    let mut below = order;
    below[31] -= 1;
    for secret in [[0; 32], order, [0xff; 32]] {
        assert_eq!(StaticKeypair::new(secret, [0; 32]).unwrap_err(), KeyError::SecretOutOfRange);
        assert_eq!(AuthoritySecretKey::from_bytes(secret).unwrap_err(), KeyError::SecretOutOfRange);
    }
    assert!(StaticKeypair::new(below, [0; 32]).is_ok());
    assert!(AuthoritySecretKey::from_bytes(below).is_ok());
}

#[test]
fn both_encodings_of_a_static_key_are_one_key() {
    let one = StaticKeypair::new([2; 32], [3; 32]).unwrap();
    let other = StaticKeypair::new([2; 32], [4; 32]).unwrap();
    assert_ne!(one.ellswift(), other.ellswift());
    assert_eq!(one.x_only(), other.x_only());
    let schnorr_key = AuthoritySecretKey::from_bytes([2; 32]).unwrap().public_key();
    assert_eq!(one.x_only(), schnorr_key.to_bytes());
}

#[test]
fn debug_text_holds_no_secret() {
    let secret = hex::encode([2; 32]);
    let authority = AuthoritySecretKey::from_bytes([2; 32]).unwrap();
    for text in [
        format!("{:?}", server()),
        format!("{authority:?}"),
        format!("{:?}", initiator()),
        format!("{:?}", connected()),
    ] {
        assert!(
            !text.contains(&secret) && !text.contains(&*authority.to_text()) && !text.contains("2, 2, 2"),
            "{text}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn any_seeds_and_keys_connect(
        seeds in any::<([[u8; 32]; 2], [[u8; 32]; 2])>(),
        secret in any::<[u8; 32]>(),
        up in proptest::collection::vec(any::<u8>(), 0..300),
        down in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let Ok(keypair) = StaticKeypair::new(secret, [0; 32]) else { return Ok(()) };
        let seed = |halves: [[u8; 32]; 2]| halves.concat().try_into().unwrap();
        let client = Initiator::new(seed(seeds.0));
        let responder = Responder::new(&keypair, certificate(), seed(seeds.1));
        let (act_two, mut server) = responder.answer(&client.act_one()).unwrap();
        let (mut client, identity) = client.finish(&act_two).unwrap();
        prop_assert_eq!(identity.static_key_x_only, keypair.x_only());
        prop_assert_eq!(opened(&mut server, &sealed(&mut client, &up)).unwrap(), up);
        prop_assert_eq!(opened(&mut client, &sealed(&mut server, &down)).unwrap(), down);
    }

    #[test]
    fn any_bytes_are_refused_as_act_two(bytes in proptest::collection::vec(any::<u8>(), ACT_TWO_LEN)) {
        prop_assert_eq!(
            initiator().finish(&bytes.try_into().unwrap()).unwrap_err(),
            NoiseError::StaticKeyNotAuthentic
        );
    }

    #[test]
    fn any_bytes_are_answered_as_act_one(bytes in proptest::collection::vec(any::<u8>(), ACT_ONE_LEN)) {
        let (_, mut server) = answer(&bytes.try_into().unwrap());
        prop_assert!(opened(&mut server, &[0; 22]).is_err());
    }
}

/// Encodings whose first half is zero, the field prime, and all ones: all are valid (spec section 4.3.1.1).
const ODD_ENCODINGS: [(u8, &str); 3] = [
    (
        3,
        "0000000000000000000000000000000000000000000000000000000000000000\
         6f02fdb1d87fc3ee64e5c5221a073764b3eef03c3acb9d991a4e91d3aa5a4001",
    ),
    (
        3,
        "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f\
         6f02fdb1d87fc3ee64e5c5221a073764b3eef03c3acb9d991a4e91d3aa5a4001",
    ),
    (
        1,
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\
         1d485482182299527dec252ade889c8f07f3329fd86de80c63a32c99bcaaf310",
    ),
];

#[test]
fn a_client_may_bring_its_ephemeral_key_in_any_encoding() {
    for (secret, encoding) in ODD_ENCODINGS {
        let mut scalar = [0; 32];
        scalar[31] = secret;
        let encoding: [u8; 64] = hex::decode(encoding).unwrap().try_into().unwrap();
        let key = StaticKeypair::with_encoding(scalar, encoding).unwrap();
        let client = Initiator::with_ephemeral(&key);
        assert_eq!(client.act_one(), encoding);
        let (act_two, mut server_side) = answer(&client.act_one());
        let (mut client_side, identity) = client.finish(&act_two).unwrap();
        assert_eq!(identity.static_key, server().ellswift());
        let drawn = StaticKeypair::new([6; 32], [6; 32]).unwrap();
        assert_eq!(identity.ephemeral_key_x_only, drawn.x_only());
        let record = sealed(&mut client_side, b"there");
        assert_eq!(opened(&mut server_side, &record).unwrap(), b"there");
    }
    let other = StaticKeypair::new([9; 32], [0; 32]).unwrap().ellswift();
    assert_eq!(StaticKeypair::with_encoding([8; 32], other).unwrap_err(), KeyError::OtherKey);
    assert_eq!(StaticKeypair::with_encoding([0; 32], other).unwrap_err(), KeyError::SecretOutOfRange);
}
