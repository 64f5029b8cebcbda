//! Plays operations against the pool, and asks SRI's channels the same.

use super::allowed::{ROWS, is_granted_alike};
use super::theirs::{Asked, Other, Said, opens, updates};
use super::{CREDIT, GRANTED, OPENING, SHARE, UPDATE};
use std::collections::BTreeMap;
use std::time::Duration;
use sv2_conform::fuzz::clients::{Action, Age, Clients, conn};
use sv2_conform::fuzz::program::Op;
use sv2_conform::target::EMBEDDED_START;
use sv2_reference_pool::node::{Node, Output};
use sv2_reference_pool::pool::{Pool, PoolConfig};
use sv2_reference_pool::service::{Control, Now};
use sv2_session::{Direction, Session};
use sv2_wire::frame::{Deframer, Frame, MAX_PAYLOAD_LEN};
use sv2_wire::fuzz::{Finding, Oracle};
use sv2_wire::{Message, U256};

/// Two hours, in seconds: SRI's bound on the time of a share beyond that of its job.
const TWO_HOURS: u32 = 7200;

/// One pool and its clients, and SRI's channels beside it.
pub(super) struct Game {
    node: Node<Pool>,
    clients: Clients,
    sides: Vec<Side>,
    elapsed: Duration,
    tip_since: Duration,
    per_minute: f32,
}

/// One client.
struct Side {
    incoming: Deframer,
    session: Session,
    channels: BTreeMap<u32, Beside>,
    is_closed: bool,
    /// It sent bytes whose meaning is not followed here.
    is_lost: bool,
    per_minute: f32,
}

/// SRI's channel beside one of the pool's.
struct Beside {
    /// Gone where SRI could not follow.
    other: Option<Other>,
    group: u32,
    /// `min_ntime` of its jobs, by id; those of future jobs come with the tip.
    times: BTreeMap<u32, u32>,
    /// Shares that SRI has credited since the latest acknowledgement.
    credited: u32,
}

impl Game {
    pub(super) fn new(node: Node<Pool>) -> Self {
        Self {
            node,
            clients: Clients::default(),
            sides: Vec::new(),
            elapsed: Duration::ZERO,
            tip_since: Duration::ZERO,
            per_minute: PoolConfig::default().shares_per_minute as f32,
        }
    }

    pub(super) fn play(&mut self, op: &Op) -> Result<(), Finding> {
        let age = self.elapsed.saturating_sub(self.tip_since).as_secs();
        let age = Age { of_tip: u32::try_from(age).unwrap_or(u32::MAX) };
        let sides = &self.sides;
        match self.clients.resolve(op, age, |client| sides.get(client).map(|side| &side.session)) {
            Some(action) => self.act(action),
            None => Ok(()),
        }
    }

    fn act(&mut self, action: Action) -> Result<(), Finding> {
        let now = self.now();
        match action {
            Action::Connect => {
                self.node.connected(now);
                self.sides.push(Side::new(self.per_minute));
            }
            Action::Send(client, message) => return self.send(client, &message),
            Action::Bytes(client, bytes) => {
                if let Some(side) = self.sides.get_mut(client) {
                    side.is_lost = true;
                }
                self.node.received(conn(client), &bytes, now);
            }
            Action::Finish(client) => self.node.finished(conn(client), now),
            Action::Drop(client) => {
                self.node.lost(conn(client));
                if let Some(side) = self.sides.get_mut(client) {
                    side.is_closed = true;
                }
            }
            Action::Control(control) => {
                if control == Control::Block {
                    self.tip_since = self.elapsed;
                }
                self.node.control(control, now);
            }
            Action::Elapse(time) => {
                self.elapsed = self.elapsed.saturating_add(time);
                self.node.tick(self.now());
            }
        }
        self.collect().map(|_| ())
    }

    /// Sends a message, and holds what the pool answers against SRI's opinion.
    fn send(&mut self, client: usize, message: &Message) -> Result<(), Finding> {
        let now = self.now();
        let Some(side) = self.sides.get_mut(client).filter(|side| !side.is_closed) else { return Ok(()) };
        let Ok(frame) = Frame::of(message) else { return Ok(()) };
        side.session.observe(Direction::ToServer, message, self.elapsed);
        let theirs = if side.is_lost { None } else { side.asks(message) };
        self.node.received(conn(client), &frame.to_bytes(), now);
        let said = self.collect()?;
        let mine = said.iter().filter(|(to, _)| *to == client).map(|(_, message)| message);
        let mine: Vec<_> = mine.collect();
        let Some(side) = self.sides.get_mut(client).filter(|side| !side.is_closed) else { return Ok(()) };
        if let Message::CloseChannel(close) = message {
            side.close(close.channel_id);
        }
        if let Some((asked, theirs)) = theirs {
            side.compare(message, &asked, theirs, &mine)?;
        }
        side.acknowledged(&mine)
    }

    /// Takes all that the pool has to say, with the client that it is for.
    fn collect(&mut self) -> Result<Vec<(usize, Message)>, Finding> {
        let mut said = Vec::new();
        while let Some(output) = self.node.poll() {
            let (Output::Send { conn, .. } | Output::Close { conn } | Output::Reset { conn }) = &output;
            let client = usize::try_from(conn.0).unwrap_or(usize::MAX);
            let Some(side) = self.sides.get_mut(client) else { continue };
            match output {
                Output::Send { conn, bytes } => {
                    self.node.written(conn, bytes.len());
                    side.incoming.push(&bytes);
                    while let Ok(Some(frame)) = side.incoming.next_frame() {
                        let Ok(decoded) = frame.decode() else { continue };
                        self.clients.saw(client, &decoded.message);
                        side.session.observe(Direction::ToClient, &decoded.message, self.elapsed);
                        side.follow(&decoded.message);
                        said.push((client, decoded.message));
                    }
                }
                Output::Close { .. } | Output::Reset { .. } => {
                    self.clients.ended(client);
                    side.is_closed = true;
                }
            }
        }
        Ok(said)
    }

    fn now(&self) -> Now {
        let seconds = u32::try_from(self.elapsed.as_secs()).unwrap_or(u32::MAX);
        Now { elapsed: self.elapsed, unix: EMBEDDED_START.saturating_add(seconds) }
    }
}

/// What SRI says to a request before the pool has answered.
enum Theirs {
    Opens(Result<U256, &'static str>),
    Says(Said),
}

impl Side {
    fn new(per_minute: f32) -> Self {
        Self {
            per_minute,
            incoming: Deframer::new(MAX_PAYLOAD_LEN),
            session: Session::default(),
            channels: BTreeMap::new(),
            is_closed: false,
            is_lost: false,
        }
    }

    /// Asks SRI; nothing where it has no opinion.
    fn asks(&mut self, message: &Message) -> Option<(Asked, Theirs)> {
        let per_minute = self.per_minute;
        let of = |rate: f32, max: U256| Asked::Channel { rate, max_target_is_zero: max == U256::ZERO };
        let opened = |is_extended: bool, rate: f32, max: U256| {
            let opened = opens(is_extended, rate, max, per_minute);
            Theirs::Opens(opened.map(|target| U256::from_le_bytes(target.to_le_bytes())))
        };
        match message {
            Message::OpenStandardMiningChannel(open) => {
                let (rate, max) = (open.nominal_hash_rate.0, open.max_target);
                Some((of(rate, max), opened(false, rate, max)))
            }
            Message::OpenExtendedMiningChannel(open) => {
                let (rate, max) = (open.nominal_hash_rate.0, open.max_target);
                Some((of(rate, max), opened(true, rate, max)))
            }
            Message::UpdateChannel(update) if self.channels.contains_key(&update.channel_id) => {
                let (rate, max) = (update.nominal_hash_rate.0, update.maximum_target);
                let said = updates(rate, max, per_minute).map_or_else(Said::Refuses, |()| Said::Takes);
                Some((of(rate, max), Theirs::Says(said)))
            }
            Message::SubmitSharesStandard(share) => {
                self.share(message, share.channel_id, share.job_id, share.ntime)
            }
            Message::SubmitSharesExtended(share) => {
                self.share(message, share.channel_id, share.job_id, share.ntime)
            }
            _ => None,
        }
    }

    fn share(&mut self, share: &Message, channel: u32, job: u32, ntime: u32) -> Option<(Asked, Theirs)> {
        let is_standard = matches!(share, Message::SubmitSharesStandard(_));
        let Some(beside) = self.channels.get_mut(&channel) else {
            let asked = Asked::Share { is_standard, is_beyond_job: false, is_block: false };
            return Some((asked, Theirs::Says(Said::Refuses("invalid-channel-id"))));
        };
        let is_beyond_job = beside.times.get(&job).is_some_and(|time| ntime > time.saturating_add(TWO_HOURS));
        let (said, is_block) = beside.other.as_mut()?.judge(share)?;
        let is_block = is_block || said == Said::Refuses("duplicate-share");
        Some((Asked::Share { is_standard, is_beyond_job, is_block }, Theirs::Says(said)))
    }

    fn compare(
        &mut self,
        message: &Message,
        asked: &Asked,
        theirs: Theirs,
        said: &[&Message],
    ) -> Result<(), Finding> {
        let Some((oracle, ours)) = said_by_us(message, said) else { return Ok(()) };
        let verdict = match &theirs {
            Theirs::Opens(opened) => (*opened).map_or_else(Said::Refuses, |_| Said::Takes),
            Theirs::Says(said) => *said,
        };
        let is_allowed = || ROWS.iter().any(|row| (row.is_it)(asked, ours, verdict));
        if ours != verdict && !is_allowed() {
            return Err(oracle.found(format!("{message:?}: ours {ours:?}, sri's {verdict:?}")));
        }
        if let (Theirs::Opens(Ok(theirs)), Some(ours)) = (&theirs, granted(said)) {
            let Asked::Channel { rate, .. } = asked else { return Ok(()) };
            if !is_granted_alike(*rate, self.per_minute, ours, *theirs) {
                return Err(GRANTED.found(format!("{message:?}: ours {ours}, sri's {theirs}")));
            }
        }
        let channel = message.channel_id().and_then(|id| self.channels.get_mut(&id));
        if let (true, Said::Takes, Some(beside)) = (oracle == SHARE, ours, channel) {
            // Where the two differ by the list, ours counts.
            beside.credited = beside.credited.saturating_add(1);
        }
        Ok(())
    }

    fn acknowledged(&mut self, said: &[&Message]) -> Result<(), Finding> {
        for message in said {
            let Message::SubmitSharesSuccess(success) = message else { continue };
            let Some(beside) = self.channels.get_mut(&success.channel_id) else { continue };
            let credited = std::mem::take(&mut beside.credited);
            if beside.other.is_some() && !self.is_lost && credited != success.new_submits_accepted_count {
                return Err(CREDIT.found(format!("{success:?}: SRI has credited {credited}")));
            }
        }
        Ok(())
    }

    /// Brings a message of the pool to SRI's channels.
    fn follow(&mut self, message: &Message) {
        match message {
            Message::OpenExtendedMiningChannelSuccess(open) => {
                self.opened(open.channel_id, open.group_channel_id, Other::extended(open));
            }
            Message::OpenStandardMiningChannelSuccess(open) => {
                self.opened(open.channel_id, open.group_channel_id, Other::standard(open));
            }
            Message::NewMiningJob(job) => {
                self.each(job.channel_id, |beside| {
                    beside.times.extend(job.min_ntime.0.map(|time| (job.job_id, time)));
                    beside.follow(|other| other.take_job(message));
                });
            }
            Message::NewExtendedMiningJob(job) => {
                self.each(job.channel_id, |beside| {
                    beside.times.extend(job.min_ntime.0.map(|time| (job.job_id, time)));
                    beside.follow(|other| other.take_job(message));
                });
            }
            Message::SetNewPrevHash(tip) => self.each(tip.channel_id, |beside| {
                beside.times.insert(tip.job_id, tip.min_ntime);
                beside.follow(|other| other.take_tip(tip));
            }),
            Message::SetTarget(set) => {
                self.each(set.channel_id, |beside| {
                    beside.follow(|other| other.set_target(set.maximum_target))
                });
            }
            Message::SetExtranoncePrefix(set) => {
                self.each(set.channel_id, |beside| {
                    beside.follow(|other| other.set_prefix(&set.extranonce_prefix))
                });
            }
            Message::SetGroupChannel(set) => {
                for id in set.channel_ids.clone().into_vec() {
                    if let Some(beside) = self.channels.get_mut(&id) {
                        beside.group = set.group_channel_id;
                    }
                }
            }
            // Jobs of the client's own making are not compared.
            Message::SetCustomMiningJobSuccess(job) => {
                self.each(job.channel_id, |beside| beside.other = None)
            }
            Message::CloseChannel(close) => self.close(close.channel_id),
            _ => {}
        }
    }

    fn opened(&mut self, id: u32, group: u32, other: Option<Other>) {
        self.channels.insert(id, Beside { other, group, times: BTreeMap::new(), credited: 0 });
    }

    fn close(&mut self, id: u32) {
        self.channels.retain(|channel, beside| *channel != id && beside.group != id);
    }

    /// The channel of an id, or the members of the group.
    fn each(&mut self, id: u32, mut act: impl FnMut(&mut Beside)) {
        for (channel, beside) in &mut self.channels {
            if *channel == id || beside.group == id {
                act(beside);
            }
        }
    }
}

impl Beside {
    fn follow(&mut self, act: impl FnOnce(&mut Other) -> Option<()>) {
        if self.other.as_mut().and_then(act).is_none() {
            self.other = None;
        }
    }
}

/// What our pool said to a request, and which oracle that is for. Nothing where SRI's channels have no part in the answer.
fn said_by_us(request: &Message, said: &[&Message]) -> Option<(Oracle, Said)> {
    match request {
        Message::OpenStandardMiningChannel(_) | Message::OpenExtendedMiningChannel(_) => {
            let answer = said.iter().find_map(|message| match message {
                Message::OpenMiningChannelError(error) => {
                    Some(Said::Refuses(known(&error.error_code.to_text())?))
                }
                Message::OpenStandardMiningChannelSuccess(_)
                | Message::OpenExtendedMiningChannelSuccess(_) => Some(Said::Takes),
                _ => None,
            });
            answer.map(|said| (OPENING, said))
        }
        Message::UpdateChannel(_) => {
            let refused = said.iter().find_map(|message| match message {
                Message::UpdateChannelError(error) => known(&error.error_code.to_text()),
                _ => None,
            });
            Some((UPDATE, refused.map_or(Said::Takes, Said::Refuses)))
        }
        Message::SubmitSharesStandard(_) | Message::SubmitSharesExtended(_) => {
            let refused = said.iter().find_map(|message| match message {
                Message::SubmitSharesError(error) => Some(known(&error.error_code.to_text())),
                _ => None,
            });
            match refused {
                Some(Some(code)) => Some((SHARE, Said::Refuses(code))),
                // For a reason that is not the channel's.
                Some(None) => None,
                None => Some((SHARE, Said::Takes)),
            }
        }
        _ => None,
    }
}

/// The codes that SRI's channels have as well.
fn known(code: &str) -> Option<&'static str> {
    const CODES: [&str; 11] = [
        "invalid-nominal-hashrate",
        "max-target-out-of-range",
        "invalid-channel-id",
        "invalid-share",
        "stale-share",
        "invalid-job-id",
        "difficulty-too-low",
        "duplicate-share",
        "bad-extranonce-size",
        "version-rolling-not-allowed",
        "invalid-non-rollable-version-bit",
    ];
    CODES.into_iter().find(|known| *known == code)
}

fn granted(said: &[&Message]) -> Option<U256> {
    said.iter().find_map(|message| match message {
        Message::OpenStandardMiningChannelSuccess(open) => Some(open.target),
        Message::OpenExtendedMiningChannelSuccess(open) => Some(open.target),
        _ => None,
    })
}
