//! What a projection, or any prediction, is like: figures, error classes with examples, curves, single sentences; as JSON
//! and as one self-contained HTML file.
//!
//! ```
//! use xlner_core::{Entity, Pair, Sentence};
//! use xlner_eval::Resampling;
//! use xlner::report::{Analyser, ErrorClass};
//!
//! let mut target = Sentence::from_tokens(["Obama", "besuchte", "Berlin"]);
//! target.entities = vec![Entity::new(0..1, "PER"), Entity::new(2..3, "ORG")];
//! let gold = [Entity::new(0..1, "PER"), Entity::new(2..3, "LOC")];
//!
//! let mut analyser = Analyser::new(&["ours"], 10);
//! analyser.push(&[Pair { target, ..Pair::default() }], Some(&gold)).unwrap();
//! let analysis = analyser.finish("Berlin", &Resampling::NONE);
//! assert_eq!(analysis.systems[0].errors[0].class, ErrorClass::WrongType);
//! assert!(analysis.html().starts_with("<!DOCTYPE html>"));
//! ```

mod analyser;
mod analysis;
mod attribute;
mod classify;
mod curve;
mod excerpt;
mod explain;
mod html;
mod input;
mod sample;
mod slices;
mod tally;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;

use xlner_eval::Resampling;
use xlner_formats::{ReadOptions, Side};

use attribute::Attributor;

pub use analyser::Analyser;
pub use analysis::{
    Analysis, Confusion, Difference, ErrorGroup, Example, Form, Frequent, Length, Named, ProjectionCounts,
    SystemAnalysis,
};
pub use attribute::{Again, Attribution, Cost, StageGold, StageName};
pub use classify::{Classified, ErrorClass, Finding, classify};
pub use curve::{Bin, Curve, Threshold};
pub use excerpt::Excerpt;
pub use slices::{LabelConsistency, Mixed, Part, SeenIn};

use crate::{Error, Result};

/// The error where stages are to be replaced by a gold that is not there.
const NO_GOLD: &str =
    "to say what each stage costs there must be gold entities of the target: give them, or records with `gold`";

/// Reads predictions, and gold where there is any, and says what is right and wrong with them.
///
/// Sentence *n* of every file is the same sentence. Memory follows the number of predicted entities (their scores are
/// kept) and of different forms of entities, not that of sentences.
#[derive(Debug, Clone)]
pub struct ReportJob {
    /// Predictions, one file per system: records of pairs (the target's entities, with all that is known of the source side), or sentences in any
    /// format.
    pub systems: Vec<PathBuf>,
    /// Gold entities: sentences, or pairs (their field `gold`, else the target's entities). `None`: the field `gold` of the
    /// first system's records, where they have it; then all of them must.
    pub gold: Option<PathBuf>,
    /// Links for the pairs of all systems, one alignment a pair; they replace those in the records.
    pub alignment: Option<PathBuf>,
    /// How all files are read; `side` must not be set.
    pub read: ReadOptions,
    /// Labels replaced by others, on both sides and in gold.
    pub map: BTreeMap<String, String>,
    /// Labels that do not count, as they are called after mapping.
    pub ignore: BTreeSet<String>,
    /// Sentences that the systems have learnt from: figures are told apart by whether the form of an entity is one there. Without,
    /// by whether it is a gold entity of an earlier sentence.
    pub train: Vec<PathBuf>,
    /// What each stage costs is told ([`Attribution`]); wants gold.
    pub attribute: bool,
    /// The right entities of the source, sentence by sentence (of pairs the source's entities), for that.
    pub gold_source: Option<PathBuf>,
    /// The right links, one alignment a pair, for that.
    pub gold_alignment: Option<PathBuf>,
    /// Heading.
    pub title: String,
    /// Examples kept of each kind.
    pub examples: usize,
    /// Confidence intervals and significance.
    pub resampling: Resampling,
}

impl ReportJob {
    /// Reads all files.
    ///
    /// # Errors
    /// [`Error::Options`] without systems; [`Error::Format`] and [`Error::UnequalFiles`] for the files;
    /// [`Error::Sentence`] where sentences do not belong together, or the entities of one overlap.
    pub fn run(&self) -> Result<Analysis> {
        if self.systems.is_empty() {
            return Err(Error::Options("there is nothing to report on: no file of predictions".into()));
        }
        let mut files = input::Files::open(self)?;
        let names: Vec<String> = self.systems.iter().map(|path| path.display().to_string()).collect();
        let mut analyser = Analyser::new(&names, self.examples);
        if !self.train.is_empty() {
            analyser = analyser.with_seen(self.forms_of_training()?);
        }
        let stages = self.stages();
        let mut attributors: Vec<Attributor> =
            (0..if self.attribute { names.len() } else { 0 }).map(|_| Attributor::new(&stages)).collect();
        while let Some(sentence) = files.next()? {
            let other_tokens = sentence.other_tokens();
            if let Err((system, problem)) = analyser.push(&sentence.pairs, sentence.gold.as_deref()) {
                return Err(files.error(system, problem));
            }
            for (system, (attributor, pair)) in attributors.iter_mut().zip(&sentence.pairs).enumerate() {
                let gold = sentence.gold.as_deref().ok_or_else(|| Error::Options(NO_GOLD.into()))?;
                let pushed = attributor.push(pair, gold, &sentence.stages);
                pushed.map_err(|problem| files.error(Some(system), problem))?;
            }
            other_tokens.into_iter().for_each(|system| analyser.add_other_tokens(system));
        }
        let mut analysis = analyser.finish(&self.title, &self.resampling);
        for (system, attributor) in analysis.systems.iter_mut().zip(attributors) {
            system.attribution = Some(attributor.finish(&self.resampling));
        }
        Ok(analysis)
    }

    /// The forms of entities in the training data.
    fn forms_of_training(&self) -> Result<HashSet<String>> {
        let mut forms = HashSet::new();
        for path in &self.train {
            let read = ReadOptions { side: Some(Side::Target), ..self.read.clone() };
            for sentence in xlner_formats::read_sentences(path, &read)? {
                let sentence = sentence?;
                forms.extend(sentence.entities.iter().map(|entity| sentence.span_text(entity.span).to_owned()));
            }
        }
        Ok(forms)
    }

    /// The stages of which there is gold.
    fn stages(&self) -> Vec<StageName> {
        let source = self.gold_source.as_ref().map(|_| StageName::SourceEntities);
        source.into_iter().chain(self.gold_alignment.as_ref().map(|_| StageName::Links)).collect()
    }
}

impl Analysis {
    /// The analysis as one HTML file that needs nothing else: no network, no script to be read. Same analysis, same bytes. Of
    /// many labels and long sentences it shows a part, and says so.
    pub fn html(&self) -> String {
        html::page(self)
    }
}
