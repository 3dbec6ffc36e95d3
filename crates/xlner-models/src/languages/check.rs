//! Whether a text is a language code, and which code was meant.

use super::table::LANGUAGES;

/// Codes of countries that people take for those of their languages.
const COUNTRIES: [(&str, &str); 14] = [
    ("al", "sq"),
    ("cn", "zh"),
    ("cz", "cs"),
    ("dk", "da"),
    ("gr", "el"),
    ("ir", "fa"),
    ("jp", "ja"),
    ("kr", "ko"),
    ("pk", "ur"),
    ("rs", "sr"),
    ("tz", "sw"),
    ("ua", "uk"),
    ("us", "en"),
    ("vn", "vi"),
];

/// What is wrong with a language code (BCP 47), with the right one where that is known; `None` where nothing is wrong.
///
/// ```
/// use xlner_models::languages::wrong_code;
///
/// assert_eq!(wrong_code("sw-KE"), None);
/// assert_eq!(wrong_code("swahili").unwrap(), "“swahili” is no language code (BCP 47); the code of Swahili is sw");
/// ```
pub fn wrong_code(code: &str) -> Option<String> {
    // FLORES-200's own, which engines are asked for by; not every language has one.
    if !code.is_empty() && LANGUAGES.iter().any(|language| language.nllb == code) {
        return None;
    }
    let (language, rest) = match code.split_once(['-', '_']) {
        Some((language, rest)) => (language, Some(rest)),
        None => (code, None),
    };
    if let Some((code_of, name)) = named(code).or_else(|| named(language)).filter(|_| language.len() > 3) {
        return Some(format!("“{code}” is no language code (BCP 47); the code of {name} is {code_of}"));
    }
    let lower = language.to_ascii_lowercase();
    if !is_known(&lower) {
        let meant = COUNTRIES.iter().find(|(country, _)| *country == lower);
        let meant = meant.map(|(_, code)| format!("; {lower} is a country, the code of its language is {code}"));
        return Some(format!("“{code}” is no language code (BCP 47){}", meant.unwrap_or_default()));
    }
    let rest = rest?;
    let wanted = format!("{lower}-{}", rest.split(['-', '_']).map(usual).collect::<Vec<_>>().join("-"));
    let well_formed = rest.split(['-', '_']).all(|part| is_part(&usual(part)));
    match (well_formed, code.contains('_') || !wanted.eq_ignore_ascii_case(code)) {
        (true, false) => None,
        (true, true) => Some(format!("“{code}” is no language code as BCP 47 writes them; write {wanted}")),
        (false, _) => Some(format!(
            "“{code}” is no language code (BCP 47): after {lower} only a script (`Latn`) or a country (`KE`) may follow"
        )),
    }
}

/// Whether the first part of a code stands for a language.
fn is_known(language: &str) -> bool {
    let private = ("qaa".."qtz").contains(&language) && language.len() == 3 || matches!(language, "x" | "qtz");
    private
        || matches!(language, "mul" | "und" | "mis" | "zxx" | "iw" | "in" | "ji" | "mo" | "sh" | "no")
        || LANGUAGES.iter().any(|known| known.is(language))
        || match language.len() {
            2 => isolang::Language::from_639_1(language).is_some(),
            3 => isolang::Language::from_639_3(language).is_some(),
            _ => false,
        }
}

/// The code and the name of a language that is called so in English.
fn named(name: &str) -> Option<(&'static str, &'static str)> {
    let wanted = name.trim().to_lowercase().replace(['_', '-'], " ");
    let ours = LANGUAGES.iter().find(|language| {
        let known = language.name.to_lowercase();
        known == wanted || known.split(" (").next() == Some(&wanted)
    });
    let ours = ours.map(|language| (language.code, language.name.split(" (").next().unwrap_or(language.name)));
    ours.or_else(|| {
        let language = isolang::Language::from_name_lowercase(&wanted)?;
        Some((language.to_639_1().unwrap_or_else(|| language.to_639_3()), language.to_name()))
    })
}

/// Part of a code as it is usually written: script `Latn`, country `KE`, all else in lower case. Names of scripts that are no codes become
/// these.
fn usual(part: &str) -> String {
    match (part.len(), part.to_ascii_lowercase().as_str()) {
        (_, "latin") => "Latn".into(),
        (_, "cyrillic" | "cyr") => "Cyrl".into(),
        (_, "arabic") => "Arab".into(),
        (_, "devanagari") => "Deva".into(),
        (_, "simplified" | "chs") => "Hans".into(),
        (_, "traditional" | "cht") => "Hant".into(),
        (4, lower) if lower.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
            lower[..1].to_ascii_uppercase() + &lower[1..]
        }
        (2, lower) => lower.to_ascii_uppercase(),
        (_, lower) => lower.to_owned(),
    }
}

/// Whether a part after the language is well formed.
fn is_part(part: &str) -> bool {
    let (letters, digits) =
        (part.bytes().all(|byte| byte.is_ascii_alphabetic()), part.bytes().all(|byte| byte.is_ascii_digit()));
    let all = part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    match part.len() {
        1 | 5..=8 => all,
        2 => letters || all,
        3 => digits || isolang::Language::from_639_3(part).is_some(),
        4 => letters || part.as_bytes()[0].is_ascii_digit() && all,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn right_codes_pass() {
        for code in [
            "sw",
            "sw-KE",
            "sr-Latn",
            "sr-Cyrl-RS",
            "zh-Hant",
            "zh-TW",
            "pt-BR",
            "es-419",
            "yo",
            "bbj",
            "srp_Cyrl",
            "eng",
            "und",
            "qaa",
            "x-mine",
            "de-1996",
            "sl-rozaj",
            "no",
            "SR",
            "zh-yue",
            "cv",
            "tlh",
        ] {
            assert_eq!(wrong_code(code), None, "{code}");
        }
    }

    #[test]
    fn wrong_codes_are_told_with_the_right_one() {
        for (code, told) in [
            ("swahili", "the code of Swahili is sw"),
            ("Swahili", "the code of Swahili is sw"),
            ("yoruba", "the code of Yoruba is yo"),
            ("klingon", "the code of Klingon is tlh"),
            ("german-AT", "the code of German is de"),
            ("sw_KE", "write sw-KE"),
            ("zh_hant", "write zh-Hant"),
            ("sr-latin", "write sr-Latn"),
            ("zh-CHT", "write zh-Hant"),
            ("jp", "the code of its language is ja"),
            ("yy", "“yy” is no language code (BCP 47)"),
            ("xxx", "“xxx” is no language code (BCP 47)"),
            ("", "“” is no language code (BCP 47)"),
            ("en-", "after en only a script"),
            ("en-!!", "after en only a script"),
            ("de.txt", "“de.txt” is no language code"),
        ] {
            let message = wrong_code(code).unwrap_or_default();
            assert!(message.contains(told), "{code}: {message}");
        }
    }
}
