//! WebAnno TSV 3, as INCEpTION exports it.

use crate::common::{file, message, message_with, read, read_noted, read_with, shown, shows, written};
use xlner_core::{Entity, Sentence};
use xlner_formats::{Format, ReadOptions, Records, WriteOptions, read_records, read_tags};

const NE: &str = "#T_SP=de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity|identifier|value\n";

fn document(layers: &str, rows: &str) -> String {
    format!("#FORMAT=WebAnno TSV 3.3\n{layers}\n\n{rows}")
}

#[test]
fn entities_of_one_and_several_tokens() {
    let text = document(
        NE,
        "#Text=Ada Lovelace met Bob .\n1-1\t0-3\tAda\t*[1]\tPER[1]\t\n1-2\t4-12\tLovelace\t*[1]\tPER[1]\t\n1-3\t13-16\tmet\t_\t_\t\n\
         1-4\t17-20\tBob\t*\tPER\t\n1-5\t21-22\t.\t_\t_\t\n\n#Text=Oslo Ulm\n2-1\t23-27\tOslo\t*[2]\tLOC[2]\t\n2-2\t28-31\tUlm\t*[3]\tLOC[3]\t\n",
    );
    let (sentences, notes) = read_noted("a.tsv", &text);
    assert_eq!(shown(&sentences), "Ada Lovelace/PER Bob/PER|Oslo/LOC Ulm/LOC");
    assert_eq!(notes, []);
    assert_eq!(sentences[0].text(), "Ada Lovelace met Bob .");
    // Whatever the file is called, and where tags are wanted.
    for name in ["a.conll", "a.webanno.tsv"] {
        assert_eq!(shown(&read(name, &text)), shown(&sentences));
    }
    let file = file("a.tsv", &text);
    assert!(matches!(read_records(&file.path, &ReadOptions::default()).unwrap(), Records::Sentences(_)));
    let tags: Vec<_> = read_tags(&file.path, &ReadOptions::default()).unwrap().map(Result::unwrap).collect();
    assert_eq!(tags[1].tags().collect::<Vec<_>>(), ["B-LOC", "B-LOC"]);
}

#[test]
fn overlapping_entities_and_escapes() {
    let text = document(
        NE,
        "#Text=Port of Oslo\n1-1\t0-4\tPort\t*[1]\tORG[1]\t\n1-2\t5-7\tof\t*[1]\tORG[1]\t\n1-3\t8-12\tOslo\t*[1]|*[2]\tORG[1]|a\\|b\\_c[2]\t\n",
    );
    shows("a.tsv", &text, "Port of Oslo/ORG Oslo/a|b_c");
    let escaped = document(NE, "#Text=a\\tb \\\\\n1-1\t0-3\ta\\tb\t_\t_\t\n1-2\t4-5\t\\\\\t*\tX\t\n");
    shows("a.tsv", &escaped, "\\/X");
}

#[test]
fn other_layers_relations_and_parts_of_tokens_are_noted() {
    let layers = format!(
        "#T_SP=de.tudarmstadt.ukp.dkpro.core.api.lexmorph.type.pos.POS|PosValue\n{NE}#T_RL=webanno.custom.Rel|kind|BT_x\n"
    );
    let text = document(
        &layers,
        "#Text=Oslofjord won\n1-1\t0-9\tOslofjord\tNE\t_\t_\tin\t1-2\t\n1-1.1\t0-4\tOslo\t_\t*\tLOC\t_\t_\t\n1-2\t10-13\twon\tVB\t_\t_\t_\t_\t\n",
    );
    let (sentences, notes) = read_noted("a.tsv", &text);
    assert_eq!(shown(&sentences), "Oslofjord/LOC");
    assert_eq!(notes, [("other-layers", 4), ("inside-tokens", 1)]);
}

#[test]
fn the_layer_is_found_or_asked_for() {
    shows(
        "a.tsv",
        &document(
            "#T_SP=webanno.custom.NE|value\n",
            "#Text=Ada won .\n1-1\t0-3\tAda\tPER\t\n1-2\t4-7\twon\t_\t\n1-3\t8-9\t.\t_\t\n",
        ),
        "Ada/PER",
    );
    let two = document(
        "#T_SP=webanno.custom.A|value\n#T_SP=webanno.custom.B|kind|value\n",
        "#Text=Ada\n1-1\t0-3\tAda\tPER\tk\tHUM\t\n",
    );
    let error = message("a.tsv", &two);
    assert!(error.contains("A.value, B.kind, B.value"), "{error}");
    for (asked, expected) in [
        ("A", "Ada/PER"),
        ("B", "Ada/HUM"),
        ("B.kind", "Ada/k"),
        ("kind", "Ada/k"),
        ("webanno.custom.B|value", "Ada/HUM"),
        ("4", "Ada/PER"),
    ] {
        let options = ReadOptions { tag_column: Some(asked.parse().unwrap()), ..ReadOptions::default() };
        assert_eq!(shown(&read_with("a.tsv", &two, &options)), expected, "{asked}");
    }
}

#[test]
fn bad_lines_name_their_place() {
    let text = document(NE, "#Text=Ada\n1-1\t0-3\n");
    assert!(message("a.tsv", &text).starts_with("a.tsv, line 6: “1-1"), "{}", message("a.tsv", &text));
    let other = document(NE, "#Text=Ada\n1-1\t0-3\tBob\t_\t_\t\n");
    assert!(message("a.tsv", &other).contains("does not occur in the text"));
    let strict = ReadOptions { strict: true, ..ReadOptions::default() };
    let layers = format!("{NE}#T_SP=webanno.custom.X|y\n");
    let text = document(&layers, "#Text=Ada\n1-1\t0-3\tAda\t*\tPER\tz\t\n");
    assert!(message_with("a.tsv", &text, &strict).contains("line 7"), "{}", message_with("a.tsv", &text, &strict));
}

#[test]
fn what_is_written_is_read_again() {
    let mut sentence =
        Sentence::from_text_and_tokens("Port of 💩 [1]|\\ _ now", ["Port", "of", "💩", "[1]|\\", "_", "now"]).unwrap();
    sentence.entities =
        vec![Entity::new(0..3, "ORG"), Entity::new(2..3, "a|b[1]"), Entity::new(4..5, "_x"), Entity::new(5..6, "*")];
    let plain = Sentence::from_tokens(["no", "entity"]);
    let empty = Sentence::from_tokens(Vec::<&str>::new());
    let sentences = [sentence, empty, plain];
    let options = WriteOptions { format: Some(Format::WebAnno), ..WriteOptions::default() };
    let text = written(&sentences, "a.tsv", &options);
    assert!(text.contains("1-4\t11-16\t"), "{text}");
    assert_eq!(read("a.tsv", &text), sentences, "{text}");
}

#[test]
fn entities_without_a_label_are_noted() {
    let text = "#FORMAT=WebAnno TSV 3.3\n#T_SP=webanno.custom.NE|value\n\n\n#Text=Ada Lovelace won\n1-1\t0-3\tAda\t*[1]\t\n1-2\t4-12\tLovelace\t*[1]\t\n1-3\t13-16\twon\t*\t\n";
    let (sentences, notes) = crate::common::read_noted("a.tsv", text);
    assert_eq!(crate::common::shown(&sentences), "Ada Lovelace/_ won/_");
    assert_eq!(notes, [("no-label", 2)]);
}

#[test]
fn an_entity_over_the_border_of_sentences_is_noted() {
    let rows = |number: &str| {
        format!(
            "#Text=Ada\n1-1\t0-3\tAda\t*[1]\tPER[1]\t\n\n#Text=Byron won\n2-1\t4-9\tByron\t*{number}\tPER{number}\t\n2-2\t10-13\twon\t_\t_\t\n"
        )
    };
    let (sentences, notes) = read_noted("a.tsv", &document(NE, &rows("[1]")));
    assert_eq!((shown(&sentences).as_str(), notes.as_slice()), ("Ada/PER|Byron/PER", &[("split-entities", 1)][..]));
    for other in ["[2]", ""] {
        assert_eq!(read_noted("a.tsv", &document(NE, &rows(other))).1, []);
    }
}
