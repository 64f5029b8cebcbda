//! One process group.

use std::io::{self, Read};
use std::process::{Child, ChildStdin, ChildStdout, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How long a process may take to end after SIGTERM.
const TERM: Duration = Duration::from_secs(5);
/// How long the rest of its group may take once the process itself has ended.
const REST: Duration = Duration::from_secs(1);
/// How often a process that is to end is looked at.
const INTERVAL: Duration = Duration::from_millis(10);

/// A stream of a process's output.
pub(super) type Stream = Box<dyn Read + Send>;

/// A child that leads a process group. Dropping it stops it.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    is_stopped: bool,
}

impl Process {
    /// Starts a command line in a group of its own, without input.
    pub(super) fn spawn(line: &str) -> io::Result<(Self, Vec<Stream>)> {
        let mut command = std::process::Command::new("sh");
        command.args(["-c", line]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn()?;
        let mut streams: Vec<Stream> = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            streams.push(Box::new(stdout));
        }
        if let Some(stderr) = child.stderr.take() {
            streams.push(Box::new(stderr));
        }
        Ok((Self { child, is_stopped: false }, streams))
    }

    /// Starts a command line in a group of its own that is spoken to; its error output is ours.
    pub(crate) fn spawn_dialogue(line: &str) -> io::Result<(Self, ChildStdin, ChildStdout)> {
        let mut command = std::process::Command::new("sh");
        command.args(["-c", line]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn()?;
        let pipes = (child.stdin.take(), child.stdout.take());
        let process = Self { child, is_stopped: false };
        match pipes {
            (Some(stdin), Some(stdout)) => Ok((process, stdin, stdout)),
            _ => Err(io::Error::other("the child has no pipes")),
        }
    }

    /// Its group, whose number is its own.
    pub(super) fn group(&self) -> u32 {
        self.child.id()
    }

    /// What it ended with, if it has ended.
    pub(super) fn status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self, bound: Duration) -> Option<ExitStatus> {
        let started = Instant::now();
        loop {
            let status = self.status();
            if status.is_some() || started.elapsed() >= bound {
                return status;
            }
            std::thread::sleep(INTERVAL);
        }
    }

    /// Ends the group: politely, then not.
    pub(super) fn stop(&mut self) {
        if std::mem::replace(&mut self.is_stopped, true) {
            return;
        }
        self.signal(false);
        self.wait(TERM);
        let started = Instant::now();
        while self.has_group() && self.status().is_some() && started.elapsed() < REST {
            std::thread::sleep(INTERVAL);
        }
        self.signal(true);
        // After SIGKILL this is a matter of moments; a process that even then does not end is not waited for.
        self.wait(REST);
    }

    #[cfg(unix)]
    fn signal(&mut self, is_final: bool) {
        use rustix::process::{Pid, Signal, kill_process_group};
        let signal = if is_final { Signal::KILL } else { Signal::TERM };
        // The group may be gone already.
        let _ = kill_process_group(Pid::from_child(&self.child), signal);
    }

    #[cfg(unix)]
    fn has_group(&self) -> bool {
        use rustix::process::{Pid, test_kill_process_group};
        test_kill_process_group(Pid::from_child(&self.child)).is_ok()
    }

    #[cfg(not(unix))]
    fn signal(&mut self, _is_final: bool) {
        let _ = self.child.kill();
    }

    #[cfg(not(unix))]
    fn has_group(&self) -> bool {
        false
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}
