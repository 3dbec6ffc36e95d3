//! How a sentence, its translation and their links are drawn in a browser: on the page of the review and in the report.
//!
//! The text is HTML, each token an inline span; the links are lines that the browser measures, so that they end on their tokens
//! however the text wraps. What a page needs is [`STYLE`], the [`MODULES`], and for each sentence its [`side`].

use serde_json::{Value, json};
use xlner_core::Sentence;

/// Colours, and the style of sentences, links and labels.
pub const STYLE: &str = include_str!("sentence.css");
/// The modules, each with its name, in an order in which they may be put into one script.
pub const MODULES: [(&str, &str); 2] = [("text.js", include_str!("text.js")), ("lines.js", include_str!("lines.js"))];
/// Colours that tell labels apart, the classes `l0` to `l7`; the labels after them take them again.
pub const COLOURS: usize = 8;

/// A sentence as the modules draw it: language, text, entities, regions, and the tokens as half-open ranges of UTF-16 units, as
/// JavaScript counts.
pub fn side(sentence: &Sentence) -> Value {
    let text = sentence.text();
    let (mut unit, mut byte) = (0, 0);
    let mut place = |to: usize| {
        unit += text[byte..to].encode_utf16().count();
        byte = to;
        unit
    };
    let tokens: Vec<[usize; 2]> = (0..sentence.len())
        .map(|token| {
            let range = sentence.byte_range(token);
            [place(range.start), place(range.end)]
        })
        .collect();
    json!({
        "lang": sentence.lang, "text": text, "tokens": tokens, "entities": sentence.entities, "regions": sentence.regions,
    })
}

/// JSON that may stand in a script element: it ends none.
pub fn script_safe(value: &Value) -> String {
    value.to_string().replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

/// Modules as one script: without imports and exports. Each import stands on a line of its own, and no two modules define the same name.
pub fn bundle<'a>(modules: impl IntoIterator<Item = &'a str>) -> String {
    let mut bundle = String::new();
    for line in modules.into_iter().flat_map(str::lines).filter(|line| !line.starts_with("import ")) {
        bundle += line.strip_prefix("export ").unwrap_or(line);
        bundle.push('\n');
    }
    bundle
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_ends_no_element() {
        assert_eq!(script_safe(&json!("</script><!--")), "\"\\u003c/script>\\u003c!--\"");
    }

    #[test]
    fn tokens_are_counted_as_javascript_counts() {
        let sentence = Sentence::from_tokens(["a", "👩‍👩‍👧", "é"]);
        assert_eq!(side(&sentence)["tokens"], json!([[0, 1], [2, 10], [11, 12]]));
    }

    #[test]
    fn modules_become_one_script() {
        assert_eq!(
            bundle(["import { a } from \"./a.js\";\nexport function b() {}\n", "const c = 1;"]),
            "function b() {}\nconst c = 1;\n"
        );
    }
}
