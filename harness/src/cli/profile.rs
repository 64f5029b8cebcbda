//! `--profile` and `--set`, and `sv2-conform profile`.

use super::run::RunArgs;
use super::style::Style;
use super::{Exit, Failure, ListFormat, launch, print, render, run};
use crate::drive;
use crate::ledger::Ledger;
use crate::profile::Profile;
use crate::profile::draft::{Given, draft};
use crate::profile::file::ProfileFile;
use crate::profile::keys::KEYS;
use crate::profile::library::{self, LibraryError};
use crate::profile::probe::{Fact, Interview, Learned, patience};
use crate::profile::verify::{Claim, Standing, judge};
use crate::runner::Plan;
use crate::suite;
use crate::target::{Target, scenario_seed};
use clap::{Args, Subcommand};
use serde_json::json;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use sv2_wire::url::Sv2Url;

/// Columns of the names of claims.
const NAMES: usize = 44;
/// Bytes of a frame that are shown.
const SHOWN: usize = 96;

/// Which profile, and what of it is replaced.
#[derive(Debug, Default, Args)]
pub(super) struct Choice {
    /// What the pool can do and how to treat it: a file, or one of `sv2-conform list --profiles`. Options win over it.
    #[arg(long, value_name = "NAME|FILE")]
    profile: Option<String>,
    /// Replace one key of the profile, such as limits.hash_rate=5000; may be repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    #[arg(skip)]
    claims: ProfileFile,
}

impl Choice {
    /// Reads what was chosen. `paths` are scenarios whose folder may have profiles of its own.
    pub(super) fn load(&mut self, paths: &[PathBuf], ledger: &Ledger) -> Result<(), Failure> {
        if let Some(name) = &self.profile {
            self.claims = library::find(name, paths, ledger).map_err(failure)?;
        }
        for assignment in &self.set {
            let set = self.claims.set(assignment, ledger);
            set.map_err(|errors| Failure::usage(format!("--set {assignment}:\n{}", render(&[errors]))))?;
        }
        Ok(())
    }

    /// What the profile says; nothing without one.
    pub(super) fn claims(&self) -> &ProfileFile {
        &self.claims
    }

    /// A target's own profile, as far as this one does not say otherwise.
    pub(super) fn over(&self, mut profile: Profile) -> Profile {
        self.claims.apply(&mut profile);
        profile
    }

    /// The options that choose the same.
    pub(super) fn options(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let profile = self.profile.iter().map(|name| ("--profile", name.as_str()));
        profile.chain(self.set.iter().map(|assignment| ("--set", assignment.as_str())))
    }
}

fn failure(error: LibraryError) -> Failure {
    match error {
        LibraryError::Invalid(errors) => Failure::usage(render(&[errors])),
        other => Failure::usage(format!("--profile {other}")),
    }
}

/// Reads the profile of a run, and lets it say how the target is started where no option does. Who names a running target
/// wants no other one to be started.
pub(super) fn fill(args: &mut RunArgs, ledger: &Ledger) -> Result<(), Failure> {
    args.choice.load(&args.paths, ledger)?;
    let claims = args.choice.claims();
    let text = |key: &str| claims.text(key).map(str::to_owned);
    let is_ours = !args.virtual_time && args.fault.is_empty();
    if args.exec.is_none() && args.target.is_none() && is_ours {
        args.exec = text("start.exec");
        args.target = text("start.target");
    }
    if args.exec.is_some() && args.ready.is_none() {
        args.ready = text("start.ready");
    }
    if args.ready.is_some() && args.exec.is_none() {
        return Err(Failure::usage(
            "--ready: for a target that is started; give --exec, or a profile with [start] exec",
        ));
    }
    let is_foreign = args.exec.is_some() || args.target.is_some();
    if let (true, None, Some(address)) = (is_foreign, args.serve_templates, text("start.serve_templates")) {
        let parsed = address.parse();
        args.serve_templates = Some(parsed.map_err(|error| {
            Failure::usage(format!("--profile: start.serve_templates {address:?}: {error}"))
        })?);
    }
    Ok(())
}

/// `sv2-conform list --profiles`.
pub(super) fn list(format: ListFormat, ledger: &Ledger) -> Result<Exit, Failure> {
    let mut rows = Vec::new();
    for (name, text) in library::embedded() {
        let file = ProfileFile::parse(name, text, ledger);
        let file = file.map_err(|errors| Failure::ours(render(&[errors])))?;
        rows.push((name, file));
    }
    let tested = |file: &ProfileFile| file.text("tested").map(str::to_owned);
    match format {
        ListFormat::Text => {
            let lines = rows.iter().map(|(name, file)| {
                let version = tested(file).unwrap_or_else(|| "untested".to_owned());
                format!("{name}  {version}  {}\n", file.text("about").unwrap_or_default())
            });
            print(&lines.collect::<String>());
        }
        ListFormat::Json => {
            let rows = rows.iter().map(
                |(name, file)| json!({ "name": name, "tested": tested(file), "about": file.text("about") }),
            );
            print(&format!("{:#}\n", rows.collect::<serde_json::Value>()));
        }
    }
    Ok(Exit::Fine)
}

#[derive(Debug, Args)]
pub(super) struct ProfileArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Writes a profile from what the wire shows; each line says how it was learned.
    Init(InitArgs),
    /// Shows what the wire tells of a pool.
    Probe(PoolArgs),
    /// Holds each line of a profile against the wire. A line that the wire contradicts exits 1.
    Verify(PoolArgs),
    /// Lists the keys of profiles.
    Keys,
}

#[derive(Debug, Args)]
struct PoolArgs {
    /// The pool: stratum2+tcp://HOST:PORT/KEY, without KEY to accept any certificate, tcp://HOST:PORT for plaintext.
    url: String,
    #[command(flatten)]
    choice: Choice,
    /// The identity to open channels with; many pools want a payout address.
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// A pool that is not on this machine is asked only with this flag: its owner has to agree.
    #[arg(long)]
    i_may_test_this: bool,
    /// Factor on every bound of waiting, for slow machines.
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    timeout_scale: f64,
}

#[derive(Debug, Args)]
struct InitArgs {
    #[command(flatten)]
    pool: PoolArgs,
    /// The file to write; standard output without it. A file that exists is not replaced.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The name in the profile; without it that of the file, or of the host.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

pub(super) fn run(args: ProfileArgs, ledger: Ledger) -> Result<Exit, Failure> {
    match args.command {
        Command::Init(args) => init(args, ledger),
        Command::Probe(mut args) => {
            args.choice.load(&[], &ledger)?;
            let learned = ask(&args, ledger)?;
            learned.facts.iter().for_each(|(name, fact)| print(&shown(name, &fact.shown.describe(), fact)));
            learned.unseen.iter().for_each(|(name, reason)| print(&unseen(name, reason)));
            Ok(Exit::Fine)
        }
        Command::Verify(args) => verify(args, ledger),
        Command::Keys => {
            let lines =
                KEYS.iter().map(|key| format!("{:24} {}: {}\n", key.name, key.doc, key.takes.describe()));
            print(&lines.collect::<String>());
            print(
                "error_codes.SYMBOL       how it spells an error code; the symbols are those that scenarios use\n",
            );
            Ok(Exit::Fine)
        }
    }
}

fn init(mut args: InitArgs, ledger: Ledger) -> Result<Exit, Failure> {
    if let Some(path) = args.output.as_ref().filter(|path| path.exists()) {
        let text =
            format!("--output {}: it exists; `profile verify` holds it against the wire", path.display());
        return Err(Failure::usage(text));
    }
    args.pool.choice.load(&[], &ledger)?;
    let url = url(&args.pool)?;
    let user = args.pool.choice.over(Profile::foreign()).user_identity;
    let user = args.pool.user.clone().unwrap_or(user);
    let learned = ask(&args.pool, ledger)?;
    let of_file =
        args.output.as_deref().and_then(Path::file_stem).map(|stem| stem.to_string_lossy().into_owned());
    let name = args.name.or(of_file).unwrap_or_else(|| url.host().to_owned());
    let given = Given {
        name: &name,
        url: &args.pool.url,
        is_local: launch::is_loopback(&url),
        user: &user,
        claims: args.pool.choice.claims(),
    };
    let text = draft(&given, &learned);
    match &args.output {
        None => print(&text),
        Some(path) => {
            let written = std::fs::write(path, text);
            written.map_err(|error| Failure::usage(format!("--output {}: {error}", path.display())))?;
            eprintln!(
                "{} is written; `sv2-conform profile verify` holds it against the wire",
                path.display()
            );
        }
    }
    Ok(Exit::Fine)
}

fn verify(mut args: PoolArgs, ledger: Ledger) -> Result<Exit, Failure> {
    args.choice.load(&[], &ledger)?;
    if args.choice.claims() == &ProfileFile::default() {
        return Err(Failure::usage("profile verify: which one? give --profile NAME or FILE"));
    }
    let learned = ask(&args, ledger)?;
    let claims = judge(args.choice.claims(), &learned);
    let style = Style::of(std::io::stdout().is_terminal());
    claims.iter().for_each(|claim| print(&told(claim, style)));
    let count = |is: fn(&Standing) -> bool| claims.iter().filter(|claim| is(&claim.standing)).count();
    let contradicted = count(|standing| matches!(standing, Standing::Contradicted(_)));
    print(&format!(
        "\n{} hold, {contradicted} contradicted, {} unverified\n",
        count(|standing| matches!(standing, Standing::Holds(_))),
        count(|standing| matches!(standing, Standing::Unverified(_))),
    ));
    Ok(if contradicted > 0 { Exit::Failed } else { Exit::Fine })
}

fn told(claim: &Claim, style: Style) -> String {
    match &claim.standing {
        Standing::Holds(fact) => {
            format!("{}  {}", style.good("holds       "), shown(&claim.name, &claim.says, fact))
        }
        Standing::Contradicted(fact) => {
            let says = format!("{}; the wire shows {}", claim.says, fact.shown.describe());
            format!("{}  {}", style.bad("CONTRADICTED"), shown(&claim.name, &says, fact))
        }
        Standing::Unverified(reason) => {
            let text = format!("{}; {reason}", claim.says);
            format!("{}  {}", style.doubtful("unverified  "), unseen(&claim.name, &text))
        }
    }
}

fn shown(name: &str, says: &str, fact: &Fact) -> String {
    let came = match &fact.frame {
        Some((message, frame)) => {
            let hex = hex::encode(frame.get(..SHOWN).unwrap_or(frame));
            let cut = if frame.len() > SHOWN { "..." } else { "" };
            format!("{message} {hex}{cut}")
        }
        None => "nothing came".to_owned(),
    };
    format!("{name:NAMES$} {}\n{:16}asked: {}\n{:16}came:  {came}\n", clean(says), "", fact.how, "")
}

fn unseen(name: &str, text: &str) -> String {
    format!("{name:NAMES$} {}\n", clean(text))
}

/// What a peer sent, without what would steer a terminal.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '.' } else { c }).collect()
}

fn url(args: &PoolArgs) -> Result<Sv2Url, Failure> {
    let url: Sv2Url = args.url.parse().map_err(|error| Failure::usage(format!("{}: {error}", args.url)))?;
    launch::consent(&url, args.i_may_test_this)?;
    Ok(url)
}

/// Plays the probes against the pool.
fn ask(args: &PoolArgs, ledger: Ledger) -> Result<Learned, Failure> {
    let scale = run::checked_scale(args.timeout_scale)?;
    let url = url(args)?;
    launch::wait_until_ready(&url, Duration::ZERO)?;
    let target = Target::Foreign { url, templates: None };
    let claims = args.choice.claims();
    let mut profile = patience(args.choice.over(target.profile()), claims);
    if let Some(user) = &args.user {
        profile.user_identity.clone_from(user);
    }
    let suite = suite::load_embedded(&ledger)?;
    let (ledger, fragments, profile) = (Arc::new(ledger), Arc::new(suite.fragments), Arc::new(profile));
    let mut interview = Interview::new(claims, &profile.capabilities, &ledger, &fragments);
    let seed = run::drawn_seed();
    while let Some(scenario) = interview.ask().map_err(|errors| Failure::ours(render(&[errors])))? {
        let plan = Plan {
            seed: scenario_seed(seed, &scenario.id),
            scenario,
            fragments: Arc::clone(&fragments),
            ledger: Arc::clone(&ledger),
            profile: Arc::clone(&profile),
            peer: target.peer(),
            timeout_scale: scale,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Failure::ours(error.to_string()))?;
        interview.take(&runtime.block_on(drive::play(plan, &target)));
    }
    let learned = interview.learned();
    if learned.facts.is_empty() {
        let why = learned.unseen.values().next().cloned().unwrap_or_default();
        let text = format!("{}: nothing can be learned: {why}; `sv2-conform doctor` says more", args.url);
        return Err(Failure { exit: Exit::NotReady, text });
    }
    Ok(learned)
}
