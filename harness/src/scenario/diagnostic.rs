//! What is wrong with a scenario file, where, and what was probably meant.

use std::fmt;
use std::sync::Arc;

use miette::{Diagnostic, LabeledSpan, NamedSource, Severity, SourceCode};

use super::syntax::Span;

/// More errors than this say nothing new; the rest is only counted.
const MOST_ERRORS: usize = 50;
/// The longest word that is looked up for similar ones, or shown in full.
const LONGEST_WORD: usize = 60;

/// One error: a message, the places it is about, and possibly a hint.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct ScenarioError {
    /// What is wrong, lower case, no dot at the end.
    pub message: String,
    /// Where, the main place first; an empty text is a bare underline.
    pub labels: Vec<(Span, String)>,
    /// What to do about it.
    pub help: Option<String>,
}

impl ScenarioError {
    /// An error at one place.
    #[must_use]
    pub fn new(span: Span, message: impl Into<String>) -> Self {
        Self { message: message.into(), labels: vec![(span, String::new())], help: None }
    }

    /// Says something below the main underline.
    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Self {
        if let Some((_, label)) = self.labels.first_mut() {
            *label = text.into();
        }
        self
    }

    /// Adds a second place.
    #[must_use]
    pub fn and(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push((span, text.into()));
        self
    }

    /// Sets the hint.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// Hints at the candidate that looks most like `word`, if one does, else at `otherwise` if that says anything.
    #[must_use]
    pub fn did_you_mean<S: AsRef<str>>(
        self,
        word: &str,
        candidates: impl IntoIterator<Item = S>,
        otherwise: &str,
    ) -> Self {
        match similar(word, candidates) {
            Some(found) => self.help(format!("did you mean `{found}`?")),
            None if otherwise.is_empty() => self,
            None => self.help(otherwise),
        }
    }

    /// The main place.
    #[must_use]
    pub fn span(&self) -> Span {
        self.labels.first().map_or_else(Span::default, |&(span, _)| span)
    }
}

impl Diagnostic for ScenarioError {
    fn severity(&self) -> Option<Severity> {
        Some(Severity::Error)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().enumerate().map(|(index, (span, text))| {
            let text = (!text.is_empty()).then(|| text.clone());
            if index == 0 {
                LabeledSpan::new_primary_with_span(text, *span)
            } else {
                LabeledSpan::new_with_span(text, *span)
            }
        })))
    }
}

/// All errors of one file, in the order of the text; never empty.
#[derive(Debug, Clone)]
pub struct ScenarioErrors {
    source: NamedSource<Arc<str>>,
    errors: Vec<ScenarioError>,
    omitted: usize,
}

impl ScenarioErrors {
    /// Puts errors and their text together. `name` is what the file is called.
    #[must_use]
    pub fn new(name: &str, text: &str, mut errors: Vec<ScenarioError>) -> Self {
        errors.sort_by_key(ScenarioError::span);
        let omitted = errors.len().saturating_sub(MOST_ERRORS);
        errors.truncate(MOST_ERRORS);
        Self { source: NamedSource::new(name, Arc::from(text)), errors, omitted }
    }

    /// The errors, at most fifty.
    #[must_use]
    pub fn errors(&self) -> &[ScenarioError] {
        &self.errors
    }

    /// What the file is called.
    #[must_use]
    pub fn name(&self) -> &str {
        self.source.name()
    }

    fn only(&self) -> Option<&ScenarioError> {
        match self.errors.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }
}

impl fmt::Display for ScenarioErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(only) = self.only() {
            return only.fmt(f);
        }
        write!(f, "{} errors in {}", self.errors.len().saturating_add(self.omitted), self.name())?;
        if self.omitted > 0 {
            write!(f, ", the first {} are", self.errors.len())?;
        }
        Ok(())
    }
}

impl std::error::Error for ScenarioErrors {}

impl Diagnostic for ScenarioErrors {
    fn severity(&self) -> Option<Severity> {
        Some(Severity::Error)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.only().and_then(Diagnostic::help)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.only().and_then(Diagnostic::labels)
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        if self.only().is_some() {
            return None;
        }
        Some(Box::new(self.errors.iter().map(|error| error as &dyn Diagnostic)))
    }
}

/// `word` as a message may quote it: long ones are cut.
pub(super) fn shown(word: &str) -> String {
    if word.chars().count() <= LONGEST_WORD {
        return word.to_owned();
    }
    word.chars().take(LONGEST_WORD).chain(['…']).collect()
}

/// The candidate nearest to `word`, if it is near enough to be meant. Case and `_` against `-` cost nothing.
fn similar<S: AsRef<str>>(word: &str, candidates: impl IntoIterator<Item = S>) -> Option<String> {
    let length = word.chars().count();
    if length > LONGEST_WORD {
        return None;
    }
    let word = plain(word);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word, &plain(candidate.as_ref())), candidate))
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, _)| *distance <= 1usize.max(length / 3))
        .map(|(_, candidate)| candidate.as_ref().to_owned())
}

fn plain(word: &str) -> String {
    word.to_lowercase().replace('_', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        let verbs = ["connect", "expect", "submit"];
        assert_eq!(similar("conect", verbs), Some("connect".to_owned()));
        assert_eq!(similar("CONNECT", verbs), Some("connect".to_owned()));
        assert_eq!(similar("teapot", verbs), None);
        assert_eq!(similar(&"c".repeat(100_000), verbs), None);
    }

    #[test]
    fn errors_come_in_the_order_of_the_text_and_the_rest_is_counted() {
        let at = |start| ScenarioError::new(Span { start, end: start }, "bad");
        let errors = ScenarioErrors::new("x", "", (0..60).rev().map(at).collect());
        assert_eq!(errors.errors().len(), MOST_ERRORS);
        assert_eq!(errors.errors()[0].span().start, 0);
        assert_eq!(errors.to_string(), "60 errors in x, the first 50 are");
    }
}
