//! `label` and `transfer` with a translator and a tagger made for the test.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use xlner::project::MethodOptions;
use xlner::{AlignerOptions, Back, FlowReport, LabelJob, LabelModels, RunOptions, Shard, TransferJob, TransferModels};
use xlner_core::contracts::{ModelError, ModelResult, Tagger, Translation, Translator};
use xlner_core::{Entity, Sentence};
use xlner_formats::{ReadOptions, WriteOptions};
use xlner_project::markers::Markers;

/// Turns every word round and moves the last to the front; fails at the call `fails_at`.
struct Turner<'c> {
    calls: &'c AtomicUsize,
    fails_at: usize,
}

impl Translator for Turner<'_> {
    fn signature(&self) -> String {
        "turner".into()
    }

    fn translate(&mut self, texts: &[&str]) -> ModelResult<Vec<Translation>> {
        if self.calls.fetch_add(1, Ordering::Relaxed) + 1 == self.fails_at {
            return Err(ModelError::Failed("turner: tired".into()));
        }
        let turn = |text: &&str| {
            let mut words: Vec<String> = text.split_whitespace().map(|word| word.chars().rev().collect()).collect();
            words.rotate_right(1);
            Translation { text: words.join(" "), score: None }
        };
        Ok(texts.iter().map(turn).collect())
    }
}

/// Every token with a capital letter in it is a name.
struct Capitals([String; 3]);

impl Tagger for Capitals {
    fn tags(&self) -> &[String] {
        &self.0
    }

    fn signature(&self) -> String {
        "capitals".into()
    }

    fn tag(&self, sentences: &mut [Sentence], _: bool) -> ModelResult<()> {
        for sentence in sentences {
            let names = (0..sentence.len()).filter(|&at| sentence.token(at).contains(char::is_uppercase));
            sentence.entities = names.map(|at| Entity::new(at..at + 1, "PER")).collect();
        }
        Ok(())
    }
}

fn capitals() -> Capitals {
    Capitals(["O", "B-PER", "I-PER"].map(String::from))
}

/// `count` sentences of eight words, every one with a name that occurs a few times.
fn sentences(count: usize) -> String {
    let words = ["kala", "meri", "puu", "taivas", "lintu", "kivi", "talo"];
    let names = ["Anna", "Boris", "Cecilia", "Daavid", "Esteri"];
    (0..count)
        .map(|n| {
            let mut line: Vec<&str> = (0..7).map(|at| words[(n * 3 + at * (n % 5 + 1)) % words.len()]).collect();
            line.insert(n % 7, names[(n / 3) % names.len()]);
            line.join(" ") + "\n"
        })
        .collect()
}

struct Case {
    folder: tempfile::TempDir,
    calls: AtomicUsize,
}

impl Case {
    fn new(count: usize) -> Case {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("in.txt"), sentences(count)).unwrap();
        Case { folder, calls: AtomicUsize::new(0) }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn job(&self, output: &str, run: RunOptions) -> LabelJob {
        LabelJob {
            input: self.path("in.txt"),
            input_options: ReadOptions { lang: Some("fi".into()), ..ReadOptions::default() },
            documents: false,
            translations: None,
            via: "en".into(),
            back: None,
            aligner: AlignerOptions::default(),
            method: MethodOptions::default(),
            run,
            output: self.path(output),
            output_options: WriteOptions::default(),
        }
    }

    fn label(&self, output: &str, run: RunOptions, fails_at: usize) -> xlner::Result<FlowReport> {
        let mut translator = Turner { calls: &self.calls, fails_at };
        self.job(output, run).run(models(&mut translator, None), &mut |_| ())
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }
}

fn models<'a>(translator: &'a mut dyn Translator, back: Option<&'a mut dyn Translator>) -> LabelModels<'a> {
    let tagger = Box::leak(Box::new(capitals()));
    LabelModels {
        translator: Some(translator),
        tagger,
        target_tagger: None,
        back_translator: back,
        encoder: None,
        scorer: None,
        fusion: None,
        judging: None,
    }
}

fn kept(folder: &Path) -> RunOptions {
    RunOptions { folder: Some(folder.to_owned()), train_pairs: 1500, ..RunOptions::default() }
}

#[test]
fn names_come_back_to_the_sentences_they_left() {
    let case = Case::new(400);
    let report = case.label("out.conll", RunOptions::default(), 0).unwrap();
    assert_eq!((report.projection.sentences, report.projection.source_entities), (400, 400));
    let output = case.read("out.conll");
    let lines = output.lines().filter(|line| !line.is_empty());
    let (names, rest): (Vec<&str>, Vec<&str>) = lines.partition(|line| line.starts_with(char::is_uppercase));
    assert!(names.iter().filter(|line| line.ends_with("B-PER")).count() >= 390, "{output}");
    assert!(rest.iter().filter(|line| !line.ends_with('O')).count() <= 10);
}

#[test]
fn a_run_goes_on_where_it_stopped() {
    let case = Case::new(4500);
    let undisturbed = case.label("a.jsonl", RunOptions { train_pairs: 1500, ..RunOptions::default() }, 0).unwrap();
    assert_eq!(undisturbed.stages.translate.sentences, 4500);
    let run = case.path("run");
    for (attempt, translated) in [(3, 2), (4, 1)] {
        case.calls.store(attempt - translated - 1, Ordering::Relaxed);
        let error = case.label("b.jsonl", kept(&run), attempt).unwrap_err();
        assert!(error.to_string().contains("tired"), "{error}");
        assert!(!case.path("b.jsonl").exists());
    }
    case.calls.store(0, Ordering::Relaxed);
    let report = case.label("b.jsonl", kept(&run), 0).unwrap();
    assert_eq!((report.stages.translate.sentences, report.stages.translate.reused), (1500, 3000));
    assert_eq!(case.calls.load(Ordering::Relaxed), 2);
    assert_eq!(case.read("a.jsonl"), case.read("b.jsonl"));
    // All there: nothing is done again.
    let report = case.label("c.jsonl", kept(&run), 1).unwrap().stages;
    for stage in [report.translate, report.tag, report.project] {
        assert_eq!((stage.sentences, stage.reused), (0, 4500));
    }
    assert_eq!(case.read("a.jsonl"), case.read("c.jsonl"));
}

#[test]
fn back_translations_lead_to_the_same_names() {
    for back in [Back::Project, Back::Compose, Back::Intersect] {
        let case = Case::new(400);
        let job = LabelJob { back: Some(back), ..case.job("out.jsonl", RunOptions::default()) };
        let (mut there, mut home) =
            (Turner { calls: &case.calls, fails_at: 0 }, Turner { calls: &case.calls, fails_at: 0 });
        let report = job.run(models(&mut there, Some(&mut home)), &mut |_| ()).unwrap();
        assert_eq!(report.stages.translate_back.sentences, 400);
        assert!(report.projection.projected >= 390, "{back:?}: {:?}", report.projection);
        for line in case.read("out.jsonl").lines() {
            let pair: serde_json::Value = serde_json::from_str(line).unwrap();
            for entity in pair["target"]["entities"].as_array().unwrap() {
                let token = pair["target"]["tokens"][entity["start"].as_u64().unwrap() as usize].as_str().unwrap();
                assert!(token.starts_with(char::is_uppercase) && entity["from"] == 0, "{back:?}: {line}");
            }
        }
        let error = job.run(models(&mut there, None), &mut |_| ()).unwrap_err();
        assert!(error.to_string().contains("wants a translator back"));
    }
}

#[test]
fn shards_add_up_to_the_whole() {
    let case = Case::new(33_500);
    let whole = case.label("whole.jsonl", RunOptions { train_pairs: 1500, ..RunOptions::default() }, 0).unwrap();
    let run = case.path("run");
    let mut sentences = 0;
    for shard in ["1/2", "2/2"] {
        let options = RunOptions { shard: shard.parse::<Shard>().unwrap(), ..kept(&run) };
        let report = case.label("part.jsonl", options, 0).unwrap();
        sentences += report.projection.sentences;
    }
    assert_eq!(sentences, whole.projection.sentences);
    let merged = case.label("merged.jsonl", kept(&run), 1).unwrap();
    assert_eq!(merged.stages.project.sentences, 0);
    assert_eq!(case.read("whole.jsonl"), case.read("merged.jsonl"));
}

#[test]
fn documents_come_back_whole() {
    let case = Case::new(0);
    let text = sentences(40).lines().map(|line| format!("{line}.\n\n")).collect::<String>() + "kala Anna puu.\n";
    std::fs::write(case.path("in.txt"), &text).unwrap();
    let job = LabelJob { documents: true, ..case.job("out.jsonl", RunOptions::default()) };
    let mut translator = Turner { calls: &case.calls, fails_at: 0 };
    let report = job.run(models(&mut translator, None), &mut |_| ()).unwrap();
    assert_eq!(report.projection.sentences, 41);
    let document: serde_json::Value = serde_json::from_str(&case.read("out.jsonl")).unwrap();
    assert_eq!(document["text"].as_str().unwrap(), text.trim_end_matches('\n'));
    let entities = document["entities"].as_array().unwrap();
    let named = |entity: &serde_json::Value| {
        let at = entity["start"].as_u64().unwrap() as usize;
        document["tokens"][at].as_str().unwrap().starts_with(char::is_uppercase)
    };
    assert!(entities.len() >= 38 && entities.iter().filter(|entity| named(entity)).count() >= 38, "{document}");
    let shard = RunOptions { shard: "1/2".parse().unwrap(), ..RunOptions::default() };
    assert!(LabelJob { run: shard, ..job }.check().unwrap_err().to_string().contains("share out the files"));
}

fn transfer(case: &Case) -> TransferJob {
    TransferJob {
        source: case.path("in.conll"),
        source_options: ReadOptions::default(),
        translations: None,
        to: "tf".into(),
        markers: None,
        aligner: AlignerOptions::default(),
        method: MethodOptions::default(),
        run: RunOptions::default(),
        output: case.path("out.jsonl"),
        output_options: WriteOptions::default(),
    }
}

fn with(translator: &mut dyn Translator) -> TransferModels<'_> {
    TransferModels { translator: Some(translator), ..TransferModels::default() }
}

/// As [`Turner`], but what stands in brackets stays so: one of them gets lost in a text with `!`.
struct Marker<'c> {
    turner: Turner<'c>,
}

impl Translator for Marker<'_> {
    fn signature(&self) -> String {
        "marker".into()
    }

    fn translate(&mut self, texts: &[&str]) -> ModelResult<Vec<Translation>> {
        let turned = self.turner.translate(texts)?.into_iter().zip(texts).map(|(turned, text)| {
            // The letters of a word are turned round, so brackets are the wrong way round.
            let mut text_of = turned.text.replace('[', "<").replace(']', "[").replace('<', "]");
            if text.contains('!') {
                text_of = text_of.replacen('[', "", 1);
            }
            Translation { text: text_of, score: None }
        });
        Ok(turned.collect())
    }
}

#[test]
fn markers_go_through_the_translation() {
    let case = Case::new(0);
    let sentences = ["Anna\tB-PER\nnäkee\tO\nBoris\tB-ORG\n\n", "Anna\tB-PER\nnäkee\tO\n!\tO\n\n", "kalan\tO\n\n"];
    std::fs::write(case.path("in.conll"), sentences.concat()).unwrap();
    let job = TransferJob { markers: Some(Markers::Brackets), output: case.path("out.conll"), ..transfer(&case) };
    let mut translator = Marker { turner: Turner { calls: &case.calls, fails_at: 0 } };
    let report = job.run(with(&mut translator), &mut |_| ()).unwrap();
    assert_eq!((report.lost_markers, report.projection.sentences, report.projection.method), (Some(1), 2, "markers"));
    assert_eq!((report.projection.source_entities, report.projection.projected), (2, 2));
    let expected = "siroB\tB-ORG\nannA\tB-PER\neekän\tO\n\nnalak\tO\n\n";
    assert_eq!(case.read("out.conll"), expected);
    // What has no use here is refused.
    let aligner = AlignerOptions { bitext: vec![case.path("in.conll")], ..AlignerOptions::default() };
    let error = TransferJob { aligner, ..job.clone() }.check().unwrap_err();
    assert!(error.to_string().contains("no use for an aligner"), "{error}");
    let method = MethodOptions { max_length: Some(3), ..MethodOptions::default() };
    assert!(TransferJob { method, ..job }.check().unwrap_err().to_string().contains("options of projection"));
}

#[test]
fn a_run_by_markers_goes_on_where_it_stopped() {
    let case = Case::new(0);
    let names = ["Anna", "Boris", "Cecilia"];
    let sentence = |n: usize| {
        format!("{}\tB-PER\nkala{n}\tO\n{}\tO\n\n", names[n % 3], if n.is_multiple_of(7) { "!" } else { "." })
    };
    std::fs::write(case.path("in.conll"), (0..2500).map(sentence).collect::<String>()).unwrap();
    let job = |output: &str, folder: Option<PathBuf>| TransferJob {
        markers: Some(Markers::Brackets),
        output: case.path(output),
        run: RunOptions { folder, ..RunOptions::default() },
        ..transfer(&case)
    };
    let tagger = capitals();
    let run = |job: &TransferJob, fails_at: usize| {
        case.calls.store(0, Ordering::Relaxed);
        let mut translator = Marker { turner: Turner { calls: &case.calls, fails_at } };
        job.run(TransferModels { tagger: Some(&tagger), ..with(&mut translator) }, &mut |_| ())
    };
    let undisturbed = run(&job("a.conll", None), 0).unwrap();
    let lost = (2500_u64).div_ceil(7);
    assert_eq!((undisturbed.lost_markers, undisturbed.projection.sentences), (Some(lost), 2500 - lost));
    let folder = Some(case.path("run"));
    let error = run(&job("b.conll", folder.clone()), 2).unwrap_err();
    assert!(error.to_string().contains("tired") && !case.path("b.conll").exists(), "{error}");
    let report = run(&job("b.conll", folder.clone()), 0).unwrap();
    assert_eq!((report.stages.translate.sentences, report.stages.translate.reused), (1500, 1000));
    assert_eq!(report.lost_markers, Some(lost));
    assert_eq!(case.read("a.conll"), case.read("b.conll"));
    let report = run(&job("c.conll", folder), 1).unwrap();
    assert_eq!((report.stages.translate.reused, report.stages.tag.reused), (2500, 2500));
    assert_eq!(case.read("a.conll"), case.read("c.conll"));
}

#[test]
fn training_data_comes_from_labelled_sentences() {
    let case = Case::new(0);
    let labelled =
        "Anna\tB-PER\nnäkee\tO\nkalan\tO\n.\tO\n\n".repeat(20) + &"Boris\tB-PER\nja\tO\nAnna\tB-PER\n\n".repeat(20);
    std::fs::write(case.path("in.conll"), labelled).unwrap();
    let job = transfer(&case);
    let mut translator = Turner { calls: &case.calls, fails_at: 0 };
    let report = job.run(with(&mut translator), &mut |_| ()).unwrap();
    assert_eq!((report.projection.source_entities, report.projection.projected), (60, 60));
    // The same translations, given.
    let translations: String = case
        .read("out.jsonl")
        .lines()
        .map(|line| {
            let pair: serde_json::Value = serde_json::from_str(line).unwrap();
            format!("{}\n", pair["target"]["text"].as_str().unwrap())
        })
        .collect();
    std::fs::write(case.path("given.txt"), translations).unwrap();
    let given = TransferJob {
        translations: Some((case.path("given.txt"), ReadOptions::default())),
        output: case.path("given.jsonl"),
        ..job.clone()
    };
    given.run(TransferModels::default(), &mut |_| ()).unwrap();
    assert_eq!(case.read("given.jsonl"), case.read("out.jsonl"));
    let error = given.run(with(&mut translator), &mut |_| ()).unwrap_err();
    assert!(error.to_string().contains("nothing for an engine to do"));
    assert!(job.run(TransferModels::default(), &mut |_| ()).unwrap_err().to_string().contains("option `translations`"));
}
