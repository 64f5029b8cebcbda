use super::*;
use crate::scenario::syntax::Span;
use crate::verdict::Place;

const FILE: &str = r#"# Known troubles of my pool.

# The vendor knows.
[[expected]]
scenario = "a/closes" # as of 1.2
verdict = "fail"
because = [
    { clauses = ["SV2-05-075"], allowed = "silence in reply to SubmitSharesExtended with channel_id #", came = "SubmitShares.Success" }, # credited
]
# Said on the phone.
reason = "closes nothing but the id"
link = "https://example.org/1"

# Nobody knows this one.
[[expected]]
scenario = "b/dies"
verdict = "fail"
survival = "died"
because = [{ allowed = "anything but the end of the target", came = "its process ended: exit status: 7" }]
reason = "a known crash"
"#;

fn outcome(id: &str, verdict: Verdict, clauses: &[&str], allowed: &str, came: &str) -> Outcome {
    let mut outcome = Outcome::unplayed(id, "t", 1, verdict, "because");
    outcome.reason = None;
    outcome.findings.push(Finding {
        rule: None,
        verdict,
        clauses: clauses.iter().map(|id| (*id).to_owned()).collect(),
        allowed: allowed.to_owned(),
        came: came.to_owned(),
        ambiguity: None,
        place: Place { file: "t".into(), text: "".into(), span: Span { start: 0, end: 0 } },
        trace_line: 0,
    });
    outcome
}

fn closes(came: &str) -> Outcome {
    let allowed = "silence in reply to SubmitSharesExtended with channel_id 9";
    outcome("a/closes", Verdict::Fail, &["SV2-05-075"], allowed, came)
}

fn passing(id: &str) -> Outcome {
    let mut outcome = Outcome::unplayed(id, "t", 1, Verdict::Pass, "");
    outcome.reason = None;
    outcome
}

fn standing(outcome: &Outcome) -> Option<Standing> {
    Expectations::parse(FILE).unwrap().of(&outcome.id)?.standing(outcome)
}

#[test]
fn a_kind_does_not_depend_on_numbers() {
    assert_eq!(kind("SubmitShares.Success {\"channel_id\":2}"), "SubmitShares.Success");
    assert_eq!(kind("credited is 2"), "credited is #");
    assert_eq!(kind("[1, 2, 3] against 0xfeed\nmore"), "[#] against #");
    assert_eq!(kind("deadbeefdeadbeef, the peer closed"), "#, the peer closed");
    assert_eq!(kind("extranonce_prefix == $a"), "extranonce_prefix == $a");
    let once = kind("a 1, b 0x2: \"c3\"");
    assert_eq!(kind(&once), once);
}

#[test]
fn the_same_failure_is_expected_and_another_is_not() {
    let same = closes("SubmitShares.Success {\"channel_id\":9}");
    assert_eq!(standing(&same), Some(Standing::ExpectedFail));
    assert_eq!(standing(&closes("the peer closed the connection")), Some(Standing::OtherFailure));
    let mut other = same.clone();
    other.findings[0].clauses = vec!["SV2-05-076".to_owned()];
    assert_eq!(standing(&other), Some(Standing::OtherFailure));
    let mut more = same.clone();
    more.findings.extend(closes("the peer reset the connection").findings);
    assert_eq!(standing(&more), Some(Standing::OtherFailure));
    let mut blocked = same.clone();
    blocked.verdict = Verdict::Blocked;
    assert_eq!(standing(&blocked), Some(Standing::OtherFailure));
    let mut dead = same.clone();
    dead.survival = Survival::Died;
    assert_eq!(standing(&dead), Some(Standing::OtherFailure));
    let mut closed = same.clone();
    closed.survival = Survival::ClosedRude;
    assert_eq!(standing(&closed), Some(Standing::ExpectedFail));
    assert_eq!(standing(&passing("a/closes")), Some(Standing::UnexpectedPass));
    let mut open = same;
    open.verdict = Verdict::Inconclusive;
    assert_eq!(standing(&open), None);
}

#[test]
fn what_is_no_such_file_is_refused() {
    for (text, part) in [
        ("[[expected]]\nscenario = \"a\"\n", "verdict"),
        ("expected = 3", "expected"),
        (&FILE.replace("came =", "cane ="), "cane"),
        (&FILE.replace("\"a known crash\"", "\" \""), "b/dies has no reason"),
        (&FILE.replace("b/dies", "a/closes"), "a/closes stands there twice"),
        (&FILE.replace("\"fail\"", "\"pass\""), "pass"),
    ] {
        let error = Expectations::parse(text).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
    assert_eq!(Expectations::parse("").unwrap(), Expectations::default());
}

#[test]
fn an_update_adds_and_changes_and_leaves_the_rest_alone() {
    let mut blocked = Outcome::unplayed("c/new", "t", 1, Verdict::Blocked, "no job came in 5 s\nand more");
    blocked.survival = Survival::Hung;
    let other = closes("the peer closed the connection");
    let changes = update(FILE, &[other.clone(), passing("b/dies"), blocked.clone()]).unwrap();
    assert_eq!((changes.added, changes.changed), (vec!["c/new".to_owned()], vec!["a/closes".to_owned()]));
    let text = changes.text;
    let kept = FILE.lines().filter(|line| !line.contains("SubmitShares.Success"));
    for line in kept {
        assert!(text.contains(line), "{line} in\n{text}");
    }
    assert!(text.contains("came = \"the peer closed the connection\""), "{text}");
    let read = Expectations::parse(&text).unwrap();
    assert_eq!(read.of("a/closes").unwrap().reason, "closes nothing but the id");
    assert_eq!(read.of("a/closes").unwrap().standing(&other), Some(Standing::ExpectedFail));
    assert_eq!(read.of("c/new").unwrap().standing(&blocked), Some(Standing::ExpectedFail));
    assert!(read.of("c/new").unwrap().reason.contains("to be filled in"));
    assert_eq!(update(&text, &[other, blocked]).unwrap().text, text, "twice is once");
}

#[test]
fn a_new_file_says_what_it_is() {
    let text = update("", &[closes("nothing came in time")]).unwrap().text;
    assert!(text.starts_with("# What is known to fail."), "{text}");
    assert_eq!(Expectations::parse(&text).unwrap().iter().count(), 1);
    let text = prune(&text, &[passing("a/closes")], |_| false).unwrap().text;
    assert!(text.starts_with("# What is known to fail."), "{text}");
    assert_eq!(update(&text, &[]).unwrap().text, text);
    let text = update(&text, &[closes("nothing came in time")]).unwrap().text;
    assert!(text.starts_with("# What is known to fail.") && text.contains("\n\n[[expected]]"), "{text}");
}

#[test]
fn pruning_keeps_the_comments_of_others() {
    let one = prune(FILE, &[passing("a/closes")], |_| false).unwrap();
    assert_eq!(one.removed, ["a/closes"]);
    assert!(one.text.starts_with("# Known troubles of my pool.\n"), "{}", one.text);
    assert!(
        one.text.contains("# Nobody knows this one.\n[[expected]]\nscenario = \"b/dies\""),
        "{}",
        one.text
    );
    assert!(!one.text.contains("The vendor knows") && !one.text.contains("a/closes"), "{}", one.text);
    let both = prune(FILE, &[passing("a/closes")], |id| id == "b/dies").unwrap();
    assert_eq!(both.removed, ["a/closes", "b/dies"]);
    assert!(both.text.contains("# Known troubles of my pool."), "{}", both.text);
    assert_eq!(Expectations::parse(&both.text).unwrap(), Expectations::default());
    let none = prune(FILE, &[closes("SubmitShares.Success {}")], |_| false).unwrap();
    assert_eq!((none.text.as_str(), none.removed), (FILE, vec![]));
}
