//! `sv2-conform fmt`.

use super::{Exit, Failure, render};
use crate::scenario::format::format;
use crate::suite;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct FmtArgs {
    /// Files, and folders to look for scenarios and fragments in; without any, this folder.
    paths: Vec<PathBuf>,
    /// Change nothing: list the files that are not canonical, and exit with 1 if there are some.
    #[arg(long)]
    check: bool,
}

pub(super) fn fmt(args: &FmtArgs) -> Result<Exit, Failure> {
    let here = [PathBuf::from(".")];
    let paths = if args.paths.is_empty() { here.as_slice() } else { &args.paths };
    let (mut errors, mut differ) = (Vec::new(), 0usize);
    for path in suite::files(paths)? {
        let name = path.display().to_string();
        let text = suite::read_text(&path)?;
        match format(&name, &text) {
            Ok(canonical) if canonical == text => {}
            Ok(canonical) => {
                differ += 1;
                super::print(&format!("{name}\n"));
                if !args.check {
                    std::fs::write(&path, canonical)
                        .map_err(|problem| Failure::usage(format!("{name}: {problem}")))?;
                }
            }
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        return Err(Failure::usage(render(&errors)));
    }
    Ok(if args.check && differ > 0 { Exit::Failed } else { Exit::Fine })
}
