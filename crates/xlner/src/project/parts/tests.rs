use std::path::Path;

use proptest::prelude::*;
use xlner_core::Sentence;
use xlner_formats::{ReadOptions, read_sentences};

use super::*;
use crate::AlignerOptions;
use crate::project::MethodOptions;

/// The bundled English sentences and their Swahili translations.
fn samples() -> Vec<Pair> {
    let read = |name: &str| -> Vec<Sentence> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples").join(name);
        read_sentences(&path, &ReadOptions::default()).unwrap().map(|sentence| sentence.unwrap()).collect()
    };
    let both = read("en.conll").into_iter().zip(read("sw.conll"));
    both.map(|(source, target)| Pair { source, target, ..Pair::default() }).collect()
}

/// All passes over parts, each made by a process of its own that knows what was saved.
fn counted(mut passes: Passes, parts: &[Vec<Pair>]) -> Passes {
    while passes.next().is_some() {
        let (saved, linked) = (passes.save().unwrap(), passes.linked());
        let counts = parts.iter().map(|part| {
            Passes::restore(passes.projector.clone(), linked, &saved).unwrap().count(part.clone()).unwrap()
        });
        passes = passes.clone().advance(counts.collect::<Vec<_>>()).unwrap();
    }
    Passes::restore(passes.projector.clone(), passes.linked(), &passes.save().unwrap()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn wherever_a_corpus_is_cut_the_result_is_the_same(cuts in prop::collection::vec(0..67usize, 0..4), scores in 0..3usize) {
        let scores = ["span=1", "align=1,span=1", "align=1"][scores];
        let method = MethodOptions { scores: Some(scores.parse().unwrap()), ..MethodOptions::default() };
        let projector = Projector { method, ..Projector::default() };
        let mut whole = samples();
        projector.apply(&mut whole).unwrap();
        let mut ends: Vec<usize> = cuts.iter().copied().chain([0, 66]).map(|cut| cut.min(66)).collect();
        ends.sort_unstable();
        let parts: Vec<Vec<Pair>> = ends.windows(2).map(|ends| samples()[ends[0]..ends[1]].to_vec()).collect();
        let passes = counted(Passes::new(projector, false, None).unwrap(), &parts);
        let mut found = Vec::new();
        for mut part in parts {
            passes.apply(&mut part, ProjectModels::default(), &mut |_| ()).unwrap();
            found.append(&mut part);
        }
        prop_assert_eq!(found, whole);
    }
}

#[test]
fn an_aligner_trained_in_parts_is_the_one_trained_at_once() {
    let parts: Vec<Vec<Pair>> = samples().chunks(25).map(<[Pair]>::to_vec).collect();
    let passes = counted(Passes::training(Projector::default()).unwrap(), &parts);
    let whole = Aligner::train_on(&AlignerOptions::default(), &samples(), &mut |_| ()).unwrap();
    assert_eq!(passes.aligner().unwrap().to_bytes().unwrap(), whole.to_bytes().unwrap());
}

#[test]
fn counts_of_something_else_are_refused() {
    let passes = Passes::new(Projector::default(), false, None).unwrap();
    let words = passes.count(samples()).unwrap();
    let next = passes.clone().advance([words.clone()]).unwrap();
    for bad in [words, b"nonsense".to_vec(), Vec::new()] {
        assert!(next.clone().advance([bad]).is_err());
    }
    assert!(passes.apply(&mut samples(), ProjectModels::default(), &mut |_| ()).is_err());
    assert!(Passes::restore(Projector::default(), false, b"nonsense").is_err());
    let linked = Passes::new(Projector::default(), true, None).unwrap();
    assert_eq!(linked.next(), None);
}

#[test]
fn a_pair_that_was_not_counted_is_named() {
    let parts = [samples()[..60].to_vec()];
    let passes = counted(Passes::new(Projector::default(), false, None).unwrap(), &parts);
    let mut others = samples()[60..].to_vec();
    others[0].id = "s61".into();
    let error = passes.apply(&mut others, ProjectModels::default(), &mut |_| ()).unwrap_err().to_string();
    assert!(error.contains("s61") && error.contains("not counted"), "{error}");
}
