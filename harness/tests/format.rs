//! The canonical form: the same tree, the same comments, and nothing left to do afterwards.

use proptest::prelude::*;
use std::path::{Path, PathBuf};
use sv2_conform::cli::{self, Cli};
use sv2_conform::scenario::format::{apply, edits, format};
use sv2_conform::scenario::parse;

/// The samples that parse, the suite, and its fragments.
fn samples() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let paths = [root.join("tests/language"), root.join("scenarios")];
    let files = sv2_conform::suite::files(&paths).expect("there are samples");
    let texts = files.iter().map(|path| std::fs::read_to_string(path).expect("a sample is text"));
    let good: Vec<String> = texts.filter(|text| parse("t", text).is_ok()).collect();
    assert!(good.len() >= 12, "only {} samples", good.len());
    good
}

/// The tree, without the places where its nodes stand.
fn tree(text: &str) -> String {
    let shown = format!("{:?}", parse("t", text).expect("it parses"));
    let pieces = shown.split("Span { start: ").enumerate();
    pieces
        .map(
            |(index, piece)| {
                if index == 0 { piece } else { piece.split_once('}').map_or("", |(_, rest)| rest) }
            },
        )
        .collect()
}

fn comments(text: &str) -> Vec<String> {
    let from = |line: &str| line.find("# ").map(|at| line[at..].trim_end().to_owned());
    text.lines().filter_map(from).collect()
}

fn holds(text: &str) {
    let once = format("t", text).expect("it parses");
    assert_eq!(tree(text), tree(&once), "{text}\n{once}");
    assert_eq!(format("t", &once).expect("it still parses"), once, "{text}");
    assert_eq!(comments(text), comments(&once), "{text}\n{once}");
    let edits = edits("t", text).expect("it parses");
    assert!(edits.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start), "{edits:?}");
    assert_eq!(apply(text, &edits), once);
}

#[test]
fn every_sample_has_a_canonical_form_with_the_same_tree() {
    samples().iter().for_each(|text| holds(text));
}

/// What the reference shows as canonical is.
#[test]
fn the_example_of_the_reference_is_canonical() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/README.md");
    let reference = std::fs::read_to_string(path).expect("the reference exists");
    let blocks = reference.split("\n```sv2t canonical\n").skip(1);
    let blocks: Vec<_> = blocks.filter_map(|block| block.split_once("\n```")).collect();
    assert!(!blocks.is_empty());
    for (block, _) in blocks {
        let text = format!("{block}\n");
        assert_eq!(format("README.md", &text).expect("it parses"), text);
    }
}

/// Blanks put in or taken out, letters in capitals, lines apart: often still a scenario, and then the same holds.
fn mutated() -> impl Strategy<Value = String> {
    let with = prop::sample::select(vec![
        "",
        " ",
        "  ",
        "\n",
        "\n\n\n",
        "\t",
        " # note\n",
        "\r\n",
        ",",
        "[0]",
        "A: ",
        "-",
    ]);
    let edit = (any::<prop::sample::Index>(), 0usize..2, with);
    let text = prop::sample::select(samples());
    (text, prop::collection::vec(edit, 1..3)).prop_map(|(text, edits)| {
        edits.into_iter().fold(text, |text, (at, length, with)| {
            let places: Vec<usize> =
                text.char_indices().filter(|(_, c)| " ,()[].|=\n$-".contains(*c)).map(|(at, _)| at).collect();
            let at = places[at.index(places.len())];
            let after = if length == 0 { at } else { at + 1 };
            let mut result = text[..at].to_owned();
            result.push_str(with);
            result.push_str(text.get(after..).unwrap_or_default());
            result
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4000) })]

    #[test]
    fn a_changed_sample_that_parses_has_a_canonical_form_with_the_same_tree(text in mutated()) {
        if parse("t", &text).is_ok() {
            holds(&text);
        }
    }
}

fn fmt(arguments: &[&str], path: &Path) -> u8 {
    command("fmt", arguments, path)
}

fn command(name: &str, arguments: &[&str], path: &Path) -> u8 {
    let path: PathBuf = path.to_owned();
    let words = ["sv2-conform", name].into_iter().chain(arguments.iter().copied());
    let words = words.map(std::ffi::OsString::from).chain([path.into_os_string()]);
    let cli = <Cli as clap::Parser>::try_parse_from(words).expect("the call is right");
    match cli::main(cli) {
        Ok(exit) => exit.code(),
        Err(failure) => failure.exit.code(),
    }
}

#[test]
fn the_command_checks_first_and_writes_then() {
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    let file = folder.path().join("a.sv2t");
    std::fs::write(&file, "sv2t 1\ntitle   \"t\"\nalive\n").expect("it can be written");
    assert_eq!(fmt(&["--check"], folder.path()), 1);
    assert_eq!(std::fs::read_to_string(&file).expect("it is there"), "sv2t 1\ntitle   \"t\"\nalive\n");
    assert_eq!(fmt(&[], folder.path()), 0);
    assert_eq!(std::fs::read_to_string(&file).expect("it is there"), "sv2t 1\ntitle \"t\"\nalive\n");
    assert_eq!(fmt(&["--check"], folder.path()), 0);
    std::fs::write(&file, "conect\n").expect("it can be written");
    assert_eq!(fmt(&["--check"], folder.path()), 2);
    assert_eq!(fmt(&[], &folder.path().join("none")), 2);
}

#[test]
fn warnings_fail_a_check_only_when_they_are_denied() {
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    let file = folder.path().join("a.sv2t");
    let code = |steps: &str, arguments: &[&str]| {
        std::fs::write(&file, format!("sv2t 1\ntitle \"t\"\nconnect\n{steps}")).expect("it can be written");
        command("check", arguments, &file)
    };
    assert_eq!(code("alive\n", &["--deny", "warnings"]), 0);
    assert_eq!(code("assert 1 == 1\n", &[]), 0);
    assert_eq!(code("assert 1 == 1\n", &["--deny", "warnings"]), 2);
    assert_eq!(code("close\nalive\n", &[]), 2);
    assert_eq!(code("expect silence within 3s\n", &[]), 2);
}
