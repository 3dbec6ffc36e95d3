//! The measurements: what the features of an entity and a candidate are.

use xlner_core::{Pair, Posteriors, Span};

use super::consistency::{Choice, Consistency, Habit, TextId};
use super::corpus::{Corpus, folded_span};
use super::names::{Feature, NullFeature};
use super::shape::Shape;
use xlner_core::text::{Lcs, dice};

use Feature as F;
use NullFeature as N;

/// What is measured of the tokens at and beside the edges of a candidate, in the same order on either side.
const START: [Feature; 10] = [
    F::StartLink,
    F::StartUnlinkedFunction,
    F::StartUnlinkedContent,
    F::StartUnlinkedCapital,
    F::StartPunctuation,
    F::StartUnlinkedRate,
    F::StartNeighbour,
    F::StartLinkedFunction,
    F::StartLeak,
    F::StartLower,
];
const END: [Feature; 10] = [
    F::EndLink,
    F::EndUnlinkedFunction,
    F::EndUnlinkedContent,
    F::EndUnlinkedCapital,
    F::EndPunctuation,
    F::EndUnlinkedRate,
    F::EndNeighbour,
    F::EndLinkedFunction,
    F::EndLeak,
    F::EndLower,
];
const BEFORE: [Feature; 4] = [F::BeforeLink, F::BeforeSimilarity, F::BeforeCapital, F::BeforeLinkedFunction];
const AFTER: [Feature; 4] = [F::AfterLink, F::AfterSimilarity, F::AfterCapital, F::AfterLinkedFunction];

/// Values of all features of one candidate.
pub(crate) type Row = [f32; Feature::COUNT];
/// Values of all features of an entity without counterpart.
pub(crate) type NullRow = [f32; NullFeature::COUNT];

/// A target token as every entity sees it.
struct Token<'a> {
    text: &'a str,
    folded: &'a str,
    shape: Shape,
    form: u32,
    weight: f32,
    unlinked_rate: f32,
    unlinked: f32,
    capital_unlinked: bool,
}

/// A pair made ready for its entities.
pub(crate) struct Prepared<'a> {
    pair: &'a Pair,
    corpus: &'a Corpus,
    consistency: Option<&'a Consistency>,
    /// Source × target.
    forward: Vec<f32>,
    reverse: Vec<f32>,
    lexical_forward: Vec<f32>,
    lexical_reverse: Vec<f32>,
    source: Vec<(String, Shape, f32)>,
    tokens: Vec<Token<'a>>,
    source_capital: f32,
    target_capital: f32,
    in_entity: Vec<bool>,
    habits: Vec<(f32, f32)>,
    own: &'a [Vec<Choice>],
}

impl<'a> Prepared<'a> {
    /// The pair must have been counted in the corpus; the posteriors must be its own.
    pub fn new(
        pair: &'a Pair,
        posteriors: &Posteriors,
        corpus: &'a Corpus,
        consistency: Option<&'a Consistency>,
        own: &'a [Vec<Choice>],
    ) -> Self {
        let (ni, nj) = (pair.source.len(), pair.target.len());
        let mut p = Prepared {
            pair,
            corpus,
            consistency,
            forward: vec![0.0; ni * nj],
            reverse: vec![0.0; ni * nj],
            lexical_forward: vec![0.0; ni * nj],
            lexical_reverse: vec![0.0; ni * nj],
            source: Vec::with_capacity(ni),
            tokens: Vec::with_capacity(nj),
            source_capital: corpus.source.capital_information(),
            target_capital: corpus.target.capital_information(),
            in_entity: vec![false; ni],
            habits: Vec::new(),
            own,
        };
        for c in &posteriors.cells {
            let at = c.source as usize * nj + c.target as usize;
            p.forward[at] = c.forward;
            p.reverse[at] = c.reverse;
            p.lexical_forward[at] = c.lexical_forward;
            p.lexical_reverse[at] = c.lexical_reverse;
        }
        for entity in &pair.source.entities {
            for i in entity.span.range() {
                p.in_entity[i] = true;
            }
        }
        for token in pair.source.tokens() {
            let word = &corpus.source.entries[corpus.source.find(token).expect("counted") as usize];
            p.source.push((word.folded.to_string(), word.shape, corpus.source.weight(word.form)));
        }
        for (j, token) in pair.target.tokens().enumerate() {
            let word = &corpus.target.entries[corpus.target.find(token).expect("counted") as usize];
            let linked: f32 = (0..ni).map(|i| p.forward[i * nj + j]).sum();
            let best = (0..ni).map(|i| p.forward[i * nj + j].max(p.reverse[i * nj + j])).fold(0.0, f32::max);
            p.tokens.push(Token {
                text: token,
                folded: &word.folded,
                shape: word.shape,
                form: word.form,
                weight: corpus.target.weight(word.form),
                unlinked_rate: corpus.target.unlinked_rate(word.form),
                unlinked: (1.0 - linked).clamp(0.0, 1.0),
                capital_unlinked: word.shape == Shape::Capital && best < 0.3,
            });
        }
        if let Some(consistency) = consistency {
            p.habits = p
                .tokens
                .iter()
                .map(|t| {
                    let mut h = consistency.habit(t.form);
                    for c in own.iter().flatten() {
                        let p = c.probability;
                        let is = |k: usize| f32::from(c.edges[k] == Some(t.form)) * p;
                        h.starts -= is(0);
                        h.ends -= is(1);
                        h.before -= is(2);
                        h.after -= is(3);
                    }
                    let h = Habit {
                        starts: h.starts.max(0.0),
                        ends: h.ends.max(0.0),
                        before: h.before.max(0.0),
                        after: h.after.max(0.0),
                    };
                    (
                        ((h.starts + 0.5) / (h.before + 0.5)).ln().clamp(-3.0, 3.0),
                        ((h.ends + 0.5) / (h.after + 0.5)).ln().clamp(-3.0, 3.0),
                    )
                })
                .collect();
        }
        p
    }

    /// Identity of an entity, for [`Consistency`].
    pub fn id(&self, entity: usize) -> TextId {
        TextId::EMPTY.extend(&folded_span(&self.pair.source, self.pair.source.entities[entity].span))
    }

    /// Makes an entity ready.
    pub fn entity(&self, index: usize) -> EntityView<'_, 'a> {
        let span = self.pair.source.entities[index].span;
        let (ni, nj) = (self.source.len(), self.tokens.len());
        let len = span.len();
        let mut view = EntityView {
            p: self,
            index,
            span,
            text: folded_span(&self.pair.source, span),
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
            let folded = &self.source[i].0;
            lcs.set_pattern(folded.as_bytes());
            for j in 0..nj {
                let at = i * nj + j;
                view.forward[j] += self.forward[at];
                view.reverse[j] += self.reverse[at];
                let m = self.forward[at].max(self.reverse[at]);
                if m > best.1 {
                    best = (j, m);
                }
                view.cumulative[k * (nj + 1) + j + 1] = view.cumulative[k * (nj + 1) + j] + m;
                let t = &self.tokens[j];
                let s = if folded == t.folded {
                    1.0
                } else if self.source[i].1 == Shape::Punctuation || t.shape == Shape::Punctuation {
                    0.0
                } else {
                    lcs.reset();
                    lcs.extend(t.folded.as_bytes());
                    let (a, b) = (folded.len(), t.folded.len());
                    let d = dice(lcs.common(), a, b);
                    if d < 0.5 { 0.0 } else { d * (a.max(b) as f32 / 5.0).min(1.0) }
                };
                let s = s * (0.3 + 0.7 * self.source[i].2);
                view.similarity[j] = view.similarity[j].max(s);
                view.lexical_to[j] = view.lexical_to[j].max(self.lexical_forward[at].max(6e-6).ln());
            }
            view.best[k] = if best.1 > 0.15 { best.0 } else { usize::MAX };
        }
        for j in 0..nj {
            let (mut mf, mut mr, mut lr, mut le, mut ef, mut er) = (0f32, 0f32, 0f32, 0f32, 0f32, 0f32);
            for i in 0..ni {
                let at = i * nj + j;
                let inside = span.contains(i);
                mf = mf.max(self.lexical_forward[at]);
                mr = mr.max(self.lexical_reverse[at]);
                if inside {
                    ef = ef.max(self.lexical_forward[at]);
                    er = er.max(self.lexical_reverse[at]);
                } else {
                    lr += self.reverse[at];
                    if self.in_entity[i] {
                        le += self.forward[at];
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

/// An entity against all tokens of the target.
pub(crate) struct EntityView<'p, 'a> {
    p: &'p Prepared<'a>,
    index: usize,
    span: Span,
    text: String,
    forward: Vec<f32>,
    reverse: Vec<f32>,
    link: Vec<f32>,
    similarity: Vec<f32>,
    /// Entity token × (target tokens + 1): sums of the larger posterior.
    cumulative: Vec<f32>,
    best: Vec<usize>,
    lexical_to: Vec<f32>,
    share_forward: Vec<f32>,
    share_reverse: Vec<f32>,
    leak_reverse: Vec<f32>,
    leak_entity: Vec<f32>,
}

impl EntityView<'_, '_> {
    /// Features of one token inside the candidate.
    fn token(&self, j: usize, row: &mut Row) {
        let t = &self.p.tokens[j];
        let mut add = |f: Feature, x: f32| row[f as usize] += x;
        let (fw, rv, link) = (self.forward[j], self.reverse[j], self.link[j]);
        let leak = (1.0 - t.unlinked - fw).max(0.0);
        let info = self.p.target_capital;
        add(F::InsideForward, fw);
        add(F::InsideReverse, rv);
        add(F::InsideBoth, fw * rv);
        add(F::InsideUnlinked, t.unlinked);
        add(F::LeakForward, leak);
        add(F::LeakReverse, self.leak_reverse[j]);
        add(F::LeakEntity, self.leak_entity[j]);
        add(F::InsideForwardWeighted, fw * t.weight);
        add(F::LeakForwardWeighted, leak * t.weight);
        let odds = |x: f32| ((x + 0.02) / (1.0 - x + 0.02)).ln();
        add(F::ForwardOdds, odds(fw));
        add(F::ReverseOdds, odds(rv));
        let loose = 1.0 - link;
        match t.shape {
            Shape::Capital => {
                add(F::UnlinkedCapital, loose);
                add(F::UnlinkedCapitalInformed, loose * info);
                add(F::InsideCapital, info);
            }
            Shape::Punctuation => {
                add(F::UnlinkedPunctuation, loose);
                add(F::InsidePunctuation, 1.0);
            }
            Shape::Digit => add(F::UnlinkedDigit, loose),
            Shape::Lower | Shape::Caseless => {
                add(F::UnlinkedLowerWeighted, loose * t.weight);
                add(F::UnlinkedLowerFunction, loose * (1.0 - t.weight));
                if t.shape == Shape::Lower {
                    add(F::InsideLower, info);
                }
            }
        }
        add(F::TokenSimilarity, self.similarity[j]);
        add(F::LexicalForwardShare, self.share_forward[j]);
        add(F::LexicalReverseShare, self.share_reverse[j]);
        add(F::InsideTokens, 1.0);
    }

    /// Features of the first token of the candidate and of the token before it.
    fn start(&self, j: usize, row: &mut Row) {
        self.edge(j, row, &START, self.span.start.checked_sub(1));
        if let Some(before) = j.checked_sub(1) {
            self.outside(before, row, &BEFORE);
        }
        if !self.p.habits.is_empty() {
            row[F::StartHabit as usize] += self.p.habits[j].0;
            if let Some(before) = j.checked_sub(1) {
                row[F::BeforeHabit as usize] += -self.p.habits[before].0;
            }
        }
    }

    /// Features of the last token of the candidate and of the token behind it.
    fn end(&self, j: usize, row: &mut Row) {
        let next = self.span.end;
        self.edge(j, row, &END, (next < self.p.source.len()).then_some(next));
        if j + 1 < self.p.tokens.len() {
            self.outside(j + 1, row, &AFTER);
        }
        if !self.p.habits.is_empty() {
            row[F::EndHabit as usize] += self.p.habits[j].1;
            if j + 1 < self.p.tokens.len() {
                row[F::AfterHabit as usize] += -self.p.habits[j + 1].1;
            }
        }
    }

    fn edge(&self, j: usize, row: &mut Row, features: &[Feature; 10], neighbour: Option<usize>) {
        let t = &self.p.tokens[j];
        let loose = 1.0 - self.link[j];
        let nj = self.p.tokens.len();
        row[features[0] as usize] += self.link[j];
        match t.shape {
            Shape::Capital => row[features[3] as usize] += loose,
            Shape::Punctuation => row[features[4] as usize] += 1.0,
            _ => {
                row[features[1] as usize] += loose * (1.0 - t.weight);
                row[features[2] as usize] += loose * t.weight;
            }
        }
        row[features[5] as usize] += t.unlinked_rate;
        if let Some(i) = neighbour {
            row[features[6] as usize] += self.p.forward[i * nj + j].max(self.p.reverse[i * nj + j]);
        }
        if t.shape == Shape::Lower {
            row[features[7] as usize] += self.link[j] * (1.0 - t.weight);
            row[features[9] as usize] += self.p.target_capital;
        }
        row[features[8] as usize] += (1.0 - t.unlinked - self.forward[j]).max(0.0);
    }

    fn outside(&self, j: usize, row: &mut Row, features: &[Feature; 4]) {
        let t = &self.p.tokens[j];
        row[features[0] as usize] += self.link[j];
        row[features[1] as usize] += self.similarity[j];
        if t.capital_unlinked {
            row[features[2] as usize] += 1.0;
        }
        if t.shape == Shape::Lower {
            row[features[3] as usize] += self.link[j] * (1.0 - t.weight);
        }
    }

    /// Features of all candidates up to a length, in order of start, then end.
    pub fn candidates(&self, max_len: usize, mut visit: impl FnMut(Span, &Row)) {
        let nj = self.p.tokens.len();
        let len = self.span.len();
        let source = &self.p.source[self.span.range()];
        let mut lcs = Lcs::default();
        lcs.set_pattern(self.text.as_bytes());
        let entity_chars = self.text.len();
        let weight_sum: f32 = source.iter().map(|s| s.2).sum::<f32>().max(1e-3);
        let capitals = source.iter().filter(|s| s.1 == Shape::Capital).count() as f32;
        let punct = source.iter().filter(|s| s.1 == Shape::Punctuation).count() as f32;
        let digits: Vec<&str> = source.iter().filter(|s| s.1 == Shape::Digit).map(|s| &*s.0).collect();
        let initials: String =
            source.iter().filter(|s| s.1 == Shape::Capital).filter_map(|s| s.0.chars().next()).collect();
        let entity_id = TextId::EMPTY.extend(&self.text);
        let own_same: &[Choice] = self.p.own.get(self.index).map_or(&[], |x| x);
        let own_projected: f32 = own_same.iter().map(|x| x.probability).sum();
        let lexical_best: Vec<Vec<f32>> = self
            .span
            .range()
            .map(|i| (0..nj).map(|j| self.p.lexical_reverse[i * nj + j].max(6e-6).ln()).collect())
            .collect();
        for start in 0..nj {
            let mut additive = [0.0; Feature::COUNT];
            let mut start_row = [0.0; Feature::COUNT];
            self.start(start, &mut start_row);
            lcs.reset();
            let (mut chars, mut caps, mut puncts, mut open, mut quotes, mut gaps) =
                (0usize, 0.0f32, 0.0f32, 0i32, 0u32, 0.0f32);
            let mut lexical_forward = 0.0f32;
            let mut lexical_reverse = vec![-12.0f32; len];
            let mut id = TextId::EMPTY;
            let mut span_digits: Vec<&str> = Vec::new();
            let mut span_initials = String::new();
            let mut single = "";
            for end in start + 1..=nj.min(start + max_len) {
                let j = end - 1;
                let t = &self.p.tokens[j];
                self.token(j, &mut additive);
                lcs.extend(t.folded.as_bytes());
                chars += t.folded.len();
                id = id.extend(t.folded);
                if end == start + 1 {
                    single = t.folded;
                }
                match t.shape {
                    Shape::Capital => {
                        caps += 1.0;
                        span_initials.extend(t.folded.chars().next());
                    }
                    Shape::Punctuation => puncts += 1.0,
                    Shape::Digit => span_digits.push(t.folded),
                    _ => {}
                }
                match t.text {
                    "(" | "[" | "{" => open += 1,
                    ")" | "]" | "}" => open = if open == 0 { -100 } else { open - 1 },
                    "\"" | "“" | "”" | "«" | "»" | "„" => quotes += 1,
                    _ => {}
                }
                gaps += 1.0 - self.link[j];
                lexical_forward += self.lexical_to[j];
                for (k, x) in lexical_reverse.iter_mut().enumerate() {
                    *x = x.max(lexical_best[k][j]);
                }

                let mut row = additive;
                for (x, y) in row.iter_mut().zip(&start_row) {
                    *x += y;
                }
                self.end(j, &mut row);
                let n = (end - start) as f32;
                let mut set = |f: Feature, x: f32| row[f as usize] = x;
                let ratio = (n / len as f32).ln();
                set(F::Longer, ratio.max(0.0));
                set(F::Shorter, (-ratio).max(0.0));
                set(F::SameLength, f32::from(end - start == len));
                set(F::BothSingle, f32::from(end - start == 1 && len == 1));
                let ratio = ((chars as f32 + 1.0) / (entity_chars as f32 + 1.0)).ln();
                set(F::LongerText, ratio.max(0.0));
                set(F::ShorterText, (-ratio).max(0.0));
                let common = lcs.common();
                let s = dice(common, entity_chars, chars) * (entity_chars.max(chars) as f32 / 5.0).min(1.0);
                let s = (s - 0.4).max(0.0) / 0.6;
                set(F::Similarity, s);
                set(F::VerySimilar, f32::from(s > 0.7));
                set(F::Equal, f32::from(common == entity_chars && common == chars));
                let (mut covered, mut covered_weighted, mut inside) = (0.0, 0.0, true);
                for (k, token) in source.iter().enumerate() {
                    let sums = &self.cumulative[k * (nj + 1)..];
                    let mass = (sums[end] - sums[start]).min(1.0);
                    covered += mass;
                    covered_weighted += mass * token.2;
                    inside &= self.best[k] == usize::MAX || (start..end).contains(&self.best[k]);
                }
                let covered = covered / len as f32;
                set(F::Covered, covered);
                set(F::Coverage, covered * len as f32);
                set(F::CoverageWeighted, covered_weighted / weight_sum);
                set(F::UncoveredSquare, (1.0 - covered) * (1.0 - covered));
                set(F::BestLinksInside, f32::from(inside));
                set(F::LexicalForward, lexical_forward / n);
                set(F::LexicalReverse, lexical_reverse.iter().sum::<f32>() / len as f32);
                set(F::Bracket, f32::from(open != 0));
                set(F::Quotes, f32::from(quotes % 2 == 1));
                let info = self.p.target_capital * self.p.source_capital;
                set(F::CapitalDifference, (caps - capitals).abs() * info);
                set(F::CapitalLost, f32::from(capitals > 0.0 && caps == 0.0) * self.p.target_capital);
                set(F::MorePunctuation, (puncts - punct).max(0.0));
                set(F::LessPunctuation, (punct - puncts).max(0.0));
                if !digits.is_empty() || !span_digits.is_empty() {
                    set(F::SameDigits, f32::from(digits == span_digits));
                    set(F::OtherDigits, f32::from(digits != span_digits));
                }
                let acronym = (len == 1 && capitals == 1.0 && span_initials.len() > 1 && span_initials == self.text)
                    || (end - start == 1 && caps == 1.0 && initials.len() > 1 && initials == single)
                    || (len == 1 && end - start == 1 && same_letters(&self.text, single));
                set(F::Acronym, f32::from(acronym));
                let position = (self.span.start + self.span.end) as f32 / (2.0 * self.p.source.len() as f32)
                    - (start + end) as f32 / (2.0 * nj as f32);
                set(F::Distance, position.abs());
                set(F::Gaps, gaps / n);
                if let Some(c) = self.p.consistency {
                    let own: f32 = own_same.iter().filter(|x| x.candidate == id).map(|x| x.probability).sum();
                    let pair = (c.pair(entity_id, id) - own).max(0.0);
                    let projected = (c.entity(entity_id).1 - own_projected).max(0.0);
                    set(F::Consistent, pair / (projected + 1.0));
                    set(F::Inconsistent, ((projected - pair).max(0.0)) / (projected + 1.0));
                    set(F::ConsistentReverse, pair / ((c.candidate(id) - own).max(pair) + 1.0));
                }
                visit(Span::new(start, end), &row);
            }
        }
    }

    /// Features of there being no counterpart.
    pub fn null(&self) -> NullRow {
        let mut row = [0.0; NullFeature::COUNT];
        let mut set = |f: NullFeature, x: f32| row[f as usize] = x;
        let nj = self.p.tokens.len();
        let len = self.span.len() as f32;
        let source = &self.p.source[self.span.range()];
        let corpus = self.p.corpus;
        set(N::Bias, 1.0);
        set(N::BestLink, self.link.iter().copied().fold(0.0, f32::max));
        let linked: f32 = (0..self.span.len()).map(|k| self.cumulative[k * (nj + 1) + nj].min(1.0)).sum();
        set(N::Linked, linked / len);
        set(N::ForwardMass, self.forward.iter().sum::<f32>().min(2.0 * len) / len);
        set(N::BestSimilarity, self.similarity.iter().copied().fold(0.0, f32::max));
        set(N::Length, len.ln());
        set(N::Lower, f32::from(source.iter().all(|s| s.1 != Shape::Capital)));
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
        set(N::Weight, source.iter().map(|s| s.2).sum::<f32>() / len);
        if let Some(c) = self.p.consistency {
            let own: f32 = self.p.own.get(self.index).map_or(0.0, |x| x.iter().map(|x| x.probability).sum());
            let (seen, projected) = c.entity(TextId::EMPTY.extend(&self.text));
            let (seen, projected) = ((seen - 1.0).max(0.0), (projected - own).max(0.0));
            set(N::Absent, (seen - projected).max(0.0) / (seen + 1.0));
        }
        row
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

/// Whether two short words have the same letters in another order (EU, UE), at most six.
fn same_letters(a: &str, b: &str) -> bool {
    if a.len() != b.len() || a.len() > 6 || a.len() < 2 || a == b {
        return false;
    }
    let sorted = |s: &str| {
        let mut bytes = s.as_bytes().to_vec();
        bytes.sort_unstable();
        bytes
    };
    sorted(a) == sorted(b)
}
