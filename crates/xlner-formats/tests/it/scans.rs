//! Scans: every character of the page's text that the file holds is in some sentence, once.

use crate::support::{all_characters, characters, escaped, notes, read, region, texts};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

fn hocr(body: &str) -> String {
    format!("<html><body><div class='ocr_page' title='bbox 0 0 99 99'>{body}</div></body></html>")
}

#[test]
fn hocr_text_outside_of_words_is_read() {
    let line = "<span class='ocr_line' title='bbox 1 1 9 9'>";
    let word = |text: &str| format!("<span class='ocrx_word' title='bbox 2 2 3 3'>{text}</span>");
    for (body, expected) in [
        (format!("{line}Oslo won</span>"), "Oslo won"),
        (format!("{line}{}, {} ({})</span>", word("Oslo"), word("Bern"), word("Riga")), "Oslo, Bern (Riga)"),
        (format!("{line}<b>{}</b> <i>won</i>&amp;<i>lost</i></span>", word("Oslo")), "Oslo won&lost"),
        (format!("{line}{} {}</span>", word("Oslo"), word("<span>B</span><em>ern</em>")), "Oslo Bern"),
        ("<p class='ocr_par'>Oslo<br/>won</p>".to_owned(), "Oslo won"),
        ("Oslo<div>won</div>here".to_owned(), "Oslo won here"),
        (format!("<h1>Oslo</h1>{line}won</span>tail"), "Oslo won tail"),
        (format!("{line}{}{}</span>", word("Oslo"), word("won")), "Oslo won"),
        (format!("<SPAN CLASS='ocr_line'>{}</SPAN>", word("Oslo")), "Oslo"),
    ] {
        assert_eq!(texts("a.hocr", &hocr(&body)).join(" "), expected, "{body}");
    }
    let (found, _) = read("a.hocr", &hocr(&format!("{line}Oslo {}</span>", word("won")))).unwrap();
    assert_eq!(region(&found, "Oslo")["bbox"], json!([1, 1, 9, 9]));
    assert_eq!(region(&found, "won")["bbox"], json!([2, 2, 3, 3]));
}

#[test]
fn hocr_words_of_characters_and_other_readings() {
    let characters =
        "<span class='ocrx_word'>\n <span class='ocrx_cinfo'>O</span>\n <span class='ocrx_cinfo'>s</span>lo\n</span>";
    assert_eq!(texts("a.hocr", &hocr(characters)), ["Oslo"]);
    let choices = "<span class='ocrx_word'>Oslo<span class='ocrx_cinfo' id='lstm_choices_1_1_1'><span class='ocrx_cinfo' \
                   id='choice_1_1_1' title='x_confs 93'>0</span></span></span>";
    assert_eq!(
        (texts("a.hocr", &hocr(choices)), notes("a.hocr", &hocr(choices))),
        (vec!["Oslo".to_owned()], vec![("other-readings", 1)])
    );
    let alternatives = "<span class='ocr_line'>in <span class='alternatives'><ins class='alt'>Oslo</ins><del class='alt'>0slo</del></span>.</span>";
    assert_eq!(texts("a.hocr", &hocr(alternatives)), ["in Oslo."]);
    assert_eq!(notes("a.hocr", &hocr(alternatives)), [("other-readings", 1)]);
}

#[test]
fn hocr_pages_that_are_not_closed_or_not_there() {
    let two =
        "<div class=ocr_page><span class=ocr_line>Oslo</span><div class=ocr_page><span class=ocr_line>Bern</span>";
    let (found, _) = read("a.hocr", two).unwrap();
    assert_eq!(found.iter().map(|s| s.extra.get("id").unwrap().clone()).collect::<Vec<_>>(), ["page1.1", "page2.1"]);
    assert_eq!(texts("a.hocr", "<body><span class=ocr_line>Oslo</span> won"), ["Oslo won"]);
    let outside = format!("<html><head><title>x</title></head><body>Oslo {}</body></html>", hocr("Bern"));
    assert_eq!(
        (texts("a.hocr", &outside), notes("a.hocr", &outside)),
        (vec!["Bern".to_owned()], vec![("text-outside-pages", 1)])
    );
    let script = hocr("<script>var a;</script><style>b</style>Oslo");
    assert_eq!((texts("a.hocr", &script), notes("a.hocr", &script)), (vec!["Oslo".to_owned()], vec![]));
}

pub(crate) fn page(body: &str) -> String {
    format!("<PcGts><Page imageWidth='99' imageHeight='99'>{body}</Page></PcGts>")
}

pub(crate) fn equiv(text: &str) -> String {
    format!("<TextEquiv><Unicode>{}</Unicode></TextEquiv>", escaped(text))
}

pub(crate) fn element(name: &str, number: usize, inside: &str) -> String {
    format!("<{name} id='{name}{number}'><Coords points='{number},1 {},9'/>{inside}</{name}>", number + 5)
}

pub(crate) fn words(texts: &[&str]) -> String {
    texts.iter().enumerate().map(|(number, text)| element("Word", number, &equiv(text))).collect()
}

fn alto(lines: &str) -> String {
    format!(
        "<alto><Layout><Page WIDTH='99' HEIGHT='99'><PrintSpace><TextBlock>{lines}</TextBlock></PrintSpace></Page></Layout></alto>"
    )
}

fn string(attributes: &str) -> String {
    format!("<String {attributes} HPOS='1' VPOS='1' WIDTH='9' HEIGHT='9'/>")
}

#[test]
fn alto_halves() {
    let first = |whole: &str| string(&format!("CONTENT='Neder' SUBS_TYPE='HypPart1' {whole}"));
    let second = |whole: &str| string(&format!("CONTENT='land' SUBS_TYPE='HypPart2' {whole}"));
    let whole = "SUBS_CONTENT='Nederland'";
    let line = |inside: &str| format!("<TextLine>{inside}</TextLine>");
    let hyphen = "<HYP CONTENT='-'/>";
    for (lines, expected) in [
        (line(&(first(whole) + hyphen)) + &line(&second(whole)), "Nederland"),
        (line(&(first("SUBS_CONTENT=''") + hyphen)) + &line(&second("SUBS_CONTENT=''")), "Nederland"),
        (line(&(first("") + hyphen)) + &line(&second("")), "Nederland"),
        (line(&(first(whole) + hyphen)) + &line(&string("CONTENT='Oslo'")) + &line(&second(whole)), "Neder- Oslo land"),
        (line(&(first(whole) + hyphen)) + "</TextBlock><TextBlock>" + &line(&second(whole)), "Nederland"),
        (
            line(&(first(whole) + hyphen))
                + "</TextBlock><Illustration/><TextBlock><TextLine/>"
                + &line(&second(whole)),
            "Nederland",
        ),
        (line(&(first(whole) + hyphen)), "Neder-"),
        (line(&second(whole)), "land"),
        (line(&(string("CONTENT='1939'") + hyphen)) + &line(&string("CONTENT='1945'")), "1939-1945"),
        (line(&(string("CONTENT='Jean'") + hyphen)) + &line(&string("CONTENT='Claude'")), "Jean-Claude"),
        (
            line(&(string("CONTENT='Neder'") + "<HYP CONTENT='&#xAD;'/>")) + &line(&string("CONTENT='land'")),
            "Nederland",
        ),
        (line(&(string("CONTENT='Neder'") + "<HYP/>")) + &line(&string("CONTENT='Oslo'")), "Neder Oslo"),
        (line(hyphen) + &line(&string("CONTENT='Oslo'")), "- Oslo"),
    ] {
        assert_eq!(texts("a.alto.xml", &alto(&lines)).join(" "), expected, "{lines}");
    }
    let pages = alto(&line(&(first(whole) + hyphen))).replace("</Layout></alto>", "")
        + &alto(&line(&second(whole))).replace("<alto><Layout>", "");
    assert_eq!(texts("a.alto.xml", &pages), ["Neder-", "land"]);
    assert_eq!(notes("a.alto.xml", &pages), [("lone-halves", 2)]);
}

#[test]
fn alto_texts_that_are_not_in_a_content() {
    let glyphs = "<String><Glyph CONTENT='O'/><Glyph CONTENT='s'><Variant CONTENT='5'/></Glyph></String>";
    assert_eq!(texts("a.alto.xml", &alto(&format!("<TextLine>{glyphs}</TextLine>"))), ["Os"]);
    let both = "<String CONTENT='Os'><Glyph CONTENT='O'/><Glyph CONTENT='s'/><ALTERNATIVE>0s</ALTERNATIVE></String>";
    let both = alto(&format!("<TextLine>{both}</TextLine>"));
    assert_eq!(texts("a.alto.xml", &both), ["Os"]);
    assert_eq!(notes("a.alto.xml", &both), [("other-readings", 1)]);
    assert_eq!(
        texts("a.alto.xml", &alto("<String CONTENT='Oslo'/><TextLine><String CONTENT='won'/></TextLine>")),
        ["Oslo won"]
    );
    let error = read("a.alto.xml", "<alto><String CONTENT='a'/></alto>").unwrap_err();
    assert!(error.contains("outside of a Page"), "{error}");
}

#[test]
fn alto_reading_order_and_references() {
    let block = |id: &str, text: &str| {
        format!("<TextBlock ID='{id}'><TextLine><String CONTENT='{text}'/></TextLine></TextBlock>")
    };
    let order = "<ReadingOrder><OrderedGroup><ElementRef REF='b'/><ElementRef REF='a'/></OrderedGroup></ReadingOrder>";
    let blocks = block("a", "Ada") + &block("b", "Bob");
    assert_eq!(
        texts("a.alto.xml", &format!("<alto>{order}<Layout><Page>{blocks}</Page></Layout></alto>")),
        ["Bob", "Ada"]
    );
    let bad = alto("<TextLine><String CONTENT='A &amp; B &unknown; &lt;'/></TextLine>");
    assert_eq!(texts("a.alto.xml", &bad), ["A & B &unknown; <"]);
}

#[test]
fn numbers_that_are_no_places_are_refused() {
    for (name, text) in [
        (
            "a.alto.xml",
            alto("<TextLine><String CONTENT='a' HPOS='1e308' VPOS='1' WIDTH='1e308' HEIGHT='1'/></TextLine>"),
        ),
        ("a.alto.xml", alto("<TextLine><String CONTENT='a' HPOS='NaN' VPOS='1' WIDTH='1' HEIGHT='1'/></TextLine>")),
        ("a.hocr", hocr("<span class='ocrx_word' title='bbox 1 1 1e308 9'>a</span>")),
        ("a.hocr", hocr("<span class='ocrx_word' title='bbox 1 inf 2 9'>a</span>")),
        ("a.page.xml", page("<TextLine><Coords points='1,1 1e308,9'/></TextLine>")),
        ("a.page.xml", page("<TextLine><Coords points='nan,1 3,9'/></TextLine>")),
        ("a.page.xml", page("<TextLine><Coords><Point x='1' y='-1e300'/></Coords></TextLine>")),
    ] {
        let error = read(name, &text).unwrap_err();
        assert!(error.contains(&format!("{name}, line 1: ")), "{error}");
    }
    let confident = alto("<TextLine><String CONTENT='a' HPOS='1' VPOS='1' WIDTH='1' HEIGHT='1' WC='96'/></TextLine>");
    assert_eq!(notes("a.alto.xml", &confident), [("confidences", 1)]);
    let (found, _) = read("a.alto.xml", &confident).unwrap();
    assert_eq!(region(&found, "a")["confidence"], json!(null));
}

#[test]
fn xml_ends_with_its_outermost_element() {
    let one = alto("<TextLine><String CONTENT='a'/></TextLine>");
    for (text, expected) in [
        (format!("{one}\n{one}"), "line 2: this is not the ALTO XML it should be: a second outermost element"),
        (format!("{one}\nmore"), "outside of the outermost element"),
        (format!("more\n{one}"), "outside of the outermost element"),
        (format!("{one}<alto/>"), "second outermost element"),
    ] {
        let error = read("a.alto.xml", &text).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
    assert_eq!(texts("a.alto.xml", &format!("\u{feff}<?xml version='1.0'?>\n<!-- c -->\n{one}\n<!-- c -->\n")), ["a"]);
}

/// Words of a page: letters of several scripts, marks, references, hyphens at the end.
fn word() -> impl Strategy<Value = String> {
    "[a-zA-ZéßЖ漢0-9][a-z&<.,'é漢]{0,5}[-\u{ad}¬]?"
}

fn lines() -> impl Strategy<Value = Vec<Vec<String>>> {
    vec(vec(word(), 1..5), 1..5)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn hocr_loses_no_character(lines in lines(), shapes in vec(0..6_u8, 20)) {
        let mut shapes = shapes.into_iter().cycle();
        let mut body = String::new();
        for line in &lines {
            let shape = shapes.next();
            let inside: String = line.iter().map(|word| {
                let word = escaped(word);
                match shapes.next() {
                    Some(0) => format!("{word} "),
                    Some(1) => word,
                    Some(2) => format!("<b>{word}</b>, "),
                    Some(3) => format!("<span class='ocrx_word'><i>{word}</i></span>\n"),
                    _ => format!("<span class='ocrx_word' title='bbox 1 1 2 2'>{word}</span>"),
                }
            }).collect();
            body += &match shape {
                Some(0) => inside,
                Some(1) => format!("<p class='ocr_par'>{inside}</p>"),
                Some(2) => format!("{inside}<br>"),
                _ => format!("<span class='ocr_line' title='bbox 1 1 9 9'>{inside}</span>"),
            };
        }
        let (found, notes) = read("a.hocr", &hocr(&body)).unwrap();
        let commas = |text: String| text.replace(',', "");
        prop_assert_eq!(commas(all_characters(&found)), commas(characters(&lines.concat().concat())));
        prop_assert!(notes.is_empty());
    }

    #[test]
    fn page_loses_no_character(regions in vec(lines(), 1..4), shapes in vec(0..6_u8, 40)) {
        let mut shapes = shapes.into_iter().cycle();
        let mut body = String::new();
        for lines in &regions {
            let mut inside = String::new();
            let whole: Vec<String> = lines.iter().map(|line| line.join(" ")).collect();
            // A region's text brings lines that have no element of their own.
            let text_of_region = shapes.next().is_some_and(|shape| shape < 3);
            for line in lines {
                if text_of_region && shapes.next() == Some(0) {
                    continue;
                }
                let shape = shapes.next();
                let text_of_line = matches!(shape, Some(0..=3));
                let mut words = String::new();
                for word in line {
                    words += &match (shape, shapes.next()) {
                        (Some(0), _) => String::new(),
                        // Words that only the line's text has.
                        (Some(1), Some(0 | 1)) => String::new(),
                        (_, Some(2)) => {
                            let glyphs: String = word.chars().map(|c| element("Glyph", 3, &equiv(&c.to_string()))).collect();
                            element("Word", 2, &glyphs)
                        }
                        _ => element("Word", 2, &equiv(word)),
                    };
                }
                let own = if text_of_line { equiv(&line.join(" ")) } else { String::new() };
                inside += &element("TextLine", 1, &format!("{words}{own}"));
            }
            let own = if text_of_region { equiv(&whole.join("\n")) } else { String::new() };
            body += &element("TextRegion", 1, &format!("{inside}{own}"));
        }
        let (found, notes) = read("a.page.xml", &page(&body)).unwrap();
        prop_assert_eq!(all_characters(&found), characters(&regions.concat().concat().concat()));
        prop_assert!(notes.is_empty(), "{:?} {}", notes, body);
    }

    #[test]
    fn alto_loses_no_character(blocks in vec(lines(), 1..4), shapes in vec(0..8_u8, 40)) {
        let mut shapes = shapes.into_iter().cycle();
        let mut body = String::new();
        for lines in &blocks {
            body += "<TextBlock>";
            for line in lines {
                body += "<TextLine>";
                for word in line {
                    let attributes = match shapes.next() {
                        Some(0) => format!("SUBS_TYPE='HypPart1' SUBS_CONTENT='{}'", "Nederland"),
                        Some(1) => format!("SUBS_TYPE='HypPart2' SUBS_CONTENT=\"{}\"", escaped(word)),
                        Some(2) => "SUBS_TYPE='HypPart1' SUBS_CONTENT=''".to_owned(),
                        Some(3) => "SUBS_TYPE='HypPart2'".to_owned(),
                        _ => String::new(),
                    };
                    body += &format!("<String CONTENT=\"{}\" {attributes}/><SP/>", escaped(word));
                }
                body += match shapes.next() {
                    Some(0 | 1) => "<HYP CONTENT='-'/>",
                    Some(2) => "<HYP CONTENT='\u{ad}'/>",
                    _ => "",
                };
                body += "</TextLine>";
            }
            body += "</TextBlock>";
        }
        let (found, _) = read("a.alto.xml", &format!("<alto><Page>{body}</Page></alto>")).unwrap();
        prop_assert_eq!(all_characters(&found), characters(&blocks.concat().concat().concat()));
    }
}
