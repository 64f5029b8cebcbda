//! Floods: what a rule has no room for it does not judge, neither for nor against the server. What still fits it judges.

use crate::notation::breaches;
use crate::occasions::last_said;
use sv2_session::bounds::{KEPT_CHANNELS, KEPT_IDS, KEPT_JOBS};
use sv2_session::rules::{RuleSpec, Ruling};
use sv2_session::{Conversation, Moment, Watch};
use sv2_wire::frame::Frame;
use sv2_wire::{Message, SetupConnection, SetupConnectionSuccess};

/// `KEPT_IDS` and the like as the number of something.
fn number(bound: usize) -> u32 {
    u32::try_from(bound).expect("small")
}

/// The set-up and one line for each number from 1 on.
fn flood(last: u32, line: impl Fn(u32) -> String) -> String {
    let lines: Vec<String> = (1..=last).map(line).collect();
    format!("setup\n{}\n", lines.join("\n"))
}

/// What a rule says about a last frame, in one word.
fn verdict(rule: &str, begin: &str, last: &str) -> &'static str {
    let said = last_said(rule, begin, last);
    match said.iter().find(|judgement| judgement.ruling != Ruling::Kept) {
        Some(_) => "breach",
        None if said.is_empty() => "nothing",
        None => "kept",
    }
}

/// With as many as fit, the last one is known and others never were; with one more nobody can tell.
fn assert_bounded(rule: &str, begin: impl Fn(u32) -> String, about: impl Fn(u32) -> String) {
    let kept = number(KEPT_IDS);
    let (full, over) = (begin(kept), begin(kept + 1));
    assert_eq!(verdict(rule, &full, &about(kept)), "kept", "{rule}: the last one that fits");
    assert_eq!(verdict(rule, &full, &about(kept + 1)), "breach", "{rule}: there was no such thing");
    assert_eq!(verdict(rule, &over, &about(kept + 1)), "nothing", "{rule}: one that does not fit");
    assert_eq!(verdict(rule, &over, &about(kept + 2)), "nothing", "{rule}: it may have been there");
    assert_eq!(verdict(rule, &over, &about(kept)), "kept", "{rule}: what is known is known");
}

#[test]
fn channel_requests() {
    let begin = |last| flood(last, |id| format!("> OpenStandardMiningChannel request_id={id}"));
    assert_bounded("opening-answer", begin, |id| format!("< OpenMiningChannel.Error request_id={id}"));
}

#[test]
fn custom_jobs() {
    let begin = |last| flood(last, |id| format!("> SetCustomMiningJob channel_id=3 request_id={id}"));
    assert_bounded("custom-job-answer", begin, |id| {
        format!("< SetCustomMiningJob.Error channel_id=3 request_id={id}")
    });
}

#[test]
fn ids_that_the_client_names() {
    let again = "> UpdateChannel channel_id=1\n";
    let begin = |last| flood(last, |id| format!("> UpdateChannel channel_id={id}")) + again;
    assert_bounded("known-address", begin, |id| format!("< UpdateChannel.Error channel_id={id}"));
}

#[test]
fn groups() {
    let begin = |last| flood(last, |id| format!("< SetGroupChannel group_channel_id={id}"));
    assert_bounded("known-address", begin, |id| format!("< SetTarget channel_id={id}"));
}

#[test]
fn channels() {
    let begin = |last| {
        flood(last, |id| {
            format!("< OpenStandardMiningChannel.Success channel_id={id} group_channel_id=99999")
        })
    };
    assert_bounded("known-address", begin, |id| format!("< SetTarget channel_id={id}"));
    let list = |id| format!("< SetGroupChannel group_channel_id=99999 channel_ids=[{id}]");
    let kept = number(KEPT_IDS);
    assert_eq!(verdict("group-members", &begin(kept), &list(kept + 1)), "breach");
    assert_eq!(verdict("group-members", &begin(kept + 1), &list(kept + 1)), "kept");
}

#[test]
fn the_oldest_shares() {
    let kept = number(KEPT_IDS);
    let begin = |last| flood(last, |id| format!("> SubmitSharesStandard channel_id=2 sequence_number={id}"));
    let (full, over) = (begin(kept), begin(kept + 1));
    let error = |id| format!("< SubmitShares.Error channel_id=2 sequence_number={id}");
    let success = |id| format!("< SubmitShares.Success channel_id=2 last_sequence_number={id}");
    let ids = [1, 2, kept + 1, kept + 2];
    let verdicts = |begin: &str| ids.map(|id| verdict("one-error-per-share", begin, &error(id)));
    assert_eq!(verdicts(&full), ["kept", "kept", "breach", "breach"]);
    assert_eq!(verdicts(&over), ["nothing", "kept", "kept", "nothing"]);
    let verdicts =
        |begin: &str| [kept, kept + 2].map(|id| verdict("acknowledged-number", begin, &success(id)));
    assert_eq!((verdicts(&full), verdicts(&over)), (["kept", "breach"], ["kept", "nothing"]));
}

/// Extended channels from 1 on, all of group 9000.
fn open(last: u32) -> String {
    flood(last, |id| {
        format!(
            "> OpenExtendedMiningChannel request_id={id} max_target=5000\n< OpenExtendedMiningChannel.Success request_id={id} channel_id={id} target=1000 group_channel_id=9000 extranonce_size=8"
        )
    })
}

#[test]
fn channels_whose_targets_and_sums_are_followed() {
    let kept = number(KEPT_CHANNELS);
    // The last one takes the place of the first in the model, but not in the rules.
    let begin = format!("{}> CloseChannel channel_id=1\n{}", open(kept), &open(kept + 1)[open(kept).len()..]);
    let sum = |id| format!("< SubmitShares.Success channel_id={id}");
    let target = |id| format!("< SetTarget channel_id={id} maximum_target=9000");
    for (rule, about, judged) in
        [("difficulty-sum", &sum as &dyn Fn(u32) -> String, "kept"), ("target-maximum", &target, "breach")]
    {
        assert_eq!(verdict(rule, &begin, &about(kept)), judged, "{rule}");
        assert_eq!(verdict(rule, &begin, &about(kept + 1)), "nothing", "{rule}");
    }
    // An id that comes again is another channel, whether there is room for it or not.
    let again = format!(
        "{begin}> CloseChannel channel_id=2
        > OpenExtendedMiningChannel request_id=1 max_target=9000
        < OpenExtendedMiningChannel.Success request_id=1 channel_id=2 target=1000 group_channel_id=9000 extranonce_size=8\n"
    );
    assert_eq!(verdict("target-maximum", &again, &target(2)), "kept");
}

#[test]
fn maxima_in_flight() {
    let update = |maximum: u32| format!("> UpdateChannel channel_id=2 maximum_target={maximum}\n");
    let target = |maximum: u32| format!("< SetTarget channel_id=2 maximum_target={maximum}");
    let begin = "setup\nstandard 2 7\n";
    let flight = format!("{begin}{}{}", update(9000), update(6000).repeat(KEPT_JOBS * 3));
    assert_eq!(verdict("target-maximum", &flight, &target(9000)), "kept", "the server may know no later one");
    assert_eq!(verdict("target-maximum", &flight, &target(9001)), "breach");
    // The server must know the first update; with the 5000 of the opening there are as many maxima as fit.
    let rest = update(4000).repeat(KEPT_JOBS - 2);
    let known = format!("{begin}{}standard 3 7\n{rest}", update(4000));
    assert_eq!(verdict("target-maximum", &known, &target(4001)), "breach");
}

#[test]
fn first_messages() {
    let kept = number(KEPT_CHANNELS);
    let begin = |last: u32| {
        let open = |id| format!("< OpenStandardMiningChannel.Success channel_id={id} group_channel_id=9000");
        flood(last, open).replace("setup", "setup flags=1")
    };
    assert_eq!(verdict("first-message", &begin(kept), &format!("job {kept} 1 none")), "kept");
    let over = kept + 1;
    assert_eq!(verdict("first-message", &begin(over), &format!("job {over} 1 none")), "nothing");
}

#[test]
fn jobs_whose_ids_must_not_come_again() {
    let kept = number(KEPT_JOBS);
    let begin = |last| flood(last, |id| format!("job 2 {id} none")).replacen('\n', "\nstandard 2 7\n", 1);
    let clash = "job 2 1 none version=5";
    assert_eq!(verdict("job-ids", &begin(kept), clash), "breach");
    assert_eq!(verdict("job-ids", &begin(kept + 1), clash), "kept");
    let channels = number(KEPT_CHANNELS);
    let jobs = |last: u32| (1..=last).map(|id| format!("xjob {id} 1 none\n")).collect::<String>();
    let begin = |last| format!("{}{}", open(channels), jobs(last));
    assert_eq!(verdict("job-ids", &begin(channels - 1), "xjob 9000 2 none"), "kept");
    assert_eq!(verdict("job-ids", &begin(channels), "xjob 9000 2 none"), "nothing");
    assert_eq!(verdict("job-ids", &begin(channels), "xjob 1 1 none version=5"), "breach");
}

#[test]
fn future_jobs_that_can_be_named() {
    let kept = number(KEPT_JOBS);
    let begin = |last| flood(last, |id| format!("job 2 {id} none")).replacen('\n', "\nstandard 2 7\n", 1);
    assert_eq!(verdict("names-future-job", &begin(kept), "tip 2 1 77"), "kept");
    assert_eq!(verdict("names-future-job", &begin(kept + 1), "tip 2 1 77"), "nothing", "it was forgotten");
    let over = format!("{}tip 2 {kept} 77\njob 2 9000 none\n", begin(kept));
    assert_eq!(verdict("names-future-job", &over, "tip 2 1 78"), "breach", "those that are over go first");
    // A group's jobs, with a member that came late and never had them.
    let begin = |last| {
        flood(last, |id| format!("xjob 7 {id} none")).replacen('\n', "\nextended 3 7\n", 1) + "extended 4 7\n"
    };
    assert_eq!(verdict("names-future-job", &begin(kept), "tip 7 1 77"), "kept");
    assert_eq!(verdict("names-future-job", &begin(kept + 1), "tip 7 1 77"), "nothing");
    // Jobs of so many addresses that the group's had no room.
    let channels = number(KEPT_CHANNELS);
    let jobs = |last: u32| (1..=last).map(|id| format!("xjob {id} 1 none\n")).collect::<String>();
    let begin = |last| format!("{}{}xjob 9000 2 none\n", open(channels), jobs(last));
    assert_eq!(verdict("names-future-job", &begin(channels - 1), "tip 9000 9 77"), "breach");
    assert_eq!(verdict("names-future-job", &begin(channels), "tip 9000 9 77"), "nothing");
    let again = format!("{}{}xjob 1 3 none\n", open(channels), jobs(channels));
    assert_eq!(verdict("names-future-job", &again, "tip 9000 9 77"), "breach", "a known address fits");
}

#[test]
fn addresses_that_had_a_previous_hash() {
    let kept = number(KEPT_IDS);
    let tips = |last| flood(last, |id| format!("tip {id} 1 77"));
    let begin = |last| tips(last) + "standard 9000 9001\njob 9000 1 none\n";
    assert_eq!(verdict("names-future-job", &begin(kept - 1), "tip 9000 2 77"), "breach");
    assert_eq!(verdict("names-future-job", &begin(kept), "tip 9000 2 77"), "nothing");
    let begin = |last| tips(last) + "extended 9000 9001\n";
    let stance = |last| breaches(&last_said("prev-hash-first", &begin(last), "xjob 9001 2 9"));
    assert_eq!(stance(kept - 1), ["prev-hash-first strict SV2-05-122"]);
    assert_eq!(stance(kept), ["prev-hash-first lenient AMB-145 SV2-05-122"], "the group may have had one");
}

#[test]
fn a_job_that_had_to_go_for_its_size_may_be_named() {
    let huge = "00".repeat(0xffff);
    let path = vec!["1"; 255].join(";");
    let job = |id: u32| {
        format!(
            "< NewExtendedMiningJob channel_id=7 job_id={id} min_ntime=none merkle_path=[{path}] coinbase_tx_prefix={huge} coinbase_tx_suffix={huge}\n"
        )
    };
    let begin = format!("setup\nextended 3 7\n{}{}", job(1), job(2));
    assert_eq!(
        verdict("names-future-job", &begin, "tip 3 2 77"),
        "nothing",
        "1 was forgotten, so any may be"
    );
    let retired = format!("setup\nextended 3 7\n{}xjob 3 2 none\ntip 3 2 77\n{}", job(1), job(3));
    assert_eq!(verdict("names-future-job", &retired, "tip 3 9 78"), "breach", "1 was over");
}

#[test]
fn work_that_nobody_else_may_have() {
    let kept = number(KEPT_IDS);
    let begin = |last: u32| {
        let jobs: String = (2..=last).map(|id| format!("job 2 {id} 9\n")).collect();
        format!(
            "setup\nstandard 2 7\nstandard 3 7\njob 2 1 none\ntip 2 1 77\n{jobs}job 3 1 none merkle_root=2001\n"
        )
    };
    assert_eq!(verdict("disjoint-work", &begin(kept), "tip 3 1 77"), "breach");
    assert_eq!(verdict("disjoint-work", &begin(kept + 1), "tip 3 1 77"), "kept");
}

#[test]
fn jobs_that_wait_for_a_previous_hash() {
    let kept = number(8 * KEPT_JOBS);
    let begin = |last| flood(last, |id| format!("job 2 {id} none"));
    assert_eq!(verdict("speculation", &begin(kept), &format!("tip 2 {kept} 77")), "kept");
    assert_eq!(verdict("speculation", &begin(kept + 1), &format!("tip 2 {} 77", kept + 1)), "nothing");
    let kept = number(KEPT_CHANNELS);
    let begin = |last: u32| {
        let came = flood(last, |id| format!("xjob {id} 1 none"));
        let late: String = (1..=last).map(|id| format!("tip {id} 1 77\n")).collect();
        format!("{came}+ 9\n{late}")
    };
    assert_eq!(verdict("speculation", &begin(kept), &format!("xjob {kept} 2 9")), "kept");
    assert_eq!(verdict("speculation", &begin(kept + 1), &format!("xjob {} 2 9", kept + 1)), "nothing");
}

#[test]
fn channels_whose_pace_is_followed() {
    let kept = number(KEPT_IDS);
    let begin = |last: u32| {
        let asked = flood(last, |id| format!("> OpenStandardMiningChannel request_id={id}"));
        format!("{asked}< OpenStandardMiningChannel.Success request_id={last} channel_id=2\njob 2 1 none\n")
    };
    assert_eq!(verdict("fresh-work", &begin(kept), "job 2 2 none"), "kept");
    assert_eq!(verdict("fresh-work", &begin(kept + 1), "job 2 2 none"), "nothing");
    let kept = number(KEPT_CHANNELS);
    let begin = |last: u32| {
        format!(
            "{}job {last} 1 none\n",
            open(last).replace("Extended", "Standard").replace(" extranonce_size=8", "")
        )
    };
    assert_eq!(verdict("fresh-work", &begin(kept), &format!("job {kept} 2 none")), "kept");
    assert_eq!(verdict("fresh-work", &begin(kept + 1), &format!("job {} 2 none", kept + 1)), "nothing");
}

/// What is said about the success of the last of so many connections, each of which asks for other flags.
fn said_about_connection(last: u32) -> usize {
    let wanted = |rule: &RuleSpec| rule.name == "flags-not-echoed";
    let mut all = Conversation::with(wanted);
    let mut last_said = 0;
    for flags in 1..=last {
        let mut watch = Watch::with(usize::try_from(flags).expect("small"), wanted);
        let ask = Message::from(SetupConnection { flags, ..Default::default() });
        watch.sent(&Frame::of(&ask).expect("small"), Moment::default(), &mut all);
        let answer = Message::from(SetupConnectionSuccess::default());
        last_said = watch.received(&Frame::of(&answer).expect("small"), Moment::default(), &mut all).len();
    }
    last_said
}

#[test]
fn pairs_of_flags() {
    assert_eq!([1, 2, 256, 257].map(said_about_connection), [0, 1, 1, 0]);
}
