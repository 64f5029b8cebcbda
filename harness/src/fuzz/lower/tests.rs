use super::super::as_scenario::as_scenario;
use super::super::pool::played;
use super::super::scenario_parse::SUITE;
use super::super::seeds;
use super::*;
use crate::scenario::parse;
use std::collections::BTreeSet;
use sv2_wire::fuzz::Random;

fn of_text(text: &str) -> Lowered {
    let (_, suite) = SUITE.as_ref().unwrap();
    lower(&parse("scenario", text).unwrap(), text, &[], &suite.fragments)
}

fn of_suite(id: &str) -> Lowered {
    let (_, suite) = SUITE.as_ref().unwrap();
    let scenario = suite.scenarios.iter().find(|scenario| scenario.id == id).unwrap();
    lower(&scenario.source.file, &scenario.source.text, &scenario.row, &suite.fragments)
}

/// What a program becomes that is printed and lowered, and what is lost on the way.
fn there_and_back(program: &Program) -> (Lowered, Vec<String>) {
    let printed = as_scenario(program, "A program");
    (of_text(&printed.text), printed.unsaid)
}

#[test]
fn first_programs_come_back_in_their_normal_form() {
    for seed in seeds::programs() {
        let program = Program::from_bytes(&seed.bytes).unwrap();
        let normal = normal(&program);
        let (back, unsaid) = there_and_back(&program);
        if unsaid.is_empty() {
            assert_eq!(back.program.to_string(), normal.to_string(), "{}", seed.name);
            assert_eq!(back.lost, Vec::new(), "{}", seed.name);
        } else {
            assert_eq!(seed.name, "time", "{unsaid:?}");
        }
    }
}

#[test]
fn mutants_come_back_too() {
    let (mut random, mut full) = (Random::new(9), 0_usize);
    let rounds = std::env::var("ROUNDS").ok().and_then(|it| it.parse().ok()).unwrap_or(12);
    for seed in seeds::programs() {
        let mut data = seed.bytes;
        for _ in 0..rounds {
            seeds::mutate(&mut data, &mut random, 1024);
            let program = Program::from_bytes(&data).unwrap();
            let (back, unsaid) = there_and_back(&program);
            if unsaid.is_empty() {
                full += 1;
                let text = as_scenario(&program, "A program").text;
                assert_eq!(back.program.to_string(), normal(&program).to_string(), "{program}\n{text}");
                assert_eq!(back.lost, Vec::new(), "{program}\n{text}");
            }
        }
    }
    assert!(full > rounds * 5, "{full}");
}

#[test]
fn the_normal_form_does_the_same() {
    let mut random = Random::new(4);
    for seed in seeds::programs() {
        let mut data = seed.bytes;
        for _ in 0..8 {
            let program = Program::from_bytes(&data).unwrap();
            let normal = normal(&program);
            assert_eq!(played(&normal, &[]), played(&program, &[]), "{program}\n{normal}");
            assert_eq!(super::normal(&normal), normal);
            seeds::mutate(&mut data, &mut random, 1024);
        }
    }
}

#[test]
fn every_scenario_of_the_suite_finds_nothing_as_a_program_and_comes_back() {
    let (_, suite) = SUITE.as_ref().unwrap();
    let (mut whole, mut full, mut programs) = (0, 0, BTreeSet::new());
    for scenario in &suite.scenarios {
        let Lowered { program, lost } =
            lower(&scenario.source.file, &scenario.source.text, &scenario.row, &suite.fragments);
        if let Err(found) = played(&program, &[]) {
            panic!("{}: {found:?}\n{program}", scenario.id);
        }
        let (back, unsaid) = there_and_back(&program);
        if unsaid.is_empty() {
            assert_eq!(back.program.to_string(), normal(&program).to_string(), "{}", scenario.id);
            assert_eq!(back.lost, Vec::new(), "{}", scenario.id);
            full += 1;
        }
        whole += usize::from(lost.is_empty());
        programs.insert(program.to_bytes());
    }
    let (all, different) = (suite.scenarios.len(), programs.len());
    let is_most = |count: usize| count * 5 > all * 4;
    assert!(is_most(whole) && is_most(full) && is_most(different), "{whole}, {full}, {different} of {all}");
}

#[test]
fn scenarios_of_the_suite_become_these_programs() {
    const STANDARD: &str =
        "connect\nsetup client=0 versions=2..2 flags=0x1\nopen-standard client=0 rate=0.0 zeros=1\n";
    const EXTENDED: &str = "connect\nsetup client=0 versions=2..2 flags=0x0\nopen-extended client=0 rate=0.0 zeros=1 extranonce=4\n";
    let valid = |roll| format!("submit channel=0 job=0 kind=valid roll={roll}\n");
    let ops: [(&str, String); 8] = [
        ("mining/duplicate/after-template", format!("{STANDARD}{}template\nagain share=0\n", valid(1))),
        ("mining/stale/extended", format!("{EXTENDED}block\nsubmit channel=0 job=1 kind=valid roll=1\n")),
        ("mining/share/above-target", format!("{STANDARD}submit channel=0 job=0 kind=low roll=1\n")),
        (
            "mining/rolling/ntime-below-extended",
            format!("{EXTENDED}submit channel=0 job=0 kind=early roll=1\n"),
        ),
        (
            "mining/channel/disjoint-connections",
            format!("{EXTENDED}{}", EXTENDED.replace("client=0", "client=1")),
        ),
        (
            "mining/group/regrouped",
            format!(
                "{EXTENDED}open-extended client=0 rate=0.0 zeros=1 extranonce=4\nopen-standard client=0 rate=0.0 zeros=1\n\
                 regroup channel=0 other=2\ntemplate\n{}submit channel=2 job=0 kind=valid roll=3\n\
                 submit channel=1 job=0 kind=valid roll=2\n",
                valid(1)
            ),
        ),
        (
            "mining/prefix/extended",
            format!("{EXTENDED}prefix channel=0\n{}{}template\n{}{}", valid(1), valid(2), valid(3), valid(4)),
        ),
        (
            "robustness/messages/half-closed-share",
            format!(
                "{STANDARD}{}submit channel=1 job=0 kind=valid roll=1\nfinish client=1\n",
                STANDARD.replace("client=0", "client=1")
            ),
        ),
    ];
    for (id, ops) in ops {
        let Lowered { program, lost } = of_suite(id);
        assert_eq!(program.to_string(), format!("sv2-program 1\npool batch=1\n{ops}"), "{id}");
        assert_eq!(lost, Vec::new(), "{id}");
    }
}

/// What is lost of steps behind a set-up, and the operations that are left of them.
fn lost_of(header: &str, steps: &str) -> (Vec<String>, Vec<String>) {
    let text = format!("sv2t 1\ntitle \"A\"\n{header}\nconnect\nsetup()\n{steps}");
    let Lowered { program, lost } = of_text(&text);
    let ops = program.ops.iter().skip(2).map(ToString::to_string);
    (lost.iter().map(ToString::to_string).collect(), ops.collect())
}

#[test]
fn what_cannot_be_said_is_told_with_its_line() {
    let lines = |steps: &str| lost_of("", steps).0;
    assert_eq!(
        lines("chunk 3\ntemplate\n"),
        ["line 6: chunk: a program does not say how bytes are cut into writes"]
    );
    assert_eq!(
        lines("block\nelapse 500ms\n"),
        ["line 7: elapse: the time of a program passes in whole seconds"]
    );
    assert_eq!(lines("raw x\"00\"\n"), ["line 6: raw: a program says nothing beneath Noise"]);
    assert_eq!(
        lines("B: connect tcp\nB: raw x\"00\"\nB: handshake\nB: setup()\n"),
        ["line 7: raw: no client of a program is without its handshake"]
    );
    assert_eq!(
        lines("mine $job -> $share\n"),
        ["line 6: mine: $job has no value: the arm that binds it was not taken"]
    );
    assert_eq!(lines("raw repeat(x\"00\", 99999999)\n").len(), 1);
    assert_eq!(
        lines("send RequestExtensions\n  requested_extensions = numbers(0, 9999999)\n"),
        ["line 6: send: more than 65536 bytes or items"]
    );
    assert_eq!(
        lines("provoke Reconnect\n  new_host = \"elsewhere\"\n"),
        ["line 6: provoke: with a new_host of the program's own"]
    );
    let (lost, ops) = lost_of("pool(transactions: 3, ack-batch: 9, fixed-version: true)", "alive\n");
    assert_eq!(
        lost,
        [
            "line 3: pool(transactions): the pool of a program has no such setting",
            "line 3: pool(ack-batch): 8 instead of 9"
        ]
    );
    assert_eq!(ops, Vec::<String>::new(), "what judges is nothing, and nothing is lost by that");
}

#[test]
fn what_follows_a_loss_is_lowered_all_the_same() {
    let (lost, ops) = lost_of(
        "",
        "coalesce\nopen-standard() -> $a\nawait job on $a -> $job\nmine 70 $job -> $shares\nsubmit $shares[0]\nreset\n\
         reconnect\nelapse 100000s\n",
    );
    assert_eq!(
        ops,
        [
            "open-standard client=0 rate=0.0 zeros=1",
            "submit channel=0 job=0 kind=valid roll=1",
            "drop client=0",
            "connect",
            "elapse seconds=65535",
            "elapse seconds=34465"
        ]
    );
    assert_eq!(lost.len(), 2, "{lost:?}");
    assert_eq!(lost[1], "line 9: mine: 64 shares instead of 70");
}

#[test]
fn what_no_operation_says_is_a_frame_or_bytes() {
    let (lost, ops) = lost_of(
        "",
        "send OpenStandardMiningChannel\n  request_id = 7\nsend CloseChannel\n  channel_id = 3, reason_code = repeat(\"a\", 255)\n\
         send SetupConnection\n  length 0xffffff\n",
    );
    assert_eq!(lost, Vec::<String>::new());
    let words: Vec<&str> = ops.iter().filter_map(|op| op.split(' ').next()).collect();
    assert_eq!(words, ["frame", "bytes", "bytes", "bytes"]);
    assert!(ops[0].contains("number=16 payload=x\"07000000"), "{ops:?}");
    assert!(ops[3].contains("bytes=x\"000000ffffff"), "{ops:?}");
}

#[test]
fn the_bounds_of_programs_hold() {
    let (lost, ops) = lost_of("", "repeat 10000 mute()\nrepeat 3000 setup()\n");
    assert_eq!(ops.iter().filter(|op| *op == "connect").count(), MAX_CLIENTS - 1);
    assert_eq!(ops.len() + 2, MAX_CLIENTS + 1, "{ops:?}");
    let told = ["line 6: mute(): connect: a program has 4 clients at most", "line 7: more than 2048 steps"];
    assert_eq!(lost[0], told[0]);
    let (lost, ops) = lost_of("", "repeat 3000 ask-channel()\n");
    assert_eq!(ops.iter().filter(|op| op.starts_with("open-standard")).count(), 8);
    assert_eq!(ops.len() + 2, MAX_OPS, "then as frames, which no bound of channels stops: {ops:?}");
    assert!(lost.iter().any(|lost| lost.ends_with("a program has 64 operations at most")), "{lost:?}");
}

#[test]
fn a_share_on_a_job_that_is_over_is_sent_again_or_mined_anew_as_the_scenario_says() {
    let steps = "open-standard() -> $a\nawait job on $a -> $job\nmine 2 $job -> $shares\nmine $job -> $late\nsubmit $shares\nblock\n\
                 submit $shares[1]\nsubmit $late\nsubmit $shares[0]\n";
    let (lost, ops) = lost_of("", steps);
    assert_eq!(lost, Vec::<String>::new());
    assert_eq!(
        ops[1..],
        [
            "submit channel=0 job=0 kind=valid roll=1",
            "submit channel=0 job=0 kind=valid roll=2",
            "block",
            "again share=1",
            "submit channel=0 job=1 kind=valid roll=3",
            "again share=0"
        ]
    );
}
