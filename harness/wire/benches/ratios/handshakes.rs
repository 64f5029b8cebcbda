//! A client and a server become strangers no more: both sides of the handshake, in memory.
//!
//! On either side of the comparison the server reads its authority key, makes a static key and has it certified, the
//! client reads the authority's public key and verifies the certificate, and all keys are drawn afresh.

use crate::measure::{Effort, Row, duel, seen};
use codec_sv2::{Handshake, Transport};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use sv2_wire::frame::MAX_PAYLOAD_LEN;
use sv2_wire::link::{Event, Link};
use sv2_wire::noise::{
    AuthorityPublicKey, AuthoritySecretKey, Certificate, Initiator, Responder, StaticKeypair, Terms,
};

const AUTHORITY: [u8; 32] = [5; 32];
const VALIDITY: u32 = 60;

pub(crate) fn rows(effort: Effort) -> Vec<Row> {
    let authority = authority();
    let name = "handshake, both sides, certificate issued and verified".to_owned();
    vec![duel(name, effort, || (move || seen(ours(authority)), move || seen(theirs(authority))))]
}

/// The public half of [`AUTHORITY`].
pub(crate) fn authority() -> [u8; 32] {
    AuthoritySecretKey::from_bytes(AUTHORITY).expect("below the order").public_key().to_bytes()
}

/// Client and server.
pub(crate) fn ours(authority: [u8; 32]) -> (Link, Link) {
    let (mut client, act_one) = Link::initiator(Initiator::new(drawn()), MAX_PAYLOAD_LEN);
    let mut server = Link::responder(responder(), MAX_PAYLOAD_LEN);
    server.receive(&act_one);
    let Ok(Some(Event::Established { reply, .. })) = server.poll() else { panic!("no act two") };
    client.receive(&reply);
    let Ok(Some(Event::Established { identity: Some(identity), .. })) = client.poll() else {
        panic!("no session")
    };
    let authority = AuthorityPublicKey::from_bytes(authority).expect("a key");
    identity.verify(&authority, u64::from(now()), 0).expect("certified by the authority");
    (client, server)
}

/// Client and server.
pub(crate) fn theirs(authority: [u8; 32]) -> (Transport, Transport) {
    let role = noise_sv2::Initiator::from_raw_k(authority).expect("a key");
    let (act_one, waiting) = Handshake::initiator(role).step_0().expect("starts");
    let validity = Duration::from_secs(u64::from(VALIDITY));
    let role = noise_sv2::Responder::from_authority_kp(&authority, &AUTHORITY, validity).expect("a pair");
    let act_one = act_one.payload().try_into().expect("64 bytes");
    let (act_two, server) = Handshake::responder(role).step_1(act_one).expect("any act one is answered");
    let act_two = act_two.payload().try_into().expect("234 bytes");
    (waiting.step_2(act_two).expect("certified by the authority"), server)
}

fn responder() -> Responder {
    let authority = AuthoritySecretKey::from_bytes(AUTHORITY).expect("below the order");
    let keypair = StaticKeypair::new(drawn(), drawn()).expect("below the order");
    let now = now();
    let terms = Terms { version: 0, valid_from: now, not_valid_after: now.saturating_add(VALIDITY) };
    let certificate = Certificate::issue(&authority, &keypair.x_only(), terms, &drawn());
    Responder::new(&keypair, certificate.encode(), drawn())
}

fn drawn<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).expect("the system has randomness");
    bytes
}

fn now() -> u32 {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    u32::try_from(seconds).expect("before 2106")
}
