use super::*;
use sv2_wire::fuzz::Random;

/// A miner with one thing wrong.
#[derive(Default)]
struct Bent {
    work: Option<fn(&Channel) -> Option<&Job>>,
    is_careless: bool,
    misnames: bool,
}

impl Miner for Bent {
    fn work<'a>(&self, channel: &'a Channel) -> Option<&'a Job> {
        self.work.map_or_else(|| channel.newest_job(), |bent| bent(channel))
    }

    fn holds(&self, session: &Session, basis: &Basis) -> bool {
        self.is_careless || session.basis_holds(basis).is_ok()
    }

    fn names(&self, job: &Job) -> u32 {
        if self.misnames { job.job_id.wrapping_add(77) } else { job.job_id }
    }
}

/// Set up, and one standard channel 2 of group 1, with job 1 on a tip.
const READY: &[u8] =
    &[5, 0, 0, 8, 0, 0, 0, 0, 0, 6, 0, 1, 0, 9, 1, 2, 1, 0, 4, 11, 2, 1, 0, 7, 14, 2, 1, 9, 1];
const MINE: &[u8] = &[1, 0, 1];
const SUBMIT: &[u8] = &[3, 0];

fn found(miner: &impl Miner, parts: &[&[u8]]) -> Option<&'static str> {
    let bytes = parts.concat();
    judge(&Ours, &mut Unstructured::new(&bytes)).unwrap();
    judge(miner, &mut Unstructured::new(&bytes)).err().map(|finding| finding.oracle)
}

#[test]
fn every_oracle_over_shares_fires_on_its_fault() {
    let careless = || Bent { is_careless: true, ..Bent::default() };
    let misnaming = Bent { misnames: true, ..Bent::default() };
    assert_eq!(found(&misnaming, &[READY, MINE, SUBMIT]), Some(KNOWN_JOB.name));
    // A new job and its previous hash come between the search and the share.
    let block: &[u8] = &[11, 2, 3, 0, 8, 14, 2, 3, 8, 1];
    assert_eq!(found(&careless(), &[READY, MINE, block, SUBMIT]), Some(NOT_STALE.name));
    assert_eq!(found(&careless(), &[READY, MINE, &[20, 2], SUBMIT]), Some(NOT_CLOSED.name));
    // A target of 2^249 - 1 for a share that was mined for any hash.
    let harder: &[u8] = &[17, 2, 7];
    assert_eq!(found(&careless(), &[READY, MINE, harder, SUBMIT]), Some(STILL_VALID.name));
    let retired = Bent { work: Some(|channel| channel.jobs.values().next()), ..Bent::default() };
    assert_eq!(found(&retired, &[READY, block, MINE]), Some(CONSISTENT.name));
    assert_eq!(found(&careless(), &[READY, MINE, SUBMIT]), None);
}

#[test]
fn a_model_that_hoards_or_confuses_is_found() {
    let bytes = [READY, MINE].concat();
    let mut bytes = Unstructured::new(&bytes);
    let (mut watch, mut all) = (Watch::new(0), Conversation::default());
    while let Ok(event) = server::event(&mut bytes, watch.session()) {
        if let Event::Server(frame) = event {
            watch.received(&frame, Moment::default(), &mut all);
        }
        if bytes.is_empty() {
            break;
        }
    }
    let channel = watch.session().channels().next().unwrap();
    judge_channel(channel).unwrap();
    let job = channel.newest_job().unwrap().clone();
    let mut hoarder = channel.clone();
    for id in 0..=KEPT_JOBS as u32 {
        hoarder.jobs.insert(id, Job { job_id: id, ..job.clone() });
    }
    assert_eq!(judge_channel(&hoarder).unwrap_err().oracle, BOUNDED.name);
    let mut confused = channel.clone();
    confused.jobs.insert(70, job);
    assert_eq!(judge_channel(&confused).unwrap_err().oracle, CONSISTENT.name);
}

#[test]
fn seeds_and_their_mutants_hold() {
    let mut random = Random::new(3);
    for seed in server::seeds() {
        let mut data = seed.bytes;
        for _ in 0..60 {
            run(&data).unwrap();
            server::mutate(&mut data, &mut random, TARGET.max_len);
        }
    }
}
