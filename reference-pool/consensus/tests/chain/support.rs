//! Miners on a reference pool, a chain and its judge. Everything happens within the call.

use bitcoin::{Amount, Block};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use sv2_conform::miner::{Settings, Wanted, search};
use sv2_consensus::{Chain, Judge, Lie, RegtestTemplates, SharedChain};
use sv2_reference_pool::pool::{Pool, PoolConfig};
use sv2_reference_pool::service::{Action, ConnId, Control, Finding, Now, Outbox, Service};
use sv2_session::{Direction, Session, Work};
use sv2_wire::frame::Frame;
use sv2_wire::{
    F32, FlagSpec, Message, OpenExtendedMiningChannel, OpenStandardMiningChannel, SetupConnection, U256,
};

/// A quarter of an hour past regtest's first block would do; this is what the other tests use.
const NOW: Now = Now { elapsed: Duration::ZERO, unix: 1_767_225_600 };

/// An open channel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Channel {
    conn: ConnId,
    id: u32,
}

pub(crate) struct Mine {
    pub(crate) judge: Judge,
    chain: SharedChain,
    pool: Pool,
    sessions: BTreeMap<ConnId, Session>,
    /// Goes into sequence numbers and extranonces, so that no two shares are alike.
    counter: u32,
}

impl Mine {
    pub(crate) fn new() -> Self {
        let chain = Arc::new(Mutex::new(Chain::new()));
        let source = RegtestTemplates::new(Arc::clone(&chain));
        let pool = Pool::with_source(PoolConfig::default(), Box::new(source)).expect("the defaults are good");
        let judge = Judge::new().expect("the validation code starts");
        Self { judge, chain, pool, sessions: BTreeMap::new(), counter: 0 }
    }

    /// A standard channel; with standard jobs of its own, or one that lives on the extended jobs of its group.
    pub(crate) fn open_standard(&mut self, standard_jobs: bool) -> Channel {
        let flag = FlagSpec::find("REQUIRES_STANDARD_JOBS").expect("it is in the table").mask();
        let conn = self.connect(if standard_jobs { flag } else { 0 });
        let open = OpenStandardMiningChannel {
            request_id: 1,
            user_identity: "standard".into(),
            nominal_hash_rate: F32(0.0),
            max_target: U256::MAX,
        };
        self.send(conn, open);
        self.only_channel(conn)
    }

    pub(crate) fn open_extended(&mut self) -> Channel {
        let conn = self.connect(0);
        let open = OpenExtendedMiningChannel {
            request_id: 1,
            user_identity: "extended".into(),
            nominal_hash_rate: F32(0.0),
            max_target: U256::MAX,
            min_extranonce_size: 4,
        };
        self.send(conn, open);
        self.only_channel(conn)
    }

    /// Mines a block on the channel's newest job and takes it from the pool.
    pub(crate) fn block(&mut self, channel: Channel) -> Block {
        self.counter += 1;
        let job =
            self.sessions[&channel.conn].channel(channel.id).expect("open").newest_job().expect("a job");
        let sv2_session::JobState::Active { nbits, min_ntime, .. } = job.state else { panic!("not active") };
        let mut extranonce = vec![0; usize::from(job.extranonce_size)];
        for (to, from) in extranonce.iter_mut().zip(self.counter.to_le_bytes()) {
            *to = from;
        }
        let settings = Settings { version: job.version, ntime: min_ntime, extranonce, nonce: self.counter };
        let network = bitcoin::Target::from_compact(bitcoin::CompactTarget::from_consensus(nbits));
        let at_most = U256::from_le_bytes(network.to_le_bytes()).min(job.hardest_target);
        let found = search(job, &settings, Wanted::within(at_most), 1000).expect("every second hash does");
        let is_standard = job.extranonce_size == 0;
        let has_root = matches!(job.work, Work::MerkleRoot(_));
        assert!(!has_root || is_standard, "only standard channels get roots");
        let share = found.settings.share((channel.id, job.job_id), self.counter, !is_standard);
        self.send(channel.conn, share.expect("at most 32 bytes"));
        let mut findings = self.pool.take_findings();
        let Some(Finding::Block(block)) = findings.pop() else { panic!("the pool found no block") };
        assert_eq!(findings, [], "one share, one block");
        assert_eq!(block.block_hash().to_string(), found.hash.to_string(), "both hands hash the same header");
        *block
    }

    /// Mines a block that has to be accepted, and goes on from it.
    pub(crate) fn accepted(&mut self, channel: Channel) {
        let block = self.block(channel);
        self.judge.submit(&block).expect("an honest block");
        self.extend(&block);
    }

    /// The chain goes on from a block, and so does the pool.
    pub(crate) fn extend(&mut self, block: &Block) {
        self.chain.lock().expect("nobody panics with it").extend(block);
        self.control(Control::Block);
    }

    /// Has the templates from now on lie, or not.
    pub(crate) fn lie(&mut self, lie: Option<Lie>) {
        self.chain.lock().expect("nobody panics with it").lie = lie;
        self.control(Control::Block);
    }

    /// What the coinbase of a block pays in total.
    pub(crate) fn reward(block: &Block) -> Amount {
        block.txdata[0].output.iter().map(|output| output.value).sum()
    }

    fn connect(&mut self, flags: u32) -> ConnId {
        let conn = ConnId(self.sessions.len() as u64);
        self.sessions.insert(conn, Session::default());
        self.call(|pool, out| pool.opened(conn, NOW, out));
        let setup = SetupConnection {
            protocol: 0,
            min_version: 2,
            max_version: 2,
            flags,
            vendor: "tests".into(),
            ..SetupConnection::default()
        };
        self.send(conn, setup);
        conn
    }

    fn only_channel(&self, conn: ConnId) -> Channel {
        let channel = self.sessions[&conn].channels().next().expect("the channel was opened");
        Channel { conn, id: channel.id }
    }

    fn send(&mut self, conn: ConnId, message: impl Into<Message>) {
        let message = message.into();
        self.observe(conn, Direction::ToServer, &message);
        let frame = Frame::of(&message).expect("it can be encoded");
        self.call(|pool, out| pool.frame(conn, &frame, NOW, out));
    }

    fn control(&mut self, control: Control) {
        self.call(|pool, out| pool.control(control, NOW, out));
    }

    fn call(&mut self, act: impl FnOnce(&mut Pool, &mut Outbox)) {
        let mut out = Outbox::default();
        act(&mut self.pool, &mut out);
        for action in out.drain() {
            match action {
                Action::Send(conn, message) => self.observe(conn, Direction::ToClient, &message),
                Action::Close(conn) => panic!("{conn:?} was closed"),
            }
        }
    }

    fn observe(&mut self, conn: ConnId, direction: Direction, message: &Message) {
        let session = self.sessions.get_mut(&conn).expect("it is connected");
        session.observe(direction, message, NOW.elapsed);
    }
}
