//! A pool that crashes, hangs, resets or closes where an answer was due: four grades, on virtual time, over TCP, and with a
//! process of its own under `--exec`. The process is this test program itself, started again.

use std::path::Path;
use std::process::{Command, Output};

#[path = "support/plans.rs"]
mod plans;

use plans::{SUITE, plan, scenario};
use sv2_conform::drive;
use sv2_conform::profile::Profile;
use sv2_conform::runner::Plan;
use sv2_conform::sim::{self, Segmentation};
use sv2_conform::target::{Target, faulty_pool};
use sv2_conform::verdict::{ClauseVerdict, Outcome, Survival, Verdict};
use sv2_reference_pool::clock::Clock;
use sv2_reference_pool::faults::Fault;
use sv2_reference_pool::node::{Node, NodeConfig};
use sv2_reference_pool::pool::{Pool, PoolConfig};
use sv2_reference_pool::server::{Ended, Server};

/// The faults of the program, and how it comes out of them.
const GRADES: [(&str, Survival); 4] = [
    ("F31", Survival::Died),
    ("F32", Survival::Hung),
    ("F33", Survival::ClosedRude),
    ("F34", Survival::ClosedClean),
];
/// The clause that says that an answer was due, and the scenario that claims it for the message that is the trigger.
const CLAUSE: &str = "SV2-05-034";
const ID: &str = "mining/channel/open-extended";
/// A scenario in which the connection may end; only what is left of the pool tells the four apart.
const CLOSING: &str = "connect\nsetup()\nsend OpenExtendedMiningChannel\nexpect one-of within 2s  checks SV2-03-060\n  | close\n  | silence  lenient AMB-43\n";
/// Factor on the bounds over TCP: an answer may take half a second.
const SCALE: f64 = 0.1;

const SERVE: &str = "SV2_CONFORM_TEST_SURVIVAL";

/// No test by itself: the pool, when this program is started as one.
#[test]
fn serve() {
    let Ok(id) = std::env::var(SERVE) else { return };
    let faults: Vec<Fault> = Fault::by_id(&id).into_iter().collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let pool = Pool::new(PoolConfig { faults: faults.clone(), ..PoolConfig::default() }).expect("the pool");
    let node = Node::new(NodeConfig { faults, ..NodeConfig::default() }, pool);
    let bound = runtime.block_on(Server::bind("127.0.0.1:0", node, Clock::system()));
    let (handle, server) = bound.expect("a free port");
    println!("listening at {} now", handle.url());
    if runtime.block_on(server.run()) == Ended::Died {
        eprintln!("fell over an opening");
        std::process::abort();
    }
}

fn faulty(id: &str) -> Fault {
    Fault::by_id(id).expect("the fault is in the table")
}

fn plan_of(steps: Option<&str>, id: &str, scale: f64) -> Plan {
    let scenario = match steps {
        Some(steps) => scenario(steps),
        None => SUITE.scenarios.iter().find(|scenario| scenario.id == ID).expect("it is there").clone(),
    };
    let faults = if id.is_empty() { Vec::new() } else { vec![faulty(id)] };
    let profile = Profile { faults, ..Target::Embedded.profile() };
    plan(scenario, Target::Embedded.peer(), profile, scale)
}

fn on_virtual_time(plan: Plan) -> Outcome {
    let node = faulty_pool(&plan.scenario, plan.seed, &plan.profile.faults).expect("the header is good");
    sim::play(plan, node, Segmentation::AsWritten)
}

fn over_tcp(plan: Plan) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(drive::play(plan, &Target::Embedded))
}

fn clause(outcome: &Outcome, id: &str) -> Option<Verdict> {
    let found = |clause: &&ClauseVerdict| clause.id == id;
    outcome.clauses.iter().find(found).map(|clause| clause.verdict)
}

#[test]
fn four_ends_have_four_grades_and_fail_the_clause() {
    for (id, survival) in GRADES {
        for outcome in [on_virtual_time(plan_of(None, id, 1.0)), over_tcp(plan_of(None, id, SCALE))] {
            assert_eq!((outcome.verdict, outcome.survival), (Verdict::Fail, survival), "{id}: {outcome:#?}");
            assert_eq!(clause(&outcome, CLAUSE), Some(Verdict::Fail), "{id}: {outcome:#?}");
        }
    }
    for outcome in [on_virtual_time(plan_of(None, "", 1.0)), over_tcp(plan_of(None, "", SCALE))] {
        assert_eq!((outcome.verdict, outcome.survival), (Verdict::Pass, Survival::Alive), "{outcome:#?}");
    }
}

#[test]
fn where_the_connection_may_end_a_crash_and_a_hang_are_no_pass() {
    for (id, survival) in GRADES {
        let verdict = match survival {
            Survival::Died => Verdict::Fail,
            Survival::Hung => Verdict::Inconclusive,
            _ => Verdict::Pass,
        };
        let steps = Some(CLOSING);
        for outcome in [on_virtual_time(plan_of(steps, id, 1.0)), over_tcp(plan_of(steps, id, SCALE))] {
            assert_eq!((outcome.verdict, outcome.survival), (verdict, survival), "{id}: {outcome:#?}");
        }
    }
}

#[test]
fn both_drivers_tell_the_same_of_a_fallen_pool() {
    for (id, _) in GRADES {
        let [memory, tcp] = [on_virtual_time(plan_of(None, id, 1.0)), over_tcp(plan_of(None, id, SCALE))];
        assert_eq!(memory.trace, tcp.trace, "{id}");
        assert_eq!(memory.clauses, tcp.clauses, "{id}");
    }
}

struct Run {
    code: i32,
    out: String,
    lines: Vec<serde_json::Value>,
}

impl Run {
    fn grade(&self, id: &str) -> (&str, &str) {
        let found = self.lines.iter().find(|line| line["id"] == id);
        let found = found.unwrap_or_else(|| panic!("no {id} in\n{}", self.out));
        (found["verdict"].as_str().expect("text"), found["survival"].as_str().expect("text"))
    }
}

/// Plays a harmless scenario, the one that is given, and another harmless one, against this program as a pool.
fn run_exec(folder: &Path, fault: &str, steps: &str) -> Run {
    let harmless = "connect\nsetup()\nalive  checks SV2-03-060\n";
    for (name, steps) in [("a", harmless), ("b", steps), ("c", harmless)] {
        let text = format!("sv2t 1\ntitle \"Scenario {name}\"\n\n{steps}");
        std::fs::write(folder.join(format!("{name}.sv2t")), text).expect("the folder can be written");
    }
    let program = std::env::current_exe().expect("this program has a path");
    let line = format!("{SERVE}={fault} exec '{}' --exact serve --nocapture", program.display());
    let report = folder.join("report.jsonl");
    let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_sv2-conform"))
        .arg("run")
        .arg(folder)
        .args(["--exec", &line, "--ready", "line=listening at (?<target>[^ ]+) now"])
        .args(["--timeout-scale", "0.2", "--report", &format!("jsonl={}", report.display())])
        .output()
        .expect("the program starts");
    let lines = std::fs::read_to_string(&report).unwrap_or_default();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Run {
        code: status.code().expect("it exits by itself"),
        out: format!("{}{}", text(stdout), text(stderr)),
        lines: lines.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect(),
    }
}

const OPENING: &str = "connect\nsetup()\nsend OpenExtendedMiningChannel -> $sent\nexpect OpenExtendedMiningChannel.Success reply to $sent  checks SV2-05-034\n";

#[test]
fn under_exec_the_killer_is_found_and_the_others_go_on() {
    for steps in [OPENING, CLOSING] {
        let folder = tempfile::tempdir().expect("a folder");
        let run = run_exec(folder.path(), "F31", steps);
        assert_eq!(run.code, 1, "{}", run.out);
        assert_eq!(run.grade("a"), ("pass", "alive"), "{}", run.out);
        assert_eq!(run.grade("b"), ("fail", "died"), "{}", run.out);
        // The pool was started again.
        assert_eq!(run.grade("c"), ("pass", "alive"), "{}", run.out);
        for part in
            ["FAIL  b  Scenario b  [died]", "signal: 6", "fell over an opening", "allowed", " -E b --seed "]
        {
            assert!(run.out.contains(part), "no {part:?} in\n{}", run.out);
        }
        assert_eq!(run.out.matches("its process ended").count(), 1, "{}", run.out);
    }
}

#[test]
fn under_exec_the_other_ends_have_their_own_grades() {
    for (id, survival) in GRADES.into_iter().filter(|(_, survival)| *survival != Survival::Died) {
        let folder = tempfile::tempdir().expect("a folder");
        let run = run_exec(folder.path(), id, OPENING);
        assert_eq!(run.code, 1, "{}", run.out);
        assert_eq!(run.grade("b"), ("fail", survival.name()), "{}", run.out);
        let shown = format!("FAIL  b  Scenario b  [{}]", survival.name());
        assert!(run.out.contains(&shown) && run.out.contains("clause   SV2-05-034"), "{}", run.out);
        // A pool that hangs was started again.
        let others = (run.grade("a"), run.grade("c"));
        assert_eq!(others, (("pass", "alive"), ("pass", "alive")), "{}", run.out);
        assert_eq!(run.out.contains("answers nobody any more"), survival == Survival::Hung, "{}", run.out);
    }
}
