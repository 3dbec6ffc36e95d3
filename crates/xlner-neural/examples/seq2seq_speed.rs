//! Times a translation model on token numbers; benches/peers/seq2seq.py calls it.
//!
//!     seq2seq_speed FOLDER f32|int8 BEAMS MAX_LENGTH FIRST ROUNDS < sources.json
//!
//! Reads a JSON array of arrays of token numbers and prints one JSON object: CPU seconds of the best of ROUNDS rounds to translate
//! them and to score the translations found, and the tokens of the best translations.

mod common;

use common::cpu_seconds;

use xlner_neural::nn::Precision;
use xlner_neural::seq2seq::{Search, Seq2SeqModel, Target};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, precision, beams, max_length, first, rounds] = &arguments[..] else {
        return Err("seq2seq_speed FOLDER f32|int8 BEAMS MAX_LENGTH FIRST ROUNDS < sources.json".into());
    };
    let sources: Vec<Vec<u32>> = serde_json::from_reader(std::io::stdin())?;
    let sources: Vec<&[u32]> = sources.iter().map(Vec::as_slice).collect();
    let search = Search { beams: beams.parse()?, max_length: max_length.parse()?, ..Search::default() };
    let first: u32 = first.parse()?;
    let loading = cpu_seconds();
    let model = Seq2SeqModel::load(folder.as_ref(), precision.parse::<Precision>()?)?;
    let loading = cpu_seconds() - loading;
    let (mut translating, mut scoring) = (f64::INFINITY, f64::INFINITY);
    let mut found = Vec::new();
    for _ in 0..rounds.parse::<usize>()? {
        let start = cpu_seconds();
        let memory = model.encode(&sources);
        found = model.generate(&memory, Some(first), &search, None)?;
        translating = translating.min(cpu_seconds() - start);
        let targets = found
            .iter()
            .enumerate()
            .filter_map(|(sentence, found)| Some(Target { sentence, tokens: found.first()?.tokens.clone(), given: 1 }));
        let targets: Vec<Target> = targets.collect();
        let start = cpu_seconds();
        model.log_probabilities(&model.encode(&sources), &targets);
        scoring = scoring.min(cpu_seconds() - start);
    }
    let tokens: Vec<&[u32]> = found.iter().filter_map(|found| Some(&found.first()?.tokens[..])).collect();
    let figures = serde_json::json!({"load": loading, "translate": translating, "score": scoring, "tokens": tokens});
    println!("{figures}");
    Ok(())
}
