//! Regions of scans and recordings in the browser.

use serde_json::json;
use xlner_core::Pair;
use xlner_review::images::Images;
use xlner_review::offline;
use xlner_review::server::ServerOptions;

use crate::browser::opened;
use crate::driver::{Browser, RIGHT};
use crate::support::{call, pair, serve, store_of};

/// A bitmap of 400 × 200 pixels, white with a black box.
fn bitmap(black: [usize; 4]) -> Vec<u8> {
    let (width, height) = (400, 200);
    let mut bytes = b"BM".to_vec();
    for number in [54 + 3 * width * height, 0, 54, 40, width, height] {
        bytes.extend((number as u32).to_le_bytes());
    }
    bytes.extend([1, 0, 24, 0]);
    bytes.extend([0; 24]);
    let [left, top, right, bottom] = black;
    for y in (0..height).rev() {
        for x in 0..width {
            let inside = left <= x && x < right && top <= y && y < bottom;
            bytes.extend([if inside { 0 } else { 255 }; 3]);
        }
    }
    bytes
}

/// A sentence of a page of 800 × 400 units, whose image has half as many pixels, and one of a recording.
fn placed() -> Vec<Pair> {
    let mut scanned = pair("scanned", "Juma went to Nairobi", "Juma alienda Nairobi", &[(0, 1, "PER")]);
    let region = |left: u32| json!({"page": 1, "image": "scans/habari <1>.tif", "bbox": [left, 100, left + 80, 120], "page_bbox": [0, 0, 800, 400]});
    scanned.target.regions = Some(vec![region(100), region(200), region(300)]);
    let mut spoken = pair("spoken", "Juma went", "Juma alienda", &[(0, 1, "PER")]);
    spoken.target.regions = Some(vec![json!({"start": 61.0, "end": 62.4}), json!({"start": 62.4, "end": 63.0})]);
    let mut hostile = pair("hostile", "a b", "c d", &[]);
    let bad = json!({"page": "../../etc/passwd", "image": "../../../etc/passwd", "bbox": [0, 0, 1, 1]});
    hostile.target.regions = Some(vec![bad; 2]);
    vec![scanned, spoken, hostile]
}

/// The ends of a box on the page of the review, in units of the page.
const ON_PAGE: &str = r#"
    const svg = document.querySelector("svg.scan"); const [image, box] = [svg.querySelector("image"), svg.querySelector(".box.here")];
    const [a, b] = [image.getBoundingClientRect(), box.getBoundingClientRect()];
    return [b.left - a.left, b.top - a.top, b.right - a.left, b.bottom - a.top].map((edge) => Math.round(edge / a.width * 800));"#;

#[test]
fn regions_are_shown_on_the_scan_and_times_as_times() {
    let Some(browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let scans = folder.path().join("scans");
    std::fs::create_dir(&scans).unwrap();
    std::fs::write(scans.join("habari <1>.bmp"), bitmap([50, 50, 90, 60])).unwrap();
    let images = Images::open(&scans).unwrap();
    let store = store_of(&folder.path().join("a.db"), placed());
    assert_eq!(images.pages(store.items()), (2, 1));
    let page = offline::page(&store, "ada", &[], None, Some(&images)).unwrap();
    let at = serve(store, ServerOptions { images: Some(images), learn_every: 0, ..ServerOptions::default() });
    let shown = |what: &str| {
        let loaded = browser.run_async("const done = arguments[arguments.length - 1]; document.querySelector('svg.scan image').decode().then(() => done(true), (error) => done(String(error)))");
        assert_eq!(loaded, true, "{what}");
        browser.run("xlnerReview.point('target', 0)");
        assert_eq!(browser.run(ON_PAGE), json!([100, 100, 180, 120]), "{what}");
    };
    opened(&browser, &at, "scanned");
    shown("the part with the sentence");
    browser.look("scan", false);
    browser.run("document.querySelector('#places button').click()");
    shown("the whole page");
    // A new label colours the box; the image stays as it is seen.
    browser.run("window.kept = document.querySelector('svg.scan image')");
    browser.keys(&format!("{RIGHT}{RIGHT}1"));
    assert_eq!(browser.run("return document.querySelectorAll('svg.scan .box[class*=\" l\"]').length"), 2);
    assert_eq!(browser.run("return window.kept === document.querySelector('svg.scan.whole image')"), true);
    opened(&browser, &at, "spoken");
    assert_eq!(browser.run("return document.querySelector('.times').textContent"), "01:01–01:02 Juma PER");
    opened(&browser, &at, "hostile");
    assert_eq!(
        browser.run("return document.querySelectorAll('svg.page').length + document.querySelectorAll('image').length"),
        1
    );
    // A name leads nowhere but to an image of the folder.
    for name in ["..%2f..%2fa.db", "%2e%2e%2fa.db", "..", "%00", "a.db", "habari", "%2fetc%2fpasswd"] {
        let (status, body) = call("GET", &format!("{at}images/{name}"), &[], None);
        assert!(status == 404 || status == 400, "{name}: {status} {body}");
    }
    assert_eq!(
        call("GET", &format!("{at}images/habari%20%3C1%3E.bmp"), &[("Origin", "http://evil.example")], None).0,
        403
    );
    // The page for a person without a server has the image inside.
    let file = folder.path().join("offline.html");
    std::fs::write(&file, page).unwrap();
    browser.open(&format!("file://{}?item=scanned", file.display()));
    browser.until("return xlnerReview.item?.id === 'scanned'");
    shown("offline");
}
