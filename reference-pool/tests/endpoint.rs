//! Connections on virtual time, through the node: deadlines, bounds, cuts, altered bytes, the end.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "support/client.rs"]
mod client;
#[path = "support/greeter.rs"]
mod greeter;

use std::time::Duration;

use client::Client;
use greeter::{BLOCK, Greeter, LEAVE};
use sv2_reference_pool::endpoint::{CloseReason, Deadlines, Limits};
use sv2_reference_pool::node::{Node, NodeConfig, Output, TransportConfig};
use sv2_reference_pool::service::{ConnId, Control, Now};
use sv2_wire::frame::{Frame, Header};
use sv2_wire::link::{HEADER_RECORD_LEN, LinkError};
use sv2_wire::noise::{ACT_ONE_LEN, CertificateError};
use sv2_wire::{Kind, SetupConnection};

const UNIX: u32 = 1_750_000_000;

fn at(millis: u64) -> Now {
    Now { elapsed: Duration::from_millis(millis), unix: UNIX + u32::try_from(millis / 1000).unwrap() }
}

/// A node and its clients, joined without delay.
struct World {
    node: Node<Greeter>,
    clients: Vec<(ConnId, Client)>,
    closed: Vec<ConnId>,
    /// Clients in this list do not read: their bytes are never written.
    stalled: Vec<ConnId>,
    now: Now,
}

impl World {
    fn new(config: NodeConfig) -> Self {
        let node = Node::new(config, Greeter::default());
        Self { node, clients: Vec::new(), closed: Vec::new(), stalled: Vec::new(), now: at(0) }
    }

    fn is_noise(&self) -> bool {
        matches!(self.node.config().transport, TransportConfig::Noise(_))
    }

    /// A connection whose client has not said anything.
    fn dial(&mut self) -> ConnId {
        let conn = self.node.connected(self.now);
        let seed = u8::try_from(self.clients.len() + 1).unwrap();
        let client = if self.is_noise() { Client::noise(seed) } else { Client::plain() };
        self.clients.push((conn, client));
        self.deliver();
        conn
    }

    /// A connection whose handshake, if there is one, is done.
    fn join(&mut self) -> ConnId {
        let conn = self.dial();
        let opening = self.client(conn).opening.clone();
        self.send(conn, &opening);
        assert!(self.client(conn).link.is_established());
        conn
    }

    fn client(&mut self, conn: ConnId) -> &mut Client {
        &mut self.clients.iter_mut().find(|(id, _)| *id == conn).unwrap().1
    }

    fn send(&mut self, conn: ConnId, bytes: &[u8]) {
        self.node.received(conn, bytes, self.now);
        self.deliver();
    }

    fn greet(&mut self, conn: ConnId, flags: u32) {
        let bytes = self.client(conn).setup(flags);
        self.send(conn, &bytes);
    }

    fn elapse_to(&mut self, millis: u64) {
        self.now = at(millis);
        self.node.tick(self.now);
        self.deliver();
    }

    fn deliver(&mut self) {
        while let Some(output) = self.node.poll() {
            match output {
                Output::Send { conn, .. } if self.stalled.contains(&conn) => {}
                Output::Send { conn, bytes } => {
                    assert!(!self.closed.contains(&conn), "bytes behind the close");
                    self.client(conn).receive(&bytes);
                    self.node.written(conn, bytes.len());
                }
                Output::Close { conn } | Output::Reset { conn } => self.closed.push(conn),
            }
        }
    }

    fn reasons(&self) -> Vec<(CloseReason, u64)> {
        self.node.statistics().closed.into_iter().collect()
    }
}

fn both() -> [NodeConfig; 2] {
    [NodeConfig::plain(), NodeConfig::seeded(5)]
}

fn deadlines() -> Deadlines {
    let millis = |millis| Some(Duration::from_millis(millis));
    Deadlines { handshake: millis(100), setup: millis(200), idle: millis(1000), flush: millis(50) }
}

#[test]
fn bytes_may_be_cut_anywhere() {
    for config in both() {
        let mut world = World::new(config);
        let conn = world.dial();
        for byte in world.client(conn).opening.clone() {
            world.send(conn, &[byte]);
        }
        let mut bytes = world.client(conn).setup(1);
        bytes.extend(world.client(conn).setup(2));
        for byte in &bytes {
            world.send(conn, &[*byte]);
        }
        assert_eq!(world.client(conn).answers(), [(2, 1), (2, 2)]);
        let opening = world.client(conn).opening.len();
        assert_eq!(world.node.consumed(conn), Some((opening + bytes.len()) as u64));
    }
}

#[test]
fn frames_in_one_chunk_are_answered_in_one_chunk() {
    for config in both() {
        let mut world = World::new(config);
        let conn = world.join();
        let bytes: Vec<u8> = (0..50).flat_map(|flags| world.client(conn).setup(flags)).collect();
        world.node.received(conn, &bytes, world.now);
        let Some(Output::Send { bytes, .. }) = world.node.poll() else { panic!("no answer") };
        assert_eq!(world.node.poll(), None);
        world.client(conn).receive(&bytes);
        let expected: Vec<_> = (0..50).map(|flags| (2, flags)).collect();
        assert_eq!(world.client(conn).answers(), expected);
    }
}

#[test]
fn equal_seeds_give_equal_bytes_and_each_connection_its_own_ephemeral_key() {
    let act_two = |seed, connection: usize| {
        let mut node = Node::new(NodeConfig::seeded(seed), Greeter::default());
        let conn = (0..=connection).map(|_| node.connected(at(0))).last().unwrap();
        node.received(conn, &Client::noise(9).opening, at(0));
        let Some(Output::Send { bytes, .. }) = node.poll() else { panic!("no act two") };
        bytes
    };
    assert_eq!(act_two(1, 0), act_two(1, 0));
    assert_ne!(act_two(1, 0)[..64], act_two(1, 1)[..64]);
    assert_ne!(act_two(1, 0)[..64], act_two(2, 0)[..64]);
}

#[test]
fn the_certificate_is_signed_by_the_authority_for_the_time_of_the_handshake() {
    let config = NodeConfig::seeded(5);
    let TransportConfig::Noise(noise) = &config.transport else { panic!("not noise") };
    let authority = noise.authority_public_key();
    let mut node = Node::new(config, Greeter::default());
    let conn = node.connected(at(0));
    let mut client = Client::noise(1);
    node.received(conn, &client.opening, at(0));
    let Some(Output::Send { bytes, .. }) = node.poll() else { panic!("no act two") };
    let identity = client.receive(&bytes).expect("who it is");
    assert_eq!(identity.verify(&authority, u64::from(UNIX), 0), Ok(()));
    let later = u64::from(UNIX) + 86401;
    let not_valid_after = UNIX + 86400;
    assert_eq!(
        identity.verify(&authority, later, 0),
        Err(CertificateError::Expired { not_valid_after, now: later })
    );
}

#[test]
fn without_a_handshake_in_time_the_connection_ends() {
    let mut world = World::new(NodeConfig { deadlines: deadlines(), ..NodeConfig::seeded(5) });
    let silent = world.dial();
    let slow = world.dial();
    let opening = world.client(slow).opening.clone();
    world.send(slow, &opening[..63]);
    assert_eq!(world.node.next_deadline(), Some(Duration::from_millis(100)));
    world.elapse_to(99);
    assert_eq!(world.closed, []);
    world.elapse_to(100);
    assert_eq!(world.closed, [silent, slow]);
    assert_eq!(world.reasons(), [(CloseReason::HandshakeDeadline, 2)]);
    assert_eq!(world.node.next_deadline(), None);
}

#[test]
fn without_a_message_in_time_the_connection_ends() {
    for config in both() {
        let mut world = World::new(NodeConfig { deadlines: deadlines(), ..config });
        let conn = world.join();
        let header =
            Header { kind: Kind { extension_type: 0, msg_type: 0xff }, channel_msg: false, length: 0 };
        let unknown = Frame { header, payload: Vec::new() };
        let mut bytes = Vec::new();
        world.client(conn).link.seal(&unknown, &mut bytes).unwrap();
        world.elapse_to(150);
        world.send(conn, &bytes);
        assert_eq!(world.node.next_deadline(), Some(Duration::from_millis(200)));
        world.elapse_to(200);
        assert_eq!(world.closed, [conn]);
        assert_eq!(world.reasons(), [(CloseReason::SetupDeadline, 1)]);
        assert_eq!(world.node.service().closed, [conn]);
    }
}

#[test]
fn idle_is_counted_from_the_latest_whole_frame() {
    for config in both() {
        let mut world = World::new(NodeConfig { deadlines: deadlines(), ..config });
        let conn = world.join();
        world.greet(conn, 1);
        world.elapse_to(600);
        world.greet(conn, 2);
        assert_eq!(world.node.next_deadline(), Some(Duration::from_millis(1600)));
        let half = world.client(conn).setup(3);
        world.elapse_to(1500);
        world.send(conn, &half[..half.len() - 1]);
        world.elapse_to(1599);
        assert_eq!(world.closed, []);
        world.elapse_to(1600);
        assert_eq!(world.closed, [conn]);
        assert_eq!(world.reasons(), [(CloseReason::IdleDeadline, 1)]);
    }
}

#[test]
fn an_altered_bit_ends_its_own_connection_only() {
    let config = NodeConfig::seeded(5);
    let mut world = World::new(config.clone());
    let conn = world.join();
    let length = world.client(conn).setup(1).len();
    // The header, its code, the first and the last byte of the payload, its code.
    let places = [0, 5, 6, HEADER_RECORD_LEN - 1, HEADER_RECORD_LEN, length - 17, length - 16, length - 1];
    for place in places {
        for bit in [0, 7] {
            let mut world = World::new(config.clone());
            let (victim, other) = (world.join(), world.join());
            let mut bytes = world.client(victim).setup(1);
            bytes[place] ^= 1 << bit;
            world.send(victim, &bytes);
            assert_eq!(world.closed, [victim], "byte {place}");
            assert_eq!(world.reasons(), [(CloseReason::Decryption, 1)]);
            let failure = world.node.statistics().last_failure;
            assert!(matches!(failure, Some((conn, LinkError::Noise(_))) if conn == victim));
            assert_eq!(world.client(victim).answers(), []);
            world.greet(other, 7);
            assert_eq!(world.client(other).answers(), [(2, 7)]);
        }
    }
}

#[test]
fn an_altered_act_one_gives_no_session() {
    let mut world = World::new(NodeConfig::seeded(5));
    for place in [0, 31, ACT_ONE_LEN - 1] {
        let conn = world.dial();
        let mut opening = world.client(conn).opening.clone();
        opening[place] ^= 1;
        // Any 64 bytes are a key, so that only the client can see it, by act two.
        world.send(conn, &opening);
        assert!(matches!(world.client(conn).failure, Some(LinkError::Noise(_))));
        // Whatever comes now is no record of this session.
        world.send(conn, &[0; HEADER_RECORD_LEN]);
        assert!(world.closed.contains(&conn));
    }
    assert_eq!(world.reasons(), [(CloseReason::Decryption, 3)]);
    let other = world.join();
    world.greet(other, 1);
    assert_eq!(world.client(other).answers(), [(2, 1)]);
}

#[test]
fn an_announcement_above_the_limit_ends_the_connection_at_the_header() {
    for config in both() {
        let limits = Limits { max_payload: 1000, ..Limits::default() };
        let mut world = World::new(NodeConfig { limits, ..config });
        let (greedy, modest) = (world.join(), world.join());
        for (conn, length) in [(greedy, 1001), (modest, 1000)] {
            let header = Header { kind: SetupConnection::SPEC.kind, channel_msg: false, length };
            let mut bytes = Vec::new();
            world.client(conn).link.seal(&Frame { header, payload: Vec::new() }, &mut bytes).unwrap();
            world.send(conn, &bytes);
        }
        assert_eq!(world.closed, [greedy]);
        assert_eq!(world.reasons(), [(CloseReason::Oversize, 1)]);
        // What was answered before the bad bytes still counts.
        let early = world.join();
        let mut bytes = world.client(early).setup(4);
        let header = Header { kind: SetupConnection::SPEC.kind, channel_msg: false, length: 0xff_ffff };
        world.client(early).link.seal(&Frame { header, payload: Vec::new() }, &mut bytes).unwrap();
        world.send(early, &bytes);
        assert_eq!(world.client(early).answers(), [(2, 4)]);
        assert_eq!(world.closed, [greedy, early]);
    }
}

#[test]
fn a_peer_that_never_reads_is_closed_at_the_bound() {
    for config in both() {
        let limits = Limits { max_send_queue: 2000, ..Limits::default() };
        let mut world = World::new(NodeConfig { limits, ..config });
        let (stalled, other) = (world.join(), world.join());
        world.stalled.push(stalled);
        let mut largest = 0;
        for flags in 0..1000 {
            if world.closed.contains(&stalled) {
                break;
            }
            world.greet(stalled, flags);
            largest = largest.max(world.node.queued(stalled).unwrap_or(0));
        }
        assert_eq!(world.closed, [stalled]);
        assert!((1900..=2100).contains(&largest), "{largest}");
        assert_eq!(world.reasons(), [(CloseReason::SendQueue, 1)]);
        assert_eq!(world.node.service().closed, [stalled]);
        world.greet(other, 7);
        assert_eq!(world.client(other).answers(), [(2, 7)]);
    }
}

#[test]
fn a_peer_that_does_not_read_its_last_answers_has_a_deadline() {
    let mut world = World::new(NodeConfig { deadlines: deadlines(), ..NodeConfig::plain() });
    let conn = world.join();
    world.stalled.push(conn);
    world.greet(conn, LEAVE);
    assert_eq!(world.closed, []);
    assert_eq!(world.node.next_deadline(), Some(Duration::from_millis(50)));
    world.elapse_to(50);
    assert_eq!(world.closed, [conn]);
    assert_eq!(world.reasons(), [(CloseReason::Service, 1)]);
}

#[test]
fn half_close_lets_all_answers_out() {
    for config in both() {
        let mut world = World::new(config);
        let conn = world.join();
        let bytes: Vec<u8> = (0..3).flat_map(|flags| world.client(conn).setup(flags)).collect();
        world.node.received(conn, &bytes, world.now);
        world.node.finished(conn, world.now);
        let Some(Output::Send { bytes, .. }) = world.node.poll() else { panic!("no answers") };
        let (first, last) = bytes.split_at(bytes.len() - 1);
        world.client(conn).receive(first);
        world.node.written(conn, first.len());
        assert_eq!(world.node.poll(), None, "one byte is not written yet");
        world.client(conn).receive(last);
        world.node.written(conn, last.len());
        assert_eq!(world.node.poll(), Some(Output::Close { conn }));
        assert_eq!(world.client(conn).answers(), [(2, 0), (2, 1), (2, 2)]);
        assert_eq!(world.reasons(), [(CloseReason::PeerFinished, 1)]);
        assert_eq!(world.node.consumed(conn), None);
    }
}

#[test]
fn an_end_amid_a_frame_is_told_apart() {
    for config in both() {
        let mut world = World::new(config);
        let conn = world.join();
        let bytes = world.client(conn).setup(1);
        world.send(conn, &bytes[..bytes.len() - 1]);
        world.node.finished(conn, world.now);
        world.deliver();
        assert_eq!(world.closed, [conn]);
        assert_eq!(world.reasons(), [(CloseReason::PeerTruncated, 1)]);
    }
}

#[test]
fn what_follows_a_close_is_not_handed_to_the_service() {
    for config in both() {
        let mut world = World::new(config);
        let conn = world.join();
        let bytes: Vec<u8> =
            [1, LEAVE, 2].into_iter().flat_map(|flags| world.client(conn).setup(flags)).collect();
        world.send(conn, &bytes);
        assert_eq!(world.client(conn).answers(), [(2, 1), (2, LEAVE)]);
        assert_eq!(world.closed, [conn]);
        assert_eq!(world.node.service().greeted, 2);
    }
}

#[test]
fn a_lost_connection_has_no_further_output() {
    let mut world = World::new(NodeConfig::plain());
    let (lost, other) = (world.join(), world.join());
    let bytes = world.client(lost).setup(1);
    world.node.received(lost, &bytes, world.now);
    world.node.lost(lost);
    world.node.control(Control::Block, world.now);
    world.deliver();
    assert_eq!(world.closed, []);
    assert_eq!(world.client(lost).answers(), []);
    assert_eq!(world.client(other).answers(), [(BLOCK, 1)]);
    assert_eq!(world.reasons(), [(CloseReason::PeerLost, 1)]);
    assert_eq!(world.node.statistics().open, 1);
}

#[test]
fn one_connection_too_many_is_closed_and_unknown_to_the_service() {
    for config in both() {
        let limits = Limits { max_connections: 2, ..Limits::default() };
        let mut world = World::new(NodeConfig { limits, ..config });
        let first = world.join();
        world.join();
        let third = world.dial();
        assert_eq!(world.closed, [third]);
        assert_eq!(world.node.service().open.len(), 2);
        world.node.finished(first, world.now);
        world.deliver();
        let fourth = world.join();
        world.greet(fourth, 4);
        assert_eq!(world.client(fourth).answers(), [(2, 4)]);
        assert_eq!(world.reasons(), [(CloseReason::PeerFinished, 1), (CloseReason::TooManyConnections, 1)]);
    }
}

#[test]
fn a_control_reaches_open_connections_only() {
    let mut world = World::new(NodeConfig::seeded(5));
    let (waiting, open) = (world.dial(), world.join());
    world.node.control(Control::Template, world.now);
    world.deliver();
    assert_eq!(world.client(open).answers(), [(BLOCK + 1, 0)]);
    assert_eq!(world.client(waiting).answers(), []);
}
