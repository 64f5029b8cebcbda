use crate::dialogue::{Dialogue, setup, take};
use crate::miner::{Channel, open_extended, open_standard};
use sv2_reference_pool::pool::{Pool, PoolConfig, PoolConfigError, WorkError};
use sv2_reference_pool::service::Service;
use sv2_reference_pool::template::fixed::{TemplateConfig, TemplateConfigError};
use sv2_wire::frame::Frame;
use sv2_wire::{Message, RequestExtensions, Seq0_64K, SetCustomMiningJob, SetupConnection};

fn pool() -> Dialogue<Pool> {
    Dialogue::pool(PoolConfig::default())
}

#[test]
fn nothing_is_served_before_setup() {
    let mut d = pool();
    let conn = d.connect();
    d.send(conn, open_standard());
    d.expect_close(conn);
    d.send(conn, setup(0));
    d.expect_close(conn);

    let conn = d.connect();
    d.send_raw(conn, 0x4abc, 0x00, b"an extension is not SetupConnection either");
    d.expect_close(conn);

    let conn = d.connect();
    d.send_raw(conn, 0, 0, &[0, 2, 0]);
    d.expect_close(conn);
    assert_eq!(d.service.statistics().channels_opened, 0);
}

#[test]
fn a_refused_setup_is_told_why_and_closed() {
    for (request, flags, code) in [
        (SetupConnection { min_version: 3, max_version: 4, ..setup(0) }, 0, "protocol-version-mismatch"),
        (setup(2), 0, "unsupported-protocol"),
        (setup(77), 0, "unsupported-protocol"),
        (SetupConnection { flags: 0x8000_0007, ..setup(0) }, 0x8000_0002, "unsupported-feature-flags"),
    ] {
        let mut d = pool();
        let conn = d.connect();
        d.send(conn, request);
        let error = take!(d, conn, SetupConnectionError);
        assert_eq!((error.flags, error.error_code), (flags, code.into()));
        d.expect_close(conn);
        d.send(conn, setup(0));
        d.expect_close(conn);
    }
}

#[test]
fn flags_that_are_not_wanted_are_refused_together() {
    for (flags, refused) in [(1, 7), (4, 7), (5, 7), (8, 15), (0, 0)] {
        let mut d = Dialogue::pool(PoolConfig { refused_flags: 5, ..PoolConfig::default() });
        let conn = d.connect();
        d.send(conn, SetupConnection { flags, ..setup(0) });
        match refused {
            0 => _ = take!(d, conn, SetupConnectionSuccess),
            refused => assert_eq!(take!(d, conn, SetupConnectionError).flags, refused),
        }
    }
}

#[test]
fn a_pool_without_extensions_ignores_the_request() {
    let mut d = Dialogue::pool(PoolConfig { ignores_extensions: true, ..PoolConfig::default() });
    let conn = d.ready(0, 0);
    let requested_extensions = Seq0_64K::new(vec![2]).unwrap();
    d.send(conn, RequestExtensions { request_id: 5, requested_extensions });
    d.expect_silence(conn);
    Channel::extended(&mut d, conn, open_extended());
}

#[test]
fn a_second_setup_changes_nothing() {
    let mut d = pool();
    let conn = d.ready(0, 1);
    for request in [setup(0), setup(2), SetupConnection { flags: u32::MAX, ..setup(0) }] {
        d.send(conn, request);
        d.expect_silence(conn);
    }
    d.send(conn, open_extended());
    let error = take!(d, conn, OpenMiningChannelError);
    assert_eq!(error.error_code, "extended-channels-not-supported-for-standard-jobs".into());
}

#[test]
fn unknown_frames_are_ignored_and_malformed_messages_are_not() {
    let mut d = pool();
    let conn = d.ready(0, 0);
    // 0x1a of another extension is no share; 0x7f is no message of ours.
    d.send_raw(conn, 0x4abc, 0x1a, &[0; 24]);
    d.send_raw(conn, 0, 0x7f, &[1, 2, 3]);
    d.send_raw(conn, 0x4abc, 0, &[]);
    // Messages that only a server or a client of another protocol sends.
    d.send_raw(conn, 0, 0x11, &[0; 80]);
    d.send_raw(conn, 0, 0x73, &[0; 8]);
    d.expect_silence(conn);
    let channel = Channel::standard(&mut d, conn, open_standard());
    channel.share(1, 0).credited(&mut d, conn);
    d.send_raw(conn, 0, 0x1a, &[0; 23]);
    d.expect_close(conn);
    assert_eq!(d.service.statistics().channels, 0);
    channel.share(2, 1).send(&mut d, conn);
    d.expect_close(conn);
}

#[test]
fn a_wrong_channel_bit_and_a_tail_are_no_obstacle() {
    let mut d = pool();
    let conn = d.connect();
    let mut frame = Frame::of(&setup(0).into()).unwrap();
    frame.header.channel_msg = true;
    frame.payload.extend_from_slice(&[2, 0, 1, 1, 0, b'w']);
    d.send_frame(conn, &frame);
    take!(d, conn, SetupConnectionSuccess);
    let channel = Channel::extended(&mut d, conn, open_extended());
    let mut frame = Frame::of(&channel.share(9, 0).message.into()).unwrap();
    frame.header.channel_msg = false;
    frame.payload.extend_from_slice(&[2, 0, 1, 1, 0, b'w']);
    d.send_frame(conn, &frame);
    assert_eq!(take!(d, conn, SubmitSharesSuccess).last_sequence_number, 9);
}

#[test]
fn extensions_are_answered() {
    let mut d = pool();
    let conn = d.ready(0, 0);
    let requested_extensions = Seq0_64K::new(vec![3, 0x4abc]).unwrap();
    d.send(conn, RequestExtensions { request_id: 5, requested_extensions: requested_extensions.clone() });
    let error = take!(d, conn, RequestExtensionsError);
    assert_eq!((error.request_id, error.unsupported_extensions), (5, requested_extensions));
    assert!(error.required_extensions.as_slice().is_empty());
    d.send(conn, RequestExtensions { request_id: 6, ..RequestExtensions::default() });
    assert_eq!(take!(d, conn, RequestExtensionsSuccess).request_id, 6);
    d.expect_silence(conn);
}

#[test]
fn custom_jobs_are_refused() {
    let mut d = pool();
    let conn = d.ready(0, 0);
    let channel = Channel::extended(&mut d, conn, open_extended());
    d.send(
        conn,
        SetCustomMiningJob { channel_id: channel.id, request_id: 77, ..SetCustomMiningJob::default() },
    );
    let error = take!(d, conn, SetCustomMiningJobError);
    assert_eq!((error.channel_id, error.request_id), (channel.id, 77));
    assert_eq!(error.error_code, "jd-not-supported".into());
}

#[test]
fn a_connection_that_is_gone_is_forgotten() {
    let mut d = pool();
    let conn = d.ready(0, 0);
    Channel::standard(&mut d, conn, open_standard());
    assert_eq!((d.service.statistics().connections, d.service.statistics().channels), (1, 1));
    d.service.closed(conn);
    assert_eq!((d.service.statistics().connections, d.service.statistics().channels), (0, 0));
    d.send(conn, open_standard());
    d.expect_silence(conn);
}

#[test]
fn every_message_of_the_table_is_survived() {
    for spec in sv2_wire::MESSAGES {
        let mut d = pool();
        let conn = d.ready(0, 0);
        Channel::extended(&mut d, conn, open_extended());
        d.send(conn, Message::zero(spec.kind).unwrap());
        let fresh = d.ready(0, 0);
        Channel::standard(&mut d, fresh, open_standard());
    }
}

#[test]
fn impossible_configurations_are_refused() {
    let error = |config| Pool::new(config).err().unwrap();
    let default = PoolConfig::default();
    for shares_per_minute in [0.0, -1.0, f64::INFINITY] {
        let config = PoolConfig { shares_per_minute, ..default.clone() };
        assert_eq!(error(config), PoolConfigError::SharesPerMinute(shares_per_minute));
    }
    assert_eq!(error(PoolConfig { kept_jobs: 0, ..default.clone() }), PoolConfigError::KeptJobs);
    let signature = vec![b'x'; 75];
    assert_eq!(
        error(PoolConfig { signature, ..default.clone() }),
        PoolConfigError::Work(WorkError::Script(101))
    );
    let templates = TemplateConfig { transactions: 9, ..TemplateConfig::default() };
    let expected = PoolConfigError::Templates(TemplateConfigError::Transactions(9));
    assert_eq!(error(PoolConfig { templates, ..default }), expected);
}
