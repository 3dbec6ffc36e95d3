//! Transformers: tiny random checkpoints, against the published formulas written down plainly in double precision.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;
use xlner_core::Sentence;
use xlner_core::{Encoder, Tagger};
use xlner_neural::nn::Precision;
use xlner_neural::transformer::{EncoderModel, TransformerEncoder, TransformerTagger, TransformerTaggerOptions};

const HIDDEN: usize = 12;
const HEADS: usize = 3;
const INNER: usize = 20;
const LAYERS: usize = 2;
const PIECES: [&str; 9] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "obama", "visit", "##ed", "berlin", "."];
const POSITIONS: usize = 24;
const CLASSES: usize = 5;
const BUCKETS: usize = 8;

type Matrix = Vec<Vec<f64>>;

/// A checkpoint: tensors by name, each with its shape.
#[derive(Default)]
struct Checkpoint {
    tensors: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
    state: u32,
}

impl Checkpoint {
    fn random(&mut self) -> f32 {
        self.state = self.state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.state >> 8) as f32 / (1 << 23) as f32 - 1.0
    }

    fn add(&mut self, name: &str, shape: &[usize], centre: f32) {
        let values = (0..shape.iter().product()).map(|_| centre + 0.6 * self.random()).collect();
        self.tensors.insert(name.to_owned(), (shape.to_vec(), values));
    }

    fn linear(&mut self, name: &str, outputs: usize, inputs: usize) {
        self.add(&format!("{name}.weight"), &[outputs, inputs], 0.0);
        self.add(&format!("{name}.bias"), &[outputs], 0.0);
    }

    fn norm(&mut self, name: &str) {
        self.add(&format!("{name}.weight"), &[HIDDEN], 1.0);
        self.add(&format!("{name}.bias"), &[HIDDEN], 0.0);
    }

    fn save(&self, folder: &Path, config: &serde_json::Value) {
        let (mut header, mut bytes) = (serde_json::Map::new(), Vec::new());
        for (name, (shape, values)) in &self.tensors {
            let start = bytes.len();
            bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            header.insert(name.clone(), json!({"dtype": "F32", "shape": shape, "data_offsets": [start, bytes.len()]}));
        }
        let header = serde_json::to_vec(&header).unwrap();
        let file = [&(header.len() as u64).to_le_bytes()[..], &header, &bytes].concat();
        std::fs::write(folder.join("model.safetensors"), file).unwrap();
        std::fs::write(folder.join("config.json"), config.to_string()).unwrap();
        std::fs::write(folder.join("vocab.txt"), PIECES.join("\n")).unwrap();
    }

    fn matrix(&self, name: &str) -> Matrix {
        let (shape, values) = &self.tensors[name];
        values.chunks(*shape.last().unwrap()).map(|row| row.iter().map(|value| f64::from(*value)).collect()).collect()
    }

    fn vector(&self, name: &str) -> Vec<f64> {
        self.matrix(name).concat()
    }

    fn apply(&self, name: &str, rows: &Matrix) -> Matrix {
        let (weight, bias) = (self.matrix(&format!("{name}.weight")), self.vector(&format!("{name}.bias")));
        let output = |row: &Vec<f64>| weight.iter().zip(&bias).map(|(weight, bias)| dot(weight, row) + bias).collect();
        rows.iter().map(output).collect()
    }

    fn normalised(&self, name: &str, rows: &Matrix, epsilon: f64) -> Matrix {
        let (scale, shift) = (self.vector(&format!("{name}.weight")), self.vector(&format!("{name}.bias")));
        let normal = |row: &Vec<f64>| {
            let mean = row.iter().sum::<f64>() / row.len() as f64;
            let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / row.len() as f64;
            let scaled = row.iter().zip(scale.iter().zip(&shift));
            scaled.map(|(x, (scale, shift))| (x - mean) / (variance + epsilon).sqrt() * scale + shift).collect()
        };
        rows.iter().map(normal).collect()
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn sum(a: &Matrix, b: &Matrix) -> Matrix {
    a.iter().zip(b).map(|(a, b)| a.iter().zip(b).map(|(a, b)| a + b).collect()).collect()
}

/// x·Φ(x), the error function by its series (Abramowitz and Stegun 7.1.5).
fn gelu(x: f64) -> f64 {
    let z = (x / 2f64.sqrt()).clamp(-5.0, 5.0);
    let (mut term, mut erf) = (z, z);
    for n in 1..200 {
        term *= -z * z / f64::from(n);
        erf += term / f64::from(2 * n + 1);
    }
    0.5 * x * (1.0 + erf * 2.0 / std::f64::consts::PI.sqrt())
}

/// Which row of the distances' table belongs to a distance, for 8 buckets and 24 positions.
fn bucket(distance: i64) -> usize {
    let half = (BUCKETS / 2) as f64;
    let far = distance.abs() as f64;
    let bucket = if far <= half {
        distance as f64
    } else {
        (((far / half).ln() / ((POSITIONS - 1) as f64 / half).ln() * (half - 1.0)).ceil() + half)
            * distance.signum() as f64
    };
    (bucket as i64 + BUCKETS as i64).clamp(0, 2 * BUCKETS as i64 - 1) as usize
}

/// The hidden states after every layer.
fn naive(checkpoint: &Checkpoint, top: &str, ids: &[usize], epsilon: f64) -> Vec<Matrix> {
    let deberta = top == "deberta";
    let table = |name: &str| checkpoint.matrix(&format!("{top}.embeddings.{name}.weight"));
    let words = table("word_embeddings");
    let mut rows: Matrix = ids.iter().map(|id| words[*id].clone()).collect();
    if !deberta {
        let (positions, kinds) = (table("position_embeddings"), table("token_type_embeddings"));
        let others: Matrix =
            (0..ids.len()).map(|at| (0..HIDDEN).map(|d| positions[at][d] + kinds[0][d]).collect()).collect();
        rows = sum(&rows, &others);
    }
    rows = checkpoint.normalised(&format!("{top}.embeddings.LayerNorm"), &rows, epsilon);
    let mut states = vec![rows.clone()];
    for layer in 0..LAYERS {
        let name = |part: &str| format!("{top}.encoder.layer.{layer}.{part}");
        let suffix = if deberta { "_proj" } else { "" };
        let project =
            |part: &str, rows: &Matrix| checkpoint.apply(&name(&format!("attention.self.{part}{suffix}")), rows);
        let [queries, keys, values] = ["query", "key", "value"].map(|part| project(part, &rows));
        let distances = deberta.then(|| {
            let table = checkpoint.matrix("deberta.encoder.rel_embeddings.weight");
            let table = checkpoint.normalised("deberta.encoder.LayerNorm", &table, epsilon);
            (project("key", &table), project("query", &table))
        });
        let width = HIDDEN / HEADS;
        let scale = ((width * if deberta { 3 } else { 1 }) as f64).sqrt();
        let mut context = vec![vec![0.0; HIDDEN]; ids.len()];
        for head in 0..HEADS {
            let part = |row: &Vec<f64>| row[head * width..][..width].to_vec();
            for query in 0..ids.len() {
                let score = |key: usize| {
                    let mut score = dot(&part(&queries[query]), &part(&keys[key]));
                    if let Some((position_keys, position_queries)) = &distances {
                        let row = bucket(query as i64 - key as i64);
                        score += dot(&part(&queries[query]), &part(&position_keys[row]));
                        score += dot(&part(&keys[key]), &part(&position_queries[row]));
                    }
                    (score / scale).exp()
                };
                let total: f64 = (0..ids.len()).map(score).sum();
                for (key, value) in values.iter().enumerate() {
                    let weight = score(key) / total;
                    part(value).iter().enumerate().for_each(|(d, v)| context[query][head * width + d] += weight * v);
                }
            }
        }
        let attended = sum(&checkpoint.apply(&name("attention.output.dense"), &context), &rows);
        let attended = checkpoint.normalised(&name("attention.output.LayerNorm"), &attended, epsilon);
        let mut inner = checkpoint.apply(&name("intermediate.dense"), &attended);
        inner.iter_mut().flatten().for_each(|x| *x = gelu(*x));
        let output = sum(&checkpoint.apply(&name("output.dense"), &inner), &attended);
        rows = checkpoint.normalised(&name("output.LayerNorm"), &output, epsilon);
        states.push(rows.clone());
    }
    states
}

/// A random checkpoint of BERT or DeBERTa-v3, saved.
fn checkpoint(top: &str, folder: &Path) -> Checkpoint {
    let deberta = top == "deberta";
    let mut checkpoint = Checkpoint { state: 7, ..Checkpoint::default() };
    checkpoint.add(&format!("{top}.embeddings.word_embeddings.weight"), &[PIECES.len(), HIDDEN], 0.0);
    if deberta {
        checkpoint.add("deberta.encoder.rel_embeddings.weight", &[2 * BUCKETS, HIDDEN], 0.0);
        checkpoint.norm("deberta.encoder.LayerNorm");
    } else {
        checkpoint.add("bert.embeddings.position_embeddings.weight", &[POSITIONS, HIDDEN], 0.0);
        checkpoint.add("bert.embeddings.token_type_embeddings.weight", &[2, HIDDEN], 0.0);
    }
    checkpoint.norm(&format!("{top}.embeddings.LayerNorm"));
    for layer in 0..LAYERS {
        let name = |part: &str| format!("{top}.encoder.layer.{layer}.{part}");
        let suffix = if deberta { "_proj" } else { "" };
        for part in ["query", "key", "value"] {
            checkpoint.linear(&name(&format!("attention.self.{part}{suffix}")), HIDDEN, HIDDEN);
        }
        checkpoint.linear(&name("attention.output.dense"), HIDDEN, HIDDEN);
        checkpoint.norm(&name("attention.output.LayerNorm"));
        checkpoint.linear(&name("intermediate.dense"), INNER, HIDDEN);
        checkpoint.linear(&name("output.dense"), HIDDEN, INNER);
        checkpoint.norm(&name("output.LayerNorm"));
    }
    checkpoint.linear("classifier", CLASSES, HIDDEN);
    let mut config = json!({
        "model_type": "bert", "vocab_size": PIECES.len(), "hidden_size": HIDDEN, "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS, "intermediate_size": INNER, "max_position_embeddings": POSITIONS, "type_vocab_size": 2,
        "layer_norm_eps": 1e-5, "id2label": {"0": "O", "1": "B-PER", "2": "I-PER", "3": "B-LOC", "4": "I-LOC"},
    });
    if deberta {
        let own = json!({
            "model_type": "deberta-v2", "type_vocab_size": 0, "relative_attention": true, "position_buckets": BUCKETS,
            "norm_rel_ebd": "layer_norm", "share_att_key": true, "pos_att_type": ["p2c", "c2p"], "max_relative_positions": -1,
            "position_biased_input": false,
        });
        config.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
    }
    checkpoint.save(folder, &config);
    checkpoint
}

#[test]
fn hidden_states_and_logits_are_those_of_the_formulas() {
    for top in ["bert", "deberta"] {
        let folder = tempfile::tempdir().unwrap();
        let checkpoint = checkpoint(top, folder.path());
        let model = EncoderModel::load(folder.path(), Precision::F32).unwrap();
        assert_eq!((model.layers(), model.hidden(), model.longest()), (LAYERS, HIDDEN, POSITIONS));
        let sentences: [&[u32]; 3] =
            [&[2, 4, 5, 6, 7, 8, 3], &[2], &[2, 7, 7, 7, 4, 5, 6, 5, 6, 8, 8, 1, 4, 7, 5, 6, 4, 8, 3]];
        for layer in 0..=LAYERS {
            let found = model.hidden_states(&sentences, layer).unwrap();
            let expected: Vec<f64> = sentences
                .iter()
                .flat_map(|ids| {
                    let ids: Vec<usize> = ids.iter().map(|id| *id as usize).collect();
                    naive(&checkpoint, top, &ids, 1e-5)[layer].concat()
                })
                .collect();
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(expected) {
                assert!((f64::from(*found) - expected).abs() < 2e-5, "{top}, layer {layer}: {found} for {expected}");
            }
        }
        let last: Matrix = naive(&checkpoint, top, &[2, 4, 3], 1e-5).pop().unwrap();
        let expected = checkpoint.apply("classifier", &last).concat();
        for (found, expected) in model.logits(&[&[2, 4, 3]]).unwrap().iter().zip(expected) {
            assert!((f64::from(*found) - expected).abs() < 2e-5);
        }
    }
}

#[test]
fn tokens_get_the_tags_of_their_first_sub_word() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = checkpoint("bert", folder.path());
    let tagger = TransformerTagger::load(folder.path(), TransformerTaggerOptions::default()).unwrap();
    let mut sentences =
        vec![Sentence::from_tokens(["Obama", "visited", "Berlin", "."]), Sentence::from_tokens::<&str>([])];
    tagger.tag(&mut sentences, true).unwrap();
    let states = naive(&checkpoint, "bert", &[2, 4, 5, 6, 7, 8, 3], 1e-5).pop().unwrap();
    let logits = checkpoint.apply("classifier", &states);
    let rows = &sentences[0].probabilities.as_ref().unwrap().rows;
    for (row, at) in rows.iter().zip([1, 2, 4, 5]) {
        let total: f64 = logits[at].iter().map(|x| x.exp()).sum();
        for (found, logit) in row.iter().zip(&logits[at]) {
            assert!((f64::from(*found) - logit.exp() / total).abs() < 1e-5);
        }
    }
    assert!(sentences[1].entities.is_empty() && sentences[1].probabilities.as_ref().unwrap().rows.is_empty());
    for entity in &sentences[0].entities {
        assert!(entity.score.is_some_and(|score| score > 0.2 && score <= 1.0));
    }
    let untokenised = tagger.tag(&mut [Sentence::from_text("Obama")], false).unwrap_err();
    assert!(untokenised.to_string().contains("not tokenised"));
}

#[test]
fn long_sentences_are_read_in_windows() {
    let folder = tempfile::tempdir().unwrap();
    checkpoint("bert", folder.path());
    let long = Sentence::from_tokens((0..300).map(|at| PIECES[[4, 5, 7, 8][at % 4]]));
    let encoder = TransformerEncoder::load(folder.path(), Some(1), Precision::F32).unwrap();
    let encoded = encoder.encode(&[&long]).unwrap().remove(0);
    assert_eq!(encoded.tokens, (0..300).collect::<Vec<u32>>());
    assert_eq!(encoded.vectors.len(), 300 * HIDDEN);
    let error = TransformerEncoder::load(folder.path(), Some(3), Precision::F32).err().unwrap();
    assert!(error.to_string().contains("no layer 3"));
}

#[test]
fn incomplete_checkpoints_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut whole = checkpoint("bert", folder.path());
    let config: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("config.json")).unwrap()).unwrap();
    whole.tensors.remove("bert.encoder.layer.1.output.dense.weight");
    whole.save(folder.path(), &config);
    let error = EncoderModel::load(folder.path(), Precision::F32).err().unwrap().to_string();
    assert!(error.contains("there is no tensor bert.encoder.layer.1.output.dense.weight"), "{error}");
}
