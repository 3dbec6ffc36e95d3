//! Times a transformer on sentences of equal length: `encoder_speed FOLDER f32|int8 SENTENCES SUBWORDS SECONDS`.
//! Prints sentences a CPU second, the best of all passes.

mod common;

use std::path::Path;
use std::time::Instant;

use xlner_neural::nn::Precision;
use xlner_neural::transformer::EncoderModel;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, precision, sentences, length, seconds] = &arguments[..] else {
        return Err("encoder_speed FOLDER f32|int8 SENTENCES SUBWORDS SECONDS".into());
    };
    let model = EncoderModel::load(Path::new(folder), precision.parse::<Precision>()?)?;
    let (sentences, length, seconds): (usize, u32, f64) = (sentences.parse()?, length.parse()?, seconds.parse()?);
    let known = model.vocabulary() as u32;
    let sentence =
        |number: u32| (0..length).map(|at| 5 + (number * 7919 + at * 104_729) % (known - 5)).collect::<Vec<u32>>();
    let ids: Vec<Vec<u32>> = (0..sentences as u32).map(sentence).collect();
    let ids: Vec<&[u32]> = ids.iter().map(|ids| &ids[..]).collect();
    let (start, mut best) = (Instant::now(), f64::INFINITY);
    let mut passes = 0;
    while passes < 3 || start.elapsed().as_secs_f64() < seconds {
        let pass = common::cpu_seconds();
        model.hidden_states(&ids, model.layers())?;
        best = best.min(common::cpu_seconds() - pass);
        passes += 1;
    }
    println!("{:.3}", sentences as f64 / best);
    Ok(())
}
