//! Back-translation refinement (Politov et al. 2025): the translation is translated back, and the
//! entities go over the back-translation, which has the words of the original sentence more often than not.

use std::str::FromStr;

use xlner_align::Scratch;
use xlner_core::{Alignment, Link, Pair, Reason, Sentence, Unprojected};

use crate::aligner::{Aligner, LinkExtraction};
use crate::engine::pump;
use crate::{Error, Result};

/// Field of a record that holds its back-translation.
pub(super) const FIELD: &str = "back_translation";

/// How a back-translation is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Back {
    /// Entities are projected from the source to the back-translation, and from there to the target.
    Project,
    /// Links from source to target are those from source to back-translation followed by those from there to the target.
    Compose,
    /// Of the direct links those that are composed ones too.
    Intersect,
}

impl Back {
    /// Whether it comes to links, so that the method of projection finds them given.
    pub(crate) fn gives_links(self) -> bool {
        self != Back::Project
    }
}

impl FromStr for Back {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "project" => Ok(Back::Project),
            "compose" => Ok(Back::Compose),
            "intersect" => Ok(Back::Intersect),
            _ => Err(Error::Options(format!(
                "“{name}” is no use of a back-translation; known: project, compose, intersect"
            ))),
        }
    }
}

/// The back-translation of a pair; empty where it has none.
pub(super) fn sentence(pair: &Pair) -> Result<Sentence> {
    match pair.extra.get(FIELD) {
        Some(value) => Ok(serde::Deserialize::deserialize(value)?),
        None => Ok(Sentence::default()),
    }
}

/// Keeps the back-translation of a pair in its record.
pub(super) fn keep(pair: &mut Pair, sentence: &Sentence) -> Result<()> {
    pair.extra.insert(FIELD, xlner_core::extra::to_value(sentence)?);
    Ok(())
}

/// Gives pairs the links that their back-translations come to. `direct` knows source and target language, `same` aligns
/// back-translations with targets.
pub(super) fn link(pairs: &mut [Pair], direct: &Aligner, same: &Aligner, back: Back) -> Result<()> {
    pump::each(pairs, 1, |scratch: &mut Scratch, pair, _| {
        let middle = sentence(pair)?;
        let extraction = LinkExtraction::of_entities();
        let first = Pair { source: words(&pair.source), target: words(&middle), ..Pair::default() };
        let second = Pair { source: words(&middle), target: words(&pair.target), ..Pair::default() };
        let wrong = |error: xlner_core::Error| Error::Options(format!("pair “{}”: {error}", pair.id));
        let first = direct.links(&first, &extraction, scratch).map_err(wrong)?;
        let second = same.links(&second, &extraction, scratch).map_err(wrong)?;
        let composed = compose(&first, &second);
        let links = match back {
            Back::Intersect => {
                let links = direct.links(pair, &extraction, scratch).map_err(wrong)?;
                let both = links.links().iter().filter(|link| composed.contains(link.source, link.target));
                Alignment::new(both.copied().collect())
            }
            _ => composed,
        };
        pair.alignment = Some(links);
        Ok(())
    })
}

/// A sentence with nothing but its tokens.
fn words(sentence: &Sentence) -> Sentence {
    Sentence::from_tokens(sentence.tokens())
}

/// Links followed by links: the probability of a way is the product of its two, and the most probable way counts.
fn compose(first: &Alignment, second: &Alignment) -> Alignment {
    let mut links: Vec<Link> = Vec::new();
    for one in first.links() {
        for two in second.of_source(one.target as usize) {
            let probability = one.probability * two.probability;
            match links.iter_mut().find(|link| (link.source, link.target) == (one.source, two.target)) {
                Some(link) => link.probability = link.probability.max(probability),
                None => links.push(Link { source: one.source, target: two.target, probability }),
            }
        }
    }
    Alignment::new(links)
}

/// The pairs of a translation and its back-translation, to be projected first.
pub(super) fn first_step(pairs: &[Pair]) -> Result<Vec<Pair>> {
    let pair = |pair: &Pair| {
        Ok(Pair { id: pair.id.clone(), source: pair.source.clone(), target: sentence(pair)?, ..Pair::default() })
    };
    pairs.iter().map(pair).collect()
}

/// The pairs of a back-translation, with the entities of the first step, and the target.
pub(super) fn second_step(pairs: &[Pair], first: Vec<Pair>) -> Vec<Pair> {
    let pair = |(pair, first): (&Pair, Pair)| Pair {
        id: pair.id.clone(),
        source: first.target,
        target: pair.target.clone(),
        ..Pair::default()
    };
    pairs.iter().zip(first).map(pair).collect()
}

/// Writes what both steps found into the pairs: entities come from those of the source, and those that got lost in a step
/// have its reason.
pub(super) fn join(pairs: &mut [Pair], lost: Vec<Vec<Unprojected>>, second: Vec<Pair>) {
    for ((pair, mut unprojected), mut second) in pairs.iter_mut().zip(lost).zip(second) {
        let middle = second.source.entities;
        for entity in &mut second.target.entities {
            entity.from = entity.from.and_then(|from| middle[from].from);
        }
        pair.target.entities = second.target.entities;
        let mut projection = second.projection.unwrap_or_default();
        for late in &projection.unprojected {
            let entity = middle[late.entity].from.unwrap_or(late.entity);
            let others = pair.target.entities.iter().any(|other| other.from == Some(entity));
            if !others && !unprojected.iter().any(|known| known.entity == entity) {
                unprojected.push(Unprojected { entity, reason: late.reason });
            }
        }
        unprojected.sort_by_key(|unprojected| unprojected.entity);
        // Without a single assignment there is no proof for the whole.
        (projection.bound, projection.unprojected) = (None, unprojected);
        pair.projection = Some(projection);
    }
}

/// What the first step lost.
pub(super) fn lost(first: &[Pair]) -> Vec<Vec<Unprojected>> {
    let of = |pair: &Pair| match &pair.projection {
        Some(projection) => projection.unprojected.clone(),
        None => {
            let all = 0..pair.source.entities.len();
            all.map(|entity| Unprojected { entity, reason: Reason::EmptyTarget }).collect()
        }
    };
    first.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_probable_way_counts() {
        let link = |source, target, probability| Link { source, target, probability };
        let first = Alignment::new(vec![link(0, 0, 0.5), link(0, 1, 1.0), link(1, 2, 1.0)]);
        let second = Alignment::new(vec![link(0, 3, 1.0), link(1, 3, 0.8), link(1, 4, 0.5)]);
        let composed = compose(&first, &second);
        assert_eq!(composed.links(), &[link(0, 3, 0.8), link(0, 4, 0.5)]);
    }
}
