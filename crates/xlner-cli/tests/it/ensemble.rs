//! `xlner ensemble`.

use crate::common::{fails, folder, read, stdout, xlner};
use predicates::prelude::*;
use tempfile::TempDir;

/// Sentences of three tokens with one-letter tags: `P` is B-PER, `L` B-LOC, `-` is O.
fn columns(sentences: &[&str]) -> String {
    let tag = |c| match c {
        'P' => "B-PER",
        'L' => "B-LOC",
        'i' => "I-PER",
        _ => "O",
    };
    let sentence = |tags: &&str| {
        tags.chars().zip(["a", "b", "c"]).map(|(c, token)| format!("{token}\t{}\n", tag(c))).collect::<String>()
    };
    sentences.iter().map(|tags| sentence(tags) + "\n").collect()
}

fn files() -> TempDir {
    let folder = folder(&[]);
    for (name, sentences) in [
        ("one.conll", ["P--", "L-P", "Pi-", "---"]),
        ("two.conll", ["P--", "L--", "P-L", "--L"]),
        ("three.conll", ["-P-", "L--", "P--", "P--"]),
    ] {
        std::fs::write(folder.path().join(name), columns(&sentences)).unwrap();
    }
    folder
}

#[test]
fn the_majority_has_it() {
    let folder = files();
    let expected = columns(&["P--", "L--", "P--", "---"]);
    assert_eq!(stdout(&folder, "ensemble one.conll two.conll three.conll"), expected);
    // The first alone outweighs the others; a lower threshold takes what fits.
    assert_eq!(stdout(&folder, "ensemble one.conll=3 two.conll three.conll"), columns(&["P--", "L-P", "Pi-", "---"]));
    let expected = columns(&["PP-", "L-P", "P-L", "P-L"]);
    assert_eq!(stdout(&folder, "ensemble one.conll two.conll three.conll --min-score 0.3"), expected);
    stdout(&folder, "ensemble one.conll two.conll three.conll --report report.json -o out.jsonl");
    let report: serde_json::Value = serde_json::from_str(&read(&folder, "report.json")).unwrap();
    assert_eq!((&report["sentences"], &report["proposals"], &report["entities"]), (&4.into(), &9.into(), &3.into()));
    assert_eq!(report["votes"][0]["entities"], 4);
    assert_eq!(report["votes"][0]["chosen"], 2);
    let first: serde_json::Value = serde_json::from_str(read(&folder, "out.jsonl").lines().next().unwrap()).unwrap();
    assert!((first["entities"][0]["score"].as_f64().unwrap() - 2.0 / 3.0).abs() < 1e-12);
    // What was written is a vote again, and pairs are read by their target side.
    stdout(&folder, "ensemble out.jsonl one.conll -o again.conll --min-score 1");
    let pairs = r#"{"source":{"tokens":["x"],"entities":[]},"target":{"tokens":["a","b","c"],"entities":[{"start":0,"end":1,"label":"PER"}]}}"#;
    std::fs::write(folder.path().join("pairs.jsonl"), pairs).unwrap();
    std::fs::write(folder.path().join("single.conll"), columns(&["P--"])).unwrap();
    assert_eq!(stdout(&folder, "ensemble pairs.jsonl single.conll --min-score 1"), columns(&["P--"]));
}

#[test]
fn weights_are_learnt_and_used() {
    let folder = folder(&[]);
    // The first system is right on PER, the second on everything with a large score; scores are of very different scale.
    let (mut gold, mut one, mut two) = (Vec::new(), Vec::new(), String::new());
    for n in 0..60 {
        let right = n % 3 > 0;
        gold.push(if right { "P--" } else { "---" });
        one.push(if n % 5 > 0 { "P--" } else { "--L" });
        let score = if right { 900 + n } else { 100 + n };
        two += &format!(
            "{{\"tokens\":[\"a\",\"b\",\"c\"],\"entities\":[{{\"start\":0,\"end\":1,\"label\":\"PER\",\"score\":{score}}}]}}\n"
        );
    }
    std::fs::write(folder.path().join("gold.conll"), columns(&gold)).unwrap();
    std::fs::write(folder.path().join("one.conll"), columns(&one)).unwrap();
    std::fs::write(folder.path().join("two.jsonl"), two).unwrap();
    let learnt = xlner(&folder, "tune ensemble one.conll two.jsonl --gold gold.conll -o weights.toml --json");
    let learnt = { learnt }.assert().success().stderr(predicate::str::contains("F1 on what was learnt from: 1.0000"));
    let report: serde_json::Value = serde_json::from_slice(&learnt.get_output().stdout).unwrap();
    assert_eq!((&report["right"], &report["gold"], &report["f1"]), (&40.into(), &40.into(), &1.0.into()));
    assert!(report["single"][1].as_f64().unwrap() < 0.9);
    let weights = read(&folder, "weights.toml");
    assert!(weights.starts_with("# Weights of `xlner ensemble`, learnt on gold.conll\n"), "{weights}");
    assert_eq!(stdout(&folder, "ensemble one.conll two.jsonl --weights weights.toml"), columns(&gold));
    // The spelling of the release before.
    let old = "ensemble one.conll two.jsonl --learn-weights gold.conll --save-weights old.toml --report report.json";
    xlner(&folder, old).assert().success().stdout("").stderr(predicate::str::contains("use `xlner tune ensemble`"));
    assert_eq!(read(&folder, "old.toml"), weights);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&read(&folder, "report.json")).unwrap(), report);
    fails(&folder, "tune ensemble one.conll two.jsonl --gold gold.conll -o gold.conll", 2, "would replace");
    fails(
        &folder,
        "ensemble one.conll one.conll two.jsonl --weights weights.toml -o out.conll",
        2,
        "for 2 files, and 3 are given",
    );
    std::fs::write(folder.path().join("weights.toml"), format!("{weights}\nbonus = 1\n")).unwrap();
    fails(&folder, "ensemble one.conll two.jsonl --weights weights.toml -o out.conll", 1, "bonus");
}

#[test]
fn wrong_input() {
    let folder = files();
    std::fs::write(folder.path().join("short.conll"), columns(&["P--"])).unwrap();
    std::fs::write(folder.path().join("other.conll"), columns(&["P--", "L--", "P--", "---"]).replace("c\t", "d\t"))
        .unwrap();
    for (arguments, code, message) in [
        ("ensemble one.conll -o out.conll", 2, "two members at least"),
        ("ensemble one.conll two.conll --min-score 2 -o out.conll", 2, "from 0 to 1"),
        ("ensemble one.conll=0 two.conll=0 -o out.conll", 2, "one at least over 0"),
        ("ensemble one.conll=-1 two.conll -o out.conll", 2, "from 0 on"),
        ("ensemble one.conll=2 two.conll --weights w.toml -o out.conll", 2, "not both"),
        ("ensemble one.conll two.conll --learn-weights one.conll", 2, "--save-weights"),
        ("ensemble one.conll two.conll -o out.txt", 2, "holds no entities"),
        ("ensemble one.conll short.conll -o out.conll", 1, "one.conll holds 4 sentences, short.conll holds 1 sentence"),
        ("ensemble short.conll one.conll -o out.conll", 1, "short.conll holds 1 sentence, one.conll holds 4 sentences"),
        ("ensemble one.conll other.conll -o out.conll", 1, "other.conll, sentence 1: token 3 is not that of one.conll"),
        ("ensemble one.conll none.conll -o out.conll", 1, "none.conll"),
    ] {
        fails(&folder, arguments, code, message);
    }
}

#[test]
fn weights_of_scores_are_learnt_and_used_as_a_job() {
    let folder = folder(&[]);
    // The column `right` tells the place in small numbers, `wrong` misleads in large ones.
    let (mut pairs, mut gold) = (String::new(), Vec::new());
    for n in 0..30 {
        let at = n % 3;
        let wrong = (at + 1) % 3;
        pairs += &format!(
            "{{\"source\":{{\"tokens\":[\"x\"],\"entities\":[{{\"start\":0,\"end\":1,\"label\":\"PER\"}}]}},\"target\":{{\"tokens\":[\"a\",\"b\",\"c\"]}},\
             \"scores\":{{\"right\":[[0,{at},{},0.1]],\"wrong\":[[0,{wrong},{},3.0]]}}}}\n",
            at + 1,
            wrong + 1
        );
        gold.push(["P--", "-P-", "--P"][at]);
    }
    let with_gold = |(line, gold): (&str, &&str)| {
        let at = gold.find('P').unwrap();
        line.to_owned() + &format!(",\"gold\":[{{\"start\":{at},\"end\":{},\"label\":\"PER\"}}]}}\n", at + 1)
    };
    let own: String = pairs.lines().map(|line| &line[..line.len() - 1]).zip(&gold).map(with_gold).collect();
    std::fs::write(folder.path().join("own.jsonl"), own).unwrap();
    std::fs::write(folder.path().join("pairs.jsonl"), pairs).unwrap();
    std::fs::write(folder.path().join("gold.conll"), columns(&gold)).unwrap();
    let learn = "tune scores --pairs pairs.jsonl --scores right,wrong --gold gold.conll -o weights.toml";
    let told = predicate::str::contains("F1 on what was learnt from: 1.0000, before 0.0000");
    xlner(&folder, learn).assert().success().stdout("").stderr(told);
    let weights = read(&folder, "weights.toml");
    assert!(weights.starts_with("# Learnt by `xlner tune scores` on gold.conll\nscores = \"right="), "{weights}");
    for given in ["--job weights.toml", "--scores weights.toml"] {
        assert_eq!(stdout(&folder, &format!("project --pairs pairs.jsonl {given} --to-format conll")), columns(&gold));
    }
    // The records' own gold entities, and the spelling of the release before, give the same weights.
    stdout(&folder, "tune scores --pairs own.jsonl --scores right,wrong -o own.toml");
    let old = "project --pairs pairs.jsonl --scores right,wrong --learn-weights gold.conll --save-weights old.toml";
    xlner(&folder, old).assert().success().stdout("").stderr(predicate::str::contains("use `xlner tune scores`"));
    assert_eq!(read(&folder, "old.toml"), weights);
    assert_eq!(read(&folder, "own.toml"), weights.replace("gold.conll", "own.jsonl"));
    fails(
        &folder,
        "tune scores --pairs pairs.jsonl --scores right,wrong -o out.toml",
        1,
        "pairs.jsonl, record 1: there is no field `gold`",
    );
    fails(&folder, "tune scores --pairs pairs.jsonl -o out.toml", 2, "--scores");
    fails(
        &folder,
        "project --pairs pairs.jsonl --scores none.toml -o out.jsonl",
        1,
        "none.toml: cannot open: No such file",
    );
    std::fs::write(folder.path().join("bad.toml"), "weights = 1").unwrap();
    fails(
        &folder,
        "project --pairs pairs.jsonl --scores bad.toml -o out.jsonl",
        1,
        "bad.toml: there is no text `scores`",
    );
    let failing = |arguments: &str, code, message| {
        fails(&folder, &format!("project --pairs pairs.jsonl {arguments}"), code, message)
    };
    failing("--scores right --learn-weights gold.conll --save-weights out.toml", 2, "--scores needs several scores");
    failing("--learn-weights gold.conll --save-weights out.toml", 2, "--scores");
    failing("--scores right,wrong --learn-weights gold.conll", 2, "--save-weights");
    std::fs::write(folder.path().join("gold.conll"), columns(&gold[1..])).unwrap();
    failing(
        "--scores right,wrong --learn-weights gold.conll --save-weights out.toml",
        1,
        "pairs.jsonl holds 30 pairs, gold.conll holds 29 sentences",
    );
    std::fs::write(folder.path().join("gold.conll"), columns(&gold).replace("c\t", "d\t")).unwrap();
    failing(
        "--scores right,wrong --learn-weights gold.conll --save-weights out.toml",
        1,
        "gold.conll, sentence 1: its tokens",
    );
}

#[test]
fn distributions_are_averaged() {
    let record = |entities: &str| format!("{{\"tokens\":[\"a\",\"b\",\"c\"],\"entities\":{entities}}}\n");
    let entity = |start: usize, p: f64| {
        format!("{{\"start\":{start},\"end\":{},\"label\":\"PER\",\"probability\":{p}}}", start + 1)
    };
    let projected = record(&format!("[{},{}]", entity(0, 0.9), entity(2, 0.3)));
    let tagged = record("[]").replace(
        "\"entities\"",
        "\"probabilities\":{\"labels\":[\"O\",\"B-PER\",\"I-PER\"],\"rows\":[[0.6,0.4,0],[1,0,0],[0.2,0.8,0]]},\"entities\"",
    );
    let folder = folder(&[("a.jsonl", projected.as_bytes()), ("b.jsonl", tagged.as_bytes())]);
    // a: (0.9 + 0.4) / 2, c: (0.3 + 0.8) / 2.
    assert_eq!(stdout(&folder, "ensemble a.jsonl b.jsonl --average"), columns(&["P-P"]));
    let lower = tagged.replace("[0.2,0.8,0]", "[0.4,0.6,0]");
    std::fs::write(folder.path().join("b.jsonl"), lower).unwrap();
    assert_eq!(stdout(&folder, "ensemble a.jsonl b.jsonl --average"), columns(&["P--"]));
    fails(&folder, "ensemble a.jsonl=2 b.jsonl --average -o out.conll", 2, "--average takes every file alike");
    fails(&folder, "ensemble a.jsonl b.jsonl --average --min-score 0.2 -o out.conll", 2, "--min-score");
}
