//! The options of projection, and what they come to.

use std::str::FromStr;

use xlner_project::scores::{CODEC, NMT};
use xlner_project::{CandidateKind, CandidateSet, Constraint, Edition, Heuristic, Matching, Method, Solver, Weights};

use super::filter::FilterOptions;
use crate::decision::{DecisionChoice, DecisionOptions};
use crate::{Error, Result};

/// The score that is taken from an aligner's posteriors.
pub(crate) const SPAN: &str = "span";
/// Longest candidate for it: titles of documents are long.
const SPAN_MAX_LENGTH: usize = 45;

/// A method of projection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MethodKind {
    /// Candidate matching ([`Matching`]).
    #[default]
    Match,
    /// Ranges of linked tokens ([`Heuristic`]).
    Heuristic,
}

impl MethodKind {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            MethodKind::Match => "match",
            MethodKind::Heuristic => "heuristic",
        }
    }
}

impl FromStr for MethodKind {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "match" => Ok(MethodKind::Match),
            "heuristic" => Ok(MethodKind::Heuristic),
            _ => Err(Error::Options(format!("“{name}” is not a method of projection; known: match, heuristic"))),
        }
    }
}

/// A solver by its name.
///
/// # Errors
/// [`Error::Options`], for `milp` in a build that lacks it with how to build it.
pub fn parse_solver(name: &str) -> Result<Solver> {
    if name == "milp" && cfg!(not(feature = "milp")) {
        return Err(Error::Options(
            "this build has no solver milp (HiGHS): build xlner with the feature `milp`, which wants cmake, \
             a C++ compiler and libclang; exact finds the same optimum"
                .into(),
        ));
    }
    name.parse().map_err(|error: xlner_project::Error| Error::Options(error.to_string()))
}

/// How entities are projected. What is `None` gets its default; an option of the other method is an error.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MethodOptions {
    /// The method.
    pub method: MethodKind,
    /// `heuristic`: [`Heuristic::merge_distance`]; 1.
    pub merge_distance: Option<usize>,
    /// `heuristic`: [`Heuristic::length_ratio`]; 0.8.
    pub length_ratio: Option<f64>,
    /// `heuristic`: [`Heuristic::max_ranges`]; 0, all.
    pub max_ranges: Option<usize>,
    /// `heuristic`: [`Heuristic::only_first`].
    pub only_first: bool,
    /// `heuristic`: the published program that is followed; the thesis' where `only_first` or `max_ranges` is used, with the longest
    /// ranges first, else the paper's.
    pub edition: Option<Edition>,
    /// `match`: which spans are candidates; n-grams.
    pub candidates: Option<CandidateKind>,
    /// `match`: tokens of the longest n-gram; 10 as published, with the score `span` 45.
    pub max_length: Option<usize>,
    /// `match`: tokens that are in no n-gram; `!` and `?` as published, with the score `span` none.
    pub stop_tokens: Option<Vec<String>>,
    /// `match`: the scores; `align=1` where links are given, else `span=1`.
    pub scores: Option<Weights>,
    /// `match`: the solver; exact.
    pub solver: Option<Solver>,
    /// `match`: projections of an entity; `<=1`.
    pub constraint: Option<Constraint>,
    /// `match`: matches of a lower score are not made; those of no positive score are not.
    pub min_score: Option<f64>,
    /// `match` with the score `span`: labels stay those of the source entities; else they are corrected by what most
    /// occurrences of a name in the corpus carry, and adjectives become `MISC` where there is that label.
    pub keep_labels: bool,
    /// `match` with the score `span`: which of the projected entities are kept where the source's are uncertain.
    pub decision: DecisionOptions,
    /// Filters of what was projected.
    pub filters: FilterOptions,
}

impl MethodOptions {
    /// Checks what can be checked without data.
    ///
    /// # Errors
    /// [`Error::Options`].
    pub fn check(&self) -> Result<()> {
        let heuristic = [
            ("option `merge_distance`", self.merge_distance.is_some()),
            ("option `length_ratio`", self.length_ratio.is_some()),
            ("option `max_ranges`", self.max_ranges.is_some()),
            ("option `only_first`", self.only_first),
            ("option `edition`", self.edition.is_some()),
        ];
        let matching = [
            ("option `candidates`", self.candidates.is_some()),
            ("option `max_length`", self.max_length.is_some()),
            ("option `stop_tokens`", self.stop_tokens.is_some()),
            ("option `scores`", self.scores.is_some()),
            ("option `solver`", self.solver.is_some()),
            ("option `constraint`", self.constraint.is_some()),
            ("option `min_score`", self.min_score.is_some()),
            ("option `keep_labels`", self.keep_labels),
            ("option `decision`", self.decision.choice.is_some()),
            ("option `min_probability` or option `expect`", self.decision.cut.is_some()),
        ];
        let (strangers, theirs) = match self.method {
            MethodKind::Match => (&heuristic[..], MethodKind::Heuristic),
            MethodKind::Heuristic => (&matching[..], MethodKind::Match),
        };
        if let Some((name, _)) = strangers.iter().find(|(_, given)| *given) {
            return Err(Error::Options(format!(
                "{name} belongs to option `method` {}, and the method is {}",
                theirs.as_str(),
                self.method.as_str()
            )));
        }
        if self.max_length == Some(0) {
            return Err(Error::Options("option `max_length` 0 leaves no candidate; give 1 or more".into()));
        }
        if self.length_ratio.is_some_and(|ratio| !ratio.is_finite() || ratio < 0.0) {
            return Err(Error::Options("option `length_ratio` is a number from 0 on; 0 keeps all ranges".into()));
        }
        if self.min_score.is_some_and(|least| !least.is_finite()) {
            return Err(Error::Options("option `min_score` is a finite number".into()));
        }
        if let (Some(Solver::Bipartite), Some(constraint)) = (self.solver, self.constraint)
            && constraint.limit() != Some(1)
        {
            let error = xlner_project::Error::BipartiteConstraint(constraint);
            return Err(Error::Options(error.to_string()));
        }
        Ok(())
    }

    /// The method, given whether there are links already.
    ///
    /// # Errors
    /// [`Error::Options`].
    pub(crate) fn resolve(&self, linked: bool) -> Result<Method> {
        self.check()?;
        let span = self.scores.as_ref().map_or(!linked, |weights| has(weights, SPAN));
        self.decision.check(span || self.method == MethodKind::Heuristic)?;
        if self.method == MethodKind::Heuristic {
            let heuristic = Heuristic::new(
                self.merge_distance.unwrap_or(1),
                self.only_first,
                self.length_ratio.unwrap_or(0.8),
                self.max_ranges.unwrap_or(0),
            );
            return Ok(Method::Heuristic(self.edition.map_or(heuristic, |edition| heuristic.in_edition(edition))));
        }
        let weights = match &self.scores {
            Some(weights) => weights.clone(),
            None if linked => Weights::default(),
            None => SPAN.parse().map_err(|error: xlner_project::Error| Error::Options(error.to_string()))?,
        };
        let published = CandidateSet::default();
        let (max_length, stop_tokens) = if has(&weights, SPAN) {
            (SPAN_MAX_LENGTH, Vec::new())
        } else {
            (published.max_length, published.stop_tokens)
        };
        Ok(Method::Match(Matching {
            candidates: CandidateSet {
                kind: self.candidates.unwrap_or_default(),
                max_length: self.max_length.unwrap_or(max_length),
                stop_tokens: self.stop_tokens.clone().unwrap_or(stop_tokens),
            },
            weights,
            solver: self.solver.unwrap_or_default(),
            constraint: self.constraint.unwrap_or_default(),
            min_score: self.min_score,
            uncertain: false,
        }))
    }

    /// Whether a decision is made, given whether there are links already.
    pub(crate) fn decides(&self, linked: bool) -> bool {
        let span = self.scores.as_ref().map_or(!linked, |weights| has(weights, SPAN));
        self.method == MethodKind::Match && span && self.decision.choice != Some(DecisionChoice::None)
    }

    /// Whether the scores `nmt` and `codec` are among the scores.
    pub(crate) fn translation_scores(&self) -> [bool; 2] {
        [NMT, CODEC].map(|name| self.scores.as_ref().is_some_and(|weights| has(weights, name)))
    }

    /// Whether a translation model is asked; unless the records have its scores, one must be there.
    pub fn needs_scorer(&self) -> bool {
        self.translation_scores().contains(&true)
    }

    /// The spans that a translation model looks at: beside the score `span` no longer ones either, unless that is said.
    pub(crate) fn translated(&self) -> CandidateSet {
        let published = CandidateSet::default();
        CandidateSet {
            kind: self.candidates.unwrap_or_default(),
            max_length: self.max_length.unwrap_or(published.max_length),
            stop_tokens: self.stop_tokens.clone().unwrap_or(published.stop_tokens),
        }
    }

    /// Whether a tagger of the target language is asked: its entities then have to be read.
    pub fn needs_tagger(&self) -> bool {
        let candidates = matches!(self.candidates, Some(CandidateKind::Tagger | CandidateKind::TaggerSubspans));
        candidates || self.scores.as_ref().is_some_and(|weights| has(weights, "tagger") || has(weights, "tagger-any"))
    }
}

/// Whether the method looks at links.
pub(crate) fn needs_links(method: &Method) -> bool {
    match method {
        Method::Heuristic(_) => true,
        Method::Match(matching) => {
            matching.candidates.kind == CandidateKind::Aligned || has(&matching.weights, "align")
        }
    }
}

/// Whether the method looks at posteriors.
pub(crate) fn needs_posteriors(method: &Method) -> bool {
    matches!(method, Method::Match(matching) if has_span(matching))
}

/// Whether the score `span` is among the scores.
pub(crate) fn has_span(matching: &Matching) -> bool {
    has(&matching.weights, SPAN)
}

fn has(weights: &Weights, name: &str) -> bool {
    weights.iter().any(|(known, weight)| known == name && weight != 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(options: &MethodOptions) -> String {
        options.check().unwrap_err().to_string()
    }

    #[test]
    fn options_of_the_other_method_are_refused() {
        let options = MethodOptions { merge_distance: Some(1), ..MethodOptions::default() };
        assert_eq!(
            refused(&options),
            "option `merge_distance` belongs to option `method` heuristic, and the method is match"
        );
        let options = MethodOptions { method: MethodKind::Heuristic, min_score: Some(0.1), ..MethodOptions::default() };
        assert_eq!(
            refused(&options),
            "option `min_score` belongs to option `method` match, and the method is heuristic"
        );
    }

    #[test]
    fn values_out_of_range_are_refused() {
        let heuristic = |ratio| MethodOptions {
            method: MethodKind::Heuristic,
            length_ratio: Some(ratio),
            ..MethodOptions::default()
        };
        assert!(refused(&heuristic(-0.5)).contains("from 0 on"));
        assert!(refused(&heuristic(f64::NAN)).contains("from 0 on"));
        assert!(heuristic(0.0).check().is_ok());
        let options = MethodOptions { max_length: Some(0), ..MethodOptions::default() };
        assert!(refused(&options).contains("no candidate"));
        let options = MethodOptions {
            solver: Some(Solver::Bipartite),
            constraint: Some(Constraint::AtMost(2)),
            ..MethodOptions::default()
        };
        assert!(refused(&options).contains("bipartite"));
    }

    #[test]
    fn defaults_follow_what_there_is() {
        let matching = |options: &MethodOptions, linked| match options.resolve(linked).unwrap() {
            Method::Match(matching) => matching,
            Method::Heuristic(_) => unreachable!(),
        };
        let options = MethodOptions::default();
        assert_eq!(matching(&options, true), Matching::default());
        let span = matching(&options, false);
        assert_eq!(span.weights.to_string(), "span=1");
        assert_eq!((span.candidates.max_length, span.candidates.stop_tokens.len()), (45, 0));
        assert!(needs_posteriors(&Method::Match(span.clone())) && !needs_links(&Method::Match(span)));
        let options = MethodOptions { max_length: Some(3), ..MethodOptions::default() };
        assert_eq!(matching(&options, false).candidates.max_length, 3);
    }

    #[test]
    fn a_solver_that_was_not_built_in_says_how_to() {
        assert_eq!(parse_solver("greedy").unwrap(), Solver::Greedy);
        assert!(parse_solver("gurobi").unwrap_err().to_string().contains("exact, greedy"));
        if cfg!(not(feature = "milp")) {
            assert!(parse_solver("milp").unwrap_err().to_string().contains("the feature `milp`"));
        }
    }
}
