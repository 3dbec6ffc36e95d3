//! The figures as a person likes to read them.

use std::path::Path;

use xlner_eval::{AlignmentEvaluation, Evaluation, Report, SchemeScores, Scores};

use super::table::{Table, count, figure, paint};

/// Rows of the SemEval-2013 table.
const WAYS: [&str; 4] = ["strict", "exact", "partial", "type"];

pub fn entities(gold: &str, report: &Report, color: bool) -> String {
    let size = format!("{} sentences, {} tokens", count(report.sentences), count(report.tokens));
    let mut text = match report.systems.as_slice() {
        [one] => format!("{} against {gold}: {size}\n\n{}", one.name, single(one, color)),
        several => format!("against {gold}: {size}\n\n{}", compared(several, report, color)),
    };
    text += &format!("\n{}\n", paint(&report.signature, -1, color));
    text
}

fn single(system: &Evaluation, color: bool) -> String {
    let mut types = Table::new(["", "precision", "recall", "F1", "gold", "predicted", "correct"]);
    for (label, scores) in &system.types {
        types.row(row(label, scores));
    }
    types.gap();
    types.strong(row("micro", &system.micro));
    types.row(row("macro", &system.macro_));
    types.row(row("weighted", &system.weighted));

    let mut more = Table::new(["", ""]);
    if let Some(ci95) = system.ci95 {
        more.row(vec!["95% interval of micro F1".into(), interval(ci95.f1)]);
    }
    more.row(vec!["token accuracy".into(), figure(system.token_accuracy)]);
    more.row(vec!["projection ratio".into(), figure(system.projection_ratio)]);

    let heading =
        ["SemEval-2013", "precision", "recall", "F1", "correct", "incorrect", "partial", "missed", "spurious"];
    let mut semeval = Table::new(heading);
    for (name, way) in WAYS.into_iter().zip(ways(system)) {
        let counts = way.counts;
        let mut cells = vec![name.to_owned(), figure(way.precision), figure(way.recall), figure(way.f1)];
        cells.extend([counts.correct, counts.incorrect, counts.partial, counts.missed, counts.spurious].map(count));
        semeval.row(cells);
    }
    format!("{}{}\n{}", types.render(color), more.render(color), semeval.render(color))
}

fn compared(systems: &[Evaluation], report: &Report, color: bool) -> String {
    let best = systems.iter().map(|system| system.micro.f1).fold(0.0, f64::max);
    let with_interval = systems.iter().any(|system| system.ci95.is_some());
    let mut heading = vec!["", "precision", "recall", "F1"];
    if with_interval {
        heading.push("95% interval");
    }
    heading.extend(["macro F1", "partial F1", "accuracy", "ratio"]);
    let mut figures = Table::new(heading);
    let mut by_type = Table::new(std::iter::once("F1 by type").chain(labels(systems)));
    for system in systems {
        let micro = system.micro;
        let mut cells = vec![system.name.clone(), figure(micro.precision), figure(micro.recall), figure(micro.f1)];
        cells.extend(system.ci95.map(|ci95| interval(ci95.f1)));
        let partial = system.semeval2013.partial.f1;
        cells.extend([system.macro_.f1, partial, system.token_accuracy, system.projection_ratio].map(figure));
        if micro.f1 == best {
            figures.strong(cells)
        } else {
            figures.row(cells)
        }
        let f1 = |label| system.types.get(label).map_or_else(|| "–".to_owned(), |scores| figure(scores.f1));
        by_type.row(std::iter::once(system.name.clone()).chain(labels(systems).map(f1)).collect());
    }
    let mut text = format!("{}\n{}", figures.render(color), by_type.render(color));
    if !report.comparisons.is_empty() {
        let mut heading = vec!["difference in F1", ""];
        if with_interval {
            heading.push("95% interval");
        }
        heading.push("p");
        let mut table = Table::new(heading);
        for comparison in &report.comparisons {
            let [a, b] = &comparison.systems;
            let mut cells = vec![format!("{a} − {b}"), format!("{:+.4}", comparison.f1_difference)];
            cells.extend(comparison.ci95.map(interval));
            cells.push(figure(comparison.p_value));
            table.row(cells);
        }
        text += &format!("\n{}", table.render(color));
    }
    text
}

pub fn alignments(gold: &Path, systems: &[(String, AlignmentEvaluation)], color: bool) -> String {
    let mut table = Table::new(["", "AER", "precision", "recall", "F1", "links"]);
    for (name, figures) in systems {
        let mut cells = vec![name.clone()];
        cells.extend([figures.aer, figures.precision, figures.recall, figures.f1].map(figure));
        cells.push(count(figures.links));
        table.row(cells);
    }
    let mut text = String::new();
    if let Some((_, figures)) = systems.first() {
        let [sentences, sure, possible] = [figures.sentences, figures.sure, figures.possible].map(count);
        text += &format!("against {}: {sentences} pairs, {sure} sure links, {possible} possible\n\n", gold.display());
        text += &format!("{}\n{}\n", table.render(color), paint(&figures.signature, -1, color));
    }
    text
}

fn row(name: &str, scores: &Scores) -> Vec<String> {
    let mut cells = vec![name.to_owned(), figure(scores.precision), figure(scores.recall), figure(scores.f1)];
    cells.extend([scores.support, scores.predicted, scores.correct].map(count));
    cells
}

fn ways(system: &Evaluation) -> [SchemeScores; 4] {
    let scores = system.semeval2013;
    [scores.strict, scores.exact, scores.partial, scores.type_]
}

/// The labels of all systems, in order.
fn labels(systems: &[Evaluation]) -> impl Iterator<Item = &str> {
    let all: std::collections::BTreeSet<&str> =
        systems.iter().flat_map(|system| system.types.keys()).map(String::as_str).collect();
    all.into_iter()
}

fn interval([low, high]: [f64; 2]) -> String {
    format!("{low:.4}–{high:.4}")
}
