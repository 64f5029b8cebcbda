//! `run --exec`: the target is this test program itself, started again as a small server that can be killed.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use sv2_reference_pool::clock::Clock;
use sv2_reference_pool::node::{Node, NodeConfig};
use sv2_reference_pool::pool::{Pool, PoolConfig};
use sv2_reference_pool::server::Server;
use sv2_wire::frame::{Deframer, Frame};
use sv2_wire::{Message, SetupConnectionSuccess};

/// Says which server [`serve`] is.
const SERVE: &str = "SV2_CONFORM_TEST_SERVE";
/// A SetupConnection from this vendor kills the fragile server.
const POISON: &str = "poison";
/// One from this vendor kills it a while after it was answered and the connection was closed.
const SLOW_POISON: &str = "slow-poison";

/// No test by itself: the server, when this program is started as one.
#[test]
fn serve() {
    match std::env::var(SERVE).as_deref() {
        Ok("pool") => serve_pool(),
        Ok("fragile") => serve_fragile("127.0.0.1:0"),
        Ok(address) => serve_fragile(address),
        Err(_) => {}
    }
}

fn serve_pool() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let pool = Pool::new(PoolConfig::default()).expect("the default pool");
    let bound = Server::bind("127.0.0.1:0", Node::new(NodeConfig::default(), pool), Clock::system());
    let (handle, server) = runtime.block_on(bound).expect("a free port");
    eprintln!("listening at {} for {}", handle.url(), std::process::id());
    runtime.block_on(server.run());
}

/// Answers every SetupConnection, without encryption, until it is poisoned.
fn serve_fragile(address: &str) {
    let listener = TcpListener::bind(address).expect("a free port");
    let address = listener.local_addr().expect("bound");
    println!("listening at tcp://{address} for {}", std::process::id());
    for stream in listener.incoming().flatten() {
        std::thread::spawn(move || drop(answer(stream)));
    }
}

fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    let (mut deframer, mut buffer) = (Deframer::new(65536), [0; 4096]);
    let mut is_dying = false;
    loop {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            if is_dying {
                std::process::exit(9);
            }
            return Ok(());
        }
        deframer.push(&buffer[..count]);
        while let Ok(Some(frame)) = deframer.next_frame() {
            let Ok(decoded) = frame.decode() else { return Ok(()) };
            if let Message::SetupConnection(setup) = decoded.message {
                if setup.vendor.to_text() == POISON {
                    eprintln!("swallowed the poison");
                    std::process::exit(7);
                }
                is_dying = setup.vendor.to_text() == SLOW_POISON;
                let success = SetupConnectionSuccess { used_version: 2, flags: 0 };
                stream.write_all(&Frame::of(&success.into()).expect("it fits").to_bytes())?;
            }
        }
    }
}

/// The command that starts this program as a server.
fn server(kind: &str) -> String {
    let program = std::env::current_exe().expect("this program has a path");
    format!("{SERVE}={kind} exec '{}' --exact serve --nocapture", program.display())
}

struct Run {
    code: i32,
    out: String,
    errors: String,
    scenarios: Vec<serde_json::Value>,
}

impl Run {
    fn outcome(&self, id: &str) -> (&str, &str) {
        let found = self.scenarios.iter().find(|line| line["id"] == id);
        let found = found.unwrap_or_else(|| panic!("no {id} in\n{}\n{}", self.out, self.errors));
        (found["verdict"].as_str().expect("text"), found["survival"].as_str().expect("text"))
    }

    fn reason(&self, id: &str) -> &str {
        let found = self.scenarios.iter().find(|line| line["id"] == id);
        found.and_then(|line| line["reason"].as_str()).unwrap_or_default()
    }
}

fn conform(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sv2-conform"));
    command.arg("run").arg(folder).args(arguments);
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Run {
    let report = folder.join("report.jsonl");
    let argument = format!("jsonl={}", report.display());
    let Output { status, stdout, stderr } =
        conform(folder, arguments).args(["--report", &argument]).output().expect("the program starts");
    let lines = std::fs::read_to_string(&report).unwrap_or_default();
    Run {
        code: status.code().expect("it exits by itself"),
        out: String::from_utf8_lossy(&stdout).into_owned(),
        errors: String::from_utf8_lossy(&stderr).into_owned(),
        scenarios: lines.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect(),
    }
}

/// A folder of scenarios that set up a connection, each as another vendor.
fn scenarios(vendors: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (id, vendor) in vendors {
        let text = format!(
            "sv2t 1\ntitle \"Set-up as {vendor}\"\n\nconnect\nsend SetupConnection -> $request\n  vendor = \"{vendor}\"\n\
             expect SetupConnection.Success reply to $request  checks SV2-03-060\n"
        );
        std::fs::write(folder.path().join(format!("{id}.sv2t")), text).expect("the folder can be written");
    }
    folder
}

const READY: &str = "line=listening at (?<target>[^ ]+) for";

#[test]
fn a_target_is_started_found_by_its_line_and_stopped() {
    let folder = scenarios(&[("a", "x"), ("b", "y")]);
    let pids = folder.path().join("pids");
    let line = format!("echo $$ > '{}'; {}", pids.display(), server("pool"));
    let run = run(folder.path(), &["--exec", &line, "--ready", READY]);
    assert_eq!(run.code, 0, "{}\n{}", run.out, run.errors);
    assert_eq!(run.outcome("a"), ("pass", "alive"));
    assert!(run.out.contains("stratum2+tcp://127.0.0.1:"), "{}", run.out);
    let pid = std::fs::read_to_string(pids).expect("the target was started");
    assert!(!is_running(pid.trim()), "{pid} is left");
    assert!(!run.errors.contains('\x1b'), "progress outside a terminal: {}", run.errors);
}

#[test]
fn a_target_that_is_started_keeps_its_profile() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "sv2t 1\ntitle \"A channel under the name of the profile\"\nneeds channel.standard\n\nconnect\n\
                send SetupConnection\nexpect SetupConnection.Success\nsend OpenStandardMiningChannel -> $open\n\
                expect OpenStandardMiningChannel.Success reply to $open  checks SV2-05-034\n";
    for (id, kind) in [("standard", "channel.standard"), ("extended", "channel.extended")] {
        let text = text.replace("channel.standard", kind);
        std::fs::write(folder.path().join(format!("{id}.sv2t")), text).expect("the folder can be written");
    }
    let profile = folder.path().join("profile.toml");
    let lines = "name = \"mine\"\nabout = \"mine\"\nuntested = true\naccess = \"remote\"\ncapabilities = [\"channel.standard\"]\nuser_identity = \"mine.worker\"\n";
    std::fs::write(&profile, lines).expect("the folder can be written");
    let profile = profile.display().to_string();
    let run = run(folder.path(), &["--exec", &server("pool"), "--ready", READY, "--profile", &profile]);
    assert_eq!(run.code, 0, "{}\n{}", run.out, run.errors);
    assert_eq!(run.outcome("extended").0, "not-applicable");
    assert_eq!(run.outcome("standard").0, "pass");
    let played = run.scenarios.iter().find(|line| line["id"] == "standard").expect("it was played");
    assert!(played.to_string().contains("mine.worker"), "{played}");
}

#[test]
fn the_killer_is_named_and_the_others_go_on() {
    let folder = scenarios(&[("a", "x"), ("b", POISON), ("c", "y"), ("d", POISON), ("e", "z")]);
    let run = run(folder.path(), &["--exec", &server("fragile"), "--ready", READY]);
    assert_eq!(run.code, 1, "{}\n{}", run.out, run.errors);
    for id in ["a", "c", "e"] {
        assert_eq!(run.outcome(id), ("pass", "alive"), "{id}");
    }
    for id in ["b", "d"] {
        assert_eq!(run.outcome(id), ("fail", "died"), "{id}");
        assert!(run.reason(id).contains("exit status: 7"), "{}", run.reason(id));
        assert!(run.reason(id).contains("swallowed the poison"), "{}", run.reason(id));
    }
    assert!(run.out.contains("FAIL  b  Set-up as poison  [died]"), "{}", run.out);
    assert!(run.out.contains("swallowed the poison"), "{}", run.out);
    assert!(run.out.contains("--ready 'line=listening"), "the repro starts nothing: {}", run.out);
}

#[test]
fn a_pass_before_a_death_is_no_pass() {
    let folder = scenarios(&[("a", "x"), ("b", SLOW_POISON), ("c", "y")]);
    let run = run(folder.path(), &["--exec", &server("fragile"), "--ready", READY]);
    assert_eq!(run.code, 1, "{}\n{}", run.out, run.errors);
    assert_eq!(run.outcome("b"), ("fail", "died"), "{}", run.out);
    assert!(run.reason("b").contains("exit status: 9"), "{}", run.reason("b"));
    assert_eq!(run.outcome("a"), ("pass", "alive"), "{}", run.out);
    assert_eq!(run.outcome("c"), ("pass", "alive"), "{}", run.out);
    let last = scenarios(&[("a", "x"), ("b", SLOW_POISON)]);
    let run = self::run(last.path(), &["--exec", &server("fragile"), "--ready", READY]);
    assert_eq!(run.outcome("b"), ("fail", "died"), "{}", run.out);
}

#[test]
fn a_port_is_waited_for_and_a_target_that_does_not_come_back_blocks_the_rest() {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let folder = scenarios(&[("a", "x"), ("b", POISON), ("c", "y")]);
    let mark = folder.path().join("started");
    let line = format!(
        "test ! -e '{0}' || exit 3; touch '{0}'; sleep 0.3; {1}",
        mark.display(),
        server(&port.to_string())
    );
    let target = format!("tcp://{port}");
    let run = run(folder.path(), &["--exec", &line, "--ready", "tcp", "--target", &target]);
    assert_eq!(run.code, 1, "{}\n{}", run.out, run.errors);
    assert_eq!(run.outcome("a"), ("pass", "alive"), "{}", run.out);
    assert_eq!(run.outcome("b"), ("fail", "died"), "{}", run.out);
    assert_eq!(run.outcome("c").0, "blocked");
    assert!(run.reason("c").contains("did not come back") && run.reason("c").contains("exit status: 3"));
}

#[test]
fn a_target_that_never_comes_up_is_not_ready() {
    let folder = scenarios(&[("a", "x")]);
    let target = ["--target", "tcp://127.0.0.1:9"];
    let dead = run(folder.path(), &[&["--exec", "echo no config file >&2; exit 4"], &target[..]].concat());
    assert_eq!(dead.code, 5, "{}", dead.errors);
    assert!(
        dead.errors.contains("exit status: 4") && dead.errors.contains("no config file"),
        "{}",
        dead.errors
    );
    let slow = ["--exec", "echo still loading; sleep 60", "--ready-within", "1"];
    let slow = run(folder.path(), &[&slow[..], &target[..]].concat());
    assert_eq!(slow.code, 5, "{}", slow.errors);
    assert!(slow.errors.contains("still loading"), "{}", slow.errors);
}

#[test]
fn a_bad_call_is_a_usage_error() {
    let folder = scenarios(&[("a", "x")]);
    for arguments in [
        &["--exec", "true"][..],
        &["--exec", "true", "--ready", "line=("],
        &["--exec", "true", "--ready", "soon"],
        &["--ready", "tcp"],
        &["--exec", "true", "--target", "tcp://192.0.2.1:1"],
        &["--exec", "true", "--virtual-time"],
        &["--serve-templates", "127.0.0.1:0"],
    ] {
        let run = run(folder.path(), arguments);
        assert_eq!(run.code, 2, "{arguments:?}: {}", run.errors);
    }
}

#[cfg(unix)]
#[test]
fn a_signal_stops_the_target_and_keeps_the_report() {
    use rustix::process::{Pid, Signal, kill_process};
    // A silent server: the scenario waits for its answer.
    let folder = scenarios(&[("a", "x")]);
    for (signal, ready) in
        [(Signal::INT, "line=^up"), (Signal::TERM, "line=^up"), (Signal::INT, "line=never")]
    {
        let pids = folder.path().join("pids");
        let _ = std::fs::remove_file(&pids);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("bound");
        let report = folder.path().join("partial.jsonl");
        let (line, target) =
            (format!("echo $$ > '{}'; echo up; exec sleep 60", pids.display()), format!("tcp://{address}"));
        // The port is there only once the target is started: a port that is taken before is refused.
        drop(listener);
        let arguments = ["--exec", &line, "--ready", ready, "--target", &target];
        let mut child = conform(folder.path(), &arguments)
            .args(["--timeout-scale", "20", "--report", &format!("jsonl={}", report.display())])
            .stdout(Stdio::null())
            .spawn()
            .expect("the program starts");
        let pid = wait_for_text(&pids);
        let _listener = TcpListener::bind(address).expect("the port is still free");
        std::thread::sleep(Duration::from_millis(500));
        kill_process(Pid::from_child(&child), signal).expect("it runs");
        let started = Instant::now();
        let status = child.wait().expect("it ends");
        assert_eq!(status.code(), Some(130), "{signal:?} {ready}");
        assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
        assert!(!is_running(pid.trim()), "{pid} is left");
        let written = std::fs::read_to_string(&report).unwrap_or_default();
        let has_summary = written.contains("\"exit_code\":130");
        assert_eq!(has_summary, ready == "line=^up", "{written}");
    }
}

fn wait_for_text(path: &PathBuf) -> String {
    let started = Instant::now();
    loop {
        match std::fs::read_to_string(path) {
            Ok(text) if text.ends_with('\n') => return text,
            _ => assert!(started.elapsed() < Duration::from_secs(20), "{} never came", path.display()),
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Whether a process has a command line; a zombie that nobody reaps has none.
fn is_running(pid: &str) -> bool {
    std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| !line.is_empty())
}
