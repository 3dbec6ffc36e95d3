//! Entities of gold and predictions, sentence by sentence.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, bail};
use xlner_core::Entity;
use xlner_core::tags::{self, Scheme};
use xlner_eval::{Calibration, Evaluator, Options, Resampling};
use xlner_formats::ReadOptions;

use super::inputs::{Input, Role, holds_tags};
use super::{Args, json, text};
use crate::context::Context;

pub fn run(gold: &Path, args: &Args, context: &Context, color: bool) -> Result<String> {
    let (mut gold, mut predictions) = open(gold, args, context)?;
    let options = Options {
        mode: args.mode,
        map: args.map.iter().cloned().collect(),
        ignore: args.ignore.iter().cloned().collect(),
    };
    let systems: Vec<(String, Scheme)> = predictions.iter().map(|input| (input.name(), input.scheme())).collect();
    let mut evaluator = Evaluator::new(&options, gold.scheme(), &systems);
    let mut gold_tags = Vec::new();
    let mut tags = vec![Vec::new(); predictions.len()];
    let mut other_tokens = vec![(0_u64, String::new()); predictions.len()];
    let mut judged = Judged::new(args, predictions.len());
    while gold.advance()? {
        gold.intern(&mut evaluator, &mut gold_tags)?;
        for ((prediction, tags), (count, first)) in predictions.iter_mut().zip(&mut tags).zip(&mut other_tokens) {
            if !prediction.advance()? {
                bail!(
                    "{} ends after sentence {}, {} goes on ({}); gold and prediction need the same sentences",
                    prediction.name(),
                    prediction.count(),
                    gold.name(),
                    gold.place()
                );
            }
            let (expected, found) = (gold.sentence(), prediction.sentence());
            if expected.len() != found.len() {
                bail!(
                    "{}: {} tokens, gold has {} ({}); gold and prediction need the same tokens",
                    prediction.place(),
                    found.len(),
                    expected.len(),
                    gold.place()
                );
            }
            if !expected.tokens().eq(found.tokens()) {
                if *count == 0 {
                    *first = prediction.place();
                }
                *count += 1;
            }
            prediction.intern(&mut evaluator, tags)?;
        }
        evaluator.push(&gold_tags, &tags)?;
        judged.add(&gold, &predictions)?;
    }
    for prediction in &mut predictions {
        if prediction.advance()? {
            bail!(
                "{} ends after sentence {}, {} goes on ({}); gold and prediction need the same sentences",
                gold.name(),
                gold.count(),
                prediction.name(),
                prediction.place()
            );
        }
    }
    if gold.count() == 0 {
        bail!("{}: there is no sentence", gold.name());
    }
    for (count, first) in other_tokens.iter().filter(|(count, _)| *count > 0) {
        context.note(format_args!("note: {first}: other tokens than in {}; such sentences: {count}", gold.name()));
    }
    let resampling = Resampling { bootstrap: args.bootstrap, randomization: args.randomization, seed: args.seed };
    let report = evaluator.finish(&resampling);
    for system in report.systems.iter().filter(|system| system.repaired != Default::default()) {
        context.detail(format_args!(
            "{}: {} malformed tags repaired; gold: {}",
            system.name, system.repaired.predicted, system.repaired.gold
        ));
    }
    if args.json { json::entities(&report, &judged.finish()) } else { Ok(text::entities(&gold.name(), &report, color)) }
}

/// Which of the entities that carry a probability are right, by prediction.
struct Judged {
    map: BTreeMap<String, String>,
    ignore: Vec<String>,
    predictions: Vec<Vec<(f64, bool)>>,
}

impl Judged {
    fn new(args: &Args, predictions: usize) -> Judged {
        let map = args.map.iter().cloned().collect();
        Judged { map, ignore: args.ignore.to_vec(), predictions: vec![Vec::new(); predictions] }
    }

    fn label<'a>(&'a self, entity: &'a Entity) -> &'a str {
        self.map.get(&entity.label).unwrap_or(&entity.label)
    }

    /// Judges the sentence that was read last.
    fn add(&mut self, gold: &Input, predictions: &[Input]) -> Result<()> {
        if predictions.iter().all(|prediction| prediction.probable().is_empty()) {
            return Ok(());
        }
        let tags: Vec<&str> = gold.sentence().tags().collect();
        let right = tags::decode(&tags, gold.scheme())?.entities;
        for (at, prediction) in predictions.iter().enumerate() {
            for entity in prediction.probable() {
                let label = self.label(entity);
                if self.ignore.iter().any(|ignored| ignored == label) {
                    continue;
                }
                let is_right = right.iter().any(|other| other.span == entity.span && self.label(other) == label);
                self.predictions[at].push((entity.probability.unwrap_or_default(), is_right));
            }
        }
        Ok(())
    }

    /// Calibration of every prediction that has probabilities.
    fn finish(self) -> Vec<Option<Calibration>> {
        let of = |judged: Vec<_>| (!judged.is_empty()).then(|| Calibration::new(&judged));
        self.predictions.into_iter().map(of).collect()
    }
}

/// Opens all files: those with tags first, so that the entities of records are put in the scheme of the tags they are
/// compared with.
fn open(gold: &Path, args: &Args, context: &Context) -> Result<(Input, Vec<Input>)> {
    let options = ReadOptions {
        format: args.from_format,
        scheme: args.scheme,
        token_column: args.token_column.clone(),
        tag_column: args.tag_column.clone(),
        labels: args.labels.clone(),
        side: Some(args.side),
        ..context.read()
    };
    let gold_column = args.gold_tag_column.clone().or_else(|| args.tag_column.clone());
    let gold_options = ReadOptions { tag_column: gold_column, ..options.clone() };
    let mut files: Vec<(&Path, Role, ReadOptions)> = vec![(gold, Role::Gold, gold_options)];
    files.extend(args.pred.iter().map(|path| (path.as_path(), Role::Prediction, options.clone())));

    let mut inputs: Vec<Option<Input>> = files.iter().map(|_| None).collect();
    let mut scheme = args.scheme;
    for with_tags in [true, false] {
        for ((path, role, options), input) in files.iter_mut().zip(&mut inputs) {
            if holds_tags(path, options) == with_tags {
                if !with_tags {
                    options.scheme = scheme;
                }
                let opened = Input::open(path, *role, options)?;
                scheme = scheme.or(with_tags.then_some(opened.scheme()));
                *input = Some(opened);
            }
        }
    }
    let mut inputs = inputs.into_iter().flatten();
    match inputs.next() {
        Some(gold) => Ok((gold, inputs.collect())),
        None => bail!("no file to read"),
    }
}
