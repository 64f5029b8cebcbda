//! What the conversation sees of the outside: queues, and futures over them.

use super::{Connection, Control, Holdings, Input, Now, Output};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

/// What happened on one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NetEvent {
    Connected,
    Refused(String),
    NoConnection(String),
    Bytes(Vec<u8>),
    Finished,
    Reset,
    /// The peer has sent more than [`MOST_BYTES`]; the rest is not looked at.
    Flooded,
}

/// Most bytes that are taken in on one connection: four of the largest frames. Whoever sends more in one scenario is not
/// listened to any longer, so that no peer can fill our memory.
pub(crate) const MOST_BYTES: usize = 64 << 20;

/// The queues between a conversation and its driver.
pub(crate) struct World {
    now: Cell<Now>,
    wake_at: Cell<Option<Duration>>,
    over: Cell<bool>,
    opened: Cell<usize>,
    tokens_taken: Cell<usize>,
    outputs: RefCell<VecDeque<Output>>,
    events: RefCell<BTreeMap<Connection, VecDeque<NetEvent>>>,
    received: RefCell<BTreeMap<Connection, usize>>,
    holdings: Cell<Option<Holdings>>,
    control: RefCell<Option<Result<(), String>>>,
}

impl World {
    pub(crate) fn new(now: Now) -> Self {
        Self {
            now: Cell::new(now),
            wake_at: Cell::new(None),
            over: Cell::new(false),
            opened: Cell::new(0),
            tokens_taken: Cell::new(0),
            outputs: RefCell::default(),
            events: RefCell::default(),
            received: RefCell::default(),
            holdings: Cell::new(None),
            control: RefCell::new(None),
        }
    }

    pub(crate) fn now(&self) -> Now {
        self.now.get()
    }

    /// Asks for a connection.
    pub(crate) fn connect(&self) -> Connection {
        let connection = self.opened.get();
        self.opened.set(connection + 1);
        self.output(Output::Connect(connection));
        connection
    }

    /// Index of a token that no try at the scenario has used.
    pub(crate) fn take_token(&self) -> usize {
        self.tokens_taken.replace(self.tokens_taken.get() + 1)
    }

    pub(crate) fn output(&self, output: Output) {
        self.outputs.borrow_mut().push_back(output);
    }

    /// The next event of a connection, or nothing once `deadline` has passed.
    pub(crate) async fn event(&self, connection: Connection, deadline: Duration) -> Option<NetEvent> {
        poll_fn(|_| {
            let mut events = self.events.borrow_mut();
            if let Some(event) = events.get_mut(&connection).and_then(VecDeque::pop_front) {
                return Poll::Ready(Some(event));
            }
            if self.now().elapsed >= deadline {
                return Poll::Ready(None);
            }
            self.wake_at.set(Some(deadline));
            Poll::Pending
        })
        .await
    }

    /// Waits until something has happened on one of the connections, or `deadline` has passed.
    pub(crate) async fn any_event(&self, connections: &[Connection], deadline: Duration) {
        poll_fn(|_| {
            let events = self.events.borrow();
            let has_some = |connection| events.get(connection).is_some_and(|events| !events.is_empty());
            if connections.iter().any(has_some) || self.now().elapsed >= deadline {
                return Poll::Ready(());
            }
            self.wake_at.set(Some(deadline));
            Poll::Pending
        })
        .await
    }

    /// Has the driver tell the time anew, after work of ours during which it stood still here. A deadline that is reckoned
    /// from the old time may be over before the peer had any.
    pub(crate) async fn look_at_the_clock(&self) {
        let mut has_asked = false;
        poll_fn(|_| {
            if std::mem::replace(&mut has_asked, true) {
                return Poll::Ready(());
            }
            self.wake_at.set(Some(self.now().elapsed));
            Poll::Pending
        })
        .await;
    }

    /// Steers the target and waits until that is done. The driver bounds the waiting.
    pub(crate) async fn control(&self, control: Control) -> Result<(), String> {
        self.output(Output::Control(control));
        poll_fn(|_| self.control.borrow_mut().take().map_or(Poll::Pending, Poll::Ready)).await
    }

    /// What the latest [`Control::Measure`] found.
    pub(crate) fn take_holdings(&self) -> Option<Holdings> {
        self.holdings.take()
    }

    pub(crate) fn feed(&self, input: Input, now: Now) {
        self.now.set(now);
        self.wake_at.set(None);
        let (connection, event) = match input {
            Input::Connected(connection) => (connection, NetEvent::Connected),
            Input::Refused(connection, reason) => (connection, NetEvent::Refused(reason)),
            Input::NoConnection(connection, reason) => (connection, NetEvent::NoConnection(reason)),
            Input::Bytes(connection, bytes) => match self.bounded(connection, bytes) {
                Some(event) => (connection, event),
                None => return,
            },
            Input::Finished(connection) => (connection, NetEvent::Finished),
            Input::Reset(connection) => (connection, NetEvent::Reset),
            Input::Measured(holdings) => return self.holdings.set(Some(holdings)),
            Input::ControlDone(result) => {
                *self.control.borrow_mut() = Some(result);
                return;
            }
            Input::Tick => return,
        };
        self.events.borrow_mut().entry(connection).or_default().push_back(event);
    }

    /// Bytes that are still within the bound; once, that there are more; then nothing.
    fn bounded(&self, connection: Connection, bytes: Vec<u8>) -> Option<NetEvent> {
        let mut received = self.received.borrow_mut();
        let count = received.entry(connection).or_default();
        let was_within = *count <= MOST_BYTES;
        *count = count.saturating_add(bytes.len());
        match (was_within, *count <= MOST_BYTES) {
            (_, true) => Some(NetEvent::Bytes(bytes)),
            (true, false) => Some(NetEvent::Flooded),
            (false, false) => None,
        }
    }

    pub(crate) fn take_output(&self) -> Option<Output> {
        self.outputs.borrow_mut().pop_front()
    }

    pub(crate) fn wake_at(&self) -> Option<Duration> {
        self.wake_at.get()
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over.get()
    }

    pub(crate) fn end(&self) {
        self.over.set(true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Waker};

    #[test]
    fn time_that_a_search_took_is_seen_before_a_deadline_is_reckoned() {
        let at = |seconds| Now { elapsed: Duration::from_secs(seconds), unix: 0 };
        let world = World::new(at(1));
        let mut looked = pin!(world.look_at_the_clock());
        let mut context = Context::from_waker(Waker::noop());
        assert!(looked.as_mut().poll(&mut context).is_pending());
        assert_eq!(world.wake_at(), Some(Duration::from_secs(1)), "at once");
        world.feed(Input::Tick, at(60));
        assert!(looked.as_mut().poll(&mut context).is_ready());
        assert_eq!(world.now(), at(60));
    }
}
