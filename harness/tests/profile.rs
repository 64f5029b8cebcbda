//! `sv2-conform profile` and `--profile`, end to end: the pool is the reference pool as a program of its own.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use sv2_conform::profile::file::ProfileFile;
use sv2_conform::profile::library;
use sv2_conform::suite::embedded_ledger;

/// Says which settings the pool of [`serve`] has, as `NAME=VALUE` separated by blanks.
const SERVE: &str = "SV2_CONFORM_TEST_PROFILE";

/// No test by itself: the pool, when this program is started as one. It listens, says where, and obeys `block` and `template`
/// on standard input.
#[test]
fn serve() {
    if let Ok(settings) = std::env::var(SERVE) {
        pool::serve(&settings);
    }
}

mod pool {
    use std::io::BufRead;
    use sv2_reference_pool::clock::Clock;
    use sv2_reference_pool::faults::Fault;
    use sv2_reference_pool::node::{Node, NodeConfig};
    use sv2_reference_pool::pool::{Pool, PoolConfig};
    use sv2_reference_pool::server::Server;

    pub(super) fn serve(settings: &str) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let clock = Clock::system();
        let (mut config, mut node) = (PoolConfig::default(), NodeConfig::default());
        config.templates.start_time = clock.now().unix;
        for setting in settings.split_whitespace() {
            match setting.split_once('=').expect("NAME=VALUE") {
                ("ack-batch", value) => config.ack_batch = value.parse().expect("a number"),
                ("extended-only", value) => config.extended_channels_only = value == "true",
                ("fault", value) => {
                    let fault = Fault::by_id(value).expect("a fault");
                    config.faults.push(fault);
                    node.faults.push(fault);
                }
                other => panic!("no setting {other:?}"),
            }
        }
        let pool = Pool::new(config).expect("a pool that can be");
        let bound = Server::bind("127.0.0.1:0", Node::new(node, pool), clock);
        let (handle, server) = runtime.block_on(bound).expect("a free port");
        // A line of its own, behind what the test harness has printed.
        println!("\nlistening {} {}", handle.local_addr(), handle.url());
        std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            for line in std::io::stdin().lock().lines().map_while(Result::ok) {
                let control = line.trim().parse().expect("a control word");
                runtime.block_on(handle.control(control, Vec::new())).expect("the pool is there");
            }
        });
        runtime.block_on(server.run());
    }
}

/// The pool as a program of its own; it ends with the test.
struct Pool {
    child: Child,
    input: Option<ChildStdin>,
    url: String,
}

impl Drop for Pool {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Pool {
    fn start(settings: &str) -> Self {
        let me = std::env::current_exe().expect("this program");
        let mut command = Command::new(me);
        command.args(["serve", "--exact", "--nocapture"]).env(SERVE, settings);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("this program again");
        let output = BufReader::new(child.stdout.take().expect("its output"));
        let input = child.stdin.take();
        let lines = output.lines().map_while(Result::ok);
        let url = lines.into_iter().find_map(|line| {
            let mut words = line.split_whitespace();
            (words.next() == Some("listening")).then(|| words.nth(1).map(str::to_owned))?
        });
        Self { child, input, url: url.expect("it says where it listens") }
    }
}

fn conform(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sv2-conform"));
    let Output { status, stdout, stderr } =
        command.args(arguments).current_dir(folder).stdin(Stdio::null()).output().expect("the program");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (status.code().expect("an exit code"), text(stdout), text(stderr))
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder can be made");
    std::fs::write(&path, text).expect("the file can be written");
    path
}

/// The lines about claims that are contradicted, each with what was asked and what came.
fn contradicted(output: &str) -> Vec<&str> {
    output.split("\n").filter(|line| line.starts_with("CONTRADICTED")).collect()
}

#[test]
fn what_init_drafts_verify_confirms_until_the_pool_changes() {
    let folder = folder();
    let good = Pool::start("");
    let (code, out, err) = conform(folder.path(), &["profile", "init", &good.url, "-o", "mine.toml"]);
    assert_eq!((code, out.as_str()), (0, ""), "{err}");
    let text = std::fs::read_to_string(folder.path().join("mine.toml")).expect("the draft");
    for line in [
        "name = \"mine\"  # from the call",
        "capabilities = [\"channel.extended\", \"channel.standard\", \"extension.worker\"]  # ",
        "batch = 1  # valid shares until one was acknowledged: SubmitShares.Success",
        "versions = [2]  # ",
        "refused_flags = 0xfffffffa  # SetupConnection with all 32 flags: SetupConnection.Error",
        "extensions = [2]  # RequestExtensions: RequestExtensions.Success",
        "duplicate-share = \"duplicate-share\"  # the same share twice: SubmitShares.Error",
        "#   error_codes.stale-share: nothing here gives control.block",
    ] {
        assert!(text.contains(line), "no line {line}\n{text}");
    }
    let is_bare = |line: &&str| line.contains(" = ") && !line.contains("  # ");
    assert_eq!(text.lines().find(is_bare), None, "each line says how it was learned");

    let verify =
        |pool: &Pool| conform(folder.path(), &["profile", "verify", &pool.url, "--profile", "mine.toml"]);
    let (code, out, err) = verify(&good);
    assert_eq!(code, 0, "{out}{err}");
    assert!(
        out.contains("0 contradicted") && out.contains("holds         error_codes.duplicate-share"),
        "{out}"
    );
    assert!(out.contains("unverified    access"), "{out}");

    let (code, out, _) = verify(&Pool::start("ack-batch=7"));
    assert_eq!((code, contradicted(&out).len()), (1, 1), "{out}");
    assert!(out.contains("acknowledgements.batch                       1; the wire shows 7 shares"), "{out}");
    // The evidence is the frame: extension, type 0x1c, 20 bytes, and behind channel and sequence number 7 and a sum.
    assert!(out.contains("came:  SubmitShares.Success 00801c140000"), "{out}");

    let (code, out, _) = verify(&Pool::start("extended-only=true"));
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("channel.standard                             yes; the wire shows no"), "{out}");
    assert!(out.contains("came:  OpenMiningChannel.Error 000012"), "{out}");
}

#[test]
fn a_fault_and_a_wrong_claim_are_found() {
    let folder = folder();
    let url = &Pool::start("");
    let claims = [
        ("setup.versions=[2, 3]", "setup.versions                               [2, 3]; the wire shows [2]"),
        ("error_codes.duplicate-share=dup", "\"dup\"; the wire shows \"duplicate-share\""),
        (
            "capabilities=[\"channel.standard\", \"extension.worker\"]",
            "channel.extended                             no; the wire shows yes",
        ),
        ("limits.hash_budget=10", "10; the wire shows 10001 hashes a share"),
        ("setup.refused_flags=0", "0x0; the wire shows 0xfffffffa"),
    ];
    for (set, wanted) in claims {
        let arguments = ["profile", "verify", &url.url, "--profile", "reference-pool", "--set", set];
        let (code, out, err) = conform(folder.path(), &arguments);
        assert_eq!((code, contradicted(&out).len()), (1, 1), "{set}: {out}{err}");
        assert!(out.contains(wanted), "{set}: {out}");
    }
    let verify = |settings: &str| {
        let pool = Pool::start(settings);
        conform(folder.path(), &["profile", "verify", &pool.url, "--profile", "reference-pool"])
    };
    // F08 names only one of the flags that it refuses.
    let (code, out, _) = verify("fault=F08");
    assert_eq!((code, contradicted(&out).len()), (1, 1), "{out}");
    assert!(out.contains("0xfffffffa; the wire shows 0x2"), "{out}");
    // F17 credits duplicates, so that it spells no error for them: what the wire does not show is no contradiction.
    let (code, out, _) = verify("fault=F17");
    assert_eq!(code, 0, "{out}");
    let line = out.lines().find(|line| line.contains("error_codes.duplicate-share"));
    assert!(
        line.is_some_and(|line| line.starts_with("unverified") && line.contains("SubmitShares.Success")),
        "{out}"
    );
}

#[test]
fn the_ready_profile_of_the_reference_pool_holds() {
    let folder = folder();
    let pool = Pool::start("");
    let (code, out, err) =
        conform(folder.path(), &["profile", "verify", &pool.url, "--profile", "reference-pool"]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains(" 0 contradicted"), "{out}");
}

#[cfg(unix)]
#[test]
fn a_control_command_triggers_a_block() {
    let folder = folder();
    let mut pool = Pool::start("");
    // The command writes into a pipe that leads to the pool's standard input.
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    let mut input = pool.input.take().expect("its input");
    let reader = pipe.clone();
    std::thread::spawn(move || {
        loop {
            let Ok(words) = std::fs::read_to_string(&reader) else { return };
            if input.write_all(words.as_bytes()).and_then(|()| input.flush()).is_err() {
                return;
            }
        }
    });
    let block = format!("control.block=echo block > '{}'", pipe.display());
    let template = format!("control.template=echo template > '{}'", pipe.display());
    let scenario = "sv2t 1\ntitle \"a block\"\nneeds channel.standard, control.block\n\nconnect\n\
        setup(flags: REQUIRES_STANDARD_JOBS)\nopen-standard() -> $chan\nawait job on $chan -> $old\nblock\n\
        expect SetNewPrevHash -> $tip  checks SV2-05-181\nassert $tip.prev_hash != $old.prev_hash  checks SV2-05-181\n";
    write(folder.path(), "block.sv2t", scenario);
    let run = |extra: &[&str]| {
        let arguments =
            [&["run", "block.sv2t", "--target", &pool.url, "--profile", "reference-pool"], extra].concat();
        conform(folder.path(), &arguments)
    };
    let (code, out, err) = run(&[]);
    assert_eq!(code, 4, "without a command it is not applicable: {out}{err}");
    let (code, out, err) = run(&["--set", &block]);
    assert_eq!(code, 0, "{out}{err}");
    let (code, out, _) = run(&["--set", "control.block=echo no such node >&2; exit 3"]);
    assert_eq!(code, 3, "{out}");
    assert!(out.contains("no such node") && out.contains("exit status: 3"), "{out}");

    let verify =
        ["profile", "verify", &pool.url, "--profile", "reference-pool", "--set", &block, "--set", &template];
    let (code, out, err) = conform(folder.path(), &verify);
    assert_eq!(code, 0, "{out}{err}");
    for name in ["control.block", "control.template", "error_codes.stale-share"] {
        assert!(out.contains(&format!("holds         {name} ")), "{out}");
    }
    let idle = [
        "profile",
        "verify",
        &pool.url,
        "--profile",
        "reference-pool",
        "--set",
        "control.block=true",
        "--timeout-scale",
        "0.05",
    ];
    let (code, out, _) = conform(folder.path(), &idle);
    assert_eq!(code, 1, "a command that changes nothing is contradicted: {out}");
    assert!(contradicted(&out).iter().any(|line| line.contains("control.block")), "{out}");
}

#[test]
fn a_profile_starts_the_pool_and_options_win_over_it() {
    let folder = folder();
    let me = std::env::current_exe().expect("this program");
    let exec = format!("{SERVE}='' exec '{}' serve --exact --nocapture", me.display());
    let profile = format!(
        "name = \"own\"\nabout = \"a test\"\nuntested = true\n[start]\nexec = {}\nready = {}\n",
        toml_text(&exec),
        toml_text("line=^listening \\S+ (?<target>\\S+)")
    );
    write(folder.path(), "suite/suite.toml", "");
    write(folder.path(), "suite/profiles/own.toml", &profile);
    let scenario = "sv2t 1\ntitle \"it lives\"\n\nconnect\nsetup()\nalive  checks SV2-03-060\n";
    write(folder.path(), "suite/lives.sv2t", scenario);
    let (code, out, err) = conform(folder.path(), &["run", "suite", "--profile", "own"]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(out.contains("against stratum2+tcp://127.0.0.1:"), "{out}");

    let (code, _, err) =
        conform(folder.path(), &["run", "suite", "--profile", "own", "--exec", "echo mine; exit 1"]);
    assert_eq!(code, 5, "{err}");
    assert!(err.contains("mine"), "{err}");
    let (code, _, err) =
        conform(folder.path(), &["run", "suite", "--profile", "own", "--target", "tcp://127.0.0.1:1"]);
    assert_eq!(code, 5, "a target that is named is not started: {err}");
}

fn toml_text(text: &str) -> String {
    format!("'''{text}'''")
}

#[test]
fn mistakes_are_shown_with_their_place() {
    let folder = folder();
    let text = "name = \"x\"\nabout = \"y\"\nuntested = true\n[limits]\nhash_rat = 5.0\n";
    write(folder.path(), "x.toml", text);
    let (code, out, err) = conform(folder.path(), &["run", "--profile", "x.toml"]);
    assert_eq!((code, out.as_str()), (2, ""), "{err}");
    for part in ["profiles have no key `limits.hash_rat`", "x.toml:5:1", "did you mean `limits.hash_rate`?"] {
        assert!(err.contains(part), "no {part}: {err}");
    }
    for (arguments, wanted) in [
        (
            &["run", "--profile", "nobody"][..],
            "no such file, and no profile of this name; there are blitzpool",
        ),
        (&["run", "--profile", "gone.toml"], "gone.toml"),
        (&["run", "--set", "acces=local"], "did you mean `access`?"),
        (&["run", "--ready", "tcp"], "--ready: for a target that is started"),
        (&["profile", "verify", "tcp://127.0.0.1:1"], "give --profile"),
        (&["profile", "verify", "tcp://192.0.2.1:1", "--profile", "pool_sv2"], "add --i-may-test-this"),
        (&["profile", "init", "tcp://127.0.0.1:1", "-o", "x.toml"], "it exists"),
    ] {
        let (code, out, err) = conform(folder.path(), arguments);
        assert_eq!((code, out.as_str()), (2, ""), "{arguments:?}: {err}");
        assert!(err.contains(wanted), "{arguments:?}: {err}");
    }
    let (code, _, err) = conform(folder.path(), &["profile", "probe", "tcp://127.0.0.1:1"]);
    assert_eq!(code, 5, "{err}");
}

#[test]
fn every_ready_profile_parses_and_reads_the_same_once_written() {
    let ledger = embedded_ledger().expect("the ledger");
    let mut names = Vec::new();
    for (name, text) in library::embedded() {
        let file = ProfileFile::parse(name, text, &ledger).unwrap_or_else(|errors| {
            panic!("{name}: {:?}", errors.errors());
        });
        assert_eq!(file.text("name"), Some(name));
        let again = ProfileFile::parse(name, &file.to_toml(&|_| None), &ledger);
        assert_eq!(again.expect("what was written"), file, "{name}");
        names.push(name);
    }
    assert_eq!(names, ["blitzpool", "gopool-sv2", "hydrapool", "pool_sv2", "reference-pool"]);
    let (code, out, _) = conform(folder().path(), &["list", "--profiles"]);
    assert_eq!(code, 0);
    assert!(out.contains("pool_sv2  0.7.0  ") && out.contains("hydrapool  untested  "), "{out}");
}
