//! Damaged files given to the command: exit code 0, 1 or, for job files, 2; one error; nothing left behind.

use std::path::Path;

use xlner_testing::{Bounded, Ended, mutate, sample};

/// A valid file, the command that reads it, and whether it is one of lines.
struct Kind {
    name: &'static str,
    valid: Vec<u8>,
    command: &'static str,
    text: bool,
    /// Other exit codes than 0 and 1.
    usage: bool,
}

fn kind(name: &'static str, valid: impl Into<Vec<u8>>, command: &'static str) -> Kind {
    Kind { name, valid: valid.into(), command, text: true, usage: false }
}

fn text_kinds() -> Vec<Kind> {
    let html = "<div class='ocr_page' title='bbox 0 0 9 9'><span class='ocr_line'><span class='ocrx_word' title='bbox 1 1 4 2'>Zoë</span> won</span></div>";
    let page = "<PcGts><Page imageWidth='9' imageHeight='9'><TextRegion id='b'><TextLine><Word><Coords points='1,1 4,2'/><TextEquiv><Unicode>Zoë.</Unicode></TextEquiv></Word></TextLine></TextRegion></Page></PcGts>";
    let alto = "<alto><Page WIDTH='9' HEIGHT='9'><TextLine><String CONTENT='Nai' HPOS='1' VPOS='1' WIDTH='2' HEIGHT='1'/></TextLine></Page></alto>";
    let whisper =
        r#"{"segments":[{"text":" Nairobi.","start":1,"end":2.5,"words":[{"word":" Nairobi.","start":1,"end":2}]}]}"#;
    let pair = r#"{"id":"s","source":{"tokens":["Ana","won"],"entities":[{"start":0,"end":1,"label":"PER"}]},"target":{"tokens":["Ana","je"]},"alignment":[[0,0,0.5]]}"#;
    let pairs = format!("{pair}\n{}\n", pair.replace("\"s\"", "\"t\""));
    let columns = "Ana\tB-PER\nwon\tO\n\n";
    let conllu = "# text = don't\n1-2\tdon't\t_\t_\t_\t_\t_\t_\t_\t_\n1\tdo\t_\t_\t_\t_\t_\t_\t_\tNER=O\n2\tn't\t_\t_\t_\t_\t_\t_\t_\tNER=B-X\n\n";
    let studio = r#"[{"id":1,"data":{"text":"Obama won"},"annotations":[{"result":[{"type":"labels","value":{"start":0,"end":5,"text":"Obama","labels":["PER"]}}]}]}]"#;
    let spacy = r#"[{"text":"Obama won.","ents":[{"start":0,"end":5,"label":"PER"}],"tokens":[{"start":0,"end":5},{"start":6,"end":10}]}]"#;
    vec![
        kind("conll", columns, "convert FILE --from-format conll -o out.jsonl"),
        kind(
            "conll2003",
            "Ana NNP B-NP I-PER\nwon VBD B-VP O\n\n",
            "convert FILE --from-format conll2003 -o out.conllu",
        ),
        kind("panx", "en:Ana\tB-PER\nen:won\tO\n\n", "convert FILE --from-format panx -o out.tsv"),
        kind(
            "uner",
            "# text = Ana won\n1\tAna\tB-PER\t-\t-\n2\twon\tO\t-\t-\n\n",
            "convert FILE --from-format uner -o out.jsonl",
        ),
        kind("conllu", conllu, "convert FILE --from-format conllu -o out.json --to-format doccano"),
        kind("tsv", columns, "convert FILE --from-format tsv -o out.jsonl"),
        kind("text", "Ana won.\nBo lost.\n", "tag FILE --from-format text --model capitals:PER -o out.conll"),
        kind("bitext", "Ana won ||| Ana je\nBo ||| Bo\n", "align --bitext FILE --from-format bitext -o out.pharaoh"),
        kind("jsonl", pairs.clone(), "project --pairs FILE --from-format jsonl -o out.jsonl --report out.report"),
        kind("records", pairs, "eval --gold FILE --pred FILE --from-format jsonl -o out.txt"),
        kind("json", studio, "convert FILE --from-format json -o out.jsonl"),
        kind("hf", r#"[{"tokens":["a","b"],"ner_tags":["B-X","O"]}]"#, "convert FILE --from-format hf -o out.conll"),
        kind("label-studio", studio, "convert FILE --from-format label-studio -o out.ann"),
        kind(
            "doccano",
            r#"{"id":1,"text":"Obama","label":[[0,5,"PER"]]}"#,
            "convert FILE --from-format doccano -o out.conll",
        ),
        kind("spacy", spacy, "report --pred FILE --from-format spacy -o out.html"),
        kind("hocr", html, "convert FILE --from-format hocr -o out.jsonl"),
        kind("alto", alto, "convert FILE --from-format alto -o out.jsonl"),
        kind("page", page, "convert FILE --from-format page -o out.jsonl"),
        kind("ctm", "r A 0.5 0.25 nairobi 0.9\nr A 3 1 zoë\n", "convert FILE --from-format ctm -o out.jsonl"),
        kind(
            "vtt",
            "WEBVTT\n\n00:01.000 --> 00:04.000\n<v A>Nai<00:02.000>robi.\n",
            "convert FILE --from-format vtt -o out.txt",
        ),
        kind("whisper", whisper, "convert FILE --from-format whisper -o out.jsonl"),
        kind("pharaoh", "0-0 1?1 2-2:0.5\n\n", "convert FILE --from-format pharaoh -o out.naacl"),
        kind("links", "0-0 1-1\n", "project --source in.conll --target in.conll --alignment FILE.pharaoh -o out.jsonl"),
        kind(
            "naacl",
            "1 1 1 S\n0003 2 1 P 0.5\n",
            "eval --gold-alignment FILE --alignment FILE --from-format naacl -o out.txt",
        ),
        kind(
            "dictionary",
            "Ana\tAna\nwon\tje\n",
            "project --source in.conll --target in.conll --dictionary FILE -o out.conll",
        ),
        kind(
            "table",
            "Ana won\tAna je\n",
            "translate --engine lookup --model FILE.tsv --from sr --to en in.conll --missing keep -o out.txt",
        ),
        kind("names", "Ana\nBo\n", "train --train in.conll --iterations 2 --names X=FILE -o out.tagger"),
    ]
}

fn jobs() -> Vec<Kind> {
    let job = "# A job.\nsource = \"in.conll\"\ntarget = \"in.conll\"\noutput = \"out.conll\"\nscores = { span = 1, string = 0.5 }\nmax-length = 10\n";
    let plan = "title = \"x\"\n[set]\na = \"in.conll\"\n[[dataset]]\nname = \"d\"\ngold = \"{a}\"\n[[method]]\nname = \"m\"\nsteps = [\"convert {gold} -o {out}\"]\n";
    let usage = |kind: Kind| Kind { usage: true, ..kind };
    vec![usage(kind("job", job, "project --job FILE")), usage(kind("plan", plan, "experiment FILE -o out.md"))]
}

fn models(folder: &Path) -> Vec<Kind> {
    for command in [
        "align --source en.conll --target sw.conll --save-model m.xla -o /dev/null --to-format pharaoh",
        "train --train en.conll --iterations 3 -o m.tagger",
    ] {
        assert_eq!(run(folder, command, Bounded::default()).code, Some(0), "{command}");
    }
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let binary = |kind: Kind| Kind { text: false, ..kind };
    vec![
        binary(kind("aligner", read("m.xla"), "align --model FILE --source in.conll --target in.conll -o out.pharaoh")),
        binary(kind("crf", read("m.tagger"), "tag --model FILE in.conll -o out.jsonl --probabilities")),
    ]
}

fn run(folder: &Path, command: &str, limits: Bounded) -> Ended {
    let program = assert_cmd::cargo::cargo_bin!("xlner");
    let arguments: Vec<&str> = ["--threads", "1"].into_iter().chain(command.split(' ')).collect();
    let temporary = folder.join("tmp");
    limits.run(program, folder, &arguments, &[("TMPDIR", temporary.to_str().unwrap()), ("RUST_BACKTRACE", "0")])
}

/// What is wrong with how the command ended, if anything.
fn problem(kind: &Kind, ended: &Ended, folder: &Path) -> Option<String> {
    let allowed: &[i32] = if kind.usage { &[0, 1, 2] } else { &[0, 1] };
    let Some(code) = ended.code.filter(|code| allowed.contains(code)) else {
        return Some(format!("exit {:?}, late {}: {}", ended.code, ended.late, ended.stderr));
    };
    let errors = ended.stderr.lines().filter(|line| line.starts_with("error")).count();
    if errors != usize::from(code != 0) {
        return Some(format!("exit {code} and {errors} errors: {}", ended.stderr));
    }
    // A job names other files, with which something may be wrong.
    if code != 0 && !ended.stderr.contains("file.x") && !(kind.usage && code == 1) {
        return Some(format!("the file is not named: {}", ended.stderr));
    }
    let names = |folder: &Path| -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
    };
    // The table of an experiment says which methods failed.
    let stray = |name: &String| name.starts_with('.') || code != 0 && name.starts_with("out") && name != "out.md";
    let left: Vec<String> = names(folder).into_iter().filter(stray).chain(names(&folder.join("tmp"))).collect();
    (!left.is_empty()).then(|| format!("exit {code}; left behind: {left:?}"))
}

fn survive(kinds: &[Kind], seeds: u64) {
    let others: Vec<&[u8]> = kinds.iter().map(|kind| &kind.valid[..]).collect();
    let mut problems = Vec::new();
    for kind in kinds {
        for seed in 0..=seeds {
            let folder = crate::common::folder(&[("in.conll", b"Ana\tB-PER\nwon\tO\n\n")]);
            std::fs::create_dir(folder.path().join("tmp")).unwrap();
            // The first is the valid file.
            let bytes = if seed == 0 { kind.valid.clone() } else { mutate(&kind.valid, &others, kind.text, seed) };
            for name in ["file.x", "file.x.pharaoh", "file.x.tsv"] {
                std::fs::write(folder.path().join(name), &bytes).unwrap();
            }
            let command = kind.command.replace("FILE", "file.x");
            let ended = run(folder.path(), &command, Bounded::default());
            if seed == 0 && ended.code != Some(0) {
                problems.push(format!("{}, the valid file: xlner {command}: {}", kind.name, ended.stderr));
            }
            if let Some(problem) = problem(kind, &ended, folder.path()) {
                problems.push(format!("{}, seed {seed}: xlner {command}: {problem}", kind.name));
            }
        }
    }
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}

#[test]
fn damaged_texts() {
    survive(&text_kinds(), 8);
}

#[test]
fn damaged_jobs() {
    survive(&jobs(), 60);
}

#[test]
fn damaged_models() {
    let folder = crate::common::folder(&[]);
    std::fs::create_dir(folder.path().join("tmp")).unwrap();
    for name in ["en.conll", "sw.conll"] {
        std::fs::copy(sample(name), folder.path().join(name)).unwrap();
    }
    survive(&models(folder.path()), 12);
}
