use crate::dialogue::{Dialogue, START, take};
use crate::miner::{Channel, Share, open_extended, open_standard};
use bitcoin::hashes::Hash;
use sv2_reference_pool::pool::{Pool, PoolConfig};
use sv2_reference_pool::service::Control;
use sv2_reference_pool::template::fixed::TemplateConfig;
use sv2_wire::{
    B0_32, CloseChannel, OpenExtendedMiningChannel, OpenStandardMiningChannel, SubmitSharesExtended,
    SubmitSharesStandard, SubmitSharesSuccess, U256,
};

fn pool() -> Dialogue<Pool> {
    Dialogue::pool(PoolConfig::default())
}

/// The network of regression tests, on which every second hash is a block.
fn regtest() -> PoolConfig {
    let templates = TemplateConfig { nbits: 0x207f_ffff, transactions: 5, ..TemplateConfig::default() };
    PoolConfig { templates, ..PoolConfig::default() }
}

/// A target that one hash in 256 meets.
fn one_in_256() -> U256 {
    let mut bytes = [0xff; 32];
    bytes[0] = 0;
    U256::from_be_bytes(bytes)
}

fn both(d: &mut Dialogue<Pool>) -> [Channel; 2] {
    let conn = d.ready(0, 0);
    [Channel::standard(d, conn, open_standard()), Channel::extended(d, conn, open_extended())]
}

fn edited(channel: &Channel, edit: impl FnOnce(&mut SubmitSharesExtended)) -> Share {
    let mut message = channel.share(7, 1).message;
    edit(&mut message);
    channel.share_of(message)
}

#[test]
fn good_shares_are_credited_one_by_one() {
    let mut d = pool();
    for channel in both(&mut d) {
        for number in 1..20 {
            channel.share(number, number * 77).credited(&mut d, channel.conn);
        }
    }
    assert_eq!(d.service.statistics().accepted, 38);
    assert!(d.service.statistics().rejected.is_empty());
}

#[test]
fn a_hash_at_the_target_is_a_share_and_one_above_is_not() {
    let mut d = pool();
    let conn = d.ready(0, 0);
    // Jobs do not depend on the target, so the hash of a nonce is known before the channel that has it as its target.
    let probe = Channel::standard(&mut d, conn, open_standard());
    let mut below = probe.share(1, 5).hash.to_be_bytes();
    below[31] -= 1;
    let mut d = pool();
    let conn = d.ready(0, 0);
    let exact = OpenStandardMiningChannel { max_target: probe.share(1, 5).hash, ..open_standard() };
    let channel = Channel::standard(&mut d, conn, exact);
    assert_eq!(channel.share(1, 5).hash, channel.target);
    channel.share(1, 5).credited(&mut d, conn);

    let mut d = pool();
    let conn = d.ready(0, 0);
    let harder = OpenStandardMiningChannel { max_target: U256::from_be_bytes(below), ..open_standard() };
    let channel = Channel::standard(&mut d, conn, harder);
    assert_eq!(channel.share(1, 5).refused(&mut d, conn), "difficulty-too-low");
}

#[test]
fn work_is_credited_once() {
    let mut d = pool();
    for channel in both(&mut d) {
        let mut share = channel.share(1, 5);
        share.credited(&mut d, channel.conn);
        share.message.sequence_number = 2;
        assert_eq!(share.refused(&mut d, channel.conn), "duplicate-share");
        channel.share(3, 6).credited(&mut d, channel.conn);
    }
    assert_eq!(d.service.statistics().rejected["duplicate-share"], 2);
}

#[test]
fn refused_work_is_no_duplicate() {
    let mut d = pool();
    let conn = d.ready(0, 0);
    let open = OpenExtendedMiningChannel { max_target: one_in_256(), ..open_extended() };
    let channel = Channel::extended(&mut d, conn, open);
    let weak = channel.find(1, 0, |hash| hash > channel.target);
    for _ in 0..2 {
        assert_eq!(weak.refused(&mut d, conn), "difficulty-too-low");
    }
    channel.find(2, 0, |hash| hash <= channel.target).credited(&mut d, conn);
}

#[test]
fn every_fault_of_a_share_has_its_code() {
    let mut d = pool();
    for channel in both(&mut d) {
        let conn = channel.conn;
        let mut refused =
            |edit: &dyn Fn(&mut SubmitSharesExtended)| edited(&channel, edit).refused(&mut d, conn);
        assert_eq!(refused(&|share| share.channel_id = 99), "invalid-channel-id");
        assert_eq!(refused(&|share| share.channel_id = channel.group), "invalid-channel-id");
        assert_eq!(refused(&|share| share.job_id = 99), "invalid-job-id");
        assert_eq!(refused(&|share| share.job_id = 0), "invalid-job-id");
        for bit in [0, 4, 29, 30, 31] {
            assert_eq!(refused(&|share| share.version ^= 1 << bit), "invalid-non-rollable-version-bit");
        }
        assert_eq!(refused(&|share| share.ntime = START - 1), "invalid-share");
        assert_eq!(refused(&|share| share.ntime = 0), "invalid-share");
        assert_eq!(refused(&|share| share.ntime = START + 7201), "invalid-share");
        assert_eq!(refused(&|share| share.ntime = u32::MAX), "invalid-share");
        // The order of the checks: what comes first is told.
        assert_eq!(refused(&|share| (share.job_id, share.ntime) = (99, 0)), "invalid-job-id");
        assert_eq!(
            refused(&|share| (share.version, share.ntime) = (0, 0)),
            "invalid-non-rollable-version-bit"
        );
        edited(&channel, |share| share.version ^= 0x1fff_ffe0).credited(&mut d, conn);
        edited(&channel, |share| share.ntime = START + 7200).credited(&mut d, conn);
    }
    assert_eq!(d.service.statistics().rejected["invalid-share"], 8);
}

#[test]
fn the_extranonce_must_have_the_granted_size() {
    let mut d = pool();
    let [_, channel] = both(&mut d);
    for size in [0, 15, 17, 32] {
        let share = edited(&channel, |share| {
            share.extranonce = B0_32::new(vec![1; size]).unwrap();
            share.version = 0;
        });
        assert_eq!(share.refused(&mut d, channel.conn), "bad-extranonce-size");
    }
    edited(&channel, |share| share.extranonce = B0_32::new(vec![1; 16]).unwrap())
        .credited(&mut d, channel.conn);
}

#[test]
fn shares_of_one_kind_count_on_no_channel_of_the_other() {
    let mut d = pool();
    let [standard, extended] = both(&mut d);
    let conn = standard.conn;
    let SubmitSharesExtended { sequence_number, job_id, nonce, ntime, version, .. } =
        standard.share(1, 1).message;
    let channel_id = extended.id;
    d.send(conn, SubmitSharesStandard { channel_id, sequence_number, job_id, nonce, ntime, version });
    assert_eq!(take!(d, conn, SubmitSharesError).error_code, "invalid-channel-id".into());
    d.send(conn, standard.share(2, 1).message);
    assert_eq!(take!(d, conn, SubmitSharesError).error_code, "invalid-channel-id".into());
    assert_eq!(d.service.statistics().accepted, 0);
}

#[test]
fn ntime_may_run_with_the_clock() {
    let mut d = pool();
    let [channel, _] = both(&mut d);
    d.elapse(100);
    edited(&channel, |share| share.ntime = START).credited(&mut d, channel.conn);
    edited(&channel, |share| share.ntime = START + 7300).credited(&mut d, channel.conn);
    assert_eq!(
        edited(&channel, |share| share.ntime = START + 7301).refused(&mut d, channel.conn),
        "invalid-share"
    );
}

#[test]
fn a_new_block_makes_old_work_stale() {
    let mut d = pool();
    let mut channels = both(&mut d);
    d.elapse(60);
    let old = channels.clone();
    d.control(Control::Block);
    let [first, second] = &mut channels;
    first.take_block(&mut d);
    second.follow(first);
    for (channel, old) in channels.iter().zip(&old) {
        assert_ne!(channel.tip.prev_hash, old.tip.prev_hash);
        assert_ne!(channel.job_id(), old.job_id());
        assert_eq!(channel.tip.min_ntime, START + 60);
    }
    d.expect_silence(channels[0].conn);
    for (channel, old) in channels.iter().zip(&old) {
        assert_eq!(old.share(1, 1).refused(&mut d, old.conn), "stale-share");
        let unknown = edited(channel, |share| share.job_id += 1);
        assert_eq!(unknown.refused(&mut d, old.conn), "invalid-job-id");
        channel.share(2, 1).credited(&mut d, channel.conn);
        let early = edited(channel, |share| share.ntime = START + 59);
        assert_eq!(early.refused(&mut d, channel.conn), "invalid-share");
        let ahead = edited(channel, |share| share.ntime = START + 60 + 7201);
        assert_eq!(
            ahead.refused(&mut d, channel.conn),
            "invalid-share",
            "the clock of the tip starts with it"
        );
    }
}

#[test]
fn a_new_template_adds_a_job_and_takes_none_away() {
    let mut d = pool();
    for mut channel in both(&mut d) {
        let conn = channel.conn;
        let old = channel.clone();
        d.elapse(10);
        d.control(Control::Template);
        assert_eq!(channel.take_job(&mut d), Some(d.now.unix));
        d.expect_silence(conn);
        assert!(channel.job_id() > old.job_id());
        assert_ne!(channel.share(1, 1).hash, old.share(1, 1).hash, "another coinbase");
        old.share(1, 1).credited(&mut d, conn);
        let early = edited(&channel, |share| share.ntime = d.now.unix - 1);
        assert_eq!(early.refused(&mut d, conn), "invalid-share", "a job may begin later than its tip");
        edited(&channel, |share| share.ntime = d.now.unix).credited(&mut d, conn);
    }
}

#[test]
fn only_so_many_jobs_are_kept() {
    let mut d = Dialogue::pool(PoolConfig { kept_jobs: 2, ..PoolConfig::default() });
    let conn = d.ready(0, 1);
    let mut channel = Channel::standard(&mut d, conn, open_standard());
    let mut jobs = vec![channel.clone()];
    for _ in 0..4 {
        d.control(Control::Template);
        assert_eq!(channel.take_job(&mut d), Some(START));
        jobs.push(channel.clone());
    }
    let codes: Vec<_> = jobs[..3].iter().map(|job| job.share(1, 1).refused(&mut d, conn)).collect();
    assert_eq!(codes, ["invalid-job-id", "stale-share", "stale-share"]);
    jobs[3].share(2, 1).credited(&mut d, conn);
    jobs[4].share(3, 1).credited(&mut d, conn);
}

#[test]
fn successes_can_be_batched() {
    // Shares that every hash makes are worth nothing in whole difficulties.
    let mut d = Dialogue::pool(PoolConfig { ack_batch: 10, ..PoolConfig::default() });
    let conn = d.ready(0, 0);
    let channel = Channel::standard(&mut d, conn, open_standard());
    for number in 1..=25 {
        channel.share(number, number).send(&mut d, conn);
        if number % 10 == 0 {
            let success = take!(d, conn, SubmitSharesSuccess);
            let expected = SubmitSharesSuccess {
                channel_id: channel.id,
                last_sequence_number: number,
                new_submits_accepted_count: 10,
                new_shares_sum: 0,
            };
            assert_eq!(success, expected);
        }
        d.expect_silence(conn);
    }
    assert_eq!(
        channel.share(26, 25).refused(&mut d, conn),
        "duplicate-share",
        "an error does not wait for a batch"
    );
    // "The server MUST stop sending messages for the channel": five shares stay without an answer.
    d.send(conn, CloseChannel { channel_id: channel.id, reason_code: "done".into() });
    d.expect_silence(conn);
    assert_eq!(d.service.statistics().accepted, 25);
}

#[test]
fn batches_of_two_channels_do_not_mix() {
    let mut d = Dialogue::pool(PoolConfig { ack_batch: 2, ..PoolConfig::default() });
    let [first, second] = both(&mut d);
    first.share(1, 1).send(&mut d, first.conn);
    second.share(1, 1).send(&mut d, first.conn);
    d.expect_silence(first.conn);
    second.share(2, 2).send(&mut d, first.conn);
    let success = take!(d, first.conn, SubmitSharesSuccess);
    assert_eq!((success.channel_id, success.new_submits_accepted_count), (second.id, 2));
}

#[test]
fn a_block_is_found_whole_and_once() {
    let mut d = Dialogue::pool(PoolConfig { ack_batch: 100, ..regtest() });
    for channel in both(&mut d) {
        let conn = channel.conn;
        let network = U256::from_be_bytes({
            let mut bytes = [0; 32];
            (bytes[0], bytes[1], bytes[2]) = (0x7f, 0xff, 0xff);
            bytes
        });
        let plain = channel.find(1, 0, |hash| hash > network);
        plain.send(&mut d, conn);
        d.expect_silence(conn);
        let solution = channel.find(2, 0, |hash| hash <= network);
        solution.send(&mut d, conn);
        let success = take!(d, conn, SubmitSharesSuccess);
        assert_eq!((success.last_sequence_number, success.new_submits_accepted_count), (2, 2), "at once");
        assert_eq!(solution.refused(&mut d, conn), "duplicate-share");

        let blocks = d.service.take_found_blocks();
        let [block] = blocks.as_slice() else { panic!("one block, got {}", blocks.len()) };
        assert_eq!(block.block_hash().to_byte_array(), solution.hash.to_le_bytes());
        assert!(block.header.validate_pow(block.header.target()).is_ok());
        assert!(block.check_merkle_root());
        assert!(block.check_witness_commitment());
        assert_eq!(block.bip34_block_height(), Ok(900_000));
        assert_eq!(block.txdata.len(), 6);
        assert!(!block.txdata[0].input[0].witness.is_empty(), "BIP141 fields are back");
        assert!(d.service.take_found_blocks().is_empty());
        let bytes = bitcoin::consensus::serialize(block);
        assert_eq!(bitcoin::consensus::deserialize::<bitcoin::Block>(&bytes).unwrap(), *block);
    }
    assert_eq!(d.service.statistics().blocks_found, 2);
}

#[test]
fn a_block_above_the_share_target_is_kept_but_not_credited() {
    let mut d = Dialogue::pool(regtest());
    let conn = d.ready(0, 0);
    let open = OpenStandardMiningChannel { max_target: one_in_256(), ..open_standard() };
    let channel = Channel::standard(&mut d, conn, open);
    let share = channel.find(1, 0, |hash| hash > channel.target && hash.to_be_bytes()[0] < 0x7f);
    for _ in 0..2 {
        assert_eq!(share.refused(&mut d, conn), "difficulty-too-low");
    }
    assert_eq!(d.service.take_found_blocks().len(), 1);
}

#[test]
fn blocks_that_nobody_takes_do_not_pile_up() {
    let mut d = Dialogue::pool(PoolConfig { max_found: 3, ..regtest() });
    let [channel, _] = both(&mut d);
    for number in 0..40 {
        channel.share(number, number).credited(&mut d, channel.conn);
    }
    assert!(d.service.statistics().blocks_found > 5);
    assert_eq!(d.service.take_found_blocks().len(), 3);
}

#[test]
fn who_submits_without_end_is_disconnected_at_the_bound() {
    let mut d = Dialogue::pool(PoolConfig { max_seen: 10, ..PoolConfig::default() });
    let [channel, other] = both(&mut d);
    let conn = channel.conn;
    for number in 0..5 {
        channel.share(number, number).credited(&mut d, conn);
        other.share(number, number).credited(&mut d, conn);
    }
    channel.share(10, 10).send(&mut d, conn);
    d.expect_close(conn);

    let mut d = Dialogue::pool(PoolConfig { max_seen: 10, ..PoolConfig::default() });
    let conn = d.ready(0, 1);
    let mut channel = Channel::standard(&mut d, conn, open_standard());
    for number in 0..30 {
        channel.share(number, number).credited(&mut d, conn);
        if number % 9 == 8 {
            d.control(Control::Block);
            channel.take_block(&mut d);
        }
    }
}

#[test]
fn refused_work_is_not_remembered_at_all() {
    let mut d = Dialogue::pool(PoolConfig { max_seen: 10, ..PoolConfig::default() });
    let conn = d.ready(0, 1);
    let open = OpenStandardMiningChannel { max_target: one_in_256(), ..open_standard() };
    let channel = Channel::standard(&mut d, conn, open);
    let weak = (0..100).map(|nonce| channel.share(nonce, nonce)).filter(|share| share.hash > channel.target);
    for share in weak {
        assert_eq!(share.refused(&mut d, conn), "difficulty-too-low");
    }
    assert!(d.service.statistics().rejected["difficulty-too-low"] > 90);
}
