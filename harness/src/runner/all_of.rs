//! `expect all-of`: every arm must come, in any order.

use super::connection::Item;
use super::eval::{Comparison, Env, members};
use super::expect::fits;
use super::judge::{Line, Stop};
use super::play::{Player, came};
use super::value::Datum;
use crate::scenario::syntax::{Arm, Expect, Judgement, Outcome, Step};
use std::sync::Arc;
use sv2_session::{Session, answers, tells_apart};
use sv2_wire::Message;

impl Player {
    pub(super) async fn expect_all(&mut self, step: &Step, expect: &Expect) -> Result<(), Stop> {
        let mut open: Vec<(&Arm, Option<Datum>)> = Vec::new();
        for arm in &expect.arms {
            let request = arm.reply_to.as_ref().map(|reference| self.env.reference(reference)).transpose();
            open.push((arm, request?));
        }
        let request = open.iter().find_map(|(_, request)| request.clone());
        let conn = self.connection(step, request.as_ref())?;
        let source = Arc::clone(&self.source);
        let line = Line::of_step(&expect.claims, &source, step.line);
        let within = match &expect.within {
            Some(expr) => self.env.duration(expr)?,
            None => self.plan.profile.reply_within,
        };
        let deadline = self.deadline(within);
        while !open.is_empty() {
            let aside = open.iter().find_map(|(arm, request)| match request {
                // What fits no arm and decides nothing stays aside, or it would be taken for ever.
                Some(Datum::Message(_, request)) => self.conns[conn].asked.take_aside(request, |message| {
                    is_final(message) || fits(arm, &Item::Message(message.clone()), false)
                }),
                _ => None,
            });
            let item = match aside {
                Some(answer) => Item::Message(answer),
                None => self.next(conn, deadline).await?,
            };
            self.refuse_broken(&item, line)?;
            let Some(at) = self.chosen(conn, &open, &item) else {
                if let Item::Message(message) = &item
                    && !(is_final(message) && is_answer(&open, message))
                    && (self.conns[conn].asked.set_aside(message) || Session::is_ambient(message))
                {
                    continue;
                }
                self.refuse_departure(conn, &item)?;
                self.unanswered |= matches!(item, Item::Nothing);
                return self.report.broken(line, outstanding(&open), came(&item));
            };
            let (arm, request) = open.remove(at);
            if let Some(Datum::Message(_, request)) = &request {
                self.refuse_unclear(conn, &item)?;
                self.conns[conn].asked.answered(request);
                self.refuse_overtaken(conn, request)?;
            }
            let judged = std::slice::from_ref(arm);
            self.judge_arm(conn, arm, &item, (judged, &expect.claims), step, &source)?;
        }
        self.report.held(line);
        Ok(())
    }

    /// The open arm that an item is for: the first whose lines all hold, else the first of its message.
    fn chosen(&self, conn: usize, open: &[(&Arm, Option<Datum>)], item: &Item) -> Option<usize> {
        let fitting: Vec<usize> = (0..open.len())
            .filter(|at| {
                let (arm, request) = &open[*at];
                let is_reply = match (request, item) {
                    (Some(Datum::Message(_, request)), Item::Message(message)) => answers(request, message),
                    (Some(_), _) => false,
                    (None, _) => true,
                };
                is_reply && fits(arm, item, false)
            })
            .collect();
        let Item::Message(message) = item else { return fitting.first().copied() };
        let value = Datum::Message(conn, Box::new(message.clone()));
        let holds = |at: &&usize| holds(&self.env, open[**at].0, &value);
        fitting.iter().find(holds).copied().or_else(|| fitting.first().copied())
    }
}

/// Whether every line of an arm holds for a message, or cannot be known to fail.
pub(crate) fn holds(env: &Env, arm: &Arm, message: &Datum) -> bool {
    arm.judgements.iter().all(|judgement| {
        let Some(test) = &judgement.test else { return true };
        let compared = part(env, message, judgement)
            .and_then(|value| env.compare(&value, test.operator.node, &test.operand));
        !matches!(compared, Ok(Comparison::Fails) | Err(_))
    })
}

/// What a line looks at in a message.
pub(crate) fn part(env: &Env, message: &Datum, judgement: &Judgement) -> Result<Datum, Stop> {
    let value = message.member(&judgement.path.root.node).ok_or(Stop::Found)?;
    env.masked(members(value, &judgement.path.members)?, judgement.mask.as_ref())
}

/// Whether an answer is the last one to its request: a SubmitShares.Success that reaches a share may come before that share's
/// error, a SetTarget may come for another reason, what does not tell for which request it is may be for another one, and
/// behind ProvideMissingTransactions the declaration is still undecided.
fn is_final(message: &Message) -> bool {
    !matches!(message, Message::SubmitSharesSuccess(_) | Message::ProvideMissingTransactions(_))
        && !Session::is_ambient(message)
        && tells_apart(message)
}

fn is_answer(open: &[(&Arm, Option<Datum>)], message: &Message) -> bool {
    open.iter()
        .any(|(_, request)| matches!(request, Some(Datum::Message(_, request)) if answers(request, message)))
}

/// What has not come yet.
fn outstanding(open: &[(&Arm, Option<Datum>)]) -> String {
    let outcomes = open.iter().map(|(arm, _)| match &arm.outcome.node {
        Outcome::Message(name) => name.as_str(),
        Outcome::Close => "close",
        Outcome::Silence => "silence",
        Outcome::Bytes(_) => "bytes",
    });
    outcomes.collect::<Vec<_>>().join(" and ")
}
