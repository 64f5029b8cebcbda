//! What is read on a connection: bytes off the link, into messages, past the model and the rules.

use super::{Closed, Conn, Item, Pulled};
use crate::runner::world::NetEvent;
use crate::trace;
use crate::verdict::{TraceEvent, TraceLine};
use std::time::Duration;
use sv2_wire::Message;
use sv2_wire::frame::Frame;
use sv2_wire::link::{Event, LinkError};

/// Most frames that are read on one connection. A peer that sends more in one scenario floods.
const MOST_FRAMES: usize = 100_000;

impl Conn {
    /// The next thing that the peer sent, or [`Item::Nothing`] once `deadline` has passed.
    pub(crate) async fn next(&mut self, deadline: Duration, trace: &mut Vec<TraceLine>) -> Item {
        self.flush();
        match self.inbox.pop_front() {
            Some(Pulled::Frame(frame)) => return self.received(&frame, trace),
            Some(Pulled::Ended(how)) => return self.peer_closed(how, trace),
            Some(Pulled::Broken(error)) => return self.unreadable(error, trace),
            Some(Pulled::Flooded) => return Item::Flooded,
            None => {}
        }
        loop {
            match self.poll_link() {
                Ok(Some(Event::Frame(frame))) => return self.received(&frame, trace),
                Ok(Some(Event::Established { .. })) => continue,
                Ok(None) => {}
                Err(error) => return self.unreadable(error, trace),
            }
            if let Some(bytes) = self.raw_bytes(self.raw_wanted) {
                return self.came_raw(bytes, trace);
            }
            if self.is_flooded {
                return Item::Flooded;
            }
            if let Some(closed) = self.closed {
                return Item::Closed(closed);
            }
            match self.world.event(self.id, deadline).await {
                Some(NetEvent::Bytes(bytes)) => match &mut self.link {
                    Some(link) => link.receive(&bytes),
                    None => self.early.extend(bytes),
                },
                Some(NetEvent::Finished) => return self.peer_closed(Closed::Clean, trace),
                Some(NetEvent::Reset) => return self.peer_closed(Closed::Rude, trace),
                Some(NetEvent::Flooded) => self.is_flooded = true,
                Some(NetEvent::Connected | NetEvent::Refused(_) | NetEvent::NoConnection(_)) => {}
                None => {
                    let fewer = self.raw_wanted.and_then(|_| self.raw_bytes(Some(1)));
                    return fewer.map_or(Item::Nothing, |bytes| self.came_raw(bytes, trace));
                }
            }
        }
    }

    /// Takes the next thing off the link for a later [`Self::next`]. Nothing once `deadline` has passed, or when nothing
    /// can come any more.
    pub(crate) async fn pull(&mut self, deadline: Duration) -> Option<&Pulled> {
        let is_over =
            matches!(self.inbox.back(), Some(Pulled::Ended(_) | Pulled::Broken(_) | Pulled::Flooded));
        if self.closed.is_some() || is_over {
            return None;
        }
        let pulled = loop {
            match self.poll_link() {
                Ok(Some(Event::Frame(frame))) => break Pulled::Frame(frame),
                Ok(Some(Event::Established { .. })) => continue,
                Ok(None) => {}
                Err(error) => break Pulled::Broken(error),
            }
            if self.is_flooded {
                break Pulled::Flooded;
            }
            match self.world.event(self.id, deadline).await? {
                NetEvent::Bytes(bytes) => match &mut self.link {
                    Some(link) => link.receive(&bytes),
                    None => self.early.extend(bytes),
                },
                NetEvent::Finished => break Pulled::Ended(Closed::Clean),
                NetEvent::Reset => break Pulled::Ended(Closed::Rude),
                NetEvent::Flooded => self.is_flooded = true,
                NetEvent::Connected | NetEvent::Refused(_) | NetEvent::NoConnection(_) => {}
            }
        };
        self.inbox.push_back(pulled);
        self.inbox.back()
    }

    /// What was pulled and not read yet.
    pub(crate) fn unread(&self) -> impl Iterator<Item = &Pulled> {
        self.inbox.iter()
    }

    /// Reads the newest of what was pulled, out of turn.
    pub(crate) fn read_newest(&mut self, trace: &mut Vec<TraceLine>) {
        if let Some(Pulled::Frame(frame)) = self.inbox.pop_back() {
            self.received(&frame, trace);
        }
    }

    /// What came before there is anything to read it with, if it is as much as is wanted.
    fn raw_bytes(&mut self, wanted: Option<usize>) -> Option<Vec<u8>> {
        let wanted = wanted.filter(|wanted| self.link.is_none() && self.early.len() >= *wanted)?;
        // All of it, where that is less than what the scenario waits for.
        let taken = self.raw_wanted.map_or(wanted, |asked| asked.min(self.early.len()));
        let rest = self.early.split_off(taken);
        Some(std::mem::replace(&mut self.early, rest))
    }

    fn came_raw(&self, bytes: Vec<u8>, trace: &mut Vec<TraceLine>) -> Item {
        trace.push(self.note(&format!("{} raw bytes received", bytes.len())));
        Item::Bytes(bytes)
    }

    /// The next event of the link, as long as the peer does not flood.
    fn poll_link(&mut self) -> Result<Option<Event>, LinkError> {
        let Some(link) = self.link.as_mut().filter(|_| !self.is_flooded) else { return Ok(None) };
        let event = link.poll();
        if matches!(event, Ok(Some(Event::Frame(_)))) {
            self.frames = self.frames.saturating_add(1);
            self.is_flooded = self.frames > MOST_FRAMES;
        }
        event
    }

    fn received(&mut self, frame: &Frame, trace: &mut Vec<TraceLine>) -> Item {
        let decoded = frame.decode().map(|decoded| decoded.message);
        trace.push(self.line(TraceEvent::Received { frame: frame.to_bytes(), text: trace::line(frame) }));
        let said = self.watch.received(frame, self.moment(), &mut self.all.borrow_mut());
        self.said.extend(said.into_iter().map(|judgement| (judgement, trace.len())));
        self.is_ending |= matches!(decoded, Ok(Message::Reconnect(_)));
        match decoded {
            Ok(message) => Item::Message(message),
            Err(error) if matches!(error.problem, sv2_wire::Problem::UnknownMessage { .. }) => Item::Unknown,
            Err(error) => Item::Malformed(error),
        }
    }

    fn unreadable(&mut self, error: LinkError, trace: &mut Vec<TraceLine>) -> Item {
        let item = self.broken(error.clone(), trace);
        let said = self.watch.unreadable(&error, &mut self.all.borrow_mut());
        self.said.extend(said.into_iter().map(|judgement| (judgement, trace.len())));
        item
    }
}
