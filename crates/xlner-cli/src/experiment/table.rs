//! The figures of an experiment as Markdown.

use std::fmt::Write as _;

use serde_json::Value;

use super::{Cell, DatasetResult, Experiment};

/// F1 of every method on every dataset with the mean, the best of ours in bold; then for each dataset precision, recall,
/// interval, projection ratio, seconds, and how each method compares with the first.
pub fn markdown(experiment: &Experiment) -> String {
    let mut text = String::new();
    if !experiment.title.is_empty() {
        let _ = writeln!(text, "# {}\n", experiment.title);
    }
    overview(&mut text, experiment);
    for dataset in &experiment.datasets {
        details(&mut text, dataset);
    }
    text
}

fn overview(text: &mut String, experiment: &Experiment) {
    let datasets = &experiment.datasets;
    let mut methods: Vec<&str> = Vec::new();
    for cell in datasets.iter().flat_map(|dataset| &dataset.cells) {
        if !methods.contains(&cell.method.as_str()) {
            methods.push(&cell.method);
        }
    }
    let mut head: Vec<String> = vec!["F1".into()];
    head.extend(datasets.iter().map(|dataset| dataset.name.clone()));
    let several = datasets.len() > 1;
    head.extend(several.then(|| "mean".to_owned()));
    row(text, &head);
    row(
        text,
        &head.iter().enumerate().map(|(at, _)| if at == 0 { "---" } else { "---:" }.to_owned()).collect::<Vec<_>>(),
    );
    let best: Vec<Option<f64>> =
        datasets.iter().map(|dataset| dataset.cells.iter().filter_map(Cell::f1).reduce(f64::max)).collect();
    for method in methods {
        let cells: Vec<Option<&Cell>> =
            datasets.iter().map(|dataset| dataset.cells.iter().find(|cell| cell.method == method)).collect();
        let values: Vec<Option<f64>> = cells.iter().map(|cell| cell.and_then(Cell::f1)).collect();
        let mut line = vec![escaped(method)];
        for ((cell, value), best) in cells.iter().zip(&values).zip(&best) {
            line.push(match (cell, value) {
                (_, Some(value)) if Some(*value) == *best => format!("**{value:.4}**"),
                (_, Some(value)) => format!("{value:.4}"),
                (Some(_), None) => "failed".into(),
                (None, None) => String::new(),
            });
        }
        line.extend(several.then(|| mean(&values)));
        row(text, &line);
    }
    for (name, figures) in &experiment.published {
        let values: Vec<Option<f64>> = datasets.iter().map(|dataset| figures.get(&dataset.name).copied()).collect();
        let mut line = vec![format!("{} (published)", escaped(name))];
        line.extend(values.iter().map(|value| value.map_or(String::new(), |value| format!("{value:.3}"))));
        line.extend(several.then(|| mean(&values)));
        row(text, &line);
    }
}

/// The mean, where there is a value for every dataset.
fn mean(values: &[Option<f64>]) -> String {
    let all: Option<Vec<f64>> = values.iter().copied().collect();
    all.map_or(String::new(), |all| format!("{:.4}", all.iter().sum::<f64>() / all.len().max(1) as f64))
}

fn details(text: &mut String, dataset: &DatasetResult) {
    let _ = writeln!(text, "\n## {}\n", dataset.name);
    let head =
        ["", "precision", "recall", "F1", "95 %", "token accuracy", "projection ratio", "s", "p, against the first"];
    row(text, &head.map(String::from));
    row(text, &["---", "---:", "---:", "---:", "---:", "---:", "---:", "---:", "---:"].map(String::from));
    let first = dataset.cells.first().map_or("", |cell| &cell.method);
    for cell in dataset.cells.iter().filter(|cell| cell.f1().is_some()) {
        let figure = |value: &Value| value.as_f64().map_or(String::new(), |value| format!("{value:.4}"));
        let interval = &cell.figures["ci95"]["f1"];
        let interval = match (interval[0].as_f64(), interval[1].as_f64()) {
            (Some(low), Some(high)) => format!("{low:.3}–{high:.3}"),
            _ => String::new(),
        };
        row(
            text,
            &[
                escaped(&cell.method),
                figure(&cell.figures["micro"]["precision"]),
                figure(&cell.figures["micro"]["recall"]),
                figure(&cell.figures["micro"]["f1"]),
                interval,
                figure(&cell.figures["token_accuracy"]),
                figure(&cell.figures["projection_ratio"]),
                format!("{:.1}", cell.seconds),
                p_value(&dataset.comparisons, first, &cell.method),
            ],
        );
    }
    for cell in &dataset.cells {
        if let Some(error) = &cell.error {
            let _ = writeln!(text, "\n{} failed: {}", escaped(&cell.method), error.replace('\n', " "));
        }
    }
    if !dataset.signature.is_empty() {
        let _ = writeln!(text, "\n<sub>{}</sub>", dataset.signature);
    }
}

/// p-value of the difference between two methods.
fn p_value(comparisons: &Value, first: &str, method: &str) -> String {
    let of_both = |comparison: &&Value| {
        let names = [&comparison["systems"][0], &comparison["systems"][1]];
        names.iter().any(|name| *name == first) && names.iter().any(|name| *name == method) && first != method
    };
    let comparison = comparisons.as_array().and_then(|all| all.iter().find(of_both));
    comparison.and_then(|comparison| comparison["p_value"].as_f64()).map_or(String::new(), |p| format!("{p:.4}"))
}

fn escaped(text: &str) -> String {
    text.replace('|', "\\|")
}

fn row(text: &mut String, cells: &[String]) {
    let _ = writeln!(text, "| {} |", cells.join(" | "));
}
