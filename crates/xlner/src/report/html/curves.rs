//! Scores and margins of right and wrong predictions.

use maud::{Markup, html};

use super::super::analysis::SystemAnalysis;
use super::super::curve::{Bin, Curve, Threshold};
use super::plots::Frame;
use super::{count, fraction, px, short};

pub fn of_system(system: &SystemAnalysis) -> Markup {
    html! {
        @if let Some(curve) = &system.score {
            (one(curve, "score", "The score is what the projection, or the tagger, wrote beside the entity."))
        }
        @if let Some(curve) = &system.margin {
            (one(curve, "margin", "The margin is what the best assignment loses without the match."))
        }
    }
}

fn one(curve: &Curve, name: &str, explanation: &str) -> Markup {
    let with_gold = !curve.thresholds.is_empty();
    html! {
        p { (explanation)
            @if curve.without > 0 { " " (count(curve.without)) " entities carry none; no filter drops them." }
            @if let (Some(best), Some(all)) = (curve.best(), curve.thresholds.first()) {
                @if best.f1 > all.f1 {
                    " Keeping entities from " (name) " " (short(best.value)) " on gives the best F1, " (fraction(best.f1))
                    " (all kept: " (fraction(all.f1)) ")."
                } @else {
                    " No filter by " (name) " gives a better F1 than keeping all."
                }
            }
        }
        div.columns {
            figure {
                figcaption { "Entities by " (name)
                    @if with_gold { span.key.right {} "right" span.key.wrong {} "wrong" }
                }
                div.scroll { (histogram(&curve.bins, name)) }
            }
            @if with_gold {
                figure {
                    figcaption { "What is left from a " (name) " on"
                        span.key.f1 {} "F1" span.key.precision {} "precision" span.key.recall {} "recall"
                    }
                    div.scroll { (lines(&curve.thresholds, name)) }
                }
            }
        }
        details {
            summary { "The same as tables" }
            div.columns {
                div.scroll { table {
                    caption { "Entities by " (name) }
                    thead { tr { th.n { "from" } th.n { "to" } th.n { "entities" } @if with_gold { th.n { "right" } th.n { "share" } } } }
                    tbody { @for bin in curve.bins.iter().filter(|bin| bin.count > 0) {
                        tr {
                            td.n { (short(bin.from)) } td.n { (short(bin.to)) } td.n { (count(bin.count)) }
                            @if let Some(right) = bin.right {
                                td.n { (count(right)) } td.n { (fraction(right as f64 / bin.count as f64)) }
                            }
                        }
                    } }
                } }
                @if with_gold { div.scroll { table {
                    caption { "What is left from a " (name) " on" }
                    thead { tr { th.n { (name) } th.n { "kept" } th.n { "precision" } th.n { "recall" } th.n { "F1" } } }
                    tbody { @for point in &curve.thresholds {
                        tr {
                            td.n { (short(point.value)) } td.n { (count(point.kept)) }
                            @for value in [point.precision, point.recall, point.f1] { td.n { (fraction(value)) } }
                        }
                    } }
                } } }
            }
        }
    }
}

fn histogram(bins: &[Bin], name: &str) -> Markup {
    let (first, last) = (bins[0].from, bins[bins.len() - 1].to);
    // A multiple of four, so that the lines of the grid stand at whole numbers.
    let most = bins.iter().map(|bin| bin.count).max().unwrap_or(0).next_multiple_of(4);
    let frame = Frame { x: [first, last], y: [0.0, most as f64] };
    let edges = |bin: &Bin| {
        if last > first { (frame.x(bin.from), frame.x(bin.to)) } else { (frame.x(first) - 10.0, frame.x(first) + 10.0) }
    };
    let drawing = html! {
        @for bin in bins.iter().filter(|bin| bin.count > 0) {
            @let (left, right_edge) = edges(bin);
            @let right = bin.right.unwrap_or(bin.count) as f64;
            g {
                title { (short(bin.from)) " to " (short(bin.to)) ": " (count(bin.count))
                    @if let Some(right) = bin.right { ", right " (count(right)) } }
                rect class=(if bin.right.is_some() { "right" } else { "bar" }) x=(px(left + 1.0)) width=(px(right_edge - left - 2.0))
                    y=(px(frame.y(right))) height=(px(frame.y(0.0) - frame.y(right))) {}
                rect.wrong x=(px(left + 1.0)) width=(px(right_edge - left - 2.0))
                    y=(px(frame.y(bin.count as f64))) height=(px(frame.y(right) - frame.y(bin.count as f64))) {}
            }
        }
    };
    let says = format!("Histogram of entities by {name}; the table below has the numbers");
    frame.draw(&says, [name, "entities"], [&short, &|value| count(value.round() as u64)], drawing)
}

fn lines(points: &[Threshold], name: &str) -> Markup {
    let frame = Frame { x: [points[0].value, points[points.len() - 1].value], y: [0.0, 1.0] };
    let line = |figure: fn(&Threshold) -> f64| {
        let places = points.iter().map(|point| format!("{},{}", px(frame.x(point.value)), px(frame.y(figure(point)))));
        places.collect::<Vec<_>>().join(" ")
    };
    let drawing = html! {
        polyline.curve.precision points=(line(|point| point.precision)) {}
        polyline.curve.recall points=(line(|point| point.recall)) {}
        polyline.curve.f1 points=(line(|point| point.f1)) {}
    };
    let says = format!("F1, precision and recall by the least {name} kept; the table below has the numbers");
    frame.draw(&says, [&format!("least {name} kept"), "figure"], [&short, &short], drawing)
}
