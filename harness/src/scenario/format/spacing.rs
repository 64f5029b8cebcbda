//! What stands between the tokens of a line, and how each is spelt.

use super::super::lexer::{Lexeme, Token};
use super::super::syntax::Span;
use super::super::words;

/// Words in front of a parenthesis that is theirs.
const FUNCTIONS: &[&str] = &["pool", "len", "work", "repeat", "numbers"];
/// Words behind which a minus begins a number.
const BEFORE_NUMBER: &[&str] = &["in", "assert", "assume", "unless"];

/// A token in its canonical place.
pub(super) struct Placed {
    pub(super) span: Span,
    /// Its spelling; nothing for a comma that says nothing.
    pub(super) text: String,
    /// Blanks in front of it.
    pub(super) gap: usize,
}

/// The tokens of one line.
pub(super) fn place(text: &str, tokens: &[Lexeme]) -> Vec<Placed> {
    let mut placed: Vec<Placed> = Vec::new();
    for (index, lexeme) in tokens.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|index| tokens.get(index));
        let touches = before.is_some_and(|before| before.span.end == lexeme.span.start);
        let gap = match before {
            None => false,
            Some(before) => !glued(tokens, index, &before.token, &lexeme.token, touches),
        };
        let source = text.get(lexeme.span.start..lexeme.span.end).unwrap_or_default();
        let is_idle = is_mark(&lexeme.token, &[","])
            && tokens.get(index + 1).is_some_and(|next| is_mark(&next.token, &[")", "]"]));
        let text = if is_idle { String::new() } else { spelling(&lexeme.token, source) };
        placed.push(Placed { span: lexeme.span, text, gap: usize::from(gap) });
    }
    placed
}

fn is_mark(token: &Token, marks: &[&str]) -> bool {
    matches!(token, Token::Mark(mark) if marks.contains(mark))
}

/// Whether no blank stands between two tokens.
fn glued(tokens: &[Lexeme], index: usize, before: &Token, token: &Token, touches: bool) -> bool {
    let Token::Mark(mark) = token else {
        return is_mark(before, &["(", "[", ".", ".."]) || unary(tokens, index);
    };
    match *mark {
        "," | ")" | "]" | ":" | "." | ".." => true,
        "(" if is_mark(before, &["(", "["]) => true,
        "(" => is_call(tokens, index),
        "[" if is_mark(before, &["(", "["]) => true,
        "[" => touches && is_indexed(before),
        "-" => is_mark(before, &["(", "[", ".."]),
        _ => false,
    }
}

/// Whether the token before this one is a minus that belongs to it.
fn unary(tokens: &[Lexeme], index: usize) -> bool {
    let Some(minus) = index.checked_sub(1) else { return false };
    if !tokens.get(minus).is_some_and(|lexeme| is_mark(&lexeme.token, &["-"])) {
        return false;
    }
    match minus.checked_sub(1).and_then(|index| tokens.get(index)).map(|lexeme| &lexeme.token) {
        Some(Token::Mark(mark)) => !matches!(*mark, ")" | "]"),
        Some(Token::Word(word)) => BEFORE_NUMBER.contains(&word.as_str()),
        Some(_) => false,
        None => true,
    }
}

/// Whether the parenthesis at `index` holds the arguments of the word before it.
fn is_call(tokens: &[Lexeme], index: usize) -> bool {
    let word = |index: usize| match tokens.get(index).map(|lexeme| &lexeme.token) {
        Some(Token::Word(word)) => Some(word.as_str()),
        _ => None,
    };
    let Some(at) = index.checked_sub(1) else { return false };
    let Some(name) = word(at) else { return false };
    let begins_step = at == 0
        || (at == 2
            && word(0).is_some_and(words::is_upper)
            && tokens.get(1).is_some_and(|two| is_mark(&two.token, &[":"])));
    FUNCTIONS.contains(&name)
        || (begins_step && !words::reserved(name))
        || at.checked_sub(1).and_then(word) == Some("fragment")
        || at.checked_sub(2).and_then(word) == Some("repeat")
}

/// Whether a bracket behind the token picks a part of it.
fn is_indexed(before: &Token) -> bool {
    match before {
        Token::Capture(_) => true,
        Token::Word(word) => word != "in",
        other => is_mark(other, &["]"]),
    }
}

/// A token as it is written canonically; `source` is how it was written.
fn spelling(token: &Token, source: &str) -> String {
    match token {
        Token::Integer(_) | Token::Float(_) => source.to_ascii_lowercase(),
        Token::Bytes(_) => bytes(source),
        Token::Text(_) => string(source),
        _ => source.to_owned(),
    }
}

/// Digits in small letters, groups apart by one blank.
fn bytes(source: &str) -> String {
    let digits = source.strip_prefix("x\"").and_then(|rest| rest.strip_suffix('"')).unwrap_or_default();
    let groups: Vec<&str> = digits.split_ascii_whitespace().collect();
    format!("x\"{}\"", groups.join(" ").to_ascii_lowercase())
}

/// The digits of `\xNN` in small letters.
fn string(source: &str) -> String {
    let mut result = String::with_capacity(source.len());
    let mut characters = source.chars();
    while let Some(next) = characters.next() {
        result.push(next);
        if next != '\\' {
            continue;
        }
        let Some(kind) = characters.next() else { break };
        result.push(kind);
        if kind == 'x' {
            result.extend(characters.by_ref().take(2).map(|digit| digit.to_ascii_lowercase()));
        }
    }
    result
}
