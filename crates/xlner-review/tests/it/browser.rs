//! The page in a browser. Skipped, with a line that says so, where there is no chromedriver.

use std::path::Path;

use serde_json::{Value, json};
use xlner_core::{Alignment, Entity, Pair, Sentence};
use xlner_review::Store;
use xlner_review::server::ServerOptions;

use crate::driver::{BACKSPACE, Browser, DOWN, ENTER, LEFT, RIGHT, SHIFT, TAB, UP, axe};
use crate::support::{Process, get, pair, pairs, post, serve, store_of};

const SAVED: &str = "return document.getElementById('status').textContent === 'Saved'";

/// Opens a sentence.
pub fn opened(browser: &Browser, at: &str, id: &str) {
    browser.open(&format!("{at}?item={id}"));
    browser.until(&format!("return xlnerReview.item?.id === {id:?}"));
}

fn entities(at: &str, id: &str) -> Vec<(u64, u64, String)> {
    let item = get(&format!("{at}items/{id}"));
    let list = item["head"]["entities"].as_array().unwrap().clone();
    list.iter()
        .map(|e| (e["start"].as_u64().unwrap(), e["end"].as_u64().unwrap(), e["label"].as_str().unwrap().to_owned()))
        .collect()
}

fn listed(entities: &[(u64, u64, &str)]) -> Vec<(u64, u64, String)> {
    entities.iter().map(|(start, end, label)| (*start, *end, (*label).to_owned())).collect()
}

#[test]
fn a_whole_sentence_by_keyboard_alone() {
    let Some(browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let options = ServerOptions {
        labels: vec!["PER".into(), "LOC".into(), "ORG".into()],
        learn_every: 0,
        ..ServerOptions::default()
    };
    let at = serve(store_of(&folder.path().join("a.db"), pairs()), options);
    opened(&browser, &at, "s1");
    // The second entity becomes LOC, takes the word before it in, and gives it back; the last word becomes ORG and goes again.
    browser.keys(&format!("{TAB}2"));
    browser.keys("[");
    assert_eq!(browser.run("return xlnerReview.item.head.entities[1].start"), 1);
    browser.keys(&format!("{SHIFT}["));
    browser.keys(&format!("{RIGHT}3"));
    assert_eq!(browser.run("return xlnerReview.item.head.entities.length"), 3);
    browser.keys(&BACKSPACE.to_string());
    // Several words, and back.
    browser.keys(&format!("{LEFT}{LEFT}{SHIFT}{LEFT}1u"));
    // Not sure, on a keyboard that writes Arabic; sure again.
    browser.key_at("KeyX", "ء");
    assert_eq!(browser.run("return xlnerReview.item.head.unsure"), true);
    browser.keys("x");
    // Up to the source, a link from there, down again.
    browser.keys(&format!("{UP}l"));
    assert_eq!(browser.run("return xlnerReview.side"), "source");
    browser.keys("u");
    browser.keys(&format!("{DOWN}c"));
    browser.until("return document.querySelector('dialog textarea')");
    browser.keys("seen");
    browser.run("document.querySelector('dialog button').click()");
    browser.keys(&ENTER.to_string());
    browser.until("return xlnerReview.item?.id !== 's1'");
    browser.until(SAVED);
    assert_eq!(entities(&at, "s1"), listed(&[(0, 1, "PER"), (2, 3, "LOC")]));
    let item = get(&format!("{at}items/s1"));
    assert_eq!((&item["head"]["state"], &item["head"]["comment"]), (&json!("submitted"), &json!("seen")));
    assert_eq!(item["head"]["entities"][1]["from"], 1);
    // The same correction wherever the form stands: asked for, then done.
    opened(&browser, &at, "s1");
    browser.keys(&format!("{TAB}r"));
    browser.until("return document.querySelectorAll('dialog .repeats li').length === 2");
    browser.run("document.querySelectorAll('dialog .repeats input')[1].click()");
    browser.run("document.querySelector('dialog button').click()");
    browser.until("return document.getElementById('notice').textContent.includes('Done in 1 places')");
    browser.until(SAVED);
    assert_eq!(entities(&at, "s2"), listed(&[(0, 1, "LOC")]));
    assert_eq!(entities(&at, "s3"), []);
    // Project again: what was taken away stands where its links lead.
    opened(&browser, &at, "s1");
    browser.keys(&format!("{BACKSPACE}{UP}p"));
    browser.until(SAVED);
    assert_eq!(entities(&at, "s1"), listed(&[(0, 1, "PER"), (2, 3, "LOC")]));
}

#[test]
fn edits_survive_a_server_that_is_killed_and_away() {
    let Some(browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    drop(store_of(&path, pairs()));
    let server = Process::start(&path, 0);
    let (at, port) = (server.address.clone(), server.port());
    opened(&browser, &at, "s1");
    browser.keys("x");
    browser.until(SAVED);
    server.kill();
    // Away: edits go on, on this sentence and on the next, which was fetched before.
    browser.keys(&BACKSPACE.to_string());
    browser.keys(&ENTER.to_string());
    browser.until("return xlnerReview.item?.id !== 's1'");
    browser.keys("x");
    browser.until("return document.getElementById('status').textContent.includes('cannot be reached')");
    let second = browser.run("return xlnerReview.item.id");
    let second = second.as_str().unwrap().to_owned();
    // Back at the same address: everything arrives, once.
    let server = Process::start(&path, port);
    browser.until(SAVED);
    let head = &get(&format!("{at}items/s1"))["head"];
    assert_eq!(
        (&head["unsure"], &head["state"], head["entities"].as_array().unwrap().len()),
        (&json!(true), &json!("submitted"), 1)
    );
    assert_eq!(get(&format!("{at}items/{second}"))["head"]["unsure"], true);
    // A page that is closed before anything could be sent: what it kept is sent by the next.
    server.kill();
    browser.keys("x");
    browser.until("return document.getElementById('status').textContent.includes('cannot be reached')");
    let _server = Process::start(&path, port);
    browser.open(&at);
    browser.until(SAVED);
    assert_eq!(get(&format!("{at}items/{second}"))["head"]["unsure"], false);
}

#[test]
fn two_tabs_never_overwrite_each_other() {
    let Some(browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let at = serve(
        store_of(&folder.path().join("a.db"), pairs()),
        ServerOptions { learn_every: 0, ..ServerOptions::default() },
    );
    opened(&browser, &at, "s1");
    let (first, second) = browser.tab(&format!("{at}?item=s1"));
    browser.until("return xlnerReview.item?.id === 's1'");
    browser.keys("x");
    browser.until(SAVED);
    // The other tab is told, and shows it.
    browser.switch(&first);
    browser.until("return xlnerReview.item.head.unsure");
    // One that could not be told: it works on what it saw.
    let stale = "xlnerReview.hear = async () => {}";
    browser.run(stale);
    let seq = get(&format!("{at}items/s1"))["head"]["seq"].clone();
    let change = json!([{"uuid": "elsewhere", "base": seq, "op": "remove", "start": 0, "end": 1, "label": "PER"}]);
    assert_eq!(post(&format!("{at}items/s1/events"), &change).0, 200);
    browser.keys(&format!("{TAB}{BACKSPACE}"));
    browser.until("return document.querySelector('dialog')?.textContent.includes('changed in another window')");
    assert_eq!(entities(&at, "s1"), listed(&[(2, 3, "ORG")]), "nothing is overwritten before the person decides");
    browser.run("document.querySelectorAll('dialog button')[0].click()");
    browser.until("return !document.querySelector('dialog')");
    browser.until(SAVED);
    assert_eq!(entities(&at, "s1"), listed(&[(0, 1, "PER")]), "what was here");
    browser.switch(&second);
    browser.until("return xlnerReview.item.head.entities.length === 1");
}

/// Widths of the page's sentence and of the same text in one text node.
const WIDTHS: &str = "
    const drawn = document.getElementById('target');
    const plain = document.createElement('p');
    plain.className = 'sentence'; plain.dir = 'auto'; plain.lang = drawn.lang; plain.textContent = drawn.textContent;
    const wide = (element) => { const range = document.createRange(); range.selectNodeContents(element);
        return Math.max(...[...range.getClientRects()].map((box) => box.right)) - Math.min(...[...range.getClientRects()].map((box) => box.left)); };
    drawn.after(plain); const widths = [wide(drawn), wide(plain)]; plain.remove(); return widths;";

/// How far the ends of the lines are from their tokens: the largest distance, and the number of lines.
const DISTANCE: &str = "
    const editor = xlnerReview; const frame = editor.pair.getBoundingClientRect(); let most = 0, count = 0;
    for (const [link, path] of editor.lines.paths) {
        const numbers = path.match(/-?[\\d.]+/g).map(Number);
        const box = (side, token) => editor[side].querySelector(`[data-token=\"${token}\"]`).getClientRects()[0];
        const [a, b] = [box('source', link.source), box('target', link.target)];
        most = Math.max(most, Math.abs(numbers[0] - (a.left + a.width / 2 - frame.left)), Math.abs(numbers[1] - 1 - (a.bottom - frame.top)),
            Math.abs(numbers[6] - (b.left + b.width / 2 - frame.left)), Math.abs(numbers[7] + 1 - (b.top - frame.top)));
        count += 1;
    }
    return [most, count];";

#[test]
fn text_is_shaped_as_plain_text_and_lines_end_on_their_tokens() {
    let Some(browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let sentences = [
        ("ar", "زار باراك أوباما القاهرة في الشتاء"),
        ("ur", "براک اوباما نے قاہرہ کا دورہ کیا"),
        ("fa", "باراک اوباما از قاهره دیدن می‌کند"),
        ("hi", "बराक ओबामा ने काहिरा का दौरा किया"),
        ("th", "บารัก โอบามา เยือน กรุงไคโร"),
        ("my", "ဘားရက် အိုဘားမား ကိုင်ရို သို့ သွားသည်"),
    ];
    let mut records: Vec<Pair> = sentences
        .iter()
        .map(|(lang, text)| {
            let mut pair = pair(lang, "Barack Obama visited Cairo in the cold winter .", text, &[(0, 2, "PER")]);
            pair.target.lang = Some((*lang).to_owned());
            pair
        })
        .collect();
    // Tokens without spaces between them: a conjunction and a preposition written on to a name join its letters.
    let joined = Sentence::from_text_and_tokens("ذهب بالقاهرة وبرلين", ["ذهب", "ب", "القاهرة", "و", "برلين"]).unwrap();
    let mut arabic = pair("joined", "He went through Cairo Berlin", "a b c d e", &[]);
    arabic.target = joined;
    arabic.target.entities = vec![Entity::new(2..3, "LOC")];
    records.push(arabic);
    let at = serve(store_of(&folder.path().join("a.db"), records), ServerOptions::default());
    for id in sentences.iter().map(|(lang, _)| *lang).chain(["joined"]) {
        opened(&browser, &at, id);
        let widths = browser.run(WIDTHS);
        let [drawn, plain] = [0, 1].map(|at| widths[at].as_f64().unwrap());
        println!("{id}: {drawn:.2} px, as plain text {plain:.2} px");
        assert!((drawn - plain).abs() < 0.5, "{id}: {widths}");
    }
    let on_tokens = |what: &str| {
        browser.run_async("const done = arguments[arguments.length - 1]; requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))");
        let found = browser.run(DISTANCE);
        assert!(found[1].as_u64().unwrap() >= 5, "{what}: {found}");
        assert!(found[0].as_f64().unwrap() < 0.6, "{what}: {found}");
    };
    opened(&browser, &at, "ar");
    on_tokens("as opened");
    browser.size(420, 900);
    on_tokens("wrapped");
    browser.size(3840, 2160);
    on_tokens("4k");
    browser.size(1280, 900);
    browser.run("document.body.style.zoom = '1.5'");
    browser.run("document.body.style.zoom = ''; document.documentElement.style.fontSize = '24px'");
    on_tokens("larger text");
    browser.devtools("Emulation.setPageScaleFactor", json!({"pageScaleFactor": 2.0}));
    on_tokens("zoomed");
    browser.devtools("Emulation.setPageScaleFactor", json!({"pageScaleFactor": 1.0}));
    browser.size(320, 700);
    on_tokens("320 px");
    assert_eq!(
        browser.run("return document.documentElement.scrollWidth <= innerWidth"),
        true,
        "no sideways scrolling at 320 px"
    );
    // Arrows go as the eye goes: left is onward in Arabic.
    browser.size(1280, 900);
    opened(&browser, &at, "ar");
    browser.keys(&format!("{LEFT}{LEFT}"));
    assert_eq!(browser.run("return xlnerReview.cursor.target"), 2);
}

#[test]
fn hostile_records_show_as_text() {
    let Some(browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let bad = "<img/src=x/onerror=document.title='hacked'>";
    let mut first = pair(bad, bad, &format!("{bad} </script><script>document.title='hacked'</script>"), &[]);
    first.target.entities = vec![Entity::new(0..1, "<b>LOC</b>")];
    let long: Vec<String> = (0..100_000).map(|n| format!("w{n}")).collect();
    let mut second = pair("long", "a b", "c d", &[]);
    second.target = Sentence::from_tokens(&long);
    second.alignment = Some(Alignment::from_pairs((0..90_000).map(|target| (0, target))));
    let records = vec![first, second, pair("long", "x", "y", &[]), pair("../..", "x", "y", &[])];
    let at = serve(store_of(&folder.path().join("a.db"), records), ServerOptions::default());
    browser.open(&at);
    browser.until("return xlnerReview.queue.lines.length === 4");
    for index in 0..4 {
        browser.run(&format!("xlnerReview.open(xlnerReview.queue.lines[{index}].id)"));
        browser.until(&format!("return xlnerReview.item?.id === xlnerReview.queue.lines[{index}].id"));
        assert_eq!(browser.run("return document.title"), "xlner review");
        assert_eq!(browser.run("return document.querySelectorAll('#app img, #app b').length"), 0);
        browser.keys("x");
        browser.until(SAVED);
    }
    opened(&browser, &at, "long");
    let drawn = browser.run("return document.querySelectorAll('#target [data-token]').length").as_u64().unwrap();
    assert!(drawn > 500 && drawn < 5000, "{drawn}");
    assert_eq!(browser.run("return document.getElementById('target').textContent.includes('tokens behind')"), true);
}

#[test]
fn axe_finds_no_violation() {
    let Some(axe) = axe() else { return };
    let Some(browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let options = ServerOptions { guidelines: Some("What is a name?".into()), ..ServerOptions::default() };
    let at = serve(store_of(&folder.path().join("a.db"), pairs()), options);
    let check = |what: &str| browser.check(&axe, what);
    for dark in [false, true] {
        browser.dark(dark);
        opened(&browser, &at, "s1");
        check("editor");
        browser.keys(&format!("{TAB}x{SHIFT}{RIGHT}"));
        browser.run("xlnerReview.say('A notice.')");
        check("editor with a notice, a selection and a doubt");
        browser.keys("x");
        browser.keys("?");
        browser.until("return document.querySelector('dialog')");
        check("help");
        browser.open(&format!("{at}?item=s1#adjudicate"));
        browser.until("return document.querySelector('#versions h2')");
        check("adjudication");
        browser.open(&format!("{at}agreement"));
        check("agreement");
        browser.size(320, 700);
        opened(&browser, &at, "s1");
        check("narrow");
        browser.size(1280, 900);
    }
}

/// Nothing is asserted of times: they are printed.
#[test]
fn fifty_thousand_sentences() {
    let Some(browser) = Browser::start() else { return };
    let count = if std::env::var_os("XLNER_LARGE").is_some() { 50_000 } else { 2_000 };
    let folder = tempfile::tempdir().unwrap();
    let words: Vec<String> = (0..300).map(|n| format!("word{n}")).collect();
    let long = words.join(" ");
    let records: Vec<Pair> = (0..count)
        .map(|n| {
            let text = format!("Amina {n} visited Nairobi and saw the lake near the town .");
            let text = if n % 10 == 3 { long.clone() } else { text };
            let mut pair = pair(&format!("r{n}"), &text, &text, &[(0, 1, "PER"), (3, 4, "LOC")]);
            pair.target.entities[1].score = Some(f64::from(n % 97) / 50.0);
            pair
        })
        .collect();
    let store: Store = store_of(&folder.path().join("a.db"), records);
    let at = serve(store, ServerOptions { learn_every: 0, ..ServerOptions::default() });
    browser.open(&format!("{at}?item=r3"));
    browser.until("return xlnerReview.item?.id === 'r3'");
    println!("300 tokens: {} ms", browser.run("return Math.round(xlnerReview.times.at(-1) ?? 0)"));
    for _ in 0..30 {
        let before = browser.run("return xlnerReview.item.id");
        browser.keys(&ENTER.to_string());
        browser.until(&format!("return xlnerReview.item?.id !== {before}"));
    }
    browser.until(SAVED);
    let median = browser.run(
        "const times = xlnerReview.times.slice(1).sort((a, b) => a - b); return times[Math.floor(times.length / 2)]",
    );
    println!(
        "{count} sentences: next one after {:.1} ms (median of 30, from the key to the frame)",
        median.as_f64().unwrap()
    );
}

/// The picture of the README, where XLNER_PICTURE names the file.
#[test]
fn the_picture() {
    let Some(path) = std::env::var_os("XLNER_PICTURE") else {
        println!("skipped: XLNER_PICTURE does not name the file to write");
        return;
    };
    let Some(browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(&folder.path().join("a.db")).unwrap();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/en-ar.projected.jsonl");
    store.load(&sample, &Default::default()).unwrap();
    let at = serve(store, ServerOptions { annotator: "ada".into(), ..ServerOptions::default() });
    browser.size(1120, 560);
    opened(&browser, &at, "24");
    browser.keys(&TAB.to_string());
    let list: Value = browser.run("return document.fonts.ready.then(() => true)");
    assert_eq!(list, true);
    browser.picture(Path::new(&path));
}
