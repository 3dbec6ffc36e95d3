//! `xlner report`: the page of the bundled sample, JSON, several systems, errors.

use crate::common::{fails, folder, read, sample, stdout, xlner};
use tempfile::TempDir;

const GOLD: &[u8] =
    b"Angela\tB-PER\nMerkel\tI-PER\nvisited\tO\nNew\tB-LOC\nYork\tI-LOC\n\nThe\tO\nUN\tB-ORG\nsaid\tO\n\nNothing\tO\n";
const PRED: &[u8] =
    b"Angela\tB-PER\nMerkel\tI-PER\nvisited\tO\nNew\tO\nYork\tB-LOC\n\nThe\tO\nUN\tB-LOC\nsaid\tO\n\nNothing\tB-MISC\n";
const RECORDS: &[u8] = r#"{"id":"s1","source":{"tokens":["Obama","visited","Berlin"],"entities":[{"start":0,"end":1,"label":"PER"},{"start":2,"end":3,"label":"LOC"}]},"target":{"lang":"de","tokens":["Obama","besuchte","Berlin"],"entities":[{"start":0,"end":1,"label":"PER","from":0,"score":0.9}]},"alignment":[[0,0],[1,1]],"projection":{"objective":1.0,"unprojected":[{"entity":1,"reason":"unaligned"}]},"gold":[{"start":0,"end":1,"label":"PER"},{"start":2,"end":3,"label":"LOC"}]}
"#.as_bytes();

fn json(folder: &TempDir, arguments: &str) -> serde_json::Value {
    serde_json::from_str(&stdout(folder, &format!("report {arguments} --json"))).unwrap()
}

/// The bundled sample, projected from English along the links of the built-in aligner.
fn projected(folder: &TempDir, lang: &str) {
    let (source, target) = (sample("en.conll"), sample(&format!("{lang}.conll")));
    std::fs::copy(source, folder.path().join("en.conll")).unwrap();
    std::fs::copy(target, folder.path().join(format!("{lang}.conll"))).unwrap();
    let files = format!("--source en.conll --target {lang}.conll");
    xlner(folder, &format!("align {files} --probabilities -o links.pharaoh")).assert().success();
    xlner(folder, &format!("project {files} --alignment links.pharaoh -o {lang}.jsonl")).assert().success();
}

#[test]
fn the_bundled_sample() {
    let folder = folder(&[]);
    projected(&folder, "ar");
    let arguments = "report --pairs ar.jsonl --gold ar.conll --title Sample --examples 3 -o out.html";
    xlner(&folder, arguments).assert().success().stdout("");
    let html = read(&folder, "out.html");
    for part in
        ["<title>Sample</title>", "ar.jsonl: 66 sentences, 551 tokens, 158 gold entities", "All pairs have links."]
    {
        assert!(html.contains(part), "{part}");
    }
    assert!(html.contains(r#"" dir="rtl""#) && html.contains('ا'));
    assert!(html.contains("3 of "), "no more than three examples a class");
    // Same input, same bytes; and the figures are those of `eval`.
    xlner(&folder, &arguments.replace("out.html", "again.html")).assert().success();
    assert_eq!(html, read(&folder, "again.html"));
    let report = json(&folder, "--pairs ar.jsonl --gold ar.conll");
    let eval: serde_json::Value =
        serde_json::from_str(&stdout(&folder, "eval --gold ar.conll --pred ar.jsonl --json")).unwrap();
    for figures in ["micro", "macro", "types", "ci95", "projection_ratio", "token_accuracy"] {
        assert_eq!(report["systems"][0]["figures"][figures], eval[figures], "{figures}");
    }
}

#[test]
fn records_with_gold() {
    let folder = folder(&[("pairs.jsonl", RECORDS)]);
    insta::assert_snapshot!(stdout(&folder, "report --pairs pairs.jsonl --bootstrap 0 --json"));
}

/// Forms that the training data has as entities, and those that it does not.
#[test]
fn figures_by_forms_of_training_data() {
    let train = b"UN\tB-ORG\n.\tO\n\n";
    let folder = folder(&[("gold.conll", GOLD), ("pred.conll", PRED), ("train.conll", train)]);
    let by_form = |more: &str| json(&folder, &format!("--gold gold.conll --pred pred.conll {more}"));
    let report = by_form("--train train.conll");
    assert_eq!(report["seen_in"], "training");
    let forms = report["systems"][0]["by_form"].as_array().unwrap();
    assert_eq!((&forms[0]["name"], &forms[1]["name"]), (&"seen".into(), &"unseen".into()));
    let gold = |part: &serde_json::Value| part["support"].as_u64().unwrap();
    let all = report["systems"][0]["figures"]["micro"]["support"].as_u64().unwrap();
    assert_eq!((gold(&forms[0]) > 0, gold(&forms[0]) + gold(&forms[1])), (true, all));
    assert_eq!(by_form("")["seen_in"], "earlier-sentences");
    fails(&folder, "report --gold gold.conll --pred pred.conll --train none.conll -o out.html", 1, "none.conll");
}

#[test]
fn ignored_and_mapped_labels_do_not_count() {
    let folder = folder(&[("pairs.jsonl", RECORDS)]);
    let report = json(&folder, "--pairs pairs.jsonl --ignore LOC");
    assert_eq!(report["systems"][0]["figures"]["micro"]["f1"], 1.0);
    assert_eq!(report["systems"][0]["projection"]["source_entities"], 1);
    assert_eq!(report["systems"][0]["errors"], serde_json::json!([]));
    let report = json(&folder, "--pairs pairs.jsonl --map LOC=PLACE");
    assert_eq!(report["systems"][0]["errors"][0]["labels"], serde_json::json!({"PLACE": [1, 0]}));
}

#[test]
fn links_are_given_beside_the_records() {
    let folder = folder(&[("pairs.jsonl", RECORDS), ("links.pharaoh", b"0-0 2-2\n"), ("bad.pharaoh", b"0-7\n")]);
    let report = json(&folder, "--pairs pairs.jsonl --alignment links.pharaoh");
    assert_eq!(report["systems"][0]["errors"][0]["class"], "unprojected");
    fails(
        &folder,
        "report --pairs pairs.jsonl --alignment bad.pharaoh -o out.html",
        1,
        "pairs.jsonl, sentence 1 “s1”: link 0-7",
    );
}

#[test]
fn plain_predictions_of_two_systems() {
    let folder = folder(&[("gold.conll", GOLD), ("a.conll", PRED), ("b.conll", GOLD)]);
    let report = json(&folder, "--gold gold.conll --pred a.conll --pred b.conll -o out.html");
    let classes: Vec<_> =
        report["systems"][0]["errors"].as_array().unwrap().iter().map(|group| &group["class"]).collect();
    assert_eq!(classes, ["wrong-type", "wrong-boundary", "spurious"]);
    assert_eq!(report["comparisons"].as_array().unwrap().len(), 1);
    let html = read(&folder, "out.html");
    assert!(html.contains("Systems compared") && html.contains("Where systems differ"));
}

#[test]
fn without_gold() {
    let folder = folder(&[("a.conll", PRED)]);
    let html = stdout(&folder, "report --pred a.conll");
    assert!(html.contains("no gold entities to compare with") && html.contains("Merkel"));
    let said = xlner(&folder, "report --pred a.conll -o b.html").assert().success();
    said.stderr("a.conll: 3 sentences, 4 entities, no gold\n");
}

#[test]
fn files_that_do_not_fit_end_with_one_error() {
    let folder = folder(&[
        ("gold.conll", GOLD),
        ("short.conll", b"The\tO\nUN\tB-ORG\nsaid\tO\n"),
        ("one.conll", b"Angela\tB-PER\nMerkel\tI-PER\nvisited\tO\nNew\tO\nYork\tB-LOC\n"),
        ("empty.jsonl", b""),
        ("mixed.jsonl", &mixed()),
        ("bad.jsonl", br#"{"source":{"tokens":["a"]},"target":{"tokens":["a"]},"gold":7}"#),
    ]);
    fails(
        &folder,
        "report --gold gold.conll --pred short.conll -o out.html",
        1,
        "short.conll, sentence 1: 3 tokens, gold has 5",
    );
    fails(
        &folder,
        "report --gold gold.conll --pred one.conll -o out.html",
        1,
        "one.conll holds 1 sentence, gold.conll holds 3 sentences",
    );
    fails(&folder, "report --pairs mixed.jsonl -o out.html", 1, "gold entities are known of some sentences only");
    fails(&folder, "report --pairs bad.jsonl -o out.html", 1, "field `gold` is not a list");
    fails(&folder, "report --pairs missing.jsonl -o out.html", 1, "missing.jsonl");
    fails(&folder, "report -o out.html", 2, "--pairs");
    fails(&folder, "report --pred one.conll --json -o -", 2, "--json is written to standard output");
    assert!(stdout(&folder, "report --pairs empty.jsonl").contains("There is no sentence in the input."));
}

/// Two records, the second without gold.
fn mixed() -> Vec<u8> {
    let text = String::from_utf8(RECORDS.repeat(2)).unwrap();
    let at = text.rfind(",\"gold\"").unwrap();
    format!("{}}}\n", &text[..at]).into_bytes()
}

#[test]
fn stages_are_replaced_by_gold() {
    let folder = folder(&[]);
    projected(&folder, "ar");
    let arguments =
        "--pairs ar.jsonl --gold ar.conll --alignment links.pharaoh --attribute --gold-source en.conll --bootstrap 200";
    let report = json(&folder, arguments);
    let attribution = &report["systems"][0]["attribution"];
    assert_eq!(attribution["f1"], report["systems"][0]["figures"]["micro"]["f1"]);
    let costs = attribution["by_class"].as_array().unwrap();
    assert_eq!(costs.len(), 6);
    for cost in costs {
        let (f1, more, ci) = (cost["f1"].as_f64().unwrap(), cost["cost"].as_f64().unwrap(), &cost["ci95"]);
        assert!((f1 - more - attribution["f1"].as_f64().unwrap()).abs() < 1e-9, "{cost}");
        assert!(
            more >= 0.0 && ci[0].as_f64().unwrap() <= more + 1e-9 && ci[1].as_f64().unwrap() >= more - 1e-9,
            "{cost}"
        );
    }
    // The source entities of the sample are gold already: nothing is gained by them.
    let again = &attribution["projected_again"];
    assert_eq!((&again["stages"][0]["stage"], &again["stages"][0]["cost"]), (&"source-entities".into(), &0.0.into()));
    xlner(&folder, &format!("report {arguments} -o out.html")).assert().success();
    assert!(read(&folder, "out.html").contains("What each stage costs"));
    std::fs::remove_file(folder.path().join("out.html")).unwrap();
    fails(&folder, "report --pairs ar.jsonl --attribute -o out.html", 2, "gold entities of the target");
    let short = "--pairs ar.jsonl --gold ar.conll --alignment links.pharaoh --attribute --gold-alignment short.pharaoh";
    std::fs::write(folder.path().join("short.pharaoh"), "0-0\n").unwrap();
    fails(&folder, &format!("report {short} -o out.html"), 1, "short.pharaoh");
}

#[test]
fn probabilities_are_drawn_as_calibration() {
    let record = |p: f64, right: bool| {
        let gold = if right { r#"[{"start":0,"end":1,"label":"PER"}]"# } else { "[]" };
        let target =
            format!(r#"{{"tokens":["Ana"],"entities":[{{"start":0,"end":1,"label":"PER","probability":{p}}}]}}"#);
        format!("{{\"source\":{{\"tokens\":[\"Ana\"]}},\"target\":{target},\"gold\":{gold}}}\n")
    };
    let text = record(0.9, true) + &record(0.9, false) + &record(0.25, false);
    let folder = folder(&[("pairs.jsonl", text.as_bytes())]);
    let report = json(&folder, "--pairs pairs.jsonl");
    let calibration = &report["systems"][0]["calibration"];
    assert_eq!(calibration["predictions"], 3);
    assert!((calibration["ece"].as_f64().unwrap() - (2.0 * 0.4 + 0.25) / 3.0).abs() < 1e-9);
    stdout(&folder, "report --pairs pairs.jsonl -o out.html");
    let html = read(&folder, "out.html");
    for part in ["Reliability diagram", "Risk and coverage", "Expected calibration error"] {
        assert!(html.contains(part), "{part}");
    }
    let plain = json(&folder, "--pairs pairs.jsonl --gold pairs.jsonl");
    assert!(plain["systems"][0].get("calibration").is_some());
}
