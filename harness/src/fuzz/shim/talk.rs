//! The process, within bounds: it may die, hang, or say more than it was asked.

use super::protocol::cut;
use crate::exec::process::Process;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{ChildStdin, ChildStdout};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// Why there is nothing to judge.
#[derive(Debug, thiserror::Error)]
pub enum ShimError {
    /// The shell could not be started.
    #[error("cannot start {command:?}: {source}")]
    Spawn {
        /// The command line.
        command: String,
        /// What the system says.
        source: io::Error,
    },
    /// It never answered anything.
    #[error("{command:?} {how} before it answered anything")]
    NeverAnswered {
        /// The command line.
        command: String,
        /// In what way.
        how: String,
    },
}

/// What a shim may take.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Time for one answer.
    pub answer_within: Duration,
    /// Bytes of one answer.
    pub answer_len: usize,
    /// How often it is started again after it broke.
    pub restarts: usize,
}

impl Default for Bounds {
    /// Ten seconds, 64 MiB (the largest payload in hex, twice), five times.
    fn default() -> Self {
        Self { answer_within: Duration::from_secs(10), answer_len: 64 << 20, restarts: 5 }
    }
}

/// A line that was asked and what came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exchange {
    /// The request.
    pub asked: String,
    /// The answer, or nothing.
    pub answered: Option<String>,
}

/// The shim as a process that is asked.
#[derive(Debug)]
pub struct Talk {
    command: String,
    bounds: Bounds,
    running: Option<Running>,
    starts: usize,
    asked: u64,
    answered: u64,
    last: Exchange,
}

#[derive(Debug)]
struct Running {
    process: Process,
    requests: Sender<String>,
    answers: Receiver<Result<String, String>>,
}

impl Talk {
    /// Starts the command line by the shell.
    ///
    /// # Errors
    /// [`ShimError::Spawn`].
    pub fn start(command: &str, bounds: Bounds) -> Result<Self, ShimError> {
        let running = run(command, bounds)?;
        let command = command.to_owned();
        Ok(Self {
            command,
            bounds,
            running: Some(running),
            starts: 1,
            asked: 0,
            answered: 0,
            last: Exchange::default(),
        })
    }

    /// The command line.
    pub fn command(&self) -> &str {
        &self.command
    }

    /// Requests so far.
    pub fn asked(&self) -> u64 {
        self.asked
    }

    /// Answers so far.
    pub fn answered(&self) -> u64 {
        self.answered
    }

    /// Whether it may be asked: it runs, or may be started again.
    pub fn is_alive(&self) -> bool {
        self.running.is_some() || self.starts <= self.bounds.restarts
    }

    /// The latest request and its answer.
    pub fn last(&self) -> &Exchange {
        &self.last
    }

    /// Asks a line and waits for the answer. One that broke before is started again.
    ///
    /// # Errors
    /// In what way it broke: a text for a report.
    pub fn ask(&mut self, request: String) -> Result<String, String> {
        self.asked = self.asked.saturating_add(1);
        self.last = Exchange { asked: request.clone(), answered: None };
        let outcome = self.try_ask(request);
        match outcome {
            Ok(answer) => {
                self.answered = self.answered.saturating_add(1);
                self.last.answered = Some(answer.clone());
                Ok(answer)
            }
            Err(how) => {
                // Dropping it ends it.
                self.running = None;
                Err(how)
            }
        }
    }

    fn try_ask(&mut self, request: String) -> Result<String, String> {
        if self.running.is_none() {
            if !self.is_alive() {
                return Err(format!("broke {} times and is not started again", self.starts));
            }
            self.starts = self.starts.saturating_add(1);
            self.running = Some(run(&self.command, self.bounds).map_err(|error| error.to_string())?);
        }
        let within = self.bounds.answer_within;
        let Some(running) = &mut self.running else { return Err("does not run".to_owned()) };
        // A channel that is closed shows below.
        let _ = running.requests.send(request);
        match running.answers.recv_timeout(within) {
            Ok(answer) => answer.map_err(|how| running.with_status(how)),
            Err(RecvTimeoutError::Timeout) => Err(format!("gave no answer within {within:?}")),
            Err(RecvTimeoutError::Disconnected) => Err(running.with_status("ended".to_owned())),
        }
    }
}

impl Running {
    /// Adds what the process ended with.
    fn with_status(&mut self, how: String) -> String {
        const MOMENT: Duration = Duration::from_millis(500);
        match self.process.wait(MOMENT) {
            Some(status) => format!("{how} ({status})"),
            None => how,
        }
    }
}

fn run(command: &str, bounds: Bounds) -> Result<Running, ShimError> {
    let failed = |source| ShimError::Spawn { command: command.to_owned(), source };
    let (process, stdin, stdout) = Process::spawn_dialogue(command).map_err(failed)?;
    let (requests, to_ask) = channel();
    let (to_answer, answers) = channel();
    // The thread ends with the channel or with the process, whichever is first.
    std::thread::Builder::new()
        .name("shim".to_owned())
        .spawn(move || converse(stdin, stdout, bounds.answer_len, &to_ask, &to_answer))
        .map_err(failed)?;
    Ok(Running { process, requests, answers })
}

/// Writes each request and reads one line for it.
fn converse(
    mut stdin: ChildStdin,
    stdout: ChildStdout,
    most: usize,
    requests: &Receiver<String>,
    answers: &Sender<Result<String, String>>,
) {
    let mut stdout = BufReader::new(stdout);
    for request in requests {
        let answer = exchange(&mut stdin, &mut stdout, most, &request);
        let is_over = answer.is_err();
        if answers.send(answer).is_err() || is_over {
            return;
        }
    }
}

fn exchange(
    stdin: &mut ChildStdin,
    stdout: &mut BufReader<ChildStdout>,
    most: usize,
    request: &str,
) -> Result<String, String> {
    let sent = stdin.write_all(format!("{request}\n").as_bytes()).and_then(|()| stdin.flush());
    if let Err(error) = sent {
        return Err(format!("does not read: {error}"));
    }
    let mut line = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX);
    let read = stdout.by_ref().take(limit).read_until(b'\n', &mut line);
    match read {
        Err(error) => return Err(format!("cannot be read from: {error}")),
        Ok(0) => return Err("ended without an answer".to_owned()),
        Ok(_) => {}
    }
    if line.pop_if(|byte| *byte == b'\n').is_none() {
        let how =
            if line.len() >= most { "floods: a line of more than" } else { "ended within a line, after" };
        return Err(format!("{how} {} bytes: {:?}", line.len(), cut(&String::from_utf8_lossy(&line))));
    }
    line.pop_if(|byte| *byte == b'\r');
    if !stdout.buffer().is_empty() {
        let more = String::from_utf8_lossy(stdout.buffer()).into_owned();
        return Err(format!("floods: behind its answer it said {:?}", cut(&more)));
    }
    String::from_utf8(line).map_err(|_| "answered bytes that are no text".to_owned())
}
