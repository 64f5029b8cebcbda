//! Setting up, opening, updating and closing.

use crate::support::{Dialogue, close};
use sv2_session::{ChannelKind, Session, Setup};
use sv2_wire::{
    MESSAGES, Message, OpenMiningChannelError, OpenStandardMiningChannel, OpenStandardMiningChannelSuccess,
    SetupConnection, SetupConnectionError, SetupConnectionSuccess, U256, UpdateChannel, UpdateChannelError,
};

fn ask(flags: u32) -> SetupConnection {
    SetupConnection { flags, ..Default::default() }
}

fn accept(flags: u32) -> SetupConnectionSuccess {
    SetupConnectionSuccess { used_version: 2, flags }
}

fn update(channel_id: u32, target: u64) -> UpdateChannel {
    UpdateChannel { channel_id, maximum_target: U256::from(target), ..Default::default() }
}

#[test]
fn set_up_goes_from_asked_to_accepted() {
    let mut talk = Dialogue::default();
    assert_eq!(talk.session.setup(), Setup::None);
    talk.client(ask(5));
    assert_eq!(talk.session.setup(), Setup::Asked { flags: 5 });
    talk.server(accept(2));
    assert_eq!(talk.session.setup(), Setup::Accepted { flags: 5, server_flags: 2, version: 2 });
}

#[test]
fn a_refusal_holds_until_the_client_asks_anew() {
    let mut talk = Dialogue::default();
    talk.client(ask(1));
    talk.server(SetupConnectionError::default());
    assert_eq!(talk.session.setup(), Setup::Refused);
    talk.server(accept(0));
    assert_eq!(talk.session.setup(), Setup::Refused);
    talk.client(ask(4));
    assert_eq!(talk.session.setup(), Setup::Asked { flags: 4 });
    talk.server(accept(0));
    assert_eq!(talk.session.setup(), Setup::Accepted { flags: 4, server_flags: 0, version: 2 });
}

#[test]
fn answers_to_a_set_up_that_nobody_asked_for_mean_nothing() {
    let mut talk = Dialogue::default();
    talk.server(accept(0));
    talk.server(SetupConnectionError::default());
    assert_eq!(talk.session.setup(), Setup::None);
    let mut talk = Dialogue::with_flags(4);
    let accepted = talk.session.setup();
    talk.server(SetupConnectionError::default());
    talk.client(ask(1));
    talk.server(accept(3));
    assert_eq!(talk.session.setup(), accepted);
}

#[test]
fn messages_in_the_wrong_direction_change_nothing() {
    let mut talk = Dialogue::default();
    talk.server(ask(1));
    talk.client(accept(1));
    talk.client(OpenStandardMiningChannelSuccess::default());
    assert_eq!(talk.session.setup(), Setup::None);
    assert!(talk.open_ids().is_empty());
}

#[test]
fn new_work_and_acknowledgements_need_no_request() {
    let rows =
        MESSAGES.iter().filter(|spec| Message::zero(spec.kind).is_some_and(|it| Session::is_ambient(&it)));
    let names: Vec<&str> = rows.map(|spec| spec.name).collect();
    let ambient = [
        "ChannelEndpointChanged",
        "NewMiningJob",
        "SetExtranoncePrefix",
        "SubmitShares.Success",
        "NewExtendedMiningJob",
        "SetNewPrevHash",
        "SetTarget",
        "SetGroupChannel",
    ];
    assert_eq!(names, ambient);
}

#[test]
fn channels_open_as_the_server_answers() {
    let mut talk = Dialogue::with_flags(0);
    talk.open_standard(2, 7);
    talk.open_extended(3, 7);
    assert_eq!(talk.open_ids(), [2, 3]);
    assert_eq!(talk.members(7), [2, 3]);
    let standard = talk.channel(2);
    assert_eq!((standard.kind, standard.group_channel_id), (ChannelKind::Standard, 7));
    assert_eq!((standard.target, standard.declared_max_target), (U256::from(1000), U256::from(5000)));
    assert_eq!((standard.extranonce_prefix.as_slice(), standard.tip), ([2].as_slice(), None));
    let extended = talk.channel(3);
    assert_eq!(extended.kind, ChannelKind::Extended { extranonce_size: 8 });
    assert_eq!((extended.kind.extranonce_size(), standard.kind.extranonce_size()), (8, 0));
}

#[test]
fn answers_find_their_requests_by_id_in_any_order() {
    let mut talk = Dialogue::with_flags(0);
    for (request_id, target) in [(1, 10), (2, 20), (3, 30)] {
        let max_target = U256::from(target);
        talk.client(OpenStandardMiningChannel { request_id, max_target, ..Default::default() });
    }
    talk.server(OpenMiningChannelError { request_id: 2, ..Default::default() });
    for (request_id, channel_id) in [(3, 8), (1, 9), (2, 10)] {
        talk.server(OpenStandardMiningChannelSuccess { request_id, channel_id, ..Default::default() });
    }
    let declared = |id| talk.channel(id).declared_max_target;
    assert_eq!([declared(8), declared(9)], [U256::from(30), U256::from(10)]);
    assert_eq!(declared(10), U256::MAX, "the request was refused, so nobody asked for this channel");
}

#[test]
fn a_second_channel_under_an_id_takes_the_place_of_the_first() {
    let mut talk = Dialogue::with_flags(0);
    talk.open_standard(2, 7);
    talk.job(2, 1, None);
    talk.submit(2, 1);
    talk.open_extended(2, 8);
    let channel = talk.channel(2);
    assert_eq!((channel.jobs.len(), channel.account.submitted), (0, 0));
    assert_eq!((talk.members(7), talk.members(8)), (vec![], vec![2]));
}

#[test]
fn update_channel_declares_another_target_unless_it_is_refused() {
    let mut talk = Dialogue::with_flags(0);
    talk.open_standard(2, 7);
    talk.client(update(2, 300));
    assert_eq!(talk.channel(2).declared_max_target, U256::from(300));
    assert_eq!(talk.channel(2).target, U256::from(1000), "that is the server's to change");
    talk.client(update(2, 400));
    let refusal = UpdateChannelError { channel_id: 2, ..Default::default() };
    talk.server(refusal.clone());
    assert_eq!(talk.channel(2).declared_max_target, U256::from(300));
    talk.server(refusal);
    assert_eq!(talk.channel(2).declared_max_target, U256::from(300), "a second refusal refuses nothing");
}

#[test]
fn update_channel_on_a_group_is_for_its_members() {
    let mut talk = Dialogue::with_flags(0);
    talk.open_standard(2, 7);
    talk.open_extended(3, 7);
    talk.open_extended(4, 8);
    talk.client(update(7, 300));
    let declared = [2, 3, 4].map(|id| talk.channel(id).declared_max_target);
    assert_eq!(declared, [300, 300, 5000].map(U256::from));
}

#[test]
fn either_side_closes_a_channel() {
    let mut talk = Dialogue::with_flags(0);
    for id in [2, 3, 4] {
        talk.open_standard(id, 7);
    }
    talk.client(close(3));
    assert_eq!((talk.open_ids(), talk.members(7)), (vec![2, 4], vec![2, 4]));
    talk.server(close(2));
    assert_eq!((talk.open_ids(), talk.members(7)), (vec![4], vec![4]));
    talk.client(close(99));
    assert_eq!(talk.open_ids(), [4], "closing an unknown channel is harmless (AMB-45)");
}

#[test]
fn closing_a_group_closes_its_members() {
    for from_server in [false, true] {
        let mut talk = Dialogue::with_flags(0);
        talk.open_standard(2, 7);
        talk.open_extended(3, 7);
        talk.open_extended(4, 8);
        match from_server {
            true => talk.server(close(7)),
            false => talk.client(close(7)),
        }
        assert_eq!((talk.open_ids(), talk.members(7)), (vec![4], vec![]));
    }
}

#[test]
fn an_id_that_is_opened_again_is_a_new_channel() {
    let mut talk = Dialogue::with_flags(0);
    talk.open_standard(2, 7);
    talk.job(2, 1, None);
    talk.tip(2, 1, 50);
    talk.client(close(2));
    talk.job(2, 2, None);
    talk.open_standard(2, 7);
    let channel = talk.channel(2);
    assert_eq!((channel.jobs.len(), channel.tip), (0, None));
}
