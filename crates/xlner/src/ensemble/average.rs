//! The job `ensemble` with option `average`: the systems' distributions over tags are averaged, token by token, without weights.
//!
//! That is how translate-test and translate-train were combined by Ebing and Glavaš (2025, “The devil is in the details”,
//! arXiv 2505.10507): what was projected onto a sentence, and what a tagger says of it that was trained on projections.

use std::path::PathBuf;

use xlner_core::tags::{Scheme, decode};
use xlner_core::{Entity, Sentence};
use xlner_formats::{ReadOptions, WriteOptions, write_sentences};

use super::ballot::Ballot;
use super::{EnsembleReport, VoteReport, Votes, check_votes};
use crate::Result;
use crate::engine::output::check_entities;

/// Averages what several systems say of the same sentences.
///
/// A system's distribution at a token is what its entities say, where they carry a `probability`: that of the entity for its tag,
/// the rest for `O`. Else it is the tagger's, where the sentence has `probabilities`; else its entities are certain.
#[derive(Debug, Clone)]
pub struct AverageJob {
    /// Their files, of the same sentences with the same tokens. Of records of pairs the target side counts.
    pub votes: Vec<PathBuf>,
    /// How they are read.
    pub options: ReadOptions,
    /// Where the sentences go, with the entities of the tags that are most probable together.
    pub output: PathBuf,
    /// How they are written.
    pub output_options: WriteOptions,
}

impl AverageJob {
    /// Does the job. The output appears when all is done.
    ///
    /// # Errors
    /// See [`Error`](crate::Error); files of other sentences than the first are named with the sentence.
    pub fn run(&self) -> Result<EnsembleReport> {
        check_votes(&self.votes)?;
        check_entities(&self.output, &self.output_options)?;
        let mut writer = write_sentences(&self.output, &self.output_options)?;
        let votes = self.votes.iter().map(|file| VoteReport { file: file.clone(), ..VoteReport::default() });
        let mut report = EnsembleReport { votes: votes.collect(), ..EnsembleReport::default() };
        let mut ballot = Ballot::default();
        for sentences in Votes::open(&self.votes, &self.options)? {
            let sentences = sentences?;
            ballot.count(&sentences);
            let chosen = average(&sentences);
            report.add(&sentences, ballot.proposals().len(), &chosen);
            let Some(mut sentence) = sentences.into_iter().next() else { continue };
            (sentence.entities, sentence.probabilities) = (chosen, None);
            writer.write(&sentence)?;
        }
        writer.finish()?;
        Ok(report)
    }
}

/// The entities of the tags that have the largest sum of mean probabilities, of all sequences in which none goes on with what
/// did not begin. Their score is the mean of their tags' probabilities.
fn average(sentences: &[Sentence]) -> Vec<Entity> {
    let mut labels: Vec<String> = sentences.iter().flat_map(labels_of).collect();
    labels.sort_unstable();
    labels.dedup();
    let tags = 1 + 2 * labels.len();
    let tokens = sentences.first().map_or(0, Sentence::len);
    let mut mean = vec![vec![0.0; tags]; tokens];
    for sentence in sentences {
        for (sum, row) in mean.iter_mut().zip(distribution(sentence, &labels)) {
            sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += value / sentences.len() as f64);
        }
    }
    let path = best(&mean);
    let name = |tag: usize| match tag {
        0 => "O".to_owned(),
        tag => format!("{}-{}", if tag % 2 == 1 { "B" } else { "I" }, labels[(tag - 1) / 2]),
    };
    let names: Vec<String> = path.iter().map(|&tag| name(tag)).collect();
    let mut entities = decode(&names, Scheme::Iob2).map(|decoded| decoded.entities).unwrap_or_default();
    for entity in &mut entities {
        let sum: f64 = entity.span.range().map(|token| mean[token][path[token]]).sum();
        entity.score = Some(sum / entity.span.len() as f64);
    }
    entities
}

/// Labels that a system may mean.
fn labels_of(sentence: &Sentence) -> Vec<String> {
    let tags = sentence.probabilities.iter().flat_map(|probabilities| &probabilities.labels);
    let tags = tags.filter_map(|tag| tag.split_once('-').map(|(_, label)| label.to_owned()));
    tags.chain(sentence.entities.iter().map(|entity| entity.label.clone())).collect()
}

/// Probabilities of `O` and of `B` and `I` of each label, token by token.
fn distribution(sentence: &Sentence, labels: &[String]) -> Vec<Vec<f64>> {
    let place = |label: &str| labels.binary_search_by(|known| known.as_str().cmp(label)).ok();
    let mut rows = vec![vec![0.0; 1 + 2 * labels.len()]; sentence.len()];
    let decided = sentence.entities.iter().any(|entity| entity.probability.is_some());
    let tagger = sentence.probabilities.as_ref().filter(|found| !decided && found.rows.len() == sentence.len());
    if let Some(tagger) = tagger {
        let columns: Vec<usize> = tagger.labels.iter().map(|tag| column(tag, &place)).collect();
        for (row, given) in rows.iter_mut().zip(&tagger.rows) {
            columns.iter().zip(given).for_each(|(&column, value)| row[column] += f64::from(*value));
        }
        return rows;
    }
    rows.iter_mut().for_each(|row| row[0] = 1.0);
    for entity in &sentence.entities {
        let Some(label) = place(&entity.label) else { continue };
        let probability = entity.probability.unwrap_or(1.0).clamp(0.0, 1.0);
        for token in entity.span.range() {
            rows[token][0] = 1.0 - probability;
            rows[token][1 + 2 * label + usize::from(token > entity.span.start)] = probability;
        }
    }
    rows
}

/// The column of a tag of any scheme that tells where an entity begins; of others an entity's tokens are inside it.
fn column(tag: &str, place: &impl Fn(&str) -> Option<usize>) -> usize {
    let Some((prefix, label)) = tag.split_once('-') else { return 0 };
    place(label).map_or(0, |label| 1 + 2 * label + usize::from(!matches!(prefix, "B" | "S" | "U")))
}

/// The tags of the largest sum; `I` of a label stands after `B` or `I` of it only.
fn best(mean: &[Vec<f64>]) -> Vec<usize> {
    let mut sums: Vec<Vec<f64>> = Vec::with_capacity(mean.len());
    let mut from: Vec<Vec<usize>> = Vec::with_capacity(mean.len());
    for (at, row) in mean.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| &sums[at]);
        let top = before.map_or(0, |before| argmax(before));
        let step = |tag: usize| -> (f64, usize) {
            let inside = tag > 0 && tag.is_multiple_of(2);
            match before {
                None if inside => (f64::NEG_INFINITY, 0),
                None => (row[tag], 0),
                Some(before) if inside => {
                    let last = if before[tag] > before[tag - 1] { tag } else { tag - 1 };
                    (before[last] + row[tag], last)
                }
                Some(before) => (before[top] + row[tag], top),
            }
        };
        let (sum, last) = (0..row.len()).map(step).unzip();
        sums.push(sum);
        from.push(last);
    }
    let Some(last) = sums.last() else { return Vec::new() };
    let mut path = vec![argmax(last)];
    for at in (1..mean.len()).rev() {
        path.push(from[at][path[path.len() - 1]]);
    }
    path.reverse();
    path
}

/// The largest; of equal ones the first.
fn argmax(values: &[f64]) -> usize {
    (0..values.len()).fold(0, |best, at| if values[at] > values[best] { at } else { best })
}

#[cfg(test)]
mod tests {
    use xlner_core::LabelProbabilities;

    use super::*;

    fn sentence(entities: &[(usize, usize, &str, f64)]) -> Sentence {
        let mut sentence = Sentence::from_tokens(["a", "b", "c"]);
        let entity = |&(start, end, label, probability): &(usize, usize, &str, f64)| Entity {
            probability: Some(probability),
            ..Entity::new(start..end, label)
        };
        sentence.entities = entities.iter().map(entity).collect();
        sentence
    }

    fn tagger(labels: &[&str], rows: &[&[f32]]) -> Sentence {
        let mut sentence = Sentence::from_tokens(["a", "b", "c"]);
        sentence.probabilities = Some(LabelProbabilities {
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
            rows: rows.iter().map(|row| row.to_vec()).collect(),
            ..LabelProbabilities::default()
        });
        sentence
    }

    fn found(sentences: &[Sentence]) -> Vec<(usize, usize, String, f64)> {
        let place = |e: Entity| (e.span.start, e.span.end, e.label, (e.score.unwrap_or(0.0) * 1e4).round() / 1e4);
        average(sentences).into_iter().map(place).collect()
    }

    #[test]
    fn distributions_are_averaged() {
        let projected = sentence(&[(0, 1, "PER", 0.9), (2, 3, "LOC", 0.3)]);
        let tagged = tagger(&["O", "B-PER", "I-PER"], &[&[0.2, 0.8, 0.0], &[0.4, 0.1, 0.5], &[0.9, 0.1, 0.0]]);
        // b: O 0.7, I-PER 0.25.
        assert_eq!(found(&[projected.clone(), tagged.clone()]), [(0, 1, "PER".into(), 0.85)]);
        assert_eq!(found(&[tagged.clone(), tagged]), [(0, 2, "PER".into(), 0.65)]);
        assert_eq!(found(&[projected, sentence(&[(2, 3, "LOC", 0.8)])])[0], (2, 3, "LOC".into(), 0.55));
    }

    #[test]
    fn nothing_goes_on_that_did_not_begin() {
        let rows: [&[f32]; 3] = [&[0.1, 0.2, 0.7], &[0.2, 0.1, 0.7], &[1.0, 0.0, 0.0]];
        assert_eq!(found(&[tagger(&["O", "B-X", "I-X"], &rows)]), [(0, 2, "X".into(), 0.45)]);
        assert!(average(&[Sentence::from_tokens(Vec::<&str>::new())]).is_empty());
    }

    #[test]
    fn whole_tags_begin_an_entity() {
        let rows: [&[f32]; 3] = [&[0.1, 0.9, 0.0], &[0.9, 0.1, 0.0], &[0.1, 0.0, 0.9]];
        assert_eq!(found(&[tagger(&["O", "S-X", "B-Y"], &rows)]).len(), 2);
    }
}
