//! A version of a sentence: what one person has made of its entities, and the operations that lead there.
//!
//! A version is never stored as such: it follows from the entities that the sentence began with and from the operations,
//! one after the other ([`Version::apply`]).

use serde::{Deserialize, Serialize};
use xlner_core::{Entity, Span};

use crate::error::{Error, Result};
use crate::item::Item;

/// Characters of a label, at most.
const LABEL_LIMIT: usize = 100;
/// Characters of a comment, at most.
const COMMENT_LIMIT: usize = 10_000;

/// How far a person is with a sentence.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Not done.
    #[default]
    Open,
    /// Done: the entities are right.
    Submitted,
    /// Left for others, or for later.
    Skipped,
}

impl State {
    /// The name: `open`, `submitted`, `skipped`.
    pub const fn as_str(self) -> &'static str {
        match self {
            State::Open => "open",
            State::Submitted => "submitted",
            State::Skipped => "skipped",
        }
    }
}

impl std::str::FromStr for State {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        [State::Open, State::Submitted, State::Skipped]
            .into_iter()
            .find(|state| state.as_str() == name)
            .ok_or_else(|| Error::Options(format!("“{name}” is not a state; states: open, submitted, skipped")))
    }
}

/// An entity as operations name it: its place and its label.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Mark {
    /// First token.
    pub start: usize,
    /// Exclusive end: one past the last token.
    pub end: usize,
    /// Label.
    pub label: String,
    /// Index of the source entity that it is the counterpart of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<usize>,
}

impl Mark {
    /// The tokens.
    pub fn span(&self) -> Span {
        Span::new(self.start, self.end)
    }

    fn names(&self, entity: &Entity) -> bool {
        entity.span == self.span() && entity.label == self.label
    }

    fn entity(&self) -> Entity {
        Entity { from: self.from, ..Entity::new(self.span(), self.label.clone()) }
    }
}

impl From<&Entity> for Mark {
    fn from(entity: &Entity) -> Self {
        Mark { start: entity.span.start, end: entity.span.end, label: entity.label.clone(), from: entity.from }
    }
}

/// An entity of an adjudicated version, and the annotators who have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdjudicatedEntity {
    /// The entity.
    #[serde(flatten)]
    pub mark: Mark,
    /// Who has it in the same place with the same label.
    #[serde(default)]
    pub annotators: Vec<String>,
}

/// What a person does to a version. JSON: the kind in `op`, as in `{"op":"add","start":0,"end":1,"label":"PER"}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum Operation {
    /// A new entity; it overlaps no other.
    Add(Mark),
    /// An entity goes.
    Remove(Mark),
    /// An entity gets another place or label.
    Change {
        /// The entity as it is.
        #[serde(flatten)]
        mark: Mark,
        /// As it shall be.
        to: Mark,
    },
    /// All entities at once.
    Set {
        /// The entities.
        entities: Vec<Mark>,
    },
    /// A link is added.
    Link {
        /// Source token.
        source: u32,
        /// Target token.
        target: u32,
    },
    /// A link is removed.
    Unlink {
        /// Source token.
        source: u32,
        /// Target token.
        target: u32,
    },
    /// The person is not sure, or is again.
    Unsure {
        /// Whether unsure.
        on: bool,
    },
    /// A remark; the empty one takes it away.
    Comment {
        /// The remark.
        text: String,
    },
    /// All entities that stand are right.
    Accept,
    /// The acceptance is taken back.
    Unaccept,
    /// The sentence is done.
    Submit,
    /// The sentence is left out for now.
    Skip,
    /// The sentence is to be looked at again.
    Reopen,
    /// What holds, of several versions (adjudication).
    Decide {
        /// The entities, each with those who have it.
        entities: Vec<AdjudicatedEntity>,
    },
}

/// What one person has made of a sentence.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// Sequence number of the last operation; 0: there is none.
    pub seq: u64,
    /// The suggestion that it began with; 0: the entities of the record.
    pub round: u32,
    /// How far the person is.
    pub state: State,
    /// The entities; those that nobody touched have the figures of the projection.
    pub entities: Vec<Entity>,
    /// Links added to those of the record.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub added_links: Vec<(u32, u32)>,
    /// Links of the record that are wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed_links: Vec<(u32, u32)>,
    /// Whether the person accepted all entities as they are.
    #[serde(default)]
    pub accepted: bool,
    /// Whether the person is not sure.
    #[serde(default)]
    pub unsure: bool,
    /// The person's remark.
    #[serde(default)]
    pub comment: String,
    /// Of an adjudicated version, who has which entity.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decided: Vec<AdjudicatedEntity>,
}

impl Version {
    /// The version of somebody who has done nothing yet.
    pub fn of(item: &Item, round: u32) -> Self {
        Version { round, entities: item.start(round).to_vec(), ..Version::default() }
    }

    /// Applies an operation.
    ///
    /// # Errors
    /// [`Error::Refused`] where it does not fit; the version is then as it was.
    pub fn apply(&mut self, operation: &Operation, item: &Item) -> Result<()> {
        match operation {
            Operation::Add(mark) => {
                self.check(mark, item, None)?;
                self.insert(mark.entity());
            }
            Operation::Remove(mark) => {
                let at = self.find(mark)?;
                self.entities.remove(at);
            }
            Operation::Change { mark, to } => {
                let at = self.find(mark)?;
                self.check(to, item, Some(at))?;
                self.entities.remove(at);
                self.insert(to.entity());
            }
            Operation::Set { entities } => self.set(entities, item)?,
            Operation::Decide { entities } => {
                let marks: Vec<Mark> = entities.iter().map(|decided| decided.mark.clone()).collect();
                self.set(&marks, item)?;
                self.decided.clone_from(entities);
                self.state = State::Submitted;
            }
            Operation::Link { source, target } => {
                let link = item.check_link(*source, *target)?;
                self.removed_links.retain(|other| *other != link);
                if !item.has_link(link) && !self.added_links.contains(&link) {
                    self.added_links.push(link);
                }
            }
            Operation::Unlink { source, target } => {
                let link = item.check_link(*source, *target)?;
                self.added_links.retain(|other| *other != link);
                if item.has_link(link) && !self.removed_links.contains(&link) {
                    self.removed_links.push(link);
                }
            }
            Operation::Unsure { on } => self.unsure = *on,
            Operation::Comment { text } => {
                if text.chars().count() > COMMENT_LIMIT {
                    return Err(Error::Refused(format!("a comment has at most {COMMENT_LIMIT} characters")));
                }
                self.comment.clone_from(text);
            }
            Operation::Accept => self.accepted = true,
            Operation::Unaccept => self.accepted = false,
            Operation::Submit => self.state = State::Submitted,
            Operation::Skip => self.state = State::Skipped,
            Operation::Reopen => self.state = State::Open,
        }
        Ok(())
    }

    fn set(&mut self, marks: &[Mark], item: &Item) -> Result<()> {
        let mut entities = Vec::with_capacity(marks.len());
        for (at, mark) in marks.iter().enumerate() {
            check_mark(mark, item)?;
            if let Some(other) = marks[..at].iter().find(|other| other.span().overlaps(mark.span())) {
                return Err(overlap(mark, other.span(), &other.label));
            }
            // One that stays as it is keeps its figures.
            let kept = self.entities.iter().find(|entity| mark.names(entity) && entity.from == mark.from);
            entities.push(kept.cloned().unwrap_or_else(|| mark.entity()));
        }
        entities.sort_by_key(|entity| entity.span);
        self.entities = entities;
        Ok(())
    }

    fn find(&self, mark: &Mark) -> Result<usize> {
        self.entities.iter().position(|entity| mark.names(entity)).ok_or_else(|| {
            Error::Refused(format!("there is no entity {} {}..{} in this version", mark.label, mark.start, mark.end))
        })
    }

    fn insert(&mut self, entity: Entity) {
        let at = self.entities.partition_point(|other| other.span < entity.span);
        self.entities.insert(at, entity);
    }

    fn check(&self, mark: &Mark, item: &Item, instead_of: Option<usize>) -> Result<()> {
        check_mark(mark, item)?;
        let others = self.entities.iter().enumerate().filter(|(at, _)| Some(*at) != instead_of);
        match others.map(|(_, entity)| entity).find(|entity| entity.span.overlaps(mark.span())) {
            Some(other) => Err(overlap(mark, other.span, &other.label)),
            None => Ok(()),
        }
    }
}

fn overlap(mark: &Mark, span: Span, label: &str) -> Error {
    Error::Refused(format!("{} {}..{} overlaps {label} {span}", mark.label, mark.start, mark.end))
}

fn check_mark(mark: &Mark, item: &Item) -> Result<()> {
    let len = item.pair.target.len();
    if mark.start >= mark.end || mark.end > len {
        return Err(Error::Refused(format!(
            "{}..{} is no span of this sentence of {len} tokens",
            mark.start, mark.end
        )));
    }
    let label = &mark.label;
    if label.is_empty() || label.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(Error::Refused(format!("“{label}” is no label: a label is one word")));
    }
    if label.chars().count() > LABEL_LIMIT {
        return Err(Error::Refused(format!("a label has at most {LABEL_LIMIT} characters")));
    }
    let sources = item.pair.source.entities.len();
    match mark.from {
        Some(from) if from >= sources => {
            Err(Error::Refused(format!("there is no source entity {from}: the source has {sources}")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::tests::item;

    fn mark(start: usize, end: usize, label: &str) -> Mark {
        Mark { start, end, label: label.into(), from: None }
    }

    #[test]
    fn operations_change_what_they_name() {
        let item = item();
        let mut version = Version::of(&item, 0);
        assert_eq!(version.entities.len(), 2);
        let change = Operation::Change { mark: mark(0, 1, "PER"), to: mark(0, 2, "ORG") };
        version.apply(&change, &item).unwrap();
        version.apply(&Operation::Remove(mark(2, 3, "LOC")), &item).unwrap();
        version.apply(&Operation::Add(mark(3, 4, "MISC")), &item).unwrap();
        let marks: Vec<Mark> = version.entities.iter().map(Mark::from).collect();
        assert_eq!(marks, [mark(0, 2, "ORG"), mark(3, 4, "MISC")]);
        assert_eq!(version.entities[0].score, None, "a changed entity is the person's");
    }

    #[test]
    fn what_does_not_fit_is_refused_and_changes_nothing() {
        let item = item();
        let mut version = Version::of(&item, 0);
        let before = version.clone();
        for operation in [
            Operation::Add(mark(0, 2, "PER")),
            Operation::Add(mark(3, 9, "PER")),
            Operation::Add(mark(3, 3, "PER")),
            Operation::Add(mark(3, 4, "")),
            Operation::Add(mark(3, 4, "a b")),
            Operation::Add(Mark { from: Some(7), ..mark(3, 4, "PER") }),
            Operation::Remove(mark(0, 1, "LOC")),
            Operation::Change { mark: mark(0, 1, "PER"), to: mark(0, 3, "PER") },
            Operation::Link { source: 0, target: 9 },
            Operation::Set { entities: vec![mark(0, 2, "PER"), mark(1, 3, "PER")] },
        ] {
            assert!(matches!(version.apply(&operation, &item), Err(Error::Refused(_))), "{operation:?}");
            assert_eq!(version, before);
        }
    }

    #[test]
    fn links_are_kept_as_differences() {
        let item = item();
        let mut version = Version::of(&item, 0);
        version.apply(&Operation::Link { source: 1, target: 3 }, &item).unwrap();
        version.apply(&Operation::Unlink { source: 0, target: 0 }, &item).unwrap();
        assert_eq!((&version.added_links[..], &version.removed_links[..]), (&[(1, 3)][..], &[(0, 0)][..]));
        version.apply(&Operation::Unlink { source: 1, target: 3 }, &item).unwrap();
        version.apply(&Operation::Link { source: 0, target: 0 }, &item).unwrap();
        assert!(version.added_links.is_empty() && version.removed_links.is_empty());
    }

    #[test]
    fn operations_have_their_json() {
        let json = r#"{"op":"change","start":0,"end":1,"label":"PER","to":{"start":0,"end":2,"label":"PER","from":0}}"#;
        let operation: Operation = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&operation).unwrap(), json);
        assert_eq!(serde_json::to_string(&Operation::Submit).unwrap(), r#"{"op":"submit"}"#);
        assert!(serde_json::from_str::<Operation>(r#"{"op":"explode"}"#).is_err());
    }
}
