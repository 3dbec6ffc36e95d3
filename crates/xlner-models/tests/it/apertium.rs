//! `apertium`: against a program of ours that plays it and misbehaves, and against the real one where it is installed.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use tempfile::TempDir;
use xlner_core::contracts::{ModelError, Translator};
use xlner_formats::{ReadOptions, read_sentences};
use xlner_models::{Apertium, ApertiumOptions, Error};

/// Plays `apertium`: its translation of a text is the text in capitals, words that begin with `u` are unknown to it. A text
/// “… FAULT once …” is met with that fault the first time, one with `always` every time.
const FAKE: &str = r#"#!/bin/bash
if [ "$1" = -l ]; then echo "  hbs-eng"; exit; fi
cd "$(dirname "$0")"
echo $$ >> started
while IFS= read -r -d '' text; do
  if [ "$text" = "[xlner]" ]; then printf '%s\0' "$text"; continue; fi
  body=${text#*]}; body=${body%[*}; mark=${text%%]*}]
  answer=$mark${body^^}$mark
  fault=
  case $body in
    *" once "*) if ! [ -e "seen-$body" ]; then : > "seen-$body"; fault=${body%% once *}; fi ;;
    *" always "*) fault=${body%% always *} ;;
  esac
  case $fault in
    crash) echo "Segmentation fault" >&2; exit 139 ;;
    cut) printf '%s\0' "${answer:0:8}"; exit 1 ;;
    hang) sleep 600 ;;
    drop) continue ;;
    repeat) printf '%s\0' "$answer" ;;
    shift) printf '%s\0' "[0]SOMETHING ELSE[0]"; continue ;;
    nothing) printf '\0'; continue ;;
    empty) printf '%s\0' "$mark$mark"; continue ;;
    bytes) printf '%s\xff\xfe%s\0' "$mark" "$mark"; continue ;;
    noise) printf '%s\x01\x02%s\0' "$mark" "$mark"; continue ;;
    flood) head -c 17000000 /dev/zero | tr '\0' x; continue ;;
  esac
  printf '%s\0' "${answer// U/ *U}"
done
"#;

const FAULTS: [&str; 10] = ["crash", "cut", "drop", "repeat", "shift", "nothing", "empty", "bytes", "noise", "flood"];

/// What is asked for.
#[derive(Clone)]
struct Options {
    modes: Vec<String>,
    languages: [&'static str; 2],
    apertium: ApertiumOptions,
}

impl Options {
    fn new(from: &'static str, to: &'static str) -> Options {
        Options { modes: Vec::new(), languages: [from, to], apertium: ApertiumOptions::default() }
    }

    fn open(&self) -> Result<Apertium, Error> {
        Apertium::open(&self.modes, self.languages, &self.apertium)
    }
}

struct Fake {
    folder: TempDir,
    options: Options,
}

impl Fake {
    fn new() -> Fake {
        let folder = TempDir::new().unwrap();
        let mut options = Options::new("sr", "en");
        options.apertium.program = script(folder.path(), "apertium", FAKE);
        options.apertium.processes = 1;
        Fake { folder, options }
    }

    fn open(&self) -> Apertium {
        self.options.open().unwrap()
    }

    /// Processes that were started to translate.
    fn started(&self) -> usize {
        fs::read_to_string(self.folder.path().join("started")).unwrap_or_default().lines().count()
    }
}

fn script(folder: &Path, name: &str, content: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, content).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    // A process that another test starts just now may still hold the file open for writing.
    while let Err(error) = Command::new(&path).arg("-l").stdout(Stdio::null()).status() {
        assert_eq!(error.kind(), std::io::ErrorKind::ExecutableFileBusy, "{error}");
        thread::sleep(Duration::from_millis(10));
    }
    path
}

fn translate(translator: &mut dyn Translator, texts: &[String]) -> Vec<String> {
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    translator.translate(&texts).unwrap().into_iter().map(|translation| translation.text).collect()
}

fn capitals(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| text.to_uppercase()).collect()
}

#[test]
fn one_process_translates_everything() {
    let fake = Fake::new();
    let mut translator = fake.open();
    let mut texts: Vec<String> = (0..700).map(|number| format!("text {number}")).collect();
    texts[13] = String::new();
    texts[14] = " \n".into();
    texts[15] = "a u\nu * [b] u~".into();
    let mut expected = capitals(&texts);
    expected[14] = String::new();
    expected[15] = "A U U * [B] U~".into();
    assert_eq!(translate(&mut translator, &texts), expected);
    assert_eq!(translate(&mut translator, &texts[..20]), expected[..20]);
    assert_eq!(fake.started(), 1);
    let figures = translator.figures();
    assert_eq!((figures.texts, figures.unknown_words, figures.retries), (720, 6, 0));
    assert!(translator.translate(&[]).unwrap().is_empty());
}

#[test]
fn faults_are_made_good() {
    for processes in [1, 3] {
        let mut fake = Fake::new();
        fake.options.apertium.processes = processes;
        let mut texts: Vec<String> = (0..500).map(|number| format!("text {number}")).collect();
        for (number, fault) in FAULTS.iter().enumerate() {
            texts[number * 49] = format!("{fault} once {number}");
            texts[number * 49 + 1 + number % 3] = format!("{fault} once again {number}");
        }
        let mut translator = fake.open();
        assert_eq!(translate(&mut translator, &texts), capitals(&texts), "{processes}");
        let figures = translator.figures();
        assert!(figures.retries >= 10 && figures.empty == 0 && figures.untranslated == 0, "{figures:?}");
        let retries = figures.retries as usize;
        assert!((retries..=retries + processes).contains(&fake.started()), "{figures:?} {}", fake.started());
    }
}

#[test]
fn a_process_that_hangs_is_killed_and_replaced() {
    let mut fake = Fake::new();
    fake.options.apertium.timeout = Duration::from_secs(3);
    let texts = ["one", "hang once 1", "two"].map(String::from);
    let mut translator = fake.open();
    assert_eq!(translate(&mut translator, &texts), capitals(&texts));
    drop(translator);
    let started = fs::read_to_string(fake.folder.path().join("started")).unwrap();
    for pid in started.lines() {
        assert!(members(pid).is_empty(), "{pid}");
    }
}

#[test]
fn a_text_that_always_fails_is_named_or_passed_through() {
    for fault in FAULTS.into_iter().filter(|fault| !["empty", "repeat"].contains(fault)) {
        let mut fake = Fake::new();
        fake.options.apertium.timeout = Duration::from_secs(3);
        let attempts = if fault == "drop" { 1 } else { 3 };
        fake.options.apertium.attempts = attempts;
        let mut texts: Vec<String> = (0..60).map(|number| format!("text {number}")).collect();
        texts[37] = format!("{fault} always 1");
        let borrowed: Vec<&str> = texts.iter().map(String::as_str).collect();
        let error = fake.open().translate(&borrowed).unwrap_err();
        assert!(matches!(error, ModelError::Sentence { index: 37, .. }), "{fault}: {error}");
        let message = error.to_string();
        assert!(message.contains(&format!("{fault} always 1")), "{message}");
        assert!(fault != "crash" || message.contains("Segmentation fault"), "{message}");
        fake.options.apertium.pass_through = true;
        let mut translator = fake.open();
        let mut expected = capitals(&texts);
        expected[37].clone_from(&texts[37]);
        assert_eq!(translate(&mut translator, &texts), expected, "{fault}");
        assert_eq!(translator.figures().untranslated, 1);
    }
}

#[test]
fn a_translation_that_stays_empty_is_believed() {
    let fake = Fake::new();
    let mut translator = fake.open();
    let texts = ["a", "empty always 1", "b"].map(String::from);
    assert_eq!(translate(&mut translator, &texts), ["A", "", "B"]);
    assert_eq!(translator.figures().empty, 1);
}

#[test]
fn the_first_text_at_fault_is_named_whatever_the_number_of_processes() {
    for processes in [1, 4] {
        let mut fake = Fake::new();
        fake.options.apertium.processes = processes;
        fake.options.apertium.attempts = 1;
        let mut texts = vec!["text".to_owned(); 400];
        for at in [390, 211, 205] {
            texts[at] = format!("crash always {at}");
        }
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let error = fake.open().translate(&texts).unwrap_err();
        assert!(matches!(error, ModelError::Sentence { index: 205, .. }), "{error}");
    }
}

#[test]
fn an_engine_that_does_not_work_is_not_the_text_s_fault() {
    let mut fake = Fake::new();
    // The output may end long before the reason is given.
    for delay in ["", "exec 1>&-; sleep 0.3; "] {
        let broken = format!(
            "#!/bin/bash\n[ \"$1\" = -l ] && {{ echo hbs-eng; exit; }}\n{delay}echo 'Error: no locale' >&2; exit 1\n"
        );
        fake.options.apertium.program = script(fake.folder.path(), "broken", &broken);
        let error = fake.open().translate(&["a", "b"]).unwrap_err();
        assert!(matches!(error, ModelError::Failed(_)) && error.to_string().contains("no locale"), "{error}");
    }

    fake.options.apertium.program = fake.folder.path().join("absent");
    let message = fake.options.open().err().unwrap().to_string();
    assert!(message.contains("apt-get install apertium"), "{message}");
}

#[test]
fn languages_choose_the_mode() {
    let mut fake = Fake::new();
    let message = |options: &Options| options.open().err().unwrap().to_string();
    fake.options.languages[0] = "es";
    assert!(message(&fake.options).contains("apt-get install apertium-eng-spa; installed are: hbs-eng"));
    fake.options.modes = vec!["hbs-eng".into()];
    assert!(fake.open().signature().starts_with("apertium hbs-eng"));
    fake.options.modes = vec!["spa-eng".into()];
    assert!(message(&fake.options).contains("no mode spa-eng is installed"));
    fake.options.modes.push("hbs-eng".into());
    assert!(message(&fake.options).contains("option `model` once"));
}

/// Processes of a group that have not ended.
fn members(group: &str) -> Vec<String> {
    let stat = |entry: fs::DirEntry| fs::read_to_string(entry.path().join("stat")).ok();
    let all = fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(stat);
    let of_group = all.filter_map(|stat| {
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
        let (state, group_of_it) = (fields.next()?, fields.nth(1)?);
        (state != "Z" && group_of_it == group).then(|| stat.split(' ').next().unwrap_or_default().to_owned())
    });
    of_group.collect()
}

/// The options for the installed Apertium; `None`, and a line that says so, where it or the mode is not there.
fn installed(from: &'static str, to: &'static str) -> Option<Options> {
    let options = Options::new(from, to);
    match options.open() {
        Ok(_) => Some(options),
        Err(error) => {
            println!("skipped: {error}");
            None
        }
    }
}

/// The Serbian sentences of the shared data; `None`, and a line that says so, where they are not there.
fn serbian() -> Option<Vec<String>> {
    let folder = xlner_testing::shared("uner-sr-set")?;
    let read = |name: &str| read_sentences(&folder.join(name), &ReadOptions::default()).unwrap();
    let sentences = read("sr.dev.conll").chain(read("sr.test.conll"));
    Some(sentences.map(|sentence| sentence.unwrap().text().to_owned()).collect())
}

#[test]
fn real_serbian_killed_five_times_on_the_way() {
    let (Some(mut options), Some(texts)) = (installed("sr", "en"), serbian()) else { return };
    assert_eq!(texts.len(), 1056);
    options.apertium.processes = 1;
    let undisturbed = translate(&mut options.open().unwrap(), &texts);
    assert!(undisturbed.iter().all(|text| !text.is_empty()));

    // The same with a start that says which process group it is, of which a member or all are killed now and then.
    let folder = TempDir::new().unwrap();
    let wrapper = "#!/bin/bash\n[ \"$1\" = -l ] || ps -o pgid= $$ | tr -d ' ' >> \"$(dirname \"$0\")/started\"\nexec apertium \"$@\"\n";
    options.apertium.program = script(folder.path(), "wrapper", wrapper);
    options.apertium.processes = 2;
    let started = folder.path().join("started");
    let (kill, killing) = channel::<u64>();
    let killer = thread::spawn(move || {
        for number in killing {
            thread::sleep(Duration::from_millis(number * 7919 % 150));
            let groups = fs::read_to_string(&started).unwrap_or_default();
            let Some(group) = groups.lines().rev().find(|group| !members(group).is_empty()) else { continue };
            let members = members(group);
            // The whole pipeline, or one program of it.
            let victim = match number % 2 {
                0 => format!("-{group}"),
                _ => members[number as usize * 31 % members.len()].clone(),
            };
            Command::new("kill").args(["-9", "--", &victim]).status().unwrap();
        }
    });
    let mut translator = options.open().unwrap();
    let mut disturbed = Vec::new();
    for (number, batch) in texts.chunks(100).enumerate() {
        if (1..=5).contains(&number) {
            kill.send(number as u64).unwrap();
        }
        disturbed.extend(translate(&mut translator, batch));
    }
    drop(kill);
    killer.join().unwrap();
    assert_eq!(disturbed, undisturbed);
    let figures = translator.figures();
    println!("{figures:?}");
    assert!(figures.retries > 0 && figures.unknown_words > 0);
}

#[test]
fn real_pipelines_pass_every_character_on() {
    for (from, to) in [("sr", "en"), ("es", "en"), ("eu", "en"), ("en", "es")] {
        let Some(options) = installed(from, to) else { continue };
        let mut translator = options.open().unwrap();
        let odd = [
            "^",
            "$",
            "/",
            "\\",
            "[",
            "]",
            "{",
            "}",
            "<",
            ">",
            "@",
            "*",
            "#",
            "~",
            "+",
            "a[",
            "\\\\",
            "^$",
            "[[x]]",
            "~~",
            "5 * 4 = 20",
            "$100",
            "#tag",
            "^1/2<3>$",
            "[<STREAMCMD:SETVAR:x>]",
            "\u{e000}*\u{e001}",
            "\u{feff}",
            "*1*",
        ];
        let translations = translator.translate(&odd).unwrap();
        let kept = |text: &str| -> String { text.chars().filter(|c| !c.is_alphanumeric() && *c != ' ').collect() };
        for (text, translation) in odd.iter().zip(translations) {
            assert_eq!(kept(&translation.text), kept(text), "{from}-{to}: {text} {}", translation.text);
        }
        assert_eq!(translator.figures().retries, 0);
    }
}
