//! The walk over the candidates of an entity, and the features of a candidate as a whole.

use xlner_core::Span;
use xlner_core::text::{Lcs, dice};

use super::consistency::{Choice, TextId};
use super::names::Feature;
use super::prepared::{SourceToken, Token};
use super::shape::Shape;
use super::tokens::Row;
use super::view::EntityView;

use Feature as F;

impl EntityView<'_, '_> {
    /// Features of all candidates up to a length, in order of start, then end.
    pub fn candidates(&self, max_len: usize, mut visit: impl FnMut(Span, &Row)) {
        let window = self.window();
        let entity = Entity::new(self);
        let mut lcs = Lcs::default();
        lcs.set_pattern(self.text.as_bytes());
        for start in window.clone() {
            let mut inside = [0.0; Feature::COUNT];
            let mut start_row = [0.0; Feature::COUNT];
            self.start(start, &mut start_row);
            lcs.reset();
            let mut candidate = Candidate::new(start, self.span.len());
            for end in start + 1..=window.end.min(start + max_len) {
                let token = &self.p.tokens[end - 1];
                self.token(end - 1, &mut inside);
                lcs.extend(token.folded.as_bytes());
                candidate.push(token, &entity, self);
                let mut row = inside;
                for (x, y) in row.iter_mut().zip(&start_row) {
                    *x += y;
                }
                self.end(end - 1, &mut row);
                self.whole(&entity, &candidate, lcs.common(), &mut row);
                visit(Span::new(start, end), &row);
            }
        }
    }

    /// Features of a candidate as a whole, `common` bytes of which are in the entity too, in the same order.
    fn whole(&self, entity: &Entity<'_>, candidate: &Candidate<'_>, common: usize, row: &mut Row) {
        let mut set = |f: Feature, x: f32| row[f as usize] = x;
        let (start, end, nj) = (candidate.start, candidate.end, self.p.tokens.len());
        let (size, len) = (end - start, self.span.len());
        let n = size as f32;
        let ratio = (n / len as f32).ln();
        set(F::Longer, ratio.max(0.0));
        set(F::Shorter, (-ratio).max(0.0));
        set(F::SameLength, f32::from(size == len));
        set(F::BothSingle, f32::from(size == 1 && len == 1));
        let (chars, entity_chars) = (candidate.chars, self.text.len());
        let ratio = ((chars as f32 + 1.0) / (entity_chars as f32 + 1.0)).ln();
        set(F::LongerText, ratio.max(0.0));
        set(F::ShorterText, (-ratio).max(0.0));
        let s = dice(common, entity_chars, chars) * (entity_chars.max(chars) as f32 / 5.0).min(1.0);
        let s = (s - 0.4).max(0.0) / 0.6;
        set(F::Similarity, s);
        set(F::VerySimilar, f32::from(s > 0.7));
        set(F::Equal, f32::from(common == entity_chars && common == chars));

        let (mut covered, mut covered_weighted, mut inside) = (0.0, 0.0, true);
        for (k, token) in entity.tokens.iter().enumerate() {
            let sums = &self.cumulative[k * (self.link.len() + 1)..];
            let mass = (sums[end - self.first] - sums[start - self.first]).min(1.0);
            covered += mass;
            covered_weighted += mass * token.weight;
            inside &= self.best[k] == usize::MAX || (start..end).contains(&self.best[k]);
        }
        let covered = covered / len as f32;
        set(F::Covered, covered);
        set(F::Coverage, covered * len as f32);
        set(F::CoverageWeighted, covered_weighted / entity.weight);
        set(F::UncoveredSquare, (1.0 - covered) * (1.0 - covered));
        set(F::BestLinksInside, f32::from(inside));
        set(F::LexicalForward, candidate.lexical_forward / n);
        set(F::LexicalReverse, candidate.lexical_reverse.iter().sum::<f32>() / len as f32);
        set(F::Gaps, candidate.gaps / n);

        set(F::Bracket, f32::from(candidate.open != 0));
        set(F::Quotes, f32::from(candidate.quotes % 2 == 1));
        let info = self.p.target_capital * self.p.source_capital;
        set(F::CapitalDifference, (candidate.capitals - entity.capitals).abs() * info);
        set(F::CapitalLost, f32::from(entity.capitals > 0.0 && candidate.capitals == 0.0) * self.p.target_capital);
        set(F::MorePunctuation, (candidate.punctuation - entity.punctuation).max(0.0));
        set(F::LessPunctuation, (entity.punctuation - candidate.punctuation).max(0.0));
        if !entity.digits.is_empty() || !candidate.digits.is_empty() {
            set(F::SameDigits, f32::from(entity.digits == candidate.digits));
            set(F::OtherDigits, f32::from(entity.digits != candidate.digits));
        }
        set(F::Acronym, f32::from(self.acronym(entity, candidate)));
        let position = (self.span.start + self.span.end) as f32 / (2.0 * self.p.source.len() as f32)
            - (start + end) as f32 / (2.0 * nj as f32);
        set(F::Distance, position.abs());
        if let Some(c) = self.p.consistency {
            let id = candidate.id;
            let own: f32 = entity.own.iter().filter(|x| x.candidate == id).map(|x| x.probability).sum();
            let pair = (c.pair(entity.id, id) - own).max(0.0);
            let projected = (c.entity(entity.id).1 - entity.own_projected).max(0.0);
            set(F::Consistent, pair / (projected + 1.0));
            set(F::Inconsistent, ((projected - pair).max(0.0)) / (projected + 1.0));
            set(F::ConsistentReverse, pair / ((c.candidate(id) - own).max(pair) + 1.0));
        }
    }

    /// Whether one is the other's acronym, or both are the same one with its letters in another order.
    fn acronym(&self, entity: &Entity<'_>, candidate: &Candidate<'_>) -> bool {
        let (len, size) = (self.span.len(), candidate.end - candidate.start);
        let (here, there) = (&entity.initials, &candidate.initials);
        (len == 1 && entity.capitals == 1.0 && there.len() > 1 && *there == self.text)
            || (size == 1 && candidate.capitals == 1.0 && here.len() > 1 && here == candidate.first)
            || (len == 1 && size == 1 && same_letters(&self.text, candidate.first))
    }
}

/// What the features ask of the entity, whichever the candidate.
struct Entity<'v> {
    tokens: &'v [SourceToken],
    weight: f32,
    capitals: f32,
    punctuation: f32,
    digits: Vec<&'v str>,
    /// First letters of its capitalised tokens.
    initials: String,
    id: TextId,
    /// What the first pass found for this very entity, which is not to speak for itself.
    own: &'v [Choice],
    own_projected: f32,
    /// Logarithms of the translation probabilities, entity token × target token.
    lexical: Vec<Vec<f32>>,
}

impl<'v> Entity<'v> {
    fn new(view: &'v EntityView<'_, '_>) -> Self {
        let p = view.p;
        let window = view.window();
        let tokens = &p.source[view.span.range()];
        let of = |shape: Shape| tokens.iter().filter(move |token| token.shape == shape);
        let own: &[Choice] = p.own.get(view.index).map_or(&[], |own| own);
        Entity {
            tokens,
            weight: tokens.iter().map(|token| token.weight).sum::<f32>().max(1e-3),
            capitals: of(Shape::Capital).count() as f32,
            punctuation: of(Shape::Punctuation).count() as f32,
            digits: of(Shape::Digit).map(|token| &*token.folded).collect(),
            initials: of(Shape::Capital).filter_map(|token| token.folded.chars().next()).collect(),
            id: TextId::EMPTY.extend(&view.text),
            own,
            own_projected: own.iter().map(|choice| choice.probability).sum(),
            lexical: view
                .span
                .range()
                .map(|i| {
                    let mut row = vec![6e-6f32.ln(); window.len()];
                    for cell in p.row(i, &window) {
                        row[cell.target as usize - window.start] = cell.lexical_reverse.max(6e-6).ln();
                    }
                    row
                })
                .collect(),
        }
    }
}

/// A candidate that grows to the right, token by token.
struct Candidate<'t> {
    start: usize,
    end: usize,
    /// Bytes of the folded tokens.
    chars: usize,
    capitals: f32,
    punctuation: f32,
    digits: Vec<&'t str>,
    initials: String,
    first: &'t str,
    id: TextId,
    /// Brackets that are open; far below 0 once one was closed that had not been opened.
    open: i32,
    quotes: u32,
    /// Sum of what is not linked.
    gaps: f32,
    lexical_forward: f32,
    /// The best so far, by entity token.
    lexical_reverse: Vec<f32>,
}

impl<'t> Candidate<'t> {
    fn new(start: usize, entity_len: usize) -> Self {
        Candidate {
            start,
            end: start,
            chars: 0,
            capitals: 0.0,
            punctuation: 0.0,
            digits: Vec::new(),
            initials: String::new(),
            first: "",
            id: TextId::EMPTY,
            open: 0,
            quotes: 0,
            gaps: 0.0,
            lexical_forward: 0.0,
            lexical_reverse: vec![-12.0; entity_len],
        }
    }

    fn push(&mut self, token: &'t Token<'_>, entity: &Entity<'_>, view: &EntityView<'_, '_>) {
        let j = self.end - view.first;
        self.end += 1;
        self.chars += token.folded.len();
        self.id = self.id.extend(token.folded);
        if self.end == self.start + 1 {
            self.first = token.folded;
        }
        match token.shape {
            Shape::Capital => {
                self.capitals += 1.0;
                self.initials.extend(token.folded.chars().next());
            }
            Shape::Punctuation => self.punctuation += 1.0,
            Shape::Digit => self.digits.push(token.folded),
            _ => {}
        }
        match token.text {
            "(" | "[" | "{" => self.open += 1,
            ")" | "]" | "}" => self.open = if self.open == 0 { -100 } else { self.open - 1 },
            "\"" | "“" | "”" | "«" | "»" | "„" => self.quotes += 1,
            _ => {}
        }
        self.gaps += 1.0 - view.link[j];
        self.lexical_forward += view.lexical_to[j];
        for (best, row) in self.lexical_reverse.iter_mut().zip(&entity.lexical) {
            *best = best.max(row[j]);
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
