//! Damaged files of aligner models: an error or a model that works, in bounds of time and memory.

use xlner_align::{Bitext, Model, TrainOptions};
use xlner_testing::{Bounded, each_seed, mutate, read_sample, taken};

#[test]
fn models() {
    let mut bitext = Bitext::default();
    let pairs: Vec<_> = read_sample("en.conll").into_iter().zip(read_sample("sw.conll")).take(20).collect();
    pairs.iter().for_each(|(source, target)| bitext.push(source.tokens(), target.tokens()));
    let mut valid = Vec::new();
    Model::train(&bitext, &TrainOptions::default(), None, &mut |_| ()).save(&mut valid).unwrap();
    let work = |seed| {
        let mut bytes = mutate(&valid, &[], false, seed);
        // Half of them with a checksum that fits, to reach what stands after it: magic, version, CRC-32, body.
        if let Some((head, body)) = bytes.split_at_mut_checked(16)
            && seed % 2 == 0
        {
            head[12..].copy_from_slice(&crc32fast::hash(body).to_le_bytes());
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.xla");
        std::fs::write(&path, bytes).unwrap();
        let model = match Model::load(&path) {
            Ok(model) => model,
            Err(error) if error.to_string().contains("m.xla") => return Ok(()),
            Err(error) => return Err(format!("the file is not named: {error}")),
        };
        taken();
        for (source, target) in &pairs {
            let (source, target): (Vec<&str>, Vec<&str>) = (source.tokens().collect(), target.tokens().collect());
            for cell in &model.posteriors(&source, &target).cells {
                if !(0.0..=1.0).contains(&cell.forward) || !(0.0..=1.0).contains(&cell.reverse) {
                    return Err(format!("no probabilities: {cell:?}"));
                }
            }
        }
        Ok(())
    };
    each_seed("mutations::models", Bounded { seconds: 60, ..Bounded::default() }, 300, &[("aligner", &work)]);
}
