//! JUnit XML, for the CI systems that show test results: a suite per family, a case per scenario.

use super::{Run, text};
use crate::expectations::Standing;
use crate::ledger::Ledger;
use crate::snapshot::Comparison;
use crate::verdict::{Outcome, Verdict};
use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};
use std::collections::BTreeMap;

/// The suite of scenarios that stand in no folder.
const NO_FAMILY: &str = "scenarios";

pub(super) fn write(run: &Run, ledger: &Ledger) -> Result<String, String> {
    let mut families: BTreeMap<&str, TestSuite> = BTreeMap::new();
    for outcome in &run.outcomes {
        let (family, name) = split(&outcome.id);
        let suite = families.entry(family).or_insert_with(|| suite(family, run));
        let mut case = case(name, outcome, run, ledger);
        case.set_classname(visible(&family.replace('/', ".")));
        suite.add_test_case(case);
    }
    for id in &run.stale {
        let (family, name) = split(id);
        let suite = families.entry(family).or_insert_with(|| suite(family, run));
        let message = format!("expected to fail, and {id} is no such scenario");
        suite.add_test_case(TestCase::new(
            visible(name),
            status(NonSuccessKind::Failure, "stale-expectation", &message),
        ));
    }
    let mut report = Report::new("sv2-conform");
    report.set_time(run.duration);
    report.add_test_suites(families.into_values());
    report.to_string().map_err(|error| error.to_string())
}

/// Family and name: what stands before the last slash, and what behind. A matrix value may have slashes of its own.
fn split(id: &str) -> (&str, &str) {
    let path = id.split('[').next().unwrap_or(id);
    match path.rfind('/').and_then(|at| Some((id.get(..at)?, id.get(at + 1..)?))) {
        Some(parts) => parts,
        None => (NO_FAMILY, id),
    }
}

fn suite(family: &str, run: &Run) -> TestSuite {
    let mut suite = TestSuite::new(visible(family));
    suite.add_property(Property::new("target", visible(&run.target)));
    suite.add_property(Property::new("seed", run.seed.to_string()));
    suite
}

fn case(name: &str, outcome: &Outcome, run: &Run, ledger: &Ledger) -> TestCase {
    let screen = || visible(&text::failure(outcome, run, ledger));
    let mut case = TestCase::new(visible(name), TestCaseStatus::success());
    if let Some(Comparison::Changed(difference)) = run.snapshots.get(&outcome.id) {
        let message = "the trace is not that of its snapshot".to_owned();
        case.status = status(NonSuccessKind::Failure, "snapshot-changed", &message);
        case.status.set_description(visible(difference));
        return case;
    }
    match run.expected.get(&outcome.id) {
        Some((Standing::UnexpectedPass, known)) => {
            let message = format!("passes, and was expected to fail: {}", known.reason);
            case.status = status(NonSuccessKind::Failure, Standing::UnexpectedPass.name(), &message);
            return case;
        }
        Some((Standing::ExpectedFail, known)) => {
            let message = format!("{} {}", known.reason, known.link);
            case.status = skipped(Standing::ExpectedFail.name(), message.trim_end());
            return case;
        }
        Some((Standing::OtherFailure, _)) | None => {}
    }
    let verdict = outcome.verdict.name();
    let unsuccessful = |kind| {
        let mut status = status(kind, verdict, &message(outcome));
        status.set_description(screen());
        status
    };
    case.status = match outcome.verdict {
        Verdict::Pass => return case,
        Verdict::PassLenient => {
            case.set_system_out(screen());
            return case;
        }
        Verdict::NotApplicable => skipped(verdict, &message(outcome)),
        Verdict::Inconclusive if run.is_inconclusive_excused => skipped(verdict, &message(outcome)),
        Verdict::Fail => unsuccessful(NonSuccessKind::Failure),
        Verdict::Inconclusive | Verdict::Blocked | Verdict::Error => unsuccessful(NonSuccessKind::Error),
    };
    case
}

fn skipped(name: &str, message: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_type(name).set_message(visible(message));
    status
}

fn status(kind: NonSuccessKind, name: &str, message: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(name).set_message(visible(message));
    status
}

/// What is wrong, in one line.
fn message(outcome: &Outcome) -> String {
    if let Some(reason) = outcome.reason.as_deref().and_then(|reason| reason.lines().next()) {
        return text::cut(reason);
    }
    match outcome.findings.iter().find(|finding| finding.verdict == outcome.verdict) {
        Some(finding) => {
            let (clauses, came) = (finding.clauses.join(" "), text::cut(&finding.came));
            format!("{clauses}: allowed {}, came {came}", finding.allowed)
        }
        None => outcome.verdict.name().to_owned(),
    }
}

/// The text with every character that XML 1.0 forbids, changes or discourages written as `\u{1b}`: a peer may have sent it.
fn visible(text: &str) -> String {
    let is_fine =
        |next: char| matches!(next, '\t' | '\n' | ' '..='\u{7e}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..);
    let mut seen = String::with_capacity(text.len());
    for next in text.chars() {
        if is_fine(next) {
            seen.push(next);
        } else {
            seen.extend(next.escape_unicode());
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::syntax::Span;
    use crate::suite;
    use crate::verdict::{Finding, Place};
    use std::time::Duration;

    /// Every character of the first plane, and some of the others: more than a peer can send in one text.
    fn anything() -> String {
        ('\0'..='\u{ffff}').chain(['\u{10000}', '\u{1fffe}', '\u{10ffff}']).collect()
    }

    fn outcome(id: &str, verdict: Verdict, came: &str) -> Outcome {
        let mut outcome =
            Outcome::unplayed(id, "a title with <brackets> & \"quotes\"", 7, verdict, "because");
        let place = Place { file: "a.sv2t".into(), text: "alive\n".into(), span: Span { start: 0, end: 5 } };
        outcome.reason = None;
        outcome.findings.push(Finding {
            rule: None,
            verdict,
            clauses: vec!["SV2-03-060".to_owned()],
            ambiguity: None,
            allowed: "]]> or <![CDATA[".to_owned(),
            came: came.to_owned(),
            place,
            trace_line: 0,
        });
        outcome
    }

    fn run(outcomes: Vec<Outcome>) -> Run {
        Run {
            outcomes,
            seed: 3,
            target: "the embedded pool".to_owned(),
            repro: BTreeMap::new(),
            duration: Duration::from_millis(1500),
            snapshots: BTreeMap::new(),
            expected: BTreeMap::new(),
            stale: Vec::new(),
            is_inconclusive_excused: false,
            exit_code: 1,
        }
    }

    fn written(run: &Run) -> String {
        write(run, &suite::embedded_ledger().unwrap()).unwrap()
    }

    #[test]
    fn whatever_a_peer_sent_the_report_is_xml() {
        for verdict in Verdict::ALL {
            // Cut, a text is short; uncut it stands in the reason.
            let mut long = outcome("a/long", verdict, "x");
            long.reason = Some(anything());
            long.findings.clear();
            let named = outcome(&format!("b/{}", anything()), verdict, &anything());
            let xml = written(&run(vec![long, named]));
            let document = roxmltree::Document::parse(&xml).unwrap_or_else(|error| panic!("{error}"));
            let cases = document.descendants().filter(|node| node.has_tag_name("testcase"));
            assert_eq!(cases.count(), 2, "{verdict:?}");
        }
        let escaped = outcome("a/b", Verdict::Fail, "\u{1b}[31mred\u{0}\u{ffff}");
        let xml = written(&run(vec![escaped]));
        assert!(xml.contains(r"\u{1b}[31mred\u{0}\u{ffff}"), "{xml}");
    }

    #[test]
    fn verdicts_are_what_ci_systems_call_them() {
        let ids = Verdict::ALL.map(|verdict| format!("mining/share/{}[x=a/b]", verdict.name()));
        let outcomes =
            ids.iter().zip(Verdict::ALL).map(|(id, verdict)| outcome(id, verdict, "nothing came in time"));
        let mut run = run(outcomes.collect());
        let report = Report::deserialize_from_str(&written(&run)).unwrap();
        assert_eq!((report.tests, report.failures, report.errors, report.skipped), (7, 1, 3, 1));
        let [suite] = report.test_suites.as_slice() else { panic!("{report:#?}") };
        assert_eq!(suite.name.as_str(), "mining/share");
        let of =
            |name: &str| suite.test_cases.iter().find(|case| case.name.as_str().starts_with(name)).unwrap();
        assert_eq!(of("fail").name.as_str(), "fail[x=a/b]");
        let TestCaseStatus::NonSuccess { kind, description, message, .. } = &of("fail").status else {
            panic!()
        };
        assert_eq!(*kind, NonSuccessKind::Failure);
        let description = description.as_ref().unwrap().as_str();
        for part in
            ["allowed  ]]> or <![CDATA[", "came     nothing came in time", "clause   SV2-03-060", "-->"]
        {
            assert!(description.contains(part), "{part} in {description}");
        }
        assert!(message.as_ref().unwrap().as_str().starts_with("SV2-03-060: allowed"));
        assert!(matches!(of("pass").status, TestCaseStatus::Success { .. }));
        assert!(of("pass-lenient").system_out.is_some());
        run.is_inconclusive_excused = true;
        let report = Report::deserialize_from_str(&written(&run)).unwrap();
        assert_eq!((report.failures, report.errors, report.skipped), (1, 2, 2));
    }
}
