//! The span score on real pairs, with the built-in aligner: figures of `docs/RESULTS.md` must not get worse.

use std::path::Path;

use xlner_align::{Bitext, Model, TrainOptions};
use xlner_core::{Entity, Pair, Posteriors, Sentence};
use xlner_formats::{ReadOptions, read_sentences};
use xlner_project::scores::span::{SpanModel, SpanProjector};
use xlner_project::{CandidateSet, Matching};

fn read(folder: &Path, language: &str) -> Vec<Sentence> {
    let path = folder.join(format!("{language}-europarl.test.conll02"));
    read_sentences(&path, &ReadOptions::default()).unwrap().collect::<Result<_, _>>().unwrap()
}

fn projector() -> SpanProjector {
    let candidates = CandidateSet { max_length: 45, stop_tokens: Vec::new(), ..CandidateSet::default() };
    let matching = Matching { candidates, weights: "span=1".parse().unwrap(), ..Matching::default() };
    SpanProjector { model: SpanModel::default(), matching, correct_labels: true }
}

fn project(pairs: &mut [Pair]) {
    let mut bitext = Bitext::default();
    pairs.iter().for_each(|pair| bitext.push(pair.source.tokens(), pair.target.tokens()));
    let model = Model::train(&bitext, &TrainOptions::default(), None, &mut |_| ());
    let posteriors = |(): &mut (), pair: &Pair| -> Posteriors {
        let (source, target): (Vec<&str>, Vec<&str>) = (pair.source.tokens().collect(), pair.target.tokens().collect());
        model.posteriors(&source, &target)
    };
    projector().project_corpus(pairs, &posteriors, &mut |_, _, _| ()).unwrap();
}

/// Micro F1 of spans with labels.
fn f1(pairs: &[Pair], gold: &[Vec<Entity>]) -> f64 {
    let (mut right, mut all) = (0, 0);
    for (pair, gold) in pairs.iter().zip(gold) {
        let found = &pair.target.entities;
        all += found.len() + gold.len();
        right += found.iter().filter(|e| gold.iter().any(|g| (g.span, &g.label) == (e.span, &e.label))).count();
    }
    2.0 * right as f64 / all as f64
}

#[test]
fn europarl_without_any_other_text() {
    let Some(folder) = xlner_testing::shared("europarl-ner") else { return };
    for (language, least) in [("de", 0.925), ("es", 0.925), ("it", 0.895)] {
        let (mut pairs, mut gold) = (Vec::new(), Vec::new());
        for (source, mut target) in read(&folder, "en").into_iter().zip(read(&folder, language)) {
            gold.push(std::mem::take(&mut target.entities));
            pairs.push(Pair { source, target, ..Pair::default() });
        }
        project(&mut pairs);
        let found = f1(&pairs, &gold);
        println!("{language}: F1 {found:.4}");
        assert!(found >= least, "{language}: {found}");
    }
}

#[test]
fn a_line_of_many_sentences_is_projected_almost_as_its_sentences_are() {
    // 250 sentences in one line; the translations have other lengths, so that the diagonal alone misleads.
    let (mut source, mut target, mut entities, mut gold) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for at in 0..250usize {
        let name = format!("{}ando{}", ["Kal", "Mir", "Tov", "Bes"][at % 4], ["ra", "mi", "tu"][at % 3]);
        let year = format!("{}", 1000 + at * 7);
        entities.push(Entity::new(source.len() + 2..source.len() + 3, "LOC"));
        source.extend(["She".to_owned(), "left".into(), name.clone(), "in".into(), year.clone(), ".".into()]);
        if at % 3 == 0 {
            target.extend(["Lakini", "kwa", "kweli"].map(str::to_owned));
        }
        gold.push(target.len() + 1..target.len() + 2);
        target.extend(["Aliondoka".to_owned(), name, "mwaka".into(), "wa".into(), year, ".".into()]);
    }
    let mut pair =
        Pair { source: Sentence::from_tokens(source), target: Sentence::from_tokens(target), ..Pair::default() };
    pair.source.entities = entities;
    assert!(pair.is_long());
    let mut pairs = vec![pair];
    project(&mut pairs);
    let found = &pairs[0].target.entities;
    let right = found.iter().filter(|entity| gold[entity.from.unwrap()] == entity.span.range()).count();
    assert!(right >= 225, "{right} of {}", gold.len());
}

#[test]
fn pairs_without_anything_to_do_are_left_alone() {
    let sentence = |text: &str| Sentence::from_tokens(text.split_whitespace());
    let mut named = sentence("Kampala");
    named.entities = vec![Entity::new(0..1, "LOC")];
    let mut pairs = vec![
        Pair::default(),
        Pair { source: sentence("a b"), target: sentence("c"), ..Pair::default() },
        Pair { source: named.clone(), target: sentence(""), ..Pair::default() },
        Pair { source: named, target: sentence("Kampala !"), ..Pair::default() },
    ];
    project(&mut pairs);
    assert!(pairs[..3].iter().all(|pair| pair.target.entities.is_empty()));
    assert_eq!(pairs[2].projection.as_ref().unwrap().unprojected.len(), 1);
    assert_eq!(pairs[3].target.entities[0].span.range(), 0..1);
    assert_eq!(pairs[3].target.entities[0].from, Some(0));
    project(&mut []);
}

#[test]
fn the_same_entities_whatever_the_number_of_threads() {
    let mut pairs: Vec<Pair> = (0..50)
        .map(|at| {
            let name = ["Nairobi", "Kampala", "Dodoma"][at % 3];
            let mut source = Sentence::from_tokens(["She", "left", name, "in", "May"]);
            source.entities = vec![Entity::new(2..3, "LOC")];
            let target = Sentence::from_tokens(["Aliondoka", name, "mwezi", "wa", "Mei"]);
            Pair { source, target, ..Pair::default() }
        })
        .collect();
    let mut again = pairs.clone();
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool(1).install(|| project(&mut pairs));
    pool(3).install(|| project(&mut again));
    assert_eq!(pairs, again);
    assert!(pairs.iter().all(|pair| pair.target.entities[0].span.range() == (1..2)));
}
