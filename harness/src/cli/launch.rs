//! `run --exec`: the target is ours to start.

use super::interrupt::Interrupt;
use super::run::{RunArgs, is_loopback, serve_templates};
use super::{Exit, Failure};
use crate::exec::{Command, Exec, ExecError, Ready};
use crate::target::Target;
use std::sync::Arc;
use std::time::Duration;
use sv2_wire::url::Sv2Url;

/// How long a started target may take, unless `--ready-within` says otherwise.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// Stops the target when the run is over, also by a panic.
pub(super) struct Stopper(pub(super) Arc<Exec>);

impl Drop for Stopper {
    fn drop(&mut self) {
        self.0.stop();
    }
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
    let templates = args.serve_templates.map(|address| serve_templates(address, seed)).transpose()?;
    let exec = Exec::start(command, &|| interrupt.has_come()).map_err(failure)?;
    let url = exec.url().ok_or_else(|| Failure::ours("the target is gone"))?;
    check_consent(&url, args)?;
    Ok((Target::Foreign { url, templates }, Arc::new(exec)))
}

fn check_consent(url: &Sv2Url, args: &RunArgs) -> Result<(), Failure> {
    if args.i_may_test_this || is_loopback(url) {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "{url}: not on this machine; with the consent of its owner, add --i-may-test-this"
    )))
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

/// The options that start the same target again, for a shell.
pub(super) fn arguments(args: &RunArgs) -> String {
    let option = |name: &str, value: &Option<String>| {
        value.as_ref().map(|value| format!(" {name} '{}'", value.replace('\'', "'\\''")))
    };
    [option("--exec", &args.exec), option("--ready", &args.ready)].into_iter().flatten().collect()
}
