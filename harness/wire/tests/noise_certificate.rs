//! Certificates (spec section 4.5.3) and the text of keys (spec section 4.7).
#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]

use proptest::prelude::*;
use sv2_wire::noise::{
    AuthorityPublicKey, AuthoritySecretKey, Certificate, CertificateError, KeyError, KeyTextError,
    StaticKeypair, Terms,
};

const SERVER: [u8; 32] = [8; 32];
const TERMS: Terms = Terms { version: 0, valid_from: 1_000, not_valid_after: 2_000 };

fn authority() -> AuthoritySecretKey {
    AuthoritySecretKey::from_bytes([1; 32]).unwrap()
}

fn issued(terms: Terms) -> Certificate {
    Certificate::issue(&authority(), &SERVER, terms, &[0; 32])
}

fn judge(certificate: &Certificate, now: u64, leeway: u64) -> Result<(), CertificateError> {
    certificate.verify(&SERVER, &authority().public_key(), now, leeway)
}

#[test]
fn validity_includes_both_ends_and_the_leeway() {
    let certificate = issued(TERMS);
    let early = |now| Err(CertificateError::NotYetValid { valid_from: 1_000, now });
    let late = |now| Err(CertificateError::Expired { not_valid_after: 2_000, now });
    for (now, leeway, expected) in [
        (999, 0, early(999)),
        (1_000, 0, Ok(())),
        (2_000, 0, Ok(())),
        (2_001, 0, late(2_001)),
        (989, 10, early(989)),
        (990, 10, Ok(())),
        (2_010, 10, Ok(())),
        (2_011, 10, late(2_011)),
        (0, 1_000, Ok(())),
    ] {
        assert_eq!(judge(&certificate, now, leeway), expected, "at {now} with {leeway}");
    }
}

/// What a report or a panic may print.
#[test]
fn keys_are_shown_without_their_secret() {
    let authority = authority();
    let public = authority.public_key();
    assert_eq!(format!("{public:?}"), format!("AuthorityPublicKey({public})"));
    assert_eq!(format!("{authority:?}"), format!("AuthoritySecretKey(secret of {public})"));
    let keypair = StaticKeypair::new([2; 32], [3; 32]).unwrap();
    assert_eq!(format!("{keypair:?}"), format!("StaticKeypair(secret of {})", hex::encode(keypair.x_only())));
}

#[test]
fn extreme_times_neither_wrap_nor_pass() {
    let forever = issued(Terms { valid_from: 0, not_valid_after: u32::MAX, ..TERMS });
    assert_eq!(judge(&forever, 0, 0), Ok(()));
    assert_eq!(judge(&forever, u64::from(u32::MAX), 0), Ok(()));
    assert_eq!(judge(&forever, u64::MAX, u64::MAX), Ok(()));
    let now = u64::from(u32::MAX) + 1;
    assert_eq!(judge(&forever, now, 0), Err(CertificateError::Expired { not_valid_after: u32::MAX, now }));
    let never = issued(Terms { valid_from: 2_000, not_valid_after: 1_000, ..TERMS });
    assert!(judge(&never, 1_500, 0).is_err());
}

#[test]
fn foreign_authority_and_foreign_server_are_refused() {
    let certificate = issued(TERMS);
    let foreign = AuthoritySecretKey::from_bytes([7; 32]).unwrap().public_key();
    assert_eq!(certificate.verify(&SERVER, &foreign, 1_500, 0), Err(CertificateError::BadSignature));
    let own = authority().public_key();
    assert_eq!(certificate.verify(&[9; 32], &own, 1_500, 0), Err(CertificateError::BadSignature));
}

#[test]
fn every_byte_is_signed() {
    let encoded = issued(TERMS).encode();
    for position in 0..Certificate::LEN {
        let mut altered = encoded;
        altered[position] ^= 1 << (position % 8);
        let altered = Certificate::decode(&altered);
        assert_eq!(judge(&altered, 1_500, u64::MAX), Err(CertificateError::BadSignature), "byte {position}");
    }
}

#[test]
fn other_versions_are_carried_and_signed_not_judged() {
    let certificate = issued(Terms { version: 513, ..TERMS });
    assert_eq!(judge(&certificate, 1_500, 0), Ok(()));
    assert_eq!(certificate.encode()[..2], [1, 2]);
}

#[test]
fn wire_form_is_little_endian() {
    let certificate = Certificate {
        version: 0x0102,
        valid_from: 0x0304_0506,
        not_valid_after: 0x0708_090a,
        signature: [0xcc; 64],
    };
    let mut expected = vec![2, 1, 6, 5, 4, 3, 10, 9, 8, 7];
    expected.extend([0xcc; 64]);
    assert_eq!(certificate.encode().to_vec(), expected);
    assert_eq!(Certificate::decode(&certificate.encode()), certificate);
}

#[test]
fn authority_key_of_the_specification() {
    // Spec section 4.7.1.
    let raw = [
        118, 99, 112, 0, 151, 156, 28, 17, 175, 12, 48, 11, 205, 140, 127, 228, 134, 16, 252, 233, 185, 193,
        30, 61, 174, 227, 90, 224, 176, 138, 116, 85,
    ];
    let text = "9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh";
    assert_eq!(text.parse::<AuthorityPublicKey>().unwrap().to_bytes(), raw);
    assert_eq!(AuthorityPublicKey::from_bytes(raw).unwrap().to_string(), text);
}

#[test]
fn secret_and_public_text_belong_together() {
    let secret: AuthoritySecretKey = "mkDLTBBRxdBv998612qipDYoTK3YUrqLe8uWw7gu3iXbSrn2n".parse().unwrap();
    assert_eq!(secret.public_key().to_string(), "9auqWEzQDVyd2oe1JVGFLMLHZtCo2FFqZwtKA5gd9xbuEu7PH72");
    assert_eq!(*secret.to_text(), "mkDLTBBRxdBv998612qipDYoTK3YUrqLe8uWw7gu3iXbSrn2n");
}

#[test]
fn wrong_key_text_is_named() {
    let parse = |text: &str| text.parse::<AuthorityPublicKey>().unwrap_err();
    let good = authority().public_key().to_string();
    assert_eq!(parse(""), KeyTextError::Checksum);
    assert_eq!(parse(&good[1..]), KeyTextError::Checksum);
    assert_eq!(
        parse(&good.replacen(&good[5..6], "0", 1)),
        KeyTextError::Character { character: '0', position: good.find(&good[5..6]).unwrap() }
    );
    for character in ['0', 'O', 'I', 'l', ' ', '+'] {
        assert_eq!(parse(&format!("9b{character}X")), KeyTextError::Character { character, position: 2 });
    }
    assert_eq!(parse("9bXé"), KeyTextError::Character { character: 'é', position: 3 });
    assert_eq!(parse(&"1".repeat(65)), KeyTextError::TooLong { length: 65 });
    assert_eq!(parse(&authority().to_text()), KeyTextError::Length { actual: 32, expected: 34 });
    assert_eq!(
        good.parse::<AuthoritySecretKey>().unwrap_err(),
        KeyTextError::Length { actual: 34, expected: 32 }
    );

    let with = |prefix: [u8; 2], key: [u8; 32]| base58ck::encode_check(&[prefix.as_slice(), &key].concat());
    let key = authority().public_key().to_bytes();
    assert_eq!(parse(&with([1, 1], key)), KeyTextError::Version { actual: [1, 1] });
    assert_eq!(parse(&with([0, 1], key)), KeyTextError::Version { actual: [0, 1] });
    assert_eq!(parse(&with([2, 0], key)), KeyTextError::Version { actual: [2, 0] });
    assert_eq!(parse(&with([1, 0], [0xff; 32])), KeyTextError::Key(KeyError::NotOnCurve));
    assert_eq!(
        base58ck::encode_check(&[0; 32]).parse::<AuthoritySecretKey>().unwrap_err(),
        KeyTextError::Key(KeyError::SecretOutOfRange)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn certificates_round_trip(head in any::<[u8; 10]>(), tail in any::<([u8; 32], [u8; 32])>()) {
        let bytes = [head.as_slice(), &tail.0, &tail.1].concat().try_into().unwrap();
        prop_assert_eq!(Certificate::decode(&bytes).encode(), bytes);
    }

    #[test]
    fn what_is_issued_verifies(
        secret in any::<[u8; 32]>(), server in any::<[u8; 32]>(), version in any::<u16>(), times in any::<(u32, u32)>()
    ) {
        let Ok(authority) = AuthoritySecretKey::from_bytes(secret) else { return Ok(()) };
        let terms = Terms { version, valid_from: times.0.min(times.1), not_valid_after: times.0.max(times.1) };
        let certificate = Certificate::issue(&authority, &server, terms, &secret);
        let now = u64::from(terms.valid_from);
        prop_assert_eq!(certificate.verify(&server, &authority.public_key(), now, 0), Ok(()));
    }

    #[test]
    fn keys_round_trip_through_text(secret in any::<[u8; 32]>()) {
        let Ok(authority) = AuthoritySecretKey::from_bytes(secret) else { return Ok(()) };
        let public = authority.public_key();
        prop_assert_eq!(public.to_string().parse(), Ok(public));
        let again: AuthoritySecretKey = authority.to_text().parse().unwrap();
        prop_assert_eq!(*again.to_bytes(), secret);
    }

    #[test]
    fn any_text_is_judged_without_panic(text in ".{0,80}") {
        prop_assert!(text.parse::<AuthorityPublicKey>().is_err());
        prop_assert!(text.parse::<AuthoritySecretKey>().is_err());
    }
}
