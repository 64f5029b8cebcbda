//! Header entries.

use super::super::diagnostic::ScenarioError;
use super::super::lexer::Token;
use super::super::syntax::{
    Argument, Axis, Expr, ExprKind, File, FileKind, Ident, Parameter, Signature, Span, Spanned, Step,
};
use super::super::words;
use super::cursor::Cursor;
use super::expr::expression;

/// What the header lines said so far.
#[derive(Default)]
pub(super) struct Header {
    kind: Option<(FileKind, Span)>,
    needs: Vec<Ident>,
    tags: Vec<Ident>,
    pool: Vec<Argument>,
    matrix: Vec<Axis>,
    exclusive: Option<Span>,
}

impl Header {
    /// Reads what follows the first word of a header line.
    pub(super) fn entry(&mut self, word: &Ident, cursor: &mut Cursor<'_>) -> Result<(), ScenarioError> {
        match word.node.as_str() {
            "title" => {
                let title = title(cursor)?;
                self.declare(FileKind::Scenario { title }, word.span)
            }
            "fragment" => {
                let signature = signature(word.span, cursor)?;
                self.declare(FileKind::Fragment(signature), word.span)
            }
            "needs" => {
                self.needs.extend(names(cursor, "a capability such as `channel.standard`")?);
                Ok(())
            }
            "tags" => {
                self.tags.extend(names(cursor, "a tag")?);
                Ok(())
            }
            "exclusive" => {
                self.exclusive = Some(word.span);
                cursor.finish()
            }
            "matrix" => {
                self.matrix.push(axis(cursor)?);
                Ok(())
            }
            _ => {
                self.pool.extend(arguments(cursor)?);
                cursor.finish()
            }
        }
    }

    /// The file, once all lines are read; `place` is where a missing title is complained about.
    pub(super) fn finish(self, place: Span, steps: Vec<Step>, span: Span) -> Result<File, ScenarioError> {
        let Some((kind, _)) = self.kind else {
            return Err(ScenarioError::new(place, "the title is missing")
                .label("below this")
                .help("a scenario has one line `title \"what it proves\"`, a fragment `fragment name(..)`"));
        };
        let misplaced = self.tags.first().map(|tag| (tag.span, "tags"));
        let misplaced = misplaced.or_else(|| self.pool.first().map(|setting| (setting.name.span, "pool")));
        let misplaced = misplaced.or_else(|| self.matrix.first().map(|axis| (axis.name.span, "matrix")));
        let misplaced = misplaced.or_else(|| self.exclusive.map(|at| (at, "exclusive")));
        match (&kind, misplaced) {
            (FileKind::Fragment(_), Some((at, word))) => {
                Err(ScenarioError::new(at, format!("a fragment has no `{word}`"))
                    .help(format!("`{word}` belongs to the scenarios that use the fragment")))
            }
            _ => Ok(File {
                kind,
                needs: self.needs,
                tags: self.tags,
                pool: self.pool,
                matrix: self.matrix,
                exclusive: self.exclusive,
                steps,
                span,
            }),
        }
    }

    fn declare(&mut self, kind: FileKind, span: Span) -> Result<(), ScenarioError> {
        if let Some((_, first)) = &self.kind {
            return Err(ScenarioError::new(span, "a file has one title, or one fragment line")
                .label("the second")
                .and(*first, "the first"));
        }
        self.kind = Some((kind, span));
        Ok(())
    }
}

/// `(name: value, ...)`
pub(super) fn arguments(cursor: &mut Cursor<'_>) -> Result<Vec<Argument>, ScenarioError> {
    parenthesised(cursor, |cursor| {
        let name = name(cursor)?;
        cursor.need_mark(":")?;
        Ok(Argument { name, value: expression(cursor)? })
    })
}

fn title(cursor: &mut Cursor<'_>) -> Result<Ident, ScenarioError> {
    let span = cursor.here();
    let Some(Token::Text(bytes)) = cursor.peek() else { return Err(cursor.expected("a title in quotes")) };
    cursor.next();
    cursor.finish()?;
    match String::from_utf8(bytes.clone()) {
        Ok(node) if !node.trim().is_empty() => Ok(Spanned { node, span }),
        _ => Err(ScenarioError::new(span, "a title is a sentence of text")),
    }
}

fn axis(cursor: &mut Cursor<'_>) -> Result<Axis, ScenarioError> {
    let name = name(cursor)?;
    cursor.need_keyword("in")?;
    let values = expression(cursor)?;
    cursor.finish()?;
    match values.kind {
        ExprKind::List(values) if !values.is_empty() => Ok(Axis { name, values }),
        _ => {
            Err(ScenarioError::new(values.span, "expected a list of values")
                .help("`matrix name in [a, b, c]`"))
        }
    }
}

fn signature(word: Span, cursor: &mut Cursor<'_>) -> Result<Signature, ScenarioError> {
    let name = cursor.word("the name of the fragment")?;
    if words::reserved(&name.node) {
        return Err(ScenarioError::new(name.span, format!("`{}` is a word of the language", name.node)));
    }
    if !words::is_lower(&name.node) {
        return Err(ScenarioError::new(name.span, "a fragment is named in small letters: `open-standard`"));
    }
    let parameters = parenthesised(cursor, parameter)?;
    let results = cursor.captures()?;
    cursor.finish()?;
    Ok(Signature { name, parameters, results, span: cursor.since(word.start) })
}

fn parameter(cursor: &mut Cursor<'_>) -> Result<Parameter, ScenarioError> {
    let name = name(cursor)?;
    let default: Option<Expr> = match cursor.mark(":") {
        Some(_) => Some(expression(cursor)?),
        None => None,
    };
    Ok(Parameter { name, default })
}

fn name(cursor: &mut Cursor<'_>) -> Result<Ident, ScenarioError> {
    if let Some(Token::Capture(name)) = cursor.peek() {
        return Err(cursor.expected("a name").help(format!("here the name stands without `$`: `{name}`")));
    }
    cursor.word("a name")
}

fn names(cursor: &mut Cursor<'_>, what: &str) -> Result<Vec<Ident>, ScenarioError> {
    let mut names = vec![cursor.dotted(what)?];
    while cursor.mark(",").is_some() {
        names.push(cursor.dotted(what)?);
    }
    cursor.finish()?;
    Ok(names)
}

fn parenthesised<T>(
    cursor: &mut Cursor<'_>,
    mut item: impl FnMut(&mut Cursor<'_>) -> Result<T, ScenarioError>,
) -> Result<Vec<T>, ScenarioError> {
    cursor.need_mark("(")?;
    let mut items = Vec::new();
    while cursor.mark(")").is_none() {
        items.push(item(cursor)?);
        if !cursor.at_mark(")") {
            cursor.mark(",").ok_or_else(|| cursor.expected("`,` or `)`"))?;
        }
    }
    Ok(items)
}
