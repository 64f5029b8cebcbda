use crate::dialogue::{Dialogue, take};
use crate::miner::{Channel, Job, open_extended, open_standard};
use sv2_reference_pool::pool::{Pool, PoolConfig};
use sv2_reference_pool::service::Control;
use sv2_wire::{CloseChannel, F32, Message, U256, UpdateChannel};

fn pool() -> Dialogue<Pool> {
    Dialogue::pool(PoolConfig::default())
}

fn update(channel: &Channel, hash_rate: f32, maximum_target: U256) -> UpdateChannel {
    UpdateChannel { channel_id: channel.id, nominal_hash_rate: F32(hash_rate), maximum_target }
}

fn close(channel_id: u32) -> CloseChannel {
    CloseChannel { channel_id, reason_code: "test".into() }
}

#[test]
fn a_smaller_maximum_is_reflected() {
    let mut d = pool();
    let conn = d.ready(0, 0);
    let channel = Channel::extended(&mut d, conn, open_extended());
    let smaller = U256::from_be_bytes([0x01; 32]);
    d.send(conn, update(&channel, 0.0, smaller));
    let set_target = take!(d, conn, SetTarget);
    assert_eq!((set_target.channel_id, set_target.maximum_target), (channel.id, smaller));
    d.send(conn, update(&channel, 0.0, smaller));
    d.expect_silence(conn);
    d.send(conn, update(&channel, 1e6, smaller));
    assert!(take!(d, conn, SetTarget).maximum_target < smaller);
}

#[test]
fn a_target_counts_for_the_jobs_that_follow() {
    let mut d = pool();
    let conn = d.ready(0, 1);
    let mut channel = Channel::standard(&mut d, conn, open_standard());
    let smaller = U256::from_be_bytes([0x01; 32]);
    d.send(conn, update(&channel, 0.0, smaller));
    take!(d, conn, SetTarget);
    channel.find(1, 0, |hash| hash > smaller).credited(&mut d, conn);
    let old = channel.clone();
    d.control(Control::Template);
    channel.take_job(&mut d);
    assert_eq!(channel.find(2, 0, |hash| hash > smaller).refused(&mut d, conn), "difficulty-too-low");
    channel.find(3, 0, |hash| hash <= smaller).credited(&mut d, conn);
    old.find(4, 1000, |hash| hash > smaller).credited(&mut d, conn);
    d.control(Control::Block);
    channel.take_block(&mut d);
    assert_eq!(channel.find(5, 0, |hash| hash > smaller).refused(&mut d, conn), "difficulty-too-low");
}

#[test]
fn invalid_updates_are_refused_and_change_nothing() {
    let mut d = pool();
    let conn = d.ready(0, 0);
    let channel = Channel::standard(&mut d, conn, open_standard());
    let nobody = Channel { id: 99, ..channel.clone() };
    let group = Channel { id: channel.group, ..channel.clone() };
    for (update, code) in [
        (update(&channel, f32::NAN, U256::MAX), "invalid-nominal-hashrate"),
        (update(&channel, -1.0, U256::from(1)), "invalid-nominal-hashrate"),
        (update(&channel, f32::INFINITY, U256::MAX), "invalid-nominal-hashrate"),
        (update(&channel, 0.0, U256::ZERO), "max-target-out-of-range"),
        (update(&nobody, 0.0, U256::MAX), "invalid-channel-id"),
        (update(&group, 0.0, U256::MAX), "invalid-channel-id"),
    ] {
        let channel_id = update.channel_id;
        d.send(conn, update);
        let error = take!(d, conn, UpdateChannelError);
        assert_eq!((error.channel_id, error.error_code), (channel_id, code.into()));
    }
    d.expect_silence(conn);
    d.send(conn, update(&channel, 0.0, U256::MAX));
    d.expect_silence(conn);
}

#[test]
fn a_closed_channel_is_served_no_more() {
    let mut d = pool();
    let conn = d.ready(0, 0);
    let first = Channel::standard(&mut d, conn, open_standard());
    let mut second = Channel::extended(&mut d, conn, open_extended());
    d.send(conn, close(first.id));
    d.expect_silence(conn);
    assert_eq!(first.share(1, 1).refused(&mut d, conn), "invalid-channel-id");
    d.control(Control::Block);
    second.take_block(&mut d);
    d.control(Control::Template);
    second.tip.min_ntime = second.take_job(&mut d).unwrap();
    d.expect_silence(conn);
    second.share(1, 1).credited(&mut d, conn);
    d.send(conn, close(first.id));
    d.send(conn, close(99));
    d.expect_silence(conn);
    assert_eq!(d.service.statistics().channels, 1);
}

#[test]
fn closing_the_group_closes_all_channels_of_the_connection() {
    let mut d = pool();
    let conn = d.ready(0, 0);
    let channels =
        [Channel::standard(&mut d, conn, open_standard()), Channel::extended(&mut d, conn, open_extended())];
    let other = d.ready(0, 0);
    let mut kept = Channel::standard(&mut d, other, open_standard());
    d.send(conn, close(channels[0].group));
    for channel in &channels {
        assert_eq!(channel.share(1, 1).refused(&mut d, conn), "invalid-channel-id");
    }
    d.control(Control::Block);
    d.expect_silence(conn);
    kept.take_block(&mut d);
    let again = Channel::standard(&mut d, conn, open_standard());
    assert!(channels.iter().all(|channel| channel.id < again.id));
}

#[test]
fn jobs_are_numbered_without_repeating() {
    let mut d = pool();
    let conn = d.ready(0, 1);
    let mut channel = Channel::standard(&mut d, conn, open_standard());
    let mut ids = vec![channel.job_id()];
    for control in [Control::Template, Control::Block, Control::Block, Control::Template] {
        d.control(control.clone());
        match control {
            Control::Block => channel.take_block(&mut d),
            _ => assert!(channel.take_job(&mut d).is_some()),
        }
        ids.push(channel.job_id());
    }
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
    d.expect_silence(conn);
}

#[test]
fn a_channel_that_opens_late_gets_the_work_of_today() {
    let mut d = pool();
    let conn = d.ready(0, 0);
    let mut first = Channel::extended(&mut d, conn, open_extended());
    d.elapse(600);
    d.control(Control::Block);
    first.take_block(&mut d);
    d.control(Control::Template);
    first.take_job(&mut d);
    let late = Channel::extended(&mut d, conn, open_extended());
    assert_eq!((late.tip.prev_hash, late.tip.min_ntime), (first.tip.prev_hash, first.tip.min_ntime));
    let (Job::Extended(one), Job::Extended(two)) = (&first.job, &late.job) else {
        panic!("two extended jobs")
    };
    assert_eq!(one.coinbase_tx_suffix, two.coinbase_tx_suffix, "one template");
    late.share(1, 1).credited(&mut d, conn);
}

#[test]
fn what_is_not_asked_for_is_not_sent() {
    let mut d = pool();
    let idle = d.connect();
    let ready = d.ready(0, 0);
    d.control(Control::Block);
    d.control(Control::Template);
    d.expect_silence(idle);
    d.expect_silence(ready);
    d.send(ready, Message::from(CloseChannel::default()));
    d.expect_silence(ready);
}
