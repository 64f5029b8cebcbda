//! Any frames in either direction: no rule panics, and what a rule says is about its own clauses.

use proptest::prelude::*;
use std::time::Duration;
use sv2_session::rules::Ending;
use sv2_session::{Conversation, Moment, Watch};
use sv2_wire::frame::{Frame, Header};
use sv2_wire::{Kind, MESSAGES};

/// A frame of some row of the table. Small bytes make ids that meet one another.
fn frame() -> impl Strategy<Value = Frame> {
    let bytes = prop_oneof![
        proptest::collection::vec(prop_oneof![8 => Just(0_u8), 2 => 0_u8..4], 0..140),
        proptest::collection::vec(any::<u8>(), 0..140),
    ];
    let extension = prop_oneof![9 => Just(None), 1 => (0_u16..4).prop_map(Some)];
    (0..MESSAGES.len(), extension, any::<u8>(), bytes).prop_map(|(row, extension, dice, payload)| {
        let spec = &MESSAGES[row];
        let msg_type = if dice < 8 { dice } else { spec.kind.msg_type };
        let kind = Kind { extension_type: extension.unwrap_or(spec.kind.extension_type), msg_type };
        let length = u32::try_from(payload.len()).expect("short");
        Frame { header: Header { kind, channel_msg: spec.channel_msg ^ (dice == 9), length }, payload }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_rule_panics_or_speaks_for_others(
        frames in proptest::collection::vec((any::<bool>(), any::<bool>(), frame(), 0_u32..100), 1..60),
    ) {
        let mut all = Conversation::default();
        let mut watches = [Watch::new(0), Watch::new(1)];
        let mut said = Vec::new();
        let mut now = Moment::default();
        for (is_second, is_ours, frame, pause) in &frames {
            now.unix = now.unix.saturating_add(*pause);
            now.elapsed += Duration::from_secs((*pause).into());
            let watch = &mut watches[usize::from(*is_second)];
            if *is_ours {
                watch.sent(frame, now, &mut all);
            } else {
                said.extend(watch.received(frame, now, &mut all));
            }
        }
        for watch in &mut watches {
            said.extend(watch.ended(Ending::ByServer, now, &mut all));
        }
        for judgement in said {
            prop_assert!(judgement.clauses.iter().all(|id| judgement.rule.clauses.contains(id)), "{judgement:?}");
        }
    }
}
