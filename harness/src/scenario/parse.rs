//! Lines of tokens to the tree. One bad line gives one error, and parsing goes on with the next.

mod body;
mod cursor;
mod expect;
mod expr;
mod header;
mod judge;
mod several;
mod step;

use cursor::Cursor;
use header::Header;

use super::diagnostic::ScenarioError;
use super::lexer::{self, Line, Token};
use super::syntax::{File, Ident, Span, Step};
use super::words;

/// The version of the language that is spoken here.
const VERSION: u64 = 1;

/// Parses one file.
pub(super) fn file(text: &str) -> Result<File, Vec<ScenarioError>> {
    let lines = lexer::lines(text);
    let mut parser =
        Parser { header: Header::default(), steps: Vec::new(), errors: Vec::new(), steps_begun: false };
    let rest = parser.version(&lines);
    parser.blocks(rest);
    let whole = Span { start: 0, end: text.len() };
    let place = lines.first().map_or_else(Span::default, |line| line.span);
    let Parser { header, steps, mut errors, .. } = parser;
    match header.finish(place, steps, whole) {
        Ok(file) if errors.is_empty() => Ok(file),
        Ok(_) => Err(errors),
        Err(error) => {
            errors.push(error);
            Err(errors)
        }
    }
}

struct Parser {
    header: Header,
    steps: Vec<Step>,
    errors: Vec<ScenarioError>,
    /// Set by the first verb line, good or bad.
    steps_begun: bool,
}

impl Parser {
    /// Reads `sv2t 1`; what follows is left.
    fn version<'a>(&mut self, lines: &'a [Line]) -> &'a [Line] {
        let missing = "the first line must be `sv2t 1`";
        let Some((first, rest)) = lines.split_first() else {
            self.errors.push(ScenarioError::new(Span::default(), missing));
            return lines;
        };
        let Ok(tokens) = first.tokens.as_ref() else { return lines };
        let mut cursor = Cursor::new(tokens, first.span);
        if first.indent > 0 || cursor.keyword("sv2t").is_none() {
            self.errors.push(ScenarioError::new(first.span, missing).label("before this"));
            return lines;
        }
        self.errors.extend(version_number(&mut cursor).err());
        rest
    }

    fn blocks(&mut self, mut lines: &[Line]) {
        while let Some((head, rest)) = lines.split_first() {
            let length = rest.iter().take_while(|line| line.indent > 0).count();
            let (body, next) = rest.split_at(length);
            lines = next;
            if head.indent > 0 {
                let error = ScenarioError::new(head.span, "an indented line without a verb above it")
                    .help("verbs and header entries begin at the left margin");
                self.errors.push(error);
                continue;
            }
            let outcome = match &head.tokens {
                Ok(tokens) => self.block(tokens, head, body),
                Err(error) => Err(error.clone()),
            };
            if let Err(error) = outcome {
                self.errors.push(error);
                // Without its verb a line has no meaning, but what is no token is wrong all the same.
                self.errors.extend(body.iter().filter_map(|line| line.tokens.as_ref().err().cloned()));
            }
        }
    }

    fn block(&mut self, tokens: &[lexer::Lexeme], head: &Line, body: &[Line]) -> Result<(), ScenarioError> {
        let mut cursor = Cursor::new(tokens, head.span);
        let connection = step::connection(&mut cursor)?;
        if cursor.at_mark("|") {
            return Err(cursor.expected("a verb").help("arms are indented below their `expect`"));
        }
        let verb = cursor.word("a verb")?;
        if words::HEADER.contains(&verb.node.as_str()) {
            return self.header_entry(connection.as_ref(), &verb, cursor, body);
        }
        self.steps_begun = true;
        let body = body::Body { lines: body, errors: &mut self.errors, owner: &verb.node };
        let span = body.lines.last().map_or(head.span, |last| head.span.to(last.span));
        let kind = step::kind(&verb, &mut cursor, body)?;
        self.steps.push(Step { connection, kind, line: head.span, span });
        Ok(())
    }

    fn header_entry(
        &mut self,
        connection: Option<&Ident>,
        word: &Ident,
        mut cursor: Cursor<'_>,
        body: &[Line],
    ) -> Result<(), ScenarioError> {
        if let Some(name) = connection {
            return Err(ScenarioError::new(name.span, format!("`{}` is about no connection", word.node)));
        }
        if self.steps_begun {
            return Err(ScenarioError::new(
                word.span,
                format!("`{}` belongs above the first step", word.node),
            ));
        }
        body::Body { lines: body, errors: &mut self.errors, owner: &word.node }.none();
        self.header.entry(word, &mut cursor)
    }
}

fn version_number(cursor: &mut Cursor<'_>) -> Result<(), ScenarioError> {
    let span = cursor.here();
    match cursor.next() {
        Some(Token::Integer(number)) if number.to_u64() == Some(VERSION) => cursor.finish(),
        Some(Token::Integer(number)) => {
            let message = format!("version {number} of the language is not known here");
            Err(ScenarioError::new(span, message).help(format!("this program reads `sv2t {VERSION}`")))
        }
        _ => Err(ScenarioError::new(span, "the version is missing").help(format!("write `sv2t {VERSION}`"))),
    }
}

#[cfg(test)]
mod tests;
