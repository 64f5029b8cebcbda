//! First inputs of the targets that take programs, and their changes.

use super::lower::lower;
use super::program::{FORMAT, Op, Program};
use super::scenario_parse::SUITE;
use std::collections::BTreeSet;
use std::sync::LazyLock;
use sv2_wire::fuzz::{Random, Seed};

/// Conversations by hand, each about one thing.
const PROGRAMS: &[(&str, &str)] = &[
    ("standard", include_str!("programs/standard.txt")),
    ("extended", include_str!("programs/extended.txt")),
    ("shares", include_str!("programs/shares.txt")),
    ("batches", include_str!("programs/batches.txt")),
    ("groups", include_str!("programs/groups.txt")),
    ("targets", include_str!("programs/targets.txt")),
    ("custom", include_str!("programs/custom.txt")),
    ("blocks", include_str!("programs/blocks.txt")),
    ("refusals", include_str!("programs/refusals.txt")),
    ("frames", include_str!("programs/frames.txt")),
    ("two-clients", include_str!("programs/two-clients.txt")),
    ("time", include_str!("programs/time.txt")),
    ("extensions", include_str!("programs/extensions.txt")),
];

/// The programs to begin with.
#[expect(clippy::expect_used, reason = "texts of this file; a test reads them all")]
pub(super) fn programs() -> Vec<Seed> {
    let parsed = PROGRAMS.iter().map(|(name, text)| (name, text.parse::<Program>().expect("a program")));
    parsed.map(|(name, program)| Seed::new(name, program.to_bytes())).collect()
}

/// The programs to begin with, and scenarios of the suite as programs.
pub(super) fn conversations() -> Vec<Seed> {
    programs().into_iter().chain(SCENARIOS.iter().cloned()).collect()
}

/// Things that a scenario has to add to be a program to begin with.
const FRESH: usize = 2;

/// Scenarios of the suite as programs: those in which, at [`FRESH`] places or more, something follows that followed nowhere
/// before, neither in a program by hand nor in a scenario of an earlier id. So the rows of a matrix are the same, and few
/// scenarios are enough.
static SCENARIOS: LazyLock<Vec<Seed>> = LazyLock::new(|| {
    let by_hand = PROGRAMS.iter().filter_map(|(_, text)| text.parse::<Program>().ok());
    let mut known: BTreeSet<(String, String)> = by_hand.flat_map(|program| pairs(&program)).collect();
    let mut seeds = Vec::new();
    let Some((_, suite)) = SUITE.as_ref() else { return seeds };
    for scenario in &suite.scenarios {
        let source = &scenario.source;
        let program = lower(&source.file, &source.text, &scenario.row, &suite.fragments).program;
        let (fresh, bytes) = (pairs(&program), program.to_bytes());
        let is_short = bytes.len() <= super::pool::TARGET.max_len;
        if is_short && fresh.difference(&known).count() >= FRESH {
            known.extend(fresh);
            seeds.push(Seed::new(file_name(&scenario.id), bytes));
        }
    }
    seeds
});

/// What follows what in a program, with its settings in front.
fn pairs(program: &Program) -> BTreeSet<(String, String)> {
    let settings = format!("{:?}", program.settings.switches);
    let words: Vec<String> = std::iter::once(settings).chain(program.ops.iter().map(shape)).collect();
    words.windows(2).filter_map(|two| Some((two.first()?.clone(), two.last()?.clone()))).collect()
}

/// An operation without its numbers.
fn shape(op: &Op) -> String {
    match op {
        Op::Submit { kind, .. } => format!("{} {kind:?}", op.word()),
        _ => op.word().to_owned(),
    }
}

/// A scenario's id as the name of a file.
fn file_name(id: &str) -> String {
    let letter = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '-' };
    let name: String = id.chars().map(letter).collect();
    name.trim_end_matches('-').to_owned()
}

/// Changes a program in one place or a few. What is no program becomes one.
pub(super) fn mutate(data: &mut Vec<u8>, random: &mut Random, max_len: usize) {
    let mut program = Program::from_bytes(data).unwrap_or_else(|_| {
        let rest = data.split_first().map_or(&[] as &[u8], |(_, rest)| rest);
        Program::from_bytes(&[&[FORMAT], rest].concat()).unwrap_or_default()
    });
    let other = match random.pick(PROGRAMS) {
        Some((_, text)) => text.parse().unwrap_or_default(),
        None => program.clone(),
    };
    for _ in 0..=random.below(4) {
        program.mutate(&other, random);
    }
    while program.to_bytes().len() > max_len && program.ops.pop().is_some() {}
    *data = program.to_bytes();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_program_is_one() {
        assert_eq!(programs().len(), PROGRAMS.len());
    }

    #[test]
    fn seeds_are_few_and_have_names_of_their_own() {
        let seeds = conversations();
        let names: BTreeSet<&str> = seeds.iter().map(|seed| &*seed.name).collect();
        let bytes: BTreeSet<&[u8]> = seeds.iter().map(|seed| &*seed.bytes).collect();
        assert_eq!((names.len(), bytes.len()), (seeds.len(), seeds.len()));
        assert!((PROGRAMS.len() + 10..60).contains(&seeds.len()), "{}", seeds.len());
    }
}
