//! Text to lines of tokens. Only here do characters matter: above, everything is a token with its span.

use std::time::Duration;

use super::diagnostic::{ScenarioError, shown};
use super::number::{Float, U256};
use super::syntax::Span;

/// The longest duration, so that adding one to an instant cannot overflow.
const LONGEST_DURATION: Duration = Duration::from_secs(365 * 24 * 60 * 60);
const NUMBER_HELP: &str = "numbers are written 17, 0x2000, 0.5 or 1e6, durations 500ms, 2s or 1m";

/// A line that is neither blank nor only a comment.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    /// How many blanks stand in front.
    pub(super) indent: usize,
    /// From the first token to the last.
    pub(super) span: Span,
    /// At least one token, or the first thing that is none.
    pub(super) tokens: Result<Vec<Lexeme>, ScenarioError>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Lexeme {
    pub(super) token: Token,
    pub(super) span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// `open-standard`, `SubmitShares`, `SV2-05-112`; dots are tokens of their own.
    Word(String),
    /// `$name`.
    Capture(String),
    /// `@name`.
    Symbol(String),
    Integer(U256),
    Float(Float),
    Duration(Duration),
    Text(Vec<u8>),
    Bytes(Vec<u8>),
    /// One of [`MARKS`].
    Mark(&'static str),
}

/// Longer marks before their beginnings.
const MARKS: &[&str] = &[
    "->", "==", "!=", "<=", ">=", "++", "..", "<", ">", "~", "=", "|", "&", "^", "+", "-", "*", "/", "(",
    ")", "[", "]", ",", ":", ".",
];

/// Splits a text into its lines.
pub(super) fn lines(text: &str) -> Vec<Line> {
    let mut base = 0usize;
    let mut lines = Vec::new();
    for whole in text.split_inclusive('\n') {
        let bare = whole.strip_suffix('\n').unwrap_or(whole);
        let bare = bare.strip_suffix('\r').unwrap_or(bare);
        let mark = if base == 0 && bare.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        lines.extend(line(bare.get(mark..).unwrap_or_default(), base.saturating_add(mark)));
        base = base.saturating_add(whole.len());
    }
    lines
}

fn line(text: &str, base: usize) -> Option<Line> {
    let body = text.trim_start_matches([' ', '\t']);
    if body.is_empty() || body.starts_with('#') {
        return None;
    }
    let indent = text.len().saturating_sub(body.len());
    let start = base.saturating_add(indent);
    let mut scanner = Scanner { rest: body, at: start };
    let mut tokens = match text.get(..indent).and_then(|blanks| blanks.find('\t')) {
        Some(tab) => Err(tab_error(base.saturating_add(tab))),
        None => scanner.all(),
    };
    let end = match tokens.as_ref() {
        Ok(tokens) => tokens.last().map_or(start, |last| last.span.end),
        Err(_) => start.saturating_add(body.trim_end().len()),
    };
    if let Ok(list) = &mut tokens {
        list.shrink_to_fit();
    }
    Some(Line { indent, span: Span { start, end }, tokens })
}

fn tab_error(at: usize) -> ScenarioError {
    ScenarioError::new(Span { start: at, end: at.saturating_add(1) }, "a tab in the indentation")
        .label("this is a tab")
        .help("indent with blanks; two per level read well")
}

struct Scanner<'a> {
    rest: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    fn all(&mut self) -> Result<Vec<Lexeme>, ScenarioError> {
        let mut tokens = Vec::new();
        loop {
            self.take_while(|blank| blank == ' ' || blank == '\t');
            let Some(first) = self.rest.chars().next().filter(|&first| first != '#') else {
                return Ok(tokens);
            };
            let start = self.at;
            let token = self.token(first)?;
            tokens.push(Lexeme { token, span: self.since(start) });
        }
    }

    fn token(&mut self, first: char) -> Result<Token, ScenarioError> {
        match first {
            '"' => self.string().map(Token::Text),
            'x' if self.rest.starts_with("x\"") => self.hex_bytes().map(Token::Bytes),
            '$' => self.sigil("capture", "$chan", |text| text.is_ascii_alphabetic()).map(Token::Capture),
            '@' => self
                .sigil("symbol", "@duplicate-share", |text| text.is_ascii_alphanumeric())
                .map(Token::Symbol),
            _ if first.is_ascii_digit() => self.number(),
            _ if is_word_start(first) => {
                Ok(Token::Word(self.word(|text| text.is_ascii_alphanumeric()).to_owned()))
            }
            _ => self.mark(first),
        }
    }

    /// Moves on by `length` bytes and returns them. Callers give ends of characters of `rest`.
    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = rest;
        self.at = self.at.saturating_add(taken.len());
        taken
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let length = self.rest.find(|other| !wanted(other)).unwrap_or(self.rest.len());
        self.take(length)
    }

    fn since(&self, start: usize) -> Span {
        Span { start, end: self.at }
    }

    /// The span of the next character.
    fn here(&self) -> Span {
        let width = self.rest.chars().next().map_or(0, char::len_utf8);
        Span { start: self.at, end: self.at.saturating_add(width) }
    }

    /// A word; a dash belongs to it when the character behind it pleases `joins`.
    fn word(&mut self, joins: impl Fn(char) -> bool) -> &'a str {
        let mut length = 0usize;
        let mut characters = self.rest.chars().peekable();
        while let Some(next) = characters.next() {
            let dash = next == '-' && characters.peek().copied().is_some_and(&joins);
            if !(dash || next.is_ascii_alphanumeric() || next == '_') {
                break;
            }
            length = length.saturating_add(1);
        }
        self.take(length)
    }

    fn sigil(
        &mut self,
        what: &str,
        example: &str,
        joins: impl Fn(char) -> bool,
    ) -> Result<String, ScenarioError> {
        let start = self.at;
        self.take(1);
        if !self.rest.starts_with(is_word_start) {
            return Err(ScenarioError::new(self.since(start), format!("the name of the {what} is missing"))
                .help(format!("a {what} is written `{example}`, without blanks")));
        }
        Ok(self.word(joins).to_owned())
    }

    fn mark(&mut self, first: char) -> Result<Token, ScenarioError> {
        let found = MARKS.iter().copied().find(|&mark| self.rest.starts_with(mark));
        let Some(mark) = found else {
            return Err(ScenarioError::new(
                self.here(),
                format!("unexpected character `{}`", first.escape_debug()),
            ));
        };
        self.take(mark.len());
        Ok(Token::Mark(mark))
    }

    fn string(&mut self) -> Result<Vec<u8>, ScenarioError> {
        let start = self.at;
        self.take(1);
        let mut bytes = Vec::new();
        loop {
            bytes.extend_from_slice(self.take_while(|other| other != '"' && other != '\\').as_bytes());
            if self.rest.starts_with('"') {
                self.take(1);
                return Ok(bytes);
            }
            if self.rest.is_empty() {
                return Err(unterminated(self.since(start)));
            }
            bytes.push(self.escape()?);
        }
    }

    fn escape(&mut self) -> Result<u8, ScenarioError> {
        let start = self.at;
        self.take(1);
        let kind = self.rest.chars().next();
        self.take(kind.map_or(0, char::len_utf8));
        match kind {
            Some('n') => return Ok(b'\n'),
            Some('"') => return Ok(b'"'),
            Some('\\') => return Ok(b'\\'),
            Some('x') => {
                let digits =
                    self.rest.get(..2).filter(|two| two.chars().all(|digit| digit.is_ascii_hexdigit()));
                if let Some(byte) = digits.and_then(|two| u8::from_str_radix(two, 16).ok()) {
                    self.take(2);
                    return Ok(byte);
                }
            }
            _ => {}
        }
        Err(ScenarioError::new(self.since(start), "unknown escape in a string")
            .help(r#"the escapes are \", \\, \n and \xNN with two hexadecimal digits"#))
    }

    fn hex_bytes(&mut self) -> Result<Vec<u8>, ScenarioError> {
        let start = self.at;
        self.take(2);
        let mut digits = String::new();
        loop {
            digits.push_str(self.take_while(|digit| digit.is_ascii_hexdigit()));
            match self.rest.chars().next() {
                Some(' ') => _ = self.take(1),
                Some('"') => break,
                Some(other) => {
                    let message = format!("`{}` is no hexadecimal digit", other.escape_debug());
                    return Err(ScenarioError::new(self.here(), message));
                }
                None => return Err(unterminated(self.since(start))),
            }
        }
        self.take(1);
        hex::decode(&digits).map_err(|_| {
            ScenarioError::new(self.since(start), "an odd number of hexadecimal digits")
                .help("every byte takes two digits")
        })
    }

    fn number(&mut self) -> Result<Token, ScenarioError> {
        let start = self.at;
        let source = self.rest;
        let run = self.take_while(is_number_part);
        let hexadecimal = run.starts_with("0x");
        if !hexadecimal && self.rest.strip_prefix('.').is_some_and(|rest| rest.starts_with(is_digit)) {
            self.take(1);
            self.take_while(is_number_part);
        }
        let exponent =
            self.at > start && self.previous(source, start).is_some_and(|last| last == 'e' || last == 'E');
        if !hexadecimal && exponent && self.rest.starts_with(['+', '-']) {
            self.take(1);
            self.take_while(is_number_part);
        }
        let span = self.since(start);
        let text = source.get(..span.end.saturating_sub(start)).unwrap_or_default();
        classify(text).map_err(|(message, help)| {
            ScenarioError::new(span, format!("`{}` {message}", shown(text))).help(help)
        })
    }

    /// The last character taken, given what `rest` was at `start`.
    fn previous(&self, source: &str, start: usize) -> Option<char> {
        source.get(..self.at.saturating_sub(start))?.chars().next_back()
    }
}

fn unterminated(span: Span) -> ScenarioError {
    ScenarioError::new(span, "the string does not end on its line").help("close it with `\"`")
}

fn is_word_start(first: char) -> bool {
    first.is_ascii_alphabetic() || first == '_'
}

fn is_number_part(part: char) -> bool {
    part.is_ascii_alphanumeric() || part == '_'
}

fn is_digit(digit: char) -> bool {
    digit.is_ascii_digit()
}

type Complaint = (&'static str, &'static str);

fn classify(text: &str) -> Result<Token, Complaint> {
    if let Some(digits) = text.strip_prefix("0x") {
        return integer(digits, 16);
    }
    let unit = text.trim_start_matches(|part: char| part.is_ascii_digit() || part == '_');
    match unit {
        "" => integer(text, 10),
        "ms" | "s" | "m" => duration(text.strip_suffix(unit).unwrap_or(text), unit).map(Token::Duration),
        _ => float(text).map(Token::Float),
    }
}

fn integer(digits: &str, radix: u32) -> Result<Token, Complaint> {
    let plain = digits.chars().all(|digit| digit == '_' || digit.is_digit(radix));
    match U256::from_digits(digits, radix) {
        Some(value) => Ok(Token::Integer(value)),
        None if plain && digits.chars().any(|digit| digit != '_') => {
            Err(("needs more than 256 bits", "longer values are bytes: x\"..\""))
        }
        None => Err(("is no number", NUMBER_HELP)),
    }
}

fn duration(digits: &str, unit: &str) -> Result<Duration, Complaint> {
    let count: Option<u64> = U256::from_digits(digits, 10).and_then(U256::to_u64);
    let duration = count.and_then(|count| match unit {
        "ms" => Some(Duration::from_millis(count)),
        "s" => Some(Duration::from_secs(count)),
        _ => count.checked_mul(60).map(Duration::from_secs),
    });
    duration
        .filter(|&duration| duration <= LONGEST_DURATION)
        .ok_or(("is too long", "the longest duration is 365 days"))
}

fn float(text: &str) -> Result<Float, Complaint> {
    if text.contains('.') && text.ends_with(['s', 'm']) {
        return Err(("is no duration", "durations are whole numbers: 1500ms instead of 1.5s"));
    }
    let value: f64 = text.replace('_', "").parse().map_err(|_| ("is no number", NUMBER_HELP))?;
    if value.is_finite() {
        Ok(Float(value))
    } else {
        Err(("is too large for a float", "infinity is written `inf`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<Token> {
        let line = lines(text).remove(0);
        line.tokens.unwrap().into_iter().map(|lexeme| lexeme.token).collect()
    }

    fn error(text: &str) -> String {
        lines(text).remove(0).tokens.unwrap_err().to_string()
    }

    fn word(text: &str) -> Token {
        Token::Word(text.to_owned())
    }

    #[test]
    fn a_hash_inside_quotes_is_text() {
        assert_eq!(tokens(r##"raw "a#b" # c"##), [word("raw"), Token::Text(b"a#b".to_vec())]);
        assert!(error(r##"raw x"0#""##).contains("no hexadecimal digit"));
    }

    #[test]
    fn dashes_join_words_but_not_captures_and_numbers() {
        assert_eq!(tokens("SV2-05-112"), [word("SV2-05-112")]);
        let a = Token::Capture("a".to_owned());
        assert_eq!(tokens("$a-1"), [a.clone(), Token::Mark("-"), Token::Integer(U256::from(1))]);
        assert_eq!(tokens("$a-b"), [Token::Capture("a-b".to_owned())]);
        assert_eq!(tokens("$a->$a"), [a.clone(), Token::Mark("->"), a]);
    }

    #[test]
    fn numbers_keep_their_kinds_apart() {
        assert_eq!(tokens("1_000"), [Token::Integer(U256::from(1000))]);
        assert_eq!(tokens("0x1e6"), [Token::Integer(U256::from(0x1e6))]);
        assert_eq!(tokens("1e6"), [Token::Float(Float(1e6))]);
        assert_eq!(tokens("2.5e-3"), [Token::Float(Float(2.5e-3))]);
        assert_eq!(tokens("500ms"), [Token::Duration(Duration::from_millis(500))]);
        assert_eq!(tokens("1m"), [Token::Duration(Duration::from_secs(60))]);
        let (one, two) = (Token::Integer(U256::from(1)), Token::Integer(U256::from(2)));
        assert_eq!(tokens("1..2"), [one, Token::Mark(".."), two]);
    }

    #[test]
    fn bad_numbers_say_why() {
        assert!(error("0x").contains("no number"));
        assert!(error("12abc").contains("no number"));
        assert!(error("1.5s").contains("no duration"));
        assert!(error("99999999999999999999s").contains("too long"));
        assert!(error("1e999").contains("too large"));
        assert!(error(&format!("0x{}", "f".repeat(65))).contains("256 bits"));
    }

    #[test]
    fn strings_are_bytes() {
        assert_eq!(tokens(r#""\x00\"\\\n é""#), [Token::Text([b"\0\"\\\n ", "é".as_bytes()].concat())]);
        assert_eq!(tokens(r#"x"00 fF""#), [Token::Bytes(vec![0, 255])]);
        assert!(error(r#""\é""#).contains("escape"));
        assert!(error(r#""\x1""#).contains("escape"));
        assert!(error("\"abc").contains("does not end"));
        assert!(error("\"abc\\").contains("escape"));
        assert!(error(r#"x"0""#).contains("odd"));
    }

    #[test]
    fn lines_know_their_place() {
        let text = "\u{feff}a b # c\r\n\r\n  \t\n# d\n   e\n\tf\n";
        let found = lines(text);
        assert_eq!(found.len(), 3);
        assert_eq!(&text[found[0].span.start..found[0].span.end], "a b");
        assert_eq!((found[1].indent, &text[found[1].span.start..found[1].span.end]), (3, "e"));
        assert!(found[2].tokens.as_ref().unwrap_err().to_string().contains("tab"));
    }
}
