//! The baseline without a model: what is written with a capital is a name.

use xlner_core::contracts::{ModelError, ModelResult, Tagger};
use xlner_core::{Entity, LabelProbabilities, Sentence};

/// Takes every run of capitalised words for an entity of one label, usually the most frequent one of some training data.
///
/// The first word of a sentence has its capital whatever it is: it is no entity alone, and part of one where the next word is
/// capitalised too. Words of scripts without capitals are no entities. Every entity has the score 1.
#[derive(Debug, Clone)]
pub struct CapitalsTagger {
    label: String,
    tags: [String; 3],
}

impl CapitalsTagger {
    /// Finds entities of a label.
    pub fn new(label: &str) -> CapitalsTagger {
        CapitalsTagger { label: label.to_owned(), tags: ["O".into(), format!("B-{label}"), format!("I-{label}")] }
    }

    fn entities(&self, sentence: &Sentence) -> Vec<Entity> {
        let mut entities: Vec<Entity> = Vec::new();
        let first = sentence.tokens().position(|token| token.chars().any(char::is_alphabetic));
        for (at, token) in sentence.tokens().enumerate() {
            if !token.chars().next().is_some_and(char::is_uppercase) {
                continue;
            }
            match entities.last_mut().filter(|last| last.span.end == at) {
                Some(last) => last.span.end = at + 1,
                None => entities.push(Entity { score: Some(1.0), ..Entity::new(at..at + 1, self.label.clone()) }),
            }
        }
        entities.retain(|entity| entity.span.len() > 1 || Some(entity.span.start) != first);
        entities
    }
}

impl Tagger for CapitalsTagger {
    fn tags(&self) -> &[String] {
        &self.tags
    }

    fn signature(&self) -> String {
        format!("capitals:{}", self.label)
    }

    fn tag(&self, sentences: &mut [Sentence], probabilities: bool) -> ModelResult<()> {
        for (index, sentence) in sentences.iter_mut().enumerate() {
            if !sentence.is_tokenized() {
                return Err(ModelError::sentence(index, "it is not tokenised; tokenise it first"));
            }
            sentence.entities = self.entities(sentence);
            sentence.probabilities = probabilities.then(|| {
                let mut rows = vec![vec![1.0, 0.0, 0.0]; sentence.len()];
                for span in sentence.entities.iter().map(|entity| entity.span) {
                    span.range().for_each(|token| rows[token] = vec![0.0, 0.0, 1.0]);
                    rows[span.start] = vec![0.0, 1.0, 0.0];
                }
                LabelProbabilities { labels: self.tags.to_vec(), rows }
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_capitals_are_entities_and_first_words_alone_are_not() {
        let found = |text: &str| {
            let mut sentence = [Sentence::from_tokens(text.split(' '))];
            CapitalsTagger::new("PER").tag(&mut sentence, true).unwrap();
            sentence[0].validate().unwrap();
            sentence[0].entities.iter().map(|entity| (entity.span.range(), entity.label.clone())).collect::<Vec<_>>()
        };
        let entity = |range| (range, "PER".to_owned());
        assert_eq!(found("The man saw Ana Marković in Niš ."), [entity(3..5), entity(6..7)]);
        assert_eq!(found("« Danas je Marko"), [entity(3..4)]);
        assert_eq!(found("Ana Marković je došla"), [entity(0..2)]);
        assert_eq!(found("1990 U Nišu"), [entity(1..3)]);
        assert_eq!(found("in 東京 today iPhone"), []);
        assert_eq!(found(""), []);
    }
}
