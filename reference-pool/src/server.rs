//! The tokio shell around a node: sockets and timers, nothing else.
//!
//! One future owns the [`Node`]. Each socket has a task of its own that moves bytes and talks to that future by channels:
//! a bounded one for what comes in, so that a busy node slows the peers down, and one per connection for what goes out,
//! bounded in bytes by the node's own limit. No peer can make the future wait.

mod connection;
mod handle;

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::json;
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep_until, timeout};

pub use handle::{Given, Seen, ServerError, ServerHandle};

use connection::{Chunk, SocketEvent, accept_all, serve};
use handle::Request;

use crate::clock::Clock;
use crate::node::{Node, Output, Statistics};
use crate::service::{ConnId, Control, Service};

/// Events that wait for the node at most; each holds at most 16 KiB.
const EVENTS: usize = 256;
/// Requests that wait for the node at most.
const REQUESTS: usize = 64;
/// Events that are taken in before the answers go out, so that small answers share a write.
const BATCH: usize = 64;
/// Addresses of closed connections that a barrier still knows.
const REMEMBERED: usize = 65536;
/// How long a shutdown waits for the peers.
const SHUTDOWN: Duration = Duration::from_secs(1);

/// A node that listens. It works while [`Server::run`] is polled.
#[derive(Debug)]
pub struct Server<S> {
    node: Node<S>,
    clock: Clock,
    events: mpsc::Receiver<SocketEvent>,
    requests: mpsc::Receiver<Request>,
    /// Kept so that the channels stay open, however many tasks and handles there are.
    senders: (mpsc::Sender<SocketEvent>, mpsc::Sender<Request>),
    sockets: BTreeMap<ConnId, Socket>,
    peers: Peers,
    waiting: Vec<Waiting>,
    tasks: JoinSet<()>,
    accepting: AbortHandle,
    is_ending: bool,
    failed_accepts: u64,
}

/// Why a server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was asked to.
    Shutdown,
    /// By a fault, as a program that crashes: a program around it is to do the same.
    Died,
}

#[derive(Debug)]
struct Socket {
    peer: SocketAddr,
    chunks: mpsc::UnboundedSender<Chunk>,
    unwritten: usize,
    given: u64,
    task: AbortHandle,
}

/// A barrier that is not reached yet.
#[derive(Debug)]
struct Waiting {
    control: Option<Control>,
    seen: Seen,
    reply: oneshot::Sender<Given>,
}

impl<S: Service> Server<S> {
    /// Listens on `address`, port 0 for any free one. Clients can connect from now on; they are served by
    /// [`run`](Self::run). Must be called within a tokio runtime of either kind.
    ///
    /// # Errors
    /// The address cannot be bound.
    pub async fn bind(
        address: impl ToSocketAddrs,
        node: Node<S>,
        clock: Clock,
    ) -> io::Result<(ServerHandle, Self)> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let url = node.config().transport.url(address).map_err(io::Error::other)?.to_string();
        let (event_sender, events) = mpsc::channel(EVENTS);
        let (request_sender, requests) = mpsc::channel(REQUESTS);
        let mut tasks = JoinSet::new();
        let accepting = tasks.spawn(accept_all(listener, event_sender.clone()));
        let handle = ServerHandle::new(address, url, request_sender.clone());
        let server = Self {
            node,
            clock,
            events,
            requests,
            senders: (event_sender, request_sender),
            sockets: BTreeMap::new(),
            peers: Peers::default(),
            waiting: Vec::new(),
            tasks,
            accepting,
            is_ending: false,
            failed_accepts: 0,
        };
        Ok((handle, server))
    }

    /// Serves until [`ServerHandle::shutdown`], or until a fault ends the program. Dropping the future closes everything
    /// at once.
    pub async fn run(mut self) -> Ended {
        let Some(replies) = self.serve_until_shutdown().await else {
            self.tasks.shutdown().await;
            return Ended::Died;
        };
        self.is_ending = true;
        self.accepting.abort();
        self.node.close_all(self.clock.now());
        self.flush();
        let _ = timeout(SHUTDOWN, self.drain()).await;
        self.tasks.shutdown().await;
        self.requests.close();
        drop(self);
        let _ = replies.send(());
        Ended::Shutdown
    }

    /// Who asked for the shutdown; nobody when a fault has ended the program.
    async fn serve_until_shutdown(&mut self) -> Option<oneshot::Sender<()>> {
        loop {
            let deadline = self.node.next_deadline().and_then(|elapsed| self.clock.instant_of(elapsed));
            tokio::select! {
                Some(event) = self.events.recv() => self.take_batch(event),
                Some(request) = self.requests.recv() => {
                    if let Some(reply) = self.take_request(request) {
                        return Some(reply);
                    }
                }
                () = sleep_until(deadline.map_or_else(Instant::now, Instant::from)), if deadline.is_some() => {
                    self.node.tick(self.clock.now());
                }
                Some(_) = self.tasks.join_next() => {}
            }
            self.flush();
            self.answer_barriers();
            if self.node.is_dead() {
                return None;
            }
        }
    }

    /// Waits until no socket is left.
    async fn drain(&mut self) {
        loop {
            tokio::select! {
                Some(event) = self.events.recv() => self.take_batch(event),
                joined = self.tasks.join_next() => {
                    if joined.is_none() {
                        return;
                    }
                }
            }
            self.flush();
        }
    }

    fn take_batch(&mut self, first: SocketEvent) {
        let mut next = Some(first);
        for _ in 0..BATCH {
            let Some(event) = next else { return };
            self.take_event(event);
            next = self.events.try_recv().ok();
        }
        if let Some(event) = next {
            self.take_event(event);
        }
    }

    fn take_event(&mut self, event: SocketEvent) {
        let now = self.clock.now();
        match event {
            SocketEvent::Accepted(stream, peer) => self.accepted(stream, peer),
            SocketEvent::AcceptFailed => self.failed_accepts += 1,
            SocketEvent::Received(conn, bytes) => self.node.received(conn, &bytes, now),
            SocketEvent::Finished(conn) => self.node.finished(conn, now),
            SocketEvent::Lost(conn) => {
                self.node.lost(conn);
                self.forget(conn);
            }
            SocketEvent::Written(conn, count) => {
                if let Some(socket) = self.sockets.get_mut(&conn) {
                    socket.unwritten = socket.unwritten.saturating_sub(count);
                }
                self.node.written(conn, count);
            }
        }
    }

    fn accepted(&mut self, stream: TcpStream, peer: SocketAddr) {
        if self.is_ending {
            return;
        }
        let conn = self.node.connected(self.clock.now());
        let (chunks, receiver) = mpsc::unbounded_channel();
        let task = self.tasks.spawn(serve(conn, stream, receiver, self.senders.0.clone()));
        self.peers.connected(peer, conn);
        self.sockets.insert(conn, Socket { peer, chunks, unwritten: 0, given: 0, task });
    }

    fn take_request(&mut self, request: Request) -> Option<oneshot::Sender<()>> {
        match request {
            Request::Control(control, seen, reply) => self.waiting.push(Waiting { control, seen, reply }),
            Request::Advance(by, reply) => {
                let moved = self.clock.advance(by).map(|now| self.node.tick(now));
                self.flush();
                // Who asked may have given up waiting.
                let _ = reply.send(moved);
            }
            Request::Statistics(reply) => {
                let _ = reply.send(self.statistics());
            }
            Request::Report(reply) => {
                let service = self.node.service().report();
                let _ = reply.send(json!({ "node": self.statistics().to_json(), "service": service }));
            }
            Request::TakeFindings(reply) => {
                let _ = reply.send(self.node.service_mut().take_findings());
            }
            Request::Shutdown(reply) => return Some(reply),
        }
        None
    }

    fn statistics(&self) -> Statistics {
        Statistics { failed_accepts: self.failed_accepts, ..self.node.statistics() }
    }

    /// Hands everything that the node has for the sockets over to them.
    fn flush(&mut self) {
        while let Some(output) = self.node.poll() {
            match output {
                Output::Send { conn, bytes } => {
                    if let Some(socket) = self.sockets.get_mut(&conn) {
                        socket.unwritten = socket.unwritten.saturating_add(bytes.len());
                        socket.given = socket.given.saturating_add(bytes.len() as u64);
                        // A task that is gone has told so: the event is under way.
                        let _ = socket.chunks.send(Chunk::Bytes(bytes));
                    }
                }
                Output::Close { conn } => self.forget(conn),
                Output::Reset { conn } => {
                    if let Some(socket) = self.sockets.remove(&conn) {
                        let _ = socket.chunks.send(Chunk::Reset);
                        self.peers.gone(socket.peer, conn);
                    }
                }
            }
        }
    }

    /// Closes the socket: in order if all is written, at once if the rest was given up.
    fn forget(&mut self, conn: ConnId) {
        let Some(socket) = self.sockets.remove(&conn) else { return };
        if socket.unwritten > 0 {
            socket.task.abort();
        }
        self.peers.gone(socket.peer, conn);
    }

    fn answer_barriers(&mut self) {
        self.waiting.retain(|waiting| !waiting.reply.is_closed());
        let is_reached = |waiting: &mut Waiting| self.peers.have_all(&waiting.seen, &self.node);
        let reached: Vec<_> = self.waiting.extract_if(.., is_reached).collect();
        for Waiting { control, reply, .. } in reached {
            if let Some(control) = control {
                self.node.control(control, self.clock.now());
                self.flush();
            }
            let _ = reply.send(self.given());
        }
    }

    fn given(&self) -> Given {
        let open = self.sockets.iter().filter(|(conn, _)| self.node.is_open(**conn));
        open.map(|(_, socket)| (socket.peer, socket.given)).collect()
    }
}

/// Clients by the address of their own sockets.
#[derive(Debug, Default)]
struct Peers {
    live: HashMap<SocketAddr, ConnId>,
    gone: HashSet<SocketAddr>,
    oldest: VecDeque<SocketAddr>,
}

impl Peers {
    fn connected(&mut self, peer: SocketAddr, conn: ConnId) {
        self.live.insert(peer, conn);
    }

    fn gone(&mut self, peer: SocketAddr, conn: ConnId) {
        // A client may have taken the same port again.
        if self.live.get(&peer) != Some(&conn) {
            return;
        }
        self.live.remove(&peer);
        if self.gone.insert(peer) {
            self.oldest.push_back(peer);
        }
        if self.oldest.len() > REMEMBERED {
            self.oldest.pop_front().map(|oldest| self.gone.remove(&oldest));
        }
    }

    fn have_all<S: Service>(&self, seen: &[(SocketAddr, u64)], node: &Node<S>) -> bool {
        seen.iter().all(|(peer, bytes)| match self.live.get(peer) {
            Some(&conn) => node.consumed(conn).is_none_or(|consumed| consumed >= *bytes),
            None => self.gone.contains(peer),
        })
    }
}
