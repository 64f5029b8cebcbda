//! Mining: from the lines of `mine` to a share, and from a share to its message.

use super::eval::Env;
use super::judge::Stop;
use super::play::Player;
use super::value::{Datum, Share, small};
use crate::miner::{self, SearchError, Settings, Wanted};
use crate::scenario::syntax::{Assignment, Mine, Operator};
use rand_core::RngCore;
use sv2_session::{ChannelKind, Job, JobState, Session};
use sv2_wire::{Message, U256};

/// What the lines of `mine` fix.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fixed {
    pub(crate) version: Option<u32>,
    pub(crate) ntime: Option<u32>,
    pub(crate) nonce: Option<u32>,
    pub(crate) extranonce: Option<Vec<u8>>,
    /// In place of the channel's.
    pub(crate) extranonce_prefix: Option<Vec<u8>>,
}

impl Fixed {
    fn apply(self, settings: &mut Settings, job: &mut Job) {
        settings.version = self.version.unwrap_or(settings.version);
        settings.ntime = self.ntime.unwrap_or(settings.ntime);
        settings.nonce = self.nonce.unwrap_or(settings.nonce);
        settings.extranonce = self.extranonce.unwrap_or_else(|| std::mem::take(&mut settings.extranonce));
        if let Some(prefix) = self.extranonce_prefix {
            job.extranonce_prefix = prefix;
        }
    }
}

impl Player {
    pub(super) async fn mine(&mut self, mine: &Mine) -> Result<(), Stop> {
        let value = self.env.reference(&mine.job)?;
        let Datum::Job(conn, job) = &value else {
            return Err(Stop::Error(format!("{} is no job", value.describe())));
        };
        let mut job = job.clone();
        let mut settings = self.fresh_settings(&job)?;
        let fixed = fixed(&self.env, &job, mine)?;
        let is_drawn = fixed.nonce.is_none();
        fixed.apply(&mut settings, &mut job);
        let wanted = limits(&self.env, mine)?.unwrap_or_else(|| Wanted::within(job.hardest_target));
        let wanted = no_block(wanted, &job);
        let count = match &mine.count {
            Some(expr) => self.env.integer(expr)?,
            None => 1,
        };
        let mut shares = Vec::new();
        for _ in 0..count {
            let share = match is_drawn {
                true => self.search_new(*conn, &job, &mut settings, wanted).await?,
                false => self.search(*conn, &job, &settings, wanted).await?,
            };
            settings.nonce = share.solution.settings.nonce.wrapping_add(1);
            shares.push(Datum::Share(*conn, Box::new(share)));
        }
        if let Some(capture) = &mine.capture {
            let value = if mine.count.is_some() { Datum::List(shares) } else { Datum::of_many(shares) };
            self.env.bind(&capture.node, value);
        }
        Ok(())
    }

    /// The message of a share, with the channel's next sequence number.
    pub(super) fn share_message(&mut self, conn: usize, share: &Share) -> Result<Message, Stop> {
        let sequence_number = self.next_sequence(conn, share.job.channel_id);
        let session = Some(self.conns[conn].session());
        share_message(session, &share.job, &share.solution.settings, sequence_number)
    }

    /// Searches from a nonce that was drawn: two of them can lie in front of one solution, and a share that this scenario has
    /// found before is no fresh one.
    pub(super) async fn search_new(
        &mut self,
        conn: usize,
        job: &Job,
        settings: &mut Settings,
        wanted: Wanted,
    ) -> Result<Share, Stop> {
        loop {
            let share = self.search(conn, job, settings, wanted).await?;
            if self.found.insert((conn, job.channel_id, share.solution.hash)) {
                return Ok(share);
            }
            settings.nonce = share.solution.settings.nonce.wrapping_add(1);
        }
    }

    async fn search(
        &self,
        conn: usize,
        job: &Job,
        settings: &Settings,
        wanted: Wanted,
    ) -> Result<Share, Stop> {
        let basis = self.conns[conn].session().basis(job);
        let epoch = self.job_epochs.get(&(conn, job.channel_id, job.order)).copied().unwrap_or(self.epoch);
        let found = miner::search(job, settings, wanted, self.plan.profile.hash_budget);
        // A long search is no time that the peer took.
        self.world.look_at_the_clock().await;
        match found {
            Ok(solution) => Ok(Share { epoch, job: job.clone(), solution, basis }),
            Err(error @ SearchError::Budget(_)) => Err(Stop::Inconclusive(format!(
                "{error}; a lower hash rate or a larger budget in the profile decides it"
            ))),
            Err(error @ SearchError::NotActive) => Err(Stop::Error(error.to_string())),
        }
    }

    /// The job as it was sent, the smallest ntime, an extranonce and a first nonce of this scenario's own.
    pub(super) fn fresh_settings(&mut self, job: &Job) -> Result<Settings, Stop> {
        let JobState::Active { min_ntime, .. } = job.state else {
            return Err(Stop::Error("the job is not active".to_owned()));
        };
        let mut extranonce = vec![0; usize::from(job.extranonce_size)];
        self.rng.fill_bytes(&mut extranonce);
        Ok(Settings { version: job.version, ntime: min_ntime, extranonce, nonce: self.rng.next_u32() })
    }
}

/// What the lines of `mine` fix of a share on this job.
pub(crate) fn fixed(env: &Env, job: &Job, mine: &Mine) -> Result<Fixed, Stop> {
    let mut fixed = Fixed::default();
    for Assignment { field, value, .. } in &mine.fields {
        let value = env.eval(value)?;
        let number = value.as_number().and_then(small).and_then(|number| u32::try_from(number).ok());
        match (field.node.as_str(), number, value) {
            ("version", Some(number), _) => fixed.version = Some(number),
            ("ntime", Some(number), _) => fixed.ntime = Some(number),
            ("nonce", Some(number), _) => fixed.nonce = Some(number),
            ("extranonce", Some(byte @ 0..=0xff), _) => {
                fixed.extranonce = Some(vec![byte.to_le_bytes()[0]; usize::from(job.extranonce_size)]);
            }
            ("extranonce", _, Datum::Bytes(bytes)) => fixed.extranonce = Some(bytes),
            ("extranonce_prefix", _, Datum::Bytes(bytes)) => fixed.extranonce_prefix = Some(bytes),
            (field, _, value) => {
                return Err(Stop::Error(format!("{field} cannot be {}", value.describe())));
            }
        }
    }
    Ok(fixed)
}

/// Which hashes the lines of `mine` want; nothing where it is a share as any other.
pub(crate) fn limits(env: &Env, mine: &Mine) -> Result<Option<Wanted>, Stop> {
    let mut wanted = None;
    for limit in &mine.limits {
        let bound = env.number(&limit.operand)?;
        let wanted = wanted.get_or_insert_with(|| Wanted::within(U256::MAX));
        match limit.operator.node {
            Operator::Greater => wanted.above = Some(bound),
            Operator::LessOrEqual => wanted.at_most = bound,
            _ => return Err(Stop::Error("a hash is limited by `>` or `<=`".to_owned())),
        }
    }
    Ok(wanted)
}

/// Where any share above a target will do, one that is no block either: a server may look at the network's target first and
/// credit what meets it (AMB-147).
fn no_block(wanted: Wanted, job: &Job) -> Wanted {
    match (wanted, job.state) {
        (Wanted { above: Some(bound), at_most: U256::MAX }, JobState::Active { nbits, .. }) => {
            Wanted::beyond(bound.max(miner::network_target(nbits)))
        }
        _ => wanted,
    }
}

/// The message of a share in the form of its channel; where the channel is gone, of its job.
pub(crate) fn share_message(
    session: Option<&Session>,
    job: &Job,
    settings: &Settings,
    sequence_number: u32,
) -> Result<Message, Stop> {
    let channel = session.and_then(|session| session.channel(job.channel_id));
    let is_extended =
        channel.map_or(job.extranonce_size > 0, |channel| channel.kind != ChannelKind::Standard);
    let message = settings.share((job.channel_id, job.job_id), sequence_number, is_extended);
    message.map_err(|error| Stop::Error(format!("extranonce: {error}")))
}
