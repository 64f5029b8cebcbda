//! SetTarget and what it means for jobs that are already there.

use crate::support::{Dialogue, both};
use sv2_wire::U256;

fn between(hardest: u64, easiest: u64) -> (U256, U256) {
    (U256::from(hardest), U256::from(easiest))
}

/// Channel 2: job 1 came as a future job and is active, 2 came active, 3 is a future job; all at target 1000.
fn three_jobs() -> Dialogue {
    let mut talk = Dialogue::with_flags(0);
    talk.open_standard(2, 7);
    talk.job(2, 1, None);
    talk.tip(2, 1, 50);
    talk.job(2, 2, Some(50));
    talk.job(2, 3, None);
    talk
}

#[test]
fn jobs_start_with_the_target_of_the_channel() {
    let mut talk = three_jobs();
    assert_eq!([1, 2, 3].map(|id| talk.limits(2, id)), [both(1000); 3]);
    talk.target(2, 600);
    talk.job(2, 4, Some(50));
    talk.job(2, 5, None);
    assert_eq!([4, 5].map(|id| talk.limits(2, id)), [both(600); 2]);
}

#[test]
fn a_harder_target_leaves_both_readings_open_for_active_jobs() {
    let mut talk = three_jobs();
    talk.target(2, 600);
    assert_eq!(talk.channel(2).target, U256::from(600));
    assert_eq!([1, 2].map(|id| talk.limits(2, id)), [between(600, 1000); 2], "AMB-48, AMB-141");
    assert_eq!(talk.limits(2, 3), both(600), "a future job takes it");
}

#[test]
fn an_easier_target_leaves_both_readings_open_for_active_jobs() {
    let mut talk = three_jobs();
    talk.target(2, 3000);
    assert_eq!([1, 2].map(|id| talk.limits(2, id)), [between(1000, 3000); 2]);
    assert_eq!(talk.limits(2, 3), both(3000));
}

#[test]
fn limits_only_widen_while_a_job_is_active() {
    let mut talk = three_jobs();
    for target in [3000, 600, 700] {
        talk.target(2, target);
    }
    assert_eq!([1, 2, 3].map(|id| talk.limits(2, id)), [between(600, 3000), between(600, 3000), both(700)]);
    talk.tip(2, 3, 60);
    assert_eq!(talk.limits(2, 3), both(700), "activation itself changes nothing");
    talk.target(2, 100);
    assert_eq!(talk.limits(2, 3), between(100, 700));
    assert_eq!(talk.limits(2, 1), between(600, 3000), "retired jobs are history");
}

#[test]
fn an_immediate_job_that_still_waits_is_no_future_job() {
    let mut talk = Dialogue::with_flags(0);
    talk.open_standard(2, 7);
    talk.job(2, 1, Some(50));
    talk.target(2, 600);
    assert_eq!(talk.limits(2, 1), between(600, 1000));
}

#[test]
fn the_last_message_that_addresses_a_channel_wins() {
    let mut talk = Dialogue::with_flags(0);
    talk.open_standard(2, 7);
    talk.open_extended(3, 7);
    talk.open_extended(4, 8);
    talk.target(2, 500);
    talk.target(7, 600);
    assert_eq!([2, 3, 4].map(|id| talk.channel(id).target), [600, 600, 1000].map(U256::from));
    talk.target(3, 700);
    talk.open_extended(5, 7);
    assert_eq!([2, 3, 5].map(|id| talk.channel(id).target), [600, 700, 1000].map(U256::from), "AMB-49");
}

#[test]
fn a_group_target_reaches_the_jobs_of_its_members() {
    let mut talk = Dialogue::with_flags(0);
    talk.open_standard(2, 7);
    talk.open_extended(3, 7);
    talk.open_extended(4, 8);
    talk.extended_job(7, 1, None);
    talk.extended_job(8, 1, None);
    talk.tip(3, 1, 50);
    talk.target(7, 600);
    assert_eq!([2, 3, 4].map(|id| talk.limits(id, 1)), [both(600), between(600, 1000), both(1000)]);
}
