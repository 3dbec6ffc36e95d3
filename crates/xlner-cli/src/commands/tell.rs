//! What is told of a run: to people, and as JSON.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use xlner::decision::{DecisionFigures, JudgeFigures};
use xlner::project::FilterFigures;
use xlner_formats::{Note, Output};

use crate::context::Context;
use crate::print::counted;

/// Says what was decided, where a decision was made.
pub fn tell_decision(figures: Option<DecisionFigures>, judged: bool, context: &Context) {
    let judge = figures.and_then(|decision| decision.judge);
    if judged && judge.is_none() {
        context.note("note: the judge was asked nothing: no decision was made, so no entity has a probability");
    }
    let Some(decision) = figures else { return };
    if decision.abstained {
        return context.note(
            "note: no decision was made, the corpus is too unlike what it was learnt from: the tagger's best entities were \
             projected; `xlner tune decision` learns one from sentences of your own",
        );
    }
    if decision.candidates == 0 {
        return;
    }
    context.note(format_args!(
        "decision: {} of {} candidates kept, those of a probability of {:.2} or more, mean {:.2}{}",
        decision.kept,
        decision.candidates,
        decision.threshold,
        decision.mean_probability,
        if decision.target_tagger { "" } else { "; the corpus is too small for a target tagger's opinion" }
    ));
    if decision.corpora > 1 {
        context.note(format_args!(
            "note: decided in {} parts of at most {} pairs; {} of them without a decision, being too unlike what it was \
             learnt from",
            decision.corpora, decision.scope, decision.corpora_abstained
        ));
    }
    if let Some(figures) = &judge {
        tell_judge(figures, context);
    }
}

/// Says what a judge was asked and said, where there is one, and what it cost.
fn tell_judge(figures: &JudgeFigures, context: &Context) {
    let JudgeFigures { pairs, entities, confirmed, moved, dropped, unclear, .. } = figures;
    context.note(format_args!(
        "judge: asked about {entities} entities in {pairs} pairs: {confirmed} confirmed, {moved} moved, {dropped} dropped, {unclear} left \
         as they were, as the answer does not stand in the sentence"
    ));
    let JudgeFigures { requests, retries, split_batches, tokens_sent, tokens_received, .. } = figures;
    context.note(format_args!(
        "judge's server: {requests} requests, {retries} sent again, {split_batches} asked again pair by pair; {tokens_sent} tokens sent, \
         {tokens_received} received"
    ));
}

/// Says what filters left out, where there are some.
pub fn tell_filters(figures: Option<&FilterFigures>, context: &Context) {
    let Some(FilterFigures { rejected, entities, sentences, restricted }) = figures else { return };
    if !rejected.is_empty() {
        let list: Vec<String> = rejected.iter().map(|(filter, count)| format!("{filter} {count}")).collect();
        context.note(format_args!(
            "filters: {} and {} left out; source entities rejected: {}",
            counted(*entities, "entity"),
            counted(*sentences, "sentence"),
            list.join(", ")
        ));
    }
    if *restricted > 0 {
        context.note(format_args!("{restricted} counterparts of one-token entities made one token long"));
    }
}

/// Writes figures as JSON, to a file that appears when it is whole; `notes` are those on the input, where there are any.
pub fn write_report(path: &Path, report: &impl serde::Serialize, context: &Context) -> Result<()> {
    #[derive(serde::Serialize)]
    struct WithNotes<'a, R> {
        #[serde(flatten)]
        report: &'a R,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        notes: Vec<Note>,
    }
    let mut output = Output::create(path)?;
    serde_json::to_writer_pretty(&mut output, &WithNotes { report, notes: context.notes.list() })
        .map_err(std::io::Error::from)
        .and_then(|()| output.write_all(b"\n"))
        .with_context(|| format!("{}: cannot write", path.display()))?;
    Ok(output.finish()?)
}
