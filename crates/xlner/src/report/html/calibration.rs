//! The reliability diagram and the risk–coverage curve.

use maud::{Markup, html};
use xlner_eval::Calibration;

use super::plots::Frame;
use super::{count, fraction, px, short};

pub fn of_system(calibration: &Calibration) -> Markup {
    html! {
        p { "Expected calibration error " (fraction(calibration.ece)) ", over " (count(calibration.predictions as u64))
            " entities with a probability: how far the mean probability of a bin is from the share of it that is right." }
        div.columns {
            figure {
                figcaption { "Reliability: share that is right by probability; on the diagonal they are equal" }
                div.scroll { (reliability(calibration)) }
            }
            figure {
                figcaption { "Risk and coverage: share that is wrong among the likeliest" }
                div.scroll { (risk(calibration)) }
            }
        }
        details {
            summary { "The same as tables" }
            div.columns {
                div.scroll { table {
                    caption { "Entities by probability" }
                    thead { tr { th.n { "from" } th.n { "entities" } th.n { "mean probability" } th.n { "right" } } }
                    tbody { @for bin in &calibration.bins {
                        tr {
                            td.n { (short(bin.from)) } td.n { (count(bin.count as u64)) }
                            td.n { (fraction(bin.probability)) } td.n { (fraction(bin.right)) }
                        }
                    } }
                } }
                div.scroll { table {
                    caption { "What is kept" }
                    thead { tr { th.n { "coverage" } th.n { "least probability" } th.n { "wrong" } } }
                    tbody { @for point in &calibration.risk {
                        tr {
                            td.n { (fraction(point.coverage)) } td.n { (fraction(point.probability)) } td.n { (fraction(point.risk)) }
                        }
                    } }
                } }
            }
        }
    }
}

fn reliability(calibration: &Calibration) -> Markup {
    let frame = Frame { x: [0.0, 1.0], y: [0.0, 1.0] };
    let most = calibration.bins.iter().map(|bin| bin.count).max().unwrap_or(1).max(1) as f64;
    let drawing = html! {
        line.grid x1=(px(frame.x(0.0))) y1=(px(frame.y(0.0))) x2=(px(frame.x(1.0))) y2=(px(frame.y(1.0))) {}
        polyline.curve.f1 points=(points(&frame, calibration.bins.iter().map(|bin| (bin.probability, bin.right)))) {}
        @for bin in &calibration.bins {
            g {
                title { "mean probability " (short(bin.probability)) ", right " (short(bin.right)) ", entities " (count(bin.count as u64)) }
                circle.right cx=(px(frame.x(bin.probability))) cy=(px(frame.y(bin.right)))
                    r=(px(3.0 + 6.0 * (bin.count as f64 / most).sqrt())) {}
            }
        }
    };
    let says = "Reliability diagram: share that is right by mean probability; the table below has the numbers";
    frame.draw(says, ["probability", "right"], [&short, &short], drawing)
}

fn risk(calibration: &Calibration) -> Markup {
    let most = calibration.risk.iter().map(|point| point.risk).fold(0.0, f64::max);
    let frame = Frame { x: [0.0, 1.0], y: [0.0, if most > 0.0 { most } else { 1.0 }] };
    let drawing = html! {
        polyline.curve.f1 points=(points(&frame, calibration.risk.iter().map(|point| (point.coverage, point.risk)))) {}
    };
    let says = "Risk and coverage: share that is wrong by share that is kept; the table below has the numbers";
    frame.draw(says, ["share kept", "wrong"], [&short, &short], drawing)
}

fn points(frame: &Frame, places: impl Iterator<Item = (f64, f64)>) -> String {
    places.map(|(x, y)| format!("{},{}", px(frame.x(x)), px(frame.y(y)))).collect::<Vec<_>>().join(" ")
}
