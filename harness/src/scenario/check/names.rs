//! Looking up words that are declared outside the file.

use super::super::diagnostic::{ScenarioError, shown};
use super::super::syntax::{Claims, Ident, Span};
use super::Vocabulary;

/// Errors of one file, and what it is held against.
pub(super) struct Names<'a> {
    pub(super) vocabulary: &'a dyn Vocabulary,
    pub(super) errors: Vec<ScenarioError>,
}

impl Names<'_> {
    pub(super) fn message(&mut self, name: &str, span: Span) -> bool {
        let known = self.vocabulary.message(name);
        if !known {
            self.unknown(span, "message", name, &self.vocabulary.message_names());
        }
        known
    }

    /// The message must be one that a server can be made to send.
    pub(super) fn provocable(&mut self, name: &Ident) -> bool {
        let all = self.vocabulary.provocable_messages();
        let known = all.contains(&name.node);
        if !known && self.message(&name.node, name.span) {
            let message = format!("no server can be made to send `{}`", shown(&name.node));
            let help = format!("those that it can: {}", all.join(", "));
            self.errors.push(ScenarioError::new(name.span, message).help(help));
        }
        known
    }

    /// `field` must be one of `known`, which belong to `owner`.
    pub(super) fn field(&mut self, field: &Ident, owner: &str, known: &[String]) {
        if known.contains(&field.node) {
            return;
        }
        let message = format!("`{}` has no field `{}`", shown(owner), shown(&field.node));
        let all = if known.is_empty() { String::new() } else { format!("it has {}", known.join(", ")) };
        self.errors.push(ScenarioError::new(field.span, message).did_you_mean(&field.node, known, &all));
    }

    pub(super) fn claims(&mut self, claims: &Claims) {
        for (index, id) in claims.checks.iter().enumerate() {
            if !self.vocabulary.clause(&id.node) {
                self.unknown(id.span, "clause", &id.node, &self.vocabulary.clause_ids());
            }
            if let Some(first) = claims.checks.iter().take(index).find(|other| other.node == id.node) {
                let message = format!("`{}` is named twice", id.node);
                self.errors.push(ScenarioError::new(id.span, message).and(first.span, "first here"));
            }
        }
        if let Some(grade) = &claims.grade {
            let id = &grade.ambiguity;
            if !self.vocabulary.ambiguity(&id.node) {
                self.unknown(id.span, "ambiguity", &id.node, &self.vocabulary.ambiguity_ids());
            }
        }
    }

    pub(super) fn constant(&mut self, name: &str, span: Span) {
        if !self.vocabulary.constant(name) {
            self.unknown(span, "constant", name, &self.vocabulary.constant_names());
        }
    }

    pub(super) fn symbol(&mut self, name: &str, span: Span) {
        if !self.vocabulary.error_symbol(name) {
            self.unknown(span, "error code", name, &self.vocabulary.error_symbols());
        }
    }

    pub(super) fn pool_setting(&mut self, name: &Ident) {
        if !self.vocabulary.pool_setting(&name.node) {
            self.unknown(name.span, "pool setting", &name.node, &self.vocabulary.pool_settings());
        }
    }

    pub(super) fn capability(&mut self, name: &Ident) {
        if !self.vocabulary.capability(&name.node) {
            self.unknown(name.span, "capability", &name.node, &self.vocabulary.capabilities());
        }
    }

    /// Complains about every name that an earlier one already had.
    pub(super) fn once<'n>(&mut self, what: &str, names: impl IntoIterator<Item = &'n Ident>) {
        let mut seen = std::collections::HashMap::new();
        for name in names {
            if let Some(first) = seen.get(name.node.as_str()) {
                let message = format!("the {what} `{}` is given twice", shown(&name.node));
                self.errors.push(ScenarioError::new(name.span, message).and(*first, "first here"));
            } else {
                seen.insert(name.node.as_str(), name.span);
            }
        }
    }

    pub(super) fn unknown(&mut self, span: Span, what: &str, name: &str, known: &[String]) {
        let error = ScenarioError::new(span, format!("unknown {what} `{}`", shown(name)));
        self.errors.push(error.did_you_mean(name, known, ""));
    }
}
