//! What the operator changes, and what time changes.

use crate::dialogue::{Dialogue, setup, take};
use crate::miner::{Channel, Job, open_extended, open_standard};
use std::time::Duration;
use sv2_reference_pool::pool::{PoolConfig, Vardiff};
use sv2_reference_pool::service::{Address, Control, Finding, Service};
use sv2_reference_pool::template::fixed::TemplateConfig;
use sv2_wire::{CloseChannel, OpenStandardMiningChannel, SetupConnection, U256};

fn at(channel: &Channel) -> Address {
    Address { conn: Some(channel.conn), channel_id: channel.id }
}

#[test]
fn a_new_prefix_counts_for_the_jobs_that_follow() {
    let mut d = Dialogue::pool(PoolConfig::default());
    let conn = d.ready(0, 0);
    let mut changed = Channel::extended(&mut d, conn, open_extended());
    let mut other = Channel::standard(&mut d, conn, open_standard());
    d.control(Control::SetExtranoncePrefix { channel: at(&changed) });
    let told = take!(d, conn, SetExtranoncePrefix);
    assert_eq!(told.channel_id, changed.id);
    let prefix = told.extranonce_prefix.as_slice().to_vec();
    assert_eq!(prefix.len(), changed.prefix.len());
    assert!(prefix != changed.prefix && prefix != other.prefix[..4]);
    changed.share(1, 1).credited(&mut d, conn);
    let old = changed.clone();
    d.control(Control::Template);
    changed.take_job(&mut d);
    other.follow(&changed);
    changed.prefix = prefix;
    // The job before is still worked on with the prefix before. Whatever is hashed wrongly is another hash, and with a
    // target that every hash meets only a duplicate shows that the pool hashes the same.
    for (number, channel) in [(2, &changed), (3, &old), (4, &other)] {
        channel.share(number, 9).credited(&mut d, conn);
        assert_eq!(channel.share(number, 9).refused(&mut d, conn), "duplicate-share");
    }
    d.control(Control::SetExtranoncePrefix { channel: Address { conn: None, channel_id: changed.group } });
    d.expect_silence(conn);
}

#[test]
fn the_pool_hashes_with_the_prefix_that_it_told() {
    let templates = TemplateConfig { nbits: 0x207f_ffff, ..TemplateConfig::default() };
    let mut d = Dialogue::pool(PoolConfig { templates, ..PoolConfig::default() });
    let conn = d.ready(0, 0);
    let mut channel = Channel::extended(&mut d, conn, open_extended());
    d.control(Control::SetExtranoncePrefix { channel: at(&channel) });
    channel.prefix = take!(d, conn, SetExtranoncePrefix).extranonce_prefix.as_slice().to_vec();
    d.control(Control::Template);
    channel.take_job(&mut d);
    let network = U256::from_be_bytes([vec![0x7f, 0xff, 0xff], vec![0; 29]].concat().try_into().unwrap());
    let share = channel.find(1, 0, |hash| hash <= network);
    share.credited(&mut d, conn);
    let findings = d.service.take_findings();
    let [Finding::Block(block)] = findings.as_slice() else { panic!("one block, not {findings:?}") };
    assert_eq!(block.block_hash().to_string(), share.hash.to_string());
    assert!(d.service.take_findings().is_empty());
}

#[test]
fn clients_are_sent_elsewhere_one_or_all() {
    let mut d = Dialogue::pool(PoolConfig::default());
    let (first, second, fresh) = (d.ready(0, 0), d.ready(0, 0), d.connect());
    d.control(Control::Reconnect { conn: Some(second), new_host: "b.example".into(), new_port: 7 });
    let told = take!(d, second, Reconnect);
    assert_eq!((told.new_host, told.new_port), ("b.example".into(), 7));
    d.control(Control::Reconnect { conn: None, new_host: "".into(), new_port: 0 });
    for conn in [first, second] {
        let told = take!(d, conn, Reconnect);
        assert_eq!((told.new_host, told.new_port), ("".into(), 0));
    }
    d.expect_silence(fresh);
}

#[test]
fn a_connection_without_channels_is_closed_in_time() {
    let mut d =
        Dialogue::pool(PoolConfig { inactivity: Some(Duration::from_secs(60)), ..PoolConfig::default() });
    d.elapse(10);
    let idle = d.ready(0, 0);
    let busy = d.ready(0, 0);
    let fresh = d.connect();
    let channel = Channel::standard(&mut d, busy, open_standard());
    assert_eq!(d.service.deadline(), Some(Duration::from_secs(70)));
    d.elapse(59);
    d.tick();
    d.expect_silence(idle);
    d.elapse(1);
    d.tick();
    d.expect_close(idle);
    d.elapse(1000);
    d.tick();
    d.expect_silence(busy);
    assert_eq!(d.service.deadline(), None);
    d.send(busy, CloseChannel { channel_id: channel.id, reason_code: "bye".into() });
    assert_eq!(d.service.deadline(), Some(Duration::from_secs(1130)));
    d.elapse(60);
    d.tick();
    d.expect_close(busy);
    d.expect_silence(fresh);
    d.service.closed(idle);
    d.service.closed(busy);
    assert_eq!(d.service.deadline(), None);
}

#[test]
fn targets_follow_the_shares_where_that_is_wanted() {
    let vardiff = Some(Vardiff { interval: Duration::from_secs(60) });
    let mut d = Dialogue::pool(PoolConfig { vardiff, ..PoolConfig::default() });
    let conn = d.ready(0, 1);
    let mut busy = Channel::standard(&mut d, conn, open_standard());
    let aim = OpenStandardMiningChannel { max_target: U256::from_be_bytes([0x20; 32]), ..open_standard() };
    Channel::standard(&mut d, conn, aim);
    // Six shares a minute are the aim.
    for nonce in 0..60 {
        busy.share(nonce, nonce).credited(&mut d, conn);
    }
    d.elapse(60);
    d.tick();
    let told = take!(d, conn, SetTarget);
    assert_eq!(told.channel_id, busy.id);
    let tenth = told.maximum_target.to_be_bytes()[0];
    assert!((0x19..=0x1a).contains(&tenth), "a tenth of all hashes, not 0x{tenth:02x}");
    d.expect_silence(conn);
    d.control(Control::Template);
    busy.tip.min_ntime = busy.take_job(&mut d).unwrap();
    d.receive(conn);
    let too_weak = busy.find(99, 0, |hash| hash > told.maximum_target);
    assert_eq!(too_weak.refused(&mut d, conn), "difficulty-too-low");
    assert_eq!(d.service.deadline(), Some(Duration::from_secs(120)));
    d.elapse(60);
    d.tick();
    let told = take!(d, conn, SetTarget);
    assert_eq!(told.channel_id, busy.id, "it fell silent");
    assert!(told.maximum_target.to_be_bytes()[0] > 0x80);
    d.expect_silence(conn);
}

#[test]
fn a_fixed_version_is_announced_and_kept() {
    let mut d = Dialogue::pool(PoolConfig { fixed_version: true, ..PoolConfig::default() });
    let conn = d.connect();
    d.send(conn, SetupConnection { flags: 4, ..setup(0) });
    assert_eq!(take!(d, conn, SetupConnectionError).flags, 6, "work selection is not served either");
    d.expect_close(conn);
    let conn = d.connect();
    d.send(conn, setup(0));
    assert_eq!(take!(d, conn, SetupConnectionSuccess).flags, 1);
    d.send(conn, open_extended());
    take!(d, conn, OpenExtendedMiningChannelSuccess);
    assert!(!take!(d, conn, NewExtendedMiningJob).version_rolling_allowed);
    take!(d, conn, SetNewPrevHash);
    let channel = Channel::standard(&mut d, conn, open_standard());
    let Job::Standard(job) = &channel.job else { panic!("a standard job") };
    let mut share = channel.share(1, 1);
    share.message.version = job.version ^ (1 << 20);
    assert_eq!(share.refused(&mut d, conn), "version-rolling-not-allowed");
    channel.share(2, 1).credited(&mut d, conn);
}

#[test]
fn where_only_extended_channels_are_opened_others_are_refused() {
    let mut d = Dialogue::pool(PoolConfig { extended_channels_only: true, ..PoolConfig::default() });
    let conn = d.connect();
    d.send(conn, SetupConnection { flags: 1, ..setup(0) });
    assert_eq!(take!(d, conn, SetupConnectionError).flags, 3, "work selection is not served either");
    let conn = d.connect();
    d.send(conn, setup(0));
    assert_eq!(take!(d, conn, SetupConnectionSuccess).flags, 2);
    d.send(conn, open_standard());
    let error = take!(d, conn, OpenMiningChannelError);
    assert_eq!(error.error_code, "standard-channels-not-supported".into());
    Channel::extended(&mut d, conn, open_extended());
}

#[test]
fn the_report_has_the_names_of_the_statistics() {
    let mut d = Dialogue::pool(PoolConfig::default());
    let conn = d.ready(0, 0);
    let channel = Channel::standard(&mut d, conn, open_standard());
    channel.share(1, 1).credited(&mut d, conn);
    channel.share(2, 1).refused(&mut d, conn);
    let report = d.service.report();
    assert_eq!(report["accepted"], 1);
    assert_eq!(report["rejected"]["duplicate-share"], 1);
    assert_eq!((&report["channels"], &report["connections"]), (&1.into(), &1.into()));
    assert!(report["workers"].as_object().unwrap().is_empty());
}
