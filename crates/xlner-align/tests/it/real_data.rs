//! Error rate on gold alignments; skipped where the data are not there.

use std::collections::HashSet;
use std::path::Path;

use crate::support::{links, tokens, train};
use xlner_align::TrainOptions;

/// Sentence pairs of a bitext, tokens divided by spaces and sides by `|||`.
fn read_bitext(path: &Path) -> Vec<(Vec<String>, Vec<String>)> {
    let text = std::fs::read_to_string(path).expect("the bitext can be read");
    text.lines().filter_map(|line| line.split_once("|||")).map(|(a, b)| (tokens(a), tokens(b))).collect()
}

/// Alignment error rate of Och and Ney (2003), equation 23, with `i-j` sure and `ipj` possible.
fn error_rate(found: &[HashSet<(usize, usize)>], gold: &str) -> f64 {
    let (mut hits, mut total) = (0, 0);
    for (found, line) in found.iter().zip(gold.lines()) {
        total += found.len();
        for link in line.split_whitespace() {
            let sure = link.contains('-');
            let (i, j) = link.split_once(['-', 'p']).expect("a link");
            let hit = found.contains(&(i.parse().expect("a number"), j.parse().expect("a number")));
            total += usize::from(sure);
            hits += usize::from(hit) * if sure { 2 } else { 1 };
        }
    }
    1.0 - f64::from(hits as u32) / total as f64
}

#[test]
fn error_rate_on_xl_wa_english_dutch() {
    let Some(folder) = xlner_testing::shared("word-alignment") else { return };
    let dev = read_bitext(&folder.join("xl-wa.dev.en-nl.bitext"));
    let test = read_bitext(&folder.join("xl-wa.test.en-nl.bitext"));
    let model = train(&[&dev[..], &test[..]].concat(), &TrainOptions::default(), None);
    let found: Vec<HashSet<(usize, usize)>> = dev
        .iter()
        .map(|(source, target)| {
            let alignment = links(&model.posteriors(source, target));
            alignment.links().iter().map(|l| (l.source as usize, l.target as usize)).collect()
        })
        .collect();
    let gold = std::fs::read_to_string(folder.join("xl-wa.dev.en-nl.gold")).expect("the gold can be read");
    assert_eq!(gold.lines().count(), found.len());
    let rate = error_rate(&found, &gold);
    println!("AER {rate:.4}");
    assert!(rate < 0.14, "{rate}");
}
