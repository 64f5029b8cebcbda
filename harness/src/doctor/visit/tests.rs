use super::*;
use sv2_wire::link::LinkError;
use sv2_wire::noise::{AuthoritySecretKey, Certificate, Responder, StaticKeypair, Terms};
use sv2_wire::{
    NewExtendedMiningJob, NewMiningJob, OpenMiningChannelError, OpenStandardMiningChannelSuccess, Opt,
    Reconnect, SetNewPrevHash, SetupConnectionError,
};

const UNIX: u32 = 1_800_000_000;

pub(crate) fn patient(security: Security) -> Patient {
    Patient { host: "127.0.0.1".to_owned(), port: 34254, security, user: "u".to_owned(), seed: [3; 64] }
}

fn at(milliseconds: u64) -> Now {
    Now { elapsed: Duration::from_millis(milliseconds), unix: u64::from(UNIX) }
}

/// A server without encryption, as a script: what it says is taken in at 1 ms intervals.
struct Plain {
    visit: Visit,
    time: u64,
}

impl Plain {
    fn new() -> Self {
        Self { visit: Visit::new(patient(Security::Plaintext), at(0)), time: 0 }
    }

    fn bytes(mut self, bytes: &[u8]) -> Self {
        self.time += 1;
        self.visit.handle(Happening::Bytes(bytes.to_vec()), at(self.time));
        self
    }

    fn say(self, message: impl Into<Message>) -> Self {
        let frame = Frame::of(&message.into()).unwrap();
        self.bytes(&frame.to_bytes())
    }

    fn set_up(self) -> Self {
        self.say(SetupConnectionSuccess { used_version: 2, flags: 0 })
    }

    fn opened(self) -> Self {
        let success = OpenStandardMiningChannelSuccess {
            request_id: 1,
            channel_id: 7,
            group_channel_id: 9,
            ..OpenStandardMiningChannelSuccess::default()
        };
        self.set_up().say(success)
    }

    fn ends(mut self, happening: Happening) -> Diagnosis {
        self.visit.handle(happening, at(self.time + 1));
        self.trouble()
    }

    fn trouble(self) -> Diagnosis {
        match self.visit.progress() {
            Progress::Trouble(diagnosis) => diagnosis.clone(),
            other => panic!("{other:?}"),
        }
    }

    fn steps(mut self) -> Vec<(Stage, Condition, String)> {
        let steps = std::iter::from_fn(|| self.visit.take_step());
        steps.map(|step| (step.stage, step.condition, step.text)).collect()
    }

    fn sent(&mut self) -> Vec<&'static str> {
        let (mut link, mut names) = (Link::plain(MAX_PAYLOAD_LEN), Vec::new());
        link.receive(&self.visit.take_output());
        while let Ok(Some(Event::Frame(frame))) = link.poll() {
            names.push(frame.decode().unwrap().message.spec().name);
        }
        names
    }
}

#[test]
fn a_healthy_pool_is_left_with_a_job() {
    let future = NewMiningJob { channel_id: 7, job_id: 4, ..NewMiningJob::default() };
    let tip = SetNewPrevHash { channel_id: 9, job_id: 4, min_ntime: UNIX - 61, ..SetNewPrevHash::default() };
    let mut visit = Plain::new().opened().say(future).say(tip);
    assert_eq!(visit.visit.progress(), &Progress::Healthy);
    assert_eq!(visit.sent(), ["SetupConnection", "OpenStandardMiningChannel"]);
    let steps = visit.steps();
    let stages: Vec<_> = steps.iter().map(|(stage, condition, _)| (*stage, *condition)).collect();
    assert_eq!(
        stages,
        [(Stage::Setup, Condition::Ok), (Stage::Channel, Condition::Ok), (Stage::Job, Condition::Ok)]
    );
    assert_eq!(steps[2].2, "job 4 with its previous hash; its earliest time is 1 min 1 s behind our clock");
}

#[test]
fn an_active_group_job_will_do_whatever_comes_first() {
    let tip = SetNewPrevHash { channel_id: 9, job_id: 1, min_ntime: UNIX, ..SetNewPrevHash::default() };
    let active = NewExtendedMiningJob {
        channel_id: 9,
        job_id: 5,
        min_ntime: Opt(Some(UNIX)),
        ..NewExtendedMiningJob::default()
    };
    let visit = Plain::new().opened().say(tip).say(active);
    assert_eq!(visit.visit.progress(), &Progress::Healthy);
}

#[test]
fn jobs_of_others_and_jobs_without_a_tip_do_not_count() {
    let foreign = NewMiningJob { channel_id: 8, job_id: 4, ..NewMiningJob::default() };
    let tip = SetNewPrevHash { channel_id: 7, job_id: 4, ..SetNewPrevHash::default() };
    let none = Plain::new().opened().say(foreign).say(tip).ends(Happening::Silence);
    assert_eq!(none.problem, "the first job never came");
    let future = NewMiningJob { channel_id: 7, job_id: 4, ..NewMiningJob::default() };
    let no_tip = Plain::new().opened().say(future).ends(Happening::Closed);
    assert!(no_tip.problem.starts_with("the previous hash (SetNewPrevHash) for the job did not come"));
}

#[test]
fn a_pool_without_standard_channels_is_asked_for_an_extended_one() {
    let refusal = OpenMiningChannelError { request_id: 1, error_code: "no-standard".into() };
    let mut visit = Plain::new().set_up().say(refusal.clone());
    assert_eq!(visit.sent().last(), Some(&"OpenExtendedMiningChannel"));
    let trouble = visit.say(refusal).trouble();
    assert_eq!(trouble.problem, "the pool opens no channel: OpenMiningChannel.Error \"no-standard\"");
    let demands = SetupConnectionSuccess { used_version: 2, flags: REQUIRES_EXTENDED_CHANNELS };
    let mut visit = Plain::new().say(demands);
    assert_eq!(visit.sent(), ["SetupConnection", "OpenExtendedMiningChannel"]);
}

#[test]
fn a_refused_setup_tells_code_and_flags() {
    let error = SetupConnectionError { flags: 0b10, error_code: "unsupported-feature-flags".into() };
    let trouble = Plain::new().say(error).trouble();
    assert!(trouble.problem.contains("\"unsupported-feature-flags\""));
    assert!(trouble.known[1].contains("REQUIRES_WORK_SELECTION (0x00000002)"), "{:?}", trouble.known);
    let error = SetupConnectionError { flags: 0, error_code: "unsupported-protocol".into() };
    assert!(Plain::new().say(error).trouble().advice.contains("template provider"));
}

#[test]
fn silence_closing_and_wrong_bytes_name_what_was_awaited() {
    let silent = Plain::new().set_up().ends(Happening::Silence);
    assert!(silent.problem.starts_with("the answer to OpenStandardMiningChannel"), "{}", silent.problem);
    let version = Plain::new().say(SetupConnectionSuccess { used_version: 3, flags: 0 }).trouble();
    assert!(version.problem.contains("version 3"));
    let away = Plain::new().set_up().say(Reconnect { new_host: "b".into(), new_port: 0 }).trouble();
    assert!(away.problem.ends_with("Reconnect to b:34254"));
    let short = Plain::new().set_up().bytes(&[0, 0, 0x11, 3, 0, 0, 1, 2, 3]).trouble();
    assert!(short.problem.contains("does not decode"), "{}", short.problem);
}

#[test]
fn a_peer_that_never_spoke_stratum_is_a_stranger() {
    let json = b"{\"id\":null,\"error\":\"parse\"}\n";
    let visit = Plain::new().bytes(json);
    let expected = Stranger { came: json.to_vec(), ending: Ending::Unfit };
    assert_eq!(visit.visit.progress(), &Progress::Stranger(expected));
    let mut visit = Visit::new(patient(Security::AnyCertificate), at(0));
    visit.handle(Happening::Closed, at(5));
    let expected = Stranger { came: Vec::new(), ending: Ending::Closed };
    assert_eq!(visit.progress(), &Progress::Stranger(expected));
    assert_eq!(visit.take_step().unwrap().took, Duration::from_millis(5));
}

#[test]
fn a_long_page_that_is_no_act_two_is_told_by_its_words() {
    let mut visit = Visit::new(patient(Security::AnyCertificate), at(0));
    let page = format!("HTTP/1.1 400 Bad Request\r\n\r\n{}", "x".repeat(3000));
    visit.handle(Happening::Bytes(page.into_bytes()), at(1));
    let Progress::Stranger(stranger) = visit.progress() else { panic!("{:?}", visit.progress()) };
    assert_eq!(stranger.came.len(), KEPT);
    assert!(matches!(Speech::of(&stranger.came), Some(Speech::Http { .. })));
}

/// The server's side of a handshake whose certificate is signed by `signer`.
fn act_two(visit: &mut Visit, signer: &AuthoritySecretKey) -> (Vec<u8>, Link) {
    let keypair = StaticKeypair::new([9; 32], [1; 32]).unwrap();
    let terms = Terms { version: 0, valid_from: UNIX - 60, not_valid_after: UNIX + 3600 };
    let certificate = Certificate::issue(signer, &keypair.x_only(), terms, &[0; 32]);
    let mut link = Link::responder(Responder::new(&keypair, certificate.encode(), [5; 64]), MAX_PAYLOAD_LEN);
    link.receive(&visit.take_output());
    let Ok(Some(Event::Established { reply, .. })) = link.poll() else { panic!("act one was not one") };
    (reply, link)
}

#[test]
fn under_noise_the_certificate_is_judged_before_anything_is_said() -> Result<(), LinkError> {
    let (ours, theirs) = [4, 6].map(|byte| AuthoritySecretKey::from_bytes([byte; 32]).unwrap()).into();
    let mut visit = Visit::new(patient(Security::Authority(ours.public_key())), at(0));
    let (reply, mut server) = act_two(&mut visit, &ours);
    let (first, second) = reply.split_at(100);
    visit.handle(Happening::Bytes(first.to_vec()), at(1));
    assert_eq!(visit.progress(), &Progress::Going);
    visit.handle(Happening::Bytes(second.to_vec()), at(2));
    server.receive(&visit.take_output());
    let Some(Event::Frame(setup)) = server.poll()? else { panic!("no frame") };
    assert_eq!(setup.decode().unwrap().message.spec().name, "SetupConnection");
    let mut record = Vec::new();
    let success = SetupConnectionSuccess { used_version: 2, flags: 0 };
    server.seal(&Frame::of(&success.into()).unwrap(), &mut record)?;
    record[3] ^= 1;
    visit.handle(Happening::Bytes(record), at(3));
    let Progress::Trouble(broken) = visit.progress() else { panic!("{:?}", visit.progress()) };
    assert!(broken.problem.contains("noise message 0 fails its authentication"), "{}", broken.problem);

    let mut visit = Visit::new(patient(Security::Authority(ours.public_key())), at(0));
    let (reply, _) = act_two(&mut visit, &theirs);
    visit.handle(Happening::Bytes(reply), at(1));
    assert!(matches!(visit.progress(), Progress::Trouble(_)));
    assert!(visit.take_output().is_empty());
    Ok(())
}
