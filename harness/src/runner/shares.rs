//! Jobs, shares under way, and the account of a channel.

use super::Control;
use super::connection::Item;
use super::expect::frame_of;
use super::judge::{Line, Stop};
use super::play::{Player, came};
use super::value::{Datum, Share};
use crate::miner::Wanted;
use crate::scenario::syntax::{AwaitJob, Claims, Settle, Step};
use std::sync::Arc;
use std::time::Duration;
use sv2_session::{Account, Basis, Job, Session, ShareState, Voided};
use sv2_wire::Message;

/// What settling waits for.
const ACKNOWLEDGED: &str = "SubmitShares.Success for a fresh valid share";

/// A share that was submitted.
#[derive(Clone, Debug)]
pub(crate) struct Flight {
    conn: usize,
    channel_id: u32,
    sequence_number: u32,
    /// What it rested on when it was sent. Nothing for shares that were stale already: those are so on purpose.
    basis: Option<Basis>,
    /// New work came before the answer did.
    overtaken: Option<String>,
    /// The order of the channel's newest job when it was sent.
    newest: Option<u64>,
    /// A newer job came before the answer did. That may be refused for it (AMB-40), and otherwise says nothing.
    is_superseded: bool,
    kind: FlightKind,
}

/// On whose account a share goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FlightKind {
    /// That of the scenario, by `submit`.
    Submitted,
    /// Nobody's: submitted only to see an acknowledgement.
    Filler,
    /// Nobody's: sent as a message, by `send`. New work may overtake it all the same.
    Message,
}

/// What became of a filler.
enum Filler {
    /// A success names it, or one behind it.
    Acknowledged,
    /// An error named it or one before it, when every share of the scenario's own was answered: what came.
    Refused(String),
    /// It is shown that no answer comes: the server batches.
    Unanswered,
}

impl Player {
    pub(super) async fn await_job(&mut self, step: &Step, await_job: &AwaitJob) -> Result<(), Stop> {
        let channel = self.env.reference(&await_job.channel)?;
        let conn = self.connection(step, Some(&channel))?;
        let channel_id = channel_of(&channel)?;
        let within = match &await_job.within {
            Some(expr) => self.env.duration(expr)?,
            None => self.plan.profile.reply_within,
        };
        let job = self.job_of(conn, channel_id, self.deadline(within), step).await?;
        self.job_epochs.entry((conn, channel_id, job.order)).or_insert(self.epoch);
        self.env.bind(&await_job.capture.node, Datum::Job(conn, Box::new(job)));
        Ok(())
    }

    /// Submits fresh valid shares until a success names the newest, then judges what the channel was credited with.
    pub(super) async fn settle(&mut self, step: &Step, settle: &Settle) -> Result<(), Stop> {
        let channel = self.env.reference(&settle.channel)?;
        let conn = self.connection(step, Some(&channel))?;
        let channel_id = channel_of(&channel)?;
        let within = match &settle.within {
            Some(expr) => self.env.duration(expr)?,
            None => self.plan.profile.reply_within,
        };
        let refused = self.flush(conn, channel_id, within, step).await?;
        self.refuse_any_overtaken(conn, Some(channel_id))?;
        let facts = self.facts(conn, channel_id)?;
        let numbers = self.flights_of(conn, channel_id).map(|flight| Datum::number(flight.sequence_number));
        let numbers = Datum::List(numbers.collect());
        self.env.bind("submitted", numbers);
        let source = Arc::clone(&self.source);
        let subject =
            |name: &str| facts.iter().find(|(fact, _)| *fact == name).map(|(_, value)| value.clone());
        let none = Claims::default();
        self.report.judge(&mut self.env, &settle.judgements, &subject, &none, &source)?;
        match refused {
            Some(code) => {
                self.report.broken(Line::of_step(&none, &source, step.line), ACKNOWLEDGED.to_owned(), code)
            }
            None => Ok(()),
        }
    }

    /// Sends a share and remembers what it rested on. Where that has changed since its job was taken, either the scenario
    /// wanted it so, or new work has overtaken the share before it was sent.
    pub(super) fn launch(
        &mut self,
        conn: usize,
        message: &Message,
        share: &Share,
        kind: FlightKind,
    ) -> Result<(), Stop> {
        let held = share.basis.as_ref().map(|basis| self.conns[conn].session().basis_holds(basis));
        let basis = match held {
            Some(Err(why)) if share.epoch == self.epoch && why != Voided::Channel => {
                return Err(Stop::Overtaken(why.to_string()));
            }
            Some(Ok(())) => share.basis.clone(),
            Some(Err(_)) | None => None,
        };
        self.transmit(conn, &frame_of(message)?)?;
        self.take_off(conn, message, basis, kind);
        Ok(())
    }

    fn take_off(&mut self, conn: usize, message: &Message, basis: Option<Basis>, kind: FlightKind) {
        let channel_id = message.channel_id().unwrap_or_default();
        let sequence_number = message.uint("sequence_number").unwrap_or_default();
        let newest = newest_of(self.conns[conn].session(), channel_id);
        let (overtaken, is_superseded) = (None, false);
        self.flights.push(Flight {
            conn,
            channel_id,
            sequence_number,
            basis,
            overtaken,
            newest,
            is_superseded,
            kind,
        });
    }

    /// Remembers what a share rests on that was sent as a message; nothing where its job is not valid, which is so on purpose.
    pub(super) fn note_share(&mut self, conn: usize, message: &Message) {
        let session = self.conns[conn].session();
        let channel = message.channel_id().and_then(|id| session.channel(id));
        let job = channel.zip(message.uint("job_id")).and_then(|(channel, id)| channel.jobs.get(&id));
        if let Some(basis) = job.and_then(|job| session.basis(job)) {
            self.take_off(conn, message, Some(basis), FlightKind::Message);
        }
    }

    /// The sequence number after the newest of the channel; the first is 1.
    pub(super) fn next_sequence(&self, conn: usize, channel_id: u32) -> u32 {
        let account = self.conns[conn].session().channel(channel_id).map(|channel| &channel.account);
        let newest = account.and_then(|account| account.shares.keys().next_back().copied());
        let flown =
            self.flights.iter().filter(|flight| flight.conn == conn && flight.channel_id == channel_id);
        let newest = flown.map(|flight| flight.sequence_number).chain(newest).max();
        newest.unwrap_or(0).wrapping_add(1)
    }

    /// Marks shares whose ground has changed before their answer came.
    pub(super) fn note_overtaken(&mut self, conn: usize) {
        let session = self.conns[conn].session();
        for flight in self.flights.iter_mut().filter(|flight| flight.conn == conn) {
            if flight.overtaken.is_some() || flight.basis.is_none() {
                continue;
            }
            match state_of(session, flight) {
                None | Some(ShareState::InFlight) => {
                    flight.is_superseded |= newest_of(session, flight.channel_id) > flight.newest;
                }
                Some(ShareState::Refused { .. }) if flight.is_superseded => {
                    flight.overtaken = Some("a newer job came".to_owned());
                    continue;
                }
                Some(_) => continue,
            }
            // A channel that is closed does not come back, so that another try would show the same.
            if let Some(Err(why)) = flight.basis.as_ref().map(|basis| session.basis_holds(basis))
                && why != Voided::Channel
            {
                flight.overtaken = Some(why.to_string());
            }
        }
    }

    /// Answers to shares on this connection, and on this channel if one is given, say nothing after one was overtaken.
    pub(super) fn refuse_any_overtaken(&self, conn: usize, channel_id: Option<u32>) -> Result<(), Stop> {
        let here = |flight: &&Flight| {
            flight.conn == conn && channel_id.is_none_or(|channel_id| flight.channel_id == channel_id)
        };
        match self.flights.iter().filter(here).find_map(|flight| flight.overtaken.clone()) {
            Some(why) => Err(Stop::Overtaken(why)),
            None => Ok(()),
        }
    }

    /// An answer to a share that was overtaken says nothing.
    pub(super) fn refuse_overtaken(&self, conn: usize, request: &Message) -> Result<(), Stop> {
        let same = |flight: &&Flight| {
            flight.conn == conn
                && Some(flight.channel_id) == request.channel_id()
                && Some(flight.sequence_number) == request.uint("sequence_number")
        };
        match self.flights.iter().find(same).and_then(|flight| flight.overtaken.clone()) {
            Some(why) => Err(Stop::Overtaken(why)),
            None => Ok(()),
        }
    }

    async fn job_of(
        &mut self,
        conn: usize,
        channel_id: u32,
        deadline: Duration,
        step: &Step,
    ) -> Result<Job, Stop> {
        let source = Arc::clone(&self.source);
        let none = Claims::default();
        let line = Line::of_step(&none, &source, step.line);
        loop {
            let channel = self.conns[conn].session().channel(channel_id);
            if let Some(job) = channel.and_then(|channel| channel.newest_job()) {
                return Ok(job.clone());
            }
            let item = self.next(conn, deadline).await?;
            self.refuse_broken(&item, line)?;
            match &item {
                Item::Message(message) if self.conns[conn].asked.set_aside(message) => {}
                Item::Message(message) if Session::is_ambient(message) => {}
                _ => {
                    self.refuse_departure(conn, &item)?;
                    self.unanswered |= matches!(item, Item::Nothing);
                    let allowed = format!("a job that channel {channel_id} can mine");
                    self.report.broken(line, allowed, came(&item))?;
                }
            }
        }
    }

    /// Submits fillers until one is acknowledged. Where the server refuses one although it has answered every other share, the
    /// account is settled too: gives what came.
    async fn flush(
        &mut self,
        conn: usize,
        channel_id: u32,
        within: Duration,
        step: &Step,
    ) -> Result<Option<String>, Stop> {
        for _ in 0..self.plan.profile.ack_batch_bound {
            let deadline = self.deadline(within);
            let job = self.job_of(conn, channel_id, deadline, step).await?;
            let mut settings = self.fresh_settings(&job)?;
            let wanted = Wanted::within(job.hardest_target);
            let share = self.search_new(conn, &job, &mut settings, wanted).await?;
            let deadline = self.deadline(within);
            let message = self.share_message(conn, &share)?;
            let number = message.uint("sequence_number").unwrap_or_default();
            self.launch(conn, &message, &share, FlightKind::Filler)?;
            match self.fate_of_filler(conn, channel_id, number, deadline, step).await? {
                Filler::Acknowledged => {
                    self.await_late_counts(conn, channel_id, deadline, step).await?;
                    return Ok(None);
                }
                Filler::Refused(came) => return Ok(Some(came)),
                Filler::Unanswered => {}
            }
        }
        self.refuse_mute(conn, step).await?;
        let bound = self.plan.profile.ack_batch_bound;
        Err(Stop::Inconclusive(format!(
            "no SubmitShares.Success after {bound} valid shares; a larger bound in the profile decides it (AMB-58)"
        )))
    }

    /// A success that names the newest share may come before that of earlier ones (AMB-59): waits until as many shares are counted
    /// as are acknowledged, or nothing more comes.
    async fn await_late_counts(
        &mut self,
        conn: usize,
        channel_id: u32,
        deadline: Duration,
        step: &Step,
    ) -> Result<(), Stop> {
        let (source, none) = (Arc::clone(&self.source), Claims::default());
        let line = Line::of_step(&none, &source, step.line);
        loop {
            let account = self.account(conn, channel_id)?;
            let acknowledged = account.shares.values().filter(|state| **state == ShareState::Acknowledged);
            if account.credited >= acknowledged.count() as u64 {
                return Ok(());
            }
            if self.plan.peer.exact_barrier {
                self.world.control(Control::Barrier).await.map_err(Stop::Error)?;
            }
            let item = self.next(conn, self.quiet_deadline(deadline)).await?;
            self.refuse_broken(&item, line)?;
            match item {
                Item::Message(message) => _ = self.conns[conn].asked.set_aside(&message),
                _ => return Ok(()),
            }
        }
    }

    /// A peer that does not refuse a share on an unknown job either does not batch: it answers nothing any more.
    async fn refuse_mute(&mut self, conn: usize, step: &Step) -> Result<(), Stop> {
        let Some(ping) = self.ping(conn)? else { return Ok(()) };
        let (source, none) = (Arc::clone(&self.source), Claims::default());
        let line = Line::of_step(&none, &source, step.line);
        let item = self.wait_for_answer(conn, &ping, line).await?;
        if !matches!(item, Item::Nothing) {
            return Ok(());
        }
        self.unanswered = true;
        self.report.broken(line, "an answer to a share on an unknown job".to_owned(), came(&item))
    }

    /// Waits for the answer to a filler.
    async fn fate_of_filler(
        &mut self,
        conn: usize,
        channel_id: u32,
        number: u32,
        deadline: Duration,
        step: &Step,
    ) -> Result<Filler, Stop> {
        let source = Arc::clone(&self.source);
        let none = Claims::default();
        let line = Line::of_step(&none, &source, step.line);
        let mut all_is_here = false;
        loop {
            let bound = if all_is_here { Duration::ZERO } else { self.quiet_deadline(deadline) };
            let item = self.next(conn, bound).await?;
            self.refuse_broken(&item, line)?;
            self.refuse_any_overtaken(conn, Some(channel_id))?;
            if let Some(code) = self.refused_filler(conn, channel_id)? {
                let came = format!("SubmitShares.Error {code:?}");
                if self.is_answered(conn, channel_id)? {
                    return Ok(Filler::Refused(came));
                }
                self.report.broken(line, ACKNOWLEDGED.to_owned(), came)?;
            }
            if self.account(conn, channel_id)?.shares.get(&number) == Some(&ShareState::Acknowledged) {
                return Ok(Filler::Acknowledged);
            }
            match item {
                Item::Message(message) => _ = self.conns[conn].asked.set_aside(&message),
                Item::Nothing if all_is_here || !self.plan.peer.exact_barrier => {
                    return Ok(Filler::Unanswered);
                }
                Item::Nothing => {
                    self.world.control(Control::Barrier).await.map_err(Stop::Error)?;
                    all_is_here = true;
                }
                other => {
                    self.refuse_departure(conn, &other)?;
                    self.report.broken(line, ACKNOWLEDGED.to_owned(), came(&other))?;
                }
            }
        }
    }

    /// The error code of a filler that was refused.
    fn refused_filler(&self, conn: usize, channel_id: u32) -> Result<Option<String>, Stop> {
        let account = self.account(conn, channel_id)?;
        let code = |flight: &Flight| match account.shares.get(&flight.sequence_number) {
            Some(ShareState::Refused { error_code }) => {
                Some(String::from_utf8_lossy(error_code).into_owned())
            }
            _ => None,
        };
        Ok(self.fillers_of(conn, channel_id).find_map(code))
    }

    /// Whether the scenario has submitted shares on the channel, and every one was acknowledged or refused.
    fn is_answered(&self, conn: usize, channel_id: u32) -> Result<bool, Stop> {
        let account = self.account(conn, channel_id)?;
        let mut own = self.flights_of(conn, channel_id).peekable();
        let is_open =
            |flight: &Flight| account.shares.get(&flight.sequence_number) == Some(&ShareState::InFlight);
        Ok(own.peek().is_some() && !own.any(is_open))
    }

    /// When a filler counts as unanswered: at once where a barrier then shows it, else after the quiet time.
    fn quiet_deadline(&self, deadline: Duration) -> Duration {
        if self.plan.peer.exact_barrier {
            Duration::ZERO
        } else {
            let profile = &self.plan.profile;
            self.deadline(profile.ack_within.unwrap_or(profile.quiet)).min(deadline)
        }
    }

    fn facts(&self, conn: usize, channel_id: u32) -> Result<Vec<(&'static str, Datum)>, Stop> {
        let account = self.account(conn, channel_id)?;
        let fillers: Vec<u32> =
            self.fillers_of(conn, channel_id).map(|flight| flight.sequence_number).collect();
        let own = self.flights_of(conn, channel_id);
        let refused = own.clone().filter(|flight| {
            matches!(account.shares.get(&flight.sequence_number), Some(ShareState::Refused { .. }))
        });
        let acked = account.acked_numbers.iter().filter(|number| !fillers.contains(number));
        let counts = |number: &&u32| {
            !matches!(account.shares.get(number), Some(ShareState::Refused { .. } | ShareState::InFlight))
        };
        let credited = account.credited.saturating_sub(fillers.iter().filter(counts).count() as u64);
        Ok(vec![
            ("credited", Datum::number(credited)),
            ("accepted", Datum::number(account.credited)),
            ("refused", Datum::number(refused.count() as u64)),
            ("submitted", Datum::number(own.count() as u64)),
            ("acked-numbers", Datum::List(acked.map(|number| Datum::number(*number)).collect())),
            ("shares-sum", Datum::number(account.shares_sum)),
        ])
    }

    fn flights_of(&self, conn: usize, channel_id: u32) -> impl Iterator<Item = &Flight> + Clone {
        self.flights_on(conn, channel_id, FlightKind::Submitted)
    }

    fn fillers_of(&self, conn: usize, channel_id: u32) -> impl Iterator<Item = &Flight> + Clone {
        self.flights_on(conn, channel_id, FlightKind::Filler)
    }

    fn flights_on(
        &self,
        conn: usize,
        channel_id: u32,
        kind: FlightKind,
    ) -> impl Iterator<Item = &Flight> + Clone {
        let is_one = move |flight: &&Flight| {
            flight.conn == conn && flight.channel_id == channel_id && flight.kind == kind
        };
        self.flights.iter().filter(is_one)
    }

    fn account(&self, conn: usize, channel_id: u32) -> Result<&Account, Stop> {
        let channel = self.conns[conn].session().channel(channel_id);
        let account = channel.map(|channel| &channel.account);
        account.ok_or_else(|| Stop::Blocked(format!("channel {channel_id} is not open any more")))
    }
}

fn channel_of(value: &Datum) -> Result<u32, Stop> {
    value.channel_id().ok_or_else(|| Stop::Error(format!("{} is no channel", value.describe())))
}

fn state_of<'s>(session: &'s Session, flight: &Flight) -> Option<&'s ShareState> {
    session.channel(flight.channel_id)?.account.shares.get(&flight.sequence_number)
}

fn newest_of(session: &Session, channel_id: u32) -> Option<u64> {
    session.channel(channel_id)?.newest_job().map(|job| job.order)
}
