use std::time::Duration;

use super::super::syntax::{
    BinaryOperator, Claims, Entry, Expect, ExpectForm, Expr, ExprKind, FileKind, Float, Member, ModifierKind,
    Operator, Outcome, Position, RecordPart, StepKind, StepName, U256,
};
use super::*;

fn parsed(steps: &str) -> File {
    file(&format!("sv2t 1\ntitle \"t\"\n{steps}")).unwrap_or_else(|errors| panic!("{steps}\n{errors:#?}"))
}

fn step(text: &str) -> StepKind {
    let mut file = parsed(text);
    assert_eq!(file.steps.len(), 1, "{text}");
    file.steps.remove(0).kind
}

fn errors(steps: &str) -> Vec<String> {
    let found = file(&format!("sv2t 1\ntitle \"t\"\n{steps}")).expect_err(steps);
    found.iter().map(ToString::to_string).collect()
}

fn error(steps: &str) -> String {
    let found = errors(steps);
    assert_eq!(found.len(), 1, "{steps}: {found:?}");
    found.concat()
}

fn expect(text: &str) -> Expect {
    match step(text) {
        StepKind::Expect(expect) => expect,
        other => panic!("{other:?}"),
    }
}

/// An expression with all grouping visible.
fn grouped(text: &str) -> String {
    let StepKind::Raw { bytes } = step(&format!("raw x\"\" ++ ({text})")) else { panic!("{text}") };
    let ExprKind::Binary { right, .. } = bytes.kind else { panic!("{text}") };
    show(&right)
}

fn show(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Binary { operator, left, right } => {
            let sign = match operator {
                BinaryOperator::Or => "|",
                BinaryOperator::Xor => "^",
                BinaryOperator::And => "&",
                BinaryOperator::Concat => "++",
                BinaryOperator::Add => "+",
                BinaryOperator::Subtract => "-",
                BinaryOperator::Multiply => "*",
                BinaryOperator::Divide => "/",
            };
            format!("({} {sign} {})", show(left), show(right))
        }
        ExprKind::Integer(value) => value.to_string(),
        ExprKind::Reference(reference) => format!("${}", reference.root.node),
        ExprKind::Length(inner) => format!("len({})", show(inner)),
        ExprKind::Repeat(what, count) => format!("repeat({}, {})", show(what), show(count)),
        ExprKind::Numbers(from, to) => format!("numbers({}, {})", show(from), show(to)),
        other => format!("{other:?}"),
    }
}

fn checks(claims: &Claims) -> Vec<&str> {
    claims.checks.iter().map(|id| id.node.as_str()).collect()
}

#[test]
fn operators_bind_as_documented() {
    assert_eq!(grouped("1 | 2 ^ 3 & 4 ++ 5 + 6"), "(1 | (2 ^ (3 & (4 ++ (5 + 6)))))");
    assert_eq!(grouped("1 + 2 ++ 3 & 4 ^ 5 | 6"), "(((((1 + 2) ++ 3) & 4) ^ 5) | 6)");
    assert_eq!(grouped("1 + 2 * 3 / 4 - 5"), "((1 + ((2 * 3) / 4)) - 5)");
    assert_eq!(grouped("1 - 2 + 3 - 4"), "(((1 - 2) + 3) - 4)");
    assert_eq!(grouped("(1 | 2) & len($a ++ $b)"), "((1 | 2) & len(($a ++ $b)))");
    assert_eq!(grouped("repeat($a, 2 + 3) ++ numbers(1, $b)"), "(repeat($a, (2 + 3)) ++ numbers(1, $b))");
}

#[test]
fn the_header_is_read() {
    let text = "# c\n\nsv2t 1\ntitle \"two\"\nneeds channel.standard, role.pool\ntags slow\npool(ack-batch: 10, certificate: expired)\nalive\n";
    let file = file(text).unwrap();
    assert!(matches!(&file.kind, FileKind::Scenario { title } if title.node == "two"));
    let needs: Vec<&str> = file.needs.iter().map(|word| word.node.as_str()).collect();
    assert_eq!(needs, ["channel.standard", "role.pool"]);
    assert_eq!(&text[file.needs[0].span.start..file.needs[0].span.end], "channel.standard");
    assert_eq!(file.tags.len(), 1);
    assert!(matches!(&file.pool[1].value.kind, ExprKind::Name(name) if name == "expired"));
    assert_eq!(file.steps.len(), 1);
}

#[test]
fn a_fragment_has_a_signature() {
    let text = "sv2t 1\nfragment open(user, flags: 0) -> $chan, $reply\nalive";
    let FileKind::Fragment(signature) = file(text).unwrap().kind else { panic!("no fragment") };
    assert_eq!(signature.name.node, "open");
    assert!(signature.parameters[0].default.is_none());
    assert!(signature.parameters[1].default.is_some());
    assert_eq!(signature.results.len(), 2);
    assert_eq!(
        &text[signature.span.start..signature.span.end],
        "fragment open(user, flags: 0) -> $chan, $reply"
    );
    assert!(file("sv2t 1\nfragment open()\ntags slow").is_err());
    assert!(file("sv2t 1\nfragment send()").is_err());
    assert!(file("sv2t 1\nfragment open()\ntitle \"t\"").is_err());
}

#[test]
fn the_first_line_and_the_title_are_mandatory() {
    for text in [
        "",
        "# c\n",
        "title \"t\"\nalive",
        "sv2t 2\ntitle \"t\"",
        "sv2t\ntitle \"t\"",
        "sv2t 1\nalive",
        "\u{feff}",
    ] {
        assert!(file(text).is_err(), "{text:?}");
    }
    assert!(file("sv2t 1\ntitle \"a\"\ntitle \"b\"").is_err());
    assert!(error("alive\ntags late").contains("above the first step"));
    assert!(error("A: tags late").contains("no connection"));
}

#[test]
fn a_send_has_fields_and_modifiers() {
    let StepKind::Send(send) = step(
        "send template-distribution.SetNewPrevHash -> $sent\n  length = 1, target = 0xff\n  truncate 3, append x\"00\"\n  channel-bit 1\n  list = [1, $x.y[2], none]",
    ) else {
        panic!("no send")
    };
    assert_eq!(send.message.node, "template-distribution.SetNewPrevHash");
    let fields: Vec<&str> = send.fields.iter().map(|field| field.field.node.as_str()).collect();
    assert_eq!(fields, ["length", "target", "list"]);
    let kinds: Vec<ModifierKind> = send.modifiers.iter().map(|modifier| modifier.kind.node).collect();
    assert_eq!(kinds, [ModifierKind::Truncate, ModifierKind::Append, ModifierKind::ChannelBit]);
    let ExprKind::List(items) = &send.fields[2].value.kind else { panic!("no list") };
    let ExprKind::Reference(reference) = &items[1].kind else { panic!("no reference") };
    assert!(
        matches!(reference.members.as_slice(), [Member::Name(_), Member::Index(index)] if index.node == 2)
    );
}

#[test]
fn an_expected_message_is_judged() {
    let expect = expect(
        "A: expect SetupConnection.Success reply to $x -> $ok within 500ms checks SV2-05-001 ROB-01 lenient AMB-3\n  used_version == 2 checks SV2-03-010, flags in 0..3 -> $flags info AMB-04\n  list[0].a -> $a",
    );
    assert_eq!(expect.form, ExpectForm::One);
    assert!(
        matches!(&expect.within.unwrap().kind, ExprKind::Duration(time) if *time == Duration::from_millis(500))
    );
    assert_eq!(checks(&expect.claims), ["SV2-05-001", "ROB-01"]);
    assert_eq!(expect.claims.grade.unwrap().position, Position::Lenient);
    let [arm] = expect.arms.as_slice() else { panic!("one arm") };
    assert!(matches!(&arm.outcome.node, Outcome::Message(name) if name == "SetupConnection.Success"));
    let [version, flags, list] = arm.judgements.as_slice() else { panic!("three judgements") };
    assert_eq!(checks(&version.claims), ["SV2-03-010"]);
    assert_eq!(flags.test.as_ref().unwrap().operator.node, Operator::In);
    assert!(matches!(flags.test.as_ref().unwrap().operand.kind, ExprKind::Range(..)));
    assert_eq!(flags.claims.grade.as_ref().unwrap().position, Position::Info);
    assert_eq!((list.path.members.len(), list.test.is_none()), (2, true));
}

#[test]
fn arms_have_lines_of_their_own() {
    let expect = expect(
        "expect reply to $x within $limit checks SV2-05-112\n  | A.Error -> $e checks SV2-05-001\n      code ~ @stale\n      code ~ \"st\"\n  | close -> $how\n  | silence lenient AMB-43",
    );
    assert_eq!(expect.form, ExpectForm::Arms);
    assert_eq!(expect.reply_to.unwrap().root.node, "x");
    let [message, close, silence] = expect.arms.as_slice() else { panic!("three arms") };
    assert_eq!(message.judgements.len(), 2);
    assert_eq!(close.capture.as_ref().unwrap().node, "how");
    assert_eq!(silence.outcome.node, Outcome::Silence);
    assert_eq!(silence.claims.grade.as_ref().unwrap().ambiguity.node, "AMB-43");
    assert!(message.span.end < close.span.start);
}

#[test]
fn shares_are_mined_counted_and_limited() {
    let StepKind::Mine(mine) =
        step("mine 25 $jobs[1] -> $s\n  version = $job.version ^ 0x2000\n  hash > $job.target, hash <= 0xff")
    else {
        panic!("no mine")
    };
    assert!(matches!(mine.count.unwrap().kind, ExprKind::Integer(n) if n == U256::from(25)));
    assert_eq!((mine.job.members.len(), mine.fields.len(), mine.limits.len()), (1, 1, 2));
    let StepKind::Mine(mine) = step("mine $n $job") else { panic!("no mine") };
    assert!(matches!(mine.count.unwrap().kind, ExprKind::Reference(_)));
    assert_eq!(mine.job.root.node, "job");
    assert!(error("mine 25").contains("expected a job"));
    assert!(error("mine $job\n  nonse = 1").contains("no setting"));
    assert!(error("mine $job\n  hash == 1").contains("limited by"));
}

#[test]
fn every_other_verb_is_read() {
    assert_eq!(step("connect"), StepKind::Connect { entry: Entry::Whole });
    assert_eq!(step("connect tcp"), StepKind::Connect { entry: Entry::Tcp });
    assert_eq!(step("connect plain"), StepKind::Connect { entry: Entry::Plain });
    assert!(
        matches!(step("handshake -> $h checks SV2-04-001\n  version == 0"), StepKind::Handshake(h) if h.judgements.len() == 1)
    );
    let StepKind::Corrupt(corrupt) = step("corrupt record 1 tag bit 7") else { panic!("no corrupt") };
    assert_eq!(corrupt.part.node, RecordPart::Tag);
    assert!(matches!(step("await job on $c -> $j within 2s"), StepKind::AwaitJob(it) if it.within.is_some()));
    assert!(matches!(step("submit $s[0] -> $x\n  nonce = 1"), StepKind::Submit(it) if it.fields.len() == 1));
    assert!(
        matches!(step("settle $c within 1m\n  credited == 1"), StepKind::Settle(it) if it.judgements.len() == 1)
    );
    assert!(matches!(step("assert len($a) - 1 in [1, 2] checks SV2-05-001"), StepKind::Assert(_)));
    assert!(matches!(step("alive checks ROB-01"), StepKind::Alive { claims } if claims.checks.len() == 1));
    assert!(matches!(step("block -> $b"), StepKind::Block { capture: Some(_) }));
    assert!(matches!(step("template"), StepKind::Template { capture: None }));
    assert!(matches!(step("elapse 2s"), StepKind::Elapse { .. }));
    assert!(matches!(step("chunk $n"), StepKind::Chunk { .. }));
    assert!(error("chunk 0").contains("1 byte at least"));
    assert_eq!(step("coalesce"), StepKind::Coalesce);
    assert_eq!(step("stop-reading"), StepKind::StopReading);
    assert_eq!(step("read-again"), StepKind::ReadAgain);
    assert_eq!(step("A: flush"), StepKind::Flush);
    assert_eq!(step("close"), StepKind::Close);
    assert_eq!(step("reset"), StepKind::Reset);
    assert_eq!(step("half-close"), StepKind::HalfClose);
    assert_eq!(step("reconnect"), StepKind::Reconnect);
    assert!(matches!(step("open(a: 1, b: nan,) -> $a, $b"), StepKind::Call(it) if it.results.len() == 2));
}

#[test]
fn what_looks_at_several_things_is_read() {
    let StepKind::AwaitJobs(jobs) = step("await jobs on $a, $b[1] at one tip -> $x, $y within 2s") else {
        panic!("no jobs")
    };
    assert_eq!((jobs.channels.len(), jobs.captures.len(), jobs.within.is_some()), (2, 2, true));
    assert!(error("await jobs on $a at one tip -> $x").contains("1 channels and 1 names"));
    assert!(error("await jobs on $a, $b at one tip -> $x").contains("2 channels and 1 names"));
    let StepKind::Disjoint(disjoint) =
        step("assert disjoint work($x), work($y), work($z[0]) unless $a.flags & 1 == 1 checks SV2-05-002")
    else {
        panic!("no disjoint")
    };
    assert_eq!((disjoint.jobs.len(), disjoint.claims.checks.len()), (3, 1));
    assert!(disjoint.unless.unwrap().test.is_some());
    assert!(error("assert disjoint work($x)").contains("disjoint with"));
    assert!(matches!(step("assert $a == 1 unless $b"), StepKind::Assert(it) if it.unless.is_some()));
    let expect = expect(
        "expect all-of within 2s checks SV2-05-001\n  | A reply to $x -> $a\n      flags & 3 == 1\n  | close",
    );
    assert_eq!((expect.form, expect.arms.len()), (ExpectForm::All, 2));
    assert!(expect.arms[0].reply_to.is_some());
    assert!(expect.arms[0].judgements[0].mask.is_some());
    assert!(error("expect all-of\n  | silence").contains("nothing that comes"));
    assert!(error("expect one-of\n  | A reply to $x").contains("does not belong"));
    assert!(error("expect A\n  flags & 1 -> $x").contains("expected a comparison"));
}

#[test]
fn never_holds_until_a_later_step() {
    let until = |text: &str| match step(text) {
        StepKind::Never(never) => never.until.map(|until| until.node),
        other => panic!("{other:?}"),
    };
    assert_eq!(until("never SetTarget checks SV2-05-001"), None);
    assert_eq!(until("never close until alive"), Some(StepName::Verb("alive".to_owned())));
    assert_eq!(until("A: never A.B until $x lenient AMB-1"), Some(StepName::Capture("x".to_owned())));
    assert!(error("never silence").contains("nothing that comes"));
    assert!(error("never close until Alive").contains("no step"));
}

#[test]
fn floats_may_be_negative_and_integers_not() {
    let StepKind::Assert(assert) = step("assert -1.0 < -inf") else { panic!("no assert") };
    assert_eq!(assert.left.kind, ExprKind::Float(Float(-1.0)));
    assert!(error("assert -1 < 2").contains("only floats"));
}

#[test]
fn a_scenario_may_want_to_be_alone() {
    assert!(file("sv2t 1\ntitle \"t\"\nexclusive\nalive").unwrap().exclusive.is_some());
    assert!(parsed("alive").exclusive.is_none());
    assert!(file("sv2t 1\ntitle \"t\"\nexclusive 1\nalive").is_err());
    assert!(file("sv2t 1\nfragment f()\nexclusive\nalive").is_err());
}

#[test]
fn a_matrix_has_names_and_values() {
    let file = file("sv2t 1\ntitle \"t\"\nmatrix n in [0, 1 + 1]\nmatrix m in [true]\nalive").unwrap();
    let axes: Vec<_> = file.matrix.iter().map(|axis| (axis.name.node.as_str(), axis.values.len())).collect();
    assert_eq!(axes, [("n", 2), ("m", 1)]);
    for bad in ["matrix n in 1..2", "matrix n in []", "matrix n [1]", "matrix $n in [1]"] {
        assert_eq!(super::file(&format!("sv2t 1\ntitle \"t\"\n{bad}\nalive")).unwrap_err().len(), 1, "{bad}");
    }
    assert!(super::file("sv2t 1\nfragment f()\nmatrix n in [1]\nalive").is_err());
}

#[test]
fn each_bad_line_gives_one_error_and_the_rest_is_read() {
    let found = errors(
        "conect\nsend X\n  a == 1\n  b = \n  c = 1\nexpect Y\n  d = 1\n   e == 1\n| close\n\talive\nclose now",
    );
    assert_eq!(found.len(), 8, "{found:#?}");
}

#[test]
fn spans_are_the_text_of_their_nodes() {
    let text =
        "sv2t 1\r\ntitle \"é\"\r\nB: send A.B -> $c  # note\r\n  x = $c.d[0] ++ x\"00\" # more\r\nalive\r\n";
    let file = file(text).unwrap();
    let slice = |span: Span| &text[span.start..span.end];
    let send = &file.steps[0];
    assert_eq!(slice(send.line), "B: send A.B -> $c");
    assert_eq!(slice(send.span), "B: send A.B -> $c  # note\r\n  x = $c.d[0] ++ x\"00\"");
    assert_eq!(slice(send.connection.as_ref().unwrap().span), "B");
    let StepKind::Send(send) = &send.kind else { panic!("no send") };
    assert_eq!(slice(send.message.span), "A.B");
    assert_eq!(slice(send.fields[0].span), "x = $c.d[0] ++ x\"00\"");
    let ExprKind::Binary { left, .. } = &send.fields[0].value.kind else { panic!("no binary") };
    assert_eq!(slice(left.span), "$c.d[0]");
}

#[test]
fn depth_is_bounded() {
    let many = 100_000;
    for bomb in [
        format!("raw {}", "(".repeat(many)),
        format!("raw {}1{}", "[".repeat(many), "]".repeat(many)),
        format!("raw {}$a{}", "len(".repeat(many), ")".repeat(many)),
        format!("raw x\"\"{}", " ++ x\"\"".repeat(many)),
    ] {
        assert_eq!(errors(&bomb).len(), 1);
    }
    let deep: String = (0..1000).map(|depth| format!("{}a == 1\n", " ".repeat(depth + 1))).collect();
    assert_eq!(errors(&format!("expect X\n{deep}")).len(), 999);
}
