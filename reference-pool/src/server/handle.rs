//! How the running server is steered from outside.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value as Json;
use tokio::sync::{mpsc, oneshot};

use crate::clock::NotManualError;
use crate::node::Statistics;
use crate::service::{Control, Finding};

/// For each client, named by its own socket address, how many bytes it wrote.
pub type Seen = Vec<(SocketAddr, u64)>;

/// For each client whose connection is open and not about to close, how many bytes it was given since it connected.
/// The connections of all other clients are ended, or end once what is queued went out.
pub type Given = Vec<(SocketAddr, u64)>;

/// Why a request was not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServerError {
    /// The server was shut down, or its future was dropped.
    #[error("the server is gone")]
    Gone,
    /// Only a manual clock can be advanced.
    #[error(transparent)]
    Clock(#[from] NotManualError),
}

/// Steers a server from any task. Dropping all handles does not end the server.
#[derive(Clone, Debug)]
pub struct ServerHandle {
    address: SocketAddr,
    url: String,
    requests: mpsc::Sender<Request>,
}

#[derive(Debug)]
pub(super) enum Request {
    /// A barrier, then perhaps a control.
    Control(Option<Control>, Seen, oneshot::Sender<Given>),
    Advance(Duration, oneshot::Sender<Result<(), NotManualError>>),
    Statistics(oneshot::Sender<Statistics>),
    Report(oneshot::Sender<Json>),
    TakeFindings(oneshot::Sender<Vec<Finding>>),
    Shutdown(oneshot::Sender<()>),
}

impl ServerHandle {
    pub(super) fn new(address: SocketAddr, url: String, requests: mpsc::Sender<Request>) -> Self {
        Self { address, url, requests }
    }

    /// Where the server listens; never port 0.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// How clients name the server (spec section 4.7).
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Waits as [`barrier`](Self::barrier), performs the control and returns once what it made the node send stands in
    /// the connections' send queues: a client that has read what it was given has seen all of it. If the caller stops waiting before the barrier is reached, the control is not
    /// performed.
    ///
    /// # Errors
    /// [`ServerError::Gone`].
    pub async fn control(&self, control: Control, seen: Seen) -> Result<Given, ServerError> {
        self.ask(|reply| Request::Control(Some(control), seen, reply)).await
    }

    /// Waits until the node has consumed at least so many bytes of each of these clients, and its answers stand in the
    /// send queues. A connection that the server has not accepted yet is waited for; one that is closed counts as done.
    ///
    /// # Errors
    /// [`ServerError::Gone`].
    pub async fn barrier(&self, seen: Seen) -> Result<Given, ServerError> {
        self.ask(|reply| Request::Control(None, seen, reply)).await
    }

    /// Moves the manual clock; the deadlines that come with it take effect before this returns.
    ///
    /// # Errors
    /// [`ServerError::Clock`] if the clock runs by itself; [`ServerError::Gone`].
    pub async fn advance(&self, by: Duration) -> Result<(), ServerError> {
        Ok(self.ask(|reply| Request::Advance(by, reply)).await??)
    }

    /// What the node counted so far.
    ///
    /// # Errors
    /// [`ServerError::Gone`].
    pub async fn statistics(&self) -> Result<Statistics, ServerError> {
        self.ask(Request::Statistics).await
    }

    /// What node and service counted so far, as a JSON object with the members `node` and `service`.
    ///
    /// # Errors
    /// [`ServerError::Gone`].
    pub async fn report(&self) -> Result<Json, ServerError> {
        self.ask(Request::Report).await
    }

    /// Takes out the blocks or solutions that clients found, the oldest first; each comes once.
    ///
    /// # Errors
    /// [`ServerError::Gone`].
    pub async fn take_findings(&self) -> Result<Vec<Finding>, ServerError> {
        self.ask(Request::TakeFindings).await
    }

    /// Stops accepting, closes all connections, writes what is queued as far as the peers take it within a second, and
    /// returns when the server has ended.
    ///
    /// # Errors
    /// [`ServerError::Gone`] if it had ended before.
    pub async fn shutdown(&self) -> Result<(), ServerError> {
        self.ask(Request::Shutdown).await
    }

    async fn ask<T>(&self, request: impl FnOnce(oneshot::Sender<T>) -> Request) -> Result<T, ServerError> {
        let (reply, answer) = oneshot::channel();
        self.requests.send(request(reply)).await.map_err(|_| ServerError::Gone)?;
        answer.await.map_err(|_| ServerError::Gone)
    }
}
