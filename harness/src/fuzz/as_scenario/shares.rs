//! Shares of a program, mined anew in the scenario.

use super::Writer;
use crate::fuzz::clients::{UNKNOWN_JOB, first_nonce};
use crate::fuzz::program::ShareKind;
use crate::miner;
use std::fmt::Write;
use sv2_session::Job;
use sv2_wire::{Message, Value};

/// A job as it was when it was named.
#[derive(Clone)]
pub(super) struct Noted {
    pub(super) capture: String,
    pub(super) version: u32,
    pub(super) min_ntime: u32,
}

/// How a share was sent.
#[derive(Clone)]
pub(super) struct Share {
    /// The step without its arrow, and the lines below it.
    pub(super) verb: String,
    pub(super) below: String,
}

impl Writer {
    /// Mines the share of an operation anew.
    pub(super) fn mined(
        &mut self,
        client: usize,
        message: &Message,
        kind: ShareKind,
        roll: u8,
        (ground, is_refused): (Option<&Job>, bool),
    ) -> Option<Share> {
        let job = ground.filter(|_| kind != ShareKind::OtherKind).and_then(|job| {
            let noted = self.jobs.get(&(client, job.channel_id, job.job_id))?;
            Some((job, noted.clone()))
        });
        let Some((job, noted)) = job else {
            let fields = self.fields(client, message);
            return Some(Share { verb: format!("send {}", message.spec().name), below: fields });
        };
        let (share, capture) = (self.fresh('s'), &noted.capture);
        let extranonce = message.get("extranonce");
        let mut below = format!("  nonce = {}\n", first_nonce(roll));
        if extranonce.is_some() {
            _ = writeln!(below, "  extranonce = {roll}");
        }
        if self.is_low(message, job, roll, is_refused) {
            _ = writeln!(below, "  hash > {capture}.target");
        }
        below.push_str(&settings(message, &noted, job.is_active()));
        self.say(format!("mine {capture} -> {share}\n{below}"));
        let changed = match kind {
            ShareKind::UnknownJob => format!("  job_id = {capture}.job_id + {UNKNOWN_JOB:#x}\n"),
            ShareKind::UnknownChannel => {
                format!("  channel_id = {:#x}\n", message.channel_id().unwrap_or_default())
            }
            ShareKind::ShortExtranonce | ShareKind::LongExtranonce => match &extranonce {
                Some(Value::Bytes(bytes)) => format!("  extranonce = x\"{}\"\n", hex::encode(bytes)),
                _ => String::new(),
            },
            _ => String::new(),
        };
        Some(Share { verb: format!("submit {share}"), below: changed })
    }

    /// Whether the share's hash is above the target of its job. Between two targets that may both be in force the answer tells
    /// what the scenario has to mine, and that is not what the program has mined.
    fn is_low(&mut self, message: &Message, job: &Job, roll: u8, is_refused: bool) -> bool {
        let field = |name| message.uint(name).unwrap_or_default();
        let of_share = miner::Settings {
            version: field("version"),
            ntime: field("ntime"),
            nonce: field("nonce"),
            extranonce: vec![roll; usize::from(job.extranonce_size)],
        };
        match miner::header(job, &of_share).map(miner::Header::hash) {
            Some(hash) if hash > job.easiest_target => true,
            Some(hash) if hash > job.hardest_target => {
                self.leave_out("a share between two targets of its job");
                is_refused
            }
            _ => false,
        }
    }
}

pub(super) fn is_too_low(answer: &Message) -> bool {
    matches!(answer, Message::SubmitSharesError(error) if error.error_code.as_bytes() == b"difficulty-too-low")
}

/// Version and time of a share, as far as they are not the job's. On a job that is over the time is said in any case, since
/// without it a scenario is free to take any.
fn settings(message: &Message, Noted { capture, version, min_ntime }: &Noted, is_active: bool) -> String {
    let mut text = String::new();
    match message.uint("version").unwrap_or_default() ^ version {
        0 => {}
        changed => _ = writeln!(text, "  version = {capture}.version ^ {changed:#x}"),
    }
    let ntime = message.uint("ntime").unwrap_or_default();
    match (ntime.checked_sub(*min_ntime), min_ntime.checked_sub(ntime)) {
        (Some(0), _) if is_active => {}
        (Some(later), _) => _ = writeln!(text, "  ntime = {capture}.min_ntime + {later}"),
        (None, earlier) => {
            _ = writeln!(text, "  ntime = {capture}.min_ntime - {}", earlier.unwrap_or_default());
        }
    }
    text
}
