//! `never`: what must not come for a while.

use super::Control;
use super::connection::{Closed, Item, Pulled};
use super::expect::is_message;
use super::judge::{Line, Stop};
use super::play::{Player, came};
use crate::scenario::syntax::{Claims, Never, Outcome, Span, Step};
use crate::suite::Source;
use std::sync::Arc;
use std::time::Duration;
use sv2_session::answers;
use sv2_wire::Message;

/// A `never` in force.
pub(crate) struct Watch {
    conn: usize,
    outcome: Outcome,
    claims: Claims,
    source: Arc<Source>,
    span: Span,
    /// The index of the step that ends it.
    until: Option<usize>,
    /// What came nevertheless.
    breach: Option<String>,
}

impl Player {
    pub(super) fn never(&mut self, step: &Step, never: &Never) -> Result<(), Stop> {
        let conn = self.connection(step, None)?;
        let source = Arc::clone(&self.source);
        let here = source.file.steps.iter().position(|other| other.span == step.span).unwrap_or_default();
        let later = source.file.steps.get(here + 1..).unwrap_or_default();
        let until = match &never.until {
            Some(name) => {
                let found = name.node.find(later).map(|index| here + 1 + index);
                Some(found.ok_or_else(|| Stop::Error("the step that ends `never` is missing".to_owned()))?)
            }
            None => None,
        };
        let (outcome, claims) = (never.outcome.node.clone(), never.claims.clone());
        self.watches.push(Watch { conn, outcome, claims, source, span: step.line, until, breach: None });
        Ok(())
    }

    /// Holds what was read against the watches of its connection.
    pub(super) fn watch(&mut self, conn: usize, item: &Item) {
        for watch in self.watches.iter_mut().filter(|watch| watch.conn == conn) {
            let is_breach = match item {
                Item::Message(message) => is_message(&watch.outcome, message),
                Item::Closed(how) => *how != Closed::ByUs && watch.outcome == Outcome::Close,
                _ => false,
            };
            if is_breach {
                watch.breach = Some(came(item));
            }
        }
    }

    /// Reports the first breach.
    pub(super) fn refuse_breach(&mut self) -> Result<(), Stop> {
        let Some(at) = self.watches.iter().position(|watch| watch.breach.is_some()) else { return Ok(()) };
        let mut watch = self.watches.remove(at);
        let came = watch.breach.take().unwrap_or_default();
        let allowed = format!("no {}", name(&watch.outcome));
        let line = Line::of_step(&watch.claims, &watch.source, watch.span);
        self.report.broken(line, allowed, came)
    }

    /// Ends the watches whose bound, as file and step, is `ended`: once everything that is under way is here and was looked
    /// at, they held.
    pub(super) async fn end_watches(
        &mut self,
        ended: impl Fn(Option<(&Source, usize)>) -> bool,
    ) -> Result<(), Stop> {
        let (mut over, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut self.watches)
            .into_iter()
            .partition(|watch| ended(watch.until.map(|index| (&*watch.source, index))));
        self.watches = kept;
        let mut conns: Vec<usize> = over.iter().map(|watch| watch.conn).collect();
        conns.sort_unstable();
        conns.dedup();
        for conn in conns {
            self.sweep(conn).await?;
        }
        for watch in &mut over {
            watch.breach = self.conns[watch.conn].unread().find_map(|pulled| breach(&watch.outcome, pulled));
            let line = Line::of_step(&watch.claims, &watch.source, watch.span);
            match watch.breach.take() {
                None => self.report.held(line),
                Some(came) => self.report.broken(line, format!("no {}", name(&watch.outcome)), came)?,
            }
        }
        Ok(())
    }

    /// Pulls all that is under way on a connection, as far as that can be known.
    async fn sweep(&mut self, conn: usize) -> Result<(), Stop> {
        if self.conns[conn].closed.is_some() {
            return Ok(());
        }
        self.conns[conn].flush();
        self.refuse_unread(conn)?;
        if self.plan.peer.exact_barrier {
            self.world.control(Control::Barrier).await.map_err(Stop::Error)?;
            while self.conns[conn].pull(Duration::ZERO).await.is_some() {}
            return Ok(());
        }
        let ping = self.ping(conn)?;
        let bound = if ping.is_some() { self.plan.profile.reply_within } else { self.plan.profile.quiet };
        let deadline = self.deadline(bound);
        while let Some(pulled) = self.conns[conn].pull(deadline).await {
            if ping.as_ref().is_some_and(|ping| is_answer(ping, pulled)) {
                self.conns[conn].read_newest(&mut self.report.trace);
                return Ok(());
            }
        }
        self.was_silent |= ping.is_some();
        Ok(())
    }
}

fn is_answer(ping: &Message, pulled: &Pulled) -> bool {
    match pulled {
        Pulled::Frame(frame) => frame.decode().is_ok_and(|decoded| answers(ping, &decoded.message)),
        _ => false,
    }
}

fn breach(outcome: &Outcome, pulled: &Pulled) -> Option<String> {
    match pulled {
        Pulled::Frame(frame) => {
            let message = frame.decode().ok()?.message;
            is_message(outcome, &message).then(|| came(&Item::Message(message)))
        }
        Pulled::Ended(how) => (*outcome == Outcome::Close).then(|| came(&Item::Closed(*how))),
        Pulled::Broken(_) | Pulled::Flooded => None,
    }
}

fn name(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Message(name) => name,
        Outcome::Close => "close",
        Outcome::Silence => "silence",
        Outcome::Bytes(_) => "bytes",
    }
}
