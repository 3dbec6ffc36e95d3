//! The first pass against the sum over all pairs of tokens.

use xlner_core::Alignment;

use crate::bitext::Bitext;
use crate::hmm::NULL;
use crate::keys::PairCounts;
use crate::model::{FLOOR, SHARE};
use crate::train::{DIAGONAL, GIVEN, TrainOptions};
use crate::trainer::Trainer;
use crate::views::VIEWS;
use crate::vocabulary::{Vocabularies, WordCounts};

/// Expected counts of a pair, view 0, from all cells one by one.
fn one_by_one(trainer: &Trainer, bitext: &Bitext, given: &Alignment) -> Vec<Vec<f64>> {
    let first = trainer.first.as_ref().unwrap();
    let model = &trainer.model;
    let word = |side: usize, form: &u32| {
        let text = [&bitext.source, &bitext.target][side];
        [&model.source, &model.target][side].look_up(text.forms().nth(*form as usize).unwrap())
    };
    let segment = bitext.text.get(0);
    let source: Vec<_> = segment.source.iter().map(|form| word(0, form)).collect();
    let target: Vec<_> = segment.target.iter().map(|form| word(1, form)).collect();
    let (ni, nj) = (source.len(), target.len());
    let mut p = [vec![vec![f64::from(FLOOR); nj]; ni], vec![vec![f64::from(FLOOR); nj]; ni]];
    for (i, e) in source.iter().enumerate() {
        for (j, f) in target.iter().enumerate() {
            for view in 0..VIEWS {
                let (e, f) = (e.views[view], f.views[view]);
                let share = [first.shares[0][view][e as usize], first.shares[1][view][f as usize]];
                let table = &model.tables[view];
                let prior = table.find(e, f).map_or([0.0; 2], |place| {
                    let entry = table.entries()[place];
                    [entry.forward, entry.reverse]
                });
                (0..2).for_each(|side| p[side][i][j] += f64::from(SHARE * (share[side] + prior[side])));
            }
        }
    }
    let shares = |side: usize, at: usize| {
        let of = given.links().iter().filter(|link| [link.source, link.target][side] as usize == at);
        of.map(|link| f64::from(GIVEN) * link.probability).fold(0.0, f64::max)
    };
    for (i, j) in (0..ni).flat_map(|i| (0..nj).map(move |j| (i, j))) {
        let link = given.links().iter().find(|link| (link.source as usize, link.target as usize) == (i, j));
        let more = link.map_or(0.0, |link| f64::from(GIVEN) * link.probability);
        p[0][i][j] = (p[0][i][j] * (1.0 - shares(1, j)) + more).min(1.0);
        p[1][i][j] = (p[1][i][j] * (1.0 - shares(0, i)) + more).min(1.0);
    }
    let near = |i: usize, j: usize| (-f64::from(DIAGONAL) * (i as f64 / ni as f64 - j as f64 / nj as f64).abs()).exp();
    let null: Vec<Vec<f32>> = (0..2).map(|at| model.null_of(at, [&target, &source][at]).collect()).collect();
    let none = |x: f32| f64::from(NULL * x);
    let forward = |i: usize, j: usize| {
        let places: f64 = (0..ni).map(|i| near(i, j)).sum();
        let weight = |i: usize| near(i, j) / places * (1.0 - f64::from(NULL)) * p[0][i][j];
        weight(i) / (none(null[0][j]) + (0..ni).map(weight).sum::<f64>())
    };
    let reverse = |i: usize, j: usize| {
        let places: f64 = (0..nj).map(|j| near(i, j)).sum();
        let weight = |j: usize| near(i, j) / places * (1.0 - f64::from(NULL)) * p[1][i][j];
        weight(j) / (none(null[1][i]) + (0..nj).map(weight).sum::<f64>())
    };
    (0..ni).map(|i| (0..nj).map(|j| (forward(i, j) * reverse(i, j)).sqrt()).collect()).collect()
}

#[test]
fn counts_are_those_of_all_pairs_of_tokens() {
    let source = ["Berlin", "is", "the", "capital", "of", "Germany", ",", "1999"];
    let target = ["Berlin", "ist", "seit", "1999", "die", "Hauptstadt", "Deutschlands", ",", "ja", ".", "!"];
    let links = Alignment::from_pairs([(3, 5), (0, 0), (3, 4)]);
    let options = TrainOptions { dictionary: vec![("capital".into(), "Hauptstadt".into())], ..TrainOptions::default() };
    for given in [Alignment::default(), links] {
        let (mut bitext, mut rest) = (Bitext::default(), Bitext::default());
        bitext.push_given(source, target, &given);
        rest.push_given(source, target, &given);
        rest.push(["the", "house", "of", "Berlin"], ["das", "Haus", "von", "Berlin"]);
        let vocabularies = Vocabularies::new(&WordCounts::of(&rest), &options, None);
        let keys = PairCounts::of(&rest, &vocabularies).keys(1000);
        let trainer = Trainer::new(vocabularies, keys, &options, None);
        let counts = trainer.expect(&bitext);
        let expected = one_by_one(&trainer, &bitext, &given);
        for (i, e) in source.iter().enumerate() {
            for (j, f) in target.iter().enumerate() {
                let ids = (trainer.model.source.look_up(e).views[0], trainer.model.target.look_up(f).views[0]);
                let place = trainer.place(0, ids.0, ids.1).unwrap();
                let found = xlner_core::fixed::to_real(counts.links[0][place]);
                assert!((found - expected[i][j]).abs() < 1e-4, "{e} {f}: {found} {}", expected[i][j]);
            }
        }
    }
}
