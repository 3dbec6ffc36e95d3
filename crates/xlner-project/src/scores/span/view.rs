//! An entity against all tokens of the target.

use std::ops::Range;

use xlner_core::Span;
use xlner_core::text::{Lcs, dice};

use super::consistency::{Choice, TextId};
use super::corpus::folded_span;
use super::names::NullFeature;
use super::prepared::Prepared;
use super::shape::Shape;

use NullFeature as N;

/// Values of all features of an entity without counterpart.
pub(crate) type NullRow = [f32; NullFeature::COUNT];

impl<'a> Prepared<'a> {
    /// Makes an entity ready.
    pub fn entity(&self, index: usize) -> EntityView<'_, 'a> {
        let span = self.pair.source.entities[index].span;
        let window = self.window(span);
        let (first, nj) = (window.start, window.len());
        let len = span.len();
        let neighbour = |i: Option<usize>| {
            let mut links = vec![0.0; nj];
            for cell in i.map_or(&[][..], |i| self.row(i, &window)) {
                links[cell.target as usize - first] = cell.forward.max(cell.reverse);
            }
            links
        };
        let mut view = EntityView {
            p: self,
            index,
            span,
            first,
            text: folded_span(&self.pair.source, span),
            before: neighbour(span.start.checked_sub(1)),
            after: neighbour(Some(span.end).filter(|next| *next < self.source.len())),
            forward: vec![0.0; nj],
            reverse: vec![0.0; nj],
            link: vec![0.0; nj],
            similarity: vec![0.0; nj],
            cumulative: vec![0.0; len * (nj + 1)],
            best: vec![0; len],
            lexical_to: vec![-12.0; nj],
            share_forward: vec![0.0; nj],
            share_reverse: vec![0.0; nj],
            leak_reverse: vec![0.0; nj],
            leak_entity: vec![0.0; nj],
        };
        let mut lcs = Lcs::default();
        for i in span.range() {
            let k = i - span.start;
            let mut best = (0usize, 0.0f32);
            let folded = &self.source[i].folded;
            lcs.set_pattern(folded.as_bytes());
            let mut cells = self.row(i, &window).iter().peekable();
            for j in 0..nj {
                let mut m = 0.0;
                if let Some(cell) = cells.next_if(|cell| cell.target as usize == first + j) {
                    view.forward[j] += cell.forward;
                    view.reverse[j] += cell.reverse;
                    view.lexical_to[j] = view.lexical_to[j].max(cell.lexical_forward.max(6e-6).ln());
                    m = cell.forward.max(cell.reverse);
                }
                if m > best.1 {
                    best = (first + j, m);
                }
                view.cumulative[k * (nj + 1) + j + 1] = view.cumulative[k * (nj + 1) + j] + m;
                let t = &self.tokens[first + j];
                let s = if folded == t.folded {
                    1.0
                } else if self.source[i].shape == Shape::Punctuation || t.shape == Shape::Punctuation {
                    0.0
                } else {
                    lcs.reset();
                    lcs.extend(t.folded.as_bytes());
                    let (a, b) = (folded.len(), t.folded.len());
                    let d = dice(lcs.common(), a, b);
                    if d < 0.5 { 0.0 } else { d * (a.max(b) as f32 / 5.0).min(1.0) }
                };
                let s = s * (0.3 + 0.7 * self.source[i].weight);
                view.similarity[j] = view.similarity[j].max(s);
            }
            view.best[k] = if best.1 > 0.15 { best.0 } else { usize::MAX };
        }
        for j in 0..nj {
            let (mut mf, mut mr, mut lr, mut le, mut ef, mut er) = (0f32, 0f32, 0f32, 0f32, 0f32, 0f32);
            for cell in self.column(first + j) {
                let i = cell.source as usize;
                mf = mf.max(cell.lexical_forward);
                mr = mr.max(cell.lexical_reverse);
                if span.contains(i) {
                    ef = ef.max(cell.lexical_forward);
                    er = er.max(cell.lexical_reverse);
                } else {
                    lr += cell.reverse;
                    if self.in_entity[i] {
                        le += cell.forward;
                    }
                }
            }
            view.share_forward[j] = if mf > 1e-6 { ef / mf } else { 0.0 };
            view.share_reverse[j] = if mr > 1e-6 { er / mr } else { 0.0 };
            view.leak_reverse[j] = lr.min(1.0);
            view.leak_entity[j] = le;
            view.reverse[j] = view.reverse[j].min(1.0);
            view.forward[j] = view.forward[j].min(1.0);
            view.link[j] = view.forward[j].max(view.reverse[j]);
        }
        view
    }
}

/// An entity against all tokens of the target, in a long pair those close to its links.
pub(crate) struct EntityView<'p, 'a> {
    pub(super) p: &'p Prepared<'a>,
    pub(super) index: usize,
    pub(super) span: Span,
    /// The first of those target tokens; the lists below start with it.
    pub(super) first: usize,
    pub(super) text: String,
    /// Links of the source tokens before and after the entity.
    pub(super) before: Vec<f32>,
    pub(super) after: Vec<f32>,
    pub(super) forward: Vec<f32>,
    pub(super) reverse: Vec<f32>,
    pub(super) link: Vec<f32>,
    pub(super) similarity: Vec<f32>,
    /// Entity token × (target tokens + 1): sums of the larger posterior.
    pub(super) cumulative: Vec<f32>,
    /// By entity token, its best target token; `usize::MAX` where there is none.
    pub(super) best: Vec<usize>,
    pub(super) lexical_to: Vec<f32>,
    pub(super) share_forward: Vec<f32>,
    pub(super) share_reverse: Vec<f32>,
    pub(super) leak_reverse: Vec<f32>,
    pub(super) leak_entity: Vec<f32>,
}

impl EntityView<'_, '_> {
    /// Features of there being no counterpart.
    pub fn null(&self) -> NullRow {
        let mut row = [0.0; NullFeature::COUNT];
        let mut set = |f: NullFeature, x: f32| row[f as usize] = x;
        let (nj, window) = (self.p.tokens.len(), self.link.len());
        let len = self.span.len() as f32;
        let source = &self.p.source[self.span.range()];
        let corpus = self.p.corpus;
        set(N::Bias, 1.0);
        set(N::BestLink, self.link.iter().copied().fold(0.0, f32::max));
        let linked: f32 = (0..self.span.len()).map(|k| self.cumulative[k * (window + 1) + window].min(1.0)).sum();
        set(N::Linked, linked / len);
        set(N::ForwardMass, self.forward.iter().sum::<f32>().min(2.0 * len) / len);
        set(N::BestSimilarity, self.similarity.iter().copied().fold(0.0, f32::max));
        set(N::Length, len.ln());
        set(N::Lower, f32::from(source.iter().all(|s| s.shape != Shape::Capital)));
        set(N::First, f32::from(self.span.start == 0));
        let tagged: f32 = self
            .span
            .range()
            .map(|i| {
                let word =
                    &corpus.source.entries[corpus.source.find(self.p.pair.source.token(i)).expect("counted") as usize];
                corpus.source.tagged_rate(word.form)
            })
            .sum();
        set(N::Tagged, tagged / len);
        set(N::LabelAgreement, corpus.label_agreement(&self.text, &self.p.pair.source.entities[self.index].label));
        set(N::Ratio, ((nj as f32 + 1.0) / (self.p.source.len() as f32 + 1.0)).ln());
        set(N::Weight, source.iter().map(|s| s.weight).sum::<f32>() / len);
        if let Some(c) = self.p.consistency {
            let own: f32 = self.p.own.get(self.index).map_or(0.0, |x| x.iter().map(|x| x.probability).sum());
            let (seen, projected) = c.entity(TextId::EMPTY.extend(&self.text));
            let (seen, projected) = ((seen - 1.0).max(0.0), (projected - own).max(0.0));
            set(N::Absent, (seen - projected).max(0.0) / (seen + 1.0));
        }
        row
    }

    /// The target tokens among which the candidates are.
    pub fn window(&self) -> Range<usize> {
        self.first..self.first + self.link.len()
    }

    /// Number of tokens of the entity.
    pub fn len(&self) -> usize {
        self.span.len()
    }

    /// A candidate as [`Consistency`] counts it.
    pub fn choice(&self, span: Span, probability: f32) -> Choice {
        let forms = |j: usize| self.p.tokens.get(j).map(|t| t.form);
        Choice {
            candidate: span.range().fold(TextId::EMPTY, |id, j| id.extend(self.p.tokens[j].folded)),
            probability,
            edges: [forms(span.start), forms(span.end - 1), span.start.checked_sub(1).and_then(forms), forms(span.end)],
        }
    }
}
