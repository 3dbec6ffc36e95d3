//! The language of a checkpoint: the field `language` of `config.json`, which our training writes, or that of the model card
//! (`README.md`), where it names one language.

use std::path::Path;

use serde_json::Value;

use crate::nn::adapter;

/// The field of `config.json`.
pub(super) const FIELD: &str = "language";

/// The language that a folder names; `None` where it names none, or several.
pub(super) fn of(folder: &Path) -> Option<String> {
    let read = |name: &str| std::fs::read_to_string(adapter::holding(folder, name).ok()?.join(name)).ok();
    let config: Option<Value> = read("config.json").and_then(|text| serde_json::from_str(&text).ok());
    match config.as_ref().and_then(|config| config.get(FIELD)) {
        Some(Value::String(lang)) if !lang.is_empty() => Some(lang.clone()),
        _ => of_card(&std::fs::read_to_string(folder.join("README.md")).ok()?),
    }
}

/// The one language that the head of a model card names: `language: sw`, or a list of one.
fn of_card(card: &str) -> Option<String> {
    let head = card.strip_prefix("---")?.split("\n---").next()?;
    let mut lines = head.lines().skip_while(|line| !line.starts_with("language:"));
    let value = lines.next()?.trim_start_matches("language:").trim();
    let listed = lines.take_while(|line| line.trim_start().starts_with('-')).map(|line| line.trim_start()[1..].trim());
    let codes: Vec<&str> = if value.is_empty() {
        listed.collect()
    } else {
        value.trim_matches(['[', ']']).split(',').map(str::trim).collect()
    };
    let [code] = codes[..] else { return None };
    let code = code.trim_matches(['"', '\'']);
    let is_code = code.len() < 12 && code.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    (is_code && (2..=3).contains(&code.split('-').next()?.len())).then(|| code.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_names_one_language_or_none() {
        let card = |language: &str| {
            of_card(&format!("---\nlicense: mit\n{language}\ntags:\n- ner\n---\n# Model\nlanguage: xx\n"))
        };
        assert_eq!(card("language: sw").as_deref(), Some("sw"));
        assert_eq!(card("language:\n- pt-BR").as_deref(), Some("pt-BR"));
        assert_eq!(card("language: [\"sw\"]").as_deref(), Some("sw"));
        for none in ["language:\n- sw\n- en", "language: multilingual", "language: [sw, en]", "datasets: x"] {
            assert_eq!(card(none), None, "{none}");
        }
        assert_eq!(of_card("# language: sw"), None);
    }

    #[test]
    fn the_field_of_the_config_comes_first() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(of(folder.path()), None);
        std::fs::write(folder.path().join("README.md"), "---\nlanguage: en\n---\n").unwrap();
        assert_eq!(of(folder.path()).as_deref(), Some("en"));
        std::fs::write(folder.path().join("config.json"), r#"{"language": "sw"}"#).unwrap();
        assert_eq!(of(folder.path()).as_deref(), Some("sw"));
        std::fs::write(folder.path().join("config.json"), "{").unwrap();
        assert_eq!(of(folder.path()).as_deref(), Some("en"));
    }
}
