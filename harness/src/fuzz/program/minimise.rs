//! The smallest program that still shows something.

use super::{Program, Settings};

/// Most operands that an operation has.
const MOST_OPERANDS: usize = 4;

/// Makes a program smaller as long as `shows` holds: operations go, in ever smaller parts (ddmin), then operands and settings take
/// their plainest values, until nothing more can go.
///
/// `shows` has to hold for `program`; it is asked at most `budget` times.
pub fn minimised(program: &Program, budget: usize, mut shows: impl FnMut(&Program) -> bool) -> Program {
    let mut left = budget;
    let mut best = program.clone();
    let mut attempt = |candidate: &Program| {
        left = left.saturating_sub(1);
        (left > 0).then(|| shows(candidate))
    };
    loop {
        let before = best.clone();
        if cut(&mut best, &mut attempt).is_none()
            || soften(&mut best, &mut attempt).is_none()
            || best == before
        {
            return best;
        }
    }
}

/// `None`: the budget is used up.
fn cut(best: &mut Program, attempt: &mut impl FnMut(&Program) -> Option<bool>) -> Option<()> {
    let mut size = best.ops.len().div_ceil(2);
    while size > 0 {
        let mut start = 0;
        while start < best.ops.len() {
            let end = start.saturating_add(size).min(best.ops.len());
            let mut candidate = best.clone();
            candidate.ops.drain(start..end);
            match attempt(&candidate)? {
                true => *best = candidate,
                false => start = end,
            }
        }
        size /= 2;
    }
    Some(())
}

fn soften(best: &mut Program, attempt: &mut impl FnMut(&Program) -> Option<bool>) -> Option<()> {
    let plain = Program { settings: Settings::default(), ops: best.ops.clone() };
    if plain != *best && attempt(&plain)? {
        *best = plain;
    }
    for bit in 0..Settings::SWITCHES.len() {
        let mut candidate = best.clone();
        candidate.settings.switches &= !(1 << bit);
        if candidate != *best && attempt(&candidate)? {
            *best = candidate;
        }
    }
    for index in 0..best.ops.len() {
        for operand in 0..MOST_OPERANDS {
            let mut candidate = best.clone();
            if let Some(op) = candidate.ops.get_mut(index) {
                op.change(operand, &mut |literal| literal.to_default());
            }
            if candidate != *best && attempt(&candidate)? {
                *best = candidate;
            }
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::super::Op;
    use super::*;
    use sv2_wire::fuzz::Random;

    #[test]
    fn what_does_not_matter_goes() {
        let mut dice = Random::new(7);
        let mut program = Program::default();
        (0..400).for_each(|_| program.mutate(&Program::default(), &mut dice));
        program.ops.truncate(50);
        program.ops.insert(20, Op::Elapse { seconds: 7 });
        program.ops.insert(40, Op::Block {});
        // A block at some time behind a pause of more than 5 s.
        let shows = |program: &Program| {
            let mut ops = program.ops.iter();
            ops.any(|op| matches!(op, Op::Elapse { seconds } if *seconds > 5))
                && ops.any(|op| matches!(op, Op::Block {}))
        };
        let least = minimised(&program, 10_000, shows);
        assert_eq!(least.settings, Settings::default());
        assert!(matches!(*least.ops, [Op::Elapse { seconds: 6.. }, Op::Block {}]), "{least}");
        assert_eq!(minimised(&program, 1, shows), program, "the budget is used up");
    }

    #[test]
    fn equal_inputs_give_equal_programs() {
        let mut dice = Random::new(3);
        let bytes: Vec<u8> = (0..300).map(|_| dice.next_u64() as u8).collect();
        let program = Program::take(&mut arbitrary::Unstructured::new(&bytes)).unwrap();
        let shows = |program: &Program| program.ops.len() > 3;
        assert_eq!(minimised(&program, 500, shows), minimised(&program, 500, shows));
    }
}
