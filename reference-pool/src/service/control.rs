//! What can be asked of a node from outside, and the words for it.

use super::ConnId;
use crate::template::Change;
use std::str::FromStr;
use sv2_wire::{Str0_255, U256};

/// What the operator, a test or the harness can make a node do.
///
/// A pool performs all of them; a template provider knows [`Control::Block`] and [`Control::Template`]. A control that
/// names what is not there does nothing. As words, for lines on standard input:
///
/// | control | words |
/// |---|---|
/// | [`Control::Block`] | `block` |
/// | [`Control::Template`] | `template` |
/// | [`Control::SetTarget`] | `set-target CHANNEL HEX`: 64 digits, as targets are printed |
/// | [`Control::SetExtranoncePrefix`] | `set-extranonce-prefix CHANNEL` |
/// | [`Control::Regroup`] | `regroup CHANNEL CHANNEL ...` |
/// | [`Control::CloseChannel`] | `close-channel CHANNEL [REASON]` |
/// | [`Control::Reconnect`] | `reconnect HOST PORT [CONNECTION]`; `-` for the present host, 0 for the present port |
///
/// `CHANNEL` is a channel id, for that channel on every connection, or `CONNECTION:ID`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    /// A new block was found on the network: new previous hash, new template.
    Block,
    /// A new template on the same previous block.
    Template,
    /// Changes the target for the jobs that follow (spec section 5.3.21); never beyond what the devices take.
    SetTarget {
        /// A channel or a group.
        channel: Address,
        /// Largest hash that counts as a share.
        maximum_target: U256,
    },
    /// Gives a channel a fresh prefix for the jobs that follow (spec section 5.3.10).
    SetExtranoncePrefix {
        /// A channel; groups have no prefix.
        channel: Address,
    },
    /// Puts channels into a new group on each connection that has any of them (spec section 5.3.22); not where standard
    /// jobs are required.
    Regroup {
        /// Channels.
        channels: Vec<Address>,
    },
    /// Ends a channel, or all channels of a group (spec section 5.3.9).
    CloseChannel {
        /// A channel or a group.
        channel: Address,
        /// Reason, for people.
        reason: Str0_255,
    },
    /// Sends clients to another server of the same authority (spec section 3.6.5). Their connections stay open.
    Reconnect {
        /// The connection; `None` for all.
        conn: Option<ConnId>,
        /// Empty for the present host.
        new_host: Str0_255,
        /// 0 for the present port.
        new_port: u16,
    },
}

impl Control {
    /// What it means to a source of templates, if anything.
    pub fn change(&self) -> Option<Change> {
        match self {
            Self::Block => Some(Change::Block),
            Self::Template => Some(Change::Template),
            _ => None,
        }
    }
}

/// A channel or a group of one connection, or of every connection that has one of that id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// The connection; `None` for all.
    pub conn: Option<ConnId>,
    /// The channel or group.
    pub channel_id: u32,
}

impl Address {
    /// The id, if the address means this connection.
    pub fn on(&self, conn: ConnId) -> Option<u32> {
        self.conn.is_none_or(|only| only == conn).then_some(self.channel_id)
    }
}

/// A line that is no control.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ControlTextError {
    /// The first word is none of the known ones.
    #[error(
        "unknown control {0:?}; known are block, template, set-target, set-extranonce-prefix, regroup, close-channel and reconnect"
    )]
    Unknown(String),
    /// A word is missing, does not parse or is one too many.
    #[error("expected {0}")]
    Expected(&'static str),
}

impl FromStr for Control {
    type Err = ControlTextError;

    fn from_str(text: &str) -> Result<Self, ControlTextError> {
        let mut words = Words(text.split_whitespace());
        let control = match words.0.next().unwrap_or_default() {
            "block" => Self::Block,
            "template" => Self::Template,
            "set-target" => Self::SetTarget { channel: words.channel()?, maximum_target: words.target()? },
            "set-extranonce-prefix" => Self::SetExtranoncePrefix { channel: words.channel()? },
            "regroup" => {
                let channels = words.0.by_ref().map(str::parse).collect::<Result<Vec<_>, _>>()?;
                if channels.is_empty() {
                    return Err(ControlTextError::Expected("at least one channel"));
                }
                Self::Regroup { channels }
            }
            "close-channel" => Self::CloseChannel { channel: words.channel()?, reason: words.reason()? },
            "reconnect" => words.reconnect()?,
            other => return Err(ControlTextError::Unknown(other.to_owned())),
        };
        match words.0.next() {
            None => Ok(control),
            Some(_) => Err(ControlTextError::Expected("no further word")),
        }
    }
}

impl FromStr for Address {
    type Err = ControlTextError;

    fn from_str(text: &str) -> Result<Self, ControlTextError> {
        const EXPECTED: ControlTextError = ControlTextError::Expected("a channel: ID or CONNECTION:ID");
        let (conn, id) = match text.split_once(':') {
            Some((conn, id)) => (Some(ConnId(conn.parse().map_err(|_| EXPECTED)?)), id),
            None => (None, text),
        };
        Ok(Self { conn, channel_id: id.parse().map_err(|_| EXPECTED)? })
    }
}

struct Words<'a>(std::str::SplitWhitespace<'a>);

impl Words<'_> {
    fn channel(&mut self) -> Result<Address, ControlTextError> {
        self.0.next().unwrap_or_default().parse()
    }

    fn target(&mut self) -> Result<U256, ControlTextError> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(self.0.next().unwrap_or_default(), &mut bytes)
            .map_err(|_| ControlTextError::Expected("a target of 64 hex digits"))?;
        Ok(U256::from_be_bytes(bytes))
    }

    fn reconnect(&mut self) -> Result<Control, ControlTextError> {
        const HOST: ControlTextError = ControlTextError::Expected("a host of up to 255 bytes, or -");
        const PORT: ControlTextError = ControlTextError::Expected("a port from 0 to 65535");
        const CONN: ControlTextError = ControlTextError::Expected("the number of a connection");
        let host = self.0.next().ok_or(HOST)?;
        let new_host = Str0_255::new(if host == "-" { "" } else { host }).map_err(|_| HOST)?;
        let new_port = self.0.next().and_then(|port| port.parse().ok()).ok_or(PORT)?;
        let conn = self.0.next().map(|conn| conn.parse().map(ConnId).map_err(|_| CONN)).transpose()?;
        Ok(Control::Reconnect { conn, new_host, new_port })
    }

    fn reason(&mut self) -> Result<Str0_255, ControlTextError> {
        let words: Vec<_> = self.0.by_ref().collect();
        let reason = words.join(" ");
        // "error codes MUST NOT include control characters [...] These character restrictions apply equally to [...]
        // `reason_code`" (spec section 3.5).
        match Str0_255::new(reason.as_str()) {
            Ok(reason_code) if !reason.chars().any(char::is_control) => Ok(reason_code),
            _ => Err(ControlTextError::Expected("a reason of up to 255 bytes without control characters")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Control, ControlTextError> {
        text.parse()
    }

    #[test]
    fn words_become_controls() {
        let channel = |conn: Option<u64>, channel_id| Address { conn: conn.map(ConnId), channel_id };
        assert_eq!(parse(" block "), Ok(Control::Block));
        assert_eq!(parse("template"), Ok(Control::Template));
        let target = format!("set-target 0:3 {}", U256::from(0xabcd));
        let expected =
            Control::SetTarget { channel: channel(Some(0), 3), maximum_target: U256::from(0xabcd) };
        assert_eq!(parse(&target), Ok(expected));
        let channels = vec![channel(None, 2), channel(Some(7), 3)];
        assert_eq!(parse("regroup 2 7:3"), Ok(Control::Regroup { channels }));
        let expected = Control::CloseChannel { channel: channel(None, 2), reason: "going home".into() };
        assert_eq!(parse("close-channel 2 going home"), Ok(expected));
        let expected = Control::SetExtranoncePrefix { channel: channel(Some(1), 2) };
        assert_eq!(parse("set-extranonce-prefix 1:2"), Ok(expected));
        let reconnect = |conn, new_host: &str, new_port| {
            Ok(Control::Reconnect { conn, new_host: new_host.into(), new_port })
        };
        assert_eq!(parse("reconnect pool.example 34254"), reconnect(None, "pool.example", 34254));
        assert_eq!(parse("reconnect - 0 5"), reconnect(Some(ConnId(5)), "", 0));
        let expected = Control::CloseChannel { channel: channel(None, 2), reason: "".into() };
        assert_eq!(parse("close-channel 2"), Ok(expected));
    }

    #[test]
    fn other_lines_are_explained() {
        let error = |text| parse(text).unwrap_err().to_string();
        assert!(error("dance").starts_with("unknown control \"dance\"; known are block,"));
        assert!(error("").starts_with("unknown control \"\""));
        assert_eq!(error("block now"), "expected no further word");
        assert_eq!(error("set-target"), "expected a channel: ID or CONNECTION:ID");
        assert_eq!(error("set-target 1:x"), "expected a channel: ID or CONNECTION:ID");
        assert_eq!(error("set-target 1 ff"), "expected a target of 64 hex digits");
        assert_eq!(error("reconnect"), "expected a host of up to 255 bytes, or -");
        assert_eq!(error("reconnect a 65536"), "expected a port from 0 to 65535");
        assert_eq!(error("reconnect a 1 x"), "expected the number of a connection");
        assert_eq!(error("regroup"), "expected at least one channel");
        let long = format!("close-channel 1 {}", "x".repeat(256));
        assert_eq!(error(&long), "expected a reason of up to 255 bytes without control characters");
        assert_eq!(
            error("close-channel 1 a\u{7}"),
            "expected a reason of up to 255 bytes without control characters"
        );
    }
}
