//! What is allowed and probably not meant.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use super::diagnostic::shown;
use super::lexer::{self, Token};
use super::syntax::{Claims, ExprKind, File, Ident, Judgement, Outcome, Span, Step, StepKind};

/// Silence that is waited for longer than this is a sleep.
const LONGEST_SILENCE: Duration = Duration::from_secs(2);

/// One remark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lint {
    /// Where.
    pub span: Span,
    /// What, lower case, no dot at the end.
    pub message: String,
    /// Whether it can be meant; otherwise it is an error of the scenario.
    pub is_warning: bool,
}

/// The remarks on a file that was checked, in the order of its text. `text` is what the file was parsed from.
#[must_use]
pub fn lint(file: &File, text: &str) -> Vec<Lint> {
    let mut lints = unreachable(&file.steps);
    lints.extend(unread(&file.steps));
    lints.extend(file.steps.iter().filter_map(idle_judge));
    lints.extend(file.steps.iter().filter_map(sleep));
    lints.extend(unused(file, text));
    lints.sort_by_key(|lint| lint.span);
    lints
}

/// Steps on a connection that was closed and not opened again. What follows the value of a channel is left out where there
/// are several connections: its connection is known only at play.
fn unreachable(steps: &[Step]) -> Vec<Lint> {
    let name = |step: &Step| step.connection.as_ref().map_or("", |name| name.node.as_str()).to_owned();
    let is_only = steps.iter().map(name).collect::<BTreeSet<_>>().len() == 1;
    let mut closed = BTreeMap::new();
    let mut lints = Vec::new();
    for step in steps {
        let name = name(step);
        match &step.kind {
            // A fragment may connect.
            StepKind::Connect { .. } | StepKind::Reconnect | StepKind::Call(_) => _ = closed.remove(&name),
            kind if is_about(kind, is_only || step.connection.is_some()) && closed.contains_key(&name) => {
                let verb = closed.get(&name).copied().unwrap_or_default();
                let message = format!("unreachable: `{verb}` above ended the connection");
                lints.push(Lint { span: step.line, message, is_warning: false });
            }
            kind @ (StepKind::Close | StepKind::Reset) => _ = closed.insert(name, kind.verb()),
            _ => {}
        }
    }
    lints
}

/// Steps that wait for something on a connection that is not read. A fragment may read again.
fn unread(steps: &[Step]) -> Vec<Lint> {
    let name = |step: &Step| step.connection.as_ref().map_or("", |name| name.node.as_str()).to_owned();
    let is_only = steps.iter().map(name).collect::<BTreeSet<_>>().len() == 1;
    let mut stopped = BTreeSet::new();
    let mut lints = Vec::new();
    for step in steps {
        match &step.kind {
            StepKind::StopReading => _ = stopped.insert(name(step)),
            StepKind::ReadAgain | StepKind::Connect { .. } | StepKind::Reconnect | StepKind::Call(_) => {
                stopped.remove(&name(step));
            }
            kind if waits(kind)
                && is_about(kind, is_only || step.connection.is_some())
                && stopped.contains(&name(step)) =>
            {
                let message = "nothing comes: `stop-reading` above, and no `read-again`".to_owned();
                lints.push(Lint { span: step.line, message, is_warning: false });
            }
            _ => {}
        }
    }
    lints
}

/// Whether a step reads what comes on its connection.
fn waits(kind: &StepKind) -> bool {
    match kind {
        StepKind::Expect(_)
        | StepKind::Handshake(_)
        | StepKind::AwaitJob(_)
        | StepKind::Settle(_)
        | StepKind::Never(_)
        | StepKind::Alive { .. } => true,
        _ => false,
    }
}

/// Whether a step needs its connection; `is_named` when that is the one that stands there.
fn is_about(kind: &StepKind, is_named: bool) -> bool {
    match kind {
        StepKind::Expect(expect) => expect.reply_to.is_none() || is_named,
        StepKind::AwaitJob(_) | StepKind::Submit(_) | StepKind::Settle(_) => is_named,
        StepKind::Send(_)
        | StepKind::Handshake(_)
        | StepKind::Raw { .. }
        | StepKind::Corrupt(_)
        | StepKind::Provoke(_)
        | StepKind::Never(_)
        | StepKind::Alive { .. }
        | StepKind::Chunk { .. }
        | StepKind::Coalesce
        | StepKind::Flush
        | StepKind::StopReading
        | StepKind::ReadAgain
        | StepKind::Close
        | StepKind::Reset
        | StepKind::HalfClose => true,
        _ => false,
    }
}

/// A step that judges and claims no clause.
fn idle_judge(step: &Step) -> Option<Lint> {
    let none = |claims: &Claims| claims.checks.is_empty();
    let judges = |lines: &[Judgement]| lines.iter().any(|line| line.test.is_some());
    let silent = |lines: &[Judgement]| lines.iter().all(|line| none(&line.claims));
    let is_idle = match &step.kind {
        StepKind::Handshake(it) => judges(&it.judgements) && none(&it.claims) && silent(&it.judgements),
        StepKind::Expect(it) => {
            it.arms.iter().any(|arm| judges(&arm.judgements))
                && none(&it.claims)
                && it.arms.iter().all(|arm| none(&arm.claims) && silent(&arm.judgements))
        }
        StepKind::Settle(it) => judges(&it.judgements) && silent(&it.judgements),
        StepKind::Assert(it) => none(&it.claims),
        StepKind::Disjoint(it) => none(&it.claims),
        StepKind::Never(it) => none(&it.claims),
        _ => false,
    };
    let message = || "judges and claims nothing: when it fails, the scenario is only blocked".to_owned();
    is_idle.then(|| Lint { span: step.line, message: message(), is_warning: true })
}

/// A wait for silence that only sleeps.
fn sleep(step: &Step) -> Option<Lint> {
    let StepKind::Expect(expect) = &step.kind else { return None };
    let within = expect.within.as_ref()?;
    let ExprKind::Duration(duration) = within.kind else { return None };
    let is_sleep =
        expect.arms.iter().all(|arm| arm.outcome.node == Outcome::Silence) && duration > LONGEST_SILENCE;
    is_sleep.then(|| {
        let message =
            format!("sleeps: silence is proved by a barrier, and {LONGEST_SILENCE:?} are enough without one");
        Lint { span: within.span, message, is_warning: false }
    })
}

/// Captures that nothing reads. Names that a step has to give are left out when another one of them is read, and so is
/// the job of an `await`.
fn unused(file: &File, text: &str) -> Vec<Lint> {
    let mut bound: HashSet<Span> = HashSet::new();
    for step in &file.steps {
        bound.extend(step.kind.captures().iter().map(|capture| capture.span));
    }
    let mut read: HashSet<String> = HashSet::new();
    for line in lexer::lines(text) {
        for lexeme in line.tokens.into_iter().flatten() {
            if let Token::Capture(name) = lexeme.token
                && !bound.contains(&lexeme.span)
            {
                read.insert(name);
            }
        }
    }
    let is_read = |name: &Ident| read.contains(&name.node);
    let mut unread: Vec<(&Ident, char)> = Vec::new();
    for step in &file.steps {
        let captures = step.kind.captures();
        let is_needed = match &step.kind {
            StepKind::AwaitJob(_) => true,
            StepKind::AwaitJobs(_) | StepKind::Call(_) => captures.iter().any(|name| is_read(name)),
            _ => false,
        };
        if !is_needed {
            unread.extend(captures.into_iter().filter(|name| !is_read(name)).map(|name| (name, '$')));
        }
    }
    unread.extend(
        file.matrix.iter().map(|axis| &axis.name).filter(|name| !is_read(name)).map(|name| (name, ' ')),
    );
    let lint = |(name, sigil): (&Ident, char)| {
        let written = format!("{sigil}{}", shown(&name.node));
        Lint { span: name.span, message: format!("`{}` is never used", written.trim()), is_warning: true }
    };
    unread.into_iter().map(lint).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::parse;

    fn lints(steps: &str) -> Vec<(String, String, bool)> {
        let text = format!("sv2t 1\ntitle \"t\"\n{steps}\n");
        let found = lint(&parse("t", &text).unwrap(), &text);
        found
            .into_iter()
            .map(|it| (text[it.span.start..it.span.end].to_owned(), it.message, it.is_warning))
            .collect()
    }

    #[test]
    fn what_follows_a_close_is_unreachable() {
        let found = lints("connect\nclose\nsend A\nassert 1 == 1 checks ROB-01");
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].0.as_str(), found[0].2), ("send A", false));
        assert!(found[0].1.contains("`close` above"));
        assert_eq!(lints("connect\nreset\nsettle $c").len(), 1);
        for fine in [
            "connect\nclose\nreconnect\nsend A",
            "connect\nclose\nconnect\nsend A",
            "connect\nclose\nsetup()\nsend A",
            "connect\nhalf-close\nexpect close",
            "A: connect\nB: connect\nA: close\nB: send X\nsettle $c",
            "connect\nclose\nblock",
        ] {
            assert_eq!(lints(fine), [], "{fine}");
        }
        assert_eq!(lints("A: connect\nB: connect\nA: close\nA: alive").len(), 1);
    }

    #[test]
    fn who_does_not_read_waits_for_nothing() {
        let found = lints("A: connect\nA: stop-reading\nA: send X\nA: alive\nA: read-again\nA: alive");
        assert!(
            matches!(found.as_slice(), [(text, message, false)] if text == "A: alive" && message.contains("`stop-reading`")),
            "{found:?}"
        );
        for fine in [
            "A: connect\nB: connect\nA: stop-reading\nB: alive",
            "A: connect\nA: stop-reading\nB: connect\nawait job on $c -> $j\nsettle $c",
            "connect\nstop-reading\nreconnect\nalive",
            "connect\nstop-reading\nlisten()\nalive",
        ] {
            assert_eq!(lints(fine), [], "{fine}");
        }
    }

    #[test]
    fn who_judges_should_claim() {
        for idle in [
            "assert 1 == 1",
            "expect A\n  x == 1",
            "settle $c\n  credited == 1",
            "never close",
            "assert disjoint work($a), work($b)",
        ] {
            let found = lints(idle);
            assert!(
                matches!(found.as_slice(), [(_, message, true)] if message.contains("claims nothing")),
                "{idle}: {found:?}"
            );
        }
        for fine in [
            "expect A",
            "expect A checks ROB-01\n  x == 1",
            "settle $c\n  credited == 1 checks ROB-01",
            "settle $c",
        ] {
            assert_eq!(lints(fine), [], "{fine}");
        }
    }

    #[test]
    fn long_silence_is_a_sleep() {
        assert!(matches!(lints("expect silence within 3s").as_slice(), [(text, _, false)] if text == "3s"));
        assert_eq!(lints("expect silence within 2s"), []);
        assert_eq!(lints("expect one-of within 1m\n  | close\n  | silence"), []);
    }

    #[test]
    fn captures_are_for_reading() {
        let found = lints(
            "matrix n in [1]\nsend A -> $a\nexpect B reply to $a -> $b\nopen() -> $c, $d\nmine $c -> $e",
        );
        let names: Vec<_> = found.iter().map(|(text, ..)| text.as_str()).collect();
        assert_eq!(names, ["n", "$b", "$e"]);
        assert!(found.iter().all(|(.., is_warning)| *is_warning));
        assert_eq!(lints("await job on $c -> $j"), []);
    }
}
