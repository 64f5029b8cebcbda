//! `sv2-conform doctor` against real listeners on loopback: the reference pool, and peers that are wrong in one way each.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sv2_reference_pool::clock::Clock;
use sv2_reference_pool::node::{Node, NodeConfig, NoiseConfig, TransportConfig, Validity};
use sv2_reference_pool::pool::{Pool, PoolConfig};
use sv2_reference_pool::server::Server;
use sv2_reference_pool::service::Service;
use sv2_reference_pool::template::provider::TemplateProvider;
use sv2_wire::frame::Frame;
use sv2_wire::noise::AuthorityPublicKey;
use sv2_wire::{Message, SetupConnectionError, SetupConnectionSuccess};

const HEALTHY: i32 = 0;
const TROUBLE: i32 = 1;
const USAGE: i32 = 2;
const UNREACHABLE: i32 = 5;

/// Seconds that each step may take in these tests.
const WAIT: &str = "1";

struct Visit {
    code: i32,
    text: String,
}

impl Visit {
    /// The line of a step.
    fn step(&self, condition: &str, stage: &str) -> &str {
        let words = |line: &str| {
            let mut words = line.split_whitespace();
            (words.next().map(str::to_owned), words.next().map(str::to_owned))
        };
        let wanted = (Some(condition.to_owned()), Some(stage.to_owned()));
        let found = self.text.lines().find(|line| words(line) == wanted);
        found.unwrap_or_else(|| panic!("no step {condition} {stage} in:\n{}", self.text))
    }

    /// The trouble that it found, and what it says is to be done.
    fn trouble(&self) -> (&str, &str) {
        let line = |label| {
            let found = self.text.lines().find_map(|line| line.strip_prefix(label));
            found.unwrap_or_else(|| panic!("no {label} in:\n{}", self.text)).trim()
        };
        (line("trouble "), line("to do "))
    }
}

#[track_caller]
fn doctor(url: &str, expected: i32) -> Visit {
    doctor_with(&[url, "--wait", WAIT], expected)
}

#[track_caller]
fn doctor_with(arguments: &[&str], expected: i32) -> Visit {
    let command = Command::new(env!("CARGO_BIN_EXE_sv2-conform")).arg("doctor").args(arguments).output();
    let output = command.expect("the program starts");
    let text = String::from_utf8(output.stdout).expect("the output is text");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let visit = Visit { code: output.status.code().expect("it exits by itself"), text: text + &errors };
    assert_eq!(visit.code, expected, "{}", visit.text);
    assert!(!visit.text.contains('\x1b'), "colour outside a terminal: {}", visit.text);
    visit
}

/// Listens, and serves every connection on a thread of its own until the test process ends.
fn listener(serve: impl Fn(TcpStream) -> std::io::Result<()> + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound");
    let serve = Arc::new(serve);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = Arc::clone(&serve);
            // A client that has gone away is no failure of these peers.
            std::thread::spawn(move || drop(serve(stream)));
        }
    });
    address
}

fn noise(address: SocketAddr) -> String {
    format!("stratum2+tcp://{address}")
}

/// Serves on a thread of its own; gives the URL.
fn node<S: Service + Send + 'static>(config: NodeConfig, service: S) -> String {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let bound = Server::bind("127.0.0.1:0", Node::new(config, service), Clock::system());
        let (handle, server) = runtime.block_on(bound).expect("a free port");
        sender.send(handle.url().to_owned()).expect("the test waits");
        runtime.block_on(server.run());
    });
    receiver.recv().expect("the server is up")
}

fn pool(config: NodeConfig) -> String {
    node(config, Pool::new(PoolConfig::default()).expect("the default pool"))
}

fn pool_with_validity(from: i64, until: i64) -> String {
    let mut noise = NoiseConfig::seeded(1);
    noise.validity = Validity { from, until };
    let transport = TransportConfig::Noise(Box::new(noise));
    pool(NodeConfig { transport, ..NodeConfig::default() })
}

#[test]
fn the_reference_pool_is_healthy() {
    let visit = doctor(&pool(NodeConfig::seeded(1)), HEALTHY);
    for stage in ["dns", "tcp", "noise", "certificate", "setup", "channel"] {
        let step = visit.step("ok", stage);
        assert!(step.contains(" ms  "), "{step}");
    }
    assert!(visit.text.contains("with its previous hash"), "{}", visit.text);
    assert!(visit.text.ends_with("healthy: a miner can work here\n"), "{}", visit.text);
}

#[test]
fn a_healthy_plaintext_pool_has_no_noise_steps() {
    let visit = doctor(&pool(NodeConfig::plain()), HEALTHY);
    assert!(!visit.text.contains("certificate"), "{}", visit.text);
}

#[test]
fn without_a_key_the_certificate_is_noted_and_its_signer_guessed() {
    let url = pool(NodeConfig::default());
    let (without_key, key) = url.rsplit_once('/').expect("the URL has a key");
    let visit = doctor(without_key, HEALTHY);
    let note = visit.step("note", "certificate");
    assert!(note.contains("default key of sv2-reference-pool") && note.contains(key), "{note}");
}

#[test]
fn a_wrong_key_is_a_trouble_of_the_certificate() {
    let url = pool(NodeConfig::default());
    let (without_key, key) = url.rsplit_once('/').expect("the URL has a key");
    let other = NoiseConfig::seeded(77).authority_public_key();
    let visit = doctor(&format!("{without_key}/{other}"), TROUBLE);
    visit.step("ok", "noise");
    visit.step("TROUBLE", "certificate");
    assert!(visit.trouble().0.contains("not signed by the authority key in the URL"));
    assert!(visit.text.contains(&other.to_string()) && visit.text.contains(key), "{}", visit.text);
    assert!(key.parse::<AuthorityPublicKey>().is_ok());
}

#[test]
fn certificates_outside_their_time_say_how_far_the_clocks_are_apart() {
    let expired = doctor(&pool_with_validity(-7200, -3600), TROUBLE);
    assert!(expired.trouble().0.starts_with("the certificate expired 1 h"), "{}", expired.text);
    let early = doctor(&pool_with_validity(7200, 9000), TROUBLE);
    let problem = early.trouble().0;
    assert!(problem.starts_with("the certificate is not valid yet: it begins in "), "{}", early.text);
}

#[test]
fn plaintext_and_noise_are_told_apart_both_ways() {
    let plain = pool(NodeConfig::plain());
    let visit = doctor(&plain.replace("tcp://", "stratum2+tcp://"), TROUBLE);
    assert!(visit.trouble().0.contains("speaks Stratum V2 without Noise"), "{}", visit.text);
    let url = pool(NodeConfig::default());
    let address =
        url.trim_start_matches("stratum2+").rsplit_once('/').expect("the URL has a key").0.to_owned();
    let visit = doctor(&address, TROUBLE);
    assert!(visit.trouble().0.contains("speaks Noise, and the URL says plaintext"), "{}", visit.text);
    assert!(visit.trouble().1.contains("stratum2+tcp://"));
}

#[test]
fn a_template_provider_refuses_and_its_code_is_shown() {
    let provider = TemplateProvider::new(Default::default()).expect("the default provider");
    let visit = doctor(&node(NodeConfig::default(), provider), TROUBLE);
    visit.step("TROUBLE", "setup");
    assert!(visit.trouble().0.contains("SetupConnection.Error"), "{}", visit.text);
    assert!(visit.trouble().1.contains("template provider"), "{}", visit.text);
}

#[test]
fn a_refused_setup_shows_code_and_flags_in_words() {
    let address =
        plain_server(|_| vec![SetupConnectionError { flags: 5, error_code: "no-you-dont".into() }.into()]);
    let visit = doctor(&format!("tcp://{address}"), TROUBLE);
    assert!(visit.trouble().0.ends_with("SetupConnection.Error \"no-you-dont\""), "{}", visit.text);
    assert!(
        visit.text.contains("REQUIRES_STANDARD_JOBS, REQUIRES_VERSION_ROLLING (0x00000005)"),
        "{}",
        visit.text
    );
}

#[test]
fn no_channel_and_no_job_are_told_apart() {
    let success = || vec![SetupConnectionSuccess { used_version: 2, flags: 0 }.into()];
    let silent = plain_server(move |message| match message {
        Message::SetupConnection(_) => success(),
        _ => Vec::new(),
    });
    let visit = doctor(&format!("tcp://{silent}"), TROUBLE);
    assert!(visit.trouble().0.starts_with("the answer to OpenStandardMiningChannel"), "{}", visit.text);
    let idle = plain_server(move |message| match message {
        Message::SetupConnection(_) => success(),
        Message::OpenStandardMiningChannel(open) => {
            let request_id = open.request_id;
            vec![sv2_wire::OpenStandardMiningChannelSuccess { request_id, ..Default::default() }.into()]
        }
        _ => Vec::new(),
    });
    let visit = doctor(&format!("tcp://{idle}"), TROUBLE);
    visit.step("ok", "channel");
    assert_eq!(visit.trouble().0, "the first job never came");
}

/// Answers frames without encryption.
fn plain_server(answer: impl Fn(&Message) -> Vec<Message> + Send + Sync + 'static) -> SocketAddr {
    listener(move |mut stream| {
        let mut deframer = sv2_wire::frame::Deframer::new(65536);
        let mut buffer = [0; 4096];
        loop {
            let count = stream.read(&mut buffer)?;
            if count == 0 {
                return Ok(());
            }
            deframer.push(&buffer[..count]);
            while let Ok(Some(frame)) = deframer.next_frame() {
                let Ok(decoded) = frame.decode() else { return Ok(()) };
                for message in answer(&decoded.message) {
                    stream.write_all(&Frame::of(&message).expect("it fits").to_bytes())?;
                }
            }
        }
    })
}

#[test]
fn stratum_v1_is_named_on_either_kind_of_url() {
    // As SV1 servers do: lines that are no JSON are dropped in silence, or end the connection.
    let address = listener(|stream| {
        let mut writer = stream.try_clone()?;
        for line in BufReader::new(stream).split(b'\n') {
            let line = line?;
            let Ok(request) = serde_json::from_slice::<serde_json::Value>(&line) else { return Ok(()) };
            let id = &request["id"];
            assert_eq!(request["method"], "mining.subscribe");
            writeln!(
                writer,
                "{{\"id\":{id},\"result\":[[[\"mining.notify\",\"1\"]],\"08000002\",4],\"error\":null}}"
            )?;
        }
        Ok(())
    });
    for url in [noise(address), format!("tcp://{address}")] {
        let visit = doctor(&url, TROUBLE);
        assert!(
            visit.trouble().0.starts_with("the peer speaks Stratum V1 (JSON lines): {\"id\":1"),
            "{}",
            visit.text
        );
        assert!(visit.trouble().1.contains("translator"), "{}", visit.text);
    }
}

#[test]
fn length_tag_value_frames_are_named() {
    // As blvm-stratum-v2: a length above 1 MiB ends the connection, and so does an unknown tag.
    let address = listener(|mut stream| {
        let mut length = [0; 4];
        stream.read_exact(&mut length)?;
        let length = u32::from_le_bytes(length) as usize;
        if length > 1 << 20 {
            return Ok(());
        }
        let mut frame = vec![0; length];
        stream.read_exact(&mut frame)?;
        if frame[..2] != [1, 0] {
            return Ok(());
        }
        // Success: versions [2], no capabilities.
        let value = [1u64.to_le_bytes().as_slice(), &2u16.to_le_bytes(), &0u64.to_le_bytes()].concat();
        let length = u32::try_from(value.len()).expect("short");
        stream.write_all(&(length + 6).to_le_bytes())?;
        stream.write_all(&2u16.to_le_bytes())?;
        stream.write_all(&length.to_le_bytes())?;
        stream.write_all(&value)
    });
    let visit = doctor(&noise(address), TROUBLE);
    let problem = visit.trouble().0;
    assert!(problem.contains("length-tag-value") && problem.contains("0x0002"), "{}", visit.text);
    assert!(problem.contains("blvm-stratum-v2"), "{}", visit.text);
}

#[test]
fn tls_is_named_by_its_alert_or_its_hello() {
    let alerting = listener(|mut stream| {
        let mut first = [0; 5];
        stream.read_exact(&mut first)?;
        stream.write_all(&[0x15, 3, 1, 0, 2, 2, 22])
    });
    let visit = doctor(&noise(alerting), TROUBLE);
    assert_eq!(visit.trouble().0, "the peer speaks TLS: it sent alert 22");
    let hello_only = listener(|mut stream| {
        let mut record = [0; 5];
        stream.read_exact(&mut record)?;
        if record[..2] != [0x16, 3] {
            return stream.shutdown(Shutdown::Both);
        }
        let mut hello = vec![0; usize::from(u16::from_be_bytes([record[3], record[4]]))];
        stream.read_exact(&mut hello)?;
        assert_eq!(hello[0], 1, "no ClientHello");
        let mut answer = vec![0x16, 3, 3, 0, 42, 2, 0, 0, 38, 3, 3];
        answer.extend([7; 32]);
        answer.extend([0, 0xc0, 0x2f, 0]);
        stream.write_all(&answer)
    });
    let visit = doctor(&noise(hello_only), TROUBLE);
    assert_eq!(visit.trouble().0, "the peer speaks TLS: it answered a ClientHello");
}

#[test]
fn http_is_named() {
    let address = listener(|stream| {
        let mut writer = stream.try_clone()?;
        let mut line = Vec::new();
        BufReader::new(stream).read_until(b'\n', &mut line)?;
        let status = if line.starts_with(b"GET ") { "200 OK" } else { "400 Bad Request" };
        write!(writer, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n")
    });
    let visit = doctor(&noise(address), TROUBLE);
    assert!(visit.trouble().0.starts_with("the peer is an HTTP server: HTTP/1.1 "), "{}", visit.text);
}

#[test]
fn a_silent_and_a_closing_peer_are_told_apart_in_bounded_time() {
    let started = Instant::now();
    let silent = listener(|mut stream| {
        let mut sink = Vec::new();
        stream.read_to_end(&mut sink).map(|_| ())
    });
    let visit = doctor_with(&[&noise(silent), "--wait", "0.3"], TROUBLE);
    assert_eq!(visit.trouble().0, "the peer accepts connections and never says anything");
    let closing = listener(|stream| stream.shutdown(Shutdown::Both));
    let visit = doctor_with(&[&noise(closing), "--wait", "0.3"], TROUBLE);
    assert!(visit.trouble().0.contains("closes them without a byte"), "{}", visit.text);
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_peer_that_never_stops_talking_is_left_all_the_same() {
    let address = listener(|mut stream| {
        loop {
            stream.write_all(&[0xff; 65536])?;
        }
    });
    let visit = doctor(&noise(address), TROUBLE);
    assert!(visit.trouble().0.contains("does not authenticate"), "{}", visit.text);
}

#[test]
fn a_closed_port_is_not_reachable() {
    let address = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.local_addr().expect("bound")
    };
    let visit = doctor(&noise(address), UNREACHABLE);
    visit.step("TROUBLE", "tcp");
    assert_eq!(visit.trouble().0, "the port is closed");
}

#[cfg(target_os = "linux")]
#[test]
fn a_port_that_swallows_packets_is_given_up_in_bounded_time() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    // Linux drops what comes to a listener whose queue is full, as a filter would.
    let (listener, _queued) = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
        socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a free port");
        let listener = socket.listen(1).expect("it listens");
        let address = listener.local_addr().expect("bound");
        let mut queued = Vec::new();
        let patience = Duration::from_millis(300);
        while let Ok(stream) = tokio::time::timeout(patience, tokio::net::TcpStream::connect(address)).await {
            queued.push(stream);
        }
        (listener, queued)
    });
    let started = Instant::now();
    let visit = doctor(&noise(listener.local_addr().expect("bound")), UNREACHABLE);
    assert!(visit.trouble().0.starts_with("nothing answers: a firewall"), "{}", visit.text);
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_name_without_an_address_is_not_reachable() {
    let visit = doctor("stratum2+tcp://no-such-host.invalid:34254", UNREACHABLE);
    assert_eq!(visit.trouble().0, "the name \"no-such-host.invalid\" has no address");
}

#[test]
fn a_bad_call_is_a_usage_error() {
    doctor_with(&["stratum2+tcp://127.0.0.1"], USAGE);
    doctor_with(&["tcp://127.0.0.1:1", "--wait", "0"], USAGE);
    doctor_with(&["tcp://127.0.0.1:1", "--wait", "-3"], USAGE);
}
