//! How a peer is named: `stratum2+tcp://HOST:PORT/KEY` (spec section 4.7) and two forms without a key.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use crate::noise::{AuthorityPublicKey, KeyTextError};

const NOISE_SCHEME: &str = "stratum2+tcp";
const PLAINTEXT_SCHEME: &str = "tcp";
/// Longest host name that the domain name system knows, in bytes.
const MAX_HOST_LEN: usize = 253;

/// Where a peer listens and how the connection to it is secured.
///
/// | text | meaning |
/// |---|---|
/// | `stratum2+tcp://HOST:PORT/KEY` | Noise; the certificate must be signed by the authority `KEY` |
/// | `stratum2+tcp://HOST:PORT` | Noise; any certificate is accepted |
/// | `tcp://HOST:PORT` | plaintext, which spec chapter 4 allows on a local network |
///
/// `HOST` is a name, an IPv4 address, or an IPv6 address in brackets. `Display` gives text that parses to the same value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sv2Url {
    host: Host,
    port: u16,
    security: Security,
}

/// What protects a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Security {
    /// Noise, and a certificate of this authority.
    Authority(AuthorityPublicKey),
    /// Noise with whatever certificate the server shows.
    AnyCertificate,
    /// No Noise at all.
    Plaintext,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Host {
    /// A name or an IPv4 address.
    Bare(String),
    V6(Ipv6Addr),
}

/// What is wrong with the text of a URL. Positions are bytes from its start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// No `://`.
    #[error("no scheme; known are stratum2+tcp:// (noise) and tcp:// (plaintext)")]
    MissingScheme,
    /// Another scheme.
    #[error("unknown scheme {scheme:?}; known are stratum2+tcp:// (noise) and tcp:// (plaintext)")]
    UnknownScheme {
        /// What stands before `://`.
        scheme: String,
    },
    /// Nothing between scheme and port.
    #[error("no host after the scheme")]
    MissingHost,
    /// Not a name, an IPv4 address, or an IPv6 address in brackets.
    #[error("bad host {host:?}: {reason}")]
    Host {
        /// The host as written.
        host: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// No `:PORT` after the host. There is no default port.
    #[error("no port after the host {host:?}; there is no default port")]
    MissingPort {
        /// The host as written.
        host: String,
    },
    /// Not a number from 1 to 65535.
    #[error("bad port {port:?}: not a number from 1 to 65535")]
    Port {
        /// The port as written.
        port: String,
    },
    /// A `/` with nothing behind it. Leave the `/` out to accept any certificate; an empty variable must not do so.
    #[error(
        "no authority key after the slash at byte {position}; without the slash any certificate is accepted"
    )]
    EmptyKey {
        /// Where the slash stands.
        position: usize,
    },
    /// The authority key is wrong.
    #[error("bad authority key at byte {position}: {reason}")]
    Key {
        /// Where the key starts.
        position: usize,
        /// What is wrong with it; its positions count from the start of the key.
        reason: KeyTextError,
    },
    /// Something follows where the URL should have ended.
    #[error("unexpected {text:?} at byte {position}")]
    Trailing {
        /// Where it starts.
        position: usize,
        /// What follows.
        text: String,
    },
}

impl Sv2Url {
    /// From its parts; an IPv6 address may stand with or without brackets.
    ///
    /// # Errors
    /// [`UrlError::MissingHost`], [`UrlError::Host`], or [`UrlError::Port`] for port 0.
    pub fn new(host: &str, port: u16, security: Security) -> Result<Self, UrlError> {
        if port == 0 {
            return Err(UrlError::Port { port: port.to_string() });
        }
        let host = host.parse().map_or_else(|_| parse_host(host), |address| Ok(Host::V6(address)))?;
        Ok(Self { host, port, security })
    }

    /// Name or address, without brackets.
    #[must_use]
    pub fn host(&self) -> String {
        match &self.host {
            Host::Bare(name) => name.clone(),
            Host::V6(address) => address.to_string(),
        }
    }

    /// Port, never 0.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What protects the connection.
    #[must_use]
    pub fn security(&self) -> Security {
        self.security
    }

    /// `HOST:PORT`, an IPv6 address in brackets: what a connect call takes.
    #[must_use]
    pub fn address(&self) -> String {
        let port = self.port;
        match &self.host {
            Host::Bare(name) => format!("{name}:{port}"),
            Host::V6(address) => format!("[{address}]:{port}"),
        }
    }
}

impl fmt::Display for Sv2Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.address();
        match self.security {
            Security::Authority(key) => write!(f, "{NOISE_SCHEME}://{address}/{key}"),
            Security::AnyCertificate => write!(f, "{NOISE_SCHEME}://{address}"),
            Security::Plaintext => write!(f, "{PLAINTEXT_SCHEME}://{address}"),
        }
    }
}

impl FromStr for Sv2Url {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let (scheme, rest) = text.split_once("://").ok_or(UrlError::MissingScheme)?;
        let noise = scheme.eq_ignore_ascii_case(NOISE_SCHEME);
        if !noise && !scheme.eq_ignore_ascii_case(PLAINTEXT_SCHEME) {
            return Err(UrlError::UnknownScheme { scheme: scheme.to_owned() });
        }
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (host, port) = split_port(authority)?;
        let (host, port) = (parse_host(host)?, parse_port(port)?);
        let position = text.len().saturating_sub(path.len());
        let security = match (noise, path) {
            (false, "") => Security::Plaintext,
            (true, "") => Security::AnyCertificate,
            (true, path) => match path.strip_prefix('/') {
                Some(key) => Security::Authority(parse_key(key, position)?),
                None => return Err(UrlError::Trailing { position, text: path.to_owned() }),
            },
            (false, path) => return Err(UrlError::Trailing { position, text: path.to_owned() }),
        };
        Ok(Self { host, port, security })
    }
}

/// Host and port as written. Only a colon behind the brackets of an IPv6 address counts.
fn split_port(authority: &str) -> Result<(&str, &str), UrlError> {
    let address_end = authority.rfind(']').unwrap_or(0);
    let colon = authority.rfind(':').filter(|&colon| colon >= address_end);
    let parts = colon.and_then(|colon| Some((authority.get(..colon)?, authority.get(colon..)?.get(1..)?)));
    let (host, port) = parts.unwrap_or((authority, ""));
    match (host, port) {
        ("", _) => Err(UrlError::MissingHost),
        (host, "") => Err(UrlError::MissingPort { host: host.to_owned() }),
        parts => Ok(parts),
    }
}

fn parse_port(port: &str) -> Result<u16, UrlError> {
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    let number = port.parse().ok().filter(|&number| digits && number != 0);
    number.ok_or_else(|| UrlError::Port { port: port.to_owned() })
}

fn parse_host(host: &str) -> Result<Host, UrlError> {
    if host.is_empty() {
        return Err(UrlError::MissingHost);
    }
    let bad = |reason| UrlError::Host { host: host.to_owned(), reason };
    if let Some(bracketed) = host.strip_prefix('[') {
        let address = bracketed.strip_suffix(']').ok_or_else(|| bad("the bracket is not closed"))?;
        return address.parse().map(Host::V6).map_err(|_| bad("not an IPv6 address between the brackets"));
    }
    if host.contains(':') {
        return Err(bad("an IPv6 address must stand in brackets"));
    }
    if host.len() > MAX_HOST_LEN {
        return Err(bad("longer than 253 bytes"));
    }
    let name = host.strip_suffix('.').unwrap_or(host);
    if !name.split('.').all(is_label) {
        return Err(bad("labels are 1 to 63 letters, digits, '-' or '_'"));
    }
    let numeric =
        name.rsplit('.').next().is_some_and(|label| label.bytes().all(|byte| byte.is_ascii_digit()));
    if numeric && host.parse::<Ipv4Addr>().is_err() {
        return Err(bad("not an IPv4 address"));
    }
    Ok(Host::Bare(host.to_owned()))
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// `slash` is where the slash before the key stands.
fn parse_key(text: &str, slash: usize) -> Result<AuthorityPublicKey, UrlError> {
    let position = slash.saturating_add(1);
    if text.is_empty() {
        return Err(UrlError::EmptyKey { position: slash });
    }
    // Only what cannot be a mistyped character of the key counts as the end of it.
    let ends = |character: char| character.is_whitespace() || matches!(character, '/' | '?' | '#' | '&');
    if let Some(end) = text.find(ends) {
        let (_, trailing) = text.split_at(end);
        return Err(UrlError::Trailing { position: position.saturating_add(end), text: trailing.to_owned() });
    }
    text.parse().map_err(|reason| UrlError::Key { position, reason })
}
