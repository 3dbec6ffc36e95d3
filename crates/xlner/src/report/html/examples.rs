//! Sentences to look at: what is meant, and the pair with its entities and links.

use maud::{Markup, html};
use xlner_core::{Entity, Span};

use super::super::analysis::{Analysis, Difference, Example, Named, SystemAnalysis};
use super::super::classify::ErrorClass;
use super::super::excerpt::{Excerpt, within};
use super::pair::{self, TargetRow};
use super::{Palette, count, places};

pub fn of_system(system: &SystemAnalysis, index: usize, palette: &Palette) -> Markup {
    let with_gold = system.figures.is_some();
    html! {
        p.soft { span.key.solid style="margin-left:0" {} "entities of the source and predicted ones"
            @if with_gold { span.key.dashed {} "gold entities" }
            span.key.focus {} "what the example is about. "
            "Lines are links of the alignment, dashed where they are improbable; pointing at a word lights up its links, and those of its entity." }
        @if index == 0 {
            div #filter hidden {
                label for="words" { "Only sentences with" }
                input #words type="search" autocomplete="off" placeholder="words, labels, ids";
                output for="words" {}
            }
        }
        @for group in &system.errors {
            (details(
                group.class.title(),
                &shown(group.examples.len(), group.count),
                group.class.explanation(),
                &group.examples,
                palette,
            ))
        }
        @for (reason, examples) in &system.unprojected {
            @let number = system.projection.as_ref().and_then(|counts| counts.unprojected.get(reason)).copied();
            (details(
                &format!("not projected: {reason}"),
                &shown(examples.len(), number.unwrap_or(0)),
                ErrorClass::Unprojected.explanation(),
                examples,
                palette,
            ))
        }
        @let (title, explanation) = match with_gold {
            true => ("without error", "All entities of the sentence were found, and nothing else."),
            false => ("sentences", "Sentences with entities."),
        };
        (details(title, &format!("{} shown", system.sentences.len()), explanation, &system.sentences, palette))
    }
}

fn shown(shown: usize, all: u64) -> String {
    if shown as u64 == all { count(all) } else { format!("{} of {} shown, drawn evenly", shown, count(all)) }
}

fn details(title: &str, number: &str, explanation: &str, examples: &[Example], palette: &Palette) -> Markup {
    html! {
        @if !examples.is_empty() {
            details.class {
                summary { (title) " " span.soft { "(" (number) ")" } }
                p.soft { (explanation) }
                @for example in examples { (one(example, palette)) }
            }
        }
    }
}

fn one(example: &Example, palette: &Palette) -> Markup {
    let (source, target) = (&example.pair.source, &example.pair.target);
    let focus = Focus::of(example);
    let gold = example.gold_entities.as_deref();
    let same = gold.is_some_and(|gold| same_entities(gold, &target.entities));
    let title = if same { "target" } else { "predicted" };
    let mut rows = vec![TargetRow::new(title, &target.entities, gold, focus.predicted)];
    rows.extend(gold.filter(|_| !same).map(|gold| TargetRow::gold(gold, focus.gold)));
    html! {
        div.example {
            h4 {
                "Sentence " (count(example.number))
                @if !example.id.is_empty() { " " span.soft { (example.id) } }
                @if let Some(gold) = &example.gold { " · gold " (named(gold, palette)) }
                @if let Some(predicted) = &example.predicted { " · predicted " (named(predicted, palette)) }
                @if let Some(source) = &example.source { " · from " (named(source, palette)) }
                @if let Some(reason) = example.reason { " · " (reason) }
            }
            @if !example.excerpt.is_whole() { p.soft { (left_out(&example.excerpt)) } }
            (pair::view(&example.pair, focus.source, &rows, palette))
            (places::view(source, &[], palette))
            (places::view(target, gold.unwrap_or_default(), palette))
        }
    }
}

/// The sentences in which systems differ, the systems below each other.
pub fn differences(analysis: &Analysis, palette: &Palette) -> Markup {
    html! {
        p { "The systems differ in " (count(analysis.different)) " of " (count(analysis.sentences)) " sentences"
            @if (analysis.differences.len() as u64) < analysis.different { "; " (analysis.differences.len()) " are shown, drawn evenly" }
            "."
            @if analysis.gold.is_some() { " A wavy line is below what gold has not." }
        }
        details.class {
            summary { "Sentences" }
            @for difference in &analysis.differences { (one_difference(difference, analysis, palette)) }
        }
    }
}

fn one_difference(difference: &Difference, analysis: &Analysis, palette: &Palette) -> Markup {
    let gold = difference.gold_entities.as_deref();
    let systems = analysis.systems.iter().zip(&difference.versions);
    let mut rows: Vec<TargetRow> =
        systems.map(|(system, entities)| TargetRow::new(&system.name, entities, gold, None)).collect();
    rows.extend(gold.map(|gold| TargetRow::gold(gold, None)));
    html! {
        div.example {
            h4 {
                "Sentence " (count(difference.number))
                @if !difference.id.is_empty() { " " span.soft { (difference.id) } }
            }
            @if !difference.excerpt.is_whole() { p.soft { (left_out(&difference.excerpt)) } }
            (pair::view(&difference.pair, None, &rows, palette))
        }
    }
}

/// Which tokens are shown.
fn left_out(excerpt: &Excerpt) -> String {
    let sides = [("source", &excerpt.source, excerpt.of[0]), ("target", &excerpt.target, excerpt.of[1])];
    let cut = sides.into_iter().filter(|(_, shown, of)| shown.len() < *of).map(|(side, shown, of)| {
        let number = |token: usize| count(token as u64);
        format!("tokens {} to {} of {} of the {side}", number(shown.start + 1), number(shown.end), number(of))
    });
    format!("A part is shown: {}.", cut.collect::<Vec<_>>().join(", "))
}

/// The spans that an example is about.
struct Focus {
    source: Option<Span>,
    predicted: Option<Span>,
    gold: Option<Span>,
}

impl Focus {
    fn of(example: &Example) -> Focus {
        let Excerpt { source, target, .. } = &example.excerpt;
        let span = |named: &Option<Named>, shown| within(Span::new(named.as_ref()?.start, named.as_ref()?.end), shown);
        Focus {
            source: span(&example.source, source),
            predicted: span(&example.predicted, target),
            gold: span(&example.gold, target),
        }
    }
}

fn named(named: &Named, palette: &Palette) -> Markup {
    html! { bdi { (named.form) } " " span class={ "label " (palette.class(&named.label)) } { (named.label) } }
}

fn same_entities(a: &[Entity], b: &[Entity]) -> bool {
    let key = |entities: &[Entity]| {
        let mut keys: Vec<(Span, String)> = entities.iter().map(|e| (e.span, e.label.clone())).collect();
        keys.sort_unstable();
        keys
    };
    key(a) == key(b)
}
