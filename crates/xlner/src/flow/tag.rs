//! The stage that finds entities.

use xlner_core::Tagger;
use xlner_core::contracts::ModelResult;
use xlner_core::fusion::fuse;
use xlner_core::{Pair, Projection, Sentence};
use xlner_formats::Side;

use crate::Result;
use crate::engine::source::side as of;
use crate::engine::step::{Fail, Step, of_pair};
use crate::progress::Stage;
use crate::signs::Signs;

/// Who finds the entities of which side. Without any tagger the pairs are only kept, so that they can be read again.
#[derive(Clone)]
pub(crate) struct Taggers<'a> {
    /// Those of the source; `None` where they are known.
    pub source: Option<&'a dyn Tagger>,
    /// Those that the scores and candidates of projection look at on the target side.
    pub target: Option<&'a dyn Tagger>,
    /// Finds the target's entities, reading it beside the tagged source; then nothing is projected.
    pub fused: Option<&'a dyn Tagger>,
    /// Whether the source's probabilities are told as well, for the decision.
    pub uncertain: bool,
    pub signs: Signs,
}

/// Finds the entities of the targets of pairs by a tagger that reads them beside their tagged sources.
///
/// # Errors
/// As the tagger; the index is that of the pair.
pub(crate) fn tag_beside(tagger: &dyn Tagger, pairs: &mut [Pair], probabilities: bool) -> ModelResult<()> {
    let mut fused: Vec<Sentence> = pairs.iter().map(|pair| fuse(&pair.target, &pair.source)).collect();
    tagger.tag(&mut fused, probabilities)?;
    for (pair, found) in pairs.iter_mut().zip(fused) {
        pair.target.entities = found.entities;
        pair.target.probabilities = found.probabilities.map(|mut probabilities| {
            probabilities.rows.truncate(pair.target.len());
            probabilities
        });
    }
    Ok(())
}

impl Step for Taggers<'_> {
    fn name(&self) -> &'static str {
        "tag"
    }

    fn stage(&self) -> Stage {
        Stage::Tag
    }

    fn signature(&self) -> String {
        let signature = |tagger: Option<&dyn Tagger>| tagger.map(Tagger::signature);
        let uncertain = if self.uncertain { " probabilities" } else { "" };
        let fused = self.fused.map_or_else(String::new, |tagger| format!(" beside it {}", tagger.signature()));
        format!("{:?}{uncertain}{fused}", [signature(self.source), signature(self.target)])
    }

    fn work(&mut self, pairs: &mut [Pair], first: u64, fail: Fail<'_>) -> Result<()> {
        let sides = [(self.source, Side::Source), (self.target, Side::Target)];
        for (tagger, side) in sides {
            let Some(tagger) = tagger else { continue };
            let mut sentences: Vec<Sentence> = pairs.iter_mut().map(|pair| std::mem::take(of(pair, side))).collect();
            self.signs.tagged(tagger, &sentences, first);
            // The scores of projection look at the probabilities of the target side.
            let result = tagger.tag(&mut sentences, side == Side::Target || self.uncertain);
            pairs.iter_mut().zip(sentences).for_each(|(pair, sentence)| *of(pair, side) = sentence);
            result.map_err(|error| of_pair(error, pairs, first, fail))?;
        }
        if let Some(tagger) = self.fused {
            tag_beside(tagger, pairs, false).map_err(|error| of_pair(error, pairs, first, fail))?;
            pairs.iter_mut().for_each(|pair| pair.projection = Some(Projection::default()));
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        Ok([self.source, self.target, self.fused].into_iter().flatten().try_for_each(Tagger::finish)?)
    }
}
