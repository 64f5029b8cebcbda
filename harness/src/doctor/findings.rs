//! What is wrong, what is known of it, and what to do.

use super::probe::{Answer, Probe};
use super::speech::{Ending, Speech, Stranger};
use super::visit::Patient;
use super::{Stage, Step, words};
use std::net::SocketAddr;
use sv2_wire::link::LinkError;
use sv2_wire::noise::{ACT_TWO_LEN, NoiseError};
use sv2_wire::url::Security;
use sv2_wire::{DecodeError, SetupConnection, SetupConnectionError};

/// Length in bytes of act two with 32-byte keys, as specifications before 2024 had it.
const OLD_ACT_TWO: usize = 170;

/// A trouble, explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// What is wrong, in one sentence.
    pub problem: String,
    /// What was seen.
    pub known: Vec<String>,
    /// What to do about it.
    pub advice: String,
}

/// What a visit comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conclusion {
    /// A miner can work.
    Healthy,
    /// The peer is there, and a miner cannot work with it.
    Trouble(Diagnosis),
    /// Nobody is there.
    Unreachable(Diagnosis),
}

/// Why there is no TCP connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectFailure {
    /// The machine is there, the port is closed.
    Refused,
    /// Nothing came back at all.
    TimedOut,
    /// Anything else, such as no route.
    Other(std::io::ErrorKind),
}

/// The host has no address.
pub fn no_address(host: &str, why: &str) -> Diagnosis {
    Diagnosis {
        problem: format!("the name {host:?} has no address"),
        known: vec![why.to_owned()],
        advice: "check the spelling and this machine's DNS (`getent hosts NAME`); an IP address in the URL avoids \
                 both"
            .to_owned(),
    }
}

/// No address took a TCP connection.
pub fn not_reachable(tried: &[(SocketAddr, ConnectFailure)]) -> Diagnosis {
    let known = tried.iter().map(|(address, failure)| {
        let how = match failure {
            ConnectFailure::Refused => {
                "refused: the machine answers and nobody listens on that port".to_owned()
            }
            ConnectFailure::TimedOut => "no answer at all".to_owned(),
            ConnectFailure::Other(kind) => kind.to_string(),
        };
        format!("{address}: {how}")
    });
    let has = |failure| tried.iter().any(|(_, seen)| *seen == failure);
    let (problem, advice) = if has(ConnectFailure::Refused) {
        (
            "the port is closed",
            "start the pool, or correct the port; a pool that runs may listen on another address of its machine (see \
             its listen address, and `ss -ltn` there)",
        )
    } else if has(ConnectFailure::TimedOut) {
        (
            "nothing answers: a firewall drops the packets, or the machine is off",
            "open the port in the firewalls on the way and check the address; a closed port would have answered at \
             once",
        )
    } else {
        ("the address cannot be reached from here", "check this machine's network and routes to that address")
    };
    Diagnosis { problem: problem.to_owned(), known: known.collect(), advice: advice.to_owned() }
}

/// The one-line text of the step in which a peer did not speak as its URL says.
pub(super) fn unheard(stage: Stage, stranger: &Stranger) -> String {
    let awaited = if stage == Stage::Noise { "act two" } else { "an answer to SetupConnection" };
    let came = stranger.came.len();
    match (stranger.ending, came) {
        (Ending::Silence, 0) => format!("no byte came, awaiting {awaited}"),
        (Ending::Silence, _) => format!("only {came} bytes came, awaiting {awaited}"),
        (Ending::Closed, 0) => format!("closed without a byte, awaiting {awaited}"),
        (Ending::Closed, _) => format!("closed after {came} bytes, awaiting {awaited}"),
        (Ending::Reset, _) => format!("reset after {came} bytes, awaiting {awaited}"),
        (Ending::Unfit, _) => format!("what came is not {awaited}"),
    }
}

/// Explains a peer that did not speak as its URL says, from what it said at first and what it said when asked.
pub fn explain(patient: &Patient, stranger: &Stranger, answers: &[Answer]) -> Diagnosis {
    let is_noise = patient.security != Security::Plaintext;
    let asked = answers.iter().map(|answer| (Some(answer.probe), answer.came.as_slice(), answer.ending));
    let heard: Vec<_> =
        std::iter::once((None, stranger.came.as_slice(), stranger.ending)).chain(asked).collect();
    let speech = heard.iter().find_map(|(probe, came, _)| match probe {
        Some(probe) => probe.recognise(patient, came),
        None => Speech::of(came),
    });
    let (problem, advice) = match &speech {
        Some(speech) => of_speech(speech, is_noise),
        None => unrecognised(stranger, is_noise),
    };
    let known = heard.iter().map(|(probe, came, ending)| {
        let said = probe.map_or(if is_noise { "Noise" } else { "plaintext Stratum V2" }, Probe::name);
        format!("asked in {said}: {}", came_back(came, *ending))
    });
    Diagnosis { problem, known: known.collect(), advice }
}

fn came_back(came: &[u8], ending: Ending) -> String {
    let bytes = if came.is_empty() { "no byte".to_owned() } else { words::dump(came) };
    match ending {
        Ending::Silence => format!("{bytes}, then silence"),
        Ending::Closed => format!("{bytes}, then closed"),
        Ending::Reset => format!("{bytes}, then reset"),
        Ending::Unfit => bytes,
    }
}

fn of_speech(speech: &Speech, is_noise: bool) -> (String, String) {
    let (problem, advice) = match speech {
        Speech::StratumV1 { line } => (
            format!("the peer speaks Stratum V1 (JSON lines): {line}"),
            "use the pool's Stratum V2 port; if it has none, a translator proxy connects the two",
        ),
        Speech::LengthTagValue { tag } => (
            format!(
                "the peer speaks length-tag-value frames (32-bit length, 16-bit tag 0x{tag:04x}), as blvm-stratum-v2 \
                 does with bincode; that is not the framing of Stratum V2"
            ),
            "no Stratum V2 miner can talk to it: frames begin with extension type, message type and a 24-bit length \
             (spec section 3.2), under Noise (spec chapter 4)",
        ),
        Speech::Tls { alert } => (
            match alert {
                Some(alert) => format!("the peer speaks TLS: it sent alert {alert}"),
                None => "the peer speaks TLS: it answered a ClientHello".to_owned(),
            },
            "Stratum V2 has its own encryption and no TLS: use the pool's Stratum V2 port, or take away the TLS \
             terminator in front of it",
        ),
        Speech::Http { line } => (
            format!("the peer is an HTTP server: {line}"),
            "this is a web page or an API, perhaps the pool's dashboard; use its Stratum V2 port",
        ),
        Speech::PlainSv2 { message } if is_noise => (
            format!("the peer speaks Stratum V2 without Noise: {message} came in the clear"),
            "write tcp://HOST:PORT if this is a local network; over any other, Noise is mandatory (spec chapter 4) \
             and has to be switched on in the pool",
        ),
        Speech::PlainSv2 { message } => (
            format!("the peer speaks Stratum V2 and answered with {message}, which was not asked for"),
            "the first answer on a connection is SetupConnection.Success or SetupConnection.Error (spec section 3.6)",
        ),
        Speech::Noise => (
            "the peer speaks Noise, and the URL says plaintext".to_owned(),
            "write stratum2+tcp://HOST:PORT/KEY with the pool's authority key (without /KEY any certificate is \
             accepted)",
        ),
        Speech::Text { line } => (
            format!("the peer speaks neither Stratum nor TLS nor HTTP; its first line: {line}"),
            "check host and port: another service listens there",
        ),
    };
    (problem, advice.to_owned())
}

fn unrecognised(stranger: &Stranger, is_noise: bool) -> (String, String) {
    let came = stranger.came.len();
    let (problem, advice) = match (is_noise, came, stranger.ending) {
        (true, ACT_TWO_LEN.., Ending::Unfit) => (
            "act two came and does not authenticate: the peer's Noise is not that of Stratum V2".to_owned(),
            "compare the peer with spec section 4.5: Noise_NX_Secp256k1+EllSwift_ChaChaPoly_SHA256, an empty \
             prologue that is mixed in, nonces with four zero bytes in front, keys of 64 bytes",
        ),
        (true, OLD_ACT_TWO, _) => (
            "170 bytes came: act two with 32-byte keys, as the specification had it before ElligatorSwift"
                .to_owned(),
            "update the pool to keys of 64 bytes (spec section 4.5.2: 234 bytes)",
        ),
        (true, 1.., _) => (
            format!(
                "{came} bytes came instead of the {ACT_TWO_LEN} of act two, in no protocol that is known here"
            ),
            "check that this is the pool's Stratum V2 port, and its Noise against spec section 4.5",
        ),
        (false, 1.., _) => (
            "what came is no frame of Stratum V2, nor of any protocol that is known here".to_owned(),
            "check that this is the pool's Stratum V2 port; a frame has a header of 6 bytes (spec section 3.2)",
        ),
        (_, 0, Ending::Silence) => (
            "the peer accepts connections and never says anything".to_owned(),
            "the process may hang, or wait for something else first (a proxy without its upstream, a pool without \
             templates): look into its log",
        ),
        (_, 0, _) => (
            "the peer accepts connections and closes them without a byte, whatever it is asked".to_owned(),
            "look into its log: a limit of connections, a ban of this address, or a protocol that is not known here",
        ),
    };
    (problem, advice.to_owned())
}

/// A peer that spoke Stratum V2 and then ended the conversation, or said no more.
pub(super) fn stopped(
    stage: Stage,
    ending: Ending,
    aside: &[&str],
    has_job: bool,
    pending: usize,
) -> Diagnosis {
    let how = match ending {
        Ending::Silence | Ending::Unfit => "never came",
        Ending::Closed => "did not come: the peer closed the connection",
        Ending::Reset => "did not come: the peer reset the connection",
    };
    let (awaited, advice) = match stage {
        Stage::Channel => (
            "the answer to OpenStandardMiningChannel or OpenExtendedMiningChannel",
            "a refusal has a message of its own (OpenMiningChannel.Error, spec section 5.3.6); look into the pool's \
             log, and try --user with an identity that the pool knows",
        ),
        Stage::Job if has_job => (
            "the previous hash (SetNewPrevHash) for the job",
            "a future job is minable only after SetNewPrevHash (spec section 5.3.17); the pool may wait for its node",
        ),
        Stage::Job => (
            "the first job",
            "a job must follow the opening of a channel (spec section 5.3.15); a pool without templates has none: is \
             its node or template provider connected and synchronised?",
        ),
        _ => (
            "the answer to SetupConnection",
            "the server must answer with Success or Error (spec section 3.6.1); look into its log",
        ),
    };
    let mut known = Vec::new();
    if !aside.is_empty() {
        known.push(format!("came meanwhile: {}", aside.join(", ")));
    }
    if pending > 0 {
        known.push(format!("{pending} bytes of an incomplete frame came"));
    }
    Diagnosis { problem: format!("{awaited} {how}"), known, advice: advice.to_owned() }
}

/// Bytes after the handshake that end the connection.
pub(super) fn broken(stage: Stage, error: &LinkError) -> Diagnosis {
    let advice = match error {
        LinkError::Noise(NoiseError::DecryptionFailed { .. }) => {
            "the peer seals records otherwise than spec section 4.6 says: header and payload are records of their \
             own, each nonce is used once, 65519 bytes of plaintext at most"
        }
        _ => "the peer's framing is not that of spec section 3.2 under Noise (spec section 4.6)",
    };
    Diagnosis {
        problem: format!("the bytes at step {} are wrong: {error}", stage.name()),
        known: Vec::new(),
        advice: advice.to_owned(),
    }
}

/// A frame whose payload does not hold the fields of its message.
pub(super) fn malformed(stage: Stage, error: &DecodeError, frame: &[u8]) -> Diagnosis {
    Diagnosis {
        problem: format!("a message at step {} does not decode: {error}", stage.name()),
        known: vec![words::dump(frame)],
        advice: "several layouts changed in 2025 and 2026: the peer may implement an older specification; this is \
                 judged by sv2-spec of 2026-08-20"
            .to_owned(),
    }
}

/// Reconnect came.
pub(super) fn sent_away(host: &str, port: u16, patient: &Patient) -> Diagnosis {
    let host = if host.is_empty() { patient.host.as_str() } else { host };
    let port = if port == 0 { patient.port } else { port };
    Diagnosis {
        problem: format!("the pool sends miners elsewhere: Reconnect to {host}:{port}"),
        known: Vec::new(),
        advice: "run the doctor on that address, with the same key".to_owned(),
    }
}

/// SetupConnection.Error came.
pub(super) fn setup_refused(error: &SetupConnectionError) -> Diagnosis {
    let code = words::line(error.error_code.as_bytes(), 100);
    let flags = words::flags(SetupConnection::SPEC.kind, error.flags);
    let known = vec![
        format!("error code: {code:?}"),
        format!("flags that the pool does not support: {flags} (0x{:08x})", error.flags),
        "asked for: the Mining Protocol, version 2, no flags".to_owned(),
    ];
    let advice = if code.contains("protocol") && !code.contains("version") {
        "is this the port of a template provider or of a job declarator? Miners need the pool's mining port"
    } else if code.contains("version") {
        "the pool does not speak version 2, the only one that is specified"
    } else if error.flags != 0 {
        "no flag was asked for, so flags can hardly be the cause; a pool that demands something of its clients says \
         so in the flags of SetupConnection.Success (spec section 5.3.1)"
    } else {
        "flags are not the cause; look into the pool's log for that code (no code is standardised, spec section 3.5)"
    };
    Diagnosis {
        problem: format!("the pool refuses the connection: SetupConnection.Error {code:?}"),
        known,
        advice: advice.to_owned(),
    }
}

/// SetupConnection.Success names a version that was not offered.
pub(super) fn wrong_version(version: u16) -> Diagnosis {
    Diagnosis {
        problem: format!("the pool chose protocol version {version}; only 2 was offered"),
        known: Vec::new(),
        advice:
            "used_version must lie between min_version and max_version of the client (spec section 3.6.2)"
                .to_owned(),
    }
}

/// Neither a standard nor an extended channel was opened.
pub(super) fn channel_refused(code: &str, user: &str) -> Diagnosis {
    Diagnosis {
        problem: format!("the pool opens no channel: OpenMiningChannel.Error {code:?}"),
        known: vec![format!("asked as {user:?}")],
        advice: "give an identity that the pool knows, often a payout address: --user NAME".to_owned(),
    }
}

/// A step of the shell that went wrong before there was a conversation.
pub(super) fn failed_step(stage: Stage, diagnosis: &Diagnosis, took: std::time::Duration) -> Step {
    Step { stage, condition: super::Condition::Trouble, text: diagnosis.problem.clone(), took }
}
