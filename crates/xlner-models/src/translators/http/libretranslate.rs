//! LibreTranslate: `POST /translate` with `{"q": […], "source", "target", "format": "text"}` (libretranslate.com/docs).

use serde_json::{Value, json};

/// The address of the service on a server.
pub(super) fn address(server: &str) -> String {
    let server = server.trim_end_matches('/');
    if server.ends_with("/translate") { server.to_owned() } else { format!("{server}/translate") }
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
