//! Features that are added up token by token: of those inside a candidate, at its edges and beside them.

use super::names::Feature;
use super::shape::Shape;
use super::view::EntityView;

use Feature as F;

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

impl EntityView<'_, '_> {
    /// Features of one token inside the candidate.
    pub(super) fn token(&self, j: usize, row: &mut Row) {
        let t = &self.p.tokens[j];
        let j = j - self.first;
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
    pub(super) fn start(&self, j: usize, row: &mut Row) {
        self.edge(j, row, &START, &self.before);
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

    /// Features of the last token of the candidate and of the token after it.
    pub(super) fn end(&self, j: usize, row: &mut Row) {
        self.edge(j, row, &END, &self.after);
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

    fn edge(&self, j: usize, row: &mut Row, features: &[Feature; 10], neighbour: &[f32]) {
        let t = &self.p.tokens[j];
        let j = j - self.first;
        let loose = 1.0 - self.link[j];
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
        row[features[6] as usize] += neighbour[j];
        if t.shape == Shape::Lower {
            row[features[7] as usize] += self.link[j] * (1.0 - t.weight);
            row[features[9] as usize] += self.p.target_capital;
        }
        row[features[8] as usize] += (1.0 - t.unlinked - self.forward[j]).max(0.0);
    }

    fn outside(&self, j: usize, row: &mut Row, features: &[Feature; 4]) {
        let t = &self.p.tokens[j];
        // What lies beyond the window is not linked.
        let of = |list: &[f32]| j.checked_sub(self.first).and_then(|at| list.get(at)).copied().unwrap_or(0.0);
        let link = of(&self.link);
        row[features[0] as usize] += link;
        row[features[1] as usize] += of(&self.similarity);
        if t.capital_unlinked {
            row[features[2] as usize] += 1.0;
        }
        if t.shape == Shape::Lower {
            row[features[3] as usize] += link * (1.0 - t.weight);
        }
    }
}
