//! The corpora of this package's fuzz targets: all there, all described, and none of their inputs raises a finding.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use sv2_conform::fuzz::corpus::{self, Corpus, MANIFEST, PACKAGE, REGRESSIONS};
use sv2_conform::fuzz::targets;
use sv2_wire::fuzz::Target;

/// Most bytes of all inputs together: they are in everybody's checkout.
const MOST_BYTES: usize = 2 << 20;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus")
}

fn loaded(root: &Path) -> Corpus {
    Corpus::load(root).expect("a manifest")
}

fn all() -> Vec<&'static Target> {
    targets().collect()
}

#[test]
fn targets_folders_and_manifest_agree() {
    let wrong = loaded(&root()).disagreements(&all(), PACKAGE).expect("readable");
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_input_is_fine() {
    let begun = Instant::now();
    for target in targets() {
        let (count, found) = loaded(&root()).replay(target).expect("readable");
        assert!(found.is_empty(), "{}: {found:#?}", target.name);
        assert!(count > 0, "{}", target.name);
    }
    assert!(begun.elapsed() < Duration::from_secs(30), "the replay took {:?}", begun.elapsed());
}

#[test]
fn corpora_are_small() {
    let sizes = targets().flat_map(|target| loaded(&root()).inputs(target.name).expect("readable"));
    let bytes = sizes.map(|input| input.bytes.len()).sum::<usize>();
    assert!(bytes < MOST_BYTES, "{bytes} bytes");
}

/// What is wrong with a freshly seeded corpus after a change to it.
fn wrong_after(change: impl FnOnce(&Path)) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    corpus::seed(folder.path(), &all(), PACKAGE).expect("written");
    change(folder.path());
    loaded(folder.path()).disagreements(&all(), PACKAGE).expect("readable")
}

fn edit_manifest(root: &Path, from: &str, to: &str) {
    let path = root.join(MANIFEST);
    let text = std::fs::read_to_string(&path).expect("a manifest");
    assert!(text.contains(from), "{text}");
    std::fs::write(path, text.replacen(from, to, 1)).expect("written");
}

#[test]
fn a_seeded_corpus_is_in_order() {
    assert_eq!(wrong_after(|_| {}), Vec::<String>::new());
}

#[test]
fn a_target_without_a_corpus_is_noticed() {
    let wrong = wrong_after(|root| std::fs::remove_dir_all(root.join("datatype")).expect("removed"));
    assert_eq!(wrong, ["target datatype has no corpus"]);
}

#[test]
fn a_corpus_without_a_target_is_noticed() {
    let wrong = wrong_after(|root| std::fs::create_dir(root.join("data_type")).expect("made"));
    assert_eq!(wrong, ["folder data_type has no row in MANIFEST.toml, and no target"]);
    let regression =
        |root: &Path| std::fs::create_dir_all(root.join(REGRESSIONS).join("gone")).expect("made");
    assert_eq!(wrong_after(regression), ["folder gone has no row in MANIFEST.toml, and no target"]);
}

#[test]
fn a_row_that_does_not_fit_is_noticed() {
    let wrong = wrong_after(|root| edit_manifest(root, "[datatype]", "[data_type]"));
    assert_eq!(wrong.len(), 3, "{wrong:?}");
    let wrong = wrong_after(|root| edit_manifest(root, "format = 1", "format = 77"));
    assert_eq!(wrong, ["frame_stream: the inputs are of format 77, the target reads format 1"]);
    let wrong = wrong_after(|root| edit_manifest(root, "licence = \"MIT OR Apache-2.0\"", "licence = \"\""));
    assert_eq!(wrong, ["frame_stream: source and licence have to be said"]);
    let wrong = wrong_after(|root| edit_manifest(root, "\"sv2-conform\"\n", "\"other\"\n"));
    assert_eq!(wrong, ["frame_stream: replayed by sv2-conform, MANIFEST.toml says other"]);
}

#[test]
fn an_input_that_raises_a_finding_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = targets().next().expect("a target");
    let odd = Target { run: |_| Err(target_oracle().found("planted")), ..*target };
    corpus::seed(folder.path(), &[target], PACKAGE).expect("written");
    let regressions = folder.path().join(REGRESSIONS).join(target.name);
    std::fs::create_dir_all(&regressions).expect("made");
    std::fs::write(regressions.join("once"), [1, 2, 3]).expect("written");
    let (count, found) = loaded(folder.path()).replay(&odd).expect("readable");
    assert_eq!(count, found.len());
    assert!(found.iter().any(|(path, finding)| path.ends_with("once") && finding.what == "planted"));
    let panics = Target { run: |_| panic!("planted"), ..*target };
    let (_, found) = loaded(folder.path()).replay(&panics).expect("readable");
    assert!(found.iter().all(|(_, finding)| finding.oracle == "panic" && finding.what == "planted"));
}

fn target_oracle() -> sv2_wire::fuzz::Oracle {
    sv2_wire::fuzz::ANSWERS
}
