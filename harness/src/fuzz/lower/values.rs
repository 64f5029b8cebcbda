//! What expressions and connections of a scenario are, within the bounds of programs.

use super::{Lowerer, Unsaid};
use crate::runner::eval::Env;
use crate::runner::value::Datum;
use crate::scenario::syntax::{Assignment, Expr, ExprKind, Modifier, Reference, Step};
use sv2_wire::frame::Frame;

/// Bytes and items that one expression may have on its way: far more than a program says.
const MOST: usize = 1 << 16;

impl Lowerer<'_> {
    pub(super) fn eval(&self, expr: &Expr) -> Result<Datum, Unsaid> {
        self.afford(expr)?;
        self.env.eval(expr).map_err(|stop| stop.reason())
    }

    pub(super) fn integer(&self, expr: &Expr) -> Result<u64, Unsaid> {
        self.afford(expr)?;
        self.env.integer(expr).map_err(|stop| stop.reason())
    }

    pub(super) fn reference(&self, reference: &Reference) -> Result<Datum, Unsaid> {
        self.env.reference(reference).map_err(|stop| stop.reason())
    }

    pub(super) fn afford(&self, expr: &Expr) -> Result<(), Unsaid> {
        afford(&self.env, expr)
    }

    pub(super) fn afford_all(&self, fields: &[Assignment], modifiers: &[Modifier]) -> Result<(), Unsaid> {
        let values = fields.iter().map(|field| &field.value);
        values
            .chain(modifiers.iter().map(|modifier| &modifier.value))
            .try_for_each(|value| self.afford(value))
    }

    pub(super) fn connection_name<'b>(&'b self, step: &'b Step) -> &'b str {
        step.connection.as_ref().map_or(&self.default_connection, |name| &name.node)
    }

    /// The client that a step is about: that of the connection that it names, else the one that its value belongs to.
    pub(super) fn client(&self, step: &Step, value: Option<&Datum>) -> Result<usize, Unsaid> {
        if step.connection.is_none()
            && let Some(client) = value.and_then(Datum::connection)
        {
            return Ok(client);
        }
        let name = self.connection_name(step);
        let connection = self.connections.iter().find(|connection| connection.name == name);
        let connection = connection.ok_or("nothing is connected")?;
        connection.client.ok_or_else(|| "no client of a program is without its handshake".to_owned())
    }

    /// The client of a step that sends something.
    pub(super) fn speaker(&self, step: &Step, value: Option<&Datum>) -> Result<usize, Unsaid> {
        let client = self.client(step, value)?;
        if self.game.is_open(client) { Ok(client) } else { Err("the connection is over".to_owned()) }
    }
}

/// Refuses an expression that would become large before it is looked at.
pub(super) fn afford(env: &Env, expr: &Expr) -> Result<(), Unsaid> {
    match cost(env, expr) {
        cost if cost > MOST => Err(format!("more than {MOST} bytes or items")),
        _ => Ok(()),
    }
}

/// How large the value of an expression, and what it is made of, may be.
fn cost(env: &Env, expr: &Expr) -> usize {
    let cost = |expr: &Expr| cost(env, expr);
    match &expr.kind {
        ExprKind::Text(bytes) | ExprKind::Bytes(bytes) => bytes.len(),
        ExprKind::Reference(reference) => env.get(&reference.root.node).map_or(1, weight),
        ExprKind::List(items) => items.iter().map(cost).fold(items.len(), usize::saturating_add),
        ExprKind::Range(left, right) | ExprKind::Binary { left, right, .. } => {
            cost(left).saturating_add(cost(right))
        }
        ExprKind::Length(inner) => cost(inner),
        ExprKind::Repeat(what, count) => {
            cost(what).max(1).saturating_mul(small(env, count).unwrap_or(usize::MAX))
        }
        ExprKind::Numbers(from, to) => match small(env, from).zip(small(env, to)) {
            Some((from, to)) => to.saturating_sub(from),
            None => usize::MAX,
        },
        _ => 1,
    }
}

/// A number that is cheap to know.
fn small(env: &Env, expr: &Expr) -> Option<usize> {
    afford(env, expr).ok()?;
    usize::try_from(env.integer(expr).ok()?).ok()
}

fn weight(value: &Datum) -> usize {
    match value {
        Datum::Bytes(bytes) => bytes.len(),
        Datum::List(items) => items.iter().map(weight).fold(items.len(), usize::saturating_add),
        Datum::Message(_, message) => Frame::of(message).map_or(usize::MAX, |frame| frame.payload.len()),
        _ => 1,
    }
}
