//! Clients that announce much, say little, flood, trickle or talk nonsense: the pool neither panics nor holds more than its
//! bounds allow, its deadlines hold, and whoever behaves is served meanwhile.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "support/client.rs"]
mod client;
#[path = "support/counting.rs"]
mod counting;

use client::Client;
use counting::measure;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::collections::BTreeMap;
use std::time::Duration;
use sv2_reference_pool::endpoint::{CloseReason, Deadlines, Limits};
use sv2_reference_pool::node::{Node, NodeConfig, Output, TransportConfig};
use sv2_reference_pool::pool::{Pool, PoolConfig};
use sv2_reference_pool::service::{ConnId, Now};
use sv2_wire::frame::{Frame, Header, MAX_PAYLOAD_LEN};
use sv2_wire::noise::ACT_ONE_LEN;
use sv2_wire::{
    F32, Kind, MESSAGES, Message, OpenStandardMiningChannel, RequestExtensions, SetupConnection,
    SubmitSharesStandard, U256,
};

const UNIX: u32 = 1_767_225_600;
/// What a connection may hold that has sent a few hundred bytes.
const SMALL: usize = 16 << 10;

struct World {
    node: Node<Pool>,
    clients: BTreeMap<ConnId, Client>,
    closed: Vec<ConnId>,
    /// Who does not read: what is sent to them is never written.
    deaf: Vec<ConnId>,
    now: Now,
}

impl World {
    fn new(config: NodeConfig, pool: PoolConfig) -> Self {
        let node = Node::new(config, Pool::new(pool).unwrap());
        let now = Now { elapsed: Duration::ZERO, unix: UNIX };
        Self { node, clients: BTreeMap::new(), closed: Vec::new(), deaf: Vec::new(), now }
    }

    fn both() -> [Self; 2] {
        [NodeConfig::plain(), NodeConfig::seeded(3)].map(|config| Self::new(config, PoolConfig::default()))
    }

    fn dial(&mut self) -> ConnId {
        let conn = self.node.connected(self.now);
        let client = match self.node.config().transport {
            TransportConfig::Noise(_) => Client::noise(u8::try_from(conn.0 % 200 + 1).unwrap()),
            TransportConfig::Plain => Client::plain(),
        };
        self.clients.insert(conn, client);
        self.read();
        conn
    }

    /// A connection that is set up.
    fn join(&mut self) -> ConnId {
        let conn = self.enter();
        self.send(conn, SetupConnection { min_version: 2, max_version: 2, ..SetupConnection::default() });
        assert_eq!(self.take(conn), [0x01]);
        conn
    }

    /// A connection whose handshake is done.
    fn enter(&mut self) -> ConnId {
        let conn = self.dial();
        let opening = self.client(conn).opening.clone();
        self.write(conn, &opening);
        conn
    }

    fn client(&mut self, conn: ConnId) -> &mut Client {
        self.clients.get_mut(&conn).unwrap()
    }

    fn write(&mut self, conn: ConnId, bytes: &[u8]) {
        self.node.received(conn, bytes, self.now);
        self.read();
    }

    fn send(&mut self, conn: ConnId, message: impl Into<Message>) {
        let bytes = self.client(conn).seal(&message.into());
        self.write(conn, &bytes);
    }

    fn send_frame(&mut self, conn: ConnId, frame: &Frame) {
        let bytes = self.sealed(conn, frame);
        self.write(conn, &bytes);
    }

    fn sealed(&mut self, conn: ConnId, frame: &Frame) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.client(conn).link.seal(frame, &mut bytes).unwrap();
        bytes
    }

    fn read(&mut self) {
        while let Some(output) = self.node.poll() {
            match output {
                Output::Send { conn, .. } if self.deaf.contains(&conn) => {}
                Output::Send { conn, bytes } => {
                    self.node.written(conn, bytes.len());
                    self.clients.get_mut(&conn).unwrap().receive(&bytes);
                }
                Output::Close { conn } | Output::Reset { conn } => self.closed.push(conn),
            }
        }
    }

    /// Message types that came since the last call.
    fn take(&mut self, conn: ConnId) -> Vec<u8> {
        let frames = std::mem::take(&mut self.client(conn).frames);
        frames.iter().map(|frame| frame.header.kind.msg_type).collect()
    }

    fn elapse(&mut self, by: Duration) {
        self.now.elapsed += by;
        self.now.unix += u32::try_from(by.as_secs()).unwrap();
        self.node.tick(self.now);
        self.read();
    }

    fn reasons(&self, reason: CloseReason) -> u64 {
        self.node.statistics().closed.get(&reason).copied().unwrap_or(0)
    }

    /// A client that behaves gets its channel, its job and its answers.
    fn serves(&mut self, conn: ConnId) {
        self.send(conn, open("good"));
        assert_eq!(self.take(conn), [0x11, 0x15, 0x20], "success, job, previous hash");
    }
}

fn open(user: &str) -> OpenStandardMiningChannel {
    OpenStandardMiningChannel {
        request_id: 1,
        user_identity: user.into(),
        nominal_hash_rate: F32(1000.0),
        max_target: U256::MAX,
    }
}

fn frame(msg_type: u8, length: u32, payload: &[u8]) -> Frame {
    let kind = Kind { extension_type: 0, msg_type };
    Frame { header: Header { kind, channel_msg: false, length }, payload: payload.to_vec() }
}

fn random(rng: &mut ChaCha8Rng, most: usize) -> Vec<u8> {
    let length = usize::try_from(rng.next_u32()).unwrap() % (most + 1);
    let mut bytes = vec![0; length];
    rng.fill_bytes(&mut bytes);
    bytes
}

#[test]
fn announced_payloads_take_no_room() {
    for mut world in World::both() {
        let good = world.join();
        for (case, length) in [MAX_PAYLOAD_LEN as u32, 0x80_0000, 65_536, 65_519, 300].into_iter().enumerate()
        {
            let conn = world.join();
            let few = [u8::try_from(case).unwrap(); 9];
            let (sent, memory) = measure(|| {
                let bytes = world.sealed(conn, &frame(0x10, length, &few));
                world.write(conn, &bytes);
                bytes.len()
            });
            assert!(memory.peak < SMALL, "{length}: {memory:?} for {sent} bytes");
            assert!(world.node.is_open(conn), "it may still come");
        }
        world.serves(good);
    }
}

/// Every length field of every message at its greatest, and nothing behind it.
#[test]
fn announced_elements_take_no_room() {
    for mut world in World::both() {
        let good = world.join();
        for spec in MESSAGES {
            let zero = Frame::of(&Message::zero(spec.kind).unwrap()).unwrap();
            for at in 0..zero.payload.len() {
                let conn = world.join();
                let mut wrong = zero.clone();
                wrong.payload.get_mut(at..).unwrap().iter_mut().take(2).for_each(|byte| *byte = 0xff);
                let ((), memory) = measure(|| world.send_frame(conn, &wrong));
                assert!(memory.peak < SMALL, "{} at {at}: {memory:?}", spec.name);
                world.node.lost(conn);
                world.clients.remove(&conn);
            }
        }
        world.serves(good);
    }
}

#[test]
fn half_open_connections_are_small_and_end_at_their_deadline() {
    const MANY: usize = 2000;
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut world = World::new(NodeConfig::seeded(3), PoolConfig::default());
    let good = world.join();
    world.serves(good);
    let begun = |rng: &mut ChaCha8Rng| random(rng, ACT_ONE_LEN - 1);
    let (conns, memory) = measure(|| {
        let connect = |_| {
            let conn = world.node.connected(world.now);
            world.node.received(conn, &begun(&mut rng), world.now);
            conn
        };
        (0..MANY).map(connect).collect::<Vec<_>>()
    });
    assert!(memory.peak / MANY < 4096, "{} bytes each", memory.peak / MANY);
    assert_eq!(world.node.statistics().open, MANY as u64 + 1);
    world.elapse(Duration::from_millis(9_999));
    assert!(world.closed.is_empty());
    world.elapse(Duration::from_millis(1));
    assert_eq!(world.closed.len(), MANY);
    assert!(conns.iter().all(|conn| !world.node.is_open(*conn)));
    assert_eq!(world.reasons(CloseReason::HandshakeDeadline), MANY as u64);
    world.serves(good);
}

#[test]
fn connections_beyond_the_limit_are_closed_and_take_no_room() {
    let limits = Limits { max_connections: 3, ..Limits::default() };
    let mut world = World::new(NodeConfig { limits, ..NodeConfig::seeded(3) }, PoolConfig::default());
    let good = world.join();
    world.dial();
    world.dial();
    // The client's side has to be counted out: it stands for another program.
    let ((), memory) = measure(|| {
        for _ in 0..500 {
            world.node.connected(world.now);
            world.read();
        }
        world.closed = Vec::new();
    });
    assert!(memory.kept < SMALL && memory.peak < 2 * SMALL, "{memory:?}");
    assert_eq!(world.reasons(CloseReason::TooManyConnections), 500);
    world.serves(good);
}

/// A byte now and then does not keep a connection alive: each phase has its end.
#[test]
fn trickled_bytes_meet_the_deadlines() {
    let second = Duration::from_secs(1);
    let deadlines = Deadlines { idle: Some(30 * second), ..Deadlines::default() };
    for step in 0..3 {
        let mut world = World::new(NodeConfig { deadlines, ..NodeConfig::seeded(3) }, PoolConfig::default());
        let conn = match step {
            0 => world.dial(),
            1 => world.enter(),
            _ => world.join(),
        };
        let bytes = match step {
            0 => world.client(conn).opening.clone(),
            _ => world.sealed(conn, &frame(0x00, 60_000, &[7; 60_000])),
        };
        let (bound, reason) = [
            (10, CloseReason::HandshakeDeadline),
            (10, CloseReason::SetupDeadline),
            (30, CloseReason::IdleDeadline),
        ][step];
        let mut seconds = 0;
        for byte in bytes {
            world.write(conn, &[byte]);
            world.elapse(second);
            seconds += 1;
            if !world.closed.is_empty() {
                break;
            }
        }
        assert_eq!((seconds, world.reasons(reason)), (bound, 1), "step {step}");
    }
}

/// Random bytes, and good bytes with one bit wrong, at every stage.
#[test]
fn nonsense_ends_the_connection_that_sent_it_and_no_other() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    for mut world in World::both() {
        let is_noise = matches!(world.node.config().transport, TransportConfig::Noise(_));
        let good = world.join();
        for _ in 0..400 {
            let conn = match rng.next_u32() % 3 {
                0 => world.dial(),
                1 => world.enter(),
                _ => world.join(),
            };
            let bytes = random(&mut rng, 2000);
            let ((), memory) = measure(|| world.write(conn, &bytes));
            // The crates below allocate for a signature or two.
            assert!(memory.peak < 4 * SMALL, "{memory:?} for {} bytes", bytes.len());
            world.node.lost(conn);
            world.clients.remove(&conn);
            world.read();
        }
        for _ in 0..400 {
            let conn = world.join();
            let mut bytes = world.sealed(conn, &Frame::of(&open("flipped").into()).unwrap());
            let bit = usize::try_from(rng.next_u32()).unwrap() % (bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            world.write(conn, &bytes);
            // A flipped length leaves a record that is waited for under no encryption only.
            assert!(!is_noise || !world.node.is_open(conn), "bit {bit}");
            world.node.lost(conn);
            world.clients.remove(&conn);
        }
        world.serves(good);
    }
}

/// Every message of the table with random payloads behind a good handshake and set-up.
#[test]
fn hostile_messages_do_no_harm() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    for mut world in World::both() {
        let good = world.join();
        let mut conn = world.join();
        world.serves(conn);
        for round in 0..200 {
            for spec in MESSAGES {
                if !world.node.is_open(conn) {
                    conn = world.join();
                    world.serves(conn);
                }
                let payload = match round % 2 {
                    0 => random(&mut rng, 300),
                    _ => {
                        let mut payload = Frame::of(&Message::zero(spec.kind).unwrap()).unwrap().payload;
                        let noise = random(&mut rng, payload.len());
                        payload.iter_mut().zip(noise).for_each(|(byte, noise)| *byte = noise);
                        payload
                    }
                };
                let length = u32::try_from(payload.len()).unwrap();
                let mut hostile = frame(spec.kind.msg_type, length, &payload);
                hostile.header.kind = spec.kind;
                hostile.header.channel_msg = rng.next_u32() % 2 == 0;
                world.send_frame(conn, &hostile);
                world.clients.get_mut(&conn).unwrap().frames.clear();
            }
        }
        world.serves(good);
    }
}

#[test]
fn whoever_asks_and_does_not_read_is_ended_at_the_bound_of_its_queue() {
    const QUEUE: usize = 64 << 10;
    let limits = Limits { max_send_queue: QUEUE, ..Limits::default() };
    for transport in [NodeConfig::plain(), NodeConfig::seeded(3)] {
        let mut world = World::new(NodeConfig { limits, ..transport }, PoolConfig::default());
        let good = world.join();
        let conn = world.join();
        let request = Frame::of(&RequestExtensions::default().into()).unwrap();
        let flood: Vec<Vec<u8>> = (0..20_000).map(|_| world.sealed(conn, &request)).collect();
        world.deaf.push(conn);
        let ((), memory) = measure(|| {
            for bytes in &flood {
                world.write(conn, bytes);
            }
        });
        assert!(memory.peak < 3 * QUEUE, "{memory:?}");
        assert!(memory.kept < SMALL, "{memory:?}");
        assert_eq!(world.reasons(CloseReason::SendQueue), 1);
        world.serves(good);
    }
}

#[test]
fn floods_of_openings_shares_and_extensions_meet_their_bounds() {
    let pool = PoolConfig {
        max_channels: 50,
        max_seen: 2000,
        max_workers: 10,
        max_found: 4,
        ..PoolConfig::default()
    };
    let mut world = World::new(NodeConfig::plain(), pool);
    let good = world.join();
    let conn = world.join();
    let long = "x".repeat(255);
    let ((), memory) = measure(|| {
        for _ in 0..5000 {
            world.send(conn, OpenStandardMiningChannel { nominal_hash_rate: F32(0.0), ..open(&long) });
            world.client(conn).frames = Vec::new();
        }
    });
    assert_eq!(world.node.service().statistics().channels, 50);
    assert!(memory.kept < 50 * SMALL, "{memory:?}");
    let ((), memory) = measure(|| {
        for nonce in 0..5000 {
            world.send(
                conn,
                SubmitSharesStandard {
                    channel_id: 2,
                    sequence_number: nonce,
                    job_id: 1,
                    nonce,
                    ntime: UNIX,
                    version: 0x2000_0000,
                },
            );
            world.client(conn).frames = Vec::new();
        }
    });
    // Each share that was accepted is remembered until the bound ends the connection.
    assert!(memory.peak < 2000 * 128 + SMALL, "{memory:?}");
    assert!(!world.node.is_open(conn));
    world.serves(good);
}

#[test]
fn clients_that_come_and_go_leave_nothing_behind() {
    let mut world = World::new(NodeConfig::seeded(3), PoolConfig::default());
    let good = world.join();
    let visit = |world: &mut World| {
        let conn = world.join();
        world.serves(conn);
        world.node.lost(conn);
        world.clients.remove(&conn);
    };
    (0..20).for_each(|_| visit(&mut world));
    let ((), memory) = measure(|| (0..500).for_each(|_| visit(&mut world)));
    assert!(memory.kept < 4096, "{memory:?}");
    world.serves(good);
}

#[test]
fn the_counter_counts() {
    let (kept, memory) = measure(|| {
        drop(std::hint::black_box(vec![0_u8; 100_000]));
        std::hint::black_box(vec![0_u8; 1000])
    });
    assert!((100_000..101_000).contains(&memory.peak), "{memory:?}");
    assert_eq!(memory.kept, kept.len());
}
