use crate::dialogue::{Dialogue, take};
use crate::miner::{Channel, open_extended, open_standard};
use std::collections::BTreeSet;
use sv2_reference_pool::extensions::Extensions;
use sv2_reference_pool::pool::{Pool, PoolConfig, WorkerCount};
use sv2_reference_pool::service::ConnId;
use sv2_wire::frame::Frame;
use sv2_wire::tlv::{ByteOrder, Tlv};
use sv2_wire::{RequestExtensions, Seq0_64K};

fn request(d: &mut Dialogue<Pool>, conn: ConnId, requested: &[u16]) {
    let requested_extensions = Seq0_64K::new(requested.to_vec()).unwrap();
    d.send(conn, RequestExtensions { request_id: 3, requested_extensions });
}

fn negotiated(d: &mut Dialogue<Pool>) -> ConnId {
    let conn = d.ready(0, 0);
    request(d, conn, &[2]);
    let success = take!(d, conn, RequestExtensionsSuccess);
    assert_eq!((success.request_id, success.supported_extensions.as_slice()), (3, [2].as_slice()));
    conn
}

fn send_as(d: &mut Dialogue<Pool>, channel: &Channel, nonce: u32, tail: &[u8]) {
    let mut frame = Frame::of(&channel.share(nonce, nonce).message.into()).unwrap();
    frame.payload.extend_from_slice(tail);
    frame.header.length = frame.payload.len() as u32;
    d.send_frame(channel.conn, &frame);
}

fn named(name: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    Tlv { extension_type: 2, field_type: 1, value: name.to_vec() }.encode(ByteOrder::Little, &mut out);
    out
}

#[test]
fn shares_are_counted_by_worker() {
    let mut d = Dialogue::pool(PoolConfig::default());
    let conn = negotiated(&mut d);
    let channel = Channel::extended(&mut d, conn, open_extended());
    for (nonce, name) in [(1, "ada"), (2, "bob"), (3, "ada")] {
        send_as(&mut d, &channel, nonce, &named(name.as_bytes()));
        assert_eq!(take!(d, conn, SubmitSharesSuccess).last_sequence_number, nonce);
    }
    send_as(&mut d, &channel, 3, &named(b"bob"));
    assert_eq!(take!(d, conn, SubmitSharesError).error_code, "duplicate-share".into());
    send_as(&mut d, &channel, 4, &[]);
    take!(d, conn, SubmitSharesSuccess);
    let workers = d.service.statistics().workers;
    let count = |accepted, rejected| WorkerCount { accepted, rejected };
    assert_eq!((workers["ada"], workers["bob"], workers.len()), (count(2, 0), count(1, 1), 2));
    assert_eq!(d.service.statistics().accepted, 4);
}

#[test]
fn a_name_that_is_too_long_refuses_the_share() {
    let mut d = Dialogue::pool(PoolConfig::default());
    let conn = negotiated(&mut d);
    let channel = Channel::extended(&mut d, conn, open_extended());
    for (nonce, tail, code) in [
        (1, named(&[b'x'; 33]), "invalid-user-identity"),
        (2, named(&[0xc0]), "invalid-user-identity"),
        (3, vec![2, 0, 1], "malformed-tlv"),
    ] {
        send_as(&mut d, &channel, nonce, &tail);
        let error = take!(d, conn, SubmitSharesError);
        assert_eq!((error.sequence_number, error.error_code), (nonce, code.into()));
    }
    send_as(&mut d, &channel, 1, &named(&[b'x'; 32]));
    take!(d, conn, SubmitSharesSuccess);
    assert_eq!(d.service.statistics().accepted, 1, "the refused work was not remembered");
}

#[test]
fn without_negotiation_the_tail_is_ignored() {
    let mut d = Dialogue::pool(PoolConfig::default());
    let conn = d.ready(0, 0);
    let channel = Channel::extended(&mut d, conn, open_extended());
    for (nonce, tail) in [(1, named(b"ada")), (2, named(&[b'x'; 33])), (3, vec![2, 0, 1])] {
        send_as(&mut d, &channel, nonce, &tail);
        take!(d, conn, SubmitSharesSuccess);
    }
    assert!(d.service.statistics().workers.is_empty());
}

#[test]
fn the_number_of_names_is_bounded() {
    let mut d = Dialogue::pool(PoolConfig { max_workers: 2, ..PoolConfig::default() });
    let conn = negotiated(&mut d);
    let channel = Channel::extended(&mut d, conn, open_extended());
    for nonce in 0..9u32 {
        send_as(&mut d, &channel, nonce, &named(format!("w{}", nonce % 3).as_bytes()));
        take!(d, conn, SubmitSharesSuccess);
    }
    let workers = d.service.statistics().workers;
    assert_eq!(workers.keys().collect::<Vec<_>>(), ["w0", "w1"]);
    assert_eq!((workers["w0"].accepted, d.service.statistics().accepted), (3, 9));
}

#[test]
fn who_lacks_a_required_extension_is_not_served() {
    let extensions = Extensions { supported: BTreeSet::from([2, 5]), required: BTreeSet::from([5]) };
    let mut d = Dialogue::pool(PoolConfig { extensions, ..PoolConfig::default() });
    let silent = d.ready(0, 0);
    d.send(silent, open_standard());
    d.expect_close(silent);
    let stubborn = d.ready(0, 0);
    request(&mut d, stubborn, &[2, 3]);
    let error = take!(d, stubborn, RequestExtensionsError);
    assert_eq!(error.unsupported_extensions.as_slice(), [3]);
    assert_eq!(error.required_extensions.as_slice(), [5]);
    d.send(stubborn, open_standard());
    d.expect_close(stubborn);
    let wise = d.ready(0, 0);
    request(&mut d, wise, &[2]);
    take!(d, wise, RequestExtensionsError);
    d.send_raw(wise, 0x4abc, 0, &[1]);
    request(&mut d, wise, &[5]);
    assert_eq!(take!(d, wise, RequestExtensionsSuccess).supported_extensions.as_slice(), [5]);
    Channel::standard(&mut d, wise, open_standard());
}
