//! The states of the chain: tags, and which may follow which.

use xlner_core::{Entity, Sentence};

use crate::{Error, Result};

/// States that a model can have; one byte names a state.
const MOST: usize = 255;

/// What a state says of its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Outside,
    /// First token, more follow (IOBES), or first token (IOB2).
    Begin,
    Inside,
    /// Last token of several (IOBES).
    End,
    /// Only token (IOBES).
    Single,
}

/// The states of a set of labels: 0 is `O`, the others follow label by label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct States {
    labels: Vec<String>,
    iobes: bool,
    /// The tags that a user sees: `O`, `B-…`, `I-…`, label by label.
    tags: Vec<String>,
}

impl States {
    /// States of sorted labels. With `iobes` last and single tokens have states of their own.
    pub(crate) fn new(labels: Vec<String>, iobes: bool) -> Result<States> {
        let tags = std::iter::once("O".to_owned())
            .chain(labels.iter().flat_map(|label| [format!("B-{label}"), format!("I-{label}")]))
            .collect();
        let states = States { labels, iobes, tags };
        if states.len() > MOST {
            let most = (MOST - 1) / states.parts().len();
            return Err(Error::Training(format!(
                "{} labels are too many; at most {most} can be told apart",
                states.labels.len()
            )));
        }
        Ok(states)
    }

    pub(crate) fn labels(&self) -> &[String] {
        &self.labels
    }

    pub(crate) fn iobes(&self) -> bool {
        self.iobes
    }

    pub(crate) fn tags(&self) -> &[String] {
        &self.tags
    }

    const fn parts(&self) -> &'static [Part] {
        if self.iobes { &[Part::Begin, Part::Inside, Part::End, Part::Single] } else { &[Part::Begin, Part::Inside] }
    }

    /// Number of states.
    pub(crate) fn len(&self) -> usize {
        1 + self.labels.len() * self.parts().len()
    }

    /// What a state says, and its label (0 for `O`, which has none).
    pub(crate) fn meaning(&self, state: usize) -> (Part, usize) {
        match state.checked_sub(1) {
            None => (Part::Outside, 0),
            Some(at) => (self.parts()[at % self.parts().len()], at / self.parts().len()),
        }
    }

    /// The column of [`tags`](Self::tags) that a state counts for.
    pub(crate) fn column(&self, state: usize) -> usize {
        match self.meaning(state) {
            (Part::Outside, _) => 0,
            (Part::Begin | Part::Single, label) => 1 + 2 * label,
            (Part::Inside | Part::End, label) => 2 + 2 * label,
        }
    }

    /// Whether a sentence may begin with the state.
    pub(crate) fn may_start(&self, state: usize) -> bool {
        !matches!(self.meaning(state).0, Part::Inside | Part::End)
    }

    /// Whether a sentence may end with the state.
    pub(crate) fn may_end(&self, state: usize) -> bool {
        !self.iobes || matches!(self.meaning(state).0, Part::Outside | Part::End | Part::Single)
    }

    /// Whether `after` may follow `before`: an entity is continued by its own label only, and in IOBES it must be until
    /// its end.
    pub(crate) fn may_follow(&self, before: usize, after: usize) -> bool {
        let (part, label) = self.meaning(before);
        let continues = matches!(self.meaning(after).0, Part::Inside | Part::End);
        if continues {
            matches!(part, Part::Begin | Part::Inside) && label == self.meaning(after).1
        } else {
            self.may_end(before)
        }
    }

    /// The states of an entity of label `label` and `len` tokens.
    pub(crate) fn of_entity(&self, label: usize, len: usize) -> impl Iterator<Item = usize> + use<> {
        let (first, iobes) = (1 + label * self.parts().len(), self.iobes);
        (0..len).map(move |at| match (iobes, at == 0, at + 1 == len) {
            (true, true, true) => first + 3,
            (true, false, true) => first + 2,
            (_, true, _) => first,
            _ => first + 1,
        })
    }

    /// The states of the first `len` tokens of an entity that may be longer: in IOBES those of a longer one.
    pub(crate) fn of_beginning(&self, label: usize, len: usize) -> impl Iterator<Item = usize> + use<> {
        self.of_entity(label, if self.iobes { len + 1 } else { len }).take(len)
    }

    /// The states of a sentence with known entities.
    ///
    /// # Errors
    /// What is wrong with it: entities that overlap or have an unknown label.
    pub(crate) fn of_sentence(&self, sentence: &Sentence) -> std::result::Result<Vec<u8>, String> {
        let mut states = vec![0; sentence.len()];
        for entity in &sentence.entities {
            let label = self.labels.binary_search(&entity.label).map_err(|_| format!("label {}", entity.label))?;
            let place = states.get_mut(entity.span.range()).ok_or("an entity leaves the sentence")?;
            if place.iter().any(|state| *state != 0) {
                return Err(format!(
                    "entity {} ({}) overlaps another; a token can have one tag only: keep one of them",
                    entity.span, entity.label
                ));
            }
            for (state, value) in place.iter_mut().zip(self.of_entity(label, entity.span.len())) {
                *state = value as u8;
            }
        }
        Ok(states)
    }

    /// The entities of a sequence of states in which each may follow the one before.
    pub(crate) fn entities(&self, states: &[u8]) -> Vec<(Entity, usize)> {
        let mut found: Vec<(Entity, usize)> = Vec::new();
        for (token, &state) in states.iter().enumerate() {
            match self.meaning(state.into()) {
                (Part::Outside, _) => {}
                (Part::Begin | Part::Single, label) => {
                    found.push((Entity::new(token..token + 1, self.labels[label].clone()), label));
                }
                (Part::Inside | Part::End, _) => {
                    if let Some((entity, _)) = found.last_mut() {
                        entity.span.end = token + 1;
                    }
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn states(iobes: bool) -> States {
        States::new(vec!["LOC".into(), "PER".into()], iobes).unwrap()
    }

    #[test]
    fn entities_are_written_and_read_back() {
        let mut sentence = Sentence::from_tokens(["a"; 8]);
        sentence.entities = vec![
            Entity::new(0..1, "PER"),
            Entity::new(1..3, "PER"),
            Entity::new(3..6, "LOC"),
            Entity::new(7..8, "LOC"),
        ];
        for iobes in [false, true] {
            let states = states(iobes);
            let sequence = states.of_sentence(&sentence).unwrap();
            let found: Vec<Entity> = states.entities(&sequence).into_iter().map(|(entity, _)| entity).collect();
            assert_eq!(found, sentence.entities);
            assert!(states.may_start(sequence[0].into()) && states.may_end(sequence[7].into()));
            assert!(sequence.windows(2).all(|pair| states.may_follow(pair[0].into(), pair[1].into())));
            let columns: Vec<&str> =
                sequence.iter().map(|&s| states.tags()[states.column(s.into())].as_str()).collect();
            assert_eq!(columns, ["B-PER", "B-PER", "I-PER", "B-LOC", "I-LOC", "I-LOC", "O", "B-LOC"]);
        }
    }

    #[test]
    fn what_is_inside_follows_its_own_kind() {
        let plain = states(false);
        // O, B-LOC, I-LOC, B-PER, I-PER
        assert!(!plain.may_start(2) && !plain.may_follow(0, 2) && !plain.may_follow(1, 4) && !plain.may_follow(4, 2));
        assert!(plain.may_follow(1, 2) && plain.may_follow(2, 2) && plain.may_follow(2, 3) && plain.may_end(1));
        let strict = states(true);
        // O, B-LOC, I-LOC, E-LOC, S-LOC, …
        assert!(!strict.may_follow(1, 0) && !strict.may_follow(1, 1) && !strict.may_end(2) && !strict.may_follow(4, 3));
        assert!(strict.may_follow(1, 3) && strict.may_follow(3, 4) && strict.may_follow(4, 5));
    }

    #[test]
    fn what_cannot_be_told_apart_is_refused() {
        let many = (0..64).map(|n| format!("L{n:03}")).collect();
        assert!(States::new(many, true).unwrap_err().to_string().contains("at most 63"));
        let mut sentence = Sentence::from_tokens(["a", "b"]);
        sentence.entities = vec![Entity::new(0..2, "PER"), Entity::new(1..2, "LOC")];
        assert!(states(true).of_sentence(&sentence).unwrap_err().contains("overlaps"));
    }
}
