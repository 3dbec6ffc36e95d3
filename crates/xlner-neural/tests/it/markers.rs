//! Markers put into a given translation, beside all their places scored one by one.

use xlner_core::contracts::{GivenTranslation, MarkerOptions, TranslationScorer as _};
use xlner_neural::nn::Precision;
use xlner_neural::seq2seq::{InsertSearch, Inserted, Insertion, Seq2Seq, Seq2SeqModel, Seq2SeqOptions, Target};

use super::seq2seq::VOCABULARY;
use super::support::checkpoint;

/// All places of markers, scored one by one, the best first.
fn every_place(model: &Seq2SeqModel, sources: &[&[u32]], insertion: &Insertion, longest: usize) -> Vec<Inserted> {
    let memory = model.encode(sources);
    let Insertion { words, tokens, markers, first, .. } = insertion;
    let (mut places, mut targets) = (Vec::new(), Vec::new());
    for start in 0..words.len() - 1 {
        for end in (start + 1..words.len()).take(longest) {
            if words[start] < words[start + 1] && words[end - 1] < words[end] {
                let (before, rest) = tokens.split_at(words[start]);
                let (inside, after) = rest.split_at(words[end] - words[start]);
                let first: Vec<u32> = first.iter().copied().collect();
                let tokens = [&first[..], before, &markers[0], inside, &markers[1], after, &[2]].concat();
                targets.push(Target { sentence: insertion.marked, tokens, given: first.len() });
                places.push([start, end]);
            }
        }
    }
    let scores = model.log_probabilities(&memory, &targets);
    let found = |(words, scores): ([usize; 2], Vec<f32>)| Inserted { words, log_probability: scores.iter().sum() };
    let mut all: Vec<Inserted> = places.into_iter().zip(scores).map(found).collect();
    all.sort_by(|a, b| b.log_probability.total_cmp(&a.log_probability));
    all
}

#[test]
fn markers_stand_where_all_places_say() {
    let sources: [&[u32]; 2] = [&[5, 6, 7, 2], &[5, 9, 6, 10, 7, 2]];
    let words = [vec![0, 1, 2, 3, 4, 5, 6, 7, 8], vec![0, 2, 3, 3, 5, 8], vec![0, 8]];
    let markers = [[vec![9], vec![10]], [vec![9, 3], vec![3, 10, 10]]];
    let mut found_by_guess = 0;
    for case in 0..24u32 {
        let folder = tempfile::tempdir().unwrap();
        checkpoint::weights(folder.path(), VOCABULARY, case + 1);
        let model = Seq2SeqModel::load(folder.path(), Precision::F32).unwrap();
        let insertion = Insertion {
            marked: 1,
            plain: 0,
            first: (case % 2 == 0).then_some(4),
            tokens: (0..8).map(|at| 3 + (at * 5 + case * 3 + at * at) % 8).collect(),
            words: words[case as usize % 3].clone(),
            markers: markers[case as usize / 2 % 2].clone(),
        };
        for (best, longest) in [(1, 10), (5, 10), (100, 3)] {
            let all = every_place(&model, &sources, &insertion, longest);
            let memory = model.encode(&sources);
            let search = InsertSearch { best, longest, slack: f32::INFINITY };
            let found = model.insert(&memory, &insertion, &search);
            assert_eq!(found.len(), all.len().min(best));
            for (found, expected) in found.iter().zip(&all) {
                assert!(
                    (found.log_probability - expected.log_probability).abs() < 1e-3,
                    "{case}: {found:?} {expected:?}"
                );
            }
            let mut places: Vec<[usize; 2]> = found.iter().map(|found| found.words).collect();
            places.dedup();
            assert_eq!(places.len(), found.len());
            // Guessing what the rest is worth may miss a place, and says the truth of those it finds.
            let guessed = model.insert(&memory, &insertion, &InsertSearch { slack: 1.0, ..search });
            assert_eq!(guessed.len(), found.len());
            for guess in &guessed {
                let same = all.iter().find(|other| other.words == guess.words).unwrap();
                assert!((guess.log_probability - same.log_probability).abs() < 1e-3);
            }
            found_by_guess += usize::from(guessed[0].words == found[0].words);
        }
    }
    println!("the best place is found with a slack of 1 in {found_by_guess} of 72 searches");
    let folder = tempfile::tempdir().unwrap();
    checkpoint::weights(folder.path(), VOCABULARY, 1);
    let model = Seq2SeqModel::load(folder.path(), Precision::F32).unwrap();
    let empty = Insertion {
        marked: 1,
        plain: 0,
        first: None,
        tokens: Vec::new(),
        words: vec![0],
        markers: [vec![9], vec![10]],
    };
    assert!(model.insert(&model.encode(&sources), &empty, &InsertSearch::default()).is_empty());
}

#[test]
fn markers_of_texts_are_placed() {
    let folder = tempfile::tempdir().unwrap();
    checkpoint::whole(folder.path(), &["Ana", "sleeps", "in", "Paris", "dort", "a", "."], 7);
    let folder = folder.path().to_str().unwrap();
    let mut scorer = Seq2Seq::open(folder, "en", "fr", &Seq2SeqOptions::default()).unwrap();
    let words = ["Ana", "dort", "a", "Paris", "."];
    let marked = ["[ Ana ] sleeps in Paris .", "Ana sleeps in [ Paris ] ."];
    let options = MarkerOptions { best: 30, slack: f32::INFINITY, ..Default::default() };
    let places = scorer.place_markers(["en", "fr"], "Ana sleeps in Paris .", &marked, &words, &options).unwrap();
    for (places, source) in places.iter().zip(marked) {
        assert_eq!(places.len(), 15);
        assert!(places.windows(2).all(|two| two[0].log_probability >= two[1].log_probability));
        for place in places {
            let (before, inside) = (&words[..place.span.start], &words[place.span.range()]);
            let text = [before, &["["], inside, &["]"], &words[place.span.end..]].concat().join(" ");
            let given = GivenTranslation { source: 0, lang: "fr", text: &text };
            // The score is a mean over the tokens and the end.
            let score = scorer.score("en", &[source], &[given]).unwrap()[0] * (words.len() + 3) as f64;
            assert!((score - place.log_probability).abs() < 1e-3, "{score} {place:?}");
        }
    }
    let long = vec!["dort"; 40];
    let error = scorer.place_markers(["en", "fr"], "Ana", &["[ Ana ]"], &long, &options).unwrap_err();
    assert!(error.to_string().contains("44 sub-words"), "{error}");
    assert!(scorer.place_markers(["en", "xx-none"], "Ana", &["[ Ana ]"], &words, &options).is_err());
}
