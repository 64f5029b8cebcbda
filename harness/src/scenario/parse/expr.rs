//! Expressions, bounded in depth.

use super::super::diagnostic::{ScenarioError, shown};
use super::super::lexer::Token;
use super::super::syntax::{
    BinaryOperator, Expr, ExprKind, Float, Ident, Member, Operator, Reference, Spanned, Test,
};
use super::super::words;
use super::cursor::Cursor;

/// Parentheses, lists and `len(` inside each other.
const DEEPEST: usize = 32;

/// Any expression but a range.
pub(super) fn expression(cursor: &mut Cursor<'_>) -> Result<Expr, ScenarioError> {
    let expr = binary(cursor, 0, 0)?;
    if cursor.at_mark("..") {
        return Err(ScenarioError::new(cursor.here(), "a range stands only after `in`"));
    }
    Ok(expr)
}

/// One operand without operators around it.
pub(super) fn operand(cursor: &mut Cursor<'_>) -> Result<Expr, ScenarioError> {
    primary(cursor, 0)
}

/// `$name.path[n]`.
pub(super) fn reference(cursor: &mut Cursor<'_>) -> Result<Reference, ScenarioError> {
    let span = cursor.here();
    let Some(Token::Capture(name)) = cursor.peek() else {
        return Err(cursor.expected("a capture such as `$chan`"));
    };
    cursor.next();
    let members = members(cursor)?;
    Ok(Reference { root: Spanned { node: name.clone(), span }, members, span: cursor.since(span.start) })
}

/// `.name` and `[n]`, as many as follow without a blank.
pub(super) fn members(cursor: &mut Cursor<'_>) -> Result<Vec<Member>, ScenarioError> {
    let mut members = Vec::new();
    while cursor.touches() {
        if cursor.mark(".").is_some() {
            members.push(Member::Name(cursor.word("the name of a member")?));
        } else if cursor.mark("[").is_some() {
            let span = cursor.here();
            let index = match cursor.peek() {
                Some(Token::Integer(index)) => index.to_u64(),
                _ => None,
            };
            let Some(node) = index else { return Err(cursor.expected("an index such as `0`")) };
            cursor.next();
            cursor.need_mark("]")?;
            members.push(Member::Index(Spanned { node, span }));
        } else {
            break;
        }
    }
    Ok(members)
}

/// `OP expr`, if a comparison is next.
pub(super) fn test(cursor: &mut Cursor<'_>) -> Result<Option<Test>, ScenarioError> {
    let span = cursor.here();
    let Some(operator) = comparison(cursor) else { return Ok(None) };
    cursor.next();
    let operator = Spanned { node: operator, span };
    let operand = match operator.node {
        Operator::In => set(cursor)?,
        Operator::Like => pattern(cursor)?,
        _ => expression(cursor)?,
    };
    Ok(Some(Test { operator, operand }))
}

fn comparison(cursor: &Cursor<'_>) -> Option<Operator> {
    match cursor.peek()? {
        Token::Word(word) if word == "in" => Some(Operator::In),
        Token::Mark("==") => Some(Operator::Equal),
        Token::Mark("!=") => Some(Operator::NotEqual),
        Token::Mark("<") => Some(Operator::Less),
        Token::Mark("<=") => Some(Operator::LessOrEqual),
        Token::Mark(">") => Some(Operator::Greater),
        Token::Mark(">=") => Some(Operator::GreaterOrEqual),
        Token::Mark("~") => Some(Operator::Like),
        _ => None,
    }
}

fn set(cursor: &mut Cursor<'_>) -> Result<Expr, ScenarioError> {
    let from = binary(cursor, 0, 0)?;
    if cursor.mark("..").is_none() {
        return Ok(from);
    }
    let to = expression(cursor)?;
    let span = from.span.to(to.span);
    Ok(Expr { kind: ExprKind::Range(Box::new(from), Box::new(to)), span })
}

fn pattern(cursor: &mut Cursor<'_>) -> Result<Expr, ScenarioError> {
    let expr = expression(cursor)?;
    if matches!(expr.kind, ExprKind::Symbol(_) | ExprKind::Text(_) | ExprKind::Reference(_)) {
        return Ok(expr);
    }
    Err(ScenarioError::new(expr.span, "`~` takes a symbol or a string")
        .help("`~ @duplicate-share` compares by meaning, `~ \"duplicate\"` looks for a part"))
}

/// Binary operators that bind at least as tightly as `loosest`.
fn binary(cursor: &mut Cursor<'_>, loosest: u8, depth: usize) -> Result<Expr, ScenarioError> {
    let mut left = primary(cursor, depth)?;
    while let Some((operator, strength)) =
        binary_operator(cursor).filter(|(_, strength)| *strength >= loosest)
    {
        cursor.spend_operator()?;
        cursor.next();
        let right = binary(cursor, strength.saturating_add(1), depth)?;
        let span = left.span.to(right.span);
        let kind = ExprKind::Binary { operator, left: Box::new(left), right: Box::new(right) };
        left = Expr { kind, span };
    }
    Ok(left)
}

fn binary_operator(cursor: &Cursor<'_>) -> Option<(BinaryOperator, u8)> {
    match cursor.peek()? {
        Token::Mark("|") => Some((BinaryOperator::Or, 0)),
        Token::Mark("^") => Some((BinaryOperator::Xor, 1)),
        Token::Mark("&") => Some((BinaryOperator::And, 2)),
        Token::Mark("++") => Some((BinaryOperator::Concat, 3)),
        Token::Mark("+") => Some((BinaryOperator::Add, 4)),
        Token::Mark("-") => Some((BinaryOperator::Subtract, 4)),
        Token::Mark("*") => Some((BinaryOperator::Multiply, 5)),
        Token::Mark("/") => Some((BinaryOperator::Divide, 5)),
        _ => None,
    }
}

fn primary(cursor: &mut Cursor<'_>, depth: usize) -> Result<Expr, ScenarioError> {
    let span = cursor.here();
    if depth > DEEPEST {
        return Err(ScenarioError::new(span, format!("an expression nested more than {DEEPEST} deep")));
    }
    let Some(token) = cursor.peek() else { return Err(cursor.expected("a value")) };
    if matches!(token, Token::Capture(_)) {
        let reference = reference(cursor)?;
        return Ok(Expr { span: reference.span, kind: ExprKind::Reference(reference) });
    }
    let kind = match token {
        Token::Word(word) => {
            cursor.next();
            self::word(cursor, &Spanned { node: word.clone(), span }, depth)?
        }
        Token::Mark("(") => {
            cursor.next();
            let inner = binary(cursor, 0, depth.saturating_add(1))?;
            cursor.need_mark(")")?;
            inner.kind
        }
        Token::Mark("[") => list(cursor, depth)?,
        Token::Mark("-") => negative(cursor)?,
        _ => literal(cursor)?,
    };
    Ok(Expr { kind, span: cursor.since(span.start) })
}

fn literal(cursor: &mut Cursor<'_>) -> Result<ExprKind, ScenarioError> {
    let kind = match cursor.peek() {
        Some(Token::Integer(value)) => ExprKind::Integer(*value),
        Some(Token::Float(value)) => ExprKind::Float(*value),
        Some(Token::Duration(value)) => ExprKind::Duration(*value),
        Some(Token::Text(bytes)) => ExprKind::Text(bytes.clone()),
        Some(Token::Bytes(bytes)) => ExprKind::Bytes(bytes.clone()),
        Some(Token::Symbol(name)) => ExprKind::Symbol(name.clone()),
        _ => return Err(cursor.expected("a value")),
    };
    cursor.next();
    Ok(kind)
}

fn word(cursor: &mut Cursor<'_>, word: &Ident, depth: usize) -> Result<ExprKind, ScenarioError> {
    if word.node == "len" && cursor.mark("(").is_some() {
        let inner = binary(cursor, 0, depth.saturating_add(1))?;
        cursor.need_mark(")")?;
        return Ok(ExprKind::Length(Box::new(inner)));
    }
    if matches!(word.node.as_str(), "repeat" | "numbers") && cursor.mark("(").is_some() {
        let first = Box::new(binary(cursor, 0, depth.saturating_add(1))?);
        cursor.need_mark(",")?;
        let second = Box::new(binary(cursor, 0, depth.saturating_add(1))?);
        cursor.need_mark(")")?;
        return Ok(match word.node.as_str() {
            "repeat" => ExprKind::Repeat(first, second),
            _ => ExprKind::Numbers(first, second),
        });
    }
    if cursor.touches() && (cursor.at_mark(".") || cursor.at_mark("[")) {
        return Err(ScenarioError::new(word.span, format!("`{}` has no members", shown(&word.node)))
            .help(format!("a capture is written `${}`", shown(&word.node))));
    }
    match word.node.as_str() {
        "true" => Ok(ExprKind::Boolean(true)),
        "false" => Ok(ExprKind::Boolean(false)),
        "none" => Ok(ExprKind::None),
        "nan" => Ok(ExprKind::Float(Float(f64::NAN))),
        "inf" => Ok(ExprKind::Float(Float(f64::INFINITY))),
        name if words::is_upper(name) => Ok(ExprKind::Constant(name.to_owned())),
        name if words::is_lower(name) => Ok(ExprKind::Name(name.to_owned())),
        name => Err(ScenarioError::new(word.span, format!("`{}` is no value", shown(name))).help(
            "captures begin with `$`, constants are UPPER_SNAKE, strings are quoted, `-` between values needs blanks",
        )),
    }
}

fn list(cursor: &mut Cursor<'_>, depth: usize) -> Result<ExprKind, ScenarioError> {
    cursor.need_mark("[")?;
    let mut items = Vec::new();
    while cursor.mark("]").is_none() {
        items.push(binary(cursor, 0, depth.saturating_add(1))?);
        if !cursor.at_mark("]") {
            cursor.mark(",").ok_or_else(|| cursor.expected("`,` or `]`"))?;
        }
    }
    Ok(ExprKind::List(items))
}

fn negative(cursor: &mut Cursor<'_>) -> Result<ExprKind, ScenarioError> {
    let minus = cursor.need_mark("-")?;
    match cursor.peek() {
        Some(Token::Float(value)) => {
            cursor.next();
            Ok(ExprKind::Float(Float(-value.0)))
        }
        Some(Token::Word(word)) if word == "inf" => {
            cursor.next();
            Ok(ExprKind::Float(Float(f64::NEG_INFINITY)))
        }
        _ => Err(ScenarioError::new(minus.to(cursor.here()), "only floats can be negative")
            .help("integers are unsigned; a negative float has a point: `-1.0`")),
    }
}
