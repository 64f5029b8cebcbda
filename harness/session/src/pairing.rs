use sv2_wire::Message;

/// One row: which messages answer which, and by what they are paired.
struct Row {
    requests: &'static [&'static str],
    answers: &'static [&'static str],
    key: Key,
}

enum Key {
    /// There is one such exchange on a connection.
    Connection,
    /// Both carry this field with the same value.
    Field(&'static str),
    /// The same, but several open requests may carry the same value.
    SharedField(&'static str),
    /// Same channel; an error names the share's number, a success that number or a later one (spec section 5.3.13),
    /// later by less than 2^31: numbers wrap around.
    Share,
}

#[rustfmt::skip]
const ROWS: &[Row] = &[
    Row { requests: &["SetupConnection"], answers: &["SetupConnection.Success", "SetupConnection.Error"], key: Key::Connection },
    Row {
        requests: &["OpenStandardMiningChannel", "OpenExtendedMiningChannel"],
        answers: &["OpenStandardMiningChannel.Success", "OpenExtendedMiningChannel.Success", "OpenMiningChannel.Error"],
        key: Key::Field("request_id"),
    },
    Row { requests: &["UpdateChannel"], answers: &["UpdateChannel.Error", "SetTarget"], key: Key::SharedField("channel_id") },
    Row {
        requests: &["SubmitSharesStandard", "SubmitSharesExtended"],
        answers: &["SubmitShares.Success", "SubmitShares.Error"],
        key: Key::Share,
    },
    Row { requests: &["SetCustomMiningJob"], answers: &["SetCustomMiningJob.Success", "SetCustomMiningJob.Error"], key: Key::Field("request_id") },
    Row { requests: &["AllocateMiningJobToken"], answers: &["AllocateMiningJobToken.Success"], key: Key::Field("request_id") },
    Row {
        requests: &["DeclareMiningJob", "ProvideMissingTransactions.Success"],
        answers: &["DeclareMiningJob.Success", "DeclareMiningJob.Error", "ProvideMissingTransactions"],
        key: Key::Field("request_id"),
    },
    Row { requests: &["RequestTransactionData"], answers: &["RequestTransactionData.Success", "RequestTransactionData.Error"], key: Key::Field("template_id") },
    Row { requests: &["RequestExtensions"], answers: &["RequestExtensions.Success", "RequestExtensions.Error"], key: Key::Field("request_id") },
];

/// Whether the specification has an answer to this message.
pub fn has_answer(request: &Message) -> bool {
    ROWS.iter().any(|row| row.requests.contains(&request.spec().name))
}

/// Whether `answer` answers `request`: by its kind and by its pairing key.
pub fn answers(request: &Message, answer: &Message) -> bool {
    let names =
        |row: &&Row| row.requests.contains(&request.spec().name) && row.answers.contains(&answer.spec().name);
    ROWS.iter().find(names).is_some_and(|row| match row.key {
        Key::Connection => true,
        Key::Field(field) | Key::SharedField(field) => same(request, answer, field),
        Key::Share => same(request, answer, "channel_id") && share_is_named(request, answer),
    })
}

/// Whether an answer tells which of several requests of one kind it is for. UpdateChannel.Error and SetTarget name the channel
/// alone (spec sections 5.3.8 and 5.3.21).
pub fn tells_apart(answer: &Message) -> bool {
    let is_shared = |row: &Row| matches!(row.key, Key::SharedField(_));
    !ROWS.iter().any(|row| is_shared(row) && row.answers.contains(&answer.spec().name))
}

fn same(request: &Message, answer: &Message, field: &str) -> bool {
    request.get(field).is_some_and(|value| answer.get(field) == Some(value))
}

fn share_is_named(share: &Message, answer: &Message) -> bool {
    let Some(number) = share.uint("sequence_number") else { return false };
    match answer {
        Message::SubmitSharesSuccess(success) => is_at_or_before(number, success.last_sequence_number),
        other => other.uint("sequence_number") == Some(number),
    }
}

/// Whether `number` is `last` or comes before it, where numbers wrap around: before is less than 2^31 back.
pub(crate) fn is_at_or_before(number: u32, last: u32) -> bool {
    last.wrapping_sub(number) < 1 << 31
}

#[cfg(test)]
mod tests {
    use super::*;
    use sv2_wire::{
        MessageSpec, OpenStandardMiningChannel, OpenStandardMiningChannelSuccess, SubmitSharesError,
        SubmitSharesStandard, SubmitSharesSuccess,
    };

    #[test]
    fn every_name_of_the_rows_is_a_message() {
        for name in ROWS.iter().flat_map(|row| row.requests.iter().chain(row.answers)) {
            assert!(MessageSpec::find(name).is_some(), "{name}");
        }
    }

    #[test]
    fn requests_have_answers_and_answers_have_none() {
        assert!(has_answer(&OpenStandardMiningChannel::default().into()));
        assert!(!has_answer(&OpenStandardMiningChannelSuccess::default().into()));
    }

    #[test]
    fn a_request_id_pairs() {
        let request = OpenStandardMiningChannel { request_id: 7, ..Default::default() }.into();
        let answer =
            |request_id| OpenStandardMiningChannelSuccess { request_id, ..Default::default() }.into();
        assert!(answers(&request, &answer(7)));
        assert!(!answers(&request, &answer(8)));
    }

    #[test]
    fn a_share_is_answered_by_its_error_or_by_a_success_that_reaches_it() {
        let share = SubmitSharesStandard { channel_id: 2, sequence_number: 5, ..Default::default() }.into();
        let error = |channel_id, sequence_number| {
            SubmitSharesError { channel_id, sequence_number, ..Default::default() }.into()
        };
        let success = |last_sequence_number| {
            SubmitSharesSuccess { channel_id: 2, last_sequence_number, ..Default::default() }.into()
        };
        assert!(answers(&share, &error(2, 5)));
        assert!(!answers(&share, &error(2, 4)) && !answers(&share, &error(3, 5)));
        assert!(
            !answers(&share, &success(4)) && answers(&share, &success(5)) && answers(&share, &success(9))
        );
    }

    #[test]
    fn share_numbers_wrap_around() {
        let share = |sequence_number| {
            SubmitSharesStandard { channel_id: 2, sequence_number, ..Default::default() }.into()
        };
        let success = |last_sequence_number| {
            SubmitSharesSuccess { channel_id: 2, last_sequence_number, ..Default::default() }.into()
        };
        assert!(answers(&share(u32::MAX), &success(1)));
        assert!(!answers(&share(1), &success(u32::MAX)));
        assert!(answers(&share(0), &success(0x7fff_ffff)) && !answers(&share(0), &success(0x8000_0000)));
    }
}
