//! Servers that misbehave on the wire, over real sockets: each gets the verdict that it deserves, in bounded time.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/plans.rs"]
mod plans;
#[path = "support/server.rs"]
mod server;

use server::{Client, noise, noise_valid, play, play_at, serve, serve_noise};
use std::net::TcpListener;
use sv2_conform::verdict::{Finding, Outcome, Survival, Verdict};
use sv2_reference_pool::node::NoiseConfig;
use sv2_wire::frame::{Frame, Header};
use sv2_wire::{
    Kind, OpenStandardMiningChannelSuccess, SetupConnectionError, SetupConnectionSuccess, Str0_255, U256,
};

const SETUP: &str = "connect\nsend SetupConnection -> $sent\nexpect SetupConnection.Success reply to $sent checks SV2-03-060\n";
const HANDSHAKE: &str = "connect tcp\nhandshake checks SV2-04-030\n";

/// The outcome's verdict, how the peer survived, and the clauses that failed.
#[track_caller]
fn expect(outcome: &Outcome, verdict: Verdict, survival: Survival, failed: &[&str]) {
    let is_failed = |clause: &&sv2_conform::verdict::ClauseVerdict| clause.verdict == Verdict::Fail;
    let clauses: Vec<&str> = outcome.clauses.iter().filter(is_failed).map(|clause| &*clause.id).collect();
    assert_eq!((outcome.verdict, outcome.survival), (verdict, survival), "{}", shown(outcome));
    assert_eq!(clauses, failed, "{}", shown(outcome));
    for finding in &outcome.findings {
        assert!(finding.trace_line <= outcome.trace.len());
    }
}

fn shown(outcome: &Outcome) -> String {
    let trace: Vec<String> = outcome.trace.iter().map(ToString::to_string).collect();
    format!("{:?}\n{:#?}\n{}", outcome.reason, outcome.findings, trace.join("\n"))
}

/// What the only finding says, and the line of the trace that it is about.
#[track_caller]
fn only_finding(outcome: &Outcome) -> (&str, String) {
    let [finding] = outcome.findings.as_slice() else { panic!("{}", shown(outcome)) };
    let line = outcome.trace.get(finding.trace_line - 1).unwrap();
    (&finding.came, line.to_string())
}

fn success() -> SetupConnectionSuccess {
    SetupConnectionSuccess { used_version: 2, flags: 0 }
}

/// A raw frame: its header says what it is told to say.
fn frame(extension_type: u16, msg_type: u8, length: u32, payload: &[u8]) -> Frame {
    let kind = Kind { extension_type, msg_type };
    Frame { header: Header { kind, channel_msg: false, length }, payload: payload.to_vec() }
}

#[test]
fn a_server_that_behaves_passes() {
    let address = serve_noise(|mut client| {
        client.receive();
        client.send(success());
        client.linger();
    });
    expect(&play(address, SETUP), Verdict::Pass, Survival::Alive, &[]);
}

#[test]
fn a_server_that_takes_connections_and_says_nothing_is_hung() {
    let mut kept = Vec::new();
    let address = serve(move |stream| kept.push(stream));
    let outcome = play(address, HANDSHAKE);
    expect(&outcome, Verdict::Fail, Survival::Hung, &["SV2-04-030"]);
    expect(&play(address, SETUP), Verdict::Blocked, Survival::Hung, &[]);
}

#[test]
fn a_server_that_never_answers_a_request_is_hung() {
    let address = serve_noise(Client::linger);
    let outcome = play(address, SETUP);
    expect(&outcome, Verdict::Fail, Survival::Hung, &["SV2-03-060"]);
    assert_eq!(outcome.findings[0].came, "nothing came in time");
}

#[test]
fn a_server_that_does_not_close_is_not_hung() {
    let address = serve_noise(Client::linger);
    let outcome = play(address, "connect\nexpect close within 500ms checks SV2-04-022\n");
    expect(&outcome, Verdict::Fail, Survival::Alive, &["SV2-04-022"]);
}

#[test]
fn a_close_during_the_handshake_is_seen() {
    let address = serve(drop);
    let outcome = play(address, HANDSHAKE);
    assert_eq!(outcome.verdict, Verdict::Fail);
    // Bytes that nobody reads turn the server's close into a reset.
    assert!(matches!(outcome.survival, Survival::ClosedClean | Survival::ClosedRude), "{}", shown(&outcome));
}

#[test]
fn an_orderly_close_and_a_reset_differ() {
    let closing = serve_noise(|mut client| _ = client.receive());
    expect(&play(closing, SETUP), Verdict::Fail, Survival::ClosedClean, &["SV2-03-060"]);

    // What the client has sent and nobody has read makes the system answer with a reset when the socket is dropped.
    let resetting = serve_noise(|client| _ = client.stream.peek(&mut [0]));
    let outcome = play(resetting, SETUP);
    expect(&outcome, Verdict::Fail, Survival::ClosedRude, &["SV2-03-060"]);
    assert_eq!(outcome.findings[0].came, "the peer reset the connection");
}

#[test]
fn nobody_listening_blocks_and_counts_as_dead() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    expect(&play(address, SETUP), Verdict::Blocked, Survival::Died, &[]);
}

/// Such as one that takes only so many connections a second. Now and then the reset is there before `connect` returns.
#[test]
fn a_server_that_resets_each_connection_at_once_is_not_dead() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let address = serve(move |stream| {
        let _entered = runtime.enter();
        stream.set_nonblocking(true).unwrap();
        let stream = tokio::net::TcpStream::from_std(stream).unwrap();
        stream.set_zero_linger().unwrap();
    });
    for _ in 0..50 {
        expect(&play(address, SETUP), Verdict::Blocked, Survival::ClosedRude, &[]);
    }
}

#[test]
fn no_way_to_a_target_is_no_death_of_it() {
    // Nobody connects to everybody.
    let outcome = play("255.255.255.255:34254".parse().unwrap(), SETUP);
    expect(&outcome, Verdict::Error, Survival::Alive, &[]);
    assert!(outcome.reason.unwrap().starts_with("no connection: "));
}

#[test]
fn a_flipped_bit_in_act_two_fails_the_handshake() {
    let address = serve(|stream| {
        if let Some(client) = Client::greet(stream, &noise(), |act_two| act_two[100] ^= 4) {
            client.linger();
        }
    });
    let outcome = play(address, HANDSHAKE);
    expect(&outcome, Verdict::Fail, Survival::Alive, &["SV2-04-030"]);
    let (came, line) = only_finding(&outcome);
    assert!(came.contains("static key") && line.contains(came), "{came} / {line}");
    expect(&play(address, SETUP), Verdict::Blocked, Survival::Alive, &[]);
}

/// A server whose certificates are these, and which is fine otherwise.
fn certified(noise: NoiseConfig) -> std::net::SocketAddr {
    serve(move |stream| {
        if let Some(mut client) = Client::greet(stream, &noise, |_| {})
            && client.receive().is_some()
        {
            client.send(success());
            client.linger();
        }
    })
}

const JUDGED: &str = "connect tcp\nhandshake\n  valid_now == true checks SV2-04-041\n  signed_by_authority == true checks SV2-04-036\n";

#[test]
fn an_expired_certificate_is_refused_by_connect_and_judged_by_handshake() {
    let address = certified(noise_valid(-7200, -3600));
    let outcome = play(address, SETUP);
    expect(&outcome, Verdict::Blocked, Survival::Alive, &[]);
    let reason = outcome.reason.unwrap();
    assert!(reason.contains("certificate is not valid after"), "{reason}");
    assert!(!outcome.trace.iter().any(|line| line.to_string().contains("SetupConnection")));
    expect(&play(address, JUDGED), Verdict::Fail, Survival::Alive, &["SV2-04-041"]);
}

#[test]
fn a_certificate_that_is_not_valid_yet_is_refused() {
    let address = certified(noise_valid(3600, 7200));
    let outcome = play(address, SETUP);
    expect(&outcome, Verdict::Blocked, Survival::Alive, &[]);
    assert!(outcome.reason.unwrap().contains("certificate is valid from"));
}

#[test]
fn a_foreign_authority_is_refused_by_connect_and_judged_by_handshake() {
    let address = certified(NoiseConfig::seeded(99));
    let outcome = play(address, SETUP);
    expect(&outcome, Verdict::Blocked, Survival::Alive, &[]);
    assert!(outcome.reason.unwrap().contains("not signed by the authority"));
    expect(&play(address, JUDGED), Verdict::Fail, Survival::Alive, &["SV2-04-036"]);
    // Without a key in the URL there is nothing to hold the certificate against.
    let url = format!("stratum2+tcp://{address}");
    expect(&play_at(&url, plans::scenario(SETUP)), Verdict::Pass, Survival::Alive, &[]);
    let unknown = play_at(&url, plans::scenario(JUDGED));
    let signed = unknown.clauses.iter().find(|clause| clause.id == "SV2-04-036").unwrap();
    assert_eq!(signed.verdict, Verdict::NotApplicable);
}

#[test]
fn an_error_instead_of_a_success_fails_or_blocks() {
    let address = serve_noise(|mut client| {
        client.receive();
        let error_code = Str0_255::from("no-such-thing");
        client.send(SetupConnectionError { flags: 0, error_code });
        client.linger();
    });
    let outcome = play(address, SETUP);
    expect(&outcome, Verdict::Fail, Survival::Alive, &["SV2-03-060"]);
    let (came, line) = only_finding(&outcome);
    assert!(came.contains("no-such-thing") && line.contains(came), "{came} / {line}");
    expect(
        &play(address, "connect\nsetup()\nalive checks SV2-03-060\n"),
        Verdict::Blocked,
        Survival::Alive,
        &[],
    );
}

/// A server that answers SetupConnection with these frames.
fn answering(frames: Vec<Frame>) -> std::net::SocketAddr {
    serve_noise(move |mut client| {
        client.receive();
        frames.iter().for_each(|frame| client.send_frame(frame));
        client.linger();
    })
}

#[test]
fn a_malformed_payload_names_the_field_and_the_offset() {
    let outcome = play(answering(vec![frame(0, 1, 4, &[2, 0, 0, 0])]), SETUP);
    expect(&outcome, Verdict::Fail, Survival::Alive, &["SV2-03-073", "SV2-03-025"]);
    let (came, line) = only_finding(&outcome);
    assert_eq!(came, "SetupConnection.Success.flags at offset 2: expected 4 more bytes, got 2");
    assert!(line.starts_with("< ") && line.contains(came), "{line}");
}

#[test]
fn bytes_behind_the_last_field_are_a_finding_and_do_not_stop_the_conversation() {
    let outcome = play(answering(vec![frame(0, 1, 7, &[2, 0, 0, 0, 0, 0, 9])]), SETUP);
    expect(&outcome, Verdict::Fail, Survival::Alive, &["SV2-03-073", "SV2-03-025"]);
    assert_eq!(only_finding(&outcome).0, "SetupConnection.Success with 1 bytes behind its last field");
    let by_a_line = outcome.clauses.iter().filter(|clause| clause.rule.is_none());
    assert!(by_a_line.clone().count() > 0 && by_a_line.clone().all(|clause| clause.verdict == Verdict::Pass));
}

#[test]
fn a_record_that_does_not_decrypt_fails_the_record_clause() {
    let address = serve_noise(|mut client| {
        client.receive();
        let mut bytes = client.seal(&Frame::of(&success().into()).unwrap());
        *bytes.last_mut().unwrap() ^= 1;
        client.write(&bytes);
        client.linger();
    });
    let outcome = play(address, SETUP);
    expect(&outcome, Verdict::Fail, Survival::Alive, &["SV2-04-044"]);
    let (came, line) = only_finding(&outcome);
    assert!(line.contains(came), "{came} / {line}");
}

#[test]
fn an_announced_length_is_waited_for_and_not_allocated() {
    let address = answering(vec![frame(0, 1, 0x00ff_ffff, b"ten bytes.")]);
    expect(&play(address, SETUP), Verdict::Fail, Survival::Hung, &["SV2-03-060"]);
}

#[test]
fn frames_of_unknown_extensions_are_passed_over_and_break_the_rule_on_negotiation() {
    let unknown = || frame(0x4abc, 0x77, 3, &[1, 2, 3]);
    let good = Frame::of(&success().into()).unwrap();
    let outcome = play(answering(vec![unknown(), good, unknown()]), SETUP);
    expect(&outcome, Verdict::Fail, Survival::Alive, &["SV2-03-042", "SV2-03-043"]);
    assert_eq!(outcome.findings[0].rule, Some("extension-type"), "{:?}", outcome.findings);
    let by_a_line = outcome.clauses.iter().filter(|clause| clause.rule.is_none());
    assert!(by_a_line.clone().count() > 0 && by_a_line.clone().all(|clause| clause.verdict == Verdict::Pass));
}

const OPEN: &str = "connect\nsetup()\nsend OpenStandardMiningChannel -> $sent\n  request_id = 7\nexpect OpenStandardMiningChannel.Success reply to $sent checks SV2-05-034\n  channel_id == 3 checks SV2-05-045\n";

/// A server that opens channels under these ids of requests and of channels.
fn opening(request_ids: &'static [(u32, u32)]) -> std::net::SocketAddr {
    serve_noise(move |mut client| {
        client.receive();
        client.send(success());
        client.receive();
        for &(request_id, channel_id) in request_ids {
            client.send(OpenStandardMiningChannelSuccess {
                request_id,
                channel_id,
                target: U256::MAX,
                group_channel_id: 100 + channel_id,
                ..Default::default()
            });
        }
        client.linger();
    })
}

#[test]
fn an_answer_with_another_request_id_is_no_answer() {
    expect(&play(opening(&[(7, 3)]), OPEN), Verdict::Pass, Survival::Alive, &[]);
    let outcome = play(opening(&[(8, 2), (7, 3)]), OPEN);
    // The line misses its answer, and the rule sees one under an id that was never used.
    expect(&outcome, Verdict::Fail, Survival::Alive, &["SV2-05-045", "SV2-05-034", "SV2-05-045"]);
    let missed = |finding: &&Finding| finding.rule.is_none() && finding.clauses == ["SV2-05-034"];
    let finding = outcome.findings.iter().find(missed).expect("the line says so");
    assert!(finding.allowed.ends_with("in reply to OpenStandardMiningChannel with request_id 7"));
    assert!(finding.came.contains("\"request_id\":8"), "{}", finding.came);
}

#[test]
fn answers_may_come_in_another_order_than_the_requests() {
    let text = "connect\nsetup()\nsend OpenStandardMiningChannel -> $a\n  request_id = 7\nsend OpenStandardMiningChannel -> $b\n  request_id = 8\nexpect OpenStandardMiningChannel.Success reply to $a -> $x checks SV2-05-034\nexpect OpenStandardMiningChannel.Success reply to $b -> $y checks SV2-05-034\nassert $x.request_id == 7\nassert $y.request_id == 8\n";
    expect(&play(opening(&[(8, 2), (7, 3)]), text), Verdict::Pass, Survival::Alive, &[]);
}

#[test]
fn a_message_that_nobody_asked_for_is_a_finding() {
    let stray = Frame::of(&OpenStandardMiningChannelSuccess { request_id: 1, ..Default::default() }.into());
    let good = Frame::of(&success().into());
    let outcome = play(answering(vec![stray.unwrap(), good.unwrap()]), SETUP);
    expect(&outcome, Verdict::Fail, Survival::Alive, &["SV2-03-060", "SV2-05-045", "SV2-05-047"]);
    let finding = outcome.findings.iter().find(|finding| finding.rule.is_none()).expect("the line says so");
    assert!(finding.came.starts_with("OpenStandardMiningChannel.Success"));
}

#[test]
fn a_reset_reaches_the_server_as_a_reset() {
    let (seen, reset) = std::sync::mpsc::channel();
    let address = serve_noise(move |client| {
        use std::io::Read;
        let mut stream = client.stream;
        let _ = seen.send(stream.read(&mut [0]).map_err(|error| error.kind()));
    });
    play(address, "connect\nreset\n");
    let error = reset.recv_timeout(std::time::Duration::from_secs(5)).unwrap();
    assert_eq!(error, Err(std::io::ErrorKind::ConnectionReset));
    play(address, "connect\nclose\n");
    assert_eq!(reset.recv_timeout(std::time::Duration::from_secs(5)).unwrap(), Ok(0));
}

#[test]
fn what_a_target_cannot_be_made_to_do_is_not_applicable_before_anything_is_sent() {
    let address = serve(|_| panic!("nothing may connect"));
    for (step, need) in
        [("block", "control.block"), ("template", "control.template"), ("elapse 11s", "control.time")]
    {
        let outcome = play(address, &format!("connect\n{step}\n"));
        expect(&outcome, Verdict::NotApplicable, Survival::Alive, &[]);
        assert!(outcome.reason.unwrap().contains(need));
    }
    let corrupt = plans::scenario("connect\ncorrupt record 0 header bit 1\nsend SetupConnection\n");
    let outcome = play_at(&format!("tcp://{address}"), corrupt);
    expect(&outcome, Verdict::NotApplicable, Survival::Alive, &[]);
}
