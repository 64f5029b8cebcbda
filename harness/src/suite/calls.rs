//! Which fragment calls which. Those that call themselves, directly or through others, would never end.

use super::Source;
use crate::scenario::diagnostic::{ScenarioError, ScenarioErrors};
use crate::scenario::syntax::{Call, StepKind};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One error per call that leads back to the fragment it stands in.
pub(super) fn circles(fragments: &BTreeMap<String, Arc<Source>>) -> Vec<ScenarioErrors> {
    let errors = fragments.iter().filter_map(|(name, source)| {
        let found: Vec<_> = calls(source).filter_map(|call| circle(fragments, name, call)).collect();
        (!found.is_empty()).then(|| ScenarioErrors::new(&source.name, &source.text, found))
    });
    errors.collect()
}

/// The fragments that these files call, directly or through others.
pub(super) fn reached<'a>(
    from: impl Iterator<Item = &'a Source>,
    fragments: &'a BTreeMap<String, Arc<Source>>,
) -> BTreeSet<&'a str> {
    let mut left: Vec<&Source> = from.collect();
    let mut reached = BTreeSet::new();
    while let Some(source) = left.pop() {
        for call in calls(source) {
            if let Some((name, fragment)) = fragments.get_key_value(&call.fragment.node)
                && reached.insert(name.as_str())
            {
                left.push(fragment);
            }
        }
    }
    reached
}

fn circle(fragments: &BTreeMap<String, Arc<Source>>, name: &str, call: &Call) -> Option<ScenarioError> {
    let through = way(fragments, &call.fragment.node, name, &mut BTreeSet::new())?;
    let message = match through.as_slice() {
        [_] => format!("the fragment `{name}` calls itself"),
        [others @ .., _] => format!("the fragment `{name}` calls itself through {}", quoted(others)),
        [] => return None,
    };
    Some(ScenarioError::new(call.fragment.span, message).help("a conversation has to end"))
}

/// The fragments on a way of calls from one to another, both ends included.
fn way<'a>(
    fragments: &'a BTreeMap<String, Arc<Source>>,
    from: &'a str,
    to: &str,
    seen: &mut BTreeSet<&'a str>,
) -> Option<Vec<&'a str>> {
    if from == to {
        return Some(vec![from]);
    }
    if !seen.insert(from) {
        return None;
    }
    let mut next = calls(fragments.get(from)?);
    let rest = next.find_map(|call| way(fragments, &call.fragment.node, to, seen))?;
    Some([vec![from], rest].concat())
}

fn calls(source: &Source) -> impl Iterator<Item = &Call> {
    source.file.steps.iter().filter_map(|step| match &step.kind {
        StepKind::Call(call) => Some(call),
        _ => None,
    })
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
