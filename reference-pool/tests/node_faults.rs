//! Faults of the connection: each shows on the wire as its row says, and only there.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/client.rs"]
mod client;

use std::time::Duration;

use client::Client;
use sv2_reference_pool::faults::{FAULTS, Fault};
use sv2_reference_pool::node::{Node, NodeConfig, NoiseConfig, Output};
use sv2_reference_pool::pool::{Pool, PoolConfig};
use sv2_reference_pool::service::{ConnId, Control, Now};
use sv2_wire::frame::{Frame, Header};
use sv2_wire::link::LinkError;
use sv2_wire::noise::{CertificateError, NoiseError, ServerIdentity};
use sv2_wire::{
    F32, Kind, Message, NewMiningJob, OpenStandardMiningChannel, SetNewPrevHash, SetupConnection,
    SubmitSharesStandard, SubmitSharesSuccess, U256,
};

const NOW: Now = Now { elapsed: Duration::ZERO, unix: 1_767_225_600 };

struct World {
    node: Node<Pool>,
    conn: ConnId,
    client: Client,
    identity: Option<Box<ServerIdentity>>,
}

impl World {
    /// A connection, handshake done, with these faults in pool and node alike.
    fn new(config: NodeConfig, faults: Vec<Fault>) -> Self {
        let is_plain = matches!(config.transport, sv2_reference_pool::node::TransportConfig::Plain);
        let pool = Pool::new(PoolConfig { faults: faults.clone(), ..PoolConfig::default() }).unwrap();
        let mut node = Node::new(NodeConfig { faults, ..config }, pool);
        let conn = node.connected(NOW);
        let client = if is_plain { Client::plain() } else { Client::noise(9) };
        let mut world = Self { node, conn, client, identity: None };
        let opening = world.client.opening.clone();
        world.write(&opening);
        world
    }

    fn noise(id: &str) -> Self {
        Self::new(NodeConfig::default(), vec![Fault::by_id(id).unwrap()])
    }

    fn write(&mut self, bytes: &[u8]) {
        self.node.received(self.conn, bytes, NOW);
        self.read();
    }

    fn read(&mut self) {
        while let Some(output) = self.node.poll() {
            if let Output::Send { bytes, .. } = output {
                let known = self.client.receive(&bytes);
                self.identity = known.or_else(|| self.identity.take());
            }
        }
    }

    fn send(&mut self, message: impl Into<Message>) {
        let bytes = self.client.seal(&message.into());
        self.write(&bytes);
    }

    /// Set-up, a standard channel, and a share that every target takes.
    fn mine(&mut self) {
        self.open();
        self.share(1);
    }

    fn open(&mut self) {
        self.send(SetupConnection { min_version: 2, max_version: 2, ..SetupConnection::default() });
        self.send(OpenStandardMiningChannel {
            request_id: 1,
            nominal_hash_rate: F32(0.0),
            max_target: U256::MAX,
            ..OpenStandardMiningChannel::default()
        });
    }

    fn share(&mut self, number: u32) {
        self.send(SubmitSharesStandard {
            channel_id: 2,
            sequence_number: number,
            job_id: 1,
            nonce: number,
            ntime: NOW.unix,
            version: 0x2000_0000,
        });
    }

    /// Numbers of the messages that came, with their channel bits.
    fn headers(&self) -> Vec<(u8, bool)> {
        let header = |frame: &Frame| (frame.header.kind.msg_type, frame.header.channel_msg);
        self.client.frames.iter().map(header).collect()
    }

    fn fired(&self, id: &str) -> u64 {
        let node = self.node.statistics().faults;
        assert_eq!(node.len(), 1);
        assert!(self.node.service().statistics().faults.is_empty(), "counted once");
        node[id]
    }

    fn judge(&self) -> Result<(), CertificateError> {
        let authority = NoiseConfig::seeded(0).authority_public_key();
        self.identity.as_ref().unwrap().verify(&authority, u64::from(NOW.unix), 10)
    }
}

const ACK: u8 = SubmitSharesSuccess::SPEC.kind.msg_type;
const RIGHT: [(u8, bool); 5] = [
    (0x01, false),
    (0x11, false),
    (NewMiningJob::SPEC.kind.msg_type, true),
    (SetNewPrevHash::SPEC.kind.msg_type, true),
    (ACK, true),
];

#[test]
fn a_clean_node_is_right() {
    for config in [NodeConfig::default(), NodeConfig::plain()] {
        let mut world = World::new(config, vec![]);
        world.mine();
        assert_eq!(world.headers(), RIGHT);
        assert_eq!(world.client.failure, None);
        assert!(world.node.statistics().faults.is_empty());
    }
}

#[test]
fn faults_of_the_pool_leave_the_node_alone() {
    let faults: Vec<_> = FAULTS.iter().filter(|fault| fault.concerns_pool()).copied().collect();
    let world = World::new(NodeConfig::default(), faults.clone());
    assert!(world.node.statistics().faults.is_empty());
    assert_eq!(world.node.service().statistics().faults.len(), faults.len());
}

#[test]
fn f01_and_f02_present_certificates_of_another_time() {
    let world = World::noise("F01");
    assert!(matches!(world.judge(), Err(CertificateError::Expired { .. })));
    assert_eq!(world.fired("F01"), 1);
    let mut world = World::noise("F02");
    assert!(matches!(world.judge(), Err(CertificateError::NotYetValid { .. })));
    assert_eq!(world.fired("F02"), 1);
    world.mine();
    assert_eq!(world.headers(), RIGHT, "a client that does not look is served");
}

#[test]
fn f03_flips_a_bit_of_the_acknowledgement() {
    let mut world = World::noise("F03");
    world.mine();
    assert_eq!(world.headers(), RIGHT[..4]);
    let failure = LinkError::Noise(NoiseError::DecryptionFailed { nonce: 9 });
    assert_eq!(world.client.failure, Some(failure), "four frames of two records, and a header");
    assert_eq!(world.fired("F03"), 1);
    let mut world = World::new(NodeConfig::plain(), vec![Fault::by_id("F03").unwrap()]);
    world.mine();
    assert_eq!((world.headers(), world.fired("F03")), (RIGHT.to_vec(), 0), "there are no records");
}

#[test]
fn f04_skips_a_nonce_before_the_previous_hash() {
    let mut world = World::noise("F04");
    world.open();
    assert_eq!(world.headers(), RIGHT[..3]);
    let failure = LinkError::Noise(NoiseError::DecryptionFailed { nonce: 6 });
    assert_eq!((world.client.failure.clone(), world.fired("F04")), (Some(failure), 1));
}

#[test]
fn f05_clears_the_channel_bit_of_acknowledgements() {
    let mut world = World::noise("F05");
    world.mine();
    world.share(2);
    let mut expected = RIGHT.to_vec();
    expected[4] = (ACK, false);
    expected.push((ACK, false));
    assert_eq!((world.headers(), world.fired("F05")), (expected, 2));
    assert_eq!(world.client.failure, None);
}

#[test]
fn f06_takes_a_foreign_frame_for_a_share() {
    for (faults, answers) in [(vec![], 5), (vec![Fault::by_id("F06").unwrap()], 6)] {
        let mut world = World::new(NodeConfig::default(), faults);
        world.mine();
        let payload = vec![0; 24];
        let kind = Kind { extension_type: 0x4abc, msg_type: 0x1a };
        let frame = Frame { header: Header { kind, channel_msg: true, length: 24 }, payload };
        let mut bytes = Vec::new();
        world.client.link.seal(&frame, &mut bytes).unwrap();
        world.write(&bytes);
        assert_eq!(world.client.frames.len(), answers);
        assert_eq!(world.node.statistics().faults.get("F06"), (answers == 6).then_some(&1));
    }
}

#[test]
fn a_control_goes_past_the_faults_too() {
    let mut world = World::noise("F04");
    world.send(SetupConnection { min_version: 2, max_version: 2, ..SetupConnection::default() });
    world.node.control(Control::Block, NOW);
    world.read();
    assert_eq!((world.headers().len(), world.fired("F04")), (1, 0), "no channel, no previous hash");
}

#[test]
fn inactivity_is_a_deadline_of_the_node() {
    let deadlines = sv2_reference_pool::endpoint::Deadlines::NONE;
    let mut world = World::new(NodeConfig { deadlines, ..NodeConfig::default() }, vec![]);
    world.send(SetupConnection { min_version: 2, max_version: 2, ..SetupConnection::default() });
    let due = Duration::from_secs(600);
    assert_eq!(world.node.next_deadline(), Some(due));
    world.node.tick(Now { elapsed: due - Duration::from_millis(1), ..NOW });
    assert!(world.node.is_open(world.conn));
    world.node.tick(Now { elapsed: due, ..NOW });
    assert!(!world.node.is_open(world.conn));
    assert_eq!(world.node.next_deadline(), None);
}
