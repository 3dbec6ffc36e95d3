//! The scores `nmt` and `codec`, on a checkpoint made up.
#[path = "../../../xlner-neural/tests/it/support/checkpoint.rs"]
mod checkpoint;
use crate::common::{fails, folder, read, stdout};
use tempfile::TempDir;
use xlner::open_scorer;
use xlner_core::{Pair, Span};
use xlner_project::scores::{NmtOptions, score_candidates};

const SOURCE: &str = "Ana\tB-PER\nsleeps\tO\nin\tO\nParis\tB-LOC\n.\tO\n\nAna\tO\n\nAna\tB-PER\nsleeps\tO\n\n";
const TARGET: &str = "Ana dort a Paris .\nAna\nAna dort\n";
const PROJECT: &str =
    "project --source en.conll --target fr.txt --source-lang en --target-lang fr --tokenized --nmt-model model";

fn files() -> TempDir {
    let table = "Ana sleeps in Paris.\tAna dort a Paris .\nAna\tAna\nAna sleeps\tAna dort\n";
    let back = "Ana dort a Paris.\tAna sleeps in Paris .\nAna\tAna\nAna dort\tAna sleeps\n";
    let folder = folder(&[
        ("en.conll", SOURCE.as_bytes()),
        ("fr.txt", TARGET.as_bytes()),
        ("table.tsv", table.as_bytes()),
        ("back.tsv", back.as_bytes()),
    ]);
    std::fs::create_dir(folder.path().join("model")).unwrap();
    checkpoint::whole(&folder.path().join("model"), &["Ana", "sleeps", "in", "Paris", "dort", "a", "."], 3);
    folder
}

fn pairs(folder: &TempDir, name: &str) -> Vec<Pair> {
    read(folder, name).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn nmt_is_what_the_model_says() {
    let folder = files();
    stdout(&folder, &format!("{PROJECT} --scores nmt=1 -o out.jsonl"));
    let found = pairs(&folder, "out.jsonl");
    let model = folder.path().join("model");
    let mut scorer = open_scorer(model.to_str().unwrap(), xlner_models::Precision::F32, ["en", "fr"]).unwrap();
    for (pair, spans) in [(&found[0], 15), (&found[2], 3)] {
        let mut own = Pair { scores: Default::default(), ..pair.clone() };
        let all: Vec<Span> = (0..pair.target.len())
            .flat_map(|start| (start + 1..=pair.target.len()).map(move |end| Span::new(start, end)))
            .collect();
        assert_eq!(all.len(), spans);
        score_candidates(&mut *scorer, &mut own, &all, ["en", "fr"], NmtOptions::default()).unwrap();
        assert_eq!(own.scores, pair.scores);
        // The assignment is the best by these scores.
        let chosen: f64 = pair.target.entities.iter().map(|entity| entity.score.unwrap()).sum();
        assert!((chosen - pair.projection.as_ref().unwrap().objective).abs() < 1e-9 && chosen > 0.0);
    }
    // The scores are in the records: they are not made again.
    stdout(&folder, "project --pairs out.jsonl --scores nmt=1 -o again.jsonl");
    assert_eq!(pairs(&folder, "again.jsonl")[0].target.entities, found[0].target.entities);
    stdout(&folder, &format!("{PROJECT} --scores span=0.5,nmt=1,codec=1 --threads 1 -o one.jsonl"));
    stdout(&folder, &format!("{PROJECT} --scores span=0.5,nmt=1,codec=1 --threads 2 -o two.jsonl"));
    assert_eq!(read(&folder, "one.jsonl"), read(&folder, "two.jsonl"));
    assert_eq!(pairs(&folder, "one.jsonl")[0].scores["nmt"], found[0].scores["nmt"]);
}

#[test]
fn codec_shares_out_among_places() {
    let folder = files();
    stdout(&folder, &format!("{PROJECT} --scores codec=1 --nmt-precision int8 -o out.jsonl"));
    for pair in pairs(&folder, "out.jsonl").iter().filter(|pair| !pair.source.entities.is_empty()) {
        for entity in 0..pair.source.entities.len() {
            let scores = pair.scores["codec"].iter().filter(|score| score.entity == entity);
            let sum: f64 = scores.map(|score| score.score).sum();
            assert!((sum - 1.0).abs() < 1e-9, "{sum}");
        }
        assert!(!pair.target.entities.is_empty());
    }
}

#[test]
fn label_and_transfer_have_them_too_and_go_on() {
    let folder = files();
    let transfer = "transfer --to fr --engine lookup --model table.tsv --source en.conll --scores nmt=1,codec=0.5 --nmt-model model --run work";
    stdout(&folder, &format!("{transfer} -o out.jsonl --report report.json"));
    let report: serde_json::Value = serde_json::from_str(&read(&folder, "report.json")).unwrap();
    assert_eq!(report["stages"]["score"]["sentences"], 3);
    stdout(&folder, &format!("{PROJECT} --scores nmt=1,codec=0.5 -o project.jsonl"));
    for (one, other) in pairs(&folder, "out.jsonl").iter().zip(pairs(&folder, "project.jsonl")) {
        assert_eq!((&one.scores, &one.target.entities), (&other.scores, &other.target.entities));
    }
    stdout(&folder, &format!("{transfer} -o again.jsonl --report report.json"));
    let report: serde_json::Value = serde_json::from_str(&read(&folder, "report.json")).unwrap();
    assert_eq!(report["stages"]["score"]["reused"], 3);
    assert_eq!(read(&folder, "out.jsonl"), read(&folder, "again.jsonl"));
    let label = "label --from fr --via en --engine lookup --model back.tsv --scores codec=1 --nmt-model model fr.txt --tokenized";
    stdout(&folder, &format!("{label} -o label.jsonl"));
    let found = pairs(&folder, "label.jsonl");
    let entities: usize = found.iter().map(|pair| pair.source.entities.len()).sum();
    assert!(
        entities > 0 && found.iter().all(|pair| pair.source.entities.is_empty() || pair.scores.contains_key("codec"))
    );
}

#[test]
fn wrong_usage() {
    let folder = files();
    for (arguments, message) in [
        (format!("{PROJECT} -o out.conll"), "--nmt-model is not asked for anything"),
        (format!("{PROJECT} --scores nmt=1 --target-lang xx-none -o out.conll"), "xx-none"),
    ] {
        let arguments =
            if arguments.contains("xx-none") { arguments.replace("--target-lang fr ", "") } else { arguments };
        fails(&folder, &arguments, 2, message);
    }
}
