//! A tiny BERT with random weights that comes to align.

use xlner_core::Sentence;
use xlner_neural::nn::Tensors;
use xlner_neural::transformer::TransformerEncoder;
use xlner_neural::transformer::fine_tune::{DeviceChoice, FineTuneAlignerOptions, fine_tune_aligner};

use super::fine_tune_small::Training;

#[test]
fn an_encoder_comes_to_align() {
    let training = Training::new();
    let pairs: Vec<(Sentence, Sentence)> = [("Anna sings", "Peter lives"), ("in Berlin", "in Oslo ."), ("", "Rome")]
        .map(|(a, b)| (Sentence::from_tokens(a.split_whitespace()), Sentence::from_tokens(b.split_whitespace())))
        .into();
    let given: Vec<(&Sentence, &Sentence)> = pairs.iter().map(|(a, b)| (a, b)).collect();
    let options = FineTuneAlignerOptions {
        layer: 1,
        epochs: 10,
        learning_rate: 5e-3,
        consistency: true,
        device: DeviceChoice::Cpu,
        ..FineTuneAlignerOptions::default()
    };
    let init = training.path("init");
    let tuned = fine_tune_aligner(&init, &given, &options, &training.path("out"), &mut |_| {}).unwrap();
    assert_eq!((tuned.pairs, tuned.left_out, tuned.steps), (2, 1, 10));
    assert!(tuned.losses[9] < tuned.losses[0] && tuned.losses[0] < 0.0, "{:?}", tuned.losses);
    let (old, new) = (Tensors::open(&init).unwrap(), Tensors::open(&training.path("out")).unwrap());
    for (layer, trained) in [(0, true), (1, false)] {
        let name = format!("encoder.layer.{layer}.output.dense.weight");
        let shape = old.shape(&name).unwrap();
        let same = old.tensor(&name, shape).unwrap() == new.tensor(&format!("bert.{name}"), shape).unwrap();
        assert_eq!(same, !trained, "{name}");
    }
    let out = training.path("out");
    assert!(TransformerEncoder::load(&out, Some(1), Default::default()).is_ok());
    let deep = FineTuneAlignerOptions { layer: 3, ..options.clone() };
    let problem = fine_tune_aligner(&init, &given, &deep, &training.path("no"), &mut |_| {}).unwrap_err();
    assert!(problem.to_string().contains("1 to 2"));
}

#[test]
fn an_encoder_comes_to_align_by_every_objective() {
    let training = Training::new();
    let pairs: Vec<(Sentence, Sentence)> =
        [("Anna sings", "Peter lives"), ("in Berlin", "in Oslo ."), ("Rome", "Oslo")]
            .map(|(a, b)| (Sentence::from_tokens(a.split_whitespace()), Sentence::from_tokens(b.split_whitespace())))
            .into();
    let given: Vec<(&Sentence, &Sentence)> = pairs.iter().map(|(a, b)| (a, b)).collect();
    let init = training.path("init");
    let none = FineTuneAlignerOptions {
        layer: 1,
        epochs: 30,
        learning_rate: 5e-3,
        dropout: Some(0.0),
        self_training: false,
        device: DeviceChoice::Cpu,
        ..FineTuneAlignerOptions::default()
    };
    let run = |options: &FineTuneAlignerOptions, output: &str| {
        let output = training.path(output);
        fine_tune_aligner(&init, &given, options, &output, &mut |_| {})
    };
    for (name, options) in [
        ("masked", FineTuneAlignerOptions { masked: true, ..none.clone() }),
        ("translation", FineTuneAlignerOptions { translation: true, ..none.clone() }),
        ("identification", FineTuneAlignerOptions { identification: true, ..none.clone() }),
        ("consistency", FineTuneAlignerOptions { consistency: true, ..none.clone() }),
    ] {
        let tuned = run(&options, name).unwrap();
        let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
        assert!(mean(&tuned.losses[25..]) < mean(&tuned.losses[..5]), "{name} {:?}", tuned.losses);
        // An encoder comes out, without the heads that were trained on the way.
        let weights = Tensors::open(&training.path(name)).unwrap();
        assert!(weights.names().all(|name| name.starts_with("bert.")));
    }
    let all = FineTuneAlignerOptions {
        self_training: true,
        consistency: true,
        masked: true,
        translation: true,
        ..none.clone()
    };
    let all = FineTuneAlignerOptions { identification: true, ..all };
    run(&all, "all").unwrap();
    let bytes = training.bytes("all");
    run(&all, "again").unwrap();
    assert!(training.bytes("again") == bytes);
    assert!(run(&none, "no").unwrap_err().to_string().contains("no objective"));
    let one = fine_tune_aligner(&init, &given[..1], &all, &training.path("no"), &mut |_| {});
    assert!(one.unwrap_err().to_string().contains("two of them"));
}
