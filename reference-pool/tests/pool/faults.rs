//! Each fault of the pool's rules changes what its row says, counts it, and changes nothing else that is looked at here.

use crate::dialogue::{Dialogue, setup, take};
use crate::miner::{Channel, open_extended, open_standard};
use sv2_reference_pool::faults::{FAULTS, Fault};
use sv2_reference_pool::pool::{Pool, PoolConfig};
use sv2_reference_pool::service::{ConnId, Control};
use sv2_wire::{
    Message, OpenStandardMiningChannel, SetupConnection, SubmitSharesError, SubmitSharesSuccess, U256,
    UpdateChannel,
};

fn faulty(id: &str) -> Dialogue<Pool> {
    batched(id, 1)
}

fn batched(id: &str, ack_batch: u32) -> Dialogue<Pool> {
    let faults = vec![Fault::by_id(id).unwrap()];
    Dialogue::pool(PoolConfig { faults, ack_batch, ..PoolConfig::default() })
}

fn fired(d: &Dialogue<Pool>, id: &str) -> u64 {
    let faults = d.service.statistics().faults;
    assert_eq!(faults.len(), 1);
    faults[id]
}

fn one_in_256() -> U256 {
    let mut bytes = [0xff; 32];
    bytes[0] = 0;
    U256::from_be_bytes(bytes)
}

/// What the pool says between set-up and the first share, as text.
fn opening(d: &mut Dialogue<Pool>, conn: ConnId) -> Vec<String> {
    d.send(conn, open_standard());
    d.send(conn, open_extended());
    d.send(conn, OpenStandardMiningChannel { max_target: one_in_256(), ..open_standard() });
    d.control(Control::Template);
    d.control(Control::Block);
    (0..12).map(|_| format!("{:?}", d.receive(conn))).collect()
}

#[test]
fn ids_and_clauses_are_sound() {
    let mut ids: Vec<_> = FAULTS.iter().map(|fault| (fault.id.len(), fault.id)).collect();
    assert!(ids.is_sorted());
    ids.dedup();
    assert_eq!(ids.len(), FAULTS.len());
    let names: std::collections::BTreeSet<_> = FAULTS.iter().map(|fault| fault.name).collect();
    assert_eq!(names.len(), FAULTS.len());
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/requirements");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let text: String = files.map(|path| std::fs::read_to_string(path).unwrap()).collect();
    for fault in FAULTS {
        assert_eq!(Fault::by_id(fault.id), Some(*fault));
        for clause in fault.clauses {
            assert!(text.contains(&format!("id = \"{clause}\"")), "{}: {clause}", fault.id);
        }
    }
}

#[test]
fn faults_of_the_connection_leave_the_pool_alone() {
    let clean = {
        let mut d = Dialogue::pool(PoolConfig::default());
        let conn = d.ready(0, 0);
        opening(&mut d, conn)
    };
    for fault in FAULTS.iter().filter(|fault| !fault.concerns_pool()) {
        let mut d = Dialogue::pool(PoolConfig { faults: vec![*fault], ..PoolConfig::default() });
        let conn = d.ready(0, 0);
        assert_eq!(opening(&mut d, conn), clean);
        assert!(d.service.statistics().faults.is_empty(), "the node counts them");
    }
}

#[test]
fn openings_differ_where_the_row_says_so() {
    let clean = {
        let mut d = Dialogue::pool(PoolConfig::default());
        let conn = d.ready(0, 0);
        opening(&mut d, conn)
    };
    // Standard: success, job, prev hash; extended: the same; limited standard: the same; template job; block: job, prev hash.
    for (id, different) in [
        ("F09", vec![0, 3, 6]),
        ("F13", vec![6]),
        ("F14", vec![1, 2, 4, 5, 7, 8, 10, 11]),
        ("F15", vec![2, 5, 8, 11]),
        ("F16", vec![1, 4, 7, 10]),
        ("F17", vec![]),
        ("F18", vec![]),
        ("F19", vec![]),
        ("F20", vec![]),
    ] {
        let mut d = faulty(id);
        let conn = d.ready(0, 0);
        let found = opening(&mut d, conn);
        let differing: Vec<_> = (0..12).filter(|at| found[*at] != clean[*at]).collect();
        assert_eq!(differing, different, "{id}");
        assert_eq!(fired(&d, id) > 0, !different.is_empty(), "{id}");
    }
}

#[test]
fn f07_echoes_the_flags_of_the_request() {
    let mut d = faulty("F07");
    let conn = d.connect();
    d.send(conn, SetupConnection { flags: 5, ..setup(0) });
    assert_eq!(take!(d, conn, SetupConnectionSuccess).flags, 5);
    assert_eq!(fired(&d, "F07"), 1);
    d.ready(0, 0);
    assert_eq!(fired(&d, "F07"), 1, "without flags there is nothing to be wrong about");
}

#[test]
fn f08_names_one_flag_of_two() {
    let mut d = faulty("F08");
    for (flags, named, count) in [(0b1010, 0b0010, 1), (0b1000, 0b0010, 2), (u32::MAX, 2, 3)] {
        let conn = d.connect();
        d.send(conn, SetupConnection { flags, ..setup(0) });
        assert_eq!(take!(d, conn, SetupConnectionError).flags, named);
        assert_eq!(fired(&d, "F08"), count);
    }
}

#[test]
fn f10_gives_every_channel_the_id_of_the_first() {
    let mut d = faulty("F10");
    let conn = d.ready(0, 0);
    let first = Channel::standard(&mut d, conn, open_standard());
    assert_eq!(fired(&d, "F10"), 0);
    let second = Channel::extended(&mut d, conn, open_extended());
    assert_eq!((second.id, fired(&d, "F10")), (first.id, 1));
    second.share(1, 1).credited(&mut d, conn);
}

#[test]
fn f11_gives_the_prefix_twice_also_on_another_connection() {
    let mut d = faulty("F11");
    let (conn, other) = (d.ready(0, 0), d.ready(0, 0));
    let first = Channel::extended(&mut d, conn, open_extended());
    let second = Channel::extended(&mut d, other, open_extended());
    assert_eq!((first.prefix == second.prefix, fired(&d, "F11")), (true, 1));
    let standard = Channel::standard(&mut d, conn, open_standard());
    assert_ne!(standard.prefix[..4], first.prefix);
    assert_eq!(fired(&d, "F11"), 1);
}

#[test]
fn f12_grants_more_than_the_device_takes() {
    let mut d = faulty("F12");
    let conn = d.ready(0, 0);
    let limited = OpenStandardMiningChannel { max_target: one_in_256(), ..open_standard() };
    let channel = Channel::standard(&mut d, conn, limited);
    assert_eq!((channel.target, fired(&d, "F12")), (U256::MAX, 1));
    d.send(
        conn,
        UpdateChannel { channel_id: channel.id, maximum_target: U256::from(1), ..UpdateChannel::default() },
    );
    d.expect_silence(conn);
    assert_eq!(fired(&d, "F12"), 2, "an update is ignored likewise");
}

#[test]
fn f13_turns_targets_around() {
    let mut d = faulty("F13");
    let conn = d.ready(0, 0);
    let limited = OpenStandardMiningChannel { max_target: one_in_256(), ..open_standard() };
    let channel = Channel::standard(&mut d, conn, limited);
    assert_eq!(channel.target, U256::from_le_bytes(one_in_256().to_be_bytes()));
    let truth = one_in_256();
    channel.find(1, 0, |hash| hash <= truth).credited(&mut d, conn);
    assert_eq!(channel.find(2, 0, |hash| hash > truth).refused(&mut d, conn), "difficulty-too-low");
}

#[test]
fn f17_credits_a_share_twice() {
    let mut d = faulty("F17");
    let conn = d.ready(0, 0);
    let channel = Channel::standard(&mut d, conn, open_standard());
    channel.share(1, 1).credited(&mut d, conn);
    assert_eq!(fired(&d, "F17"), 0);
    channel.share(2, 1).credited(&mut d, conn);
    assert_eq!(fired(&d, "F17"), 1);
}

#[test]
fn f18_credits_work_on_an_old_block() {
    let mut d = faulty("F18");
    let conn = d.ready(0, 1);
    let mut channel = Channel::standard(&mut d, conn, open_standard());
    let old = channel.clone();
    d.control(Control::Block);
    channel.take_block(&mut d);
    channel.share(1, 1).credited(&mut d, conn);
    assert_eq!(fired(&d, "F18"), 0);
    old.share(2, 1).credited(&mut d, conn);
    assert_eq!(fired(&d, "F18"), 1);
    assert_eq!(Channel { id: 9, ..old }.share(3, 2).refused(&mut d, conn), "invalid-channel-id");
}

#[test]
fn f19_takes_any_hash_for_a_share() {
    let mut d = faulty("F19");
    let conn = d.ready(0, 0);
    let limited = OpenStandardMiningChannel { max_target: one_in_256(), ..open_standard() };
    let channel = Channel::standard(&mut d, conn, limited);
    let weak = channel.find(1, 0, |hash| hash > channel.target);
    weak.credited(&mut d, conn);
    assert_eq!(fired(&d, "F19"), 1);
    assert_eq!(weak.refused(&mut d, conn), "duplicate-share");
}

#[test]
fn f20_counts_on_from_batch_to_batch() {
    let mut d = batched("F20", 3);
    let conn = d.ready(0, 0);
    let channel = Channel::standard(&mut d, conn, open_standard());
    let mut counts = Vec::new();
    for number in 1..=9 {
        channel.share(number, number).send(&mut d, conn);
        if number % 3 == 0 {
            counts.push(take!(d, conn, SubmitSharesSuccess).new_submits_accepted_count);
        }
        d.expect_silence(conn);
    }
    assert_eq!((counts, fired(&d, "F20")), (vec![3, 6, 9], 2));
}

#[test]
fn faults_combine() {
    let faults = ["F17", "F19"].map(|id| Fault::by_id(id).unwrap()).to_vec();
    let mut d = Dialogue::pool(PoolConfig { faults, ..PoolConfig::default() });
    let conn = d.ready(0, 0);
    let limited = OpenStandardMiningChannel { max_target: one_in_256(), ..open_standard() };
    let channel = Channel::standard(&mut d, conn, limited);
    let weak = channel.find(1, 0, |hash| hash > channel.target);
    weak.credited(&mut d, conn);
    weak.credited(&mut d, conn);
    let faults = d.service.statistics().faults;
    assert_eq!((faults["F17"], faults["F19"]), (1, 2));
}

#[test]
fn a_clean_pool_is_right_where_the_faults_are_wrong() {
    let mut d = Dialogue::pool(PoolConfig::default());
    let conn = d.ready(0, 1);
    let limited = OpenStandardMiningChannel { max_target: one_in_256(), ..open_standard() };
    let channel = Channel::standard(&mut d, conn, limited);
    channel.find(1, 0, |hash| hash > channel.target).send(&mut d, conn);
    assert!(matches!(d.receive(conn), Message::SubmitSharesError(SubmitSharesError { .. })));
    channel.find(2, 0, |hash| hash <= channel.target).send(&mut d, conn);
    assert!(matches!(d.receive(conn), Message::SubmitSharesSuccess(SubmitSharesSuccess { .. })));
    assert!(d.service.statistics().faults.is_empty());
}
