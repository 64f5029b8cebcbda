//! What voids a share that was mined a moment ago, and what does not.

use crate::support::{Dialogue, close};
use sv2_session::{Basis, Voided};
use sv2_wire::U256;

/// Channels 2 and 3 mine job 1 at previous hash 50; the basis is of channel 2.
fn mined() -> (Dialogue, Basis) {
    let mut talk = Dialogue::with_flags(0);
    for id in [2, 3] {
        talk.open_standard(id, 7);
        talk.job(id, 1, None);
        talk.tip(id, 1, 50);
    }
    let basis = talk.session.basis(talk.job_on(2, 1)).expect("the job is active");
    (talk, basis)
}

fn after(change: impl FnOnce(&mut Dialogue)) -> Result<(), Voided> {
    let (mut talk, basis) = mined();
    change(&mut talk);
    talk.session.basis_holds(&basis)
}

#[test]
fn a_basis_says_what_the_share_rests_on() {
    let (_, basis) = mined();
    assert_eq!((basis.channel_id, basis.job_id, basis.tip, basis.target), (2, 1, 1, U256::from(1000)));
    assert_eq!(basis.extranonce_prefix, [2]);
}

#[test]
fn jobs_that_cannot_be_mined_have_no_basis() {
    let (mut talk, _) = mined();
    talk.job(2, 2, None);
    assert_eq!(talk.session.basis(talk.job_on(2, 2)), None);
    talk.tip(2, 2, 60);
    assert_eq!(talk.session.basis(talk.job_on(2, 1)), None);
    let active = talk.job_on(2, 2).clone();
    talk.client(close(2));
    assert_eq!(talk.session.basis(&active), None, "nor those of a closed channel");
}

#[test]
fn what_does_not_touch_the_share_voids_nothing() {
    assert_eq!(after(|_| {}), Ok(()));
    assert_eq!(after(|talk| talk.job(2, 2, Some(50))), Ok(()), "AMB-40");
    assert_eq!(after(|talk| talk.job(2, 2, None)), Ok(()));
    assert_eq!(after(|talk| talk.target(2, 2000)), Ok(()), "it meets the old target and the easier one");
    assert_eq!(after(|talk| talk.regroup(9, &[2])), Ok(()));
    assert_eq!(after(|talk| talk.submit(2, 1)), Ok(()));
    let others = |talk: &mut Dialogue| {
        talk.job(3, 2, None);
        talk.tip(3, 2, 60);
        talk.target(3, 1);
        talk.prefix(3, &[9]);
        talk.server(close(3));
    };
    assert_eq!(after(others), Ok(()), "other channels are not its business");
}

#[test]
fn closing_voids() {
    assert_eq!(after(|talk| talk.client(close(2))), Err(Voided::Channel));
    assert_eq!(after(|talk| talk.server(close(7))), Err(Voided::Channel));
}

#[test]
fn a_new_previous_hash_voids_even_when_it_is_the_same() {
    assert_eq!(after(|talk| talk.tip(2, 99, 60)), Err(Voided::Tip));
    assert_eq!(after(|talk| talk.tip(7, 99, 50)), Err(Voided::Tip));
}

#[test]
fn a_job_that_takes_the_id_voids() {
    assert_eq!(after(|talk| talk.job(2, 1, Some(50))), Err(Voided::Job));
    assert_eq!(after(|talk| talk.job(2, 1, None)), Err(Voided::Job));
}

#[test]
fn a_job_that_is_forgotten_voids() {
    let flood = |talk: &mut Dialogue| (2..1000).for_each(|id| talk.job(2, id, Some(50)));
    assert_eq!(after(flood), Err(Voided::Job));
}

#[test]
fn a_harder_target_voids() {
    assert_eq!(after(|talk| talk.target(2, 999)), Err(Voided::Target));
    assert_eq!(after(|talk| talk.target(7, 999)), Err(Voided::Target));
}

#[test]
fn a_new_prefix_voids() {
    assert_eq!(after(|talk| talk.prefix(2, &[9])), Err(Voided::Prefix));
    assert_eq!(after(|talk| talk.prefix(2, &[2])), Ok(()), "the same one again changes nothing");
}

#[test]
fn a_channel_that_was_opened_again_is_another() {
    let reopened = |talk: &mut Dialogue| {
        talk.client(close(2));
        talk.open_standard(2, 7);
        talk.job(2, 1, None);
        talk.tip(2, 1, 50);
    };
    assert_eq!(after(reopened), Err(Voided::Tip));
}
