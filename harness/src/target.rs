//! What is under test, and how to reach and steer it.

use crate::profile::{EmbeddedConfig, PoolSetting, Profile, SettingValue};
use crate::runner::eval::Env;
use crate::runner::value::{Datum, small};
use crate::runner::{Connection, Control, Peer};
use crate::scenario::syntax::{Expr, ExprKind};
use crate::suite::{Cell, Scenario};
use sha2::{Digest, Sha256};
use sv2_reference_pool::faults::Fault;
use sv2_reference_pool::node::{Node, NodeConfig};
use sv2_reference_pool::pool::{Pool, PoolConfig};
use sv2_reference_pool::server::ServerHandle;
use sv2_reference_pool::service::{self, Address, ConnId};
use sv2_wire::url::{Security, Sv2Url};
use sv2_wire::{MESSAGES, Message, MessageSpec};

/// Protocol time at which the embedded pool starts: 2026-01-01 00:00 UTC. It moves only by `elapse`.
pub const EMBEDDED_START: u32 = 1_767_225_600;

/// What SetupConnection names as the endpoint of the embedded pool, so that traces do not depend on a free port.
const EMBEDDED_ENDPOINT: (&str, u16) = ("127.0.0.1", 34254);

/// What is under test.
#[derive(Clone, Debug)]
pub enum Target {
    /// A fresh reference pool for every scenario.
    Embedded,
    /// A pool that somebody else has started.
    Foreign {
        /// Where it is.
        url: Sv2Url,
        /// Our template provider, if the target gets its templates from it.
        templates: Option<ServerHandle>,
    },
}

impl Target {
    /// What is known about it without asking.
    pub fn profile(&self) -> Profile {
        match self {
            Self::Embedded => Profile::embedded(),
            Self::Foreign { url, templates } => {
                let mut profile = Profile::foreign();
                if templates.is_some() {
                    profile.capabilities.extend(["control.block", "control.template"]);
                }
                let is_plain = url.security() == Security::Plaintext;
                if is_plain {
                    profile.capabilities.insert("plaintext");
                } else {
                    // Without a profile that says local, encryption is an obligation (AMB-20).
                    profile.capabilities.extend(["noise", "access.remote"]);
                }
                profile
            }
        }
    }

    /// What the conversation has to know of it.
    pub fn peer(&self) -> Peer {
        match self {
            Self::Embedded => {
                let (host, port) = EMBEDDED_ENDPOINT;
                let noise = NodeConfig::default().transport;
                let authority = match noise {
                    sv2_reference_pool::node::TransportConfig::Noise(noise) => {
                        Some(noise.authority_public_key())
                    }
                    sv2_reference_pool::node::TransportConfig::Plain => None,
                };
                Peer {
                    host: host.to_owned(),
                    port,
                    encrypted: true,
                    authority,
                    exact_barrier: true,
                    process: None,
                }
            }
            Self::Foreign { url, .. } => {
                let (encrypted, authority) = match url.security() {
                    Security::Authority(key) => (true, Some(key)),
                    Security::AnyCertificate => (true, None),
                    Security::Plaintext => (false, None),
                };
                let host = url.host().to_owned();
                Peer { host, port: url.port(), encrypted, authority, exact_barrier: false, process: None }
            }
        }
    }
}

/// The embedded pool for one scenario: its keys are the same for all, its randomness is the scenario's own.
///
/// # Errors
/// The scenario's `pool(...)` line asks for what no pool can be.
pub fn embedded_pool(scenario: &Scenario, seed: u64) -> Result<Node<Pool>, String> {
    faulty_pool(scenario, seed, &[])
}

/// The embedded pool for one scenario, wrong on purpose.
///
/// # Errors
/// As [`embedded_pool`].
pub fn faulty_pool(scenario: &Scenario, seed: u64, faults: &[Fault]) -> Result<Node<Pool>, String> {
    let pool = PoolConfig { seed, faults: faults.to_vec(), ..PoolConfig::default() };
    let node = NodeConfig { faults: faults.to_vec(), ..NodeConfig::default() };
    let mut config = EmbeddedConfig { pool, node };
    config.pool.templates.start_time = EMBEDDED_START;
    for argument in &scenario.source.file.pool {
        let name = &argument.name.node;
        let setting = PoolSetting::find(name).ok_or_else(|| format!("the pool has no setting {name}"))?;
        let value = setting_value(&argument.value, &scenario.row)?;
        setting.apply(&mut config, &value).map_err(|problem| format!("pool({name}: ...) {problem}"))?;
    }
    let pool = Pool::new(config.pool).map_err(|error| error.to_string())?;
    Ok(Node::new(config.node, pool))
}

/// A control request in the words of the embedded pool; nothing for one that concerns the driver.
pub fn embedded_control(control: &Control) -> Option<service::Control> {
    match control {
        Control::Block => Some(service::Control::Block),
        Control::Template => Some(service::Control::Template),
        Control::Provoke(connection, message) => provoked(*connection, message),
        Control::Barrier | Control::Measure | Control::Elapse(_) => None,
    }
}

/// The messages that a server can be made to send of its own accord.
pub fn provocable() -> impl Iterator<Item = &'static MessageSpec> {
    MESSAGES
        .iter()
        .filter(|spec| Message::zero(spec.kind).is_some_and(|message| provoked(0, &message).is_some()))
}

/// The seed of one scenario in a run: order and parallelism change nothing.
pub fn scenario_seed(run_seed: u64, id: &str) -> u64 {
    let mut hasher = Sha256::new();
    hasher.update(run_seed.to_le_bytes());
    hasher.update(id.as_bytes());
    let digest: [u8; 32] = hasher.finalize().into();
    digest.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// The pool counts its connections as the runner does: from 0, in the order in which they are made.
fn provoked(connection: Connection, message: &Message) -> Option<service::Control> {
    let conn = Some(ConnId(connection as u64));
    let at = |channel_id| Address { conn, channel_id };
    Some(match message {
        Message::SetTarget(it) => {
            service::Control::SetTarget { channel: at(it.channel_id), maximum_target: it.maximum_target }
        }
        Message::SetExtranoncePrefix(it) => {
            service::Control::SetExtranoncePrefix { channel: at(it.channel_id) }
        }
        Message::SetGroupChannel(it) => service::Control::Regroup {
            channels: it.channel_ids.as_slice().iter().copied().map(at).collect(),
        },
        Message::CloseChannel(it) => {
            service::Control::CloseChannel { channel: at(it.channel_id), reason: it.reason_code.clone() }
        }
        Message::Reconnect(it) => {
            service::Control::Reconnect { conn, new_host: it.new_host.clone(), new_port: it.new_port }
        }
        _ => return None,
    })
}

/// What an argument of `pool(...)` gives: a value, or that of a matrix.
pub(crate) fn setting_value(value: &Expr, row: &[Cell]) -> Result<SettingValue, String> {
    let env = Env::of_row(row).map_err(|stop| stop.reason())?;
    if let ExprKind::Name(word) = &value.kind {
        return Ok(SettingValue::Word(word.clone()));
    }
    match env.eval(value).map_err(|stop| stop.reason())? {
        Datum::Number(number) => {
            small(number).map(SettingValue::Number).ok_or_else(|| "the number is too large".to_owned())
        }
        Datum::Boolean(flag) => Ok(SettingValue::Boolean(flag)),
        Datum::Bytes(word) => Ok(SettingValue::Word(String::from_utf8_lossy(&word).into_owned())),
        other => Err(format!("{} is no setting", other.describe())),
    }
}
