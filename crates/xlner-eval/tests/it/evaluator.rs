//! What the evaluator counts beyond the published programs, and its rules.

use xlner_core::tags::Scheme;
use xlner_eval::{Error, EvalOptions, Evaluation, Evaluator, Mode, Report, Resampling};

type Sentence<'a> = (&'a str, &'a [&'a str]);

/// Gold and predicted tags, separated by spaces.
fn report(options: &EvalOptions, sentences: &[Sentence], resampling: &Resampling) -> Report {
    let systems: Vec<_> = (0..sentences[0].1.len()).map(|index| (index.to_string(), Scheme::Iob2)).collect();
    let mut evaluator = Evaluator::new(options, Scheme::Iob2, &systems);
    for (gold, predicted) in sentences {
        let mut tags = |line: &str| -> Vec<_> {
            line.split_whitespace().map(|tag| evaluator.intern(tag, Scheme::Iob2).unwrap()).collect()
        };
        let gold = tags(gold);
        let predicted: Vec<_> = predicted.iter().map(|line| tags(line)).collect();
        evaluator.push(&gold, &predicted).unwrap();
    }
    evaluator.finish(resampling)
}

fn evaluate(options: &EvalOptions, sentences: &[Sentence]) -> Evaluation {
    report(options, sentences, &Resampling::NONE).systems.remove(0)
}

#[test]
fn projection_ratio_is_a_mean_over_sentences() {
    let ratio = |sentences: &[Sentence]| evaluate(&EvalOptions::default(), sentences).projection_ratio;
    assert_eq!(ratio(&[("O O", &["O O"])]), 1.0); // neither has any
    assert_eq!(ratio(&[("B-A B-A", &["B-A O"])]), 0.5);
    assert_eq!(ratio(&[("O O", &["B-A B-A"])]), 2.0); // divided by 1
    assert_eq!(ratio(&[("B-A B-A", &["B-A O"]), ("O", &["O"]), ("B-A", &["O"])]), 0.5);
}

#[test]
fn labels_are_mapped_and_ignored_before_reading() {
    let options = EvalOptions {
        map: [("GPE".into(), "LOC".into()), ("WORK".into(), "MISC".into())].into(),
        ignore: ["MISC".into()].into(),
        ..EvalOptions::default()
    };
    let found = evaluate(&options, &[("B-LOC I-GPE O B-WORK", &["B-GPE I-LOC B-MISC I-MISC"])]);
    assert_eq!((found.micro.support, found.micro.predicted, found.micro.correct), (1, 1, 1));
    assert_eq!(found.types.keys().collect::<Vec<_>>(), ["LOC"]);
    assert_eq!(found.token_accuracy, 1.0);
}

#[test]
fn malformed_tags_are_repaired_and_counted_by_file() {
    let found = evaluate(&EvalOptions::default(), &[("B-A I-A O B-A", &["I-A I-A O B-A"])]);
    assert_eq!((found.micro.f1, found.repaired.gold, found.repaired.predicted), (1.0, 0, 1));
}

#[test]
fn nothing_to_count_gives_zeros() {
    let found = evaluate(&EvalOptions::default(), &[("O", &["O"])]);
    assert_eq!((found.micro.f1, found.macro_.f1, found.weighted.f1), (0.0, 0.0, 0.0));
    let empty = Evaluator::new(&EvalOptions::default(), Scheme::Iob2, &[("none", Scheme::Iob2)]);
    let empty = empty.finish(&Resampling::default()).systems.remove(0);
    assert_eq!((empty.token_accuracy, empty.projection_ratio, empty.ci95), (0.0, 0.0, None));
}

#[test]
fn a_better_system_is_significantly_better() {
    let right: Sentence = ("B-A O", &["B-A O", "O B-A"]);
    let even: Sentence = ("B-A O", &["O O", "O O"]);
    let sentences: Vec<Sentence> = [vec![right; 40], vec![even; 10]].concat();
    let report = report(&EvalOptions::default(), &sentences, &Resampling::default());
    let comparison = &report.comparisons[0];
    assert_eq!(comparison.systems, ["0".to_owned(), "1".to_owned()]);
    assert!(comparison.p_value < 0.001, "{}", comparison.p_value);
    let [low, high] = comparison.ci95.unwrap();
    assert!(low > 0.5 && low < comparison.f1_difference && comparison.f1_difference < high);
    let [low, high] = report.systems[0].ci95.unwrap().f1;
    assert!(low < report.systems[0].micro.f1 && report.systems[0].micro.f1 < high);
}

#[test]
fn what_cannot_be_counted_is_an_error_and_is_not_counted() {
    let mut evaluator = Evaluator::new(&EvalOptions::default(), Scheme::Iob2, &[("one", Scheme::Iob2)]);
    assert!(matches!(evaluator.intern("PER", Scheme::Iob2), Err(Error::Tag(_))));
    assert!(evaluator.intern("PER", Scheme::Io).is_ok());
    let outside = evaluator.intern("O", Scheme::Iob2).unwrap();
    let error = evaluator.push(&[outside], &[vec![outside; 2]]).unwrap_err();
    assert_eq!(error, Error::Length { gold: 1, predicted: 2 });
    assert_eq!(evaluator.sentences(), 0);

    let strict = EvalOptions { mode: Mode::Strict, ..EvalOptions::default() };
    let mut evaluator = Evaluator::new(&strict, Scheme::Iob2, &[("one", Scheme::Iob2)]);
    assert!(matches!(evaluator.intern("E-PER", Scheme::Iob2), Err(Error::NotInScheme { scheme: "iob2", .. })));
}

/// A long gold entity touched at one of its 150 tokens: less than nervaluate's one per cent.
#[test]
fn partial_matches_follow_nervaluate() {
    let gold = format!("B-A{}", " I-A".repeat(149));
    let predicted = format!("B-A{}", " O".repeat(149));
    let found = evaluate(&EvalOptions::default(), &[(&gold, &[&predicted])]).semeval2013.partial.counts;
    assert_eq!((found.partial, found.missed, found.spurious), (0, 1, 1));
    let found = evaluate(&EvalOptions::default(), &[("B-A I-A O", &["O B-B I-B"])]).semeval2013;
    assert_eq!((found.partial.counts.partial, found.type_.counts.incorrect, found.exact.counts.incorrect), (1, 1, 1));
    assert_eq!(found.partial.f1, 0.5);
}

/// By type, only entities of that type count on both sides; the counts are those of nervaluate 1.2.1.
#[test]
fn partial_matches_by_type_follow_nervaluate() {
    let sentences: [(&str, &[&str]); 2] =
        [("B-A I-A O B-A B-B O", &["O B-B I-B B-A I-A O"]), ("B-A I-A I-A B-B", &["B-A O B-A B-B"])];
    let found = evaluate(&EvalOptions::default(), &sentences).semeval2013_types;
    let counts = |label: &str| {
        let of = &found[label];
        [of.strict, of.partial, of.type_, of.exact].map(|way| {
            let c = way.counts;
            [c.correct, c.incorrect, c.partial, c.missed, c.spurious]
        })
    };
    assert_eq!(counts("A"), [[0, 2, 0, 1, 1], [0, 0, 2, 1, 1], [2, 0, 0, 1, 1], [0, 2, 0, 1, 1]]);
    assert_eq!(counts("B"), [[1, 0, 0, 1, 1]; 4]);
}
