//! Pairs in memory come to what the job makes of files.

use std::path::{Path, PathBuf};

use xlner::prelude::*;
use xlner::{AlignerOptions, Error, Input, ProjectJob};
use xlner_formats::{ReadOptions, WriteOptions, read_pairs, read_sentences};

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples").join(name)
}

/// The sentences of a sample; the tags of a `bare` one are not read.
fn sentences(name: &str, bare: bool) -> Vec<Sentence> {
    let options = ReadOptions { no_tags: bare, ..ReadOptions::default() };
    read_sentences(&sample(name), &options).unwrap().map(Result::unwrap).collect()
}

fn pairs(language: &str) -> Vec<Pair> {
    let target = sentences(&format!("{language}.conll"), true);
    let pair = |(source, target)| Pair { source, target, ..Pair::default() };
    sentences("en.conll", false).into_iter().zip(target).map(pair).collect()
}

/// What the job makes of the files.
fn job(language: &str) -> Vec<Pair> {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("out.jsonl");
    let job = ProjectJob {
        input: Input::Files {
            source: sample("en.conll"),
            source_options: ReadOptions::default(),
            target: sample(&format!("{language}.conll")),
            target_options: ReadOptions { no_tags: true, ..ReadOptions::default() },
        },
        alignment: None,
        alignment_options: ReadOptions::default(),
        projector: Projector::default(),
        gold: None,
        output: output.clone(),
        output_options: WriteOptions::default(),
    };
    job.run(ProjectModels::default(), &mut |_| ()).unwrap();
    read_pairs(&output, &ReadOptions::default()).unwrap().map(Result::unwrap).collect()
}

#[test]
fn in_memory_as_the_job() {
    for language in ["sw", "hi", "ar"] {
        let Ok(true) = sample(&format!("{language}.conll")).try_exists() else { continue };
        let mut pairs = pairs(language);
        let report = Projector::default().apply(&mut pairs).unwrap();
        let expected = job(language);
        assert_eq!((report.sentences, pairs.len()), (66, expected.len()));
        let entities = |pairs: &[Pair]| pairs.iter().map(|pair| pair.target.entities.clone()).collect::<Vec<_>>();
        assert_eq!(entities(&pairs), entities(&expected));
        assert!(report.projected > 100);
    }
}

#[test]
fn a_tagger_s_doubts_are_decided_on_and_forgotten() {
    let mut tagged = pairs("sw");
    tagged.iter_mut().for_each(|pair| pair.source.entities.clear());
    let tagger = open_tagger("default").unwrap();
    let models = ProjectModels { tagger: Some(&*tagger), ..ProjectModels::default() };
    let report = Projector::default().apply_with(&mut tagged, models, &mut |_| ()).unwrap();
    assert!(report.decision.is_some() && report.projected > 0);
    assert!(tagged.iter().all(|pair| pair.source.probabilities.is_none()));

    // The same as tagging first.
    let mut first = pairs("sw");
    let mut sources: Vec<Sentence> = first.iter().map(|pair| pair.source.clone()).collect();
    tagger.tag(&mut sources, true).unwrap();
    first.iter_mut().zip(sources).for_each(|(pair, source)| pair.source = source);
    Projector::default().apply(&mut first).unwrap();
    for (tagged, first) in tagged.iter().zip(&first) {
        assert_eq!(tagged.target.entities, first.target.entities);
    }
}

/// Gives back the words in capitals.
struct Shouting;

impl Translator for Shouting {
    fn signature(&self) -> String {
        "shouting".into()
    }

    fn translate(&mut self, texts: &[&str]) -> ModelResult<Vec<xlner_core::contracts::Translation>> {
        Ok(texts.iter().map(|text| text.to_uppercase().into()).collect())
    }
}

#[test]
fn a_translator_makes_the_side_that_is_missing() {
    let mut targets = vec![Pair { target: Sentence::from_text("amina lives here"), ..Pair::default() }; 3];
    targets.iter_mut().for_each(|pair| pair.source.lang = Some("en".into()));
    let mut translator = Shouting;
    let models = ProjectModels { translator: Some(&mut translator), ..ProjectModels::default() };
    Projector::default().apply_with(&mut targets, models, &mut |_| ()).unwrap();
    assert_eq!(targets[2].source.text(), "AMINA LIVES HERE");
    assert_eq!((targets[2].source.lang.as_deref(), targets[2].source.len()), (Some("en"), 3));

    let models = ProjectModels { translator: Some(&mut translator), ..ProjectModels::default() };
    let error = Projector::default().apply_with(&mut targets, models, &mut |_| ()).unwrap_err();
    assert!(matches!(error, Error::Sentence { number: 1, .. }), "{error}");
}

#[test]
fn a_trained_aligner_is_taken_as_it_is() {
    let mut linked = pairs("sw");
    let aligner = Aligner::train_on(&AlignerOptions::default(), &linked, &mut |_| ()).unwrap();
    let models = || ProjectModels { aligner: Some(&aligner), ..ProjectModels::default() };
    Projector::default().apply_with(&mut linked, models(), &mut |_| ()).unwrap();
    let mut trained = pairs("sw");
    Projector::default().apply(&mut trained).unwrap();
    assert_eq!(linked, trained);
}

#[test]
fn errors_name_the_pair_and_no_file() {
    let mut broken = pairs("sw");
    broken[4].id = "five".into();
    broken[4].alignment = Some(Alignment::from_pairs([(90, 90)]));
    let error = Projector::default().apply(&mut broken).unwrap_err();
    assert!(error.to_string().starts_with("pair 5 “five”: "), "{error}");
}
