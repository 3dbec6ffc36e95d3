//! Trains the weights of the span score:
//!
//!     cargo run --release -p xlner-project --example train_span -- ../shared/data/europarl-ner de es it > weights.tsv
//!
//! Reads English and the other languages of Europarl-NER, entities of both sides. They are given twice: as they are, and
//! with the slips of a tagger put into the English side, so that the weights learn when not to project: words at the
//! beginning of a sentence or with a capital they do not deserve taken for names, and names one token too long.
//!
//! With two languages or more, it prints to standard error, for each of them, the micro F1 of the weights that are learnt
//! on the others.

use std::error::Error;
use std::path::Path;

use xlner_align::{Bitext, Model, TrainOptions};
use xlner_core::{Entity, Pair, Posteriors, Sentence};
use xlner_formats::{ReadOptions, read_sentences};
use xlner_project::scores::span::{Labelled, SpanFitOptions, SpanModel, SpanProjector, fit};
use xlner_project::{CandidateSet, Matching};

/// Shares of sentences that get a wrong name at the beginning, and inside; share of names that get a token too much.
const WRONG_FIRST: f64 = 0.12;
const WRONG_INSIDE: f64 = 0.12;
const TOO_LONG: f64 = 0.08;

/// English and another language, with the aligner that was trained on the two.
struct Corpus {
    language: String,
    pairs: Vec<Pair>,
    gold: Vec<Vec<Entity>>,
    aligner: Model,
}

impl Corpus {
    fn posteriors(&self, pair: &Pair) -> Posteriors {
        let (source, target): (Vec<&str>, Vec<&str>) = (pair.source.tokens().collect(), pair.target.tokens().collect());
        self.aligner.posteriors(&source, &target)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, languages @ ..] = arguments.as_slice() else { return Err("arguments: FOLDER LANGUAGE…".into()) };
    let mut corpora = Vec::new();
    for language in languages {
        let (pairs, gold) = read(Path::new(folder), language)?;
        let noisy = with_slips(&pairs);
        for pairs in [pairs, noisy] {
            let aligner = train(&pairs);
            corpora.push(Corpus { language: language.clone(), pairs, gold: gold.clone(), aligner });
        }
    }
    if languages.len() > 1 {
        for held_out in languages {
            let model = learn(corpora.iter().filter(|corpus| corpus.language != *held_out))?;
            let tested = corpora.iter().find(|corpus| corpus.language == *held_out).expect("it was read above");
            eprintln!("{held_out}, weights learnt on the others: F1 {:.4}", f1(tested, model)?);
        }
    }
    let model = learn(&corpora)?;
    println!(
        "# Weights of the span score, trained by examples/train_span.rs on Europarl-NER, English and {} (Agerri et al. 2018).",
        languages.join(", ")
    );
    print!("{}", model.to_text());
    Ok(())
}

/// Pairs with source entities, and the right target entities of each.
fn read(folder: &Path, language: &str) -> Result<(Vec<Pair>, Vec<Vec<Entity>>), xlner_formats::Error> {
    let side = |language: &str| -> Result<Vec<Sentence>, xlner_formats::Error> {
        read_sentences(&folder.join(format!("{language}-europarl.test.conll02")), &ReadOptions::default())?.collect()
    };
    let (mut pairs, mut gold) = (Vec::new(), Vec::new());
    for (source, mut target) in side("en")?.into_iter().zip(side(language)?) {
        gold.push(std::mem::take(&mut target.entities));
        pairs.push(Pair { source, target, ..Pair::default() });
    }
    Ok((pairs, gold))
}

fn learn<'c>(corpora: impl IntoIterator<Item = &'c Corpus>) -> Result<SpanModel, String> {
    let corpora: Vec<&Corpus> = corpora.into_iter().collect();
    let posteriors: Vec<_> = corpora.iter().map(|corpus| |pair: &Pair| corpus.posteriors(pair)).collect();
    let labelled: Vec<Labelled<'_>> = corpora
        .iter()
        .zip(&posteriors)
        .map(|(corpus, posteriors)| Labelled { pairs: &corpus.pairs, gold: &corpus.gold, posteriors })
        .collect();
    fit(&labelled, &SpanFitOptions::default()).map_err(|(_, pair, error)| format!("pair {pair}: {error}"))
}

/// Micro F1 of spans with labels, projected by the default method.
fn f1(corpus: &Corpus, model: SpanModel) -> Result<f64, String> {
    let candidates = CandidateSet { max_length: 45, stop_tokens: Vec::new(), ..CandidateSet::default() };
    let matching = Matching { candidates, weights: "span=1".parse().expect("a weight"), ..Matching::default() };
    let mut pairs = corpus.pairs.clone();
    SpanProjector { model, matching, correct_labels: true }
        .project_corpus(&mut pairs, &|(): &mut (), pair: &Pair| corpus.posteriors(pair), &mut |_, _, _| ())
        .map_err(|(pair, error)| format!("pair {pair}: {error}"))?;
    let (mut right, mut all) = (0, 0);
    for (pair, gold) in pairs.iter().zip(&corpus.gold) {
        let found = &pair.target.entities;
        all += found.len() + gold.len();
        right += found.iter().filter(|e| gold.iter().any(|g| (g.span, &g.label) == (e.span, &e.label))).count();
    }
    Ok(2.0 * right as f64 / all as f64)
}

fn train(pairs: &[Pair]) -> Model {
    let mut bitext = Bitext::default();
    pairs.iter().for_each(|pair| bitext.push(pair.source.tokens(), pair.target.tokens()));
    Model::train(&bitext, &TrainOptions::default(), None, &mut |_| ())
}

/// The pairs with slips of a tagger in the source sentences.
fn with_slips(pairs: &[Pair]) -> Vec<Pair> {
    let mut random = Random(99);
    pairs.iter().map(|pair| Pair { source: slip(&pair.source, &mut random), ..pair.clone() }).collect()
}

fn slip(sentence: &Sentence, random: &mut Random) -> Sentence {
    let n = sentence.len();
    if n < 4 {
        return sentence.clone();
    }
    let mut tokens: Vec<String> = sentence.tokens().map(str::to_owned).collect();
    let mut entities = sentence.entities.clone();
    let free = |token: usize, entities: &[Entity]| !entities.iter().any(|entity| entity.span.contains(token));
    if random.happens(WRONG_FIRST) && free(0, &entities) && tokens[0].len() > 3 {
        entities.push(Entity::new(0..1, "ORG"));
    }
    if random.happens(WRONG_INSIDE) {
        let at = 1 + random.below(n - 1);
        let token = &mut tokens[at];
        if free(at, &entities) && token.len() > 4 && token.chars().all(|c| c.is_ascii_lowercase()) {
            token[..1].make_ascii_uppercase();
            entities.push(Entity::new(at..at + 1, "ORG"));
        }
    }
    for at in 0..entities.len() {
        if random.happens(TOO_LONG) {
            let span = entities[at].span;
            if random.below(2) == 0 {
                if span.start > 0 && free(span.start - 1, &entities) {
                    entities[at].span.start -= 1;
                }
            } else if span.end < n && free(span.end, &entities) {
                entities[at].span.end += 1;
            }
        }
    }
    entities.sort_by_key(|entity| entity.span.start);
    let mut slipped = Sentence::from_tokens(&tokens);
    slipped.entities = entities;
    slipped
}

/// A linear congruential generator: the same slips everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }

    fn happens(&mut self, share: f64) -> bool {
        (self.below(1000) as f64) < share * 1000.0
    }
}
