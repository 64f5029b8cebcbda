//! What judges: nothing of it is said, but what it names is known to the steps behind it.

use super::Lowerer;
use crate::runner::all_of::{holds, part};
use crate::runner::expect::is_message;
use crate::runner::value::Datum;
use crate::scenario::syntax::{Arm, Expect, ExpectForm, Ident, Judgement, Reference, Step, StepKind};
use sv2_session::answers;
use sv2_wire::Message;

/// What came to a client.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    messages: Vec<Entry>,
    /// What stands in front of this was passed over.
    read: usize,
}

#[derive(Debug)]
struct Entry {
    message: Message,
    is_taken: bool,
}

impl Inbox {
    pub(super) fn put(&mut self, message: Message) {
        self.messages.push(Entry { message, is_taken: false });
    }
}

impl Lowerer<'_> {
    /// Looks at what a step names.
    pub(super) fn look(&mut self, step: &Step, kind: &StepKind) {
        match kind {
            StepKind::Expect(expect) => self.expect(step, expect),
            StepKind::AwaitJob(it) => _ = self.await_job(step, &it.channel, &it.capture),
            StepKind::AwaitJobs(it) => {
                for (channel, capture) in it.channels.iter().zip(&it.captures) {
                    _ = self.await_job(step, channel, capture);
                }
            }
            other => {
                for capture in other.captures() {
                    self.env.bind(&capture.node, Datum::Unknown);
                }
            }
        }
    }

    fn await_job(&mut self, step: &Step, channel: &Reference, capture: &Ident) -> Option<()> {
        let value = self.reference(channel).ok()?;
        let client = self.client(step, Some(&value)).ok()?;
        let channel = self.game.session(client)?.channel(value.channel_id()?)?;
        let job = channel.newest_job()?.clone();
        self.env.bind(&capture.node, Datum::Job(client, Box::new(job)));
        Some(())
    }

    fn expect(&mut self, step: &Step, expect: &Expect) {
        match expect.form {
            ExpectForm::All => {
                for arm in &expect.arms {
                    _ = self.take(step, std::slice::from_ref(arm), arm.reply_to.as_ref(), true);
                }
            }
            ExpectForm::One | ExpectForm::Arms => {
                _ = self.take(step, &expect.arms, expect.reply_to.as_ref(), false);
            }
        }
    }

    /// Takes the first message that is an arm, and names it and what its lines name. `is_strict`: only one whose lines hold.
    fn take(
        &mut self,
        step: &Step,
        arms: &[Arm],
        reply_to: Option<&Reference>,
        is_strict: bool,
    ) -> Option<()> {
        let request = match reply_to {
            Some(reference) => Some(self.reference(reference).ok()?),
            None => None,
        };
        let client = self.client(step, request.as_ref()).ok()?;
        let asked = match &request {
            Some(Datum::Message(_, asked)) => Some(&**asked),
            Some(_) => return None,
            None => None,
        };
        let inbox = self.inboxes.get(client)?;
        let from = if asked.is_some() || is_strict { 0 } else { inbox.read };
        let fitting = |entry: &Entry| {
            let is_answer = asked.is_none_or(|asked| answers(asked, &entry.message));
            let fits = |arm: &&Arm| is_message(&arm.outcome.node, &entry.message);
            let arm = arms.iter().find(fits).filter(|_| is_answer && !entry.is_taken)?;
            (!is_strict || self.holds(client, arm, &entry.message)).then_some(arm)
        };
        let mut later = inbox.messages.iter().enumerate().skip(from);
        let (index, arm) = later.find_map(|(index, entry)| Some((index, fitting(entry)?)))?;
        let inbox = self.inboxes.get_mut(client)?;
        inbox.read = inbox.read.max(index.saturating_add(1));
        let entry = inbox.messages.get_mut(index)?;
        entry.is_taken = true;
        let value = Datum::Message(client, Box::new(entry.message.clone()));
        for line in &arm.judgements {
            if let (Some(capture), Some(part)) = (&line.capture, self.part(&value, line)) {
                self.env.bind(&capture.node, part);
            }
        }
        if let Some(capture) = &arm.capture {
            self.env.bind(&capture.node, value);
        }
        Some(())
    }

    fn holds(&self, client: usize, arm: &Arm, message: &Message) -> bool {
        let is_affordable = |line: &Judgement| {
            let operand = line.test.iter().map(|test| &test.operand);
            operand.chain(&line.mask).all(|expr| self.afford(expr).is_ok())
        };
        let message = Datum::Message(client, Box::new(message.clone()));
        arm.judgements.iter().all(is_affordable) && holds(&self.env, arm, &message)
    }

    /// What a judged line looks at.
    fn part(&self, message: &Datum, line: &Judgement) -> Option<Datum> {
        line.mask.iter().try_for_each(|mask| self.afford(mask)).ok()?;
        part(&self.env, message, line).ok()
    }
}
