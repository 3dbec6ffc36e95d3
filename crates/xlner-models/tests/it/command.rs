//! Taggers behind programs: against scripts of ours, which behave and misbehave.
#![cfg(unix)]

use std::fs;
use std::thread;
use std::time::Duration;

use tempfile::TempDir;
use xlner_core::contracts::{ModelError, Tagger};
use xlner_core::{Entity, Sentence};
use xlner_models::{CommandOptions, CommandTagger, Error};

/// Answers each record with its first token as a name; words in the text make it misbehave.
const FAKE: &str = r#"
echo start >> "$(dirname "$0")/started"
while IFS= read -r line; do
  id=${line#*\"id\":\"}; id=${id%%\"*}
  good='{"id":"'$id'","entities":[{"start":0,"end":1,"label":"NAME","score":0.75}]}'
  case $line in
    *DIE*) echo "out of memory" >&2; exit 3 ;;
    *KILLED*) kill -9 $$ ;;
    *HANG*) echo "thinking" >&2; sleep 600 ;;
    *CLOSE*) exec 1>&-; sleep 0.3; echo "closed for good" >&2; exit 1 ;;
    *GARBAGE*) echo "Loading model..." ;;
    *BLANK*) echo ;;
    *BYTES*) printf '\xff\xfe\n' ;;
    *CUT*) printf '{"id":"'$id'","enti'; exit 0 ;;
    *FEWER*) ;;
    *TWICE*) echo "$good"; echo "$good" ;;
    *UNKNOWN*) echo '{"id":"x7","entities":[]}' ;;
    *RANGE*) echo '{"id":"'$id'","entities":[{"start":0,"end":9,"label":"NAME"}]}' ;;
    *EMPTY*) echo '{"id":"'$id'","entities":[{"start":1,"end":1,"label":"NAME"}]}' ;;
    *SCORE*) echo '{"id":"'$id'","entities":[{"start":0,"end":1,"label":"NAME","score":7}]}' ;;
    *DUPLICATE*) echo '{"id":"'$id'","entities":[{"start":0,"end":1,"label":"A"},{"start":0,"end":1,"label":"A"}]}' ;;
    *NOFIELD*) echo '{"id":"'$id'"}' ;;
    *LIST*) echo '["'$id'"]' ;;
    *) echo "$good" ;;
  esac
done
"#;

struct Fake {
    folder: TempDir,
}

impl Fake {
    fn new(script: &str) -> Fake {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("tagger.sh"), script).unwrap();
        Fake { folder }
    }

    /// A tagger that runs the script; the shell reads it, so that no test can hold it open.
    fn open(&self, seconds: u64) -> CommandTagger {
        let options = CommandOptions { timeout: Duration::from_secs(seconds) };
        CommandTagger::new(&format!("bash '{}'", self.folder.path().join("tagger.sh").display()), options).unwrap()
    }

    fn started(&self) -> usize {
        fs::read_to_string(self.folder.path().join("started")).unwrap_or_default().lines().count()
    }
}

fn sentences(texts: &[&str]) -> Vec<Sentence> {
    texts.iter().map(|text| Sentence::from_tokens(text.split_whitespace())).collect()
}

fn name(score: Option<f64>) -> Entity {
    Entity { score, ..Entity::new(0..1, "NAME") }
}

#[test]
fn one_program_tags_batch_after_batch() {
    let fake = Fake::new(FAKE);
    let tagger = fake.open(60);
    for _ in 0..3 {
        let mut batch = sentences(&["Ana came", "", "Boris \"quoted\" \\ left"]);
        batch[0].entities = vec![Entity::new(1..2, "OLD")];
        tagger.tag(&mut batch, true).unwrap();
        assert_eq!(batch[0].entities, [name(Some(0.75))]);
        assert!(batch[1].entities.is_empty());
        assert_eq!(batch[2].entities, [name(Some(0.75))]);
        batch.iter().for_each(|sentence| sentence.validate().unwrap());
        assert_eq!(batch[0].probabilities.as_ref().unwrap().rows[0], [0.25, 0.75, 0.0]);
    }
    tagger.tag(&mut sentences(&["", ""]), false).unwrap();
    tagger.finish().unwrap();
    tagger.finish().unwrap();
    assert_eq!(fake.started(), 1);
}

#[test]
fn many_records_and_large_answers_do_not_block() {
    let fake = Fake::new(
        r#"while IFS= read -r line; do
             id=${line#*\"id\":\"}; id=${id%%\"*}; echo "noise $line" >&2
             echo '{"id":'$id',"entities":[],"echo":"'$(printf 'x%.0s' {1..300})'"}'
           done"#,
    );
    let mut batch = vec![Sentence::from_tokens(["word"; 200]); 1500];
    let tagger = fake.open(120);
    tagger.tag(&mut batch, false).unwrap();
    tagger.finish().unwrap();
}

#[test]
fn answers_come_in_any_order_and_a_program_may_read_all_first() {
    // `tac` says nothing before its input ends.
    let fake = Fake::new(
        r#"echo start >> "$(dirname "$0")/started"
           tac | sed -E 's/.*"id":"([0-9]+)","tokens":\["w([0-9]+)".*/{"id":"\1","entities":[{"start":0,"end":1,"label":"W\2"}]}/'"#,
    );
    let tagger = fake.open(60);
    for _ in 0..2 {
        let texts: Vec<String> = (0..40).map(|number| format!("w{number} x")).collect();
        let mut batch = sentences(&texts.iter().map(String::as_str).collect::<Vec<_>>());
        tagger.tag(&mut batch, false).unwrap();
        for (number, sentence) in batch.iter().enumerate() {
            assert_eq!(sentence.entities, [Entity::new(0..1, format!("W{number}"))]);
        }
    }
    tagger.finish().unwrap();
    assert_eq!(fake.started(), 2);
}

#[test]
fn whatever_else_it_does_is_an_error_that_names_the_record() {
    for (word, message) in [
        ("DIE", "out of memory"),
        ("DIE", "exit status: 3"),
        ("DIE", "2 answers to 5 records"),
        ("KILLED", "without an answer"),
        ("CLOSE", "closed for good"),
        ("HANG", "silent for 2 s"),
        ("HANG", "thinking"),
        ("FEWER", "silent for 2 s"),
        ("GARBAGE", "“Loading model...”"),
        ("BLANK", "standard error"),
        ("BYTES", "standard error"),
        ("CUT", "“{\"id\":\"2\",\"enti”"),
        ("UNKNOWN", "\"x7\""),
        ("RANGE", "token 0 to 9"),
        ("EMPTY", "token 1 to 1"),
        ("SCORE", "the score 7"),
        ("DUPLICATE", "twice"),
        ("NOFIELD", "entities"),
        ("LIST", "standard error"),
    ] {
        let fake = Fake::new(FAKE);
        let tagger = fake.open(2);
        let mut batch = sentences(&["Ana came", "", "Boris left", &format!("{word} here"), "so it is", "no end"]);
        let error = tagger.tag(&mut batch, false).unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, ModelError::Sentence { index: 3, .. }), "{word}: {text}");
        assert!(text.contains(message) && text.contains("cmd:bash"), "{word}: {text}");
        // The next batch finds a new program.
        tagger.tag(&mut sentences(&["Ana came"]), false).unwrap();
        assert_eq!(fake.started(), 2, "{word}");
    }
}

#[test]
fn answers_that_nobody_asked_for_are_noticed() {
    let fake = Fake::new(FAKE);
    let mut batch = sentences(&["Ana came", "TWICE said", "so it is"]);
    let error = fake.open(60).tag(&mut batch, false).unwrap_err();
    assert!(matches!(error, ModelError::Sentence { index: 1, .. }) && error.to_string().contains("twice"), "{error}");
    // At the very end, too.
    let tagger = fake.open(60);
    tagger.tag(&mut sentences(&["Ana came", "TWICE said"]), false).unwrap();
    let error = tagger.finish().unwrap_err().to_string();
    assert!(error.contains("more than it was asked"), "{error}");
    // A program that fails when all is done has failed.
    let fails = Fake::new(&format!("{FAKE}\necho 'cannot save' >&2; exit 4"));
    let tagger = fails.open(60);
    tagger.tag(&mut sentences(&["Ana came"]), false).unwrap();
    let error = tagger.finish().unwrap_err().to_string();
    assert!(error.contains("exit status: 4") && error.contains("cannot save"), "{error}");
}

#[test]
fn a_program_that_hangs_is_killed_with_all_that_it_started() {
    let fake = Fake::new("sleep 600 & echo $! > \"$(dirname \"$0\")/child\"; wait");
    let tagger = fake.open(1);
    assert!(tagger.tag(&mut sentences(&["a"]), false).is_err());
    let child = fs::read_to_string(fake.folder.path().join("child")).unwrap();
    // A process that is killed takes a moment to go.
    let runs = || {
        let stat = fs::read_to_string(format!("/proc/{}/stat", child.trim())).unwrap_or_default();
        let state = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().next());
        state.is_some_and(|state| !["Z", "X"].contains(&state))
    };
    let mut looks = 0;
    while runs() {
        assert!(looks < 3000, "it still runs");
        looks += 1;
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_program_that_is_not_there_says_so() {
    let tagger = CommandTagger::new("xlner-no-such-program --x", CommandOptions::default()).unwrap();
    let error = tagger.tag(&mut sentences(&["a"]), false).unwrap_err().to_string();
    assert!(error.contains("not found") && error.contains("127"), "{error}");
    for (command, seconds) in [("  ", 1), ("cat", 0)] {
        let options = CommandOptions { timeout: Duration::from_secs(seconds) };
        assert!(matches!(CommandTagger::new(command, options), Err(Error::Options(_))));
    }
    let error = tagger.tag(&mut [Sentence::from_text("not tokenised")], false).unwrap_err();
    assert!(matches!(error, ModelError::Sentence { index: 0, .. }), "{error}");
}

#[test]
fn what_is_kept_depends_on_the_script() {
    let fake = Fake::new("cat");
    let before = fake.open(1).signature();
    fs::write(fake.folder.path().join("tagger.sh"), "tac").unwrap();
    assert_ne!(fake.open(1).signature(), before);
}
