//! CoNLL-U: ranges, empty nodes, comments, and what is written of them again.

use crate::common::{read, read_noted, shown, shows, written};
use xlner_core::Span;
use xlner_formats::{Format, ReadOptions, WriteOptions, read_tags};

fn row(id: &str, form: &str, misc: &str) -> String {
    format!("{id}\t{form}\t_\t_\t_\t_\t_\t_\t_\t{misc}\n")
}

const MAR: &str = "# newdoc id = d1\n# sent_id = s1\n# text = Vámonos al mar.\n# annotator = ann\n\
    1-2\tVámonos\t_\t_\t_\t_\t_\t_\t_\t_\n\
    1\tVamos\tir\tVERB\t_\tMood=Imp\t0\troot\t_\tNER=O\n\
    2\tnos\tyo\tPRON\t_\t_\t1\tobj\t_\tNER=O\n\
    2.1\tir\tir\tVERB\t_\t_\t_\t_\t1:x\t_\n\
    3-4\tal\t_\t_\t_\t_\t_\t_\t_\tNER=B-LOC\n\
    3\ta\ta\tADP\t_\t_\t5\tcase\t_\tNER=B-LOC\n\
    4\tel\tel\tDET\t_\t_\t5\tdet\t_\tNER=I-LOC\n\
    5\tmar\tmar\tNOUN\t_\t_\t1\tobl\t_\tNER=I-LOC|SpaceAfter=No\n\
    6\t.\t.\tPUNCT\t_\t_\t1\tpunct\t_\tNER=O\n\n";

#[test]
fn the_text_is_the_one_that_people_read() {
    let sentence = &read("a.conllu", MAR)[0];
    assert_eq!(sentence.text(), "Vámonos al mar.");
    assert_eq!(sentence.tokens().collect::<Vec<_>>(), ["Vámonos", "al", "mar", "."]);
    assert_eq!(shown(std::slice::from_ref(sentence)), "al mar/LOC");
    // Without the comment the forms of the ranges tell it as well.
    let bare: String = MAR.lines().filter(|line| !line.starts_with("# text")).map(|line| format!("{line}\n")).collect();
    assert_eq!(read("a.conllu", &bare)[0].text(), "Vámonos al mar.");
}

#[test]
fn words_that_are_the_form_put_together_are_tokens() {
    let text = row("1-2", "Don't", "SpaceAfter=No")
        + &row("1", "Do", "NER=O")
        + &row("2", "n't", "NER=O")
        + &row("3", ".", "NER=O");
    let sentence = &read("a.conllu", &text)[0];
    assert_eq!((sentence.text(), sentence.len()), ("Don't.", 3));
    let tagged =
        row("1-2", "Oslofjord", "NER=B-LOC") + &row("1", "Oslo", "_") + &row("2", "fjord", "_") + &row("3", "x", "_");
    shows("a.conllu", &tagged, "Oslofjord/LOC");
}

#[test]
fn a_tag_on_a_range_is_that_of_the_range() {
    let of = |range: &str, a: &str, o: &str| {
        row("1", "vai", "NER=O")
            + &row("2-3", "ao", range)
            + &row("2", "a", a)
            + &row("3", "o", o)
            + &row("4", "Rio", "NER=I-LOC")
    };
    for (range, a, o) in [("NER=B-LOC", "_", "_"), ("_", "NER=B-LOC", "NER=I-LOC"), ("NER=B-LOC", "NER=O", "NER=O")] {
        let (sentences, notes) = read_noted("a.conllu", &of(range, a, o));
        assert_eq!((shown(&sentences).as_str(), notes.as_slice()), ("ao Rio/LOC", &[][..]), "{range} {a} {o}");
    }
    // The words put together are the form, so that they are tokens.
    assert_eq!(read("a.conllu", &of("_", "NER=O", "NER=B-LOC"))[0].span_text(Span::new(2, 4)), "o Rio");
    let contracted = of("_", "NER=O", "NER=B-LOC").replace("\tao\t", "\tno\t").replace("\ta\t", "\tem\t");
    let (sentences, notes) = read_noted("a.conllu", &contracted);
    assert_eq!((shown(&sentences).as_str(), notes.as_slice()), ("no Rio/LOC", &[("inside-multi-word-tokens", 1)][..]));
    // Stanza's scheme and key.
    let stanza = row("1-2", "al", "ner=S-LOC") + &row("1", "a", "_") + &row("2", "el", "_") + &row("3", "x", "_");
    shows("a.conllu", &stanza, "al/LOC");
}

#[test]
fn norne_and_other_keys() {
    shows("a.conllu", &(row("1", "Oslo", "name=B-GPE_LOC") + &row("2", "vant", "name=O")), "Oslo/GPE_LOC");
    shows("a.conllu", &(row("1", "Oslo", "SpaceAfter=No|ne=B-LOC") + &row("2", "!", "_")), "Oslo/LOC");
}

#[test]
fn rewriting_keeps_ranges_lemmas_empty_nodes_and_comments() {
    let sentences = read("a.conllu", MAR);
    let again = written(&sentences, "a.conllu", &WriteOptions::default());
    for line in MAR.lines() {
        let (start, _) = line.rsplit_once('\t').unwrap_or((line, ""));
        assert!(again.contains(start), "{line}\n{again}");
    }
    assert!(
        again.starts_with("# newdoc id = d1\n# sent_id = s1\n# text = Vámonos al mar.\n# annotator = ann\n1-2\t"),
        "{again}"
    );
    assert_eq!(read("a.conllu", &again), sentences);
    // Through records, with another label.
    let mut through = read("a.jsonl", &written(&sentences, "a.jsonl", &WriteOptions::default()));
    assert_eq!(through, sentences);
    through[0].entities[0].label = "GPE".into();
    let changed = written(&through, "a.conllu", &WriteOptions::default());
    assert!(changed.contains("mar\tmar\tNOUN\t_\t_\t1\tobl\t_\tNER=I-GPE|SpaceAfter=No"), "{changed}");
    assert_eq!(read("a.conllu", &changed), through);
}

#[test]
fn other_tokens_leave_the_kept_lines_out() {
    let mut sentence = read("a.conllu", MAR).remove(0);
    let text = sentence.text().to_owned();
    sentence.set_token_ranges(std::iter::once(0..text.len())).unwrap();
    let again = written(std::slice::from_ref(&sentence), "a.conllu", &WriteOptions::default());
    assert!(again.contains("1\tVámonos al mar.\t_"), "{again}");
}

#[test]
fn tags_are_read_by_the_same_rule() {
    let file = crate::common::file("a.conllu", MAR);
    let tagged: Vec<_> = read_tags(&file.path, &ReadOptions::default()).unwrap().map(Result::unwrap).collect();
    assert_eq!(tagged[0].tags().collect::<Vec<_>>(), ["O", "B-LOC", "I-LOC", "O"]);
}

#[test]
fn tags_of_any_shape_in_misc() {
    let text = format!("{}{}\n", row("1", "Oslo", "NER=B_LOC"), row("2", "won", "NER=O"));
    assert_eq!(shown(&read("a.conllu", &text)), "Oslo/LOC");
}

#[test]
fn words_of_a_range_with_a_tag_say_nothing_of_the_scheme() {
    let text = [
        row("1", "vai", "ner=O"),
        row("2-3", "ao", "ner=B-LOC"),
        row("2", "a", "_"),
        row("3", "o", "_"),
        row("4", "Rio", "ner=E-LOC"),
        row("5", "Ada", "ner=S-PER"),
    ];
    let (sentences, notes) = read_noted("a.conllu", &(text.concat() + "\n"));
    assert_eq!(shown(&sentences), "ao Rio/LOC Ada/PER");
    assert!(notes.is_empty(), "{notes:?}");
}

#[test]
fn annotators_of_universal_ner_stay() {
    let text = "# sent_id = s1\n# text = Oslo won\n1\tOslo\tB-LOC\t-\tada\n2\twon\tO\t-\tada\n\n";
    let (sentences, notes) = read_noted("a.iob2", text);
    assert!(notes.is_empty(), "{notes:?}");
    let uner = WriteOptions { format: Some(Format::Uner), ..WriteOptions::default() };
    assert_eq!(written(&sentences, "b.iob2", &uner), text);
    // Nobody is named: nothing is kept.
    assert!(read("a.iob2", &text.replace("ada", "-"))[0].extra.get("annotators").is_none());
}

#[test]
fn the_key_of_the_tags_stays() {
    let norne = row("1", "Oslo", "SpaceAfter=No|name=B-GPE_LOC") + &row("2", "!", "name=O") + "\n";
    for text in [norne.clone(), norne.replace("Oslo\t_", "Oslo\tOslo")] {
        let sentences = read("a.conllu", &text);
        let again = written(&sentences, "a.conllu", &WriteOptions::default());
        assert!(again.contains("\tname=B-GPE_LOC|SpaceAfter=No\n") && again.contains("\tname=O\n"), "{again}");
        assert!(!again.contains("NER="), "{again}");
        assert_eq!(read("a.conllu", &again), sentences);
        let through = read("a.jsonl", &written(&sentences, "a.jsonl", &WriteOptions::default()));
        assert_eq!(written(&through, "a.conllu", &WriteOptions::default()), again);
    }
    let mut sentence = read("a.conllu", &norne).remove(0);
    sentence.extra.insert("conllu_tag_key", "a|b=".into());
    assert!(written(&[sentence], "a.conllu", &WriteOptions::default()).contains("\tNER=B-GPE_LOC"));
}

#[test]
fn a_text_without_the_tokens_is_noted_with_its_line() {
    let of = |text: &str| {
        format!("# text = {text}\n{}{}\n", row("1", "Oslo", "NER=B-LOC"), row("2", "won", "SpaceAfter=No"))
    };
    let text = of("Oslo won") + &of("Bern lost") + &of("Oslo  won");
    let (sentences, notes) = read_noted("a.conllu", &text);
    let texts: Vec<&str> = sentences.iter().map(|sentence| sentence.text()).collect();
    assert_eq!(
        (texts.as_slice(), notes.as_slice()),
        (&["Oslo won", "Oslo won", "Oslo  won"][..], &[("text-of-other-tokens", 1)][..])
    );
    let file = crate::common::file("a.conllu", &text);
    let strict = ReadOptions { strict: true, ..ReadOptions::default() };
    let error = xlner_formats::read_sentences(&file.path, &strict).unwrap().find_map(Result::err).unwrap();
    assert_eq!(error.line(), Some(6));
    // What is put together says where there is no space.
    let glued = format!("# text = Other\n{}{}\n", row("1", "Oslo", "NER=B-LOC|SpaceAfter=No"), row("2", "!", "_"));
    assert_eq!(read("a.conllu", &glued)[0].text(), "Oslo!");
}
