//! What runs for one socket: bytes are moved between it and the driver's channels, nothing else.

use crate::runner::Connection;
use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, watch};

/// How long TCP may take to connect before nobody waits for it any more; the conversation has a bound of its own.
const CONNECT_BOUND: Duration = Duration::from_secs(60);

pub(super) enum Write {
    Bytes(Vec<u8>),
    Finish,
    Reset,
}

pub(super) enum SocketEvent {
    Connected(TcpStream),
    /// Connected and reset, before this side had seen the first.
    ConnectedAndReset,
    Refused(String),
    /// No word of the peer: there is no socket left here, no such host, no way to it.
    Impossible(String),
    Bytes(Vec<u8>),
    Finished,
    Reset,
}

pub(super) async fn connect(
    connection: Connection,
    address: String,
    sender: mpsc::Sender<(Connection, SocketEvent)>,
) {
    let Ok(connected) = tokio::time::timeout(CONNECT_BOUND, TcpStream::connect(&address)).await else {
        return;
    };
    let event = match connected {
        Ok(stream) => SocketEvent::Connected(stream),
        Err(error) => match error.kind() {
            ErrorKind::ConnectionRefused => SocketEvent::Refused(error.to_string()),
            ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => SocketEvent::ConnectedAndReset,
            // The system gave up; so will the conversation.
            ErrorKind::TimedOut => return,
            _ => SocketEvent::Impossible(error.to_string()),
        },
    };
    let _ = sender.send((connection, event)).await;
}

pub(super) async fn read(
    connection: Connection,
    mut reader: OwnedReadHalf,
    mut gate: watch::Receiver<bool>,
    is_reset: Arc<AtomicBool>,
    sender: mpsc::Sender<(Connection, SocketEvent)>,
) {
    let mut buffer = vec![0; 65536];
    loop {
        // Without the socket, nobody will ever want what comes.
        if gate.wait_for(|is_open| *is_open).await.is_err() {
            return;
        }
        let read = tokio::select! {
            biased;
            Ok(()) = gate.changed() => continue,
            read = reader.read(&mut buffer) => read,
        };
        let event = match read {
            // The system tells of a reset once, and then as if of an orderly end.
            Ok(0) if is_reset.load(Ordering::Relaxed) => SocketEvent::Reset,
            Ok(0) => SocketEvent::Finished,
            Ok(count) => SocketEvent::Bytes(buffer[..count].to_vec()),
            Err(_) => SocketEvent::Reset,
        };
        let is_last = !matches!(event, SocketEvent::Bytes(_));
        if sender.send((connection, event)).await.is_err() || is_last {
            return;
        }
    }
}

pub(super) async fn write_all(
    mut writer: OwnedWriteHalf,
    mut writes: mpsc::UnboundedReceiver<Write>,
    is_reset: Arc<AtomicBool>,
) {
    while let Some(write) = writes.recv().await {
        let done = match write {
            Write::Bytes(bytes) => writer.write_all(&bytes).await,
            Write::Finish => writer.shutdown().await,
            Write::Reset => {
                // Dropped without its orderly end, so that nothing but the reset goes out once the reader is gone too.
                let _ = writer.as_ref().set_zero_linger();
                writer.forget();
                return;
            }
        };
        if let Err(error) = done {
            is_reset.fetch_or(error.kind() == ErrorKind::ConnectionReset, Ordering::Relaxed);
            return;
        }
    }
}
