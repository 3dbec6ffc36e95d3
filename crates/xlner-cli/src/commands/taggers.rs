//! How `label` and `transfer` open their taggers.

use anyhow::Result;
use clap::Args;
use xlner::open_tagger_with;
use xlner_core::Tagger;
use xlner_models::{Precision, SubWords, TransformerTaggerOptions};

use crate::context::failed;

/// Options of the taggers that are transformers.
#[derive(Args)]
pub struct TaggerArgs {
    /// --tagger is a transformer: its numeric precision; int8 is faster, tags may differ slightly [default: f32]
    #[arg(long, value_name = "f32|int8", requires = "tagger", help_heading = "Taggers")]
    tagger_precision: Option<Precision>,
    /// --tagger is a transformer: which sub-words represent their token: the first, the mean of all, or the most certain [default: first]
    #[arg(long, value_name = "first|mean|max", requires = "tagger", help_heading = "Taggers")]
    tagger_sub_words: Option<SubWords>,
    /// --tagger is a transformer: the tags of its classes, in their order, instead of those that its config.json names
    #[arg(long, value_name = "TAGS", value_delimiter = ',', requires = "tagger", help_heading = "Taggers")]
    tagger_labels: Option<Vec<String>>,
    #[command(flatten)]
    target: TargetTaggerArgs,
}

/// Options of the tagger of the target language that is a transformer.
#[derive(Args)]
pub struct TargetTaggerArgs {
    /// --target-tagger is a transformer: its numeric precision; int8 is faster, tags may differ slightly [default: f32]
    #[arg(long, value_name = "f32|int8", requires = "target_tagger", help_heading = "Taggers")]
    target_tagger_precision: Option<Precision>,
    /// --target-tagger is a transformer: which sub-words represent their token [default: first]
    #[arg(long, value_name = "first|mean|max", requires = "target_tagger", help_heading = "Taggers")]
    target_tagger_sub_words: Option<SubWords>,
    /// --target-tagger is a transformer: the tags of its classes, in their order
    #[arg(long, value_name = "TAGS", value_delimiter = ',', requires = "target_tagger", help_heading = "Taggers")]
    target_tagger_labels: Option<Vec<String>>,
}

impl TaggerArgs {
    /// Opens `--tagger`.
    pub fn open(&self, name: &str) -> Result<Box<dyn Tagger>> {
        open(name, self.tagger_precision, self.tagger_sub_words, self.tagger_labels.as_ref())
    }

    /// Opens `--target-tagger`.
    pub fn open_target(&self, name: &str) -> Result<Box<dyn Tagger>> {
        self.target.open_target(name)
    }
}

impl TargetTaggerArgs {
    /// Opens `--target-tagger`.
    pub fn open_target(&self, name: &str) -> Result<Box<dyn Tagger>> {
        open(name, self.target_tagger_precision, self.target_tagger_sub_words, self.target_tagger_labels.as_ref())
    }
}

fn open(
    name: &str,
    precision: Option<Precision>,
    sub_words: Option<SubWords>,
    labels: Option<&Vec<String>>,
) -> Result<Box<dyn Tagger>> {
    let options = TransformerTaggerOptions {
        precision: precision.unwrap_or_default(),
        sub_words: sub_words.unwrap_or_default(),
        labels: labels.cloned(),
    };
    open_tagger_with(name, options).map_err(failed)
}
