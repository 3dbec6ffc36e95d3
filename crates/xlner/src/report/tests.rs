//! Error classes on small sentences; the page of made-up and hostile ones.

use std::collections::BTreeMap;

use xlner_core::{Alignment, Entity, Pair, Projection, Reason, Sentence, Unprojected};
use xlner_eval::Resampling;

use super::*;

/// `Obama visited Berlin .` – `Obama besuchte Berlin .`, all tokens linked, both names projected.
fn pair() -> Pair {
    let mut source = Sentence::from_tokens(["Obama", "visited", "Berlin", "."]);
    source.entities = vec![Entity::new(0..1, "PER"), Entity::new(2..3, "LOC")];
    let mut target = Sentence::from_tokens(["Obama", "besuchte", "Berlin", "."]);
    target.entities = vec![projected(0..1, "PER", 0), projected(2..3, "LOC", 1)];
    let alignment = Some(Alignment::from_pairs((0..4).map(|token| (token, token))));
    Pair { source, target, alignment, projection: Some(Projection::default()), ..Pair::default() }
}

fn projected(span: std::ops::Range<usize>, label: &str, from: usize) -> Entity {
    Entity { score: Some(0.5 + from as f64), from: Some(from), ..Entity::new(span, label) }
}

fn gold() -> Vec<Entity> {
    vec![Entity::new(0..1, "PER"), Entity::new(2..3, "LOC")]
}

/// Nothing was projected from a source entity.
fn unproject(pair: &mut Pair, entity: usize, reason: Reason) {
    pair.target.entities.retain(|target| target.from != Some(entity));
    pair.projection.get_or_insert_default().unprojected.push(Unprojected { entity, reason });
}

/// Class, gold, predicted, source and reason of the only error.
fn only(pair: &Pair, gold: &[Entity]) -> Finding {
    let comparison = classify(pair, gold);
    assert_eq!(comparison.findings.len(), 1, "{:?}", comparison.findings);
    comparison.findings[0]
}

fn finding(class: ErrorClass, gold: Option<usize>, predicted: Option<usize>, source: Option<usize>) -> Finding {
    Finding { class, gold, predicted, source, reason: None }
}

#[test]
fn what_is_right_is_no_error() {
    let comparison = classify(&pair(), &gold());
    assert_eq!(comparison, Classified { right: vec![(0, 0), (1, 1)], findings: vec![] });
}

#[test]
fn wrong_type() {
    let gold = [Entity::new(0..1, "PER"), Entity::new(2..3, "ORG")];
    assert_eq!(only(&pair(), &gold), finding(ErrorClass::WrongType, Some(1), Some(1), Some(1)));
}

#[test]
fn wrong_boundary() {
    let gold = [Entity::new(0..1, "PER"), Entity::new(1..3, "LOC")];
    assert_eq!(only(&pair(), &gold), finding(ErrorClass::WrongBoundary, Some(1), Some(1), Some(1)));
}

#[test]
fn wrong_boundary_and_type() {
    let gold = [Entity::new(0..1, "PER"), Entity::new(2..4, "ORG")];
    assert_eq!(only(&pair(), &gold), finding(ErrorClass::WrongBoundaryAndType, Some(1), Some(1), Some(1)));
}

#[test]
fn spurious() {
    let gold = [Entity::new(0..1, "PER")];
    assert_eq!(only(&pair(), &gold), finding(ErrorClass::Spurious, None, Some(1), Some(1)));
}

#[test]
fn unprojected_with_its_reason() {
    let mut pair = pair();
    unproject(&mut pair, 1, Reason::Conflict);
    let expected = finding(ErrorClass::Unprojected, Some(1), None, Some(1));
    assert_eq!(only(&pair, &gold()), Finding { reason: Some(Reason::Conflict), ..expected });
    pair.projection = None;
    assert_eq!(only(&pair, &gold()), expected);
}

#[test]
fn unaligned_without_counterpart() {
    // Neither linked nor spelt alike: the label says which source entity it was.
    let mut pair = pair();
    pair.target = Sentence::from_tokens(["Obama", "besuchte", "Wien", "."]);
    pair.target.entities = vec![projected(0..1, "PER", 0)];
    pair.alignment = Some(Alignment::from_pairs([(0, 0), (1, 1), (3, 3)]));
    unproject(&mut pair, 1, Reason::Unaligned);
    let expected = finding(ErrorClass::Unprojected, Some(1), None, Some(1));
    assert_eq!(only(&pair, &gold()), Finding { reason: Some(Reason::Unaligned), ..expected });
    // It explains one gold entity only, and none of another label.
    let two = [Entity::new(0..1, "PER"), Entity::new(2..3, "LOC"), Entity::new(3..4, "LOC")];
    pair.alignment = Some(Alignment::from_pairs([(0, 0), (1, 1)]));
    let classes: Vec<_> = classify(&pair, &two).findings.iter().map(|finding| finding.class).collect();
    assert_eq!(classes, [ErrorClass::Unprojected, ErrorClass::MissedInTranslation]);
    let other = [Entity::new(0..1, "PER"), Entity::new(2..3, "ORG")];
    assert_eq!(only(&pair, &other).class, ErrorClass::MissedInTranslation);
}

#[test]
fn misplaced() {
    let mut pair = pair();
    pair.target.entities[1].span = (3..4).into();
    let comparison = classify(&pair, &gold());
    let expected =
        [finding(ErrorClass::Misplaced, Some(1), None, Some(1)), finding(ErrorClass::Spurious, None, Some(1), Some(1))];
    assert_eq!(comparison.findings, expected);
}

#[test]
fn missed_by_the_tagger() {
    let mut pair = pair();
    pair.source.entities.pop();
    pair.target.entities.pop();
    assert_eq!(only(&pair, &gold()), finding(ErrorClass::MissedByTagger, Some(1), None, None));
    // Spelling stands in for links.
    pair.alignment = None;
    assert_eq!(only(&pair, &gold()).class, ErrorClass::MissedByTagger);
}

#[test]
fn missed_in_translation() {
    let mut pair = pair();
    pair.source = Sentence::from_tokens(["Obama", "went", "there", "."]);
    pair.source.entities = vec![Entity::new(0..1, "PER")];
    pair.target.entities.pop();
    pair.alignment = Some(Alignment::from_pairs([(0, 0), (1, 1), (3, 3)]));
    assert_eq!(only(&pair, &gold()), finding(ErrorClass::MissedInTranslation, Some(1), None, None));
}

#[test]
fn missed_without_links_or_source() {
    let mut pair = pair();
    pair.source = Sentence::from_tokens(["Obama", "went", "there", "."]);
    pair.source.entities = vec![Entity::new(0..1, "PER")];
    pair.target.entities.pop();
    pair.alignment = None;
    assert_eq!(only(&pair, &gold()), finding(ErrorClass::Missed, Some(1), None, None));
    pair.source = Sentence::default();
    assert_eq!(only(&pair, &gold()), finding(ErrorClass::Missed, Some(1), None, None));
}

#[test]
fn a_name_in_pieces_gives_every_piece_one_class() {
    let mut pair = pair();
    pair.target.entities = vec![projected(0..1, "LOC", 0), projected(1..2, "PER", 0), projected(3..4, "LOC", 1)];
    // Both first pieces share one token with it: the label decides, and the other is left over.
    let gold = [Entity::new(0..2, "PER")];
    let expected = [
        finding(ErrorClass::WrongBoundary, Some(0), Some(1), Some(0)),
        finding(ErrorClass::WrongBoundaryAndType, None, Some(0), Some(0)),
        finding(ErrorClass::Spurious, None, Some(2), Some(1)),
    ];
    assert_eq!(classify(&pair, &gold).findings, expected);
    // Two names run together.
    pair.target.entities = vec![projected(0..3, "PER", 0)];
    let gold = [Entity::new(0..1, "PER"), Entity::new(1..3, "PER")];
    let expected = [
        finding(ErrorClass::WrongBoundary, Some(0), None, Some(0)),
        finding(ErrorClass::WrongBoundary, Some(1), Some(0), Some(0)),
    ];
    assert_eq!(classify(&pair, &gold).findings, expected);
}

/// Several sentences of one system.
fn analysis(sentences: &[(Pair, Option<Vec<Entity>>)]) -> Analysis {
    let mut analyser = Analyser::new(&["ours"], 10);
    for (pair, gold) in sentences {
        analyser.push(std::slice::from_ref(pair), gold.as_deref()).unwrap();
    }
    analyser.finish("Title", &Resampling::NONE)
}

#[test]
fn counts_add_up() {
    let mut missing = pair();
    unproject(&mut missing, 1, Reason::Unaligned);
    let wrong = vec![Entity::new(0..1, "ORG"), Entity::new(1..3, "LOC")];
    let analysis = analysis(&[(pair(), Some(gold())), (missing, Some(gold())), (pair(), Some(wrong))]);
    assert_eq!(analysis.gold, Some(BTreeMap::from([("LOC".into(), 3), ("ORG".into(), 1), ("PER".into(), 2)])));
    let system = &analysis.systems[0];
    let micro = system.figures.as_ref().unwrap().micro;
    let not_found: u64 = system.errors.iter().map(|group| group.gold).sum();
    let wrong: u64 = system.errors.iter().map(|group| group.predicted).sum();
    assert_eq!((not_found, wrong), (micro.support - micro.correct, micro.predicted - micro.correct));
    let confusion = system.confusion.as_ref().unwrap();
    assert_eq!(confusion.labels, ["LOC", "ORG", "PER"]);
    assert_eq!(confusion.counts, [[2, 0, 0, 1], [0, 0, 1, 0], [0, 0, 2, 0], [0, 0, 0, 0]]);
    let projection = system.projection.as_ref().unwrap();
    assert_eq!((projection.source_entities, projection.projected, projection.aligned), (6, 5, 3));
    assert_eq!(projection.unprojected, BTreeMap::from([("unaligned", 1)]));
    assert_eq!(system.lengths[0], Length { tokens: 1, gold: Some(5), predicted: 5, right: Some(3) });
    let form = Form { form: "Berlin".into(), label: "LOC".into(), count: 1 };
    assert_eq!((&system.frequent.missed, &system.frequent.unprojected), (&vec![form.clone()], &vec![form]));
    assert_eq!(system.sentences.len(), 1);
    assert_eq!(system.score.as_ref().unwrap().thresholds[0].kept, 5);
}

#[test]
fn without_gold_there_are_counts_and_sentences() {
    let mut missing = pair();
    unproject(&mut missing, 1, Reason::Unaligned);
    let analysis = analysis(&[(pair(), None), (missing, None)]);
    let system = &analysis.systems[0];
    assert!(analysis.gold.is_none() && system.figures.is_none() && system.errors.is_empty());
    assert_eq!(system.predicted, BTreeMap::from([("LOC".into(), 1), ("PER".into(), 2)]));
    assert_eq!(system.unprojected["unaligned"].len(), 1);
    assert_eq!(system.score.as_ref().unwrap().bins[0].right, None);
    let html = analysis.html();
    assert!(html.contains("not projected: unaligned") && !html.contains("Labels confused"));
}

#[test]
fn several_systems_are_compared() {
    let mut other = pair();
    other.target.entities.pop();
    let mut analyser = Analyser::new(&["ours", "theirs"], 3);
    analyser.push(&[pair(), other], Some(&gold())).unwrap();
    let analysis = analyser.finish("Two", &Resampling { bootstrap: 10, randomization: 10, seed: 1 });
    assert_eq!(analysis.comparisons.len(), 1);
    let html = analysis.html();
    assert!(html.contains("Systems compared") && html.contains("paired approximate randomisation"));
    assert!(html.contains(r##"<a href="#s1">theirs</a>"##) && html.contains(r#"<section id="s1">"#));
}

#[test]
fn sentences_that_do_not_fit_are_refused() {
    let mut analyser = Analyser::new(&["ours"], 1);
    let mut overlapping = pair();
    overlapping.target.entities[1].span = (0..2).into();
    let (system, problem) = analyser.push(&[overlapping], None).unwrap_err();
    assert!(system == Some(0) && problem.contains("overlap"), "{problem}");
    let mut outside = pair();
    outside.alignment = Some(Alignment::from_pairs([(0, 9)]));
    assert!(analyser.push(&[outside], None).is_err());
    let raw = Pair { target: Sentence::from_text("no tokens"), ..Pair::default() };
    assert!(analyser.push(&[raw], None).unwrap_err().1.contains("no tokens"));
    assert!(analyser.push(&[pair()], Some(&[Entity::new(0..9, "PER")])).is_err());
    analyser.push(&[pair()], None).unwrap();
    assert_eq!(analyser.push(&[pair()], Some(&gold())).unwrap_err().0, None);
    assert_eq!(analyser.finish("", &Resampling::NONE).sentences, 1);
}

#[test]
fn hostile_text_is_escaped_everywhere() {
    let hostile = r#"<script>alert("x")</script>&'"#;
    let mut pair = pair();
    pair.id = hostile.into();
    for sentence in [&mut pair.source, &mut pair.target] {
        let mut other = Sentence::from_tokens([hostile, "]]>", "<!--", "</style>"]);
        other.lang = Some(r#""><script>"#.into());
        other.entities = vec![Entity::new(0..1, hostile), Entity::new(2..3, r#"" onload=""#)];
        let region = serde_json::json!({"page": hostile, "bbox": [0, 0, 1, 1], "start": 0.0, "end": 1.0});
        other.regions = Some(vec![region; 4]);
        *sentence = other;
    }
    let mut analyser = Analyser::new(&[hostile, "other"], 10);
    let gold = [Entity::new(0..2, hostile), Entity::new(3..4, "</table>")];
    analyser.push(&[pair.clone(), pair], Some(&gold)).unwrap();
    let analysis = analyser.finish(hostile, &Resampling { bootstrap: 0, randomization: 10, seed: 1 });
    let html = analysis.html();
    // The page's own style and script are all there is.
    assert_eq!(html.matches("<script").count(), 1);
    assert_eq!((html.matches("</script").count(), html.matches("</style").count()), (1, 1));
    for raw in ["<!--", "]]>", r#"alert("x")"#, r#"" onload=""#, r#"=""><"#] {
        assert!(!html.contains(raw), "{raw}");
    }
    assert!(html.contains("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;'"));
    assert_eq!(html, analysis.html());
}

#[test]
fn the_page_needs_nothing_else() {
    let html = analysis(&[(pair(), Some(vec![Entity::new(0..1, "ORG")]))]).html();
    let html = html.replace("http://www.w3.org/", "");
    for outside in ["http:", "https:", "src=", "@import", "url(", "<link", "<img", "<iframe"] {
        assert!(!html.contains(outside), "{outside}");
    }
    assert!(html.contains("prefers-color-scheme: dark") && html.contains(r#"name="viewport""#));
}

/// What the script is given of the pairs in a page.
fn pairs_in(html: &str) -> Vec<serde_json::Value> {
    let attributes = html.split("data-pair=\"").skip(1).map(|rest| &rest[..rest.find('"').unwrap()]);
    let plain =
        |text: &str| text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    attributes.map(|text| serde_json::from_str(&plain(text)).unwrap()).collect()
}

#[test]
fn a_pair_is_complete_without_script_and_given_to_it() {
    let html = analysis(&[(pair(), Some(vec![Entity::new(0..1, "PER"), Entity::new(2..3, "ORG")]))]).html();
    // Without script: text, entities with labels, and where their links lead.
    assert!(html.contains(r#"<span class="entity l0 differs focus">Berlin</span>"#), "{html}");
    assert!(html.contains(">source</dt>") && html.contains(">gold</dt>") && html.contains("<bdi>Berlin</bdi>."));
    let data = &pairs_in(&html)[0];
    assert_eq!(data["target"]["tokens"][1], serde_json::json!([6, 14]));
    assert_eq!(data["links"].as_array().unwrap().len(), 4);
    assert_eq!(
        data["rows"][0][1],
        serde_json::json!({"start": 2, "end": 3, "label": "LOC", "wrong": true, "focus": true})
    );
    assert_eq!(data["rows"][1][1]["label"], "ORG");
}

#[test]
fn a_pair_without_links_is_shown_all_the_same() {
    let mut pair = pair();
    pair.alignment = None;
    pair.target.entities[1].label = "ORG".into();
    let html = analysis(&[(pair, Some(gold()))]).html();
    assert!(pairs_in(&html)[0]["links"].is_null() && html.contains("The pairs carry no links."));
}

#[test]
fn figures_by_type_and_of_parts_are_in_the_page() {
    let mut missing = pair();
    unproject(&mut missing, 1, Reason::Unaligned);
    let analysis = analysis(&[(pair(), Some(gold())), (missing, Some(gold()))]);
    let system = &analysis.systems[0];
    let loc = system.figures.as_ref().unwrap().semeval2013_types["LOC"];
    assert_eq!((loc.strict.counts.correct, loc.strict.counts.missed), (1, 1));
    let forms: Vec<_> =
        system.by_form.iter().map(|part| (part.name.as_str(), part.scores.support, part.scores.correct)).collect();
    assert_eq!(forms, [("seen", 2, 1), ("unseen", 2, 2)]);
    assert_eq!((system.sentence_lengths.len(), system.sentence_lengths[0].scores.support), (1, 4));
    assert_eq!((analysis.consistency.as_ref().unwrap().share(), system.consistency.forms), (Some(1.0), 1));
    let html = analysis.html();
    for part in [
        "mean weighted by gold",
        "SemEval-2013: strict",
        "By number of tokens",
        "a gold entity of an earlier sentence",
        "Consistency of labels",
    ] {
        assert!(html.contains(part), "{part}");
    }
}

#[test]
fn sentences_in_which_systems_differ_stand_side_by_side() {
    let mut other = pair();
    other.target.entities[1].label = "ORG".into();
    let mut analyser = Analyser::new(&["ours", "theirs"], 3);
    analyser.push(&[pair(), pair()], Some(&gold())).unwrap();
    analyser.push(&[pair(), other], Some(&gold())).unwrap();
    let analysis = analyser.finish("Two", &Resampling::NONE);
    assert_eq!((analysis.different, analysis.differences.len(), analysis.differences[0].number), (1, 1, 2));
    assert_eq!(analysis.differences[0].systems[1][1].label, "ORG");
    let html = analysis.html();
    let part = &html[html.find("id=\"differences\"").unwrap()..];
    let data = &pairs_in(part)[0];
    let labels: Vec<_> = data["rows"].as_array().unwrap().iter().map(|row| row[1]["label"].clone()).collect();
    assert_eq!(labels, ["LOC", "ORG", "LOC"], "ours, theirs, gold");
    assert_eq!(
        (&data["rows"][0][1]["wrong"], &data["rows"][1][1]["wrong"]),
        (&serde_json::Value::Null, &serde_json::json!(true))
    );
}

#[test]
fn nothing_in_gives_a_page_that_says_so() {
    let html = analysis(&[]).html();
    assert!(html.contains("There is no sentence in the input.") && html.ends_with("</html>"));
    let empty = Pair { target: Sentence::from_tokens([""; 0]), ..Pair::default() };
    let html = analysis(&[(empty, Some(vec![]))]).html();
    assert!(html.contains("Every gold entity was found"));
}

#[test]
fn many_labels_and_long_sentences_are_shown_in_part() {
    let mut analyser = Analyser::new(&["ours"], 10);
    for number in 0..1000 {
        let mut target = Sentence::from_tokens(["a", "b"]);
        target.entities = vec![Entity::new(0..1, format!("L{number}"))];
        let gold = [Entity::new(0..1, format!("G{number}"))];
        analyser.push(&[Pair { target, ..Pair::default() }], Some(&gold)).unwrap();
    }
    let analysis = analyser.finish("many", &Resampling::NONE);
    let confusion = analysis.systems[0].confusion.as_ref().unwrap();
    assert_eq!((confusion.labels.len(), confusion.others, confusion.counts.len()), (100, 1901, 101));
    assert_eq!(confusion.counts.iter().flatten().sum::<u64>(), 1000);
    let html = analysis.html();
    assert!(html.contains("The first 200 of 2,000 types are shown") && html.contains("1,901 others share the last"));
    assert!(html.len() < 2 << 20, "{}", html.len());

    let tokens = || (0..40_000).map(|token| format!("word{token}"));
    let (mut source, mut target) = (Sentence::from_tokens(tokens()), Sentence::from_tokens(tokens()));
    source.entities = (0..2_000).map(|at| Entity::new(4 * at..4 * at + 2, "PER")).collect();
    target.entities = (0..2_000).map(|at| projected(4 * at..4 * at + 2, "PER", at)).collect();
    let gold: Vec<Entity> = (0..2_000).map(|at| Entity::new(4 * at..4 * at + 1, "LOC")).collect();
    let alignment = Some(Alignment::from_pairs((0..40_000).map(|token| (token, token))));
    let html = self::analysis(&[(Pair { source, target, alignment, ..Pair::default() }, Some(gold))]).html();
    assert!(html.contains("A part is shown: tokens ") && html.contains("of 40,000 of the source, tokens "));
    assert!(html.len() < 16 << 20, "{}", html.len());
}
