//! Likely mistakes: each gets a line on stderr that names the sign and the cure, and is an error with `--strict`.

mod sides;

use crate::common::{fails, folder, read, sample, stdout, xlner};
use predicates::prelude::*;

/// Runs well and says this on stderr; with `--strict` it fails with the same and leaves no `out.…`.
fn signs(files: &[(&str, &[u8])], arguments: &str, sign: &str) {
    let folder = folder(files);
    xlner(&folder, arguments).assert().success().stderr(predicate::str::contains(sign.to_owned()));
    for entry in std::fs::read_dir(folder.path()).unwrap().flatten() {
        if entry.file_name().to_string_lossy().starts_with("out.") {
            std::fs::remove_file(entry.path()).unwrap();
        }
    }
    let sign = sign.split(": ").next().unwrap();
    let said = predicate::str::contains(sign.to_owned());
    xlner(&folder, &format!("--strict {arguments}")).assert().code(1).stderr(said);
    let left = std::fs::read_dir(folder.path())
        .unwrap()
        .flatten()
        .any(|entry| entry.file_name().to_string_lossy().starts_with("out."));
    assert!(!left, "{arguments}");
}

/// Runs well without this word on stderr.
fn silent(files: &[(&str, &[u8])], arguments: &str) {
    let folder = folder(files);
    xlner(&folder, arguments).assert().success().stderr(predicate::str::contains("note:").not());
}

fn text(name: &str) -> String {
    std::fs::read_to_string(sample(name)).unwrap()
}

/// The sentences of a sample, moved up by some lines; the first come last.
fn moved(name: &str, by: usize) -> String {
    let text = text(name);
    let sentences: Vec<&str> = text.trim_end().split("\n\n").collect();
    let (first, rest) = sentences.split_at(by);
    rest.iter().chain(first).map(|sentence| format!("{sentence}\n\n")).collect()
}

const PROJECT: &str = "project --source en.conll --target t.conll -o out.conll";

#[test]
fn a_target_that_is_shifted_or_another_text_is_told() {
    let en = text("en.conll");
    for by in [1, 2, 20] {
        let target = moved("sw.conll", by);
        signs(
            &[("en.conll", en.as_bytes()), ("t.conll", target.as_bytes())],
            PROJECT,
            "is the target shifted by a line",
        );
    }
    silent(&[("en.conll", en.as_bytes()), ("t.conll", text("sw.conll").as_bytes())], PROJECT);
    silent(&[("en.conll", en.as_bytes()), ("t.conll", text("ar.conll").as_bytes())], PROJECT);
}

#[test]
fn a_source_without_entities_is_told() {
    let plain: &[u8] = b"Ada\tO\nwon\tO\n\n";
    let files = [("en.conll", plain), ("t.conll", plain), ("t.txt", b"Ada won\n".as_slice())];
    signs(&files, PROJECT, "0 source entities");
    signs(
        &files,
        "transfer --to sw --translations t.txt --source en.conll -o out.conll",
        "0 source entities, nothing to project; sentences: 1 (first: en.conll); is it the file with the tags?",
    );
}

#[test]
fn translations_that_are_hardly_any_are_told() {
    let files = [("in.txt", b"moja\nmbili\ntatu\n".as_slice()), ("t.tsv", b"nne\tfour\n".as_slice())];
    let translate = "translate --from sw --to en --engine lookup --model t.tsv --missing keep in.txt -o out.txt";
    signs(&files, translate, "texts kept as they are");
    let label = "label --from sw --via en --engine lookup --model t.tsv --missing keep in.txt -o out.conll";
    xlner(&folder(&files), label).assert().success().stderr(predicate::str::contains("texts kept as they are"));
    let files = [("in.txt", b"moja\nmbili\ntatu\n".as_slice()), ("t.tsv", b"moja\tone\nmbili\ttwo\n".as_slice())];
    silent(&files, translate);
}

#[test]
fn a_tagger_of_another_language_is_told() {
    let files = [("in.txt", b"Amina alitembelea Nairobi.\n".as_slice())];
    signs(
        &files,
        "tag --lang sw in.txt -o out.conll",
        "another language than their tagger's: 1 (first: in.txt, record “sentence 1: sw; the tagger: en”)",
    );
    signs(&[("in.txt", "Амина посетила Найроби.\n".as_bytes())], "tag in.txt -o out.conll", "another script");
    silent(&files, "tag in.txt -o out.conll");
    silent(&files, "tag --lang en-GB in.txt -o out.conll");
    let files = [("in.txt", b"Amina\n".as_slice()), ("t.tsv", b"Amina\tAmina\n".as_slice())];
    signs(&files, "label --from sw --via de --engine lookup --model t.tsv in.txt -o out.conll", "de; the tagger: en");
}

#[test]
fn a_tagger_remembers_its_language() {
    let train = text("sw.conll");
    let folder = folder(&[("sw.conll", train.as_bytes()), ("in.txt", b"Amina alitembelea Nairobi.\n")]);
    xlner(&folder, "train --train sw.conll --lang sw --min-count 1 --iterations 5 -o sw.tagger").assert().success();
    let other = predicate::str::contains("en; the tagger: sw");
    xlner(&folder, "tag --model sw.tagger --lang en in.txt").assert().success().stderr(other);
    xlner(&folder, "tag --model sw.tagger in.txt").assert().success().stderr(predicate::str::contains("note:").not());
}

#[test]
fn raw_text_is_tokenised_as_its_tagger_learnt_it() {
    let folder = folder(&[("in.txt", b"Ada's dog doesn't bark.\n")]);
    let tokens = |arguments: &str| {
        let tagged = stdout(&folder, arguments);
        let tokens: Vec<&str> =
            tagged.lines().filter_map(|line| line.split('\t').next()).filter(|t| !t.is_empty()).collect();
        tokens.join(" ")
    };
    assert_eq!(tokens("tag in.txt"), "Ada 's dog does n't bark .");
    assert_eq!(tokens("tag in.txt"), tokens("tag --lang en in.txt"));
}

#[test]
fn unknown_language_codes_are_told_with_the_right_one() {
    let files = [("in.txt", b"Hi\n".as_slice()), ("t.tsv", b"Hi\tHi\n".as_slice())];
    for (code, right) in
        [("swahili", "the code of Swahili is sw"), ("sw_KE", "write sw-KE"), ("yy", "is no language code")]
    {
        let folder = folder(&files);
        let arguments = format!("translate --engine lookup --model t.tsv --from {code} --to en in.txt");
        xlner(&folder, &arguments).assert().success().stderr(predicate::str::contains(right));
        let told = predicate::str::contains(format!("--from: “{code}”"));
        xlner(&folder, &format!("--strict {arguments}")).assert().code(1).stdout("").stderr(told);
    }
    silent(&files, "translate --engine lookup --model t.tsv --from sw-KE --to en in.txt");
}

#[test]
fn cells_and_headers_of_spreadsheets_are_told() {
    let quoted = "\"He said \"\"hi\"\" to Ada\"\tA\nb\tc\n".as_bytes();
    signs(&[("b.tsv", quoted)], "align --bitext b.tsv -o out.pharaoh", "as spreadsheets write them");
    signs(&[("b.tsv", b"Source\tTarget\na\tb\n")], "align --bitext b.tsv -o out.pharaoh", "look like names of columns");
    let folder = folder(&[
        ("in.tsv", b"\"Ada\"\t\"B-PER\"\n\"won\"\t\"O\"\n\n"),
        ("in.csv", b"token,tag\nAda,B-PER\n"),
        ("in.conll", b"\"Ada\"\t\"B-PER\"\n\"won\"\t\"O\"\n\n"),
    ]);
    fails(&folder, "convert in.tsv -o out.jsonl", 1, "in.tsv, line 1: tokens and tags stand in quotes");
    fails(&folder, "convert in.conll -o out.jsonl", 1, "in.conll, line 1: tokens and tags stand in quotes");
    fails(&folder, "convert in.csv -o out.jsonl", 1, "save it with tabs");
    fails(&folder, "align --bitext in.csv -o out.pharaoh", 1, "save it with tabs");
}

#[test]
fn blank_lines_at_the_end_are_told() {
    signs(
        &[("in.txt", b"Ada won.\n\n\n")],
        "tag in.txt -o out.conll",
        "empty lines at the end of a text (each is an empty sentence): 2",
    );
    signs(&[("b.tsv", b"a\tb\n\n")], "align --bitext b.tsv -o out.pharaoh", "empty lines at the end");
    silent(&[("in.txt", b"Ada won.\n\nShe did.\n")], "tag in.txt -o out.conll");
}

#[test]
fn a_folder_is_no_file() {
    let folder = folder(&[]);
    for name in ["d", "d.conll", "d.txt", "d.jsonl", "d.tsv"] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
        std::fs::write(folder.path().join(name).join("a.conll"), "Ada\tO\n").unwrap();
        fails(&folder, &format!("tag {name} -o out.conll"), 1, "this is a folder; give a file");
        fails(&folder, &format!("convert {name} -o out.jsonl"), 1, &format!("such as {name}/a.conll"));
    }
    fails(&folder, "project --source d --target d.txt -o out.conll", 1, "this is a folder");
}

#[test]
fn no_sentence_in_a_file_that_has_lines_is_an_error() {
    let files: [(&str, &[u8]); 6] = [
        ("c.conll", b"# a comment\n# another\n"),
        ("d.conll", b"-DOCSTART- O\n\n"),
        ("v.vtt", b"WEBVTT\n"),
        ("r.jsonl", b"{\"text\":\"Oslo won.\",\"spans\":[],\"answer\":\"reject\"}\n"),
        ("h.hocr", b"<html><body><div class='ocr_page'></div></body></html>"),
        ("t.txt", b"Ada won.\n"),
    ];
    let folder = folder(&files);
    let told = "the file has lines, but no sentence can be read from them";
    for (name, _) in &files[..5] {
        let told = if *name == "r.jsonl" { "all that is in the file was left out" } else { told };
        fails(&folder, &format!("convert {name} -o out.jsonl"), 1, told);
        fails(&folder, &format!("tag {name} -o out.conll"), 1, told);
    }
    fails(&folder, "label --from sw --engine lookup --model t.txt c.conll -o out.conll", 1, "");
    fails(&folder, "train --train d.conll -o out.tagger", 1, told);
    fails(&folder, "project --source c.conll --target d.conll -o out.conll", 1, told);
    fails(&folder, "eval --gold d.conll --pred c.conll -o out.json", 1, told);
    std::fs::write(folder.path().join("e.conll"), "\n\n").unwrap();
    xlner(&folder, "convert e.conll -o e.jsonl").assert().success();
    std::fs::write(folder.path().join("e.json"), "[]\n").unwrap();
    xlner(&folder, "convert e.json -o e2.jsonl").assert().success();
}

#[test]
fn standard_input_is_text_unless_it_is_said_otherwise() {
    let folder = folder(&[("t.tsv", b"Ada alishinda.\tAda won.\n")]);
    let out = |arguments: &str, input: &str| {
        let output = xlner(&folder, arguments).write_stdin(input).assert().success().get_output().clone();
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(out("tag -", "Ada won.\n").0, "Ada\tB-PER\nwon\tO\n.\tO\n\n");
    assert_eq!(out("tag --from-format conll -", "Ada\tO\nwon\tO\n\n").0, "Ada\tB-PER\nwon\tO\n\n");
    let label = "label --from sw --engine lookup --model t.tsv --min-score 0 -";
    assert!(out(label, "Ada alishinda.\n").0.starts_with("Ada\t"));
    assert_eq!(out("align --bitext -", "a ||| b\n").0.lines().count(), 1);
    assert_eq!(out("align --bitext -", "a\tb\nc d\te f\n").0.lines().count(), 2);
    assert!(out("tag -", "{\"text\":\"Ada won.\"}\n").1.contains("lines that are JSON records (read as text): 1"));
    assert!(out("tag -", "Ada\tO\nwon\tO\n").1.contains("--from-format conll reads them"));
}

#[test]
fn label_takes_translations_as_transfer_does() {
    let files = [
        ("sw.txt", b"Ada alishinda.\nBob alilala.\n".as_slice()),
        ("en.txt", b"Ada won.\nBob slept.\n".as_slice()),
        ("one.txt", b"Ada won.\n".as_slice()),
    ];
    let folder = folder(&files);
    let label =
        "label --from sw --translations en.txt sw.txt --decision none --scores string=1 --method match -o out.conll";
    xlner(&folder, label).assert().success();
    assert!(read(&folder, "out.conll").starts_with("Ada\tB-PER\n"));
    std::fs::remove_file(folder.path().join("out.conll")).unwrap();
    fails(&folder, "label --from sw --translations one.txt sw.txt -o out.conll", 1, "1 sentence");
    fails(&folder, "label --from sw --translations en.txt --documents sw.txt -o out.conll", 2, "sentence by sentence");
    fails(
        &folder,
        "label --from sw --translations en.txt --engine apertium sw.txt -o out.conll",
        2,
        "cannot be used with",
    );
    fails(&folder, "label --from sw sw.txt -o out.conll", 2, "--translations FILE");
}

#[test]
fn the_next_command_is_told_where_progress_is() {
    let folder = folder(&[("in.txt", b"Ada won.\n")]);
    let next = predicate::str::contains("next: xlner report --pred out.conll -o report.html");
    xlner(&folder, "--progress always tag in.txt -o out.conll").assert().success().stderr(next.clone());
    xlner(&folder, "tag in.txt -o out.conll").assert().success().stderr(next.not());
}

#[test]
fn links_that_count_from_one_are_told_by_report_too() {
    let sides: &[u8] = b"a\tB-X\nb\tO\n\n";
    let folder = folder(&[("s.conll", sides), ("t.conll", sides), ("a.talp", b"1-1 2-2\n")]);
    xlner(&folder, "convert --source s.conll --target t.conll -o p.jsonl").assert().success();
    fails(&folder, "report --pairs p.jsonl --alignment a.talp -o out.html", 1, "--one-based");
    fails(&folder, "project --source s.conll --target t.conll --alignment a.talp -o out.conll", 1, "--one-based");
    xlner(&folder, "report --pairs p.jsonl --alignment a.talp --one-based -o out.html").assert().success();
}

#[test]
fn the_format_of_each_file_can_be_said() {
    let columns: &[u8] = b"a\tB-X\nb\tO\n\n";
    for (name, links) in
        [("a.talp", "0-0 1-1\n"), ("a.out", "0-0 1-1\n"), ("a.gdfa", "0-0 1-1\n"), ("a.xyz", "0-0 1-1\n")]
    {
        let folder = folder(&[("s.dat", columns), ("t.dat", b"a b\n"), (name, links.as_bytes())]);
        let project = format!(
            "project --source s.dat --source-format conll --target t.dat --target-format text --alignment {name} \
             --alignment-format pharaoh -o out.conll"
        );
        xlner(&folder, &project).assert().success();
        assert_eq!(read(&folder, "out.conll"), "a\tB-X\nb\tO\n\n", "{name}");
    }
}

#[test]
fn labels_that_match_nothing_are_told() {
    let files = [("a.conll", b"Ada\tB-PER\nwon\tO\n\n".as_slice())];
    let told = "that no entity has: 2 (first: a.conll, record “GPE, DATE”); labels are compared as they are written";
    signs(&files, "convert a.conll --map GPE=LOC --ignore DATE -o out.jsonl", told);
    signs(&files, "convert a.conll --ignore per -o out.jsonl", "that no entity has: 1 (first: a.conll, record “per”)");
    signs(&files, "eval --gold a.conll --pred a.conll --ignore DATE -o out.json", "that no entity has: 1");
    silent(&files, "convert a.conll --map PER=PERSON --ignore PERSON -o out.conll");
    silent(&files, "eval --gold a.conll --pred a.conll --map PER=PERSON --ignore PERSON");
}

#[test]
fn labels_that_gold_and_predictions_do_not_share_are_told() {
    let files = [
        ("g.conll", b"Ada\tB-PER\nin\tO\nOslo\tB-LOC\n\n".as_slice()),
        ("p.conll", b"Ada\tB-PERSON\nin\tO\nOslo\tB-LOCATION\n\n".as_slice()),
    ];
    let told = "no label in common with gold (nothing can be right): 1 (first: p.conll, record “LOCATION, PERSON; gold: LOC, PER”); --map";
    signs(&files, "eval --gold g.conll --pred p.conll -o out.json", told);
    silent(&files, "eval --gold g.conll --pred p.conll --map PERSON=PER,LOCATION=LOC");
}

#[test]
fn texts_that_were_tokenised_otherwise_are_told_with_the_first_difference() {
    let files = [
        ("g.jsonl", br#"{"text":"Ada can't win.","label":[[0,3,"PER"]]}"#.as_slice()),
        ("p.conll", b"Ada\tB-PER\nca\tO\nn't\tO\nwin\tO\n.\tO\n\n".as_slice()),
        ("q.conll", b"Ada\tB-PER\ncannot\tO\nwin\tO\n.\tO\n\n".as_slice()),
    ];
    let folder = folder(&files);
    let told = "the first that differs: token 2, “ca”, in gold “can't”";
    xlner(&folder, "eval --gold g.jsonl --pred p.conll").assert().code(1).stderr(predicate::str::contains(told));
    xlner(&folder, "eval --gold g.jsonl --pred p.conll --lang en").assert().success();
    signs(
        &files,
        "eval --gold g.jsonl --pred q.conll -o out.json",
        "the first that differs: token 2, “cannot”, in gold “can't”",
    );
}

#[test]
fn gold_without_entities_is_told() {
    let gold = "Ada\tO\nwon\tO\n\n";
    let found = "Ada\tB-PER\nwon\tO\n\n";
    signs(
        &[("g.conll", gold.as_bytes()), ("p.conll", found.as_bytes())],
        "eval --gold g.conll --pred p.conll -o out.txt",
        "gold without any entity",
    );
}

#[test]
fn fields_that_look_like_entities_are_told_by_every_command() {
    let records = b"{\"text\":\"Oslo won.\",\"annotation\":[[0,4,\"LOC\"]]}\n";
    for arguments in ["convert a.jsonl -o out.conll", "tag a.jsonl -o out.conll"] {
        signs(&[("a.jsonl", records)], arguments, "field that looks like entities and is not read");
    }
}

#[test]
fn one_language_for_one_text_in_every_command() {
    let found = "Ada\tB-PER\nwon\tO\n\n";
    let files: [(&str, &[u8]); 2] = [("a.conll", found.as_bytes()), ("t.txt", b"Ada won.\n")];
    for arguments in [
        "tag t.txt --lang en -o out.conll",
        "eval --gold a.conll --pred a.conll --lang en -o out.txt",
        "report --pred a.conll --lang en -o out.html",
        "ensemble a.conll a.conll --lang en -o out.conll",
        "convert a.conll --lang en -o out.jsonl",
        "train --train a.conll --lang en -o out.tagger",
    ] {
        silent(&files, arguments);
    }
    let folder = folder(&files);
    stdout(&folder, "ensemble a.conll a.conll --lang sw -o out.jsonl");
    assert!(read(&folder, "out.jsonl").contains("\"lang\":\"sw\""));
    let code = predicate::str::contains("“swahili” is no language code");
    xlner(&folder, "report --pred a.conll --lang swahili -o out.html").assert().success().stderr(code);
}

#[test]
fn the_labelling_configuration_is_told_by_every_command_that_writes_tasks() {
    let folder = folder(&[("t.txt", b"Ada Lovelace lived in London.\n")]);
    let told =
        predicate::str::contains("labelling configuration").and(predicate::str::contains("<Label value=\"LOC\"/>"));
    xlner(&folder, "tag t.txt -o out.json --to-format label-studio").assert().success().stderr(told);
    let quiet = xlner(&folder, "--quiet tag t.txt -o out.json --to-format label-studio");
    { quiet }.assert().success().stderr("");
}
