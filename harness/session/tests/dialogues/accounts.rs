//! Shares in flight and what became of them.

use crate::support::{Dialogue, close};
use sv2_session::ShareState::{Acknowledged, InFlight};
use sv2_session::{Account, ShareState};
use sv2_wire::SubmitSharesExtended;

fn submitted(numbers: &[u32]) -> Dialogue {
    let mut talk = Dialogue::with_flags(0);
    talk.open_standard(2, 7);
    for number in numbers {
        talk.submit(2, *number);
    }
    talk
}

fn account(talk: &Dialogue) -> &Account {
    &talk.channel(2).account
}

fn states(talk: &Dialogue, numbers: &[u32]) -> Vec<ShareState> {
    numbers.iter().map(|number| account(talk).shares[number].clone()).collect()
}

fn refused(error_code: &str) -> ShareState {
    ShareState::Refused { error_code: error_code.as_bytes().to_vec() }
}

#[test]
fn shares_fly_until_they_are_answered() {
    let mut talk = submitted(&[1]);
    talk.client(SubmitSharesExtended { channel_id: 2, sequence_number: 2, ..Default::default() });
    talk.submit(99, 3);
    assert_eq!(account(&talk).submitted, 2);
    assert_eq!(states(&talk, &[1, 2]), [InFlight, InFlight]);
}

#[test]
fn a_batch_acknowledges_up_to_its_last_number_and_adds_up() {
    let mut talk = submitted(&[1, 2, 3, 4]);
    talk.acknowledge(2, 3, 3, 300);
    assert_eq!(states(&talk, &[1, 2, 3, 4]), [Acknowledged, Acknowledged, Acknowledged, InFlight]);
    talk.acknowledge(2, 4, 1, 50);
    assert_eq!(states(&talk, &[4]), [Acknowledged]);
    assert_eq!((account(&talk).credited, account(&talk).shares_sum), (4, 350));
    assert_eq!(account(&talk).acked_numbers, [3, 4]);
}

#[test]
fn sums_saturate() {
    let mut talk = submitted(&[]);
    talk.acknowledge(2, 0, u32::MAX, u64::MAX);
    talk.acknowledge(2, 0, u32::MAX, u64::MAX);
    assert_eq!(account(&talk).shares_sum, u64::MAX);
    assert_eq!(account(&talk).credited, 2 * u64::from(u32::MAX));
}

#[test]
fn an_error_refuses_one_share() {
    let mut talk = submitted(&[1, 2, 3]);
    talk.refuse(2, 2, "stale-share");
    talk.acknowledge(2, 3, 2, 2);
    assert_eq!(states(&talk, &[1, 2, 3]), [Acknowledged, refused("stale-share"), Acknowledged]);
    assert_eq!(account(&talk).refused, 1);
}

#[test]
fn an_error_may_come_after_the_batch() {
    let mut talk = submitted(&[1, 2]);
    talk.acknowledge(2, 2, 1, 1);
    talk.refuse(2, 1, "late");
    assert_eq!(states(&talk, &[1, 2]), [refused("late"), Acknowledged]);
    talk.refuse(2, 1, "again");
    assert_eq!(account(&talk).refused, 1);
    assert_eq!(states(&talk, &[1]), [refused("again")]);
}

#[test]
fn an_error_for_a_number_that_was_never_sent_counts_for_nothing() {
    let mut talk = submitted(&[1]);
    talk.refuse(2, 9, "what");
    assert_eq!((account(&talk).refused, account(&talk).shares.len()), (0, 1));
}

#[test]
fn a_repeated_number_has_the_state_of_the_last() {
    let mut talk = submitted(&[5]);
    talk.acknowledge(2, 5, 1, 1);
    talk.submit(2, 5);
    assert_eq!((states(&talk, &[5]), account(&talk).submitted), (vec![InFlight], 2));
    talk.refuse(2, 5, "duplicate-share");
    talk.acknowledge(2, 5, 0, 0);
    assert_eq!(states(&talk, &[5]), [refused("duplicate-share")]);
}

#[test]
fn a_repeated_number_settles_what_was_submitted_before_its_last_use() {
    let mut talk = submitted(&[5, 6, 5, 7]);
    talk.acknowledge(2, 5, 3, 3);
    assert_eq!(states(&talk, &[5, 6, 7]), [Acknowledged, Acknowledged, InFlight]);
}

#[test]
fn numbers_wrap_around() {
    let mut talk = submitted(&[u32::MAX - 1, u32::MAX, 0, 1]);
    talk.acknowledge(2, u32::MAX, 2, 2);
    assert_eq!(states(&talk, &[u32::MAX - 1, u32::MAX]), [Acknowledged, Acknowledged]);
    assert_eq!(states(&talk, &[0, 1]), [InFlight, InFlight]);
    talk.acknowledge(2, 1, 2, 2);
    assert_eq!(states(&talk, &[0, 1]), [Acknowledged, Acknowledged]);
}

#[test]
fn numbers_need_not_increase() {
    let mut talk = submitted(&[9, 4, 7]);
    talk.acknowledge(2, 4, 2, 2);
    assert_eq!(states(&talk, &[9, 4, 7]), [Acknowledged, Acknowledged, InFlight]);
}

#[test]
fn a_success_for_a_number_that_was_never_sent_settles_what_comes_before_it() {
    let mut talk = submitted(&[u32::MAX, 3, 8]);
    talk.acknowledge(2, 5, 2, 2);
    assert_eq!(states(&talk, &[u32::MAX, 3, 8]), [Acknowledged, Acknowledged, InFlight]);
    assert_eq!(account(&talk).acked_numbers, [5]);
}

#[test]
fn accounts_are_per_channel_and_end_with_it() {
    let mut talk = submitted(&[1]);
    talk.open_standard(3, 7);
    talk.submit(3, 1);
    talk.acknowledge(3, 1, 1, 1);
    talk.acknowledge(7, 1, 1, 1);
    assert_eq!(states(&talk, &[1]), [InFlight]);
    assert_eq!((account(&talk).credited, talk.channel(3).account.credited), (0, 1));
    talk.client(close(2));
    talk.acknowledge(2, 1, 1, 1);
    assert_eq!(talk.open_ids(), [3]);
}
