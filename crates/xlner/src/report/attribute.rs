//! What each stage costs: one stage at a time is replaced by gold, the others stay as they are.
//!
//! Two ways, with the same bootstrap over sentences for what is compared:
//! - *by class of error*, which wants gold target entities alone: what a stage got wrong, by [`ErrorClass`], is put right in
//!   the prediction. Missed and spurious entities are laid at a stage's door by links, which may be wrong themselves.
//! - *by projecting again*, where gold of the stage is there (the source's right entities, the right links): the pairs are
//!   projected by their links with and without it.

use serde::Serialize;
use xlner_core::tags::{Scheme, encode};
use xlner_core::{Alignment, Entity, Pair, Reason};
use xlner_eval::{EvalOptions, Evaluator, Report, Resampling, TagId};
use xlner_project::{Matching, PairProjector, Workspace};

use super::classify::{ErrorClass, Finding, classify};

/// A stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StageName {
    /// The translation lost words of an entity.
    Translation,
    /// The source's entities: the tagger missed one, or found what is none.
    SourceEntities,
    /// The links: an entity found no place, or a wrong one.
    Links,
    /// The spans: right label, wrong boundary.
    Spans,
    /// The labels: right span, wrong label.
    Labels,
    /// The decision or a filter: it left out a right entity, or put in a wrong one that is projected from nowhere.
    Decision,
}

impl StageName {
    const ALL: [StageName; 6] = [
        StageName::Translation,
        StageName::SourceEntities,
        StageName::Links,
        StageName::Spans,
        StageName::Labels,
        StageName::Decision,
    ];

    /// The name for people.
    pub const fn title(self) -> &'static str {
        match self {
            StageName::Translation => "translation",
            StageName::SourceEntities => "source entities",
            StageName::Links => "links",
            StageName::Spans => "spans",
            StageName::Labels => "labels",
            StageName::Decision => "decision and filters",
        }
    }

    /// Where an error comes from; `None` where nobody can know.
    fn of(finding: &Finding, pair: &Pair, misplaced: &[usize]) -> Option<StageName> {
        Some(match finding.class {
            ErrorClass::MissedInTranslation => StageName::Translation,
            ErrorClass::MissedByTagger => StageName::SourceEntities,
            ErrorClass::Unprojected => match finding.reason {
                Some(Reason::Improbable | Reason::Judged | Reason::Filtered | Reason::BelowMinimum) => {
                    StageName::Decision
                }
                _ => StageName::Links,
            },
            ErrorClass::Misplaced => StageName::Links,
            ErrorClass::WrongBoundary | ErrorClass::WrongBoundaryAndType => StageName::Spans,
            ErrorClass::WrongType => StageName::Labels,
            ErrorClass::Missed => return None,
            ErrorClass::Spurious => match finding.source {
                Some(source) if misplaced.contains(&source) => StageName::Links,
                Some(_) => StageName::SourceEntities,
                None if pair.source.is_empty() => return None,
                None => StageName::Decision,
            },
        })
    }
}

/// What a stage costs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Cost {
    /// The stage that is replaced by gold.
    pub stage: StageName,
    /// Micro F1 then, 0 to 1.
    pub f1: f64,
    /// How much more that is: what the stage costs.
    pub cost: f64,
    /// 95 % interval of it, the same sentences for both; `None` where the bootstrap is switched off.
    pub ci95: Option<[f64; 2]>,
}

/// What the stages cost.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Attribution {
    /// Micro F1 of the prediction.
    pub f1: f64,
    /// By class of error, all stages.
    pub by_class: Vec<Cost>,
    /// Gold entities that were missed and wrong ones of which no stage is known: there is no source side, or there are no links.
    pub unknown: u64,
    /// Micro F1 of projecting the pairs again by their links, and what the stages cost of which there is gold; `None` where
    /// there is none.
    pub projected_again: Option<Again>,
}

/// What was projected again.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Again {
    /// Micro F1 with the source entities and links of the records.
    pub f1: f64,
    /// The stages of which there is gold.
    pub stages: Vec<Cost>,
}

/// What is known of the stages of a pair.
#[derive(Debug, Clone, Default)]
pub struct StageGold {
    /// The right entities of the source.
    pub source: Option<Vec<Entity>>,
    /// The right links.
    pub links: Option<Alignment>,
}

/// Collects sentence after sentence.
pub(super) struct Attributor {
    by_class: Evaluator,
    again: Option<Evaluator>,
    stages: Vec<StageName>,
    unknown: u64,
    projector: PairProjector,
    workspace: Workspace,
}

impl Attributor {
    /// `again`: the stages of which there is gold.
    pub fn new(again: &[StageName]) -> Attributor {
        let evaluator = |stages: &[StageName]| {
            let names = std::iter::once("as it is").chain(stages.iter().map(|stage| stage.title()));
            let systems: Vec<(&str, Scheme)> = names.map(|name| (name, Scheme::Iob2)).collect();
            Evaluator::new(&EvalOptions::default(), Scheme::Iob2, &systems)
        };
        Attributor {
            by_class: evaluator(&StageName::ALL),
            again: (!again.is_empty()).then(|| evaluator(again)),
            stages: again.to_vec(),
            unknown: 0,
            projector: PairProjector::from(Matching::default()),
            workspace: Workspace::default(),
        }
    }

    /// Counts a sentence.
    ///
    /// # Errors
    /// What is wrong with it; nothing is counted then.
    pub fn push(&mut self, pair: &Pair, gold: &[Entity], known: &StageGold) -> Result<(), String> {
        let findings = classify(pair, gold).findings;
        let misplaced: Vec<usize> =
            findings.iter().filter(|f| f.class == ErrorClass::Misplaced).filter_map(|f| f.source).collect();
        let stage = |finding: &Finding| StageName::of(finding, pair, &misplaced);
        let mut variants = vec![pair.target.entities.clone()];
        for replaced in StageName::ALL {
            let of_it = |finding: &&Finding| stage(finding) == Some(replaced);
            variants.push(put_right(pair, gold, findings.iter().filter(of_it)));
        }
        let unknown = findings.iter().filter(|finding| stage(finding).is_none()).count() as u64;
        let again = self.project_again(pair, known)?;
        count(&mut self.by_class, pair, gold, &variants)?;
        if let Some(evaluator) = &mut self.again {
            count(evaluator, pair, gold, &again)?;
        }
        self.unknown += unknown;
        Ok(())
    }

    /// The target entities with what is in the record, then with gold of one stage after the other.
    fn project_again(&mut self, pair: &Pair, known: &StageGold) -> Result<Vec<Vec<Entity>>, String> {
        if self.again.is_none() {
            return Ok(Vec::new());
        }
        if pair.source.is_empty() || pair.alignment.is_none() {
            return Err("gold of the stages is used by projecting again, which wants a source side and links: give \
                        records with `alignment`, or a file of links"
                .into());
        }
        let mut base = pair.clone();
        base.target.entities.clear();
        base.scores.clear();
        let mut variants = vec![base.clone()];
        for stage in &self.stages {
            let mut variant = base.clone();
            match stage {
                StageName::SourceEntities => variant.source.entities = known.source.clone().unwrap_or_default(),
                _ => variant.alignment = known.links.clone(),
            }
            variants.push(variant);
        }
        let mut project = |pair: &Pair| {
            pair.validate().map_err(|error| error.to_string())?;
            let projected = self.projector.project(pair, &mut self.workspace);
            projected.map(|(entities, _)| entities).map_err(|error| error.to_string())
        };
        variants.iter().map(&mut project).collect()
    }

    /// What the stages cost.
    pub fn finish(self, resampling: &Resampling) -> Attribution {
        // The intervals of differences are asked for, and no p-values beside them.
        let resampling = Resampling { randomization: 1, ..*resampling };
        let costs = |report: &Report, stages: &[StageName]| -> Vec<Cost> {
            let base = report.systems.first().map_or(0.0, |system| system.micro.f1);
            let stages = stages.iter().zip(report.systems.iter().skip(1)).zip(&report.comparisons);
            let cost =
                |((&stage, system), comparison): ((&StageName, &xlner_eval::Evaluation), &xlner_eval::Comparison)| {
                    let f1 = system.micro.f1;
                    Cost { stage, f1, cost: f1 - base, ci95: comparison.ci95.map(|[low, high]| [-high, -low]) }
                };
            stages.map(cost).collect()
        };
        let report = self.by_class.finish(&resampling);
        let f1 = |report: &Report| report.systems.first().map_or(0.0, |system| system.micro.f1);
        Attribution {
            f1: f1(&report),
            by_class: costs(&report, &StageName::ALL),
            unknown: self.unknown,
            projected_again: self.again.map(|evaluator| {
                let report = evaluator.finish(&resampling);
                Again { f1: f1(&report), stages: costs(&report, &self.stages) }
            }),
        }
    }
}

/// The predicted entities with some errors put right.
fn put_right<'f>(pair: &Pair, gold: &[Entity], findings: impl Iterator<Item = &'f Finding>) -> Vec<Entity> {
    let mut kept: Vec<Option<Entity>> = pair.target.entities.iter().cloned().map(Some).collect();
    let mut added = Vec::new();
    for finding in findings {
        match (finding.gold.map(|at| &gold[at]), finding.predicted) {
            (Some(right), Some(at)) => {
                if let Some(entity) = &mut kept[at] {
                    match finding.class {
                        ErrorClass::WrongType => entity.label.clone_from(&right.label),
                        _ => entity.span = right.span,
                    }
                }
            }
            // One of two that were run together: where its label is wrong too, its span alone helps nobody.
            (Some(right), None) if finding.class != ErrorClass::WrongBoundaryAndType => added.push(right.clone()),
            (Some(_), None) | (None, None) => {}
            (None, Some(at)) => kept[at] = None,
        }
    }
    let mut entities: Vec<Entity> = kept.into_iter().flatten().chain(added).collect();
    entities.sort_by_key(|entity| entity.span);
    entities
}

/// Counts a sentence as several systems have it.
fn count(evaluator: &mut Evaluator, pair: &Pair, gold: &[Entity], variants: &[Vec<Entity>]) -> Result<(), String> {
    let mut tags = |entities: &[Entity]| -> Result<Vec<TagId>, String> {
        let tags = encode(pair.target.len(), entities, Scheme::Iob2).map_err(|error| error.to_string())?;
        tags.iter().map(|tag| evaluator.intern(tag, Scheme::Iob2).map_err(|error| error.to_string())).collect()
    };
    let gold = tags(gold)?;
    let variants = variants.iter().map(|entities| tags(entities)).collect::<Result<Vec<_>, _>>()?;
    evaluator.push(&gold, &variants).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use xlner_core::Sentence;

    use super::*;

    /// Source: Ann Lee in Rome saw Bob; target the same words. The tagger found Ann Lee, and "saw" as ORG.
    fn pair() -> (Pair, Vec<Entity>) {
        let tokens = ["Ann", "Lee", "in", "Rome", "saw", "Bob"];
        let mut source = Sentence::from_tokens(tokens);
        source.entities = vec![Entity::new(0..2, "PER"), Entity::new(4..5, "ORG"), Entity::new(5..6, "LOC")];
        let mut target = Sentence::from_tokens(tokens);
        let from = |from, entity| Entity { from: Some(from), ..entity };
        target.entities = vec![
            from(0, Entity::new(0..1, "PER")),
            from(1, Entity::new(4..5, "ORG")),
            from(2, Entity::new(5..6, "LOC")),
        ];
        let links = (0..6).map(|at| (at, at));
        let pair = Pair { source, target, alignment: Some(Alignment::from_pairs(links)), ..Pair::default() };
        (pair, vec![Entity::new(0..2, "PER"), Entity::new(3..4, "LOC"), Entity::new(5..6, "PER")])
    }

    fn f1(costs: &[Cost], stage: StageName) -> f64 {
        costs.iter().find(|cost| cost.stage == stage).unwrap().f1
    }

    #[test]
    fn each_stage_puts_its_own_errors_right() {
        let (pair, gold) = pair();
        let mut attributor = Attributor::new(&[]);
        for _ in 0..20 {
            attributor.push(&pair, &gold, &StageGold::default()).unwrap();
        }
        let found = attributor.finish(&Resampling { bootstrap: 200, randomization: 0, seed: 1 });
        assert_eq!((found.f1, found.unknown, found.projected_again), (0.0, 0, None));
        let third = 1.0 / 3.0;
        // Rome put in, "saw" taken out: none of the two that stay is right as it is.
        for (stage, expected) in [
            (StageName::Spans, third),
            (StageName::Labels, third),
            (StageName::SourceEntities, third),
            (StageName::Links, 0.0),
            (StageName::Translation, 0.0),
            (StageName::Decision, 0.0),
        ] {
            assert!((f1(&found.by_class, stage) - expected).abs() < 1e-9, "{stage:?}");
        }
        for cost in &found.by_class {
            let [low, high] = cost.ci95.unwrap();
            assert!(low <= cost.cost + 1e-9 && cost.cost <= high + 1e-9, "{cost:?}");
        }
    }

    #[test]
    fn gold_of_a_stage_is_projected_again() {
        let (pair, gold) = pair();
        let mut attributor = Attributor::new(&[StageName::SourceEntities, StageName::Links]);
        let mut shifted = pair.clone();
        shifted.alignment = Some(Alignment::from_pairs((0..5).map(|at| (at, at + 1))));
        let known = StageGold { source: Some(gold.clone()), links: pair.alignment.clone() };
        attributor.push(&shifted, &gold, &known).unwrap();
        let again = attributor.finish(&Resampling::NONE).projected_again.unwrap();
        assert!(f1(&again.stages, StageName::Links) > again.f1);
        assert_eq!(again.stages[0].ci95, None);
        let mut bare = Attributor::new(&[StageName::Links]);
        shifted.alignment = None;
        assert!(bare.push(&shifted, &gold, &known).unwrap_err().contains("a file of links"));
    }
}
