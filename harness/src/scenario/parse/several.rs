//! Verbs that look at several things, or for a while: `await`, `assert`, `never`.

use super::super::diagnostic::{ScenarioError, shown};
use super::super::lexer::Token;
use super::super::syntax::{
    Assert, AwaitJob, AwaitJobs, Condition, Disjoint, Never, Outcome, Reference, Spanned, StepKind, StepName,
};
use super::super::words;
use super::cursor::Cursor;
use super::expect;
use super::expr::{self, expression};
use super::judge::{Clause, Tail, duration, tail};

/// Reads what follows `await`.
pub(super) fn awaited(cursor: &mut Cursor<'_>) -> Result<StepKind, ScenarioError> {
    if cursor.keyword("jobs").is_some() {
        return Ok(StepKind::AwaitJobs(jobs(cursor)?));
    }
    cursor.need_keyword("job")?;
    cursor.need_keyword("on")?;
    let channel = expr::reference(cursor)?;
    let Tail { capture, within, .. } = tail(cursor, "await job", &[Clause::Capture, Clause::Within])?;
    let Some(capture) = capture else {
        return Err(cursor.expected("`->` and a name for the job").help("`await job on $chan -> $job`"));
    };
    Ok(StepKind::AwaitJob(AwaitJob { channel, capture, within }))
}

fn jobs(cursor: &mut Cursor<'_>) -> Result<AwaitJobs, ScenarioError> {
    const FORM: &str = "`await jobs on $a, $b at one tip -> $x, $y`";
    cursor.need_keyword("on")?;
    let start = cursor.here();
    let mut channels = vec![expr::reference(cursor)?];
    while cursor.mark(",").is_some() {
        channels.push(expr::reference(cursor)?);
    }
    for word in ["at", "one", "tip"] {
        cursor.need_keyword(word)?;
    }
    let here = cursor.here();
    let captures = cursor.captures()?;
    if channels.len() < 2 || captures.len() != channels.len() {
        let message = format!("{} channels and {} names for their jobs", channels.len(), captures.len());
        let span = if channels.len() < 2 { start } else { here };
        return Err(ScenarioError::new(span, message).help(FORM));
    }
    let within = match cursor.keyword("within") {
        Some(_) => Some(duration(cursor)?),
        None => None,
    };
    Ok(AwaitJobs { channels, captures, within })
}

/// Reads what follows `assert`.
pub(super) fn assertion(cursor: &mut Cursor<'_>) -> Result<StepKind, ScenarioError> {
    if cursor.keyword("disjoint").is_some() {
        return disjoint(cursor);
    }
    let left = expression(cursor)?;
    let Some(test) = expr::test(cursor)? else {
        return Err(cursor.expected("a comparison").help("comparisons are == != < <= > >= ~ in"));
    };
    let unless = unless(cursor)?;
    let claims = tail(cursor, "assert", &[Clause::Checks, Clause::Grade])?.claims;
    Ok(StepKind::Assert(Assert { left, test, unless, claims }))
}

fn disjoint(cursor: &mut Cursor<'_>) -> Result<StepKind, ScenarioError> {
    let start = cursor.here();
    let mut jobs = vec![work(cursor)?];
    while cursor.mark(",").is_some() {
        jobs.push(work(cursor)?);
    }
    if jobs.len() < 2 {
        let error = ScenarioError::new(start, "what is this disjoint with?");
        return Err(error.help("`assert disjoint work($x), work($y)`"));
    }
    let unless = unless(cursor)?;
    let claims = tail(cursor, "assert disjoint", &[Clause::Checks, Clause::Grade])?.claims;
    Ok(StepKind::Disjoint(Disjoint { jobs, unless, claims }))
}

fn work(cursor: &mut Cursor<'_>) -> Result<Reference, ScenarioError> {
    cursor.need_keyword("work")?;
    cursor.need_mark("(")?;
    let job = expr::reference(cursor)?;
    cursor.need_mark(")")?;
    Ok(job)
}

fn unless(cursor: &mut Cursor<'_>) -> Result<Option<Condition>, ScenarioError> {
    if cursor.keyword("unless").is_none() {
        return Ok(None);
    }
    Ok(Some(condition(cursor)?))
}

/// `EXPR [OP EXPR]`
pub(super) fn condition(cursor: &mut Cursor<'_>) -> Result<Condition, ScenarioError> {
    let left = expression(cursor)?;
    Ok(Condition { left, test: expr::test(cursor)? })
}

/// Reads what follows `never`.
pub(super) fn never(cursor: &mut Cursor<'_>) -> Result<Never, ScenarioError> {
    let outcome = expect::outcome(cursor, &["close"])?;
    if outcome.node == Outcome::Silence {
        return Err(ScenarioError::new(outcome.span, "silence is nothing that comes")
            .help("`never` takes a message or `close`"));
    }
    if let Outcome::Bytes(_) = outcome.node {
        return Err(ScenarioError::new(outcome.span, "`never` takes a message or `close`")
            .help("`expect silence` shows that no bytes come"));
    }
    let until = match cursor.keyword("until") {
        Some(_) => Some(step_name(cursor)?),
        None => None,
    };
    let claims = tail(cursor, "never", &[Clause::Checks, Clause::Grade])?.claims;
    Ok(Never { outcome, until, claims })
}

fn step_name(cursor: &mut Cursor<'_>) -> Result<Spanned<StepName>, ScenarioError> {
    let span = cursor.here();
    if let Some(Token::Capture(_)) = cursor.peek() {
        let name = cursor.capture()?;
        return Ok(Spanned { node: StepName::Capture(name.node), span });
    }
    let word = cursor.word("a step: its verb, its fragment, or a capture that it binds")?;
    if words::is_lower(&word.node) {
        return Ok(Spanned { node: StepName::Verb(word.node), span });
    }
    Err(ScenarioError::new(span, format!("`{}` is no step", shown(&word.node)))
        .help("a step is named by its verb, by its fragment, or by a capture that it binds"))
}
