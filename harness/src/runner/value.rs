//! What expressions of a scenario evaluate to.

use super::Holdings;
use crate::miner::Solution;
use crate::scenario::number;
use std::time::Duration;
use sv2_session::{Basis, Job, JobState};
use sv2_wire::noise::{CertificateError, ServerIdentity};
use sv2_wire::{F32, FieldType, Message, U256, Value};

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Datum {
    Number(U256),
    Float(f64),
    Bytes(Vec<u8>),
    Boolean(bool),
    Duration(Duration),
    None,
    List(Vec<Self>),
    /// An error code by meaning.
    Symbol(String),
    /// A message that was sent or received, and the connection it went over.
    Message(usize, Box<Message>),
    Job(usize, Box<Job>),
    Share(usize, Box<Share>),
    Identity(Box<Identity>),
    Holdings(Holdings),
    /// Cannot be known here, so nothing is judged by it.
    Unknown,
}

/// A share that was mined.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Share {
    /// What the scenario had changed on purpose when the job was taken.
    pub(crate) epoch: u64,
    pub(crate) job: Job,
    pub(crate) solution: Solution,
    pub(crate) basis: Option<Basis>,
}

/// What a handshake showed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Identity {
    pub(crate) server: ServerIdentity,
    pub(crate) valid_now: bool,
    /// `None` without an authority key to check against.
    pub(crate) signed_by_authority: Option<bool>,
    /// Why a client with the authority's key has to refuse the server (spec section 4.5.3).
    pub(crate) refused: Option<CertificateError>,
}

impl Datum {
    pub(crate) fn number(value: impl Into<u64>) -> Self {
        Self::Number(U256::from(value.into()))
    }

    pub(crate) fn as_number(&self) -> Option<U256> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// One value as it is, several as a list.
    pub(crate) fn of_many(mut values: Vec<Self>) -> Self {
        if values.len() == 1 { values.swap_remove(0) } else { Self::List(values) }
    }

    /// The shares that a share, or a list of them, is.
    pub(crate) fn into_shares(self) -> Result<Vec<Share>, String> {
        match self {
            Self::List(items) => items.into_iter().map(Self::into_share).collect(),
            one => Ok(vec![one.into_share()?]),
        }
    }

    fn into_share(self) -> Result<Share, String> {
        match self {
            Self::Share(_, share) => Ok(*share),
            other => Err(format!("{} is no share", other.describe())),
        }
    }

    pub(crate) fn from_wire(value: Value) -> Self {
        match value {
            Value::Bool(flag) => Self::Boolean(flag),
            Value::Uint(number) => Self::number(number),
            Value::U256(number) => Self::Number(number),
            Value::F32(F32(float)) => Self::Float(f64::from(float)),
            Value::Bytes(bytes) | Value::Text(bytes) => Self::Bytes(bytes),
            Value::Option(None) => Self::None,
            Value::Option(Some(inner)) => Self::from_wire(*inner),
            Value::List(values) => Self::List(values.into_iter().map(Self::from_wire).collect()),
        }
    }

    /// The value for a field of this type.
    pub(crate) fn to_wire(&self, ty: FieldType) -> Result<Value, String> {
        let misfit = || format!("{} does not fit {ty}", self.describe());
        Ok(match (ty, self) {
            (FieldType::Option(_), Self::None) => Value::Option(None),
            (FieldType::Option(inner), value) => Value::Option(Some(Box::new(value.to_wire(*inner)?))),
            (FieldType::Bool, Self::Boolean(flag)) => Value::Bool(*flag),
            (FieldType::U256, Self::Number(number)) => Value::U256(*number),
            (FieldType::F32, Self::Float(float)) => Value::F32(F32(narrow(*float))),
            (FieldType::F32, Self::Number(number)) => {
                let small = small(*number).and_then(|number| u32::try_from(number).ok());
                Value::F32(F32(narrow(f64::from(small.ok_or_else(misfit)?))))
            }
            (FieldType::U8 | FieldType::U16 | FieldType::U32 | FieldType::U64, Self::Number(number)) => {
                Value::Uint(small(*number).ok_or_else(misfit)?)
            }
            (FieldType::Bytes(_), Self::Bytes(bytes)) => Value::Bytes(bytes.clone()),
            (FieldType::Str0_255, Self::Bytes(bytes)) => Value::Text(bytes.clone()),
            (FieldType::Seq(_, inner), Self::List(items)) => {
                let values = items.iter().map(|item| item.to_wire(*inner));
                Value::List(values.collect::<Result<_, _>>()?)
            }
            _ => return Err(misfit()),
        })
    }

    /// A member by name: a field of a message, a property of a job, a share or a handshake.
    pub(crate) fn member(&self, name: &str) -> Option<Self> {
        match self {
            Self::Message(_, message) => message.get(name).map(Self::from_wire),
            Self::Job(_, job) => job_member(job, name),
            Self::Share(_, share) => share_member(share, name),
            Self::Identity(identity) => identity_member(identity, name),
            Self::Holdings(holdings) => holdings_member(holdings, name),
            _ => None,
        }
    }

    /// The connection that the value belongs to.
    pub(crate) fn connection(&self) -> Option<usize> {
        match self {
            Self::Message(connection, _) | Self::Job(connection, _) | Self::Share(connection, _) => {
                Some(*connection)
            }
            Self::List(items) => items.first().and_then(Self::connection),
            _ => None,
        }
    }

    /// The channel that the value belongs to.
    pub(crate) fn channel_id(&self) -> Option<u32> {
        match self {
            Self::Message(_, message) => message.channel_id(),
            Self::Job(_, job) => Some(job.channel_id),
            Self::Share(_, share) => Some(share.job.channel_id),
            _ => None,
        }
    }

    /// The value as a reader wants to see it.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Number(number) => number::U256(number.to_be_bytes()).to_string(),
            Self::Float(float) => float.to_string(),
            Self::Bytes(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) if !text.is_empty() && !text.chars().any(char::is_control) => format!("{text:?}"),
                _ => format!("x\"{}\"", hex::encode(bytes)),
            },
            Self::Boolean(flag) => flag.to_string(),
            Self::Duration(duration) => format!("{duration:?}"),
            Self::None => "none".to_owned(),
            Self::List(items) => {
                format!("[{}]", items.iter().map(Self::describe).collect::<Vec<_>>().join(", "))
            }
            Self::Symbol(name) => format!("@{name}"),
            Self::Message(_, message) => message.spec().unique_name(),
            Self::Job(_, job) => format!("job {} of channel {}", job.job_id, job.channel_id),
            Self::Share(_, share) => format!("a share on job {}", share.job.job_id),
            Self::Identity(_) => "a handshake".to_owned(),
            Self::Holdings(_) => "what the server holds".to_owned(),
            Self::Unknown => "unknown".to_owned(),
        }
    }
}

/// The number, if it fits 64 bits.
pub(crate) fn small(number: U256) -> Option<u64> {
    number::U256(number.to_be_bytes()).to_u64()
}

#[expect(clippy::cast_possible_truncation, reason = "a scenario's float is rounded to the wire's 32 bits")]
fn narrow(float: f64) -> f32 {
    float as f32
}

fn job_member(job: &Job, name: &str) -> Option<Datum> {
    let active = match job.state {
        JobState::Active { prev_hash, nbits, min_ntime, .. } => Some((prev_hash, nbits, min_ntime)),
        JobState::Future | JobState::Retired => None,
    };
    Some(match name {
        "job_id" => Datum::number(job.job_id),
        "channel_id" => Datum::number(job.channel_id),
        "version" => Datum::number(job.version),
        "target" => Datum::Number(job.hardest_target),
        "easiest_target" => Datum::Number(job.easiest_target),
        "extranonce_size" => Datum::number(job.extranonce_size),
        "extranonce_prefix" => Datum::Bytes(job.extranonce_prefix.clone()),
        "prev_hash" => Datum::Number(active?.0),
        "nbits" => Datum::number(active?.1),
        "min_ntime" => Datum::number(active?.2),
        _ => return None,
    })
}

fn share_member(share: &Share, name: &str) -> Option<Datum> {
    let settings = &share.solution.settings;
    Some(match name {
        "nonce" => Datum::number(settings.nonce),
        "ntime" => Datum::number(settings.ntime),
        "version" => Datum::number(settings.version),
        "extranonce" => Datum::Bytes(settings.extranonce.clone()),
        "hash" => Datum::Number(share.solution.hash),
        _ => return job_member(&share.job, name),
    })
}

fn holdings_member(holdings: &Holdings, name: &str) -> Option<Datum> {
    let seen = match name {
        "memory" => holdings.memory,
        "unsent" => holdings.unsent,
        "connections" => holdings.connections,
        "channels" => holdings.channels,
        _ => return None,
    };
    Some(seen.map_or(Datum::Unknown, Datum::number))
}

fn identity_member(identity: &Identity, name: &str) -> Option<Datum> {
    let certificate = &identity.server.certificate;
    Some(match name {
        "version" => Datum::number(certificate.version),
        "valid_from" => Datum::number(certificate.valid_from),
        "not_valid_after" => Datum::number(certificate.not_valid_after),
        "valid_now" => Datum::Boolean(identity.valid_now),
        "signed_by_authority" => identity.signed_by_authority.map_or(Datum::Unknown, Datum::Boolean),
        "ephemeral_key" => Datum::Bytes(identity.server.ephemeral_key_x_only.to_vec()),
        "static_key" => Datum::Bytes(identity.server.static_key_x_only.to_vec()),
        _ => return None,
    })
}
