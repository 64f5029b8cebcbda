//! `expect` in its forms.

use super::super::diagnostic::{ScenarioError, shown};
use super::super::lexer::{Line, Token};
use super::super::syntax::{Arm, Claims, Expect, ExpectForm, Ident, Judgement, Outcome, Spanned};
use super::super::words;
use super::body::Body;
use super::cursor::Cursor;
use super::judge::{Clause, Tail, judgements, tail};

/// Most bytes that `bytes` may wait for.
const MOST_BYTES: u64 = 1 << 20;

/// Reads what follows `expect`.
pub(super) fn expect(cursor: &mut Cursor<'_>, body: Body<'_>) -> Result<Expect, ScenarioError> {
    let bounded = [Clause::Within, Clause::Checks, Clause::Grade];
    if cursor.keyword("all-of").is_some() {
        return alternatives(cursor, body, "expect all-of", &bounded, ExpectForm::All);
    }
    if cursor.keyword("one-of").is_some() {
        return alternatives(cursor, body, "expect one-of", &bounded, ExpectForm::Arms);
    }
    if cursor.at_keyword("reply") {
        let allowed = [Clause::Reply, Clause::Within, Clause::Checks, Clause::Grade];
        return alternatives(cursor, body, "expect reply to", &allowed, ExpectForm::Arms);
    }
    one(cursor, body)
}

fn one(cursor: &mut Cursor<'_>, body: Body<'_>) -> Result<Expect, ScenarioError> {
    let start = cursor.here();
    let outcome = outcome(cursor, &["close", "silence", "bytes", "reply", "one-of", "all-of"])?;
    let allowed: &[Clause] = match outcome.node {
        Outcome::Message(_) => {
            &[Clause::Reply, Clause::Capture, Clause::Within, Clause::Checks, Clause::Grade]
        }
        Outcome::Close | Outcome::Bytes(_) => {
            &[Clause::Capture, Clause::Within, Clause::Checks, Clause::Grade]
        }
        Outcome::Silence => &[Clause::Within, Clause::Checks, Clause::Grade],
    };
    let Tail { capture, reply_to, within, claims } = tail(cursor, name(&outcome.node), allowed)?;
    cursor.finish()?;
    let span = body.span(start);
    let judgements = fields(&outcome.node, body);
    let arm = Arm { outcome, reply_to: None, capture, claims: Claims::default(), judgements, span };
    Ok(Expect { form: ExpectForm::One, reply_to, within, claims, arms: vec![arm] })
}

fn alternatives(
    cursor: &mut Cursor<'_>,
    body: Body<'_>,
    owner: &str,
    allowed: &[Clause],
    form: ExpectForm,
) -> Result<Expect, ScenarioError> {
    let end = cursor.here();
    let Tail { reply_to, within, claims, .. } = tail(cursor, owner, allowed)?;
    cursor.finish()?;
    if body.lines.is_empty() {
        return Err(ScenarioError::new(end, format!("`{owner}` needs arms"))
            .help("write the outcomes below, indented: `| SubmitShares.Error`, `| close`, `| silence`"));
    }
    let mut arms = Vec::new();
    body.nested(|line, cursor, below| {
        arms.push(arm(line, cursor, below, form)?);
        Ok(())
    });
    Ok(Expect { form, reply_to, within, claims, arms })
}

fn arm(line: &Line, mut cursor: Cursor<'_>, below: Body<'_>, form: ExpectForm) -> Result<Arm, ScenarioError> {
    if cursor.mark("|").is_none() {
        return Err(cursor
            .expected("an arm such as `| close`")
            .help("fields are indented deeper than their arm"));
    }
    let outcome = outcome(&mut cursor, &["close", "silence", "bytes"])?;
    let allowed: &[Clause] = match outcome.node {
        Outcome::Silence if form == ExpectForm::All => {
            return Err(ScenarioError::new(outcome.span, "silence is nothing that comes")
                .help("`expect all-of` waits for every arm; `never` says what must not come"));
        }
        Outcome::Bytes(_) if form == ExpectForm::All => {
            return Err(ScenarioError::new(outcome.span, "bytes come in order, and before any message")
                .help("`expect bytes N` waits for them"));
        }
        Outcome::Silence => &[Clause::Checks, Clause::Grade],
        Outcome::Message(_) if form == ExpectForm::All => {
            &[Clause::Reply, Clause::Capture, Clause::Checks, Clause::Grade]
        }
        _ => &[Clause::Capture, Clause::Checks, Clause::Grade],
    };
    let Tail { capture, reply_to, claims, .. } = tail(&mut cursor, name(&outcome.node), allowed)?;
    cursor.finish()?;
    let span = below.span(line.span);
    let judgements = fields(&outcome.node, below);
    Ok(Arm { outcome, reply_to, capture, claims, judgements, span })
}

fn fields(outcome: &Outcome, body: Body<'_>) -> Vec<Judgement> {
    if matches!(outcome, Outcome::Message(_)) {
        return judgements(body);
    }
    Body { owner: name(outcome), ..body }.none();
    Vec::new()
}

fn name(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Message(name) => name,
        Outcome::Close => "close",
        Outcome::Silence => "silence",
        Outcome::Bytes(_) => "bytes",
    }
}

/// A message name, `close` or `silence`; `also` is what small words may have meant.
pub(super) fn outcome(cursor: &mut Cursor<'_>, also: &[&str]) -> Result<Spanned<Outcome>, ScenarioError> {
    if let Some(Token::Mark("|")) = cursor.peek() {
        return Err(cursor.expected("an outcome"));
    }
    let Ident { node: name, span } = cursor.dotted("a message, `close` or `silence`")?;
    let node = match name.as_str() {
        "close" => Outcome::Close,
        "silence" => Outcome::Silence,
        "bytes" => Outcome::Bytes(count(cursor)?),
        small if words::is_lower(small) => {
            return Err(ScenarioError::new(span, format!("`{}` is nothing to expect", shown(small)))
                .did_you_mean(
                    small,
                    also,
                    "expect a message by its name in the specification, `close` or `silence`",
                ));
        }
        _ => Outcome::Message(name),
    };
    Ok(Spanned { node, span })
}

/// How many bytes `bytes` waits for.
fn count(cursor: &mut Cursor<'_>) -> Result<u64, ScenarioError> {
    let number = match cursor.peek() {
        Some(Token::Integer(number)) => number.to_u64(),
        _ => None,
    };
    let Some(number) = number.filter(|number| (1..=MOST_BYTES).contains(number)) else {
        return Err(cursor.expected(&format!("how many bytes, 1 to {MOST_BYTES}")));
    };
    cursor.next();
    Ok(number)
}
