//! Verbs.

use super::super::diagnostic::{ScenarioError, shown};
use super::super::lexer::Token;
use super::super::syntax::{
    Assignment, Call, Corrupt, Entry, Expr, ExprKind, Handshake, HashLimit, Ident, Mine, Modifier,
    ModifierKind, Operator, Provoke, RecordPart, Reference, Send, Settle, Spanned, StepKind, Submit,
};
use super::super::words;
use super::body::Body;
use super::cursor::Cursor;
use super::expr::{self, expression, operand};
use super::judge::{Clause, Tail, duration, judgement, judgements, tail};
use super::{expect, header, several};

const MODIFIERS: &[(&str, ModifierKind)] = &[
    ("truncate", ModifierKind::Truncate),
    ("append", ModifierKind::Append),
    ("length", ModifierKind::Length),
    ("type", ModifierKind::Type),
    ("extension", ModifierKind::Extension),
    ("channel-bit", ModifierKind::ChannelBit),
];

const PARTS: &[(&str, RecordPart)] =
    &[("header", RecordPart::Header), ("payload", RecordPart::Payload), ("tag", RecordPart::Tag)];

/// What act one can be made of.
const HANDSHAKE_FIELDS: &[&str] = &["secret", "encoding", "already-sent"];

/// What the search for a share can be told.
const MINE_FIELDS: &[&str] = &["version", "ntime", "extranonce", "extranonce_prefix", "nonce"];

type Outcome = Result<StepKind, ScenarioError>;

/// `A:` in front of a verb.
pub(super) fn connection(cursor: &mut Cursor<'_>) -> Result<Option<Ident>, ScenarioError> {
    let (Some(Token::Word(name)), Some(Token::Mark(":"))) = (cursor.peek(), cursor.peek_second()) else {
        return Ok(None);
    };
    let span = cursor.here();
    if !words::is_upper(name) {
        return Err(ScenarioError::new(span, "a connection is named in capitals: `A:`"));
    }
    cursor.next();
    cursor.next();
    Ok(Some(Spanned { node: name.clone(), span }))
}

/// Reads what follows the verb, and the lines below it.
pub(super) fn kind(verb: &Ident, cursor: &mut Cursor<'_>, body: Body<'_>) -> Outcome {
    match verb.node.as_str() {
        "handshake" => handshake(cursor, body),
        "send" => send(cursor, body),
        "provoke" => provoke(cursor, body),
        "expect" => expect::expect(cursor, body).map(StepKind::Expect),
        "mine" => mine(cursor, body),
        "submit" => submit(cursor, body),
        "settle" => settle(cursor, body),
        _ => {
            let kind = single_line(verb, cursor)?;
            cursor.finish()?;
            body.none();
            Ok(kind)
        }
    }
}

fn single_line(verb: &Ident, cursor: &mut Cursor<'_>) -> Outcome {
    Ok(match verb.node.as_str() {
        "connect" => StepKind::Connect { entry: entry(cursor) },
        "raw" => StepKind::Raw { bytes: bytes(cursor)? },
        "corrupt" => StepKind::Corrupt(corrupt(cursor)?),
        "await" => several::awaited(cursor)?,
        "assert" => several::assertion(cursor)?,
        "assume" => StepKind::Assume { condition: several::condition(cursor)? },
        "never" => StepKind::Never(several::never(cursor)?),
        "alive" => {
            StepKind::Alive { claims: tail(cursor, "alive", &[Clause::Checks, Clause::Grade])?.claims }
        }
        "block" => StepKind::Block { capture: tail(cursor, "block", &[Clause::Capture])?.capture },
        "template" => StepKind::Template { capture: tail(cursor, "template", &[Clause::Capture])?.capture },
        "elapse" => StepKind::Elapse { duration: duration(cursor)? },
        "measure" => {
            cursor.need_mark("->")?;
            StepKind::Measure { capture: cursor.capture()? }
        }
        "repeat" => StepKind::Call(repeated(cursor)?),
        "chunk" => StepKind::Chunk { size: chunk(cursor)? },
        "coalesce" => StepKind::Coalesce,
        "flush" => StepKind::Flush,
        "stop-reading" => StepKind::StopReading,
        "read-again" => StepKind::ReadAgain,
        "close" => StepKind::Close,
        "reset" => StepKind::Reset,
        "half-close" => StepKind::HalfClose,
        "reconnect" => StepKind::Reconnect,
        _ if cursor.at_mark("(") => StepKind::Call(call(verb, cursor)?),
        word => {
            return Err(ScenarioError::new(verb.span, format!("unknown verb `{}`", shown(word)))
                .did_you_mean(
                    word,
                    words::VERBS.iter().chain(words::HEADER),
                    "a fragment is called with parentheses: `setup()`",
                ));
        }
    })
}

fn handshake(cursor: &mut Cursor<'_>, body: Body<'_>) -> Outcome {
    let Tail { capture, claims, .. } =
        tail(cursor, "handshake", &[Clause::Capture, Clause::Checks, Clause::Grade])?;
    cursor.finish()?;
    let (mut fields, mut judgements) = (Vec::new(), Vec::new());
    body.items(|cursor| {
        if matches!(cursor.peek_second(), Some(Token::Mark("="))) {
            fields.push(setting(cursor, "handshake", HANDSHAKE_FIELDS, ", and `==` judges what was seen")?);
        } else {
            judgements.push(judgement(cursor)?);
        }
        Ok(())
    });
    Ok(StepKind::Handshake(Handshake { capture, claims, fields, judgements }))
}

fn entry(cursor: &mut Cursor<'_>) -> Entry {
    if cursor.keyword("tcp").is_some() {
        Entry::Tcp
    } else if cursor.keyword("plain").is_some() {
        Entry::Plain
    } else {
        Entry::Whole
    }
}

fn send(cursor: &mut Cursor<'_>, body: Body<'_>) -> Outcome {
    let message = cursor.dotted("the name of a message")?;
    let capture = tail(cursor, "send", &[Clause::Capture])?.capture;
    cursor.finish()?;
    let mut fields = Vec::new();
    let mut modifiers = Vec::new();
    body.items(|cursor| {
        match modifier(cursor)? {
            Some(modifier) => modifiers.push(modifier),
            None => fields.push(assignment(cursor)?),
        }
        Ok(())
    });
    Ok(StepKind::Send(Send { message, capture, fields, modifiers }))
}

fn provoke(cursor: &mut Cursor<'_>, body: Body<'_>) -> Outcome {
    let message = cursor.dotted("the name of a message")?;
    cursor.finish()?;
    let mut fields = Vec::new();
    body.items(|cursor| {
        fields.push(assignment(cursor)?);
        Ok(())
    });
    Ok(StepKind::Provoke(Provoke { message, fields }))
}

fn modifier(cursor: &mut Cursor<'_>) -> Result<Option<Modifier>, ScenarioError> {
    let span = cursor.here();
    let Some(Token::Word(word)) = cursor.peek() else { return Ok(None) };
    if matches!(cursor.peek_second(), Some(Token::Mark("=" | "=="))) {
        return Ok(None);
    }
    let Some(&(_, kind)) = MODIFIERS.iter().find(|(name, _)| name == word) else { return Ok(None) };
    cursor.next();
    let value = match kind {
        ModifierKind::Append => bytes(cursor)?,
        ModifierKind::ChannelBit => bit(cursor)?,
        _ => number(expression(cursor)?)?,
    };
    Ok(Some(Modifier { kind: Spanned { node: kind, span }, value }))
}

fn assignment(cursor: &mut Cursor<'_>) -> Result<Assignment, ScenarioError> {
    let field = cursor.word("the name of a field")?;
    if cursor.mark("=").is_none() {
        let error = cursor.expected("`=`");
        return Err(match cursor.peek() {
            Some(Token::Mark("==")) => error.help("`=` sets, `==` judges"),
            _ => error.did_you_mean(&field.node, MODIFIERS.iter().map(|(name, _)| name), ""),
        });
    }
    let value = expression(cursor)?;
    let span = field.span.to(value.span);
    Ok(Assignment { field, value, span })
}

/// An assignment to one of the settings of a verb; `also` is what else its lines may say.
fn setting(
    cursor: &mut Cursor<'_>,
    verb: &str,
    known: &[&str],
    also: &str,
) -> Result<Assignment, ScenarioError> {
    let setting = assignment(cursor)?;
    if known.contains(&setting.field.node.as_str()) {
        return Ok(setting);
    }
    let message = format!("`{verb}` has no setting `{}`", shown(&setting.field.node));
    let all = format!("the settings are {}{also}", known.join(", "));
    Err(ScenarioError::new(setting.field.span, message).did_you_mean(&setting.field.node, known, &all))
}

fn mine(cursor: &mut Cursor<'_>, body: Body<'_>) -> Outcome {
    let first = operand(cursor)?;
    let (count, job) = if matches!(cursor.peek(), Some(Token::Capture(_))) {
        (Some(number(first)?), expr::reference(cursor)?)
    } else {
        (None, job(first)?)
    };
    let capture = tail(cursor, "mine", &[Clause::Capture])?.capture;
    cursor.finish()?;
    let mut fields = Vec::new();
    let mut limits = Vec::new();
    body.items(|cursor| {
        if cursor.at_keyword("hash") {
            limits.push(limit(cursor)?);
            return Ok(());
        }
        fields.push(setting(cursor, "mine", MINE_FIELDS, ", and limits such as `hash > $job.target`")?);
        Ok(())
    });
    Ok(StepKind::Mine(Mine { count, job, capture, fields, limits }))
}

fn job(expr: Expr) -> Result<Reference, ScenarioError> {
    match expr.kind {
        ExprKind::Reference(reference) => Ok(reference),
        _ => Err(ScenarioError::new(expr.span, "expected a job, such as `$job`")),
    }
}

fn limit(cursor: &mut Cursor<'_>) -> Result<HashLimit, ScenarioError> {
    let hash = cursor.need_keyword("hash")?;
    let Some(test) = expr::test(cursor)? else {
        return Err(cursor.expected("`<`, `<=`, `>` or `>=`"));
    };
    let ordering = [Operator::Less, Operator::LessOrEqual, Operator::Greater, Operator::GreaterOrEqual];
    if !ordering.contains(&test.operator.node) {
        return Err(ScenarioError::new(test.operator.span, "a hash is limited by `<`, `<=`, `>` or `>=`"));
    }
    let span = hash.to(test.operand.span);
    Ok(HashLimit { operator: test.operator, operand: test.operand, span })
}

fn submit(cursor: &mut Cursor<'_>, body: Body<'_>) -> Outcome {
    let share = expr::reference(cursor)?;
    let capture = tail(cursor, "submit", &[Clause::Capture])?.capture;
    cursor.finish()?;
    let mut fields = Vec::new();
    body.items(|cursor| {
        fields.push(assignment(cursor)?);
        Ok(())
    });
    Ok(StepKind::Submit(Submit { share, capture, fields }))
}

fn settle(cursor: &mut Cursor<'_>, body: Body<'_>) -> Outcome {
    let channel = expr::reference(cursor)?;
    let within = tail(cursor, "settle", &[Clause::Within])?.within;
    cursor.finish()?;
    Ok(StepKind::Settle(Settle { channel, within, judgements: judgements(body) }))
}

fn corrupt(cursor: &mut Cursor<'_>) -> Result<Corrupt, ScenarioError> {
    cursor.need_keyword("record")?;
    let record = number(operand(cursor)?)?;
    let name = cursor.word("`header`, `payload` or `tag`")?;
    let Some(&(_, part)) = PARTS.iter().find(|(word, _)| *word == name.node) else {
        return Err(ScenarioError::new(name.span, format!("a record has no part `{}`", shown(&name.node)))
            .did_you_mean(
                &name.node,
                PARTS.iter().map(|(word, _)| word),
                "its parts are header, payload and tag",
            ));
    };
    cursor.need_keyword("bit")?;
    let bit = number(operand(cursor)?)?;
    Ok(Corrupt { record, part: Spanned { node: part, span: name.span }, bit })
}

fn call(verb: &Ident, cursor: &mut Cursor<'_>) -> Result<Call, ScenarioError> {
    if !words::is_lower(&verb.node) {
        return Err(ScenarioError::new(verb.span, "a fragment is named in small letters: `open-standard`"));
    }
    let arguments = header::arguments(cursor)?;
    Ok(Call { times: None, fragment: verb.clone(), arguments, results: cursor.captures()? })
}

/// Reads what follows `repeat`.
fn repeated(cursor: &mut Cursor<'_>) -> Result<Call, ScenarioError> {
    let times = number(expression(cursor)?)?;
    let fragment = cursor.word("the name of a fragment")?;
    let call = call(&fragment, cursor)?;
    match call.results.first() {
        Some(result) => {
            let error = ScenarioError::new(result.span, "a fragment that is repeated gives no results");
            Err(error.help("each name is bound once"))
        }
        None => Ok(Call { times: Some(times), ..call }),
    }
}

fn chunk(cursor: &mut Cursor<'_>) -> Result<Expr, ScenarioError> {
    let size = number(expression(cursor)?)?;
    match size.kind {
        ExprKind::Integer(value) if value.to_u64() == Some(0) => {
            Err(ScenarioError::new(size.span, "a write has 1 byte at least"))
        }
        _ => Ok(size),
    }
}

/// Refuses what can never be a whole number.
fn number(expr: Expr) -> Result<Expr, ScenarioError> {
    match expr.kind {
        ExprKind::Integer(_)
        | ExprKind::Reference(_)
        | ExprKind::Constant(_)
        | ExprKind::Length(_)
        | ExprKind::Binary { .. } => Ok(expr),
        _ => Err(ScenarioError::new(expr.span, "expected a whole number")),
    }
}

fn bit(cursor: &mut Cursor<'_>) -> Result<Expr, ScenarioError> {
    let expr = number(expression(cursor)?)?;
    match expr.kind {
        ExprKind::Integer(value) if value.to_u64().is_none_or(|value| value > 1) => {
            Err(ScenarioError::new(expr.span, "a bit is 0 or 1"))
        }
        _ => Ok(expr),
    }
}

/// Refuses what can never be bytes.
fn bytes(cursor: &mut Cursor<'_>) -> Result<Expr, ScenarioError> {
    let expr = expression(cursor)?;
    match expr.kind {
        ExprKind::Text(_)
        | ExprKind::Bytes(_)
        | ExprKind::Reference(_)
        | ExprKind::Repeat(..)
        | ExprKind::Binary { .. } => Ok(expr),
        _ => {
            Err(ScenarioError::new(expr.span, "expected bytes")
                .help("bytes are written x\"00ff\" or \"text\""))
        }
    }
}
