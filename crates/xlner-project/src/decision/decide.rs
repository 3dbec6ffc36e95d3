//! The decision on a corpus, written into its pairs.

use xlner_core::{Entity, Pair, Projection, Reason, Unprojected};

use super::choose::{Cut, choose};
use super::model::{Decision, variant};
use super::pool::Pool;
use crate::Result;

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Decided {
    /// The least probability that was kept.
    pub threshold: f64,
    /// Candidates there were.
    pub candidates: usize,
    /// Entities that were kept.
    pub kept: usize,
    /// Whether the target tagger's opinion was heard.
    pub target_tagger: bool,
    /// How unlike what the decision was learnt from the corpus is.
    pub distance: f64,
}

/// Decides on pairs whose source entities were handed over ([`hand_over`](super::hand_over)) and projected; `before` are the
/// source entities that were there, by pair. The target gets the entities that are kept, with their `probability`; the
/// source gets back its own, and after them those that were not among them and are projected. `None`, and nothing is
/// changed, where the corpus is too unlike what the decision was learnt from.
///
/// # Errors
/// As the solver.
pub fn decide(
    decision: &Decision,
    cut: Cut,
    pairs: &mut [Pair],
    before: &mut [Option<Vec<Entity>>],
) -> Result<Option<Decided>> {
    let pool = Pool::new(pairs);
    let distance = decision.distance(&pool);
    if distance > decision.reach {
        return Ok(None);
    }
    let probabilities = decision.probabilities(&pool);
    let threshold = cut.threshold(&pool, &probabilities, decision.coverage[variant(&pool)]);
    let kept = choose(&pool, &probabilities, threshold)?;
    let decided = Decided { threshold, candidates: pool.len(), kept: kept.len(), target_tagger: pool.target, distance };
    let mut kept = kept.into_iter().peekable();
    for (index, (pair, before)) in pairs.iter_mut().zip(before).enumerate() {
        let mut source = before.take().unwrap_or_else(|| pair.source.entities.clone());
        let handed = std::mem::take(&mut pair.source.entities);
        let mut entities = Vec::new();
        while let Some(at) = kept.next_if(|&at| pool.candidates[at].pair == index) {
            let candidate = pool.candidates[at];
            let mut entity = Entity::new(candidate.span, pool.label(candidate.label));
            entity.probability = Some(probabilities[at]);
            if let Some(projected) = candidate.projected.and_then(|number| pair.target.entities.get(number)) {
                (entity.score, entity.margin) = (projected.score, projected.margin);
                entity.from = projected.from.and_then(|from| handed.get(from)).map(|from| place(&mut source, from));
            }
            entities.push(entity);
        }
        entities.sort_by_key(|entity| entity.span.start);
        let projected = |number: usize| entities.iter().any(|entity: &Entity| entity.from == Some(number));
        let unprojected = (0..source.len()).filter(|number| !projected(*number));
        let unprojected = unprojected.map(|entity| Unprojected { entity, reason: Reason::Improbable }).collect();
        let projection = pair.projection.take().unwrap_or_default();
        pair.projection = Some(Projection { unprojected, ..projection });
        pair.source.entities = source;
        pair.target.entities = entities;
    }
    Ok(Some(decided))
}

/// Index of the source entity of the same span; it is added where there is none.
fn place(source: &mut Vec<Entity>, handed: &Entity) -> usize {
    source.iter().position(|entity| entity.span == handed.span).unwrap_or_else(|| {
        source.push(handed.clone());
        source.len() - 1
    })
}

/// Gives the source entities back that were there before the spans were handed over.
pub fn take_back(pairs: &mut [Pair], before: &mut [Option<Vec<Entity>>]) {
    for (pair, before) in pairs.iter_mut().zip(before) {
        if let Some(before) = before.take() {
            pair.source.entities = before;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::features::tests::pair;
    use super::super::{FitOptions, Judged, fit};
    use super::*;

    #[test]
    fn what_is_kept_says_where_it_comes_from() {
        let mut pairs = vec![pair(); 20];
        let gold = vec![vec![Entity::new(0..1, "PER"), Entity::new(2..4, "LOC")]; 20];
        let learnt = fit(&[Judged::new(&pairs, &gold)], None, &FitOptions { l2: 1.0 });
        // A corpus of one sentence has candidates of a label that nobody looked for, which make it unlike itself.
        let decision = Decision { reach: 10.0, ..learnt };
        // The tagger's best path had New York alone, as an ORG.
        let mut before = vec![Some(vec![Entity::new(2..4, "ORG")]); 20];
        let decided = decide(&decision, Cut::F1, &mut pairs, &mut before).unwrap().unwrap();
        assert_eq!((decided.kept, decided.target_tagger), (40, true));
        let pair = &pairs[0];
        let found: Vec<_> = pair.target.entities.iter().map(|e| (e.span.start, e.label.as_str(), e.from)).collect();
        assert_eq!(found, [(0, "PER", Some(1)), (2, "LOC", Some(0))]);
        assert!(pair.target.entities.iter().all(|entity| entity.probability.is_some_and(|p| p > 0.5)));
        assert_eq!(pair.source.entities[0], Entity::new(2..4, "ORG"));
        assert_eq!(pair.projection.as_ref().unwrap().unprojected, []);
    }

    #[test]
    fn a_corpus_out_of_reach_is_left_as_it_is() {
        let mut pairs = vec![pair(); 20];
        let decision = Decision { reach: 0.0, ..Decision::default() };
        let mut before = vec![Some(Vec::new()); 20];
        assert_eq!(decide(&decision, Cut::F1, &mut pairs, &mut before).unwrap(), None);
        take_back(&mut pairs, &mut before);
        assert!(pairs.iter().all(|pair| pair.source.entities.is_empty()));
    }
}
