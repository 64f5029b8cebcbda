use crate::dialogue::{Dialogue, START, take};
use crate::miner::{Channel, Job, open_extended, open_standard};
use std::collections::BTreeSet;
use sv2_reference_pool::pool::{Pool, PoolConfig};
use sv2_reference_pool::service::{ConnId, Control};
use sv2_reference_pool::template::fixed::TemplateConfig;
use sv2_wire::{CloseChannel, F32, Message, OpenExtendedMiningChannel, OpenStandardMiningChannel, U256};

fn pool() -> Dialogue<Pool> {
    Dialogue::pool(PoolConfig::default())
}

fn refused(d: &mut Dialogue<Pool>, conn: ConnId, open: impl Into<Message>) -> String {
    let open = open.into();
    let request_id = open.uint("request_id").unwrap();
    d.send(conn, open);
    let error = take!(d, conn, OpenMiningChannelError);
    assert_eq!(error.request_id, request_id);
    error.error_code.to_text().into_owned()
}

#[test]
fn a_channel_gets_a_future_job_and_the_tip() {
    let mut d = pool();
    let conn = d.ready(0, 1);
    let channel = Channel::standard(&mut d, conn, open_standard());
    d.expect_silence(conn);
    assert_eq!(channel.target, U256::MAX);
    assert_eq!((channel.tip.min_ntime, channel.tip.nbits), (START, 0x1d00_ffff));
    assert_eq!(channel.prefix.len(), 20);
    assert_ne!(channel.group, channel.id);
    assert_eq!(d.service.statistics().channels, 1);
}

#[test]
fn the_target_follows_the_hash_rate_and_the_limit_of_the_device() {
    let mut d = pool();
    let conn = d.ready(0, 0);
    // Six shares a minute at 10 000 000 hashes a second: one in 100 000 000 hashes.
    let rated = OpenStandardMiningChannel { nominal_hash_rate: F32(1e7), ..open_standard() };
    let channel = Channel::standard(&mut d, conn, rated.clone());
    // 2^256 / (10^8 + 1), by Python.
    let expected = "0000002af31dbd2c6bcefe992adf0d0f0cb61954f21b8294c0abe93216567b33";
    assert_eq!(channel.target.to_string(), expected);
    let limit = U256::from(1u64 << 40);
    let limited = Channel::standard(&mut d, conn, OpenStandardMiningChannel { max_target: limit, ..rated });
    assert_eq!(limited.target, limit);
}

#[test]
fn impossible_openings_are_refused() {
    let mut d = pool();
    let conn = d.ready(0, 0);
    for rate in [f32::NAN, -1.0, f32::INFINITY, f32::NEG_INFINITY] {
        let nominal_hash_rate = F32(rate);
        let code = refused(&mut d, conn, OpenStandardMiningChannel { nominal_hash_rate, ..open_standard() });
        assert_eq!(code, "invalid-nominal-hashrate");
        let code = refused(&mut d, conn, OpenExtendedMiningChannel { nominal_hash_rate, ..open_extended() });
        assert_eq!(code, "invalid-nominal-hashrate");
    }
    let code = refused(&mut d, conn, OpenStandardMiningChannel { max_target: U256::ZERO, ..open_standard() });
    assert_eq!(code, "max-target-out-of-range");
    for min_extranonce_size in [17, 32, u16::MAX] {
        let code =
            refused(&mut d, conn, OpenExtendedMiningChannel { min_extranonce_size, ..open_extended() });
        assert_eq!(code, "min-extranonce-size-too-large");
    }
    Channel::extended(&mut d, conn, OpenExtendedMiningChannel { min_extranonce_size: 16, ..open_extended() });
    let negative_zero = OpenStandardMiningChannel { nominal_hash_rate: F32(-0.0), ..open_standard() };
    Channel::standard(&mut d, conn, negative_zero);
    d.expect_silence(conn);
}

#[test]
fn connections_for_standard_jobs_get_no_extended_channel() {
    let mut d = pool();
    let conn = d.ready(0, 1);
    assert_eq!(refused(&mut d, conn, open_extended()), "extended-channels-not-supported-for-standard-jobs");
    Channel::standard(&mut d, conn, open_standard());
}

#[test]
fn a_request_id_that_is_used_again_is_answered_again() {
    let mut d = pool();
    let conn = d.ready(0, 0);
    let first = Channel::standard(&mut d, conn, open_standard());
    let second = Channel::standard(&mut d, conn, open_standard());
    assert_ne!(first.id, second.id);
}

#[test]
fn the_number_of_channels_is_bounded() {
    let mut d = Dialogue::pool(PoolConfig { max_channels: 2, ..PoolConfig::default() });
    let conn = d.ready(0, 0);
    let first = Channel::standard(&mut d, conn, open_standard());
    Channel::extended(&mut d, conn, open_extended());
    assert_eq!(refused(&mut d, conn, open_standard()), "channel-capacity-exhausted");
    d.send(conn, CloseChannel { channel_id: first.id, reason_code: "done".into() });
    let third = Channel::standard(&mut d, conn, open_standard());
    assert!(third.id > first.id, "an id is never used again");
    assert_eq!(d.service.statistics().channels, 2);
}

#[test]
fn no_two_channels_share_search_space_or_ids() {
    let mut d = pool();
    let (mut heads, mut prefixes) = (BTreeSet::new(), Vec::new());
    for flags in [0, 4, 0] {
        let conn = d.ready(0, flags);
        let mut ids = BTreeSet::new();
        for _ in 0..4 {
            for channel in [
                Channel::standard(&mut d, conn, open_standard()),
                Channel::extended(&mut d, conn, open_extended()),
            ] {
                assert!(ids.insert(channel.id), "ids are unique on a connection");
                assert_ne!(channel.id, channel.group);
                assert_eq!(channel.prefix.len() + channel.rolled.unwrap_or(0), 20, "one group, one size");
                prefixes.push(channel.prefix);
            }
        }
    }
    for prefix in &prefixes {
        assert!(heads.insert(prefix[..4].to_vec()), "no prefix begins another");
    }
    assert_eq!(heads.len(), 24);
}

#[test]
fn a_standard_and_an_extended_miner_see_the_same_block() {
    for transactions in [0, 1, 2, 3, 5, 8] {
        let templates = TemplateConfig { transactions, ..TemplateConfig::default() };
        let mut d = Dialogue::pool(PoolConfig { templates, ..PoolConfig::default() });
        let conn = d.ready(0, 0);
        let standard = Channel::standard(&mut d, conn, open_standard());
        let extended = Channel::extended(&mut d, conn, open_extended());
        let Job::Extended(job) = &extended.job else { panic!("an extended channel gets extended jobs") };
        // "coinbase_tx_prefix + extranonce_prefix + coinbase_tx_suffix" of spec section 5.1.2.1.
        let whole =
            [job.coinbase_tx_prefix.as_slice(), &standard.prefix, job.coinbase_tx_suffix.as_slice()].concat();
        let coinbase: bitcoin::Transaction = bitcoin::consensus::deserialize(&whole).unwrap();
        assert!(coinbase.is_coinbase());
        assert!(coinbase.input[0].witness.is_empty(), "stripped of BIP141 fields");
        let converted = Channel { job: Job::Extended(job.clone()), rolled: Some(0), ..standard.clone() };
        assert_eq!(converted.share(1, 0).hash, standard.share(1, 0).hash, "{transactions}");
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let told = [1, 1, 2].map(|seed| {
        let mut d = Dialogue::pool(PoolConfig { seed, ..PoolConfig::default() });
        let conn = d.ready(0, 0);
        let mut channel = Channel::extended(&mut d, conn, open_extended());
        d.elapse(30);
        d.control(Control::Block);
        channel.take_block(&mut d);
        format!("{channel:?}")
    });
    assert_eq!(told[0], told[1]);
    assert_ne!(told[0], told[2]);
}
