//! The program itself: its line, a conversation, its controls, its exit codes.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "support/client.rs"]
mod client;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};
use std::time::Duration;

use client::Client;
use sv2_wire::noise::ServerIdentity;
use sv2_wire::url::{Security, Sv2Url};
use sv2_wire::{Message, SetupConnection, Str0_255};

fn command() -> Command {
    Command::new(env!("CARGO_BIN_EXE_sv2-reference-pool"))
}

/// The running program; killed when the test ends, whatever the way.
struct Program {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: BufReader<ChildStdout>,
    address: SocketAddr,
    url: Sv2Url,
}

impl Program {
    fn start(arguments: &[&str]) -> Self {
        let mut command = command();
        command.args(["--listen", "127.0.0.1:0"]).args(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let stdin = child.stdin.take();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        let words: Vec<_> = line.split_whitespace().collect();
        let ["listening", address, url] = words.as_slice() else { panic!("unexpected line {line:?}") };
        let (address, url) = (address.parse().unwrap(), url.parse().unwrap());
        Self { child, stdin, lines, address, url }
    }

    fn ask(&mut self, line: &str) -> String {
        writeln!(self.stdin.as_ref().unwrap(), "{line}").unwrap();
        let mut answer = String::new();
        self.lines.read_line(&mut answer).unwrap();
        answer.trim_end().to_owned()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A conversation up to the first answer to `SetupConnection` of this protocol.
fn converse(program: &Program, protocol: u8) -> (Option<Box<ServerIdentity>>, Message) {
    let mut stream = TcpStream::connect(program.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let is_plain = program.url.security() == Security::Plaintext;
    let mut client = if is_plain { Client::plain() } else { Client::noise(1) };
    let mut identity = None;
    stream.write_all(&client.opening).unwrap();
    while !client.link.is_established() {
        identity = read(&mut stream, &mut client);
    }
    let text = |text: &str| Str0_255::new(text).unwrap();
    let setup = SetupConnection {
        protocol,
        min_version: 2,
        max_version: 2,
        endpoint_host: text("127.0.0.1"),
        endpoint_port: program.address.port(),
        vendor: text("test"),
        ..SetupConnection::default()
    };
    stream.write_all(&client.seal(&setup.into())).unwrap();
    while client.frames.is_empty() {
        read(&mut stream, &mut client);
    }
    (identity, client.frames[0].decode().unwrap().message)
}

fn read(stream: &mut TcpStream, client: &mut Client) -> Option<Box<ServerIdentity>> {
    let mut buffer = [0; 4096];
    let count = stream.read(&mut buffer).unwrap();
    assert_ne!(count, 0, "the server closed the connection");
    client.receive(&buffer[..count])
}

fn now() -> u64 {
    std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs()
}

fn run(arguments: &[&str]) -> Output {
    command().args(arguments).stdin(Stdio::null()).output().unwrap()
}

#[test]
fn it_says_where_it_listens_and_serves_there() {
    let program = Program::start(&[]);
    let Security::Authority(authority) = program.url.security() else { panic!("no key in {}", program.url) };
    assert_eq!(program.url.address(), program.address.to_string());
    let (identity, answer) = converse(&program, 0);
    identity.unwrap().verify(&authority, now(), 0).unwrap();
    assert!(matches!(answer, Message::SetupConnectionSuccess(_)), "{answer:?}");
}

#[test]
fn the_template_provider_speaks_its_own_protocol() {
    let program = Program::start(&["--mode", "template-provider", "--plaintext"]);
    assert_eq!(program.url.to_string(), format!("tcp://{}", program.address));
    let (_, answer) = converse(&program, 2);
    assert!(matches!(answer, Message::SetupConnectionSuccess(_)), "{answer:?}");
    let (_, answer) = converse(&program, 0);
    assert!(matches!(answer, Message::SetupConnectionError(_)), "{answer:?}");
}

#[test]
fn keys_and_certificate_terms_come_from_the_command_line() {
    let authority = sv2_wire::noise::AuthoritySecretKey::from_bytes([7; 32]).unwrap();
    let program = Program::start(&[
        "--authority-secret",
        &authority.to_text(),
        "--static-secret",
        &"08".repeat(32),
        "--certificate-valid-for",
        "-100",
    ]);
    assert_eq!(program.url.security(), Security::Authority(authority.public_key()));
    let (identity, _) = converse(&program, 0);
    let identity = identity.unwrap();
    let expected = sv2_wire::noise::StaticKeypair::new([8; 32], [0; 32]).unwrap();
    assert_eq!(identity.static_key_x_only, expected.x_only());
    assert!(identity.verify(&authority.public_key(), now(), 0).is_err());
    identity.verify(&authority.public_key(), now() - 101, 50).unwrap();
}

#[test]
fn it_is_steered_by_lines_and_outlives_their_end() {
    let mut program = Program::start(&["--control", "stdin", "--plaintext"]);
    assert_eq!(program.ask("block"), "done block");
    assert_eq!(program.ask("template"), "done template");
    assert_eq!(program.ask("reconnect pool.example 1"), "done reconnect pool.example 1");
    let unknown = program.ask("party");
    assert!(unknown.starts_with("error unknown control \"party\"; known are block, template,"), "{unknown}");
    let report = program.ask("statistics");
    let report: serde_json::Value =
        serde_json::from_str(report.strip_prefix("statistics ").unwrap()).unwrap();
    assert_eq!((&report["node"]["connections"], &report["service"]["accepted"]), (&0.into(), &0.into()));
    program.stdin = None;
    let (_, answer) = converse(&program, 0);
    assert!(matches!(answer, Message::SetupConnectionSuccess(_)), "{answer:?}");
}

#[test]
fn faults_are_announced_and_counted() {
    let mut child = command()
        .args(["--listen", "127.0.0.1:0", "--control", "stdin", "--fault", "F17", "--fault", "F01"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    writeln!(child.stdin.as_mut().unwrap(), "statistics").unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.next().unwrap().starts_with("listening "));
    let report: serde_json::Value =
        serde_json::from_str(lines.next().unwrap().strip_prefix("statistics ").unwrap()).unwrap();
    assert_eq!(report["node"]["faults"], serde_json::json!({"F01": 0}));
    assert_eq!(report["service"]["faults"], serde_json::json!({"F17": 0}));
    child.kill().unwrap();
    let errors = String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap();
    let warning = "warning: wrong on purpose: F17 duplicate-credited (SubmitShares.Success)";
    assert_eq!(errors.lines().next(), Some(warning));

    let unknown = run(&["--fault", "F999"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8(unknown.stderr).unwrap().contains("F01 certificate-expired"));
    let useless = run(&["--mode", "template-provider", "--fault", "F17"]);
    assert_eq!(useless.status.code(), Some(2));
}

#[cfg(unix)]
#[test]
fn signals_end_it_without_complaint() {
    for signal in ["-TERM", "-INT"] {
        let mut program = Program::start(&[]);
        let _open = TcpStream::connect(program.address).unwrap();
        let id = program.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        assert_eq!(program.child.wait().unwrap().code(), Some(0), "{signal}");
    }
}

#[test]
fn what_cannot_work_is_said_on_standard_error() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let cases: &[(&[&str], i32, &str)] = &[
        (&["--listen", &address], 1, "choose another port"),
        (&["--listen", "nonsense"], 2, "HOST:PORT"),
        (&["--authority-secret", "abc"], 2, "checksum does not match"),
        (&["--static-secret", "00"], 2, "64 hex digits"),
        (&["--transactions", "1000000"], 2, "transactions asked for"),
        (&["--shares-per-minute", "0"], 2, "shares per minute"),
        (&["--nbits", "0"], 2, "is no target"),
        (&["--idle-timeout=-1"], 2, "--idle-timeout"),
    ];
    for (arguments, code, text) in cases {
        let output = run(arguments);
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(*code), "{arguments:?}: {complaint}");
        assert!(complaint.contains(text), "{arguments:?}: {complaint}");
        assert!(output.stdout.is_empty());
    }
}
