//! The tokio shell over real loopback sockets. Waiting is for events, with a bound.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "support/client.rs"]
mod client;
#[path = "support/greeter.rs"]
mod greeter;

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use client::Client;
use greeter::{BLOCK, Greeter, LEAVE};
use sv2_reference_pool::clock::{Clock, NotManualError};
use sv2_reference_pool::endpoint::{CloseReason, Deadlines, Limits};
use sv2_reference_pool::node::{Node, NodeConfig};
use sv2_reference_pool::server::{Ended, Server, ServerError, ServerHandle};
use sv2_reference_pool::service::{Control, Finding};
use sv2_wire::url::{Security, Sv2Url};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

const ANY_PORT: &str = "127.0.0.1:0";

async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("it takes too long")
}

async fn start(config: NodeConfig, clock: Clock) -> (ServerHandle, JoinHandle<Ended>) {
    let node = Node::new(config, Greeter::default());
    let (handle, server) = Server::bind(ANY_PORT, node, clock).await.unwrap();
    (handle, tokio::spawn(server.run()))
}

async fn start_manual(config: NodeConfig) -> (ServerHandle, JoinHandle<Ended>) {
    start(config, Clock::manual(1_750_000_000)).await
}

/// A client with a socket.
struct Dialled {
    stream: TcpStream,
    client: Client,
    written: u64,
}

impl Dialled {
    /// By the URL, the handshake done and the certificate verified.
    async fn new(handle: &ServerHandle) -> Self {
        let url: Sv2Url = handle.url().parse().unwrap();
        let stream = soon(TcpStream::connect(url.address())).await.unwrap();
        let Security::Authority(authority) = url.security() else {
            return Self { stream, client: Client::plain(), written: 0 };
        };
        let mut dialled = Self { stream, client: Client::noise(3), written: 0 };
        let opening = dialled.client.opening.clone();
        dialled.write(&opening).await;
        let identity = loop {
            if let Some(identity) = dialled.read().await.unwrap() {
                break identity;
            }
        };
        identity.verify(&authority, 1_750_000_000, 0).unwrap();
        dialled
    }

    fn address(&self) -> SocketAddr {
        self.stream.local_addr().unwrap()
    }

    fn seen(&self) -> (SocketAddr, u64) {
        (self.address(), self.written)
    }

    async fn write(&mut self, bytes: &[u8]) {
        soon(self.stream.write_all(bytes)).await.unwrap();
        self.written += bytes.len() as u64;
    }

    async fn greet(&mut self, flags: u32) {
        let bytes = self.client.setup(flags);
        self.write(&bytes).await;
    }

    /// One read; `None` at the end of the stream.
    async fn read(&mut self) -> Option<Option<Box<sv2_wire::noise::ServerIdentity>>> {
        let mut buffer = [0; 4096];
        let count = soon(self.stream.read(&mut buffer)).await.unwrap();
        (count > 0).then(|| self.client.receive(&buffer[..count]))
    }

    async fn answers(&mut self, count: usize) -> Vec<(u16, u32)> {
        while self.client.frames.len() < count {
            self.read().await.expect("the server closed the connection");
        }
        self.client.answers()
    }

    async fn end(&mut self) {
        while self.read().await.is_some() {}
    }
}

async fn until_open(handle: &ServerHandle, open: u64) {
    soon(async {
        while handle.statistics().await.unwrap().open != open {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn two_clients_are_served_over_noise_and_plaintext() {
    for config in [NodeConfig::seeded(1), NodeConfig::plain()] {
        let (handle, running) = start_manual(config).await;
        assert_ne!(handle.local_addr().port(), 0);
        let (mut first, mut second) = (Dialled::new(&handle).await, Dialled::new(&handle).await);
        second.greet(2).await;
        first.greet(1).await;
        assert_eq!(first.answers(1).await, [(2, 1)]);
        assert_eq!(second.answers(1).await, [(2, 2)]);
        let statistics = soon(handle.statistics()).await.unwrap();
        assert_eq!((statistics.connections, statistics.established, statistics.open), (2, 2, 2));
        assert_eq!(statistics.bytes_in, first.written + second.written);
        drop((first, second));
        soon(handle.shutdown()).await.unwrap();
        soon(running).await.unwrap();
    }
}

#[tokio::test]
async fn a_control_comes_behind_everything_that_was_written_before() {
    let (handle, _running) = start_manual(NodeConfig::plain()).await;
    for round in 0..20 {
        let (mut first, mut second) = (Dialled::new(&handle).await, Dialled::new(&handle).await);
        let before = u32::try_from(handle.statistics().await.unwrap().frames_in).unwrap();
        for flags in 0..10 {
            first.greet(flags).await;
            second.greet(flags).await;
        }
        soon(handle.control(Control::Block, vec![first.seen(), second.seen()])).await.unwrap();
        for client in [&mut first, &mut second] {
            let answers = client.answers(11).await;
            let mut expected: Vec<_> = (0..10).map(|flags| (2, flags)).collect();
            expected.push((BLOCK, before + 20));
            assert_eq!(answers, expected, "round {round}");
        }
    }
}

#[tokio::test]
async fn a_control_waits_for_bytes_that_are_not_there_yet() {
    let (handle, _running) = start_manual(NodeConfig::plain()).await;
    let mut client = Dialled::new(&handle).await;
    let bytes = client.client.setup(1);
    let (early, late) = bytes.split_at(10);
    client.write(early).await;
    let seen = vec![(client.address(), bytes.len() as u64)];
    let control = handle.control(Control::Block, seen);
    tokio::pin!(control);
    // All that could be done without the rest is done once this is answered.
    soon(async {
        tokio::select! {
            biased;
            _ = &mut control => panic!("it did not wait"),
            reached = handle.barrier(vec![client.seen()]) => reached.unwrap(),
        }
    })
    .await;
    assert_eq!(soon(handle.statistics()).await.unwrap().frames_out, 0);
    client.write(late).await;
    soon(control).await.unwrap();
    assert_eq!(client.answers(2).await, [(2, 1), (BLOCK, 1)]);
}

#[tokio::test]
async fn a_control_that_nobody_waits_for_is_not_performed() {
    let (handle, _running) = start_manual(NodeConfig::plain()).await;
    let mut client = Dialled::new(&handle).await;
    let seen = vec![(client.address(), 1)];
    {
        let control = handle.control(Control::Block, seen);
        tokio::pin!(control);
        tokio::select! {
            biased;
            _ = &mut control => panic!("it did not wait"),
            statistics = handle.statistics() => assert_eq!(statistics.unwrap().bytes_in, 0),
        }
    }
    client.greet(1).await;
    soon(handle.barrier(vec![client.seen()])).await.unwrap();
    client.greet(2).await;
    assert_eq!(client.answers(2).await, [(2, 1), (2, 2)]);
}

#[tokio::test]
async fn a_closed_connection_counts_as_done() {
    let (handle, _running) = start_manual(NodeConfig::plain()).await;
    let mut client = Dialled::new(&handle).await;
    client.greet(LEAVE).await;
    client.end().await;
    assert_eq!(client.client.answers(), [(2, LEAVE)]);
    let (address, written) = client.seen();
    soon(handle.barrier(vec![(address, written + 1000)])).await.unwrap();
}

#[tokio::test]
async fn half_close_gets_its_answers_and_then_the_end() {
    for config in [NodeConfig::seeded(1), NodeConfig::plain()] {
        let (handle, _running) = start_manual(config).await;
        let mut client = Dialled::new(&handle).await;
        for flags in 0..100 {
            client.greet(flags).await;
        }
        soon(client.stream.shutdown()).await.unwrap();
        client.end().await;
        let expected: Vec<_> = (0..100).map(|flags| (2, flags)).collect();
        assert_eq!(client.client.answers(), expected);
        until_open(&handle, 0).await;
        let closed = soon(handle.statistics()).await.unwrap().closed;
        assert_eq!(closed.into_iter().collect::<Vec<_>>(), [(CloseReason::PeerFinished, 1)]);
    }
}

#[tokio::test]
async fn the_last_answer_survives_bytes_that_nobody_reads() {
    let (handle, _running) = start_manual(NodeConfig::plain()).await;
    let mut client = Dialled::new(&handle).await;
    client.greet(LEAVE).await;
    // What comes behind the close must not make the kernel reset the connection.
    let behind: Vec<u8> = (0..1000).flat_map(|flags| client.client.setup(flags)).collect();
    client.write(&behind).await;
    client.end().await;
    assert_eq!(client.client.answers(), [(2, LEAVE)]);
    // Had it been reset, the second write at the latest would fail.
    for _ in 0..10 {
        client.write(&behind).await;
    }
}

#[tokio::test]
async fn a_client_that_never_reads_is_closed_and_blocks_nobody() {
    let limits = Limits { max_send_queue: 100_000, ..Limits::default() };
    let (handle, _running) = start_manual(NodeConfig { limits, ..NodeConfig::plain() }).await;
    let mut stalled = Dialled::new(&handle).await;
    let chunk: Vec<u8> = (0..1000).flat_map(|flags| stalled.client.setup(flags)).collect();
    // Until the kernel's own buffers are full and the bound is reached, which the reset tells.
    soon(async {
        while stalled.stream.write_all(&chunk).await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let mut other = Dialled::new(&handle).await;
    other.greet(7).await;
    assert_eq!(other.answers(1).await, [(2, 7)]);
    let statistics = soon(handle.statistics()).await.unwrap();
    assert_eq!(statistics.closed.get(&CloseReason::SendQueue), Some(&1));
    assert_eq!(statistics.open, 1);
}

#[tokio::test]
async fn manual_time_moves_only_by_hand() {
    let idle = Some(Duration::from_millis(1));
    let deadlines = Deadlines { idle, ..Deadlines::NONE };
    let (handle, _running) = start_manual(NodeConfig { deadlines, ..NodeConfig::plain() }).await;
    let mut client = Dialled::new(&handle).await;
    client.greet(1).await;
    client.answers(1).await;
    soon(handle.advance(Duration::from_micros(999))).await.unwrap();
    client.greet(2).await;
    assert_eq!(client.answers(2).await, [(2, 1), (2, 2)]);
    soon(handle.advance(Duration::from_millis(1))).await.unwrap();
    client.end().await;
    let closed = soon(handle.statistics()).await.unwrap().closed;
    assert_eq!(closed.get(&CloseReason::IdleDeadline), Some(&1));
}

#[tokio::test]
async fn the_system_clock_lets_deadlines_pass_by_itself() {
    let handshake = Some(Duration::from_millis(20));
    let deadlines = Deadlines { handshake, ..Deadlines::NONE };
    let (handle, _running) = start(NodeConfig { deadlines, ..NodeConfig::seeded(1) }, Clock::system()).await;
    let mut silent = TcpStream::connect(handle.local_addr()).await.unwrap();
    assert_eq!(soon(silent.read(&mut [0; 1])).await.unwrap(), 0);
    let closed = soon(handle.statistics()).await.unwrap().closed;
    assert_eq!(closed.get(&CloseReason::HandshakeDeadline), Some(&1));
    let refused = soon(handle.advance(Duration::from_secs(1))).await;
    assert_eq!(refused, Err(ServerError::Clock(NotManualError)));
}

#[tokio::test]
async fn a_reset_is_noticed_and_survived() {
    let (handle, _running) = start_manual(NodeConfig::plain()).await;
    let mut client = Dialled::new(&handle).await;
    client.greet(1).await;
    soon(handle.barrier(vec![client.seen()])).await.unwrap();
    // Dropping a socket with unread bytes resets the connection.
    soon(client.stream.readable()).await.unwrap();
    drop(client);
    until_open(&handle, 0).await;
    let mut other = Dialled::new(&handle).await;
    other.greet(7).await;
    assert_eq!(other.answers(1).await, [(2, 7)]);
}

#[tokio::test]
async fn shutdown_closes_clients_and_frees_the_port() {
    let (handle, running) = start_manual(NodeConfig::seeded(1)).await;
    let mut client = Dialled::new(&handle).await;
    client.greet(1).await;
    soon(handle.barrier(vec![client.seen()])).await.unwrap();
    let ending = tokio::spawn({
        let handle = handle.clone();
        async move { handle.shutdown().await }
    });
    client.end().await;
    assert_eq!(client.client.answers(), [(2, 1)]);
    drop(client);
    soon(ending).await.unwrap().unwrap();
    soon(running).await.unwrap();
    assert_eq!(soon(handle.control(Control::Block, Vec::new())).await, Err(ServerError::Gone));
    assert_eq!(soon(handle.shutdown()).await, Err(ServerError::Gone));
    let refused = TcpStream::connect(handle.local_addr()).await.unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn an_address_in_use_is_an_error_and_a_dropped_server_is_gone() {
    let taken = TcpListener::bind(ANY_PORT).await.unwrap();
    let node = || Node::new(NodeConfig::plain(), Greeter::default());
    let error = Server::bind(taken.local_addr().unwrap(), node(), Clock::system()).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
    let (handle, running) = start_manual(NodeConfig::plain()).await;
    running.abort();
    assert!(soon(running).await.unwrap_err().is_cancelled());
    assert_eq!(soon(handle.statistics()).await, Err(ServerError::Gone));
    assert_eq!(soon(handle.report()).await, Err(ServerError::Gone));
    assert_eq!(soon(handle.take_findings()).await, Err(ServerError::Gone));
}

#[tokio::test]
async fn reports_and_findings_of_the_service_come_through_the_handle() {
    let block = bitcoin::constants::genesis_block(bitcoin::Network::Bitcoin);
    let finding = Finding::Block(Box::new(block));
    let greeter = Greeter { found: vec![finding.clone()], ..Greeter::default() };
    let node = Node::new(NodeConfig::plain(), greeter);
    let (handle, server) = Server::bind(ANY_PORT, node, Clock::manual(0)).await.unwrap();
    let running = tokio::spawn(server.run());
    let mut client = Dialled::new(&handle).await;
    client.greet(0).await;
    client.answers(1).await;
    let report = soon(handle.report()).await.unwrap();
    assert_eq!((&report["service"]["greeted"], &report["node"]["frames_out"]), (&1.into(), &1.into()));
    assert_eq!(soon(handle.take_findings()).await.unwrap(), [finding]);
    assert!(soon(handle.take_findings()).await.unwrap().is_empty());
    soon(handle.shutdown()).await.unwrap();
    soon(running).await.unwrap();
}
