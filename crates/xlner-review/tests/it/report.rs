//! The report in a browser: it draws sentences as the page of the review does.

use std::path::{Path, PathBuf};

use serde_json::json;
use xlner::report::{Analyser, Analysis};
use xlner_core::{Entity, Pair};
use xlner_eval::Resampling;

use crate::driver::Browser;
use crate::support::pair;

/// Two systems on five sentences, the second with one label wrong; one sentence is Arabic.
fn analysis() -> Analysis {
    let mut analyser = Analyser::new(&["ours.jsonl", "theirs.jsonl"], 10);
    let sentences = [
        (
            "Obama visited Berlin and then Gulu in the north of Uganda .",
            "Obama besuchte Berlin und dann Gulu im Norden Ugandas .",
            [(0, 1, "PER"), (2, 3, "LOC")],
        ),
        ("Obama visited Cairo .", "زار أوباما القاهرة .", [(1, 2, "PER"), (2, 3, "LOC")]),
        ("Berlin praised Gulu .", "Berlin lobte Gulu .", [(0, 1, "LOC"), (2, 3, "LOC")]),
        ("Berlin praised Gulu .", "Berlin lobte Gulu .", [(0, 1, "LOC"), (2, 3, "LOC")]),
        ("Berlin praised Gulu .", "Berlin lobte Gulu .", [(0, 1, "ORG"), (2, 3, "LOC")]),
    ];
    for (number, (source, target, entities)) in sentences.into_iter().enumerate() {
        let mut ours = pair(&format!("s{number}"), source, target, &entities);
        ours.source.entities = vec![Entity::new(0..1, "PER"), Entity::new(2..3, "LOC")];
        for (at, entity) in ours.target.entities.iter_mut().enumerate() {
            entity.from = Some(at);
            entity.probability = Some(0.5 + 0.1 * number as f64);
            entity.score = entity.probability;
        }
        let mut theirs: Pair = ours.clone();
        theirs.target.entities[1].label = "ORG".into();
        let gold: Vec<Entity> = entities
            .iter()
            .map(|&(start, end, label)| Entity::new(start..end, label))
            .chain((number == 0).then(|| Entity::new(5..6, "LOC")))
            .collect();
        analyser.push(&[ours, theirs], Some(&gold)).unwrap();
    }
    analyser.finish("Two systems", &Resampling { bootstrap: 20, randomization: 20, seed: 1 })
}

fn opened(browser: &Browser, folder: &Path) -> PathBuf {
    let path = folder.join("report.html");
    std::fs::write(&path, analysis().html()).unwrap();
    browser.open(&format!("file://{}", path.display()));
    path
}

/// How far the lines of a pair end from their words, at most, and how many there are.
const DISTANCE: &str = r#"
    const frame = [...document.querySelectorAll("details[open] .pair.drawn")][0]; const box = frame.getBoundingClientRect();
    const [source, target] = [frame.querySelector("dd.source"), frame.querySelector("dd.first")];
    const { links } = JSON.parse(frame.dataset.pair);
    const numbers = [...frame.querySelectorAll(".links path")].flatMap((path) => path.getAttribute("d").split("M").slice(1)).map((part) => part.match(/-?[\d.]+/g).map(Number));
    const middle = (element, token) => { const place = element.querySelector(`[data-token="${token}"]`).getClientRects()[0]; return [place.left + place.width / 2 - box.left, place.bottom - box.top, place.top - box.top]; };
    const wanted = links.map(([from, to]) => [middle(source, from), middle(target, to)]);
    const off = numbers.map((n) => Math.min(...wanted.map(([a, b]) => Math.max(Math.abs(n[0] - a[0]), Math.abs(n[1] - 1 - a[1]), Math.abs(n[6] - b[0]), Math.abs(n[7] + 1 - b[2])))));
    return [Math.max(...off), numbers.length, links.length];"#;

/// Saved files are kept instead of written.
const KEEP: &str = "window.saved = []; URL.createObjectURL = (blob) => { window.saved.push(blob.text()); return '#'; };
    HTMLAnchorElement.prototype.click = function () { window.called = this.download; };";

#[test]
fn the_report_draws_sorts_and_saves() {
    let Some(browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    opened(&browser, folder.path());
    let frames = "const done = arguments[arguments.length - 1]; requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))";
    // Pairs are drawn when they are opened; their lines end on the words, however wide the page is.
    assert_eq!(browser.run("return document.querySelectorAll('.pair.drawn').length"), 0);
    browser.run("document.querySelector('#differences details').open = true");
    browser.until("return document.querySelector('.pair.drawn')");
    for width in [1280, 420, 320, 3840] {
        browser.size(width, 900);
        browser.run_async(frames);
        let found = browser.run(DISTANCE);
        assert_eq!(found[1], found[2], "{width}: {found}");
        assert!(found[0].as_f64().unwrap() < 0.6, "{width}: {found}");
        assert_eq!(browser.run("return document.documentElement.scrollWidth <= innerWidth"), true, "{width}");
    }
    browser.size(1280, 900);
    // Pointing at a word of an entity lights up the links of the entity, in its colour.
    browser.run("const token = document.querySelector('.pair.drawn dd.first [data-token=\"2\"]'); token.dispatchEvent(new PointerEvent('pointermove', {bubbles: true}))");
    assert_eq!(
        browser.run("return [...document.querySelectorAll('.links .lit')].map((path) => path.dataset.link)"),
        json!(["2-2"])
    );
    let rows =
        "return [...document.querySelector('.pair.drawn').querySelectorAll('dt')].map((title) => title.textContent)";
    assert_eq!(browser.run(rows), json!(["source", "ours.jsonl", "theirs.jsonl", "gold"]));
    // Widths as plain text.
    let widths = "const all = [...document.querySelectorAll('.pair.drawn dd')]; return all.map((drawn) => { const plain = document.createElement('dd'); plain.className = drawn.className; plain.dir = drawn.dir; plain.style.gridColumn = '2'; plain.textContent = drawn.textContent; drawn.after(plain);
        const wide = (element) => { const range = document.createRange(); range.selectNodeContents(element); const boxes = [...range.getClientRects()]; return Math.max(...boxes.map((b) => b.right)) - Math.min(...boxes.map((b) => b.left)); };
        const difference = Math.abs(wide(drawn) - wide(plain)); plain.remove(); return difference; })";
    for difference in browser.run(widths).as_array().unwrap() {
        assert!(difference.as_f64().unwrap() < 0.5, "{difference}");
    }
    browser.run(KEEP);
    // Tables sort by a click, and are saved as they stand.
    let table = "document.querySelector('#s0-figures table')";
    let column = format!("return [...{table}.tBodies[0].rows].map((row) => row.cells[0].textContent)");
    browser.run(&format!("{table}.querySelectorAll('th button')[4].click()"));
    assert_eq!(browser.run(&column)[0], "LOC", "most gold entities first");
    browser.run(&format!("{table}.querySelectorAll('th button')[0].click()"));
    assert_eq!(
        browser.run(&format!("return {table}.querySelector('[aria-sort]').getAttribute('aria-sort')")),
        "ascending"
    );
    browser.run(&format!("{table}.parentElement.nextElementSibling.click()"));
    let csv = browser.run_async("saved.at(-1).then(arguments[arguments.length - 1])");
    assert!(
        csv.as_str()
            .unwrap()
            .starts_with("type,precision,recall,F1,gold,predicted,right\r\nLOC,1.0000,0.8750,0.9333,8,7,7\r\n"),
        "{csv}"
    );
    assert_eq!(browser.run("return called"), "figures.csv");
    // Pictures are SVG files that need nothing else: plots, and pairs with their text.
    browser.run("document.querySelector('#s0-calibration figure button').click()");
    browser.run("[...document.querySelector('.pair.drawn').children].at(-1).click()");
    for (back, words) in [(2, "probability"), (1, "Norden")] {
        let svg = browser.run_async(&format!("saved.at(-{back}).then(arguments[arguments.length - 1])"));
        let svg = svg.as_str().unwrap();
        let parsed = browser.run(&format!("const parsed = new DOMParser().parseFromString({}, 'image/svg+xml'); return [parsed.documentElement.tagName, parsed.querySelectorAll('parsererror').length, parsed.querySelectorAll('[class]').length]", json!(svg)));
        assert_eq!(parsed, json!(["svg", 0, 0]), "{svg}");
        assert!(svg.contains(words) && !svg.contains("var("), "{svg}");
    }
    browser.look("report-light", true);
}

#[test]
fn the_report_is_complete_without_script() {
    let Some(browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    browser.devtools("Emulation.setScriptExecutionDisabled", json!({"value": true}));
    let path = opened(&browser, folder.path());
    browser.devtools("Emulation.setScriptExecutionDisabled", json!({"value": false}));
    assert_eq!(browser.run("return document.querySelectorAll('button, .pair.drawn').length"), 0, "no script ran");
    browser.run("document.querySelector('#differences details').open = true");
    let text = browser.run("return document.querySelector('#differences .pair').innerText");
    for part in [
        "source",
        "Obama PER besuchte Berlin LOC und dann Gulu im",
        "theirs.jsonl",
        "gold",
        "Links: Obama – Obama; Berlin – Berlin.",
    ] {
        assert!(text.as_str().unwrap().contains(part), "{part}: {text}");
    }
    browser.look("report-no-script", true);
    drop(path);
}

#[test]
fn axe_finds_no_violation_in_the_report() {
    let Some(axe) = crate::driver::axe() else { return };
    let Some(browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    for dark in [false, true] {
        browser.dark(dark);
        opened(&browser, folder.path());
        browser.run("for (const group of document.querySelectorAll('details')) group.open = true");
        browser.until("return document.querySelectorAll('.pair:not(.drawn)').length === 0");
        browser.check(&axe, if dark { "report, dark" } else { "report" });
        browser.look(if dark { "report-dark" } else { "report-open" }, true);
    }
}
