//! What runs for one socket: bytes are moved between it and the server's channels, nothing else.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use crate::service::ConnId;

/// Bytes that one read takes at most.
const READ_LEN: usize = 16 << 10;
/// How long a socket that we closed is still read from, so that bytes under way do not make the kernel reset the
/// connection and destroy our last answers.
const LINGER: Duration = Duration::from_secs(1);
/// How long to wait after a failed accept. It fails for want of descriptors or memory, and at once again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What the sockets tell the server.
#[derive(Debug)]
pub(super) enum SocketEvent {
    Accepted(TcpStream, SocketAddr),
    AcceptFailed,
    Received(ConnId, Vec<u8>),
    Finished(ConnId),
    Lost(ConnId),
    Written(ConnId, usize),
}

/// What the server tells a socket.
#[derive(Debug)]
pub(super) enum Chunk {
    Bytes(Vec<u8>),
    /// Reset the connection; nothing follows.
    Reset,
}

/// Where connections come from.
pub(super) trait Accept {
    async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)>;
}

impl Accept for TcpListener {
    async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        Self::accept(self).await
    }
}

/// Accepts until the server is gone. A failure is reported and survived.
pub(super) async fn accept_all(mut listener: impl Accept, events: mpsc::Sender<SocketEvent>) {
    loop {
        let event = match listener.accept().await {
            Ok((stream, peer)) => SocketEvent::Accepted(stream, peer),
            Err(_) => SocketEvent::AcceptFailed,
        };
        let has_failed = matches!(event, SocketEvent::AcceptFailed);
        if events.send(event).await.is_err() {
            return;
        }
        if has_failed {
            sleep(ACCEPT_PAUSE).await;
        }
    }
}

/// Serves a socket until the server drops `chunks`; then, all written, it is closed in order.
pub(super) async fn serve(
    conn: ConnId,
    stream: TcpStream,
    chunks: mpsc::UnboundedReceiver<Chunk>,
    events: mpsc::Sender<SocketEvent>,
) {
    // Without it answers are late, not wrong.
    let _ = stream.set_nodelay(true);
    let (reader, writer) = stream.into_split();
    let read = read_all(conn, reader, &events);
    tokio::pin!(read);
    let write = write_all(conn, writer, chunks, &events);
    tokio::pin!(write);
    tokio::select! {
        () = &mut read => {
            write.await;
        }
        is_reset = &mut write => {
            if !is_reset {
                let _ = timeout(LINGER, read).await;
            }
        }
    }
}

async fn read_all(conn: ConnId, reader: OwnedReadHalf, events: &mpsc::Sender<SocketEvent>) {
    loop {
        let event = match read(&reader).await {
            Ok(bytes) if bytes.is_empty() => SocketEvent::Finished(conn),
            Ok(bytes) => SocketEvent::Received(conn, bytes),
            Err(_) => SocketEvent::Lost(conn),
        };
        let is_last = !matches!(event, SocketEvent::Received(..));
        if events.send(event).await.is_err() || is_last {
            return;
        }
    }
}

/// What came, or nothing at the end. A connection that is silent holds no buffer.
async fn read(reader: &OwnedReadHalf) -> io::Result<Vec<u8>> {
    loop {
        reader.readable().await?;
        let mut bytes = Vec::with_capacity(READ_LEN);
        match reader.try_read_buf(&mut bytes) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            read => return read.map(|_| bytes),
        }
    }
}

/// Writes until there is nothing more to come, and says whether the connection is to be reset.
async fn write_all(
    conn: ConnId,
    mut writer: OwnedWriteHalf,
    mut chunks: mpsc::UnboundedReceiver<Chunk>,
    events: &mpsc::Sender<SocketEvent>,
) -> bool {
    while let Some(chunk) = chunks.recv().await {
        let (mut batch, mut is_reset) = (Vec::new(), false);
        let mut next = Some(chunk);
        while let Some(chunk) = next {
            match chunk {
                Chunk::Bytes(bytes) if batch.is_empty() => batch = bytes,
                Chunk::Bytes(bytes) => batch.extend_from_slice(&bytes),
                Chunk::Reset => is_reset = true,
            }
            next = chunks.try_recv().ok();
        }
        if is_reset {
            let _ = writer.as_ref().set_zero_linger();
            // Dropped without its orderly end, so that nothing but the reset goes out.
            writer.forget();
            return true;
        }
        let mut rest = batch.as_slice();
        while !rest.is_empty() {
            let event = match writer.write(rest).await {
                Ok(count) if count > 0 => {
                    rest = rest.get(count..).unwrap_or_default();
                    SocketEvent::Written(conn, count)
                }
                _ => {
                    let _ = events.send(SocketEvent::Lost(conn)).await;
                    return false;
                }
            };
            if events.send(event).await.is_err() {
                return false;
            }
        }
    }
    let _ = writer.shutdown().await;
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails twice, then accepts.
    struct Exhausted(TcpListener, u32);

    impl Accept for Exhausted {
        async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
            if self.1 < 2 {
                self.1 += 1;
                return Err(io::Error::other("too many open files"));
            }
            self.0.accept().await
        }
    }

    #[tokio::test]
    async fn a_failing_accept_is_survived() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (sender, mut events) = mpsc::channel(4);
        let accepting = tokio::spawn(accept_all(Exhausted(listener, 0), sender));
        let mut seen = Vec::new();
        while seen.len() < 3 {
            seen.push(timeout(Duration::from_secs(10), events.recv()).await.unwrap().unwrap());
        }
        assert!(matches!(seen.as_slice(), [
            SocketEvent::AcceptFailed,
            SocketEvent::AcceptFailed,
            SocketEvent::Accepted(_, peer)
        ] if *peer == client.local_addr().unwrap()));
        accepting.abort();
    }
}
