//! `lookup`: a table of given translations.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use xlner_core::contracts::{ModelError, Translator};
use xlner_models::{Error, Lookup, LookupOptions, Missing};

/// What is asked for.
#[derive(Default)]
struct Options {
    tables: Vec<String>,
    lookup: LookupOptions,
}

impl Options {
    fn open(&self) -> Result<Lookup, Error> {
        Lookup::open(&self.tables, ["sr", "en"], &self.lookup)
    }
}

fn options(folder: &Path, tables: &[(&str, &[u8])]) -> Options {
    let mut options = Options::default();
    for (name, content) in tables {
        let path = folder.join(name);
        fs::write(&path, content).unwrap();
        options.tables.push(path.display().to_string());
    }
    options
}

fn open(options: &Options) -> Lookup {
    options.open().unwrap()
}

fn texts(translator: &mut dyn Translator, texts: &[&str]) -> Vec<String> {
    translator.translate(texts).unwrap().into_iter().map(|translation| translation.text).collect()
}

#[test]
fn exact_then_normalised() {
    let folder = TempDir::new().unwrap();
    let table = "Zdravo  svete\thello  world\nZdravo svete\thello world\nkafe\u{301}\tcoffee\n  spaces  \tkept\nprvi\tfirst\nprvi\tsecond\n\t\n";
    let mut lookup = open(&options(folder.path(), &[("t.tsv", table.as_bytes())]));
    // Each is found as it is; what is not is found by its words, whatever separates them and however accents are written.
    let asked = [
        "Zdravo  svete",
        "Zdravo svete",
        "Zdravo\u{a0}\nsvete ",
        "kaf\u{e9}",
        "kafe\u{301}",
        "spaces",
        "\tspaces",
        "prvi",
        "",
        "  ",
    ];
    let expected = ["hello  world", "hello world", "hello world", "coffee", "coffee", "kept", "kept", "first", "", ""];
    assert_eq!(texts(&mut lookup, &asked), expected);
    assert_eq!(lookup.figures().texts, 10);
}

#[test]
fn tokenised_and_raw_texts_find_each_other() {
    let folder = TempDir::new().unwrap();
    let table = "Ada sayu .\tAda won .\nAna, vidi!\tAna, look!\nab c\tfirst\na b c\tsecond\n";
    let mut lookup = open(&options(folder.path(), &[("t.tsv", table.as_bytes())]));
    let asked = ["Ada sayu.", "Ada sayu .", "Ana , vidi !", "a b  c", "abc"];
    assert_eq!(texts(&mut lookup, &asked), ["Ada won .", "Ada won .", "Ana, look!", "second", "first"]);
}

#[test]
fn tables_of_every_kind_and_several() {
    let folder = TempDir::new().unwrap();
    let bitext = "jedan ||| one\n".as_bytes();
    let records = br#"{"source":{"text":"dva"},"target":{"text":"two"}}"#;
    let more = "jedan\tuno\ntri\tthree\n".as_bytes();
    let options = options(folder.path(), &[("a.bitext", bitext), ("b.jsonl", records), ("c.tsv", more)]);
    assert_eq!(texts(&mut open(&options), &["tri", "dva", "jedan"]), ["three", "two", "one"]);
}

#[test]
fn a_missing_text_is_an_error_or_kept() {
    let folder = TempDir::new().unwrap();
    let mut options = options(folder.path(), &[("t.tsv", b"a\tb\n")]);
    let error = open(&options).translate(&["a", "nema ga", "a"]).unwrap_err();
    assert!(matches!(error, ModelError::Sentence { index: 1, .. }));
    let message = error.to_string();
    assert!(
        message.contains("nema ga") && message.contains("t.tsv") && message.contains("option `missing` keep"),
        "{message}"
    );
    options.lookup.missing = Missing::Keep;
    let mut lookup = open(&options);
    assert_eq!(texts(&mut lookup, &["a", "nema ga"]), ["b", "nema ga"]);
    assert_eq!(lookup.figures().untranslated, 1);
}

#[test]
fn the_signature_follows_the_content() {
    let folder = TempDir::new().unwrap();
    let signature = |content: &str| open(&options(folder.path(), &[("t.tsv", content.as_bytes())])).signature();
    assert_eq!(signature("a\tb\n"), signature("a\tb\n"));
    assert_ne!(signature("a\tb\n"), signature("a\tc\n"));
    assert_ne!(signature("ab\tc\n"), signature("a\tbc\n"));
    assert!(signature("a\tb\n").starts_with("lookup sr en "));
}

#[test]
fn what_is_no_table_is_named() {
    let folder = TempDir::new().unwrap();
    let fails = |tables: &[(&str, &[u8])]| options(folder.path(), tables).open().err().unwrap().to_string();
    assert!(fails(&[]).contains("option `model`"));
    let message = fails(&[("three.tsv", b"a\tb\na\tb\tc\n")]);
    assert!(message.contains("three.tsv: line 2: 3 columns"), "{message}");
    let absent = Options { tables: vec!["no/such.tsv".into()], ..Options::default() };
    let message = absent.open().err().unwrap().to_string();
    assert!(message.contains("no/such.tsv: cannot open"), "{message}");
}

#[test]
fn a_table_in_the_other_direction_and_odd_translations_are_told() {
    let folder = TempDir::new().unwrap();
    let table = "Ada won.\tAda  sayu .\nempty\t\ntwo\tone\ntwo\tother\ntwo\tone\n";
    let mut options = options(folder.path(), &[("t.tsv", table.as_bytes())]);
    options.lookup.read.notes = xlner_formats::Notes::default();
    let mut lookup = open(&options);
    let error = lookup.translate(&["Ada sayu."]).unwrap_err().to_string();
    assert!(error.contains("is the table in the other direction?"), "{error}");
    let error = lookup.translate(&["Eva sayu."]).unwrap_err().to_string();
    assert!(!error.contains("direction"), "{error}");
    assert_eq!(texts(&mut lookup, &["empty", "two", ""]), ["", "one", ""]);
    assert_eq!(lookup.figures().empty, 1);
    let notes = options.lookup.read.notes.list();
    assert_eq!(
        (notes[0].kind.name, notes[0].count, notes[0].first.record.as_deref()),
        ("several-translations", 1, Some("two"))
    );
}
