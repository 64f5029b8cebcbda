//! Both sides of an encrypted connection in memory, the same bytes every time.

use sv2_wire::link::{Event, Link};
use sv2_wire::noise::{AuthoritySecretKey, Certificate, Initiator, Responder, StaticKeypair, Terms};

pub(crate) fn initiator(max_payload: usize) -> (Link, [u8; 64]) {
    Link::initiator(Initiator::new([7; 64]), max_payload)
}

fn responder(max_payload: usize) -> Link {
    let keypair = StaticKeypair::new([9; 32], [10; 32]).expect("below the order");
    let authority = AuthoritySecretKey::from_bytes([5; 32]).expect("below the order");
    let terms = Terms { version: 0, valid_from: 1_700_000_000, not_valid_after: 1_800_000_000 };
    let certificate = Certificate::issue(&authority, &keypair.x_only(), terms, &[1; 32]);
    Link::responder(Responder::new(&keypair, certificate.encode(), [11; 64]), max_payload)
}

/// Act two of [`responder`] to these bytes, and the responder behind it.
pub(crate) fn answer(act_one: &[u8; 64], max_payload: usize) -> (Link, Vec<u8>) {
    let mut server = responder(max_payload);
    server.receive(act_one);
    match server.poll() {
        Ok(Some(Event::Established { reply, .. })) => (server, reply),
        other => panic!("no act two: {other:?}"),
    }
}

/// An initiator and a responder that have shaken hands.
pub(crate) fn pair(max_payload: usize) -> (Link, Link) {
    let (mut client, act_one) = initiator(max_payload);
    let (server, act_two) = answer(&act_one, max_payload);
    client.receive(&act_two);
    match client.poll() {
        Ok(Some(Event::Established { identity: Some(_), .. })) => (client, server),
        other => panic!("no session: {other:?}"),
    }
}
