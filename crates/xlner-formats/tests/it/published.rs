//! Files as they are published and as annotation tools write them (the sentences are ours).

use std::path::PathBuf;

use xlner_core::Sentence;
use xlner_formats::{Column, Format, ReadOptions, read_alignments, read_sentences, read_tags};

struct File {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn file(name: &str, content: &str) -> File {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    File { _folder: folder, path }
}

fn read(name: &str, content: &str, options: &ReadOptions) -> Vec<Sentence> {
    let file = file(name, content);
    read_sentences(&file.path, options).unwrap().map(|sentence| sentence.unwrap()).collect()
}

/// `text/LABEL` of every entity, and `|` between sentences.
fn shown(sentences: &[Sentence]) -> String {
    let of = |sentence: &Sentence| {
        let entities = sentence.entities.iter();
        entities.map(|entity| format!("{}/{}", sentence.span_text(entity.span), entity.label)).collect::<Vec<_>>()
    };
    sentences.iter().map(|sentence| of(sentence).join(" ")).collect::<Vec<_>>().join("|")
}

fn shows(name: &str, content: &str, expected: &str) {
    assert_eq!(shown(&read(name, content, &ReadOptions::default())), expected, "{content}");
}

fn message(name: &str, content: &str, options: &ReadOptions) -> String {
    let file = file(name, content);
    let error = match read_sentences(&file.path, options) {
        Err(error) => error,
        Ok(reader) => reader.filter_map(Result::err).next().unwrap(),
    };
    let path = file.path.display().to_string();
    error.to_string().replace(&path, name)
}

#[test]
fn conll_2002_and_2003() {
    // Spanish: two columns; Dutch: three; English: four with chunks that look like tags; German: five.
    shows("a.conll02", "Melbourne B-LOC\n( O\nAustralia B-LOC\n) O\n\nSí O", "Melbourne/LOC Australia/LOC|");
    shows("a.conll02", "-DOCSTART- -DOCSTART- O\nJan N B-PER\nSmit N I-PER\nsprak V O\n", "Jan Smit/PER");
    shows("a.conll03", "-DOCSTART- -X- -X- O\n\nEU NNP I-NP I-ORG\nsays VBZ I-VP O\n\nA DT B-NP O\n", "EU/ORG|");
    shows("a.conll03", "Jan Jan NE I-NC I-PER\nin in APPR I-PC O\nUlm Ulm NE I-PC I-LOC\n", "Jan/PER Ulm/LOC");
}

#[test]
fn masakhaner_wnut_and_others() {
    shows("a.conll", "Ọbáma B-PER\nwá O\n\nÈkó B-LOC\n", "Ọbáma/PER|Èkó/LOC");
    // A tab alone separates the sentences; tokens hold spaces and no-break spaces.
    shows("a.conll", "New York\tB-LOC\n\t\na\u{a0}b\tB-X\n", "New York/LOC|a\u{a0}b/X");
    // Tag first, as in the MIT corpora.
    shows("a.bio", "O\tany\nB-Dish\tfish\nI-Dish\tsoup\n", "fish soup/Dish");
    // MultiCoNER: two columns of nothing, ids in comments.
    shows("a.conll", "# id 7f\tdomain=en\nnew _ _ O\nyork _ _ B-LOC\n\n# id 80\tdomain=en\nx _ _ O\n", "york/LOC|");
    // Labels without prefix.
    shows("a.tsv", "Jan\tPER\nSmit\tPER\nsprak\tO\n", "Jan Smit/PER");
}

#[test]
fn universal_ner_old_and_new() {
    let old = "# sent_id = s1\n# text = Kosovo, da.\n1\tKosovo\tB-LOC\n2\t,\t_\n3\tda\t_\n4\t.\t_\n";
    shows("a.iob2", old, "Kosovo/LOC");
    let sentence = &read("a.iob2", old, &ReadOptions::default())[0];
    assert_eq!(sentence.text(), "Kosovo, da.");
    assert_eq!(sentence.extra.get("id").unwrap(), "s1");
    shows("a.iob2", "1\tKosovo\tB-LOC\t-\tanna\n2\tda\tO\t-\tanna\n", "Kosovo/LOC");
    // Nothing but placeholders.
    shows("a.iob2", "1\tDa\t_\n2\t.\t_\n", "");
}

#[test]
fn conllu_and_plus() {
    let row = |id: &str, form: &str, misc: &str| format!("{id}\t{form}\t_\t_\t_\t_\t_\t_\t_\t{misc}\n");
    let text = row("1-2", "Don't", "_")
        + &row("1", "Do", "NER=O")
        + &row("2", "n't", "SpaceAfter=No|NER=B-X")
        + &row("2.1", "empty", "NER=B-Y")
        + &row("3", ".", "_");
    shows("a.conllu", &text, "n't/X");
    assert_eq!(read("a.conllu", &text, &ReadOptions::default())[0].text(), "Don't.");
    // The key is named where it is not one of those known.
    let named = ReadOptions { tag_column: Some(Column::Name("Name".into())), ..ReadOptions::default() };
    assert_eq!(shown(&read("a.conllu", &row("1", "Ulm", "Name=S-LOC"), &named)), "Ulm/LOC");
    let plus = "# global.columns = ID FORM LEMMA NE:TYPE UNER:NER\n1\tJan\tjan\tB-X\tB-PER\n2\tgaat\tgaan\tO\tO\n";
    shows("a.conllup", plus, "Jan/PER");
    assert!(message("a.conllu", &row("1", "Ulm", "_"), &ReadOptions::default()).contains("no column of tags"));
}

#[test]
fn columns_by_name_place_and_header() {
    let header = "Word\tPOS\tTag\nJan\tN\tB-PER\n\nJa\tI\tO\n";
    shows("a.tsv", header, "Jan/PER|");
    let germeval = "# http://x [2009]\n1\tUlmer\tB-LOCderiv\tO\n2\tMünster\tB-LOC\tB-LOC\n";
    let options = |column: &str| ReadOptions { tag_column: Some(column.parse().unwrap()), ..ReadOptions::default() };
    assert_eq!(shown(&read("a.conll", germeval, &options("3"))), "Ulmer/LOCderiv Münster/LOC");
    assert_eq!(shown(&read("a.conll", germeval, &options("-1"))), "Münster/LOC");
    assert_eq!(
        message("a.conll", germeval, &ReadOptions::default()),
        "a.conll: columns 3, 4 all look like tags; choose one with option `tag_column`"
    );
    assert!(message("a.conll", germeval, &options("9")).contains("there is no column “9”; columns: 1 to 4"));
    assert!(message("a.tsv", header, &options("NER")).contains("there is no column “NER”"));
    let tokens_only = ReadOptions { no_tags: true, ..ReadOptions::default() };
    assert_eq!(read("a.conll", "just\ntokens\n\nhere\n", &tokens_only).len(), 2);
}

#[test]
fn line_ends_marks_and_empty_sentences() {
    let text = "\u{feff}a\tO\r\n\r\n\r\n# sentence without tokens\r\n\r\n#\tO\r\n# b c\r\n#c\tB-X";
    let sentences = read("a.conll", text, &ReadOptions::default());
    assert_eq!(sentences.iter().map(Sentence::len).collect::<Vec<_>>(), [1, 0, 2]);
    assert_eq!(sentences[0].token(0), "a");
    let file = file("a.conll", text);
    let lines: Vec<u64> = read_tags(&file.path, &ReadOptions::default()).unwrap().map(|t| t.unwrap().line).collect();
    assert_eq!(lines, [1, 4, 6]);
    assert_eq!(read("a.txt", "a\n\nb", &ReadOptions::default()).len(), 3);
    // NFD stays NFD.
    assert_eq!(read("a.conll", "e\u{301}\tO\né\tO\n", &ReadOptions::default())[0].text(), "e\u{301} é");
}

#[test]
fn panx() {
    let text = "sw:Rais\tO\nsw:Obama\tB-PER\nsw::\tO\n";
    let sentences = read("a.conll", text, &ReadOptions::default());
    assert_eq!(sentences[0].tokens().collect::<Vec<_>>(), ["Rais", "Obama", ":"]);
    assert_eq!(sentences[0].lang.as_deref(), Some("sw"));
}

#[test]
fn hugging_face_rows() {
    shows(
        "a.jsonl",
        "{\"tokens\":[\"Jan\",\"ja\"],\"ner_tags\":[\"I-PER\",\"O\"],\"langs\":[\"nl\",\"nl\"]}",
        "Jan/PER",
    );
    shows("a.json", "[{\"words\":[\"Jan\"],\"labels\":[\"U-PER\"]},\n{\"words\":[],\"labels\":[]}]", "Jan/PER|");
    let ids = ReadOptions { labels: Some(vec!["O".into(), "B-PER".into()]), ..ReadOptions::default() };
    assert_eq!(shown(&read("a.jsonl", "{\"tokens\":[\"Jan\"],\"ner_tags\":[1]}", &ids)), "Jan/PER");
    assert!(
        message("a.jsonl", "{\"tokens\":[\"Jan\"],\"ner_tags\":[2]}", &ids)
            .contains("tag id 2 is not in the list of 2")
    );
    assert_eq!(
        message("a.jsonl", "{\"id\":\"x\",\"tokens\":[\"Jan\"],\"ner_tags\":[]}", &ids),
        "a.jsonl, line 1, record “x”: tags: 0 given for 1 tokens"
    );
}

#[test]
fn label_studio() {
    let result = |start: usize, end: usize, text: &str| {
        format!(
            r#"{{"id":"x","from_name":"label","to_name":"text","type":"labels","value":{{"start":{start},"end":{end},"text":"{text}","labels":["PER"]}}}}"#
        )
    };
    // The cancelled annotation and the choice are passed over; characters, then UTF-16 units.
    let task = |result: String| {
        format!(
            r#"[{{"id":5,"data":{{"text":"💩 Obama's visit"}},"annotations":[{{"was_cancelled":true,"result":[]}},{{"result":[{{"type":"choices","value":{{"choices":["x"]}}}},{result}]}}],"predictions":[]}}]"#
        )
    };
    shows("a.json", &task(result(2, 7, "Obama")), "Obama/PER");
    shows("a.json", &task(result(3, 8, "Obama")), "Obama/PER");
    let error = message("a.json", &task(result(4, 9, "Obama")), &ReadOptions::default());
    assert_eq!(
        error,
        "a.json, line 1, record “5”: annotation 4..9 (PER) does not stand where its own text does; correct or remove it"
    );
    let min = r#"[{"id":1,"text":"Obama spoke","label":[{"start":0,"end":5,"text":"Obama","labels":["PER"]}]}]"#;
    shows("a.json", min, "Obama/PER");
}

#[test]
fn doccano() {
    shows(
        "a.jsonl",
        r#"{"id":1,"text":"Zoë visited Ulm","label":[[0,3,"PER"],[12,15,"LOC"]],"Comments":[]}"#,
        "Zoë/PER Ulm/LOC",
    );
    let relations = r#"{"id":1,"text":"Zoë spoke","entities":[{"id":0,"label":"PER","start_offset":0,"end_offset":3}],"relations":[]}"#;
    shows("a.jsonl", relations, "Zoë/PER");
    // Inside a token: the token is cut.
    shows("a.jsonl", r#"{"text":"EU-Recht","label":[[0,2,"ORG"]]}"#, "EU/ORG");
    let error = message("a.jsonl", r#"{"id":9,"text":"a","label":[[0,2,"X"]]}"#, &ReadOptions::default());
    assert_eq!(
        error,
        "a.jsonl, line 1, record “9”: annotation 0..2 (X) does not lie in its text; correct or remove it"
    );
}

#[test]
fn spacy_and_prodigy() {
    let document = r#"[{"text":"Zoë spoke. Ulm.","ents":[{"start":0,"end":3,"label":"PER"},{"start":11,"end":14,"label":"LOC"}],"sents":[{"start":0,"end":10},{"start":11,"end":15}],"tokens":[{"id":0,"start":0,"end":3},{"id":1,"start":4,"end":9},{"id":2,"start":9,"end":10},{"id":3,"start":11,"end":14},{"id":4,"start":14,"end":15}]}]"#;
    shows("a.json", document, "Zoë/PER|Ulm/LOC");
    shows("a.json", r#"[["Zoë spoke",{"entities":[[0,3,"PER"]]}],["x",{"entities":[]}]]"#, "Zoë/PER|");
    let training = r#"[{"id":0,"paragraphs":[{"raw":"Zoë spoke","sentences":[{"tokens":[{"orth":"Zoë","ner":"U-PER"},{"orth":"spoke","ner":"-"}],"brackets":[]}]}]}]"#;
    shows("a.json", training, "Zoë/PER");
    let example = r#"{"doc_annotation":{"cats":{},"entities":["B-PER","L-PER","O"],"links":{}},"token_annotation":{"ORTH":["Zoë","Ulm","."],"SPACY":[true,false,false]}}"#;
    let sentences = read("a.json", example, &ReadOptions::default());
    assert_eq!((shown(&sentences).as_str(), sentences[0].text()), ("Zoë Ulm/PER", "Zoë Ulm."));
    let prodigy = r#"{"text":"Zoë spoke","tokens":[{"text":"Zoë","start":0,"end":3,"id":0},{"text":"spoke","start":4,"end":9,"id":1}],"spans":[{"start":0,"end":3,"token_start":0,"token_end":0,"label":"PER"}],"answer":"accept"}"#;
    shows("a.jsonl", prodigy, "Zoë/PER");
}

#[test]
fn brat() {
    let folder = tempfile::tempdir().unwrap();
    let text = "Zoë and Max Smith\r\n\r\nspoke in New\nYork.";
    std::fs::write(folder.path().join("a.txt"), text).unwrap();
    let annotations = "T1\tPER 0 3;12 17\tZoë Smith\nT2\tPER 8 17\tMax Smith\nR1\tx Arg1:T1 Arg2:T2\nA1\tx T1\nT3\tLOC 30 38\tNew York\n#1\tAnnotatorNotes T1\tx\n";
    std::fs::write(folder.path().join("a.ann"), annotations).unwrap();
    let sentences: Vec<Sentence> =
        read_sentences(folder.path(), &ReadOptions::default()).unwrap().map(Result::unwrap).collect();
    assert_eq!(shown(&sentences), "Zoë/PER Max Smith/PER Smith/PER||New/LOC|York/LOC");
    let ids: Vec<_> = sentences[0].entities.iter().map(|entity| entity.extra.get("id").cloned()).collect();
    assert_eq!(ids, [Some("T1".into()), None, Some("T1".into())]);
    // Discontinuous annotations are written as they were.
    let mut writer = xlner_formats::write_sentences(&folder.path().join("b.ann"), &Default::default()).unwrap();
    writer.write(&sentences[0]).unwrap();
    writer.finish().unwrap();
    let written = std::fs::read_to_string(folder.path().join("b.ann")).unwrap();
    assert_eq!(written, "T1\tPER 0 3;12 17\tZoë Smith\nT2\tPER 8 17\tMax Smith\n");
    // A text that is there is kept, and never replaced by another.
    let write = |name: &str, tokens: &[&str]| {
        let mut writer = xlner_formats::write_sentences(&folder.path().join(name), &Default::default())?;
        writer.write(&Sentence::from_tokens(tokens.iter().copied()))?;
        writer.finish()
    };
    let text = || std::fs::read_to_string(folder.path().join("doc.txt")).unwrap();
    for there in ["Zoë spoke\n", "Zoë spoke"] {
        std::fs::write(folder.path().join("doc.txt"), there).unwrap();
        write("doc.ann", &["Zoë", "spoke"]).unwrap();
        for other in [&["Zoë"][..], &["Max", "spoke"], &["Zoë", "spoke", "up"]] {
            let error = write("doc.ann", other).unwrap_err().to_string();
            assert!(error.contains("doc.txt: the file is there and holds another text"), "{error}");
        }
        assert_eq!(text(), there);
    }
    write("new.ann", &["Max"]).unwrap();
    std::fs::write(folder.path().join("a.ann"), "T1\tPER 1 4\tZoë\n").unwrap();
    let error = read_sentences(folder.path(), &ReadOptions::default()).unwrap().next().unwrap().unwrap_err();
    assert!(error.to_string().ends_with(
        "a.ann, line 1, record “T1”: annotation 1..4 (PER) does not stand where its own text does; correct or remove it"
    ));
}

#[test]
fn naacl_alignments() {
    let file = file("a.wa", "0001 1 1 S\n0001 2 1 P\n0001 0 3 S\n0004 1 2 S 0.5\n");
    let all: Vec<_> = read_alignments(&file.path, &ReadOptions::default()).unwrap().map(Result::unwrap).collect();
    assert_eq!(
        all.iter().map(|a| (a.sure.len(), a.possible.len())).collect::<Vec<_>>(),
        [(1, 2), (0, 0), (0, 0), (1, 1)]
    );
    assert_eq!(all[3].sure.links()[0].probability, 0.5);
}

#[test]
fn a_format_that_holds_something_else_is_refused() {
    assert_eq!(
        message("a.pharaoh", "0-0\n", &ReadOptions::default()),
        "a.pharaoh: format pharaoh holds no sentences; formats that do: conll, conll2003, panx, uner, conllu, hipe, webanno, tsv, \
         text, jsonl, json, hf, label-studio, doccano, brat, spacy, parquet, hocr, alto, page, ctm, vtt, whisper"
    );
    let forced = ReadOptions { format: Some(Format::Conll), ..ReadOptions::default() };
    assert_eq!(shown(&read("a.txt", "Ulm\tB-LOC\n", &forced)), "Ulm/LOC");
    assert!(
        message("a.jsonl", "{\"source\":{\"text\":\"a\"},\"target\":{\"text\":\"b\"}}", &ReadOptions::default())
            .contains("option `side`")
    );
}
