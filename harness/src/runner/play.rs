//! The conversation as a whole: tries, steps, fragments, the end.

use super::connection::{Closed, Conn, Item};
use super::eval::Env;
use super::judge::{Line, Report, Stop};
use super::needs;
use super::value::Datum;
use super::world::World;
use super::{Control, Output, Plan};
use crate::scenario::syntax::{Claims, Entry, Ident, Span, Step, StepKind};
use crate::suite::Source;
use crate::verdict::{Finding, Outcome, Place, Survival, Verdict};
use rand_chacha::ChaCha12Rng;
use rand_core::SeedableRng;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use sv2_session::Conversation;
use sv2_session::rules::Ending;
use sv2_wire::{Message, U256};

/// How often a scenario is played while new work keeps overtaking its shares.
const TRIES: u32 = 3;

/// Plays a scenario to its outcome.
pub(crate) async fn scenario(plan: Plan, world: Rc<World>) -> Outcome {
    let plan = Rc::new(plan);
    let needs = plan.scenario.source.file.needs.iter().map(|need| need.node.as_str());
    // Where no clock can be moved, time can still pass.
    let is_met = |need: &&str| *need == "control.time" && plan.profile.waits_long;
    let needs = needs.chain(needs::of_steps(&plan)).filter(|need| !is_met(need));
    if let Some(missing) = plan.profile.missing(needs) {
        let hint = match missing {
            "control.block" | "control.template" => "; see --serve-templates, and [control] of profiles",
            "control.time" => "; -E 'tag(slow)' lets the time really pass",
            _ => "",
        };
        let reason = format!("the target's profile does not have {missing}{hint}");
        return outcome(
            &plan,
            Report::new(Arc::clone(&plan.ledger)),
            Verdict::NotApplicable,
            Some(reason),
            0,
        );
    }
    let mut tries = 1;
    loop {
        let mut player = Player::new(Rc::clone(&plan), Rc::clone(&world), tries);
        let played = player.play().await;
        player.gather();
        // What a rule found is found, whatever became of the shares.
        let is_breached = player.report.is_breached();
        let is_last = tries == TRIES || is_breached || !matches!(played, Err(Stop::Overtaken(_)));
        if is_last && !matches!(played, Err(Stop::Error(_))) {
            player.look_after().await;
        }
        player.close_all();
        player.gather();
        player.report.say_once();
        let (verdict, reason) = match played {
            Err(Stop::Overtaken(_)) if is_breached => (Verdict::Pass, None),
            Err(Stop::Overtaken(_)) if tries < TRIES => {
                tries += 1;
                continue;
            }
            Err(Stop::Overtaken(why)) => {
                let reason =
                    format!("{why} before an answer came, in {TRIES} tries; a quieter target decides it");
                (Verdict::Inconclusive, Some(reason))
            }
            Err(Stop::NotApplicable(reason)) => (Verdict::NotApplicable, Some(reason)),
            Err(Stop::Inconclusive(reason)) => (Verdict::Inconclusive, Some(reason)),
            Err(Stop::Blocked(reason)) => (Verdict::Blocked, Some(reason)),
            Err(Stop::Error(reason)) => (Verdict::Error, Some(reason)),
            Ok(()) | Err(Stop::Found) => (Verdict::Pass, None),
        };
        let survival = player.survival();
        let mut outcome = outcome(&plan, player.report, verdict, reason, tries);
        outcome.survival = survival;
        return outcome;
    }
}

fn outcome(plan: &Plan, report: Report, verdict: Verdict, reason: Option<String>, tries: u32) -> Outcome {
    let verdict = match report.verdict() {
        // What was found before an assumption did not hold stays.
        Verdict::Pass if verdict == Verdict::NotApplicable => verdict,
        found => verdict.max(found),
    };
    let blocked = |finding: &&Finding| finding.verdict == Verdict::Blocked;
    let reason = reason.or_else(|| {
        let finding = report.findings.iter().find(blocked).filter(|_| verdict == Verdict::Blocked)?;
        Some(format!("expected {}, {}", finding.allowed, finding.came))
    });
    Outcome {
        id: plan.scenario.id.clone(),
        title: plan.scenario.title().to_owned(),
        verdict,
        survival: Survival::Alive,
        reason,
        findings: report.findings,
        clauses: report.clauses,
        trace: report.trace,
        seed: plan.seed,
        tries,
    }
}

/// One try at a scenario.
pub(crate) struct Player {
    pub(crate) plan: Rc<Plan>,
    pub(crate) world: Rc<World>,
    pub(crate) report: Report,
    pub(crate) env: Env,
    pub(crate) conns: Vec<Conn>,
    pub(crate) rng: ChaCha12Rng,
    pub(crate) source: Arc<Source>,
    pub(crate) flights: Vec<super::shares::Flight>,
    pub(crate) watches: Vec<super::never::Watch>,
    pub(crate) next_request: u32,
    /// How often the scenario has changed on purpose what shares rest on.
    pub(crate) epoch: u64,
    /// The epoch in which a job, by connection, channel and order, was first taken.
    pub(crate) job_epochs: BTreeMap<(usize, u32, u64), u64>,
    /// By connection and channel, the hashes of the shares that were found.
    pub(crate) found: BTreeSet<(usize, u32, U256)>,
    pub(crate) unanswered: bool,
    pub(crate) refused: bool,
    /// Silence was taken for an answer, and nothing has come since.
    pub(crate) was_silent: bool,
    /// The connection that steps without a name are about: the one that the innermost fragment was called on.
    pub(super) default_connection: String,
    pub(super) depth: usize,
    /// What the connections have in common for the rules.
    pub(crate) all: Rc<RefCell<Conversation>>,
    /// The step that is played.
    here: Span,
}

impl Player {
    fn new(plan: Rc<Plan>, world: Rc<World>, attempt: u32) -> Self {
        let source = Arc::clone(&plan.scenario.source);
        let report = Report::new(Arc::clone(&plan.ledger));
        let rng = ChaCha12Rng::seed_from_u64(plan.seed.wrapping_add(u64::from(attempt) - 1));
        Self {
            plan,
            world,
            report,
            env: Env::default(),
            conns: Vec::new(),
            rng,
            source,
            flights: Vec::new(),
            watches: Vec::new(),
            next_request: 1,
            epoch: 0,
            job_epochs: BTreeMap::new(),
            found: BTreeSet::new(),
            unanswered: false,
            refused: false,
            was_silent: false,
            default_connection: String::new(),
            depth: 0,
            all: Rc::default(),
            here: Span::default(),
        }
    }

    async fn play(&mut self) -> Result<(), Stop> {
        let source = Arc::clone(&self.source);
        self.env = Env::of_row(&self.plan.scenario.row)?.spelling(&self.plan.profile.error_codes);
        self.steps(&source).await?;
        self.conns.iter_mut().for_each(Conn::flush);
        self.end_watches(|until| until.is_none()).await?;
        self.drain().await
    }

    /// Plays the steps of a scenario or fragment. Boxed, since fragments call fragments.
    pub(super) fn steps<'a>(
        &'a mut self,
        source: &'a Source,
    ) -> Pin<Box<dyn Future<Output = Result<(), Stop>> + 'a>> {
        Box::pin(async move {
            for (index, step) in source.file.steps.iter().enumerate() {
                self.end_watches(|until| {
                    until.is_some_and(|(file, at)| std::ptr::eq(file, source) && at == index)
                })
                .await?;
                self.here = step.line;
                let played = self.step(step).await;
                self.gather();
                played?;
            }
            Ok(())
        })
    }

    async fn step(&mut self, step: &Step) -> Result<(), Stop> {
        match &step.kind {
            StepKind::Connect { entry } => self.connect(step, *entry).await,
            StepKind::Handshake(handshake) => self.handshake(step, handshake).await,
            StepKind::Send(send) => self.send(step, send),
            StepKind::Raw { bytes } => self.raw(step, bytes),
            StepKind::Corrupt(corrupt) => self.corrupt(step, corrupt),
            StepKind::Expect(expect) => self.expect(step, expect).await,
            StepKind::AwaitJob(await_job) => self.await_job(step, await_job).await,
            StepKind::AwaitJobs(await_jobs) => self.await_jobs(step, await_jobs).await,
            StepKind::Never(never) => self.never(step, never),
            StepKind::Disjoint(disjoint) => self.disjoint(step, disjoint),
            StepKind::Mine(mine) => self.mine(mine).await,
            StepKind::Submit(submit) => self.submit(step, submit),
            StepKind::Settle(settle) => self.settle(step, settle).await,
            StepKind::Assert(assert) => self.assert(step, assert),
            StepKind::Assume { condition } => self.assume(step, condition),
            StepKind::Alive { claims } => self.alive(step, claims).await,
            StepKind::Block { capture } => self.trigger(Control::Block, "control.block", capture).await,
            StepKind::Template { capture } => {
                self.trigger(Control::Template, "control.template", capture).await
            }
            StepKind::Provoke(provoke) => self.provoke(step, provoke).await,
            StepKind::Elapse { duration } => {
                let duration = self.env.duration(duration)?;
                self.trigger(Control::Elapse(duration), "control.time", &None).await
            }
            StepKind::Measure { capture } => {
                self.world.control(Control::Measure).await.map_err(Stop::Inconclusive)?;
                let holdings = self.world.take_holdings().unwrap_or_default();
                self.env.bind(&capture.node, Datum::Holdings(holdings));
                Ok(())
            }
            StepKind::Chunk { size } => self.chunk(step, size),
            StepKind::Coalesce => self.coalesce(step),
            StepKind::Flush => self.flush_held(step),
            StepKind::StopReading => self.stop_reading(step),
            StepKind::ReadAgain => self.read_again(step),
            StepKind::Close => self.end(step, "closed", Output::Close),
            StepKind::Reset => self.end(step, "reset", Output::Reset),
            StepKind::HalfClose => self.end(step, "our direction is closed", Output::Finish),
            StepKind::Reconnect => {
                let name = self.connection_name(step).to_owned();
                let lines = self.report.trace.len();
                for conn in self.conns.iter_mut().filter(|conn| conn.name == name && conn.closed.is_none()) {
                    conn.over(Ending::ByClient, lines);
                    self.world.output(Output::Close(conn.id));
                }
                self.connect(step, Entry::Whole).await
            }
            StepKind::Call(call) => self.calls(step, call).await,
        }
    }

    pub(super) async fn trigger(
        &mut self,
        control: Control,
        capability: &str,
        capture: &Option<Ident>,
    ) -> Result<(), Stop> {
        let is_capable = self.plan.profile.capabilities.contains(capability);
        // Whether a longer wait may be played was decided before the first step.
        let is_wait = matches!(control, Control::Elapse(_));
        if !is_capable && !is_wait {
            return Err(Stop::Inconclusive(format!(
                "the target does not have {capability}; see --serve-templates"
            )));
        }
        let text = match &control {
            Control::Barrier => "barrier".to_owned(),
            Control::Measure => "measured".to_owned(),
            Control::Block => "a new block".to_owned(),
            Control::Template => "a new template".to_owned(),
            Control::Provoke(_, message) => format!("the server is to send {}", message.spec().unique_name()),
            Control::Elapse(duration) => format!("{duration:?} pass"),
        };
        let open = self.conns.iter().filter(|conn| conn.closed.is_none());
        self.report.trace.extend(open.map(|conn| conn.note(&text)));
        // Where time just passes, new work that comes meanwhile is nothing that the scenario wanted.
        self.epoch += u64::from(is_capable);
        self.world.control(control).await.map_err(Stop::Inconclusive)?;
        if let Some(capture) = capture {
            self.env.bind(&capture.node, Datum::Unknown);
        }
        Ok(())
    }

    fn end(&mut self, step: &Step, note: &str, output: fn(usize) -> Output) -> Result<(), Stop> {
        let index = self.connection(step, None)?;
        let conn = &mut self.conns[index];
        conn.flush();
        self.report.trace.push(conn.note(note));
        let output = output(conn.id);
        if !matches!(output, Output::Finish(_)) {
            conn.closed = Some(Closed::ByUs);
        }
        // Whoever ends its own side may find its work with others before the other side ends.
        conn.over(Ending::ByClient, self.report.trace.len());
        self.world.output(output);
        Ok(())
    }

    /// The connection that a step is about: the one that it names, else the one that its value belongs to, else the
    /// newest of no name.
    pub(crate) fn connection(&self, step: &Step, value: Option<&Datum>) -> Result<usize, Stop> {
        if step.connection.is_none()
            && let Some(conn) = value.and_then(Datum::connection)
        {
            return Ok(conn);
        }
        let name = self.connection_name(step);
        let found = self.conns.iter().rposition(|conn| conn.name == name);
        found.ok_or_else(|| Stop::Error(format!("line {}: nothing is connected", self.line_of(step))))
    }

    /// Ends the step when the connection's bytes are wrong; says what came otherwise.
    pub(crate) fn refuse_broken(&mut self, item: &Item, line: Line<'_>) -> Result<(), Stop> {
        self.refuse_breach()?;
        match item {
            Item::Malformed(_) | Item::Broken(_) => Err(self.report.unjudged(line, item)),
            Item::Flooded => Err(Stop::Inconclusive(
                "the peer sent more than is taken in on one connection; a peer that floods less decides it"
                    .to_owned(),
            )),
            _ => Ok(()),
        }
    }

    /// A server may ask to reconnect at any time, and close then (spec sections 3.3 and 3.6.5). Where the scenario does not
    /// name it, it decides nothing.
    pub(super) fn refuse_departure(&self, conn: usize, item: &Item) -> Result<(), Stop> {
        let is_departure = match item {
            Item::Message(message) => matches!(message, Message::Reconnect(_)),
            Item::Closed(how) => *how != Closed::ByUs && self.conns[conn].is_ending,
            _ => false,
        };
        match is_departure {
            true => {
                Err(Stop::Inconclusive("the server asked to reconnect; another run decides it".to_owned()))
            }
            false => Ok(()),
        }
    }

    pub(crate) fn deadline(&self, bound: Duration) -> Duration {
        self.world.now().elapsed.saturating_add(bound.mul_f64(self.plan.timeout_scale))
    }

    /// Reads all that is here, and where the target can say so all that is under way, for the trace and for the rules.
    async fn drain(&mut self) -> Result<(), Stop> {
        if self.plan.peer.exact_barrier {
            self.world.control(Control::Barrier).await.map_err(Stop::Error)?;
        }
        let source = Arc::clone(&self.source);
        for index in 0..self.conns.len() {
            while !self.conns[index].is_unread {
                let item = self.conns[index].next(Duration::ZERO, &mut self.report.trace).await;
                let claims = Claims::default();
                self.refuse_broken(&item, Line::of_step(&claims, &source, source.file.span))?;
                if matches!(item, Item::Nothing | Item::Closed(_)) {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Takes down what the rules have said, at the step that is played.
    pub(crate) fn gather(&mut self) {
        for conn in &mut self.conns {
            for (judgement, trace_line) in conn.take_said() {
                let (file, text) = (Arc::clone(&self.source.name), Arc::clone(&self.source.text));
                self.report.ruled(judgement, trace_line, Place { file, text, span: self.here });
            }
        }
    }

    fn close_all(&mut self) {
        for conn in self.conns.iter().filter(|conn| conn.closed.is_none()) {
            self.world.output(Output::Close(conn.id));
        }
    }

    pub(super) fn connection_name<'a>(&'a self, step: &'a Step) -> &'a str {
        step.connection.as_ref().map_or(&self.default_connection, |name| &name.node)
    }

    pub(super) fn line_of(&self, step: &Step) -> usize {
        self.source.text.get(..step.line.start).unwrap_or_default().matches('\n').count() + 1
    }
}

/// What came, in words.
pub(crate) fn came(item: &Item) -> String {
    match item {
        Item::Message(message) => format!("{} {}", message.spec().unique_name(), message.to_json()),
        Item::Unknown => "a frame of an unknown message".to_owned(),
        Item::Malformed(error) => error.to_string(),
        Item::Broken(error) => error.to_string(),
        Item::Flooded => "more than is taken in on one connection".to_owned(),
        Item::Closed(Closed::Clean) => "the peer closed the connection".to_owned(),
        Item::Closed(Closed::Rude) => "the peer reset the connection".to_owned(),
        Item::Closed(Closed::ByUs) => "the connection was closed by this scenario".to_owned(),
        Item::Bytes(bytes) => format!("{} bytes of no frame came", bytes.len()),
        Item::Nothing => "nothing came in time".to_owned(),
    }
}
