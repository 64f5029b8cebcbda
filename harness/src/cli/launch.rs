//! What is under test, ready to be tested: somebody else has started it, or `run --exec` does.

use super::interrupt::Interrupt;
use super::run::RunArgs;
use super::{Exit, Failure, templates};
use crate::exec::{Command, Exec, ExecError, Ready};
use crate::target::Target;
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::{Duration, Instant};
use sv2_wire::url::Sv2Url;

/// How long a started target may take, unless `--ready-within` says otherwise.
const READY_WITHIN: Duration = Duration::from_secs(30);
/// How long `--serve-templates` waits for the target, unless `--ready-within` says otherwise.
const READY_BEHIND_TEMPLATES: Duration = Duration::from_secs(60);
/// How long one attempt to reach the target may take.
const ATTEMPT: Duration = Duration::from_secs(5);
/// How often a target that is not ready yet is tried again.
const READY_INTERVAL: Duration = Duration::from_millis(200);

/// Stops the target when the run is over, also by a panic.
pub(super) struct Stopper(pub(super) Arc<Exec>);

impl Drop for Stopper {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// The target that the command line names, once it takes connections.
pub(super) fn find(args: &RunArgs, seed: u64) -> Result<Target, Failure> {
    let Some(text) = &args.target else { return Ok(Target::Embedded) };
    let url: Sv2Url = text.parse().map_err(|error| Failure::usage(format!("--target {text}: {error}")))?;
    check_consent(&url, args)?;
    let templates = args.serve_templates.map(|address| templates::serve(address, seed)).transpose()?;
    let default = if templates.is_some() { READY_BEHIND_TEMPLATES } else { Duration::ZERO };
    wait_until_ready(&url, args.ready_within.map_or(default, Duration::from_secs))?;
    Ok(Target::Foreign { url, templates })
}

/// Serves templates if that is asked for, then starts the target and waits until it is ready.
pub(super) fn start(
    line: &str,
    args: &RunArgs,
    seed: u64,
    interrupt: &Interrupt,
) -> Result<(Target, Arc<Exec>), Failure> {
    let url = args.target.as_deref().map(str::parse::<Sv2Url>).transpose();
    let url = url.map_err(|error| Failure::usage(format!("--target: {error}")))?;
    let ready: Ready = args.ready.as_deref().unwrap_or("tcp").parse().map_err(failure)?;
    let within = args.ready_within.map_or(READY_WITHIN, Duration::from_secs);
    let command = Command { line: line.to_owned(), ready, url, within };
    command.check().map_err(failure)?;
    if let Some(url) = &command.url {
        check_consent(url, args)?;
    }
    let templates = args.serve_templates.map(|address| templates::serve(address, seed)).transpose()?;
    let exec = Exec::start(command, &|| interrupt.has_come()).map_err(failure)?;
    let url = exec.url().ok_or_else(|| Failure::ours("the target is gone"))?;
    check_consent(&url, args)?;
    Ok((Target::Foreign { url, templates }, Arc::new(exec)))
}

pub(super) fn is_loopback(url: &Sv2Url) -> bool {
    url.host() == "localhost"
        || url.host().parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

fn check_consent(url: &Sv2Url, args: &RunArgs) -> Result<(), Failure> {
    consent(url, args.i_may_test_this)
}

/// Whether the target may be tested: it is on this machine, or its owner agrees.
pub(super) fn consent(url: &Sv2Url, i_may_test_this: bool) -> Result<(), Failure> {
    if i_may_test_this || is_loopback(url) {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "{url}: not on this machine; with the consent of its owner, add --i-may-test-this"
    )))
}

/// Tries until the target takes a TCP connection.
pub(super) fn wait_until_ready(url: &Sv2Url, bound: Duration) -> Result<(), Failure> {
    let started = Instant::now();
    loop {
        match attempt(url) {
            Ok(()) => return Ok(()),
            Err(_) if started.elapsed() < bound => std::thread::sleep(READY_INTERVAL),
            Err(error) => {
                let text = format!("{url}: {error}; is the target running, and is that its address?");
                return Err(Failure { exit: Exit::NotReady, text });
            }
        }
    }
}

/// Connects to the first address of the target that answers.
fn attempt(url: &Sv2Url) -> std::io::Result<()> {
    let mut result = Err(std::io::Error::other("the name has no address"));
    for address in url.address().to_socket_addrs()? {
        result = TcpStream::connect_timeout(&address, ATTEMPT).map(drop);
        if result.is_ok() {
            break;
        }
    }
    result
}

fn failure(error: ExecError) -> Failure {
    let exit = match error {
        ExecError::Form(_)
        | ExecError::Regex(_)
        | ExecError::NoTarget
        | ExecError::TwoTargets
        | ExecError::Taken(_) => Exit::Usage,
        ExecError::Spawn(_) => Exit::Ours,
        ExecError::Interrupted => Exit::Interrupted,
        ExecError::Announced { .. } | ExecError::Died(_) | ExecError::NotReady { .. } => Exit::NotReady,
    };
    let option = match error {
        ExecError::Form(_) | ExecError::Regex(_) => "--ready",
        _ => "--exec",
    };
    Failure { exit, text: format!("{option}: {error}") }
}
