//! What a tagger from outside says of a sentence: checked, and put into it.

use serde::Deserialize;
use serde_json::Value;
use xlner_core::{Entity, LabelProbabilities, Sentence, Span};

/// An entity as it is told.
#[derive(Deserialize)]
pub(super) struct Told {
    start: usize,
    end: usize,
    label: String,
    #[serde(default)]
    score: Option<f64>,
}

impl Told {
    /// Reads a list of entities, `[{"start","end","label","score"}]`.
    pub fn list(entities: Value) -> Result<Vec<Told>, String> {
        serde_json::from_value(entities).map_err(|problem| format!("`entities`: {problem}"))
    }

    /// The entity of a sentence of so many tokens, or what is wrong with it.
    fn entity(self, tokens: usize) -> Result<Entity, String> {
        let Told { start, end, label, score } = self;
        if start >= end || end > tokens {
            return Err(format!(
                "an entity from token {start} to {end}, which does not fit a sentence of {tokens} tokens (`end` is exclusive)"
            ));
        }
        if label.trim().is_empty() || label.chars().any(char::is_control) {
            return Err(format!("the entity from token {start} to {end} has the label “{}”", label.escape_debug()));
        }
        if let Some(score) = score.filter(|score| !(0.0..=1.0).contains(score)) {
            return Err(format!("the entity from token {start} to {end} has the score {score}, and scores are 0 to 1"));
        }
        Ok(Entity { score, ..Entity::new(start..end, label) })
    }
}

/// The entities of a sentence of so many tokens, by their places, or what is wrong with one.
pub(super) fn entities(told: Vec<Told>, tokens: usize) -> Result<Vec<Entity>, String> {
    let mut entities: Vec<Entity> = told.into_iter().map(|told| told.entity(tokens)).collect::<Result<_, _>>()?;
    entities.sort_by(|a, b| (a.span.start, a.span.end, &a.label).cmp(&(b.span.start, b.span.end, &b.label)));
    let same = |two: &[Entity]| two[0].span == two[1].span && two[0].label == two[1].label;
    match entities.windows(2).find(|two| same(two)) {
        Some([one, ..]) => {
            Err(format!("the entity {} from token {} to {} twice", one.label, one.span.start, one.span.end))
        }
        _ => Ok(entities),
    }
}

/// Puts entities into a sentence, and where wanted the probabilities that they come to: each entity has its score as the
/// probability, 1 where it has none.
pub(super) fn put(sentence: &mut Sentence, entities: Vec<Entity>, probabilities: bool) {
    sentence.probabilities = probabilities.then(|| told(sentence.len(), &entities));
    sentence.entities = entities;
}

/// The probabilities of a sentence of so many tokens. Where entities overlap the rows are those of the likelier one.
fn told(tokens: usize, entities: &[Entity]) -> LabelProbabilities {
    let mut labels = vec!["O".to_owned()];
    let mut names: Vec<&str> = entities.iter().map(|entity| entity.label.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    labels.extend(names.iter().flat_map(|name| [format!("B-{name}"), format!("I-{name}")]));
    let mut rows = vec![vec![0.0; labels.len()]; tokens];
    rows.iter_mut().for_each(|row| row[0] = 1.0);
    let mut spans = entities.to_vec();
    spans.iter_mut().for_each(|span| span.score = Some(span.score.unwrap_or(1.0)));
    let mut order: Vec<&Entity> = spans.iter().collect();
    order.sort_by(|a, b| b.score.unwrap_or(1.0).total_cmp(&a.score.unwrap_or(1.0)));
    let mut taken: Vec<Span> = Vec::new();
    for entity in order {
        if taken.iter().any(|other| other.overlaps(entity.span)) {
            continue;
        }
        taken.push(entity.span);
        let column = 1 + 2 * names.iter().position(|name| *name == entity.label).unwrap_or(0);
        let probability = entity.score.unwrap_or(1.0) as f32;
        for token in entity.span.range() {
            rows[token][0] = 1.0 - probability;
            rows[token][column + usize::from(token > entity.span.start)] = probability;
        }
    }
    LabelProbabilities { labels, rows, spans }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str, tokens: usize) -> Result<Vec<Entity>, String> {
        entities(Told::list(serde_json::from_str(json).unwrap())?, tokens)
    }

    #[test]
    fn entities_are_checked() {
        let good =
            read(r#"[{"start":2,"end":3,"label":"LOC"},{"start":0,"end":2,"label":"PER","score":0.5,"x":1}]"#, 3);
        let good = good.unwrap();
        assert_eq!((good[0].label.as_str(), good[0].score, good[1].score), ("PER", Some(0.5), None));
        for (bad, message) in [
            (r#"[{"start":1,"end":1,"label":"X"}]"#, "from token 1 to 1"),
            (r#"[{"start":0,"end":4,"label":"X"}]"#, "a sentence of 3 tokens"),
            (r#"[{"start":-1,"end":2,"label":"X"}]"#, "-1"),
            (r#"[{"start":0.5,"end":2,"label":"X"}]"#, "0.5"),
            (r#"[{"start":0,"label":"X"}]"#, "end"),
            (r#"[{"start":0,"end":1,"label":" "}]"#, "label"),
            (r#"[{"start":0,"end":1,"label":"A\tB"}]"#, "label"),
            (r#"[{"start":0,"end":1,"label":"X","score":1.5}]"#, "1.5"),
            (r#"[{"start":0,"end":1,"label":"X","score":-0.1}]"#, "-0.1"),
            (r#"[{"start":0,"end":1,"label":"X"},{"start":0,"end":1,"label":"X"}]"#, "twice"),
            (r#"{"start":0}"#, "`entities`"),
            ("null", "`entities`"),
        ] {
            let error = read(bad, 3).unwrap_err();
            assert!(error.contains(message), "{bad}: {error}");
        }
    }

    #[test]
    fn scores_become_probabilities() {
        let mut sentence = Sentence::from_tokens(["New", "York", "Times"]);
        let found = read(
            r#"[{"start":0,"end":2,"label":"LOC","score":0.25},{"start":0,"end":3,"label":"ORG","score":0.75}]"#,
            3,
        );
        put(&mut sentence, found.unwrap(), true);
        sentence.validate().unwrap();
        let probabilities = sentence.probabilities.unwrap();
        assert_eq!(probabilities.labels, ["O", "B-LOC", "I-LOC", "B-ORG", "I-ORG"]);
        assert_eq!(probabilities.rows[0], [0.25, 0.0, 0.0, 0.75, 0.0]);
        assert_eq!(probabilities.rows[2], [0.25, 0.0, 0.0, 0.0, 0.75]);
        assert_eq!(probabilities.spans.len(), 2);
    }
}
