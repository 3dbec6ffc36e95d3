//! LibreTranslate: `POST /translate` with `{"q": […], "source", "target", "format": "text"}` (libretranslate.com/docs).

use serde_json::{Value, json};

use super::parts;

/// The address of the service on a server.
pub(super) fn address(server: &str) -> String {
    let (path, query) = parts(server);
    if path.ends_with("/translate") { format!("{path}{query}") } else { format!("{path}/translate{query}") }
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
}
