//! Messages that are addressed to groups.

use crate::support::{Dialogue, STANDARD_ONLY, close};
use sv2_session::JobState;

/// Channels 2 (standard) and 3 (extended) in group 7, channel 4 (extended) in group 8.
fn two_groups() -> Dialogue {
    let mut talk = Dialogue::with_flags(0);
    talk.open_standard(2, 7);
    talk.open_extended(3, 7);
    talk.open_extended(4, 8);
    talk
}

#[test]
fn a_group_job_reaches_its_members_and_nobody_else() {
    let mut talk = two_groups();
    talk.extended_job(7, 1, None);
    talk.open_extended(5, 7);
    assert_eq!([2, 3, 4, 5].map(|id| talk.channel(id).jobs.len()), [1, 1, 0, 0], "later members have none");
    let (standard, extended) = (talk.job_on(2, 1), talk.job_on(3, 1));
    assert_eq!((standard.channel_id, extended.channel_id), (2, 3));
    assert_eq!((standard.extranonce_prefix.as_slice(), standard.extranonce_size), ([2].as_slice(), 0));
    assert_eq!((extended.extranonce_prefix.as_slice(), extended.extranonce_size), ([3].as_slice(), 8));
}

#[test]
fn a_hash_for_a_group_activates_on_each_member_what_it_has() {
    let mut talk = two_groups();
    talk.extended_job(7, 1, None);
    talk.extended_job(8, 1, None);
    talk.open_extended(5, 7);
    talk.tip(7, 1, 50);
    assert_eq!([2, 3, 4, 5].map(|id| talk.mines(id)), [Some(1), Some(1), None, None]);
    assert!(talk.channel(5).tip.is_some() && talk.channel(4).tip.is_none());
    talk.extended_job(7, 2, Some(51));
    assert_eq!([2, 3, 5].map(|id| talk.mines(id)), [Some(2); 3]);
}

#[test]
fn a_hash_for_one_channel_leaves_the_others_alone() {
    let mut talk = two_groups();
    talk.extended_job(7, 1, None);
    talk.tip(3, 1, 50);
    assert_eq!((talk.mines(2), talk.mines(3)), (None, Some(1)));
    assert_eq!(talk.job_on(2, 1).state, JobState::Future);
}

#[test]
fn an_immediate_group_job_rests_on_the_last_hash_of_each_member_under_either_id() {
    let mut talk = two_groups();
    talk.job(2, 1, None);
    talk.extended_job(3, 1, None);
    talk.tip(2, 1, 50);
    talk.tip(3, 1, 55);
    talk.open_extended(5, 7);
    talk.extended_job(7, 2, Some(10));
    let on = |id| match talk.job_on(id, 2).state {
        JobState::Active { min_ntime, tip, .. } => Some((min_ntime, tip)),
        _ => None,
    };
    assert_eq!([2, 3, 5].map(on), [Some((50, 1)), Some((55, 2)), None], "AMB-185");
}

#[test]
fn standard_channels_of_a_standard_only_connection_take_no_group_jobs() {
    let mut talk = Dialogue::with_flags(STANDARD_ONLY);
    talk.open_standard(2, 7);
    talk.extended_job(7, 1, None);
    assert!(talk.channel(2).jobs.is_empty());
    talk.job(2, 1, None);
    talk.tip(7, 1, 50);
    assert_eq!(talk.mines(2), Some(1), "the group is good for other messages (AMB-36)");
}

#[test]
fn set_group_channel_moves_what_it_lists() {
    let mut talk = two_groups();
    talk.extended_job(7, 1, None);
    talk.regroup(9, &[3, 4, 77]);
    assert_eq!([7, 8, 9].map(|id| talk.members(id)), [vec![2], vec![], vec![3, 4]]);
    assert_eq!(talk.channel(3).group_channel_id, 9);
    assert_eq!(talk.job_on(3, 1).state, JobState::Future, "what it had it keeps");
    talk.extended_job(7, 2, None);
    talk.extended_job(9, 3, None);
    assert_eq!([2, 3, 4].map(|id| talk.channel(id).jobs.contains_key(&2)), [true, false, false]);
    assert_eq!([2, 3, 4].map(|id| talk.channel(id).jobs.contains_key(&3)), [false, true, true]);
    talk.regroup(9, &[2]);
    assert_eq!(talk.members(9), [2, 3, 4], "who is not listed stays");
    talk.client(close(9));
    assert!(talk.open_ids().is_empty());
}

#[test]
fn zero_is_no_group_until_the_server_addresses_it() {
    let mut talk = Dialogue::with_flags(0);
    talk.open_extended(2, 0);
    talk.open_extended(3, 0);
    talk.client(close(0));
    assert_eq!((talk.open_ids(), talk.members(0)), (vec![2, 3], vec![]), "AMB-140");
    talk.extended_job(0, 1, None);
    assert_eq!(talk.members(0), [2, 3]);
    assert!([2, 3].iter().all(|id| talk.channel(*id).jobs.contains_key(&1)));
    talk.client(close(0));
    assert!(talk.open_ids().is_empty());
}

#[test]
fn any_message_with_an_address_may_tell_that_zero_is_a_group() {
    let say: [fn(&mut Dialogue); 4] = [
        |talk| talk.tip(0, 1, 50),
        |talk| talk.target(0, 10),
        |talk| talk.extended_job(0, 1, None),
        |talk| talk.regroup(0, &[3]),
    ];
    for say in say {
        let mut talk = Dialogue::with_flags(0);
        talk.open_extended(2, 0);
        say(&mut talk);
        assert_eq!(talk.members(0), [2]);
    }
    let mut talk = Dialogue::with_flags(0);
    talk.open_extended(2, 0);
    talk.server(close(0));
    assert!(talk.open_ids().is_empty());
}

#[test]
fn zero_as_the_id_of_a_channel_is_no_group() {
    let mut talk = Dialogue::with_flags(0);
    talk.open_extended(0, 0);
    talk.open_extended(3, 0);
    talk.extended_job(0, 1, None);
    talk.target(0, 10);
    assert_eq!([0, 3].map(|id| talk.channel(id).jobs.len()), [1, 0]);
    assert!(talk.channel(3).target > talk.channel(0).target);
    talk.server(close(0));
    assert_eq!(talk.open_ids(), [3]);
}

#[test]
fn a_channel_may_be_its_own_group() {
    let mut talk = Dialogue::with_flags(0);
    talk.open_extended(3, 3);
    assert_eq!(talk.members(3), [3]);
    talk.extended_job(3, 1, None);
    talk.tip(3, 1, 50);
    assert_eq!((talk.mines(3), talk.channel(3).jobs.len()), (Some(1), 1));
    talk.client(close(3));
    assert!(talk.open_ids().is_empty() && talk.members(3).is_empty());
}
