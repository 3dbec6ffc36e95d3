//! The job `align` by an encoder: what the vectors of two sentences' sub-words say.

use std::path::PathBuf;

use rayon::prelude::*;
use xlner_align::similarity::{Extraction, Similarity, lift};
use xlner_core::contracts::{Encoded, Encoder, ModelError};
use xlner_core::{Alignment, Pair, Sentence};
use xlner_formats::WriteOptions;

use super::AlignReport;
use crate::engine::output::Output;
use crate::engine::pump::{each, pump};
use crate::engine::source::{self, Input, Source};
use crate::progress::{Listener, Progress, Stage};
use crate::{Error, Result};

/// Pairs encoded together.
const BATCH: usize = 64;

/// Aligns words by the similarity of their vectors: SimAlign (Jalili Sabet et al. 2020), AWESoME (Dou and Neubig 2021), and with the
/// encoder of a translation model TransAlign (Ebing and Glavaš 2025), which takes its links as AWESoME does.
/// Pairs are streamed.
#[derive(Debug, Clone)]
pub struct SimilarityJob {
    /// The pairs to be aligned. Sentences without tokens are tokenised.
    pub input: Input,
    /// How links are taken from similarities.
    pub extraction: Extraction,
    /// How much tokens at the same relative position are favoured, 0 to 1 ([`Similarity::distort`]).
    pub distortion: f64,
    /// Where the links go, as [`AlignJob::output`](super::AlignJob::output).
    pub output: PathBuf,
    /// How they are written.
    pub output_options: WriteOptions,
}

impl SimilarityJob {
    /// Does the job. What it writes appears when all is done; only standard output is written to as it goes.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn run(&self, encoder: &dyn Encoder, listener: Listener<'_>) -> Result<AlignReport> {
        if !(0.0..=1.0).contains(&self.distortion) {
            return Err(Error::Options("option `distortion` is between 0 and 1".into()));
        }
        let aligner = EncoderAligner { encoder, extraction: self.extraction, distortion: self.distortion };
        let mut pairs = Source::open(&self.input, None)?;
        let mut output = Output::links(&self.output, &self.output_options)?;
        let mut report = AlignReport::default();
        pump(
            &mut pairs,
            BATCH,
            |pairs, first| {
                each(pairs, first, |(): &mut (), pair: &mut Pair, number| {
                    pair.alignment = None;
                    source::tokenize(pair)
                        .map_err(|error| Error::of_pair(self.input.name(), number, pair, error.into()))
                })?;
                let fail = |index: usize, pair: &Pair, problem: xlner_project::Error| {
                    Error::of_pair(self.input.name(), first + index as u64, pair, problem)
                };
                aligner.link(pairs, &fail)
            },
            |pair| {
                report.count(&pair, None);
                output.write(pair)
            },
            |done, pairs| listener(Progress { stage: Stage::Align, done, total: pairs.estimate() }),
        )?;
        report.tokenized_sentences = pairs.untokenized();
        output.finish()?;
        Ok(report)
    }
}

/// An encoder, and how links are taken from its vectors.
#[derive(Clone, Copy)]
pub struct EncoderAligner<'a> {
    /// Gives the vectors.
    pub encoder: &'a dyn Encoder,
    /// How links are taken from similarities.
    pub extraction: Extraction,
    /// As [`SimilarityJob::distortion`].
    pub distortion: f64,
}

impl EncoderAligner<'_> {
    /// All that its links depend on.
    pub(crate) fn signature(&self) -> String {
        format!("{} {:?} {}", self.encoder.signature(), self.extraction, self.distortion)
    }

    /// Links tokenised pairs, whatever links they have. `fail` makes the error of a pair by its index.
    pub(crate) fn link(
        &self,
        pairs: &mut [Pair],
        fail: &(dyn Fn(usize, &Pair, xlner_project::Error) -> Error + Sync),
    ) -> Result<()> {
        for (batch, pairs) in pairs.chunks_mut(BATCH).enumerate() {
            let sentences: Vec<&Sentence> = pairs.iter().flat_map(|pair| [&pair.source, &pair.target]).collect();
            let encoded = self.encoder.encode(&sentences).map_err(|error| match error {
                ModelError::Sentence { index, problem } => {
                    let (pair, side) = (index / 2, if index % 2 == 0 { "source" } else { "target" });
                    let problem = xlner_core::Error::Invalid(format!("{side}: {problem}"));
                    fail(batch * BATCH + pair, &pairs[pair], problem.into())
                }
                other => other.into(),
            })?;
            let links = |(index, (pair, encoded)): (usize, (&Pair, &[Encoded]))| {
                let [source, target] = encoded else { unreachable!("two sentences a pair") };
                let links = links(source, target, self.encoder.dimension(), self.extraction, self.distortion);
                links.map_err(|error| fail(batch * BATCH + index, pair, error.into()))
            };
            let found: Vec<Alignment> =
                pairs.par_iter().zip(encoded.par_chunks_exact(2)).enumerate().map(links).collect::<Result<_>>()?;
            for (pair, links) in pairs.iter_mut().zip(found) {
                pair.alignment = Some(links);
            }
        }
        Ok(())
    }
}

/// The links of two sentences' words: SimAlign's of cosines between 0 and 1 (`(1 + cos) / 2`), AWESoME's of dot products.
fn links(
    source: &Encoded,
    target: &Encoded,
    dimension: usize,
    extraction: Extraction,
    distortion: f64,
) -> xlner_core::Result<Alignment> {
    let dots = matches!(extraction, Extraction::Softmax { .. } | Extraction::Entmax { .. });
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    let lengths = |encoded: &Encoded| -> Vec<f64> {
        let length = |row: &[f32]| if dots { 1.0 } else { dot(row, row).sqrt() };
        encoded.vectors.chunks_exact(dimension).map(length).collect()
    };
    let (source_lengths, target_lengths) = (lengths(source), lengths(target));
    let mut values = Vec::with_capacity(source_lengths.len() * target_lengths.len());
    for (row, length) in source.vectors.chunks_exact(dimension).zip(&source_lengths) {
        for (column, other) in target.vectors.chunks_exact(dimension).zip(&target_lengths) {
            let dot = dot(row, column);
            values.push(if dots { dot } else { (1.0 + dot / (length * other).max(f64::MIN_POSITIVE)) / 2.0 });
        }
    }
    let similarity = Similarity::new(&values, source_lengths.len(), target_lengths.len())?.distort(distortion)?;
    lift(&extraction.extract(&similarity)?, &source.tokens, &target.tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_linked_where_their_sub_words_are() {
        let source = Encoded { vectors: vec![3.0, 0.0, 0.0, 2.0, 0.1, 1.0], tokens: vec![0, 1, 1] };
        let target = Encoded { vectors: vec![0.0, 1.0, 1.0, 0.0], tokens: vec![0, 1] };
        for extraction in Extraction::ALL {
            let found = links(&source, &target, 2, extraction, 0.0).unwrap();
            let found: Vec<_> = found.links().iter().map(|link| (link.source, link.target)).collect();
            assert!(found.contains(&(0, 1)) && found.contains(&(1, 0)), "{extraction}: {found:?}");
        }
        let empty = links(&source, &Encoded::default(), 2, Extraction::Argmax, 0.0).unwrap();
        assert_eq!(empty.len(), 0);
    }
}
