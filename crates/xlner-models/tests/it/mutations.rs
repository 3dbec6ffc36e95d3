//! Damaged files of taggers: an error or a tagger that works, in bounds of time and memory.

use xlner_core::Tagger as _;
use xlner_models::crf::{CrfTagger, CrfTrainOptions, TrainingExample};
use xlner_testing::{Bounded, each_seed, mutate, read_sample, taken};

#[test]
fn crf() {
    let sentences = read_sample("en.conll");
    let examples: Vec<TrainingExample<'_>> =
        sentences.iter().map(|sentence| TrainingExample { sentence, weight: 1.0 }).collect();
    let options = CrfTrainOptions { iterations: 5, ..CrfTrainOptions::default() };
    let mut valid = Vec::new();
    CrfTagger::train(&examples, &options, &mut |_| ()).unwrap().0.save(&mut valid).unwrap();
    let work = |seed| {
        let mut bytes = mutate(&valid, &[], false, seed);
        // Half of them with a checksum that fits, to reach what stands after it: magic, version, CRC-32, body.
        if let Some((head, body)) = bytes.split_at_mut_checked(16)
            && seed % 2 == 0
        {
            head[12..].copy_from_slice(&crc32fast::hash(body).to_le_bytes());
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.tagger");
        std::fs::write(&path, bytes).unwrap();
        let tagger = match CrfTagger::load(&path) {
            Ok(tagger) => tagger,
            Err(error) if error.to_string().contains("m.tagger") => return Ok(()),
            Err(error) => return Err(format!("the file is not named: {error}")),
        };
        taken();
        let mut found = sentences.clone();
        tagger.tag(&mut found, true).map_err(|error| error.to_string())?;
        for sentence in &found {
            sentence.validate().map_err(|problem| problem.to_string())?;
            let rows = sentence.probabilities.iter().flat_map(|probabilities| &probabilities.rows);
            if !rows.flatten().all(|probability| (0.0..=1.0).contains(probability)) {
                return Err("a probability that is none".into());
            }
        }
        Ok(())
    };
    each_seed("mutations::crf", Bounded { seconds: 60, ..Bounded::default() }, 300, &[("crf", &work)]);
}
