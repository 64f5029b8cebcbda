//! The scenario language from outside: rendered diagnostics, the examples of the reference, and any input at all.

use std::fs;
use std::path::{Path, PathBuf};

use miette::{GraphicalReportHandler, GraphicalTheme};
use proptest::prelude::*;
use sv2_conform::scenario::diagnostic::ScenarioErrors;
use sv2_conform::scenario::{check, load, parse};

#[path = "language/vocabulary.rs"]
mod vocabulary;

use vocabulary::Small;

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/language")
}

/// The golden inputs, sorted: file name and text.
fn samples() -> Vec<(String, String)> {
    let entries = fs::read_dir(here()).expect("the folder of samples exists");
    let paths = entries.map(|entry| entry.expect("the folder can be read").path());
    let mut samples: Vec<(String, String)> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "sv2t"))
        .map(|path| {
            let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).expect("a sample is text"))
        })
        .collect();
    samples.sort();
    assert!(samples.len() >= 10, "only {} samples in {}", samples.len(), here().display());
    samples
}

fn rendered(errors: &ScenarioErrors) -> String {
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_width(110);
    let mut text = String::new();
    handler.render_report(&mut text, errors).expect("a string takes all");
    text.lines().map(str::trim_end).fold(String::new(), |all, line| all + line + "\n")
}

/// Every sample gives the diagnostics of the `.stderr` beside it; one without gives none.
/// `BLESS=1` writes them anew.
#[test]
fn diagnostics_are_as_recorded() {
    let bless = std::env::var_os("BLESS").is_some();
    for (name, text) in samples() {
        let recorded = here().join(&name).with_extension("stderr");
        let actual = load(&name, &text, &Small).err().map(|errors| rendered(&errors));
        if bless {
            match &actual {
                Some(actual) => fs::write(&recorded, actual).expect("the folder can be written"),
                None => _ = fs::remove_file(&recorded),
            }
        }
        assert_eq!(fs::read_to_string(&recorded).ok(), actual, "{name}; BLESS=1 rewrites");
    }
}

/// A record without a sample would be checked by nothing.
#[test]
fn every_record_has_its_sample() {
    for entry in fs::read_dir(here()).expect("the folder of samples exists") {
        let path = entry.expect("the folder can be read").path();
        if path.extension().is_some_and(|extension| extension == "stderr") {
            assert!(path.with_extension("sv2t").exists(), "{}", path.display());
        }
    }
}

fn reference() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/README.md");
    fs::read_to_string(path).expect("the reference exists")
}

/// The ` ```sv2t ` blocks of the reference, those that are played too, made whole where they are pieces.
fn examples(reference: &str) -> Vec<String> {
    let blocks = reference.split("\n```sv2t").skip(1);
    blocks
        .map(|block| {
            let (_, block) = block.split_once('\n').expect("the fence ends");
            let (block, _) = block.split_once("\n```").expect("the block ends");
            if block.starts_with("sv2t") {
                block.to_owned()
            } else {
                format!("sv2t 1\ntitle \"piece\"\n{block}\n")
            }
        })
        .collect()
}

#[test]
fn the_examples_of_the_reference_parse() {
    let examples = examples(&reference());
    assert!(examples.len() >= 15, "only {} examples", examples.len());
    for example in examples {
        if let Err(errors) = parse("README.md", &example) {
            panic!("{}", rendered(&errors));
        }
    }
}

/// The reference shows every verb in an example, not only in its text.
#[test]
fn the_reference_shows_every_verb() {
    let all = examples(&reference()).join("\n");
    for verb in [
        "connect",
        "connect tcp",
        "connect plain",
        "handshake",
        "send",
        "raw",
        "corrupt record",
        "expect reply to",
        "expect one-of",
        "expect close",
        "expect bytes",
        "expect silence",
        "await job on",
        "mine",
        "submit",
        "settle",
        "assert",
        "assume",
        "alive",
        "block",
        "template",
        "provoke",
        "elapse",
        "close",
        "reset",
        "half-close",
        "reconnect",
        "chunk",
        "coalesce",
        "flush",
        "stop-reading",
        "read-again",
        "never",
        "await jobs on",
        "expect all-of",
        "assert disjoint",
        "matrix",
        "exclusive",
        "fragment",
        "needs",
        "tags",
        "pool(",
    ] {
        assert!(all.lines().any(|line| line.starts_with(verb)), "{verb}");
    }
}

/// Arbitrary lines over the language's own alphabet reach further than arbitrary characters do.
fn lines() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "sv2t 1",
        "title \"t\"",
        "expect",
        "send",
        "reply to",
        "one-of",
        "|",
        "\n",
        "\n  ",
        "\n    ",
        "\t",
        "$a",
        ".b",
        "[0]",
        "[",
        "]",
        "(",
        ")",
        ",",
        ":",
        "A:",
        "==",
        "=",
        "->",
        "in",
        "..",
        "~",
        "@x",
        "x\"0",
        "\"",
        "\\",
        "#",
        "-",
        "++",
        "within",
        "2s",
        "checks",
        "SV2-05-112",
        "lenient AMB-1",
        "mine",
        "hash >",
        "0x_",
        "1e",
        "9999999999m",
        "é",
        "\r\n",
        "len(",
        "fragment f(a: 1)",
        "settle $a",
        "await job on",
        "corrupt record 1 tag bit",
        "alive",
    ]);
    prop::collection::vec((piece, prop::bool::ANY), 0..60).prop_map(|pieces| {
        pieces.into_iter().map(|(piece, blank)| format!("{piece}{}", if blank { " " } else { "" })).collect()
    })
}

/// A valid sample with a few bytes cut out, doubled or replaced.
fn mutated() -> impl Strategy<Value = String> {
    let whole: Vec<String> = samples().into_iter().map(|(_, text)| text).collect();
    let edit = (
        any::<prop::sample::Index>(),
        0usize..12,
        prop::sample::select(vec!["", " ", "\n", "|", "(", "\"", "é"]),
    );
    (prop::sample::select(whole), prop::collection::vec(edit, 1..6)).prop_map(|(text, edits)| {
        edits.into_iter().fold(text, |text, (at, length, with)| {
            let characters: Vec<char> = text.chars().collect();
            let at = at.index(characters.len() + 1);
            let after = (at + length).min(characters.len());
            characters[..at]
                .iter()
                .copied()
                .chain(with.chars())
                .chain(characters[after..].iter().copied())
                .collect()
        })
    })
}

/// Parses, checks and renders; what is returned must point into the text.
fn survives(text: &str) {
    let errors = match parse("any.sv2t", text) {
        Ok(file) => {
            assert_eq!(file, parse("again", text).expect("parsing is a function of the text"));
            let found = check::check(&file, &Small);
            if found.is_empty() {
                return;
            }
            ScenarioErrors::new("any.sv2t", text, found)
        }
        Err(errors) => errors,
    };
    assert!(!errors.errors().is_empty());
    for (span, _) in errors.errors().iter().flat_map(|error| &error.labels) {
        assert!(text.get(span.start..span.end).is_some(), "{span:?} in {text:?}");
    }
    assert!(!rendered(&errors).is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn any_text_is_survived(text in any::<String>()) {
        survives(&text);
    }

    #[test]
    fn any_lines_are_survived(text in lines()) {
        survives(&text);
    }

    #[test]
    fn any_change_to_a_sample_is_survived(text in mutated()) {
        survives(&text);
    }
}

/// Doubling the text doubles the work: a megabyte of anything is read at once, even unoptimised.
#[test]
fn long_inputs_are_read_in_linear_time() {
    let started = std::time::Instant::now();
    for unit in [
        "a",
        "$a.b",
        "[",
        "\"",
        "1",
        "1 + ",
        "x\"00\" ++ ",
        "alive\n",
        "expect X\n  a == 1\n",
        "\n  | close",
        ", ",
    ] {
        let text = format!("sv2t 1\ntitle \"t\"\nraw {}", unit.repeat(1_000_000 / unit.len()));
        _ = load("long", &text, &Small);
    }
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}
