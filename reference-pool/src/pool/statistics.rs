use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// What the pool has seen since it was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Shares that were credited.
    pub accepted: u64,
    /// Shares that were refused, by error code.
    pub rejected: BTreeMap<&'static str, u64>,
    /// Blocks that were found.
    pub blocks_found: u64,
    /// Channels that were opened.
    pub channels_opened: u64,
    /// Channels that are open now.
    pub channels: usize,
    /// Connections that are open now.
    pub connections: usize,
    /// Templates that no job could be made from; the pool went on with the one before.
    pub templates_refused: u64,
    /// Shares by worker, where the clients name workers (EXT-0002).
    pub workers: BTreeMap<String, WorkerCount>,
    /// How often each armed fault made a decision wrong.
    pub faults: BTreeMap<&'static str, u64>,
}

/// Shares of one worker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WorkerCount {
    /// Shares that were credited.
    pub accepted: u64,
    /// Shares that were refused.
    pub rejected: u64,
}

impl Statistics {
    /// The same as a JSON object, with the names of the fields.
    pub fn to_json(&self) -> Json {
        let worker = |count: &WorkerCount| json!({"accepted": count.accepted, "rejected": count.rejected});
        let workers = self.workers.iter().map(|(name, count)| (name.clone(), worker(count)));
        json!({
            "accepted": self.accepted,
            "rejected": self.rejected,
            "blocks_found": self.blocks_found,
            "channels_opened": self.channels_opened,
            "channels": self.channels,
            "connections": self.connections,
            "templates_refused": self.templates_refused,
            "workers": workers.collect::<serde_json::Map<_, _>>(),
            "faults": self.faults,
        })
    }
}
