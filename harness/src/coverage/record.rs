//! What a run said, from its outcomes or from its JSON Lines report.

use crate::verdict::{Outcome, Verdict};
use serde_json::Value as Json;

/// What one conversation said about clauses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The scenario's id.
    pub scenario: String,
    /// Why the scenario was not decided, if it was not.
    pub reason: Option<String>,
    /// Clauses and their verdicts.
    pub said: Vec<Said>,
}

/// One clause in one conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The clause's id.
    pub clause: String,
    /// How it went.
    pub verdict: Verdict,
    /// The always-on rule that said so; none for a line of the scenario.
    pub rule: Option<String>,
}

/// Text that is no JSON Lines report.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct RecordError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: String,
}

impl From<&Outcome> for Record {
    fn from(outcome: &Outcome) -> Self {
        let said = outcome.clauses.iter().map(|clause| Said {
            clause: clause.id.clone(),
            verdict: clause.verdict,
            rule: clause.rule.map(str::to_owned),
        });
        Self { scenario: outcome.id.clone(), reason: outcome.reason.clone(), said: said.collect() }
    }
}

/// Reads the report that `run --report jsonl=FILE` writes.
///
/// # Errors
/// A line is no JSON object of a report, or none is about a scenario.
pub fn records(text: &str) -> Result<Vec<Record>, RecordError> {
    let mut records = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let wrong = |problem: &str| RecordError { line: index + 1, problem: problem.to_owned() };
        let event: Json = serde_json::from_str(line).map_err(|error| wrong(&error.to_string()))?;
        match event["event"].as_str() {
            Some("scenario") => records.push(record(&event).map_err(|problem| wrong(&problem))?),
            Some(_) => {}
            None => {
                return Err(wrong("no event of a report; expected the file of `run --report jsonl=FILE`"));
            }
        }
    }
    if records.is_empty() {
        return Err(RecordError { line: 1, problem: "the report has no scenario".to_owned() });
    }
    Ok(records)
}

fn record(event: &Json) -> Result<Record, String> {
    let text = |value: &Json, name: &str| value[name].as_str().map(str::to_owned);
    let mut said = Vec::new();
    for clause in event["clauses"].as_array().ok_or("a scenario without clauses")? {
        let id = text(clause, "id").ok_or("a clause without an id")?;
        let name = text(clause, "verdict").ok_or("a clause without a verdict")?;
        let verdict = Verdict::ALL.into_iter().find(|verdict| verdict.name() == name);
        let verdict = verdict.ok_or_else(|| format!("{name} is no verdict"))?;
        said.push(Said { clause: id, verdict, rule: text(clause, "rule") });
    }
    let scenario = text(event, "id").ok_or("a scenario without an id")?;
    Ok(Record { scenario, reason: text(event, "reason"), said })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_read_line_by_line() {
        let report = concat!(
            r#"{"event":"scenario","id":"a/b","reason":null,"clauses":[{"id":"SV2-05-001","verdict":"pass-lenient"}]}"#,
            "\n",
            r#"{"event":"summary","pass":1}"#,
            "\n"
        );
        let said = Said { clause: "SV2-05-001".to_owned(), verdict: Verdict::PassLenient, rule: None };
        let wanted = Record { scenario: "a/b".to_owned(), reason: None, said: vec![said] };
        assert_eq!(records(report).unwrap(), [wanted]);
    }

    #[test]
    fn what_is_no_report_is_refused_with_its_line() {
        for (text, wanted) in [
            ("", "line 1: the report has no scenario"),
            ("{}", "line 1: no event"),
            ("\nnothing", "line 2: "),
            (r#"{"event":"scenario","id":"a"}"#, "line 1: a scenario without clauses"),
            (
                r#"{"event":"scenario","id":"a","clauses":[{"id":"x","verdict":"good"}]}"#,
                "good is no verdict",
            ),
        ] {
            let error = records(text).unwrap_err().to_string();
            assert!(error.contains(wanted), "{error}");
        }
    }
}
