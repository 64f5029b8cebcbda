use crate::dialogue::{Dialogue, START, setup, take};
use bitcoin::hashes::{Hash, sha256d};
use bitcoin::{
    Amount, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Witness, absolute, transaction,
};
use sv2_reference_pool::service::{ConnId, Control};
use sv2_reference_pool::template::fixed::TemplateConfig;
use sv2_reference_pool::template::provider::{ProviderConfig, SolutionError, TemplateProvider};
use sv2_wire::{
    B0_64K, CoinbaseOutputConstraints, NewTemplate, RequestTransactionData, SetupConnection, SubmitSolution,
    TemplateSetNewPrevHash,
};

fn provider(transactions: usize) -> Dialogue<TemplateProvider> {
    let templates = TemplateConfig { nbits: 0x207f_ffff, transactions, ..TemplateConfig::default() };
    Dialogue::new(TemplateProvider::new(ProviderConfig { templates, ..ProviderConfig::default() }).unwrap())
}

fn constraints() -> CoinbaseOutputConstraints {
    CoinbaseOutputConstraints {
        coinbase_output_max_additional_size: 100,
        coinbase_output_max_additional_sigops: 4,
    }
}

fn take_pair(d: &mut Dialogue<TemplateProvider>, conn: ConnId) -> (NewTemplate, TemplateSetNewPrevHash) {
    let template = take!(d, conn, NewTemplate);
    let prev_hash = take!(d, conn, TemplateSetNewPrevHash);
    assert!(template.future_template);
    assert_eq!(template.template_id, prev_hash.template_id);
    (template, prev_hash)
}

fn served(d: &mut Dialogue<TemplateProvider>) -> (ConnId, NewTemplate, TemplateSetNewPrevHash) {
    let conn = d.ready(2, 0);
    d.expect_silence(conn);
    d.send(conn, constraints());
    let (template, prev_hash) = take_pair(d, conn);
    d.expect_silence(conn);
    (conn, template, prev_hash)
}

/// A coinbase as a pool makes it from the message alone.
fn coinbase(template: &NewTemplate) -> Transaction {
    let mut outputs = vec![TxOut {
        value: Amount::from_sat(template.coinbase_tx_value_remaining),
        script_pubkey: ScriptBuf::from(vec![0x51]),
    }];
    let count = [template.coinbase_tx_outputs_count as u8];
    let listed = [count.as_slice(), template.coinbase_tx_outputs.as_slice()].concat();
    outputs.extend(bitcoin::consensus::deserialize::<Vec<TxOut>>(&listed).unwrap());
    Transaction {
        version: transaction::Version(template.coinbase_tx_version as i32),
        lock_time: absolute::LockTime::from_consensus(template.coinbase_tx_locktime),
        input: vec![TxIn {
            previous_output: OutPoint::null(),
            script_sig: ScriptBuf::from([template.coinbase_prefix.as_slice(), b"\x04pool"].concat()),
            sequence: Sequence(template.coinbase_tx_input_sequence),
            witness: Witness::from_slice(&[[0u8; 32]]),
        }],
        output: outputs,
    }
}

/// Grinds the nonce until the hash is, or is not, a block of regtest.
fn solve(
    template: &NewTemplate,
    prev_hash: &TemplateSetNewPrevHash,
    coinbase: &Transaction,
    good: bool,
) -> SubmitSolution {
    let path = template.merkle_path.as_slice().iter();
    let root = path.fold(coinbase.compute_txid().to_byte_array(), |root, sibling| {
        sha256d::Hash::hash(&[root, sibling.to_le_bytes()].concat()).to_byte_array()
    });
    let meets = |nonce: &u32| {
        let header = [
            template.version.to_le_bytes().as_slice(),
            &prev_hash.prev_hash.to_le_bytes(),
            &root,
            &prev_hash.header_timestamp.to_le_bytes(),
            &prev_hash.nbits.to_le_bytes(),
            &nonce.to_le_bytes(),
        ]
        .concat();
        let hash = sha256d::Hash::hash(&header).to_byte_array();
        (sv2_wire::U256::from_le_bytes(hash) <= prev_hash.target) == good
    };
    SubmitSolution {
        template_id: template.template_id,
        version: template.version,
        header_timestamp: prev_hash.header_timestamp,
        header_nonce: (0..1000).find(meets).unwrap(),
        coinbase_tx: B0_64K::new(bitcoin::consensus::serialize(coinbase)).unwrap(),
    }
}

#[test]
fn the_first_template_is_a_future_one_and_then_current() {
    let mut d = provider(3);
    let (_, template, prev_hash) = served(&mut d);
    assert_eq!(template.coinbase_tx_outputs_count, 1);
    assert_eq!(template.coinbase_prefix.as_slice(), [3, 0xa0, 0xbb, 0x0d], "900 000 as BIP34 pushes it");
    assert_eq!(template.coinbase_tx_value_remaining, 312_500_000);
    assert_eq!(prev_hash.header_timestamp, START);
    let target = "7fffff0000000000000000000000000000000000000000000000000000000000";
    assert_eq!((prev_hash.nbits, prev_hash.target.to_string()), (0x207f_ffff, target.to_owned()));
    let commitment = template.coinbase_tx_outputs.as_slice();
    // Value 0, a script of 38 bytes: OP_RETURN, a push of 36, the header of BIP141, the commitment.
    assert_eq!(commitment[..15], [0, 0, 0, 0, 0, 0, 0, 0, 38, 0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed]);
    assert_eq!(commitment.len(), 47);
}

#[test]
fn a_provider_refuses_what_is_not_its_protocol() {
    let mut d = provider(0);
    for (request, flags, code) in [
        (setup(0), 0, "unsupported-protocol"),
        (SetupConnection { max_version: 1, min_version: 1, ..setup(2) }, 0, "protocol-version-mismatch"),
        (SetupConnection { flags: 1, ..setup(2) }, 1, "unsupported-feature-flags"),
    ] {
        let conn = d.connect();
        d.send(conn, request);
        let error = take!(d, conn, SetupConnectionError);
        assert_eq!((error.flags, error.error_code), (flags, code.into()));
        d.expect_close(conn);
    }
    let conn = d.connect();
    d.send(conn, constraints());
    d.expect_close(conn);
    let conn = d.ready(2, 0);
    d.send(conn, setup(2));
    d.send_raw(conn, 0x4abc, 0x70, &[0; 6]);
    d.expect_silence(conn);
    d.send_raw(conn, 0, 0x70, &[0; 5]);
    d.expect_close(conn);
}

#[test]
fn blocks_and_templates_reach_those_who_are_served() {
    let mut d = provider(2);
    let (conn, first, first_tip) = served(&mut d);
    let waiting = d.ready(2, 0);
    d.elapse(30);
    d.control(Control::Template);
    let second = take!(d, conn, NewTemplate);
    assert!(!second.future_template);
    d.expect_silence(conn);
    d.control(Control::Block);
    let (third, tip) = take_pair(&mut d, conn);
    assert_ne!(tip.prev_hash, first_tip.prev_hash);
    assert_eq!(tip.header_timestamp, START + 30);
    assert!(first.template_id < second.template_id && second.template_id < third.template_id);
    d.expect_silence(waiting);
    d.send(conn, constraints());
    let fourth = take!(d, conn, NewTemplate);
    assert!(fourth.template_id > third.template_id && !fourth.future_template);
    d.expect_silence(conn);
}

#[test]
fn a_solution_becomes_a_block() {
    for transactions in [0, 1, 2, 3, 5, 8] {
        let mut d = provider(transactions);
        let (conn, template, prev_hash) = served(&mut d);
        let solution = solve(&template, &prev_hash, &coinbase(&template), true);
        d.send(conn, solution.clone());
        d.expect_silence(conn);
        let [found] = d.service.take_solutions().try_into().unwrap();
        assert_eq!((found.conn, &found.message), (conn, &solution));
        let block = found.outcome.unwrap();
        assert!(block.check_merkle_root() && block.check_witness_commitment());
        assert!(block.header.validate_pow(block.header.target()).is_ok());
        assert_eq!(block.txdata.len(), transactions + 1);
        assert!(d.service.take_solutions().is_empty());
    }
}

#[test]
fn a_wrong_solution_is_recorded_with_its_fault() {
    let mut d = provider(4);
    let (conn, template, prev_hash) = served(&mut d);
    let honest = coinbase(&template);
    let good = solve(&template, &prev_hash, &honest, true);
    let with = |edit: &dyn Fn(&mut Transaction)| {
        let mut coinbase = honest.clone();
        edit(&mut coinbase);
        B0_64K::new(bitcoin::consensus::serialize(&coinbase)).unwrap()
    };
    let fields = [
        with(&|coinbase| coinbase.input[0].script_sig = ScriptBuf::from(vec![0x51, 0x51])),
        with(&|coinbase| coinbase.input[0].sequence = Sequence::ZERO),
        with(&|coinbase| coinbase.input[0].witness.clear()),
        with(&|coinbase| coinbase.input[0].previous_output.vout = 0),
        with(&|coinbase| coinbase.lock_time = absolute::LockTime::from_consensus(9)),
        with(&|coinbase| coinbase.version = transaction::Version::ONE),
        with(&|coinbase| coinbase.output.truncate(1)),
        with(&|coinbase| coinbase.output.reverse()),
        with(&|coinbase| coinbase.input.push(coinbase.input[0].clone())),
    ];
    let wrong_fields = fields
        .map(|coinbase_tx| (SubmitSolution { coinbase_tx, ..good.clone() }, SolutionError::CoinbaseFields));
    let greedy = with(&|coinbase| coinbase.output[0].value += Amount::ONE_SAT);
    let overflow = with(&|coinbase| coinbase.output[0].value = Amount::from_sat(u64::MAX));
    let late = START + 7201;
    let others = [
        (SubmitSolution { template_id: 99, ..good.clone() }, SolutionError::UnknownTemplate),
        (SubmitSolution { version: good.version ^ 1, ..good.clone() }, SolutionError::VersionBit),
        (SubmitSolution { header_timestamp: START - 1, ..good.clone() }, SolutionError::Time),
        (SubmitSolution { header_timestamp: late, ..good.clone() }, SolutionError::Time),
        (SubmitSolution { coinbase_tx: B0_64K::default(), ..good.clone() }, SolutionError::Coinbase),
        (SubmitSolution { coinbase_tx: greedy, ..good.clone() }, SolutionError::Value),
        (SubmitSolution { coinbase_tx: overflow, ..good }, SolutionError::Value),
        (solve(&template, &prev_hash, &honest, false), SolutionError::Target),
    ];
    for (solution, error) in others.into_iter().chain(wrong_fields) {
        d.send(conn, solution);
        let [found] = d.service.take_solutions().try_into().unwrap();
        assert_eq!(found.outcome, Err(error));
    }
    d.control(Control::Block);
    d.send(conn, good);
    let [found] = d.service.take_solutions().try_into().unwrap();
    assert_eq!(found.outcome, Err(SolutionError::StaleTemplate));
}

#[test]
fn transactions_are_handed_out_in_block_order() {
    let mut d = provider(5);
    let (conn, template, prev_hash) = served(&mut d);
    d.send(conn, RequestTransactionData { template_id: template.template_id });
    let data = take!(d, conn, RequestTransactionDataSuccess);
    assert_eq!(data.template_id, template.template_id);
    let honest = coinbase(&template);
    d.send(conn, solve(&template, &prev_hash, &honest, true));
    let [found] = d.service.take_solutions().try_into().unwrap();
    let block = found.outcome.unwrap();
    let sent: Vec<Transaction> = data
        .transaction_list
        .as_slice()
        .iter()
        .map(|bytes| bitcoin::consensus::deserialize(bytes.as_slice()).unwrap())
        .collect();
    assert_eq!(block.txdata[1..], sent);

    d.send(conn, RequestTransactionData { template_id: 99 });
    assert_eq!(take!(d, conn, RequestTransactionDataError).error_code, "template-id-not-found".into());
    d.control(Control::Template);
    take!(d, conn, NewTemplate);
    d.send(conn, RequestTransactionData { template_id: template.template_id });
    take!(d, conn, RequestTransactionDataSuccess);
    d.control(Control::Block);
    take_pair(&mut d, conn);
    d.send(conn, RequestTransactionData { template_id: template.template_id });
    let error = take!(d, conn, RequestTransactionDataError);
    assert_eq!((error.template_id, error.error_code), (template.template_id, "stale-template-id".into()));
}

#[test]
fn room_that_no_block_has_is_not_promised() {
    let mut d = provider(0);
    // 1168 + 4 * 999 708 = 4 000 000 weight units.
    for (size, fits) in [(999_708, true), (999_709, false), (u32::MAX, false)] {
        let conn = d.ready(2, 0);
        d.send(
            conn,
            CoinbaseOutputConstraints { coinbase_output_max_additional_size: size, ..constraints() },
        );
        if fits {
            take_pair(&mut d, conn);
        } else {
            d.expect_close(conn);
        }
    }
}

#[test]
fn old_templates_are_forgotten() {
    let templates = TemplateConfig::default();
    let config =
        ProviderConfig { templates, kept_templates: 2, max_solutions: 2, ..ProviderConfig::default() };
    let mut d = Dialogue::new(TemplateProvider::new(config).unwrap());
    let (conn, first, prev_hash) = served(&mut d);
    for _ in 0..2 {
        d.control(Control::Template);
        take!(d, conn, NewTemplate);
    }
    d.send(conn, RequestTransactionData { template_id: first.template_id });
    assert_eq!(take!(d, conn, RequestTransactionDataError).error_code, "template-id-not-found".into());
    for _ in 0..3 {
        d.send(conn, solve(&first, &prev_hash, &coinbase(&first), false));
    }
    assert_eq!(d.service.take_solutions().len(), 2);
}
