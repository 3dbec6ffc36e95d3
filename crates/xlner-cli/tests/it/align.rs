//! `xlner align`.

use crate::common::{fails, folder, read, sample, shared, stdout, xlner};
use tempfile::TempDir;

const TSV: &str = "das Haus\tthe house\ndas Buch\tthe book\n\t\nein Buch\ta book\n";
const BARS: &str = "das Haus ||| the house\ndas Buch ||| the book\n ||| \nein Buch ||| a book\n";

fn files() -> TempDir {
    folder(&[
        ("train.tsv", TSV.as_bytes()),
        ("train.txt", BARS.as_bytes()),
        ("a.txt", b"das Haus\ndas Buch\n\nein Buch\n"),
        ("b.txt", b"the house\nthe book\n\na book\n"),
        ("dict.tsv", b"Haus\thouse\nBuch\tbook\n"),
    ])
}

#[test]
fn every_layout_gives_the_same_links_one_line_a_pair() {
    let folder = files();
    let links = stdout(&folder, "align --bitext train.tsv");
    assert_eq!(links.lines().count(), 4, "{links}");
    assert_eq!(links.lines().nth(2), Some(""));
    assert!(links.starts_with("0-0 1-1\n"), "{links}");
    assert_eq!(stdout(&folder, "align --bitext train.txt"), links);
    assert_eq!(stdout(&folder, "align --source a.txt --target b.txt"), links);
    let piped = xlner(&folder, "align --bitext - --from-format tsv").write_stdin(TSV).assert().success();
    assert_eq!(String::from_utf8_lossy(&piped.get_output().stdout), links);
}

#[test]
fn a_model_aligns_as_the_training_that_made_it() {
    let folder = files();
    stdout(&folder, "align --bitext train.tsv --save-model de-en.xla -o trained.pharaoh --probabilities");
    stdout(&folder, "align --model de-en.xla --bitext train.tsv -o loaded.pharaoh --probabilities");
    assert_eq!(read(&folder, "trained.pharaoh"), read(&folder, "loaded.pharaoh"));
    let on = "align --model de-en.xla --train --bitext train.tsv --save-model on.xla -o on.pharaoh";
    stdout(&folder, on);
    assert_eq!(read(&folder, "on.pharaoh").lines().count(), 4);
    // Only the model is asked for.
    assert_eq!(stdout(&folder, "align --bitext train.tsv --save-model again.xla"), "");
    let bytes = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    assert_eq!(bytes("again.xla"), bytes("de-en.xla"));
}

#[test]
fn directions_and_symmetrisations() {
    let folder = files();
    let count = |more: &str| {
        let links = stdout(&folder, &format!("align --bitext train.tsv --dictionary dict.tsv {more}"));
        assert_eq!(links.lines().count(), 4, "{more}");
        links.split_whitespace().count()
    };
    let (intersect, union) = (count("--symmetrize intersect"), count("--symmetrize union"));
    assert!(intersect <= count("--symmetrize grow-diag-final-and"));
    assert!(count("--symmetrize grow-diag-final") <= union);
    assert!(intersect <= count("--direction forward") && count("--direction reverse") <= union);
    assert_eq!(count("--threshold 1.0 --symmetrize soft"), 0);
}

#[test]
fn probabilities_are_written_on_demand() {
    let folder = files();
    let links = stdout(&folder, "align --bitext train.tsv --probabilities --threshold 0");
    let probabilities =
        links.split_whitespace().map(|link| link.split_once(':').map_or(1.0, |(_, p)| p.parse().unwrap()));
    let probabilities: Vec<f64> = probabilities.collect();
    assert!(probabilities.iter().all(|p| (0.0..=1.0).contains(p)) && probabilities.iter().any(|p| *p < 1.0), "{links}");
}

#[test]
fn odd_text_gets_a_line_each() {
    let folder = folder(&[]);
    let long = vec!["wort"; 1000].join(" ");
    let text = format!("\t\na\t\n\tb\n{long}\tword\nsame\tsame\n{long}\t{long}\n");
    std::fs::write(folder.path().join("odd.tsv"), &text).unwrap();
    let links = stdout(&folder, "align --bitext odd.tsv --probabilities");
    assert_eq!(links.lines().count(), 6);
    assert!(!links.contains("NaN"));
    std::fs::write(folder.path().join("one.tsv"), "Berlin\tBerlin\n").unwrap();
    assert_eq!(stdout(&folder, "align --bitext one.tsv"), "0-0\n");
}

#[test]
fn white_space_or_our_tokeniser() {
    let folder = folder(&[("raw.tsv", "Hallo, Welt!\tHello, world!\n".as_bytes())]);
    let last = |more: &str| {
        let links = stdout(&folder, &format!("align --bitext raw.tsv --symmetrize union {more}"));
        links.split_whitespace().map(|link| link.split_once('-').unwrap().0.parse::<u32>().unwrap()).max()
    };
    assert_eq!(last(""), Some(1));
    assert_eq!(last("--tokenize --source-lang de --target-lang en"), Some(3));
}

#[test]
fn columns_and_records() {
    let folder = folder(&[]);
    let mut command = xlner(&folder, "align -o links.pharaoh");
    command.arg("--source").arg(sample("en.conll")).arg("--target").arg(sample("sw.conll")).assert().success();
    assert_eq!(read(&folder, "links.pharaoh").lines().count(), 66);
    let mut command = xlner(&folder, "align -o pairs.jsonl");
    command.arg("--source").arg(sample("en.conll")).arg("--target").arg(sample("sw.conll")).assert().success();
    let first: serde_json::Value = serde_json::from_str(read(&folder, "pairs.jsonl").lines().next().unwrap()).unwrap();
    assert!(!first["alignment"].as_array().unwrap().is_empty());
}

#[test]
fn one_thread_or_several_write_the_same() {
    let links = |threads: &str| {
        let folder = folder(&[]);
        let mut command = xlner(&folder, &format!("align --probabilities --threads {threads}"));
        command.arg("--source").arg(sample("en.conll")).arg("--target").arg(sample("ar.conll"));
        command.assert().success().get_output().stdout.clone()
    };
    assert!(links("1") == links("2"));
}

#[test]
fn wrong_usage() {
    let folder = files();
    let cases = [
        ("align --target b.txt", "--target goes with --source"),
        ("align --source a.txt", "--target"),
        ("align --bitext train.tsv --symmetrize magic -o out", "grow-diag-final-and"),
        ("align --target b.txt --bitext train.tsv -o out", "--target goes with --source"),
        ("align --rank a.txt", "--target"),
        ("align --bitext train.tsv --json", "--rank"),
        ("align --bitext train.tsv --memory lots -o out", "no size; give it as 4GB or 500MB"),
        ("align --bitext train.tsv --memory 1MB -o out.pharaoh", "16MB at least"),
        ("align --bitext train.tsv --model m.xla --memory 1GB -o out.pharaoh", "add --train"),
        ("align --bitext train.tsv --model m.xla --vectors v.vec -o out.pharaoh", "add --train"),
        (
            "align --bitext train.tsv --vectors a --vectors b --vectors c -o out.pharaoh",
            "one file of both languages, or two",
        ),
        ("align --bitext train.tsv --direction up -o out", "forward, reverse, both"),
        ("align --bitext train.tsv --direction forward --symmetrize union -o out", "merges both directions"),
        ("align --bitext train.tsv --threshold 2 -o out.pharaoh", "a probability, 0 to 1"),
        ("align --bitext train.tsv --train -o out.pharaoh", "--model"),
        ("align --bitext train.tsv --model m.xla --save-model out.xla", "add --train"),
        ("align --bitext train.tsv --model m.xla --dictionary dict.tsv -o out.pharaoh", "add --train"),
        ("align --bitext - --bitext - --from-format tsv -o out.pharaoh", "once only"),
    ];
    for (arguments, message) in cases {
        fails(&folder, arguments, 2, message);
    }
}

#[test]
fn failures_name_the_place_and_leave_nothing() {
    let folder = files();
    let write = |name: &str, content: &[u8]| std::fs::write(folder.path().join(name), content).unwrap();
    write("three.tsv", b"a\tb\na\tb\tc\n");
    write("latin1.tsv", b"M\xfcnchen\tMunich\n");
    write("short.txt", b"one line\n");
    write("damaged.xla", b"this is no model");
    write("two.pharaoh", b"0-0\n1-1\n");
    write("blank.txt", b"\n\n\n\n");
    let cases = [
        ("align --bitext no.tsv -o out.pharaoh", "no.tsv: cannot open"),
        ("align --bitext three.tsv -o out.pharaoh", "three.tsv, line 2: 3 columns instead of 2"),
        ("align --bitext latin1.tsv -o out.pharaoh", "latin1.tsv, line 1: byte 2 of the line is not UTF-8"),
        (
            "align --source a.txt --target short.txt -o out.pharaoh",
            "a.txt holds 4 sentences, short.txt holds 1 sentence",
        ),
        ("align --bitext train.tsv --model no.xla -o out.pharaoh", "no.xla"),
        ("align --bitext train.tsv --model damaged.xla -o out.pharaoh", "damaged.xla"),
        ("align --bitext train.tsv --dictionary no.tsv -o out.pharaoh", "no.tsv: cannot open"),
        ("align --bitext train.tsv --vectors no.vec -o out.pharaoh", "no.vec: cannot open"),
        ("align --bitext train.tsv --vectors b.txt -o out.pharaoh", "b.txt: line 1: \"house\" is not a number"),
        ("align --bitext train.tsv --evidence two.pharaoh -o out.pharaoh", "two.pharaoh holds 2 alignments"),
        ("align --rank a.txt short.txt --target b.txt", "short.txt holds 1 sentence, b.txt holds 4 sentences"),
        ("align --rank blank.txt --target b.txt", "blank.txt: no sentence of b.txt has a translation here"),
        ("align --bitext train.tsv -o no/such/out.pharaoh", "no/such/out.pharaoh: cannot open"),
    ];
    for (arguments, message) in cases {
        fails(&folder, arguments, 1, message);
    }
}

#[test]
fn gold_alignments() {
    let Some(data) = shared("word-alignment") else { return };
    let folder = folder(&[]);
    let file = |name: &str| data.join(name).display().to_string();
    let (bitext, gold) = (file("xl-wa.dev.en-es.bitext"), file("xl-wa.dev.en-es.gold"));
    stdout(&folder, &format!("align --bitext {bitext} -o links.pharaoh"));
    let figures = stdout(&folder, &format!("eval --gold-alignment {gold} --alignment links.pharaoh --json"));
    let figures: serde_json::Value = serde_json::from_str(&figures).unwrap();
    let aer = figures["aer"].as_f64().unwrap();
    assert!(aer < 0.5, "{aer}");
}

#[test]
fn a_served_model_answers_line_by_line() {
    let folder = files();
    stdout(&folder, "align --bitext train.tsv --save-model de-en.xla");
    let serve = |input: &'static str| xlner(&folder, "align --model de-en.xla --serve").write_stdin(input).assert();
    let answers = serve("das Haus\tthe house\ndas Buch ||| the book\n").success();
    let answers = String::from_utf8_lossy(&answers.get_output().stdout).into_owned();
    assert_eq!(answers.lines().count(), 2, "{answers}");
    assert!(answers.lines().all(|line| line.starts_with("{\"alignment\":[[0,0,")), "{answers}");
    let answers =
        serve("no pair\ndas Buch\tthe book\n").code(1).stderr(predicates::str::contains("1 lines were no pairs"));
    assert_eq!(String::from_utf8_lossy(&answers.get_output().stdout).lines().count(), 2);
    xlner(&folder, "align --serve").assert().code(2);
}

#[test]
fn given_links_are_merged() {
    let folder = folder(&[
        ("f.pharaoh", b"1-1 2-2 0-4\n\n0-0\n"),
        ("r.pharaoh", b"1-1 3-2 5-2\n\n1-0\n"),
        ("short.pharaoh", b"0-0\n"),
    ]);
    let merged = |more: &str| stdout(&folder, &format!("align --forward f.pharaoh --reverse r.pharaoh {more}"));
    assert_eq!(merged(""), "0-4 1-1 2-2 3-2\n\n0-0\n");
    assert_eq!(merged("--symmetrize grow-diag-final"), "0-4 1-1 2-2 3-2 5-2\n\n0-0 1-0\n");
    assert_eq!(merged("--symmetrize intersect"), "1-1\n\n\n");
    let union = merged("--symmetrize union");
    assert_eq!(union, "0-4 1-1 2-2 3-2 5-2\n\n0-0 1-0\n");
    let unequal = "align --forward f.pharaoh --reverse short.pharaoh -o out.pharaoh";
    fails(&folder, unequal, 1, "f.pharaoh holds 3 alignments, short.pharaoh holds 1 alignment;");
    fails(&folder, "align --forward f.pharaoh --reverse r.pharaoh --symmetrize soft", 2, "needs posteriors");
    xlner(&folder, "align --forward f.pharaoh").assert().code(2);
}

#[test]
fn unsure_pairs_get_no_links() {
    let folder = files();
    let run = |least: &str| {
        let words = format!("align --bitext train.tsv --min-confidence {least} -o out.jsonl");
        let stderr = xlner(&folder, &words).assert().success();
        (String::from_utf8_lossy(&stderr.get_output().stderr).into_owned(), read(&folder, "out.jsonl"))
    };
    let (stderr, records) = run("0");
    assert!(!stderr.contains("no links") && records.lines().all(|line| line.contains("\"confidence\":")), "{records}");
    let (stderr, records) = run("1");
    assert!(stderr.contains("4 of 4 pairs got no links (--min-confidence)"), "{stderr}");
    assert!(records.lines().all(|line| line.contains("\"alignment\":[]")), "{records}");
    xlner(&folder, "align --bitext train.tsv --min-confidence 1.5").assert().code(2);
}

#[test]
fn evidence_and_vectors_change_the_links() {
    let folder = folder(&[
        ("pairs.tsv", b"red blue\tkroz vlam\n\t\n"),
        ("crossed.pharaoh", b"0-1 1-0\n\n"),
        ("words.vec", b"4 2\nred 1 0\nblue 0 1\nkroz 0 1\nvlam 1 0\n"),
        ("source.vec", b"red 1 0\nblue 0 1\n"),
        ("target.vec", b"kroz 0 1\nvlam 1 0\n"),
    ]);
    let crossed = "0-1 1-0\n\n";
    assert_ne!(stdout(&folder, "align --bitext pairs.tsv"), crossed);
    assert_eq!(stdout(&folder, "align --bitext pairs.tsv --evidence crossed.pharaoh"), crossed);
    assert_eq!(stdout(&folder, "align --bitext pairs.tsv --vectors words.vec"), crossed);
    assert_eq!(stdout(&folder, "align --bitext pairs.tsv --vectors source.vec --vectors target.vec"), crossed);
    // Evidence counts with a trained model as well, and where the pairs can be read once only.
    stdout(&folder, "align --bitext pairs.tsv --save-model m.xla");
    let probabilities = |more: &str| {
        stdout(&folder, &format!("align --model m.xla --bitext pairs.tsv --symmetrize union --probabilities {more}"))
    };
    assert_ne!(probabilities(""), probabilities("--evidence crossed.pharaoh"));
    let mut command = xlner(&folder, "align --bitext - --from-format tsv --evidence crossed.pharaoh");
    let piped = command.write_stdin("red blue\tkroz vlam\n\t\n").assert().success();
    assert_eq!(String::from_utf8_lossy(&piped.get_output().stdout), crossed);
}

#[test]
fn languages_are_ranked() {
    let folder = folder(&[
        ("near.txt", "Anna wohnt in Berlin\nMarkus liebt Lissabon\nder Hund schläft\n\n".as_bytes()),
        ("far.txt", "zik mul trop\nvar\n\n\n".as_bytes()),
        ("target.txt", "Anna woont in Berlijn\nMarkus houdt van Lissabon\nde hond slaapt\nniets\n".as_bytes()),
    ]);
    let text = stdout(&folder, "align --rank far.txt near.txt --target target.txt");
    assert!(text.lines().nth(1).is_some_and(|line| line.starts_with("near.txt")), "{text}");
    let json = stdout(&folder, "align --rank far.txt near.txt --target target.txt --json");
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((json["sentences"].as_u64(), json["candidates"][0]["pairs"].as_u64()), (Some(4), Some(3)), "{json}");
    let of = |at: usize, name: &str| json["candidates"][at][name].as_f64().unwrap();
    assert!(of(0, "score") > of(1, "score") && of(0, "shared_names") > of(1, "shared_names"), "{json}");
    xlner(&folder, "align --rank near.txt --target target.txt")
        .assert()
        .success()
        .stderr(predicates::str::contains("near.txt: 1 of 4 sentences have no translation"));
}
