//! How far a run is: one line on a terminal, rewritten in place; nothing anywhere else.

use crate::verdict::{Outcome, Verdict};
use std::io::{IsTerminal, Stderr, Write};

/// Columns of the line at most.
const COLUMNS: usize = 79;
/// Back to the start of the line, and nothing on it.
const CLEAR: &str = "\r\x1b[2K";

/// The line. Dropping it takes it away.
pub(super) struct Progress<W: Write = Stderr> {
    out: Option<W>,
    total: usize,
    played: usize,
    failed: usize,
    running: Vec<String>,
}

impl Progress {
    /// On standard error, if that is a terminal that can rewrite a line.
    pub(super) fn on_terminal(total: usize) -> Self {
        let is_able =
            std::io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        Self::new(is_able.then(std::io::stderr), total)
    }
}

impl<W: Write> Progress<W> {
    fn new(out: Option<W>, total: usize) -> Self {
        Self { out, total, played: 0, failed: 0, running: Vec::new() }
    }

    pub(super) fn began(&mut self, id: &str) {
        self.running.push(id.to_owned());
        self.draw();
    }

    pub(super) fn played(&mut self, outcome: &Outcome) {
        self.running.retain(|id| *id != outcome.id);
        self.played += 1;
        if outcome.verdict >= Verdict::Fail {
            self.failed += 1;
        }
        self.draw();
    }

    fn draw(&mut self) {
        let line = self.line();
        if let Some(out) = &mut self.out {
            // A terminal that has gone away is no fault of the run.
            let _ = write!(out, "{CLEAR}{line}").and_then(|()| out.flush());
        }
    }

    fn line(&self) -> String {
        let failed = if self.failed == 0 { String::new() } else { format!("  {} failed", self.failed) };
        let line = format!("  {}/{}{failed}  {}", self.played, self.total, self.running.join(" "));
        line.chars().take(COLUMNS).collect()
    }
}

impl<W: Write> Drop for Progress<W> {
    fn drop(&mut self) {
        if let Some(out) = &mut self.out {
            let _ = write!(out, "{CLEAR}").and_then(|()| out.flush());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(id: &str, verdict: Verdict) -> Outcome {
        Outcome::unplayed(id, "", 0, verdict, "")
    }

    #[test]
    fn the_line_counts_and_names_what_runs() {
        let mut progress: Progress<Vec<u8>> = Progress::new(None, 3);
        progress.began("a/b");
        progress.began("c/d");
        assert_eq!(progress.line(), "  0/3  a/b c/d");
        progress.played(&outcome("a/b", Verdict::Fail));
        progress.played(&outcome("c/d", Verdict::Pass));
        assert_eq!(progress.line(), "  2/3  1 failed  ");
        progress.began(&"x".repeat(200));
        assert_eq!(progress.line().len(), COLUMNS);
    }

    #[test]
    fn the_line_is_rewritten_and_taken_away() {
        let mut written = Vec::new();
        let mut progress = Progress::new(Some(&mut written), 1);
        progress.began("a");
        progress.played(&outcome("a", Verdict::Pass));
        drop(progress);
        let text = String::from_utf8(written).unwrap();
        assert_eq!(text, "\r\x1b[2K  0/1  a\r\x1b[2K  1/1  \r\x1b[2K");
    }
}
