//! The alignment view: source tokens above, target tokens below, links between them.

use std::collections::BTreeSet;

use maud::{Markup, html};
use unicode_width::UnicodeWidthChar;
use xlner_core::{Alignment, Entity, Sentence, Span};

use super::super::analysis::Example;
use super::examples::Focus;
use super::{Palette, is_right_to_left, px};

/// Width of an excerpt from which tokens that matter to no entity are left out.
const WIDE: f64 = 960.0;
/// Height of the row of source labels, of tokens, and of what lies between them.
const LABELS: f64 = 16.0;
const TOKENS: f64 = 26.0;
const BETWEEN: f64 = 74.0;
/// Height of a line below the target tokens with its label.
const BRACKET: f64 = 20.0;
/// Space between tokens.
const SPACE: f64 = 6.0;

/// The view of a pair: what matters to entities, and in a wide pair all of it on demand.
pub fn view(example: &Example, focus: &Focus, palette: &Palette) -> Markup {
    let (source, target) = (&example.pair.source, &example.pair.target);
    let all = Shown { source: vec![true; source.len()], target: vec![true; target.len()] };
    let whole = Drawing::new(example, focus, palette, &all);
    if whole.width <= WIDE {
        return html! { div.scroll tabindex="0" { (whole.draw()) } };
    }
    let excerpt = Shown::around_entities(example);
    html! {
        div.scroll tabindex="0" { (Drawing::new(example, focus, palette, &excerpt).draw()) }
        @if excerpt != all {
            details {
                summary.soft { "All tokens and links" }
                div.scroll tabindex="0" { (whole.draw()) }
            }
        }
    }
}

/// Which tokens are drawn.
#[derive(PartialEq)]
struct Shown {
    source: Vec<bool>,
    target: Vec<bool>,
}

impl Shown {
    /// Tokens of entities, those linked to them, and one on each side of both.
    fn around_entities(example: &Example) -> Shown {
        let (source, target) = (&example.pair.source, &example.pair.target);
        let mut in_source = tokens_of(&source.entities);
        let mut in_target = tokens_of(&target.entities);
        in_target.extend(tokens_of(example.gold_entities.as_deref().unwrap_or_default()));
        let links = example.pair.alignment.as_ref().map_or(&[][..], Alignment::links);
        let linked: Vec<_> = links
            .iter()
            .map(|link| (link.source as usize, link.target as usize))
            .filter(|(s, t)| in_source.contains(s) || in_target.contains(t))
            .collect();
        for (source, target) in linked {
            in_source.insert(source);
            in_target.insert(target);
        }
        Shown { source: widened(&in_source, source.len()), target: widened(&in_target, target.len()) }
    }
}

fn tokens_of(entities: &[Entity]) -> BTreeSet<usize> {
    entities.iter().flat_map(|entity| entity.span.range()).collect()
}

fn widened(tokens: &BTreeSet<usize>, len: usize) -> Vec<bool> {
    (0..len).map(|token| (token.saturating_sub(1)..=token + 1).any(|near| tokens.contains(&near))).collect()
}

/// Where the tokens of a side stand.
struct Row {
    /// Left edge and width, `None` where not drawn.
    tokens: Vec<Option<(f64, f64)>>,
    /// Left edges of the signs that tokens are left out.
    gaps: Vec<f64>,
    width: f64,
}

impl Row {
    fn new(sentence: &Sentence, shown: &[bool]) -> Row {
        let gap = 18.0;
        let mut row = Row { tokens: Vec::with_capacity(shown.len()), gaps: Vec::new(), width: 0.0 };
        let mut place = 2.0;
        for (index, token) in sentence.tokens().enumerate() {
            if shown[index] {
                let width = width(token) + 10.0;
                row.tokens.push(Some((place, width)));
                place += width + SPACE;
            } else {
                if index == 0 || shown[index - 1] {
                    row.gaps.push(place);
                    place += gap + SPACE;
                }
                row.tokens.push(None);
            }
        }
        row.width = place - SPACE + 2.0;
        if is_right_to_left(sentence.text()) {
            let width = row.width;
            row.tokens.iter_mut().flatten().for_each(|(left, wide)| *left = width - *left - *wide);
            row.gaps.iter_mut().for_each(|left| *left = width - *left - gap);
        }
        row
    }

    fn shift(&mut self, by: f64) {
        self.tokens.iter_mut().flatten().for_each(|(left, _)| *left += by);
        self.gaps.iter_mut().for_each(|left| *left += by);
    }

    /// Left and right edge of a span, of the tokens that are drawn.
    fn edges(&self, span: Span) -> Option<(f64, f64)> {
        let drawn = self.tokens[span.range()].iter().flatten();
        drawn.map(|&(left, width)| (left, left + width)).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }

    fn middle(&self, token: usize) -> Option<f64> {
        self.tokens.get(token).copied().flatten().map(|(left, width)| left + width / 2.0)
    }
}

struct Drawing<'a> {
    example: &'a Example,
    focus: &'a Focus,
    palette: &'a Palette,
    source: Row,
    target: Row,
    width: f64,
}

impl<'a> Drawing<'a> {
    fn new(example: &'a Example, focus: &'a Focus, palette: &'a Palette, shown: &Shown) -> Self {
        let mut source = Row::new(&example.pair.source, &shown.source);
        let mut target = Row::new(&example.pair.target, &shown.target);
        let width = source.width.max(target.width);
        let spare = [width - source.width, width - target.width];
        source.shift(spare[0] / 2.0);
        target.shift(spare[1] / 2.0);
        Drawing { example, focus, palette, source, target, width }
    }

    fn draw(&self) -> Markup {
        let pair = &self.example.pair;
        let gold = self.example.gold_entities.as_deref();
        let (top, bottom) = (LABELS + TOKENS, LABELS + TOKENS + BETWEEN);
        let below = bottom + TOKENS + 3.0;
        let height = below + BRACKET * if gold.is_some() { 2.0 } else { 1.0 };
        let says = format!(
            "Alignment of sentence {}: {} source tokens above, {} target tokens below, {} links",
            self.example.number,
            pair.source.len(),
            pair.target.len(),
            pair.alignment.as_ref().map_or(0, Alignment::len)
        );
        html! {
            svg.links width=(px(self.width)) height=(px(height)) viewBox={ "0 0 " (px(self.width)) " " (px(height)) } role="img" aria-label=(says) {
                @for entity in &pair.target.entities { (self.band(entity, top, bottom)) }
                (self.lines(top, bottom))
                (self.tokens(&pair.source, &self.source, &pair.source.entities, LABELS))
                (self.tokens(&pair.target, &self.target, &pair.target.entities, bottom))
                @for entity in &pair.source.entities { (self.label(&self.source, entity, LABELS - 4.0)) }
                @for entity in &pair.target.entities { (self.bracket(entity, below, "predicted")) }
                @for entity in gold.unwrap_or_default() { (self.bracket(entity, below + BRACKET, "gold")) }
                (self.focused(&self.source, self.focus.source, LABELS))
                (self.focused(&self.target, self.focus.gold.or(self.focus.predicted), bottom))
            }
        }
    }

    /// From a source entity to what was projected from it.
    fn band(&self, entity: &Entity, top: f64, bottom: f64) -> Markup {
        let source = entity.from.and_then(|from| self.example.pair.source.entities.get(from));
        let edges = source.and_then(|source| Some((self.source.edges(source.span)?, self.target.edges(entity.span)?)));
        html! {
            @if let Some(((a, b), (c, d))) = edges {
                polygon class={ "from " (self.palette.class(&entity.label)) }
                    points={ (px(a)) "," (px(top)) " " (px(b)) "," (px(top)) " " (px(d)) "," (px(bottom)) " " (px(c)) "," (px(bottom)) } {}
            }
        }
    }

    fn lines(&self, top: f64, bottom: f64) -> Markup {
        let pair = &self.example.pair;
        let links = pair.alignment.as_ref().map_or(&[][..], Alignment::links);
        html! {
            @for link in links {
                @let (source, target) = (link.source as usize, link.target as usize);
                @if let (Some(x1), Some(x2)) = (self.source.middle(source), self.target.middle(target)) {
                    @let of = pair.source.entities.iter().find(|entity| entity.span.contains(source));
                    line class={ "link" @if let Some(of) = of { " of " (self.palette.class(&of.label)) } }
                        x1=(px(x1)) y1=(px(top)) x2=(px(x2)) y2=(px(bottom))
                        stroke-opacity=(format!("{:.2}", 0.2 + 0.8 * link.probability)) {
                        title { (pair.source.token(source)) " – " (pair.target.token(target)) ", " (format!("{:.2}", link.probability)) }
                    }
                }
            }
        }
    }

    fn tokens(&self, sentence: &Sentence, row: &Row, entities: &[Entity], top: f64) -> Markup {
        html! {
            @for entity in entities { @if let Some((left, right)) = row.edges(entity.span) {
                rect class={ "in " (self.palette.class(&entity.label)) } x=(px(left)) y=(px(top)) width=(px(right - left)) height=(TOKENS) rx="4" {}
            } }
            @for (index, place) in row.tokens.iter().enumerate() { @if let Some((left, width)) = place {
                text x=(px(left + width / 2.0)) y=(px(top + 18.0)) { (sentence.token(index)) }
            } }
            @for left in &row.gaps { text.gap x=(px(left + 9.0)) y=(px(top + 18.0)) { "…" } }
        }
    }

    fn label(&self, row: &Row, entity: &Entity, y: f64) -> Markup {
        html! { @if let Some((left, right)) = row.edges(entity.span) {
            text class={ "tag " (self.palette.class(&entity.label)) } x=(px((left + right) / 2.0)) y=(px(y)) { (entity.label) }
        } }
    }

    /// A line below the target tokens, and the label below it.
    fn bracket(&self, entity: &Entity, y: f64, kind: &str) -> Markup {
        html! { @if let Some((left, right)) = self.target.edges(entity.span) {
            rect class={ (kind) " " (self.palette.class(&entity.label)) } x=(px(left + 1.0)) y=(px(y)) width=(px(right - left - 2.0)) height="4" rx="2" {}
            text class={ "tag " (self.palette.class(&entity.label)) } x=(px((left + right) / 2.0)) y=(px(y + 14.0)) {
                (entity.label) @if kind == "gold" { " gold" }
            }
        } }
    }

    fn focused(&self, row: &Row, span: Option<Span>, top: f64) -> Markup {
        html! { @if let Some((left, right)) = span.and_then(|span| row.edges(span)) {
            rect.focus x=(px(left - 1.0)) y=(px(top - 1.0)) width=(px(right - left + 2.0)) height=(TOKENS + 2.0) rx="5" {}
        } }
    }
}

/// About the width of a token in a font of 14 pixels, rather too wide.
fn width(token: &str) -> f64 {
    let cell = |c: char| {
        let cells = c.width().unwrap_or(0) as f64;
        match c {
            'm' | 'w' | 'M' | 'W' => 12.0,
            _ if c.is_uppercase() => 10.0 * cells,
            _ => 8.0 * cells,
        }
    };
    token.chars().map(cell).sum::<f64>().max(8.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_from_right_to_left_stands_so() {
        let row = Row::new(&Sentence::from_tokens(["زارت", "أمينة", "نيروبي"]), &[true; 3]);
        let lefts: Vec<f64> = row.tokens.iter().flatten().map(|place| place.0).collect();
        assert!(lefts[0] > lefts[1] && lefts[1] > lefts[2] && lefts[2] >= 0.0, "{lefts:?}");
        let row = Row::new(&Sentence::from_tokens(["1", "Amina", "visited"]), &[true; 3]);
        let lefts: Vec<f64> = row.tokens.iter().flatten().map(|place| place.0).collect();
        assert!(lefts[0] < lefts[1] && lefts[1] < lefts[2]);
    }

    #[test]
    fn a_gap_stands_for_the_tokens_left_out() {
        let row = Row::new(&Sentence::from_tokens(["a", "b", "c", "d", "e"]), &[false, false, true, false, true]);
        assert_eq!(row.gaps.len(), 2);
        assert_eq!(row.tokens.iter().flatten().count(), 2);
        assert!(row.edges(Span::new(0, 2)).is_none());
        assert!(row.edges(Span::new(2, 5)).unwrap().1 <= row.width);
    }

    #[test]
    fn marks_that_take_no_room_are_not_counted() {
        assert_eq!(width("e\u{301}e\u{301}"), width("ee"));
        assert!(width("漢字") > width("ab"));
    }
}
