//! The bundled sample (`samples/`) is what its README says.

use std::collections::HashMap;
use std::path::Path;

use xlner_core::tokenize::tokenize;
use xlner_core::{Entity, Sentence};

const LANGS: [&str; 4] = ["en", "sw", "hi", "ar"];
const LABELS: [&str; 4] = ["PER", "LOC", "ORG", "MISC"];

fn sample(lang: &str) -> Vec<Sentence> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../samples/{lang}.conll"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert!(text.ends_with("\n\n"), "samples/{lang}.conll: no empty line after the last sentence");
    let mut sentences = vec![Sentence::default()];
    for (index, line) in text.lines().enumerate() {
        let at = || format!("samples/{lang}.conll:{}: {line:?}", index + 1);
        let sentence = sentences.last_mut().unwrap();
        if line.is_empty() {
            assert!(!sentence.is_empty(), "{}: an empty sentence", at());
            sentences.push(Sentence::default());
            continue;
        }
        let (token, tag) = line.split_once('\t').unwrap_or_else(|| panic!("{}: no tag", at()));
        assert!(!token.is_empty() && !token.contains(char::is_whitespace), "{}: not one token", at());
        let position = sentence.len();
        sentence.push_token(token);
        match tag.split_once('-') {
            None => assert_eq!(tag, "O", "{}", at()),
            Some(("B", label)) => sentence.entities.push(Entity::new(position..position + 1, label)),
            Some(("I", label)) => {
                let open = sentence.entities.last_mut().filter(|e| e.span.end == position && e.label == label);
                open.unwrap_or_else(|| panic!("{}: I without B", at())).span.end += 1;
            }
            _ => panic!("{}: not IOB2", at()),
        }
    }
    sentences.pop();
    sentences
}

/// Text and label of the entities of a sentence, numbered from 1 as in the README.
fn entities(sentences: &[Sentence], number: usize) -> Vec<(&str, &str)> {
    let sentence = &sentences[number - 1];
    sentence.entities.iter().map(|entity| (sentence.span_text(entity.span), entity.label.as_str())).collect()
}

fn labels(sentences: &[Sentence], number: usize) -> Vec<&str> {
    entities(sentences, number).into_iter().map(|(_, label)| label).collect()
}

#[test]
fn sentences_are_parallel_and_valid() {
    for lang in LANGS {
        let sentences = sample(lang);
        assert_eq!(sentences.len(), 66, "{lang}");
        sentences.iter().for_each(|sentence| sentence.validate().unwrap());
        let entities = || sentences.iter().flat_map(|sentence| &sentence.entities);
        for label in LABELS {
            let found = entities().filter(|entity| entity.label == label).count();
            assert!(found >= 15, "{lang}: {found} {label}");
        }
        assert!(entities().all(|entity| LABELS.contains(&entity.label.as_str())), "{lang}");
    }
}

#[test]
fn translations_name_the_same_things_but_those_they_drop() {
    let english = sample("en");
    for (lang, dropped) in [("sw", &[34, 35][..]), ("hi", &[34, 35]), ("ar", &[8, 34, 35])] {
        let target = sample(lang);
        for number in 1..=english.len() {
            let (mut here, mut there) = (labels(&english, number), labels(&target, number));
            here.sort();
            there.sort();
            if dropped.contains(&number) {
                assert_eq!(there.len() + 1, here.len(), "{lang} {number}");
            } else {
                assert_eq!(there, here, "{lang} {number}");
            }
        }
    }
}

#[test]
fn names_recur() {
    for lang in LANGS {
        let sentences = sample(lang);
        let mut words: HashMap<&str, usize> = HashMap::new();
        for sentence in &sentences {
            for entity in &sentence.entities {
                entity.span.range().for_each(|token| *words.entry(sentence.token(token)).or_default() += 1);
            }
        }
        let mentions: usize = words.values().sum();
        let once = words.values().filter(|&&count| count == 1).count();
        assert!(once * 5 < mentions, "{lang}: {once} of {mentions} words of names occur once");
    }
}

#[test]
fn phenomena_are_where_the_readme_says() {
    let [english, swahili, hindi, arabic] = LANGS.map(sample);
    // Another order of names.
    assert_eq!(entities(&english, 5), [("Lake Victoria", "LOC"), ("Juma Bakari", "PER")]);
    assert_eq!(entities(&hindi, 5), [("जुमा बकारी", "PER"), ("विक्टोरिया झील", "LOC")]);
    for number in [5, 15, 17, 25, 30, 41, 44, 62] {
        let differs = |target| labels(target, number) != labels(&english, number);
        assert!([&swahili, &hindi, &arabic].into_iter().any(|target| differs(target)), "{number}");
    }
    // Discontinuous links.
    assert_eq!(entities(&swahili, 18), [("Chuo Kikuu kipya cha Nairobi", "ORG")]);
    assert_eq!(entities(&hindi, 19)[1].0, "काहिरा स्थित विश्वविद्यालय");
    assert_eq!(entities(&arabic, 19)[0].0, "ليلى بنت عمر حداد");
    // Elided coordination.
    assert_eq!(entities(&swahili, 14)[..2], [("Afrika Mashariki", "LOC"), ("Magharibi", "LOC")]);
    // Inflection.
    assert_eq!((entities(&swahili, 28)[1].0, entities(&swahili, 29)[0].0), ("Bungeni", "Bunge"));
    assert_eq!((entities(&hindi, 56)[0].0, entities(&hindi, 47)[1].0), ("भारतीयों", "भारतीय"));
    assert_eq!(entities(&arabic, 25)[2].0, "بجائزة نوبل");
    // Acronyms.
    assert_eq!((entities(&english, 46)[0].0, entities(&swahili, 46)[0].0), ("UN", "Umoja wa Mataifa"));
    assert_eq!((entities(&english, 62)[3].0, entities(&hindi, 62)[1].0), ("WHO", "विश्व स्वास्थ्य संगठन"));
    // No entity.
    assert!([&english, &swahili, &hindi, &arabic].iter().all(|sentences| entities(sentences, 51).is_empty()));
}

#[test]
fn tokens_are_those_of_the_tokeniser() {
    for lang in LANGS {
        for sentence in sample(lang) {
            let text = sentence.text();
            let tokens: Vec<&str> = tokenize(text, Some(lang)).into_iter().map(|range| &text[range]).collect();
            assert_eq!(tokens, sentence.tokens().collect::<Vec<_>>(), "{lang}");
        }
    }
}
