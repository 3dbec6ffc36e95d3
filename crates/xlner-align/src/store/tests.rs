use super::*;
use crate::{Bitext, TrainOptions};

fn model() -> Model {
    let mut bitext = Bitext::default();
    for _ in 0..5 {
        bitext.push(["the", "Parliament", "of", "Berlin"], ["das", "Parlament", "von", "Berlin"]);
        bitext.push(["the", "house"], ["das", "Haus"]);
    }
    Model::train(&bitext, &TrainOptions::default(), None, &mut |_| ())
}

#[test]
fn a_model_comes_back_as_it_was() {
    let model = model();
    let mut bytes = Vec::new();
    model.save(&mut bytes).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, &bytes).unwrap();
    let read = Model::load(file.path()).unwrap();
    let mapped = load(file.path(), MODEL, 0, read_model).unwrap();
    assert!(matches!(mapped.source.facts, Column::Mapped { .. }));
    // Deleted, it stays what it was for those who have it.
    drop(file);
    for again in [Model::from_bytes(&bytes).unwrap(), read, mapped] {
        let (source, target) = (["the", "Parliament", "sits"], ["das", "Parlament", "tagt"]);
        assert_eq!(model.posteriors(&source, &target), again.posteriors(&source, &target));
        let mut second = Vec::new();
        again.save(&mut second).unwrap();
        assert_eq!(bytes, second);
        // To go on training one is to change what others may have mapped: a copy is changed.
        let mut bitext = Bitext::default();
        bitext.push(["the", "door"], ["die", "Tür"]);
        let further = Model::train(&bitext, &TrainOptions::default(), Some(&again), &mut |_| ());
        assert!(further.vocabulary().0 == model.vocabulary().0 + 1 && again.vocabulary() == model.vocabulary());
    }
}

#[test]
fn a_small_file_may_be_cut_while_its_model_is_used() {
    let model = model();
    let file = tempfile::NamedTempFile::new().unwrap();
    model.save(&mut file.as_file()).unwrap();
    let loaded = Model::load(file.path()).unwrap();
    file.as_file().set_len(0).unwrap();
    let (source, target) = (["the", "Parliament", "sits"], ["das", "Parlament", "tagt"]);
    assert_eq!(model.posteriors(&source, &target), loaded.posteriors(&source, &target));
}

#[test]
fn a_damaged_model_is_refused() {
    let mut bytes = Vec::new();
    model().save(&mut bytes).unwrap();
    for at in (0..bytes.len()).step_by(97).chain([bytes.len() - 1]) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        assert!(from_bytes(&damaged, None, MODEL, read_model).is_err(), "byte {at}");
    }
    for len in (0..bytes.len()).step_by(131) {
        assert!(from_bytes(&bytes[..len], None, MODEL, read_model).is_err(), "cut at {len}");
    }
    let newer = [&bytes[..8], &7u32.to_le_bytes(), &bytes[12..]].concat();
    assert!(from_bytes(&newer, None, MODEL, read_model).unwrap_err().contains("version 7"));
}
