use super::*;

fn command(line: &str, ready: &str, url: Option<&str>, within: u64) -> Command {
    Command {
        line: line.to_owned(),
        ready: ready.parse().unwrap(),
        url: url.map(|url| url.parse().unwrap()),
        within: Duration::from_millis(within),
    }
}

fn never() -> bool {
    false
}

#[test]
fn the_url_comes_from_exactly_one_place() {
    let check = |ready, url| command("true", ready, url, 0).check().map_err(|error| error.to_string());
    assert!(check("tcp", Some("tcp://127.0.0.1:1")).is_ok());
    assert!(check("line=at (?<target>.*)", None).is_ok());
    assert!(check("line=ready", Some("tcp://127.0.0.1:1")).is_ok());
    assert!(check("tcp", None).unwrap_err().contains("give --target URL"));
    assert!(check("line=ready", None).unwrap_err().contains("give --target URL"));
    assert!(check("line=(?<target>.*)", Some("tcp://127.0.0.1:1")).unwrap_err().contains("not both"));
    assert!("line=(".parse::<Ready>().is_err());
    assert_eq!("soon".parse::<Ready>().unwrap_err().to_string(), "\"soon\": expected tcp or line=REGEX");
}

#[test]
fn a_target_that_dies_before_it_is_ready_shows_its_last_words() {
    let dies = command("echo one; echo two >&2; exit 7", "line=never", Some("tcp://127.0.0.1:1"), 20_000);
    let started = Instant::now();
    let text = Exec::start(dies, &never).unwrap_err().to_string();
    assert!(text.contains("exit status: 7"), "{text}");
    assert!(text.contains("\n  one") && text.contains("\n  two"), "{text}");
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_target_that_never_gets_ready_is_given_up_and_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("stopped");
    let line =
        format!("trap 'touch {}; exit' TERM; echo waiting; while :; do sleep 0.05; done", mark.display());
    let text =
        Exec::start(command(&line, "tcp", Some("tcp://127.0.0.1:1"), 700), &never).unwrap_err().to_string();
    assert!(text.contains("not ready within 0.7 s: it takes no connections"), "{text}");
    assert!(text.contains("\n  waiting"), "{text}");
    assert!(mark.exists(), "it was not asked to end");
}

#[test]
fn a_bad_announcement_is_shown() {
    let text = Exec::start(command("echo at 5; sleep 9", "line=at (?<target>.*)", None, 9000), &never);
    let text = text.unwrap_err().to_string();
    assert!(text.contains("announced \"5\": no scheme"), "{text}");
}

#[test]
fn an_interruption_ends_the_waiting() {
    let started = Instant::now();
    let slow = command("exec sleep 30", "tcp", Some("tcp://127.0.0.1:1"), 30_000);
    assert!(matches!(Exec::start(slow, &|| true), Err(ExecError::Interrupted)));
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_port_that_is_taken_is_not_mistaken_for_the_target() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("tcp://{}", listener.local_addr().unwrap());
    let error = Exec::start(command("sleep 9", "tcp", Some(&url), 9000), &never).unwrap_err();
    assert!(matches!(error, ExecError::Taken(_)), "{error}");
}

#[test]
fn what_ignores_sigterm_is_killed_with_its_children() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pids");
    let line =
        format!("trap '' TERM; sleep 60 & echo $! > {0}; echo $$ >> {0}; wait; sleep 60", file.display());
    let (mut process, streams) = Process::spawn(&line).unwrap();
    let _output = Output::read(streams, None);
    let started = Instant::now();
    let pids = loop {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        if text.lines().count() == 2 {
            break text;
        }
        assert!(started.elapsed() < Duration::from_secs(10), "the process does not start");
        std::thread::sleep(INTERVAL);
    };
    process.stop();
    assert!(process.status().is_some());
    for pid in pids.lines() {
        // A zombie that nobody reaps has no command line either.
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        assert!(line.is_empty(), "{pid} is left: {}", String::from_utf8_lossy(&line));
    }
}

#[test]
fn a_panic_stops_the_target_too() {
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("stopped");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let line = format!(
        "trap 'touch {}; exit' TERM; echo at tcp://{address}; while :; do sleep 0.05; done",
        mark.display()
    );
    let exec = Exec::start(command(&line, "line=at (?<target>.*)", None, 20_000), &never).unwrap();
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
        let _exec = exec;
        panic!("this one is wanted");
    }));
    assert!(caught.is_err());
    assert!(mark.exists(), "it was not asked to end");
}
