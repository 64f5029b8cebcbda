//! A target that a run starts, restarts after a death, and stops.
//!
//! The command runs under `sh -c` in a process group of its own, so that Ctrl-C reaches us first and nothing of it is left
//! behind. Its output is always read, so that it never blocks on a full pipe, and its last lines are kept.

mod output;
pub(crate) mod process;

use output::Output;
use process::Process;
use regex::Regex;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::process::ExitStatus;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use sv2_wire::url::{Sv2Url, UrlError};

/// Name of the group in the regular expression of `--ready line=REGEX` that holds the target's URL.
const TARGET: &str = "target";
/// How often something that is awaited is looked at.
const INTERVAL: Duration = Duration::from_millis(20);
/// How long a TCP connection to the target may take.
const CONNECT: Duration = Duration::from_secs(1);
/// How long a process that takes no connections any more gets to exit, so that its status can be told.
const DYING: Duration = Duration::from_millis(500);

/// How to tell that a target can be tested.
#[derive(Clone, Debug)]
pub enum Ready {
    /// It takes TCP connections.
    Tcp,
    /// It has printed a line that matches, on either stream, and takes TCP connections.
    Line(Regex),
}

/// What to start.
#[derive(Clone, Debug)]
pub struct Command {
    /// A command line for `sh -c`.
    pub line: String,
    /// How to tell that it is ready.
    pub ready: Ready,
    /// Where it will be; not needed when [`Ready::Line`] has a group `target`.
    pub url: Option<Sv2Url>,
    /// How long it may take to become ready.
    pub within: Duration,
}

/// Why a target is not there.
#[derive(Debug, thiserror::Error)]
pub enum ExecError {
    /// `--ready` is neither of its forms.
    #[error("{0:?}: expected tcp or line=REGEX")]
    Form(String),
    /// The regular expression does not parse.
    #[error("{0}")]
    Regex(#[from] regex::Error),
    /// Neither a URL nor a group that gives one.
    #[error("where will the target be? give --target URL, or --ready line=REGEX with a group (?<target>...)")]
    NoTarget,
    /// Both a URL and a group that gives one.
    #[error("give either --target or a group (?<target>...) in --ready, not both")]
    TwoTargets,
    /// Something listens there before the target is started.
    #[error("{0} takes connections before the target was started; is another one still running?")]
    Taken(Sv2Url),
    /// The command cannot be started.
    #[error("cannot start sh: {0}")]
    Spawn(io::Error),
    /// The line that should give the URL does not.
    #[error("the target announced {text:?}: {problem}")]
    Announced {
        /// What the group matched.
        text: String,
        /// Why it is no URL.
        problem: UrlError,
    },
    /// It ended before it was ready.
    #[error("the target ended before it was ready: {0}")]
    Died(Death),
    /// It did not become ready.
    #[error("the target was not ready within {} s: {awaited}{output}", within.as_secs_f64())]
    NotReady {
        /// The bound.
        within: Duration,
        /// What was missing.
        awaited: &'static str,
        /// The last lines that it printed.
        output: LastLines,
    },
    /// The run ended meanwhile.
    #[error("interrupted")]
    Interrupted,
}

/// How a target ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Death {
    /// What its process ended with; nothing when it lives and takes no connections any more.
    pub status: Option<ExitStatus>,
    /// The last lines that it printed.
    pub output: LastLines,
}

/// The last lines that a target printed. `Display` begins with a line break, or is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LastLines(pub Vec<String>);

impl std::fmt::Display for Death {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.status {
            Some(status) => write!(f, "{status}")?,
            None => f.write_str("it takes no connections any more, though its process lives")?,
        }
        self.output.fmt(f)
    }
}

impl std::fmt::Display for LastLines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.0.is_empty() {
            f.write_str("\nits last output:")?;
        }
        self.0.iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

impl std::str::FromStr for Ready {
    type Err = ExecError;

    fn from_str(text: &str) -> Result<Self, ExecError> {
        match text.split_once('=') {
            None if text == "tcp" => Ok(Self::Tcp),
            Some(("line", regex)) => Ok(Self::Line(Regex::new(regex)?)),
            _ => Err(ExecError::Form(text.to_owned())),
        }
    }
}

impl Command {
    /// Checks that there is exactly one way to know the URL.
    ///
    /// # Errors
    /// [`ExecError::NoTarget`], [`ExecError::TwoTargets`].
    pub fn check(&self) -> Result<(), ExecError> {
        let Ready::Line(regex) = &self.ready else {
            return if self.url.is_some() { Ok(()) } else { Err(ExecError::NoTarget) };
        };
        match (&self.url, regex.capture_names().flatten().any(|name| name == TARGET)) {
            (None, false) => Err(ExecError::NoTarget),
            (Some(_), true) => Err(ExecError::TwoTargets),
            _ => Ok(()),
        }
    }
}

/// A started target. Dropping it stops it.
#[derive(Debug)]
pub struct Exec {
    command: Command,
    running: Mutex<Option<Running>>,
    is_ended: AtomicBool,
}

#[derive(Debug)]
struct Running {
    process: Process,
    output: Output,
    url: Sv2Url,
}

impl Exec {
    /// Starts the target and waits until it is ready, or until `is_interrupted` says so.
    ///
    /// # Errors
    /// See [`ExecError`]; nothing is left running then.
    pub fn start(command: Command, is_interrupted: &dyn Fn() -> bool) -> Result<Self, ExecError> {
        command.check()?;
        if let Some(url) = command.url.as_ref().filter(|url| takes_connections(url)) {
            return Err(ExecError::Taken(url.clone()));
        }
        let running = launch(&command, is_interrupted)?;
        Ok(Self { command, running: Mutex::new(Some(running)), is_ended: AtomicBool::new(false) })
    }

    /// Where the target is now; after a restart it may be elsewhere.
    pub fn url(&self) -> Option<Sv2Url> {
        self.lock().as_ref().map(|running| running.url.clone())
    }

    /// The process group that it runs in.
    pub fn group(&self) -> Option<u32> {
        self.lock().as_ref().map(|running| running.process.group())
    }

    /// Whether the target has died. With a suspicion, it is asked for a connection, and if it takes one, watched for that
    /// long.
    pub fn death(&self, suspicion: Option<Duration>) -> Option<Death> {
        let mut running = self.lock();
        let running = running.as_mut()?;
        let mut status = running.process.status();
        if status.is_none() {
            let suspicion = suspicion?;
            let is_reachable = !refuses_connections(&running.url);
            status = running.process.wait(if is_reachable { suspicion } else { suspicion.max(DYING) });
            if status.is_none() && is_reachable {
                return None;
            }
        }
        Some(Death { status, output: running.output.last_lines() })
    }

    /// Stops what is left of the target and starts it anew.
    ///
    /// # Errors
    /// As [`Exec::start`]; [`ExecError::Interrupted`] once [`Exec::stop`] was called.
    pub fn restart(&self) -> Result<(), ExecError> {
        let mut running = self.lock();
        if let Some(mut old) = running.take() {
            old.process.stop();
        }
        let is_ended = || self.is_ended.load(Ordering::Relaxed);
        if is_ended() {
            return Err(ExecError::Interrupted);
        }
        *running = Some(launch(&self.command, &is_ended)?);
        Ok(())
    }

    /// Asks the whole process group to end (SIGTERM), and kills after a bound what does not. Nothing starts afterwards.
    pub fn stop(&self) {
        self.is_ended.store(true, Ordering::Relaxed);
        if let Some(mut running) = self.lock().take() {
            running.process.stop();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Exec {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Carries out a command line of `sh` that steers a target, and waits for its end.
///
/// # Errors
/// It cannot be started, does not end in time, or ends with another status than 0; in words, with its last lines.
pub fn command(line: &str, within: Duration) -> Result<(), String> {
    let (mut process, streams) = Process::spawn(line).map_err(|error| format!("cannot start sh: {error}"))?;
    let output = Output::read(streams, None);
    match process.wait(within) {
        Some(status) if status.success() => Ok(()),
        Some(status) => Err(format!("the command {line:?} ended with {status}{}", output.last_lines())),
        None => Err(format!("the command {line:?} did not end within {} s", within.as_secs_f64())),
    }
}

/// Starts and waits. [`Process`] stops itself when this fails.
fn launch(command: &Command, is_interrupted: &dyn Fn() -> bool) -> Result<Running, ExecError> {
    let started = Instant::now();
    let (mut process, streams) = Process::spawn(&command.line).map_err(ExecError::Spawn)?;
    let regex = match &command.ready {
        Ready::Tcp => None,
        Ready::Line(regex) => Some(regex.clone()),
    };
    let output = Output::read(streams, regex);
    loop {
        if is_interrupted() {
            return Err(ExecError::Interrupted);
        }
        let announced = output.announced();
        let has_line = announced.is_some() || matches!(command.ready, Ready::Tcp);
        let url = match (&command.url, announced.flatten()) {
            (Some(url), _) => Some(url.clone()),
            (None, Some(text)) => {
                let parsed = text.parse();
                Some(parsed.map_err(|problem| ExecError::Announced { text, problem })?)
            }
            (None, None) => None,
        };
        if let Some(status) = process.status() {
            let output = output.last_lines();
            return Err(ExecError::Died(Death { status: Some(status), output }));
        }
        match url {
            Some(url) if has_line && takes_connections(&url) => return Ok(Running { process, output, url }),
            _ => {}
        }
        if started.elapsed() >= command.within {
            let awaited = if has_line { "it takes no connections" } else { "no line of its output matches" };
            let output = output.last_lines();
            return Err(ExecError::NotReady { within: command.within, awaited, output });
        }
        std::thread::sleep(INTERVAL);
    }
}

fn takes_connections(url: &Sv2Url) -> bool {
    let addresses = url.address().to_socket_addrs();
    addresses.is_ok_and(|mut found| found.any(|at| TcpStream::connect_timeout(&at, CONNECT).is_ok()))
}

/// Whether nobody listens there. A connection that is reset at once was taken, and one that takes too long may wait in a queue.
fn refuses_connections(url: &Sv2Url) -> bool {
    let is_refused = |at: SocketAddr| {
        let connected = TcpStream::connect_timeout(&at, CONNECT);
        connected.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
    };
    url.address().to_socket_addrs().is_ok_and(|mut found| found.all(is_refused))
}

#[cfg(test)]
mod tests;
