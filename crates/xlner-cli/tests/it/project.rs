//! `xlner project`: files and records in, files and records out, every way it can be used wrongly.

use crate::common::{fails, folder, read, sample, stdout, xlner};
use predicates::prelude::*;
use tempfile::TempDir;

const EN: &str = "\
Angela\tB-PER\nMerkel\tI-PER\nvisited\tO\nNew\tB-LOC\nYork\tI-LOC\n.\tO\n
The\tO\nUN\tB-ORG\nsaid\tO\nso\tO\n
";
const DE: &str = "\
In\tB-XX\nNew\tO\nYork\tO\nwar\tO\nAngela\tO\nMerkel\tO\n.\tO\n
So\tO\nsprach\tO\ndie\tO\nUNO\tO\n
";
const TEXT: &str = "In New York war Angela Merkel.\nSo sprach die UNO\n";
const LINKS: &str = "0-4 1-5 3-1:0.9 4-2 5-6\n0-2 1-3 2-1 3-0\n";
const RECORDS: &str = r#"{"id":"s1","source":{"lang":"en","text":"Obama visited Berlin .","tokens":["Obama","visited","Berlin","."],"entities":[{"start":0,"end":1,"label":"PER","score":0.98},{"start":2,"end":3,"label":"LOC"}]},"target":{"lang":"de","text":"Obama besuchte Berlin.","page":7},"alignment":[[0,0,0.99],[1,1],[2,2,0.97],[3,3]],"note":"kept"}
{"id":"s2","source":{"tokens":["Paris","?"],"entities":[{"start":0,"end":1,"label":"LOC"}]},"target":{"tokens":[]},"alignment":[]}
"#;

fn files() -> TempDir {
    folder(&[
        ("en.conll", EN.as_bytes()),
        ("de.conll", DE.as_bytes()),
        ("de.txt", TEXT.as_bytes()),
        ("links.pharaoh", LINKS.as_bytes()),
        ("pairs.jsonl", RECORDS.as_bytes()),
    ])
}

const GIVEN: &str = "project --source en.conll --target de.conll --alignment links.pharaoh";

#[test]
fn given_links_put_entities_where_they_belong() {
    let folder = files();
    insta::assert_snapshot!(stdout(&folder, GIVEN), @r"
    In	O
    New	B-LOC
    York	I-LOC
    war	O
    Angela	B-PER
    Merkel	I-PER
    .	O

    So	O
    sprach	O
    die	O
    UNO	B-ORG
    ");
    let heuristic = stdout(&folder, &format!("{GIVEN} --method heuristic"));
    assert_eq!(heuristic, stdout(&folder, GIVEN));
    for solver in ["greedy", "bipartite"] {
        assert_eq!(heuristic, stdout(&folder, &format!("{GIVEN} --solver {solver}")));
    }
}

#[test]
fn records_keep_the_links_of_the_trained_aligner() {
    let folder = folder(&[]);
    let (en, sw) = (sample("en.conll"), sample("sw.conll"));
    let project = |more: &str| {
        stdout(
            &folder,
            &format!("project --source {} --target {} --to-format jsonl {more}", en.display(), sw.display()),
        )
    };
    let linked = |records: &str| records.lines().filter(|line| line.contains("\"alignment\":[[")).count();
    let kept = project("");
    assert_eq!(linked(&kept), 66);
    assert!(kept.lines().next().unwrap().contains("[0,0,0.9"));
    let none = project("--links none");
    assert_eq!((linked(&none), none.contains("alignment")), (0, false));
    // They are not looked at: the entities are the same.
    let entities = |records: &str| {
        records
            .lines()
            .map(|line| line.split_once("\"target\":").unwrap().1.split_once(']').unwrap().0.to_owned())
            .collect()
    };
    let [with, without]: [Vec<String>; 2] = [entities(&kept), entities(&none)];
    assert_eq!(with, without);
    // Links that are given go as well.
    std::fs::write(folder.path().join("given.jsonl"), RECORDS).unwrap();
    assert!(!stdout(&folder, "project --pairs given.jsonl --links none").contains("alignment"));
}

#[test]
fn gold_says_how_good_the_result_is() {
    let folder = files();
    std::fs::write(
        folder.path().join("gold.conll"),
        DE.replace("In\tB-XX\nNew\tO\nYork\tO", "In\tO\nNew\tB-LOC\nYork\tI-LOC"),
    )
    .unwrap();
    let figures = stdout(&folder, &format!("{GIVEN} --gold gold.conll -o de.projected.conll --report figures.json"));
    let same = stdout(&folder, "eval --gold gold.conll --pred de.projected.conll");
    assert_eq!(figures, same);
    assert!(figures.contains("micro") && figures.contains("0.3333"), "{figures}");
    let report: serde_json::Value = serde_json::from_str(&read(&folder, "figures.json")).unwrap();
    assert_eq!(report["evaluation"]["micro"]["correct"], 1);

    // Entities on standard output stay alone there.
    let both = xlner(&folder, &format!("{GIVEN} --gold gold.conll")).assert().success().get_output().clone();
    assert_eq!(String::from_utf8(both.stdout).unwrap(), read(&folder, "de.projected.conll"));
    assert!(String::from_utf8(both.stderr).unwrap().contains("de.conll against gold.conll: 2 sentences, 11 tokens"));

    // Records bring their own gold; it is not seen by the projection.
    let gold = RECORDS
        .replace("\"note\":\"kept\"", "\"gold\":[{\"start\":2,\"end\":3,\"label\":\"LOC\"}]")
        .replace("\"text\":\"Obama besuchte Berlin.\"", "\"tokens\":[\"Obama\",\"besuchte\",\"Berlin\",\".\"]");
    std::fs::write(folder.path().join("gold.jsonl"), gold).unwrap();
    let figures = stdout(&folder, "project --pairs gold.jsonl --gold gold.jsonl -o out.jsonl");
    assert!(figures.contains("out.jsonl against gold.jsonl: 2 sentences, 4 tokens"), "{figures}");
    let micro = figures.lines().find(|line| line.starts_with("micro")).unwrap();
    assert_eq!(micro.split_whitespace().collect::<Vec<_>>(), ["micro", "0.5000", "1.0000", "0.6667", "1", "2", "1"]);
    std::fs::remove_file(folder.path().join("out.jsonl")).unwrap();

    std::fs::write(folder.path().join("short.conll"), "So\tO\n").unwrap();
    fails(&folder, &format!("{GIVEN} --gold short.conll -o out.conll"), 1, "7 tokens, gold has 1");
    std::fs::write(folder.path().join("short.conll"), DE.split_once("\n\n").unwrap().0).unwrap();
    fails(&folder, &format!("{GIVEN} --gold short.conll -o out.conll"), 1, "short.conll holds 1 sentence");
    fails(&folder, &format!("{GIVEN} --gold absent.conll -o out.conll"), 1, "absent.conll");
}

#[test]
fn raw_text_is_tokenised() {
    let folder = files();
    let raw = "project --source en.conll --target de.txt --target-lang de --alignment links.pharaoh";
    assert_eq!(stdout(&folder, raw), stdout(&folder, GIVEN));
}

#[test]
fn records_keep_everything() {
    let folder = files();
    insta::assert_snapshot!(stdout(&folder, "project --pairs pairs.jsonl"));
}

#[test]
fn records_go_through_standard_input_and_compression() {
    let folder = files();
    let expected = stdout(&folder, "project --pairs pairs.jsonl");
    let piped = xlner(&folder, "project --pairs - --from-format jsonl").write_stdin(RECORDS).assert().success();
    assert_eq!(String::from_utf8_lossy(&piped.get_output().stdout), expected);
    for name in ["out.jsonl.gz", "out.jsonl.zst"] {
        xlner(&folder, &format!("project --pairs pairs.jsonl -o {name}")).assert().success().stdout("");
        assert!(std::fs::read(folder.path().join(name)).unwrap().len() < expected.len());
        // What was projected is projected again, from the compressed file.
        assert_eq!(stdout(&folder, &format!("project --pairs {name}")), expected);
    }
}

#[test]
fn the_report_adds_up() {
    let folder = files();
    xlner(&folder, "project --pairs pairs.jsonl -o out.jsonl --report report.json")
        .assert()
        .success()
        .stderr("2 sentences, 3 source entities, 2 projected; not projected: empty-target 1\n");
    let mut report: serde_json::Value = serde_json::from_str(&read(&folder, "report.json")).unwrap();
    let seconds = report["seconds"].take();
    for stage in ["read", "train", "align", "project", "write"] {
        assert!(seconds[stage].as_f64().unwrap() >= 0.0, "{stage}");
    }
    report["version"].take();
    insta::assert_json_snapshot!(report);
}

#[test]
fn verbosity() {
    let folder = files();
    xlner(&folder, &format!("{GIVEN} -o out.conll --quiet")).assert().success().stderr("");
    let said = predicate::str::contains("3 projected").and(predicate::str::contains("seconds: read"));
    xlner(&folder, &format!("{GIVEN} -o out.conll -v")).assert().success().stderr(said);
    let bars = predicate::str::contains("project: 2 of 2");
    xlner(&folder, &format!("{GIVEN} -o out.conll --progress always")).assert().success().stderr(bars);
}

#[test]
fn wrong_usage() {
    let folder = files();
    let cases = [
        ("project", "<--source <FILE>|--pairs <FILE>>"),
        ("project --source en.conll", "--target"),
        ("project --pairs pairs.jsonl --source en.conll --target de.conll", "cannot be used with"),
        ("project --pairs pairs.jsonl -o out.txt", "format text holds no entities"),
        ("project --pairs pairs.jsonl --method magic", "known: match, heuristic"),
        ("project --pairs pairs.jsonl --merge-distance 2", "belongs to --method heuristic"),
        ("project --pairs pairs.jsonl --method heuristic --solver greedy", "belongs to --method match"),
        ("project --pairs pairs.jsonl --max-length 0", "leaves no candidate"),
        ("project --pairs pairs.jsonl --scores align=x", "align=1,tagger=0.5"),
        ("project --pairs pairs.jsonl --constraint 2", "<=1, =1, >=1"),
        ("project --pairs pairs.jsonl --solver bipartite --constraint >=1", "use exact"),
        ("project --source - --target - --from-format conll -o out.conll", "once only"),
        ("project --pairs pairs.jsonl --report -", "standard output"),
        (&format!("{GIVEN} --bitext pairs.jsonl -o out.conll"), "--scores align=1,span=1"),
    ];
    for (arguments, message) in cases {
        fails(&folder, arguments, 2, message);
    }
    if cfg!(not(feature = "milp")) {
        fails(&folder, &format!("{GIVEN} --solver milp"), 2, "the feature `milp`");
    }
}

#[test]
fn failures_name_the_place_and_leave_nothing() {
    let folder = files();
    let write = |name: &str, content: &[u8]| std::fs::write(folder.path().join(name), content).unwrap();
    write("short.conll", b"a\tO\n\n");
    write("empty.pharaoh", b"");
    write("long.pharaoh", format!("{LINKS}\n0-0\n").as_bytes());
    write("outside.pharaoh", b"0-4 1-5\n0-2 1-9\n");
    write("latin1.conll", b"M\xfcnchen\tB-LOC\n\n");
    write("latin1.txt", b"ok\nM\xfcnchen\n");
    write("tokens.conll", b"Berlin\nlies\n\n");
    write("broken.jsonl", RECORDS.replace("[3,3]", "[3,9]").as_bytes());
    write("tokens.jsonl", br#"{"id":"s1","source":{"tokens":["a"]},"target":{"tokens":["b"]},"alignment":[[0,1]]}"#);
    write("mixed.jsonl", RECORDS.replace(",\"alignment\":[]", "").replace("[]", "[\"Paris\"]").as_bytes());
    let cases = [
        ("project --source no.conll --target de.conll -o out.conll", "no.conll: cannot open"),
        (
            "project --source en.conll --target short.conll -o out.conll",
            "en.conll holds 2 sentences, short.conll holds 1 sentence",
        ),
        (
            "project --source short.conll --target de.conll --alignment links.pharaoh -o out.conll",
            "short.conll holds 1 sentence, de.conll holds 2 sentences",
        ),
        (&format!("{GIVEN}.missing -o out.conll"), "links.pharaoh.missing"),
        (
            "project --source en.conll --target de.conll --alignment empty.pharaoh -o out.conll",
            "en.conll holds 2 sentences, empty.pharaoh holds 0 alignments",
        ),
        (
            "project --source en.conll --target de.conll --alignment long.pharaoh -o out.conll",
            "en.conll holds 2 sentences, long.pharaoh holds 4 alignments",
        ),
        (
            "project --source en.conll --target de.conll --alignment outside.pharaoh -o out.conll",
            "outside.pharaoh, pair 2: link 1-9 leaves the pair (4 source tokens, 4 target tokens)",
        ),
        (
            "project --source latin1.conll --target de.conll -o out.conll",
            "latin1.conll, line 1: byte 2 of the line is not UTF-8",
        ),
        (
            "project --source en.conll --target latin1.txt -o out.conll",
            "latin1.txt, line 2: byte 2 of the line is not UTF-8",
        ),
        ("project --source tokens.conll --target de.conll -o out.conll", "tokens.conll"),
        (
            "project --pairs broken.jsonl -o out.jsonl",
            "broken.jsonl, pair 1 “s1”: link 3-9 leaves the pair (4 source tokens, 4 target tokens)",
        ),
        ("project --pairs tokens.jsonl -o out.jsonl", "tokens.jsonl, line 1, record “s1”: link 0-1 leaves the pair"),
        (
            "project --pairs mixed.jsonl -o out.jsonl",
            "mixed.jsonl, pair 2 “s2”: the pair has no alignment: align it first",
        ),
        (
            "project --pairs pairs.jsonl --scores nmt=1 -o out.jsonl",
            "pairs.jsonl, pair 1 “s1”: there is no score `nmt`",
        ),
        ("project --pairs pairs.jsonl --scores codec=1 -o out.jsonl", "under `scores`; --nmt-model MODEL makes it"),
        (&format!("{GIVEN} -o no/such/out.conll"), "no/such/out.conll: cannot open: there is no folder no/such\n"),
    ];
    for (arguments, message) in cases {
        fails(&folder, arguments, 1, message);
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = files();
    std::fs::write(folder.path().join("many.jsonl"), RECORDS.repeat(20_000)).unwrap();
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("xlner"));
    command.current_dir(&folder).args(["project", "--pairs", "many.jsonl"]);
    let mut child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty());
}

/// Projects the bundled sample with the built-in aligner and returns what was written.
fn project_sample(language: &str, more: &str) -> String {
    let folder = folder(&[]);
    let mut command = xlner(&folder, more);
    command.arg("project").arg("--source").arg(sample("en.conll"));
    command.arg("--target").arg(sample(&format!("{language}.conll")));
    let output = command.assert().success().get_output().clone();
    String::from_utf8(output.stdout).unwrap()
}

/// The target's gold tags never help: whatever looks at them wants to be told that they are a tagger's.
#[test]
fn gold_tags_of_the_target_do_not_leak() {
    let folder = files();
    let (en, sw) = (sample("en.conll").display().to_string(), sample("sw.conll").display().to_string());
    stdout(&folder, &format!("convert --source {en} --target {sw} -o gold.jsonl"));
    let bare = std::fs::read_to_string(sample("sw.conll")).unwrap();
    let bare: String = bare.lines().map(|line| line.split('\t').next().unwrap().to_owned() + "\n").collect();
    std::fs::write(folder.path().join("bare.conll"), bare.replace('\n', "\tO\n").replace("\n\tO\n", "\n\n")).unwrap();
    for asks in
        ["--scores tagger=1", "--scores span=1,tagger-any=0.5", "--candidates tagger", "--candidates tagger-subspans"]
    {
        let files = format!("project --source {en} --target {sw} {asks} -o out.conll");
        fails(&folder, &files, 2, "--target-tags tagger");
        let records = format!("project --pairs gold.jsonl {asks} -o out.jsonl");
        fails(&folder, &records, 1, "gold.jsonl, pair 1 “1”: the target has no probabilities of a tagger");
        let told = format!(
            "project --source {en} --target {sw} {asks} --target-tags tagger --report figures.json -o told.conll"
        );
        xlner(&folder, &told)
            .assert()
            .success()
            .stderr(predicate::str::contains("159 entities of the target were taken"));
        let report: serde_json::Value = serde_json::from_str(&read(&folder, "figures.json")).unwrap();
        assert_eq!(report["input"]["target_tags"], 159);
    }
    // What looks at no tags gives the same with them and without.
    for asks in ["", "--scores string=1 --candidates ngram", "--scores align=1", "--method heuristic"] {
        let project = |target: &str| stdout(&folder, &format!("project --source {en} --target {target} {asks}"));
        assert_eq!(project(&sw), project("bare.conll"), "{asks}");
    }
    fails(&folder, &format!("project --source {en} --target {sw} --target-tags tagger"), 2, "nothing looks at");
}

/// A tagger of the target language gives the opinion itself; the target's own tags stay out of it.
#[test]
fn a_tagger_of_the_target_has_a_say() {
    let folder = files();
    let (en, de) = ("--source en.conll --target de.conll", "--alignment links.pharaoh");
    let asks = format!("project {en} {de} --scores align=1,tagger=0.5 --target-tagger capitals:LOC");
    let with_tags = stdout(&folder, &asks);
    std::fs::write(
        folder.path().join("bare.conll"),
        read(&folder, "de.conll").replace("B-LOC", "O").replace("B-PER", "O"),
    )
    .unwrap();
    assert_eq!(stdout(&folder, &asks.replace("de.conll", "bare.conll")), with_tags);
    fails(&folder, &format!("project {en} {de} --target-tagger capitals:LOC"), 2, "not asked for anything");
}

#[test]
fn the_sample_needs_no_links() {
    for language in ["sw", "hi", "ar"] {
        let projected = project_sample(language, "");
        let gold = std::fs::read_to_string(sample(&format!("{language}.conll"))).unwrap();
        // The same tokens, and entities among them.
        let tokens =
            |text: &str| text.lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!(tokens(&projected), tokens(&gold));
        let begun = projected.matches("\tB-").count();
        assert!(begun > 100, "{language}: {begun}");
    }
}

#[test]
fn one_thread_or_several_write_the_same() {
    assert_eq!(project_sample("hi", "--threads 1"), project_sample("hi", "--threads 2"));
    let folder = files();
    std::fs::write(folder.path().join("many.jsonl"), RECORDS.repeat(5_000)).unwrap();
    let many = "project --pairs many.jsonl --threads";
    assert!(stdout(&folder, &format!("{many} 1")) == stdout(&folder, &format!("{many} 2")));
}

#[test]
fn links_of_the_aligner_serve_the_other_methods() {
    let folder = folder(&[]);
    let run = |more: &str| {
        let mut command = xlner(&folder, &format!("project --to-format jsonl {more} --report report.json"));
        command.arg("--source").arg(sample("en.conll")).arg("--target").arg(sample("sw.conll")).assert().success();
        let report: serde_json::Value = serde_json::from_str(&read(&folder, "report.json")).unwrap();
        assert_eq!(report["alignment"], "trained");
        report["projected"].as_u64().unwrap()
    };
    assert!(run("--method heuristic") > 50);
    assert!(run("--scores align=1,string=0.5") > 50);
    assert!(run("--scores span=1,align=0.5 --candidates aligned") > 50);
    assert!(run("--keep-labels") > 50);
}

#[test]
fn an_aligner_of_vectors_wants_an_encoder() {
    let folder = folder(&[("a.conll", b"Anna\tB-PER\n\n"), ("b.conll", b"Anna\tO\n\n")]);
    let files = "project --source a.conll --target b.conll -o out.conll";
    fails(&folder, &format!("{files} --aligner awesome"), 2, "--aligner awesome wants an --encoder");
    fails(&folder, &format!("{files} --aligner other.xla --encoder x"), 2, "--encoder is for --aligner simalign");
    let message = if cfg!(feature = "transformers") { "nowhere" } else { "transformers" };
    fails(&folder, &format!("{files} --aligner simalign --encoder nowhere/"), 2, message);
}
