use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use sv2_wire::link::LinkError;

use crate::endpoint::CloseReason;
use crate::service::ConnId;

/// What a node counted since it began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Connections that came, the refused ones included.
    pub connections: u64,
    /// Connections on which frames could go.
    pub established: u64,
    /// Connections that are not closed yet.
    pub open: u64,
    /// Bytes in the buffers and send queues of the connections, now.
    pub held: u64,
    /// Bytes in the send queues of the connections, now.
    pub unsent: u64,
    /// Bytes that came.
    pub bytes_in: u64,
    /// Bytes given to the shell.
    pub bytes_out: u64,
    /// Whole frames that came.
    pub frames_in: u64,
    /// Messages that the service sent to connections that could take them.
    pub frames_out: u64,
    /// How many connections ended for which reason.
    pub closed: BTreeMap<CloseReason, u64>,
    /// The latest connection that ended by its bytes, and what was wrong with them.
    pub last_failure: Option<(ConnId, LinkError)>,
    /// Attempts of the shell to accept a connection that failed. Counted by the shell.
    pub failed_accepts: u64,
    /// How often each armed fault made a decision wrong.
    pub faults: BTreeMap<&'static str, u64>,
}

impl Statistics {
    /// The same as a JSON object, with the names of the fields; reasons in words.
    pub fn to_json(&self) -> Json {
        let closed = self.closed.iter().map(|(reason, count)| (reason.to_string(), Json::from(*count)));
        let last_failure = self.last_failure.as_ref();
        json!({
            "connections": self.connections,
            "established": self.established,
            "open": self.open,
            "held": self.held,
            "unsent": self.unsent,
            "bytes_in": self.bytes_in,
            "bytes_out": self.bytes_out,
            "frames_in": self.frames_in,
            "frames_out": self.frames_out,
            "closed": closed.collect::<serde_json::Map<_, _>>(),
            "last_failure": last_failure.map(|(conn, error)| json!([conn.0, error.to_string()])),
            "failed_accepts": self.failed_accepts,
            "faults": self.faults,
        })
    }
}
