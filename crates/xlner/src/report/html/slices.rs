//! Figures of parts, and how consistently forms are labelled.

use maud::{Markup, html};

use super::super::analysis::{Analysis, SystemAnalysis};
use super::super::slices::{LabelConsistency, Part, SeenIn};
use super::plots::bar;
use super::{Palette, count, fraction};

/// Figures by length of the sentence, and by whether the form was seen before.
pub fn of_system(system: &SystemAnalysis, analysis: &Analysis) -> Markup {
    let seen = match analysis.seen_in {
        Some(SeenIn::Training) => "By form: seen is what stands as an entity in the training data.",
        _ => "By form: seen is what is a gold entity of an earlier sentence too.",
    };
    html! {
        (table(&system.sentence_lengths, "tokens", "By number of tokens of the sentence"))
        (table(&system.by_form, "form", seen))
    }
}

fn table(parts: &[Part], name: &str, caption: &str) -> Markup {
    let sentences = parts.iter().any(|part| part.sentences.is_some());
    html! {
        div.scroll { table {
            caption { (caption) }
            thead { tr {
                th { (name) } @if sentences { th.n { "sentences" } }
                th.n { "precision" } th.n { "recall" } th.n { "F1" } th {}
                th.n { "gold" } th.n { "predicted" } th.n { "right" }
            } }
            tbody { @for part in parts {
                @let scores = &part.scores;
                tr {
                    th { (part.name) } @if let Some(number) = part.sentences { td.n { (count(number)) } }
                    @for figure in [scores.precision, scores.recall, scores.f1] { td.n { (fraction(figure)) } }
                    td { (bar(scores.f1, "bar")) }
                    @for number in [scores.support, scores.predicted, scores.correct] { td.n { (count(number)) } }
                }
            } }
        } }
    }
}

/// How consistently `what` labels its forms.
pub fn consistency(found: &LabelConsistency, what: &str, palette: &Palette) -> Markup {
    html! {
        @match found.share() {
            None => p { "No form is an entity more than once in the " (what) "." },
            Some(share) => p {
                "Of " (count(found.entities)) " entities of the " (count(found.forms)) " forms that are an entity more than once in the " (what) ", "
                (count(found.consistent)) " (" (fraction(share)) ") have the most frequent label of their form."
            }
        }
        @if !found.mixed.is_empty() {
            div.scroll { table {
                caption { "Forms with several labels" }
                thead { tr { th { "form" } th { "labels" } th.n { "entities" } } }
                tbody { @for mixed in &found.mixed {
                    tr {
                        td dir="auto" { (mixed.form) }
                        td { @for (index, (label, number)) in mixed.labels.iter().enumerate() {
                            @if index > 0 { ", " }
                            span class={ "label " (palette.class(label)) } { (label) } " " (count(*number))
                        } }
                        td.n { (count(mixed.labels.values().sum())) }
                    }
                } }
            } }
        }
    }
}
