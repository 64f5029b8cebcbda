//! Which lines decide which clauses.

use super::{Scenario, Source, claims_of};
use crate::scenario::syntax::{Claims, Ident, Position, Step, StepKind};
use crate::verdict::Place;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A judging line that claims a clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The clause's id.
    pub clause: String,
    /// Where the line names it.
    pub place: Place,
    /// The readings that the step tolerates beside the strict one.
    pub readings: Vec<Reading>,
}

/// A line that an ambiguity softens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Whether a deviation passes and is reported, or is only recorded.
    pub position: Position,
    /// The ambiguity's id.
    pub ambiguity: String,
    /// Where the line names it.
    pub place: Place,
}

impl Scenario {
    /// Every claim of the scenario's lines and of those of the fragments that it calls, in the order of the lines; lines
    /// of a fragment stand where it is called first.
    pub fn claims(&self, fragments: &BTreeMap<String, Arc<Source>>) -> Vec<Claim> {
        let mut claims = Vec::new();
        collect(&self.source, fragments, &mut BTreeSet::new(), &mut claims);
        claims
    }
}

impl Claim {
    /// The line as it stands in the file, without what surrounds it.
    pub fn line(&self) -> &str {
        line(&self.place)
    }
}

impl Reading {
    /// The line as it stands in the file, without what surrounds it.
    pub fn line(&self) -> &str {
        line(&self.place)
    }
}

fn collect<'a>(
    source: &'a Source,
    fragments: &'a BTreeMap<String, Arc<Source>>,
    seen: &mut BTreeSet<&'a str>,
    into: &mut Vec<Claim>,
) {
    for step in &source.file.steps {
        match &step.kind {
            StepKind::Call(call) => {
                if let Some((name, fragment)) = fragments.get_key_value(&call.fragment.node)
                    && seen.insert(name)
                {
                    collect(fragment, fragments, seen, into);
                }
            }
            _ => into.extend(of_step(source, step)),
        }
    }
}

fn of_step(source: &Source, step: &Step) -> Vec<Claim> {
    let lines = claims_of(&step.kind);
    let grade = |claims: &&Claims| {
        let grade = claims.grade.as_ref()?;
        let place = place(source, &grade.ambiguity);
        Some(Reading { position: grade.position, ambiguity: grade.ambiguity.node.clone(), place })
    };
    let readings: Vec<Reading> = lines.iter().filter_map(grade).collect();
    let ids = lines.iter().flat_map(|claims| &claims.checks);
    let claim =
        |id: &Ident| Claim { clause: id.node.clone(), place: place(source, id), readings: readings.clone() };
    ids.map(claim).collect()
}

fn place(source: &Source, name: &Ident) -> Place {
    Place { file: Arc::clone(&source.name), text: Arc::clone(&source.text), span: name.span }
}

fn line(place: &Place) -> &str {
    let start =
        place.text.get(..place.span.start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    place.text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::parse;

    fn source(name: &str, text: &str) -> Arc<Source> {
        let file = parse(name, text).unwrap();
        Arc::new(Source { name: name.into(), path: None, text: text.into(), file })
    }

    #[test]
    fn lines_of_called_fragments_count_where_they_are_called() {
        let fragment = "sv2t 1\nfragment f()\n\nalive  checks SV2-05-002\n";
        let text = "sv2t 1\ntitle \"t\"\n\nf()\nexpect reply to $x  checks SV2-05-001 SV2-05-003\n  | A\n  | close  lenient AMB-9\nf()\n";
        let scenario = Scenario { id: "t".to_owned(), source: source("t.sv2t", text), row: Vec::new() };
        let fragments = BTreeMap::from([("f".to_owned(), source("f.sv2t", fragment))]);
        let claims = scenario.claims(&fragments);
        let found: Vec<_> = claims
            .iter()
            .map(|claim| (claim.clause.as_str(), &*claim.place.file, claim.place.line()))
            .collect();
        assert_eq!(
            found,
            [("SV2-05-002", "f.sv2t", 4), ("SV2-05-001", "t.sv2t", 5), ("SV2-05-003", "t.sv2t", 5)]
        );
        assert_eq!(claims[1].line(), "expect reply to $x  checks SV2-05-001 SV2-05-003");
        let readings: Vec<_> =
            claims[1].readings.iter().map(|it| (it.position, it.ambiguity.as_str(), it.line())).collect();
        assert_eq!(readings, [(Position::Lenient, "AMB-9", "| close  lenient AMB-9")]);
    }
}
