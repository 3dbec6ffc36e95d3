//! Translation models beside `transformers`, on the checkpoints that benches/parity/seq2seq.py makes, and a small one made here.

use std::path::{Path, PathBuf};

use serde_json::Value;
use xlner_core::contracts::{GivenTranslation, TranslationScorer as _, Translator as _};
use xlner_neural::nn::Precision;
use xlner_neural::seq2seq::{DecodingConstraint, Search, Seq2Seq, Seq2SeqModel, Seq2SeqOptions, Target, Vocabulary};

use super::support::{checkpoint, ctranslate2};

/// The folder of a reference; `None`, and a line that says so, where it is not there.
fn reference(name: &str) -> Option<(PathBuf, Value)> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let parity = std::env::var_os("XLNER_PARITY").map_or_else(|| workspace.join("target/parity"), PathBuf::from);
    let folder = parity.join("seq2seq").join(name);
    let Ok(text) = std::fs::read(folder.join("reference.json")) else {
        println!("skipped: {} is not there; run benches/parity/seq2seq.py", folder.display());
        return None;
    };
    Some((folder, serde_json::from_slice(&text).unwrap()))
}

fn numbers(value: &Value) -> Vec<u32> {
    value.as_array().unwrap().iter().map(|number| number.as_u64().unwrap() as u32).collect()
}

fn floats(value: &Value) -> Vec<f32> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap() as f32).collect()
}

fn all(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().unwrap().iter()
}

fn as_transformers(name: &str, [from, to]: [&str; 2]) {
    let Some((folder, reference)) = reference(name) else { return };
    let model = Seq2SeqModel::load(&folder, Precision::F32).unwrap();
    let first = reference["first"].as_u64().map(|token| token as u32);
    let sources: Vec<Vec<u32>> = all(&reference["sources"]).map(numbers).collect();
    let sources: Vec<&[u32]> = sources.iter().map(Vec::as_slice).collect();
    let memory = model.encode(&sources);

    // Scores of given translations.
    let mut targets = Vec::new();
    for sentence in 0..sources.len() {
        for target in all(&reference["targets"]) {
            targets.push(Target { sentence, tokens: numbers(target), given: usize::from(first.is_some()) });
        }
    }
    let expected = all(&reference["scores"]).flat_map(all).map(floats);
    let found = model.log_probabilities(&memory, &targets);
    let mut largest = 0f32;
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!(found.len(), expected.len());
        let differences = found.iter().zip(&expected).map(|(found, expected)| (found - expected).abs());
        largest = differences.fold(largest, f32::max);
        let mean = |values: &[f32]| (values.iter().sum::<f32>() / values.len() as f32).exp();
        assert!((mean(found) - mean(&expected)).abs() < 1e-4);
    }
    println!("{name}: largest difference of log-probabilities {largest:e}");
    assert!(largest < 1e-4, "{largest}");

    // Searches.
    for case in all(&reference["searches"]) {
        let settings = &case["search"];
        let number = |key: &str| settings[key].as_u64().map(|number| number as usize);
        let search = Search {
            beams: number("num_beams").unwrap(),
            best: number("num_return_sequences").unwrap_or(1),
            length_penalty: settings["length_penalty"].as_f64().unwrap(),
            early_stopping: settings["early_stopping"].as_bool().unwrap(),
            max_length: number("max_length").unwrap(),
            no_repeat_ngram: number("no_repeat_ngram_size").unwrap_or(0),
        };
        let found = model.generate(&memory, first, &search, None).unwrap();
        for (sentence, (found, expected)) in found.iter().zip(all(&case["found"])).enumerate() {
            assert_eq!(found.len(), expected.as_array().unwrap().len());
            for (found, expected) in found.iter().zip(all(expected)) {
                assert_eq!(found.tokens, numbers(&expected["tokens"]), "{name}, sentence {sentence}, {settings}");
                if let Some(score) = expected["score"].as_f64() {
                    assert!((f64::from(found.score) - score).abs() < 1e-4, "{name}: {} {score}", found.score);
                }
            }
        }
        // Alone, a sentence is translated as among others.
        let alone = model.generate(&model.encode(&sources[2..3]), first, &search, None).unwrap();
        assert_eq!(
            alone[0].iter().map(|h| &h.tokens).collect::<Vec<_>>(),
            found[2].iter().map(|h| &h.tokens).collect::<Vec<_>>()
        );
    }

    // Tokens.
    let vocabulary = Vocabulary::open(&folder).unwrap();
    let direction = vocabulary.direction(from, to).unwrap();
    assert_eq!(direction.first, first);
    for case in all(&reference["texts"]) {
        let (text, decoded) = (case["text"].as_str().unwrap(), case["decoded"].as_str().unwrap());
        let tokens = vocabulary.source(&direction, text).unwrap();
        assert_eq!(tokens, numbers(&case["tokens"]), "{name}: {text:?}");
        assert_eq!(vocabulary.text(&tokens[1..]).unwrap(), decoded.trim(), "{name}: {text:?}");
    }
}

#[test]
fn m2m100_is_that_of_transformers() {
    as_transformers("m2m100", ["en", "fr"]);
}

#[test]
fn nllb_is_that_of_transformers() {
    as_transformers("nllb", ["en", "fr"]);
}

#[test]
fn marian_is_that_of_transformers() {
    as_transformers("marian", ["en", "fr"]);
}

/// Models that CTranslate2 converted: its own scores of given translations and its translations, and the tokens of the
/// checkpoint that was converted.
fn as_ctranslate2(name: &str, [from, to]: [&str; 2]) {
    for kept in ["float32", "float16", "int16", "int8"] {
        let Some((folder, told)) = reference(&format!("{name}-ct2-{kept}")) else { return };
        let model = Seq2SeqModel::load(&folder, None).unwrap();
        assert!(model.signature().ends_with(if kept == "int8" { " int8" } else { " f32" }));
        let model = Seq2SeqModel::load(&folder, Precision::F32).unwrap();
        let first = told["first"].as_u64().map(|token| token as u32);
        let sources: Vec<Vec<u32>> = all(&told["sources"]).map(numbers).collect();
        let sources: Vec<&[u32]> = sources.iter().map(Vec::as_slice).collect();
        let memory = model.encode(&sources);
        let mut largest = 0f32;
        for (sentence, expected) in all(&told["scores"]).enumerate() {
            let targets = all(&told["targets"]).map(|target| Target { sentence, tokens: numbers(target), given: 0 });
            let found = model.log_probabilities(&memory, &targets.collect::<Vec<_>>());
            for (found, expected) in found.iter().zip(all(expected).map(floats)) {
                assert_eq!(found.len(), expected.len());
                let differences = found.iter().zip(&expected).map(|(found, expected)| (found - expected).abs());
                largest = differences.fold(largest, f32::max);
            }
        }
        println!("{name}, CTranslate2 {kept}: largest difference of log-probabilities {largest:e}");
        assert!(largest < 1e-4, "{name} {kept}: {largest}");
        let (search, end) = (Search { beams: 1, max_length: 31, ..Search::default() }, sources[0].last().unwrap());
        for (found, expected) in model.generate(&memory, first, &search, None).unwrap().iter().zip(all(&told["greedy"]))
        {
            let tokens: Vec<u32> = found[0].tokens.iter().copied().take(30).filter(|token| token != end).collect();
            assert_eq!(tokens, numbers(expected), "{name}, CTranslate2 {kept}");
        }
        let [vocabulary, converted] = [&folder.with_file_name(name), &folder].map(|f| Vocabulary::open(f).unwrap());
        let [direction, same] = [&vocabulary, &converted].map(|vocabulary| vocabulary.direction(from, to).unwrap());
        assert_eq!(direction, same);
        let (_, texts) = reference(name).unwrap();
        for case in all(&texts["texts"]) {
            let text = case["text"].as_str().unwrap();
            let tokens = converted.source(&same, text).unwrap();
            assert_eq!(tokens, numbers(&case["tokens"]), "{name}: {text:?}");
            assert_eq!(converted.text(&tokens[1..]).unwrap(), vocabulary.text(&tokens[1..]).unwrap());
        }
    }
}

#[test]
fn converted_m2m100_is_that_of_ctranslate2() {
    as_ctranslate2("m2m100", ["en", "fr"]);
}

#[test]
fn converted_nllb_is_that_of_ctranslate2() {
    as_ctranslate2("nllb", ["en", "fr"]);
}

#[test]
fn converted_marian_is_that_of_ctranslate2() {
    as_ctranslate2("marian", ["en", "fr"]);
}

/// Texts in, texts out: whatever a random model says, all are translated, in order, alike in any batch.
#[test]
fn texts_are_translated_in_order_and_scored() {
    for (name, to) in [("nllb", "fr"), ("marian", "fr"), ("m2m100", "fr")] {
        let Some((folder, reference)) = reference(name) else { return };
        let options = Seq2SeqOptions {
            search: Search { beams: 2, best: 2, max_length: 40, ..Search::default() },
            batch_tokens: 60,
            ..Seq2SeqOptions::default()
        };
        let mut translator = Seq2Seq::open(folder.to_str().unwrap(), "en", to, &options).unwrap();
        let long =
            all(&reference["texts"]).take(5).map(|case| case["text"].as_str().unwrap()).collect::<Vec<_>>().join(" ");
        let texts: Vec<&str> =
            all(&reference["texts"]).skip(20).take(12).map(|case| case["text"].as_str().unwrap()).collect();
        let texts: Vec<&str> = [&["", long.as_str(), " \n "], &texts[..]].concat();
        let translations = translator.translate(&texts).unwrap();
        assert_eq!(translations.len(), texts.len());
        assert!(translations[0].text.is_empty() && translations[2].text.is_empty());
        for (text, translation) in texts.iter().zip(&translations).skip(3) {
            assert_eq!(&translator.translate(&[text]).unwrap()[0].text, &translation.text);
            assert!(translation.score.unwrap() < 0.0);
        }
        let given = GivenTranslation { source: 0, lang: to, text: texts[3] };
        let other = GivenTranslation { text: texts[4], ..given };
        let both = translator.score("en", &[texts[5]], &[given, other]).unwrap();
        let alone = translator.score("en", &[texts[5]], &[other]).unwrap();
        assert!((both[1] - alone[0]).abs() < 1e-5 && both[0] < 0.0);
        assert_eq!(translator.translate_best(&texts[3..4]).unwrap()[0].len(), 2);
    }
}

pub(super) const VOCABULARY: usize = 11;

/// Allows the tokens of one sentence only, and notes what it saw.
struct Only(Vec<u32>);

impl DecodingConstraint for Only {
    fn restrict(&self, sentence: usize, tokens: &[u32], log_probabilities: &mut [f32]) {
        assert!(sentence < 2 && log_probabilities.len() == VOCABULARY);
        let sum: f64 = log_probabilities.iter().map(|value| f64::from(value.exp())).sum();
        assert!((sum - 1.0).abs() < 1e-4);
        let wanted = self.0.get(tokens.len()).copied();
        for (token, value) in log_probabilities.iter_mut().enumerate() {
            if Some(token as u32) != wanted {
                *value = f32::NEG_INFINITY;
            }
        }
    }
}

#[test]
fn a_small_model_searches_scores_and_obeys() {
    let folder = tempfile::tempdir().unwrap();
    checkpoint::weights(folder.path(), VOCABULARY, 1);
    let model = Seq2SeqModel::load(folder.path(), Precision::F32).unwrap();
    let sources: [&[u32]; 2] = [&[5, 6, 7, 2], &[8, 9, 2]];
    let memory = model.encode(&sources);
    let search = Search { beams: 3, best: 3, max_length: 12, ..Search::default() };
    let found = model.generate(&memory, Some(4), &search, None).unwrap();
    for (sentence, hypotheses) in found.iter().enumerate() {
        assert_eq!(hypotheses.len(), 3);
        assert!(hypotheses.windows(2).all(|two| two[0].score >= two[1].score));
        for hypothesis in hypotheses {
            // What the search says of a translation, step by step, is what scoring says of it as a whole.
            let target = Target { sentence, tokens: hypothesis.tokens.clone(), given: 1 };
            let scores = &model.log_probabilities(&memory, &[target])[0];
            assert!((scores.iter().sum::<f32>() - hypothesis.log_probability).abs() < 1e-4);
            assert!((hypothesis.log_probability / hypothesis.tokens.len() as f32 - hypothesis.score).abs() < 1e-5);
            assert!(hypothesis.tokens[0] == 4 && hypothesis.tokens.len() < 12);
        }
    }
    // With all beams there are, the best of two tokens and the end is found: none of all is more probable.
    let search = Search { beams: 100, max_length: 4, length_penalty: 0.0, ..Search::default() };
    let best = &model.generate(&memory, None, &search, None).unwrap()[1][0];
    let (mut all, mut most) = (Vec::new(), f32::NEG_INFINITY);
    for one in (0..VOCABULARY as u32).filter(|one| *one != 2) {
        for other in (0..VOCABULARY as u32).filter(|other| *other != 2) {
            all.extend((0..VOCABULARY as u32).map(|last| vec![one, other, last]));
        }
        all.push(vec![one, 2]);
    }
    all.push(vec![2]);
    for tokens in all {
        let target = Target { sentence: 1, tokens, given: 0 };
        most = most.max(model.log_probabilities(&memory, &[target])[0].iter().sum());
    }
    assert!((most - best.log_probability).abs() < 1e-4, "{most} {best:?}");

    let only = Only(vec![4, 7, 9, 5, 2]);
    let obeyed = model.generate(&memory, Some(4), &Search::default(), Some(&only)).unwrap();
    for (sentence, found) in obeyed.iter().enumerate() {
        assert_eq!((found.len(), &found[0].tokens[..]), (1, &only.0[..]));
        let target = Target { sentence, tokens: only.0.clone(), given: 1 };
        let score: f32 = model.log_probabilities(&memory, &[target])[0].iter().sum();
        assert!((score - found[0].log_probability).abs() < 1e-4);
    }
    assert!(model.generate(&memory, Some(VOCABULARY as u32), &search, None).is_err());

    let int8 = Seq2SeqModel::load(folder.path(), Precision::Int8).unwrap();
    assert_ne!(int8.signature(), model.signature());
    let target = [Target { sentence: 0, tokens: only.0.clone(), given: 1 }];
    let (exact, coarse) =
        (model.log_probabilities(&memory, &target), int8.log_probabilities(&int8.encode(&sources), &target));
    assert!(
        exact[0].iter().zip(&coarse[0]).all(|(exact, coarse)| (exact - coarse).abs() < 0.4),
        "{exact:?} {coarse:?}"
    );
}

#[test]
fn a_converted_model_is_the_same() {
    let (folder, into) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    checkpoint::whole(folder.path(), &["Ana", "sleeps", "dort", "."], 3);
    let tokens = ["<s>", "<pad>", "</s>", "<unk>", "eng_Latn", "fra_Latn", "[", "]", "Ana", "sleeps", "dort", "."];
    let model = Seq2SeqModel::load(folder.path(), None).unwrap();
    let sources: [&[u32]; 2] = [&[5, 6, 7, 2], &[5, 9, 6, 10, 7, 2]];
    let target = [Target { sentence: 1, tokens: vec![4, 8, 10, 2], given: 1 }];
    let scores = model.log_probabilities(&model.encode(&sources), &target);
    for (int8, most) in [(false, 1e-4), (true, 0.2)] {
        ctranslate2::convert(folder.path(), into.path(), &tokens, int8);
        let converted = Seq2SeqModel::load(into.path(), Precision::F32).unwrap();
        let found = converted.log_probabilities(&converted.encode(&sources), &target);
        for (found, expected) in found[0].iter().zip(&scores[0]) {
            assert!((found - expected).abs() < most, "{found} {expected}");
        }
    }
    assert!(Seq2SeqModel::load(into.path(), None).unwrap().signature().ends_with("int8"));

    // Whatever the file lacks, it is said, and never believed.
    let (path, whole) = (into.path().join("model.bin"), std::fs::read(into.path().join("model.bin")).unwrap());
    let problem = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        Seq2SeqModel::load(into.path(), None).unwrap_err().to_string()
    };
    for length in (0..whole.len() - 1).step_by(7).chain([whole.len() - 1]) {
        assert!(problem(&whole[..length]).contains("convert the model again"), "{length}");
    }
    let mut other = whole.clone();
    other[0] = 5;
    assert!(problem(&other).contains("binary version 5"));
    let place = whole.windows(12).position(|bytes| bytes == b"decoder/laye").unwrap();
    other = whole.clone();
    other[place..place + 12].copy_from_slice(b"decoder/late");
    let said = problem(&other);
    assert!(said.contains("no tensor") || said.contains("no matrix"), "{said}");
    std::fs::write(&path, &whole).unwrap();
    std::fs::write(into.path().join("shared_vocabulary.json"), r#"["<s>", "</s>"]"#).unwrap();
    assert!(Seq2SeqModel::load(into.path(), None).unwrap_err().to_string().contains("its vocabulary has 2 tokens"));
    assert!(Vocabulary::open(into.path()).err().unwrap().to_string().contains("belong to different models"));
    std::fs::remove_file(into.path().join("shared_vocabulary.json")).unwrap();
    assert!(Seq2SeqModel::load(into.path(), None).unwrap_err().to_string().contains("shared_vocabulary"));
}
