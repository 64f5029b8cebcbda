//! `assert` and `assume`: two expressions are compared.

use super::eval::Comparison;
use super::judge::{Line, Stop};
use super::play::Player;
use crate::scenario::syntax::{Assert, Condition, Step};
use std::sync::Arc;

impl Player {
    pub(super) fn assume(&self, step: &Step, condition: &Condition) -> Result<(), Stop> {
        if self.env.condition(condition)? {
            return Ok(());
        }
        let text = self.source.text.get(step.line.start..step.line.end).unwrap_or_default();
        let left = self.env.eval(&condition.left)?.describe();
        Err(Stop::NotApplicable(format!("line {} does not hold: {text}, it is {left}", self.line_of(step))))
    }

    pub(super) fn assert(&mut self, step: &Step, assert: &Assert) -> Result<(), Stop> {
        let source = Arc::clone(&self.source);
        let line = Line::of_step(&assert.claims, &source, step.line);
        if self.does_not_apply(assert.unless.as_ref())? {
            self.report.skipped(line);
            return Ok(());
        }
        let left = self.env.eval(&assert.left)?;
        let test = &assert.test;
        match self.env.compare(&left, test.operator.node, &test.operand)? {
            Comparison::Holds => self.report.held(line),
            Comparison::Unknown => self.report.skipped(line),
            Comparison::Unusual(text) => self.report.unusual(line, text),
            Comparison::Fails => {
                let text = source.text.get(step.line.start..step.line.end).unwrap_or_default();
                let right = self.env.eval(&test.operand).map(|value| value.describe()).unwrap_or_default();
                let came = format!("{} against {right}", left.describe());
                return self.report.broken(line, text.to_owned(), came);
            }
        }
        Ok(())
    }
}
