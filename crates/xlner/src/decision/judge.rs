//! Entities that the decision is unsure of, shown to a judge.

use serde::{Deserialize, Serialize};
use xlner_core::contracts::{Doubt, Judge, Ruling};
use xlner_core::{ModelError, Pair, Reason, Unprojected};

use crate::{Error, Result};

/// Field of an entity that says what the judge made of it.
const FIELD: &str = "judge";

/// A judge, and what it is asked about.
#[derive(Clone, Copy)]
pub struct Judging<'a> {
    /// Who is asked.
    pub judge: &'a dyn Judge,
    /// Entities that the decision keeps with a lower probability are asked about; above 0, at most 1.
    pub below: f64,
}

/// What a judge was asked and said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct JudgeFigures {
    /// Pairs that were asked about.
    pub pairs: u64,
    /// Entities that were asked about.
    pub entities: u64,
    /// Of them: left as they were, as the judge says.
    pub confirmed: u64,
    /// Given other tokens.
    pub moved: u64,
    /// Left out.
    pub dropped: u64,
    /// Left as they were, as the answer's text does not stand in the sentence.
    pub unclear: u64,
    /// Requests sent, those that were sent again left out.
    pub requests: u64,
    /// Requests sent again.
    pub retries: u64,
    /// Requests whose answer did not hold every pair, and whose pairs were asked about one by one.
    pub split_batches: u64,
    /// Tokens of the language model that were sent.
    pub tokens_sent: u64,
    /// Tokens of the language model that were received.
    pub tokens_received: u64,
}

impl JudgeFigures {
    /// Of pairs that were kept from before: nothing was asked for them now.
    pub(crate) fn forget_cost(&mut self) {
        let JudgeFigures { pairs, entities, confirmed, moved, dropped, unclear, .. } = *self;
        *self = JudgeFigures { pairs, entities, confirmed, moved, dropped, unclear, ..JudgeFigures::default() };
    }

    /// Adds those of other pairs.
    pub(crate) fn add(&mut self, other: &JudgeFigures) {
        let JudgeFigures { pairs, entities, confirmed, moved, dropped, unclear, .. } = *other;
        self.pairs += pairs;
        self.entities += entities;
        self.confirmed += confirmed;
        self.moved += moved;
        self.dropped += dropped;
        self.unclear += unclear;
        self.requests += other.requests;
        self.retries += other.retries;
        self.split_batches += other.split_batches;
        self.tokens_sent += other.tokens_sent;
        self.tokens_received += other.tokens_received;
    }
}

impl Judging<'_> {
    /// Checks the limit, and that a decision is made.
    pub(crate) fn check(&self, decides: bool) -> Result<()> {
        if !(self.below > 0.0 && self.below <= 1.0) {
            let problem = format!("option `judge_below` is {}; it is a probability above 0", self.below);
            return Err(Error::Options(problem));
        }
        match decides {
            true => Ok(()),
            false => Err(Error::Options(
                "the judge is asked where the decision is unsure, and none is made: take the score span (option `scores` span=1), \
                 and leave out option `decision` none"
                    .into(),
            )),
        }
    }

    /// What a result depends on.
    pub(crate) fn signature(&self) -> String {
        format!("{} below {}", self.judge.signature(), self.below)
    }

    /// Asks about the entities of pairs that were decided on, and does as the judge says. An entity that was asked about has a field
    /// `judge`: `confirmed`, `moved` (without probability, score and margin, which were those of the old place) or `unclear`.
    ///
    /// # Errors
    /// Those of the judge; `fail` makes that of a pair by its index.
    pub(crate) fn settle(
        &self,
        pairs: &mut [Pair],
        fail: &dyn Fn(usize, &Pair, xlner_project::Error) -> Error,
    ) -> Result<JudgeFigures> {
        let unsure = |pair: &Pair| -> Vec<usize> {
            let low = |at: &usize| pair.target.entities[*at].probability.is_some_and(|value| value < self.below);
            (0..pair.target.entities.len()).filter(low).collect()
        };
        let asked: Vec<(usize, Vec<usize>)> =
            pairs.iter().map(unsure).enumerate().filter(|(_, entities)| !entities.is_empty()).collect();
        let doubts: Vec<Doubt<'_>> =
            asked.iter().map(|(pair, entities)| Doubt { pair: &pairs[*pair], entities }).collect();
        let before = self.judge.figures();
        let rulings = self.judge.judge(&doubts).map_err(|error| match error {
            ModelError::Sentence { index, problem } if index < asked.len() => {
                let pair = asked[index].0;
                fail(pair, &pairs[pair], xlner_core::Error::Invalid(problem).into())
            }
            other => other.into(),
        })?;
        let after = self.judge.figures();
        let mut figures = JudgeFigures {
            pairs: asked.len() as u64,
            requests: after.requests - before.requests,
            retries: after.retries - before.retries,
            split_batches: after.split_batches - before.split_batches,
            tokens_sent: after.tokens_sent - before.tokens_sent,
            tokens_received: after.tokens_received - before.tokens_received,
            ..JudgeFigures::default()
        };
        for ((pair, entities), rulings) in asked.iter().zip(rulings) {
            obey(&mut pairs[*pair], entities, &rulings, &mut figures);
        }
        Ok(figures)
    }
}

/// Does to the entities of a pair as the judge says.
fn obey(pair: &mut Pair, entities: &[usize], rulings: &[Ruling], figures: &mut JudgeFigures) {
    let mut dropped = Vec::new();
    for (&at, ruling) in entities.iter().zip(rulings) {
        let entity = &mut pair.target.entities[at];
        figures.entities += 1;
        let told = match ruling {
            Ruling::At(span) if *span == entity.span => {
                figures.confirmed += 1;
                "confirmed"
            }
            Ruling::At(span) => {
                figures.moved += 1;
                (entity.span, entity.probability, entity.score, entity.margin) = (*span, None, None, None);
                "moved"
            }
            Ruling::None => {
                figures.dropped += 1;
                dropped.push(at);
                continue;
            }
            Ruling::Unclear => {
                figures.unclear += 1;
                "unclear"
            }
        };
        entity.extra.insert(FIELD, told.into());
    }
    let gone: Vec<_> = dropped.iter().rev().map(|at| pair.target.entities.remove(*at)).collect();
    pair.target.entities.sort_by_key(|entity| entity.span.start);
    let Some(projection) = &mut pair.projection else { return };
    for from in gone.iter().rev().filter_map(|entity| entity.from) {
        let left = pair.target.entities.iter().any(|entity| entity.from == Some(from));
        if !left && projection.unprojected.iter().all(|other| other.entity != from) {
            projection.unprojected.push(Unprojected { entity: from, reason: Reason::Judged });
        }
    }
    projection.unprojected.sort_by_key(|unprojected| unprojected.entity);
}

#[cfg(test)]
mod tests {
    use xlner_core::contracts::{ModelResult, ServerFigures};
    use xlner_core::{Entity, Projection, Sentence, Span};

    use super::*;

    /// Says of every entity in doubt the same.
    struct Always(Ruling);

    impl Judge for Always {
        fn signature(&self) -> String {
            "always".into()
        }

        fn judge(&self, doubts: &[Doubt<'_>]) -> ModelResult<Vec<Vec<Ruling>>> {
            if doubts.iter().any(|doubt| doubt.pair.id == "bad") {
                return Err(ModelError::sentence(0, "no answer"));
            }
            Ok(doubts.iter().map(|doubt| vec![self.0; doubt.entities.len()]).collect())
        }

        fn figures(&self) -> ServerFigures {
            ServerFigures::default()
        }
    }

    fn pair() -> Pair {
        let mut source = Sentence::from_tokens(["Ana", "in", "Goma"]);
        source.entities = vec![Entity::new(0..1, "PER"), Entity::new(2..3, "LOC")];
        let mut target = Sentence::from_tokens(["Ana", "huko", "Goma"]);
        let entity = |span, label, from, probability| Entity {
            from: Some(from),
            probability: Some(probability),
            ..Entity::new(span, label)
        };
        target.entities = vec![entity(0..1, "PER", 0, 0.9), entity(1..2, "LOC", 1, 0.4)];
        Pair { source, target, projection: Some(Projection::default()), ..Pair::default() }
    }

    fn settled(ruling: Ruling) -> (Pair, JudgeFigures) {
        let mut pairs = [pair()];
        let judging = Judging { judge: &Always(ruling), below: 0.6 };
        let figures = judging.settle(&mut pairs, &|_, _, _| unreachable!()).unwrap();
        let [pair] = pairs;
        (pair, figures)
    }

    #[test]
    fn only_what_is_unsure_is_asked_about_and_the_judge_is_obeyed() {
        let (moved, figures) = settled(Ruling::At(Span::new(2, 3)));
        assert_eq!((figures.entities, figures.moved), (1, 1));
        let entity = &moved.target.entities[1];
        assert_eq!((entity.span, entity.probability, entity.from), (Span::new(2, 3), None, Some(1)));
        assert_eq!(entity.extra.get(FIELD).unwrap(), "moved");
        assert!(moved.target.entities[0].extra.is_empty());

        let (same, figures) = settled(Ruling::At(Span::new(1, 2)));
        assert_eq!((same.target.entities[1].probability, figures.confirmed), (Some(0.4), 1));

        let (dropped, figures) = settled(Ruling::None);
        assert_eq!((dropped.target.entities.len(), figures.dropped), (1, 1));
        let unprojected = dropped.projection.unwrap().unprojected;
        assert_eq!(unprojected, [Unprojected { entity: 1, reason: Reason::Judged }]);

        let (unclear, figures) = settled(Ruling::Unclear);
        assert_eq!((unclear.target.entities[1].span, figures.unclear), (Span::new(1, 2), 1));
    }

    #[test]
    fn the_pair_that_cannot_be_judged_is_named() {
        let mut pairs = [Pair::default(), Pair { id: "bad".into(), ..pair() }];
        let judging = Judging { judge: &Always(Ruling::None), below: 0.6 };
        let fail = |index, pair: &Pair, problem| Error::Options(format!("{index} {} {problem}", pair.id));
        let error = judging.settle(&mut pairs, &fail).unwrap_err().to_string();
        assert_eq!(error, "1 bad no answer");
        assert!(Judging { below: 0.0, ..judging }.check(true).unwrap_err().to_string().contains("judge_below"));
        assert!(judging.check(false).unwrap_err().to_string().contains("none is made"));
    }
}
