//! Records of how a server hands out work. Nothing here can be wrong.

use super::{Rule, Say, Seen};
use crate::bounds::{KEPT_CHANNELS, KEPT_IDS, KEPT_JOBS};
use crate::watch::Moment;
use std::collections::BTreeMap;
use std::time::Duration;
use sv2_wire::Message;

/// A job and its previous hash that come within this time belong together.
const AT_ONCE: Duration = Duration::from_secs(1);
/// Hashes that one standard job feeds each second, while its ntime is rolled once a second: nonces times rollable versions.
const ONE_JOB: f64 = 4_294_967_296.0 * 16_777_216.0;

/// A server may hand out jobs before their previous block is known (5.1.3). When it activates such a job, a job with
/// transactions that fit should follow (5.1.3).
#[derive(Default)]
pub(super) struct Speculation {
    /// Future jobs by address and id: when they came.
    waiting: BTreeMap<(u32, u32), Moment>,
    /// Addresses whose job was made before its previous hash was known.
    unrefreshed: BTreeMap<u32, u32>,
}

impl Rule for Speculation {
    fn before(&mut self, seen: &Seen<'_>, say: &mut Say<'_>) {
        let (id, job_id, min_ntime) = match seen.message() {
            Some(Message::NewMiningJob(job)) => (job.channel_id, job.job_id, job.min_ntime.0),
            Some(Message::NewExtendedMiningJob(job)) => (job.channel_id, job.job_id, job.min_ntime.0),
            Some(Message::SetNewPrevHash(tip)) => {
                return self.activate(seen, tip.channel_id, tip.job_id, say);
            }
            _ => return,
        };
        if min_ntime.is_none() {
            if self.waiting.len() < KEPT_JOBS.saturating_mul(8) {
                self.waiting.insert((id, job_id), seen.now);
            }
        } else if self.unrefreshed.remove(&id).is_some() {
            say.kept(&["SV2-05-011"]);
        }
    }
}

impl Speculation {
    fn activate(&mut self, seen: &Seen<'_>, id: u32, job_id: u32, say: &mut Say<'_>) {
        if let Some(job_id) = self.unrefreshed.remove(&id) {
            say.info(&["SV2-05-011"], None, format!("job {job_id} of {id} was not followed by another one"));
        }
        let Some(came) = self.waiting.remove(&(id, job_id)) else { return };
        self.waiting.retain(|(address, _), _| *address != id);
        if seen.now.elapsed.saturating_sub(came.elapsed) <= AT_ONCE {
            return say.kept(&["SV2-05-009"]);
        }
        say.info(&["SV2-05-009"], None, format!("job {job_id} of {id} waited for its previous hash"));
        if self.unrefreshed.len() < KEPT_CHANNELS {
            self.unrefreshed.insert(id, job_id);
        }
    }
}

/// Fresh jobs come often enough for the hash rate of the client (5.1). One standard job feeds 72 PH/s.
#[derive(Default)]
pub(super) struct FreshWork {
    /// Declared hash rates by request id.
    declared: BTreeMap<u32, f32>,
    /// By channel: hash rate, and when the newest job came.
    channels: BTreeMap<u32, (f32, Option<Moment>)>,
}

impl Rule for FreshWork {
    fn sent(&mut self, seen: &Seen<'_>) {
        if let Some(Message::OpenStandardMiningChannel(open)) = seen.message()
            && self.declared.len() < KEPT_IDS
        {
            self.declared.insert(open.request_id, open.nominal_hash_rate.0);
        }
    }

    fn before(&mut self, seen: &Seen<'_>, say: &mut Say<'_>) {
        match seen.message() {
            Some(Message::OpenStandardMiningChannelSuccess(open)) if self.channels.len() < KEPT_CHANNELS => {
                if let Some(rate) = self.declared.remove(&open.request_id) {
                    self.channels.insert(open.channel_id, (rate, None));
                }
            }
            Some(Message::NewMiningJob(job)) => {
                let Some((rate, newest)) = self.channels.get_mut(&job.channel_id) else { return };
                let Some(before) = newest.replace(seen.now) else { return };
                let seconds = seen.now.elapsed.saturating_sub(before.elapsed).as_secs_f64();
                match f64::from(*rate) > ONE_JOB && seconds > 1.0 {
                    true => say.info(
                        &["SV2-05-003"],
                        None,
                        format!("{seconds} s on one job at {rate} hashes a second"),
                    ),
                    false => say.kept(&["SV2-05-003"]),
                }
            }
            _ => {}
        }
    }
}
