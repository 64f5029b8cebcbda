//! What was asked on a connection, and the answers that came while something else was waited for.

use sv2_session::{answers, has_answer, tells_apart};
use sv2_wire::Message;

#[derive(Default)]
pub(crate) struct Asked {
    /// Sent only to see them answered; the answers are nothing that a scenario is to look at.
    pings: Vec<Message>,
    /// What was sent and has an answer that nobody has waited for yet, each with its number.
    open: Vec<Numbered>,
    /// Answers that were passed over, each with the number of the request that had gone out last.
    aside: Vec<Numbered>,
    /// Requests so far.
    count: usize,
}

struct Numbered {
    number: usize,
    message: Message,
}

impl Asked {
    /// A message went out.
    pub(crate) fn sent(&mut self, message: Message) {
        if has_answer(&message) {
            self.count += 1;
            self.open.push(Numbered { number: self.count, message });
        }
    }

    /// A message went out of which nobody but the runner is to see the answer.
    pub(crate) fn pinged(&mut self, ping: Message) {
        self.pings.push(ping);
    }

    /// Keeps a message that was passed over for whoever waits for it later, if it answers anything. `false` if it does not.
    pub(crate) fn set_aside(&mut self, message: &Message) -> bool {
        let is_answer = self.open.iter().any(|request| answers(&request.message, message));
        if is_answer && !self.is_pong(message) {
            self.aside.push(Numbered { number: self.count, message: message.clone() });
        }
        is_answer
    }

    /// How many answers nobody has waited for yet.
    pub(crate) fn kept_aside(&self) -> usize {
        self.aside.len()
    }

    /// The last of the answers that nobody has waited for yet, but for the first `kept`.
    pub(crate) fn last_aside(&self, kept: usize) -> Option<&Message> {
        self.aside.get(kept..)?.last().map(|answer| &answer.message)
    }

    /// The answer to a request, if it was set aside behind that request and is wanted. A SubmitShares.Success stays there, since
    /// it may answer several.
    pub(crate) fn take_aside(
        &mut self,
        request: &Message,
        wanted: impl Fn(&Message) -> bool,
    ) -> Option<Message> {
        let since = self.open.iter().find(|open| open.message == *request).map_or(0, |open| open.number);
        let is_it = |came: &Numbered| {
            came.number >= since && answers(request, &came.message) && wanted(&came.message)
        };
        let found = self.aside.iter().position(is_it)?;
        match &self.aside.get(found)?.message {
            success @ Message::SubmitSharesSuccess(_) => Some(success.clone()),
            _ => Some(self.aside.remove(found).message),
        }
    }

    /// A request has its answer; another one would be one too many.
    pub(crate) fn answered(&mut self, request: &Message) {
        if let Some(found) = self.open.iter().position(|open| open.message == *request) {
            self.open.remove(found);
        }
    }

    /// Whether the message answers nothing but a ping.
    pub(crate) fn is_pong(&self, message: &Message) -> bool {
        !matches!(message, Message::SubmitSharesSuccess(_))
            && self.pings.iter().any(|ping| answers(ping, message))
    }

    /// Whether the message answers more than one of the open requests and does not tell which.
    pub(crate) fn is_unclear(&self, message: &Message) -> bool {
        !tells_apart(message)
            && self.open.iter().filter(|open| answers(&open.message, message)).nth(1).is_some()
    }
}
