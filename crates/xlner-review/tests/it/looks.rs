//! Pictures of the page for people to look at, where XLNER_PICTURES names a folder. What can be asserted is asserted elsewhere.

use std::path::Path;

use serde_json::json;
use xlner_core::{Entity, Pair};
use xlner_review::server::ServerOptions;
use xlner_review::{Store, offline};

use crate::browser::opened;
use crate::driver::{Browser, RIGHT, SHIFT, TAB};
use crate::support::{event, pair, post, serve};

/// A Burmese, a Persian, an Urdu and a long sentence.
fn records() -> Vec<Pair> {
    let long: Vec<String> = (0..300).map(|n| format!("word{n}")).collect();
    let mut long =
        pair("long", &long.join(" "), &long.join(" "), &[(3, 5, "PER"), (120, 123, "LOC"), (290, 291, "ORG")]);
    long.source.entities = long.target.entities.clone();
    let sentence = |lang: &str, target: &str, entities: &[(usize, usize, &str)]| {
        let mut pair = pair(lang, "Barack Obama visited Cairo in the cold winter .", target, entities);
        pair.source.entities = vec![Entity::new(0..2, "PER"), Entity::new(3..4, "LOC")];
        pair.target.lang = Some(lang.into());
        pair.target.entities[0].from = Some(0);
        pair.target.entities[0].probability = Some(0.62);
        pair
    };
    vec![
        sentence("my", "ဘားရက် အိုဘားမား ကိုင်ရို သို့ သွားသည်", &[(0, 2, "PER"), (2, 3, "LOC")]),
        sentence("fa", "باراک اوباما از قاهره دیدن می‌کند", &[(0, 2, "PER"), (3, 4, "LOC")]),
        sentence("ur", "براک اوباما نے قاہرہ کا دورہ کیا", &[(0, 2, "PER"), (3, 4, "LOC")]),
        long,
    ]
}

#[test]
fn pictures_to_look_at() {
    if std::env::var_os("XLNER_PICTURES").is_none() {
        println!("skipped: XLNER_PICTURES does not name a folder for pictures");
        return;
    }
    let Some(browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(&folder.path().join("a.db")).unwrap();
    store.add(records(), Path::new("odd.jsonl")).unwrap();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
    store.load(&samples.join("en-ar.projected.jsonl"), &Default::default()).unwrap();
    let page =
        offline::page(&store, "ada", &[], Some("What is a name?\nA person, a place, an organisation."), None).unwrap();
    let options = ServerOptions {
        annotator: "ada".into(),
        guidelines: Some("What is a name?\nA person, a place, an organisation.".into()),
        learn_every: 0,
        ..ServerOptions::default()
    };
    let at = serve(store, options);
    let look = |id: &str, name: &str| {
        opened(&browser, &at, id);
        browser.keys(&TAB.to_string());
        browser.look(name, false);
    };
    for (dark, mode) in [(false, "light"), (true, "dark")] {
        browser.dark(dark);
        for id in ["my", "fa", "ur", "long", "24"] {
            look(id, &format!("{id}-{mode}"));
        }
        browser.size(320, 700);
        look("24", &format!("narrow-{mode}"));
        browser.size(1280, 900);
    }
    browser.dark(false);
    browser.size(3840, 2160);
    look("24", "4k");
    browser.size(1280, 900);
    opened(&browser, &at, "24");
    browser.keys("v");
    browser.look("beside", false);
    browser.keys(&format!("v{SHIFT}{RIGHT}?"));
    browser.until("return document.querySelector('dialog')");
    browser.look("help", false);
    for (name, label) in [("ben", "LOC"), ("cleo", "ORG")] {
        let change =
            json!({"op": "change", "start": 2, "end": 3, "label": "LOC", "to": {"start": 2, "end": 3, "label": label}});
        post(
            &format!("{at}items/my/events?annotator={name}"),
            &json!([event(name, 0, change), event(&format!("{name}2"), 0, json!({"op": "submit"}))]),
        );
    }
    browser.open(&format!("{at}?item=my#adjudicate"));
    browser.until("return document.querySelectorAll('#versions article').length === 2");
    browser.look("adjudication", false);
    browser.open(&format!("{at}agreement"));
    browser.look("agreement", false);
    let file = folder.path().join("offline.html");
    std::fs::write(&file, page).unwrap();
    browser.open(&format!("file://{}", file.display()));
    browser.until("return xlnerReview.item");
    browser.look("offline", false);
}
