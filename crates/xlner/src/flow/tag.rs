//! The stage that finds entities.

use xlner_core::Tagger;
use xlner_core::{Pair, Sentence};
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
    /// Whether the source's probabilities are told as well, for the decision.
    pub uncertain: bool,
    pub signs: Signs,
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
        format!("{:?}{uncertain}", [signature(self.source), signature(self.target)])
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
        Ok(())
    }
}
