//! A place in one line's tokens, and what can be asked of it.

use super::super::diagnostic::{ScenarioError, shown};
use super::super::lexer::{Lexeme, Token};
use super::super::syntax::{Ident, Span, Spanned};

/// Operators on one line; together with the nesting bound this bounds the depth of the tree.
const MOST_OPERATORS: usize = 200;

#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    rest: &'a [Lexeme],
    /// The end of the last token taken.
    last: usize,
    operators: usize,
}

impl<'a> Cursor<'a> {
    /// `line` is what the tokens cover.
    pub(super) fn new(tokens: &'a [Lexeme], line: Span) -> Self {
        Self { rest: tokens, last: line.start, operators: 0 }
    }

    pub(super) fn peek(&self) -> Option<&'a Token> {
        self.rest.first().map(|lexeme| &lexeme.token)
    }

    /// The token behind the next one.
    pub(super) fn peek_second(&self) -> Option<&'a Token> {
        self.rest.get(1).map(|lexeme| &lexeme.token)
    }

    pub(super) fn next(&mut self) -> Option<&'a Token> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        self.last = first.span.end;
        Some(&first.token)
    }

    /// The span of the next token, or the empty one behind the last.
    pub(super) fn here(&self) -> Span {
        self.rest.first().map_or(Span { start: self.last, end: self.last }, |lexeme| lexeme.span)
    }

    /// From `start` to the end of the last token taken.
    pub(super) fn since(&self, start: usize) -> Span {
        Span { start, end: self.last.max(start) }
    }

    /// Whether the next token follows the last one without a blank.
    pub(super) fn touches(&self) -> bool {
        self.rest.first().is_some_and(|lexeme| lexeme.span.start == self.last)
    }

    pub(super) fn at_mark(&self, mark: &str) -> bool {
        matches!(self.peek(), Some(Token::Mark(found)) if *found == mark)
    }

    pub(super) fn at_keyword(&self, keyword: &str) -> bool {
        matches!(self.peek(), Some(Token::Word(found)) if found == keyword)
    }

    /// Takes the mark when it is next.
    pub(super) fn mark(&mut self, mark: &str) -> Option<Span> {
        let span = self.here();
        self.at_mark(mark).then(|| {
            self.next();
            span
        })
    }

    /// Takes the word when it is next.
    pub(super) fn keyword(&mut self, keyword: &str) -> Option<Span> {
        let span = self.here();
        self.at_keyword(keyword).then(|| {
            self.next();
            span
        })
    }

    pub(super) fn need_mark(&mut self, mark: &str) -> Result<Span, ScenarioError> {
        self.mark(mark).ok_or_else(|| self.expected(&format!("`{mark}`")))
    }

    pub(super) fn need_keyword(&mut self, keyword: &str) -> Result<Span, ScenarioError> {
        self.keyword(keyword).ok_or_else(|| self.expected(&format!("`{keyword}`")))
    }

    /// Any word; `what` it should be is said when there is none.
    pub(super) fn word(&mut self, what: &str) -> Result<Ident, ScenarioError> {
        let span = self.here();
        let Some(Token::Word(word)) = self.peek() else { return Err(self.expected(what)) };
        self.next();
        Ok(Spanned { node: word.clone(), span })
    }

    /// Words joined by dots without blanks: `channel.standard`, `SetupConnection.Success`.
    pub(super) fn dotted(&mut self, what: &str) -> Result<Ident, ScenarioError> {
        let mut name = self.word(what)?;
        while self.at_mark(".") && self.touches() {
            self.next();
            if !self.touches() {
                return Err(self.expected("the rest of the name"));
            }
            let part = self.word("the rest of the name")?;
            name.node.push('.');
            name.node.push_str(&part.node);
            name.span = name.span.to(part.span);
        }
        Ok(name)
    }

    /// `$name` without members.
    pub(super) fn capture(&mut self) -> Result<Ident, ScenarioError> {
        let span = self.here();
        let Some(Token::Capture(name)) = self.peek() else {
            return Err(self.expected("a capture such as `$chan`"));
        };
        self.next();
        if self.touches() && (self.at_mark(".") || self.at_mark("[")) {
            return Err(ScenarioError::new(self.here(), "a value is captured under a plain name"));
        }
        Ok(Spanned { node: name.clone(), span })
    }

    /// `[-> $cap, $cap ..]`
    pub(super) fn captures(&mut self) -> Result<Vec<Ident>, ScenarioError> {
        let mut captures = Vec::new();
        if self.mark("->").is_some() {
            captures.push(self.capture()?);
            while self.mark(",").is_some() {
                captures.push(self.capture()?);
            }
        }
        Ok(captures)
    }

    /// Counts one operator.
    pub(super) fn spend_operator(&mut self) -> Result<(), ScenarioError> {
        self.operators = self.operators.saturating_add(1);
        if self.operators > MOST_OPERATORS {
            return Err(ScenarioError::new(
                self.here(),
                format!("more than {MOST_OPERATORS} operators on one line"),
            ));
        }
        Ok(())
    }

    /// Nothing may be left.
    pub(super) fn finish(&self) -> Result<(), ScenarioError> {
        const TAIL_WORDS: &[&str] = &["within", "checks", "lenient", "info", "reply", "on", "bit"];
        match self.peek() {
            None => Ok(()),
            Some(Token::Word(word)) => {
                Err(ScenarioError::new(self.here(), format!("unexpected `{}`", shown(word)))
                    .did_you_mean(word, TAIL_WORDS, ""))
            }
            Some(token) => Err(ScenarioError::new(self.here(), format!("unexpected {}", describe(token)))),
        }
    }

    /// "expected .., found .." at the next token.
    pub(super) fn expected(&self, what: &str) -> ScenarioError {
        match self.peek() {
            Some(found) => {
                ScenarioError::new(self.here(), format!("expected {what}, found {}", describe(found)))
            }
            None => ScenarioError::new(self.here(), format!("expected {what}, the line ends here")),
        }
    }
}

/// A token as a message quotes it.
fn describe(token: &Token) -> String {
    match token {
        Token::Word(word) => format!("`{}`", shown(word)),
        Token::Capture(name) => format!("`${}`", shown(name)),
        Token::Symbol(name) => format!("`@{}`", shown(name)),
        Token::Mark(mark) => format!("`{mark}`"),
        Token::Integer(number) => format!("the number {number}"),
        Token::Float(number) => format!("the number {}", number.0),
        Token::Duration(duration) => format!("the duration {duration:?}"),
        Token::Text(_) => "a string".to_owned(),
        Token::Bytes(_) => "bytes".to_owned(),
    }
}
