//! First inputs of the targets that take programs, and their changes.

use super::program::{FORMAT, Program};
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
}
