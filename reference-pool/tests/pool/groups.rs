use crate::dialogue::{Dialogue, take};
use crate::miner::{Channel, open_extended, open_standard};
use sv2_reference_pool::pool::{Pool, PoolConfig};
use sv2_reference_pool::service::{Address, ConnId, Control};
use sv2_wire::{OpenStandardMiningChannel, U256};

fn pool() -> Dialogue<Pool> {
    Dialogue::pool(PoolConfig::default())
}

fn three(d: &mut Dialogue<Pool>, conn: ConnId) -> [Channel; 3] {
    [
        Channel::standard(d, conn, open_standard()),
        Channel::extended(d, conn, open_extended()),
        Channel::standard(d, conn, open_standard()),
    ]
}

fn at(channel: &Channel) -> Address {
    Address { conn: Some(channel.conn), channel_id: channel.id }
}

fn everywhere(channel_id: u32) -> Address {
    Address { conn: None, channel_id }
}

#[test]
fn one_job_and_one_previous_hash_serve_the_whole_group() {
    let mut d = pool();
    let conn = d.ready(0, 0);
    let mut channels = three(&mut d, conn);
    for control in [Control::Block, Control::Template, Control::Block] {
        let is_block = control == Control::Block;
        d.elapse(5);
        d.control(control);
        let [first, second, third] = &mut channels;
        if is_block {
            first.take_block(&mut d);
        } else {
            assert_eq!(first.take_job(&mut d), Some(d.now.unix));
            first.tip.min_ntime = d.now.unix;
        }
        second.follow(first);
        third.follow(first);
        d.expect_silence(conn);
        for channel in &channels {
            channel.share(1, 7).credited(&mut d, conn);
            assert_eq!(channel.share(2, 7).refused(&mut d, conn), "duplicate-share");
        }
    }
    let hashes = channels.map(|channel| channel.share(3, 9).hash);
    assert!(
        hashes[0] != hashes[1] && hashes[1] != hashes[2] && hashes[0] != hashes[2],
        "search spaces are disjoint"
    );
}

#[test]
fn jobs_of_the_group_and_of_its_members_never_share_an_id() {
    let mut d = pool();
    let conn = d.ready(0, 0);
    let mut ids = Vec::new();
    let mut first = Channel::extended(&mut d, conn, open_extended());
    ids.push(first.job_id());
    for _ in 0..3 {
        d.control(Control::Template);
        first.take_job(&mut d);
        ids.push(first.job_id());
        ids.push(Channel::standard(&mut d, conn, open_standard()).job_id());
    }
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
}

#[test]
fn a_late_member_has_work_of_its_own_and_none_of_before() {
    let mut d = pool();
    let conn = d.ready(0, 0);
    let mut first = Channel::extended(&mut d, conn, open_extended());
    d.control(Control::Template);
    first.take_job(&mut d);
    let mut late = Channel::standard(&mut d, conn, open_standard());
    assert_eq!(late.addressee(), late.id);
    late.share(1, 1).credited(&mut d, conn);
    let mut borrowed = late.clone();
    borrowed.follow(&first);
    assert_eq!(borrowed.share(2, 2).refused(&mut d, conn), "invalid-job-id");
    d.control(Control::Template);
    first.take_job(&mut d);
    late.follow(&first);
    d.expect_silence(conn);
    late.share(3, 3).credited(&mut d, conn);
}

#[test]
fn where_standard_jobs_are_required_each_channel_has_its_own() {
    let mut d = pool();
    let conn = d.ready(0, 1);
    let mut channels = [(); 2].map(|()| Channel::standard(&mut d, conn, open_standard()));
    d.control(Control::Regroup { channels: channels.iter().map(at).collect() });
    d.expect_silence(conn);
    d.control(Control::Block);
    for channel in &mut channels {
        channel.take_block(&mut d);
        assert_eq!(channel.addressee(), channel.id);
    }
    d.expect_silence(conn);
    for channel in &channels {
        channel.share(1, 1).credited(&mut d, conn);
    }
}

#[test]
fn regrouped_channels_are_served_by_their_new_group() {
    let mut d = pool();
    let conn = d.ready(0, 0);
    let [mut stays, mut goes, mut goes_too] = three(&mut d, conn);
    let other = d.ready(0, 0);
    Channel::standard(&mut d, other, open_standard());
    let channels = vec![at(&goes_too), at(&goes), at(&goes), Address { conn: Some(conn), channel_id: 99 }];
    d.control(Control::Regroup { channels });
    let told = take!(d, conn, SetGroupChannel);
    assert_eq!(told.channel_ids.as_slice(), [goes.id, goes_too.id]);
    assert!(told.group_channel_id > goes_too.id, "an id of its own");
    d.expect_silence(other);
    (goes.group, goes_too.group) = (told.group_channel_id, told.group_channel_id);

    d.control(Control::Block);
    stays.take_block(&mut d);
    goes.take_block(&mut d);
    goes_too.follow(&goes);
    d.expect_silence(conn);
    assert_eq!((stays.addressee(), goes.addressee()), (stays.group, goes.group));
    for channel in [&stays, &goes, &goes_too] {
        channel.share(1, 1).credited(&mut d, conn);
    }
    let mut borrowed = stays.clone();
    borrowed.job = goes.job.clone();
    assert_eq!(borrowed.share(2, 2).refused(&mut d, conn), "invalid-job-id", "a job of another group");
    let late = Channel::standard(&mut d, conn, open_standard());
    assert_eq!(late.group, stays.group);
    assert!(late.id > told.group_channel_id, "groups and channels are numbered together");
}

#[test]
fn a_group_is_closed_by_either_side() {
    let mut d = pool();
    let conn = d.ready(0, 0);
    let [stays, goes, goes_too] = three(&mut d, conn);
    d.control(Control::Regroup { channels: vec![everywhere(goes.id), everywhere(goes_too.id)] });
    let group = take!(d, conn, SetGroupChannel).group_channel_id;
    d.control(Control::CloseChannel { channel: everywhere(group), reason: "enough".into() });
    let close = take!(d, conn, CloseChannel);
    assert_eq!((close.channel_id, close.reason_code), (group, "enough".into()));
    assert_eq!(goes.share(1, 1).refused(&mut d, conn), "invalid-channel-id");
    assert_eq!(goes_too.share(1, 1).refused(&mut d, conn), "invalid-channel-id");
    stays.share(1, 1).credited(&mut d, conn);
    d.control(Control::CloseChannel { channel: everywhere(group), reason: "again".into() });
    d.expect_silence(conn);
}

#[test]
fn what_was_credited_is_acknowledged_before_the_pool_closes_the_channel() {
    let mut d = Dialogue::pool(PoolConfig { ack_batch: 10, ..PoolConfig::default() });
    let conn = d.ready(0, 0);
    let channel = Channel::standard(&mut d, conn, open_standard());
    channel.share(4, 1).send(&mut d, conn);
    channel.share(5, 2).send(&mut d, conn);
    d.expect_silence(conn);
    d.control(Control::CloseChannel { channel: at(&channel), reason: "".into() });
    let success = take!(d, conn, SubmitSharesSuccess);
    assert_eq!((success.last_sequence_number, success.new_submits_accepted_count), (5, 2));
    assert_eq!(take!(d, conn, CloseChannel).channel_id, channel.id);
    assert_eq!(d.service.statistics().channels, 0);
}

#[test]
fn a_target_for_the_group_counts_for_all_members_and_the_jobs_that_follow() {
    let mut d = pool();
    let conn = d.ready(0, 0);
    let limit = U256::from_be_bytes([0x80; 32]);
    let limited = OpenStandardMiningChannel { max_target: limit, ..open_standard() };
    let mut first = Channel::standard(&mut d, conn, limited);
    let mut second = Channel::extended(&mut d, conn, open_extended());
    d.control(Control::SetTarget { channel: everywhere(first.group), maximum_target: U256::MAX });
    let told = take!(d, conn, SetTarget);
    assert_eq!((told.channel_id, told.maximum_target), (first.group, limit), "no member takes more");
    second.find(1, 0, |hash| hash > limit).credited(&mut d, conn);
    d.control(Control::Template);
    first.take_job(&mut d);
    second.follow(&first);
    assert_eq!(second.find(2, 0, |hash| hash > limit).refused(&mut d, conn), "difficulty-too-low");
    first.find(3, 0, |hash| hash <= limit).credited(&mut d, conn);

    let half = U256::from_be_bytes([0x40; 32]);
    d.control(Control::SetTarget { channel: at(&second), maximum_target: half });
    assert_eq!(take!(d, conn, SetTarget).channel_id, second.id);
    d.control(Control::SetTarget { channel: everywhere(99), maximum_target: half });
    d.expect_silence(conn);
}
