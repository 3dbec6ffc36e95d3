//! Damaged checkpoints: an error that names the file, or a model that works, in bounds of time and memory.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use xlner_core::{Encoder as _, Sentence, Translator as _};
use xlner_neural::seq2seq::{Search, Seq2Seq, Seq2SeqOptions};
use xlner_neural::transformer::TransformerEncoder;
use xlner_testing::{Bounded, Case, each_seed, mutate, taken};

use super::support::{checkpoint, ctranslate2, tiny_bert, torch};

/// Seeds of each kind of file.
const SEEDS: u64 = 300;
const TOKENS: [&str; 11] = ["<s>", "<pad>", "</s>", "<unk>", "eng_Latn", "fra_Latn", "[", "]", "Ana", "sleeps", "dort"];

/// A message is one line and names a file of the checkpoint.
fn named(message: &str) -> Result<(), String> {
    let known = ["model.safetensors", "pytorch_model.bin", "config.json", "tokenizer.json", "model.bin", "vocab"];
    match known.iter().any(|name| message.contains(name)) && !message.contains('\n') {
        true => Ok(()),
        false => Err(format!("the error is {message:?}")),
    }
}

/// A BERT is refused, or gives vectors of numbers. What the values are wrong for is found only as it runs.
fn encodes(folder: &Path) -> Result<(), String> {
    let encoder = match TransformerEncoder::load(folder, None, Default::default()) {
        Ok(encoder) => encoder,
        Err(error) => return named(&error.to_string()),
    };
    taken();
    let Ok(vectors) = encoder.encode(&[&Sentence::from_tokens(["Anna", "lives"])]) else { return Ok(()) };
    match vectors.iter().flat_map(|sentence| &sentence.vectors).all(|value| value.is_finite()) {
        true => Ok(()),
        false => Err("vectors that are no numbers".into()),
    }
}

/// A translator is refused, or says something.
fn translates(folder: &Path) -> Result<(), String> {
    let options =
        Seq2SeqOptions { search: Search { max_length: 12, ..Search::default() }, ..Seq2SeqOptions::default() };
    match Seq2Seq::open(folder.to_str().unwrap(), "en", "fr", &options) {
        Ok(mut translator) => {
            taken();
            let _ = translator.translate(&["Ana sleeps Ana"]);
            Ok(())
        }
        Err(error) => named(&error.to_string()),
    }
}

/// Damages a file in a copy of a checkpoint.
fn in_copy(
    valid: &Path,
    file: &str,
    damage: impl FnOnce(&[u8]) -> Vec<u8>,
    works: fn(&Path) -> Result<(), String>,
) -> Result<(), String> {
    let folder = TempDir::new().unwrap();
    for entry in fs::read_dir(valid).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
    }
    let path = folder.path().join(file);
    fs::write(&path, damage(&fs::read(&path).unwrap())).unwrap();
    works(folder.path())
}

/// The file, or, in every second one, its list of tensors, with a length that fits.
fn safetensors(bytes: &[u8], seed: u64) -> Vec<u8> {
    if seed.is_multiple_of(2) {
        return mutate(bytes, &[], false, seed);
    }
    let (length, rest) = bytes.split_at(8);
    let (header, values) = rest.split_at(u64::from_le_bytes(length.try_into().unwrap()) as usize);
    let header = mutate(header, &[], true, seed);
    [&(header.len() as u64).to_le_bytes()[..], &header, values].concat()
}

#[test]
fn checkpoints() {
    let (top, translator, converted) = (TempDir::new().unwrap(), TempDir::new().unwrap(), TempDir::new().unwrap());
    let bert = top.path().join("bert");
    let (bert, translator, converted) = (bert.as_path(), translator.path(), converted.path());
    tiny_bert::write(bert);
    checkpoint::whole(translator, &TOKENS[8..], 3);
    ctranslate2::convert(translator, converted, &TOKENS, false);
    fs::copy(translator.join("tokenizer.json"), converted.join("tokenizer.json")).unwrap();
    let (list, values) = torch::parts(translator);
    let pickled = TempDir::new().unwrap();
    let pickled = pickled.path();
    for file in ["config.json", "tokenizer.json"] {
        fs::copy(translator.join(file), pickled.join(file)).unwrap();
    }
    fs::write(pickled.join("pytorch_model.bin"), torch::archive(&list, &values)).unwrap();
    // All of them work before they are damaged.
    for (folder, works) in [
        (bert, encodes as fn(&Path) -> Result<(), String>),
        (translator, translates),
        (converted, translates),
        (pickled, translates),
    ] {
        works(folder).unwrap();
    }
    assert!(Seq2Seq::open(pickled.to_str().unwrap(), "en", "fr", &Seq2SeqOptions::default()).is_ok());

    let of_bert = |seed: u64| in_copy(bert, "model.safetensors", |bytes| safetensors(bytes, seed), encodes);
    let of_translator =
        |seed: u64| in_copy(translator, "model.safetensors", |bytes| safetensors(bytes, seed), translates);
    let config = |seed: u64| in_copy(translator, "config.json", |bytes| mutate(bytes, &[], true, seed), translates);
    let tokenizer =
        |seed: u64| in_copy(translator, "tokenizer.json", |bytes| mutate(bytes, &[], true, seed), translates);
    let ct2 = |seed: u64| in_copy(converted, "model.bin", |bytes| mutate(bytes, &[], false, seed), translates);
    let pickle = |seed: u64| {
        let damage = |bytes: &[u8]| match seed % 2 {
            0 => mutate(bytes, &[], false, seed),
            // The list alone, in an archive whose checksums fit.
            _ => torch::archive(&mutate(&list, &[], false, seed), &values),
        };
        in_copy(pickled, "pytorch_model.bin", damage, translates)
    };
    let cases: [Case<'_>; 6] = [
        ("safetensors", &of_bert),
        ("safetensors-translator", &of_translator),
        ("config", &config),
        ("tokenizer", &tokenizer),
        ("ctranslate2", &ct2),
        ("pickle", &pickle),
    ];
    each_seed("mutations::checkpoints", Bounded { seconds: 120, ..Bounded::default() }, SEEDS, &cases);
}
