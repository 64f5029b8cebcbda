//! Any messages in either direction: the model neither panics nor grows, and its parts agree with one another.

use crate::bounds::assert_bounded;
use arbitrary::{Arbitrary, Unstructured};
use proptest::prelude::*;
use std::time::Duration;
use sv2_session::bounds::KEPT_CHANNELS;
use sv2_session::{ChannelKind, Direction, JobState, Session, ShareState, answers, has_answer};
use sv2_wire::{MESSAGES, Message, Protocol, Seq, SetGroupChannel, Value};

/// Ids are folded to a few, so that messages meet the channels, groups, jobs, requests and shares of one another.
const FOLDED: [(&str, u32); 6] = [
    ("channel_id", 6),
    ("group_channel_id", 6),
    ("job_id", 5),
    ("request_id", 4),
    ("sequence_number", 9),
    ("last_sequence_number", 9),
];

fn generate(row: usize, bytes: &[u8], folded: bool) -> Message {
    // `derive(Arbitrary)` takes the variant from the first four bytes, scaled; the assertion watches that it stays so.
    let rows = u64::try_from(MESSAGES.len()).expect("few");
    let scaled = (u64::try_from(row).expect("few") << 32).div_ceil(rows);
    let mut input = u32::try_from(scaled).expect("below 2^32").to_le_bytes().to_vec();
    input.extend_from_slice(bytes);
    let message = Message::arbitrary(&mut Unstructured::new(&input)).expect("zeros fill up");
    assert_eq!(message.spec().kind, MESSAGES[row].kind);
    if folded { fold(message) } else { message }
}

fn fold(mut message: Message) -> Message {
    if let Message::SetGroupChannel(SetGroupChannel { channel_ids, .. }) = &mut message {
        let ids = channel_ids.as_slice().iter().map(|id| id % 6).collect();
        *channel_ids = Seq::new(ids).expect("no longer than it was");
    }
    for (field, range) in FOLDED {
        if let Some(number) = message.uint(field) {
            message.set(field, &Value::Uint(u64::from(number % range))).expect("smaller than it was");
        }
    }
    message
}

fn any_message() -> impl Strategy<Value = Message> {
    let is_mining = |row: &usize| MESSAGES[*row].protocol == Protocol::Mining;
    let mining: Vec<usize> = (0..MESSAGES.len()).filter(is_mining).collect();
    let row = prop_oneof![3 => proptest::sample::select(mining), 1 => 0..MESSAGES.len()];
    let bytes = proptest::collection::vec(any::<u8>(), 0..200);
    let folded = proptest::bool::weighted(0.9);
    (row, bytes, folded).prop_map(|(row, bytes, folded)| generate(row, &bytes, folded))
}

/// Three in four go the way that they are meant to go.
fn any_step() -> impl Strategy<Value = (Direction, Message)> {
    (any_message(), proptest::bool::weighted(0.25)).prop_map(|(message, astray)| {
        let from_client = matches!(message.spec().sender, sv2_wire::Sender::Client);
        let to_server = from_client != astray;
        (if to_server { Direction::ToServer } else { Direction::ToClient }, message)
    })
}

fn assert_sound(session: &Session) {
    assert!(session.channels().count() <= KEPT_CHANNELS);
    for channel in session.channels() {
        assert_bounded(channel);
        let group = channel.group_channel_id;
        assert!(group == 0 || session.group(group).any(|id| id == channel.id));
        assert!(channel.jobs.iter().all(|(id, job)| (*id, channel.id) == (job.job_id, job.channel_id)));
        for job in channel.jobs.values() {
            assert!(job.hardest_target <= job.easiest_target);
            let basis = session.basis(job);
            assert_eq!(basis.is_some(), job.is_active());
            assert_eq!(basis.map_or(Ok(()), |basis| session.basis_holds(&basis)), Ok(()));
            if let JobState::Active { tip, prev_hash, min_ntime, .. } = job.state {
                assert_eq!(tip, channel.tip.map_or(0, |latest| latest.serial));
                // On an extended channel it may be a custom job, which brings its own.
                if channel.kind == ChannelKind::Standard {
                    let latest = channel.tip.expect("an active job rests on one");
                    assert_eq!(prev_hash, latest.prev_hash);
                    assert!(min_ntime >= latest.min_ntime);
                }
            }
        }
        let refused =
            channel.account.shares.values().filter(|state| matches!(state, ShareState::Refused { .. }));
        assert!(refused.count() as u64 <= channel.account.refused);
        assert!(channel.account.refused <= channel.account.submitted);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_is_said_breaks_the_model(steps in proptest::collection::vec(any_step(), 0..250)) {
        let mut session = Session::default();
        for (second, (direction, message)) in (0_u64..).zip(&steps) {
            session.observe(*direction, message, Duration::from_secs(second));
            assert_sound(&session);
        }
    }

    #[test]
    fn only_what_has_an_answer_is_answered(request in any_message(), answer in any_message()) {
        prop_assert!(has_answer(&request) || !answers(&request, &answer));
    }
}
