//! `xlner tag`.

use crate::common::{fails, folder, read, sample, stdout, xlner};
use tempfile::TempDir;

const CONLL: &str = "Angela\tO\nMerkel\tB-LOC\nvisited\tO\nParis\tO\n.\tO\n\n";
const TAGGED: &str = "Angela\tB-PER\nMerkel\tI-PER\nvisited\tO\nParis\tB-LOC\n.\tO\n\n";

fn files() -> TempDir {
    folder(&[
        ("in.conll", CONLL.as_bytes()),
        ("plain.conll", b"Angela\nMerkel\nvisited\nParis\n.\n"),
        ("in.txt", b"Angela Merkel visited Paris.\n\nShe lives in London, England.\n"),
        (
            "pairs.jsonl",
            br#"{"id":"p1","source":{"lang":"en","text":"Angela Merkel visited Paris.","regions":null,"doc":7},"target":{"tokens":["Paris"],"entities":[{"start":0,"end":1,"label":"OLD"}]},"alignment":[[3,0]],"more":[1,{"x":2}]}
"#,
        ),
        ("links.pharaoh", b"0-0\n"),
    ])
}

#[test]
fn the_built_in_tagger_works_out_of_the_box() {
    let folder = files();
    for arguments in ["tag in.conll", "tag --model default in.conll", "tag --model en plain.conll"] {
        assert_eq!(stdout(&folder, arguments), TAGGED, "{arguments}");
    }
    let piped = xlner(&folder, "tag - --from-format conll -o out.conll").write_stdin(CONLL).assert().success();
    assert!(piped.get_output().stdout.is_empty());
    assert_eq!(read(&folder, "out.conll"), TAGGED);
}

#[test]
fn raw_text_is_tokenised() {
    let folder = files();
    let tagged = stdout(&folder, "tag in.txt");
    assert!(tagged.starts_with(TAGGED), "{tagged}");
    assert!(tagged.contains("London\tB-LOC\n,\tO\nEngland\tB-LOC\n.\tO\n"), "{tagged}");
    let split = stdout(&folder, "tag --tokenized in.txt");
    assert!(split.contains("Paris.\t"), "{split}");
}

#[test]
fn records_keep_everything_else() {
    let folder = files();
    stdout(&folder, "tag pairs.jsonl -o out.jsonl");
    let pair: serde_json::Value = serde_json::from_str(read(&folder, "out.jsonl").trim()).unwrap();
    assert_eq!(pair["source"]["tokens"].as_array().unwrap().len(), 5);
    let entities = pair["source"]["entities"].as_array().unwrap();
    let found: Vec<_> = entities.iter().map(|e| (e["start"].as_u64(), e["label"].as_str())).collect();
    assert_eq!(found, [(Some(0), Some("PER")), (Some(3), Some("LOC"))]);
    assert!(entities.iter().all(|entity| (0.0..=1.0).contains(&entity["score"].as_f64().unwrap())));
    assert!(pair["source"].get("probabilities").is_none());
    assert_eq!((&pair["id"], &pair["source"]["doc"], &pair["more"][1]["x"]), (&"p1".into(), &7.into(), &2.into()));
    assert_eq!(pair["target"]["entities"][0]["label"], "OLD");
    assert_eq!(pair["alignment"], serde_json::json!([[3, 0]]));
    // The other side; what it had is replaced. Formats without pairs get that side.
    assert_eq!(stdout(&folder, "tag --side target pairs.jsonl"), "Paris\tB-LOC\n\n");
    assert_eq!(stdout(&folder, "tag pairs.jsonl"), TAGGED);
}

#[test]
fn probabilities_sum_to_1() {
    let folder = files();
    let sentence: serde_json::Value =
        serde_json::from_str(stdout(&folder, "tag --probabilities in.conll").trim()).unwrap();
    let labels = &sentence["probabilities"]["labels"];
    assert_eq!(labels, &serde_json::json!(["O", "B-LOC", "I-LOC", "B-ORG", "I-ORG", "B-PER", "I-PER"]));
    let rows = sentence["probabilities"]["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 5);
    for row in rows {
        let sum: f64 = row.as_array().unwrap().iter().map(|p| p.as_f64().unwrap()).sum();
        assert!((sum - 1.0).abs() < 1e-4, "{row}");
    }
    assert!(rows[0][5].as_f64().unwrap() > 0.5);
}

#[test]
fn many_sentences_come_out_in_their_order_on_one_thread_or_several() {
    let folder = folder(&[]);
    let text: String = (0..5000).map(|n| format!("Number {n} is in Paris .\n")).collect();
    std::fs::write(folder.path().join("in.txt"), text).unwrap();
    let one = stdout(&folder, "tag --threads 1 in.txt");
    assert_eq!(one, stdout(&folder, "tag --threads 2 in.txt"));
    let numbers = one.lines().filter_map(|line| line.split('\t').next()?.parse::<u32>().ok());
    assert!(numbers.eq(0..5000));
}

#[test]
fn an_empty_file_gives_an_empty_file() {
    let folder = folder(&[("in.txt", b""), ("in.jsonl", b"")]);
    assert_eq!(stdout(&folder, "tag in.txt"), "");
    assert_eq!(stdout(&folder, "tag in.jsonl"), "");
}

#[test]
fn what_is_wrong_is_named() {
    let folder = files();
    std::fs::write(folder.path().join("bad.tagger"), "no model").unwrap();
    fails(&folder, "tag --model no.tagger in.conll -o out.conll", 1, "no.tagger");
    fails(&folder, "tag --model bad.tagger in.conll -o out.conll", 1, "bad.tagger: this is no CRF model");
    fails(&folder, "tag none.conll -o out.conll", 1, "none.conll");
    fails(&folder, "tag links.pharaoh -o out.conll", 1, "alignments hold no sentences");
    fails(&folder, "tag --probabilities in.conll -o out.conll", 2, "--to-format jsonl");
    fails(&folder, "tag in.conll -o out.txt", 2, "holds no entities");
    fails(&folder, "tag --side left in.conll", 2, "source");
}

#[test]
fn the_samples_are_tagged_and_help_has_an_example() {
    let folder = folder(&[]);
    let mut command = xlner(&folder, "tag -v -o out.conll");
    let output = command.arg(sample("en.conll")).assert().success().get_output().clone();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("66 sentences") && told.contains("by crf:"), "{told}");
    assert!(stdout(&folder, "tag --help").contains("xlner tag --model default news.txt -o news.conll"));
}

#[test]
fn capitals_are_a_baseline_without_a_model() {
    let folder = files();
    let tagged = stdout(&folder, "tag --model capitals:LOC in.conll");
    assert_eq!(tagged, "Angela\tB-LOC\nMerkel\tI-LOC\nvisited\tO\nParis\tB-LOC\n.\tO\n\n");
    fails(&folder, "tag --model capitals: in.conll -o out.conll", 2, "capitals:PER");
}
