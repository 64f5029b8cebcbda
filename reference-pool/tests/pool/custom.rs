//! Custom jobs (spec sections 5.3.18 to 5.3.20).

use crate::dialogue::{Dialogue, take};
use crate::miner::{Channel, Job, open_extended, open_standard};
use sv2_reference_pool::custom::CustomJobs;
use sv2_reference_pool::pool::{Pool, PoolConfig};
use sv2_reference_pool::service::{Address, ConnId, Control};
use sv2_reference_pool::setup::REQUIRES_WORK_SELECTION;
use sv2_wire::{
    B0_64K, B0_255, F32, NewExtendedMiningJob, OpenExtendedMiningChannel, Opt, Seq0_255, SetCustomMiningJob,
    U256,
};

fn pool() -> Dialogue<Pool> {
    let tokens = (0..4u8).map(|number| vec![number; 3]).collect();
    Dialogue::pool(PoolConfig { custom_jobs: Some(CustomJobs { tokens }), ..PoolConfig::default() })
}

/// A target that only the right coinbase meets.
fn extended(d: &mut Dialogue<Pool>, conn: ConnId) -> Channel {
    let open = OpenExtendedMiningChannel { nominal_hash_rate: F32(100.0), ..open_extended() };
    Channel::extended(d, conn, open)
}

fn outputs() -> Vec<u8> {
    let script = PoolConfig::default().payout;
    [&[1], 5_000_000_000u64.to_le_bytes().as_slice(), &[script.len() as u8], script.as_bytes()].concat()
}

fn request(channel: &Channel, token: u8) -> SetCustomMiningJob {
    SetCustomMiningJob {
        channel_id: channel.id,
        request_id: 70 + u32::from(token),
        mining_job_token: B0_255::new(vec![token; 3]).unwrap(),
        version: 0x2000_0000,
        prev_hash: channel.tip.prev_hash,
        min_ntime: channel.tip.min_ntime + 5,
        nbits: channel.tip.nbits,
        coinbase_tx_version: 2,
        coinbase_prefix: B0_255::new(vec![3, 0xa0, 0xbb, 0x0d]).unwrap(),
        coinbase_tx_input_n_sequence: u32::MAX,
        coinbase_tx_outputs: B0_64K::new(outputs()).unwrap(),
        coinbase_tx_locktime: 7,
        merkle_path: Seq0_255::new(vec![U256::from(5), U256::MAX]).unwrap(),
    }
}

/// The channel, at work on a job that it asked for itself; the coinbase is put together byte by byte.
fn at_work(channel: &Channel, request: &SetCustomMiningJob, job_id: u32) -> Channel {
    let head = request.coinbase_prefix.as_slice();
    let script_len = (head.len() + channel.prefix.len() + channel.rolled.unwrap_or(0)) as u8;
    let prefix = [
        request.coinbase_tx_version.to_le_bytes().as_slice(),
        &[1],
        &[0; 32],
        &[0xff; 4],
        &[script_len],
        head,
    ]
    .concat();
    let suffix = [
        request.coinbase_tx_input_n_sequence.to_le_bytes().as_slice(),
        request.coinbase_tx_outputs.as_slice(),
        &request.coinbase_tx_locktime.to_le_bytes(),
    ]
    .concat();
    let job = NewExtendedMiningJob {
        channel_id: channel.id,
        job_id,
        min_ntime: Opt(Some(request.min_ntime)),
        version: request.version,
        version_rolling_allowed: true,
        merkle_path: request.merkle_path.clone(),
        coinbase_tx_prefix: B0_64K::new(prefix).unwrap(),
        coinbase_tx_suffix: B0_64K::new(suffix).unwrap(),
    };
    let mut channel = Channel { job: Job::Extended(job), ..channel.clone() };
    channel.tip.min_ntime = request.min_ntime;
    channel
}

fn taken(d: &mut Dialogue<Pool>, conn: ConnId, request: &SetCustomMiningJob) -> u32 {
    d.send(conn, request.clone());
    let success = take!(d, conn, SetCustomMiningJobSuccess);
    assert_eq!((success.channel_id, success.request_id), (request.channel_id, request.request_id));
    success.job_id
}

fn refused(d: &mut Dialogue<Pool>, conn: ConnId, request: &SetCustomMiningJob) -> String {
    d.send(conn, request.clone());
    let error = take!(d, conn, SetCustomMiningJobError);
    assert_eq!((error.channel_id, error.request_id), (request.channel_id, request.request_id));
    error.error_code.to_text().into_owned()
}

#[test]
fn shares_of_a_custom_job_are_judged_by_its_own_coinbase() {
    let mut d = pool();
    let conn = d.ready(0, REQUIRES_WORK_SELECTION);
    let channel = extended(&mut d, conn);
    let (one, two) = (request(&channel, 0), request(&channel, 1));
    let two =
        SetCustomMiningJob { coinbase_prefix: B0_255::default(), merkle_path: Seq0_255::default(), ..two };
    let (first, second) = (taken(&mut d, conn, &one), taken(&mut d, conn, &two));
    assert!(first != second && ![first, second].contains(&channel.job_id()));
    for (number, (request, id)) in (1..).zip([(one, first), (two, second)]) {
        let work = at_work(&channel, &request, id);
        work.find(number, 0, |hash| hash <= channel.target).credited(&mut d, conn);
        let above = work.find(9, 0, |hash| hash > channel.target);
        assert_eq!(above.refused(&mut d, conn), "difficulty-too-low");
        let mut early = work.clone();
        early.tip.min_ntime -= 1;
        assert_eq!(early.find(9, 0, |hash| hash <= channel.target).refused(&mut d, conn), "invalid-share");
    }
    // The pool's own job counts as before, and a block ends all of them.
    channel.find(3, 0, |hash| hash <= channel.target).credited(&mut d, conn);
    let work = at_work(&channel, &request(&channel, 0), first);
    let late = work.find(4, 500_000, |hash| hash <= channel.target);
    d.control(Control::Block);
    channel.clone().take_block(&mut d);
    assert_eq!(late.refused(&mut d, conn), "stale-share");
}

#[test]
fn requests_are_refused_in_the_order_of_the_checks() {
    let mut d = pool();
    let conn = d.ready(0, REQUIRES_WORK_SELECTION);
    let channel = extended(&mut d, conn);
    let good = request(&channel, 0);
    let bytes = |bytes: &[u8]| B0_255::new(bytes.to_vec()).unwrap();
    // Each has the faults of those before it mended, and one more good field in turn.
    let mut bad = SetCustomMiningJob {
        coinbase_tx_locktime: 900_000,
        coinbase_tx_input_n_sequence: 0,
        coinbase_tx_outputs: B0_64K::new([outputs(), vec![0]].concat()).unwrap(),
        coinbase_prefix: bytes(&[1; 9]),
        version: good.version ^ 1,
        min_ntime: channel.tip.min_ntime - 1,
        nbits: good.nbits + 1,
        prev_hash: U256::ZERO,
        mining_job_token: bytes(b"mine"),
        channel_id: 99,
        ..good.clone()
    };
    assert_eq!(refused(&mut d, conn, &bad), "invalid-channel-id");
    bad.channel_id = good.channel_id;
    assert_eq!(refused(&mut d, conn, &bad), "invalid-mining-job-token");
    bad.mining_job_token = good.mining_job_token.clone();
    assert_eq!(refused(&mut d, conn, &bad), "stale-chain-tip");
    bad.prev_hash = good.prev_hash;
    assert_eq!(refused(&mut d, conn, &bad), "invalid-job-param-value-nbits");
    bad.nbits = good.nbits;
    assert_eq!(refused(&mut d, conn, &bad), "invalid-job-param-value-min_ntime");
    bad.min_ntime = d.now.unix + 7201;
    assert_eq!(refused(&mut d, conn, &bad), "invalid-job-param-value-min_ntime");
    bad.min_ntime = d.now.unix + 7200;
    assert_eq!(refused(&mut d, conn, &bad), "invalid-job-param-value-version");
    bad.version = good.version ^ 0x1fff_ffe0;
    assert_eq!(refused(&mut d, conn, &bad), "invalid-job-param-value-coinbase_prefix");
    bad.coinbase_prefix = bytes(&[1; 8]);
    assert_eq!(refused(&mut d, conn, &bad), "invalid-job-param-value-coinbase_tx_outputs");
    bad.coinbase_tx_outputs = good.coinbase_tx_outputs.clone();
    assert_eq!(refused(&mut d, conn, &bad), "invalid-job-param-value-coinbase_tx_locktime");
    bad.coinbase_tx_locktime = 899_999;
    taken(&mut d, conn, &bad);
    assert_eq!(refused(&mut d, conn, &good), "invalid-mining-job-token", "each token is good for one job");
}

#[test]
fn only_those_who_announced_it_may_choose_their_work() {
    let mut d = pool();
    let conn = d.ready(0, 0);
    let channel = extended(&mut d, conn);
    assert_eq!(refused(&mut d, conn, &request(&channel, 0)), "jd-not-supported");
}

#[test]
fn a_group_takes_a_custom_job_for_its_extended_channels() {
    let mut d = pool();
    let conn = d.ready(0, REQUIRES_WORK_SELECTION);
    let standard = Channel::standard(&mut d, conn, open_standard());
    let for_id = |channel: &Channel, id| SetCustomMiningJob { channel_id: id, ..request(channel, 0) };
    assert_eq!(refused(&mut d, conn, &for_id(&standard, standard.id)), "invalid-channel-id");
    assert_eq!(refused(&mut d, conn, &for_id(&standard, standard.group)), "invalid-channel-id");
    let members = [extended(&mut d, conn), extended(&mut d, conn)];
    let request = for_id(&members[0], members[0].group);
    let job_id = taken(&mut d, conn, &request);
    for member in &members {
        let work = at_work(member, &request, job_id);
        work.find(1, 0, |hash| hash <= member.target).credited(&mut d, conn);
    }
    let left_out = at_work(&Channel { rolled: None, ..standard.clone() }, &request, job_id);
    assert_eq!(left_out.share(1, 0).refused(&mut d, conn), "invalid-job-id");
}

#[test]
fn a_custom_job_keeps_its_target_and_the_next_has_the_new_one() {
    let mut d = pool();
    let conn = d.ready(0, REQUIRES_WORK_SELECTION);
    let channel = extended(&mut d, conn);
    let (one, two) = (request(&channel, 0), request(&channel, 1));
    let first = taken(&mut d, conn, &one);
    let address = Address { conn: None, channel_id: channel.id };
    d.control(Control::SetTarget { channel: address, maximum_target: U256::ZERO });
    assert_eq!(take!(d, conn, SetTarget).maximum_target, U256::ZERO);
    let second = taken(&mut d, conn, &two);
    let good = |hash| hash <= channel.target;
    at_work(&channel, &one, first).find(1, 0, good).credited(&mut d, conn);
    let late = at_work(&channel, &two, second).find(2, 0, good);
    assert_eq!(late.refused(&mut d, conn), "difficulty-too-low");
}
