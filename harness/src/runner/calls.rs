//! Calls of fragments.

use super::eval::Env;
use super::judge::Stop;
use super::play::Player;
use crate::scenario::syntax::{Call, FileKind, Step};
use std::rc::Rc;
use std::sync::Arc;

/// How deep fragments may call fragments.
const DEEPEST_CALL: usize = 16;
/// How often one step may repeat a fragment.
const MOST_CALLS: u64 = 10_000;

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
        let mut inner = Env::default().spelling(&plan.profile.error_codes);
        for parameter in &signature.parameters {
            let given = call.arguments.iter().find(|argument| argument.name.node == parameter.name.node);
            let value = match (given, &parameter.default) {
                (Some(argument), _) => self.env.eval(&argument.value),
                (None, Some(default)) => inner.eval(default),
                (None, None) => Err(Stop::Error(format!("{name} needs {}", parameter.name.node))),
            };
            inner.bind(&parameter.name.node, value?);
        }
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
        for (result, capture) in signature.results.iter().zip(&call.results) {
            // A result that no arm has bound stays unbound for the caller too.
            if let Some(value) = inner.get(&result.node) {
                self.env.bind(&capture.node, value.clone());
            }
        }
        Ok(())
    }
}
