//! Changes of programs that keep them programs.

use super::{MAX_OPS, Op, Program};
use arbitrary::Unstructured;
use sv2_wire::fuzz::Random;

/// One of the items, or the default where there is none.
pub(super) fn one_of<T: Copy + Default>(dice: &mut Random, items: &[T]) -> T {
    dice.pick(items).copied().unwrap_or_default()
}

impl Program {
    /// Changes the program in one place: an operation comes, goes, is repeated or moved, an operand takes a boundary value or
    /// any, or a part of `other` is put in.
    pub fn mutate(&mut self, other: &Self, dice: &mut Random) {
        let at = dice.below(self.ops.len().saturating_add(1));
        match dice.below(10) {
            0 | 1 => self.put_in(at, vec![random_op(dice)]),
            2 => {
                if at < self.ops.len() {
                    self.ops.remove(at);
                }
            }
            3 => {
                let again = self.ops.get(at).cloned();
                self.put_in(at, again.into_iter().collect());
            }
            4 => {
                let length = self.ops.len();
                if let (true, to) = (at < length, dice.below(length)) {
                    let op = self.ops.remove(at);
                    self.ops.insert(to, op);
                }
            }
            5 => {
                let from = dice.below(other.ops.len().saturating_add(1));
                let count = dice.below(8).saturating_add(1);
                let part = other.ops.iter().skip(from).take(count).cloned().collect();
                self.put_in(at, part);
            }
            6 => self.settings = super::operand::Operand::boundary(dice),
            7 => {
                if let Some(op) = self.ops.get_mut(at)
                    && let Ok(drawn) = Op::take(op.word(), &mut Unstructured::new(&random_bytes(dice)))
                {
                    *op = drawn;
                }
            }
            _ => {
                let operand = dice.below(4);
                if let Some(op) = self.ops.get_mut(at) {
                    op.change(operand, &mut |literal| literal.to_boundary(dice));
                }
            }
        }
    }

    fn put_in(&mut self, at: usize, ops: Vec<Op>) {
        let at = at.min(self.ops.len());
        self.ops.splice(at..at, ops);
        self.ops.truncate(MAX_OPS);
    }
}

/// An operation of any word, whose operands are boundary values, mostly.
fn random_op(dice: &mut Random) -> Op {
    let word = one_of(dice, Op::WORDS);
    let bytes = random_bytes(dice);
    let mut op = Op::take(word, &mut Unstructured::new(&bytes)).unwrap_or(Op::Connect {});
    for operand in 0..4 {
        if dice.below(4) != 0 {
            op.change(operand, &mut |literal| literal.to_boundary(dice));
        }
    }
    op
}

fn random_bytes(dice: &mut Random) -> Vec<u8> {
    dice.bytes(96)
}
