//! What a trained aligner must do, whatever the text.

use crate::support::{bytes, check, links, made_up, tokens, train};
use proptest::prelude::*;
use xlner_align::{
    Bitext, Columns, Counts, CountsError, Model, PairCounts, TrainOptions, Trainer, Vocabularies, WordCounts,
    WordVectors,
};

fn options() -> TrainOptions {
    TrainOptions::default()
}

/// Trains on the pairs and checks the posteriors of each of them.
fn train_and_check(pairs: &[(Vec<String>, Vec<String>)]) {
    let model = train(pairs, &options(), None);
    for (source, target) in pairs {
        check(&model.posteriors(source, target), source.len(), target.len());
    }
}

#[test]
fn the_model_does_not_depend_on_threads_or_runs() {
    let pairs = made_up(300, 12);
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be started");
        pool.install(|| bytes(&train(&pairs, &options(), None)))
    };
    let one = with(1);
    assert!(one == with(2), "two threads");
    assert!(one == with(1), "again");
    assert!(one == bytes(&train(&pairs, &options(), None)), "the global threads");
}

#[test]
fn translations_are_learnt() {
    let pairs = made_up(300, 12);
    let model = train(&pairs, &options(), None);
    let (mut right, mut found, mut given) = (0, 0, 0);
    for (source, target) in &pairs {
        let alignment = links(&model.posteriors(source, target));
        // The letters of a word and of its translation differ by 19 places.
        let translated = |word: &str| word.bytes().map(|byte| (byte + 19) as char).collect::<String>();
        given += target.len();
        found += alignment.links().len();
        right += alignment
            .links()
            .iter()
            .filter(|l| translated(&source[l.source as usize]) == target[l.target as usize])
            .count();
    }
    assert!(right * 100 >= found * 95 && right * 100 >= given * 90, "{right} of {found} found, {given} given");
}

#[test]
fn odd_text_gives_probabilities() {
    let repeated = |word: &str, times: usize| vec![word.to_owned(); times];
    let distinct = |count: usize| (0..count).map(|at| format!("w{at}")).collect::<Vec<_>>();
    for pairs in [
        vec![],
        vec![(vec![], vec![])],
        vec![(tokens("a"), tokens("b"))],
        vec![(tokens("a house"), vec![]), (vec![], tokens("ein Haus")), (tokens("a house"), tokens("ein Haus"))],
        vec![(repeated("same", 200), repeated("gleich", 200))],
        vec![(repeated("same", 200), repeated("same", 3))],
        vec![(tokens(". , ; ( ) — … « »"), tokens("。 ， （ ） . .")), (tokens("!"), tokens("?"))],
        vec![(distinct(1000), distinct(900)), (distinct(1), distinct(1000))],
        vec![(tokens("\u{301} \u{200b} ﷽ 🇩🇪"), tokens("\u{0} İ ß ﬃ"))],
    ] {
        train_and_check(&pairs);
    }
}

#[test]
fn a_copy_is_linked_along_the_diagonal() {
    let mut pairs = made_up(40, 15);
    pairs.iter_mut().for_each(|(source, target)| target.clone_from(source));
    let model = train(&pairs, &options(), None);
    for (source, target) in &pairs {
        let alignment = links(&model.posteriors(source, target));
        assert!((0..source.len() as u32).all(|at| alignment.contains(at, at)), "{source:?}: {:?}", alignment.links());
        // A word that stands twice may be linked to its double.
        assert!(alignment.links().iter().all(|l| source[l.source as usize] == target[l.target as usize]));
    }
}

#[test]
fn a_pair_of_nine_million_cells_is_cut_and_its_cells_are_in_order() {
    let model = train(&made_up(50, 10), &options(), None);
    let words: Vec<String> = (0..3000u32).map(|at| format!("{}", at * 7919 % 100_003)).collect();
    let posteriors = model.posteriors(&words, &words);
    check(&posteriors, 3000, 3000);
    let alignment = links(&posteriors);
    let linked = (0..3000).filter(|&at| alignment.contains(at, at)).count();
    assert!(linked > 2900, "{linked}");
    // Long on one side only.
    check(&model.posteriors(&words[..1], &words), 1, 3000);
    check(&model.posteriors(&words, &[] as &[&str]), 3000, 0);
}

#[test]
fn a_dictionary_changes_the_links() {
    let pairs = vec![(tokens("red blue"), tokens("kroz vlam"))];
    let with = |a: &str, b: &str| {
        let dictionary = vec![("red".into(), a.into()), ("Blue".into(), b.into()), ("green tea".into(), "zed".into())];
        let model = train(&pairs, &TrainOptions { dictionary, ..options() }, None);
        let unseen = model.posteriors(&["green"], &["zed"]);
        assert!(links(&unseen).contains(0, 0), "words that only the dictionary has");
        links(&model.posteriors(&pairs[0].0, &pairs[0].1))
    };
    let straight = with("kroz", "vlam");
    assert!(straight.contains(0, 0) && straight.contains(1, 1) && straight.links().len() == 2);
    let crossed = with("vlam", "kroz");
    assert!(crossed.contains(0, 1) && crossed.contains(1, 0) && crossed.links().len() == 2);
}

#[test]
fn going_on_keeps_what_was_known() {
    let pairs = made_up(300, 12);
    let first = train(&pairs, &options(), None);
    let more = [(tokens("tree house"), tokens("ulom prin")), (tokens("tree"), tokens("ulom"))];
    let second = train(&more, &options(), Some(&first));
    let (source, target) = &pairs[0];
    let (before, after) = (links(&first.posteriors(source, target)), links(&second.posteriors(source, target)));
    let kept = before.links().iter().filter(|l| after.contains(l.source, l.target)).count();
    assert!(kept * 10 >= before.links().len() * 9, "{:?} {:?}", before.links(), after.links());
    assert!(links(&second.posteriors(&more[0].0, &more[0].1)).contains(0, 0), "and learns");
    assert_eq!(second.vocabulary().0, first.vocabulary().0 + 2);
    // What only the first text shows is not known without it.
    let alone = links(&train(&more, &options(), None).posteriors(source, target));
    assert!(alone.links().len() < before.links().len());
}

#[test]
fn unseen_words_are_linked_by_spelling() {
    let model = train(&made_up(100, 10), &options(), None);
    let (source, target) = (tokens("Khrushchev met Rockefeller 1959"), tokens("1959 Rokfeller Хрущёв"));
    let alignment = links(&model.posteriors(&source, &target));
    assert!(alignment.contains(2, 1) && alignment.contains(3, 0), "{:?}", alignment.links());
    assert!(!alignment.links().iter().any(|l| l.source == 1), "{:?}", alignment.links());
}

#[test]
fn parameters_stay_below_the_most() {
    let pairs = made_up(400, 12);
    let (all, few) =
        (train(&pairs, &options(), None), train(&pairs, &TrainOptions { max_parameters: 4000, ..options() }, None));
    assert!(
        few.parameters() <= 4000 && few.parameters() < all.parameters(),
        "{} {}",
        few.parameters(),
        all.parameters()
    );
    let none = train(&pairs, &TrainOptions { max_parameters: 0, ..options() }, None);
    assert_eq!(none.parameters(), 0);
    check(&few.posteriors(&pairs[0].0, &pairs[0].1), pairs[0].0.len(), pairs[0].1.len());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn small_bitexts_give_probabilities(
        pairs in proptest::collection::vec(
            (proptest::collection::vec("[a-c]{1,2}|[.,1]|[а-в]", 0..7), proptest::collection::vec("[a-c]{1,2}|[.,1]|[а-в]", 0..7)),
            0..6,
        ),
        iterations in 0usize..4,
        max_parameters in prop_oneof![Just(usize::MAX), 0usize..60],
    ) {
        let options = TrainOptions { iterations, max_parameters, ..TrainOptions::default() };
        let model = train(&pairs, &options, None);
        for (source, target) in &pairs {
            check(&model.posteriors(source, target), source.len(), target.len());
        }
        prop_assert!(model.parameters() <= max_parameters);
        prop_assert_eq!(bytes(&model), bytes(&train(&pairs, &options, None)));
        let again = train(&pairs, &options, Some(&model));
        for (source, target) in &pairs {
            check(&again.posteriors(source, target), source.len(), target.len());
        }
    }
}

/// Trains on parts of a text that are counted apart and added up in the given order.
fn train_in_parts(parts: &[Bitext], options: &TrainOptions) -> Model {
    let (mut words, mut pairs) = (WordCounts::default(), PairCounts::default());
    parts.iter().for_each(|part| words.merge(&WordCounts::of(part)));
    let vocabularies = Vocabularies::new(&words, options, None);
    parts.iter().for_each(|part| pairs.merge(&PairCounts::of(part, &vocabularies)));
    let mut trainer = Trainer::new(vocabularies, pairs.keys(options.max_parameters), options, None);
    while !trainer.is_done() {
        let mut counts = trainer.expect(&Bitext::default());
        for part in parts {
            let columns = trainer.expect(part).to_columns(&trainer).unwrap();
            counts.merge(&Counts::from_columns(&columns, &trainer).unwrap()).unwrap();
        }
        trainer.maximise(counts).unwrap();
    }
    trainer.finish()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn the_same_model_whatever_the_parts_their_order_and_the_threads(
        order in Just((0..130usize).collect::<Vec<_>>()).prop_shuffle(),
        room in prop::sample::select(vec![400usize, 88_000_000]),
    ) {
        let mut pairs = made_up(129, 9);
        // A long pair among them.
        let long = made_up(1, 400).remove(0);
        pairs.push(long);
        let options = TrainOptions { max_parameters: room, iterations: 2, ..options() };
        let whole = bytes(&train(&pairs, &options, None));
        for (shards, threads) in [(1, 3), (2, 1), (7, 2), (64, 4)] {
            let mut parts = vec![Bitext::default(); shards];
            for (at, &pair) in order.iter().enumerate() {
                let (source, target) = &pairs[pair];
                parts[at * at % shards].push(source, target);
            }
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            prop_assert!(bytes(&pool.install(|| train_in_parts(&parts, &options))) == whole, "{} parts", shards);
        }
    }
}

#[test]
fn counts_of_another_pass_are_refused() {
    let mut bitext = Bitext::default();
    bitext.push(["a", "b"], ["c"]);
    let vocabularies = Vocabularies::new(&WordCounts::of(&bitext), &options(), None);
    let keys = PairCounts::of(&bitext, &vocabularies).keys(1000);
    let mut trainer = Trainer::new(vocabularies, keys, &options(), None);
    let old = trainer.expect(&bitext);
    trainer.maximise(old.clone()).unwrap();
    let mut new = trainer.expect(&bitext);
    assert_eq!(new.merge(&old), Err(CountsError::Pass));
    assert_eq!(trainer.maximise(old), Err(CountsError::Pass));
    let wrong = Columns { kind: vec![9], source: vec![0], target: vec![0], count: vec![1] };
    assert_eq!(Counts::from_columns(&wrong, &trainer), Err(CountsError::Row(0)));
    let uneven = Columns { kind: vec![0], ..Columns::default() };
    assert_eq!(Counts::from_columns(&uneven, &trainer), Err(CountsError::Lengths));
}

/// Columns as bytes, as a framework hands them from process to process.
fn sent(columns: &Columns) -> Columns {
    let bytes = |values: &[i64]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    let values = |bytes: Vec<u8>| bytes.chunks_exact(8).map(|x| i64::from_le_bytes(x.try_into().unwrap())).collect();
    let there_and_back = |values_: Vec<i64>| -> Vec<i64> { values(bytes(&values_)) };
    let wide = |values: &[u32]| there_and_back(values.iter().map(|&x| i64::from(x)).collect());
    Columns {
        kind: there_and_back(columns.kind.iter().map(|&x| i64::from(x)).collect()).iter().map(|&x| x as u8).collect(),
        source: wide(&columns.source).iter().map(|&x| x as u32).collect(),
        target: wide(&columns.target).iter().map(|&x| x as u32).collect(),
        count: there_and_back(columns.count.clone()),
    }
}

/// What a worker does that has nothing but its part of the text and what it is sent.
struct Worker {
    part: Bitext,
    folder: std::path::PathBuf,
}

impl Worker {
    fn words(&self) -> Vec<(bool, String, u64)> {
        WordCounts::of(&self.part).iter().map(|(target, word, count)| (target, word.to_owned(), count)).collect()
    }

    fn pairs(&self, words: &[(bool, String, u64)]) -> Columns {
        let mut counts = WordCounts::default();
        words.iter().for_each(|(target, word, count)| counts.add(*target, word, *count));
        sent(&PairCounts::of(&self.part, &Vocabularies::new(&counts, &options(), None)).to_columns())
    }

    fn expect(&self, trainer: &[u8]) -> Columns {
        let path = self.folder.join("trainer");
        std::fs::write(&path, trainer).unwrap();
        let trainer = Trainer::load(&path).unwrap();
        sent(&trainer.expect(&self.part).to_columns(&trainer).unwrap())
    }
}

#[test]
fn three_processes_that_send_each_other_bytes_train_the_same_model() {
    let pairs = made_up(150, 9);
    let folder = tempfile::tempdir().unwrap();
    let mut workers: Vec<Worker> = Vec::new();
    for at in 0..3 {
        let path = folder.path().join(at.to_string());
        std::fs::create_dir(&path).unwrap();
        workers.push(Worker { part: Bitext::default(), folder: path });
    }
    for (at, (source, target)) in pairs.iter().enumerate() {
        workers[at % 3].part.push(source, target);
    }
    let mut counts = WordCounts::default();
    for (target, word, count) in workers.iter().flat_map(Worker::words) {
        counts.add(target, &word, count);
    }
    let words: Vec<_> = counts.iter().map(|(target, word, count)| (target, word.to_owned(), count)).collect();
    let mut keys = PairCounts::default();
    workers.iter().for_each(|worker| keys.merge(&PairCounts::from_columns(&worker.pairs(&words)).unwrap()));
    let vocabularies = Vocabularies::new(&counts, &options(), None);
    let mut trainer = Trainer::new(vocabularies, keys.keys(options().max_parameters), &options(), None);
    while !trainer.is_done() {
        let mut bytes = Vec::new();
        trainer.save(&mut bytes).unwrap();
        // The driver may be another process in every pass, too.
        let path = folder.path().join("driver");
        std::fs::write(&path, &bytes).unwrap();
        trainer = Trainer::load(&path).unwrap();
        let mut sum: Option<Counts> = None;
        for worker in workers.iter().rev() {
            let counts = Counts::from_columns(&worker.expect(&bytes), &trainer).unwrap();
            match &mut sum {
                Some(sum) => sum.merge(&counts).unwrap(),
                None => sum = Some(counts),
            }
        }
        trainer.maximise(sum.unwrap()).unwrap();
    }
    assert!(bytes(&trainer.finish()) == bytes(&train(&pairs, &options(), None)));
}

#[test]
fn a_damaged_trainer_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t");
    let mut bitext = Bitext::default();
    bitext.push(["a", "b"], ["c"]);
    let vocabularies = Vocabularies::new(&WordCounts::of(&bitext), &options(), None);
    let keys = PairCounts::of(&bitext, &vocabularies).keys(1000);
    let mut whole = Vec::new();
    Trainer::new(vocabularies, keys, &options(), None).save(&mut whole).unwrap();
    let load = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        Trainer::load(&path)
    };
    assert!(load(&whole).is_ok());
    for at in (0..whole.len()).step_by(61) {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        assert!(load(&damaged).is_err(), "byte {at}");
        assert!(load(&whole[..at]).is_err(), "cut at {at}");
    }
    assert!(Model::load(&path).unwrap_err().to_string().contains("no aligner model"));
}

#[test]
fn given_links_and_vectors_change_the_links() {
    let source = tokens("red blue");
    let target = tokens("kroz vlam");
    let crossed = xlner_core::Alignment::from_pairs([(0, 1), (1, 0)]);
    let mut bitext = Bitext::default();
    bitext.push_given(&source, &target, &crossed);
    let model = Model::train(&bitext, &options(), None, &mut |_| ());
    let given = model.posteriors_given(&source, &target, &crossed, &mut xlner_align::Scratch::default());
    let found = links(&given);
    assert!(found.contains(0, 1) && found.contains(1, 0) && found.len() == 2, "{found:?}");

    let mut vectors = WordVectors::new(2);
    for (word, vector) in [("red", [1.0, 0.1]), ("Blue", [0.1, 1.0]), ("kroz", [0.0, 1.0]), ("vlam", [1.0, 0.0])] {
        vectors.push(word, [true, true], &vector).unwrap();
    }
    let pairs = vec![(source, target)];
    let model = train(&pairs, &TrainOptions { vectors: Some(vectors), ..options() }, None);
    let found = links(&model.posteriors(&pairs[0].0, &pairs[0].1));
    assert!(found.contains(0, 1) && found.contains(1, 0) && found.len() == 2, "{found:?}");
}
