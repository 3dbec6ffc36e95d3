//! Which language is the best source of projection for a target: what can be seen in the translations alone.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::Serialize;
use xlner_align::Scratch;
use xlner_core::text::{common_letters, fold};
use xlner_core::{Pair, Posteriors, Sentence};
use xlner_formats::ReadOptions;

use crate::aligner::{Aligner, AlignerOptions, text};
use crate::engine::source::{self, Input, Source};
use crate::progress::Listener;
use crate::{Error, Result};

/// Source tokens with which half of what the amount of text can give is reached.
const HALF: f64 = 2000.0;
/// Words of fewer letters are spelt alike by chance.
const LETTERS: usize = 4;
/// Words are spelt alike from this share of common letters on.
const ALIKE: f64 = 0.75;

/// Ranks languages as sources of projection. Each candidate is the translation of the target, sentence by sentence; a sentence
/// that has none is empty.
#[derive(Debug, Clone)]
pub struct RankJob {
    /// The candidates, and how they are read.
    pub candidates: Vec<(PathBuf, ReadOptions)>,
    /// The target.
    pub target: PathBuf,
    /// How it is read.
    pub target_options: ReadOptions,
    /// Dictionaries, vectors and more go to the aligner of every candidate.
    pub aligner: AlignerOptions,
}

/// The candidates, best first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RankReport {
    /// Sentences of the target.
    pub sentences: u64,
    /// The candidates, best first.
    pub candidates: Vec<Ranked>,
}

/// What speaks for a language.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ranked {
    /// The file.
    pub file: PathBuf,
    /// Sentences that have a translation.
    pub pairs: u64,
    /// Their source tokens.
    pub tokens: u64,
    /// Mean entropy in bits of what a token is linked to, none included, over the tokens of both sides; the lower the better.
    pub entropy: f64,
    /// Share of the target's names (capitalised words that do not begin a sentence, of four letters and more; where there is
    /// no capitalised word all words of that length) that stand in the source sentence, spelt alike.
    pub shared_names: f64,
    /// What the ranking goes by, 0 to 1: how sure the links are, raised by shared names, times the amount of text.
    pub score: f64,
}

impl Ranked {
    /// How sure the links are, `1 / (1 + entropy)`, raised by shared names, times the amount of text, `tokens / (tokens +
    /// 2000)`.
    fn score(entropy: f64, shared_names: f64, tokens: u64) -> f64 {
        let tokens = tokens as f64;
        (1.0 / (1.0 + entropy)) * (1.0 + shared_names) / 2.0 * tokens / (tokens + HALF)
    }
}

impl RankJob {
    /// Does the job.
    ///
    /// # Errors
    /// [`Error::Options`] without candidates or without a pair; [`Error::UnequalFiles`] for files of different lengths;
    /// files that cannot be read.
    pub fn run(&self, listener: Listener<'_>) -> Result<RankReport> {
        self.aligner.check()?;
        if self.candidates.is_empty() {
            return Err(Error::Options("ranking needs a candidate: the target's translation into a language".into()));
        }
        let mut sentences = 0;
        let mut candidates = Vec::new();
        for (file, options) in &self.candidates {
            let pairs = self.read(file, options, listener)?;
            sentences = pairs.len() as u64;
            candidates.push(self.measure(file, pairs, listener)?);
        }
        // The sort is stable: of equal ones the first given stays first.
        candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
        Ok(RankReport { sentences, candidates })
    }

    fn read(&self, file: &Path, options: &ReadOptions, listener: Listener<'_>) -> Result<Vec<Pair>> {
        let input = Input::Files {
            source: file.to_owned(),
            source_options: options.clone(),
            target: self.target.clone(),
            target_options: self.target_options.clone(),
        };
        let prepare = |pair: &mut Pair, number| {
            source::tokenize(pair).map_err(|error| Error::of_pair(file, number, pair, error.into()))
        };
        Source::open(&input, None)?.read_all(prepare, listener)
    }

    fn measure(&self, file: &Path, mut pairs: Vec<Pair>, listener: Listener<'_>) -> Result<Ranked> {
        pairs.retain(|pair| !pair.source.is_empty() && !pair.target.is_empty());
        if pairs.is_empty() {
            let problem = format!("no sentence of {} has a translation here", self.target.display());
            return Err(Error::File { path: file.to_owned(), problem: io::Error::other(problem) });
        }
        let (bitext, langs) = text(&pairs)?;
        let aligner = Aligner::train(&self.aligner, bitext, &langs, listener)?.aligner;
        let entropies: Vec<(f64, usize)> = pairs
            .par_iter()
            .map_init(Scratch::default, |scratch, pair| entropy(&aligner.posteriors(pair, scratch)))
            .collect();
        // Summed in order: the same sum for any number of threads.
        let (bits, linked) = entropies.into_iter().fold((0.0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        let tokens = pairs.iter().map(|pair| pair.source.len() as u64).sum::<u64>();
        let (entropy, shared_names) = (bits / linked as f64, shared_names(&pairs));
        Ok(Ranked {
            file: file.to_owned(),
            pairs: pairs.len() as u64,
            tokens,
            entropy,
            shared_names,
            score: Ranked::score(entropy, shared_names, tokens),
        })
    }
}

/// Sum over the tokens of both sides of the entropy of what they are linked to, and the number of tokens.
fn entropy(posteriors: &Posteriors) -> (f64, usize) {
    let bits = |p: f64| if p > 0.0 { -p * p.log2() } else { 0.0 };
    let (mut sum, mut mass) = (0.0, (vec![0.0; posteriors.source_len], vec![0.0; posteriors.target_len]));
    for cell in &posteriors.cells {
        let (forward, reverse) = (f64::from(cell.forward), f64::from(cell.reverse));
        sum += bits(forward) + bits(reverse);
        mass.0[cell.source as usize] += reverse;
        mass.1[cell.target as usize] += forward;
    }
    sum += mass.0.iter().chain(&mass.1).map(|mass| bits((1.0 - mass).max(0.0))).sum::<f64>();
    (sum, posteriors.source_len + posteriors.target_len)
}

/// See [`Ranked::shared_names`].
fn shared_names(pairs: &[Pair]) -> f64 {
    let long = |token: &&str| token.chars().filter(|c| c.is_alphabetic()).count() >= LETTERS;
    let capital = |token: &&str| token.starts_with(char::is_uppercase);
    let names = |target: &Sentence| target.tokens().skip(1).filter(long).filter(capital).count();
    let any = pairs.iter().any(|pair| names(&pair.target) > 0);
    let of_pair = |pair: &Pair| -> (usize, usize) {
        let wanted = pair.target.tokens().enumerate().filter(|(at, token)| !any || *at > 0 && capital(token));
        let wanted: Vec<String> = wanted.map(|(_, token)| token).filter(long).map(fold).collect();
        let source: HashSet<String> = pair.source.tokens().filter(long).map(fold).collect();
        let alike = |name: &&String| source.contains(*name) || source.iter().any(|word| is_alike(name, word));
        (wanted.iter().filter(alike).count(), wanted.len())
    };
    let counts: Vec<(usize, usize)> = pairs.par_iter().map(of_pair).collect();
    let (found, all) = counts.into_iter().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    if all == 0 { 0.0 } else { found as f64 / all as f64 }
}

fn is_alike(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let least = ALIKE * (a.len() + b.len()) as f64 / 2.0;
    a.len().min(b.len()) as f64 >= least && common_letters(a, b) as f64 >= least
}

#[cfg(test)]
mod tests {
    use xlner_core::Evidence;

    use super::*;

    #[test]
    fn entropy_by_hand() {
        let cell = |source, target, forward, reverse| Evidence {
            source,
            target,
            forward,
            reverse,
            lexical_forward: 0.0,
            lexical_reverse: 0.0,
        };
        // The target token comes from either source token or none: 1.5 bits. The source tokens: 0 and 1 bit.
        let cells = vec![cell(0, 0, 0.5, 1.0), cell(1, 0, 0.25, 0.5)];
        let (sum, tokens) = entropy(&Posteriors { source_len: 2, target_len: 1, cells });
        assert!((sum - 2.5).abs() < 1e-9 && tokens == 3);
    }

    #[test]
    fn names_are_looked_for_in_the_translation() {
        let pair = |source: &[&str], target: &[&str]| {
            let sentence = |tokens: &[&str]| Sentence::from_tokens(tokens.iter().copied());
            Pair { source: sentence(source), target: sentence(target), ..Pair::default() }
        };
        let pairs = [pair(&["In", "London", "met", "Berlin"], &["Hier", "trafen", "Londen", "Berlijn", "Tokio"])];
        assert!((shared_names(&pairs) - 2.0 / 3.0).abs() < 1e-9, "{}", shared_names(&pairs));
        // A script without capitals: all words.
        let pairs = [pair(&["London", "calls"], &["ლონდონი", "რეკავს"])];
        assert!((shared_names(&pairs) - 0.5).abs() < 1e-9, "{}", shared_names(&pairs));
        assert_eq!(shared_names(&[]), 0.0);
    }

    #[test]
    fn sure_links_shared_names_and_more_text_raise_the_score() {
        let base = Ranked::score(1.0, 0.2, 1000);
        assert!(Ranked::score(0.5, 0.2, 1000) > base);
        assert!(Ranked::score(1.0, 0.3, 1000) > base);
        assert!(Ranked::score(1.0, 0.2, 2000) > base);
    }
}
