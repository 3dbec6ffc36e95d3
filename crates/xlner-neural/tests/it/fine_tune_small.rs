//! Fine-tuning of a tiny BERT with random weights: what is learnt, resumed, frozen, weighed and refused.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use xlner_core::Tagger;
use xlner_core::tags::{Scheme, decode};
use xlner_core::{Entity, Sentence};
use xlner_models::crf::TrainingExample;
use xlner_neural::Error;
use xlner_neural::nn::Tensors;
use xlner_neural::transformer::fine_tune::{
    DeviceChoice, FineTuneOptions, FineTuned, LabelOn, Lora, Products, Step, fine_tune,
};
use xlner_neural::transformer::{TransformerTagger, TransformerTaggerOptions};

use super::support::tiny_bert;

/// A folder with the checkpoint `init`.
fn folder() -> TempDir {
    let top = tempfile::tempdir().unwrap();
    tiny_bert::write(&top.path().join("init"));
    top
}

fn sentence(tokens: &[&str], tags: &[&str]) -> Sentence {
    let mut sentence = Sentence::from_tokens(tokens);
    sentence.entities = decode(tags, Scheme::Iob2).unwrap().entities;
    sentence
}

/// Of one pattern: person, verb, place.
fn sentences() -> Vec<Sentence> {
    let mut all = Vec::new();
    for person in ["Anna", "Peter", "Maria"] {
        for verb in ["lives", "sings"] {
            for place in ["Berlin", "Oslo", "Rome"] {
                all.push(sentence(&[person, verb, "in", place, "."], &["B-PER", "O", "O", "B-LOC", "O"]));
            }
        }
    }
    // Longer than the twelve sub-words that the model takes.
    let long: Vec<&str> = ["Anna", "sings", "in", "Oslo", "."].repeat(4);
    all.push(sentence(&long, &["B-PER", "O", "O", "B-LOC", "O"].repeat(4)));
    all
}

fn usual() -> FineTuneOptions {
    FineTuneOptions {
        epochs: 4,
        batch_size: 4,
        learning_rate: 5e-3,
        device: DeviceChoice::Cpu,
        ..FineTuneOptions::default()
    }
}

pub(super) struct Training {
    top: TempDir,
    sentences: Vec<Sentence>,
}

impl Training {
    pub(super) fn new() -> Training {
        Training { top: folder(), sentences: sentences() }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.top.path().join(name)
    }

    fn watched(
        &self,
        options: &FineTuneOptions,
        output: &str,
        watch: &mut dyn FnMut(Step),
    ) -> Result<FineTuned, Error> {
        let examples: Vec<_> =
            self.sentences.iter().map(|sentence| TrainingExample { sentence, weight: 1.0 }).collect();
        fine_tune(&self.path("init"), &examples, options, &self.path(output), None, watch)
    }

    fn run(&self, options: &FineTuneOptions, output: &str) -> Result<FineTuned, Error> {
        self.watched(options, output, &mut |_| {})
    }

    pub(super) fn bytes(&self, output: &str) -> Vec<u8> {
        fs::read(self.path(output).join("model.safetensors")).unwrap()
    }
}

fn tagged(folder: &Path, sentences: &[Sentence]) -> Vec<Vec<Entity>> {
    let tagger = TransformerTagger::load(folder, TransformerTaggerOptions::default()).unwrap();
    let mut sentences = sentences.to_vec();
    tagger.tag(&mut sentences, false).unwrap();
    let without_scores =
        |sentence: Sentence| sentence.entities.into_iter().map(|entity| Entity { score: None, ..entity }).collect();
    sentences.into_iter().map(without_scores).collect()
}

#[test]
fn a_pattern_is_learnt() {
    let training = Training::new();
    let (mut first, mut last) = (None, None);
    let options = FineTuneOptions { epochs: 20, ..usual() };
    let tuned = training
        .watched(&options, "out", &mut |step| {
            first.get_or_insert(step.loss);
            last = Some(step.loss);
        })
        .unwrap();
    assert_eq!(tuned.classes, ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"]);
    assert_eq!((tuned.steps, tuned.epoch, tuned.weights[0]), (100, 20, tuned.weights[1]));
    assert!(last.unwrap() < first.unwrap() / 10.0, "{first:?} {last:?}");
    let gold: Vec<Vec<Entity>> = training.sentences.iter().map(|sentence| sentence.entities.clone()).collect();
    assert_eq!(tagged(&training.path("out"), &training.sentences), gold);
    assert!(Tensors::open(&training.path("out")).unwrap().shape("bert.pooler.dense.weight").is_none());
    // The head that is there is trained on.
    let examples: Vec<_> =
        training.sentences.iter().map(|sentence| TrainingExample { sentence, weight: 1.0 }).collect();
    let mut begun = None;
    let mut watch = |step: Step| {
        begun.get_or_insert(step.loss);
    };
    let again = FineTuneOptions { epochs: 1, ..usual() };
    fine_tune(&training.path("out"), &examples, &again, &training.path("again"), None, &mut watch).unwrap();
    assert!(begun.unwrap() < first.unwrap() / 10.0);
}

#[test]
fn the_same_training_gives_the_same_bytes() {
    let training = Training::new();
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool(1).install(|| training.run(&usual(), "one")).unwrap();
    pool(3).install(|| training.run(&usual(), "three")).unwrap();
    assert!(training.bytes("one") == training.bytes("three"));
    training.run(&FineTuneOptions { seed: 7, ..usual() }, "other").unwrap();
    assert!(training.bytes("one") != training.bytes("other"));
    training.run(&FineTuneOptions { group_by_length: true, ..usual() }, "grouped").unwrap();
    assert!(training.bytes("one") != training.bytes("grouped"));
}

#[test]
fn a_stopped_training_goes_on_as_if_it_had_not() {
    let training = Training::new();
    let options = FineTuneOptions { gradient_accumulation: 2, patience: Some(3), ..usual() };
    let examples: Vec<_> =
        training.sentences.iter().map(|sentence| TrainingExample { sentence, weight: 1.0 }).collect();
    let figures = [0.2, 0.5, 0.4, 0.3];
    let run = |options: &FineTuneOptions, output: &str, measured: usize, watch: &mut dyn FnMut(Step)| {
        let mut epoch = measured;
        let mut evaluate = |_: &Path| {
            epoch += 1;
            Ok(figures[epoch - 1])
        };
        let init = training.path("init");
        fine_tune(&init, &examples, options, &training.path(output), Some(&mut evaluate), watch).unwrap()
    };
    let whole = run(&options, "whole", 0, &mut |_| {});
    assert_eq!((whole.steps, whole.epoch, whole.resumed), (12, 2, None));
    // The state as it is found after a kill at step 8: that of step 7, within the third epoch.
    let with = |name: &str| FineTuneOptions {
        checkpoint: Some(training.path(name)),
        checkpoint_steps: Some(7),
        ..options.clone()
    };
    fs::create_dir(training.path("copy")).unwrap();
    let copied = |name: &str| training.path(name).join("training.state");
    run(&with("kept"), "kept.out", 0, &mut |step| {
        if step.step == 8 {
            fs::copy(copied("kept"), copied("copy")).unwrap();
        }
    });
    let mut steps = Vec::new();
    let resumed = run(&with("copy"), "resumed", 2, &mut |step| steps.push(step.step));
    assert_eq!((resumed.resumed, steps), (Some(7), vec![8, 9, 10, 11, 12]));
    assert_eq!(resumed.history, whole.history);
    for output in ["kept.out", "resumed"] {
        assert!(training.bytes(output) == training.bytes("whole"), "{output}");
    }
    // What was finished is only written again.
    let finished = run(&with("copy"), "resumed", 4, &mut |_| panic!("there is no step left"));
    assert_eq!(finished.resumed, Some(12));
    assert!(training.bytes("resumed") == training.bytes("whole"));
    // Another training's state is not taken.
    let other = FineTuneOptions { learning_rate: 1e-3, patience: None, ..with("copy") };
    assert!(training.run(&other, "no").unwrap_err().to_string().contains("another training"));
    // One that changed since it was written is not taken either, wherever a bit of it flipped.
    let (resuming, sound) = (FineTuneOptions { patience: None, ..with("copy") }, fs::read(copied("copy")).unwrap());
    let mut damaged =
        vec![Vec::new(), b"damaged".to_vec(), sound[..sound.len() - 1].to_vec(), [&sound[..], b"x"].concat()];
    for at in [0, 9, 200, sound.len() / 3, sound.len() / 2, sound.len() - 20, sound.len() - 1] {
        let mut flipped = sound.clone();
        flipped[at] ^= 1;
        damaged.push(flipped);
    }
    for bytes in damaged {
        fs::write(copied("copy"), bytes).unwrap();
        let error = training.run(&resuming, "no").unwrap_err().to_string();
        assert!(error.contains("training.state") && error.contains("remove it"), "{error}");
    }
    assert!(!training.path("no").exists());
}

#[test]
fn patience_ends_and_the_best_is_kept() {
    let training = Training::new();
    let examples: Vec<_> =
        training.sentences.iter().map(|sentence| TrainingExample { sentence, weight: 1.0 }).collect();
    let run = |figures: Vec<f64>, output: &str, patience| {
        let mut figures = figures.into_iter();
        let mut evaluate = |_: &Path| Ok(figures.next().expect("no further epoch"));
        let options = FineTuneOptions { patience, ..usual() };
        let init = training.path("init");
        fine_tune(&init, &examples, &options, &training.path(output), Some(&mut evaluate), &mut |_| {}).unwrap()
    };
    let stopped = run(vec![0.3, 0.2], "stopped", Some(1));
    assert_eq!((stopped.history.len(), stopped.epoch, stopped.steps), (2, 1, 10));
    run(vec![0.3, 0.2, 0.1, 0.0], "best", None);
    assert!(training.bytes("stopped") == training.bytes("best"));
}

#[test]
fn frozen_layers_stay() {
    let training = Training::new();
    let tuned = training.run(&FineTuneOptions { freeze_layers: Some(1), ..usual() }, "out").unwrap();
    assert!(tuned.weights[1] < tuned.weights[0]);
    let (old, new) = (Tensors::open(&training.path("init")).unwrap(), Tensors::open(&training.path("out")).unwrap());
    for name in old.names().filter(|name| !name.starts_with("pooler")) {
        let shape = old.shape(name).unwrap();
        let same = old.tensor(name, shape).unwrap() == new.tensor(&format!("bert.{name}"), shape).unwrap();
        assert_eq!(same, !name.starts_with("encoder.layer.1"), "{name}");
    }
}

#[test]
fn what_counts_more_is_learnt_first() {
    let training = Training::new();
    let loss = |options: &FineTuneOptions, weights: [f64; 2]| {
        let init = training.path("init");
        let sentences = [
            sentence(&["Anna", "lives"], &["B-PER", "O"]),
            // The same, contradicted.
            sentence(&["Anna", "lives"], &["B-LOC", "O"]),
        ];
        let examples: Vec<_> =
            sentences.iter().zip(weights).map(|(sentence, weight)| TrainingExample { sentence, weight }).collect();
        let options = FineTuneOptions { epochs: 60, batch_size: 2, dropout: Some(0.0), ..options.clone() };
        fine_tune(&init, &examples, &options, &training.path("out"), None, &mut |_| {}).unwrap();
        tagged(&training.path("out"), &sentences)[0][0].label.clone()
    };
    assert_eq!(loss(&usual(), [1.0, 0.3]), "PER");
    assert_eq!(loss(&usual(), [0.3, 1.0]), "LOC");
    let weights = |label: &str| FineTuneOptions { class_weights: vec![(label.into(), 3.0)], ..usual() };
    assert_eq!(loss(&weights("PER"), [1.0, 1.0]), "PER");
    assert_eq!(loss(&weights("LOC"), [1.0, 1.0]), "LOC");
}

#[test]
fn what_is_wrong_is_said() {
    let mut training = Training::new();
    let wrong = |training: &Training, options: &FineTuneOptions| {
        let problem = training.run(options, "out").unwrap_err().to_string();
        assert!(!training.path("out").exists());
        problem
    };
    let with = |change: &dyn Fn(&mut FineTuneOptions)| {
        let mut options = usual();
        change(&mut options);
        options
    };
    assert!(wrong(&training, &with(&|o| o.epochs = 0)).contains("1 at least"));
    assert!(wrong(&training, &with(&|o| o.products = Products::Bf16)).contains("the CPU trains in f32"));
    assert!(wrong(&training, &with(&|o| o.freeze_layers = Some(3))).contains("than the 2 there are"));
    assert!(wrong(&training, &with(&|o| o.patience = Some(1))).contains("dev"));
    assert!(wrong(&training, &with(&|o| o.class_weights = vec![("ORG".into(), 2.0)])).contains("no label ORG"));
    assert!(wrong(&training, &with(&|o| o.max_length = Some(5))).contains("too few"));
    assert!(wrong(&training, &with(&|o| o.learning_rate = 1e38)).contains("smaller learning rate"));
    training.sentences.push(Sentence::from_text("Anna sings"));
    let problem = training.run(&usual(), "out").unwrap_err();
    assert!(matches!(&problem, Error::Sentence { index: 19, .. }), "{problem}");
    training.sentences = vec![sentence(&["Anna"], &["O"])];
    assert!(wrong(&training, &usual()).contains("no entity"));
    training.sentences = sentences();
    fs::write(training.path("init").join("vocab.txt"), tiny_bert::PIECES.join("\n") + "\nmore").unwrap();
    training.sentences.push(sentence(&["more"], &["O"]));
    assert!(wrong(&training, &usual()).contains("beyond the 17"));
    fs::remove_file(training.path("init").join("config.json")).unwrap();
    assert!(wrong(&training, &usual()).contains("config.json"));
}

#[test]
fn all_sub_words_can_be_labelled() {
    let training = Training::new();
    let loss = |label_on| {
        let mut first = None;
        let options = FineTuneOptions { label_on, epochs: 1, shuffle: false, dropout: Some(0.0), ..usual() };
        let mut watch = |step: Step| {
            first.get_or_insert(step.loss);
        };
        training.watched(&options, "out", &mut watch).unwrap();
        first.unwrap()
    };
    assert_ne!(loss(LabelOn::First), loss(LabelOn::All));
}

/// A model with an adapter on it says what the same model says with the adapter merged into it, wherever its base lies.
#[test]
fn adapters_in_the_layout_of_peft() {
    let training = Training::new();
    let lora = |merge| Lora { rank: 2, alpha: 4.0, merge, base: training.path("init").display().to_string() };
    let options = |merge| FineTuneOptions { epochs: 40, learning_rate: 2e-2, lora: Some(lora(merge)), ..usual() };
    let tuned = training.run(&options(false), "adapter").unwrap();
    // A and B of queries and values in two layers, and the head.
    assert_eq!(tuned.weights[1], 2 * 2 * 2 * (2 * 16) + 5 * 16 + 5);
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool(3).install(|| training.run(&options(true), "merged")).unwrap();
    let adapter = training.path("adapter");
    let tensors = fs::read(adapter.join("adapter_model.safetensors")).unwrap();
    let header = String::from_utf8_lossy(&tensors[8..4096.min(tensors.len())]).into_owned();
    for name in
        ["base_model.model.bert.encoder.layer.1.attention.self.value.lora_B.weight", "base_model.model.classifier.bias"]
    {
        assert!(header.contains(name), "{name}");
    }
    let gold: Vec<Vec<Entity>> = training.sentences.iter().map(|sentence| sentence.entities.clone()).collect();
    assert_eq!(tagged(&adapter, &training.sentences), gold);
    assert_eq!(tagged(&training.path("merged"), &training.sentences), gold);
    let weights = |folder: &str, name: &str| {
        let weights = Tensors::open(&training.path(folder)).unwrap();
        let name = if weights.contains(name) { name.to_owned() } else { name.replacen("bert.", "", 1) };
        weights.tensor(&name, &[16, 16]).unwrap()
    };
    for (part, changed) in [("value", true), ("key", false)] {
        let name = format!("bert.encoder.layer.1.attention.self.{part}.weight");
        let (init, ours, merged) = (weights("init", &name), weights("adapter", &name), weights("merged", &name));
        assert_eq!(init != ours, changed);
        assert!(ours.iter().zip(&merged).all(|(a, b)| (a - b).abs() < 1e-5));
    }
    // As people publish them: without `config.json` and tokeniser; the classes have no names then.
    for file in ["config.json", "vocab.txt"] {
        let _ = fs::remove_file(adapter.join(file));
    }
    let labels = ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"].map(str::to_owned).to_vec();
    let named = TransformerTaggerOptions { labels: Some(labels), ..TransformerTaggerOptions::default() };
    let mut sentences = training.sentences.clone();
    TransformerTagger::load(&adapter, named).unwrap().tag(&mut sentences, false).unwrap();
    assert!(sentences.iter().zip(&gold).all(|(found, gold)| found.entities.len() == gold.len()));
    // What is wrong with one is said.
    let path = adapter.join("adapter_config.json");
    let config = fs::read_to_string(&path).unwrap();
    for (old, new, expected) in [
        ("LORA", "IA3", "peft_type is IA3"),
        (r#""use_dora": false"#, r#""use_dora": true"#, "use_dora"),
        (r#""r": 2"#, r#""r": 0"#, "r is 0"),
        (r#""r": 2"#, r#""r": true"#, "adapter_config.json"),
        (r#"/init""#, r#"/adapter""#, "never to a model"),
        (r#"/init""#, r#"/gone""#, "cannot be found"),
    ] {
        fs::write(&path, config.replacen(old, new, 1)).unwrap();
        let problem = TransformerTagger::load(&adapter, Default::default()).err().unwrap().to_string();
        assert!(problem.contains(expected), "{expected}: {problem}");
    }
    let both = FineTuneOptions { freeze_layers: Some(1), ..options(false) };
    assert!(training.run(&both, "no").unwrap_err().to_string().contains("all layers stay"));
    let wide = FineTuneOptions { lora: Some(Lora { rank: 17, ..lora(false) }), ..usual() };
    assert!(training.run(&wide, "no").unwrap_err().to_string().contains("larger than the matrix"));
}
