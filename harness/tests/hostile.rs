//! Servers that are hostile at a moment of their choice, in memory and on virtual time: nothing that they send makes the
//! harness panic, hang past its bounds, or hold what was only announced; no such peer passes by dying, and none is our error.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/counting.rs"]
mod counting;
#[path = "support/hostile.rs"]
mod hostile;
#[path = "support/plans.rs"]
mod plans;

use hostile::{Habit, Played, Stage, play};
use plans::{SUITE, plan, scenario};
use std::time::Duration;
use sv2_conform::profile::Profile;
use sv2_conform::runner::{Peer, Plan};
use sv2_conform::suite::Scenario;
use sv2_conform::target::Target;
use sv2_conform::verdict::{Outcome, Survival, Verdict};

/// No scenario takes longer, whatever the peer does: each step has its bound.
const BOUND: Duration = Duration::from_secs(30 * 60);
/// What playing takes besides the bytes that come: the trace, the scenario's own values.
const MODEST: usize = 4 << 20;
/// The same for the suite, whose longest requests are 131 kB of numbers, each a value of the scenario. It is less than what a
/// header can announce.
const LONG_REQUESTS: usize = 12 << 20;
/// What a byte that came may cost: a frame of thirty bytes is held as values and as a line of the trace. What is only announced
/// does not come, and has no share in this.
const SMALL_FRAMES: usize = 64;
/// What a peer that floods can make us hold.
const FLOOD: usize = 400 << 20;

const STAGES: [Stage; 5] = [Stage::Connection, Stage::ActOne, Stage::Setup, Stage::Opening, Stage::Share];
const HABITS: [Habit; 9] = [
    Habit::Hangs,
    Habit::Closes,
    Habit::Resets,
    Habit::Dies,
    Habit::Babbles,
    Habit::Announces,
    Habit::Drips,
    Habit::Repeats,
    Habit::NeverCredits,
];
const FLOODS: [Habit; 3] = [Habit::FloodsJobs, Habit::FloodsBytes, Habit::FloodsNonsense];

/// Conversations that wait in every way there is.
const CONVERSATIONS: [&str; 8] = [
    "connect\nsetup()\nopen-standard() -> $chan\nawait job on $chan -> $job\nmine $job -> $share\nsubmit $share -> $x\nexpect SubmitShares.Success reply to $x checks SV2-05-097\n",
    "connect\nsetup()\nopen-extended() -> $chan\nawait job on $chan -> $job\nmine 3 $job -> $shares\nsubmit $shares\nsettle $chan\n  credited == 3 checks SV2-05-097\n",
    "connect\nsetup()\nopen-standard() -> $chan\nalive checks SV2-03-060\n",
    "connect\nsetup()\nopen-standard() -> $chan\nexpect silence within 1s checks SV2-03-060\n",
    "connect\nsetup()\nopen-standard() -> $chan\nexpect close within 2s checks SV2-03-060\n",
    "connect\nsetup()\nnever close checks SV2-03-060\nopen-standard() -> $chan\nawait job on $chan -> $job\nmine $job -> $share\nsubmit $share\n",
    "A: connect\nA: setup()\nB: connect\nB: setup()\nA: open-standard() -> $a\nB: open-standard() -> $b\nawait jobs on $a, $b at one tip -> $x, $y\nassert disjoint work($x), work($y) checks SV2-05-002\n",
    "connect\nsetup()\nsend OpenStandardMiningChannel -> $one\nsend OpenStandardMiningChannel -> $two\nexpect all-of\n  | OpenStandardMiningChannel.Success reply to $two checks SV2-05-034\n  | OpenStandardMiningChannel.Success reply to $one checks SV2-05-034\nsend UpdateChannel\n  channel_id = 2\nexpect one-of within 1s\n  | silence\n  | close lenient AMB-43\n",
];

fn plan_of(scenario: Scenario, encrypted: bool) -> Plan {
    let mut profile = Profile::foreign();
    if encrypted {
        profile.capabilities.insert("noise");
    }
    // The work itself is not what is looked at here.
    profile.hash_budget = 1 << 14;
    let authority = Target::Embedded.peer().authority.filter(|_| encrypted);
    let peer = Peer { encrypted, authority, exact_barrier: false, ..Target::Embedded.peer() };
    plan(scenario, peer, profile, 1.0)
}

#[track_caller]
fn check(what: &str, played: Option<Played>, most: usize) -> Outcome {
    let Some(Played { outcome, elapsed, memory, sent, misbehaved }) = played else {
        panic!("{what}: no end within {BOUND:?}")
    };
    let shown = || {
        let trace: Vec<String> = outcome.trace.iter().take(40).map(ToString::to_string).collect();
        let findings: Vec<_> =
            outcome.findings.iter().map(|finding| (&finding.allowed, &finding.came)).collect();
        let Outcome { verdict, survival, reason, .. } = &outcome;
        format!(
            "{what}: {verdict:?} {survival:?} {reason:?} after {elapsed:?}\n{findings:?}\n{}",
            trace.join("\n")
        )
    };
    assert_ne!(outcome.verdict, Verdict::Error, "{}", shown());
    assert!(memory.peak <= most + SMALL_FRAMES * sent, "{memory:?} for {sent} bytes, {}", shown());
    let is_pass = matches!(outcome.verdict, Verdict::Pass | Verdict::PassLenient);
    let is_well = matches!(outcome.survival, Survival::Alive | Survival::ClosedClean | Survival::ClosedRude);
    assert!(!is_pass || is_well, "{}", shown());
    assert!(misbehaved || is_well, "{}", shown());
    outcome
}

#[test]
fn every_conversation_meets_every_habit_at_every_stage() {
    for steps in CONVERSATIONS {
        for encrypted in [true, false] {
            for habit in HABITS {
                for stage in STAGES {
                    let what = format!("{habit:?} at {stage:?}, encrypted {encrypted}, in\n{steps}");
                    let played = play(plan_of(scenario(steps), encrypted), stage, habit, 1, BOUND);
                    check(&what, played, MODEST);
                }
            }
        }
    }
}

#[test]
fn good_servers_pass_these_conversations() {
    for (steps, verdict) in CONVERSATIONS.into_iter().zip([
        Verdict::Pass,
        Verdict::Pass,
        Verdict::Pass,
        Verdict::Pass,
        Verdict::Fail, // it does not close
        Verdict::Pass,
        Verdict::Fail, // its work is the same for all
        Verdict::Pass,
    ]) {
        for encrypted in [true, false] {
            let played = play(plan_of(scenario(steps), encrypted), Stage::Setup, Habit::Good, 1, BOUND);
            let outcome = check(steps, played, MODEST);
            assert_eq!(
                (outcome.verdict, outcome.survival),
                (verdict, Survival::Alive),
                "{steps}: {:#?}",
                outcome.findings
            );
        }
    }
}

/// The same misbehaviour, four ways to end: four grades, and never a pass.
#[test]
fn the_end_of_the_peer_has_four_grades() {
    for (habit, survival) in [
        (Habit::Closes, Survival::ClosedClean),
        (Habit::Resets, Survival::ClosedRude),
        (Habit::Hangs, Survival::Hung),
        (Habit::Dies, Survival::Died),
    ] {
        for (stage, verdict) in [
            (Stage::ActOne, Verdict::Blocked),
            (Stage::Setup, Verdict::Blocked),
            (Stage::Opening, Verdict::Blocked),
            (Stage::Share, Verdict::Fail),
        ] {
            let verdict = if habit == Habit::Dies { Verdict::Fail } else { verdict };
            let played = play(plan_of(scenario(CONVERSATIONS[0]), true), stage, habit, 1, BOUND);
            let outcome = check("four grades", played, MODEST);
            assert_eq!((outcome.verdict, outcome.survival), (verdict, survival), "{habit:?} at {stage:?}");
        }
    }
}

/// Where a close is right, a death is not, and a silence that nobody answers afterwards is not taken for an answer.
#[test]
fn an_allowed_close_is_told_from_a_death_and_an_allowed_silence_from_a_hang() {
    let closing = "connect\nsetup()\nsend OpenStandardMiningChannel\nexpect close checks SV2-03-060\n";
    let quiet = "connect\nsetup()\nsend OpenStandardMiningChannel\nexpect one-of within 1s\n  | silence lenient AMB-43\n  | OpenMiningChannel.Error\n";
    for (steps, habit, verdict, survival) in [
        (closing, Habit::Closes, Verdict::Pass, Survival::ClosedClean),
        (closing, Habit::Resets, Verdict::Pass, Survival::ClosedRude),
        (closing, Habit::Dies, Verdict::Fail, Survival::Died),
        (quiet, Habit::Hangs, Verdict::Inconclusive, Survival::Hung),
        (quiet, Habit::Dies, Verdict::Fail, Survival::Died),
    ] {
        let played = play(plan_of(scenario(steps), true), Stage::Opening, habit, 1, BOUND);
        let outcome = check(steps, played, MODEST);
        assert_eq!((outcome.verdict, outcome.survival), (verdict, survival), "{habit:?} in\n{steps}");
        assert_eq!(outcome.findings.is_empty(), verdict == Verdict::Pass);
    }
}

#[test]
fn floods_end_undecided_and_bounded() {
    for (steps, stage) in [
        (CONVERSATIONS[0], Stage::Opening),
        (CONVERSATIONS[3], Stage::Setup),
        (CONVERSATIONS[5], Stage::Opening),
    ] {
        for habit in FLOODS {
            let what = format!("{habit:?} at {stage:?} in\n{steps}");
            let played = play(plan_of(scenario(steps), true), stage, habit, 1, BOUND);
            let outcome = check(&what, played, FLOOD);
            assert_ne!(outcome.verdict, Verdict::Pass, "{what}");
        }
    }
}

/// The whole suite, each scenario against habits, stages and bytes of its own seed.
#[test]
fn the_suite_meets_hostile_servers() {
    let seeds = std::env::var("HOSTILE_SEEDS").map_or(4, |text| text.parse().unwrap());
    for (index, scenario) in SUITE.scenarios.iter().enumerate() {
        for seed in 0..seeds {
            let pick = index * 7 + seed * 11;
            let (habit, stage) = (HABITS[pick % HABITS.len()], STAGES[pick / 3 % STAGES.len()]);
            let what = format!("{habit:?} at {stage:?} in {} with seed {seed}", scenario.id);
            let played = play(plan_of(scenario.clone(), seed % 4 != 3), stage, habit, seed as u64, BOUND);
            check(&what, played, LONG_REQUESTS);
        }
    }
}
