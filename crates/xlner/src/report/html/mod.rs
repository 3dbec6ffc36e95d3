//! The analysis as one HTML file. Every text goes through `maud`, which escapes it; the only raw parts are the style and
//! the script beside this file.

mod attribution;
mod calibration;
mod curves;
mod examples;
mod figures;
mod pair;
mod places;
mod plots;
mod slices;

use std::collections::{BTreeMap, BTreeSet};

use maud::{DOCTYPE, Markup, PreEscaped, html};

use serde_json::json;

use super::analysis::{Analysis, SystemAnalysis};
use crate::drawing::{self, COLOURS};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");
/// No script, style, image or font from elsewhere, whatever the page holds.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

/// The colours of the labels.
struct Palette(BTreeMap<String, usize>);

impl Palette {
    fn new(analysis: &Analysis) -> Palette {
        let mut labels = BTreeSet::new();
        labels.extend(analysis.gold.iter().flat_map(BTreeMap::keys));
        labels.extend(analysis.systems.iter().flat_map(|system| system.predicted.keys()));
        Palette(labels.into_iter().enumerate().map(|(index, label)| (label.clone(), index % COLOURS)).collect())
    }

    /// The class of a label.
    fn class(&self, label: &str) -> String {
        // A label that only source entities have takes a colour by its letters.
        let colour = self.0.get(label).copied();
        let colour = colour.unwrap_or_else(|| label.bytes().map(usize::from).sum::<usize>() % COLOURS);
        format!("l{colour}")
    }

    /// The classes of all labels, for the script.
    fn classes(&self) -> String {
        let classes: BTreeMap<&str, String> = self.0.keys().map(|label| (label.as_str(), self.class(label))).collect();
        json!(classes).to_string()
    }
}

/// The whole page.
pub fn page(analysis: &Analysis) -> String {
    let palette = Palette::new(analysis);
    let several = analysis.systems.len() > 1;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                title { (analysis.title) }
                style { (PreEscaped(drawing::STYLE)) (PreEscaped(STYLE)) }
            }
            body data-colours=(palette.classes()) {
                header {
                    h1 dir="auto" { (analysis.title) }
                    p.soft { (figures::size(analysis)) }
                    nav aria-label="Contents" { (contents(analysis)) }
                }
                main {
                    @if analysis.sentences == 0 {
                        p { "There is no sentence in the input." }
                    } @else {
                        @if several {
                            (figures::systems(analysis))
                            section id="differences" { h2 { "Where systems differ" } (examples::differences(analysis, &palette)) }
                        }
                        @if let Some(consistency) = &analysis.consistency {
                            section id="gold" { h2 { "Consistency of gold" } (slices::consistency(consistency, "gold", &palette)) }
                        }
                        @for (index, system) in analysis.systems.iter().enumerate() {
                            (section(system, index, analysis, &palette))
                        }
                    }
                }
                footer {
                    @if let Some(signature) = &analysis.signature { p { (signature) } }
                    p { "Written by xlner " (env!("CARGO_PKG_VERSION")) "." }
                }
                script type="module" { (PreEscaped(script())) }
            }
        }
    };
    page.into_string()
}

/// The modules that draw sentences, and the page's own.
fn script() -> String {
    drawing::bundle(drawing::MODULES.iter().map(|(_, text)| *text).chain([SCRIPT]))
}

fn contents(analysis: &Analysis) -> Markup {
    let several = analysis.systems.len() > 1;
    html! {
        ul {
            @if several {
                li { a href="#systems" { "Systems compared" } }
                li { a href="#differences" { "Where systems differ" } }
            }
            @if analysis.consistency.is_some() && analysis.sentences > 0 { li { a href="#gold" { "Consistency of gold" } } }
            @for (index, system) in analysis.systems.iter().enumerate() {
                @if several {
                    li { a href={ "#s" (index) } { (system.name) } }
                } @else if analysis.sentences > 0 {
                    @for (name, title) in parts(system) { li { a href={ "#s0-" (name) } { (title) } } }
                }
            }
        }
    }
}

/// The parts of a system that have something to show: name and title.
fn parts(system: &SystemAnalysis) -> Vec<(&'static str, &'static str)> {
    let with_gold = system.figures.is_some();
    let parts = [
        (true, "figures", "Figures"),
        (with_gold, "errors", "Errors"),
        (system.attribution.is_some(), "stages", "What each stage costs"),
        (with_gold, "labels", "Labels confused"),
        (system.projection.is_some(), "projection", "Projection"),
        (system.score.is_some() || system.margin.is_some(), "scores", "Scores"),
        (system.calibration.is_some(), "calibration", "Calibration"),
        (true, "lengths", "Lengths"),
        (with_gold, "parts", "Sentence length, and forms seen before"),
        (true, "consistency", "Consistency of labels"),
        (true, "forms", "Frequent forms"),
        (true, "sentences", "Sentences"),
    ];
    parts.into_iter().filter(|part| part.0).map(|(_, name, title)| (name, title)).collect()
}

fn section(system: &SystemAnalysis, index: usize, analysis: &Analysis, palette: &Palette) -> Markup {
    let several = analysis.systems.len() > 1;
    html! {
        section id={ "s" (index) } {
            @if several { h2 { (system.name) } }
            @for (name, title) in parts(system) {
                section id={ "s" (index) "-" (name) } {
                    @if several { h3 { (title) } } @else { h2 { (title) } }
                    @match name {
                        "figures" => (figures::of_system(system, analysis, palette)),
                        "errors" => (figures::errors(system, palette)),
                        "stages" => @if let Some(stages) = &system.attribution { (attribution::of_system(stages)) },
                        "calibration" => @if let Some(found) = &system.calibration { (calibration::of_system(found)) },
                        "labels" => @if let Some(confusion) = &system.confusion { (figures::confusion(confusion, palette)) },
                        "projection" => @if let Some(counts) = &system.projection { (figures::projection(counts)) },
                        "scores" => (curves::of_system(system)),
                        "lengths" => (figures::lengths(system)),
                        "parts" => (slices::of_system(system, analysis)),
                        "consistency" => (slices::consistency(&system.consistency, "predictions", palette)),
                        "forms" => (figures::forms(system, palette)),
                        _ => (examples::of_system(system, index, palette)),
                    }
                }
            }
        }
    }
}

/// A fraction of 1 in four digits.
fn fraction(value: f64) -> String {
    format!("{value:.4}")
}

/// A number with commas between the thousands.
fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A value of any size in few digits.
fn short(value: f64) -> String {
    let text = match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 || size == 0.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    };
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A length in a drawing, to a tenth.
fn px(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").unwrap_or(&text).to_owned()
}

/// Whether the first letter belongs to a script that is written from right to left.
fn is_right_to_left(text: &str) -> bool {
    let first = text.chars().find(|c| c.is_alphabetic());
    first.is_some_and(|c| {
        matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}' | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0.0, 0.1234, 1.5, 12.345, 1234.5].map(short), ["0", "0.123", "1.5", "12.3", "1234"]);
        assert_eq!([1.0, 1.25, -0.5].map(px), ["1", "1.2", "-0.5"]);
    }

    #[test]
    fn style_and_script_are_self_contained() {
        assert_eq!(SCRIPT.matches("http").count(), SCRIPT.matches("http://www.w3.org/").count());
        for text in [STYLE.to_owned(), script().replace("http://www.w3.org/", "")] {
            assert!(!text.contains("http") && !text.contains("@import") && !text.contains("url("));
            assert!(!text.contains("</script") && !text.contains("</style") && !text.contains("<!--"));
        }
    }
}
