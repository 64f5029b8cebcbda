//! `share_validate`: what the pool says to one share, against two reckonings that share no code with it or with each other.
//!
//! An input is a channel, a share mined on its job or not, and changes to the share's fields. The pool judges it with the bitcoin
//! crate; the miner's arithmetic from the model of the connection; and a third one takes the messages of the pool as they came
//! and lays the header out by hand.

mod naive;

use super::pool::node;
use super::program::{Settings as Switches, Zeros};
use crate::miner::{self, Settings, Wanted};
use crate::target::EMBEDDED_START;
use arbitrary::{Arbitrary, Unstructured};
use std::time::Duration;
use sv2_reference_pool::faults::Fault;
use sv2_reference_pool::fuzz::header_bytes;
use sv2_reference_pool::node::{Node, Output};
use sv2_reference_pool::pool::Pool;
use sv2_reference_pool::service::{ConnId, Control, Now};
use sv2_session::{Direction, Job, JobState, Session};
use sv2_wire::frame::{Deframer, Frame, MAX_PAYLOAD_LEN};
use sv2_wire::fuzz::{Finding, Oracle, Random, Seed, Target, mutate_bytes};
use sv2_wire::{F32, Message, OpenExtendedMiningChannel, OpenStandardMiningChannel, SetupConnection, U256};

/// The target.
pub const TARGET: Target = Target {
    name: "share_validate",
    about: "the pool's verdict on a share is the miner's, and that of a third reckoning",
    format: FORMAT as u32,
    max_len: 64,
    oracles: &[MINER, NAIVE, REPLAY, EASIER, IRRELEVANT, BLOCK],
    run: |data| judge(data, &[]),
    mutate,
    seeds,
};

/// The second opinion.
pub const MINER: Oracle = Oracle {
    name: "miner",
    about: "the pool credits a share if and only if the miner's arithmetic takes it for valid",
    clauses: &["SV2-05-111", "SV2-05-168"],
};
/// The third.
pub const NAIVE: Oracle = Oracle {
    name: "naive",
    about: "the pool credits a share if and only if a header laid out by hand from the messages meets every bound",
    clauses: &["SV2-05-111", "SV2-05-125", "SV2-05-134", "SV2-05-148"],
};
/// The same again.
pub const REPLAY: Oracle = Oracle {
    name: "replay",
    about: "a credited share is a duplicate when it comes again, and a refused one is refused for the same reason",
    clauses: &["SV2-05-112"],
};
/// An easier target.
pub const EASIER: Oracle = Oracle {
    name: "easier",
    about: "a share that is credited at a target is credited at every easier one",
    clauses: &[],
};
/// What a share's worth does not rest on.
pub const IRRELEVANT: Oracle = Oracle {
    name: "irrelevant",
    about: "the sequence number and the names of the client change no verdict",
    clauses: &[],
};
/// Blocks.
pub const BLOCK: Oracle = Oracle {
    name: "block",
    about: "a share is handed on as a block if and only if its hash meets the target of the network, with that very header",
    clauses: &[],
};

/// The first byte of an input. It changes with the layout.
const FORMAT: u8 = 1;
const CONN: ConnId = ConnId(0);
const SEARCH_BUDGET: u64 = 48;

/// One input.
#[derive(Clone, Copy, Debug, Arbitrary)]
struct Case {
    /// Bits: extended channel, fixed version, easy blocks, a template first, then a block, and the search wants a hash that is
    /// too high.
    switches: u8,
    /// Leading zero bits of the target.
    zeros: u8,
    roll: u8,
    /// Seconds since the tip came.
    age: u16,
    /// Added to what is right: job, ntime, nonce.
    job: u8,
    ntime: i16,
    nonce: u8,
    /// Exclusive or with the version.
    version: u32,
    /// 0: as many bytes of extranonce as are right; else one less than this.
    extranonce: u8,
    /// Back from the newest job.
    back: u8,
}

/// A share before the pool, twice, and what the pool had said to its client by then.
#[derive(Clone, Debug)]
pub struct Submitted {
    /// The pool's messages up to the first submission, in their order; they are for one channel.
    pub said: Vec<Message>,
    /// The share under two sequence numbers, and the code by which the pool refused it; nothing where it was credited.
    pub shares: [(Message, Option<String>); 2],
    /// Seconds that the pool had known its tip by then.
    pub age: u32,
}

/// What an input comes to without an oracle, for one from elsewhere, the pool being wrong by `faults`. Nothing for bytes of another
/// format, and where there is no job.
pub fn submitted(data: &[u8], faults: &[Fault]) -> Option<Submitted> {
    let case = Case::of(data)?;
    let mut bench = Bench::new(case, Zeros(case.zeros % 12), "fuzz", faults);
    let share = bench.share(case, 0)?;
    let said = bench.said.clone();
    let shares = [share.clone(), renumbered(&share, 1)].map(|share| {
        let code = bench.submit(&share);
        (share, code)
    });
    Some(Submitted { said, shares, age: case.age.into() })
}

impl Case {
    /// Reads an input; nothing for bytes of another format.
    fn of(data: &[u8]) -> Option<Self> {
        match data.split_first() {
            Some((&FORMAT, rest)) => Self::arbitrary(&mut Unstructured::new(rest)).ok(),
            _ => None,
        }
    }

    fn is_on(self, bit: u8) -> bool {
        self.switches >> bit & 1 == 1
    }
}

/// A pool, one client on it, and what the two said.
struct Bench {
    node: Node<Pool>,
    session: Session,
    said: Vec<Message>,
    incoming: Deframer,
    elapsed: Duration,
}

/// Judges one input, the pool being wrong by `faults`. Bytes of another format are nothing.
///
/// # Errors
/// What the first oracle found.
pub fn judge(data: &[u8], faults: &[Fault]) -> Result<(), Finding> {
    let Some(case) = Case::of(data) else { return Ok(()) };
    let mut bench = Bench::new(case, Zeros(case.zeros % 12), "fuzz", faults);
    let Some(share) = bench.share(case, 0) else { return Ok(()) };
    let expected = bench.miner_takes(&share, case);
    let naive = naive::takes(&bench.said, &share, u64::from(case.age));
    let verdict = bench.submit(&share);
    let is_credited = verdict.is_none();
    let shown = |takes: bool| if takes { "takes" } else { "refuses" };
    let pool = || verdict.clone().unwrap_or_else(|| "credit".to_owned());
    if let Some((takes, hash)) = expected
        && takes != is_credited
    {
        return Err(MINER.found(format!(
            "the miner {} {share:?} of hash {hash:?}; the pool: {}",
            shown(takes),
            pool()
        )));
    }
    if let Some(naive) = &naive
        && naive.is_valid != is_credited
    {
        return Err(NAIVE.found(format!(
            "the third reckoning {} {share:?}: {naive:?}; the pool: {}",
            shown(naive.is_valid),
            pool()
        )));
    }
    bench.judge_block(naive.as_ref())?;
    let again = bench.submit(&renumbered(&share, 1));
    let is_right = match &verdict {
        None => again.as_deref() == Some("duplicate-share"),
        Some(code) => again.as_ref() == Some(code),
    };
    if !is_right {
        return Err(REPLAY.found(format!("{share:?}: {}, and again: {again:?}", pool())));
    }
    judge_others(case, faults, &share, verdict.as_deref())
}

fn judge_others(case: Case, faults: &[Fault], share: &Message, verdict: Option<&str>) -> Result<(), Finding> {
    let other = Bench::new(case, Zeros(case.zeros % 12), "somebody else", faults)
        .submit(&renumbered(share, u32::MAX));
    if other.as_deref() != verdict {
        return Err(IRRELEVANT.found(format!("{share:?}: {verdict:?}, and by another name {other:?}")));
    }
    if verdict.is_none() && !case.zeros.is_multiple_of(12) {
        let easier = Zeros((case.zeros % 12).saturating_sub(1));
        if let Some(code) = Bench::new(case, easier, "fuzz", faults).submit(share) {
            return Err(EASIER.found(format!("{share:?} is credited, and at twice the target it is {code}")));
        }
    }
    Ok(())
}

impl Bench {
    /// A client with one channel, at the case's moment.
    fn new(case: Case, zeros: Zeros, name: &str, faults: &[Fault]) -> Self {
        let bits = [(1, "fixed-version"), (2, "easy-blocks")];
        let switch = |(bit, word): (u8, &str)| {
            let place = Switches::SWITCHES.iter().position(|switch| *switch == word).unwrap_or_default();
            if case.is_on(bit) { 1 << place } else { 0 }
        };
        let switches = bits.into_iter().map(switch).fold(0, |all, bit: u8| all | bit);
        let mut bench = Self {
            node: node(Switches { batch: 1, switches }, faults),
            session: Session::default(),
            said: Vec::new(),
            incoming: Deframer::new(MAX_PAYLOAD_LEN),
            elapsed: Duration::ZERO,
        };
        bench.node.connected(bench.now());
        bench.send(
            &SetupConnection { min_version: 2, max_version: 2, vendor: name.into(), ..Default::default() }
                .into(),
        );
        let (request_id, nominal_hash_rate, max_target) = (1, F32(0.0), zeros.target());
        bench.send(&match case.is_on(0) {
            false => OpenStandardMiningChannel {
                request_id,
                user_identity: name.into(),
                nominal_hash_rate,
                max_target,
            }
            .into(),
            true => OpenExtendedMiningChannel {
                request_id,
                user_identity: name.into(),
                nominal_hash_rate,
                max_target,
                min_extranonce_size: 4,
            }
            .into(),
        });
        if case.is_on(3) {
            bench.control(Control::Template);
        }
        if case.is_on(4) {
            bench.control(Control::Block);
        }
        bench.elapsed = Duration::from_secs(case.age.into());
        bench
    }

    /// The case's share, with a sequence number; nothing where there is no job.
    fn share(&self, case: Case, sequence_number: u32) -> Option<Message> {
        let job = self.job(case)?;
        let ntime = self.min_ntime(job).saturating_add_signed(case.ntime.into());
        let version = job.version ^ case.version;
        let extranonce = vec![case.roll; usize::from(job.extranonce_size)];
        let settings = Settings { version, ntime, extranonce, nonce: u32::from(case.roll) << 8 };
        let wanted = match case.is_on(5) {
            false => Wanted::within(job.hardest_target),
            true => Wanted::beyond(job.hardest_target),
        };
        let mut settings = miner::search_or_start(job, settings, wanted, SEARCH_BUDGET);
        if let Some(length) = case.extranonce.checked_sub(1) {
            settings.extranonce.resize(usize::from(length % 33), case.roll);
        }
        settings.nonce = settings.nonce.wrapping_add(case.nonce.into());
        let job_id = job.job_id.wrapping_add(case.job.into());
        settings.share((job.channel_id, job_id), sequence_number, case.is_on(0)).ok()
    }

    fn job(&self, case: Case) -> Option<&Job> {
        let jobs = &self.session.channels().next()?.jobs;
        let mut jobs: Vec<&Job> = jobs.values().collect();
        jobs.sort_unstable_by_key(|job| std::cmp::Reverse(job.order));
        jobs.get(usize::from(case.back) % jobs.len().max(1)).copied()
    }

    fn min_ntime(&self, job: &Job) -> u32 {
        match job.state {
            JobState::Active { min_ntime, .. } => min_ntime,
            _ => EMBEDDED_START,
        }
    }

    /// Whether the miner's arithmetic takes a share for valid, and its hash; nothing where the model does not know.
    fn miner_takes(&self, share: &Message, case: Case) -> Option<(bool, Option<U256>)> {
        let fields = naive::Fields::of(share)?;
        let channel = self.session.channel(fields.channel)?;
        let Some(job) = channel.jobs.get(&fields.job) else { return Some((false, None)) };
        let JobState::Active { min_ntime, .. } = job.state else { return Some((false, None)) };
        let settings = Settings {
            version: fields.version,
            ntime: fields.ntime,
            extranonce: fields.extranonce.to_vec(),
            nonce: fields.nonce,
        };
        let hash = miner::header(job, &settings)?.hash();
        let may_roll = job.version_rolling_allowed && !case.is_on(1);
        let rollable = if may_roll { miner::ROLLABLE_VERSION_BITS } else { 0 };
        let tip = channel.tip?.min_ntime;
        let latest = u64::from(tip).saturating_add(u64::from(case.age)).saturating_add(7200);
        let takes = fields.extranonce.len() == usize::from(job.extranonce_size)
            && (fields.version ^ job.version) & !rollable == 0
            && fields.ntime >= min_ntime
            && u64::from(fields.ntime) <= latest
            && hash <= job.hardest_target;
        Some((takes, Some(hash)))
    }

    /// Submits a share and gives the error code, if one comes.
    fn submit(&mut self, share: &Message) -> Option<String> {
        let before = self.said.len();
        self.send(share);
        self.said.iter().skip(before).find_map(|message| match message {
            Message::SubmitSharesError(error) => Some(error.error_code.to_text().into_owned()),
            _ => None,
        })
    }

    fn judge_block(&mut self, naive: Option<&naive::Verdict>) -> Result<(), Finding> {
        let blocks = self.node.service_mut().take_found_blocks();
        let Some(naive) = naive else { return Ok(()) };
        let header = naive.header.filter(|_| naive.is_block);
        let found: Vec<[u8; 80]> = blocks.iter().map(header_bytes).collect();
        if found != header.into_iter().collect::<Vec<_>>()
            || !blocks.iter().all(|block| block.check_merkle_root())
        {
            let hex: Vec<_> = found.iter().map(hex::encode).collect();
            return Err(BLOCK.found(format!("{naive:?}; handed on: {hex:?}")));
        }
        Ok(())
    }

    fn control(&mut self, control: Control) {
        self.node.control(control, self.now());
        self.collect();
    }

    fn send(&mut self, message: &Message) {
        let Ok(frame) = Frame::of(message) else { return };
        self.session.observe(Direction::ToServer, message, self.elapsed);
        self.node.received(CONN, &frame.to_bytes(), self.now());
        self.collect();
    }

    fn collect(&mut self) {
        while let Some(output) = self.node.poll() {
            let Output::Send { conn, bytes } = output else { continue };
            self.node.written(conn, bytes.len());
            self.incoming.push(&bytes);
            while let Ok(Some(frame)) = self.incoming.next_frame() {
                if let Ok(decoded) = frame.decode() {
                    self.session.observe(Direction::ToClient, &decoded.message, self.elapsed);
                    self.said.push(decoded.message);
                }
            }
        }
    }

    fn now(&self) -> Now {
        let seconds = u32::try_from(self.elapsed.as_secs()).unwrap_or(u32::MAX);
        Now { elapsed: self.elapsed, unix: EMBEDDED_START.saturating_add(seconds) }
    }
}

fn renumbered(share: &Message, number: u32) -> Message {
    let mut share = share.clone();
    match &mut share {
        Message::SubmitSharesStandard(share) => share.sequence_number = number,
        Message::SubmitSharesExtended(share) => share.sequence_number = number,
        _ => {}
    }
    share
}

fn mutate(data: &mut Vec<u8>, random: &mut Random, max_len: usize) {
    const PLAIN: [u8; LEN] = [0; LEN];
    if data.first() != Some(&FORMAT) {
        *data = PLAIN.to_vec();
    }
    data.resize(LEN, 0);
    let mut rest = data.split_off(1);
    match random.below(3) {
        0 => mutate_bytes(&mut rest, random, LEN.saturating_sub(1)),
        1 => {
            let at = random.below(rest.len());
            rest.iter_mut().skip(at).take(1).for_each(|byte| *byte = random.byte());
        }
        // Most fields have to be right for the rest to matter.
        _ => {
            let at = random.below(rest.len());
            rest.iter_mut().skip(at).for_each(|byte| *byte = 0);
        }
    }
    if let Some(first) = data.first_mut() {
        *first = FORMAT;
    }
    data.extend(rest);
    data.truncate(max_len.min(LEN));
}

/// Format byte and case.
const LEN: usize = 1 + 3 + 2 + 1 + 2 + 1 + 4 + 2;

fn seeds() -> Vec<Seed> {
    let mut seeds = Vec::new();
    let mut add = |name: &str, at: usize, bytes: &[u8], switches: u8| {
        let mut data = vec![0; LEN];
        data.splice(..3, [FORMAT, switches, 3]);
        data.iter_mut().skip(at).zip(bytes).for_each(|(to, from)| *to = *from);
        seeds.push(Seed::new(name, data));
    };
    add("standard", 3, &[1], 0);
    add("extended", 3, &[2], 1);
    add("fixed", 10, &[0, 0x20, 0, 0], 3);
    add("rolled", 10, &[0, 0x20, 0, 0], 1);
    add("wrong-version", 10, &[0, 0, 0, 0x40], 0);
    add("blocks", 3, &[3], 4);
    add("blocks-extended", 3, &[4], 5);
    add("after-template", 15, &[1], 8);
    add("after-block", 15, &[1], 0x19);
    add("low", 3, &[5], 0x20);
    add("early", 7, &[0xff, 0xff], 0);
    add("latest", 4, &[0x10, 0, 0, 0x30, 0x1c], 1);
    add("unknown-job", 6, &[9], 0);
    add("short", 14, &[16], 1);
    add("long", 14, &[18], 1);
    seeds
}

#[cfg(test)]
mod tests {
    use super::*;
    use sv2_reference_pool::faults::{Deviation, Frames, Layer};
    use sv2_wire::SubmitSharesError;

    /// What a fault of the pool makes of the first inputs and some of their changes.
    fn found(faults: &[Fault]) -> Vec<&'static str> {
        let mut random = Random::new(9);
        let mut names = Vec::new();
        for seed in seeds() {
            let mut data = seed.bytes;
            for _ in 0..12 {
                if let Err(finding) = judge(&data, faults) {
                    assert!(!faults.is_empty(), "{}: {finding}", seed.name);
                    names.push(finding.oracle);
                }
                mutate(&mut data, &mut random, TARGET.max_len);
            }
        }
        names.sort_unstable();
        names.dedup();
        names
    }

    #[test]
    fn the_clean_pool_is_right() {
        assert!(found(&[]).is_empty());
    }

    /// Faults of the pool, and the oracles that they make fire.
    const PLANTED: &[(&str, &[&str])] = &[
        ("F19", &["miner"]),
        ("F63", &["miner"]),
        ("F130", &["miner"]),
        ("F129", &["naive"]),
        ("F17", &["replay"]),
        ("F64", &["block"]),
        ("F125", &["block"]),
    ];

    /// Listens to the sequence number, or to what it granted.
    struct Moody {
        drops_last_number: bool,
        granted: U256,
    }

    impl Frames for Moody {
        fn incoming(&mut self, right: Vec<Frame>, _: ConnId, _: usize) -> Vec<Frame> {
            let is_last = |frame: &Frame| {
                let share = frame.decode().ok().map(|decoded| decoded.message);
                share.and_then(|share| share.uint("sequence_number")) == Some(u32::MAX)
            };
            right.into_iter().filter(|frame| !self.drops_last_number || !is_last(frame)).collect()
        }

        fn outgoing(&mut self, right: Vec<Frame>, _: ConnId) -> Vec<Frame> {
            let change = |frame: Frame| match frame.decode().map(|decoded| decoded.message) {
                Ok(Message::OpenStandardMiningChannelSuccess(open)) => {
                    self.granted = open.target;
                    frame
                }
                Ok(Message::SubmitSharesSuccess(success)) if self.granted >= Zeros(4).target() => {
                    let error = SubmitSharesError {
                        channel_id: success.channel_id,
                        sequence_number: success.last_sequence_number,
                        error_code: "difficulty-too-low".into(),
                    };
                    Frame::of(&error.into()).unwrap()
                }
                _ => frame,
            };
            right.into_iter().map(change).collect()
        }
    }

    fn moody(make: fn() -> Deviation) -> Fault {
        Fault {
            id: "X01",
            name: "moody",
            layer: Layer::Share,
            field: "SubmitShares.Success",
            clauses: &[],
            trigger: "see `Moody`",
            seen_in: "nowhere",
            make,
        }
    }

    /// What a fault makes of refused shares, or of good ones, at a target of 2^251 - 1.
    fn found_at_five(fault: Fault, ntime: [u8; 2]) -> Vec<&'static str> {
        let cases = (0..40).map(|roll| {
            let mut data = vec![0; LEN];
            data.splice(..4, [FORMAT, 0, 5, roll]);
            data.splice(7..9, ntime);
            data
        });
        cases.filter_map(|data| judge(&data, &[fault]).err()).map(|finding| finding.oracle).collect()
    }

    #[test]
    fn a_pool_with_moods_is_found() {
        let easy_refused =
            || Deviation::Frames(Box::new(Moody { drops_last_number: false, granted: U256::ZERO }));
        let found = found_at_five(moody(easy_refused), [0, 0]);
        assert!(!found.is_empty() && found.iter().all(|oracle| *oracle == EASIER.name), "{found:?}");
        let last_dropped =
            || Deviation::Frames(Box::new(Moody { drops_last_number: true, granted: U256::ZERO }));
        let found = found_at_five(moody(last_dropped), [0xff, 0xff]);
        assert!(!found.is_empty() && found.iter().all(|oracle| *oracle == IRRELEVANT.name), "{found:?}");
    }

    #[test]
    fn every_oracle_fires_on_a_fault_of_the_pool() {
        let mut fired = Vec::new();
        if std::env::var_os("SHOW").is_some() {
            for fault in sv2_reference_pool::faults::FAULTS {
                let Ok(names) = std::panic::catch_unwind(|| found(&[*fault])) else { continue };
                println!("share {} {} {names:?}", fault.id, fault.name);
            }
        }
        for (id, oracles) in PLANTED {
            let names = found(&[Fault::by_id(id).unwrap()]);
            for oracle in *oracles {
                assert!(names.contains(oracle), "{id} makes {names:?} fire, not {oracle}");
                fired.push(*oracle);
            }
        }
        fired.extend([EASIER.name, IRRELEVANT.name]); // a_pool_with_moods_is_found
        for oracle in TARGET.oracles {
            assert!(fired.contains(&oracle.name), "nothing makes {} fire", oracle.name);
        }
    }

    #[test]
    fn the_layout_is_that_of_its_format() {
        let mut data: Vec<u8> = (0..LEN as u8).collect();
        data[0] = FORMAT;
        let case = Case::arbitrary(&mut Unstructured::new(&data[1..])).unwrap();
        let shown = format!("{case:?}");
        let whole = "Case { switches: 1, zeros: 2, roll: 3, age: 1284, job: 6, ntime: 2055, nonce: 9, \
                     version: 218893066, extranonce: 14, back: 15 }";
        assert_eq!(shown, whole);
    }
}
