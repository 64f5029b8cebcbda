//! How much of the specification has to be covered.

use super::{Coverage, Row};
use crate::ledger::Level;
use std::str::FromStr;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Covered of MUST and MUST NOT.
    Must,
    /// Covered of IMPLIED.
    Implied,
    /// Covered of SHOULD and SHOULD NOT.
    Should,
    /// Covered of MAY.
    May,
    /// Proved of what is covered of MUST, MUST NOT and IMPLIED.
    Proved,
}

/// Shares in percent that have to be reached, such as `must=100,implied=98`.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate(Vec<(Measure, f64)>);

/// A measure below its gate.
#[derive(Clone, Debug, PartialEq)]
pub struct Missed<'a> {
    /// What is measured.
    pub measure: Measure,
    /// What had to be reached, in percent.
    pub wanted: f64,
    /// What was reached, in percent.
    pub reached: f64,
    /// The clauses that lack it.
    pub clauses: Vec<&'a str>,
}

impl Measure {
    /// All measures.
    pub const ALL: [Self; 5] = [Self::Must, Self::Implied, Self::Should, Self::May, Self::Proved];

    /// The name in a gate.
    pub fn name(self) -> &'static str {
        match self {
            Self::Must => "must",
            Self::Implied => "implied",
            Self::Should => "should",
            Self::May => "may",
            Self::Proved => "proved",
        }
    }

    fn levels(self) -> &'static [Level] {
        match self {
            Self::Must => &[Level::Must, Level::MustNot],
            Self::Implied => &[Level::Implied],
            Self::Should => &[Level::Should, Level::ShouldNot],
            Self::May => &[Level::May],
            Self::Proved => &[Level::Must, Level::MustNot, Level::Implied],
        }
    }

    /// Whether a clause counts at all.
    pub(super) fn counts(self, row: &Row<'_>) -> bool {
        let is_asked = self != Self::Proved || row.is_covered();
        self.levels().contains(&row.clause.level) && !row.is_excused() && is_asked
    }

    fn is_met(self, row: &Row<'_>) -> bool {
        if self == Self::Proved { row.is_proved() } else { row.is_covered() }
    }
}

impl Gate {
    /// Whether it asks for a proof.
    pub fn needs_proof(&self) -> bool {
        self.0.iter().any(|(measure, _)| *measure == Measure::Proved)
    }

    /// The measures that a run does not reach.
    pub fn missed<'a>(&self, coverage: &Coverage<'a>) -> Vec<Missed<'a>> {
        self.0.iter().filter_map(|(measure, wanted)| missed(*measure, *wanted, coverage)).collect()
    }
}

impl FromStr for Gate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut gates: Vec<(Measure, f64)> = Vec::new();
        for part in text.split(',') {
            let (name, percent) = part
                .split_once('=')
                .ok_or_else(|| format!("`{part}`: expected such as must=100,implied=98"))?;
            let measure = Measure::ALL.into_iter().find(|measure| measure.name() == name.trim());
            let measure = measure.ok_or_else(|| {
                let names = Measure::ALL.map(Measure::name).join(", ");
                format!("`{}` is nothing that a gate measures; there are {names}", name.trim())
            })?;
            let percent: f64 = percent.trim().parse().map_err(|_| format!("`{percent}` is no number"))?;
            if !(0.0..=100.0).contains(&percent) {
                return Err(format!("`{percent}`: percent are from 0 to 100"));
            }
            if gates.iter().any(|(known, _)| *known == measure) {
                return Err(format!("`{}` stands there twice", measure.name()));
            }
            gates.push((measure, percent));
        }
        Ok(Self(gates))
    }
}

fn missed<'a>(measure: Measure, wanted: f64, coverage: &Coverage<'a>) -> Option<Missed<'a>> {
    let rows: Vec<_> = coverage.clauses.iter().filter(|row| measure.counts(row)).collect();
    let lacking = rows.iter().filter(|row| !measure.is_met(row)).map(|row| row.clause.id.as_str());
    let clauses: Vec<_> = lacking.collect();
    #[allow(clippy::cast_precision_loss, reason = "there are a few hundred clauses")]
    let reached = (rows.len() - clauses.len()) as f64 * 100.0 / rows.len().max(1) as f64;
    // Where there is nothing to measure nothing is missed.
    (!rows.is_empty() && reached < wanted).then_some(Missed { measure, wanted, reached, clauses })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coverage::{Gap, Row};
    use crate::ledger::{Ledger, UncoveredClass};
    use crate::verdict::Verdict;
    use std::collections::BTreeSet;

    fn ledger() -> Ledger {
        let row = |number: usize, level: &str| {
            format!(
                "[[requirement]]\nid = \"SV2-05-00{number}\"\nsection = \"5\"\ntitle = \"t\"\ntext = \"t\"\nlevel = \"{level}\"\n\
                 subject = \"server\"\nprotocol = \"mining\"\nobservable = \"both\"\ncheck = \"c\"\n"
            )
        };
        let levels = ["MUST", "MUST NOT", "MUST", "IMPLIED"];
        let text: String = levels.iter().enumerate().map(|(index, level)| row(index, level)).collect();
        Ledger::read([("a.toml", text.as_str())]).unwrap()
    }

    /// The first MUST is proved, the MUST NOT covered, the second MUST open; the IMPLIED is excused or open.
    fn coverage(ledger: &Ledger, class: Option<UncoveredClass>) -> Coverage<'_> {
        let gap = |class| Some(Gap { reason: String::new(), class });
        let states = [
            (Some(Verdict::Pass), Some("F01"), None),
            (Some(Verdict::Fail), None, None),
            (None, None, gap(None)),
            (None, None, gap(class)),
        ];
        let rows = ledger.clauses().zip(states).map(|(clause, (verdict, proof, gap))| Row {
            clause,
            checks: Vec::new(),
            verdict,
            proofs: proof.into_iter().collect::<BTreeSet<_>>(),
            gap,
            unproved: None,
        });
        Coverage { clauses: rows.collect(), robust: Vec::new(), is_proof_made: true }
    }

    fn missed(gate: &str, class: Option<UncoveredClass>) -> Vec<(Measure, Vec<String>)> {
        let ledger = ledger();
        let missed = gate.parse::<Gate>().unwrap().missed(&coverage(&ledger, class));
        missed
            .into_iter()
            .map(|it| (it.measure, it.clauses.iter().map(|id| (*id).to_owned()).collect()))
            .collect()
    }

    #[test]
    fn a_missed_gate_names_the_clauses() {
        assert_eq!(missed("must=66.6,implied=0,proved=50", None), []);
        assert_eq!(missed("must=66.7", None), [(Measure::Must, vec!["SV2-05-002".to_owned()])]);
        assert_eq!(missed("implied=1", None), [(Measure::Implied, vec!["SV2-05-003".to_owned()])]);
        assert_eq!(missed("proved=51", None), [(Measure::Proved, vec!["SV2-05-001".to_owned()])]);
    }

    #[test]
    fn only_what_no_wire_shows_is_excused() {
        assert_eq!(missed("implied=100", Some(UncoveredClass::Unobservable)), []);
        assert_eq!(missed("implied=100", Some(UncoveredClass::NoOccasion)).len(), 1);
        assert_eq!(missed("should=100,may=100", None), [], "nothing there to miss");
    }

    #[test]
    fn mistakes_in_a_gate_say_what_is_right() {
        for (text, wanted) in [
            ("must", "expected such as must=100"),
            ("most=1", "there are must, implied, should, may, proved"),
            ("must=all", "`all` is no number"),
            ("must=101", "from 0 to 100"),
            ("must=NaN", "from 0 to 100"),
            ("must=1,must=2", "twice"),
        ] {
            let error = text.parse::<Gate>().unwrap_err();
            assert!(error.contains(wanted), "{error}");
        }
    }
}
