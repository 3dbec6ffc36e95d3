//! Transcripts: every word that the file holds is in some sentence, once, and every kind of line end is one.

use crate::support::{all_characters, notes, read, region, texts};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

#[test]
fn webvtt_blocks_as_players_read_them() {
    for (text, expected) in [
        ("WEBVTT\n00:00.000 --> 00:01.000\nOslo won\n\n00:01.000 --> 00:02.000\nBern lost\n", "Oslo won Bern lost"),
        (
            "WEBVTT - a title\nKind: captions\nLanguage: en\n\nNOTES-1\n00:00.000 --> 00:01.000\nOslo\n\nREGION_A\n00:01.000 --> 00:02.000\nBern\n\nSTYLED intro\n00:02.000 --> 00:03.000\nRiga\n",
            "Oslo Bern Riga",
        ),
        (
            "WEBVTT\n\nNOTE\n00:00.000 --> 00:01.000\nOslo\n\nNOTE a\nb\n\nSTYLE\n::cue { color: red }\n\nREGION\nid:a\n\n00:01.000 --> 00:02.000\nBern\n",
            "Oslo Bern",
        ),
        ("WEBVTT\n\n00:00.000 --> 00:01.000\nOslo won\n00:01.000 --> 00:02.000\nBern lost\n", "Oslo won Bern lost"),
        (
            "WEBVTT\n\n1\n00:00.000 --> 00:01.000\nOslo won\n2\n00:01.000 --> 00:02.000\nBern lost\n",
            "Oslo won Bern lost",
        ),
        (
            "WEBVTT\n\n00:00.000 --> 00:01.000 align:start position:0%\n \nOslo won\n\n00:01.000 --> 00:02.000\nBern lost\n \n",
            "Oslo won Bern lost",
        ),
        (
            "WEBVTT\n\n00:00.000 --> 00:01.000\nOslo won\n \nintro\n00:01.000 --> 00:02.000\nBern lost\n",
            "Oslo won Bern lost",
        ),
        ("WEBVTT\n\n00:00:00,000 --> 00:00:01,000 line:0\n3 --> 4, 5 < 6\n", "3 --> 4, 5 < 6"),
        (
            "WEBVTT\n\n00:00.000 --> 00:01.000\n<v Ada>I <3 <c.yellow.bg>Oslo</c>&nbsp;&amp; <lang en><i>Bern</i></lang> <unk> A&B;\n",
            "I <3 Oslo & Bern <unk> A&B;",
        ),
        ("WEBVTT\n\n00:00.000 --> 00:01.000\nOslo <i\nclass='x'>won</i>\n", "Oslo won"),
    ] {
        assert_eq!(texts("a.vtt", text).join(" ").replace('\u{a0}', " "), expected, "{text}");
        assert!(notes("a.vtt", text).is_empty());
    }
}

#[test]
fn webvtt_text_without_a_time_is_read_and_ruby_is_left_out() {
    let loose = "WEBVTT\n\n00:00.000 --> 00:01.000\nOslo\n\nwon\nagain\n\n00:01.000 --> 00:02.000\nBern\n";
    assert_eq!(
        (texts("a.vtt", loose), notes("a.vtt", loose)),
        (vec!["Oslo won again Bern".to_owned()], vec![("loose-text", 1)])
    );
    let ruby = "WEBVTT\n\n00:00.000 --> 00:01.000\n<ruby>東<rt>とう</rt>京<rt>きょう</ruby>へ <ruby>WHO<rp>(</rp><rt>World\nHealth</rt></ruby> said\n";
    assert_eq!((texts("a.vtt", ruby), notes("a.vtt", ruby)), (vec!["東京へ WHO said".to_owned()], vec![("ruby", 4)]));
    assert!(read("a.vtt", "WEBVTTX\n\n00:00.000 --> 00:01.000\nOslo\n").is_err());
    assert!(read("a.vtt", "WEBVTT\n\n00:00.000 --> 99999999999:00:01.000\nOslo\n").unwrap_err().contains("line 3"));
}

#[test]
fn rolling_captions_are_read_once() {
    let youtube = "WEBVTT\nKind: captions\nLanguage: en\n\n\
        00:00:00.000 --> 00:00:02.000 align:start position:0%\n \nAda<00:00:00.500><c> met</c><00:00:01.000><c> Bob</c>\n\n\
        00:00:02.000 --> 00:00:02.010 align:start position:0%\nAda met Bob\n \n\n\
        00:00:02.010 --> 00:00:04.000 align:start position:0%\nAda met Bob\nin<00:00:03.000><c> Oslo</c>\n\n\
        00:00:04.000 --> 00:00:04.010 align:start position:0%\nin Oslo\n \n\n\
        00:00:04.010 --> 00:00:05.000 align:start position:0%\nin Oslo\nand left\n";
    let (found, notes) = read("a.vtt", youtube).unwrap();
    assert_eq!(found.iter().map(|s| s.text()).collect::<Vec<_>>(), ["Ada met Bob in Oslo and left"]);
    assert_eq!(notes, [("shown-again", 4)]);
    assert_eq!(region(&found, "met"), json!({"start": 0.625, "end": 1}));
    assert_eq!(region(&found, "Oslo")["start"], json!(3.2));
    let cue = |at: usize, text: &str| format!("00:0{at}.000 --> 00:0{}.000\n{text}\n\n", at + 1);
    let rolled = |cues: &[&str]| {
        let cues: String = cues.iter().enumerate().map(|(at, text)| cue(at, text)).collect();
        texts("a.vtt", &format!("WEBVTT\n\n{cues}")).join(" ")
    };
    assert_eq!(rolled(&["a b", "a b\nc", "c\nd e", "d e\nf"]), "a b c d e f");
    assert_eq!(rolled(&["Ada", "Ada met", "Ada met Bob", "Ada met Bob today"]), "Ada met Bob today");
    // What is said twice is read twice.
    assert_eq!(rolled(&["No.", "No.", "Never."]), "No. No. Never.");
    assert_eq!(rolled(&["Ada", "met", "Bob\nYes", "Yes\nNo", "in", "Oslo"]), "Ada met Bob Yes Yes No in Oslo");
}

#[test]
fn whisper_words_that_are_missing_or_have_no_time() {
    let segment = |segment: Value| json!({"segments": [segment]}).to_string();
    let of = |text: String| texts("a.whisper.json", &text).join(" ");
    let text = " Ada Lovelace met Bob in Oslo.";
    let some = json!([{"word": "met", "start": 1, "end": 2}, {"word": "in", "start": 2, "end": 2.2}, {"word": "Oslo.", "start": 2.5, "end": 3}]);
    for words in
        [some, json!(null), json!([]), json!([{"word": " Ada"}, {"word": " Lovelace", "start": null, "end": 1}])]
    {
        assert_eq!(of(segment(json!({"start": 0, "end": 3, "text": text, "words": words}))), text.trim(), "{words}");
    }
    for (start, end) in [(json!(0), json!(null)), (json!(null), json!(null)), (json!(null), json!(2))] {
        assert_eq!(of(segment(json!({"start": start, "end": end, "text": text}))), text.trim());
    }
    let (found, notes) = read("a.whisper.json", &segment(json!({"start": 0, "end": 3, "text": "Ada na Bob in 1969.", "words": [
        {"word": "Ada", "start": 0, "score": 0.5}, {"word": "na", "start": 0.5, "end": 0.75}, {"word": "Bob", "start": 1, "end": 1.5},
        {"word": "in", "start": 1.5, "end": 2}, {"word": "1969.", "speaker": "A"}]}))).unwrap();
    assert!(notes.is_empty());
    assert_eq!(region(&found, "Ada"), json!({"start": 0, "end": 0.5, "confidence": 0.5}));
    assert_eq!(region(&found, "1969")["start"], json!(2));
    assert_eq!(region(&found, ".")["end"], json!(3));
}

#[test]
fn whisper_in_its_other_shapes() {
    let of = |value: Value| texts("a.whisper.json", &value.to_string());
    assert_eq!(
        of(
            json!({"text": "Ada won", "chunks": [{"text": " Ada", "timestamp": [0, 1]}, {"text": " won", "timestamp": [1, null]}]})
        ),
        ["Ada won"]
    );
    assert_eq!(
        of(
            json!({"text": "Ada, won.", "words": [{"word": "Ada", "start": 0, "end": 1}, {"word": "won", "start": 1, "end": 2}]})
        ),
        ["Ada, won."]
    );
    assert_eq!(of(json!({"segments": [], "text": "Ada won"})), ["Ada won"]);
    assert_eq!(
        of(json!({"segments": [{"start": 0, "end": 1, "words": [{"word": "Ada"}, {"word": "won"}]}]})),
        ["Ada won"]
    );
    assert_eq!(of(json!({"transcription": [{"text": " Ada won", "tokens": null}]})), ["Ada won"]);
    // Two speakers are two sentences.
    let speakers = json!({"segments": [{"start": 0, "end": 1, "text": "Ada", "speaker": "A"}, {"start": 1, "end": 2, "text": "won", "speaker": "B"}]});
    assert_eq!(of(speakers), ["Ada", "won"]);
}

#[test]
fn whisper_times_that_are_none() {
    let segment =
        |start: &str, end: &str| format!("{{\"segments\":[{{\"text\":\"Ada\",\"start\":{start},\"end\":{end}}}]}}");
    for (start, end) in [("1e308", "1"), ("0", "1e308"), ("-1e300", "1")] {
        let error = read("a.whisper.json", &segment(start, end)).unwrap_err();
        assert!(error.contains("line 1") && error.contains("segment 0") && error.contains("not a time"), "{error}");
    }
    assert_eq!(notes("a.whisper.json", &segment("3", "1")), [("backward-times", 1)]);
    let twice =
        json!({"segments": [{"start": 0, "end": 1, "text": "Ada won", "words": [{"word": "Eda", "probability": 7}]}]})
            .to_string();
    assert_eq!(texts("a.whisper.json", &twice), ["Ada won"]);
    assert_eq!(notes("a.whisper.json", &twice), [("confidences", 1), ("two-texts", 1)]);
}

#[test]
fn ctm_channels_alternatives_and_comments() {
    let interleaved = "r A 0 .5 hi\nr B 0.1 .5 hello\nr A 0.5 .5 there\nr B 0.6 .5 you\nq 1 0 1 so\nr A 1 .5 <unk>\n";
    let (found, notes_of) = read("a.ctm", interleaved).unwrap();
    assert_eq!(found.iter().map(|s| s.text()).collect::<Vec<_>>(), ["hi there <unk>", "hello you", "so"]);
    assert!(notes_of.is_empty());
    let marks = ";; a comment\n  ;; another\nr 1 * * <ALT_BEGIN>\nr 1 0 1 so\nr 1 * * <ALT>\nr 1 0 1 sew\nr 1 * * <alt>\nr 1 0 1 sow\nr 1 * * <ALT_END>\n\
        r 1 1 1 <eps>\nr 1 1 1 it NA\nr 1 2 1 is 1.00 lex A\nr 1 3 1 !SIL\n";
    assert_eq!(
        (texts("a.ctm", marks), notes("a.ctm", marks)),
        (vec!["so it is".to_owned()], vec![("other-readings", 2)])
    );
    let unsorted = "r 1 1 1 there\nr 1 0 1 hi 7\n";
    assert_eq!(texts("a.ctm", unsorted), ["hi there"]);
    assert_eq!(notes("a.ctm", unsorted), [("confidences", 1), ("unsorted-words", 1)]);
    for bad in ["r 1 1e308 1 a", "r 1 0 inf a", "r 1 -1 1 a", "r 1 NaN 1 a", "r 1 0 1"] {
        assert!(read("a.ctm", &format!("r 1 0 1 a\n{bad}\n")).unwrap_err().contains("line 2"), "{bad}");
    }
}

#[test]
fn every_line_end_is_one() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("a.ctm", "r 1 0 1 hi\nr 1 1 1 there\n"),
        ("a.vtt", "WEBVTT\n\n1\n00:01.000 --> 00:02.000\nhello\nOslo\n\nNOTE x\n\n00:02.000 --> 00:03.000\nBern\n"),
        ("a.hocr", "<div class='ocr_page'>\n<span class='ocr_line'>Oslo\nwon</span>\n</div>\n"),
        ("a.whisper.json", "{\"segments\":\n[{\"text\":\"Ada\",\n\"start\":0,\"end\":1}]}\n"),
    ] {
        let expected = read(name, text).unwrap();
        for end in ["\r", "\r\n"] {
            assert_eq!(read(name, &text.replace('\n', end)).unwrap(), expected, "{name} {end:?}");
        }
    }
    // The formats without regions.
    for (name, text) in [
        ("a.conll", "Ada\tB-PER\nwon\tO\n\nOslo\tB-LOC\n"),
        ("a.txt", "Ada won\nOslo\n"),
        ("a.jsonl", "{\"text\":\"Ada\",\"tokens\":[\"Ada\"]}\n{\"text\":\"b\",\"tokens\":[\"b\"]}\n"),
        ("a.json", "[\n{\"tokens\":[\"Ada\"],\n\"ner_tags\":[\"B-X\"]},\n{\"tokens\":[\"b\"],\"ner_tags\":[\"O\"]}]\n"),
        (
            "a.conllu",
            "# text = Ada won\n1\tAda\t_\t_\t_\t_\t_\t_\t_\tNER=B-PER\n2\twon\t_\t_\t_\t_\t_\t_\t_\tNER=O\n\n",
        ),
    ] {
        let of = |text: String| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            let options = xlner_formats::ReadOptions::default();
            xlner_formats::read_sentences(&path, &options).unwrap().map(Result::unwrap).collect::<Vec<_>>()
        };
        let expected = of(text.to_owned());
        for end in ["\r", "\r\n"] {
            assert_eq!(of(text.replace('\n', end)), expected, "{name} {end:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whisper_loses_no_character(
        segments in vec((vec("[a-zé漢]{1,6}[.,-]?", 1..8), vec(0..5_u8, 8)), 1..5),
    ) {
        let mut expected = String::new();
        let mut list = Vec::new();
        for (at, (words, shapes)) in segments.iter().enumerate() {
            expected += &words.concat();
            let timed: Vec<Value> = words.iter().zip(shapes).enumerate().filter(|(_, (_, shape))| **shape > 0).map(|(index, (word, shape))| {
                let start = 10.0 * at as f64 + index as f64;
                match shape {
                    1 => json!({"word": format!(" {word}")}),
                    2 => json!({"word": word, "start": start, "end": null}),
                    _ => json!({"word": format!(" {word}"), "start": start, "end": start + 0.5, "probability": 0.5}),
                }
            }).collect();
            list.push(json!({"text": words.join(" "), "start": 10 * at, "end": 10 * at + 9, "words": timed}));
        }
        let (found, _) = read("a.whisper.json", &json!({"segments": list}).to_string()).unwrap();
        let without = |text: String| text.replace(['-', ' '], "");
        prop_assert_eq!(without(all_characters(&found)), without(expected));
        for sentence in &found {
            for region in sentence.regions.iter().flatten() {
                prop_assert!(region["start"].as_f64() <= region["end"].as_f64(), "{}", region);
            }
        }
    }

    #[test]
    fn webvtt_loses_no_character(cues in vec(vec(vec(("[a-zé漢0-9]{1,6}[.,&<>]?", 0..6_u8), 1..5), 1..3), 1..6)) {
        let mut text = "WEBVTT\n\n".to_owned();
        let mut expected = String::new();
        for (at, rows) in cues.iter().enumerate() {
            text += &format!("00:{:02}.000 --> 00:{:02}.000\n", 2 * at, 2 * at + 1);
            for row in rows {
                for (word, shape) in row {
                    expected += word;
                    let word = word.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                    text += &match shape {
                        0 => format!("<c.x>{word}</c> "),
                        1 => format!("<00:{:02}.500>{word} ", 2 * at),
                        2 => format!("<v A>{word}</v> "),
                        _ => format!("{word} "),
                    };
                }
                text.push('\n');
            }
            text.push('\n');
        }
        let (found, notes) = read("a.vtt", &text).unwrap();
        prop_assert_eq!(all_characters(&found), expected);
        prop_assert!(notes.is_empty());
    }

    #[test]
    fn ctm_loses_no_word(words in vec((0..3_usize, "[a-zé]{1,6}"), 1..30)) {
        let mut text = String::new();
        let mut channels = vec![String::new(); 3];
        let mut order: Vec<usize> = Vec::new();
        for (at, (channel, word)) in words.iter().enumerate() {
            text += &format!("r {channel} {at} 1 {word}\n");
            channels[*channel] += word;
            if !order.contains(channel) {
                order.push(*channel);
            }
        }
        let (found, _) = read("a.ctm", &text).unwrap();
        prop_assert_eq!(all_characters(&found), order.iter().map(|&channel| channels[channel].as_str()).collect::<String>());
    }
}

#[test]
fn subrip_is_webvtt_without_a_header() {
    let text = "\u{feff}1\r\n00:00:00,000 --> 00:00:01,000\r\nOslo <i>won</i>\r\n\r\n2\r\n00:00:01,000 --> 00:00:02,000\r\nBern lost\r\n";
    assert_eq!(texts("a.srt", text).join(" "), "Oslo won Bern lost");
    assert_eq!(texts("a.vtt", text).join(" "), "Oslo won Bern lost");
    let error = read("a.srt", "Oslo won\n").unwrap_err();
    assert!(error.contains("SubRip"), "{error}");
}

#[test]
fn whisper_names_languages_and_leaves_out_words() {
    let plain = json!({"text": " Ada met Bob.", "language": "english"});
    let (sentences, _) = read("a.whisper.json", &plain.to_string()).unwrap();
    assert_eq!((sentences[0].text(), sentences[0].lang.as_deref()), ("Ada met Bob.", Some("en")));
    let other = json!({"text": "x y", "language": "sw"});
    assert_eq!(read("a.whisper.json", &other.to_string()).unwrap().0[0].lang.as_deref(), Some("sw"));
    for word in [json!({"start": 1, "end": 2}), json!({"word": null}), json!({"word": ""})] {
        let segment = json!({"segments": [{"start": 0, "end": 3, "text": " Ada met Bob.", "words": [{"word": " Ada", "start": 0, "end": 1}, word, {"word": " Bob.", "start": 2, "end": 3}]}]});
        assert_eq!(texts("a.whisper.json", &segment.to_string()), ["Ada met Bob."]);
    }
}

#[test]
fn subrip_without_blank_lines_and_with_odd_numbers() {
    let times = "00:00:00,000 --> 00:00:01,000";
    for (text, expected) in [
        (format!("1\n{times}\nOslo\n2\n{times}\nBern\n3\n{times}\nRiga\n"), "Oslo Bern Riga"),
        (format!("0\r\n{times}\r\nOslo\r\n1\r\n{times}\r\nBern\r\n"), "Oslo Bern"),
        // A number that is not the next is text.
        (format!("1\n{times}\nOslo\n7\n{times}\nBern\n"), "Oslo 7 Bern"),
        (format!("18446744073709551615\n{times}\nOslo\n\n1\n{times}\nBern\n"), "Oslo Bern"),
    ] {
        assert_eq!(texts("a.srt", &text).join(" "), expected, "{text}");
    }
}

#[test]
fn codes_of_substation_alpha_are_no_text() {
    let times = "00:00:00,000 --> 00:00:01,000";
    for (text, expected) in [
        ("{\\an8}Oslo won.", "Oslo won."),
        ("{\\an8}{\\i1}Oslo{\\i0} won.", "Oslo won."),
        ("Oslo {won} {\\ won.", "Oslo {won} {\\ won."),
    ] {
        assert_eq!(texts("a.srt", &format!("1\n{times}\n{text}\n")).join(" "), expected, "{text}");
    }
}
