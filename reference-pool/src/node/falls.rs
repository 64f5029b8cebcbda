//! What faults of the program do to a node: it may end, hang, reset a connection, or let one connection wait for another.
#![deny(clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::{ConnId, Node, Now, Service};
use crate::endpoint::CloseReason;
use crate::faults::Fate;
use std::collections::{BTreeSet, VecDeque};
use sv2_wire::frame::Frame;

/// How far a node has fallen.
#[derive(Debug, Default)]
pub(super) struct Falls {
    pub(super) is_hung: bool,
    is_dead: bool,
    /// Connections whose end is a reset.
    pub(super) reset: BTreeSet<ConnId>,
    /// What came on connections that have to wait, in the order in which it came.
    held: VecDeque<(ConnId, Vec<u8>)>,
}

impl Falls {
    /// Bytes of a connection that wait.
    pub(super) fn held_bytes(&self, conn: ConnId) -> u64 {
        let held = self.held.iter().filter(|(of, _)| *of == conn);
        held.map(|(_, bytes)| bytes.len() as u64).fold(0, u64::saturating_add)
    }
}

impl Falls {
    /// A connection is gone, and with it what it sent.
    pub(super) fn forget(&mut self, conn: ConnId) {
        self.reset.remove(&conn);
        self.held.retain(|(of, _)| *of != conn);
    }
}

impl<S: Service> Node<S> {
    /// Whether the program has ended by a fault: its shell is to end too, and takes no connection any more.
    pub fn is_dead(&self) -> bool {
        self.falls.is_dead
    }

    pub(super) fn is_hung(&self) -> bool {
        self.falls.is_hung
    }

    /// Whether the node serves a frame rather than fall over it.
    pub(super) fn outlives(&mut self, conn: ConnId, frame: &Frame, now: Now) -> bool {
        match self.rules.process(Fate::Serve, |rules, right| rules.fate(right, conn, frame)) {
            Fate::Serve => return true,
            Fate::Close => self.end(conn, |endpoint| endpoint.close(CloseReason::Fault, now.elapsed)),
            Fate::Reset => {
                self.falls.reset.insert(conn);
                self.end(conn, |endpoint| endpoint.abort(CloseReason::Fault));
            }
            Fate::Hang => self.falls.is_hung = true,
            Fate::Die => {
                self.falls.is_dead = true;
                let all: Vec<_> = self.connections.keys().copied().collect();
                for conn in all {
                    self.end(conn, |endpoint| endpoint.abort(CloseReason::Fault));
                }
            }
        }
        false
    }

    /// Looks at what came unless the node hangs, as soon as the connection has not to wait.
    pub(super) fn take_or_wait(&mut self, conn: ConnId, bytes: &[u8], now: Now) {
        if self.falls.is_hung {
            if let Some(connection) = self.connections.get_mut(&conn) {
                connection.endpoint.disregard(bytes.len());
            }
            return;
        }
        if self.connections.contains_key(&conn) {
            self.falls.held.push_back((conn, bytes.to_vec()));
        }
        self.catch_up(now);
    }

    /// Takes in what has waited, as far as it has not to wait any longer.
    pub(super) fn catch_up(&mut self, now: Now) {
        while let Some(at) = self.first_free() {
            if let Some((conn, bytes)) = self.falls.held.remove(at) {
                self.take(conn, &bytes, now);
            }
        }
    }

    fn first_free(&mut self) -> Option<usize> {
        let conns: Vec<ConnId> = self.falls.held.iter().map(|(conn, _)| *conn).collect();
        conns.into_iter().position(|conn| !self.has_to_wait(conn))
    }

    /// Sets memory aside for what a connection has announced, which only a fault wants.
    pub(super) fn reserve(&mut self, conn: ConnId) {
        let Some(connection) = self.connections.get_mut(&conn).filter(|_| !self.rules.is_clean()) else {
            return;
        };
        let announced = connection.endpoint.announced();
        let bytes = self.rules.process(0, |rules, right| rules.reserved(right, announced));
        connection.endpoint.reserve(bytes);
    }

    fn has_to_wait(&mut self, conn: ConnId) -> bool {
        let unsent: Vec<usize> =
            self.connections.values().map(|connection| connection.endpoint.queued()).collect();
        let is_stuck = |bytes| self.rules.process(false, |rules, right| rules.waits_for_reader(right, bytes));
        if unsent.into_iter().any(is_stuck) {
            return true;
        }
        let begun = self.connections.iter().filter(|(_, connection)| connection.endpoint.is_amid_handshake());
        let begun: Vec<ConnId> = begun.map(|(other, _)| *other).filter(|other| *other != conn).collect();
        begun
            .into_iter()
            .any(|other| self.rules.process(false, |rules, right| rules.waits_for(right, conn, other)))
    }
}
