//! One conversation as a miner would have it, until it could mine. Sans-IO.

use super::findings::{self, Diagnosis};
use super::speech::{Ending, Speech, Stranger};
use super::{Condition, Now, Stage, Step, certificate, words};
use std::collections::VecDeque;
use std::time::Duration;
use sv2_wire::frame::{Frame, MAX_PAYLOAD_LEN};
use sv2_wire::link::{Event, Link};
use sv2_wire::noise::{ACT_TWO_LEN, Initiator, ServerIdentity};
use sv2_wire::url::Security;
use sv2_wire::{
    F32, Message, OpenExtendedMiningChannel, OpenStandardMiningChannel, SetupConnection,
    SetupConnectionSuccess, Str0_255, U256,
};

/// The protocol version of the specification.
const VERSION: u16 = 2;
/// Bytes that are kept of a peer that did not speak Stratum V2 yet.
const KEPT: usize = 1024;
/// Jobs that are kept; a pool that sends more without a previous hash has given enough to say so.
const JOBS: usize = 64;
/// Messages that came while another was awaited, and are named when it never comes.
const ASIDE: usize = 8;
/// Expected hashes per second: a small device.
const HASH_RATE: f32 = 1.0e12;
/// Bytes of extranonce that are asked for in an extended channel.
const EXTRANONCE: u16 = 4;
/// Seconds by which a job's time may differ from ours without a note: Bitcoin's own bound for block times.
const CLOCKS: u64 = 7200;
/// Success flag of spec section 5.3.1.
const REQUIRES_EXTENDED_CHANNELS: u32 = 1 << 1;

/// Who is visited, and as whom.
#[derive(Clone, Debug)]
pub struct Patient {
    /// Host that SetupConnection names.
    pub host: String,
    /// Port that SetupConnection names.
    pub port: u16,
    /// What the URL says about encryption.
    pub security: Security,
    /// Identity that channels are opened with.
    pub user: String,
    /// Randomness of the handshake.
    pub seed: [u8; 64],
}

/// What happens on the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// Bytes came.
    Bytes(Vec<u8>),
    /// The peer ended its stream.
    Closed,
    /// The peer reset the connection.
    Reset,
    /// The present step has waited long enough.
    Silence,
}

/// How far a visit is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Something is awaited.
    Going,
    /// A miner can work.
    Healthy,
    /// A miner cannot work, for this reason.
    Trouble(Diagnosis),
    /// The peer did not speak as the URL says; other questions may tell what it speaks.
    Stranger(Stranger),
}

/// One conversation.
#[derive(Debug)]
pub struct Visit {
    patient: Patient,
    link: Link,
    out: Vec<u8>,
    steps: VecDeque<Step>,
    progress: Progress,
    stage: Stage,
    since: Duration,
    came: Vec<u8>,
    is_proven: bool,
    is_extended: bool,
    aside: Vec<&'static str>,
    channel: Option<(u32, u32)>,
    jobs: Vec<(u32, bool)>,
    tip: Option<(u32, u32)>,
}

/// What a miner without special wishes says first (spec section 3.6.1).
pub(super) fn setup_connection(patient: &Patient) -> Message {
    let text = |text: &str| Str0_255::lossy(text.as_bytes());
    SetupConnection {
        protocol: 0,
        min_version: VERSION,
        max_version: VERSION,
        flags: 0,
        endpoint_host: text(&patient.host),
        endpoint_port: patient.port,
        vendor: text("sv2-conform"),
        hardware_version: text("doctor"),
        firmware: text(concat!("sv2-conform/", env!("CARGO_PKG_VERSION"), " looks at the first steps")),
        device_id: Str0_255::default(),
    }
    .into()
}

impl Visit {
    /// Begins on a fresh TCP connection; there is something to send at once.
    pub fn new(patient: Patient, now: Now) -> Self {
        let is_plain = patient.security == Security::Plaintext;
        let (link, out, stage) = if is_plain {
            (Link::plain(MAX_PAYLOAD_LEN), Vec::new(), Stage::Setup)
        } else {
            let (link, act_one) = Link::initiator(Initiator::new(patient.seed), MAX_PAYLOAD_LEN);
            (link, act_one.to_vec(), Stage::Noise)
        };
        let mut visit = Self {
            patient,
            link,
            out,
            steps: VecDeque::new(),
            progress: Progress::Going,
            stage,
            since: now.elapsed,
            came: Vec::new(),
            is_proven: false,
            is_extended: false,
            aside: Vec::new(),
            channel: None,
            jobs: Vec::new(),
            tip: None,
        };
        if is_plain {
            let setup = setup_connection(&visit.patient);
            visit.send(&setup);
        }
        visit
    }

    /// The bytes to be sent now.
    pub fn take_output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// The next step that is done.
    pub fn take_step(&mut self) -> Option<Step> {
        self.steps.pop_front()
    }

    /// When the present step began; its patience is the caller's.
    pub fn since(&self) -> Duration {
        self.since
    }

    /// How far the visit is.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Takes in what happened.
    pub fn handle(&mut self, happening: Happening, now: Now) {
        let ending = match happening {
            Happening::Bytes(bytes) => return self.receive(&bytes, now),
            Happening::Closed => Ending::Closed,
            Happening::Reset => Ending::Reset,
            Happening::Silence => Ending::Silence,
        };
        if self.progress != Progress::Going {
            return;
        }
        if self.is_proven {
            let jobs = !self.jobs.is_empty();
            let diagnosis = findings::stopped(self.stage, ending, &self.aside, jobs, self.link.pending());
            self.trouble(diagnosis, now);
        } else {
            self.stranger(ending, now);
        }
    }

    fn receive(&mut self, bytes: &[u8], now: Now) {
        if self.progress != Progress::Going {
            return;
        }
        if !self.is_proven {
            let room = KEPT.saturating_sub(self.came.len()).min(bytes.len());
            self.came.extend(bytes.iter().take(room));
        }
        self.link.receive(bytes);
        while self.progress == Progress::Going {
            match self.link.poll() {
                Ok(Some(Event::Established { identity, .. })) => self.established(identity.as_deref(), now),
                Ok(Some(Event::Frame(frame))) => self.frame(&frame, now),
                Ok(None) if self.is_proven || Speech::of(&self.came).is_none() => return,
                Err(error) if self.is_proven => {
                    let diagnosis = findings::broken(self.stage, &error);
                    self.trouble(diagnosis, now);
                }
                Ok(None) | Err(_) => self.stranger(Ending::Unfit, now),
            }
        }
    }

    fn established(&mut self, identity: Option<&ServerIdentity>, now: Now) {
        self.is_proven = true;
        self.step(Condition::Ok, format!("act two is authentic ({ACT_TWO_LEN} bytes)"), now);
        self.stage = Stage::Certificate;
        if let Some(identity) = identity {
            let (condition, text, diagnosis) = certificate::judge(identity, self.patient.security, now);
            if let Some(diagnosis) = diagnosis {
                return self.trouble(diagnosis, now);
            }
            self.step(condition, text, now);
        }
        self.stage = Stage::Setup;
        let setup = setup_connection(&self.patient);
        self.send(&setup);
    }

    fn frame(&mut self, frame: &Frame, now: Now) {
        match frame.decode() {
            Ok(decoded) => {
                self.is_proven = true;
                self.message(decoded.message, now);
            }
            Err(_) if !self.is_proven => self.stranger(Ending::Unfit, now),
            // "MUST be discarded and ignored" (spec section 3.4).
            Err(error) if matches!(error.problem, sv2_wire::Problem::UnknownMessage { .. }) => {
                self.set_aside("a message that the specification does not know");
            }
            Err(error) => {
                let diagnosis = findings::malformed(self.stage, &error, &frame.to_bytes());
                self.trouble(diagnosis, now);
            }
        }
    }

    fn message(&mut self, message: Message, now: Now) {
        let name = message.spec().name;
        match (self.stage, message) {
            (_, Message::Reconnect(to)) => {
                let host = words::line(to.new_host.as_bytes(), 80);
                self.trouble(findings::sent_away(&host, to.new_port, &self.patient), now);
            }
            (Stage::Setup, Message::SetupConnectionSuccess(success)) => self.set_up(&success, now),
            (Stage::Setup, Message::SetupConnectionError(error)) => {
                self.trouble(findings::setup_refused(&error), now);
            }
            (Stage::Channel, Message::OpenStandardMiningChannelSuccess(success)) => {
                let size = success.extranonce_prefix.as_slice().len();
                let detail =
                    format!("standard channel {}, extranonce prefix of {size} bytes", success.channel_id);
                self.opened((success.channel_id, success.group_channel_id), &detail, success.target, now);
            }
            (Stage::Channel, Message::OpenExtendedMiningChannelSuccess(success)) => {
                let (id, size) = (success.channel_id, success.extranonce_size);
                let detail = format!("extended channel {id}, {size} bytes of extranonce to roll");
                self.opened((id, success.group_channel_id), &detail, success.target, now);
            }
            (Stage::Channel, Message::OpenMiningChannelError(error)) => {
                let code = words::line(error.error_code.as_bytes(), 80);
                if self.is_extended {
                    return self.trouble(findings::channel_refused(&code, &self.patient.user), now);
                }
                self.step(
                    Condition::Note,
                    format!("no standard channel ({code:?}); trying an extended one"),
                    now,
                );
                self.open_extended();
            }
            (Stage::Job, message) => self.work(&message, name, now),
            _ => self.set_aside(name),
        }
    }

    fn set_up(&mut self, success: &SetupConnectionSuccess, now: Now) {
        if success.used_version != VERSION {
            return self.trouble(findings::wrong_version(success.used_version), now);
        }
        let flags = words::flags(SetupConnectionSuccess::SPEC.kind, success.flags);
        self.step(Condition::Ok, format!("protocol version {VERSION}; the pool's flags: {flags}"), now);
        self.stage = Stage::Channel;
        if success.flags & REQUIRES_EXTENDED_CHANNELS != 0 {
            return self.open_extended();
        }
        let open = OpenStandardMiningChannel {
            request_id: 1,
            user_identity: Str0_255::lossy(self.patient.user.as_bytes()),
            nominal_hash_rate: F32(HASH_RATE),
            max_target: U256::from_be_bytes([0xff; 32]),
        };
        self.send(&open.into());
    }

    fn open_extended(&mut self) {
        self.is_extended = true;
        let open = OpenExtendedMiningChannel {
            request_id: 2,
            user_identity: Str0_255::lossy(self.patient.user.as_bytes()),
            nominal_hash_rate: F32(HASH_RATE),
            max_target: U256::from_be_bytes([0xff; 32]),
            min_extranonce_size: EXTRANONCE,
        };
        self.send(&open.into());
    }

    fn opened(&mut self, channel: (u32, u32), detail: &str, target: U256, now: Now) {
        self.channel = Some(channel);
        let text = format!("{detail}, group {}; target {target}", channel.1);
        self.step(Condition::Ok, text, now);
        self.stage = Stage::Job;
        self.aside.clear();
    }

    /// Jobs and previous hashes may come in either order; a job is minable with the tip that names it, or at once.
    fn work(&mut self, message: &Message, name: &'static str, now: Now) {
        let Some((channel, group)) = self.channel else { return };
        match message {
            Message::NewMiningJob(job) if job.channel_id == channel => {
                self.keep((job.job_id, job.min_ntime.0.is_some()));
            }
            Message::NewExtendedMiningJob(job) if [channel, group].contains(&job.channel_id) => {
                self.keep((job.job_id, job.min_ntime.0.is_some()));
            }
            Message::SetNewPrevHash(tip) if [channel, group].contains(&tip.channel_id) => {
                self.tip = Some((tip.job_id, tip.min_ntime));
            }
            Message::SetTarget(_) | Message::SetExtranoncePrefix(_) => {}
            _ => self.set_aside(name),
        }
        let Some((activated, min_ntime)) = self.tip else { return };
        let job = self.jobs.iter().find(|(id, is_active)| *id == activated || *is_active);
        let Some((id, _)) = job.copied() else { return };
        let (apart, side) =
            (min_ntime.abs_diff(unix(now)), if min_ntime > unix(now) { "ahead of" } else { "behind" });
        let apart = u64::from(apart);
        let condition = if apart > CLOCKS { Condition::Note } else { Condition::Ok };
        let text = format!(
            "job {id} with its previous hash; its earliest time is {} {side} our clock",
            words::span(apart)
        );
        self.step(condition, text, now);
        self.progress = Progress::Healthy;
    }

    fn keep(&mut self, job: (u32, bool)) {
        if self.jobs.len() < JOBS {
            self.jobs.push(job);
        }
    }

    fn set_aside(&mut self, name: &'static str) {
        if self.aside.len() < ASIDE && !self.aside.contains(&name) {
            self.aside.push(name);
        }
    }

    fn send(&mut self, message: &Message) {
        let sealed = Frame::of(message).map(|frame| self.link.seal(&frame, &mut self.out));
        debug_assert!(matches!(sealed, Ok(Ok(()))), "{message:?} cannot be sent: {sealed:?}");
    }

    fn step(&mut self, condition: Condition, text: String, now: Now) {
        let took = now.elapsed.saturating_sub(self.since);
        self.steps.push_back(Step { stage: self.stage, condition, text, took });
        self.since = now.elapsed;
    }

    fn trouble(&mut self, diagnosis: Diagnosis, now: Now) {
        self.step(Condition::Trouble, diagnosis.problem.clone(), now);
        self.progress = Progress::Trouble(diagnosis);
    }

    fn stranger(&mut self, ending: Ending, now: Now) {
        let stranger = Stranger { came: std::mem::take(&mut self.came), ending };
        self.step(Condition::Trouble, findings::unheard(self.stage, &stranger), now);
        self.progress = Progress::Stranger(stranger);
    }
}

fn unix(now: Now) -> u32 {
    u32::try_from(now.unix).unwrap_or(u32::MAX)
}

#[cfg(test)]
pub(super) mod tests;
