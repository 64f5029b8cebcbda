//! A campaign without coverage, on stable Rust: inputs of a corpus, changed by the target's own mutations.

use sv2_wire::fuzz::{Random, Target};

/// Most mutations behind one another.
const MOST_CHANGES: usize = 8;

/// Inputs of one target, drawn from a seed. Equal corpus and seed give equal inputs.
#[derive(Debug)]
pub struct Blind {
    target: &'static Target,
    corpus: Vec<Vec<u8>>,
    random: Random,
    played: usize,
}

impl Blind {
    /// Begins with these inputs, in this order.
    pub fn new(target: &'static Target, corpus: Vec<Vec<u8>>, seed: u64) -> Self {
        Self { target, corpus, random: Random::new(seed), played: 0 }
    }

    /// Puts the next input into `input`: first those of the corpus as they are, then changed ones.
    pub fn next_into(&mut self, input: &mut Vec<u8>) {
        input.clear();
        if let Some(kept) = self.corpus.get(self.played) {
            self.played = self.played.saturating_add(1);
            input.extend_from_slice(kept);
            input.truncate(self.target.max_len);
            return;
        }
        if let Some(kept) = self.random.pick(&self.corpus) {
            input.extend_from_slice(kept);
        }
        if self.random.one_in(16)
            && let Some(other) = self.random.pick(&self.corpus)
        {
            // The front of one and the end of another.
            let cut = self.random.below(input.len().min(other.len()).saturating_add(1));
            input.truncate(cut);
            input.extend(other.iter().skip(cut));
        }
        input.truncate(self.target.max_len);
        let changes = self.random.below(MOST_CHANGES);
        for _ in 0..=changes {
            (self.target.mutate)(input, &mut self.random, self.target.max_len);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corpus_comes_first_and_a_seed_gives_the_same_inputs_again() {
        let target = crate::fuzz::target("frame_stream").unwrap();
        let corpus = vec![vec![1, 2, 3], vec![4; 5000]];
        let draw = |seed| {
            let mut blind = Blind::new(target, corpus.clone(), seed);
            let mut input = Vec::new();
            let inputs = (0..50).map(|_| {
                blind.next_into(&mut input);
                input.clone()
            });
            inputs.collect::<Vec<_>>()
        };
        let inputs = draw(1);
        assert_eq!(inputs[..2], [vec![1, 2, 3], vec![4; target.max_len]]);
        assert!(inputs.iter().all(|input| input.len() <= target.max_len));
        assert_eq!(inputs, draw(1));
        assert_ne!(inputs, draw(2));
    }
}
