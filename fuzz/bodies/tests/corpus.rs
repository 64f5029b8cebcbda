//! The corpora of this package's fuzz targets: all there, all described, and none of their inputs raises a finding; nor do those
//! of the targets that it judges further.

use std::path::Path;
use std::time::{Duration, Instant};
use sv2_conform::fuzz::corpus::Corpus;
use sv2_fuzz_bodies::{TARGETS, own};

fn corpus() -> Corpus {
    Corpus::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus")).expect("a manifest")
}

#[test]
fn targets_folders_and_manifest_agree() {
    let targets: Vec<_> = own().collect();
    let wrong = corpus().disagreements(&targets, env!("CARGO_PKG_NAME")).expect("readable");
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_input_is_fine() {
    let begun = Instant::now();
    for target in TARGETS {
        let (count, found) = corpus().replay(target).expect("readable");
        assert!(found.is_empty(), "{}: {found:#?}", target.name);
        assert!(count > 0, "{}", target.name);
    }
    assert!(begun.elapsed() < Duration::from_secs(30), "the replay took {:?}", begun.elapsed());
}
