//! Captures from top to bottom: each is bound before it is used, and once.

use std::collections::HashMap;

use super::super::diagnostic::{ScenarioError, shown};
use super::super::syntax::{Ident, Span};

/// What is known about a bound capture.
#[derive(Debug, Clone)]
struct Binding {
    span: Span,
    /// The messages that it may hold; empty when it holds something else, or anything.
    messages: Vec<String>,
}

/// The captures bound so far.
#[derive(Debug, Default)]
pub(super) struct Scope {
    bound: HashMap<String, Binding>,
    /// Bound by arms of the `expect` that is being read, one list per arm.
    arms: Vec<HashMap<String, Binding>>,
}

impl Scope {
    /// Binds a capture that may hold one of `messages`; an error when the name is taken.
    pub(super) fn bind(&mut self, capture: &Ident, messages: &[&str]) -> Option<ScenarioError> {
        let taken = match self.arms.last() {
            Some(arm) => arm.get(&capture.node).or_else(|| self.bound.get(&capture.node)),
            None => self.bound.get(&capture.node),
        };
        if let Some(first) = taken {
            return Some(
                ScenarioError::new(capture.span, format!("`${}` is bound twice", shown(&capture.node)))
                    .and(first.span, "first here")
                    .help("only the arms of one `expect` may bind the same name"),
            );
        }
        let messages = messages.iter().map(|&message| message.to_owned()).collect();
        let binding = Binding { span: capture.span, messages };
        self.arms.last_mut().unwrap_or(&mut self.bound).insert(capture.node.clone(), binding);
        None
    }

    /// From here on bindings belong to one more arm.
    pub(super) fn begin_arm(&mut self) {
        self.arms.push(HashMap::new());
    }

    /// The arms are over; what any of them bound is bound.
    pub(super) fn end_arms(&mut self) {
        for (name, binding) in self.arms.drain(..).flatten() {
            match self.bound.get_mut(&name) {
                None => _ = self.bound.insert(name, binding),
                Some(earlier) if earlier.messages.is_empty() || binding.messages.is_empty() => {
                    earlier.messages.clear()
                }
                Some(earlier) => earlier.messages.extend(binding.messages),
            }
        }
    }

    /// The messages that a capture may hold, or the error that it is not bound here.
    pub(super) fn messages(&self, capture: &Ident) -> Result<&[String], ScenarioError> {
        let binding =
            self.arms.last().and_then(|arm| arm.get(&capture.node)).or_else(|| self.bound.get(&capture.node));
        binding.map(|binding| binding.messages.as_slice()).ok_or_else(|| {
            let message = format!("`${}` is not bound here", shown(&capture.node));
            let visible =
                self.arms.last().into_iter().flatten().chain(&self.bound).map(|(name, _)| format!("${name}"));
            let mut visible: Vec<String> = visible.collect();
            visible.sort_unstable();
            ScenarioError::new(capture.span, message).did_you_mean(
                &format!("${}", capture.node),
                visible,
                "a step above must bind it with `->`, or it is a parameter of the fragment",
            )
        })
    }

    pub(super) fn is_bound(&self, name: &str) -> bool {
        self.bound.contains_key(name)
    }
}
