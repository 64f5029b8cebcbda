//! `sv2-conform review`.

use super::{Exit, Failure};
use crate::snapshot;
use clap::Args;
use std::io::{BufRead, IsTerminal, Write};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct ReviewArgs {
    /// Folders with pending snapshots.
    #[arg(default_value = "scenarios")]
    folders: Vec<PathBuf>,
    /// Accept all without asking.
    #[arg(long, conflicts_with = "reject")]
    accept: bool,
    /// Reject all without asking.
    #[arg(long)]
    reject: bool,
}

/// Shows every pending snapshot and does with it what is asked for. Without a terminal and without a flag they are only
/// shown, and the exit code says that something is pending.
pub(super) fn review(args: &ReviewArgs) -> Result<Exit, Failure> {
    let mut pending = Vec::new();
    for folder in &args.folders {
        pending.extend(snapshot::pending_below(folder).map_err(Failure::usage)?);
    }
    if pending.is_empty() {
        super::print("nothing is pending\n");
        return Ok(Exit::Fine);
    }
    let mut left = 0;
    for snapshot in &pending {
        super::print(&format!("{}\n{}\n", snapshot.path.display(), snapshot.difference));
        match decide(args)? {
            Some(true) => snapshot.accept().map_err(Failure::ours)?,
            Some(false) => snapshot.reject().map_err(Failure::ours)?,
            None => left += 1,
        }
    }
    super::print(&format!("{} reviewed, {left} pending\n", pending.len() - left));
    Ok(if left > 0 { Exit::SnapshotChanged } else { Exit::Fine })
}

fn decide(args: &ReviewArgs) -> Result<Option<bool>, Failure> {
    if args.accept || args.reject {
        return Ok(Some(args.accept));
    }
    if !std::io::stdin().is_terminal() {
        return Ok(None);
    }
    loop {
        print!("accept, reject or skip? [a/r/s] ");
        let mut answer = String::new();
        let read = std::io::stdout().flush().and_then(|()| std::io::stdin().lock().read_line(&mut answer));
        match (read.map_err(|error| Failure::ours(error.to_string()))?, answer.trim()) {
            (_, "a") => return Ok(Some(true)),
            (_, "r") => return Ok(Some(false)),
            (0, _) | (_, "s") => return Ok(None),
            _ => {}
        }
    }
}
