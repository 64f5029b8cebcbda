//! Judged lines, and what may stand at the end of a line: captures, bounds and claims.

use super::super::diagnostic::{ScenarioError, shown};
use super::super::lexer::Token;
use super::super::syntax::{
    Claims, Expr, ExprKind, Grade, Ident, Judgement, Path, Position, Reference, Span, Spanned,
};
use super::super::words;
use super::body::Body;
use super::cursor::Cursor;
use super::expr;

/// What may follow on a line, in any order, each once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clause {
    /// `-> $cap`
    Capture,
    /// `reply to $x`
    Reply,
    /// `within DUR`
    Within,
    /// `checks ID...`
    Checks,
    /// `lenient AMB-n`, `info AMB-n`
    Grade,
}

/// What followed.
#[derive(Default)]
pub(super) struct Tail {
    pub(super) capture: Option<Ident>,
    pub(super) reply_to: Option<Reference>,
    pub(super) within: Option<Expr>,
    pub(super) claims: Claims,
}

/// Reads clauses as long as there are some; one that is not `allowed` for `owner` is an error.
pub(super) fn tail(cursor: &mut Cursor<'_>, owner: &str, allowed: &[Clause]) -> Result<Tail, ScenarioError> {
    let mut tail = Tail::default();
    let mut seen: Vec<(Clause, Span)> = Vec::new();
    while let Some((clause, written)) = next_clause(cursor) {
        let span = cursor.here();
        if !allowed.contains(&clause) {
            return Err(ScenarioError::new(
                span,
                format!("`{written}` does not belong to `{}`", shown(owner)),
            ));
        }
        if let Some((_, first)) = seen.iter().find(|(earlier, _)| *earlier == clause) {
            return Err(
                ScenarioError::new(span, format!("`{written}` is given twice")).and(*first, "first here")
            );
        }
        seen.push((clause, span));
        tail.read(clause, cursor)?;
    }
    Ok(tail)
}

/// The judged lines of a body.
pub(super) fn judgements(body: Body<'_>) -> Vec<Judgement> {
    let mut judgements = Vec::new();
    body.items(|cursor| {
        judgements.push(judgement(cursor)?);
        Ok(())
    });
    judgements
}

impl Tail {
    fn read(&mut self, clause: Clause, cursor: &mut Cursor<'_>) -> Result<(), ScenarioError> {
        let keyword = cursor.next();
        match clause {
            Clause::Capture => self.capture = Some(cursor.capture()?),
            Clause::Reply => {
                cursor.need_keyword("to")?;
                self.reply_to = Some(expr::reference(cursor)?);
            }
            Clause::Within => self.within = Some(duration(cursor)?),
            Clause::Checks => self.claims.checks = ids(cursor)?,
            Clause::Grade => {
                let lenient = matches!(keyword, Some(Token::Word(word)) if word == "lenient");
                let position = if lenient { Position::Lenient } else { Position::Info };
                self.claims.grade = Some(Grade { position, ambiguity: ambiguity(cursor)? });
            }
        }
        Ok(())
    }
}

/// A duration or a capture.
pub(super) fn duration(cursor: &mut Cursor<'_>) -> Result<Expr, ScenarioError> {
    let expr = expr::operand(cursor)?;
    match expr.kind {
        ExprKind::Duration(_) | ExprKind::Reference(_) => Ok(expr),
        _ => {
            Err(ScenarioError::new(expr.span, "this is no duration")
                .help("durations have a unit: 500ms, 2s, 1m"))
        }
    }
}

fn next_clause(cursor: &Cursor<'_>) -> Option<(Clause, &'static str)> {
    match cursor.peek()? {
        Token::Mark("->") => Some((Clause::Capture, "->")),
        Token::Word(word) => match word.as_str() {
            "reply" => Some((Clause::Reply, "reply to")),
            "within" => Some((Clause::Within, "within")),
            "checks" => Some((Clause::Checks, "checks")),
            "lenient" => Some((Clause::Grade, "lenient")),
            "info" => Some((Clause::Grade, "info")),
            _ => None,
        },
        _ => None,
    }
}

fn ids(cursor: &mut Cursor<'_>) -> Result<Vec<Ident>, ScenarioError> {
    let mut ids = Vec::new();
    while let Some(Token::Word(word)) = cursor.peek() {
        if !words::is_id(word) {
            break;
        }
        ids.push(Spanned { node: word.clone(), span: cursor.here() });
        cursor.next();
    }
    if ids.is_empty() {
        return Err(cursor.expected("a clause id such as `SV2-05-112`"));
    }
    let id_follows = matches!(cursor.peek_second(), Some(Token::Word(word)) if words::is_id(word));
    if cursor.at_mark(",") && id_follows {
        return Err(ScenarioError::new(cursor.here(), "clause ids are separated by blanks"));
    }
    Ok(ids)
}

fn ambiguity(cursor: &mut Cursor<'_>) -> Result<Ident, ScenarioError> {
    let span = cursor.here();
    match cursor.peek() {
        Some(Token::Word(word)) if words::is_id(word) => {
            cursor.next();
            Ok(Spanned { node: word.clone(), span })
        }
        _ => Err(cursor.expected("the ambiguity that is the reason, such as `AMB-43`")),
    }
}

/// A judged line.
pub(super) fn judgement(cursor: &mut Cursor<'_>) -> Result<Judgement, ScenarioError> {
    let start = cursor.here().start;
    if matches!(cursor.peek(), Some(Token::Capture(_))) {
        return Err(cursor.expected("the name of a field").help("captures are compared by `assert`"));
    }
    let root = cursor.word("the name of a field")?;
    let members = expr::members(cursor)?;
    let path = Path { root, members, span: cursor.since(start) };
    let mask = match cursor.mark("&") {
        Some(_) => Some(expr::operand(cursor)?),
        None => None,
    };
    let test = expr::test(cursor)?;
    let allowed: &[Clause] = match &test {
        Some(_) => &[Clause::Capture, Clause::Checks, Clause::Grade],
        None if mask.is_none() && cursor.at_mark("->") => &[Clause::Capture],
        None => return Err(no_test(cursor)),
    };
    let tail = tail(cursor, &path.root.node, allowed)?;
    Ok(Judgement { path, mask, test, capture: tail.capture, claims: tail.claims, span: cursor.since(start) })
}

fn no_test(cursor: &Cursor<'_>) -> ScenarioError {
    let error = cursor.expected("a comparison or `->`");
    match cursor.peek() {
        Some(Token::Mark("=")) => error.help("`=` sets, `==` judges"),
        _ => error.help("comparisons are == != < <= > >= ~ in"),
    }
}
