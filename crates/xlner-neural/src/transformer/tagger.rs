//! Taggers that classify tokens.

use std::path::Path;

use xlner_core::contracts::{ModelError, ModelResult, Tagger};
use xlner_core::fusion::own_tokens;
use xlner_core::tags::{self, Scheme};
use xlner_core::{LabelProbabilities, Sentence};

use super::labels;
use super::{EncoderModel, SubWordTokenizer, language, pieces, windows};
use crate::nn::{adapter, softmax};
use crate::{Error, Result, SubWords, TransformerTaggerOptions};

/// Field of `config.json` of a model that reads sentences beside their tagged translations.
pub(crate) const FUSION: &str = "xlner_fusion";
/// What is wrong with a sentence that such a model gets without.
pub(crate) const ALONE: &str = "it stands alone, and this model reads sentences beside their tagged translations: give pairs whose source \
     is tagged";

/// A transformer that finds entities.
///
/// Every token gets its most probable tag. An entity's score is the mean probability of the tags of its tokens. A token that
/// the tokeniser drops (control characters) is `O`.
pub struct TransformerTagger {
    model: EncoderModel,
    tokenizer: SubWordTokenizer,
    tags: Vec<String>,
    scheme: Scheme,
    outside: usize,
    options: TransformerTaggerOptions,
    fusion: bool,
    name: String,
    lang: Option<String>,
}

impl TransformerTagger {
    /// Loads the checkpoint of a folder.
    ///
    /// # Errors
    /// Those of [`EncoderModel::load`] and [`SubWordTokenizer::load`]; [`Error::Model`] where it does not classify tokens, or its
    /// classes have no names; [`Error::Options`] where as many labels are given as it has not classes.
    pub fn load(folder: &Path, options: TransformerTaggerOptions) -> Result<TransformerTagger> {
        let model = EncoderModel::load(folder, options.precision)?;
        if model.classes().is_empty() {
            return Err(Error::model(
                folder,
                "this model does not classify tokens; fine-tune it, or use it as encoder",
            ));
        }
        let (tags, scheme) = labels::tags(folder, model.classes(), options.labels.as_deref())?;
        let outside = tags.iter().position(|tag| tag == "O").unwrap_or_default();
        let name = folder.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        Ok(TransformerTagger {
            tokenizer: SubWordTokenizer::load(folder)?,
            model,
            tags,
            scheme,
            outside,
            options,
            fusion: pieces::json(&adapter::holding(folder, "config.json")?.join("config.json"))?[FUSION] == true,
            name,
            lang: language::of(folder),
        })
    }

    /// The probabilities of every tag for every token of a sentence.
    fn rows(&self, sentence: &Sentence, words: &[Option<u32>], logits: &mut [f32]) -> Vec<Vec<f32>> {
        let classes = self.tags.len();
        let mut rows: Vec<Vec<f32>> = vec![Vec::new(); sentence.len()];
        let mut counts = vec![0u32; sentence.len()];
        for (word, logits) in words.iter().flatten().zip(logits.chunks_exact_mut(classes)) {
            let word = *word as usize;
            let (row, count) = (&mut rows[word], &mut counts[word]);
            *count += 1;
            if *count > 1 && self.options.sub_words == SubWords::First {
                continue;
            }
            softmax(logits);
            match self.options.sub_words {
                _ if *count == 1 => *row = logits.to_vec(),
                SubWords::Mean => row.iter_mut().zip(logits).for_each(|(sum, probability)| *sum += *probability),
                _ if most(logits) > most(row) => row.copy_from_slice(logits),
                _ => {}
            }
        }
        for (row, count) in rows.iter_mut().zip(counts) {
            if count == 0 {
                *row = vec![0.0; classes];
                row[self.outside] = 1.0;
            } else if self.options.sub_words == SubWords::Mean {
                row.iter_mut().for_each(|sum| *sum /= count as f32);
            }
        }
        rows
    }

    fn decode(&self, rows: &[Vec<f32>]) -> std::result::Result<Vec<xlner_core::Entity>, String> {
        let best = |row: &Vec<f32>| {
            (0..row.len()).reduce(|best, class| if row[class] > row[best] { class } else { best }).unwrap_or_default()
        };
        let tags: Vec<&str> = rows.iter().map(|row| self.tags[best(row)].as_str()).collect();
        let mut entities = tags::decode(&tags, self.scheme).map_err(|problem| problem.to_string())?.entities;
        for entity in &mut entities {
            let rows = &rows[entity.span.start..entity.span.end];
            entity.score = Some(rows.iter().map(|row| f64::from(most(row))).sum::<f64>() / rows.len() as f64);
        }
        Ok(entities)
    }
}

fn most(row: &[f32]) -> f32 {
    row.iter().copied().fold(0.0, f32::max)
}

impl Tagger for TransformerTagger {
    fn tags(&self) -> &[String] {
        &self.tags
    }

    fn language(&self) -> Option<&str> {
        self.lang.as_deref()
    }

    fn signature(&self) -> String {
        let TransformerTaggerOptions { precision, sub_words, labels } = &self.options;
        let labels = labels.as_ref().map_or_else(String::new, |labels| format!(" {}", labels.join(",")));
        format!("{} {} {:08x} {precision} {sub_words}{labels}", self.model.kind(), self.name, self.model.checksum())
    }

    fn reads_translation(&self) -> bool {
        self.fusion
    }

    fn tag(&self, sentences: &mut [Sentence], probabilities: bool) -> ModelResult<()> {
        let own = |(index, sentence): (usize, &Sentence)| match self.fusion {
            true => own_tokens(sentence).ok_or_else(|| ModelError::sentence(index, ALONE)),
            false => Ok(sentence.len()),
        };
        let own = sentences.iter().enumerate().map(own).collect::<ModelResult<Vec<usize>>>()?;
        let given: Vec<&Sentence> = sentences.iter().collect();
        let tokens = self.tokenizer.encode_all(&given)?;
        let logits = windows::run(self.model.longest(), &tokens, self.tags.len(), |ids| self.model.logits(ids))?;
        for (index, ((sentence, tokens), mut logits)) in sentences.iter_mut().zip(&tokens).zip(logits).enumerate() {
            let rows = self.rows(sentence, &tokens.words, &mut logits);
            let entities = self.decode(&rows[..own[index]]);
            sentence.entities = entities.map_err(|problem| ModelError::Sentence { index, problem })?;
            sentence.probabilities =
                probabilities.then(|| LabelProbabilities { labels: self.tags.clone(), rows, spans: Vec::new() });
        }
        Ok(())
    }
}
