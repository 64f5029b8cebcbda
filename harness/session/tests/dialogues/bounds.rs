//! Floods: whatever is sent, the model stays small.

use crate::support::Dialogue;
use sv2_session::bounds::{
    KEPT_ACKS, KEPT_CHANNELS, KEPT_CUSTOM_JOBS, KEPT_JOB_BYTES, KEPT_JOBS, KEPT_OPENINGS, KEPT_SHARES,
};
use sv2_session::{Channel, Job, JobState};
use sv2_wire::{
    B0_64K, NewExtendedMiningJob, OpenStandardMiningChannel, OpenStandardMiningChannelSuccess, Opt, Seq,
    SetCustomMiningJob, SetCustomMiningJobSuccess, U256,
};

pub(crate) fn assert_bounded(channel: &Channel) {
    let count = |of: fn(&&Job) -> bool| channel.jobs.values().filter(of).count();
    assert!(count(|job| job.state == JobState::Future) <= KEPT_JOBS);
    assert!(count(|job| job.is_active()) <= KEPT_JOBS);
    assert!(count(|job| job.state == JobState::Retired) <= KEPT_JOBS);
    assert!(channel.jobs.values().map(Job::weight).sum::<usize>() <= KEPT_JOB_BYTES);
    assert!(channel.account.acked_numbers.len() <= KEPT_ACKS);
    assert!(channel.account.shares.len() <= KEPT_SHARES);
}

fn served() -> Dialogue {
    let mut talk = Dialogue::with_flags(0);
    talk.open_standard(2, 7);
    talk.job(2, 0, None);
    talk.tip(2, 0, 50);
    talk
}

fn ids(channel: &Channel) -> Vec<u32> {
    channel.jobs.keys().copied().collect()
}

fn span(last: u32) -> Vec<u32> {
    let kept = u32::try_from(KEPT_JOBS).expect("small");
    (last + 1 - kept..=last).collect()
}

#[test]
fn active_jobs_on_one_tip_are_bounded_and_the_newest_stay() {
    let mut talk = served();
    for id in 1..=2000 {
        talk.job(2, id, Some(50));
        assert_eq!(talk.mines(2), Some(id));
    }
    assert_bounded(talk.channel(2));
    assert_eq!(ids(talk.channel(2)), span(2000));
}

#[test]
fn future_jobs_are_bounded_and_push_out_no_active_one() {
    let mut talk = served();
    (1..=2000).for_each(|id| talk.job(2, id, None));
    assert_bounded(talk.channel(2));
    assert_eq!(talk.mines(2), Some(0));
    talk.tip(2, 2000, 60);
    assert_eq!(talk.mines(2), Some(2000));
}

#[test]
fn retired_jobs_are_bounded_when_many_retire_at_once() {
    let mut talk = served();
    for round in 0..5 {
        let first = round * 1000 + 1;
        (first..first + 300).for_each(|id| talk.job(2, id, Some(50)));
        (first + 300..first + 600).for_each(|id| talk.job(2, id, None));
        talk.tip(2, first + 599, 60);
        assert_bounded(talk.channel(2));
        assert_eq!(talk.mines(2), Some(first + 599));
    }
}

fn huge_job(job_id: u32, min_ntime: Option<u32>) -> NewExtendedMiningJob {
    let coinbase = || B0_64K::new(vec![0; 0xffff]).expect("the most there can be");
    NewExtendedMiningJob {
        channel_id: 7,
        job_id,
        min_ntime: Opt(min_ntime),
        merkle_path: Seq::new(vec![U256::MAX; 255]).expect("the most there can be"),
        coinbase_tx_prefix: coinbase(),
        coinbase_tx_suffix: coinbase(),
        ..Default::default()
    }
}

#[test]
fn the_bytes_of_jobs_are_bounded_and_the_newest_job_fits() {
    let mut talk = Dialogue::with_flags(0);
    (1..=20).for_each(|id| talk.open_extended(id, 7));
    talk.server(huge_job(1, None));
    talk.tip(7, 1, 50);
    for job_id in 2..40 {
        talk.server(huge_job(job_id, (job_id % 3 != 0).then_some(50)));
        talk.session.channels().for_each(|channel| {
            assert_bounded(channel);
            assert!(channel.jobs.contains_key(&job_id));
        });
    }
}

#[test]
fn retired_jobs_make_room_first() {
    let mut talk = Dialogue::with_flags(0);
    talk.open_extended(2, 7);
    talk.extended_job(7, 1, None);
    talk.server(huge_job(2, None));
    talk.tip(7, 1, 50);
    talk.server(huge_job(3, Some(50)));
    assert_eq!(ids(talk.channel(2)), [1, 3], "2 is younger than 1, but retired");
    talk.server(huge_job(4, Some(50)));
    assert_eq!(ids(talk.channel(2)), [4], "then it goes by age");
}

#[test]
fn channels_are_bounded() {
    let mut talk = Dialogue::with_flags(0);
    let mut open = |channel_id, target| {
        talk.server(OpenStandardMiningChannelSuccess {
            channel_id,
            target: U256::from(target),
            ..Default::default()
        });
    };
    (1..=3000).for_each(|id| open(id, 1));
    open(2, 9);
    assert_eq!(talk.session.channels().count(), KEPT_CHANNELS);
    assert!(talk.session.channel(3000).is_none());
    assert_eq!(talk.channel(2).target, U256::from(9), "an id that is known can be replaced");
    talk.server(crate::support::close(1));
    talk.open_standard(200, 7);
    talk.server(OpenStandardMiningChannelSuccess { channel_id: 3000, ..Default::default() });
    assert!(talk.session.channel(3000).is_some(), "there is room again");
}

#[test]
fn requests_that_are_never_answered_are_bounded() {
    let mut talk = Dialogue::with_flags(0);
    let max_target = U256::from(5);
    let kept = u32::try_from(KEPT_OPENINGS).expect("small");
    for request_id in 1..=kept + 1 {
        talk.client(OpenStandardMiningChannel { request_id, max_target, ..Default::default() });
    }
    for request_id in [kept, kept + 1] {
        let channel_id = request_id;
        talk.server(OpenStandardMiningChannelSuccess { request_id, channel_id, ..Default::default() });
    }
    let declared = [kept, kept + 1].map(|id| talk.channel(id).declared_max_target);
    assert_eq!(declared, [max_target, U256::MAX]);
}

#[test]
fn custom_jobs_that_are_never_answered_are_bounded() {
    let mut talk = Dialogue::with_flags(2);
    talk.open_extended(2, 7);
    let kept = u32::try_from(KEPT_CUSTOM_JOBS).expect("small");
    for request_id in 1..=kept + 1 {
        talk.client(SetCustomMiningJob { channel_id: 2, request_id, ..Default::default() });
    }
    for request_id in [kept, kept + 1] {
        talk.server(SetCustomMiningJobSuccess { channel_id: 2, request_id, job_id: request_id });
    }
    assert_eq!(ids(talk.channel(2)), [kept]);
}

#[test]
fn lists_of_group_members_that_are_not_open_leave_no_trace() {
    let mut talk = served();
    let list: Vec<u32> = (0..0xffff).collect();
    for group in 100_000..100_020 {
        talk.regroup(group, &list);
    }
    assert_eq!((talk.members(100_018), talk.members(100_019)), (vec![], vec![2]));
    assert_eq!(talk.session.channels().count(), 1);
}

#[test]
fn acknowledged_numbers_are_bounded_and_the_sums_go_on() {
    let mut talk = served();
    (0..20_000).for_each(|number| talk.acknowledge(2, number, 1, 2));
    talk.submit(2, 20_000);
    talk.acknowledge(2, 20_000, 1, 2);
    let account = &talk.channel(2).account;
    assert_eq!((account.credited, account.shares_sum), (20_001, 40_002));
    assert_eq!((account.acked_numbers.len(), account.acked_numbers[KEPT_ACKS - 1]), (KEPT_ACKS, 8191));
    assert_eq!(account.shares[&20_000], sv2_session::ShareState::Acknowledged);
}

#[test]
fn the_oldest_shares_are_forgotten() {
    let mut talk = served();
    let kept = u32::try_from(KEPT_SHARES).expect("small");
    (0..kept + 10).for_each(|number| talk.submit(2, number));
    talk.submit(2, 10);
    talk.submit(2, kept + 10);
    talk.refuse(2, 3, "too late to matter");
    let account = &talk.channel(2).account;
    assert_eq!((account.shares.len(), account.refused), (KEPT_SHARES, 0));
    assert!(account.shares.contains_key(&10) && !account.shares.contains_key(&11));
    talk.acknowledge(2, kept + 10, kept, 0);
    let acknowledged = |state: &sv2_session::ShareState| *state == sv2_session::ShareState::Acknowledged;
    assert!(talk.channel(2).account.shares.values().all(acknowledged));
}
