//! Signs of likely mistakes that show only when all is read: files that do not belong together, a tagger of another language, a
//! table without translations. They are noted as readers note what they leave out; strict reading makes errors of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use xlner_core::contracts::TranslatorFigures;
use xlner_core::{Pair, Reason, Sentence, Tagger};
use xlner_eval::{Evaluation, Scores};
use xlner_formats::{NoteKind, Place, ReadOptions};
use xlner_models::languages;

use crate::Result;
use crate::engine::sides::UNLIKE;

const NO_ENTITIES: NoteKind = NoteKind::new("no-source-entities", "0 source entities, nothing to project; sentences");
const NOTHING_FOUND: NoteKind = NoteKind::new(
    "nothing-tagged",
    "sentences in none of which the tagger found an entity (is it one of their language and kind of text?)",
);
const MISPLACED: NoteKind = NoteKind::new(
    "unplaced-entities",
    "source entities without a place in the translation, far more than usual (is the target shifted by a line, shuffled, or \
     another text?)",
);
const UNTRANSLATED: NoteKind = NoteKind::new(
    "untranslated",
    "texts kept as they are because there is no translation, most of all (is it the right table, in the right direction?)",
);
const EMPTY: NoteKind =
    NoteKind::new("empty-translations", "texts whose translation is empty (nothing can be projected)");
const OTHER_LANGUAGE: NoteKind =
    NoteKind::new("tagger-of-another-language", "sentences in another language than their tagger's");

const UNUSED_LABELS: NoteKind =
    NoteKind::new("labels-of-no-entity", "labels that are to be replaced or ignored, and that no entity has");
const DISJOINT: NoteKind =
    NoteKind::new("disjoint-labels", "predictions that have no label in common with gold (nothing can be right)");

const NO_GOLD: NoteKind = NoteKind::new(
    "gold-without-entities",
    "predictions that are compared with gold without any entity (is the gold file the one with the tags?)",
);

const NO_PREDICTION: NoteKind = NoteKind::new(
    "predictions-without-entities",
    "predictions without any entity, while gold has some (is it the file with the tags?)",
);

const ALONE: NoteKind = NoteKind::new(
    "labels-of-one-system",
    "systems that have no label in common with the others (they can never agree; are the labels spelt alike?)",
);

/// Notes labels to be replaced or ignored that no entity of a file has; `seen` are those before replacing.
///
/// # Errors
/// Where the options say strict.
pub(crate) fn unused_labels(
    options: &ReadOptions,
    file: &Path,
    (map, ignore): (&BTreeMap<String, String>, &BTreeSet<String>),
    seen: &BTreeSet<String>,
) -> Result<()> {
    let after: BTreeSet<&str> = seen.iter().map(|label| map.get(label).unwrap_or(label).as_str()).collect();
    let unused = map.keys().filter(|label| !seen.contains(*label));
    let unused: Vec<&str> =
        unused.chain(ignore.iter().filter(|label| !after.contains(label.as_str()))).map(String::as_str).collect();
    let first = Place::file(file).record(unused.join(", "));
    Ok(options.note(UNUSED_LABELS, unused.len() as u64, &first)?)
}

/// Notes what the labels of a system's predictions and of gold say: that they have none in common, that one has no entity.
///
/// # Errors
/// Where the options say strict.
pub(crate) fn labels_of_system(options: &ReadOptions, file: &Path, figures: &Evaluation) -> Result<()> {
    let of = |counts: fn(&Scores) -> u64| {
        figures.types.iter().filter(|(_, scores)| counts(scores) > 0).map(|(label, _)| label.as_str()).collect()
    };
    disjoint_labels(options, file, &of(|scores| scores.support), &of(|scores| scores.predicted))
}

/// Notes that neither gold nor a prediction has an entity.
///
/// # Errors
/// Where the options say strict.
pub(crate) fn no_entities(options: &ReadOptions, gold: &Path) -> Result<()> {
    Ok(options.note(NO_GOLD, 1, &Place::file(gold))?)
}

/// Notes a system whose labels no other has.
///
/// # Errors
/// Where the options say strict.
pub(crate) fn labels_of_voters(options: &ReadOptions, voters: &[(&Path, BTreeSet<String>)]) -> Result<()> {
    for (index, (file, labels)) in voters.iter().enumerate() {
        let mut others =
            voters.iter().enumerate().filter(|(other, _)| *other != index).flat_map(|(_, (_, labels))| labels);
        if !labels.is_empty() && others.clone().next().is_some() && !others.any(|label| labels.contains(label)) {
            let list: Vec<&str> = labels.iter().map(String::as_str).collect();
            options.note(ALONE, 1, &Place::file(*file).record(list.join(", ")))?;
        }
    }
    Ok(())
}

/// Notes predictions of labels that gold has none of.
///
/// # Errors
/// Where the options say strict.
pub(crate) fn disjoint_labels(
    options: &ReadOptions,
    file: &Path,
    gold: &BTreeSet<&str>,
    predicted: &BTreeSet<&str>,
) -> Result<()> {
    if !gold.is_disjoint(predicted) || gold.is_empty() && predicted.is_empty() {
        return Ok(());
    }
    if gold.is_empty() || predicted.is_empty() {
        let kind = if gold.is_empty() { NO_GOLD } else { NO_PREDICTION };
        return Ok(options.note(kind, 1, &Place::file(file))?);
    }
    let list = |labels: &BTreeSet<&str>| labels.iter().copied().collect::<Vec<_>>().join(", ");
    let first = Place::file(file).record(format!("{}; gold: {}", list(predicted), list(gold)));
    Ok(options.note(DISJOINT, 1, &first)?)
}

/// Source entities that must be there before their share says something.
const ENOUGH: u64 = 30;
/// The least share of entities that usually find a place. On the bundled sample and on MasakhaNER and Europarl it is 0.85 to 0.98, and 0.50 to 0.66 with
/// the target shifted or shuffled.
const LEAST: f64 = 0.7;
/// Entities of a part of the corpus, so that a shift that begins somewhere is seen.
const PART: u64 = 100;
/// The least share in a part: 0.5 to 0.6 in the worst parts of those corpora, 0.15 to 0.45 where the target is shifted.
const LEAST_OF_PART: f64 = 0.5;

/// Watches how many source entities find a place.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Places {
    pairs: u64,
    /// Whether some source has entities, sure or not.
    entities: bool,
    whole: Share,
    part: Share,
    /// What parts came to in which too few found one.
    bad: Share,
}

/// Source entities, and those that found no place.
#[derive(Debug, Clone, Default, PartialEq)]
struct Share {
    /// Number of the first pair, counted from 1.
    first: u64,
    entities: u64,
    lost: u64,
}

impl Share {
    fn add(&mut self, pair: u64, entities: u64, lost: u64) {
        self.first = if self.entities == 0 { pair } else { self.first };
        self.entities += entities;
        self.lost += lost;
    }

    fn is_below(&self, least: f64) -> bool {
        ((self.entities - self.lost) as f64) < least * self.entities as f64
    }
}

impl Places {
    /// Watches a projected pair, the next in order. Entities of which a tagger is not sure are another matter.
    pub fn add(&mut self, pair: &Pair) {
        self.pairs += 1;
        self.entities |= !pair.source.entities.is_empty() || pair.source.probabilities.is_some();
        let Some(projection) = pair.projection.as_ref().filter(|_| pair.source.probabilities.is_none()) else { return };
        let lost = projection.unprojected.iter().filter(|one| {
            // What the user's own limits leave out is no sign.
            matches!(one.reason, Reason::Unaligned | Reason::NoCandidate | Reason::TooShort | Reason::EmptyTarget)
        });
        let (entities, lost) = (pair.source.entities.len() as u64, lost.count() as u64);
        if entities == 0 {
            return;
        }
        self.whole.add(self.pairs, entities, lost);
        self.part.add(self.pairs, entities, lost);
        if self.part.entities >= PART {
            let part = std::mem::take(&mut self.part);
            if part.is_below(LEAST_OF_PART) {
                self.bad.add(part.first, part.entities, part.lost);
            }
        }
    }

    /// Notes what there is to note of the pairs of these files; `tagged`: the source's entities are those that a tagger found.
    ///
    /// # Errors
    /// Where the options say strict.
    pub fn tell(&self, options: &ReadOptions, source: &Path, target: &Path, tagged: bool) -> Result<()> {
        match (self.entities, tagged) {
            (true, _) => {}
            (false, false) => return Ok(options.note(NO_ENTITIES, self.pairs, &Place::file(source))?),
            // A few sentences may well be without.
            (false, true) if self.pairs < ENOUGH => return Ok(()),
            (false, true) => return Ok(options.note(NOTHING_FOUND, self.pairs, &Place::file(source))?),
        }
        let sign = match self.bad.entities > 0 {
            true => &self.bad,
            false if self.whole.entities >= ENOUGH && self.whole.is_below(LEAST) => &self.whole,
            false => return Ok(()),
        };
        // One sign is enough.
        if options.notes.list().iter().any(|note| note.kind == UNLIKE) {
            return Ok(());
        }
        let first = Place::file(target).record(format!("pair {}", sign.first));
        Ok(options.note(MISPLACED, sign.lost, &first)?)
    }
}

/// What the steps of a job notice, each on a thread of its own; clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Signs(Arc<Mutex<Noticed>>);

#[derive(Debug, Default)]
struct Noticed {
    translated: TranslatorFigures,
    /// Sentences in another language than their tagger's; the first, and both languages.
    foreign: u64,
    first_foreign: String,
}

impl Signs {
    fn lock(&self) -> MutexGuard<'_, Noticed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a translator has done so far.
    pub fn translated(&self, figures: TranslatorFigures) {
        self.lock().translated = figures;
    }

    /// Looks at sentences that a tagger is given; `first` is the number of the first, counted from 1.
    pub fn tagged(&self, tagger: &dyn Tagger, sentences: &[Sentence], first: u64) {
        let Some(own) = tagger.language() else { return };
        let mut noticed = self.lock();
        for (sentence, number) in sentences.iter().zip(first..) {
            let Some(other) = other_language(own, sentence) else { continue };
            if noticed.foreign == 0 {
                noticed.first_foreign = format!("sentence {number}: {other}; the tagger: {own}");
            }
            noticed.foreign += 1;
        }
    }

    /// Notes what there is to note of the sentences of a file.
    ///
    /// # Errors
    /// Where the options say strict.
    pub fn tell(&self, options: &ReadOptions, file: &Path) -> Result<()> {
        let noticed = self.lock();
        let TranslatorFigures { texts, untranslated, empty, .. } = noticed.translated;
        options.note(EMPTY, empty, &Place::file(file))?;
        if 2 * untranslated > texts {
            options.note(UNTRANSLATED, untranslated, &Place::file(file))?;
        }
        let first = Place::file(file).record(&noticed.first_foreign);
        Ok(options.note(OTHER_LANGUAGE, noticed.foreign, &first)?)
    }
}

/// The language of a sentence, or else its script, where it is not that of a tagger.
fn other_language<'a>(own: &str, sentence: &'a Sentence) -> Option<&'a str> {
    match sentence.lang.as_deref() {
        Some(lang) => Some(lang).filter(|lang| !languages::same(lang, own)),
        None if languages::script(own) == Some("Latn") => {
            let letters = sentence.text().chars().filter(|char| char.is_alphabetic());
            let (latin, other): (Vec<char>, Vec<char>) = letters.partition(|&char| languages::is_latin(char));
            (other.len() > latin.len() + 2).then_some("another script")
        }
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use xlner_core::{Entity, LabelProbabilities, Projection, Unprojected};
    use xlner_formats::Notes;

    use super::*;

    fn places(pairs: impl IntoIterator<Item = (usize, usize)>) -> Places {
        let mut places = Places::default();
        for (entities, lost) in pairs {
            let mut pair = Pair { source: Sentence::from_tokens(["a", "b"]), ..Pair::default() };
            pair.source.entities = vec![Entity::new(0..1, "PER"); entities];
            let unprojected = (0..lost).map(|entity| Unprojected { entity, reason: Reason::NoCandidate }).collect();
            pair.projection = Some(Projection { objective: 0.0, bound: None, unprojected });
            places.add(&pair);
        }
        places
    }

    fn told(places: &Places) -> Vec<(String, u64, Option<String>)> {
        let options = ReadOptions { notes: Notes::default(), ..ReadOptions::default() };
        places.tell(&options, Path::new("s"), Path::new("t"), false).unwrap();
        let notes = options.notes.list().into_iter();
        notes.map(|note| (note.kind.name.to_owned(), note.count, note.first.record)).collect()
    }

    #[test]
    fn a_source_without_entities_is_a_sign() {
        assert_eq!(told(&places([(0, 0), (0, 0)])), [("no-source-entities".to_owned(), 2, None)]);
        assert!(told(&places([])).is_empty());
        // What a tagger is unsure of are entities all the same.
        let mut unsure = Pair { projection: Some(Projection::default()), ..Pair::default() };
        unsure.source.probabilities = Some(LabelProbabilities::default());
        let mut places = Places::default();
        places.add(&unsure);
        assert!(told(&places).is_empty());
    }

    #[test]
    fn a_tagger_that_finds_nothing_in_many_sentences_is_a_sign() {
        let told = |pairs: usize| {
            let options = ReadOptions { notes: Notes::default(), ..ReadOptions::default() };
            places(vec![(0, 0); pairs]).tell(&options, Path::new("s"), Path::new("t"), true).unwrap();
            options.notes.list().first().map(|note| (note.kind.name, note.count))
        };
        assert_eq!((told(29), told(30)), (None, Some(("nothing-tagged", 30))));
    }

    #[test]
    fn too_small_a_share_is_a_sign_and_an_odd_entity_is_not() {
        assert!(told(&places(vec![(1, 0); 98].into_iter().chain([(2, 2), (1, 1)]))).is_empty());
        assert!(told(&places(vec![(2, 1); 10])).is_empty(), "too few to say");
        let shifted = vec![(2, 1); 30];
        assert_eq!(told(&places(shifted)), [("unplaced-entities".to_owned(), 30, Some("pair 1".to_owned()))]);
    }

    #[test]
    fn a_shift_in_the_middle_is_seen_and_placed() {
        let pairs = vec![(1, 0); 500].into_iter().chain(vec![(1, 1); 110]);
        assert_eq!(told(&places(pairs)), [("unplaced-entities".to_owned(), 100, Some("pair 501".to_owned()))]);
    }

    #[test]
    fn strict_makes_an_error_of_a_sign() {
        let options = ReadOptions { strict: true, ..ReadOptions::default() };
        let error = places([(0, 0)]).tell(&options, Path::new("s.conll"), Path::new("t"), false).unwrap_err();
        assert!(error.to_string().starts_with("s.conll: 0 source entities"), "{error}");
    }

    #[test]
    fn languages_and_scripts_are_compared() {
        let of = |text: &str, lang: Option<&str>| {
            let mut sentence = Sentence::from_text(text);
            sentence.lang = lang.map(str::to_owned);
            other_language("en", &sentence).map(str::to_owned)
        };
        assert_eq!(of("Habari", Some("sw")), Some("sw".to_owned()));
        for same in ["en", "en-GB", "eng"] {
            assert_eq!(of("Hello", Some(same)), None);
        }
        assert_eq!(of("Привет, мир", None), Some("another script".to_owned()));
        assert_eq!(of("Éléments déjà vus, ẹ̀kọ́, Đà Nẵng", None), None);
        assert_eq!(of("µ 3 β", None), None);
    }
}
