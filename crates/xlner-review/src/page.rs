//! The page. Every text goes through `maud`, which escapes it; raw are only the style and the scripts beside this file, and data
//! as JSON in which `<` is written so that it ends no element.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use rustc_hash::FxHashMap;
use serde_json::{Value, json};
use xlner::drawing::{self, script_safe};

use crate::item::Item;

/// The style of all pages, on that of sentences.
const STYLE: &str = include_str!("../web/style.css");
/// The modules of the editor, in the order in which they may be put into one file, after those that draw sentences.
const MODULES: [(&str, &str); 12] = [
    ("version.js", include_str!("../web/version.js")),
    ("regions.js", include_str!("../web/regions.js")),
    ("project.js", include_str!("../web/project.js")),
    ("outbox.js", include_str!("../web/outbox.js")),
    ("remote.js", include_str!("../web/remote.js")),
    ("dialogs.js", include_str!("../web/dialogs.js")),
    ("queue.js", include_str!("../web/queue.js")),
    ("repeats.js", include_str!("../web/repeats.js")),
    ("view.js", include_str!("../web/view.js")),
    ("session.js", include_str!("../web/session.js")),
    ("keys.js", include_str!("../web/keys.js")),
    ("editor.js", include_str!("../web/editor.js")),
];

/// The style of all pages.
pub(crate) fn style() -> String {
    [drawing::STYLE, STYLE].concat()
}

/// All modules with their names.
pub(crate) fn modules() -> impl Iterator<Item = (&'static str, &'static str)> {
    drawing::MODULES.into_iter().chain(MODULES)
}

/// What the page is told when it is made.
pub(crate) struct Setup {
    pub store: String,
    pub annotator: String,
    /// Whether people may call themselves as they like.
    pub names_free: bool,
    pub adjudicates: bool,
    pub labels: Vec<String>,
    pub guidelines: Option<String>,
}

/// Labels to choose from: the given ones, then those of the records, the most frequent first.
pub(crate) fn labels(items: &[Item], given: &[String]) -> Vec<String> {
    let mut counts: FxHashMap<&str, usize> = FxHashMap::default();
    for item in items {
        let gold = item.pair.source.entities.iter().chain(&item.pair.target.entities);
        for entity in gold.chain(item.routes.iter().flat_map(|(_, entities)| entities)) {
            *counts.entry(&entity.label).or_default() += 1;
        }
    }
    let mut found: Vec<(&str, usize)> = counts.into_iter().collect();
    found.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let mut labels = given.to_vec();
    labels.extend(found.into_iter().map(|(label, _)| label.to_owned()).filter(|label| !given.contains(label)));
    labels
}

/// The page that loads its parts from the server.
pub(crate) fn online(setup: &Setup) -> String {
    let head = html! {
        link rel="stylesheet" href="/static/style.css";
        script type="module" src="/static/editor.js" {}
    };
    shell(setup, head, html! {})
}

/// The page that has all its parts, and a batch of sentences.
pub(crate) fn offline(setup: &Setup, batch: &Value) -> String {
    const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";
    let head = html! {
        meta http-equiv="Content-Security-Policy" content=(POLICY);
        style { (PreEscaped(style())) }
    };
    let parts = html! {
        script type="application/json" id="batch" { (PreEscaped(script_safe(batch))) }
        script type="module" { (PreEscaped(bundle())) }
    };
    shell(setup, head, parts)
}

/// All modules as one script.
fn bundle() -> String {
    drawing::bundle(modules().map(|(_, text)| text))
}

fn shell(setup: &Setup, head: Markup, parts: Markup) -> String {
    let told = json!({
        "store": setup.store, "annotator": setup.annotator, "namesFree": setup.names_free,
        "adjudicates": setup.adjudicates, "labels": setup.labels, "guidelines": setup.guidelines,
    });
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "xlner review" }
                link rel="icon" href="data:,";
                (head)
            }
            body {
                div #app { p.loading { "Loading…" } noscript { p { "This page needs JavaScript." } } }
                script type="application/json" id="setup" { (PreEscaped(script_safe(&told))) }
                (parts)
            }
        }
    };
    page.into_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_self_contained_and_can_be_bundled() {
        for (name, text) in modules().chain([("style.css", STYLE), ("sentence.css", drawing::STYLE)]) {
            assert!(!text.contains("@import") && !text.contains("url(") && !text.contains("</"), "{name}");
            let outside = text.match_indices("http").filter(|(at, _)| !text[*at..].starts_with("http://www.w3.org/"));
            assert_eq!(outside.count(), 0, "{name} names an address");
        }
        let mut names = std::collections::BTreeSet::new();
        for (file, text) in modules() {
            for line in text.lines() {
                assert!(
                    !line.starts_with("import ") || line.ends_with(';'),
                    "{file}: an import on several lines: {line}"
                );
                assert!(!line.starts_with("export default") && !line.starts_with("export {"), "{file}: {line}");
                let bare = line.strip_prefix("export ").unwrap_or(line);
                let word = ["function ", "async function ", "const ", "let ", "class "]
                    .iter()
                    .find_map(|kind| bare.strip_prefix(kind));
                if let Some(word) = word {
                    let name: String = word.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                    assert!(name.is_empty() || names.insert(name.clone()), "{name} is defined twice; {file}");
                }
            }
        }
        assert!(!bundle().contains("\nimport ") && !bundle().contains("\nexport "));
    }
}
