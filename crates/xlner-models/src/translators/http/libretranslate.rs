//! LibreTranslate: `POST /translate` with `{"q": […], "source", "target", "format": "text"}` (libretranslate.com/docs).

use serde_json::{Value, json};

use super::parts;
use crate::languages;

/// The address of the service on a server.
pub(super) fn address(server: &str) -> String {
    let (path, query) = parts(server);
    if path.ends_with("/translate") { format!("{path}{query}") } else { format!("{path}/translate{query}") }
}

/// Codes of the languages that LibreTranslate usually offers.
const USUAL: [&str; 51] = [
    "en", "ar", "az", "bg", "bn", "ca", "cs", "da", "de", "el", "eo", "es", "et", "eu", "fa", "fi", "fr", "ga", "gl",
    "he", "hi", "hu", "id", "it", "ja", "ko", "ky", "lt", "lv", "ms", "nb", "nl", "pl", "pt", "pt-BR", "ro", "ru",
    "sk", "sl", "sq", "sr", "sv", "sw", "th", "tl", "tr", "uk", "ur", "vi", "zh-Hans", "zh-Hant",
];

/// The languages that a server offers, and into which each is translated.
#[derive(Debug, Default)]
pub(super) struct Offer(Vec<(String, Vec<String>)>);

impl Offer {
    /// Where the server of an address tells them.
    pub(super) fn address(translate: &str) -> String {
        let (path, query) = parts(translate);
        format!("{}/languages{query}", path.trim_end_matches("/translate"))
    }

    /// From the answer, `[{"code": "en", "name": "English", "targets": ["ar", …]}, …]`; `None` where it is another.
    pub(super) fn read(answer: &Value) -> Option<Offer> {
        let codes = |list: &Value| {
            let list = list.as_array().into_iter().flatten();
            list.filter_map(|code| code.as_str().map(str::to_owned)).collect()
        };
        let language = |one: &Value| {
            Some((one.get("code")?.as_str()?.to_owned(), one.get("targets").map_or_else(Vec::new, codes)))
        };
        let offer: Vec<_> = answer.as_array()?.iter().filter_map(language).collect();
        (!offer.is_empty()).then_some(Offer(offer))
    }

    fn sources(&self) -> Vec<&str> {
        self.0.iter().map(|(code, _)| code.as_str()).collect()
    }

    /// Languages into which one is translated; all where the server does not say it.
    fn targets(&self, from: &str) -> Vec<&str> {
        let own = self.0.iter().find(|(code, targets)| code == from && !targets.is_empty());
        own.map_or_else(|| self.sources(), |(_, targets)| targets.iter().map(String::as_str).collect())
    }

    /// The server's codes of two languages, or what it offers instead.
    pub(super) fn codes(&self, [from, to]: [&str; 2]) -> Result<[String; 2], String> {
        let sources = self.sources();
        let source = languages::libretranslate(from, &sources)
            .ok_or_else(|| format!("the server does not translate from “{from}”, but from {}", sources.join(", ")))?;
        let targets = self.targets(source);
        let target = languages::libretranslate(to, &targets).ok_or_else(|| {
            format!("the server does not translate from {source} into “{to}”, but into {}", targets.join(", "))
        })?;
        Ok([source.to_owned(), target.to_owned()])
    }
}

/// The code that a server usually has for a language; the given one where it usually has none.
pub(super) fn usual_code(code: &str) -> String {
    languages::libretranslate(code, &USUAL).unwrap_or(code).to_owned()
}

/// Whether a code is the same everywhere, so that the server need not be asked: two letters, and no language of several codes.
pub(super) fn is_plain(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_lowercase()) && !matches!(code, "zh" | "no" | "pt")
}

/// The question.
pub(super) fn body(texts: &[&str], from: &str, to: &str, key: Option<&str>) -> Value {
    let mut body = json!({"q": texts, "source": from, "target": to, "format": "text"});
    if let Some(key) = key {
        body["api_key"] = key.into();
    }
    body
}

/// The translations of an answer to `count` texts, or what is wrong with it.
pub(super) fn read(answer: &Value, count: usize) -> Result<Vec<String>, String> {
    let texts = answer.get("translatedText").ok_or("the answer has no `translatedText`")?;
    let texts = texts.as_array().map_or_else(|| std::slice::from_ref(texts), Vec::as_slice);
    if texts.len() != count {
        return Err(format!("{} translations of {count} texts", texts.len()));
    }
    let text =
        |text: &Value| text.as_str().map(str::to_owned).ok_or_else(|| "a translation that is no text".to_owned());
    texts.iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for server in ["http://h", "http://h/", "http://h/translate", "http://h/translate/", "http://h/#x"] {
            assert_eq!(address(server), "http://h/translate");
        }
        for server in ["http://h?key=a/b", "http://h/?key=a/b#x", "http://h/translate?key=a/b"] {
            assert_eq!(address(server), "http://h/translate?key=a/b");
        }
    }
    fn offer() -> Offer {
        let language = |code: &str, targets: &[&str]| json!({"code": code, "name": "", "targets": targets});
        Offer::read(&json!([
            language("en", &["pt", "pt-BR", "zh-Hant"]),
            language("pt-BR", &["en"]),
            language("sw", &[]),
        ]))
        .unwrap()
    }

    #[test]
    fn codes_are_those_of_the_server() {
        for (pair, expected) in [
            (["en", "pt-BR"], ["en", "pt-BR"]),
            (["eng", "por"], ["en", "pt"]),
            (["en-US", "zh-TW"], ["en", "zh-Hant"]),
            (["por", "en"], ["pt-BR", "en"]),
            (["swa", "en"], ["sw", "en"]),
        ] {
            assert_eq!(offer().codes(pair).unwrap(), expected, "{pair:?}");
        }
    }

    #[test]
    fn what_is_not_offered_comes_with_what_is() {
        assert!(offer().codes(["yo", "en"]).unwrap_err().ends_with("but from en, pt-BR, sw"));
        assert!(offer().codes(["en", "yo"]).unwrap_err().ends_with("but into pt, pt-BR, zh-Hant"));
        for other in [json!({}), json!([]), json!(["en"]), json!(null)] {
            assert!(Offer::read(&other).is_none());
        }
    }

    #[test]
    fn without_an_answer_the_usual_codes_are_taken() {
        for (code, usual) in [("por", "pt"), ("pt-BR", "pt-BR"), ("zh-Hant", "zh-Hant"), ("nno", "nno"), ("eng", "en")]
        {
            assert_eq!(usual_code(code), usual);
        }
        assert!(is_plain("en") && !is_plain("zh") && !is_plain("eng") && !is_plain("pt-BR"));
    }

    #[test]
    fn the_languages_lie_beside_the_service() {
        assert_eq!(Offer::address("http://localhost:5000/translate"), "http://localhost:5000/languages");
    }
}
