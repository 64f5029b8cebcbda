//! Drives a scenario over TCP: the one place with sockets and timers.

mod socket;

use crate::exec;
use crate::holdings;
use crate::profile::Controls;
use crate::runner::{Connection, Control, Holdings, Input, Now, Output, Plan, Runner};
use crate::target::{EMBEDDED_START, Target, embedded_control, faulty_pool};
use crate::verdict::{Outcome, Verdict};
use socket::{SocketEvent, Write, connect, read, write_all};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use sv2_reference_pool::clock::Clock;
use sv2_reference_pool::server::{Given, Seen, Server, ServerError, ServerHandle};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::Instant;

/// How long a control request, and the bytes that it causes, may take.
const CONTROL_BOUND: Duration = Duration::from_secs(30);
/// How long the embedded pool may take to notice that connections have ended, and how often it is asked.
const ENDS_BOUND: Duration = Duration::from_secs(5);
const ENDS_INTERVAL: Duration = Duration::from_millis(2);
/// How long the last bytes of a scenario may take to go out.
const FINISH_BOUND: Duration = Duration::from_secs(1);
/// Events of sockets that wait to be looked at; each holds at most 64 KiB. More stays with the system, and so with the peer.
const EVENTS: usize = 64;

/// Plays a scenario against a target to its end. Must run on a tokio runtime with one thread.
pub async fn play(plan: Plan, target: &Target) -> Outcome {
    let (id, title, seed) = (plan.scenario.id.clone(), plan.scenario.title().to_owned(), plan.seed);
    let failed = |reason: String| Outcome::unplayed(&id, &title, seed, Verdict::Error, &reason);
    match target {
        Target::Embedded => {
            let node = match faulty_pool(&plan.scenario, plan.seed, &plan.profile.faults) {
                Ok(node) => node,
                Err(problem) => return failed(problem),
            };
            let clock = Clock::manual(EMBEDDED_START);
            let (handle, server) = match Server::bind("127.0.0.1:0", node, clock).await {
                Ok(bound) => bound,
                Err(error) => return failed(format!("the embedded pool cannot listen: {error}")),
            };
            let address = handle.local_addr().to_string();
            let serving = tokio::spawn(server.run());
            let outcome = Driver::new(address, Steering::Pool(handle)).play(plan).await;
            serving.abort();
            outcome
        }
        Target::Foreign { url, templates } => {
            let controls = plan.profile.controls.clone();
            let steering = Steering::Foreign { controls, templates: templates.clone() };
            Driver::new(url.address(), steering).play(plan).await
        }
    }
}

/// Who carries out control requests.
enum Steering {
    /// The embedded pool.
    Pool(ServerHandle),
    /// The commands of the target's profile, and for what has none our template provider, if the target listens to it.
    Foreign {
        /// The commands.
        controls: Controls,
        /// The provider.
        templates: Option<ServerHandle>,
    },
}

struct Driver {
    address: String,
    steering: Steering,
    started: Instant,
    pool_elapsed: Duration,
    process: Option<u32>,
    sockets: BTreeMap<Connection, Socket>,
    writers: Vec<JoinHandle<()>>,
    events: mpsc::Receiver<(Connection, SocketEvent)>,
    sender: mpsc::Sender<(Connection, SocketEvent)>,
}

struct Socket {
    local: SocketAddr,
    writer: mpsc::UnboundedSender<Write>,
    reader: AbortHandle,
    /// Whether the reader reads.
    gate: watch::Sender<bool>,
    sent: u64,
    received: u64,
    is_closed: bool,
}

impl Driver {
    fn new(address: String, steering: Steering) -> Self {
        let (sender, events) = mpsc::channel(EVENTS);
        let (started, pool_elapsed) = (Instant::now(), Duration::ZERO);
        let (sockets, writers) = (BTreeMap::new(), Vec::new());
        let process = None;
        Self { address, steering, started, pool_elapsed, process, sockets, writers, events, sender }
    }

    async fn play(mut self, plan: Plan) -> Outcome {
        self.process = plan.peer.process;
        let mut runner = Runner::new(plan, self.now());
        loop {
            while let Some(output) = runner.poll() {
                self.carry(output, &mut runner).await;
            }
            if let Some(outcome) = runner.outcome() {
                self.finish().await;
                return outcome;
            }
            let wake_at = runner.wake_at().map_or(CONTROL_BOUND, |wake_at| wake_at);
            tokio::select! {
                biased;
                Some((connection, event)) = self.events.recv() => self.feed(connection, event, &mut runner),
                () = tokio::time::sleep_until(self.started + wake_at) => self.tick(&mut runner).await,
            }
        }
    }

    /// The time of a deadline has come. What the system holds by now came before it: while this program did not run, nobody has
    /// read, and that is no silence of the peer.
    async fn tick(&mut self, runner: &mut Runner) {
        tokio::task::yield_now().await;
        match self.events.try_recv() {
            Ok((connection, event)) => self.feed(connection, event, runner),
            Err(_) => runner.handle(Input::Tick, self.now()),
        }
    }

    /// Lets what was written go out, and the ends of connections too.
    async fn finish(mut self) {
        self.sockets.clear();
        let all_written = async {
            for writer in self.writers {
                let _ = writer.await;
            }
        };
        // A peer that does not read any more is not waited for.
        let _ = tokio::time::timeout(FINISH_BOUND, all_written).await;
    }

    fn now(&self) -> Now {
        let unix = match self.steering {
            Steering::Pool(_) => {
                let seconds = u32::try_from(self.pool_elapsed.as_secs()).unwrap_or(u32::MAX);
                EMBEDDED_START.saturating_add(seconds)
            }
            Steering::Foreign { .. } => unix_now(),
        };
        Now { elapsed: self.started.elapsed(), unix }
    }

    async fn carry(&mut self, output: Output, runner: &mut Runner) {
        match output {
            Output::Connect(connection) => {
                tokio::spawn(connect(connection, self.address.clone(), self.sender.clone()));
            }
            Output::Send(connection, bytes) => {
                if let Some(socket) = self.sockets.get_mut(&connection) {
                    socket.sent += bytes.len() as u64;
                    // A writer that is gone has told so by an event of its own.
                    let _ = socket.writer.send(Write::Bytes(bytes));
                }
            }
            Output::StopReading(connection) => self.open_gate(connection, false),
            Output::ReadAgain(connection) => self.open_gate(connection, true),
            Output::Finish(connection) => self.write(connection, Write::Finish),
            Output::Close(connection) => {
                self.sockets.remove(&connection);
            }
            Output::Reset(connection) => {
                if let Some(socket) = self.sockets.remove(&connection) {
                    let _ = socket.writer.send(Write::Reset);
                    socket.reader.abort();
                }
            }
            Output::Control(Control::Measure) => {
                let bounded = tokio::time::timeout(CONTROL_BOUND, self.measure(runner)).await;
                let holdings = bounded.unwrap_or_default();
                runner.handle(Input::Measured(holdings), self.now());
                runner.handle(Input::ControlDone(Ok(())), self.now());
            }
            Output::Control(control) => {
                let bound = match control {
                    Control::Elapse(duration) => CONTROL_BOUND.saturating_add(duration),
                    _ => CONTROL_BOUND,
                };
                let bounded = tokio::time::timeout(bound, self.steer(control, runner));
                let result =
                    bounded.await.unwrap_or_else(|_| Err("the target could not be steered in time".into()));
                runner.handle(Input::ControlDone(result), self.now());
            }
        }
    }

    fn write(&self, connection: Connection, write: Write) {
        if let Some(socket) = self.sockets.get(&connection) {
            let _ = socket.writer.send(write);
        }
    }

    fn open_gate(&self, connection: Connection, is_open: bool) {
        if let Some(socket) = self.sockets.get(&connection) {
            socket.gate.send_replace(is_open);
        }
    }

    fn feed(&mut self, connection: Connection, event: SocketEvent, runner: &mut Runner) {
        let input = match event {
            SocketEvent::Connected(stream) => match self.adopt(connection, stream) {
                Ok(()) => Input::Connected(connection),
                Err(error) => Input::NoConnection(connection, error.to_string()),
            },
            SocketEvent::ConnectedAndReset => {
                runner.handle(Input::Connected(connection), self.now());
                Input::Reset(connection)
            }
            SocketEvent::Refused(reason) => Input::Refused(connection, reason),
            SocketEvent::Impossible(reason) => Input::NoConnection(connection, reason),
            other => {
                // What comes on a connection that the scenario has closed is nobody's business any more.
                let Some(socket) = self.sockets.get_mut(&connection) else { return };
                match other {
                    SocketEvent::Bytes(bytes) => {
                        socket.received += bytes.len() as u64;
                        Input::Bytes(connection, bytes)
                    }
                    SocketEvent::Finished => {
                        socket.is_closed = true;
                        Input::Finished(connection)
                    }
                    _ => {
                        socket.is_closed = true;
                        Input::Reset(connection)
                    }
                }
            }
        };
        runner.handle(input, self.now());
    }

    fn adopt(&mut self, connection: Connection, stream: TcpStream) -> std::io::Result<()> {
        // A socket that was reset by now may refuse; reading tells of the reset.
        let _ = stream.set_nodelay(true);
        let local = stream.local_addr()?;
        let (reader, writer) = stream.into_split();
        let (sender, writes) = mpsc::unbounded_channel();
        let (gate, is_open) = watch::channel(true);
        let is_reset = Arc::new(AtomicBool::new(false));
        let reading = read(connection, reader, is_open, Arc::clone(&is_reset), self.sender.clone());
        let reader = tokio::spawn(reading).abort_handle();
        self.writers.push(tokio::spawn(write_all(writer, writes, is_reset)));
        let socket = Socket { local, writer: sender, reader, gate, sent: 0, received: 0, is_closed: false };
        self.sockets.insert(connection, socket);
        Ok(())
    }

    /// What the target holds. The embedded pool is asked once it has noticed which connections have ended.
    async fn measure(&mut self, runner: &mut Runner) -> Holdings {
        let Steering::Pool(pool) = &self.steering else {
            let memory = self.process.and_then(holdings::of_group);
            return Holdings { memory, ..Holdings::default() };
        };
        let pool = pool.clone();
        if self.steer(Control::Barrier, runner).await.is_err() {
            return Holdings::default();
        }
        let open = self.sockets.values().filter(|socket| !socket.is_closed).count() as u64;
        let started = Instant::now();
        loop {
            let (Ok(node), Ok(report)) = (pool.statistics().await, pool.report().await) else {
                return Holdings::default();
            };
            if node.open <= open || started.elapsed() >= ENDS_BOUND {
                let service = report.get("service").cloned().unwrap_or_default();
                return holdings::holdings(&node, &service);
            }
            tokio::time::sleep(ENDS_INTERVAL).await;
        }
    }

    /// Carries out a control request. On the embedded pool all that it causes has come before this returns.
    async fn steer(&mut self, control: Control, runner: &mut Runner) -> Result<(), String> {
        match (&self.steering, embedded_control(&control)) {
            (Steering::Pool(pool), trigger) => {
                let pool = pool.clone();
                let seen: Seen = self.sockets.values().map(|socket| (socket.local, socket.sent)).collect();
                let given = match (trigger, control) {
                    (Some(trigger), _) => pool.control(trigger, seen).await,
                    (None, Control::Elapse(duration)) => {
                        let moved = elapse(&pool, duration, seen).await;
                        self.pool_elapsed += if moved.is_ok() { duration } else { Duration::ZERO };
                        moved
                    }
                    (None, _) => pool.barrier(seen).await,
                };
                let given = match given {
                    Ok(given) => given,
                    // A pool that has ended, by a fault, gives nothing any more: what is left is to see its connections end.
                    Err(ServerError::Gone) => Given::new(),
                    Err(error) => return Err(error.to_string()),
                };
                self.catch_up(&given, runner).await;
                Ok(())
            }
            (Steering::Foreign { controls, templates }, Some(trigger)) => {
                let line = match control {
                    Control::Block => controls.block.clone(),
                    Control::Template => controls.template.clone(),
                    _ => None,
                };
                if let Some(line) = line {
                    // On a thread of its own, since it waits.
                    let ended =
                        tokio::task::spawn_blocking(move || exec::command(&line, CONTROL_BOUND)).await;
                    return ended.map_err(|error| error.to_string())?;
                }
                let templates = templates.as_ref().ok_or("nothing here can steer the target so")?;
                templates.control(trigger, Vec::new()).await.map(|_| ()).map_err(|error| error.to_string())
            }
            (Steering::Foreign { .. }, None) => match control {
                Control::Elapse(duration) => {
                    self.wait(duration, runner).await;
                    Ok(())
                }
                _ => Err("nothing here can steer the target so".to_owned()),
            },
        }
    }

    /// Lets time pass. What comes meanwhile is taken in, so that it does not look to the peer as if nobody read.
    async fn wait(&mut self, duration: Duration, runner: &mut Runner) {
        let over = tokio::time::sleep(duration);
        tokio::pin!(over);
        loop {
            tokio::select! {
                () = &mut over => return,
                Some((connection, event)) = self.events.recv() => self.feed(connection, event, runner),
            }
        }
    }

    /// Reads until everything that the pool has given out is here: its bytes on open connections, the end of others.
    /// What is not read is not waited for.
    async fn catch_up(&mut self, given: &Given, runner: &mut Runner) {
        let given: BTreeMap<SocketAddr, u64> = given.iter().copied().collect();
        loop {
            let behind: BTreeSet<SocketAddr> = self
                .sockets
                .values()
                .filter(|socket| !socket.is_closed && *socket.gate.borrow())
                .filter(|socket| given.get(&socket.local).is_none_or(|bytes| socket.received < *bytes))
                .map(|socket| socket.local)
                .collect();
            if behind.is_empty() {
                return;
            }
            match self.events.recv().await {
                Some((connection, event)) => self.feed(connection, event, runner),
                None => return,
            }
        }
    }
}

/// Moves the pool's clock once it has consumed what it was sent, and waits until what follows stands in its queues.
async fn elapse(pool: &ServerHandle, duration: Duration, seen: Seen) -> Result<Given, ServerError> {
    pool.barrier(seen.clone()).await?;
    pool.advance(duration).await?;
    pool.barrier(seen).await
}

fn unix_now() -> u32 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u32::try_from(since.as_secs()).unwrap_or(u32::MAX)
}
