//! Trains the weights of the span score:
//!
//!     cargo run --release -p xlner-project --example train_span -- ../shared/data/europarl-ner es > weights.tsv
//!
//! Reads English and one other language of Europarl-NER, entities of both sides. They are given twice: as they are, and
//! with the slips of a tagger put into the English side, so that the weights learn when not to project: words at the
//! beginning of a sentence or with a capital they do not deserve taken for names, and names one token too long.

use std::error::Error;
use std::path::Path;

use xlner_align::{Bitext, Model, TrainOptions};
use xlner_core::{Entity, Pair, Posteriors, Sentence};
use xlner_formats::{ReadOptions, read_sentences};
use xlner_project::span::{FitOptions, Labelled, fit};

/// Shares of sentences that get a wrong name at the beginning, and inside; share of names that get a token too much.
const WRONG_FIRST: f64 = 0.12;
const WRONG_INSIDE: f64 = 0.12;
const TOO_LONG: f64 = 0.08;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, language] = arguments.as_slice() else { return Err("arguments: FOLDER LANGUAGE".into()) };
    let read = |language: &str| -> Result<Vec<Sentence>, xlner_formats::Error> {
        let path = Path::new(folder).join(format!("{language}-europarl.test.conll02"));
        read_sentences(&path, &ReadOptions::default())?.collect()
    };
    let (mut pairs, mut gold) = (Vec::new(), Vec::new());
    for (source, mut target) in read("en")?.into_iter().zip(read(language)?) {
        gold.push(std::mem::take(&mut target.entities));
        pairs.push(Pair { source, target, ..Pair::default() });
    }
    let noisy = with_slips(&pairs);
    let models = [train(&pairs), train(&noisy)];
    let [clean, slips] = models.each_ref().map(|model| {
        |pair: &Pair| -> Posteriors {
            let (source, target): (Vec<&str>, Vec<&str>) =
                (pair.source.tokens().collect(), pair.target.tokens().collect());
            model.posteriors(&source, &target)
        }
    });
    let corpora = [
        Labelled { pairs: &pairs, gold: &gold, posteriors: &clean },
        Labelled { pairs: &noisy, gold: &gold, posteriors: &slips },
    ];
    let model = fit(&corpora, &FitOptions::default()).map_err(|(_, pair, error)| format!("pair {pair}: {error}"))?;
    println!(
        "# Weights of the span score, trained by examples/train_span.rs on Europarl-NER en-{language} (Agerri et al. 2018)."
    );
    print!("{}", model.to_text());
    Ok(())
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
