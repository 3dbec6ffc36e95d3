//! Figures and counts, as tables with bars.

use std::collections::BTreeMap;

use maud::{Markup, html};
use xlner_eval::{Evaluation, Scores, SemEval2013};

use super::super::analysis::{Analysis, Confusion, Form, ProjectionCounts, SystemAnalysis};
use super::super::classify::ErrorClass;
use super::plots::bar;
use super::{Palette, count, fraction};

/// Types that a table lists, at most.
const ROWS: usize = 200;
/// Types that have a column of their own, at most.
const COLUMNS: usize = 50;

/// What the report is about, in one line.
pub fn size(analysis: &Analysis) -> String {
    let mut text = match analysis.systems.as_slice() {
        [one] => format!("{}: ", one.name),
        several => format!("{} systems: ", several.len()),
    };
    text += &format!("{} sentences, {} tokens", count(analysis.sentences), count(analysis.tokens));
    match &analysis.gold {
        Some(gold) => text += &format!(", {} gold entities", count(gold.values().sum())),
        None => text += ", no gold entities to compare with",
    }
    text
}

/// All systems beside each other.
pub fn systems(analysis: &Analysis) -> Markup {
    let classes = ErrorClass::ALL.into_iter().filter(|class| analysis.systems.iter().any(|s| errors_of(s, *class) > 0));
    let classes: Vec<ErrorClass> = classes.collect();
    html! {
        section id="systems" {
            h2 { "Systems compared" }
            @if analysis.gold.is_some() {
                div.scroll { table {
                    thead { tr {
                        th { "system" } th.n { "precision" } th.n { "recall" } th.n { "F1" } th {}
                        th.n { "95% interval" } th.n { "macro F1" } th.n { "weighted F1" } th.n { "predicted" }
                    } }
                    tbody { @for system in &analysis.systems { @if let Some(figures) = &system.figures {
                        tr {
                            th { (system.name) }
                            td.n { (fraction(figures.micro.precision)) } td.n { (fraction(figures.micro.recall)) }
                            td.n { (fraction(figures.micro.f1)) } td { (bar(figures.micro.f1, "bar")) }
                            td.n { @if let Some(ci) = figures.ci95 { (interval(ci.f1)) } }
                            td.n { (fraction(figures.macro_.f1)) } td.n { (fraction(figures.weighted.f1)) }
                            td.n { (count(figures.micro.predicted)) }
                        }
                    } } }
                } }
                @if !analysis.comparisons.is_empty() {
                    div.scroll { table {
                        caption { "Differences in F1, and how likely one as large is by chance (paired approximate randomisation)" }
                        thead { tr { th { "first" } th { "second" } th.n { "difference" } th.n { "95% interval" } th.n { "p" } } }
                        tbody { @for comparison in &analysis.comparisons {
                            tr {
                                @for name in &comparison.systems { th { (name) } }
                                td.n { (format!("{:+.4}", comparison.f1_difference)) }
                                td.n { @if let Some(ci) = comparison.ci95 { (interval(ci)) } }
                                td.n { (p_value(comparison.p_value)) }
                            }
                        } }
                    } }
                }
                div.scroll { table {
                    caption { "Errors by class (a gold and a predicted entity that were matched count once)" }
                    thead { tr { th { "class" } @for system in &analysis.systems { th.n { (system.name) } } } }
                    tbody { @for class in classes {
                        tr { th { (class.title()) } @for system in &analysis.systems { td.n { (count(errors_of(system, class))) } } }
                    } }
                } }
            } @else {
                div.scroll { table {
                    thead { tr { th { "system" } th.n { "predicted entities" } } }
                    tbody { @for system in &analysis.systems {
                        tr { th { (system.name) } td.n { (count(system.predicted.values().sum())) } }
                    } }
                } }
            }
        }
    }
}

/// Precision, recall, F1 of a system by type; without gold, its entities.
pub fn of_system(system: &SystemAnalysis, analysis: &Analysis, palette: &Palette) -> Markup {
    html! {
        @if system.other_tokens > 0 {
            p.soft { "In " (count(system.other_tokens)) " sentences the tokens are written otherwise than in gold." }
        }
        @if let Some(figures) = &system.figures {
            dl.cards {
                (card("F1", &fraction(figures.micro.f1), &figures.ci95.map_or_else(String::new, |ci| format!("95%: {}", interval(ci.f1)))))
                (card("precision", &fraction(figures.micro.precision), &format!("{} of {} predicted", count(figures.micro.correct), count(figures.micro.predicted))))
                (card("recall", &fraction(figures.micro.recall), &format!("{} of {} gold", count(figures.micro.correct), count(figures.micro.support))))
                (card("macro F1", &fraction(figures.macro_.f1), "mean over types"))
                (card("projection ratio", &fraction(figures.projection_ratio), "predicted / gold, a sentence"))
                (card("partial F1", &fraction(figures.semeval2013.partial.f1), "SemEval-2013"))
            }
            div.scroll { table {
                thead { tr {
                    th { "type" } th.n { "precision" } th.n { "recall" } th.n { "F1" } th {}
                    th.n { "gold" } th.n { "predicted" } th.n { "right" }
                } }
                tbody {
                    @for (label, scores) in figures.types.iter().take(ROWS) {
                        tr { th class={ "label " (palette.class(label)) } { (label) } (scores_row(scores)) }
                    }
                    tr.strong { th { "all (micro)" } (scores_row(&figures.micro)) }
                    tr.strong { th { "mean (macro)" } (scores_row(&figures.macro_)) }
                    tr.strong { th { "mean weighted by gold" } (scores_row(&figures.weighted)) }
                }
            } }
            (more(figures.types.len(), ROWS, "types"))
            (semeval(figures, palette))
        } @else {
            @let total: u64 = system.predicted.values().sum();
            dl.cards {
                (card("sentences", &count(analysis.sentences), ""))
                (card("entities", &count(total), "predicted"))
            }
            (counts_table("type", &system.predicted, Some(palette)))
        }
    }
}

/// The four ways of SemEval-2013 to compare, by type.
fn semeval(figures: &Evaluation, palette: &Palette) -> Markup {
    let ways = |scores: &SemEval2013| {
        [("strict", scores.strict), ("exact", scores.exact), ("partial", scores.partial), ("type", scores.type_)]
    };
    let rows = |name: Markup, strong: bool, scores: &SemEval2013| {
        html! { @for (way, matching) in ways(scores) {
            tr class=[strong.then_some("strong")] {
                (name) td { (way) }
                @for figure in [matching.precision, matching.recall, matching.f1] { td.n { (fraction(figure)) } }
                @let counts = matching.counts;
                @for number in [counts.correct, counts.incorrect, counts.partial, counts.missed, counts.spurious] {
                    td.n { (count(number)) }
                }
            }
        } }
    };
    html! {
        details {
            summary { "SemEval-2013: strict, exact, partial and type, by type" }
            p.soft { "strict: span and label; exact: span; partial: any shared token, half a point unless the spans are equal; type: any shared token, and the label. "
                "By type, only entities of that type count on both sides." }
            div.scroll { table {
                thead { tr {
                    th { "entities" } th { "scheme" } th.n { "precision" } th.n { "recall" } th.n { "F1" }
                    th.n { "correct" } th.n { "incorrect" } th.n { "partial" } th.n { "missed" } th.n { "spurious" }
                } }
                tbody {
                    @for (label, scores) in figures.semeval2013_types.iter().take(ROWS) {
                        (rows(html! { th class={ "label " (palette.class(label)) } { (label) } }, false, scores))
                    }
                    (rows(html! { th { "all" } }, true, &figures.semeval2013))
                }
            } }
            (more(figures.semeval2013_types.len(), ROWS, "types"))
        }
    }
}

fn scores_row(scores: &Scores) -> Markup {
    html! {
        td.n { (fraction(scores.precision)) } td.n { (fraction(scores.recall)) } td.n { (fraction(scores.f1)) }
        td { (bar(scores.f1, "bar")) }
        td.n { (count(scores.support)) } td.n { (count(scores.predicted)) } td.n { (count(scores.correct)) }
    }
}

/// The error classes, counted.
pub fn errors(system: &SystemAnalysis, palette: &Palette) -> Markup {
    let most = system.errors.iter().map(|group| group.count).max().unwrap_or(0).max(1) as f64;
    let mut labels: Vec<&str> = system.errors.iter().flat_map(|g| g.labels.keys()).map(String::as_str).collect();
    labels.sort_unstable();
    labels.dedup();
    let all = labels.len();
    labels.truncate(COLUMNS);
    html! {
        @if system.errors.is_empty() {
            p { "Every gold entity was found, and every predicted entity is right." }
        } @else {
            p { "Every gold entity that was not found and every predicted entity that is wrong is in exactly one class; where "
                "the two were matched they are one error. By type: gold / predicted entities." }
            div.scroll { table {
                thead { tr {
                    th { "class" } th.n { "errors" } th {} th.n { "gold" } th.n { "predicted" }
                    @for label in &labels { th class={ "n label " (palette.class(label)) } { (label) } }
                    th { "what it means" }
                } }
                tbody { @for group in &system.errors {
                    tr {
                        th { (group.class.title()) }
                        td.n { (count(group.count)) } td { (bar(group.count as f64 / most, "wrong")) }
                        td.n { (count(group.gold)) } td.n { (count(group.predicted)) }
                        @for label in &labels { td.n { (gold_and_predicted(group.labels.get(*label))) } }
                        td.wide.soft {
                            (group.class.explanation())
                            @if !group.reasons.is_empty() { " " (reasons(&group.reasons)) }
                        }
                    }
                } }
            } }
            (more(all, COLUMNS, "types"))
        }
    }
}

fn gold_and_predicted(counts: Option<&[u64; 2]>) -> String {
    counts.map_or_else(String::new, |[gold, predicted]| format!("{} / {}", count(*gold), count(*predicted)))
}

fn reasons(reasons: &BTreeMap<&'static str, u64>) -> String {
    let list: Vec<String> = reasons.iter().map(|(name, number)| format!("{name} {}", count(*number))).collect();
    format!("Reasons: {}.", list.join(", "))
}

/// Labels of gold against labels of predictions.
pub fn confusion(confusion: &Confusion, palette: &Palette) -> Markup {
    let most = confusion.counts.iter().flatten().copied().max().unwrap_or(0).max(1) as f64;
    let last = confusion.labels.len();
    // The square root lets small numbers be seen beside the diagonal.
    let shade = |value: u64| (100.0 * (value as f64 / most).sqrt() * 0.55).round() as u64;
    html! {
        p { "Rows are gold, columns predictions; entities that share tokens were matched one to one, whether or not their spans are equal."
            @if confusion.others > 0 { " The most frequent labels have a row and a column; " (count(confusion.others as u64)) " others share the last." }
        }
        div.scroll { table.matrix {
            thead { tr {
                th { "gold ↓ predicted →" }
                @for label in &confusion.labels { th class={ "n label " (palette.class(label)) } { (label) } }
                th.n { "not found" }
            } }
            tbody { @for (row, counts) in confusion.counts.iter().enumerate() {
                tr {
                    @match confusion.labels.get(row) {
                        Some(label) => th class={ "label " (palette.class(label)) } { (label) },
                        None => th { "no gold entity" },
                    }
                    @for (column, value) in counts.iter().enumerate() {
                        @if row == last && column == last {
                            td {}
                        } @else {
                            @let hue = if row == column { "--right" } else { "--wrong" };
                            td class={ (if row == column { "same" } else { "" }) (if *value == 0 { "zero" } else { "" }) }
                                style={ "background:color-mix(in srgb,var(" (hue) ") " (shade(*value)) "%,transparent)" } { (count(*value)) }
                        }
                    }
                }
            } }
        } }
    }
}

/// What became of the source entities.
pub fn projection(counts: &ProjectionCounts) -> Markup {
    let total = counts.source_entities.max(1) as f64;
    html! {
        p { (count(counts.source_entities)) " source entities in " (count(counts.pairs)) " pairs, "
            (count(counts.projected)) " of them projected. "
            @if counts.aligned == counts.pairs { "All pairs have links." }
            @else if counts.aligned == 0 { "The pairs carry no links." }
            @else { (count(counts.aligned)) " pairs have links." }
        }
        div.scroll { table {
            thead { tr { th { "source entities" } th.n { "number" } th.n { "share" } th {} } }
            tbody {
                tr { th { "projected" } td.n { (count(counts.projected)) } td.n { (fraction(counts.projected as f64 / total)) } td { (bar(counts.projected as f64 / total, "bar")) } }
                @for (reason, number) in &counts.unprojected {
                    tr {
                        th { "not projected: " (reason) } td.n { (count(*number)) }
                        td.n { (fraction(*number as f64 / total)) } td { (bar(*number as f64 / total, "wrong")) }
                    }
                }
            }
        } }
    }
}

/// Entities by number of tokens.
pub fn lengths(system: &SystemAnalysis) -> Markup {
    let most = system.lengths.iter().map(|l| l.predicted.max(l.gold.unwrap_or(0))).max().unwrap_or(0).max(1) as f64;
    let last = system.lengths.len();
    let with_gold = system.figures.is_some();
    html! {
        div.scroll { table {
            thead { tr {
                th.n { "tokens" } @if with_gold { th.n { "gold" } th {} } th.n { "predicted" } th {}
                @if with_gold { th.n { "right" } th.n { "of gold" } }
            } }
            tbody { @for length in system.lengths.iter().filter(|l| l.predicted + l.gold.unwrap_or(0) > 0) {
                tr {
                    th.n { (length.tokens) @if length.tokens == last { "+" } }
                    @if let Some(gold) = length.gold { td.n { (count(gold)) } td { (bar(gold as f64 / most, "right")) } }
                    td.n { (count(length.predicted)) } td { (bar(length.predicted as f64 / most, "bar")) }
                    @if let (Some(gold), Some(right)) = (length.gold, length.right) {
                        td.n { (count(right)) } td.n { @if gold > 0 { (fraction(right as f64 / gold as f64)) } }
                    }
                }
            } }
        } }
    }
}

/// The most frequent forms.
pub fn forms(system: &SystemAnalysis, palette: &Palette) -> Markup {
    let frequent = &system.frequent;
    let lists = [
        ("Missed gold entities", &frequent.missed),
        ("Spurious predictions", &frequent.spurious),
        ("Predicted entities", &frequent.predicted),
        ("Source entities not projected", &frequent.unprojected),
    ];
    html! {
        div.columns {
            @for (title, forms) in lists.into_iter().filter(|(_, forms)| !forms.is_empty()) {
                (form_table(title, forms, palette))
            }
        }
        @if lists.iter().all(|(_, forms)| forms.is_empty()) { p.soft { "There are none." } }
    }
}

fn form_table(title: &str, forms: &[Form], palette: &Palette) -> Markup {
    html! {
        div.scroll { table {
            caption { (title) }
            tbody { @for form in forms {
                tr {
                    td dir="auto" { (form.form) }
                    td class={ "label " (palette.class(&form.label)) } { (form.label) }
                    td.n { (count(form.count)) }
                }
            } }
        } }
    }
}

fn counts_table(name: &str, counts: &BTreeMap<String, u64>, palette: Option<&Palette>) -> Markup {
    let most = counts.values().copied().max().unwrap_or(0).max(1) as f64;
    html! {
        @if !counts.is_empty() { div.scroll { table {
            thead { tr { th { (name) } th.n { "entities" } th {} } }
            tbody { @for (label, number) in counts.iter().take(ROWS) {
                tr {
                    th class={ "label " (palette.map_or_else(String::new, |palette| palette.class(label))) } { (label) }
                    td.n { (count(*number)) } td { (bar(*number as f64 / most, "bar")) }
                }
            } }
        } } (more(counts.len(), ROWS, "types")) }
    }
}

/// Says that a table leaves some out.
fn more(all: usize, shown: usize, what: &str) -> Markup {
    html! { @if all > shown {
        p.soft { "The first " (count(shown as u64)) " of " (count(all as u64)) " " (what) " are shown; the JSON output has all." }
    } }
}

fn card(name: &str, value: &str, more: &str) -> Markup {
    html! { div.card { dt { (name) } dd { (value) } @if !more.is_empty() { dd.more { (more) } } } }
}

fn errors_of(system: &SystemAnalysis, class: ErrorClass) -> u64 {
    system.errors.iter().find(|group| group.class == class).map_or(0, |group| group.count)
}

fn interval([low, high]: [f64; 2]) -> String {
    format!("{} – {}", fraction(low), fraction(high))
}

fn p_value(value: f64) -> String {
    if value < 0.0001 { "< 0.0001".into() } else { format!("{value:.4}") }
}
