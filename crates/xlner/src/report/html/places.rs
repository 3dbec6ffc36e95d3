//! Where tokens stand: boxes on a page, times in a recording (`regions` of a sentence).
//!
//! Of a region are read, as the readers of scans and transcripts write them: `bbox`, `[left, top, right, bottom]` in any unit,
//! or the list `bboxes` of a token on two lines, with `page` (name or number) and `page_bbox`, the box of the page, where known; or
//! `start` and `end`, in seconds. Others are passed over.

use std::collections::BTreeMap;

use maud::{Markup, html};
use serde_json::Value;
use xlner_core::{Entity, Region, Sentence, Span};

use super::{Palette, px};

/// Width of a drawn page.
const WIDTH: f64 = 340.0;
/// Height of a drawn page at most.
const HEIGHT: f64 = 440.0;

/// Where the sentence stands; `gold`: gold entities, drawn beside its own.
pub fn view(sentence: &Sentence, gold: &[Entity], palette: &Palette) -> Markup {
    let Some(regions) = &sentence.regions else { return html! {} };
    let boxes = boxes(regions);
    html! {
        @for (page, boxes) in &boxes { (drawn_page(page, boxes, sentence, gold, palette)) }
        (times(regions, sentence, gold, palette))
    }
}

/// A box of a token.
struct TokenBox {
    token: usize,
    edges: [f64; 4],
    page: Option<[f64; 4]>,
}

/// The boxes by page, in the order of its name.
fn boxes(regions: &[Region]) -> BTreeMap<String, Vec<TokenBox>> {
    let mut pages: BTreeMap<String, Vec<TokenBox>> = BTreeMap::new();
    for (token, region) in regions.iter().enumerate() {
        let all = region.get("bboxes").and_then(Value::as_array);
        let all: Vec<[f64; 4]> = match all {
            Some(all) => all.iter().filter_map(|edges| four(Some(edges))).collect(),
            None => four(region.get("bbox")).into_iter().collect(),
        };
        if all.is_empty() {
            continue;
        }
        let page = match region.get("page") {
            Some(Value::String(page)) => page.clone(),
            Some(Value::Number(page)) => page.to_string(),
            _ => String::new(),
        };
        let page_box = four(region.get("page_bbox"));
        let of_page = pages.entry(page).or_default();
        of_page.extend(all.into_iter().map(|edges| TokenBox { token, edges, page: page_box }));
    }
    pages
}

/// Four finite numbers that are a box.
fn four(value: Option<&Value>) -> Option<[f64; 4]> {
    let numbers: Vec<f64> = value?.as_array()?.iter().map(Value::as_f64).collect::<Option<_>>()?;
    let edges: [f64; 4] = numbers.try_into().ok()?;
    let [left, top, right, bottom] = edges;
    (left <= right && top <= bottom && edges.iter().all(|edge| edge.abs() < 1e9)).then_some(edges)
}

fn around(boxes: impl Iterator<Item = [f64; 4]>) -> Option<[f64; 4]> {
    boxes.reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])])
}

/// The boxes of a span, those on one line run together.
fn lines(boxes: &[TokenBox], span: Span) -> Vec<[f64; 4]> {
    let mut lines: Vec<[f64; 4]> = Vec::new();
    for one in boxes.iter().filter(|one| span.contains(one.token)) {
        let middle = (one.edges[1] + one.edges[3]) / 2.0;
        match lines.last_mut() {
            Some(line) if line[1] <= middle && middle <= line[3] => {
                *line = around([*line, one.edges].into_iter()).unwrap_or(*line);
            }
            _ => lines.push(one.edges),
        }
    }
    lines
}

fn drawn_page(page: &str, boxes: &[TokenBox], sentence: &Sentence, gold: &[Entity], palette: &Palette) -> Markup {
    let Some(text) = around(boxes.iter().map(|one| one.edges)) else { return html! {} };
    let known = around(boxes.iter().filter_map(|one| one.page));
    // Without the page's own box, the sentence with some room round it.
    let margin = 0.08 * (text[2] - text[0]).max(text[3] - text[1]);
    let whole = known.and_then(|page| around([page, text].into_iter()));
    let [left, top, right, bottom] =
        whole.unwrap_or([text[0] - margin, text[1] - margin, text[2] + margin, text[3] + margin]);
    let (width, height) = ((right - left).max(1.0), (bottom - top).max(1.0));
    let scale = (WIDTH / width).min(HEIGHT / height);
    let place = |[a, b, c, d]: [f64; 4]| [(a - left) * scale, (b - top) * scale, (c - a) * scale, (d - b) * scale];
    let (drawn_width, drawn_height) = (width * scale, height * scale);
    let mut entities: Vec<(&Entity, bool, [f64; 4])> = Vec::new();
    for (list, is_gold) in [(&sentence.entities[..], false), (gold, true)] {
        for entity in list {
            entities.extend(lines(boxes, entity.span).into_iter().map(|edges| (entity, is_gold, place(edges))));
        }
    }
    let name = if page.is_empty() { String::new() } else { format!("Page {page}") };
    html! {
        figure {
            figcaption {
                (name) @if known.is_none() { " (the part of the page with this sentence)" }
            }
            svg width=(px(drawn_width)) height=(px(drawn_height)) viewBox={ "0 0 " (px(drawn_width)) " " (px(drawn_height)) } role="img"
                aria-label={ "Where the entities stand: " (name) } {
                rect.page width=(px(drawn_width)) height=(px(drawn_height)) {}
                @for one in boxes {
                    @let [x, y, w, h] = place(one.edges);
                    rect.page-token x=(px(x)) y=(px(y)) width=(px(w)) height=(px(h)) { title { (sentence.token(one.token)) } }
                }
                @for (entity, is_gold, [x, y, w, h]) in &entities {
                    rect class={ "page-entity " (palette.class(&entity.label)) @if *is_gold { " gold" } }
                        x=(px(*x)) y=(px(*y)) width=(px(*w)) height=(px(*h)) {
                        title { (sentence.span_text(entity.span)) ", " (entity.label) @if *is_gold { " (gold)" } }
                    }
                }
            }
        }
    }
}

fn times(regions: &[Region], sentence: &Sentence, gold: &[Entity], palette: &Palette) -> Markup {
    let time = |span: Span| {
        let of = |name: &'static str| regions[span.range()].iter().filter_map(move |region| region.get(name)?.as_f64());
        Some((of("start").reduce(f64::min)?, of("end").reduce(f64::max)?))
    };
    let entities =
        sentence.entities.iter().map(|entity| (entity, "")).chain(gold.iter().map(|entity| (entity, " gold")));
    let timed: Vec<_> = entities.filter_map(|(entity, kind)| Some((entity, kind, time(entity.span)?))).collect();
    html! {
        @if !timed.is_empty() {
            ul.times { @for (entity, kind, (start, end)) in timed {
                li { (clock(start)) "–" (clock(end)) " " bdi { (sentence.span_text(entity.span)) } " "
                    span class={ "label " (palette.class(&entity.label)) } { (entity.label) (kind) } }
            } }
        }
    }
}

/// `mm:ss`, with hours where there are any.
fn clock(seconds: f64) -> String {
    let whole = seconds.max(0.0).floor() as u64;
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes:02}:{seconds:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_minutes_and_seconds() {
        assert_eq!([0.0, 61.9, 3725.0, -1.0].map(clock), ["00:00", "01:01", "1:02:05", "00:00"]);
    }

    #[test]
    fn what_is_no_box_is_passed_over() {
        let value = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert_eq!(four(Some(&value("[1,2,3,4.5]"))), Some([1.0, 2.0, 3.0, 4.5]));
        for bad in ["[1,2,3]", "[3,2,1,4]", "[1,2,3,\"4\"]", "null", "[0,0,1e300,1]"] {
            assert_eq!(four(Some(&value(bad))), None, "{bad}");
        }
    }

    #[test]
    fn an_entity_on_two_lines_has_two_boxes() {
        let word = |edges: [f64; 4]| serde_json::json!({"bbox": edges});
        let broken = serde_json::json!({"bbox": [90, 0, 100, 10], "bboxes": [[90, 0, 100, 10], [0, 20, 30, 30]]});
        let regions = [word([50.0, 1.0, 80.0, 11.0]), broken, Value::Null, word([40.0, 20.0, 60.0, 30.0])];
        let boxes = &boxes(&regions)[""];
        assert_eq!(lines(boxes, Span::new(0, 4)), [[50.0, 0.0, 100.0, 11.0], [0.0, 20.0, 60.0, 30.0]]);
        assert_eq!(lines(boxes, Span::new(2, 3)), [[0.0; 4]; 0]);
    }

    #[test]
    fn pages_are_drawn_to_scale_with_their_entities() {
        let mut sentence = Sentence::from_tokens(["Addis", "Ababa", "grew"]);
        sentence.entities = vec![Entity::new(0..2, "LOC")];
        let region =
            |x: u32| serde_json::json!({"page": 3, "bbox": [x, 100, x + 80, 120], "page_bbox": [0, 0, 680, 400]});
        sentence.regions = Some(vec![region(100), region(200), region(300)]);
        let html = view(&sentence, &[], &Palette(BTreeMap::from([("LOC".into(), 0)]))).into_string();
        // 680 units are 340 pixels wide: half the size.
        assert!(html.contains(r#"<svg width="340" height="200""#), "{html}");
        assert!(html.contains(r#"class="page-entity l0" x="50" y="50" width="90" height="10""#), "{html}");
        assert!(html.contains("Page 3"));
        let times = [(1.0, 1.5), (1.5, 2.0), (62.0, 63.0)];
        sentence.regions = Some(times.map(|(start, end)| serde_json::json!({"start": start, "end": end})).into());
        let html = view(&sentence, &[], &Palette(BTreeMap::new())).into_string();
        assert!(html.contains("00:01–00:02") && html.contains("<bdi>Addis Ababa</bdi>"), "{html}");
    }
}
