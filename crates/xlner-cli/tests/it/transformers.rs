//! Every command that takes a transformer, on tiny checkpoints made here.
#[path = "common/checkpoints.rs"]
mod checkpoints;
#[path = "../../../xlner-neural/tests/it/support/ctranslate2.rs"]
mod ctranslate2;

use crate::common::{fails, folder, read, stdout, xlner};
use predicates::prelude::*;
use serde_json::Value;
use tempfile::TempDir;

const BITEXT: &str = "anna sees berlin .\tberlin sees anna .\n\tparis\nboris loves new york\tnew york boris loves\n";
const LINKS: &str = "0-2 1-1 2-0 3-3\n\n0-2 1-3 2-0 3-1\n";
const COLUMNS: &str = "anna\tB-PER\nsees\tO\nnew\tB-LOC\nyork\tI-LOC\n.\tO\n\nberlin\tB-LOC\n\n";

fn files() -> TempDir {
    let folder = folder(&[("bitext.tsv", BITEXT.as_bytes()), ("in.conll", COLUMNS.as_bytes())]);
    checkpoints::bert(&folder.path().join("bert"));
    folder
}

fn records(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn align_links_alike_words_by_every_method() {
    let folder = files();
    for method in ["argmax", "itermax", "match", "softmax", "entmax"] {
        for layer in 0..=2 {
            let arguments = format!("align --similarity {method} --encoder bert --layer {layer} --bitext bitext.tsv");
            assert_eq!(stdout(&folder, &arguments), LINKS, "{method}, layer {layer}");
        }
    }
    let arguments =
        "align --similarity argmax --encoder bert/ --layer 1 --bitext bitext.tsv --threads 3 -o links.jsonl";
    stdout(&folder, arguments);
    assert_eq!(records(&read(&folder, "links.jsonl"))[0]["alignment"].as_array().unwrap().len(), 4);
    let int8 = "align --similarity itermax --encoder bert --layer 2 --precision int8 --bitext bitext.tsv";
    assert_eq!(stdout(&folder, int8), LINKS);
    // The names people know stand in messages about what is wrong.
    let wrong = "align --similarity argmax --encoder bert --layer 3 --bitext bitext.tsv -o out.pharaoh";
    fails(&folder, wrong, 2, "there is no layer 3; the encoder has 2");
    fails(&folder, &wrong.replace("bert --layer 3", "nowhere/"), 2, "“nowhere/” is no folder");
}

/// TransAlign: the encoder of a translation model, each side in its own language.
#[test]
fn the_encoder_of_a_translator_aligns() {
    let folder = folder(&[("bitext.tsv", b"hello world\tworld hello\n\tworld\nmonde hello\thello monde\n")]);
    checkpoints::nllb(&folder.path().join("nllb"));
    checkpoints::marian(&folder.path().join("marian"));
    let align = "align --similarity softmax --bitext bitext.tsv --encoder";
    let langs = "--source-lang en --target-lang fr";
    for flags in ["", "--layer 1", "--layer 0", "--precision int8", "--threads 2"] {
        let links = stdout(&folder, &format!("{align} nllb {langs} {flags}"));
        assert_eq!(links, "0-1 1-0\n\n0-1 1-0\n", "{flags}");
    }
    // Marian's encoder is told no language; it does not know “monde” as a word of the source side.
    assert_eq!(stdout(&folder, &format!("{align} marian")).lines().next(), Some("0-1 1-0"));
    let records = "align --similarity softmax --encoder nllb --bitext in.jsonl -o out.jsonl";
    let record = |lang: &str| {
        format!(
            r#"{{"source":{{"lang":"en","tokens":["hello","world"]}},"target":{{"lang":"{lang}","tokens":["world","hello"]}}}}"#
        )
    };
    std::fs::write(folder.path().join("in.jsonl"), record("fr")).unwrap();
    stdout(&folder, records);
    assert!(read(&folder, "out.jsonl").contains(r#""alignment":[[0,1"#));
    std::fs::remove_file(folder.path().join("out.jsonl")).unwrap();

    std::fs::write(folder.path().join("in.jsonl"), record("sw")).unwrap();
    fails(&folder, records, 1, "target: nllb does not know the language sw (swh_Latn)");
    fails(&folder, records, 1, "in.jsonl");
    fails(&folder, &format!("{align} nllb --source-lang en -o out"), 1, "(--source-lang, --target-lang)");
    fails(&folder, &format!("{align} nllb {langs} --layer 2 -o out"), 2, "there is no layer 2; the encoder has 1");

    std::fs::write(folder.path().join("in.conll"), "hello\tB-PER\nworld\tO\n\n").unwrap();
    std::fs::write(folder.path().join("target.txt"), "world hello\n").unwrap();
    let by_nllb = "--aligner transalign --encoder nllb";
    let project = format!("project --source in.conll --target target.txt --tokenized {langs} {by_nllb} -o out.conll");
    stdout(&folder, &project);
    assert_eq!(read(&folder, "out.conll"), "world\tO\nhello\tB-PER\n\n");
    std::fs::remove_file(folder.path().join("out.conll")).unwrap();
    fails(
        &folder,
        "project --source in.conll --target target.txt --aligner transalign -o out.conll",
        2,
        "wants an --encoder",
    );
    checkpoints::bert(&folder.path().join("bert"));
    fails(&folder, &project.replace("--encoder nllb", "--encoder bert"), 2, "bert is no translation model");

    // The languages of the other commands are known.
    std::fs::write(folder.path().join("table.tsv"), "world hello\thello world\n").unwrap();
    let label =
        "label --from fr --via en --engine lookup --model table.tsv --tagger capitals:PER --tokenized target.txt";
    assert_eq!(stdout(&folder, &format!("{label} {by_nllb}")), "world\tO\nhello\tO\n\n");
    std::fs::write(folder.path().join("back.tsv"), "hello world\tworld hello\n").unwrap();
    let transfer = "transfer --from en --to fr --engine lookup --model back.tsv --source in.conll";
    assert_eq!(stdout(&folder, &format!("{transfer} {by_nllb}")), "world\tO\nhello\tB-PER\n\n");
}

#[test]
fn project_puts_entities_where_the_encoder_says() {
    let folder = files();
    std::fs::write(folder.path().join("target.txt"), "new york sees anna .\nberlin\n").unwrap();
    for aligner in ["simalign", "awesome"] {
        let arguments = format!(
            "project --source in.conll --target target.txt --tokenized --aligner {aligner} --encoder bert --layer 2 -o out.conll"
        );
        stdout(&folder, &arguments);
        let expected = "new\tB-LOC\nyork\tI-LOC\nsees\tO\nanna\tB-PER\n.\tO\n\nberlin\tB-LOC\n\n";
        assert_eq!(read(&folder, "out.conll"), expected, "{aligner}");
    }
    std::fs::remove_file(folder.path().join("out.conll")).unwrap();
    std::fs::write(folder.path().join("links"), "0-0\n0-0\n").unwrap();
    let both =
        "project --source in.conll --target target.txt --alignment links --aligner simalign --encoder bert --layer 2";
    fails(&folder, &format!("{both} -o out.conll"), 2, "leave out one");
}

#[test]
fn label_and_transfer_take_an_encoder() {
    let folder = files();
    std::fs::write(folder.path().join("table.tsv"), "berlin vidi anna.\tanna sees berlin.\nparis\tparis\n").unwrap();
    std::fs::write(folder.path().join("in.txt"), "berlin vidi anna .\nparis\n").unwrap();
    let label = "label --from sr --via en --engine lookup --model table.tsv --tagger bert in.txt --tokenized";
    let encoder = "--aligner simalign --encoder bert --layer 1";
    let expected = "berlin\tB-LOC\nvidi\tO\nanna\tB-PER\n.\tO\n\nparis\tB-LOC\n\n";
    stdout(&folder, &format!("{label} {encoder} --run run --report out.json -o labelled.conll"));
    assert_eq!(read(&folder, "labelled.conll"), expected);
    let report: Value = serde_json::from_str(&read(&folder, "out.json")).unwrap();
    assert_eq!(report["projection"]["alignment"], "encoder");
    assert_eq!(report["stages"]["train"]["sentences"], 0);
    // Started again: all is there. Another layer makes other links.
    let again = |encoder: &str| {
        stdout(&folder, &format!("{label} {encoder} --run run --report out.json -o labelled.conll"));
        let report: Value = serde_json::from_str(&read(&folder, "out.json")).unwrap();
        (report["stages"]["project"]["sentences"].as_u64(), report["stages"]["tag"]["sentences"].as_u64())
    };
    assert_eq!(again(encoder), (Some(0), Some(0)));
    assert_eq!(again("--aligner awesome --encoder bert --layer 2"), (Some(2), Some(0)));
    std::fs::remove_file(folder.path().join("out.json")).unwrap();

    let transfer = "transfer --from en --to sr --engine lookup --model back.tsv --source source.conll";
    std::fs::write(folder.path().join("back.tsv"), "anna sees berlin\tberlin vidi anna\n").unwrap();
    std::fs::write(folder.path().join("source.conll"), "anna\tB-PER\nsees\tO\nberlin\tB-LOC\n\n").unwrap();
    assert_eq!(stdout(&folder, &format!("{transfer} {encoder}")), "berlin\tB-LOC\nvidi\tO\nanna\tB-PER\n\n");

    let cases = [
        ("--aligner simalign".to_owned(), "--aligner simalign wants an --encoder"),
        ("--aligner other.xla --encoder bert".to_owned(), "--encoder is for --aligner simalign"),
        ("--encoder bert".to_owned(), "--aligner"),
        (format!("{encoder} --bitext bitext.tsv"), "leave out --bitext"),
        (format!("{encoder} --scores span=1"), "the encoder has nothing to do"),
        (format!("{encoder} --back project --back-model table.tsv"), "leave out --encoder"),
    ];
    for (flags, message) in cases {
        fails(&folder, &format!("{label} {flags} -o out.conll"), 2, message);
    }
}

#[test]
fn label_and_transfer_open_their_taggers_as_told() {
    let folder = files();
    std::fs::write(folder.path().join("table.tsv"), "berlin vidi anna.\tanna sees berlin.\n").unwrap();
    std::fs::write(folder.path().join("in.txt"), "berlin vidi anna .\n").unwrap();
    let label = "label --from sr --via en --engine lookup --model table.tsv --tokenized in.txt";
    let by_bert = "--tagger bert --aligner simalign --encoder bert --layer 1";
    let tagged = |flags: &str| {
        stdout(&folder, &format!("{label} {by_bert} {flags} --run run --report report.json -o labelled.conll"));
        let report: Value = serde_json::from_str(&read(&folder, "report.json")).unwrap();
        (read(&folder, "labelled.conll"), report["stages"]["tag"]["sentences"].as_u64().unwrap())
    };
    let expected = "berlin\tB-LOC\nvidi\tO\nanna\tB-PER\n.\tO\n\n";
    assert_eq!(tagged(""), (expected.to_owned(), 1));
    // What is kept holds for the same flags, and for no others.
    for flags in ["--tagger-precision int8", "--tagger-sub-words mean", "--tagger-labels O,B-PER,B-LOC,I-LOC"] {
        assert_eq!(tagged(flags), (expected.to_owned(), 1), "{flags}");
        assert_eq!(tagged(flags), (expected.to_owned(), 0), "{flags}");
    }
    assert_eq!(tagged("--tagger-precision f32 --tagger-sub-words first").1, 0);
    assert_eq!(tagged("--tagger-labels O,B-HUM,B-GPE,I-GPE").0, expected.replace("PER", "HUM").replace("LOC", "GPE"));
    let target = "--target-tagger bert --target-tagger-precision int8 --candidates tagger";
    let target = format!("{target} --target-tagger-sub-words max --target-tagger-labels O,B-PER,B-LOC,I-LOC");
    assert_eq!(tagged(&target), (expected.to_owned(), 1));

    std::fs::write(folder.path().join("back.tsv"), "anna sees berlin\tberlin vidi anna\n").unwrap();
    std::fs::write(folder.path().join("source.conll"), "anna\tO\nsees\tO\nberlin\tO\n\n").unwrap();
    let transfer = "transfer --from en --to sr --engine lookup --model back.tsv --source source.conll";
    let flags = "--tagger-precision int8 --tagger-labels O,B-HUM,B-GPE,I-GPE";
    let expected = "berlin\tB-GPE\nvidi\tO\nanna\tB-HUM\n\n";
    assert_eq!(stdout(&folder, &format!("{transfer} {by_bert} {flags}")), expected);

    for (flags, message) in [
        ("--tagger default --tagger-precision int8", "options of transformers"),
        ("--tagger-precision int8", "--tagger"),
        ("--tagger bert --target-tagger-labels O", "--target-tagger"),
        ("--tagger bert --tagger-labels O", "1 labels are given"),
        ("--tagger bert --tagger-sub-words last", "first, mean and max"),
    ] {
        fails(&folder, &format!("{label} {flags} -o out.conll"), 2, message);
    }
}

#[test]
fn tag_reads_a_folder_and_gives_probabilities() {
    let folder = files();
    let bare: String = COLUMNS.lines().map(|line| line.split('\t').next().unwrap().to_owned() + "\n").collect();
    std::fs::write(folder.path().join("bare.conll"), bare).unwrap();
    assert_eq!(stdout(&folder, "tag --model bert bare.conll"), COLUMNS);
    let tagged = records(&stdout(&folder, "tag --model bert --probabilities bare.conll"));
    assert_eq!(tagged.len(), 2);
    let probabilities = &tagged[0]["probabilities"];
    assert_eq!(probabilities["labels"], serde_json::json!(["O", "B-PER", "B-LOC", "I-LOC"]));
    let rows = probabilities["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 5);
    for (row, best) in rows.iter().zip([1, 0, 2, 3, 0]) {
        let row: Vec<f64> = row.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect();
        assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-5);
        assert!(row.iter().all(|value| *value <= row[best]), "{row:?}");
    }
    // Every way to read the same model; labels by the order of its classes.
    for more in ["--sub-words mean", "--sub-words max", "--precision int8"] {
        assert_eq!(stdout(&folder, &format!("tag --model bert {more} bare.conll")), COLUMNS, "{more}");
    }
    let renamed = stdout(&folder, "tag --model bert --labels O,B-HUM,B-GPE,I-GPE bare.conll");
    assert_eq!(renamed, COLUMNS.replace("PER", "HUM").replace("LOC", "GPE"));
    fails(&folder, "tag --model bert --labels O,B-HUM bare.conll -o out.conll", 2, "2 labels are given");
    fails(&folder, "tag --model default --precision int8 bare.conll -o out.conll", 2, "options of transformers");
    fails(&folder, "tag --model bert --sub-words last bare.conll -o out.conll", 2, "first, mean and max");
    let plain = "tag --model bert/ bare.conll --threads 3 -o tagged.jsonl";
    stdout(&folder, plain);
    assert_eq!(records(&read(&folder, "tagged.jsonl"))[0]["entities"][1]["label"], "LOC");
}

#[test]
fn nllb_and_marian_translate_line_by_line() {
    let folder = folder(&[("in.txt", b"hello world\n\nworld\nhello hello world\n")]);
    checkpoints::nllb(&folder.path().join("nllb"));
    checkpoints::marian(&folder.path().join("marian"));
    for engine in ["nllb", "marian"] {
        for more in ["", "--beams 1", "--precision int8", "--threads 3 --length-penalty 0.5"] {
            let arguments = format!("translate --engine {engine} --model {engine} --from en --to fr {more} in.txt");
            let expected = "bonjour monde\n\nbonjour monde\nbonjour monde\n";
            assert_eq!(stdout(&folder, &arguments), expected, "{arguments}");
        }
        let pairs = format!("translate --engine {engine} --model {engine} --from en --to fr in.txt -o pairs.tsv");
        stdout(&folder, &pairs);
        assert!(read(&folder, "pairs.tsv").starts_with("hello world\tbonjour monde\n\t\n"));
    }
    let best = "translate --engine nllb --model nllb --from en --to fr --n-best 3 in.txt -o best.jsonl";
    stdout(&folder, best);
    for (record, length) in records(&read(&folder, "best.jsonl")).iter().zip([3, 1, 3, 3]) {
        let found = record["n_best"].as_array().unwrap();
        assert_eq!((found.len(), &found[0]["text"]), (length, &record["target"]["text"]));
        let scores: Vec<f64> = found.iter().filter_map(|one| one["score"].as_f64()).collect();
        assert!(scores.iter().all(|score| *score <= 0.0) && scores.windows(2).all(|two| two[0] >= two[1]));
    }
    fails(&folder, &best.replace("jsonl", "tsv"), 2, "take jsonl");
    fails(&folder, &best.replace("--n-best", "--beams 2 --n-best"), 2, "as it has beams");
    let models = folder.path();
    let nllb = ["<s>", "<pad>", "</s>", "<unk>", "eng_Latn", "fra_Latn", "hello", "world", "bonjour", "monde"];
    let marian = ["</s>", "<unk>", "▁hello", "▁world", "▁bonjour", "▁monde", "<pad>"];
    for (model, tokens) in [("nllb", &nllb[..]), ("marian", &marian)] {
        for int8 in [false, true] {
            ctranslate2::convert(&models.join(model), &models.join("converted"), tokens, int8);
            let arguments = "translate --engine ct2 --model converted --from en --to fr in.txt";
            assert_eq!(stdout(&folder, arguments), "bonjour monde\n\nbonjour monde\nbonjour monde\n", "{model} {int8}");
        }
        let kind = format!("translate --engine {model} --model converted --from en --to fr in.txt -o out.txt");
        fails(&folder, &kind, 2, &format!("converted is no model for the engine {model}, but for ct2"));
        std::fs::remove_dir_all(models.join("converted")).unwrap();
    }
    let wrong = "translate --engine nllb --model nllb --from en --to sw in.txt -o out.txt";
    fails(&folder, wrong, 2, "nllb does not know the language sw (swh_Latn)");
    let other = "translate --engine nllb --model nowhere/ --from en --to fr in.txt -o out.txt";
    fails(&folder, other, 2, "“nowhere/” is no folder");
    let kind = "translate --engine marian --model nllb --from en --to fr in.txt";
    xlner(&folder, kind).assert().failure().stderr(predicate::str::contains("nllb"));
}
