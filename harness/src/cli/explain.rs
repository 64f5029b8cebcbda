//! `sv2-conform explain`.

use super::{Exit, Failure, print, select};
use crate::explain::Explainer;
use crate::ledger::Ledger;
use clap::Args;
use std::path::PathBuf;
use std::sync::Arc;

#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// A clause (SV2-05-112), an ambiguity (AMB-43), a row of good sense (ROB-01), a scenario (mining/share/duplicate), an
    /// always-on rule, a fault (F17), or an id of the catalogue of interoperability-tests-sv2 (M-SSS-5).
    #[arg(required = true)]
    names: Vec<String>,
    /// Files and folders of scenarios; without any, the embedded suite. May be repeated.
    #[arg(long = "suite", value_name = "PATH")]
    paths: Vec<PathBuf>,
}

pub(super) fn explain(args: &ExplainArgs, ledger: Ledger) -> Result<Exit, Failure> {
    let suite = select::suite(&args.paths, &ledger)?;
    let explainer = Explainer::new(Arc::new(ledger), suite);
    let pages = args.names.iter().map(|name| explainer.explain(name));
    let pages: Vec<_> = pages.collect::<Result<_, _>>().map_err(|error| Failure::usage(error.to_string()))?;
    print(&pages.join("\n"));
    Ok(Exit::Fine)
}
