//! Scans and transcripts: every token has the region of the word it comes from. The files in `regions/` are our own.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use xlner_core::Sentence;
use xlner_formats::{Format, ReadOptions, WriteOptions, read_sentences, write_sentences};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/regions").join(name)
}

fn read(path: &Path, options: &ReadOptions) -> Result<Vec<Sentence>, String> {
    let reader = read_sentences(path, options).map_err(|error| error.to_string())?;
    let sentences: Result<Vec<Sentence>, _> = reader.collect();
    let sentences = sentences.map_err(|error| error.to_string())?;
    for sentence in &sentences {
        sentence.validate().unwrap();
        assert_eq!(sentence.regions.as_ref().map(Vec::len), Some(sentence.len()));
    }
    Ok(sentences)
}

fn sentences_of(name: &str) -> Vec<Sentence> {
    read(&fixture(name), &ReadOptions::default()).unwrap()
}

/// What a file of this text gives.
fn read_text(name: &str, text: &str) -> Result<Vec<Sentence>, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    read(&path, &ReadOptions::default())
}

fn texts(sentences: &[Sentence]) -> Vec<&str> {
    sentences.iter().map(Sentence::text).collect()
}

fn ids(sentences: &[Sentence]) -> Vec<&str> {
    sentences.iter().map(|sentence| sentence.extra.get("id").and_then(Value::as_str).unwrap()).collect()
}

/// The region of the first token that is written so.
fn region<'a>(sentences: &'a [Sentence], token: &str) -> &'a Value {
    let found = sentences.iter().find_map(|sentence| {
        let at = sentence.tokens().position(|own| own == token)?;
        Some(&sentence.regions.as_ref()?[at])
    });
    found.unwrap_or_else(|| panic!("no token {token}"))
}

#[test]
fn hocr() {
    let found = sentences_of("habari.hocr");
    assert_eq!(texts(&found), ["Bw. Juma alitembelea Nairobi.", "Alirudi leo & jana.", "Mwisho"]);
    assert_eq!(ids(&found), ["page1.1", "page1.2", "page2.1"]);
    assert_eq!(found[0].lang.as_deref(), Some("swa"));
    assert_eq!(found[0].tokens().collect::<Vec<_>>(), ["Bw.", "Juma", "alitembelea", "Nairobi", "."]);
    let page = json!([0, 0, 800, 400]);
    let juma =
        json!({"bbox": [100, 40, 180, 70], "page": 1, "image": "habari.png", "page_bbox": page, "confidence": 0.92});
    assert_eq!(*region(&found, "Juma"), juma);
    let nairobi = region(&found, "Nairobi");
    assert_eq!(nairobi["bboxes"], json!([[330, 40, 420, 70], [40, 90, 110, 120]]));
    assert_eq!((&nairobi["bbox"], &nairobi["confidence"]), (&json!([330, 40, 420, 70]), &json!(0.88)));
    assert_eq!(region(&found, "jana")["bbox"], region(&found, "leo")["bbox"]);
    assert_eq!(region(&found, "Mwisho")["page"], 2);
}

#[test]
fn a_paragraph_that_begins_in_lower_case_goes_on_with_the_one_before() {
    let line = |text| {
        format!(
            "<TextBlock><TextLine HPOS='1' VPOS='1' WIDTH='7' HEIGHT='1'><String CONTENT='{text}'/></TextLine></TextBlock>"
        )
    };
    let blocks = [line("Juma"), line("alirudi"), line("Asha")].concat();
    let found = read_text("a.alto.xml", &format!("<alto><Page>{blocks}</Page></alto>")).unwrap();
    assert_eq!(texts(&found), ["Juma alirudi", "Asha"]);
}

#[test]
fn alto() {
    let found = sentences_of("habari.alto.xml");
    assert_eq!(texts(&found), ["Bw. Juma alitembelea Nairobi.", "Alirudi leo & jana."]);
    let nairobi = region(&found, "Nairobi");
    assert_eq!(nairobi["bboxes"], json!([[330, 40, 410, 70], [40, 90, 110, 120]]));
    assert_eq!(nairobi["page_bbox"], json!([0, 0, 800, 400]));
    assert_eq!(region(&found, "Juma")["confidence"], json!(0.92));
    // A word without a box has that of its line.
    assert_eq!(region(&found, "Alirudi")["bbox"], json!([40, 90, 700, 120]));
}

/// The file of the page's image, as each format names it; an empty name is none.
#[test]
fn the_image_of_a_page_is_kept() {
    let string =
        "<TextBlock><TextLine><String CONTENT='Juma' HPOS='1' VPOS='1' WIDTH='7' HEIGHT='1'/></TextLine></TextBlock>";
    let alto = |name: &str| {
        format!(
            "<alto><Description><sourceImageInformation><fileName>{name}</fileName></sourceImageInformation></Description><Layout><Page>{string}</Page></Layout></alto>"
        )
    };
    let hocr = |name: &str| {
        format!(
            "<html><body><div class='ocr_page' title='image {name}; bbox 0 0 9 9'><span class='ocrx_word' title='bbox 1 1 8 2'>Juma</span></div></body></html>"
        )
    };
    for (file, text, image) in [
        ("a.alto.xml", alto(" scans/a 1.jpg\n"), json!("scans/a 1.jpg")),
        ("a.alto.xml", alto(""), Value::Null),
        ("a.hocr", hocr("\"C:\\scans\\a 1.png\""), json!("C:\\scans\\a 1.png")),
        ("a.hocr", hocr("\"\""), Value::Null),
    ] {
        let found = read_text(file, &text).unwrap();
        assert_eq!(region(&found, "Juma").get("image").cloned().unwrap_or_default(), image, "{text}");
    }
    assert_eq!(region(&sentences_of("habari.page.xml"), "alienda")["image"], "habari.png");
}

#[test]
fn page_xml() {
    let found = sentences_of("habari.page.xml");
    assert_eq!(texts(&found), ["Dr. Juma alienda Nairobi.", "Mwisho wa habari."]);
    assert_eq!(region(&found, "alienda")["bbox"], json!([190, 40, 320, 70]));
    assert_eq!(region(&found, "Nairobi")["bboxes"], json!([[330, 40, 420, 70], [40, 90, 110, 120]]));
    assert_eq!(region(&found, "Mwisho")["bbox"], json!([40, 200, 700, 230]));
    assert_eq!(region(&found, "habari"), region(&found, "Mwisho"));
}

#[test]
fn ctm() {
    let found = sentences_of("habari.ctm");
    assert_eq!(texts(&found), ["bwana juma alienda nairobi", "alirudi", "asante"]);
    assert_eq!(ids(&found), ["habari.A.1", "habari.A.2", "habari.B.1"]);
    assert_eq!(*region(&found, "bwana"), json!({"start": 1, "end": 1.5, "confidence": 0.9}));
    assert_eq!(*region(&found, "asante"), json!({"start": 0.25, "end": 1}));
}

#[test]
fn webvtt() {
    let found = sentences_of("habari.vtt");
    assert_eq!(texts(&found), ["Bw. Juma alienda Nairobi.", "Alirudi leo & jana.", "Asante"]);
    assert_eq!(found[0].lang.as_deref(), Some("sw"));
    // Nine characters in the two seconds before the tag.
    assert_eq!(*region(&found, "Bw."), json!({"start": 1, "end": 1.667}));
    assert_eq!(region(&found, "alienda")["start"], 3);
    assert_eq!(region(&found, ".")["end"], 5);
    assert_eq!(*region(&found, "Asante"), json!({"start": 7.1, "end": 8}));
}

#[test]
fn whisper() {
    for (name, lines) in [("habari.whisper.json", 2), ("habari.cpp.json", 2)] {
        assert_eq!(sentences_of(name).len(), lines, "{name}");
        assert_eq!(sentences_of(name)[0].lang.as_deref(), Some("sw"));
    }
    let found = sentences_of("habari.whisper.json");
    assert_eq!(texts(&found), ["Bw. Juma alienda Nairobi.", "Alirudi leo."]);
    assert_eq!(*region(&found, "Nairobi"), json!({"start": 2.5, "end": 3.2, "confidence": 0.6}));
    // Twelve characters share 1.2 seconds.
    assert_eq!(*region(&found, "leo"), json!({"start": 4.3, "end": 4.6}));
    let found = sentences_of("habari.cpp.json");
    assert_eq!(*region(&found, "Juma"), json!({"start": 1, "end": 1.5, "confidence": 0.5}));
    assert_eq!(*region(&found, "."), json!({"start": 2.4, "end": 2.5, "confidence": 0.9}));
}

#[test]
fn the_content_tells_the_format_where_the_name_does_not() {
    for (name, new) in [
        ("habari.hocr", "a.html"),
        ("habari.alto.xml", "a.xml"),
        ("habari.page.xml", "b.xml"),
        ("habari.whisper.json", "a.json"),
    ] {
        let text = std::fs::read_to_string(fixture(name)).unwrap();
        assert_eq!(read_text(new, &text).unwrap(), sentences_of(name));
    }
    assert!(read_text("a.xml", "<tei/>").unwrap_err().contains("give it (option `from_format`): hocr, alto, page"));
}

#[test]
fn regions_are_kept_in_records_and_other_formats_are_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jsonl");
    let found = sentences_of("habari.hocr");
    let mut writer = write_sentences(&path, &WriteOptions::default()).unwrap();
    found.iter().for_each(|sentence| writer.write(sentence).unwrap());
    writer.finish().unwrap();
    assert_eq!(read(&path, &ReadOptions::default()).unwrap(), found);
    for name in ["a.hocr", "a.alto.xml", "a.vtt", "a.whisper.json"] {
        let error = write_sentences(&folder.path().join(name), &WriteOptions::default()).err().unwrap();
        assert!(error.to_string().contains("it is read only; write jsonl"), "{error}");
        assert!(!folder.path().join(name).exists());
    }
}

#[test]
fn the_language_that_is_given_and_given_tokens() {
    let options = ReadOptions { lang: Some("en".into()), tokenized: true, ..ReadOptions::default() };
    let found = read(&fixture("habari.ctm"), &options).unwrap();
    assert_eq!((found[0].lang.as_deref(), found[0].len()), (Some("en"), 4));
    let found = read(&fixture("habari.hocr"), &options).unwrap();
    assert_eq!(region(&found, "Nairobi.")["bboxes"].as_array().map(Vec::len), Some(2));
}

#[test]
fn errors_name_file_line_and_cause() {
    let fails = |name: &str, text: &str, expected: &str| {
        let error = read_text(name, text).unwrap_err();
        assert!(error.contains(name) && error.contains(expected), "{error}");
    };
    fails("a.hocr", "<html>\n<p>x</p></html>", "no element of class ocr_page");
    fails("a.hocr", "<div class='ocr_page' title='bbox 1 2'>", "line 1: this is not the hOCR it should be: “bbox 1 2”");
    fails(
        "a.alto.xml",
        "<alto><Page>\n<TextLine>\n<String/></TextLine></Page></alto>",
        "line 3: this is not the ALTO XML it should be: a String has no CONTENT",
    );
    fails("a.alto.xml", "<alto><Page>\n<TextLine><String CONTENT='a' HPOS='x'/>", "HPOS=\"x\"");
    fails("a.alto.xml", "<alto><Page>\n", "cut off");
    fails("a.alto.xml", "<alto></Page>", "line 1");
    fails("a.page.xml", "<PcGts><Page><TextLine>\n<Coords points='1 2'/>", "line 2");
    fails("a.ctm", "r A 1.0 0.5 x\nr A one 0.5 x\n", "line 2: “r A one 0.5 x” is not");
    fails("a.vtt", "Oslo\n00:01.000 --> 00:02.000\nx\n", "line 1");
    fails("a.vtt", "WEBVTT\n\n00:03.000 --> 00:02.000\nx\n", "line 3");
    fails("a.vtt", "WEBVTT\n\nno cue\n", "line 3: “no cue” is not a cue");
    fails("a.whisper.json", "{\"txt\":\"x\"}", "neither `segments` nor `transcription`");
    fails("a.whisper.json", "{\"segments\":[{}]}", "not a transcript by Whisper");
    fails("a.hocr", "\u{0}", "ocr_page");
}

#[test]
fn hostile_markup_is_refused_and_never_grows() {
    let deep = format!("<alto><Page>{}", "<a>".repeat(100_000));
    assert!(read_text("a.alto.xml", &deep).unwrap_err().contains("more than 1000 elements"));
    let deep = format!("<div class='ocr_page'>{}", "<div>".repeat(100_000));
    assert!(read_text("a.hocr", &deep).unwrap_err().contains("more than 1000 elements"));
    // An entity that stands for others, and so on: it stays a reference.
    let mut bomb = "<!DOCTYPE x [<!ENTITY a0 \"ha\">".to_owned();
    (1..30).for_each(|n| bomb.push_str(&format!("<!ENTITY a{n} \"&a{};&a{};\">", n - 1, n - 1)));
    let page =
        "<PcGts><Page><TextLine><TextEquiv><Unicode>&a29; &#65;&lt;</Unicode></TextEquiv></TextLine></Page></PcGts>";
    let found = read_text("a.page.xml", &format!("{bomb}]>{page}")).unwrap();
    assert_eq!(texts(&found), ["&a29; A<"]);
    assert_eq!(found[0].regions.as_ref().unwrap()[0], Value::Null);
    let line = "<alto><Page><TextLine><String CONTENT='&a29;'/></TextLine></Page></alto>";
    assert_eq!(texts(&read_text("a.alto.xml", &format!("{bomb}]>{line}")).unwrap()), ["&a29;"]);
}

/// Tesseract reads a page that Pillow draws of our own sentences, where both are installed.
#[test]
fn tesseract_reads_what_was_rendered() {
    const TEXT: &str =
        "Rais Asha Mwinyi alitembelea Nairobi mwezi Machi.\nBw. Juma Bakari alisema serikali ya Kenya itasaidia.\n";
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("text.txt"), TEXT).unwrap();
    let script = "import sys\nfrom PIL import Image, ImageDraw, ImageFont\n\
        image = Image.new('L', (1700, 300), 255)\n\
        font = ImageFont.truetype('DejaVuSans.ttf', 44)\n\
        ImageDraw.Draw(image).multiline_text((40, 40), open(sys.argv[1], encoding='utf-8').read(), font=font, spacing=24)\n\
        image.save(sys.argv[2])\n";
    let python = std::env::var("XLNER_PYTHON").unwrap_or_else(|_| "python3".into());
    let run = |command: &mut Command| command.output().is_ok_and(|output| output.status.success());
    let rendered = run(Command::new(python).args(["-c", script]).arg(at("text.txt")).arg(at("page.png")));
    let ocr = |kind: &str| {
        run(Command::new("tesseract")
            .arg(at("page.png"))
            .arg(at("page"))
            .args(["-l", "swa", "-c", kind])
            .env("OMP_THREAD_LIMIT", "1"))
    };
    if !rendered || !ocr("tessedit_create_hocr=1") || !ocr("tessedit_create_alto=1") {
        println!("skipped: needs tesseract with the model swa, and Pillow ($XLNER_PYTHON)");
        return;
    }
    for (name, format) in [("page.hocr", Format::Hocr), ("page.xml", Format::Alto)] {
        let options = ReadOptions { format: Some(format), lang: Some("sw".into()), ..ReadOptions::default() };
        let found = read(&at(name), &options).unwrap();
        assert_eq!(texts(&found).join("\n") + "\n", TEXT);
        for region in found.iter().flat_map(|sentence| sentence.regions.iter().flatten()) {
            let edges: Vec<f64> = region["bbox"].as_array().unwrap().iter().filter_map(Value::as_f64).collect();
            assert!(edges[0] < edges[2] && edges[1] < edges[3] && edges[2] <= 1700.0 && edges[3] <= 300.0, "{region}");
        }
        let nairobi = region(&found, "Nairobi")["bbox"][0].as_f64();
        assert!(region(&found, "Rais")["bbox"][0].as_f64() < nairobi);
    }
}
