//! Heuristic projection: the ranges of target tokens linked to an entity.

use xlner_core::{Alignment, Entity, Pair, Projection, Reason, Span, Unprojected};

use crate::scores::dice;
use crate::{Error, Result};

/// Which of the two published programs is followed where they differ.
///
/// | | [`Paper`](Edition::Paper) | [`Thesis`](Edition::Thesis) |
/// |---|---|---|
/// | ranges | grow link by link in source order; a merged range ends where the later of the two (by start, then age) ends, even if the other reaches further | maximal runs of linked tokens |
/// | entities | in their order | the shortest first |
/// | overlap | what is written later replaces the tokens of what was written before; what is left of that stays | a range that overlaps a written one is dropped |
/// | options | merge distance, length ratio | those, only-first, and max-ranges |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edition {
    /// The code of Politov, Shkalikov, Jäkel and Färber 2025 (`match_entities_based_on_word_alignments`).
    Paper,
    /// The code of Shkalikov 2024 (`HeuriticsProjection`).
    Thesis,
}

impl std::str::FromStr for Edition {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "paper" => Ok(Edition::Paper),
            "thesis" => Ok(Edition::Thesis),
            _ => Err(Error::Parse { what: "an edition", found: name.to_owned(), known: "paper, thesis" }),
        }
    }
}

/// Heuristic word-alignment projection: García-Ferrero et al. 2022, as enhanced by Politov et al. 2025.
///
/// For each source entity the target tokens linked to it form ranges. Neighbouring ranges with at most `merge_distance`
/// tokens between them become one (with 0 nothing is merged); ranges of at most `length_ratio` times the entity's length
/// are dropped; at most `max_ranges` are kept; what is left is written into the target sentence, whose tags are then read
/// as `seqeval` reads them. The score of a projected entity is that of `align` ([`scores::AlignScore`](crate::scores::AlignScore));
/// heuristic projection gives neither bound nor margin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Heuristic {
    /// d: ranges with at most that many tokens between them are merged. Published best: 1.
    pub merge_distance: usize,
    /// With it, two ranges are merged only where the right one does not start with a token linked to the entity's first token.
    pub only_first: bool,
    /// t: a range is kept if its length over that of the entity is *greater*. 0 keeps all. Published best: 0.8.
    pub length_ratio: f64,
    /// k: at most that many ranges of an entity are kept, the longest first, of equal ones the leftmost; 0 keeps all.
    pub max_ranges: usize,
    /// The shortest ranges are kept instead: the thesis speaks of the longest, and its code sorts ascending.
    pub shortest_first: bool,
    /// Whose code is followed.
    pub edition: Edition,
}

impl Default for Heuristic {
    fn default() -> Self {
        Heuristic::new(1, false, 0.8, 0)
    }
}

impl Heuristic {
    /// With these options, in the edition that has them: the thesis' where `only_first` or `max_ranges` is used, else the
    /// paper's.
    pub fn new(merge_distance: usize, only_first: bool, length_ratio: f64, max_ranges: usize) -> Self {
        let edition = if only_first || max_ranges > 0 { Edition::Thesis } else { Edition::Paper };
        Heuristic { merge_distance, only_first, length_ratio, max_ranges, shortest_first: false, edition }
    }

    /// The same in the published program of an edition, its order of ranges included.
    #[must_use]
    pub fn in_edition(self, edition: Edition) -> Self {
        Heuristic { edition, shortest_first: edition == Edition::Thesis, ..self }
    }

    /// Projects the source entities of a valid pair.
    pub(crate) fn project(&self, pair: &Pair, buffers: &mut Buffers) -> Result<(Vec<Entity>, Projection)> {
        let alignment = pair.alignment.as_ref().ok_or(Error::NoAlignment("heuristic projection"))?;
        let source = &pair.source.entities;
        buffers.tags.clear();
        buffers.tags.resize(pair.target.len(), Tag::default());
        buffers.reasons.clear();
        buffers.reasons.resize(source.len(), Reason::Conflict);
        buffers.order.clear();
        buffers.order.extend(0..source.len() as u32);
        if self.edition == Edition::Thesis {
            buffers.order.sort_by_key(|&entity| source[entity as usize].span.len());
        }
        for at in 0..buffers.order.len() {
            let entity = buffers.order[at] as usize;
            let span = source[entity].span;
            match self.edition {
                Edition::Paper => grow(alignment, span, &mut buffers.ranges),
                Edition::Thesis => runs(alignment, span, &mut buffers.ranges),
            }
            if buffers.ranges.is_empty() {
                buffers.reasons[entity] = Reason::Unaligned;
                continue;
            }
            self.merge(alignment, span.start, &mut buffers.ranges);
            buffers.ranges.retain(|range| range.len() as f64 / span.len() as f64 > self.length_ratio);
            if buffers.ranges.is_empty() {
                buffers.reasons[entity] = Reason::TooShort;
                continue;
            }
            if self.max_ranges > 0 {
                match self.shortest_first {
                    true => buffers.ranges.sort_by_key(|range| range.len()),
                    false => buffers.ranges.sort_by_key(|range| std::cmp::Reverse(range.len())),
                }
                buffers.ranges.truncate(self.max_ranges);
            }
            for range in &buffers.ranges {
                let tags = &mut buffers.tags[range.range()];
                if self.edition == Edition::Thesis && tags.iter().any(|tag| tag.owner > 0) {
                    continue;
                }
                tags.fill(Tag { owner: entity as u32 + 1, begins: false });
                tags[0].begins = true;
            }
        }
        Ok(buffers.read(pair, alignment))
    }

    fn merge(&self, alignment: &Alignment, first: usize, ranges: &mut Vec<Span>) {
        if self.merge_distance == 0 {
            return;
        }
        ranges.sort_by_key(|range| range.start);
        let mut kept = 0;
        for at in 1..ranges.len() {
            let range = ranges[at];
            let far = range.start > ranges[kept].end + self.merge_distance;
            if far || (self.only_first && alignment.contains(first as u32, range.start as u32)) {
                kept += 1;
                ranges[kept] = range;
            } else {
                ranges[kept].end = range.end;
            }
        }
        ranges.truncate(kept + 1);
    }
}

/// The maximal runs of target tokens linked to the span, left to right.
fn runs(alignment: &Alignment, span: Span, ranges: &mut Vec<Span>) {
    ranges.clear();
    ranges.extend(span.range().flat_map(|token| alignment.of_source(token)).map(|link| {
        let token = link.target as usize;
        Span::new(token, token + 1)
    }));
    ranges.sort_unstable();
    ranges.dedup_by(|next, run| {
        let joins = next.start <= run.end;
        if joins {
            run.end = next.end;
        }
        joins
    });
}

/// Ranges grown link by link: a token inside a range or beside it belongs to it (to several, where it lies between them),
/// any other token starts a range of its own.
fn grow(alignment: &Alignment, span: Span, ranges: &mut Vec<Span>) {
    ranges.clear();
    for link in span.range().flat_map(|token| alignment.of_source(token)) {
        let token = link.target as usize;
        let mut found = false;
        for range in ranges.iter_mut() {
            let beside = range.start <= token + 1 && token <= range.end;
            if beside {
                range.start = range.start.min(token);
                range.end = range.end.max(token + 1);
                found = true;
            }
        }
        if !found {
            ranges.push(Span::new(token, token + 1));
        }
    }
}

/// Which source entity (its index plus one) a target token was given to, and whether a projection begins there.
#[derive(Debug, Clone, Copy, Default)]
struct Tag {
    owner: u32,
    begins: bool,
}

/// Buffers of the heuristic, kept between pairs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Buffers {
    tags: Vec<Tag>,
    reasons: Vec<Reason>,
    order: Vec<u32>,
    ranges: Vec<Span>,
}

impl Buffers {
    /// Reads the tags as `seqeval` does: an entity also begins where the label changes.
    fn read(&self, pair: &Pair, alignment: &Alignment) -> (Vec<Entity>, Projection) {
        let source = &pair.source.entities;
        let mut entities: Vec<Entity> = Vec::new();
        let mut projection = Projection::default();
        for (token, tag) in self.tags.iter().enumerate() {
            if tag.owner == 0 {
                continue;
            }
            let owner = tag.owner as usize - 1;
            match entities.last_mut() {
                Some(last) if last.span.end == token && !tag.begins && last.label == source[owner].label => {
                    last.span.end = token + 1;
                }
                _ => {
                    let mut entity = Entity::new(token..token + 1, source[owner].label.as_str());
                    entity.from = Some(owner);
                    entities.push(entity);
                }
            }
        }
        for entity in &mut entities {
            let score = entity.from.map_or(0.0, |from| dice(alignment, source[from].span, entity.span));
            entity.score = Some(score);
            projection.objective += score;
        }
        for (entity, &reason) in self.reasons.iter().enumerate() {
            if !entities.iter().any(|projected| projected.from == Some(entity)) {
                projection.unprojected.push(Unprojected { entity, reason });
            }
        }
        (entities, projection)
    }
}

#[cfg(test)]
mod tests {
    use xlner_core::Sentence;

    use super::*;

    fn pair(entities: &[(usize, usize, &str)], links: &[(u32, u32)]) -> Pair {
        let mut source = Sentence::from_tokens(["s"; 10]);
        source.entities = entities.iter().map(|&(start, end, label)| Entity::new(start..end, label)).collect();
        Pair {
            source,
            target: Sentence::from_tokens(["t"; 10]),
            alignment: Some(Alignment::from_pairs(links.iter().copied())),
            ..Pair::default()
        }
    }

    type Found = (Vec<(usize, usize, usize)>, Vec<(usize, Reason)>);

    /// Projections as `from`, start, end; reasons by entity.
    fn project(heuristic: Heuristic, pair: &Pair) -> Found {
        let (entities, projection) = heuristic.project(pair, &mut Buffers::default()).unwrap();
        (
            entities.iter().map(|e| (e.from.unwrap(), e.span.start, e.span.end)).collect(),
            projection.unprojected.iter().map(|u| (u.entity, u.reason)).collect(),
        )
    }

    #[test]
    fn ranges_are_merged_over_a_gap_unless_the_right_one_starts_anew() {
        let pair = pair(&[(0, 2, "PER")], &[(0, 1), (0, 4), (1, 2), (1, 5)]);
        assert_eq!(project(Heuristic::new(1, false, 0.8, 0), &pair).0, [(0, 1, 6)]);
        assert_eq!(project(Heuristic::new(1, true, 0.8, 0), &pair).0, [(0, 1, 3), (0, 4, 6)]);
        assert_eq!(project(Heuristic::new(0, false, 0.8, 0), &pair).0, [(0, 1, 3), (0, 4, 6)]);
    }

    #[test]
    fn short_ranges_are_dropped_and_the_reason_told() {
        let pair = pair(&[(0, 5, "ORG"), (6, 7, "LOC"), (8, 9, "PER")], &[(0, 0), (1, 1), (2, 2), (3, 3), (8, 8)]);
        let (entities, reasons) = project(Heuristic::new(1, false, 0.8, 0), &pair);
        assert_eq!(entities, [(2, 8, 9)]); // 4 / 5 is not greater than 0.8
        assert_eq!(reasons, [(0, Reason::TooShort), (1, Reason::Unaligned)]);
        assert_eq!(project(Heuristic::new(1, false, 0.79, 0), &pair).0, [(0, 0, 4), (2, 8, 9)]);
    }

    #[test]
    fn the_longest_ranges_are_kept_and_in_the_thesis_the_shortest() {
        let pair = pair(&[(0, 1, "PER")], &[(0, 0), (0, 1), (0, 4), (0, 8)]);
        let heuristic = |ranges| Heuristic::new(1, false, 0.8, ranges);
        assert_eq!(project(heuristic(1), &pair).0, [(0, 0, 2)]);
        assert_eq!(project(heuristic(2), &pair).0, [(0, 0, 2), (0, 4, 5)]);
        let thesis = |ranges| heuristic(ranges).in_edition(Edition::Thesis);
        assert_eq!(project(thesis(1), &pair).0, [(0, 4, 5)]);
        assert_eq!(project(thesis(2), &pair).0, [(0, 4, 5), (0, 8, 9)]);
    }

    #[test]
    fn the_editions_treat_overlap_differently() {
        let links = [(0, 2), (0, 3), (0, 4), (0, 5), (3, 4)];
        let pair = pair(&[(0, 2, "PER"), (3, 4, "LOC")], &links);
        let paper = Heuristic::new(1, false, 0.0, 0);
        assert_eq!(project(paper, &pair).0, [(0, 2, 4), (1, 4, 5), (0, 5, 6)]);
        let thesis = Heuristic { edition: Edition::Thesis, ..paper };
        assert_eq!(project(thesis, &pair), (vec![(1, 4, 5)], vec![(0, Reason::Conflict)]));
    }

    #[test]
    fn the_paper_ends_a_merged_range_where_the_later_one_ends() {
        // 7 and 5 start ranges, 6 joins both (6..8 and 5..7), the second 5 joins the first one too (5..8): the one that
        // was started later ends at 7.
        let pair = pair(&[(0, 3, "PER")], &[(0, 7), (1, 5), (1, 6), (2, 5)]);
        let paper = Heuristic::new(1, false, 0.0, 0);
        assert_eq!(project(paper, &pair).0, [(0, 5, 7)]);
        assert_eq!(project(Heuristic { edition: Edition::Thesis, ..paper }, &pair).0, [(0, 5, 8)]);
    }

    #[test]
    fn without_links_it_is_an_error() {
        let mut pair = pair(&[(0, 1, "PER")], &[]);
        pair.alignment = None;
        assert!(matches!(Heuristic::default().project(&pair, &mut Buffers::default()), Err(Error::NoAlignment(_))));
    }
}
