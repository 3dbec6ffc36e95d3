//! Small drawings: bars and curves, as inline SVG.

use maud::{Markup, html};

use super::px;

/// A horizontal bar that fills a part (0..=1) of a table cell, beside its number in the next cell.
pub fn bar(part: f64, class: &str) -> Markup {
    const WIDTH: f64 = 140.0;
    html! {
        svg width=(WIDTH) height="14" viewBox={ "0 0 " (WIDTH) " 14" } aria-hidden="true" {
            rect class=(class) x="0" y="1" width=(px((part.clamp(0.0, 1.0) * WIDTH).max(if part > 0.0 { 1.0 } else { 0.0 }))) height="12" rx="2" {}
        }
    }
}

/// The frame of a plot: axes with their names, and room for what is drawn.
pub struct Frame {
    /// Values at the left and right end.
    pub x: [f64; 2],
    /// Values at the bottom and top.
    pub y: [f64; 2],
}

const LEFT: f64 = 46.0;
const TOP: f64 = 10.0;
const WIDTH: f64 = 380.0;
const HEIGHT: f64 = 170.0;

impl Frame {
    /// Place of a value on the horizontal axis.
    pub fn x(&self, value: f64) -> f64 {
        let width = self.x[1] - self.x[0];
        LEFT + if width > 0.0 { (value - self.x[0]) / width * WIDTH } else { WIDTH / 2.0 }
    }

    /// Place of a value on the vertical axis.
    pub fn y(&self, value: f64) -> f64 {
        let height = self.y[1] - self.y[0];
        TOP + HEIGHT - if height > 0.0 { (value - self.y[0]) / height * HEIGHT } else { 0.0 }
    }

    /// The plot: what it says for those who do not see it, names of the axes, how values are written, and the drawing.
    pub fn draw(&self, says: &str, axes: [&str; 2], write: [&dyn Fn(f64) -> String; 2], drawing: Markup) -> Markup {
        let steps = |[from, to]: [f64; 2]| (0..=4).map(move |step| from + (to - from) * f64::from(step) / 4.0);
        let (width, height) = (LEFT + WIDTH + 14.0, TOP + HEIGHT + 42.0);
        html! {
            svg width=(width) height=(height) viewBox={ "0 0 " (width) " " (height) } role="img" aria-label=(says) {
                @for value in steps(self.y) {
                    line.grid x1=(LEFT) x2=(LEFT + WIDTH) y1=(px(self.y(value))) y2=(px(self.y(value))) {}
                    text.soft x=(LEFT - 6.0) y=(px(self.y(value) + 4.0)) text-anchor="end" { (write[1](value)) }
                }
                @for value in steps(self.x) {
                    text.soft x=(px(self.x(value))) y=(TOP + HEIGHT + 16.0) text-anchor="middle" { (write[0](value)) }
                }
                text.soft x=(LEFT + WIDTH / 2.0) y=(TOP + HEIGHT + 34.0) text-anchor="middle" { (axes[0]) }
                text.soft x="4" y=(TOP + HEIGHT + 34.0) { "↑ " (axes[1]) }
                (drawing)
            }
        }
    }
}
