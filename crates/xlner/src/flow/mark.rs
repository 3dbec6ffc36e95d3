//! The stage that translates text with markers round its entities and reads them in the translation
//! ([`xlner_project::markers`]).

use std::collections::BTreeMap;

use rayon::prelude::*;
use xlner_core::tokenize::detokenize;
use xlner_core::{Entity, Pair, Projection, Reason, Sentence, Span, Unprojected};
use xlner_core::{ModelError, Translator};
use xlner_project::markers::{self, Markers};

use super::translate::{sentence, translate};
use crate::Result;
use crate::engine::step::{Fail, Step, of_pair};
use crate::progress::Stage;
use crate::translate::{is_joined, plain_text};

/// Who translates. A pair whose markers came through gets its target, with entities, and a [`Projection`]; one that lost a
/// marker gets neither.
pub(crate) struct Marking<'a> {
    pub translator: &'a mut dyn Translator,
    /// What stands round entities.
    pub markers: Markers,
    /// Language of the translation.
    pub lang: String,
}

impl Step for Marking<'_> {
    fn name(&self) -> &'static str {
        "translate-marked"
    }

    fn stage(&self) -> Stage {
        Stage::Translate
    }

    fn signature(&self) -> String {
        format!("{} {} {} 2", self.translator.signature(), self.lang, self.markers.name())
    }

    fn work(&mut self, pairs: &mut [Pair], first: u64, fail: Fail<'_>) -> Result<()> {
        let kind = self.markers;
        let mut texts: Vec<String> = pairs.par_iter().map(|pair| marked_text(&pair.source, kind)).collect();
        // Every name once, and the first pair it occurs in.
        let mut names: BTreeMap<String, usize> = BTreeMap::new();
        let mut owners = Vec::new();
        // Tags say themselves which entity they mark.
        let alike = pairs.iter().enumerate().filter(|_| kind == Markers::Brackets);
        for (index, pair) in alike {
            for entity in markers::marked(&pair.source, kind) {
                let name = name(&pair.source, entity);
                names.entry(name).or_insert_with_key(|name| {
                    texts.push(name.clone());
                    owners.push(index);
                    texts.len() - 1
                });
            }
        }
        let translations = translate(self.translator, &texts).map_err(|error| {
            let error = match error {
                ModelError::Sentence { index, problem } if index >= pairs.len() => {
                    let index = owners.get(index - pairs.len()).copied().unwrap_or(0);
                    ModelError::Sentence { index, problem }
                }
                error => error,
            };
            of_pair(error, pairs, first, fail)
        })?;
        let results: Vec<Result<()>> = pairs
            .par_iter_mut()
            .enumerate()
            .map(|(index, pair)| {
                let own = |entity: usize| {
                    names.get(&name(&pair.source, entity)).map_or("", |at| translations[*at].text.as_str())
                };
                let projected = project(&pair.source, &translations[index].text, kind, &self.lang, &own);
                let projected = projected.map_err(|error| fail(first + index as u64, pair, error.to_string()))?;
                if let Some((target, projection)) = projected {
                    (pair.target, pair.projection) = (target, Some(projection));
                } else {
                    (pair.target, pair.projection) = (Sentence::default(), None);
                }
                Ok(())
            })
            .collect();
        // Of several errors the first pair's.
        results.into_iter().collect()
    }
}

/// The text of an entity as people write it.
fn name(source: &Sentence, entity: usize) -> String {
    let span = source.entities[entity].span;
    if !is_joined(source) {
        return source.span_text(span).to_owned();
    }
    let mut part = Sentence::from_tokens(span.range().map(|token| source.token(token)));
    part.lang.clone_from(&source.lang);
    plain_text(&part)
}

/// The text with markers as people write it.
fn marked_text(source: &Sentence, kind: Markers) -> String {
    match is_joined(source) {
        true => detokenize(&markers::mark_tokens(source, kind), source.lang.as_deref()),
        false => markers::mark(source, kind),
    }
}

/// The target of a source sentence from the translation of its marked text, and the translations of single entities; `None`
/// where a marker got lost.
fn project<'t>(
    source: &Sentence,
    translation: &str,
    kind: Markers,
    lang: &str,
    own: &dyn Fn(usize) -> &'t str,
) -> xlner_core::Result<Option<(Sentence, Projection)>> {
    let entities = markers::marked(source, kind);
    let Some(marked) = markers::read(translation, entities.len(), kind) else {
        return Ok(None);
    };
    let mut target = sentence(marked.text, Some(lang))?;
    let spans: Option<Vec<Span>> = marked.ranges.iter().map(|range| target.span_of_bytes(range.clone())).collect();
    // Markers inside words may leave two entities a token.
    let apart = |spans: &Vec<Span>| {
        let ranges = &marked.ranges;
        let share = |one: usize, other: usize| {
            let bytes = ranges[one].start < ranges[other].end && ranges[other].start < ranges[one].end;
            !bytes && spans[one].overlaps(spans[other])
        };
        (0..spans.len()).all(|one| (0..one).all(|other| !share(one, other)))
    };
    let Some(spans) = spans.filter(apart) else {
        return Ok(None);
    };
    let assigned: Vec<(usize, f64)> = match kind {
        Markers::Xml => (0..entities.len()).map(|number| (number, 1.0)).collect(),
        Markers::Brackets => {
            let texts: Vec<&str> = marked.ranges.iter().map(|range| &target.text()[range.clone()]).collect();
            let names: Vec<&str> = entities.iter().map(|entity| own(*entity)).collect();
            markers::assign(&texts, &names)
        }
    };
    let mut objective = 0.0;
    let mut found = Vec::with_capacity(spans.len());
    for (span, (at, score)) in spans.into_iter().zip(assigned) {
        let from = entities[at];
        objective += score;
        found.push(Entity {
            score: Some(score),
            from: Some(from),
            ..Entity::new(span, source.entities[from].label.clone())
        });
    }
    found.sort_by_key(|entity| (entity.span.start, std::cmp::Reverse(entity.span.end)));
    target.entities = found;
    let unprojected = (0..source.entities.len()).filter(|entity| !entities.contains(entity));
    let unprojected = unprojected.map(|entity| Unprojected { entity, reason: Reason::Conflict }).collect();
    Ok(Some((target, Projection { objective, bound: None, unprojected })))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> Sentence {
        let mut source = Sentence::from_tokens(["Ana", "met", "New", "York", "'s", "Boris", "."]);
        source.lang = Some("en".into());
        source.entities = vec![Entity::new(0..1, "PER"), Entity::new(2..4, "LOC"), Entity::new(3..4, "LOC")];
        source
    }

    #[test]
    fn marked_text_is_written_as_people_write() {
        assert_eq!(marked_text(&source(), Markers::Brackets), "[Ana] met [New York]'s Boris.");
        assert_eq!(name(&source(), 1), "New York");
        let mut given = Sentence::from_text_and_tokens("Ana  came.", ["Ana", "came", "."]).unwrap();
        given.entities = vec![Entity::new(0..1, "PER")];
        assert_eq!(marked_text(&given, Markers::Brackets), "[Ana]  came.");
    }

    #[test]
    fn markers_say_where_entities_stand() {
        let own = |entity: usize| ["Ana", "Njujork", "Jork"][entity];
        let (target, projection) =
            project(&source(), "Boris iz [Njujorka] srete [Anu].", Markers::Brackets, "sr", &own).unwrap().unwrap();
        assert_eq!(target.text(), "Boris iz Njujorka srete Anu.");
        let found: Vec<(Span, &str, Option<usize>)> =
            target.entities.iter().map(|entity| (entity.span, entity.label.as_str(), entity.from)).collect();
        assert_eq!(found, [(Span::new(2, 3), "LOC", Some(1)), (Span::new(4, 5), "PER", Some(0))]);
        assert_eq!(projection.unprojected, [Unprojected { entity: 2, reason: Reason::Conflict }]);
        assert!(projection.objective > 1.0 && target.entities[0].score.unwrap() < 1.0);
        for lost in
            ["Boris iz Njujorka srete [Anu].", "[Anu] [Njujork] [Borisa]", "x", "[Boris iz [Njujorka] srete Anu."]
        {
            assert!(project(&source(), lost, Markers::Brackets, "sr", &own).unwrap().is_none(), "{lost}");
        }
        let (target, projection) =
            project(&Sentence::from_tokens(["x"]), "y", Markers::Brackets, "sr", &own).unwrap().unwrap();
        assert!(target.len() == 1 && target.entities.is_empty() && projection.unprojected.is_empty());
    }

    #[test]
    fn tags_keep_entities_that_stand_in_others() {
        let own = |_: usize| "";
        assert_eq!(marked_text(&source(), Markers::Xml), "<a>Ana</a> met <b>New <c>York</c></b>'s Boris.");
        let read = |text: &str| project(&source(), text, Markers::Xml, "sr", &own).unwrap();
        let (target, projection) = read("Boris iz <b>Novog <c>Jorka</c></b> srete <a>Anu</a>.").unwrap();
        assert_eq!(target.text(), "Boris iz Novog Jorka srete Anu.");
        let found: Vec<(Span, Option<usize>)> = target.entities.iter().map(|e| (e.span, e.from)).collect();
        assert_eq!(found, [(Span::new(2, 4), Some(1)), (Span::new(3, 4), Some(2)), (Span::new(5, 6), Some(0))]);
        assert_eq!((projection.unprojected.len(), projection.objective), (0, 3.0));
        assert!(read("Boris iz <b>Novog Jorka</b> srete <a>Anu</a>.").is_none());
    }
}
