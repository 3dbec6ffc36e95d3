//! What is wrong: every gold entity that was not found and every predicted entity that is wrong gets one class.

use serde::{Serialize, Serializer};
use xlner_core::{Entity, Pair, Reason, Span};

use super::explain::Explainer;

/// A class of errors.
///
/// Gold and predicted entities of a sentence are matched one to one: first those of one span and label (right: no
/// error), then those of one span, then by shared tokens, where one label comes before another, more shared tokens before
/// fewer, and the earlier before the later. The classes of what is matched and not right:
/// [`WrongType`](Self::WrongType), [`WrongBoundary`](Self::WrongBoundary),
/// [`WrongBoundaryAndType`](Self::WrongBoundaryAndType). An entity that is left over but shares tokens with one of the other side (a name cut in two,
/// two names run together) is of the class that the two would have if matched. A predicted entity that shares no token with a gold
/// entity is [`Spurious`](Self::Spurious).
///
/// A gold entity that shares no token with a predicted one is missed, and where the sentence has a source side, that tells why.
/// Its *counterpart* is the source tokens that are linked to its tokens, and those spelt like one of them
/// ([`fold`](xlner_core::text::fold)ed; at least four letters, and a similarity ([`dice`](xlner_core::text::dice)) of
/// at least 0.8). In this order:
/// 1. An entity touches the counterpart: [`Unprojected`](Self::Unprojected) if nothing was projected from one such, else
///    [`Misplaced`](Self::Misplaced).
/// 2. There is no counterpart, and an entity of that label, from which nothing was projected, is counterpart of no gold entity:
///    [`Unprojected`](Self::Unprojected). One such source entity explains one gold entity.
/// 3. There is a counterpart: [`MissedByTagger`](Self::MissedByTagger).
/// 4. There is none, and the pair has links: [`MissedInTranslation`](Self::MissedInTranslation).
/// 5. Else it cannot be known, and the class is [`Missed`](Self::Missed); so it is without a source side.
///
/// Links are an aligner's opinion: where they are wrong, so may the class of a missed entity be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErrorClass {
    /// The span is right, the label is not.
    WrongType,
    /// The label is right, the spans share tokens and differ.
    WrongBoundary,
    /// The spans share tokens and differ, and so do the labels.
    WrongBoundaryAndType,
    /// A source entity that corresponds was not projected.
    Unprojected,
    /// The source entity that corresponds was projected elsewhere.
    Misplaced,
    /// The source sentence has words that correspond, and they are in no entity.
    MissedByTagger,
    /// The source sentence has no words that correspond.
    MissedInTranslation,
    /// Not found; there is no source side or there are no links that would tell why.
    Missed,
    /// Predicted where there is no gold entity.
    Spurious,
}

impl ErrorClass {
    /// All, in the order of reports.
    pub const ALL: [ErrorClass; 9] = [
        ErrorClass::WrongType,
        ErrorClass::WrongBoundary,
        ErrorClass::WrongBoundaryAndType,
        ErrorClass::Unprojected,
        ErrorClass::Misplaced,
        ErrorClass::MissedByTagger,
        ErrorClass::MissedInTranslation,
        ErrorClass::Missed,
        ErrorClass::Spurious,
    ];

    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            ErrorClass::WrongType => "wrong-type",
            ErrorClass::WrongBoundary => "wrong-boundary",
            ErrorClass::WrongBoundaryAndType => "wrong-boundary-and-type",
            ErrorClass::Unprojected => "unprojected",
            ErrorClass::Misplaced => "misplaced",
            ErrorClass::MissedByTagger => "missed-by-tagger",
            ErrorClass::MissedInTranslation => "missed-in-translation",
            ErrorClass::Missed => "missed",
            ErrorClass::Spurious => "spurious",
        }
    }

    /// The name for people.
    pub const fn title(self) -> &'static str {
        match self {
            ErrorClass::WrongType => "wrong type",
            ErrorClass::WrongBoundary => "wrong boundary",
            ErrorClass::WrongBoundaryAndType => "wrong boundary and type",
            ErrorClass::Unprojected => "unaligned or not projected",
            ErrorClass::Misplaced => "projected elsewhere",
            ErrorClass::MissedByTagger => "missed by the tagger",
            ErrorClass::MissedInTranslation => "missed in translation",
            ErrorClass::Missed => "missed",
            ErrorClass::Spurious => "spurious",
        }
    }

    /// One sentence that explains it.
    pub const fn explanation(self) -> &'static str {
        match self {
            ErrorClass::WrongType => "The span is right, the label is not.",
            ErrorClass::WrongBoundary => "The label is right; the spans share tokens and differ.",
            ErrorClass::WrongBoundaryAndType => "The spans share tokens and differ, and so do the labels.",
            ErrorClass::Unprojected => "The source has an entity that corresponds, and nothing was projected from it.",
            ErrorClass::Misplaced => "The source has an entity that corresponds, and it was projected elsewhere.",
            ErrorClass::MissedByTagger => "The source has words that correspond, and they are in no entity.",
            ErrorClass::MissedInTranslation => {
                "The source has no words that correspond: none is linked or spelt alike."
            }
            ErrorClass::Missed => "Not found, and there are no links or no source side that would tell why.",
            ErrorClass::Spurious => "Predicted where there is no gold entity.",
        }
    }

    /// Whether gold entities of this class share no token with a predicted one.
    pub const fn is_missed(self) -> bool {
        matches!(
            self,
            ErrorClass::Unprojected
                | ErrorClass::Misplaced
                | ErrorClass::MissedByTagger
                | ErrorClass::MissedInTranslation
                | ErrorClass::Missed
        )
    }

    const fn of_overlap(same_span: bool, same_label: bool) -> ErrorClass {
        match (same_span, same_label) {
            (true, _) => ErrorClass::WrongType,
            (false, true) => ErrorClass::WrongBoundary,
            (false, false) => ErrorClass::WrongBoundaryAndType,
        }
    }
}

impl Serialize for ErrorClass {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// An error of a sentence: a gold entity that was not found, a predicted entity that is wrong, or both where the two were matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding {
    /// Its class.
    pub class: ErrorClass,
    /// Index of the gold entity.
    pub gold: Option<usize>,
    /// Index of the predicted entity.
    pub predicted: Option<usize>,
    /// Index of the source entity that corresponds to a missed gold entity, or that a wrong entity was projected from.
    pub source: Option<usize>,
    /// Why the source entity was not projected, where the projection says.
    pub reason: Option<Reason>,
}

/// How the entities of a sentence compare.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Classified {
    /// Indices of gold and predicted entities of one span and label.
    pub right: Vec<(usize, usize)>,
    /// Everything else, gold entities first.
    pub findings: Vec<Finding>,
}

/// Compares the target entities of a pair with gold entities. No two entities of one side may overlap.
pub fn classify(pair: &Pair, gold: &[Entity]) -> Classified {
    let predicted = &pair.target.entities;
    let mut overlaps = overlaps(gold, predicted);
    // Best first; the sort is stable, and what was found earlier stays before.
    overlaps.sort_by_key(|&(g, p)| {
        let (gold, predicted) = (&gold[g], &predicted[p]);
        let shared = shared(gold.span, predicted.span);
        (gold.span != predicted.span, gold.label != predicted.label, std::cmp::Reverse(shared))
    });

    let mut partner_of_gold = vec![None; gold.len()];
    let mut taken = vec![false; predicted.len()];
    // The best of the other side that each shares tokens with.
    let (mut near_gold, mut near_predicted) = (vec![None; gold.len()], vec![None; predicted.len()]);
    for &(g, p) in &overlaps {
        near_gold[g].get_or_insert(p);
        near_predicted[p].get_or_insert(g);
        if partner_of_gold[g].is_none() && !taken[p] {
            partner_of_gold[g] = Some(p);
            taken[p] = true;
        }
    }

    let class = |g: usize, p: usize| {
        ErrorClass::of_overlap(gold[g].span == predicted[p].span, gold[g].label == predicted[p].label)
    };
    let from = |p: usize| predicted[p].from.filter(|&from| from < pair.source.entities.len());
    let mut explainer = None;
    let mut comparison = Classified::default();
    for (g, partner) in partner_of_gold.iter().enumerate() {
        let finding = match (*partner, near_gold[g]) {
            (Some(p), _) if gold[g].span == predicted[p].span && gold[g].label == predicted[p].label => {
                comparison.right.push((g, p));
                continue;
            }
            (Some(p), _) => {
                Finding { class: class(g, p), gold: Some(g), predicted: Some(p), source: from(p), reason: None }
            }
            (None, Some(p)) => {
                Finding { class: class(g, p), gold: Some(g), predicted: None, source: from(p), reason: None }
            }
            (None, None) => explainer.get_or_insert_with(|| Explainer::new(pair, gold)).explain(g),
        };
        comparison.findings.push(finding);
    }
    for p in (0..predicted.len()).filter(|&p| !taken[p]) {
        let class = near_predicted[p].map_or(ErrorClass::Spurious, |g| class(g, p));
        comparison.findings.push(Finding { class, gold: None, predicted: Some(p), source: from(p), reason: None });
    }
    comparison
}

/// The entities of both sides that share tokens, by their indices, in the order of these.
fn overlaps(gold: &[Entity], predicted: &[Entity]) -> Vec<(usize, usize)> {
    let mut order: Vec<usize> = (0..predicted.len()).collect();
    order.sort_by_key(|&p| predicted[p].span.start);
    let mut overlaps = Vec::new();
    for (g, entity) in gold.iter().enumerate() {
        // None of one side overlaps another, so their ends are in the order of their starts.
        let first = order.partition_point(|&p| predicted[p].span.end <= entity.span.start);
        let of_gold = order[first..].iter().take_while(|&&p| predicted[p].span.start < entity.span.end);
        let before = overlaps.len();
        overlaps.extend(of_gold.filter(|&&p| entity.span.overlaps(predicted[p].span)).map(|&p| (g, p)));
        overlaps[before..].sort_unstable();
    }
    overlaps
}

fn shared(a: Span, b: Span) -> usize {
    a.end.min(b.end).saturating_sub(a.start.max(b.start))
}
