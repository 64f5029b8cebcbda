//! `sv2-conform doctor`.

use super::style::Style;
use super::{Exit, Failure, profile, run};
use crate::doctor::{self, Bounds, Conclusion, Condition, Diagnosis, Patient, Step};
use crate::ledger::Ledger;
use clap::Args;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::io::{IsTerminal, Write};
use std::time::Duration;
use sv2_wire::url::Sv2Url;

/// Patience with a question to a peer that did not speak as its URL says, in seconds.
const PROBE: f64 = 3.0;
/// The identity of a visitor that is not told another.
const NOBODY: &str = "sv2-conform.doctor";
/// Columns of the first column of explanations.
const LABEL: usize = 10;

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// The pool: stratum2+tcp://HOST:PORT/KEY, without KEY to accept any certificate, tcp://HOST:PORT for plaintext.
    url: String,
    /// The identity to open a channel with; many pools want a payout address. Without it that of the profile, else
    /// sv2-conform.doctor.
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    #[command(flatten)]
    choice: profile::Choice,
    /// Seconds that each step may take.
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0)]
    wait: f64,
}

pub(super) fn run(mut args: DoctorArgs, ledger: &Ledger) -> Result<Exit, Failure> {
    args.choice.load(&[], ledger)?;
    let url: Sv2Url = args.url.parse().map_err(|error| Failure::usage(format!("{}: {error}", args.url)))?;
    let step = Duration::try_from_secs_f64(args.wait).ok().filter(|wait| !wait.is_zero());
    let step = step.ok_or_else(|| Failure::usage(format!("--wait {}: seconds above 0", args.wait)))?;
    let known = args.choice.claims().text("user_identity").unwrap_or(NOBODY).to_owned();
    let user = args.user.unwrap_or(known);
    if user.len() > 255 {
        return Err(Failure::usage("--user: at most 255 bytes"));
    }
    let mut seed = [0; 64];
    ChaCha20Rng::seed_from_u64(run::drawn_seed()).fill_bytes(&mut seed);
    let patient = Patient { host: url.host(), port: url.port(), security: url.security(), user, seed };
    let bounds = Bounds { step, probe: step.min(Duration::from_secs_f64(PROBE)) };
    let style = Style::of(std::io::stdout().is_terminal());
    say(&format!("{url}\n"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::ours(error.to_string()))?;
    let conclusion =
        runtime.block_on(doctor::examine(&url, &patient, bounds, &mut |step| say(&shown(step, style))));
    // A resolver that hangs must not make us hang.
    runtime.shutdown_background();
    let (exit, diagnosis) = match conclusion {
        Conclusion::Healthy => {
            say("\nhealthy: a miner can work here\n");
            return Ok(Exit::Fine);
        }
        Conclusion::Trouble(diagnosis) => (Exit::Failed, diagnosis),
        Conclusion::Unreachable(diagnosis) => (Exit::NotReady, diagnosis),
    };
    say(&explained(&diagnosis, style));
    Ok(exit)
}

fn say(text: &str) {
    let mut out = std::io::stdout();
    // A reader that has gone away, as `head` does, is no fault of the visit.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

fn shown(step: &Step, style: Style) -> String {
    let condition = format!("{:8}", step.condition.name());
    let condition = match step.condition {
        Condition::Ok => style.good(&condition),
        Condition::Note => style.doubtful(&condition),
        Condition::Trouble => style.bad(&condition),
    };
    let milliseconds = step.took.as_secs_f64() * 1000.0;
    format!("  {condition} {:12} {milliseconds:8.1} ms  {}\n", step.stage.name(), step.text)
}

fn explained(diagnosis: &Diagnosis, style: Style) -> String {
    let mut text = format!("\n{}  {}\n", style.bad(&format!("{:LABEL$}", "trouble")), diagnosis.problem);
    for (number, known) in diagnosis.known.iter().enumerate() {
        text.push_str(&format!("{:LABEL$}  {known}\n", if number == 0 { "seen" } else { "" }));
    }
    text.push_str(&format!("{:LABEL$}  {}\n", "to do", diagnosis.advice));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Stage;

    #[test]
    fn a_step_is_one_line_and_a_trouble_has_its_three_parts() {
        let step = Step {
            stage: Stage::Noise,
            condition: Condition::Trouble,
            text: "no byte came".to_owned(),
            took: Duration::from_micros(1500),
        };
        assert_eq!(shown(&step, Style::plain()), "  TROUBLE  noise             1.5 ms  no byte came\n");
        let diagnosis = Diagnosis {
            problem: "it is silent".to_owned(),
            known: vec!["one".to_owned(), "two".to_owned()],
            advice: "wake it".to_owned(),
        };
        let expected = "\ntrouble     it is silent\nseen        one\n            two\nto do       wake it\n";
        assert_eq!(explained(&diagnosis, Style::plain()), expected);
    }
}
