//! Custom jobs (spec sections 5.3.18 to 5.3.20).

use crate::support::Dialogue;
use sv2_session::{JobState, Work};
use sv2_wire::{
    B0_64K, B0_255, Seq0_255, SetCustomMiningJob, SetCustomMiningJobError, SetCustomMiningJobSuccess, U256,
};

fn request(channel_id: u32, request_id: u32) -> SetCustomMiningJob {
    SetCustomMiningJob {
        channel_id,
        request_id,
        version: 0x2000_0000,
        prev_hash: U256::from(60),
        min_ntime: 61,
        nbits: 0x1d00_ffff,
        coinbase_tx_version: 2,
        coinbase_prefix: B0_255::new(vec![3, 0xa0, 0xbb, 0x0d]).expect("short"),
        coinbase_tx_input_n_sequence: 0xffff_fffe,
        coinbase_tx_outputs: B0_64K::new(vec![1, 2, 3]).expect("short"),
        coinbase_tx_locktime: 4,
        merkle_path: Seq0_255::new(vec![U256::from(9)]).expect("short"),
        ..Default::default()
    }
}

fn success(channel_id: u32, request_id: u32, job_id: u32) -> SetCustomMiningJobSuccess {
    SetCustomMiningJobSuccess { channel_id, request_id, job_id }
}

#[test]
fn a_job_is_there_once_the_server_has_taken_it() {
    let mut talk = Dialogue::with_flags(2);
    talk.open_extended(2, 7);
    talk.client(request(2, 5));
    assert_eq!(talk.mines(2), None);
    talk.server(success(2, 5, 8));
    let job = talk.job_on(2, 8);
    let JobState::Active { prev_hash, nbits, min_ntime, tip, .. } = job.state else {
        panic!("{:?}", job.state)
    };
    assert_eq!((prev_hash, nbits, min_ntime, tip), (U256::from(60), 0x1d00_ffff, 61, 0));
    assert!(job.version_rolling_allowed && !job.came_as_future);
    let basis = talk.session.basis(job).expect("it is active");
    assert_eq!(talk.session.basis_holds(&basis), Ok(()), "without any SetNewPrevHash");
}

#[test]
fn the_coinbase_is_put_together_from_the_request() {
    let Work::Coinbase { prefix, suffix, merkle_path } = Work::custom(&request(2, 5), 20) else {
        panic!("no coinbase")
    };
    // Version 2; one input; no outpoint; 24 bytes of script, of which four are here.
    let zeros = "00".repeat(32);
    assert_eq!(hex(&prefix), format!("0200000001{zeros}ffffffff1803a0bb0d"));
    assert_eq!(hex(&suffix), "feffffff01020304000000");
    assert_eq!(merkle_path, [U256::from(9)]);
    let coinbase_prefix = B0_255::new(vec![7; 255]).expect("as long as it gets");
    let Work::Coinbase { prefix, .. } =
        Work::custom(&SetCustomMiningJob { coinbase_prefix, ..request(2, 5) }, 20)
    else {
        panic!("no coinbase")
    };
    assert_eq!(hex(prefix.get(41..45).expect("long enough")), "fd130107", "275 bytes of script");
}

#[test]
fn a_script_of_253_bytes_is_the_first_with_a_length_of_three() {
    let length = |extranonce| match Work::custom(&request(2, 5), extranonce) {
        Work::Coinbase { prefix, .. } => hex(prefix.get(41..prefix.len() - 4).expect("before the script")),
        other => panic!("{other:?}"),
    };
    assert_eq!([248, 249, 251, 252].map(length), ["fc", "fdfd00", "fdff00", "fd0001"]);
}

#[test]
fn what_is_refused_or_was_not_asked_for_is_no_job() {
    let mut talk = Dialogue::with_flags(2);
    talk.open_extended(2, 7);
    talk.client(request(2, 5));
    talk.server(success(2, 6, 8));
    talk.server(SetCustomMiningJobError { channel_id: 2, request_id: 5, ..Default::default() });
    talk.server(success(2, 5, 8));
    assert_eq!(talk.mines(2), None);
}

#[test]
fn a_group_takes_it_for_its_extended_channels_and_a_block_ends_it() {
    let mut talk = Dialogue::with_flags(2);
    talk.open_standard(2, 7);
    talk.open_extended(3, 7);
    talk.open_extended(4, 7);
    talk.client(request(7, 5));
    talk.server(success(7, 5, 8));
    assert_eq!((talk.mines(2), talk.mines(3), talk.mines(4)), (None, Some(8), Some(8)));
    talk.tip(3, 1, 70);
    assert_eq!((talk.mines(3), talk.mines(4)), (None, Some(8)));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
