//! The labelling configuration that Label Studio needs for a file that was written for it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::Result;
use clap::ArgMatches;
use xlner_formats::{Format, ReadOptions, label_studio_config, read_sentences};

use crate::context::Context;

/// Tells the configuration, where a command wrote a file for Label Studio. `convert` does it by itself: it may write to standard output.
pub fn tell(name: &str, given: &ArgMatches, context: &Context) -> Result<()> {
    let one = |id: &str| given.try_get_one::<Format>(id).ok().flatten().copied();
    let Some(output) = given.try_get_one::<PathBuf>("output").ok().flatten() else { return Ok(()) };
    let written = one("to_format").or_else(|| Format::from_path(output)) == Some(Format::LabelStudio);
    if name == "convert" || !written || context.quiet || !output.is_file() {
        return Ok(());
    }
    let options = ReadOptions {
        format: Some(Format::LabelStudio),
        max_sentence_tokens: context.read().max_sentence_tokens,
        ..ReadOptions::default()
    };
    let mut labels = BTreeSet::new();
    for sentence in read_sentences(output, &options)? {
        labels.extend(sentence?.entities.into_iter().map(|entity| entity.label));
    }
    print(labels.iter().map(String::as_str), context);
    Ok(())
}

/// Prints the configuration for these labels.
pub fn print<'a>(labels: impl IntoIterator<Item = &'a str>, context: &Context) {
    let config = label_studio_config(labels);
    context.note(format_args!("Label Studio's labelling configuration for this file:\n{config}"));
}
