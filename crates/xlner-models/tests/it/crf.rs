//! The CRF tagger as a library.

use proptest::prelude::*;
use xlner_core::contracts::{ModelError, Tagger};
use xlner_core::{Entity, Sentence};
use xlner_models::Error;
use xlner_models::crf::{ClusterBuilder, CrfTagger, CrfTrainOptions, NameList, TrainingExample};

const PEOPLE: [&str; 6] = ["Anna", "Peter", "Maria", "Jonas", "Sofia", "Erik"];
const PLACES: [&str; 6] = ["Berlin", "Oslo", "New York", "Rome", "Cape Town", "Lima"];

/// `Anna Smith lives in New York .` and the like.
fn sentences() -> Vec<Sentence> {
    let mut all = Vec::new();
    for (n, person) in PEOPLE.iter().enumerate() {
        for (m, place) in PLACES.iter().enumerate() {
            let person: Vec<&str> = if (n + m) % 2 == 0 { vec![person] } else { vec![person, "Smith"] };
            let place: Vec<&str> = place.split(' ').collect();
            let verb = ["lives", "sang", "met friends"][(n + m) % 3];
            let tokens = person.iter().copied().chain(verb.split(' ')).chain(["in"]).chain(place.iter().copied());
            let mut sentence = Sentence::from_tokens(tokens.chain(["."]));
            let start = sentence.len() - 1 - place.len();
            sentence.entities =
                vec![Entity::new(0..person.len(), "PER"), Entity::new(start..start + place.len(), "LOC")];
            all.push(sentence);
        }
    }
    all.push(Sentence::from_tokens(["It", "rains", "."]));
    all.push(Sentence::from_tokens([""; 0]));
    all
}

fn examples(sentences: &[Sentence]) -> Vec<TrainingExample<'_>> {
    sentences.iter().map(|sentence| TrainingExample { sentence, weight: 1.0 }).collect()
}

fn train(options: &CrfTrainOptions) -> CrfTagger {
    CrfTagger::train(&examples(&sentences()), options, &mut |_| ()).unwrap().0
}

fn bytes(tagger: &CrfTagger) -> Vec<u8> {
    let mut bytes = Vec::new();
    tagger.save(&mut bytes).unwrap();
    bytes
}

fn plain(sentence: &Sentence) -> Vec<(std::ops::Range<usize>, &str)> {
    sentence.entities.iter().map(|entity| (entity.span.range(), entity.label.as_str())).collect()
}

#[test]
fn it_learns_what_it_is_shown_and_more() {
    for iobes in [false, true] {
        let tagger = train(&CrfTrainOptions { iobes, ..CrfTrainOptions::default() });
        assert_eq!(tagger.tags(), ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"]);
        let gold = sentences();
        let mut found = gold.clone();
        tagger.tag(&mut found, false).unwrap();
        assert!(gold.iter().zip(&found).all(|(gold, found)| plain(gold) == plain(found)));
        let mut new = [Sentence::from_tokens(["Lena", "Smith", "sang", "in", "Paris", "."])];
        tagger.tag(&mut new, true).unwrap();
        assert_eq!(plain(&new[0]), [(0..2, "PER"), (4..5, "LOC")]);
        let score = new[0].entities[1].score.unwrap();
        let probabilities = new[0].probabilities.as_ref().unwrap();
        assert_eq!(probabilities.labels, tagger.tags());
        assert!(probabilities.rows.iter().all(|row| (row.iter().sum::<f32>() - 1.0).abs() < 1e-5));
        // The entity ends with its token and begins there, which is less probable than the token's tag alone.
        assert!(score > 0.5 && score <= f64::from(probabilities.rows[4][1]) + 1e-6, "{score}");
        new[0].validate().unwrap();
    }
}

#[test]
fn the_same_training_gives_the_same_file_on_one_thread_or_several() {
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| bytes(&train(&CrfTrainOptions::default())))
    };
    assert_eq!(on(1), on(3));
}

#[test]
fn a_model_comes_back_as_it_was_with_names_and_clusters() {
    let mut raw = ClusterBuilder::default();
    for sentence in sentences() {
        raw.add(sentence.tokens());
    }
    assert_eq!(raw.tokens(), sentences().iter().map(Sentence::len).sum::<usize>());
    let list = |name: &str, entries: &[&str]| NameList {
        name: name.into(),
        entries: entries.iter().map(|entry| (*entry).to_owned()).collect(),
    };
    let options = CrfTrainOptions {
        names: vec![list("FIRST", &PEOPLE), list("PLACE", &PLACES)],
        clusters: raw.build(),
        data: "made-up sentences".into(),
        ..CrfTrainOptions::default()
    };
    let tagger = train(&options);
    assert!(tagger.training().starts_with("made-up sentences: 38 sentences"), "{}", tagger.training());
    let again = CrfTagger::from_bytes(&bytes(&tagger)).unwrap();
    assert_eq!(bytes(&again), bytes(&tagger));
    assert_eq!(again.signature(), tagger.signature());
    let (mut one, mut other) = (sentences(), sentences());
    tagger.tag(&mut one, true).unwrap();
    again.tag(&mut other, true).unwrap();
    assert_eq!(one, other);
}

#[test]
fn sentences_count_by_their_weight() {
    let tokens = ["Washington", "spoke"];
    let (mut person, mut place) = (Sentence::from_tokens(tokens), Sentence::from_tokens(tokens));
    person.entities = vec![Entity::new(0..1, "PER")];
    place.entities = vec![Entity::new(0..1, "LOC")];
    let found = |of_person: f64, of_place: f64| {
        let examples = [
            TrainingExample { sentence: &person, weight: of_person },
            TrainingExample { sentence: &place, weight: of_place },
        ];
        let options = CrfTrainOptions { min_count: 1, l1: 0.01, ..CrfTrainOptions::default() };
        let (tagger, _) = CrfTagger::train(&examples, &options, &mut |_| ()).unwrap();
        let mut new = [Sentence::from_tokens(tokens)];
        tagger.tag(&mut new, false).unwrap();
        new[0].entities[0].label.clone()
    };
    assert_eq!(found(3.0, 1.0), "PER");
    assert_eq!(found(1.0, 3.0), "LOC");
}

#[test]
fn training_tells_how_far_it_is_and_goes_down() {
    let mut last = f64::INFINITY;
    let mut count = 0;
    let options = CrfTrainOptions { iterations: 7, tolerance: 0.0, ..CrfTrainOptions::default() };
    let (_, figures) = CrfTagger::train(&examples(&sentences()), &options, &mut |iteration| {
        count += 1;
        assert_eq!((iteration.number, iteration.limit), (count, 7));
        assert!(iteration.objective <= last);
        last = iteration.objective;
    })
    .unwrap();
    assert_eq!((figures.iterations, figures.objective), (7, last));
}

#[test]
fn what_cannot_be_learnt_from_is_refused() {
    let refused = |examples: &[TrainingExample<'_>], options: CrfTrainOptions| {
        CrfTagger::train(examples, &options, &mut |_| ()).unwrap_err()
    };
    let (raw, empty) = (Sentence::from_text("not tokenised"), Sentence::from_tokens(["a"]));
    let usual = CrfTrainOptions::default;
    let example = |sentence, weight| [TrainingExample { sentence, weight }];
    assert!(matches!(refused(&example(&raw, 1.0), usual()), Error::Sentence { index: 0, .. }));
    assert!(matches!(refused(&example(&empty, 0.0), usual()), Error::Sentence { index: 0, .. }));
    assert!(matches!(refused(&example(&empty, f64::NAN), usual()), Error::Sentence { index: 0, .. }));
    assert!(matches!(refused(&example(&empty, 1.0), usual()), Error::Training(_)));
    assert!(matches!(refused(&[], usual()), Error::Training(_)));
    let mut both = sentences();
    both[1].entities.push(Entity::new(0..1, "LOC"));
    let error = refused(&examples(&both), usual());
    assert!(error.to_string().contains("overlaps"), "{error}");
    for options in [
        CrfTrainOptions { l1: -1.0, ..usual() },
        CrfTrainOptions { l2: f64::NAN, ..usual() },
        CrfTrainOptions { min_count: 0, ..usual() },
        CrfTrainOptions { iterations: 0, ..usual() },
        CrfTrainOptions { tolerance: f64::INFINITY, ..usual() },
        CrfTrainOptions { names: vec![NameList { name: "X".into(), entries: vec![] }; 8], ..usual() },
    ] {
        assert!(matches!(refused(&examples(&sentences()), options), Error::Options(_)));
    }
}

#[test]
fn a_sentence_without_tokens_is_named() {
    let tagger = train(&CrfTrainOptions::default());
    let mut batch = [Sentence::from_tokens(["a"]), Sentence::from_text("b c")];
    assert!(matches!(tagger.tag(&mut batch, false), Err(ModelError::Sentence { index: 1, .. })));
}

#[test]
fn a_damaged_model_is_refused() {
    let good = bytes(&train(&CrfTrainOptions::default()));
    for at in (0..good.len()).step_by(41).chain([good.len() - 1]) {
        let mut damaged = good.clone();
        damaged[at] ^= 1;
        assert!(CrfTagger::from_bytes(&damaged).is_err(), "byte {at}");
    }
    for len in (0..good.len()).step_by(67) {
        assert!(CrfTagger::from_bytes(&good[..len]).is_err(), "cut at {len}");
    }
    let newer = [&good[..8], &9_u32.to_le_bytes(), &good[12..]].concat();
    assert!(CrfTagger::from_bytes(&newer).unwrap_err().contains("version 9"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("en.tagger");
    assert!(matches!(CrfTagger::load(&path), Err(Error::File { .. })));
    std::fs::write(&path, "no model").unwrap();
    let error = CrfTagger::load(&path).unwrap_err().to_string();
    assert!(error.contains("en.tagger") && error.contains("xlner train"), "{error}");
}

proptest! {
    /// Bytes with a fitting checksum that no model has: an error or a model that works, never a panic.
    #[test]
    fn hostile_bytes_never_panic(changes in prop::collection::vec((0..4000_usize, any::<u8>()), 1..6), cut in 0..4000_usize) {
        use std::sync::OnceLock;
        static GOOD: OnceLock<Vec<u8>> = OnceLock::new();
        let mut bytes = GOOD.get_or_init(|| bytes(&train(&CrfTrainOptions::default()))).clone();
        for (at, byte) in changes {
            let len = bytes.len();
            bytes[16 + at % (len - 16)] = byte;
        }
        if cut % 3 == 0 {
            bytes.truncate((16 + cut).min(bytes.len()));
        }
        let checksum = crc32fast::hash(&bytes[16..]);
        bytes[12..16].copy_from_slice(&checksum.to_le_bytes());
        if let Ok(tagger) = CrfTagger::from_bytes(&bytes) {
            let mut sentences = sentences();
            tagger.tag(&mut sentences, true).unwrap();
            sentences.iter().for_each(|sentence| sentence.validate().unwrap());
        }
    }

    /// Any text at all.
    #[test]
    fn odd_tokens_are_tagged(tokens in prop::collection::vec(".{0,60}", 0..12)) {
        use std::sync::OnceLock;
        static TAGGER: OnceLock<CrfTagger> = OnceLock::new();
        let tagger = TAGGER.get_or_init(|| train(&CrfTrainOptions::default()));
        let mut sentences = [Sentence::from_tokens(&tokens)];
        tagger.tag(&mut sentences, true).unwrap();
        sentences[0].validate().unwrap();
        let alone = sentences[0].clone();
        let mut several = [Sentence::from_tokens(["Anna", "sang"]), Sentence::from_tokens(&tokens)];
        tagger.tag(&mut several, true).unwrap();
        prop_assert_eq!(&several[1], &alone);
    }
}

#[test]
fn the_built_in_tagger_is_small_and_knows_its_origin() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("models/en.crf");
    assert!(std::fs::metadata(&path).unwrap().len() < 2_000_000);
    let loaded = CrfTagger::load(&path).unwrap();
    assert!(
        loaded.training().starts_with("UNER English EWT, WikiGold, WNUT-17, Broad Twitter Corpus: "),
        "{}",
        loaded.training()
    );
    for name in ["default", "en"] {
        let tagger = xlner_models::open_crf(name).unwrap();
        assert_eq!(tagger.signature(), loaded.signature());
        let mut sentences = [Sentence::from_tokens(["Angela", "Merkel", "visited", "Paris", "."])];
        tagger.tag(&mut sentences, false).unwrap();
        assert_eq!(plain(&sentences[0]), [(0..2, "PER"), (3..4, "LOC")]);
    }
    assert!(matches!(xlner_models::open_crf("no such model"), Err(Error::File { .. })));
}

/// `Acme sells shoes .` and the like: a label that the other sentences do not have.
fn of_companies() -> Vec<Sentence> {
    let sentence = |company: &str| {
        let mut sentence = Sentence::from_tokens([company, "sells", "shoes", "."]);
        sentence.entities = vec![Entity::new(0..1, "ORG")];
        sentence
    };
    ["Acme", "Globex", "Initech", "Umbrella"].map(sentence).into()
}

#[test]
fn training_goes_on_and_nothing_is_forgotten() {
    let general = train(&CrfTrainOptions::default());
    let companies = of_companies();
    let options = CrfTrainOptions { min_count: 1, ..CrfTrainOptions::default() };
    let (tagger, _) = general.adapt(&examples(&companies), &options, &mut |_| ()).unwrap();
    assert_eq!(tagger.labels(), ["LOC", "ORG", "PER"]);
    assert!(tagger.features() > general.features());
    assert!(tagger.training().contains("; before: 38 sentences"), "{}", tagger.training());
    let mut new = [
        Sentence::from_tokens(["Hooli", "sells", "shoes", "."]),
        Sentence::from_tokens(["Lena", "Smith", "sang", "in", "Paris", "."]),
    ];
    tagger.tag(&mut new, false).unwrap();
    assert_eq!(plain(&new[0]), [(0..1, "ORG")]);
    assert_eq!(plain(&new[1]), [(0..2, "PER"), (4..5, "LOC")]);
    let (again, _) = general.adapt(&examples(&companies), &options, &mut |_| ()).unwrap();
    assert_eq!(bytes(&again), bytes(&tagger));
}

#[test]
fn a_strong_prior_is_not_moved() {
    for iobes in [false, true] {
        let general = train(&CrfTrainOptions { iobes, ..CrfTrainOptions::default() });
        let options = CrfTrainOptions { l2: 1e9, ..CrfTrainOptions::default() };
        let (tagger, training) = general.adapt(&examples(&of_companies()), &options, &mut |_| ()).unwrap();
        let (mut before, mut after) = (sentences(), sentences());
        general.tag(&mut before, false).unwrap();
        tagger.tag(&mut after, false).unwrap();
        for (before, after) in before.iter().zip(&after) {
            assert_eq!(plain(before), plain(after));
            for (one, other) in before.entities.iter().zip(&after.entities) {
                // A label more takes its share of the probability.
                assert!((one.score.unwrap() - other.score.unwrap()).abs() < 0.2, "{one:?} {other:?}");
            }
        }
        assert!(training.objective.is_finite());
    }
}

#[test]
fn a_model_keeps_its_own_names_and_scheme() {
    let general = train(&CrfTrainOptions::default());
    let refused = |options: CrfTrainOptions| {
        let error = general.adapt(&examples(&of_companies()), &options, &mut |_| ()).unwrap_err();
        assert!(matches!(error, Error::Options(_)), "{error}");
    };
    let list = NameList { name: "FIRST".into(), entries: vec!["Anna".into()] };
    refused(CrfTrainOptions { names: vec![list], ..CrfTrainOptions::default() });
    refused(CrfTrainOptions { iobes: true, ..CrfTrainOptions::default() });
}
