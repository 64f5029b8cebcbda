//! The reference pool as a program: listens, says where, serves until it is told to stop.
//!
//! Exit codes: 0 after Ctrl-C or SIGTERM, 2 for a command line that makes no sense, 1 otherwise.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, BufRead, Write};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use sv2_reference_pool::clock::Clock;
use sv2_reference_pool::custom::CustomJobs;
use sv2_reference_pool::endpoint::{Deadlines, Limits};
use sv2_reference_pool::extensions::Extensions;
use sv2_reference_pool::faults::{FAULTS, Fault};
use sv2_reference_pool::node::{Node, NodeConfig, NoiseConfig, TransportConfig, Validity};
use sv2_reference_pool::pool::{Pool, PoolConfig, Vardiff};
use sv2_reference_pool::server::{Ended, Server, ServerHandle};
use sv2_reference_pool::service::Service;
use sv2_reference_pool::template::fixed::TemplateConfig;
use sv2_reference_pool::template::provider::{ProviderConfig, TemplateProvider};
use sv2_wire::noise::{AuthoritySecretKey, StaticKeypair};
use tokio::sync::mpsc;

/// A real, small Stratum V2 pool and template provider for tests.
///
/// When ready, it prints one line: `listening ADDR URL`. Without keys of your own, everything secret follows from the
/// seed: do not use it where secrets matter.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Where to listen; port 0 takes any free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:34254")]
    listen: String,
    /// What to be
    #[arg(long, value_enum, default_value_t = Mode::Pool)]
    mode: Mode,
    /// Where keys, ephemeral keys and templates come from
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Speak without Noise
    #[arg(long)]
    plaintext: bool,
    /// The certificate authority's secret key, base58check; by default it follows from the seed
    #[arg(long, value_name = "KEY", conflicts_with = "plaintext")]
    authority_secret: Option<AuthoritySecretKey>,
    /// The server's own secret key, 64 hex digits; by default it follows from the seed
    #[arg(long, value_name = "HEX", value_parser = static_keypair, conflicts_with = "plaintext")]
    static_secret: Option<StaticKeypair>,
    /// Seconds from each handshake to the end of its certificate; negative for expired ones
    #[arg(long, value_name = "SECONDS", default_value_t = Validity::default().until, allow_negative_numbers = true)]
    certificate_valid_for: i64,
    /// Steer by lines on standard input, such as `block` or `template`, each answered by a line such as `done block`; `statistics` is answered by one line of JSON behind that word
    #[arg(long, value_enum, value_name = "WHERE")]
    control: Option<ControlSource>,
    /// Be wrong on purpose, for seeing that a suite notices: F01 and so on; can be given several times
    #[arg(long, value_name = "ID", value_parser = fault)]
    fault: Vec<Fault>,
    #[command(flatten)]
    work: WorkArguments,
    #[command(flatten)]
    bounds: BoundArguments,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Mode {
    /// A mining pool.
    Pool,
    /// A template provider.
    TemplateProvider,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ControlSource {
    /// Standard input.
    Stdin,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Work")]
struct WorkArguments {
    /// Shares that a channel is to send in a minute
    #[arg(long, value_name = "N", default_value_t = PoolConfig::default().shares_per_minute)]
    shares_per_minute: f64,
    /// Accepted shares per SubmitShares.Success
    #[arg(long, value_name = "N", default_value_t = PoolConfig::default().ack_batch)]
    ack_batch: u32,
    /// Seconds from one review of the targets to the next; by default they stay
    #[arg(long, value_name = "SECONDS")]
    vardiff: Option<Timeout>,
    /// Seconds that a connection may go without a channel; 0 for any
    #[arg(long, value_name = "SECONDS", default_value = "600")]
    inactivity: Timeout,
    /// Accept no change of the header version (REQUIRES_FIXED_VERSION)
    #[arg(long)]
    fixed_version: bool,
    /// Open no standard channels (REQUIRES_EXTENDED_CHANNELS)
    #[arg(long)]
    extended_channels_only: bool,
    /// Token that is good for one custom job, hex; can be given several times. Without any no custom job is taken
    #[arg(long, value_name = "HEX", value_parser = token)]
    custom_job_token: Vec<Token>,
    /// Flags of SetupConnection that are refused although they could be served, a number: 1 standard jobs, 4 version rolling
    #[arg(long, value_name = "FLAGS", default_value_t = 0)]
    refuse_flags: u32,
    /// Know nothing of extensions and their negotiation
    #[arg(long, conflicts_with = "require_extension")]
    ignore_extensions: bool,
    /// Extension that every client has to negotiate, a number; can be given several times
    #[arg(long, value_name = "N")]
    require_extension: Vec<u16>,
    /// Transactions behind the coinbase
    #[arg(long, value_name = "N", default_value_t = TemplateConfig::default().transactions)]
    transactions: usize,
    /// Compact target of the network, hex [default: 1d00ffff; 207fffff finds a block with every second hash]
    #[arg(long, value_name = "HEX", value_parser = nbits)]
    nbits: Option<u32>,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Bounds")]
struct BoundArguments {
    /// Seconds for the Noise handshake; 0 for any
    #[arg(long, value_name = "SECONDS", default_value = "10")]
    handshake_timeout: Timeout,
    /// Seconds from there to the first message; 0 for any
    #[arg(long, value_name = "SECONDS", default_value = "10")]
    setup_timeout: Timeout,
    /// Seconds from one frame to the next; 0 for any
    #[arg(long, value_name = "SECONDS", default_value = "3600")]
    idle_timeout: Timeout,
    /// Seconds for the last answers of a closing connection; 0 for any
    #[arg(long, value_name = "SECONDS", default_value = "10")]
    flush_timeout: Timeout,
    /// Greatest payload of a frame
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().max_payload)]
    max_payload: usize,
    /// Bytes that may wait for a client that does not read
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().max_send_queue)]
    max_send_queue: usize,
    /// Connections at a time
    #[arg(long, value_name = "N", default_value_t = Limits::default().max_connections)]
    max_connections: usize,
}

/// Seconds on the command line; nothing for 0.
#[derive(Clone, Copy, Debug)]
struct Timeout(Option<Duration>);

/// Why the program ends early: a text for people and the exit code.
#[derive(Debug)]
struct Failure {
    text: String,
    code: u8,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    for fault in &arguments.fault {
        eprintln!("warning: wrong on purpose: {} {} ({})", fault.id, fault.name, fault.field);
    }
    let ended = match arguments.mode {
        Mode::Pool => pool(&arguments).and_then(|pool| run(&arguments, pool)),
        Mode::TemplateProvider => provider(&arguments).and_then(|provider| run(&arguments, provider)),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { text, code }) => {
            eprintln!("error: {text}");
            ExitCode::from(code)
        }
    }
}

fn run(arguments: &Arguments, service: impl Service) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| failed(format!("cannot start: {error}")))?;
    runtime.block_on(serve(arguments, service))
}

async fn serve(arguments: &Arguments, service: impl Service) -> Result<(), Failure> {
    let node = Node::new(node_config(arguments), service);
    // Before the line that says ready: whoever reads it may stop us at once.
    let stop = stop_signal().map_err(|error| failed(format!("cannot listen for signals: {error}")))?;
    let (handle, server) = Server::bind(&arguments.listen, node, Clock::system())
        .await
        .map_err(|error| cannot_listen(&arguments.listen, &error))?;
    say(format_args!("listening {} {}", handle.local_addr(), handle.url()))?;
    let steer = async {
        tokio::select! {
            () = stop => {}
            Err(failure) = obey(arguments.control, &handle) => return Err(failure),
        }
        // It only fails if the server is gone, which was the aim.
        let _ = handle.shutdown().await;
        Ok(())
    };
    tokio::select! {
        biased;
        ended = steer => ended,
        ended = server.run() => match ended {
            Ended::Shutdown => Ok(()),
            // As wanted: a fault is to look like the real thing.
            Ended::Died => std::process::abort(),
        },
    }
}

/// Performs what comes on standard input. At its end the server goes on.
async fn obey(source: Option<ControlSource>, handle: &ServerHandle) -> Result<(), Failure> {
    let Some(ControlSource::Stdin) = source else { return Ok(()) };
    let (sender, mut lines) = mpsc::channel(16);
    // A thread of its own, for reading standard input cannot be interrupted and must not hold up the end.
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    while let Some(line) = lines.recv().await {
        let word = line.trim();
        if word == "statistics" {
            let report = handle.report().await.map_err(|error| failed(error.to_string()))?;
            say(format_args!("statistics {report}"))?;
            continue;
        }
        let control = match word.parse() {
            Ok(control) => control,
            Err(error) => {
                say(format_args!("error {error}"))?;
                continue;
            }
        };
        handle.control(control, Vec::new()).await.map_err(|error| failed(error.to_string()))?;
        say(format_args!("done {word}"))?;
    }
    Ok(())
}

/// Resolves at Ctrl-C or SIGTERM, from now on.
#[cfg(unix)]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Resolves at Ctrl-C.
#[cfg(not(unix))]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    })
}

fn say(line: fmt::Arguments<'_>) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .map_err(|error| failed(format!("cannot write to standard output: {error}")))
}

fn pool(arguments: &Arguments) -> Result<Pool, Failure> {
    let WorkArguments { shares_per_minute, ack_batch, .. } = arguments.work;
    let (seed, templates) = (arguments.seed, templates(&arguments.work));
    let WorkArguments { vardiff, inactivity, fixed_version, extended_channels_only, .. } = arguments.work;
    let WorkArguments { refuse_flags, ignore_extensions, .. } = arguments.work;
    let config = PoolConfig {
        seed,
        templates,
        shares_per_minute,
        ack_batch,
        vardiff: vardiff.and_then(|timeout| timeout.0).map(|interval| Vardiff { interval }),
        inactivity: inactivity.0,
        fixed_version,
        extended_channels_only,
        custom_jobs: custom_jobs(&arguments.work),
        refused_flags: refuse_flags,
        ignores_extensions: ignore_extensions,
        extensions: extensions(&arguments.work),
        faults: arguments.fault.clone(),
        ..PoolConfig::default()
    };
    Pool::new(config).map_err(|error| usage(error.to_string()))
}

fn provider(arguments: &Arguments) -> Result<TemplateProvider, Failure> {
    if let Some(fault) = arguments.fault.iter().find(|fault| fault.concerns_pool()) {
        return Err(usage(format!("fault {} needs --mode pool", fault.id)));
    }
    let (seed, templates) = (arguments.seed, templates(&arguments.work));
    let config = ProviderConfig { seed, templates, ..ProviderConfig::default() };
    TemplateProvider::new(config).map_err(|error| usage(error.to_string()))
}

fn extensions(work: &WorkArguments) -> Extensions {
    Extensions {
        required: work.require_extension.iter().copied().collect(),
        ..PoolConfig::default().extensions
    }
}

/// A token for a custom job; a type of its own because a list of bytes would be taken for several arguments.
#[derive(Clone, Debug)]
struct Token(Vec<u8>);

fn token(text: &str) -> Result<Token, String> {
    let token = hex::decode(text).map_err(|error| error.to_string())?;
    if token.len() > 255 {
        return Err("a token has 255 bytes at most".to_owned());
    }
    Ok(Token(token))
}

fn custom_jobs(work: &WorkArguments) -> Option<CustomJobs> {
    let tokens: BTreeSet<_> = work.custom_job_token.iter().map(|token| token.0.clone()).collect();
    (!tokens.is_empty()).then_some(CustomJobs { tokens })
}

fn fault(id: &str) -> Result<Fault, String> {
    let known = || FAULTS.iter().map(|fault| format!("{} {}", fault.id, fault.name)).collect::<Vec<_>>();
    Fault::by_id(id).ok_or_else(|| format!("known are {}", known().join(", ")))
}

fn templates(work: &WorkArguments) -> TemplateConfig {
    let default = TemplateConfig::default();
    let nbits = work.nbits.unwrap_or(default.nbits);
    let start_time = Clock::system().now().unix;
    TemplateConfig { transactions: work.transactions, nbits, start_time, ..default }
}

fn node_config(arguments: &Arguments) -> NodeConfig {
    let BoundArguments { max_payload, max_send_queue, max_connections, .. } = arguments.bounds;
    let bounds = &arguments.bounds;
    NodeConfig {
        transport: if arguments.plaintext { TransportConfig::Plain } else { noise(arguments) },
        limits: Limits { max_payload, max_send_queue, max_connections },
        deadlines: Deadlines {
            handshake: bounds.handshake_timeout.0,
            setup: bounds.setup_timeout.0,
            idle: bounds.idle_timeout.0,
            flush: bounds.flush_timeout.0,
        },
        seed: arguments.seed,
        faults: arguments.fault.clone(),
    }
}

fn noise(arguments: &Arguments) -> TransportConfig {
    let seeded = NoiseConfig::seeded(arguments.seed);
    let until = arguments.certificate_valid_for;
    let from = until.saturating_sub(1).min(seeded.validity.from);
    TransportConfig::Noise(Box::new(NoiseConfig {
        authority: arguments.authority_secret.clone().unwrap_or(seeded.authority),
        static_keypair: arguments.static_secret.clone().unwrap_or(seeded.static_keypair),
        validity: Validity { from, until },
    }))
}

fn static_keypair(text: &str) -> Result<StaticKeypair, String> {
    let mut secret = [0; 32];
    hex::decode_to_slice(text, &mut secret).map_err(|error| format!("{error}; 64 hex digits are needed"))?;
    StaticKeypair::new(secret, [0; 32]).map_err(|error| error.to_string())
}

fn nbits(text: &str) -> Result<u32, String> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    u32::from_str_radix(digits, 16).map_err(|error| format!("{error}; up to 8 hex digits are needed"))
}

impl std::str::FromStr for Timeout {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let seconds = text.parse().map_err(|error: std::num::ParseFloatError| error.to_string())?;
        let duration = Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())?;
        Ok(Self(Some(duration).filter(|duration| !duration.is_zero())))
    }
}

fn cannot_listen(address: &str, error: &io::Error) -> Failure {
    let advice = match error.kind() {
        io::ErrorKind::AddrInUse => {
            "stop what listens there, or choose another port; port 0 takes any free one"
        }
        io::ErrorKind::AddrNotAvailable => "choose an address of this machine",
        io::ErrorKind::PermissionDenied => "choose a port above 1023",
        _ => "give --listen as HOST:PORT",
    };
    let text = format!("cannot listen on {address}: {error}\n  {advice}");
    if error.kind() == io::ErrorKind::InvalidInput { usage(text) } else { failed(text) }
}

fn usage(text: String) -> Failure {
    Failure { text, code: 2 }
}

fn failed(text: String) -> Failure {
    Failure { text, code: 1 }
}
