//! Filters of projections by their links, and the restriction of one-token entities (Ebing and Glavaš 2025, “The devil is in
//! the details”, arXiv 2505.10507).
//!
//! Where training data is made (translate-train) they drop the whole sentence, since what is left would teach that a name is
//! none; where a test set is labelled (translate-test) they drop the entity.

use std::fmt;
use std::str::FromStr;

use xlner_core::{Entity, Link, Pair, Projection, Reason, Span, Unprojected};

use crate::{Error, Result};

/// A filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Filter {
    /// COMP-SRC: every token of the source entity is linked.
    CompSrc,
    /// COMP-TGT: the target tokens that are linked to the source entity are contiguous.
    CompTgt,
    /// COMP-INS: source and target have as many entities of the label.
    CompIns,
}

impl Filter {
    /// All of them.
    pub const ALL: [Filter; 3] = [Filter::CompSrc, Filter::CompTgt, Filter::CompIns];

    /// The name: `comp-src`, `comp-tgt`, `comp-ins`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Filter::CompSrc => "comp-src",
            Filter::CompTgt => "comp-tgt",
            Filter::CompIns => "comp-ins",
        }
    }

    /// Whether it looks at links.
    pub const fn needs_links(self) -> bool {
        !matches!(self, Filter::CompIns)
    }

    /// Whether it rejects a source entity of a projected pair. Of an entity without any link COMP-TGT says nothing.
    fn rejects(self, pair: &Pair, entity: &Entity) -> bool {
        match self {
            Filter::CompSrc => entity.span.range().any(|token| of_source(pair, token).is_empty()),
            Filter::CompTgt => {
                let mut linked: Vec<u32> = links(pair, entity.span).map(|link| link.target).collect();
                linked.sort_unstable();
                linked.dedup();
                linked.windows(2).any(|two| two[1] != two[0] + 1)
            }
            Filter::CompIns => !balanced(pair, &entity.label),
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Filter {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Filter::ALL.into_iter().find(|filter| filter.as_str() == name).ok_or_else(|| Error::Parse {
            what: "a filter",
            found: name.to_owned(),
            known: "comp-src, comp-tgt, comp-ins",
        })
    }
}

/// What filters drop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Drops {
    /// The entity.
    #[default]
    Entity,
    /// The sentence.
    Sentence,
}

/// What a filter rejected in a pair.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rejected {
    /// Source entities by filter, in the order of the filters given; one may be rejected by several.
    pub by_filter: Vec<u64>,
    /// Target entities that were taken out.
    pub entities: u64,
    /// Whether the sentence is to be left out.
    pub sentence: bool,
}

/// Filters the entities of a projected pair. With [`Drops::Entity`] the target loses those whose source entity a filter rejects,
/// and those without source entity whose label COMP-INS rejects; with [`Drops::Sentence`] the pair stays as it is, and
/// the answer says whether to leave it out.
pub fn filter(pair: &mut Pair, filters: &[Filter], drops: Drops) -> Rejected {
    let mut rejected = Rejected { by_filter: vec![0; filters.len()], ..Rejected::default() };
    let mut dropped = vec![false; pair.source.entities.len()];
    for (filter, count) in filters.iter().zip(&mut rejected.by_filter) {
        for (entity, dropped) in pair.source.entities.iter().zip(&mut dropped) {
            if filter.rejects(pair, entity) {
                *count += 1;
                *dropped = true;
            }
        }
    }
    let counts = filters.contains(&Filter::CompIns);
    let alone = |entity: &Entity| entity.from.is_none() && counts && !balanced(pair, &entity.label);
    let wrong = |entity: &Entity| alone(entity) || entity.from.is_some_and(|from| dropped.get(from) == Some(&true));
    let out: Vec<bool> = pair.target.entities.iter().map(wrong).collect();
    match drops {
        Drops::Sentence => rejected.sentence = dropped.contains(&true) || out.contains(&true),
        Drops::Entity => {
            rejected.entities = out.iter().filter(|out| **out).count() as u64;
            let mut out = out.into_iter();
            pair.target.entities.retain(|_| out.next() != Some(true));
            lose(pair, &dropped);
        }
    }
    rejected
}

/// Says of the source entities that lost their counterpart why.
fn lose(pair: &mut Pair, dropped: &[bool]) {
    let has = |pair: &Pair, at: usize| pair.target.entities.iter().any(|entity| entity.from == Some(at));
    let lost: Vec<usize> = (0..dropped.len()).filter(|&at| dropped[at] && !has(pair, at)).collect();
    let projection: &mut Projection = pair.projection.get_or_insert_default();
    for entity in lost {
        if !projection.unprojected.iter().any(|unprojected| unprojected.entity == entity) {
            projection.unprojected.push(Unprojected { entity, reason: Reason::Filtered });
        }
    }
    projection.unprojected.sort_by_key(|unprojected| unprojected.entity);
}

/// `restrict_target`: the counterpart of a one-token entity stays one token long, the one that is linked to it most probably; where
/// none of its tokens is, the first. Returns how many entities became shorter.
pub fn restrict_target(pair: &mut Pair) -> u64 {
    let shorter = |entity: &Entity| {
        let source = pair.source.entities.get(entity.from?)?;
        if source.span.len() != 1 || entity.span.len() < 2 {
            return None;
        }
        let inside = links(pair, source.span).filter(|link| entity.span.contains(link.target as usize));
        let best = inside.reduce(|best, next| if next.probability > best.probability { next } else { best });
        let at = best.map_or(entity.span.start, |link| link.target as usize);
        Some(Span::new(at, at + 1))
    };
    let spans: Vec<Option<Span>> = pair.target.entities.iter().map(shorter).collect();
    let mut count = 0;
    for (entity, span) in pair.target.entities.iter_mut().zip(spans) {
        if let Some(span) = span {
            entity.span = span;
            count += 1;
        }
    }
    count
}

/// Whether source and target have as many entities of a label.
fn balanced(pair: &Pair, label: &str) -> bool {
    let count = |entities: &[Entity]| entities.iter().filter(|entity| entity.label == label).count();
    count(&pair.source.entities) == count(&pair.target.entities)
}

fn of_source(pair: &Pair, token: usize) -> &[Link] {
    pair.alignment.as_ref().map_or(&[], |alignment| alignment.of_source(token))
}

fn links(pair: &Pair, span: Span) -> impl Iterator<Item = &Link> {
    span.range().flat_map(move |token| of_source(pair, token))
}

#[cfg(test)]
mod tests {
    use xlner_core::{Alignment, Sentence};

    use super::*;

    /// Ann Lee saw Rome; the source has PER 0–2 and LOC 3–4, both projected.
    fn pair(links: &[(u32, u32)]) -> Pair {
        let mut source = Sentence::from_tokens(["Ann", "Lee", "saw", "Rome"]);
        source.entities = vec![Entity::new(0..2, "PER"), Entity::new(3..4, "LOC")];
        let mut target = Sentence::from_tokens(["Roma", "nuova", "vide", "Ann", "x", "Lee"]);
        let from = |from, entity| Entity { from: Some(from), ..entity };
        target.entities = vec![from(1, Entity::new(0..2, "LOC")), from(0, Entity::new(3..6, "PER"))];
        Pair { source, target, alignment: Some(Alignment::from_pairs(links.iter().copied())), ..Pair::default() }
    }

    fn left(pair: &Pair) -> Vec<&str> {
        pair.target.entities.iter().map(|entity| entity.label.as_str()).collect()
    }

    #[test]
    fn each_filter_drops_what_it_says() {
        type Case<'a> = (&'a [(u32, u32)], Filter, &'a [&'a str]);
        let cases: [Case<'_>; 5] = [
            (&[(0, 3), (3, 0)], Filter::CompSrc, &["LOC"]),
            (&[(0, 3), (1, 5), (3, 0)], Filter::CompSrc, &["LOC", "PER"]),
            (&[(0, 3), (1, 5), (3, 0)], Filter::CompTgt, &["LOC"]),
            (&[(0, 4), (1, 5), (3, 0), (3, 1)], Filter::CompTgt, &["LOC", "PER"]),
            (&[], Filter::CompTgt, &["LOC", "PER"]),
        ];
        for (links, name, expected) in cases {
            let mut found = pair(links);
            let rejected = filter(&mut found, &[name], Drops::Entity);
            assert_eq!(left(&found), expected, "{name} {links:?}");
            assert_eq!(rejected.entities as usize, 2 - expected.len());
            let unprojected = &found.projection.unwrap().unprojected;
            assert!(unprojected.iter().all(|lost| lost.entity == 0 && lost.reason == Reason::Filtered));
            let mut whole = pair(links);
            assert_eq!(filter(&mut whole, &[name], Drops::Sentence).sentence, expected.len() < 2);
            assert_eq!(left(&whole), ["LOC", "PER"]);
        }
    }

    #[test]
    fn numbers_of_entities_are_compared_by_label() {
        let mut found = pair(&[]);
        found.target.entities.push(Entity::new(2..3, "LOC"));
        let rejected = filter(&mut found, &[Filter::CompIns], Drops::Entity);
        assert_eq!((left(&found), rejected.by_filter, rejected.entities), (vec!["PER"], vec![1], 2));
        let mut alone = pair(&[]);
        alone.source.entities.clear();
        alone.target.entities.truncate(1);
        alone.target.entities[0].from = None;
        assert!(filter(&mut alone, &[Filter::CompIns], Drops::Sentence).sentence);
    }

    #[test]
    fn one_token_stays_one_token() {
        let mut found = pair(&[(3, 1), (0, 3)]);
        assert_eq!(restrict_target(&mut found), 1);
        assert_eq!(found.target.entities[0].span, Span::new(1, 2));
        assert_eq!(found.target.entities[1].span, Span::new(3, 6));
        let mut bare = pair(&[]);
        assert_eq!(restrict_target(&mut bare), 1);
        assert_eq!(bare.target.entities[0].span, Span::new(0, 1));
    }

    #[test]
    fn names_are_read() {
        for filter in Filter::ALL {
            assert_eq!(filter.as_str().parse::<Filter>().unwrap(), filter);
        }
        assert!("comp".parse::<Filter>().unwrap_err().to_string().contains("comp-ins"));
    }
}
