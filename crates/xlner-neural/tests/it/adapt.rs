//! A tiny BERT adapted to raw text: what it learns, its new pieces, other letters, resumption, and what is refused.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;
use xlner_core::Sentence;
use xlner_core::tags::{Scheme, decode};
use xlner_models::crf::TrainingExample;
use xlner_neural::nn::Tensors;
use xlner_neural::transformer::fine_tune::{
    AdaptData, AdaptOptions, Adapted, DeviceChoice, FineTuneOptions, Step, adapt, fine_tune,
};
use xlner_neural::transformer::{EncoderModel, SubWordTokenizer, TransformerEncoder, Transliteration};
use xlner_neural::{Error, nn::Precision};

use super::support::tiny_bert;

fn text() -> Vec<Sentence> {
    let mut all = Vec::new();
    for person in ["Anna", "Peter", "Maria"] {
        for verb in ["lives", "sings"] {
            for place in ["Berlin", "Oslo", "Rome"] {
                all.push(Sentence::from_tokens([person, verb, "in", place, "."]));
            }
        }
    }
    // Longer than the twelve sub-words that the model takes.
    all.push(Sentence::from_tokens(["Anna", "sings", "in", "Oslo", "."].repeat(4)));
    all
}

fn options() -> AdaptOptions {
    let training = FineTuneOptions {
        epochs: 30,
        batch_size: 4,
        learning_rate: 5e-3,
        device: DeviceChoice::Cpu,
        ..FineTuneOptions::default()
    };
    AdaptOptions { training, ..AdaptOptions::default() }
}

fn with(change: impl Fn(&mut AdaptOptions)) -> AdaptOptions {
    let mut options = options();
    change(&mut options);
    options
}

struct Place {
    top: TempDir,
    text: Vec<Sentence>,
    pairs: Vec<(Sentence, Sentence)>,
    held_out: Vec<Sentence>,
}

impl Place {
    fn new() -> Place {
        let top = tempfile::tempdir().unwrap();
        tiny_bert::write(&top.path().join("init"));
        let held_out = text().into_iter().step_by(4).collect();
        Place { top, text: text(), pairs: Vec::new(), held_out }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.top.path().join(name)
    }

    fn watched(&self, options: &AdaptOptions, output: &str, watch: &mut dyn FnMut(Step)) -> Result<Adapted, Error> {
        let data = AdaptData { text: &self.text, pairs: &self.pairs, held_out: &self.held_out };
        adapt(&self.path("init"), data, options, &self.path(output), watch)
    }

    fn run(&self, options: &AdaptOptions, output: &str) -> Result<Adapted, Error> {
        self.watched(options, output, &mut |_| {})
    }

    fn bytes(&self, output: &str) -> Vec<u8> {
        fs::read(self.path(output).join("model.safetensors")).unwrap()
    }
}

fn config(folder: &Path) -> Value {
    serde_json::from_slice(&fs::read(folder.join("config.json")).unwrap()).unwrap()
}

#[test]
fn masked_words_are_learnt() {
    let place = Place::new();
    let adapted = place.run(&options(), "out").unwrap();
    assert!(!adapted.head && adapted.added.is_empty() && adapted.cut[0] == adapted.cut[1]);
    assert_eq!((adapted.trained, adapted.left_out), ([19, 0], [0, 0]));
    let (before, after) = (adapted.loss_before.unwrap(), adapted.loss_after.unwrap());
    assert!(before > 2.0 && after < 0.6 * before, "{before} {after}");
    let out = place.path("out");
    assert_eq!(config(&out)["architectures"][0], "BertForMaskedLM");
    let names: Vec<String> = Tensors::open(&out).unwrap().names().map(str::to_owned).collect();
    for name in
        ["bert.embeddings.word_embeddings.weight", "cls.predictions.bias", "cls.predictions.transform.dense.weight"]
    {
        assert!(names.iter().any(|known| known == name), "{name}");
    }
    assert!(TransformerEncoder::load(&out, None, Precision::F32).is_ok());
    // Its head is trained on, and it is known to have one.
    let data = AdaptData { text: &place.text, pairs: &[], held_out: &place.held_out };
    let again = adapt(&out, data, &with(|o| o.training.epochs = 1), &place.path("again"), &mut |_| {}).unwrap();
    assert!(again.head && (again.loss_before.unwrap() - after).abs() < 1e-4);
    // A tagger is made of it.
    let mut sentence = Sentence::from_tokens(["Anna", "sings"]);
    sentence.entities = decode(&["B-PER", "O"], Scheme::Iob2).unwrap().entities;
    let examples = [TrainingExample { sentence: &sentence, weight: 1.0 }];
    let training = FineTuneOptions { device: DeviceChoice::Cpu, ..FineTuneOptions::default() };
    fine_tune(&out, &examples, &training, &place.path("tagger"), None, &mut |_| {}).unwrap();
}

#[test]
fn pieces_of_its_own() {
    let place = Place::new();
    let adapted = place.run(&with(|o| (o.vocabulary, o.training.epochs) = (2, 2)), "out").unwrap();
    assert_eq!(adapted.added, ["maria", "rome"]);
    let [before, after] = adapted.cut;
    assert!(after.pieces < before.pieces && after.words == before.words && after.unknown == 0);
    let out = place.path("out");
    assert_eq!(config(&out)["vocab_size"], 19);
    assert_eq!(EncoderModel::load(&out, Precision::F32).unwrap().vocabulary(), 19);
    assert!(!out.join("vocab.txt").exists(), "the old list would contradict tokenizer.json");
    let tokens =
        SubWordTokenizer::load(&out).unwrap().encode(&Sentence::from_tokens(["Maria", "Rome", "Peter"])).unwrap();
    assert_eq!(tokens.ids, [2, 17, 18, 5, 3]);
    // A new piece begins as the mean of its parts, and learns faster, where that is asked for.
    let slow = with(|o| (o.vocabulary, o.training.epochs, o.training.learning_rate) = (2, 1, 1e-7));
    place.run(&slow, "slow").unwrap();
    let rows = |folder: &str, name: &str, count: usize| {
        Tensors::open(&place.path(folder)).unwrap().tensor(name, &[count, 16]).unwrap()
    };
    let old = rows("init", "embeddings.word_embeddings.weight", 17);
    let name = "bert.embeddings.word_embeddings.weight";
    let new = rows("slow", name, 19);
    for column in 0..16 {
        let mean = (old[6 * 16 + column] + old[7 * 16 + column]) / 2.0;
        assert!((new[17 * 16 + column] - mean).abs() < 1e-4);
    }
    let moved = |factor: f64| {
        let options = AdaptOptions { vocabulary_rate: factor, ..slow.clone() };
        place.run(&options, "moved").unwrap();
        let mean = |column: usize| (old[6 * 16 + column] + old[7 * 16 + column]) / 2.0;
        let moved = rows("moved", name, 19);
        (0..16).map(|column| f64::from((moved[17 * 16 + column] - mean(column)).abs())).sum::<f64>()
    };
    assert!(moved(1000.0) > 20.0 * moved(1.0));
}

#[test]
fn other_letters() {
    let mut place = Place::new();
    let cyrillic = |text: &str| Sentence::from_tokens(text.split_whitespace());
    place.text = vec![cyrillic("Берлин ин Осло ."), cyrillic("Петер ин Осло .")];
    place.held_out = place.text.clone();
    let options = with(|o| {
        o.transliterate = Some(Transliteration::Latin);
        o.training.epochs = 1;
    });
    let adapted = place.run(&options, "out").unwrap();
    let [before, after] = adapted.cut;
    assert_eq!((before.unknown, before.words, after.unknown, after.pieces), (6, 8, 0, 8));
    let out = place.path("out");
    let card = fs::read_to_string(out.join("README.md")).unwrap();
    assert!(card.contains("any_ascii") && out.join("transliteration.json").is_file());
    let tokens = SubWordTokenizer::load(&out).unwrap().encode(&place.text[0]).unwrap();
    assert_eq!(tokens.ids, [2, 11, 10, 12, 15, 3]);
    assert_eq!(tokens.words[1..5], [Some(0), Some(1), Some(2), Some(3)]);
    // What is made of it writes them so, too.
    place.text[0].entities = decode(&["B-LOC", "O", "B-LOC", "O"], Scheme::Iob2).unwrap().entities;
    let examples = [TrainingExample { sentence: &place.text[0], weight: 1.0 }];
    let training = FineTuneOptions { device: DeviceChoice::Cpu, ..FineTuneOptions::default() };
    fine_tune(&out, &examples, &training, &place.path("tagger"), None, &mut |_| {}).unwrap();
    assert!(place.path("tagger").join("transliteration.json").is_file());
}

#[test]
fn words_are_found_by_their_translations() {
    let mut place = Place::new();
    let sentence = |text: &str| Sentence::from_tokens(text.split_whitespace());
    place.pairs = vec![
        (sentence("Anna sings"), sentence("Peter lives")),
        (sentence("Anna"), sentence("")),
        // Together longer than twelve sub-words.
        (sentence("Anna sings in Oslo . ."), sentence("Peter lives in Rome .")),
    ];
    let adapted = place.run(&with(|o| o.training.epochs = 2), "out").unwrap();
    assert_eq!((adapted.trained, adapted.left_out), ([19, 1], [0, 2]));
    assert_eq!(adapted.steps, 2 * 21u64.div_ceil(4));
    // A bitext alone is enough.
    (place.text, place.held_out) = (Vec::new(), Vec::new());
    let adapted = place.run(&with(|o| o.training.epochs = 2), "alone").unwrap();
    assert_eq!((adapted.trained, adapted.loss_before), ([0, 1], None));
}

#[test]
fn the_same_bytes_whatever_happens() {
    let place = Place::new();
    let usual = with(|o| (o.vocabulary, o.training.epochs) = (3, 4));
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let whole = pool(1).install(|| place.run(&usual, "whole")).unwrap();
    pool(3).install(|| place.run(&usual, "three")).unwrap();
    assert!(place.bytes("whole") == place.bytes("three"));
    // The state as it is found after a kill at step 8: that of step 7, within the second epoch.
    let kept = |name: &str| {
        let mut options = usual.clone();
        options.training.checkpoint = Some(place.path(name));
        options.training.checkpoint_steps = Some(7);
        options
    };
    fs::create_dir(place.path("copy")).unwrap();
    let state = |name: &str| place.path(name).join("training.state");
    place
        .watched(&kept("kept"), "kept.out", &mut |step| {
            if step.step == 8 {
                fs::copy(state("kept"), state("copy")).unwrap();
            }
        })
        .unwrap();
    let resumed = place.run(&kept("copy"), "resumed").unwrap();
    assert_eq!(resumed.resumed, Some(7));
    assert_eq!((&resumed.history, resumed.loss_before), (&whole.history, whole.loss_before));
    for output in ["kept.out", "resumed"] {
        assert!(place.bytes(output) == place.bytes("whole"), "{output}");
        let file = |folder: &str| fs::read(place.path(folder).join("tokenizer.json")).unwrap();
        assert!(file(output) == file("whole"));
    }
    let mut other = kept("copy");
    other.vocabulary_rate = 2.0;
    assert!(place.run(&other, "no").unwrap_err().to_string().contains("another training"));
}

#[test]
fn what_is_wrong_is_said() {
    let mut place = Place::new();
    let wrong = |place: &Place, options: &AdaptOptions| {
        let problem = place.run(options, "no").unwrap_err().to_string();
        assert!(!place.path("no").exists());
        problem
    };
    assert!(wrong(&place, &with(|o| o.mask = 0.0)).contains("above 0 and below 1"));
    assert!(wrong(&place, &with(|o| o.vocabulary_rate = f64::NAN)).contains("greater than 0"));
    assert!(wrong(&place, &with(|o| o.training.epochs = 0)).contains("1 at least"));
    assert!(wrong(&place, &with(|o| o.training.learning_rate = 1e38)).contains("smaller learning rate"));
    place.held_out.push(Sentence::from_text("Anna sings"));
    let problem = place.run(&options(), "no").unwrap_err();
    assert!(matches!(&problem, Error::Sentence { index: 24, .. }), "{problem}");
    (place.text, place.held_out) = (vec![Sentence::from_text("")], Vec::new());
    place.text[0] = Sentence::from_tokens(Vec::<&str>::new());
    assert!(wrong(&place, &options()).contains("no sentence"));
    let mut config = config(&place.path("init"));
    config["tie_word_embeddings"] = false.into();
    fs::write(place.path("init").join("config.json"), config.to_string()).unwrap();
    assert!(wrong(&place, &options()).contains("weights of their own"));
    fs::write(place.path("init").join("vocab.txt"), tiny_bert::PIECES[..16].join("\n")).unwrap();
    assert!(wrong(&place, &options()).contains("has no mask"));
}
