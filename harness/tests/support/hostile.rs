//! A server in memory, on virtual time, that behaves until a moment and then does not.

use crate::counting::{Memory, measure};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::collections::BTreeMap;
use std::time::Duration;
use sv2_conform::runner::{Connection, Control, Input, Now, Output, Plan, Runner};
use sv2_conform::target::EMBEDDED_START;
use sv2_conform::verdict::Outcome;
use sv2_reference_pool::node::NoiseConfig;
use sv2_wire::frame::{Frame, Header, MAX_PAYLOAD_LEN};
use sv2_wire::link::{Event, Link};
use sv2_wire::noise::Responder;
use sv2_wire::{
    B0_32, B0_64K, Kind, Message, NewExtendedMiningJob, NewMiningJob, OpenExtendedMiningChannelSuccess,
    OpenMiningChannelError, OpenStandardMiningChannelSuccess, RequestExtensionsError, SetNewPrevHash,
    SetTarget, SetupConnectionSuccess, SubmitSharesError, SubmitSharesSuccess, U256,
};

/// When the server stops to behave: when this comes on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    Connection,
    ActOne,
    Setup,
    Opening,
    Share,
}

/// What it does from then on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Habit {
    /// Nothing wrong at all.
    Good,
    /// Answers nothing any more, on no connection.
    Hangs,
    /// Ends the connection in order.
    Closes,
    /// Resets it.
    Resets,
    /// Is gone: every connection ends, and none is taken any more.
    Dies,
    /// Sends random bytes and goes on sending some.
    Babbles,
    /// Announces 16 MiB and sends a byte now and then.
    Announces,
    /// Sends a job now and then and answers nothing.
    Drips,
    /// Sends jobs as fast as the line allows.
    FloodsJobs,
    /// Sends large jobs as fast as the line allows.
    FloodsBytes,
    /// Sends bytes that end no act and no frame, as fast as the line allows.
    FloodsNonsense,
    /// Answers each request a hundred times.
    Repeats,
    /// Answers everything but shares.
    NeverCredits,
}

/// Bytes that go at once, and how long the line needs for them: 1 GB/s.
const BURST: usize = 64 << 10;
const BURST_TIME: Duration = Duration::from_micros(64);
/// The pause of who drips and trickles.
const PAUSE: Duration = Duration::from_millis(200);

pub(crate) struct Played {
    pub(crate) outcome: Outcome,
    pub(crate) elapsed: Duration,
    pub(crate) memory: Memory,
    /// Bytes that the server sent.
    pub(crate) sent: usize,
    /// Whether the moment of misbehaviour came.
    pub(crate) misbehaved: bool,
}

enum Act {
    Bytes(Vec<u8>),
    Finish,
    Reset,
}

struct Server {
    stage: Stage,
    habit: Habit,
    noise: NoiseConfig,
    encrypted: bool,
    conns: BTreeMap<Connection, Client>,
    rng: ChaCha8Rng,
    acts: Vec<(Connection, Act)>,
    is_gone: bool,
    is_hung: bool,
    misbehaved: bool,
    sent: usize,
}

struct Client {
    link: Link,
    is_bad: bool,
    next_channel: u32,
    next_job: u32,
}

/// Plays a scenario to its end, or until `bound` of virtual time has passed.
pub(crate) fn play(plan: Plan, stage: Stage, habit: Habit, seed: u64, bound: Duration) -> Option<Played> {
    let mut server = Server {
        stage,
        habit,
        noise: NoiseConfig::seeded(0),
        encrypted: plan.peer.encrypted,
        conns: BTreeMap::new(),
        rng: ChaCha8Rng::seed_from_u64(seed),
        acts: Vec::new(),
        is_gone: false,
        is_hung: false,
        misbehaved: false,
        sent: 0,
    };
    let mut elapsed = Duration::ZERO;
    let (outcome, memory) = measure(|| run(plan, &mut server, &mut elapsed, bound));
    let (sent, misbehaved) = (server.sent, server.misbehaved);
    Some(Played { outcome: outcome?, elapsed, memory, sent, misbehaved })
}

fn run(plan: Plan, server: &mut Server, elapsed: &mut Duration, bound: Duration) -> Option<Outcome> {
    let at = |elapsed: Duration| Now { elapsed, unix: EMBEDDED_START };
    let mut runner = Runner::new(plan, at(*elapsed));
    let mut next_burst = None;
    while *elapsed < bound {
        loop {
            for (conn, act) in std::mem::take(&mut server.acts) {
                let input = match act {
                    Act::Bytes(bytes) => Input::Bytes(conn, bytes),
                    Act::Finish => Input::Finished(conn),
                    Act::Reset => Input::Reset(conn),
                };
                runner.handle(input, at(*elapsed));
            }
            let Some(output) = runner.poll() else { break };
            match output {
                Output::Connect(conn) if server.is_gone => {
                    runner.handle(Input::Refused(conn, "nobody listens".into()), at(*elapsed));
                }
                Output::Connect(conn) => {
                    runner.handle(Input::Connected(conn), at(*elapsed));
                    server.connected(conn);
                }
                Output::Send(conn, bytes) => server.received(conn, &bytes),
                Output::Finish(_) | Output::StopReading(_) | Output::ReadAgain(_) => {}
                Output::Close(conn) | Output::Reset(conn) => _ = server.conns.remove(&conn),
                // A short wait really passes where there is no clock to be moved.
                Output::Control(Control::Elapse(wait)) => {
                    *elapsed += wait;
                    runner.handle(Input::ControlDone(Ok(())), at(*elapsed));
                }
                Output::Control(_) => panic!("nobody can steer this server"),
            }
        }
        if let Some(outcome) = runner.outcome() {
            return Some(outcome);
        }
        let pause = server.pause();
        let burst = pause.map(|pause| *next_burst.get_or_insert(*elapsed + pause));
        match (burst, runner.wake_at()) {
            (Some(burst), wake_at) if wake_at.is_none_or(|wake_at| burst <= wake_at) => {
                *elapsed = burst;
                next_burst = None;
                server.burst();
            }
            (_, Some(wake_at)) => {
                *elapsed = (*elapsed).max(wake_at);
                runner.handle(Input::Tick, at(*elapsed));
            }
            (_, None) => return None,
        }
    }
    None
}

impl Server {
    fn connected(&mut self, conn: Connection) {
        let link = match self.encrypted {
            true => {
                let certificate = self.noise.certificate(EMBEDDED_START).encode();
                let responder = Responder::new(&self.noise.static_keypair, certificate, [7; 64]);
                Link::responder(responder, MAX_PAYLOAD_LEN)
            }
            false => Link::plain(MAX_PAYLOAD_LEN),
        };
        self.conns.insert(conn, Client { link, is_bad: false, next_channel: 2, next_job: 1 });
        self.reach(conn, Stage::Connection);
    }

    fn received(&mut self, conn: Connection, bytes: &[u8]) {
        if self.encrypted && self.conns.get(&conn).is_some_and(|client| !client.link.is_established()) {
            self.reach(conn, Stage::ActOne);
        }
        if let Some(client) = self.conns.get_mut(&conn) {
            client.link.receive(bytes);
        }
        loop {
            if self.is_hung || self.conns.get(&conn).is_none_or(|client| client.is_bad) {
                return;
            }
            let Some(client) = self.conns.get_mut(&conn) else { return };
            match client.link.poll() {
                Ok(Some(Event::Established { reply, .. })) => self.write(conn, reply),
                Ok(Some(Event::Frame(frame))) => self.frame(conn, &frame),
                Ok(None) => return,
                Err(_) => {
                    self.conns.remove(&conn);
                    return self.acts.push((conn, Act::Finish));
                }
            }
        }
    }

    fn frame(&mut self, conn: Connection, frame: &Frame) {
        let Ok(message) = frame.decode().map(|decoded| decoded.message) else { return };
        let stage = match &message {
            Message::SetupConnection(_) => Stage::Setup,
            Message::OpenStandardMiningChannel(_) | Message::OpenExtendedMiningChannel(_) => Stage::Opening,
            Message::SubmitSharesStandard(_) | Message::SubmitSharesExtended(_) => Stage::Share,
            _ => Stage::Connection,
        };
        if stage != Stage::Connection {
            self.reach(conn, stage);
        }
        if self.conns.get(&conn).is_none_or(|client| client.is_bad) || self.is_hung {
            return;
        }
        if self.habit == Habit::NeverCredits && stage == Stage::Share {
            self.misbehaved = true;
            return;
        }
        let times = if self.habit == Habit::Repeats && stage >= self.stage { 100 } else { 1 };
        self.misbehaved |= times > 1;
        let Some(client) = self.conns.get_mut(&conn) else { return };
        let answers = answer(client, &message);
        for _ in 0..times {
            answers.iter().for_each(|answer| self.send(conn, answer));
        }
    }

    /// The connection has come to a stage; at the one that the server waits for, it begins to misbehave.
    fn reach(&mut self, conn: Connection, stage: Stage) {
        if stage != self.stage {
            return;
        }
        match self.habit {
            Habit::Good | Habit::Repeats | Habit::NeverCredits => return,
            Habit::Hangs => self.is_hung = true,
            Habit::Closes => self.end(conn, Act::Finish),
            Habit::Resets => self.end(conn, Act::Reset),
            Habit::Dies => {
                self.is_gone = true;
                let all: Vec<_> = self.conns.keys().copied().collect();
                all.into_iter().for_each(|conn| self.end(conn, Act::Finish));
            }
            Habit::Babbles => self.babble(conn, 3000),
            Habit::Announces => {
                let kind = Kind { extension_type: 0, msg_type: 0x01 };
                let header = Header { kind, channel_msg: false, length: 0xff_ffff };
                self.seal(conn, &Frame { header, payload: Vec::new() });
            }
            Habit::Drips | Habit::FloodsJobs | Habit::FloodsBytes | Habit::FloodsNonsense => {}
        }
        self.misbehaved = true;
        if let Some(client) = self.conns.get_mut(&conn) {
            client.is_bad = true;
        }
    }

    fn end(&mut self, conn: Connection, how: Act) {
        if self.conns.remove(&conn).is_some() {
            self.acts.push((conn, how));
        }
    }

    /// How long until something comes by itself.
    fn pause(&self) -> Option<Duration> {
        if !self.conns.values().any(|client| client.is_bad) {
            return None;
        }
        match self.habit {
            Habit::Babbles | Habit::Announces | Habit::Drips => Some(PAUSE),
            Habit::FloodsJobs | Habit::FloodsBytes | Habit::FloodsNonsense => Some(BURST_TIME),
            _ => None,
        }
    }

    fn burst(&mut self) {
        let bad = self.conns.iter().filter(|(_, client)| client.is_bad);
        for conn in bad.map(|(conn, _)| *conn).collect::<Vec<_>>() {
            match self.habit {
                Habit::Babbles => self.babble(conn, 50),
                Habit::Announces => self.babble(conn, 1),
                Habit::Drips => self.job(conn, 0),
                Habit::FloodsJobs => (0..BURST / 60).for_each(|_| self.job(conn, 0)),
                Habit::FloodsBytes => self.job(conn, 30_000),
                Habit::FloodsNonsense => self.write(conn, vec![0xff; BURST]),
                _ => {}
            }
        }
    }

    fn babble(&mut self, conn: Connection, most: u32) {
        let length = 1 + self.rng.next_u32() % most;
        let mut bytes = vec![0; usize::try_from(length).unwrap()];
        self.rng.fill_bytes(&mut bytes);
        self.write(conn, bytes);
    }

    /// A job of the channel that was opened first; a target now and then.
    fn job(&mut self, conn: Connection, coinbase: usize) {
        let Some(client) = self.conns.get_mut(&conn) else { return };
        client.next_job += 1;
        let (channel_id, job_id) = (2, client.next_job);
        let message: Message = match (coinbase, job_id % 7) {
            (0, 0) => SetTarget { channel_id, maximum_target: U256::from(u64::from(job_id)) }.into(),
            (0, _) => NewMiningJob { channel_id, job_id, ..Default::default() }.into(),
            _ => {
                let part = || B0_64K::new(vec![1; coinbase]).unwrap();
                let (coinbase_tx_prefix, coinbase_tx_suffix) = (part(), part());
                NewExtendedMiningJob {
                    channel_id,
                    job_id,
                    coinbase_tx_prefix,
                    coinbase_tx_suffix,
                    ..Default::default()
                }
                .into()
            }
        };
        self.send(conn, &message);
    }

    fn send(&mut self, conn: Connection, message: &Message) {
        self.seal(conn, &Frame::of(message).unwrap());
    }

    fn seal(&mut self, conn: Connection, frame: &Frame) {
        let mut bytes = Vec::new();
        let Some(client) = self.conns.get_mut(&conn) else { return };
        // Before the handshake there is nothing to seal with.
        let _ = client.link.seal(frame, &mut bytes);
        self.write(conn, bytes);
    }

    fn write(&mut self, conn: Connection, bytes: Vec<u8>) {
        if !bytes.is_empty() {
            self.sent += bytes.len();
            self.acts.push((conn, Act::Bytes(bytes)));
        }
    }
}

/// Eight bytes that differ from channel to channel of a connection.
fn own_prefix(channel_id: u32) -> B0_32 {
    B0_32::new(u64::from(channel_id).to_le_bytes().to_vec()).unwrap()
}

fn extended_job(channel_id: u32, extranonce_size: u16) -> NewExtendedMiningJob {
    let (coinbase_tx_prefix, coinbase_tx_suffix) = coinbase(8 + extranonce_size.to_le_bytes()[0]);
    NewExtendedMiningJob {
        channel_id,
        job_id: 1,
        version: 0x2000_0000,
        version_rolling_allowed: true,
        coinbase_tx_prefix,
        coinbase_tx_suffix,
        ..Default::default()
    }
}

/// A stripped coinbase around a script of nothing but this many bytes of extranonce.
fn coinbase(script: u8) -> (B0_64K, B0_64K) {
    let prefix = [&[2, 0, 0, 0, 1][..], &[0; 32], &[0xff; 4], &[script]].concat();
    let suffix = [&[0xff; 4][..], &[1], &[0; 8], &[1, 0x51], &[0; 4]].concat();
    (B0_64K::new(prefix).unwrap(), B0_64K::new(suffix).unwrap())
}

/// What a good server says: every share is accepted but those on jobs that do not exist.
fn answer(client: &mut Client, message: &Message) -> Vec<Message> {
    match message {
        Message::SetupConnection(_) => vec![SetupConnectionSuccess { used_version: 2, flags: 0 }.into()],
        Message::RequestExtensions(request) => {
            vec![RequestExtensionsError { request_id: request.request_id, ..Default::default() }.into()]
        }
        Message::OpenStandardMiningChannel(open) => {
            let channel_id = client.next_channel;
            client.next_channel += 1;
            let extranonce_prefix = own_prefix(channel_id);
            let success = OpenStandardMiningChannelSuccess {
                request_id: open.request_id,
                channel_id,
                target: open.max_target,
                extranonce_prefix,
                group_channel_id: 1,
            };
            let merkle_root = U256::from(u64::from(channel_id));
            let (job_id, version) = (1, 0x2000_0000);
            let job = NewMiningJob { channel_id, job_id, version, merkle_root, ..Default::default() };
            vec![success.into(), job.into(), tip(channel_id)]
        }
        Message::OpenExtendedMiningChannel(open) => {
            let channel_id = client.next_channel;
            client.next_channel += 1;
            let success = OpenExtendedMiningChannelSuccess {
                request_id: open.request_id,
                channel_id,
                target: open.max_target,
                extranonce_size: open.min_extranonce_size.min(24),
                extranonce_prefix: own_prefix(channel_id),
                group_channel_id: 1,
            };
            let job = extended_job(channel_id, open.min_extranonce_size.min(24));
            match open.min_extranonce_size {
                0..=24 => vec![success.into(), job.into(), tip(channel_id)],
                _ => {
                    let error_code = "unsupported-min-extranonce-size".into();
                    vec![OpenMiningChannelError { request_id: open.request_id, error_code }.into()]
                }
            }
        }
        Message::SubmitSharesStandard(share) => {
            vec![judged(share.channel_id, share.sequence_number, share.job_id)]
        }
        Message::SubmitSharesExtended(share) => {
            vec![judged(share.channel_id, share.sequence_number, share.job_id)]
        }
        Message::UpdateChannel(update) => {
            vec![SetTarget { channel_id: update.channel_id, maximum_target: update.maximum_target }.into()]
        }
        _ => Vec::new(),
    }
}

fn tip(channel_id: u32) -> Message {
    let nbits = 0x1d00_ffff;
    let prev_hash = U256::from(7u64);
    SetNewPrevHash { channel_id, job_id: 1, prev_hash, min_ntime: EMBEDDED_START, nbits }.into()
}

fn judged(channel_id: u32, sequence_number: u32, job_id: u32) -> Message {
    if job_id != 1 {
        let error_code = "invalid-job-id".into();
        return SubmitSharesError { channel_id, sequence_number, error_code }.into();
    }
    SubmitSharesSuccess {
        channel_id,
        last_sequence_number: sequence_number,
        new_submits_accepted_count: 1,
        new_shares_sum: 1,
    }
    .into()
}
