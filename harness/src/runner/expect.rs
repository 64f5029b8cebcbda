//! Steps that wait for the peer and judge what comes.

use super::Control;
use super::connection::{Closed, Conn, Item};
use super::judge::{Line, Stop};
use super::play::{Player, came};
use super::value::Datum;
use crate::scenario::syntax::{Arm, Claims, Expect, ExpectForm, Judgement, Outcome, Step};
use crate::suite::Source;
use std::sync::Arc;
use std::time::Duration;
use sv2_session::{ChannelKind, Session, Setup, answers};
use sv2_wire::frame::Frame;
use sv2_wire::{Message, MessageSpec, SubmitSharesExtended, SubmitSharesStandard};

/// Fields that pair answers with requests.
const PAIRING_KEYS: [&str; 3] = ["request_id", "channel_id", "sequence_number"];
/// The name of the connection that `alive` opens.
const FRESH: &str = "alive";
/// A job id that no server hands out soon.
const UNKNOWN_JOB: u32 = u32::MAX;

/// How it is shown that nothing more comes.
enum Silence {
    /// Everything is here already.
    Exact,
    /// This request will be answered at once; whatever was on its way comes before the answer.
    Ping(Message),
    /// Nothing shows it but waiting.
    Wait,
}

impl Player {
    pub(super) async fn expect(&mut self, step: &Step, expect: &Expect) -> Result<(), Stop> {
        if expect.form == ExpectForm::All {
            return self.expect_all(step, expect).await;
        }
        let request = match &expect.reply_to {
            Some(reference) => Some(self.env.reference(reference)?),
            None => None,
        };
        let conn = self.connection(step, request.as_ref())?;
        self.conns[conn].flush();
        let request = match &request {
            Some(Datum::Message(_, message)) => Some(&**message),
            Some(other) => return Err(Stop::Error(format!("{} has no reply", other.describe()))),
            None => None,
        };
        let source = Arc::clone(&self.source);
        let line = Line::of_step(&expect.claims, &source, step.line);
        let silent = expect.arms.iter().any(|arm| arm.outcome.node == Outcome::Silence);
        let default = if silent { self.plan.profile.quiet } else { self.plan.profile.reply_within };
        let within = match &expect.within {
            Some(expr) => self.env.duration(expr)?,
            None => default,
        };
        let silence = if silent { Some(self.begin_silence(conn).await?) } else { None };
        let deadline = match silence {
            Some(Silence::Exact) => Duration::ZERO,
            _ => self.deadline(within),
        };
        self.conns[conn].raw_wanted = Some(raw_wanted(expect));
        let kept = self.conns[conn].asked.kept_aside();
        let item = self.wait_for(conn, deadline, expect, request, silence.as_ref(), line).await?;
        self.conns[conn].raw_wanted = None;
        match request {
            Some(request) => {
                self.refuse_unclear(conn, &item)?;
                self.conns[conn].asked.answered(request);
                self.refuse_overtaken(conn, request)?;
            }
            None if is_about_shares(expect) => self.refuse_any_overtaken(conn, None)?,
            None => {}
        }
        let is_stray = match (request, &item) {
            (Some(request), Item::Message(message)) => !answers(request, message),
            _ => false,
        };
        if is_stray {
            self.judge_keys(conn, expect, &item, &source);
        }
        let arm = expect.arms.iter().find(|arm| !is_stray && fits(arm, &item, silent));
        let Some(arm) = arm else {
            self.refuse_departure(conn, &item)?;
            let came = self.came_instead(conn, expect, request, &item, kept);
            return self.report.broken(line, allowed(expect, request), came);
        };
        self.judge_arm(conn, arm, &item, (&expect.arms, &expect.claims), step, &source)
    }

    /// What to say that came where no arm did. `kept` is how many answers were passed over before.
    fn came_instead(
        &mut self,
        conn: usize,
        expect: &Expect,
        request: Option<&Message>,
        item: &Item,
        kept: usize,
    ) -> String {
        if matches!(item, Item::Nothing) && waits_for_a_message(expect) {
            match self.conns[conn].asked.last_aside(kept) {
                // An answer of another kind is one, too.
                Some(other) if request.is_none() => return instead(other),
                _ => self.unanswered = true,
            }
        }
        came(item)
    }

    /// Reads until something comes that is an arm, or that cannot be waited over.
    async fn wait_for(
        &mut self,
        conn: usize,
        deadline: Duration,
        expect: &Expect,
        request: Option<&Message>,
        silence: Option<&Silence>,
        line: Line<'_>,
    ) -> Result<Item, Stop> {
        if let Some(answer) = request.and_then(|request| self.conns[conn].asked.take_aside(request, |_| true))
        {
            return Ok(Item::Message(answer));
        }
        loop {
            let item = self.next(conn, deadline).await?;
            self.refuse_broken(&item, line)?;
            let Item::Message(message) = &item else {
                self.was_silent |= silence.is_some() && matches!(item, Item::Nothing);
                return Ok(item);
            };
            if let Some(Silence::Ping(ping)) = silence
                && answers(ping, message)
            {
                return Ok(Item::Nothing);
            }
            let wanted = match request {
                Some(request) => answers(request, message),
                None => expect.arms.iter().any(|arm| fits(arm, &item, false)),
            };
            let asked = &mut self.conns[conn].asked;
            if asked.is_pong(message) {
                continue;
            }
            // Where nothing may come, an answer to an earlier request is not nothing either.
            let is_patient = request.is_some() || silence.is_none();
            let is_passed_over = !wanted && is_patient && asked.set_aside(message);
            if !is_passed_over && (wanted || !Session::is_ambient(message)) {
                return Ok(item);
            }
        }
    }

    /// An answer that may be for another request as well judges neither: an accepted UpdateChannel may stay without one (SV2-05-066),
    /// so not even the order in which they were sent tells.
    pub(super) fn refuse_unclear(&self, conn: usize, item: &Item) -> Result<(), Stop> {
        match item {
            Item::Message(message) if self.conns[conn].asked.is_unclear(message) => {
                Err(Stop::Inconclusive(format!(
                    "{} names no request and may answer more than one; expect the reply to each, or silence, before the next is sent",
                    message.spec().name
                )))
            }
            _ => Ok(()),
        }
    }

    /// A message that answers nothing may still be meant as the answer: the lines about the keys of pairing tell.
    fn judge_keys(&mut self, conn: usize, expect: &Expect, item: &Item, source: &Source) {
        let Item::Message(message) = item else { return };
        let Some(arm) = expect.arms.iter().find(|arm| fits(arm, item, false)) else { return };
        let is_key = |judgement: &&Judgement| PAIRING_KEYS.contains(&judgement.path.root.node.as_str());
        let lines: Vec<Judgement> = arm.judgements.iter().filter(is_key).cloned().collect();
        let value = Datum::Message(conn, Box::new(message.clone()));
        // The line of the step says how the scenario goes on: it fails in any case.
        let _ = self.report.judge(&mut self.env, &lines, &|name| value.member(name), &arm.claims, source);
    }

    pub(super) fn judge_arm(
        &mut self,
        conn: usize,
        arm: &Arm,
        item: &Item,
        (arms, step_claims): (&[Arm], &Claims),
        step: &Step,
        source: &Arc<Source>,
    ) -> Result<(), Stop> {
        let span = if arm.span.start < step.line.end { step.line } else { arm.outcome.span };
        let strict = format!("{} in the strict reading", strict_outcomes(arms));
        // The claims of the step are decided whichever arm comes.
        let mut decided = arm.claims.clone();
        decided
            .checks
            .extend(step_claims.checks.iter().filter(|id| !arm.claims.checks.contains(id)).cloned());
        self.report.took(Line { claims: &decided, step: step_claims, source, span }, strict, came(item));
        if let (Item::Bytes(bytes), Some(capture)) = (item, &arm.capture) {
            self.env.bind(&capture.node, Datum::Bytes(bytes.clone()));
        }
        let Item::Message(message) = item else { return Ok(()) };
        let value = Datum::Message(conn, Box::new(message.clone()));
        if let Some(capture) = &arm.capture {
            self.env.bind(&capture.node, value.clone());
        }
        let claims = if arm.claims == Claims::default() { step_claims } else { &arm.claims };
        self.report.judge(&mut self.env, &arm.judgements, &|name| value.member(name), claims, source)
    }

    /// The next thing on a connection. Frames of messages that nobody knows are passed over: an extension that was not
    /// negotiated "MUST be discarded and ignored" (spec section 3.4.1).
    pub(super) async fn next(&mut self, conn: usize, deadline: Duration) -> Result<Item, Stop> {
        self.refuse_unread(conn)?;
        loop {
            let item = self.conns[conn].next(deadline, &mut self.report.trace).await;
            self.note_overtaken(conn);
            self.watch(conn, &item);
            self.was_silent &= !matches!(item, Item::Message(_) | Item::Unknown);
            if !matches!(item, Item::Unknown) {
                return Ok(item);
            }
        }
    }

    /// This connection answers, and a fresh one completes its set-up.
    pub(super) async fn alive(&mut self, step: &Step, claims: &Claims) -> Result<(), Stop> {
        let source = Arc::clone(&self.source);
        let line = Line::of_step(claims, &source, step.line);
        let conn = self.connection(step, None)?;
        if let Some(ping) = self.ping(conn)? {
            let item = self.wait_for_answer(conn, &ping, line).await?;
            if !matches!(item, Item::Message(_)) {
                self.refuse_departure(conn, &item)?;
                self.unanswered |= matches!(item, Item::Nothing);
                let allowed = format!("an answer to {}", ping.spec().name);
                return self.report.broken(line, allowed, came(&item));
            }
        }
        let said = (self.report.findings.len(), self.report.clauses.clone());
        let fresh = self.fresh_connection(line).await;
        let is_closed = |conn: &Conn| matches!(conn.closed, Some(Closed::Clean | Closed::Rude));
        let is_turned_away = self.conns.last().is_some_and(|conn| conn.name == FRESH && is_closed(conn));
        if fresh == Err(Stop::Found) && is_turned_away && self.answers_alone().await {
            self.report.findings.truncate(said.0);
            self.report.clauses = said.1;
            return Err(Stop::Inconclusive(
                "the target takes fewer connections at a time than the scenario opens; a larger bound decides it"
                    .to_owned(),
            ));
        }
        fresh?;
        self.report.held(line);
        Ok(())
    }

    async fn fresh_connection(&mut self, line: Line<'_>) -> Result<(), Stop> {
        let Some(conn) = self.dial(FRESH, line).await? else { return Ok(()) };
        if !self.enter(conn, line).await? {
            return Ok(());
        }
        let request = self.default_message("SetupConnection")?;
        self.transmit(conn, &frame_of(&request)?)?;
        let item = self.wait_for_answer(conn, &request, line).await?;
        if !matches!(item, Item::Message(Message::SetupConnectionSuccess(_))) {
            self.unanswered |= matches!(item, Item::Nothing);
            let allowed = "SetupConnection.Success on a fresh connection".to_owned();
            return self.report.broken(line, allowed, came(&item));
        }
        self.conns[conn].close(&mut self.report.trace);
        Ok(())
    }

    /// Reads past everything until the answer to a request comes, or nothing does.
    pub(super) async fn wait_for_answer(
        &mut self,
        conn: usize,
        request: &Message,
        line: Line<'_>,
    ) -> Result<Item, Stop> {
        let deadline = self.deadline(self.plan.profile.reply_within);
        loop {
            let item = self.next(conn, deadline).await?;
            self.refuse_broken(&item, line)?;
            match &item {
                Item::Message(message) if !answers(request, message) => {
                    self.conns[conn].asked.set_aside(message);
                }
                _ => return Ok(item),
            }
        }
    }

    async fn begin_silence(&mut self, conn: usize) -> Result<Silence, Stop> {
        if self.plan.peer.exact_barrier {
            self.world.control(Control::Barrier).await.map_err(Stop::Error)?;
            return Ok(Silence::Exact);
        }
        Ok(self.ping(conn)?.map_or(Silence::Wait, Silence::Ping))
    }

    /// Sends something that has to be answered at once: a share on a job that does not exist, where a channel is open
    /// ("an error is immediately submitted for every incorrect submit attempt", spec section 5.3.14); else a request for
    /// a channel, once the connection is set up.
    pub(super) fn ping(&mut self, conn: usize) -> Result<Option<Message>, Stop> {
        let channel = self.conns[conn].session().channels().next().map(|channel| (channel.id, channel.kind));
        let message = match channel {
            Some((channel_id, kind)) => {
                let sequence_number = self.next_sequence(conn, channel_id);
                unknown_job_share(channel_id, sequence_number, kind)
            }
            None if matches!(self.conns[conn].session().setup(), Setup::Accepted { .. }) => {
                self.default_message("OpenStandardMiningChannel")?
            }
            None => return Ok(None),
        };
        self.transmit(conn, &frame_of(&message)?)?;
        self.conns[conn].asked.pinged(message.clone());
        Ok(Some(message))
    }
}

fn unknown_job_share(channel_id: u32, sequence_number: u32, kind: ChannelKind) -> Message {
    match kind {
        ChannelKind::Standard => {
            SubmitSharesStandard { channel_id, sequence_number, job_id: UNKNOWN_JOB, ..Default::default() }
                .into()
        }
        ChannelKind::Extended { extranonce_size } => {
            let extranonce = sv2_wire::B0_32::new(vec![0; usize::from(extranonce_size)]).unwrap_or_default();
            let job_id = UNKNOWN_JOB;
            SubmitSharesExtended { channel_id, sequence_number, job_id, extranonce, ..Default::default() }
                .into()
        }
    }
}

pub(super) fn frame_of(message: &Message) -> Result<Frame, Stop> {
    Frame::of(message).map_err(|error| Stop::Error(error.to_string()))
}

/// Whether a message is what an arm or a `never` names.
pub(crate) fn is_message(outcome: &Outcome, message: &Message) -> bool {
    let Outcome::Message(name) = outcome else { return false };
    MessageSpec::find(name).is_some_and(|spec| spec.kind == message.spec().kind)
}

pub(super) fn fits(arm: &Arm, item: &Item, silent: bool) -> bool {
    match (&arm.outcome.node, item) {
        (outcome, Item::Message(message)) => is_message(outcome, message),
        (Outcome::Close, Item::Closed(closed)) => *closed != Closed::ByUs,
        (Outcome::Silence, Item::Nothing) => silent,
        (Outcome::Bytes(count), Item::Bytes(bytes)) => bytes.len() as u64 >= *count,
        _ => false,
    }
}

/// How many bytes on a bare TCP connection make a difference: those that an arm waits for, else any.
fn raw_wanted(expect: &Expect) -> usize {
    let counts = expect.arms.iter().filter_map(|arm| match arm.outcome.node {
        Outcome::Bytes(count) => usize::try_from(count).ok(),
        _ => None,
    });
    counts.max().unwrap_or(1)
}

fn is_about_shares(expect: &Expect) -> bool {
    let is_answer =
        |outcome: &Outcome| matches!(outcome, Outcome::Message(name) if name.contains("SubmitShares."));
    expect.arms.iter().any(|arm| is_answer(&arm.outcome.node))
}

fn waits_for_a_message(expect: &Expect) -> bool {
    expect.arms.iter().any(|arm| matches!(arm.outcome.node, Outcome::Message(_)))
}

fn allowed(expect: &Expect, request: Option<&Message>) -> String {
    let outcomes = names(expect.arms.iter());
    let Some(request) = request else { return outcomes };
    let keys = PAIRING_KEYS.into_iter();
    let keys: Vec<String> = keys.filter_map(|key| Some(format!("{key} {}", request.uint(key)?))).collect();
    match keys.is_empty() {
        true => format!("{outcomes} in reply to {}", request.spec().name),
        false => format!("{outcomes} in reply to {} with {}", request.spec().name, keys.join(", ")),
    }
}

fn instead(message: &Message) -> String {
    format!("nothing but {}", came(&Item::Message(message.clone())))
}

fn strict_outcomes(arms: &[Arm]) -> String {
    names(arms.iter().filter(|arm| arm.claims.grade.is_none()))
}

fn names<'a>(arms: impl Iterator<Item = &'a Arm>) -> String {
    let outcomes = arms.map(|arm| match &arm.outcome.node {
        Outcome::Message(name) => name.clone(),
        Outcome::Close => "close".to_owned(),
        Outcome::Silence => "silence".to_owned(),
        Outcome::Bytes(count) => format!("{count} bytes"),
    });
    outcomes.collect::<Vec<_>>().join(" or ")
}
