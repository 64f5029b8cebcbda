//! Future and immediate jobs, previous hashes, extranonce prefixes.

use crate::support::{Dialogue, min_ntime, prefix};
use std::time::Duration;
use sv2_session::{JobState, Work};
use sv2_wire::{B0_64K, NewExtendedMiningJob, NewMiningJob, Opt, Seq, U256};

fn served() -> Dialogue {
    let mut talk = Dialogue::with_flags(0);
    talk.open_standard(2, 7);
    talk.job(2, 1, None);
    talk.tip(2, 1, 50);
    talk
}

#[test]
fn a_future_job_waits_for_the_hash_that_names_it() {
    let mut talk = Dialogue::with_flags(0);
    talk.open_standard(2, 7);
    talk.job(2, 1, None);
    talk.job(2, 5, None);
    assert_eq!((talk.mines(2), talk.job_on(2, 1).state), (None, JobState::Future));
    talk.tip(2, 5, 50);
    assert_eq!(talk.mines(2), Some(5));
    let active = JobState::Active {
        prev_hash: U256::from(50),
        nbits: 0x207f_ffff,
        min_ntime: 50,
        tip: 1,
        since: Duration::from_secs(7),
    };
    assert_eq!(talk.job_on(2, 5).state, active);
    assert_eq!(talk.job_on(2, 1).state, JobState::Retired, "only the job that is named is valid");
    let tip = talk.channel(2).tip.expect("it came");
    assert_eq!((tip.prev_hash, tip.serial, tip.received), (U256::from(50), 1, Duration::from_secs(7)));
}

#[test]
fn retired_jobs_do_not_come_back() {
    let mut talk = served();
    talk.job(2, 2, None);
    talk.job(2, 3, None);
    talk.tip(2, 2, 60);
    for retired in [1, 3] {
        talk.tip(2, retired, 70);
        assert_eq!(talk.mines(2), None, "{retired} was sent before the previous hash before (AMB-41)");
    }
}

#[test]
fn a_hash_that_names_an_active_or_unknown_job_leaves_nothing_to_mine() {
    for named in [1, 99] {
        let mut talk = served();
        talk.tip(2, named, 60);
        assert_eq!((talk.mines(2), talk.job_on(2, 1).state), (None, JobState::Retired));
        assert_eq!(talk.channel(2).tip.map(|tip| tip.min_ntime), Some(60));
    }
}

#[test]
fn an_immediate_job_rests_on_the_last_hash_and_takes_the_larger_ntime() {
    let mut talk = served();
    talk.job(2, 2, Some(40));
    talk.job(2, 3, Some(55));
    assert_eq!(talk.mines(2), Some(3));
    assert_eq!((min_ntime(talk.job_on(2, 2)), min_ntime(talk.job_on(2, 3))), (50, 55));
    assert!([1, 2].iter().all(|id| talk.job_on(2, *id).is_active()), "AMB-40");
    assert!(talk.job_on(2, 1).came_as_future && !talk.job_on(2, 2).came_as_future);
}

#[test]
fn an_immediate_job_before_any_hash_waits_like_a_future_one() {
    let mut talk = Dialogue::with_flags(0);
    talk.open_standard(2, 7);
    talk.job(2, 1, Some(40));
    talk.job(2, 2, Some(40));
    assert_eq!(talk.mines(2), None);
    talk.tip(2, 1, 50);
    assert_eq!(talk.mines(2), Some(1));
    assert_eq!(talk.job_on(2, 2).state, JobState::Retired);
}

#[test]
fn the_newest_job_is_the_last_to_come_whatever_its_id() {
    let mut talk = served();
    talk.job(2, 900, Some(50));
    talk.job(2, 3, Some(50));
    assert_eq!(talk.mines(2), Some(3));
    talk.job(2, 900, Some(50));
    assert_eq!(talk.mines(2), Some(900), "a new job takes the place of the old one of its id");
    talk.job(2, 901, None);
    assert_eq!(talk.mines(2), Some(900), "a future job is not to be mined");
}

#[test]
fn a_job_has_the_fields_of_its_message() {
    let mut talk = Dialogue::with_flags(0);
    talk.open_standard(2, 7);
    talk.open_extended(3, 7);
    let (merkle_root, version) = (U256::from(9), 0x3000_0000);
    talk.server(NewMiningJob { channel_id: 2, job_id: 4, min_ntime: Opt(None), version, merkle_root });
    talk.server(NewExtendedMiningJob {
        channel_id: 3,
        job_id: 4,
        min_ntime: Opt(None),
        version,
        version_rolling_allowed: false,
        merkle_path: Seq::new(vec![U256::from(8)]).expect("short"),
        coinbase_tx_prefix: B0_64K::new(vec![1, 2]).expect("short"),
        coinbase_tx_suffix: B0_64K::new(vec![3]).expect("short"),
    });
    let standard = talk.job_on(2, 4);
    assert_eq!((standard.channel_id, standard.job_id, standard.version), (2, 4, version));
    assert_eq!((&standard.work, standard.version_rolling_allowed), (&Work::MerkleRoot(merkle_root), true));
    assert_eq!((standard.extranonce_prefix.as_slice(), standard.extranonce_size), ([2].as_slice(), 0));
    let extended = talk.job_on(3, 4);
    let work = Work::Coinbase { prefix: vec![1, 2], suffix: vec![3], merkle_path: vec![U256::from(8)] };
    assert_eq!((&extended.work, extended.version_rolling_allowed), (&work, false));
    assert_eq!((extended.extranonce_prefix.as_slice(), extended.extranonce_size), ([3].as_slice(), 8));
    assert_eq!(extended.weight(), standard.weight() + 2 + 1 + 32);
    assert!(extended.order > standard.order);
}

#[test]
fn a_job_of_the_wrong_kind_is_no_job() {
    let mut talk = Dialogue::with_flags(0);
    talk.open_standard(2, 7);
    talk.open_extended(3, 7);
    talk.job(3, 1, None);
    talk.extended_job(2, 1, None);
    talk.job(7, 1, None);
    talk.job(99, 1, None);
    assert!(talk.session.channels().all(|channel| channel.jobs.is_empty()));
}

#[test]
fn a_new_prefix_does_not_reach_back() {
    let mut talk = served();
    talk.job(2, 2, None);
    talk.prefix(2, &[8, 8]);
    assert_eq!(talk.channel(2).extranonce_prefix, prefix(&[8, 8]).as_slice());
    talk.job(2, 3, Some(50));
    talk.job(2, 4, None);
    let of = |talk: &Dialogue, id| talk.job_on(2, id).extranonce_prefix.clone();
    assert_eq!([1, 2, 3, 4].map(|id| of(&talk, id)), [vec![2], vec![2], vec![8, 8], vec![8, 8]]);
    talk.tip(2, 2, 60);
    assert_eq!(of(&talk, 2), [2], "nor when the job becomes active (AMB-50)");
}

#[test]
fn a_prefix_for_a_group_is_for_nobody() {
    let mut talk = served();
    talk.prefix(7, &[8, 8]);
    assert_eq!(talk.channel(2).extranonce_prefix, [2]);
}
