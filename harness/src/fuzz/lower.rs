//! A scenario as a program: the way back from [`as_scenario`](super::as_scenario::as_scenario).
//!
//! References of programs are about what exists when their turn has come. So the program is played while it is made, against
//! the right pool, and each step of the scenario becomes the operation that does the same there ([`Game::operation`]): a message
//! that no operation sends becomes a frame, or bytes. What only judges becomes nothing, since the oracles of programs judge;
//! what it names is known all the same. What a program cannot say is left out and told.
//!
//! **What comes back.** Several operations may do the same: a reference may count around, a share may be sent again or mined
//! again, and an operation on what does not exist does nothing. [`normal`] takes the first that does it. Where
//! [`as_scenario`](super::as_scenario::as_scenario) has left nothing unsaid, what it has printed is lowered to the normal form of the
//! program, and nothing is lost.

mod seen;
mod send;
mod settings;
mod shares;
mod values;

use super::clients::Action;
use super::pool::{Game, node};
use super::program::{MAX_CLIENTS, MAX_OPS, Op, Program};
use crate::profile::Profile;
use crate::runner::Peer;
use crate::runner::calls::{DEEPEST_CALL, MOST_CALLS};
use crate::runner::eval::Env;
use crate::runner::value::Datum;
use crate::scenario::syntax::{Call, Entry, Expr, File, FileKind, Handshake, Ident, Step, StepKind};
use crate::suite::{Cell, Source};
use crate::target::Target;
use seen::Inbox;
use shares::{Mined, Sent};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Steps that are looked at, those of fragments each time that they are called; what follows is lost.
const MOST_STEPS: usize = 2048;

/// Operations that one step may become: long bytes and long times take more than one.
const MOST_PIECES: usize = 4;

/// Fragments by name.
pub type Fragments = BTreeMap<String, Arc<Source>>;

/// What came of a scenario.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lowered {
    /// The program.
    pub program: Program,
    /// What it does not say, in the order of the lines.
    pub lost: Vec<Lost>,
}

/// A step of the scenario, or a part of it, that the program does not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Line of the scenario, from 1; for what a fragment does, that of its call.
    pub line: usize,
    /// What, and why.
    pub what: String,
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

/// Lowers a scenario, whose text is there for its lines. Where it has a matrix, `row` says which scenario of it; without, it is
/// the first. A fragment is lowered as if it were a scenario, with the defaults of its parameters.
pub fn lower(file: &File, text: &str, row: &[Cell], fragments: &Fragments) -> Lowered {
    let first = file
        .matrix
        .iter()
        .filter_map(|axis| Some(Cell { name: axis.name.node.clone(), value: axis.values.first()?.clone() }));
    let row = if row.is_empty() { first.collect() } else { row.to_vec() };
    let mut lost = Vec::new();
    let (env, row) = settings::of_row(row, &mut lost);
    let settings = settings::of_pool(file, text, &row, &mut lost);
    let is_plain = settings::is_plain(file);
    let mut lowerer = Lowerer {
        fragments,
        game: Game::new(node(settings, &[]), settings),
        ops: Vec::new(),
        lost,
        env,
        profile: Profile { nominal_hash_rate: 0.0, ..Profile::embedded() },
        peer: Target::Embedded.peer(),
        connections: Vec::new(),
        default_connection: String::new(),
        calls: Vec::new(),
        line: 1,
        steps: 0,
        inboxes: Vec::new(),
        mined: Vec::new(),
        sent: Vec::new(),
        rolls: 0,
        tokens: 0,
        frames: 0,
        is_plain,
    };
    if let FileKind::Fragment(signature) = &file.kind {
        for parameter in &signature.parameters {
            if let Some(Ok(value)) = parameter.default.as_ref().map(|default| lowerer.eval(default)) {
                lowerer.env.bind(&parameter.name.node, value);
            }
        }
    }
    lowerer.steps(&file.steps, Some(text));
    Lowered { program: Program { settings, ops: lowerer.ops }, lost: lowerer.lost }
}

/// The program in which each operation is the first of those that do the same when its turn has come; operations that do
/// nothing are gone.
pub fn normal(program: &Program) -> Program {
    let settings = program.settings;
    let mut game = Game::new(node(settings, &[]), settings);
    let ops = program.ops.iter().filter_map(|op| {
        let action = game.would(op).filter(|action| !is_nothing(action))?;
        let first = game.operation(&action, &["sequence_number"]);
        game.play(op);
        first.or_else(|| Some(op.clone()))
    });
    Program { settings, ops: ops.collect() }
}

fn is_nothing(action: &Action) -> bool {
    matches!(action, Action::Bytes(_, bytes) if bytes.is_empty())
}

/// The line of a step, from 1.
fn line_of(text: &str, start: usize) -> usize {
    text.get(..start).unwrap_or_default().matches('\n').count().saturating_add(1)
}

/// A connection of the scenario.
struct Connection {
    name: String,
    /// Its client, once it is ready for frames.
    client: Option<usize>,
    is_plain: bool,
}

/// A scenario that is being lowered.
struct Lowerer<'a> {
    fragments: &'a Fragments,
    game: Game,
    ops: Vec<Op>,
    lost: Vec<Lost>,
    env: Env,
    /// Who sends, and whom it takes the pool for.
    profile: Profile,
    peer: Peer,
    connections: Vec<Connection>,
    default_connection: String,
    /// Names of the fragments that are being played, the innermost last.
    calls: Vec<String>,
    line: usize,
    steps: usize,
    /// What came to each client.
    inboxes: Vec<Inbox>,
    mined: Vec<Mined>,
    sent: Vec<Sent>,
    /// Shares that were begun in a place of their own.
    rolls: u8,
    /// Tokens of custom jobs that were taken.
    tokens: usize,
    /// Messages that went as frames, for ids of their own.
    frames: u32,
    /// Whether every connection is without encryption.
    is_plain: bool,
}

/// What cannot be said, in words.
type Unsaid = String;

impl Lowerer<'_> {
    /// Lowers steps. `text` is that of the scenario; steps of fragments stand on the line of their call.
    fn steps(&mut self, steps: &[Step], text: Option<&str>) {
        for step in steps {
            self.line = text.map_or(self.line, |text| line_of(text, step.line.start));
            self.steps = self.steps.saturating_add(1);
            if self.steps > MOST_STEPS {
                return self.lose(format!("more than {MOST_STEPS} steps"));
            }
            if let Err(what) = self.step(step) {
                self.lose(format!("{}: {what}", step.kind.verb()));
            }
        }
    }

    fn lose(&mut self, what: String) {
        let calls = self.calls.iter().map(|name| format!("{name}(): "));
        let lost = Lost { line: self.line, what: calls.chain([what]).collect() };
        // What is repeated loses the same each time.
        if !self.lost.contains(&lost) {
            self.lost.push(lost);
        }
    }

    fn step(&mut self, step: &Step) -> Result<(), Unsaid> {
        match &step.kind {
            StepKind::Connect { entry } => self.connect(step, *entry),
            StepKind::Handshake(handshake) => self.handshake(step, handshake),
            StepKind::Send(send) => self.send(step, send),
            StepKind::Raw { bytes } => self.raw(step, bytes),
            StepKind::Provoke(provoke) => self.provoke(step, provoke),
            StepKind::Mine(mine) => self.mine(mine),
            StepKind::Submit(submit) => self.submit(step, submit),
            StepKind::Block { capture } => self.trigger(Op::Block {}, capture.as_ref()),
            StepKind::Template { capture } => self.trigger(Op::Template {}, capture.as_ref()),
            StepKind::Elapse { duration } => self.elapse(duration),
            StepKind::Close | StepKind::Reset => self.end(step, Action::Drop),
            StepKind::HalfClose => self.end(step, Action::Finish),
            StepKind::Reconnect => {
                _ = self.end(step, Action::Drop);
                self.connect(step, Entry::Whole)
            }
            StepKind::Call(call) => self.calls(step, call),
            StepKind::Chunk { .. } | StepKind::Coalesce | StepKind::Flush => {
                Err("a program does not say how bytes are cut into writes".to_owned())
            }
            StepKind::StopReading | StepKind::ReadAgain => {
                Err("the clients of a program always read".to_owned())
            }
            StepKind::Corrupt(_) => Err("the clients of a program send no records".to_owned()),
            judging => {
                self.look(step, judging);
                Ok(())
            }
        }
    }

    /// Plays an operation and makes it part of the program.
    fn say(&mut self, op: Op) -> Result<Action, Unsaid> {
        if self.ops.len() >= MAX_OPS {
            return Err(format!("a program has {MAX_OPS} operations at most"));
        }
        let told = self.game.tell(&op).ok_or("this would do nothing")?;
        for (client, message) in told.came {
            if let Some(inbox) = self.inboxes.get_mut(client) {
                inbox.put(message);
            }
        }
        self.ops.push(op);
        Ok(told.action)
    }

    /// Says the operation that does this.
    fn act(&mut self, action: &Action) -> Result<Action, Unsaid> {
        let op = self.game.operation(action, &[]).ok_or("no operation does this")?;
        self.say(op)
    }

    fn connect(&mut self, step: &Step, entry: Entry) -> Result<(), Unsaid> {
        let name = self.connection_name(step).to_owned();
        self.connections.retain(|connection| connection.name != name);
        let is_plain = self.is_plain || entry == Entry::Plain;
        let client = match entry {
            Entry::Tcp => None,
            Entry::Whole | Entry::Plain => Some(self.new_client()?),
        };
        self.connections.push(Connection { name, client, is_plain });
        Ok(())
    }

    fn new_client(&mut self) -> Result<usize, Unsaid> {
        if self.inboxes.len() >= MAX_CLIENTS {
            return Err(format!("a program has {MAX_CLIENTS} clients at most"));
        }
        self.say(Op::Connect {})?;
        self.inboxes.push(Inbox::default());
        Ok(self.inboxes.len().saturating_sub(1))
    }

    /// Clients of a program have no handshake: they are there once it is done.
    fn handshake(&mut self, step: &Step, handshake: &Handshake) -> Result<(), Unsaid> {
        let name = self.connection_name(step).to_owned();
        let waits = |connection: &Connection| connection.name == name && connection.client.is_none();
        let index =
            self.connections.iter().position(waits).ok_or("there is no connection that waits for one")?;
        let client = self.new_client()?;
        if let Some(connection) = self.connections.get_mut(index) {
            connection.client = Some(client);
        }
        let judged = handshake.judgements.iter().filter_map(|line| line.capture.as_ref());
        handshake
            .capture
            .iter()
            .chain(judged)
            .for_each(|capture| self.env.bind(&capture.node, Datum::Unknown));
        Ok(())
    }

    fn trigger(&mut self, op: Op, capture: Option<&Ident>) -> Result<(), Unsaid> {
        if let Some(capture) = capture {
            self.env.bind(&capture.node, Datum::Unknown);
        }
        self.say(op).map(|_| ())
    }

    fn elapse(&mut self, duration: &Expr) -> Result<(), Unsaid> {
        self.afford(duration)?;
        let duration = self.env.duration(duration).map_err(|stop| stop.reason())?;
        if duration.subsec_nanos() != 0 {
            return Err("the time of a program passes in whole seconds".to_owned());
        }
        let mut left = duration.as_secs();
        let longest = u64::from(u16::MAX);
        if left.div_ceil(longest) > MOST_PIECES as u64 {
            return Err(format!("no more than {MOST_PIECES} times {longest} s pass at once"));
        }
        loop {
            let part = left.min(longest);
            self.act(&Action::Elapse(Duration::from_secs(part)))?;
            left = left.saturating_sub(part);
            if left == 0 {
                return Ok(());
            }
        }
    }

    /// Ends a connection; one that the pool has ended already is over.
    fn end(&mut self, step: &Step, how: fn(usize) -> Action) -> Result<(), Unsaid> {
        let client = self.client(step, None)?;
        if !self.game.is_open(client) {
            return Ok(());
        }
        self.act(&how(client)).map(|_| ())
    }

    fn calls(&mut self, step: &Step, call: &Call) -> Result<(), Unsaid> {
        let times = call.times.as_ref().map_or(Ok(1), |times| self.integer(times))?;
        if times > MOST_CALLS {
            return Err(format!("nothing is repeated more than {MOST_CALLS} times"));
        }
        for _ in 0..times {
            if self.steps > MOST_STEPS {
                break;
            }
            self.call(step, call)?;
        }
        Ok(())
    }

    /// Plays a fragment with captures of its own, as the runner does.
    fn call(&mut self, step: &Step, call: &Call) -> Result<(), Unsaid> {
        let name = &call.fragment.node;
        let fragment = self.fragments.get(name).ok_or("there is no such fragment")?;
        let FileKind::Fragment(signature) = &fragment.file.kind else {
            return Err("this is no fragment".to_owned());
        };
        if self.calls.len() >= DEEPEST_CALL {
            return Err("fragments call each other too deep".to_owned());
        }
        call.arguments.iter().try_for_each(|argument| self.afford(&argument.value))?;
        let inner = self.env.of_call(signature, call).map_err(|stop| stop.reason())?;
        let outer = std::mem::replace(&mut self.env, inner);
        let connection = self.connection_name(step).to_owned();
        let outer_connection = std::mem::replace(&mut self.default_connection, connection);
        self.calls.push(name.clone());
        self.steps(&fragment.file.steps, None);
        self.calls.pop();
        self.default_connection = outer_connection;
        let inner = std::mem::replace(&mut self.env, outer);
        self.env.take_results(&inner, signature, call);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
