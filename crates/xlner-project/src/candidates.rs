//! Candidates: target spans that may be entities.

use std::fmt;
use std::str::FromStr;

use xlner_core::{LabelProbabilities, Pair, Sentence, Span};

use crate::{Error, Result};

/// Which spans are candidates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CandidateKind {
    /// All spans of at most the maximal length without a stop token.
    #[default]
    Ngram,
    /// Those of them that lie between the first and the last target token linked to one and the same entity. With the
    /// score `align` and a constraint `<=n` nothing is lost by that (Shkalikov 2024, theorem on aligned candidates).
    Aligned,
    /// The spans a tagger of the target language proposes: decoded from the target's `probabilities` where they are
    /// given, else its `entities`.
    Tagger,
    /// Those, and all their sub-spans of at most the maximal length.
    TaggerSubspans,
}

impl CandidateKind {
    /// Name in flags.
    pub fn as_str(self) -> &'static str {
        match self {
            CandidateKind::Ngram => "ngram",
            CandidateKind::Aligned => "aligned",
            CandidateKind::Tagger => "tagger",
            CandidateKind::TaggerSubspans => "tagger-subspans",
        }
    }
}

impl fmt::Display for CandidateKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for CandidateKind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        [CandidateKind::Ngram, CandidateKind::Aligned, CandidateKind::Tagger, CandidateKind::TaggerSubspans]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| Error::Parse {
                what: "a set of candidates",
                found: text.to_owned(),
                known: "ngram, aligned, tagger, tagger-subspans",
            })
    }
}

/// How candidates are made.
#[derive(Debug, Clone, PartialEq)]
pub struct CandidateSet {
    /// Which spans.
    pub kind: CandidateKind,
    /// Tokens of the longest n-gram or sub-span (published: 10). The spans of a tagger may be longer.
    pub max_length: usize,
    /// Tokens that are in no n-gram (published: `!` and `?`). They do not limit the spans of a tagger.
    pub stop_tokens: Vec<String>,
}

impl Default for CandidateSet {
    fn default() -> Self {
        CandidateSet { kind: CandidateKind::Ngram, max_length: 10, stop_tokens: vec!["!".to_owned(), "?".to_owned()] }
    }
}

/// The candidates of a target sentence, numbered by first, then last token.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Candidates {
    /// `offsets[t]..offsets[t + 1]`: the candidates that start at token t.
    offsets: Vec<u32>,
    ends: Vec<u32>,
    reach: Vec<u32>,
    spans: Vec<Span>,
}

impl Candidates {
    /// Number of candidates.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Number of target tokens.
    pub fn target_len(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// The number of the first candidate that starts at the token, and the ends of all that do, ascending.
    pub fn starting_at(&self, token: usize) -> (usize, &[u32]) {
        let first = self.offsets[token] as usize;
        (first, &self.ends[first..self.offsets[token + 1] as usize])
    }

    /// The number of a span; `None` where it is no candidate.
    pub fn find(&self, span: Span) -> Option<usize> {
        if span.start >= self.target_len() {
            return None;
        }
        let (first, ends) = self.starting_at(span.start);
        ends.binary_search(&(span.end as u32)).ok().map(|at| first + at)
    }

    /// The span of a candidate. Panics when there is no such candidate.
    pub fn span(&self, candidate: usize) -> Span {
        let start = self.offsets.partition_point(|&offset| offset as usize <= candidate) - 1;
        Span::new(start, self.ends[candidate] as usize)
    }

    /// The span of a candidate, given a start token no later than its own (quicker than [`span`](Self::span) in a row).
    pub(crate) fn span_from(&self, candidate: usize, mut start: usize) -> Span {
        while self.offsets[start + 1] as usize <= candidate {
            start += 1;
        }
        Span::new(start, self.ends[candidate] as usize)
    }

    /// Makes the candidates of a pair.
    ///
    /// # Errors
    /// [`Error::NoAlignment`] for [`CandidateKind::Aligned`] without links.
    pub fn fill(&mut self, set: &CandidateSet, pair: &Pair) -> Result<()> {
        let len = pair.target.len();
        // How far the longest candidate from each token reaches; shorter ones are candidates too.
        self.reach.clear();
        self.reach.resize(len, 0);
        match set.kind {
            CandidateKind::Ngram => self.reach_within(set, &pair.target, Span::new(0, len)),
            CandidateKind::Aligned => {
                let alignment = pair.alignment.as_ref().ok_or(Error::NoAlignment("candidates `aligned`"))?;
                for entity in &pair.source.entities {
                    let targets = entity.span.range().flat_map(|token| alignment.of_source(token)).map(|l| l.target);
                    let (first, last) = targets.fold((u32::MAX, 0), |(lo, hi), t| (lo.min(t), hi.max(t)));
                    if first <= last {
                        self.reach_within(set, &pair.target, Span::new(first as usize, last as usize + 1));
                    }
                }
            }
            CandidateKind::Tagger => {}
            CandidateKind::TaggerSubspans => {
                tagger_spans(&pair.target, &mut self.spans);
                for span in &self.spans {
                    for start in span.range() {
                        let end = span.end.min(start.saturating_add(set.max_length)) as u32;
                        self.reach[start] = self.reach[start].max(end);
                    }
                }
            }
        }
        if matches!(set.kind, CandidateKind::Tagger | CandidateKind::TaggerSubspans) {
            tagger_spans(&pair.target, &mut self.spans);
        } else {
            self.spans.clear();
        }
        self.number(len);
        Ok(())
    }

    /// All n-grams inside `range`.
    fn reach_within(&mut self, set: &CandidateSet, target: &Sentence, range: Span) {
        let mut limit = range.end;
        for start in range.range().rev() {
            if set.stop_tokens.iter().any(|stop| stop == target.token(start)) {
                limit = start;
            }
            let end = limit.min(start.saturating_add(set.max_length)) as u32;
            self.reach[start] = self.reach[start].max(end);
        }
    }

    /// Numbers the n-grams given by `reach` and the spans given one by one.
    fn number(&mut self, len: usize) {
        self.spans.sort_unstable();
        self.spans.dedup();
        self.offsets.clear();
        self.ends.clear();
        let mut spans = self.spans.iter().peekable();
        for start in 0..len {
            self.offsets.push(self.ends.len() as u32);
            self.ends.extend(start as u32 + 1..=self.reach[start]);
            while let Some(span) = spans.next_if(|span| span.start == start) {
                if span.end as u32 > self.reach[start] {
                    self.ends.push(span.end as u32);
                }
            }
        }
        self.offsets.push(self.ends.len() as u32);
    }
}

/// The spans a tagger proposes: decoded from probabilities where given, else the entities.
fn tagger_spans(target: &Sentence, spans: &mut Vec<Span>) {
    spans.clear();
    match &target.probabilities {
        Some(probabilities) => decode(probabilities, spans),
        None => spans.extend(target.entities.iter().map(|entity| entity.span)),
    }
}

/// The most probable tag of each token (of equal ones the first), read as IOB2: a span begins at `B-`, and at an `I-` (or
/// a bare label) that continues no span of its label.
fn decode(probabilities: &LabelProbabilities, spans: &mut Vec<Span>) {
    let mut open: Option<(usize, &str)> = None;
    for (token, row) in probabilities.rows.iter().enumerate() {
        let mut best = 0;
        for (column, value) in row.iter().enumerate() {
            if *value > row[best] {
                best = column;
            }
        }
        let tag = probabilities.labels.get(best).map_or("O", String::as_str);
        let (begins, label) = match tag.split_once('-') {
            Some(("B", label)) => (true, label),
            Some(("I", label)) => (false, label),
            _ => (false, tag),
        };
        if let Some((start, current)) = open
            && (begins || label != current)
        {
            spans.push(Span::new(start, token));
            open = None;
        }
        if label != "O" && open.is_none() {
            open = Some((token, label));
        }
    }
    if let Some((start, _)) = open {
        spans.push(Span::new(start, probabilities.rows.len()));
    }
}

#[cfg(test)]
mod tests {
    use xlner_core::{Alignment, Entity};

    use super::*;

    fn spans(candidates: &Candidates) -> Vec<(usize, usize)> {
        (0..candidates.len()).map(|c| candidates.span(c)).map(|s| (s.start, s.end)).collect()
    }

    fn fill(kind: CandidateKind, max_length: usize, pair: &Pair) -> Candidates {
        let mut candidates = Candidates::default();
        candidates.fill(&CandidateSet { kind, max_length, ..CandidateSet::default() }, pair).unwrap();
        for (number, &(start, end)) in spans(&candidates).iter().enumerate() {
            assert_eq!(candidates.find(Span::new(start, end)), Some(number));
        }
        candidates
    }

    #[test]
    fn ngrams_stop_at_stop_tokens() {
        let pair = Pair { target: Sentence::from_tokens(["a", "b", "!", "c"]), ..Pair::default() };
        assert_eq!(spans(&fill(CandidateKind::Ngram, 2, &pair)), [(0, 1), (0, 2), (1, 2), (3, 4)]);
        assert!(fill(CandidateKind::Ngram, 2, &Pair::default()).is_empty());
        assert!(fill(CandidateKind::Ngram, 0, &pair).is_empty());
    }

    #[test]
    fn aligned_ngrams_lie_between_the_links_of_one_entity() {
        let mut pair = Pair {
            source: Sentence::from_tokens(["x", "y"]),
            target: Sentence::from_tokens(["a", "b", "c", "d", "e"]),
            alignment: Some(Alignment::from_pairs([(0, 0), (0, 1), (1, 1), (1, 3)])),
            ..Pair::default()
        };
        pair.source.entities = vec![Entity::new(0..1, "A"), Entity::new(1..2, "A")];
        let found = spans(&fill(CandidateKind::Aligned, 10, &pair));
        assert_eq!(found, [(0, 1), (0, 2), (1, 2), (1, 3), (1, 4), (2, 3), (2, 4), (3, 4)]);
        pair.alignment = None;
        assert!(
            Candidates::default()
                .fill(&CandidateSet { kind: CandidateKind::Aligned, ..Default::default() }, &pair)
                .is_err()
        );
    }

    #[test]
    fn tagger_spans_come_from_probabilities_or_entities() {
        let mut pair = Pair { target: Sentence::from_tokens(["a", "b", "c", "d", "e"]), ..Pair::default() };
        pair.target.entities = vec![Entity::new(1..4, "A")];
        assert_eq!(spans(&fill(CandidateKind::Tagger, 1, &pair)), [(1, 4)]);
        assert_eq!(
            spans(&fill(CandidateKind::TaggerSubspans, 2, &pair)),
            [(1, 2), (1, 3), (1, 4), (2, 3), (2, 4), (3, 4)]
        );
        let row = |best: usize| (0..4).map(|c| if c == best { 0.7 } else { 0.1 }).collect::<Vec<f32>>();
        pair.target.probabilities = Some(LabelProbabilities {
            spans: Vec::new(),
            labels: ["O", "B-A", "I-A", "I-B"].map(str::to_owned).to_vec(),
            rows: vec![row(2), row(1), row(2), row(3), row(0)],
        });
        assert_eq!(spans(&fill(CandidateKind::Tagger, 1, &pair)), [(0, 1), (1, 3), (3, 4)]);
    }
}
