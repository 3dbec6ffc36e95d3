//! Which labelled sentences are good enough to learn from.

use std::fmt;
use std::str::FromStr;

use xlner_core::{LabelProbabilities, Sentence};

use crate::{Error, Result};

/// Conditions on the labels of a sentence, written `score>=2,margin>=1,complete,agreement,probability>=0.9`. Sentences go in
/// whole or not at all: half of the labels of one would teach that the other half are no entities.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct LabelFilter {
    /// Least score of every projected entity.
    pub score: Option<f64>,
    /// Least margin of every projected entity.
    pub margin: Option<f64>,
    /// Every entity of the source was projected.
    pub complete: bool,
    /// The tagger finds exactly what was projected.
    pub agreement: bool,
    /// Least probability that the tagger gives the tag of any token, 0 to 1. With it, labels of the tagger are learnt from:
    /// those of raw sentences, and those of pairs whose projected ones do not pass.
    pub probability: Option<f64>,
}

impl LabelFilter {
    /// Whether projected labels pass what is known of them without a tagger.
    ///
    /// # Errors
    /// An entity without the score or margin that is asked for: what is wrong, and the cure.
    pub(super) fn passes(&self, sentence: &Sentence, complete: bool) -> std::result::Result<bool, String> {
        let mut passes = complete || !self.complete;
        for entity in &sentence.entities {
            for (least, value, name) in [(self.score, entity.score, "score"), (self.margin, entity.margin, "margin")] {
                let Some(least) = least else { continue };
                let value = value.ok_or_else(|| {
                    format!(
                        "entity {} ({}) has no {name}, which the filter asks for: project with the method match into \
                         records (.jsonl), or leave {name} out of option `filter`",
                        entity.span, entity.label
                    )
                })?;
                passes &= value >= least;
            }
        }
        Ok(passes)
    }

    /// Whether labels of the tagger pass; `probabilities` are those of its tags for every token.
    pub(super) fn trusts(&self, probabilities: &LabelProbabilities) -> bool {
        self.probability.is_some_and(|least| f64::from(certainty(probabilities)) >= least)
    }
}

/// The least probability, over the tokens, of a token's most probable tag; 1 without tokens.
fn certainty(probabilities: &LabelProbabilities) -> f32 {
    let of_token = |row: &Vec<f32>| row.iter().copied().fold(0.0, f32::max);
    probabilities.rows.iter().map(of_token).fold(1.0, f32::min)
}

impl FromStr for LabelFilter {
    type Err = Error;

    fn from_str(text: &str) -> Result<LabelFilter> {
        let mut filter = LabelFilter::default();
        for condition in text.split(',').filter(|condition| !condition.is_empty()) {
            let wrong = || {
                Error::Options(format!(
                    "“{condition}” is no condition of a filter; there are score>=X, margin>=X, probability>=X, complete, \
                     agreement"
                ))
            };
            match condition.split_once(">=") {
                Some((name, least)) => {
                    let least = least.parse().ok().filter(|least: &f64| least.is_finite()).ok_or_else(wrong)?;
                    match name {
                        "score" => filter.score = Some(least),
                        "margin" => filter.margin = Some(least),
                        "probability" if (0.0..=1.0).contains(&least) => filter.probability = Some(least),
                        "probability" => {
                            return Err(Error::Options(format!("a probability is from 0 to 1, not {least}")));
                        }
                        _ => return Err(wrong()),
                    }
                }
                None if condition == "complete" => filter.complete = true,
                None if condition == "agreement" => filter.agreement = true,
                None => return Err(wrong()),
            }
        }
        Ok(filter)
    }
}

impl fmt::Display for LabelFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let least = |name: &str, value: Option<f64>| value.map(|value| format!("{name}>={value}"));
        let set = |name: &str, value: bool| value.then(|| name.to_owned());
        let all = [
            least("score", self.score),
            least("margin", self.margin),
            least("probability", self.probability),
            set("complete", self.complete),
            set("agreement", self.agreement),
        ];
        f.write_str(&all.into_iter().flatten().collect::<Vec<_>>().join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xlner_core::Entity;

    #[test]
    fn filters_are_read_and_written() {
        for text in ["", "score>=2", "score>=-1.5,margin>=0.25,probability>=0.9,complete,agreement"] {
            assert_eq!(text.parse::<LabelFilter>().unwrap().to_string(), text);
        }
        for bad in ["score", "score>2", "score>=x", "score>=NaN", "probability>=1.1", "agreement>=1", "good"] {
            assert!(bad.parse::<LabelFilter>().is_err(), "{bad}");
        }
    }

    #[test]
    fn every_entity_must_pass() {
        let mut sentence = Sentence::from_tokens(["a", "b"]);
        let filter: LabelFilter = "score>=1".parse().unwrap();
        assert_eq!(filter.passes(&sentence, false), Ok(true));
        let entity = |at: usize, score| Entity { score, ..Entity::new(at..at + 1, "PER") };
        sentence.entities = vec![entity(0, Some(2.0)), entity(1, Some(1.0))];
        assert_eq!(filter.passes(&sentence, false), Ok(true));
        sentence.entities[1].score = Some(0.9);
        assert_eq!(filter.passes(&sentence, true), Ok(false));
        assert_eq!("".parse::<LabelFilter>().unwrap().passes(&sentence, false), Ok(true));
        assert_eq!("complete".parse::<LabelFilter>().unwrap().passes(&sentence, false), Ok(false));
        sentence.entities[0].score = None;
        assert!(filter.passes(&sentence, true).unwrap_err().contains("no score"));
    }

    #[test]
    fn a_sentence_is_as_certain_as_its_least_certain_token() {
        let filter: LabelFilter = "probability>=0.75".parse().unwrap();
        let rows = |rows: &[[f32; 2]]| LabelProbabilities {
            spans: Vec::new(),
            labels: vec!["O".into(), "B-PER".into()],
            rows: rows.iter().map(|row| row.to_vec()).collect(),
        };
        assert!(filter.trusts(&rows(&[[0.25, 0.75], [0.9, 0.1]])) && filter.trusts(&rows(&[])));
        assert!(!filter.trusts(&rows(&[[0.3, 0.7], [0.9, 0.1]])));
        assert!(!LabelFilter::default().trusts(&rows(&[[1.0, 0.0]])));
    }
}
