//! The expressions of `-E`: which scenarios.
//!
//! ```text
//! or    = and ("|" and)*
//! and   = not ("&" not)*
//! not   = "!" not | "(" or ")" | "tag(" GLOB ")" | "checks(" GLOB ")" | GLOB
//! ```
//!
//! A glob stands for whole words: `*` is any characters, `?` is one. A bare glob is held against ids.

use crate::suite::Scenario;
use std::str::FromStr;

/// Parentheses and negations inside each other.
const DEEPEST: usize = 64;

/// A parsed expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Filter {
    Id(String),
    Tag(String),
    Checks(String),
    Not(Box<Self>),
    All(Vec<Self>),
    Any(Vec<Self>),
}

impl Filter {
    /// Whether a scenario is meant.
    pub(super) fn selects(&self, scenario: &Scenario) -> bool {
        match self {
            Self::Id(glob) => matches(glob, &scenario.id),
            Self::Tag(glob) => scenario.tags().any(|tag| matches(glob, tag)),
            Self::Checks(glob) => scenario.checks().iter().any(|id| matches(glob, id)),
            Self::Not(inner) => !inner.selects(scenario),
            Self::All(all) => all.iter().all(|one| one.selects(scenario)),
            Self::Any(any) => any.iter().any(|one| one.selects(scenario)),
        }
    }
}

impl Filter {
    /// Whether the expression asks for scenarios of a tag, rather than against them.
    pub(super) fn asks_for(&self, tag: &str) -> bool {
        match self {
            Self::Tag(glob) => matches(glob, tag),
            Self::Id(_) | Self::Checks(_) | Self::Not(_) => false,
            Self::All(several) | Self::Any(several) => several.iter().any(|one| one.asks_for(tag)),
        }
    }
}

impl FromStr for Filter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parser = Parser { text, at: 0 };
        let filter = parser.or(0)?;
        parser.skip_blanks();
        match parser.peek() {
            None => Ok(filter),
            Some(_) => Err(parser.expected("`&`, `|` or the end")),
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn or(&mut self, depth: usize) -> Result<Filter, String> {
        let mut any = vec![self.and(depth)?];
        while self.take('|') {
            any.push(self.and(depth)?);
        }
        Ok(if any.len() == 1 { any.remove(0) } else { Filter::Any(any) })
    }

    fn and(&mut self, depth: usize) -> Result<Filter, String> {
        let mut all = vec![self.not(depth)?];
        while self.take('&') {
            all.push(self.not(depth)?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Filter::All(all) })
    }

    fn not(&mut self, depth: usize) -> Result<Filter, String> {
        if depth > DEEPEST {
            return Err(format!("nested more than {DEEPEST} deep"));
        }
        if self.take('!') {
            return Ok(Filter::Not(Box::new(self.not(depth + 1)?)));
        }
        if self.take('(') {
            let inner = self.or(depth + 1)?;
            self.close()?;
            return Ok(inner);
        }
        let word = self.glob()?;
        let of = match word {
            "tag" => Filter::Tag,
            "checks" => Filter::Checks,
            _ => return Ok(Filter::Id(word.to_owned())),
        };
        if !self.take('(') {
            return Ok(Filter::Id(word.to_owned()));
        }
        let argument = self.glob()?.to_owned();
        self.close()?;
        Ok(of(argument))
    }

    fn glob(&mut self) -> Result<&'a str, String> {
        self.skip_blanks();
        let rest = self.text.get(self.at..).unwrap_or_default();
        let end =
            rest.find(|next: char| next.is_whitespace() || "&|!()".contains(next)).unwrap_or(rest.len());
        let word = rest.get(..end).filter(|word| !word.is_empty());
        let word = word.ok_or_else(|| self.expected("an id, `tag(..)`, `checks(..)`, `!` or `(`"))?;
        self.at += end;
        Ok(word)
    }

    fn close(&mut self) -> Result<(), String> {
        if self.take(')') { Ok(()) } else { Err(self.expected("`)`")) }
    }

    fn take(&mut self, wanted: char) -> bool {
        self.skip_blanks();
        let is_next = self.peek() == Some(wanted);
        self.at += if is_next { wanted.len_utf8() } else { 0 };
        is_next
    }

    fn skip_blanks(&mut self) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn peek(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
    }

    fn expected(&self, what: &str) -> String {
        let column = self.text.get(..self.at).unwrap_or_default().chars().count();
        let found = self.peek().map_or_else(|| "the end".to_owned(), |next| format!("`{next}`"));
        format!("expected {what}, found {found}\n  {}\n  {}^", self.text, " ".repeat(column))
    }
}

/// Whether a glob stands for the whole of a text. Takes at most the product of their lengths.
fn matches(glob: &str, text: &str) -> bool {
    let (glob, text): (Vec<char>, Vec<char>) = (glob.chars().collect(), text.chars().collect());
    let (mut g, mut t) = (0, 0);
    let mut last_star = None;
    while let Some(next) = text.get(t) {
        match glob.get(g) {
            Some('*') => {
                last_star = Some((g, t));
                g += 1;
            }
            Some(wanted) if *wanted == '?' || wanted == next => {
                g += 1;
                t += 1;
            }
            _ => {
                // The last star takes one more.
                let Some((star, taken)) = last_star else { return false };
                last_star = Some((star, taken + 1));
                g = star + 1;
                t = taken + 1;
            }
        }
    }
    glob.get(g..).unwrap_or_default().iter().all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::parse;
    use crate::suite::Source;
    use std::sync::Arc;

    fn scenario(id: &str, header: &str) -> Scenario {
        let text = format!("sv2t 1\ntitle \"t\"\n{header}\nalive checks SV2-05-001\n");
        let file = parse("t", &text).unwrap();
        let source = Arc::new(Source { name: "t".into(), path: None, text: text.as_str().into(), file });
        Scenario { id: id.to_owned(), source, row: Vec::new() }
    }

    fn selects(filter: &str) -> bool {
        filter.parse::<Filter>().unwrap().selects(&scenario("mining/share/stale[n=1]", "tags slow, shares"))
    }

    #[test]
    fn globs_stand_for_whole_words() {
        for yes in
            ["mining/share/stale[n=1]", "mining/*", "*stale*", "*", "mining/shar?/*1]", "**", "m*e*e*]"]
        {
            assert!(selects(yes), "{yes}");
        }
        for no in ["mining", "stale", "mining/share/stale", "?", "*stale", "tag", "checks*"] {
            assert!(!selects(no), "{no}");
        }
        assert!(!matches(&"*a".repeat(200), &"a".repeat(150)));
    }

    #[test]
    fn operators_bind_as_usual() {
        assert!(selects("tag(slow)") && !selects("tag(fast)") && selects("tag(s*)"));
        assert!(selects("checks(SV2-05-*)") && !selects("checks(SV2-04-*)"));
        assert!(selects("common/* | mining/* & tag(slow)"));
        assert!(!selects("(common/* | mining/*) & !tag(slow)"));
        assert!(selects("!!tag(slow)&!(tag(fast)|common/*)"));
    }

    #[test]
    fn a_tag_is_asked_for_where_it_is_not_refused() {
        let asks = |filter: &str| filter.parse::<Filter>().unwrap().asks_for("slow");
        assert!(asks("tag(slow)") && asks("robustness/* & tag(s*)") && asks("a | (b & tag(slow))"));
        assert!(!asks("*") && !asks("!tag(slow)") && !asks("tag(shares)") && !asks("slow"));
    }

    #[test]
    fn mistakes_are_pointed_at() {
        for (bad, column) in
            [("", 0), ("a &", 3), ("a b", 2), ("(a", 2), ("tag(", 4), ("tag(a b)", 6), ("a)", 1)]
        {
            let error = bad.parse::<Filter>().unwrap_err();
            let caret = error.lines().last().unwrap();
            assert_eq!(caret.find('^'), Some(column + 2), "{bad}: {error}");
        }
        assert!("(".repeat(100_000).parse::<Filter>().unwrap_err().contains("deep"));
    }
}
