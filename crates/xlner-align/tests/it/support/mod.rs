//! Bitexts to train on, and what must hold for any posteriors.
#![allow(dead_code)] // each user needs a part

use xlner_align::symmetrize::{Direction, Mean, Symmetrize, extract};
use xlner_align::{Bitext, Model, TrainOptions};
use xlner_core::{Alignment, Posteriors};

pub fn train(pairs: &[(Vec<String>, Vec<String>)], options: &TrainOptions, start: Option<&Model>) -> Model {
    let mut bitext = Bitext::default();
    pairs.iter().for_each(|(source, target)| bitext.push(source, target));
    Model::train(&bitext, options, start, &mut |_| ())
}

pub fn links(posteriors: &Posteriors) -> Alignment {
    extract(posteriors, Direction::Both(Symmetrize::Soft), Mean::Geometric, 0.4).expect("cells are in range")
}

pub fn bytes(model: &Model) -> Vec<u8> {
    let mut bytes = Vec::new();
    model.save(&mut bytes).expect("memory can be written");
    bytes
}

/// Tokens of a line.
pub fn tokens(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

/// Pairs of `len` source tokens of 300 words; every word has one translation that is spelt in other letters, neighbours
/// change places now and then, and one token in eight is left out.
pub fn made_up(pairs: usize, len: usize) -> Vec<(Vec<String>, Vec<String>)> {
    let spelt = |word: u64, letters: &[u8]| -> String {
        [1, 7, 49, 343].iter().map(|place| letters[(word / place % 7) as usize] as char).collect()
    };
    let mut state = 1u64;
    let mut below = move |bound: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    };
    (0..pairs)
        .map(|_| {
            let words: Vec<u64> = (0..len).map(|_| below(300)).collect();
            let source = words.iter().map(|&word| spelt(word, b"abcdefg")).collect();
            let mut target: Vec<String> = words.iter().map(|&word| spelt(word, b"tuvwxyz")).collect();
            for at in 1..target.len() {
                if below(5) == 0 {
                    target.swap(at - 1, at);
                }
            }
            target.retain(|_| below(8) > 0);
            (source, target)
        })
        .collect()
}

/// Panics unless every cell is in range, in order, a probability, and the posteriors of a token sum to one at most.
pub fn check(posteriors: &Posteriors, source_len: usize, target_len: usize) {
    assert_eq!((posteriors.source_len, posteriors.target_len), (source_len, target_len));
    assert!(posteriors.cells.windows(2).all(|two| (two[0].source, two[0].target) < (two[1].source, two[1].target)));
    let (mut of_source, mut of_target) = (vec![0.0; source_len], vec![0.0; target_len]);
    for cell in &posteriors.cells {
        for value in [cell.forward, cell.reverse, cell.lexical_forward, cell.lexical_reverse] {
            assert!((0.0..=1.0).contains(&value), "{cell:?}");
        }
        of_source[cell.source as usize] += cell.reverse;
        of_target[cell.target as usize] += cell.forward;
    }
    assert!(of_source.iter().chain(&of_target).all(|&sum| sum <= 1.0 + 1e-3));
}
