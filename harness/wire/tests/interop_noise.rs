//! Against `noise_sv2`, the Noise of the Stratum Reference Implementation, in both roles.
#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected fails")]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use noise_sv2::{Error as SriError, NoiseEngine};
use sv2_wire::noise::{
    AuthoritySecretKey, Certificate, CertificateError, Initiator, MAX_PLAINTEXT_LEN, NoiseError, Responder,
    StaticKeypair, Terms, Transport,
};

const NOW: u32 = 1_700_000_000;
const SIZES: [usize; 6] = [0, 1, 6, 64, 1024, MAX_PLAINTEXT_LEN];

fn authority() -> AuthoritySecretKey {
    AuthoritySecretKey::from_bytes([0x11; 32]).unwrap()
}

fn foreign() -> AuthoritySecretKey {
    AuthoritySecretKey::from_bytes([0x22; 32]).unwrap()
}

fn valid() -> Terms {
    Terms { version: 0, valid_from: NOW - 60, not_valid_after: NOW + 60 }
}

/// SRI's client, which knows `trusted`, against our server with a certificate of [`authority`] at time [`NOW`].
fn sri_client(
    trusted: Option<&AuthoritySecretKey>,
    terms: Terms,
) -> (Result<NoiseEngine, SriError>, Transport) {
    let keypair = StaticKeypair::new([0x33; 32], [0x44; 32]).unwrap();
    let certificate = Certificate::issue(&authority(), &keypair.x_only(), terms, &[0x55; 32]);
    let mut client = match trusted {
        Some(key) => noise_sv2::Initiator::from_raw_k(key.public_key().to_bytes()).unwrap(),
        None => noise_sv2::Initiator::without_pk().unwrap(),
    };
    let act_one = client.step_0().unwrap();
    let responder = Responder::new(&keypair, certificate.encode(), [0x66; 64]);
    let (act_two, server) = responder.answer(&act_one).unwrap();
    (client.step_2_with_now(act_two, NOW), server)
}

/// SRI's server, which certifies itself by [`authority`] for a minute from the present on.
fn sri_server(act_one: [u8; 64]) -> ([u8; 234], NoiseEngine) {
    let authority = authority();
    let mut server = noise_sv2::Responder::from_authority_kp(
        &authority.public_key().to_bytes(),
        &authority.to_bytes(),
        Duration::from_secs(60),
    )
    .unwrap();
    server.step_1(act_one).unwrap()
}

/// Messages of all sizes both ways, then one that was altered in each.
fn talk(ours: Transport, mut theirs: NoiseEngine) {
    let (mut sealer, mut opener) = ours.split();
    for size in SIZES {
        let plaintext: Vec<u8> = (0..size).map(|i| u8::try_from(i % 253).unwrap()).collect();
        let mut record = Vec::new();
        sealer.seal(&plaintext, &mut record).unwrap();
        theirs.decrypt(&mut record).unwrap();
        assert!(record == plaintext, "{size} bytes from us");

        let mut record = plaintext.clone();
        theirs.encrypt(&mut record).unwrap();
        let mut opened = Vec::new();
        opener.open(&record, &mut opened).unwrap();
        assert!(opened == plaintext, "{size} bytes from sri");
    }
    let mut record = Vec::new();
    sealer.seal(b"altered", &mut record).unwrap();
    record[3] ^= 1;
    assert!(theirs.decrypt(&mut record).is_err());

    let mut record = b"altered".to_vec();
    theirs.encrypt(&mut record).unwrap();
    record[3] ^= 1;
    let nonce = u64::try_from(SIZES.len()).unwrap();
    assert_eq!(opener.open(&record, &mut Vec::new()), Err(NoiseError::DecryptionFailed { nonce }));
}

#[test]
fn sri_client_trusts_our_server_and_talks() {
    let (client, server) = sri_client(Some(&authority()), valid());
    talk(server, client.unwrap());
}

#[test]
fn we_trust_an_sri_server_and_talk() {
    for seed in 0..8 {
        let client = Initiator::new([seed; 64]);
        let (act_two, server) = sri_server(client.act_one());
        let (transport, identity) = client.finish(&act_two).unwrap();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        identity.verify(&authority().public_key(), now, 10).unwrap();

        let Certificate { version, valid_from, not_valid_after, .. } = identity.certificate;
        assert_eq!((version, not_valid_after), (0, valid_from + 60));
        talk(transport, server);
    }
}

#[test]
fn we_refuse_an_sri_server_of_a_foreign_authority_or_another_time() {
    let client = Initiator::new([9; 64]);
    let (act_two, _) = sri_server(client.act_one());
    let (_, identity) = client.finish(&act_two).unwrap();
    let Certificate { valid_from, not_valid_after, .. } = identity.certificate;
    let (start, end) = (u64::from(valid_from), u64::from(not_valid_after));
    let own = authority().public_key();

    assert_eq!(identity.verify(&foreign().public_key(), start, 10), Err(CertificateError::BadSignature));
    let early = CertificateError::NotYetValid { valid_from, now: start - 11 };
    assert_eq!(identity.verify(&own, start - 11, 10), Err(early));
    let late = CertificateError::Expired { not_valid_after, now: end + 11 };
    assert_eq!(identity.verify(&own, end + 11, 10), Err(late));
}

#[test]
fn sri_client_refuses_what_we_would_refuse() {
    let hour = 3_600;
    let expired = Terms { not_valid_after: NOW - hour, valid_from: NOW - 2 * hour, ..valid() };
    let future = Terms { valid_from: NOW + hour, not_valid_after: NOW + 2 * hour, ..valid() };
    for (trusted, terms) in [(authority(), expired), (authority(), future), (foreign(), valid())] {
        let (client, _) = sri_client(Some(&trusted), terms);
        assert!(matches!(client, Err(SriError::InvalidCertificate(_))), "{terms:?}");
    }
}

#[test]
fn both_widen_the_same_validity_by_ten_seconds() {
    for (late, accepted) in [(10, true), (11, false)] {
        let terms = Terms { valid_from: NOW - 100, not_valid_after: NOW - late, ..valid() };
        assert_eq!(sri_client(Some(&authority()), terms).0.is_ok(), accepted);
        let ours = Certificate::issue(&authority(), &[1; 32], terms, &[0; 32]);
        let verdict = ours.verify(&[1; 32], &authority().public_key(), u64::from(NOW), 10);
        assert_eq!(verdict.is_ok(), accepted);
    }
}

#[test]
fn sri_without_a_key_accepts_any_certificate_of_version_0() {
    let expired = Terms { version: 0, valid_from: 1, not_valid_after: 2 };
    let (client, server) = sri_client(None, expired);
    talk(server, client.unwrap());
}

/// The specification gives the version no value; SRI wants 0 even without a key to verify by, we accept any.
#[test]
fn sri_refuses_another_version() {
    for trusted in [Some(authority()), None] {
        let (client, _) = sri_client(trusted.as_ref(), Terms { version: 1, ..valid() });
        assert!(matches!(client, Err(SriError::InvalidCertificate(_))));
    }
}

#[test]
fn both_notice_an_altered_act_two() {
    for position in [0, 63, 64, 143, 144, 233] {
        let client = Initiator::new([7; 64]);
        let (mut act_two, _) = sri_server(client.act_one());
        act_two[position] ^= 0x80;
        assert!(client.finish(&act_two).is_err(), "byte {position}");

        let keypair = StaticKeypair::new([0x33; 32], [0x44; 32]).unwrap();
        let mut client = noise_sv2::Initiator::without_pk().unwrap();
        let act_one = client.step_0().unwrap();
        let (mut act_two, _) = Responder::new(&keypair, [0; 74], [0x66; 64]).answer(&act_one).unwrap();
        act_two[position] ^= 0x80;
        assert!(matches!(client.step_2_with_now(act_two, NOW), Err(SriError::Aead(_))), "byte {position}");
    }
}
