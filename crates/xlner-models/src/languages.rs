//! From BCP 47 language codes to the codes that engines have for them.
//!
//! Of a code its language, script and region count (`sr`, `zh-Hant`, `pt-BR`); ISO 639-3 codes, macrolanguages and FLORES-200's
//! own codes (`srp_Cyrl`) are understood too.
//!
//! ```
//! use xlner_models::languages;
//!
//! assert_eq!(languages::nllb("sr").unwrap(), "srp_Cyrl");
//! assert_eq!(languages::nllb("zh-TW").unwrap(), "zho_Hant");
//! assert_eq!(languages::m2m100("sr-Latn").unwrap(), "sr");
//! assert!(languages::nllb("serbian").unwrap_err().to_string().contains("sr (Serbian)"));
//! ```

mod check;
mod table;

use crate::{Error, Result};
use table::{LANGUAGES, Language};

pub use check::wrong_code;

/// Languages that a message proposes.
const PROPOSALS: usize = 5;

/// NLLB-200's code of a language.
///
/// # Errors
/// [`Error::Options`] where it does not know the language, or knows it in other scripts only; names near ones.
pub fn nllb(code: &str) -> Result<&'static str> {
    let tag = Tag::parse(code);
    let known = || LANGUAGES.iter().filter(|language| !language.nllb.is_empty());
    let language = known().filter(|language| language.is(&tag.language)).collect::<Vec<_>>();
    let script = tag.script();
    let found = language.iter().find(|language| script.as_ref().is_none_or(|script| language.script == script));
    match (found, language.first()) {
        (Some(language), _) => Ok(language.nllb),
        (None, Some(first)) => {
            let scripts: Vec<&str> = language.iter().map(|language| language.script).collect();
            Err(Error::Options(format!(
                "NLLB-200 does not know {} in the script of “{code}”; it does in {}",
                first.name,
                scripts.join(", ")
            )))
        }
        (None, None) => Err(unknown(code, &tag, "NLLB-200", known())),
    }
}

/// M2M100's code of a language; it makes no difference between scripts.
///
/// # Errors
/// [`Error::Options`] where it does not know the language; names near ones.
pub fn m2m100(code: &str) -> Result<&'static str> {
    let tag = Tag::parse(code);
    let known = || LANGUAGES.iter().filter(|language| !language.m2m100.is_empty());
    let found = known().find(|language| language.is(&tag.language));
    found.map(|language| language.m2m100).ok_or_else(|| unknown(code, &tag, "M2M100", known()))
}

/// The codes that a language may have in the names of Apertium's modes, the most specific first: `eng_US`, `eng`, `en` for
/// `en-US`; `hbs_SR`, `srp`, `sr`, `hbs` for `sr`.
///
/// # Errors
/// [`Error::Options`] for an unknown language; names near ones.
pub fn apertium(code: &str) -> Result<Vec<String>> {
    let tag = Tag::parse(code);
    let language = LANGUAGES.iter().find(|language| language.is(&tag.language));
    let language = language.ok_or_else(|| unknown(code, &tag, "Apertium", LANGUAGES.iter()))?;
    let mut codes: Vec<&str> = language.others.split_whitespace().collect();
    codes.push(language.code);
    let variant = match language.code {
        "sr" | "hr" | "bs" => Some(format!("hbs_{}", language.code.to_uppercase())),
        _ => None,
    };
    match language.code {
        "sr" | "hr" | "bs" | "cnr" => codes.push("hbs"),
        "nn" => codes.push("nor"),
        _ => {}
    }
    let regional = codes.iter().filter_map(|code| Some(format!("{code}_{}", tag.region.as_ref()?)));
    Ok(regional.chain(variant).chain(codes.iter().map(|code| (*code).to_owned())).collect())
}

/// English name of a language; `None` where it is not in the table.
pub fn name(code: &str) -> Option<&'static str> {
    let tag = Tag::parse(code);
    let script = tag.script();
    let mut language = LANGUAGES.iter().filter(|language| language.is(&tag.language));
    let first = language.clone().next();
    language.find(|language| Some(language.script) == script.as_deref()).or(first).map(|language| language.name)
}

/// The languages of these codes, as a sentence names them: “Swahili (sw), Yoruba (yo)”; `None` where there is no code.
#[cfg(feature = "http")]
pub(crate) fn among<'c>(codes: impl Iterator<Item = &'c str>) -> Option<String> {
    let codes: std::collections::BTreeSet<&str> = codes.collect();
    let called = |code: &&str| name(code).map_or_else(|| (*code).to_owned(), |name| format!("{name} ({code})"));
    (!codes.is_empty()).then(|| codes.iter().map(called).collect::<Vec<_>>().join(", "))
}

/// Whether two codes stand for one language, whatever the script and the country (`en-GB` and `eng`).
pub fn same(one: &str, other: &str) -> bool {
    fn own(code: &str) -> String {
        let language = Tag::parse(code).language;
        let known = LANGUAGES.iter().find(|known| known.is(&language));
        known.map_or(language, |known| known.code.to_owned())
    }
    own(one) == own(other)
}

/// The usual script of a language (ISO 15924), or the one its code names; `None` where neither is known.
pub fn script(code: &str) -> Option<&'static str> {
    let tag = Tag::parse(code);
    let mut language = LANGUAGES.iter().filter(|language| language.is(&tag.language));
    match tag.script() {
        Some(script) => language.find(|language| language.script == script).map(|language| language.script),
        None => language.next().map(|language| language.script),
    }
}

/// Whether a letter is Latin, or a mark or letter that any script may have.
pub fn is_latin(char: char) -> bool {
    matches!(char, '\0'..='\u{2ff}' | '\u{300}'..='\u{36f}' | '\u{1d00}'..='\u{1dff}' | '\u{1e00}'..='\u{1eff}' | '\u{2000}'..='\u{2bff}' | '\u{2c60}'..='\u{2c7f}' | '\u{a720}'..='\u{a7ff}' | '\u{ab30}'..='\u{ab6f}' | '\u{ff21}'..='\u{ff5a}')
}

/// The code that LibreTranslate has for a language, as a server that offers `offered` codes calls it: `pt-BR`, `zh-Hans`, `nb`.
/// `None` where it does not offer the language.
pub fn libretranslate<'o>(code: &str, offered: &[&'o str]) -> Option<&'o str> {
    let tag = Tag::parse(code);
    let script = tag.script();
    let same: Vec<&str> = offered.iter().copied().filter(|other| same(code, other)).collect();
    // LibreTranslate before version 1.6 calls traditional Chinese `zt`.
    let old = offered.iter().copied().find(|other| *other == "zt");
    let traditional = tag.language == "zh" && script.as_deref() == Some("Hant") || tag.language == "zt";
    let exact = |other: &&&str| other.eq_ignore_ascii_case(code.trim());
    let regional = |other: &&&str| tag.region.is_some() && Tag::parse(other).region == tag.region;
    let written = |other: &&&str| script.is_some() && Tag::parse(other).script() == script;
    let plain = |other: &&&str| !other.contains(['-', '_']);
    let found = [same.iter().find(exact), same.iter().find(regional), same.iter().find(written)];
    match found.into_iter().flatten().next() {
        Some(found) => Some(*found),
        None if traditional => old,
        // `zh-Hans` and the like are what `zh` is taken for.
        None => same.iter().find(plain).or_else(|| same.iter().find(|other| !other.ends_with("Hant"))).copied(),
    }
}

impl Language {
    fn is(&self, code: &str) -> bool {
        self.code == code || self.others.split_whitespace().any(|other| other == code)
    }
}

/// A language code in its parts.
struct Tag {
    language: String,
    script: Option<String>,
    region: Option<String>,
}

impl Tag {
    fn parse(code: &str) -> Tag {
        let mut parts = code.trim().split(['-', '_']);
        let language = parts.next().unwrap_or_default().to_ascii_lowercase();
        let mut tag = Tag { language, script: None, region: None };
        for part in parts {
            let letters = part.bytes().all(|byte| byte.is_ascii_alphabetic());
            match part.len() {
                // A single letter begins an extension.
                1 => break,
                4 if letters && tag.script.is_none() => {
                    tag.script = Some(part[..1].to_ascii_uppercase() + &part[1..].to_ascii_lowercase());
                }
                2 if letters && tag.region.is_none() => tag.region = Some(part.to_ascii_uppercase()),
                _ => {}
            }
        }
        tag
    }

    /// The script, that which the region implies included.
    fn script(&self) -> Option<String> {
        let implied = match (self.language.as_str(), self.region.as_deref()) {
            ("zh", Some("TW" | "HK" | "MO")) => Some("Hant".to_owned()),
            ("pa", Some("PK")) => Some("Arab".to_owned()),
            _ => None,
        };
        self.script.clone().or(implied)
    }
}

/// The error for a language that an engine does not know, with those it knows whose codes or names are near.
fn unknown(code: &str, tag: &Tag, engine: &str, known: impl Iterator<Item = &'static Language>) -> Error {
    let wanted = code.trim().to_lowercase();
    let mut near: Vec<(usize, &Language)> = known
        .filter_map(|language| {
            let name = language.name.to_lowercase();
            let named = if wanted.chars().count() > 3 && name.contains(&wanted) { 0 } else { distance(&name, &wanted) };
            let codes = std::iter::once(language.code).chain(language.others.split_whitespace());
            let coded = codes.map(|other| distance(other, &tag.language)).min().unwrap_or(usize::MAX);
            let far = named.min(coded);
            (far <= 2 && far < tag.language.chars().count()).then_some((far, language))
        })
        .collect();
    near.sort_by_key(|(far, language)| (*far, language.code));
    near.dedup_by_key(|(_, language)| language.code);
    let near: Vec<String> =
        near.iter().take(PROPOSALS).map(|(_, language)| format!("{} ({})", language.code, language.name)).collect();
    let what = name(code).map_or_else(|| "no language".to_owned(), |name| format!("{name}, which it does not know"));
    let near = if near.is_empty() {
        "languages are BCP 47 codes (`sr`, `zh-Hant`)".to_owned()
    } else {
        format!("near are {}", near.join(", "))
    };
    Error::Options(format!("“{code}” is {what} to {engine}; {near}"))
}

/// Insertions, deletions and replacements between two words (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, c) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, &d) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(c != d);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_nllb_and_m2m100_is_found_by_its_own() {
        let nllb_codes: Vec<_> =
            LANGUAGES.iter().map(|language| language.nllb).filter(|code| !code.is_empty()).collect();
        assert_eq!(nllb_codes.len(), 202);
        for code in nllb_codes {
            assert_eq!(nllb(code).unwrap(), code);
        }
        let mut m2m100_codes: Vec<_> =
            LANGUAGES.iter().map(|language| language.m2m100).filter(|code| !code.is_empty()).collect();
        m2m100_codes.sort_unstable();
        m2m100_codes.dedup();
        assert_eq!(m2m100_codes.len(), 100);
        for language in LANGUAGES {
            let (code, other) = (language.code, language.others.split_whitespace().next());
            assert!(other.is_none_or(|other| name(other) == name(code)), "{code}");
            assert!(!language.m2m100.is_empty() || m2m100(code).is_err());
        }
    }

    #[test]
    fn codes_name_one_language() {
        for (index, language) in LANGUAGES.iter().enumerate() {
            for code in language.others.split_whitespace().chain([language.code]) {
                let first = LANGUAGES.iter().position(|other| other.is(code)).unwrap();
                assert!(first == index || LANGUAGES[first].code == language.code, "{code}");
            }
        }
    }

    #[test]
    fn scripts_and_regions() {
        for (code, expected) in [
            ("sr", "srp_Cyrl"),
            ("SR_cyrl", "srp_Cyrl"),
            ("zh", "zho_Hans"),
            ("zh-Hant", "zho_Hant"),
            ("zh-hk", "zho_Hant"),
            ("cmn-Hans-CN", "zho_Hans"),
            ("pt-BR", "por_Latn"),
            ("ks-Deva", "kas_Deva"),
            ("no", "nob_Latn"),
            ("fil", "tgl_Latn"),
            ("swa", "swh_Latn"),
            ("bam", "bam_Latn"),
            ("twi", "twi_Latn"),
        ] {
            assert_eq!(nllb(code).unwrap(), expected, "{code}");
        }
        let error = nllb("sr-Latn").unwrap_err().to_string();
        assert!(error.contains("Serbian") && error.contains("Cyrl"), "{error}");
        assert_eq!(m2m100("sr-Latn").unwrap(), "sr");
        assert_eq!(name("zh-Hant"), Some("Chinese (Traditional)"));
        assert_eq!(name("xx"), None);
    }

    #[test]
    fn apertium_codes_go_from_the_particular_to_the_general() {
        assert_eq!(apertium("sr").unwrap(), ["hbs_SR", "srp", "sr", "hbs"]);
        assert_eq!(apertium("sh").unwrap(), ["hbs", "sh"]);
        assert_eq!(apertium("en-US").unwrap(), ["eng_US", "en_US", "eng", "en"]);
        assert_eq!(apertium("es").unwrap(), ["spa", "es"]);
        assert!(apertium("eu").unwrap().contains(&"eu".to_owned()));
    }

    #[test]
    fn an_unknown_language_comes_with_near_ones() {
        let message = |result: Result<&str>| result.unwrap_err().to_string();
        assert!(message(nllb("Serbian")).contains("sr (Serbian)"));
        assert!(message(nllb("srb")).contains("sr (Serbian)"));
        assert!(message(m2m100("yoruba")).contains("yo (Yoruba)"));
        let breton = message(nllb("br"));
        assert!(breton.contains("Breton, which it does not know to NLLB-200"), "{breton}");
        assert!(message(nllb("")).contains("BCP 47") && message(nllb("qqqqqq")).contains("BCP 47"));
        assert!(apertium("xx-YY").is_err());
    }

    #[test]
    fn codes_of_one_language_are_the_same() {
        assert!(same("en", "eng") && same("en-GB", "en_US") && same("zh", "cmn-Hant") && same("qaa", "qaa"));
        assert!(!same("en", "sw") && !same("sr", "hr"));
        assert_eq!(script("sr"), Some("Cyrl"));
        assert_eq!((script("en"), script("zh-TW"), script("qaa")), (Some("Latn"), Some("Hant"), None));
        assert!(is_latin('é') && is_latin('ẹ') && is_latin('ŋ') && !is_latin('я') && !is_latin('中') && !is_latin('ع'));
    }

    #[test]
    fn libretranslate_is_asked_by_its_own_codes() {
        let new = ["en", "pt", "pt-BR", "zh-Hans", "zh-Hant", "nb", "sr", "tl"];
        let old = ["en", "pt", "zh", "zt", "nb"];
        for (code, in_new, in_old) in [
            ("en", Some("en"), Some("en")),
            ("eng", Some("en"), Some("en")),
            ("en-US", Some("en"), Some("en")),
            ("pt-BR", Some("pt-BR"), Some("pt")),
            ("pt", Some("pt"), Some("pt")),
            ("por", Some("pt"), Some("pt")),
            ("zh-Hant", Some("zh-Hant"), Some("zt")),
            ("zh-TW", Some("zh-Hant"), Some("zt")),
            ("zh", Some("zh-Hans"), Some("zh")),
            ("zh-Hans", Some("zh-Hans"), Some("zh")),
            ("no", Some("nb"), Some("nb")),
            ("fil", Some("tl"), None),
            ("sw", None, None),
        ] {
            assert_eq!(libretranslate(code, &new), in_new, "{code}");
            assert_eq!(libretranslate(code, &old), in_old, "{code}");
        }
    }

    #[test]
    fn distances() {
        for (one, other, expected) in
            [("", "", 0), ("a", "", 1), ("kitten", "sitting", 3), ("sr", "rs", 2), ("a", "a", 0)]
        {
            assert_eq!(distance(one, other), expected);
            assert_eq!(distance(other, one), expected);
        }
    }
}
