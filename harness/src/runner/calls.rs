//! Calls of fragments.

use super::eval::Env;
use super::judge::Stop;
use super::play::Player;
use crate::scenario::syntax::{Call, FileKind, Signature, Step};
use std::rc::Rc;
use std::sync::Arc;

/// How deep fragments may call fragments.
pub(crate) const DEEPEST_CALL: usize = 16;
/// How often one step may repeat a fragment.
pub(crate) const MOST_CALLS: u64 = 10_000;

impl Player {
    /// Plays a fragment as often as is wanted.
    pub(super) async fn calls(&mut self, step: &Step, call: &Call) -> Result<(), Stop> {
        let times = call.times.as_ref().map_or(Ok(1), |times| self.env.integer(times))?;
        if times > MOST_CALLS {
            return Err(Stop::Error(format!("nothing is repeated more than {MOST_CALLS} times")));
        }
        for _ in 0..times {
            self.call(step, call).await?;
        }
        Ok(())
    }

    /// Plays a fragment with captures of its own: parameters go in, results come out.
    async fn call(&mut self, step: &Step, call: &Call) -> Result<(), Stop> {
        let name = &call.fragment.node;
        let missing = || Stop::Error(format!("there is no fragment {name}"));
        let plan = Rc::clone(&self.plan);
        let fragment = plan.fragments.get(name).ok_or_else(missing)?;
        let FileKind::Fragment(signature) = &fragment.file.kind else { return Err(missing()) };
        if self.depth >= DEEPEST_CALL {
            return Err(Stop::Error(format!("fragments call each other too deep, the last is {name}")));
        }
        let inner = self.env.of_call(signature, call)?;
        let outer = std::mem::replace(&mut self.env, inner);
        let outer_source = std::mem::replace(&mut self.source, Arc::clone(fragment));
        let inner_connection = self.connection_name(step).to_owned();
        let outer_connection = std::mem::replace(&mut self.default_connection, inner_connection);
        self.depth += 1;
        let played = self.steps(fragment).await;
        self.depth -= 1;
        self.source = outer_source;
        self.default_connection = outer_connection;
        let inner = std::mem::replace(&mut self.env, outer);
        played?;
        self.env.take_results(&inner, signature, call);
        Ok(())
    }
}

impl Env {
    /// What a fragment knows when it begins: its parameters, and how the target spells error codes.
    pub(crate) fn of_call(&self, signature: &Signature, call: &Call) -> Result<Self, Stop> {
        let mut inner = self.without_captures();
        for parameter in &signature.parameters {
            let name = &parameter.name.node;
            let given = call.arguments.iter().find(|argument| argument.name.node == *name);
            let value = match (given, &parameter.default) {
                (Some(argument), _) => self.eval(&argument.value)?,
                (None, Some(default)) => inner.eval(default)?,
                (None, None) => return Err(Stop::Error(format!("{} needs {name}", call.fragment.node))),
            };
            inner.bind(name, value);
        }
        Ok(inner)
    }

    /// Takes over what a fragment hands to its caller. A result that no arm has bound stays unbound for the caller too.
    pub(crate) fn take_results(&mut self, inner: &Self, signature: &Signature, call: &Call) {
        for (result, capture) in signature.results.iter().zip(&call.results) {
            if let Some(value) = inner.get(&result.node) {
                self.bind(&capture.node, value.clone());
            }
        }
    }
}
