//! Pools that misbehave about shares, on virtual time: the right clause fails, and what the specification leaves open does not.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/plans.rs"]
mod plans;

use plans::{SUITE, plan, scenario};
use std::collections::BTreeSet;
use sv2_conform::sim::{self, Segmentation};
use sv2_conform::suite::Scenario;
use sv2_conform::target::{EMBEDDED_START, Target};
use sv2_conform::verdict::{Outcome, Survival, Verdict};
use sv2_reference_pool::node::{Node, NodeConfig};
use sv2_reference_pool::pool::{Pool, PoolConfig};
use sv2_reference_pool::service::{ConnId, Control, Now, Outbox, Service};
use sv2_wire::frame::Frame;
use sv2_wire::{
    CloseChannel, Message, Reconnect, SetTarget, SubmitSharesError, SubmitSharesStandard,
    SubmitSharesSuccess, U256,
};

/// What a pool does with a share instead of what it ought to do.
type Habit = fn(&mut Crooked, ConnId, &SubmitSharesStandard, Now, &mut Outbox) -> Handled;

/// Whether the honest pool is to see the share.
enum Handled {
    Done,
    Honestly,
}

/// A pool with a habit.
struct Crooked {
    pool: Pool,
    habit: Habit,
    seen: BTreeSet<(u32, u32, u32, u32)>,
    shares: usize,
}

impl Service for Crooked {
    fn opened(&mut self, conn: ConnId, now: Now, out: &mut Outbox) {
        self.pool.opened(conn, now, out);
    }

    fn frame(&mut self, conn: ConnId, frame: &Frame, now: Now, out: &mut Outbox) {
        if let Ok(Message::SubmitSharesStandard(share)) = frame.decode().map(|decoded| decoded.message) {
            let handled = (self.habit)(self, conn, &share, now, out);
            self.shares += 1;
            if matches!(handled, Handled::Done) {
                return;
            }
        }
        self.pool.frame(conn, frame, now, out);
    }

    fn closed(&mut self, conn: ConnId) {
        self.pool.closed(conn);
    }

    fn control(&mut self, control: Control, now: Now, out: &mut Outbox) {
        self.pool.control(control, now, out);
    }
}

impl Crooked {
    /// Whether the same work came before.
    fn is_repeated(&mut self, share: &SubmitSharesStandard) -> bool {
        !self.seen.insert((share.job_id, share.nonce, share.ntime, share.version))
    }
}

fn credit(conn: ConnId, share: &SubmitSharesStandard, out: &mut Outbox) -> Handled {
    let (channel_id, last_sequence_number) = (share.channel_id, share.sequence_number);
    let success = SubmitSharesSuccess {
        channel_id,
        last_sequence_number,
        new_submits_accepted_count: 1,
        new_shares_sum: 1,
    };
    out.send(conn, success);
    Handled::Done
}

/// Plays against a pool with a habit, with the barrier of the embedded pool and without it, as on a foreign pool.
fn both(scenario: &Scenario, habit: Habit) -> [Outcome; 2] {
    [true, false].map(|exact_barrier| {
        let mut config = PoolConfig { seed: 5, ..PoolConfig::default() };
        config.templates.start_time = EMBEDDED_START;
        let pool = Pool::new(config).unwrap();
        let service = Crooked { pool, habit, seen: BTreeSet::new(), shares: 0 };
        let mut peer = Target::Embedded.peer();
        peer.exact_barrier = exact_barrier;
        let plan = plan(scenario.clone(), peer, Target::Embedded.profile(), 1.0);
        sim::play(plan, Node::new(NodeConfig::default(), service), Segmentation::AsWritten)
    })
}

/// The outcome has this verdict, and exactly these clauses have it as well.
#[track_caller]
fn expect(outcomes: [Outcome; 2], verdict: Verdict, clauses: &[&str]) {
    for outcome in outcomes {
        let trace: Vec<String> = outcome.trace.iter().map(ToString::to_string).collect();
        let shown = format!("{:?} {:#?}\n{}", outcome.reason, outcome.findings, trace.join("\n"));
        assert_eq!(outcome.verdict, verdict, "{shown}");
        let worst = outcome.clauses.iter().filter(|clause| clause.verdict == verdict);
        let worst: Vec<&str> = worst.map(|clause| &*clause.id).collect();
        if verdict != Verdict::Pass {
            assert_eq!(worst, clauses, "{shown}");
        }
        if outcome.survival != Survival::Alive {
            assert_eq!(outcome.verdict, Verdict::Blocked, "{shown}");
        }
    }
}

fn suite(id: &str) -> Scenario {
    SUITE.scenarios.iter().find(|scenario| scenario.id == id).unwrap().clone()
}

const WORK: &str =
    "connect\nsetup(flags: REQUIRES_STANDARD_JOBS)\nopen-standard() -> $chan\nawait job on $chan -> $job\n";

#[test]
fn the_honest_pool_passes_the_share_scenarios() {
    // Scenarios that assume something of their surroundings are not about this pool.
    let is_asked = |scenario: &&Scenario| {
        scenario.id.starts_with("mining/share/") && !scenario.source.text.contains("\nassume ")
    };
    for scenario in SUITE.scenarios.iter().filter(is_asked) {
        expect(both(scenario, |_, _, _, _, _| Handled::Honestly), Verdict::Pass, &[]);
    }
}

#[test]
fn credited_duplicates_fail_the_clause_on_duplicates() {
    let generous: Habit = |pool, conn, share, _, out| match pool.is_repeated(share) {
        true => credit(conn, share, out),
        false => Handled::Honestly,
    };
    let strict = scenario(&format!(
        "{WORK}mine $job -> $share\nsubmit $share\nsettle $chan\nsubmit $share\nsettle $chan\n  credited == 1 checks SV2-05-112\n"
    ));
    expect(both(&strict, generous), Verdict::Fail, &["SV2-05-112"]);
    expect(both(&suite("mining/share/duplicate"), generous), Verdict::Fail, &["SV2-05-112"]);
}

#[test]
fn a_refusal_that_is_credited_later_fails_too() {
    let two_faced: Habit = |pool, conn, share, now, out| {
        if !pool.is_repeated(share) {
            return Handled::Honestly;
        }
        let frame = Frame::of(&share.clone().into()).unwrap();
        pool.pool.frame(conn, &frame, now, out);
        credit(conn, share, out)
    };
    // The rule on accounts sees it as well: one share too many was credited or refused.
    let clauses = ["SV2-05-103", "SV2-05-111", "SV2-05-112"];
    expect(both(&suite("mining/share/duplicate"), two_faced), Verdict::Fail, &clauses);
}

#[test]
fn silently_dropped_duplicates_are_a_lenient_reading() {
    let silent: Habit = |pool, _, share, _, _| match pool.is_repeated(share) {
        true => Handled::Done,
        false => Handled::Honestly,
    };
    let outcomes = both(&suite("mining/share/duplicate"), silent);
    for outcome in &outcomes {
        let softened = outcome.findings.iter().filter_map(|finding| finding.ambiguity.as_deref());
        assert_eq!(softened.collect::<Vec<_>>(), ["AMB-43"]);
    }
    expect(outcomes, Verdict::PassLenient, &["SV2-05-112"]);
}

#[test]
fn credited_shares_above_the_target_fail_the_clause_on_targets() {
    let generous: Habit = |_, conn, share, _, out| credit(conn, share, out);
    let strict = scenario(&format!(
        "{WORK}mine $job -> $bad\n  hash > $job.target\nsubmit $bad\nsettle $chan\n  credited == 0 checks SV2-05-166\n"
    ));
    expect(both(&strict, generous), Verdict::Fail, &["SV2-05-166"]);
    expect(both(&suite("mining/share/above-target"), generous), Verdict::Fail, &["SV2-05-107", "SV2-05-166"]);
}

#[test]
fn credited_stale_shares_fail_where_the_scenario_is_strict_and_not_where_it_is_lenient() {
    // Stale ones, and none that are made up.
    let generous: Habit = |_, conn, share, _, out| match share.job_id {
        u32::MAX => Handled::Honestly,
        _ => credit(conn, share, out),
    };
    let strict = scenario(&format!(
        "{WORK}mine $job -> $old\nblock\nexpect SetNewPrevHash\nsubmit $old -> $late\nexpect SubmitShares.Error reply to $late checks SV2-05-144\n"
    ));
    expect(both(&strict, generous), Verdict::Fail, &["SV2-05-144"]);
    expect(both(&strict, |_, _, _, _, _| Handled::Honestly), Verdict::Pass, &[]);
    let outcomes = both(&suite("mining/share/stale"), generous);
    assert!(outcomes.iter().all(|outcome| outcome.verdict == Verdict::PassLenient));
}

#[test]
fn batched_acknowledgements_pass() {
    let text =
        suite("mining/share/accepted").source.text.replace("connect\n", "pool(ack-batch: 10)\nconnect\n");
    let steps = text.find("pool(").and_then(|start| text.get(start..)).unwrap();
    let batched = scenario(steps);
    for batch in [2, 10] {
        let mut config = PoolConfig { ack_batch: batch, ..PoolConfig::default() };
        config.templates.start_time = EMBEDDED_START;
        for exact_barrier in [true, false] {
            let mut peer = Target::Embedded.peer();
            peer.exact_barrier = exact_barrier;
            let plan = plan(batched.clone(), peer, Target::Embedded.profile(), 1.0);
            let node = Node::new(NodeConfig::default(), Pool::new(config.clone()).unwrap());
            let outcome = sim::play(plan, node, Segmentation::AsWritten);
            assert_eq!(outcome.verdict, Verdict::Pass, "{outcome:#?}");
            assert!(outcome.findings.is_empty());
        }
    }
}

/// A pool that refuses shares on unknown jobs and acknowledges none may have batches that are larger still.
#[test]
fn acknowledgements_that_never_come_are_inconclusive() {
    let batches: Habit = |_, _, share, _, _| match share.job_id {
        u32::MAX => Handled::Honestly,
        _ => Handled::Done,
    };
    for outcome in both(&suite("mining/share/accepted"), batches) {
        assert_eq!(outcome.verdict, Verdict::Inconclusive);
        assert!(outcome.reason.unwrap().contains("AMB-58"));
    }
}

#[test]
fn a_pool_that_answers_no_share_at_all_hangs_and_nothing_is_judged() {
    for outcome in both(&suite("mining/share/accepted"), |_, _, _, _, _| Handled::Done) {
        assert_eq!((outcome.verdict, outcome.survival), (Verdict::Blocked, Survival::Hung), "{outcome:#?}");
        assert_eq!(outcome.findings[0].allowed, "an answer to a share on an unknown job");
    }
}

#[test]
fn a_share_that_a_new_block_overtakes_is_played_again_and_then_left_open() {
    let racing: Habit = |crooked, _, _, now, out| {
        crooked.pool.control(Control::Block, now, out);
        Handled::Honestly
    };
    for id in ["mining/share/accepted", "mining/share/duplicate"] {
        for outcome in both(&suite(id), racing) {
            assert_eq!((outcome.verdict, outcome.tries), (Verdict::Inconclusive, 3), "{outcome:#?}");
            assert!(
                outcome
                    .reason
                    .unwrap()
                    .contains("a new previous hash came before an answer came, in 3 tries")
            );
        }
    }
    let once: Habit = |crooked, _, _, now, out| {
        if crooked.shares == 0 {
            crooked.pool.control(Control::Block, now, out);
        }
        Handled::Honestly
    };
    for text in [
        "submit $share -> $x\nexpect SubmitShares.Success reply to $x",
        "submit $share\nexpect SubmitShares.Success",
        "submit $share\nsettle $chan\n  credited == 1",
        "send SubmitSharesStandard -> $x\n  channel_id = $chan.channel_id, job_id = $job.job_id, nonce = $share.nonce, ntime = $share.ntime, version = $share.version, sequence_number = 1\nexpect SubmitShares.Success reply to $x",
    ] {
        let text = format!("{WORK}mine $job -> $share\n{text} checks SV2-05-097\n");
        for outcome in both(&scenario(&text), once) {
            assert_eq!((outcome.verdict, outcome.tries), (Verdict::Pass, 2), "{text}\n{outcome:#?}");
        }
    }
}

/// Refusing a share on an earlier job of the same tip is a warning (AMB-40), where the miner could know of the newer one.
#[test]
fn a_refusal_that_crosses_a_newer_job_is_a_race() {
    let strict: Habit = |crooked, conn, share, now, out| {
        if crooked.shares > 0 {
            return Handled::Honestly;
        }
        crooked.pool.control(Control::Template, now, out);
        let (channel_id, sequence_number) = (share.channel_id, share.sequence_number);
        out.send(conn, SubmitSharesError { channel_id, sequence_number, error_code: "stale-share".into() });
        Handled::Done
    };
    for text in [
        "submit $share -> $x\nexpect SubmitShares.Success reply to $x",
        "submit $share\nsettle $chan\n  credited == 1",
    ] {
        let text = format!("{WORK}mine $job -> $share\n{text} checks SV2-05-097\n");
        for outcome in both(&scenario(&text), strict) {
            assert_eq!((outcome.verdict, outcome.tries), (Verdict::Pass, 2), "{text}\n{outcome:#?}");
        }
    }
}

/// Lower numbers behind higher ones are a warning (AMB-59); what they count is credited.
#[test]
fn acknowledgements_out_of_order_are_counted() {
    let backwards: Habit = |crooked, conn, share, _, out| {
        if crooked.shares == 1 {
            credit(conn, share, out);
            let earlier = SubmitSharesStandard { sequence_number: share.sequence_number - 1, ..*share };
            credit(conn, &earlier, out);
        }
        Handled::Done
    };
    let text = format!(
        "{WORK}mine $job -> $share\nsubmit $share\nsettle $chan\n  credited == 1 checks SV2-05-097\n"
    );
    for outcome in both(&scenario(&text), backwards) {
        assert!(outcome.verdict <= Verdict::PassLenient, "{outcome:#?}");
    }
}

/// "may occasionally request reconnection" (spec section 3.3): that is no answer, and no wrong one.
#[test]
fn a_server_that_asks_to_reconnect_is_not_judged() {
    let leaving: Habit = |_, conn, _, _, out| {
        out.send(conn, Reconnect::default());
        Handled::Done
    };
    for text in [
        "submit $share -> $x\nexpect SubmitShares.Success reply to $x",
        "submit $share\nexpect silence within 1s",
    ] {
        let scenario = scenario(&format!("{WORK}mine $job -> $share\n{text} checks SV2-05-097\n"));
        for outcome in both(&scenario, leaving) {
            assert_eq!((outcome.verdict, outcome.findings.len()), (Verdict::Inconclusive, 0), "{outcome:#?}");
        }
    }
}

#[test]
fn a_target_that_changes_under_a_share_is_a_race_too() {
    let retargeting: Habit = |_, conn, share, _, out| {
        out.send(conn, SetTarget { channel_id: share.channel_id, maximum_target: U256::ZERO });
        Handled::Honestly
    };
    for outcome in both(&suite("mining/share/accepted"), retargeting) {
        assert_eq!((outcome.verdict, outcome.tries), (Verdict::Inconclusive, 3), "{outcome:#?}");
        assert!(outcome.reason.unwrap().contains("the target changed"));
    }
}

#[test]
fn new_work_between_mining_and_submitting_is_a_race_unless_the_scenario_made_it() {
    // The block comes with the answer to the first share, and is read before the second share goes out.
    let racing: Habit = |crooked, _, _, now, out| {
        if crooked.shares == 0 {
            crooked.pool.control(Control::Block, now, out);
        }
        Handled::Honestly
    };
    let text = format!(
        "{WORK}mine 2 $job -> $shares\nsubmit $shares[0]\nexpect SetNewPrevHash\nsubmit $shares[1] -> $x\nexpect SubmitShares.Success reply to $x checks SV2-05-097\n"
    );
    for outcome in both(&scenario(&text), racing) {
        // In the second try no block comes, so that nothing is accused of anything but the block's absence.
        assert_eq!((outcome.verdict, outcome.tries), (Verdict::Blocked, 2), "{outcome:#?}");
    }
}

#[test]
fn a_channel_that_the_pool_closes_blocks_and_is_not_our_fault() {
    let closing: Habit = |_, conn, share, _, out| {
        out.send(conn, CloseChannel { channel_id: share.channel_id, ..Default::default() });
        Handled::Done
    };
    for outcome in both(&suite("mining/share/accepted"), closing) {
        assert_eq!(outcome.verdict, Verdict::Blocked, "{outcome:#?}");
    }
}

#[test]
fn an_arm_that_was_not_taken_blocks_what_needs_its_capture() {
    let text = format!(
        "{WORK}mine $job -> $share\nsubmit $share -> $x\nexpect reply to $x\n  | SubmitShares.Error -> $error\n  | SubmitShares.Success\nassert $error.sequence_number == 1 checks SV2-05-107\n"
    );
    for outcome in both(&scenario(&text), |_, _, _, _, _| Handled::Honestly) {
        assert_eq!(outcome.verdict, Verdict::Blocked, "{outcome:#?}");
        assert_eq!(outcome.reason.unwrap(), "$error has no value: the arm that binds it was not taken");
    }
}

/// Such an answer was once taken up and laid aside for ever.
#[test]
fn an_answer_of_another_kind_ends_waiting_for_several() {
    let asked =
        "connect\nsetup()\nsend OpenStandardMiningChannel -> $one\nsend OpenStandardMiningChannel -> $two\n";
    let at_once = "expect all-of checks SV2-05-034\n  | OpenMiningChannel.Error reply to $one\n  | OpenStandardMiningChannel.Success reply to $two\n";
    let laid_aside = "expect reply to $two\n  | OpenStandardMiningChannel.Success\nexpect all-of checks SV2-05-034\n  | OpenMiningChannel.Error reply to $one\n";
    for steps in [at_once, laid_aside] {
        let scenario = scenario(&format!("{asked}{steps}"));
        expect(both(&scenario, |_, _, _, _, _| Handled::Honestly), Verdict::Fail, &["SV2-05-034"]);
    }
}

/// An answer to an UpdateChannel names the channel alone.
#[test]
fn an_answer_that_may_be_for_an_earlier_request_judges_neither() {
    let [one, two] = ["1e12", "2e12"].map(|rate| {
        format!("send UpdateChannel -> $of_{rate}\n  channel_id = 0x80000000\n  nominal_hash_rate = {rate}\n")
    });
    let refused = |rate| format!("expect reply to $of_{rate} checks SV2-05-065\n  | UpdateChannel.Error\n");
    let (first, second) = (refused("1e12"), refused("2e12"));
    let among = "expect all-of checks SV2-05-065\n  | UpdateChannel.Error reply to $of_2e12\n";
    for steps in [format!("{one}{two}{second}"), format!("{one}{two}{first}"), format!("{one}{two}{among}")] {
        let scenario = scenario(&format!("{WORK}{steps}"));
        for outcome in both(&scenario, |_, _, _, _, _| Handled::Honestly) {
            assert_eq!((outcome.verdict, outcome.findings.len()), (Verdict::Inconclusive, 0), "{outcome:#?}");
            let reason = outcome.reason.unwrap();
            assert!(reason.starts_with("UpdateChannel.Error names no request"), "{reason}");
        }
    }
    let scenario = scenario(&format!("{WORK}{one}{first}{two}{second}"));
    expect(both(&scenario, |_, _, _, _, _| Handled::Honestly), Verdict::Pass, &[]);
}

#[test]
fn errors_that_nobody_waited_for_do_not_disturb_the_account() {
    let text = format!(
        "{WORK}mine 2 $job -> $shares\nsubmit $shares[0]\n  job_id = 0xfffffff0\nsubmit $shares[1] -> $x\nexpect SubmitShares.Success reply to $x\nexpect silence within 1s\nalive\nsettle $chan\n  credited == 1 checks SV2-05-097\n  refused == 1 checks SV2-05-107\n  submitted == 2 checks SV2-05-103\n"
    );
    expect(both(&scenario(&text), |_, _, _, _, _| Handled::Honestly), Verdict::Pass, &[]);
}

#[test]
fn a_finding_names_the_frame_that_it_is_about() {
    let generous: Habit = |_, conn, share, _, out| credit(conn, share, out);
    let text = format!(
        "{WORK}mine $job -> $bad\n  hash > $job.target\nsubmit $bad -> $x\nexpect SubmitShares.Error reply to $x checks SV2-05-107\n"
    );
    for outcome in both(&scenario(&text), generous) {
        let [finding] = outcome.findings.as_slice() else { panic!("{outcome:#?}") };
        let line = outcome.trace.get(finding.trace_line - 1).unwrap().to_string();
        assert!(line.starts_with("< SubmitShares.Success") && line.ends_with(&finding.came), "{line}");
        assert_eq!(finding.place.line(), 10);
    }
}
