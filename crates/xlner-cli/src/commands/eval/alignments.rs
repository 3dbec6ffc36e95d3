//! Word alignments against gold ones, pair by pair.

use std::path::Path;

use anyhow::{Result, bail};
use xlner_eval::{AlignmentEvaluation, AlignmentEvaluator};
use xlner_formats::{ReadOptions, read_alignments};

use super::{Args, json, text};
use crate::context::Context;

pub fn run(gold_path: &Path, args: &Args, context: &Context, color: bool) -> Result<String> {
    let mut systems = Vec::new();
    for path in &args.alignment {
        systems.push((path.display().to_string(), evaluate(gold_path, path, args, context)?));
    }
    if args.json { json::alignments(&systems) } else { Ok(text::alignments(gold_path, &systems, color)) }
}

fn evaluate(gold_path: &Path, path: &Path, args: &Args, context: &Context) -> Result<AlignmentEvaluation> {
    let options = |one_based| ReadOptions { format: args.from_format, one_based, ..context.read() };
    let mut gold = read_alignments(gold_path, &options(args.gold_one_based))?;
    let mut links = read_alignments(path, &options(args.one_based))?;
    let mut evaluator = AlignmentEvaluator::new();
    for pair in 1.. {
        match (gold.next().transpose()?, links.next().transpose()?) {
            (None, None) => break,
            (Some(gold), Some(links)) => evaluator.push(&gold, &links.possible),
            (gold, _) => {
                let (short, long) = if gold.is_some() { (path, gold_path) } else { (gold_path, path) };
                bail!(
                    "{} ends after pair {}, {} goes on; an alignment has one line a pair, empty where nothing is linked",
                    short.display(),
                    pair - 1,
                    long.display()
                );
            }
        }
    }
    let figures = evaluator.finish();
    if figures.sentences == 0 {
        bail!("{}: there is no alignment", gold_path.display());
    }
    Ok(figures)
}
