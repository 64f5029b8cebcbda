//! How the peer came out of a scenario: the second axis, graded beside the verdict.
//!
//! A close may be the end of a connection or the end of the program, and silence may be an answer or a hang. Where the
//! scenario itself did not see more of the peer afterwards, one fresh connection tells. It leaves no line in the trace.

use super::Output;
use super::connection::{Closed, Conn, ConnectError, Item};
use super::judge::Stop;
use super::play::Player;
use crate::scenario::syntax::Span;
use crate::suite::Source;
use crate::verdict::{Finding, Place, Survival, Verdict};
use rand_core::RngCore;
use std::rc::Rc;
use std::sync::Arc;
use sv2_wire::Message;
use sv2_wire::frame::Frame;
use sv2_wire::noise::Initiator;

/// What every target is allowed in every scenario.
const LIVES_ON: &str = "anything but the end of the target";

impl Player {
    /// Looks whether the peer still answers, where nothing else has shown it, and says so if it does not.
    pub(super) async fn look_after(&mut self) {
        let is_closed = |conn: &Conn| matches!(conn.closed, Some(Closed::Clean | Closed::Rude));
        let was_there = !self.conns.is_empty();
        // What the scenario forgave is no hang yet.
        if self.unanswered && self.report.verdict() <= Verdict::PassLenient {
            (self.unanswered, self.was_silent) = (false, true);
        }
        if !self.refused && !self.unanswered && (self.was_silent || self.conns.iter().any(is_closed)) {
            self.call_again().await;
        }
        // Where there was nobody in the first place, nobody died of this scenario.
        if self.refused && was_there {
            let came = "it takes no connections any more".to_owned();
            let finding = end(&self.plan.scenario.source, came, self.report.trace.len());
            self.report.findings.push(finding);
        }
    }

    /// The worst that was seen.
    pub(super) fn survival(&self) -> Survival {
        let closed = self.conns.iter().map(|conn| match conn.closed {
            None | Some(Closed::ByUs) => Survival::Alive,
            Some(Closed::Clean) => Survival::ClosedClean,
            Some(Closed::Rude) => Survival::ClosedRude,
        });
        let hung = if self.unanswered { Survival::Hung } else { Survival::Alive };
        let died = if self.refused { Survival::Died } else { Survival::Alive };
        closed.fold(hung.max(died), Survival::max)
    }

    /// A connection that sets up. Whatever comes is a sign of life, also a close; only nothing is none.
    async fn call_again(&mut self) {
        match self.visit().await {
            Ok(Item::Nothing) | Err(ConnectError::TimedOut) => self.fell_silent(),
            Err(ConnectError::Refused(_)) => self.refused = true,
            // That says nothing about the peer.
            Err(ConnectError::Ours(_)) | Ok(_) => {}
        }
    }

    /// Whether the peer answers a fresh connection once there is no other: it may bound how many it takes at a time.
    pub(super) async fn answers_alone(&mut self) -> bool {
        for conn in self.conns.iter_mut().filter(|conn| conn.closed.is_none()) {
            conn.close(&mut self.report.trace);
        }
        matches!(self.visit().await, Ok(Item::Message(_)))
    }

    /// What comes first on a fresh connection that sets up.
    async fn visit(&mut self) -> Result<Item, ConnectError> {
        let deadline = self.deadline(self.plan.profile.reply_within);
        let mut conn = Conn::open("", Rc::clone(&self.world), Rc::default(), deadline).await?;
        let mut trace = Vec::new();
        let mut seed = [0; 64];
        self.rng.fill_bytes(&mut seed);
        let entered = match self.plan.peer.encrypted {
            true => {
                let act_one = (Initiator::new(seed), 0);
                conn.shake_hands(&self.plan.peer, act_one, deadline, &mut trace).await.map(drop)
            }
            false => {
                conn.go_plain();
                Ok(())
            }
        };
        let item = match entered {
            Ok(()) => {
                if let Some(request) = self.setup_frame() {
                    let _ = conn.send(&request, &mut trace);
                }
                conn.next(deadline, &mut trace).await
            }
            Err(item) => item,
        };
        self.world.output(Output::Close(conn.id));
        Ok(item)
    }

    fn setup_frame(&mut self) -> Option<Frame> {
        let request: Result<Message, Stop> = self.default_message("SetupConnection");
        request.ok().and_then(|request| Frame::of(&request).ok())
    }

    fn fell_silent(&mut self) {
        self.unanswered = true;
        let (source, trace_line) = (&self.plan.scenario.source, self.report.trace.len());
        self.report.findings.push(Finding {
            verdict: Verdict::Inconclusive,
            allowed: "an answer on a fresh connection".to_owned(),
            came: "nothing came in time; a larger --timeout-scale tells a slow target from one that hangs"
                .to_owned(),
            ..end(source, String::new(), trace_line)
        });
    }
}

/// The finding that a scenario was the end of the target: a crash is never a pass.
pub(crate) fn end(source: &Source, came: String, trace_line: usize) -> Finding {
    let start = source.text.find("title").unwrap_or_default();
    let length = source.text.get(start..).and_then(|rest| rest.lines().next()).map_or(0, str::len);
    Finding {
        verdict: Verdict::Fail,
        clauses: Vec::new(),
        rule: None,
        ambiguity: None,
        allowed: LIVES_ON.to_owned(),
        came,
        place: Place {
            file: Arc::clone(&source.name),
            text: Arc::clone(&source.text),
            span: Span { start, end: start.saturating_add(length) },
        },
        trace_line,
    }
}

/// Whether a finding is [`end`].
pub(crate) fn is_end(finding: &Finding) -> bool {
    finding.allowed == LIVES_ON
}
